//! Models of block RAM.

use super::ecp5::with_mux;
use super::writer::{Writer, on_grid};
use crate::routed::CellId;
use crate::sdf::Time;

/// Bits of a parameter, the lowest first; what is not said is 0.
fn bits(digits: &str) -> Vec<char> {
    let plain = digits.strip_prefix("0b").unwrap_or(digits);
    plain.chars().rev().map(|digit| if digit == '1' { '1' } else { '0' }).collect()
}

fn number(digits: &str) -> u32 {
    u32::from_str_radix(digits.strip_prefix("0b").unwrap_or(digits), 2).unwrap_or(0)
}

/// Pins as a vector, the highest first.
fn vector(pins: impl Iterator<Item = String>) -> String {
    format!("{{{}}}", pins.collect::<Vec<_>>().join(", "))
}

/// Block RAM of the ECP5: 2048 bytes of nine bits, two ports.
///
/// A port one, two or four bits wide does not see the ninth bit of a byte. One of 18 bits takes two bytes, with the two lowest
/// address bits to enable each for writing.
pub(super) fn dp16kd(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let n = writer.number();
    writer.line(format!("reg [8:0] ram{n} [0:2047]; integer i{n};"));
    writer.line("initial begin");
    writer.line(format!("    for (i{n} = 0; i{n} < 2048; i{n} = i{n} + 1) ram{n}[i{n}] = 9'd0;"));
    for row in 0..64 {
        // A row is 16 words of 18 bits, each in 20.
        let row_bits = bits(writer.cell(id).parameter(&format!("INITVAL_{row:02X}")));
        for half in 0..32 {
            let from = half / 2 * 20 + half % 2 * 9;
            let byte: String = row_bits.iter().skip(from).take(9).rev().collect();
            if byte.contains('1') {
                writer.line(format!("    ram{n}[{}] = 9'b{byte};", row * 32 + half));
            }
        }
    }
    writer.line("end");
    for port in ["A", "B"] {
        dp16kd_port(writer, id, n, port)?;
    }
    Ok(())
}

fn dp16kd_port(writer: &mut Writer<'_>, id: CellId, ram: usize, port: &str) -> Result<(), String> {
    let clock_pin = format!("CLK{port}");
    if writer.net(id, &clock_pin).is_none() {
        return Ok(());
    }
    let registers = writer.cell(id).parameter(&format!("REGMODE_{port}")).to_owned();
    let inverted = writer.cell(id).parameter(&format!("{clock_pin}MUX")) == "INV";
    if registers != "NOREG" || inverted {
        return Err(format!("REGMODE_{port}={registers}, {clock_pin} inverted: {inverted}"));
    }
    let before = writer.cell(id).parameter(&format!("WRITEMODE_{port}")).to_owned();
    let width = number(writer.cell(id).parameter(&format!("DATA_WIDTH_{port}")));
    let clock = writer.pin(id, &clock_pin, Time::ZERO, "1'b0");
    let address = vector((0..14).rev().map(|bit| with_mux(writer, id, &format!("AD{port}{bit}"))));
    let data = vector((0..18).rev().map(|bit| with_mux(writer, id, &format!("DI{port}{bit}"))));
    let [enable, write] = ["CE", "WE"].map(|pin| with_mux(writer, id, &format!("{pin}{port}")));
    let selects: Vec<String> = (0..3).map(|bit| with_mux(writer, id, &format!("CS{port}{bit}"))).collect();
    let wanted = number(writer.cell(id).parameter(&format!("CSDECODE_{port}")));
    let select = format!("{{{}, {}, {}}} == 3'd{wanted}", selects[2], selects[1], selects[0]);
    let n = writer.number();
    let delay = on_grid(writer.through(id, &clock_pin, &format!("DO{port}0")));
    writer.line(format!(
        "wire [13:0] ad{n} = {address}; wire [17:0] di{n} = {data}; reg [17:0] do{n} = 18'd0;"
    ));
    let (read, store) = match width {
        1 | 2 | 4 => {
            let low = format!("{{ad{n}[2:0] & 3'd{}}}", 8 - width);
            (
                format!("(ram{ram}[ad{n}[13:3]] >> {low}) & 18'd{}", (1 << width) - 1),
                format!("ram{ram}[ad{n}[13:3]][{low} +: {width}] = di{n}[{}:0];", width - 1),
            )
        }
        9 => (format!("{{9'd0, ram{ram}[ad{n}[13:3]]}}"), format!("ram{ram}[ad{n}[13:3]] = di{n}[8:0];")),
        18 => (
            format!("{{ram{ram}[{{ad{n}[13:4], 1'b1}}], ram{ram}[{{ad{n}[13:4], 1'b0}}]}}"),
            format!(
                "begin if (ad{n}[0]) ram{ram}[{{ad{n}[13:4], 1'b0}}] = di{n}[8:0]; \
                 if (ad{n}[1]) ram{ram}[{{ad{n}[13:4], 1'b1}}] = di{n}[17:9]; end"
            ),
        ),
        _ => return Err(format!("DATA_WIDTH_{port}={width}")),
    };
    let shown = match before.as_str() {
        "READBEFOREWRITE" => format!("do{n} <= #{delay} {read}; if ({write}) {store}"),
        "WRITETHROUGH" => format!("if ({write}) {store} do{n} <= #{delay} {read};"),
        _ => format!("if ({write}) {store} else do{n} <= #{delay} {read};"),
    };
    writer.line(format!("always @(posedge {clock}) if (({enable}) && {select}) begin {shown} end"));
    for bit in 0..18 {
        writer.drive(id, &format!("DO{port}{bit}"), &format!("do{n}[{bit}]"));
    }
    Ok(())
}

/// Sixteen bits of distributed RAM: a LUT that is written. Its table's address has input A lowest, which is the highest bit of the
/// memory's; nextpnr tells no delay from the clock to the output.
pub(super) fn distributed(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let inverted = writer.cell(id).parameter("WCKMUX") == "INV";
    if inverted {
        return Err("WCKMUX=INV".to_owned());
    }
    let digits = writer.cell(id).parameter("INITVAL").to_owned();
    let n = writer.number();
    let read = ["D", "C", "B", "A"].map(|pin| writer.pin_to(id, pin, "F", "1'b1"));
    let address = ["WAD0", "WAD2", "WAD1", "WAD3"].map(|pin| {
        let setup = writer.setup(id, pin);
        writer.pin(id, pin, setup, "1'b1")
    });
    let setup = writer.setup(id, "WD");
    let data = writer.pin(id, "WD", setup, "1'b0");
    let (enable, clock) = (with_mux(writer, id, "WRE"), writer.pin(id, "WCK", Time::ZERO, "1'b0"));
    let delay = on_grid(writer.memory_write);
    writer.line(format!("reg [15:0] ram{n} = 16'b{};", &digits[digits.len().saturating_sub(16)..]));
    let (read, address) = (vector(read.into_iter()), vector(address.into_iter()));
    writer.line(format!("always @(posedge {clock}) if ({enable}) ram{n}[{address}] <= #{delay} {data};"));
    writer.drive(id, "F", &format!("ram{n}[{read}]"));
    Ok(())
}

/// The write port of distributed RAM: wires from a slice's inputs.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all models")]
pub(super) fn write_port(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    for (from, to) in [
        ("A0", "WADO3"),
        ("C0", "WADO2"),
        ("B0", "WADO1"),
        ("D0", "WADO0"),
        ("B1", "WDO3"),
        ("D1", "WDO2"),
        ("A1", "WDO1"),
        ("C1", "WDO0"),
    ] {
        let value = writer.pin_to(id, from, to, "1'b1");
        writer.drive(id, to, &value);
    }
    Ok(())
}

/// Which bits of the 16 an access of that mode touches, and where they come from and go: as many lanes as the width, each of
/// `1 << mode` bits of which the address chooses one.
fn lanes(mode: u32) -> Result<(u32, Vec<u32>), String> {
    // The pin of each lane.
    let pins = match mode {
        0 => (0..16).collect(),
        1 => (0..8).map(|lane| 2 * lane).collect(),
        2 => (0..4).map(|lane| 4 * lane + 1).collect(),
        3 => vec![3, 11],
        _ => return Err(format!("{mode}")),
    };
    Ok((1 << mode, pins))
}

/// Block RAM of the iCE40: 256 words of 16 bits, one port to write and one to read.
pub(super) fn ice40_ram(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let cell = writer.cell(id);
    let inverted = ["NEG_CLK_R", "NEG_CLK_W"].iter().any(|name| cell.parameter(name).ends_with('1'));
    if inverted {
        return Err("a falling clock".to_owned());
    }
    let (read_lane, read_pins) = lanes(number(cell.parameter("READ_MODE")))?;
    let (write_lane, write_pins) = lanes(number(cell.parameter("WRITE_MODE")))?;
    let n = writer.number();
    writer.line(format!("reg [15:0] ram{n} [0:255]; integer i{n};"));
    writer.line("initial begin");
    writer.line(format!("    for (i{n} = 0; i{n} < 256; i{n} = i{n} + 1) ram{n}[i{n}] = 16'd0;"));
    for row in 0..16 {
        let row_bits = bits(writer.cell(id).parameter(&format!("INIT_{row:X}")));
        for word in 0..16 {
            let word_bits: String = row_bits.iter().skip(16 * word).take(16).rev().collect();
            if word_bits.contains('1') {
                writer.line(format!("    ram{n}[{}] = 16'b{word_bits};", row * 16 + word));
            }
        }
    }
    writer.line("end");
    if writer.net(id, "WCLK").is_some() {
        let clock = writer.pin(id, "WCLK", Time::ZERO, "1'b0");
        let enable = writer.pin(id, "WCLKE", Time::ZERO, "1'b1");
        let write = writer.pin(id, "WE", Time::ZERO, "1'b0");
        let address =
            vector((0..11).rev().map(|bit| writer.pin(id, &format!("WADDR_{bit}"), Time::ZERO, "1'b0")));
        writer.line(format!("wire [10:0] wa{n} = {address};"));
        let mut stores = String::new();
        for (lane, pin) in write_pins.iter().enumerate() {
            let data = writer.pin(id, &format!("WDATA_{pin}"), Time::ZERO, "1'b0");
            let low = u32::try_from(lane).unwrap_or(0) * write_lane;
            if write_lane == 1 {
                let mask = writer.pin(id, &format!("MASK_{pin}"), Time::ZERO, "1'b0");
                stores += &format!("if (!({mask})) ram{n}[wa{n}[7:0]][{low}] = {data}; ");
            } else {
                let choice = format!("(wa{n}[10:8] & 3'd{})", write_lane - 1);
                stores += &format!("ram{n}[wa{n}[7:0]][{low} + {choice}] = {data}; ");
            }
        }
        writer.line(format!("always @(posedge {clock}) if (({enable}) && ({write})) begin {stores}end"));
    }
    if writer.net(id, "RCLK").is_some() {
        let clock = writer.pin(id, "RCLK", Time::ZERO, "1'b0");
        let enable = writer.pin(id, "RCLKE", Time::ZERO, "1'b1");
        let read = writer.pin(id, "RE", Time::ZERO, "1'b0");
        let address =
            vector((0..11).rev().map(|bit| writer.pin(id, &format!("RADDR_{bit}"), Time::ZERO, "1'b0")));
        let delay = on_grid(writer.through(id, "RCLK", "RDATA_0"));
        writer.line(format!(
            "wire [10:0] ra{n} = {address}; reg [15:0] rd{n} = 16'd0; reg [2:0] rl{n} = 3'd0;"
        ));
        writer.line(format!(
            "always @(posedge {clock}) if (({enable}) && ({read})) begin rd{n} <= #{delay} ram{n}[ra{n}[7:0]]; \
             rl{n} <= #{delay} ra{n}[10:8] & 3'd{}; end",
            read_lane - 1
        ));
        for (lane, pin) in read_pins.iter().enumerate() {
            let low = u32::try_from(lane).unwrap_or(0) * read_lane;
            writer.drive(id, &format!("RDATA_{pin}"), &format!("rd{n}[{low} + rl{n}]"));
        }
    }
    Ok(())
}

/// Large RAM of the UltraPlus: 16,384 words of 16 bits, one port, written in nibbles. What it holds at first is unknown.
pub(super) fn spram(writer: &mut Writer<'_>, id: CellId) {
    let n = writer.number();
    let pin = |writer: &mut Writer<'_>, name: &str| writer.pin(id, name, Time::ZERO, "1'b0");
    let bus = |writer: &mut Writer<'_>, name: &str, width: u32| {
        vector((0..width).rev().map(|bit| pin(writer, &format!("{name}_{bit}"))))
    };
    let [address, data, mask] =
        [("ADDRESS", 14), ("DATAIN", 16), ("MASKWREN", 4)].map(|(name, width)| bus(writer, name, width));
    let [clock, select, write, standby, sleep, on] =
        ["CLOCK", "CHIPSELECT", "WREN", "STANDBY", "SLEEP", "POWEROFF"].map(|name| pin(writer, name));
    let delay = on_grid(writer.through(id, "CLOCK", "DATAOUT_0"));
    writer.line(format!(
        "reg [15:0] ram{n} [0:16383]; wire [13:0] ad{n} = {address}; wire [15:0] di{n} = {data}; wire [3:0] we{n} = {mask}; \
         reg [15:0] do{n} = 16'd0;"
    ));
    let stores: Vec<String> = (0..4)
        .map(|nibble| {
            format!("if (we{n}[{nibble}]) ram{n}[ad{n}][{low} +: 4] = di{n}[{low} +: 4];", low = 4 * nibble)
        })
        .collect();
    writer.line(format!(
        "always @(posedge {clock}) if (({select}) && ({on}) && !({standby}) && !({sleep})) begin if ({write}) begin {} end \
         else do{n} <= #{delay} ram{n}[ad{n}]; end",
        stores.join(" ")
    ));
    for bit in 0..16 {
        writer.drive(id, &format!("DATAOUT_{bit}"), &format!("do{n}[{bit}]"));
    }
}

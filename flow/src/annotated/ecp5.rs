//! Models of the ECP5's cells, as nextpnr names them after packing.

use super::flop::Flop;
use super::memory;
use super::writer::{Writer, on_grid};
use crate::routed::CellId;
use crate::sdf::Time;

/// Inputs of a LUT that are not connected read as 1.
const OPEN: &str = "1'b1";

fn table(writer: &Writer<'_>, id: CellId) -> u16 {
    let digits = writer.cell(id).parameter("INITVAL");
    u16::from_str_radix(&digits[digits.len().saturating_sub(16)..], 2).unwrap_or(0)
}

/// A LUT, alone, as half a carry cell, or with a multiplexer behind it.
pub(super) fn comb(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let mode = writer.cell(id).parameter("MODE").to_owned();
    match mode.as_str() {
        "DPRAM" => return memory::distributed(writer, id),
        // Its place is taken by a write port.
        "RAMW_BLOCK" => return Ok(()),
        _ => {}
    }
    if !["", "LOGIC", "CCU2"].contains(&mode.as_str()) {
        return Err(mode);
    }
    let (init, carry) = (table(writer, id), mode == "CCU2");
    let inject = writer.cell(id).parameter("CCU2_INJECT1") == "YES";
    let lut = |writer: &mut Writer<'_>, output: &str| {
        let inputs = ["A", "B", "C", "D"].map(|pin| writer.pin_to(id, pin, output, OPEN));
        writer.table(init, &inputs)
    };
    if writer.net(id, "F").is_some() {
        let mut value = lut(writer, "F");
        if carry && !inject {
            value = format!("{value} ^ {}", writer.pin_to(id, "FCI", "F", "1'b0"));
        }
        writer.drive(id, "F", &value);
    }
    if writer.net(id, "FCO").is_some() {
        let propagate = lut(writer, "FCO");
        let generate = if inject {
            "1'b0".to_owned()
        } else {
            let inputs = ["A", "B"].map(|pin| writer.pin_to(id, pin, "FCO", OPEN));
            writer.table(init & 0xF, &inputs)
        };
        let from = writer.pin_to(id, "FCI", "FCO", "1'b0");
        let number = writer.number();
        writer.line(format!("wire p{number} = {propagate};"));
        writer.drive(id, "FCO", &format!("p{number} ? {from} : {generate}"));
    }
    if writer.net(id, "OFX").is_some() {
        let select = writer.pin_to(id, "M", "OFX", "1'b0");
        let wide = ["FXA", "FXB"].map(|pin| writer.net(id, pin).is_some());
        let (low, high) = if wide.contains(&true) {
            (writer.pin_to(id, "FXA", "OFX", "1'b0"), writer.pin_to(id, "FXB", "OFX", "1'b0"))
        } else {
            (lut(writer, "OFX"), writer.pin_to(id, "F1", "OFX", "1'b0"))
        };
        writer.drive(id, "OFX", &format!("{select} ? {high} : {low}"));
    }
    Ok(())
}

/// A pin with the multiplexer that can invert it or make it constant.
pub(super) fn with_mux(writer: &mut Writer<'_>, id: CellId, pin: &str) -> String {
    let choice = writer.cell(id).parameter(&format!("{pin}MUX")).to_owned();
    match choice.as_str() {
        "0" | "1" => format!("1'b{choice}"),
        "INV" => match writer.pin(id, pin, Time::ZERO, OPEN).as_str() {
            "1'b1" => "1'b0".to_owned(),
            "1'b0" => "1'b1".to_owned(),
            name => format!("~{name}"),
        },
        _ => writer.pin(id, pin, Time::ZERO, OPEN),
    }
}

/// A flip-flop of a slice.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all models")]
pub(super) fn flop(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let cell = writer.cell(id);
    let pin = if cell.parameter("SD") == "1" { "DI" } else { "M" };
    let set = cell.parameter("REGSET") == "SET";
    let (asynchronous, falling) = (cell.parameter("SRMODE") == "ASYNC", cell.parameter("CLKMUX") == "INV");
    let enable =
        if cell.parameter("CEMUX").is_empty() { OPEN.to_owned() } else { with_mux(writer, id, "CE") };
    let reset = if writer.net(id, "LSR").is_some() { with_mux(writer, id, "LSR") } else { "1'b0".to_owned() };
    let setup = writer.setup(id, pin);
    let data = writer.pin(id, pin, Time::ZERO, "1'b0");
    let data_with_setup = writer.pin(id, pin, setup, "1'b0");
    let hold = writer.hold(id, pin);
    writer.flop(Flop {
        id,
        output: "Q",
        data,
        data_with_setup,
        clock_pin: "CLK",
        falling,
        enable,
        reset,
        asynchronous,
        reset_needs_enable: false,
        reset_value: set,
        initial: set,
        hold,
    });
    Ok(())
}

/// A pad, an input or an output.
pub(super) fn pad(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let direction = writer.cell(id).parameter("DIR").to_owned();
    match direction.as_str() {
        "INPUT" => {
            let pad = writer.pin(id, "B", Time::ZERO, "1'b0");
            writer.drive(id, "O", &pad);
        }
        "OUTPUT" => {
            let value = writer.pin(id, "I", Time::ZERO, "1'b0");
            writer.drive(id, "B", &value);
        }
        _ => return Err(direction),
    }
    Ok(())
}

/// A multiplier without registers. It takes as long as its slowest path.
pub(super) fn multiplier(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let registered =
        writer.cell(id).parameters.iter().find(|(name, value)| {
            name.starts_with("REG_") && name.ends_with("_CLK") && value.as_str() != "NONE"
        });
    if let Some((name, value)) = registered {
        return Err(format!("{name}={value}"));
    }
    let operand = |writer: &mut Writer<'_>, letter: &str| {
        let bits: Vec<String> =
            (0..18).rev().map(|bit| with_mux(writer, id, &format!("{letter}{bit}"))).collect();
        format!("{{{}}}", bits.join(", "))
    };
    let (a, b) = (operand(writer, "A"), operand(writer, "B"));
    let [sa, sb] = ["SIGNEDA", "SIGNEDB"].map(|pin| writer.pin(id, pin, Time::ZERO, "1'b0"));
    let (n, delay) = (writer.number(), on_grid(writer.slowest(id)));
    writer.line(format!("wire [17:0] a{n} = {a}, b{n} = {b};"));
    writer.line(format!(
        "wire [35:0] m{n} = {{{{18{{{sa} & a{n}[17]}}}}, a{n}}} * {{{{18{{{sb} & b{n}[17]}}}}, b{n}}};"
    ));
    writer.line(format!("reg [35:0] p{n}; always @(m{n}) p{n} <= #{delay} m{n}; initial #1 p{n} <= m{n};"));
    for bit in 0..36 {
        writer.drive(id, &format!("P{bit}"), &format!("p{n}[{bit}]"));
    }
    Ok(())
}

//! Models of the iCE40's cells, as nextpnr names them after packing.

use super::flop::Flop;
use super::writer::Writer;
use crate::routed::CellId;
use crate::sdf::Time;

const INPUTS: [&str; 4] = ["I0", "I1", "I2", "I3"];

/// A LUT with its carry and its flip-flop.
#[expect(clippy::unnecessary_wraps, reason = "one signature for all models")]
pub(super) fn logic_cell(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let cell = writer.cell(id);
    let is_set = |name: &str| cell.parameter(name).ends_with('1');
    let digits = cell.parameter("LUT_INIT");
    let table = u16::from_str_radix(&digits[digits.len().saturating_sub(16)..], 2).unwrap_or(0);
    if is_set("DFF_ENABLE") {
        let at_clock = INPUTS.map(|pin| writer.pin(id, pin, Time::ZERO, "1'b0"));
        let before = INPUTS.map(|pin| {
            let setup = writer.setup(id, pin);
            writer.pin(id, pin, setup, "1'b0")
        });
        let hold = INPUTS.map(|pin| writer.hold(id, pin)).into_iter().max().unwrap_or(Time::ZERO);
        let (data, data_with_setup) = (writer.table(table, &at_clock), writer.table(table, &before));
        let enable = writer.pin(id, "CEN", Time::ZERO, "1'b1");
        let reset = writer.pin(id, "SR", Time::ZERO, "1'b0");
        writer.flop(Flop {
            id,
            output: "O",
            data,
            data_with_setup,
            clock_pin: "CLK",
            falling: is_set("NEG_CLK"),
            enable,
            reset,
            asynchronous: is_set("ASYNC_SR"),
            reset_needs_enable: true,
            reset_value: is_set("SET_NORESET"),
            initial: false,
            hold,
        });
    } else if writer.net(id, "O").is_some() {
        let inputs = INPUTS.map(|pin| writer.pin_to(id, pin, "O", "1'b0"));
        let value = writer.table(table, &inputs);
        writer.drive(id, "O", &value);
    }
    if writer.net(id, "COUT").is_some() {
        let [a, b] = ["I1", "I2"].map(|pin| writer.pin_to(id, pin, "COUT", "1'b0"));
        let carry = if is_set("CIN_CONST") {
            format!("1'b{}", u8::from(is_set("CIN_SET")))
        } else {
            writer.pin_to(id, "CIN", "COUT", "1'b0")
        };
        writer.drive(id, "COUT", &format!("({a} & {b}) | (({a} | {b}) & {carry})"));
    }
    Ok(())
}

/// A pad, an input or an output without registers.
pub(super) fn pad(writer: &mut Writer<'_>, id: CellId) -> Result<(), String> {
    let digits = writer.cell(id).parameter("PIN_TYPE").to_owned();
    match &digits[digits.len().saturating_sub(6)..] {
        "000001" => {
            let pad = writer.pin(id, "PACKAGE_PIN", Time::ZERO, "1'b0");
            writer.drive(id, "D_IN_0", &pad);
        }
        "011001" => {
            let value = writer.pin(id, "D_OUT_0", Time::ZERO, "1'b0");
            writer.drive(id, "PACKAGE_PIN", &value);
        }
        _ => return Err(digits),
    }
    Ok(())
}

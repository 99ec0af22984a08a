//! Chains of LUTs that take time on purpose.

use crate::bus::Bus;
use crate::leaf::{Behaviour, Leaf};
use crate::technology::Technology;

/// One LUT primitive that synthesis must keep.
fn lut(technology: Technology, number: u32, init: u16, inputs: [&str; 4], output: &str) -> String {
    let [a, b, c, d] = inputs;
    match technology {
        Technology::Ecp5 => format!(
            "(* keep *) LUT4 #(.INIT(16'h{init:04x})) lut{number} (.A({a}), .B({b}), .C({c}), .D({d}), .Z({output}));\n"
        ),
        Technology::Ice40 => format!(
            "(* keep *) SB_LUT4 #(.LUT_INIT(16'h{init:04x})) lut{number} (.I0({a}), .I1({b}), .I2({c}), .I3({d}), .O({output}));\n"
        ),
        Technology::Generic => format!(
            "(* keep *) delay_lut #(.INIT(16'h{init:04x})) lut{number} (.a({a}), .b({b}), .c({c}), .d({d}), .z({output}));\n"
        ),
    }
}

/// A matched delay of `luts` LUTs that ends in the cell's clock.
///
/// `enable` says that every request is there; the chain lets `fire` rise only after the slowest data have arrived.
/// Each LUT is an AND of the one before and `enable` itself, so that `fire` falls one LUT after `enable`: the chain is
/// ready again at once, and the pulse is as wide as the loop through the phase flip-flop. `strobe` clocks the cell in
/// scan mode, while `enable` is low.
///
/// # Panics
/// With no LUT.
pub fn matched_delay(technology: Technology, luts: u32, enable: &Bus, strobe: &Bus, fire: &Bus) -> Leaf {
    assert!(luts > 0, "a matched delay has at least one LUT");
    let lut_ps = technology.lut_ps();
    // Stage by stage: `t[0]` is the enable, `t[n]` the output of n LUTs with its delay.
    let mut body = format!("wire [{luts}:0] t;\nwire [{luts}:1] now;\nassign t[0] = enable;\n");
    for stage in 0..luts {
        let (from, to) = (format!("t[{stage}]"), format!("now[{}]", stage + 1));
        let (init, strobe) = if stage + 1 == luts { (0xf8f8, "strobe") } else { (0x8888, "1'b0") };
        body += &lut(technology, stage, init, [&from, "enable", strobe, "1'b0"], &to);
        body += &format!("assign `TIMED({lut_ps}) t[{0}] = now[{0}];\n", stage + 1);
    }
    body += &format!("assign fire = t[{luts}];\n");
    Leaf::new(
        format!("matched_delay_{luts}"),
        format!("rises {luts} LUTs late, falls after one"),
        Behaviour::MatchedDelay { lut_ps },
        u64::from(luts) * lut_ps,
    )
    .input("enable", enable)
    .input("strobe", strobe)
    .output_of_body("fire", fire)
    .verilog(body)
}

/// A signal, `luts` LUTs later, whichever way it changes.
pub fn delay_line(technology: Technology, luts: u32, from: &Bus, to: &Bus) -> Leaf {
    let lut_ps = technology.lut_ps();
    let mut body = format!("wire [{luts}:0] t;\nwire [{luts}:1] now;\nassign t[0] = i;\n");
    for stage in 0..luts {
        let (from, to) = (format!("t[{stage}]"), format!("now[{}]", stage + 1));
        body += &lut(technology, stage, 0xaaaa, [&from, "1'b0", "1'b0", "1'b0"], &to);
        body += &format!("assign `TIMED({lut_ps}) t[{0}] = now[{0}];\n", stage + 1);
    }
    body += &format!("assign o = t[{luts}];\n");
    let behaviour = Behaviour::Function(std::sync::Arc::new(|x: &[i64], y: &mut [i64]| y[0] = x[0]));
    let (module, summary) = (format!("pause_{luts}"), format!("follows {luts} LUTs late"));
    Leaf::new(module, summary, behaviour, u64::from(luts) * lut_ps)
        .input("i", from)
        .output_of_body("o", to)
        .verilog(body)
}

/// A clock's low halves, where they are enabled: `gated` rises as the clock falls.
///
/// `enable` follows the clock's rise, and must reach the gate after that has: it comes over a [`delay_line`].
pub fn clock_gate(technology: Technology, enable: &Bus, clock: &Bus, gated: &Bus) -> Leaf {
    let mut body = "wire now;\n".to_owned();
    body += &lut(technology, 0, 0x2222, ["enable", "clock", "1'b0", "1'b0"], "now");
    body += &format!("assign `TIMED({}) gated = now;\n", technology.lut_ps());
    let behaviour =
        Behaviour::Function(std::sync::Arc::new(|x: &[i64], y: &mut [i64]| y[0] = x[0] & (1 - x[1])));
    Leaf::new(
        "clock_gate".to_owned(),
        "an enabled clock's low half".to_owned(),
        behaviour,
        technology.lut_ps(),
    )
    .input("enable", enable)
    .input("clock", clock)
    .output_of_body("gated", gated)
    .verilog(body)
}

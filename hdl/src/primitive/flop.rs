//! Flip-flops, clocked by their cell's own `fire`.

use crate::bus::Bus;
use crate::leaf::{Behaviour, Leaf, bits};
use crate::technology::Technology;

/// A register: `q` becomes `d` when `fire` rises and `enable`, if there is one, is 1. With a `reset`, it is `initial`
/// as long as that is 1; it is `initial` at power-up in any case.
///
/// # Panics
/// If `d` and `q` differ in width.
pub fn register(
    technology: Technology,
    fire: &Bus,
    d: &Bus,
    q: &Bus,
    enable: Option<&Bus>,
    reset: Option<&Bus>,
    initial: i64,
) -> Leaf {
    assert_eq!(bits(d), bits(q), "a register keeps its width");
    let width = bits(q);
    let delay_ps = technology.clock_to_q_ps();
    let value = format!("{width}'h{:x}", initial & ((1 << width) - 1));
    let take = format!("q <= `TIMED({delay_ps}) d;");
    let take = if enable.is_some() { format!("if (enable) {take}") } else { take };
    let body = if reset.is_some() {
        format!(
            "initial q = {value};\nalways @(posedge fire or posedge reset)\n    if (reset) q <= `TIMED({delay_ps}) {value};\n    else {take}"
        )
    } else {
        format!("initial q = {value};\nalways @(posedge fire) {take}")
    };
    let mut module = format!("register_{width}");
    for (part, present) in [("_enable", enable.is_some()), ("_reset", reset.is_some())] {
        if present {
            module.push_str(part);
        }
    }
    let behaviour =
        Behaviour::Register { falling: false, initial, enable: enable.is_some(), reset: reset.is_some() };
    let mut leaf = Leaf::new(module, format!("{width} flip-flops"), behaviour, delay_ps)
        .input("fire", fire)
        .input("d", d);
    if let Some(enable) = enable {
        leaf = leaf.input("enable", enable);
    }
    if let Some(reset) = reset {
        leaf = leaf.input("reset", reset);
    }
    leaf.output_of_body("q", q).verilog(body)
}

/// A flip-flop that follows `d` when `fire` falls: its pulse is over. It is 0 at power-up, and with a `reset` as long as that
/// is 1.
pub fn falling_flop(technology: Technology, fire: &Bus, d: &Bus, q: &Bus, reset: Option<&Bus>) -> Leaf {
    let delay_ps = technology.clock_to_q_ps();
    let take = format!("q <= `TIMED({delay_ps}) d;");
    let (module, body) = if reset.is_some() {
        let clear = format!("if (reset) q <= `TIMED({delay_ps}) 1'b0;");
        (
            "falling_flop_reset",
            format!("always @(negedge fire or posedge reset)\n    {clear}\n    else {take}"),
        )
    } else {
        ("falling_flop", format!("always @(negedge fire) {take}"))
    };
    let behaviour = Behaviour::Register { falling: true, initial: 0, enable: false, reset: reset.is_some() };
    let mut leaf = Leaf::new(module.to_owned(), "follows when fire falls".to_owned(), behaviour, delay_ps)
        .input("fire", fire)
        .input("d", d);
    if let Some(reset) = reset {
        leaf = leaf.input("reset", reset);
    }
    leaf.output_of_body("q", q).verilog(format!("initial q = 1'b0;\n{body}"))
}

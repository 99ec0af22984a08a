//! Flip-flops and what watches them.
//!
//! A simulator spends most of its time waking what waits for a clock. So all that happens at an edge of one clock signal is
//! written as one block, monitors included.

use super::writer::{Writer, on_grid};
use crate::routed::CellId;
use crate::sdf::Time;
use std::collections::BTreeMap;

/// Pulses of a cell further apart than this belong to different rounds.
const PAUSE_PS: u32 = 100_000;

/// Violations that a simulation tells one by one; more are only counted.
const TOLD: u32 = 20;

/// A flip-flop.
pub(super) struct Flop {
    pub id: CellId,
    /// The output.
    pub output: &'static str,
    /// What it takes, as the clock finds it.
    pub data: String,
    /// The same, each input later by the setup time it asks for.
    pub data_with_setup: String,
    /// The pin by whose clock it goes.
    pub clock_pin: &'static str,
    pub falling: bool,
    /// Whether it takes anything.
    pub enable: String,
    /// Its set or reset, and whether that waits for the clock and the enable.
    pub reset: String,
    pub asynchronous: bool,
    pub reset_needs_enable: bool,
    /// What it is reset to, and what it is at power-up.
    pub reset_value: bool,
    pub initial: bool,
    /// Longest hold time of its data.
    pub hold: Time,
}

/// An edge of a clock signal, for flip-flops with one asynchronous reset or none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    clock: String,
    falling: bool,
    reset: Option<String>,
}

impl Edge {
    fn of(flop: &Flop, clock: String) -> Edge {
        let reset = (flop.asynchronous && !is_constant(&flop.reset)).then(|| flop.reset.clone());
        Edge { clock, falling: flop.falling, reset }
    }

    fn direction(&self) -> &'static str {
        if self.falling { "negedge" } else { "posedge" }
    }
}

/// Flip-flops that are enabled and reset together, and as slow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Control {
    enable: String,
    reset: String,
    reset_needs_enable: bool,
    delay_ps: i64,
}

/// Flip-flops of one control as one register: `q` and its number.
#[derive(Debug)]
struct Register {
    number: usize,
    flops: Vec<Bit>,
}

/// One of them.
#[derive(Debug)]
struct Bit {
    name: String,
    data: String,
    /// The data that must be there a setup time before; absent if that is not watched.
    before: Option<String>,
    reset_value: bool,
    initial: bool,
}

impl Register {
    /// One thing of every bit, the highest first.
    fn bits(&self, of: impl Fn(&Bit) -> &str) -> String {
        self.flops.iter().rev().map(of).collect::<Vec<_>>().join(", ")
    }

    fn values(&self, of: impl Fn(&Bit) -> bool) -> String {
        let bits: String = self.flops.iter().rev().map(|bit| if of(bit) { '1' } else { '0' }).collect();
        format!("{}'b{bits}", self.flops.len())
    }

    fn range(&self) -> String {
        format!("[{}:0]", self.flops.len() - 1)
    }

    fn is_watched(&self) -> bool {
        self.flops.iter().any(|bit| bit.before.is_some())
    }

    /// What it takes, and that a setup time before.
    fn wires(&self) -> String {
        let (number, range, data) = (self.number, self.range(), self.bits(|bit| &bit.data));
        let mut wires = format!("wire {range} d{number} = {{{data}}};");
        if self.is_watched() {
            let before = self.bits(|bit| bit.before.as_ref().unwrap_or(&bit.data));
            wires += &format!(" wire {range} s{number} = {{{before}}};");
        }
        wires
    }

    fn declaration(&self) -> String {
        format!("reg {} q{} = {};", self.range(), self.number, self.values(|bit| bit.initial))
    }

    fn resetting(&self, control: &Control) -> String {
        format!("q{} <= #{} {}; ", self.number, control.delay_ps, self.values(|bit| bit.reset_value))
    }

    fn taking(&self, control: &Control) -> String {
        let number = self.number;
        let mut text = format!("q{number} <= #{} d{number}; ", control.delay_ps);
        if self.is_watched() {
            let late = |(place, bit): (usize, &Bit)| {
                bit.before.as_ref()?;
                Some(format!("if (s{number}[{place}] !== d{number}[{place}]) {}", tell("SETUP", &bit.name)))
            };
            let late: String = self.flops.iter().enumerate().filter_map(late).collect();
            text += &format!("if (s{number} !== d{number}) if ($time > 0) begin {late}end ");
        }
        text
    }
}

/// What happens at an edge.
#[derive(Debug)]
struct Block {
    number: usize,
    /// What notes the edge for monitors of hold times.
    noted: String,
    registers: BTreeMap<Control, Register>,
}

impl Block {
    fn text(&self, edge: &Edge) -> String {
        let (direction, Edge { clock, reset, .. }) = (edge.direction(), edge);
        let noted = &self.noted;
        let all = |of: &dyn Fn(&Control, &Register) -> String| -> String {
            self.registers.iter().map(|(control, register)| of(control, register)).collect()
        };
        match reset {
            Some(reset) => {
                let resetting = all(&|control, register| register.resetting(control));
                let taking = all(&|control, register| when(&control.enable, &register.taking(control)));
                format!(
                    "always @({direction} {clock} or posedge {reset}) begin {noted}if ({reset}) begin {resetting}end \
                     else begin {taking}end end"
                )
            }
            None => {
                let text = all(&|control, register| {
                    let (resetting, taking) = (register.resetting(control), register.taking(control));
                    let Control { enable, reset, .. } = control;
                    if control.reset_needs_enable {
                        when(enable, &choose(reset, &resetting, &taking))
                    } else {
                        choose(reset, &resetting, &when(enable, &taking))
                    }
                });
                format!("always @({direction} {clock}) begin {noted}{text}end")
            }
        }
    }
}

/// All that happens at edges of clocks.
#[derive(Debug, Default)]
pub(super) struct Blocks(BTreeMap<Edge, Block>);

impl Blocks {
    fn registers(&self) -> impl Iterator<Item = &Register> {
        self.0.values().flat_map(|block| block.registers.values())
    }

    /// Lines to stand before everything else.
    pub fn declarations(&self) -> impl Iterator<Item = String> {
        let timed = self.0.values().filter(|block| !block.noted.is_empty());
        let times = timed.map(|block| format!("time k{};", block.number));
        times.chain(self.registers().map(Register::declaration))
    }

    /// Lines to stand behind everything else.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let blocks = self.0.iter().map(|(edge, block)| block.text(edge));
        self.registers().map(Register::wires).chain(blocks)
    }
}

fn is_constant(signal: &str) -> bool {
    signal.starts_with("1'b")
}

/// A statement under a condition.
fn when(condition: &str, statement: &str) -> String {
    choose(condition, statement, "")
}

/// One of two statements; each ends with a blank, and may be none.
fn choose(condition: &str, yes: &str, no: &str) -> String {
    match (condition, no) {
        ("1'b1", _) => yes.to_owned(),
        ("1'b0", _) => no.to_owned(),
        (_, "") => format!("if ({condition}) begin {yes}end "),
        _ => format!("if ({condition}) begin {yes}end else begin {no}end "),
    }
}

/// Counts a violation, and tells it if there were not many yet.
fn tell(what: &str, name: &str) -> String {
    format!(
        "begin violations = violations + 1; if (violations <= {TOLD}) $display(\"{what} {} at %0t\", $time); end ",
        name.replace('\\', "/")
    )
}

impl Writer<'_> {
    /// A flip-flop with its monitors.
    pub fn flop(&mut self, flop: Flop) {
        if self.net(flop.id, flop.output).is_none() {
            return;
        }
        let name = self.cell(flop.id).name.replace('"', "'");
        let clock = self.pin(flop.id, flop.clock_pin, Time::ZERO, "1'b0");
        self.watch(&flop, &name);
        let edge = Edge::of(&flop, clock);
        let numbers = [self.number(), self.number()];
        let block = self.blocks.0.entry(edge.clone()).or_insert_with(|| Block {
            number: numbers[0],
            noted: String::new(),
            registers: BTreeMap::new(),
        });
        let block_number = block.number;
        let (mut before, mut noted) = (None, String::new());
        if !self.is_crossing(flop.id) {
            if name.contains(".scan_flop.") {
                self.monitor_of_scan(&flop, &name, &edge);
            } else {
                noted = self.hold_monitor(&flop, &name, block_number);
                if flop.data_with_setup != flop.data {
                    before = Some(flop.data_with_setup);
                }
            }
        }
        let control = Control {
            enable: flop.enable,
            reset: flop.reset,
            reset_needs_enable: flop.reset_needs_enable,
            delay_ps: on_grid(self.through(flop.id, flop.clock_pin, flop.output)),
        };
        let Some(block) = self.blocks.0.get_mut(&edge) else { return };
        if !noted.is_empty() && block.noted.is_empty() {
            block.noted = format!("k{block_number} = $time; ");
        }
        block.noted += &noted;
        let fresh = Register { number: numbers[1], flops: Vec::new() };
        let register = block.registers.entry(control).or_insert(fresh);
        let bit = format!("q{}[{}]", register.number, register.flops.len());
        let Flop { data, reset_value, initial, .. } = flop;
        register.flops.push(Bit { name, data, before, reset_value, initial });
        self.drive(flop.id, flop.output, &bit);
    }

    /// Tells data that the end of the scan chain takes while they change, before the edge or after it. While a cell learns they
    /// arrive late in vain: what counts is what it shows when no pulses come for a while.
    fn monitor_of_scan(&mut self, flop: &Flop, name: &str, edge: &Edge) {
        let Flop { data, data_with_setup, enable, reset, .. } = flop;
        if is_constant(data) {
            return;
        }
        let (number, hold) = (self.number(), flop.hold.round_ps());
        let (direction, clock) = (edge.direction(), &edge.clock);
        self.line(format!("wire h{number} = {data}; wire s{number} = {data_with_setup};"));
        self.line(format!("reg e{number} = 0, l{number} = 0, m{number} = 0; time p{number} = 0;"));
        self.line(format!(
            "always @({direction} {clock}) begin p{number} = $time; \
             e{number} = p{number} > 0 && ({enable}) && !({reset}); \
             l{number} = e{number} && s{number} !== h{number}; m{number} = 0; end"
        ));
        if hold > 0 {
            self.line(format!(
                "always @(h{number}) if (e{number} === 1'b1 && $time - p{number} < {hold}) m{number} = 1;"
            ));
        }
        self.line(format!(
            "always @(posedge {clock}) if ($time - p{number} > {PAUSE_PS}) begin \
             if (l{number} === 1'b1) {}if (m{number} === 1'b1) {}end",
            tell("SETUP", name),
            tell("HOLD", name)
        ));
    }

    /// Tells data that change within the hold time after they were taken. Gives what is to be done at every edge of the block with
    /// that number.
    fn hold_monitor(&mut self, flop: &Flop, name: &str, block: usize) -> String {
        let Flop { data, enable, reset, .. } = flop;
        let hold = flop.hold.round_ps();
        if hold <= 0 || is_constant(data) {
            return String::new();
        }
        let number = self.number();
        self.line(format!("wire h{number} = {data}; reg e{number} = 0;"));
        self.line(format!(
            "always @(h{number}) if (e{number} === 1'b1 && $time - k{block} < {hold}) {}",
            tell("HOLD", name)
        ));
        format!("e{number} = ({enable}) && !({reset}); ")
    }

    /// Tells pulses of a clock that are too narrow. Wires keep widths, so one place of a net is enough.
    fn watch(&mut self, flop: &Flop, name: &str) {
        let Some(net) = self.net(flop.id, flop.clock_pin) else { return };
        if !self.watched.insert(net) {
            return;
        }
        let (number, least) = (self.number(), self.min_pulse.round_ps());
        let told = tell("PULSE", name);
        self.line(format!("time r{number} = 0; always @(posedge n{0}) r{number} = $time;", net.0));
        self.line(format!(
            "always @(negedge n{}) if (r{number} > 0 && $time - r{number} < {least}) {told}",
            net.0
        ));
    }
}

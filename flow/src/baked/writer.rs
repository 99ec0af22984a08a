//! Verilog of cells: pins with their delays, tables, flip-flops and their monitors.

use crate::check::Corner;
use crate::routed::{ArcKind, Cell, CellId, Connection, Direction, NetId, PinId, Routed};
use crate::sdf::Time;
use std::collections::{BTreeSet, HashMap, HashSet};

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

/// Writes the body of the chip's module.
pub(super) struct Writer<'a> {
    pub routed: &'a Routed,
    corner: Corner,
    min_pulse: Time,
    text: String,
    /// Delayed copies of nets, by net and picoseconds.
    delayed: HashMap<(NetId, i64), String>,
    /// Clock signals that are watched.
    watched: BTreeSet<String>,
    /// Flip-flops that take data of another domain or of a port.
    crossing: HashSet<CellId>,
    next: usize,
}

impl<'a> Writer<'a> {
    pub fn new(routed: &'a Routed, corner: Corner, min_pulse: Time) -> Writer<'a> {
        let crossing = crossing(routed);
        let (text, delayed, watched) = (String::new(), HashMap::new(), BTreeSet::new());
        Writer { routed, corner, min_pulse, text, delayed, watched, crossing, next: 0 }
    }

    pub fn finish(self) -> String {
        self.text
    }

    pub fn cell(&self, id: CellId) -> &'a Cell {
        self.routed.cell(id)
    }

    /// A number no other object of the text has.
    pub fn number(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl AsRef<str>) {
        self.text.push_str("    ");
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// A pin of a cell, if it is connected to a net.
    pub fn net(&self, id: CellId, pin: &str) -> Option<NetId> {
        self.routed.net_of(*self.cell(id).pins.get(pin)?)
    }

    fn delay(&self, arcs: impl Iterator<Item = crate::sdf::Delay>) -> Time {
        arcs.map(|delay| self.corner.of(&delay, self.corner == Corner::Max)).max().unwrap_or(Time::ZERO)
    }

    /// The delay of the wire to a pin.
    fn wire(&self, pin: PinId) -> Time {
        let arcs = self.routed.arriving(pin).iter().map(|&arc| self.routed.arc(arc));
        self.delay(arcs.filter(|arc| arc.kind == ArcKind::Wire).map(|arc| arc.delay))
    }

    /// The delay from a pin of a cell to an output of it.
    pub fn through(&self, id: CellId, from: &str, to: &str) -> Time {
        let pins = &self.cell(id).pins;
        let (Some(&from), Some(&to)) = (pins.get(from), pins.get(to)) else { return Time::ZERO };
        let arcs = self.routed.leaving(from).iter().map(|&arc| self.routed.arc(arc));
        self.delay(arcs.filter(|arc| arc.to == to).map(|arc| arc.delay))
    }

    /// The longest delay to any output of a cell.
    pub fn slowest(&self, id: CellId) -> Time {
        let pins = self.cell(id).pins.values();
        let arcs = pins.flat_map(|&pin| self.routed.leaving(pin)).map(|&arc| self.routed.arc(arc));
        self.delay(arcs.filter(|arc| arc.kind != ArcKind::Wire).map(|arc| arc.delay))
    }

    /// A net, some picoseconds later.
    fn later(&mut self, net: NetId, delay: Time) -> String {
        let source = format!("n{}", net.0);
        let ps = delay.round_ps();
        if ps <= 0 {
            return source;
        }
        if let Some(known) = self.delayed.get(&(net, ps)) {
            return known.clone();
        }
        let name = format!("t{}", self.number());
        self.line(format!(
            "reg {name}; always @({source}) {name} <= #{ps} {source}; initial #1 {name} <= {source};"
        ));
        self.delayed.insert((net, ps), name.clone());
        name
    }

    /// An input, its wire and a further delay later; `otherwise` if it is not connected.
    pub fn pin(&mut self, id: CellId, pin: &str, further: Time, otherwise: &str) -> String {
        let Some(&pin) = self.cell(id).pins.get(pin) else { return otherwise.to_owned() };
        match self.routed.pin(pin).connection {
            Connection::None => otherwise.to_owned(),
            Connection::Constant(value) => format!("1'b{}", u8::from(value)),
            Connection::Net(net) => {
                let delay = self.wire(pin) + further;
                self.later(net, delay)
            }
        }
    }

    /// An input as a combinational output sees it.
    pub fn pin_to(&mut self, id: CellId, pin: &str, output: &str, otherwise: &str) -> String {
        let further = self.through(id, pin, output);
        self.pin(id, pin, further, otherwise)
    }

    /// Drives an output, if it is connected.
    pub fn drive(&mut self, id: CellId, output: &str, expression: &str) {
        if let Some(net) = self.net(id, output) {
            self.line(format!("assign n{} = {expression};", net.0));
        }
    }

    /// A buffer.
    #[expect(clippy::unnecessary_wraps, reason = "one signature for all models")]
    pub fn buffer(&mut self, id: CellId, input: &str, output: &str) -> Result<(), String> {
        let input = self.pin_to(id, input, output, "1'b0");
        self.drive(id, output, &input);
        Ok(())
    }

    /// The setup time a pin asks for.
    pub fn setup(&self, id: CellId, pin: &str) -> Time {
        self.asked(id, pin, |constraint| constraint.setup)
    }

    /// The hold time a pin asks for.
    pub fn hold(&self, id: CellId, pin: &str) -> Time {
        self.asked(id, pin, |constraint| constraint.hold)
    }

    fn asked(
        &self,
        id: CellId,
        pin: &str,
        time: impl Fn(&crate::routed::Constraint) -> crate::sdf::Triple,
    ) -> Time {
        let cell = self.cell(id);
        let Some(pin) = cell.pins.get(pin) else { return Time::ZERO };
        let times = cell.constraints.iter().filter(|constraint| constraint.data == *pin).map(|constraint| {
            let triple = time(constraint);
            match self.corner {
                Corner::Min => triple.min,
                Corner::Typ => triple.typ,
                Corner::Max => triple.max,
            }
        });
        times.max().unwrap_or(Time::ZERO)
    }

    /// A flip-flop with its monitors.
    pub fn flop(&mut self, flop: &Flop) {
        if self.net(flop.id, flop.output).is_none() {
            return;
        }
        let name = self.cell(flop.id).name.replace('"', "'");
        let clock = self.pin(flop.id, flop.clock_pin, Time::ZERO, "1'b0");
        self.watch(&clock, &name);
        let edge = if flop.falling { "negedge" } else { "posedge" };
        let (q, delay) =
            (format!("q{}", self.number()), self.through(flop.id, flop.clock_pin, flop.output).round_ps());
        let Flop { data, enable, reset, .. } = flop;
        let value = u8::from(flop.reset_value);
        let body = if flop.asynchronous {
            format!("if ({reset}) {q} <= #{delay} 1'b{value}; else if ({enable}) {q} <= #{delay} {data};")
        } else if flop.reset_needs_enable {
            format!("if ({enable}) {q} <= #{delay} ({reset}) ? 1'b{value} : {data};")
        } else {
            format!("if ({reset}) {q} <= #{delay} 1'b{value}; else if ({enable}) {q} <= #{delay} {data};")
        };
        let sensitive = if flop.asynchronous && !reset.starts_with("1'b") {
            format!(" or posedge {reset}")
        } else {
            String::new()
        };
        self.line(format!("reg {q} = 1'b{};", u8::from(flop.initial)));
        self.line(format!("always @({edge} {clock}{sensitive}) {body}"));
        self.drive(flop.id, flop.output, &q);
        if !self.crossing.contains(&flop.id) {
            self.monitor(flop, &name, &clock, edge);
        }
    }

    /// Tells data that have not arrived a setup time before they are taken, or change within the hold time after.
    fn monitor(&mut self, flop: &Flop, name: &str, clock: &str, edge: &str) {
        let number = self.number();
        let Flop { data, data_with_setup, enable, reset, .. } = flop;
        let takes = format!("({enable}) && !({reset})");
        let tell = |what: &str| {
            format!(
                "begin violations = violations + 1; if (violations <= {TOLD}) $display(\"{what} {} at %0t\", $time); end",
                name.replace('\\', "/")
            )
        };
        if data_with_setup != data {
            self.line(format!("wire s{number} = {data_with_setup};"));
            let late = format!("$time > 0 && {takes} && s{number} !== ({data})");
            if name.contains(".scan_flop.") {
                // While an edge learns it is late in vain: what counts is what it shows when the pulses have come to a pause.
                self.line(format!("reg l{number} = 0; time p{number} = 0;"));
                self.line(format!(
                    "always @({edge} {clock}) begin l{number} = {late}; p{number} = $time; end"
                ));
                self.line(format!(
                    "always @(posedge {clock}) if (l{number} === 1'b1 && $time - p{number} > {PAUSE_PS}) {}",
                    tell("SETUP")
                ));
            } else {
                self.line(format!("always @({edge} {clock}) if ({late}) {}", tell("SETUP")));
            }
        }
        let hold = flop.hold.round_ps();
        if hold > 0 && !data.starts_with("1'b") {
            self.line(format!("wire h{number} = {data}; time k{number}; reg e{number} = 0;"));
            self.line(format!("always @({edge} {clock}) begin k{number} = $time; e{number} = {takes}; end"));
            self.line(format!(
                "always @(h{number}) if (e{number} === 1'b1 && $time - k{number} < {hold}) {}",
                tell("HOLD")
            ));
        }
    }

    /// Tells pulses of a clock that are too narrow.
    pub fn watch(&mut self, clock: &str, name: &str) {
        if clock.starts_with("1'b") || !self.watched.insert(clock.to_owned()) {
            return;
        }
        let (number, least) = (self.number(), self.min_pulse.round_ps());
        self.line(format!("time r{number} = 0; always @(posedge {clock}) r{number} = $time;"));
        self.line(format!(
            "always @(negedge {clock}) if (r{number} > 0 && $time - r{number} < {least}) begin violations = violations + 1; \
             if (violations <= {TOLD}) $display(\"PULSE {} at %0t\", $time); end",
            name.replace('\\', "/")
        ));
    }

    /// A table of up to four inputs as nested choices, the first input the lowest bit.
    pub fn table(&self, table: u16, inputs: &[String]) -> String {
        choices(u64::from(table), 1 << inputs.len(), inputs)
    }
}

fn choices(table: u64, size: u32, inputs: &[String]) -> String {
    let mask = if size >= 64 { u64::MAX } else { (1 << size) - 1 };
    if table & mask == 0 {
        return "1'b0".to_owned();
    }
    if table & mask == mask {
        return "1'b1".to_owned();
    }
    let Some((select, rest)) = inputs.split_last() else { return "1'bx".to_owned() };
    let half = size / 2;
    let (low, high) = (choices(table, half, rest), choices(table >> half, half, rest));
    match select.as_str() {
        "1'b0" => low,
        "1'b1" => high,
        _ if low == high => low,
        _ if low == "1'b0" && high == "1'b1" => select.clone(),
        _ if low == "1'b1" && high == "1'b0" => format!("~{select}"),
        _ => format!("({select} ? {high} : {low})"),
    }
}

/// Flip-flops and memories whose data come from another clock, or from a port.
fn crossing(routed: &Routed) -> HashSet<CellId> {
    let clock_of = |cell: CellId| {
        let constraint = routed.cell(cell).constraints.first();
        let from = constraint.map(|constraint| constraint.clock).or_else(|| {
            let pins = routed.cell(cell).pins.values();
            let mut arcs = pins.flat_map(|&pin| routed.leaving(pin)).map(|&arc| routed.arc(arc));
            arcs.find(|arc| arc.kind == ArcKind::Clocked).map(|arc| arc.from)
        });
        from.and_then(|pin| routed.driver_of(pin))
    };
    // Which clocks a pin depends on: marks spread forwards from every clock until nothing changes would be slow; backwards
    // from each flip-flop, with what is known remembered, every pin is seen once.
    let mut known: HashMap<PinId, BTreeSet<Option<PinId>>> = HashMap::new();
    let mut crossing = HashSet::new();
    for (id, cell) in routed.cell_ids() {
        let own = clock_of(id);
        for constraint in &cell.constraints {
            let clocks = clocks_behind(routed, constraint.data, &clock_of, &mut known);
            if clocks.iter().any(|&clock| clock != own) {
                crossing.insert(id);
            }
        }
    }
    crossing
}

/// The clocks of the flip-flops a pin depends on; a port counts as none.
fn clocks_behind(
    routed: &Routed,
    pin: PinId,
    clock_of: &dyn Fn(CellId) -> Option<PinId>,
    known: &mut HashMap<PinId, BTreeSet<Option<PinId>>>,
) -> BTreeSet<Option<PinId>> {
    // A stack instead of a recursion: paths are as long as carry chains.
    let mut open = vec![(pin, false)];
    while let Some((pin, ready)) = open.pop() {
        if known.contains_key(&pin) && !ready {
            continue;
        }
        let arcs = || routed.arriving(pin).iter().map(|&arc| routed.arc(arc));
        if !ready {
            known.insert(pin, BTreeSet::new());
            open.push((pin, true));
            open.extend(arcs().filter(|arc| arc.kind != ArcKind::Clocked).map(|arc| (arc.from, false)));
            continue;
        }
        let mut clocks = BTreeSet::new();
        for arc in arcs() {
            match arc.kind {
                ArcKind::Clocked => {
                    clocks.insert(clock_of(routed.pin(pin).cell));
                }
                _ => clocks.extend(known.get(&arc.from).into_iter().flatten().copied()),
            }
        }
        let is_pad = || {
            let pins = routed.cell(routed.pin(pin).cell).pins.values();
            pins.into_iter().any(|&other| routed.pin(other).direction == Direction::Inout)
        };
        if clocks.is_empty() && routed.pin(pin).direction == Direction::Output && is_pad() {
            clocks.insert(None);
        }
        known.insert(pin, clocks);
    }
    known.get(&pin).cloned().unwrap_or_default()
}

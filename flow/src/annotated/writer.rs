//! Verilog of cells: pins with their delays, and tables.

use super::flop::Blocks;
use crate::check::{Corner, Policy};
use crate::routed::{ArcKind, Cell, CellId, Connection, Direction, NetId, PinId, Routed};
use crate::sdf::Time;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Delays are multiples of this many picoseconds. Icarus keeps what is to come in a list by time, and looks for a time's place from
/// the list's beginning; the fewer times there are, the faster.
const GRID_PS: i64 = 10;

/// A delay in picoseconds, rounded to nearest on the grid, ties up.
pub(super) fn on_grid(delay: Time) -> i64 {
    let grid = Time::from_ps(GRID_PS).fs();
    (delay.fs() + grid / 2).div_euclid(grid) * GRID_PS
}

/// Writes the body of the chip's module.
pub(super) struct Writer<'a> {
    pub routed: &'a Routed,
    corner: Corner,
    pub min_pulse: Time,
    /// How long after its clock a written word comes out of distributed RAM.
    pub memory_write: Time,
    text: String,
    /// Delayed copies of nets: their numbers, by picoseconds.
    delayed: BTreeMap<NetId, BTreeMap<i64, usize>>,
    /// Nets of clocks that are watched.
    pub watched: BTreeSet<NetId>,
    /// What happens at edges of clocks.
    pub blocks: Blocks,
    /// Flip-flops that take data of another domain or of a port.
    crossing: HashSet<CellId>,
    next: usize,
}

impl<'a> Writer<'a> {
    pub fn new(routed: &'a Routed, corner: Corner, policy: &Policy) -> Writer<'a> {
        let [soonest, latest] = policy.untold.unwrap_or_default().memory_write;
        let crossing = crossing(routed);
        Writer {
            routed,
            corner,
            min_pulse: policy.min_pulse,
            memory_write: if corner == Corner::Min { soonest } else { latest },
            text: String::new(),
            delayed: BTreeMap::new(),
            watched: BTreeSet::new(),
            blocks: Blocks::default(),
            crossing,
            next: 0,
        }
    }

    /// The text.
    pub fn finish(mut self) -> String {
        let body = std::mem::take(&mut self.text);
        let blocks = std::mem::take(&mut self.blocks);
        let delayed = std::mem::take(&mut self.delayed);
        // One thing that wakes for all copies of a net; in a scope of its own, since Icarus looks for names one by one.
        for (NetId(net), copies) in delayed {
            let names: Vec<String> = copies.values().map(|number| format!("t{number}")).collect();
            let later: String =
                copies.iter().map(|(ps, number)| format!("t{number} <= #{ps} n{net}; ")).collect();
            let first: String = names.iter().map(|name| format!("{name} <= n{net}; ")).collect();
            self.line(format!(
                "generate if (1) begin : later{net} reg {}; always @(n{net}) begin {later}end \
                 initial #1 begin {first}end end endgenerate",
                names.join(", ")
            ));
        }
        blocks.declarations().for_each(|line| self.line(line));
        self.text += &body;
        blocks.lines().for_each(|line| self.line(line));
        self.text
    }

    /// Whether a flip-flop takes data of another domain or of a port.
    pub fn is_crossing(&self, id: CellId) -> bool {
        self.crossing.contains(&id)
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
        arcs.map(|delay| delay.at(self.corner, self.corner == Corner::Max)).max().unwrap_or(Time::ZERO)
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
        let ps = on_grid(delay);
        if ps <= 0 {
            return source;
        }
        let fresh = self.number();
        format!("later{}.t{}", net.0, self.delayed.entry(net).or_default().entry(ps).or_insert(fresh))
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
        let constraints = cell.constraints.iter().filter(|constraint| constraint.data == *pin);
        let times = constraints.map(|constraint| time(constraint).at(self.corner));
        times.max().unwrap_or(Time::ZERO)
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
        // A word of distributed RAM changes with the clock that writes it, though nextpnr tells no such path.
        let cell = routed.pin(pin).cell;
        if routed.pin(pin).name == "F" && routed.cell(cell).parameter("MODE") == "DPRAM" {
            clocks.insert(clock_of(cell));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_lie_on_the_grid() {
        let rounded = [0, 4, 5, 14, 15, 430].map(|ps| on_grid(Time::from_ps(ps)));
        assert_eq!(rounded, [0, 0, 10, 10, 20, 430]);
    }

    #[test]
    fn a_table_becomes_choices() {
        let [a, b] = ["a", "b"].map(str::to_owned);
        assert_eq!(choices(0b1000, 4, &[a.clone(), b.clone()]), "(b ? a : 1'b0)");
        assert_eq!(choices(0b0101, 4, &[a.clone(), b.clone()]), "~a");
        assert_eq!(choices(0b0110, 4, &[a, b]), "(b ? ~a : a)");
        assert_eq!(choices(0b10, 2, &["1'b1".to_owned()]), "1'b1");
    }
}

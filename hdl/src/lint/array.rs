//! The array behind the netlist: its cells, their fires, joins and delay chains, and the bits that are requests.

use super::cone::{Cones, Origin, Walk};
use super::convention::{DELAY_PREFIX, FIRE, JOIN_OUTPUT, JOIN_PREFIX, PHASE_INSTANCES, is_cell};
use super::graph::{BitId, CellId, Graph};
use super::kind::{Kind, Pins};
use std::collections::BTreeMap;

/// A cell of the array: what lies in one instance directly below the top.
#[derive(Debug)]
pub(super) struct ArrayCell {
    pub name: String,
    /// Its fire net, where it has one that is a single bit.
    pub fire: Option<BitId>,
    /// The output of its join.
    pub enable: Option<BitId>,
    /// The primitives of each of its delay chains, by the chain's instance.
    pub chains: BTreeMap<String, Vec<CellId>>,
}

impl ArrayCell {
    /// The name its fire net has, or should have.
    pub fn fire_name(&self) -> String {
        format!("{}.{FIRE}", self.name)
    }
}

/// A flip-flop of the array.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flop {
    pub cell: CellId,
    pub pins: Pins,
    /// Index of the array cell it lies in.
    pub owner: Option<usize>,
}

/// The array, found in a netlist by the names of the convention.
#[derive(Debug)]
pub(super) struct Array<'g> {
    pub graph: &'g Graph,
    pub cells: Vec<ArrayCell>,
    pub flops: Vec<Flop>,
    /// The phases: flip-flops that other cells take for a request, by netlist cell, with the cell they lie in.
    pub phases: BTreeMap<CellId, Option<usize>>,
}

impl<'g> Array<'g> {
    /// Finds the cells.
    pub fn of(graph: &'g Graph) -> Array<'g> {
        let mut index = BTreeMap::new();
        let mut cells = Vec::new();
        for name in graph.scopes.keys().filter(|scope| is_cell(scope)) {
            index.insert(name.as_str(), cells.len());
            let inside = format!("{name}.");
            let mut joins =
                graph.scopes.range(inside.clone()..).take_while(|(path, _)| path.starts_with(&inside));
            let join = joins.find(|(_, module)| module.starts_with(JOIN_PREFIX));
            let enable = join.and_then(|(path, _)| graph.single_bit(&format!("{path}.{JOIN_OUTPUT}")));
            let fire = graph.single_bit(&format!("{name}.{FIRE}"));
            cells.push(ArrayCell { name: name.clone(), fire, enable, chains: BTreeMap::new() });
        }
        let mut flops = Vec::new();
        for (id, cell) in graph.cells.iter().enumerate() {
            let owner = index.get(cell.path[0].as_str()).copied();
            match (cell.kind, owner) {
                (Kind::Flop(pins), _) => flops.push(Flop { cell: id, pins, owner }),
                (Kind::DelayPrimitive(_), Some(owner)) => {
                    if let Some(chain) = chain_of(graph, &cell.path) {
                        cells[owner].chains.entry(chain).or_insert_with(Vec::new).push(id);
                    }
                }
                _ => {}
            }
        }
        let mut array = Array { graph, cells, flops, phases: BTreeMap::new() };
        array.phases = array.find_phases();
        array
    }

    /// The name of a flip-flop's cell, empty for one that lies in none.
    pub fn owner_name(&self, flop: &Flop) -> String {
        flop.owner.map(|owner| self.cells[owner].name.clone()).unwrap_or_default()
    }

    /// The name of a flip-flop: that of its output, which unlike its own the Verilog gave.
    pub fn flop_name(&self, flop: &Flop) -> String {
        let cell = &self.graph.cells[flop.cell];
        let output = cell.outputs.iter().find(|&&bit| self.graph.is_named(bit));
        output.map_or_else(|| cell.name(), |&bit| self.graph.bit_name(bit))
    }

    /// Which cell fires by that bit.
    pub fn fires(&self, bit: BitId) -> impl Iterator<Item = &ArrayCell> {
        self.cells.iter().filter(move |cell| cell.fire == Some(bit))
    }

    /// Flip-flops with the name of a phase, and those in the fire logic of another cell.
    fn find_phases(&self) -> BTreeMap<CellId, Option<usize>> {
        let owners: BTreeMap<CellId, Option<usize>> = self.flops.iter().map(|f| (f.cell, f.owner)).collect();
        let named = |id: CellId| {
            let path = &self.graph.cells[id].path;
            path[1..].iter().any(|part| PHASE_INSTANCES.contains(&part.as_str()))
        };
        let mut phases: BTreeMap<_, _> =
            owners.iter().filter(|&(&id, _)| named(id)).map(|(&id, &owner)| (id, owner)).collect();
        let mut cones = Cones::new(self.graph);
        for (index, cell) in self.cells.iter().enumerate() {
            for source in cell.fire.iter().flat_map(|&fire| cones.sources(fire, &Walk::default())) {
                if let Origin::Flop(flop) = source.origin
                    && owners[&flop] != Some(index)
                {
                    phases.insert(flop, owners[&flop]);
                }
            }
        }
        phases
    }
}

/// The delay chain a primitive belongs to: the outermost instance around it with the name or module of one.
fn chain_of(graph: &Graph, path: &[String]) -> Option<String> {
    (2..path.len()).find_map(|depth| {
        let instance = path[..depth].join(".");
        let module = graph.scopes.get(&instance).map_or("", String::as_str);
        module.starts_with(DELAY_PREFIX).then_some(instance)
    })
}

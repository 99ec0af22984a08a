//! The array: one cell for every node and edge of a network, wired as the graph says.

use crate::bus::{Bus, Shape};
use crate::cell::{
    Border, Context, EdgeDelays, EdgePorts, NodeDelays, NodePorts, NodeTraits, OutputPorts,
    edge_current_shape, input_node, node, parallel_edge, serial_edge, serial_edge_module_name,
};
use crate::check::{NotBuildable, check_buildable, check_buildable_in_luts};
use crate::leaf::Behaviour;
use crate::module::{Module, Part};
use crate::primitive::rest;
use crate::technology::Technology;
use crate::timing;
use std::collections::BTreeMap;
use std::sync::Arc;
use wheatstone_sim::Design;
use wheatstone_sim::network::{EdgeKind, NodeId, NodeKind};

/// Lengths of the matched delays in LUTs, by name of a cell (`node_0`, `edge_12`) or by module name, for all cells made of
/// that module. A cell's own entry counts before its module's. An edge's name followed by [`PAUSE`] is the length of its pause, a
/// node's followed by [`STRETCH`] or [`LEAD`] that of its stretch or lead; there is none without such an entry. The name of a
/// matched delay or lead followed by [`TRIM`] says how many of its LUTs are taken out again once they have their places.
pub type DelayLengths = BTreeMap<String, u32>;

/// What follows an edge's name where its pause is meant, not its matched delay.
pub const PAUSE: &str = ".pause";

/// What follows a node's name where its stretch is meant, not its matched delay.
pub const STRETCH: &str = ".stretch";

/// What follows a node's name where its lead is meant: LUTs on its phase's way to its edges.
pub const LEAD: &str = ".lead";

/// What follows the name of a matched delay or lead where the LUTs are meant that it has in the array, but not on the routed chip.
pub const TRIM: &str = ".trim";

/// How many LUTs the routed chip has of a delay of that name.
pub fn routed_length(lengths: &DelayLengths, name: &str) -> u32 {
    let of = |name: &str| lengths.get(name).copied().unwrap_or(0);
    of(name).saturating_sub(of(&format!("{name}{TRIM}")))
}

/// How edges multiply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Multiplier {
    /// A multiplier of the device in every edge: one product a fire.
    #[default]
    Parallel,
    /// A multiplier of LUTs in every edge: one product a fire.
    Lut,
    /// Two bit-serial multipliers in every edge, of LUTs alone: one bit a fire.
    Serial,
}

impl Multiplier {
    /// Its name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Multiplier::Parallel => "parallel",
            Multiplier::Lut => "lut",
            Multiplier::Serial => "serial",
        }
    }
}

/// How an array is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArrayOptions {
    /// The device.
    pub technology: Technology,
    /// How its edges multiply.
    pub multiplier: Multiplier,
}

impl From<Technology> for ArrayOptions {
    /// Parallel multipliers.
    fn from(technology: Technology) -> Self {
        ArrayOptions { technology, multiplier: Multiplier::default() }
    }
}

/// A design as hardware.
///
/// It is the design's network, cell by cell: a node's `requests` and `currents` are the outputs of its edges, an edge's voltages
/// those of its ends. Cells with equal traits share a Verilog module and one length of matched delay.
///
/// ```
/// use std::sync::Arc;
/// use wheatstone_hdl::{Array, Technology};
/// use wheatstone_sim::network::{EdgeKind, crossbar};
/// use wheatstone_sim::{Design, Format, Nudge, Omega, Rules};
///
/// let network = crossbar(2, 1, EdgeKind::Linear)?;
/// let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 1 }, g_min: 1, lowest_rail: 0 };
/// let design = Arc::new(Design::new(network, Format::COMPACT, rules)?);
/// let array = Array::new(design, Technology::Ecp5)?;
///
/// let lengths: Vec<String> =
///     array.delay_lengths().iter().map(|(module, luts)| format!("{module}: {luts} LUTs")).collect();
/// assert_eq!(lengths, ["input_node_1_0: 5 LUTs", "linear_edge_p0: 22 LUTs", "output_node_2_1: 20 LUTs"]);
///
/// let text = array.verilog();
/// assert!(text.contains("\nmodule linear_edge_p0 ("));
/// assert!(text.contains("\nmodule array ("));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`ArraySimulation`](crate::ArraySimulation) runs it, [`Listing`](crate::listing::Listing) and
/// [`waves`](crate::waves) show what happens, and [`cell`](crate::cell) has a page for every cell.
#[derive(Clone, Debug)]
pub struct Array {
    design: Arc<Design>,
    options: ArrayOptions,
    /// The whole as a module named `array`.
    pub module: Module,
    /// What the border imposes.
    pub border: Border,
    /// Sample voltages, one an input, in port order.
    pub samples: Vec<Bus>,
    /// Targets, senses and answers, one an output, in port order.
    pub outputs: Vec<OutputPorts>,
    /// 1 while every node has done what `go` asked for.
    pub rest: Bus,
    /// Where the scan chain begins and ends.
    pub scan: [Bus; 2],
    /// By node.
    pub nodes: Vec<NodePorts>,
    /// By edge.
    pub edges: Vec<EdgePorts>,
    /// The `fire` of every cell: nodes, then edges.
    pub fires: Vec<Bus>,
    /// By node: 1 while it is in the middle of a chunk.
    pub started: Vec<Bus>,
    lengths: DelayLengths,
}

impl Array {
    /// The array of a design on a device, its matched delays sized from the documented delays of its data paths.
    ///
    /// # Errors
    /// [`NotBuildable`] if the design cannot be built.
    pub fn new(design: Arc<Design>, options: impl Into<ArrayOptions>) -> Result<Array, NotBuildable> {
        let options = options.into();
        let draft = Array::with_delays(Arc::clone(&design), options, &DelayLengths::new())?;
        let lengths = timing::delay_lengths(&draft);
        Array::with_delays(design, options, &lengths)
    }

    /// The array with matched delays of given lengths, by cell or by module; 1 where none is given.
    ///
    /// # Errors
    /// [`NotBuildable`] if the design cannot be built.
    pub fn with_delays(
        design: Arc<Design>,
        options: impl Into<ArrayOptions>,
        lengths: &DelayLengths,
    ) -> Result<Array, NotBuildable> {
        let options @ ArrayOptions { technology, multiplier } = options.into();
        match multiplier {
            Multiplier::Parallel => check_buildable(&design)?,
            Multiplier::Lut | Multiplier::Serial => check_buildable_in_luts(&design)?,
        }
        let border = Border::new();
        let context = Context { design: &design, technology, multiplier, border: &border };
        let (network, format) = (design.network(), design.format());
        let mut top = Module::new("array", format!("{} in format {format}", network.name()));
        for (name, bus) in border.named() {
            top.input(name, bus);
        }
        let v_shape = Shape::signed(format.v_bits());
        let bit = |top: &mut Module, name: String| top.wire(name, Shape::BIT);

        // Channels first, under the names of the cells that drive them.
        let mut edges: Vec<EdgePorts> = Vec::new();
        let mut nodes: Vec<NodePorts> = Vec::new();
        for id in network.node_ids() {
            let i = id.index();
            let nothing = Bus::new(Shape::BIT);
            nodes.push(NodePorts {
                requests: Vec::new(),
                currents: Vec::new(),
                phase: bit(&mut top, format!("node_{i}_token")),
                done: bit(&mut top, format!("node_{i}_done")),
                last: bit(&mut top, format!("node_{i}_last")),
                current_is_free: bit(&mut top, format!("node_{i}_free")),
                current: top.wire(format!("node_{i}_current"), v_shape),
                previous: top.wire(format!("node_{i}_previous"), v_shape),
                scan_in: nothing.clone(),
                scan_out: nothing,
            });
        }
        for id in network.edge_ids() {
            let (i, edge) = (id.index(), network.edges()[id.index()]);
            let ends = edge.ends.map(NodeId::index);
            let shape = edge_current_shape(context, edge.kind);
            let nothing = Bus::new(Shape::BIT);
            edges.push(EdgePorts {
                requests: ends.map(|n| nodes[n].phase.clone()),
                current: ends.map(|n| nodes[n].current.clone()),
                previous: ends.map(|n| nodes[n].previous.clone()),
                last: nodes[ends[0]].last.clone(),
                current_is_free: nodes[ends[0]].current_is_free.clone(),
                phase: bit(&mut top, format!("edge_{i}_token")),
                currents: [0, 1].map(|end| top.wire(format!("edge_{i}_into_{end}"), shape)),
                scan_in: nothing.clone(),
                scan_out: nothing,
            });
        }
        for id in network.node_ids() {
            for incidence in network.incidences(id) {
                let edge = &edges[incidence.edge.index()];
                let end = usize::from(network.edges()[incidence.edge.index()].ends[0] != id);
                nodes[id.index()].requests.push(edge.phase.clone());
                nodes[id.index()].currents.push(edge.currents[end].clone());
            }
        }
        // The scan chain runs through the nodes, then through the edges.
        let scan_in = Bus::new(Shape::BIT);
        top.input("scan_in", &scan_in);
        let scan_out = Bus::new(Shape::BIT);
        top.output("scan_out", &scan_out);
        let cells = nodes.len() + edges.len();
        let mut link = scan_in.clone();
        for i in 0..cells {
            let next =
                if i + 1 == cells { scan_out.clone() } else { bit(&mut top, format!("scan_{}", i + 1)) };
            if let Some(node) = nodes.get_mut(i) {
                (node.scan_in, node.scan_out) = (link, next.clone());
            } else {
                let edge = &mut edges[i - network.nodes().len()];
                (edge.scan_in, edge.scan_out) = (link, next.clone());
            }
            link = next;
        }

        let luts = |cell: &str, module: &str| {
            lengths.get(cell).or_else(|| lengths.get(module)).copied().unwrap_or(1).max(1)
        };
        let more = |cell: &str, which: &str| lengths.get(&format!("{cell}{which}")).copied().unwrap_or(0);
        let node_delays = |cell: &str, module: &str| NodeDelays {
            matched: luts(cell, module),
            stretch: more(cell, STRETCH),
            lead: more(cell, LEAD),
        };
        let edge_delays =
            |cell: &str, module: &str| EdgeDelays { matched: luts(cell, module), pause: more(cell, PAUSE) };
        let (mut fires, mut started) = (Vec::new(), Vec::new());
        let mut samples = vec![Bus::new(v_shape); network.inputs().len()];
        let mut outputs: Vec<Option<OutputPorts>> = vec![None; network.outputs().len()];
        for (slot, sample) in samples.iter_mut().enumerate() {
            *sample = Bus::new(v_shape);
            top.input(format!("sample_{slot}"), sample);
        }
        for (slot, output) in outputs.iter_mut().enumerate() {
            let ports = OutputPorts {
                target: Bus::new(v_shape),
                sense: Bus::new(Shape::unsigned(2)),
                answer: Bus::new(v_shape),
            };
            top.input(format!("target_{slot}"), &ports.target);
            top.input(format!("sense_{slot}"), &ports.sense);
            top.output(format!("answer_{slot}"), &ports.answer);
            *output = Some(ports);
        }
        let position = |list: &[NodeId], id: NodeId| list.iter().position(|&n| n == id).unwrap_or(0);
        for id in network.node_ids() {
            let (ports, info) = (&nodes[id.index()], network.nodes()[id.index()]);
            let colour = network.colouring().colour(id);
            let own_name = format!("node_{}", id.index());
            let cell = if info.kind == NodeKind::Input {
                let sample = &samples[position(network.inputs(), id)];
                let name = format!("input_node_{}_{colour}", ports.requests.len());
                let delays = node_delays(&own_name, &name);
                input_node(context, name, colour, delays, ports, sample)
            } else {
                let kinds: Vec<EdgeKind> =
                    network.incidences(id).iter().map(|i| network.edges()[i.edge.index()].kind).collect();
                // A transistor sends twice its current; linear edges beside it are doubled to match.
                let transistors = kinds.contains(&EdgeKind::Transistor);
                let doubled = if transistors {
                    kinds.iter().map(|&kind| kind == EdgeKind::Linear).collect()
                } else {
                    Vec::new()
                };
                let output = (info.kind == NodeKind::Output)
                    .then(|| outputs[position(network.outputs(), id)].clone())
                    .flatten();
                let traits = NodeTraits { clamp: info.clamp, colour, doubled, transistors, output };
                let name = traits.module_name(ports.requests.len());
                let delays = node_delays(&own_name, &name);
                node(context, name, &traits, delays, ports)
            };
            fires.extend(cell.port("fire").map(|port| port.bus.clone()));
            started.extend(cell.port("started").map(|port| port.bus.clone()));
            top.module(own_name, cell);
        }
        for id in network.edge_ids() {
            let edge = network.edges()[id.index()];
            let alpha = i32::from(network.groups()[edge.group.index()].alpha);
            let ports = &edges[id.index()];
            let own_name = format!("edge_{}", id.index());
            let cell = match multiplier {
                Multiplier::Parallel | Multiplier::Lut => {
                    let name = crate::cell::edge_module_name(edge.kind, alpha);
                    let delays = edge_delays(&own_name, &name);
                    parallel_edge(context, name, edge.kind, alpha, delays, ports)
                }
                Multiplier::Serial => {
                    let name = serial_edge_module_name(edge.kind, alpha);
                    let delays = edge_delays(&own_name, &name);
                    serial_edge(context, name, edge.kind, alpha, delays, ports)
                }
            };
            fires.extend(cell.port("fire").map(|port| port.bus.clone()));
            top.module(own_name, cell);
        }
        let at_rest = Bus::new(Shape::BIT);
        top.output("rest", &at_rest);
        let done: Vec<Bus> = nodes.iter().map(|n| n.done.clone()).collect();
        top.leaf("rest_join", rest(technology, &done, &border.go, &at_rest));

        Ok(Array {
            design: Arc::clone(&design),
            options,
            module: top,
            border,
            samples,
            outputs: outputs.into_iter().flatten().collect(),
            rest: at_rest,
            scan: [scan_in, scan_out],
            nodes,
            edges,
            fires,
            started,
            lengths: lengths.clone(),
        })
    }

    /// The design it is.
    pub fn design(&self) -> &Arc<Design> {
        &self.design
    }

    /// The device it is for.
    pub fn technology(&self) -> Technology {
        self.options.technology
    }

    /// How its edges multiply.
    pub fn multiplier(&self) -> Multiplier {
        self.options.multiplier
    }

    /// The module of a cell: nodes by id, then edges by id.
    pub fn cell(&self, index: usize) -> Option<&Module> {
        match self.module.parts().get(index)? {
            (_, Part::Module(cell)) => Some(cell),
            (_, Part::Leaf(_)) => None,
        }
    }

    /// The name of every cell's module, by the cell's name.
    pub fn cell_modules(&self) -> BTreeMap<String, String> {
        let module = |(name, part): &(String, Part)| match part {
            Part::Module(cell) => Some((name.clone(), cell.name().to_owned())),
            Part::Leaf(_) => None,
        };
        self.module.parts().iter().filter_map(module).collect()
    }

    /// Lengths of its matched delays, as they were given.
    pub fn delay_lengths(&self) -> &DelayLengths {
        &self.lengths
    }

    /// Length of the matched delay of every cell in LUTs, by the cell's name, and of pauses, stretches, leads and trims where
    /// there are any.
    pub fn cell_delay_lengths(&self) -> DelayLengths {
        let mut lengths = DelayLengths::new();
        self.module.for_each_leaf(&mut |path, leaf| {
            let Some((cell, part)) = path.split_once('.') else { return };
            let name = match (leaf.behaviour(), part) {
                (Behaviour::MatchedDelay { .. }, _) => cell.to_owned(),
                (_, "pause") => format!("{cell}{PAUSE}"),
                (_, "stretch") => format!("{cell}{STRETCH}"),
                (_, "lead") => format!("{cell}{LEAD}"),
                _ => return,
            };
            let luts = leaf.nominal_ps() / self.technology().lut_ps();
            if let Some((trim, &luts)) = self.lengths.get_key_value(&format!("{name}{TRIM}")) {
                lengths.insert(trim.clone(), luts);
            }
            lengths.insert(name, u32::try_from(luts).unwrap_or(u32::MAX));
        });
        lengths
    }

    /// Its Verilog, without a header.
    pub fn verilog(&self) -> String {
        crate::verilog::emit(&self.module, self.options.technology)
    }
}

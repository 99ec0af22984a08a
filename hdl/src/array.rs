//! The array: one cell for every node and edge of a network, wired as the graph says.

use crate::bus::{Bus, Shape};
use crate::cell::{
    Context, Controls, EdgeDelays, EdgePorts, NodeDelays, NodePorts, NodeTraits, OutputPorts,
    edge_current_shape, input_node, node, parallel_edge, serial_edge, serial_edge_module_name,
};
use crate::check::{NotBuildable, check_buildable, check_buildable_in_luts};
use crate::delays::{CellId, DelayLine, Delays};
use crate::module::{Module, Part};
use crate::options::{ArrayOptions, Multiplier};
use crate::primitive;
use crate::technology::Technology;
use crate::timing;
use std::collections::BTreeMap;
use std::sync::Arc;
use wheatstone_sim::Design;
use wheatstone_sim::network::{Network, NodeId, NodeKind};

/// A design as hardware.
///
/// It is the design's network, cell by cell: a node's `requests` and `currents` are the outputs of its edges, an edge's voltages
/// those of its ends. Cells with equal traits share a Verilog module and, before anything is placed, the length of their matched
/// delays.
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
/// let modules = array.cell_modules();
/// let lengths: Vec<String> =
///     array.delays().iter().map(|(id, length)| format!("{}: {} LUTs", modules[&id.cell], length.placed)).collect();
/// assert_eq!(
///     lengths,
///     [
///         "input_node_1_0: 5 LUTs",
///         "input_node_1_0: 5 LUTs",
///         "output_node_2_1: 20 LUTs",
///         "linear_edge_p0: 22 LUTs",
///         "linear_edge_p0: 22 LUTs"
///     ]
/// );
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
    /// What the array interface imposes.
    pub controls: Controls,
    /// Sample voltages, one an input, in port order.
    pub samples: Vec<Bus>,
    /// Targets, senses and answers, one an output, in port order.
    pub outputs: Vec<OutputPorts>,
    /// 1 while every node has done what `go` asked for.
    pub idle: Bus,
    /// Where the scan chain begins and ends.
    pub scan: [Bus; 2],
    /// Ports of the node cells, by node id.
    pub nodes: Vec<NodePorts>,
    /// Ports of the edge cells, by edge id.
    pub edges: Vec<EdgePorts>,
    /// The `fire` of every cell: nodes, then edges.
    pub fires: Vec<Bus>,
    /// By node: 1 while it is in the middle of a burst.
    pub started: Vec<Bus>,
    delays: Delays,
}

impl Array {
    /// The array of a design on a device, its matched delays sized from the documented delays of its data paths.
    ///
    /// # Errors
    /// [`NotBuildable`] if the design cannot be built.
    pub fn new(design: Arc<Design>, options: impl Into<ArrayOptions>) -> Result<Array, NotBuildable> {
        let options = options.into();
        let draft = Array::with_delays(Arc::clone(&design), options, &Delays::new())?;
        let lengths = timing::matched_lengths(&draft.module, options.technology);
        let modules = draft.cell_modules();
        let of_cell = |(cell, module): (CellId, String)| Some((cell.matched(), *lengths.get(&module)?));
        Array::with_delays(design, options, &modules.into_iter().filter_map(of_cell).collect())
    }

    /// The array with delay lines of given lengths; a matched delay has one LUT where none is given.
    ///
    /// # Errors
    /// [`NotBuildable`] if the design cannot be built.
    pub fn with_delays(
        design: Arc<Design>,
        options: impl Into<ArrayOptions>,
        lengths: &Delays,
    ) -> Result<Array, NotBuildable> {
        let options @ ArrayOptions { technology, multiplier } = options.into();
        match multiplier {
            Multiplier::Parallel => check_buildable(&design)?,
            Multiplier::Lut | Multiplier::Serial => check_buildable_in_luts(&design)?,
        }
        let controls = Controls::new();
        let context = Context { design: &design, technology, multiplier, controls: &controls };
        let (network, format) = (design.network(), design.format());
        let mut top = Module::new("array", format!("{} in format {format}", network.name()));
        for (name, bus) in controls.named() {
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

        let delays = lengths.of_cells(cells_of(network));
        let placed = |cell: CellId, line| delays.get(cell.line(line)).placed;
        let node_delays = |cell: CellId| NodeDelays {
            matched: placed(cell, DelayLine::Matched),
            request: placed(cell, DelayLine::Request),
            pulse_extension: placed(cell, DelayLine::PulseExtension),
        };
        let edge_delays = |cell: CellId| EdgeDelays {
            matched: placed(cell, DelayLine::Matched),
            recovery: placed(cell, DelayLine::Recovery),
        };
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
            let (cell_id, delays) = (CellId::Node(id.index()), node_delays(CellId::Node(id.index())));
            let relaxing = |output: Option<OutputPorts>| {
                let incidences = network.incidences(id).iter();
                let edges = incidences.map(|i| network.edges()[i.edge.index()].kind).collect();
                let traits = NodeTraits { clamp: info.clamp, colour, edges, output };
                let name = traits.module_name(ports.requests.len());
                node(context, name, &traits, delays, ports)
            };
            let cell = match info.kind {
                NodeKind::Input => {
                    let sample = &samples[position(network.inputs(), id)];
                    let name = format!("input_node_{}_{colour}", ports.requests.len());
                    input_node(context, name, colour, delays, ports, sample)
                }
                NodeKind::Hidden => relaxing(None),
                NodeKind::Output => relaxing(outputs[position(network.outputs(), id)].clone()),
            };
            fires.extend(cell.port("fire").map(|port| port.bus.clone()));
            started.extend(cell.port("started").map(|port| port.bus.clone()));
            top.module(cell_id.to_string(), cell);
        }
        for id in network.edge_ids() {
            let edge = network.edges()[id.index()];
            let alpha = i32::from(network.groups()[edge.group.index()].alpha);
            let ports = &edges[id.index()];
            let (cell_id, delays) = (CellId::Edge(id.index()), edge_delays(CellId::Edge(id.index())));
            let cell = match multiplier {
                Multiplier::Parallel | Multiplier::Lut => {
                    let name = crate::cell::edge_module_name(edge.kind, alpha);
                    parallel_edge(context, name, edge.kind, alpha, delays, ports)
                }
                Multiplier::Serial => {
                    let name = serial_edge_module_name(edge.kind, alpha);
                    serial_edge(context, name, edge.kind, alpha, delays, ports)
                }
            };
            fires.extend(cell.port("fire").map(|port| port.bus.clone()));
            top.module(cell_id.to_string(), cell);
        }
        let idle = Bus::new(Shape::BIT);
        top.output("rest", &idle);
        let done: Vec<Bus> = nodes.iter().map(|n| n.done.clone()).collect();
        top.leaf("rest_join", primitive::idle(technology, &done, &controls.go, &idle));

        Ok(Array {
            design: Arc::clone(&design),
            options,
            module: top,
            controls,
            samples,
            outputs: outputs.into_iter().flatten().collect(),
            idle,
            scan: [scan_in, scan_out],
            nodes,
            edges,
            fires,
            started,
            delays,
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

    /// The name of every cell's module.
    pub fn cell_modules(&self) -> BTreeMap<CellId, String> {
        self.module.cells().into_iter().map(|(id, cell)| (id, cell.name().to_owned())).collect()
    }

    /// Its cells, nodes before edges.
    pub fn cell_ids(&self) -> impl Iterator<Item = CellId> {
        cells_of(self.design().network())
    }

    /// The lengths of its delay lines.
    pub fn delays(&self) -> &Delays {
        &self.delays
    }

    /// Its Verilog, without a header.
    pub fn verilog(&self) -> String {
        crate::verilog::emit(&self.module, self.options.technology)
    }
}

/// The cells of a network's array, nodes before edges.
fn cells_of(network: &Network) -> impl Iterator<Item = CellId> + use<> {
    let nodes = (0..network.nodes().len()).map(CellId::Node);
    nodes.chain((0..network.edges().len()).map(CellId::Edge))
}

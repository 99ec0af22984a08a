//! What a checkpoint holds, as a table of its edges and one of its nodes.

use super::{Column, Table};
use wheatstone_learn::snapshot::{conductances, gains, voltages};
use wheatstone_sim::network::{DiodeClamp, Edge, Network, NodeId, NodeKind};
use wheatstone_sim::{Checkpoint, Wave};

/// A row for each edge: the nodes it joins, as rows of [`nodes`] from 0 and by name, its kind, its group, and its conductance as a
/// fraction of full scale.
pub fn edges(checkpoint: &Checkpoint) -> Table {
    let (design, network) = (&checkpoint.design, checkpoint.design.network());
    let all = network.edges();
    let end = |end: usize| Column::Integers(all.iter().map(|edge| edge.ends[end].0.into()).collect());
    let name = |end: usize| texts(all, |edge: &Edge| network.node_name(edge.ends[end]).into_owned());
    Table::default()
        .with("from", end(0))
        .with("to", end(1))
        .with("from_name", name(0))
        .with("to_name", name(1))
        .with("kind", texts(all, |edge: &Edge| edge.kind.name().to_owned()))
        .with("group", texts(all, |edge: &Edge| network.groups()[edge.group.index()].name.clone()))
        .with("conductance", Column::Numbers(conductances(design, &checkpoint.state).map(Some).collect()))
}

/// A row for each node: its name, kind and diode, where it is drawn, its voltages in both waves in volts, and its gain in units of
/// 1/(full conductance), which an input has not.
pub fn nodes(checkpoint: &Checkpoint) -> Table {
    let Checkpoint { design, state, .. } = checkpoint;
    let network = design.network();
    let ids: Vec<NodeId> = network.node_ids().collect();
    let place =
        |axis: usize| Column::Numbers(ids.iter().map(|&id| Some(network.position(id)?[axis])).collect());
    let volts = |wave| Column::Numbers(voltages(design, state, wave).map(Some).collect());
    Table::default()
        .with("name", texts(&ids, |&id| network.node_name(id).into_owned()))
        .with("kind", texts(&ids, |&id| kind(network, id).to_owned()))
        .with("diode", texts(&ids, |&id| diode(network, id).to_owned()))
        .with("x", place(0))
        .with("y", place(1))
        .with("free", volts(Wave::Free))
        .with("clamped", volts(Wave::Clamped))
        .with("gain", Column::Numbers(gains(design, state)))
}

fn texts<T>(of: &[T], text: impl Fn(&T) -> String) -> Column {
    Column::Texts(of.iter().map(text).collect())
}

fn kind(network: &Network, node: NodeId) -> &'static str {
    match network.nodes()[node.index()].kind {
        NodeKind::Input => "input",
        NodeKind::Hidden => "hidden",
        NodeKind::Output => "output",
    }
}

fn diode(network: &Network, node: NodeId) -> &'static str {
    match network.nodes()[node.index()].clamp {
        DiodeClamp::None => "none",
        DiodeClamp::NonNegative => "non_negative",
        DiodeClamp::NonPositive => "non_positive",
    }
}

//! The spatial array: a marked graph of nodes and edges.
//!
//! Nodes and edges take turns, every fire waits for the last of its requests, and an edge fires several times in a round. How often
//! follows from the array's own simulation; when follows from the path of each request from fire to fire.

use super::super::launch::Launches;
use super::super::roles::{DomainId, Roles};
use super::{Prediction, Times};
use crate::sdf::Time;
use std::sync::Arc;
use wheatstone_hdl::{Array, ArraySimulation};
use wheatstone_sim::network::NodeId;
use wheatstone_sim::{Configuration, Engine, Initial, LearningSchedule, Sample, State};

/// Steps after which the mean of the last half is taken.
const STEPS: usize = 64;

/// Predicts from late arrivals; nothing if the array cannot be simulated or a request is missing.
pub(super) fn predict(array: &Array, roles: &Roles, slow: &Launches, fast: &Launches) -> Option<Prediction> {
    let network = array.design().network();
    let (nodes, edges) = (network.nodes().len() as u64, network.edges().len() as u64);
    // Between runs of one step and two: a relaxing round more.
    let (one, two) = (fires(array, 1)?, fires(array, 2)?);
    let edge_fires = (two - one).checked_sub(nodes)? / edges.max(1);
    // Of one step: the start, a relaxing round, and the closing one.
    let closing_fires = one.checked_sub(3 * nodes)? / edges.max(1) - edge_fires;
    let times = |launches| times(array, roles, launches, edge_fires, closing_fires);
    Some(Prediction { slow: times(slow)?, fast: times(fast)?, edge_fires, closing_fires })
}

/// All fires of a sample of so many steps.
fn fires(array: &Array, steps: u32) -> Option<u64> {
    let design = array.design();
    let groups = design.network().groups().len();
    let state = State::initial(design, &vec![Initial::Uniform { low: 0.5, high: 0.5 }; groups], 1);
    let configuration = Configuration { steps, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
    let options =
        wheatstone_hdl::ArrayOptions { technology: array.technology(), multiplier: array.multiplier() };
    let mut array = ArraySimulation::new(Arc::clone(design), options, configuration, state).ok()?;
    let sample = Sample {
        inputs: vec![0; design.network().inputs().len()],
        targets: vec![None; design.network().outputs().len()],
    };
    let before = array.fires();
    array.train(&sample).ok()?;
    Some(array.fires() - before)
}

fn times(
    array: &Array,
    roles: &Roles,
    launches: &Launches,
    edge_fires: u64,
    closing_fires: u64,
) -> Option<Times> {
    let network = array.design().network();
    let node = |id: NodeId| DomainId(id.index());
    let edge = |index: usize| DomainId(network.nodes().len() + index);
    debug_assert_eq!(roles.domains.len(), network.nodes().len() + network.edges().len() + 1);
    let rise = |from: DomainId, to: DomainId| launches.domain(from).rising.rise.get(&to).copied();
    let again = |id: DomainId| {
        let launch = launches.domain(id);
        Some(*launch.ends.last()? + *launch.falling.rise.get(&id)?)
    };
    let mut at = vec![Time::ZERO; network.nodes().len()];
    let mut round = |count: u64| -> Option<Time> {
        let mut answers = Vec::new();
        for (index, info) in network.edges().iter().enumerate() {
            let id = edge(index);
            let [a, b] = info.ends.map(|end| Some(at[end.index()] + rise(node(end), id)?));
            let more = i64::try_from(count.checked_sub(1)?).ok()?;
            answers.push(a?.max(b?) + Time::from_fs(again(id)?.fs() * more));
        }
        for id in network.node_ids() {
            let incident = network.incidences(id).iter().map(|incidence| {
                let index = incidence.edge.index();
                Some(answers[index] + rise(edge(index), node(id))?)
            });
            at[id.index()] = incident.collect::<Option<Vec<Time>>>()?.into_iter().max()?;
        }
        at.iter().copied().max()
    };
    let mut ends = Vec::new();
    for _ in 0..STEPS {
        ends.push(round(edge_fires)?);
    }
    let last = *ends.last()?;
    let closed = round(closing_fires)?;
    let half = ends[STEPS / 2 - 1];
    let step = Time::from_fs((last - half).fs() / i64::try_from(STEPS - STEPS / 2).ok()?);
    let ps = |time: Time| u64::try_from(time.round_ps()).ok();
    Some(Times { step_ps: ps(step)?, closing_ps: ps(closed - last)? })
}

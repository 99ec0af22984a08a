//! `wheatstone inspect`

use super::arguments::PortArguments;
use super::output::Output;
use super::table;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use wheatstone::conversion::is_checkpoint;
use wheatstone::network_file::{outline, read_network};
use wheatstone::run::{hex, read_checkpoint};
use wheatstone_sim::network::formats::{Graph, Outline};
use wheatstone_sim::network::{EdgeKind, NodeKind};
use wheatstone_sim::{Checkpoint, Network, Wave, dissipated_power, power_unit};

/// Say what is in a checkpoint, a run folder or a file with a network
///
/// Powers are those dissipated by the voltages as they are, in units of one full conductance at 1 V.
#[derive(Args, Debug)]
pub struct Inspect {
    /// Checkpoint, run folder, or file with a network, in any format that `train --network` takes
    path: PathBuf,
    #[command(flatten)]
    ports: PortArguments,
    /// Fail unless the hardware could hold the network
    #[arg(long)]
    for_hardware: bool,
}

impl Inspect {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        if !is_checkpoint(&self.path) {
            let Graph { network, notes } = match read_network(&self.path, &self.ports.ports()) {
                Ok(graph) => graph,
                Err(error) => {
                    let known = if self.for_hardware { None } else { outline(&self.path, &error) };
                    let (outline, lacks) = known.ok_or(error)?;
                    return print(output, outline_facts(outline, &lacks));
                }
            };
            notes.iter().for_each(|note| output.say(&format!("note: {note}")));
            self.check_hardware(&network)?;
            return print(output, network_facts(&network));
        }
        let file = if self.path.is_dir() { self.path.join("checkpoint.bin") } else { self.path.clone() };
        let checkpoint = read_checkpoint(&file)?;
        self.check_hardware(checkpoint.design.network())?;
        let mut facts = network_facts(checkpoint.design.network());
        facts.extend(checkpoint_facts(&checkpoint));
        print(output, facts)
    }

    fn check_hardware(&self, network: &Network) -> Result<(), wheatstone_hdl::NotBuildable> {
        if self.for_hardware { wheatstone_hdl::check_network(network) } else { Ok(()) }
    }
}

/// Names and values, in the order they are shown.
type Facts = Vec<(&'static str, Value)>;

fn print(output: &Output, facts: Facts) -> anyhow::Result<()> {
    let named = |(name, value): &(&str, Value)| (name.replace(' ', "_"), value.clone());
    let object: serde_json::Map<String, Value> = facts.iter().map(named).collect();
    output.result(&object, || {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table::facts(facts.into_iter().map(|(name, value)| (name, text(value)))).to_string()
    })
}

/// A graph that is no network yet.
fn outline_facts(outline: Outline, lacks: &str) -> Facts {
    vec![
        ("format", json!(outline.format.name())),
        ("nodes", json!(outline.nodes)),
        ("inputs", json!(outline.inputs)),
        ("outputs", json!(outline.outputs)),
        ("edges", json!(outline.edges)),
        ("conductances", json!(outline.conductances)),
        ("to be trained", json!(lacks)),
    ]
}

fn network_facts(network: &Network) -> Facts {
    let kind = |kind| network.nodes().iter().filter(|n| n.kind == kind).count();
    let transistors = network.edges().iter().filter(|e| e.kind == EdgeKind::Transistor).count();
    let groups: Vec<String> =
        network.groups().iter().map(|g| format!("{} (alpha {})", g.name, g.alpha)).collect();
    let hardware = match wheatstone_hdl::check_network(network) {
        Ok(()) => "yes".to_owned(),
        Err(error) => format!("no: {error}"),
    };
    vec![
        ("network", json!(network.name())),
        ("network digest", json!(hex(&network.digest()))),
        ("nodes", json!(network.nodes().len())),
        ("inputs", json!(kind(NodeKind::Input))),
        ("outputs", json!(kind(NodeKind::Output))),
        ("hidden", json!(kind(NodeKind::Hidden))),
        ("edges", json!(network.edges().len())),
        ("transistor edges", json!(transistors)),
        ("largest degree", json!(network.max_degree())),
        ("groups", json!(groups.join(", "))),
        ("colours", json!(network.colouring().count())),
        ("fits the hardware", json!(hardware)),
    ]
}

fn checkpoint_facts(checkpoint: &Checkpoint) -> Facts {
    let Checkpoint { design, configuration, samples, steps, state, .. } = checkpoint;
    let full = f64::from(1u32 << design.format().k_bits());
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let conductance = |k: i64| design.format().conductance(k) as f64 / full;
    let mut conductances: Vec<f64> = state.k.iter().map(|&k| conductance(k)).collect();
    conductances.sort_by(f64::total_cmp);
    let spread = match conductances.as_slice() {
        [] => "none".to_owned(),
        all => format!(
            "{:.4} to {:.4}, median {:.4} of full scale",
            all[0],
            all[all.len() - 1],
            all[all.len() / 2]
        ),
    };
    #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
    let power = |wave| dissipated_power(design, state, wave) as f64 / power_unit(design) as f64;
    vec![
        ("format", json!(design.format().to_string())),
        ("rules", json!(design.rules())),
        ("configuration", json!(configuration)),
        ("samples trained", json!(samples)),
        ("relaxing steps", json!(steps)),
        ("conductances", json!(spread)),
        ("free power", json!(power(Wave::Free))),
        ("clamped power", json!(power(Wave::Clamped))),
        ("state digest", json!(hex(&state.digest()))),
    ]
}

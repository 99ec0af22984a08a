//! `wheatstone inspect`

use super::output::Output;
use super::table;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use wheatstone::experiment::read_network;
use wheatstone::run::{hex, read_checkpoint};
use wheatstone_sim::network::{EdgeKind, NodeKind};
use wheatstone_sim::{Checkpoint, Network, Wave, dissipated_power, power_unit};

/// Say what is in a checkpoint, a run folder or a network file
#[derive(Args, Debug)]
pub struct Inspect {
    /// Checkpoint, run folder, or network file (.toml, .json)
    path: PathBuf,
    /// Fail unless the hardware could hold the network
    #[arg(long)]
    for_hardware: bool,
}

impl Inspect {
    pub fn run(&self, output: &Output) -> anyhow::Result<()> {
        let is_network = |p: &Path| p.extension().is_some_and(|e| e == "toml" || e == "json");
        if is_network(&self.path) {
            let network = read_network(&self.path)?;
            self.check_hardware(&network)?;
            let facts = network_facts(&network);
            return output.result(&as_json(&facts), || table::facts(facts.clone()).to_string());
        }
        let file = if self.path.is_dir() { self.path.join("checkpoint.bin") } else { self.path.clone() };
        let checkpoint = read_checkpoint(&file)?;
        self.check_hardware(checkpoint.design.network())?;
        let mut facts = network_facts(checkpoint.design.network());
        facts.extend(checkpoint_facts(&checkpoint));
        output.result(&as_json(&facts), || table::facts(facts.clone()).to_string())
    }

    fn check_hardware(&self, network: &Network) -> Result<(), wheatstone_hdl::NotBuildable> {
        if self.for_hardware { wheatstone_hdl::check_buildable(network) } else { Ok(()) }
    }
}

type Facts = Vec<(&'static str, String)>;

fn as_json(facts: &Facts) -> serde_json::Value {
    facts
        .iter()
        .map(|(name, value)| (name.replace(' ', "_"), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn network_facts(network: &Network) -> Facts {
    let kind = |kind| network.nodes().iter().filter(|n| n.kind == kind).count();
    let transistors = network.edges().iter().filter(|e| e.kind == EdgeKind::Transistor).count();
    let groups: Vec<String> =
        network.groups().iter().map(|g| format!("{} (alpha {})", g.name, g.alpha)).collect();
    let hardware = match wheatstone_hdl::check_buildable(network) {
        Ok(()) => "yes".to_owned(),
        Err(error) => format!("no: {error}"),
    };
    vec![
        ("network", network.name().to_owned()),
        ("network digest", hex(&network.digest())),
        ("nodes", network.nodes().len().to_string()),
        ("inputs", kind(NodeKind::Input).to_string()),
        ("outputs", kind(NodeKind::Output).to_string()),
        ("hidden", kind(NodeKind::Hidden).to_string()),
        ("edges", network.edges().len().to_string()),
        ("transistor edges", transistors.to_string()),
        ("largest degree", network.max_degree().to_string()),
        ("groups", groups.join(", ")),
        ("colours", network.colouring().count().to_string()),
        ("fits the hardware", hardware),
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
        ("format", design.format().to_string()),
        ("rules", format!("{:?}", design.rules())),
        ("configuration", format!("{configuration:?}")),
        ("samples trained", samples.to_string()),
        ("relaxing steps", steps.to_string()),
        ("conductances", spread),
        ("free power", format!("{:.6} of one full conductance at 1 V", power(Wave::Free))),
        ("clamped power", format!("{:.6} of one full conductance at 1 V", power(Wave::Clamped))),
        ("state digest", hex(&state.digest())),
    ]
}

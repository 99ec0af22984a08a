//! `wheatstone inspect`

use super::arguments::PortArguments;
use super::failure::{NoState, Result};
use super::output::Output;
use super::table;
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Display;
use std::fs;
use std::path::PathBuf;
use wheatstone::tables::{self, TableError};
use wheatstone_learn::conversion::is_checkpoint;
use wheatstone_learn::network_file::{outline, read_network};
use wheatstone_learn::npy::{Archive, floats, integers};
use wheatstone_learn::run::{WriteError, read_checkpoint, write_whole};
use wheatstone_learn::snapshot;
use wheatstone_sim::network::formats::{Graph, Outline};
use wheatstone_sim::network::{Edge, EdgeGroup, EdgeKind, NodeKind};
use wheatstone_sim::{
    Checkpoint, Configuration, Design, Features, LearningSchedule, Network, Nudge, Rules, Waves, hex,
};

/// Describe a checkpoint, a run folder or the file of a network
///
/// Powers are those dissipated by the voltages as they are, in units of one full conductance at 1 V. Tables and arrays have
/// conductances as fractions of full scale, voltages in volts, and a node's gain in units of 1/(full conductance).
#[derive(Args, Debug)]
pub struct Inspect {
    /// Checkpoint, run folder, or file with a network, in any format that `train --network` takes
    path: PathBuf,
    #[command(flatten)]
    ports: PortArguments,
    /// Fail unless the hardware could hold the network
    #[arg(long)]
    for_hardware: bool,
    /// Also write what a checkpoint holds to edges.csv and nodes.csv in this folder
    #[arg(long, value_name = "FOLDER")]
    csv: Option<PathBuf>,
    /// The same to edges.parquet and nodes.parquet
    #[arg(long, value_name = "FOLDER")]
    parquet: Option<PathBuf>,
    /// The same to a file of arrays, as NumPy reads them: edge_conductance, node_free and so on, and the power of both waves
    #[arg(long, value_name = "FILE")]
    npz: Option<PathBuf>,
}

impl Inspect {
    pub fn run(&self, output: &Output) -> Result<()> {
        if !is_checkpoint(&self.path) {
            self.refuse_tables()?;
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
        self.write_tables(&checkpoint)?;
        let mut facts = network_facts(checkpoint.design.network());
        facts.extend(checkpoint_facts(&checkpoint));
        print(output, facts)
    }

    /// Refuses to write what a network without a state has not.
    fn refuse_tables(&self) -> Result<()> {
        let asked = [("--csv", &self.csv), ("--parquet", &self.parquet), ("--npz", &self.npz)];
        match asked.into_iter().find(|(_, path)| path.is_some()) {
            Some((option, _)) => Err(NoState { path: self.path.display().to_string(), option }.into()),
            None => Ok(()),
        }
    }

    fn write_tables(&self, checkpoint: &Checkpoint) -> Result<()> {
        let tables = || [("edge", tables::edges(checkpoint)), ("node", tables::nodes(checkpoint))];
        for (ending, folder) in [("csv", &self.csv), ("parquet", &self.parquet)] {
            let Some(folder) = folder else { continue };
            fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
            for (name, table) in tables() {
                let bytes = if ending == "csv" { table.csv() } else { table.parquet() };
                write_whole(&folder.join(format!("{name}s.{ending}")), &bytes?)?;
            }
        }
        if let Some(file) = &self.npz {
            let mut archive = Archive::default();
            for (name, table) in tables() {
                table.put_into(&mut archive, &format!("{name}_"))?;
            }
            let power = snapshot::power(&checkpoint.design, &checkpoint.state);
            let counts = [("samples", checkpoint.samples), ("steps", checkpoint.steps)];
            let put = || {
                archive.put("power", "'<f8'", &[2], &floats(power).collect::<Vec<_>>())?;
                counts.iter().try_for_each(|(name, count)| {
                    archive.put(name, "'<u8'", &[1], &integers([*count]).collect::<Vec<_>>())
                })?;
                archive.finish()
            };
            write_whole(file, &put().map_err(TableError::from)?)?;
        }
        Ok(())
    }

    fn check_hardware(&self, network: &Network) -> Result<(), wheatstone_hdl::NotBuildable> {
        if self.for_hardware { wheatstone_hdl::check_network(network) } else { Ok(()) }
    }
}

/// A value with its name, for programs and for people.
struct Fact {
    name: &'static str,
    value: Value,
    text: String,
}

/// A fact whose value people read as it is.
fn fact(name: &'static str, value: impl Serialize + Display) -> Fact {
    Fact { name, text: value.to_string(), value: json!(value) }
}

fn print(output: &Output, facts: Vec<Fact>) -> Result<()> {
    let named = |fact: &Fact| (fact.name.replace(' ', "_"), fact.value.clone());
    let object: serde_json::Map<String, Value> = facts.iter().map(named).collect();
    output.result(&object, || table::facts(facts.into_iter().map(|fact| (fact.name, fact.text))).to_string())
}

/// A graph that is no network yet.
fn outline_facts(outline: Outline, lacks: &str) -> Vec<Fact> {
    vec![
        fact("format", outline.format.name()),
        fact("nodes", outline.nodes),
        fact("inputs", outline.inputs),
        fact("outputs", outline.outputs),
        fact("edges", outline.edges),
        fact("conductances", outline.conductances),
        fact("to be trained", lacks),
    ]
}

fn group(group: &EdgeGroup) -> String {
    let EdgeGroup { name, alpha, frozen } = group;
    if *frozen { format!("{name} (frozen)") } else { format!("{name} (alpha {alpha})") }
}

fn network_facts(network: &Network) -> Vec<Fact> {
    let nodes = |of: fn(NodeKind) -> bool| network.nodes().iter().filter(|n| of(n.kind)).count();
    let is_transistor = |edge: &&Edge| match edge.kind {
        EdgeKind::Linear => false,
        EdgeKind::Transistor => true,
    };
    let groups: Vec<String> = network.groups().iter().map(group).collect();
    let hardware = match wheatstone_hdl::check_network(network) {
        Ok(()) => "yes".to_owned(),
        Err(error) => format!("no: {error}"),
    };
    vec![
        fact("network", network.name()),
        fact("network digest", hex::encode(&network.digest())),
        fact("nodes", network.nodes().len()),
        fact("inputs", nodes(|kind| !kind.relaxes())),
        fact("outputs", nodes(NodeKind::is_nudged)),
        fact("hidden", nodes(|kind| kind.relaxes() && !kind.is_nudged())),
        fact("edges", network.edges().len()),
        fact("transistor edges", network.edges().iter().filter(is_transistor).count()),
        fact("largest degree", network.max_degree()),
        fact("groups", groups.join(", ")),
        fact("colours", network.colouring().count()),
        fact("fits the hardware", hardware),
    ]
}

fn checkpoint_facts(checkpoint: &Checkpoint) -> Vec<Fact> {
    let Checkpoint { design, configuration, samples, steps, state, .. } = checkpoint;
    let mut conductances: Vec<f64> = snapshot::conductances(design, state).collect();
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
    let [free, clamped] = snapshot::power(design, state);
    let power = |name, power: f64| Fact { name, value: json!(power), text: format!("{power:.4}") };
    let features = (!design.features().is_plain()).then(|| Fact {
        name: "features",
        value: json!(design.features()),
        text: features(design),
    });
    let mut facts = vec![
        fact("format", design.format().to_string()),
        Fact { name: "rules", value: json!(design.rules()), text: rules(design) },
        Fact { name: "configuration", value: json!(configuration), text: schedule(configuration) },
        fact("samples trained", samples),
        fact("relaxing steps", steps),
        fact("conductances", spread),
        power("free power", free),
        power("clamped power", clamped),
        fact("state digest", hex::encode(&state.digest())),
    ];
    facts.splice(2..2, features);
    facts
}

fn features(design: &Design) -> String {
    let Features { temperature, waves } = design.features();
    let temperature = temperature.map(|t| format!("temperature {:.4e}", t.in_full_scale(design.format())));
    let waves = match waves {
        Waves::Alternating => None,
        Waves::Together => Some("waves together".to_owned()),
    };
    temperature.into_iter().chain(waves).collect::<Vec<_>>().join(", ")
}

/// The rules of a design in words.
fn rules(design: &Design) -> String {
    let Rules { omega, nudge, g_min, lowest_rail } = design.rules();
    let nudge = match nudge {
        Nudge::Clamped { eta } => format!("clamped nudge with eta {eta}"),
        Nudge::Current { beta, centred } => {
            let centred = if centred { "centred " } else { "" };
            format!("{centred}current nudge with beta {beta}")
        }
        Nudge::Modulated { beta, half, kappa } => {
            let cycles = 1u32 << kappa;
            format!("modulated nudge with beta {beta}, cycles: {cycles} of {} steps", 2 * u32::from(half))
        }
        Nudge::Dithered { delta } => format!("conductances dithered by 2^{delta} LSB"),
    };
    let full = f64::from(1u32 << (design.format().v_bits() - 1));
    let rail = f64::from(lowest_rail) / full;
    format!("omega {}/8, {nudge}, conductances from {g_min} LSB, lowest rail {rail:.4} V", omega.eighths())
}

/// A configuration of the array in words.
fn schedule(configuration: &Configuration) -> String {
    let Configuration { steps, learning, alpha_offset } = configuration;
    let learning = match learning {
        LearningSchedule::Quasistatic => "learning after them".to_owned(),
        LearningSchedule::Continuous { every } => format!("learning after every {every}"),
        LearningSchedule::Desynchronous { rarity } => {
            format!("after them every edge learns with probability 1/{}", 1u32 << rarity)
        }
    };
    format!("{steps} relaxing steps a sample, {learning}, alpha raised by {alpha_offset}")
}

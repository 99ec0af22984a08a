//! `wheatstone convert`

use super::arguments::PortArguments;
use super::failure::Result;
use super::output::Output;
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use wheatstone::plot;
use wheatstone_learn::conversion::{Netlist, Source, Target};
use wheatstone_learn::run::write_whole;

/// Convert a network for other programs, or draw it
///
/// Reads whatever --network takes, and writes network files, node-link JSON, GraphML, edge lists, JSON of nodes, pts and edges,
/// netlists for ngspice, DOT and SVG. What a format cannot carry is told; docs/network-file.md lists it.
#[derive(Args, Debug)]
pub struct Convert {
    /// Network in any format, folder of a run, or checkpoint
    #[arg(value_name = "IN")]
    from: PathBuf,
    /// File to write; its ending says the format: .toml, .json, .graphml, .edgelist, .cir, .dot or .svg
    #[arg(value_name = "OUT")]
    file: PathBuf,
    /// Format to write, whatever the ending: toml, json, node-link, graphml, edge-list, notebook, spice, dot or svg
    #[arg(long, value_name = "FORMAT")]
    to: Option<Target>,
    /// Run or checkpoint whose learnt conductances to take
    #[arg(long, value_name = "RUN")]
    run: Option<PathBuf>,
    #[command(flatten)]
    ports: PortArguments,
    /// Netlist: voltages of the inputs in port order. Default: those the run was shown last
    #[arg(long, value_name = "V1,V2,...", value_delimiter = ',', value_parser = finite, allow_hyphen_values = true)]
    volts: Vec<f64>,
    /// Netlist: show the voltages of this row of the run's data, counted from 1
    #[arg(long, value_name = "ROW", conflicts_with = "volts")]
    sample: Option<usize>,
    /// Netlist: conductance of full scale, in siemens
    #[arg(long, value_name = "SIEMENS", default_value_t = 1e-3, value_parser = positive)]
    full_scale: f64,
    /// Netlist: conductance of edges that have none, as a fraction of full scale
    #[arg(long, value_name = "FRACTION", value_parser = fraction)]
    conductance: Option<f64>,
}

fn finite(text: &str) -> Result<f64, String> {
    text.trim().parse().ok().filter(|x: &f64| x.is_finite()).ok_or_else(|| "give a number".to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    finite(text)
        .ok()
        .filter(|&x| x > 0.0 && (1.0 / x).is_finite())
        .ok_or_else(|| "give a number above 0".to_owned())
}

fn fraction(text: &str) -> Result<f64, String> {
    positive(text).ok().filter(|&x| x <= 1.0).ok_or_else(|| "give a number above 0 and up to 1".to_owned())
}

#[derive(Serialize)]
struct Done {
    file: PathBuf,
    format: &'static str,
    nodes: usize,
    edges: usize,
    left_out: Vec<&'static str>,
    notes: Vec<String>,
}

impl Convert {
    pub fn run(&self, output: &Output) -> Result<()> {
        let target = self.to.map_or_else(|| Target::of_ending(&self.file), Ok)?;
        let source = Source { from: self.from.clone(), run: self.run.clone(), ports: self.ports.ports() };
        let converted = source.read()?;
        let netlist = Netlist {
            volts: self.volts.clone(),
            sample: self.sample,
            full_scale_siemens: self.full_scale,
            conductance: self.conductance,
        };
        let text = converted.write(target, &netlist, &plot::network)?;
        write_whole(&self.file, text.as_bytes())?;
        let done = Done {
            file: self.file.clone(),
            format: target.name(),
            nodes: converted.network.nodes().len(),
            edges: converted.network.edges().len(),
            left_out: converted.leaves_out(target),
            notes: converted.notes,
        };
        for note in &done.notes {
            output.say(&format!("note: {note}"));
        }
        if !done.left_out.is_empty() {
            output.say(&format!("note: {target} cannot carry {}; left out", done.left_out.join(", ")));
        }
        output.result(&done, || {
            format!("{}: {} nodes, {} edges, {}", done.file.display(), done.nodes, done.edges, done.format)
        })
    }
}

//! `wheatstone sample`

use super::failure::{Interrupted, Result};
use super::numbers::above_zero;
use super::output::Output;
use super::state_arguments::StateArguments;
use super::study_output::{StudyOutput, command_line};
use super::{interrupt, progress, table};
use clap::Args;
use serde_json::{Value, json};
use std::fs::File;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone::plot::{Curves, Drawn, Line, curves};
use wheatstone::report::{Picture, Study};
use wheatstone::tables::{Column, Table, TableError};
use wheatstone_learn::npy::{Archive, floats};
use wheatstone_learn::sampling::{Plan, Sampled, Thermal};
use wheatstone_sim::network::NodeId;
use wheatstone_sim::{Design, Format, Network, Nudge, Temperature, categorize};

/// Let a network fluctuate at a temperature, beside exact theory
///
/// The nodes' own generators drive the voltages. In a linear network their covariance is the temperature times the inverse of the
/// Laplacian, whatever the over-relaxation; the figures say how near that is. With --observe the clamped wave
/// samples the posterior, the nodes in the file being measured with a Gaussian error, and the free wave the prior at the same time.
#[derive(Args, Debug)]
pub struct SampleVerb {
    #[command(flatten)]
    network: StateArguments,
    /// Temperature, in full conductances times (1 V)^2: at 0.002 a node of full conductance fluctuates by 45 mV
    #[arg(long, value_name = "T", value_parser = above_zero)]
    temperature: f64,
    /// Gauss-Seidel sweeps to sample
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(2..=1_000_000_000))]
    sweeps: u64,
    /// Take a sample every so many sweeps
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    every: u64,
    /// Sweeps before the first sample
    #[arg(long, value_name = "N", default_value_t = 2000)]
    burn_in: u64,
    /// Voltages of the inputs in port order. Default: those the run was shown last
    #[arg(long, value_name = "V1,V2,...", value_delimiter = ',', allow_hyphen_values = true)]
    volts: Vec<f64>,
    /// CSV file of what is observed: a line `node,volts`, then a line for each observed node
    #[arg(long, value_name = "FILE")]
    observe: Option<PathBuf>,
    /// How precisely it is observed: the precision is 2^-BETA full conductances over the temperature. Default: the nudge of the
    /// run, or 2
    #[arg(long, value_name = "BETA", requires = "observe")]
    beta: Option<u8>,
    /// Seed of the generators of noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    files: StudyOutput,
}

/// A file of observations that is none.
#[derive(Debug, Error)]
#[error("{file}: {problem}")]
struct ObservationsError {
    file: String,
    problem: String,
}

categorize!(ObservationsError: BadInput);

/// Not a single sample is asked for.
#[derive(Debug, Error)]
#[error(
    "--every {every} is more than --sweeps {sweeps}, so that there would be no sample; give more --sweeps"
)]
struct NoSampleError {
    every: u64,
    sweeps: u64,
}

categorize!(NoSampleError: BadInput);

impl SampleVerb {
    pub fn run(&self, output: &Output) -> Result<()> {
        self.files.check()?;
        if self.every > self.sweeps {
            return Err(NoSampleError { every: self.every, sweeps: self.sweeps }.into());
        }
        let (design, state) = self.network.read()?;
        let (network, format) = (design.network(), design.format());
        let plan = Plan {
            temperature: Temperature::from_full_scale(self.temperature, format)?,
            samples: self.sweeps / self.every,
            every: self.every,
            burn_in: self.burn_in,
            seed: self.seed,
        };
        let inputs = self.network.inputs(&design, &state, "--volts", &self.volts)?;
        let thermal = match &self.observe {
            Some(path) => {
                let observed = observations(path, network, format)?;
                let beta = self.beta.unwrap_or(match design.rules().nudge {
                    Nudge::Current { beta, .. } => beta,
                    Nudge::Clamped { .. } | Nudge::Modulated { .. } | Nudge::Dithered { .. } => 2,
                });
                Thermal::observing(&design, &state, inputs, &plan, (&observed, beta))?
            }
            None => Thermal::new(&design, &state, inputs, &plan)?,
        };
        interrupt::listen()?;
        let bar = progress::counting(*output, 0, plan.samples, "samples");
        let sampled = thermal.sample(&plan, &mut |taken| {
            bar.set_position(taken);
            if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        bar.finish_and_clear();
        if sampled.samples == 0 {
            return Err(Interrupted("no sample was taken; the same command begins anew".to_owned()).into());
        }
        let cut: u64 = sampled.waves.iter().map(|wave| wave.saturated).sum();
        if 1000 * cut > sampled.samples {
            output.say("warning: voltages reach the rails, which cuts their distribution off; lower the temperature, or impose lower --volts");
        }
        let found = Found { names: self.names(), sampled: &sampled, design: &design, plan: &plan };
        let results = found.json();
        self.files.write(&results, &found.study(), &found.table(), found.arrays()?, *output)?;
        output.result(&results, || found.text())?;
        if sampled.samples < plan.samples {
            let sweeps = sampled.samples * plan.every;
            let told =
                format!("these are the figures of --sweeps {sweeps}; the same command gives all of them");
            return Err(Interrupted(told).into());
        }
        Ok(())
    }

    /// What the two waves are called.
    fn names(&self) -> [&'static str; 2] {
        if self.observe.is_some() { ["prior", "posterior"] } else { ["free wave", "clamped wave"] }
    }
}

/// Reads which nodes are observed, and at which voltage.
fn observations(
    path: &Path,
    network: &Network,
    format: Format,
) -> Result<Vec<(NodeId, i32)>, ObservationsError> {
    let wrong = |problem: String| ObservationsError { file: path.display().to_string(), problem };
    let file = File::open(path).map_err(|error| wrong(format!("cannot be opened: {error}")))?;
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(|error| wrong(error.to_string()))?;
    if header.iter().ne(["node", "volts"]) {
        return Err(wrong("line 1: the columns must be `node,volts`".into()));
    }
    let mut observed: Vec<(NodeId, i32)> = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let (name, volts) = (record.get(0).unwrap_or_default(), record.get(1).unwrap_or_default());
        let node = network.node_ids().find(|&node| network.node_name(node) == name);
        let node = node.ok_or_else(|| wrong(format!("line {line}: the network has no node `{name}`")))?;
        let volts: f64 = volts.parse().ok().filter(|volts: &f64| volts.abs() <= 1.0).ok_or_else(|| {
            wrong(format!("line {line}: `{volts}` is no voltage; give a number from -1 to 1"))
        })?;
        if observed.iter().any(|&(other, _)| other == node) {
            return Err(wrong(format!("line {line}: node `{name}` is observed twice; give one line for it")));
        }
        observed.push((node, format.quantise_volts(volts)));
    }
    if observed.is_empty() {
        return Err(wrong("observes no node; add a line like `n9,0.25`, or leave --observe out".into()));
    }
    Ok(observed)
}

/// What was found, to be told in several ways.
struct Found<'a> {
    names: [&'static str; 2],
    sampled: &'a Sampled,
    design: &'a Design,
    plan: &'a Plan,
}

impl Found<'_> {
    /// Volts of one LSB.
    fn volt(&self) -> f64 {
        1.0 / f64::from(self.design.format().one_volt())
    }

    /// Exact figures by wave, or why there are none.
    fn comparison(&self, wave: usize) -> Value {
        match &self.sampled.waves[wave].exact {
            Ok(exact) => json!({
                "equipartition": exact.equipartition,
                "distance": exact.distance,
                "floor": exact.floor,
                "worst_variance": exact.worst_variance,
                "mean_error": exact.mean_error,
            }),
            Err(why) => json!({ "missing": why.to_string() }),
        }
    }

    fn json(&self) -> Value {
        let (sampled, plan) = (self.sampled, self.plan);
        json!({
            "network": self.design.network().name(),
            "nodes": sampled.nodes.len(),
            "temperature": plan.temperature.in_full_scale(self.design.format()),
            "temperature_lsb": plan.temperature,
            "omega": self.design.rules().omega,
            "samples": sampled.samples,
            "every": plan.every,
            "burn_in": plan.burn_in,
            "seed": plan.seed,
            "saturated": self.sampled.waves.iter().map(|wave| wave.saturated).collect::<Vec<_>>(),
            self.names[0].replace(' ', "_"): self.comparison(0),
            self.names[1].replace(' ', "_"): self.comparison(1),
        })
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let mut facts =
            vec![("samples", format!("{}, one every {} sweeps", self.sampled.samples, self.plan.every))];
        for (name, wave) in self.names.into_iter().zip(&self.sampled.waves) {
            facts.push((
                name,
                match &wave.exact {
                    Ok(exact) => format!(
                        "equipartition {:.4}, covariance off by {:.4} (statistical floor {:.4}), worst variance {:+.1} %, means off by \
                         {:.4} sd",
                        exact.equipartition,
                        exact.distance,
                        exact.floor,
                        100.0 * exact.worst_variance,
                        exact.mean_error
                    ),
                    Err(why) => why.to_string(),
                },
            ));
        }
        facts
    }

    fn text(&self) -> String {
        table::facts(self.facts()).to_string()
    }

    /// A row for each node: mean and standard deviation of both waves in volts, and the exact ones.
    fn table(&self) -> Table {
        let network = self.design.network();
        let volt = self.volt();
        let nodes = self.sampled.nodes.iter().map(|&node| network.node_name(node).into_owned());
        let mut table = Table::default().with("node", Column::Texts(nodes.collect()));
        for (name, wave) in self.names.into_iter().zip(&self.sampled.waves) {
            let rows = 0..self.sampled.nodes.len();
            let column = |of: &dyn Fn(usize) -> Option<f64>| Column::Numbers(rows.clone().map(of).collect());
            let exact = wave.exact.as_ref().ok();
            let name = name.replace(' ', "_");
            table = table
                .with(format!("{name}_mean"), column(&|i| Some(volt * wave.mean[i])))
                .with(format!("{name}_sd"), column(&|i| Some(volt * wave.covariance[(i, i)].max(0.0).sqrt())))
                .with(format!("{name}_exact_mean"), column(&|i| exact.map(|exact| volt * exact.mean[i])))
                .with(
                    format!("{name}_exact_sd"),
                    column(&|i| exact.map(|exact| volt * exact.covariance[(i, i)].sqrt())),
                );
        }
        table
    }

    /// The table's columns, and the covariances in V^2.
    fn arrays(&self) -> Result<Archive, TableError> {
        let mut archive = Archive::default();
        self.table().put_into(&mut archive, "")?;
        let (n, square) = (self.sampled.nodes.len(), self.volt().powi(2));
        for (name, wave) in self.names.into_iter().zip(&self.sampled.waves) {
            let name = name.replace(' ', "_");
            let exact =
                wave.exact.as_ref().ok().map(|exact| (format!("{name}_exact_covariance"), &exact.covariance));
            for (name, matrix) in [(format!("{name}_covariance"), &wave.covariance)].into_iter().chain(exact)
            {
                let numbers = (0..n).flat_map(|i| (0..n).map(move |j| square * matrix[(i, j)]));
                archive.put(&name, "'<f8'", &[n, n], &floats(numbers).collect::<Vec<_>>())?;
            }
        }
        Ok(archive)
    }

    fn picture(&self) -> Picture {
        let millivolt = 1e3 * self.volt();
        let mut largest = 0.0f64;
        let mut lines = Vec::new();
        for (name, wave) in self.names.into_iter().zip(&self.sampled.waves) {
            let Ok(exact) = &wave.exact else { continue };
            let sd = |variance: f64| millivolt * variance.max(0.0).sqrt();
            let points: Vec<(f64, f64)> = (0..wave.mean.len())
                .map(|i| (sd(exact.covariance[(i, i)]), sd(wave.covariance[(i, i)])))
                .collect();
            largest = points.iter().fold(largest, |largest, point| largest.max(point.0));
            lines.push(Line { name: name.to_owned(), drawn: Drawn::Dots, points });
        }
        let diagonal = Line {
            name: "as exact theory says".into(),
            drawn: Drawn::Expected,
            points: vec![(0.0, 0.0), (largest, largest)],
        };
        lines.insert(0, diagonal);
        Picture {
            file_name: "fluctuations.svg".into(),
            title: "Fluctuations".into(),
            caption: "Standard deviation of every node's voltage, sampled, against the exact one: the square root of the \
                      temperature times the inverse Laplacian's diagonal."
                .into(),
            svg: curves(&Curves {
                title: "Sampled against exact standard deviations",
                x: ("exact standard deviation (mV)", false),
                y: ("sampled standard deviation (mV)", false),
                note: None,
                lines,
            }),
        }
    }

    fn study(&self) -> Study {
        let mut headline = Vec::new();
        for (name, wave) in self.names.into_iter().zip(&self.sampled.waves) {
            if let Ok(exact) = &wave.exact {
                headline.push((
                    format!("{:.4}", exact.equipartition),
                    format!("{name}: energy of a mode over T/2"),
                ));
                headline.push((
                    format!("{:.4}", exact.distance),
                    format!("{name}: covariance from T L^-1; {:.4} is the statistical floor", exact.floor),
                ));
            }
        }
        let compared = self.sampled.waves.iter().any(|wave| wave.exact.is_ok());
        Study {
            title: format!("{} at a temperature", self.design.network().name()),
            lead: format!(
                "{} nodes at {:.4e} full conductances times (1 V)^2, {} samples",
                self.sampled.nodes.len(),
                self.plan.temperature.in_full_scale(self.design.format()),
                self.sampled.samples
            ),
            notice: "Sampled by the bit-exact software model with the nodes' own generators. Nothing here was measured on a \
                     board."
                .into(),
            headline,
            pictures: if compared { vec![self.picture()] } else { Vec::new() },
            command: command_line(),
            facts: self.facts().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Study::default()
        }
    }
}

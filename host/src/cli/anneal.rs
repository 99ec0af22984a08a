//! `wheatstone anneal`

use super::failure::{Interrupted, Result};
use super::output::Output;
use super::study_output::{StudyOutput, command_line};
use super::{interrupt, progress, table};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use wheatstone::plot::{Curves, Drawn, Line, curves};
use wheatstone::report::{Picture, Study};
use wheatstone::tables::{Column, Table};
use wheatstone_learn::anneal::{Found, Method, Plan, search};
use wheatstone_learn::npy::{Archive, floats};
use wheatstone_learn::spin_problem::{Couplings, Goal, SpinProblem};
use wheatstone_sim::categorize;

/// Look for low energies of spin glasses, or for large cuts
///
/// An array of spins, each flipped by its own generator, cools down or holds a ladder of temperatures whose replicas exchange places. The
/// energy is -sum J s s. A file has a line `NODES EDGES`, then a line `NODE NODE NUMBER` for each edge, nodes from 1 (the format of Gset).
#[derive(Args, Debug)]
pub struct Anneal {
    /// File with a graph, or a random glass: 2d:L (open), 2dp:L (periodic), 3d:L (periodic), sk:N (all pairs)
    graph: String,
    /// What a file's numbers are and what is looked for. Default: cut
    #[arg(long, value_enum)]
    problem: Option<ProblemArgument>,
    /// Couplings of a random glass. Default: plus-minus-one
    #[arg(long, value_enum)]
    couplings: Option<CouplingsArgument>,
    /// Seed of a random glass's couplings. Default: 1
    #[arg(long, value_name = "SEED")]
    instance: Option<u64>,
    /// Cool all replicas, or exchange temperatures between them
    #[arg(long, value_enum, default_value = "temper")]
    method: MethodArgument,
    /// Replicas that cool, or temperatures of the ladder (each with two replicas)
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=1024))]
    replicas: u16,
    /// Lowest and highest temperature, in units that suit every graph: half the root mean square field of random spins, which is 1 for
    /// couplings of 1 and -1 on a square lattice. Default: 0.2,1.6
    #[arg(long, value_name = "LOW,HIGH", value_delimiter = ',')]
    temperatures: Vec<f64>,
    /// Whether tempering exchanges clusters too, which helps on planar graphs, where they do not span the graph. Default: for 2d:L and
    /// 2dp:L
    #[arg(long, value_name = "true|false")]
    clusters: Option<bool>,
    /// Sweeps of all replicas
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(1..=10_000_000_000))]
    sweeps: u64,
    /// Sweeps from one exchange and look at the energies to the next
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    every: u64,
    /// End at this energy, or at this cut
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    goal: Option<i64>,
    /// Seed of spins, generators and exchanges
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    files: StudyOutput,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ProblemArgument {
    /// The largest cut; numbers are weights
    Cut,
    /// The lowest energy; numbers are couplings
    Energy,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CouplingsArgument {
    /// 1 or -1
    PlusMinusOne,
    /// Normal, of standard deviation 1024
    Gaussian,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum MethodArgument {
    /// Cool from the highest temperature to the lowest
    Anneal,
    /// Parallel tempering
    Temper,
}

/// Temperatures that are none.
#[derive(Debug, Error)]
#[error("--temperatures: give two numbers above 0, the lower one first, like 0.2,1.6")]
struct Temperatures;

categorize!(Temperatures: Usage);

/// An option that says nothing about what is asked for.
#[derive(Debug, Error)]
#[error("{option} {of}; leave it out")]
struct Unfit {
    option: &'static str,
    of: String,
}

categorize!(Unfit: Usage);

impl Anneal {
    pub fn run(&self, output: &Output) -> Result<()> {
        self.files.check()?;
        let problem = self.problem()?;
        let graph = Arc::new(problem.graph.clone());
        let scale = coupling_scale(&problem);
        let temperatures = match self.temperatures.as_slice() {
            [] => [0.2 * scale, 1.6 * scale],
            &[low, high] if low > 0.0 && low <= high && high.is_finite() => [low * scale, high * scale],
            _ => return Err(Temperatures.into()),
        };
        let flat = self.graph.starts_with("2d") && !Path::new(&self.graph).exists();
        let method = match self.method {
            MethodArgument::Anneal if self.clusters.is_some() => {
                let of = "is of tempering, and --method is anneal".to_owned();
                return Err(Unfit { option: "--clusters", of }.into());
            }
            MethodArgument::Anneal => Method::Anneal,
            MethodArgument::Temper => Method::Temper { clusters: self.clusters.unwrap_or(flat) },
        };
        let plan = Plan {
            method,
            replicas: self.replicas.into(),
            temperatures,
            sweeps: self.sweeps,
            every: self.every,
            seed: self.seed,
            goal: self.goal.map(|value| problem.energy(value)),
        };
        interrupt::listen()?;
        let bar = progress::counting(*output, 0, plan.sweeps, "sweeps");
        let found = search(&graph, &plan, &mut |sweeps| {
            bar.set_position(sweeps);
            if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.finish_and_clear();
        let told = Told { problem: &problem, plan: &plan, found: &found, goal: self.goal };
        let results = told.json();
        self.files.write(&results, &told.study(), &told.table(), told.arrays()?, *output)?;
        output.result(&results, || table::facts(told.facts()).to_string())?;
        if interrupt::requested() && found.sweeps < plan.sweeps && !told.reached() {
            let told = match plan.method {
                Method::Temper { .. } => format!("this is the result of --sweeps {}", found.sweeps),
                // The schedule spans all sweeps, so that fewer would have cooled faster.
                Method::Anneal => format!("after {} of {} sweeps, still warm", found.sweeps, plan.sweeps),
            };
            return Err(Interrupted(told).into());
        }
        Ok(())
    }

    fn problem(&self) -> Result<SpinProblem> {
        let path = PathBuf::from(&self.graph);
        let is_file = path.exists();
        let refused = [
            ("--couplings", is_file && self.couplings.is_some()),
            ("--instance", is_file && self.instance.is_some()),
            ("--problem", !is_file && self.problem.is_some()),
        ];
        if let Some((option, _)) = refused.into_iter().find(|&(_, given)| given) {
            let [of, is] = if is_file { ["a random glass", "a file"] } else { ["a file", "no file"] };
            return Err(Unfit { option, of: format!("is of {of}, and {} is {is}", self.graph) }.into());
        }
        if is_file {
            let goal = match self.problem {
                Some(ProblemArgument::Energy) => Goal::Energy,
                Some(ProblemArgument::Cut) | None => Goal::Cut,
            };
            return Ok(SpinProblem::read(&path, goal)?);
        }
        let couplings = match self.couplings {
            Some(CouplingsArgument::Gaussian) => Couplings::Gaussian,
            Some(CouplingsArgument::PlusMinusOne) | None => Couplings::PlusMinusOne,
        };
        Ok(SpinProblem::glass(&self.graph, couplings, self.instance.unwrap_or(1))?)
    }
}

/// The root mean square field of random spins over that of a square lattice of couplings 1, so that the same temperatures suit all.
fn coupling_scale(problem: &SpinProblem) -> f64 {
    let square: f64 =
        problem.graph.couplings().iter().map(|&(.., coupling)| f64::from(coupling).powi(2)).sum();
    let spins = u32::try_from(problem.graph.spins()).unwrap_or(u32::MAX);
    (2.0 * square / f64::from(spins)).sqrt().max(1.0) / 2.0
}

/// What was found, to be told in several ways.
struct Told<'a> {
    problem: &'a SpinProblem,
    plan: &'a Plan,
    found: &'a Found,
    goal: Option<i64>,
}

impl Told<'_> {
    fn what(&self) -> &'static str {
        match self.problem.goal {
            Goal::Energy => "energy",
            Goal::Cut => "cut",
        }
    }

    fn reached(&self) -> bool {
        self.plan.goal.is_some_and(|goal| self.found.energy <= goal)
    }

    fn json(&self) -> Value {
        let Found { at, sweeps, updates, .. } = *self.found;
        let method = match self.plan.method {
            Method::Anneal => "anneal",
            Method::Temper { clusters: true } => "temper, with clusters",
            Method::Temper { clusters: false } => "temper",
        };
        let mut told = json!({
            "problem": self.problem.name,
            "spins": self.problem.graph.spins(),
            "couplings": self.problem.graph.couplings().len(),
            "method": method,
            "replicas": self.plan.replicas,
            "temperatures": self.plan.temperatures,
            "seed": self.plan.seed,
            self.what(): self.problem.value(self.found.energy),
            "found_after_sweeps": at,
            "sweeps": sweeps,
            "updates": updates,
        });
        if let Some(goal) = self.goal {
            told["goal"] = json!(goal);
            told["reached"] = json!(self.reached());
        }
        told
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let graph = &self.problem.graph;
        let best = format!("{}, after {} sweeps", self.problem.value(self.found.energy), self.found.at);
        let made = format!("{} of all replicas, {} updates of a spin", self.found.sweeps, self.found.updates);
        let mut facts = vec![
            (
                "problem",
                format!(
                    "{}: {} spins, {} couplings",
                    self.problem.name,
                    graph.spins(),
                    graph.couplings().len()
                ),
            ),
            (self.what(), best),
            ("sweeps", made),
        ];
        if let Some(goal) = self.goal {
            facts.push((
                "goal",
                format!("{goal}: {}", if self.reached() { "reached" } else { "not reached" }),
            ));
        }
        facts
    }

    /// A row for each time the lowest energy fell.
    fn table(&self) -> Table {
        #[expect(clippy::cast_precision_loss, reason = "energies have fewer than 53 bits")]
        let values = self.found.descent.iter().map(|&(_, energy)| Some(self.problem.value(energy) as f64));
        Table::default()
            .with("sweeps", Column::Integers(self.found.descent.iter().map(|&(at, _)| at).collect()))
            .with(self.what(), Column::Numbers(values.collect()))
    }

    /// The table, and the spins of the lowest energy.
    fn arrays(&self) -> Result<Archive> {
        let mut archive = Archive::default();
        self.table().put_into(&mut archive, "")?;
        let spins: Vec<u8> = floats(self.found.spins.iter().map(|&spin| f64::from(spin))).collect();
        let put = archive.put("spins", "'<f8'", &[self.found.spins.len()], &spins);
        put.map_err(wheatstone::tables::TableError::from)?;
        Ok(archive)
    }

    fn study(&self) -> Study {
        let best = self.problem.value(self.found.energy);
        #[expect(clippy::cast_precision_loss, reason = "for a picture")]
        let points = |&(at, energy): &(u64, i64)| (at.max(1) as f64, self.problem.value(energy) as f64);
        let mut points: Vec<(f64, f64)> = self.found.descent.iter().map(points).collect();
        #[expect(clippy::cast_precision_loss, reason = "for a picture")]
        points.push((self.found.sweeps.max(1) as f64, best as f64));
        let picture = Picture {
            file_name: "descent.svg".into(),
            title: format!("The best {} so far", self.what()),
            caption: "Each time one of the replicas found a better one, against sweeps of all replicas."
                .into(),
            svg: curves(&Curves {
                title: "Best value against sweeps",
                x: ("sweeps of all replicas", true),
                y: (self.what(), false),
                note: None,
                lines: vec![Line { name: self.what().into(), drawn: Drawn::Dotted, points }],
            }),
        };
        Study {
            title: format!("Spins of {}", self.problem.name),
            lead: format!("{} spins with {} couplings", self.problem.graph.spins(), self.problem.graph.couplings().len()),
            notice: "Computed by the bit-exact software model of an array of spins. Nothing here was measured on a board; a best \
                     value that was found is no proof that there is no better one."
                .into(),
            headline: vec![
                (best.to_string(), format!("best {}", self.what())),
                (self.found.at.to_string(), "sweeps until it was found".into()),
            ],
            pictures: vec![picture],
            command: command_line(),
            facts: self.facts().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Study::default()
        }
    }
}

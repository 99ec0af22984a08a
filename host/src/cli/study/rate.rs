//! `wheatstone study rate`

use crate::cli::failure::{Interrupted, Result};
use crate::cli::numbers::above_zero;
use crate::cli::output::Output;
use crate::cli::study_output::{StudyOutput, command_line};
use crate::cli::{interrupt, progress, table};
use clap::Args;
use serde_json::{Value, json};
use std::ops::RangeInclusive;
use std::sync::Arc;
use thiserror::Error;
use wheatstone::plot::{Curves, Drawn, Line, curves};
use wheatstone::report::{Picture, Study as Report};
use wheatstone::tables::{Column, Table};
use wheatstone_learn::config::Draft;
use wheatstone_learn::experiment::load_dataset;
use wheatstone_learn::npy::Archive;
use wheatstone_learn::rate::{self, Plan, Point, RateError};
use wheatstone_sim::{Waves, categorize};

/// Error and time against the learning rate, learning at every step
///
/// Edges learn after every relaxing step, with both waves in phase (`waves = "together"`) or in counter-phase. Times are training samples
/// until the error first falls below the goal, and errors those at the end; both are medians over the seeds.
#[derive(Args, Debug)]
pub struct Rate {
    /// Preset whose network and data are learned
    #[arg(default_value = "linear-regression")]
    preset: String,
    /// Learning shifts, one for all groups
    #[arg(long, value_name = "LOW..HIGH", default_value = "-12..3", value_parser = shifts, allow_hyphen_values = true)]
    alphas: RangeInclusive<i8>,
    /// Shifts of the clamped nudge
    #[arg(long, value_name = "E1,E2,...", value_delimiter = ',', default_value = "0,3")]
    etas: Vec<u8>,
    /// Relaxing steps a sample
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// Training samples of a run
    #[arg(long, value_name = "N", default_value_t = 1920, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    samples: u64,
    /// Samples from one reading of the error to the next
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    every: u64,
    /// Error that ends the time, in V^2
    #[arg(long, value_name = "V2", default_value_t = 1e-6, value_parser = above_zero)]
    goal: f64,
    /// Seeds, 1 to N
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    seeds: u64,
    /// Replaces one key of the configuration; may be given more than once
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    #[command(flatten)]
    files: StudyOutput,
}

/// A range of learning shifts.
fn shifts(text: &str) -> Result<RangeInclusive<i8>, String> {
    let (low, high) = text.split_once("..").ok_or("give two shifts like -12..3")?;
    let number =
        |text: &str| text.trim().parse::<i8>().map_err(|_| format!("`{text}` is no shift; give -24 to 16"));
    let (low, high) = (number(low)?, number(high)?);
    let range = wheatstone_sim::network::ALPHA_RANGE;
    if low <= high && range.contains(&low) && range.contains(&high) {
        Ok(low..=high)
    } else {
        Err("give two shifts from -24 to 16, the smaller one first".to_owned())
    }
}

/// A key that the study sets itself.
#[derive(Debug, Error)]
#[error("--set {key}: {instead}; leave it out")]
struct Varied {
    key: String,
    instead: &'static str,
}

categorize!(Varied: Usage);

/// What the study sets itself, and what to say of it.
const VARIED: [(&str, &str); 6] = [
    ("steps", "relaxing steps are given by --steps"),
    ("seed", "seeds are 1 to the number that --seeds gives"),
    ("waves", "both orders of the waves are studied"),
    ("nudge", "nudges are clamped, with the shifts that --etas gives"),
    ("learning", "edges learn at every step"),
    ("network.alpha", "learning shifts are given by --alphas"),
];

/// Refuses to set what the study sets over it, or a part of that.
fn check_key(text: &str) -> Result<(), Varied> {
    let key = text.split('=').next().unwrap_or_default().trim();
    let within =
        |name: &str| key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    match VARIED.iter().find(|(name, _)| within(name)) {
        Some(&(_, instead)) => Err(Varied { key: key.to_owned(), instead }),
        None => Ok(()),
    }
}

impl Rate {
    pub fn run(&self, output: &Output) -> Result<()> {
        self.overrides.iter().try_for_each(|text| check_key(text))?;
        self.files.check()?;
        let mut draft = Draft::preset(&self.preset)?;
        self.overrides.iter().try_for_each(|text| draft.set(text))?;
        draft.put("steps", self.steps)?;
        let base = draft.finish()?;
        let dataset = Arc::new(load_dataset(&base.data.source)?);
        let plan = Plan {
            alphas: self.alphas.clone().collect(),
            etas: self.etas.clone(),
            waves: vec![Waves::Together, Waves::Alternating],
            seeds: (1..=self.seeds).collect(),
            samples: self.samples,
            every: self.every,
            goal: self.goal,
        };
        let runs = plan.alphas.len() * plan.etas.len() * plan.waves.len() * plan.seeds.len();
        interrupt::listen()?;
        let bar = progress::counting(*output, 0, runs as u64, "runs");
        let studied = rate::study(&base, &dataset, &plan, &|| bar.inc(1), &|| !interrupt::requested());
        bar.finish_and_clear();
        let points = match studied {
            Err(RateError::Stopped) => {
                return Err(Interrupted("nothing was written; the same command begins again".into()).into());
            }
            other => other?,
        };
        let found = Found { points: &points, plan: &plan, preset: &self.preset, steps: self.steps };
        let mut arrays = Archive::default();
        found.table().put_into(&mut arrays, "")?;
        let results = found.json();
        self.files.write(&results, &found.report(), &found.table(), arrays, *output)?;
        output.result(&results, || found.text())
    }
}

/// What was found, to be told in several ways.
struct Found<'a> {
    points: &'a [Point],
    plan: &'a Plan,
    preset: &'a str,
    steps: u32,
}

fn order(waves: Waves) -> &'static str {
    match waves {
        Waves::Together => "in phase",
        Waves::Alternating => "counter-phase",
    }
}

impl Found<'_> {
    fn json(&self) -> Value {
        let point = |point: &Point| {
            json!({
                "waves": point.waves, "eta": point.eta, "alpha": point.alpha, "error": point.error, "samples_to_goal": point.time,
            })
        };
        json!({
            "preset": self.preset,
            "steps": self.steps,
            "samples": self.plan.samples,
            "seeds": self.plan.seeds.len(),
            "goal": self.plan.goal,
            "points": self.points.iter().map(point).collect::<Vec<_>>(),
        })
    }

    fn lines(&self) -> impl Iterator<Item = (Waves, u8, Vec<&Point>)> {
        let settings =
            self.plan.waves.iter().flat_map(|&waves| self.plan.etas.iter().map(move |&eta| (waves, eta)));
        settings.map(|(waves, eta)| {
            let points =
                self.points.iter().filter(|point| point.waves == waves && point.eta == eta).collect();
            (waves, eta, points)
        })
    }

    fn text(&self) -> String {
        let mut text =
            table::plain(["waves", "eta", "alpha", "error at the end (V^2)", "samples to the goal"]);
        for point in self.points {
            let time = point.time.map_or("-".to_owned(), |time| format!("{time:.1}"));
            text.add_row([
                order(point.waves).to_owned(),
                point.eta.to_string(),
                point.alpha.to_string(),
                format!("{:.2e}", point.error),
                time,
            ]);
        }
        text.to_string()
    }

    fn table(&self) -> Table {
        let numbers =
            |of: &dyn Fn(&Point) -> Option<f64>| Column::Numbers(self.points.iter().map(of).collect());
        Table::default()
            .with(
                "waves",
                Column::Texts(self.points.iter().map(|point| order(point.waves).to_owned()).collect()),
            )
            .with("eta", numbers(&|point| Some(point.eta.into())))
            .with("alpha", numbers(&|point| Some(point.alpha.into())))
            .with("error", numbers(&|point| Some(point.error)))
            .with("samples_to_goal", numbers(&|point| point.time))
    }

    fn picture(
        &self,
        file: &str,
        title: &str,
        caption: &str,
        y: &str,
        of: &dyn Fn(&Point) -> Option<f64>,
    ) -> Picture {
        let lines = self.lines().map(|(waves, eta, points)| Line {
            name: format!("{}, eta {eta}", order(waves)),
            drawn: Drawn::Dotted,
            points: points
                .into_iter()
                .filter_map(|point| Some((f64::from(point.alpha) - f64::from(eta), of(point)?)))
                .collect(),
        });
        Picture {
            file_name: file.into(),
            title: title.into(),
            caption: caption.into(),
            svg: curves(&Curves {
                title,
                x: ("learning shift less nudge shift: the rate doubles from one to the next", false),
                y: (y, true),
                note: None,
                lines: lines.collect(),
            }),
        }
    }

    fn report(&self) -> Report {
        let time = self.picture(
            "time.svg",
            "Time to the goal",
            "Training samples until the error first crosses the goal. While learning is slow against relaxing, each doubling of the rate \
             halves the time, and nudges of different strength fall on one line.",
            "samples to the goal",
            &|point| point.time,
        );
        let error = self.picture(
            "error.svg",
            "Error at the end",
            "Mean squared error after all samples. In counter-phase an edge compares waves of different ages, which biases what it \
             learns; the bias is not smaller for smaller rates if the nudge is weak.",
            "mean squared error (V\u{b2})",
            &|point| Some(point.error),
        );
        let best = self.lines().map(|(waves, eta, points)| {
            let least = points.iter().map(|point| point.error).fold(f64::INFINITY, f64::min);
            (format!("{least:.1e} V\u{b2}"), format!("least error, {}, eta {eta}", order(waves)))
        });
        Report {
            title: format!("{} learning at every step", self.preset),
            lead: format!(
                "{} samples of {} relaxing steps, medians over {} seeds",
                self.plan.samples,
                self.steps,
                self.plan.seeds.len()
            ),
            notice: "Computed by the bit-exact software model. Nothing here was measured on a board.".into(),
            headline: best.collect(),
            pictures: if self.points.iter().any(|point| point.time.is_some()) {
                vec![time, error]
            } else {
                vec![error]
            },
            columns: ["waves", "eta", "alpha", "error (V\u{b2})", "samples to the goal"]
                .map(str::to_owned)
                .to_vec(),
            rows: self
                .points
                .iter()
                .map(|point| {
                    vec![
                        order(point.waves).to_owned(),
                        point.eta.to_string(),
                        point.alpha.to_string(),
                        format!("{:.2e}", point.error),
                        point.time.map_or("\u{2013}".to_owned(), |time| format!("{time:.1}")),
                    ]
                })
                .collect(),
            command: command_line(),
            facts: vec![("goal".into(), format!("{:e} V^2", self.plan.goal))],
        }
    }
}

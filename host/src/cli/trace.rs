//! `wheatstone trace`

use super::failure::{Interrupted, Result};
use super::numbers::above_zero;
use super::output::Output;
use super::state_arguments::StateArguments;
use super::study_output::{StudyOutput, command_line};
use super::{interrupt, progress, table};
use clap::Args;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::sync::Arc;
use wheatstone::plot::{Curves, Drawn, Line, curves};
use wheatstone::report::{Picture, Study};
use wheatstone::tables::{Column, Table};
use wheatstone_learn::npy::Archive;
use wheatstone_learn::trajectory::{Protocol, Trajectory, TrajectoryError, Work, follow, settling, work};
use wheatstone_measure::significant;
use wheatstone_sim::{Design, Features, State, Temperature, power_unit};

/// Follow a network step by step after its inputs change
///
/// The network settles under the voltages it was shown last, or --from, and then its inputs change to --to: the power above the
/// new equilibrium's falls by the square of the spectral radius a sweep, which is compared with the exact one. With a temperature
/// the change is made again and again, and the work it takes is compared with the free energy by Jarzynski's equality.
#[derive(Args, Debug)]
pub struct Trace {
    #[command(flatten)]
    network: StateArguments,
    /// Voltages of the inputs in port order to begin from. Default: those the run was shown last
    #[arg(long, value_name = "V1,V2,...", value_delimiter = ',', allow_hyphen_values = true)]
    from: Vec<f64>,
    /// Voltages of the inputs that they change to
    #[arg(
        long,
        value_name = "V1,V2,...",
        value_delimiter = ',',
        allow_hyphen_values = true,
        required = true
    )]
    to: Vec<f64>,
    /// Gauss-Seidel sweeps to follow
    #[arg(long, value_name = "N", default_value_t = 800, value_parser = clap::value_parser!(u32).range(16..=1_000_000))]
    sweeps: u32,
    /// Measure the work at this temperature, in full conductances times (1 V)^2
    #[arg(long, value_name = "T", value_parser = above_zero)]
    temperature: Option<f64>,
    /// Equal jumps in which the inputs change then
    #[arg(long, value_name = "N", default_value_t = 4, requires = "temperature", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    jumps: u32,
    /// Sweeps between two jumps
    #[arg(long, value_name = "N", default_value_t = 1, requires = "temperature", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    between: u32,
    /// Times the change is made; both waves count
    #[arg(long, value_name = "N", default_value_t = 10_000, requires = "temperature", value_parser = clap::value_parser!(u32).range(2..=100_000_000))]
    trials: u32,
    /// Seed of the generators of noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    files: StudyOutput,
}

impl Trace {
    pub fn run(&self, output: &Output) -> Result<()> {
        self.files.check()?;
        let (design, state) = self.network.read()?;
        let from = self.network.inputs(&design, &state, "--from", &self.from)?;
        let to = self.network.inputs(&design, &state, "--to", &self.to)?;
        let plain = design.clone().with_features(Features { temperature: None, ..design.features() });
        let plain = Arc::new(plain?);
        let still = state.clone().with_noise(&plain, 0);
        interrupt::listen()?;
        let bar = progress::counting(*output, 0, settling(self.sweeps) + u64::from(self.sweeps), "sweeps");
        let followed = follow(&plain, &still, [&from, &to], self.sweeps, &mut |sweeps| {
            bar.set_position(sweeps);
            if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.finish_and_clear();
        let trajectory = match followed {
            Err(TrajectoryError::Stopped) => {
                return Err(Interrupted("nothing was written; the same command begins again".into()).into());
            }
            followed => followed?,
        };
        let work =
            self.temperature.map(|t| self.work(&design, &state, [&from, &to], t, *output)).transpose()?;
        let found = Found { design: &design, trajectory: &trajectory, work: work.as_ref() };
        let results = found.json();
        let arrays = {
            let mut archive = Archive::default();
            found.table().put_into(&mut archive, "")?;
            archive
        };
        self.files.write(&results, &found.study(), &found.table(), arrays, *output)?;
        output.result(&results, || table::facts(found.facts()).to_string())?;
        match &work {
            Some(work) if work.trials < 2 * u64::from(self.trials) => {
                Err(Interrupted(format!("these are the figures of --trials {}", work.trials / 2)).into())
            }
            _ => Ok(()),
        }
    }

    fn work(
        &self,
        design: &Design,
        state: &State,
        voltages: [&[i32]; 2],
        temperature: f64,
        output: Output,
    ) -> Result<Work> {
        let temperature = Temperature::from_full_scale(temperature, design.format())?;
        let features = Features { temperature: Some(temperature), ..design.features() };
        let design = Arc::new(design.clone().with_features(features)?);
        let state = state.clone().with_noise(&design, self.seed);
        let (jumps, between, trials) = (self.jumps, self.between, self.trials);
        let protocol = Protocol { jumps, between, before: 60, trials };
        let bar = progress::counting(output, 0, trials.into(), "trials");
        let work = work(&design, &state, voltages, protocol, &mut |done| {
            bar.set_position(done);
            if interrupt::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        bar.finish_and_clear();
        Ok(work)
    }
}

/// What was found, to be told in several ways.
struct Found<'a> {
    design: &'a Design,
    trajectory: &'a Trajectory,
    work: Option<&'a Work>,
}

impl Found<'_> {
    /// A power in units of full conductance times (1 V)^2.
    fn power(&self, raw: f64) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a power of two times a square, below 2^53 but for few bits"
        )]
        let unit = power_unit(self.design) as f64 / 2.0;
        raw / unit
    }

    fn json(&self) -> Value {
        let Trajectory { rest, excess, exact_radius, measured_radius, rises, .. } = self.trajectory;
        let mut found = json!({
            "network": self.design.network().name(),
            "omega": self.design.rules().omega,
            "steps": excess.len() - 1,
            "power_at_rest": self.power(*rest),
            "power_above_at_first": self.power(excess[0]),
            "exact_spectral_radius": exact_radius,
            "measured_spectral_radius": measured_radius,
            "rises": rises,
        });
        if let Some(work) = self.work {
            found["work"] = json!({
                "trials": work.trials,
                "mean": work.mean,
                "free_energy": work.free_energy,
                "jarzynski": work.estimate,
                "standard_error": work.error,
            });
        }
        found
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let Trajectory { rest, excess, exact_radius, measured_radius, rises, .. } = self.trajectory;
        let measured = measured_radius
            .map_or("not to be had: trace more sweeps".to_owned(), |radius| format!("{radius:.5}"));
        let mut facts = vec![
            ("power at rest", format!("{:.6}", self.power(*rest))),
            ("power above it at first", significant(self.power(excess[0]))),
            ("spectral radius of a sweep", format!("{measured} from the power, {exact_radius:.5} exactly")),
            ("steps at which the power rose", rises.to_string()),
        ];
        if let Some(work) = self.work {
            facts.push((
                "work over T",
                format!(
                    "mean {:.3}, by Jarzynski's equality {:.4} +- {:.4}, free energy {:.4} exactly",
                    work.mean, work.estimate, work.error, work.free_energy
                ),
            ));
        }
        facts
    }

    /// A row for each step: the power above rest, in all and of the slowest modes.
    fn table(&self) -> Table {
        let numbers =
            |values: &[f64]| Column::Numbers(values.iter().map(|&raw| Some(self.power(raw))).collect());
        let steps = (0..self.trajectory.excess.len() as u64).collect();
        let table = Table::default()
            .with("step", Column::Integers(steps))
            .with("excess_power", numbers(&self.trajectory.excess));
        let modes = (1..).zip(&self.trajectory.modes);
        modes.fold(table, |table, (number, mode)| table.with(format!("mode_{number}"), numbers(mode)))
    }

    fn study(&self) -> Study {
        let colours = f64::from(self.design.network().colouring().count());
        let steps = worth_drawing(&self.trajectory.excess);
        let points = |values: &[f64]| -> Vec<(f64, f64)> {
            values[..steps]
                .iter()
                .zip(0u32..)
                .map(|(&raw, step)| (f64::from(step) / colours, self.power(raw)))
                .collect()
        };
        let mut lines =
            vec![Line { name: "all".into(), drawn: Drawn::Line, points: points(&self.trajectory.excess) }];
        for (number, mode) in (1..).zip(&self.trajectory.modes) {
            lines.push(Line {
                name: format!("slowest mode {number}"),
                drawn: Drawn::Line,
                points: points(mode),
            });
        }
        let picture = Picture {
            file_name: "trajectory.svg".into(),
            title: "Power above rest".into(),
            caption: "Power dissipated above the new equilibrium's, after the inputs have changed, and how much of it is in the modes \
                      that relax most slowly. A straight descent is exponential; the plateau at the end is rounding."
                .into(),
            svg: curves(&Curves {
                title: "Excess power against sweeps",
                x: ("Gauss-Seidel sweeps", false),
                y: ("power above rest (g\u{2098}\u{2090}\u{2093} V\u{b2})", true),
                note: None,
                lines,
            }),
        };
        let mut headline = vec![(
            format!("{:.5}", self.trajectory.exact_radius),
            "spectral radius of a sweep, exactly".into(),
        )];
        if let Some(radius) = self.trajectory.measured_radius {
            headline.push((format!("{radius:.5}"), "the same from how the power falls".into()));
        }
        if let Some(work) = self.work {
            headline.push((
                format!("{:.4}", work.estimate),
                format!("free energy over T by Jarzynski's equality; {:.4} exactly", work.free_energy),
            ));
        }
        Study {
            title: format!("{} on its way to rest", self.design.network().name()),
            lead: "What the free wave does, step by step, after the inputs have changed.".into(),
            notice: "Computed by the bit-exact software model. Nothing here was measured on a board; power is a property of \
                     the network, not what a chip draws."
                .into(),
            headline,
            pictures: vec![picture],
            command: command_line(),
            facts: self.facts().into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            ..Study::default()
        }
    }
}

/// How many steps of a falling power show more than rounding: thrice as many as it takes down to where it stays.
fn worth_drawing(excess: &[f64]) -> usize {
    const LEAST: usize = 20;
    let stays = excess[excess.len() / 2..].iter().copied().fold(0.0, f64::max);
    let arrives = excess.iter().position(|&power| power <= stays).unwrap_or(excess.len());
    (3 * arrives).max(LEAST).min(excess.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_rounds_is_not_drawn() {
        let fall = |step: i32| 0.5f64.powi(step);
        let rounding: Vec<f64> = (0..800).map(|step| fall(step).max(1e-9)).collect();
        assert_eq!(worth_drawing(&rounding), 3 * 30);
        let falling: Vec<f64> = (0..800).map(fall).collect();
        assert_eq!(worth_drawing(&falling), 800);
        assert_eq!(worth_drawing(&[0.0; 5]), 5);
    }
}

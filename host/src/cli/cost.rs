//! What a run will cost in time, said before it begins where that is more than some minutes.
//!
//! The estimate is edges times steps times samples, at the pace of a few steps on a copy of the network. The run itself knows
//! nothing of it.

use super::output::Output;
use indicatif::HumanDuration;
use std::sync::Arc;
use std::time::{Duration, Instant};
use wheatstone_learn::experiment::Experiment;
use wheatstone_sim::{Configuration, Engine, Fast};

/// Runs that take less are begun without a word.
const WORTH_SAYING: Duration = Duration::from_secs(300);

/// No machine relaxes more edges a second on one core: what cannot take long by this is not tried out.
const FASTEST: f64 = 2e10;

/// Edges relaxed for the trial: some hundredths of a second.
const TRIAL: f64 = 1e7;

/// Says what a run of so many samples will take in the model, if that is long.
pub fn tell(experiment: &Experiment, samples: u64, output: Output) {
    let relaxed = edges_relaxed(experiment, samples);
    if relaxed / FASTEST < WORTH_SAYING.as_secs_f64() / 100.0 {
        return;
    }
    let Some(pace) = pace(experiment) else { return };
    let seconds = relaxed * pace;
    if seconds < WORTH_SAYING.as_secs_f64() {
        return;
    }
    output.say(&format!(
        "this run will take about {} here: {relaxed:.1e} edges to relax, {:.1e} a second; Ctrl-C ends it with a checkpoint",
        in_words(seconds),
        pace.recip()
    ));
}

/// Edges to be relaxed in training and in reading the judged rows after every epoch.
fn edges_relaxed(experiment: &Experiment, samples: u64) -> f64 {
    let config = &experiment.config;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let [edges, samples, tested] =
        [experiment.design.network().edges().len() as u64, samples, experiment.split.test.len() as u64]
            .map(|count| count as f64);
    let read = tested * f64::from(config.epochs) * f64::from(config.read_steps);
    edges * (samples * f64::from(config.steps) + read)
}

/// Seconds to relax one edge once.
fn pace(experiment: &Experiment) -> Option<f64> {
    let first = experiment.split.train.first()?;
    let sample = experiment.samples(&[*first]).ok()?.pop()?;
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let edges = experiment.design.network().edges().len() as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to TRIAL")]
    let steps = (TRIAL / edges).clamp(2.0, 1e5) as u32;
    let configuration = Configuration { steps, ..experiment.configuration(0) };
    let mut engine =
        Fast::new(Arc::clone(&experiment.design), configuration, experiment.initial_state()).ok()?;
    let began = Instant::now();
    engine.relax(&sample).ok()?;
    Some((began.elapsed().as_secs_f64() / (edges * f64::from(steps))).max(FASTEST.recip()))
}

fn in_words(seconds: f64) -> String {
    const YEAR: f64 = 365.25 * 86_400.0;
    match Duration::try_from_secs_f64(seconds) {
        Ok(time) if seconds < 1000.0 * YEAR => HumanDuration(time).to_string(),
        _ => "more than 1000 years".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_learn::config::Draft;

    fn experiment(overrides: &[&str]) -> Experiment {
        let mut draft = Draft::preset("xor").unwrap();
        overrides.iter().for_each(|text| draft.set(text).unwrap());
        Experiment::prepare(draft.finish().unwrap()).unwrap()
    }

    #[test]
    fn the_estimate_counts_what_is_relaxed() {
        let small = experiment(&["epochs=10", "steps=8"]);
        let edges = small.design.network().edges().len() as f64;
        assert_eq!(edges_relaxed(&small, 40), edges * 40.0 * 8.0);
        let large = experiment(&["epochs=4294967295", "steps=4294967295"]);
        assert!(edges_relaxed(&large, 4 * u64::from(u32::MAX)) > 1e20);
        assert!(pace(&large).unwrap() >= FASTEST.recip());
    }

    #[test]
    fn times_are_told_in_words() {
        assert_eq!(in_words(7200.0), "2 hours");
        assert_eq!(in_words(1e30), "more than 1000 years");
    }
}

//! The procedure of a bench: learn, time and meter in turns, and put the quantities together.

use super::budget::share;
use super::energy_table;
use super::results::{BaselineDescription, Effort, Row, metric};
use super::{
    Baseline, BenchError, Budget, ChipCost, Division, Goal, Learned, Network, Part, Patience, learn,
};
use crate::energy::fpga;
use crate::energy::reference::{self, Extent, Reference};
use crate::energy::{
    self, Activity, Basis, Bounded, Clock, CrossCheck, Description, EnergySource, Measurement, Plan, Progress,
};
use crate::quantity::{Kind, Missing, Quantity};
use std::ops::ControlFlow;
use std::time::Duration;
use wheatstone_measure::{DISTURBED, LoadWatch, TurnOrder};
use wheatstone_sim::BoxedError;

/// Told which stage of a bench begins; says whether to go on.
pub type OnStage<'w> = &'w mut dyn FnMut(&str) -> bool;

/// What every baseline goes through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// What it has to reach.
    pub goal: Goal,
    /// Runs from the start, each on rows and from a seed of its own.
    pub runs: usize,
    /// Samples after which a run is judged, again and again.
    pub epoch: u64,
    /// Epochs after which a run is given up.
    pub epochs: u32,
    /// How long all of it may take.
    pub budget: Budget,
    /// How long it is measured in turns; what the budget leaves, if that is not said.
    pub turns: Option<Duration>,
}

/// Rounds of turns; each baseline has two turns in each. With 9 the interval of the median covers 96 %.
pub const ROUNDS: usize = 9;

/// The rows of some baselines, and what is missing of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    /// How long and how often it was measured.
    pub effort: Effort,
    /// Those that took part, in the order of their rows.
    pub baselines: Vec<BaselineDescription>,
    /// Their rows, baseline by baseline.
    pub rows: Vec<Row>,
    /// Whether sources that see the same energy agree.
    pub meters: Vec<CrossCheck>,
    /// What could not be had.
    pub missing: Vec<Missing>,
}

/// The goal that the network itself sets: what it meets again after training as configured, on the validation rows of every run; the easiest
/// of the runs.
///
/// # Errors
/// [`BenchError`] if it cannot be trained, or `watch` says to stop.
pub fn own_goal(division: &Division, watch: OnStage) -> Result<Goal, BenchError> {
    let mut network = Network::in_model(division)?;
    let mut goal: Option<Goal> = None;
    for run in 0..division.len() {
        network.restart(run)?;
        let experiment = division.run(run);
        for _ in 0..experiment.config.epochs {
            if !watch("the network's own accuracy") {
                return Err(BenchError::Interrupted);
            }
            network.train(experiment.split.train.len() as u64)?;
        }
        let score = network.score(Part::Validation)?;
        let own = Goal::after(score, division.rows(run, Part::Validation).len());
        goal = Some(goal.map_or(own, |goal| goal.easier(own)));
    }
    goal.ok_or(BenchError::Interrupted)
}

/// Trains every baseline to the goal, then times and meters all of them in turns.
///
/// # Errors
/// [`BenchError`] if a baseline, the clock or a source fails, or `watch` says to stop.
pub fn run(
    baselines: &mut [Box<dyn Baseline + '_>],
    sources: &mut Vec<Box<dyn EnergySource>>,
    course: Course,
    (clock, load): (&dyn Clock, &mut LoadWatch),
    watch: OnStage,
) -> Result<Comparison, BenchError> {
    let Course { goal, runs, epoch, epochs, budget, turns } = course;
    let count = baselines.len();
    let mut learned = Vec::new();
    for (index, baseline) in baselines.iter_mut().enumerate() {
        let stage = format!("{}: samples to the goal", baseline.name());
        let now = clock.now();
        let until = now + share(now, budget.learned_by(), count - index);
        let patience = Patience { epoch, epochs, time: budget.run(), until, clock };
        learned.push(learn(&mut **baseline, goal, runs, patience, &mut || watch(&stage))?);
    }
    for baseline in baselines.iter_mut() {
        baseline.restart(0)?;
    }
    let turns = turns.unwrap_or_else(|| budget.turns(clock.now(), count, !sources.is_empty()));
    let effort = Effort { seconds: turns.as_secs_f64(), blocks: 2 * ROUNDS, runs: runs as u64 };
    let mut comparison = Comparison { effort, ..Comparison::default() };
    comparison.missing = leave_out_slow(sources, effort);
    let (measurement, foreign) = measure(baselines, sources, effort, (clock, load), watch)?;
    comparison.meters = measurement.cross_checks()?;
    for (index, (baseline, learned)) in baselines.iter().zip(&learned).enumerate() {
        let description =
            BaselineDescription { name: baseline.name().to_owned(), description: baseline.describe() };
        comparison.baselines.push(description);
        comparison.put_learning(&**baseline, learned, goal);
        let begin = comparison.rows.len();
        comparison.put_measured(&**baseline, &measurement, index)?;
        if let Some(load) = foreign[index].filter(|&load| load > DISTURBED) {
            for row in &mut comparison.rows[begin..] {
                row.foreign_load = Some(load);
            }
        }
    }
    Ok(comparison)
}

/// The plan of the turns: mirrored rounds, blocks of equal length, and as much rest where there is something to meter.
fn plan(effort: Effort, metered: bool) -> Plan {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let block = Duration::from_secs_f64(effort.seconds / (2 * ROUNDS) as f64);
    let rest = if metered { block } else { Duration::from_millis(1) };
    Plan { warm_up: block, block, settle: rest / 4, idle: rest, rounds: ROUNDS, order: TurnOrder::Mirrored }
}

/// Takes away the sources that cannot tell anything of blocks as short as those of the turns, and says so.
fn leave_out_slow(sources: &mut Vec<Box<dyn EnergySource>>, effort: Effort) -> Vec<Missing> {
    let block = plan(effort, true).block;
    let slow = sources.extract_if(.., |source| source.resolution().least_duration() > block);
    let missing = |source: Box<dyn EnergySource>| {
        let least = source.resolution().least_duration();
        let seconds = (least.as_secs_f64() * effort.blocks as f64).ceil();
        Missing {
            name: source.describe().name.clone(),
            why: format!("it needs blocks of {least:.1?}, and they last {block:.1?}"),
            remedy: format!("give --seconds {seconds}"),
        }
    };
    slow.map(missing).collect()
}

/// Also the processors' worth of work that others did while each baseline worked, the mean of its blocks.
fn measure(
    baselines: &mut [Box<dyn Baseline + '_>],
    sources: &mut [Box<dyn EnergySource>],
    effort: Effort,
    (clock, load): (&dyn Clock, &mut LoadWatch),
    watch: OnStage,
) -> Result<(Measurement, Vec<Option<f64>>), BenchError> {
    let mut turns: Vec<energy::Baseline> = baselines
        .iter_mut()
        .map(|baseline| {
            let name = baseline.name().to_owned();
            energy::Baseline::new(name, |samples| {
                baseline.train(samples).map_err(BoxedError::new)?;
                Ok(())
            })
        })
        .collect();
    let plan = plan(effort, !sources.is_empty());
    let seconds = Duration::from_secs(plan.expected_duration(turns.len()).as_secs());
    let in_all = humantime::format_duration(seconds);
    let (mut seen, mut foreign) = (0, vec![Vec::new(); turns.len()]);
    let measured = energy::measure(&mut turns, sources, &plan, clock, &mut |progress: &Progress| {
        let Progress { done, blocks, activity } = progress;
        // Between blocks only, since looking takes time.
        match activity {
            Activity::Work(index) if *done > seen => {
                foreign[*index].extend(load.look());
                seen = *done;
            }
            Activity::Work(_) => {}
            _ => drop(load.look()),
        }
        let stage = format!("timing and metering in turns ({in_all}), block {} of {blocks}", done + 1);
        if watch(&stage) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    match measured {
        Err(energy::MeasureError::Interrupted { .. }) => Err(BenchError::Interrupted),
        measured => Ok((measured?, foreign.iter().map(|loads| mean(loads)).collect())),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let count = values.len() as f64;
    (count > 0.0).then(|| values.iter().sum::<f64>() / count)
}

impl Comparison {
    /// The rows of a chip that would train at that pace. It learns bit for bit as the model does, so it needs the model's samples.
    pub fn put_chip(&mut self, chip_cost: &ChipCost) {
        const NAME: &str = "device";
        self.baselines
            .push(BaselineDescription { name: NAME.to_owned(), description: chip_cost.description.clone() });
        self.put(NAME, metric::STEP_TIME, chip_cost.sample.clone());
        self.put(NAME, metric::SAMPLE_TIME, chip_cost.sample.clone());
        self.put(NAME, metric::ARRAY_TIME, chip_cost.array.clone());
        self.put(NAME, metric::RELAXING_STEP_TIME, chip_cost.relaxing_step.clone());
        let alone = || (format!("the array alone; without {}", fpga::EXCLUDES), Extent::Device);
        self.put_from(NAME, metric::SAMPLE_ENERGY, chip_cost.energy.clone(), alone());
        for line in energy_table::chip(chip_cost) {
            let quantity = Quantity { unit: "J".into(), ..line.quantity.clone() };
            self.put_from(NAME, line.metric(), quantity, (line.scope, line.extent));
        }
        if let Some(samples) = self.find("model", metric::SAMPLES_TO_GOAL).cloned() {
            self.put(NAME, metric::TIME_TO_GOAL, chip_cost.sample.times(&samples, "s"));
            self.put_from(NAME, metric::ENERGY_TO_GOAL, chip_cost.energy.times(&samples, "J"), alone());
        }
    }

    /// The rows of what others have published.
    pub fn put_published(&mut self) {
        for line in &reference::ALL {
            let metric = match line.unit {
                "J per inference" => metric::INFERENCE_ENERGY,
                "s per inference" => metric::INFERENCE_TIME,
                unit if unit.starts_with('W') => metric::POWER,
                _ => metric::OPERATION_ENERGY,
            };
            let Reference { value, low, high, kind, .. } = *line;
            let source = format!("{}; {} ({})", line.source, line.scope, line.evidence.name());
            let quantity = Quantity { value, unit: line.unit.into(), kind, low, high };
            self.put_from(line.name, metric, quantity, (source, line.extent));
        }
    }

    /// The rows of a baseline that was trained to the goal.
    fn put_learning(&mut self, baseline: &dyn Baseline, learned: &Learned, goal: Goal) {
        let name = baseline.name();
        let seconds = |time: Duration| {
            let value = time.as_secs_f64();
            Quantity { value, unit: "s".into(), kind: Kind::Measured, low: value, high: value }
        };
        let tuning = baseline.tuning();
        if tuning.time > Duration::ZERO {
            self.put(name, metric::TUNING_TIME, seconds(tuning.time));
        }
        for (source, energy) in tuning.energy {
            let Bounded { value, low, high } = energy.map(|joule| joule.0);
            let energy = Quantity { value, unit: "J".into(), kind: Kind::Measured, low, high };
            self.put_from(name, metric::TUNING_ENERGY, energy, (source.name, source.scope.extent()));
        }
        self.put(name, metric::LOADING_TIME, seconds(learned.loading));
        self.put(name, metric::JUDGING_TIME, seconds(learned.judging));
        let (Some(samples), Some(score)) = (learned.samples_to_goal(), learned.test_score()) else {
            self.missing.push(missed(name, learned, goal));
            return;
        };
        let metric = if score.unit == "1" { metric::ACCURACY } else { metric::MEAN_SQUARED_ERROR };
        self.put(name, metric, score);
        self.put(name, metric::SAMPLES_TO_GOAL, samples);
    }

    /// The rows of a baseline that was timed and metered.
    fn put_measured(
        &mut self,
        baseline: &dyn Baseline,
        measurement: &Measurement,
        index: usize,
    ) -> Result<(), BenchError> {
        let name = baseline.name();
        let samples = self.find(name, metric::SAMPLES_TO_GOAL).cloned();
        // A unit of work is one sample for each of the networks trained side by side.
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let (batch, replicas, parameters) =
            (baseline.batch() as f64, baseline.replicas() as f64, baseline.parameters() as f64);
        let time = measurement.time(index)?;
        self.put(name, metric::STEP_TIME, time.scaled(batch));
        self.put(name, metric::SAMPLE_TIME, time.scaled(1.0 / replicas));
        if let Some(samples) = &samples {
            self.put(name, metric::TIME_TO_GOAL, time.times(samples, "s"));
        }
        for (source, description) in measurement.sources.iter().enumerate() {
            let energy = |basis| measurement.energy(index, source, basis);
            let total = energy(Basis::Total)?.scaled(1.0 / replicas);
            let above = energy(Basis::AboveIdle)?.scaled(1.0 / replicas);
            let Description { name: meter, scope, accuracy_source, .. } = description;
            let percent = 100.0 * measurement.accuracies[source];
            let meter = format!("{meter} ({scope}), within {percent:.1} % ({accuracy_source})");
            let mut put = |metric, quantity| {
                self.put_from(name, metric, quantity, (meter.clone(), scope.extent()));
            };
            put(metric::STEP_ENERGY, total.scaled(batch));
            put(metric::SAMPLE_ENERGY, total.clone());
            put(metric::SAMPLE_ENERGY_ABOVE_IDLE, above);
            put(metric::PARAMETER_ENERGY, total.scaled(1.0 / parameters));
            if let Some(samples) = &samples {
                put(metric::ENERGY_TO_GOAL, total.times(samples, "J"));
            }
        }
        Ok(())
    }

    /// What to say where others worked on the machine meanwhile, or meters contradict each other.
    pub fn warnings(&self) -> Vec<String> {
        let meters = self.meters.iter().filter(|check| check.contradictions > 0);
        let meters =
            meters.map(|check| format!("{check}; check the meters' --meter-accuracy and --meter-offset"));
        self.load_warning().into_iter().chain(meters).collect()
    }

    fn load_warning(&self) -> Option<String> {
        let times = self.rows.iter().filter(|row| row.metric == metric::SAMPLE_TIME);
        let marked: Vec<String> = times
            .filter_map(|row| Some(format!("{} ({:.1} processors)", row.baseline, row.foreign_load?)))
            .collect();
        (!marked.is_empty()).then(|| {
            format!(
                "other programs worked while these were timed: {}; their figures are marked, so measure again on a machine that does nothing else",
                marked.join(", ")
            )
        })
    }

    /// The quantity of a baseline that a metric names.
    pub fn find(&self, baseline: &str, metric: &str) -> Option<&Quantity> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.baseline == baseline && row.metric == metric).map(|row| &row.quantity)
    }

    /// Adds a row.
    pub fn put(&mut self, baseline: &str, metric: &'static str, quantity: Quantity) {
        self.rows.push(Row {
            baseline: baseline.to_owned(),
            metric: metric.into(),
            quantity,
            source: None,
            extent: None,
            foreign_load: None,
        });
    }

    /// Adds a row of an energy or power, with its source and the source's extent.
    pub fn put_from(
        &mut self,
        baseline: &str,
        metric: &'static str,
        quantity: Quantity,
        (source, extent): (String, Extent),
    ) {
        self.put(baseline, metric, quantity);
        if let Some(row) = self.rows.last_mut() {
            (row.source, row.extent) = (Some(source), Some(extent));
        }
    }
}

fn missed(name: &str, learned: &Learned, goal: Goal) -> Missing {
    let best = learned.missed.unwrap_or_default();
    let best = match best.accuracy {
        Some(accuracy) => format!("{:.2} %", 100.0 * accuracy),
        None => format!("{:.2e} V^2", best.mse),
    };
    Missing {
        name: format!("{name}: samples to the goal"),
        why: format!("run {} did not reach {goal} in time; its best was {best}", learned.samples.len() + 1),
        remedy: match goal {
            Goal::Accuracy(_) => {
                "ask for a lower --accuracy, or for more --epochs and a larger --budget".to_owned()
            }
            Goal::MeanSquaredError(_) => "give more --epochs and a larger --budget".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::pupil::{Pupil, Virtual};

    /// Five networks side by side that learn 1 % every 50 samples in batches of 4; never beyond `most`.
    fn pupil(clock: &Virtual, most: f64) -> Box<dyn Baseline> {
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let accuracy = move |_, trained, _| (trained as f64 / 5000.0).min(most);
        Box::new(Pupil { batch: 4, replicas: 5, ..Pupil::new(clock, accuracy) })
    }

    /// Runs of 3 s at most.
    fn course(clock: &Virtual, goal: f64) -> Course {
        let budget = Budget::start(clock, Duration::from_secs(75));
        Course { goal: Goal::Accuracy(goal), runs: 6, epoch: 100, epochs: 100, budget, turns: None }
    }

    #[test]
    fn the_budget_is_kept_whatever_the_baselines_do() {
        // One learns at once, most never, one is slow besides.
        let clock = Virtual::default();
        let mut baselines: Vec<_> = (0..11).map(|_| pupil(&clock, 0.4)).collect();
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let quick = Pupil::new(&clock, |_, trained, _| trained as f64 / 300.0);
        baselines.push(Box::new(quick));
        let slow = Pupil { pace: Duration::from_millis(20), ..Pupil::new(&clock, |_, _, _| 0.4) };
        baselines.push(Box::new(slow));
        let folder = tempfile::tempdir().unwrap();
        let mut load = LoadWatch::below(folder.path(), 1);
        let course = course(&clock, 0.5);
        let comparison =
            run(&mut baselines, &mut Vec::new(), course, (&clock, &mut load), &mut |_| true).unwrap();
        let taken = clock.now().as_secs_f64();
        assert!((60.0..80.0).contains(&taken), "{taken} s of 75 s");
        assert!((1.0..3.0).contains(&comparison.effort.seconds), "{:?}", comparison.effort);
        assert_eq!(comparison.missing.len(), 12);
        // Alone, it has ten seconds of turns.
        assert_eq!(self::comparison(1.0, &mut |_| true).unwrap().effort.seconds, 10.0);
    }

    fn comparison(most: f64, watch: OnStage) -> Result<Comparison, BenchError> {
        comparison_at(0.5, most, watch)
    }

    fn comparison_at(goal: f64, most: f64, watch: OnStage) -> Result<Comparison, BenchError> {
        let clock = Virtual::default();
        let mut baselines = vec![pupil(&clock, most)];
        let folder = tempfile::tempdir().unwrap();
        let mut load = LoadWatch::below(folder.path(), 1);
        run(&mut baselines, &mut Vec::new(), course(&clock, goal), (&clock, &mut load), watch)
    }

    /// A machine of one processor, on which another program works half of the time: `/proc` as it would look.
    fn slow_machine(folder: &std::path::Path, clock: &Virtual) {
        let ticks = u64::try_from(clock.now().as_millis()).unwrap() / 10;
        let stat = format!("cpu  {ticks} 0 0 0 0 0 0 0 0 0\ncpu0 {ticks}\n");
        std::fs::create_dir_all(folder.join("proc/1")).unwrap();
        std::fs::write(folder.join("proc/stat"), stat).unwrap();
        let own = format!("1 (bench) R 0 0 0 0 0 0 0 0 0 0 {} 0 0 0\n", ticks / 2);
        std::fs::write(folder.join("proc/1/stat"), own).unwrap();
    }

    #[test]
    fn figures_taken_under_foreign_load_are_marked() {
        let (clock, folder) = (Virtual::default(), tempfile::tempdir().unwrap());
        slow_machine(folder.path(), &clock);
        let mut load = LoadWatch::below(folder.path(), 1);
        let course = course(&clock, 0.5);
        let mut baselines = vec![pupil(&clock, 1.0)];
        let mut watch = |_: &str| {
            slow_machine(folder.path(), &clock);
            true
        };
        let comparison =
            run(&mut baselines, &mut Vec::new(), course, (&clock, &mut load), &mut watch).unwrap();
        let of = |metric: &str| comparison.rows.iter().find(|row| row.metric == metric).unwrap().foreign_load;
        assert!((of(metric::SAMPLE_TIME).unwrap() - 0.5).abs() < 0.02, "{:?}", of(metric::SAMPLE_TIME));
        assert_eq!(
            (of(metric::SAMPLES_TO_GOAL), of(metric::ACCURACY)),
            (None, None),
            "counts are not disturbed"
        );
        let warning = comparison.warnings().concat();
        assert!(warning.contains("pupil") && warning.contains("0.5 processors"), "{warning}");
        assert_eq!(comparison_at(0.5, 1.0, &mut |_| true).unwrap().warnings(), Vec::<String>::new());
    }

    #[test]
    fn figures_follow_from_the_time_of_a_sample() {
        let comparison = comparison(1.0, &mut |_| true).unwrap();
        let near = |metric, wanted: f64| {
            let quantity = comparison.find("pupil", metric).unwrap_or_else(|| panic!("{metric}"));
            assert!((quantity.value / wanted - 1.0).abs() < 1e-9, "{metric}: {quantity:?}");
            assert!(quantity.low <= quantity.value && quantity.value <= quantity.high, "{quantity:?}");
        };
        near(metric::SAMPLES_TO_GOAL, 2500.0);
        near(metric::STEP_TIME, 4e-3);
        near(metric::SAMPLE_TIME, 0.2e-3);
        near(metric::TIME_TO_GOAL, 2.5);
        near(metric::ACCURACY, 0.5);
        assert_eq!((comparison.missing.len(), comparison.find("pupil", metric::SAMPLE_ENERGY)), (0, None));
    }

    #[test]
    fn patience_ends() {
        // 2500 samples take 2.5 s; a goal that takes 3.5 s is out of reach.
        let comparison = comparison_at(0.7, 1.0, &mut |_| true).unwrap();
        assert_eq!(
            comparison.missing[0].why,
            "run 1 did not reach at least 70.00 % right in time; its best was 60.00 %"
        );
    }

    #[test]
    fn a_goal_that_was_missed_is_missing() {
        let comparison = comparison(0.4, &mut |_| true).unwrap();
        assert_eq!(comparison.find("pupil", metric::TIME_TO_GOAL), None);
        assert!(comparison.find("pupil", metric::SAMPLE_TIME).is_some());
        let why = &comparison.missing[0].why;
        assert_eq!(why, "run 1 did not reach at least 50.00 % right in time; its best was 40.00 %");
    }

    #[test]
    fn nothing_is_left_of_an_interrupted_bench() {
        for stop_at in [3, 40, 400] {
            let mut asked = 0;
            let mut watch = |_: &str| {
                asked += 1;
                asked < stop_at
            };
            assert!(matches!(comparison(1.0, &mut watch), Err(BenchError::Interrupted)), "{stop_at}");
        }
    }
}

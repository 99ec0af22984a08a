//! One task and everyone who takes part in it: settings of equal error are chosen, then times are taken in turns.

use anyhow::{Context, Result};

use super::accuracy::{Accuracy, Measure};
use super::progress::Progress;
use wheatstone_measure::statistics::median;
use wheatstone_measure::training_step::{
    Loaded, Offer, Question, Recorded, Request, Solution, Started, Task, Trained, Unsuited,
};
use wheatstone_measure::{Turn, TurnOrder, Worker};

/// How much of the stream is used for what. The same for everyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Schedule {
    /// Samples before anything counts, from the task's first state.
    pub warm: usize,
    /// Samples that are timed.
    pub samples: usize,
    /// Samples whose answers are compared with the exact ones, behind the warm ones and behind the timed ones.
    pub checked: usize,
    /// Times everyone has a turn.
    pub blocks: usize,
}

impl Schedule {
    /// The larger the network, the fewer samples: they have more nodes to tell about.
    pub fn new(nodes: u32, blocks: usize) -> Schedule {
        let share = |all: u32| (all / nodes.max(1)) as usize;
        Schedule {
            warm: share(65_536).clamp(4, 16),
            samples: share(65_536).clamp(4, 2048),
            checked: share(8192).clamp(2, 64),
            blocks,
        }
    }

    /// Distinct samples: as many as are looked at, up to 256.
    pub fn stream(&self) -> usize {
        (self.warm + self.samples + self.checked).min(256)
    }
}

/// A baseline with the setting it is given.
pub struct Entry {
    /// Index of the process it lives in.
    pub worker: usize,
    pub offer: Offer,
    /// Or why it does not take part.
    pub choice: Result<Choice, String>,
    /// Nanoseconds a sample, by block; `None` where it had no turn.
    pub times: Vec<Option<f64>>,
}

impl Entry {
    /// The median of its times; `None` if it had no turn at all.
    pub fn median(&self) -> Option<f64> {
        let known: Vec<f64> = self.times.iter().flatten().copied().collect();
        (!known.is_empty()).then(|| median(&known))
    }
}

/// A setting and how good it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub variant: String,
    pub effort: u32,
    /// For people.
    pub setting: String,
    /// The worse one of the beginning and the end of what is timed.
    pub accuracy: Accuracy,
    /// Nanoseconds a sample, from the warm samples: a rough figure.
    pub rough: f64,
}

/// Who takes that many times longer than the best of the others is not looked at any further.
const HOPELESS: f64 = 30.0;
/// Longest time of a turn, roughly, in nanoseconds: slow ones are given fewer samples.
const LONG_TURN: f64 = 1e9;
/// Shortest time of a turn, in nanoseconds: fast ones repeat their samples from the first state.
const SHORT_TURN: u64 = 20_000_000;
/// As often as this at most.
const REPETITIONS: u64 = 16;

/// A task that is loaded everywhere. The process that knows the exact solution is `workers[exact]`; `workers[0]` is ours.
pub struct Arena<'a> {
    pub workers: &'a mut [Worker],
    pub exact: usize,
    pub task: &'a Task,
    pub schedule: Schedule,
    pub progress: &'a Progress,
}

impl Arena<'_> {
    /// Loads the task everywhere.
    ///
    /// # Errors
    /// A process refuses it.
    pub fn load(&mut self, path: &str) -> Result<(Vec<Entry>, Vec<Unsuited>)> {
        let (mut entries, mut unsuited) = (Vec::new(), Vec::new());
        for (index, worker) in self.workers.iter_mut().enumerate() {
            let loaded: Loaded = worker.ask(&Request::Load { task: path.into() })?;
            let entry = |offer| Entry { worker: index, offer, choice: Err(String::new()), times: Vec::new() };
            entries.extend(loaded.baselines.into_iter().map(entry));
            unsuited.extend(loaded.unsuited);
        }
        Ok((entries, unsuited))
    }

    /// Gives every baseline the least costly setting that is good enough: ours within the bounds, everyone else no
    /// worse than the first of ours.
    ///
    /// # Errors
    /// A process fails.
    pub fn choose(&mut self, entries: &mut [Entry]) -> Result<()> {
        let (mut limit, mut best) = (None, f64::INFINITY);
        for index in 0..entries.len() {
            let (before, entry) = entries.split_at_mut(index);
            let entry = &mut entry[0];
            let alike = before.iter().find(|other| other.offer.method == entry.offer.method);
            let known = alike.and_then(|other| other.choice.as_ref().ok());
            let ours = entry.worker == 0;
            let asked = if ours { 1.0 } else { limit.unwrap_or(1.0) };
            let patience = if ours { f64::INFINITY } else { HOPELESS * best };
            entry.choice = match known {
                Some(known) => self.confirmed(entry.worker, &entry.offer, known, asked)?,
                None => None,
            }
            .map_or_else(
                || self.choice(entry.worker, &entry.offer, asked, patience),
                |choice| Ok(Ok(choice)),
            )?;
            let Ok(choice) = &entry.choice else { continue };
            if ours {
                limit = limit.or(Some(choice.accuracy.share()));
            } else {
                best = best.min(choice.rough);
            }
        }
        Ok(())
    }

    /// The setting of another baseline of the same method, if it is good enough here as well.
    fn confirmed(
        &mut self,
        worker: usize,
        offer: &Offer,
        known: &Choice,
        limit: f64,
    ) -> Result<Option<Choice>> {
        self.progress.show(&format!("{}: effort {}, {}", offer.name, known.effort, known.variant));
        let mut found = self.probe(worker, offer, &known.variant, known.effort, 0)?;
        let later = self.probe(worker, offer, &known.variant, known.effort, self.samples(found.rough))?;
        found.accuracy = found.accuracy.worse(later.accuracy);
        Ok((found.accuracy.share() <= limit).then_some(found))
    }

    /// The least costly setting whose error takes at most `limit` of its bound. Settings that take longer than `patience`
    /// nanoseconds a sample are not waited for.
    fn choice(
        &mut self,
        worker: usize,
        offer: &Offer,
        limit: f64,
        patience: f64,
    ) -> Result<Result<Choice, String>> {
        let mut best: Option<(f64, &str, u32)> = None;
        let mut given_up = None;
        for variant in &offer.variants {
            let ceiling = best.map_or(offer.efforts, |(cost, ..)| below(cost, variant.cost, offer.efforts));
            let holds = |effort| {
                self.progress.show(&format!("{}: effort {effort}, {}", offer.name, variant.name));
                let rough = self.glance(worker, offer, &variant.name, effort)?;
                if rough > patience {
                    given_up = Some(rough);
                    return Ok(None);
                }
                let found = self.probe(worker, offer, &variant.name, effort, 0)?;
                Ok(Some(found.accuracy.share() <= limit))
            };
            if let Some(effort) = smallest(ceiling, best.is_some(), holds)? {
                best = Some((f64::from(effort) * variant.cost, &variant.name, effort));
            }
        }
        let Some((_, variant, mut effort)) = best else {
            return Ok(Err(match given_up {
                Some(rough) => format!("given up at {} a sample", super::report::time(rough)),
                None => NOT_GOOD_ENOUGH.to_owned(),
            }));
        };
        // What holds at the beginning of the stream must hold at its end.
        let first = self.probe(worker, offer, variant, effort, 0)?;
        let most = offer.efforts.min(2 * effort);
        while effort <= most {
            let mut found = self.probe(worker, offer, variant, effort, self.samples(first.rough))?;
            if found.accuracy.share() <= limit {
                found.accuracy = found.accuracy.worse(first.accuracy);
                return Ok(Ok(found));
            }
            effort += (effort / 32).max(1);
        }
        Ok(Err(NOT_GOOD_ENOUGH.to_owned()))
    }

    /// How many samples are timed in one go of somebody who takes `rough` nanoseconds for one.
    fn samples(&self, rough: f64) -> usize {
        let Schedule { warm, samples, .. } = self.schedule;
        let fitting = (warm..=samples).step_by(warm).take_while(|&count| count as f64 * rough <= LONG_TURN);
        fitting.last().unwrap_or(warm)
    }

    /// Roughly the nanoseconds that a sample takes, from the faster one of the first two.
    fn glance(&mut self, worker: usize, offer: &Offer, variant: &str, effort: u32) -> Result<f64> {
        let (worker, baseline) = (&mut self.workers[worker], &offer.name);
        let _: Started = worker.ask(&start(baseline, variant, effort))?;
        let mut fastest = u64::MAX;
        for _ in 0..2 {
            let Trained { nanoseconds } = worker.ask(&train(baseline, 1))?;
            fastest = fastest.min(nanoseconds);
        }
        Ok(fastest as f64)
    }

    /// How good a setting is after the warm samples and so many more.
    fn probe(
        &mut self,
        worker: usize,
        offer: &Offer,
        variant: &str,
        effort: u32,
        more: usize,
    ) -> Result<Choice> {
        let baseline = &offer.name;
        let (setting, rough) = self.start(worker, baseline, variant, effort)?;
        if more > 0 {
            let _: Trained = self.workers[worker].ask(&train(baseline, more))?;
        }
        let accuracy = self.check(worker, offer)?;
        Ok(Choice { variant: variant.to_owned(), effort, setting, accuracy, rough })
    }

    /// At the first state and warm; its setting, and roughly the nanoseconds that a sample took.
    fn start(&mut self, worker: usize, baseline: &str, variant: &str, effort: u32) -> Result<(String, f64)> {
        let (worker, samples) = (&mut self.workers[worker], self.schedule.warm);
        let Started { setting } = worker.ask(&start(baseline, variant, effort))?;
        let Trained { nanoseconds } = worker.ask(&train(baseline, samples))?;
        Ok((setting, nanoseconds as f64 / samples as f64))
    }

    /// Compares what the baseline computes next with the exact solution of the same conductances.
    fn check(&mut self, worker: usize, offer: &Offer) -> Result<Accuracy> {
        let mut measure = Measure::default();
        for _ in 0..self.schedule.checked {
            let request = Request::Record { baseline: (&offer.name).into(), samples: 1 };
            let recorded: Recorded = self.workers[worker].ask(&request)?;
            let record = recorded.records.first().context("a record without a sample")?;
            let request =
                Request::Solve { k: (&record.k).into(), g: (&record.g).into(), sample: record.sample };
            let exact: Solution = self.workers[self.exact].ask(&request)?;
            measure.add(offer.question, &record.solution, &exact)?;
        }
        Ok(measure.accuracy(self.task.voltage_range()))
    }

    /// Takes times, everyone once in a block and each block beginning with another one. Who is far from the best after
    /// three blocks does not go on.
    ///
    /// # Errors
    /// A process fails.
    pub fn measure(&mut self, entries: &mut [Entry]) -> Result<()> {
        for group in TurnOrder::Rotated.turns(self.schedule.blocks, entries.len()) {
            let slowest_of_interest = interesting(entries);
            for Turn { baseline, round } in group {
                let entry = &mut entries[baseline];
                let Ok(choice) = entry.choice.clone() else { continue };
                let is_hopeless = round >= 3 && entry.median().is_some_and(|time| time > slowest_of_interest);
                let time = if is_hopeless {
                    None
                } else {
                    self.progress.show(&format!("block {}: {}", round + 1, entry.offer.name));
                    Some(self.time(entry.worker, &entry.offer, &choice)?)
                };
                entry.times.push(time);
            }
        }
        Ok(())
    }

    /// Nanoseconds a sample.
    fn time(&mut self, worker: usize, offer: &Offer, choice: &Choice) -> Result<f64> {
        let baseline = &offer.name;
        let samples = self.samples(choice.rough);
        let (mut sum, mut repetitions) = (0, 0);
        while sum < SHORT_TURN && repetitions < REPETITIONS {
            self.start(worker, baseline, &choice.variant, choice.effort)?;
            let Trained { nanoseconds } = self.workers[worker].ask(&train(baseline, samples))?;
            sum += nanoseconds;
            repetitions += 1;
        }
        Ok(sum as f64 / (repetitions * samples as u64) as f64)
    }
}

fn start<'a>(baseline: &'a str, variant: &'a str, effort: u32) -> Request<'a> {
    Request::Start { baseline: baseline.into(), variant: variant.into(), effort }
}

fn train(baseline: &str, samples: usize) -> Request<'_> {
    Request::Train { baseline: baseline.into(), samples }
}

/// Why somebody does not take part.
const NOT_GOOD_ENOUGH: &str = "no setting reaches the error asked for";

/// The baselines of one question.
pub fn of(entries: Vec<Entry>, question: Question) -> (Vec<Entry>, Vec<Entry>) {
    entries.into_iter().partition(|entry| entry.offer.question == question)
}

/// The largest effort of a variant that costs less than `cost`, at most `efforts`.
fn below(cost: f64, unit: f64, efforts: u32) -> u32 {
    // Efforts are small whole numbers: counting is exact where division rounds.
    (1..=efforts).take_while(|&effort| f64::from(effort) * unit < cost).last().unwrap_or(0)
}

/// The smallest effort up to `ceiling` for which `holds`, taken to be the case for all above it. `near` says that the
/// ceiling is the place to begin. Ends with nothing where `holds` has no answer.
fn smallest(
    ceiling: u32,
    near: bool,
    mut holds: impl FnMut(u32) -> Result<Option<bool>>,
) -> Result<Option<u32>> {
    if ceiling == 0 {
        return Ok(None);
    }
    let (mut fails, mut good) = (0, if near { ceiling } else { ceiling.min(4) });
    loop {
        match holds(good)? {
            Some(true) => break,
            Some(false) if good < ceiling => {
                fails = good;
                good = good.saturating_mul(2).min(ceiling);
            }
            _ => return Ok(None),
        }
    }
    while fails + 1 < good {
        let middle = u32::midpoint(fails, good);
        match holds(middle)? {
            Some(true) => good = middle,
            Some(false) => fails = middle,
            None => return Ok(None),
        }
    }
    Ok(Some(good))
}

/// Times beyond this are not worth taking more often: eight times the best of those that are not ours.
fn interesting(entries: &[Entry]) -> f64 {
    let medians = entries.iter().filter(|entry| entry.worker != 0).filter_map(Entry::median);
    8.0 * medians.fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(ceiling: u32, near: bool, wanted: u32) -> (Option<u32>, usize) {
        let mut asked = 0;
        let found = smallest(ceiling, near, |effort| {
            asked += 1;
            assert!((1..=ceiling).contains(&effort));
            Ok(Some(effort >= wanted))
        });
        (found.unwrap(), asked)
    }

    #[test]
    fn the_smallest_effort_is_found() {
        for near in [false, true] {
            for ceiling in [1, 2, 3, 4, 5, 7, 100, 1000] {
                for wanted in 1..=ceiling {
                    assert_eq!(search(ceiling, near, wanted).0, Some(wanted), "{wanted} of {ceiling}");
                }
                assert_eq!(search(ceiling, near, ceiling + 1).0, None);
            }
            assert_eq!(search(0, near, 1), (None, 0));
        }
    }

    #[test]
    fn a_search_is_short() {
        assert!(search(16_384, false, 300).1 <= 17);
        assert_eq!(search(299, true, 300).1, 1, "one question settles a variant that is no better");
    }

    #[test]
    fn dearer_variants_may_spend_less_effort() {
        assert_eq!(below(10.0, 1.0, 100), 9);
        assert_eq!(below(10.0, 1.5, 100), 6);
        assert_eq!(below(1000.0, 1.5, 100), 100);
        assert_eq!(below(1.0, 1.0, 100), 0);
    }

    #[test]
    fn larger_networks_show_fewer_samples() {
        let of = |nodes| {
            let Schedule { warm, samples, checked, .. } = Schedule::new(nodes, 9);
            (warm, samples, checked)
        };
        assert_eq!([of(16), of(1024), of(16_384)], [(16, 2048, 64), (16, 64, 8), (4, 4, 2)]);
        assert_eq!(Schedule::new(16, 9).stream(), 256);
    }
}

//! Tuning: a search for the settings that suit a data set, on validation rows.
//!
//! Candidates are variations of a base configuration, made by turning *knobs*: settings with a few levels each, level 0 being what
//! the base says. They are tried in rounds. The first round has the base itself and random turns; a later one turns a few knobs of
//! the best so far, and tries some at random. Each candidate is trained on several draws of validation rows, side by side in the lanes
//! of vectors where the network leaves room. In the end the best few are judged on further draws: the best of many is
//! partly luck, and draws that had no say in finding it tell how good it is. Test rows take no part.
//!
//! What a round tries depends on the seed and on what the rounds before came to, and each run is a pure function of its configuration:
//! a search that was interrupted goes on to the same bits. How many rounds there are is a matter of time.

use super::knobs::Levels;
use super::{Outcome, Ran, Shard, Status, Sweep, SweepError, SweepObserver, Task, TaskError};
use crate::config::{ConfigError, Draft, RunConfig, Validation};
use crate::run::{LOCK, Lock, RunError, WriteError, differing_keys, write_whole};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use thiserror::Error;
use wheatstone_sim::{Categorized, ErrorCategory};

/// The configuration that was found.
pub const FOUND: &str = "config.toml";

/// What a search keeps besides its tasks.
const KEPT: &str = "tuning.json";

/// New candidates a round, and how many of them are drawn afresh after the first.
const ROUND: usize = 8;
const AFRESH: usize = 2;

/// So many of the best have their knobs turned.
const PARENTS: usize = 3;

/// Draws of validation rows in the search, and those that decide between the best few, all together.
const DRAWS: u16 = 2;
const ALL_DRAWS: u16 = 5;

/// So many are judged on all draws, the base besides.
const FINALISTS: usize = 4;

/// Share of the training rows that validates.
const FRACTION: f64 = 0.2;

/// A search that cannot be made.
#[derive(Debug, Error)]
pub enum TuningError {
    /// The folder holds a search from another configuration.
    #[error(
        "{folder} holds a search from another configuration ({keys} differ); choose another folder by --out"
    )]
    OtherBase {
        /// The folder.
        folder: String,
        /// The keys that differ.
        keys: String,
    },
    /// The folder holds something else.
    #[error("{folder} is not empty and holds no search; choose another folder by --out")]
    Occupied {
        /// The folder.
        folder: String,
    },
    /// The file that keeps the search is damaged.
    #[error("{file}: {problem}; delete the folder to begin anew")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Another process trains runs of the search.
    #[error("another process trains runs in {folder}; wait until it is done, or end it")]
    Held {
        /// The folder.
        folder: String,
    },
    /// The folder is another search's at this moment, or cannot be locked.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Not a single candidate came to its end.
    #[error("no setting was tried to its end; give more --minutes, the search goes on where it was")]
    NoTime,
    /// Every candidate failed.
    #[error("{message}")]
    Failed {
        /// What kind of thing it was.
        category: ErrorCategory,
        /// What was said of the first.
        message: String,
    },
    /// A candidate cannot be run.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A run of it cannot be read.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The configuration does not take validation rows.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
}

impl Categorized for TuningError {
    fn category(&self) -> ErrorCategory {
        match self {
            TuningError::OtherBase { .. }
            | TuningError::Occupied { .. }
            | TuningError::Damaged { .. }
            | TuningError::NoTime => ErrorCategory::BadInput,
            TuningError::Held { .. } => ErrorCategory::Failed,
            TuningError::Run(error) => error.category(),
            TuningError::Failed { category, .. } => *category,
            TuningError::Sweep(error) => error.category(),
            TuningError::Task(error) => error.category(),
            TuningError::Write(error) => error.category(),
            TuningError::Configuration(error) => error.category(),
        }
    }
}

/// What stands in the file beside the tasks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// What the search began from.
    base: RunConfig,
    /// Seconds it has taken so far.
    seconds: f64,
}

/// Watches a search, from any thread, and says whether there is time. Every method lets it go on unless it is written; `()` watches
/// nothing.
pub trait TuningObserver: Sync {
    /// Asked again and again whether to go on at all.
    fn goes_on(&self) -> bool {
        true
    }

    /// Asked likewise whether there is time for more candidates.
    fn searches(&self) -> bool {
        true
    }

    /// Asked likewise whether there is time for the last judgement.
    fn judges(&self) -> bool {
        true
    }

    /// Told after every round: how many there were, how many candidates have come to their end, and the best score.
    fn on_round(&self, _rounds: usize, _tried: usize, _best: Option<f64>) {}
}

impl TuningObserver for () {}

/// What a sweep within the search is asked.
struct Within<'o> {
    observer: &'o dyn TuningObserver,
    has_time: fn(&dyn TuningObserver) -> bool,
}

impl SweepObserver for Within<'_> {
    fn goes_on(&self) -> bool {
        self.observer.goes_on() && (self.has_time)(self.observer)
    }
}

/// What a search has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Tuned {
    /// The base with the settings of the best candidate.
    pub config: RunConfig,
    /// The settings that are not those of the base, by their paths.
    pub settings: serde_json::Map<String, serde_json::Value>,
    /// Accuracy or R^2 on validation rows, the mean over the draws.
    pub score: f64,
    /// The same of the base, if it was tried to its end.
    pub base_score: Option<f64>,
    /// Draws these are means over.
    pub draws: usize,
    /// Rounds that were finished.
    pub rounds: usize,
    /// Candidates that came to their end.
    pub tried: usize,
}

/// A search in its folder, which it has the lock of.
#[derive(Debug)]
pub struct Tuning {
    folder: PathBuf,
    kept: Kept,
    _lock: Lock,
}

/// One variation of the base.
#[derive(Clone, Debug)]
struct Candidate {
    levels: Levels,
    /// One task for every draw.
    tasks: Vec<Task>,
}

impl Tuning {
    /// A search from a configuration, in a new folder or in one where it has been begun.
    ///
    /// # Errors
    /// [`TuningError`] if the folder is another search's, another process searches in it, or it cannot be written.
    pub fn open(folder: &Path, base: &RunConfig) -> Result<Tuning, TuningError> {
        let file = folder.join(KEPT);
        // What others keep in a folder is not a search's to write over.
        let others = |entry: std::io::Result<DirEntry>| entry.is_ok_and(|entry| entry.file_name() != LOCK);
        if !file.exists() && std::fs::read_dir(folder).is_ok_and(|mut entries| entries.any(others)) {
            return Err(TuningError::Occupied { folder: folder.display().to_string() });
        }
        std::fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
        let lock = Lock::take(folder)?;
        let kept = match std::fs::read_to_string(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Kept { base: base.clone(), seconds: 0.0 },
            Err(error) => {
                let (file, problem) = (file.display().to_string(), error.to_string());
                return Err(TuningError::Damaged { file, problem });
            }
            Ok(text) => serde_json::from_str::<Kept>(&text).map_err(|error| TuningError::Damaged {
                file: file.display().to_string(),
                problem: error.to_string(),
            })?,
        };
        let keys = differing_keys(&kept.base, base);
        if !keys.is_empty() {
            let folder = folder.display().to_string();
            return Err(TuningError::OtherBase { folder, keys: keys.join(", ") });
        }
        let tuning = Tuning { folder: folder.to_owned(), kept, _lock: lock };
        tuning.keep()?;
        Ok(tuning)
    }

    /// Seconds the search has taken before.
    pub fn seconds(&self) -> f64 {
        self.kept.seconds
    }

    /// Adds to them, and writes them down.
    ///
    /// # Errors
    /// [`TuningError::Write`].
    pub fn spend(&mut self, seconds: f64) -> Result<(), TuningError> {
        self.kept.seconds += seconds;
        self.keep()
    }

    fn keep(&self) -> Result<(), TuningError> {
        let file = self.folder.join(KEPT);
        let text = serde_json::to_vec(&self.kept).map_err(|error| WriteError::new(&file, error.into()))?;
        Ok(write_whole(&file, &text)?)
    }

    /// Searches as long as there is time, `most` rounds at most, and writes the configuration that was found into the folder.
    ///
    /// # Errors
    /// [`TuningError`]; [`SweepError::Interrupted`] in it if it was told not to go on.
    pub fn run(&self, most: usize, observer: &dyn TuningObserver) -> Result<Tuned, TuningError> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut rounds = 0;
        loop {
            let ranked = self.ranked(&candidates, usize::from(DRAWS))?;
            let best = ranked.first().map(|&(score, _)| score);
            if rounds > 0 {
                observer.on_round(rounds, ranked.len(), best);
            }
            if rounds > 0 && ranked.is_empty() && observer.searches() {
                return Err(self.failure(&candidates)?);
            }
            if rounds >= most {
                break;
            }
            let parents: Vec<&Levels> =
                ranked.iter().take(PARENTS).map(|&(_, index)| &candidates[index].levels).collect();
            let fresh = self.propose(rounds, &parents, &candidates)?;
            let more = !fresh.is_empty();
            let first = candidates.len();
            candidates.extend(fresh);
            if !more {
                break;
            }
            let within = Within { observer, has_time: |observer| observer.searches() };
            let (finished, begun) = self.train(&candidates, first, &within)?;
            if !finished {
                candidates.truncate(if begun { candidates.len() } else { first });
                break;
            }
            rounds += 1;
        }
        self.judge(&candidates, rounds, observer)
    }

    /// Trains the candidates from `first` on, unless they are done. Whether that was finished, and whether there was time to begin it.
    fn train(
        &self,
        candidates: &[Candidate],
        first: usize,
        within: &Within<'_>,
    ) -> Result<(bool, bool), TuningError> {
        let tasks: Vec<Task> =
            candidates[first..].iter().flat_map(|candidate| candidate.tasks.clone()).collect();
        let sweep = Sweep { folder: self.folder.clone(), tasks };
        let settled = |outcome: &Outcome| matches!(outcome.status, Status::Done | Status::Failed);
        if sweep.outcomes()?.iter().all(settled) {
            return Ok((true, true));
        }
        if !within.observer.goes_on() {
            return Err(SweepError::Interrupted.into());
        }
        if !within.goes_on() {
            return Ok((false, false));
        }
        Sweep::create(&self.folder, distinct(candidates))?;
        match sweep.run(Shard::WHOLE, within) {
            Err(SweepError::Interrupted) if within.observer.goes_on() => Ok((false, true)),
            Ok(Ran { held: 1.., .. }) => Err(TuningError::Held { folder: self.folder.display().to_string() }),
            ran => Ok(ran.map(|_| (true, true))?),
        }
    }

    /// Judges the best few on further draws, and writes down the best of them.
    fn judge(
        &self,
        candidates: &[Candidate],
        rounds: usize,
        observer: &dyn TuningObserver,
    ) -> Result<Tuned, TuningError> {
        let ranked = self.ranked(candidates, usize::from(DRAWS))?;
        let tried = ranked.len();
        if ranked.is_empty() {
            return Err(TuningError::NoTime);
        }
        let mut finalists: Vec<usize> = ranked.iter().take(FINALISTS).map(|&(_, index)| index).collect();
        if ranked.iter().any(|&(_, index)| index == 0) && !finalists.contains(&0) {
            finalists.push(0);
        }
        let longer = |&index: &usize| -> Result<Candidate, TuningError> {
            let candidate = &candidates[index];
            let (_, more) = self.candidate(candidate.levels.clone(), DRAWS..ALL_DRAWS)?;
            let tasks = candidate.tasks.iter().chain(&more.tasks).cloned().collect();
            Ok(Candidate { levels: candidate.levels.clone(), tasks })
        };
        let longer = finalists.iter().map(longer).collect::<Result<Vec<_>, _>>()?;
        let all: Vec<Candidate> = candidates.iter().cloned().chain(longer.iter().cloned()).collect();
        let within = Within { observer, has_time: |observer| observer.judges() };
        self.train(&all, candidates.len(), &within)?;
        // By as many draws as all of them have been judged on.
        let draws = usize::from(DRAWS)..=usize::from(ALL_DRAWS);
        let judged = draws.rev().find_map(|draws| match self.ranked(&longer, draws) {
            Ok(ranked) if ranked.len() == longer.len() => Some(Ok((ranked, draws))),
            Ok(_) => None,
            Err(error) => Some(Err(error)),
        });
        let (ranked, draws) = judged.unwrap_or(Err(TuningError::NoTime))?;
        let (score, place) = ranked[0];
        let base_place = finalists.iter().position(|&index| index == 0);
        let base_score =
            base_place.and_then(|base| ranked.iter().find(|&&(_, place)| place == base)).map(|&(s, _)| s);
        let mut config = longer[place].tasks[0].configuration.clone();
        config.data.validation = self.kept.base.data.validation;
        write_whole(&self.folder.join(FOUND), config.to_toml().as_bytes())?;
        let settings = longer[place].tasks[0].parameters.clone();
        Ok(Tuned { config, settings, score, base_score, draws, rounds, tried })
    }

    /// The candidates that have come to their end on their first draws: mean score and number, the best first, of equal ones the
    /// earlier.
    fn ranked(&self, candidates: &[Candidate], draws: usize) -> Result<Vec<(f64, usize)>, TuningError> {
        let mut ranked = Vec::new();
        for (index, candidate) in candidates.iter().enumerate() {
            let tasks = candidate.tasks[..draws.min(candidate.tasks.len())].to_vec();
            let sweep = Sweep { folder: self.folder.clone(), tasks };
            let scores: Option<Vec<f64>> = sweep.outcomes()?.iter().map(score).collect();
            if let Some(scores) = scores {
                #[expect(clippy::cast_precision_loss, reason = "a few draws")]
                ranked.push((scores.iter().sum::<f64>() / scores.len() as f64, index));
            }
        }
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Ok(ranked)
    }

    /// Why nothing could be trained.
    fn failure(&self, candidates: &[Candidate]) -> Result<TuningError, TuningError> {
        let tasks = candidates.iter().flat_map(|candidate| candidate.tasks.clone()).collect();
        let outcomes = Sweep { folder: self.folder.clone(), tasks }.outcomes()?;
        let failure = outcomes.into_iter().find_map(|outcome| outcome.failure);
        Ok(failure.map_or(TuningError::NoTime, |f| TuningError::Failed {
            category: f.category,
            message: f.message,
        }))
    }

    /// New candidates of a round; none if all that the knobs can do is known.
    fn propose(
        &self,
        round: usize,
        parents: &[&Levels],
        known: &[Candidate],
    ) -> Result<Vec<Candidate>, TuningError> {
        let mut generator = ChaCha8Rng::seed_from_u64(self.kept.base.seed);
        generator.set_stream(round as u64);
        let mut seen: BTreeSet<String> =
            known.iter().flat_map(|candidate| &candidate.tasks).map(|task| task.digest.clone()).collect();
        let mut fresh = Vec::new();
        for attempt in 0..32 * ROUND {
            if fresh.len() == ROUND {
                break;
            }
            let levels = if round == 0 && attempt == 0 {
                Levels::default()
            } else if parents.is_empty() || fresh.len() < AFRESH {
                Levels::drawn(&mut generator)
            } else {
                parents[below(parents.len(), &mut generator)].turned(&mut generator)
            };
            let (fits, candidate) = self.candidate(levels, 0..DRAWS)?;
            if fits && seen.insert(candidate.tasks[0].digest.clone()) {
                fresh.push(candidate);
            }
        }
        Ok(fresh)
    }

    /// The tasks of a candidate on some draws, and whether its configuration can be used.
    fn candidate(
        &self,
        levels: Levels,
        draws: std::ops::Range<u16>,
    ) -> Result<(bool, Candidate), TuningError> {
        let mut config = self.kept.base.clone();
        let keys: BTreeMap<String, toml::Value> = levels.apply(&mut config);
        // As it is read from a file: what is out of bounds is refused in the same way.
        let fits = Draft::parse(&config.to_toml(), "candidate").and_then(Draft::finish).is_ok();
        let task = |draw: u16| {
            let mut config = config.clone();
            config.data.validation = Some(Validation { fraction: FRACTION, draw });
            Task::new(&keys, config)
        };
        Ok((fits, Candidate { levels, tasks: draws.map(task).collect() }))
    }
}

/// The tasks of candidates, each once.
fn distinct(candidates: &[Candidate]) -> Vec<Task> {
    let mut seen = BTreeSet::new();
    let tasks = candidates.iter().flat_map(|candidate| &candidate.tasks);
    tasks.filter(|task| seen.insert(task.digest.clone())).cloned().collect()
}

/// The score of a run that is done: higher is better.
fn score(outcome: &Outcome) -> Option<f64> {
    outcome.score.and_then(|score| score.accuracy.or(outcome.r2()).or(Some(-score.mse)))
}

/// A random index below `n`, which is above 0.
pub(super) fn below(n: usize, generator: &mut ChaCha8Rng) -> usize {
    let product = u128::from(generator.next_u64()) * n as u128;
    usize::try_from(product >> 64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;
    use std::sync::atomic::{AtomicU32, Ordering};

    fn base() -> RunConfig {
        let mut config = Preset::find("iris").unwrap().config().unwrap();
        config.epochs = 2;
        config
    }

    /// Goes on for so many questions.
    struct Questions(AtomicU32);

    impl TuningObserver for Questions {
        fn goes_on(&self) -> bool {
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        }
    }

    fn search(folder: &Path, rounds: usize, observer: &dyn TuningObserver) -> Result<Tuned, TuningError> {
        Tuning::open(folder, &base()).unwrap().run(rounds, observer)
    }

    fn found(folder: &Path) -> String {
        std::fs::read_to_string(folder.join(FOUND)).unwrap()
    }

    #[test]
    fn it_finds_what_is_better_than_a_poor_beginning_and_writes_it_down() {
        let place = tempfile::tempdir().unwrap();
        let tuned = search(place.path(), 3, &()).unwrap();
        assert_eq!((tuned.rounds, tuned.tried, tuned.draws), (3, 24, 5));
        assert!(tuned.score > tuned.base_score.unwrap() + 0.05, "{tuned:?}");
        let config = Draft::parse(&found(place.path()), FOUND).unwrap().finish().unwrap();
        assert_eq!(config, tuned.config);
        assert_eq!((config.data, config.seed), (base().data, base().seed));
        assert!(!tuned.settings.is_empty());
        // Judged on rows that are neither trained nor tested.
        let tasks = Sweep::open(place.path()).unwrap().tasks().to_vec();
        let of = |task: &Task| crate::experiment::Experiment::prepare(task.configuration.clone()).unwrap();
        let whole = crate::experiment::Experiment::prepare(base()).unwrap().split;
        let split = of(&tasks[1]).split;
        assert_ne!(split, of(&tasks[0]).split);
        assert_eq!(split.test.len(), 24);
        let mut both = [split.train, split.test].concat();
        both.sort_unstable();
        assert_eq!(both, whole.train);
    }

    #[test]
    fn interrupted_anywhere_it_comes_to_the_same() {
        let whole = tempfile::tempdir().unwrap();
        let tuned = search(whole.path(), 2, &()).unwrap();
        let parts = tempfile::tempdir().unwrap();
        let mut interrupted = 0;
        let again = loop {
            match search(parts.path(), 2, &Questions(1500.into())) {
                Err(TuningError::Sweep(SweepError::Interrupted)) => interrupted += 1,
                ended => break ended.unwrap(),
            }
        };
        assert!(interrupted > 3, "{interrupted}");
        assert_eq!(again, tuned);
        assert_eq!(found(parts.path()), found(whole.path()));
        // More rounds go on from these.
        let more = search(parts.path(), 3, &()).unwrap();
        assert_eq!((more.rounds, more.tried), (3, 24));
        assert_eq!(search(whole.path(), 3, &()).unwrap(), more);
    }

    #[test]
    fn two_searches_in_one_folder_do_not_meet() {
        let place = tempfile::tempdir().unwrap();
        let first = Tuning::open(place.path(), &base()).unwrap();
        let second = Tuning::open(place.path(), &base()).unwrap_err();
        assert!(matches!(second, TuningError::Run(RunError::Busy { .. })), "{second}");
        let tuned = first.run(1, &()).unwrap();
        drop(first);
        // Nor does a search take for failed what another process trains.
        let sweep = Sweep::open(place.path()).unwrap();
        let run = sweep.folder(&sweep.tasks()[3]);
        std::fs::remove_file(run.join(crate::run::EVALUATION)).unwrap();
        let lock = Lock::take(&run).unwrap();
        let held = search(place.path(), 1, &()).unwrap_err();
        assert!(matches!(held, TuningError::Held { .. }), "{held}");
        drop(lock);
        assert_eq!(search(place.path(), 1, &()).unwrap(), tuned);
    }

    #[test]
    fn what_cannot_be_searched_is_told() {
        let place = tempfile::tempdir().unwrap();
        assert!(matches!(search(place.path(), 0, &()), Err(TuningError::NoTime)));
        let other = RunConfig { omega: wheatstone_sim::Omega::new(9).unwrap(), ..base() };
        let error = Tuning::open(place.path(), &other).unwrap_err().to_string();
        assert!(error.contains("omega") && error.contains("--out"), "{error}");
        std::fs::write(place.path().join(KEPT), "{").unwrap();
        let error = Tuning::open(place.path(), &base()).unwrap_err();
        assert_eq!(error.category(), ErrorCategory::BadInput);
        assert!(error.to_string().contains(KEPT), "{error}");
    }
}

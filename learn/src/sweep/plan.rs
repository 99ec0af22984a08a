//! Plans: which variations of a configuration a sweep has.

use super::task::Task;
use crate::bounded::read_bounded;
use crate::config::{ConfigError, Draft, RunConfig};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use thiserror::Error;
use toml::{Table, Value};
use wheatstone_sim::{Categorized, ErrorCategory};

/// The most bytes of a plan.
const LONGEST: u64 = 16 << 20;

/// The most tasks: more are a slip of the keyboard.
const MOST_TASKS: usize = 1_000_000;

/// Decimal digits that a number drawn has.
const DIGITS: usize = 6;

/// A plan that cannot be used.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The file cannot be read.
    #[error("{file}: {source}; check the path and its permissions")]
    Read {
        /// Path of the file, as it was named.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The text is not TOML, or has keys that a plan has not.
    #[error("{file}: {message} (a plan has name, seeds, base, grid, list and random: see docs/sweeps.md)")]
    Syntax {
        /// Path of the file, as it was named.
        file: String,
        /// Where, and what was expected.
        message: String,
    },
    /// A key that varies has no values.
    #[error("{file}: {key}: {problem}")]
    Key {
        /// Path of the file, as it was named.
        file: String,
        /// Path of the key, with dots.
        key: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// One of the configurations cannot be used.
    #[error("{file}: with {variation}: {error}")]
    Configuration {
        /// Path of the file, as it was named.
        file: String,
        /// The keys that make it, with their values.
        variation: String,
        /// What is wrong with it.
        error: ConfigError,
    },
    /// More tasks than anybody means.
    #[error("{file}: {count} tasks; {MOST_TASKS} are the most, leave values or seeds out")]
    Size {
        /// Path of the file, as it was named.
        file: String,
        /// How many there would be.
        count: usize,
    },
}

impl Categorized for PlanError {
    fn category(&self) -> ErrorCategory {
        match self {
            PlanError::Read { source, .. } => ErrorCategory::BadInput.unless_denied(source),
            PlanError::Syntax { .. } | PlanError::Key { .. } | PlanError::Size { .. } => {
                ErrorCategory::BadInput
            }
            PlanError::Configuration { error, .. } => error.category(),
        }
    }
}

/// Variations of a configuration: every point of the grid with every entry of the list, every draw and every seed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// What the sweep is called.
    #[serde(default)]
    pub name: Option<String>,
    /// Seeds: so many from the configuration's up, or these. Just the configuration's if there is none.
    #[serde(default)]
    seeds: Option<Seeds>,
    /// What varies, as a configuration file.
    base: Table,
    /// Keys with all their values.
    #[serde(default)]
    grid: Table,
    /// Keys with their values, entry by entry.
    #[serde(default)]
    list: Vec<Table>,
    /// Keys whose values are drawn.
    #[serde(default)]
    random: Option<Random>,
    #[serde(skip)]
    file: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Seeds {
    Count(u32),
    These(Vec<u64>),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Random {
    count: u32,
    #[serde(default = "one")]
    seed: u64,
    keys: Table,
}

fn one() -> u64 {
    1
}

/// Keys by their paths with dots, and their values.
type Keys = BTreeMap<String, Value>;

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// [`PlanError`] names the file, and the line or key at fault.
    pub fn file(path: &Path) -> Result<Plan, PlanError> {
        let file = path.display().to_string();
        let no_text = |_| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8");
        let text = read_bounded(path, LONGEST).and_then(|bytes| String::from_utf8(bytes).map_err(no_text));
        Plan::parse(&text.map_err(|source| PlanError::Read { file: file.clone(), source })?, &file)
    }

    /// Reads the text of a plan called `file`.
    ///
    /// # Errors
    /// As [`Plan::file`].
    pub fn parse(text: &str, file: &str) -> Result<Plan, PlanError> {
        let plan = toml::from_str::<Plan>(text);
        let plan =
            plan.map_err(|error| PlanError::Syntax { file: file.into(), message: error.to_string() })?;
        Ok(Plan { file: file.into(), ..plan })
    }

    /// Its tasks: seeds vary fastest, then draws, then entries of the list, then the grid, whose last key varies before its first.
    /// Of equal configurations the first counts.
    ///
    /// # Errors
    /// [`PlanError`] names what is wrong, and the variation in which.
    pub fn tasks(&self) -> Result<Vec<Task>, PlanError> {
        self.check_counts()?;
        let lists = [self.grid()?, self.list(), self.draws()?];
        self.check_apart(&lists)?;
        let mut variations = vec![Keys::new()];
        for list in &lists {
            let count = variations.len().saturating_mul(list.len());
            if count > MOST_TASKS {
                return Err(PlanError::Size { file: self.file.clone(), count });
            }
            let joined = |before: &Keys| {
                let before = before.clone();
                list.iter().map(move |more| before.clone().into_iter().chain(more.clone()).collect())
            };
            variations = variations.iter().flat_map(joined).collect();
        }
        let mut tasks = Vec::new();
        let mut known = BTreeSet::new();
        for keys in &variations {
            let config = self.configuration(keys)?;
            let seeds = self.seeds(&config);
            let count = variations.len().saturating_mul(seeds.len());
            if count > MOST_TASKS {
                return Err(PlanError::Size { file: self.file.clone(), count });
            }
            for seed in seeds {
                let task = Task::new(keys, RunConfig { seed, ..config.clone() });
                if known.insert(task.digest.clone()) {
                    tasks.push(task);
                }
            }
        }
        Ok(tasks)
    }

    /// That there are seeds and draws, and not too many to be made.
    fn check_counts(&self) -> Result<(), PlanError> {
        let seeds = match &self.seeds {
            None => 1,
            Some(Seeds::Count(count)) => *count as usize,
            Some(Seeds::These(seeds)) => seeds.len(),
        };
        let draws = self.random.as_ref().map_or(1, |random| random.count as usize);
        for (key, count) in [("seeds", seeds), ("random.count", draws)] {
            if count == 0 {
                return Err(self.wrong(key, "with none there is no task; give 1 or more, or leave it out"));
            }
            if count > MOST_TASKS {
                return Err(PlanError::Size { file: self.file.clone(), count });
            }
        }
        Ok(())
    }

    /// That no key varies in two places, nor one within another: the later one would undo the other unseen.
    fn check_apart(&self, [grid, list, draws]: &[Vec<Keys>; 3]) -> Result<(), PlanError> {
        let seeds = match &self.seeds {
            Some(Seeds::These(_)) => BTreeSet::from(["seed"]),
            _ => BTreeSet::new(),
        };
        let places =
            [("seeds", seeds), ("grid", paths(grid)), ("list", paths(list)), ("random.keys", paths(draws))];
        for (index, (place, keys)) in places.iter().enumerate() {
            for (earlier, others) in &places[..index] {
                for key in keys {
                    if let Some(other) = others.iter().find(|other| is_in(key, other) || is_in(other, key)) {
                        let problem = format!(
                            "{earlier} varies {other} as well, and one would undo the other; keep one"
                        );
                        return Err(self.wrong(&format!("{place}.{key}"), &problem));
                    }
                }
            }
        }
        Ok(())
    }

    fn seeds(&self, config: &RunConfig) -> Vec<u64> {
        match &self.seeds {
            None => vec![config.seed],
            Some(Seeds::Count(count)) => {
                (0..u64::from(*count)).map(|more| config.seed.wrapping_add(more)).collect()
            }
            Some(Seeds::These(seeds)) => seeds.clone(),
        }
    }

    fn configuration(&self, keys: &Keys) -> Result<RunConfig, PlanError> {
        let config = || {
            let mut draft = Draft::of_table(self.base.clone(), &self.file)?;
            let mut over = Table::new();
            keys.iter().for_each(|(path, value)| put(&mut over, path, value.clone()));
            draft.replace(over);
            draft.finish()
        };
        let mut config = config().map_err(|error| {
            let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            let variation = if keys.is_empty() { "nothing varied".to_owned() } else { keys.join(", ") };
            PlanError::Configuration { file: self.file.clone(), variation, error }
        })?;
        config.make_paths_absolute();
        Ok(config)
    }

    fn wrong(&self, key: &str, problem: &str) -> PlanError {
        PlanError::Key { file: self.file.clone(), key: key.into(), problem: problem.into() }
    }

    /// All points of the grid.
    fn grid(&self) -> Result<Vec<Keys>, PlanError> {
        let mut axes = Vec::new();
        flatten("", &self.grid, &|_| false, &mut axes);
        let mut points = vec![Keys::new()];
        for (key, values) in axes {
            let Value::Array(values) = values else {
                return Err(self.wrong(&format!("grid.{key}"), "give a list of values, as in [8, 12]"));
            };
            if values.is_empty() {
                return Err(self
                    .wrong(&format!("grid.{key}"), "the list is empty; give a value or leave the key out"));
            }
            let count = points.len().saturating_mul(values.len());
            if count > MOST_TASKS {
                return Err(PlanError::Size { file: self.file.clone(), count });
            }
            let with = |point: &Keys| {
                let (point, key) = (point.clone(), key.clone());
                values.clone().into_iter().map(move |value| {
                    point.clone().into_iter().chain([(key.clone(), value)]).collect::<Keys>()
                })
            };
            points = points.iter().flat_map(with).collect();
        }
        Ok(points)
    }

    /// The entries of the list; one without keys if there is no list.
    fn list(&self) -> Vec<Keys> {
        if self.list.is_empty() {
            return vec![Keys::new()];
        }
        let entry = |table: &Table| {
            let mut keys = Vec::new();
            flatten("", table, &|_| false, &mut keys);
            keys.into_iter().collect()
        };
        self.list.iter().map(entry).collect()
    }

    /// What is drawn; one draw without keys if nothing is.
    fn draws(&self) -> Result<Vec<Keys>, PlanError> {
        let Some(Random { count, seed, keys }) = &self.random else { return Ok(vec![Keys::new()]) };
        let mut ranges = Vec::new();
        flatten("", keys, &|table| table.contains_key("choose") || table.contains_key("from"), &mut ranges);
        let range = |(key, value): (String, Value)| match Range::of(&value) {
            Ok(range) => Ok((key, range)),
            Err(problem) => Err(self.wrong(&format!("random.keys.{key}"), &problem)),
        };
        let ranges = ranges.into_iter().map(range).collect::<Result<Vec<_>, _>>()?;
        let mut generator = ChaCha8Rng::seed_from_u64(*seed);
        let mut draw =
            || ranges.iter().map(|(key, range)| (key.clone(), range.draw(&mut generator))).collect();
        Ok((0..*count).map(|_| draw()).collect())
    }
}

/// The paths of all keys that vary.
fn paths(variations: &[Keys]) -> BTreeSet<&str> {
    variations.iter().flat_map(|keys| keys.keys().map(String::as_str)).collect()
}

/// Whether a path is another one, or leads to a key within it.
fn is_in(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Keys of a table by their paths, down to what is no table or is a leaf.
fn flatten(before: &str, table: &Table, is_leaf: &dyn Fn(&Table) -> bool, found: &mut Vec<(String, Value)>) {
    for (key, value) in table {
        let path = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        match value {
            Value::Table(table) if !is_leaf(table) && !table.is_empty() => {
                flatten(&path, table, is_leaf, found)
            }
            value => found.push((path, value.clone())),
        }
    }
}

/// Puts a value at a path with dots.
fn put(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((key, rest)) => {
            let inner = table.entry(key).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// What a value is drawn from.
#[derive(Clone, Debug, PartialEq)]
enum Range {
    Choice(Vec<Value>),
    Whole { from: i64, to: i64 },
    Real { from: f64, to: f64, log: bool },
}

impl Range {
    fn of(value: &Value) -> Result<Range, String> {
        const HOW: &str = "give { choose = [...] } or { from = ..., to = ... }, with log = true for a factor";
        let Value::Table(table) = value else { return Err(HOW.into()) };
        if let Some(unknown) =
            table.keys().find(|key| !["choose", "from", "to", "log"].contains(&key.as_str()))
        {
            return Err(format!("there is no `{unknown}`; {HOW}"));
        }
        let log = match table.get("log") {
            None => false,
            Some(Value::Boolean(log)) => *log,
            Some(_) => return Err("log is true or false".into()),
        };
        match (table.get("choose"), table.get("from"), table.get("to")) {
            (Some(Value::Array(values)), None, None) if !values.is_empty() && !log => {
                Ok(Range::Choice(values.clone()))
            }
            (None, Some(Value::Integer(from)), Some(Value::Integer(to))) if from <= to && !log => {
                Ok(Range::Whole { from: *from, to: *to })
            }
            (None, Some(from), Some(to)) => {
                let number = |value: &Value| match value {
                    #[expect(clippy::cast_precision_loss, reason = "an end of a range")]
                    Value::Integer(number) => Some(*number as f64),
                    Value::Float(number) => Some(*number),
                    _ => None,
                };
                match (number(from), number(to)) {
                    (Some(from), Some(to)) if from <= to && to.is_finite() && from.is_finite() => {
                        if log && from <= 0.0 {
                            return Err("with log = true, both ends must be above 0".into());
                        }
                        Ok(Range::Real { from, to, log })
                    }
                    _ => Err("from and to are numbers, from not above to".into()),
                }
            }
            _ => Err(HOW.into()),
        }
    }

    fn draw(&self, generator: &mut ChaCha8Rng) -> Value {
        let bits = generator.next_u64();
        let below = |count: u128| u64::try_from((u128::from(bits) * count) >> 64).unwrap_or(0);
        match self {
            Range::Choice(values) => {
                values[usize::try_from(below(values.len() as u128)).unwrap_or(0)].clone()
            }
            Range::Whole { from, to } => {
                let count = u128::from(to.abs_diff(*from)) + 1;
                Value::Integer(from.wrapping_add_unsigned(below(count)))
            }
            &Range::Real { from, to, log } => {
                #[expect(clippy::cast_precision_loss, reason = "53 bits")]
                let share = (bits >> 11) as f64 / (1u64 << 53) as f64;
                let number = if log { from * (to / from).powf(share) } else { from + (to - from) * share };
                // Few digits, so that the mathematics of the machine decides none of them.
                let rounded = format!("{number:.*e}", DIGITS - 1).parse().unwrap_or(number);
                Value::Float(rounded.clamp(from, to))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Shape;
    use crate::sweep::Sweep;
    use wheatstone_sim::Nudge;

    fn tasks(text: &str) -> Vec<Task> {
        Plan::parse(text, "plan.toml").unwrap().tasks().unwrap()
    }

    #[track_caller]
    fn refused(text: &str, fragments: &[&str]) {
        let error = Plan::parse(text, "plan.toml").and_then(|plan| plan.tasks()).unwrap_err();
        assert_eq!(error.category(), ErrorCategory::BadInput);
        for fragment in fragments {
            assert!(error.to_string().contains(fragment), "no `{fragment}` in: {error}");
        }
    }

    #[test]
    fn every_point_goes_with_every_entry_draw_and_seed() {
        let tasks = tasks(
            "seeds = 3\n[base]\nextends = 'xor'\nepochs = 5\n[grid]\nomega = [8, 12]\nnudge.eta = [0, 1]\n\
             [[list]]\nnetwork.shape.layered.hidden = [4]\n[[list]]\nlearning = { mode = 'continuous', every = 2 }\n\
             [random]\ncount = 2\n[random.keys]\nsteps = { from = 4, to = 400 }\nencoding.label = { from = 0.1, to = 0.2 }",
        );
        assert_eq!(tasks.len(), 2 * 2 * 2 * 2 * 3);
        let seeds: Vec<u64> = tasks.iter().take(4).map(Task::seed).collect();
        assert_eq!(seeds, [1, 2, 3, 1]);
        let first = &tasks[0];
        assert_eq!((first.configuration.epochs, first.configuration.nudge), (5, Nudge::Clamped { eta: 0 }));
        assert_eq!(first.configuration.network.shape, Shape::Layered { hidden: vec![4] });
        let drawn = |task: &Task| (task.configuration.steps, task.configuration.encoding.clone());
        assert_eq!(drawn(first), drawn(&tasks[2]));
        assert_ne!(drawn(first), drawn(&tasks[3]));
        assert!(tasks.iter().all(|task| (4..=400).contains(&task.configuration.steps)));
        assert_eq!(first.parameters["omega"], 8);
        assert!(first.is_replica_of(&tasks[2]) && !first.is_replica_of(&tasks[3]));
        let place = tempfile::tempdir().unwrap();
        Sweep::create(place.path(), tasks.clone()).unwrap();
        assert_eq!(Sweep::open(place.path()).unwrap().tasks(), tasks);
    }

    #[test]
    fn equal_configurations_count_once_whatever_they_are_called() {
        let plan = "[base]\nextends = 'xor'\n[[list]]\nname = 'a'\n[[list]]\nname = 'b'\n[[list]]\nseed = 7\n[[list]]\nomega = 8";
        assert_eq!(tasks(plan).iter().map(Task::seed).collect::<Vec<_>>(), [1, 7]);
        assert_eq!(tasks("seeds = [5, 3, 5]\n[base]\nextends = 'xor'").len(), 2);
    }

    #[test]
    fn a_range_covers_its_ends_and_no_more() {
        let range = |text: &str| Range::of(&format!("x = {text}").parse::<Table>().unwrap()["x"]);
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let mut draws = |text: &str| -> Vec<String> {
            let range = range(text).unwrap();
            let mut drawn: Vec<String> = (0..200).map(|_| range.draw(&mut generator).to_string()).collect();
            drawn.sort();
            drawn.dedup();
            drawn
        };
        assert_eq!(draws("{ from = -1, to = 2 }"), ["-1", "0", "1", "2"]);
        assert_eq!(draws("{ choose = ['a', 3] }"), ["\"a\"", "3"]);
        let log: Vec<f64> =
            draws("{ from = 0.001, to = 10, log = true }").iter().map(|x| x.parse().unwrap()).collect();
        assert!(log.iter().all(|x| (0.001..=10.0).contains(x)));
        assert!(
            (60..140).contains(&log.iter().filter(|&&x| x < 0.1).count()),
            "half of the factors lie below"
        );
        for wrong in [
            "{ from = 2, to = 1 }",
            "{ from = 0.0, to = 1, log = true }",
            "{ choose = [] }",
            "3",
            "{ form = 1 }",
        ] {
            range(wrong).unwrap_err();
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        refused("[base]\nextends = 'xor'\n[grid]\nomega = 8", &["plan.toml: grid.omega: give a list"]);
        refused("[base]\nextends = 'xor'\n[grid]\nomega = []", &["grid.omega", "empty"]);
        refused("[base]\nextends = 'xor'\n[grid]\nomega = [8, 99]", &["with omega = 99", "omega"]);
        refused("[base]\nextends = 'xro'", &["there is no preset `xro`"]);
        refused("base = 3", &["plan.toml", "line 1"]);
        refused("seed = 3\n[base]\nextends = 'xor'", &["unknown field `seed`", "docs/sweeps.md"]);
        refused("seeds = 2000000\n[base]\nextends = 'xor'", &["2000000 tasks", "the most"]);
        refused(
            "[base]\nextends = 'xor'\n[random]\ncount = 1\n[random.keys]\nomega = 3",
            &["random.keys.omega", "choose"],
        );
        let many = "[random]\ncount = 4000000000\n[random.keys]\nomega = { choose = [8] }";
        for (text, fragments) in [
            ("seeds = 0", ["seeds", "there is no task"]),
            ("seeds = []", ["seeds", "there is no task"]),
            ("seeds = 4000000000", ["4000000000 tasks", "the most"]),
            (many, ["4000000000 tasks", "the most"]),
            (many.replace("4000000000", "0").as_str(), ["random.count", "there is no task"]),
        ] {
            refused(&format!("base = {{ extends = 'xor' }}\n{text}"), &fragments);
        }
    }

    #[test]
    fn no_key_varies_in_two_places() {
        let xor = "base = { extends = 'xor' }\n";
        for (text, fragments) in [
            ("[grid]\nomega = [8]\n[[list]]\nomega = 9", ["list.omega", "grid varies omega"]),
            (
                "[grid]\nnetwork.shape = ['crossbar']\n[[list]]\nnetwork.shape.layered.hidden = [4]",
                ["list.network.shape.layered.hidden", "grid varies network.shape"],
            ),
            (
                "[[list]]\nnudge.eta = 1\n[random]\ncount = 1\n[random.keys]\nnudge = { choose = [{ kind = 'clamped', eta = 2 }] }",
                ["random.keys.nudge", "list varies nudge.eta"],
            ),
        ] {
            refused(&format!("{xor}{text}"), &fragments);
        }
        refused(&format!("seeds = [1]\n{xor}[[list]]\nseed = 7"), &["list.seed", "seeds varies seed"]);
        assert_eq!(tasks(&format!("seeds = 2\n{xor}[[list]]\nseed = 7")).len(), 2);
        assert_eq!(tasks(&format!("{xor}[grid]\nsteps = [8]\n[[list]]\nread_steps = 16")).len(), 1);
    }
}

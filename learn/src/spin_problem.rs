//! Problems for arrays of spins: graphs in the format of Gset, and random spin glasses.

use crate::bounded::read_bounded;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;
use thiserror::Error;
use wheatstone_sim::spins::{MOST_COUPLING, SpinGraph, SpinGraphError};
use wheatstone_sim::{Categorized, ErrorCategory};

/// The most bytes of a file with a graph.
const LONGEST: u64 = 256 << 20;

/// The most spins of a random glass.
const MOST_SPINS: u64 = 1 << 22;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The lowest energy `-sum J s s`; numbers of a file are couplings.
    Energy,
    /// The largest cut: the sum of the weights of edges between unlike spins; numbers of a file are weights, couplings their
    /// opposites.
    Cut,
}

/// A graph with what its numbers mean.
#[derive(Clone, Debug)]
pub struct SpinProblem {
    /// What it is called.
    pub name: String,
    /// Spins and couplings.
    pub graph: SpinGraph,
    /// What is looked for.
    pub goal: Goal,
}

/// A problem that cannot be had.
#[derive(Debug, Error)]
pub enum SpinProblemError {
    /// The file cannot be read.
    #[error("{file}: {error}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        error: std::io::Error,
    },
    /// A line of the file is not what stands there.
    #[error("{file}: line {line}: {problem}")]
    Line {
        /// Which file.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The couplings make no graph.
    #[error("{name}: {error}")]
    Graph {
        /// The file or glass.
        name: String,
        /// What is wrong.
        error: SpinGraphError,
    },
    /// No such glass.
    #[error(
        "`{text}` is neither a file nor a glass; give a file, or 2d:L, 2dp:L, 3d:L or sk:N, with up to {MOST_SPINS} spins"
    )]
    Glass {
        /// What was asked for.
        text: String,
    },
}

impl Categorized for SpinProblemError {
    fn category(&self) -> ErrorCategory {
        match self {
            SpinProblemError::Unreadable { error, .. } => ErrorCategory::BadInput.unless_denied(error),
            SpinProblemError::Graph { error, .. } => error.category(),
            SpinProblemError::Line { .. } | SpinProblemError::Glass { .. } => ErrorCategory::BadInput,
        }
    }
}

/// How couplings of a random glass are distributed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Couplings {
    /// 1 or -1.
    PlusMinusOne,
    /// Normal, of standard deviation 1024: the sum of twelve even numbers.
    Gaussian,
}

/// Two nodes, from 1 to `nodes`, and the weight of the edge between them, as a line gives them.
fn edge(line: &str, nodes: usize) -> Option<(u32, u32, i32)> {
    let node = |word: &str| word.parse::<u32>().ok().filter(|&node| node >= 1 && node as usize <= nodes);
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        [a, b] => Some((node(a)?, node(b)?, 1)),
        [a, b, weight] => Some((node(a)?, node(b)?, weight.parse().ok()?)),
        _ => None,
    }
}

impl SpinProblem {
    /// Reads a graph in the format of Gset: a line with the numbers of nodes and edges, then a line for each edge with its two nodes, from
    /// 1, and its weight. Blank lines and lines that begin with `#` are left out.
    ///
    /// # Errors
    /// [`SpinProblemError`] names file and line.
    pub fn read(path: &Path, goal: Goal) -> Result<SpinProblem, SpinProblemError> {
        let file = path.display().to_string();
        let unreadable = |error| SpinProblemError::Unreadable { file: file.clone(), error };
        let bytes = read_bounded(path, LONGEST).map_err(unreadable)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error.utf8_error()))
        })?;
        let name = path.file_stem().map_or_else(|| file.clone(), |stem| stem.to_string_lossy().into_owned());
        SpinProblem::parse(&text, &file, name, goal)
    }

    fn parse(text: &str, file: &str, name: String, goal: Goal) -> Result<SpinProblem, SpinProblemError> {
        let wrong =
            |line: usize, problem: String| SpinProblemError::Line { file: file.to_owned(), line, problem };
        let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let all = lines.clone();
        let (at, first) =
            lines.next().ok_or_else(|| wrong(1, "the file is empty; give nodes and edges".into()))?;
        let counts: Option<Vec<usize>> = first.split_whitespace().map(|word| word.parse().ok()).collect();
        let Some(&[spins, edges]) = counts.as_deref() else {
            return Err(wrong(at, format!("`{first}` must be the numbers of nodes and edges")));
        };
        if spins as u64 > MOST_SPINS {
            return Err(wrong(at, format!("{spins} nodes are more than {MOST_SPINS}")));
        }
        let mut couplings = Vec::new();
        let mut last = at;
        for (number, line) in lines {
            let Some((a, b, weight)) = edge(line, spins) else {
                let problem =
                    format!("`{line}` is no edge: give two nodes from 1 to {spins} and a whole weight");
                return Err(wrong(number, problem));
            };
            if weight.unsigned_abs() > MOST_COUPLING.unsigned_abs() {
                let problem = format!(
                    "a weight may be {MOST_COUPLING} at most, and {weight} is more; scale weights down"
                );
                return Err(wrong(number, problem));
            }
            if a == b {
                return Err(wrong(number, format!("`{line}` joins node {a} with itself; give two nodes")));
            }
            let coupling = match goal {
                Goal::Energy => weight,
                Goal::Cut => -weight,
            };
            couplings.push((a - 1, b - 1, coupling));
            last = number;
        }
        if couplings.len() != edges {
            let found = couplings.len();
            return Err(wrong(
                last,
                format!("the file ends after {found} edges, and its first line promises {edges}"),
            ));
        }
        SpinGraph::new(spins, couplings)
            .map(|graph| SpinProblem { name, graph, goal })
            .map_err(|error| match error {
                SpinGraphError::Twice { a, b } => {
                    let pair = [a.min(b) + 1, a.max(b) + 1];
                    let joins = |line| edge(line, spins).is_some_and(|(a, b, _)| [a.min(b), a.max(b)] == pair);
                    let twice: Vec<usize> =
                        all.skip(1).filter(|(_, line)| joins(line)).map(|(number, _)| number).collect();
                    let (first, last) = (twice.first().unwrap_or(&at), twice.last().unwrap_or(&at));
                    let [a, b] = pair;
                    wrong(*last, format!("nodes {a} and {b} are joined by line {first} already; add the two weights up in one line"))
                }
                error => SpinProblemError::Graph { name: file.to_owned(), error },
            })
    }

    /// A random glass by its name: `2d:L` (open), `2dp:L` (periodic), `3d:L` (periodic) or `sk:N` (all pairs).
    ///
    /// # Errors
    /// [`SpinProblemError::Glass`] if there is none of that name and size.
    pub fn glass(text: &str, couplings: Couplings, seed: u64) -> Result<SpinProblem, SpinProblemError> {
        let unknown = || SpinProblemError::Glass { text: text.to_owned() };
        let (kind, size) = text.split_once(':').ok_or_else(unknown)?;
        let size: u32 = size.parse().ok().filter(|&size| size >= 2).ok_or_else(unknown)?;
        let spins = match kind {
            "2d" | "2dp" => u64::from(size).pow(2),
            "3d" => u64::from(size).checked_pow(3).ok_or_else(unknown)?,
            "sk" if size <= 4096 => size.into(),
            _ => return Err(unknown()),
        };
        if spins > MOST_SPINS {
            return Err(unknown());
        }
        // A periodic lattice of extent 2 would couple two spins twice.
        let wraps = kind != "2d" && size > 2;
        let mut pairs = Vec::new();
        let next = |x: u32| (x + 1 < size).then_some(x + 1).or(wraps.then_some(0));
        match kind {
            "sk" => (0..size).for_each(|b| pairs.extend((0..b).map(|a| (a, b)))),
            _ => {
                let layers = if kind == "3d" { size } else { 1 };
                for (z, y, x) in
                    (0..layers).flat_map(|z| (0..size).flat_map(move |y| (0..size).map(move |x| (z, y, x))))
                {
                    let id = |z: u32, y: u32, x: u32| (z * size + y) * size + x;
                    pairs.extend(next(x).map(|other| (id(z, y, x), id(z, y, other))));
                    pairs.extend(next(y).map(|other| (id(z, y, x), id(z, other, x))));
                    let above = if layers > 1 { next(z) } else { None };
                    pairs.extend(above.map(|other| (id(z, y, x), id(other, y, x))));
                }
            }
        }
        let mut draws = ChaCha8Rng::seed_from_u64(seed);
        let mut drawn = || match couplings {
            Couplings::PlusMinusOne => {
                if draws.next_u32() >> 31 == 1 {
                    1
                } else {
                    -1
                }
            }
            Couplings::Gaussian => {
                let sum: i32 = (0..12).map(|_| (draws.next_u32() >> 22).cast_signed()).sum();
                sum - 6 * 1023
            }
        };
        let couplings = pairs.into_iter().map(|(a, b)| (a, b, drawn())).collect();
        let name = format!("{}-{seed}", text.replace(':', "-"));
        let graph = SpinGraph::new(usize::try_from(spins).unwrap_or(usize::MAX), couplings);
        let failed = |error| SpinProblemError::Graph { name: name.clone(), error };
        Ok(SpinProblem { graph: graph.map_err(failed)?, name, goal: Goal::Energy })
    }

    /// What an energy means for what is looked for: itself, or the cut it belongs to.
    pub fn value(&self, energy: i64) -> i64 {
        match self.goal {
            Goal::Energy => energy,
            // A cut is half of all weights and half of -sum w s s, and couplings are -w.
            Goal::Cut => (self.weights() - energy) / 2,
        }
    }

    /// The sum of all weights.
    fn weights(&self) -> i64 {
        self.graph.couplings().iter().map(|&(.., coupling)| -i64::from(coupling)).sum()
    }

    /// The energy that belongs to such a value.
    pub fn energy(&self, value: i64) -> i64 {
        match self.goal {
            Goal::Energy => value,
            Goal::Cut => self.weights() - 2 * value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, goal: Goal) -> Result<SpinProblem, String> {
        SpinProblem::parse(text, "g.txt", "g".into(), goal).map_err(|error| error.to_string())
    }

    #[test]
    fn a_cut_is_what_its_edges_weigh() {
        let square = "4 5\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n1 3 -2\n";
        let odd = parse("2 1\n1 2 3\n", Goal::Cut).unwrap();
        assert_eq!(odd.value(odd.energy(3)), 3);
        let problem = parse(square, Goal::Cut).unwrap();
        let cut = |spins: [i8; 4]| problem.value(problem.graph.energy(|spin| spins[spin as usize]));
        assert_eq!(cut([1, -1, 1, -1]), 4);
        assert_eq!(cut([1, 1, 1, 1]), 0);
        assert_eq!(cut([1, 1, -1, -1]), 0);
        assert_eq!([4, 0, -3].map(|value| problem.value(problem.energy(value))), [4, 0, -3]);
        // The file's numbers are couplings where an energy is looked for.
        assert_eq!(parse(square, Goal::Energy).unwrap().graph.energy(|_| 1), -2);
    }

    #[test]
    fn glasses_have_their_edges() {
        let edges = |text| {
            let problem = SpinProblem::glass(text, Couplings::PlusMinusOne, 1).unwrap();
            (problem.graph.spins(), problem.graph.couplings().len())
        };
        assert_eq!(edges("2d:5"), (25, 40));
        assert_eq!(edges("2dp:5"), (25, 50));
        assert_eq!(edges("3d:4"), (64, 192));
        assert_eq!(edges("2dp:2"), (4, 4));
        assert_eq!(edges("sk:9"), (9, 36));
        let couplings =
            |seed| SpinProblem::glass("2d:5", Couplings::Gaussian, seed).unwrap().graph.couplings().to_vec();
        assert_ne!(couplings(1), couplings(2));
        assert_eq!(couplings(1), couplings(1));
        for bad in ["2d", "4d:3", "2d:1", "2d:x", "3d:100000", "sk:5000", "nofile"] {
            assert!(SpinProblem::glass(bad, Couplings::PlusMinusOne, 1).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, what) in [
            ("", "line 1: the file is empty"),
            ("3\n", "line 1: `3` must be"),
            ("3 1\n1 4 1\n", "line 2: `1 4 1` is no edge"),
            ("3 1\n\n# x\n1 2 0.5\n", "line 4: `1 2 0.5` is no edge"),
            ("3 2\n1 2 1\n", "line 2: the file ends after 1 edges"),
            ("3 2\n1 2 1\n2 1 1\n", "g.txt: line 3: nodes 1 and 2 are joined by line 2 already"),
            ("3 1\n2 2 1\n", "line 2: `2 2 1` joins node 2 with itself"),
            ("3 2\n1 2 1\n2 3 -2147483648\n", "line 3: a weight may be"),
            ("3 2\n1 2 1\n2 3 2147483647\n", "line 3: a weight may be"),
            ("9999999999 0\n", "more than 4194304"),
        ] {
            let error = parse(text, Goal::Cut).unwrap_err();
            assert!(error.contains(what), "{error}");
        }
    }
}

//! Generated tasks: the small problems on which networks that learn physically are usually shown.
//!
//! | task | rows | what is to be learned |
//! |---|---|---|
//! | `xor` | 4 | `a != b`, as two classes |
//! | `linear-regression` | 96, the last 32 for testing | `y = A x + b` in volts, two in, two out |
//! | `nonlinear-regression` | 8 | a parabola in volts, one in, one out |
//! | `allostery` | 1 | given voltages at two nodes when three others are driven |
//!
//! Nothing here depends on a seed or a machine: random points come from ChaCha8 with a fixed seed, and
//! arithmetic is limited to `+ - * /`. The voltages are fractions of full scale: 1 V is the largest voltage of
//! the network's format.
//!
//! The encoding belongs to the preset of the same name: it passes volts through unchanged and adds the rails that
//! bring the wanted voltages within reach of a passive network.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::data::dataset::{Citation, Dataset, DatasetError, Targets};

/// A task whose rows are computed, not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Task {
    /// Exclusive or of two bits; out of reach of a linear network.
    Xor,
    /// Two linear functions of two inputs, within reach of a passive linear network.
    LinearRegression,
    /// A curve through 8 points, out of reach of a linear network.
    NonlinearRegression,
    /// One response at a distance: drive some nodes, ask for voltages at others.
    Allostery,
}

/// Matrix `A` of the linear regression: row o holds the weights of the inputs in output o.
const LINEAR_WEIGHTS: [[f64; 2]; 2] = [[0.15, 0.20], [0.10, 0.25]];
/// Offset `b` of the linear regression, in volts.
const LINEAR_OFFSETS: [f64; 2] = [-0.25, 0.05];
const LINEAR_ROWS: usize = 96;
const LINEAR_TEST_FROM: usize = 64;
const LINEAR_SEED: u64 = 1;

/// Points of the nonlinear regression.
const CURVE_POINTS: u8 = 8;
/// The inputs run from minus to plus this voltage.
const CURVE_REACH: f64 = 0.35;
/// The straight part rises from minus to plus this voltage.
const CURVE_RISE: f64 = 0.15;
/// Height of the hump on top of it, in volts; sets how far the best straight line misses the points.
const CURVE_HUMP: f64 = 0.04856;

const ALLOSTERY_SOURCES: [f64; 3] = [1.0, 0.0, -1.0];
const ALLOSTERY_TARGETS: [f64; 2] = [0.3, -0.2];

impl Task {
    /// All of them, in the order they are listed to users.
    pub const ALL: [Task; 4] =
        [Task::Xor, Task::LinearRegression, Task::NonlinearRegression, Task::Allostery];

    /// The name it goes by: `xor`, `linear-regression`, `nonlinear-regression` or `allostery`.
    pub fn name(self) -> &'static str {
        match self {
            Task::Xor => "xor",
            Task::LinearRegression => "linear-regression",
            Task::NonlinearRegression => "nonlinear-regression",
            Task::Allostery => "allostery",
        }
    }

    /// The task of that name.
    pub fn from_name(name: &str) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.name() == name)
    }

    /// One line that says what is to be learned.
    pub fn summary(self) -> &'static str {
        match self {
            Task::Xor => "whether two bits differ",
            Task::LinearRegression => "two linear functions of two voltages",
            Task::NonlinearRegression => "a curve through 8 points, one voltage in, one out",
            Task::Allostery => "wanted voltages at two nodes when three others are driven",
        }
    }

    /// The work that made the task known, if it has one author.
    pub fn citation(self) -> Option<Citation> {
        let (reference, link) = match self {
            Task::Xor | Task::LinearRegression => return None,
            Task::NonlinearRegression => (
                "S. Dillavou et al. (2024). Machine learning without a processor: Emergent learning in a \
                 nonlinear analog network. PNAS 121, e2319718121.",
                "https://doi.org/10.1073/pnas.2319718121",
            ),
            Task::Allostery => (
                "J. W. Rocks et al. (2019). Limits of multifunctionality in tunable networks. PNAS 116, \
                 2506-2511.",
                "https://doi.org/10.1073/pnas.1806790116",
            ),
        };
        Some(Citation { reference, link, licence: None })
    }

    /// The rows of the task.
    ///
    /// # Errors
    /// None in practice: the constants of this file are tested.
    pub fn load(self) -> Result<Dataset, DatasetError> {
        let set = match self {
            Task::Xor => xor(),
            Task::LinearRegression => linear_regression(),
            Task::NonlinearRegression => nonlinear_regression(),
            Task::Allostery => allostery(),
        }?;
        Ok(match self.citation() {
            Some(citation) => set.with_citation(citation),
            None => set,
        })
    }
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn xor() -> Result<Dataset, DatasetError> {
    let values = vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
    let targets = Targets::Classes { names: names(&["equal", "different"]), labels: vec![0, 1, 1, 0] };
    Dataset::new("xor", names(&["a", "b"]), values, targets)
}

/// `y = A x + b` at random points of the square `[-1, 1]^2`, with rails at -1 and +1 V.
///
/// Every output of a passive linear network is a weighted mean of its sources, weights at least 0 and summing
/// to 1. Here the weights of output o are its row of `A`, `(1 - sum A + b) / 2` for the upper rail and
/// `(1 - sum A - b) / 2` for the lower: all positive, so the rows can be met exactly.
fn linear_regression() -> Result<Dataset, DatasetError> {
    let mut rng = ChaCha8Rng::seed_from_u64(LINEAR_SEED);
    let mut values = Vec::with_capacity(2 * LINEAR_ROWS);
    let mut wanted = Vec::with_capacity(2 * LINEAR_ROWS);
    for _ in 0..LINEAR_ROWS {
        let x = [unit_square(&mut rng), unit_square(&mut rng)];
        for (weights, offset) in LINEAR_WEIGHTS.iter().zip(LINEAR_OFFSETS) {
            wanted.push(weights[0] * x[0] + weights[1] * x[1] + offset);
        }
        values.extend(x);
    }
    let targets = Targets::Values { names: names(&["y0", "y1"]), rows: wanted };
    Dataset::new("linear-regression", names(&["x0", "x1"]), values, targets)?.with_test_from(LINEAR_TEST_FROM)
}

/// A number in [-1, 1), a multiple of 2^-31: exact in a float.
fn unit_square(rng: &mut ChaCha8Rng) -> f64 {
    f64::from(rng.next_u32()) / 2_147_483_648.0 - 1.0
}

/// With `s` equally spaced from -1 to 1: input `CURVE_REACH * s`, output `CURVE_RISE * s + CURVE_HUMP * (1 - s^2)`.
///
/// The best straight line misses the points by 3.3e-4 V^2 in the mean, the figure of the cited work. The curve
/// rises everywhere, because a network of monotone resistors can give no other: when one source rises, no
/// node's voltage falls.
fn nonlinear_regression() -> Result<Dataset, DatasetError> {
    let last = f64::from(CURVE_POINTS - 1);
    let places = (0..CURVE_POINTS).map(|i| (2.0 * f64::from(i) - last) / last);
    let (values, rows) =
        places.map(|s| (CURVE_REACH * s, CURVE_RISE * s + CURVE_HUMP * (1.0 - s * s))).unzip();
    Dataset::new(
        "nonlinear-regression",
        names(&["x"]),
        values,
        Targets::Values { names: names(&["y"]), rows },
    )
}

/// Three driven nodes, two wanted voltages between them.
fn allostery() -> Result<Dataset, DatasetError> {
    let targets = Targets::Values { names: names(&["target0", "target1"]), rows: ALLOSTERY_TARGETS.to_vec() };
    let sources = names(&["source0", "source1", "source2"]);
    Dataset::new("allostery", sources, ALLOSTERY_SOURCES.to_vec(), targets)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::encoding::{Encoder, EncodingConfig};
    use crate::preset::Preset;
    use wheatstone_sim::Format;

    #[test]
    fn xor_is_exclusive_or() {
        let set = Task::Xor.load().unwrap();
        for row in 0..4 {
            let x = set.row(row);
            assert_eq!(set.label(row), Some(usize::from(x[0] != x[1])));
        }
        assert_eq!(set.rows(), 4);
    }

    #[test]
    fn linear_regression_is_a_weighted_mean_of_inputs_and_rails() {
        for (weights, offset) in LINEAR_WEIGHTS.iter().zip(LINEAR_OFFSETS) {
            let left: f64 = 1.0 - weights.iter().sum::<f64>();
            assert!(weights.iter().all(|w| *w > 0.0) && left + offset > 0.0 && left - offset > 0.0);
        }
        let set = Task::LinearRegression.load().unwrap();
        assert_eq!((set.rows(), set.features().len(), set.test_from()), (96, 2, Some(64)));
        for row in 0..set.rows() {
            let (x, y) = (set.row(row), set.target_values(row).unwrap());
            assert!(x.iter().all(|x| (-1.0..1.0).contains(x)));
            assert!((y[0] - (0.15 * x[0] + 0.20 * x[1] - 0.25)).abs() < 1e-15);
            assert!((y[1] - (0.10 * x[0] + 0.25 * x[1] + 0.05)).abs() < 1e-15);
        }
        // Spread over the square, not repeated.
        let mean = (0..96).map(|row| set.row(row)[0]).sum::<f64>() / 96.0;
        assert!(mean.abs() < 0.2 && set.row(0) != set.row(1), "{mean}");
    }

    #[test]
    fn the_best_line_misses_the_curve_by_the_published_figure() {
        let set = Task::NonlinearRegression.load().unwrap();
        assert_eq!(set.rows(), 8);
        let points: Vec<(f64, f64)> =
            (0..8).map(|r| (set.row(r)[0], set.target_values(r).unwrap()[0])).collect();
        let mean = |f: &dyn Fn(f64, f64) -> f64| points.iter().map(|&(x, y)| f(x, y)).sum::<f64>() / 8.0;
        let (mx, my) = (mean(&|x, _| x), mean(&|_, y| y));
        let slope = mean(&|x, y| (x - mx) * (y - my)) / mean(&|x, _| (x - mx) * (x - mx));
        let missed = mean(&|x, y| {
            let error = y - my - slope * (x - mx);
            error * error
        });
        assert!((missed - 3.3e-4).abs() < 1e-6, "{missed}");
        assert!(points.windows(2).all(|p| p[1].1 > p[0].1), "a passive network can only rise: {points:?}");
    }

    fn encoding_of(task: Task) -> EncodingConfig {
        Preset::find(task.name()).unwrap().config().unwrap().encoding
    }

    #[test]
    fn wanted_voltages_lie_between_the_sources() {
        for task in [Task::LinearRegression, Task::NonlinearRegression, Task::Allostery] {
            let (set, encoding) = (task.load().unwrap(), encoding_of(task));
            for row in 0..set.rows() {
                let sources = || set.row(row).iter().chain(&encoding.rails).copied();
                let low = sources().fold(f64::INFINITY, f64::min);
                let high = sources().fold(f64::NEG_INFINITY, f64::max);
                assert!(set.target_values(row).unwrap().iter().all(|y| (low..=high).contains(y)), "{task:?}");
            }
        }
    }

    #[test]
    fn volts_pass_through_the_encoding_of_every_task() {
        let sizes = [(6, 1), (4, 2), (3, 1), (3, 2)];
        for (task, (inputs, outputs)) in Task::ALL.into_iter().zip(sizes) {
            assert_eq!(Task::from_name(task.name()), Some(task));
            let set = task.load().unwrap();
            assert_eq!(set.name(), task.name());
            let rows: Vec<usize> = (0..set.rows()).collect();
            let encoder = Encoder::fit(&encoding_of(task), &set, &rows).unwrap();
            assert_eq!((encoder.inputs(), encoder.outputs()), (inputs, outputs), "{task:?}");
            let sample = encoder.sample(Format::WIDE, &set, 0).unwrap();
            if let Some(y) = set.target_values(0) {
                assert_eq!(sample.inputs[0], Format::WIDE.quantise_volts(set.row(0)[0]));
                assert_eq!(sample.targets[0].unwrap().voltage, Format::WIDE.quantise_volts(y[0]));
            }
        }
        assert_eq!(Task::from_name("xnor"), None);
    }
}

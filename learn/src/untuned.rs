//! Settings for a table of which nothing is known: rules, and what they give for a data set.
//!
//! A rule looks at the number of rows, features and classes, never at a row, and gives plain numbers: what comes out stands in
//! the run's configuration like what a person writes there, and the run is a function of that. `docs/data.md` gives the reasons.

use crate::config::{Annealing, ConfigError, Draft, NetworkConfig, RunConfig, Shape};
use crate::data::{Dataset, EncodingConfig, Scale, Targets, ValueOutputs};
use wheatstone_sim::network::EdgeKind;
use wheatstone_sim::{Format, Initial, Nudge};

/// Sum of the conductances from a hidden node to the layer before it, in the mean and in units of full conductance.
const SUM_FROM_INPUTS: f64 = 1.5;

/// Likewise of an output, or of a hidden node to the hidden layer before it.
const SUM_FROM_HIDDEN: f64 = 3.0;

/// The nudge's conductance is 2^-BETA: much smaller than [`SUM_FROM_HIDDEN`], or the centred nudge would not be stable.
const BETA: u8 = 2;

/// Learning shift of every layer but the last, and of the last, whose drops are larger.
const ALPHA: i8 = 4;
const LAST_ALPHA: i8 = 3;

/// Standard deviation of a feature, in volts: two and a half deviations fill the range.
const GAIN: f64 = 0.4;

/// Nodes of the hidden layer for few classes.
pub const HIDDEN: usize = 64;

/// Nodes of the hidden layer for each class, where there are many.
const HIDDEN_PER_CLASS: usize = 2;

/// The most hidden nodes.
const MOST_HIDDEN: usize = 512;

/// Samples a run shows, if the number of its epochs stays between the two.
const SAMPLES: usize = 40_000;
const FEWEST_EPOCHS: usize = 20;
const MOST_EPOCHS: usize = 100;

/// Wanted voltage of the right class, and of values at the end of their range.
const LABEL: f64 = 0.015;
const VALUE: f64 = 0.04;

/// The fewest LSB that the largest initial conductance of a layer has, so that conductances differ in a narrow format.
const FEWEST_LSB: f64 = 16.0;

/// What is decided already.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The format.
    pub format: Format,
    /// The share of the rows that is held out, unless the data set has test rows of its own.
    pub test_fraction: f64,
    /// Sizes of the hidden layers, if they are not to follow from the data.
    pub hidden: Option<Vec<usize>>,
    /// How a regression's values become voltages; raw values are volts already, and no rule moves them.
    pub values: ValueOutputs,
}

/// Settings for a data set, by the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Untuned {
    /// Times the training rows are shown.
    pub epochs: u32,
    /// How learning slows down; it follows from the rows alone, so that a run of fewer epochs is the beginning of a longer one.
    pub annealing: Annealing,
    /// How outputs are nudged.
    pub nudge: Nudge,
    /// How rows become voltages.
    pub encoding: EncodingConfig,
    /// The layered network.
    pub network: NetworkConfig,
}

impl Untuned {
    /// What the rules give for a data set where some things are decided already.
    pub fn of(dataset: &Dataset, chosen: &Chosen) -> Untuned {
        let rows = training_rows(dataset, chosen.test_fraction);
        let (answers, classes) = match dataset.targets() {
            Targets::Classes { names, .. } => (names.len(), true),
            Targets::Values { names, .. } => (names.len(), false),
        };
        let encoding = encoding(classes, chosen.values);
        let inputs = 2 * dataset.features().len() + encoding.rails.len();
        let hidden = chosen.hidden.clone().unwrap_or_else(|| vec![width(answers)]);
        let epochs = epochs(rows);
        Untuned {
            epochs,
            annealing: Annealing { start: 3, every: (epochs / 4).max(1) },
            nudge: Nudge::Current { beta: BETA, centred: true },
            encoding,
            network: NetworkConfig {
                edge: EdgeKind::Linear,
                alpha: hidden.iter().map(|_| ALPHA).chain([LAST_ALPHA]).collect(),
                frozen: Vec::new(),
                initial: initial(inputs, &hidden, chosen.format),
                inputs: Vec::new(),
                outputs: Vec::new(),
                shape: Shape::Layered { hidden },
            },
        }
    }

    /// What the rules give for a data set in the format and with the test rows of a configuration.
    pub fn beside(config: &RunConfig, dataset: &Dataset) -> Untuned {
        let (format, test_fraction) = (config.format.0, config.data.test_fraction);
        Untuned::of(dataset, &Chosen { format, test_fraction, hidden: None, values: config.encoding.values })
    }

    /// Replaces what a configuration says of these things.
    ///
    /// # Errors
    /// None: all of it serialises.
    pub fn put_into(&self, draft: &mut Draft) -> Result<(), ConfigError> {
        draft.put("epochs", self.epochs)?;
        draft.put("annealing", self.annealing)?;
        draft.put("nudge", self.nudge)?;
        draft.put("encoding", &self.encoding)?;
        draft.put("network", &self.network)
    }
}

/// The rows that will be trained on.
fn training_rows(dataset: &Dataset, test_fraction: f64) -> usize {
    let rows = dataset.rows();
    #[expect(clippy::cast_precision_loss, reason = "a number of rows")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and that number")]
    let held_out = (rows as f64 * test_fraction) as usize;
    dataset.test_from().unwrap_or(rows - held_out)
}

fn width(answers: usize) -> usize {
    (HIDDEN_PER_CLASS * answers).clamp(HIDDEN, MOST_HIDDEN)
}

fn epochs(rows: usize) -> u32 {
    let epochs = (SAMPLES / rows.max(1)).clamp(FEWEST_EPOCHS, MOST_EPOCHS);
    u32::try_from(epochs).unwrap_or(u32::MAX)
}

fn encoding(classes: bool, values: ValueOutputs) -> EncodingConfig {
    let common = EncodingConfig { scale: Scale::Robust, gain: GAIN, ..EncodingConfig::default() };
    if classes {
        EncodingConfig { label: LABEL, off_label: Some(0.0), hinge: true, ..common }
    } else {
        let target_to = match values {
            ValueOutputs::Range => Some([-VALUE, VALUE]),
            ValueOutputs::Raw => None,
        };
        EncodingConfig { values, target_to, ..common }
    }
}

/// Even distributions from 0 on whose sums over a node's edges to the layer before are as given.
fn initial(inputs: usize, hidden: &[usize], format: Format) -> Vec<Initial> {
    let fewest = FEWEST_LSB / f64::from(1u32 << format.k_bits());
    let layer = |fan_in: usize, sum: f64| {
        #[expect(clippy::cast_precision_loss, reason = "a number of nodes")]
        let high = 2.0 * sum / fan_in as f64;
        // Five digits, for a number that can be read.
        let high = (high.clamp(fewest, 1.0) * 1e5).round() / 1e5;
        Initial::Uniform { low: 0.0, high }
    };
    let first = layer(inputs, SUM_FROM_INPUTS);
    std::iter::once(first).chain(hidden.iter().map(|&fan_in| layer(fan_in, SUM_FROM_HIDDEN))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    fn chosen() -> Chosen {
        Chosen { format: Format::WIDE, test_fraction: 0.2, hidden: None, values: ValueOutputs::Range }
    }

    fn classes(rows: usize, features: usize, classes: usize) -> Dataset {
        let names = |stem: &str, count: usize| (0..count).map(|i| format!("{stem}{i}")).collect::<Vec<_>>();
        let values = (0..rows * features).map(|i| ((i * 7919) % 1013) as f64).collect();
        let labels = (0..rows).map(|row| row % classes).collect();
        let targets = Targets::Classes { names: names("c", classes), labels };
        Dataset::new("made", names("x", features), values, targets).unwrap()
    }

    #[test]
    fn conductances_shrink_with_the_inputs_down_to_what_the_format_tells_apart() {
        let high = |features: usize, format: Format| {
            let untuned = Untuned::of(&classes(50, features, 2), &Chosen { format, ..chosen() });
            let [Initial::Uniform { high, .. }, _] = untuned.network.initial[..] else {
                panic!("two layers")
            };
            high
        };
        assert_eq!([4, 49, 499].map(|features| high(features, Format::WIDE)), [0.3, 0.03, 0.003]);
        assert_eq!(high(499, Format::COMPACT), 0.01563);
    }

    #[test]
    fn many_rows_need_fewer_epochs_and_many_classes_a_wider_layer() {
        let of = |rows, classes_of| Untuned::of(&classes(rows, 2, classes_of), &chosen());
        assert_eq!([100, 1000, 5000].map(|rows| of(rows, 2).epochs), [100, 50, 20]);
        let width = |classes_of| of(2000, classes_of).network.shape;
        assert_eq!([10, 100].map(width), [64, 200].map(|size| Shape::Layered { hidden: vec![size] }));
    }

    #[test]
    fn what_is_chosen_stays_and_the_rest_fits_it() {
        let chosen = Chosen { hidden: Some(vec![20, 30]), ..chosen() };
        let untuned = Untuned::of(&classes(100, 4, 2), &chosen);
        let high = untuned.network.initial.iter().map(|initial| match initial {
            Initial::Uniform { high, .. } => *high,
            Initial::HalfNormal { .. } => panic!("all are even"),
        });
        assert_eq!(high.collect::<Vec<_>>(), [0.3, 0.3, 0.2]);
        assert_eq!(untuned.network.alpha, [ALPHA, ALPHA, LAST_ALPHA]);
    }

    #[test]
    fn the_rules_make_a_complete_configuration() {
        let dataset = classes(60, 3, 3);
        let mut draft = Draft::preset("table").unwrap();
        let untuned = Untuned::of(&dataset, &chosen());
        untuned.put_into(&mut draft).unwrap();
        let config = draft.finish().unwrap();
        assert_eq!((config.epochs, &config.encoding), (100, &untuned.encoding));
        let written = Draft::parse(&config.to_toml(), "written").unwrap().finish().unwrap();
        assert_eq!(written, config);
        assert_eq!(Experiment::from_dataset(config, dataset).unwrap().encoder.inputs(), 8);
    }
}

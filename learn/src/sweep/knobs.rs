//! Knobs: the few settings that matter, each with a few levels.
//!
//! Level 0 is what the configuration says; the others are factors and shifts, so that a search around any configuration stays in its
//! neighbourhood. A knob that has no meaning for a configuration does not move it.

use super::tuning::below;
use crate::config::{RunConfig, Shape};
use crate::data::{Scale, ValueOutputs};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use toml::Value;
use wheatstone_sim::{Initial, Nudge};

/// A setting with a few levels.
#[derive(Debug)]
pub(super) struct Knob {
    levels: RangeInclusive<i8>,
    /// Moves the configuration to a level.
    turn: fn(&mut RunConfig, i8),
}

/// All of them; those that scale others' work stand before these.
pub(super) const KNOBS: [Knob; 12] = [
    Knob { levels: -1..=2, turn: width },
    Knob { levels: 0..=2, turn: scale },
    Knob { levels: -2..=2, turn: gain },
    Knob { levels: 0..=2, turn: interval },
    Knob { levels: -3..=3, turn: label },
    Knob { levels: 0..=1, turn: hinge },
    Knob { levels: -3..=3, turn: alpha },
    Knob { levels: -2..=2, turn: last_alpha },
    Knob { levels: -2..=2, turn: first_initial },
    Knob { levels: -2..=2, turn: later_initial },
    Knob { levels: -2..=2, turn: nudge },
    Knob { levels: 0..=1, turn: epochs },
];

/// A level for every knob.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Levels([i8; KNOBS.len()]);

impl Levels {
    /// Moves a configuration, and returns the keys that moved with their values.
    pub(super) fn apply(&self, config: &mut RunConfig) -> BTreeMap<String, Value> {
        let before = config.clone();
        for (knob, &level) in KNOBS.iter().zip(&self.0) {
            if level != 0 {
                (knob.turn)(config, level);
            }
        }
        changed(&before, config)
    }

    /// Every knob in three at any of its levels.
    pub(super) fn drawn(generator: &mut ChaCha8Rng) -> Levels {
        let mut levels = Levels::default();
        for (knob, level) in KNOBS.iter().zip(&mut levels.0) {
            if below(3, generator) == 0 {
                *level = any(&knob.levels, generator);
            }
        }
        levels
    }

    /// One to three knobs further, by a level or to any.
    pub(super) fn turned(&self, generator: &mut ChaCha8Rng) -> Levels {
        let mut levels = self.clone();
        for _ in 0..=below(3, generator) {
            let index = below(KNOBS.len(), generator);
            let (knob, level) = (&KNOBS[index], &mut levels.0[index]);
            *level = match below(3, generator) {
                0 => any(&knob.levels, generator),
                1 => level.saturating_add(1).min(*knob.levels.end()),
                _ => level.saturating_sub(1).max(*knob.levels.start()),
            };
        }
        levels
    }
}

fn any(levels: &RangeInclusive<i8>, generator: &mut ChaCha8Rng) -> i8 {
    let all: Vec<i8> = levels.clone().collect();
    all[below(all.len(), generator)]
}

/// The keys of one configuration that are others in another, down to what is no table, with the latter's values.
fn changed(before: &RunConfig, after: &RunConfig) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    if let (Ok(before), Ok(after)) = (Value::try_from(before.printable()), Value::try_from(after.printable()))
    {
        compare("", &before, &after, &mut found);
    }
    found
}

fn compare(path: &str, before: &Value, after: &Value, found: &mut BTreeMap<String, Value>) {
    match (before, after) {
        (Value::Table(before), Value::Table(after)) => {
            for (key, after) in after {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match before.get(key) {
                    Some(before) => compare(&path, before, after, found),
                    None => drop(found.insert(path, after.clone())),
                }
            }
        }
        _ if before == after => {}
        _ => drop(found.insert(path.to_owned(), after.clone())),
    }
}

/// Two to the power of a level.
fn power(level: i8) -> f64 {
    2f64.powi(level.into())
}

/// Six digits are enough for a factor that is a power of two, and read well.
fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Hidden layers wider or narrower, and conductances so that their sums at a node stay.
fn width(config: &mut RunConfig, level: i8) {
    let Shape::Layered { hidden } = &mut config.network.shape else { return };
    for (layer, size) in hidden.iter_mut().enumerate() {
        let wider = if level < 0 { *size >> level.unsigned_abs() } else { *size << level };
        let wider = wider.clamp(2, 1024.max(*size));
        #[expect(clippy::cast_precision_loss, reason = "a number of nodes")]
        let factor = *size as f64 / wider as f64;
        if let Some(initial) = config.network.initial.get_mut(layer + 1) {
            scaled(initial, factor);
        }
        *size = wider;
    }
}

fn scaled(initial: &mut Initial, factor: f64) {
    match initial {
        Initial::Uniform { low, high } => {
            (*low, *high) = (rounded((*low * factor).min(1.0)), rounded((*high * factor).min(1.0)));
        }
        Initial::HalfNormal { scale } => *scale = rounded((*scale * factor).min(1.0)),
    }
}

/// Another way to fit ranges, unless the range is known.
fn scale(config: &mut RunConfig, level: i8) {
    let others: Vec<Scale> = [Scale::Robust, Scale::Minmax, Scale::Standard]
        .into_iter()
        .filter(|scale| *scale != config.encoding.scale)
        .collect();
    if config.encoding.scale != Scale::Fixed
        && let Some(other) = usize::try_from(level - 1).ok().and_then(|index| others.get(index))
    {
        config.encoding.scale = *other;
    }
}

fn gain(config: &mut RunConfig, level: i8) {
    if matches!(config.encoding.scale, Scale::Robust | Scale::Standard) {
        config.encoding.gain = rounded((config.encoding.gain * power(level).sqrt()).min(1.0));
    }
}

/// Where a known range lies in the voltages: pixels that are dark need not be shown as the lowest.
fn interval(config: &mut RunConfig, level: i8) {
    if config.encoding.scale == Scale::Fixed {
        config.encoding.to = if level == 1 { [0.0, 1.0] } else { [-1.0, 1.0] };
    }
}

/// Wanted voltages, all by the same factor.
fn label(config: &mut RunConfig, level: i8) {
    let encoding = &mut config.encoding;
    let times = |voltage: f64| rounded((voltage * power(level)).clamp(-1.0, 1.0));
    if encoding.values == ValueOutputs::Range {
        encoding.label = times(encoding.label);
        encoding.off_label = encoding.off_label.map(times);
        encoding.target_to = encoding.target_to.map(|ends| ends.map(times));
    }
}

fn hinge(config: &mut RunConfig, _: i8) {
    config.encoding.hinge = !config.encoding.hinge;
}

fn alpha(config: &mut RunConfig, level: i8) {
    config.network.alpha.iter_mut().for_each(|alpha| *alpha = alpha.saturating_add(level));
}

fn last_alpha(config: &mut RunConfig, level: i8) {
    if let [_, .., last] = &mut config.network.alpha[..] {
        *last = last.saturating_add(level);
    }
}

fn first_initial(config: &mut RunConfig, level: i8) {
    if let Some(first) = config.network.initial.first_mut() {
        scaled(first, power(level));
    }
}

fn later_initial(config: &mut RunConfig, level: i8) {
    config.network.initial.iter_mut().skip(1).for_each(|initial| scaled(initial, power(level)));
}

/// Twice the epochs, at each rate.
fn epochs(config: &mut RunConfig, _: i8) {
    config.epochs = config.epochs.saturating_mul(2);
    config.annealing.every = config.annealing.every.saturating_mul(2);
}

/// A nudging conductance or a dither by a factor of 2, or a clamped nudge by a shift.
fn nudge(config: &mut RunConfig, level: i8) {
    let moved = |shift: u8| shift.saturating_add_signed(level).min(8);
    match &mut config.nudge {
        Nudge::Current { beta, .. } | Nudge::Modulated { beta, .. } => *beta = moved(*beta),
        Nudge::Clamped { eta } => *eta = moved(*eta),
        Nudge::Dithered { delta } => *delta = delta.saturating_sub_signed(level),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Draft;
    use crate::preset::Preset;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn no_turn_is_the_base_and_what_moves_is_told() {
        for preset in Preset::ALL {
            let base = preset.config().unwrap();
            let mut config = base.clone();
            assert!(Levels::default().apply(&mut config).is_empty());
            assert_eq!(config, base);
            let mut generator = ChaCha8Rng::seed_from_u64(3);
            for _ in 0..50 {
                let mut config = base.clone();
                let keys = Levels::drawn(&mut generator).turned(&mut generator).apply(&mut config);
                assert_eq!(keys.is_empty(), config == base, "{}", preset.name);
                // The keys alone, put into the base, give the same configuration.
                let mut draft = Draft::parse(&base.to_toml(), "base").unwrap();
                for (path, value) in &keys {
                    draft.set(&format!("{path}={value}")).unwrap();
                }
                if let Ok(again) = draft.finish() {
                    assert_eq!(again, config, "{}", preset.name);
                }
            }
        }
    }

    #[test]
    fn a_wider_layer_keeps_the_sums_of_conductances() {
        let mut config = Preset::find("digits").unwrap().config().unwrap();
        width(&mut config, 1);
        assert_eq!(config.network.shape, Shape::Layered { hidden: vec![128] });
        assert_eq!(config.network.initial[1], Initial::HalfNormal { scale: 0.062 });
        assert_eq!(config.network.initial[0], Initial::HalfNormal { scale: 0.088 });
    }

    #[test]
    fn a_knob_reaches_all_its_levels_and_no_more() {
        let mut generator = ChaCha8Rng::seed_from_u64(1);
        let mut levels = Levels::default();
        let mut seen: Vec<std::collections::BTreeSet<i8>> =
            vec![std::collections::BTreeSet::new(); KNOBS.len()];
        for _ in 0..2000 {
            levels = levels.turned(&mut generator);
            seen.iter_mut().zip(levels.0).for_each(|(seen, level)| seen.extend([level]));
        }
        for (knob, seen) in KNOBS.iter().zip(seen) {
            assert!(knob.levels.clone().eq(seen), "{knob:?}");
        }
    }
}

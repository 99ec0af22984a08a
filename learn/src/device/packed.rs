//! Training samples in little memory: a table of many rows as voltages would take as much as its numbers, or more.

use wheatstone_sim::{Sample, Target};

/// Samples with their classes, one after the other.
///
/// An input that is the opposite of the one before it, as both of a feature's pair are, is not stored; voltages take two
/// bytes as long as all of them fit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackedSamples {
    voltages: Voltages,
    rows: Vec<Row>,
    targets: Vec<Option<Target>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Voltages {
    Narrow(Vec<i16>),
    Wide(Vec<i32>),
}

impl Default for Voltages {
    fn default() -> Self {
        Voltages::Narrow(Vec::new())
    }
}

/// Where a sample's voltages end, how many pairs it begins with, where its targets end, and its class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    voltages: usize,
    pairs: u32,
    targets: usize,
    class: Option<u16>,
}

impl PackedSamples {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Appends a sample.
    pub fn push(&mut self, sample: &Sample, class: Option<u16>) {
        let is_pair = |pair: &[i32]| pair[0].checked_neg() == Some(pair[1]);
        let pairs = sample.inputs.chunks_exact(2).take_while(|pair| is_pair(pair)).count();
        let (paired, rest) = sample.inputs.split_at(2 * pairs);
        let mut kept = paired.iter().step_by(2).chain(rest).copied();
        if let Voltages::Narrow(voltages) = &mut self.voltages {
            let before = voltages.len();
            let narrow = kept.clone().map(i16::try_from);
            if narrow.clone().all(|voltage| voltage.is_ok()) {
                voltages.extend(narrow.flatten());
            } else {
                let mut wide: Vec<i32> = voltages[..before].iter().copied().map(i32::from).collect();
                wide.extend(&mut kept);
                self.voltages = Voltages::Wide(wide);
            }
        } else if let Voltages::Wide(voltages) = &mut self.voltages {
            voltages.extend(&mut kept);
        }
        self.targets.extend_from_slice(&sample.targets);
        let (voltages, targets) = (self.voltages.len(), self.targets.len());
        self.rows.push(Row { voltages, pairs: u32::try_from(pairs).unwrap_or(u32::MAX), targets, class });
    }

    /// Puts a sample into `sample`, and returns its class.
    ///
    /// # Panics
    /// If `row` is not below [`PackedSamples::len`].
    pub fn read(&self, row: usize, sample: &mut Sample) -> Option<u16> {
        let Row { voltages, pairs, targets, class } = self.rows[row];
        let (from, first_target) = row
            .checked_sub(1)
            .map_or((0, 0), |before| (self.rows[before].voltages, self.rows[before].targets));
        sample.inputs.clear();
        match &self.voltages {
            Voltages::Narrow(all) => unpack(&all[from..voltages], pairs as usize, &mut sample.inputs),
            Voltages::Wide(all) => unpack(&all[from..voltages], pairs as usize, &mut sample.inputs),
        }
        sample.targets.clear();
        sample.targets.extend_from_slice(&self.targets[first_target..targets]);
        class
    }
}

fn unpack<V: Copy + Into<i32>>(kept: &[V], pairs: usize, inputs: &mut Vec<i32>) {
    let (paired, rest) = kept.split_at(pairs);
    for &voltage in paired {
        let voltage: i32 = voltage.into();
        inputs.extend([voltage, -voltage]);
    }
    inputs.extend(rest.iter().map(|&voltage| -> i32 { voltage.into() }));
}

impl Voltages {
    fn len(&self) -> usize {
        match self {
            Voltages::Narrow(voltages) => voltages.len(),
            Voltages::Wide(voltages) => voltages.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use wheatstone_sim::Sense;

    fn sample() -> impl Strategy<Value = (Sample, Option<u16>)> {
        let voltage = prop_oneof![-3i32..3, Just(i32::from(i16::MIN)), Just(40_000), Just(i32::MIN)];
        let target =
            prop::option::of((-9i32..9).prop_map(|voltage| Target { voltage, sense: Sense::AtLeast }));
        let inputs = prop::collection::vec((voltage, any::<bool>()), 0..6).prop_map(|list| {
            let pair = |(v, paired): (i32, bool)| if paired { vec![v, v.wrapping_neg()] } else { vec![v] };
            list.into_iter().flat_map(pair).collect::<Vec<i32>>()
        });
        (inputs, prop::collection::vec(target, 0..3), any::<Option<u16>>())
            .prop_map(|(inputs, targets, class)| (Sample { inputs, targets }, class))
    }

    proptest! {
        #[test]
        fn what_is_put_in_comes_out(samples in prop::collection::vec(sample(), 0..20)) {
            let mut packed = PackedSamples::default();
            samples.iter().for_each(|(sample, class)| packed.push(sample, *class));
            prop_assert_eq!(packed.len(), samples.len());
            let mut read = Sample::default();
            for (row, (sample, class)) in samples.iter().enumerate() {
                prop_assert_eq!(packed.read(row, &mut read), *class);
                prop_assert_eq!(&read, sample);
            }
        }
    }

    #[test]
    fn a_pair_takes_two_bytes() {
        let mut packed = PackedSamples::default();
        let sample = Sample { inputs: vec![5, -5, 7, -7, 9, 9], targets: vec![None] };
        packed.push(&sample, None);
        assert_eq!(packed.voltages, Voltages::Narrow(vec![5, 7, 9, 9]));
    }
}

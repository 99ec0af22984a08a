//! Many replicas of one design.

use super::dense::Dense;
use super::doubles::Doubles;
use super::grid::Grid;
use super::pairs::Pairs;
use super::rows::Core;
use super::side_by_side::SideBySide;
use super::width::Token;
use super::{Fast, VectorWidth, is_plain};
use crate::engine::{Engine, SampleError, StartError, check_sample};
use crate::{Configuration, ConfigurationError, Design, LearningSchedule, Sample, State, StateError, Target};
use std::sync::Arc;

/// Many replicas of one design, each with its own state and samples: seeds, initial states, learning rates.
///
/// They run in step with each other, in the lanes of vectors: a replica costs a fraction of what it costs alone, on any
/// graph. Each computes the bits that an engine of its own would. At a training sample some may be idle, if theirs have run
/// out. What the replicas share is the design, and the configuration but for `alpha_offset`.
///
/// Networks that fill vectors by themselves, complete layers and large lattices, are not faster side by side; they, and
/// designs with features or a nudge of one wave or none, run one after the other behind the same interface.
///
/// ```
/// use std::sync::Arc;
/// use wheatstone_sim::network::{EdgeKind, NodeId, pinwheel};
/// use wheatstone_sim::{
///     Configuration, Design, Format, Initial, LearningSchedule, Nudge, Omega, Replicas, Rules, Sample, Sense, State, Target,
/// };
///
/// let network = pinwheel(EdgeKind::Linear).inputs([NodeId(0), NodeId(2)]).outputs([NodeId(4)]).build()?;
/// let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 1, lowest_rail: 0 };
/// let design = Arc::new(Design::new(network, Format::WIDE, rules)?);
/// let configuration = Configuration { steps: 8, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };
/// // Eight seeds, which all learn the same sample.
/// let states = (0..8).map(|seed| State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], seed));
/// let mut replicas = Replicas::new(Arc::clone(&design), configuration, states.collect())?;
/// let half = Target { voltage: 10_000, sense: Sense::Equal };
/// let sample = Sample { inputs: vec![20_000, 0], targets: vec![Some(half)] };
/// for _ in 0..300 {
///     replicas.train(&[Some(&sample); 8])?;
/// }
/// for answer in replicas.read(&[Some(&sample.inputs[..]); 8], 64)? {
///     assert!(answer.is_some_and(|v| v[0].abs_diff(10_000) <= 20));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Replicas {
    design: Arc<Design>,
    configuration: Configuration,
    /// By replica; in place of the configuration's.
    alpha_offsets: Vec<u8>,
    token: Token,
    laid: Laid,
}

/// Replicas as they lie in memory.
#[derive(Clone, Debug)]
enum Laid {
    Alone(Vec<Fast>),
    Doubles(Vec<SideBySide<Doubles>>),
    Pairs(Vec<SideBySide<Pairs>>),
}

/// A lattice of so many nodes fills vectors by itself.
const LARGE_LATTICE: usize = 1024;

/// Whether a design runs as fast alone.
fn is_alone(design: &Design) -> bool {
    let large = design.network().nodes().len() >= LARGE_LATTICE;
    !is_plain(design)
        || !Doubles::fits(design)
        || Dense::suits(design)
        || large && Grid::find(design.network()).is_some()
}

impl Replicas {
    /// Replicas at rest, one for each state, with the widest vectors this machine has.
    ///
    /// # Errors
    /// [`StartError`] if the configuration is out of bounds or a state is not one of this design.
    pub fn new(
        design: Arc<Design>,
        configuration: Configuration,
        states: Vec<State>,
    ) -> Result<Self, StartError> {
        Replicas::with_width(design, configuration, states, VectorWidth::best())
    }

    /// The same with vectors of one width; see [`Fast::with_width`].
    ///
    /// # Errors
    /// [`StartError`] if the configuration is out of bounds or a state is not one of this design.
    pub fn with_width(
        design: Arc<Design>,
        configuration: Configuration,
        states: Vec<State>,
        width: VectorWidth,
    ) -> Result<Self, StartError> {
        configuration.check()?;
        states.iter().try_for_each(|state| state.check(&design))?;
        let token = Token::or_portable(width);
        let alpha_offsets = vec![configuration.alpha_offset; states.len()];
        let laid = if is_alone(&design) {
            let alone = |state| Fast::with_width(Arc::clone(&design), configuration, state, width);
            Laid::Alone(states.into_iter().map(alone).collect::<Result<_, _>>()?)
        } else if Pairs::fits(&design) {
            Laid::Pairs(SideBySide::groups(&design, token, &states))
        } else {
            Laid::Doubles(SideBySide::groups(&design, token, &states))
        };
        Ok(Replicas { design, configuration, alpha_offsets, token, laid })
    }

    /// How many replicas of a design run in step; 1 if its network fills vectors by itself. More of them are several
    /// groups, one after the other, which may as well be several `Replicas` in threads of their own.
    pub fn group_size(design: &Design) -> usize {
        if is_alone(design) {
            1
        } else if Pairs::fits(design) {
            SideBySide::<Pairs>::group_size(design)
        } else {
            SideBySide::<Doubles>::group_size(design)
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.alpha_offsets.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.alpha_offsets.is_empty()
    }

    /// The design all of them run.
    pub fn design(&self) -> &Design {
        &self.design
    }

    /// The width of the vectors.
    pub fn width(&self) -> VectorWidth {
        self.token.width()
    }

    /// The configuration of one replica.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn configuration(&self, replica: usize) -> Configuration {
        Configuration { alpha_offset: self.alpha_offsets[replica], ..self.configuration }
    }

    /// Changes the configuration of all replicas.
    ///
    /// # Errors
    /// [`ConfigurationError`] names the field out of bounds; nothing is changed then.
    pub fn configure(&mut self, configuration: Configuration) -> Result<(), ConfigurationError> {
        configuration.check()?;
        self.configuration = configuration;
        self.alpha_offsets.fill(configuration.alpha_offset);
        Ok(())
    }

    /// Changes what is added to the learning shifts of one replica, 0..=3.
    ///
    /// # Errors
    /// [`ConfigurationError`] if it is out of bounds; nothing is changed then.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn set_alpha_offset(&mut self, replica: usize, alpha_offset: u8) -> Result<(), ConfigurationError> {
        Configuration { alpha_offset, ..self.configuration }.check()?;
        self.alpha_offsets[replica] = alpha_offset;
        Ok(())
    }

    /// A copy of the state of one replica.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn state(&self, replica: usize) -> State {
        assert!(replica < self.len(), "replica {replica} of {}", self.len());
        match &self.laid {
            Laid::Alone(engines) => engines[replica].state(),
            Laid::Doubles(groups) => {
                let (group, lane) = place(groups, replica);
                groups[group].state(lane)
            }
            Laid::Pairs(groups) => {
                let (group, lane) = place(groups, replica);
                groups[group].state(lane)
            }
        }
    }

    /// Replaces the state of one replica.
    ///
    /// # Errors
    /// [`StateError`] if it is not a state of this design; nothing is changed then.
    ///
    /// # Panics
    /// If there is no such replica.
    pub fn set_state(&mut self, replica: usize, state: State) -> Result<(), StateError> {
        assert!(replica < self.len(), "replica {replica} of {}", self.len());
        state.check(&self.design)?;
        match &mut self.laid {
            Laid::Alone(engines) => engines[replica].set_state(state)?,
            Laid::Doubles(groups) => {
                let (group, lane) = place(groups, replica);
                groups[group].load(std::iter::once((lane, &state)));
            }
            Laid::Pairs(groups) => {
                let (group, lane) = place(groups, replica);
                groups[group].load(std::iter::once((lane, &state)));
            }
        }
        Ok(())
    }

    /// Trains every replica on a sample of its own, as [`Engine::train`]; one without a sample is idle. Returns the free
    /// answers the others had before their last learning step.
    ///
    /// # Errors
    /// [`SampleError`] if a sample does not fit the network; nothing is changed then.
    ///
    /// # Panics
    /// Unless there is an item for every replica.
    pub fn train(&mut self, samples: &[Option<&Sample>]) -> Result<Vec<Option<Vec<i32>>>, SampleError> {
        self.check(samples.iter().copied())?;
        let Configuration { steps, learning, .. } = self.configuration;
        Ok(match &mut self.laid {
            Laid::Alone(engines) => {
                for (engine, &alpha_offset) in engines.iter_mut().zip(&self.alpha_offsets) {
                    engine.configuration = Configuration { alpha_offset, ..self.configuration };
                }
                each(engines, samples, |engine, sample| engine.train(sample))?
            }
            Laid::Doubles(groups) => train(groups, samples, steps, learning, &self.alpha_offsets),
            Laid::Pairs(groups) => train(groups, samples, steps, learning, &self.alpha_offsets),
        })
    }

    /// Relaxes every replica with a sample of its own, as [`Engine::relax`]; one without a sample is idle. Returns the free
    /// answers.
    ///
    /// # Errors
    /// [`SampleError`] if a sample does not fit the network; nothing is changed then.
    ///
    /// # Panics
    /// Unless there is an item for every replica.
    pub fn relax(&mut self, samples: &[Option<&Sample>]) -> Result<Vec<Option<Vec<i32>>>, SampleError> {
        self.check(samples.iter().copied())?;
        let shown: Vec<_> = samples.iter().map(|s| s.map(|s| (&s.inputs[..], &s.targets[..]))).collect();
        self.relax_shown(&shown, self.configuration.steps)
    }

    /// Reads the answer of every replica to inputs of its own, as [`Engine::read`]; one without inputs is idle.
    ///
    /// # Errors
    /// [`SampleError`] if inputs do not fit the network; nothing is changed then.
    ///
    /// # Panics
    /// Unless there is an item for every replica.
    pub fn read(
        &mut self,
        inputs: &[Option<&[i32]>],
        steps: u32,
    ) -> Result<Vec<Option<Vec<i32>>>, SampleError> {
        assert_eq!(inputs.len(), self.len(), "an item for every replica");
        let targets = vec![None; self.design.network().outputs().len()];
        for inputs in inputs.iter().flatten() {
            check_sample(&self.design, &Sample { inputs: inputs.to_vec(), targets: targets.clone() })?;
        }
        let shown: Vec<_> = inputs.iter().map(|inputs| inputs.map(|inputs| (inputs, &targets[..]))).collect();
        self.relax_shown(&shown, steps)
    }

    fn check<'s>(
        &self,
        samples: impl ExactSizeIterator<Item = Option<&'s Sample>>,
    ) -> Result<(), SampleError> {
        assert_eq!(samples.len(), self.len(), "an item for every replica");
        samples.flatten().try_for_each(|sample| check_sample(&self.design, sample))
    }

    fn relax_shown(
        &mut self,
        shown: &[Option<Shown>],
        steps: u32,
    ) -> Result<Vec<Option<Vec<i32>>>, SampleError> {
        Ok(match &mut self.laid {
            Laid::Alone(engines) => each(engines, shown, |engine, (inputs, targets)| {
                engine.present(&Sample { inputs: inputs.to_vec(), targets: targets.to_vec() })?;
                engine.steps(steps);
                Ok(engine.answer())
            })?,
            Laid::Doubles(groups) => relax(groups, shown, steps),
            Laid::Pairs(groups) => relax(groups, shown, steps),
        })
    }
}

/// Inputs and targets.
type Shown<'s> = (&'s [i32], &'s [Option<Target>]);

/// One engine after the other, idle ones left out.
fn each<S: Copy>(
    engines: &mut [Fast],
    samples: &[Option<S>],
    act: impl Fn(&mut Fast, S) -> Result<Vec<i32>, SampleError>,
) -> Result<Vec<Option<Vec<i32>>>, SampleError> {
    let one =
        |(engine, sample): (&mut Fast, &Option<S>)| sample.map(|sample| act(engine, sample)).transpose();
    engines.iter_mut().zip(samples).map(one).collect()
}

/// The group of a replica, and its place there.
fn place<C: Core>(groups: &[SideBySide<C>], replica: usize) -> (usize, usize) {
    let size = groups[0].replicas();
    (replica / size, replica % size)
}

/// Groups with the items of their replicas.
fn grouped<'a, C: Core, T>(
    groups: &'a mut [SideBySide<C>],
    items: &'a [T],
) -> impl Iterator<Item = (&'a mut SideBySide<C>, &'a [T])> {
    let size = groups.first().map_or(1, SideBySide::replicas);
    groups.iter_mut().zip(items.chunks(size))
}

/// Presents, and says which replicas are active.
fn present<C: Core>(group: &mut SideBySide<C>, shown: &[Option<Shown>]) -> Vec<bool> {
    for (replica, shown) in shown.iter().enumerate() {
        if let Some((inputs, targets)) = shown {
            group.present(replica, inputs, targets);
        }
    }
    shown.iter().map(Option::is_some).collect()
}

fn answers<C: Core>(group: &SideBySide<C>, active: &[bool]) -> impl Iterator<Item = Option<Vec<i32>>> {
    active.iter().enumerate().map(|(replica, &active)| active.then(|| group.answer(replica)))
}

fn relax<C: Core>(
    groups: &mut [SideBySide<C>],
    shown: &[Option<Shown>],
    steps: u32,
) -> Vec<Option<Vec<i32>>> {
    let mut found = Vec::with_capacity(shown.len());
    for (group, shown) in grouped(groups, shown) {
        let active = present(group, shown);
        group.relax(&active, steps);
        found.extend(answers(group, &active));
    }
    found
}

fn train<C: Core>(
    groups: &mut [SideBySide<C>],
    samples: &[Option<&Sample>],
    steps: u32,
    learning: LearningSchedule,
    alpha_offsets: &[u8],
) -> Vec<Option<Vec<i32>>> {
    let mut found = Vec::with_capacity(samples.len());
    let offsets_of = |first: usize, count: usize| &alpha_offsets[first..first + count];
    for (group, samples) in grouped(groups, samples) {
        let shown: Vec<_> = samples.iter().map(|s| s.map(|s| (&s.inputs[..], &s.targets[..]))).collect();
        let active = present(group, &shown);
        let offsets = offsets_of(found.len(), active.len());
        let mut left = steps;
        for (steps, learns) in super::stretches(steps, learning) {
            group.relax(&active, steps);
            left -= steps;
            if left == 0 {
                found.extend(answers(group, &active));
            }
            if learns {
                group.learn(&active, learning, offsets);
            }
        }
    }
    found
}

//! The fast engine: the reference engine's bits, from layouts that suit a processor.
//!
//! [`Fast`] chooses one of three layouts from the graph, whatever its nodes are called and its ports are:
//!
//! - *complete layers* (crossbars, layered networks): matrices of doubles, whose columns lie along the lanes of a vector. What
//!   the inputs contribute is summed once a sample, for both waves, in words of 32 bits where the format permits;
//! - *square lattices*, open or periodic, with edges missing here and there: each colour of every other row of nodes is one
//!   long row of lanes, whose four neighbours lie at fixed distances. In doubles, or, for formats as narrow as `compact`, in
//!   pairs of 16-bit numbers, and then for both waves at once;
//! - *the edge list*, for everything else and for all designs with features or a modulated nudge, in 64-bit integers; two of them
//!   for dithered conductances.
//!
//! [`Replicas`] run many replicas of one design in the lanes of vectors, on any graph.
//!
//! Vectors are as wide as the machine has them, see [`VectorWidth`]; the width changes no bit, and neither does the layout.
//! Why doubles are exact where they are used is proved in the source of `exact.rs`; a design whose sums doubles could not
//! hold, such as one of 20/8/20/0 with more than 60 edges at a node, runs on the edge list.
//!
//! # Cost
//! A step costs time linear in the edges, a learning step as well, and presenting a sample in the inputs' edges at most. The
//! engine's own memory, beside the design it shares, is at most 32 bytes an edge and 64 bytes a node for a lattice (tested),
//! 22 and 160 for complete layers, and 34 and 77 for the edge list; desynchronous learning adds 8 bytes an edge in doubles and
//! 4 in pairs. While an engine is made the state it starts from is there besides (10 bytes an edge, 16 a node), and three bytes
//! a node of a lattice.

mod aligned;
mod blocks;
mod cross;
mod dense;
mod dithered;
mod doubles;
mod exact;
mod general;
mod grid;
mod hidden;
mod input_tile;
mod kernels;
mod lanes;
mod lattice;
mod pairs;
mod replicas;
mod rows;
mod side_by_side;
mod team;
mod width;
mod words;

pub use replicas::Replicas;
pub use width::VectorWidth;

use super::{Engine, SampleError, Start, StartError, check_sample};
use crate::{
    Configuration, ConfigurationError, Design, LearningSchedule, Nudge, Sample, State, StateError, Target,
    Wave,
};
use dense::Dense;
use dithered::Dithered;
use doubles::Doubles;
use general::General;
use lattice::Lattice;
use pairs::Pairs;
use std::borrow::Cow;
use std::num::NonZeroUsize;
use std::sync::Arc;
use width::Token;

/// One way to lay a network out in memory. States and samples are checked before they come here.
trait Layout {
    /// Takes a state over.
    fn load(&mut self, state: &State);

    /// A copy of the state.
    fn state(&self) -> State;

    /// Imposes the inputs and sets the targets.
    fn present(&mut self, sample: &Sample);

    /// Relaxing steps.
    fn relax(&mut self, steps: u32);

    /// One learning step.
    fn learn(&mut self, configuration: &Configuration);

    /// The free voltages of the outputs.
    fn answer(&self) -> Vec<i32>;

    /// Reads the answers to the inputs of samples, each from where `start` says. `shown` has no targets.
    fn read_all(&mut self, samples: &[Sample], mut shown: Sample, steps: u32, start: Start) -> Vec<Vec<i32>> {
        let began = (start == Start::Fixed).then(|| self.state());
        let read = |sample: &Sample| {
            shown.inputs.clone_from(&sample.inputs);
            self.present(&shown);
            self.relax(steps);
            let answer = self.answer();
            if let Some(state) = &began {
                self.load(state);
            }
            answer
        };
        samples.iter().map(read).collect()
    }

    /// Relaxes and learns the sample that is presented; returns its answer.
    fn train(&mut self, configuration: &Configuration) -> Vec<i32> {
        let (mut answer, mut left) = (Vec::new(), configuration.steps);
        for (steps, learns) in stretches(configuration.steps, configuration.learning) {
            self.relax(steps);
            left -= steps;
            if left == 0 {
                answer = self.answer();
            }
            if learns {
                self.learn(configuration);
            }
        }
        answer
    }
}

/// The relaxing steps of a training sample, in stretches: how many, and whether a learning step follows.
fn stretches(steps: u32, learning: LearningSchedule) -> impl Iterator<Item = (u32, bool)> {
    let period = learning.period(steps);
    let whole = (0..steps / period).map(move |_| (period, true));
    whole.chain(Some((steps % period, false)).filter(|&(rest, _)| rest > 0))
}

/// Whether a design's cells do nothing but relax in two waves and learn from their drops there: what layouts for vectors compute.
fn is_plain(design: &Design) -> bool {
    let learns_from_drops = match design.rules().nudge {
        Nudge::Clamped { .. } | Nudge::Current { .. } => true,
        Nudge::Modulated { .. } | Nudge::Dithered { .. } => false,
    };
    design.features().is_plain() && learns_from_drops
}

/// The engine to train and to answer with.
#[derive(Clone, Debug)]
pub struct Fast {
    design: Arc<Design>,
    configuration: Configuration,
    token: Token,
    layout: Laid,
}

/// A network as it lies in memory.
#[derive(Clone, Debug)]
enum Laid {
    General(Box<General>),
    Dithered(Box<Dithered>),
    Dense(Box<Dense>),
    Lattice(Box<Lattice<Doubles>>),
    NarrowLattice(Box<Lattice<Pairs>>),
}

impl Laid {
    /// The layout that suits a design best.
    fn of(design: &Arc<Design>, token: Token, threads: usize) -> Laid {
        if let Some(dither) = design.rules().nudge.dither() {
            return Laid::Dithered(Box::new(Dithered::new(Arc::clone(design), dither)));
        }
        if !is_plain(design) {
            return Laid::General(Box::new(General::new(Arc::clone(design))));
        }
        if let Some(dense) = Dense::new(design, token, threads) {
            Laid::Dense(Box::new(dense))
        } else if let Some(lattice) = Lattice::new(design, token) {
            Laid::NarrowLattice(Box::new(lattice))
        } else if let Some(lattice) = Lattice::new(design, token) {
            Laid::Lattice(Box::new(lattice))
        } else {
            Laid::General(Box::new(General::new(Arc::clone(design))))
        }
    }
}

/// Calls a method of the layout.
macro_rules! layout {
    ($laid:expr, $layout:ident => $call:expr) => {
        match $laid {
            Laid::General($layout) => $call,
            Laid::Dithered($layout) => $call,
            Laid::Dense($layout) => $call,
            Laid::Lattice($layout) => $call,
            Laid::NarrowLattice($layout) => $call,
        }
    };
}

impl Fast {
    /// An engine at rest in `state`, with the widest vectors this machine has, in one thread.
    ///
    /// # Errors
    /// [`StartError`] if the configuration is out of bounds or the state is not one of this design.
    pub fn new(design: Arc<Design>, configuration: Configuration, state: State) -> Result<Self, StartError> {
        Fast::with_width(design, configuration, state, VectorWidth::best())
    }

    /// The same with vectors of one width. If this machine lacks them, with [`VectorWidth::Portable`]; see
    /// [`Fast::width`].
    ///
    /// # Errors
    /// [`StartError`] if the configuration is out of bounds or the state is not one of this design.
    pub fn with_width(
        design: Arc<Design>,
        configuration: Configuration,
        state: State,
        width: VectorWidth,
    ) -> Result<Self, StartError> {
        Fast::with_threads(design, configuration, state, width, NonZeroUsize::MIN)
    }

    /// The same with so many threads, the caller's among them, that share what the inputs' edges of complete layers do. The others
    /// live as long as the engine, and spin for some microseconds after every sample.
    ///
    /// # Errors
    /// [`StartError`] if the configuration is out of bounds or the state is not one of this design.
    pub fn with_threads(
        design: Arc<Design>,
        configuration: Configuration,
        state: State,
        width: VectorWidth,
        threads: NonZeroUsize,
    ) -> Result<Self, StartError> {
        configuration.check()?;
        state.check(&design)?;
        let token = Token::or_portable(width);
        let mut layout = Laid::of(&design, token, threads.get());
        layout!(&mut layout, layout => layout.load(&state));
        Ok(Fast { design, configuration, token, layout })
    }

    /// The width of its vectors.
    pub fn width(&self) -> VectorWidth {
        self.token.width()
    }

    /// The voltages of one wave, by node, in LSB of `v`.
    pub fn voltages(&self, wave: Wave) -> Cow<'_, [i32]> {
        match &self.layout {
            Laid::General(general) => Cow::Borrowed(general.voltages(wave)),
            Laid::Dithered(dithered) => Cow::Borrowed(dithered.voltages(wave)),
            Laid::Dense(_) | Laid::Lattice(_) | Laid::NarrowLattice(_) => {
                let format = self.design.format();
                #[expect(clippy::cast_possible_truncation, reason = "a voltage has at most 20 bits")]
                let voltage = |&u: &i64| format.voltage(u) as i32;
                Cow::Owned(self.state().u(wave).iter().map(voltage).collect())
            }
        }
    }

    /// Relaxing steps, one after the other.
    pub fn steps(&mut self, steps: u32) {
        layout!(&mut self.layout, layout => layout.relax(steps));
    }
}

impl Engine for Fast {
    fn design(&self) -> &Design {
        &self.design
    }

    fn configuration(&self) -> Configuration {
        self.configuration
    }

    fn configure(&mut self, configuration: Configuration) -> Result<(), ConfigurationError> {
        configuration.check()?;
        self.configuration = configuration;
        Ok(())
    }

    fn state(&self) -> State {
        layout!(&self.layout, layout => layout.state())
    }

    fn set_state(&mut self, state: State) -> Result<(), StateError> {
        state.check(&self.design)?;
        layout!(&mut self.layout, layout => layout.load(&state));
        Ok(())
    }

    fn present(&mut self, sample: &Sample) -> Result<(), SampleError> {
        check_sample(&self.design, sample)?;
        layout!(&mut self.layout, layout => layout.present(sample));
        Ok(())
    }

    fn step(&mut self) {
        self.steps(1);
    }

    fn learn(&mut self) {
        layout!(&mut self.layout, layout => layout.learn(&self.configuration));
    }

    fn answer(&self) -> Vec<i32> {
        layout!(&self.layout, layout => layout.answer())
    }

    fn train(&mut self, sample: &Sample) -> Result<Vec<i32>, SampleError> {
        self.present(sample)?;
        Ok(layout!(&mut self.layout, layout => layout.train(&self.configuration)))
    }

    fn relax(&mut self, sample: &Sample) -> Result<Vec<i32>, SampleError> {
        self.present(sample)?;
        self.steps(self.configuration.steps);
        Ok(self.answer())
    }

    fn read(&mut self, inputs: &[i32], steps: u32) -> Result<Vec<i32>, SampleError> {
        let targets: Vec<Option<Target>> = vec![None; self.design.network().outputs().len()];
        self.present(&Sample { inputs: inputs.to_vec(), targets })?;
        self.steps(steps);
        Ok(self.answer())
    }

    fn read_all(
        &mut self,
        samples: &[Sample],
        steps: u32,
        start: Start,
    ) -> Result<Vec<Vec<i32>>, SampleError> {
        let mut shown =
            Sample { inputs: Vec::new(), targets: vec![None; self.design.network().outputs().len()] };
        for sample in samples {
            shown.inputs.clone_from(&sample.inputs);
            check_sample(&self.design, &shown)?;
        }
        Ok(layout!(&mut self.layout, layout => layout.read_all(samples, shown, steps, start)))
    }
}

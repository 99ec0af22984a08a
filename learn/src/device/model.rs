//! The model in this process.

use super::{Device, DeviceError, DeviceKind, OnProgress, PackedSamples, Stretch, Trained};
use rayon::prelude::*;
use std::num::NonZeroUsize;
use std::sync::Arc;
use wheatstone_sim::engine::Start;
use wheatstone_sim::{
    Configuration, Design, Engine, Fast, LearningSchedule, OutputCoding, Reference, Sample, State, Tally,
    VectorWidth, epoch_order,
};

/// An engine as a device: the fast one, unless something is verified.
#[derive(Debug)]
pub struct Model<E = Fast> {
    engine: E,
    samples: PackedSamples,
    coding: OutputCoding,
}

/// A core reads at least so many samples: an engine is copied for it.
const LEAST_PART: usize = 16;

/// In force until something is trained.
const AT_REST: Configuration =
    Configuration { steps: 1, learning: LearningSchedule::Quasistatic, alpha_offset: 0 };

impl<E> Model<E> {
    fn of(engine: E) -> Model<E> {
        Model { engine, samples: PackedSamples::default(), coding: OutputCoding::default() }
    }
}

impl Model {
    /// A model at rest in `state`.
    ///
    /// # Errors
    /// [`DeviceError`] if it is no state of the design.
    pub fn new(design: Arc<Design>, state: State) -> Result<Model, DeviceError> {
        Model::with_threads(design, state, NonZeroUsize::MIN)
    }

    /// The same with so many threads; see [`Fast::with_threads`].
    ///
    /// # Errors
    /// [`DeviceError`] if it is no state of the design.
    pub fn with_threads(
        design: Arc<Design>,
        state: State,
        threads: NonZeroUsize,
    ) -> Result<Model, DeviceError> {
        Ok(Model::of(Fast::with_threads(design, AT_REST, state, VectorWidth::best(), threads)?))
    }
}

impl Model<Reference> {
    /// A model on the reference engine: what devices are verified against, the fast engine among them.
    ///
    /// # Errors
    /// [`DeviceError`] if it is no state of the design.
    pub fn reference(design: Arc<Design>, state: State) -> Result<Model<Reference>, DeviceError> {
        Ok(Model::of(Reference::new(design, AT_REST, state)?))
    }
}

impl<E: Engine + Clone + Sync> Device for Model<E> {
    fn describe(&self) -> String {
        "the model in this process".to_owned()
    }

    fn kind(&self) -> DeviceKind {
        DeviceKind::Model
    }

    fn design(&self) -> &Design {
        self.engine.design()
    }

    fn set_state(&mut self, state: &State) -> Result<(), DeviceError> {
        Ok(self.engine.set_state(state.clone())?)
    }

    fn state(&mut self) -> Result<State, DeviceError> {
        Ok(self.engine.state())
    }

    fn set_samples(
        &mut self,
        samples: &mut dyn Iterator<Item = (Sample, Option<u16>)>,
        coding: OutputCoding,
    ) -> Result<(), DeviceError> {
        let mut packed = PackedSamples::default();
        for (sample, class) in samples {
            wheatstone_sim::engine::check_sample(self.engine.design(), &sample)?;
            packed.push(&sample, class);
        }
        (self.samples, self.coding) = (packed, coding);
        Ok(())
    }

    fn train(&mut self, stretch: &Stretch, on_progress: OnProgress) -> Result<Trained, DeviceError> {
        let samples = self.samples.len();
        let (mut trained, mut left) = (Trained::default(), *stretch);
        let mut sample = Sample::default();
        while left.count > 0 && samples > 0 {
            self.engine.configure(left.configuration)?;
            trained.tally = Tally::default();
            let before = trained.samples;
            for index in epoch_order(left.seed, left.epoch, samples).into_iter().skip(left.place as usize) {
                let class = self.samples.read(index as usize, &mut sample);
                let answer = self.engine.train(&sample)?;
                trained.tally.count(self.coding, &sample.targets, class, &answer);
                trained.samples += 1;
                if on_progress(trained.samples).is_break() || trained.samples == stretch.count {
                    return Ok(trained);
                }
            }
            left = left.after(trained.samples - before, samples as u64);
        }
        Ok(trained)
    }

    fn relax(
        &mut self,
        samples: &[Sample],
        steps: u32,
        impose_targets: bool,
    ) -> Result<Vec<Vec<i32>>, DeviceError> {
        if !impose_targets {
            return Ok(self.engine.read_all(samples, steps, Start::Previous)?);
        }
        let configuration = self.engine.configuration();
        self.engine.configure(Configuration { steps, ..configuration })?;
        let answers = samples.iter().map(|sample| Ok(self.engine.relax(sample)?)).collect();
        self.engine.configure(configuration)?;
        answers
    }

    /// Where answers do not depend on one another, all cores read.
    fn read(&mut self, samples: &[Sample], steps: u32, start: Start) -> Result<Vec<Vec<i32>>, DeviceError> {
        let part = samples.len().div_ceil(rayon::current_num_threads()).max(LEAST_PART);
        if start == Start::Previous || samples.len() <= part {
            return Ok(self.engine.read_all(samples, steps, start)?);
        }
        let engine = &self.engine;
        let read = |samples| engine.clone().read_all(samples, steps, start);
        let parts: Vec<_> = samples.par_chunks(part).map(read).collect::<Result<_, _>>()?;
        Ok(parts.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::preset::Preset;

    /// Answers that do not depend on one another are those that are read one by one from the same state, on any number of threads.
    #[test]
    fn answers_from_a_fixed_state_are_read_on_any_threads() {
        let experiment = Experiment::prepare(Preset::find("iris").unwrap().config().unwrap()).unwrap();
        let samples = experiment.samples(&experiment.split.train).unwrap();
        let state = experiment.initial_state();
        let mut model = experiment.model(&state).unwrap();
        let alone = |sample: &Sample| {
            let mut model = experiment.model(&state).unwrap();
            model.relax(std::slice::from_ref(sample), 5, false).unwrap().remove(0)
        };
        let expected: Vec<Vec<i32>> = samples.iter().map(alone).collect();
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| model.read(&samples, 5, Start::Fixed)).unwrap();
            assert_eq!(found, expected, "{threads} threads");
            assert_eq!(model.state().unwrap(), state);
        }
        assert_ne!(model.read(&samples, 5, Start::Previous).unwrap(), expected);
    }
}

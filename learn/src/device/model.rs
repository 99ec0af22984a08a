//! The model in this process.

use super::{Device, DeviceError, DeviceKind, OnProgress, PackedSamples, Stretch, Trained};
use std::sync::Arc;
use wheatstone_sim::{
    Configuration, Design, Engine, Fast, LearningSchedule, OutputCoding, Reference, Sample, State, Tally,
    epoch_order,
};

/// An engine as a device: the fast one, unless something is verified.
#[derive(Debug)]
pub struct Model<E = Fast> {
    engine: E,
    samples: PackedSamples,
    coding: OutputCoding,
}

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
        Ok(Model::of(Fast::new(design, AT_REST, state)?))
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

impl<E: Engine> Device for Model<E> {
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
        let configuration = self.engine.configuration();
        self.engine.configure(Configuration { steps, ..configuration })?;
        let one = |sample: &Sample| {
            let answer = if impose_targets {
                self.engine.relax(sample)?
            } else {
                self.engine.read(&sample.inputs, steps)?
            };
            Ok(answer)
        };
        let answers: Result<_, DeviceError> = samples.iter().map(one).collect();
        self.engine.configure(configuration)?;
        answers
    }
}

//! The library as another program uses it: a network brought along, a run that is watched, stopped and resumed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use wheatstone_learn::config::{RunConfig, Shape};
use wheatstone_learn::experiment::{Experiment, ExperimentError, load_dataset};
use wheatstone_learn::metrics::EpochMetrics;
use wheatstone_learn::preset::Preset;
use wheatstone_learn::run::{DataDigest, RunFolder, RunWriter};
use wheatstone_learn::training::{Next, Observer, Trainer, TrainingError};
use wheatstone_sim::network::{EdgeKind, crossbar, layered};
use wheatstone_sim::{BoxedError, Checkpoint, Network, State, StateError};

fn config() -> RunConfig {
    let config = Preset::find("iris").unwrap().config().unwrap();
    RunConfig { epochs: 3, ..config }
}

/// A hidden layer, which the preset has not.
fn network() -> Network {
    layered(&[10, 4, 3], EdgeKind::Linear).unwrap().with_alpha(&[-1, 0]).unwrap()
}

fn experiment(network: Network) -> Result<Experiment, ExperimentError> {
    let dataset = load_dataset(&config().data.source)?;
    let mut config = config();
    config.network.alpha.clear();
    Experiment::with_network(config, dataset, network)
}

fn trainer(experiment: &Experiment) -> Trainer<'_> {
    let model = experiment.model(&experiment.initial_state()).unwrap();
    Trainer::start(experiment, Box::new(model)).unwrap()
}

fn trained(experiment: &Experiment) -> State {
    let mut trainer = trainer(experiment);
    trainer.run(&mut ()).unwrap();
    assert_eq!(trainer.trained(), trainer.total());
    trainer.state().unwrap()
}

#[test]
fn a_network_brought_along_learns_as_one_of_the_configured_shape() {
    let prepared = Experiment::prepare(config()).unwrap();
    let dataset = prepared.dataset.clone();
    let brought = Experiment::with_network(config(), dataset, prepared.design.network().clone()).unwrap();
    assert_eq!(brought.design, prepared.design);
    assert_eq!(trained(&brought), trained(&prepared));
    // Its own learning shifts stand where the configuration has none.
    let shifts = |e: &Experiment| e.design.network().groups().iter().map(|g| g.alpha).collect::<Vec<_>>();
    assert_eq!(shifts(&experiment(network()).unwrap()), [-1, 0]);
}

#[test]
fn a_network_with_other_ports_is_refused() {
    let error = experiment(crossbar(2, 3, EdgeKind::Linear).unwrap()).unwrap_err();
    assert!(matches!(error, ExperimentError::Ports { what: "inputs", found: 2, .. }), "{error}");
}

/// Keeps a run in its folder, takes a checkpoint now and then, and stops in the middle of an epoch.
struct Keeper<'w> {
    writer: &'w mut RunWriter,
    stop: u64,
    checkpoints: Vec<u64>,
}

impl Observer for Keeper<'_> {
    fn on_progress(&mut self, trained: u64) -> Next {
        match trained {
            stop if stop == self.stop => Next::Stop,
            trained if trained > 0 && trained.is_multiple_of(50) => Next::Checkpoint,
            _ => Next::Train,
        }
    }

    fn on_metrics(&mut self, trainer: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
        self.writer.on_metrics(trainer, metrics)
    }

    fn on_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), BoxedError> {
        self.checkpoints.push(checkpoint.samples);
        self.writer.on_checkpoint(checkpoint)
    }
}

#[test]
fn a_run_that_is_stopped_goes_on_from_its_folder_to_the_same_bits() {
    let place = tempfile::tempdir().unwrap();
    let begun = experiment(network()).unwrap();
    let path = place.path().join("run");
    let mut writer = RunWriter::create(Some(&path), &begun.config).unwrap();
    let mut trainer = trainer(&begun);
    writer.put_experiment(&begun, trainer.data_digest().clone()).unwrap();
    writer.put_metrics(vec![trainer.before_training().unwrap()]).unwrap();
    let mut keeper = Keeper { writer: &mut writer, stop: 170, checkpoints: Vec::new() };
    trainer.run(&mut keeper).unwrap();
    // An epoch has 120 samples.
    assert_eq!(keeper.checkpoints, [50, 100, 150, 170]);
    drop((trainer, writer));

    let folder = RunFolder::open(&path).unwrap();
    let config = folder.config_here(None).unwrap();
    assert!(matches!(&config.network.shape, Shape::File(file) if file.starts_with(&path)));
    let resumed = Experiment::prepare(config).unwrap();
    folder.check(&resumed, &DataDigest::of(&resumed)).unwrap();
    assert_eq!(folder.metrics(u32::MAX).unwrap().len(), 2);
    let model = resumed.model(&resumed.initial_state()).unwrap();
    let mut trainer = Trainer::resume(&resumed, Box::new(model), folder.checkpoint().unwrap()).unwrap();
    trainer.run(&mut ()).unwrap();
    assert_eq!(trainer.state().unwrap(), trained(&begun));
}

/// Cannot keep what it is given.
struct Full;

impl Observer for Full {
    fn on_metrics(&mut self, _: &Trainer, _: &EpochMetrics) -> Result<(), BoxedError> {
        Err(BoxedError::new(StateError::Length { what: "files", expected: 1, found: 0 }))
    }
}

#[test]
fn what_the_observer_says_ends_the_run() {
    let experiment = Experiment::prepare(config()).unwrap();
    let mut trainer = trainer(&experiment);
    let error = trainer.run(&mut Full).unwrap_err();
    assert!(matches!(&error, TrainingError::Observer(error) if error.downcast_ref::<StateError>().is_some()));
    assert_eq!(trainer.last_known().samples, 120, "{error}");
}

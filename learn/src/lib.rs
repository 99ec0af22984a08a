//! Training of resistor networks that learn by themselves.
//!
//! [`wheatstone_sim`] computes one network, sample by sample, from voltages to voltages. This crate adds what lies between a
//! table of data and a trained network: data sets and how their rows become voltages, configurations and presets, training
//! that can stop after any sample and go on elsewhere, evaluation, cross-validation, prediction, and the folders that runs
//! leave behind. The same configuration, data and seed give the same bits on every machine and every [device](device::Device).
//!
//! It needs no terminal and no hardware. The command line, boards behind serial lines, plots and reports are the crate
//! `wheatstone`'s, which is built on this one. There is no float in what a network computes: data become fixed-point
//! voltages in [`data::encoding`], and answers become numbers again there.
//!
//! # Train a preset
//!
//! A [`RunConfig`](config::RunConfig) says everything that a run depends on. An [`Experiment`](experiment::Experiment) makes it
//! concrete, a [`Trainer`](training::Trainer) has a device learn it.
//!
//! ```
//! use wheatstone_learn::evaluation::evaluate;
//! use wheatstone_learn::experiment::Experiment;
//! use wheatstone_learn::preset::Preset;
//! use wheatstone_learn::training::Trainer;
//!
//! let mut config = Preset::find("iris")?.config()?;
//! config.epochs = 10;
//! let experiment = Experiment::prepare(config)?;
//! let model = experiment.model(&experiment.initial_state())?;
//! let mut trainer = Trainer::start(&experiment, Box::new(model))?;
//! trainer.run(&mut ())?;
//!
//! // 30 of the 150 flowers were held out.
//! let mut trained = experiment.model(&trainer.state()?)?;
//! let evaluation = evaluate(&experiment, &mut trained, "test", &experiment.split.test)?;
//! assert_eq!(evaluation.samples, 30);
//! assert!(evaluation.score.accuracy > Some(0.9));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bring your own rows and network
//!
//! Numbers of inputs and outputs follow from the encoding. Here a feature is one input, and a rail at either end of full scale
//! gives the network something to compare it with. An [`Observer`](training::Observer) sees the run as it goes.
//!
//! ```
//! use wheatstone_learn::config::Draft;
//! use wheatstone_learn::data::{Dataset, Targets};
//! use wheatstone_learn::experiment::Experiment;
//! use wheatstone_learn::metrics::EpochMetrics;
//! use wheatstone_learn::training::{Observer, Trainer};
//! use wheatstone_sim::network::{DiodeClamp, EdgeKind, NetworkBuilder};
//! use wheatstone_sim::BoxedError;
//!
//! struct Errors(Vec<f64>);
//! impl Observer for Errors {
//!     fn on_metrics(&mut self, _: &Trainer, metrics: &EpochMetrics) -> Result<(), BoxedError> {
//!         self.0.push(metrics.train.mse);
//!         Ok(())
//!     }
//! }
//!
//! let x: Vec<f64> = (-8..=8).map(|x| f64::from(x) / 10.0).collect();
//! let y = Targets::Values { names: vec!["y".into()], rows: x.iter().map(|x| x / 2.0 + 0.1).collect() };
//! let rows = Dataset::new("half", vec!["x".into()], x, y)?;
//!
//! let mut star = NetworkBuilder::new("star");
//! let group = star.group("edges", 0);
//! let ports: Vec<_> = ["x", "low", "high", "y"].map(|name| star.named_node(name, DiodeClamp::None)).into();
//! ports[..3].iter().for_each(|&input| star.edge(input, ports[3], EdgeKind::Linear, group));
//! let network = star.inputs(ports[..3].iter().copied()).outputs([ports[3]]).build()?;
//!
//! let config = Draft::preset("linear-regression")?.finish()?;
//! let experiment = Experiment::with_network(config, rows, network)?;
//! let model = experiment.model(&experiment.initial_state())?;
//! let mut errors = Errors(Vec::new());
//! Trainer::start(&experiment, Box::new(model))?.run(&mut errors)?;
//! assert!(errors.0.last() < Some(&1e-4) && errors.0.len() == 15);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | tables, images, arrays, generated tasks; splits; voltages | [`data`] |
//! | what a run depends on, complete examples of it, and rules for any table | [`config`], [`preset`], [`untuned`] |
//! | a run, from its first sample to its last | [`experiment`], [`training`], [`metrics`] |
//! | what a network answers, how well, and what needs no network | [`evaluation`], [`prediction`], [`inference`], [`baseline`] |
//! | many runs: seeds, splits and folds, side by side | [`batch`], [`cross_validation`] |
//! | many configurations, by any number of processes | [`sweep`] |
//! | the folder of a run | [`run`], [`whole_file`] |
//! | a network at a temperature, or on its way to rest, beside what is exact | [`sampling`], [`trajectory`], [`equilibrium`] |
//! | learning while relaxing, at many rates | [`rate`] |
//! | low energies of spin glasses, large cuts of graphs | [`anneal`], [`spin_problem`] |
//! | states as numbers, and arrays of them for other programs | [`snapshot`], [`npy`] |
//! | networks from files, and into other formats | [`network_file`], [`conversion`] |
//! | what a network is trained on, and whether it does what the model does | [`device`], [`verification`] |

pub mod anneal;
pub mod baseline;
pub mod batch;
pub mod bounded;
pub mod config;
pub mod conversion;
pub mod cross_validation;
pub mod data;
pub mod device;
pub mod equilibrium;
pub mod evaluation;
pub mod experiment;
pub mod inference;
pub mod metrics;
pub mod network_file;
pub mod npy;
pub mod prediction;
pub mod preset;
pub mod rate;
pub mod run;
pub mod sampling;
pub mod scaling;
pub mod snapshot;
pub mod spin_problem;
pub mod sweep;
pub mod training;
pub mod trajectory;
pub mod untuned;
pub mod verification;
pub mod whole_file;

/// The example of the README, which is to compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

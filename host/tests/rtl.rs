//! The simulated gateware as a device: the same host code, the same bits.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::ops::ControlFlow;
use std::sync::Arc;
use wheatstone::device::{BitFlip, Device, DeviceKind, Linked};
use wheatstone::experiment::Experiment;
use wheatstone::link::{Options, RtlWire};
use wheatstone::preset::Preset;
use wheatstone::verification::{Step, Verified, verify};
use wheatstone_hdl::{Board, Technology};

fn experiment(preset: &str, format: &str) -> Experiment {
    let mut config = Preset::find(preset).unwrap().config().unwrap();
    config.format = format.parse().unwrap();
    Experiment::prepare(config).unwrap()
}

fn gateware(experiment: &Experiment) -> Box<dyn Device> {
    let design = Arc::clone(&experiment.design);
    let wire = RtlWire::new(Arc::clone(&design), Technology::Ecp5, Board::Ulx3s85f).unwrap();
    Box::new(Linked::connect(wire, design, Options::default()).unwrap().called(DeviceKind::Simulation))
}

fn check(experiment: &Experiment, device: &mut dyn Device, samples: u64) -> Verified {
    verify(experiment, device, samples, 8, &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_gateware_equals_the_model() {
    let experiment = experiment("linear-regression", "compact");
    let verified = check(&experiment, &mut *gateware(&experiment), 24);
    assert!(verified.equal && verified.samples == 24, "{verified:?}");
}

#[test]
fn a_flipped_bit_is_found() {
    let experiment = experiment("linear-regression", "compact");
    let mut device = BitFlip::new(gateware(&experiment), 3, 5);
    let verified = check(&experiment, &mut device, 8);
    let difference = verified.first_difference.unwrap();
    assert_eq!((difference.sample, difference.step), (2, Step::Learning));
    assert_eq!((difference.register.cell.as_str(), difference.register.register), ("edge_5", "k"));
    assert_eq!(difference.register.expected ^ difference.register.found, 1);
}

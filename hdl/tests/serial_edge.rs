//! Arrays with bit-serial edges against the reference engine.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::sync::Arc;
use wheatstone_hdl::{ArrayOptions, ArraySimulation, Multiplier, Technology};
use wheatstone_sim::network::{EdgeKind, crossbar};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, Initial, Learning, Nudge, Omega, Reference, Rules, Sample, Sense,
    State, Target,
};

const SERIAL: ArrayOptions = ArrayOptions { technology: Technology::Ecp5, multiplier: Multiplier::Serial };

#[test]
fn first() {
    let network = crossbar(2, 1, EdgeKind::Linear).unwrap();
    for format in [Format::WIDE, Format::COMPACT] {
        let nudge = Nudge::Clamped { eta: 1 };
        let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge, g_min: 1, lowest_rail: 0 };
        let design = Arc::new(Design::new(network.clone(), format, rules).unwrap());
        let start = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
        let configuration = Configuration { steps: 4, learning: Learning::Quasistatic, alpha_offset: 1 };
        let mut model = Reference::new(Arc::clone(&design), configuration, start.clone()).unwrap();
        let mut array = ArraySimulation::new(Arc::clone(&design), SERIAL, configuration, start).unwrap();
        assert_eq!(array.state(), model.state());
        let one = format.one_volt();
        let sample = Sample {
            inputs: vec![one / 2, -one / 3],
            targets: vec![Some(Target { voltage: one / 7, sense: Sense::Equal })],
        };
        model.present(&sample).unwrap();
        array.present(&sample).unwrap();
        for step in 0..5 {
            model.step();
            array.step();
            assert_eq!(array.state(), model.state(), "step {step} {nudge:?} {format}");
        }
        model.learn();
        array.learn();
        assert_eq!(array.state(), model.state(), "learn");
        for _ in 0..3 {
            assert_eq!(array.train(&sample).unwrap(), model.train(&sample).unwrap());
            assert_eq!(array.state(), model.state(), "train");
        }
        assert!(!array.is_stuck());
        assert_eq!(array.scan_read(), model.state(), "scan");
        std::fs::write(format!("/tmp/wt-serial/target/{}.v", format.k_bits()), array.array().verilog())
            .unwrap();
    }
}

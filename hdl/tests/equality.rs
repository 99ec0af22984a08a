//! The array against the reference engine.
#![allow(clippy::unwrap_used, reason = "tests")]
use std::sync::Arc;
use wheatstone_hdl::{ArraySimulation, Technology};
use wheatstone_sim::network::{Boundary, EdgeKind, NodeId, crossbar, lattice};
use wheatstone_sim::{
    Configuration, Design, Engine, Format, Initial, Learning, Nudge, Omega, Reference, Rules, Sample, Sense,
    State, Target,
};

#[test]
fn a_divider_learns_the_same() {
    for (network, n_in, n_out) in [
        (crossbar(2, 1, EdgeKind::Linear).unwrap(), 2, 1),
        (
            lattice(3, 3, Boundary::Open, EdgeKind::Linear)
                .inputs([NodeId(0), NodeId(2)])
                .outputs([NodeId(8)])
                .build()
                .unwrap(),
            2,
            1,
        ),
        (
            lattice(3, 3, Boundary::Open, EdgeKind::Transistor)
                .inputs([NodeId(0), NodeId(2)])
                .outputs([NodeId(8)])
                .build()
                .unwrap(),
            2,
            1,
        ),
    ] {
        for format in [Format::WIDE, Format::COMPACT] {
            for nudge in [
                Nudge::Clamped { eta: 1 },
                Nudge::Current { beta: 2, centred: false },
                Nudge::Current { beta: 2, centred: true },
            ] {
                let rules = Rules { omega: Omega::GAUSS_SEIDEL, nudge, g_min: 1, lowest_rail: 0 };
                let design = Arc::new(Design::new(network.clone(), format, rules).unwrap());
                let start = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
                let configuration =
                    Configuration { steps: 4, learning: Learning::Quasistatic, alpha_offset: 1 };
                let mut model = Reference::new(Arc::clone(&design), configuration, start.clone()).unwrap();
                let mut array =
                    ArraySimulation::new(Arc::clone(&design), Technology::Ecp5, configuration, start)
                        .unwrap();
                assert_eq!(array.state(), model.state());
                let one = format.one_volt();
                let sample = Sample {
                    inputs: (0..n_in).map(|i| if i == 0 { one / 2 } else { -one / 3 }).collect(),
                    targets: vec![Some(Target { voltage: one / 7, sense: Sense::Equal }); n_out],
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
                eprintln!("{} fires {} events", array.fires(), array.circuit().events());
            }
        }
    }
}

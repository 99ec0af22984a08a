//! Whole arrays: the Rust simulation against Icarus Verilog, token by token and picosecond by picosecond.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::{cases, drawn_out, icarus};
use wheatstone_hdl::testbench::{self, Replay};
use wheatstone_hdl::{Array, ArraySimulation};
use wheatstone_sim::Engine;

#[test]
fn icarus_sees_every_token_at_the_same_time() {
    for (number, case) in cases().iter().enumerate() {
        let mut array = Array::new(case.design.clone(), case.options).unwrap();
        if number % 2 == 1 {
            array = drawn_out(&array);
        }
        let mut simulation = ArraySimulation::of(array.clone(), case.configuration, case.start()).unwrap();
        simulation.train(&case.sample(0)).unwrap();
        simulation.start_recording();
        for number in 1..5 {
            simulation.train(&case.sample(number)).unwrap();
        }
        // A state loaded directly, one shifted in and one shifted out; the array interface remembers all of them.
        let state = simulation.state();
        simulation.set_state(case.start()).unwrap();
        simulation.read(&case.sample(5).inputs, 3).unwrap();
        simulation.scan_write(&state).unwrap();
        assert_eq!(simulation.scan_read(), state, "{}", case.name);
        // Reset at rest brings handshakes to their start, where `go` must be as well, and touches nothing else.
        if array.controls.go.val() == 1 {
            simulation.step();
        }
        let state = simulation.state();
        for level in [1, 0] {
            simulation.circuit_mut().set(&array.controls.reset, level);
            simulation.circuit_mut().quiesce(1_000_000);
        }
        assert_eq!(simulation.state(), state, "{}", case.name);
        simulation.train(&case.sample(6)).unwrap();
        assert!(!simulation.is_stuck());
        let (recording, trace) = simulation.take_recording().unwrap();

        let folder = tempfile::tempdir().unwrap();
        let source = testbench::source(&array, &recording).unwrap();
        let Some(said) = icarus(&source, testbench::TOP, folder.path()) else { return };
        let replay = Replay::parse(&array, &recording, &said).unwrap();
        if let Some(difference) = replay.first_difference(&array, &recording, &trace) {
            panic!("{}: {difference}", case.name);
        }
        let tokens: usize = trace.tokens.iter().map(Vec::len).sum();
        assert!(trace.tokens.iter().all(|tokens| tokens.len() > 20), "{}: too few tokens", case.name);
        assert!(recording.responses.len() > 200, "{}: too few changes of outputs", case.name);
        let (responses, imposed) = (recording.responses.len(), recording.imposed.len());
        eprintln!("{}: {tokens} tokens, {responses} changes of outputs, {imposed} imposed", case.name);
    }
}

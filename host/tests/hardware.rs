//! Tests with a device: a board, or whatever else `WHEATSTONE_DEVICE` names.
//!
//! They are left out by default, twice: by their names under nextest, as ignored under `cargo test`. To run them, see
//! docs/first-board.md. The board must hold the bitstream of preset linear-regression.

mod common;

mod hardware_in_the_loop {
    use crate::common::Place;
    use serde_json::Value;

    fn device() -> String {
        std::env::var("WHEATSTONE_DEVICE")
            .expect("set WHEATSTONE_DEVICE to the URL of a device, for example serial:")
    }

    /// Whether it is a board; others begin anew with every program that opens them, in whatever design it names.
    fn is_a_board() -> bool {
        let board = device().starts_with("serial:");
        if !board {
            eprintln!("skipped: {} is no board", device());
        }
        board
    }

    /// Runs a verb on the device and reads its object.
    fn json(place: &Place, verb: &str) -> Value {
        place.json(&format!("{verb} --device {}", device()))
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn the_port_is_listed_as_usable() {
        if !is_a_board() {
            return;
        }
        let device = device();
        let listed = Place::new().json("devices");
        let ports = listed["ports"].as_array().unwrap();
        let named = |port: &&Value| device == "serial:" || device.starts_with(port["url"].as_str().unwrap());
        let usable = ports.iter().filter(named).filter(|port| port["usable"] == true);
        assert!(usable.count() >= 1, "{device}: {listed}");
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn the_board_equals_the_model() {
        let place = Place::new();
        let first = json(&place, "verify linear-regression");
        assert!(first.is_object(), "{first}");
        // Once more: what the first session left behind must not matter.
        json(&place, "verify linear-regression");
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn another_design_than_the_boards_is_refused() {
        if !is_a_board() {
            return;
        }
        let ended = Place::new().run(&format!("verify wine --device {}", device()));
        assert_eq!(ended.code, 2, "{}", ended.err);
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn a_state_that_was_written_is_read_back() {
        if !is_a_board() {
            return;
        }
        let place = Place::new();
        place.json("train linear-regression --epochs 2 --out run");
        let written = json(&place, "scan write run");
        let read = json(&place, "scan read run --out back.bin");
        assert_eq!(read["digest"], written["digest"]);
        let state = |file: &str| wheatstone_learn::run::read_checkpoint(&place.path(file)).unwrap().state;
        assert_eq!(state("back.bin"), state("run/checkpoint.bin"));
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn training_ends_in_the_bits_of_the_model() {
        let place = Place::new();
        let model = place.json("train linear-regression --epochs 3 --out model");
        let board = json(&place, "train linear-regression --epochs 3 --out board");
        assert_eq!(board["digest"], model["digest"]);
        let checkpoint = |run: &str| {
            wheatstone_learn::run::read_checkpoint(&place.path(run).join("checkpoint.bin")).unwrap()
        };
        assert_eq!(checkpoint("board").state, checkpoint("model").state);
        let evaluated = json(&place, "eval board");
        assert_eq!(evaluated["score"], place.json("eval model")["score"]);
    }
}

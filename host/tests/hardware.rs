//! Tests with a device: a board, or whatever else `WHEATSTONE_DEVICE` names.
//!
//! They are left out by default, twice: by their names under nextest, as ignored under `cargo test`. To run them, see
//! docs/first-board.md. The board must hold the bitstream of preset iris.

mod common;

mod hardware_in_the_loop {
    use crate::common::Place;
    use serde_json::Value;

    fn device() -> String {
        std::env::var("WHEATSTONE_DEVICE")
            .expect("set WHEATSTONE_DEVICE to the URL of a device, for example serial:")
    }

    /// Runs a verb on the device and reads its object.
    fn json(place: &Place, verb: &str) -> Value {
        place.json(&format!("{verb} --device {}", device()))
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn the_port_is_listed_as_usable() {
        let device = device();
        if !device.starts_with("serial:") {
            eprintln!("{device} is not a port");
            return;
        }
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
        let first = json(&place, "verify iris");
        assert!(first.is_object(), "{first}");
        // Once more: what the first conversation left behind must not matter.
        json(&place, "verify iris");
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn another_design_than_the_boards_is_refused() {
        let ended = Place::new().run(&format!("verify wine --device {}", device()));
        assert_eq!(ended.code, 2, "{}", ended.err);
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn a_state_that_was_written_is_read_back() {
        let place = Place::new();
        place.json("train iris --epochs 2 --out run");
        for verb in ["scan write run/checkpoint.bin", "scan read --out back.bin"] {
            let ended = place.run(&format!("{verb} --device {}", device()));
            assert_eq!(ended.code, 0, "{verb}: {}", ended.err);
        }
        let state = |file: &str| wheatstone::run::read_checkpoint(&place.path(file)).unwrap().state;
        assert_eq!(state("back.bin"), state("run/checkpoint.bin"));
    }

    #[test]
    #[ignore = "needs a board; see docs/first-board.md"]
    fn training_ends_in_the_bits_of_the_model() {
        let place = Place::new();
        let model = place.json("train iris --epochs 3 --out model");
        let board = json(&place, "train iris --epochs 3 --out board");
        assert_eq!(board["digest"], model["digest"]);
        let checkpoint =
            |run: &str| wheatstone::run::read_checkpoint(&place.path(run).join("checkpoint.bin")).unwrap();
        assert_eq!(checkpoint("board").state, checkpoint("model").state);
        let evaluated = json(&place, "eval board");
        assert_eq!(evaluated["score"], place.json("eval model")["score"]);
    }
}

//! The same run on every device there is in software: the same checkpoint, byte for byte, and one flipped bit is found on
//! each.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Place;
use serde_json::Value;

const DEVICES: [&str; 3] = ["sim:", "pty:", "rtl:"];

/// Trains on every device and compares what is left.
fn train(arguments: &str) {
    let place = Place::new();
    let run = |device: &str| device.trim_end_matches(':').to_owned();
    for device in DEVICES {
        let out = run(device);
        let ended = place.run(&format!("train {arguments} --device {device} --out {out}"));
        assert_eq!(ended.code, 0, "{device}: {}", ended.err);
    }
    for file in ["checkpoint.bin", "metrics.jsonl", "evaluation.json"] {
        let [sim, others @ ..] = DEVICES.map(|device| place.read(&format!("{}/{file}", run(device))));
        assert!(others.iter().all(|other| *other == sim), "{arguments}: {file}");
    }
}

/// Twelve samples: the simulated gateware needs half a minute to shift this network's state in or out.
#[test]
fn iris_ends_in_the_same_checkpoint() {
    train("iris --epochs 1 --set data.test_fraction=0.92");
}

#[test]
fn a_regression_ends_in_the_same_checkpoint() {
    train("linear-regression --format compact --epochs 2 --metrics-every 2");
}

fn verify(place: &Place, device: &str, more: &str) -> (i32, Value) {
    let ended =
        place.run(&format!("verify linear-regression --format compact --device {device} --json {more}"));
    (ended.code, serde_json::from_str(ended.out.lines().last().unwrap()).unwrap())
}

#[test]
fn every_device_is_verified() {
    let place = Place::new();
    for device in DEVICES {
        let (code, verified) = verify(&place, device, "--samples 16 --every 8");
        let expected = serde_json::json!({"equal": true, "samples": 16, "first_difference": null});
        assert_eq!((code, verified), (0, expected), "{device}");
    }
}

#[test]
fn a_flipped_bit_is_found_on_every_device() {
    let place = Place::new();
    for device in DEVICES {
        let (code, verified) = verify(&place, device, "--samples 8 --every 4 --flip-bit 5:11");
        assert_eq!(
            (code, &verified["equal"], &verified["samples"]),
            (6, &false.into(), &4.into()),
            "{device}"
        );
        let difference = &verified["first_difference"];
        assert_eq!((&difference["sample"], &difference["step"]), (&4.into(), &"learning".into()), "{device}");
        assert_eq!(
            (&difference["cell"], &difference["register"]),
            (&"edge_11".into(), &"k".into()),
            "{device}"
        );
        let [found, expected] = ["found", "expected"].map(|key| difference[key].as_i64().unwrap());
        assert_eq!(found ^ expected, 1, "{device}");
    }
}

/// A state goes to a virtual board by `scan write` and comes back by `scan read`.
#[test]
fn a_state_goes_out_and_comes_back() {
    let place = Place::new();
    assert_eq!(place.run("train xor --epochs 2 --out run").code, 0);
    let written = place.run("scan write run --device pty: --json");
    let read = place.run("scan read run --device pty: --out back.bin --json");
    let digest = |text: &str| serde_json::from_str::<Value>(text).unwrap()["digest"].clone();
    assert_eq!((written.code, read.code), (0, 0), "{}{}", written.err, read.err);
    assert_eq!(digest(&written.out), digest(&read.out));
    assert_eq!(place.read("back.bin"), place.read("run/checkpoint.bin"));
}

/// A bad cable costs time and nothing else; what went over it is recorded.
#[test]
fn faults_change_no_bit() {
    let place = Place::new();
    assert_eq!(place.run("train xor --epochs 3 --out clean").code, 0);
    let ended = place.run("train xor --epochs 3 --out hurt --device pty: --faults 7 --record link.jsonl");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(place.read("hurt/checkpoint.bin"), place.read("clean/checkpoint.bin"));
    let link: Value = serde_json::from_slice(&place.read("hurt/link.json")).unwrap();
    assert!(link["retries"].as_u64() > Some(0), "{link}");
    assert!(place.read("link.jsonl").len() > 1000);
}

/// `eval` reads the same answers from a board as from the model.
#[test]
fn a_board_answers_as_the_model_does() {
    let place = Place::new();
    assert_eq!(place.run("train iris --epochs 2 --out run").code, 0);
    let [model, board] =
        ["sim:", "pty:"].map(|device| place.run(&format!("eval run --device {device} --json")));
    assert_eq!((board.code, board.out), (0, model.out), "{}", board.err);
}

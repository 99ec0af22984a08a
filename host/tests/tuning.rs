//! Settings searched: to the same configuration however often it is interrupted, and one that `train` takes.

#![cfg(unix)]

mod common;

use common::{Place, program};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

/// A table whose class is decided by two of four features.
fn place() -> Place {
    let place = Place::new();
    let mut table = String::from("a,b,c,d,species\n");
    for row in 0..120u32 {
        let number = |factor: u32| f64::from(row * factor % 97) / 97.0;
        let [a, b, c, d] = [31, 57, 71, 83].map(number);
        let class = if a + b > 1.0 { "large" } else { "small" };
        table += &format!("{a:.3},{b:.3},{c:.3},{d:.3},{class}\n");
    }
    place.write("table.csv", &table);
    place
}

const TUNE: &str = "tune --data table.csv --minutes 100 --rounds 2 --epochs 3 --out tuned";

#[test]
fn what_is_found_can_be_trained_and_is_found_again() {
    let place = place();
    let found = place.json(TUNE);
    assert_eq!((found["rounds"].as_u64(), found["tried"].as_u64()), (Some(2), Some(16)));
    assert!(found["score"].as_f64() >= found["base_score"].as_f64());
    let config = place.read("tuned/config.toml");
    assert_eq!(found["config"], "tuned/config.toml");
    let trained = place.json("train --config tuned/config.toml --out run");
    assert_eq!(trained["part"], "test");
    assert!(!String::from_utf8_lossy(&config).contains("validation"));
    // The same once more takes no training, and elsewhere with one thread it is the same.
    assert_eq!(place.json(TUNE)["tried"], 16);
    place.json(&TUNE.replace("tuned", "again --threads 1"));
    assert_eq!(place.read("again/config.toml"), config);
    let other = place.run(&format!("{TUNE} --seed 7"));
    assert_eq!(other.code, 2);
    assert!(other.err.contains("seed") && other.err.contains("--out"), "{}", other.err);
}

#[test]
fn interrupted_again_and_again_it_finds_the_same() {
    let place = place();
    place.json(&TUNE.replace("tuned", "whole"));
    let mut interrupted = 0;
    for round in 1.. {
        let mut child = Command::new(program())
            .current_dir(place.path(""))
            .args(TUNE.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Later and later, until one is left alone.
        thread::sleep(Duration::from_millis(60 * round));
        if round < 6 && child.try_wait().unwrap().is_none() {
            let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
            assert!(sent.success());
        }
        let ended = child.wait_with_output().unwrap();
        let message = String::from_utf8_lossy(&ended.stderr);
        match ended.status.code() {
            Some(0) => break,
            Some(130) => assert!(message.contains("goes on"), "{message}"),
            // Before anybody listened.
            None => {}
            code => panic!("{code:?}: {message}"),
        }
        interrupted += 1;
    }
    assert!(interrupted > 0, "nobody was interrupted");
    assert_eq!(place.read("tuned/config.toml"), place.read("whole/config.toml"));
}

#[test]
fn what_cannot_be_tuned_is_refused() {
    let place = place();
    for (arguments, told) in [
        ("tune --data table.csv --minutes 0", "minutes"),
        ("tune --data table.csv --minutes 0.000001 --out short", "--minutes"),
        ("tune --data nowhere.csv", "nowhere.csv"),
    ] {
        let ended = place.run(arguments);
        assert_eq!(ended.code, 2, "{arguments}: {}", ended.err);
        assert!(ended.err.contains(told), "{arguments}: {}", ended.err);
    }
}

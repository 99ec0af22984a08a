//! Run folders: made atomically, written by one process at a time, moved, asked for again; and what goes on is what began.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::{Place, program};
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// A table of three classes.
fn table() -> String {
    let rows = (0..60).map(|i| format!("{},{},{}\n", i % 3 + i % 7, i % 5, ["x", "y", "z"][i % 3]));
    format!("a,b,kind\n{}", rows.collect::<String>())
}

fn spawn(place: &Place, arguments: &str) -> Child {
    Command::new(program())
        .current_dir(place.path(""))
        .args(arguments.split(' '))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until a run has so many lines of metrics.
fn wait_for_metrics(place: &Place, child: &mut Child, run: &str, lines: usize) {
    let file = place.path(run).join("metrics.jsonl");
    while fs::read_to_string(&file).map_or(0, |text| text.lines().count()) < lines {
        assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[track_caller]
fn same_files(place: &Place, one: &str, other: &str) {
    for file in ["checkpoint.bin", "metrics.jsonl", "evaluation.json"] {
        let (one, other) = (place.read(&format!("{one}/{file}")), place.read(&format!("{other}/{file}")));
        assert!(one == other, "{file} differs");
    }
}

#[test]
fn runs_that_begin_at_once_share_no_folder() {
    let place = Place::new();
    for round in 0..4 {
        let children: Vec<Child> = (0..12)
            .map(|i| spawn(&place, &format!("train xor --epochs {} -q --json --seed {round}", i + 1)))
            .collect();
        let mut runs: Vec<String> = children
            .into_iter()
            .map(|child| {
                let ended = child.wait_with_output().unwrap();
                assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
                let result: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
                result["run"].as_str().unwrap().to_owned()
            })
            .collect();
        runs.sort();
        runs.dedup();
        assert_eq!(runs.len(), 12, "{runs:?}");
        // The numbers are those that were free.
        assert!(runs.contains(&format!("runs/xor-seed{round}-12")), "{runs:?}");
    }
    assert!(!place.files().iter().any(|file| file.contains(".tmp")), "{:?}", place.files());
}

#[test]
fn one_wish_goes_to_one_run() {
    let place = Place::new();
    for round in 0..8 {
        let children: Vec<Child> =
            (0..4).map(|_| spawn(&place, &format!("train xor --epochs 20 -q --out two{round}"))).collect();
        let codes: Vec<Option<i32>> =
            children.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
        let ended_well = codes.iter().filter(|code| **code == Some(0)).count();
        assert_eq!(ended_well, 1, "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, Some(0..=2))), "{codes:?}");
        let metrics = String::from_utf8(place.read(&format!("two{round}/metrics.jsonl"))).unwrap();
        assert_eq!(metrics.lines().count(), 21);
    }
}

#[test]
fn nothing_that_was_there_is_written_over() {
    let place = Place::new();
    let files = ["network.json", "checkpoint.bin", "report.html", "metrics.jsonl", "mine.svg", "run.json"];
    for file in files {
        let _ = fs::remove_dir_all(place.path("p"));
        fs::create_dir(place.path("p")).unwrap();
        place.write(&format!("p/{file}"), "mine");
        place.refused("train xor --epochs 1 --out p", 2, &["p already holds", file, "another folder"]);
        assert_eq!(place.files(), [format!("p/{file}")]);
        assert_eq!(place.read(&format!("p/{file}")), b"mine");
    }
    fs::create_dir(place.path("empty")).unwrap();
    fs::create_dir(place.path("notes")).unwrap();
    place.write("notes/notes.txt", "mine");
    for out in ["empty", "notes", "new/deep"] {
        assert_eq!(place.run(&format!("train xor --epochs 1 --out {out}")).code, 0, "{out}");
    }
    assert_eq!(place.read("notes/notes.txt"), b"mine");
    // A folder with the configuration alone is a run that has not begun.
    fs::create_dir(place.path("begun")).unwrap();
    fs::copy(place.path("empty/config.toml"), place.path("begun/config.toml")).unwrap();
    place.refused("train xor --epochs 2 --out begun", 2, &["begun already holds a run"]);
    assert_eq!(place.run("train xor --epochs 1 --out begun").code, 0);
    same_files(&place, "begun", "empty");
}

#[cfg(unix)]
#[test]
fn a_lock_file_of_others_is_neither_written_nor_followed() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    for text in ["precious\n", "process 7 on host\nand notes\n", "processes\n", "pro\n", "\n"] {
        let _ = fs::remove_dir_all(place.path("p"));
        fs::create_dir(place.path("p")).unwrap();
        place.write("p/.lock", text);
        place.refused("train xor --epochs 1 --out p", 2, &["p already holds .lock", "another folder"]);
        assert_eq!(place.read("p/.lock"), text.as_bytes());
        assert_eq!(place.files(), ["p/.lock"]);
    }
    // What no writer made: a link to a file, to nothing, to a folder; a pipe; a folder.
    place.json("train xor --epochs 1 --out run");
    place.write("keep.txt", "process 1\n");
    let lock = place.path("run/.lock");
    type Make = fn(&Path);
    let makes: [Make; 5] = [
        |lock| symlink("../keep.txt", lock).unwrap(),
        |lock| symlink("../nothing", lock).unwrap(),
        |lock| symlink("..", lock).unwrap(),
        |lock| assert!(Command::new("mkfifo").arg(lock).status().unwrap().success()),
        |lock| fs::create_dir(lock).unwrap(),
    ];
    for make in makes {
        fs::remove_file(&lock).or_else(|_| fs::remove_dir(&lock)).unwrap();
        make(&lock);
        for verb in ["resume run --epochs 2", "train xor --epochs 2 --out run --resume-or-start"] {
            place.refused(verb, 2, &["run already holds .lock"]);
        }
        assert_eq!(place.read("keep.txt"), b"process 1\n");
        assert!(!place.path("nothing").exists());
    }
    fs::remove_dir(&lock).unwrap();
    // What writers leave, also one that was killed before it had signed.
    for text in ["", "process ", "process 12", "process 12\n", "process 12 on host\n"] {
        fs::create_dir(place.path(format!("left{}", text.len()).as_str())).unwrap();
        place.write(&format!("left{}/.lock", text.len()), text);
        place.json(&format!("train xor --epochs 1 --out left{}", text.len()));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_named_as_it_was_meant() {
    let place = Place::new();
    // Nobody makes files and folders there.
    for out in ["/sys/run", "/sys/kernel/run"] {
        let ended = place.run(&format!("train xor --epochs 1 --out {out}"));
        assert!(ended.code == 1 || ended.code == 4, "{}", ended.err);
        assert!(ended.err.contains(out) && !ended.err.contains(".wheatstone-"), "{}", ended.err);
    }
    // No byte can be written.
    let full = Command::new("sh")
        .current_dir(place.path(""))
        .env("W", program())
        .args(["-c", "trap '' XFSZ; ulimit -f 0; exec $W train xor --epochs 1 --out run"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&full.stderr);
    assert_eq!(full.status.code(), Some(1), "{said}");
    assert!(said.contains("run/config.toml") && !said.contains(".wheatstone-"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_run_has_one_writer() {
    let place = Place::new();
    let mut train = spawn(&place, "train wine --epochs 1000000 --out run");
    wait_for_metrics(&place, &mut train, "run", 3);
    let pid = train.id().to_string();
    for verb in [
        "resume run",
        "train wine --epochs 1000000 --out run",
        "train wine --epochs 1000000 --out run --resume-or-start",
    ] {
        place.refused(verb, 1, &["run is being written by process", &pid]);
    }
    // Readers need no lock.
    for verb in ["eval run", "inspect run", "monitor run --once"] {
        assert_eq!(place.run(verb).code, 0, "{verb}");
    }
    signal(&train, "-KILL");
    train.wait().unwrap();
    // The lock died with its process.
    let epochs =
        wheatstone_learn::run::read_checkpoint(&place.path("run/checkpoint.bin")).unwrap().samples / 142 + 2;
    assert_eq!(place.run(&format!("resume run --epochs {epochs}")).code, 0);
    place.json(&format!("train wine --epochs {epochs} --out whole"));
    same_files(&place, "run", "whole");
}

/// A folder and its table, trained in `a` and moved to `b`.
fn moved() -> Place {
    let place = Place::new();
    fs::create_dir(place.path("a")).unwrap();
    place.write("a/table.csv", table());
    place.json("train --data a/table.csv --epochs 3 --out a/run");
    fs::rename(place.path("a"), place.path("b")).unwrap();
    place
}

#[test]
fn a_run_moves_with_its_data() {
    let place = moved();
    place.json("resume b/run --epochs 6");
    place.json("train --data b/table.csv --epochs 6 --out whole");
    same_files(&place, "b/run", "whole");

    // Alone, it is told where they are.
    fs::rename(place.path("b/run"), place.path("run")).unwrap();
    place.refused("resume run --epochs 7", 2, &["the data of this run are not at", "a/table.csv", "--data"]);
    place.json("resume run --epochs 7 --data b/table.csv");
    // The path it was trained with is not looked at first: other data may lie there by now.
    fs::create_dir(place.path("a")).unwrap();
    place.write("a/table.csv", "other,columns\n1,2\n");
    place.json("resume run --epochs 8 --data b/table.csv");
    place.json("train --data b/table.csv --epochs 8 --out whole-8");
    same_files(&place, "run", "whole-8");

    place.json("train xor --epochs 1 --out xor");
    place.refused("resume xor --epochs 2 --data b/table.csv", 2, &["xor", "needs no file", "--data"]);
}

#[test]
fn of_two_places_the_data_are_taken_from_the_right_one() {
    let place = moved();
    // Something else lies beside the moved run now, and the data are where they were.
    fs::create_dir(place.path("a")).unwrap();
    fs::rename(place.path("b/table.csv"), place.path("a/table.csv")).unwrap();
    place.write("b/table.csv", table().replace(",x", ",y"));
    place.json("resume b/run --epochs 4");
}

#[test]
fn a_run_goes_on_with_its_own_data_only() {
    let place = Place::new();
    place.write("table.csv", table());
    place.json("train --data table.csv --epochs 2 --out run");
    let swapped = table().replacen(",x\n", ",q\n", 1).replacen(",y\n", ",x\n", 1).replacen(",q\n", ",y\n", 1);
    let shorter: String = table().lines().take(58).map(|line| format!("{line}\n")).collect();
    let renamed = table().replacen("a,b,kind", "b,a,kind", 1);
    for (what, text, fragment) in [
        ("labels", swapped.as_str(), "the targets"),
        ("rows", &shorter, "number of rows"),
        ("columns", &renamed, "the features"),
    ] {
        place.write("table.csv", text);
        let ended = place.refused("resume run --epochs 3", 2, &["run: the data have changed", fragment]);
        assert_eq!(ended.out, "", "{what}");
        place.write("other.csv", text);
        place.write("table.csv", table());
        place.refused("resume run --epochs 3 --data other.csv", 2, &["the data have changed", fragment]);
    }
    let config = String::from_utf8(place.read("run/config.toml")).unwrap();
    for (key, edited) in [
        ("seed", config.replace("seed = 1", "seed = 2")),
        ("data.test_fraction", config.replace("test_fraction = 0.2", "test_fraction = 0.5")),
        ("annealing.start", config.replace("start = 3", "start = 2")),
    ] {
        assert_ne!(edited, config);
        place.write("run/config.toml", &edited);
        place.refused("resume run --epochs 3", 2, &["run: the configuration has changed", key]);
    }
    // Without its notes, the checkpoint itself still knows.
    fs::remove_file(place.path("run/run.json")).unwrap();
    place.write("run/config.toml", &config);
    place.write("table.csv", swapped);
    place.refused("resume run --epochs 3", 2, &["other data, or on rows held out otherwise"]);
    place.write("table.csv", table());
    place.json("resume run --epochs 3");
    place.json("train --data table.csv --epochs 3 --out whole");
    same_files(&place, "run", "whole");
}

#[test]
fn a_run_is_evaluated_on_its_own_data_only() {
    let place = Place::new();
    place.write("table.csv", table());
    place.json("train --data table.csv --epochs 2 --out run");
    let well = place.json("eval run");
    let verbs = ["eval run", "eval run --part all", "convert run out.cir --sample 1"];
    let refused = |fragments: &[&str]| {
        for verb in verbs {
            let ended = place.refused(verb, 2, fragments);
            assert!(ended.out.is_empty() && !place.path("out.cir").exists(), "{verb}: {}", ended.out);
        }
    };
    let lines: Vec<String> = table().lines().map(str::to_owned).collect();
    let text = |lines: &[String]| lines.join("\n") + "\n";
    let mut shuffled = lines.clone();
    shuffled[1..].reverse();
    let swapped = table().replace(",x\n", ",q\n").replace(",y\n", ",x\n").replace(",q\n", ",y\n");
    let other = "the data have changed since this run began";
    for (data, fragment) in [
        (swapped.clone(), "the targets"),
        (text(&lines[..58]), "number of rows"),
        (text(&shuffled), "the features"),
    ] {
        place.write("table.csv", data);
        refused(&[other, fragment, "eval run --data FILE"]);
    }
    // Other data are those that are named.
    place.json("eval run --data table.csv");
    place.write("table.csv", table());
    for (file, from, to, fragments) in [
        ("config.toml", "seed = 1", "seed = 2", ["the configuration has changed", "seed"]),
        ("config.toml", "test_fraction = 0.2", "test_fraction = 0.5", ["has changed", "data.test_fraction"]),
        ("config.toml", "read_steps = ", "read_steps = 1", ["has changed", "read_steps"]),
        ("encoding.json", "\"half_width\": ", "\"half_width\": 1", ["run/encoding.json", "not the encoding"]),
    ] {
        let kept = String::from_utf8(place.read(&format!("run/{file}"))).unwrap();
        let edited = kept.replacen(from, to, 1);
        assert_ne!(edited, kept, "{from}");
        place.write(&format!("run/{file}"), edited);
        refused(&fragments);
        place.write(&format!("run/{file}"), kept);
    }
    // A run that keeps no digests is still read.
    fs::remove_file(place.path("run/run.json")).unwrap();
    assert_eq!(place.json("eval run"), well);
}

#[test]
fn a_damaged_file_of_a_run_is_named() {
    let place = Place::new();
    place.json("train iris --epochs 1 --out run");
    let kept = String::from_utf8(place.read("run/run.json")).unwrap();
    for key in ["seed", "read_steps", "test_fraction", "configuration", "targets"] {
        let damaged = kept.replacen(&format!("\"{key}\""), &format!("\"{key}Q\""), 1);
        assert_ne!(damaged, kept, "{key}");
        let at = damaged[..damaged.find(&format!("{key}Q")).unwrap()].lines().count();
        place.write("run/run.json", damaged);
        for verb in ["resume run --epochs 2", "eval run"] {
            let place_of_it = format!("run/run.json: line {at}");
            let ended = place.refused(verb, 2, &[&place_of_it, &format!("{key}Q"), "restore"]);
            assert!(ended.err.len() < 800, "{}", ended.err);
        }
    }
    place.write("run/run.json", kept);
    for (file, verbs) in [
        ("encoding.json", ["eval run", "resume run --epochs 2", "predict run --data run/config.toml"]),
        ("checkpoint.bin", ["eval run", "convert run out.cir", "eval run --part all"]),
    ] {
        let path = format!("run/{file}");
        let kept = place.read(&path);
        fs::remove_file(place.path(&path)).unwrap();
        for verb in verbs {
            let ended = place.refused(verb, 2, &[&path, "it was lost"]);
            assert!(!ended.err.contains("name the folder"), "{}", ended.err);
        }
        place.write(&path, "");
        for verb in verbs {
            place.refused(verb, 2, &[&path]);
        }
        place.write(&path, kept);
    }
    place.write("run/checkpoint.bin", "");
    for verb in ["eval run", "resume run --epochs 2", "inspect run", "convert run out.dot"] {
        place.refused(verb, 2, &["run/checkpoint.bin: this file is empty"]);
    }
}

#[test]
fn images_whose_labels_changed_are_other_data() {
    let place = Place::new();
    fs::create_dir(place.path("idx")).unwrap();
    let images = |count: u8| {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 28, 0, 0, 0, 28];
        bytes.extend((0..count).flat_map(|i| std::iter::repeat_n(i % 2 * 200, 28 * 28)));
        bytes
    };
    let labels = |count: u8, add: u8| {
        let mut bytes = vec![0, 0, 8, 1, 0, 0, 0, count];
        bytes.extend((0..count).map(|i| (i + add) % 2));
        bytes
    };
    for (part, count) in [("train", 20), ("t10k", 10)] {
        place.write(&format!("idx/{part}-images-idx3-ubyte"), images(count));
        place.write(&format!("idx/{part}-labels-idx1-ubyte"), labels(count, 0));
    }
    place.json("train --data idx --epochs 2 --set network.shape.layered.hidden=[4] --out run");
    for part in ["train", "t10k"] {
        let count = if part == "train" { 20 } else { 10 };
        place.write(&format!("idx/{part}-labels-idx1-ubyte"), labels(count, 1));
        place.refused("resume run --epochs 3", 2, &["the data have changed", "the targets"]);
        place.write(&format!("idx/{part}-labels-idx1-ubyte"), labels(count, 0));
    }
    fs::rename(place.path("idx"), place.path("moved")).unwrap();
    place.refused("resume run --epochs 3", 2, &["are not at", "idx"]);
    place.json("resume run --epochs 3 --data moved");
}

#[test]
fn more_epochs_stand_in_the_configuration() {
    let place = Place::new();
    place.json("train iris --epochs 2 --out run");
    let resumed = place.json("resume run --epochs 4");
    let config = String::from_utf8(place.read("run/config.toml")).unwrap();
    assert!(config.contains("epochs = 4"), "{config}");
    let again = place.json("train --config run/config.toml --out again");
    assert_eq!(again["digest"], resumed["digest"]);
    // It is done, and stays so.
    let ended = place.run("resume run");
    assert!(ended.code == 0 && ended.err.contains("trained to its end"), "{}", ended.err);
    same_files(&place, "run", "again");
    place.refused("resume run --epochs 3", 2, &["3 epochs", "already"]);
    place.refused("resume run --epochs 0", 2, &["epochs = 0"]);
    assert_eq!(place.read("run/config.toml"), config.as_bytes());
}

#[cfg(unix)]
#[test]
fn a_command_can_be_given_until_its_run_is_done() {
    let place = Place::new();
    let command = "train wine --epochs 300 --out runs/one --resume-or-start";
    let mut train = spawn(&place, command);
    wait_for_metrics(&place, &mut train, "runs/one", 3);
    signal(&train, "-USR1");
    assert_eq!(train.wait().unwrap().code(), Some(130));
    let first = place.json(command);
    let whole = place.json("train wine --epochs 300 --out whole");
    assert_eq!(first["digest"], whole["digest"]);
    same_files(&place, "runs/one", "whole");
    let again = place.run(command);
    assert!(again.code == 0 && again.err.contains("trained to its end"), "{}", again.err);
    for (change, fragments) in [
        ("--seed 2", ["already holds another run", "seed (2 now, 1 then)"]),
        ("--set steps=9", ["already holds another run", "steps (9 now"]),
        ("--format compact", ["already holds another run", "format"]),
    ] {
        place.refused(&format!("{command} {change}"), 2, &fragments);
    }
    let other = command.replace("300", "301");
    place.refused(&other, 2, &["another run", "epochs (301 now, 300 then)"]);
    place.refused("train wine --epochs 300 --out runs/one", 2, &["already holds a run", "--resume-or-start"]);
    place.refused("train wine --resume-or-start", 2, &["--out"]);
}

#[cfg(unix)]
#[test]
fn every_polite_signal_leaves_a_checkpoint() {
    let place = Place::new();
    for name in ["-INT", "-TERM", "-HUP", "-USR1", "-USR2"] {
        let mut train = spawn(&place, &format!("train wine --epochs 1000000 --out run{name}"));
        wait_for_metrics(&place, &mut train, &format!("run{name}"), 2);
        signal(&train, name);
        let ended = train.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130), "{name}");
        assert!(String::from_utf8_lossy(&ended.stderr).contains("go on with `wheatstone resume"));
    }
}

#[cfg(unix)]
#[test]
fn an_early_signal_leaves_a_checkpoint_too() {
    let place = Place::new();
    for round in 0..3 {
        let out = format!("run{round}");
        let train = spawn(&place, &format!("train digits --epochs 3 --out {out}"));
        while !place.path(&out).join("config.toml").exists() {
            thread::sleep(Duration::from_micros(100));
        }
        assert!(!place.path(&out).join("checkpoint.bin").exists(), "it was quicker than this test");
        signal(&train, "-INT");
        assert_eq!(train.wait_with_output().unwrap().status.code(), Some(130));
        assert_eq!(
            wheatstone_learn::run::read_checkpoint(&place.path(&out).join("checkpoint.bin")).unwrap().samples,
            0
        );
    }
}

#[test]
fn a_run_that_has_not_begun_starts_with_resume() {
    let place = Place::new();
    place.json("train iris --epochs 2 --out whole");
    // What may be there when a run was killed before its first checkpoint.
    let files = ["config.toml", "encoding.json", "network.json", "run.json", "metrics.jsonl"];
    for count in 1..=files.len() {
        let run = format!("run{count}");
        fs::create_dir(place.path(&run)).unwrap();
        for file in &files[..count] {
            fs::copy(place.path("whole").join(file), place.path(&run).join(file)).unwrap();
        }
        place.json(&format!("resume {run}"));
        same_files(&place, &run, "whole");
    }
    fs::create_dir(place.path("requeued")).unwrap();
    fs::copy(place.path("whole/config.toml"), place.path("requeued/config.toml")).unwrap();
    place.json("train iris --epochs 2 --out requeued --resume-or-start");
    same_files(&place, "requeued", "whole");
}

#[test]
fn a_run_that_has_not_begun_keeps_its_snapshots() {
    let place = Place::new();
    place.json("train iris --epochs 2 --snapshots 50 --out whole");
    fs::create_dir(place.path("run")).unwrap();
    for file in ["config.toml", "encoding.json", "network.json", "run.json", "snapshots.npy"] {
        fs::copy(place.path("whole").join(file), place.path("run").join(file)).unwrap();
    }
    place.json("resume run");
    same_files(&place, "run", "whole");
    for file in ["snapshots.npy", "run.json"] {
        assert!(place.read(&format!("run/{file}")) == place.read(&format!("whole/{file}")), "{file} differs");
    }
}

#[test]
fn snapshots_of_another_run_are_none_of_this_one() {
    let place = Place::new();
    place.json("train iris --epochs 2 --snapshots 50 --out whole");
    place.json("train iris --epochs 2 --snapshots 50 --seed 2 --out seed");
    place.json("train iris --epochs 2 --snapshots 30 --out pace");
    place.json("train iris --epochs 2 --snapshots 40 --set omega=9 --out rate");
    place.json("train iris --epochs 2 --snapshots 40 --out even");
    for (run, other) in [("whole", "seed"), ("whole", "pace"), ("even", "rate")] {
        let _ = fs::remove_dir_all(place.path("run"));
        fs::create_dir(place.path("run")).unwrap();
        for file in fs::read_dir(place.path(run)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), place.path("run").join(file.file_name())).unwrap();
        }
        fs::copy(place.path(other).join("snapshots.npy"), place.path("run/snapshots.npy")).unwrap();
        let ended = place.run("resume run");
        assert_eq!(ended.code, 0, "{}", ended.err);
        assert!(ended.err.contains("snapshots are lost"), "{other}: {}", ended.err);
        let whole = place.read(&format!("{run}/snapshots.npy"));
        assert!(place.read("run/snapshots.npy") == whole, "{other}: snapshots differ");
    }
}

#[test]
fn metrics_that_were_lost_are_made_again() {
    let place = Place::new();
    place.json("train iris --epochs 6 --out whole");
    let metrics = String::from_utf8(place.read("whole/metrics.jsonl")).unwrap();
    let lines: Vec<&str> = metrics.split_inclusive('\n').collect();
    let doubled: String = lines.iter().flat_map(|line| [*line, *line]).collect();
    let cut = format!("{}{}\n{}", lines[..3].concat(), &lines[3][..20], lines[4..].concat());
    for (name, damaged) in [
        ("one missing", [&lines[..3], &lines[4..]].concat().concat()),
        ("the last cut off", format!("{}{}", lines[..6].concat(), &lines[6][..30])),
        ("one cut in the middle", cut),
        ("none left", String::new()),
        ("every one twice", doubled),
    ] {
        let _ = fs::remove_dir_all(place.path("run"));
        place.json("train iris --epochs 6 --out run");
        place.write("run/metrics.jsonl", damaged);
        let ended = place.run("resume run");
        assert_eq!(ended.code, 0, "{name}: {}", ended.err);
        same_files(&place, "run", "whole");
    }
}

#[test]
fn runs_of_earlier_versions_go_on() {
    let place = Place::new();
    place.json("train iris --epochs 2 --out run");
    fs::remove_file(place.path("run/run.json")).unwrap();
    fs::remove_file(place.path("run/.lock")).unwrap();
    // They noted the sums of an epoch alone.
    let mut checkpoint = wheatstone_learn::run::read_checkpoint(&place.path("run/checkpoint.bin")).unwrap();
    let remark: serde_json::Value = serde_json::from_str(&checkpoint.remark).unwrap();
    checkpoint.remark = remark["tally"].to_string();
    place.write("run/checkpoint.bin", checkpoint.to_bytes());
    let resumed = place.json("resume run --epochs 4");
    assert_eq!(resumed["digest"], place.json("train iris --epochs 4 --out whole")["digest"]);
    assert!(place.read("run/metrics.jsonl") == place.read("whole/metrics.jsonl"));
}

#[test]
fn a_recording_is_begun_with_its_first_frame() {
    let place = Place::new();
    place.write("earlier.jsonl", "earlier");
    fs::create_dir(place.path("full")).unwrap();
    place.write("full/network.json", "mine");
    for (verb, code) in [
        ("train xor --out full", 2),
        ("train xor --epochs 0 --out run", 2),
        ("resume nowhere", 2),
        ("train xor --set omega=99 --out run", 2),
    ] {
        place.refused(&format!("{verb} --device pty: --record earlier.jsonl"), code, &[]);
        assert_eq!(place.read("earlier.jsonl"), b"earlier", "{verb}");
    }
    place.refused(
        "train xor --out run --device pty: --record no/such/file",
        1,
        &["no/such/file", "make its folder"],
    );
    assert!(!place.path("run").exists());
    place.json("train xor --epochs 1 --out run --device pty: --record earlier.jsonl");
    assert!(place.read("earlier.jsonl").starts_with(b"{\"ns\":"));
    if Path::new("/dev/full").exists() {
        place.refused(
            "train xor --epochs 1 --out lost --device pty: --record /dev/full",
            1,
            &["/dev/full: cannot write", "free space"],
        );
    }
}

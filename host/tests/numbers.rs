//! Numbers for other programs: snapshots of a run, and what a checkpoint holds as tables and arrays.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::{Place, program};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// The records of a file of snapshots, as 8-byte words.
fn records(place: &Place, file: &str, words: usize) -> Vec<Vec<[u8; 8]>> {
    let bytes = place.read(file);
    let header = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let text = String::from_utf8(bytes[10..header].to_vec()).unwrap();
    let records: Vec<_> =
        bytes[header..].chunks_exact(8 * words).map(|record| record.as_chunks::<8>().0.to_vec()).collect();
    assert!(text.contains(&format!("'shape': ({},)", records.len())), "{text}");
    assert_eq!((bytes.len() - header) % (8 * words), 0);
    records
}

/// Nodes, edges and samples of an epoch of the preset `iris`.
const IRIS: [usize; 3] = [29, 208, 120];

fn words() -> usize {
    let [nodes, edges, _] = IRIS;
    4 + edges + 2 * nodes
}

#[test]
fn snapshots_end_with_what_the_checkpoint_holds() {
    let place = Place::new();
    let run = "train iris --epochs 3 --out run -q --snapshots";
    assert_eq!(place.run(&format!("{run} 90")).code, 0);
    let records = records(&place, "run/snapshots.npy", words());
    let samples: Vec<u64> = records.iter().map(|record| u64::from_le_bytes(record[0])).collect();
    assert_eq!(samples, [0, 90, 180, 270, 360]);
    let [nodes, edges, _] = IRIS;
    assert_eq!(u64::from_le_bytes(records[4][1]), place.json("inspect run")["relaxing_steps"]);
    assert_eq!(place.run("inspect run --csv tables -q").code, 0);
    let column = |table: &str, name: &str| -> Vec<f64> {
        let text = String::from_utf8(place.read(&format!("tables/{table}.csv"))).unwrap();
        let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let place = lines.next().unwrap().iter().position(|&column| column == name).unwrap();
        lines.map(|cells| cells[place].parse().unwrap_or(f64::NAN)).collect()
    };
    let last: Vec<f64> = records[4][2..].iter().map(|word| f64::from_le_bytes(*word)).collect();
    assert_eq!(column("edges", "conductance"), last[..edges]);
    assert_eq!(column("nodes", "free"), last[edges..edges + nodes]);
    assert_eq!(column("nodes", "clamped"), last[edges + nodes..edges + 2 * nodes]);
    let power = place.json("inspect run");
    assert_eq!(
        [power["free_power"].as_f64().unwrap(), power["clamped_power"].as_f64().unwrap()],
        last[last.len() - 2..]
    );
    // Inputs have no gain, and every other node has one.
    assert_eq!(column("nodes", "gain").iter().filter(|gain| gain.is_nan()).count(), 10);
    place.refused(&format!("{run} 0"), 2, &["whole number from 1"]);
}

fn spawn(place: &Place, arguments: &str) -> Child {
    Command::new(program())
        .current_dir(place.path(""))
        .args(arguments.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
#[cfg(unix)]
fn snapshots_go_on_after_signals_to_the_same_bytes() {
    let place = Place::new();
    let train = |out: &str| format!("train iris --epochs 60 --snapshots 7 --out {out} -q");
    assert_eq!(place.run(&train("whole")).code, 0);
    let whole = place.read("whole/snapshots.npy");
    for signal in ["-INT", "-KILL"] {
        let run = format!("run{signal}");
        let mut child = spawn(&place, &train(&run));
        let metrics = place.path(&run).join("metrics.jsonl");
        while fs::read_to_string(&metrics).map_or(0, |text| text.lines().count()) < 4 {
            assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
            thread::sleep(Duration::from_millis(1));
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        child.wait().unwrap();
        let stopped = place.read(&format!("{run}/snapshots.npy"));
        assert!(stopped.len() < whole.len(), "{signal} came too late");
        assert_eq!(place.run(&format!("resume {run} -q")).code, 0);
        assert!(place.read(&format!("{run}/snapshots.npy")) == whole, "{signal}: other snapshots");
    }
    // Without its snapshots, a run can only begin again.
    fs::remove_file(place.path("run-INT/snapshots.npy")).unwrap();
    let ended = place.run("resume run-INT");
    assert!(ended.code == 0 && ended.err.contains("snapshots are lost"), "{}", ended.err);
    assert!(place.read("run-INT/snapshots.npy") == whole);
}

#[test]
fn a_checkpoint_is_written_as_tables_and_arrays() {
    let place = Place::new();
    assert_eq!(place.run("train xor --epochs 2 --out run -q").code, 0);
    let inspect = "inspect run -q --csv tables --parquet tables --npz run.npz";
    assert_eq!(place.run(inspect).code, 0);
    let first = place.read("run.npz");
    assert_eq!(place.run(inspect).code, 0);
    assert!(place.read("run.npz") == first, "the same state gives the same bytes");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(first)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for name in ["edge_from", "edge_conductance", "node_name", "node_free", "node_gain", "power", "samples"] {
        assert!(names.contains(&format!("{name}.npy")), "{names:?}");
    }
    assert_eq!(archive.by_name("power.npy").unwrap().size() % 64, 16);
    for table in ["edges", "nodes"] {
        let bytes = place.read(&format!("tables/{table}.parquet"));
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
    let edges = String::from_utf8(place.read("tables/edges.csv")).unwrap();
    assert_eq!(edges.lines().next(), Some("from,to,from_name,to_name,kind,group,conductance"));
    place.refused("inspect run/network.json --npz x.npz", 2, &["network.json", "--npz", "name a checkpoint"]);
    place.write("file", "");
    place.refused("inspect run --csv file", 1, &["file", "cannot write"]);
}

//! Sweeps: planned, run by any number of processes that are killed and started again, and told as a table.

#![expect(clippy::unwrap_used, reason = "a test helper that fails is a failed test")]

mod common;

use common::{Place, program};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

/// Twelve configurations of two seeds: small ones, and some that take long enough to be killed.
const PLAN: &str = "seeds = 2\n[base]\nextends = 'xor'\n[grid]\nepochs = [2, 3000]\nnudge.eta = [0, 1, 2]\n";

fn planned(plan: &str) -> Place {
    let place = Place::new();
    place.write("plan.toml", plan);
    assert_eq!(place.run("sweep plan plan.toml --out sweep -q").code, 0);
    place
}

fn table(place: &Place) -> String {
    let ended = place.run("sweep table sweep");
    assert_eq!(ended.code, 0, "{}", ended.err);
    ended.out
}

fn spawn(place: &Place, arguments: &str) -> Child {
    Command::new(program())
        .current_dir(place.path(""))
        .args(arguments.split(' '))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The table of one process that nobody disturbs.
fn undisturbed() -> String {
    let place = planned(PLAN);
    assert_eq!(place.json("sweep run sweep")["trained"], 12);
    table(&place)
}

#[test]
fn tasks_end_as_runs_do() {
    let place = planned("seeds = 3\n[base]\nextends = 'iris'\n[grid]\nepochs = [2]\nomega = [8, 9]\n");
    let ran = place.json("sweep run sweep");
    assert_eq!((ran["trained"].as_u64(), ran["done"].as_u64()), (Some(6), Some(0)));
    let table = table(&place);
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("task,epochs,omega,seed,status,exit_code,samples,accuracy,mse,r2,state"));
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let [task, _, omega, seed, status, code, samples, accuracy, mse, r2, state] = cells[..] else {
            panic!("{line}")
        };
        assert_eq!((status, code, samples, r2), ("done", "0", "240", ""));
        let alone = place
            .json(&format!("train iris --epochs 2 --seed {seed} --set omega={omega} --out alone-{task}"));
        assert_eq!(alone["digest"], state);
        assert_eq!(alone["accuracy"].as_f64().unwrap(), accuracy.parse::<f64>().unwrap());
        assert_eq!(alone["mse"].as_f64().unwrap().to_bits(), mse.parse::<f64>().unwrap().to_bits());
        // The folder is a run's like any other.
        assert_eq!(place.json(&format!("inspect sweep/{task}"))["state_digest"], state);
        assert_eq!(place.json(&format!("resume sweep/{task}"))["digest"], state);
    }
    let again = place.json("sweep run sweep");
    assert_eq!((again["trained"].as_u64(), again["done"].as_u64()), (Some(0), Some(6)));
    let printed = place.run("sweep table sweep --json");
    let (csv, object) = printed.out.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(format!("{csv}\n"), table, "the table stands before the object");
    assert_eq!(object, r#"{"files":[],"rows":6}"#);
    assert_eq!(place.json("sweep table sweep --out t.parquet --out t.csv")["rows"], 6);
    assert_eq!(String::from_utf8(place.read("t.csv")).unwrap(), table);
    assert!(place.read("t.parquet").starts_with(b"PAR1"));
}

#[test]
#[cfg(unix)]
fn killed_and_requeued_shards_end_in_the_same_table() {
    let whole = undisturbed();
    let place = planned(PLAN);
    let (mut kills, mut signals) = (0, ["-KILL", "-INT", "-TERM", "-KILL"].into_iter().cycle());
    for round in 0.. {
        let shards: Vec<String> =
            (1..=3).map(|i| format!("sweep run sweep -q --threads 1 --shard {i}/3")).collect();
        let mut children: Vec<Child> = shards.iter().map(|shard| spawn(&place, shard)).collect();
        // Later and later, until one round is left alone.
        thread::sleep(Duration::from_millis(20 + 30 * round));
        for child in &mut children {
            let signal = signals.next().unwrap();
            if round < 6 && child.try_wait().unwrap().is_none() {
                assert!(
                    Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success()
                );
                kills += 1;
            }
            let code = child.wait().unwrap().code();
            assert!([None, Some(0), Some(130)].contains(&code), "{code:?}");
        }
        if place.json("sweep status sweep")["done"] == 12 {
            break;
        }
    }
    assert!(kills > 0, "nobody was killed");
    assert_eq!(table(&place), whole);
}

#[test]
fn many_starts_at_once_end_in_the_same_table() {
    let whole = undisturbed();
    let place = planned(PLAN);
    let children: Vec<Child> = (0..24).map(|_| spawn(&place, "sweep run sweep -q --threads 1")).collect();
    for child in children {
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    assert_eq!(table(&place), whole);
}

#[test]
fn what_train_has_begun_goes_on_with_its_metrics() {
    let place = planned(PLAN);
    let tasks = String::from_utf8(place.read("sweep/tasks.jsonl")).unwrap();
    let task: serde_json::Value = serde_json::from_str(tasks.lines().last().unwrap()).unwrap();
    assert_eq!(task["parameters"]["epochs"], 3000);
    let task = task["digest"].as_str().unwrap();
    let train =
        format!("train xor --seed 2 --set nudge.eta=2 --epochs 3000 --out sweep/{task} -q --resume-or-start");
    let mut child = spawn(&place, &train);
    let metrics = place.path("sweep").join(task).join("metrics.jsonl");
    while fs::read_to_string(&metrics).map_or(0, |text| text.lines().count()) < 4 {
        assert_eq!(child.try_wait().unwrap(), None, "it ended too early");
        thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(place.json("sweep status sweep")["begun"], 1);
    assert_eq!(place.json("sweep run sweep")["trained"], 12);
    assert_eq!(table(&place), undisturbed());
    assert_eq!(fs::read_to_string(metrics).unwrap().lines().count(), 3001);
}

#[test]
fn what_fails_is_told_and_tried_again() {
    let place = Place::new();
    place.write("data.csv", "a,b,kind\n".to_owned() + &"1,2,x\n2,1,y\n3,0,x\n0,3,y\n".repeat(10));
    let plan = "[base]\nextends = 'iris'\nepochs = 2\ndata.source.csv.path = 'data.csv'\n\
                data.source.csv.options.targets = ['kind']\n[grid]\nomega = [8, 9]\n";
    place.write("plan.toml", plan);
    assert_eq!(place.run("sweep plan plan.toml --out sweep -q").code, 0);
    fs::rename(place.path("data.csv"), place.path("away.csv")).unwrap();
    place.refused("sweep run sweep", 1, &["2 tasks failed", "sweep status"]);
    assert!(table(&place).lines().skip(1).all(|line| line.contains(",failed,2,")), "{}", table(&place));
    let status = place.json("sweep status sweep");
    assert_eq!(status["failed"], 2);
    assert!(status["failures"][0]["message"].as_str().unwrap().contains("data.csv"));
    fs::rename(place.path("away.csv"), place.path("data.csv")).unwrap();
    assert_eq!(place.json("sweep run sweep")["trained"], 2);
    assert!(table(&place).lines().skip(1).all(|line| line.contains(",done,0,")), "{}", table(&place));
    assert!(!place.files().iter().any(|file| file.ends_with("failure.json")));
}

#[test]
fn what_is_asked_wrongly_is_refused() {
    let place = planned("[base]\nextends = 'xor'\nepochs = 2\n");
    place.refused("sweep run nowhere", 2, &["nowhere", "sweep plan"]);
    place.refused("sweep run sweep --shard 3/2", 2, &["I/N with I from 1 to N"]);
    place.refused("sweep run sweep --shard 0/2", 2, &["I/N with I from 1 to N"]);
    place.refused_without_trace("sweep table sweep --out x.xls", 2, &["x.xls", ".csv or .parquet"]);
    place.refused_without_trace("sweep plan nowhere.toml", 2, &["nowhere.toml"]);
    let edited =
        String::from_utf8(place.read("sweep/tasks.jsonl")).unwrap().replace("\"epochs\":2", "\"epochs\":3");
    place.write("sweep/tasks.jsonl", edited);
    place.refused("sweep run sweep", 2, &["tasks.jsonl: line 1", "edited", "plan the sweep again"]);
}

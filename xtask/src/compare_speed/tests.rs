//! A whole contest with made-up baselines: shell scripts that speak the protocol.

use super::arena::{Arena, Entry, Schedule};
use super::progress::Progress;
use super::report::Contest;
use super::task::{self, Drive};
use std::process::Command;
use wheatstone_measure::Worker;
use wheatstone_measure::training_step::Question;

/// Its error falls with effort, as `5000 / effort` LSB; a variant `b` may be offered that costs half. It also plays the
/// one who knows the exact solution, which is 0.
fn fake(name: &str, nanoseconds: u64, error: u32, variants: &str) -> Worker {
    let script = format!(
        r#"effort=1
        while read -r line; do case "$line" in
        *'"op":"load"'*) echo '{{"baselines":[{{"name":"{name}","method":"{name}","question":"equilibrium","variants":[{variants}],
            "efforts":4000}}],"unsuited":[]}}' | tr -d '\n'; echo;;
        *'"op":"start"'*) effort="${{line##*:}}"; effort="${{effort%\}}}}"; echo "{{\"setting\":\"effort $effort\"}}";;
        *'"op":"train"'*) echo '{{"nanoseconds":{nanoseconds}}}';;
        *'"op":"record"'*)
            printf '{{"records":[{{"sample":0,"k":[1],"g":[1],"free":[%d],"clamped":[],"change":[]}}]}}\n' \
            $(({error} / effort));;
        *'"op":"solve"'*) echo '{{"free":[0],"clamped":[],"change":[]}}';;
        *) echo '{{"error":"not understood"}}';;
        esac; done"#
    );
    Worker::start(name, Command::new("sh").args(["-c", &script])).unwrap()
}

const ONE: &str = r#"{"name":"a","cost":1}"#;
const TWO: &str = r#"{"name":"a","cost":1},{"name":"b","cost":0.5}"#;

fn contest(workers: &mut [Worker]) -> (Vec<Entry>, Contest, f64) {
    let task = task::draw(16, Drive::Corners, 4, 1).unwrap();
    let schedule = Schedule::new(16, 4);
    let progress = Progress::new();
    let mut arena = Arena { workers, exact: 1, task: &task, schedule, progress: &progress };
    let (mut entries, unsuited) = arena.load("a path").unwrap();
    arena.choose(&mut entries).unwrap();
    arena.measure(&mut entries).unwrap();
    let contest = Contest::new(Question::Equilibrium, &task, schedule, &entries, &unsuited);
    (entries, contest, task.voltage_range())
}

#[test]
fn settings_of_equal_error_are_chosen_and_times_compared() {
    let mut workers = [fake("ours", 1_000_000, 600, ONE), fake("other", 50_000_000, 9000, TWO)];
    let (entries, contest, range) = contest(&mut workers);
    let bound = range / 1000.0;
    // What the scripts compute, in whole numbers.
    let smallest = |error: u32, bound: f64| (1..).find(|effort| f64::from(error / effort) <= bound).unwrap();
    let [ours, other] = [0, 1].map(|index| entries[index].choice.as_ref().unwrap());
    assert_eq!(ours.effort, smallest(600, bound));
    assert_eq!(ours.setting, format!("effort {}", ours.effort));
    // The other may not be worse than ours, which is a little better than the bound; and half the cost wins.
    assert_eq!((other.variant.as_str(), other.effort), ("b", smallest(9000, ours.accuracy.free * range)));
    assert!(other.accuracy.share() <= ours.accuracy.share() && ours.accuracy.share() <= 1.0);
    // The slow one is given fewer samples in a turn: 20 times the 16 warm ones, of 3.125 ms each.
    assert_eq!(entries[0].times, vec![Some(1_000_000.0 / 2048.0); 4]);
    assert_eq!(entries[1].times, vec![Some(50_000_000.0 / 320.0); 4]);
    assert_eq!(contest.verdicts[0].ratio.value, 320.0);
}

#[test]
fn one_search_serves_all_of_a_method() {
    let mut workers = [fake("ours", 1, 600, ONE), fake("other", 1, 9000, TWO), fake("other", 1, 9000, TWO)];
    let (entries, ..) = contest(&mut workers);
    assert_eq!(entries[1].choice, entries[2].choice);
    // Where the same setting is worse, it is looked for anew.
    let mut workers = [fake("ours", 1, 600, ONE), fake("other", 1, 9000, TWO), fake("other", 1, 18_000, TWO)];
    let (entries, ..) = contest(&mut workers);
    let efforts = [1, 2].map(|index| entries[index].choice.as_ref().unwrap().effort);
    assert!(efforts[1] > efforts[0], "{efforts:?}");
}

#[test]
fn who_cannot_reach_the_error_is_reported() {
    let mut workers = [fake("ours", 1_000_000, 5000, ONE), fake("other", 1, 4_000_000, ONE)];
    let (entries, contest, _) = contest(&mut workers);
    assert!(entries[1].choice.is_err() && entries[1].times.is_empty());
    assert_eq!(contest.rows.len(), 1);
    assert_eq!(contest.unsuited[0].why, "no setting reaches the error asked for");
    assert!(contest.verdicts.is_empty());
}

#[test]
fn what_a_peer_refuses_is_told_with_its_name() {
    let mut worker = fake("ours", 1, 1, ONE);
    let error = worker.ask::<super::Hello>(&super::Request::Hello).unwrap_err();
    assert_eq!(format!("{error:#}"), r#"ours was asked {"op":"hello"}: not understood"#);
}

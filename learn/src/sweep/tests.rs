use super::*;
use crate::run::{CONFIG, EVALUATION, RunError, WITHOUT_LOCKS};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// A sweep of runs of two epochs, so many of them, none of which is a replica of another.
fn sweep(folder: &Path, count: usize) -> Sweep {
    let rates: Vec<String> = (0..count).map(|task| task.to_string()).collect();
    let plan = format!("[base]\nextends = 'xor'\nepochs = 2\n[grid]\nnudge.eta = [{}]\n", rates.join(", "));
    Sweep::create(folder, Plan::parse(&plan, "plan.toml").unwrap().tasks().unwrap()).unwrap()
}

/// Gives the thread that keeps the run of this folder time to find out that it cannot.
struct Patient(PathBuf);

impl SweepObserver for Patient {
    fn goes_on(&self) -> bool {
        if self.0.join("checkpoint.bin").exists() {
            thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

#[test]
fn when_nothing_can_be_kept_nothing_more_is_trained() {
    let place = tempfile::tempdir().unwrap();
    let sweep = sweep(place.path(), 60);
    let first = sweep.folder(&sweep.tasks()[0]);
    fs::create_dir(&first).unwrap();
    fs::write(first.join(CONFIG), sweep.tasks()[0].configuration.to_toml()).unwrap();
    // Nothing can be written under this name, as on a full disk.
    std::os::unix::fs::symlink("nowhere/at/all", first.join(EVALUATION)).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let error = pool.install(|| sweep.run(Shard::WHOLE, &Patient(first))).unwrap_err();
    assert!(matches!(error, SweepError::Run(RunError::Write(_))), "{error}");
    let outcomes = sweep.outcomes().unwrap();
    let done = outcomes.iter().filter(|outcome| outcome.status == Status::Done).count();
    assert!(done < 30, "{done} of 60 were trained behind the one that could not be kept");
}

#[test]
fn what_the_dead_left_is_looked_for_once() {
    let place = tempfile::tempdir().unwrap();
    let sweep = sweep(place.path(), 3);
    let left = place.path().join(".wheatstone-dead.tmp");
    fs::create_dir(&left).unwrap();
    let task = &sweep.tasks()[0];
    drop(crate::run::RunWriter::create_unflushed(&sweep.folder(task), &task.configuration).unwrap());
    assert!(left.exists(), "the whole sweep is looked through for each of its tasks");
    assert_eq!(sweep.run(Shard::WHOLE, &()).unwrap().trained, 3);
    assert!(!left.exists());
}

#[test]
fn a_folder_that_cannot_be_read_is_told() {
    let place = tempfile::tempdir().unwrap();
    let sweep = sweep(place.path(), 2);
    fs::create_dir_all(sweep.folder(&sweep.tasks()[1]).join(CONFIG)).unwrap();
    let error = sweep.outcomes().unwrap_err().to_string();
    assert!(error.contains(&sweep.tasks()[1].digest) && error.contains("cannot read"), "{error}");
    fs::remove_dir_all(sweep.folder(&sweep.tasks()[1])).unwrap();
    assert!(sweep.outcomes().unwrap().iter().all(|outcome| outcome.status == Status::Waiting));
}

#[derive(Default)]
struct Told(AtomicUsize);

impl SweepObserver for Told {
    fn on_no_locks(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn that_there_are_no_locks_is_told_once() {
    for (folder, wanted) in [(WITHOUT_LOCKS, 1), ("with-locks", 0)] {
        let (place, told) = (tempfile::tempdir().unwrap(), Told::default());
        let sweep = sweep(&place.path().join(folder), 4);
        assert_eq!(sweep.run(Shard::WHOLE, &told).unwrap().trained, 4);
        assert_eq!(told.0.into_inner(), wanted, "{folder}");
    }
}

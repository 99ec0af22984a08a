//! What others do on the machine while something is measured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Processors' worth of foreign work from which on a figure is marked: a tenth of one.
pub const DISTURBED: f64 = 0.1;

/// Counts the work of others from one look to the next: of processes that are neither this one nor below it, and of other virtual machines.
pub struct LoadWatch {
    root: PathBuf,
    process: u32,
    last: Option<Ticks>,
}

/// Counts since the system was started, in its ticks.
#[derive(Clone, Copy, Debug)]
struct Ticks {
    /// All processors at work, for whomever, and those that another virtual machine held.
    busy: u64,
    /// Time of one processor.
    passed: f64,
    /// Work of this process and of those below it.
    own: u64,
}

impl LoadWatch {
    /// Begins to watch this machine.
    pub fn start() -> LoadWatch {
        LoadWatch::below(Path::new("/"), std::process::id())
    }

    /// Begins to watch as files below `root` tell, which is `/` outside of tests; own is the process of that number, and what it has started.
    pub fn below(root: &Path, process: u32) -> LoadWatch {
        let mut watch = LoadWatch { root: root.to_owned(), process, last: None };
        watch.last = watch.ticks();
        watch
    }

    /// Processors' worth of foreign work since the last look; `None` where the system does not tell, or no tick has passed.
    pub fn look(&mut self) -> Option<f64> {
        let (now, last) = (self.ticks()?, self.last?);
        let passed = now.passed - last.passed;
        if passed <= 0.0 {
            return None;
        }
        self.last = Some(now);
        let foreign = now.busy.saturating_sub(last.busy) as f64 - now.own.saturating_sub(last.own) as f64;
        Some((foreign / passed).max(0.0))
    }

    fn ticks(&self) -> Option<Ticks> {
        let stat = std::fs::read_to_string(self.root.join("proc/stat")).ok()?;
        let processors = stat.lines().filter(|line| line.starts_with("cpu")).count().checked_sub(1)?;
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let counts: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
        // user nice system idle iowait irq softirq steal; guests are in user already.
        let (all, idle) = (counts.get(..8)?.iter().sum::<u64>(), counts[3] + counts[4]);
        Some(Ticks { busy: all - idle, passed: all as f64 / processors.max(1) as f64, own: self.own() })
    }

    /// Work of this process and of those below it, the ended ones they have waited for included.
    fn own(&self) -> u64 {
        let entries = std::fs::read_dir(self.root.join("proc")).into_iter().flatten().flatten();
        let processes = entries.filter_map(|entry| {
            let number: u32 = entry.file_name().to_str()?.parse().ok()?;
            let text = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name stands in brackets and may hold anything.
            let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
            let count =
                |field: usize| fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            Some((number, (u32::try_from(count(1)).unwrap_or(0), (11..=14).map(count).sum::<u64>())))
        });
        let processes: BTreeMap<u32, (u32, u64)> = processes.collect();
        let is_own = |mut number: u32| {
            // A parent is older than its children; nothing is deeper than there are processes.
            for _ in 0..processes.len() {
                if number == self.process {
                    return true;
                }
                match processes.get(&number) {
                    Some(&(parent, _)) => number = parent,
                    None => return false,
                }
            }
            false
        };
        processes.iter().filter(|(number, _)| is_own(**number)).map(|(_, (_, work))| work).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine of two processors: ticks at work and idle, and what processes 10, its child 11 and a stranger 12 have done.
    fn tell(root: &Path, busy: u64, idle: u64, work: [u64; 3]) {
        let write = |path: String, text: String| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("proc/stat".into(), format!("cpu  {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1\ncpu1 1\nintr 5\n"));
        for ((number, parent), work) in [(10, 1), (11, 10), (12, 1)].into_iter().zip(work) {
            let text = format!("{number} (a) name) S {parent} 0 0 0 0 0 0 0 0 0 {work} 0 0 0 20 0\n");
            write(format!("proc/{number}/stat"), text);
        }
    }

    #[test]
    fn own_work_is_not_foreign() {
        let folder = tempfile::tempdir().unwrap();
        tell(folder.path(), 1000, 1000, [100, 50, 800]);
        let mut watch = LoadWatch::below(folder.path(), 10);
        // 100 ticks of two processors: 150 at work, all of them by 10 and its child.
        tell(folder.path(), 1150, 1050, [200, 100, 800]);
        assert_eq!(watch.look(), Some(0.0));
        // The same time, of which the stranger took 60.
        tell(folder.path(), 1310, 1090, [300, 100, 860]);
        assert_eq!(watch.look(), Some(0.6));
        assert_eq!(watch.look(), None, "no tick has passed");
    }

    #[test]
    fn what_another_virtual_machine_takes_is_foreign() {
        let folder = tempfile::tempdir().unwrap();
        tell(folder.path(), 0, 0, [0, 0, 0]);
        let mut watch = LoadWatch::below(folder.path(), 10);
        let stat = "cpu  100 0 0 50 0 0 0 50 0 0\ncpu0 1\ncpu1 1\n";
        std::fs::write(folder.path().join("proc/stat"), stat).unwrap();
        std::fs::write(folder.path().join("proc/10/stat"), "10 (a) S 1 0 0 0 0 0 0 0 0 0 100 0 0 0\n")
            .unwrap();
        assert_eq!(watch.look(), Some(0.5));
    }

    #[test]
    fn a_system_that_does_not_tell_is_no_machine_at_rest() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(LoadWatch::below(folder.path(), 10).look(), None);
    }
}

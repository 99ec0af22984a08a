//! Tables for people, and everything for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;

use super::accuracy::Accuracy;
use super::arena::{Entry, Schedule};
use wheatstone_measure::statistics::{self, Interval, median};
use wheatstone_measure::training_step::{Question, Task, Unsuited};
use wheatstone_measure::{Machine, significant, with_prefix};

/// Everything that was found out.
#[derive(Serialize)]
pub struct Report {
    pub machine: Machine,
    pub compiler: String,
    /// Of the source, with a `+` if something was changed since.
    pub revision: String,
    /// In universal time.
    pub date: String,
    pub versions: BTreeMap<String, String>,
    /// Who could not take part at all.
    pub missing: Vec<Unsuited>,
    pub bounds: Accuracy,
    pub contests: Vec<Contest>,
    /// The table of the engines beside plain loops, as its own bench prints it.
    pub engines: Option<String>,
}

/// One question about one task.
#[derive(Serialize)]
pub struct Contest {
    pub question: Question,
    pub task: String,
    pub nodes: u32,
    pub inputs: usize,
    pub outputs: usize,
    pub schedule: Schedule,
    pub rows: Vec<Row>,
    pub unsuited: Vec<Unsuited>,
    pub verdicts: Vec<Verdict>,
}

/// One baseline.
#[derive(Clone, Serialize)]
pub struct Row {
    pub name: String,
    pub ours: bool,
    pub setting: String,
    /// Median.
    pub nanoseconds: f64,
    pub nanoseconds_by_block: Vec<Option<f64>>,
    pub accuracy: Accuracy,
    /// The largest part of its bound that an error takes.
    pub share: f64,
    /// Its time over that of the first of ours.
    pub ratio: Ratio,
}

/// A ratio of times: the median of those within a block, with its 95 % interval where there are blocks enough for one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Ratio {
    pub value: f64,
    pub interval: Option<(f64, f64)>,
}

fn ratio(above: &[Option<f64>], below: &[Option<f64>]) -> Ratio {
    match statistics::ratio(above, below) {
        Ok(Interval { median, low, high, .. }) => Ratio { value: median, interval: Some((low, high)) },
        Err(_) => Ratio { value: median(&statistics::ratios(above, below)), interval: None },
    }
}

/// One of ours against the best of the others.
#[derive(Clone, Serialize)]
pub struct Verdict {
    pub ours: String,
    pub best_peer: String,
    pub ratio: Ratio,
    /// What is asked of the ratio, where something is.
    pub target: Option<f64>,
}

/// What is asked of a training step against the best of the others.
fn target(question: Question, nodes: u32) -> Option<f64> {
    match (question, nodes) {
        (Question::TrainingStep, 16) => Some(300.0),
        (Question::TrainingStep, 1024) => Some(30.0),
        (Question::TrainingStep, 16_384) => Some(10.0),
        _ => None,
    }
}

impl Contest {
    /// Sorted by time. `entries` are those of one question, ours first.
    pub fn new(
        question: Question,
        task: &Task,
        schedule: Schedule,
        entries: &[Entry],
        unsuited: &[Unsuited],
    ) -> Contest {
        let measured = || entries.iter().filter_map(|entry| Some((entry, entry.median()?)));
        let first_of_ours = measured().find(|(entry, _)| entry.worker == 0);
        let mut unsuited = unsuited.to_vec();
        unsuited.extend(entries.iter().filter_map(|entry| {
            let why = entry.choice.as_ref().err()?.clone();
            Some(Unsuited { name: entry.offer.name.clone(), why })
        }));
        let mut rows: Vec<Row> = measured()
            .filter_map(|(entry, nanoseconds)| {
                let choice = entry.choice.as_ref().ok()?;
                Some(Row {
                    name: entry.offer.name.clone(),
                    ours: entry.worker == 0,
                    setting: choice.setting.clone(),
                    nanoseconds,
                    nanoseconds_by_block: entry.times.clone(),
                    accuracy: choice.accuracy,
                    share: choice.accuracy.share(),
                    ratio: ratio(&entry.times, &first_of_ours?.0.times),
                })
            })
            .collect();
        rows.sort_by(|a, b| a.nanoseconds.total_cmp(&b.nanoseconds));
        let best = rows.iter().find(|row| !row.ours).cloned();
        let verdicts = best
            .map(|best| {
                let ours = rows.iter().filter(|row| row.ours);
                ours.map(|row| Verdict {
                    ours: row.name.clone(),
                    best_peer: best.name.clone(),
                    ratio: ratio(&best.nanoseconds_by_block, &row.nanoseconds_by_block),
                    target: target(question, task.nodes()),
                })
                .collect()
            })
            .unwrap_or_default();
        Contest {
            question,
            task: task.name.clone(),
            nodes: task.nodes(),
            inputs: task.inputs.len(),
            outputs: task.outputs.len(),
            schedule,
            rows,
            unsuited,
            verdicts,
        }
    }

    /// One line a baseline.
    pub fn table(&self) -> String {
        let what = match self.question {
            Question::TrainingStep => "one training step",
            Question::Equilibrium => "one equilibrium",
        };
        let Contest { task, nodes, inputs, outputs, .. } = self;
        let mut text = format!("{what}, {task}: {nodes} nodes, {inputs} inputs, {outputs} outputs\n");
        let header = ["", "time", "times ours (95 %)", "error", "free", "clamped", "change", "setting"]
            .map(str::to_owned);
        write_row(&mut text, &header);
        for row in &self.rows {
            let part = |error: f64| if error == 0.0 { "-".to_owned() } else { format!("{error:.0e}") };
            let cells = [
                row.name.clone(),
                time(row.nanoseconds),
                if row.ratio.value == 1.0 { String::new() } else { shown(&row.ratio) },
                percent(row.share),
                part(row.accuracy.free),
                part(row.accuracy.clamped),
                part(row.accuracy.change),
                row.setting.clone(),
            ];
            write_row(&mut text, &cells);
        }
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for Unsuited { name, why } in &self.unsuited {
            by_reason.entry(why).or_default().push(name);
        }
        for (why, names) in by_reason {
            let _ = writeln!(text, "  {why}: {}", names.join("; "));
        }
        text
    }
}

/// The largest error as part of its bound.
fn percent(share: f64) -> String {
    if share < 0.005 { "exact".to_owned() } else { format!("{:.0} %", 100.0 * share) }
}

fn write_row(text: &mut String, [name, time, ratio, error, free, clamped, change, setting]: &[String; 8]) {
    let line = format!(
        "  {name:<30} {time:>9} {ratio:>24} {error:>6} {free:>6} {clamped:>7} {change:>6}  {setting}"
    );
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", line.trim_end());
}

impl Report {
    /// Every verdict, who is missing, and where all that was measured.
    pub fn summary(&self) -> String {
        let mut text = self.engines.clone().unwrap_or_default();
        text.push_str("ours against the best of the others, at equal error\n");
        for contest in &self.contests {
            for Verdict { ours, best_peer, ratio, target } in &contest.verdicts {
                let asked = target.map_or_else(String::new, |target| {
                    let met = if ratio.value >= target { "met" } else { "missed" };
                    format!("  target {target}: {met}")
                });
                let _ = writeln!(
                    text,
                    "  {:<15} {ours:<16} {:>24}  {best_peer}{asked}",
                    contest.task,
                    shown(ratio)
                );
            }
        }
        for Unsuited { name, why } in &self.missing {
            let _ = writeln!(text, "missing: {name}: {why}");
        }
        let Accuracy { free, clamped, change } = self.bounds;
        let _ = writeln!(
            text,
            "error: root mean square as part of its bound, the worst of free and clamped voltages ({free:.0e} and \
             {clamped:.0e} of their range)\nand of changes ({change:.0e} of theirs), checked against sparse LU in \
             float64 in this run"
        );
        let Report { machine, compiler, revision, date, .. } = self;
        let load = machine.load.as_deref().unwrap_or("unknown");
        let versions: Vec<String> =
            self.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let _ = writeln!(text, "measured {date} on {machine}, load {load}");
        let _ = writeln!(text, "revision {revision}, {compiler}, {}", versions.join(", "));
        text
    }
}

/// So many nanoseconds.
pub fn time(nanoseconds: f64) -> String {
    with_prefix(nanoseconds / 1e9, "s")
}

fn shown(Ratio { value, interval }: &Ratio) -> String {
    match interval {
        Some((low, high)) => {
            format!("{} ({} .. {})", significant(*value), significant(*low), significant(*high))
        }
        None => significant(*value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::accuracy::BOUNDS;
    use super::super::arena::Choice;
    use super::super::task::{self, Drive};
    use super::*;
    use wheatstone_measure::training_step::{Offer, Variant};

    fn entry(worker: usize, name: &str, share: f64, times: &[f64]) -> Entry {
        let variants = vec![Variant { name: String::new(), cost: 1.0 }];
        let (name, method) = (name.to_owned(), name.to_owned());
        let offer = Offer { name, method, question: Question::TrainingStep, variants, efforts: 1 };
        let accuracy = Accuracy { free: share * BOUNDS.free, clamped: 0.0, change: 0.0 };
        let choice =
            Choice { variant: String::new(), effort: 1, setting: "as it is".into(), accuracy, rough: 1.0 };
        let choice = if times.is_empty() { Err("too slow".to_owned()) } else { Ok(choice) };
        Entry { worker, offer, choice, times: times.iter().copied().map(Some).collect() }
    }

    fn contest() -> Contest {
        let task = task::draw(16, Drive::Corners, 4, 1).unwrap();
        let entries = [
            entry(0, "ours", 0.5, &[100.0, 110.0, 90.0, 100.0, 110.0, 90.0]),
            entry(1, "slow", 0.1, &[5e6, 5e6, 5e6]),
            entry(1, "fast", 0.2, &[20_000.0, 22_000.0, 18_000.0, 20_000.0, 22_000.0, 18_000.0]),
            entry(1, "hopeless", 0.0, &[]),
        ];
        let unsuited = [Unsuited { name: "dense".into(), why: "too large".into() }];
        Contest::new(Question::TrainingStep, &task, Schedule::new(16, 3), &entries, &unsuited)
    }

    #[test]
    fn the_best_of_the_others_is_what_counts() {
        let contest = contest();
        let names: Vec<&str> = contest.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["ours", "fast", "slow"]);
        assert_eq!(contest.verdicts.len(), 1);
        let verdict = &contest.verdicts[0];
        assert_eq!((verdict.best_peer.as_str(), verdict.ratio.value), ("fast", 200.0));
        assert_eq!(verdict.target, Some(300.0));
    }

    #[test]
    fn tables_tell_times_errors_and_who_is_left_out() {
        let table = contest().table();
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "one training step, corners-16: 16 nodes, 4 inputs, 2 outputs");
        assert!(lines[2].starts_with("  ours                              100 ns"), "{}", lines[2]);
        assert!(lines[3].contains("20.0 \u{b5}s") && lines[3].contains("200 (200 .. 200)"), "{}", lines[3]);
        // Three blocks give a ratio and no interval.
        assert!(lines[4].contains("5.00 ms") && !lines[4].contains(".."), "{}", lines[4]);
        assert_eq!(lines[5], "  too large: dense");
        assert_eq!(lines[6], "  too slow: hopeless");
    }

    #[test]
    fn the_summary_says_what_was_missed_and_what_is_missing() {
        let report = Report {
            machine: Machine::here(),
            compiler: "rustc 1".into(),
            revision: "abc+".into(),
            date: wheatstone_measure::date(),
            versions: [("numpy".to_owned(), "2.4.6".to_owned())].into(),
            missing: vec![Unsuited { name: "torch".into(), why: "not there".into() }],
            bounds: BOUNDS,
            contests: vec![contest()],
            engines: Some("a table\n".to_owned()),
        };
        let text = report.summary();
        assert!(text.contains("fast  target 300: missed"), "{text}");
        assert!(text.contains("missing: torch: not there"), "{text}");
        assert!(text.starts_with("a table\nours against") && text.contains("numpy 2.4.6"), "{text}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["contests"][0]["rows"][1]["nanoseconds_by_block"][0], 20_000.0);
    }
}

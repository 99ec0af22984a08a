//! How the slacks of a routed chip are distributed.

use super::chart::{Chart, Mark, Panel, Series};
use super::histogram::outline;
use super::palette::SERIES;
use super::scale::{Axis, grouped, index};
use wheatstone_flow::timing::Findings;

/// Bins over the whole range.
const BINS: usize = 40;

/// Slacks by kind in 40 bins; with more kinds than colours, those with the least slack. None if there are no slacks.
pub fn slack_histogram(findings: &Findings) -> Option<String> {
    let mut kinds: Vec<_> = findings.kinds.iter().filter(|(_, kind)| !kind.all_ps.is_empty()).collect();
    kinds.sort_by_key(|(_, kind)| kind.worst_ps);
    kinds.truncate(SERIES.len());
    let all = || kinds.iter().flat_map(|(_, kind)| &kind.all_ps).map(|&ps| nanoseconds(ps));
    let (low, high) = super::scale::extent(all())?;
    let width = ((high - low) / BINS as f64).max(1e-3);
    let series: Vec<Series> = kinds
        .iter()
        .enumerate()
        .map(|(i, (name, kind))| {
            let mut counts = [0u32; BINS];
            for &ps in &kind.all_ps {
                counts[index((nanoseconds(ps) - low) / width, BINS - 1)] += 1;
            }
            Series {
                name: format!("{} ({})", name.replace('_', " "), grouped(kind.all_ps.len() as u64)),
                colour: SERIES[i],
                mark: Mark::Line(1.8),
                points: outline(low, width, counts.iter().map(|&count| f64::from(count))),
            }
        })
        .collect();
    let tallest = series.iter().flat_map(|s| s.points.iter().map(|p| p.1)).chain([0.0, 1.0]);
    let panel = Panel {
        x: Axis::linear("slack (ns)", [low, low + BINS as f64 * width, 0.0], 0.0),
        y: Axis::linear("number of slacks", tallest, 1.0),
        height: 360,
        series,
    };
    Some(Chart { title: "Distribution of the slacks", note: None, panels: vec![panel] }.svg())
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
fn nanoseconds(ps: i64) -> f64 {
    ps as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::tests::assert_well_formed;
    use std::collections::BTreeMap;
    use wheatstone_flow::timing::Slacks;

    #[test]
    fn slacks_are_drawn_by_kind_and_none_where_there_are_none() {
        assert_eq!(slack_histogram(&Findings::default()), None);
        let kind = |all_ps: Vec<i64>| Slacks {
            examined: all_ps.len(),
            worst_ps: all_ps.iter().min().copied(),
            all_ps,
            ..Slacks::default()
        };
        let kinds = BTreeMap::from([
            ("bundling".to_owned(), kind(vec![-200, 300, 1500])),
            ("hold".to_owned(), kind(vec![40])),
            ("scan".to_owned(), kind(Vec::new())),
        ]);
        let svg = slack_histogram(&Findings { checked: true, kinds, ..Findings::default() }).unwrap();
        assert_well_formed(&svg);
        assert!(svg.contains("bundling (3)") && svg.contains("hold (1)") && !svg.contains("scan"), "{svg}");
    }
}

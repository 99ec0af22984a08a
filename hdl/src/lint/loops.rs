//! No loop without a flip-flop: the strongly connected components of the graph of bits are single bits.
//!
//! Tarjan's algorithm (SIAM J. Computing 1(2), 1972) without recursion, because a path through an array is longer than
//! a stack is deep. A flip-flop's output depends on none of its inputs here; its set and reset are the business of
//! another check.

use super::graph::{BitId, Graph};
use super::report::{Check, Fault, Violation};
use std::collections::VecDeque;

/// No combinational loop.
pub(super) fn no_loop(graph: &Graph) -> Check {
    let successors: Vec<Vec<BitId>> = (0..graph.bit_count())
        .map(|bit| {
            let mut found = Vec::new();
            graph.sources(bit, &|_| None, &mut found);
            found.into_iter().map(|(bit, _)| bit).collect()
        })
        .collect();
    let mut violations = Vec::new();
    for component in components(&successors) {
        let least = component.iter().copied().min().unwrap_or_default();
        // A name from the Verilog helps more than a number.
        let start = component.iter().copied().filter(|&bit| graph.is_named(bit)).min().unwrap_or(least);
        if let Some(mut cycle) = cycle(&successors, start) {
            cycle.reverse();
            let driver = graph.driving_cell(start).map(|cell| &graph.cells[cell].path);
            let cell = driver.filter(|path| path.len() > 1).map(|path| path[0].clone()).unwrap_or_default();
            let path = cycle.into_iter().map(|bit| graph.bit_name(bit)).collect();
            let object = graph.bit_name(start);
            violations.push(Violation { cell, object, fault: Fault::CombinationalLoop, path });
        }
    }
    let examined = successors.iter().filter(|successors| !successors.is_empty()).count();
    let text = ["no-loop", "every loop passes a flip-flop", "combinational bits"];
    Check::new(text, examined, violations)
}

/// The strongly connected components that are more than one bit, or one that depends on itself.
fn components(successors: &[Vec<BitId>]) -> Vec<Vec<BitId>> {
    let count = successors.len();
    let (mut order, mut low) = (vec![usize::MAX; count], vec![0; count]);
    let mut on_stack = vec![false; count];
    let (mut stack, mut calls, mut found, mut next) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for root in 0..count {
        if order[root] != usize::MAX {
            continue;
        }
        calls.push((root, 0));
        while let Some((bit, done)) = calls.pop() {
            if done == 0 {
                (order[bit], low[bit], on_stack[bit]) = (next, next, true);
                next += 1;
                stack.push(bit);
            }
            if let Some(&successor) = successors[bit].get(done) {
                calls.push((bit, done + 1));
                if order[successor] == usize::MAX {
                    calls.push((successor, 0));
                } else if on_stack[successor] {
                    low[bit] = low[bit].min(order[successor]);
                }
                continue;
            }
            if let Some(&(caller, _)) = calls.last() {
                low[caller] = low[caller].min(low[bit]);
            }
            if low[bit] == order[bit] {
                let start = stack.iter().rposition(|&other| other == bit).unwrap_or_default();
                let component = stack.split_off(start);
                component.iter().for_each(|&member| on_stack[member] = false);
                if component.len() > 1 || successors[bit].contains(&bit) {
                    found.push(component);
                }
            }
        }
    }
    found
}

/// A shortest loop through a bit, which begins and ends with it.
fn cycle(successors: &[Vec<BitId>], start: BitId) -> Option<Vec<BitId>> {
    let mut from = vec![None; successors.len()];
    let mut waiting = VecDeque::from([start]);
    while let Some(bit) = waiting.pop_front() {
        for &next in &successors[bit] {
            if next == start {
                let mut path = vec![start, bit];
                let mut at = bit;
                while let Some(previous) = from[at] {
                    path.push(previous);
                    at = previous;
                }
                path.reverse();
                return Some(path);
            }
            if from[next].is_none() {
                from[next] = Some(bit);
                waiting.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_are_found_with_a_shortest_loop() {
        let successors = vec![vec![1], vec![2, 3], vec![0], vec![3], vec![0, 5], vec![]];
        let mut found = components(&successors);
        found.iter_mut().for_each(|component| component.sort_unstable());
        found.sort();
        assert_eq!(found, [vec![0, 1, 2], vec![3]]);
        assert_eq!(cycle(&successors, 0), Some(vec![0, 1, 2, 0]));
        assert_eq!(cycle(&successors, 3), Some(vec![3, 3]));
        assert_eq!(cycle(&successors, 4), None);
    }
}

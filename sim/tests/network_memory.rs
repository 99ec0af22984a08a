//! What reading a network file takes in memory: little more than the network.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;
use std::fmt::Write;
use std::io::{self, Read};
use wheatstone_sim::Network;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that are taken at a moment, and the most that were.
struct Watched<'a> {
    text: &'a [u8],
    region: &'a Region<'a, System>,
    most: &'a mut isize,
}

fn held(region: &Region<System>) -> isize {
    let change = region.change();
    isize::try_from(change.bytes_allocated).unwrap() - isize::try_from(change.bytes_deallocated).unwrap()
}

impl Read for Watched<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        *self.most = (*self.most).max(held(self.region));
        self.text.read(into)
    }
}

/// A square grid of named nodes with places, in JSON.
fn grid(side: usize) -> (String, usize) {
    let name = |row: usize, column: usize| format!("node_{row}_{column}");
    let mut text = format!(
        "{{\"wheatstone_network\": 1, \"inputs\": [\"{}\"], \"outputs\": [\"{}\"], \"nodes\": [",
        name(0, 0),
        name(side - 1, side - 1)
    );
    for place in 0..side * side {
        let (row, column) = (place / side, place % side);
        let comma = if place == 0 { "" } else { ", " };
        write!(text, "{comma}{{\"name\": \"{}\", \"at\": [{column}, {row}]}}", name(row, column)).unwrap();
    }
    text.push_str("], \"edges\": [");
    let mut edges = 0;
    for place in 0..side * side {
        let (row, column) = (place / side, place % side);
        for (down, right) in [(1, 0), (0, 1)] {
            if row + down < side && column + right < side {
                let comma = if edges == 0 { "" } else { ", " };
                let (from, to) = (name(row, column), name(row + down, column + right));
                write!(text, "{comma}{{\"ends\": [\"{from}\", \"{to}\"]}}").unwrap();
                edges += 1;
            }
        }
    }
    text.push_str("]}");
    (text, edges)
}

/// At most 80 bytes an edge and its half a node while the text comes, and 90 for the network.
#[test]
fn a_network_file_is_read_as_it_comes() {
    let (text, edges) = grid(320);
    assert!(edges > 200_000);
    let (region, mut most) = (Region::new(ALLOCATOR), 0);
    let reader = io::BufReader::new(Watched { text: text.as_bytes(), region: &region, most: &mut most });
    let network = Network::from_json_reader(reader).unwrap();
    let in_the_end = held(&region);
    assert_eq!(network.edges().len(), edges);
    let each = |bytes: isize| bytes / isize::try_from(edges).unwrap();
    println!("{} bytes an edge while it is read, {} in the end", each(most), each(in_the_end));
    assert!(each(most) <= 80 && each(in_the_end) <= 90, "{} and {}", each(most), each(in_the_end));
    assert_eq!(Network::from_json(&text).as_ref(), Ok(&network));
}

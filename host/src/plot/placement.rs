//! Where the cells of a routed chip lie.

use super::palette::{MUTED, Rgb, SERIES};
use super::svg::{Anchor, Svg};
use std::collections::BTreeMap;
use std::fmt::Write;
use wheatstone_flow::layout::{Layout, Owner};

/// Width of the picture's grid in CSS pixels, at most.
const WIDTH: f64 = 680.0;
/// Width of the legend.
const LEGEND: f64 = 540.0;
/// Where nothing is placed.
const EMPTY: Rgb = Rgb(244, 244, 242);
const ISLAND: Rgb = Rgb(150, 150, 158);
const BORDER: Rgb = Rgb(200, 200, 206);
/// Side by side, edges take turns with these.
const EDGES: [Rgb; 4] = [SERIES[0], SERIES[2], SERIES[4], Rgb(120, 160, 210)];
const NODES: [Rgb; 3] = [SERIES[1], SERIES[5], SERIES[3]];

/// The device's grid, each tile in the colour of whose most sites it holds. A tile names its owner under the pointer.
pub fn placement(layout: &Layout) -> String {
    let mut tiles: BTreeMap<(u32, u32), BTreeMap<Owner, u32>> = BTreeMap::new();
    for site in &layout.sites {
        *tiles.entry((site.x, site.y)).or_default().entry(site.owner).or_default() += 1;
    }
    let columns = layout.sites.iter().map(|site| site.x + 1).max().unwrap_or(1);
    let rows = layout.sites.iter().map(|site| site.y + 1).max().unwrap_or(1);
    let tile = (WIDTH / f64::from(columns)).min(14.0);
    let (width, height) = (tile * f64::from(columns), tile * f64::from(rows));
    let mut svg = Svg::new(width.max(LEGEND) + 20.0, height + 56.0, "Placement of the array");
    svg.rectangle([10.0, 10.0], [width, height], EMPTY);
    let mut squares: BTreeMap<Owner, String> = BTreeMap::new();
    for ((x, y), owners) in tiles {
        // Of owners with equally many sites the first in order: the picture is the same every time.
        let Some((&owner, _)) = owners.iter().rev().max_by_key(|(_, count)| **count) else { continue };
        let (left, top) = (10.0 + tile * f64::from(x), 10.0 + tile * f64::from(y));
        let side = if tile > 4.0 { tile - 0.6 } else { tile };
        // Writing to memory cannot fail.
        let _ =
            write!(squares.entry(owner).or_default(), "M{left:.1} {top:.1}h{side:.1}v{side:.1}h-{side:.1}z");
    }
    for (owner, path) in squares {
        svg.fill(&path, colour(owner), None, &name(owner));
    }
    let folded = layout.sites.iter().any(|site| matches!(site.owner, Owner::Tile(_)));
    let [inner, outer] = if folded { ["root", "tiles"] } else { ["nodes", "edges"] };
    let mut left = 10.0;
    for (colour, text, room) in [
        (NODES[0], inner, 90.0),
        (EDGES[0], outer, 90.0),
        (BORDER, "border", 100.0),
        (ISLAND, "island", 100.0),
        (MUTED, "of no named part", 160.0),
    ] {
        svg.rectangle([left, height + 26.0], [12.0, 12.0], colour);
        svg.text([left + 18.0, height + 32.0], 12.0, Anchor::Start, text);
        left += room;
    }
    svg.finish()
}

fn colour(owner: Owner) -> Rgb {
    match owner {
        Owner::Node(id) => NODES[id % NODES.len()],
        Owner::Edge(id) | Owner::Tile(id) => EDGES[id % EDGES.len()],
        Owner::Root => NODES[0],
        Owner::ArrayInterface => BORDER,
        Owner::Island => ISLAND,
        Owner::Unnamed => MUTED,
    }
}

fn name(owner: Owner) -> String {
    match owner {
        Owner::Node(id) => format!("node {id}"),
        Owner::Edge(id) => format!("edge {id}"),
        Owner::Tile(id) => format!("tile {id}"),
        Owner::Root => "root".to_owned(),
        Owner::ArrayInterface => "border".to_owned(),
        Owner::Island => "island".to_owned(),
        Owner::Unnamed => "of no named part".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::tests::assert_well_formed;
    use wheatstone_flow::layout::{Placed, Site};

    #[test]
    fn a_tile_belongs_to_whom_most_of_it_does() {
        let placed = |x, owner| Placed { x, y: 3, site: Site::Lut4, owner };
        let sites = vec![
            placed(1, Owner::Edge(4)),
            placed(1, Owner::Node(2)),
            placed(1, Owner::Node(2)),
            placed(2, Owner::Island),
        ];
        let svg = placement(&Layout { sites, ..Layout::default() });
        assert_well_formed(&svg);
        assert!(svg.contains("<title>node 2</title>") && !svg.contains("edge 4"), "{svg}");
        assert!(svg.contains("<title>island</title>"), "{svg}");
        assert_well_formed(&placement(&Layout::default()));
    }
}

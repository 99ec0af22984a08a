//! What nodes have learned of images: the conductances to the pixels, as a map for each node.

use super::palette::{INK, MUTED, Rgb, diverging};
use super::scale::{grouped, nice};
use super::svg::{Anchor, Svg, shorten};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use wheatstone_sim::network::NodeId;
use wheatstone_sim::{Format, Network, State};

/// Most pixels in all maps together.
const MOST_PIXELS: usize = 40_000;
const WIDTH: f64 = 820.0;
const MARGIN: f64 = 20.0;
/// Between two maps, with room for a name below each.
const GAP: [f64; 2] = [10.0, 24.0];
/// Shades on either side of zero: pixels of one shade are one path.
const SHADES: i32 = 16;

/// Where a pixel is and whether the input carries it upside down.
struct Pixel {
    row: usize,
    column: usize,
    is_negative: bool,
}

/// The maps of all nodes that the pixels lead to; `None` where inputs are no pixels. A pixel's shade is the conductance to its input,
/// less that to its negative if there is one.
pub fn pixel_weights(network: &Network, state: &State, format: Format) -> Option<String> {
    let pixels: BTreeMap<NodeId, Pixel> = network
        .inputs()
        .iter()
        .filter_map(|&input| Some((input, pixel(&network.node_name(input))?)))
        .collect();
    let rows = pixels.values().map(|pixel| pixel.row + 1).max()?;
    let columns = pixels.values().map(|pixel| pixel.column + 1).max()?;
    let is_image = rows > 1 && columns > 1 && rows * columns <= pixels.len();
    if !is_image {
        return None;
    }
    let mut maps: BTreeMap<NodeId, Vec<f64>> = BTreeMap::new();
    for (edge, &k) in network.edges().iter().zip(&state.k) {
        for [from, to] in [edge.ends, [edge.ends[1], edge.ends[0]]] {
            if let Some(Pixel { row, column, is_negative }) = pixels.get(&from) {
                let map = maps.entry(to).or_insert_with(|| vec![0.0; rows * columns]);
                let sign = if *is_negative { -1.0 } else { 1.0 };
                map[row * columns + column] += sign * super::conductance(format, k);
            }
        }
    }
    let all = maps.len();
    let drawn = all.min((MOST_PIXELS / (rows * columns)).max(1));
    let maps: Vec<(NodeId, Vec<f64>)> = maps.into_iter().take(drawn).collect();
    Some(draw(network, &maps, [rows, columns], all))
}

fn draw(network: &Network, maps: &[(NodeId, Vec<f64>)], [rows, columns]: [usize; 2], all: usize) -> String {
    let largest = maps.iter().flat_map(|(_, map)| map).fold(0.0, |most: f64, weight| most.max(weight.abs()));
    let full = if largest > 0.0 { nice(largest).min(1.0) } else { 1.0 };
    let across = (maps.len() as f64 * rows as f64 / columns as f64).sqrt().ceil().clamp(4.0, 10.0);
    let side = (WIDTH - 2.0 * MARGIN - 100.0 - (across - 1.0) * GAP[0]) / across / columns as f64;
    let [width, height] = [side * columns as f64, side * rows as f64];
    let down = (maps.len() as f64 / across).ceil();
    let bottom = MARGIN + down * (height + GAP[1]);
    let title = format!("Conductances from the pixels to the nodes of {}", network.name());
    let mut svg = Svg::new(WIDTH, bottom.max(260.0) + 24.0, &title);
    let mut shades: BTreeMap<i32, String> = BTreeMap::new();
    for (number, (node, map)) in maps.iter().enumerate() {
        let (column, row) = (number as f64 % across, (number as f64 / across).floor());
        let [left, top] = [MARGIN + column * (width + GAP[0]), MARGIN + row * (height + GAP[1])];
        for (place, weight) in map.iter().enumerate() {
            let shade = super::scale::unit(weight / full * f64::from(SHADES)).clamp(-SHADES, SHADES);
            let [x, y] = [left + side * (place % columns) as f64, top + side * (place / columns) as f64];
            // Writing to memory cannot fail.
            let _ =
                write!(shades.entry(shade).or_default(), "M{x:.1} {y:.1}h{side:.2}v{side:.2}h-{side:.2}z");
        }
        let name = shorten(&network.node_name(*node), super::scale::index(width / 6.5, 40).max(3));
        svg.styled([left + width / 2.0, top + height + 10.0], 11.0, Anchor::Middle, MUTED, "", &name);
    }
    for (shade, path) in &shades {
        svg.fill(path, colour(*shade), None, "");
    }
    legend(&mut svg, full);
    let what = format!("{rows} x {columns} pixels");
    let note = if maps.len() < all {
        format!("The first {} of {} nodes, {what} each.", grouped(maps.len() as u64), grouped(all as u64))
    } else {
        format!("{} nodes, {what} each.", grouped(all as u64))
    };
    svg.styled([MARGIN, bottom.max(260.0) + 8.0], 12.0, Anchor::Start, INK, "", &note);
    svg.finish()
}

fn colour(shade: i32) -> Rgb {
    diverging(f64::from(shade) / f64::from(SHADES))
}

fn legend(svg: &mut Svg, full: f64) {
    let x = WIDTH - MARGIN - 84.0;
    svg.text([x, 28.0], 13.0, Anchor::Start, "conductance");
    svg.styled([x, 45.0], 11.5, Anchor::Start, MUTED, "", "(of full scale)");
    for shade in -SHADES..=SHADES {
        let y = 64.0 + 4.5 * f64::from(SHADES - shade);
        svg.rectangle([x, y], [14.0, 4.9], colour(shade));
    }
    for (share, at) in [(1.0, 66.0), (0.0, 138.0), (-1.0, 210.0)] {
        let text = format!("{}", share * full).replace('-', "\u{2212}");
        svg.text([x + 22.0, at], 12.0, Anchor::Start, if share == 0.0 { "0" } else { &text });
    }
}

/// A pixel by the name of its input: `pixel_ROW_COLUMN`, perhaps with a sign before it.
fn pixel(name: &str) -> Option<Pixel> {
    let (is_negative, name) = match name.strip_prefix('-') {
        Some(name) => (true, name),
        None => (false, name.strip_prefix('+').unwrap_or(name)),
    };
    let (row, column) = name.strip_prefix("pixel_")?.split_once('_')?;
    Some(Pixel { row: row.parse().ok()?, column: column.parse().ok()?, is_negative })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wheatstone_sim::network::{EdgeKind, crossbar};
    use wheatstone_sim::{Design, Initial, Nudge, Omega, Rules};

    fn trained(names: &[&str]) -> (Network, State) {
        let network = crossbar(names.len(), 3, EdgeKind::Linear).unwrap();
        let inputs: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let network = network.with_port_names(&inputs, &["a", "b", "c"].map(str::to_owned)).unwrap();
        let rules = Rules {
            omega: Omega::GAUSS_SEIDEL,
            nudge: Nudge::Clamped { eta: 0 },
            g_min: 1,
            lowest_rail: -32767,
        };
        let design = Design::new(network, Format::WIDE, rules).unwrap();
        let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 1);
        (design.network().clone(), state)
    }

    const PAIRS: [&str; 9] = [
        "+pixel_0_0",
        "-pixel_0_0",
        "+pixel_0_1",
        "-pixel_0_1",
        "+pixel_1_0",
        "-pixel_1_0",
        "+pixel_1_1",
        "-pixel_1_1",
        "+1 V",
    ];

    #[test]
    fn every_node_has_a_map_of_differences() {
        let (network, mut state) = trained(&PAIRS);
        let svg = |state: &State| pixel_weights(&network, state, Format::WIDE).unwrap();
        let picture = svg(&state);
        crate::plot::tests::assert_well_formed(&picture);
        // A square for each of four pixels and three nodes; the constant input is none.
        assert_eq!(picture.matches("h-").count(), 12, "{picture}");
        assert!(
            picture.contains("3 nodes, 2 x 2 pixels each")
                && [">a<", ">b<", ">c<"].iter().all(|name| picture.contains(name))
        );
        // Equal conductances to a pixel and its negative cancel.
        state.k.iter_mut().for_each(|k| *k = 1 << 20);
        assert_eq!(svg(&state).matches("<path").count(), 1);
    }

    #[test]
    fn inputs_that_are_no_image_have_no_map() {
        for names in [
            &["length", "width", "+1 V"][..],
            &["pixel_0_0", "pixel_0_1"],
            &["pixel_0_0", "pixel_9_9", "pixel_x_1"],
        ] {
            let (network, state) = trained(names);
            assert_eq!(pixel_weights(&network, &state, Format::WIDE), None, "{names:?}");
        }
    }
}

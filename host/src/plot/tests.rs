//! Every picture is well-formed, finite and complete.

use super::*;
use wheatstone_learn::metrics::{EpochMetrics, Fit, FitPoint, OutputScore, Power, Score};
use wheatstone_sim::network::{
    Boundary, DiodeClamp, EdgeKind, NetworkBuilder, NodeId, crossbar, lattice, layered,
};
use wheatstone_sim::{Design, Format, Initial, Network, Nudge, Omega, Rules, State};

const FORMAT: Format = Format::WIDE;

/// Panics unless tags nest, attributes are quoted, entities are known and nothing follows the root.
pub(crate) fn assert_well_formed(xml: &str) {
    let (mut open, mut rest, mut roots) = (Vec::new(), xml, 0);
    while let Some(start) = rest.find('<') {
        let (text, tail) = rest.split_at(start);
        assert!(!open.is_empty() || text.trim().is_empty(), "text outside of the root: {text}");
        assert_entities(text);
        let end = tail.find('>').expect("a tag is never closed");
        let tag = &tail[1..end];
        rest = &tail[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.trim()), "tags do not nest");
            continue;
        }
        let body = tag.trim_end_matches('/');
        let (name, attributes) = body.split_once(char::is_whitespace).unwrap_or((body, ""));
        let mut attributes = attributes.trim();
        while !attributes.is_empty() {
            let (_, value) = attributes.split_once("=\"").unwrap_or_else(|| panic!("no value in <{tag}>"));
            let (value, after) = value.split_once('"').unwrap_or_else(|| panic!("no end quote in <{tag}>"));
            assert_entities(value);
            attributes = after.trim();
        }
        roots += usize::from(open.is_empty());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && roots == 1 && rest.trim().is_empty(), "unclosed: {open:?}, roots: {roots}");
}

fn assert_entities(text: &str) {
    for after in text.split('&').skip(1) {
        let name = after.split(';').next().unwrap_or_default();
        assert!(["amp", "lt", "gt", "quot", "apos"].contains(&name), "entity &{name}");
    }
}

fn assert_picture(svg: &str) {
    assert_well_formed(svg);
    assert!(svg.starts_with("<svg xmlns=") && svg.contains("viewBox=\"0 0 "));
    for unwanted in ["NaN", "inf", " id=", "href", "2147483647"] {
        assert!(!svg.contains(unwanted), "{unwanted} in {svg}");
    }
}

fn drawn_edges(svg: &str) -> usize {
    let edges = svg.split("<g class=\"edges\"").nth(1).unwrap().split("</g>").next().unwrap();
    edges.matches("<path").count()
}

fn state_of(network: Network) -> (Network, State) {
    let rules = Rules {
        omega: Omega::GAUSS_SEIDEL,
        nudge: Nudge::Clamped { eta: 0 },
        g_min: 1,
        lowest_rail: -FORMAT.one_volt(),
    };
    let design = Design::new(network, FORMAT, rules).unwrap();
    let mut state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 5);
    for (i, input) in design.network().inputs().iter().enumerate() {
        state.u[0][input.index()] = FORMAT.accumulator([9_000, -20_000][i % 2]);
    }
    (design.network().clone(), state)
}

fn ported(net: NetworkBuilder) -> (Network, State) {
    state_of(net.inputs(vec![NodeId(0), NodeId(6)]).outputs(vec![NodeId(3)]).build().unwrap())
}

fn epochs(n: u32, accuracy: bool) -> Vec<EpochMetrics> {
    let score = |e: u32| Score {
        accuracy: accuracy.then(|| 1.0 - 1.0 / f64::from(e + 2)),
        mse: 0.1 / f64::from(e + 1),
        ..Score::default()
    };
    (0..n)
        .map(|epoch| EpochMetrics {
            epoch,
            samples: 150 * u64::from(epoch),
            steps: 900 * u64::from(epoch),
            alpha_offset: 0,
            train: score(epoch),
            test: (epoch % 2 == 0).then(|| score(epoch / 2)),
            test_outputs: Vec::new(),
            power: Some(Power { free: 0.3, clamped: 0.3 + 0.1 / f64::from(epoch + 1) }),
        })
        .collect()
}

#[test]
fn the_checker_of_these_tests_finds_faults() {
    for broken in ["<a><b></a></b>", "<a>", "<a b=c/>", "<a>&nbsp;</a>", "<a/><b/>", "<a/>text"] {
        assert!(std::panic::catch_unwind(|| assert_well_formed(broken)).is_err(), "{broken}");
    }
    assert_well_formed("<a b=\"&lt;\"><c/>&amp;</a>\n");
}

#[test]
fn curves_of_any_length_are_drawn() {
    for accuracy in [false, true] {
        for n in [0, 1, 2, 60, 5000] {
            let epochs = epochs(n, accuracy);
            for svg in [learning_curve(&epochs, None, 30), error_curve(&epochs), power_curve(&epochs)] {
                assert_picture(&svg);
                assert!(svg.len() < 120_000, "{} bytes", svg.len());
            }
        }
    }
    assert!(learning_curve(&epochs(9, true), None, 30).contains("accuracy (%)"));
    let mut values = epochs(9, false);
    for (epoch, r2) in values.iter_mut().zip([Some(-1e9), Some(0.5), None]) {
        let output = |name: &str, r2| OutputScore { name: name.to_owned(), rmse: 1.0, r2 };
        epoch.test_outputs = vec![output("grams & ounces", r2), output("metres", Some(0.9))];
    }
    values.truncate(3);
    let svg = determination_curve(&values);
    assert_picture(&svg);
    for part in ["R\u{b2} on the test samples", "grams &amp; ounces", "metres"] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    assert!(learning_curve(&epochs(9, false), None, 30).contains("mean squared error"));
    let of = |test_samples| learning_curve(&epochs(9, true), Some(0.25), test_samples);
    assert!(of(30).contains("all such samples, 95 %") && !of(4000).contains("all such samples"));
    // No epoch is worse than guessing, so nothing below it is shown.
    let from_chance = learning_curve(&epochs(9, true), Some(1.0 / 3.0), 30);
    assert!(from_chance.contains("\n40\n") && !from_chance.contains("\n20\n"), "{from_chance}");
}

#[test]
fn extreme_scores_are_drawn() {
    let mut some = epochs(5, true);
    some[1].train.mse = 0.0;
    some[2].train = Score { accuracy: Some(f64::NAN), mse: f64::INFINITY, ..Score::default() };
    some[3].power = Some(Power { free: f64::NAN, clamped: 0.3 });
    for svg in [learning_curve(&some, None, 30), error_curve(&some), power_curve(&some)] {
        assert_picture(&svg);
    }
    some.iter_mut().for_each(|e| (e.train.mse, e.test) = (0.0, None));
    assert_picture(&error_curve(&some));
}

#[test]
fn every_edge_is_drawn_once() {
    let grid = |boundary, kind| ported(lattice(4, 4, boundary, kind));
    for (net, state) in [
        state_of(layered(&[10, 16, 3], EdgeKind::Linear).unwrap()),
        state_of(crossbar(2, 1, EdgeKind::Linear).unwrap()),
        grid(Boundary::Open, EdgeKind::Linear),
        grid(Boundary::Periodic, EdgeKind::Transistor),
        ported(lattice(32, 32, Boundary::Periodic, EdgeKind::Linear)),
    ] {
        let svg = network(&net, &state, FORMAT);
        assert_picture(&svg);
        assert_eq!(drawn_edges(&svg), net.edges().len(), "{}", net.name());
        assert_eq!(left_out(&net), None);
    }
}

#[test]
fn only_periodic_edges_become_stubs() {
    let (net, state) = ported(lattice(4, 4, Boundary::Periodic, EdgeKind::Linear));
    let svg = network(&net, &state, FORMAT);
    // A stub is the path that moves twice.
    let stubs =
        |svg: &str| svg.lines().filter(|l| l.matches(['M']).count() == 2 && l.contains("stroke")).count();
    assert_eq!(stubs(&svg), 8);
    assert!(svg.contains("goes on opposite"));
    let (net, state) = ported(wheatstone_sim::network::pinwheel(EdgeKind::Linear));
    assert_eq!(stubs(&network(&net, &state, FORMAT)), 0);
}

#[test]
fn what_is_not_drawn_is_said() {
    let (net, state) = state_of(layered(&[130, 64, 10], EdgeKind::Linear).unwrap());
    let svg = network(&net, &state, FORMAT);
    assert_picture(&svg);
    assert_eq!(drawn_edges(&svg), 2048);
    assert!(svg.contains("Only the 2,048 edges of largest conductance are drawn, of 8,960."));

    let (net, state) = ported(lattice(70, 70, Boundary::Open, EdgeKind::Linear));
    let svg = network(&net, &state, FORMAT);
    assert_picture(&svg);
    assert!(svg.contains("4,900 nodes and 9,660 edges: mean conductance"));
    assert!(left_out(&net).unwrap().contains("4,900"));
}

#[test]
fn the_strongest_edges_are_the_ones_drawn() {
    let (net, mut state) = state_of(layered(&[60, 60], EdgeKind::Linear).unwrap());
    state.k.fill(1 << 20);
    state.k[1234] = (1 << 32) - 1;
    let svg = network(&net, &state, FORMAT);
    let full = palette::sequential(1.0 - 1.0 / 65536.0).to_string();
    let edges = svg.split("<g class=\"edges\"").nth(1).unwrap().split("</g>").next().unwrap();
    assert_eq!(edges.matches(&full).count(), 1);
}

#[test]
fn long_names_of_ports_are_whole_and_inside() {
    let names = ["a name of an input that is rather long", "x"].map(str::to_owned);
    let plain = crossbar(2, 1, EdgeKind::Linear).unwrap();
    let named = plain.clone().with_port_names(&names, &["y".to_owned()]).unwrap();
    let width = |network: Network| {
        let (net, state) = state_of(network);
        let svg = super::network(&net, &state, FORMAT);
        let width = svg.split("width=\"").nth(1).unwrap().split('"').next().unwrap().parse::<f64>().unwrap();
        (svg, width)
    };
    let ((svg, wide), (_, narrow)) = (width(named), width(plain));
    assert!(svg.contains(&format!(">{}<", names[0])), "{svg}");
    assert!(wide > narrow, "{wide} {narrow}");
}

#[test]
fn a_network_without_positions_has_a_place_for_every_node() {
    let mut net = NetworkBuilder::new("<ring & co>");
    let group = net.group("all", 0);
    let nodes: Vec<NodeId> = (0..7)
        .map(|i| {
            net.named_node(format!("<{i}>"), if i == 0 { DiodeClamp::None } else { DiodeClamp::NonNegative })
        })
        .collect();
    for i in 0..7 {
        net.edge(nodes[i], nodes[(i + 1) % 7], EdgeKind::Transistor, group);
    }
    let (net, state) = state_of(net.inputs(vec![nodes[0]]).outputs(vec![nodes[3]]).build().unwrap());
    let svg = network(&net, &state, FORMAT);
    assert_picture(&svg);
    assert_eq!(drawn_edges(&svg), 7);
    assert_eq!(svg.matches("stroke-dasharray").count(), 8, "seven edges and the legend");
    assert!(svg.contains("&lt;0&gt;: 0.27"), "the first input's voltage");
}

#[test]
fn histograms_count_every_group() {
    let (net, state) = state_of(layered(&[5, 4, 3], EdgeKind::Linear).unwrap());
    let svg = conductance_histogram(&net, &state, FORMAT);
    assert_picture(&svg);
    assert!(svg.contains("layer1 (20 edges)") && svg.contains("layer2 (12 edges)"));
}

#[test]
fn confusion_matrices_show_counts_while_legible() {
    let matrix = |n: usize| {
        let classes: Vec<String> = (0..n).map(|i| format!("class <{i}>")).collect();
        let counts = (0..n).map(|i| (0..n).map(|j| if i == j { 977 } else { 0 }).collect()).collect();
        (classes, counts)
    };
    for n in [0, 1, 3, 10, 20, 21, 60] {
        let (classes, counts): (Vec<String>, Vec<Vec<u32>>) = matrix(n);
        let svg = confusion_matrix(&classes, &counts);
        assert_picture(&svg);
        assert_eq!(svg.matches(">977</text>").count(), if n <= 20 { n } else { 0 });
        assert_eq!(svg.matches("100.0 %").count(), if n <= 20 { n } else { 0 });
    }
    assert_picture(&confusion_matrix(&matrix(3).0, &[vec![1]]));
}

#[test]
fn fits_are_drawn_over_their_feature_or_against_what_was_wanted() {
    let points = |n: u32, x: bool| -> Vec<FitPoint> {
        let point = |i| FitPoint { x: x.then_some(f64::from(i)), wanted: f64::from(i).sqrt(), answered: 1.0 };
        (0..n).map(point).collect()
    };
    for (n, x) in [(0, true), (1, true), (8, true), (8, false), (3000, false)] {
        let name = "V<out>".to_owned();
        let svg = fit(&Fit { name, feature: x.then(|| "t & co".to_owned()), points: points(n, x) });
        assert_picture(&svg);
        assert_eq!(svg.contains("wanted V&lt;out&gt;"), !x);
        assert_eq!(svg.contains("1,000 of 3,000 samples are drawn."), n == 3000);
    }
}

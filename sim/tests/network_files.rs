//! Network files: what a good one becomes and how every fault is named. `docs/network-file.md` promises these messages.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use wheatstone_sim::network::{
    Boundary, DiodeClamp, EdgeKind, GroupId, NetworkBuilder, NodeId, NodeKind, crossbar, lattice, layered,
    pinwheel,
};
use wheatstone_sim::{Network, NetworkError};

const DOCUMENT: &str = include_str!("../../docs/network-file.md");

/// The first fenced block of the document in that language.
fn example(language: &str) -> &'static str {
    let fence = format!("```{language}\n");
    let start = DOCUMENT.find(&fence).unwrap() + fence.len();
    &DOCUMENT[start..start + DOCUMENT[start..].find("```").unwrap()]
}

#[test]
fn the_documents_examples_are_one_network() {
    let network = Network::from_toml(example("toml")).unwrap();
    assert_eq!(Network::from_json(example("json")).unwrap(), network);
    assert_eq!(network.name(), "bridge");
    assert_eq!((network.nodes().len(), network.edges().len(), network.groups().len()), (5, 6, 2));
    assert_eq!(network.nodes()[network.outputs()[0].index()].kind, NodeKind::Output);
    assert!(network.require_bipartite().is_ok());
    assert_eq!(network.position(NodeId(0)), Some([0.0, 1.0]));
}

/// Every fault with its message. The document lists each message's fixed part.
#[test]
fn every_fault_has_its_message() {
    let nodes = r#""nodes": [{"name": "a"}, {"name": "b"}, {"name": "c"}]"#;
    let ab = r#"{"ends": ["a", "b"]}"#;
    let bc = r#"{"ends": ["b", "c"]}"#;
    let file = |ports: &str, groups: &str, nodes: &str, edges: &str| {
        format!(r#"{{"wheatstone_network": 1, {ports}, {groups} {nodes}, "edges": [{edges}]}}"#)
    };
    let ports = r#""inputs": ["a"], "outputs": ["c"]"#;
    let good = file(ports, "", nodes, &format!("{ab}, {bc}"));
    assert!(Network::from_json(&good).is_ok(), "{good}");
    let both = format!("{ab}, {bc}");
    let with_edges = |edges: &str| file(ports, "", nodes, edges);
    let with_ports = |ports: &str| file(ports, "", nodes, &both);
    let with_nodes = |nodes: &str| file(ports, "", nodes, &both);
    let with_groups = |groups: &str| file(ports, groups, nodes, &both);
    for (text, message) in [
        (
            good.replace(": 1", ": 2"),
            "wheatstone_network = 2 is not a known file version; this program reads version 1",
        ),
        (
            with_nodes(r#""nodes": [{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "b"}]"#),
            "nodes[3].name: `b` is already the name of another node; give every node a name of its own",
        ),
        (
            with_edges(r#"{"ends": ["a", "b"]}, {"ends": ["b", "x"]}"#),
            "edges[1].ends[1]: there is no node `x`; declare it under nodes or correct the name",
        ),
        (
            with_ports(r#""inputs": ["a", "x"], "outputs": ["c"]"#),
            "inputs[1]: there is no node `x`; declare it under nodes or correct the name",
        ),
        (
            with_ports(r#""inputs": ["a"], "outputs": ["x"]"#),
            "outputs[0]: there is no node `x`; declare it under nodes or correct the name",
        ),
        (
            with_edges(r#"{"ends": ["a", "b"], "group": "g"}, {"ends": ["b", "c"]}"#),
            "edges[0].group: there is no group `g`; declare it under groups or correct the name",
        ),
        (
            with_groups(r#""groups": [{"name": "g"}, {"name": "g"}],"#),
            "groups[1].name: `g` is already the name of another group; give every group its own",
        ),
        (
            with_groups(r#""groups": [{"name": "g", "alpha": 17}],"#),
            "groups[0].alpha = 17 is outside -24..=16; choose a shift inside these bounds",
        ),
        (
            with_groups(r#""groups": [{"name": "f", "alpha": -24}, {"name": "g", "alpha": -25}],"#),
            "groups[1].alpha = -25 is outside -24..=16; choose a shift inside these bounds",
        ),
        (
            with_edges(&format!(r#"{both}, {{"ends": ["b", "b"]}}"#)),
            "edges[2].ends: both are `b`; a resistor from a node to itself carries nothing, remove it",
        ),
        (
            with_edges(&format!(r#"{both}, {{"ends": ["b", "a"]}}"#)),
            "edges[2].ends: `b` and `a` are already joined by edges[0]; keep one of the two (parallel resistors add up \
             to one)",
        ),
        (
            with_ports(r#""inputs": ["a"], "outputs": ["c", "a"]"#),
            "outputs[1]: `a` is already an input or output; list every port once",
        ),
        (
            with_ports(r#""inputs": ["a", "a"], "outputs": ["c"]"#),
            "inputs[1]: `a` is already an input or output; list every port once",
        ),
        (
            with_nodes(r#""nodes": [{"name": "a", "clamp": "non_negative"}, {"name": "b"}, {"name": "c"}]"#),
            "inputs: `a` has a clamp, and an input's voltage is imposed; remove its clamp",
        ),
        (
            with_ports(r#""inputs": [], "outputs": ["c"]"#),
            "inputs: the list is empty; a network needs at least one input",
        ),
        (
            with_ports(r#""inputs": ["a"], "outputs": []"#),
            "outputs: the list is empty; a network needs at least one output",
        ),
        (with_edges(ab), "output `c` is not connected to any input; join it by edges or remove it"),
        (
            with_nodes(r#""nodes": [{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "lone"}]"#),
            "node `lone` is not connected to any input; join it by edges or remove it",
        ),
        (
            with_nodes(r#""nodes": [{"name": "a", "at": [0, 0]}, {"name": "b"}, {"name": "c"}]"#),
            "nodes with a position = 1: a position for some nodes only, give one to every node or to none",
        ),
    ] {
        assert_eq!(Network::from_json(&text).unwrap_err().to_string(), message, "{text}");
        let toml = toml::to_string(&serde_json::from_str::<serde_json::Value>(&text).unwrap()).unwrap();
        assert_eq!(Network::from_toml(&toml).unwrap_err().to_string(), message, "{toml}");
        // The document shows a message with its names and numbers replaced; compare what lies between them.
        let fixed = message.rsplit(';').next().unwrap().trim();
        let fixed = fixed.split(": ").last().unwrap();
        let spaced = DOCUMENT.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(fixed.starts_with("this program") || spaced.contains(fixed), "undocumented: {fixed}");
    }
}

/// Faults of syntax carry the line, and say what was expected.
#[test]
fn syntax_faults_name_the_line() {
    let toml = "wheatstone_network = 1\ninputs = [\"a\"]\noutputs = [\"a\"\n";
    let json = "{\n  \"wheatstone_network\": 1,\n  \"inputs\": 3\n}";
    let unknown = "{\"wheatstone_network\": 1, \"inputs\": [], \"outputs\": [], \"nodes\": [], \"edges\": [], \"ohm\": 1}";
    let missing = "wheatstone_network = 1\ninputs = [\"a\"]\n";
    for (result, words) in [
        (Network::from_toml(toml), &["line"][..]),
        (Network::from_json(json), &["line 3", "sequence"]),
        (Network::from_json(unknown), &["unknown field `ohm`"]),
        (Network::from_toml(missing), &["missing field `outputs`"]),
        (Network::from_json(""), &["line 1"]),
        (Network::from_toml(""), &["wheatstone_network"]),
        (Network::from_json("[]"), &["line 1"]),
    ] {
        let error = result.unwrap_err();
        assert!(matches!(error, NetworkError::Syntax(_)), "{error:?}");
        let text = error.to_string();
        assert!(words.iter().all(|w| text.contains(w)), "{text}");
    }
    for (field, value) in
        [("clamp", "\"up\""), ("name", "7"), ("at", "[1]"), ("at", "[1, \"2\"]"), ("at", "[1, 2, 3]")]
    {
        let node = format!("{{\"name\": \"a\", \"{field}\": {value}}}");
        let text = format!(
            "{{\"wheatstone_network\": 1, \"inputs\": [], \"outputs\": [], \"nodes\": [{node}], \"edges\": []}}"
        );
        assert!(matches!(Network::from_json(&text), Err(NetworkError::Syntax(_))), "{text}");
    }
}

/// Faults only a program can commit, not a file.
#[test]
fn builder_faults_have_their_messages() {
    let two = || {
        let mut net = NetworkBuilder::new("two");
        let group = net.group("all", 0);
        let ids = [net.node(DiodeClamp::None), net.node(DiodeClamp::None)];
        net.edge(ids[0], ids[1], EdgeKind::Linear, group);
        (net, ids)
    };
    let (net, [a, b]) = two();
    assert!(net.inputs([a]).outputs([b]).build().is_ok());
    let (mut net, [a, b]) = two();
    net.edge(a, NodeId(7), EdgeKind::Linear, GroupId(0));
    let error = net.inputs([a]).outputs([b]).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "edges[1].ends[1]: there is no node `n7`; declare it under nodes or correct the name"
    );
    let (mut net, [a, b]) = two();
    let c = net.node(DiodeClamp::None);
    net.edge(b, c, EdgeKind::Linear, GroupId(3));
    let error = net.inputs([a]).outputs([b]).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "edges[1].group: there is no group `3`; declare it under groups or correct the name"
    );
    let (net, [a, _]) = two();
    let error = net.inputs([a]).outputs([NodeId(9)]).build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "outputs[0]: there is no node `n9`; declare it under nodes or correct the name"
    );
    let error = layered(&[3], EdgeKind::Linear).unwrap_err();
    assert_eq!(error.to_string(), "layers = 1: a layered network has at least an input and an output layer");
    let error = layered(&[3, 0, 2], EdgeKind::Linear).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nodes of a hidden layer = 0: a hidden layer without nodes joins nothing, leave it out"
    );
    assert_eq!(crossbar(0, 3, EdgeKind::Linear), Err(NetworkError::NoInputs));
    assert_eq!(crossbar(3, 0, EdgeKind::Linear), Err(NetworkError::NoOutputs));
}

/// An odd cycle is a fault for hardware only, and is named node by node.
#[test]
fn odd_cycles_are_named() {
    let ring = |n: u32| {
        let mut net = NetworkBuilder::new("ring");
        let group = net.group("all", 0);
        (0..n).for_each(|i| {
            net.named_node(format!("r{i}"), DiodeClamp::None);
        });
        (0..n).for_each(|i| net.edge(NodeId(i), NodeId((i + 1) % n), EdgeKind::Linear, group));
        net.inputs([NodeId(0)]).outputs([NodeId(1)]).build().unwrap()
    };
    assert!(ring(4).require_bipartite().is_ok());
    let triangle = ring(3);
    assert_eq!(triangle.colouring().count(), 3);
    assert_eq!(
        triangle.require_bipartite().unwrap_err().to_string(),
        "the network has a cycle of odd length 3: r1 - r0 - r2 - r1; the hardware needs a bipartite network, remove \
         one of these edges or insert a node"
    );
    for length in [5, 9, 11, 101] {
        let network = ring(length);
        let cycle = &network.colouring().odd_cycle().unwrap().nodes;
        assert_eq!(cycle.len(), length as usize);
        for (i, &node) in cycle.iter().enumerate() {
            let next = cycle[(i + 1) % cycle.len()];
            assert!(network.incidences(node).iter().any(|x| x.neighbour == next), "{cycle:?}");
        }
        let text = network.require_bipartite().unwrap_err().to_string();
        assert!(text.contains(&format!("odd length {length}:")) && text.len() < 250, "{text}");
        assert_eq!(length > 9, text.contains("..."), "{text}");
    }
}

/// No two neighbours share a colour, and the first port has colour 0 in a bipartite network.
#[test]
fn colourings_are_proper() {
    let torus = |rows, columns| {
        lattice(rows, columns, Boundary::Periodic, EdgeKind::Linear)
            .inputs([NodeId(1)])
            .outputs([NodeId(0)])
            .build()
    };
    for network in [
        torus(4, 6).unwrap(),
        torus(3, 5).unwrap(),
        torus(2, 7).unwrap(),
        torus(1, 2).unwrap(),
        layered(&[4, 3, 2, 1], EdgeKind::Linear).unwrap(),
        pinwheel(EdgeKind::Linear).inputs([NodeId(4)]).outputs([NodeId(8)]).build().unwrap(),
    ] {
        let colouring = network.colouring();
        for edge in network.edges() {
            let [a, b] = edge.ends.map(|n| colouring.colour(n));
            assert!(a != b && a.max(b) < colouring.count(), "{}", network.name());
        }
        if network.require_bipartite().is_ok() {
            assert_eq!(colouring.colour(network.inputs()[0]), 0);
            assert_eq!(colouring.count(), 2);
        }
    }
}

/// Files of many stretches say the same as one parser makes of them, as sections and as lists; and their faults have a line.
#[test]
fn long_files_are_read_in_stretches() {
    let network = lattice(60, 90, Boundary::Open, EdgeKind::Linear)
        .inputs([NodeId(0)])
        .outputs([NodeId(9)])
        .build()
        .unwrap();
    let sections = network.to_toml();
    assert!(sections.matches("[[edges]]").count() > 10_000 && sections.matches("[[nodes]]").count() > 5000);
    let value: toml::Table = sections.parse().unwrap();
    let list = |key: &str, between: &str| {
        let entries: Vec<String> = value[key].as_array().unwrap().iter().map(ToString::to_string).collect();
        format!("{key} = [{}]\n", entries.join(between))
    };
    let head = sections.split("[[").next().unwrap();
    let lists = format!(
        "{head}{}# [\n{}groups = [{{ name = \"all\" }}] # ]\n",
        list("nodes", ", "),
        list("edges", ",\n  # a 'comment'\n  ")
    );
    let mixed =
        format!("{head}{}\n[[edges]]{}", list("nodes", ","), sections.split_once("[[edges]]").unwrap().1);
    for text in [&sections, &lists] {
        assert_eq!(Network::from_toml(text).as_ref(), Ok(&network));
    }
    assert_eq!(Network::from_toml(&mixed).as_ref(), Ok(&network));
    // A list cannot be continued by sections, nor stand twice, and what is wrong far below is found there.
    let continued = format!("{lists}\n[[edges]]\nends = [\"n0\", \"n5\"]\n");
    let twice = format!("{lists}{}", list("nodes", ", "));
    let line = 1 + sections.lines().count();
    for (text, words) in [
        (continued, "duplicate key".to_owned()),
        (twice, "duplicate key".to_owned()),
        (format!("{sections}ohm = 3\n"), format!("line {line}")),
        (format!("{sections}\n[edges.deeper]\nohm = 3\n"), "unknown field `deeper`".to_owned()),
        (sections.replacen("ends = [\"n5398\"", "ends = [\"n5398\", 3", 1), "line".to_owned()),
    ] {
        let error = Network::from_toml(&text).unwrap_err().to_string();
        assert!(error.contains(&words), "{words}: {error}");
    }
}

/// A few bytes that promise much cost nothing, and nesting is refused before it costs a stack.
#[test]
fn small_files_of_great_promise_are_refused() {
    for text in [
        "{\"wheatstone_network\": 4294967296}".to_owned(),
        "{\"wheatstone_network\": 1, \"nodes\": 1000000000000}".to_owned(),
        "[".repeat(100_000),
        format!("{{\"nodes\": {}", "[".repeat(100_000)),
    ] {
        assert!(matches!(Network::from_json(&text), Err(NetworkError::Syntax(_))));
        assert!(matches!(Network::from_toml(&text), Err(NetworkError::Syntax(_))));
    }
    let nested = format!("nodes = {}", "[".repeat(100_000));
    assert!(matches!(Network::from_toml(&nested), Err(NetworkError::Syntax(_))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Damage anywhere in a good file is an error or another network, never a panic.
    #[test]
    fn damaged_files_do_not_panic(at: prop::sample::Index, replacement in ".{0,4}", cut: bool) {
        for text in [example("toml"), example("json")] {
            let mut start = at.index(text.len());
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let rest = if cut { "" } else { text[start..].char_indices().nth(1).map_or("", |(i, _)| &text[start + i..]) };
            let damaged = format!("{}{replacement}{rest}", &text[..start]);
            let _ = Network::from_toml(&damaged);
            let _ = Network::from_json(&damaged);
        }
    }

    /// So is any text at all.
    #[test]
    fn any_text_does_not_panic(text in "\\PC{0,200}") {
        let _ = Network::from_toml(&text);
        let _ = Network::from_json(&text);
    }
}

//! Graphs in the formats of others: what is read of them, what goes back, and how every fault is named.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use wheatstone_sim::network::formats::{
    Circuit, Graph, GraphFormat, Ports, read, recognise, to_dot, to_spice, write,
};
use wheatstone_sim::network::{DiodeClamp, EdgeKind, NetworkBuilder, NodeId};
use wheatstone_sim::{Format, Initial, Network, Nudge, Omega, Rules, State};

fn ports(inputs: &str, outputs: &str) -> Ports {
    let names = |list: &str| list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ports { inputs: names(inputs), outputs: names(outputs) }
}

fn none() -> Ports {
    Ports::default()
}

fn names(network: &Network, ids: &[NodeId]) -> Vec<String> {
    ids.iter().map(|&id| network.node_name(id).into_owned()).collect()
}

/// Edges by the names of their ends, with what they begin from.
fn edges(network: &Network) -> Vec<(String, String, Option<f64>)> {
    let edge = |id: wheatstone_sim::network::EdgeId| {
        let [a, b] = network.edges()[id.index()].ends.map(|node| network.node_name(node).into_owned());
        (a, b, network.conductance(id))
    };
    network.edge_ids().map(edge).collect()
}

/// The same three edges in every format, as other programs write them.
#[test]
fn one_graph_in_every_format() {
    let node_link = |edges: &str| {
        format!(
            r#"{{"directed": false, "multigraph": false, "graph": {{}}, "nodes": [{{"id": 0}}, {{"id": 1}}, {{"id": 2}}, {{"id": 3}}],
            "{edges}": [{{"source": 0, "target": 2, "weight": 1.0}}, {{"source": 1, "target": 2, "conductance": 0.5}}, {{"source": 2, "target": 3}}]}}"#
        )
    };
    let graphml = r#"<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<key id="d0" for="edge" attr.name="weight" attr.type="double"/>
<graph edgedefault="undirected"><node id="0"/><node id="1"/><node id="2"/><node id="3"/>
<edge source="0" target="2"><data key="d0">1.0</data></edge>
<edge source="1" target="2"><data key="d0">0.5</data></edge>
<edge source="2" target="3"/></graph></graphml>"#;
    for (format, text) in [
        (GraphFormat::NodeLink, node_link("edges")),
        (GraphFormat::NodeLink, node_link("links")),
        (GraphFormat::GraphMl, graphml.to_owned()),
        (GraphFormat::EdgeList, "0 2 1.0\n1 2 0.5\n2 3\n".to_owned()),
        (GraphFormat::EdgeList, "# nodes\r\n0,2,1.0\r\n1,2,0.5\r\n\r\n2,3\r\n".to_owned()),
        (GraphFormat::EdgeList, "source,target,weight\n0,2,1\n1,2,.5\n2,3\n".to_owned()),
        (GraphFormat::EdgeList, "0\t2\t1\n1\t2\t5e-1 # half\n2\t3".to_owned()),
        (GraphFormat::EdgeList, "0 2 {'weight': 1.0}\n1 2 {'label': 'x}', 'weight': 0.5}\n2 3 {}\n".to_owned()),
        (GraphFormat::Notebook, r#"{"nodes": [0, 1, 2, 3], "pts": [[0, 0], [1, 0], [1, 1], [0, 1]], "edges": [[0, 2, 1], [1, 2, 0.5], [2, 3]]}"#.to_owned()),
        (GraphFormat::Notebook, r#"{"nodes": 4, "edges": [[0, 2], [1, 2], [2, 3]], "conductances": [1, 0.5, null]}"#.to_owned()),
    ] {
        for text in [text.clone(), format!("\u{feff}{text}"), format!("\n{text}")] {
            let bare = text.trim_start_matches('\u{feff}');
            if bare.starts_with('\n') && format == GraphFormat::GraphMl {
                continue;
            }
            assert_eq!(recognise(bare), Ok(format), "{text}");
            let Graph { network, .. } = read(text.as_bytes(), &ports("0,1", "3")).unwrap();
            let expected = [("0", "2", Some(1.0)), ("1", "2", Some(0.5)), ("2", "3", None)];
            assert_eq!(edges(&network), expected.map(|(a, b, g)| (a.to_owned(), b.to_owned(), g)), "{text}");
            assert_eq!(names(&network, network.inputs()), ["0", "1"], "{text}");
            assert_eq!(names(&network, network.outputs()), ["3"], "{text}");
        }
    }
}

#[test]
fn netlists_of_resistors() {
    let text = "a divider\n* comment\nV1 top 0 DC 5\nv2 BOT gnd 1 ; trailing\nR1 top mid 1k\nR2 mid Bot 2kOhm\n\
                Rload mid\n+ y\n+ 0.5K\nR4 y bot R = 4k $ note\nr5 mid bot 2k\n.op\n.control\nrun\nquit\n.endc\n.print dc v(mid)\n.end\nX ignored\n";
    let Graph { network, notes } = read(text.as_bytes(), &ports("", "y")).unwrap();
    assert_eq!(network.name(), "a divider");
    assert_eq!(names(&network, network.inputs()), ["top", "BOT"]);
    let found = edges(&network);
    let ends: Vec<(&str, &str)> = found.iter().map(|(a, b, _)| (a.as_str(), b.as_str())).collect();
    assert_eq!(ends, [("top", "mid"), ("mid", "BOT"), ("mid", "y"), ("y", "BOT")]);
    // In units of the largest, 2 mS; the two of 2 kOhm in parallel are 1 mS.
    for ((.., conductance), expected) in found.iter().zip([0.5, 0.5, 1.0, 0.125]) {
        assert!((conductance.unwrap() - expected).abs() < 1e-12, "{found:?}");
    }
    assert!(notes.iter().any(|note| note.starts_with("1 parallel")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("largest")), "{notes:?}");

    let grounded = "* t\nV1 a 0 1\nR1 a y 1meg\nR2 y 0 1MEGohm\nR3 a z 1e6\nR4 y z 1000k\n.end\n";
    let Graph { network, notes } = read(grounded.as_bytes(), &ports("", "y")).unwrap();
    assert_eq!(names(&network, network.inputs()), ["a", "0"]);
    assert!(
        edges(&network).iter().all(|(.., conductance)| *conductance == Some(1.0)),
        "{:?}",
        edges(&network)
    );
    assert!(notes.iter().any(|note| note.contains("ground")), "{notes:?}");
}

#[test]
fn what_a_netlist_cannot_be_is_named() {
    for (line, fragments) in [
        ("C1 a y 1n", ["line 4", "c1", "a capacitor"]),
        ("L1 a y 1n", ["line 4", "l1", "an inductor"]),
        ("D1 a y dmod", ["line 4", "d1", "a diode"]),
        ("I1 a y 1", ["line 4", "i1", "a current source"]),
        ("E1 a y x 0 2", ["line 4", "e1", "a controlled source"]),
        ("X1 a y sub", ["line 4", "x1", "a subcircuit"]),
        ("V2 a y 1", ["line 4", "v2", "neither of them ground"]),
        ("V2 a 0 1", ["line 4", "a", "second voltage source"]),
        (".include other.cir", ["line 4", ".include", "may change"]),
        (".param r=1k", ["line 4", ".param", "may change"]),
        (".subckt x a b", ["line 4", ".subckt", "may change"]),
        ("R2 a y", ["line 4", "resistance", "add"]),
        ("R2 a y {rload}", ["line 4", "{rload}", "4.7k"]),
        ("R2 a y 0", ["line 4", "\"0\"", "above 0"]),
        ("R2 a y -5k", ["line 4", "-5k", "above 0"]),
        ("R2 a y 4k7", ["line 4", "4k7", "4.7k"]),
        ("R2 a y rmodel l=1", ["line 4", "l=1", "nothing more"]),
        ("R2 a y 1k tc=0.01", ["line 4", "tc=0.01", "remove"]),
        ("R2 a a 1k", ["line 4", "\"a\"", "carries nothing"]),
        ("*wheatstone node {}", ["line 4", "remark", "remove"]),
    ] {
        let text = format!("title\nV1 a 0 1\nR1 a y 1k\n{line}\n.end\n");
        let error = read(text.as_bytes(), &ports("", "y")).unwrap_err().to_string();
        assert!(fragments.iter().all(|fragment| error.contains(fragment)), "{line}: {error}");
    }
    let untitled = read(b"R1 a y 1k\nV1 a 0 1\nR2 y b 1k\n.end\n", &ports("", "y")).unwrap_err().to_string();
    assert!(untitled.contains("line 1") && untitled.contains("title"), "{untitled}");
}

#[test]
fn attributes_say_ports_and_places() {
    let nodes = [
        r#"{"id": "y", "role": "output", "pos": [0.5, -1.25]}, {"id": "b", "input": true, "x": 3, "y": 4}, {"id": "a", "input": 0, "at": "(7, 8.5)"}"#,
        r#"{"id": "y", "output": 0, "pos": "0.5,-1.25!"}, {"id": "b", "role": "input", "pos": [3, 4]}, {"id": "a", "input": 0, "pos": [7, 8.5, 9]}"#,
    ];
    for nodes in nodes {
        let text = format!(
            r#"{{"nodes": [{nodes}], "links": [{{"source": "a", "target": "y"}}, {{"source": "b", "target": "y", "colour": "red"}}]}}"#
        );
        let Graph { network, notes } = read(text.as_bytes(), &none()).unwrap();
        assert_eq!(names(&network, network.inputs()), ["a", "b"]);
        assert_eq!(names(&network, network.outputs()), ["y"]);
        let places: Vec<[f64; 2]> = network.node_ids().map(|id| network.position(id).unwrap()).collect();
        assert_eq!(places, [[0.5, -1.25], [3.0, 4.0], [7.0, 8.5]]);
        assert!(notes[0].contains("colour"), "{notes:?}");
        let other = read(text.as_bytes(), &ports("y", "a")).unwrap().network;
        assert_eq!(
            (names(&other, other.inputs()), names(&other, other.outputs())),
            (vec!["y".into()], vec!["a".into()])
        );
    }
}

/// Directed graphs and multigraphs.
#[test]
fn parallel_and_opposite_edges() {
    let graph = |flags: &str, edges: &str| {
        format!(r#"{{{flags}, "nodes": [{{"id": "a"}}, {{"id": "y"}}], "edges": [{edges}]}}"#)
    };
    let both =
        r#"{"source": "a", "target": "y", "weight": 0.25}, {"source": "y", "target": "a", "weight": 0.25}"#;
    let twice =
        r#"{"source": "a", "target": "y", "weight": 0.25}, {"source": "a", "target": "y", "weight": 0.5}"#;
    let asked = ports("a", "y");
    let conductance = |text: String| {
        let graph = read(text.as_bytes(), &asked)?;
        assert_eq!(graph.network.edges().len(), 1);
        Ok::<_, wheatstone_sim::network::formats::GraphError>(edges(&graph.network)[0].2.unwrap())
    };
    let (undirected, directed, multi) =
        (r#""directed": false"#, r#""directed": true"#, r#""directed": false, "multigraph": true"#);
    assert_eq!(conductance(graph(directed, both)), Ok(0.25), "a resistor has one conductance both ways");
    assert_eq!(conductance(graph(multi, both)), Ok(0.5), "side by side");
    assert_eq!(conductance(graph(multi, twice)), Ok(0.75), "side by side");
    for (text, fragments) in [
        (graph(undirected, both), ["edges[1]", "edges[0]", "keep one"]),
        (graph(undirected, twice), ["edges[1]", "edges[0]", "keep one"]),
        (graph(directed, twice), ["edges[1]", "edges[0]", "keep one"]),
        (graph(directed, &both.replacen("0.25", "0.5", 1)), ["edges[1]", "edges[0]", "conductance"]),
        (
            graph(multi, &twice.replacen(r#", "weight": 0.25"#, "", 1)),
            ["edges[1]", "edges[0]", "conductance"],
        ),
        ("a y\ny a\n".to_owned(), ["line 2", "line 1", "keep one"]),
        ("a y 0.5\na y 0.5\n".to_owned(), ["line 2", "line 1", "keep one"]),
        (
            r#"{"nodes": ["a", "y"], "pts": [[0, 0], [1, 1]], "edges": [["a", "y"], ["y", "a"]]}"#.to_owned(),
            ["edges[1]", "edges[0]", "keep one"],
        ),
    ] {
        let error = read(text.as_bytes(), &asked).unwrap_err().to_string();
        assert!(fragments.iter().all(|fragment| error.contains(fragment)), "{text}: {error}");
    }
}

/// What might be an adjacency list and is none, and edges that go each way.
#[test]
fn weights_may_be_called_like_nodes_and_edges_go_each_way() {
    let edges = |text: &str| {
        let graph = read(text.as_bytes(), &ports("0", "2")).unwrap();
        let network = graph.network;
        network.edge_ids().map(|edge| network.conductance(edge)).collect::<Vec<_>>()
    };
    assert_eq!(edges("0 1 1\n1 2 1\n2 0 1\n"), [Some(1.0); 3]);
    assert_eq!(edges("0\n1\n2\n0 1 1\n1 2 2\n"), [Some(0.5), Some(1.0)]);
    assert_eq!(edges("0 1\n1 2\n2\n"), [None; 2], "a chain reads the same both ways");
    let both = r#"<graphml><key id="g" for="edge" attr.name="conductance" attr.type="double"/><graph>
        <node id="0"/><node id="2"/>
        <edge source="0" target="2" directed="true"><data key="g">0.5</data></edge>
        <edge source="2" target="0" directed="true"><data key="g">0.5</data></edge></graph></graphml>"#;
    assert_eq!(edges(both), [Some(0.5)]);
}

#[test]
fn faults_are_named() {
    let asked = ports("a", "y");
    for (text, fragments) in [
        ("a y\na a\n", vec!["line 2", "\"a\"", "carries nothing"]),
        ("a y\nlone\n", vec!["`lone`", "not connected"]),
        ("a y\nb c\n", vec!["not connected"]),
        ("a y -1\n", vec!["line 1", "\"-1\"", "0 or more"]),
        ("a y nan\n", vec!["line 1", "nan", "a number"]),
        ("a y 1\nb y inf\n", vec!["line 2", "inf", "a number"]),
        ("a y 1 2 3\n", vec!["not a network"]),
        ("a y {'weight': open(1)}\n", vec!["line 1", "dictionary"]),
        ("a,y\nb,,\n", vec!["line 2", "empty cells"]),
        ("# as networkx writes a circle\n0 1 3\n1 2\n2 3\n3\n", vec!["adjacency list", "nx.write_edgelist"]),
        ("a b c\nb c\nc y\ny\n", vec!["adjacency list"]),
        ("a b c d\nb c\nc\nd y\ny\n", vec!["adjacency list"]),
        ("a y 3\na b {'conductance': 0.5}\n", vec!["line 1", "line 2", "weight", "same attribute"]),
        (
            r#"{"nodes": [{"id": "a"}, {"id": "b"}, {"id": "y"}], "edges": [{"source": "a", "target": "y", "weight": 2},
                {"source": "b", "target": "y", "resistance": 2}]}"#,
            vec!["edges[0]", "edges[1]", "same attribute"],
        ),
        ("\"a y\n", vec!["line 1", "quotes"]),
        (r#"{"nodes": [{"id": "a"}, {"id": "a"}], "edges": []}"#, vec!["nodes[1]", "\"a\"", "own"]),
        (r#"{"nodes": [{"name": "a"}], "edges": []}"#, vec!["nodes[0]", "`id`"]),
        (r#"{"nodes": [{"id": null}], "edges": []}"#, vec!["nodes[0].id", "null", "a name"]),
        (r#"{"nodes": [{"id": "a"}], "edges": [{"source": "a"}]}"#, vec!["edges[0]", "`target`"]),
        (
            r#"{"nodes": [{"id": "a"}], "edges": [{"source": "a", "target": "y"}]}"#,
            vec!["edges[0]", "\"y\"", "declare"],
        ),
        (r#"{"nodes": [{"id": "a", "x": 1}], "edges": []}"#, vec!["nodes[0]", "`y`"]),
        (r#"{"nodes": [{"id": "a", "pos": [1]}], "edges": []}"#, vec!["nodes[0].pos", "two coordinates"]),
        (r#"{"nodes": [{"id": "a", "role": "in"}], "edges": []}"#, vec!["nodes[0].role", "in", "hidden"]),
        (
            r#"{"nodes": [{"id": "a", "pos": [0, 0]}, {"id": "y"}], "edges": [{"source": "a", "target": "y"}]}"#,
            vec!["position for some nodes"],
        ),
        (r#"{"nodes": 3, "edges": [["0", "1"]]}"#, vec!["nodes", "3", "the edges join"]),
        (r#"{"nodes": ["a", "y"], "pts": [[0, 0]], "edges": [["a", "y"]]}"#, vec!["pts", "list of 1"]),
        (r#"{"nodes": ["a", "y"], "edges": [["a"]]}"#, vec!["edges[0]", "two nodes"]),
        ("<graphml><graph><node id='a'/></graph><graph/></graphml>", vec!["<graph>", "2"]),
        (
            "<graphml><graph><node id='a'/><edge source='a' target='y'/></graph></graphml>",
            vec!["line 1", "\"y\""],
        ),
        ("<graphml><graph><node id='a'/><hyperedge/></graph></graphml>", vec!["hyperedge", "line 1"]),
        ("<graphml><graph>", vec!["GraphML"]),
        ("<!DOCTYPE x [<!ENTITY a 'b'>]><graphml><graph><node id='&a;'/></graph></graphml>", vec!["GraphML"]),
    ] {
        let error = read(text.as_bytes(), &asked).unwrap_err().to_string();
        assert!(fragments.iter().all(|fragment| error.contains(fragment)), "{text}: {error}");
        assert!(!error.contains(char::is_control), "{error}");
    }
}

/// Who names no ports is told which nodes there are and how to say it.
#[test]
fn ports_must_be_named() {
    let edge_list = "a y\n";
    let node_link = r#"{"nodes": [{"id": "a"}, {"id": "y"}], "edges": [{"source": "a", "target": "y"}]}"#;
    let notebook = r#"{"nodes": ["a", "y"], "edges": [["a", "y"]]}"#;
    for (text, asked, fragments) in [
        (edge_list, none(), ["which nodes are inputs", "--inputs", "\"a\", \"y\""]),
        (edge_list, ports("a", ""), ["which nodes are outputs", "--outputs", "\"a\", \"y\""]),
        (node_link, none(), ["which nodes are inputs", "attribute `input`", "\"a\", \"y\""]),
        (notebook, ports("a", ""), ["which nodes are outputs", "lists `inputs`", "\"a\", \"y\""]),
        (notebook, ports("a", "z"), ["outputs", "\"z\"", "\"a\", \"y\""]),
        (edge_list, ports("q", "y"), ["inputs", "\"q\"", "\"a\", \"y\""]),
        (edge_list, ports("a,a", "y"), ["inputs[1]", "`a`", "once"]),
    ] {
        let error = read(text.as_bytes(), &asked).unwrap_err().to_string();
        assert!(fragments.iter().all(|fragment| error.contains(fragment)), "{text}: {error}");
    }
}

/// A file of another kind is told what is taken, and what it may be.
#[test]
fn other_files_get_a_hint() {
    for (bytes, hint) in [
        (&b""[..], "empty"),
        (b"graph [\n  node [ id 0 ]\n]\n", "GML"),
        (b"*Vertices 3\n1 \"a\"\n", "Pajek"),
        (b"%%MatrixMarket matrix coordinate real general\n", "Matrix Market"),
        (b"digraph { a -> b }", "DOT"),
        (b"<gexf/>", "GEXF"),
        (b"<svg/>", "picture"),
        (b"[[0, 1], [1, 0]]", "without keys"),
        (b"{\"elements\": {}}", "Cytoscape"),
        (b"{\"adjacency\": []}", "adjacency"),
        (b"{\"a\": 1}", "wheatstone_network"),
        (b"\x1f\x8b\x08\0", "gzip"),
        (b"PK\x03\x04\xff", "ZIP"),
        (b"\xff\xfea\0", "UTF-16"),
        (b"\x80\x04\x95", "pickle"),
        (b"once upon a time there was a network\nand it learned a lot\n", "neither edges nor elements"),
    ] {
        let error = read(bytes, &none()).unwrap_err().to_string();
        assert!(error.contains(hint) && error.contains("GraphML") && error.contains("SPICE"), "{error}");
    }
}

/// What to expect of a network after a format that cannot carry all of it.
fn carried(network: &Network, format: GraphFormat) -> Network {
    let all = matches!(
        format,
        GraphFormat::Toml | GraphFormat::Json | GraphFormat::NodeLink | GraphFormat::GraphMl
    );
    if all {
        return network.clone();
    }
    let is_list = format == GraphFormat::EdgeList;
    let mut net = NetworkBuilder::new(if is_list { "" } else { network.name() });
    let group = net.group("all", 0);
    for id in network.node_ids() {
        net.named_node(network.node_name(id), DiodeClamp::None);
    }
    for edge in network.edges() {
        net.edge(edge.ends[0], edge.ends[1], EdgeKind::Linear, group);
    }
    net.set_conductances(network.edge_ids().map(|edge| network.conductance(edge)).collect());
    if !is_list {
        net.set_positions(network.node_ids().filter_map(|id| network.position(id)).collect());
    }
    net.inputs(network.inputs().to_vec()).outputs(network.outputs().to_vec()).build().unwrap()
}

/// A connected graph of up to 12 nodes with anything that a network can have, and names of any text.
fn networks() -> impl Strategy<Value = Network> {
    let edges =
        proptest::collection::vec((any::<(u8, u8, bool, u8)>(), proptest::option::of(0.0..=1.0f64)), 0..20);
    let node_names = proptest::collection::hash_set(any::<String>(), 12);
    let tree = proptest::collection::vec(any::<u8>(), 11);
    let places = proptest::option::of(proptest::collection::vec([-1e3..1e3f64, -1e3..1e3f64], 12));
    (3..=12usize, node_names, tree, edges, places, ".{0,12}", any::<[bool; 3]>()).prop_map(
        |(nodes, node_names, tree, more, places, name, [ordinary, plain, whole])| {
            let mut net = NetworkBuilder::new(name);
            let groups = if plain {
                vec![net.group("all", 0)]
            } else {
                vec![net.group("first \"<&\u{1}", -3), net.group("g,2\u{2}", 5)]
            };
            let mut node_names: Vec<String> = node_names.into_iter().collect();
            node_names.sort();
            for (index, name) in node_names.iter().take(nodes).enumerate() {
                let clamp = if plain || index < 2 { DiodeClamp::None } else { DiodeClamp::ALL[index % 3] };
                if ordinary {
                    net.node(clamp)
                } else {
                    net.named_node(name.as_str(), clamp)
                };
            }
            let node = |index: usize| NodeId(u32::try_from(index).unwrap());
            let mut pairs = Vec::new();
            let mut conductances = Vec::new();
            for (index, parent) in (1..nodes).zip(&tree) {
                pairs.push((usize::from(*parent) % index, index));
            }
            let tree_edges = pairs.len();
            for ((a, b, ..), _) in &more {
                let (a, b) = (usize::from(*a) % nodes, usize::from(*b) % nodes);
                if a != b && !pairs.contains(&(a, b)) && !pairs.contains(&(b, a)) {
                    pairs.push((a, b));
                }
            }
            for (index, &(a, b)) in pairs.iter().enumerate() {
                let ((.., transistor, group), conductance) =
                    more.get(index.saturating_sub(tree_edges)).copied().unwrap_or(((0, 0, false, 0), None));
                let kind = if transistor && !plain { EdgeKind::Transistor } else { EdgeKind::Linear };
                net.edge(node(a), node(b), kind, groups[usize::from(group) % groups.len()]);
                conductances.push(conductance);
            }
            net.set_conductances(conductances);
            if let Some(mut places) = places {
                places.truncate(nodes);
                if whole {
                    places.iter_mut().flatten().for_each(|x| *x = x.round());
                }
                net.set_positions(places);
            }
            net.inputs([node(1), node(0)]).outputs([node(nodes - 1)]).build().unwrap()
        },
    )
}

fn circuit(network: &Network) -> Circuit {
    Circuit {
        conductances: network
            .edge_ids()
            .map(|edge| network.conductance(edge).unwrap_or(0.5).max(1e-6))
            .collect(),
        volts: vec![0.5; network.inputs().len()],
        full_scale_siemens: 1e-3,
        full_scale_gate_volts: 2.0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every format gives back all that it can carry, and is recognised by what it holds.
    #[test]
    fn graphs_round_trip(network in networks()) {
        let ports = Ports {
            inputs: names(&network, network.inputs()),
            outputs: names(&network, network.outputs()),
        };
        for format in GraphFormat::ALL {
            let Some(text) = write(format, &network) else { continue };
            prop_assert_eq!(recognise(&text), Ok(format), "{}", text);
            let ports = if format == GraphFormat::EdgeList { &ports } else { &Ports::default() };
            let graph = read(text.as_bytes(), ports);
            prop_assert!(graph.is_ok(), "{:?}: {:?}: {}", format, graph, text);
            prop_assert_eq!(&graph.unwrap().network, &carried(&network, format), "{:?}: {}", format, text);
            if format.leaves_out(&network).is_empty() {
                prop_assert_eq!(&carried(&network, format), &network);
            }
        }
        // A netlist is read back if it is one of resistors; its conductances to the last digits.
        let network = carried(&network, GraphFormat::Notebook);
        let circuit = circuit(&network);
        let text = to_spice(&network, &circuit);
        prop_assert_eq!(recognise(&text), Ok(GraphFormat::Spice), "{}", text);
        let read = read(text.as_bytes(), &Ports::default());
        prop_assert!(read.is_ok(), "{:?}: {}", read, text);
        let read = read.unwrap().network;
        for (edge, expected) in read.edge_ids().zip(&circuit.conductances) {
            prop_assert!((read.conductance(edge).unwrap() / expected - 1.0).abs() < 1e-12);
        }
        let without = |network: Network| {
            let edges = network.edges().len();
            network.with_conductances(vec![None; edges]).unwrap()
        };
        prop_assert_eq!(without(read), without(network));
    }

    /// Damage anywhere is an error or another network, never a panic.
    #[test]
    fn damaged_graphs_do_not_panic(network in networks(), at: prop::sample::Index, replacement in ".{0,4}") {
        let mut texts: Vec<String> = GraphFormat::ALL.iter().filter_map(|&format| write(format, &network)).collect();
        texts.push(to_spice(&network, &circuit(&network)));
        for text in texts {
            let mut start = at.index(text.len());
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            let rest = text[start..].char_indices().nth(1).map_or("", |(i, _)| &text[start + i..]);
            let _ = read(format!("{}{replacement}{rest}", &text[..start]).as_bytes(), &Ports::default());
        }
    }

    #[test]
    fn any_text_does_not_panic(text in "\\PC{0,200}", lines in "([a-zRV0 .*+{}'\"#,=]{0,12}\n){0,8}") {
        let _ = read(text.as_bytes(), &Ports::default());
        let _ = read(lines.as_bytes(), &Ports::default());
    }

    /// Whatever names hold, every line of a netlist begins as it should, and DOT has no line but its own.
    #[test]
    fn names_end_no_line(network in networks()) {
        let netlist = to_spice(&network, &circuit(&network));
        for line in netlist.lines().skip(1) {
            prop_assert!(line.starts_with(['*', 'V', 'R', 'B', '.', '+']), "{}", line);
            prop_assert!(line.is_ascii() && !line.contains(|c: char| c.is_ascii_control()), "{}", line);
        }
        let dot = to_dot(&network, None);
        prop_assert_eq!(dot.lines().count(), 3 + network.nodes().len() + network.edges().len());
    }
}

/// A conductance in a file is where the edge begins; the others are drawn as they would be without.
#[test]
fn conductances_are_begun_from() {
    let text = "a y 0.25\nb y\nc y 1\nd y 0\n";
    let network = |text: &str| read(text.as_bytes(), &ports("a,b,c,d", "y")).unwrap().network;
    let plain = network("a y\nb y\nc y\nd y\n");
    let rules =
        Rules { omega: Omega::GAUSS_SEIDEL, nudge: Nudge::Clamped { eta: 0 }, g_min: 3, lowest_rail: 0 };
    for (_, format) in Format::PRESETS {
        let state = |network: Network| {
            let design = wheatstone_sim::Design::new(network, format, rules).unwrap();
            let state = State::initial(&design, &[Initial::Uniform { low: 0.1, high: 0.9 }], 7);
            state.check(&design).unwrap();
            state
        };
        let (given, drawn) = (state(network(text)), state(plain.clone()));
        let g: Vec<i64> = given.k.iter().map(|&k| format.conductance(k)).collect();
        assert_eq!(g[0], 1 << (format.k_bits() - 2));
        assert_eq!(given.k[1], drawn.k[1]);
        assert_eq!(g[2], format.g_max());
        assert_eq!(g[3], 3);
        assert_eq!(given.generators, drawn.generators);
    }
    assert_eq!(plain.digest(), network(text).digest());
    let scaled = network("a y 10\nb y 20\nc y 40\nd y 5\n");
    assert_eq!(
        edges(&scaled).iter().map(|edge| edge.2.unwrap()).collect::<Vec<_>>(),
        [0.25, 0.5, 1.0, 0.125]
    );
}

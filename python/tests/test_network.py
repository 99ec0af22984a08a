import copy
import pickle
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest

import wheatstone as ws


def test_a_graph_comes_back_as_it_went_in():
    graph = nx.grid_2d_graph(3, 4)
    graph.add_edge((0, 0), (1, 1), kind="transistor", conductance=0.25)
    pos = {node: (node[1] + 0.5, -node[0] * 1.25) for node in graph}
    net = ws.Network.from_networkx(graph, inputs=[(0, 0), (2, 3)], outputs=[(1, 2)], pos=pos, name="holed")
    back = net.to_networkx()
    assert set(back) == set(graph) and {frozenset(e) for e in back.edges} == {frozenset(e) for e in graph.edges}
    assert back.edges[(0, 0), (1, 1)] == {"kind": "transistor", "conductance": 0.25}
    assert back.nodes[(1, 2)]["pos"] == pos[(1, 2)] == tuple(net.positions[net.labels.index((1, 2))])
    assert net.inputs == [(0, 0), (2, 3)] and net.outputs == [(1, 2)] and net.name == "holed"
    assert ws.Network.from_networkx(back, net.inputs, net.outputs) == net
    assert pickle.loads(pickle.dumps(net)) == net == copy.deepcopy(net)
    assert ws.Network.from_networkx(back, net.inputs, net.outputs[:0] + [(1, 1)]) != net


def test_files_of_networkx_and_of_the_program_are_read(tmp_path):
    net = ws.Network.pinwheel([4, 0, 2, 8], [6, 5])
    for format in ["json", "toml", "node-link", "graphml"]:
        file = tmp_path / f"net.{'toml' if format == 'toml' else 'txt'}"
        file.write_text(net.write(format))
        assert ws.Network.read(file).digest == net.digest, format
    with pytest.raises(ValueError, match="no format `png`"):
        net.write("png")


def test_the_laplacian_gives_kirchhoffs_currents(lattice):
    g = np.random.default_rng(0).uniform(0.1, 1, lattice.number_of_edges)
    volts = np.random.default_rng(1).uniform(-1, 1, lattice.number_of_nodes)
    currents = np.zeros(lattice.number_of_nodes)
    for (a, b), conductance in zip(lattice.ends, g):
        currents[a] += conductance * (volts[a] - volts[b])
        currents[b] -= conductance * (volts[a] - volts[b])
    np.testing.assert_allclose(lattice.laplacian(g) @ volts, currents, atol=1e-12)
    with pytest.raises(ValueError, match="edge 0 has no conductance"):
        lattice.laplacian()
    transistors = ws.Network.crossbar(2, 1, edge="transistor")
    with pytest.raises(ValueError, match="only resistors"):
        transistors.laplacian([0.5, 0.5])


def test_the_picture_shows_every_node_and_edge(lattice):
    for net in [lattice, ws.Network.layered([3, 4, 2])]:
        picture = ElementTree.fromstring(net._repr_svg_())
        count = lambda tag: len(picture.findall(f"{{http://www.w3.org/2000/svg}}{tag}"))
        assert count("line") == net.number_of_edges
        assert count("rect") == len(net.inputs) and count("polygon") == len(net.outputs)
        assert count("circle") == net.number_of_nodes - len(net.inputs) - len(net.outputs)
    hostile = ws.Network.from_edges([("<script>", "b")], ["<script>"], ["b"], name="</svg><x>")
    ElementTree.fromstring(hostile.svg([0.5], [1.0, -1.0]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ws.Network.from_networkx(nx.DiGraph([(0, 1)]), [0], [1]), "directed"),
        (lambda: ws.Network.from_networkx(nx.MultiGraph([(0, 1), (0, 1)]), [0], [1]), "parallel"),
        (lambda: ws.Network.from_networkx(nx.path_graph(3), [0], [9]), "outputs names 9"),
        (lambda: ws.Network.from_networkx(nx.path_graph(3), [], [1]), "input"),
        (lambda: ws.Network.from_networkx(nx.Graph([(0, 1), (2, 3)]), [0], [3]), "3"),
        (lambda: ws.Network.from_edges([(0, 0)], [0], [0]), "0"),
        (lambda: ws.Network.from_edges([(0, 1), (1, 0)], [0], [1]), "edge"),
        (lambda: ws.Network.from_edges([(0, 1)], [0], [1], pos={0: (0, 0)}), "node 1"),
        (lambda: ws.Network.from_edges([(0, 1)], [0], [1], pos={0: (0, 0), 1: (np.nan, 0)}), "n|1"),
        (lambda: ws.Network.from_edges([(0, 1)], [0], [1], conductances=[1.5]), "1.5"),
        (lambda: ws.Network.from_edges([(0, 1)], [0], [1], conductances=[0.5, 0.5]), "shape"),
        (lambda: ws.Network.from_edges([(0, 1)], [0], [1], kinds="memristor"), "memristor"),
        (lambda: ws.Network.from_edges([(0, 1)], [0], [1], clamps={0: "non_negative"}), "0"),
        (lambda: ws.Network.layered([4]), "layer"),
        (lambda: ws.Network.crossbar(2, 1).with_alpha([99]), "99"),
        (lambda: ws.Network.from_networkx(nx.cycle_graph(3), [0], [1]).require_bipartite(), "odd|cycle"),
    ],
)
def test_what_is_no_network_is_refused_with_what_is_wrong(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_missing_file_is_told_as_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.json"):
        ws.Network.read(tmp_path / "nowhere.json")

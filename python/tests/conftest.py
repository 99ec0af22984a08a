"""What several tests use."""

import json
import os
import shutil
import subprocess

import networkx as nx
import numpy as np
import pytest

import wheatstone as ws


@pytest.fixture
def lattice() -> ws.Network:
    """Eight by eight nodes of networkx, with two inputs and an output."""
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(8, 8), label_attribute="pos")
    return ws.Network.from_networkx(graph, inputs=[0, 7], outputs=[27])


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray]:
    """Voltages at two inputs and a weighted mean to be learned."""
    V = np.random.default_rng(3).uniform(-0.5, 0.5, (40, 2))
    return V, V @ [[0.3], [0.7]]


@pytest.fixture
def program() -> str:
    """The program `wheatstone`, where there is one: `cargo xtask test` names the one it built."""
    found = shutil.which(os.environ.get("WHEATSTONE_PROGRAM", "wheatstone"))
    if found is None:
        assert "CI" not in os.environ, "WHEATSTONE_PROGRAM must name the program where everything is checked"
        pytest.skip("the program `wheatstone` is not there: set WHEATSTONE_PROGRAM")
    return found


@pytest.fixture
def wheatstone(program):
    """Runs the program and returns what it says in JSON."""

    def call(*arguments: str) -> dict:
        said = subprocess.run([program, "--json", "-q", *arguments], capture_output=True, text=True, check=True).stdout
        return json.loads(said.splitlines()[-1])

    return call

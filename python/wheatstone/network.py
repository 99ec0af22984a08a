"""Networks: nodes, edges and ports."""

from __future__ import annotations

import json
import os
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._picture import picture

if TYPE_CHECKING:
    import networkx
    import scipy.sparse

__all__ = ["Network"]


class Network:
    """A resistor network with its input and output nodes. It is never changed; what changes it returns another.

    Make one by :meth:`from_networkx`, :meth:`from_edges`, :meth:`crossbar`, :meth:`layered`, :meth:`lattice`, :meth:`pinwheel` or
    :meth:`read`. In a notebook it shows as a picture.

    Attributes:
        labels: what the caller calls each node, in the order of their numbers.
    """

    def __init__(self, core: _core.Network, labels: Sequence[Hashable] | None = None):
        self._core = core
        self.labels: list[Hashable] = list(core.nodes if labels is None else labels)

    @classmethod
    def from_edges(
        cls,
        edges: Iterable[tuple[Hashable, Hashable]],
        inputs: Iterable[Hashable],
        outputs: Iterable[Hashable],
        *,
        nodes: Iterable[Hashable] | None = None,
        pos: Mapping[Hashable, ArrayLike] | None = None,
        conductances: ArrayLike | None = None,
        kinds: str | Iterable[str] = "linear",
        clamps: Mapping[Hashable, str] | None = None,
        name: str = "network",
    ) -> Network:
        """A network from a list of edges.

        Args:
            edges: pairs of nodes, which are anything hashable. No pair twice, no node with itself.
            inputs: nodes whose voltages are imposed, in the order of a sample's voltages.
            outputs: nodes that learn wanted voltages, in the order of targets and answers.
            nodes: all nodes in their order; if not given, in the order in which edges name them.
            pos: x (to the right) and y (down) of every node, for pictures.
            conductances: shape (edges,), fractions of full scale to begin from; NaN is drawn.
            kinds: ``linear`` or ``transistor``, one for all edges or one for each.
            clamps: diodes to ground: ``non_negative`` or ``non_positive``, by node.
            name: what it is called.

        Raises:
            ValueError: no network; the message names the edge or node at fault.
        """
        edges = [tuple(edge) for edge in edges]
        labels = list(nodes) if nodes is not None else list(dict.fromkeys(n for edge in edges for n in edge))
        number = {label: index for index, label in enumerate(labels)}

        def of(label: Hashable, what: str) -> int:
            try:
                return number[label]
            except KeyError:
                raise ValueError(f"{what} names {label!r}, which is no node of the network") from None

        ends = np.array([[of(a, "an edge"), of(b, "an edge")] for a, b in edges], dtype=np.uint32).reshape(-1, 2)
        kinds = [kinds] * len(edges) if isinstance(kinds, str) else list(kinds)
        if len(kinds) != len(edges):
            raise ValueError(f"kinds has {len(kinds)} entries and there are {len(edges)} edges; give one for each")
        positions = None
        if pos is not None:
            missing = [label for label in labels if label not in pos]
            if missing:
                raise ValueError(f"pos says nothing of the node {missing[0]!r}; give a position to every node or to none")
            positions = np.array([np.asarray(pos[label], dtype=np.float64)[:2] for label in labels])
        if conductances is not None:
            conductances = np.ascontiguousarray(conductances, dtype=np.float64)
            if conductances.shape != (len(edges),):
                raise ValueError(f"conductances has the shape {conductances.shape} and there are {len(edges)} edges")
        clamps = dict(clamps or {})
        for label in clamps:
            of(label, "clamps")
        core = _core.Network.build(
            name,
            [str(label) for label in labels],
            [clamps.get(label, "none") for label in labels],
            ends,
            kinds,
            [0] * len(edges),
            [("all", 0)],
            [of(label, "inputs") for label in inputs],
            [of(label, "outputs") for label in outputs],
            positions,
            conductances,
        )
        return cls(core, labels)

    @classmethod
    def from_networkx(
        cls,
        graph: networkx.Graph,
        inputs: Iterable[Hashable],
        outputs: Iterable[Hashable],
        *,
        pos: Mapping[Hashable, ArrayLike] | None = None,
        name: str | None = None,
    ) -> Network:
        """A network from a graph of networkx.

        Edge attributes ``conductance`` (fraction of full scale) and ``kind``, and node attributes ``pos`` and ``clamp`` are
        taken if they are there; see :meth:`from_edges`.

        Raises:
            ValueError: the graph is directed, has parallel edges, or is no network.
        """
        if graph.is_directed():
            raise ValueError("the graph is directed and resistors are not; give graph.to_undirected()")
        if graph.is_multigraph():
            raise ValueError("the graph may have parallel edges; give networkx.Graph(graph), with their conductances added")
        edges = list(graph.edges(data=True))
        if pos is None and graph.number_of_nodes() and all("pos" in data for _, data in graph.nodes(data=True)):
            pos = dict(graph.nodes(data="pos"))
        given = np.array([data.get("conductance", np.nan) for *_, data in edges], dtype=np.float64)
        return cls.from_edges(
            [(a, b) for a, b, _ in edges],
            inputs,
            outputs,
            nodes=graph.nodes,
            pos=pos,
            conductances=None if np.isnan(given).all() else given,
            kinds=[data.get("kind", "linear") for *_, data in edges],
            clamps={node: data["clamp"] for node, data in graph.nodes(data=True) if "clamp" in data},
            name=name or graph.graph.get("name") or "network",
        )

    @classmethod
    def crossbar(cls, inputs: int, outputs: int, *, edge: str = "linear") -> Network:
        """Every input joined to every output."""
        return cls(_core.Network.crossbar(inputs, outputs, edge))

    @classmethod
    def layered(cls, sizes: Sequence[int], *, edge: str = "linear") -> Network:
        """Full layers, from inputs to outputs, with diodes on the hidden nodes."""
        return cls(_core.Network.layered(list(sizes), edge))

    @classmethod
    def lattice(
        cls,
        rows: int,
        columns: int,
        inputs: Sequence[int],
        outputs: Sequence[int],
        *,
        boundary: str = "open",
        edge: str = "linear",
    ) -> Network:
        """A square lattice, ``open`` or ``periodic``; nodes are numbered row by row from 0."""
        core = _core.Network.lattice(rows, columns, list(inputs), list(outputs), boundary, edge)
        return cls(core, range(rows * columns))

    @classmethod
    def pinwheel(cls, inputs: Sequence[int], outputs: Sequence[int], *, edge: str = "linear") -> Network:
        """Nine nodes and sixteen edges, as in the experiments of Dillavou et al. (2022)."""
        return cls(_core.Network.pinwheel(list(inputs), list(outputs), edge), range(9))

    @classmethod
    def read(
        cls, path: str | os.PathLike[str], *, inputs: Iterable[Hashable] = (), outputs: Iterable[Hashable] = ()
    ) -> Network:
        """A network from a file in any format that ``wheatstone train --network`` takes.

        Args:
            path: the file.
            inputs, outputs: names of the ports, where the file names none or others are wanted.
        """
        core, _ = _core.Network.read(os.fspath(path), [str(node) for node in inputs], [str(node) for node in outputs])
        return cls(core)

    def write(self, format: str = "json") -> str:
        """The network as text: ``json`` or ``toml`` (network files), ``node-link``, ``graphml``, ``edge-list`` or ``notebook``."""
        return self._core.write(format)

    @property
    def name(self) -> str:
        """What it is called."""
        return self._core.name

    @property
    def ends(self) -> NDArray[np.uint32]:
        """Numbers of the two nodes of every edge, shape (edges, 2)."""
        return self._core.ends

    @property
    def kinds(self) -> list[str]:
        """``linear`` or ``transistor``, for every edge."""
        return self._core.kinds

    @property
    def clamps(self) -> list[str]:
        """The diode of every node: ``none``, ``non_negative`` or ``non_positive``."""
        return self._core.clamps

    @property
    def groups(self) -> list[tuple[str, int]]:
        """Groups of edges that learn at one rate: names and learning shifts."""
        return self._core.groups

    @property
    def inputs(self) -> list[Hashable]:
        """The input nodes, in the order of a sample's voltages."""
        return [self.labels[node] for node in self._core.inputs]

    @property
    def outputs(self) -> list[Hashable]:
        """The output nodes, in the order of targets and answers."""
        return [self.labels[node] for node in self._core.outputs]

    @property
    def positions(self) -> NDArray[np.float64] | None:
        """x (to the right) and y (down) of every node, shape (nodes, 2); None if nobody said."""
        return self._core.positions

    @property
    def conductances(self) -> NDArray[np.float64]:
        """The conductances to begin from, shape (edges,), fractions of full scale; NaN where they are drawn."""
        return self._core.conductances

    @property
    def digest(self) -> str:
        """SHA-256 of everything that decides its behaviour. Names, positions and conductances do not."""
        return self._core.digest

    @property
    def number_of_nodes(self) -> int:
        """How many nodes there are."""
        return len(self.labels)

    @property
    def number_of_edges(self) -> int:
        """How many edges there are."""
        return len(self._core.ends)

    def with_conductances(self, conductances: ArrayLike) -> Network:
        """The same network with other conductances, shape (edges,), fractions of full scale; NaN is drawn."""
        return Network(self._core.with_conductances(np.ascontiguousarray(conductances, dtype=np.float64)), self.labels)

    def with_alpha(self, alpha: int | Sequence[int]) -> Network:
        """The same network with other learning shifts: one for all edges, or one for each group."""
        return Network(self._core.with_alpha([alpha] if isinstance(alpha, int) else list(alpha)), self.labels)

    def require_bipartite(self) -> None:
        """Raises ValueError if it has a circle of odd length, which the hardware cannot hold."""
        self._core.require_bipartite()

    def to_networkx(self, conductances: ArrayLike | None = None) -> networkx.Graph:
        """The graph, with the attributes that :meth:`from_networkx` reads.

        Args:
            conductances: shape (edges,), what to put in instead of the network's own; NaN puts nothing.
        """
        import networkx

        graph = networkx.Graph(name=self.name, inputs=self.inputs, outputs=self.outputs)
        places = self.positions
        for index, (label, clamp) in enumerate(zip(self.labels, self.clamps)):
            attributes: dict[str, Any] = {} if clamp == "none" else {"clamp": clamp}
            if places is not None:
                attributes["pos"] = tuple(places[index].tolist())
            graph.add_node(label, **attributes)
        for (a, b), kind, g in zip(self.ends.tolist(), self.kinds, self._given(conductances).tolist()):
            attributes = {} if kind == "linear" else {"kind": kind}
            if g == g:
                attributes["conductance"] = g
            graph.add_edge(self.labels[a], self.labels[b], **attributes)
        return graph

    def laplacian(self, conductances: ArrayLike | None = None) -> scipy.sparse.csr_array:
        """The weighted Laplacian, shape (nodes, nodes): currents out of the nodes are it times the voltages.

        Args:
            conductances: shape (edges,); if not given the network's own, which then must be there for every edge.

        Raises:
            ValueError: an edge is no resistor or has no conductance.
        """
        import scipy.sparse

        if "transistor" in self.kinds:
            raise ValueError("a transistor edge has no constant conductance; only resistors have a Laplacian")
        g = self._given(conductances)
        if np.isnan(g).any():
            edge = int(np.flatnonzero(np.isnan(g))[0])
            raise ValueError(f"edge {edge} has no conductance; give them, shape (edges,)")
        a, b = self.ends.T.astype(np.int64)
        rows, columns = np.concatenate([a, b, a, b]), np.concatenate([b, a, a, b])
        values = np.concatenate([-g, -g, g, g])
        size = self.number_of_nodes
        return scipy.sparse.coo_array((values, (rows, columns)), shape=(size, size)).tocsr()

    def _given(self, conductances: ArrayLike | None) -> NDArray[np.float64]:
        if conductances is None:
            return self.conductances
        g = np.asarray(conductances, dtype=np.float64)
        if g.shape != (self.number_of_edges,):
            raise ValueError(f"conductances has the shape {g.shape} and there are {self.number_of_edges} edges")
        return g

    def svg(self, conductances: ArrayLike | None = None, voltages: ArrayLike | None = None) -> str:
        """A picture as SVG: widths are conductances, colours voltages; inputs are squares, outputs diamonds."""
        volts = None if voltages is None else np.asarray(voltages, dtype=np.float64)
        return picture(self, self._given(conductances), volts)

    def _repr_svg_(self) -> str:
        return self.svg()

    def __repr__(self) -> str:
        nodes, edges = self.number_of_nodes, self.number_of_edges
        ports = f"{len(self._core.inputs)} inputs, {len(self._core.outputs)} outputs"
        return f"<Network {self.name!r}: {nodes} nodes, {edges} edges, {ports}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Network):
            return NotImplemented
        return self.labels == other.labels and json.loads(self._core.to_json()) == json.loads(other._core.to_json())

    def __hash__(self) -> int:
        return hash(self.digest)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self._core.to_json(), self.labels)


def _restored(text: str, labels: list[Hashable]) -> Network:
    return Network(_core.Network.from_json(text), labels)

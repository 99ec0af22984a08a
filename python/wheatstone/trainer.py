"""Networks that learn voltages, watched as they do."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._checks import count, volts
from .network import Network

__all__ = ["Batch", "BatchResult", "Snapshot", "Trainer", "Trajectory"]

#: A range of conductances to draw from, evenly; or an entry, or a list of one for each group, as ``network.initial`` of a
#: configuration.
Initial = tuple[float, float] | Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Snapshot(NamedTuple):
    """A network at one moment. The arrays are the caller's own."""

    #: Samples trained to their end.
    samples: int
    #: Relaxing steps made in all.
    steps: int
    #: Shape (edges,), fractions of full scale.
    conductances: NDArray[np.float64]
    #: Free voltages, shape (nodes,), in volts.
    free: NDArray[np.float64]
    #: Clamped voltages, shape (nodes,), in volts.
    clamped: NDArray[np.float64]
    #: Power dissipated in the free and the clamped wave, shape (2,).
    power: NDArray[np.float64]


class Trajectory(NamedTuple):
    """A network at many moments, one row for each."""

    #: Shape (moments,): samples trained to their end.
    samples: NDArray[np.uint64]
    #: Shape (moments,): relaxing steps made in all.
    steps: NDArray[np.uint64]
    #: Shape (moments, edges), fractions of full scale.
    conductances: NDArray[np.float64]
    #: Shape (moments, nodes), in volts.
    free: NDArray[np.float64]
    #: Shape (moments, nodes), in volts.
    clamped: NDArray[np.float64]
    #: Shape (moments, 2): free and clamped.
    power: NDArray[np.float64]


class BatchResult(NamedTuple):
    """Where replicas ended, one row for each seed."""

    #: Shape (seeds, edges), fractions of full scale.
    conductances: NDArray[np.float64]
    #: Shape (seeds, 2): power of the free and the clamped wave.
    power: NDArray[np.float64]


class Trainer:
    """A network that learns rows of voltages.

    Nothing is scaled or encoded here: rows are volts at the inputs and wanted volts at the outputs, rounded to the format.
    For tables use :class:`wheatstone.NetworkClassifier` or :func:`wheatstone.train`.

    Args:
        network: what learns.
        V: shape (rows, inputs), imposed voltages between -1 and 1 V.
        T: shape (rows, outputs), wanted voltages; NaN leaves an output free in that row.
        eta: the clamped voltage goes 2^-eta of the way to the wanted one (coupled learning). The nudge if none is given: 0.
        beta: instead of ``eta``, a current through 2^-beta of full conductance nudges (equilibrium propagation).
        centred: with ``beta``, nudge both waves, in opposite directions.
        steps: relaxing steps a sample.
        omega: over-relaxation in eighths, 4 to 15.
        seed: of the initial conductances and of the order of samples.
        epochs: times the rows are shown.
        format: ``wide``, ``compact``, or widths ``V/GV/K/GK``.
        learning: ``quasistatic`` (once a sample), or as in a configuration, for example
            ``{"mode": "continuous", "every": 1}`` (out of equilibrium) or ``{"mode": "desynchronous", "rarity": 2}``.
        alpha: learning shifts instead of the network's own, one for all or one for each group: 2^alpha times as fast.
        initial: conductances to begin from, where the network has none: see :data:`Initial`.
        sense: ``equal``, ``at_least`` or ``at_most``: where a wanted voltage is satisfied.
        shuffle: whether each epoch has an order of its own; if not, rows come as they are given.
        g_min: smallest conductance an edge may learn, in LSB.
        lowest_rail: lowest voltage ever imposed, in volts; matters to transistor edges only.
        temperature: of the nodes' noise, in full conductances times (1 V)^2; none without.
        waves: ``alternating``, or ``together``: both waves take their turns at the same step, which learning at every step wants.

    Raises:
        TypeError: an array holds something other than real numbers.
        ValueError: shapes or values do not fit the network; the message names them.
    """

    def __init__(
        self,
        network: Network,
        V: ArrayLike,
        T: ArrayLike,
        *,
        eta: int | None = None,
        beta: int | None = None,
        centred: bool = False,
        steps: int = 16,
        omega: int = 8,
        seed: int = 1,
        epochs: int = 1,
        format: str = "wide",
        learning: str | Mapping[str, Any] = "quasistatic",
        alpha: int | Sequence[int] | None = None,
        initial: Initial = (0.1, 0.5),
        sense: Literal["equal", "at_least", "at_most"] = "equal",
        shuffle: bool = True,
        g_min: int = 1,
        lowest_rail: float = -1.0,
        temperature: float | None = None,
        waves: Literal["alternating", "together"] = "alternating",
    ):
        if not isinstance(network, Network):
            raise TypeError(f"network is a {type(network).__name__}; give a wheatstone.Network")
        if eta is not None and beta is not None:
            raise ValueError("eta and beta are two ways to nudge; give one of them")
        self.network = network if alpha is None else network.with_alpha(alpha)
        self.V = volts(V, "V", len(network.inputs))
        self.T = volts(T, "T", len(network.outputs), nan=True)
        if len(self.V) != len(self.T):
            raise ValueError(f"V has {len(self.V)} rows and T has {len(self.T)}; they are not a pair")
        self.epochs = count(epochs, "epochs", 1)
        if beta is None:
            nudge: dict[str, Any] = {"kind": "clamped", "eta": count(0 if eta is None else eta, "eta")}
        else:
            nudge = {"kind": "current", "beta": count(beta, "beta"), "centred": bool(centred)}
        self._steps = count(steps, "steps", 1)
        self._settings = {
            "format": format,
            "omega": count(omega, "omega"),
            "steps": self._steps,
            "nudge": nudge,
            "learning": {"mode": learning} if isinstance(learning, str) else dict(learning),
            "alpha_offset": 0,
            "g_min": count(g_min, "g_min", 1),
            "lowest_rail": float(lowest_rail),
            "initial": _initial(initial),
            "shuffle": bool(shuffle),
            "temperature": None if temperature is None else float(temperature),
            "waves": waves,
        }
        self.seed = count(seed, "seed")
        core = self.network._core
        self._simulation = _core.Simulation(core, json.dumps(self._settings), self.seed, self.V, self.T, sense)

    @property
    def total(self) -> int:
        """Samples of the whole training: epochs times rows."""
        return self.epochs * len(self.V)

    @property
    def trained(self) -> int:
        """Samples trained to their end."""
        return self._simulation.samples

    @property
    def digest(self) -> str:
        """SHA-256 of the state: equal digests mean equal bits in every cell."""
        return self._simulation.digest

    def snapshot(self) -> Snapshot:
        """The network as it is."""
        return Snapshot(self._simulation.samples, self._simulation.steps, *self._simulation.snapshot())

    def train(self, samples: int | None = None) -> Trainer:
        """Trains that many samples more, or to the end; returns itself."""
        left = self.total - self.trained if samples is None else count(samples, "samples")
        self._simulation.advance("samples", max(left, 0))
        return self

    def samples(self, every: int = 1) -> Iterator[Snapshot]:
        """Trains to the end, and yields a snapshot after every so many samples and after the last."""
        every = count(every, "every", 1)
        while (left := self.total - self.trained) > 0:
            self._simulation.advance("samples", min(every, left))
            yield self.snapshot()

    def steps(self, every: int = 1) -> Iterator[Snapshot]:
        """Trains to the end, and yields a snapshot after every so many relaxing steps and after the last: a sample on its way
        to equilibrium."""
        every = count(every, "every", 1)
        while (left := self.total * self._steps - self._simulation.steps) > 0:
            self._simulation.advance("steps", min(every, left))
            yield self.snapshot()

    def trajectory(self, every: int = 1, *, by: Literal["samples", "steps"] = "samples") -> Trajectory:
        """Trains to the end at once, and returns all snapshots as arrays: faster than :meth:`samples` and :meth:`steps`.

        What is left over after the last whole ``every`` samples or steps is not trained.
        """
        every = count(every, "every", 1)
        done, total = self._simulation.samples, self.total
        if by == "steps":
            done, total = self._simulation.steps, self.total * self._steps
        moments = max(total - done, 0) // every
        if moments == 0:
            raise ValueError(f"there are {max(total - done, 0)} {by} left, fewer than every = {every}")
        return Trajectory(**self._simulation.trajectory(by, every, moments))

    def batch(self, seeds: Iterable[int]) -> Batch:
        """The same training from the beginning with other seeds, side by side in the lanes of vectors."""
        return Batch(self, [count(seed, "seeds") for seed in seeds])

    def read(self, V: ArrayLike, *, steps: int | None = None) -> NDArray[np.float64]:
        """Answers to rows of voltages, shape (rows, outputs), in volts. Nothing learns, and every row is read from the
        voltages as they are now: the order of rows does not matter.

        Args:
            V: shape (rows, inputs).
            steps: relaxing steps; if not given twice as many as in training.
        """
        rows = volts(V, "V", len(self.network.inputs))
        return self._simulation.read(rows, 2 * self._steps if steps is None else count(steps, "steps", 1))

    def learned(self) -> Network:
        """The network with its conductances as they are."""
        return self.network.with_conductances(self._simulation.snapshot()[0])

    def _repr_svg_(self) -> str:
        conductances, free, *_ = self._simulation.snapshot()
        return self.network.svg(conductances, free)


class Batch:
    """Replicas of a training that differ in their seeds; see :meth:`Trainer.batch`."""

    def __init__(self, trainer: Trainer, seeds: list[int]):
        self.trainer, self.seeds = trainer, seeds

    def run(self, samples: int | None = None) -> BatchResult:
        """Trains every replica from its beginning on that many samples, or to the end."""
        number = self.trainer.total if samples is None else count(samples, "samples")
        if not self.seeds:
            raise ValueError("there are no seeds; give at least one")
        arrays = self.trainer._simulation.batch(self.seeds, number)
        return BatchResult(arrays["conductances"], arrays["power"])


def _initial(given: Initial) -> list[dict[str, Any]]:
    if isinstance(given, Mapping):
        return [dict(given)]
    given = list(given)
    if len(given) == 2 and all(isinstance(end, (int, float)) for end in given):
        low, high = map(float, given)  # type: ignore[arg-type]
        if not 0 <= low <= high <= 1:
            raise ValueError(f"initial is ({low}, {high}); give fractions of full scale, 0 to 1, low before high")
        return [{"kind": "uniform", "low": low, "high": high}]
    return [dict(entry) for entry in given]  # type: ignore[call-overload]

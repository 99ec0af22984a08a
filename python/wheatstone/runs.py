"""Runs as on the command line: presets, data sets, training and run folders."""

from __future__ import annotations

import copyreg
import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._checks import count, matrix
from .network import Network

if TYPE_CHECKING:
    from .devices import Device

__all__ = ["Data", "Run", "load_data", "open_run", "preset", "presets", "train"]

#: A configuration as in a file, by tables; ``extends`` may name a preset whose keys it replaces.
Config = Mapping[str, Any]


class Data(NamedTuple):
    """A data set."""

    #: Shape (rows, features).
    X: NDArray[np.float64]
    #: Shape (rows,): names of classes, or a value; shape (rows, values) for several values.
    y: NDArray[Any]
    #: Names of the features.
    features: list[str]
    #: Names of the classes or values.
    targets: list[str]
    #: Where it comes from; None for a file.
    reference: str | None


def presets() -> dict[str, str]:
    """Names of the presets, complete configurations that ship, with what each learns."""
    return dict(_core.presets())


def preset(name: str) -> dict[str, Any]:
    """The configuration of a preset, complete, to be changed at will and given to :func:`train`.

    Raises:
        ValueError: there is none of that name.
    """
    return json.loads(_text(name))


@functools.cache
def _text(name: str) -> str:
    return _core.preset(name)


def load_data(source: str | os.PathLike[str]) -> Data:
    """A data set that ships, by name, or a file of yours: a table, arrays or images, as ``wheatstone train --data`` reads it.

    Raises:
        FileNotFoundError: there is no such set or file.
        ValueError: the file is no data set; the message names line and column.
    """
    read = _core.load_data(os.fspath(source))
    if "labels" in read:
        y = np.asarray(read["targets"])[read["labels"]]
    else:
        y = read["values"][:, 0] if read["values"].shape[1] == 1 else read["values"]
    return Data(read["X"], y, read["features"], read["targets"], read["reference"])


class Run:
    """What a run has learned: from :func:`train`, or a folder that the command line or :func:`train` left.

    Attributes:
        path: its folder, if it has one.
    """

    def __init__(self, model: _core.Model, path: Path | None = None, seconds: float | None = None):
        self._model, self.path, self._seconds = model, path, seconds

    @property
    def config(self) -> dict[str, Any]:
        """Its resolved configuration."""
        return json.loads(self._model.config)

    @property
    def metrics(self) -> Any:
        """What it measured, one record an epoch: a pandas DataFrame if pandas is there, else a list of dictionaries."""
        return table(self._model.metrics)

    @property
    def evaluation(self) -> dict[str, Any] | None:
        """How well it answers at the end; None if it has not come to its end."""
        text = self._model.evaluation
        return None if text is None else json.loads(text)

    @property
    def digest(self) -> str:
        """SHA-256 of its state, the same as the command line's."""
        return self._model.digest

    @property
    def network(self) -> Network:
        """What learned, with the conductances it has now."""
        core = self._model.network
        return Network(core.with_conductances(self.conductances))

    @property
    def conductances(self) -> NDArray[np.float64]:
        """Shape (edges,), fractions of full scale."""
        return self._model.state["conductances"]

    @property
    def free(self) -> NDArray[np.float64]:
        """Free voltages of the last sample, shape (nodes,), in volts."""
        return self._model.state["free"]

    @property
    def clamped(self) -> NDArray[np.float64]:
        """Clamped voltages of the last sample, shape (nodes,), in volts."""
        return self._model.state["clamped"]

    @property
    def power(self) -> NDArray[np.float64]:
        """Power of the free and the clamped wave, shape (2,)."""
        return self._model.state["power"]

    @property
    def snapshots(self) -> NDArray[np.void]:
        """What ``wheatstone train --snapshots`` kept: records of the fields ``samples``, ``steps``, ``conductances``,
        ``free``, ``clamped`` and ``power``, read from the file as they are used.

        Raises:
            FileNotFoundError: the run kept none.
        """
        if self.path is None:
            raise FileNotFoundError("this run has no folder; give train a folder to keep snapshots in")
        return np.load(self.path / "snapshots.npy", mmap_mode="r")

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Answers to rows, shape (rows,): names of classes, or values; shape (rows, values) for several values."""
        classes, numbers = self._model.answer(matrix(X, "X"))
        if classes is not None:
            return np.asarray(self._model.targets)[classes]
        return numbers[:, 0] if numbers.shape[1] == 1 else numbers

    def scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """Scores of the classes in volts, or values, shape (rows, classes or values)."""
        return self._model.answer(matrix(X, "X"))[1]

    def __repr__(self) -> str:
        place = f" in {self.path}" if self.path else ""
        return f"<Run {self.config['name']!r}{place}: {self._model.samples} samples, digest {self.digest[:12]}>"

    def _repr_svg_(self) -> str:
        return self.network.svg(None, self.free)


def train(
    config: str | Config,
    *,
    out: str | os.PathLike[str] | None = None,
    device: Device | None = None,
    metrics_every: int = 1,
    snapshots: int | None = None,
) -> Run:
    """Trains a preset or a configuration, to the same bits as ``wheatstone train``.

    Args:
        config: name of a preset, or a configuration.
        out: folder to keep the run in; ``wheatstone`` can go on with it.
        device: what to train on; if not given, the model in this process.
        metrics_every: epochs between two records of metrics.
        snapshots: samples between two snapshots, kept in the folder; see :attr:`Run.snapshots`.

    Raises:
        ValueError: the configuration or its data are at fault; the message names the key or line.
        KeyboardInterrupt: stopped; the folder has a checkpoint then.
    """
    config = preset(config) if isinstance(config, str) else config
    if snapshots is not None:
        snapshots = count(snapshots, "snapshots", 1)
        if out is None:
            raise ValueError("snapshots are kept in a folder; name one with out")
    if device is not None:
        return device._train(json.dumps(config), out, metrics_every, snapshots)
    experiment = _core.Experiment.prepare(json.dumps(config))
    model, seconds = experiment.train(None if out is None else os.fspath(out), metrics_every, snapshots)
    return Run(model, None if out is None else Path(out), seconds)


def open_run(path: str | os.PathLike[str]) -> Run:
    """Opens the folder of a run, at any time, also while it is written.

    Raises:
        FileNotFoundError: there is no run.
        ValueError: a file of it is damaged.
    """
    return Run(_core.Model.open(os.fspath(path)), Path(path))


def table(metrics: str) -> Any:
    """Records of metrics with one column a figure."""
    rows = []
    for record in json.loads(metrics):
        flat = {}
        for key, value in record.items():
            if isinstance(value, dict):
                flat |= {f"{key}_{name}": part for name, part in value.items()}
            elif key == "test_outputs":
                for output in value:
                    flat |= {f"test_{part}_{output['name']}": output.get(part) for part in ("rmse", "r2")}
            else:
                flat[key] = value
        rows.append(flat)
    try:
        import pandas
    except ModuleNotFoundError:
        return rows
    return pandas.DataFrame(rows).set_index("epoch")


def _restored(checkpoint: bytes, rest: str) -> _core.Model:
    return _core.Model.from_bytes(checkpoint, rest)


copyreg.pickle(_core.Model, lambda model: (_restored, model.to_bytes()))  # type: ignore[arg-type]

"""Networks as estimators of scikit-learn."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from . import _core
from .network import Network
from .runs import Run, preset, table

if TYPE_CHECKING:
    from .devices import Device

__all__ = ["NetworkClassifier", "NetworkRegressor"]

_PARAMETERS = """
    What is None is as the preset ``table`` says, so that without parameters this learns as ``wheatstone train --data`` does.

    Args:
        hidden: sizes of the hidden layers, whose nodes have diodes; ``()`` joins every input to every output.
        nudge: ``current`` (equilibrium propagation) or ``clamped`` (coupled learning).
        beta: the nudging current goes through 2^-beta of full conductance; for ``current``.
        eta: the clamped voltage goes 2^-eta of the way to the wanted one; for ``clamped``.
        centred: nudge both waves, in opposite directions; for ``current``.
        epochs: times the rows are shown.
        steps: relaxing steps a sample.
        read_steps: relaxing steps before an answer is read.
        omega: over-relaxation in eighths, 4 to 15.
        learning_shift: one for all layers or one for each: 2^shift times as fast; ``network.alpha`` of a configuration.
        format: ``wide``, ``compact``, or widths ``V/GV/K/GK``.
        network: a network to learn instead of layers; its inputs and outputs must be those that the encoding gives.
        settings: further keys of a configuration, by tables, such as ``{"encoding": {"label": 0.2}}``; they have the last word.
        random_state: seed of conductances and order, a generator to draw it from, or None for another one each time.

    Attributes:
        history_: metrics, one record an epoch: a pandas DataFrame if pandas is there, else a list of dictionaries.
        network_: what learned, with its conductances.
        digest_: SHA-256 of its state, the same as the command line's for the same configuration and data.
        n_features_in_: number of features.
"""


class _NetworkEstimator(BaseEstimator):
    """What both estimators share."""

    _is_classifier: bool

    def __init__(
        self,
        hidden: Sequence[int] | None = None,
        *,
        nudge: str | None = None,
        beta: int | None = None,
        eta: int | None = None,
        centred: bool | None = None,
        epochs: int | None = None,
        steps: int | None = None,
        read_steps: int | None = None,
        omega: int | None = None,
        learning_shift: int | Sequence[int] | None = None,
        format: str | None = None,
        network: Network | None = None,
        settings: Mapping[str, Any] | None = None,
        random_state: Any = None,
    ):
        self.hidden = hidden
        self.nudge = nudge
        self.beta = beta
        self.eta = eta
        self.centred = centred
        self.epochs = epochs
        self.steps = steps
        self.read_steps = read_steps
        self.omega = omega
        self.learning_shift = learning_shift
        self.format = format
        self.network = network
        self.settings = settings
        self.random_state = random_state

    def _config(self, data: Path) -> dict[str, Any]:
        """The configuration that the parameters stand for."""
        config = preset("table")
        config["name"] = "estimator"
        config["description"] = "an estimator of scikit-learn"
        for key in ("epochs", "steps", "read_steps", "omega", "format"):
            if (value := getattr(self, key)) is not None:
                config[key] = value
        config["nudge"] = self._nudge(config["nudge"])
        kind = "classification" if self._is_classifier else "regression"
        config["data"] = {"test_fraction": 0.0, "source": {"arrays": {"path": str(data), "kind": kind}}}
        network = config["network"]
        if self.network is not None:
            network |= {"alpha": [], "initial": network["initial"][:1]}
        elif self.hidden is not None:
            hidden = [int(size) for size in self.hidden]
            network["shape"] = {"layered": {"hidden": hidden}} if hidden else "crossbar"
            network["alpha"] = network["alpha"][:1]
        if self.learning_shift is not None:
            network["alpha"] = np.atleast_1d(self.learning_shift).tolist()
        _merge(config, self.settings or {})
        config["seed"] = self._seed()
        return config

    def _nudge(self, given: dict[str, Any]) -> dict[str, Any]:
        kind = self.nudge or ("clamped" if self.eta is not None else "current" if self.beta is not None else given["kind"])
        mine = {"current": {"beta": self.beta, "centred": self.centred}, "clamped": {"eta": self.eta}}
        if kind not in mine:
            raise ValueError(f"nudge is {kind!r}; give 'current' or 'clamped'")
        other = {"current": ["eta"], "clamped": ["beta", "centred"]}[kind]
        foreign = [name for name in other if getattr(self, name) is not None]
        if foreign:
            raise ValueError(f"{foreign[0]} does not belong to a {kind} nudge; leave it out, or nudge otherwise")
        base = given if given["kind"] == kind else {"current": {"beta": 2}, "clamped": {"eta": 2}}[kind]
        return {**base, **{key: value for key, value in mine[kind].items() if value is not None}, "kind": kind}

    def _seed(self) -> int:
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _checked(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
        raise NotImplementedError

    def _experiment(self, config: dict[str, Any], X: NDArray[np.float64], y: NDArray[Any]) -> _core.Experiment:
        raise NotImplementedError

    def fit(self, X: ArrayLike, y: ArrayLike, device: Device | None = None):
        """Learns rows from the beginning.

        Args:
            X: shape (rows, features), finite numbers.
            y: shape (rows,): classes, or values; a regressor takes shape (rows, values) as well.
            device: a :class:`wheatstone.Device` to learn on; if not given, the model in this process.

        Returns:
            itself.

        Raises:
            ValueError: data or parameters are at fault; the message names what.
            KeyboardInterrupt: stopped by Ctrl-C.
        """
        X, y = self._checked(X, y)
        self._folder: Path | None = None
        if device is None:
            experiment = self._experiment(self._config(Path("data.npz")), X, y)
            self._model, self._seconds = experiment.train()
        else:
            self._folder = self._written(device, X, y)
            self._model = device._run(self._folder, self._folder / "run")._model
        return self

    def _written(self, device: Device, X: NDArray[np.float64], y: NDArray[Any]) -> Path:
        """Writes data and configuration into a folder of a device."""
        folder = device._new_folder()
        np.savez(folder / "data.npz", X=X, y=y)
        experiment = self._experiment(self._config(folder / "data.npz"), X, y)
        (folder / "config.toml").write_text(experiment.toml, encoding="utf-8")
        if self.network is not None:
            (folder / "network.json").write_text(self.network.write("json"), encoding="utf-8")
        return folder

    def _written_data(self, device: Device, X: ArrayLike | None, y: ArrayLike | None) -> Path:
        if X is not None and y is not None:
            return self._written(device, *self._checked(X, y))
        folder = getattr(self, "_folder", None)
        if folder is None or not folder.exists():
            raise ValueError("this estimator was not fitted on this device; give X and y, the data to compare on")
        return folder

    def _answer(self, X: ArrayLike) -> tuple[NDArray[np.uint64] | None, NDArray[np.float64]]:
        check_is_fitted(self, "_model")
        X = validate_data(self, X, reset=False, dtype=np.float64, order="C")
        return self._model.answer(X)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Keeps what was learned as the folder of a run, which ``wheatstone inspect``, ``predict`` and ``convert`` read, and
        :func:`wheatstone.open_run`. The data are not kept.

        Raises:
            ValueError: the folder holds a run already.
        """
        check_is_fitted(self, "_model")
        self._model.save(os.fspath(path))

    @property
    def history_(self) -> Any:
        """Metrics, one record an epoch."""
        return table(self._fitted("history_").metrics)

    @property
    def network_(self) -> Network:
        """What learned, with its conductances."""
        return Run(self._fitted("network_")).network

    @property
    def digest_(self) -> str:
        """SHA-256 of its state."""
        return self._fitted("digest_").digest

    def _fitted(self, name: str) -> _core.Model:
        try:
            return self.__dict__["_model"]
        except KeyError:
            raise AttributeError(f"{type(self).__name__} has no {name} before it is fitted") from None


class NetworkClassifier(ClassifierMixin, _NetworkEstimator):
    __doc__ = (
        "A resistor network that learns classes: one output a class, whose voltage is its score."
        + "\n"
        + _PARAMETERS
        + "        classes_: the classes, in ascending order.\n"
    )

    _is_classifier = True

    def _checked(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
        X, y = validate_data(self, X, y, dtype=np.float64, order="C")
        if y.dtype.kind not in "biuSU":
            check_classification_targets(y)
        self.classes_ = np.unique(y)
        if len(self.classes_) < 2:
            raise ValueError(f"y has 1 class, {self.classes_[0]!r}; a classifier needs at least two classes")
        return X, y if y.dtype.kind in "biuf" else y.astype(str)

    def _experiment(self, config: dict[str, Any], X: NDArray[np.float64], y: NDArray[Any]) -> _core.Experiment:
        classes = self.classes_.astype(y.dtype, copy=False)
        labels = np.searchsorted(classes, y)
        names, core = [_name(label) for label in classes], self.network and self.network._core
        return _core.Experiment.of_arrays(json.dumps(config), "X", X, _features(X), names, labels.tolist(), None, core)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of each row, shape (rows,)."""
        classes, _ = self._answer(X)
        assert classes is not None
        return self.classes_[classes]

    def decision_function(self, X: ArrayLike) -> NDArray[np.float64]:
        """Scores of the classes in volts, shape (rows, classes); of two classes how much the second has more, shape (rows,)."""
        _, scores = self._answer(X)
        return scores[:, 1] - scores[:, 0] if scores.shape[1] == 2 else scores


class NetworkRegressor(RegressorMixin, _NetworkEstimator):
    __doc__ = "A resistor network that learns values, one output each.\n" + _PARAMETERS

    _is_classifier = False

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _checked(self, X: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
        X, y = validate_data(self, X, y, dtype=np.float64, order="C", multi_output=True, y_numeric=True)
        if len(X) < 2:
            raise ValueError("there is 1 sample (n_samples=1); a network needs at least two to scale values")
        self._is_flat = y.ndim == 1
        return X, np.ascontiguousarray(y, dtype=np.float64)

    def _experiment(self, config: dict[str, Any], X: NDArray[np.float64], y: NDArray[Any]) -> _core.Experiment:
        values, core = y.reshape(len(y), -1), self.network and self.network._core
        names = ["y"] if values.shape[1] == 1 else [f"y{i}" for i in range(values.shape[1])]
        return _core.Experiment.of_arrays(json.dumps(config), "X", X, _features(X), names, None, values, core)

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """The values of each row, shape (rows,) or (rows, values), as those that were learned."""
        _, values = self._answer(X)
        return values[:, 0] if self._is_flat else values


def _features(X: NDArray[np.float64]) -> list[str]:
    """As features of arrays are called when they are read from a file."""
    return [f"f{column}" for column in range(X.shape[1])]


def _name(label: Any) -> str:
    """As a class is called when it is read from an array in a file."""
    if isinstance(label, str):
        return label
    number = float(label)
    return str(int(number)) if number.is_integer() else repr(number)


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    """Replaces keys table by table; a choice of a kind, mode, shape or source replaces the whole."""
    for key, value in over.items():
        old = base.get(key)
        choice = key in ("shape", "source") or (isinstance(value, Mapping) and ("kind" in value or "mode" in value))
        if isinstance(old, dict) and isinstance(value, Mapping) and not choice:
            _merge(old, value)
        else:
            base[key] = value

"""Resistor networks that learn by themselves.

The same engines, data and run folders as the command line `wheatstone`, over arrays of NumPy, and the same bits. Conductances
are fractions of full scale, voltages are in volts (1 V is full scale), power is in units of full conductance times (1 V)^2.

scikit-learn, networkx, scipy, pandas and matplotlib are used where they are installed, and are not needed to import this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core import DeviceError, MismatchError, __version__
from .devices import Device, build
from .network import Network
from .runs import Data, Run, load_data, open_run, preset, presets, train
from .trainer import Batch, BatchResult, Snapshot, Trainer, Trajectory

if TYPE_CHECKING:
    from .estimators import NetworkClassifier, NetworkRegressor

__all__ = [
    "Batch",
    "BatchResult",
    "Data",
    "Device",
    "DeviceError",
    "MismatchError",
    "Network",
    "NetworkClassifier",
    "NetworkRegressor",
    "Run",
    "Snapshot",
    "Trainer",
    "Trajectory",
    "__version__",
    "build",
    "load_data",
    "open_run",
    "preset",
    "presets",
    "train",
]


def __getattr__(name: str) -> Any:
    # Importing scikit-learn takes ten times as long as everything else here.
    if name in ("NetworkClassifier", "NetworkRegressor"):
        try:
            from . import estimators
        except ModuleNotFoundError as error:
            raise ImportError(f"{name} needs scikit-learn: pip install scikit-learn") from error
        return getattr(estimators, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

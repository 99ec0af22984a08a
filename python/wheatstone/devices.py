"""Boards, real, virtual and simulated, and bitstreams for them. The program `wheatstone` does the work."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from . import _core, _program
from .network import Network
from .runs import Run

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from .estimators import NetworkClassifier, NetworkRegressor

__all__ = ["Device", "build"]


class Device:
    """What a network is trained on, by the URL that ``--device`` takes.

    ``sim:`` is the model, ``pty:`` a virtual board behind a pseudo-terminal, ``rtl:`` the gateware, simulated, ``serial:`` the
    board that is attached and ``serial:/dev/ttyUSB0`` that one. All compute the same bits.

    The program ``wheatstone`` must be on the path or named by ``WHEATSTONE_PROGRAM``. What a device has learned stays in a
    temporary folder until the device is closed, so use it as a context:

    >>> with Device("pty:") as device:       # doctest: +SKIP
    ...     clf.fit(X, y, device=device)
    ...     device.verify(clf)

    Args:
        url: the device.
        program: the program, if it is another than the one on the path.

    Raises:
        DeviceError: there is no such program.
    """

    def __init__(self, url: str, *, program: str | os.PathLike[str] | None = None):
        self.url = url
        self._program = _program.find(program)
        self._folder = tempfile.TemporaryDirectory(prefix="wheatstone-")
        self._runs = 0

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Removes its temporary folder."""
        self._folder.cleanup()

    def verify(
        self,
        model: NetworkClassifier | NetworkRegressor | Run,
        X: ArrayLike | None = None,
        y: ArrayLike | None = None,
        *,
        samples: int | None = None,
    ) -> int:
        """Trains this device and the reference model side by side and compares every register.

        Args:
            model: an estimator or a run. One that was fitted on a device knows its data.
            X, y: its data, for an estimator that was fitted without a device.
            samples: how many samples; if not given one epoch.

        Returns:
            how many samples are equal in every bit.

        Raises:
            MismatchError: the message names the first sample, step and register that differ.
            DeviceError: the device is not there or does not answer.
        """
        if isinstance(model, Run):
            folder = self._written(_core.Experiment.prepare(json.dumps(model.config)).toml)
        else:
            folder = model._written_data(self, X, y)
        arguments = ["verify", "--config", "config.toml", "--device", self.url]
        if samples is not None:
            arguments += ["--samples", str(samples)]
        return int(_program.call(self._program, arguments, folder)["samples"])

    def _new_folder(self) -> Path:
        self._runs += 1
        folder = Path(self._folder.name) / str(self._runs)
        folder.mkdir()
        return folder

    def _written(self, toml: str) -> Path:
        folder = self._new_folder()
        (folder / "config.toml").write_text(toml, encoding="utf-8")
        return folder

    def _run(self, folder: Path, out: Path, metrics_every: int = 1, snapshots: int | None = None) -> Run:
        """Trains what a folder holds."""
        arguments = ["train", "--config", "config.toml", "--device", self.url, "--out", str(out.absolute())]
        arguments += ["--metrics-every", str(metrics_every)]
        if snapshots is not None:
            arguments += ["--snapshots", str(snapshots)]
        _program.call(self._program, arguments, folder)
        return Run(_core.Model.open(str(out)), out)

    def _train(
        self, config: str, out: str | os.PathLike[str] | None, metrics_every: int, snapshots: int | None
    ) -> Run:
        folder = self._written(_core.Experiment.prepare(config).toml)
        return self._run(folder, folder / "run" if out is None else Path(out), metrics_every, snapshots)

    def __repr__(self) -> str:
        return f"Device({self.url!r})"


def build(
    network: Network | str,
    *,
    board: str,
    out: str | os.PathLike[str] | None = None,
    seed: int = 1,
    format: str | None = None,
    until: str | None = None,
    program: str | os.PathLike[str] | None = None,
) -> dict[str, Any]:
    """Builds a bitstream whose timing is proved after routing, and returns its report: what ``wheatstone build --json`` says.

    Needs yosys, nextpnr and the packer of the device, as the program does; takes minutes.

    Args:
        network: a network, under plain rules, or the name of a preset.
        board: for example ``ulx3s-25f`` or ``icebreaker``.
        out: folder to write; if not given ``build/BOARD/NETWORK-seedSEED``.
        seed: of placement.
        format: ``wide``, ``compact`` or widths.
        until: last stage: ``emit``, ``synth``, ``route``, ``timing``, ``simulate`` or ``pack``.
        program: the program, if it is another than the one on the path.

    Raises:
        ValueError: the hardware cannot hold the network, or there is no such board.
        RuntimeError: a tool failed.
    """
    arguments = ["build", "--board", board, "--seed", str(seed)]
    for option, value in [("--out", out), ("--format", format), ("--until", until)]:
        if value is not None:
            arguments += [option, os.fspath(value)]
    found = _program.find(program)
    if isinstance(network, str):
        return _program.call(found, [*arguments, "--network", network])
    with tempfile.TemporaryDirectory(prefix="wheatstone-") as folder:
        file = Path(folder) / "network.json"
        file.write_text(network.write("json"), encoding="utf-8")
        return _program.call(found, [*arguments, "--network", str(file)])

"""The program `wheatstone`, which has what this package has not: devices behind links, and the build flow."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ._core import DeviceError, MismatchError

#: What an exit code of the program is raised as.
_RAISED: dict[int, type[BaseException]] = {
    2: ValueError,
    3: DeviceError,
    4: PermissionError,
    5: DeviceError,
    6: MismatchError,
    130: KeyboardInterrupt,
}


def find(program: str | os.PathLike[str] | None = None) -> str:
    """The program: as given, as ``WHEATSTONE_PROGRAM`` says, or on the path.

    Raises:
        DeviceError: there is none.
    """
    named = program or os.environ.get("WHEATSTONE_PROGRAM") or "wheatstone"
    found = shutil.which(named)
    if found is None:
        raise DeviceError(
            f"the program {os.fspath(named)!r} is not there, which devices and builds need; install it with "
            "`cargo install --path host`, or name it by WHEATSTONE_PROGRAM"
        )
    return found


def call(program: str, arguments: Sequence[str], folder: Path | None = None) -> dict[str, Any]:
    """Runs it and returns what it says in JSON.

    Raises:
        The exception that its exit code stands for, with its message.
    """
    command = [program, "--json", "--quiet", *arguments]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said, told = process.communicate()
        except KeyboardInterrupt:
            # It ends with a checkpoint. A terminal has told it too, and a second signal would end it at once.
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                process.wait()
            raise
    if process.returncode != 0:
        message = told.strip().removeprefix("error: ") or f"it ended with {process.returncode}"
        raise _RAISED.get(process.returncode, RuntimeError)(message)
    lines = said.strip().splitlines()
    return json.loads(lines[-1]) if lines else {}

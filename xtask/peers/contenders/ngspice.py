"""ngspice, asked for operating points: the equilibrium of the same network in a circuit simulator.

It stays alive between requests. A loop of its own runs `op` several times between two marks that it echoes, so that
neither its start nor its reading of the circuit counts, and of the talk over the pipe only a part that is measured and
subtracted. `op` never uses an earlier solution, and altering the sources is not timed: only the solution is.
"""

import os
import shutil
import subprocess
import tempfile
import time

PROGRAM = os.environ.get("WHEATSTONE_NGSPICE") or "ngspice"
MARK = "wheatstone-mark"


def version():
    """What it calls itself, or None where it is not installed."""
    if shutil.which(PROGRAM) is None:
        return None
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False).stdout
    return next((word.removeprefix("ngspice-") for word in said.split() if word.startswith("ngspice-")), "unknown")


class OperatingPoint:
    """`op` of one resistor an edge and one voltage source an input. Volts are LSB of `v`, siemens LSB of `g`."""

    name, largest, question = "ngspice op", 1 << 20, "equilibrium"

    def __init__(self, task, variant, effort):
        self.task, self.next = task, 0
        # The integers that Wheatstone's edges conduct with.
        self.g = task.k_first * task.g_per_k // 1
        lines = ["a network of resistors"]
        lines += [f"r{e} n{a} n{b} {1.0 / g!r}" for e, (a, b, g) in enumerate(zip(task.a, task.b, self.g.tolist()))]
        lines += [f"v{p} n{node} 0 0" for p, node in enumerate(task.inputs)]
        lines += [".options noacct", ".end", ""]
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "circuit.cir")
        with open(path, "w") as file:
            file.write("\n".join(lines))
        self.process = subprocess.Popen(
            [PROGRAM, "-n", "-p", path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1 << 16,
        )
        self.ask("set nomoremode", "set noaskquit", "set numdgt=12")

    def __del__(self):
        process = getattr(self, "process", None)
        if process is not None:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

    def ask(self, *commands):
        """What it says to the commands, and the seconds until it has said it."""
        start = time.perf_counter()
        self.process.stdin.write("".join(f"{command}\n" for command in (*commands, f"echo {MARK}")))
        self.process.stdin.flush()
        said = []
        for line in self.process.stdout:
            if MARK in line:
                return said, time.perf_counter() - start
            said.append(line.rstrip())
        raise RuntimeError("ngspice ended: " + " | ".join(said[-5:]))

    def impose(self):
        voltages = self.task.voltages[self.next]
        self.ask(*(f"alter v{p} = {int(v)}" for p, v in enumerate(voltages)))

    def timed(self, samples):
        """Nanoseconds of that many operating points of the next sample; the plots they leave are thrown away."""
        self.impose()
        _, talk = self.ask()
        _, seconds = self.ask(f"repeat {samples}", "op", "end")
        self.ask("destroy all")
        self.next = (self.next + 1) % len(self.task.voltages)
        return round(max(seconds - talk, 0.0) * 1e9)

    def train(self, samples):
        self.timed(samples)

    def record(self):
        sample = self.next
        self.impose()
        self.ask("op")
        path = os.path.join(self.folder.name, "voltages.txt")
        self.ask("set filetype=ascii", f"write {path} all")
        self.ask("destroy all")
        self.next = (sample + 1) % len(self.task.voltages)
        return {
            "sample": sample,
            "k": self.task.k_first.tolist(),
            "g": self.g.tolist(),
            "free": read_voltages(path, self.task.nodes),
            "clamped": [],
            "change": [],
        }

    def setting(self):
        return "operating point"


def read_voltages(path, nodes):
    """The voltages of the nodes `n0`, `n1`, ... in a rawfile of one point."""
    with open(path) as file:
        lines = [line.strip() for line in file]
    names_at, values_at = lines.index("Variables:") + 1, lines.index("Values:") + 1
    names = [line.split()[1] for line in lines[names_at : values_at - 1]]
    # The first value stands behind the number of its point.
    values = [float(line.split()[-1]) for line in lines[values_at:] if line]
    by_name = dict(zip(names, values))
    return [by_name[f"v(n{node})"] if f"v(n{node})" in by_name else by_name[f"n{node}"] for node in range(nodes)]


CONTENDERS = [OperatingPoint] if version() else []

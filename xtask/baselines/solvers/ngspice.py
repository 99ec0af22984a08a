"""ngspice, asked for operating points: the equilibrium of the same network in a circuit simulator.

It stays alive between requests, and says when a command is through, so that neither its start nor its reading of the
circuit counts; how long it takes to say something is measured and subtracted. Altering the sources is not timed.

An `op` chooses an order of elimination anew every time. A `dc` sweep chooses it once, and its points, each the
equilibrium for another voltage of the first source, cost less: what a point adds is the fairest figure there is.
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

    name, question = "ngspice op", "equilibrium"
    # Choosing an order for 16,384 nodes takes it minutes.
    largest, why_not = 4096, "its order of elimination takes minutes"

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
        """Nanoseconds of that many equilibria, the sources at the next sample."""
        self.impose()
        _, talk = self.ask("destroy all")
        seconds = self.equilibria(samples, talk)
        self.next = (self.next + 1) % len(self.task.voltages)
        return round(max(seconds, 0.0) * 1e9)

    def equilibria(self, count, talk):
        _, seconds = self.ask(f"repeat {count}", "op", "destroy all", "end")
        return seconds - talk

    def train(self, samples):
        self.timed(samples)

    def record(self):
        sample = self.next
        self.impose()
        self.reach()
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

    def reach(self):
        """The equilibrium of the sample, last in a new plot."""
        self.ask("op")

    def setting(self):
        return "operating point"


class Sweep(OperatingPoint):
    """The same, point after point of one `dc` analysis; what leads to the second point is not counted."""

    name = "ngspice dc, point"

    def equilibria(self, count, talk):
        _, one = self.ask("dc v0 0 0 1", "destroy all")
        _, all_of_them = self.ask(f"dc v0 0 {count} 1", "destroy all")
        return all_of_them - one

    def reach(self):
        last = int(self.task.voltages[self.next][0])
        self.ask(f"dc v0 {last - 1} {last} 1")

    def setting(self):
        return "order of elimination not counted"


def read_voltages(path, nodes):
    """The voltages of the nodes `n0`, `n1`, ... at the last point of a rawfile."""
    with open(path) as file:
        lines = [line.strip() for line in file]
    names_at, values_at = lines.index("Variables:") + 1, lines.index("Values:") + 1
    names = [line.split()[1] for line in lines[names_at : values_at - 1]]
    # The first value of a point stands behind the number of the point.
    values = [float(line.split()[-1]) for line in lines[values_at:] if line][-len(names) :]
    by_name = dict(zip(names, values))
    return [by_name[f"v(n{node})"] for node in range(nodes)]


SOLVERS = [OperatingPoint, Sweep] if version() else []

"""The other software's side of `cargo xtask compare-speed`: training steps and equilibria by other software, on request.

Usage: training_step.py scipy|blas|torch|ngspice|self-check

`scipy` is everything on one core, `blas` the solvers whose time goes into BLAS and LAPACK, on as many threads as the
environment allows.

Requests come on stdin as JSON, one a line, and each gets one line on stdout; `docs/benchmarks.md` describes them.
Only the work itself is timed, inside this process. `self-check` compares every solver with the exact solution of a
small network, and that with one worked out by hand, and exits with 1 where they differ.
"""

import importlib
import json
import platform
import sys
import time

GROUPS = {
    "scipy": ["solvers.direct", "solvers.iterative", "solvers.grid"],
    "blas": ["solvers.blas"],
    "torch": ["solvers.torch_cpu"],
    "ngspice": ["solvers.ngspice"],
}


class Server:
    """What is loaded and running."""

    def __init__(self, group):
        self.group, self.missing = group, None
        self.kinds, self.running, self.task, self.exact = [], {}, None, None
        try:
            modules = [importlib.import_module(name) for name in GROUPS[group]]
            self.kinds = [kind for module in modules for kind in module.SOLVERS]
            if not self.kinds:
                self.missing = "ngspice is not on PATH (remedy: cargo xtask setup --ngspice)"
        except Exception as error:  # whatever a package that is half there may raise
            self.missing = f"{type(error).__name__}: {error}"

    def answer(self, request):
        return getattr(self, request.pop("op"))(**request)

    def hello(self):
        return {"versions": versions(self.group), "missing": self.missing}

    def load(self, task):
        from solvers.exact import Exact
        from solvers.task import Task

        self.running.clear()
        self.task = Task.read(task)
        self.exact = Exact(self.task)
        reasons = [(kind, self.unsuited(kind)) for kind in self.kinds]
        fitting = [kind for kind, why in reasons if why is None]
        offers = [
            {
                "name": kind.name,
                "method": getattr(kind, "method", kind.name),
                "question": getattr(kind, "question", "training_step"),
                "variants": [{"name": n, "cost": cost} for n, cost in getattr(kind, "variants", {"": 1.0}).items()],
                "efforts": getattr(kind, "efforts", 1),
            }
            for kind in fitting
        ]
        unsuited = [{"name": kind.name, "why": why} for kind, why in reasons if why]
        return {"baselines": offers, "unsuited": unsuited}

    def unsuited(self, kind):
        """Why it does not take part in the task, or None."""
        if self.task.nodes > kind.largest:
            return getattr(kind, "why_not", f"a dense matrix of {self.task.nodes} nodes")
        if self.task.nodes < getattr(kind, "smallest", 0):
            return f"{self.task.nodes} nodes leave nothing to divide among threads"
        return None

    def start(self, baseline, variant, effort):
        kind = next(kind for kind in self.kinds if kind.name == baseline)
        self.running.pop(baseline, None)
        self.running[baseline] = kind(self.task, variant, effort)
        return {"setting": self.running[baseline].setting()}

    def train(self, baseline, samples):
        trainer = self.running[baseline]
        if hasattr(trainer, "timed"):
            return {"nanoseconds": trainer.timed(samples)}
        start = time.perf_counter_ns()
        trainer.train(samples)
        return {"nanoseconds": time.perf_counter_ns() - start}

    def record(self, baseline, samples):
        return {"records": [self.running[baseline].record() for _ in range(samples)]}

    def solve(self, k, g, sample):
        import numpy as np

        return self.exact.solve(np.array(k, dtype=float), np.array(g, dtype=float), sample)


def versions(group):
    """Of everything that computes."""
    found = {"python": platform.python_version()}
    for name in ("numpy", "scipy", *(["torch"] if group == "torch" else [])):
        try:
            found[name] = importlib.import_module(name).__version__
        except Exception:
            pass
    if group == "ngspice":
        from solvers.ngspice import version

        if version():
            found["ngspice"] = version()
    return found


def serve(group):
    server = Server(group)
    for line in sys.stdin:
        try:
            reply = server.answer(json.loads(line))
        except Exception as error:  # the other side decides what it means
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


def main():
    command = sys.argv[1] if len(sys.argv) == 2 else ""
    if command in GROUPS:
        # Ctrl-C reaches the whole group of processes; the other side says what happened.
        try:
            serve(command)
        except (KeyboardInterrupt, BrokenPipeError):
            sys.exit(130)
    elif command == "self-check":
        from solvers.self_check import check

        sys.exit(check([Server(group) for group in GROUPS]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()

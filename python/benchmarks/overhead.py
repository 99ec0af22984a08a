"""What Python adds: ratios, each of two things timed in turns in one process.

    python python/benchmarks/overhead.py
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

import numpy as np

import wheatstone as ws

TURNS = 45


def fit_and_engine() -> float:
    """`fit` on iris, over the time that training and evaluating take inside of it, as on the command line."""
    data = ws.load_data("iris")
    clf = ws.NetworkClassifier(hidden=(16,), nudge="current", beta=2, epochs=60, random_state=1)
    ratios = []
    for _ in range(TURNS):
        began = time.perf_counter()
        clf.fit(data.X, data.y)
        ratios.append((time.perf_counter() - began) / clf._seconds)
    return median(ratios)


def with_and_without_snapshots(bulk: bool) -> float:
    """10,000 samples on 1,012 edges with a snapshot after each, over the same without."""
    net = ws.Network.lattice(23, 23, inputs=[0, 22], outputs=[264])
    V = np.random.default_rng(0).uniform(-0.5, 0.5, (100, 2))
    trainer = lambda: ws.Trainer(net, V, V.mean(axis=1), steps=40, omega=14, epochs=100)
    ratios = []
    for _ in range(3):
        began = time.perf_counter()
        trainer().train()
        between = time.perf_counter()
        taken = trainer()
        if bulk:
            assert taken.trajectory(every=1).conductances.shape == (10_000, 1012)
        else:
            assert sum(1 for _ in taken.samples(every=1)) == 10_000
        ratios.append((time.perf_counter() - between) / (between - began))
    return median(ratios)


def import_seconds() -> float:
    """Importing this package with NumPy, in a process of its own."""
    program = "import time; t = time.perf_counter(); import wheatstone; print(time.perf_counter() - t)"
    said = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout for _ in range(5)]
    return min(map(float, said))


if __name__ == "__main__":
    print(f"fit / its engine on iris                     {fit_and_engine():.3f}")
    print(f"10,000 snapshots as one trajectory / without {with_and_without_snapshots(bulk=True):.2f}")
    print(f"10,000 snapshots one by one / without        {with_and_without_snapshots(bulk=False):.2f}")
    print(f"import, least of five                        {import_seconds():.3f} s")

"""Whether the solvers are right, on a small network: one that is wrong would be a slow one or a fast one for no reason."""

import numpy as np

from .exact import Exact
from .task import Task

FORMAT = {"v_bits": 16, "v_guard": 8, "k_bits": 16, "k_guard": 16}


def chain():
    """Five nodes in a row, driven at 600 and 0 by both ends, 1 : 2 : 2 : 4 in resistance, the second one an output.

    The current is 600 / 9, so that the free voltages are 600, 1600/3, 400, 800/3 and 0. With the output pulled half way to
    T = 200/3, that is to 300, the three edges behind it carry 300 / 8: 225 and 150.
    """
    g = np.array([4.0, 2.0, 2.0, 1.0]) * 1000
    description = {
        "name": "chain", "rows": 1, "columns": 5, "edges": [[0, 1], [1, 2], [2, 3], [3, 4]],
        "inputs": [0, 4], "outputs": [1], "format": FORMAT, "eta": 1, "alpha": 0, "g_min": 1,
        "k": (g * 65536).tolist(), "samples": [{"inputs": [600, 0], "targets": [200 / 3]}],
    }
    free = np.array([600, 1600 / 3, 400, 800 / 3, 0])
    clamped = np.array([600, 300, 225, 150, 0])
    return Task(description), g, free, clamped


def lattice(side=4):
    """Random conductances and samples, ports at the corners and inside."""
    random = np.random.default_rng(1)
    edges = [[i, i + 1] for i in range(side * side) if (i + 1) % side] + [
        [i, i + side] for i in range(side * (side - 1))
    ]
    samples = [
        {"inputs": random.integers(-28000, 28000, 4).tolist(), "targets": random.integers(-28000, 28000, 2).tolist()}
        for _ in range(4)
    ]
    return Task({
        "name": "lattice", "rows": side, "columns": side, "edges": edges,
        "inputs": [0, side - 1, side * (side - 1), side * side - 1], "outputs": [side + 1, 2 * side + 2],
        "format": FORMAT, "eta": 1, "alpha": 0, "g_min": 656,
        "k": (random.integers(6554, 26214, len(edges)) * 65536).tolist(), "samples": samples,
    })


def largest_difference(record, exact):
    """Over voltages and changes, each as a part of the largest value, whichever were computed."""
    worst = 0.0
    for what in ("free", "clamped", "change"):
        if len(record[what]):
            wanted = np.array(exact[what])
            worst = max(worst, float(np.abs(np.array(record[what]) - wanted).max() / np.abs(wanted).max()))
    return worst


def check(servers):
    """Prints a line for each solver; the number of those that are wrong."""
    task, g, free, clamped = chain()
    solved = Exact(task).solve(g * 65536, g, 0)
    change = np.diff(free) ** 2 - np.diff(clamped) ** 2
    by_hand = largest_difference(solved, {"free": free, "clamped": clamped, "change": change})
    wrong = int(by_hand > 1e-9)
    print(f"{'exact solution, by hand':32} {by_hand:.1e}{'  WRONG' * (by_hand > 1e-9)}")
    for server in servers:
        if server.missing:
            print(f"{server.group:32} missing: {server.missing}")
        for kind in server.kinds:
            wrong += compare(kind, lattice())
    return min(wrong, 1)


def compare(kind, task):
    """One solver against the exact solution, after two samples; 1 where it is wrong."""
    efforts = getattr(kind, "efforts", 1)
    # The first one is a moderate factor and full sweeps, for those that relax.
    variant = next(iter(getattr(kind, "variants", [""])))
    trainer = kind(task, variant, min(efforts, 64))
    trainer.train(2)
    record = trainer.record()
    exact = Exact(task).solve(np.array(record["k"]), np.array(record["g"]), record["sample"])
    allowed = 1e-9 if efforts == 1 and "f32" not in kind.name else 1e-3
    difference = largest_difference(record, exact)
    print(f"{kind.name:32} {difference:.1e}{'  WRONG' * (difference > allowed)}")
    return int(not difference <= allowed)

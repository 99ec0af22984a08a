"""The exact answer in float64 for given conductances: what every solver is judged by."""

import numpy as np
from scipy.sparse.linalg import splu

from .task import Grounded


class Exact:
    """Kirchhoff's laws by sparse LU, the free and the clamped state each from its own factors."""

    def __init__(self, task):
        self.task = task
        self.free, self.clamped = Grounded(task, task.not_inputs), Grounded(task, task.hidden)

    def solve(self, k, g, sample):
        task = self.task
        v = np.zeros((2, task.nodes))
        v[:, task.inputs] = task.voltages[sample]
        v[0, task.not_inputs] = splu(self.free.update(g)).solve(self.free.load(g, v[0]))
        out = v[0, task.outputs]
        v[1, task.outputs] = out + task.nudge * (task.targets[sample] - out)
        v[1, task.hidden] = splu(self.clamped.update(g)).solve(self.clamped.load(g, v[1]))
        drop = v[:, task.a] - v[:, task.b]
        learnt = np.clip(k + task.rate * (drop[0] ** 2 - drop[1] ** 2), task.k_low, task.k_high)
        return {"free": v[0].tolist(), "clamped": v[1].tolist(), "change": (learnt - k).tolist()}

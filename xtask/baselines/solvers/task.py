"""A task file as arrays, and what all trainers share."""

import json

import numpy as np
import scipy.sparse as sp


class Task:
    """A lattice of resistors with its ports and samples. Voltages in LSB of `v`, conductances in LSB of `k` and `g`."""

    def __init__(self, description):
        d = description
        self.name = d["name"]
        self.rows, self.columns = d["rows"], d["columns"]
        self.nodes = self.rows * self.columns
        edges = np.array(d["edges"], dtype=np.intp)
        self.a, self.b = edges[:, 0].copy(), edges[:, 1].copy()
        self.inputs = np.array(d["inputs"], dtype=np.intp)
        self.outputs = np.array(d["outputs"], dtype=np.intp)
        self.k_first = np.array(d["k"], dtype=np.float64)
        self.g_per_k = 2.0 ** -d["format"]["k_guard"]
        self.k_low = d["g_min"] * 2.0 ** d["format"]["k_guard"]
        self.k_high = 2.0 ** (d["format"]["k_bits"] + d["format"]["k_guard"]) - 1
        self.nudge = 2.0 ** -d["eta"]
        self.rate = 2.0 ** d["alpha"]
        self.voltages = np.array([s["inputs"] for s in d["samples"]], dtype=np.float64)
        self.targets = np.array([s["targets"] for s in d["samples"]], dtype=np.float64)
        driven = np.zeros(self.nodes, dtype=bool)
        driven[self.inputs] = True
        self.not_inputs = np.flatnonzero(~driven)
        driven[self.outputs] = True
        self.hidden = np.flatnonzero(~driven)

    @staticmethod
    def read(path):
        with open(path) as file:
            return Task(json.load(file))

    def incidence(self):
        """One row an edge, +1 at one end and -1 at the other."""
        m = len(self.a)
        rows = np.concatenate([np.arange(m), np.arange(m)])
        values = np.concatenate([np.ones(m), -np.ones(m)])
        return sp.csr_matrix((values, (rows, np.concatenate([self.a, self.b]))), (m, self.nodes))


class Trainer:
    """Coupled learning by an exact or iterative solver, on float64 conductances by edge.

    A subclass solves: `solve(voltages, targets)` leaves `self.v`, the free and the clamped voltages of all nodes as two
    rows.
    """

    def __init__(self, task):
        self.task = task
        self.k = task.k_first.copy()
        self.g = self.k * task.g_per_k
        self.v = np.zeros((2, task.nodes))
        self.next = 0

    def train(self, samples):
        """Trains on that many samples of the stream."""
        task = self.task
        for _ in range(samples):
            i = self.next
            self.solve(task.voltages[i], task.targets[i])
            self.learn()
            self.next = (i + 1) % len(task.voltages)

    def record(self):
        """Trains on one sample and tells what was computed."""
        sample, k, g = self.next, self.conductances().copy(), self.conductances() * self.task.g_per_k
        self.train(1)
        free, clamped = self.both()
        return {
            "sample": sample,
            "k": k.tolist(),
            "g": g.tolist(),
            "free": free.tolist(),
            "clamped": clamped.tolist(),
            "change": (self.conductances() - k).tolist(),
        }

    def conductances(self):
        return self.k

    def both(self):
        return self.v

    def learn(self):
        task, k = self.task, self.k
        drop = self.v.take(task.a, axis=1)
        drop -= self.v.take(task.b, axis=1)
        drop *= drop
        change = drop[0]
        change -= drop[1]
        if task.rate != 1.0:
            change *= task.rate
        k += change
        np.maximum(k, task.k_low, out=k)
        np.minimum(k, task.k_high, out=k)
        np.multiply(k, task.g_per_k, out=self.g)

    def setting(self):
        return ""


class Grounded:
    """The Laplacian of some nodes, every other node imposed, with a fixed pattern into which conductances are put.

    `order` lists the nodes of the rows. The right-hand side is `drive @ (g * imposed)` in words: what flows in from
    imposed neighbours.
    """

    def __init__(self, task, order):
        n, m = len(order), len(task.a)
        place = np.full(task.nodes, -1, dtype=np.intp)
        place[order] = np.arange(n)
        ia, ib = place[task.a], place[task.b]
        edge = np.arange(m)
        inside = (ia >= 0) & (ib >= 0)
        rows = np.concatenate([ia[inside], ib[inside], ia[ia >= 0], ib[ib >= 0]])
        columns = np.concatenate([ib[inside], ia[inside], ia[ia >= 0], ib[ib >= 0]])
        edges = np.concatenate([edge[inside], edge[inside], edge[ia >= 0], edge[ib >= 0]])
        signs = np.concatenate([-np.ones(2 * inside.sum()), np.ones((ia >= 0).sum() + (ib >= 0).sum())])
        pattern = sp.csc_matrix((np.ones(len(rows)), (rows, columns)), (n, n))
        pattern.sum_duplicates()
        pattern.sort_indices()
        key = lambda r, c: c * n + r
        keys = key(pattern.indices.astype(np.intp), np.repeat(np.arange(n), np.diff(pattern.indptr)))
        slots = np.searchsorted(keys, key(rows, columns))
        self.matrix = pattern.astype(np.float64)
        # Entries of the matrix as a linear function of the conductances.
        self.fill = sp.csr_matrix((signs, (slots, edges)), (pattern.nnz, m))
        left, right = (ia >= 0) & (ib < 0), (ib >= 0) & (ia < 0)
        self.border = np.concatenate([edge[left], edge[right]])
        self.border_row = np.concatenate([ia[left], ib[right]])
        self.border_node = np.concatenate([task.b[left], task.a[right]])
        self.size = n

    def update(self, g):
        self.matrix.data = self.fill @ g
        return self.matrix

    def load(self, g, v):
        """The right-hand side, with imposed voltages where `v` has them."""
        return np.bincount(self.border_row, g[self.border] * v[self.border_node], self.size)

"""Direct solvers: numpy and LAPACK on dense matrices, LAPACK on banded ones, SuperLU on sparse ones."""

import numpy as np
from scipy.linalg import lapack
from scipy.sparse.linalg import splu

from .task import Grounded, Trainer


class Solve(Trainer):
    """`numpy.linalg.solve`, the plain way: a dense matrix for each of the two states."""

    name, largest = "numpy solve", 1100

    def __init__(self, task, variant, effort):
        super().__init__(task)
        self.systems = [Grounded(task, task.not_inputs), Grounded(task, task.hidden)]

    def solve(self, voltages, targets):
        task, g = self.task, self.g
        for v, system, order in zip(self.v, self.systems, (task.not_inputs, task.hidden)):
            v[task.inputs] = voltages
            if order is task.hidden:
                out = self.v[0, task.outputs]
                v[task.outputs] = out + task.nudge * (targets - out)
            v[order] = np.linalg.solve(system.update(g).toarray(), system.load(g, v))


class Cholesky(Trainer):
    """One dense Cholesky factorisation for both states, made of as few calls as possible.

    With the outputs as last unknowns, the factor of the clamped system is a leading block of the free one's.
    """

    name, largest = "lapack dense", 1100

    def __init__(self, task, variant, effort):
        super().__init__(task)
        self.order = np.concatenate([task.hidden, task.outputs])
        n, h, c = len(self.order), len(task.hidden), len(task.inputs)
        # Unknowns first, inputs after them: one matrix-vector product gives the whole assembly.
        place = np.empty(task.nodes, dtype=np.intp)
        place[np.concatenate([self.order, task.inputs])] = np.arange(task.nodes)
        self.a, self.b = place[task.a], place[task.b]
        self.back = place
        self.n, self.h = n, h
        self.small = task.nodes <= 64
        self.matrix = np.zeros((n, n), order="F")
        self.reach = np.zeros((n, c))
        if self.small:
            assembly = np.zeros((n * (n + c), len(self.a)))
            for e, (i, j) in enumerate(zip(self.a, self.b)):
                for p, q in ((i, j), (j, i)):
                    if p < n:
                        assembly[p * n + p, e] += 1
                        if q < n:
                            assembly[p * n + q, e] -= 1
                        else:
                            assembly[n * n + p * c + (q - n), e] += 1
            self.assembly = assembly
            self.incidence = np.zeros((len(self.a), task.nodes))
            self.incidence[np.arange(len(self.a)), self.a] = 1
            self.incidence[np.arange(len(self.a)), self.b] = -1
            self.voltage = np.zeros((task.nodes, 2))
        else:
            inside = (self.a < n) & (self.b < n)
            self.inner = np.flatnonzero(inside)
            i, j = self.a[inside], self.b[inside]
            self.upper = i * n + j, j * n + i
            self.system = Grounded(task, self.order)
            self.voltage = np.zeros((2, task.nodes))

    def solve(self, voltages, targets):
        task, n, h, g = self.task, self.n, self.h, self.g
        if self.small:
            both = self.assembly @ g
            matrix = both[: n * n].reshape(n, n)
            load = both[n * n :].reshape(n, -1) @ voltages
        else:
            flat = self.matrix.reshape(-1, order="A")
            entries = -g[self.inner]
            flat[self.upper[0]] = entries
            flat[self.upper[1]] = entries
            flat[:: n + 1] = np.bincount(self.a, g, task.nodes)[:n] + np.bincount(self.b, g, task.nodes)[:n]
            v = self.v[0]
            v[task.inputs] = voltages
            load = self.system.load(g, v)
            matrix = self.matrix
        factor, x = self.factorise(matrix, load)
        out = x[h:]
        out = out + task.nudge * (targets - out)
        clamped = self.substitute(factor[:h, :h], load[:h] - matrix[:h, h:] @ out)
        volts = self.voltage
        if self.small:
            volts[:n, 0], volts[:h, 1], volts[h:n, 1] = x, clamped, out
            volts[n:, 0] = volts[n:, 1] = voltages
        else:
            volts[0, :n], volts[1, :h], volts[1, h:n] = x, clamped, out
            volts[:, n:] = voltages

    def factorise(self, matrix, load):
        factor, x, _ = lapack.dposv(matrix, load, lower=1)
        return factor, x

    def substitute(self, factor, load):
        return lapack.dpotrs(factor, load, lower=1)[0]

    def learn(self):
        task, k = self.task, self.k
        if self.small:
            drop = self.incidence @ self.voltage
            drop *= drop
            change = drop[:, 0] - drop[:, 1]
        else:
            drop = self.voltage.take(self.a, axis=1) - self.voltage.take(self.b, axis=1)
            drop *= drop
            change = drop[0] - drop[1]
        if task.rate != 1.0:
            change *= task.rate
        k += change
        np.maximum(k, task.k_low, out=k)
        np.minimum(k, task.k_high, out=k)
        np.multiply(k, task.g_per_k, out=self.g)

    def both(self):
        return (self.voltage.T if self.small else self.voltage)[:, self.back]


class Banded(Trainer):
    """LAPACK's banded Cholesky factorisation, twice: on a lattice numbered row by row the band is one row wide."""

    largest = 1 << 20
    dtype, factorise, substitute = np.float64, lapack.dpbtrf, lapack.dpbtrs
    name = "lapack banded"

    def __init__(self, task, variant, effort):
        super().__init__(task)
        self.parts = []
        for order in (task.not_inputs, task.hidden):
            system = Grounded(task, order)
            pattern = system.matrix.tocoo()
            lower = pattern.row >= pattern.col
            width = int((pattern.row - pattern.col).max())
            band = np.zeros((width + 1, len(order)), dtype=self.dtype, order="F")
            # Column-major: the entry (r, c) stands at row r - c of column c.
            slots = (pattern.row - pattern.col + (width + 1) * pattern.col)[lower]
            self.parts.append((order, system, system.fill[lower].astype(self.dtype), band, slots))

    def solve(self, voltages, targets):
        task, g = self.task, self.g
        short = g.astype(self.dtype, copy=False)
        for v, (order, system, fill, band, slots) in zip(self.v, self.parts):
            v[task.inputs] = voltages
            if order is task.hidden:
                out = self.v[0, task.outputs]
                v[task.outputs] = out + task.nudge * (targets - out)
            band.fill(0)
            band.reshape(-1, order="A")[slots] = fill @ short
            factor, _ = self.factorise(band, lower=1, overwrite_ab=1)
            load = system.load(g, v).astype(self.dtype, copy=False)
            v[order], _ = self.substitute(factor, load, lower=1, overwrite_b=1)


class BandedSingle(Banded):
    """The same in float32."""

    dtype, factorise, substitute = np.float32, lapack.spbtrf, lapack.spbtrs
    name = "lapack banded f32"


def ordering(matrix):
    """A fill-reducing order, found once; the pattern never changes."""
    return splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0).perm_c


def factors(matrix):
    return splu(matrix, permc_spec="NATURAL", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)


def ordered(task, nodes):
    """The system of some nodes in an order of little fill."""
    start = Trainer(task)
    place = ordering(Grounded(task, nodes).update(start.g))
    order = np.empty_like(nodes)
    order[place] = nodes
    return Grounded(task, order), order


class Plain(Trainer):
    """`scipy.sparse.linalg.splu` as it comes, once for each of the two states."""

    name, largest = "scipy splu", 1 << 20

    def __init__(self, task, variant, effort):
        super().__init__(task)
        self.parts = [(Grounded(task, order), order) for order in (task.not_inputs, task.hidden)]

    factors = staticmethod(splu)

    def solve(self, voltages, targets):
        task, g = self.task, self.g
        for wave, (v, (system, order)) in enumerate(zip(self.v, self.parts)):
            v[task.inputs] = voltages
            if wave == 1:
                out = self.v[0, task.outputs]
                v[task.outputs] = out + task.nudge * (targets - out)
            v[order] = self.factors(system.update(g)).solve(system.load(g, v))


class Ordered(Plain):
    """The same with symmetric pivoting and an order found beforehand, not counted."""

    name = "scipy splu, ordered"
    factors = staticmethod(factors)

    def __init__(self, task, variant, effort):
        Trainer.__init__(self, task)
        self.parts = [ordered(task, nodes) for nodes in (task.not_inputs, task.hidden)]


SOLVERS = [Solve, Cholesky, Banded, BandedSingle, Plain, Ordered]

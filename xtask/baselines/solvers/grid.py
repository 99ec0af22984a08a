"""Successive over-relaxation on the two colours of a lattice, as whole-array operations.

The algorithm is Wheatstone's own, in floating point and in the form that array libraries like best: no index lists, only
shifted views. Nodes of a colour are stored side by side, row by row, in arrays with a margin of zeros; every edge
joins a red node with a black one and is stored with the red one. Red stands at column `2j` in even rows and at `2j + 1`
in odd ones, so its four neighbours are the black nodes above, below, at the same `j`, and at `j - 1` in even rows or
`j + 1` in odd ones.

`library` is numpy or torch; both know `multiply`, `add`, `subtract` with `out`.
"""

import numpy as np

from .task import Trainer

# Where the inner parts of the arrays lie.
INNER = (slice(1, -1), slice(1, -1))
ABOVE = (slice(0, -2), slice(1, -1))
BELOW = (slice(2, None), slice(1, -1))
# The rows of even and of odd number, seen from red: even ones look left, odd ones right.
EVEN, EVEN_LEFT = (slice(1, -1, 2), slice(1, -1)), (slice(1, -1, 2), slice(0, -2))
ODD, ODD_RIGHT = (slice(2, -1, 2), slice(1, -1)), (slice(2, -1, 2), slice(2, None))
EVEN_RIGHT, ODD_LEFT = (slice(1, -1, 2), slice(2, None)), (slice(2, -1, 2), slice(0, -2))


class Layout:
    """Where nodes and edges of a task stand in the arrays of the two colours."""

    def __init__(self, task):
        self.shape = (task.rows + 2, task.columns // 2 + 2)
        node = np.arange(task.nodes)
        row, column = node // task.columns, node % task.columns
        self.colour = (row + column) % 2
        self.at = (row + 1) * self.shape[1] + column // 2 + 1
        red = np.where(self.colour[task.a] == 0, task.a, task.b)
        black = task.a + task.b - red
        down, right = row[black] - row[red], column[black] - column[red]
        same = np.where(row[red] % 2 == 0, 1, -1)
        self.kind = np.select([down == -1, down == 1, right == same], [0, 1, 2], 3)
        self.edge = self.kind * (self.shape[0] * self.shape[1]) + self.at[red]

    def nodes(self, values, colour):
        grid = np.zeros(self.shape)
        mine = self.colour == colour
        grid.reshape(-1)[self.at[mine]] = values[mine]
        return grid

    def edges(self, values):
        grid = np.zeros((4, *self.shape))
        grid.reshape(-1)[self.edge] = values
        return grid


class Grid(Trainer):
    """Over-relaxation in float32. The variants are the factor and how many sweeps the clamped state gets.

    The free state starts from that of the last sample, the clamped one from the free one.
    """

    name, method, largest, efforts = "numpy sor f32", "over-relaxation", 1 << 20, 2048
    # And what a unit of effort costs: the sweeps of both states. Those first that suit most networks.
    variants = {
        f"{omega} {share}": 1 + share for omega in (1.7, 1.9, 1.95, 1.8, 1.6, 1.5, 1.4, 1.2, 1.0) for share in (1.0, 0.5)
    }
    library, dtype = np, np.float32

    def __init__(self, task, variant, effort):
        self.task, self.next = task, 0
        omega, share = map(float, variant.split())
        self.omega, self.sweeps = omega, (effort, max(1, round(effort * share)))
        layout = self.layout = Layout(task)
        array = self.array
        self.k, self.g = array(layout.edges(task.k_first)), array(layout.edges(task.k_first * task.g_per_k))
        present = layout.edges(np.ones(len(task.a)))
        self.low, self.high = array(present * task.k_low), array(present * task.k_high)
        free = np.ones((2, task.nodes))
        free[:, task.inputs] = 0
        free[1, task.outputs] = 0
        relaxing = [[layout.nodes(free[wave], colour) for colour in (0, 1)] for wave in (0, 1)]
        # Without the margin, which must not be divided by.
        self.relaxing = [[array(r[INNER]) for r in colours] for colours in relaxing]
        self.keep = [[array(1 - omega * r[INNER]) for r in colours] for colours in relaxing]
        self.weight = [[array(np.zeros((4, *(n - 2 for n in layout.shape)))) for _ in (0, 1)] for _ in (0, 1)]
        self.scratch = [array(np.zeros([n - 2 for n in layout.shape])) for _ in range(2)]
        # Positions of ports in both colours' arrays, flat.
        size = self.size = layout.shape[0] * layout.shape[1]
        # By wave, then by colour.
        voltages = [array(np.zeros((2, *layout.shape))) for _ in (0, 1)]
        self.v = [[both[0], both[1]] for both in voltages]
        self.flat_free, self.flat_clamped = (both.reshape(-1) for both in voltages)
        self.input_at = self.index(layout.colour[task.inputs] * size + layout.at[task.inputs])
        self.output_at = self.index(layout.colour[task.outputs] * size + layout.at[task.outputs])
        self.inputs_in = array(task.voltages)
        self.targets_in = array(task.targets)
        self.drops = [array(np.zeros([4, *(n - 2 for n in layout.shape)])) for _ in range(2)]

    def array(self, values):
        return np.ascontiguousarray(values, dtype=self.dtype)

    def index(self, values):
        return values

    def weigh(self):
        """What each neighbour counts: `omega g / sum of g`, 0 at imposed nodes."""
        g = self.g
        self._weigh([g[t][INNER] for t in range(4)], None, 0)
        # Above a black node stands the red one whose edge goes down, and so on.
        self._weigh([g[1][ABOVE], g[0][BELOW], g[2][INNER]], (g[3][EVEN_RIGHT], g[3][ODD_LEFT]), 1)

    def _weigh(self, edges, split, colour):
        """One colour's weights in both waves. `split` is the fourth edge where its rows come from different places."""
        xp = self.library
        total, share = self.scratch
        xp.add(edges[0], edges[1], out=total)
        xp.add(total, edges[2], out=total)
        if split is None:
            xp.add(total, edges[3], out=total)
        else:
            xp.add(total[0::2], split[0], out=total[0::2])
            xp.add(total[1::2], split[1], out=total[1::2])
        for wave in (0, 1):
            xp.divide(self.relaxing[wave][colour], total, out=share)
            xp.multiply(share, self.omega, out=share)
            weight = self.weight[wave][colour]
            for t, edge in enumerate(edges):
                xp.multiply(edge, share, out=weight[t])
            if split is not None:
                xp.multiply(split[0], share[0::2], out=weight[3][0::2])
                xp.multiply(split[1], share[1::2], out=weight[3][1::2])

    def sweep(self, wave):
        xp = self.library
        sum_, term = self.scratch
        for colour in (0, 1):
            me, other, w = self.v[wave][colour], self.v[wave][1 - colour], self.weight[wave][colour]
            inner = me[INNER]
            xp.multiply(w[0], other[ABOVE], out=sum_)
            xp.multiply(w[1], other[BELOW], out=term)
            xp.add(sum_, term, out=sum_)
            xp.multiply(w[2], other[INNER], out=term)
            xp.add(sum_, term, out=sum_)
            even, odd = (EVEN_LEFT, ODD_RIGHT) if colour == 0 else (EVEN_RIGHT, ODD_LEFT)
            xp.multiply(w[3][0::2], other[even], out=term[0::2])
            xp.multiply(w[3][1::2], other[odd], out=term[1::2])
            xp.add(sum_, term, out=sum_)
            xp.multiply(inner, self.keep[wave][colour], out=inner)
            xp.add(inner, sum_, out=inner)

    def train(self, samples):
        for _ in range(samples):
            self.one(self.next)
            self.next = (self.next + 1) % len(self.inputs_in)

    def one(self, i):
        task, free, clamped = self.task, self.flat_free, self.flat_clamped
        self.weigh()
        free[self.input_at] = self.inputs_in[i]
        for _ in range(self.sweeps[0]):
            self.sweep(0)
        clamped[:] = free
        out = free[self.output_at]
        clamped[self.output_at] = out + task.nudge * (self.targets_in[i] - out)
        for _ in range(self.sweeps[1]):
            self.sweep(1)
        self.learn()

    def learn(self):
        xp, k, g, task = self.library, self.k, self.g, self.task
        for drop, (red, black) in zip(self.drops, self.v):
            inner = red[INNER]
            xp.subtract(inner, black[ABOVE], out=drop[0])
            xp.subtract(inner, black[BELOW], out=drop[1])
            xp.subtract(inner, black[INNER], out=drop[2])
            xp.subtract(red[EVEN], black[EVEN_LEFT], out=drop[3][0::2])
            xp.subtract(red[ODD], black[ODD_RIGHT], out=drop[3][1::2])
            xp.multiply(drop, drop, out=drop)
        xp.subtract(self.drops[0], self.drops[1], out=self.drops[0])
        if task.rate != 1.0:
            xp.multiply(self.drops[0], task.rate, out=self.drops[0])
        inner = k[:, 1:-1, 1:-1]
        xp.add(inner, self.drops[0], out=inner)
        # Where there is no edge both bounds are 0.
        xp.maximum(k, self.low, out=k)
        xp.minimum(k, self.high, out=k)
        xp.multiply(k, task.g_per_k, out=g)

    def conductances(self):
        return np.asarray(self.k, dtype=np.float64).reshape(-1)[self.layout.edge]

    def both(self):
        at = self.layout.colour * self.size + self.layout.at
        return [np.asarray(flat, dtype=np.float64)[at] for flat in (self.flat_free, self.flat_clamped)]

    def setting(self):
        return f"{self.sweeps[0]} and {self.sweeps[1]} sweeps, omega {self.omega}"


SOLVERS = [Grid]

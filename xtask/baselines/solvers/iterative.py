"""Conjugate gradients of our own on scipy's sparse products, warm from where the last sample left the network.

scipy's `cg` calls Python back several times an iteration; these loops spare that.
"""

import numpy as np

from .direct import factors, ordered
from .task import Trainer


# Float32 may never come as near as it is asked to.
LIMIT = 3000


def tolerance(effort):
    """Eight steps a decade, from 10^-1/8 on."""
    return 10.0 ** (-effort / 8)


def conjugate_gradients(matrix, load, x, precondition, goal):
    """Improves `x` in place until the residual is below `goal` times the load; the number of iterations."""
    residual = load - matrix @ x
    goal = goal * goal * (load @ load)
    direction = None
    rho = 1.0
    for iteration in range(LIMIT):
        if residual @ residual <= goal:
            return iteration
        z = precondition(residual)
        last, rho = rho, residual @ z
        if direction is None:
            direction = 1.0 * z
        else:
            direction *= rho / last
            direction += z
        product = matrix @ direction
        step = rho / (direction @ product)
        x += step * direction
        residual -= step * product
    return LIMIT


class Jacobi(Trainer):
    """Preconditioned by the diagonal. The clamped state starts from the free one."""

    name, method, largest, efforts = "scipy cg, jacobi", "conjugate gradients, diagonal", 1 << 20, 80

    def __init__(self, task, variant, effort):
        super().__init__(task)
        self.goal = tolerance(effort)
        self.parts = [ordered(task, nodes) for nodes in (task.not_inputs, task.hidden)]
        self.matrices = [system.matrix.tocsr() for system, _ in self.parts]
        self.diagonals = [np.flatnonzero(self.rows(m) == m.indices) for m in self.matrices]

    @staticmethod
    def rows(matrix):
        return np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))

    def solve(self, voltages, targets):
        task, g, v = self.task, self.g, self.v
        for wave, (system, order) in enumerate(self.parts):
            v[wave, task.inputs] = voltages
            if wave == 1:
                out = v[0, task.outputs]
                v[1, task.outputs] = out + task.nudge * (targets - out)
            # The pattern is symmetric, so the columns' order of entries is the rows' as well.
            matrix = self.matrices[wave]
            matrix.data = system.fill @ g
            x = v[0, order]
            self.iterate(wave, matrix, system.load(g, v[wave]), x)
            v[wave, order] = x

    def iterate(self, wave, matrix, load, x):
        inverse = 1.0 / matrix.data[self.diagonals[wave]]
        conjugate_gradients(matrix, load, x, lambda r: inverse * r, self.goal)

    def setting(self):
        return f"residual {self.goal:.1e}"


class Stale(Jacobi):
    """Preconditioned by the LU factors of an earlier sample, from which conductances have moved only a little.

    The factors are renewed when they take more than six iterations; the first ones are not counted.
    """

    name = method = "scipy cg, earlier lu"

    def __init__(self, task, variant, effort):
        super().__init__(task, variant, effort)
        self.factors = [None, None]
        for wave, (system, _) in enumerate(self.parts):
            self.renew(wave, system.fill @ self.g)

    def renew(self, wave, data):
        matrix = self.parts[wave][0].matrix
        matrix.data = data
        self.factors[wave] = factors(matrix)

    def iterate(self, wave, matrix, load, x):
        if conjugate_gradients(matrix, load, x, self.factors[wave].solve, self.goal) > 6:
            self.renew(wave, matrix.data)


class Once(Trainer):
    """One factorisation for both states.

    The clamped state is the free one and what currents into the outputs add to it. They are found by conjugate
    gradients on the outputs alone, whose matrix is applied by a solution with the factors.
    """

    name, largest, efforts = "scipy splu, once", 1 << 20, 80

    def __init__(self, task, variant, effort):
        super().__init__(task)
        self.goal = tolerance(effort)
        self.system, self.order = ordered(task, task.not_inputs)
        place = np.empty(task.nodes, dtype=np.intp)
        place[self.order] = np.arange(len(self.order))
        self.outputs = place[task.outputs]

    def solve(self, voltages, targets):
        task, g, v, outputs = self.task, self.g, self.v, self.outputs
        v[:, task.inputs] = voltages
        lu = factors(self.system.update(g))
        x = lu.solve(self.system.load(g, v[0]))
        v[0, self.order] = x
        residual = task.nudge * (targets - x[outputs])
        goal = self.goal**2 * (residual @ residual)
        direction, rho = np.zeros_like(residual), 1.0
        for _ in range(LIMIT):
            last, rho = rho, residual @ residual
            if rho <= goal:
                break
            direction *= rho / last
            direction += residual
            current = np.zeros(len(x))
            current[outputs] = direction
            raised = lu.solve(current)
            step = rho / (direction @ raised[outputs])
            x += step * raised
            residual -= step * raised[outputs]
        v[1, self.order] = x

    def setting(self):
        return f"residual {self.goal:.1e}"


SOLVERS = [Jacobi, Stale, Once]

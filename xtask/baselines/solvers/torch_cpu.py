"""PyTorch on the processor: dense factorisation, conjugate gradients on its sparse matrices, over-relaxation on arrays.

What only moves single numbers about (assembly, the ports) stays in numpy where that is faster; tensors share numpy's
memory.
"""

import os
import warnings

import numpy as np
import torch

from .direct import Cholesky
from .grid import Grid
from .iterative import Jacobi, conjugate_gradients

torch.set_grad_enabled(False)
warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


class Dense(Cholesky):
    """`torch.linalg.cholesky_ex`, once for both states, as the LAPACK solver does it."""

    dtype, threads = torch.float64, 1

    def train(self, samples):
        torch.set_num_threads(self.threads)
        super().train(samples)

    def factorise(self, matrix, load):
        # Symmetric, so that column-major may be read as row-major.
        matrix = torch.from_numpy(matrix if matrix.flags.c_contiguous else matrix.T).to(self.dtype)
        load = torch.from_numpy(load).to(self.dtype)
        factor = torch.linalg.cholesky_ex(matrix)[0]
        return factor, torch.cholesky_solve(load[:, None], factor)[:, 0].numpy()

    def substitute(self, factor, load):
        load = torch.from_numpy(load).to(self.dtype)
        return torch.cholesky_solve(load[:, None], factor)[:, 0].numpy()


class Conjugate(Jacobi):
    """Conjugate gradients, preconditioned by the diagonal, on `torch.sparse_csr`."""

    dtype, threads = torch.float64, 1

    def __init__(self, task, variant, effort):
        super().__init__(task, variant, effort)
        index = lambda values: torch.from_numpy(values.astype(np.int64))
        self.patterns = [(index(m.indptr), index(m.indices), m.shape) for m in self.matrices]

    def train(self, samples):
        torch.set_num_threads(self.threads)
        super().train(samples)

    def iterate(self, wave, matrix, load, x):
        rows, columns, shape = self.patterns[wave]
        values = torch.from_numpy(matrix.data)
        inverse = torch.reciprocal(torch.from_numpy(matrix.data[self.diagonals[wave]])).to(self.dtype)
        matrix = torch.sparse_csr_tensor(rows, columns, values.to(self.dtype), shape, check_invariants=False)
        start = torch.from_numpy(x).to(self.dtype)
        load = torch.from_numpy(load).to(self.dtype)
        conjugate_gradients(matrix, load, start, lambda r: inverse * r, self.goal)
        x[:] = start.numpy()


class Relaxing(Grid):
    """Over-relaxation in float32; see `grid.py`."""

    library, threads = torch, 1

    def array(self, values):
        return torch.tensor(np.asarray(values), dtype=torch.float32)

    def index(self, values):
        return torch.from_numpy(values.astype(np.int64))

    def train(self, samples):
        torch.set_num_threads(self.threads)
        super().train(samples)


def variants():
    """Every one in float32 and float64 where both make sense, on one core and on all."""
    for base, name, dtypes in (
        (Dense, "torch dense", (torch.float64, torch.float32)),
        (Conjugate, "torch cg", (torch.float64, torch.float32)),
        (Relaxing, "torch sor", (torch.float32,)),
    ):
        for dtype in dtypes:
            for threads in sorted({1, CORES}):
                full = f"{name} f{torch.finfo(dtype).bits}, {threads} thread{'s' * (threads > 1)}"
                smallest = 0 if threads == 1 else 256
                fields = {"name": full, "dtype": dtype, "threads": threads, "smallest": smallest}
                yield type(base.__name__, (base,), fields)


SOLVERS = list(variants())

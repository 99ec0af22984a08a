"""The solvers that spend their time in BLAS and LAPACK, which share it among cores where the environment lets them."""

from threadpoolctl import threadpool_info

from . import direct


def threads():
    """Of numpy's and scipy's libraries, the larger number."""
    return max((library["num_threads"] for library in threadpool_info()), default=1)


SOLVERS = [
    type(base.__name__, (base,), {"name": f"{base.name}, {threads()} threads", "smallest": 256})
    for base in (direct.Solve, direct.Cholesky, direct.Banded, direct.BandedSingle)
]

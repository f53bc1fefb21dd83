"""BLAS on one thread: sums come out the same, to the last digit, on any number of cores."""

from __future__ import annotations

import os

from threadpoolctl import threadpool_limits

ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
"""Variables that hold what is loaded later, as SciPy's BLAS is, and what processes begun here load."""


def hold_blas() -> None:
    """Hold this process's BLAS to one thread for good: what is loaded, and what will be."""
    os.environ.update(ONE_THREAD)
    threadpool_limits(limits=1)

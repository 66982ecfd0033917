"""One thread per worker: a check works on many small matrices, where the threads of BLAS only wait for each other."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController


@lru_cache(maxsize=1)
def _libraries() -> ThreadpoolController:
    # SciPy brings a BLAS of its own, and the controller sees only what is loaded.
    import scipy.linalg  # noqa: F401

    return ThreadpoolController()


def one_thread() -> AbstractContextManager[Any]:
    """Keep BLAS to one thread inside a ``with`` block.

    Returns
    -------
    context manager

    Examples
    --------
    >>> with one_thread():
    ...     pass
    """
    found: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return found

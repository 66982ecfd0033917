"""Where tasks run: here, on worker processes, on any executor, or on a Dask cluster."""

from __future__ import annotations

import importlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from typing import Any, TypeVar

from bounds import ArgumentError

Item = TypeVar("Item")
Found = TypeVar("Found")
Runner = Callable[[Callable[[Item], Found], Sequence[Item]], Generator[tuple[Item, Found], None, None]]
"""Applies a function to items, and yields each item with its result as soon as there is one, in any order."""


@contextmanager
def runner(workers: Any) -> Iterator[Runner[Any, Any]]:
    """Prepare to run tasks.

    Parameters
    ----------
    workers : int, concurrent.futures.Executor, distributed.Client or anything with ``map``
        A number of processes, 1 being this one. With a mere ``map``, results come in the order of the items.

    Yields
    ------
    callable
        ``run(function, items)`` yields pairs of item and result as they come. Closing the generator cancels what
        has not begun.

    Raises
    ------
    ArgumentError
        If the workers are none of these.

    Examples
    --------
    >>> with runner(1) as run:
    ...     list(run(abs, [-1, 2]))
    [(-1, 1), (2, 2)]
    """
    if hasattr(workers, "get_executor"):  # a Dask client, whose own map returns futures
        yield _submitting(workers.get_executor(pure=False))
    elif isinstance(workers, Executor):
        yield _submitting(workers)
    elif hasattr(workers, "map"):
        yield _mapping(workers.map)
    elif isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise ArgumentError(f"workers = {workers}; it must be a positive whole number, or an executor")
    elif workers == 1:
        yield _mapping(map)
    else:
        with _processes(workers) as pool:
            yield _submitting(pool)


def _mapping(mapping: Callable[..., Any]) -> Runner[Any, Any]:
    def run(function: Callable[[Item], Found], items: Sequence[Item]) -> Generator[tuple[Item, Found], None, None]:
        yield from zip(items, mapping(function, items), strict=True)

    return run


def _submitting(executor: Executor) -> Runner[Any, Any]:
    def run(function: Callable[[Item], Found], items: Sequence[Item]) -> Generator[tuple[Item, Found], None, None]:
        waiting = {executor.submit(function, item): item for item in items}
        try:
            for future in as_completed(waiting):
                yield waiting[future], future.result()
        finally:
            for future in waiting:
                future.cancel()

    return run


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    pool = ProcessPoolExecutor(workers, initializer=_prepare_worker)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _prepare_worker() -> None:
    """Let an interrupt from the keyboard end a worker without a traceback, and let no worker outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


@contextmanager
def dask_client(address: str, timeout: float = 10.0) -> Iterator[Any]:
    """Connect to a Dask cluster.

    Parameters
    ----------
    address : str
        Of its scheduler, such as ``tcp://10.0.0.1:8786``.
    timeout : float
        Seconds to wait for an answer.

    Yields
    ------
    distributed.Client
        To be given as ``workers``.

    Raises
    ------
    ArgumentError
        If Dask is not installed or the scheduler does not answer.

    Examples
    --------
    >>> with dask_client("nowhere://"):
    ...     pass
    Traceback (most recent call last):
    bounds.errors.ArgumentError: ...
    """
    try:
        distributed = importlib.import_module("distributed")
    except ImportError:
        raise ArgumentError("a Dask cluster needs the extra: pip install 'loopbounds[dask]'") from None
    try:
        client = distributed.Client(address, timeout=timeout, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ArgumentError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        yield client

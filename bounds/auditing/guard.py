"""A time limit for symbolic work, which has none of its own; it works on any thread."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

Result = TypeVar("Result")

_GRACE = 0.05
_PATIENCE = 40


class _TimeUp(BaseException):
    """Raised inside the work; not an Exception, so that sympy does not take it for one of its own."""


def within(seconds: float, work: Callable[[], Result]) -> Result | None:
    """Return what a function returns, or None if it takes too long or fails.

    Parameters
    ----------
    seconds : float
        Time it may take.
    work : callable
        Pure: what it returns is used, nothing else. It runs on a thread of its own.

    Returns
    -------
    object or None

    Examples
    --------
    >>> within(5, lambda: 1 + 1)
    2
    >>> within(5, lambda: 1 // 0) is None
    True
    """
    found: list[Result] = []

    def run() -> None:
        try:
            found.append(work())
        except (_TimeUp, Exception):  # noqa: BLE001  whatever symbolic work stumbles over, it has no answer
            return

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        with _no_collection():
            _stop(thread)
    return found[0] if found else None


def _stop(thread: threading.Thread) -> None:
    for _ in range(_PATIENCE):
        if not thread.is_alive():
            return
        # The interpreter raises it at the next step of Python code of that thread.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_TimeUp))
        thread.join(_GRACE)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Pause garbage collection: what is raised inside one of its callbacks is lost, and reported as a fault."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()

"""A time limit for symbolic work, which has none of its own; it works on any thread."""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

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
        with _losses_unreported():
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
def _losses_unreported() -> Iterator[None]:
    """Keep quiet about what is lost: raised inside a callback of a collection or a weak reference, it ends only that one."""
    usual = sys.unraisablehook

    def report(lost: Any) -> None:
        if lost.exc_type is not _TimeUp:
            usual(lost)

    sys.unraisablehook = report
    try:
        yield
    finally:
        sys.unraisablehook = usual

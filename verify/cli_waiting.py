"""What a terminal shows while a command works without telling how far it is: the seconds that have passed."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 2.0
"""Seconds before anything is shown."""

_CLEAR = "\r\x1b[K"


@contextmanager
def waiting(wanted: bool, what: str) -> Iterator[None]:
    """Count the seconds on a terminal, once there are more than two; not where worker processes are forked.

    Parameters
    ----------
    wanted : bool
    what : str
        What takes so long.

    Examples
    --------
    >>> with waiting(False, "solving"):
    ...     pass
    """
    if not wanted or sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    counter = threading.Thread(target=_count, args=(done, what), daemon=True)
    counter.start()
    try:
        yield
    finally:
        done.set()
        counter.join()


def _count(done: threading.Event, what: str) -> None:
    start = time.monotonic()
    if done.wait(PATIENCE):
        return
    while True:
        print(f"{_CLEAR}{what}: {time.monotonic() - start:.0f} s", end="", file=sys.stderr, flush=True)
        if done.wait(1.0):
            break
    print(_CLEAR, end="", file=sys.stderr, flush=True)

"""Cut a batch into pieces that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_CHUNK: Final = 2_000_000  # numbers held at once


def batches(rows: int, numbers_per_row: int) -> Iterator[slice]:
    """Slices that cover ``range(rows)``, each of at least one row and, if it can, of at most `_CHUNK` numbers."""
    size = max(1, _CHUNK // numbers_per_row)
    return (slice(start, min(start + size, rows)) for start in range(0, rows, size))

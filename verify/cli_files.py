"""Files that commands write: whether they can be written is found out first, and they are written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from pathlib import Path


def require_file(name: str) -> Path:
    """Find out before the work whether a file could be written.

    Parameters
    ----------
    name : str
        As given by ``--out``.

    Returns
    -------
    Path

    Raises
    ------
    ArgumentError
        If it could not; the message says why.

    Examples
    --------
    >>> require_file("missing/page.html")
    Traceback (most recent call last):
    bounds.errors.ArgumentError: --out missing/page.html: there is no directory missing; make it first
    """
    from bounds import ArgumentError

    file = Path(name)
    if not name:
        raise ArgumentError("--out '': name the file to write")
    if file.is_dir():
        raise ArgumentError(f"--out {name}: that is a directory; name a file in it")
    if not file.absolute().parent.is_dir():
        raise ArgumentError(f"--out {name}: there is no directory {file.parent}; make it first")
    _require_replaceable(file)
    try:
        if file.exists() and not os.access(file, os.W_OK):
            raise PermissionError(13, "it is write-protected")
        handle, probe = _beside(file)
        os.close(handle)
        probe.unlink()
    except OSError as error:
        raise _cannot(file, error) from None
    return file


def write_whole(file: Path, text: str) -> None:
    """Write a file at once: whoever looks finds the old one or the new one, and never a part.

    Parameters
    ----------
    file : Path
    text : str

    Raises
    ------
    ArgumentError
        If it cannot be written; what was there stays.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     write_whole(Path(parent) / "a.md", "x")
    ...     (Path(parent) / "a.md").read_text()
    'x'
    """
    _require_replaceable(file)
    try:
        handle, building = _beside(file)
        try:
            with open(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:  # noqa: PTH123
                stream.write(text)
            building.chmod(file.stat().st_mode & 0o777 if file.exists() else 0o666 & ~_umask())
            building.replace(file.resolve())
        finally:
            building.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot(file, error) from None


def _require_replaceable(file: Path) -> None:
    """Refuse what a new file must not take the place of: a device, a pipe, the file standard output goes to."""
    from bounds import ArgumentError

    try:
        there = file.stat()
    except OSError:
        return  # a new file, or one that writing will complain about
    if not stat.S_ISREG(there.st_mode):
        raise ArgumentError(f"--out {file}: that is no ordinary file; without --out the answer is printed")
    for stream in (sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None and os.path.samestat(there, os.fstat(stream.fileno())):
                raise ArgumentError(f"--out {file}: what is printed goes there already; name another file")
        except OSError:  # a stream without a file
            continue


def _beside(file: Path) -> tuple[int, Path]:
    resolved = file.resolve()
    handle, name = tempfile.mkstemp(prefix=f".{resolved.name}"[:100] + ".", dir=resolved.parent)
    return handle, Path(name)


def _cannot(file: Path, error: OSError) -> Exception:
    from bounds import ArgumentError

    return ArgumentError(f"--out {file}: it cannot be written there: {error.strerror or error}")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

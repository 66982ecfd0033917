"""The catalogue: every theorem of every file in `papers`, `lemmas` and installed packs."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import os
import pkgutil
from functools import lru_cache
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

from bounds.errors import ArgumentError, UnknownTheorem
from bounds.numerals import brief
from bounds.sources import Paper
from bounds.theorem import Theorem


def theorems_in(module: ModuleType) -> list[Theorem]:
    """Return the theorems a module defines, in the order of the file.

    Parameters
    ----------
    module : module
        Theorems are its public constants.

    Returns
    -------
    list of Theorem

    Examples
    --------
    >>> from bounds.papers import ferbach2024
    >>> theorems_in(ferbach2024)[0].id
    'ferbach2024.curated_limit'
    """
    return [value for name, value in vars(module).items() if isinstance(value, Theorem) and not name.startswith("_")]


@lru_cache(maxsize=1)
def _by_id() -> dict[str, Theorem]:
    packages = [importlib.import_module(name) for name in ("bounds.lemmas", "bounds.papers")]
    modules = [
        importlib.import_module(f"{package.__name__}.{info.name}")
        for package in packages
        for info in pkgutil.iter_modules(package.__path__)
    ]
    modules += [point.load() for point in entry_points(group="loopbounds.theorems")]
    found: dict[str, Theorem] = {}
    for module in modules:
        for theorem in theorems_in(module):
            if found.setdefault(theorem.id, theorem) is not theorem:
                raise ValueError(f"two theorems are called {theorem.id}")
    return found


_loaded: dict[str, Theorem] = {}


def load(path: str | Path) -> tuple[Theorem, ...]:
    """Add the theorems of a Python file to the catalogue, for this process.

    Parameters
    ----------
    path : str or Path
        A file of your own; it is run as a module.

    Returns
    -------
    tuple of Theorem
        The theorems it defines.

    Raises
    ------
    ArgumentError
        If the file is missing, cannot be run, defines no theorem, or one of an id that is taken.

    Examples
    --------
    >>> load("missing.py")
    Traceback (most recent call last):
    bounds.errors.ArgumentError: there is no file missing.py
    """
    if not isinstance(path, str | os.PathLike):
        raise ArgumentError(f"{brief(path)} is no path; name a file that ends in .py")
    file = Path(path)
    if not file.is_file():
        raise ArgumentError(f"there is no file {file}")
    if file.suffix != ".py":
        raise ArgumentError(f"{file} is not a Python file; its name must end in .py")
    spec = spec_from_file_location(f"loopbounds_theorems_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ArgumentError(f"{file} cannot be read as a Python module")
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ArgumentError(f"{file} could not be run: {type(error).__name__}: {error}") from error
    found = theorems_in(module)
    if not found:
        raise ArgumentError(f"{file} defines no theorem; write one as a public constant of the file")
    for theorem in found:
        if _known().get(theorem.id, theorem) != theorem:
            raise ArgumentError(f"{file}: the id {theorem.id} is taken; give your theorem another one")
    _loaded.update({theorem.id: theorem for theorem in found})
    return tuple(found)


def _known() -> dict[str, Theorem]:
    return {**_by_id(), **_loaded}


def catalog(*, paper: str | None = None, quantity: str | None = None) -> tuple[Theorem, ...]:
    """Return the theorems of the catalogue.

    Parameters
    ----------
    paper : str, optional
        Only those of the paper with this key.
    quantity : str, optional
        Only those about the quantity of this name.

    Returns
    -------
    tuple of Theorem

    Raises
    ------
    ArgumentError
        If no theorem has the paper or the quantity; the message lists those there are.

    Examples
    --------
    >>> len(catalog(paper="bertrand2024"))
    9
    """
    everything = tuple(_known().values())
    _require(paper, sorted({t.source.paper.key for t in everything}), "paper")
    _require(quantity, sorted({name for t in everything for name in _quantities(t)}), "quantity")
    return tuple(
        t
        for t in everything
        if (paper is None or t.source.paper.key == paper) and (quantity is None or quantity in _quantities(t))
    )


def _quantities(theorem: Theorem) -> set[str]:
    return {theorem.quantity.name} | {r.quantity.name for r in theorem.regimes if r.quantity}


def _require(wanted: str | None, allowed: list[str], what: str) -> None:
    if wanted is not None and not (isinstance(wanted, str) and wanted in allowed):
        raise ArgumentError(f"no {what} {brief(wanted)}; there are: {', '.join(allowed)}")


def _in_its_own_file(theorem_id: str) -> Theorem | None:
    """Look in the file of the paper named by the id, which spares loading the whole catalogue."""
    key = theorem_id.partition(".")[0]
    name = f"bounds.papers.{key}"
    if not key.isidentifier() or importlib.util.find_spec(name) is None:
        return None
    return next((t for t in theorems_in(importlib.import_module(name)) if t.id == theorem_id), None)


def get(theorem_id: str) -> Theorem:
    """Return one theorem.

    Parameters
    ----------
    theorem_id : str
        ``key.result``, for instance ``"bertrand2024.jacobian"``.

    Returns
    -------
    Theorem

    Raises
    ------
    ArgumentError
        If the id is no text.
    UnknownTheorem
        If there is none of this id; the message names the nearest.

    Examples
    --------
    >>> get("bertrand2024.jacobean")
    Traceback (most recent call last):
    bounds.errors.UnknownTheorem: no theorem 'bertrand2024.jacobean'; did you mean bertrand2024.jacobian?
    """
    if not isinstance(theorem_id, str):
        raise ArgumentError(
            f"a theorem is looked up by the text of its id, not by {brief(theorem_id)}; see bounds.catalog()"
        )
    at_home = _in_its_own_file(theorem_id)
    if at_home is not None:
        return at_home
    known = _known()
    if theorem_id in known:
        return known[theorem_id]
    near = difflib.get_close_matches(theorem_id, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`loopbounds list` shows them all"
    raise UnknownTheorem(f"no theorem {brief(theorem_id)}; {hint}")


def all_papers() -> tuple[Paper, ...]:
    """Return the papers the catalogue draws on, by key.

    Returns
    -------
    tuple of Paper

    Examples
    --------
    >>> [paper.key for paper in all_papers()][:1]
    ['bertrand2024']
    """
    found = {theorem.source.paper.key: theorem.source.paper for theorem in _known().values()}
    return tuple(found[key] for key in sorted(found))

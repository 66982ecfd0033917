"""A theorem on a grid: blocks that fit the cache, on all cores, with hypotheses decided as exactly as for single numbers."""

from __future__ import annotations

import os
from collections.abc import Container, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import numpy as np
import sympy
from flint import arb, ctx

from bounds.arguments import Extent, check_extent, extent
from bounds.enclose import Balls, ball
from bounds.errors import EnclosureError
from bounds.evaluate import evaluate_grid
from bounds.guarded import GuardedArrays, exactly
from bounds.hypotheses import SIGNS, holds
from bounds.in_place import Plan, plan_tape
from bounds.integrals.integral import TailedIntegral
from bounds.numerals import read_number
from bounds.tape import Tape, compile_expression, run
from bounds.theorem import Theorem

# Long enough that a thread seldom waits for Python's lock, short enough that a few arrays of doubles stay near the core.
BLOCK = 1 << 18

Block = tuple[slice, ...]


def on_grid(theorem: Theorem, values: Mapping[str, Any], whole: Container[str] = ()) -> Any:
    """Evaluate a theorem of one regime on arrays; nan marks the points where a hypothesis fails.

    Parameters
    ----------
    theorem : Theorem
    values : mapping of name to float or array of doubles
        Arrays broadcast against each other.
    whole : container of str
        Symbols of which an array must hold whole numbers only.

    Returns
    -------
    numpy.ndarray
        Of the broadcast shape.

    Raises
    ------
    ArgumentError
        If an array leaves the domain of its symbol.

    Examples
    --------
    >>> import bounds
    >>> on_grid(bounds.get("ferbach2024.kl_ball"), {"K": 2.0, "lam": np.array([0.5, 1.0])})
    array([0.69314718,        nan])
    """
    shape = np.broadcast_shapes(*(np.shape(value) for value in values.values()))
    blocks = list(_blocks(shape))
    tape, counted = compile_expression(theorem.expression), counted_symbols(theorem.expression)
    plan = None if counted or tape.loops or tape.integrates else _planned(tape, values)
    # Reading a large array twice costs as much as a sum over it: where nothing can go wrong before, it is measured on the way.
    early = {name for name, value in values.items() if np.ndim(value) and (plan is None or value.shape != shape)}
    late = {name for name, value in values.items() if np.ndim(value)} - early
    extents = {name: extent(values[name], name in whole) for name in early}
    for name, measured in extents.items():
        check_extent(name, measured)
    result = np.empty(shape)

    def fill(waiting: Iterator[tuple[int, Block]]) -> list[tuple[int, dict[str, Extent]]]:
        spare: list[Any] = []
        seen = []
        for number, block in waiting:
            part = {name: _part(value, block) for name, value in values.items()}
            seen.append((number, {name: extent(part[name], name in whole) for name in late}))
            if plan is None:
                result[block] = evaluate_grid(tape, part, counted)
            else:
                with np.errstate(all="ignore"):
                    plan.run(part, result[block], spare)
        return seen

    def doubt(block: Block) -> list[Any]:
        part = {name: _part(value, block) for name, value in values.items()}
        return [_decided(relation, part) for relation in doubtful]

    # Integrals run Python code at every point, which threads would only hand back and forth.
    workers = 1 if tape.integrates or len(blocks) < 4 else os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:
        # The threads take blocks from one list: one that is held up leaves the rest to the others.
        waiting = iter(list(enumerate(blocks)))
        by_block = dict(one for thread in pool.map(fill, [waiting] * workers) for one in thread)
        for name in sorted(late):
            extents[name] = reduce(Extent.joined, (by_block[number][name] for number in range(len(blocks))))
            check_extent(name, extents[name])
        doubtful = [relation for relation in theorem.hypotheses if not surely_holds(relation, values, extents)]
        # Balls have one working precision per process: what doubles leave open is decided here, not in the threads.
        for block, found in zip(blocks, pool.map(doubt, blocks) if doubtful else (), strict=False):
            for relation, (decided, close) in zip(doubtful, found, strict=True):
                _settle(relation, values, block, decided, close)
                result[block][~np.broadcast_to(decided, result[block].shape)] = np.nan
    return result


def _planned(tape: Tape, values: Mapping[str, Any]) -> Plan:
    with np.errstate(all="ignore"):
        return plan_tape(tape, values)


def holds_on_grid(relation: Any, values: Mapping[str, Any]) -> Any:
    """Decide a relation at every point of a grid.

    Parameters
    ----------
    relation : sympy relational
    values : mapping of name to float or array of doubles

    Returns
    -------
    numpy.ndarray of bool
        Of the shape to which the symbols of the relation broadcast.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> holds_on_grid(lam < 1, {"lam": np.array([0.5, 1.0])})
    array([ True, False])
    """
    decided, close = _decided(relation, values)
    _settle(relation, values, (), decided, close)
    return decided


def surely_holds(relation: Any, values: Mapping[str, Any], known: Mapping[str, Extent] | None = None) -> bool:
    """Tell whether one ball over the whole grid already proves a relation.

    Parameters
    ----------
    relation : sympy relational
    values : mapping of name to float or array of doubles
    known : mapping of name to Extent, optional
        What is known of the arrays.

    Returns
    -------
    bool
        False also where the ball is too wide to tell.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> surely_holds(lam < 1, {"lam": np.array([0.5, 0.9])})
    True
    """
    names = [symbol.name for symbol in relation.free_symbols]
    extents = {name: (known or {}).get(name) or extent(np.asarray(values[name])) for name in names}
    ends = {name: (found.low, found.high) for name, found in extents.items()}
    if not np.isfinite(list(ends.values())).all():
        return False
    with ctx.workprec(64):
        hull = {name: ball(Fraction(low)).union(ball(Fraction(high))) for name, (low, high) in ends.items()}
        try:
            gap = run(compile_expression(relation.lhs - relation.rhs), Balls(), hull)
        except EnclosureError:
            return False
        sign = 1 if gap > arb(0) else -1 if gap < arb(0) else None
    return sign in SIGNS[relation.rel_op]


# Where the sides surely differ, only the sign of their difference matters.
_BEYOND_ERROR: dict[str, Any] = {
    "<": lambda gap: gap < 0,
    ">": lambda gap: gap > 0,
    "!": lambda gap: gap != 0,
    "=": lambda gap: gap != gap,
}


def _decided(relation: Any, values: Mapping[str, Any]) -> tuple[Any, Any]:
    """Decide by doubles where their rounding errors cannot matter; say where they can."""
    used = {symbol.name: values[symbol.name] for symbol in relation.free_symbols}
    shape = np.broadcast_shapes(*(np.shape(value) for value in used.values()))
    inputs = {name: exactly(np.asarray(value, dtype=float)) for name, value in used.items()}
    with np.errstate(all="ignore"):
        try:
            gap = run(compile_expression(relation.lhs - relation.rhs), GuardedArrays(), inputs)
        except TypeError:
            return np.zeros(shape, dtype=bool), np.ones(shape, dtype=bool)
        close = np.broadcast_to(~(np.abs(gap.value) > gap.error), shape)
        return np.broadcast_to(_BEYOND_ERROR[relation.rel_op[0]](gap.value), shape).copy(), close


def _settle(relation: Any, values: Mapping[str, Any], block: Block, decided: Any, close: Any) -> None:
    """Decide exactly, in place, where doubles could not."""
    positions = np.flatnonzero(close)
    if not positions.size:
        return
    names = [symbol.name for symbol in relation.free_symbols]
    full = {name: np.broadcast_to(_part(values[name], block), decided.shape) for name in names}
    for position in positions:
        point = {name: read_number(value.flat[position], name) for name, value in full.items()}
        decided.flat[position] = holds(relation, point)


def _blocks(shape: tuple[int, ...]) -> Iterator[Block]:
    """Cut a grid along its longest axis."""
    axis = int(np.argmax(shape))
    length = shape[axis]
    step = max(1, BLOCK * length // max(1, int(np.prod(shape))))
    for start in range(0, length, step):
        yield tuple(slice(start, start + step) if k == axis else slice(None) for k in range(len(shape)))


def _part(value: Any, block: Block) -> Any:
    """Take the part of an argument that a block needs, without copying and without broadcasting it first."""
    if np.ndim(value) == 0 or not block:
        return value
    own = block[len(block) - value.ndim :]
    return value[tuple(cut if size > 1 else slice(None) for cut, size in zip(own, value.shape, strict=True))]


@lru_cache(maxsize=1024)
def counted_symbols(expression: Any) -> tuple[str, ...]:
    """Return the names that set the number of steps of a loop in an expression, or occur in an integral.

    Parameters
    ----------
    expression : sympy expression

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> import bounds
    >>> counted_symbols(bounds.get("bertrand2024.normal_mixed_moments").at(statistic="variance").expression)
    ('t',)
    """
    counts: set[Any] = set()
    for node in sympy.preorder_traversal(expression):
        if isinstance(node, sympy.Sum):
            for _, start, stop in node.limits:
                counts |= start.free_symbols | stop.free_symbols
        elif node.func.__name__ == "Recurrence":
            counts |= node.args[4].free_symbols
        elif isinstance(node, TailedIntegral | sympy.Integral):
            counts |= node.free_symbols
    return tuple(sorted(symbol.name for symbol in counts & expression.free_symbols))

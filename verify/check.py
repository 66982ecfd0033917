"""What it takes to check a theorem: settings where its constants are known, a measurement, planted false theorems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bounds import Theorem
from verify.evidence import Evidence


@dataclass(frozen=True)
class Effort:
    """How much work a run spends.

    Parameters
    ----------
    settings : int
        Random settings drawn per check.
    replicates : int
        Independent runs of a loop per sampled setting.

    Examples
    --------
    >>> QUICK.replicates < FULL.replicates
    True
    """

    settings: int
    replicates: int


QUICK = Effort(settings=12, replicates=2_000)
FULL = Effort(settings=60, replicates=10_000)


@dataclass(frozen=True)
class Setting:
    """One situation in which every constant of a theorem is known.

    Parameters
    ----------
    label : str
        What is special about it, in a few words.
    arguments : mapping
        What `bounds.Theorem.evaluate` takes, choices included.
    world : object
        What the measurement needs besides: a law, a reward, a pair of matrices.
    """

    label: str
    arguments: Mapping[str, Any]
    world: Any = None


@dataclass(frozen=True)
class Control:
    """A planted false theorem that its check must refute.

    Parameters
    ----------
    name : str
        What is false about it.
    theorem : Theorem
        The original with its expression changed.
    """

    name: str
    theorem: Theorem


@dataclass(frozen=True)
class Check:
    """Binds a theorem to settings, a measurement and controls.

    Parameters
    ----------
    theorem : Theorem
    settings : callable
        ``settings(effort, rng)`` returns the settings to test, each inside the theorem's hypotheses.
    measure : callable
        ``measure(setting, effort, rng)`` returns evidence about the quantity the theorem bounds.
    controls : tuple of Control
        At least two; each must come out VIOLATED in at least one setting.
    """

    theorem: Theorem
    settings: Callable[[Effort, np.random.Generator], Sequence[Setting]]
    measure: Callable[[Setting, Effort, np.random.Generator], Evidence]
    controls: tuple[Control, ...]


def plant(theorem: Theorem, name: str, change: Callable[[Any], Any]) -> Control:
    """Plant a false theorem by changing the expression, in every regime.

    Parameters
    ----------
    theorem : Theorem
    name : str
        What is false about it.
    change : callable
        Takes the true sympy expression and returns the false one.

    Returns
    -------
    Control

    Raises
    ------
    ValueError
        If the change leaves every expression as it was.

    Examples
    --------
    >>> import bounds
    >>> from sympy import Rational
    >>> control = plant(bounds.get("ferbach2024.kl_ball"), "half the bound", lambda e: e * Rational(1, 2))
    >>> control.theorem.evaluate(lam="1/2", K=2) < bounds.get("ferbach2024.kl_ball").evaluate(lam="1/2", K=2)
    True
    """
    if theorem.regimes:
        changed = tuple(replace(r, expression=change(r.expression)) for r in theorem.regimes)
        false = replace(theorem, regimes=changed)
    else:
        false = replace(theorem, expression=change(theorem.expression))
    if false.expression == theorem.expression:
        raise ValueError(f"the control '{name}' of {theorem.id} changes nothing")
    return Control(name, false)

"""What it takes to check a theorem: settings where its constants are known, a measurement, planted false theorems."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bounds import Theorem
from verify.evidence import Evidence

Settings = Callable[["Effort", np.random.Generator], Sequence["Setting"]]
"""``settings(effort, rng)`` returns the situations to test."""
Measure = Callable[["Setting", "Effort", np.random.Generator], Evidence]
"""``measure(setting, effort, rng)`` returns evidence about the quantity that is bounded."""


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
    control : str
        Name of the natural control that it tests; empty, as a check leaves it, where it tests the theorem itself.
    """

    label: str
    arguments: Mapping[str, Any]
    world: Any = None
    control: str = ""


@dataclass(frozen=True)
class Control:
    """A false claim that its check must refute, in at least one setting.

    A planted control is a changed theorem, judged on the settings and the evidence of the true one: see `plant`. A
    natural control has a measurement or settings of its own. It holds a theorem, mostly the true one, against something
    the theorem does not speak about: a bound for fresh data against a loop that reuses its data, say. Its settings are
    measured beside those of the check and within the same error budget, and judged for the control alone; they give no
    verdict on the theorem.

    Parameters
    ----------
    name : str
        What is false about it; unlike the names of the check's other controls.
    theorem : Theorem
        The original with its expression changed; in a natural control also the original itself.
    settings : callable, optional
        ``settings(effort, rng)`` returns situations for this control alone, inside the hypotheses of its theorem and
        with the arguments that theorem takes; the settings of the check where left out.
    measure : callable, optional
        ``measure(setting, effort, rng)`` returns evidence about the quantity the claim is wrong about; the measurement
        of the check where left out.

    Examples
    --------
    >>> import bounds
    >>> from verify.evidence import Computed
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> Control("of the divergence, not of twice it", theorem, measure=lambda *_: Computed(1.0, 0.0)).natural
    True
    """

    name: str
    theorem: Theorem
    settings: Settings | None = None
    measure: Measure | None = None

    @property
    def natural(self) -> bool:
        """Whether it has settings or a measurement of its own."""
        return self.settings is not None or self.measure is not None


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

    Raises
    ------
    ValueError
        If two controls share a name.
    """

    theorem: Theorem
    settings: Settings
    measure: Measure
    controls: tuple[Control, ...]

    def __post_init__(self) -> None:
        names = [control.name for control in self.controls]
        if len(set(names)) < len(names) or "" in names:
            raise ValueError(f"the controls of {self.theorem.id} need names of their own: {names}")

    def control_at(self, setting: Setting) -> Control | None:
        """Return the natural control that a setting tests; None where it tests the theorem.

        Raises
        ------
        ValueError
            If the check has no such control.
        """
        if not setting.control:
            return None
        for control in self.controls:
            if control.natural and control.name == setting.control:
                return control
        raise ValueError(f"the check of {self.theorem.id} has no natural control '{setting.control}'")

    def measure_at(self, setting: Setting) -> Measure:
        """Return what measures a setting: the check's own measurement, or that of the control the setting tests."""
        control = self.control_at(setting)
        return self.measure if control is None or control.measure is None else control.measure


def all_settings(check: Check, effort: Effort, rng: np.random.Generator) -> tuple[Setting, ...]:
    """Draw the settings of a check, then those of its natural controls, each marked with the control it tests.

    Parameters
    ----------
    check : Check
    effort : Effort
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Setting
        Those of the theorem first, so that a control more leaves them as they are.

    Examples
    --------
    >>> from verify.checks import all_checks
    >>> check = next(c for c in all_checks() if c.theorem.id == "ferbach2024.kl_ball")
    >>> natural = Control("measured as twice it is", check.theorem, measure=check.measure)
    >>> found = all_settings(replace(check, controls=(natural,)), QUICK, np.random.default_rng(0))
    >>> [setting.control for setting in found[:: len(found) - 1]]
    ['', 'measured as twice it is']
    """
    own = tuple(check.settings(effort, rng))
    found = list(own)
    for control in check.controls:
        if control.natural:
            drawn = own if control.settings is None else control.settings(effort, rng)
            found += [replace(s, label=f"control '{control.name}': {s.label}", control=control.name) for s in drawn]
    return tuple(found)


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

"""What a run of checks found, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verify.evidence import Verdict


@dataclass(frozen=True)
class Result:
    """One theorem at one setting.

    Parameters
    ----------
    id : str
        Theorem id.
    setting : str
        What is special about the setting.
    inputs : mapping
        The arguments the theorem was evaluated at, choices included.
    quantity : str
        What was measured.
    direction : str
        "upper", "lower" or "exact".
    bound : float
    measured : float
    ci : tuple of float
        Confidence interval of the measured quantity, or the numerical error bar of a computed one.
    ratio : float
        measured / bound; nan when the bound is 0.
    verdict : Verdict
    replicates : int
        Independent runs of the loop; 0 when the quantity was computed without sampling.
    seed : int
        Seed of the whole run, from which the setting and its draws follow.

    Examples
    --------
    >>> Result("x.y", "a setting", {}, "total variation", "upper", 1.0, 0.5, (0.4, 0.6), 0.5, Verdict.CONSISTENT, 9, 1).ci
    (0.4, 0.6)
    """

    id: str
    setting: str
    inputs: Mapping[str, Any]
    quantity: str
    direction: str
    bound: float
    measured: float
    ci: tuple[float, float]
    ratio: float
    verdict: Verdict
    replicates: int
    seed: int


@dataclass(frozen=True)
class ControlResult:
    """A planted false theorem after its check.

    Parameters
    ----------
    id : str
        Id of the true theorem.
    name : str
        What is false about the planted one.
    caught : bool
        Whether it came out VIOLATED in at least one setting.
    settings : int
        Settings tried.
    violated : int
        Settings in which it came out VIOLATED.

    Examples
    --------
    >>> ControlResult("x.y", "half the bound", True, 12, 3).caught
    True
    """

    id: str
    name: str
    caught: bool
    settings: int
    violated: int


@dataclass(frozen=True)
class Failure:
    """A setting that could not be measured or judged; its status is FAILED, and the run does not pass.

    Parameters
    ----------
    id : str
        Theorem id.
    index : int or None
        Position of the setting among those of its check; None if the settings themselves could not be made.
    stage : str
        "settings", "measurement" or "judgement".
    seed : int
        Seed of the whole run; with `id`, `index` and the effort it fixes every draw.
    error : str
        The exception in one line.
    traceback : str

    Examples
    --------
    >>> Failure("x.y", 3, "measurement", 7, "ValueError: no", "").where
    'setting 3'
    """

    id: str
    index: int | None
    stage: str
    seed: int
    error: str
    traceback: str

    @property
    def where(self) -> str:
        """The setting in words."""
        return "settings" if self.index is None else f"setting {self.index}"


@dataclass(frozen=True)
class Run:
    """Everything a run of checks found.

    Parameters
    ----------
    results : tuple of Result
    controls : tuple of ControlResult
    error_budget : mapping
        Total probability of any wrong verdict, number of tests it was shared over, level of each.
    seed : int
    effort : str
        Name of the effort: "quick" or "full".
    failures : tuple of Failure
        Settings without a result.

    Examples
    --------
    >>> Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick").passed
    True
    """

    results: tuple[Result, ...]
    controls: tuple[ControlResult, ...]
    error_budget: Mapping[str, float | int]
    seed: int
    effort: str
    failures: tuple[Failure, ...] = ()

    @property
    def violated(self) -> tuple[Result, ...]:
        """Results whose verdict is VIOLATED."""
        return tuple(r for r in self.results if r.verdict is Verdict.VIOLATED)

    @property
    def escaped(self) -> tuple[ControlResult, ...]:
        """Controls that no setting refuted."""
        return tuple(c for c in self.controls if not c.caught)

    @property
    def passed(self) -> bool:
        """Whether no theorem is violated, no control escaped and no setting failed."""
        return not self.violated and not self.escaped and not self.failures

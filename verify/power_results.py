"""What checks detect, as plain data: per setting, per check and over seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from verify.results import Failure


@dataclass(frozen=True)
class SettingPower:
    """What one setting of a check detects.

    Parameters
    ----------
    setting : str
        Label of the setting.
    evidence : str
        Kind of evidence.
    smaller : float or None
        Smallest v such that a bound of ``1 - v`` times the theorem's is VIOLATED; None if no v below 1 is, or if the
        theorem is a lower bound.
    larger : float or None
        Smallest v such that a bound of ``1 + v`` times the theorem's is VIOLATED; None if no v up to 100 is, or if the
        theorem is an upper bound.

    Examples
    --------
    >>> SettingPower("a setting", "Computed", 0.25, None).smaller
    0.25
    """

    setting: str
    evidence: str
    smaller: float | None
    larger: float | None


@dataclass(frozen=True)
class CheckPower:
    """What a check detects in one run.

    Parameters
    ----------
    id : str
        Theorem id.
    direction : str
        "upper", "lower" or "exact".
    seed : int
        Of the run.
    settings : tuple of SettingPower

    Examples
    --------
    For an identity both a bound too small and one too large have to be seen, be it at different settings.

    >>> found = CheckPower("x.y", "exact", 0, (SettingPower("a", "", 0.1, 0.4), SettingPower("b", "", 0.2, 0.3)))
    >>> found.smallest, found.best.setting
    (0.3, 'b')
    """

    id: str
    direction: str
    seed: int
    settings: tuple[SettingPower, ...]

    @property
    def smallest(self) -> float | None:
        """Smallest violation, as a share of the bound, that some setting calls VIOLATED; None if there is none."""
        return None if self.best is None else _at_side(self.best, self._hardest)

    @property
    def best(self) -> SettingPower | None:
        """The setting that detects it."""
        found = [s for s in self.settings if _at_side(s, self._hardest) is not None]
        return min(found, key=lambda s: _at_side(s, self._hardest) or 0.0, default=None)

    @property
    def _hardest(self) -> str:
        """The side on which violations are harder to see."""
        if self.direction != "exact":
            return "smaller" if self.direction == "upper" else "larger"
        least = {side: _least(self.settings, side) for side in ("smaller", "larger")}
        return max(least, key=lambda side: least[side])

    def detects(self, violation: float) -> bool:
        """Tell whether a violation of this size is detected.

        Parameters
        ----------
        violation : float
            As a share of the bound.

        Returns
        -------
        bool

        Examples
        --------
        >>> CheckPower("x.y", "upper", 0, (SettingPower("a", "Computed", 0.02, None),)).detects(0.1)
        True
        """
        return self.smallest is not None and self.smallest <= violation


def _at_side(setting: SettingPower, side: str) -> float | None:
    return setting.smaller if side == "smaller" else setting.larger


def _least(settings: Sequence[SettingPower], side: str) -> float:
    found = [v for s in settings if (v := _at_side(s, side)) is not None]
    return min(found, default=math.inf)


@dataclass(frozen=True)
class Power:
    """What checks detect, over one or more seeds.

    Parameters
    ----------
    effort : str
        "quick" or "full".
    seeds : tuple of int
        One run each.
    levels : tuple of float
        Level of each test of each run, as `verify.judging.share_out` gives it.
    checks : tuple of CheckPower
        In the order of the seeds, then of the catalogue.
    failures : tuple of Failure
        Settings that could not be measured or judged.

    Examples
    --------
    >>> Power("quick", (0,), (1e-3,), ()).ids
    ()
    """

    effort: str
    seeds: tuple[int, ...]
    levels: tuple[float, ...]
    checks: tuple[CheckPower, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """Theorem ids, in the order of the catalogue."""
        return tuple(dict.fromkeys(check.id for check in self.checks))

    def of(self, theorem_id: str) -> tuple[CheckPower, ...]:
        """Return what the check of one theorem detects, seed by seed.

        Parameters
        ----------
        theorem_id : str

        Returns
        -------
        tuple of CheckPower

        Examples
        --------
        >>> Power("quick", (0,), (1e-3,), ()).of("x.y")
        ()
        """
        return tuple(check for check in self.checks if check.id == theorem_id)

    def share(self, theorem_id: str, violation: float = 0.1) -> float:
        """Return the share of seeds whose run detects a violation.

        Parameters
        ----------
        theorem_id : str
        violation : float
            As a share of the bound.

        Returns
        -------
        float
            nan if there is no such check.

        Examples
        --------
        >>> weak, strong = (CheckPower("x.y", "upper", k, (SettingPower("", "", v, None),)) for k, v in enumerate((0.3, 0.05)))
        >>> Power("quick", (0, 1), (1e-3, 1e-3), (weak, strong)).share("x.y")
        0.5
        """
        found = self.of(theorem_id)
        return sum(check.detects(violation) for check in found) / len(found) if found else math.nan

"""The audit of a loop that was already run: limits for every generation, then the theorems, within one error budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.evidence import ErrorBudget, Evidence, Interval
from verify.loop_audit.claims import Facts, claims
from verify.loop_audit.distance import gap_of_distributions, separated_variation, transport_limits
from verify.loop_audit.findings import Answer, Finding, hold, levels_for, mean_limit
from verify.loop_audit.moments import Moment, count_intervals, moments
from verify.loop_audit.samples import Array, LoopSamples

DEFAULT_DELTA = 0.01
_LARGEST = 1e100  # end of a range: its square, of which variances are made, is still a double

_ASSUMED = (
    "the points of each sample are independent draws: the real ones of the real law, the others of their generation's model",
    "the samples were not selected by looking at them",
)
_HELD_OUT = "the real points were not used in training (asserted)"
_RANGE = "no draw of any of the laws lies outside {}:{} (asserted)"
_INDEPENDENT = "the runs are independent of each other, real training data included (asserted)"


@dataclass(frozen=True)
class Options:
    """How a loop is audited.

    Parameters
    ----------
    held_out : bool
        Whether the real points were kept away from training. Only then may a set chosen from samples limit the total
        variation; otherwise the gap between distribution functions does, which sees less.
    ends : tuple of (float, float) or None
        Range of the data, the same for all coordinates.
    independent : bool
        Whether the runs are independent, real training data included.
    delta : float
        Probability that any limit or any VIOLATED of the audit is wrong.
    seed : int
        Decides which points choose a set and which test it.

    Raises
    ------
    ArgumentError
        If a value makes no sense.

    Examples
    --------
    >>> Options(held_out=True).delta
    0.01
    """

    held_out: bool = False
    ends: tuple[float, float] | None = None
    independent: bool = False
    delta: float = DEFAULT_DELTA
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1e-100 <= self.delta <= 0.5:
            raise ArgumentError(f"delta = {self.delta}: give the probability of any error, from 1e-100 to 0.5")
        if self.seed < 0:
            raise ArgumentError(f"seed = {self.seed}; it must be a whole number, 0 or more")
        if self.ends is not None and not (np.isfinite(self.ends).all() and self.ends[0] < self.ends[1]):
            raise ArgumentError(f"range {self.ends[0]:g}:{self.ends[1]:g}: give two finite numbers, the smaller first")
        if self.ends is not None and max(map(abs, self.ends)) > _LARGEST:
            raise ArgumentError(
                f"range {self.ends[0]:g}:{self.ends[1]:g}: give numbers up to 1e100, or change the unit of the values"
            )


@dataclass(frozen=True)
class Generation:
    """What is known of one generation of one run; all limits of an audit hold together.

    Parameters
    ----------
    run, t, points : int
        Number of the run and of the generation, from 1; size of the sample.
    tv_shown : float
        Estimate of the part of the total variation that the method sees.
    tv_lower : float
        Lower limit of the total variation to the real law. There is no upper one but 1.
    w1 : Interval
        Wasserstein-1 distance to the real law, in units of the data.
    moments : tuple of Moment
    """

    run: int
    t: int
    points: int
    tv_shown: float
    tv_lower: float
    w1: Interval
    moments: tuple[Moment, ...]


@dataclass(frozen=True)
class LoopAudit:
    """Everything an audit found.

    Parameters
    ----------
    dimension, real_points : int
    real_moments : tuple of Moment
    generations : tuple of Generation
    mean_tv : mapping of int to float
        Lower limit of the expected total variation over runs, by generation.
    findings : tuple of Finding
    method : str
        How total variation was limited.
    assumed : tuple of str
        What the limits rest on and the samples cannot show.
    error_budget : mapping
    seed : int
    """

    dimension: int
    real_points: int
    real_moments: tuple[Moment, ...]
    generations: tuple[Generation, ...]
    mean_tv: Mapping[int, float]
    findings: tuple[Finding, ...]
    method: str
    assumed: tuple[str, ...]
    error_budget: Mapping[str, object]
    seed: int

    @property
    def violated(self) -> tuple[Finding, ...]:
        """Theorems that do not hold for this loop with what was asserted of it."""
        return tuple(f for f in self.findings if f.answer is Answer.VIOLATED)


def audit_loop(samples: LoopSamples, facts: Facts | None = None, options: Options | None = None) -> LoopAudit:
    """Audit a loop that was already run.

    Half of the error budget goes to the limits of total variation, a quarter to the step from runs to what theorems speak
    of, a quarter to W1 and the moments; each part is split equally.

    Parameters
    ----------
    samples : LoopSamples
    facts : Facts, optional
        What its owner says of the loop; without it there is hardly a theorem to hold against the samples.
    options : Options, optional

    Returns
    -------
    LoopAudit

    Raises
    ------
    ArgumentError, UnknownTheorem
        If an option, a fact or a theorem makes no sense.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> samples = LoopSamples(rng.normal(0, 1, 2000), [{1: rng.normal(0, 1, 2000), 2: rng.normal(0.5, 0.5, 2000)}])
    >>> audit = audit_loop(samples, Facts(constants={"e": "0.05"}), Options(held_out=True))
    >>> [round(row.tv_lower, 1) for row in audit.generations]  # the truth: 0 and 0.4102
    [0.0, 0.3]
    >>> {f.answer.value for f in audit.findings if f.claim.theorem.id == "fu2024.fully_synthetic"} == {
    ...     "NOT CONTRADICTED", "EXCEEDED"}
    True
    """
    facts, options = facts or Facts(), options or Options()
    put = claims(facts, samples.generations, samples.dimension)
    quarter = ErrorBudget(options.delta).share(4)
    cells = sum(len(run) for run in samples.runs)
    variation = ErrorBudget(2 * quarter)
    level = variation.share(cells)
    description = ErrorBudget(quarter)
    each = description.share(cells + (cells + 1) * count_intervals(samples.dimension, options.ends))
    levels, theorem_record = levels_for(quarter, len(samples.generations), put)

    real = samples.real[_stream(options.seed, 0, 0).permutation(len(samples.real))]
    rows = tuple(
        _generation(real, run[t], (number, t), options, level, each)
        for number, run in enumerate(samples.runs, start=1)
        for t in run
    )
    shown = {t: [row.tv_lower for row in rows if row.t == t] for t in samples.generations}
    assumed = (*_ASSUMED, *_asserted(options, len(samples.runs)))
    return LoopAudit(
        dimension=samples.dimension,
        real_points=len(real),
        real_moments=moments(real, each, options.ends),
        generations=rows,
        mean_tv={t: mean_limit(limits, levels.mean, options.independent) for t, limits in shown.items()},
        findings=tuple(
            hold(claim, shown[claim.t] if claim.t is not None else [], levels, independent=options.independent)
            for claim in put
        ),
        method=(
            "a set chosen on half of each sample, tested on the other half (Clopper-Pearson)"
            if options.held_out
            else "the largest gap between distribution functions of a coordinate (Dvoretzky-Kiefer-Wolfowitz-Massart)"
        ),
        assumed=assumed,
        error_budget={
            "total": options.delta,
            "total_variation": variation.record(),
            "theorems": theorem_record,
            "w1_and_moments": description.record(),
        },
        seed=options.seed,
    )


def _asserted(options: Options, runs: int) -> list[str]:
    found = [_HELD_OUT] if options.held_out else []
    if options.ends is not None:
        found.append(_RANGE.format(*(f"{end:g}" for end in options.ends)))
    if options.independent and runs > 1:
        found.append(_INDEPENDENT)
    return found


def _stream(seed: int, run: int, t: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(run, t)))


def _generation(
    real: Array, points: Array, place: tuple[int, int], options: Options, level: float, each: float
) -> Generation:
    rng = _stream(options.seed, *place)
    # Independent draws may have been stored in some order; quantities that pair neighbours need them shuffled.
    points = points[rng.permutation(len(points))]
    variation: Evidence = (
        separated_variation(real, points, rng) if options.held_out else gap_of_distributions(real, points)
    )
    return Generation(
        run=place[0],
        t=place[1],
        points=len(points),
        tv_shown=variation.estimate,
        tv_lower=variation.lower(level),
        w1=transport_limits(real, points, each, options.ends),
        moments=moments(points, each, options.ends),
    )

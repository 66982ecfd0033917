"""Which theorems speak about a loop, and what their bounds are at what its owner says of it."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import bounds
from bounds import Assessment, Direction, Mode, Theorem
from bounds.errors import ArgumentError
from bounds.hypotheses import failing_sentence
from bounds.numerals import read_number
from bounds.symbols import PARAMETERS
from verify.evidence import Interval
from verify.mixing import Regime

# Theorems that speak of any model, and where their real data comes from. Those that fix the model are asked for by id.
_ANY_MODEL: tuple[tuple[str, frozenset[Regime], Mapping[str, str]], ...] = (
    ("fu2024.fully_synthetic", frozenset({Regime.REPLACE}), {}),
    ("fu2024.real_plus_last", frozenset({Regime.FRESH, Regime.REUSED}), {}),
    ("fu2024.balanced", frozenset({Regime.ACCUMULATE}), {}),
    ("fu2024.phase_transition", frozenset({Regime.FRESH}), {}),
    ("fu2024.phase_transition_reused", frozenset({Regime.REUSED}), {}),
    ("fu2024.weighted_rate", frozenset({Regime.REPLACE}), {"schedule": "fully_synthetic"}),
    ("fu2024.weighted_rate", frozenset({Regime.FRESH, Regime.REUSED}), {"schedule": "real_plus_last"}),
    ("fu2024.weighted_rate", frozenset({Regime.ACCUMULATE}), {"schedule": "balanced"}),
    ("fu2025.distribution_shift", frozenset({Regime.REUSED}), {}),
)
# What speaks of other models speaks of them in some data regimes alone; without real points, fresh ones are none.
_ONE_MODEL = {
    "fu2024.kde_loop": frozenset({Regime.FRESH, Regime.REPLACE}),
    "fu2024.kde_loop_reused": frozenset({Regime.REUSED}),
}
_BY_CHOICE = {
    ("data", "synthetic"): frozenset({Regime.REPLACE}),
    ("data", "fresh"): frozenset({Regime.FRESH, Regime.REPLACE}),
    ("data", "reused"): frozenset({Regime.REUSED}),
    ("schedule", "fully_synthetic"): frozenset({Regime.REPLACE}),
    ("schedule", "real_plus_last"): frozenset({Regime.FRESH, Regime.REUSED}),
    ("schedule", "balanced"): frozenset({Regime.ACCUMULATE}),
}
_OF_THE_LOOP = ("t", "n", "alpha", "lam", "x")


@dataclass(frozen=True)
class Facts:
    """What the owner of a loop says of it; nothing here can be seen in samples, so all of it is asserted.

    Parameters
    ----------
    n : str or number, optional
        Size of the training sets: the real points beside `lam`, all points beside `alpha` or alone.
    alpha : str or number, optional
        Real share of the training sets after generation 1.
    lam : str or number, optional
        Synthetic-to-real ratio; not together with `alpha`.
    data : Regime, optional
        Where the real points of later generations come from.
    constants : mapping of str to str
        Further arguments of theorems, such as a one-generation error ``e``.
    theorems : tuple of str
        Ids of theorems to look at besides those that speak of any model.

    Raises
    ------
    ArgumentError
        If a number makes no sense, a name is unknown, or facts contradict each other.

    Examples
    --------
    >>> Facts(n=1000, lam="1/4").shares["alpha"]
    Fraction(4, 5)
    """

    n: Any = None
    alpha: Any = None
    lam: Any = None
    data: Regime | None = None
    constants: Mapping[str, Any] = field(default_factory=dict)
    theorems: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.alpha is not None and self.lam is not None:
            raise ArgumentError(f"alpha = {self.alpha} and lam = {self.lam}: give one of them, the other follows")
        for name in ("n", "alpha", "lam"):
            if getattr(self, name) is not None:
                _within(name, getattr(self, name))
        _check_names(self.constants)
        share = self.shares.get("alpha")
        if share is not None and self.data in (Regime.FRESH, Regime.REUSED) and share == 0:
            raise ArgumentError(f"alpha = 0 leaves no {self.data.value} real data: the data is 'replace'")
        if share and self.data is Regime.REPLACE:
            raise ArgumentError("the data is 'replace', which has no real points after generation 1: alpha must be 0")

    @property
    def shares(self) -> dict[str, Fraction]:
        """What follows of alpha and lam from the one that is known."""
        if self.alpha is not None:
            alpha = _within("alpha", self.alpha)
            return {"alpha": alpha, **({"lam": (1 - alpha) / alpha} if alpha else {})}
        if self.lam is not None:
            lam = _within("lam", self.lam)
            return {"lam": lam, "alpha": 1 / (1 + lam)}
        return {}

    @property
    def regimes(self) -> tuple[Regime, ...]:
        """The data regimes that are possible; a constant share rules out that points accumulate."""
        if self.data is not None:
            return (self.data,)
        share = self.shares.get("alpha")
        if share is None:
            return tuple(Regime)
        return (Regime.FRESH, Regime.REUSED) if share else (Regime.REPLACE,)


@dataclass(frozen=True)
class Claim:
    """What a theorem says of one generation.

    Parameters
    ----------
    theorem : Theorem
        Narrowed to one regime.
    t : int or None
        The generation; None where the theorem could not be put to any.
    arguments : mapping
        What it was evaluated at.
    bound : Interval or None
        Enclosure of the bound; None where it says nothing.
    informative : bool
        Whether the bound is below 1.
    problem : str
        Why it says nothing, or which arguments it lacks.
    data : str
        Where the real data must come from for it to apply; empty where its own choices or assumptions say so.

    Examples
    --------
    >>> (claim,) = claims(Facts(data=Regime("replace"), constants={"e": "1/10"}), [2], 1)[:1]
    >>> claim.theorem.id, claim.t, claim.bound.upper
    ('fu2024.fully_synthetic', 2, 0.2)
    """

    theorem: Theorem
    t: int | None
    arguments: Mapping[str, Any]
    bound: Interval | None
    informative: bool
    problem: str
    data: str


def claims(facts: Facts, generations: Sequence[int], dimension: int) -> tuple[Claim, ...]:
    """Put the theorems to a loop.

    Parameters
    ----------
    facts : Facts
    generations : sequence of int
    dimension : int
        Number of coordinates of the data.

    Returns
    -------
    tuple of Claim
        One for each theorem and generation; a single one where an argument is missing.

    Raises
    ------
    ArgumentError, UnknownTheorem
        If a theorem asked for cannot be held against samples, or an argument is outside its domain.

    Examples
    --------
    >>> [(c.theorem.id, c.problem) for c in claims(Facts(data=Regime("reused"), alpha="1/2"), [1], 1)][0]
    ('fu2024.real_plus_last', 'needs e')
    """
    found: list[Claim] = []
    for theorem, data in _theorems(facts):
        found += _put(theorem, data, facts, generations, dimension)
    return tuple(found)


def _theorems(facts: Facts) -> Iterator[tuple[Theorem, str]]:
    for name, regimes, choices in _ANY_MODEL:
        fitting = [regime.value for regime in facts.regimes if regime in regimes]
        if fitting and name not in facts.theorems:
            yield bounds.get(name).at(**choices), " or ".join(fitting)
    for name in facts.theorems:
        theorem = bounds.get(name)
        one = theorem.at(**_choices(theorem, facts))
        if one.quantity.name != "total variation" or name.startswith("lemma."):
            raise ArgumentError(
                f"{name} bounds the {one.quantity.name}; an audit holds total variation against theorems"
            )
        if one.direction is Direction.LOWER:
            raise ArgumentError(
                f"{name} is a lower bound: samples limit total variation from below only, so none can fail"
            )
        spoken_of = _spoken_of(one)
        fitting = [regime.value for regime in facts.regimes if regime in spoken_of]
        if not fitting:
            raise ArgumentError(_of_other_data(one, spoken_of, facts))
        yield one, "" if spoken_of == frozenset(Regime) else " or ".join(fitting)


def _choices(theorem: Theorem, facts: Facts) -> dict[str, str]:
    """Return the choices of a theorem that the loop's owner named, and those that follow from where its data comes from."""
    possible: dict[str, list[str]] = {}
    for choice, value in sorted({chosen for regime in theorem.regimes for chosen in regime.choices}):
        possible.setdefault(choice, []).append(value)
    found = {choice: facts.constants[choice] for choice in possible if choice in facts.constants}
    for choice, values in possible.items():
        known = {value: _BY_CHOICE[choice, value] for value in values if (choice, value) in _BY_CHOICE}
        if choice in found or not known or facts.data is None:
            continue
        fitting = [value for value, regimes in known.items() if facts.data in regimes]
        if not fitting:
            raise ArgumentError(_of_other_data(theorem, frozenset().union(*known.values()), facts))
        found[choice] = min(fitting, key=lambda value: len(known[value]))
    return found


def _spoken_of(theorem: Theorem) -> frozenset[Regime]:
    """Return the data regimes that a theorem speaks of; all where it does not say."""
    for choice in theorem.choices:
        if choice in _BY_CHOICE:
            return _BY_CHOICE[choice]
    any_model = {name: regimes for name, regimes, _ in _ANY_MODEL}
    return any_model.get(theorem.id) or _ONE_MODEL.get(theorem.id) or frozenset(Regime)


def _of_other_data(theorem: Theorem, spoken_of: frozenset[Regime], facts: Facts) -> str:
    said, here = (" or ".join(r.value for r in Regime if r in regimes) for regimes in (spoken_of, facts.regimes))
    chosen = "".join(f" {choice}={value}" for choice, value in theorem.choices)
    return f"{theorem.id}{chosen} speaks of data that is {said}; this loop's is {here}"


def _put(theorem: Theorem, data: str, facts: Facts, generations: Sequence[int], dimension: int) -> list[Claim]:
    names = [symbol.name for symbol in theorem.symbols]
    given = _arguments(names, facts, dimension)
    missing = [name for name in names if name not in given and name != "t"]
    if missing:
        return [Claim(theorem, None, given, None, False, f"needs {', '.join(missing)}", data)]
    # A theorem without a generation speaks of one that learned from real data, which is the first.
    places = [t for t in generations if "t" in names or t == 1]
    return [_claim(theorem, data, t, {**given, **({"t": t} if "t" in names else {})}) for t in places]


def _arguments(names: Sequence[str], facts: Facts, dimension: int) -> dict[str, Any]:
    """Give each symbol its value, the sample size by the convention that goes with the symbols beside it."""
    shares = facts.shares
    known: dict[str, Any] = {"d": dimension, **shares, **({"x": shares["lam"]} if "lam" in shares else {})}
    if facts.n is not None:
        size = _within("n", facts.n)
        total = size * (1 + shares["lam"]) if facts.lam is not None else size
        counts_real = "lam" in names or "x" in names
        known["n"] = total * shares.get("alpha", Fraction(1)) if counts_real else total
    # The calculator knows a symbol under any of its names; here it needs the one in the expression.
    known |= {spelled(name): value for name, value in facts.constants.items()}
    return {name: known[name] for name in names if name in known}


def _claim(theorem: Theorem, data: str, t: int, arguments: Mapping[str, Any]) -> Claim:
    size = arguments.get("n")
    if isinstance(size, Fraction) and size.denominator != 1:
        return Claim(theorem, t, arguments, None, False, f"needs a whole number n; here it is {size}", data)
    found: Assessment = bounds.assess(theorem, arguments)
    if not found.holds:
        failing = next(h for h in found.hypotheses if not h.holds)
        return Claim(theorem, t, arguments, None, False, failing_sentence(failing, dict(arguments)), data)
    return Claim(theorem, t, arguments, Interval(found.lower, found.upper), bool(found.informative), "", data)


def _check_names(constants: Mapping[str, Any]) -> None:
    symbols = {spelling: p for p in PARAMETERS.values() for spelling in (p.name, *p.aliases)}
    choices = {c for theorem in bounds.catalog() for r in theorem.regimes for c, _ in r.choices}
    for name, value in constants.items():
        if name not in symbols:
            if name in choices:
                continue
            near = difflib.get_close_matches(name, [*symbols, *choices], n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ArgumentError(f"no theorem has an argument {name!r}{hint}")
        if symbols[name].name in _OF_THE_LOOP:
            raise ArgumentError(
                f"{name} belongs to the loop: give n, alpha or lam as options; generations are in the file"
            )
        read_number(value, name)


def spelled(name: str) -> str:
    """Return the name of a symbol that may be known by another one.

    Examples
    --------
    >>> spelled("lambda"), spelled("e")
    ('lam', 'e')
    """
    return next((p.name for p in PARAMETERS.values() if name in p.aliases), name)


def _within(name: str, value: Any) -> Fraction:
    number = read_number(value, name)
    parameter = PARAMETERS[name]
    good = isinstance(number, Fraction) and parameter.low <= number <= parameter.high
    if not isinstance(number, Fraction) or not good or (parameter.integer and number.denominator != 1):
        raise ArgumentError(f"{name} = {value}; it must be a {parameter.domain}")
    return number


def failure_probability(claim: Claim) -> Fraction | None:
    """Return how often a claim may fail by its own words; None where it speaks of a mean, or of every run.

    Examples
    --------
    >>> failure_probability(claims(Facts(data=Regime("replace"), constants={"e": "1/10"}), [2], 1)[0])
    """
    if claim.theorem.mode is not Mode.PROBABILITY:
        return None
    allowed = read_number(claim.arguments["delta"], "delta")
    assert isinstance(allowed, Fraction)  # an infinite one is outside its domain
    return allowed

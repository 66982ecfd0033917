"""What every theorem says at one shared setting: about which quantity, which value, or which hypothesis fails."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

from bounds import ArgumentError, Theorem
from bounds.numerals import read_number, show_number
from verify.tables.defaults import DEFAULTS, default
from verify.tables.entries import Entry, enter, exact_text, left_side, regime_text
from verify.tables.request import Request, regimes_of
from verify.tables.table import NOTHING, Cell, Column, Table, blank_repeats

_MOST_POINTS = 10**100
_MODES = {"deterministic": "surely", "expectation": "in mean", "probability": "w.p. 1 - delta"}


def comparison(theorems: Sequence[Theorem], request: Request | None = None) -> Table:
    """Compare theorems at one shared setting: the same points, the same real share, the same generation.

    A setting has n points per training set, a share alpha of them real, so lam n_real synthetic ones, and every theorem
    gets the sizes in its own convention. A learner errs by e per generation; the constants of theorems that name this
    error otherwise (d_tv, c with c N^-s) follow from it where they are not given.

    Parameters
    ----------
    theorems : sequence of Theorem
    request : Request, optional
        At most one value per symbol.

    Returns
    -------
    Table
        One row per theorem and regime, by quantity. Of a theorem with a default regime only that is shown, unless a
        choice selects others; a note names what is left out.

    Raises
    ------
    ArgumentError
        If a symbol has several values, or the number of real points is not whole.

    Examples
    --------
    >>> import bounds
    >>> theorems = [bounds.get("bertrand2024.jacobian"), bounds.get("bertrand2024.jacobian_refined")]
    >>> [row.cells[-2].plain for row in comparison(theorems, Request({"alpha": ("0.5",)})).rows]
    ['–', '≤ 0.518']
    """
    request = request or Request()
    for name, values in request.values.items():
        if len(values) > 1:
            raise ArgumentError(f"{name} has {len(values)} values; a comparison is at one setting, so give one")
    setting = shared_setting({name: values[0] for name, values in request.values.items()})
    entries: list[Entry] = []
    hidden: list[str] = []
    for theorem in theorems:
        regimes = regimes_of(theorem, request.choices)
        own_choice = any(name in request.choices for r in theorem.regimes for name, _ in r.choices)
        shown = regimes[:1] if theorem.default and not own_choice else regimes
        hidden += [f"{theorem.id} ({regime_text(one)})" for one in regimes[len(shown) :]]
        entries += [_entry(one, setting) for one in shown]
    if not entries:
        asked = " ".join(f"{name}={value}" for name, value in request.choices.items())
        raise ArgumentError(f"no theorem of this table has a regime {asked}")
    order = list(dict.fromkeys(entry.theorem.quantity.name for entry in entries))
    entries.sort(key=lambda entry: order.index(entry.theorem.quantity.name))
    used = {name: text for name, text in setting.items() if any(name in _needs(e.theorem) for e in entries)}
    columns = (
        Column("quantity", fold=True), Column("theorem"), Column("regime", fold=True), Column("holds"),
        Column("bound", right=True), Column("what it says", fold=True),
    )  # fmt: skip
    return Table(
        name="comparison",
        caption=_caption(setting, entries),
        columns=columns,
        rows=blank_repeats([_row(entry) for entry in entries], 1 + len(columns[:1])),
        given={name: text for name, text in used.items() if name not in ("n", "n_real", "alpha", "lam", "t")},
        notes=_notes(entries, hidden),
        records=tuple(entry.record() for entry in entries),
    )


def shared_setting(given: Mapping[str, str]) -> dict[str, str]:
    """Complete a setting: sizes and shares in both conventions, and one error of learning under all its names.

    Parameters
    ----------
    given : mapping of str to str
        n counts real points if lam is given, else all points.

    Returns
    -------
    dict of str to str
        With ``n`` for all points and ``n_real`` for the real ones; lam is absent where alpha is 0.

    Raises
    ------
    ArgumentError
        If a value is no number, or the number of real points is not whole.

    Examples
    --------
    >>> found = shared_setting({"n": "800", "lam": "0.25"})
    >>> found["n"], found["n_real"], found["alpha"], found["x"]
    ('1000', '800', '0.8', '0.25')
    """
    number = {name: read_number(text, name) for name, text in {**DEFAULTS, **given}.items()}
    size, ratio, share = (_finite(number, name) for name in ("n", "lam", "alpha"))
    if "lam" in given:
        if ratio < 0:
            raise ArgumentError(f"lam = {given['lam']}; it must be 0 or more")
        share, real, total = 1 / (1 + ratio), size, size * (1 + ratio)
    else:
        if not 0 <= share <= 1:
            raise ArgumentError(f"alpha = {given['alpha']}; it must lie between 0 and 1")
        real, total = share * size, size
    if total > _MOST_POINTS:
        raise ArgumentError(
            f"n = {given.get('n', size)}, lam = {show_number(ratio)}: a comparison takes up to 1e100 points"
        )
    if real.denominator != 1 or total.denominator != 1:
        raise ArgumentError(
            f"this means {float(real):g} real of {float(total):g} points; choose n and alpha or lam so that both are whole"
        )
    setting = {**DEFAULTS, **given, "n": str(total), "n_real": str(real), "alpha": exact_text(share)}
    if share:
        setting["lam"] = exact_text((1 - share) / share)
        setting["x"] = given.get("x", setting["lam"])
    else:
        setting.pop("lam")
    error, s = _finite(number, "e"), _finite(number, "s")
    setting["d_tv"] = given.get("d_tv", setting["e"])
    setting["c"] = given.get("c") or _constant(error, total, s)
    return setting


def _constant(error: Fraction, total: Fraction, s: Fraction) -> str:
    """Return c with which c N^-s is the error, rounded up, so that the learner errs by no more."""
    try:
        found = float(error) * float(total) ** float(s) * 1.0005
    except OverflowError:
        found = math.inf
    if math.isinf(found):
        raise ArgumentError(f"e = {show_number(error)}, s = {show_number(s)}: c = e n^s is too large; give c as well")
    return f"{found:.4g}"


def _finite(number: Mapping[str, Fraction | float], name: str) -> Fraction:
    value = number[name]
    if not isinstance(value, Fraction):
        raise ArgumentError(f"{name} must be finite")
    return value


def at_setting(theorem: Theorem, setting: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments of a theorem of one regime at a shared setting, sizes in its own convention.

    Parameters
    ----------
    theorem : Theorem
    setting : mapping of str to str
        As `shared_setting` returns it.

    Returns
    -------
    dict of str to str

    Examples
    --------
    >>> import bounds
    >>> setting = shared_setting({"n": "1000", "alpha": "0.8"})
    >>> at_setting(bounds.get("bertrand2024.normal_mean_loop").at(data="reused"), setting)
    {'lam': '0.25', 'n': '800', 't': '5'}
    """
    needs = _needs(theorem)
    arguments = {name: setting[name] if name in setting else default(theorem, name) for name in needs if name != "lam"}
    if "lam" in needs:
        arguments |= {"lam": setting["lam"]} if "lam" in setting else {"alpha": "0"}
    if "n" in needs and _counts_real(theorem, needs):
        arguments["n"] = setting["n_real"]
    return dict(sorted(arguments.items()))


def _entry(theorem: Theorem, setting: Mapping[str, str]) -> Entry:
    arguments = at_setting(theorem, setting)
    if arguments.get("n") == "0":
        return Entry(theorem, arguments, None, "no real points: n, which counts them, is 0 where alpha = 0")
    return enter(theorem, arguments)


def _counts_real(theorem: Theorem, needs: set[str]) -> bool:
    """Tell whether n counts the real points alone: beside a ratio of synthetic to real ones, or by its own words."""
    return bool(needs & {"lam", "x"}) or "n real points" in theorem.statement.split(":")[0]


def _needs(theorem: Theorem) -> set[str]:
    return {symbol.name for symbol in theorem.symbols}


def _row(entry: Entry) -> tuple[Cell, ...]:
    theorem = entry.theorem
    side = left_side(theorem)
    return (
        Cell(side.text.rpartition(" ")[0]),
        Cell(theorem.id),
        Cell(regime_text(theorem)),
        Cell(_MODES[theorem.mode.value]),
        Cell(f"{side.text.rpartition(' ')[2]} {entry.value}") if entry.says else Cell(NOTHING),
        Cell(_remark(entry)),
    )


def _remark(entry: Entry) -> str:
    if entry.failing is not None:
        return f"nothing: {entry.failing.relation} fails ({entry.failing.left:.4g}, {entry.failing.right:.4g})"
    if not entry.says:
        return f"nothing: {entry.obstacle}"
    if not entry.informative:
        return f"uninformative: {entry.theorem.quantity.trivial} holds anyway"
    return "exact value" if entry.theorem.direction.value == "exact" else "informative"


def _caption(setting: Mapping[str, str], entries: Sequence[Entry]) -> str:
    papers = list(dict.fromkeys(entry.theorem.source.paper.key for entry in entries))
    real, total = int(setting["n_real"]), int(setting["n"])
    ratio = f", lam = {setting['lam']}" if "lam" in setting else ""
    return (
        f"Bounds of {', '.join(papers)} at one setting: training sets of {total} points, {real} of them real "
        f"(alpha = {setting['alpha']}{ratio}), generation t = {setting['t']}."
    )


def _notes(entries: Sequence[Entry], hidden: Sequence[str]) -> tuple[str, ...]:
    notes = [
        "the theorems speak about different loops and models; a smaller value is not a better theorem",
        "only relations between numbers are checked here: what a theorem assumes of the loop, `loopbounds show ID` tells",
        "upper bounds are rounded up, lower bounds down, exact values to nearest",
    ]
    if any(entry.theorem.standing.value == "rate" or "C" in _needs(entry.theorem) for entry in entries):
        notes.append("a rate is shown with the hidden constant C given above, which no paper states")
    if hidden:
        notes.append(f"regimes left out, since the default one is shown: {'; '.join(hidden)}")
    return tuple(notes)

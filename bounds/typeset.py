"""Theorems as LaTeX and Markdown, for papers, pages and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sympy.printing.latex import LatexPrinter

from bounds.quantities import Direction
from bounds.symbols import PARAMETERS

if TYPE_CHECKING:
    from bounds.theorem import Theorem


class _Printer(LatexPrinter):  # type: ignore[misc]
    """Sympy's printer, with the polygamma functions as the field writes them."""

    def _print_harmonic(self, node: Any, exp: str | None = None) -> str:
        terms, *order = map(self._print, node.args)
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"H_{{{','.join([terms, *order])}}}{power}"

    def _print_polygamma(self, node: Any, exp: str | None = None) -> str:
        order, argument = node.args
        name = r"\psi" if order == 0 else rf"\psi_{{{self._print(order)}}}"
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({self._print(argument)}\right)"


_RELATIONS = {Direction.UPPER: r"\le", Direction.LOWER: r"\ge", Direction.EXACT: "="}


def to_latex(expression: Any) -> str:
    r"""Typeset an expression or relation in the catalogue's symbols.

    Parameters
    ----------
    expression : sympy expression or relational

    Returns
    -------
    str

    Examples
    --------
    >>> from bounds.symbols import alpha, lam
    >>> to_latex(alpha * lam)
    '\\alpha \\lambda'
    """
    names = {p.symbol: p.latex for p in PARAMETERS.values()}
    for symbol in expression.free_symbols:
        if symbol.name not in PARAMETERS:
            # One letter is a state or an index; more are the name of a choice.
            names[symbol] = symbol.name if len(symbol.name) == 1 else rf"\text{{{symbol.name.replace('_', ' ')}}}"
    return str(_Printer({"symbol_names": names}).doprint(expression))


def theorem_latex(theorem: Theorem) -> str:
    r"""Typeset left side, relation and right side.

    Examples
    --------
    >>> import bounds
    >>> print(theorem_latex(bounds.get("ferbach2024.curated_limit")))
    p_{t+1}(x)/p_t(x) = \frac{y}{m}
    """
    if theorem.regimes:
        rows = (
            rf"{theorem_latex(theorem.at(**dict(r.choices)))} && \text{{({_named(r.choices)})}}"
            for r in theorem.regimes
        )
        return "\\begin{aligned}\n& " + " \\\\\n& ".join(rows) + "\n\\end{aligned}"
    return f"{theorem.quantity.latex} {_RELATIONS[theorem.direction]} {to_latex(theorem.expression)}"


def _named(choices: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in choices).replace("_", " ")


def theorem_markdown(theorem: Theorem) -> str:
    """Write the statement, its hypotheses and its symbols as Markdown with mathematics.

    Examples
    --------
    >>> import bounds
    >>> print(theorem_markdown(bounds.get("ferbach2024.curated_limit")).splitlines()[0])
    **ferbach2024.curated_limit** (paper; Lemma 2.1)
    """
    lines = [
        f"**{theorem.id}** ({theorem.standing.value}; {theorem.source.label})",
        "",
        theorem.statement,
        "",
        *_formulas(theorem),
    ]
    if theorem.hypotheses:
        lines += ["", "Hypotheses: " + ", ".join(f"${to_latex(h)}$" for h in theorem.hypotheses)]
    if theorem.assumptions:
        lines += ["", "Assumes: " + "; ".join(theorem.assumptions)]
    lines += ["", "| symbol | name | meaning | domain |", "|---|---|---|---|"]
    for described in theorem.parameters:
        lines.append(f"| ${described.latex}$ | `{described.name}` | {described.meaning} | {described.domain} |")
    return "\n".join(lines)


def _formulas(theorem: Theorem) -> list[str]:
    if not theorem.regimes:
        return [f"$$ {theorem_latex(theorem)} $$"]
    lines: list[str] = []
    for regime in theorem.regimes:
        one = theorem.at(**dict(regime.choices))
        named = ", ".join(f"`{name}={value}`" for name, value in regime.choices)
        own = "".join(f", ${to_latex(h)}$" for h in regime.hypotheses)
        lines += [f"{named}{own}:", "", f"$$ {theorem_latex(one)} $$", ""]
    return lines[:-1]

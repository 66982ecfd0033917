r"""Tables as LaTeX with booktabs: a file that compiles as it is, and may be ``\input`` in a paper."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bounds.symbols import PARAMETERS
from verify.tables.table import DAGGER, Cell, Column, Row, Table

_FLOATS = 10
LONGEST = 55
"""Lines of a table that fits on one page; longer ones are broken over pages."""
# In a line as wide as the text.
_LETTERS = 110

_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "''", "`": r"\textasciigrave{}",
    "≤": r"$\le$", "≥": r"$\ge$", "∞": r"$\infty$", "–": "--", "—": "---", DAGGER: r"$\dagger$", "×": r"$\times$",
    "…": r"\ldots{}", "é": r"\'e", "ö": r"\"o", "→": r"$\to$", "²": "$^2$", "√": r"$\surd$",
    "’": "'", "“": "``", "”": "''", "±": r"$\pm$",
}  # fmt: skip
_GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "η": "eta", "θ": "theta", "λ": "lambda",
    "μ": "mu", "ξ": "xi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "ψ": "psi", "Γ": "Gamma", "Δ": "Delta",
    "Σ": "Sigma", "χ": "chi", "π": "pi", "κ": "kappa", "ω": "omega",
}  # fmt: skip
_LATEX |= {letter: rf"$\{name}$" for letter, name in _GREEK.items()}

HEAD = r"""% Compile this file as it is, or \input it where booktabs and longtable are loaded.
\ifdefined\thetable\else
\documentclass{article}
\usepackage[margin=20mm]{geometry}
\usepackage{amsmath,amssymb,booktabs,longtable}
\def\loopboundsalone{}
\begin{document}
\fi
"""
FOOT = r"""
\ifdefined\loopboundsalone\end{document}\fi
"""


def latex_text(text: str) -> str:
    r"""Escape plain text for LaTeX.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        ASCII; a character without a known command becomes a question mark.

    Examples
    --------
    >>> print(latex_text("gaussian_loop ≤ 5%"))
    gaussian\_loop $\le$ 5\%
    """
    return "".join(_LATEX.get(c, c if c.isascii() else "?") for c in text)


_NUMBER = re.compile(r"(?<![\w.])(-?)(\d+(?:\.\d+)?)(?:e([+-]?\d+))?(?![\w.])")


def typeset(text: str) -> str:
    r"""Escape text, set minus signs and powers of ten as mathematics, and leave plain numbers as they are.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> print(typeset("-1.5e-9 of 20"))
    $-1.5\times10^{-9}$ of 20
    """
    return _NUMBER.sub(_number, latex_text(text)).replace(r"-$\infty$", r"$-\infty$")


def _number(found: re.Match[str]) -> str:
    sign, digits, exponent = found.groups()
    power = rf"\times10^{{{int(exponent)}}}" if exponent else ""
    return f"${sign}{digits}{power}$" if sign or power else digits


def latex_document(tables: Sequence[Table]) -> str:
    r"""Write tables as one file.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    str

    Examples
    --------
    >>> print(latex_document([Table("x", "One.", (Column("a_b"),), ())]).splitlines()[10])
    \caption{One.}
    """
    parts = [latex_table(table) for table in tables]
    # LaTeX holds back a limited number of floats only.
    for place in range(_FLOATS, len(parts), _FLOATS):
        parts[place] = "\\clearpage\n" + parts[place]
    return HEAD + "\n\n".join(parts) + FOOT


def latex_table(table: Table) -> str:
    r"""Write one table: a float, or a longtable where it has too many rows for a page.

    Parameters
    ----------
    table : Table

    Returns
    -------
    str

    Examples
    --------
    >>> print(latex_table(Table("x", "One.", (Column("a_b"),), ())))
    \begin{table}[htbp]
    \centering\scriptsize\setlength{\tabcolsep}{3pt}
    \caption{One.}
    \label{tab:x}
    \begin{tabular}{@{}l@{}}
    \toprule
    a\_b \\
    \midrule
    \bottomrule
    \end{tabular}
    \end{table}
    """
    columns = "@{}" + "".join(_column(column, table) for column in table.columns) + "@{}"
    head = " & ".join(_head(column) for column in table.columns) + r" \\"
    folded = [_column(column, table).startswith("p") for column in table.columns]
    body = [line for row in table.rows for line in _row(row, folded)]
    caption, label = rf"\caption{{{_caption(table)}}}", rf"\label{{tab:{table.name}}}"
    if _lines(table) <= LONGEST:
        return "\n".join([
            r"\begin{table}[htbp]", r"\centering\scriptsize\setlength{\tabcolsep}{3pt}", caption, label,
            rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}",
            *_notes(table), r"\end{table}",
        ])  # fmt: skip
    return "\n".join([
        r"\begingroup\scriptsize\setlength{\tabcolsep}{3pt}\setlength{\LTcapwidth}{\linewidth}",
        rf"\begin{{longtable}}{{{columns}}}",
        rf"{caption}{label}\\", r"\toprule", head, r"\midrule", r"\endfirsthead", r"\toprule", head, r"\midrule",
        r"\endhead", r"\bottomrule", r"\endfoot", *body, r"\end{longtable}", *_notes(table), r"\endgroup",
    ])  # fmt: skip


def _column(column: Column, table: Table) -> str:
    width = _width(column, table)
    if width is None:
        return "r" if column.right else "l"
    return rf"p{{{width}\linewidth}}"


def _width(column: Column, table: Table) -> float | None:
    """Return the width of a column whose cells are broken over lines; None where they are not."""
    if not column.fold:
        return None
    place = table.columns.index(column)
    widest = max((len(row.cells[place].plain) for row in table.rows), default=0)
    return next((width for most, width in ((20, None), (32, 0.13), (60, 0.17)) if widest <= most), 0.2)


def _lines(table: Table) -> float:
    """Estimate the height of a table in lines of its own size."""
    folded = [(place, width) for place, column in enumerate(table.columns) if (width := _width(column, table))]
    return sum(
        max([1, *(-(-len(row.cells[place].plain) // (_LETTERS * width)) for place, width in folded)]) + row.starts / 2
        for row in table.rows
    )


def _head(column: Column) -> str:
    return f"${column.math}$" if column.math else latex_text(column.head)


def _row(row: Row, folded: Sequence[bool]) -> list[str]:
    cells = [
        (r"\raggedright " if fold and cell.text else "") + _cell(cell)
        for cell, fold in zip(row.cells, folded, strict=True)
    ]
    # Ragged text gives the short end of a row another meaning.
    line = " & ".join(cells) + (r" \tabularnewline" if any(folded) else r" \\")
    return [r"\addlinespace", line] if row.starts else [line]


def _cell(cell: Cell) -> str:
    mark = "" if not cell.mark else r"$^{\dagger}$" if cell.mark == DAGGER else rf"$^{{\mathrm{{{cell.mark}}}}}$"
    return (f"${cell.math}$" if cell.math else _broken(typeset(cell.text))) + mark


def _broken(text: str) -> str:
    r"""Let ids and relations break after underscores and points, which narrow columns need."""
    return re.sub(r"(?<=[a-z0-9])\.(?=[a-z])", r".\\allowbreak{}", text.replace(r"\_", r"\_\allowbreak{}"))


def _caption(table: Table) -> str:
    text = typeset(table.caption)
    if table.given:
        fixed = ", ".join(f"${_math(name)} = {value}$" for name, value in table.given.items())
        text += f" Held fixed: {fixed}."
    return text


def _math(name: str) -> str:
    return PARAMETERS[name].latex if name in PARAMETERS else rf"\text{{{latex_text(name)}}}"


def _notes(table: Table) -> list[str]:
    if not table.notes:
        return []
    notes = r"\\ ".join(_broken(typeset(note)) for note in table.notes)
    return [r"\par\smallskip", rf"\parbox{{0.95\linewidth}}{{\raggedright {notes}}}"]

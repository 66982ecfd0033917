"""Tables of text as Markdown, LaTeX and a self-contained HTML page."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

TITLE = "Theorems on self-consuming training loops: bounds and measurements"

Captions = Mapping[str, str]
"""Caption by the name of a figure's file without its ending."""


def markdown_table(frame: pd.DataFrame) -> str:
    r"""Write a table as Markdown.

    Parameters
    ----------
    frame : pandas.DataFrame

    Returns
    -------
    str

    Examples
    --------
    >>> print(markdown_table(pd.DataFrame({"a|b": ["x"]})))
    | a\|b |
    |---|
    | x |
    """
    lines = [_cells(frame.columns), "|" + "---|" * len(frame.columns)]
    return "\n".join(lines + [_cells(row) for row in frame.itertuples(index=False)])


def _cells(row: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", r"\|").replace("\n", " ") for cell in row) + " |"


def markdown_page(summary: pd.DataFrame, controls: pd.DataFrame, sentence: str, figures: Captions) -> str:
    """Write the summary, the controls and the figures as Markdown.

    Parameters
    ----------
    summary, controls : pandas.DataFrame
    sentence : str
        How the verdicts may err.
    figures : mapping
        Captions by file name.

    Returns
    -------
    str

    Examples
    --------
    >>> markdown_page(pd.DataFrame({"a": ["x"]}), pd.DataFrame(), "Fine.", {}).splitlines()[2]
    'Fine.'
    """
    parts = [f"# {TITLE}", sentence, markdown_table(summary)]
    if len(controls):
        parts += ["## Controls", "Planted false theorems; each must be caught.", markdown_table(controls)]
    parts += [f"![{caption}]({name}.png)\n\n{caption}" for name, caption in figures.items()]
    return "\n\n".join(parts) + "\n"


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "≤": r"$\le$", "≥": r"$\ge$", "∞": r"$\infty$",
}  # fmt: skip


def latex_text(text: str) -> str:
    r"""Escape plain text for LaTeX.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> print(latex_text("gaussian_loop ≤ 5%"))
    gaussian\_loop $\le$ 5\%
    """
    return "".join(_LATEX.get(character, character) for character in text)


def latex_tables(summary: pd.DataFrame, sentence: str) -> str:
    r"""Write the summary as LaTeX tables, one per paper, to be ``\input`` where booktabs is loaded.

    Parameters
    ----------
    summary : pandas.DataFrame
        With a column ``theorem``, whose entries begin with the paper's key.
    sentence : str
        How the verdicts may err; goes into the captions.

    Returns
    -------
    str

    Examples
    --------
    >>> print(latex_tables(pd.DataFrame({"theorem": ["x2024.a_b"], "verdict": ["EXACT"]}), "Fine."))
    % needs \usepackage{booktabs}
    \begin{table}
    \centering\scriptsize\setlength{\tabcolsep}{3pt}
    \caption{Bounds of x2024 and what was measured. Fine.}
    \label{tab:x2024}
    \begin{tabular}{ll}
    \toprule
    theorem & verdict \\
    \midrule
    a\_b & EXACT \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    keys = list(dict.fromkeys(name.partition(".")[0] for name in summary["theorem"]))
    return "\n".join([r"% needs \usepackage{booktabs}", *(_latex_table(summary, key, sentence) for key in keys)]) + "\n"


def _latex_table(summary: pd.DataFrame, key: str, sentence: str) -> str:
    mine = summary[summary["theorem"].str.partition(".")[0] == key].copy()
    mine["theorem"] = [name.partition(".")[2] for name in mine["theorem"]]
    cells = mine.map(lambda cell: _typeset(latex_text(str(cell))))
    cells.columns = [latex_text(str(name)) for name in cells.columns]
    right = {"settings", "controls"}
    table = cells.style.hide(axis="index").to_latex(
        hrules=True, column_format="".join("r" if name in right else "l" for name in mine.columns)
    )
    caption = f"Bounds of {latex_text(key)} and what was measured. {latex_text(sentence)}"
    return "\n".join(
        [
            r"\begin{table}",
            r"\centering\scriptsize\setlength{\tabcolsep}{3pt}",
            rf"\caption{{{caption}}}",
            rf"\label{{tab:{key}}}",
            table.rstrip("\n"),
            r"\end{table}",
        ]
    )


_NUMBER = re.compile(r"(?<![\w.])(-?)(\d+(?:\.\d+)?)(?:e([+-]?\d+))?(?![\w.])")


def _typeset(text: str) -> str:
    """Set minus signs and powers of ten as mathematics, and leave plain numbers as they are."""
    return _NUMBER.sub(_number, text).replace(r"-$\infty$", r"$-\infty$")


def _number(found: re.Match[str]) -> str:
    sign, digits, exponent = found.groups()
    power = rf"\times10^{{{int(exponent)}}}" if exponent else ""
    return f"${sign}{digits}{power}$" if sign or power else digits


_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 1rem 0; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #ddd; vertical-align: top; }
th { border-bottom: 2px solid #222; position: sticky; top: 0; background: #fff; }
figure { display: inline-block; margin: 1rem 1rem 1rem 0; max-width: 34rem; vertical-align: top; }
img { max-width: 100%; } figcaption { font-size: 13px; } summary { cursor: pointer; }
.VIOLATED, .FAILED { background: #f6c7b6; font-weight: bold; } .INCONCLUSIVE { background: #fbe9b7; }
td:nth-child(4), td:nth-child(5) { white-space: nowrap; }
.wide { overflow-x: auto; }
"""


def html_page(
    summary: pd.DataFrame,
    every: pd.DataFrame,
    controls: pd.DataFrame,
    sentence: str,
    figures: Captions,
    directory: Path,
) -> str:
    """Write one page that needs no other file.

    Parameters
    ----------
    summary, every, controls : pandas.DataFrame
        One row per theorem and regime, per setting, per control.
    sentence : str
        How the verdicts may err.
    figures : mapping
        Captions by file name.
    directory : Path
        Where the figures are.

    Returns
    -------
    str

    Examples
    --------
    >>> page = html_page(pd.DataFrame({"a": ["<x>"]}), pd.DataFrame(), pd.DataFrame(), "Fine.", {}, Path("."))
    >>> "&lt;x&gt;" in page
    True
    """
    pictures = "\n".join(_figure(directory / f"{name}.png", caption) for name, caption in figures.items())
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{TITLE}</title>
<style>{_STYLE}</style></head>
<body>
<h1>{TITLE}</h1>
<p>{html.escape(sentence)}</p>
{html_table(summary)}
{pictures}
<h2>Controls</h2>
<p>Planted false theorems; each must come out VIOLATED in at least one setting.</p>
<details><summary>{len(controls)} controls</summary>{html_table(controls)}</details>
<h2>All settings</h2>
<details><summary>{len(every)} results</summary>{html_table(every)}</details>
</body>
</html>
"""


def _figure(path: Path, caption: str) -> str:
    encoded = base64.b64encode(path.read_bytes()).decode()
    text = html.escape(caption, quote=True)
    return f'<figure><img alt="{text}" src="data:image/png;base64,{encoded}"><figcaption>{text}</figcaption></figure>'


def html_table(frame: pd.DataFrame) -> str:
    """Write a table as HTML, its verdicts marked.

    Parameters
    ----------
    frame : pandas.DataFrame

    Returns
    -------
    str

    Examples
    --------
    >>> html_table(pd.DataFrame({"verdict": ["EXACT"]})).count("EXACT")
    2
    """
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in frame.columns)
    body = "\n".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in frame.itertuples(index=False))
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def _cell(cell: object) -> str:
    text = f"{cell:.6g}" if isinstance(cell, float) else str(cell)
    verdict = f' class="{text}"' if text in ("FAILED", "VIOLATED", "INCONCLUSIVE", "CONSISTENT", "EXACT") else ""
    return f"<td{verdict}>{html.escape(text)}</td>"

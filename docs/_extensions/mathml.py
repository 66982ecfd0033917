r"""Typesets the mathematics of the pages as MathML while they are built: formulas need no script, font or network.

Browsers show MathML by themselves. A command that the converter does not know would appear as text, so it is a warning,
and warnings are errors.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)
UNKNOWN = re.compile(r">\s*\\[a-zA-Z]+")
SIZED_BRACKET = re.compile(r"\\([bB]igg?)([lr]?)\s*\\(langle|rangle|lfloor|rfloor|\|)")
BRACKETS = {"langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "|": "‖"}
ALPHABET = re.compile(r"\\(mathbb|mathcal|mathbf|mathrm)\s+([A-Za-z0-9])")
TIGHT = re.compile(r"<mo(?=[^>]*>(?:&#x0007C;|&#x02016;|&#x0002F;|[|‖/])</mo>)")
"""Bars and the slash, which browsers would set apart from what they belong to."""
FUNCTION = re.compile(r"<(m[io])((?: [^>]*)?)>([A-Za-z]{2,})</\1>")
ENDS_A_FACTOR = re.compile(r"</(?:mi|mn|mrow|mfrac|msqrt|msub|msup|msubsup)>$|(?:[)\]]|&#x0(?:0029|005D);)</mo>$")
OPENS = re.compile(r"(?:<mrow>)*<mo[^>]*>(?:&#x0(?:0028|005B);|[(\[])")


def to_mathml(latex: str, block: bool = False) -> str:
    r"""Convert mathematics from LaTeX to one ``math`` element.

    Raises
    ------
    ValueError
        If a command is not known.

    Examples
    --------
    >>> "<mfrac>" in to_mathml(r"\frac12")
    True
    """
    readable = SIZED_BRACKET.sub(lambda m: rf"\{m[1]}{m[2]} {BRACKETS[m[3]]}", latex)
    readable = ALPHABET.sub(r"\\\1{\2}", readable)
    converted = TIGHT.sub('<mo lspace="0" rspace="0"', str(convert(readable, display="block" if block else "inline")))
    converted = FUNCTION.sub(_spaced, converted)
    if unknown := UNKNOWN.search(converted):
        raise ValueError(f"{unknown[0].lstrip('> ')} is not known to the converter in: {latex}")
    return converted


def _spaced(found: re.Match[str]) -> str:
    """Set the name of a function apart from a factor before it, and from an argument without brackets, as TeX does."""
    _, attributes, name = found.groups()
    before = "0.167em" if ENDS_A_FACTOR.search(found.string[: found.start()]) else "0"
    after = "0" if OPENS.match(found.string, found.end()) else "0.167em"
    return f'<mo{attributes} form="prefix" lspace="{before}" rspace="{after}">{name}</mo>'


def _written(node: nodes.Element, block: bool) -> str:
    latex = node.astext()
    try:
        return to_mathml(latex, block)
    except Exception as error:  # noqa: BLE001 -- the converter raises many kinds, all of which mean a wrong formula
        LOGGER.warning("a formula cannot be shown: %s", error, location=node)
        return ""


def visit_math(self: Any, node: nodes.math) -> None:
    """Write an inline formula."""
    self.body.append(_written(node, False))
    raise nodes.SkipNode


def visit_math_block(self: Any, node: nodes.math_block) -> None:
    """Write a displayed formula, which scrolls on its own where the page is narrow."""
    self.body.append(f'<div class="formula" tabindex="0" role="group">{_written(node, True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

r"""The LaTeX of the catalogue as presentation MathML, which browsers show without help.

It reads the LaTeX that `bounds.typeset` writes and that symbols and quantities carry: a subset of mathematics mode.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

_TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|[0-9]+(?:\.[0-9]+)?|\S|\s+")

_LETTERS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "varepsilon": "ε", "epsilon": "ϵ", "zeta": "ζ", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "varphi": "φ", "phi": "ϕ", "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ",
    "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "infty": "∞", "nabla": "∇", "ell": "ℓ",
}  # fmt: skip
_OPERATORS = {
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "neq": "≠", "to": "→", "mapsto": "↦", "cdot": "·", "times": "×",
    "|": "‖", "langle": "⟨", "rangle": "⟩", "lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "mid": "∣",
    "setminus": "∖", "{": "{", "}": "}", "int": "∫", "in": "∈", "ldots": "…", "pm": "±",
}  # fmt: skip
_LARGE = {"sum": "∑", "prod": "∏"}
_NAMES = (
    "log",
    "exp",
    "max",
    "min",
    "sup",
    "inf",
    "lim",
    "det",
    "tanh",
    "sinh",
    "cosh",
    "atan",
    "ln",
    "arctan",
    "asin",
)
_WITH_LIMITS = ("max", "min", "sup", "inf", "lim")
_SPACES = {",": "0.17em", ":": "0.22em", ";": "0.28em", " ": "0.25em", "!": "-0.17em", "quad": "1em", "qquad": "2em"}
_ACCENTS = {"hat": "^", "widehat": "^", "bar": "‾", "tilde": "~", "overline": "‾"}
_FENCES = "()[]|.⌊⌋⌈⌉⟨⟩‖{}"
_SCRIPT = {"E": "𝔼", "P": "ℙ", "R": "ℝ", "N": "ℕ"}


class LatexError(ValueError):
    """The LaTeX holds something that this converter does not know.

    Examples
    --------
    >>> issubclass(LatexError, ValueError)
    True
    """


def latex_to_mathml(latex: str, block: bool = False) -> str:
    r"""Convert mathematics from LaTeX to MathML.

    Parameters
    ----------
    latex : str
    block : bool
        Whether it stands on a line of its own.

    Returns
    -------
    str
        One ``math`` element.

    Raises
    ------
    LatexError
        If a command is not known or a bracket is not closed.

    Examples
    --------
    >>> latex_to_mathml(r"\frac{x}{2}")
    '<math><mfrac><mi>x</mi><mn>2</mn></mfrac></math>'
    """
    reader = _Reader(_TOKEN.findall(latex))
    body = reader.row(lambda token: False)
    if reader.left():
        raise LatexError(f"a bracket is not opened in {latex}")
    return (f'<math display="block">{body}' if block else f"<math>{body}") + "</math>"


class _Reader:
    """Tokens, and how far they have been read."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def left(self) -> bool:
        return self._at < len(self._tokens)

    def row(self, ends: Callable[[str], bool]) -> str:
        """Read until a token that ends the row, which stays."""
        parts: list[str] = []
        while self.left() and not ends(self._peek()) and self._peek() != "}":
            parts.append(self._scripted())
        return "".join(parts)

    def _peek(self) -> str:
        return self._tokens[self._at]

    def _next(self) -> str:
        if not self.left():
            raise LatexError(f"{''.join(self._tokens)} ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip_space(self) -> None:
        while self.left() and self._peek().isspace():
            self._at += 1

    def _scripted(self) -> str:
        """Read one piece and what is set below and above it."""
        self._skip_space()
        if not self.left():
            return ""
        over = self._peek().lstrip("\\") in (*_LARGE, *_WITH_LIMITS)
        base = self._piece(self._next())
        scripts: dict[str, str] = {}
        while self.left() and (self._peek() in "_^'" or self._peek().isspace()):
            if self._peek().isspace():
                self._skip_space()
                continue
            mark = self._next()
            if mark == "'":
                scripts["^"] = scripts.get("^", "") + "<mo>′</mo>"
            else:
                scripts[mark] = self._argument()
        below, above = scripts.get("_"), scripts.get("^")
        if below is not None and above is not None:
            name = "munderover" if over else "msubsup"
            return f"<{name}>{_one(base)}{_one(below)}{_one(above)}</{name}>"
        if below is not None:
            name = "munder" if over else "msub"
            return f"<{name}>{_one(base)}{_one(below)}</{name}>"
        if above is not None:
            return f"<msup>{_one(base)}{_one(above)}</msup>"
        return base

    def _argument(self) -> str:
        """Read one group or one piece."""
        self._skip_space()
        return self._piece(self._next())

    def _piece(self, token: str) -> str:
        if token == "{":
            body = self.row(lambda following: False)
            self._expect("}")
            return f"<mrow>{body}</mrow>" if not _is_single(body) else body
        if token.startswith("\\"):
            return self._command(token[1:])
        if token[0].isdigit():
            return f"<mn>{token}</mn>"
        if token.isalpha():
            return f"<mi>{escape(token)}</mi>"
        if token in "()[]|":
            return f'<mo stretchy="false">{token}</mo>'
        if token == "&":
            raise LatexError("alignment is not known here")
        return f"<mo>{escape({'-': '−', '*': '∗'}.get(token, token))}</mo>"

    def _expect(self, wanted: str) -> None:
        if not self.left() or self._next() != wanted:
            raise LatexError(f"{wanted} is missing in {''.join(self._tokens)}")

    def _command(self, name: str) -> str:
        if name in _LETTERS:
            upright = ' mathvariant="normal"' if _LETTERS[name] in "ΓΔΘΛΣΦΨΩ∞∇" else ""
            return f"<mi{upright}>{_LETTERS[name]}</mi>"
        if name in _LARGE:
            return f"<mo>{_LARGE[name]}</mo>"
        if name in _OPERATORS:
            stretchy = ' stretchy="false"' if _OPERATORS[name] in _FENCES else ""
            return f"<mo{stretchy}>{escape(_OPERATORS[name])}</mo>"
        if name in _NAMES:
            return f"<mi>{name}</mi><mo>&#x2061;</mo>" if name not in _WITH_LIMITS else f"<mo>{name}</mo>"
        if name in _SPACES:
            return f'<mspace width="{_SPACES[name]}"></mspace>'
        if name in ("displaystyle", "textstyle", "limits", "big", "Big", "bigl", "bigr"):
            return ""
        return self._structure(name)

    def _structure(self, name: str) -> str:
        match name:
            case "frac" | "tfrac" | "dfrac":
                return f"<mfrac>{_one(self._argument())}{_one(self._argument())}</mfrac>"
            case "sqrt":
                return self._root()
            case "left":
                return self._fenced()
            case "mathrm" | "operatorname" | "text" | "mathbb" | "mathcal":
                return self._styled(name)
            case "substack":
                return self._stacked()
            case _ if name in _ACCENTS:
                return (
                    f'<mover accent="true">{_one(self._argument())}<mo stretchy="false">{_ACCENTS[name]}</mo></mover>'
                )
            case _:
                raise LatexError(f"\\{name} is not known here")

    def _root(self) -> str:
        if self.left() and self._peek() == "[":
            self._next()
            index = self.row(lambda token: token == "]")
            self._expect("]")
            return f"<mroot>{_one(self._argument())}{_one(index)}</mroot>"
        return f"<msqrt>{self._argument()}</msqrt>"

    def _fenced(self) -> str:
        opening = self._fence()
        body = self.row(lambda token: token == "\\right")
        self._expect("\\right")
        closing = self._fence()
        ends = zip(("prefix", "postfix"), (opening, closing), strict=True)
        marks = [
            f'<mo form="{form}" fence="true" stretchy="true" lspace="0em" rspace="0em">{fence}</mo>' if fence else ""
            for form, fence in ends
        ]
        return f"<mrow>{marks[0]}{body}{marks[1]}</mrow>"

    def _fence(self) -> str:
        self._skip_space()
        token = self._next()
        token = _OPERATORS.get(token[1:], "") if token.startswith("\\") else token
        if token not in _FENCES or not token:
            raise LatexError(f"{token!r} is no bracket")
        return "" if token == "." else token

    def _styled(self, name: str) -> str:
        """Read letters set in another face; text keeps its spaces."""
        self._skip_space()
        token = self._next()
        words = token
        if token == "{":
            start = self._at
            while self.left() and self._peek() != "}":
                self._at += 1
            words = "".join(self._tokens[start : self._at])
            self._expect("}")
        words = words.replace("\\_", "_").replace("\\ ", " ")
        if name == "text":
            return f"<mtext>{escape(words)}</mtext>"
        if name == "mathbb":
            return f"<mi>{_SCRIPT.get(words, escape(words))}</mi>"
        if name == "mathcal":
            return f"<mi>{'𝒩' if words == 'N' else escape(words)}</mi>"
        return f'<mi mathvariant="normal">{escape(words)}</mi>'

    def _stacked(self) -> str:
        self._expect("{")
        rows = []
        while True:
            rows.append(self.row(lambda token: token == "\\\\"))
            if self.left() and self._peek() == "\\\\":
                self._next()
                continue
            break
        self._expect("}")
        return "<mtable>" + "".join(f"<mtr><mtd>{row}</mtd></mtr>" for row in rows) + "</mtable>"


_ELEMENT = re.compile(r"<(/?)(\w+)[^>]*>")


def _is_single(body: str) -> bool:
    """Tell whether some MathML is exactly one element."""
    depth = count = 0
    for closing, _ in _ELEMENT.findall(body):
        depth += -1 if closing else 1
        count += depth == 0
    return count == 1


def _one(body: str) -> str:
    return body if _is_single(body) else f"<mrow>{body}</mrow>"

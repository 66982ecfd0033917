"""Lists the public faces of both packages, every public name of which has its place in the reference."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from itertools import pairwise
from types import GenericAlias, ModuleType, UnionType
from typing import Any, get_origin

import bounds
import verify

INTERNAL = {
    *(
        "bounds.arguments",
        "bounds.auditing",
        "bounds.ball_code",
        "bounds.calculator",
        "bounds.catalog",
        "bounds.drawing",
        "bounds.enclose",
    ),
    *(
        "bounds.evaluate",
        "bounds.errors",
        "bounds.exact",
        "bounds.grids",
        "bounds.guarded",
        "bounds.hypotheses",
        "bounds.in_place",
    ),
    *("bounds.integrals", "bounds.mixed", "bounds.solving", "bounds.tape", "bounds.sources", "bounds.theorem"),
    *("verify.checks", "verify.power_results", "verify.report_pages", "verify.tasks"),
}
"""Modules that others are built from; what they offer to users is offered by a face above them."""

HEAD = """# Interface

Every public name of the two packages, from its own documentation. `bounds` is the symbolic layer: no randomness, no
files, no printing. `verify` runs loops and holds theorems against them; it imports `bounds`, never the reverse.

| module | for what |
|---|---|
"""


def faces() -> list[str]:
    """Return the public modules: the packages and their public modules; inside a package with a face, the face only."""
    found = []
    for package in (bounds, verify):
        found += [package.__name__, *_below(package)]
    return found


def _below(package: ModuleType) -> list[str]:
    found = []
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        name = info.name.rpartition(".")[2]
        if name.startswith(("_", "cli")) or info.name in INTERNAL:
            continue
        module = importlib.import_module(info.name)
        if public_names(module):
            found.append(info.name)
        if info.ispkg and not hasattr(module, "__all__"):
            found += _below(module)
    return found


def public_names(module: ModuleType) -> list[str]:
    """Return what a module offers: its ``__all__``, or what it defines without a leading underscore."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__)
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and getattr(value, "__module__", "") == module.__name__
    )


def interface_pages() -> dict[str, str]:
    """Return the pages of the interface by file name."""
    documented: dict[int, str] = {}
    found, rows = {}, []
    for name in faces():
        page = _page(name, documented)
        if page:
            found[f"{name}.md"] = page
            rows.append(f"| [{name}]({name}.md) | {_purpose(name)} |")
    names = [name.removesuffix(".md") for name in found]
    contents = ["", "```{toctree}", ":hidden:", "", *names, "```", ""]
    return {"index.md": HEAD + "\n".join([*rows, *contents])} | found


def _purpose(name: str) -> str:
    about = inspect.getdoc(importlib.import_module(name)) or ""
    return about.partition("\n\n")[0].replace("\n", " ").replace("|", r"\|").replace("``", "`")


def _page(name: str, documented: dict[int, str]) -> str:
    """Write the page of a module; a name of an earlier page is pointed to, and a page of such names only is left out."""
    module = importlib.import_module(name)
    own, elsewhere = [], []
    for member in public_names(module):
        home = documented.setdefault(id(getattr(module, member)), name)
        if home == name:
            own.append(member)
        else:
            elsewhere.append(f"`{member}` ([{home}]({home}.md))")
    if not own:
        return ""
    lines = [f"# {name}", "", "```{eval-rst}", f".. automodule:: {name}", f"   :members: {', '.join(own)}"]
    constants = {member: getattr(module, member) for member in own if _is_constant(getattr(module, member))}
    for member, value in constants.items():
        about = _explanation(module, member) or _description(value)
        lines += ["", f".. py:data:: {member}", f"   :module: {name}", "", f"   {about}"]
    lines += ["```", ""]
    return "\n".join([*lines, *([f"Also here: {', '.join(elsewhere)}.", ""] if elsewhere else [])])


def _is_constant(value: Any) -> bool:
    """Tell what autodoc passes over: values have no documentation of their own."""
    return not (inspect.isclass(value) or inspect.ismodule(value) or inspect.isroutine(value) or callable(value)) or (
        get_origin(value) is not None
    )


def _explanation(module: ModuleType, name: str) -> str:
    """Return the first paragraph of what stands below the assignment of a name, in the module that makes it."""
    body = ast.parse(inspect.getsource(module)).body
    for node, following in pairwise([*body, ast.Pass()]):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    return _explanation(importlib.import_module(node.module), alias.name)
        if name in _assigned(node) and isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            return inspect.cleandoc(str(following.value.value)).partition("\n\n")[0].replace("\n", " ")
    return ""


def _assigned(node: ast.stmt) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)}


def _description(value: Any) -> str:
    """Describe a value that nothing is written about."""
    if isinstance(value, bounds.Theorem):
        return f"The theorem `{value.id}`."
    if isinstance(value, bounds.Paper):
        return f"*{value.title}* ({value.year})."
    if isinstance(value, GenericAlias | UnionType) or get_origin(value) is not None:
        return "For annotations."
    return (
        f"Its value is ``{value!r}``."
        if isinstance(value, int | float | tuple)
        else f"Of class `{type(value).__name__}`."
    )

"""Makes links of the names in docstrings: single backticks name a public object, a theorem, or an argument.

An object is looked for where the docstring stands, and then among all public names. What has a dot or a capital letter
must be found, or the build warns; any other name may be an argument, and is shown as code.
"""

from __future__ import annotations

import importlib.util
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

import bounds


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contents: nodes.TextElement
) -> nodes.Element | None:
    """Return what stands for a name that was not found where it was used; nothing, for a warning, if it is nowhere."""
    if node.get("refdomain") != "py" or node["reftype"] != "obj":
        return None
    name = node["reftarget"]
    if name in {theorem.id for theorem in bounds.catalog()}:
        return make_refnode(app.builder, node["refdoc"], f"theorems/{name}", None, contents)
    if _is_argument(name) or _is_module(name):
        return contents
    # A field has no place of its own: it is described with its class.
    for sought in (name, name.rpartition(".")[0]):
        found = env.domains.python_domain.find_obj(env, "", "", sought, None, 1) if sought else []
        places = [place for _, place in found if not place.aliased]
        if len(places) == 1:
            (place,) = places
            return make_refnode(app.builder, node["refdoc"], place.docname, place.node_id, contents)
    return None


def _is_argument(name: str) -> bool:
    return "." not in name and (name == name.lower() or name in bounds.PARAMETERS)


def _is_module(name: str) -> bool:
    """Tell whether this is one of the modules behind the public ones."""
    return name.startswith(("bounds.", "verify.")) and importlib.util.find_spec(name) is not None


def keep_colons(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Keep Napoleon from reading "the error: of what" in the documentation of a property as its type."""
    if what in {"attribute", "data", "property"} and lines and ":" in lines[0]:
        lines[0] = ":" + lines[0]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect both to the build."""
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", keep_colons, priority=400)  # before Napoleon
    return {"parallel_read_safe": True, "parallel_write_safe": True}

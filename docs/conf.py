"""How the documentation is built: ``make docs``, or ``python -m sphinx -W --keep-going docs docs/build/html``."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(DOCS / "_extensions")]

import bounds  # noqa: E402

project = "loopbounds"
author = "The loopbounds developers"
copyright = author
release = version = bounds.__version__
language = "en"

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml", "names"]
exclude_patterns = ["build", "proofs", "_reference", "_extensions"]
nitpicky = True
default_role = "py:obj"

html_theme = "furo"
html_title = f"loopbounds {release}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["loopbounds.css"]
html_show_sourcelink = False
html_copy_source = False
pygments_style, pygments_dark_style = "tango", "monokai"

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "smartquotes"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_param = False
napoleon_use_ivar = True

nb_execution_mode = "cache"
nb_execution_cache_path = str(DOCS / "build" / "notebooks")
nb_execution_timeout = 240
nb_execution_show_tb = True
nb_merge_streams = True
os.environ.setdefault("LOOPBOUNDS_EFFORT", "quick")

# A profile of our own: a reader's start-up files change no page, and kernels do not warn of the local connection they use.
PROFILE = DOCS / "build" / "ipython" / "profile_default"
PROFILE.mkdir(parents=True, exist_ok=True)
(PROFILE / "ipython_kernel_config.py").write_text('get_config().IPKernelApp.log_level = "ERROR"\n', encoding="utf-8")
os.environ["IPYTHONDIR"] = str(PROFILE.parent)

FIGURE = "<!-- figure -->"


def draw_figure(app: Any, docname: str, source: list[str]) -> None:
    """Put the figure of a theorem where its page wants it."""
    if docname.startswith("theorems/") and FIGURE in source[0]:
        from _reference.figures import figure_html

        theorem = bounds.get(docname.removeprefix("theorems/"))
        for program in (DOCS / "_reference").glob("*.py"):
            app.env.note_dependency(str(program), docname=docname)
        source[0] = source[0].replace(FIGURE, figure_html(theorem), 1)


def convert_notebooks(app: Any) -> None:
    """Write the notebooks, which are kept as Python files, in the form that is executed and shown."""
    import jupytext

    target = DOCS / "notebooks"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for path in sorted((ROOT / "notebooks").glob("*.py")):
        jupytext.write(jupytext.read(path, fmt="py:percent"), target / f"{path.stem}.ipynb")


def import_lazy_names(app: Any) -> None:
    """Import the public names that a package fetches when they are first used: autodoc looks at what is there."""
    from _reference.interface import faces, public_names

    for face in map(importlib.import_module, faces()):
        for name in public_names(face):
            setattr(face, name, getattr(face, name))


def write_explorer(app: Any, failure: Exception | None) -> None:
    """Add the interactive page, which stands alone."""
    if failure is None and app.builder.name == "html":
        from verify.explore import build_page

        (Path(app.outdir) / "explore.html").write_text(build_page(), encoding="utf-8")


def setup(app: Any) -> None:
    """Connect the steps above to the build."""
    app.connect("builder-inited", convert_notebooks)
    app.connect("builder-inited", import_lazy_names)
    app.connect("source-read", draw_figure)
    app.connect("build-finished", write_explorer)

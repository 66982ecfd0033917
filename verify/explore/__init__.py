"""The interactive page: one HTML file that evaluates every theorem, offline, from formulas generated here.

The page runs the same compiled expressions as the library, in its own exact arithmetic: fractions while a value is
rational, binary numbers with an error bound from there on, and doubles for integrals only.
"""

from verify.explore.page import build_page, engine_source, page_data

__all__ = ["build_page", "engine_source", "page_data"]

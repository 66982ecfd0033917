"""Tables for papers, pages and programs: of a run, of bounds on a grid, of all papers' bounds at one setting."""

from verify.tables.comparison import comparison
from verify.tables.formats import FORMATS, render
from verify.tables.grid import bound_grids
from verify.tables.request import Request, read_request
from verify.tables.table import Cell, Column, Row, Table

__all__ = [
    "FORMATS",
    "Cell",
    "Column",
    "Request",
    "Row",
    "Table",
    "bound_grids",
    "comparison",
    "read_request",
    "render",
]

"""The records of tables as CSV: one line per entry, numbers in full."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from verify.cli_output import to_json
from verify.tables.table import Table


def csv_text(tables: Sequence[Table]) -> str:
    r"""Write the records of all tables under one head.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    str
        A column for every name that any record has; a cell is empty where a record has none.

    Examples
    --------
    >>> records = ({"id": "x.y", "value": 0.1}, {"id": "x.z", "value": None, "reason": "t >= 1 fails"})
    >>> csv_text([Table("x", "", (), (), records=records)])
    'id,value,reason\nx.y,0.1,\nx.z,,t >= 1 fails\n'
    """
    records = [record for table in tables for record in table.records]
    names = list(dict.fromkeys(name for record in records for name in record))
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(names)
    for record in records:
        writer.writerow(["" if (value := to_json(record.get(name))) is None else value for name in names])
    return written.getvalue()

"""Tables whose rows stand in groups, made from the rows that a topic found."""

from collections.abc import Sequence

import pandas as pd

from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.rows import Row
from evenfield.shared.tables.table import Column, Short, Table


def grouped_table(
    name: str,
    rows: Sequence[Row],
    columns: Sequence[Column],
    note: tuple[str, ...],
    what: str,
    family: str,
    short: Short | None = None,
) -> Table:
    """Return rows as a table whose groups are those of column ``group``, or raise that
    the family has nothing of ``what``.
    """
    if not rows:
        raise nothing_to_show(what, family, name)
    return Table(
        id=name,
        note=note,
        columns=tuple(columns),
        frame=pd.DataFrame(rows),
        group="group",
        short=short,
    )

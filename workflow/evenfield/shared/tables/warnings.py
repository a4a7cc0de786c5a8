"""Warnings of the estimates as the reasons that tables print for blank cells."""

from evenfield.shared.tables.numbers import text
from evenfield.shared.tables.units import TERM_NAMES
from evenfield.study.files import Record

# Said elsewhere in every table: in the period's mark and in the column of detectable
# effects.
SAID_ELSEWHERE = ("PROXY", "SPLICED", "UNDERPOWERED")
NUMBERS = "estimate_id estimate std_error p_value conf_low conf_high".split()


def reason(warning: object) -> str:
    """Return the part of a warning that explains a missing number."""
    parts = [part.strip() for part in text(warning).split(";")]
    for term, name in TERM_NAMES.items():
        parts = [part.replace(term, name) for part in parts]
    return "; ".join(
        part for part in parts if part and not part.startswith(SAID_ELSEWHERE)
    )


def cited(name: str, row: Record, column: str = "estimate") -> dict[str, object]:
    """Return a number of an estimate as a column ``name``, with the id that it has."""
    return {name: row.get(column), f"{name}_estimate_id": row.get("estimate_id")}


def cited_numbers(name: str, row: Record) -> dict[str, object]:
    """Return the id and the numbers of an estimate as columns that start with ``name``,
    and the reason of a blank one.
    """
    columns = {f"{name}_{key}": row.get(key) for key in NUMBERS}
    return {**columns, f"{name}_reason": reason(row.get("warning", ""))}

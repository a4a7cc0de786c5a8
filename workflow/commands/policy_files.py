"""A file of policies with dates, for a new study: unit, kind, first year."""

import re
from pathlib import Path

import pandas as pd

from evenfield.study.errors import IngestError, counted, first_examples
from evenfield.study.ingest.cells import number_text, numbers_of
from evenfield.study.ingest.unit_names import named_units
from new_study import NewStudy

# How the columns of such a file may be named; the first that fits is taken.
COLUMNS = {
    "last_year": r"last.?year|end.?year|until|exit.*",
    "first_year": r"first.?year|.*year.*|since|from|start|date",
    "kind": r"kind|type|policy|programme|program",
    "grade": r"grade|quality|certainty",
}


def add_policies(study: NewStudy, path: Path) -> None:
    """Take policies by unit; a unit may have several."""
    match, frame = study.by_unit(path)
    table = pd.DataFrame({"unit": frame["unit"]})
    free = [name for name in frame if name != "unit"]
    for column, form in COLUMNS.items():
        named = [name for name in free if re.fullmatch(form, name, re.IGNORECASE)]
        if named:
            table[column] = frame[named[0]]
            free.remove(named[0])
    # A column of last years that is blank throughout: every policy is in force.
    if "last_year" in table and table["last_year"].str.strip().eq("").all():
        table = table.drop(columns="last_year")
    for column in ("first_year", "last_year"):
        if column in table:
            table[column] = _years(table, column, path, study)
    if "first_year" not in table:
        raise IngestError(
            f"{path.name}: no column of years",
            "unit and first year of each policy",
            "add the year",
        )
    kinds = table.get("kind", pd.Series("", table.index)).str.strip().str.lower()
    kinds = kinds.str.replace(r"\W+", "_", regex=True)
    table["kind"] = kinds.where(kinds.ne(""), "policy")
    study.tables["policies"] = table
    count = counted(len(table), "policy", "policies")
    study.messages.append(
        f"{path.name}: {count} in {counted(table['unit'].nunique(), 'unit')} by column"
        f" {match.column}"
    )
    study.say_unknown(match, path.name)


def _years(table: pd.DataFrame, column: str, path: Path, study: NewStudy) -> pd.Series:
    """Return years as text; a policy without a first one is refused, one without a last
    one is in force to the end.
    """
    years = numbers_of(table[column])
    if years is None or (years.dropna() % 1).any():
        raise IngestError(
            f"{path.name}: {column} holds no years", "whole years", "correct it"
        )
    blank = table.loc[years.isna(), "unit"]
    if column == "first_year" and len(blank):
        units = named_units(blank, study.tables["units"])
        raise IngestError(
            f"{path.name} has {counted(len(blank), 'policy', 'policies')} without a year"
            f" ({first_examples(units)})",
            "the first year of each policy",
            "fill the cell or remove the row",
        )
    return years.map(number_text)

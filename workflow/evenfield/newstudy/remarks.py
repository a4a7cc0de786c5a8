"""What the page of a new study has to say of its figures: what the source calls income,
fiscal years, and units that are left out.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from evenfield.newstudy.dates import SPANS, dates_of
from evenfield.newstudy.layouts import series_label
from evenfield.newstudy.no_income import OF_YEARS
from evenfield.study.config_files import TODO
from evenfield.study.errors import first_examples
from evenfield.study.latin import in_latin

SHOWN = 6  # units by name
# Of a table, as 3.1 or Table A.1:
NUMBER = re.compile(
    r"^(\d+(\.\d+)*\.?|table [A-Z]?\.?\d+(\.\d+)*[.:])\s+", re.IGNORECASE
)
MARK_BEFORE = re.compile(r"^[(\s]*([*†‡]+)[^\w*†‡]*\s+(.+)$")  # of a note, and its text
MARK_BEHIND = re.compile(r"([*†‡]+)$")  # of a name
LONGEST_NOTE = 200  # letters
UNIT_BEHIND = re.compile(r"[_ ]*\[[^\]]*\]$")  # as zlotys in brackets
# What names no figures: a unit of measure, in words or as a code.
NO_NAME = re.compile(
    r"(?i:income|value)|[A-Z\d]+(_[A-Z\d]+)+"
    r"|(?i:(thousand|constant|current|international|US|\d{4})\s+)*dollars?\b.*"
)


def called(
    income: Mapping[str, str], labels: Mapping[str, str], said: Sequence[str]
) -> str:
    """Return what the source calls income, in quotes; blank if it says no more than a page does or
    says it in other letters than Latin ones; ``income`` as under panel.income, by names of
    the table.
    """
    if "output" in income:
        parts = [income["output"], income["population"]]
    else:
        column = income["column"]
        texts = [labels.get(column, ""), *said, "" if column == TODO else column]
        parts = [series_label([text for text in texts if not NO_NAME.fullmatch(text)])]
    parts = [UNIT_BEHIND.sub("", NUMBER.sub("", part)) for part in parts]
    parts = [part.lower() if part.isupper() and " " in part else part for part in parts]
    readable = all(part and in_latin(part) == part for part in parts)
    return " over ".join(f'"{part}"' for part in parts) if readable else ""


def remarks_on(
    what: str,
    name: str,
    kind: str,
    study_kind: str,
    dates: pd.Series,
    left_out: Mapping[str, Sequence[str]],
) -> list[str]:
    """Return the sentences about what is studied if it is no income, or else about income
    as the source calls it, in a study whose ``study_kind`` says that units are poorer and
    richer; about an index of each unit's own base, as ``kind`` says it;
    about dates as the table writes them, and about units left out by the reason.
    """
    return [
        *_of_income(what, name, study_kind),
        *_of_base(what, kind),
        *_of_years(dates),
        *_of_units(left_out),
    ]


def _of_income(what: str, name: str, study_kind: str) -> Iterator[str]:
    # Totals are smaller and larger, rates lower and higher, as the page says itself.
    if what and study_kind == "income":
        yield f"Poorer and richer mean lower and higher in {what}."
    elif name and not what:
        yield f"Income is {name} in the source."


def _of_base(what: str, kind: str) -> Iterator[str]:
    if OF_YEARS not in kind:
        return
    _, _, since = kind.partition(", since ")
    base = f": {since}" if since else ""
    yield (
        f"Each unit's {what} is relative to its own base{base}. A level above that of"
        " another unit says how much has changed since then, not who has more."
    )


def _of_years(cells: pd.Series) -> Iterator[str]:
    found = dates_of(cells, "")
    if found is not None and found.form == SPANS:
        yield (
            "Figures are of several years together, named after the last one:"
            f" {cells.iloc[0].strip()} is {found.years.iloc[0]}."
        )
    if found is not None and found.form == "fiscal years":
        yield (
            "Years are fiscal years, named after the year that they begin in:"
            f" {cells.iloc[0].strip()} is {found.years.iloc[0]}."
        )


def _of_units(left_out: Mapping[str, Sequence[str]]) -> Iterator[str]:
    why = {"as asked": "Left out by choice", "gaps": "Left out for lack of figures"}
    for reason, opening in why.items():
        if left_out.get(reason):
            yield f"{opening}: {first_examples(list(left_out[reason]), SHOWN)}."


def footnotes(units: Sequence[str], notes: Sequence[str]) -> list[str]:
    """Return what notes below a table say of the units that have their mark."""
    sentences = []
    for found in filter(None, map(MARK_BEFORE.match, notes)):
        marked = [
            MARK_BEHIND.sub("", unit).strip()
            for unit in units
            if (mark := MARK_BEHIND.search(unit.strip())) and mark[1] == found[1]
        ]
        note = found[2].strip().rstrip(".")
        if marked and len(note) <= LONGEST_NOTE and in_latin(note) == note:
            of = first_examples(marked, SHOWN)
            sentences.append(f'The source says of {of}: "{note}."')
    return sentences

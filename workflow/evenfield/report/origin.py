"""Where the figures of income are from, in the words that figures, page and paper print."""

import re
from collections.abc import Iterable, Mapping
from textwrap import shorten
from typing import NamedTuple

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.rows import TEXT
from evenfield.shared.tables.units import in_words
from evenfield.study.expressions import columns_named

WHOLE = "DATA"  # id of the source of a whole study
UNSAID = "not stated"  # flag of a table whose giver named none
LONGEST = 90  # letters of a citation beneath a figure; of a longer one its first clause
MOST_SOURCES = 3


# Where a clause ends: a colon, or a full stop behind a word and before a capital, which
# that of U.S. or of Dept. of is not.
CLAUSE = re.compile(r": |(?<=[^\W_]{2}[\w)])\. (?=[^\Wa-z])")


class Origin(NamedTuple):
    """What is known of the figures of income."""

    source: str  # as it stands beneath a figure
    figures: int  # incomes of units at dates
    dates: int
    gaps: int
    flags: str  # official, estimated: in words
    remarks: list[str]  # of the provenance


def origin_of_income(results: StudyResults) -> Origin:
    """Return sources, flags and remarks of the columns that income is made of, and how
    many figures there are.
    """
    panel = results.table("panel")
    income = panel.pivot(index="unit", columns="year", values="income")
    income = income.dropna(axis=1, how="all")
    spans = _spans(results)
    sources = results.ingested("sources", text=(*TEXT, "citation"))
    citations = dict(zip(sources["source"], sources["citation"], strict=True))
    named = list(dict.fromkeys(spans["source"]))[:MOST_SOURCES]
    said = _of_one_office({name: citations.get(name, "") for name in named})
    said = said or [_short(citations.get(name, ""), name) for name in named]
    if not said:  # provenance of the whole study
        said = [_short(text, name) for name, text in list(citations.items())[:1]]
    return Origin(
        source="; ".join(said),
        figures=int(income.notna().to_numpy().sum()),
        dates=len(income.columns),
        gaps=int(income.isna().to_numpy().sum()),
        flags=in_words(_in_order(spans["flag"].replace(UNSAID, "")) or [""]),
        remarks=_in_order(spans["note"]),
    )


def _spans(results: StudyResults) -> pd.DataFrame:
    spans = results.ingested("panel_provenance", text=(*TEXT, "note"))
    made_of = results.config.panel.income
    columns = list(map(str, results.table("panel")))
    wanted: set[str] = set()
    for text in (made_of.column, made_of.output, made_of.index, made_of.proxy):
        wanted |= set(columns_named(text, columns))
    years = results.config.panel.years
    inside = spans["last_year"].ge(years[0]) & spans["first_year"].le(years[1])
    return spans[spans["variable"].isin(wanted) & inside]


def _in_order(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]


def _of_one_office(citations: Mapping[str, str]) -> list[str]:
    """Return several sources of one office as its name with theirs; nothing otherwise."""
    offices = {citation.partition(",")[0] for citation in citations.values()}
    if len(citations) < 2 or len(offices) > 1:
        return []
    return [f"{offices.pop()} ({', '.join(citations)})"]


def _short(citation: str, name: str) -> str:
    citation = citation.rstrip(".")
    # The only source of a study has no id that a reader would know.
    if name == WHOLE:
        return shorten(citation, LONGEST, placeholder=" …") or name
    if len(citation) <= LONGEST:
        return citation or name
    # Of a long citation its first clause, which most often says whose figures these are.
    clause = CLAUSE.split(citation, maxsplit=1)[0]
    return f"{clause} ({name})" if len(clause) <= LONGEST else name

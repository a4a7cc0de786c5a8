"""Comparisons of cluster and zone regions that share their form: one difference, its power, its range over lists."""

from __future__ import annotations

from collections.abc import Sequence

from evenfield.report.numbers import bare, count_word, in_unit
from evenfield.report.rows import Row, number
from evenfield.report.sentences.base import Facts, Sentence, capital, proxy_mark
from evenfield.report.words import excludes_zero, interval_text, seen_text, underpowered, value_text

DIFFERENCE = "cluster - sez"


def dashed(text: str) -> str:
    """Write the years of a window with a dash."""
    return text.replace("-", "\u2013")


def defined(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that hold a number."""
    return [row for row in rows if number(row, "estimate") is not None]


def deciding_sentence(row: Row, facts: Facts, opening: str) -> Sentence:
    """Say what a deciding comparison shows, and whether it could have shown more."""
    return Sentence(
        f"{opening} {value_text(row)}; {seen_text(row)}{weakness(row)}.",
        dashed(facts.labels.get(row["period"], row["period"])), facts.basis({**row, "period": "", "output_basis": ""}),
        proxy_mark(row), underpowered(row),
    )  # fmt: skip


def weakness(row: Row) -> str:
    """Say that a comparison is underpowered, where it is."""
    if not underpowered(row):
        return ""
    if excludes_zero(row):
        return "; the comparison is underpowered, so its size is likely to be overstated"
    sesoi = in_unit(number(row, "sesoi") or 0.0, row["unit_of_measure"])
    return f", more than the smallest one of interest ({sesoi}): inconclusive and underpowered"


def range_sentence(rows: Sequence[Row], where: str) -> list[Sentence]:
    """Give the range of one comparison over all lists of clusters and zones."""
    found = defined(rows)
    values = [number(row, "estimate") or 0.0 for row in found]
    lists = {row["treatment_def"] for row in found}
    if len(lists) < 2:
        return []
    blank = len({row["treatment_def"] for row in rows} - lists)
    undefined = f" {capital(count_word(blank))} more cannot tell clusters from zones." if blank else ""
    apart = sum(excludes_zero(row) for row in found)
    crossed = f"{apart} of {len(found)} intervals leave out zero" if apart else "no interval leaves out zero"
    unit = found[0]["unit_of_measure"]
    return [Sentence(
        f"Over {count_word(len(lists))} lists of clusters and zones the difference runs from {bare(min(values), unit)} "
        f"to {bare(max(values), unit)}; {crossed}, without correction for looking so often.{undefined}",
        basis=f"{dashed(found[0]['period'])}, {where}",
    )]  # fmt: skip


def parts_text(row: Row) -> str:
    """Write an estimate with its interval in short form."""
    value = bare(number(row, "estimate") or 0.0, row["unit_of_measure"])
    interval = interval_text(row)
    return f"{value} ({interval})" if interval else value

"""Headings of groups of rows: what sets one specification apart from the main one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from evenfield.shared.tables.numbers import text
from evenfield.study.files import Record

if TYPE_CHECKING:  # which imports this package
    from evenfield.shared.study_results import StudyResults

GROUPINGS = {"cell": "cells", "cluster": "cluster or not", "sez": "SEZ or not"}


def sample_parts(row: Record, results: StudyResults) -> list[str]:
    """Say which sample and unit scheme a row has where they are not the main ones."""
    # Only what differs from the main specification is worth a word.
    sample = text(row.get("sample_id")) or "all"
    scheme = text(row.get("unit_scheme"))
    parts = [] if sample == "all" else [results.word(sample)]
    if scheme not in ("", results.main):
        parts.append(f"unit scheme {scheme}")
    return parts


def heading(parts: Sequence[str]) -> str:
    """Join the parts of a heading with commas and capitalise the first letter."""
    joined = ", ".join(part for part in parts if part)
    return joined[:1].upper() + joined[1:]


def sample_heading(
    row: Record, results: StudyResults, primary_weights: str = ""
) -> str:
    """Name the sample of a row, all units where it is the main one, and its weights
    where they are not the primary ones.
    """
    parts = sample_parts(row, results) or [f"all {results.words['units_name']}"]
    other = primary_weights and row["w_id"] != primary_weights
    return heading(
        [*parts, f"{row['w_id'].replace('_', ' ')} weights" if other else ""]
    )


def bare_name(column: str) -> str:
    """Return a column such as `region4` as prose prints it, without its number."""
    return column.rstrip("0123456789").replace("_", " ")


def grouping_name(name: str) -> str:
    """Return a grouping of units as it is printed."""
    taxonomy, colon, kind = name.partition(": ")
    if not colon:
        return name.replace("_", " ")
    return f"{GROUPINGS.get(kind, kind)} ({taxonomy})"

"""Cells: both, cluster only, SEZ only, neither; a dated zone counts from half of a period on."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from evenfield.study.panel.cells import taxonomy_cells
from evenfield.study.spatial_weights import Period


def cells(rows: list[tuple[str, int, int, float]], *periods: Period) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["unit", "cluster", "sez", "sez_from_year"]).assign(taxonomy="own")
    return taxonomy_cells(table, list(periods))


def test_four_cells() -> None:
    out = cells(
        [("A", 1, 1, np.nan), ("B", 1, 0, np.nan), ("C", 0, 1, np.nan), ("D", 0, 0, np.nan)],
        Period("P", 1978, 1991, ""),
    )
    assert out["cell"].tolist() == ["both", "cluster only", "SEZ only", "neither"]
    assert out[["cluster", "sez"]].to_numpy().tolist() == [[1, 1], [1, 0], [0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("start", "end", "year", "counts"),
    [
        (1978, 1991, 1984, 1),
        (1978, 1991, 1985, 0),
        (1992, 1998, 1995, 1),
        (1992, 1998, 1996, 0),
        (2009, 2019, 2014, 1),
        (2009, 2019, 2015, 0),
        (2009, 2019, 1980, 1),
    ],
)
def test_dated_zone_counts_if_in_force_for_half_of_the_yearly_steps(
    start: int, end: int, year: int, counts: int
) -> None:
    steps_in_force = max(end - max(year, start), 0)
    assert (2 * steps_in_force >= end - start) == bool(counts)
    assert cells([("A", 0, 1, float(year))], Period("P", start, end, ""))["sez"].tolist() == [counts]


def test_year_without_a_zone_means_nothing() -> None:
    assert cells([("A", 1, 0, 1900.0)], Period("P", 1978, 1991, ""))["cell"].tolist() == ["cluster only"]


def test_rows_are_sorted_by_taxonomy_unit_and_period() -> None:
    rows = [("B", 0, 1, 1992.0), ("A", 0, 0, np.nan)]
    out = cells(rows, Period("Q", 2001, 2008, ""), Period("P", 1978, 1991, ""))
    assert list(zip(out["unit"], out["period"], out["sez"], strict=True)) == [
        ("A", "P", 0),
        ("A", "Q", 0),
        ("B", "P", 0),
        ("B", "Q", 1),
    ]

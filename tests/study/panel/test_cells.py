"""Cells: both, cluster only, SEZ only, neither; a dated zone counts from half of a period on."""

import numpy as np
import pandas as pd
import pytest

from evenfield.study.panel.cells import taxonomy_cells, yearly_cells
from evenfield.study.spatial_weights import Period


def cells(rows, *periods):
    table = pd.DataFrame(rows, columns=["unit", "cluster", "sez", "sez_from_year"]).assign(taxonomy="own")
    return taxonomy_cells(table, list(periods))


def test_four_cells_in_order_and_a_year_without_a_zone_means_nothing():
    out = cells(
        [("A", 1, 1, np.nan), ("B", 1, 0, np.nan), ("C", 0, 1, np.nan), ("D", 0, 0, np.nan)],
        Period("P", 1978, 1991, ""),
    )
    assert out["cell"].tolist() == ["both", "cluster only", "SEZ only", "neither"]
    assert out[["cluster", "sez"]].to_numpy().tolist() == [[1, 1], [1, 0], [0, 1], [0, 0]]
    assert cells([("A", 1, 0, 1900.0)], Period("P", 1978, 1991, ""))["cell"].tolist() == ["cluster only"]
    rows = [("B", 0, 1, 1992.0), ("A", 0, 0, np.nan)]
    out = cells(rows, Period("Q", 2001, 2008, ""), Period("P", 1978, 1991, ""))
    found = out[["unit", "period", "sez"]].to_numpy().tolist()
    assert found == [["A", "P", 0], ["A", "Q", 0], ["B", "P", 0], ["B", "Q", 1]]


@pytest.mark.parametrize(("start", "end", "last"), [(1978, 1991, 1984), (1992, 1998, 1995), (2009, 2019, 2014)])
def test_dated_zone_counts_if_in_force_for_half_of_the_yearly_steps(start, end, last):
    for year, counts in ((last, 1), (last + 1, 0), (start - 20, 1)):
        assert cells([("A", 0, 1, float(year))], Period("P", start, end, ""))["sez"].tolist() == [counts]


def test_in_yearly_panels_a_zone_counts_from_its_first_year_on():
    rows = pd.DataFrame({"taxonomy": "own", "unit": ["A", "B"], "cluster": [0, 1], "sez": 1})
    out = yearly_cells(rows.assign(sez_from_year=[1988.0, np.nan]), [1987, 1988])
    assert out[["unit", "year", "sez", "cell"]].to_numpy().tolist() == [
        ["A", 1987, 0, "neither"],
        ["A", 1988, 1, "SEZ only"],
        ["B", 1987, 1, "both"],
        ["B", 1988, 1, "both"],
    ]

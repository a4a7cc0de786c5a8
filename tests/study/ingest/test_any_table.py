"""Cells as numbers: in every way in which offices write them, or none at all."""

import pandas as pd
import pytest

from evenfield.study.ingest.any_table import numbers_of
from evenfield.study.ingest.guess import no_numbers

WRITTEN = {
    "points between thousands": (["1.234,5", "12,0"], [1234.5, 12]),
    "several points": (["1.234.567", "1.000"], [1234567, 1000]),
    "decimal points": (["1.234", "2.345"], [1.234, 2.345]),
    "dollars": (["$1,234", "$ 12"], [1234, 12]),
    "reais": (["R$ 1.234,50", "R$ 3,00"], [1234.5, 3]),
    "euros behind": (["€5", "6 €"], [5, 6]),
    "commas between thousands": (["1,234.5", "2"], [1234.5, 2]),
    "one comma between thousands": (["1,234", "12"], [1234, 12]),
    "blanks and a decimal comma": (["1 234,5", "3,1"], [1234.5, 3.1]),
    "a decimal comma, then points": (["987,5", "1.234"], [987.5, 1234]),
    "negative": (["-1.234,5", "2"], [-1234.5, 2]),
    "powers of ten": (["1e5", "2.5E-3"], [100000, 0.0025]),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_numbers_are_read_as_they_are_written(name):
    texts, values = WRITTEN[name]
    assert numbers_of(pd.Series([*texts, "..", ""])).tolist()[:2] == values


MIXED = [["1,5", "1.5"], ["12.5", "1.234,5"], ["a", "1"], ["$", "1"], ["1.2.3", "4"]]


@pytest.mark.parametrize("texts", MIXED)
def test_cells_that_are_written_in_two_ways_are_no_numbers(texts):
    column = pd.Series(texts)
    assert numbers_of(column) is None and no_numbers(column)[1].size

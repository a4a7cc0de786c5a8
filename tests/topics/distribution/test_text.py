"""Whether classes moved against most units: by how much the mean left the middle unit."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from evenfield.topics.distribution.text import named_units


@pytest.mark.parametrize(
    ("moved", "is_said"), [(0.06, False), (0.15, True), (-0.06, False), (-0.15, True)]
)
def test_a_mean_that_moved_by_a_tenth_against_the_middle_is_said(moved, is_said):
    # Mean over median is (2 + x) / 3 where the others have one, and one where all have.
    ends = [1.0, 3 * np.exp(abs(moved)) - 2]
    years = (2000, 2010) if moved > 0 else (2010, 2000)
    panel = pd.DataFrame(
        {"unit": unit, "year": year, "income": end if unit == "c" else 1.0}
        for year, end in zip(years, ends, strict=True)
        for unit in "abc"
    )
    results = SimpleNamespace(
        primary=lambda: {"period": "S1"},
        config=SimpleNamespace(periods={"S1": SimpleNamespace(start=2000, end=2010)}),
        table=lambda _: panel,
        main="all",
    )
    pulled = named_units(results, {})["pulled"]
    assert (pulled is not None) == is_said
    if pulled:
        assert (pulled["first"], pulled["last"]) == ("2000", "2010")

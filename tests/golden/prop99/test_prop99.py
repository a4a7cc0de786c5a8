"""The tobacco programme of California: the printed effects, with and without a constant gap."""

from pathlib import Path

import pandas as pd
import pytest

from evenfield.topics.synthetic_control.estimate import _weights


@pytest.mark.parametrize(("demeaned", "printed", "distance"), [(True, -11.1, 0.05), (False, -19.6, 0.15)])
def test_the_printed_effects_of_the_programme(demeaned, printed, distance):
    data = pd.read_csv(Path(__file__).with_name("data.csv"), index_col="year")
    before = data.index.to_numpy() < 1989
    treated, donors = data["California"].to_numpy(), data.drop(columns="California")
    weights, gaps = _weights(treated, donors.to_numpy(), before, demeaned)
    assert weights.min() >= 0 and weights.sum() == pytest.approx(1)
    assert gaps[~before].mean() == pytest.approx(printed, abs=distance)
    if not demeaned:
        largest = pd.Series(weights, donors.columns).nlargest(4).round(3).to_dict()
        assert largest == pytest.approx({"Utah": 0.394, "Montana": 0.232, "Nevada": 0.205, "Connecticut": 0.109})

"""The log t test of 48 US states in dollars and in cents."""

import json
from pathlib import Path

import numpy as np
import pytest

from evenfield.numerics.hp_filter import hp_trend
from evenfield.numerics.logt import fit_logt, regression_periods, transition_variance
from golden.anchors import us_states

EXPECTED = json.loads((Path(__file__).parent / "expected.json").read_text())


def test_log_t_of_the_states_depends_on_the_currency_unless_in_levels():
    y = np.log(us_states().loc[:, 1949:2009].to_numpy())
    for smoothing, dollars, cents in EXPECTED["log_t"]["t"]:
        trend = hp_trend(y, smoothing)
        periods = regression_periods(trend.shape[1], EXPECTED["log_t"]["discard"])
        found = [fit_logt(transition_variance(trend + shift), periods).t[0] for shift in (0.0, np.log(100))]
        assert found == pytest.approx([dollars, cents], abs=6e-3)

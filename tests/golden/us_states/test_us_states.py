"""Beta and sigma convergence of 48 US states, 1929-2009, against statsmodels."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.study.spatial_weights import SpatialWeights, row_standardised
from evenfield.topics.beta.estimate import estimate as estimate_beta
from evenfield.topics.sigma.estimate import estimate as estimate_sigma
from made_study import MadeStudy
from tolerances import CLOSED_FORM

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())
PERIODS = sorted(EXPECTED["regressions"])


def period_rows(wide, name):
    start, end = map(int, name.split("-"))
    return pd.DataFrame({
        "unit": wide.index, "period": name, "start_year": start, "end_year": end, "basis": "official",
        "log_income_start": wide[start], "log_income_end": wide[end],
        "growth_pct_per_year": 100 * (wide[end] - wide[start]) / (end - start),
    })  # fmt: skip


@pytest.fixture(scope="module")
def found():
    data = pd.read_csv(HERE / "data.csv")
    panel = data.rename(columns={"state": "unit"}).assign(
        log_income=np.log(data["income_per_head_usd"]), basis="official"
    )
    wide = panel.pivot(index="unit", columns="year", values="log_income")
    periods, units = pd.concat([period_rows(wide, name) for name in PERIODS]), tuple(wide.index)
    ring = SpatialWeights(units, row_standardised(np.roll(np.eye(48), 1, axis=1)), {"weights": "ring"})
    config = {"estimates": {"beta": [{"id": "absolute"}], "sigma": [{"id": "u"}]}}
    study = MadeStudy(config, {"panel": panel, "periods": periods}, {"ring": ring}, samples={"all": units})
    one, two = estimate_beta(study), estimate_sigma(study)
    return {(e.period, e.estimator, e.term): e for e in [*one.estimates, *two.estimates]}


@pytest.mark.parametrize("period", PERIODS)
def test_regressions_and_sigma_tests_equal_statsmodels(found, period):
    rows, expected = found, EXPECTED["regressions"][period]
    slope = rows[period, "ols", "log_income_start"]
    test = rows[period, "sigma_slope_test", "sum_of_ends"]
    ours = {
        **{name: getattr(slope, name) for name in ("std_error", "p_value", "conf_low", "conf_high")},
        **{f"sigma_slope_{name}": getattr(test, name) for name in ("std_error", "p_value")},
        "slope": slope.estimate,
        "sigma_slope": test.estimate,
        "r2": rows[period, "ols", "r2"].estimate,
        "mean_growth_pct": rows[period, "description", "mean_growth"].estimate,
    }
    assert ours == pytest.approx({name: expected[name] for name in ours}, rel=CLOSED_FORM)
    nls, speed = (rows[period, name, "speed"].estimate for name in ("nls", "ols"))
    assert nls == pytest.approx(speed, rel=CLOSED_FORM)

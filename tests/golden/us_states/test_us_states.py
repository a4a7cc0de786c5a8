"""Beta and sigma convergence of 48 US states, 1929-2009, against statsmodels and printed values."""

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
PRINTED = {"slope": 5e-5, "speed_pct": 5e-3, "half_life": 0.5, "sigma_start": 5e-4, "sigma_end": 5e-4}  # half a digit


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
    return ({(e.period, e.estimator, e.term): e for e in [*one.estimates, *two.estimates]}), two.series["series"]


@pytest.mark.parametrize("period", PERIODS)
def test_regressions_and_sigma_tests_equal_statsmodels_and_printed_values(found, period):
    rows, expected = found[0], EXPECTED["regressions"][period]
    slope = rows[period, "ols", "log_income_start"]
    assert slope.estimate == pytest.approx(expected["slope"], rel=CLOSED_FORM)
    assert slope.std_error == pytest.approx(expected["std_error"], rel=CLOSED_FORM)
    assert slope.p_value == pytest.approx(expected["p_value"], rel=CLOSED_FORM)
    assert (slope.conf_low, slope.conf_high) == pytest.approx(
        (expected["conf_low"], expected["conf_high"]), rel=CLOSED_FORM
    )
    assert rows[period, "ols", "r2"].estimate == pytest.approx(expected["r2"], rel=CLOSED_FORM)
    assert rows[period, "description", "mean_growth"].estimate == pytest.approx(
        expected["mean_growth_pct"], rel=CLOSED_FORM
    )
    test = rows[period, "sigma_slope_test", "sum_of_ends"]
    assert test.estimate == pytest.approx(expected["sigma_slope"], rel=CLOSED_FORM)
    assert test.std_error == pytest.approx(expected["sigma_slope_std_error"], rel=CLOSED_FORM)
    assert test.p_value == pytest.approx(expected["sigma_slope_p_value"], rel=CLOSED_FORM)
    rows, printed = found[0], EXPECTED["printed"][period]
    ours = {
        "slope": rows[period, "ols", "log_income_start"].estimate,
        "speed_pct": rows[period, "ols", "speed"].estimate,
        "half_life": rows[period, "ols", "half_life"].estimate,
        "sigma_start": rows[period, "sigma", "sigma_start"].estimate,
        "sigma_end": rows[period, "sigma", "sigma_end"].estimate,
    }
    for name, value in printed.items():
        assert ours[name] == pytest.approx(value, abs=PRINTED[name]), name
    assert rows[period, "nls", "speed"].estimate == pytest.approx(ours["speed_pct"], rel=CLOSED_FORM)


def test_speed_and_path_of_sigma(found):
    assert found[0]["1929-2009", "ols", "speed"].estimate / 100 == pytest.approx(0.0165, abs=0.0001)
    rows, series = found
    path = series.set_index("year")["sigma"]
    assert len(path) == 81
    assert path[1929] == pytest.approx(rows["1929-2009", "sigma", "sigma_start"].estimate, rel=CLOSED_FORM)
    assert path[2009] == pytest.approx(rows["1929-2009", "sigma", "sigma_end"].estimate, rel=CLOSED_FORM)

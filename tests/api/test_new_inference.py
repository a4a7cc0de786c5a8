"""An inference that is new is a function and a record: HC2, which the registry has not, is
registered here and is right wherever an inference can be named.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from statsmodels.regression.linear_model import OLS

import evenfield as ef
from evenfield.numerics.inference.methods import METHODS, Method
from evenfield.numerics.ols import leverage_variance, t_inference
from tolerances import close

RNG = np.random.default_rng(12)
UNITS, YEARS = 24, 4
PANEL = pd.DataFrame(
    {
        "unit": np.repeat([f"u{i:02d}" for i in range(UNITS)], YEARS),
        "year": np.tile(np.arange(2000, 2000 + YEARS), UNITS),
        "x": RNG.normal(size=UNITS * YEARS) ** 3,
        "y": RNG.normal(size=UNITS * YEARS),
    }
)
MAP = PANEL[PANEL["year"] == 2000].assign(
    member=(np.arange(UNITS) < 5).astype(float),
    lat=RNG.uniform(30, 40, UNITS),
    lon=RNG.uniform(100, 110, UNITS),
)
RING = [(f"u{i:02d}", f"u{(i + 1) % UNITS:02d}") for i in range(UNITS)]


def hc2(design, c, level):
    """Test with the variance sum (a u)^2 / (1 - h)."""
    std_error = np.sqrt(leverage_variance(design.fit, c, power=0.5))
    test = t_inference(float(c @ design.fit.beta), std_error, design.df, level)
    return design.result(test, level, "HC2", "t(N - K)")


RECORD = Method(test=hc2, assumes="errors are independent; their variances may differ")


@pytest.fixture(params=["all", "crossed", "none"])
def registered(request, monkeypatch):
    """The registry with HC2, whose effects stay dummies or are taken out."""
    record = replace(RECORD, dummies=request.param)
    monkeypatch.setitem(METHODS, "HC2", record)
    return record


def with_dummies(data, *effects):
    parts = [data[["x"]], pd.Series(1.0, data.index, name="one")]
    for effect in effects:
        parts.append(pd.get_dummies(data[effect], drop_first=True, dtype=float))
    return pd.concat(parts, axis=1)


@pytest.mark.parametrize(
    ("effects", "dummies"),
    [("", ()), (" | unit", ("unit",)), (" | unit + year", ("unit", "year"))],
)
def test_errors_are_those_of_statsmodels_with_dummies(registered, effects, dummies):
    fit = ef.ols(f"y ~ x{effects}", PANEL, unit="unit", time="year", inference="HC2")
    peer = OLS(PANEL["y"], with_dummies(PANEL, *dummies)).fit(
        cov_type="HC2", use_t=True
    )
    close(fit.std_errors["x"], peer.bse["x"], rtol=1e-9)
    close(fit.pvalues["x"], peer.pvalues["x"], rtol=1e-9)
    close(fit.conf_int().loc["x"], peer.conf_int().loc["x"], rtol=1e-9)
    covariance = np.sqrt(fit.cov.loc["x", "x"])
    close(covariance, peer.bse["x"], rtol=1e-9)


def test_a_unit_of_one_row_adds_nothing_and_what_rests_on_a_row_is_refused(registered):
    rows = PANEL.drop(index=PANEL.index[1:YEARS])  # of the first unit one is left
    keys = {"unit": "unit", "time": "year", "inference": "HC2"}
    fit = ef.ols("y ~ x | unit", rows, **keys)
    rest = rows[rows["unit"] != "u00"]
    peer = OLS(rest["y"], with_dummies(rest, "unit")).fit(cov_type="HC2", use_t=True)
    close(fit.std_errors["x"], peer.bse["x"], rtol=1e-9)
    alone = rows.assign(d=(rows["unit"] == "u00") * 1.0)
    rested = ef.ols("y ~ x + d", alone, **keys)
    assert np.isnan(rested.std_errors["d"]) and rested.std_errors["x"] > 0


def test_it_explains_itself(registered):
    fit = ef.ols("y ~ x", MAP, unit="unit", inference="HC2")
    assert f"Inference by HC2: {registered.assumes}." in " ".join(
        str(fit.explain()).split()
    )


def test_placebo_lists_try_it_as_it_is_of_each_list(registered):
    fit = ef.label_permutation(
        "y", MAP, "member", controls="x", unit="unit", links=RING, draws=99
    )
    found = fit.sizes(["HC2", "HC1"], level=0.8).loc["HC2"]
    # The lists of a ring: five units in a row, beginning with each.
    rejected = []
    for first in range(UNITS):
        member = np.isin(np.arange(UNITS), (first + np.arange(5)) % UNITS)
        X = np.column_stack([np.ones(UNITS), member, MAP["x"]])
        peer = OLS(MAP["y"].to_numpy(), X).fit(cov_type="HC2", use_t=True)
        rejected.append(peer.pvalues[1] <= 0.2)
    assert found["lists"] == UNITS
    assert found["size"] == pytest.approx(np.mean(rejected))
    assert 0 < found["size"] < 1


def test_without_units_it_is_of_rows_or_refused_as_its_record_says(monkeypatch):
    data = PANEL.drop(columns="unit")
    monkeypatch.setitem(METHODS, "HC2", RECORD)
    with pytest.raises(ef.EstimateError, match="HC2 without a unit"):
        ef.ols("y ~ x", data, time="year", inference="HC2")
    monkeypatch.setitem(METHODS, "HC2", replace(RECORD, without_units="all"))
    fit = ef.ols("y ~ x", data, time="year", inference="HC2")
    peer = OLS(data["y"], with_dummies(data)).fit(cov_type="HC2", use_t=True)
    close(fit.std_errors["x"], peer.bse["x"], rtol=1e-9)


def test_options_that_it_does_not_read_are_named(registered):
    fit = ef.ols(
        "y ~ x", PANEL, unit="unit", time="year", inference="HC2", cluster="year"
    )
    assert fit.notes["given and read by no inference"] == "cluster"

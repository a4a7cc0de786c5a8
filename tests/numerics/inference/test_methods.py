"""The registry: every method against its formula, written out or by statsmodels, and a new
method that is one function and one record.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

import evenfield as ef
from evenfield.numerics.inference.cluster_robust import cr1_inference, in_order
from evenfield.numerics.inference.design import Design, Locations
from evenfield.numerics.inference.methods import METHODS, Method, infer
from evenfield.numerics.inference.wild_bootstrap import (
    wild_bootstrap,
    wild_draws,
    wild_inference,
)
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.scpc import scpc_inference, spatial_components
from evenfield.numerics.spatial import haversine_km
from tolerances import CLOSED_FORM

ROOT = Path(__file__).parents[3]
N = 16
C = np.array([1.0, -1.0, 0.0, 0.0])
RNG = np.random.default_rng(6)
POSITION = np.arange(N)
GROUPS = np.column_stack([POSITION < 6, (POSITION > 3) & (POSITION < 9)])
X = np.column_stack([GROUPS, np.ones(N), RNG.normal(size=N)]).astype(float)
Y = 0.5 * X[:, 0] + (1 + X[:, 1]) * RNG.normal(size=N)
UNITS = np.array([f"u{i:02d}" for i in range(N)])
LAT, LON = RNG.uniform(30, 40, N), RNG.uniform(100, 110, N)
DISTANCE = haversine_km(LAT, LON)
CROSS = Design(
    fit=fit_ols(Y, X),
    units=in_order(UNITS),
    locations=Locations(UNITS, LAT, LON),
    draws=199,
    seed=4,
    effective_df=True,
    conley_factor="N/(N-K)",
    power=0.7,
)
FIT = OLS(Y, X).fit()
WEIGHTS = X @ FIT.normalized_cov_params @ C  # of each unit in the combination
LEVERAGE = np.diag(X @ FIT.normalized_cov_params @ X.T)


def hc2_with_bell_mccaffrey():
    error = np.sqrt((WEIGHTS**2 * FIT.resid**2 / (1 - LEVERAGE)).sum())
    residual_maker = np.eye(N) - X @ FIT.normalized_cov_params @ X.T
    terms = residual_maker * (WEIGHTS / np.sqrt(1 - LEVERAGE))
    B = terms.T @ terms
    return error, np.trace(B) ** 2 / np.trace(B @ B)


def jackknife_with_effective_units():
    without = [
        OLS(np.delete(Y, i), np.delete(X, i, axis=0)).fit().params @ C for i in range(N)
    ]
    changes = np.array(without) - C @ FIT.params
    shares = WEIGHTS**2
    # Carter, Schnepel and Steigerwald (2017): G / (1 + squared coefficient of variation).
    effective = N / (1 + shares.var() / shares.mean() ** 2)
    return np.sqrt((N - 1) / N * (changes**2).sum()), effective - 1


def conley_by_pairs(km):
    scores = WEIGHTS * FIT.resid
    kernel = np.maximum(1 - DISTANCE / km, 0)
    return np.sqrt(N / (N - 4) * scores @ kernel @ scores), N - 4


def by_statsmodels(kind):
    robust = OLS(Y, X).fit(cov_type=kind)
    return robust.t_test(C).sd.item(), N - 4


EXPECTED = {
    "classical": lambda: by_statsmodels("nonrobust"),
    "HC1": lambda: by_statsmodels("HC1"),
    "HC3": lambda: by_statsmodels("HC3"),
    "CR2": hc2_with_bell_mccaffrey,
    "CR3": jackknife_with_effective_units,
    "conley_400": lambda: conley_by_pairs(400),
    "conley_800": lambda: conley_by_pairs(800),
    "conley_1200": lambda: conley_by_pairs(1200),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_t_tests_have_the_standard_error_and_degrees_of_freedom_of_their_formula(name):
    std_error, df = EXPECTED[name]()
    test = infer(name, CROSS, C, 0.9)
    estimate = C @ FIT.params
    half = student.ppf(0.95, df) * std_error
    expected = {
        "estimate": estimate,
        "std_error": std_error,
        "df": df,
        "statistic": estimate / std_error,
        "p_value": 2 * student.sf(abs(estimate / std_error), df),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "mde": half + norm.ppf(0.7) * std_error,
    }
    numbers = {column: getattr(test, column) for column in expected}
    assert numbers == pytest.approx(expected, rel=CLOSED_FORM)


@pytest.mark.parametrize(("name", "bound"), [("SCPC", 0.03), ("SCPC_06", 0.06)])
def test_scpc_allows_for_the_correlation_of_its_name(name, bound):
    test = infer(name, CROSS, C, 0.9)
    result = scpc_inference(CROSS.fit, C, spatial_components(DISTANCE, bound, 0.9))
    assert (test.p_value, test.conf_low) == (result.p_value, result.conf_low)
    assert test.se_type == f"SCPC avc {bound:.2f}"
    half = (result.conf_high - result.conf_low) / 2
    assert test.mde == pytest.approx(half + norm.ppf(0.7) * result.std_error)


@pytest.mark.parametrize("kind", ["rademacher", "webb"])
def test_the_wild_bootstrap_draws_the_weights_of_the_design(kind):
    test = infer("wild33", replace(CROSS, wild_weights=kind), C, 0.9)
    drawn = wild_draws(np.arange(N), kind, 199, np.random.default_rng(4))
    boot = wild_bootstrap(CROSS.fit, C, np.arange(N), drawn, "33")
    expected = wild_inference(boot, 0.9)
    assert (test.p_value, test.conf_low) == (expected.p_value, expected.conf_low)
    assert test.p_type == f"wild bootstrap 33, {kind}" and np.isnan(test.mde)


def test_the_reach_of_a_t_test_can_take_the_power_from_student_too():
    test = infer("HC1", replace(CROSS, power_law="t"), C, 0.9)
    reach = student.ppf(0.95, N - 4) + student.ppf(0.7, N - 4)
    assert test.mde == pytest.approx(reach * test.std_error)


def test_units_are_independent_of_the_order_of_their_names():
    reverse = replace(CROSS, units=in_order(UNITS[::-1]))
    for name in ("CR1", "CR2", "CR3"):
        one, other = (infer(name, design, C) for design in (CROSS, reverse))
        assert one.std_error == pytest.approx(other.std_error, rel=CLOSED_FORM)


REFUSED = {
    "conley": (CROSS, "cut-off"),
    "randomisation": (CROSS, "nothing says"),
    "two_way": (CROSS, "no dates"),
    "SCPC": (replace(CROSS, locations=None), "no coordinates"),
    "SCPC_06": (replace(CROSS, units=in_order(UNITS[np.arange(N) // 2])), "one row"),
    "conley_400": (
        replace(CROSS, locations=Locations(UNITS, np.full(N, np.nan), LON)),
        "coordinate is missing",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_tested_keeps_its_estimate_and_says_why(name):
    design, words = REFUSED[name]
    test = infer(name, design, C)
    assert words in test.reason and test.estimate == pytest.approx(C @ FIT.params)
    assert np.isnan([test.std_error, test.p_value, test.conf_low]).all()


def test_the_page_documents_every_name():
    page = (ROOT / "docs/methods/inference.md").read_text(encoding="utf-8")
    assert [name for name in METHODS if f"`{name}`" not in page] == []


def test_a_new_method_is_one_function_and_one_record_for_the_library(monkeypatch):
    def careful(design, c, level):
        """CR1 with half the clusters, as an example."""
        test = cr1_inference(design.fit, c, design.clusters.codes // 2, level=level)
        return design.result(test, level, "CR1 of pairs", "t(G - 1)")

    record = Method(test=careful, assumes="pairs are independent")
    monkeypatch.setitem(METHODS, "careful", record)
    data = pd.DataFrame({"y": Y, "x": X[:, 3], "unit": UNITS})
    fit = ef.ols("y ~ x", data, unit="unit", inference=["careful", "CR1"])
    pairs = data.assign(pair=np.arange(N) // 2)
    expected = ef.ols("y ~ x", pairs, unit="unit", cluster="pair", inference="CR1")
    assert fit.std_errors["x"] == pytest.approx(expected.std_errors["x"])
    assert set(fit.to_frame()["inference"]) == {"careful", "CR1"}

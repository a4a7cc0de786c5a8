"""Every rung of the ladder against its formula, written out or by statsmodels."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.inference.wild_bootstrap import (
    wild_bootstrap,
    wild_draws,
    wild_inference,
)
from evenfield.numerics.inference_methods import (
    AVERAGE_CORRELATIONS,
    Geography,
    MethodSettings,
    Section,
    every_method,
    permutation_result,
    primary_method,
    primary_result,
)
from evenfield.numerics.label_permutation import free_label_draws, label_permutation
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.scpc import scpc_inference, spatial_components
from evenfield.numerics.spatial import haversine_km
from tolerances import close

N = 16
SETTINGS = MethodSettings(level=0.9, power=0.7, bootstrap_draws=199)
C = np.array([1.0, -1.0, 0.0, 0.0])
DRAWS = {"free": free_label_draws(N, 499, default_rng(2))}


def make_section(treated=6, n=N):
    rng = default_rng(6)
    i = np.arange(n)
    labels = np.column_stack([i < treated, (i > 3) & (i < 9)]) * 1.0
    controls = np.column_stack([np.ones(n), rng.normal(size=n)])
    y = 0.5 * labels[:, 0] + (1 + labels[:, 1]) * rng.normal(size=n)
    return Section(
        np.array([f"u{k:02d}" for k in i]), y, labels, controls, C[:2], treated
    )


def make_place(n=N, components=True, draws=DRAWS):
    rng = default_rng(1)
    lat = rng.uniform(30, 40, n)
    lon = rng.uniform(100, 110, n)
    distance = haversine_km(lat, lon)
    bounds = {"scpc": 0.03, "scpc_06": 0.06}
    space = {k: spatial_components(distance, v, 0.9) for k, v in bounds.items()}
    return Geography(lat, lon, space if components else {}, draws, {})


SECTION = make_section()
PLACE = make_place()
FIT = OLS(SECTION.y, np.column_stack([SECTION.labels, SECTION.controls])).fit()
WEIGHTS = FIT.model.exog @ FIT.normalized_cov_params @ C  # of each unit in the contrast
HAT = FIT.model.exog @ FIT.normalized_cov_params @ FIT.model.exog.T


@pytest.fixture(scope="module")
def method_results():
    result = every_method(SECTION, PLACE, SETTINGS, default_rng(4))
    return {entry.method: entry for entry in result}


def check(method_result, std_error, df):
    """Compare a method with t inference on a standard error; level 0.9, power 0.7."""
    estimate = C @ FIT.params
    half = student.ppf(0.95, df) * std_error
    close(method_result.estimate, estimate)
    close(method_result.std_error, std_error)
    close(method_result.df, df)
    close(method_result.statistic, estimate / std_error)
    close(method_result.p_value, 2 * student.sf(abs(estimate / std_error), df))
    close(
        (method_result.conf_low, method_result.conf_high),
        (estimate - half, estimate + half),
    )
    close(method_result.mde, half + norm.ppf(0.7) * std_error)


def test_hc1_has_n_minus_k_degrees_of_freedom(method_results):
    error = np.sqrt(N / (N - 4) * (WEIGHTS**2 * FIT.resid**2).sum())
    check(method_results["hc1"], error, N - 4)


def test_cr2_is_hc2_with_the_degrees_of_freedom_of_bell_and_mccaffrey(method_results):
    leverage = np.diag(HAT)
    error = np.sqrt((WEIGHTS**2 * FIT.resid**2 / (1 - leverage)).sum())
    G = (np.eye(N) - HAT) * (WEIGHTS / np.sqrt(1 - leverage))
    B = G.T @ G
    check(method_results["cr2"], error, np.trace(B) ** 2 / np.trace(B @ B))


def test_cr3_is_the_jackknife_with_the_effective_number_of_units_less_one(
    method_results,
):
    without = []
    for i in range(N):
        retained = np.arange(N) != i
        without.append(
            OLS(SECTION.y[retained], FIT.model.exog[retained]).fit().params @ C
        )
    changes = np.array(without) - C @ FIT.params
    error = np.sqrt((N - 1) / N * (changes**2).sum())
    # Carter, Schnepel and Steigerwald (2017): G / (1 + squared coefficient of variation).
    shares = WEIGHTS**2
    effective = N / (1 + shares.var() / shares.mean() ** 2)
    check(method_results["cr3"], error, effective - 1)


def test_conley_weights_pairs_by_one_minus_distance_over_cutoff(method_results):
    distance = haversine_km(PLACE.lat, PLACE.lon)
    scores = WEIGHTS * FIT.resid
    for km in (400, 800, 1200):
        kernel = np.maximum(1 - distance / km, 0)
        error = np.sqrt(N / (N - 4) * scores @ kernel @ scores)
        check(method_results[f"conley_{km}"], error, N - 4)


def test_scpc_results_allow_for_their_own_correlation_and_the_weaker_decides(
    method_results,
):
    fit = fit_ols(SECTION.y, SECTION.X)
    for name, bound in (("scpc", "0.03"), ("scpc_06", "0.06")):
        result = scpc_inference(fit, C, PLACE.components[name])
        method_result = method_results[name]
        assert (method_result.p_value, method_result.conf_low) == (
            result.p_value,
            result.conf_low,
        )
        assert method_result.se_type == f"SCPC avc {bound}"
        half = (result.conf_high - result.conf_low) / 2
        close(method_result.mde, half + norm.ppf(0.7) * result.std_error)
    assert primary_method(SECTION, PLACE) == "scpc" == next(iter(method_results))
    assert method_results["scpc_06"].conf_high > method_results["scpc"].conf_high


@pytest.mark.parametrize(("n", "kind"), [(12, "webb"), (13, "rademacher")])
def test_the_wild_bootstrap_draws_webb_weights_up_to_twelve_units(n, kind):
    section = make_section(n=n)
    position = make_place(n, components=False, draws={})
    result = every_method(section, position, SETTINGS, default_rng(4))
    method_result = next(
        method_result for method_result in result if method_result.method == "wcr33"
    )
    rows = np.arange(n)
    drawn = wild_draws(rows, kind, 199, default_rng(4))
    fit = fit_ols(section.y, section.X)
    expected = wild_inference(wild_bootstrap(fit, C, rows, drawn, "33"), 0.9)
    assert (method_result.p_value, method_result.conf_low, method_result.conf_high) == (
        expected.p_value,
        expected.conf_low,
        expected.conf_high,
    )
    assert kind in method_result.p_type


def test_permutation_results_hold_the_p_value_of_their_draws_and_say_what_is_missing(
    method_results,
):
    expected = label_permutation(
        SECTION.y, SECTION.labels, SECTION.controls, C[:2], DRAWS["free"]
    )
    assert method_results["permutation"].p_value == expected.p_value
    assert np.isnan(method_results["permutation"].std_error)
    assert "no such permutation" in method_results["permutation_connected"].note
    assert permutation_result(SECTION, PLACE, "stratified").note.startswith(
        "not defined"
    )


def test_four_treated_units_are_enough_and_three_are_permuted():
    assert primary_result(make_section(4), PLACE, SETTINGS).method == "scpc"
    few = make_section(3)
    for method_result in (
        primary_result(few, PLACE, SETTINGS),
        every_method(few, PLACE, SETTINGS, default_rng(4))[0],
    ):
        fit = OLS(few.y, few.X).fit()
        reach = student.ppf(0.95, N - 4) + norm.ppf(0.7)
        assert method_result.method == "permutation"
        close(method_result.mde, reach * fit.t_test(C).sd.item())


def test_the_study_rules_are_those_that_are_written():
    # Printed in every table: SCPC at .03 and .06, intervals of 95 and power of 80 percent.
    assert AVERAGE_CORRELATIONS == {"scpc": 0.03, "scpc_06": 0.06}
    assert MethodSettings() == (0.95, 0.8, 9999)


def test_without_coordinates_cr3_decides_and_says_so():
    position = make_place(components=False)
    result = every_method(SECTION, position, SETTINGS, default_rng(4))
    assert primary_method(SECTION, position) == "cr3" == result[0].method
    assert "no coordinates" in result[0].note
    assert [method_result.method for method_result in result].count("cr3") == 1

"""Conley and Driscoll-Kraay against dense sums and statsmodels; fixed-b against its
table and simulation.
"""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng
from scipy.special import stdtrit
from statsmodels.stats import sandwich_covariance as sw

from evenfield.numerics.inference import driscoll_kraay as dkr
from evenfield.numerics.inference.conley import (
    conley_inference,
    conley_panel_inference,
    spatial_kernel,
)
from evenfield.numerics.inference.driscoll_kraay import (
    default_lags,
    driscoll_kraay_inference,
    fixed_b_critical_value,
    fixed_b_p_value,
)
from evenfield.numerics.ols import cov_hc1, fit_ols
from evenfield.numerics.spatial import haversine_km
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE, close
from yaml_text import from_yaml

C = np.array([0.0, 1.0])


@pytest.fixture
def coordinates():
    rng = default_rng(5)
    return (
        np.array([f"u{i:02}" for i in range(40)]),
        rng.uniform(20, 50, 40),
        rng.uniform(75, 130, 40),
    )


@pytest.fixture
def panel(coordinates):
    rng = default_rng(6)
    units = np.repeat(coordinates[0], 9)
    times = np.tile(np.arange(2000, 2009), 40)
    x = rng.normal(size=360) + np.repeat(rng.normal(size=40), 9)
    y = 0.4 * x + rng.normal(size=360) + np.repeat(rng.normal(size=40), 9)
    return y, np.column_stack([np.ones(360), x]), units, times


@pytest.mark.parametrize("shape", ["bartlett", "uniform"])
def test_kernel_equals_all_distances(coordinates, shape):
    units, lat, lon = coordinates
    kernel = spatial_kernel(units, lat, lon, 800.0, shape)
    d = haversine_km(lat, lon)
    dense = np.where(d <= 800, 1 - d / 800 if shape == "bartlett" else 1.0, 0.0)
    close(kernel.weights.toarray(), dense, atol=CLOSED_FORM)
    close(kernel.weights.nnz / 40 - 1, ((d <= 800).sum() - 40) / 40)


def test_smallest_and_largest_cutoffs(coordinates, panel):
    assert (
        spatial_kernel(*coordinates, 30_000.0, "uniform").weights.toarray().min() == 1.0
    )
    units, lat, lon = coordinates
    fit = fit_ols(
        np.sin(np.arange(40.0) ** 2),
        np.column_stack([np.ones(40), np.cos(np.arange(40.0))]),
    )
    ours = conley_inference(
        fit, C, units, spatial_kernel(units, lat, lon, 1e-3), "N/(N-K)"
    )
    close(ours.std_error, np.sqrt(cov_hc1(fit)[1, 1]), MACHINE)
    assert ours.factor == 40 / 38
    y, X, units, times = panel
    theirs = sm.OLS(y, X).fit()
    groups = [(9 * i, 9 * i + 9) for i in range(40)]
    cov = sw.cov_nw_panel(
        theirs, 3, groups, weights_func=sw.weights_bartlett, use_correction=False
    )
    ours = conley_panel_inference(
        fit_ols(y, X), C, units, times, spatial_kernel(*coordinates, 1e-3), 3
    )
    close(ours.std_error, np.sqrt(cov[1, 1]))
    cov = sw.cov_cluster(sm.OLS(y, X).fit(), times - 2000, use_correction=False)
    ours = conley_panel_inference(
        fit_ols(y, X), C, units, times, spatial_kernel(*coordinates, 3e4, "uniform"), 0
    )
    close(ours.std_error, np.sqrt(cov[1, 1]))
    dk = driscoll_kraay_inference(fit_ols(y, X), C, times, 0)
    close(dk.std_error, ours.std_error, MACHINE)


@pytest.mark.parametrize("cutoff", [400.0, 800.0, 1200.0])
def test_cross_section_equals_the_dense_double_sum(coordinates, cutoff):
    units, lat, lon = coordinates
    rng = default_rng(1)
    X = np.column_stack([np.ones(40), rng.normal(size=40)])
    fit = fit_ols(rng.normal(size=40), X)
    K = np.clip(1 - haversine_km(lat, lon) / cutoff, 0, None)
    s = X * fit.u_hat[:, None]
    dense = fit.bread @ s.T @ K @ s @ fit.bread
    ours = conley_inference(fit, C, units, spatial_kernel(units, lat, lon, cutoff))
    close(ours.std_error, np.sqrt(dense[1, 1]), MACHINE)
    assert (ours.factor, ours.factor_name, ours.df) == (1.0, "none", 38)


@pytest.mark.parametrize(
    ("lags", "all_dates"),
    from_yaml("""
    - [0, false]
    - [3, false]
    - [3, true]
    """),
)
def test_panel_equals_the_dense_sum_over_all_pairs_of_rows(
    coordinates, panel, lags, all_dates
):
    y, X, units, times = panel
    keep = default_rng(2).permutation(360)[:324]  # unbalanced, in any order
    y = y[keep]
    X = X[keep]
    units = units[keep]
    times = times[keep]
    fit = fit_ols(y, X)
    d = haversine_km(coordinates[1], coordinates[2])
    i = np.searchsorted(coordinates[0], units)
    gap = np.abs(times[:, None] - times)
    near = np.clip(1 - d[np.ix_(i, i)] / 900, 0, None)
    K = near * (all_dates | (gap == 0))
    K += (
        (i[:, None] == i)
        * (gap > 0)
        * (not all_dates)
        * np.clip(1 - gap / (lags + 1), 0, None)
    )
    s = X * fit.u_hat[:, None]
    dense = fit.bread @ s.T @ K @ s @ fit.bread
    kernel = spatial_kernel(*coordinates, 900.0)
    ours = conley_panel_inference(
        fit, C, units, times, kernel, lags, all_dates=all_dates
    )
    close(ours.std_error, np.sqrt(dense[1, 1]), MACHINE)


@pytest.mark.parametrize("lags", [0, 2, 8])
def test_driscoll_kraay_equals_statsmodels(panel, lags):
    y, X, _, times = panel
    order = np.argsort(times, kind="stable")
    how = {"time": times[order] - 2000, "maxlags": lags, "use_correction": False}
    theirs = sm.OLS(y[order], X[order]).fit(cov_type="hac-groupsum", cov_kwds=how)
    ours = driscoll_kraay_inference(fit_ols(y, X), C, times, lags)
    close(ours.std_error, theirs.bse[1])


def test_factors_intervals_lags_and_fixed_b(panel):
    y, X, _, times = panel
    fit = fit_ols(y, X)
    plain = driscoll_kraay_inference(fit, C, times, 2)
    factors = {
        "N/(N-A)": 360 / 320,
        "N/(N-A-K)": 360 / 318,
        "T/(T-1) x (N-1)/(N-A-K)": 9 / 8 * 359 / 318,
    }
    for name, value in factors.items():
        scaled = driscoll_kraay_inference(fit, C, times, 2, name, absorbed=40)
        assert (scaled.factor_name, scaled.factor) == (name, pytest.approx(value))
        close(scaled.std_error, plain.std_error * np.sqrt(value), MACHINE)
    result = driscoll_kraay_inference(fit_ols(y, X), C, times, 2, level=0.9)
    close(fixed_b_p_value(result.critical_value, 9, 2), 0.1, atol=1e-8)
    assert result.law == "fixed-b, Bartlett, b = 3/9"
    close(
        (result.conf_high - result.estimate) / result.std_error, result.critical_value
    )
    draws = default_rng(0).normal(size=(200_000, 10))
    centred = draws - draws.mean(axis=1, keepdims=True)
    variance = (centred**2).sum(axis=1)
    for lag in (1, 2):
        products = centred[:, lag:] * centred[:, :-lag]
        variance += 2 * (1 - lag / 3) * products.sum(axis=1)
    share = (np.abs(draws.sum(axis=1)) > 2.5 * np.sqrt(variance)).mean()
    close(fixed_b_p_value(2.5, 10, 2), share, atol=4 * np.sqrt(share / 200_000))


@pytest.mark.parametrize("b", [0.05, 0.1, 0.3, 1.0])
def test_fixed_b_tends_to_the_table_of_kiefer_and_vogelsang(b):
    # Their cubic for the Bartlett kernel, two-sided 5 % (2005, table 1), itself fitted
    # to simulations.
    table = 1.9600 + 2.9694 * b + 0.4160 * b**2 - 0.5324 * b**3
    close(fixed_b_critical_value(300, int(300 * b) - 1, 0.95), table, rtol=0.015)


@pytest.mark.parametrize("T", [4, 12, 42])
def test_fixed_b_without_lags_is_students_t(T):
    expected = stdtrit(T - 1, 0.975) * np.sqrt(T / (T - 1))
    close(fixed_b_critical_value(T, 0, 0.95), expected, rtol=1e-6)


def test_bad_input_says_what_is_wrong(coordinates, panel):
    y, X, units, times = panel
    fit = fit_ols(y, X)
    kernel = spatial_kernel(*coordinates, 900.0)
    gap = np.where(times == 2008, 2010, times)
    zero = fit_ols(X @ [1.0, 2.0], X)
    refused("each unit once", conley_inference, fit, C, units, kernel)
    refused(
        "example x",
        conley_panel_inference,
        fit,
        C,
        np.where(units == "u00", "x", units),
        times,
        kernel,
        1,
    )
    refused("two rows", conley_panel_inference, fit, C, units, times * 0, kernel, 0)
    refused("gap after 2007", conley_panel_inference, fit, C, units, gap, kernel, 1)
    refused("9 serial lags", conley_panel_inference, fit, C, units, times, kernel, 9)
    refused(
        "not G/", conley_panel_inference, fit, C, units, times, kernel, 1, "G/(G-1)"
    )
    refused("not N", driscoll_kraay_inference, fit, C, times, 1, "N")
    refused("359 dates", driscoll_kraay_inference, fit, C, times[1:], 1)
    refused("9 serial lags", driscoll_kraay_inference, fit, C, times, 9)
    refused("cannot carry", driscoll_kraay_inference, fit, C, times, 1, absorbed=400)
    refused("cut-off of -1", spatial_kernel, *coordinates, -1.0)
    refused(
        "beyond the poles",
        spatial_kernel,
        coordinates[0],
        coordinates[1] * 9,
        coordinates[2],
        1.0,
    )
    refused("1 names", spatial_kernel, np.repeat("a", 40), *coordinates[1:], 1.0)
    refused("359 units", conley_panel_inference, fit, C, units[1:], times, kernel, 1)
    case = (
        fit_ols(np.r_[1.0, 1.0, 0.0, 0.0], np.ones((4, 1))),
        np.ones(1),
        np.r_[0, 0, 0, 0],
        0,
    )
    refused("not positive", driscoll_kraay_inference, *case)
    close(zero.u_hat, 0, atol=1e-12)


@pytest.mark.parametrize("absorbed", [0, 12])
def test_absorbed_effects_count_as_coefficients(coordinates, panel, absorbed):
    y, X, units, times = panel
    fit = fit_ols(y, X)
    kernel = spatial_kernel(*coordinates, 800.0)
    same = (fit, C, units, times, kernel, 1)
    plain = conley_panel_inference(*same)
    wide = conley_panel_inference(*same, factor="N/(N-K)", absorbed=absorbed)
    expected = np.sqrt(360 / (360 - 2 - absorbed))
    close(wide.std_error / plain.std_error, expected)
    assert wide.df == 39


def test_two_dates_are_the_fewest_of_a_factor_and_lags_follow_the_length():
    factor = "T/(T-1) x (N-1)/(N-A-K)"
    close(dkr._factor(factor, 20, 2, 3, 2), 2 / 1 * 19 / 15)
    assert dkr._factor(factor, 20, 2, 3, 1) == np.inf
    assert [default_lags(T) for T in (10, 27, 28, 100, 274)] == [2, 2, 3, 4, 5]

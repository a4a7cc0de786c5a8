"""Minimum detectable effects against closed forms and against the printed digits of
section 4.3 of the design.
"""

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from scipy.stats import norm, t

from china_design import read_design, weights_of
from evenfield.numerics import power as pw
from evenfield.numerics.influence import (
    dependent_columns,
    effective_clusters,
    partial_leverage,
)
from evenfield.numerics.power import (
    contrast_weights,
    event_study_mde,
    exponential_covariance,
    mde_multiplier,
    minimum_detectable_effect,
    sar_covariance,
    smallest_visible,
    spatial_inflation,
)
from numerics.refusals import refused
from tolerances import MACHINE, close

UNITS, A, DISTANCE, C, S = read_design()
WEIGHTS = weights_of(A, DISTANCE)
ONE = np.ones(31)
EXPOSURE_DIFFERENCE = np.array([0, 0, 0, 1.0, -1.0])


def exposure_design(name):
    W = WEIGHTS[name]
    return np.column_stack([ONE, C, S, W @ C, W @ S])


def contrast(*positions, size=5):
    c = np.zeros(size)
    c[positions[0]] = 1.0
    if len(positions) > 1:
        c[positions[1]] = -1.0
    return c


def test_geography_inflation_and_weights_of_a_contrast():
    assert A.sum() / 2 == 69
    close(np.corrcoef(C, S)[0, 1], 0.52, atol=0.005)
    W = WEIGHTS["contiguity"]
    close(np.corrcoef(W @ C, W @ S)[0, 1], 0.63, atol=0.005)
    X = exposure_design("contiguity")
    close(spatial_inflation(X, EXPOSURE_DIFFERENCE, 7.0 * np.eye(31)), 1.0, MACHINE)
    sigma = exponential_covariance(DISTANCE, 800.0)
    bread = np.linalg.inv(X.T @ X)
    variance = (bread @ X.T @ sigma @ X @ bread)[1, 1]
    centre = np.eye(31) - 1 / 31
    expected = np.sqrt(variance / bread[1, 1] / (np.trace(centre @ sigma) / 30))
    close(spatial_inflation(X, contrast(1), sigma), expected)
    y = default_rng(3).normal(size=31)
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    close(contrast_weights(X, EXPOSURE_DIFFERENCE) @ y, beta[3] - beta[4])


def test_bad_input_is_one_line():
    refused("collinear", contrast_weights, np.column_stack([ONE, C, C]), np.eye(3)[1])
    refused(
        "3 coefficients does not fit 2 regressors",
        contrast_weights,
        np.column_stack([ONE, C]),
        np.ones(3),
    )
    refused("positive degrees of freedom, not 0", mde_multiplier, 0)
    refused(
        "does not fit 31",
        spatial_inflation,
        np.column_stack([ONE, C]),
        np.eye(2)[1],
        np.eye(30),
    )
    refused("must be positive", exponential_covariance, DISTANCE, 0.0)
    refused("no inverse at rho = 1", sar_covariance, WEIGHTS["contiguity"], 1.0)
    refused("0 treated and 5 control", event_study_mde, 0, 5, 1, 3.0)


NAMES = np.array(UNITS)
X_OWN = np.column_stack([ONE, C])
SLOPE = np.array([0.0, 1.0])


def test_closed_forms_of_influence():
    expected = (1 / 5 + 1 / 26) ** 2 / (1 / 5**3 + 1 / 26**3)
    close(effective_clusters(X_OWN, NAMES, SLOPE), expected)
    X = np.column_stack([np.ones(20), np.tile([0.0, 1.0], 10)])
    clusters = np.repeat(np.arange(10), 2)
    close(effective_clusters(X, clusters, SLOPE), 10.0, MACHINE)
    close(partial_leverage(X, clusters, SLOPE)[1], np.full(10, 0.1), MACHINE)
    sizes = np.array([2, 3, 7, 12])
    X = np.ones((sizes.sum(), 1))
    clusters = default_rng(0).permutation(np.repeat(np.arange(4), sizes))
    expected = (sizes**2.0).sum() ** 2 / (sizes**4.0).sum()
    close(effective_clusters(X, clusters, np.ones(1), within=1.0), expected)
    independent = effective_clusters(X, clusters, np.ones(1), within=0.0)
    close(independent, sizes.sum() ** 2 / (sizes**2.0).sum())
    W = weights_of(A, DISTANCE)["contiguity"]
    X = np.column_stack([ONE, C, S, W @ C, W @ S])
    others = np.delete(X, 3, axis=1)
    residual = X[:, 3] - others @ np.linalg.lstsq(others, X[:, 3], rcond=None)[0]
    clusters = np.array(
        ["east" if unit in {"CN-SH", "CN-JS", "CN-ZJ"} else unit for unit in UNITS]
    )
    names, shares = partial_leverage(X, clusters, np.eye(5)[3])
    expected = [
        (residual[clusters == name] ** 2).sum() / (residual @ residual)
        for name in names
    ]
    close(shares, np.array(expected))
    close(shares.sum(), 1.0, MACHINE)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ((ONE, C, ONE), [0, 2]),
        ((ONE, C, S, C + S), [1, 2, 3]),
        ((ONE, C, 0 * C), [2]),
        ((ONE, 1e-9 * C, 1e9 * S), []),
    ],
)
def test_dependent_columns_are_named(columns, expected):
    assert dependent_columns(np.column_stack(columns)) == expected


def test_bad_input_of_influence():
    refused(
        "30 cluster labels do not fit 31 observations",
        effective_clusters,
        X_OWN,
        NAMES[:-1],
        SLOPE,
    )
    refused("zero everywhere", effective_clusters, X_OWN, NAMES, np.zeros(2))
    refused("collinear", partial_leverage, np.column_stack([ONE, ONE]), NAMES, SLOPE)


def test_the_smallest_visible_effect_is_half_the_interval_and_the_power_quantile():
    # By hand: half of 2 to 6 is 2, 0.8416 standard errors of 0.5 more.
    close(smallest_visible(2, 6, 0.5), 2 + norm.ppf(0.8) * 0.5)
    result = smallest_visible(2, 6, 0.5, power=0.9, level=0.9)
    close(result, 2 + norm.ppf(0.9) * 0.5)
    # Without a standard error half the interval is z of them.
    for error in (0.0, np.nan):
        wide = smallest_visible(-1, 3, error, power=0.7, level=0.9)
        close(wide, 2 + norm.ppf(0.7) * 2 / norm.ppf(0.95))
    assert np.isnan(smallest_visible(np.nan, 3, 0.5))


@pytest.mark.parametrize(("power", "level"), [(0.8, 0.95), (0.9, 0.9)])
def test_multipliers_and_detectable_effects_take_power_and_level(power, level):
    multiplier = t.ppf(0.5 + level / 2, 7) + t.ppf(power, 7)
    close(mde_multiplier(7, power, level), multiplier)
    X = np.column_stack([ONE, C])
    error = np.sqrt(1 / 5 + 1 / 26)
    close(
        minimum_detectable_effect(X, contrast(1, size=2), power, level, df=7),
        multiplier * error,
    )
    years = event_study_mde(4, 9, 5, 3.0, power, level)
    multiplier = t.ppf(0.5 + level / 2, 11) + t.ppf(power, 11)
    close(years, multiplier * 3 * np.sqrt(5 * (1 / 4 + 1 / 9)))


def test_one_treated_and_two_controls_are_the_fewest_to_compare():
    assert np.isfinite(event_study_mde(1, 2, 1, 1.0))
    refused("1 treated and 1 control", event_study_mde, 1, 1, 1, 1.0)


def test_covariances_of_correlated_errors_by_their_definitions():
    W = WEIGHTS["contiguity"]
    inverse = np.linalg.inv(np.eye(31) - 0.6 * W)
    close(sar_covariance(W, 0.6), inverse @ inverse.T)
    result = exponential_covariance(np.array([[0, 800.0], [800.0, 0]]), 400.0)
    close(result, [[1, np.exp(-2)], [np.exp(-2), 1]])


def test_simulated_power_counts_rejections_of_common_errors():
    drawn = []

    def draw(rng):
        drawn.append(rng.normal(size=3))
        return drawn[-1]

    signal = np.array([1.0, 0.0, -1.0])
    result = pw.simulated_power(
        lambda y: y[0] - y[2] > 1, signal, [0.0, 0.5, 2.0], draw, 50, default_rng(1)
    )
    gaps = np.array([e[0] - e[2] for e in drawn])
    shares = [np.mean(gaps + 2 * b > 1) for b in (0, 0.5, 2)]
    assert_array_equal(result.effects, [0, 0.5, 2])
    close(result.power, shares)
    close(result.monte_carlo_se, np.sqrt(result.power * (1 - result.power) / 50))
    assert len(drawn) == result.draws == 50


def test_few_rows_make_all_columns_dependent_but_zero_ones_do_not_hide_it():
    X = np.array([[1.0, 2.0, 0.5], [1.0, 3.0, 4.0]])
    assert dependent_columns(X) == [0, 1, 2]
    assert dependent_columns([[1, 1e-7], [1, -1e-7], [1, 2e-7]]) == []

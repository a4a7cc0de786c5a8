"""The wild cluster bootstrap against refits of every bootstrap sample, row by row."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.inference.wild_bootstrap import (
    wild_bootstrap,
    wild_draws,
    wild_inference,
)
from evenfield.numerics.ols import cov_cr3, fit_ols
from evenfield.numerics.random import generator_for
from numerics.refusals import refused
from tolerances import MACHINE, close

C = np.array([0.0, 1.0, -0.5, 0.0])


@pytest.fixture
def panel():
    rng = default_rng(3)
    clusters = rng.permutation(
        np.repeat([f"p{k:02}" for k in range(13)], rng.integers(3, 12, 13))
    )
    n = len(clusters)
    shock = dict(zip(np.unique(clusters), rng.normal(size=13), strict=True))
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 3))])
    X[:, 1] += [shock[g] for g in clusters]
    y = (
        X @ [1.0, 0.3, 0.2, -1.0]
        + rng.normal(size=n)
        + np.array([shock[g] for g in clusters]) * rng.normal()
    )
    return y, X, clusters


def imposed(null):
    return C * null / (C @ C)


def restricted_residuals(y, X, rows, null):
    """Fit under C'beta = null on some rows; residuals of all rows."""
    Z = np.linalg.svd(C[None, :])[2][1:].T
    offset = y - X @ imposed(null)
    phi = np.linalg.lstsq(X[rows] @ Z, offset[rows], rcond=None)[0]
    return offset - X @ Z @ phi, X @ (imposed(null) + Z @ phi)


def brute_t(y, X, clusters, kind, null):
    fit = fit_ols(y, X)
    if kind == "33":
        variance = C @ cov_cr3(fit, clusters) @ C
    else:
        names = np.unique(clusters)
        n, k = X.shape
        scores = np.array(
            [fit.bread @ X[clusters == g].T @ fit.u_hat[clusters == g] for g in names]
        )
        variance = (
            len(names)
            / (len(names) - 1)
            * (n - 1)
            / (n - k)
            * ((scores @ C) ** 2).sum()
        )
    return (C @ fit.beta - null) / np.sqrt(variance)


def brute_draws(y, X, clusters, draws, kind, null):
    full, fitted = restricted_residuals(y, X, np.ones(len(y), dtype=bool), null)
    u = full.copy()
    if kind == "33":
        for g in np.unique(clusters):
            u[clusters == g] = restricted_residuals(y, X, clusters != g, null)[0][
                clusters == g
            ]
    column = np.searchsorted(draws.clusters, clusters)
    return np.array(
        [
            brute_t(fitted + v[column] * u, X, clusters, kind, null)
            for v in draws.weights
        ]
    )


@pytest.mark.parametrize("kind", ["11", "33"])
@pytest.mark.parametrize("weights", ["rademacher", "webb"])
@pytest.mark.parametrize("null", [0.0, 0.7])
def test_every_draw_equals_its_refit(panel, kind, weights, null):
    y, X, clusters = panel
    draws = wild_draws(clusters, weights, 60, generator_for(1, f"{kind}{weights}"))
    boot = wild_bootstrap(fit_ols(y, X), C, clusters, draws, kind)
    slow = brute_draws(y, X, clusters, draws, kind, null)
    close(boot.statistics(null), slow, MACHINE, atol=MACHINE)
    close(boot.statistic(null), brute_t(y, X, clusters, kind, null), MACHINE)
    assert (
        boot.p_value(null)
        == (1 + (np.abs(slow) >= abs(boot.statistic(null))).sum()) / 61
    )


@pytest.mark.parametrize("kind", ["11", "33"])
def test_interval_dummies_and_digits(panel, kind):
    y, X, clusters = panel
    draws = wild_draws(clusters, "webb", 999, generator_for(1, "interval"))
    boot = wild_bootstrap(fit_ols(y, X), C, clusters, draws, kind)
    low, high = boot.interval(0.9)
    width = high - low
    for inside, outside in (
        (low + 1e-6 * width, low - 1e-6 * width),
        (high - 1e-6 * width, high + 1e-6 * width),
    ):
        assert boot.p_value(inside) > 0.1 >= boot.p_value(outside)
    row = wild_inference(boot, 0.9)
    assert (row.conf_low, row.conf_high) == (low, high)
    assert (row.draws, row.clusters, row.weights, row.enumerated) == (
        999,
        13,
        "webb",
        False,
    )
    rng = default_rng(8)
    units = np.repeat(np.arange(9), 7)
    years = np.tile(np.arange(7), 9)
    x = rng.normal(size=63)
    y = rng.normal(size=63)
    within = np.eye(63) - (units[:, None] == units) / 7
    dates = (years[:, None] == np.arange(1, 7)).astype(float)
    dummies = (units[:, None] == np.arange(9)).astype(float)
    draws = wild_draws(units, "webb", 200, generator_for(1, "dummies"))
    c = np.eye(7)[0]
    fit = fit_ols(within @ y, within @ np.column_stack([x, dates]))
    full = fit_ols(y, np.c_[x, dates, dummies])
    taken_out = wild_bootstrap(fit, c, units, draws, kind, absorbed=9)
    as_dummies = wild_bootstrap(full, np.append(c, np.zeros(9)), units, draws, kind)
    close(taken_out.statistics(), as_dummies.statistics(), rtol=1e-8)
    close(taken_out.std_error, as_dummies.std_error, rtol=1e-8)
    close(taken_out.interval(), as_dummies.interval(), rtol=1e-7)
    y, X, clusters = panel
    far = X @ np.array(
        [[1, 50.0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    )  # x1 + 50: the constant's companion
    draws = wild_draws(clusters, "webb", 99, generator_for(1, "far"))
    a, b = (
        wild_bootstrap(fit_ols(y, regressors), C, clusters, draws, kind)
        for regressors in (X, far)
    )
    close(a.statistics(), b.statistics(), MACHINE)
    close(a.statistics(0.3), b.statistics(0.3), MACHINE)


def test_draws_follow_the_cluster_when_a_hypothesis_has_fewer_of_them(panel):
    y, X, clusters = panel
    draws = wild_draws(clusters, "rademacher", 99, generator_for(1, "sub"))
    keep = clusters != "p04"
    boot = wild_bootstrap(fit_ols(y[keep], X[keep]), C, clusters[keep], draws, "11")
    slow = brute_draws(y[keep], X[keep], clusters[keep], draws, "11", 0.0)
    close(boot.statistics(), slow, MACHINE)


def test_weights_are_listed_once_or_have_mean_zero_and_variance_one():
    draws = wild_draws("abcde", "rademacher", 9999, generator_for(1, "five"))
    assert draws.enumerated
    assert draws.count == len(np.unique(draws.weights, axis=0)) == 32
    rng = default_rng(1)
    X = np.column_stack([np.ones(30), rng.normal(size=30)])
    clusters = np.tile(list("abcde"), 6)
    boot = wild_bootstrap(
        fit_ols(rng.normal(size=30), X), np.array([0.0, 1.0]), clusters, draws, "11"
    )
    close(boot.p_value() * 32, round(boot.p_value() * 32))
    assert boot.p_value() >= 2 / 32  # the data and their mirror image
    close(boot.statistics()[0], boot.statistic(), MACHINE)
    assert boot.interval(0.99) == (-np.inf, np.inf)
    webb = wild_draws(range(50), "webb", 20000, generator_for(1, "moments")).weights
    signs = wild_draws(
        range(50), "rademacher", 20000, generator_for(1, "moments")
    ).weights
    assert set(np.unique(signs)) == {-1, 1}
    assert len(np.unique(webb)) == 6
    for weights in (webb, signs):
        close(weights.mean(), 0, atol=0.005)
        close((weights.astype(float) ** 2).mean(), 1, atol=0.005)


@pytest.mark.parametrize(("kind", "p"), [("11", 2 / 32), ("33", 3 / 33)])
def test_p_value_of_enumerated_signs_counts_the_data_and_their_mirror_image(kind, p):
    # Without nuisance parameters the signs of one kind give the data back; only WCR-11
    # has them among its draws.
    draws = wild_draws(range(5), "rademacher", 32, generator_for(1, "five"))
    for seed in range(10):
        x, noise = default_rng(seed).normal(size=(2, 30))
        fit = fit_ols(10 * x + noise, x[:, None])
        assert (
            wild_bootstrap(fit, np.ones(1), np.arange(30) % 5, draws, kind).p_value()
            == p
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "13"}, "11 or 33"),
        ({"clusters": np.zeros(20)}, "two clusters"),
        ({"clusters": np.arange(19)}, "19 cluster labels"),
        ({"c": np.zeros(2)}, "not all zero"),
        ({"clusters": np.arange(20) // 2 + 1}, "no bootstrap weights, for example 10"),
    ],
)
def test_bad_input_says_what_is_wrong(change, message):
    rng = default_rng(2)
    fit = fit_ols(
        rng.normal(size=20), np.column_stack([np.ones(20), rng.normal(size=20)])
    )
    draws = wild_draws(range(10), "rademacher", 50, generator_for(1, "bad"))
    arguments = {
        "c": np.array([0.0, 1.0]),
        "clusters": np.arange(20) // 2,
        "kind": "11",
    } | change
    refused(
        message,
        wild_bootstrap,
        fit,
        arguments["c"],
        arguments["clusters"],
        draws,
        arguments["kind"],
    )


def test_bad_draws_and_a_cluster_that_determines_the_coefficient():
    rng = generator_for(1, "bad")
    for bad in (([1], "webb", 9), ([1, 2], "webb", 0), ([1, 2], "mammen", 9)):
        refused(None, wild_draws, *bad, rng)
    assert wild_draws([1, 2], "webb", 1, rng).weights.shape == (1, 2)
    y = np.arange(12.0) ** 1.5
    d = np.repeat([1.0, 0.0, 0.0, 0.0], 3)
    draws = wild_draws(range(4), "webb", 9, generator_for(1, "bad"))
    case = (
        fit_ols(y, np.column_stack([np.ones(12), d])),
        np.array([0.0, 1.0]),
        np.repeat(range(4), 3),
        draws,
        "33",
    )
    refused("cluster 0 alone", wild_bootstrap, *case)


def test_a_draw_without_spread_has_an_infinite_ratio_of_its_sign():
    # Three clusters of one row each, all far from zero: all signs alike leave no spread.
    y = np.array([2.0, 2.001, 1.999])
    clusters = np.arange(3)
    draws = wild_draws(clusters, "rademacher", 99, generator_for(1, "same"))
    assert draws.enumerated
    assert draws.count == 8
    fit = fit_ols(y, np.ones((3, 1)))
    boot = wild_bootstrap(fit, np.ones(1), clusters, draws, "11")
    close(boot.p_value(), 2 / 8)

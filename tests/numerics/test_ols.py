"""Least squares and its covariances against statsmodels and against brute force."""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.numerics.inference.cluster_robust import (
    cluster_products,
    cr2_inference,
    cr3_inference,
    encoded,
)
from evenfield.numerics.ols import (
    contrast_inference,
    cov_classical,
    cov_cr3,
    cov_hc1,
    cov_hc3,
    fit_ols,
    gram_basis,
    t_inference,
)
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE, close


@pytest.fixture
def data():
    rng = default_rng(7)
    X = np.column_stack([np.ones(31), rng.normal(9, 0.5, 31), rng.normal(size=31)])
    return (
        X @ [0.2, -0.015, 0.01] + rng.normal(0, 0.01, 31) * (1 + np.abs(X[:, 2]))
    ), X


@pytest.mark.parametrize(
    ("kind", "cov"), [("nonrobust", cov_classical), ("HC1", cov_hc1), ("HC3", cov_hc3)]
)
def test_covariance_equals_statsmodels(data, kind, cov):
    y, X = data
    theirs = sm.OLS(y, X).fit(cov_type=kind)
    ours = fit_ols(y, X)
    close(ours.beta, theirs.params)
    close(cov(ours), theirs.cov_params())


def test_inference_equals_statsmodels_and_refusals(data):
    y, X = data
    theirs = sm.OLS(y, X).fit(cov_type="HC3", use_t=True)
    fit = fit_ols(y, X)
    ours = contrast_inference(fit, cov_hc3(fit), np.array([0.0, 1.0, 0.0]), fit.df, 0.9)
    close(ours.p_value, theirs.pvalues[1])
    close((ours.conf_low, ours.conf_high), theirs.conf_int(0.1)[1])
    assert ours.df == 28
    assert ours.level == 0.9
    clusters = np.arange(31) // 4
    fit = fit_ols(y, X)
    changes = [
        fit_ols(y[clusters != g], X[clusters != g]).beta - fit.beta
        for g in np.unique(clusters)
    ]
    G = len(changes)
    brute = (G - 1) / G * np.array(changes).T @ np.array(changes)
    close(cov_cr3(fit, clusters), brute)
    fit = fit_ols(*data)
    close(cov_cr3(fit, np.arange(31)), cov_hc3(fit) * 30 / 31, MACHINE)
    result = t_inference(0.0, 0.0, 5)
    assert np.isnan(result.statistic)
    assert np.isnan(result.p_value)
    dummy = np.zeros(31)
    dummy[3] = 1
    refused("leverage 1", cov_hc3, fit_ols(y, np.column_stack([X, dummy])))
    refused("at least two clusters", cov_cr3, fit_ols(y, X), np.zeros(31))
    clusters = np.arange(31) // 4
    refused(
        "leverage 1", cov_cr3, fit_ols(y, np.column_stack([X, clusters == 2])), clusters
    )


@pytest.mark.parametrize(
    ("y", "X", "message"),
    [
        ([1.0, np.nan, 2.0], [[1.0], [1.0], [1.0]], "missing or infinite"),
        ([1.0, 3.0, 2.0], [[1.0], [np.inf], [1.0]], "missing or infinite"),
        (
            [1.0, 2.0],
            [[1.0, 0.0], [1.0, 1.0]],
            "2 observations cannot carry 2 coefficients",
        ),
        ([1.0, 2.0, 4.0], [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], "zero everywhere"),
        ([1.0, 2.0, 4.0], [[1.0, 3.0], [1.0, 3.0], [1.0, 3.0]], "collinear"),
    ],
)
def test_refuses_what_cannot_be_fitted(y, X, message):
    refused(message, fit_ols, np.array(y), np.array(X))


def test_many_rows_go_through_the_gram_matrix_and_lose_no_digits():
    rng = default_rng(3)
    X = np.column_stack([np.ones(12_000), rng.normal(size=(12_000, 2)) * [1, 1e6]])
    y = X @ [1, 2, 3e-6] + rng.normal(size=12_000)
    far = X + np.array([0, 1e9, 0])
    for regressors in (
        X,
        far,
    ):  # the second is ill conditioned, and goes by Householder
        theirs = sm.OLS(y, regressors).fit(method="qr")
        ours = fit_ols(y, regressors)
        close(
            ours.beta[1:],
            theirs.params[1:],
            rtol=CLOSED_FORM if regressors is X else 1e-6,
        )
        close(ours.u_hat, theirs.resid, atol=1e-6)
        bread = np.linalg.inv(X.T @ X)  # a shift changes that of the constant alone
        close(np.diag(ours.bread)[1:], np.diag(bread)[1:], rtol=1e-6)
    refused("collinear", fit_ols, y, np.column_stack([X, X[:, 1]]))


def test_a_basis_by_the_gram_matrix_is_orthonormal_or_none():
    X = default_rng(3).normal(size=(50, 3)) * [1, 1e6, 1e-6]
    B = gram_basis(X)
    close((X @ B).T @ (X @ B), np.eye(3), atol=1e-10)
    assert gram_basis(X * [1, 0, 1]) is None
    assert gram_basis(X[:, [0, 1, 1]]) is None


def test_products_of_clusters_serve_every_combination_and_labels_of_any_kind():
    rng = default_rng(4)
    X = rng.normal(size=(60, 3))
    y = rng.normal(size=60)
    labels = rng.integers(0, 9, 60) * 2 - 5
    fit = fit_ols(y, X)
    first = np.eye(3)[0]
    c = np.array([0.0, 1.0, -1.0])
    for infer in (cr2_inference, cr3_inference):
        plain = infer(fit, c, labels)
        for given in (
            cluster_products(fit, first, labels),
            encoded(labels),
            np.array([f"{k:+d}" for k in labels]),
        ):
            close(infer(fit, c, given)[:5], plain[:5], MACHINE)
    names, codes = encoded(labels)
    assert (names[codes] == labels).all()
    assert (names == np.unique(labels)).all()


def test_an_observation_with_leverage_one_is_refused_and_one_just_below_not():
    X = np.column_stack([np.ones(6), np.arange(6) == 2])
    fit = fit_ols(np.arange(6.0), X)
    refused("leverage 1", cov_hc3, fit)
    near = X + np.column_stack([np.zeros(6), 1e-3 * np.arange(6)])
    assert np.isfinite(cov_hc3(fit_ols(np.arange(6.0) ** 2, near))).all()


def test_two_clusters_are_the_fewest_for_a_jackknife():
    y = np.array([1.0, 3.0, 2.0, 7.0])
    fit = fit_ols(y, np.ones((4, 1)))
    pairs = np.array([0, 0, 1, 1])
    # Means without each pair: 4.5 and 2, around 3.25.
    expected = 0.5 * ((4.5 - 3.25) ** 2 + (2 - 3.25) ** 2)
    close(cov_cr3(fit, pairs)[0, 0], expected)
    refused("at least two clusters", cov_cr3, fit, np.zeros(4))


def test_regressors_that_cannot_be_told_apart_are_named():
    rng = default_rng(2)
    x = rng.normal(size=(20, 3))
    X = np.column_stack([x[:, 0], x[:, 1], x[:, 0] + x[:, 1], x[:, 2]])
    refused("collinear: a, b, c", fit_ols, x[:, 0], X, list("abcd"))
    refused("collinear$", fit_ols, x[:, 0], X)
    twice = np.column_stack([X[:, [0, 1, 3]], 1e6 * X[:, 3], 2 * X[:, 1]])
    refused("b, c, d, e", fit_ols, x[:, 0], twice, list("abcde"))

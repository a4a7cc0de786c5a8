"""CR1 against statsmodels; CR2 and its degrees of freedom against the matrices of their
definition.
"""

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng
from scipy.linalg import sqrtm

from evenfield.numerics.inference import cluster_robust
from evenfield.numerics.inference.cluster_robust import (
    cr1_inference,
    cr2_inference,
    cr3_inference,
    encoded,
    two_way_inference,
)
from evenfield.numerics.ols import cov_cr3, fit_ols
from numerics.refusals import refused
from tolerances import MACHINE, close

C = np.array([0.0, 1.0, 0.5])


@pytest.fixture
def data():
    rng = default_rng(7)
    clusters = rng.integers(0, 8, 60)
    X = np.column_stack(
        [np.ones(60), rng.normal(size=60) + clusters % 3, rng.normal(size=60)]
    )
    return (
        X @ [1, 0.2, 0.1] + rng.normal(size=60) + rng.normal(size=8)[clusters],
        X,
        clusters,
    )


def test_cr1_cr2_and_cr3_equal_statsmodels_and_their_definitions(data):
    y, X, clusters = data
    theirs = (
        sm.OLS(y, X)
        .fit(cov_type="cluster", cov_kwds={"groups": clusters}, use_t=True)
        .t_test(C)
    )
    ours = cr1_inference(fit_ols(y, X), C, clusters)
    close(ours.std_error, theirs.sd[0, 0])
    close(ours.p_value, float(theirs.pvalue))
    assert (ours.df, ours.factor_name) == (7, "G/(G-1) x (N-1)/(N-K)")
    fit = fit_ols(y, X)
    rest = np.eye(60) - X @ fit.bread @ X.T
    columns = []
    terms = []
    for g in np.unique(clusters):
        rows = clusters == g
        w = (
            np.linalg.inv(sqrtm(rest[np.ix_(rows, rows)]).real)
            @ X[rows]
            @ fit.bread
            @ C
        )
        columns.append(rest[:, rows] @ w)
        terms.append(w @ fit.u_hat[rows])
    lam = np.linalg.eigvalsh(np.array(columns) @ np.array(columns).T)
    ours = cr2_inference(fit, C, clusters)
    close(ours.std_error, np.sqrt((np.array(terms) ** 2).sum()))
    close(ours.df, lam.sum() ** 2 / (lam**2).sum())
    assert ours.factor == 1.0
    ours = cr3_inference(fit, C, clusters)
    close(ours.std_error, np.sqrt(C @ cov_cr3(fit, clusters) @ C), MACHINE)
    assert (ours.df, ours.factor, ours.factor_name) == (7, 7 / 8, "(G-1)/G")
    assert cr3_inference(fit, C, clusters, df=3.5).law == "t(3.5)"


def test_two_groups_have_welch_like_degrees_of_freedom_and_dummies_equal_demeaning():
    # A difference of two means by observation: Bell-McCaffrey df lie between the
    # smaller group's and the pooled ones.
    X = np.column_stack([np.ones(31), np.arange(31) < 5])
    result = cr2_inference(
        fit_ols(default_rng(1).normal(size=31), X), np.array([0.0, 1.0]), np.arange(31)
    )
    n1 = 5
    n0 = 26
    # closed form of (a + b)^2 / (a^2/(n1 - 1) + b^2/(n0 - 1)) at equal variances
    a = 1 / n1
    b = 1 / n0
    terms = a**2 / (n1 - 1) + b**2 / (n0 - 1)
    close(result.df, (a + b) ** 2 / terms)
    rng = default_rng(8)
    units = np.repeat(np.arange(9), 7)
    x = rng.normal(size=63)
    y = rng.normal(size=63)
    within = np.eye(63) - (units[:, None] == units) / 7
    dummies = (units[:, None] == np.arange(9)).astype(float)
    for test in (cr2_inference, cr3_inference):
        a = test(fit_ols(within @ y, (within @ x)[:, None]), np.ones(1), units)
        b = test(fit_ols(y, np.column_stack([x, dummies])), np.eye(10)[0], units)
        close((a.std_error, a.df), (b.std_error, b.df))


def test_bad_input_says_what_is_wrong(data):
    X = np.column_stack([np.ones(12), np.repeat([1.0, 0.0, 0.0, 0.0], 3)])
    case = (
        fit_ols(np.arange(12.0) ** 1.5, X),
        np.array([0.0, 1.0]),
        np.repeat(range(4), 3),
    )
    refused("cluster 0 alone", cr2_inference, *case)
    y, X, clusters = data
    for wrong in ({"level": 1.0}, {"clusters": clusters[1:]}, {"c": np.ones(2)}):
        refused(
            None, cr2_inference, fit_ols(y, X), **{"c": C, "clusters": clusters} | wrong
        )


def panel(common, seed=1, units=8, dates=6):
    rng = default_rng(seed)
    unit = np.repeat(np.arange(units), dates)
    date = np.tile(np.arange(dates), units)
    x = rng.normal(size=units * dates) + rng.normal(size=dates)[date]
    u = rng.normal(size=units * dates) + common * (
        rng.normal(size=dates)[date] + rng.normal(size=units)[unit]
    )
    return fit_ols(x + u, np.column_stack([np.ones_like(x), x])), unit, date


def test_two_way_variance_and_bad_input():
    fit, unit, date = panel(2.0)
    c = np.array([0.0, 1.0])
    s = fit.X @ fit.bread @ c * fit.u_hat
    ways = [(np.bincount(way, s) ** 2).sum() for way in (unit, date)]
    expected = 6 / 5 * max(sum(ways) - s @ s, *ways)
    result = two_way_inference(fit, c, unit, date)
    close(result.std_error**2, expected)
    assert (result.df, result.factor) == (5, pytest.approx(1.2))
    fit, unit, date = panel(0.0, seed=3)
    s = fit.X @ fit.bread @ c * fit.u_hat
    one = sum(s[unit == g].sum() ** 2 for g in np.unique(unit))
    assert two_way_inference(fit, c, unit, date).std_error ** 2 >= 1.2 * one * (
        1 - MACHINE
    )
    fit, unit, date = panel(1.0)
    refused("do not fit 48 observations", two_way_inference, fit, c, unit[:5], date)
    refused(
        "at least two clusters", two_way_inference, fit, c, unit, np.zeros_like(date)
    )
    refused("more than one observation", two_way_inference, fit, c, unit, date // 2)


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64"])
def test_labels_of_any_whole_type_are_the_same_clusters(kind):
    labels = np.resize([-100, 100, 5, 5, -100], 300)
    names, codes = encoded(labels.astype(kind))
    assert names.tolist() == [-100, 5, 100]
    assert (names[codes] == labels).all()


@pytest.mark.parametrize("inference", [cr2_inference, cr3_inference])
@pytest.mark.parametrize("coefficient", [0, 5])
def test_clusters_of_few_rows_have_the_same_errors_by_their_roots(
    inference, coefficient, monkeypatch
):
    X, y, clusters = _few_rows()
    fit = fit_ols(y, X)
    c = np.eye(X.shape[1])[coefficient]
    want = inference(fit, c, clusters)
    monkeypatch.setattr(cluster_robust, "MANY_PRODUCTS", 0.0)
    result = inference(fit, c, clusters)
    numbers = ("estimate", "std_error", "df", "p_value", "conf_low")
    close(
        [getattr(result, name) for name in numbers],
        [getattr(want, name) for name in numbers],
        rtol=1e-10,
    )


@pytest.mark.parametrize("inference", [cr2_inference, cr3_inference])
def test_a_cluster_that_alone_determines_a_coefficient_is_named(inference, monkeypatch):
    X, y, clusters = _few_rows()
    monkeypatch.setattr(cluster_robust, "MANY_PRODUCTS", 0.0)
    fit = fit_ols(y, X)
    refused("cluster 2 alone determines", inference, fit, np.eye(9)[6], clusters)


def _few_rows():
    """Ten clusters of three rows and nine regressors; the seventh is the dummy of one
    cluster.
    """
    rng = default_rng(5)
    clusters = np.repeat(np.arange(10), 3)
    X = rng.normal(size=(30, 9))
    X[:, 6] = clusters == 2
    return X, rng.normal(size=30), clusters

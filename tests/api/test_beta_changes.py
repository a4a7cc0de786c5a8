"""Speeds of several spans compared, against regressions and bootstraps by hand."""

import numpy as np
import statsmodels.api as sm
from numpy.random import default_rng
from pandas.testing import assert_frame_equal

import evenfield as ef
from made_panel import DATA, KEYS, N, refused
from tolerances import close

SPANS = [(1990, 1997), (1997, 2005)]


def test_each_speed_is_that_of_beta_convergence():
    fit = ef.beta_changes("rich", DATA, SPANS, draws=99, **KEYS)
    speeds = [
        ef.beta_convergence("rich ~ 1", DATA, start=first, end=last, **KEYS)
        .tables["speed"]
        .loc["speed", "estimate"]
        for first, last in SPANS
    ]
    close(fit.tables["speed"]["speed"], speeds)
    close(fit.params["1997 to 2005 less 1990 to 1997"], speeds[1] - speeds[0])


def influence(first, last):
    """The slope of one span, its length and what each unit moves it by, HC3's jackknife."""
    wide = DATA.pivot(index="unit", columns="year", values="rich")
    years = last - first
    growth = ((wide[last] - wide[first]) / years).to_numpy()
    X = sm.add_constant(wide[first].to_numpy())
    inverse = np.linalg.inv(X.T @ X)
    beta = inverse @ X.T @ growth
    leverage = np.einsum("ij,jk,ik->i", X, inverse, X)
    moved = (X @ inverse)[:, 1] * (growth - X @ beta) / (1 - leverage)
    return beta[1], years, moved


def test_the_error_of_a_change_is_joint_over_spans():
    fit = ef.beta_changes("rich", DATA, SPANS, draws=99, **KEYS)
    parts = [influence(*span) for span in SPANS]
    # d s / d b = -1 / (1 + b T)
    moved = [-u / (1 + b * years) for b, years, u in parts]
    close(fit.std_errors.iloc[0], np.sqrt(((moved[1] - moved[0]) ** 2).sum()))
    assert fit.to_frame()["df"].iloc[0] == N - 2


def test_p_is_that_of_signs_that_are_drawn_for_whole_units():
    fit = ef.beta_changes("rich", DATA, SPANS, draws=4999, seed=3, **KEYS)
    wide = DATA.pivot(index="unit", columns="year", values="rich")
    cases = []
    for first, last in SPANS:
        X = sm.add_constant(wide[first].to_numpy())
        inverse = np.linalg.inv(X.T @ X)
        growth = ((wide[last] - wide[first]) / (last - first)).to_numpy()
        hat = X @ inverse @ X.T
        u = (growth - hat @ growth) / (1 - np.diag(hat))
        cases.append((X, inverse, hat, inverse @ X.T @ growth, u, last - first))
    rng = default_rng(1)
    ratios = []
    speed = [-np.log1p(beta[1] * years) / years for *_, beta, _, years in cases]
    for _ in range(1500):
        signs = rng.choice([-1.0, 1.0], N)
        speeds, moves = [], []
        for X, inverse, hat, beta, u, years in cases:
            y = X @ beta + signs * u
            slope = (inverse @ X.T @ y)[1]
            left = (y - hat @ y) / (1 - np.diag(hat))
            moves.append(-(X @ inverse)[:, 1] * left / (1 + slope * years))
            speeds.append(-np.log1p(slope * years) / years)
        gap = speeds[1] - speeds[0] - (speed[1] - speed[0])
        ratios.append(gap / np.sqrt(((moves[1] - moves[0]) ** 2).sum()))
    close(
        fit.pvalues.iloc[0],
        np.mean(np.abs(ratios) >= abs(fit.tstats.iloc[0])),
        atol=0.04,
    )
    # One restriction: F is the square of t, and both have one p.
    joint = fit.tables["joint"].iloc[0]
    close(joint["statistic"], fit.tstats.iloc[0] ** 2)
    close(joint["p_value"], fit.pvalues.iloc[0])


def test_rows_in_any_order_give_the_same():
    want = ef.beta_changes("rich", DATA, SPANS, draws=99, **KEYS).to_frame()
    mixed = DATA.sample(frac=1, random_state=2)
    found = ef.beta_changes("rich", mixed, SPANS, draws=99, **KEYS).to_frame()
    assert_frame_equal(found, want)


def test_spans_may_be_an_array():
    want = ef.beta_changes("rich", DATA, SPANS, draws=99, **KEYS)
    found = ef.beta_changes("rich", DATA, np.array(SPANS), draws=99, **KEYS)
    assert_frame_equal(found.to_frame(), want.to_frame())


def test_spans_that_are_none_are_refused():
    refused("a span of 1990", ef.beta_changes, "rich", DATA, [1990, 2000], **KEYS)
    refused("a span of None", ef.beta_changes, "rich", DATA, None, **KEYS)
    refused("1 spans", ef.beta_changes, "rich", DATA, SPANS[:1], **KEYS)
    refused("1 of them different", ef.beta_changes, "rich", DATA, SPANS[:1] * 2, **KEYS)
    refused("1890", ef.beta_changes, "rich", DATA, [(1890, 1999), *SPANS], **KEYS)
    holes = DATA[DATA.index != 5]
    refused("without a value", ef.beta_changes, "rich", holes, SPANS, **KEYS)
    level = DATA.assign(income=np.exp(DATA["rich"]))
    spans = [(1990, 1998), (1997, 2005)]
    words = "a span from 1997 beside one that ends in 1998"
    refused(words, ef.beta_changes, "rich", DATA, spans, **KEYS)
    refused("the logarithm", ef.beta_changes, "income", level, SPANS, **KEYS)

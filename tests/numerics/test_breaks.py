"""Least-squares break dates against enumeration and the Nile, and the break test of a slope."""

from itertools import combinations, pairwise

import numpy as np
import pytest
import statsmodels.api as sm

from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling import least_squares_breaks, slope_break_test
from numerics.refusals import refused
from tolerances import CLOSED_FORM


def test_dates_of_breaks_and_their_tests():
    data = sm.datasets.nile.load_pandas().data
    fits = least_squares_breaks(data["volume"].to_numpy(), np.ones((100, 1)), 3, 15)
    dates = [[int(data["year"][i]) for i in fit.last] for fit in fits]
    assert dates[:3] == [[], [1898], [1898, 1953]]  # Bai and Perron's method in R strucchange finds 1898
    assert min(range(4), key=lambda m: fits[m].bic) == 1 and min(range(4), key=lambda m: fits[m].lwz) == 1
    y, time = np.random.default_rng(4).standard_normal(18).cumsum(), np.arange(18.0)
    X = np.column_stack([np.ones(18), time])

    def ssr(cuts):
        edges = (0, *(c + 1 for c in cuts), 18)
        parts = [slice(a, b) for a, b in pairwise(edges)]
        return sum(sm.OLS(y[p], X[p]).fit().ssr for p in parts)

    allowed = [c for c in combinations(range(18), 2) if c[0] >= 3 and c[1] - c[0] >= 4 and 17 - c[1] >= 4]
    best, found = min(allowed, key=ssr), least_squares_breaks(y, X, 2, 4)[2]
    assert found.last == best and found.ssr == pytest.approx(ssr(best), rel=CLOSED_FORM)
    assert len(least_squares_breaks(np.arange(9.0), np.ones((9, 1)), 5, 4)) == 2
    refused("observations", least_squares_breaks, np.arange(3.0), np.ones((3, 1)), 1, 4)
    x, g = panel([-0.06] * 18 + [0.02] * 22, noise=0.01)
    found = slope_break_test(x, g, generator_for(1, "b"), 199)
    assert abs(found.last - 17) <= 1 and found.before == pytest.approx(-0.06, abs=0.01)
    assert found.after == pytest.approx(0.02, abs=0.01) and found.p_value == 1 / 200
    x, g = panel([-0.02] * 12, seed=3, n=20)
    found = slope_break_test(x, g, generator_for(1, "b"), 9)
    early, dummies = (np.arange(12) < (found.last + 1)).astype(float), np.tile(np.eye(12), (20, 1))
    X = np.column_stack([(x * early).ravel(), (x * (1 - early)).ravel(), dummies])
    cluster = {"groups": np.repeat(np.arange(20), 12), "use_correction": False}
    fit, c = sm.OLS(g.ravel(), X).fit(cov_type="cluster", cov_kwds=cluster), np.zeros(14)
    c[:2] = 1, -1
    expected = (c @ fit.params) ** 2 / (c @ fit.cov_params() @ c * 20 / 19)
    assert found.wald[found.last] == pytest.approx(expected, rel=CLOSED_FORM)


def panel(slopes, seed=0, n=31, noise=0.02):
    rng, y = np.random.default_rng(seed), np.empty((n, len(slopes) + 1))
    y[:, 0] = 9 + 0.45 * rng.standard_normal(n)
    for t, b in enumerate(slopes):
        y[:, t + 1] = y[:, t] + 0.07 + b * (y[:, t] - y[:, t].mean()) + noise * rng.standard_normal(n)
    return y[:, :-1], np.diff(y, axis=1)


@pytest.mark.slow
@pytest.mark.montecarlo
def test_size_with_noisier_early_years():
    scale, hits = np.r_[np.full(20, 3.0), np.ones(20)] * 0.015, 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        y = np.cumsum(np.column_stack([0.45 * rng.standard_normal(31), rng.standard_normal((31, 40)) * scale]), axis=1)
        hits += slope_break_test(y[:, :-1], np.diff(y, axis=1), generator_for(1, str(seed)), 99).p_value <= 0.05
    assert hits / 150 < 0.1


@pytest.mark.parametrize(
    ("shape", "words"), [((2, 30), "no room"), ((20, 3), "no room"), ((20, 10), "same in every unit")]
)
def test_bad_input(shape, words):
    refused(words, slope_break_test, np.ones(shape), np.ones(shape), generator_for(1, "b"), 9)

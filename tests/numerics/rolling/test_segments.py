"""Segments of a series: R's dates, a full search, and the criteria written out."""

from itertools import combinations, pairwise
from time import process_time

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.random import default_rng

from evenfield.numerics.rolling.segments import (
    _break_fit,
    _segment_costs,
    least_squares_breaks,
)
from numerics.refusals import refused
from tolerances import close


@pytest.fixture(scope="module")
def nile():
    """Years of the Nile series, and its best divisions."""
    data = sm.datasets.nile.load_pandas().data
    fits = least_squares_breaks(data["volume"].to_numpy(), np.ones((100, 1)), 3, 15)
    return data["year"].astype(int).tolist(), fits


def test_nile_breaks_in_the_years_that_strucchange_finds(nile):
    years, fits = nile
    assert [years[i] for i in fits[1].last] == [1898]
    assert [years[i] for i in fits[2].last] == [1898, 1953]


def test_criteria_choose_one_break_of_the_nile(nile):
    _, fits = nile
    assert min(range(4), key=lambda m: fits[m].bic) == 1
    assert min(range(4), key=lambda m: fits[m].lwz) == 1


def test_two_breaks_are_those_of_a_full_search():
    y = default_rng(4).standard_normal(18).cumsum()
    X = np.column_stack([np.ones(18), np.arange(18.0)])

    def ssr(cuts):
        edges = (0, *(c + 1 for c in cuts), 18)
        parts = [slice(a, b) for a, b in pairwise(edges)]
        return sum(sm.OLS(y[p], X[p]).fit().ssr for p in parts)

    allowed = [
        (first, second)
        for first, second in combinations(range(18), 2)
        if first >= 3 and second - first >= 4 and 17 - second >= 4
    ]
    best = min(allowed, key=ssr)
    fit = least_squares_breaks(y, X, 2, 4)[2]
    assert fit.last == best
    close(fit.ssr, ssr(best))


def test_criteria_are_those_of_liu_wu_and_zidek_and_of_schwarz():
    rng = default_rng(2)
    y = np.repeat([0.0, 2.0], 12) + rng.normal(size=24)
    X = np.column_stack([np.ones(24), np.arange(24.0)])
    for m, fit in enumerate(least_squares_breaks(y, X, 2, 5)):
        edges = [0, *(last + 1 for last in fit.last), 24]
        ssr = sum(sm.OLS(y[a:b], X[a:b]).fit().ssr for a, b in pairwise(edges))
        p = 2 * (m + 1) + m
        lwz = np.log(ssr / (24 - p)) + p * 0.299 * np.log(24) ** 2.1 / 24
        bic = np.log(ssr / 24) + p * np.log(24) / 24
        close((fit.ssr, fit.lwz, fit.bic), (ssr, lwz, bic))


def test_no_more_breaks_than_the_length_allows():
    assert len(least_squares_breaks(np.arange(9.0), np.ones((9, 1)), 5, 4)) == 2


def test_short_series_is_refused():
    refused("observations", least_squares_breaks, np.arange(3.0), np.ones((3, 1)), 1, 4)


def test_no_criterion_where_every_date_has_a_parameter():
    y = np.array([1.0, 2.0, 4.0, 3.0, 5.0])
    assert _break_fit((1,), 1.0, y, 2).lwz == np.inf
    assert np.isfinite(_break_fit((1,), 1.0, np.append(y, 6.0), 2).lwz)


def test_each_segment_has_the_sum_of_squares_of_its_own_regression():
    rng = default_rng(6)
    X = np.column_stack([np.ones(40), 900 + np.arange(40.0), rng.normal(size=40)])
    for y in (0.4 + rng.normal(0, 0.01, 40).cumsum(), X @ [1, 2, 3.0], np.zeros(40)):
        costs = _segment_costs(y, X, 5)
        for i, j in np.ndindex(40, 40):
            if j - i < 4:
                assert costs[i, j] == np.inf
                continue
            own = slice(i, j + 1)
            ssr = sm.OLS(y[own], X[own]).fit().ssr
            close(costs[i, j], ssr, 1e-7, atol=1e-18 * max(1.0, y @ y))


def test_all_segments_cost_less_than_a_tenth_of_them_fitted_anew():
    y = default_rng(1).normal(size=300).cumsum()
    X = np.column_stack([np.ones(300), np.arange(300.0)])

    def seconds(work):
        start = process_time()
        work()
        return process_time() - start

    def anew():
        for i in range(0, 300, 10):
            for j in range(i + 3, 300):
                np.linalg.lstsq(X[i:j], y[i:j], rcond=None)

    assert min(seconds(lambda: _segment_costs(y, X, 3)) for _ in range(3)) < seconds(
        anew
    )

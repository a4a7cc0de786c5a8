"""Windows of growth regressions: against statsmodels, joint covariance, the band and
contrasts of speeds.
"""

from itertools import combinations, pairwise

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.signal import lfilter

from evenfield.numerics import rolling as ro
from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling import (
    fit_windows,
    least_squares_breaks,
    slope_break_test,
    speed_contrasts,
    sup_t_critical_value,
    sup_t_draws,
    window_ends,
)
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE


def windows(n=31, s=4, seed=1):
    rng = np.random.default_rng(seed)
    X = 9 + 0.4 * rng.standard_normal((n, s))
    return 0.3 - 0.02 * X + 0.01 * rng.standard_normal((n, s)), X


def test_fits_windows_and_leaving_units_out():
    y, X = windows()
    fit = fit_windows(y, X)
    for s in range(4):
        other = (
            sm.OLS(y[:, s], sm.add_constant(X[:, s])).fit().get_robustcov_results("HC3")
        )
        assert fit.slope[s] == pytest.approx(other.params[1], rel=CLOSED_FORM)
        assert fit.std_error[s] == pytest.approx(other.bse[1], rel=CLOSED_FORM)
    assert fit.df == 29
    fit = fit_windows(y, X)
    left = fit_windows(np.delete(y, 5, axis=0), np.delete(X, 5, axis=0))
    np.testing.assert_allclose(
        fit.slope - left.slope, fit.influence[5], rtol=CLOSED_FORM
    )
    np.testing.assert_allclose(np.diag(fit.covariance), fit.std_error**2, rtol=MACHINE)
    assert window_ends(np.arange(2000, 2005), 3) == [(0, 3), (1, 4)]
    assert window_ends(np.array([1940, 1950, 1960]), 10) == [(0, 1), (1, 2)]
    assert window_ends(np.array([1940, 1950, 1960]), 15) == []
    X = np.arange(6.0)[:, None] + 9
    refused("perfectly", sup_t_draws, fit_windows(2 * X, X), generator_for(1, "a"), 9)
    y, X = windows(s=2)
    refused(
        "not positive",
        speed_contrasts,
        fit_windows(y, X),
        np.array([60.0, 80.0]),
        generator_for(1, "a"),
        9,
    )
    case = fit_windows(y[:, :1], X[:, :1]), np.array([6.0]), generator_for(1, "a"), 9
    refused("no comparison", speed_contrasts, *case)


def test_bands_and_contrasts_of_speeds():
    y, X = windows(s=1, seed=4)
    rng = [generator_for(1, "a") for _ in range(2)]
    one = sup_t_critical_value(sup_t_draws(fit_windows(y, X), rng[0], 999))
    same = sup_t_critical_value(
        sup_t_draws(fit_windows(np.tile(y, 6), np.tile(X, 6)), rng[1], 999)
    )
    assert one == pytest.approx(same, rel=MACHINE)
    wide = sup_t_critical_value(
        sup_t_draws(fit_windows(*windows(s=12, seed=4)), generator_for(1, "a"), 999)
    )
    assert 1.8 < one < 2.4 < wide < 5
    rng = np.random.default_rng(3)
    years = np.array([5.0, 20.0])
    speed = 0.03
    X = 9 + 0.4 * rng.standard_normal((400, 2))
    fit = fit_windows(
        (
            -(1 - np.exp(-speed * years)) / years * X
            + 0.001 * rng.standard_normal((400, 2))
        ),
        X,
    )
    found = speed_contrasts(fit, years, generator_for(1, "c"), 499)
    assert fit.slope[0] < fit.slope[1] - 0.005
    np.testing.assert_allclose(found.speed, speed, atol=3e-4)
    assert (
        abs(found.contrasts[0].estimate) < 4e-4
        and found.p_bootstrap[0] > 0.05
        and found.wald_p > 0.05
    )
    y, X = windows(s=2)
    fit = fit_windows(y, X)
    years = np.array([8.0, 12.0])
    found = speed_contrasts(fit, years, generator_for(1, "c"), 99)
    d = np.array([1 / (1 + fit.slope[0] * 8), -1 / (1 + fit.slope[1] * 12)])
    assert found.contrasts[0].std_error == pytest.approx(
        np.sqrt(d @ fit.covariance @ d), rel=CLOSED_FORM
    )
    assert (
        found.wald == pytest.approx(found.contrasts[0].statistic ** 2, rel=CLOSED_FORM)
        and found.draws_left_out == 0
    )


@pytest.mark.parametrize(
    ("y", "X", "words"),
    [
        (np.ones((2, 1)), np.ones((2, 1)), "at least 3"),
        (np.ones((5, 1)), np.full((5, 1), np.nan), "missing"),
        (np.ones((5, 1)), np.ones((5, 1)), "same in every unit"),
        (np.arange(5.0)[:, None], np.array([[0, 0, 0, 0, 1.0]]).T, "leverage 1"),
    ],
)
def test_bad_input(y, X, words):
    refused(words, fit_windows, y, X)


def test_dates_of_breaks_and_their_tests():
    data = sm.datasets.nile.load_pandas().data
    fits = least_squares_breaks(data["volume"].to_numpy(), np.ones((100, 1)), 3, 15)
    dates = [[int(data["year"][i]) for i in fit.last] for fit in fits]
    assert dates[:3] == [
        [],
        [1898],
        [1898, 1953],
    ]  # Bai and Perron's method in R strucchange finds 1898
    assert (
        min(range(4), key=lambda m: fits[m].bic) == 1
        and min(range(4), key=lambda m: fits[m].lwz) == 1
    )
    y = np.random.default_rng(4).standard_normal(18).cumsum()
    time = np.arange(18.0)
    X = np.column_stack([np.ones(18), time])

    def ssr(cuts):
        edges = (0, *(c + 1 for c in cuts), 18)
        parts = [slice(a, b) for a, b in pairwise(edges)]
        return sum(sm.OLS(y[p], X[p]).fit().ssr for p in parts)

    allowed = [
        c
        for c in combinations(range(18), 2)
        if c[0] >= 3 and c[1] - c[0] >= 4 and 17 - c[1] >= 4
    ]
    best = min(allowed, key=ssr)
    found = least_squares_breaks(y, X, 2, 4)[2]
    assert found.last == best and found.ssr == pytest.approx(ssr(best), rel=CLOSED_FORM)
    assert len(least_squares_breaks(np.arange(9.0), np.ones((9, 1)), 5, 4)) == 2
    refused("observations", least_squares_breaks, np.arange(3.0), np.ones((3, 1)), 1, 4)
    x, g = panel([-0.06] * 18 + [0.02] * 22, noise=0.01)
    found = slope_break_test(x, g, generator_for(1, "b"), 199)
    assert abs(found.last - 17) <= 1 and found.before == pytest.approx(-0.06, abs=0.01)
    assert found.after == pytest.approx(0.02, abs=0.01) and found.p_value == 1 / 200
    x, g = panel([-0.02] * 12, seed=3, n=20)
    found = slope_break_test(x, g, generator_for(1, "b"), 9)
    early = (np.arange(12) < (found.last + 1)).astype(float)
    dummies = np.tile(np.eye(12), (20, 1))
    X = np.column_stack([(x * early).ravel(), (x * (1 - early)).ravel(), dummies])
    cluster = {"groups": np.repeat(np.arange(20), 12), "use_correction": False}
    fit = sm.OLS(g.ravel(), X).fit(cov_type="cluster", cov_kwds=cluster)
    c = np.zeros(14)
    c[:2] = 1, -1
    expected = (c @ fit.params) ** 2 / (c @ fit.cov_params() @ c * 20 / 19)
    assert found.wald[found.last] == pytest.approx(expected, rel=CLOSED_FORM)


def panel(slopes, seed=0, n=31, noise=0.02):
    rng = np.random.default_rng(seed)
    y = np.empty((n, len(slopes) + 1))
    y[:, 0] = 9 + 0.45 * rng.standard_normal(n)
    for t, b in enumerate(slopes):
        y[:, t + 1] = (
            y[:, t]
            + 0.07
            + b * (y[:, t] - y[:, t].mean())
            + noise * rng.standard_normal(n)
        )
    return y[:, :-1], np.diff(y, axis=1)


@pytest.mark.parametrize(
    ("shape", "words"),
    [((2, 30), "no room"), ((20, 3), "no room"), ((20, 10), "same in every")],
)
def test_breaks_of_bad_input(shape, words):
    refused(
        words,
        slope_break_test,
        np.ones(shape),
        np.ones(shape),
        generator_for(1, "b"),
        9,
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_ratio_equals_statsmodels(share):
    z = np.random.default_rng(1).standard_normal(42).cumsum()
    hac = {"maxlags": round(share * 42) - 1, "use_correction": False}
    other = sm.OLS(z, sm.add_constant(np.arange(42))).fit(cov_type="HAC", cov_kwds=hac)
    fit = ro.fixed_b_trend(z, share)
    assert fit.slope[0] == pytest.approx(other.params[1], rel=CLOSED_FORM)
    assert fit.std_error[0] == pytest.approx(other.bse[1], rel=CLOSED_FORM)


def test_fixed_b_tail_and_falling_variance():
    drawn = ro.white_noise_statistics(42, 1.0, generator_for(1, "w"), 4000)
    # Kiefer and Vogelsang's 97.5 percent point at b = 1 is 4.77; a trend regressor
    # moves it a little.
    assert 3.8 < np.quantile(drawn, 0.975) < 5.8 and abs(np.median(drawn)) < 0.15
    found = ro.constant_variance_panels(persistent(np.random.default_rng(2), 0.9, 2.0))
    assert 0.7 < found.persistence[0] < 0.9 < found.persistence[-1] < 1
    assert (
        found.level_sd[-1] == pytest.approx(0, abs=1e-6)
        and (np.diff(found.level_sd) <= 0).all()
    )
    rng = np.random.default_rng(3)
    y = rng.standard_normal((31, 1)) * np.linspace(
        1, 0.3, 42
    ) + 0.02 * rng.standard_normal((31, 42))
    found = ro.weak_sigma_test(y, generator_for(1, "w"), 299)
    assert found.slope < 0 and found.p_constant_variance < 0.05
    assert (
        ro.weak_sigma_test(y[:, ::-1], generator_for(1, "w"), 299).p_constant_variance
        > 0.5
    )
    y = persistent(np.random.default_rng(4), 0.8, 1.0)
    one = ro.weak_sigma_test(y, generator_for(1, "w"), 99)
    two = ro.weak_sigma_test(
        3 * y + np.arange(42) * 0.07 + np.log(100), generator_for(1, "w"), 99
    )
    assert one.p_constant_variance == two.p_constant_variance
    assert one.statistic == pytest.approx(two.statistic, rel=CLOSED_FORM)
    y = persistent(np.random.default_rng(8), 0.6, 1.0)
    rng = generator_for(1, "w")
    found = ro.weak_sigma_test(y, generator_for(1, "w"), 199)
    ro.white_noise_statistics(42, 0.1, rng, 199)
    drawn = ro.constant_variance_statistics(
        ro.constant_variance_panels(y), (31, 42), 0.1, rng, 199
    )
    tails = (1 + (drawn <= found.statistic).sum(axis=1)) / 200
    assert tails.min() < tails.max() == found.p_constant_variance


def persistent(rng, r, ratio, n=31, dates=42):
    e = rng.standard_normal((n, dates))
    e[:, 0] /= np.sqrt(1 - r**2)
    return lfilter([1.0], [1.0, -r], e, axis=1) + ratio / np.sqrt(
        1 - r**2
    ) * rng.standard_normal((n, 1))


@pytest.mark.slow
@pytest.mark.montecarlo
def test_size_under_persistence():
    rng = np.random.default_rng(0)
    plain = 0
    ours = 0
    for i in range(100):
        found = ro.weak_sigma_test(
            persistent(rng, 0.94, 4.0), generator_for(1, str(i)), 99
        )
        plain = plain + (found.p_fixed_b < 0.05)
        ours = ours + (found.p_constant_variance <= 0.05)
    assert plain / 100 > 0.15  # why the fixed-b p-value is not the one to read
    assert ours / 100 <= 0.1


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.ones((2, 20)), "no panel"),
        (np.ones((5, 4)), "no panel"),
        (np.tile(np.arange(5.0)[:, None], 20), "move"),
    ],
)
def test_weak_sigma_of_bad_input(y, words):
    refused(words, ro.weak_sigma_test, y, generator_for(1, "w"), 9)


def test_criteria_of_breaks_are_those_of_liu_wu_and_zidek_and_of_schwarz():
    rng = np.random.default_rng(2)
    y = np.repeat([0.0, 2.0], 12) + rng.normal(size=24)
    X = np.column_stack([np.ones(24), np.arange(24.0)])
    for m, fit in enumerate(least_squares_breaks(y, X, 2, 5)):
        edges = [0, *(last + 1 for last in fit.last), 24]
        ssr = sum(sm.OLS(y[a:b], X[a:b]).fit().ssr for a, b in pairwise(edges))
        p = 2 * (m + 1) + m
        lwz = np.log(ssr / (24 - p)) + p * 0.299 * np.log(24) ** 2.1 / 24
        bic = np.log(ssr / 24) + p * np.log(24) / 24
        assert (fit.ssr, fit.lwz, fit.bic) == pytest.approx((ssr, lwz, bic))

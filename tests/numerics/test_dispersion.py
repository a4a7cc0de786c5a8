"""Dispersion and tests of its ends."""

import numpy as np
import pytest
from scipy import stats

from evenfield.numerics import dispersion as dp
from evenfield.numerics.ols import cov_classical, fit_ols
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE


@pytest.fixture
def ends():
    rng = np.random.default_rng(11)
    start = rng.normal(9, 0.5, 31)
    return start, 0.7 * start + 5 + rng.normal(0, 0.1, 31)


def test_sigma_its_weights_and_tests(ends):
    assert dp.sigma(np.array([1.0, 2.0, 4.0])) == pytest.approx(np.sqrt(7 / 3)) and np.isnan(dp.sigma(np.array([1.0])))
    assert dp.sigma(np.ones((3, 4))).shape == (4,)
    start, _ = ends
    assert dp.weighted_sigma(start, np.full(31, 7.0)) == pytest.approx(np.std(start), rel=MACHINE)
    y, w = np.array([1.0, 2.0, 5.0]), np.array([1.0, 3.0, 2.0])
    assert dp.weighted_sigma(y, w) == pytest.approx(np.std(np.repeat(y, [1, 3, 2])), rel=MACHINE)
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert dp.coefficient_of_variation(x) == pytest.approx(np.sqrt(2.5) / 3)
    assert dp.percentile_ratio(x) == pytest.approx(4.6 / 1.4) and dp.interquartile_range(x) == 2.0
    assert dp.coefficient_of_variation(100 * x) == pytest.approx(dp.coefficient_of_variation(x), rel=MACHINE)
    y = np.column_stack(ends)
    brute = [np.std(np.delete(y, i, axis=0), axis=0, ddof=1) for i in range(31)]
    np.testing.assert_allclose(dp.leave_one_out_sigma(y), brute, rtol=MACHINE)
    refused("at least three", dp.leave_one_out_sigma, y[:2])
    start, end = ends
    both = dp.carree_klomp_t2_test(np.column_stack([start, end]), np.column_stack([end, start]))
    assert both.statistic[0] == pytest.approx(both.statistic[1], rel=MACHINE)
    fit = fit_ols(start - end, np.column_stack([np.ones(31), start + end]))
    t, r = fit.beta[1] / np.sqrt(cov_classical(fit)[1, 1]), stats.pearsonr(start - end, start + end)[0]
    assert t == pytest.approx(r * np.sqrt(29 / (1 - r**2)), rel=CLOSED_FORM)
    C = np.cov(start, end)
    gap = (C[0, 0] - C[1, 1]) ** 2
    t2, test = 28.5 * np.log(1 + gap / (4 * (C[0, 0] * C[1, 1] - C[0, 1] ** 2))), dp.carree_klomp_t2_test(start, end)
    assert test.statistic == pytest.approx(t2, rel=MACHINE)
    assert test.p_value == pytest.approx(stats.chi2.sf(t2, 1), rel=CLOSED_FORM)
    ratio, r = np.var(start) / np.var(end), np.corrcoef(start, end)[0, 1]
    expected = np.sqrt(31) * (ratio - 1) / (2 * np.sqrt(1 - r**2))
    assert dp.carree_klomp_t3(start, end) == pytest.approx(expected, rel=MACHINE)
    assert dp.carree_klomp_t3(end, start) < 0 < dp.carree_klomp_t3(start, end)


@pytest.mark.parametrize("test", [dp.carree_klomp_t2_test, dp.carree_klomp_t3])
def test_refuses_what_has_no_test(test, ends):
    start, _ = ends
    refused("perfectly correlated", test, start, start + 1)
    refused("constant", test, start, np.ones(31))
    refused("at least three", test, start[:2], start[:2])

"""Dispersion and tests of equal variances against their formulas."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import stats

from evenfield.numerics.dispersion import carree_klomp, leave_one_out_sigma, sigma
from numerics.refusals import refused
from tolerances import MACHINE, close


@pytest.fixture
def ends():
    rng = default_rng(11)
    start = rng.normal(9, 0.5, 31)
    return start, 0.7 * start + 5 + rng.normal(0, 0.1, 31)


def test_sigma_is_the_standard_deviation_also_without_one_unit(ends):
    close(sigma(np.array([1.0, 2.0, 4.0])), np.sqrt(7 / 3))
    assert np.isnan(sigma(np.array([1.0])))
    assert sigma(np.ones((3, 4))).shape == (4,)
    y = np.column_stack(ends)
    brute = [np.std(np.delete(y, i, axis=0), axis=0, ddof=1) for i in range(31)]
    close(leave_one_out_sigma(y), brute, MACHINE)
    assert np.isnan(leave_one_out_sigma(y[:2])).all()


def test_t2_and_t3_are_the_formulas_of_carree_and_klomp(ends):
    start, end = ends
    test = carree_klomp(start, end)
    C = np.cov(start, end)
    gap = (C[0, 0] - C[1, 1]) ** 2
    t2 = 28.5 * np.log(1 + gap / (4 * np.linalg.det(C)))
    close(test.t2, t2, MACHINE)
    close(test.t2_p, stats.chi2.sf(t2, 1))
    ratio = np.var(start) / np.var(end)
    r = np.corrcoef(start, end)[0, 1]
    close(test.t3, np.sqrt(31) * (ratio - 1) / (2 * np.sqrt(1 - r**2)), MACHINE)
    other_way = carree_klomp(end, start)
    close(other_way.t2, t2, MACHINE)
    assert other_way.t3 < 0 < test.t3


def test_ends_without_a_test_are_refused(ends):
    start, _ = ends
    refused("same amount", carree_klomp, start, start + 1)
    refused("perfectly correlated", carree_klomp, start, 2 * start)
    refused("same in every unit", carree_klomp, start, np.ones(31))
    refused("same in every unit", carree_klomp, np.ones(31), start)
    refused("2 units, .* at least 3", carree_klomp, start[:2], start[:2])

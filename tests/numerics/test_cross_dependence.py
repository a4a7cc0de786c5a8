"""Tests and exponents of cross-section dependence: closed forms, sizes and limits."""

import numpy as np
import pytest

from evenfield.numerics import unit_roots as ur
from evenfield.numerics.random import generator_for
from numerics.refusals import refused
from tolerances import MACHINE


def factor_panel(n=31, dates=40, load=1.0, seed=0):
    rng = np.random.default_rng(seed)
    loads = load * (0.5 + rng.uniform(size=(n, 1)))
    return loads * rng.standard_normal(dates) + rng.standard_normal((n, dates))


def test_tests_and_exponents_written_out():
    e = factor_panel()
    np.testing.assert_allclose(ur.pair_correlations(e), np.corrcoef(e), rtol=1e-9, atol=1e-12)
    e = factor_panel(n=6, dates=12)
    rho = np.corrcoef(e)
    expected = np.sqrt(2 * 12 / (6 * 5)) * sum(rho[i, j] for i in range(6) for j in range(i))
    assert ur.cd_test(e).statistic == pytest.approx(expected, rel=MACHINE)
    e, signs = factor_panel(), generator_for(1, "s").integers(0, 2, (1, 31))[0] * 2.0 - 1.0
    found = ur.weighted_cd_test(e, generator_for(1, "s"), draws=1)
    assert found.statistic == pytest.approx(ur.cd_test(signs[:, None] * e).statistic, rel=MACHINE)
    e = factor_panel(load=0)
    assert ur.enhanced_cd_test(e, generator_for(1, "s")) == ur.weighted_cd_test(e, generator_for(1, "s"))
    assert ur.enhanced_cd_test(factor_panel(load=1), generator_for(1, "s")).statistic > 30
    none, strong = factor_panel(load=0, dates=60), factor_panel(load=3, dates=60)
    assert ur.exponent_of_residuals(none) < 0.6 and ur.exponent_of_residuals(strong) > 0.95
    assert ur.exponent_of_means(strong) == pytest.approx(1, abs=0.05)
    same = np.tile(np.random.default_rng(1).standard_normal(40), (31, 1)) * np.arange(1, 32)[:, None]
    assert ur.exponent_of_residuals(same) == pytest.approx(1, rel=MACHINE)
    rng, values = np.random.default_rng(2), []
    for loaded in (100, 30, 10):
        loads = np.r_[np.full(loaded, 1.5), np.zeros(100 - loaded)]
        values.append(
            ur.exponent_of_residuals(loads[:, None] * rng.standard_normal(200) + rng.standard_normal((100, 200)))
        )
    assert values[0] > values[1] > values[2] >= 0.5
    refused("factors", ur.exponent_of_means, factor_panel(dates=6))
    e, order = factor_panel(), np.random.default_rng(3).permutation(31)
    for statistic in (lambda v: ur.cd_test(v).statistic, ur.exponent_of_means, ur.exponent_of_residuals):
        assert statistic(e) == pytest.approx(statistic(7 * e[order] + 2), rel=1e-8)


@pytest.mark.montecarlo
def test_year_effects_break_cd_but_not_the_enhanced_test():
    cd, plus = 0, 0
    for seed in range(200):
        e = factor_panel(load=0, seed=seed)
        left = e - e.mean(axis=0)
        cd += ur.cd_test(left).p_value < 0.05
        plus += ur.enhanced_cd_test(left, generator_for(1, str(seed))).p_value < 0.05
    assert cd == 200 and plus / 200 < 0.12


@pytest.mark.montecarlo
def test_cd_size_under_independence():
    hits = [ur.cd_test(factor_panel(load=0, seed=seed)).p_value < 0.05 for seed in range(400)]
    assert 0.02 < np.mean(hits) < 0.09


@pytest.mark.parametrize(("e", "words"), [(np.ones((2, 20)), "2 units"), (np.ones((5, 3)), "3 dates"),
                                          (np.ones((5, 20)), "not vary")])  # fmt: skip
def test_bad_input(e, words):
    refused(words, ur.cd_test, e)

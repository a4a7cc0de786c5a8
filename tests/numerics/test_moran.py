"""Moran's I against esda and spreg, its moments, and the permutation test; random streams."""

from itertools import permutations

import libpysal
import numpy as np
import pytest
from esda import Moran
from spreg import OLS
from spreg.diagnostics_sp import MoranRes

from evenfield.numerics.moran import cliff_ord_moments, morans_i, morans_i_test
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from numerics.refusals import refused
from tolerances import CLOSED_FORM, MACHINE


@pytest.fixture
def lattice():
    w = libpysal.weights.lat2W(6, 5)
    w.transform = "r"
    return w, np.asarray(w.full()[0])


@pytest.fixture
def values():
    return np.repeat(np.arange(6.0), 5) + np.random.default_rng(5).normal(0, 1, 30)


def test_statistics_equal_esda_spreg_and_all_permutations(lattice, values):
    w, W = lattice
    theirs = Moran(values, w, transformation="r", permutations=0)
    ours = morans_i_test(values, W, generator_for(1, "a"), 99)
    assert ours.statistic == pytest.approx(theirs.I, rel=CLOSED_FORM)
    assert ours.mean == pytest.approx(theirs.EI, rel=CLOSED_FORM)
    assert ours.std_error == pytest.approx(theirs.seI_norm, rel=CLOSED_FORM)
    assert ours.z == pytest.approx(theirs.z_norm, rel=CLOSED_FORM)
    x = np.random.default_rng(6).normal(size=(30, 2))
    theirs, X = MoranRes(OLS(values[:, None], x), w, z=True), np.column_stack([np.ones(30), x])
    ours = morans_i_test(fit_ols(values, X).u_hat, W, generator_for(1, "a"), 99, X)
    assert ours.statistic == pytest.approx(theirs.I, rel=CLOSED_FORM)
    assert ours.mean == pytest.approx(theirs.eI, rel=CLOSED_FORM)
    assert ours.std_error**2 == pytest.approx(theirs.vI, rel=CLOSED_FORM)
    _, W = lattice
    assert cliff_ord_moments(W, np.ones((30, 1)))[0] == pytest.approx(-1 / 29, rel=MACHINE)
    W, y = np.eye(6, k=1) + np.eye(6, k=-1), np.array([1.0, 2.0, 2.5, 5.0, 4.0, 6.5])
    e = y - y.mean()
    drawn, observed = np.array([morans_i(np.array(order), W) for order in permutations(e)]), morans_i(e, W)
    exact = min(1.0, 2 * min((drawn >= observed - 1e-12).mean(), (drawn <= observed + 1e-12).mean()))
    draws = 20_000
    found = morans_i_test(y, W, generator_for(3, "exact"), draws).p_value
    assert found == pytest.approx(exact, abs=4 * np.sqrt(exact / draws))
    _, W = lattice
    rng = np.random.default_rng(8)
    X = np.column_stack([np.ones(30), np.repeat(np.arange(6.0), 5), rng.normal(size=30)])
    mean, variance = cliff_ord_moments(W, X)
    drawn = []
    for _ in range(2000):
        drawn.append(morans_i(fit_ols(rng.normal(size=30), X).u_hat, W))
    assert np.mean(drawn) == pytest.approx(mean, abs=4 * np.sqrt(variance / 2000))
    assert np.var(drawn) == pytest.approx(variance, rel=0.15)


@pytest.mark.montecarlo
def test_size_of_the_residual_test_is_nominal(lattice):
    _, W = lattice
    rng, X = np.random.default_rng(12), np.column_stack([np.ones(30), np.repeat(np.arange(6.0), 5)])
    p = [morans_i_test(rng.normal(size=30), W, generator_for(1, str(i)), 199, X).p_value for i in range(1000)]
    assert 0.03 <= np.mean(np.array(p) <= 0.05) <= 0.07  # 0.05 +/- 2.9 standard errors of 1,000 draws


def test_order_refusals_and_streams(lattice, values):
    _, W = lattice
    order = np.random.default_rng(2).permutation(30)
    moved = morans_i_test(values[order], W[np.ix_(order, order)], generator_for(1, "a"), 99)
    assert moved.statistic == pytest.approx(morans_i_test(values, W, generator_for(1, "a"), 99).statistic, rel=MACHINE)
    rng = generator_for(1, "a")
    refused("constant", morans_i_test, np.full(30, 8.1), W, rng, 9)
    refused("no link", morans_i_test, values, np.zeros((30, 30)), rng, 9)
    refused("leave no residual", morans_i_test, values[:3], W[:3, :3], rng, 9, np.eye(3))
    W, X = np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1.0, 0]]), np.column_stack([np.ones(3), [0.0, 1.0, 3.0]])
    assert morans_i_test(np.array([1.0, 0.0, 2.0]), W, generator_for(1, "a"), 99, X).p_value == 1.0
    one = generator_for(2011, "beta:absolute").random(3)
    np.testing.assert_array_equal(one, generator_for(2011, "beta:absolute").random(3))
    np.testing.assert_allclose(one, [0.9284709230783751, 0.752627008926718, 0.1114227358527703], rtol=MACHINE)
    assert not np.array_equal(one, generator_for(2012, "beta:absolute").random(3))
    assert not np.array_equal(one, generator_for(2011, "beta:absolute2").random(3))
    np.random.seed(4)
    state = np.random.get_state()[1].copy()
    generator_for(1, "x").random(10)
    np.testing.assert_array_equal(state, np.random.get_state()[1])

"""Moran's I against esda and spreg, its moments, and the permutation test; random
streams.
"""

import esda
import libpysal
import numpy as np
import pytest
from esda import Moran
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from spreg import OLS
from spreg.diagnostics_sp import MoranRes

from evenfield.numerics import map_pairs as mp
from evenfield.numerics.map_pairs import bivariate_moran_test
from evenfield.numerics.moran import (
    cliff_ord_moments,
    morans_i_test,
    two_sided_p,
)
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from made_maps import GRID, N, esda_grid, made_maps
from numerics.refusals import refused
from tolerances import MACHINE, close


@pytest.fixture
def lattice():
    w = libpysal.weights.lat2W(6, 5)
    w.transform = "r"
    return w, np.asarray(w.full()[0])


@pytest.fixture
def values():
    return np.repeat(np.arange(6.0), 5) + default_rng(5).normal(0, 1, 30)


def test_statistic_and_moments_are_those_of_esda(lattice, values):
    w, W = lattice
    theirs = Moran(values, w, transformation="r", permutations=0)
    ours = morans_i_test(values, W, generator_for(1, "a"), 99)
    numbers = (theirs.I, theirs.EI, theirs.seI_norm, theirs.z_norm)
    close((ours.statistic, ours.mean, ours.std_error, ours.z), numbers)


def test_moments_of_residuals_are_those_of_spreg(lattice, values):
    w, W = lattice
    x = default_rng(6).normal(size=(30, 2))
    theirs = MoranRes(OLS(values[:, None], x), w, z=True)
    X = np.column_stack([np.ones(30), x])
    ours = morans_i_test(fit_ols(values, X).u_hat, W, generator_for(1, "a"), 99, X)
    close((ours.statistic, ours.mean), (theirs.I, theirs.eI))
    close(ours.std_error**2, theirs.vI)
    close(cliff_ord_moments(W, np.ones((30, 1)))[0], -1 / 29, MACHINE)


def test_refusals_of_one_map(lattice, values):
    _, W = lattice
    draws = generator_for(1, "a"), 9
    refused("constant", morans_i_test, np.full(30, 8.1), W, *draws)
    refused("no link", morans_i_test, values, 0 * W, *draws)
    few = values[:3], W[:3, :3], *draws, np.eye(3)
    refused("leave no residual", morans_i_test, *few)


def test_one_degree_of_freedom_leaves_nothing_to_permute():
    W = np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1.0, 0]])
    X = np.column_stack([np.ones(3), [0.0, 1.0, 3.0]])
    y = np.array([1.0, 0.0, 2.0])
    assert morans_i_test(y, W, generator_for(1, "a"), 99, X).p_value == 1.0


def test_streams_depend_on_seed_and_name_alone():
    one = generator_for(2011, "beta:absolute").random(3)
    assert_array_equal(one, generator_for(2011, "beta:absolute").random(3))
    close(one, [0.9284709230783751, 0.752627008926718, 0.1114227358527703], MACHINE)
    for other in ((2012, "beta:absolute"), (2011, "beta:absolute2")):
        assert not np.array_equal(one, generator_for(*other).random(3))
    np.random.seed(4)
    state = np.random.get_state()[1].copy()
    generator_for(1, "x").random(10)
    assert_array_equal(state, np.random.get_state()[1])


@pytest.fixture(scope="module")
def maps():
    return made_maps()


@pytest.fixture(scope="module")
def grid():
    return esda_grid()


def bivariate(x, y, W=GRID, draws=999):
    return bivariate_moran_test(x, y, W, generator_for(1, "b"), draws)


def test_bivariate_moran_is_that_of_esda(maps, grid):
    result = bivariate(maps[:, 0], maps[:, 2])
    other = esda.Moran_BV(maps[:, 0], maps[:, 2], grid, permutations=0)
    close(result.statistic, other.I, rtol=1e-9)
    assert 0 < result.p_value <= 1


def test_refusals_of_maps(maps):
    draws = generator_for(1, "m"), 9
    refused("constant", bivariate_moran_test, np.ones(N), maps[:, 0], GRID, *draws)
    for marks in (np.zeros(N), np.ones(N), np.full(N, 0.5)):
        refused("some and not all", mp.join_counts, marks, GRID, *draws)


def test_the_p_value_counts_the_data_as_one_draw_in_the_nearer_tail():
    # Nine draws: none below, two at least as high; 2 (1 + 2) / 10, and 2 (1 + 0) / 10.
    drawn = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9])[:, None]
    close(two_sided_p(drawn, np.array([8.0]))[0], 0.6)
    close(two_sided_p(drawn, np.array([10.0]))[0], 0.2)
    close(two_sided_p(drawn, np.array([0.0]))[0], 0.2)
    assert two_sided_p(drawn, np.array([5.0]))[0] == 1


def test_the_permutation_test_is_a_loop_over_its_own_draws(lattice, values):
    _, W = lattice
    X = np.column_stack([np.ones(30), np.arange(30) % 5])
    result = morans_i_test(values, W, generator_for(1, "a"), 59, X)
    orders = np.argsort(generator_for(1, "a").random((59, 30)), axis=1)
    e = fit_ols(values, X).u_hat
    again = np.array([fit_ols(e[order], X).u_hat for order in orders])
    drawn = 30 / W.sum() * ((again @ W) * again).sum(axis=1) / (again**2).sum(axis=1)
    above = (drawn >= result.statistic).sum()
    below = (drawn <= result.statistic).sum()
    assert result.p_value == min(1, 2 * (1 + min(above, below)) / 60)

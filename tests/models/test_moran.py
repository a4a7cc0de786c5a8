"""Spatial association of maps against esda and loops over its own draws; what is not
defined.
"""

import esda
import numpy as np
import pytest
from esda import Moran
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from statsmodels.stats.multitest import multipletests

from evenfield.models.moran import association, local_association
from evenfield.numerics.moran import morans_i_test, pairs_of
from evenfield.numerics.permutations import first_places, two_sided_p
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_statistics import map_statistics
from made_maps import GRID, N, esda_grid, made_maps
from tolerances import MACHINE, close


@pytest.fixture(scope="module")
def maps():
    return made_maps()


@pytest.fixture(scope="module")
def grid():
    return esda_grid()


def drawn_maps(values, draws=4000, **options):
    return association(values, GRID, generator_for(1, "m"), draws, **options)


@pytest.mark.filterwarnings("ignore")
def test_statistics_of_maps_are_those_of_esda(maps, grid):
    moran, geary = map_statistics(maps - maps.mean(axis=0), pairs_of(GRID))
    drawn = drawn_maps(maps)[0]
    for t, values in enumerate(maps.T):
        theirs = Moran(values, grid, permutations=0)
        close(moran[t], theirs.I, MACHINE)
        close(geary[t], esda.Geary(values, grid, permutations=0).C, MACHINE)
        close(drawn.mean[t], theirs.EI, atol=4 * theirs.seI_rand / np.sqrt(4000))
        close(drawn.std_error[t], theirs.seI_rand, rtol=0.05)


def test_maps_that_are_related_are_found_also_together(maps):
    moran, geary = drawn_maps(maps)
    close(geary.mean, 1, atol=0.02)
    assert moran.p_value[0] < 0.05 < moran.p_value[2]
    assert (moran.p_joint >= moran.p_value / 2.5).all()
    band = moran.series(0.95)
    reach = 2 * moran.std_error
    assert (band["band_high"] - moran.mean > reach).all()
    close(band["band_high"] + band["band_low"], 2 * moran.mean)


def test_residuals_of_a_map_are_tested_like_one_outcome(maps):
    X = np.column_stack([np.ones(N), maps[:, 2]])
    moran = drawn_maps(maps[:, :1], X=X)[0]
    other = morans_i_test(maps[:, 0], GRID, generator_for(2, "m"), 4000, X)
    close(moran.statistic[0], other.statistic, MACHINE)
    close(moran.p_value[0], other.p_value, atol=0.03)


def test_maps_with_regressors_of_their_own_are_tested_as_if_alone(maps):
    X = np.ones((3, N, 2))
    X[..., 1] = np.roll(maps, -1, axis=1).T
    moran = drawn_maps(maps, 99, X=X)[0]
    for t in range(3):
        alone = drawn_maps(maps[:, t : t + 1], 99, X=X[t])[0]
        close(moran.statistic[t], alone.statistic[0], MACHINE)
        assert moran.p_value[t] == alone.p_value[0]


@pytest.mark.filterwarnings("ignore")
def test_local_moran_is_that_of_esda(maps, grid):
    result = local_association(maps, GRID, generator_for(1, "l"), 9999)
    for t, values in enumerate(maps.T):
        other = esda.Moran_Local(values, grid, permutations=9999, seed=1)
        close(result.statistic[:, t], other.Is, MACHINE)
        close(result.p_value[:, t], np.minimum(2 * other.p_sim, 1), atol=0.06)
        names = np.array(["HH", "LH", "LL", "HL"])
        assert_array_equal(result.quadrant[:, t], names[other.q - 1])


@pytest.mark.parametrize("alike", [True, False])
def test_local_draws_are_the_first_others_of_shared_orders(maps, alike):
    weights = np.triu(default_rng(4).uniform(size=GRID.shape) < 0.2, 1).astype(float)
    weights += weights.T
    if not alike:
        weights *= default_rng(5).uniform(0.5, 2, size=weights.shape)
    weights[3] = 0
    ours = local_association(maps, weights, generator_for(1, "l"), 99).p_value
    n = len(maps)
    z = maps - maps.mean(axis=0)
    places = int((weights != 0).sum(axis=1).max()) + 1
    orders = first_places(n, places, generator_for(1, "l"), 99)
    for i in range(n):
        near = weights[i].nonzero()[0]
        own = weights[i][near]
        drawn = []
        for order in orders:
            neighbours = list(order[: len(own) + 1])
            following = neighbours.pop()
            neighbours = [following if j == i else j for j in neighbours]
            drawn.append(own @ z[neighbours])
        p = two_sided_p(np.array(drawn), own @ z[near], 1e-9)
        close(ours[i], p if len(own) else 1.0, 1e-12)


def test_q_values_of_local_moran_are_those_of_benjamini_and_hochberg(maps):
    result = local_association(maps, GRID, generator_for(1, "m"), 199)
    for p, q in zip(result.p_value.T, result.q_value.T, strict=True):
        close(q, multipletests(p, method="fdr_bh")[1], MACHINE)


def test_a_unit_without_neighbours_has_no_quadrant(maps):
    cut = GRID.copy()
    cut[3] = 0
    result = local_association(maps, cut, generator_for(1, "l"), 99)
    assert (result.p_value[3] == 1).all()
    assert set(result.quadrant[3]) == {""}


def test_rows_are_the_numbers_of_each_map(maps):
    moran = drawn_maps(maps, 99)[0]
    for t, (term, test, method, _) in enumerate(moran.rows()):
        assert (term, method, test.law) == ("moran", "permutation", "99 permutations")
        assert test.estimate == moran.statistic[t]
        close(test.statistic, (test.estimate - moran.mean[t]) / test.std_error)
        assert (test.p_value, test.p_adjusted) == (moran.p_value[t], moran.p_joint[t])
    local = local_association(maps, GRID, generator_for(1, "m"), 199)
    counts = [row.test.estimate for row in local.rows(0.3)]
    assert counts == (local.q_value <= 0.3).sum(axis=0).tolist()
    assert 0 < sum(counts) < maps.size


@pytest.mark.parametrize(
    ("values", "W", "X", "reason"),
    [
        (np.arange(N)[:, None], 0 * GRID, None, "no link"),
        (np.ones((N, 2)), GRID, None, "constant"),
        (np.eye(2), GRID[:2, :2], np.eye(2), "leave no residual"),
        (np.eye(2), 1 - np.eye(2), None, "moving the units over the map"),
    ],
)
def test_maps_without_a_test_say_why(values, W, X, reason):
    tests = association(values, W, generator_for(1, "m"), 9, X)
    rows = [row for test in tests for row in test.rows()]
    assert [row.term for row in rows] == ["moran", "geary"]
    for row in rows:
        assert reason in row.test.reason
        assert np.isnan(row.test.estimate)


@pytest.mark.parametrize("values", [np.ones((N, 1)), np.eye(2)])
def test_a_map_without_local_tests_says_why(values):
    W = GRID[: len(values), : len(values)]
    (row,) = local_association(values, W, generator_for(1, "m"), 9).rows(0.05)
    assert "three units and values that vary" in row.test.reason

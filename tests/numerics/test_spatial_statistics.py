"""Moran, Geary, local Moran, bivariate Moran and join counts against esda, and false discovery rates."""

import warnings

import esda
import libpysal
import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from evenfield.numerics.map_pairs import bivariate_moran_test, join_counts
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_statistics import local_moran_tests, map_statistics, map_tests
from numerics.refusals import refused
from tolerances import MACHINE

N = 25


def lattice(rows=5):
    place = np.array([(i, j) for i in range(rows) for j in range(rows)])
    links = (np.abs(place[:, None] - place).sum(axis=2) == 1).astype(float)
    return links / links.sum(axis=1, keepdims=True)


def pysal(W):
    w = libpysal.weights.full2W(W)
    w.transform = "r"
    return w


@pytest.fixture(scope="module")
def maps():
    rng, W = np.random.default_rng(1), lattice()
    first = np.linalg.solve(np.eye(N) - 0.7 * W, rng.standard_normal(N))
    return np.column_stack([first, 0.9 * first + 0.3 * rng.standard_normal(N), rng.standard_normal(N)]), W


def test_statistics_equal_esda_and_permutations(maps):
    values, W = maps
    moran, geary = map_statistics(values - values.mean(axis=0), W)
    for t in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert moran[t] == pytest.approx(esda.Moran(values[:, t], pysal(W), permutations=0).I, rel=MACHINE)
            assert geary[t] == pytest.approx(esda.Geary(values[:, t], pysal(W), permutations=0).C, rel=MACHINE)
    order = np.random.default_rng(5).permutation(N)
    one, two = (map_statistics(v - v.mean(axis=0), w) for v, w in ((values, W), (values[order], W[order][:, order])))
    np.testing.assert_allclose(one, two, rtol=MACHINE)
    moran, geary = map_tests(values, W, generator_for(1, "m"), 4000)
    for t in range(3):
        i = esda.Moran(values[:, t], pysal(W), permutations=0)
        assert moran.mean[t] == pytest.approx(i.EI, abs=4 * i.seI_rand / np.sqrt(4000))
        assert moran.std_error[t] == pytest.approx(i.seI_rand, rel=0.05)
    np.testing.assert_allclose(geary.mean, 1, atol=0.02)
    assert moran.p_value[0] < 0.05 < moran.p_value[2] and (moran.p_joint >= moran.p_value / 2.5).all()
    assert moran.sup_t > 2
    X = np.column_stack([np.ones(N), values[:, 2]])
    moran = map_tests(values[:, :1], W, generator_for(1, "m"), 4000, X=X)[0]
    other = morans_i_test(values[:, 0], W, generator_for(2, "m"), 4000, X)
    assert moran.statistic[0] == pytest.approx(other.statistic, rel=MACHINE)
    assert moran.p_value[0] == pytest.approx(other.p_value, abs=0.03)
    X = np.stack([np.column_stack([np.ones(N), values[:, (t + 1) % 3]]) for t in range(3)])
    moran = map_tests(values, W, generator_for(1, "m"), 99, X=X)[0]
    for t in range(3):
        alone = map_tests(values[:, t : t + 1], W, generator_for(1, "m"), 99, X=X[t])[0]
        assert moran.statistic[t] == pytest.approx(alone.statistic[0], rel=MACHINE)
        assert moran.p_value[t] == alone.p_value[0]


def test_local_and_bivariate_moran_equal_esda(maps):
    values, W = maps
    found = local_moran_tests(values, W, generator_for(1, "l"), 9999)
    for t in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = esda.Moran_Local(values[:, t], pysal(W), permutations=9999, seed=1)
        np.testing.assert_allclose(found.statistic[:, t], other.Is, rtol=MACHINE)
        np.testing.assert_allclose(found.p_value[:, t], np.minimum(2 * other.p_sim, 1), atol=0.06)
        assert list(found.quadrant[:, t]) == [("HH", "LH", "LL", "HL")[q - 1] for q in other.q]
    found = local_moran_tests(values, W, generator_for(1, "m"), 199)
    for p, q in zip(found.p_value.T, found.q_value.T, strict=True):
        np.testing.assert_allclose(q, multipletests(p, method="fdr_bh")[1], rtol=MACHINE)
    cut = W.copy()
    cut[3] = 0
    found = local_moran_tests(values, cut, generator_for(1, "l"), 99)
    assert (found.p_value[3] == 1).all() and set(found.quadrant[3]) == {""}
    found = bivariate_moran_test(values[:, 0], values[:, 2], W, generator_for(1, "b"), 999)
    other = esda.Moran_BV(values[:, 0], values[:, 2], pysal(W), permutations=0)
    assert found.statistic == pytest.approx(other.I, rel=1e-9)  # esda standardises twice
    assert 0 < found.p_value <= 1
    rng = np.random.default_rng(9)
    W, x, y = rng.uniform(size=(N, N)) ** 8, rng.standard_normal(N), rng.standard_normal(N)
    found, side = bivariate_moran_test(x, y, W, generator_for(1, "b"), 20000), W.T @ (x - x.mean())
    exact = np.sqrt(((side - side.mean()) ** 2).sum() / (N - 1) / ((x - x.mean()) ** 2).sum())
    assert found.std_error == pytest.approx(exact, rel=0.02)
    W, marks = lattice(), np.zeros(N)
    marks[[0, 1, 5, 6, 24]] = 1
    found, w = join_counts(marks, W, generator_for(1, "j"), 99), libpysal.weights.full2W((W > 0).astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = esda.Join_Counts(marks, w, permutations=999)
    assert (found.both, found.one, found.neither) == (other.bb, other.bw, other.ww) and found.exact
    assert found.subsets == 53130 and found.expected == pytest.approx(other.mean_bb, rel=0.15)
    assert found.p_value == pytest.approx(other.p_sim_bb, abs=0.02)
    assert not join_counts(np.r_[np.ones(12), np.zeros(13)], W, generator_for(1, "j"), 999).exact


def test_bad_input(maps):
    values, W = maps
    refused("no link", map_tests, values, 0 * W, generator_for(1, "m"), 9)
    refused("constant", map_tests, np.ones((N, 2)), W, generator_for(1, "m"), 9)
    refused("no residual", map_tests, values[:2], W[:2, :2], generator_for(1, "m"), 9, X=np.eye(2))
    refused("vary", local_moran_tests, np.ones((N, 1)), W, generator_for(1, "m"), 9)
    refused("constant", bivariate_moran_test, np.ones(N), values[:, 0], W, generator_for(1, "m"), 9)
    for marks in (np.zeros(N), np.ones(N), np.full(N, 0.5)):
        refused("some and not all", join_counts, marks, W, generator_for(1, "m"), 9)

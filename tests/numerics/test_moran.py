"""Moran's I against esda and spreg, its moments, and the permutation test; random
streams.
"""

import warnings
from itertools import permutations

import esda
import libpysal
import numpy as np
import pytest
from esda import Moran
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from spreg import OLS
from spreg.diagnostics_sp import MoranRes
from statsmodels.stats.multitest import multipletests

from evenfield.numerics import map_pairs as mp
from evenfield.numerics.map_pairs import (
    bivariate_moran_test,
    border_difference,
    border_pairs,
    join_counts,
)
from evenfield.numerics.moran import (
    cliff_ord_moments,
    morans_i,
    morans_i_test,
    two_sided_p,
)
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_statistics import (
    local_moran_tests,
    map_statistics,
    map_tests,
)
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


def test_statistics_equal_esda_spreg_and_all_permutations(lattice, values):
    w, W = lattice
    theirs = Moran(values, w, transformation="r", permutations=0)
    ours = morans_i_test(values, W, generator_for(1, "a"), 99)
    close(ours.statistic, theirs.I)
    close(ours.mean, theirs.EI)
    close(ours.std_error, theirs.seI_norm)
    close(ours.z, theirs.z_norm)
    x = default_rng(6).normal(size=(30, 2))
    theirs = MoranRes(OLS(values[:, None], x), w, z=True)
    X = np.column_stack([np.ones(30), x])
    ours = morans_i_test(fit_ols(values, X).u_hat, W, generator_for(1, "a"), 99, X)
    close(ours.statistic, theirs.I)
    close(ours.mean, theirs.eI)
    close(ours.std_error**2, theirs.vI)
    _, W = lattice
    close(cliff_ord_moments(W, np.ones((30, 1)))[0], -1 / 29, MACHINE)
    W = np.eye(6, k=1) + np.eye(6, k=-1)
    y = np.array([1.0, 2.0, 2.5, 5.0, 4.0, 6.5])
    e = y - y.mean()
    drawn = np.array([morans_i(np.array(order), W) for order in permutations(e)])
    observed = morans_i(e, W)
    exact = min(
        1.0,
        2 * min((drawn >= observed - 1e-12).mean(), (drawn <= observed + 1e-12).mean()),
    )
    draws = 20_000
    result = morans_i_test(y, W, generator_for(3, "exact"), draws).p_value
    close(result, exact, atol=4 * np.sqrt(exact / draws))


def test_refusals_and_streams(lattice, values):
    _, W = lattice
    rng = generator_for(1, "a")
    refused("constant", morans_i_test, np.full(30, 8.1), W, rng, 9)
    refused("no link", morans_i_test, values, np.zeros((30, 30)), rng, 9)
    refused(
        "leave no residual", morans_i_test, values[:3], W[:3, :3], rng, 9, np.eye(3)
    )
    W = np.array([[0, 1.0, 0], [0.5, 0, 0.5], [0, 1.0, 0]])
    X = np.column_stack([np.ones(3), [0.0, 1.0, 3.0]])
    assert (
        morans_i_test(
            np.array([1.0, 0.0, 2.0]), W, generator_for(1, "a"), 99, X
        ).p_value
        == 1.0
    )
    one = generator_for(2011, "beta:absolute").random(3)
    assert_array_equal(one, generator_for(2011, "beta:absolute").random(3))
    close(one, [0.9284709230783751, 0.752627008926718, 0.1114227358527703], MACHINE)
    assert not np.array_equal(one, generator_for(2012, "beta:absolute").random(3))
    assert not np.array_equal(one, generator_for(2011, "beta:absolute2").random(3))
    np.random.seed(4)
    state = np.random.get_state()[1].copy()
    generator_for(1, "x").random(10)
    assert_array_equal(state, np.random.get_state()[1])


N = 25


def grid(rows=5):
    position = np.array([(i, j) for i in range(rows) for j in range(rows)])
    links = (np.abs(position[:, None] - position).sum(axis=2) == 1).astype(float)
    return links / links.sum(axis=1, keepdims=True)


def pysal(W):
    w = libpysal.weights.full2W(W)
    w.transform = "r"
    return w


@pytest.fixture(scope="module")
def maps():
    rng = default_rng(1)
    W = grid()
    first = np.linalg.solve(np.eye(N) - 0.7 * W, rng.standard_normal(N))
    return (
        np.column_stack(
            [first, 0.9 * first + 0.3 * rng.standard_normal(N), rng.standard_normal(N)]
        ),
        W,
    )


def test_statistics_equal_esda_and_permutations(maps):
    values, W = maps
    moran, geary = map_statistics(values - values.mean(axis=0), W)
    for t in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            close(
                moran[t], esda.Moran(values[:, t], pysal(W), permutations=0).I, MACHINE
            )
            close(
                geary[t], esda.Geary(values[:, t], pysal(W), permutations=0).C, MACHINE
            )
    moran, geary = map_tests(values, W, generator_for(1, "m"), 4000)
    for t in range(3):
        i = esda.Moran(values[:, t], pysal(W), permutations=0)
        close(moran.mean[t], i.EI, atol=4 * i.seI_rand / np.sqrt(4000))
        close(moran.std_error[t], i.seI_rand, rtol=0.05)
    close(geary.mean, 1, atol=0.02)
    assert moran.p_value[0] < 0.05 < moran.p_value[2]
    assert (moran.p_joint >= moran.p_value / 2.5).all()
    assert moran.sup_t > 2
    X = np.column_stack([np.ones(N), values[:, 2]])
    moran = map_tests(values[:, :1], W, generator_for(1, "m"), 4000, X=X)[0]
    other = morans_i_test(values[:, 0], W, generator_for(2, "m"), 4000, X)
    close(moran.statistic[0], other.statistic, MACHINE)
    close(moran.p_value[0], other.p_value, atol=0.03)
    X = np.stack(
        [np.column_stack([np.ones(N), values[:, (t + 1) % 3]]) for t in range(3)]
    )
    moran = map_tests(values, W, generator_for(1, "m"), 99, X=X)[0]
    for t in range(3):
        alone = map_tests(values[:, t : t + 1], W, generator_for(1, "m"), 99, X=X[t])[0]
        close(moran.statistic[t], alone.statistic[0], MACHINE)
        assert moran.p_value[t] == alone.p_value[0]


def test_local_and_bivariate_moran_equal_esda(maps):
    values, W = maps
    result = local_moran_tests(values, W, generator_for(1, "l"), 9999)
    for t in range(3):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = esda.Moran_Local(values[:, t], pysal(W), permutations=9999, seed=1)
        close(result.statistic[:, t], other.Is, MACHINE)
        close(result.p_value[:, t], np.minimum(2 * other.p_sim, 1), atol=0.06)
        assert list(result.quadrant[:, t]) == [
            ("HH", "LH", "LL", "HL")[q - 1] for q in other.q
        ]
    result = local_moran_tests(values, W, generator_for(1, "m"), 199)
    for p, q in zip(result.p_value.T, result.q_value.T, strict=True):
        close(q, multipletests(p, method="fdr_bh")[1], MACHINE)
    cut = W.copy()
    cut[3] = 0
    result = local_moran_tests(values, cut, generator_for(1, "l"), 99)
    assert (result.p_value[3] == 1).all()
    assert set(result.quadrant[3]) == {""}
    result = bivariate_moran_test(
        values[:, 0], values[:, 2], W, generator_for(1, "b"), 999
    )
    other = esda.Moran_BV(values[:, 0], values[:, 2], pysal(W), permutations=0)
    assert result.statistic == pytest.approx(
        other.I, rel=1e-9
    )  # esda standardises twice
    assert 0 < result.p_value <= 1
    rng = default_rng(9)
    W = rng.uniform(size=(N, N)) ** 8
    x = rng.standard_normal(N)
    y = rng.standard_normal(N)
    result = bivariate_moran_test(x, y, W, generator_for(1, "b"), 20000)
    side = W.T @ (x - x.mean())
    exact = np.sqrt(
        ((side - side.mean()) ** 2).sum() / (N - 1) / ((x - x.mean()) ** 2).sum()
    )
    close(result.std_error, exact, rtol=0.02)
    W = grid()
    marks = np.zeros(N)
    marks[[0, 1, 5, 6, 24]] = 1
    result = join_counts(marks, W, generator_for(1, "j"), 99)
    w = libpysal.weights.full2W((W > 0).astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = esda.Join_Counts(marks, w, permutations=999)
    assert (result.both, result.one, result.neither) == (other.bb, other.bw, other.ww)
    assert result.exact
    assert result.subsets == 53130
    close(result.expected, other.mean_bb, rtol=0.15)
    close(result.p_value, other.p_sim_bb, atol=0.02)
    assert not join_counts(
        np.r_[np.ones(12), np.zeros(13)], W, generator_for(1, "j"), 999
    ).exact


def test_bad_input(maps):
    values, W = maps
    refused("no link", map_tests, values, 0 * W, generator_for(1, "m"), 9)
    refused("constant", map_tests, np.ones((N, 2)), W, generator_for(1, "m"), 9)
    refused(
        "no residual",
        map_tests,
        values[:2],
        W[:2, :2],
        generator_for(1, "m"),
        9,
        X=np.eye(2),
    )
    refused("vary", local_moran_tests, np.ones((N, 1)), W, generator_for(1, "m"), 9)
    refused(
        "constant",
        bivariate_moran_test,
        np.ones(N),
        values[:, 0],
        W,
        generator_for(1, "m"),
        9,
    )
    for marks in (np.zeros(N), np.ones(N), np.full(N, 0.5)):
        refused("some and not all", join_counts, marks, W, generator_for(1, "m"), 9)


def test_border_errors_are_those_of_two_way_clusters():
    touching = np.zeros((9, 9), dtype=bool)
    for a, b in [(0, 4), (1, 5), (2, 6), (3, 7), (3, 8), (0, 5)]:
        touching[a, b] = touching[b, a] = True
    y = np.array([3.0, 2.0, 4.0, 1.0, 0.5, 0.0, 1.0, 0.7, 0.1])
    pairs = border_pairs(np.arange(9) < 4, touching)
    d = y[pairs.inside] - y[pairs.outside]
    u = d - d.mean()
    variance = (
        sum(
            u[side == k].sum() ** 2
            for side in (pairs.inside, pairs.outside)
            for k in range(9)
        )
        / 36
    )
    result = border_difference(y, pairs)
    close(
        (result.estimate, result.std_error, result.df), (d.mean(), np.sqrt(variance), 3)
    )
    assert 0 < mp.border_permutation(y, pairs, 499, default_rng(1)) < 0.2
    refused(
        "only 3 units", border_difference, y, border_pairs(np.arange(9) < 3, touching)
    )
    refused("different sides", border_pairs, np.ones(9, dtype=bool), touching)


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
    drawn = np.array([morans_i(fit_ols(e[order], X).u_hat, W) for order in orders])
    above = (drawn >= result.statistic).sum()
    below = (drawn <= result.statistic).sum()
    assert result.p_value == min(1, 2 * (1 + min(above, below)) / 60)

"""Differences of neighbours: closed forms, which unit comes first, and the jackknife over
the clusters of both ends by hand.
"""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models.neighbour_pairs import NeighbourPairs, neighbours
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import cr3_inference
from evenfield.numerics.influence import effective_clusters
from tolerances import CLOSED_FORM, close

SIDE = 12
N = SIDE * SIDE
PLACE = np.divmod(np.arange(N), SIDE)
TOUCHING = np.abs(np.subtract.outer(PLACE[0], PLACE[0])) + np.abs(
    np.subtract.outer(PLACE[1], PLACE[1])
)
TOUCHING = (TOUCHING == 1).astype(float)
GROUP = 3 * (PLACE[0] // 4) + PLACE[1] // 4
SLOPES = np.array([0.8, -0.5])


def drawn(seed=5):
    rng = default_rng(seed)
    regressors = np.column_stack([rng.random(N) < 0.3, rng.normal(size=N)])
    growth = regressors @ SLOPES + rng.normal(size=9)[GROUP]
    return growth + 0.4 * rng.normal(size=N), regressors


def pairs_of(*, inside):
    pairs = neighbours(TOUCHING, np.ones(N, dtype=bool))
    same = GROUP[pairs[:, 0]] == GROUP[pairs[:, 1]]
    return pairs[same == inside]


def model_of(pairs, clusters=GROUP):
    growth, regressors = drawn()
    return NeighbourPairs.of(growth, regressors, ["on", "start"], pairs, clusters)


def test_each_border_of_chosen_units_is_one_pair():
    pairs = neighbours(np.triu(TOUCHING), np.ones(N, dtype=bool))
    assert len(pairs) == 2 * SIDE * (SIDE - 1)
    assert len({tuple(sorted(pair)) for pair in pairs.tolist()}) == len(pairs)
    left = neighbours(TOUCHING, PLACE[1] < 2)
    assert (PLACE[1][left] < 2).all() and len(left) == 2 * (SIDE - 1) + SIDE


@pytest.mark.parametrize("inside", [True, False])
def test_slopes_and_errors_are_those_of_dense_least_squares(inside):
    pairs = pairs_of(inside=inside)
    growth, regressors = drawn()
    y = growth[pairs[:, 0]] - growth[pairs[:, 1]]
    X = regressors[pairs[:, 0]] - regressors[pairs[:, 1]]
    slopes = np.linalg.lstsq(X, y, rcond=None)[0]
    without = []
    for group in range(9):
        kept = (GROUP[pairs] != group).all(axis=1)
        without.append(np.linalg.lstsq(X[kept], y[kept], rcond=None)[0])
    model = model_of(pairs)
    for k, c in enumerate(np.eye(2)):
        found = model.tested(c, 0.95)
        close(found.estimate, slopes[k], CLOSED_FORM)
        apart = np.array(without)[:, k] - slopes[k]
        close(found.std_error, np.sqrt(8 / 9 * (apart**2).sum()), CLOSED_FORM)
        assert found.conf_low < SLOPES[k] < found.conf_high
        assert 1 < found.df <= 8
    assert model.units == len(np.unique(pairs))
    assert model.differ[0] == (X[:, 0] != 0).sum()


@pytest.mark.parametrize("inside", [True, False])
def test_it_does_not_matter_which_unit_of_a_pair_comes_first(inside):
    pairs = pairs_of(inside=inside)
    turned = default_rng(1).permuted(pairs, axis=1)
    assert (turned != pairs).any()
    one, other = (
        model_of(each).tested(np.array([1.0, 0.0]), 0.9) for each in (pairs, turned)
    )
    for name in ("estimate", "std_error", "df", "p_value", "conf_low"):
        close(getattr(one, name), getattr(other, name), CLOSED_FORM)


def test_pairs_of_one_cluster_have_the_cluster_jackknife():
    model = model_of(pairs_of(inside=True))
    c = np.array([1.0, 0.0])
    clusters = model.ends[:, 0]
    sign = np.where(model.fit.X @ model.fit.bread @ c < 0, -1, 1)[:, None]
    df = effective_clusters(model.fit.X * sign, clusters, c) - 1
    known = cr3_inference(model.fit, c, clusters, df)
    found = model.tested(c, 0.95)
    close([found.std_error, found.df], [known.std_error, df], CLOSED_FORM)
    close([found.conf_low, found.conf_high], [known.conf_low, known.conf_high])


def test_one_regressor_that_differs_in_all_pairs_is_their_mean_difference():
    pairs = pairs_of(inside=False)
    growth, regressors = drawn()
    on = regressors[:, 0]
    pairs = pairs[on[pairs[:, 0]] != on[pairs[:, 1]]]
    model = NeighbourPairs.of(growth, on[:, None], ["on"], pairs, GROUP)
    signs = on[pairs[:, 0]] - on[pairs[:, 1]]
    mean = (signs * (growth[pairs[:, 0]] - growth[pairs[:, 1]])).mean()
    close(model.tested(np.ones(1), 0.95).estimate, mean, CLOSED_FORM)


def test_what_has_no_answer_says_why():
    growth, regressors = drawn()
    nobody = np.empty((0, 2), dtype=int)
    with pytest.raises(NumericsError, match="no two such neighbours"):
        NeighbourPairs.of(growth, regressors, ["on", "start"], nobody, GROUP)
    # The one cluster that holds every unit on the list cannot be left out.
    alone = regressors.copy()
    alone[:, 0] = (GROUP == 4) & (PLACE[0] == 5)
    pairs = pairs_of(inside=True)
    model = NeighbourPairs.of(growth, alone, ["on", "start"], pairs, GROUP)
    found = model.tested(np.array([1.0, 0.0]), 0.95)
    assert np.isfinite(found.estimate) and "zero everywhere" in found.reason


def test_intervals_hold_what_is_planted_where_neighbours_share_shocks():
    """200 maps with effects of groups and errors that neighbours share."""
    rng = default_rng(11)
    held = {True: 0, False: 0}
    draws = 200
    for _ in range(draws):
        on = (rng.random(N) < 0.1 + 0.3 * rng.random(9)[GROUP]).astype(float)
        start = rng.normal(size=N)
        own = rng.normal(size=N)
        shocks = own + 0.35 * TOUCHING @ own
        growth = 0.5 * on - 0.6 * start + rng.normal(size=9)[GROUP] + shocks
        for inside in (True, False):
            model = NeighbourPairs.of(
                growth,
                np.column_stack([on, start]),
                ["on", "start"],
                pairs_of(inside=inside),
                GROUP,
            )
            test = model.tested(np.array([1.0, 0.0]), 0.95)
            held[inside] += test.conf_low <= 0.5 <= test.conf_high
    # Over borders, where a pair counts in two clusters, on the side of caution.
    assert 0.93 <= held[True] / draws <= 0.99
    assert held[False] / draws >= 0.95

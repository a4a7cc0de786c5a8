"""Permutation of labels: against a loop of refits, exact overlaps, connected groups,
refusals.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np
from numpy.random import default_rng

from china_design import read_design
from evenfield.numerics import label_permutation as lp
from evenfield.numerics.label_permutation import (
    LabelDesign,
    LabelDraws,
    LabelRegression,
    connected_label_draws,
    every_connected_list,
    exact_label_draws,
    free_label_draws,
    label_permutation,
    stratified_label_draws,
)
from evenfield.numerics.ols import cov_classical, fit_ols
from numerics.refusals import refused
from tolerances import CLOSED_FORM, close

N = 12


def _data(seed=3):
    rng = default_rng(seed)
    labels = np.zeros((N, 2))
    labels[:4, 0], labels[2:7, 1] = 1.0, 1.0
    y = rng.normal(size=N)
    return y, labels, np.column_stack([np.ones(N), rng.normal(size=N)])


def test_statistics_equal_a_loop_of_refits_and_recentring_the_mean_over_draws():
    y, labels, controls = _data()
    c = np.array([1.0, -1.0])
    draws = free_label_draws(N, 200, default_rng(1))
    result = label_permutation(LabelRegression(y, labels, controls, c), draws)
    weights = np.concatenate([c, np.zeros(2)])
    for statistic, source in zip(result.statistics, draws.source, strict=True):
        fit = fit_ols(y, np.column_stack([labels[source], controls]))
        expected = weights @ fit.beta / np.sqrt(weights @ cov_classical(fit) @ weights)
        close(statistic, expected, atol=CLOSED_FORM)
    standard_deviation = LabelDesign(_ring())
    c = np.array([0.0, 0.0, 1.0, -1.0])
    draws = free_label_draws(N, 50, default_rng(4))
    result = label_permutation(
        LabelRegression(y, labels, controls, c, standard_deviation), draws
    )
    weights = np.concatenate([c, np.zeros(2)])
    for statistic, source in zip(result.statistics, draws.source, strict=True):
        moved = labels[source]
        fit = fit_ols(y, np.column_stack([moved, _ring() @ moved, controls]))
        expected = weights @ fit.beta / np.sqrt(weights @ cov_classical(fit) @ weights)
        close(statistic, expected, atol=CLOSED_FORM)
    _, labels, _ = _data()
    map_of_rows = (_ring() > 0) | (np.add.outer(np.arange(N), np.arange(N)) == 9)
    standard_deviation = LabelDesign(_ring())
    strata = np.array(["a"] * 7 + ["b"] * 5)
    for draws in (
        connected_label_draws(labels[:, 0] == 1, map_of_rows, 20_000, default_rng(2)),
        stratified_label_draws(strata, 20_000, default_rng(2)),
    ):
        expected = lp.expected_regressors(labels, draws, standard_deviation)
        loop = np.mean(
            [standard_deviation.regressors(labels[source]) for source in draws.source],
            axis=0,
        )
        close(expected, loop, atol=0.015)
    # Strata give two regressors beside a constant, however many labels there are: the
    # stratum and its share around.
    assert np.linalg.matrix_rank(np.column_stack([np.ones(N), expected]), tol=1e-9) == 3
    centred = LabelDesign(_ring(), expected)
    mean = np.mean(
        [centred.regressors(labels[source]) for source in draws.source], axis=0
    )
    close(mean, np.zeros((N, 4)), atol=0.03)


def test_connected_groups_are_one_block_on_a_ring_and_keep_the_overlap():
    _, labels, _ = _data()
    member = labels[:, 0] == 1
    source = connected_label_draws(member, _ring() > 0, 300, default_rng(1)).source
    assert (np.sort(source, axis=1) == np.arange(N)).all()
    for row in labels[source][:, :, 0]:
        assert np.abs(np.diff(row, append=row[0])).sum() == 2  # one block on the ring
    assert (labels[source].prod(axis=2).sum(axis=1) == 2).all()


def test_refusals():
    y, labels, controls = _data()
    free = free_label_draws(N, 50, default_rng(1))
    refused(
        "collinear",
        label_permutation,
        LabelRegression(y, labels[:, [0, 0]], controls, np.array([1.0, 0.0])),
        free,
    )
    case = (
        LabelRegression(y, labels, controls, np.array([1.0, 0.0])),
        replace(free, source=np.tile(np.arange(N), (50, 1))),
    )
    refused("only 1 different label patterns", label_permutation, *case)
    case = labels[:, 0] == 1, np.eye(N, dtype=bool), 9, default_rng(1)
    refused("are not contiguous", connected_label_draws, *case)


def _ring():
    W = np.zeros((N, N))
    for i in range(N):
        W[i, (i + 1) % N] = W[i, (i - 1) % N] = 0.5
    return W


def test_no_p_value_is_below_one_over_the_different_patterns():
    # One unit of 25 has the label and the largest outcome; 24 patterns, each drawn 40
    # times, never give it back its label: (1 + 0) / (1 + 960) would claim too much.
    y = np.arange(25.0) ** 2
    labels = np.eye(25)[:, 24:]
    rotations = np.array([np.roll(np.arange(25), k) for k in range(1, 25)])
    source = np.tile(rotations, (40, 1))
    draws = LabelDraws(source, "free", np.zeros(25, dtype=int), np.ones((25, 1)))
    result = label_permutation(
        LabelRegression(y, labels, np.ones((25, 1)), np.ones(1)), draws
    )
    assert result.distinct == 24
    assert result.p_value == 1 / 24


def test_the_p_value_counts_the_data_as_one_draw_and_both_tails():
    y, labels, controls = _data()
    draws = free_label_draws(N, 199, default_rng(1))
    result = label_permutation(
        LabelRegression(y, labels, controls, np.array([1.0, -1.0])), draws
    )
    extreme = sum(abs(t) >= abs(result.statistic) - 1e-9 for t in result.statistics)
    assert 0 < extreme < 150
    assert result.p_value == (1 + extreme) / 200
    mirrored = label_permutation(
        LabelRegression(-y, labels, controls, np.array([1.0, -1.0])), draws
    )
    assert mirrored.p_value == result.p_value


def test_labels_of_a_stratum_stay_in_it():
    strata = np.array(["b"] * 4 + ["a"] * 6 + ["c"] * 2)
    draws = stratified_label_draws(strata, 50, default_rng(2))
    assert draws.odds.tolist() == [
        [float(name == group) for group in "abc"] for name in strata
    ]
    assert (strata[draws.source] == strata).all()
    assert (np.sort(draws.source, axis=1) == np.arange(12)).all()


def test_every_way_to_deal_labels_within_strata_is_there_once():
    first = [1, 0, 0, 1, 0, 1, 0]
    second = [0, 0, 1, 0, 0, 1, 0]
    labels = np.column_stack([first, second]) * 1.0
    strata = np.array(list("abaabbb"))
    draws = exact_label_draws(labels, strata)
    permuted_labels = {labels[source].tobytes() for source in draws.source}
    orders = [
        order
        for order in permutations(range(7))
        if (strata[list(order)] == strata).all()
    ]
    assert permuted_labels == {labels[list(order)].tobytes() for order in orders}
    # Three units in a with two kinds, four in b with one of two kinds: 3 x 4.
    assert len(draws.source) == 12
    assert draws.odds[:, 0].tolist() == [1, 0, 1, 1, 0, 0, 0]


def test_more_relabellings_than_can_be_listed_are_refused_with_their_number():
    labels = np.eye(40)[:, :6]
    words = "2,763,633,600 different relabellings within strata, more than 50,000"
    refused(words, exact_label_draws, labels, np.zeros(40))


def test_spaced_groups_take_each_place_once_where_there_are_as_many_as_draws():
    member = np.arange(N) < 4
    draws = connected_label_draws(member, _ring(), N, default_rng(4), spaced=True)
    treated_sets = {tuple(np.flatnonzero(member[source])) for source in draws.source}
    assert len(treated_sets) == N  # twelve blocks of four on a ring of twelve


def test_draws_whose_labels_a_control_repeats_are_left_out_of_the_count():
    y, labels, _ = _data()
    controls = np.column_stack([np.ones(N), np.roll(labels[:, 0], 5)])
    rotations = np.array([np.roll(np.arange(N), k) for k in (5, 1, 2, 3)])
    source = np.concatenate([rotations, free_label_draws(N, 60, default_rng(3)).source])
    draws = LabelDraws(source, "free", np.zeros(N, dtype=int), np.ones((N, 1)))
    result = label_permutation(
        LabelRegression(y, labels, controls, np.array([1.0, -1.0])), draws
    )
    ranks = [
        np.linalg.matrix_rank(np.column_stack([labels[order], controls]))
        for order in source
    ]
    assert np.isnan(result.statistics).tolist() == [rank < 4 for rank in ranks]
    retained = result.statistics[np.isfinite(result.statistics)]
    extreme = (np.abs(retained) >= abs(result.statistic)).sum()
    assert len(retained) < 64
    assert result.p_value == (1 + extreme) / (1 + len(retained))


def test_two_connected_groups_are_the_fewest_to_draw_from():
    path = np.eye(3, k=1) + np.eye(3, k=-1)
    draws = connected_label_draws(
        np.array([True, True, False]), path, 40, default_rng(1)
    )
    assert draws.odds[:, 1].tolist() == [0.5, 1, 0.5]


def test_the_spread_of_the_null_is_that_of_a_regression_on_the_controls():
    y, _, controls = _data()
    residuals = fit_ols(y, controls).u_hat
    close(lp.null_spread(y, controls), np.sqrt(residuals @ residuals / (N - 2)))


def test_draws_count_the_patterns_of_each_labels_and_not_those_of_others():
    draws = free_label_draws(6, 2000, default_rng(1))
    one = np.eye(6)[:, :1]
    two = one + np.eye(6)[:, 1:2]
    assert draws.distinct(one) == 6
    assert draws.distinct(two) == 15
    assert draws.distinct(np.eye(6)[:, :2]) == 30
    assert draws.distinct(one) == 6


def test_every_list_of_a_path_by_hand():
    # Units in a row, two of them with the label and one of these with another one.
    path = np.eye(5, k=1) + np.eye(5, k=-1)
    member = np.array([True, True, False, False, False])
    one = member[:, None] * 1.0
    draws = every_connected_list(one, member, path, 4)
    assert draws.scheme == "exact"
    assert [one[row, 0].tolist() for row in draws.source] == [
        [1, 1, 0, 0, 0],
        [0, 1, 1, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 0, 1, 1],
    ]
    close(draws.odds[:, 1], [1 / 4, 1 / 2, 1 / 2, 1 / 2, 1 / 4], rtol=1e-15)
    assert every_connected_list(one, member, path, 3) is None
    two = np.column_stack([one, [1.0, 0.0, 1.0, 0.0, 0.0]])
    permuted_labels = every_connected_list(two, member, path, 4 * 2 * 3)
    patterns = {two[row].tobytes() for row in permuted_labels.source}
    assert len(permuted_labels.source) == len(patterns) == 4 * 2 * 3
    assert two.tobytes() in patterns
    for row in permuted_labels.source:
        places = np.flatnonzero(two[row, 0])
        assert places[1] - places[0] == 1
    assert every_connected_list(two, member, path, 4 * 2 * 3 - 1) is None


def test_every_list_of_five_provinces_is_met_once():
    touching = read_design()[1] > 0
    assert touching.shape == (31, 31)
    # A connected set and one neighbour of it: every larger one, by plain growth.
    sets = {frozenset([i]) for i in range(31)}
    for _ in range(4):
        sets = {
            one | {j}
            for one in sets
            for i in one
            for j in np.flatnonzero(touching[i]).tolist()
            if j not in one
        }
    assert len(sets) == 2281
    member = np.isin(np.arange(31), sorted(min(sets, key=sorted)))
    draws = every_connected_list(member[:, None] * 1.0, member, touching, 5000)
    found = [frozenset(np.flatnonzero(member[row]).tolist()) for row in draws.source]
    assert len(found) == 2281 and set(found) == sets
    close(draws.odds[:, 1].sum(), 5, rtol=1e-12)

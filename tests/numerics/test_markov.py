"""Markov chains of classes."""

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from scipy.stats import chi2_contingency

from evenfield.numerics import markov as mk
from evenfield.numerics.markov import (
    classes_of,
    ergodic_distribution,
    homogeneity_df,
    homogeneity_test,
    mobility_half_life,
    neighbour_classes,
    quantile_cutoffs,
    second_order_counts,
    second_root,
    shorrocks_index,
    transition_counts,
    transition_matrix,
)
from evenfield.numerics.permutations import permuted_orders
from numerics.refusals import refused
from spatial_cases import circle
from tolerances import MACHINE, close

P = np.array([[0.9, 0.1], [0.2, 0.8]])


def test_quantiles_divide_values_evenly_over_all_dates_or_in_each_year():
    values = np.arange(30.0).reshape(5, 6)
    classes = classes_of(values, quantile_cutoffs(values, 3))
    assert np.bincount(classes.ravel()).tolist() == [10, 10, 10]
    yearly = mk.yearly_classes(np.arange(6.0)[:, None] + np.zeros((6, 2)), 3)
    assert yearly[:, 1].tolist() == [0, 0, 1, 1, 2, 2]
    refused("too alike", quantile_cutoffs, np.ones(9), 3)
    refused("at least two", quantile_cutoffs, np.arange(9.0), 1)


def test_transitions_are_counted_by_unit_over_one_and_two_steps():
    classes = np.array([[0, 1, 1, 0], [1, 1, 0, 0]])
    assert_array_equal(transition_counts(classes, 2)[0], [[0, 1], [1, 1]])
    assert_array_equal(transition_counts(classes, 2, 2).sum(axis=0), [[0, 1], [3, 0]])
    refused("no transition", transition_counts, classes, 2, 4)


def test_chains_together_are_those_of_each_and_one_without_moves_has_no_limit():
    many = np.array([P, P.T / P.T.sum(axis=1, keepdims=True), np.eye(2)])
    for i in range(2):
        close(ergodic_distribution(many)[i], ergodic_distribution(many[i]))
    assert np.isnan(ergodic_distribution(many)[2]).all()
    assert np.isinf(mobility_half_life(many, 1.0)[2])
    empty = transition_matrix(np.array([[1, 1], [0, 0]]))
    assert np.isnan([*ergodic_distribution(empty), second_root(empty)]).all()


def test_draws_take_whole_units():
    # Units with 1, 10, 100 and 1000 transitions: digits are how often each is drawn.
    counts = np.zeros((4, 2, 2))
    counts[np.arange(4), 0, 0] = [1, 10, 100, 1000]
    drawn = mk.bootstrap_counts(counts, default_rng(0), 500)[:, 0, 0]
    digits = drawn[:, None].astype(int) // [1000, 100, 10, 1] % 10
    assert digits.sum(axis=1).max() == 4
    close(drawn.mean(), 1111, rtol=0.1)


def test_homogeneity_is_the_sum_of_tests_by_row():
    counts = default_rng(4).integers(5, 40, (3, 4, 4))
    test = homogeneity_test(counts)
    for statistic, name in ((test.q, "pearson"), (test.lr, "log-likelihood")):
        rows = [chi2_contingency(counts[:, i], False, name) for i in range(4)]
        close(statistic, sum(row[0] for row in rows))
        assert test.df == sum(row[2] for row in rows)
    twice = np.array([counts[0], 2 * counts[0]])
    close(homogeneity_test(twice).q, 0, atol=1e-9)


@pytest.fixture
def study():
    rng = default_rng(8)
    start = rng.normal(0, 0.4, (15, 1))
    values = np.exp(start + np.cumsum(rng.normal(0, 0.1, (15, 12)), axis=1))
    return values, classes_of(values, quantile_cutoffs(values, 3)), circle(15)


def run(values, classes, W, seed=1, draws=99, step=1):
    return mk.spatial_markov_test(
        values, classes, W, k=3, m=3, rng=default_rng(seed), draws=draws, step=step
    )


def test_transitions_by_class_of_the_neighbours_are_counted_by_hand(study):
    values, classes, W = study
    lag = neighbour_classes(values, W, 3)
    counts = np.zeros((3, 3, 3), dtype=int)
    for i in range(15):
        for t in range(11):
            counts[lag[i, t], classes[i, t], classes[i, t + 1]] += 1
    test = run(*study)
    assert_array_equal(test.counts, counts)
    wanted = homogeneity_test(counts)
    close((test.q, test.lr, test.df), (wanted.q, wanted.lr, wanted.df))
    assert np.isnan(run(*study, draws=0).q_p)


def test_whole_trajectories_are_permuted(study):
    values, classes, W = study
    test = run(*study)
    orders = next(permuted_orders(15, default_rng(1), 99, 99))
    q = [run(values[order], classes[order], W, draws=0).q for order in orders]
    beyond = sum(value >= test.q * (1 - 1e-9) for value in q)
    assert test.q_p == (1 + beyond) / 100


def test_sparse_weights_give_the_same_test(study, monkeypatch):
    dense = run(*study)
    monkeypatch.setattr("evenfield.numerics.spatial.DENSE_UNITS", 1)
    sparse = run(*study)
    assert (dense.q, dense.q_p) == (sparse.q, sparse.q_p)


def test_refusals(study):
    values, classes, W = study
    refused("do not fit", run, values, classes, W[:4, :4])
    refused("no transition", run, values, classes, W, step=12)
    alone = W.copy()
    alone[3] = 0
    refused("1 unit has no neighbour", run, values, classes, alone)


def test_degrees_of_freedom_count_rows_visited_and_columns_reached():
    # Anderson and Goodman (1957), by hand: class 0 is left in three chains for two
    # classes: 2 x 1; class 1 in two chains for three: 1 x 2; class 2 in one chain: 0.
    counts = np.zeros((3, 3, 3))
    counts[:, 0, :2] = 5
    counts[:2, 1] = 4
    counts[0, 2, 2] = 7
    assert homogeneity_df(counts) == 4
    # A column that several rows reach counts once in each row, an empty row nowhere.
    counts[:, 2] = 0
    counts[:, 0, 2] = [1, 0, 0]
    assert homogeneity_df(counts) == 2 * 2 + 1 * 2


def test_p_values_of_homogeneity_are_upper_tails_of_chi_squared():
    counts = np.array([[[30, 10], [5, 25]], [[20, 20], [10, 20]]])
    test = homogeneity_test(counts)
    assert test.df == 2
    close(test.q_p, np.exp(-test.q / 2))
    close(test.lr_p, np.exp(-test.lr / 2))


def test_half_life_is_the_time_in_which_the_second_root_halves():
    close(0.7 ** (mobility_half_life(P, 5.0) / 5), 0.5)


def test_a_value_on_a_cutoff_belongs_to_the_class_below():
    values = np.array([0.5, 1.0, 1.01, 2.0, 3.0])
    assert classes_of(values, np.array([1.0, 2.0])).tolist() == [0, 0, 1, 1, 2]


def test_neighbours_are_sorted_by_quantiles_of_all_units_and_dates():
    values = np.arange(24.0).reshape(6, 4)
    W = np.roll(np.eye(6), 1, axis=1)
    lagged = W @ values
    expected = classes_of(lagged, np.quantile(lagged, [0.25, 0.5, 0.75]))
    assert_array_equal(neighbour_classes(values, W, 4), expected)


def test_probabilities_are_shares_of_the_rows_and_no_transition_has_none():
    counts = np.array([[1, 3], [2, 0]])
    assert_array_equal(transition_matrix(counts), [[0.25, 0.75], [1, 0]])
    empty = transition_matrix(np.array([[1, 0], [0, 0]]))
    assert_array_equal(empty, [[1, 0], [np.nan, np.nan]])


def test_mobility_of_three_classes_against_its_formulas():
    # Rows of Quah (1993)'s form; Shorrocks (1978): (k - trace) / (k - 1).
    chain = np.array([[0.8, 0.2, 0.0], [0.1, 0.7, 0.2], [0.0, 0.3, 0.7]])
    close(shorrocks_index(chain), (3 - 2.2) / 2, MACHINE)
    roots = sorted(abs(np.linalg.eigvals(chain)))
    close(second_root(chain), roots[1], MACHINE)
    ergodic = ergodic_distribution(chain)
    close(ergodic, np.linalg.matrix_power(chain, 500)[0], rtol=1e-9)


def test_the_second_root_is_a_modulus_also_where_it_is_negative_or_complex():
    swap = np.array([[0.1, 0.9], [0.8, 0.2]])
    close(second_root(swap), 0.7, MACHINE)
    cycle = np.array([[0.1, 0.9, 0.0], [0.0, 0.1, 0.9], [0.9, 0.0, 0.1]])
    close(second_root(cycle), abs(0.1 + 0.9 * np.exp(2j * np.pi / 3)), MACHINE)
    assert mobility_half_life(np.full((2, 2), 0.5), 5.0) == 0


def test_second_order_transitions_need_three_dates():
    counts = second_order_counts(np.array([[0, 1, 1]]), 2)
    assert counts[0, 0, 1, 1] == 1 == counts.sum()
    classes = np.array([[0, 1, 0, 1]])
    counts = second_order_counts(classes, 2)[0]
    assert counts[0, 1, 0] == counts[1, 0, 1] == 1
    assert counts.sum() == 2
    refused("no two transitions", second_order_counts, classes, 2, 2)


@pytest.mark.parametrize("values", [[0.0, 1, 2, 3, 3, 3], [0.0, 0, 0, 0, 0, 3]])
def test_values_alike_at_either_end_leave_no_classes(values):
    refused("too alike", quantile_cutoffs, np.array(values), 3)


def test_draws_come_in_blocks_without_a_change(study, monkeypatch):
    whole = run(*study, draws=37)
    monkeypatch.setattr(mk, "BLOCK_CELLS", 15 * 12 * 5)
    again = run(*study, draws=37)
    assert (whole.q_p, whole.lr_p, again.draws) == (again.q_p, again.lr_p, 37)
    close((38 * whole.lr_p) % 1, 0, atol=1e-9)

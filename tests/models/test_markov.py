"""Chains of income classes against loops over the classes; what is not defined."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models.markov import average_income, income_chain, income_classes
from evenfield.numerics.errors import NumericsError
from tolerances import MACHINE, close

N, T, K = 16, 25, 3
RNG = default_rng(8)
X = np.exp(RNG.normal(0, 0.4, (N, 1)) + RNG.normal(0, 0.1, (N, T)).cumsum(axis=1))
RING = np.roll(np.eye(N), 1, axis=1) + np.roll(np.eye(N), -1, axis=1)


def made_chain(x=X, step=1, **how):
    return income_chain(income_classes(x, K, **how), K, step, 2.0 * step)


def numbers(chain, draws=199, level=0.9):
    return {one.term: one for one in chain.numbers(default_rng(3), draws, level)}


def test_average_income_is_what_its_name_says():
    people = 1.0 + np.arange(X.size).reshape(X.shape)
    direct = {
        "mean": [sum(column) / len(column) for column in X.T],
        "log_mean": [float(np.prod(column)) ** (1 / len(column)) for column in X.T],
        "median": [
            (np.sort(c)[(len(c) - 1) // 2] + np.sort(c)[len(c) // 2]) / 2 for c in X.T
        ],
        "population_mean": [
            y @ n / n.sum() for y, n in zip(X.T, people.T, strict=True)
        ],
    }
    for name, expected in direct.items():
        close(average_income(X, name, people), expected)
        # Twice the income of all, as in another currency, is twice the average.
        close(average_income(2 * X, name, people), 2 * np.array(expected))
    with pytest.raises(NumericsError, match="needs their numbers"):
        average_income(X, "population_mean")


def test_classes_are_pooled_yearly_or_fixed():
    pooled, yearly = (income_classes(X, K, rule) for rule in ("pooled", "yearly"))
    bounds = np.quantile(X, [1 / 3, 2 / 3])
    assert np.array_equal(pooled, np.digitize(X, bounds, right=True))
    for column, classes in zip(X.T, yearly.T, strict=True):
        bounds = np.quantile(column, [1 / 3, 2 / 3])
        assert np.array_equal(classes, np.digitize(column, bounds, right=True))
    fixed = income_classes(X, K, "fixed", [0.8, 1.2])
    assert np.array_equal(fixed, np.digitize(X, [0.8, 1.2], right=True))


@pytest.mark.parametrize("step", [1, 5])
def test_matrix_errors_and_indices_are_those_of_counted_moves(step):
    chain = made_chain(step=step)
    counts = np.zeros((K, K))
    for path in income_classes(X, K):
        for now, later in zip(path, path[step:], strict=False):
            counts[now, later] += 1
    P = counts / counts.sum(axis=1, keepdims=True)
    close(chain.matrix, P, MACHINE)
    close(chain.std_errors, np.sqrt(P * (1 - P) / counts.sum(axis=1, keepdims=True)))
    close(chain.ergodic @ P, chain.ergodic, atol=MACHINE)
    close(chain.index("shorrocks"), (K - np.trace(P)) / (K - 1))
    root = np.sort(np.abs(np.linalg.eigvals(P)))[-2]
    close(chain.index("half_life"), 2 * step * np.log(0.5) / np.log(root))


def test_numbers_say_what_they_rest_on_and_thin_rows_say_how_little():
    chain = made_chain()
    found = numbers(chain)
    assert found["p_2_1"].n == chain.counts[1].sum()
    assert found["p_2_1"].moves == chain.counts[1, 0]
    assert found["ergodic_3"].n == chain.counts.sum()
    assert (found["ergodic_3"].x, found["ergodic_3"].y) == (3, 3)
    indices = [one for one in found.values() if not one.kind]
    assert [(one.x, one.y) for one in indices] == [(0, 0)] * 3
    assert (found["p_2_1"].x, found["p_2_1"].y) == (2, 1)
    assert not any(found["p_2_1"].notes)
    few = numbers(made_chain(X[:, :3]))["p_1_1"]
    assert few.notes[1] == f"only {few.n} transitions start in this class"


def test_a_move_that_no_sample_has_has_no_interval():
    classes = np.tile(np.arange(N)[:, None] % K, (1, T))
    found = numbers(income_chain(classes, K, 1, 1.0))
    stays = found["p_1_1"]
    assert (stays.test.estimate, np.isnan(stays.test.conf_low)) == (1, True)
    assert "alike in every sample" in stays.notes[2]
    life = found["half_life"]
    assert np.isinf(life.test.estimate)
    assert life.notes[0] == "infinite: the chain does not settle"


def test_chains_given_the_neighbours_add_up_to_the_chain():
    chain = made_chain()
    given = chain.given_neighbours(X, RING / 2, 2, default_rng(1), 99)
    assert np.array_equal(given.counts.sum(axis=0), chain.counts)
    close(given.matrices.sum(axis=2), 1)
    q, lr = (row.test for row in given.rows())
    # Pearson's statistic against the moves expected of one chain.
    expected = given.counts.sum(axis=2, keepdims=True) * chain.matrix
    gaps = (given.counts - expected) ** 2
    close(q.estimate, np.divide(gaps, expected, where=expected > 0, out=0 * gaps).sum())
    assert (q.p_value, lr.p_value) == (given.test.q_p, given.test.lr_p)
    assert "99 draws" in lr.p_type


def test_a_unit_without_neighbours_says_why():
    alone = RING.copy()
    alone[0] = 0
    given = made_chain().given_neighbours(X, alone, 2, default_rng(1), 9)
    assert given.reason == "1 unit has no neighbour"
    assert all(row.test.reason == given.reason for row in given.rows())

"""Families of hypotheses, equivalence, error types and influence, by brute force, other
programs and simulation.
"""

from itertools import combinations

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.testing import assert_array_equal
from statsmodels.stats.multitest import multipletests

from evenfield.numerics.inference.leave_out import (
    leave_groups_out,
    leave_one_out,
    leave_pair_out,
)
from evenfield.numerics.inference.multiple_testing import romano_wolf, sharpened_q
from evenfield.numerics.inference.wild_bootstrap import wild_bootstrap, wild_draws
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.power import simulated_power
from evenfield.numerics.random import generator_for
from numerics.refusals import refused
from tolerances import MACHINE, close


def step_down(t, draws):
    """Romano and Wolf's step-down as they write it, one hypothesis at a time."""
    order = sorted(range(len(t)), key=lambda s: -abs(t[s]))
    adjusted = np.empty(len(t))
    floor = 0.0
    for j, s in enumerate(order):
        largest = np.abs(draws[:, order[j:]]).max(axis=1)
        exceeding = (largest >= abs(t[s])).sum()
        floor = max(floor, (1 + exceeding) / (1 + len(draws)))
        adjusted[s] = floor
    return adjusted


def test_romano_wolf_equals_one_step_at_a_time_and_knows_copies():
    rng = default_rng(1)
    draws = rng.normal(size=(499, 7)) @ rng.normal(size=(7, 7))
    t = rng.normal(size=7) * 4
    ours = romano_wolf(t, draws)
    assert_array_equal(ours.adjusted, step_down(t, draws))
    assert (ours.adjusted >= ours.p_values).all()
    assert (ours.draws, ours.family) == (499, 7)
    draws = default_rng(1).normal(size=(999, 1))
    ours = romano_wolf(np.full(5, 2.0), np.tile(draws, 5))
    assert_array_equal(ours.adjusted, ours.p_values)
    rng = default_rng(2)
    clusters = np.repeat(np.arange(14), 6)
    X = np.column_stack([np.ones(84), rng.normal(size=84)])
    draws = wild_draws(clusters, "rademacher", 999, generator_for(1, "family"))
    boots = [
        wild_bootstrap(
            fit_ols(rng.normal(size=84), X), np.array([0, 1.0]), clusters, draws
        )
        for _ in range(3)
    ]
    table = np.column_stack([boot.statistics() for boot in boots])
    all_three = romano_wolf(np.array([boot.statistic() for boot in boots]), table)
    two = romano_wolf(np.array([boot.statistic() for boot in boots[:2]]), table[:, :2])
    assert_array_equal(all_three.p_values[:2], two.p_values)
    assert all_three.p_values.tolist() == [boot.p_value() for boot in boots]


def test_sharpened_q_rejects_what_statsmodels_rejects():
    for seed in range(6):
        rng = default_rng(seed)
        p = np.concatenate([rng.random(8), rng.random(6) * 0.03 * (seed + 1)])
        ours = sharpened_q(p)
        for q in np.arange(0.013, 0.9, 0.02):
            assert_array_equal(
                ours.q_values <= q, multipletests(p, alpha=q, method="fdr_tsbky")[0]
            )
    assert sharpened_q(np.ones(4)).q_values.tolist() == [1.0] * 4
    assert sharpened_q(np.zeros(4)).q_values.tolist() == [0.0] * 4
    close(sharpened_q(np.array([0.04])).q_values, [0.04 / 0.96])


@pytest.fixture
def design():
    rng = default_rng(9)
    units = np.tile([f"u{i:02}" for i in range(12)][::-1], 5)
    X = np.column_stack([np.ones(60), rng.normal(size=60), rng.normal(size=60)])
    y = X @ [1, 0.15, 0.3] + rng.normal(size=60)
    return y, X, units, np.array([0.0, 1.0, 0.0])


def without(y, X, units, c, group):
    keep = ~np.isin(units, group)
    return c @ fit_ols(y[keep], X[keep]).beta


def test_leaving_out_equals_refits_and_the_fewest_units_turn_the_sign(design):
    y, X, units, c = design
    fit = fit_ols(y, X)
    names = np.unique(units).tolist()
    one = leave_one_out(fit, c, units)
    pairs = leave_pair_out(fit, c, units)
    close(one.estimates, [without(*design, [u]) for u in names], MACHINE)
    assert pairs.left_out == tuple(combinations(names, 2))
    close(pairs.estimates, [without(*design, p) for p in pairs.left_out], MACHINE)
    assert one.sign_flips == (one.estimates * one.estimate < 0).sum()
    worst = int(np.abs(one.estimates - one.estimate).argmax())
    assert one.most_influential == (names[worst],)
    assert one.largest_change == one.estimates[worst] - one.estimate
    some = leave_groups_out(fit, c, units, [("u03", "u07", "u01")])
    close(some.estimates, [without(*design, ["u03", "u07", "u01"])], MACHINE)
    X = np.column_stack([np.ones(12), np.repeat([1.0, 0.0, 0.0, 0.0], 3)])
    result = leave_one_out(
        fit_ols(np.arange(12.0) ** 1.5, X),
        np.array([0.0, 1.0]),
        np.repeat(list("abcd"), 3),
    )
    assert np.isnan(result.estimates[0])
    assert result.undefined == 1
    assert np.isfinite(result.largest_change)


def test_bad_input_says_what_is_wrong(design):
    y, X, units, c = design
    fit = fit_ols(y, X)
    refused("do not fit", romano_wolf, np.ones(3), np.ones((9, 2)))
    refused("not a number", romano_wolf, np.array([np.nan]), np.ones((9, 1)))
    refused("between 0 and 1", sharpened_q, np.array([0.5, 1.5]))
    refused("between 0 and 1", sharpened_q, np.array([]))
    refused("unknown units", leave_groups_out, fit, c, units, [("u99",)])
    refused("0 groups", leave_groups_out, fit, c, units, [])
    refused(
        "not 1",
        simulated_power,
        lambda _: True,
        X[:, 1],
        np.ones(1),
        lambda r: r.normal(size=60),
        0,
        None,
    )

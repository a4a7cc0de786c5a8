"""Path randomisation against a loop of refits; its draws against counting; exact sizes
where all draws are listed.
"""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.randomisation import (
    free_assignments,
    path_panel,
    path_randomisation,
    stratified_assignments,
)
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from tolerances import MACHINE, close

N = 9
T = 6


def make_panel(staggered=True, n=N, t=T, controls=2, seed=4):
    rng = default_rng(seed)
    units = np.repeat([f"u{i:02}" for i in range(n)], t)
    times = np.tile(np.arange(2000, 2000 + t), n)
    start = np.full(n, 9999)
    start[[1, 4, 5]] = [2002, 2003, 2003] if staggered else 2002
    d = (times >= np.repeat(start, t)).astype(float)
    C = rng.normal(size=(n * t, controls)) if controls else None
    return rng.normal(size=n * t) + d, d, units, times, C


def refit(y, d, units, times, C, effects):
    """Fit with dummies; the coefficient and its statistic by unit, without factor."""
    X = [
        d[:, None],
        np.ones((len(y), 1)),
        (times[:, None] == np.unique(times)[1:]).astype(float),
    ]
    if effects == "unit and time":
        X.append((units[:, None] == np.unique(units)[1:]).astype(float))
    fit = fit_ols(y, np.column_stack([*X, C] if C is not None else X))
    a = fit.X @ fit.bread[0]
    scores = [a[units == u] @ fit.u_hat[units == u] for u in np.unique(units)]
    return fit.beta[0], fit.beta[0] / np.sqrt(np.square(scores).sum())


@pytest.mark.parametrize("effects", ["time", "unit and time"])
@pytest.mark.parametrize("controls", [0, 2])
def test_every_draw_equals_its_refit(effects, controls):
    y, d, units, times, C = make_panel(controls=controls)
    order = default_rng(0).permutation(N * T)
    panel = path_panel(
        y[order], d[order], units[order], times[order], C[order] if controls else C
    )
    drawn = free_assignments(panel, 40, generator_for(1, "refits"))
    test = path_randomisation(panel, drawn, effects)
    path = d.reshape(N, T)
    slow = np.array(
        [
            refit(y, path[source].ravel(), units, times, C, effects)
            for source in drawn.source
        ]
    )
    close(test.coefficients, slow[:, 0], MACHINE, atol=MACHINE)
    own = refit(y, d, units, times, C, effects)
    close(test.estimate, own[0], MACHINE)
    extreme = (np.abs(slow[:, 0]) >= abs(own[0])).sum()
    assert test.p_value() == (1 + extreme) / 41


def test_null_of_a_constant_effect_and_the_interval():
    y, d, units, times, C = make_panel()
    panel = path_panel(y, d, units, times, C)
    drawn = free_assignments(panel, 60, generator_for(1, "null"))
    test = path_randomisation(panel, drawn, "unit and time")
    path = d.reshape(N, T)
    left = y - 0.6 * d
    slow = np.array(
        [
            refit(left, path[s].ravel(), units, times, C, "unit and time")[0]
            for s in drawn.source
        ]
    )
    own = refit(left, d, units, times, C, "unit and time")[0]
    assert test.p_value(0.6) == (1 + (np.abs(slow) >= abs(own)).sum()) / 61
    panel = path_panel(*make_panel())
    test = path_randomisation(
        panel,
        free_assignments(panel, 999, generator_for(1, "interval")),
        "unit and time",
    )
    low, high = test.interval(0.9)
    for inside, outside in ((low + 1e-7, low - 1e-7), (high - 1e-7, high + 1e-7)):
        assert test.p_value(inside) > 0.1 >= test.p_value(outside)


def test_all_distinct_draws_are_listed_within_strata_and_bound_the_p_value():
    panel = path_panel(*make_panel(staggered=False))
    drawn = free_assignments(panel, comb(N, 3), generator_for(1, "x"))
    assert drawn.enumerated
    assert drawn.count == drawn.distinct == comb(N, 3)
    assert {tuple(np.flatnonzero(panel.D[s].any(axis=1))) for s in drawn.source} == set(
        combinations(range(N), 3)
    )
    staggered = free_assignments(
        path_panel(*make_panel()), 10_000, generator_for(1, "x")
    )
    labels = path_panel(*make_panel()).path_class[staggered.source]
    assert staggered.count == len(np.unique(labels, axis=0)) == comb(N, 3) * 3
    assert (np.sort(staggered.source, axis=1) == np.arange(N)).all()
    panel = path_panel(*make_panel())
    strata = {
        unit: "coast" if i < 6 else "inland"
        for i, unit in enumerate(panel.units.tolist())
    }
    listed = stratified_assignments(panel, strata, 1000, generator_for(1, "x"))
    assert listed.distinct == listed.count == comb(6, 3) * 3
    sampled = stratified_assignments(panel, strata, 20, generator_for(1, "x"))
    assert not sampled.enumerated
    for drawn in (listed, sampled):
        assert (np.sort(drawn.source[:, :6], axis=1) == np.arange(6)).all()
        assert (drawn.source[:, 6:] >= 6).all()
    y, d, units, times, _ = make_panel(staggered=False, controls=0)
    panel = path_panel(y + 1000 * d, d, units, times)
    listed = path_randomisation(
        panel, free_assignments(panel, 100, generator_for(1, "x")), "unit and time"
    )
    assert listed.p_value() == listed.smallest_p == 1 / comb(N, 3)
    assert listed.interval(0.999) == (-np.inf, np.inf)
    few = free_assignments(panel, 50, generator_for(1, "x"))
    assert path_randomisation(panel, few, "time").p_value() >= 1 / 84


def rows(**change):
    names = ("y", "d", "units", "times", "controls")
    return dict(zip(names, make_panel(), strict=True)) | change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d": np.zeros(N * T)}, "only one assignment"),
        ({"y": np.full(N * T, np.nan)}, "missing or infinite"),
        ({"y": np.zeros(5), "controls": None}, "lengths 5, 54"),
        ({"times": np.zeros(N * T)}, "unit u00 has 6 at"),
        ({"controls": np.ones((N * T, 1))}, "leave nothing of a control"),
        (
            {"controls": (default_rng(0).normal(size=(N * T, 1)) @ np.ones((1, 2)))},
            "collinear",
        ),
    ],
)
def test_bad_input_says_what_is_wrong(change, message):
    with pytest.raises(NumericsError, match=message) as caught:
        panel = path_panel(**rows(**change))
        path_randomisation(
            panel, free_assignments(panel, 9, generator_for(1, "x")), "unit and time"
        )
    assert "\n" not in str(caught.value)

"""Arguments of the library: one order, data recognised by type, names as lists."""

import pandas as pd
import pytest

import evenfield as ef
from made_panel import DATA, KEYS, RING

CROSS = DATA[DATA["year"] == 1990].assign(
    group=lambda d: ["a", "b", "c"] * (len(d) // 3)
)
# Each function with its first two arguments and the others.
CALLS = {
    "ols": (ef.ols, "y ~ x", DATA, (), KEYS),
    "beta_convergence": (ef.beta_convergence, "rich ~ 1", DATA, (), KEYS),
    "dynamic_gmm": (
        ef.dynamic_gmm,
        "rich ~ x",
        DATA,
        (),
        {"collapse": True, "instruments": (2, 3), "time_effects": False, **KEYS},
    ),
    "spatial_panel": (ef.spatial_panel, "y ~ x", DATA, (RING,), KEYS),
    "spatial_dynamic": (ef.spatial_dynamic, "y ~ x", DATA, (RING,), KEYS),
    "dynamic_fe": (ef.dynamic_fe, "rich", DATA, (), KEYS),
    "log_t": (ef.log_t, "rich", DATA, (), KEYS),
    "clubs": (ef.clubs, "rich", DATA, (), KEYS),
    "inequality": (ef.inequality, "rich", DATA, (), {"draws": 9, **KEYS}),
    "markov": (ef.markov, "rich", DATA, (RING,), {"k": 2, "draws": 9, **KEYS}),
    "contrasts": (
        ef.contrasts,
        "y",
        CROSS,
        ("group",),
        {"unit": "unit", "inference": "HC3"},
    ),
    "specification_curve": (
        ef.specification_curve,
        ["y", "rich"],
        CROSS,
        ("x",),
        {"unit": "unit", "draws": 9},
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_data_may_stand_before_or_after_formula_or_outcome(name):
    function, first, data, others, options = CALLS[name]
    want = function(first, data, *others, **options).to_frame()
    given = "y" if name in {*list(CALLS)[5:]} else "formula"
    for found in (
        function(data, first, *others, **options),
        function(data, *others, **{given: first}, **options),
        function(*others[:0], data=data, **{given: first}, **_named(others), **options),
    ):
        pd.testing.assert_frame_equal(found.to_frame(), want)


def _named(others):
    if not others:
        return {}
    return {{"group": "group", "x": "treatment"}.get(str(others[0]), "w"): others[0]}


def test_y_and_x_stand_for_a_formula_beside_data_that_come_first():
    want = ef.ols("y ~ x", DATA, **KEYS).params
    assert ef.ols(DATA, y="y", x="x", **KEYS).params.equals(want)

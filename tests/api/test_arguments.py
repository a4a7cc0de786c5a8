"""Arguments of the library: one order, data recognised by type, names as lists."""

import pytest
from pandas.testing import assert_frame_equal

import evenfield as ef
from made_panel import DATA, KEYS, RING, refused
from tolerances import close

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
        {
            "collapse": True,
            "instruments": (2, 3),
            "time_effects": False,
            **KEYS,
        },
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
    for result in (
        function(data, first, *others, **options),
        function(data, *others, **{given: first}, **options),
        function(
            *others[:0],
            data=data,
            **{given: first},
            **_named(others),
            **options,
        ),
    ):
        assert_frame_equal(result.to_frame(), want)


def _named(others):
    if not others:
        return {}
    return {{"group": "group", "x": "treatment"}.get(str(others[0]), "w"): others[0]}


def test_y_and_x_stand_for_a_formula_beside_data_that_come_first():
    want = ef.ols("y ~ x", DATA, **KEYS).params
    assert ef.ols(
        DATA,
        y="y",
        x="x",
        **KEYS,
    ).params.equals(want)


@pytest.mark.parametrize("kind", ["CR1", "CR2", "CR3", "two_way"])
def test_errors_by_cluster_without_a_unit_are_refused(kind):
    refused(f"{kind} without a unit", ef.ols, "y ~ x", DATA, inference=kind)


@pytest.mark.parametrize("kind", ["wild", "conley", "SCPC", "CR2"])
def test_dates_without_a_unit_are_refused_where_units_count(kind):
    refused(
        f"{kind} without a unit",
        ef.ols,
        "y ~ x",
        DATA,
        time="year",
        inference=kind,
        cutoff_km=99,
    )


def test_rows_that_stand_for_units_are_said_to():
    notes = ef.ols("y ~ x", DATA, time="year").notes
    assert notes["no unit given"] == "each row is one"
    assert not ef.ols("y ~ x", DATA, **KEYS).notes["no unit given"]


def test_clusters_and_index_names_stand_for_units():
    by_unit = ef.ols("y ~ x", DATA, cluster="unit", inference="CR1").std_errors
    want = ef.ols("y ~ x", DATA, inference="CR1", **KEYS).std_errors
    close(by_unit, want)
    assert ef.ols("y ~ x", CROSS.set_index("unit"), inference="CR3").nobs == len(CROSS)


@pytest.mark.parametrize("column", ["unit", "year"])
def test_an_index_that_repeats_or_holds_dates_does_not_stand_for_units(column):
    refused(
        "CR2 without a unit", ef.ols, "y ~ x", DATA.set_index(column), inference="CR2"
    )


def test_contrasts_take_rows_as_units():
    want = ef.contrasts("y", CROSS, "group", unit="unit", inference="CR2").std_errors
    result = ef.contrasts("y", CROSS, "group", inference="CR2").std_errors
    close(result, want)


@pytest.mark.parametrize("by", ["", " | unit"])
def test_a_regressor_that_is_zero_is_named(by):
    refused("none", ef.ols, f"y ~ x + none{by}", DATA.assign(none=0.0), **KEYS)


def test_a_unit_without_coordinates_is_named():
    data = CROSS.assign(lat=CROSS["lat"].mask(CROSS["unit"] == "u03"))
    for kind in ("SCPC", "conley"):
        refused(
            "1 unit has no lat and lon, first u03",
            ef.ols,
            "y ~ x",
            data,
            unit="unit",
            inference=kind,
            cutoff_km=99,
        )

"""Arguments of the library: one order, data recognised by type, names as lists; what is
no argument, and what none can be.
"""

import inspect
from functools import partial

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import evenfield as ef
from api.calls import CALLS, CROSS, DATED, fit_of
from made_panel import DATA, KEYS, RING, refused
from tolerances import close

POLICY = {"first": "start", "leads": 2, "draws": 9, **KEYS}
NEAR = {"rings": [1], "distance": RING, "min_controls": 0}


@pytest.mark.parametrize("page", CALLS)
def test_data_may_stand_before_or_after_formula_or_outcome(page):
    call = CALLS[page]
    want = fit_of(page).to_frame()
    others, options = call.others.values(), call.options
    given = {call.given: call.first}
    for result in (
        call.function(call.data, call.first, *others, **options),
        call.function(call.data, *others, **given, **options),
        call.function(data=call.data, **given, **call.others, **options),
    ):
        assert_frame_equal(result.to_frame(), want)


FUNCTIONS = {
    name: getattr(ef, name) for name in dir(ef) if inspect.isfunction(getattr(ef, name))
}
# Functions that stand on the page of another one.
BESIDE = {
    "beta_break": partial(ef.beta_break, "rich", DATA, draws=9, **KEYS),
    "bivariate_moran": partial(
        ef.bivariate_moran, "y", CROSS, RING, neighbours="x", unit="unit"
    ),
    "label_curve": partial(ef.label_curve, "y", CROSS, "x", unit="unit", draws=9),
    "spatial_model_probabilities": partial(
        ef.spatial_model_probabilities, "y ~ x", DATA, {"ring": RING}, **KEYS
    ),
}
BY_NAME = {call.function.__name__: call for call in CALLS.values()} | BESIDE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_no_argument_of_a_function_is_refused(name):
    if name not in BY_NAME:  # Python says it
        with pytest.raises(TypeError, match="unexpected keyword argument 'efects'"):
            FUNCTIONS[name](efects=1)
        return
    words = f"{name} has no argument 'efects'; expected one of .*, unit"
    refused(words, BY_NAME[name], efects=1)


def test_all_estimators_and_effects_are_called_here():
    estimators = {
        name for name, one in FUNCTIONS.items() if hasattr(one, "__wrapped__")
    }
    assert estimators == set(BY_NAME)
    fit = ef.spatial_panel("y ~ x", DATA, RING, **KEYS)
    refused("impacts has no argument 'drws'.*mean 'draws'", fit.impacts, drws=9)
    refused("reach has no argument 'x'", fit.reach, x="x")


def test_what_a_function_sets_itself_or_lacks_is_named():
    refused(
        "spatial_cross_section has no argument 'effects'",
        ef.spatial_cross_section,
        "y ~ x",
        CROSS,
        RING,
        effects="unit",
    )
    refused(
        "a call of event_study with missing a required argument: 'first'",
        ef.event_study,
        "rich ~ 1",
        DATED,
        **KEYS,
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 0}, "draws=0; expected a whole number, 1 or more"),
        ({"draws": 9.5}, "draws=9.5; .*; give draws=10"),
        ({"draws": 1e3}, "give draws=1000"),
        ({"power": 80}, "a power of 80; .* 80 percent is 0.8"),
        ({"seed": "a"}, "seed='a'"),
        ({"cluster": "one"}, "one with one level, a"),
        ({"cluster": DATED["unit"]}, "cluster of type Series; .* name of one column"),
        ({"first": ["start"]}, "first of type list"),
        ({"effects": ["one", "year"]}, r"effects=\['one', 'year'\]; expected text"),
        ({"horizons": -1}, "horizons=-1"),
        ({"leads": -1}, "leads=-1"),
        ({"spans": [(3, 1)]}, r"the span \(3, 1\)"),
        ({"spans": [(-3, -1)]}, r"the span \(-3, -1\)"),
        ({"spans": [(0, 2, 3)]}, r"the span \(0, 2, 3\)"),
        ({"spans": (0, 2)}, r"the span 0; .*write spans=\[\(0, 2\)"),
        ({"rings": ["a"]}, r"rings=\['a'\]"),
        ({"min_controls": 500}, "min_controls without rings"),
        ({"coords": ("lat", "lon")}, "coords without rings"),
        ({"distance": RING}, "distance without rings"),
        ({**NEAR, "min_controls": 500}, "fewer than 500"),
    ],
)
def test_what_no_event_study_can_be_made_of_is_refused(options, words):
    refused(words, ef.event_study, "rich ~ 1", DATED, **{**POLICY, **options})


@pytest.mark.parametrize(
    "name", ["rings", "placement", "nearby", "moran", "inequality", "markov"]
)
def test_no_draws_are_refused_where_a_p_value_rests_on_them(name):
    refused("draws=0; expected", CALLS[name], draws=0)


def test_one_sample_has_no_standard_error():
    words = "draws=1; expected a whole number, 2 or more"
    refused(words, ef.inequality, "rich", DATA, draws=1, **KEYS)


def test_one_number_is_one_ring():
    keys = {"first": "start", "draws": 9, **NEAR, **KEYS}
    one = ef.rings("rich ~ 1", DATED, **{**keys, "rings": 1})
    assert_frame_equal(one.to_frame(), ef.rings("rich ~ 1", DATED, **keys).to_frame())


def test_a_span_of_one_horizon_has_one_row():
    plain = ef.event_study("rich ~ 1", DATED, **POLICY)
    for spans in ([(1, 1)], [(1, 1), (1, 1)]):
        fit = ef.event_study("rich ~ 1", DATED, spans=spans, **POLICY)
        assert sorted(fit.params.index) == sorted({*plain.params.index} - {"0 to 5"})
        close(fit.params["1"], plain.params["1"])
        assert fit.interpret().startswith("1 dates after the policy")
        assert "Callaway and Sant'Anna, 1" in fit.tables["checks"].index
    one = ef.event_study("rich ~ 1", DATED, horizons=0, **POLICY)
    assert one.params.index.is_unique


@pytest.mark.parametrize("page", CALLS)
def test_units_without_dates_are_told_to_name_them(page):
    panel = DATED.assign(group=DATED["unit"]).rename(columns={"year": "YEAR"})
    one_date = page in {
        "contrasts",
        "placement",
        "nearby",
        "list-agreement",
        "list-shrinkage",
        "common-support",
        "join-count",
        "label-permutation",
        "border-difference",
        "spatial-regimes",
    }
    advice = "keep one YEAR" if one_date else "give time='YEAR'"
    count = "group u00: 15" if page == "ols-by" else "180"  # of the first sample
    words = f"{count} rows of units that have another one, first u00; .*; {advice}$"
    without = {"time": None} if "time" in CALLS[page].options else {}
    refused(words, CALLS[page], panel, **without)


@pytest.mark.parametrize("page", ["dynamic-gmm", "beta-convergence", "sigma", "moran"])
def test_dates_without_units_are_told_to_name_these(page):
    refused("without unit=; .*name their columns", CALLS[page], unit=None)


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
def test_a_regressor_that_is_zero_is_named_and_to_be_left_out(by):
    words = "none .*leave it out"
    refused(words, ef.ols, f"y ~ x + none{by}", DATA.assign(none=0.0), **KEYS)
    both = DATA.assign(none=DATA["x"])
    refused("x, none.*; leave one of them out", ef.ols, "y ~ x + none", both)


def test_a_level_that_no_row_has_is_no_dummy():
    used = DATA["unit"].str[-1].where(DATA["unit"] < "u03", "0")
    kinds = pd.CategoricalDtype(["none", "0", "1", "2", "3"])
    by_kind = DATA.assign(cat=used.astype(kinds))
    fit = ef.ols("y ~ x + C(cat) + cat:x", by_kind, **KEYS)
    want = ef.ols("y ~ x + C(cat) + cat:x", DATA.assign(cat=used), **KEYS)
    assert_frame_equal(fit.to_frame(), want.to_frame())


def test_a_unit_without_coordinates_is_named():
    data = CROSS.assign(lat=CROSS["lat"].mask(CROSS["unit"] == "u03"))
    for kind in ("SCPC", "conley"):
        refused(
            "missing values of lat, first u03",
            ef.ols,
            "y ~ x",
            data,
            unit="unit",
            inference=kind,
            cutoff_km=99,
        )


@pytest.mark.parametrize("page", CALLS)
def test_an_argument_may_be_given_as_what_it_is_without(page):
    call = CALLS[page]
    usual = {
        name: parameter.default
        for name, parameter in inspect.signature(call.function).parameters.items()
        if parameter.default is not parameter.empty
    }
    given = {call.given: call.first} | call.others | call.options
    fit = call.function(data=call.data, **usual | given)
    assert_frame_equal(fit.to_frame(), fit_of(page).to_frame())


def test_what_is_left_open_is_decided_as_if_nothing_were_said():
    asked = {"collapse": True, "instruments": [2, 3], "steps": 1, **KEYS}
    late = DATED[DATED["year"] > 1999]
    want = ef.dynamic_gmm("rich ~ x", late, **asked).to_frame()
    found = ef.dynamic_gmm("rich ~ x", late, time_effects=None, **asked)
    assert_frame_equal(found.to_frame(), want)
    refused("time_effects='no'", CALLS["dynamic-gmm"], time_effects="no")


@pytest.mark.parametrize(
    ("argument", "value", "advice"),
    [
        ("vcov", {"CRV1": "area"}, 'say inference="CR1", cluster="area"'),
        ("vcov", "hetero", 'say inference="HC1"'),
        ("cov_type", "clustered", 'say inference="CR1"'),
        ("se", "iid", 'say inference="classical"'),
        ("cov_type", "hac-groupsum", 'say inference="driscoll_kraay"'),
        ("cov_type", "hac-panel", "choose one of the inferences here"),
        ("vcov", {"CRV1": "area + year"}, "choose one of the inferences here"),
        ("vcov", "HC2", "choose one of the inferences here"),
        ("vcov", "CR3", 'say inference="CR3"'),
    ],
)
def test_arguments_of_other_packages_are_answered_in_our_words(argument, value, advice):
    refused(advice, ef.ols, "y ~ x", DATA, **KEYS, **{argument: value})


def test_a_function_with_inferences_of_its_own_is_not_answered_for_ols():
    refused("; leave it out", CALLS["spatial-panel"], vcov={"CRV1": "area"})


def test_few_units_choose_an_inference():
    chosen = ef.ols("y ~ x", DATA, few_units=True, **KEYS)
    named = ef.ols("y ~ x", DATA, inference="CR3", few_units=True, **KEYS)
    assert_frame_equal(chosen.to_frame(), named.to_frame())
    assert chosen.to_frame()["inference"].unique().tolist() == ["CR3"]
    # CR3 needs units or clusters; rows without either keep HC3.
    alone = ef.ols("y ~ x", DATA, few_units=True)
    assert alone.to_frame()["inference"].unique().tolist() == ["HC3"]

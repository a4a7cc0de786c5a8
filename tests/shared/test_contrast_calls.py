"""A group contrast as a call of `ols`: each method and each combination of coefficients
gives the row that the study's own code makes.
"""

from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

import evenfield as ef
from evenfield.models.pooled import pooled
from evenfield.shared.calls import NoCallError
from evenfield.shared.contrasts import calls
from evenfield.shared.contrasts.calls import (
    as_coefficient,
    contrast_call,
    defined_designs,
    several_call,
)
from evenfield.shared.contrasts.changes import change_rows
from evenfield.shared.contrasts.contrasts import contrast_rows
from evenfield.shared.contrasts.designs import Expectation, contrast_design
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import NAN, asking
from evenfield.shared.places import NUMBERS, Coefficient, TableRow
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.study_config import InferenceSettings
from shared.toy_contrasts import toy_contrast
from tolerances import close

N = 24
NAMES = [f"u{i:02d}" for i in range(N)]
INFERENCE = InferenceSettings(permutations=499, seed=7, pairs=[["u01", "u20"]])
WEIGHTS = [
    {"cluster": 1.0},
    {"cluster": 1.0, "sez": -1.0},
    {"sez": 1.0, "cluster": -1.0},
    {"cluster": 0.4, "sez": -2.5},
    {"cluster": -0.5},
]


def made(weights):
    rng = np.random.default_rng(4)
    table = pd.DataFrame(
        {
            "cluster": (np.arange(N) % 3 == 0) * 1.0,
            "sez": (np.arange(N) % 4 == 1) * 1.0,
            "x": rng.normal(size=N),
            "y": rng.normal(size=N),
        },
        index=pd.Index(NAMES, name="unit"),
    )
    mixed = table.sample(frac=1, random_state=1)
    contrast = toy_contrast(mixed, weights, role="primary")
    units = pd.DataFrame(
        {
            "unit": NAMES,
            "lat": 30 + np.arange(N) // 5,
            "lon": 100 + np.arange(N) % 5 * 1.1,
            "coastal": np.arange(N) % 2,
        }
    )
    links = pd.DataFrame({"unit_i": NAMES[:-1], "unit_j": NAMES[1:]})
    return contrast, Geographies(units, links, INFERENCE)


@pytest.mark.parametrize("weights", WEIGHTS, ids=str)
def test_every_method_of_a_contrast_is_ols_of_the_library(weights):
    contrast, geographies = made(weights)
    rows = contrast_rows(contrast, geographies)
    defined = [asdict(row) for row in rows if np.isfinite(row.estimate)]
    for row in defined:
        hold(contrast_call(row, [contrast], geographies), row)
    made_of = {row["estimator"] for row in defined}
    assert {"leave_one_out", "leave_pair_out", "ols_permutation_stratified"} < made_of
    assert len(defined) == 15


def hold(call, row):
    """Assert that a call gives the numbers of a row."""
    weights = {} if call.weights is None else {call.weights_as: call.weights}
    fit = getattr(ef, call.function)(data=call.data, **weights, **call.arguments)
    if call.then is not None:
        method, options = call.then
        fit = getattr(fit, method)(**options)
    numbers = call.numbers(fit, 0.95)
    for name in NUMBERS:
        if np.isfinite(row[name]):
            close(numbers[name], row[name], rtol=1e-8)


@pytest.mark.parametrize("labels", [("cluster",), ("cluster", "sez")], ids=len)
def test_every_method_on_placebo_lists_is_a_size_of_the_library(labels):
    contrast, geographies = made({"cluster": 1.0})
    # Five in a row of 24: twenty lists, and too many where zones are dealt out, too.
    members = contrast.table.index.isin(NAMES[4:9])
    contrast = replace(
        contrast,
        table=contrast.table.assign(cluster=members * 1.0),
        labels=labels,
        placebo_lists=True,
        row=replace(contrast.row, role="robustness"),
    )
    rows = [asdict(row) for row in contrast_rows(contrast, geographies)]
    about = [row for row in rows if row["role"] == "design"]
    assert [row["effect_type"] for row in about].count("stat_size") == 12
    calls = [contrast_call(row, [contrast], geographies) for row in about]
    (same_call, *_) = {call.then[1]["lists"] for call in calls}
    assert same_call == INFERENCE.placebo_lists
    for call, row in zip(calls, about, strict=True):
        hold(call, row)
    sized = next(row for row in about if row["effect_type"] == "stat_size")
    other = {**sized, "asked": asking(sized["asked"], lists="bootstrap")}
    with pytest.raises(NoCallError, match="it is no single regression"):
        contrast_call(other, [contrast], geographies)


@pytest.mark.parametrize("weights", WEIGHTS[:2], ids=str)
def test_a_change_between_two_spans_is_one_regression(weights):
    first, geographies = made(weights)
    table = first.table.assign(
        y=first.table["y"] ** 2,
        cluster=(np.arange(N) % 5 == 0) * 1.0,
        x=first.table["x"] + np.linspace(0, 1, N),
    )
    first = replace(first, row=replace(first.row, period="P1"))
    later = replace(first, table=table, row=replace(first.row, period="P2"))
    rows = [asdict(row) for row in change_rows(first, later, geographies)]
    for row in rows:
        hold(contrast_call(row, [], geographies, [(first, later)]), row)
    assert len(rows) == 5


@pytest.mark.parametrize("use", ["subtract", "control"])
def test_labels_of_neighbours_are_dealt_out_less_what_is_expected(use):
    contrast, geographies = made({"W cluster": 1.0, "W sez": -1.0})
    near = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) == 1
    matrix = csr_array(near / near.sum(axis=1, keepdims=True))
    contrast = replace(
        contrast,
        labels=("cluster", "sez"),
        neighbours=SpatialWeights(tuple(NAMES), matrix),
        expected=Expectation("stratified", use),
        row=replace(contrast.row, role="robustness"),
    )
    rows = [asdict(row) for row in contrast_rows(contrast, geographies)]
    calls = [contrast_call(row, [contrast], geographies) for row in rows]
    assert [call.function for call in calls] == ["ols", "label_permutation"]
    for call, row in zip(calls, rows, strict=True):
        hold(call, row)
    free = {**rows[1], "asked": asking(rows[1]["asked"], inference="randomisation")}
    with pytest.raises(NoCallError, match="its expectation is over stratified"):
        contrast_call(free, [contrast], geographies)


def test_the_same_contrast_under_several_lists_has_a_range_and_a_mean():
    contrast, geographies = made({"cluster": 1.0, "sez": -1.0})
    lists = {"one": 3, "two": 5, "three": 1}
    contrasts = {}
    for name, step in lists.items():
        cluster = (np.arange(N) % step == 0) * 1.0  # of step 1 all units, and no list
        table = contrast.table.assign(cluster=cluster)
        contrasts[name] = replace(contrast, table=table)
    designs = defined_designs(contrasts, geographies)
    assert list(designs) == ["one", "two"]
    deciding = [contrast_rows(contrasts[name], geographies)[0] for name in designs]
    values = [row.estimate for row in deciding]
    place = TableRow(table="range", line="highest", columns={"estimate": "estimate"})
    call = several_call(designs, "list", "SCPC", place, reference="one")
    hold(call, {**dict.fromkeys(NUMBERS, NAN), "estimate": max(values)})
    place = Coefficient(term="mean", inference="random effects")
    call = several_call(designs, "list", "SCPC", place, pooled={"level": 0.95})
    low, high = np.array([(row.conf_low, row.conf_high) for row in deciding]).T
    found = pooled(np.array(values), low, high, 0.95)
    numbers = dict.fromkeys(NUMBERS, NAN)
    hold(call, {**numbers, "estimate": found.mean, "std_error": found.std_error})


def test_a_combination_is_a_coefficient_of_the_same_fit():
    rng = np.random.default_rng(2)
    columns = {name: rng.normal(size=30) for name in "abc"}
    y = rng.normal(size=30)
    X = np.column_stack([np.ones(30), *columns.values()])
    beta = np.linalg.lstsq(X, y, rcond=None)[0]
    changed, name, note = as_coefficient(columns, {"b": 2.0, "c": -0.5})
    assert note == "beside the others the coefficient of b is b - 0.25 c per 2"
    Z = np.column_stack([np.ones(30), *changed.values()])
    other = np.linalg.lstsq(Z, y, rcond=None)[0]
    close(other[1 + list(changed).index(name)], 2.0 * beta[2] - 0.5 * beta[3])
    close(Z @ other, X @ beta)


def test_a_row_of_no_contrast_is_refused():
    contrast, geographies = made({"cluster": 1.0})
    row = asdict(contrast_rows(contrast, geographies)[0])
    with pytest.raises(NoCallError, match="no single regression"):
        contrast_call({**row, "period": "P9"}, [contrast], geographies)


@pytest.mark.parametrize("se_type", ["", NAN])
def test_a_row_of_a_panel_without_an_error_is_the_estimate_alone(se_type):
    rng = np.random.default_rng(6)
    table = pd.DataFrame(rng.normal(size=(24, 3)), columns=["y", "a", "b"])
    table["unit"] = np.repeat(list("stuvwx"), 4)
    table["year"] = np.tile(range(4), 6)
    row = {"estimator": "panel_fe", "se_type": se_type}
    row["asked"] = asking(inference="CR3")
    weights = {"a": 1.0, "b": -1.0}
    call = calls.panel_call(row, table, "y", ["a", "b"], weights, INFERENCE, "")
    dummies = pd.get_dummies(table[["unit", "year"]].astype(str), drop_first=True)
    X = np.column_stack([table[["a", "b"]], dummies.astype(float), np.ones(24)])
    beta = np.linalg.lstsq(X, table["y"], rcond=None)[0]
    fit = ef.ols(data=call.data, **call.arguments)
    numbers = call.numbers(fit, 0.95)
    assert list(numbers) == ["estimate"]
    close(numbers["estimate"], beta[0] - beta[1])


def test_draws_differ_where_units_do_not_stand_by_name():
    assert calls.differs_by_order(np.array(["a", "b"])) == {}
    assert list(calls.differs_by_order(np.array(["b", "a"]))) == ["p_value"]


def test_connected_labels_name_each_border_once():
    contrast, _ = made({"cluster": 1.0})
    borders = [("u01", "u00"), ("u01", "u02"), ("u02", "u01"), ("u22", "u23")]
    links = pd.DataFrame(borders, columns=["unit_i", "unit_j"])
    places = pd.DataFrame({"unit": NAMES, "lat": 0.0, "lon": 0.0, "coastal": 0})
    geographies = Geographies(places, links, INFERENCE)
    design = contrast_design(contrast, geographies)
    (method,) = (name for name, way in calls.SCHEMES.items() if way == "connected")
    arguments = calls._arguments_of_labels(design, method)
    assert arguments["links"] == [("u00", "u01"), ("u01", "u02"), ("u22", "u23")]


def test_units_that_are_left_out_may_have_blanks_in_their_ids():
    units = ["New York", "Ohio", "New Mexico", "York", "Rhode Island"]
    whole = calls.Call(
        function="ols",
        data=pd.DataFrame({"unit": units}),
        arguments={},
        places=(Coefficient(term="x"),),
    )
    rest = calls.without_group(whole, ["New York", "Ohio"])
    assert rest.data["unit"].tolist() == ["New Mexico", "York", "Rhode Island"]

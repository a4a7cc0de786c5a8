"""What stands beside the specifications of growth nearby: errors in lists, groups that are left
out and pairs of neighbours, against least squares on columns made by hand.
"""

from copy import deepcopy
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from evenfield.study.errors import EvenfieldError
from evenfield.topics.nearby.call import call
from evenfield.topics.nearby.estimate import check_data, estimate
from evenfield.topics.nearby.estimate_spec import Section
from evenfield.topics.nearby.table import TABLES
from made_nearby import SECTION, UNITS, N, make_study, near_lists, places_of_units
from made_study import (
    one_line,
    order_and_names_do_not_matter,
    results_of,
    row,
    rows,
)
from tolerances import CLOSED_FORM, close
from yaml_text import from_yaml

ASKED = from_yaml("""
    list_errors:
      of: main
      lists: [hall, any_park]
      searches: [[park, hall]]
      missing: 0.3
      wrong: 0.1
      own: 0.4
      bounds: {halls: [hall], both: [hall, any_park]}
    left_out: [{of: main, column: region}]
    adjacent: [{of: main, column: region}]
    """)
NEAR_PARK = {"term": "near_park", "contrast": ""}


def halls():
    """Halls in nine of ten towns with a park, and in every thirtieth one."""
    park = places_of_units()["park"].to_numpy()
    order = np.arange(N)
    return ((park & (order % 10 > 0)) | (order % 30 == 7)).astype(int)


def borders():
    """Each town touches the next ten."""
    return pd.DataFrame(
        [(UNITS[i], UNITS[j]) for i in range(N) for j in range(i + 1, min(i + 11, N))],
        columns=["unit_i", "unit_j"],
    )


def asked(change=None, **sections):
    """The study with what stands beside its specifications."""
    section = deepcopy(SECTION) | deepcopy(ASKED) | sections
    section["lists"]["hall"] = {"column": "hall"}
    study = make_study(section, change=change)
    study.tables["units"] = study.tables["units"].assign(hall=halls())
    study.tables["adjacency"] = borders()
    return study


@pytest.fixture(scope="module")
def results():
    return estimate(asked())


@pytest.fixture(scope="module")
def data():
    """A row a town, with growth, its start and what is near."""
    places = places_of_units().assign(hall=halls())
    wide = np.log(make_study().wide("output")).loc[UNITS]
    near = near_lists(places, 60)
    by_hall = near_lists(places.assign(park=places["hall"] == 1), 60)
    return places.assign(
        growth=((wide[2010] - wide[2000]) * 10).to_numpy(),
        start=wide[2000].to_numpy(),
        park=places["park"].astype(int),
        near_park=near[:, 0],
        near_port=near[:, 1],
        near_hall=by_hall[:, 0],
    )


def test_estimates_of_the_specifications_are_what_they_were(results):
    alone = {
        item.spec_id + item.estimator + item.term + item.contrast: item
        for item in estimate(make_study()).estimates
    }
    both = {
        item.spec_id + item.estimator + item.term + item.contrast: item
        for item in results.estimates
    }
    assert alone.items() <= both.items()


def test_kappa_and_recall_are_counts_of_two_lists(results):
    park, hall = places_of_units()["park"].to_numpy(), halls() == 1
    both, first, second = (park & hall).sum(), park.sum(), hall.sum()
    agree = (park == hall).mean()
    chance = (first * second + (N - first) * (N - second)) / N**2
    kappa = row(results, estimator="kappa", treatment_def="park+hall")
    close(kappa.estimate, (agree - chance) / (1 - chance), CLOSED_FORM)
    assert kappa.conf_low < kappa.estimate < kappa.conf_high and kappa.n_units == N
    assert len(rows(results, estimator="kappa")) == 3
    exist = (first + 1) * (second + 1) / (both + 1) - 1
    found = {
        "exist": exist,
        "recall_first": first / exist,
        "recall_second": second / exist,
        "recall_either": (first + second - both) / exist,
    }
    for term, number in found.items():
        one = row(results, estimator="capture_recapture", term=term)
        close(one.estimate, number, CLOSED_FORM)
        assert one.conf_low <= one.estimate <= one.conf_high
    line = (
        results.series["agreement"].set_index(["first", "second"]).loc[("park", "hall")]
    )
    assert line.iloc[0].tolist() == [
        both,
        first - both,
        second - both,
        N - first - second + both,
    ]


def test_growth_near_the_right_list_is_what_is_printed_less_bias_over_k(results, data):
    """Both k and bias are slopes of least squares with the right list as outcome."""
    neither = data[data["park"] + data["port"] == 0]
    formula = "{} ~ near_park + near_port + start + C(region)"
    slopes = {
        name: smf.ols(formula.format(name), neither).fit().params
        for name in ("near_hall", "hall")
    }
    for contrast, less in (("", 0), ("near_park - near_port", 1)):
        k, bias = (
            slopes[name]["near_park"] - less * slopes[name]["near_port"]
            for name in ("near_hall", "hall")
        )
        line = results.series["factors"].query(
            "list == 'park' and truth == 'hall' and contrast == @contrast"
        )
        close(line[["factor", "bias"]].to_numpy()[0], [k, bias], CLOSED_FORM)
        assert line["on_truth"].item() == neither["hall"].sum() > 0
        wanted = {"spec_id": "main", "term": "near_park", "contrast": contrast}
        printed = row(results, estimator="ols", **wanted)
        found = row(
            results,
            estimator="ols_if_right",
            treatment_def="park+port if hall",
            **wanted,
        )
        ends = ("estimate", "conf_low", "conf_high")
        expected = [(getattr(printed, end) - 0.4 * bias) / k for end in ends]
        close([getattr(found, end) for end in ends], expected, CLOSED_FORM)
        close(found.std_error, printed.std_error / k, CLOSED_FORM)
        # The test of the printed row is of another hypothesis where bias is taken off.
        assert np.isnan(found.p_value)
        own = row(
            results,
            estimator="ols_if_right",
            treatment_def="park+port if park",
            **wanted,
        )
        close([own.estimate, own.conf_high], [printed.estimate, printed.conf_high])


def test_each_list_stands_in_the_place_of_the_first(results):
    in_hand = results.series["factors"]
    assert set(in_hand["list"]) == {"park", "hall", "any_park"}
    assert set(in_hand["truth"]) == {
        "park",
        "hall",
        "any_park",
        "30% missing, 10% wrong",
    }
    assert len(in_hand) == 3 * 4 * 2
    itself = in_hand[in_hand["list"] == in_hand["truth"]]
    close(itself[["factor", "bias"]].to_numpy(), np.tile([1.0, 0.0], (6, 1)), 1e-9)
    by_itself = deepcopy(SECTION)
    by_itself["lists"]["hall"] = {"column": "hall"}
    by_itself["specs"][0]["lists"] = ["hall", "port"]
    study = asked(lambda _: by_itself)
    printed = row(
        estimate(study), estimator="ols", spec_id="main", term="near_hall", contrast=""
    )
    found = row(
        results,
        estimator="ols_if_right",
        term="near_hall",
        contrast="",
        treatment_def="hall+port if hall",
    )
    close(found.estimate, printed.estimate, CLOSED_FORM)
    close(found.conf_low, printed.conf_low, CLOSED_FORM)


def test_bounds_are_the_outermost_ends_of_the_lists_that_they_name(results):
    always = ["park", "30% missing, 10% wrong"]
    for name, lists in (("halls", ["hall"]), ("both", ["hall", "any_park"])):
        bound = row(
            results,
            estimator="ols_bound",
            treatment_def=f"park+port if {name}",
            **NEAR_PARK,
        )
        found = [
            row(
                results,
                estimator="ols_if_right",
                treatment_def=f"park+port if {truth}",
                **NEAR_PARK,
            )
            for truth in (*always, *lists)
        ]
        close(bound.conf_low, min(item.conf_low for item in found), CLOSED_FORM)
        close(bound.conf_high, max(item.conf_high for item in found), CLOSED_FORM)


def test_a_list_of_which_too_little_prints_gives_no_number_and_no_bound():
    """Towns in the far half of the order: nearness to them says nothing of parks."""
    study = asked(
        list_errors=ASKED["list_errors"]
        | {"lists": ["hall"], "bounds": {"halls": ["hall"]}}
    )
    park = places_of_units()["park"].to_numpy()
    near = near_lists(places_of_units(), 60)[:, 0] == 1
    # Halls where no park is near.
    study.tables["units"] = study.tables["units"].assign(
        hall=(~near & ~park).astype(int)
    )
    found = estimate(study)
    of_hall = row(
        found, estimator="ols_if_right", treatment_def="park+port if hall", **NEAR_PARK
    )
    assert np.isnan(of_hall.estimate) and "one point prints as -" in of_hall.warning
    bound = row(found, estimator="ols_bound", **NEAR_PARK)
    assert np.isnan(bound.conf_high)
    assert "nothing can be said if hall is right" in bound.warning


def test_a_group_left_out_is_a_regression_without_its_towns(results, data):
    neither = data[data["park"] + data["port"] == 0]
    formula = "growth ~ near_park + near_port + start + C(region)"
    slopes = {}
    for region in sorted(set(data["region"])):
        fit = smf.ols(formula, neither[neither["region"] != region]).fit()
        slopes[region] = fit.params["near_park"]
        found = row(
            results,
            estimator="ols",
            spec_id="main_without_region",
            sample_id=f"all, neither, without {region}",
            **NEAR_PARK,
        )
        close(found.estimate, slopes[region], CLOSED_FORM)
        assert found.n_units == (neither["region"] != region).sum()
        assert found.conf_low < found.estimate < found.conf_high
    for end, region in (
        ("lowest", min(slopes, key=slopes.get)),
        ("highest", max(slopes, key=slopes.get)),
    ):
        of_end = row(
            results,
            estimator=f"ols_{end}",
            spec_id="main_without_region",
            **NEAR_PARK,
        )
        close(of_end.estimate, slopes[region], CLOSED_FORM)
        assert of_end.sample_id == f"all, neither, without {region}"


def test_a_group_of_which_nobody_is_compared_is_not_left_out():
    section = {"left_out": [{"of": "one", "column": "region"}]}
    found = estimate(asked(**section))
    alone = rows(found, estimator="ols", spec_id="one_without_region")
    south = places_of_units().iloc[:70]
    compared = set(south.loc[~south["park"], "region"])
    assert {item.sample_id.rpartition(" ")[2] for item in alone} == compared
    # One list has no difference.
    assert {item.contrast for item in alone} == {""}


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("near", [True, False])
def test_neighbours_are_differences_by_dense_least_squares(results, data, near, inside):
    names = ["near_park", "near_port"] if near else ["park", "port"]
    chosen = (data["park"] + data["port"] == 0).to_numpy() | (not near)
    region = data["region"].to_numpy()
    pairs = [
        (i, j)
        for i in range(N)
        for j in range(i + 1, min(i + 11, N))
        if chosen[i] and chosen[j] and (region[i] == region[j]) == inside
    ]
    first, second = np.array(pairs).T
    values = data[["growth", *names, "start"]].to_numpy(float)
    apart = values[first] - values[second]
    slopes = np.linalg.lstsq(apart[:, 1:], apart[:, 0], rcond=None)[0]
    side = "inside" if inside else "across"
    term = "near_park" if near else "own_park"
    wanted = {"estimator": "first_differences", "spec_id": f"main_adjacent_{side}"}
    alone = row(results, term=term, contrast="", **wanted)
    close(alone.estimate, slopes[0], CLOSED_FORM)
    assert alone.n_obs == len(pairs) and alone.n_treated == (apart[:, 1] != 0).sum()
    less = row(results, term=term, contrast=f"{term} - {term[:-4]}port", **wanted)
    close(less.estimate, slopes[0] - slopes[1], CLOSED_FORM)


def test_order_and_names_of_units_do_not_matter():
    order_and_names_do_not_matter(
        estimate, asked(list_errors=ASKED["list_errors"] | {"missing": 0, "wrong": 0})
    )


REFUSED = from_yaml("""
    - ["`of` names other, not one of main", {left_out: [{of: other, column: region}]}]
    - ["the id main_without_region is used twice", {left_out: [{of: main, column: region}, {of: main, column: region}]}]
    - ["list_errors names nobody, not one of", {list_errors: {of: main, lists: [nobody]}}]
    - ["list_errors names port, a list of main", {list_errors: {of: main, lists: [port]}}]
    - ["list_errors names nobody, not one of", {list_errors: {of: main, lists: [hall], searches: [[hall, nobody]]}}]
    - ["the search hall is compared with itself", {list_errors: {of: main, lists: [hall], searches: [[hall, hall]]}}]
    - ["the bound all names any_park, not one of hall", {list_errors: {of: main, lists: [hall], bounds: {all: [any_park]}}}]
    - ["less than 1", {list_errors: {of: main, lists: [hall], missing: 1}}]
    """)


@pytest.mark.parametrize(("words", "sections"), REFUSED)
def test_what_names_nothing_is_refused_in_one_line(words, sections):
    with one_line(EvenfieldError, words):
        estimate(asked(**sections))


@pytest.mark.parametrize(
    ("words", "sections"),
    from_yaml("""
    - [names harbour, {left_out: [{of: main, column: harbour}]}]
    - [names unit, {adjacent: [{of: main, column: unit}]}]
    - ["nearby list nobody: no unit is on the list", {list_errors: {of: main, lists: [nobody]}}]
    - ["nearby list nobody: no unit is on the list", {list_errors: {of: main, lists: [hall], searches: [[hall, nobody]]}}]
    """),
)
def test_check_sees_what_a_run_refuses(words, sections):
    def with_nobody(section):
        section["lists"]["nobody"] = {"kinds": ["park"], "by": 1900}
        return section

    study = asked(with_nobody, **sections)
    section = Section.model_validate(study.config.estimates["nearby"])
    spec = section.specs[0].model_copy(update={"unit_scheme": "s"})
    with one_line(EvenfieldError, words):
        check_data(study, section, spec)
    with one_line(EvenfieldError, words):
        estimate(study)


def test_rows_are_fits_of_the_library(results):
    """Kappa, recall, growth near the right list and a group left out, by their calls."""
    import evenfield as ef

    study = asked()
    chosen = [
        {"estimator": "kappa", "treatment_def": "park+hall"},
        {"estimator": "capture_recapture", "term": "recall_either"},
        {
            "estimator": "ols_if_right",
            "treatment_def": "park+port if hall",
            **NEAR_PARK,
        },
        {
            "estimator": "ols_if_right",
            "treatment_def": "park+port if park",
            **NEAR_PARK,
        },
        {
            "estimator": "ols_if_right",
            "treatment_def": "hall+port if park",
            "contrast": "near_hall - near_port",
        },
        {
            "estimator": "ols_if_right",
            "treatment_def": "park+port if 30% missing, 10% wrong",
            **NEAR_PARK,
        },
        {"estimator": "ols", "sample_id": "all, neither, without r4", **NEAR_PARK},
        {"estimator": "ols_highest", "contrast": "near_park - near_port"},
    ]
    for wanted in chosen:
        item = row(results, **wanted)
        made = call(study, asdict(item))
        given = {} if made.weights is None else {made.weights_as: made.weights}
        fit = getattr(ef, made.function)(data=made.data, **given, **made.arguments)
        numbers = made.numbers(fit, 0.95)
        for name, number in numbers.items():
            printed = getattr(item, name)
            if np.isfinite(printed):
                close(number, printed, 1e-9)


def printed(results, name, change=None):
    return TABLES[name](results_of(asked(change), results, "nearby", "town")).frame


def test_tables_print_lists_truths_groups_and_pairs(results):
    agreement = printed(results, "T47c")
    # Three pairs of three lists, and two searches and either.
    assert len(agreement) == 6
    assert "are independent" in agreement["group"].iloc[-1]
    right = printed(results, "T47d")
    assert len(right) == 3 * 4 + 2
    assert right["label"].iloc[-1] == "both"
    assert right["factor_near"].iloc[0] == pytest.approx(1)
    without = printed(results, "T47e")
    assert without["label"].iloc[0] == "none left out" and len(without) == 10
    assert without["estimate"].iloc[1:].is_monotonic_increasing
    pairs = printed(results, "T47f")
    assert len(pairs) == 2 * 2 * 3
    assert pairs["label"].iloc[2] == "near park less near port"


def test_a_sample_that_leaves_out_nobody_who_is_compared_prints_no_second_row():
    """Towns on a list are no part of growth nearby: without them it is the same number."""

    def without_ports(section):
        section["specs"].append(
            {
                **section["specs"][0],
                "id": "again",
                "sample": "no_ports",
                "role": "robustness",
            }
        )
        return section

    study = asked(without_ports)
    port = places_of_units()["port"] == 1
    kept = [unit for unit, on in zip(UNITS, port, strict=True) if not on]
    study.described["samples"]["no_ports"] = kept
    results = estimate(study)
    near = TABLES["T46"](results_of(study, results, "nearby", "town"))
    assert "within region, sample: no ports" not in near.frame["label"].tolist()
    assert any(
        "within region, sample: no ports, which repeats" in line for line in near.note
    )
    own = TABLES["T46b"](results_of(study, results, "nearby", "town"))
    assert "within region, sample: no ports" in own.frame["label"].tolist()

"""Growth nearby: planted leads, counts, lists by another name, and what is refused."""

from copy import deepcopy
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from matplotlib.text import Text

from evenfield.api.nearby import nearby
from evenfield.shared.estimates import estimates_frame
from evenfield.shared.tables import records
from evenfield.study.errors import EvenfieldError
from evenfield.topics.nearby.call import call
from evenfield.topics.nearby.estimate import check_data, estimate
from evenfield.topics.nearby.estimate_lists import entries, members
from evenfield.topics.nearby.estimate_spec import ListSpec, Section
from evenfield.topics.nearby.figure import FIGURES
from evenfield.topics.nearby.table import TABLES
from evenfield.topics.nearby.table_words import finding, heading
from evenfield.topics.nearby.text import figure_maps
from evenfield.topics.nearby.text import section as section_text
from made_nearby import (
    NEAR,
    SECTION,
    UNITS,
    N,
    make_study,
    near_lists,
    places_of_units,
)
from made_study import (
    one_line,
    order_and_names_do_not_matter,
    results_of,
    row,
    rows,
)
from tolerances import close
from yaml_text import from_yaml


@pytest.fixture(scope="module")
def results():
    return estimate(make_study())


def test_planted_leads_nearby_are_found_and_none_of_the_lists(results):
    main = {"estimator": "ols", "spec_id": "main"}
    first = row(results, term="near_park", contrast="", **main)
    second = row(results, term="near_port", contrast="", **main)
    for found, planted in ((first, NEAR[0]), (second, NEAR[1])):
        assert found.conf_low < planted < found.conf_high and found.std_error < 0.1
    less = row(results, contrast="near_park - near_port", **main)
    close(less.estimate, first.estimate - second.estimate)
    assert less.role == "primary" and less.sample_id == "all, neither"
    assert less.treatment_def == "park+port" and less.w_id == "60 km"
    assert less.fe_id == "region" and less.period == "2000-2010"
    assert less.sesoi == 0.4 and less.se_type == "CR3" and 0 < less.mde < 0.4
    permuted_labels = row(
        results,
        estimator="ols_permutation_stratified",
        contrast=less.contrast,
        spec_id="main",
    )
    assert permuted_labels.p_value == pytest.approx(1 / 199)


def test_coefficients_are_those_of_statsmodels(results):
    study = make_study()
    places = places_of_units()
    wide = np.log(study.wide("output")).loc[UNITS]
    data = places.assign(
        growth=((wide[2010] - wide[2000]) * 10).to_numpy(),
        start=wide[2000].to_numpy(),
        port=places["port"],
        park=places["park"].astype(int),
    )
    data[["near_park", "near_port"]] = near_lists(places, 60)
    formula = "growth ~ start + C(region) + {}"
    own = smf.ols(formula.format("park + port"), data).fit()
    neither = data[data["park"] + data["port"] == 0]
    near = smf.ols(formula.format("near_park + near_port"), neither).fit()
    for fit, terms in ((own, ("park", "port")), (near, ("near_park", "near_port"))):
        for term in terms:
            name = term if term.startswith("near") else f"own_{term}"
            found = row(
                results, estimator="ols_hc3", spec_id="main", term=name, contrast=""
            )
            close(found.estimate, fit.params[term])
            hc3 = fit.get_robustcov_results("HC3", use_t=True)
            close(found.std_error, hc3.bse[list(fit.params.index).index(term)], 1e-8)
            assert found.df == fit.df_resid and found.n_units == fit.nobs


def test_every_method_has_a_number(results):
    main = rows(results, spec_id="main", contrast="near_park - near_port")
    assert {item.estimator.removeprefix("ols") for item in main} == {
        "",
        "_wcr33",
        "_cr2",
        "_hc3",
        "_conley_400",
        "_conley_800",
        "_scpc",
        "_scpc_06",
        "_permutation_stratified",
    }
    assert all(np.isfinite(item.p_value) for item in main)
    few = rows(results, spec_id="share", contrast="near_park - near_port")
    assert [item.estimator for item in few] == ["ols", "ols_wcr33", "ols_conley_400"]


def test_the_largest_leverage_is_of_a_cluster_or_of_a_unit_without_one(results):
    decided = {"estimator": "ols", "term": "near_park", "contrast": ""}
    region = row(results, spec_id="main", **decided).max_leverage_unit
    assert region in set(places_of_units()["region"])

    def without_cluster(section):
        own = {**section["specs"][0], "within": ""}
        return {**section, "cluster": "", "specs": [own]}

    alone = row(estimate(make_study(change=without_cluster)), **decided)
    assert alone.max_leverage_unit in UNITS


def test_counts_add_up_and_stand_in_the_map(results):
    counts = results.fit["counts"]["main"]
    places = places_of_units()
    neither = (places["port"] == 0) & ~places["park"]
    assert sum(counts[k] for k in counts if k.startswith("on")) == N
    near = near_lists(places, 60)[neither.to_numpy()]
    assert counts["near_both"] == int(near.all(axis=1).sum())
    assert counts["near_park_only"] == int((near[:, 0] > near[:, 1]).sum())
    assert counts["near_none"] == int((~near.astype(bool)).all(axis=1).sum())
    drawn = results.series["places"]["place"].value_counts()
    assert drawn["near_both"] == counts["near_both"]
    assert drawn["on_port_only"] == counts["on_port_only"]
    both = row(results, estimator="count", spec_id="main", term="near_both")
    assert both.estimate == counts["near_both"] and both.role == "description"


def test_own_rows_stand_once_and_a_list_may_have_the_name_of_another(results):
    own = {"estimator": "ols", "term": "own_park", "contrast": ""}
    found = [item.spec_id for item in rows(results, **own)]
    assert sorted(found) == ["later", "main", "one"]
    later = row(results, **own, spec_id="later")
    main = row(results, **own, spec_id="main")
    assert later.treatment_def == "park+port"
    assert later.n_treated == main.n_treated + 1


def test_one_list_has_no_difference_and_other_groups_hold_nothing(results):
    one = [item for item in rows(results, spec_id="one") if item.estimator == "ols"]
    assert sorted(item.term for item in one) == ["near_park", "own_park"]
    assert {item.fe_id for item in one} == {"none"}
    assert {item.controls_id for item in one} == {"start+hills"}
    assert {item.sample_id for item in one} == {"south", "south, neither"}


def test_means_lie_as_far_apart_as_the_coefficients(results):
    means = results.series["means"].query("spec_id == 'main'").set_index("near")
    apart = means["estimate"] - means.loc["near_none", "estimate"]
    first = row(
        results, estimator="ols", spec_id="main", term="near_park", contrast=""
    ).estimate
    close(apart["near_park_only"], first)
    second = row(
        results, estimator="ols", spec_id="main", term="near_port", contrast=""
    ).estimate
    close(apart["near_both"], first + second)
    assert (means["conf_low"] < means["estimate"]).all()
    counts = results.fit["counts"]["main"]
    assert means["units"].sum() <= sum(
        counts[k] for k in counts if k.startswith("near")
    )


def test_order_and_names_of_units_do_not_matter():
    order_and_names_do_not_matter(estimate, make_study())


def _order(*places):
    return lambda section: {
        **section,
        "specs": [section["specs"][place] for place in places],
    }


def _without(unit, column):
    return lambda frame: frame.assign(
        **{column: frame[column].mask(frame["unit"].eq(unit))}
    )


def _with(change):
    """The section with the first specification alone, a list and it changed."""

    def changed(section):
        lists = section["lists"] | change.get("lists", {})
        specs = [section["specs"][0] | change.get("spec", {})] * change.get("times", 1)
        return {**section, "lists": lists, "specs": specs}

    return changed


# What is said, and what is changed in the section.
REFUSED = from_yaml("""
    - [nearby main is of 2009, {spec: {years: [2000, 2009]}}]
    - - 'nearby list park: `kinds` names 1 that is unknown (harbour)'
      - {lists: {park: {kinds: [harbour]}}}
    - ['nearby list park: no unit is on the list', {lists: {park: {kinds: [park], by: 1990}}}]
    - - 'nearby list port names 1 that is unknown (harbour)'
      - {lists: {port: {column: harbour}}}
    - [nearby main names harbour, {spec: {within: harbour}}]
    - [nearby main names harbour, {spec: {cluster: harbour}}]
    - ['nearby main: `held`: region of 90 units is no number', {spec: {held: [region]}}]
    """)
# The same of changed tables.
TABLES_REFUSED = {
    "port of 14 units is neither 0 nor 1": {
        "units": lambda frame: frame.assign(port=frame["port"] * 2)
    },
    "nearby main: output of 1 unit is blank (U03)": {
        "panel": _without("U03", "output")
    },
    "nearby has a radius in km, and units.csv lacks coordinates": {
        "units": _without("U03", "lat")
    },
}


@pytest.mark.parametrize(
    ("words", "change", "changes"),
    [
        *((words, _with(change), None) for words, change in REFUSED),
        *((words, None, changes) for words, changes in TABLES_REFUSED.items()),
    ],
)
def test_what_the_tables_cannot_carry_is_refused_before_a_run(words, change, changes):
    study = make_study(change=change, changes=changes)
    section = Section.model_validate(study.config.estimates["nearby"])
    spec = section.specs[0].model_copy(update={"unit_scheme": "s"})
    with one_line(EvenfieldError, words):
        check_data(study, section, spec)
    with one_line(EvenfieldError, words):
        estimate(study)


def test_a_unit_outside_the_sample_needs_no_group():
    south = _with({"spec": {"sample": "south"}})
    whole = estimate(make_study(change=south))
    blank = {"units": _without(UNITS[-1], "region")}
    found = estimate(make_study(change=south, changes=blank))
    values = [estimates_frame(one.estimates)["estimate"] for one in (whole, found)]
    close(*values)
    inside = make_study(change=south, changes={"units": _without(UNITS[0], "region")})
    with one_line(EvenfieldError, "nearby main: region of 1 unit is blank (U00)"):
        estimate(inside)


CONTRADICTIONS = from_yaml("""
    - ['3 lists, not one or', {spec: {lists: [park, port, any_park]}}]
    - [main names a list twice, {spec: {lists: [park, park]}}]
    - ['main names harbour, not one of', {spec: {lists: [harbour]}}]
    - ['main names jobs, not one of output', {spec: {outcome: jobs}}]
    - ['a list has either `kinds`, a `column` or `clusters`', {lists: {park: {kinds: [park], column: port}}}]
    - ['`by` and `since` belong to `kinds` and `clusters`', {lists: {port: {column: port, by: 2000}}}]
    - [the years of main run from 2010 to, {spec: {years: [2010, 2000]}}]
    - [an id is used twice, {times: 2}]
    - [greater than 0, {spec: {radius: 0}}]
    """)


@pytest.mark.parametrize(("words", "change"), CONTRADICTIONS)
def test_a_section_that_contradicts_itself_is_refused(words, change):
    with pytest.raises(ValueError, match=words):
        Section.model_validate(_with(change)(SECTION))


def test_nobody_near_a_list_is_said_in_the_row():
    study = make_study(change=_with({"spec": {"radius": 0.001}}))
    found = estimate(study)
    near = rows(found, term="near_park", contrast="")
    assert len(near) == 1 and np.isnan(near[0].estimate)
    assert "not defined: the regressor near_park is zero everywhere" in near[0].warning
    assert np.isfinite(
        row(found, estimator="ols", term="own_park", contrast="").p_value
    )
    assert found.series["means"].empty
    assert replace(near[0], estimate=0.0).sample_id == "all, neither"


def printed(results, name, change=None):
    """A table of the topic made of these results."""
    return TABLES[name](
        results_of(make_study(change=change), results, "nearby", "town")
    ).frame


def test_tables_hold_the_difference_each_list_and_the_counts(results):
    near = printed(results, "T46")
    assert near["label"].tolist() == [
        "within region",
        "within region, share of those within 60 km",
        "within region",
        "among all, sample: south, hills held",
    ]
    assert near["group"].iloc[0] == "Near park less near port"
    main = near.iloc[0]
    close(main["estimate"], main["first"] - main["second"])
    counts = results.fit["counts"]["main"]
    assert main["n_both"] == counts["near_both"]
    assert main["n_first"] == counts["near_park_only"]
    assert main["p_permuted"] == pytest.approx(1 / 199)
    assert np.isnan(near["second"].astype(float).iloc[-1])
    # A row of other lists between them does not part the rows of the same lists.
    reordered = printed(results, "T46", _order(0, 3, 1, 2))
    assert reordered["label"].tolist() == near["label"].tolist()
    assert reordered["group"].tolist() == near["group"].tolist()
    own = printed(results, "T46b")
    assert len(own) == 3 and own["n_none"].iloc[0] == counts["on_none"]
    methods = printed(results, "T46c")
    assert len(methods) == 18 and set(methods["n_units"]) == {main["n_units"], N}


def test_figures_draw_the_means_and_who_lies_where(results):
    study_results = results_of(make_study(), results, "nearby", "town")
    means = FIGURES["F38"](study_results)
    (axes,) = means.figure.axes
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert ticks == ["near neither", "near park", "near port", "near both"]
    assert means.alt.startswith("Growth was higher near park than near port. near")
    places = FIGURES["F39"](study_results)
    assert len(places.data) == N
    assert f"{results.fit['counts']['main']['on_both']} both" in places.alt
    plt.close("all")


def test_the_second_specification_of_the_picture_differs_in_its_groups_alone():
    def both(section):
        across = {**section["specs"][0], "id": "across", "role": "robustness"}
        across.pop("within")
        return {**section, "specs": [section["specs"][0], across]}

    study = make_study(change=both)
    drawn = FIGURES["F38"](results_of(study, estimate(study), "nearby", "town"))
    assert set(drawn.data["spec_id"]) == {"main", "across"}
    plt.close("all")


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (-0.3, 0.2, "alike"),
        (0.1, 0.2, "alike"),
        (0.1, 0.9, "first"),
        (-0.9, -0.1, "second"),
        (-0.9, 0.1, "open"),
        (np.nan, np.nan, "open"),
    ],
)
def test_the_heading_follows_from_the_interval(low, high, found):
    row_found = {"conf_low": low, "conf_high": high, "sesoi": 0.5}
    assert finding(row_found) == found
    study_results = results_of(make_study(), None, "nearby", "town")
    general = heading(study_results, SECTION["specs"][0], row_found)
    assert "park" in general and ("cannot tell" in general) == (found == "open")
    own = make_study(change=lambda section: {**section, "headings": {found: "Said."}})
    study_results = results_of(own, None, "nearby", "town")
    assert heading(study_results, SECTION["specs"][0], row_found) == "Said."


def test_the_section_says_which_list_neighbours_grew_faster_near(results):
    text = section_text(results_of(make_study(), results, "nearby", "town"))
    assert text["near"]["finding"] == "first" and text["near"]["side"] == "above"
    assert text["own"]["side"] == "open" and text["years"] == "2000\u20132010"
    assert text["near"]["visible"] is not None


# A unit, what it makes, since when, how strong, and who says so.
CLUSTERS = pd.DataFrame(
    [
        (UNITS[0], "socks", 1990, "strong", "a search"),
        (UNITS[0], "socks", 1995, "strong", "a list"),
        (UNITS[1], "socks", 1990, "strong", "a search"),
        (UNITS[1], "shoes", 1999, "strong", "a search"),
        (UNITS[2], "shoes", 2004, "strong", "a search"),
        (UNITS[3], "shoes", None, "strong", "a list"),
        (UNITS[4], "shoes", 1990, "weak", "a search"),
        (UNITS[5], "shoes", 2001, "strong", "a search"),
        (UNITS[5], "socks", 1980, "weak", "a search"),
    ],
    columns=["unit", "name", "year", "strength", "programme"],
).assign(cluster=[f"c{k}" for k in range(9)])
LISTS = from_yaml("""
    strong: {clusters: {strength: strong}}
    early: {clusters: {strength: strong}, by: 2000}
    several: {clusters: {strength: strong}, least: 2}
    late: {clusters: {strength: strong}, since: 2001}
    both_words: {clusters: {programme: [a search, a list]}, since: 2001}
    searched: {clusters: {strength: strong, programme: a search}, by: 2000}
    beside: {clusters: {strength: strong}, without: [early]}
    """)


def with_clusters(section=SECTION):
    study = make_study(section)
    study.tables["cluster_list"] = CLUSTERS
    return study


@pytest.mark.parametrize(
    ("name", "on_it"),
    from_yaml("""
    - [strong, [0, 1, 2, 3, 5]]
    - [early, [0, 1]]
    - [several, [1]]
    - [late, [2, 5]]
    # A weak one of 1980 was there before.
    - [both_words, [2]]
    - [searched, [0, 1]]
    - [beside, [2, 3, 5]]
    """),
)
def test_a_list_takes_the_rows_that_it_chooses(name, on_it):
    study = with_clusters()
    lists = {key: ListSpec.model_validate(value) for key, value in LISTS.items()}
    found = members(study, study.table("units"), lists, name, "here")
    assert [UNITS[i] for i in found.nonzero()[0]] == [UNITS[i] for i in on_it]


def test_what_puts_a_unit_on_a_list_is_named_with_its_year():
    study = with_clusters()
    lists = {key: ListSpec.model_validate(value) for key, value in LISTS.items()}
    searched = entries(study, study.table("units"), lists, "searched", "here")
    chosen = CLUSTERS.query(
        "strength == 'strong' and programme == 'a search' and year <= 2000"
    )
    assert sorted(searched["what"]) == sorted(chosen["name"])
    assert sorted(searched["year"]) == sorted(chosen["year"])
    # A product stands for the name of the cluster, where the table has one.
    industry = ["a product", *[""] * (len(CLUSTERS) - 1)]
    study.tables["cluster_list"] = CLUSTERS.assign(industry=industry)
    named = entries(study, study.table("units"), lists, "strong", "here")["what"]
    assert "a product" in set(named) and set(named) & set(CLUSTERS["name"])
    port = ListSpec.model_validate({"column": "port"})
    by_column = entries(study, study.table("units"), {"port": port}, "port", "here")
    assert set(by_column["what"]) == {""} and by_column["year"].isna().all()


def test_the_map_of_lists_tells_every_unit_and_names_those_on_a_list(results):
    study = make_study()
    places = places_of_units()
    study_results = results_of(study, results, "nearby", "town")
    drawn = FIGURES["F42"](study_results)
    # A map for each list but the second one, which all are shown with.
    titles = [axes.get_title("left") for axes in drawn.figure.axes]
    on_park = int(places["park"].sum())
    assert titles == [f"park ({on_park})", f"any park ({on_park + 1})"]
    assert set(drawn.data) == {"unit", "name", "list", "what", "year"}
    listed = figure_maps(study_results)["F42"]
    park, any_park = listed.layers
    assert list(park.keys) == ["l1", "l2", "l3", "l0"]
    both = int((places["park"] & places["port"].eq(1)).sum())
    assert park.keys["l3"] == f"both ({both})"
    digit = list(park.keys).index("l3") + 1
    assert int((park.classes.iloc[:, 0] == digit).sum()) == both
    assert len(any_park.classes) == N
    on_some = places["park"] | places["port"].eq(1)
    assert len(listed.listed) == int(on_some.sum()) + 1
    assert listed.groups[UNITS[0]] == places["region"].iloc[0]
    ordered = [(row["group"], row["name"]) for row in listed.listed]
    assert ordered == sorted(ordered)
    late = next(row for row in listed.listed if row["year"] == 2004)
    assert late["lists"] == ["any park"] and late["what"] == ["park (2004)"]
    plt.close("all")


def test_the_map_of_one_list_has_two_classes(results):
    def one(section):
        specs = [{**section["specs"][3], "role": "primary"}]
        return {**section, "lists": {"park": section["lists"]["park"]}, "specs": specs}

    study = make_study(change=one)
    study_results = results_of(study, estimate(study), "nearby", "town")
    (layer,) = figure_maps(study_results)["F42"].layers
    assert list(layer.keys) == ["l1", "l0"]
    assert "triangles" not in FIGURES["F42"](study_results).drawn
    plt.close("all")


@pytest.mark.parametrize(
    ("listed", "message"),
    from_yaml("""
    - [{clusters: {strength: huge}}, "names 1 that is unknown (huge)"]
    - [{clusters: {colour: red}}, "names 1 that is unknown (colour)"]
    - [{clusters: {strength: strong}, by: 1900}, no unit is on the list]
    - [{column: port, least: 2}, "`least` belongs to `clusters`"]
    - [{kinds: [park], without: [nobody]}, "names nobody, not one of"]
    """),
)
def test_a_list_that_cannot_be_read_is_refused_in_one_line(listed, message):
    section = deepcopy(SECTION)
    section["lists"]["park"] = listed
    with one_line(EvenfieldError, message):
        estimate(with_clusters(section))


def tabled():
    section = deepcopy(SECTION)
    section["list_table"] = from_yaml("""
        id: lists
        lists: [park, any_park]
        against: port
        outcome: output
        radii: [60, 90]
        spans: [[2000, 2010], [2000, 2005]]
        designs: {within: {within: region}, across: {held: [hills]}}
        """)
    return section


def test_letters_of_several_lists_are_read_on_a_phone():
    study = make_study(tabled())
    drawn = FIGURES["F41"](results_of(study, estimate(study), "nearby", "town"))
    drawn.figure.canvas.draw()
    texts = [t for t in drawn.figure.findobj(Text) if t.get_text() and t.get_visible()]
    # A phone is 390 pixels wide.
    scale = 390 / (72 * drawn.figure.get_figwidth())
    assert scale * min(text.get_fontsize() for text in texts) >= 11
    names = {"park", "any park"}
    first, *_ = drawn.figure.axes
    lines = [path for one in first.collections for path in one.get_segments()]
    upright = [path for path in lines if path[0][0] == path[1][0] == 0]
    for text in first.texts:
        names.discard(text.get_text())
        assert not any(low[1] <= text.xy[1] <= high[1] for low, high in upright)
    assert not names and len(upright) == 2
    plt.close("all")


def test_a_table_of_lists_has_every_cell_once():
    """2 lists x 2 radii x 2 spans x 2 designs; two are asked by a specification."""
    study = make_study(tabled())
    results = estimate(study)
    cells = {
        one.spec_id for one in results.estimates if one.spec_id.startswith("lists_")
    }
    # `main` asks of park within 60 km over 2000 to 2010 within regions.
    assert len(cells) == 15
    assert "lists_park_60_2000_2010_within" not in cells
    cell = row(
        results,
        spec_id="lists_park_60_2000_2005_within",
        estimator="ols",
        term="near_park",
        contrast="",
    )
    again = deepcopy(SECTION)
    again["specs"][0]["years"] = [2000, 2005]
    by_itself = row(
        estimate(make_study(again)),
        spec_id="main",
        estimator="ols",
        term="near_park",
        contrast="",
    )
    assert cell.estimate == by_itself.estimate
    assert cell.std_error == by_itself.std_error
    seen = results_of(study, results, "nearby")
    table = TABLES["T47"](seen)
    assert len(table.frame) == 8
    assert len(TABLES["T47b"](seen).frame) == 4
    drawn = FIGURES["F41"](seen).data
    assert len(drawn) == 8 and drawn["estimate"].notna().all()


def _in_columns(*names):
    section = tabled()
    section["columns"] = list(names)
    return section


COLUMNS = ("main", "one", "share", "lists_any_park_90_2000_2005_across")


def test_regressions_stand_in_columns_with_the_estimates_that_they_print():
    study = make_study(_in_columns(*COLUMNS))
    found = estimate(study)
    seen = results_of(study, found, "nearby", "town")
    frame = TABLES["T48"](seen).frame
    by_label = frame.set_index("label")
    estimates = seen.estimates().set_index("estimate_id")
    deciding = estimates[estimates["estimator"] == "ols"]
    for number, name in enumerate(COLUMNS, 1):
        for label, place in (("Near first list", 0), ("Near second list (port)", 1)):
            at = frame.index[frame["label"] == label][0]
            own = frame.loc[at, f"({number})_estimate_id"]
            if not own:
                assert (name, place) == ("one", 1)
                continue
            behind = deciding.loc[own]
            assert behind["spec_id"] == name and behind["contrast"] == ""
            assert behind["term"].startswith("near_")
            assert frame.loc[at, f"({number})"] == behind["estimate"]
            # Its interval stands beneath, of the same estimate.
            assert frame.loc[at + 1, f"({number})_low"] == behind["conf_low"]
            assert frame.loc[at + 1, f"({number})_high"] == behind["conf_high"]
            assert frame.loc[at + 1, f"({number})_estimate_id"] == own
    less = by_label.loc["First less second"]
    assert deciding.loc[less["(1)_estimate_id"], "contrast"] == "near_park - near_port"
    assert less["(2)_estimate_id"] == ""

    def words(label):
        return [by_label.loc[label, f"({k})_words"] for k in range(1, 5)]

    assert words("Hills") == ["No", "Yes", "No", "Yes"]
    assert words("Initial level") == ["Yes"] * 4
    assert words("Region fixed effects") == ["Yes", "No", "Yes", "No"]
    assert words("Second list") == ["port", "none", "port", "port"]
    assert words("Radius") == ["60 km", "60 km", "share within 60 km", "90 km"]
    assert words("Sample") == ["all", "south", "all", "all"]
    assert "Outcome" not in by_label.index
    n_units = deciding.loc[less["(1)_estimate_id"], "n_units"]
    assert by_label.loc["N", "(1)"] == n_units


def test_a_note_says_why_columns_have_fewer_units():
    section = _in_columns("main", "fewer")
    main = next(spec for spec in section["specs"] if spec["id"] == "main")
    section["specs"].append({**main, "id": "fewer", "sample": "south"})
    study = make_study(section)
    seen = results_of(study, estimate(study), "nearby", "town")
    table = TABLES["T48"](seen)
    whole, fewer = table.frame.set_index("label").loc["N", ["(1)", "(2)"]]
    assert whole > fewer
    said = f"column (2) is column (1) without {whole - fewer:.0f} towns that the sample"
    assert said in " ".join(table.note)
    alone = make_study(_in_columns("main"))
    seen = results_of(alone, estimate(alone), "nearby", "town")
    assert "N differs" not in " ".join(TABLES["T48"](seen).note)


def test_r2_clusters_and_mean_growth_are_those_of_statsmodels():
    study = make_study(_in_columns("main", "one"))
    found = estimate(study)
    places = places_of_units()
    wide = np.log(study.wide("output")).loc[UNITS]
    data = places.assign(
        growth=((wide[2010] - wide[2000]) * 10).to_numpy(), start=wide[2000].to_numpy()
    )
    data[["near_park", "near_port"]] = near_lists(places, 60)
    near = data[(data["port"] == 0) & ~data["park"]]
    fit = smf.ols("growth ~ start + C(region) + near_park + near_port", near).fit()
    groups = smf.ols("growth ~ C(region)", near).fit()
    described = {"spec_id": "main", "estimator": "whole_fit", "effect_type": "stat"}
    values = {item.term: item.estimate for item in rows(found, **described)}
    close(values["near_r2"], fit.rsquared)
    close(values["near_r2_within"], 1 - fit.ssr / groups.ssr)
    close(values["near_mean"], near["growth"].mean())
    assert values["near_clusters"] == near["region"].nunique()
    # Without groups nothing is within, and no other specification has such rows.
    one = rows(found, spec_id="one", estimator="whole_fit")
    assert {item.term for item in one} == {"near_r2", "near_clusters", "near_mean"}
    every = rows(found, estimator="whole_fit")
    assert {item.spec_id for item in every} == {"main", "one"}
    assert {item.role for item in every} == {"description"}


def test_the_library_gives_the_numbers_of_the_whole_fit():
    study = make_study(_in_columns(*COLUMNS))
    seen = estimates_frame(estimate(study).estimates)
    described = seen[seen["estimator"] == "whole_fit"]
    assert len(described) == 14
    for item in records(described):
        asked = call(study, item)
        fit = nearby(data=asked.data, **asked.arguments)
        (place,) = asked.places
        close(place.numbers(fit, 0.95)["estimate"], item["estimate"])


@pytest.mark.parametrize(
    ("words", "columns"),
    from_yaml("""
    - ["`columns` names mian, no specification: did you mean 'main'", [mian]]
    - ['`columns` names a specification twice', [main, one, main]]
    - ['at most 8 items', [a, b, c, d, e, f, g, h, i]]
    """),
)
def test_columns_that_are_no_specifications_are_refused(words, columns):
    with pytest.raises(ValueError, match=words):
        Section.model_validate(_in_columns(*columns))


def test_units_near_both_by_units_on_both_alone_are_counted():
    """Where the two lists are one, all that is near both is near it by the same unit."""
    section = deepcopy(SECTION)
    section["lists"]["twin"] = {"kinds": ["park"], "by": 2000}
    section["specs"] = [
        {
            "id": "twins",
            "lists": ["park", "twin"],
            "outcome": "output",
            "role": "primary",
        }
    ]
    results = estimate(make_study(section))
    counts = {one.term: one.estimate for one in rows(results, estimator="count")}
    assert counts["near_both"] == counts["near_both_shared"] > 0
    apart = estimate(make_study())
    counts = {
        one.term: one.estimate for one in rows(apart, estimator="count", spec_id="main")
    }
    assert counts["near_both"] > counts["near_both_shared"]


def test_a_cell_is_answered_by_what_asks_the_same_and_by_nothing_else():
    """Clusters, methods and measures of distance are part of what a cell asks."""
    section = tabled()
    section["distance"] = "hours"
    section["list_table"]["designs"] = from_yaml("""
        within: {within: region}
        by_port: {within: region, cluster: port}
        by_hc3: {within: region, cluster: region, inference: [HC3]}
        """)
    read = Section.model_validate(section)
    cells = [
        ("park", 60.0, (2000, 2010), name) for name in section["list_table"]["designs"]
    ]
    near = [read.near_spec(cell) for cell in cells]
    assert near[0].id == "main"
    assert [spec.cluster_column for spec in near] == ["region", "port", "region"]
    assert [spec.deciding for spec in near] == ["CR3", "CR3", "HC3"]
    assert {spec.reach for spec in near} == {"60 hours"}
    # Growth on a list has no radius: `main` asks it for both.
    far = ("park", 90.0, (2000, 2010), "within")
    assert read.near_spec(far).id != "main" and read.own_spec(far).id == "main"

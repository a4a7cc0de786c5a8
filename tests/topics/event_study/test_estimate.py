"""Policies with dates: planted effects, the rules for what does not fit, dates of unsure
grade, rings, levels before, and what is refused.
"""

import contextlib
from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from numpy.random import default_rng

import evenfield as ef
from evenfield.shared.calls import NoCallError, no_call
from evenfield.shared.estimates import estimates_frame
from evenfield.shared.places import Coefficient, TableRow
from evenfield.study.errors import EvenfieldError
from evenfield.topics.event_study.call import PARTS, PERMUTED, _places, call
from evenfield.topics.event_study.estimate import (
    averages_by_name,
    check_data,
    estimate,
)
from evenfield.topics.event_study.estimate_policies import read_case
from evenfield.topics.event_study.estimate_spec import PolicySpec, RingSpec, Section
from evenfield.topics.event_study.figure import f31
from evenfield.topics.event_study.figure_rings import f36
from evenfield.topics.event_study.table import TABLES
from evenfield.topics.event_study.text import section as section_text
from made_study import (
    one_line,
    order_and_names_do_not_matter,
    policy_rows,
    results_of,
    row,
    rows,
    study_with_places,
    unit_names,
    yearly,
)
from tolerances import close
from yaml_text import from_yaml

UNITS = unit_names(40)
YEARS = list(range(2000, 2013))
REGIONS = np.resize(["east", "west"], len(UNITS))
EFFECT = 0.2
DATES = {4: 2004, 9: 2005, 13: 2007, 18: 2006, 22: 2008, 27: 2005, 31: 2007, 36: 2006}
SECTION = from_yaml("""
    sure: [document]
    leads: 3
    horizons: 3
    outcomes: {jobs: {expression: log(jobs), label: log jobs, sesoi: 0.05}}
    specs: [{id: main, outcome: jobs, effects: region, role: primary}]
    """)

SPEC = SECTION["specs"][0]


def dated_parks(**columns):
    return policy_rows({UNITS[i]: year for i, year in DATES.items()}, **columns)


def make_study(section=SECTION, policies=None, change=None, spans=None):
    """Jobs with shocks by region and year, and an effect from the first year on."""
    rng = default_rng(6)
    shape = (len(UNITS), len(YEARS))
    shocks = rng.normal(0, 0.3, (2, len(YEARS)))[np.arange(len(UNITS)) % 2]
    first = np.full(len(UNITS), 9999)
    first[list(DATES)] = list(DATES.values())
    under = np.array(YEARS) >= first[:, None]
    log_jobs = rng.normal(5, 1, (len(UNITS), 1)) + shocks + EFFECT * under
    log_jobs += rng.normal(0, 0.02, shape)
    panel = yearly(UNITS, YEARS, jobs=np.exp(log_jobs))
    places = pd.DataFrame(
        {
            "unit": UNITS,
            "name": UNITS,
            "region": REGIONS,
            "lat": 50 + 0.2 * np.arange(len(UNITS)),
            "lon": 10.0,
        }
    )
    borders = pd.DataFrame({"unit_i": UNITS[:-1], "unit_j": UNITS[1:]})
    provenance = {"variable": ["jobs"], "units": ["all"], "first_year": [2000]}
    provenance |= {"last_year": [2012], "flag": ["official"]}
    return study_with_places(
        "event_study",
        section,
        change(panel) if change else panel,
        places,
        {"north": UNITS[20:]},
        adjacency=borders,
        policies=dated_parks() if policies is None else policies,
        panel_provenance=pd.DataFrame(provenance | (spans or {})),
    )


def run(section=SECTION, policies=None, **options):
    return estimate(make_study(section, policies, **options))


def read(study):
    """The section of a study as it is read."""
    section = study.written["estimates"]["event_study"]
    return Section.model_validate(section, context={"unit_scheme": "s"})


@pytest.fixture(scope="module")
def results():
    return run()


def main(results, **wanted):
    labels = {"estimator": "imputation", "contrast": "0 to 3", "spec_id": "main"}
    return row(results, **labels | wanted)


def test_the_planted_effect_is_found_and_leads_are_zero(results):
    effect = main(results)
    assert effect.role == "primary" and effect.conf_low < EFFECT < effect.conf_high
    assert effect.std_error < 0.01 and effect.mde < 0.05 and not effect.warning
    leads = rows(results, estimator="imputation_lead", effect_type="coef")
    assert [lead.contrast for lead in leads] == ["-3", "-2", "-1"]
    assert all(lead.conf_low < 0.01 and lead.conf_high > -0.01 for lead in leads)
    assert row(results, effect_type="joint").p_value > 0.05
    assert abs(row(results, estimator="imputation_pseudo").estimate) < 0.02
    permuted = row(results, estimator="imputation_permuted", contrast="0 to 3")
    assert permuted.p_value == pytest.approx(2 / 200)


def library_fit(study, **options):
    """The same by the library, from the tables of the study."""
    data = study.table("panel").merge(study.tables["units"])
    data = data.merge(study.tables["policies"][["unit", "first_year"]], how="left")
    start = data[data["year"] == 2000].set_index("unit")["jobs"]
    data["start"] = np.log(data["unit"].map(start))
    keys = {"unit": "unit", "time": "year", "first": "first_year"}
    options |= {"effects": "region^year", "leads": 3, "horizons": 3, "draws": 9}
    return ef.event_study("np.log(jobs) ~ 1", data, **keys, **options)


def main_panel(study):
    section = read(study)
    return read_case(study, section, section.specs[0]).panel


def test_study_and_library_read_the_same_panel_and_report_the_same_numbers(results):
    study = make_study()
    fit, panel = library_fit(study), main_panel(study)
    close(panel.Y, fit.raw.Y)
    assert panel.first.tolist() == fit.raw.first.tolist()
    assert panel.groups.tolist() == fit.raw.groups.tolist()
    checks = fit.tables["checks"]["estimate"]
    close(row(results, estimator="two_way").estimate, checks["two-way coefficient"])
    close(main(results).estimate, fit.params["0 to 3"])
    close(main(results).conf_low, fit.conf_int()["lower"]["0 to 3"])
    *bounds, last = rows(results, estimator="trend_bounds")
    trends = fit.tables["trends"]
    assert last.effect_type == "breakdown" and last.unit_of_measure == "times"
    close(last.estimate, checks["trends may differ, times"])
    assert [row.contrast for row in bounds] == [
        f"0 to 3, {factor:g} times" for factor in trends.index
    ]
    ends = [(row.conf_low, row.conf_high) for row in bounds]
    close(ends, trends[["conf_low", "conf_high"]].to_numpy())


def test_order_of_rows_and_names_of_units_do_not_matter(results):
    order_and_names_do_not_matter(estimate, make_study(), results)


def test_an_effect_is_not_estimated_without_leads():
    late = make_study(policies=dated_parks(first_year=2001))
    out = estimate(late)
    assert rows(out, estimator="imputation")
    for effect in rows(out, estimator="imputation"):
        assert np.isnan(effect.estimate) and "no leads, so no effect" in effect.warning


def test_dates_at_an_end_of_their_bounds_have_no_effect_without_leads_either():
    early = bounded().assign(year_lo=2001)
    out = run(PARKS, early)
    effect = main(out, treatment_def="park, earliest dates")
    assert np.isnan(effect.estimate) and "no leads, so no effect" in effect.warning


def printed(study, results, name):
    """A table of the topic made of these results."""
    return TABLES[name](results_of(study, results, "event_study")).frame


def test_means_by_first_year_and_by_year_stand_in_a_table_of_their_own(results):
    study = make_study({**SECTION, "aggregates": True})
    out = estimate(study)
    assert len(rows(results, estimator="callaway_santanna")) == 1
    found = {
        one.contrast: one.estimate for one in rows(out, estimator="callaway_santanna")
    }
    years = sorted(DATES.values())
    by_first = {year: found[f"group {year}"] for year in sorted(set(years))}
    close(found["groups"], np.mean([by_first[year] for year in years]))
    by_year = [found[f"calendar {year}"] for year in range(2004, 2013)]
    close(found["dates"], np.mean(by_year))
    frame = printed(study, out, "T41c")
    assert frame["label"].iloc[[0, 1, 2, 7, 8]].tolist() == [
        "all years with the policy (simple)",
        "first years (group)",
        "policy since 2004",
        "years (calendar)",
        "in 2004",
    ]
    close(frame["estimate"].iloc[0], 100 * np.expm1(found["simple"]))
    assert abs(found["simple"] - EFFECT) < 0.02


def test_one_lead_alone_says_nothing_of_trends_and_why():
    out = run({**SECTION, "leads": 1})
    (none,) = rows(out, estimator="trend_bounds")
    assert np.isnan(none.estimate) and "no two dates before" in none.warning


def test_a_table_prints_an_effect_with_its_leads_and_refuses_one_without(results):
    study = make_study()
    frame = printed(study, results, "T41")
    assert frame["estimate"].notna().all() and frame["p_leads"].notna().all()
    assert frame["breakdown"].tolist() == [
        row(results, effect_type="breakdown").estimate
    ]
    alone = replace(
        results,
        estimates=[e for e in results.estimates if e.estimator != "imputation_lead"],
    )
    sides = printed(study, results, "T41b")
    close(sides["all_estimate"], frame["estimate"].iloc[:1])
    for name in ("T41", "T41b"):
        with pytest.raises(ValueError, match="an effect without leads"):
            printed(study, alone, name)


@pytest.mark.parametrize("unit", ["log points", "jobs"])
def test_tables_and_figures_print_logarithms_in_percent_and_others_as_they_are(unit):
    outcome = {**SECTION["outcomes"]["jobs"], "unit": unit}
    study = make_study({**RINGS, "outcomes": {"jobs": outcome}}, change=near_effect)
    out = estimate(study)

    def printed_as(value):
        return 100 * np.expm1(value) if unit == "log points" else value

    effect = main(out)
    frame = printed(study, out, "T41")
    close(frame["estimate"].iloc[0], printed_as(effect.estimate))
    close(frame["conf_low"].iloc[0], printed_as(effect.conf_low))
    close(frame["mde"].iloc[0], printed_as(effect.mde))
    close(frame["two_way"].iloc[0], printed_as(row(out, estimator="two_way").estimate))
    close(frame["p_leads"].iloc[0], row(out, effect_type="joint").p_value)
    ring = row(out, estimator="imputation_rings", contrast="0 to 25")
    rings = printed(study, out, "T43").set_index("label")
    close(rings.loc["0\u201325 km", "estimate"], printed_as(ring.estimate))
    words = {"log points": ("Jobs, %", 1), "jobs": ("Log jobs", 3)}
    assert (frame["group"].iloc[0], frame["decimals"].iloc[0]) == words[unit]
    drawn = f36(results_of(study, out, "event_study")).data.set_index("contrast")
    close(drawn.loc["0 to 25", "estimate"], printed_as(ring.estimate))
    close(drawn.loc["0 to 25", "seen_below"], printed_as(-ring.mde))
    horizons = f31(results_of(study, out, "event_study")).data.set_index("horizon")
    close(horizons.loc["0 to 3", "conf_high"], printed_as(effect.conf_high))
    plt.close("all")


def test_dates_of_unsure_grade_are_left_out_beside_all_dates():
    unsure = dated_parks()
    # Two dates are wrong by two years, and said to be from memory.
    unsure.loc[:1, "grade"] = "memory"
    unsure.loc[:1, "first_year"] += 2
    out = run(policies=unsure)
    everything = main(out, treatment_def="any, all dates")
    sure = main(out, treatment_def="any, sure dates")
    assert sure.n_units == 38 and sure.n_treated == 6 and everything.n_treated == 8
    assert sure.role == "robustness" and "SURE DATES: 2 units" in sure.warning
    assert abs(sure.estimate - EFFECT) < 0.01
    last_lead = {"estimator": "imputation_lead", "contrast": "-1"}
    assert main(out, treatment_def="any, all dates", **last_lead).estimate > 0.02
    assert abs(main(out, treatment_def="any, sure dates", **last_lead).estimate) < 0.02


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"first_year": [1990, *list(DATES.values())[1:]]},
            "FROM THE START: 1 unit has",
        ),
        ({"last_year": [2006, *[np.nan] * 7]}, "ENDED: 1 unit left"),
    ],
)
def test_what_does_not_fit_is_counted(change, words):
    effect = main(run(policies=dated_parks(**change)))
    assert words in effect.warning and abs(effect.estimate - EFFECT) < 0.02


@pytest.mark.parametrize(
    ("last", "second", "cells"),
    [
        # The first policy came in 2004 and ends in 2006: that year is still used.
        (2006, None, 6),
        # A unit is under the policy as long as one of its kinds is in force.
        (2006, 2008, 4),
        (2008, 2006, 4),
        (2006, np.nan, 0),
        (np.nan, 2006, 0),
    ],
)
def test_years_after_the_last_one_of_the_last_kind_are_not_used(last, second, cells):
    policies = dated_parks(last_year=[last, *[np.nan] * 7])
    if second is not None:
        other = [UNITS[4], 2005, "port", "document", second]
        policies.loc[len(policies)] = other
    whole = main(run())
    effect = main(run(policies=policies))
    assert whole.n_obs - effect.n_obs == cells
    assert ("ENDED: 1 unit" in effect.warning) == (cells > 0)


@pytest.mark.parametrize("step", [2, 5])
def test_dates_some_years_apart_follow_each_other(results, step):
    def stretched(years):
        return 1950 + step * (years - 2000)

    late = dated_parks()
    # A policy that comes between two years of the panel is in force at the later one.
    late["first_year"] = stretched(late["first_year"]) - np.arange(8) % step
    study = make_study(
        policies=late, change=lambda d: d.assign(year=stretched(d["year"]))
    )
    study.tables["panel_provenance"]["first_year"] = 1950
    study.described["step"] = step
    out = estimate(study)
    assert len(out.estimates) == len(results.estimates)
    for found, wanted in zip(out.estimates, results.estimates, strict=True):
        close(found.estimate, wanted.estimate)
        close(found.std_error, wanted.std_error)
    assert main(out).period == f"1950-{stretched(2012)}"
    policies = out.series["policies"].set_index("unit")["first_year"]
    assert policies.to_dict() == late.set_index("unit")["first_year"].to_dict()
    label = printed(study, out, "T41")["label"].iloc[0]
    assert label == f"region by year, steps 0 to 3 of {step} years"
    drawn = f31(results_of(study, out, "event_study"))
    words = f"steps of {step} years since the policy; below: units"
    assert drawn.figure.get_supxlabel() == words
    assert section_text(results_of(study, out, "event_study"))["since"] == (
        f"steps 0 to 3 of {step} years"
    )
    plt.close(drawn.figure)


def test_a_policy_that_is_not_in_the_panel_any_more_leaves_a_control():
    late = dated_parks()
    late.loc[len(late)] = [UNITS[0], 2050, "park", "document", np.nan]
    out = run(policies=late)
    assert main(out).estimate == pytest.approx(main(run()).estimate)


def test_another_kind_ends_the_use_of_a_unit_and_two_kinds_in_one_year_are_said():
    port = pd.DataFrame(
        {"unit": [UNITS[0], UNITS[4]], "first_year": [2003, 2004], "kind": "port"}
    ).assign(grade="document", last_year=np.nan)
    both = pd.concat([dated_parks(), port], ignore_index=True)
    parks = {**SECTION, "specs": [{**SPEC, "kinds": ["park"]}]}
    own = main(run(parks, both))
    assert "OTHER POLICY: 2 units" in own.warning and own.n_treated == 7
    ignoring = {**parks, "specs": [{**parks["specs"][0], "ignored": ["port"]}]}
    whole = main(run(ignoring, both))
    assert whole.estimate == main(run()).estimate
    any_kind = main(run(policies=both))
    assert "TWO KINDS: 1 unit got" in any_kind.warning and any_kind.n_treated == 9


def test_a_policy_of_a_part_is_one_of_the_merged_unit():
    parts = dated_parks()
    parts.loc[0, "unit"] = "X1"
    study = make_study(policies=parts)
    study.written["panel"]["unit_schemes"]["s"] = {UNITS[4]: [UNITS[4], "X1"]}
    assert main(estimate(study)).n_treated == 8


RINGS = {**SECTION, "rings": [{"of": "main", "radii": [25, 50]}], "min_controls": 3}


def near_effect(panel):
    """The same panel with jobs lost next to a policy, 22 km away."""
    first = pd.Series({UNITS[i]: year for i, year in DATES.items()})
    place = panel["unit"].map(UNITS.index)
    beside = pd.Series(9999, panel.index)
    for step in (-1, 1):
        other = (place + step).clip(0, len(UNITS) - 1).map(UNITS.__getitem__)
        beside = np.minimum(beside, other.map(first).fillna(9999))
    under = panel["year"] >= panel["unit"].map(first).fillna(9999)
    lost = (panel["year"] >= beside) & ~under
    return panel.assign(jobs=panel["jobs"] * np.exp(-0.1 * lost))


def test_a_span_of_one_horizon_is_found_by_its_name():
    section = SimpleNamespace(averages=[(3, 3), (0, 5)])
    assert averages_by_name(section) == {"3": (3, 3), "0 to 5": (0, 5)}


def test_rings_find_what_neighbours_lose_and_free_the_own_effect_of_it():
    out = run(RINGS, change=near_effect)
    inner = row(out, estimator="imputation_rings", contrast="0 to 25")
    outer = row(out, estimator="imputation_rings", contrast="25 to 50")
    own = row(out, estimator="imputation_far", contrast="0 to 3")
    assert abs(inner.estimate + 0.1) < 0.02 and abs(outer.estimate) < 0.03
    assert abs(own.estimate - EFFECT) < 0.02 < main(out).estimate - EFFECT
    assert row(out, term="far units").estimate == 3
    permuted = row(out, estimator="imputation_rings_permuted", contrast="0 to 25")
    assert permuted.p_value < 0.2
    art = f36(results_of(make_study(RINGS), out, "event_study"))
    (axes,) = art.figure.axes
    ticks = [label.get_text() for label in axes.get_yticklabels()]
    assert ticks == ["own", "0\u201325 km", "25\u201350 km"]
    assert art.data["contrast"].tolist() == [own.contrast, "0 to 25", "25 to 50"]
    middles = [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 1]
    for effect in art.data["estimate"]:
        assert any(np.isclose(middle, effect) for middle in middles)
    plt.close(art.figure)


def test_neighbours_of_an_unsure_policy_are_no_controls_of_sure_rings():
    unsure = dated_parks()
    unsure.loc[0, "grade"] = "memory"
    out = run(RINGS, unsure)
    sure = row(out, term="far units", treatment_def="any, sure dates")
    everything = row(out, term="far units", treatment_def="any, all dates")
    # The unit itself and two neighbours on each side, within 50 km, that have no policy.
    assert everything.n_units - sure.n_units == 5


def test_treated_units_near_an_unsure_policy_stay_in_sure_rings():
    near = dated_parks()
    near.loc[0, "grade"] = "memory"
    near.loc[len(near)] = [UNITS[5], 2006, "park", "document", np.nan]
    out = run(RINGS, near)
    sure = row(out, estimator="imputation_far", treatment_def="any, sure dates")
    everything = row(out, estimator="imputation_far", treatment_def="any, all dates")
    # The unit of unsure date and three neighbours without a policy leave, one with stays.
    assert everything.n_units - sure.n_units == 4
    assert (everything.n_treated, sure.n_treated) == (9, 8)


def test_steps_are_rings_too_and_too_few_far_units_are_said_with_the_count():
    steps = {"of": "main", "radii": [1], "distance": "steps"}
    out = run({**RINGS, "rings": [steps]}, change=near_effect)
    inner = row(out, estimator="imputation_rings", contrast="0 to 1")
    assert abs(inner.estimate + 0.1) < 0.02
    few = run({**RINGS, "min_controls": 4})
    ring = row(few, estimator="imputation_rings")
    assert np.isnan(ring.estimate) and "3 units without the policy" in ring.warning


def minutes(study):
    """A distance file of 20 minutes for each step on the line of units."""
    i, j = np.triu_indices(len(UNITS), 1)
    pairs = {"unit_i": np.array(UNITS)[i], "unit_j": np.array(UNITS)[j]}
    study.tables["distances"] = pd.DataFrame({**pairs, "minutes": 20.0 * (j - i)})
    return study


def test_distances_of_a_file_make_the_rings_that_kilometres_make():
    by_road = {"of": "main", "radii": [25, 50], "distance": "minutes"}
    road = estimate(minutes(make_study({**RINGS, "rings": [by_road]})))
    km = run(RINGS)
    for contrast in ("0 to 25", "25 to 50"):
        wanted = {"estimator": "imputation_rings", "contrast": contrast}
        assert row(road, **wanted).estimate == row(km, **wanted).estimate
        assert row(road, **wanted).w_id == "50 minutes"


def test_merged_units_are_as_near_as_the_nearest_of_their_parts():
    by_road = {"of": "main", "radii": [25, 50], "distance": "minutes"}
    study = minutes(make_study({**RINGS, "rings": [by_road]}))
    study.tables["distances"] = study.tables["distances"].replace(UNITS[9], "X1")
    far = {"unit_i": UNITS[8], "unit_j": "X2", "minutes": 900.0}
    study.tables["distances"].loc[9999] = far
    whole = estimate(minutes(make_study({**RINGS, "rings": [by_road]})))
    study.written["panel"]["unit_schemes"]["s"] = {UNITS[9]: ["X1", "X2"]}
    wanted = {"estimator": "imputation_rings", "contrast": "0 to 25"}
    assert row(estimate(study), **wanted).estimate == row(whole, **wanted).estimate


def test_levels_before_are_the_regression_within_groups():
    placement = [{"id": "level", "outcome": "jobs", "year": 2000, "within": "region"}]
    study = make_study({**SECTION, "placement": placement})
    out = estimate(study)
    level = row(out, estimator="placement")
    data = study.table("panel").query("year == 2000").merge(study.tables["units"])
    data["park"] = data["unit"].isin(study.tables["policies"]["unit"]).astype(int)
    fit = ef.placement("np.log(jobs) ~ park | region", data, unit="unit", draws=9)
    close(level.estimate, fit.params["park"])
    close(level.std_error, fit.std_errors["park"])
    assert row(out, estimator="placement_permuted").p_value > 0.05
    assert len(printed(study, out, "T42")) == 1


def test_policies_are_dealt_out_within_groups_and_not_across_them():
    few = dated_parks().iloc[:4]
    spec = {"id": "level", "outcome": "jobs", "year": 2000, "within": "cell"}
    study = make_study({**SECTION, "placement": [spec]}, policies=few)
    # Four pairs, one unit of each with the policy: 2^4 deals within, thousands across.
    holders = [UNITS.index(unit) for unit in few["unit"]]
    cells = np.full(len(UNITS), "rest")
    for name, holder in zip("abcd", holders, strict=True):
        cells[[holder, holder + 1]] = name
    study.tables["units"]["cell"] = cells
    permuted_dates = row(estimate(study), estimator="placement_permuted")
    assert "only 16 different" in permuted_dates.warning and np.isnan(
        permuted_dates.p_value
    )


@pytest.mark.parametrize("groups", [9, 10])
def test_groups_of_the_effects_are_clusters_from_ten_on(groups):
    study = make_study()
    study.tables["units"]["cell"] = np.arange(len(UNITS)) % groups
    specs = [{**SPEC, "effects": "cell", "unit_scheme": "s"}]
    section = Section(**{**SECTION, "specs": specs})
    case = read_case(study, section, section.specs[0])
    assert ("cell" in case.panel.clusterings) == (groups == 10)


def test_an_earlier_policy_is_held_beside_a_later_one():
    early = pd.DataFrame({"unit": UNITS[::5], "first_year": 1990, "kind": "old"})
    both = pd.concat([dated_parks(), early.assign(grade="document", last_year=np.nan)])
    spec = {"id": "level", "outcome": "jobs", "year": 2000, "within": "region"}
    spec |= {"kinds": ["park"], "held": ["old"]}
    effect = {**SPEC, "ignored": ["old"], "kinds": ["park"]}
    section = {**SECTION, "specs": [effect], "placement": [spec]}
    study = make_study(section, policies=both)
    out = estimate(study)
    data = study.table("panel").query("year == 2000").merge(study.tables["units"])
    for kind in ("park", "old"):
        holders = both.loc[both["kind"] == kind, "unit"]
        data[kind] = data["unit"].isin(holders).astype(int)
    fit = smf.ols("np.log(jobs) ~ park + old + C(region)", data).fit(cov_type="HC3")
    level = row(out, estimator="placement")
    assert level.contrast == "park" and level.controls_id == "old"
    close(level.estimate, fit.params["park"])
    close(level.std_error, fit.bse["park"])


CONTROLS = from_yaml("""
    jobs_2000: {expression: log(jobs), year: 2000, label: log jobs of 2000}
    north: {column: lat, label: lat}
    """)
HELD = {
    **SECTION,
    "controls": CONTROLS,
    "specs": [{**SPEC, "controls": [*CONTROLS]}],
}


def test_controls_by_year_are_those_of_the_library():
    study = make_study(HELD)
    out = estimate(study)
    fit = library_fit(study, controls=["start", "lat"])
    close(main_panel(study).controls, fit.raw.controls)
    close(main(out).estimate, fit.params["0 to 3"])
    assert main(out).controls_id == "jobs_2000+north"
    plain = main(run())
    assert plain.controls_id == "none" and plain.estimate != main(out).estimate
    assert plain.data_hash != main(out).data_hash
    order_and_names_do_not_matter(estimate, study, out)


PARTED = {
    **SECTION,
    "deciding": "sure",
    "conley_km": 100,
    "parts": [
        {"of": "main", "waves": [[2004, 2005], [2006, 2008]]},
        {"of": "main", "column": "what"},
        {"of": "main", "further": ["port"]},
    ],
}
PARKS = {
    **PARTED,
    "specs": [{**SPEC, "kinds": ["park"], "ignored": ["port"]}],
}


def bounded():
    """Parks of two kinds, one of them dated by bounds, and two ports that came later."""
    parks = dated_parks(what=np.resize(["a", "b"], 8))
    parks = parks.assign(year_lo=np.nan, year_hi=np.nan)
    parks.loc[0, ["grade", "year_lo", "year_hi"]] = ["bounded", 2003, 2006]
    ports = parks.iloc[1:3].assign(kind="port", first_year=2008, what="")
    return pd.concat([parks, ports], ignore_index=True)


def test_sure_dates_decide_and_bounds_have_rows_at_both_ends():
    study = make_study(PARKS, bounded())
    out = estimate(study)
    by_dates = {}
    for dates in ("all", "sure", "earliest", "latest"):
        by_dates[dates] = main(out, treatment_def=f"park, {dates} dates")
    assert by_dates["sure"].role == "primary" and by_dates["sure"].n_treated == 7
    assert by_dates["all"].role == "robustness" and by_dates["all"].n_treated == 8
    for dates, year in (("earliest", 2003), ("latest", 2006)):
        moved = bounded()
        moved.loc[0, "first_year"] = year
        at_end = main(run(PARKS, moved), treatment_def="park, all dates")
        close(by_dates[dates].estimate, at_end.estimate)
        assert by_dates[dates].role == "robustness"
        leads = {"estimator": "imputation_lead", "effect_type": "joint"}
        assert row(out, treatment_def=f"park, {dates} dates", **leads).p_value > 0
    # Dates that do not decide are not dealt out again.
    permuted = rows(out, estimator="imputation_permuted")
    assert {e.treatment_def for e in permuted} == {"park, sure dates"}
    for name in ("T41", "T41b", "T44"):
        frame = printed(study, out, name)
        assert len(frame) == {"T41": 4, "T41b": 1, "T44": 12}[name]
    # No part without its leads, and a test that all parts of one rule are alike.
    assert frame["p_leads"].nunique() == 1 and frame["p_value"].notna().all()
    alike = frame[frame["estimate"].isna()]
    words = {"alike by wave", "alike by what", "alike by number"}
    assert set(alike["label"]) == words


def test_parts_of_a_policy_and_their_differences():
    out = run(PARKS, bounded())
    parts = rows(out, estimator="imputation_parts", effect_type="coef")
    assert {e.treatment_def for e in parts} == {"park, sure dates"}
    names = [e.contrast for e in parts]
    assert names == [
        "first years 2004 to 2005",
        "first years 2006 to 2008",
        "first years 2006 to 2008 less first years 2004 to 2005",
        "a",
        "b",
        "b less a",
        "one in force",
        "two or more in force",
        "two or more in force less one in force",
    ]
    assert [e.n_treated for e in parts] == [2, 5, 5, 3, 4, 4, 7, 2, 2]
    for part in parts:
        planted = 0.0 if " less " in part.contrast else EFFECT
        assert part.conf_low < planted < part.conf_high
    alike = rows(out, estimator="imputation_parts", effect_type="joint")
    assert [e.contrast for e in alike] == [
        "alike by wave",
        "alike by what",
        "alike by number",
    ]
    order_and_names_do_not_matter(estimate, make_study(PARKS, bounded()), out)


def test_errors_of_neighbours_stand_beside():
    out = run(PARKS, bounded())
    beside = row(out, estimator="imputation_conley", treatment_def="park, sure dates")
    effect = main(out, treatment_def="park, sure dates")
    assert beside.estimate == effect.estimate and beside.std_error != effect.std_error
    assert beside.conf_low < EFFECT < beside.conf_high
    assert beside.se_type == "conley, bartlett, 100 km"


def test_unit_years_of_a_grade_are_left_out():
    graded = {**SECTION, "specs": [{**SPEC, "without_grades": ["C"]}]}
    spans = {
        "variable": ["jobs", "jobs", "cars"],
        "units": ["all", f"{UNITS[0]} {UNITS[4]}", "all"],
        "first_year": [2000, 2005, 2000],
        "last_year": [2012, 2006, 2012],
        "flag": ["official"] * 3,
        "grade": ["A", "C", "C"],
    }
    study = make_study(graded, spans=spans)
    effect = main(estimate(study))
    assert main(run()).n_obs - effect.n_obs == 4
    assert "GRADES: 4 unit-years left out" in effect.warning
    label = printed(study, estimate(study), "T41")["label"].iloc[0]
    assert "without grade C" in label


def test_rings_say_what_they_rest_on_and_how_far_one_unit_moves_them():
    study = make_study(RINGS, change=near_effect)
    out = estimate(study)
    ring = row(out, estimator="imputation_rings", contrast="0 to 25")
    beside = row(out, estimator="imputation_rings_left_out", contrast="0 to 25")
    assert beside.conf_low < ring.estimate < beside.conf_high
    assert beside.conf_high - beside.conf_low < 0.05
    assert beside.n_obs == 4 * beside.n_treated
    frame = printed(study, out, "T43")
    assert frame["cells"].notna().any() and frame["without_low"].notna().any()


def road_without_places(study):
    minutes(study)
    study.tables["units"] = study.tables["units"].drop(columns="lat")


def negative_distance(study):
    road_without_places(study)
    study.tables["distances"].loc[5, "minutes"] = -1.0


def blank_start(study):
    panel = study.tables["panel"]
    blank = panel["unit"].eq(UNITS[2]) & panel["year"].eq(2000)
    study.tables["panel"] = panel.assign(jobs=panel["jobs"].mask(blank))


def all_at_once(study):
    study.tables["policies"] = policy_rows(dict.fromkeys(UNITS, 2005), grade="")


def interpolated(study):
    spans = study.tables["panel_provenance"]
    spans[["flag", "first_year", "last_year"]] = ["interpolated", 2001, 2009]


def two_kinds(study):
    study.tables["policies"] = bounded()


FAULTS = {
    fault.__name__: fault
    for fault in (
        road_without_places,
        negative_distance,
        blank_start,
        all_at_once,
        interpolated,
        two_kinds,
    )
}
# What is said, changes of the section, of whose last specification it is said, and what
# is wrong with the study.
REFUSED = from_yaml("""
    shared:
      - &ring {of: main, radii: [25]}
      - &spec {id: main, outcome: jobs, effects: region, role: primary}
      - &held [{<<: *spec, controls: [x]}]
      - &parks [{<<: *spec, kinds: [park], ignored: [port]}]
      - &level {id: level, outcome: jobs}
      - &start {expression: log(jobs), year: 2000, label: log jobs of 2000}
    cases:
      - - names 1 that is unknown (hours)
        - {rings: [{<<: *ring, distance: hours}]}
        - road_without_places
      - - of 1 pair in distances.csv is not above zero
        - {rings: [{<<: *ring, distance: minutes}]}
        - negative_distance
      - - rings in km, and units.csv lacks coordinates
        - {rings: [{<<: *ring, distance: km}]}
        - road_without_places
      - ['`kinds` names 1 that is unknown (port)', {specs: [{<<: *spec, kinds: [port]}]}]
      - [event study main names county, {specs: [{<<: *spec, effects: county}]}]
      - ["names the column 'wages'", {outcomes: {jobs: {expression: wages, label: w}}}]
      - [jobs is interpolated in 2001-2009, {}, interpolated]
      - [all 40 units get the policy at one date, {}, all_at_once]
      - [placement level is of 1999, {placement: [{<<: *level, year: 1999}]}]
      - ['8 policies came by 2010, first', {placement: [{<<: *level, year: 2010}]}]
      - - placement level names county
        - {placement: [{<<: *level, year: 2000, within: county}]}
      - [x is of 2001, {controls: {x: {<<: *start, year: 2001}}, specs: *held}]
      - [x is of 1990, {controls: {x: {<<: *start, year: 1990}}, specs: *held}]
      - [names height, {controls: {x: {column: height, label: h}}, specs: *held}]
      - [x holds text, {controls: {x: {column: name, label: n}}, specs: *held}]
      - - does not differ among units of one region
        - {controls: {x: {column: lon, label: l}}, specs: *held}
      - - names the column 'cars'
        - {controls: {x: {<<: *start, expression: log(cars)}}, specs: *held}
      - - x of 1 unit is blank or infinite (U02)
        - {controls: {x: *start}, specs: *held}
        - blank_start
      - [parts name size, {specs: *parks, parts: [{of: main, column: size}]}, two_kinds]
      - [road, {specs: *parks, parts: [{of: main, further: [road]}]}, two_kinds]
      - - units of 1 of 2 parts have years
        - {specs: *parks, parts: [{of: main, waves: [[2004, 2008], [2010, 2012]]}]}
        - two_kinds
    """)["cases"]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[0])
def test_what_cannot_be_is_refused_before_the_run(case):
    words, change, *names = case
    study = make_study({**SECTION, "min_controls": 3, **change})
    for name in names:
        FAULTS[name](study)
    section = read(study)
    # Rings, parts and levels stand after the effects.
    spec = section.specifications[-1]
    with one_line(EvenfieldError, words):
        check_data(study, section, spec)


def test_specifications_are_of_their_kinds():
    kinds = list(map(type, read(make_study(RINGS)).specifications))
    assert kinds == [PolicySpec, RingSpec]


# What is said of a section that contradicts itself, and its changes.
CONTRADICTIONS = from_yaml("""
    - ['main names wages, not one of jobs', {specs: [{id: main, outcome: wages}]}]
    - [an id is used twice, {specs: [{id: main, outcome: jobs}, {id: main, outcome: jobs}]}]
    - ['rings are of other, not one of main', {rings: [{of: other, radii: [1]}]}]
    - [rings of main must rise, {rings: [{of: main, radii: [2, 1]}]}]
    - [the span 0 to 9 is not within 0 to 3, {spans: [[0, 9]]}]
    - - main holds x, not one of those under controls
      - {specs: [{id: main, outcome: jobs, controls: [x]}]}
    - - names an expression and its year, or a column
      - {controls: {x: {label: x, column: a, year: 2000}}}
    - - names an expression and its year, or a column
      - {controls: {x: {label: x, expression: jobs}}}
    - [parts are of other, {parts: [{of: other, column: what}]}]
    - ['by waves, by a column or by further kinds', {parts: [{of: main}]}]
    - [nothing to differ from, {parts: [{of: main, waves: [[2004, 2005]]}]}]
    - ['sure dates decide, and `sure` names no grade', {sure: [], deciding: sure}]
    """)


@pytest.mark.parametrize(("words", "change"), CONTRADICTIONS)
def test_a_section_that_contradicts_itself_is_refused(words, change):
    with one_line(EvenfieldError, words):
        run({**SECTION, **change})


@pytest.mark.parametrize("section", [SECTION, RINGS], ids=["effects", "rings"])
def test_rows_are_fits_of_the_library(section):
    study = make_study(section, change=near_effect)
    found = {}
    for line in estimates_frame(estimate(study).estimates).to_dict("records"):
        if no_call({**line, "topic": "event_study"}):
            continue
        with contextlib.suppress(NoCallError):
            found.setdefault(line["estimator"], (line, call(study, line)))
    for line, made in found.values():
        function = getattr(ef, made.function)
        places = {made.weights_as: made.weights} if made.weights is not None else {}
        numbers = made.numbers(
            function(data=made.data, **made.arguments, **places), 0.95
        )
        assert numbers["estimate"] == pytest.approx(line["estimate"], rel=1e-6)
    expected = {"imputation_rings", "imputation_far"} if section is RINGS else set()
    assert {"imputation", "imputation_lead", *expected} <= set(found)


@pytest.mark.parametrize(
    ("estimator", "effect_type", "kind", "at"),
    [
        (PARTS, "joint", TableRow, {"table": "parts", "line": "alike"}),
        (PARTS, "coef", TableRow, {"table": "parts", "line": "park"}),
        (
            "imputation_permuted",
            "coef",
            Coefficient,
            {"term": "park", "inference": PERMUTED},
        ),
    ],
)
def test_a_row_has_its_place_in_the_result(estimator, effect_type, kind, at):
    row = {"estimator": estimator, "effect_type": effect_type, "contrast": "park"}
    (found,) = _places(None, row)
    assert isinstance(found, kind)
    assert {name: getattr(found, name) for name in at} == at

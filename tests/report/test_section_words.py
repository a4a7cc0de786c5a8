"""Every sentence of the sections, for what was found and for its opposite, from made
facts: the words are read.
"""

import re
from copy import deepcopy
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from jinja2.nodes import Compare, Const, TemplateData

from evenfield.report.prose import Prose, _environment, noun
from evenfield.report.sections import (
    ANSWER,
    LIMIT,
    SECTION,
    filled_section,
    section_files,
)
from evenfield.report.topic_numbers import content_of
from evenfield.shared.estimates import ESTIMATE_COLUMNS, TEXT_FIELDS
from evenfield.shared.facts import Facts
from evenfield.shared.topics import exhibit_owners
from evenfield.study.config import checked_config
from evenfield.study.errors import ReportError
from yaml_text import from_yaml

CONFIG = from_yaml("""
    study:
      {id: made, title: Made, question: Whether, unit_name: state, units_name: states}
    data: {package: data/datapackage.json}
    panel: {years: [2000, 2010], income: {column: income, unit: crowns}, unit_scheme: all}
    periods:
      S1: {start: 2000, end: 2010, label: 2000-10, role: span}
      P1: {start: 2000, end: 2005, label: 2000-05}
    taxonomy: {primary: own, all: [own]}
    weights:
      families: {contiguity: {kind: contiguity}, nearest: {kind: nearest, neighbours: 2}}
    controls: {schooling: {kind: initial, expression: schooling, label: years of schooling}}
    estimates:
      beta: [{id: plain, role: primary}, {id: more, controls: [schooling]}]
      sigma: [{id: plain, role: primary}]
      distribution: [{id: plain, period: S1, classes: pooled, quantiles: 2, role: primary}]
      clubs: [{id: plain, period: S1, role: primary}]
      inequality:
        [{id: plain, periods: [S1], weighting: unweighted, groupings: [region4], role: primary}]
      moran:
        - {id: plain, regions: region4, role: primary}
        - {id: far, weights: nearest}
      event_study:
        outcomes: {jobs: {expression: log(jobs), label: log jobs}}
        specs: [{id: plain, outcome: jobs, role: primary}]
        placement: [{id: level, outcome: jobs, year: 2000, within: region4}]
      nearby:
        years: [2000, 2010]
        radius: 50
        lists: {park: {kinds: [park], label: a park}, port: {kinds: [port], label: a port}}
        outcomes: {income: {expression: log_income, label: income}}
        specs:
          - {id: plain, lists: [park, port], outcome: income, within: region4, role: primary}
      exposure: [{id: plain, taxonomy: own, weights: contiguity, role: primary}]
      dynamic_panel: [{id: plain, periods: [S1], role: primary}]
      group_contrasts:
        premium:
          - {id: plain, table: periods, outcome: growth_pct_per_year, label: given income,
             given: [log_income_start], unit: pp/yr, compare: [cluster, sez],
             sesoi: growth_premium_pp, role: primary}
      regime: [{id: plain, taxonomy: own, weights: contiguity, role: primary}]
      gradient:
        [{id: plain, taxonomies: [own], regions: region4, east: East, role: primary}]
      synthetic_control:
        [{id: plain, unit: u0, fit: [1990, 2004], effect: [2005, 2010], role: primary}]
      specification_curve:
        curves: [{id: plain, hypothesis: "", kind: exposure, contrast: sez, predicted: "-"}]
      taxonomies: [{id: plain, role: primary}]
      rolling: [{id: plain, windows: [5]}]
      design: {weights: [contiguity]}
      relative_income: {taxonomies: [own]}
      linkages:
        years: [2000, 2010]
        weights: contiguity
        intensities: {trade: {expression: log(trade), label: trade}}
        moderators: {skill: {expression: skill, label: skill, years: [1990, 1995]}}
        specs:
          - {id: plain, intensity: trade, moderator: skill, role: primary}
          - {id: far, intensity: trade, moderator: skill, years: [2005, 2010]}
    """)
UNITS = [f"u{number}" for number in range(12)]
NAMES = pd.DataFrame({"unit": UNITS, "name": [f"Name {unit}" for unit in UNITS]})
EXHIBITS = list(exhibit_owners())
PLACED = {"see": str, "figure": lambda _: "", "table": lambda _: ""}
READ: dict[Path, list[str]] = {}  # texts by file, without marks
# What no reader should meet.
FAULTS = re.compile(
    r"(?i:significan)|\bnan\b|\bNone\b(?! of)|[{}]|\b1 (states|clubs|years)\b"
    r"|\b[02-9] (state|club)\b"
    r"|%%|\(\)| ,| \.[^\d]|\.\."
)


CHECKED = checked_config(CONFIG)


class MadeFacts(Facts):
    """Facts from frames instead of files; ``spec`` changes the first specification."""

    def __init__(self, topic, rows=(), tables=None, fit=None, **spec):
        config = deepcopy(CHECKED) if spec else CHECKED
        if spec:
            config["estimates"][topic][0].update(spec)
        super().__init__(config)
        self.topic = topic
        self._rows = frame_of(rows)
        self._tables = {"units": NAMES, **(tables or {})}
        self._fit = fit or {}
        self.description = lambda *_: {"unit_scheme": "all"}
        self.table = lambda name, *_, **__: self._tables[name]

    def estimates(self, topic="", **wanted):
        rows = self._rows
        for name, value in wanted.items():
            rows = rows[rows[name].isin([value] if isinstance(value, str) else value)]
        return rows

    def series(self, *_, **__):
        return self._tables["series"]

    def fit(self, topic=""):
        return self._fit


def frame_of(rows):
    frame = pd.DataFrame([{**BLANK, **row} for row in rows], columns=[*BLANK])
    return frame.assign(estimate_id=[f"{i:012x}" for i in range(len(frame))])


BLANK = {name: "" if name in TEXT_FIELDS else np.nan for name in ESTIMATE_COLUMNS}
BLANK |= {"spec_id": "plain", "period": "S1", "unit_scheme": "all", "sample_id": "all"}


def with_ends(estimate, low, high, **fields):
    return {**fields, "estimate": estimate, "conf_low": low, "conf_high": high}


ABOVE = (2.0, 1.0, 3.0)
BELOW = (-2.0, -3.0, -1.0)
OPEN = (0.5, -1.0, 2.0)
UNTESTED = (0.5, np.nan, np.nan)


def words(facts, kind=SECTION):
    """Return a text of a topic as a reader sees it, without what no reader may see."""
    content = content_of(facts)
    section = filled_section(facts.topic, content)
    names = {
        "study": facts.words,
        "units": len(UNITS),
        "made": EXHIBITS,
        "on_paper": False,
        **section.names,
    }
    path = section_files(kind)[facts.topic]
    prose = Prose({facts.topic: path}, names, {}, EXHIBITS)
    html = prose.html(facts.topic, PLACED)
    READ.setdefault(path, []).append(bare(html))
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    text = re.sub(r" ([.,:;)])(?!\d)", r"\1", text)
    assert FAULTS.search(text) is None, FAULTS.search(text)[0] + " in " + text
    assert not text or text[-1] in ".%)" or kind == SECTION
    return text


# Convergence ------------------------------------------------------------------------


def speed(ends, **fields):
    return with_ends(*ends, estimator="ols", effect_type="lambda", **fields)


def convergence(ends, life=35.0):
    residuals = np.linspace(-1, 1, len(UNITS))
    series = pd.DataFrame(
        {
            "spec_id": "plain",
            "period": "S1",
            "kind": "unit",
            "unit": UNITS,
            "residual": residuals,
        }
    )
    rows = [
        speed(ends),
        speed(ends, period="P1"),
        speed(ends, spec_id="more"),
        {"estimator": "ols", "effect_type": "half_life", "estimate": life},
    ]
    return MadeFacts("beta", rows, {"series": series})


def test_convergence_says_that_gaps_closed():
    text = words(convergence(ABOVE))
    assert "Poorer states grew faster than richer ones" in text
    assert "closed by 2.0% a year (95% interval 1.0 to 3.0)" in text
    assert "half of a gap is gone after 35 years" in text
    assert "2000–05: 2.0% a year (1.0 to 3.0), gaps closed." in text
    assert "conditional, all states: 2.0% a year" in text
    assert "Name u11, Name u10 and Name u9 grew most" in text
    assert "Name u0, Name u1 and Name u2 least" in text
    assert "gaps closed by 2.0%" in words(convergence(ABOVE), ANSWER)


def test_one_year_is_one_year():
    assert "gone after 1 year." in words(convergence(ABOVE, 1.0))


def test_divergence_says_that_gaps_widened():
    facts = convergence(BELOW, np.nan)
    for text in (words(facts), words(facts, ANSWER)):
        assert "fell further behind" in text
        assert "grew faster" not in text
        assert "half of" not in text
    assert "gaps widened." in words(facts)


def test_an_interval_around_zero_tells_nothing():
    facts = convergence(OPEN)
    for text in (words(facts), words(facts, ANSWER)):
        assert "cannot be told" in text
        assert "half of" not in text
    assert "closing or widening cannot be told apart" in words(facts)


def test_a_speed_without_an_interval_says_so():
    facts = convergence(UNTESTED, np.nan)
    assert "too few states for an interval" in words(facts)
    assert "without an interval" in words(facts, ANSWER)
    assert words(facts, LIMIT) == ""


def test_the_smallest_visible_speed_rests_on_the_interval():
    # (1.96 + 0.84) / 1.96 of half the interval.
    assert "below 1.4% a year" in words(convergence(ABOVE), LIMIT)


def dispersion(ends, start=0.4, end=0.2, between=0.9):
    rows = [
        {"term": "sigma_start", "estimate": start},
        {"term": "sigma_end", "estimate": end},
        with_ends(*ends, estimator="sigma_slope_test", term="sum_of_ends"),
    ]
    series = {
        "spec_id": "plain",
        "year": [2000, 2004, 2010],
        "sigma": [start, between, end],
    }
    return MadeFacts("sigma", rows, {"series": pd.DataFrame(series)})


@pytest.mark.parametrize(
    ("ends", "start", "end", "phrase"),
    [
        (ABOVE, 0.4, 0.2, "became more alike"),
        (BELOW, 0.2, 0.4, "drew apart"),
        (OPEN, 0.4, 0.39, "cannot be told"),
    ],
)
def test_dispersion_says_which_way_it_went(ends, start, end, phrase):
    facts = dispersion(ends, start, end)
    for text in (words(facts), words(facts, ANSWER)):
        assert phrase.lower() in text.lower()
        others = {"became more alike", "drew apart", "cannot be told"} - {phrase}
        if phrase != "cannot be told":
            assert not [other for other in others if other in text]
    assert "furthest apart in 2004 (0.90)" in words(facts)
    facts = dispersion(ends, start, end, between=0.1)
    assert "most alike in 2004 (0.10)" in words(facts)


def test_dispersion_is_told_as_an_income():
    # exp(0.4) - 1 and exp(0.2) - 1
    text = words(dispersion(ABOVE))
    assert "was 49% above it, and 22% at the end" in text


# Clubs ------------------------------------------------------------------------------


def clubs(sizes, alone=0, t=-3.0, fails=(), firm=1.0):
    labels = np.repeat(range(len(sizes) + 1), [alone, *sizes])
    units = UNITS[: len(labels)]
    members = {"kind": "membership", "unit": units, "club": labels, "value": firm}
    means = {"kind": "club_mean", "year": 2010, "club": range(1, len(sizes) + 1)}
    series = pd.concat([pd.DataFrame(members), pd.DataFrame({**means, "value": 1.1})])
    merged = {"contrast": "merged: phillips_sul", "estimator": "phillips_sul"}
    rows = [
        {"estimator": "logt_fqsb", "outcome": "relative_income", "role": "primary"}
        | {"estimate": t / 10, "statistic": t},
        {**merged, "term": "clubs", "estimate": len(sizes), "effect_type": "stat"},
        {**merged, "term": "divergent", "estimate": alone, "effect_type": "stat"},
    ]
    for number, size in enumerate(sizes, 1):
        club = {
            **merged,
            "term": f"club_{number}",
            "effect_type": "coef",
            "n_units": size,
        }
        why = "fails its own log t test: it is no club" if number in fails else ""
        rows.append({**club, "warning": why, "estimate": 0.1})
    return MadeFacts("clubs", rows, {"series": series.assign(spec_id="plain")})


def test_many_clubs_are_listed_with_their_members():
    text = words(clubs([7, 4], alone=1))
    assert "One path for all is rejected" in text
    assert "The states form 2 clubs within which gaps close; 1 belongs to none." in text
    assert "Club 1: 7 states, in 2010 at 110% of the average of all." in text
    assert "Club 2: Name u10, Name u11, Name u8, Name u9." in text
    assert "In no club: Name u0." in text
    assert "choices" not in text
    text = words(clubs([7, 4], alone=1, firm=0.2))
    assert "12 states would mostly find themselves with others" in text
    assert "form 2 clubs" in words(clubs([7, 4], alone=1), ANSWER)


def test_one_club_of_all_is_no_list():
    text = words(clubs([12], t=0.5))
    assert "not rejected" in text
    assert "no proof" in text
    assert "All of them form a single club." in text
    assert "Who is in which" not in text
    assert "into one" in words(clubs([12], t=0.5), ANSWER)


def test_one_club_and_others_on_their_own():
    text = words(clubs([10], alone=2))
    assert "form 1 club within which gaps close; 2 belong to none" in text
    assert "single club" not in text


def test_no_club_at_all():
    facts = clubs([], alone=12)
    assert "No group of them passes the test" in words(facts)
    assert "No states form a club" in words(facts, ANSWER)


def test_a_club_of_one_unit_and_one_that_fails():
    text = words(clubs([11, 1], fails=(2,)))
    assert "Club 2: 1 state, in 2010 at 110% of the average of all; it fails" in text


def test_clubs_that_could_not_be_computed_say_why():
    rows = [{"term": "clubs", "warning": "not defined: all units are alike"}]
    facts = MadeFacts("clubs", rows)
    assert "could not be computed" in words(facts)
    assert words(facts, ANSWER) == ""


# Inequality -------------------------------------------------------------------------


def inequality(ends, p=0.001, groupings=True, **spec):
    between = {
        "term": "between_theil_t",
        "treatment_def": "region4",
        "p_value": p,
        "warning": "random labels 0.119",
    }
    rows = [
        {"term": "theil_t", "contrast": "start", "estimate": 0.06},
        {"term": "theil_t", "contrast": "end", "estimate": 0.03},
        with_ends(*ends, term="theil_t", contrast="end - start"),
    ]
    if groupings:
        rows += [{**between, "contrast": "start", "estimate": 0.4}]
        rows += [{**between, "contrast": "end", "estimate": 0.3}]
    return MadeFacts("inequality", rows, **spec)


def test_inequality_of_people_has_that_of_units_beside_it():
    made = inequality(BELOW, weighting="population")
    spec = made.primary()
    made.config["estimates"]["inequality"].append(
        {**spec, "id": "alike", "weighting": "unweighted", "role": ""}
    )
    other = inequality(BELOW, p=0.06).estimates()
    other = other.assign(spec_id="alike", estimate=other["estimate"] / 2)
    made._rows = pd.concat([made._rows, other])
    text = words(made)
    assert "each person counted alike, went from 0.060" in text
    assert "with each state counted alike, from 0.030 to 0.015" in text
    assert "region: 40% in 2000 and 30% in 2010, more than groups" in text
    assert "region: 20% in 2000 and 15% in 2010, no more than groups" in text


def test_inequality_between_groups_beyond_chance():
    text = words(inequality(BELOW))
    assert "from 0.060 in 2000 to 0.030 in 2010" in text
    assert "The fall does not hang on a few states" in text
    assert (
        "region: 40% in 2000 and 30% in 2010, more than groups dealt out at random hold"
        " (12% on average)." in text
    )
    assert "30% lay between groups by region" in words(inequality(BELOW), ANSWER)


def test_no_inequality_between_groups():
    text = words(inequality(ABOVE, p=0.6))
    assert "The rise does not hang" in text
    assert "each state counted alike" in text
    weighted = inequality(ABOVE, weighting="population")
    assert "each person counted alike" in words(weighted)
    assert "no more than groups dealt out at random may hold" in text
    assert "do not part rich from poor" in words(inequality(ABOVE, p=0.6), ANSWER)


def test_a_change_that_hangs_on_a_few_units_and_no_grouping():
    text = words(inequality(OPEN, groupings=False))
    assert "may turn the sign" in text
    assert "between groups" not in text


# Neighbours -------------------------------------------------------------------------


def neighbours(value, rich=0, poor=0, growth_p=0.5, first=None, p=0.5, adjusted=0.5):
    years = [2000, 2010]
    values = [value if first is None else first, value]
    moran = {
        "kind": "moran",
        "variable": "log_income",
        "controls": "none",
        "year": years,
    }
    band = {"value": values, "band_low": -0.2, "band_high": 0.2}
    local = {"kind": "local", "variable": "log_income", "year": 2010, "unit": UNITS}
    quadrants = ["HH"] * rich + ["LL"] * poor + ["HL"] * (len(UNITS) - rich - poor)
    # One more than those among their likes differs from its neighbours.
    clear = rich + poor + (rich > 0)
    q = [0.01] * clear + [0.9] * (len(UNITS) - clear)
    series = pd.concat(
        [
            pd.DataFrame({**moran, **band}),
            pd.DataFrame({**local, "quadrant": quadrants, "q_value": q}),
        ]
    )
    shared = {"estimator": "moran", "controls_id": "none"}
    rows = [
        {**shared, "outcome": "log_income", "period": str(year), "estimate": moran_of}
        | {"p_value": p, "p_adjusted": adjusted}
        for year, moran_of in zip(years, values, strict=True)
    ]
    rows += [
        {**shared, "outcome": "growth", "period": "2010", "estimate": 0.1}
        | {"p_value": growth_p, "p_adjusted": adjusted},
        {**shared, "outcome": "log_income", "period": "2010", "estimate": 0.02}
        | {"controls_id": "region4"},
        {**shared, "outcome": "log_income", "period": "2010", "estimate": value}
        | {"controls_id": "none", "p_value": growth_p, "spec_id": "far"}
        | {"w_id": "nearest"},
    ]
    return MadeFacts("moran", rows, {"series": series.assign(spec_id="plain")})


def test_alike_neighbours():
    text = words(neighbours(0.5, rich=1, poor=2, growth_p=0.001, adjusted=0.01))
    assert "Neighbours are alike" in text
    assert "in 2 of 2 years" in text
    assert "1 state stood out as rich among rich neighbours and 2 as poor" in text
    assert "Rich among rich: Name u0." in text
    assert "1 differed from the states around it" in text
    assert "was alike among neighbours (0.10 in 2010); tested alone, it was" in text
    assert "alike at 1 of 1 dates" in text
    assert "Net of the average of each region it was 0.02." in text
    assert "All states, nearest weights: 0.50 (p = .001), more alike than" in text
    assert "does not say that one moves the other" in text
    assert "are alike" in words(neighbours(0.5), ANSWER)


def test_no_spatial_dependence():
    text = words(neighbours(0.1))
    assert "no more alike than states put down at random" in text
    assert "no state stood out" in text
    assert "neither alike nor different" in text
    assert "nearest weights: 0.10 (p = .500), no more and no less alike" in text
    assert "one moves the other" not in text
    assert "no more alike" in words(neighbours(0.1), ANSWER)


@pytest.mark.parametrize(("value", "side"), [(0.1, "alike"), (-0.1, "different")])
def test_a_year_alone_and_all_years_at_once_are_both_said(value, side):
    facts = neighbours(value, growth_p=0.03, p=0.027, adjusted=0.085)
    text = words(facts)
    assert f"neighbours are {side} in 2010 hangs on how it is tested" in text
    assert "alone (p = .027), within it with all 2 years tested at once" in text
    assert "(p = .085)" in text
    assert "alike with this date tested alone, and no more than chance" in text
    short = words(facts, ANSWER)
    assert f"more {side} than chance would have it in 2010 tested alone" in short
    assert "all 2 years tested at once (p = .085)" in short


def test_spatial_dependence_that_has_ended():
    for kind in (SECTION, ANSWER):
        text = words(neighbours(0.1, first=0.5), kind)
        assert "no more alike" not in text
        assert "1 of 2 years" in text


def test_neighbours_that_differ():
    for kind in (SECTION, ANSWER):
        assert "Neighbours differ" in words(neighbours(-0.5), kind)


# Policies with dates ----------------------------------------------------------------


def policies(ends, p=0.5, sure=None, near=BELOW, trends=None):
    shared = {"treatment_def": "any, all dates", "unit_of_measure": "log points"}
    tenth = {key: np.array(value) / 10 for key, value in {"e": ends, "n": near}.items()}
    rows = [
        with_ends(
            *tenth["e"],
            **shared,
            estimator="imputation",
            contrast="0 to 5",
            role="primary",
        ),
        {**shared, "estimator": "imputation_lead", "effect_type": "joint"}
        | {"estimate": 1.0, "p_value": p},
        with_ends(
            *tenth["n"],
            **shared,
            estimator="imputation_rings",
            effect_type="coef",
            contrast="0 to 60",
            w_id="100 km",
        ),
        with_ends(
            *tenth["e"],
            **shared,
            estimator="placement",
            spec_id="level",
            contrast="tech_park",
            period="2000",
        ),
    ]
    if trends is not None:
        labels = {"estimator": "trend_bounds", "effect_type": "breakdown"}
        rows.append({**shared, **labels, "contrast": "0 to 5", "estimate": trends})
    if sure is not None:
        own = {**shared, "treatment_def": "any, sure dates"}
        rows.append(
            with_ends(
                *np.array(sure) / 10,
                **own,
                estimator="imputation",
                contrast="0 to 5",
                role="primary",
            )
        )
    return MadeFacts("event_study", rows)


def test_an_effect_of_a_policy_is_told_with_its_leads():
    text = words(policies(ABOVE, sure=ABOVE))
    assert "In 2000, before any of them came, states that later got a policy" in text
    assert "(tech park) lay above others of the same region4" in text
    # exp(0.2) - 1
    assert "jobs lay 22.1% above what was to be expected" in text
    assert "cannot be seen (p = .500)" in text
    assert "it was 22.1%." in text and "does not say the same" not in text
    assert "0 to 60 km: \u221218.1%" in text and "does not tell the sign" not in text
    assert "would mostly have gone unseen" in words(policies(ABOVE), LIMIT)


def test_how_far_trends_may_differ_is_said_of_an_effect_with_a_sign():
    assert "by more than 1.3 times the largest" in words(policies(ABOVE, trends=1.31))
    text = words(policies(BELOW, trends=0.0))
    assert "the sign cannot be told, even if trends did not differ" in text
    assert "between two leads" not in words(policies(OPEN, trends=0.0))


def test_leads_that_move_and_dates_that_disagree_are_said():
    text = words(policies(BELOW, p=0.001, sure=OPEN, near=OPEN))
    assert "below it" in text and "(tech park) lay below others" in text
    assert "it had moved before the policy came (p = .001)" in text
    assert "which does not say the same" in text and "does not tell the sign" in text


def test_sure_dates_that_decide_and_what_is_held_by_year_are_said():
    facts = policies(ABOVE, sure=BELOW)
    config = deepcopy(CHECKED)
    section = config["estimates"]["event_study"]
    section["deciding"] = "sure"
    section["controls"] = {"x": {"label": "log jobs of 2000", "column": "x"}}
    section["specs"][0]["controls"] = ["x"]
    facts.config = Facts(config).config
    text = words(facts)
    assert "given log jobs of 2000, with a slope of its own in every year" in text
    assert "below it" in text
    assert (
        "With all dates, sure or not, it was 22.1%, which does not say the same" in text
    )


def test_an_open_effect_and_one_without_an_interval():
    assert "cannot be told" in words(policies(OPEN, p=np.nan))
    assert "How sure that is cannot be said" in words(policies(UNTESTED, p=np.nan))


# Growth nearby ------------------------------------------------------------------------


def nearby(near, own=OPEN, *, one=False, size=0.5):
    """Facts of the difference near two lists, or near the one there is."""
    names = ["park"] if one else ["park", "port"]
    rows = []
    for kind, ends in (("near", near), ("own", own)):
        terms = [f"{kind}_{name}" for name in names]
        labels = {"term": terms[0], "contrast": "" if one else " - ".join(terms)}
        rows.append(with_ends(*ends, estimator="ols", sesoi=size, **labels))
    facts = MadeFacts("nearby", rows)
    if one:
        facts.config = deepcopy(facts.config)
        spec = facts.config.estimates["nearby"]["specs"][0]
        spec |= {"lists": names, "within": ""}
    return facts


def test_neighbours_of_two_lists_are_compared():
    text = words(nearby(ABOVE))
    assert "States on no list grew faster near a park than near a port: 2.00" in text
    assert "points a year in 2000\u20132010 (1.00 to 3.00), given" in text
    assert "and among those of one region4" in text
    assert "Of states on the lists, growth of a park less that of a port was" in text
    assert "which does not tell the sign" in text
    text = words(nearby(BELOW, ABOVE))
    assert "grew more slowly near a park than near a port" in text
    assert "which does not tell the sign" not in text
    assert "or near a port cannot be told: 0.50" in words(nearby(OPEN))
    assert "cannot be told: 0.50 points a year in 2000" in words(nearby(UNTESTED))
    alike = words(nearby(OPEN, size=3.0))
    assert "grew alike near a park and near a port, by less than what would" in alike
    assert "would mostly have gone unseen" in words(nearby(OPEN), LIMIT)


def test_neighbours_of_one_list_are_compared_with_others():
    text = words(nearby(ABOVE, one=True))
    assert "grew faster near a park than elsewhere" in text
    assert "among those of one" not in text
    assert "growth of a park less that of others was" in text
    assert "than elsewhere" in words(nearby(BELOW, one=True))
    assert "or elsewhere cannot be told" in words(nearby(OPEN, one=True))
    alike = words(nearby(OPEN, one=True, size=3.0))
    assert "alike near a park and elsewhere, by less than what would matter" in alike


# Distribution and movers ------------------------------------------------------------


def distribution(p, **spec):
    chain = {"estimator": "markov", "contrast": "1 years"}
    shares = {"p_1_1": 0.91, "p_2_2": 0.8, "ergodic_1": 0.6, "ergodic_2": 0.4}
    rows = [{**chain, "term": term, "estimate": x} for term, x in shares.items()]
    rows += [
        {"estimator": "silverman", "contrast": year, "estimate": 0.2, "p_value": p}
        for year in ("2000", "2010")
    ]
    return MadeFacts("distribution", rows, fit={"plain": {"classes": 2}}, **spec)


def test_peaks_and_classes():
    text = words(distribution(0.01))
    assert "In 2010 incomes had more than one peak" in text
    assert "91% of those in the lowest were still there the year after" in text
    assert "60% would be in the lowest class in the end and 40% in the highest" in text
    assert "so that over all years together as many states" in text
    text = words(distribution(0.01, classes="yearly"))
    assert "so that in each year as many states" in text
    assert "in the end" not in text
    assert "as many states" not in words(distribution(0.01, classes="fixed"))
    text = words(distribution(0.6))
    assert "nothing speaks against a single peak" in text
    assert "more than one peak" not in text


def test_moves_over_five_years():
    chain = {"estimator": "markov", "contrast": "5 years"}
    shares = {"p_1_1": 0.91, "p_2_2": 0.8}
    rows = [{**chain, "term": term, "estimate": x} for term, x in shares.items()]
    facts = MadeFacts("distribution", rows, fit={"plain": {"classes": 2}}, steps=[5])
    assert "were still there 5 years later" in words(facts)


def moved(last):
    incomes = {2000: [1.0, 2.0, 3.0, 4.0], 2010: last}
    rows = [
        {"unit": unit, "year": year, "income": income}
        for year, values in incomes.items()
        for unit, income in zip(UNITS, values, strict=False)
    ]
    return MadeFacts("movers", tables={"panel": pd.DataFrame(rows)})


def test_movers_with_ranks_and_ratios():
    text = words(moved([4.0, 2.5, 2.5, 1.0]))
    # 1 of 10 in 2000: 40 % of the average of 2.5.
    assert (
        "of all 4 states, Name u0 rose most, from 40% of it in 2000 to 160% in 2010"
        " (rank 4, then 1), then Name u1." in text
    )
    assert "Name u3 fell most, from 160% to 40% (rank 1, then 4), then Name u2." in text


def test_nobody_moved():
    text = words(moved([2.0, 4.0, 6.0, 8.0]))
    assert "None of the states moved against the average." in text
    assert "fell most" not in text


# Groups -----------------------------------------------------------------------------


def premium(ends, members=5, warning=""):
    own = {"family": "premium", "treatment_def": "own", "effect_type": "coef"}
    own |= {"term": "cluster", "n_treated": members, "warning": warning}
    rows = [
        with_ends(*ends, **own, estimator="ols", se_type="SCPC"),
        with_ends(*ends, **own, estimator="ols_cr2", se_type="CR2"),
        {**own, "estimator": "ols_permutation", "estimate": ends[0], "p_value": 0.04},
        with_ends(*ends, **own, estimator="ols", contrast="cluster - sez"),
    ]
    return MadeFacts("group_contrasts", rows)


def test_a_group_that_grew_faster_by_all_methods():
    text = words(premium(ABOVE))
    assert "The 5 states with clusters grew faster than the others" in text
    assert "Clusters stand above zones, by 2.00" in text
    assert "by 2.00 percentage points a year (95% interval 1.00 to 3.00), given" in text
    assert "CR2: 1.00 to 3.00" in text
    assert "labels dealt out at random: p = .040" in text
    assert "would mostly have been seen is 1.43" in text
    assert "below 1.43 percentage points a year" in words(premium(ABOVE), LIMIT)


def test_a_group_that_grew_more_slowly_or_cannot_be_told():
    text = words(premium(BELOW))
    assert "grew more slowly" in text
    assert "Clusters stand below zones" in text
    text = words(premium(OPEN))
    assert "Clusters and zones cannot be told apart" in text
    assert "cannot be told" in text
    assert "grew faster than" not in text


def test_a_group_that_no_unit_had_at_first_is_shown_where_it_is_defined():
    own = {"family": "premium", "treatment_def": "own", "effect_type": "coef"}
    own |= {"term": "sez", "n_treated": 5, "estimator": "ols", "se_type": "SCPC"}
    rows = [
        {**own, "period": "S1", "warning": "not defined: sez does not vary"},
        with_ends(*ABOVE, **own, period="P1"),
    ]
    for kind in (SECTION, LIMIT):
        text = words(MadeFacts("group_contrasts", rows), kind)
        assert "2000\u201305" in text or "2000-05" in text
        assert "cannot be said" not in text


def test_two_units_in_a_group_have_no_interval():
    text = words(premium(UNTESTED, members=2))
    assert "The 2 states with clusters" in text
    assert "too few for an interval" in text
    assert "would mostly have been seen" not in text
    assert "The 1 state with clusters" in words(premium(UNTESTED, members=1))
    why = "not defined: fewer than two members"
    text = words(premium((np.nan,) * 3, members=1, warning=why))
    assert "cannot be said: fewer than two members" in text


def spill(ends):
    row = {"estimator": "slx", "term": "exposure_cluster"}
    both = {**row, "contrast": "exposure_cluster - exposure_sez"}
    return MadeFacts("exposure", [with_ends(*ends, **row), with_ends(*ends, **both)])


@pytest.mark.parametrize(
    ("ends", "own", "beside"),
    [
        (ABOVE, "faster than those without", "more next to clusters than"),
        (BELOW, "more slowly than those without", "less next to clusters than"),
        (OPEN, "cannot be told", "cannot be told apart"),
        (UNTESTED, "without an interval", ""),
    ],
)
def test_growth_next_door(ends, own, beside):
    text = words(spill(ends))
    assert own in text
    assert beside in text
    limit = words(spill(ends), LIMIT)
    assert ("would mostly have gone unseen" in limit) == (ends != UNTESTED)


# What a user adds ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends", "phrase"),
    [
        (ABOVE, "it returns"),
        (BELOW, "it moves away"),
        (OPEN, "whether it returns cannot be told"),
        (UNTESTED, "2000–10: 0.5% a year."),
    ],
)
def test_speed_within_units(ends, phrase):
    rows = [with_ends(*ends, estimator="bc_fe", effect_type="lambda")]
    assert phrase in words(MadeFacts("dynamic_panel", rows))


@pytest.mark.parametrize(
    ("ends", "phrase"), [(ABOVE, "more"), (BELOW, "less"), (OPEN, "cannot")]
)
def test_spatial_models_at_home_and_elsewhere(ends, phrase):
    shared = {"estimator": "sdm", "term": "roads", "outcome": "log_income"}
    shared |= {"w_id": "contiguity", "unit_of_measure": "log points"}
    rows = [
        with_ends(*ABOVE, **shared, effect_type="direct"),
        with_ends(*ends, **shared, effect_type="indirect"),
    ]
    text = words(MadeFacts("spatial_panel", rows))
    assert (
        "roads and log income (spatial Durbin model, contiguity, log points): own"
        in text
    )
    assert phrase in text.partition("others")[2].partition(".")[2].partition("In")[0]


@pytest.mark.parametrize(
    ("ends", "p", "phrase"),
    [
        (ABOVE, 0.5, "3.000), more; visible"),
        (BELOW, 0.5, "less; visible"),
        (OPEN, 0.01, "cannot be told; visible from 2.144 on; but it moved before"),
    ],
)
def test_zones_by_number(ends, p, phrase):
    shared = {"estimator": "zone_dose_fe", "outcome": "log_income"}
    rows = [
        with_ends(*ends, **shared, term="dose", unit_of_measure="log points"),
        {**shared, "term": "dose_leads", "estimate": 2.0, "p_value": p},
    ]
    text = words(MadeFacts("zone_dose", rows))
    assert phrase in text
    assert ("moved before" in text) == (p < 0.05)


@pytest.mark.parametrize(
    ("ends", "phrase"),
    [
        ([ABOVE, (3.0, 2.0, 4.0)], "each of their intervals lies on the same side"),
        ([ABOVE, BELOW], "some say more, some less"),
        ([ABOVE, OPEN], "not each of their intervals leaves out zero"),
    ],
)
def test_vintages_agree_or_not(ends, phrase):
    rows = [
        with_ends(
            *own, estimator="ols", effect_type="coef", term="cluster", outcome=name
        )
        | {"unit_of_measure": "pp/yr", "period": "2009-2019"}
        for own, name in zip(ends, ("old figures", "new figures"), strict=True)
    ]
    text = words(MadeFacts("vintages", rows))
    assert phrase in text
    assert "over 2 vintages" in text


@pytest.mark.parametrize(
    ("ends", "far", "near"),
    [
        (ABOVE, "closed 2.00% of its gap to the average", "gaps close faster"),
        (BELOW, "grew wider", "gaps close more slowly or widen"),
        (OPEN, "cannot be told: 0.50% of it a year", "faster or more slowly cannot"),
        (UNTESTED, "how sure that is cannot be said", "clusters: 0.50."),
    ],
)
def test_convergence_next_to_groups(ends, far, near):
    slope = with_ends(*ends, estimator="regime", effect_type="coef")
    term = "initial_x_exposure_cluster"
    contrast = f"{term} - initial_x_exposure_sez"
    rows = [{"term": "initial_income"}, {"term": term}]
    rows += [{"term": term, "contrast": contrast}]
    facts = MadeFacts("regime", [{**slope, **row} for row in rows])
    text = words(facts)
    assert far in text
    assert near in text
    assert ("than next to zones" in text) == (ends in (ABOVE, BELOW))
    assert ("mostly have gone unseen" in words(facts, LIMIT)) == (ends != UNTESTED)


@pytest.mark.parametrize(
    ("ends", "p", "average", "steeper"),
    [
        (ABOVE, 0.5, "was higher the more", "that number rises by 2.000"),
        (BELOW, 0.01, "was lower the more", "that number falls"),
        (OPEN, np.nan, "was higher or lower", "Whether it is larger"),
        (UNTESTED, 0.5, "differed by 0.500", "changes by 0.500, without an interval"),
    ],
)
def test_what_neighbours_hold(ends, p, average, steeper):
    shared = {"outcome": "log_income", "controls_id": "skill", "period": "2000-2010"}
    shared |= {"treatment_def": "trade", "w_id": "contiguity", "fe_id": "unit+year"}
    main = with_ends(*ends, **shared, estimator="linkage_fe")
    term = {"term": "neighbours_x_moderator"}
    placebo = {"estimator": "linkage_fe_placebo_before", "p_value": p}
    placebo |= {"period": "1990-1998", "estimate": 1.0}
    rows = [main | {"term": "neighbours"}, main | term, main | term | placebo]
    rows += [main | term | {"spec_id": "far", "period": "2005-2010"}]
    text = words(MadeFacts("linkages", rows))
    assert average in text
    assert steeper in text
    assert ("had already moved" in text) == (p < 0.05)
    assert "2005\u20132010: " in text
    assert ("it rises" in text) == (ends == ABOVE)
    limit = words(MadeFacts("linkages", rows), LIMIT)
    assert ("would mostly have gone unseen" in limit) == (ends != UNTESTED)


@pytest.mark.parametrize(
    ("ends", "p", "value", "expected"),
    [
        (ABOVE, 0.01, 0.5, ["more have clusters than", "further South,", "more often"]),
        (BELOW, 0.01, -0.5, ["fewer have clusters", "further North:", "less often"]),
        (
            OPEN,
            0.5,
            0.1,
            ["Whether clusters are", "Whether they lie", "about as often"],
        ),
        (UNTESTED, 0.5, 0.1, ["further South, without an interval", "Whether"]),
    ],
)
def test_where_clusters_lie(ends, p, value, expected):
    shared = {"outcome": "cluster", "treatment_def": "own", "n_treated": 1}
    # A share has an interval in any case.
    share = np.array(OPEN if ends == UNTESTED else ends) / 10
    rows = [
        with_ends(*share, **shared, estimator="fisher_exact"),
        with_ends(*ends, **shared, estimator="latitude_permutation"),
        {**shared, "estimator": "moran", "estimate": value, "p_value": p},
    ]
    text = words(MadeFacts("gradient", rows))
    for part in expected:
        assert part in text
    assert "names 1 state, not" in text


def test_no_region_can_be_compared_without_clusters():
    assert (
        content_of(
            MadeFacts("gradient", [{"outcome": "cluster", "treatment_def": "own"}])
        )
        == {}
    )


@pytest.mark.parametrize(
    ("ends", "warning", "early", "phrase"),
    [
        (ABOVE, "", OPEN, "22.1% on average (10.5 to 35.0), above it."),
        (BELOW, "POOR FIT: the error", BELOW, "below it; before that the two had not"),
        (OPEN, "", ABOVE, "cannot be told; at an earlier date"),
        (UNTESTED, "", UNTESTED, "with too few to compare for an interval."),
    ],
)
def test_single_cases(ends, warning, early, phrase):
    shared = {"effect_type": "coef", "unit_of_measure": "log points"}
    shared |= {"outcome": "log_income"}
    rows = [
        with_ends(*np.array(ends) / 10, **shared, estimator="synthetic_control")
        | {"warning": warning},
        with_ends(*early, **shared, estimator="synthetic_control_in_time"),
    ]
    text = words(MadeFacts("synthetic_control", rows))
    assert "Name u0, income per head, 2005\u20132010: " in text
    assert phrase in text


def curve(p):
    shared = {"estimator": "specification_curve", "period": "all", "n_obs": 1}
    rows = [
        {**shared, "effect_type": "median", "estimate": -0.5, "p_value": p},
        {**shared, "effect_type": "share", "estimate": 0.9},
    ]
    return MadeFacts("specification_curve", rows)


@pytest.mark.parametrize(
    ("p", "phrase"), [(0.01, ", further than"), (0.5, ", no further than")]
)
def test_all_specifications_together(p, phrase):
    text = words(curve(p))
    assert "Growth with zones next door: \u22120.50 percentage points a year" in text
    assert f"of 1 specification{phrase} labels dealt out at random get" in text
    assert "90% say less, as predicted" in text


def test_a_curve_of_income():
    facts = curve(0.01)
    facts.config = deepcopy(facts.config)
    spec = facts.config.estimates["specification_curve"]["curves"][0]
    spec |= {"outcomes": ["relative_log_income"]}
    assert "Income with zones next door: \u22120.50 log points" in words(facts)


def test_what_the_design_can_see():
    row = {"estimator": "mde_scpc_03", "unit_of_measure": "pp/yr", "spec_id": "alone"}
    row |= {"treatment_def": "own", "term": "own_sez", "estimate": 2.5}
    text = words(MadeFacts("design", [row]))
    assert "states with zones against others: 2.5." in text
    assert "states with clusters" not in text


@pytest.mark.parametrize(
    ("gain", "p", "phrase"),
    [
        (0.2, 0.01, "20% (p = .010), better than chance would have it"),
        (0.2, 0.5, "no more than chance may give"),
        (-0.2, 0.9, "so four cells foretell no better"),
    ],
)
def test_four_cells_against_two_labels(gain, p, phrase):
    shared = {"treatment_def": "own", "period": "P1"}
    errors = {"no groups": 1.0, "dichotomy": 0.9, "four cells": 0.9 - gain}
    rows = [
        {**shared, "estimator": "loo_mse", "term": term, "estimate": error}
        for term, error in errors.items()
    ]
    rows += [
        {**shared, "estimator": "loo_gain", "term": "four cells", "estimate": gain}
        | {"p_value": p}
    ]
    text = words(MadeFacts("taxonomies", rows))
    assert phrase in text
    least = "four cells" if gain > 0 else "two labels"
    assert f"the smallest error has {least}." in text


def group_paths(members):
    """Paths of the units without a label, of whom some leave."""
    path = {"kind": "path", "unit_scheme": "all", "taxonomy": "own", "cell": "neither"}
    path |= {"variable": "relative_log_income", "year": [2000, 2010]}
    series = pd.DataFrame({**path, "mean": [-0.1, 0.2], "n_units": members})
    row = {"treatment_def": "own", "outcome": "growth_pct_per_year", "term": "neither"}
    return MadeFacts("relative_income", [{**row, "estimate": 2.0}], {"series": series})


def test_income_of_groups():
    text = words(group_paths([2, 1]))
    assert "neither: \u221210% in 2000 (2 states), +22% in 2010 (1 state)" in text
    assert "growth 2.0% a year." in text
    assert "may join or leave" in text
    assert "may join" not in words(group_paths([2, 2]))


def speeds_over_time(slow, fast, p):
    ends = {"2000-2005": slow, "2005-2010": fast}
    rows = [
        with_ends(*own, estimator="rolling_ols", term="speed", period=period)
        for period, own in ends.items()
    ]
    broken = {"estimator": "slope_break", "contrast": "break after 2004"}
    rows += [{**broken, "term": "sup_wald", "estimate": 9.0, "p_value": p}]
    rows += [{**broken, "term": "speed_before", "estimate": 2.0}]
    rows += [{**broken, "term": "speed_after", "estimate": 1.0}]
    window = {"spec_id": "plain", "kind": "window", "span": 5}
    window |= {"start_year": [2000, 2005], "end_year": [2005, 2010]}
    series = pd.DataFrame({**window, "speed": [slow[0], fast[0]]})
    return MadeFacts("rolling", rows, {"series": series})


def test_speed_over_time():
    text = words(speeds_over_time(BELOW, ABOVE, 0.01))
    assert "lowest in 2000\u20132005 and highest in 2005\u20132010" in text
    assert "2.0% a year (\u22123.0 to \u22121.0), gaps widened." in text
    assert "2.0% a year (1.0 to 3.0), gaps closed." in text
    assert "broke after 2004: 2.0% a year before, 1.0% since (p = .010)" in text
    text = words(speeds_over_time(OPEN, ABOVE, 0.5))
    assert "closing or widening cannot be told apart" in text
    assert "was the same throughout cannot be ruled out (p = .500)" in text


def test_who_has_clusters():
    cells = ["both", *["neither"] * (len(UNITS) - 1)]
    frame = pd.DataFrame({"unit": UNITS, "cell": cells})
    table = frame.assign(taxonomy="own", period="P1")
    text = words(MadeFacts("groups", tables={"cells": table}))
    assert "clusters and zones: 1 state (Name u0)." in text
    assert "neither: 11 states." in text
    assert "alone" not in text


# All of them ------------------------------------------------------------------------


def bare(text):
    return re.sub(r"\W+", " ", unescape(re.sub(r"<[^>]+>", "", text))).strip()


def printed_parts(text):
    """Return what a template prints as it stands, two words long at least."""
    tree = _environment().parse(text)
    compared = [node for one in tree.find_all(Compare) for node in one.find_all(Const)]
    for node in tree.find_all((TemplateData, Const)):
        if node in compared:
            continue
        value = node.data if isinstance(node, TemplateData) else node.value
        lines = value.splitlines() if isinstance(value, str) else []
        yield from (bare(line) for line in lines if len(bare(line).split()) > 1)


def unread():
    """Return what texts print in no test so far, with their files."""
    return {
        f"{path.parent.name}/{path.name}: {part}"
        for kind in (SECTION, ANSWER, LIMIT)
        for path in section_files(kind).values()
        for part in printed_parts(path.read_text(encoding="utf-8"))
        if not any(part in text for text in READ.get(path, []))
    }


def test_every_sentence_of_every_text_is_read_here():
    tests = {name: test for name, test in globals().items() if name[:5] == "test_"}
    del tests["test_every_sentence_of_every_text_is_read_here"]
    # Behind all others nothing is left to do; alone, or among several processes, it is.
    for test in tests.values() if unread() else ():
        marks = getattr(test, "pytestmark", [])
        for case in marks[0].args[1] if marks else [()]:
            test(*case)
    assert unread() == set()


def test_every_section_is_read_here():
    source = Path(__file__).read_text(encoding="utf-8")
    read = set(re.findall(r'MadeFacts\(\s*"(\w+)"', source))
    without_sentences = {"map"}
    assert set(section_files()) - without_sentences == read


def test_numbers_of_sections_have_names_and_lead_to_their_rows():
    facts = convergence(ABOVE)
    content = content_of(facts)
    numbers = filled_section("beta", content).numbers
    assert {"beta.speed", "beta.half_life", "beta.periods.P1.speed"} <= set(numbers)
    speed_row = facts.estimates(effect_type="lambda").iloc[0]
    assert numbers["beta.speed"].estimate_id == speed_row["estimate_id"]
    assert numbers["beta.speed"].interval == "1.0 to 3.0"


def test_a_noun_goes_with_a_named_number_only():
    with pytest.raises(ReportError, match="'3' is no count"):
        noun(3, "club")

"""Inequality: parts that close, invariance, what is not defined, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import theil
from evenfield.numerics.inequality_draws import redrawn_theil, revised_theil
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import ConfigError, EvenfieldError
from evenfield.study.study_config import StudyConfig
from evenfield.topics.inequality.estimate import estimate
from evenfield.topics.inequality.estimate_parents import parent_rows
from evenfield.topics.inequality.table import t12
from made_study import (
    of_units,
    one_line,
    order_and_names_do_not_matter,
    ring_named,
    row,
    rows,
    topic_study,
    unit_names,
    yearly,
)
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

SPEC = from_yaml("""
    id: own
    role: primary
    periods: [P]
    hypothesis: H12
    sesoi: 0.02
    groupings: [region]
    taxonomies: [t]
    nested: [[region, cell]]
    weights: w
    revision_sd: {output: 0.02, population: 0.01}
    """)
CLOSURE = 1e-12


def make_study(*specs, n=12, **changes):
    rng = default_rng(9)
    units = unit_names(n)
    years = range(2000, 2006)
    y = (
        9
        + rng.normal(0, 0.5, (n, 1))
        + np.cumsum(rng.normal(0.05, 0.05, (n, len(years))), axis=1)
    )
    people = rng.uniform(1, 9, n)[:, None]
    output = people * np.exp(y)
    panel = yearly(units, years, log_income=y, population=people, output_real=output)
    cluster = (np.arange(n) < 3).astype(int)
    sez = (np.arange(n) % 4 == 0).astype(int)
    names = np.array(["neither", "SEZ only", "cluster only", "both"])
    lists = {"cluster": cluster, "sez": sez, "cell": names[2 * cluster + sez]}
    region = np.where(np.arange(n) < 5, "East", "West")
    tables = {
        "panel": panel,
        "cells": of_units(units, taxonomy="t", period="P", **lists),
        "units": of_units(units, region=region),
    }
    return topic_study(
        "inequality",
        list(specs) or [SPEC],
        tables,
        units,
        ring_named("w", units),
        changes,
        samples={"two": units[:2]},
        periods=[{"period": "P", "start": 2000, "end": 2005}],
    )


def run(*specs, **estimates):
    return estimate(make_study(*specs, **estimates))


def test_the_change_of_theil_carries_role_hypothesis_and_smallest_effect():
    study = make_study()
    result = row(estimate(study), role="primary")
    assert (result.term, result.contrast, result.hypothesis, result.sesoi) == (
        "theil_t",
        "end - start",
        "H12",
        0.02,
    )
    panel = study.table("panel")
    ends = [panel[panel["year"] == year] for year in (2000, 2005)]
    first, last = (theil(np.exp(end["log_income"]), end["population"]) for end in ends)
    close(result.estimate, last - first, rtol=1e-9)
    assert "sampling error" in result.se_type
    assert result.conf_low < result.estimate < result.conf_high


def at_end(study, end):
    """Return incomes and people at one end of the period, the richest last year's
    unit first, as units are drawn.
    """
    wide = study.table("panel").pivot(index="unit", columns="year")
    order = wide["log_income"][2005].sort_values(ascending=False).index
    year = {"start": 2000, "end": 2005}[end]
    income = np.exp(wide["log_income"].loc[order, year]).to_numpy()
    return income, wide["population"].loc[order, year].to_numpy()


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_intervals_hold_the_level_of_the_draws_in_the_middle(level):
    study = make_study()
    study.written["inference"]["conf_level"] = level
    results = estimate(study)
    tails = [(1 - level) / 2, (1 + level) / 2]
    drawn = {}
    for end in ("start", "end"):
        result = row(
            results,
            estimator="inequality",
            term="theil_l",
            contrast=end,
        )
        rng = generator_for(5, result.seed.removeprefix("5:"))
        drawn[end] = redrawn_theil(
            *at_end(study, end), rng=rng, draws=199, measure="theil_l"
        )
        close(
            (result.conf_low, result.conf_high), tuple(np.quantile(drawn[end], tails))
        )
        assert result.conf_level == level
    change = row(
        results, estimator="inequality", term="theil_l", contrast="end - start"
    )
    close(
        (change.conf_low, change.conf_high),
        tuple(np.quantile(drawn["end"] - drawn["start"], tails)),
    )
    revised = row(
        results, estimator="inequality_revised", term="theil_t", contrast="end"
    )
    rng = generator_for(5, revised.seed.removeprefix("5:"))
    redrawn = revised_theil(
        *at_end(study, "end"),
        sd_income=0.02,
        sd_weights=0.01,
        rng=rng,
        draws=199,
        measure="theil_t",
    )
    close(
        (revised.estimate, revised.conf_low, revised.conf_high),
        (np.median(redrawn), *np.quantile(redrawn, tails)),
    )


def test_shares_and_series_close():
    results = run()
    for estimator in ("nested_theil", "shapley_theil"):
        for measure in ("theil_t", "theil_l"):
            result = rows(
                results, estimator=estimator, contrast="end", controls_id=measure
            )
            close(sum(e.estimate for e in result), 1, atol=CLOSURE)
    for name in ("region", "t: cell", "t: cluster", "t: sez"):
        for estimator, contrast in (
            ("growth_accounting", "share of growth"),
            ("dagum", "start"),
        ):
            result = rows(
                results, estimator=estimator, contrast=contrast, treatment_def=name
            )
            close(sum(e.estimate for e in result), 1, atol=CLOSURE)
    series = results.series["series"]
    for measure in ("theil_t", "theil_l"):
        own = series[series["measure"] == measure]
        total = own[own["kind"] == "index"].set_index("year")["value"]
        for name in ("region", "t: cell"):
            parts = own[
                own["kind"].isin(["between", "within"]) & own["grouping"].eq(name)
            ]
            close(parts.groupby("year")["value"].sum(), total, atol=CLOSURE)


def test_planted_groups_reach_the_maximum_and_connected_ones_are_compared_with_connected_ones():
    def by_region(panel):
        high = panel["unit"] < "U05"
        return panel.assign(log_income=np.where(high, 10.0, 9.0), population=1.0)

    results = run(panel=by_region)
    for term in ("between_theil_t", "between_over_maximum_theil_t"):
        close(
            row(
                results,
                term=term,
                contrast="end",
                treatment_def="region",
            ).estimate,
            1,
        )
    assert (
        row(
            results, term="between_theil_t", contrast="end", treatment_def="region"
        ).p_value
        < 0.05
    )
    results = run()
    connected = row(
        results,
        term="between_connected_theil_t",
        contrast="end",
        treatment_def="t: cluster",
    )
    assert "12 connected groups of 3" in connected.p_type
    scattered = row(
        results,
        term="between_connected_theil_t",
        contrast="end",
        treatment_def="t: sez",
    )
    assert "not connected" in scattered.warning
    fails(EvenfieldError, "weights", run, {**SPEC, "weights": "other"})


def test_order_names_and_currency_change_no_number():
    study = make_study()
    order_and_names_do_not_matter(estimate, study)
    one = run()
    two = run(panel=lambda f: f.assign(log_income=f["log_income"] + np.log(100)))
    for a, b in zip(one.estimates, two.estimates, strict=True):
        assert a.estimate == pytest.approx(b.estimate, rel=1e-8, nan_ok=True)


def test_studies_without_tables_groups_or_spread():
    missing = {
        "panel": lambda f: f.drop(columns=["population", "output_real"]),
        "cells": lambda f: f.head(0),
    }
    spec = from_yaml("""
        {id: u, periods: [P], weighting: unweighted, groupings: [region]}
        """)
    results = run(spec, **missing)
    assert np.isfinite(row(results, term="theil_t", contrast="end").estimate)
    assert "no output" in row(results, estimator="growth_accounting").warning
    fails(
        EvenfieldError,
        "population",
        run,
        {**spec, "weighting": "population"},
        **missing,
    )
    spec = {"id": "o", "periods": ["P"], "groupings": ["region"]}
    one = run(spec, units=lambda f: f.assign(region="all"))
    assert (
        "one group"
        in row(one, treatment_def="region", estimator="theil_decomposition").warning
    )
    two = run({"id": "o", "periods": ["P"], "sample": "two"})
    assert all(
        np.isnan(e.estimate) and "not defined" in e.warning
        for e in rows(two, term="theil_t")
    )
    equal = run(spec, panel=lambda f: f.assign(log_income=9.0))
    share = row(
        equal,
        term="between_theil_t",
        contrast="end",
        treatment_def="region",
    )
    assert np.isnan(share.estimate)
    assert "no inequality" in share.warning


def test_units_without_a_group_are_refused():
    with one_line(EvenfieldError, "8 units have no region"):
        run(units=lambda f: f.head(4))


def test_nested_groups_are_groupings_of_the_specification():
    fails(
        ConfigError,
        r"estimates\.inequality\.0: .*nested names x",
        run,
        {**SPEC, "nested": [["region", "x"]]},
    )


def test_totals_are_those_of_incomes_and_people_and_name_who_carries_them():
    study = make_study({**SPEC, "aversion": [0.5, 2.0]})
    results = estimate(study)
    income, people = at_end(study, "end")
    share = people / people.sum()
    mean = income @ share
    for aversion, name in ((0.5, "atkinson_0.5"), (2.0, "atkinson_2")):
        power = (share @ income ** (1 - aversion)) ** (1 / (1 - aversion))
        result = row(
            results,
            term=name,
            contrast="end",
            estimator="inequality",
        )
        close(result.estimate, 1 - power / mean)
    gap = np.abs(np.subtract.outer(income, income))
    result = row(
        results,
        term="gini",
        contrast="end",
        estimator="inequality",
    )
    close(result.estimate, share @ gap @ share / 2 / mean)
    units = (
        study.table("panel")
        .query("year == 2005")
        .sort_values("log_income", ascending=False)["unit"]
        .tolist()
    )
    without = {}
    for i, unit in enumerate(units):
        retained = np.arange(len(units)) != i
        without[unit] = theil(income[retained], people[retained])
    result = row(
        results,
        term="theil_t",
        contrast="end",
        estimator="inequality",
    )
    most = max(units, key=lambda unit: abs(without[unit] - result.estimate))
    assert result.max_leverage_unit == most
    assert result.warning == f"without {most} {without[most]:.4g}"


def test_the_band_is_drawn_no_more_than_1999_times():
    study = make_study({**SPEC, "revision_sd": {}})
    study.written["inference"]["permutations"] = 2500
    result = row(
        estimate(study), estimator="inequality", term="theil_t", contrast="end"
    )
    rng = generator_for(5, result.seed.removeprefix("5:"))
    drawn = redrawn_theil(*at_end(study, "end"), rng=rng, draws=1999)
    close(result.conf_high, np.quantile(drawn, 0.975), rtol=1e-9)


def test_without_inequality_no_share_is_defined():
    results = run(
        {**SPEC, "revision_sd": {}},
        panel=lambda f: f.assign(log_income=9.0, population=1.0),
    )
    connected = row(
        results,
        term="between_connected_theil_t",
        contrast="end",
        treatment_def="t: cluster",
    )
    assert connected.warning == "no inequality"
    for estimator in ("nested_theil", "shapley_theil", "dagum", "theil_decomposition"):
        for result in rows(results, estimator=estimator):
            assert np.isnan(result.estimate), (estimator, result.term)


def test_shares_within_outer_and_inner_groups_are_ratios_to_the_total():
    study = make_study()
    results = estimate(study)
    income, people = at_end(study, "start")
    wide = study.wide("log_income")
    order = wide[2005].sort_values(ascending=False).index
    region = np.where(order < "U05", 0, 1)
    mean = income @ people / people.sum()
    between = sum(
        people[region == g].sum()
        / people.sum()
        * (m := income[region == g] @ people[region == g] / people[region == g].sum())
        / mean
        * np.log(m / mean)
        for g in (0, 1)
    )
    expected = between / theil(income, people)
    outer = row(
        results,
        estimator="nested_theil",
        term="outer",
        contrast="start",
        controls_id="theil_t",
    )
    share = row(
        results, term="between_theil_t", contrast="start", treatment_def="region"
    )
    close(outer.estimate, expected)
    close(share.estimate, expected)


def test_growth_of_output_is_accounted_by_group():
    study = make_study()
    results = estimate(study)
    output = study.wide("output_real")
    east = output.index < "U05"
    change = output[2005] - output[2000]
    one = {"estimator": "growth_accounting", "treatment_def": "region", "term": "East"}
    close(
        row(results, contrast="share of growth", **one).estimate,
        change[east].sum() / change.sum(),
    )
    close(
        row(results, contrast="share of output at start", **one).estimate,
        output[2000][east].sum() / output[2000].sum(),
    )
    assert row(results, contrast="share of growth", **one).n_units == 5


def results_of(results):
    frame = estimates_frame(results.estimates)
    return SimpleNamespace(
        estimates=lambda: frame,
        ordered=lambda rows: list(dict.fromkeys(rows["spec_id"])),
        when=lambda row: row["period"],
        shown=lambda *_: ["P"],
        description=lambda: {"samples": {}, "unit_scheme": "s"},
        main="s",
        config=StudyConfig.of(
            from_yaml("""
            periods: {P: {start: 2000, end: 2005}}
            inference: {permutations: 199}
            """)
        ),
        words={"units_name": "units"},
        level="95%",
        note=lambda *sentences, **_: sentences,
    )


def test_a_table_without_groupings_has_its_indices_and_no_parts():
    plain = {"id": "own", "periods": ["P"], "weighting": "unweighted"}
    table = t12(results_of(run(plain)))
    assert set(table.frame["kind"]) == {"index"}
    assert table.frame["p_start"].isna().all()


PARENTS = {**SPEC, "groupings": ["region", "parent"], "parents": "parent"}


def study_of_parents(marked):
    study = make_study({**PARENTS, "marked": "marked"}, n=27)
    units = study.tables["units"]
    parents = np.resize(list("abcdefghi"), len(units))
    study.tables["units"] = units.assign(parent=parents, marked=marked(parents))
    return study


def test_what_lies_inside_parents_and_inside_marked_ones():
    study = study_of_parents(lambda parents: np.isin(parents, list("bd")).astype(int))
    results = estimate(study)
    labels = {"term": "within_theil_t", "contrast": "end"}
    share = row(results, estimator="within_parents", **labels)
    between = row(
        results, term="between_theil_t", treatment_def="parent", contrast="end"
    )
    close(share.estimate, 1 - between.estimate)
    assert share.conf_low < share.estimate < share.conf_high
    units = study.tables["units"].set_index("unit")
    end = study.table("panel").query("year == 2005")
    inside = {}
    for parent, own in end.groupby(end["unit"].map(units["parent"])):
        inside[parent] = theil(np.exp(own["log_income"]), own["population"])
    marked = [inside.pop("b"), inside.pop("d")]
    compared = row(results, estimator="within_parents_exact", **labels)
    close(compared.estimate, np.mean(marked) - np.mean(list(inside.values())))
    assert compared.n_treated == 2 and "36 choices" in compared.p_type
    change = row(
        results, estimator="within_parents", **labels | {"contrast": "end - start"}
    )
    start = row(results, estimator="within_parents", **labels | {"contrast": "start"})
    close(change.estimate, share.estimate - start.estimate)
    series = results.series["parents"]
    last = series.query("kind == 'share' and year == 2005")
    close(last["value"], [share.estimate])
    order_and_names_do_not_matter(estimate, study)


def test_marks_that_differ_inside_a_parent_are_refused():
    study = study_of_parents(lambda parents: np.arange(len(parents)) % 2)
    study.tables["units"].loc[0, "marked"] = 1
    with one_line(EvenfieldError, "units of a differ in what marks parents"):
        estimate(study)


def test_a_share_within_parents_that_is_not_defined_says_why():
    def no_shares(measure, codes):
        raise NumericsError("no inequality to share")

    part = SimpleNamespace(
        groups={"region": (np.zeros(4, dtype=int), ["one"])},
        spec=SimpleNamespace(parents="region"),
        inference=SimpleNamespace(level=0.95),
        note="",
        labels={"spec_id": "own", "outcome": "income"},
        at=lambda _: SimpleNamespace(within_shares=no_shares),
        marks=None,
    )
    found = parent_rows(part, 0.8).estimates
    assert [one.term for one in found] == ["within_theil_t", "within_theil_l"]
    assert all("no inequality to share" in one.warning for one in found)

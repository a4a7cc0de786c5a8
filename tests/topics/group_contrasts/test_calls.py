"""Which call of the library gives a row of groups."""

from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd

import evenfield as ef
from evenfield.models.pooled import pooled
from evenfield.shared.calls import NoCallError
from evenfield.shared.contrasts.contrasts import contrast_rows
from evenfield.shared.estimates import asking
from evenfield.shared.places import NUMBERS
from evenfield.study.study_config import InferenceSettings
from evenfield.topics.group_contrasts import call as topic
from evenfield.topics.group_contrasts.estimate_wages import (
    INVESTMENT,
    Regression,
    panel_rows,
)
from refusals import fails
from shared.test_contrast_calls import hold, made
from tolerances import close


def periods(**changes):
    contrast, geographies = made({"cluster": 1.0})
    row = replace(contrast.row, family="premium", unit_scheme="main", **changes)
    contrasts = [
        replace(contrast, row=replace(row, period=period)) for period in ("P1", "P2")
    ]
    return contrasts, geographies


def test_a_row_of_one_contrast_is_one_regression(monkeypatch):
    (contrast, _), geographies = periods()
    scheme = SimpleNamespace(geographies=geographies)
    groups = SimpleNamespace(of_scheme=lambda name: scheme)
    monkeypatch.setattr(topic, "_asked", lambda *_: topic.Asked(contrasts=[contrast]))
    monkeypatch.setattr(topic, "_groups", lambda _: groups)
    row = asdict(contrast_rows(contrast, geographies)[0])
    made_call = topic.call(SimpleNamespace(), row)
    assert (made_call.function, made_call.arguments["y"]) == ("ols", "y")


def test_what_is_pooled_is_one_regression_by_period():
    contrasts, geographies = periods()
    row = asdict(contrasts[0].row) | {"n_periods": 2}
    row["asked"] = asking(periods=["P1", "P2"])
    row |= {"effect_type": "coef", "estimator": "pooled"}
    made_call = topic._pooled_call(row, contrasts, geographies)
    assert (made_call.function, made_call.then[0]) == ("ols_by", "pool")
    assert made_call.data["period"].unique().tolist() == ["P1", "P2"]
    few = {**row, "n_periods": 3}
    fails(
        NoCallError,
        "intervals by several",
        topic._pooled_call,
        few,
        contrasts,
        geographies,
    )


def test_the_range_of_pooled_means_is_over_lists_and_their_periods():
    contrasts, geographies = periods(role="robustness")
    rng = np.random.default_rng(3)
    N = len(contrasts[0].table)
    by_list = {"main": contrasts, "other": [], "third": []}
    for name in ("other", "third"):
        for contrast in contrasts:
            members = rng.permuted(contrast.table["cluster"].to_numpy())
            table = contrast.table.assign(cluster=members, y=rng.normal(size=N))
            by_list[name].append(replace(contrast, table=table))
    # A list with an interval in one period alone is not pooled.
    by_list["third"].pop()
    known, means = [], []
    for name, own in by_list.items():
        of_list = [
            replace(one, row=replace(one.row, treatment_def=name)) for one in own
        ]
        known += of_list
        rows = [contrast_rows(one, geographies)[0] for one in of_list]
        if len(rows) == 2:
            columns = [(one.estimate, one.conf_low, one.conf_high) for one in rows]
            means.append(pooled(*np.transpose(columns), 0.95).mean)
    row = asdict(known[0].row) | {"n_obs": 2, "n_periods": ""}
    row["asked"] = asking(periods=["P1", "P2"])
    row |= {"estimator": "taxonomy_range", "treatment_def": "2 taxonomies"}
    ends = {"stat_range_low": min(means), "stat_range_high": max(means)}
    ends["stat_range_sign"] = sum(np.sign(means) == np.sign(means[0]))
    for kind, value in ends.items():
        own = {**row, "effect_type": kind, "estimate": value}
        made_call = topic._range_of_means_call(own, known, geographies, "main")
        hold(made_call, {**dict.fromkeys(NUMBERS, np.nan), "estimate": value})
    three = {**own, "n_obs": 3}
    words = "over 2 taxonomies, and 2 can be fitted again"
    fails(
        NoCallError,
        words,
        topic._range_of_means_call,
        three,
        known,
        geographies,
        "main",
    )


def test_a_row_of_a_panel_is_the_regression_that_agrees_with_it_in_all():
    contrast, _ = made({"cluster": 1.0})
    rng = np.random.default_rng(2)
    cells = {"unit": np.repeat(["a", "b", "c"], 4), "year": np.tile(range(4), 3)}
    cells |= {INVESTMENT: rng.normal(size=12), "wage": rng.normal(size=12)}
    cells |= {"other": rng.normal(size=12)}
    regressions = [
        Regression(
            row=replace(contrast.row, outcome=INVESTMENT, term=term),
            table=pd.DataFrame(cells),
            regressors=(term,),
            weights={term: 1.0},
            treated=3,
        )
        for term in ("wage", "other")
    ]
    row = asdict(regressions[1].row) | {"estimator": "panel_fe", "se_type": "CR3"}
    row["asked"] = asking(inference="CR3")
    settings = InferenceSettings(permutations=99, seed=1)
    assert "other" in topic._panel_call(row, regressions, settings).arguments["formula"]
    changed = {**row, "term": "more"}
    fails(
        NoCallError, "changed after", topic._panel_call, changed, regressions, settings
    )


def test_a_row_of_few_units_is_drawn_as_its_call_draws():
    contrast, _ = made({"cluster": 1.0})
    rng = np.random.default_rng(3)
    units = np.repeat([f"u{i}" for i in range(10)], 5)
    cells = {"unit": units, "year": np.tile(range(5), 10)}
    cells |= {INVESTMENT: rng.normal(size=50), "wage": rng.normal(size=50)}
    asked = Regression(
        row=replace(contrast.row, outcome=INVESTMENT, term="wage", role="exploratory"),
        table=pd.DataFrame(cells),
        regressors=("wage",),
        weights={"wage": 1.0},
        treated=5,
        methods=("wild33",),
    )
    settings = InferenceSettings(permutations=199, seed=1)
    (row,) = panel_rows(asked, SimpleNamespace(inference=settings))
    assert row.p_type == "wild bootstrap 33, webb"
    made_call = topic._panel_call(asdict(row), [asked], settings)
    fit = getattr(ef, made_call.function)(data=made_call.data, **made_call.arguments)
    close(row.p_value, fit.rows(0.95).set_index("term").loc["wage", "p_value"])


def test_outcomes_that_vary_and_are_of_the_main_list_are_tested_together():
    contrast, geographies = made({"cluster": 1.0})
    y = contrast.table["y"]
    table = contrast.table.assign(z=y**2, w=y**3, one=1.0)
    main = replace(contrast.row, treatment_def="main")

    def of(outcome, **changes):
        row = replace(main, outcome=outcome, **changes)
        return replace(contrast, outcome=outcome, row=row, table=table)

    contrasts = [of("y"), of("one"), of("z"), of("w", treatment_def="other")]
    study = SimpleNamespace(
        config=SimpleNamespace(taxonomy=SimpleNamespace(primary="main"))
    )
    row = asdict(contrasts[2].row) | {"effect_type": "coef"}
    made_call = topic._several_outcomes_call(study, row, contrasts, geographies)
    assert made_call.arguments["y"] == ["y", "z"]
    assert made_call.places[0].term == "z"

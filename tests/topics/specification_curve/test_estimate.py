"""Specification curves: against refits, in chunks, in any order, planted effects, what
is not defined.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from evenfield.numerics.ols import fit_ols
from evenfield.topics.specification_curve.estimate import (
    Section,
    chunk,
    estimate,
    permutations,
)
from made_study import (
    MadeStudy,
    order_and_names_do_not_matter,
    ring_named,
    unit_names,
    yearly,
)
from tolerances import close
from yaml_text import from_yaml

N = 24
NAMES = unit_names(N, "u")
NEAR = from_yaml("""
    {id: near, hypothesis: H8, kind: exposure, contrast: cluster - sez, predicted: +}
    """)
NEAR |= {"samples": ["all", "small"]}
OWN = from_yaml("""
    {id: own, hypothesis: H1, kind: own, contrast: cluster, predicted: +}
    """)
OWN |= {"outcomes": ["growth_pct_per_year", "relative_log_income"]}
SPEED = from_yaml("""
    {id: speed, hypothesis: H11, kind: regime, contrast: cluster - sez, predicted: '-'}
    """)


def tables(effect=0.0):
    rng = default_rng(5)
    at = np.arange(N)
    cluster = np.isin(at, [1, 2, 3, 9, 17]) * 1.0
    sez = np.isin(at, [3, 4, 9, 12, 20]) * 1.0
    near = (np.roll(cluster, 1) + np.roll(cluster, -1)) / 2
    periods = []
    cells = []
    for name, start in (("P1", 2000), ("P2", 2005)):
        base = pd.DataFrame({"unit": NAMES, "period": name})
        numbers = {
            "log_income_start": rng.normal(size=N),
            "growth_pct_per_year": effect * near + rng.normal(size=N),
        }
        periods.append(
            base.assign(
                start_year=start,
                end_year=start + 4,
                control_schooling=np.nan,
                **numbers,
            )
        )
        cells.append(base.assign(taxonomy="seed", cluster=cluster, sez=sez))
    relative = rng.normal(size=(N, 10))
    panel = yearly(NAMES, range(2000, 2010), relative_log_income=relative)
    units = pd.DataFrame(
        {
            "unit": NAMES,
            "lat": 20 + at % 5,
            "lon": 100.0 + at // 5,
            "coastal": (at < 12) * 1,
        }
    )
    return {
        "periods": pd.concat(periods),
        "cells": pd.concat(cells),
        "panel": panel,
        "units": units,
    }


def make_study(*curves, change=None, effect=0.0):
    section = {"draws": 99, "curves": list(curves) or [NEAR, OWN, SPEED]}
    config = from_yaml("""
        taxonomy: {all: [seed]}
        periods:
          P1: {start: 1978, end: 1991, role: main}
          P2: {start: 1992, end: 1998}
          S: {start: 1978, end: 1998, role: span}
        """)
    base = tables(effect)
    return MadeStudy(
        {"estimates": {"specification_curve": section}} | config,
        change(base) if change else base,
        ring_named("ring", NAMES),
        samples={"all": NAMES, "small": NAMES[1:-1]},
        periods=from_yaml(
            "[{period: P1, basis: proxy}, {period: P2, basis: official}]"
        ),
        data_hash="abc",
    )


@pytest.fixture
def run(tmp_path):
    def whole(study, of=1):
        paths = [tmp_path / f"chunk_{number}.json" for number in range(1, of + 1)]
        for number, path in enumerate(paths, start=1):
            chunk(study, number, of).keep(path)
        return estimate(study, paths)

    return whole


def test_estimates_are_refits_over_the_product_of_the_axes(run):
    study = make_study()
    curves = Section.model_validate(
        study.written["estimates"]["specification_curve"]
    ).curves
    assert [len(curve.points(study)) for curve in curves] == [4, 4, 2]
    assert {point.weights for point in curves[1].points(study)} == {""}
    table = run(make_study()).series["series"]
    result = table[
        table["curve"].eq("near")
        & table["sample"].eq("small")
        & table["period"].eq("P2")
    ].iloc[0]
    data, cells = (
        tables()[name].query("period == 'P2'").set_index("unit")
        for name in ("periods", "cells")
    )
    own = [cells[name].to_numpy() for name in ("cluster", "sez")]
    near = [(np.roll(x, 1) + np.roll(x, -1)) / 2 for x in own]
    X = np.column_stack([*own, *near, np.ones(N), data["log_income_start"]])[1:-1]
    fit = fit_ols(data["growth_pct_per_year"].to_numpy()[1:-1], X)
    close(result["estimate"], fit.beta[2] - fit.beta[3], rtol=1e-5)
    assert result["conf_low"] < result["estimate"] < result["conf_high"]
    assert result["n_units"] == N - 2


def test_shuffled_rows_and_permuted_weights_change_nothing(run):
    study = make_study()
    whole = run(study, of=2)
    order_and_names_do_not_matter(run, study, whole)


def test_one_draw_permutes_the_same_units_in_every_unit_scheme():
    whole = SimpleNamespace(units=tuple("abcdef"), strata=np.zeros(6))
    fewer = SimpleNamespace(units=tuple("abdef"), strata=np.zeros(5))
    estimates = permutations({"whole": whole, "fewer": fewer}, 1, range(1, 6001))
    label = {
        name: np.array(scheme.units)[estimates[name]]
        for name, scheme in (("whole", whole), ("fewer", fewer))
    }
    retained = np.delete(label["whole"], 2, axis=1)
    assert ((label["fewer"] == retained) == (retained != "c")).all()
    share = [
        [(label["fewer"][:, i] == unit).mean() for unit in fewer.units]
        for i in range(5)
    ]
    assert np.abs(np.array(share) - 0.2).max() < 0.02
    parts = {
        name: SimpleNamespace(units=(*name,), strata=np.isin([*name], ["b", "c"]))
        for name in ("abdf", "acbd")
    }
    for name, source in permutations(
        parts, 1, range(1, 400)
    ).items():  # no scheme has all units
        assert (
            np.isin(np.array([*name])[source], ["b", "c"]) == parts[name].strata
        ).all()


def test_a_planted_effect_is_found_jointly_and_only_where_it_is(run):
    rows = {
        (row.spec_id, row.effect_type, row.period): row
        for row in run(make_study(effect=20.0)).estimates
    }
    share = rows["near", "share", "all"]
    assert (share.estimate, share.n_obs) == (1.0, 4)
    assert rows["near", "median", "all"].p_value <= 0.05
    close(rows["near", "median", "all"].estimate, 20.0, atol=3.0)
    assert rows["near", "share", "P1"].warning.startswith("PROXY")
    assert rows["own", "median", "all"].p_value > 0.05
    assert rows["own", "median", "all"].outcome == "growth_pct_per_year"


def test_what_is_not_defined_says_why(run):
    def no_zones_at_first(estimates):
        cells = estimates["cells"]
        return {
            **estimates,
            "cells": cells.assign(
                sez=cells["sez"].where(cells["period"].eq("P2"), 0.0)
            ),
        }

    result = run(
        make_study({**NEAR, "controls": [[], ["schooling"]]}, change=no_zones_at_first)
    )
    reasons = set(result.series["series"].query("estimate.isna()")["reason"])
    missing = {f"control_schooling is not there in {period}" for period in ("P1", "P2")}
    assert reasons == missing | {"labels do not vary or are collinear in this sample"}
    assert result.fit["defined"] == {"near": 2}
    assert {row.n_obs for row in result.estimates if row.period == "all"} == {2}


def test_a_summary_over_specifications_names_no_single_one(run):
    summaries = [
        row
        for row in run(make_study()).estimates
        if row.family == "specification_curve"
    ]
    labels = {(row.treatment_def, row.w_id, row.controls_id) for row in summaries}
    assert labels == {("several", "several", "several")}

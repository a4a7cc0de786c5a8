"""Group contrasts: planted differences, invariance, what the data cannot carry, and
what is refused.
"""

from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from scipy.stats import chi2, norm
from scipy.stats import t as student

from evenfield.numerics.inference.driscoll_kraay import (
    default_lags,
    driscoll_kraay_inference,
)
from evenfield.numerics.ols import cov_cr3, fit_ols, t_quantile
from evenfield.shared.estimates import ID_FIELDS
from evenfield.study.errors import EvenfieldError
from evenfield.topics.group_contrasts import estimate_wages
from evenfield.topics.group_contrasts.estimate import estimate
from made_study import (
    MadeStudy,
    grid,
    of_units,
    one_line,
    order_and_names_do_not_matter,
    primary,
    row,
    rows,
    unit_names,
    yearly,
)
from tolerances import CLOSED_FORM, close
from yaml_text import from_yaml

N = 30
YEARS = np.arange(1990, 2011)
NAMES = unit_names(N, "u")
I = np.arange(N)  # noqa: E741
CLUSTER = I < 6
SEZ = (I > 2) & (I < 9)
WEST = I >= 18
PERIODS = from_yaml("""
    - {period: A, start: 1990, end: 1999, label: 1990-99, role: main, basis: proxy}
    - {period: B, start: 2000, end: 2010, label: 2000-10, role: main, basis: official}
    """)
SPAN = from_yaml("""
    {period: AB, start: 1990, end: 2010, label: 1990-2010, role: span, basis: spliced}
    """)
SESOI = from_yaml("""
    premium_log: 0.1
    fading_share: 0.5
    intensity_sd: 0.25
    gap_pct: 5.0
    growth_premium_pp: 0.5
    wage_elasticity: 0.2
    """)


def make_study(section, periods=None, **columns):
    """Return a study whose panel holds ``columns``, arrays (N, T), beside basis and log
    income.
    """
    periods = periods or PERIODS
    rng = default_rng(1)
    log_income = 8 + rng.normal(size=(N, len(YEARS)))
    basis = np.where(YEARS < 2000, "proxy", "official")
    panel = yearly(
        NAMES, YEARS, **{"log_income": log_income, "basis": basis, **columns}
    )
    cells = []
    by_period = []
    for p, item in enumerate(periods):
        own = {"period": item["period"]}
        for name, cluster in (("main", CLUSTER), ("other", I % 4 == 0)):
            cell = np.where(cluster & SEZ, "both", "neither")
            lists = {"cluster": cluster * 1, "sez": SEZ * 1, "cell": cell}
            cells.append(of_units(NAMES, taxonomy=name, **own, **lists))
        start = rng.normal(size=N)
        growth = 5 + 2 * CLUSTER + (4 - 1.5 * p) * SEZ + 0.05 * rng.normal(size=N)
        by_period.append(of_units(NAMES, **own, start=start, growth=growth))
    units, links = grid(NAMES)
    exposures = {"weights": "near", "taxonomy": "main", "period": "A"}
    tables = {
        "panel": panel,
        "cells": pd.concat(cells, ignore_index=True),
        "periods": pd.concat(by_period, ignore_index=True),
        "units": units.assign(coastal=(I < 12).astype(int)),
        "adjacency": links,
        "programmes": of_units(np.array(NAMES)[WEST], programme="go"),
        "exposures": of_units(
            NAMES, **exposures, exposure_cluster=np.linspace(0, 1, N)
        ),
    }
    config = {
        "estimates": {"group_contrasts": section},
        "taxonomy": {"primary": "main", "all": ["main", "other"]},
        "weights": {"primary": "near", "families": {}, "join": []},
        "sesoi": SESOI,
    }
    samples = {"all": NAMES, "few": NAMES[3:12]}
    return MadeStudy(
        config, tables, units=NAMES, periods=periods, samples=samples, data_hash="0"
    )


# What each study asks.
SECTIONS = from_yaml("""
    premium:
      premium:
        - {id: level, outcome: income, unit: log points, sesoi: premium_log,
           compare: [cluster, sez, cluster - sez], hypothesis: H, role: primary}
        - {id: growth, outcome: growth, table: periods, given: [start],
           compare: [cluster given sez], hypothesis: H, role: primary}
    spans:
      premium:
        - {id: own, outcome: growth, table: periods, given: [start], periods: [AB, A, B],
           compare: [cluster, sez, cluster - sez], pooled: [A, B], samples: [all, most],
           unit_schemes: {s: now, was: before}, hypothesis: H, role: primary}
    doses:
      dose:
        - {id: dose, outcome: growth, table: periods, given: [start], pooled: [A, B],
           doses: {quotient: lq, per_head: zones_state / people}, hypothesis: H, role: primary}
    intensity:
      factor_intensity:
        - {id: mix, compare: sez - cluster, window: [1990, 1999], cells: A,
           measures: [{id: foreign, outcome: log(f / y)}, {id: capital, outcome: log(k)}],
           sesoi: intensity_sd, hypothesis: H, role: primary}
    fading:
      fading:
        - {id: foreign, outcome: log(f / y), unit: log points, sesoi: fading_share,
           compare: [sez, sez given cluster], role: primary}
        - {id: growth, outcome: growth, table: periods, unit: pp/yr, sesoi: fading_share,
           compare: [sez, sez given cluster], role: primary}
        - {id: quotient, path: quotient, outcome: f, over: y, sesoi: intensity_sd,
           compare: [sez, sez given cluster], role: primary}
        - {id: absent, outcome: marketisation}
    balance:
      balance:
        - {id: gap, name: gap_growth, outcome: log(urban / rural), level: gap_level,
           parts: {urban_growth: log(urban), rural_growth: log(rural)},
           windows: [[1990, 2000], [2001, 2010]], sesoi: gap_pct, hypothesis: H, role: primary}
    programme:
      programmes:
        - {id: west, programme: go, spans: [[1991, 1999], [2000, 2010]], exposure: near,
           sesoi: growth_premium_pp, placebos: [[[1991, 1994], [1995, 1998]]], hypothesis: H,
           role: primary}
    wages:
      wages:
        - {id: stock, wage: w, investment: f, years: [1990, 2009], sesoi: wage_elasticity,
           hypothesis: H, role: primary}
      labour_cost:
        - {id: stock, name: unit_labour_cost_growth, outcome: log(w * l / y), role: mechanism,
           parts: {wage_growth: log(w), productivity_growth: log(y / l)},
           windows: [[1990, 2000]]}
    """)
T = YEARS - 1990
NOISE = default_rng(3).normal(size=(6, N, len(T)))
MAIN = {"treatment_def": "main", "effect_type": "coef"}


def asked(study, changes=None):
    """The section of a study, with changes of its first specification."""
    section = deepcopy(SECTIONS[study])
    first = next(iter(section.values()))[0]
    first |= changes or {}
    return section


def premium(**changes):
    """Clusters are 1.5 above the others; growth is 2 faster there."""
    income = 1.5 * CLUSTER[:, None] + 0.1 * NOISE[0]
    return make_study(asked("premium", changes), income=income)


def spans():
    """Growth over both periods and their span; in a second scheme, with other figures,
    it is 1 faster in clusters.
    """
    study = make_study(asked("spans"), [*PERIODS, SPAN])
    study.described["samples"]["most"] = NAMES[1:]
    study.tables["units"]["lat"] += 0.3 * np.sin(
        I
    )  # no two eigenvalues of the map are equal
    periods = study.tables["periods"]
    faster = periods["unit"].map(dict(zip(NAMES, CLUSTER * 1.0, strict=True)))
    study.tables["was/periods"] = periods.assign(growth=periods["growth"] + faster)
    return study


def doses(scale=1.0):
    """Growth rises by 0.5 with a measure of clusters, by 0.3 with mean zones per head."""
    zones = np.round(5 + 2 * NOISE[0]).clip(0)
    study = make_study(asked("doses"), people=2.0 / scale)
    panel = study.tables["panel"]
    periods = study.tables["periods"]
    dose = panel[["unit", "year"]].assign(
        zone_type="state", zones=zones.ravel(), zones_dated=0
    )
    measure = of_units(NAMES, measure="lq", value=NOISE[1][:, 0])
    by_unit = 0.5 * measure.set_index("unit")["value"]
    early = (
        dose.assign(period=np.where(dose["year"] < 2000, "A", "B"))
        .groupby(["unit", "period"])["zones"]
        .mean()
    )
    keys = pd.MultiIndex.from_frame(periods[["unit", "period"]])
    periods["growth"] = (
        5 + periods["unit"].map(by_unit) + 0.3 * early.reindex(keys).to_numpy() / 2
    )
    study.tables |= {
        "doses": dose,
        "clusters": measure.assign(value=measure["value"] * scale),
    }
    return study


def intensity(*more):
    """Zones have twice as much foreign capital, in logs 2, and capital, in logs 1."""
    section = asked("intensity")
    section["factor_intensity"][0]["measures"] += more
    zones = SEZ[:, None]
    columns = {
        "f": np.exp(2 * zones + 0.1 * NOISE[1]),
        "k": np.exp(zones + 0.1 * NOISE[2]),
        "y": 1.0,
    }
    return make_study(section, **columns)


def fading(periods=None):
    """Zones start 2 above the others and fall by 1 from the first period to the second."""
    f = np.exp((2.0 - (YEARS >= 2000)) * SEZ[:, None] + 0.05 * T + 0.1 * NOISE[3])
    return make_study(asked("fading"), periods, f=f, y=1.0)


def balance(**changes):
    """The gap falls by 2 percent a year with clusters, rises by 1 with zones, and jumps
    between the windows.
    """
    trend = 0.003 * NOISE[4][:, 0] - 0.02 * CLUSTER + 0.01 * SEZ
    rural = np.exp((0.05 + 0.002 * NOISE[5][:, :1]) * T)
    gap = 0.9 + trend[:, None] * T + 5.0 * (YEARS >= 2001)
    urban = rural * np.exp(gap)
    return make_study(asked("balance", changes), urban=urban, rural=rural)


def programme(**changes):
    """Growth rises by 2 where the programme begins in 2000."""
    growth = 5 + NOISE[0] + 2 * WEST[:, None] * (YEARS >= 2000)
    growth[:, YEARS == 1999] = np.nan
    return make_study(asked("programme", changes), growth_pct=growth)


def wages(**changes):
    """The elasticity is -0.5, 0.6 higher with clusters and 0.4 lower with zones; output
    per worker lags in clusters.
    """
    log_wage = 6 + 0.1 * T + np.cumsum(0.1 * NOISE[1], axis=1)
    log_f = NOISE[2][:, :1] + 0.05 * NOISE[3]
    log_f[:, 1:] += (-0.5 + 0.6 * CLUSTER - 0.4 * SEZ)[:, None] * log_wage[:, :-1]
    y = np.exp(8 + (0.08 - 0.03 * CLUSTER[:, None]) * T + 0.02 * NOISE[4])
    return make_study(
        asked("wages", changes),
        w=np.exp(log_wage),
        f=np.exp(log_f),
        y=y,
        l=100.0,
    )


ALL = [premium, spans, doses, intensity, fading, balance, programme, wages]


@pytest.mark.parametrize("built", ALL)
def test_shuffled_rows_and_renamed_units_change_nothing(built):
    study = built()
    study.written["inference"]["pairs"] = []
    order_and_names_do_not_matter(estimate, study)


def test_planted_premiums_are_found_and_decide_beside_their_range():
    results = estimate(premium())
    for period in ("A", "B"):
        level = primary(results, spec_id="level", period=period)
        close(level.estimate, 1.5, atol=0.05)
        assert level.conf_low > 1.2
        assert (level.term, level.hypothesis, level.n_treated, level.sesoi) == (
            "cluster",
            "H",
            6,
            0.1,
        )
        growth = primary(results, spec_id="growth", period=period)
        assert (growth.estimate, growth.controls_id) == (
            pytest.approx(2, abs=0.15),
            "start",
        )
        assert level.warning.startswith("PROXY") == (period == "A")
    assert {e.hypothesis for e in rows(results, term="sez")} == {""}
    same = {
        "spec_id": "level",
        "period": "B",
        "term": "cluster",
        "contrast": "",
    }
    values = [
        row(results, treatment_def=name, estimator="ols", **same).estimate
        for name in ("main", "other")
    ]
    assert row(results, effect_type="stat_range_low", **same).estimate == min(values)
    assert row(results, effect_type="stat_range_high", **same).estimate == max(values)
    agree = row(results, effect_type="stat_range_sign", **same)
    assert (agree.estimate, agree.n_obs) == (1.0 + (values[1] > 0), 2)


def test_planted_premiums_of_a_span_another_scheme_and_sample_decide_with_all_inference():
    results = estimate(spans())
    same = {
        "spec_id": "own",
        "treatment_def": "main",
        "contrast": "cluster - sez",
        "estimator": "ols",
    }
    for period, sez in (("A", 4.0), ("B", 2.5), ("AB", 1.0)):
        for scheme, more in (("s", 0.0), ("was", 1.0)):
            for sample in ("all", "most"):
                result = row(
                    results,
                    period=period,
                    unit_scheme=scheme,
                    sample_id=sample,
                    effect_type="coef",
                    **same,
                )
                close(result.estimate, 2 + more - sez, atol=0.15)
                main = period == "AB" and (scheme, sample) == ("s", "all")
                assert (result.role == "primary") == main
    span = from_yaml("""
        period: AB
        unit_scheme: s
        sample_id: all
        treatment_def: main
        effect_type: coef
        """)
    for term in (
        {"term": "cluster", "contrast": ""},
        {"term": "sez"},
        {"contrast": "cluster - sez"},
    ):
        assert (
            row(
                results,
                estimator="ols_cr3",
                **span,
                **term,
            ).std_error
            > 0
        )
    other = rows(
        results,
        effect_type="coef",
        estimator="ols",
        treatment_def="other",
    )
    assert len(other) == 3 * 2 * 2 * 3
    assert {e.role for e in other} == {"robustness", "exploratory"}


def test_the_pooled_estimate_is_closed_for_two_periods():
    results = estimate(spans())
    same = {"treatment_def": "main", "unit_scheme": "s", "sample_id": "all"}
    for contrast in ("", "cluster - sez"):
        one = {
            **same,
            "term": "cluster",
            "contrast": contrast,
            "effect_type": "coef",
        }
        parts = [
            row(
                results,
                period=name,
                estimator="ols",
                **one,
            )
            for name in ("A", "B")
        ]
        y, v = np.array(
            [(e.estimate, ((e.conf_high - e.conf_low) / 3.919928) ** 2) for e in parts]
        ).T
        tau2 = max(0.0, ((y[0] - y[1]) ** 2 - v.sum()) / 2)
        Q = (y[0] - y[1]) ** 2 / v.sum()
        w = 1 / (v + tau2)
        pooled = row(results, estimator="pooled", period="A+B", **one)
        close(pooled.estimate, w @ y / w.sum(), rtol=1e-4)
        close(pooled.std_error, w.sum() ** -0.5, rtol=1e-4)
        wider = row(results, estimator="pooled_t", period="A+B", **one)
        assert (wider.estimate, wider.std_error, wider.df) == (
            pooled.estimate,
            pooled.std_error,
            1.0,
        )
        label = {
            k: row(results, **{**one, "effect_type": f"stat_{k}"})
            for k in ("tau2", "i2", "q")
        }
        values = [label["tau2"].estimate, label["q"].estimate, label["i2"].estimate]
        close(values, [tau2, Q, max(0.0, 1 - 1 / Q)], rtol=1e-4)
        close(label["q"].p_value, chi2.sf(Q, 1), rtol=1e-5)
    assert {e.unit_scheme for e in rows(results, effect_type="stat_q")} == {"s", "was"}


def test_units_in_another_order_leave_all_but_the_draws():
    study = spans()
    turned = dict(zip(NAMES, reversed(NAMES), strict=True))
    built = [
        rows(estimate(s), effect_type="coef") for s in (study, study.renamed(turned))
    ]
    one, two = (
        {tuple(getattr(e, k) for k in ID_FIELDS): (e.estimate, e.std_error) for e in es}
        for es in built
    )
    assert one.keys() == two.keys()
    for key in one:
        assert one[key] == pytest.approx(two[key], rel=1e-8, nan_ok=True), key


def test_methods_that_a_specification_asks_for_are_those_of_its_rows_alone():
    results = estimate(premium(inference=["HC1", "CR3"]))
    asked = rows(results, spec_id="level", effect_type="coef", treatment_def="main")
    assert {(e.estimator, e.se_type) for e in asked} == {
        ("ols", "HC1"),
        ("ols_cr3", "CR3"),
    }
    others = rows(results, spec_id="growth", effect_type="coef", estimator="ols")
    assert "HC1" not in {e.se_type for e in others}
    results = estimate(wages(inference=["wild33"]))
    assert primary(results).p_type == "wild bootstrap 33, rademacher"
    # The same regression with year effects of each group is no row that was asked for.
    assert row(results, spec_id="stock_group_years").p_type == "t(G* - 1)"


def test_a_planted_dose_is_found_per_standard_deviation_whatever_its_scale():
    results = estimate(doses())
    lq = doses().table("clusters")["value"]
    for period in ("A", "B"):
        one = {
            "period": period,
            "role": "primary",
            "effect_type": "coef",
            "estimator": "ols",
        }
        quotient, per_head = (
            row(results, term=name, **one) for name in ("quotient", "per_head")
        )
        close(quotient.estimate, 0.5 * lq.std(), atol=0.15)
        assert per_head.estimate > 0
        assert (quotient.treatment_def, quotient.n_treated) == ("lq", N)
    assert {e.term for e in rows(results, effect_type="coef", estimator="pooled")} == {
        "quotient",
        "per_head",
    }
    again = estimate(doses(10.0))
    for kind in ("ols", "pooled"):
        one, ten = (
            [e.estimate for e in rows(r, effect_type="coef", estimator=kind)]
            for r in (results, again)
        )
        close(one, ten, rtol=1e-9)
    study = doses()
    study.described["merged"] = {"u01": ["u01", "u02"]}
    left = estimate(study).fit["left_out"]
    assert [item["part"] for item in left] == ["quotient, s, A", "quotient, s, B"]
    assert "merged" in left[0]["reason"]


def test_an_empty_cell_of_a_dated_list_gives_a_row_with_a_warning():
    study = spans()
    cells = study.tables["cells"]
    cells.loc[cells["period"].eq("A"), "sez"] = 0
    results = estimate(study)
    same = {
        "unit_scheme": "s",
        "sample_id": "all",
        "treatment_def": "main",
        "effect_type": "coef",
    }
    for which in ({"term": "sez"}, {"contrast": "cluster - sez"}):
        empty = row(
            results,
            period="A",
            estimator="ols",
            **same,
            **which,
        )
        assert np.isnan(empty.estimate)
        assert "not defined: sez does not vary" in empty.warning
        pooled = row(results, estimator="pooled", **same, **which)
        assert (
            pooled.warning
            == "without A: no interval; not defined: 1 of 2 periods have an interval"
        )
    assert np.isfinite(
        row(
            results, period="A", term="cluster", contrast="", estimator="ols", **same
        ).estimate
    )


def test_planted_intensities_pass_the_joint_test():
    study = intensity()
    results = estimate(study)
    z = (
        np.log(study.table("panel").query("year < 2000").set_index("unit")["f"])
        .groupby("unit")
        .mean()
    )
    foreign = primary(results, outcome="foreign")
    close(foreign.estimate, 2.0 / z.std(), atol=0.2)
    joint = row(results, effect_type="stat_joint")
    close(joint.p_value, 1 / 200)
    assert joint.estimate > 0
    assert row(results, effect_type="stat_right_signs").estimate == 2
    wrong = estimate(intensity({"id": "less", "outcome": "log(k)", "sign": -1}))
    assert (
        row(wrong, effect_type="stat_right_signs").warning
        == "2 of 3 outcomes have the predicted sign"
    )
    constant = row(
        estimate(intensity({"id": "y", "outcome": "y"})), outcome="y", **MAIN
    )
    assert constant.warning == "not defined: the outcome is constant"


def test_a_planted_fall_is_the_change_of_the_premium_or_its_slope():
    results = estimate(fading())
    change = primary(results, spec_id="foreign")
    levels = [
        row(results, spec_id="foreign", period=name).estimate for name in ("A", "B")
    ]
    close(change.estimate, levels[1] - levels[0], atol=CLOSED_FORM)
    close(change.estimate, -1.0, atol=0.1)
    assert change.p_value < 0.05
    assert (change.sesoi, change.output_basis) == (pytest.approx(levels[0] / 2), "")
    assert primary(results, spec_id="growth").output_basis == "spliced"
    three = [
        {**PERIODS[0], "period": name, "basis": "official"} for name in ("A", "B", "C")
    ]
    change = primary(estimate(fading(three)), spec_id="growth")
    close(change.estimate, -1.5, atol=0.05)
    close(change.sesoi, 0.5 * 4.4 / 2, atol=0.4)
    assert (change.output_basis, change.n_periods, change.unit_of_measure) == (
        "official",
        3,
        "pp/yr per period",
    )


def test_the_quotient_falls_and_ends_where_its_parts_say():
    study = fading()
    results = estimate(study)
    assert primary(results, spec_id="quotient").conf_high < 0
    end = row(
        results,
        spec_id="quotient",
        role="primary",
        effect_type="stat_end_level",
    )
    last = study.table("panel").query("year >= 2006")
    zones = (
        last[last["unit"].isin(np.array(NAMES)[SEZ])].groupby("year")[["f", "y"]].sum()
    )
    shares = zones / last.groupby("year")[["f", "y"]].sum()
    close(end.estimate, (shares["f"] / shares["y"]).mean())
    assert row(results, estimator="group_series").estimate < 0
    series = results.series["quotients"].query("group == 'sez' and year >= 2006")
    close(series["quotient"].mean(), end.estimate)


def test_units_and_years_without_figures_are_left_out_and_named():
    study = fading()
    study.tables["panel"].loc[study.tables["panel"]["unit"].eq("u29"), "f"] = np.nan
    results = estimate(study)
    change = primary(results, spec_id="foreign")
    assert (change.n_units, change.warning) == (29, "without u29, no figures")
    assert row(results, role="primary", effect_type="stat_end_level").n_units == 29
    study = intensity()
    panel = study.tables["panel"]
    panel.loc[panel["unit"].eq("u03") & panel["year"].lt(1993), "k"] = np.nan
    capital = primary(estimate(study), outcome="capital")
    assert capital.period == "1993-1999"
    assert "7 of 10 years have figures of every unit (1993 to 1999)" in capital.warning
    study = balance()
    study.tables["panel"].loc[study.tables["panel"]["unit"].eq("u29"), "rural"] = np.nan
    gaps = rows(estimate(study), role="primary", effect_type="coef")
    assert {e.n_units for e in gaps} == {N - 1}
    assert all("left out, no figures: u29" in e.warning for e in gaps)


def test_the_planted_gap_is_found_in_each_window_also_with_its_start_held_fixed():
    results = estimate(balance())
    for window, years in (("1990-2000", 10), ("2001-2010", 9)):
        gap = primary(results, period=window)
        close(gap.estimate, -3.0, atol=0.4)
        assert gap.conf_high < 0
        close(gap.sesoi, 100 * np.log(1.05) / years)
        same = {
            "period": window,
            "contrast": "cluster - sez",
            "estimator": "long_difference",
            **MAIN,
        }
        urban, rural = (
            row(results, outcome=f"{name}_growth", **same).estimate
            for name in ("urban", "rural")
        )
        close(urban - rural, gap.estimate)
    other = rows(results, treatment_def="other", estimator="long_difference")
    assert [e.role for e in other] == ["robustness"] * 2
    first = results.series["gaps"].query("cell == 'both' and year == 1990").iloc[0]
    assert (first["n_units"], first["ratio"]) == (3, pytest.approx(np.exp(0.9)))
    assert set(results.series["gaps"]["window"]) == {"1990-2000", "2001-2010"}
    results = estimate(balance(given=["gap_start", "coastal"]))
    assert primary(results, period="2001-2010").controls_id == "gap_start + coastal"
    same = primary(results, period="1990-2000")
    assert "does not vary or is collinear" in same.warning


def test_changes_of_a_window_are_least_squares_on_growth_per_year_between_its_ends():
    study = balance()
    results = estimate(study)
    panel = study.table("panel").pivot(index="unit", columns="year")
    gap = np.log(panel["urban"] / panel["rural"])
    X = np.column_stack([np.ones(N), CLUSTER, SEZ])
    for start, end in ((1990, 2000), (2001, 2010)):
        yearly = 100 * (gap[end] - gap[start]) / (end - start)
        beta = fit_ols(yearly, X).beta
        result = primary(results, period=f"{start}-{end}")
        close(result.estimate, beta[1] - beta[2])
        one = {"period": f"{start}-{end}", "contrast": "", **MAIN}
        close(row(results, term="cluster", **one).estimate, beta[1])
        level = gap.loc[:, start:end].mean(axis=1)
        beta = fit_ols(level, X).beta
        result = row(results, outcome="gap_level", period=f"{start}-{end}", **MAIN)
        close(result.estimate, beta[1] - beta[2])


def test_the_planted_jump_is_found_and_marked_descriptive():
    study = programme()
    results = estimate(study)
    jump = primary(results)
    wide = study.wide("growth_pct")
    change = (
        wide.loc[:, 2000:].mean(axis=1) - wide.loc[:, 1991:1998].mean(axis=1)
    ).to_numpy()
    close(jump.estimate, change[WEST].mean() - change[~WEST].mean())
    close(jump.estimate, 2.0, atol=0.5)
    assert (jump.output_basis, jump.n_treated, jump.term) == ("spliced", 12, "go")
    assert "DESCRIPTIVE" in jump.warning
    placebo = row(results, role="placebo")
    assert (placebo.estimator, placebo.output_basis) == ("did_placebo_1995", "proxy")
    assert abs(placebo.estimate) < 1
    after = row(results, role="mechanism")
    assert after.output_basis == "official"
    assert "DESCRIPTIVE" not in after.warning
    assert row(results, estimator="did_exposure").hypothesis == "L52"
    border = row(results, estimator="border_pairs")
    close(border.estimate, np.mean(change[18:24] - change[12:18]))
    assert (border.n_obs, border.n_treated, border.df) == (6, 6, 5)
    assert 0 < row(results, estimator="border_pairs_permutation").p_value <= 1


def test_planted_elasticities_and_labour_costs_are_found():
    study = wages()
    results = estimate(study)
    main = primary(results)
    close(main.estimate, 1.0, atol=0.1)
    assert main.conf_low > 0
    assert (main.p_type, main.n_obs, main.df) == (
        "t(G* - 1)",
        N * 20,
        pytest.approx(main.g_star - 1),
    )
    close(
        main.mde,
        (t_quantile(0.975, main.df) + t_quantile(0.8, np.inf)) * main.std_error,
    )
    close(row(results, spec_id="stock_group_years").estimate, 1.0, atol=0.15)
    close(row(results, estimator="panel_fe_slopes").estimate, 1.0, atol=0.2)
    beside = rows(results, role="ladder")
    assert {e.estimator for e in beside} == {
        f"panel_fe_{name}" for name in ("wcr33", "driscoll_kraay", "slopes")
    }
    assert all(e.p_value < 0.05 for e in beside)
    panel = study.table("panel")
    logs = {
        name: np.log(panel.pivot(index="unit", columns="year", values=name).to_numpy())
        for name in ("w", "f")
    }
    w = logs["w"][:, :-1]
    y = logs["f"][:, 1:]
    dates = np.broadcast_to(np.eye(20)[:, 1:], (N, 20, 19))
    X = np.concatenate(
        [np.stack([w, w * CLUSTER[:, None], w * SEZ[:, None]], axis=2), dates], axis=2
    )
    X = X - X.mean(axis=1, keepdims=True)
    y = y - y.mean(axis=1, keepdims=True)
    fit = fit_ols(y.ravel(), X.reshape(N * 20, -1))
    c = np.eye(22)[1] - np.eye(22)[2]
    V = cov_cr3(fit, np.repeat(np.arange(N), 20))
    close(
        (main.estimate, main.std_error), (c @ fit.beta, np.sqrt(c @ V @ c)), rtol=1e-7
    )
    names = ("unit_labour_cost", "wage", "productivity")
    cost, wage, built = (
        row(results, outcome=f"{name}_growth", **MAIN).estimate for name in names
    )
    close(cost, wage - built)
    close(built, -3.0, atol=0.5)


@pytest.mark.parametrize(
    ("built", "table", "change", "part", "reason"),
    [
        (
            fading,
            "panel",
            lambda t: t,
            "absent",
            "panel.csv has no column marketisation",
        ),
        (
            intensity,
            "panel",
            lambda t: t.assign(k=np.nan),
            "capital",
            "column k is blank",
        ),
        (
            balance,
            "panel",
            lambda t: t.drop(columns="rural"),
            "gap",
            "panel.csv has no column rural",
        ),
        (programme, "programmes", lambda t: t.iloc[:0], "west", "no programme go"),
        (
            programme,
            "programmes",
            lambda t: t.replace("u29", "zz"),
            "west",
            "1 unit of go outside the panel",
        ),
        (
            programme,
            "panel",
            lambda t: t[t["year"] < 2000],
            "west",
            "no growth in 2000-2010",
        ),
        (
            wages,
            "panel",
            lambda t: t.drop(columns="f"),
            "stock",
            "panel.csv has no column f",
        ),
        (
            wages,
            "panel",
            lambda t: t.assign(f=t["f"].where(t["year"] != 2000, 0)),
            "stock",
            "f has zeros",
        ),
    ],
)
def test_what_the_data_cannot_carry_is_said(built, table, change, part, reason):
    study = built()
    study.tables[table] = change(study.tables[table])
    left_out = [
        item for item in estimate(study).fit["left_out"] if item["part"] == part
    ]
    assert len(left_out) == 1
    assert reason in left_out[0]["reason"]


def test_few_units_in_a_group_have_no_interval():
    study = fading()
    study.tables["cells"]["sez"] = (
        study.tables["cells"]["unit"].isin(NAMES[3:6]).astype(int)
    )
    results = estimate(study)
    end = row(results, role="primary", effect_type="stat_end_level")
    assert np.isnan(end.p_value)
    assert "fewer than 4" in end.warning
    trend = primary(results, spec_id="quotient")
    assert trend.p_type.startswith("free permutation")
    assert np.isnan(trend.conf_low)
    for clusters, text in (
        (2, "fewer than 4 units"),
        (0, "does not vary or is collinear"),
    ):
        study = wages()
        study.tables["cells"]["cluster"] = (
            study.tables["cells"]["unit"].isin(NAMES[:clusters]).astype(int)
        )
        few = primary(estimate(study))
        assert np.isnan(few.p_value)
        assert text in few.warning


@pytest.mark.parametrize(
    ("built", "changes", "text"),
    [
        (premium, {"compare": ["zone"]}, "estimates.group_contrasts.premium.0.compare"),
        (premium, {"outcome": "income +"}, "is not an expression"),
        (balance, {"windows": [[2000, 1990]]}, "ends too early or overlaps"),
        (
            balance,
            {"windows": [[1990, 2000], [1999, 2010]]},
            "ends too early or overlaps",
        ),
        (balance, {"given": ["altitude"]}, "altitude"),
        (programme, {"spans": [[1991, 2000], [2000, 2010]]}, "are not in order"),
        (wages, {"years": [2009, 1990]}, "ends before it begins"),
    ],
)
def test_bad_input_is_refused_in_one_line(built, changes, text):
    with one_line(EvenfieldError, text):
        estimate(built(**changes))


def test_the_trend_of_a_groups_quotient_is_per_decade_with_fixed_b_errors():
    study = fading()
    results = estimate(study)
    years = YEARS[YEARS >= 1992]  # the first year of quotients
    panel = study.table("panel").query("year >= 1992")
    panel = panel.pivot(index="unit", columns="year")
    shares = {name: panel[name] / panel[name].sum() for name in ("f", "y")}
    group = [shares[name][SEZ].sum().to_numpy() for name in ("f", "y")]
    logs = np.log(group[0] / group[1])
    X = np.column_stack([(years - years.mean()) / 10, np.ones(len(years))])
    fit = fit_ols(logs, X)
    result = row(results, estimator="group_series")
    close(result.estimate, fit.beta[0])
    lags = default_lags(len(years))
    test = driscoll_kraay_inference(fit, np.array([1.0, 0.0]), years, lags)
    close(
        (result.std_error, result.conf_low, result.p_value),
        (test.std_error, test.conf_low, test.p_value),
    )
    assert result.p_type == f"fixed-b, b = {lags + 1}/{len(years)}"
    own = np.log(shares["f"] / shares["y"]).to_numpy()
    slopes = np.polyfit(years / 10, own.T, 1)[0]
    labels = np.column_stack([SEZ, np.ones(N)])
    trend = primary(results, spec_id="quotient")
    close(trend.estimate, fit_ols(slopes, labels).beta[0])
    close(trend.sesoi, -np.log(1 - 0.25) / 1.8)


def test_leaving_a_member_out_bounds_the_quotient_at_the_end():
    study = fading()
    results = estimate(study)
    panel = study.table("panel").pivot(index="unit", columns="year")
    last = YEARS[-5:]
    members = np.array(NAMES)[SEZ]
    values = {}
    for unit in members:
        retained = [name for name in members if name != unit]
        quotient = (panel["f"].loc[retained].sum() / panel["f"].sum()) / (
            panel["y"].loc[retained].sum() / panel["y"].sum()
        )
        values[unit] = quotient[last].mean()
    for effect, pick in (("stat_low", min), ("stat_high", max)):
        result = row(results, effect_type=effect, outcome="quotient_end")
        unit = pick(values, key=values.get)
        close(result.estimate, values[unit])
        assert (result.max_leverage_unit, result.n_units) == (unit, N - 1)


def test_pooled_tests_take_normal_and_t_quantiles():
    results = estimate(spans())
    one = from_yaml("""
        treatment_def: main
        unit_scheme: s
        sample_id: all
        term: cluster
        contrast: cluster - sez
        effect_type: coef
        period: A+B
        """)
    plain = row(results, estimator="pooled", **one)
    half = norm.ppf(0.975) * plain.std_error
    close(
        (plain.conf_low, plain.conf_high),
        (plain.estimate - half, plain.estimate + half),
    )
    close(plain.p_value, 2 * norm.sf(abs(plain.estimate) / plain.std_error))
    close(plain.mde, half + norm.ppf(0.8) * plain.std_error)
    wide = row(results, estimator="pooled_t", **one)
    half = student.ppf(0.975, 1) * wide.std_error
    close((wide.conf_low, wide.conf_high), (wide.estimate - half, wide.estimate + half))
    close(wide.p_value, 2 * student.sf(abs(wide.estimate) / wide.std_error, 1))
    assert (plain.n_obs, plain.n_units, plain.n_periods) == (2 * N, N, 2)


@pytest.mark.parametrize(("more", "has_error"), [(0, True), (1, False)])
def test_as_many_treated_units_as_needed_have_a_standard_error(
    more, has_error, monkeypatch
):
    study = wages()
    treated = primary(estimate(study)).n_treated
    monkeypatch.setattr(estimate_wages, "FEWEST_TREATED", treated + more)
    error = primary(estimate(study)).std_error
    assert np.isfinite(error) == has_error

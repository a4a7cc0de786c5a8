"""Made facts for every sentence of the sections: what was found, its opposite and what
cannot be told, by topic and case.
"""

from copy import deepcopy

import numpy as np
import pandas as pd

from evenfield.shared.estimates import ESTIMATE_COLUMNS, TEXT_FIELDS
from evenfield.shared.study_results import StudyResults
from evenfield.study.config import checked_config
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
CHECKED = checked_config(CONFIG)


class MadeResults(StudyResults):
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


# Incomes of all units in two years, in the same proportions.
PANEL = {
    "panel": pd.DataFrame(
        [
            {"unit": unit, "year": year, "income": float(number)}
            for year in (2000, 2010)
            for number, unit in enumerate(UNITS, 1)
        ]
    )
}


def with_ends(estimate, low, high, **fields):
    return {**fields, "estimate": estimate, "conf_low": low, "conf_high": high}


ABOVE = (2.0, 1.0, 3.0)
BELOW = (-2.0, -3.0, -1.0)
OPEN = (0.5, -1.0, 2.0)
UNTESTED = (0.5, np.nan, np.nan)
ENDS = {"above": ABOVE, "below": BELOW, "open": OPEN, "untested": UNTESTED}


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
    return MadeResults("beta", rows, {"series": series})


def course(*sides):
    """Facts of periods that follow one another, each with the side of its interval."""
    rows = [speed(ABOVE)]
    results = convergence(ABOVE)
    results.config = deepcopy(results.config)
    span = results.config.periods["P1"]
    for number, side in enumerate(sides):
        start = 1940 + 20 * number
        rows.append(speed(ENDS[side], period=f"P{number + 1}"))
        results.config.periods[f"P{number + 1}"] = span.model_copy(
            update={"start": start, "end": start + 20, "label": f"{start}-{start + 20}"}
        )
    results._rows = frame_of(rows)
    return results


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
    return MadeResults("sigma", rows, {"series": pd.DataFrame(series)})


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
    return MadeResults("clubs", rows, {"series": series.assign(spec_id="plain")})


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
    return MadeResults("inequality", rows, **spec)


def of_people_and_units():
    """Facts of two specifications that weigh units otherwise."""
    made = inequality(BELOW, weighting="population")
    spec = made.primary()
    made.config["estimates"]["inequality"].append(
        {**spec, "id": "alike", "weighting": "unweighted", "role": ""}
    )
    other = inequality(BELOW, p=0.06).estimates()
    other = other.assign(spec_id="alike", estimate=other["estimate"] / 2)
    made._rows = pd.concat([made._rows, other])
    return made


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
    return MadeResults("moran", rows, {"series": series.assign(spec_id="plain")})


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
    dated = {"spec_id": "plain", "unit": UNITS[:3], "first_year": [2004, 2004, 2007]}
    return MadeResults("event_study", rows, {"series": pd.DataFrame(dated)})


def sure_policies():
    """Facts of sure dates that decide, with a control held by year."""
    results = policies(ABOVE, sure=BELOW)
    config = deepcopy(CHECKED)
    section = config["estimates"]["event_study"]
    section["deciding"] = "sure"
    section["controls"] = {"x": {"label": "log jobs of 2000", "column": "x"}}
    section["specs"][0]["controls"] = ["x"]
    results.config = StudyResults(config).config
    return results


def nearby(near, own=OPEN, *, one=False, size=0.5):
    """Facts of the difference near two lists, or near the one there is."""
    names = ["park"] if one else ["park", "port"]
    rows = []
    for kind, ends in (("near", near), ("own", own)):
        terms = [f"{kind}_{name}" for name in names]
        labels = {"term": terms[0], "contrast": "" if one else " - ".join(terms)}
        rows.append(with_ends(*ends, estimator="ols", sesoi=size, **labels))
    results = MadeResults("nearby", rows)
    if one:
        results.config = deepcopy(results.config)
        spec = results.config.estimates["nearby"]["specs"][0]
        spec |= {"lists": names, "within": ""}
    return results


def distribution(p, **spec):
    chain = {"estimator": "markov", "contrast": "1 years"}
    shares = {"p_1_1": 0.91, "p_2_2": 0.8, "ergodic_1": 0.6, "ergodic_2": 0.4}
    rows = [{**chain, "term": term, "estimate": x} for term, x in shares.items()]
    rows += [
        {"estimator": "silverman", "contrast": year, "estimate": 0.2, "p_value": p}
        for year in ("2000", "2010")
    ]
    return MadeResults("distribution", rows, PANEL, {"plain": {"classes": 2}}, **spec)


def pulled(**spec):
    """Facts of a mean that one unit pulls away from the middle."""
    results = distribution(0.6, **spec)
    panel = PANEL["panel"].copy()
    last = panel["year"].eq(2010) & panel["unit"].eq(UNITS[-1])
    results._tables["panel"] = panel.assign(income=panel["income"].mask(last, 200.0))
    return results


def five_years():
    chain = {"estimator": "markov", "contrast": "5 years"}
    shares = {"p_1_1": 0.91, "p_2_2": 0.8}
    rows = [{**chain, "term": term, "estimate": x} for term, x in shares.items()]
    fit = {"plain": {"classes": 2}}
    return MadeResults("distribution", rows, PANEL, fit, steps=[5])


def moved(last):
    incomes = {2000: [1.0, 2.0, 3.0, 4.0], 2010: last}
    rows = [
        {"unit": unit, "year": year, "income": income}
        for year, values in incomes.items()
        for unit, income in zip(UNITS, values, strict=False)
    ]
    return MadeResults("movers", tables={"panel": pd.DataFrame(rows)})


def premium(ends, members=5, warning=""):
    own = {"family": "premium", "treatment_def": "own", "effect_type": "coef"}
    own |= {"term": "cluster", "n_treated": members, "warning": warning}
    rows = [
        with_ends(*ends, **own, estimator="ols", se_type="SCPC"),
        with_ends(*ends, **own, estimator="ols_cr2", se_type="CR2"),
        *(
            {**own, "estimator": f"ols_permutation{kind}", "estimate": ends[0]}
            | {"p_value": 0.04}
            for kind in ("", "_connected", "_stratified", "_exact")
        ),
        with_ends(*ends, **own, estimator="ols", contrast="cluster - sez"),
    ]
    return MadeResults("group_contrasts", rows)


def later_zones():
    """Facts of a group that no unit was in when the longest period began."""
    own = {"family": "premium", "treatment_def": "own", "effect_type": "coef"}
    own |= {"term": "sez", "n_treated": 5, "estimator": "ols", "se_type": "SCPC"}
    rows = [
        {**own, "period": "S1", "warning": "not defined: sez does not vary"},
        with_ends(*ABOVE, **own, period="P1"),
    ]
    return MadeResults("group_contrasts", rows)


def spill(ends):
    row = {"estimator": "slx", "term": "exposure_cluster"}
    both = {**row, "contrast": "exposure_cluster - exposure_sez"}
    zones = {**row, "term": "exposure_sez", "sample_id": ""}
    rows = [with_ends(*ends, **one) for one in (row, both, zones)]
    others = [
        {**rows[0], column: "another", "estimate": 9.0}
        for column in ("spec_id", "estimator", "sample_id")
    ]
    shorter = [{**row, "period": "P1", "estimate": 9.0} for row in rows]
    return MadeResults("exposure", [*others, *shorter, *rows])


def within(ends):
    rows = [with_ends(*ends, estimator="bc_fe", effect_type="lambda")]
    return MadeResults("dynamic_panel", rows)


def spatial(ends, estimator="sdm", weights="contiguity"):
    shared = {"estimator": estimator, "term": "roads", "outcome": "log_income"}
    shared |= {"w_id": weights, "unit_of_measure": "log points"}
    rows = [
        with_ends(*ABOVE, **shared, effect_type="direct"),
        with_ends(*ends, **shared, effect_type="indirect"),
    ]
    total = {**rows[0], "effect_type": "total", "term": "sea"}
    # Models and weights that come later when all are there.
    others = [{**row, "estimator": "sdem", "estimate": 9.0} for row in rows]
    others += [{**row, "w_id": "nearest", "estimate": 9.0} for row in rows]
    return MadeResults("spatial_panel", [total, *others, *rows])


def zones_by_number(ends, p):
    shared = {"estimator": "zone_dose_fe", "outcome": "log_income"}
    rows = [
        with_ends(*ends, **shared, term="dose", unit_of_measure="log points"),
        {**shared, "term": "dose_leads", "estimate": 2.0, "p_value": p},
    ]
    return MadeResults("zone_dose", rows)


def vintages(*ends):
    shared = {"estimator": "ols", "effect_type": "coef", "term": "cluster"}
    shared |= {"unit_of_measure": "pp/yr", "period": "2009-2019"}
    rows = [
        with_ends(*own, **shared, outcome=name)
        for own, name in zip(ends, ("old figures", "new figures"), strict=True)
    ]
    return MadeResults("vintages", rows)


def next_to_groups(ends):
    slope = with_ends(*ends, estimator="regime", effect_type="coef")
    term = "initial_x_exposure_cluster"
    contrast = f"{term} - initial_x_exposure_sez"
    rows = [{"term": "initial_income"}, {"term": term}]
    rows += [{"term": term, "contrast": contrast}, {"term": "initial_x_exposure_sez"}]
    rows = [{**slope, **row} for row in rows]
    others = [
        {**row, column: "another", "estimate": 9.0}
        for row in rows
        for column in ("spec_id", "estimator", "effect_type")
    ]
    shorter = [{**row, "period": "P1", "estimate": 9.0} for row in rows]
    return MadeResults("regime", [*others, *shorter, *rows])


def holdings(ends, p):
    shared = {"outcome": "log_income", "controls_id": "skill", "period": "2000-2010"}
    shared |= {"treatment_def": "trade", "w_id": "contiguity", "fe_id": "unit+year"}
    main = with_ends(*ends, **shared, estimator="linkage_fe")
    term = {"term": "neighbours_x_moderator"}
    placebo = {"estimator": "linkage_fe_placebo_before", "p_value": p}
    placebo |= {"period": "1990-1998", "estimate": 1.0}
    rows = [main | {"term": "neighbours"}, main | term, main | term | placebo]
    rows += [main | term | {"spec_id": "far", "period": "2005-2010"}]
    return MadeResults("linkages", rows)


def clusters_on_a_map(ends, p, value):
    shared = {"outcome": "cluster", "treatment_def": "own", "n_treated": 1}
    # A share has an interval in any case.
    share = np.array(OPEN if ends == UNTESTED else ends) / 10
    rows = [
        with_ends(*share, **shared, estimator="fisher_exact"),
        with_ends(*ends, **shared, estimator="latitude_permutation"),
        {**shared, "estimator": "moran", "estimate": value, "p_value": p},
    ]
    return MadeResults("gradient", rows)


def single_case(ends, warning, early):
    shared = {"effect_type": "coef", "unit_of_measure": "log points"}
    shared |= {"outcome": "log_income"}
    rows = [
        with_ends(*np.array(ends) / 10, **shared, estimator="synthetic_control")
        | {"warning": warning},
        with_ends(*early, **shared, estimator="synthetic_control_in_time"),
    ]
    return MadeResults("synthetic_control", rows)


def curve(p):
    shared = {"estimator": "specification_curve", "period": "all", "n_obs": 1}
    rows = [
        {**shared, "effect_type": "median", "estimate": -0.5, "p_value": p},
        {**shared, "effect_type": "share", "estimate": 0.9},
    ]
    return MadeResults("specification_curve", rows)


def curve_of(**keys):
    results = curve(0.01)
    results.config = deepcopy(results.config)
    spec = results.config.estimates["specification_curve"]["curves"][0]
    spec |= keys
    return results


def visible_design():
    row = {"estimator": "mde_scpc_03", "unit_of_measure": "pp/yr", "w_id": "contiguity"}
    row |= {"treatment_def": "own"}
    asked = [
        ("alone", "own_cluster", ""),
        ("alone", "own_sez", ""),
        ("joint", "own_cluster", "own_cluster - own_sez"),
        ("exposures", "exposure_cluster", ""),
        ("exposures", "exposure_sez", ""),
        ("exposures", "exposure_cluster", "exposure_cluster - exposure_sez"),
    ]
    names = ("spec_id", "term", "contrast")
    rows = [
        {**row, **dict(zip(names, one, strict=True)), "estimate": 2.5 + number}
        for number, one in enumerate(asked)
    ]
    others = [
        {**rows[0], column: "another", "estimate": 9.0}
        for column in ("estimator", "unit_of_measure", "w_id", "treatment_def")
    ]
    shorter = [{**row, "period": "P1", "estimate": 9.0} for row in rows]
    return MadeResults("design", [*others, *shorter, *rows])


def four_cells(gain, p):
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
    return MadeResults("taxonomies", rows)


def group_paths(members, followed=()):
    """Paths of the units without a label, of whom some leave, and, where they are
    followed, of those who never have one.
    """
    path = {"kind": "path", "unit_scheme": "all", "cell": "neither"}
    path |= {"variable": "relative_log_income", "year": [2000, 2010]}
    row = {"outcome": "growth_pct_per_year", "term": "neither"}
    parts = []
    rows = []
    for name, count in {"own": members, "own+undated": followed}.items():
        if count:
            own = {**path, "taxonomy": name, "n_units": count}
            parts.append(pd.DataFrame({**own, "mean": [-0.1 * len(name) / 3, 0.2]}))
            rows.append({**row, "treatment_def": name, "estimate": len(name) - 1.0})
    series = pd.concat(parts, ignore_index=True)
    return MadeResults("relative_income", rows, {"series": series})


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
    return MadeResults("rolling", rows, {"series": series})


def labels():
    cells = ["both", *["neither"] * (len(UNITS) - 1)]
    frame = pd.DataFrame({"unit": UNITS, "cell": cells})
    table = frame.assign(taxonomy="own", period="P1", sez=frame["cell"].eq("both") * 1)
    # By the end of the period two more units have a zone.
    yearly = pd.DataFrame({"unit": UNITS, "sez": [1, 1, 1, *[0] * (len(UNITS) - 3)]})
    yearly = yearly.assign(taxonomy="own", year=2005)
    return MadeResults("groups", tables={"cells": table, "yearly_cells": yearly})


def by_ends(make, *more):
    return {name: make(ends, *more) for name, ends in ENDS.items()}


NO_CLUBS = [{"term": "clubs", "warning": "not defined: all units are alike"}]
BLIND = "not defined: fewer than two members"
CASES = {
    "beta": {
        **by_ends(convergence),
        "one year": convergence(ABOVE, 1.0),
        "no half-life": convergence(BELOW, np.nan),
        "closed, then open": course("above", "above", "open"),
        "closed, then widened": course("above", "below"),
        "open, then closed": course("open", "above"),
        "widened, then closed": course("below", "above"),
        "closed in between": course("open", "above", "open"),
    },
    "clubs": {
        "two": clubs([7, 4], alone=1),
        "two that hang on choices": clubs([7, 4], alone=1, firm=0.2),
        "all in one": clubs([12], t=0.5),
        "one and others": clubs([10], alone=2),
        "none": clubs([], alone=12),
        "one unit, fails its test": clubs([11, 1], fails=(2,)),
        "nearly all, and one in none": clubs([11], alone=1),
        "nearly all, who fail": clubs([11, 1], fails=(1,)),
        "not computed": MadeResults("clubs", NO_CLUBS),
    },
    "design": {"all labels": visible_design()},
    "distribution": {
        "several peaks": distribution(0.01),
        "one peak": distribution(0.6),
        "classes of each year": distribution(0.01, classes="yearly"),
        "fixed classes": distribution(0.01, classes="fixed"),
        "five years": five_years(),
        "average pulled": pulled(),
        "average of all people": pulled(relative_to="population_mean"),
        "average of logarithms": pulled(relative_to="log_mean"),
        "unit in the middle": pulled(relative_to="median"),
    },
    "dynamic_panel": by_ends(within),
    "event_study": {
        **by_ends(policies),
        "sure dates agree": policies(ABOVE, sure=ABOVE),
        "bears other trends": policies(ABOVE, trends=1.31),
        "bears none": policies(BELOW, trends=0.0),
        "open with trends": policies(OPEN, trends=0.0),
        "moved before": policies(BELOW, p=0.001, sure=OPEN, near=OPEN),
        "no leads": policies(OPEN, p=np.nan),
        "sure dates decide": sure_policies(),
    },
    "exposure": by_ends(spill),
    "gradient": {
        "above": clusters_on_a_map(ABOVE, 0.01, 0.5),
        "below": clusters_on_a_map(BELOW, 0.01, -0.5),
        "open": clusters_on_a_map(OPEN, 0.5, 0.1),
        "untested": clusters_on_a_map(UNTESTED, 0.5, 0.1),
        "nothing": MadeResults(
            "gradient", [{"outcome": "cluster", "treatment_def": "own"}]
        ),
    },
    "group_contrasts": {
        **by_ends(premium),
        "zones came later": later_zones(),
        "two members": premium(UNTESTED, members=2),
        "one member": premium(UNTESTED, members=1),
        "not defined": premium((np.nan,) * 3, members=1, warning=BLIND),
    },
    "groups": {"one has both": labels()},
    "inequality": {
        **by_ends(inequality),
        "people and units": of_people_and_units(),
        "by chance": inequality(ABOVE, p=0.6),
        "weighted": inequality(ABOVE, weighting="population"),
        "no groupings": inequality(OPEN, groupings=False),
    },
    "linkages": by_ends(holdings, 0.5)
    | {"moved before": holdings(BELOW, 0.01), "no placebo": holdings(OPEN, np.nan)},
    "moran": {
        "alike": neighbours(0.5, rich=1, poor=2, growth_p=0.001, adjusted=0.01),
        "alike, none stands out": neighbours(0.5),
        "by chance": neighbours(0.1),
        "alone alike": neighbours(0.1, growth_p=0.03, p=0.027, adjusted=0.085),
        "alone different": neighbours(-0.1, growth_p=0.03, p=0.027, adjusted=0.085),
        "ended": neighbours(0.1, first=0.5),
        "different": neighbours(-0.5),
    },
    "movers": {
        "both ways": moved([4.0, 2.5, 2.5, 1.0]),
        "nobody": moved([2.0, 4.0, 6.0, 8.0]),
    },
    "nearby": {
        **by_ends(nearby),
        "own differ": nearby(BELOW, ABOVE),
        "alike": nearby(OPEN, size=3.0),
        "one list": nearby(ABOVE, one=True),
        "one list below": nearby(BELOW, one=True),
        "one list open": nearby(OPEN, one=True),
        "one list alike": nearby(OPEN, one=True, size=3.0),
    },
    "regime": by_ends(next_to_groups),
    "relative_income": {
        "leave": group_paths([2, 1]),
        "stay": group_paths([2, 2]),
        "followed": group_paths([2, 1], [1, 1]),
    },
    "rolling": {
        "broke": speeds_over_time(BELOW, ABOVE, 0.01),
        "open": speeds_over_time(OPEN, ABOVE, 0.5),
    },
    "sigma": {
        "above": dispersion(ABOVE),
        "below": dispersion(BELOW, 0.2, 0.4),
        "open": dispersion(OPEN, 0.4, 0.39),
        "lowest between": dispersion(ABOVE, between=0.1),
    },
    "spatial_panel": by_ends(spatial)
    | {"lag": spatial(ABOVE, "sar"), "weights": spatial(ABOVE, "sdem", "nearest")},
    "specification_curve": {
        "of clusters": curve_of(kind="own", contrast="cluster", predicted="+"),
        "of both": curve_of(kind="regime", contrast="cluster - sez"),
        "turned": curve_of(contrast="sez - cluster"),
        "clear": curve(0.01),
        "by chance": curve(0.5),
        "of income": curve_of(outcomes=["relative_log_income"]),
    },
    "synthetic_control": {
        "above": single_case(ABOVE, "", OPEN),
        "poor fit": single_case(BELOW, "POOR FIT: the error", BELOW),
        "moved before": single_case(OPEN, "", ABOVE),
        "untested": single_case(UNTESTED, "", UNTESTED),
    },
    "taxonomies": {
        "clear": four_cells(0.2, 0.01),
        "by chance": four_cells(0.2, 0.5),
        "no better": four_cells(-0.2, 0.9),
    },
    "vintages": {
        "agree": vintages(ABOVE, (3.0, 2.0, 4.0)),
        "opposed": vintages(ABOVE, BELOW),
        "open": vintages(ABOVE, OPEN),
    },
    "zone_dose": by_ends(zones_by_number, 0.5) | {"early": zones_by_number(OPEN, 0.01)},
}

"""Which grouping of units describes growth best: two labels, four cells or a continuous plane (H14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.label_permutation import LabelDraws
from evenfield.numerics.prediction_error import (
    Predictor,
    leave_one_out_mse,
    prediction_gain,
    predictor,
    schwarz_criterion,
    schwarz_gain,
    upper_p_value,
)
from evenfield.shared.contrasts.contrasts import BASES
from evenfield.shared.contrasts.group_study import GroupStudy, complete
from evenfield.shared.contrasts.places import Places
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.taxonomies.estimate_spec import TaxonomiesSpec

GROWTH = "growth_pct_per_year"
NONE, DICHOTOMY, MIXED, PLANE = "no groups", "dichotomy", "four cells", "plane"
GAINS = {"loo_gain": (prediction_gain, "share"), "bic_gain": (schwarz_gain, "BIC points")}
SCORES = {"loo_mse": (leave_one_out_mse, "(pp/yr)^2"), "bic": (schwarz_criterion, "BIC points")}
NAMES = {"free": "", "stratified": "_stratified", "connected": "_connected"}


@dataclass(frozen=True)
class TaxonomiesResults:
    """Everything the family hands on."""

    estimates: list[Estimate]  # gains with their permutation p-values, and the scores of every model
    summary: dict[str, Any]  # models, scores, what is left out and why


def estimate_taxonomies(
    study: GroupStudy, periods: pd.DataFrame, clusters: pd.DataFrame, doses: pd.DataFrame, specs: list[TaxonomiesSpec]
) -> TaxonomiesResults:
    """Score groupings by prediction of units left out and by BIC, period by period.

    Notes
    -----
    Dichotomy: G_i = a + c C_i + s S_i + e_i. Four cells: the same plus d C_i S_i, which equals one mean a cell; with
    units in neither cell as the base it is also the three-way grouping (cluster only, SEZ only, both). Plane: a + c E_i
    + s X_i + d E_i X_i with a cluster measure E and a number of zones X. Labels are permuted by whole rows.
    """
    places = Places(study.units, study.links, study.settings.permutations, study.settings.seed, study.settings.level)
    rows: list[Estimate] = []
    left_out: list[dict[str, str]] = []
    for spec in specs:
        for item in [item for item in study.description["periods"] if item["role"] == "main"]:
            table, note = _growth(study, periods, spec, item["period"])
            for taxonomy in study.taxonomies if spec.role == "primary" else [study.taxonomy]:
                rows += _taxonomy_rows(study, places, spec, item, taxonomy, table, note)
            plane, reason = _plane(clusters, doses, spec, item, table)
            if reason:
                left_out.append({"part": f"{spec.id}, {item['period']}, plane", "reason": reason})
            else:
                rows += _plane_rows(study, places, spec, item, plane, note)
    return TaxonomiesResults(rows, _summary(left_out))


def _growth(
    study: GroupStudy, periods: pd.DataFrame, spec: TaxonomiesSpec, period: str
) -> tuple[pd.DataFrame, str]:  # fmt: skip
    found = periods[periods["period"].eq(period)].set_index("unit").sort_index()[[GROWTH]]
    return complete(study.without(found, spec.sample), [GROWTH])


def _taxonomy_rows(
    study: GroupStudy, places: Places, spec: TaxonomiesSpec, item: Any, taxonomy: str, table: pd.DataFrame, note: str
) -> list[Estimate]:
    groups = study.groups(taxonomy, item["start"]).reindex(table.index)
    C, S = groups["cluster"].to_numpy(float), groups["sez"].to_numpy(float)
    one = np.ones(len(C))
    models = {DICHOTOMY: np.column_stack([one, C, S]), MIXED: np.column_stack([one, C, S, C * S])}
    cells = groups["cell"].value_counts()
    sizes = ", ".join(f"{name} {cells[name]}" for name in sorted(cells.index))
    role = spec.role if taxonomy == study.taxonomy else "robustness"
    base = _row(study, spec, item, table, f"cells: {sizes}", note)
    base = replace(base, role=role, treatment_def=taxonomy, n_treated=int(cells.min()))
    return _compared(study, places, base, table, models, MIXED)


def _plane_rows(
    study: GroupStudy, places: Places, spec: TaxonomiesSpec, item: Any, plane: pd.DataFrame, note: str
) -> list[Estimate]:
    groups = study.groups(study.taxonomy, item["start"]).reindex(plane.index)
    one, E, X = np.ones(len(plane)), plane["endogenous"].to_numpy(float), plane["exogenous"].to_numpy(float)
    labels = groups[["cluster", "sez"]].to_numpy(float)
    models = {DICHOTOMY: np.column_stack([one, labels]), PLANE: np.column_stack([one, E, X, E * X])}
    base = replace(_row(study, spec, item, plane, "", note), role="exploratory", hypothesis="L47",
                   treatment_def=f"{spec.endogenous} x {spec.exogenous}", n_treated=len(plane))  # fmt: skip
    return _compared(study, places, base, plane, models, PLANE)


def _row(
    study: GroupStudy, spec: TaxonomiesSpec, item: Any, table: pd.DataFrame, sizes: str, note: str
) -> Estimate:  # fmt: skip
    warning = "; ".join(part for part in (note, BASES.get(item["basis"], ""), sizes) if part)
    return Estimate(
        hypothesis="H14", family="taxonomies", estimator="", spec_id=spec.id, outcome=GROWTH, term="",
        effect_type="stat", sample_id=spec.sample, unit_scheme=str(study.description["unit_scheme"]),
        period=str(item["period"]), estimate=NAN, n_obs=len(table), n_units=len(table), output_basis=item["basis"],
        seed=str(study.settings.seed), data_hash=str(study.description["data_hash"]), warning=warning,
    )  # fmt: skip


def _compared(
    study: GroupStudy, places: Places, base: Estimate, table: pd.DataFrame, models: dict[str, np.ndarray], large: str
) -> list[Estimate]:
    units, y = table.index.to_numpy(str), table[GROWTH].to_numpy(float)
    base = replace(base, term=large, contrast=f"{large} - {DICHOTOMY}")
    try:
        small, big = predictor(models[DICHOTOMY], units), predictor(models[large], units)
    except NumericsError as error:
        reason = "; ".join(part for part in (base.warning, f"not defined: {error}") if part)
        return [replace(base, estimator=name, unit_of_measure=unit, warning=reason)
                for name, (_, unit) in GAINS.items()]  # fmt: skip
    weight = np.eye(models[large].shape[1])[-1]
    base = replace(base, g_star=effective_clusters(models[large], units, weight))
    found = [row for name in GAINS for row in _gain_rows(base, name, y, units, models[large], small, big, places)]
    if base.treatment_def == study.taxonomy or large == PLANE:
        none = predictor(np.ones((len(y), 1)), units)
        shown = {large: big} if large == PLANE else {NONE: none, DICHOTOMY: small, large: big}
        found += list(_score_rows(base, y, shown))
    return found


def _gain_rows(
    base: Estimate, name: str, y: np.ndarray, units: np.ndarray, X: np.ndarray, small: Predictor, large: Predictor,
    places: Places,
) -> Iterable[Estimate]:  # fmt: skip
    gain, unit = GAINS[name]
    observed = float(gain(y, small, large))
    draws, reasons = _draws(base, units, X[:, 1], places)
    for scheme in NAMES if base.role == "primary" else ("free",):
        suffix = NAMES[scheme]
        role = "ladder" if suffix else base.role
        row = replace(base, estimator=f"{name}{suffix}", role=role, estimate=observed, unit_of_measure=unit)
        if scheme not in draws:
            yield replace(row, estimate=NAN, warning=f"not defined: {reasons.get(scheme, 'no such permutation')}")
            continue
        dealt = y[np.argsort(draws[scheme].source, axis=1)]
        p_type = f"{scheme} permutation of labels, one-sided, {len(dealt)} draws"
        yield replace(row, p_value=upper_p_value(observed, gain(dealt, small, large)), p_type=p_type)


def _draws(
    base: Estimate, units: np.ndarray, group: np.ndarray, places: Places
) -> tuple[Mapping[str, LabelDraws], Mapping[str, str]]:
    """Return all schemes where they are printed; elsewhere the same free draws for every grouping."""
    draw_id = f"{base.unit_scheme}:{base.sample_id}"
    if base.role == "primary":
        place = places.at(units, group, draw_id)
        return place.draws, place.reasons
    return {"free": places.free_draws(len(units), draw_id)}, {}


def _score_rows(base: Estimate, y: np.ndarray, models: dict[str, Predictor]) -> Iterable[Estimate]:
    for name, (score, unit) in SCORES.items():
        for term, model in models.items():
            yield replace(base, hypothesis="", role="exploratory", estimator=name, term=term, contrast="",
                          estimate=float(score(y, model)), unit_of_measure=unit, df=float(model.K))  # fmt: skip


def _plane(
    clusters: pd.DataFrame, doses: pd.DataFrame, spec: TaxonomiesSpec, item: Any, table: pd.DataFrame
) -> tuple[pd.DataFrame, str]:
    if not spec.endogenous or not spec.exogenous:
        return table, "no continuous measures named in the config"
    measure = clusters[clusters["measure"].eq(spec.endogenous)].set_index("unit")["value"]
    inside = doses["zone_type"].eq(spec.exogenous) & doses["year"].between(item["start"], item["end"])
    zones = doses[inside].groupby("unit")["zones"].mean()
    plane = table.assign(endogenous=measure.reindex(table.index), exogenous=zones.reindex(table.index))
    holes = plane.index[plane[["endogenous", "exogenous"]].isna().any(axis=1)]
    if len(holes):
        return plane, f"{len(holes)} units lack {spec.endogenous} or zones of type {spec.exogenous}"
    if plane["exogenous"].nunique() < 2 or plane["endogenous"].nunique() < 2:
        return plane, f"{spec.endogenous} or the number of zones of type {spec.exogenous} does not vary"
    return plane, ""


def _summary(left_out: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "models": {NONE: "a", DICHOTOMY: "a + c C + s S", MIXED: "a + c C + s S + d C S (the same as three dummies)",
                   PLANE: "a + c E + s X + d E X"},
        "loo_gain": "1 - MSE(four cells) / MSE(dichotomy), each unit predicted from the others",
        "bic_gain": "BIC(dichotomy) - BIC(four cells), N ln(RSS / N) + K ln N",
        "p_value": "share of permutations of whole label rows with a gain at least as large",
        "effective_n": "n_treated: smallest cell; g_star: effective number of units behind the product C S",
        "left_out": left_out,
    }  # fmt: skip

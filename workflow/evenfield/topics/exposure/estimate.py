"""Spillovers by group: growth on own and neighbours' clusters and zones, one cross-section per period (SLX)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.label_permutation import expected_regressors
from evenfield.numerics.ladder import AVERAGE_CORRELATIONS
from evenfield.numerics.ols import fit_ols
from evenfield.shared.contrasts.contrasts import ContrastSettings, rows_at
from evenfield.shared.contrasts.places import Places
from evenfield.shared.contrasts.prepared_contrasts import prepare_contrast
from evenfield.shared.estimates import Estimate
from evenfield.topics.exposure.estimate_contrasts import (
    ALL,
    DECIDING,
    EXPECTATIONS,
    OUTSIDERS,
    PeriodSection,
    asked,
    difference,
)
from evenfield.topics.exposure.estimate_data import ExposureData, exposed
from evenfield.topics.exposure.estimate_evidence import SIMULATED, evidence_rows
from evenfield.topics.exposure.estimate_ranges import ranges
from evenfield.topics.exposure.estimate_regimes import two_regime_rows
from evenfield.topics.exposure.estimate_spec import ExposureSpec, Interests

PATH_ESTIMATORS = ("slx", "equivalence")
PATH_COLUMNS = [
    "spec_id", "sample_id", "treatment_def", "w_id", "period", "label", "start_year", "end_year", "output_basis",
    "estimator", "effect_type", "term", "contrast", "estimate", "std_error", "conf_low", "conf_high", "conf_level",
    "p_value", "se_type", "sesoi", "mde", "unit_of_measure", "warning",
]  # fmt: skip
UNIT_COLUMNS = ["spec_id", "period", "unit", "regressor", "value", "expected"]
FIT_COLUMNS = ["growth", "fitted", "residual", "partial_leverage"]


@dataclass(frozen=True)
class ExposureResults:
    """Everything the exposure family hands on."""

    estimates: list[Estimate]  # deciding, ladder, evidence and robustness rows
    path: pd.DataFrame  # coefficients and equivalence by period with their intervals, ``PATH_COLUMNS``
    units: pd.DataFrame  # of the primary specification, by unit and period
    ranges: pd.DataFrame  # the difference over taxonomies and weights, ``RANGE_COLUMNS``
    summary: dict[str, Any]  # equation and conventions in words


def estimate_exposure(
    data: ExposureData, description: Mapping[str, Any], specs: list[ExposureSpec], interests: Interests,
    settings: ContrastSettings,
) -> ExposureResults:  # fmt: skip
    """Estimate every exposure specification in every period.

    Notes
    -----
    G_i = a + sum_k b_k R_ki + sum_k g_k (W R_k)_i + d y_i0 + e_i, one row per unit; g_k is the coefficient of the
    neighbours' average of regime k going from 0 to 1. Halleck Vega and Elhorst (2015), SLX; Borusyak and Hull (2023).
    """
    places = Places(data.units, data.links, settings.permutations, settings.seed, settings.level)
    sections = [_period_section(data, spec, period, interests, description)
                for spec in specs for period in description["periods"]]  # fmt: skip
    rows = [row for section in sections for contrast in asked(section) for row in rows_at(contrast, places, settings)]
    deciding = [section for section in sections if section.decides]
    rows += [row for section in deciding for row in evidence_rows(section, places, settings)]
    variants = [_period_section(data, spec, section.period, interests, description)
                for section in deciding for spec in _variants(section.spec, data)]  # fmt: skip
    rows += [row for section in variants for row in rows_at(difference(section), places, settings)]
    pulls = {str(section.period["period"]): two_regime_rows(section, settings) for section in deciding}
    rows += [row for found, _ in pulls.values() for row in found]
    frame, shares = ranges(rows, [row for row in rows if row.role == DECIDING and row.contrast])
    tables = [_unit_table(section, places) for section in sections if section.spec.role == DECIDING]
    units = pd.concat([pd.DataFrame(columns=UNIT_COLUMNS), *tables]).sort_values(UNIT_COLUMNS[:4], ignore_index=True)
    return ExposureResults([*rows, *shares], _path(rows, description["periods"]), units, frame,

                           {**_summary(deciding, interests, settings),
                            "two_regime": {period: check for period, (_, check) in pulls.items()}})  # fmt: skip


def _period_section(
    data: ExposureData, spec: ExposureSpec, period: Mapping[str, Any], interests: Interests, study: Mapping[str, Any]
) -> PeriodSection:
    weights = data.neighbours(spec, int(period["start"]))
    table = exposed(data.section(spec, str(period["period"])), spec, weights)
    return PeriodSection(spec, period, table, weights, interests, study)


def _variants(spec: ExposureSpec, data: ExposureData) -> list[ExposureSpec]:
    """Return the primary specification under all other pairs of a taxonomy and weights."""
    pairs = data.regimes[["taxonomy", "weights"]].drop_duplicates().sort_values(["taxonomy", "weights"])
    return [replace(spec, taxonomy=taxonomy, weights=weights, role="robustness")
            for taxonomy, weights in pairs.itertuples(index=False)
            if (taxonomy, weights) != (spec.taxonomy, spec.weights)]  # fmt: skip


def _unit_table(section: PeriodSection, places: Places) -> pd.DataFrame:
    contrast = difference(section)
    found = prepare_contrast(contrast, places)
    if isinstance(found, str):
        return pd.DataFrame(columns=UNIT_COLUMNS)
    arrays, draws = found.section, found.place.draws.get("stratified")
    fit = fit_ols(arrays.y, arrays.X)
    seen = arrays.spread.regressors(arrays.labels)
    expected = expected_regressors(arrays.labels, draws, arrays.spread) if draws else np.full(seen.shape, np.nan)
    shares = dict(zip(*partial_leverage(fit.X, arrays.units, arrays.contrast), strict=True))
    leverage = np.array([shares[unit] for unit in arrays.units])
    columns = [*zip((*section.spec.own, *section.spec.exposures), seen.T, expected.T, strict=True),
               *((name, values, np.full(len(values), np.nan)) for name, values in
                 zip(FIT_COLUMNS, (fit.y, fit.y - fit.u_hat, fit.u_hat, leverage), strict=True))]  # fmt: skip
    frames = [pd.DataFrame({"spec_id": section.spec.id, "period": section.period["period"], "unit": arrays.units,
                            "regressor": name, "value": value, "expected": mean})
              for name, value, mean in columns]  # fmt: skip
    return pd.concat(frames)


def _path(rows: Iterable[Estimate], periods: list[Mapping[str, Any]]) -> pd.DataFrame:
    by_key = {str(period["period"]): period for period in periods}
    lines = []
    for row in rows:
        if row.estimator in PATH_ESTIMATORS:
            period = by_key[row.period]
            times = {"label": period["label"], "start_year": period["start"], "end_year": period["end"]}
            lines.append({**{name: getattr(row, name, None) for name in PATH_COLUMNS}, **times})
    keys = ["spec_id", "treatment_def", "w_id", "sample_id", "start_year", "period", "term", "contrast", "estimator",
            "effect_type"]  # fmt: skip
    return pd.DataFrame(lines, columns=PATH_COLUMNS).sort_values(keys, ignore_index=True)


def _summary(deciding: list[PeriodSection], interests: Interests, settings: ContrastSettings) -> dict[str, Any]:
    return {
        "equation": "growth_i = a + sum_k b_k R_ki + sum_k g_k (W R_k)_i + d log_income_start_i + e_i",
        "reading": "g: coefficient of the neighbours' average regime going from 0 to 1, pp a year; an association",
        "primary": f"SCPC interval, average correlation of shocks at most {AVERAGE_CORRELATIONS['scpc']}; conditional",
        "recentred": "regressors minus their mean over permutations of the rows of regimes: whole rows move, so "
                     "overlaps stay; stratified by coast, or the first regime as a connected set; the same draws give "
                     "the randomisation p-value, never below one over the number of different patterns",
        "expectations": {name: f"{use.scheme}, {use.use}" for name, use in EXPECTATIONS.items()},
        "equivalence": "two one-sided SCPC tests of the second exposure's coefficient per s.d. of that exposure",
        "mde": "power point of each row's own test times the residual s.d. of growth on starting income alone; "
               f"simulated ones on {SIMULATED} samples",
        "exposure_sd": {str(section.period["period"]): {name: round(section.spread(name), 6)
                                                        for name in section.spec.exposures} for section in deciding},
        "samples": {ALL: "all units", OUTSIDERS: "units that have none of the regimes; no own terms"},
        "conf_level": settings.level, "power": settings.power, "permutations": settings.permutations,
        "sesoi": {"own": interests.own, "difference": interests.difference, "per_sd": interests.per_sd},
    }  # fmt: skip

"""Specification curves of the data, with spatially robust intervals, and their joint tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.scpc import SpatialComponents, scpc_inference, spatial_components
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.specification_curve import SUMMARIES, curve_summaries, joint_test
from evenfield.shared.estimates import Estimate
from evenfield.topics.specification_curve.estimate_data import Regression, SchemeTables, label_regressors, regression
from evenfield.topics.specification_curve.estimate_draws import ALL, effects
from evenfield.topics.specification_curve.estimate_spec import Curve, Specification, specifications

ESTIMATOR = "specification_curve"
AVERAGE_CORRELATION = 0.03
SPECIFICATION_COLUMNS = [
    "curve", "hypothesis", "period", "outcome", "unit_scheme", "sample", "weights", "taxonomy", "controls", "estimate",
    "std_error", "statistic", "df", "conf_low", "conf_high", "p_value", "n_units", "reason",
]  # fmt: skip
TEXT = ("curve", "hypothesis", "outcome", "sample", "weights", "taxonomy", "controls", "reason")
EFFECT_TYPES = {"median_effect": "median", "sign_share": "share", "significant_share": "share_significant",
                "mean_statistic": "mean_statistic"}  # fmt: skip
UNITS = {"median_effect": "pp/yr", "sign_share": "share", "significant_share": "share", "mean_statistic": "t"}


@dataclass(frozen=True)
class CurveResults:
    """What the family hands on."""

    estimates: list[Estimate]  # summaries of each curve, all periods and by period, with joint p-values
    specifications: pd.DataFrame  # one row a specification, ``SPECIFICATION_COLUMNS``; those not defined say why
    summary: dict[str, Any]  # conventions in words, counts


def specification_rows(
    curves: list[Curve], tables: Mapping[str, SchemeTables], samples: Mapping[str, list[str]], level: float, part: slice
) -> pd.DataFrame:
    """Estimate the specifications of a chunk on the data, with spatially robust intervals."""
    made = [_specification_table(curve, tables, samples, level, part) for curve in curves]
    return pd.concat(made, ignore_index=True)


def estimate_curves(
    curves: list[Curve], specifications: pd.DataFrame, draws: pd.DataFrame, bases: Mapping[str, str], data_hash: str
) -> CurveResults:
    """Summarise each curve and test it jointly."""
    printed = specifications.sort_values(SPECIFICATION_COLUMNS[:9], ignore_index=True)
    estimates = [
        row for curve in curves
        for row in _summary_rows(curve, printed[printed["curve"].eq(curve.id)], draws[draws["curve"].eq(curve.id)],
                                 bases, data_hash)
    ]  # fmt: skip
    return CurveResults(estimates, printed, _summary(printed, draws))


def _specification_table(
    curve: Curve, tables: Mapping[str, SchemeTables], samples: Mapping[str, list[str]], level: float, part: slice
) -> pd.DataFrame:
    spaces: dict[tuple[str, str], SpatialComponents] = {}
    rows = []
    for point in specifications(curve)[part]:
        scheme = tables[point.unit_scheme]
        found = regression(point, curve, scheme, samples)
        if isinstance(found, str):
            rows.append(_point(point, curve) | {"reason": found})
            continue
        key = (point.unit_scheme, point.sample)
        if key not in spaces:
            spaces[key] = _space(scheme, found, level)
        rows.append(_point(point, curve) | _numbers(point, curve, scheme, found, spaces[key]))
    return pd.DataFrame(rows, columns=SPECIFICATION_COLUMNS)


def _space(scheme: SchemeTables, found: Regression, level: float) -> SpatialComponents:
    place = scheme.place.iloc[found.kept]
    distance = haversine_km(place["lat"].to_numpy(float), place["lon"].to_numpy(float))
    return spatial_components(distance, AVERAGE_CORRELATION, level)


def _point(point: Specification, curve: Curve) -> dict[str, Any]:
    return {"curve": curve.id, "hypothesis": curve.hypothesis, "period": point.period, "outcome": point.outcome,
            "unit_scheme": point.unit_scheme, "sample": point.sample, "weights": point.weights,
            "taxonomy": point.taxonomy, "controls": " + ".join(point.controls) or "none", "reason": ""}  # fmt: skip


def _numbers(
    point: Specification, curve: Curve, scheme: SchemeTables, found: Regression, space: SpatialComponents
) -> dict[str, Any]:
    alone = np.arange(len(scheme.units))[None]
    estimates, statistics, df = effects(point, curve, scheme, found, alone)
    if not np.isfinite(statistics[0]):
        return {"n_units": len(found.y), "reason": "labels do not vary or are collinear in this sample"}
    D = label_regressors(point, curve, scheme, alone)[0, found.kept]
    numbers = {"estimate": float(estimates[0]), "statistic": float(statistics[0]), "df": df, "n_units": len(found.y)}
    try:
        fit = fit_ols(found.y, np.column_stack([D, found.controls]))
        robust = scpc_inference(fit, np.concatenate([found.c, np.zeros(found.controls.shape[1])]), space)
    except NumericsError as error:
        return numbers | {"reason": f"no interval: {error}"}
    return numbers | {"std_error": robust.std_error, "conf_low": robust.conf_low, "conf_high": robust.conf_high,
                      "p_value": robust.p_value}  # fmt: skip


def _summary_rows(
    curve: Curve, table: pd.DataFrame, draws: pd.DataFrame, bases: Mapping[str, str], data_hash: str
) -> Iterator[Estimate]:
    defined = table[table["estimate"].notna()]
    for period in (ALL, *sorted(set(defined["period"]))) if len(defined) else ():
        chosen = defined if period == ALL else defined[defined["period"].eq(period)]
        numbers = [chosen[name].to_numpy(float) for name in ("estimate", "statistic", "df")]
        values = curve_summaries(numbers[0][:, None], numbers[1][:, None], numbers[2], curve.sign)[:, 0]
        under = draws[draws["period"].eq(period)]
        for name, value in zip(SUMMARIES, values, strict=True):
            yield _summary_row(curve, name, float(value), under, len(chosen), period, bases, data_hash)


def _summary_row(
    curve: Curve, name: str, value: float, under: pd.DataFrame, count: int, period: str, bases: Mapping[str, str],
    data_hash: str,
) -> Estimate:  # fmt: skip
    sign = curve.sign if name in ("median_effect", "mean_statistic") else 1.0
    found = joint_test(value, under[name].to_numpy(float), sign)
    basis = "" if period == ALL else bases.get(period, "")
    return Estimate(
        hypothesis=curve.hypothesis, family="curve", role="robustness", estimator=ESTIMATOR, spec_id=curve.id,
        outcome=curve.decides, term=curve.kind, contrast=curve.contrast, effect_type=EFFECT_TYPES[name],
        period=period, treatment_def="several", w_id="several", controls_id="several", estimate=value,
        p_value=found.p_value, p_type=f"joint permutation within strata, {found.draws} draws", n_obs=count,
        n_units=0, unit_of_measure=UNITS[name], output_basis=basis, data_hash=data_hash,
        warning="PROXY: rests on proxy output" if basis == "proxy" else "",
    )  # fmt: skip


def _summary(table: pd.DataFrame, draws: pd.DataFrame) -> dict[str, Any]:
    return {
        "specifications": {str(name): int(count) for name, count in table.groupby("curve").size().items()},
        "defined": {str(name): int(group["estimate"].notna().sum()) for name, group in table.groupby("curve")},
        "draws": int(draws["draw"].nunique()),
        "inference": "whole curve under treatments permuted within strata; p is one-sided in the predicted direction",
        "intervals": f"SCPC, average correlation of shocks at most {AVERAGE_CORRELATION}",
    }  # fmt: skip

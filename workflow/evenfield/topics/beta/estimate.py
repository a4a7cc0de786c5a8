"""Absolute and conditional beta convergence on one cross-section for each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.convergence import (
    UNBOUNDED,
    UNDEFINED,
    Bounds,
    fit_speed,
    half_life,
    half_life_bounds,
    speed_bounds,
    speed_from_slope,
)
from evenfield.numerics.dispersion import sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.ols import t_inference
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import inference_fields, joined, not_defined, periods_of
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.study.files import content_hash
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.beta.estimate_moran import moran_row
from evenfield.topics.beta.estimate_regression import (
    SLOPE,
    CrossSection,
    SlopeFit,
    cross_section,
    fit_slope,
    slope_only,
)
from evenfield.topics.beta.estimate_series import series_of, sorted_series, summary_of
from evenfield.topics.beta.estimate_spec import BetaSpec

OUTCOMES = {"end": "growth", "mean3": "growth_mean3"}


@dataclass(frozen=True)
class BetaResults:
    """Estimates, drawable series and a summary of the beta family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def estimate_beta(
    periods: Mapping[str, pd.DataFrame],
    weights: Mapping[str, SpatialWeights],
    schemes: Mapping[str, SchemeInfo],
    specs: Sequence[BetaSpec],
    inference: InferenceSpec,
) -> BetaResults:
    """Estimate beta convergence for every specification and period.

    Notes
    -----
    (1/T)(y_T - y_0) = a + b y_0 + z'd + u with HC3 and t(N - K); lambda = -ln(1 + bT)/T (Barro and
    Sala-i-Martin 1992).
    """
    estimates: list[Estimate] = []
    series, fits = [], []
    for spec in specs:
        for period in periods_of(periods[spec.unit_scheme]):
            section = cross_section(periods[spec.unit_scheme], spec, period, schemes[spec.unit_scheme])
            rows, fit = _estimates(section, weights[spec.unit_scheme], inference)
            estimates += rows
            series += series_of(section, fit, inference.conf_level)
            fits.append(summary_of(section, fit))
    summary = {
        "conf_level": inference.conf_level,
        "permutations": inference.permutations,
        "seed": inference.seed,
        "regressions": fits,
    }
    return BetaResults(estimates, sorted_series(series), summary)


def _estimates(
    section: CrossSection, weights: SpatialWeights, inference: InferenceSpec
) -> tuple[list[Estimate], SlopeFit | None]:
    base = _base(section)
    described = _described_rows(section, base)
    try:
        fit = fit_slope(section, inference.conf_level)
    except NumericsError as error:
        return not_defined(_all_labels(section, base), section.note, error) + described, None
    base = {**base, "max_leverage_unit": _leader(section, fit)}
    rows = [
        Estimate(
            **_slope_labels(section, base),
            **inference_fields(fit.slope),
            se_type="HC3",
            p_type="t, two-sided",
            warning=section.note,
        ),
        *_speed_rows(section, fit, base),
        _nls_row(section, fit, base, inference.conf_level),
        Estimate(**_stat(base, "r2", "share"), estimate=fit.ols.r_squared, warning=section.note),
        moran_row(section, fit, weights, _stat(base, "moran", "index"), inference),
    ]
    return rows + described, fit


def _leader(section: CrossSection, fit: SlopeFit) -> str:
    names, shares = partial_leverage(fit.ols.X, section.rows["unit"].to_numpy(str), slope_only(fit.ols))
    return str(names[shares.argmax()])


def _base(section: CrossSection) -> dict[str, Any]:
    spec = section.spec
    used = section.rows.drop(columns="growth")
    return {
        "family": "beta",
        "spec_id": spec.id,
        "outcome": OUTCOMES[spec.end_points],
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": section.period,
        "controls_id": "+".join(section.controls) or "none",
        "n_obs": len(used),
        "n_units": len(used),
        "output_basis": section.basis,
        "data_hash": content_hash(used),
    }


def _slope_labels(section: CrossSection, base: dict[str, Any]) -> dict[str, Any]:
    return {
        **base,
        "estimator": "ols",
        "term": "log_income_start",
        "effect_type": "coef",
        "role": section.spec.role,
        "unit_of_measure": "per year",
    }


def _speed_labels(section: CrossSection, base: dict[str, Any], estimator: str = "ols") -> dict[str, Any]:
    return {
        **base,
        "estimator": estimator,
        "term": "speed",
        "effect_type": "lambda",
        "role": section.spec.role,
        "unit_of_measure": "% per year",
    }


def _half_life_labels(section: CrossSection, base: dict[str, Any]) -> dict[str, Any]:
    return {
        **base,
        "estimator": "ols",
        "term": "half_life",
        "effect_type": "half_life",
        "role": section.spec.role,
        "unit_of_measure": "years",
    }


def _stat(base: dict[str, Any], term: str, unit: str) -> dict[str, Any]:
    return {**base, "estimator": "ols", "term": term, "effect_type": "stat", "role": "description",
            "unit_of_measure": unit}  # fmt: skip


def _all_labels(section: CrossSection, base: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        _slope_labels(section, base),
        _speed_labels(section, base),
        _speed_labels(section, base, "nls"),
        _half_life_labels(section, base),
        _stat(base, "r2", "share"),
        _stat(base, "moran", "index"),
    ]


def _described_rows(section: CrossSection, base: dict[str, Any]) -> list[Estimate]:
    rows = section.rows
    values = {
        "sigma_start": (float(sigma(rows["start"].to_numpy(float))), "log points"),
        "sigma_end": (float(sigma(rows["end"].to_numpy(float))), "log points"),
        "mean_growth": (100.0 * float(np.mean(section.growth)) if len(rows) else NAN, "% per year"),
    }
    return [
        Estimate(**{**_stat(base, term, unit), "estimator": "description"}, estimate=value,
                 warning=joined(section.note, "" if np.isfinite(value) else "not defined in this period"))
        for term, (value, unit) in values.items()
    ]  # fmt: skip


def _speed_rows(section: CrossSection, fit: SlopeFit, base: dict[str, Any]) -> list[Estimate]:
    slope = fit.slope
    speed = speed_from_slope(slope.estimate, section.years)
    bounds = speed_bounds(slope.conf_low, slope.conf_high, section.years)
    note = joined(section.note, "" if np.isfinite(speed) else "speed not defined: 1 + bT is not positive")
    shared: dict[str, Any] = {
        "se_type": "interval of the slope, transformed",
        "conf_level": slope.level,
        "df": slope.df,
    }
    test = {"statistic": slope.statistic, "p_value": slope.p_value, "p_type": "t of the slope, two-sided"}
    return [
        _speed_row({**_speed_labels(section, base), **shared, **test}, speed, bounds, note),
        _half_life_row({**_half_life_labels(section, base), **shared}, speed, bounds, note),
    ]


def _speed_row(labels: dict[str, Any], speed: float, bounds: Bounds, note: str) -> Estimate:
    low, high = 100 * bounds.low, 100 * bounds.high
    warning = joined(note, _speed_word(bounds))
    return Estimate(**labels, estimate=100 * speed, conf_low=low, conf_high=high, warning=warning)


def _half_life_row(labels: dict[str, Any], speed: float, bounds: Bounds, note: str) -> Estimate:
    life = half_life_bounds(bounds)
    warning = joined(note, _half_life_words(speed, life))
    return Estimate(**labels, estimate=half_life(speed), conf_low=life.low, conf_high=life.high, warning=warning)


def _speed_word(bounds: Bounds) -> str:
    words = {UNBOUNDED: "speed unbounded above", UNDEFINED: "interval of the speed undefined"}
    return words.get(bounds.note, "")


def _half_life_words(speed: float, life: Bounds) -> str:
    words = {UNBOUNDED: "half-life unbounded", UNDEFINED: "interval of the half-life undefined"}
    return joined("half-life undefined for a speed of zero or less" if speed <= 0 else "", words.get(life.note, ""))


def _nls_row(section: CrossSection, fit: SlopeFit, base: dict[str, Any], level: float) -> Estimate:
    controls = fit.ols.X[:, SLOPE + 1 :]
    speed = fit_speed(section.growth, fit.ols.X[:, SLOPE], section.years, controls)
    labels = _speed_labels(section, base, "nls")
    if not np.isfinite(speed.lam):
        reason = "1 + bT is not positive, the sum of squares has no minimum"
        return not_defined([{**labels, "converged": False}], section.note, reason)[0]
    result = t_inference(speed.lam, speed.std_error, speed.df, level)
    late = "" if speed.converged else f"no convergence after {speed.steps} steps"
    return Estimate(
        **labels,
        **inference_fields(result, 100.0),
        se_type="HC3 of the Jacobian",
        p_type="t, two-sided",
        converged=speed.converged,
        warning=joined(section.note, late),
    )

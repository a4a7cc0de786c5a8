"""Dynamic panel convergence: the bias-corrected speed between pooled least squares and fixed effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.convergence import UNBOUNDED, UNDEFINED, Bounds, half_life, half_life_bounds, speed_bounds
from evenfield.numerics.dynamic_panel.gmm import GmmFit
from evenfield.numerics.power import mde_multiplier
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan
from evenfield.shared.samples import joined
from evenfield.shared.settings import SchemeInfo
from evenfield.study.errors import EstimateError
from evenfield.topics.dynamic_panel.estimate_data import Window, windows
from evenfield.topics.dynamic_panel.estimate_roots import EFFECTS, HEADLINE, ORDER, RootRow, WindowFit, fit_window
from evenfield.topics.dynamic_panel.estimate_spec import DynamicSettings, DynamicSpec

LIFE_OF = ("pooled", "fe", HEADLINE)
DYNAMIC_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "span", "period", "label", "start_year", "end_year", "order", "estimator",
    "rho", "speed", "speed_low", "speed_high", "unbounded_low", "unbounded_high", "half_life", "output_basis",
    "warning",
)  # fmt: skip


@dataclass(frozen=True)
class DynamicResults:
    """Estimates, drawable series and a summary of the dynamic family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def estimate_dynamic(
    panels: Mapping[str, pd.DataFrame],
    periods: Mapping[str, Sequence[Mapping[str, Any]]],
    schemes: Mapping[str, SchemeInfo],
    specs: Sequence[DynamicSpec],
    settings: DynamicSettings,
) -> DynamicResults:
    """Estimate the speed of convergence from yearly or longer transitions within periods.

    Notes
    -----
    y_it = rho y_i,t-D + mu_i + tau_t + e_it, lambda = -ln(rho)/D. The headline is the bias-corrected estimate with
    shock variances free by year.
    """
    if not specs:
        raise EstimateError("estimates.dynamic is empty", "at least one specification", "add one or drop the section")
    estimates: list[Estimate] = []
    series, fits = [], []
    for spec in specs:
        scheme = schemes[spec.unit_scheme]
        for window in windows(panels[spec.unit_scheme], periods[spec.unit_scheme], spec, scheme):
            fit = fit_window(window, settings)
            estimates += _window_rows(window, fit, settings)
            series += [_drawable(window, name, fit.rows[name]) for name in ORDER]
            fits.append(_summary(window, fit))
    frame = pd.DataFrame(series, columns=list(DYNAMIC_SERIES))
    key = ["spec_id", "unit_scheme", "start_year", "end_year", "period", "order"]
    summary = {"seed": settings.seed, "conf_level": settings.level, "headline": HEADLINE, "windows": fits}
    return DynamicResults(estimates, frame.sort_values(key, ignore_index=True), summary)


# --- rows ---------------------------------------------------------------------------------------------------


def _base(window: Window) -> dict[str, Any]:
    spec, (n, dates) = window.spec, window.levels.shape
    return {
        "family": "dynamic", "spec_id": spec.id, "outcome": "log_income", "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme, "period": str(window.period["period"]), "n_obs": n * (dates - 1),
        "n_units": n, "n_periods": dates - 1, "output_basis": window.basis, "data_hash": window.data_hash,
    }  # fmt: skip


def _window_rows(window: Window, fit: WindowFit, settings: DynamicSettings) -> list[Estimate]:
    base = _base(window)
    rows = [row for name in ORDER for row in _estimator_rows(window, name, fit.rows[name], base, settings)]
    return rows + _described_rows(window, fit, base) + [
        row for name, gmm in fit.gmm.items() for row in _gmm_rows(window, name, gmm, base)
    ]  # fmt: skip


def _labels(window: Window, name: str, base: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **base, "estimator": name, "fe_id": EFFECTS.get(name, "unit and year"),
        "role": window.spec.role if name == HEADLINE else "ladder",
        "seed": window.draw_id if name == "bc_fe_bootstrap_t" else "",
    }  # fmt: skip


def _estimator_rows(
    window: Window, name: str, row: RootRow | str, base: Mapping[str, Any], settings: DynamicSettings
) -> list[Estimate]:
    labels = _labels(window, name, base)
    kinds: list[dict[str, Any]] = [
        {"term": "log_income_lag", "effect_type": "coef", "unit_of_measure": f"per {window.spec.span} years"},
        {"term": "speed", "effect_type": "lambda", "unit_of_measure": "% per year"},
    ]
    if name in LIFE_OF:
        kinds.append({"term": "half_life", "effect_type": "half_life", "unit_of_measure": "years"})
    if isinstance(row, str):
        warning = joined(window.note, row)
        return [Estimate(**labels, **kind, estimate=NAN, converged=False, warning=warning) for kind in kinds]
    makers = (_root_fields, _speed_fields, _life_fields)
    return [
        Estimate(**labels, **kind, **maker(window, row, settings), converged=row.converged)
        for kind, maker in zip(kinds, makers, strict=False)
    ]


def _root_fields(window: Window, row: RootRow, settings: DynamicSettings) -> dict[str, Any]:
    ends = joined("interval reaches the end of the roots looked at" if not _closed(row) else "")
    return {
        "estimate": row.rho, "std_error": row.std_error, "statistic": _statistic(row), "df": row.df,
        "p_value": row.p_value, "conf_low": finite_or_nan(row.low), "conf_high": finite_or_nan(row.high),
        "conf_level": settings.level, "se_type": row.se_type, "p_type": row.p_type,
        "warning": joined(window.note, row.warning, ends),
    }  # fmt: skip


def _closed(row: RootRow) -> bool:
    return not (np.isinf(row.low) or np.isinf(row.high))


def _statistic(row: RootRow) -> float:
    return (row.rho - 1) / row.std_error if row.std_error > 0 else NAN


def _speed_fields(window: Window, row: RootRow, settings: DynamicSettings) -> dict[str, Any]:
    speed, bounds = _speed(row.rho, window.spec.span), _speed_bounds(row, window.spec.span)
    words = {UNBOUNDED: "speed unbounded above", UNDEFINED: "interval of the speed undefined"}
    mde = _detectable(window, row, settings)
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {settings.sesoi:g} % a year" if mde > settings.sesoi else ""
    return {
        "estimate": 100 * speed, "conf_low": finite_or_nan(100 * bounds.low), "conf_high": 100 * bounds.high,
        "statistic": _statistic(row), "df": row.df, "p_value": row.p_value, "conf_level": settings.level,
        "se_type": joined(row.se_type, "interval of the root, transformed"), "p_type": row.p_type,
        "sesoi": settings.sesoi, "mde": mde,
        "warning": joined(
            window.note, row.warning, "" if np.isfinite(speed) else "speed not defined: the root is not positive",
            words.get(bounds.note, ""), "speed unbounded below" if np.isneginf(bounds.low) else "", weak,
        ),
    }  # fmt: skip


def _detectable(window: Window, row: RootRow, settings: DynamicSettings) -> float:
    """Return the smallest speed that the t test sees, its standard error by the delta method at the estimate."""
    if not (row.std_error > 0 and row.rho > 0):
        return NAN
    spread = 100 * row.std_error / (row.rho * window.spec.span)
    return mde_multiplier(row.df, settings.power, settings.level) * spread


def _life_fields(window: Window, row: RootRow, settings: DynamicSettings) -> dict[str, Any]:
    speed = _speed(row.rho, window.spec.span)
    life = half_life_bounds(_speed_bounds(row, window.spec.span))
    words = {UNBOUNDED: "half-life unbounded", UNDEFINED: "interval of the half-life undefined"}
    none = "" if speed > 0 else "half-life undefined for a speed of zero or less"
    return {
        "estimate": half_life(speed), "conf_low": life.low, "conf_high": life.high, "conf_level": settings.level,
        "df": row.df, "se_type": "interval of the root, transformed",
        "warning": joined(window.note, row.warning, none, words.get(life.note, "")),
    }  # fmt: skip


def _speed(rho: float, span: int) -> float:
    """Return -ln(rho)/D per year; NaN for a root that is zero or less."""
    return float(-np.log(rho) / span) if rho > 0 else NAN


def _speed_bounds(row: RootRow, span: int) -> Bounds:
    if np.isnan(row.low) or np.isnan(row.high):
        return Bounds(NAN, NAN, UNDEFINED)
    return speed_bounds((row.low - 1) / span, (row.high - 1) / span, span)


def _described_rows(window: Window, fit: WindowFit, base: Mapping[str, Any]) -> list[Estimate]:
    shared = {**base, "estimator": HEADLINE, "effect_type": "stat", "role": "description",
              "fe_id": "unit and year"}  # fmt: skip
    rows = [
        Estimate(**shared, term=term, estimate=value, unit_of_measure=unit,
                 warning=joined(window.note, "" if np.isfinite(value) else "not defined"))
        for term, (value, unit) in fit.described.items()
    ]  # fmt: skip
    holds = bracket(fit)
    text = {1.0: "", 0.0: "pooled <= bias-corrected <= fixed effects does not hold here"}
    return [*rows, Estimate(**shared, term="bracket", estimate=holds, unit_of_measure="1 if it holds",
                            warning=joined(window.note, text.get(holds, "not defined")))]  # fmt: skip


def bracket(fit: WindowFit) -> float:
    """Tell whether the headline's speed lies between that of pooled least squares and that of fixed effects."""
    found = [fit.rows[name] for name in ("fe", HEADLINE, "pooled")]
    roots = [row.rho for row in found if isinstance(row, RootRow)]
    return float(roots == sorted(roots)) if len(roots) == 3 else NAN


def _gmm_rows(window: Window, name: str, fit: GmmFit, base: Mapping[str, Any]) -> list[Estimate]:
    shared = {**base, "estimator": name, "effect_type": "stat", "role": "description", "fe_id": EFFECTS[name],
              "n_obs": fit.n_rows, "n_units": fit.n_units}  # fmt: skip
    note = joined(window.note, f"level rows: {fit.level_rows}" if fit.level_rows else "")
    tests = {"hansen": (fit.hansen, "chi-squared"), "sargan": (fit.sargan, "chi-squared"),
             "serial_1": (fit.serial[0], "normal"), "serial_2": (fit.serial[1], "normal")}  # fmt: skip
    rows = [
        Estimate(**shared, term=term, estimate=test.statistic, statistic=test.statistic, df=test.df,
                 p_value=test.p_value, p_type=kind, unit_of_measure=kind,
                 warning=joined(note, "" if np.isfinite(test.statistic) else "not defined"))
        for term, (test, kind) in tests.items()
    ]  # fmt: skip
    return [*rows, Estimate(**shared, term="instruments", estimate=float(fit.n_instruments), warning=note,
                            unit_of_measure="count")]  # fmt: skip


# --- series and summary -------------------------------------------------------------------------------------


def _drawable(window: Window, name: str, row: RootRow | str) -> dict[str, Any]:
    spec, period = window.spec, window.period
    shared = {
        "spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme, "span": spec.span,
        "period": str(period["period"]), "label": str(period.get("label", period["period"])),
        "start_year": int(period["start"]), "end_year": int(period["end"]), "order": ORDER.index(name) + 1,
        "estimator": name, "output_basis": window.basis,
    }  # fmt: skip
    if isinstance(row, str):
        blank = dict.fromkeys(("rho", "speed", "speed_low", "speed_high", "half_life"), NAN)
        return {**shared, **blank, "unbounded_low": 0, "unbounded_high": 0, "warning": joined(window.note, row)}
    speed, bounds = _speed(row.rho, spec.span), _speed_bounds(row, spec.span)
    return {
        **shared, "rho": row.rho, "speed": 100 * speed, "speed_low": finite_or_nan(100 * bounds.low),
        "speed_high": 100 * bounds.high, "unbounded_low": int(np.isneginf(bounds.low)),
        "unbounded_high": int(bounds.note == UNBOUNDED), "half_life": half_life(speed),
        "warning": joined(window.note, row.warning),
    }  # fmt: skip


def _summary(window: Window, fit: WindowFit) -> dict[str, Any]:
    head = fit.rows[HEADLINE]
    return {
        "spec_id": window.spec.id, "period": str(window.period["period"]), "span": window.spec.span,
        "dates": window.years, "n_units": len(window.wide), "flags": head if isinstance(head, str) else head.warning,
        "instruments": {name: gmm.n_instruments for name, gmm in fit.gmm.items()},
        "level_rows": {name: gmm.level_rows for name, gmm in fit.gmm.items() if gmm.level_rows},
    }  # fmt: skip

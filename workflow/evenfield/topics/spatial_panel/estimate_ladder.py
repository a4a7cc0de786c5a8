"""The inference ladder of a main spatial panel: other covariances, resampled units and years, factors, Hausman."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.bootstrap import UnitDraws, unit_bootstrap, year_bootstrap
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.impacts import delta_impacts, drawn_impacts, effects_at
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.selection import hausman_with_time_effects
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.spatial_panel.estimate_effects import clustered_rows, effect_rows
from evenfield.topics.spatial_panel.estimate_rows import RowContext, coefficient_rows, joined, serial_note, tested_rows

DRAWS, UNIT_DRAWS, YEAR_DRAWS, YEARS_TOGETHER, FACTORS = 10_000, 499, 499, 5, (1, 2)
OTHERS = ("observed", "expected", "qml")


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """What all specifications share."""

    level: float  # level of the intervals and power of the minimum detectable effects
    power: float
    seed: int  # base seed


def ladder_rows(context: RowContext, fit: SpatialPanelFit, settings: PanelSettings) -> list[Estimate]:
    """Return the same estimates with every other inference, and what common factors do to rho."""
    stream = f"spatial_panel:{context.spec.id}:{context.weights}:{fit.model.model}"
    rows: list[Estimate] = []
    for kind in OTHERS:
        rows += [replace(row, role="ladder") for row in coefficient_rows(context, fit, kind)]
        rows += effect_rows(context, fit, delta_impacts(fit, kind, settings.level), kind)
    drawn = drawn_impacts(fit, generator_for(settings.seed, f"{stream}:draws"), DRAWS, level=settings.level)
    rows += effect_rows(context, fit, drawn, "observed")
    rows += _unit_rows(context, fit, settings, f"{stream}:units")
    rows += _year_rows(context, fit, settings, f"{stream}:years")
    rows = [replace(row, seed=str(settings.seed)) if _drawn(row) else row for row in rows]
    return [*rows, *_factor_rows(context, fit), *_hausman_rows(context, fit)]


def _drawn(row: Estimate) -> bool:
    return row.estimator.endswith(("_draws", "_units", "_years"))


def _printed(context: RowContext, fit: SpatialPanelFit) -> list[Estimate]:
    """Return coefficients, then effects, as the family prints them, in the order of ``names`` and ``effects``."""
    return [*coefficient_rows(context, fit), *clustered_rows(context, fit, "ladder")]


def _unit_rows(context: RowContext, fit: SpatialPanelFit, settings: PanelSettings, stream: str) -> list[Estimate]:
    """Return the printed rows with the wild bootstrap-t by unit in the place of t(G* - 1)."""
    rows = _printed(context, fit)
    try:
        found = unit_bootstrap(context.study.panel, fit, generator_for(settings.seed, stream), UNIT_DRAWS)
    except NumericsError as error:
        return [_renamed(row, fit, "units", note=f"no interval: {error}") for row in rows]
    draws = _by_row(found)
    label = f"wild bootstrap-t by unit, {len(draws)} samples"
    return [_bootstrap_t(_renamed(row, fit, "units"), draws[:, i], settings.level, label)
            for i, row in enumerate(rows)]  # fmt: skip


def _by_row(found: UnitDraws) -> np.ndarray:
    kept = len(found.coefficients)
    return np.concatenate([found.coefficients, found.effects.reshape(kept, -1)], axis=1)


def _renamed(row: Estimate, fit: SpatialPanelFit, suffix: str, note: str = "") -> Estimate:
    return replace(row, estimator=f"{fit.model.model.lower()}_{suffix}", role="ladder", p_value=NAN, p_type="",
                   conf_low=NAN, conf_high=NAN, df=NAN, mde=NAN, warning=joined(row.warning, note))  # fmt: skip


def _bootstrap_t(row: Estimate, statistics: np.ndarray, level: float, label: str) -> Estimate:
    if not row.std_error > 0 or not np.isfinite(statistics).all():
        return row
    size = np.abs(statistics)
    half = float(np.quantile(size, level)) * row.std_error
    p_value = float((1 + (size >= abs(row.statistic)).sum()) / (1 + len(size)))
    return replace(row, conf_low=row.estimate - half, conf_high=row.estimate + half, conf_level=level, p_value=p_value,
                   p_type="symmetric bootstrap-t", se_type=label)  # fmt: skip


def _year_rows(context: RowContext, fit: SpatialPanelFit, settings: PanelSettings, stream: str) -> list[Estimate]:
    """Return the printed rows with the spread and the percentiles of samples rebuilt from blocks of years."""
    together = max(1, min(YEARS_TOGETHER, fit.n_periods // 3))
    drawn = year_bootstrap(context.study.panel, fit, generator_for(settings.seed, stream), YEAR_DRAWS, together)
    effects = effects_at(fit, drawn).reshape(len(drawn), -1)
    values = np.concatenate([drawn[:, :-1], effects], axis=1)
    low, high = np.quantile(values, [0.5 - settings.level / 2, 0.5 + settings.level / 2], axis=0)
    errors = values.std(axis=0, ddof=1)
    label = f"{YEAR_DRAWS} samples of residuals by blocks of {together} years"
    note = joined(serial_note(fit), f"blocks of {together} years keep part of it") if serial_note(fit) else ""
    return [
        replace(_renamed(row, fit, "years", note), std_error=float(errors[i]), statistic=row.estimate / errors[i],
                conf_low=float(low[i]), conf_high=float(high[i]), conf_level=settings.level, se_type=label, g_star=NAN)
        if errors[i] > 0 else _renamed(row, fit, "years")
        for i, row in enumerate(_printed(context, fit))
    ]  # fmt: skip


def _factor_rows(context: RowContext, fit: SpatialPanelFit) -> list[Estimate]:
    """Return rho or lambda with common factors taken out."""
    rows: list[Estimate] = []
    for factors in FACTORS:
        found = fit_with_factors(context.study.panel, fit.network, fit.model, factors)
        note = f"{factors} common factors taken out, no bias correction"
        rows += [
            replace(row, estimator=f"{row.estimator}_factors_{factors}", converged=found.converged,
                    warning=joined(row.warning, note))
            for row in coefficient_rows(context, found.after) if row.term in ("rho", "lambda")
        ]  # fmt: skip
    return rows


def _hausman_rows(context: RowContext, fit: SpatialPanelFit) -> list[Estimate]:
    """Return unit effects against random unit effects, both beside year dummies."""
    if fit.model.model not in ("SDM", "SAR", "SEM", "SDEM") or fit.model.effects != "two_way":
        return []
    note = "needs errors independent over years for random effects to be the efficient choice"
    try:
        found = hausman_with_time_effects(context.study.panel, fit.network, fit.model)
    except (NumericsError, np.linalg.LinAlgError) as error:
        empty = context.row("test", "spatial Hausman", "test", NAN)
        return [replace(empty, role="description", unit_of_measure="statistic", warning=f"not defined: {error}")]
    return tested_rows(context, [found], joined(note, serial_note(fit)))

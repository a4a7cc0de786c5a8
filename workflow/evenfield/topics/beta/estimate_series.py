"""Drawable series and summary of the beta family: points, the line with its band, coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.ols import t_quantile
from evenfield.shared.estimates import NAN
from evenfield.study.rounding import round_results
from evenfield.topics.beta.estimate_regression import CrossSection, SlopeFit

GRID_POINTS = 50
BETA_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "period", "kind", "unit", "point", "log_income_start",
    "growth_pct_per_year", "fitted", "residual", "conf_low", "conf_high",
)  # fmt: skip


def series_of(section: CrossSection, fit: SlopeFit | None, level: float) -> list[pd.DataFrame]:
    """Return the points of one cross-section and, without controls, the line with its band."""
    if not section.available:
        return []
    points = _points(section, fit)
    return [points] if fit is None or section.controls else [points, _line(section, fit, level)]


def _labelled(section: CrossSection, kind: str, columns: Mapping[str, Any]) -> pd.DataFrame:
    spec = section.spec
    frame = pd.DataFrame(dict(columns))
    frame = frame.assign(
        spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme, period=section.period, kind=kind
    )
    return frame.reindex(columns=list(BETA_SERIES))


def _points(section: CrossSection, fit: SlopeFit | None) -> pd.DataFrame:
    growth = 100.0 * section.growth
    residual = 100.0 * fit.ols.u_hat if fit is not None else np.full(len(growth), NAN)
    return _labelled(section, "unit", {
        "unit": section.rows["unit"], "point": 0, "log_income_start": section.rows["start"],
        "growth_pct_per_year": growth, "fitted": growth - residual, "residual": residual,
    })  # fmt: skip


def _line(section: CrossSection, fit: SlopeFit, level: float) -> pd.DataFrame:
    start = section.rows["start"].to_numpy(float)
    grid = np.linspace(start.min(), start.max(), GRID_POINTS)
    X = np.column_stack([np.ones(GRID_POINTS), grid])
    fitted = X @ fit.ols.beta
    half = t_quantile(0.5 + level / 2, fit.ols.df) * np.sqrt(np.einsum("ij,jk,ik->i", X, fit.cov, X))
    return _labelled(
        section,
        "line",
        {
            "unit": "",
            "point": np.arange(1, GRID_POINTS + 1),
            "log_income_start": grid,
            "fitted": 100.0 * fitted,
            "conf_low": 100.0 * (fitted - half),
            "conf_high": 100.0 * (fitted + half),
        },
    )


def sorted_series(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Stack the parts of the series and sort them by their key."""
    filled = [part.astype(dict.fromkeys(BETA_SERIES[7:], float)) for part in parts]
    frame = pd.concat(filled) if filled else pd.DataFrame(columns=list(BETA_SERIES))
    key = ["spec_id", "unit_scheme", "period", "kind", "unit", "point"]
    return frame.sort_values(key, ignore_index=True)


def summary_of(section: CrossSection, fit: SlopeFit | None) -> dict[str, Any]:
    """Summarise one regression: units, years, controls, coefficients."""
    spec = section.spec
    out: dict[str, Any] = {
        "spec_id": spec.id,
        "unit_scheme": spec.unit_scheme,
        "sample_id": spec.sample,
        "period": section.period,
        "years": section.years,
        "n_units": len(section.rows),
        "controls": list(section.controls),
        "controls_absent": [name for name in spec.controls if name not in section.controls],
    }
    if fit is None:
        return out
    names = ("constant", "log_income_start", *section.controls)
    numbers = {"coefficients": fit.ols.beta, "std_errors": np.sqrt(np.diag(fit.cov))}
    for key, values in numbers.items():
        out[key] = dict(zip(names, round_results(values, np.abs(values)).tolist(), strict=True))
    return out

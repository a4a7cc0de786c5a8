"""Rows of the tidy table from fitted spatial panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.impacts import degrees_of_freedom
from evenfield.numerics.spatial_panel.likelihood import (
    normal_quantile,
    student_quantile,
    student_two_sided_p,
    two_sided_p,
)
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.spatial_panel.estimate_spec import UNITS, PanelSpec, StudyPanel

SPATIAL_UNITS = {"rho": "per unit of the neighbours' outcome", "lambda": "per unit of the neighbours' shock"}
# ASSUME: residuals correlated above this over years make intervals that ignore it visibly too narrow.
SERIAL = 0.3
BY_UNIT = "unit"
PROXY = {"proxy": "PROXY: the outcome rests on proxy output", "spliced": "SPLICED: proxy and official output are mixed"}
NOT_POLICY = "dependence between neighbours' outcomes, not the effect of a policy"
NAMES = {"unit": "sandwich by unit", "observed": "observed information", "expected": "expected information",
         "qml": "QML sandwich"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RowContext:
    """What all rows of one specification and weights matrix share."""

    spec: PanelSpec  # specification
    study: StudyPanel  # its panel
    weights: str  # weights and unit scheme
    unit_scheme: str
    level: float  # level of intervals; power of the minimum detectable effects
    power: float

    def row(self, estimator: str, term: str, effect_type: str, estimate: float) -> Estimate:
        """Return a row with everything but its inference."""
        panel, spec = self.study.panel, self.spec
        n, t = len(panel.units), len(panel.periods)
        return Estimate(
            family="spatial_panel", role="robustness", estimator=estimator, spec_id=spec.id, outcome=spec.outcome,
            term=term, effect_type=effect_type, sample_id=spec.sample, unit_scheme=self.unit_scheme,
            period=f"{spec.years[0]}-{spec.years[1]}", controls_id="+".join(panel.names),
            fe_id=f"{spec.effects}, {spec.approach}", w_id=self.weights, estimate=estimate, n_obs=n * t, n_units=n,
            n_periods=t, output_basis=self.study.basis,
            warning=joined(PROXY.get(self.study.basis, ""), self.study.note),
            data_hash=self.study.data_hash,
        )  # fmt: skip

    def main(self, model: str) -> bool:
        """Whether a model with these weights is the specification's main estimate."""
        return model == self.spec.model and self.weights == self.spec.weights


def coefficient_rows(context: RowContext, fit: SpatialPanelFit, kind: str = BY_UNIT) -> list[Estimate]:
    """Return one row for every parameter of a fit but the variance."""
    errors, effective = _errors(fit, kind), _effective(fit, kind)
    estimator = estimator_name(fit, kind)
    rows = []
    for name, value, error, g in zip(fit.names[:-1], fit.estimates[:-1], errors, effective, strict=True):
        base = context.row(estimator, name, "coef", float(value))
        note = NOT_POLICY if name == "rho" else ""
        note = joined(base.warning, note, edge_note(fit), serial_note(fit, kind))
        unit = SPATIAL_UNITS.get(name, UNITS.get(context.spec.outcome, ""))
        rows.append(replace(base, **_interval(float(value), float(error), float(g), context.level), warning=note,
                            unit_of_measure=unit, se_type=NAMES[kind] if np.isfinite(error) else ""))  # fmt: skip
    return rows


def estimator_name(fit: SpatialPanelFit, kind: str) -> str:
    """Return the name of a model with a covariance."""
    return fit.model.model.lower() + ("" if kind == BY_UNIT else f"_{kind}")


def tested_rows(context: RowContext, tests: list[SpatialTest], note: str = "") -> list[Estimate]:
    """Return specification tests, their statistic in the place of the estimate."""
    out = []
    for test in tests:
        row, by_unit = context.row("test", test.name, "test", test.statistic), test.name.endswith("by unit")
        out.append(replace(row, role="description", statistic=test.statistic, df=float(test.df), p_value=test.p_value,
                           p_type="F(q, N - 1)" if by_unit else "chi-squared", unit_of_measure="statistic",
                           warning=joined(row.warning, "" if by_unit else note)))  # fmt: skip
    return out


def statistic_rows(context: RowContext, estimator: str, values: Mapping[str, float], unit: str) -> list[Estimate]:
    """Return descriptive numbers of a model."""
    return [replace(context.row(estimator, name, "stat", value), role="description", unit_of_measure=unit)
            for name, value in values.items()]  # fmt: skip


def residual_autocorrelation(fit: SpatialPanelFit) -> float:
    """Return the correlation of residuals with those of the year before."""
    e = fit.residuals
    return float((e[1:] * e[:-1]).sum() / (e**2).sum())


def edge_note(fit: SpatialPanelFit) -> str:
    """Say that a spatial parameter is at the edge of its range; empty where none is."""
    spatial = [name for name in SPATIAL_UNITS if name in fit.names]
    return f"{' or '.join(spatial)} at the edge of its range" if fit.at_bound else ""


def undefined_rows(rows: list[Estimate], fit: SpatialPanelFit) -> list[Estimate]:
    """Add to rows without a number that a spatial parameter is at the edge of its range."""
    return [replace(row, warning=joined(row.warning, f"not defined: {edge_note(fit)}")) for row in rows]


def serial_note(fit: SpatialPanelFit, kind: str = "observed") -> str:
    """Warn where errors hang together over years."""
    found = residual_autocorrelation(fit)
    if found < SERIAL:
        return ""
    told = {BY_UNIT: "the interval by unit allows for it"}.get(kind, "intervals that ignore it are too narrow")
    return f"residuals are correlated over years (AR(1) {found:.2f}): {told}"


def _errors(fit: SpatialPanelFit, kind: str) -> np.ndarray:
    try:
        return fit.std_errors(kind)[:-1]
    except NumericsError:
        return np.full(len(fit.names) - 1, NAN)


def _effective(fit: SpatialPanelFit, kind: str) -> np.ndarray:
    """Return G* of each coefficient; NaN where the normal law is used."""
    size = len(fit.names) - 1
    if kind != BY_UNIT or fit.at_bound:
        return np.full(size, NAN)
    return np.array([fit.effective_units(row) for row in np.eye(size + 1)[:-1]])


def _interval(value: float, error: float, effective: float, level: float) -> dict[str, Any]:
    """Return a t(G* - 1) interval, or a normal one where no G* is given."""
    if not np.isfinite(error):
        return {}
    ratio = np.asarray(value / error)
    common = {"std_error": error, "statistic": value / error, "conf_level": level}
    if not np.isfinite(effective):
        half = normal_quantile(0.5 + level / 2) * error
        return {**common, "p_value": float(two_sided_p(ratio)), "p_type": "normal, two-sided",
                "conf_low": value - half, "conf_high": value + half}  # fmt: skip
    df = degrees_of_freedom(np.asarray(effective))
    half = float(student_quantile(df, 0.5 + level / 2)) * error
    return {**common, "p_value": float(student_two_sided_p(ratio, df)), "p_type": "t(G* - 1), two-sided",
            "df": float(df), "g_star": effective, "conf_low": value - half, "conf_high": value + half}  # fmt: skip


def joined(*parts: str) -> str:
    """Join warnings, leaving out empty ones."""
    return "; ".join(part for part in parts if part)

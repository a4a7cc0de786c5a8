"""Rows of the tidy table from fitted spatial panels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evenfield.contracts.estimates import NAN, Estimate
from evenfield.estimates.spillover.panel_models_spec import UNITS, PanelSpec, StudyPanel
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.impacts import KINDS, Impacts
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.normal import normal_quantile, two_sided_p

SPATIAL_UNITS = {"rho": "per unit of the neighbours' outcome", "lambda": "per unit of the neighbours' shock"}
# ASSUME: residuals correlated above this over years make intervals visibly too narrow.
SERIAL = 0.2
AT_BOUND = "the spatial parameter is at the end of its range"
PROXY = {"proxy": "PROXY: the outcome rests on proxy output", "spliced": "SPLICED: proxy and official output are mixed"}
WARNINGS = {
    "SAR": "the model forces one ratio of indirect to direct effects on all regressors",
    "rho": "dependence between neighbours' outcomes, not the effect of a policy",
}


@dataclass(frozen=True, slots=True)
class RowContext:
    """What all rows of one specification and weights matrix share.

    Attributes
    ----------
    spec : PanelSpec
        Specification.
    study : StudyPanel
        Its panel.
    weights, unit_scheme : str
        Weights and unit scheme.
    level, power : float
        Level of intervals; power of the minimum detectable effects.
    """

    spec: PanelSpec
    study: StudyPanel
    weights: str
    unit_scheme: str
    level: float
    power: float

    def row(self, estimator: str, term: str, effect_type: str, estimate: float) -> Estimate:
        """Return a row with everything but its inference.

        Parameters
        ----------
        estimator, term, effect_type : str
            Identify the row.
        estimate : float
            The number.

        Returns
        -------
        Estimate
        """
        panel, spec = self.study.panel, self.spec
        n, t = len(panel.units), len(panel.periods)
        return Estimate(
            family="spatial_panel", role="robustness", estimator=estimator, spec_id=spec.id, outcome=spec.outcome,
            term=term, effect_type=effect_type, sample_id=spec.sample, unit_scheme=self.unit_scheme,
            period=f"{spec.years[0]}-{spec.years[1]}", controls_id="+".join(panel.names),
            fe_id=f"{spec.effects}, {spec.approach}", w_id=self.weights, estimate=estimate, n_obs=n * t, n_units=n,
            n_periods=t, output_basis=self.study.basis, warning=PROXY.get(self.study.basis, ""),
            data_hash=self.study.data_hash,
        )  # fmt: skip

    def main(self, model: str) -> bool:
        """Whether a model with these weights is the specification's main estimate."""
        return model == self.spec.model and self.weights == self.spec.weights


def coefficient_rows(context: RowContext, fit: SpatialPanelFit, kind: str = "observed") -> list[Estimate]:
    """Return one row for every parameter of a fit but the variance.

    Parameters
    ----------
    context : RowContext
        What the rows share.
    fit : SpatialPanelFit
        A fit.
    kind : str
        Covariance; other than ``observed`` it is part of the estimator's name.

    Returns
    -------
    list of Estimate
        Single coefficients of a Durbin model are not effects; the note says so.
    """
    model = fit.model.model
    errors = _errors(fit, kind)
    estimator = model.lower() if kind == "observed" else f"{model.lower()}_{kind}"
    rows = []
    for name, value, error in zip(fit.names[:-1], fit.estimates[:-1], errors, strict=True):
        base = context.row(estimator, name, "coef", float(value))
        note = WARNINGS["rho"] if name == "rho" else ""
        note = joined(base.warning, note, AT_BOUND if fit.at_bound else "", serial_note(fit))
        unit = SPATIAL_UNITS.get(name, UNITS.get(context.spec.outcome, ""))
        rows.append(replace(base, **_normal(float(value), float(error), context.level), warning=note,
                            unit_of_measure=unit, se_type=_named(kind, error)))  # fmt: skip
    return rows


def effect_rows(context: RowContext, fit: SpatialPanelFit, found: Impacts, kind: str = "observed") -> list[Estimate]:
    """Return direct, indirect and total effects of every regressor.

    Parameters
    ----------
    context : RowContext
        What the rows share.
    fit : SpatialPanelFit
        A fit.
    found : Impacts
        Its effects.
    kind : str
        Covariance they rest on.

    Returns
    -------
    list of Estimate
        By draws the interval is the range of percentiles and the estimator's name ends in ``_draws``.
    """
    model, persistence = fit.model.model, serial_note(fit)
    suffix = ("_draws" if found.method == "draws" else "") + ("" if kind == "observed" else f"_{kind}")
    role = context.spec.role if context.main(model) and not suffix else "robustness"
    rows = []
    for i, effect in enumerate(KINDS):
        for k, name in enumerate(found.regressors):
            base = context.row(model.lower() + suffix, name, effect, float(found.estimate[i, k]))
            rows.append(replace(base, role=role, **_effect_numbers(context, found, i, k, kind),
                                warning=joined(base.warning, persistence,
                                               WARNINGS.get(model, "") if effect == "indirect" else ""),
                                unit_of_measure=UNITS.get(context.spec.outcome, "")))  # fmt: skip
    return rows


def _effect_numbers(context: RowContext, found: Impacts, i: int, k: int, kind: str) -> dict[str, Any]:
    error = float(found.std_error[i, k])
    if not error > 0:
        return {"se_type": "zero by construction"}
    reach = normal_quantile(0.5 + context.level / 2) + normal_quantile(context.power)
    numbers: dict[str, Any] = {
        "std_error": error, "conf_low": float(found.conf_low[i, k]), "conf_high": float(found.conf_high[i, k]),
        "conf_level": context.level, "p_value": float(found.p_value[i, k]), "mde": reach * error,
    }  # fmt: skip
    if found.method == "delta":
        numbers |= {"statistic": float(found.estimate[i, k]) / error, "p_type": "normal, two-sided"}
        return {**numbers, "se_type": f"delta method, {_named(kind, error)}"}
    return {**numbers, "se_type": f"{found.draws} draws, {_named(kind, error)}", "p_type": "share of draws beyond zero"}


def tested_rows(context: RowContext, tests: list[SpatialTest]) -> list[Estimate]:
    """Return specification tests, their statistic in the place of the estimate.

    Parameters
    ----------
    context : RowContext
        What the rows share.
    tests : list of SpatialTest
        Tests.

    Returns
    -------
    list of Estimate
    """
    return [
        replace(context.row("test", test.name, "test", test.statistic), role="description",
                statistic=test.statistic, df=float(test.df), p_value=test.p_value, p_type="chi-squared",
                unit_of_measure="statistic")
        for test in tests
    ]  # fmt: skip


def statistic_rows(context: RowContext, estimator: str, values: Mapping[str, float], unit: str) -> list[Estimate]:
    """Return descriptive numbers of a model.

    Parameters
    ----------
    context : RowContext
        What the rows share.
    estimator : str
        The model.
    values : mapping of str to float
        Numbers by name.
    unit : str
        Their unit.

    Returns
    -------
    list of Estimate
    """
    return [replace(context.row(estimator, name, "stat", value), role="description", unit_of_measure=unit)
            for name, value in values.items()]  # fmt: skip


def residual_autocorrelation(fit: SpatialPanelFit) -> float:
    """Return the correlation of residuals with those of the year before.

    Parameters
    ----------
    fit : SpatialPanelFit
        A fit.

    Returns
    -------
    float
        About -1/(T - 1) when errors are independent over years and unit effects are removed.
    """
    e = fit.residuals
    return float((e[1:] * e[:-1]).sum() / (e**2).sum())


def serial_note(fit: SpatialPanelFit) -> str:
    """Warn where errors hang together over years.

    Parameters
    ----------
    fit : SpatialPanelFit
        A fit.

    Returns
    -------
    str
        Empty below the threshold.
    """
    found = residual_autocorrelation(fit)
    if found < SERIAL:
        return ""
    return f"errors are correlated over years ({found:.2f}): intervals that take them as independent are too narrow"


def _errors(fit: SpatialPanelFit, kind: str) -> np.ndarray:
    try:
        return fit.std_errors(kind)[:-1]
    except NumericsError:
        return np.full(len(fit.names) - 1, NAN)


def _normal(value: float, error: float, level: float) -> dict[str, Any]:
    if not np.isfinite(error):
        return {}
    half = normal_quantile(0.5 + level / 2) * error
    return {
        "std_error": error, "statistic": value / error, "p_value": float(two_sided_p(np.asarray(value / error))),
        "p_type": "normal, two-sided", "conf_low": value - half, "conf_high": value + half, "conf_level": level,
    }  # fmt: skip


def _named(kind: str, error: float) -> str:
    names = {"observed": "observed information", "expected": "expected information", "qml": "QML sandwich"}
    return names[kind] if np.isfinite(error) else ""


def joined(*parts: str) -> str:
    """Join warnings, leaving out empty ones.

    Parameters
    ----------
    *parts : str
        Warnings.

    Returns
    -------
    str
    """
    return "; ".join(part for part in parts if part)

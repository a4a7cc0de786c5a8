"""Dynamic spatial panel: what comes from the own past, from neighbours now and from their past, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.dynamic import DYNAMICS, DynamicFit, fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import (
    ESTIMATORS,
    KINDS,
    DynamicMonteCarlo,
    Stability,
    dynamic_effects,
    dynamic_monte_carlo,
    stability,
)
from evenfield.numerics.spatial_panel.likelihood import at_edge
from evenfield.numerics.spatial_panel.network import network
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.rounding import round_results
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.dynamic_spatial.estimate_spec import DynamicSettings
from evenfield.topics.spatial_panel.estimate_spec import UNITS, PanelSpec, StudyPanel, study_panel

BASE = "dynamic_sdm"
FAMILY = "dynamic_spatial"
SERIES_COLUMNS = [
    "spec_id", "term", "estimator", "truth", "bias", "sd", "coverage", "error_ratio", "estimated", "replications",
    "controlled",
]  # fmt: skip
NOT_STABLE = "NOT STABLE: largest root {:.3f} without the common one, so there is no long run"
COMMON = "COMMON ROOT: (tau + eta)/(1 - rho) is {:.3f}, so there is no long run"
FEW_STABLE = "fewer than half of the draws are stable: no long run"
ENDOGENOUS = "ENDOGENOUS: regressors are taken as strictly exogenous, an association"


@dataclass(frozen=True)
class DynamicResults:
    """Everything the family hands on."""

    estimates: list[Estimate]  # rows; numbers are withheld where the Monte Carlo does not vouch for them
    series: pd.DataFrame  # the Monte Carlo, ``SERIES_COLUMNS``
    fit: dict[str, Any]  # equation, rule and verdict by specification


@dataclass(frozen=True)
class Fitted:
    """One specification with its fit and Monte Carlo."""

    spec: PanelSpec  # which
    data: StudyPanel  # what it was estimated on
    fit: DynamicFit  # estimates
    check: DynamicMonteCarlo  # bias at the study's size
    withheld: str  # why the numbers are withheld; empty where they are printed


def estimate_dynamic_spatial(
    panel: pd.DataFrame, doses: pd.DataFrame, weights: Mapping[str, SpatialWeights], description: Mapping[str, Any],
    specs: list[PanelSpec], settings: DynamicSettings,
) -> DynamicResults:  # fmt: skip
    """Estimate every specification and measure its bias at its own size.

    Notes
    -----
    Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu + alpha_t 1 + e_t.
    """
    fitted = [_fitted(spec, panel, doses, weights, description, settings) for spec in specs]
    rows = [row for each in fitted for row in _rows(each, description, settings)]
    series = pd.concat([_series(each, settings) for each in fitted])
    ordered = series.sort_values(["spec_id", "term", "estimator"], ignore_index=True)
    return DynamicResults(rows, ordered, _summary(fitted, settings))


def _fitted(
    spec: PanelSpec, panel: pd.DataFrame, doses: pd.DataFrame, weights: Mapping[str, SpatialWeights],
    description: Mapping[str, Any], settings: DynamicSettings,
) -> Fitted:  # fmt: skip
    if spec.weights not in weights:
        raise EstimateError(f"dynamic specification {spec.id} names weights {spec.weights}",
                            f"one of {first_examples(sorted(weights))}", "add it to weights.families")  # fmt: skip
    data = study_panel(panel, doses, list(description["samples"][spec.sample]), spec)
    W = weights[spec.weights]
    rng = generator_for(settings.seed, f"{FAMILY}:{spec.id}:monte_carlo")
    try:
        net = network(W.units, W.matrix)
        fit = fit_dynamic(data.panel, net)
        check = dynamic_monte_carlo(data.panel, fit, rng, settings.replications, settings.level)
    except NumericsError as error:
        raise EstimateError(f"dynamic specification {spec.id}: {error}", "a panel that carries the model",
                            "change its years, regressors or weights in config.yaml") from error  # fmt: skip
    return Fitted(spec, data, fit, check, withheld_reason(fit, check, settings))


def withheld_reason(fit: DynamicFit, check: DynamicMonteCarlo, settings: DynamicSettings) -> str:
    """Say why numbers are not to be printed: no root, too many failures, or a bias that the correction leaves."""
    if not fit.found:
        return "WITHHELD: the corrected score has no root"
    if at_edge(float(fit.dynamics[0]), *fit.network.logdet.domain):
        return "WITHHELD: rho at the edge of its range"
    share = check.estimated[-1] / check.replications
    if share < settings.least_estimated:
        return f"WITHHELD: only {share:.0%} of the Monte Carlo's panels have an estimate"
    wrong = [name for name, kept in zip(DYNAMICS, controlled(check, settings)[-1], strict=True) if not kept]
    if wrong:
        i = DYNAMICS.index(wrong[0])
        return (f"WITHHELD: the Monte Carlo finds a bias of {check.bias[-1, i]:.3f} in {wrong[0]} after the correction "
                f"(standard deviation {check.sd[-1, i]:.3f})")  # fmt: skip
    return ""


def controlled(check: DynamicMonteCarlo, settings: DynamicSettings) -> np.ndarray:
    """Say for which estimators and parameters the bias is small; shape (3, 3)."""
    # ASSUME: a bias is harmless if it is below 0.02 or below half a standard deviation (both in the config).
    size = np.abs(check.bias)
    often = check.estimated >= settings.least_estimated * check.replications
    return np.asarray(((size < settings.max_bias) | (size < settings.max_bias_in_sd * check.sd)) & often[:, None])


def _rows(each: Fitted, description: Mapping[str, Any], settings: DynamicSettings) -> list[Estimate]:
    base = _base(each, description, settings)
    rows = [*_coefficients(each, base, settings), *_stability_rows(each, base), *_effects(each, base, settings)]
    return [_blank(row) for row in rows] if each.withheld else rows


def _blank(row: Estimate) -> Estimate:
    return replace(row, estimate=NAN, std_error=NAN, statistic=NAN, p_value=NAN, conf_low=NAN, conf_high=NAN)


def _base(each: Fitted, description: Mapping[str, Any], settings: DynamicSettings) -> Estimate:
    spec, t = each.spec, each.fit.t
    basis = {"proxy": "PROXY: income rests on proxy output",
             "spliced": "SPLICED: proxy output is joined to official output"}  # fmt: skip
    warning = "; ".join(part for part in (basis.get(each.data.basis, ""), ENDOGENOUS, each.withheld) if part)
    n = each.fit.network.n
    return Estimate(
        family=FAMILY, role="exploratory", estimator=BASE, spec_id=spec.id, outcome=spec.outcome, term="",
        unit_scheme=str(description["unit_scheme"]), sample_id=spec.sample,
        period=f"{spec.years[0] + 1}-{spec.years[1]}",
        controls_id="+".join(v.name for v in spec.regressors), fe_id="unit+year", w_id=spec.weights, estimate=NAN,
        n_obs=n * t, n_units=n, n_periods=t, conf_level=settings.level, output_basis=each.data.basis,
        converged=each.fit.found, warning=warning, data_hash=str(description["data_hash"]),
    )  # fmt: skip


def _coefficients(each: Fitted, base: Estimate, settings: DynamicSettings) -> list[Estimate]:
    fit, rows = each.fit, []
    unit = UNITS.get(each.spec.outcome, "")
    for place, name in enumerate(fit.names):
        found = t_inference(float(fit.estimates[place]), float(fit.std_errors[place]), np.inf, settings.level)
        rows.append(replace(
            base, term=name, estimate=found.estimate, std_error=found.std_error, statistic=found.statistic,
            p_value=found.p_value, conf_low=found.conf_low, conf_high=found.conf_high, se_type="adjusted score",
            p_type="normal", unit_of_measure="" if name in DYNAMICS else unit,
        ))  # fmt: skip
    for estimator, values in {"likelihood": fit.likelihood, "one_step": fit.one_step}.items():
        rows += [replace(base, estimator=f"{BASE}_{estimator}", role="ladder", term=name, estimate=float(value),
                         warning="; ".join(p for p in (base.warning, _not_defined(value)) if p))
                 for name, value in zip(DYNAMICS, values, strict=False)]  # fmt: skip
    return rows


def _not_defined(value: float) -> str:
    return "" if np.isfinite(value) else "not defined: the likelihood's maximum is not stable"


def _stability_rows(each: Fitted, base: Estimate) -> list[Estimate]:
    found = stability(each.fit)
    values = {
        "radius": (found.radius, ""), "constant_root": (found.constant_root, ""),
        "speed_slowest": (found.slowest, "%/yr"), "speed_fastest": (found.fastest, "%/yr"),
    }  # fmt: skip
    note = _long_run_note(found)
    warning = "; ".join(part for part in (base.warning, note) if part)
    return [replace(base, term="dynamics", effect_type=name, estimate=finite_or_nan(value), unit_of_measure=unit,
                    warning=warning) for name, (value, unit) in values.items()]  # fmt: skip


def _long_run_note(found: Stability) -> str:
    if not found.stable:
        return NOT_STABLE.format(found.radius)
    return "" if found.long_run else COMMON.format(found.constant_root)


def _effects(each: Fitted, base: Estimate, settings: DynamicSettings) -> list[Estimate]:
    draw_id = f"{FAMILY}:{each.spec.id}:effects"
    rng = generator_for(settings.seed, draw_id)
    found = dynamic_effects(each.fit, settings.horizons, rng, settings.draws, settings.level)
    note = _long_run_note(stability(each.fit)) or FEW_STABLE
    rows = []
    for h, horizon in enumerate(found.horizons):
        dropped = f"{found.dropped[h]} of {settings.draws} draws are not stable" if found.dropped[h] else ""
        for i, kind in enumerate(KINDS):
            for k, name in enumerate(found.regressors):
                blank = np.isnan(found.estimate[h, i, k])
                parts = (base.warning, note if blank else dropped)
                rows.append(replace(
                    base, term=name, effect_type=f"{horizon}_{kind}", estimate=float(found.estimate[h, i, k]),
                    std_error=float(found.std_error[h, i, k]), conf_low=float(found.conf_low[h, i, k]),
                    conf_high=float(found.conf_high[h, i, k]), se_type="draws of all parameters",
                    unit_of_measure=UNITS.get(each.spec.outcome, ""), seed=f"{settings.seed}:{draw_id}",
                    warning="; ".join(part for part in parts if part),
                ))  # fmt: skip
    return rows


def _series(each: Fitted, settings: DynamicSettings) -> pd.DataFrame:
    check, kept = each.check, controlled(each.check, settings)
    rows = [
        {"spec_id": each.spec.id, "term": term, "estimator": estimator, "truth": check.truth[j],
         "bias": check.bias[i, j], "sd": check.sd[i, j], "estimated": check.estimated[i],
         "coverage": check.coverage[j] if estimator == "adjusted" else NAN,
         "error_ratio": check.error_ratio[j] if estimator == "adjusted" else NAN,
         "replications": check.replications, "controlled": int(kept[i, j])}
        for i, estimator in enumerate(ESTIMATORS) for j, term in enumerate(DYNAMICS)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=SERIES_COLUMNS)


def _summary(fitted: list[Fitted], settings: DynamicSettings) -> dict[str, Any]:
    return {
        "equation": "Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu + alpha_t 1 + e_t",
        "estimator": "root of the likelihood's score, adjusted for the unit effects; time effects transformed away",
        "rule": f"numbers are printed if the Monte Carlo's bias of rho, tau and eta is below {settings.max_bias:g} or "
                f"below {settings.max_bias_in_sd:g} standard deviations and at least {settings.least_estimated:.0%} of "
                "its panels have an estimate",
        "replications": settings.replications, "seed": settings.seed, "conf_level": settings.level,
        "specifications": {
            each.spec.id: {"withheld": each.withheld, "long_run": _long_run_note(stability(each.fit)),
                           "sigma": float(round_results(np.asarray(np.sqrt(each.fit.sigma2))))}
            for each in fitted
        },
    }  # fmt: skip

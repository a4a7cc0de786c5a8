"""Spatial panels of the study: every specification with every model and weights, effects with intervals, selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import EstimateError
from evenfield.contracts.estimates import Estimate
from evenfield.contracts.study import SpatialWeights
from evenfield.estimates.spillover.panel_models_rows import (
    RowContext,
    coefficient_rows,
    effect_rows,
    joined,
    residual_autocorrelation,
    statistic_rows,
    tested_rows,
)
from evenfield.estimates.spillover.panel_models_spec import PanelSpec, StudyPanel, study_panel
from evenfield.estimates.spillover.panel_models_tables import EffectTables
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.bootstrap import year_bootstrap
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.impacts import delta_impacts, drawn_impacts
from evenfield.numerics.spatial_panel.lm_tests import lm_tests
from evenfield.numerics.spatial_panel.models import PanelModel, SpatialPanelFit, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import Network, network
from evenfield.numerics.spatial_panel.selection import (
    COMPARED,
    information_criteria,
    likelihood_ratio,
    model_probabilities,
    wald_tests,
)

DRAWS, YEAR_DRAWS, YEARS_TOGETHER, FACTORS = 10_000, 499, 2, (1, 2)
READING = [
    "rho is dependence between neighbours' outcomes; it is not an effect of any regressor on neighbours",
    "a coefficient of W x is not an indirect effect; read direct, indirect and total",
    "SAR forces one ratio of indirect to direct effects on all regressors",
    "with few units and dense weights read the effective number of neighbours first",
    "associations given unit and year effects; not causal",
]


@dataclass(frozen=True)
class PanelModelResults:
    """Everything the spatial panel family hands on.

    Attributes
    ----------
    estimates : list of Estimate
        Coefficients, effects, tests, model probabilities.
    reach : DataFrame
        Effects by unit: own, received from all others, sent to all others.
    links : DataFrame
        Effect on ``unit_i`` of the regressor in ``unit_j``, main model and weights.
    powers : DataFrame
        Effects by power of W, main model.
    summary : dict
        Equation, conventions and how to read the numbers.
    """

    estimates: list[Estimate]
    reach: pd.DataFrame
    links: pd.DataFrame
    powers: pd.DataFrame
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PanelSettings:
    """What all specifications share.

    Attributes
    ----------
    level, power : float
        Level of the intervals and power of the minimum detectable effects.
    seed : int
        Base seed.
    """

    level: float
    power: float
    seed: int


def estimate_panel_models(
    frame: pd.DataFrame,
    doses: pd.DataFrame,
    weights: Mapping[str, SpatialWeights],
    description: Mapping[str, Any],
    specs: list[PanelSpec],
    settings: PanelSettings,
) -> PanelModelResults:
    """Estimate every specification with every model and weights matrix.

    Parameters
    ----------
    frame : DataFrame
        The panel table.
    doses : DataFrame
        Zones in force by unit, year and type.
    weights : mapping of str to SpatialWeights
        Weights by name, on all units of the study.
    description : mapping
        ``unit_scheme`` and ``samples``.
    specs : list of PanelSpec
        Specifications.
    settings : PanelSettings
        Levels and seed.

    Returns
    -------
    PanelModelResults

    Raises
    ------
    EstimateError
        If a panel is not balanced, a sample or weights are unknown, or a model cannot be estimated on the panel.

    Notes
    -----
    Y_t = rho W Y_t + X_t b + W X_t th + mu + alpha_t 1 + u_t, u_t = lambda W u_t + e_t. Effects of regressor k are
    those of M_k = (I - rho W)^-1 (b_k I + th_k W). Elhorst (2014), Lee and Yu (2010), LeSage and Pace (2009).
    """
    tables = EffectTables()
    estimates = [
        row for spec in specs for row in _specification(frame, doses, weights, description, spec, settings, tables)
    ]
    reached, links, powers = (tables.table(name) for name in ("reach", "links", "powers"))
    return PanelModelResults(estimates, reached, links, powers, _summary(specs, settings))


def _specification(
    frame: pd.DataFrame, doses: pd.DataFrame, weights: Mapping[str, SpatialWeights], description: Mapping[str, Any],
    spec: PanelSpec, settings: PanelSettings, tables: EffectTables,
) -> list[Estimate]:  # fmt: skip
    if spec.sample not in description["samples"] or spec.weights not in weights:
        raise EstimateError(f"{spec.id} asks for sample {spec.sample} and weights {spec.weights}",
                            "a sample and weights of the config", "correct estimates.spatial_panel")  # fmt: skip
    members = list(description["samples"][spec.sample])
    study = study_panel(frame, doses, members, spec)
    networks = {name: _network(item, members) for name, item in weights.items()}
    rows: list[Estimate] = []
    try:
        for name, net in networks.items():
            context = RowContext(spec, study, name, str(description["unit_scheme"]), settings.level, settings.power)
            fits = {model: fit_spatial_panel(study.panel, net, _model(spec, model)) for model in spec.models}
            rows += _weights_rows(context, fits, net, settings)
            for fit in fits.values():
                tables.add(context, fit)
        rows += _probability_rows(study, networks, spec, settings, str(description["unit_scheme"]))
    except NumericsError as error:
        raise EstimateError(
            f"{spec.id}: {error}", "a panel that carries the model", "change the specification"
        ) from error
    return rows


def _network(weights: SpatialWeights, members: list[str]) -> Network:
    """Cut the weights to a sample, standardise its rows again and check them."""
    place = [weights.units.index(unit) for unit in members]
    matrix = weights.matrix[np.ix_(place, place)]
    sums = matrix.sum(axis=1, keepdims=True)
    if (sums == 0).any():
        alone = members[int(np.argmin(sums))]
        raise EstimateError(f"{alone} has no neighbour left in the sample", "neighbours for every unit",
                            "choose other weights or the whole sample")  # fmt: skip
    return network(members, matrix / sums)


def _model(spec: PanelSpec, model: str) -> PanelModel:
    return PanelModel(model, spec.effects, spec.approach)


def _weights_rows(
    context: RowContext, fits: Mapping[str, SpatialPanelFit], net: Network, settings: PanelSettings
) -> list[Estimate]:
    spec, panel = context.spec, context.study.panel
    rows = tested_rows(context, lm_tests(panel, net, spec.effects, spec.approach))
    if {"SDM", "SAR", "SEM"} <= set(fits):
        rows += tested_rows(context, [likelihood_ratio(fits["SDM"], fits[narrow]) for narrow in ("SAR", "SEM")])
    for model, fit in fits.items():
        aic, bic = information_criteria(fit)
        rows += coefficient_rows(context, fit)
        heights = {"log likelihood": fit.log_likelihood, "AIC": aic, "BIC": bic}
        rows += statistic_rows(context, model.lower(), heights, "natural log units")
        serial = {"residual autocorrelation": residual_autocorrelation(fit)}
        rows += statistic_rows(context, model.lower(), serial, "correlation")
        if fit.at_bound:
            continue
        rows += effect_rows(context, fit, delta_impacts(fit, level=settings.level))
        rows += tested_rows(context, wald_tests(fit)) if model == "SDM" else []
        rows += _main_rows(context, fit, net, settings) if context.main(model) else []
    return rows


def _main_rows(context: RowContext, fit: SpatialPanelFit, net: Network, settings: PanelSettings) -> list[Estimate]:
    """Return the ladder of the main estimate: sandwich, draws, resampled years, common factors."""
    model = fit.model.model
    stream = f"spatial_panel:{context.spec.id}:{context.weights}:{model}"
    drawn = drawn_impacts(fit, generator_for(settings.seed, f"{stream}:draws"), DRAWS, level=settings.level)
    rows = coefficient_rows(context, fit, "qml")
    rows += effect_rows(context, fit, delta_impacts(fit, "qml", settings.level), "qml")
    rows += [replace(row, seed=str(settings.seed)) for row in effect_rows(context, fit, drawn)]
    rows += _year_rows(context, fit, generator_for(settings.seed, f"{stream}:years"), settings)
    for factors in FACTORS:
        found = fit_with_factors(context.study.panel, net, fit.model, factors)
        note = f"{factors} common factors taken out, no bias correction"
        rows += [
            replace(row, estimator=f"{row.estimator}_factors_{factors}", converged=found.converged,
                    warning=joined(row.warning, note))
            for row in coefficient_rows(context, found.after) if row.term in ("rho", "lambda")
        ]  # fmt: skip
    return rows


def _year_rows(
    context: RowContext, fit: SpatialPanelFit, rng: np.random.Generator, settings: PanelSettings
) -> list[Estimate]:
    """Return coefficients with the spread and the percentiles of samples rebuilt from resampled years."""
    drawn = year_bootstrap(context.study.panel, fit, rng, YEAR_DRAWS, YEARS_TOGETHER)
    low, high = np.quantile(drawn, [0.5 - settings.level / 2, 0.5 + settings.level / 2], axis=0)
    label = f"{YEAR_DRAWS} samples of residuals by blocks of {YEARS_TOGETHER} years"
    rows = coefficient_rows(context, fit)
    return [
        replace(row, estimator=f"{row.estimator}_years", std_error=float(drawn[:, i].std(ddof=1)),
                statistic=row.estimate / float(drawn[:, i].std(ddof=1)), p_value=float("nan"), p_type="",
                conf_low=float(low[i]), conf_high=float(high[i]), se_type=label, seed=str(settings.seed))
        for i, row in enumerate(rows)
    ]  # fmt: skip


def _probability_rows(
    study: StudyPanel, networks: Mapping[str, Network], spec: PanelSpec, settings: PanelSettings, scheme: str
) -> list[Estimate]:
    """Return the posterior over models and weights together: rows of one specification sum to one."""
    compared = [model for model in spec.models if model in COMPARED]
    found = model_probabilities(study.panel, networks, _model(spec, "SDM"), compared)
    rows = []
    for (model, weights), value in found.items():
        context = RowContext(spec, study, weights, scheme, settings.level, settings.power)
        row = context.row(model.lower(), model, "probability", value)
        rows.append(replace(row, role="description", unit_of_measure="share"))
    return rows


def _summary(specs: list[PanelSpec], settings: PanelSettings) -> dict[str, Any]:
    return {
        "equation": "Y_t = rho W Y_t + X_t b + W X_t th + mu + alpha_t 1 + u_t, u_t = lambda W u_t + e_t",
        "effects": "M_k = (I - rho W)^-1 (b_k I + th_k W): direct = tr(M_k)/N, total = 1'M_k 1/N, indirect = the rest",
        "reading": READING,
        "conf_level": settings.level, "power": settings.power, "seed": settings.seed,
        "draws": DRAWS, "year_draws": YEAR_DRAWS, "years_together": YEARS_TOGETHER,
        "regressors": {variable.name: variable.label for spec in specs for variable in spec.regressors},
        "specifications": [
            {"id": spec.id, "outcome": spec.outcome, "regressors": [v.name for v in spec.regressors],
             "years": list(spec.years), "sample": spec.sample, "effects": spec.effects, "approach": spec.approach,
             "model": spec.model, "weights": spec.weights, "models": list(spec.models), "role": spec.role}
            for spec in specs
        ],
    }  # fmt: skip

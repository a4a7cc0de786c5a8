"""Spatial panels of the study: every specification with every model and weights, effects with intervals, selection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import effective_neighbours
from evenfield.numerics.spatial_panel.lm_tests import lm_tests
from evenfield.numerics.spatial_panel.models import PanelModel, SpatialPanelFit, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import Network, network
from evenfield.numerics.spatial_panel.selection import (
    COMPARED,
    information_criteria,
    likelihood_ratio,
    model_probabilities,
    residual_moran,
    wald_tests,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.rounding import round_results
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.spatial_panel.estimate_effects import clustered_rows, undefined_effects
from evenfield.topics.spatial_panel.estimate_ladder import (
    DRAWS,
    UNIT_DRAWS,
    YEAR_DRAWS,
    YEARS_TOGETHER,
    PanelSettings,
    ladder_rows,
)
from evenfield.topics.spatial_panel.estimate_rows import (
    RowContext,
    coefficient_rows,
    residual_autocorrelation,
    serial_note,
    statistic_rows,
    tested_rows,
    undefined_rows,
)
from evenfield.topics.spatial_panel.estimate_spec import PanelSpec, StudyPanel, study_panel
from evenfield.topics.spatial_panel.estimate_tables import EffectTables

READING = [
    "SAR forces one ratio of indirect to direct effects on all regressors",
    "rho is dependence between neighbours' outcomes; alone it is no evidence that a policy reached the neighbours",
    "with few units and dense weights read the effective number of neighbours first",
    "time effects, or common factors, come out before anything is read as dependence between neighbours",
    "a coefficient of W x is not an indirect effect; read direct, indirect and total",
    "associations given unit and year effects; no row decides a hypothesis",
]


@dataclass(frozen=True)
class PanelModelResults:
    """Everything the spatial panel family hands on."""

    estimates: list[Estimate]  # coefficients, effects, tests, model probabilities
    reach: pd.DataFrame  # effects by unit: own, received from all others, sent to all others
    links: pd.DataFrame  # effect on ``unit_i`` of the regressor in ``unit_j``
    powers: pd.DataFrame  # effects by power of W, main model
    summary: dict[str, Any]  # equation, conventions and how to read the numbers


def estimate_panel_models(
    frame: pd.DataFrame,
    doses: pd.DataFrame,
    weights: Mapping[str, SpatialWeights],
    description: Mapping[str, Any],
    specs: list[PanelSpec],
    settings: PanelSettings,
) -> PanelModelResults:
    """Estimate every specification with every model and weights matrix.

    Notes
    -----
    Y_t = rho W Y_t + X_t b + W X_t th + mu + alpha_t 1 + u_t, u_t = lambda W u_t + e_t. Effects of regressor k are
    those of M_k = (I - rho W)^-1 (b_k I + th_k W). Elhorst (2014), Lee and Yu (2010), LeSage and Pace (2009).
    """
    tables = EffectTables(mapped=specs[0].id if specs else "")
    estimates = [
        row for spec in specs for row in _specification(frame, doses, weights, description, spec, settings, tables)
    ]
    reached, links, powers = (tables.table(name) for name in ("reach", "links", "powers"))
    return PanelModelResults(estimates, reached, links, powers, _summary(specs, settings, weights))


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
    absent = [unit for unit in members if unit not in weights.units]
    if absent:
        raise EstimateError(f"{len(absent)} units of the sample have no weights ({first_examples(absent)})",
                            "weights of every unit", "rebuild the weights")  # fmt: skip
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
    rows = _test_rows(context, fits, net)
    for model, fit in fits.items():
        rows += coefficient_rows(context, fit)
        rows += _fit_rows(context, fit, settings)
        role = context.spec.role if context.main(model) else "robustness"
        if fit.at_bound:
            rows += undefined_effects(context, fit, role)
            continue
        rows += clustered_rows(context, fit, role)
        rows += ladder_rows(context, fit, settings) if context.main(model) else []
    return rows


def _test_rows(context: RowContext, fits: Mapping[str, SpatialPanelFit], net: Network) -> list[Estimate]:
    spec, panel = context.spec, context.study.panel
    note = serial_note(next(iter(fits.values())))
    rows = tested_rows(context, lm_tests(panel, net, spec.effects, spec.approach), note)
    if {"SDM", "SAR", "SEM"} <= set(fits):
        rows += tested_rows(context, [likelihood_ratio(fits["SDM"], fits[narrow]) for narrow in ("SAR", "SEM")], note)
    if "SDM" in fits and fits["SDM"].at_bound:
        names = [f"Wald SDM -> {narrow}{kind}" for narrow in ("SAR", "SEM") for kind in ("", ", by unit")]
        empty = [context.row("test", name, "test", NAN) for name in names]
        told = [replace(row, role="description", unit_of_measure="statistic") for row in empty]
        return [*rows, *undefined_rows(told, fits["SDM"])]
    if "SDM" in fits:
        rows += tested_rows(context, [*wald_tests(fits["SDM"]), *wald_tests(fits["SDM"], "unit")], note)
    return rows


def _fit_rows(context: RowContext, fit: SpatialPanelFit, settings: PanelSettings) -> list[Estimate]:
    """Return likelihood, criteria and what is left in the residuals, over years and over the map."""
    model = fit.model.model
    aic, bic = information_criteria(fit)
    heights = {"log likelihood": fit.log_likelihood, "AIC": aic, "BIC": bic}
    rows = statistic_rows(context, model.lower(), heights, "natural log units")
    serial = {"residual autocorrelation": residual_autocorrelation(fit)}
    rows += statistic_rows(context, model.lower(), serial, "correlation")
    stream = f"spatial_panel:{context.spec.id}:{context.weights}:{model}:moran"
    moran, p_value = residual_moran(fit, generator_for(settings.seed, stream))
    found = statistic_rows(context, model.lower(), {"residual Moran": moran}, "Moran's I")[0]
    return [*rows, replace(found, p_value=p_value, p_type="999 permutations of units with their paths",
                           seed=str(settings.seed))]  # fmt: skip


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


def _summary(specs: list[PanelSpec], settings: PanelSettings, weights: Mapping[str, SpatialWeights]) -> dict[str, Any]:
    return {
        "equation": "Y_t = rho W Y_t + X_t b + W X_t th + mu + alpha_t 1 + u_t, u_t = lambda W u_t + e_t",
        "effects": "M_k = (I - rho W)^-1 (b_k I + th_k W): direct = tr(M_k)/N, total = 1'M_k 1/N, indirect = the rest",
        "reading": READING,
        "conf_level": settings.level, "power": settings.power, "seed": settings.seed,
        "interval": "sandwich by unit, t(G* - 1): any correlation over years and any variance within a unit",
        "draws": DRAWS, "unit_draws": UNIT_DRAWS, "year_draws": YEAR_DRAWS, "years_together": YEARS_TOGETHER,
        "effective_neighbours": {
            name: float(round_results(np.asarray(effective_neighbours(item.matrix))))
            for name, item in sorted(weights.items())
        },
        "regressors": {variable.name: variable.label for spec in specs for variable in spec.regressors},
        "specifications": [
            {"id": spec.id, "outcome": spec.outcome, "regressors": [v.name for v in spec.regressors],
             "years": list(spec.years), "sample": spec.sample, "effects": spec.effects, "approach": spec.approach,
             "model": spec.model, "weights": spec.weights, "models": list(spec.models), "role": spec.role}
            for spec in specs
        ],
    }  # fmt: skip

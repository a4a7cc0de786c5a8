"""Backward linkages (H9): is the association with neighbours' foreign enterprises larger where industry was larger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import OlsFit
from evenfield.shared.estimates import Estimate
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.exposure.places import checked_places
from evenfield.topics.linkages.estimate_bins import marginal_effects, tercile_difference
from evenfield.topics.linkages.estimate_data import (
    NEIGHBOURS,
    NEIGHBOURS_RIVAL,
    NEIGHBOURS_X,
    LinkagePanel,
    change_before,
    linkage_panel,
)
from evenfield.topics.linkages.estimate_evidence import curve_row, deciding_rows, placebo_ends
from evenfield.topics.linkages.estimate_fit import fit_panel
from evenfield.topics.linkages.estimate_inference import Fields, primary_fields
from evenfield.topics.linkages.estimate_rows import BASE, Study, linkage_row
from evenfield.topics.linkages.estimate_spec import LinkageSettings, LinkageSpec


@dataclass(frozen=True)
class LinkageResults:
    """Everything the linkage family hands on."""

    estimates: list[Estimate]  # rows
    series: pd.DataFrame  # marginal effects by moderator, ``linkage_bins.SERIES_COLUMNS``
    fit: dict[str, Any]  # equation and conventions in words


def estimate_linkage(
    panel: pd.DataFrame, doses: pd.DataFrame, units: pd.DataFrame, weights: Mapping[str, SpatialWeights],
    description: Mapping[str, Any], specs: list[LinkageSpec], settings: LinkageSettings,
) -> LinkageResults:  # fmt: skip
    """Estimate every linkage specification, the ladder of the primary one and what its sign rests on.

    Notes
    -----
    y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it L_i + e_it; psi decides.
    """
    main = next((spec for spec in specs if spec.role == "primary"), specs[0])
    study = Study(checked_places(units), description, settings, main)
    panels = {spec.id: linkage_panel(panel, doses, _weights(weights, spec), spec) for spec in specs}
    fits = {spec.id: _fit(panels[spec.id], spec) for spec in specs}
    rows = [row for spec in specs for row in _spec_rows(spec, panels[spec.id], fits[spec.id], study)]
    before = (
        change_before(panel, "log_income", placebo_ends(settings), panels[main.id].units) if settings.placebo else None
    )
    rows += deciding_rows(panels[main.id], fits[main.id], study, before)
    rows.append(curve_row(specs, panels, fits, study))
    series = pd.concat([marginal_effects(panels[spec.id], fits[spec.id], spec, settings) for spec in specs])
    return LinkageResults(rows, series.sort_values(["spec_id", "kind", "moderator", "label"], ignore_index=True),
                          _summary(specs, settings))  # fmt: skip


def _weights(weights: Mapping[str, SpatialWeights], spec: LinkageSpec) -> SpatialWeights:
    if spec.weights not in weights:
        raise EstimateError(f"linkage specification {spec.id} names weights {spec.weights}",
                            f"one of {first_examples(sorted(weights))}", "add it to weights.families")  # fmt: skip
    return weights[spec.weights]


def _fit(panel: LinkagePanel, spec: LinkageSpec) -> OlsFit:
    try:
        return fit_panel(panel)
    except NumericsError as error:
        raise EstimateError(f"linkage specification {spec.id}: {error}", "regressors that can be told apart",
                            "change intensity, moderator or years in config.yaml") from error  # fmt: skip


def _tested(fit: OlsFit, c: np.ndarray, panel: LinkagePanel, study: Study) -> Fields:
    try:
        return primary_fields(fit, c, panel, study.settings)
    except NumericsError as error:
        return {"estimate": float(c @ fit.beta), "warning": f"no interval: {error}"}


def _spec_rows(spec: LinkageSpec, panel: LinkagePanel, fit: OlsFit, study: Study) -> list[Estimate]:
    """Return the terms of a specification: all of the main one, the interactions of the others."""
    shown = panel.terms if spec == study.main else (NEIGHBOURS_X,)
    shown = tuple(dict.fromkeys([*shown, *([NEIGHBOURS_RIVAL] if spec.rival else [])]))
    out = []
    for term in shown:
        c = panel.contrast({term: 1.0}, fit.X.shape[1])
        out.append(linkage_row(spec, panel, study, term, _tested(fit, c, panel, study)))
    binned = linkage_row(spec, panel, study, NEIGHBOURS, tercile_difference(panel, study.settings))
    return [*out, replace(binned, estimator=f"{BASE}_bins", contrast="high - low tercile", role="exploratory")]


def _summary(specs: list[LinkageSpec], settings: LinkageSettings) -> dict[str, Any]:
    return {
        "equation": "y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it L_i + e_it",
        "intensities": {spec.intensity.name: spec.intensity.label for spec in specs},
        "moderators": {spec.moderator.name: spec.moderator.label for spec in specs},
        "reading": "psi: how much larger the coefficient of neighbours' intensity is where the moderator is one "
                   "standard deviation higher; an association",
        "primary": "CR3 by unit with t(G* - 1)",
        "ladder": "WCR-33, Driscoll-Kraay fixed-b, Conley, two-way, SCPC on last year minus first, permuted moderator",
        "mde": "(t_(1+level)/2 + t_power) times the row's standard error",
        "sesoi": None if np.isnan(settings.sesoi) else settings.sesoi,
        "not_testable": "the secondary share of 1985 and input-output multipliers that the design names are not "
                        "in the panel",
        "conf_level": settings.level, "power": settings.power,
    }  # fmt: skip

"""Backward linkages (H9): is the association with neighbours' foreign enterprises larger where industry was larger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import EstimateError, first_examples
from evenfield.contracts.estimates import NAN, Estimate
from evenfield.contracts.study import SpatialWeights
from evenfield.estimates.spillover.linkage_bins import marginal_effects, tercile_difference
from evenfield.estimates.spillover.linkage_data import (
    NEIGHBOURS,
    NEIGHBOURS_RIVAL,
    NEIGHBOURS_X,
    LinkagePanel,
    change_before,
    fit_long_difference,
    fit_panel,
    linkage_panel,
)
from evenfield.estimates.spillover.linkage_inference import (
    Fields,
    Setting,
    ladder_fields,
    long_difference_fields,
    permuted_estimates,
    primary_fields,
)
from evenfield.estimates.spillover.linkage_spec import OUTCOMES, LinkageSettings, LinkageSpec
from evenfield.estimates.spillover.places import checked_places
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.leave_out import leave_one_out, leave_pair_out
from evenfield.numerics.ols import OlsFit

BASE = "linkage_fe"
ENDOGENOUS = "ENDOGENOUS: intensity is not assigned, an association"
CURVE_DRAWS = "linkage:curve"


@dataclass(frozen=True)
class LinkageResults:
    """Everything the linkage family hands on.

    Attributes
    ----------
    estimates : list of Estimate
        Rows.
    series : DataFrame
        Marginal effects by moderator, ``linkage_bins.SERIES_COLUMNS``.
    fit : dict
        Equation and conventions in words.
    """

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any]


@dataclass(frozen=True)
class Study:
    """What every specification is estimated on.

    Attributes
    ----------
    places : DataFrame, indexed by unit
        Coordinates.
    description : mapping
        ``unit_scheme``, ``data_hash``, ``basis_years``.
    settings : LinkageSettings
        What all specifications share.
    main : LinkageSpec
        The specification that decides.
    """

    places: pd.DataFrame
    description: Mapping[str, Any]
    settings: LinkageSettings
    main: LinkageSpec


def estimate_linkage(
    panel: pd.DataFrame, doses: pd.DataFrame, units: pd.DataFrame, weights: Mapping[str, SpatialWeights],
    description: Mapping[str, Any], specs: list[LinkageSpec], settings: LinkageSettings,
) -> LinkageResults:  # fmt: skip
    """Estimate every linkage specification, the ladder of the primary one and what its sign rests on.

    Parameters
    ----------
    panel : DataFrame
        The study's panel.
    doses : DataFrame
        Zones in force.
    units : DataFrame
        ``unit``, ``lat``, ``lon``.
    weights : mapping of str to SpatialWeights
        Weights by name.
    description : mapping
        ``unit_scheme``, ``data_hash``, ``basis_years``.
    specs : list of LinkageSpec
        Specifications.
    settings : LinkageSettings
        What all specifications share.

    Returns
    -------
    LinkageResults

    Raises
    ------
    EstimateError
        If weights, columns, values or coordinates are missing, or the regressors of a specification are collinear.

    Notes
    -----
    y_it = mu_i + tau_t + a F_it + b (WF)_it + c F_it L_i + psi (WF)_it L_i + e_it; psi decides.
    """
    main = next((spec for spec in specs if spec.role == "primary"), specs[0])
    study = Study(checked_places(units), description, settings, main)
    panels = {spec.id: linkage_panel(panel, doses, _weights(weights, spec), spec) for spec in specs}
    fits = {spec.id: _fit(panels[spec.id], spec) for spec in specs}
    rows = [row for spec in specs for row in _spec_rows(spec, panels[spec.id], fits[spec.id], study)]
    before = change_before(panel, "log_income", _ends(settings), panels[main.id].units) if settings.placebo else None
    rows += _deciding_rows(panels[main.id], fits[main.id], study, before)
    rows.append(_curve_row(specs, panels, fits, study))
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


def _spec_rows(spec: LinkageSpec, panel: LinkagePanel, fit: OlsFit, study: Study) -> list[Estimate]:
    """Return the terms of a specification: all of the main one, the interactions of the others."""
    shown = panel.terms if spec == study.main else (NEIGHBOURS_X,)
    shown = tuple(dict.fromkeys([*shown, *([NEIGHBOURS_RIVAL] if spec.rival else [])]))
    out = []
    for term in shown:
        c = panel.contrast({term: 1.0}, fit.X.shape[1])
        out.append(_row(spec, panel, study, term, _tested(fit, c, panel, study)))
    binned = _row(spec, panel, study, NEIGHBOURS, tercile_difference(panel, study.settings))
    return [*out, replace(binned, estimator=f"{BASE}_bins", contrast="high - low tercile", role="exploratory")]


def _tested(fit: OlsFit, c: np.ndarray, panel: LinkagePanel, study: Study) -> Fields:
    try:
        return primary_fields(fit, c, panel, study.settings)
    except NumericsError as error:
        return {"estimate": float(c @ fit.beta), "warning": f"no interval: {error}"}


def _row(spec: LinkageSpec, panel: LinkagePanel, study: Study, term: str, fields: Fields) -> Estimate:
    psi = term == NEIGHBOURS_X
    decides = psi and spec.moderator == study.main.moderator
    sesoi = study.settings.sesoi if decides and _comparable(spec, study.main) else NAN
    first = {"n_obs": panel.y.size, "n_periods": len(panel.years), **fields}
    return Estimate(
        hypothesis=study.settings.hypothesis if decides else "", family="linkage",
        role=spec.role if psi else "mechanism" if term == NEIGHBOURS_RIVAL else "exploratory", estimator=BASE,
        spec_id=spec.id, outcome=spec.outcome, term=term, unit_scheme=str(study.description["unit_scheme"]),
        period=spec.period, treatment_def=spec.intensity.name, controls_id=spec.controls, fe_id=spec.effects,
        w_id=spec.weights, n_units=len(panel.units), sesoi=sesoi,
        unit_of_measure=_unit(spec, term), output_basis=_basis(spec, study.description),
        data_hash=str(study.description["data_hash"]),
        **{**first, "warning": _warning(spec, study, fields, sesoi)},
    )  # fmt: skip


def _comparable(spec: LinkageSpec, main: LinkageSpec) -> bool:
    """Tell whether the coefficient has the unit of the smallest effect of interest: that of the main specification."""
    return (spec.outcome, spec.intensity.kind) == (main.outcome, main.intensity.kind)


def _unit(spec: LinkageSpec, term: str) -> str:
    plain = "elasticity" if spec.outcome == "log_income" else f"{OUTCOMES[spec.outcome]} per log point"
    return f"{plain} per s.d. of the moderator" if "_x_" in term else plain


def _basis(spec: LinkageSpec, description: Mapping[str, Any]) -> str:
    first, last = spec.years
    touched = [basis for basis, (start, end) in sorted(description["basis_years"].items())
               if start <= last and first <= end]  # fmt: skip
    return "spliced" if len(touched) > 1 else touched[0] if touched else ""


def _warning(spec: LinkageSpec, study: Study, fields: Fields, sesoi: float) -> str:
    basis = {"proxy": "PROXY: income rests on proxy output",
             "spliced": "SPLICED: proxy output is joined to official output"}  # fmt: skip
    late = [m for m in (spec.moderator, spec.rival) if m and m.years[1] >= spec.years[0]]
    dated = f"MODERATOR: {spec.moderator.label}, {spec.moderator.note}" if spec.moderator.note else ""
    mde = fields.get("mde", NAN)
    parts = [
        basis.get(_basis(spec, study.description), ""), ENDOGENOUS, dated,
        *(f"NOT PREDETERMINED: {m.label} lies inside the sample" for m in late), str(fields.get("warning", "")),
        f"UNDERPOWERED: mde {mde:.3g} above sesoi {sesoi:g}" if mde > sesoi else "",
    ]  # fmt: skip
    return "; ".join(part for part in parts if part)


def _ends(settings: LinkageSettings) -> tuple[int, int]:
    return settings.placebo[0], settings.placebo[-1]


def _deciding_rows(panel: LinkagePanel, fit: OlsFit, study: Study, before: np.ndarray | None) -> list[Estimate]:
    """Return the ladder of the deciding coefficient, its placebo and what its sign rests on."""
    spec, settings = study.main, study.settings
    c = panel.contrast({NEIGHBOURS_X: 1.0}, fit.X.shape[1])
    setting = Setting(panel, fit, c, study.places, settings, f"linkage:{spec.id}:{NEIGHBOURS_X}")
    out = []
    for method, fields in ladder_fields(setting).items():
        row = _row(spec, panel, study, NEIGHBOURS_X, fields)
        out.append(replace(row, estimator=f"{BASE}_{method}", role="ladder"))
    if before is not None:
        out.append(_placebo_row(setting, study, before))
    return [*out, *_leave_out_rows(panel, fit, c, study)]


def _placebo_row(setting: Setting, study: Study, before: np.ndarray) -> Estimate:
    """Return the interaction with income growth from before the sample as the outcome: there should be none."""
    fields = long_difference_fields(setting, fit_long_difference(setting.panel, before))
    first, last = _ends(study.settings)
    earlier = replace(
        study.main, years=(first, last), moderator=replace(study.main.moderator, years=(0, 0)), rival=None
    )
    row = _row(study.main, setting.panel, study, NEIGHBOURS_X, fields)
    return replace(row, estimator=f"{BASE}_placebo_before", role="placebo", sesoi=NAN, outcome="log_income",
                   period=earlier.period, output_basis=_basis(earlier, study.description),
                   warning=_warning(earlier, study, {}, NAN))  # fmt: skip


def _leave_out_rows(panel: LinkagePanel, fit: OlsFit, c: np.ndarray, study: Study) -> list[Estimate]:
    # ASSUME: a province that is left out still counts as its neighbours' neighbour.
    one, pair = leave_one_out(fit, c, panel.members), leave_pair_out(fit, c, panel.members)
    low, high = int(np.nanargmin(one.estimates)), int(np.nanargmax(one.estimates))
    found = {
        "stat_sign_flips": ("leave_one_out", float(one.sign_flips), ""),
        "stat_low": ("leave_one_out", float(one.estimates[low]), f"without {one.left_out[low][0]}"),
        "stat_high": ("leave_one_out", float(one.estimates[high]), f"without {one.left_out[high][0]}"),
        "stat_pair": ("leave_pair_out", pair.estimate + pair.largest_change, ""),
    }
    rows = []
    for effect, (estimator, value, note) in found.items():
        row = _row(study.main, panel, study, NEIGHBOURS_X, {"estimate": value, "warning": note})
        sample = f"without {' '.join(pair.most_influential)}" if estimator == "leave_pair_out" else "all"
        rows.append(replace(row, estimator=estimator, effect_type=effect, role="robustness", sample_id=sample,
                            unit_of_measure="count" if effect == "stat_sign_flips" else row.unit_of_measure,
                            sesoi=NAN))  # fmt: skip
    return rows


def _curve_row(
    specs: list[LinkageSpec], panels: Mapping[str, LinkagePanel], fits: Mapping[str, OlsFit], study: Study
) -> Estimate:
    """Return the share of specifications with the sign of the deciding one, with a joint permutation p-value."""
    # ASSUME: the curve holds every specification with the deciding moderator that is primary or robustness.
    same = [spec for spec in specs if spec.moderator == study.main.moderator]
    names = [spec.id for spec in same if spec.role in {"primary", "robustness"}]
    psi = np.array([fits[name].beta[panels[name].terms.index(NEIGHBOURS_X)] for name in names])
    drawn = permuted_estimates({name: panels[name] for name in names}, study.settings, CURVE_DRAWS)
    position = names.index(study.main.id)
    share = _share(psi[:, None], position)[0]
    shares = _share(np.array([drawn[name] for name in names]), position)
    fields = {"estimate": share, "p_value": (1 + int((shares >= share - 1e-9).sum())) / (1 + len(shares)),
              "p_type": f"moderator permuted over units, {len(shares)} draws",
              "seed": f"{study.settings.seed}:{CURVE_DRAWS}"}  # fmt: skip
    row = _row(study.main, panels[study.main.id], study, NEIGHBOURS_X, fields)
    return replace(row, estimator="specification_curve", effect_type="share", role="robustness",
                   n_obs=len(names), n_periods=1, unit_of_measure="share", sesoi=NAN)  # fmt: skip


def _share(psi: np.ndarray, position: int) -> np.ndarray:
    """Return, by column, the share of rows with the sign of the row at ``position``."""
    return np.asarray((np.sign(psi) == np.sign(psi[position])).mean(axis=0))


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

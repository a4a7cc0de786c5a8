"""First look at spillovers: growth on own and neighbours' clusters and SEZs, one cross-section per period (SLX)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.estimates import NAN, Estimate
from evenfield.estimates.spillover.exposure_data import (
    ALL,
    EXPOSURES,
    OUTCOME,
    OUTSIDERS,
    OWN,
    START,
    Contrast,
    CrossSection,
    ExposureSpec,
    Settings,
    cross_sections,
)
from evenfield.estimates.spillover.places import checked_places
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import effective_clusters, partial_leverage
from evenfield.numerics.ols import RANK_TOLERANCE, OlsFit, contrast_inference, cov_cr3, cov_hc1, fit_ols
from evenfield.numerics.power import contrast_weights, minimum_detectable_effect
from evenfield.numerics.scpc import SpatialComponents, scpc_inference, scpc_power_point, spatial_components
from evenfield.numerics.spatial import haversine_km

# ASSUME: the average pairwise correlation of growth shocks is at most 0.03 (primary SCPC) or 0.06 (ladder).
PRIMARY_CORRELATION, LADDER_CORRELATION = 0.03, 0.06
SE_TYPES = {"scpc": f"SCPC avc {PRIMARY_CORRELATION:.2f}", "scpc_06": f"SCPC avc {LADDER_CORRELATION:.2f}",
            "cr3": "CR3", "hc1": "HC1"}  # fmt: skip
LARGEST = "SCPC, largest over the correlations allowed"
P_TYPES = {"scpc": LARGEST, "scpc_06": LARGEST, "cr3": "t(G* - 1)", "hc1": "t(N - K)"}
FEW = "fewer than 4 units with or without the regime: no interval, permutation only"
TIE_DIGITS = 10
UNIT_COLUMNS = [
    "spec_id", "sample_id", "period", "unit", *OWN, *EXPOSURES, START, OUTCOME, "fitted", "residual",
    "partial_leverage",
]  # fmt: skip
PATH_COLUMNS = [
    "spec_id", "sample_id", "treatment_def", "w_id", "period", "label", "start_year", "end_year", "output_basis",
    "term", "contrast", "estimate", "std_error", "conf_low", "conf_high", "p_value", "se_type", "critical_value",
    "sesoi", "mde", "warning",
]  # fmt: skip
Components = Callable[[tuple[int, ...], float], SpatialComponents]


@dataclass(frozen=True)
class ExposureResults:
    """Everything the exposure family hands on.

    Attributes
    ----------
    estimates : list of Estimate
        Primary and ladder rows.
    path : DataFrame
        Coefficients by period with their primary interval, ``PATH_COLUMNS``.
    units : DataFrame
        Exposures, fitted values and residuals by unit, ``UNIT_COLUMNS``.
    summary : dict
        Equation and conventions in words.
    """

    estimates: list[Estimate]
    path: pd.DataFrame
    units: pd.DataFrame
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Inference on one contrast by one method; missing where the method does not apply."""

    estimate: float = NAN
    std_error: float = NAN
    statistic: float = NAN
    df: float = NAN
    p_value: float = NAN
    conf_low: float = NAN
    conf_high: float = NAN
    critical_value: float = NAN
    mde: float = NAN
    note: str = ""


def estimate_exposure(
    periods: pd.DataFrame, exposures: pd.DataFrame, units: pd.DataFrame, description: Mapping[str, Any],
    specs: list[ExposureSpec], settings: Settings,
) -> ExposureResults:  # fmt: skip
    """Estimate every exposure specification in every period.

    Parameters
    ----------
    periods : DataFrame
        ``unit``, ``period``, ``growth_pct_per_year``, ``log_income_start``.
    exposures : DataFrame
        ``weights``, ``taxonomy``, ``period``, ``unit``, ``own_*``, ``exposure_*``.
    units : DataFrame
        ``unit``, ``lat``, ``lon``.
    description : mapping
        ``unit_scheme``, ``periods``, ``data_hash``.
    specs : list of ExposureSpec
        Specifications.
    settings : Settings
        Levels and smallest effects of interest.

    Returns
    -------
    ExposureResults

    Raises
    ------
    EstimateError
        If coordinates, growth or exposures of a unit are missing.

    Notes
    -----
    G_i = a + b_C C_i + b_S S_i + g_C (W C)_i + g_S (W S)_i + d y_i0 + e_i, one row per unit; g is the coefficient of
    the neighbours' average regime going from 0 to 1. Halleck Vega and Elhorst (2015), SLX.
    """
    components = _components(units, settings.level)
    rows: list[tuple[Estimate, float, Mapping[str, Any]]] = []
    tables: list[pd.DataFrame] = []
    for spec in specs:
        for section in cross_sections(periods, exposures, description["periods"], list(units["unit"]), spec):
            rows += _section_rows(section, spec, settings, components, description)
            tables.append(_unit_table(section, spec))
    printed = pd.concat(tables).sort_values(UNIT_COLUMNS[:4], ignore_index=True)
    return ExposureResults([row for row, _, _ in rows], _path(rows), printed, _summary(settings))


def _components(units: pd.DataFrame, level: float) -> Components:
    place = checked_places(units)
    distance = haversine_km(place["lat"].to_numpy(), place["lon"].to_numpy())

    @cache
    def components(members: tuple[int, ...], average_correlation: float) -> SpatialComponents:
        return spatial_components(distance[np.ix_(members, members)], average_correlation, level)

    return components


def _section_rows(
    section: CrossSection, spec: ExposureSpec, settings: Settings, components: Components, study: Mapping[str, Any]
) -> list[tuple[Estimate, float, Mapping[str, Any]]]:
    """Return each estimate with its critical value and its period."""
    if section.undefined:
        blank = Numbers(note=section.undefined)
        return [(_row(section, spec, settings, study, contrast, "scpc", blank), NAN, section.period)
                for contrast in section.contrasts]  # fmt: skip
    fit, spread = fit_ols(section.y, section.X), null_spread(section)
    out = []
    for contrast in section.contrasts:
        influence = _influence(section, fit, contrast)
        for method in _methods(spec):
            numbers = _numbers(method, fit, section, contrast, spread, settings, components)
            row = replace(_row(section, spec, settings, study, contrast, method, numbers), **influence)
            out.append((row, numbers.critical_value, section.period))
    return out


def _methods(spec: ExposureSpec) -> tuple[str, ...]:
    """Choose the whole ladder for the primary specification, the primary interval and CR3 for the others."""
    return ("scpc", "scpc_06", "cr3", "hc1") if spec.role == "primary" else ("scpc", "cr3")


def null_spread(section: CrossSection) -> float:
    """Return the residual standard deviation of growth given starting income alone, in pp a year.

    Parameters
    ----------
    section : CrossSection
        One period and sample.

    Returns
    -------
    float
        sqrt(u'u / (N - 2)): what is left to explain when no regime matters.
    """
    start = section.table[START].to_numpy(float)
    return float(np.sqrt(fit_ols(section.y, np.column_stack([np.ones(len(start)), start])).sigma2))


def _numbers(
    method: str, fit: OlsFit, section: CrossSection, contrast: Contrast, spread: float, settings: Settings,
    components: Components,
) -> Numbers:  # fmt: skip
    c = contrast.weights(section.columns)
    if section.too_few(contrast):
        return Numbers(estimate=float(c @ fit.beta), note=FEW)
    try:
        if method.startswith("scpc"):
            bound = PRIMARY_CORRELATION if method == "scpc" else LADDER_CORRELATION
            return _scpc(fit, c, components(section.members, bound), spread, settings.power)
        return _t_test(method, fit, c, spread, settings)
    except NumericsError as error:
        return Numbers(estimate=float(c @ fit.beta), note=f"no interval: {error}")


def _scpc(fit: OlsFit, c: np.ndarray, space: SpatialComponents, spread: float, power: float) -> Numbers:
    found = scpc_inference(fit, c, space)
    mde = spread * scpc_power_point(fit.X, c, space, power, found.critical_value)
    return Numbers(found.estimate, found.std_error, found.statistic, NAN, found.p_value, found.conf_low,
                   found.conf_high, found.critical_value, mde)  # fmt: skip


def _t_test(method: str, fit: OlsFit, c: np.ndarray, spread: float, settings: Settings) -> Numbers:
    n, k = fit.X.shape
    units = np.arange(n)
    if method == "cr3" and fit.leverage.max() > 1 - RANK_TOLERANCE:
        raise NumericsError("one unit determines a coefficient alone (leverage 1)")
    cov, df = (
        (cov_cr3(fit, units), effective_clusters(fit.X, units, c) - 1) if method == "cr3" else (cov_hc1(fit), n - k)
    )
    found = contrast_inference(fit, cov, c, df, settings.level)
    mde = spread * minimum_detectable_effect(fit.X, c, settings.power, settings.level, df)
    cv = (found.conf_high - found.estimate) / found.std_error
    return Numbers(found.estimate, found.std_error, found.statistic, df, found.p_value, found.conf_low,
                   found.conf_high, cv, mde)  # fmt: skip


def _row(
    section: CrossSection, spec: ExposureSpec, settings: Settings, study: Mapping[str, Any], contrast: Contrast,
    method: str, numbers: Numbers,
) -> Estimate:  # fmt: skip
    own = contrast.term in OWN
    n, sesoi = len(section.table), settings.sesoi_own if own else settings.sesoi_exposure
    se_type, p_type = _labels(method, numbers)
    return Estimate(
        hypothesis="H8" if contrast == Contrast(*EXPOSURES) else "", family="exposure",
        role=_role(section, spec, contrast, method), estimator="slx" if method == "scpc" else f"slx_{method}",
        spec_id=spec.id, outcome=OUTCOME, term=contrast.term, contrast=contrast.name, sample_id=section.sample,
        unit_scheme=str(study["unit_scheme"]), period=str(section.period["period"]), treatment_def=spec.taxonomy,
        controls_id=START, w_id=spec.weights, estimate=numbers.estimate, std_error=numbers.std_error,
        statistic=numbers.statistic, df=numbers.df, p_value=numbers.p_value, conf_low=numbers.conf_low,
        conf_high=numbers.conf_high, conf_level=settings.level, n_obs=n, n_units=n,
        n_treated=section.treated(contrast), sesoi=sesoi, mde=numbers.mde,
        unit_of_measure="pp/yr" if own else "pp/yr per exposure 0 to 1", output_basis=str(section.period["basis"]),
        warning=_warning(section, numbers, sesoi), data_hash=str(study["data_hash"]), se_type=se_type, p_type=p_type,
    )  # fmt: skip


def _labels(method: str, numbers: Numbers) -> tuple[str, str]:
    if not np.isfinite(numbers.std_error):
        return "", ""
    return SE_TYPES[method], P_TYPES[method]


def _influence(section: CrossSection, fit: OlsFit, contrast: Contrast) -> dict[str, Any]:
    c, names = contrast.weights(section.columns), section.table.index.to_numpy(str)
    units, shares = partial_leverage(fit.X, names, c)
    largest = int(np.argmax(np.round(shares, TIE_DIGITS)))  # ties go to the first unit by id
    return {"g_star": effective_clusters(fit.X, names, c), "max_leverage_unit": str(units[largest])}


def _role(section: CrossSection, spec: ExposureSpec, contrast: Contrast, method: str) -> str:
    if method != "scpc":
        return "ladder"
    deciding = contrast == Contrast(*EXPOSURES) and section.sample == ALL and section.period["role"] == "main"
    if spec.role == "primary":
        return "primary" if deciding else "robustness" if contrast == Contrast(*EXPOSURES) else "exploratory"
    return spec.role


def _warning(section: CrossSection, numbers: Numbers, sesoi: float) -> str:
    basis = {"proxy": "PROXY: growth rests on proxy output",
             "spliced": "SPLICED: proxy output is joined to official output"}  # fmt: skip
    weak = f"UNDERPOWERED: mde {numbers.mde:.3g} above sesoi {sesoi:g} pp/yr" if numbers.mde > sesoi else ""
    parts = [basis.get(str(section.period["basis"]), ""), numbers.note, weak]
    return "; ".join(part for part in parts if part)


def _unit_table(section: CrossSection, spec: ExposureSpec) -> pd.DataFrame:
    table = section.table.rename_axis("unit").reset_index()
    table = table.assign(spec_id=spec.id, sample_id=section.sample, period=str(section.period["period"]),
                         fitted=NAN, residual=NAN, partial_leverage=NAN)  # fmt: skip
    if not section.undefined:
        fit = fit_ols(section.y, section.X)
        a = contrast_weights(fit.X, Contrast(*EXPOSURES).weights(section.columns))
        table = table.assign(fitted=fit.y - fit.u_hat, residual=fit.u_hat, partial_leverage=a**2 / (a @ a))
    return table[UNIT_COLUMNS]


def _path(rows: list[tuple[Estimate, float, Mapping[str, Any]]]) -> pd.DataFrame:
    lines = [
        {**{name: getattr(row, name, None) for name in PATH_COLUMNS}, "critical_value": cv, "label": period["label"],
         "start_year": period["start"], "end_year": period["end"]}
        for row, cv, period in rows if row.estimator == "slx"
    ]  # fmt: skip
    keys = ["spec_id", "sample_id", "start_year", "period", "term", "contrast"]
    return pd.DataFrame(lines, columns=PATH_COLUMNS).sort_values(keys, ignore_index=True)


def _summary(settings: Settings) -> dict[str, Any]:
    return {
        "equation": "growth_i = a + b_C C_i + b_S S_i + g_C (W C)_i + g_S (W S)_i + d log_income_start_i + e_i",
        "reading": "g: coefficient of the neighbours' average regime going from 0 to 1, pp a year; an association",
        "primary": f"SCPC interval, average correlation of shocks at most {PRIMARY_CORRELATION}; conditional version",
        "ladder": f"SCPC {LADDER_CORRELATION}, CR3 by unit with t(G* - 1), HC1 with t(N - K)",
        "mde": "power point of each row's own test times the residual s.d. of growth on starting income alone; for CR3 "
               "and HC1 (t + t) sqrt(c'(X'X)^-1 c)",
        "samples": {ALL: "all units", OUTSIDERS: "units that are neither cluster nor SEZ; no own terms"},
        "conf_level": settings.level, "power": settings.power,
        "sesoi": {"own": settings.sesoi_own, "exposure": settings.sesoi_exposure},
    }  # fmt: skip

"""Convergence by regime (H11): whether initial income matters more for growth near clusters than near SEZs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.influence import effective_clusters, partial_leverage
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import joined
from evenfield.topics.regime.estimate_data import (
    EXPOSURES,
    FEWEST_TREATED,
    INITIAL,
    INTERACTIONS,
    OUTCOME,
    OWN,
    RegimeSection,
    income_support,
    regime_sections,
)
from evenfield.topics.regime.estimate_description import support_rows, within_rows
from evenfield.topics.regime.estimate_inference import (
    LADDER,
    P_TYPES,
    SE_TYPES,
    SHORT_LADDER,
    Numbers,
    null_spread,
    numbers,
    spatial_room,
)
from evenfield.topics.regime.estimate_job import Job, base_fields, basis_note
from evenfield.topics.regime.estimate_spec import RegimeSettings, RegimeSpec
from evenfield.topics.regime.estimate_split import split_numbers

HYPOTHESIS, FAMILY = "H11", "F3"
DIFFERENCE = f"{INTERACTIONS[0]} - {INTERACTIONS[1]}"
UNIT = "pp/yr of speed per exposure 0 to 1"
FEW = f"fewer than {FEWEST_TREATED} exposed units: no interval"
TIE_DIGITS = 10
PATH = (
    "spec_id", "treatment_def", "w_id", "period", "label", "start_year", "end_year", "output_basis", "term", "contrast",
    "estimate", "std_error", "conf_low", "conf_high", "p_value", "se_type", "sesoi", "mde", "warning",
)  # fmt: skip
UNITS = ("spec_id", "period", "unit", OUTCOME, INITIAL, *OWN, *EXPOSURES, *INTERACTIONS, "fitted", "residual")
SUPPORT = ("spec_id", "period", "exposure", "tercile", "units", "exposure_low", "exposure_high", "income_low",
           "income_mean", "income_high")  # fmt: skip


@dataclass(frozen=True)
class RegimeResults:
    """Estimates; path, units and support for figures; a summary in words."""

    estimates: list[Estimate]
    path: pd.DataFrame
    units: pd.DataFrame
    support: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def estimate_regime(
    periods: pd.DataFrame, exposures: pd.DataFrame, units: pd.DataFrame, description: Mapping[str, Any],
    specs: Sequence[RegimeSpec], settings: RegimeSettings,
) -> RegimeResults:  # fmt: skip
    """Estimate convergence by regime in every period.

    Notes
    -----
    G_i = a - b r_i0 - d_C r_i0 E^C_i - d_S r_i0 E^S_i + f_C E^C_i + f_S E^S_i + e_i on long differences, one row a
    unit; r_i0 initial log income less its mean. H11: d_C - d_S > 0.
    """
    components = spatial_room(units, settings.level)
    estimates: list[Estimate] = []
    path: list[dict[str, Any]] = []
    tables: list[pd.DataFrame] = []
    support: list[pd.DataFrame] = []
    for spec in specs:
        job = Job(spec, settings, components, description)
        sections = regime_sections(periods, exposures, description["periods"], list(units["unit"]), spec)
        for section in sections:
            deciding = _interaction_rows(section, job)
            path += [_path_row(row, section) for row in deciding if row.estimator == "regime"]
            estimates += [*deciding, *within_rows(section, job), *support_rows(section, job)]
            tables.append(_unit_table(section, spec))
            support += [_support_table(section, spec, exposure) for exposure in EXPOSURES]
        estimates += _split_rows(sections, job)
    return RegimeResults(
        estimates, pd.DataFrame(path, columns=list(PATH)), pd.concat(tables, ignore_index=True)[list(UNITS)],
        pd.concat(support, ignore_index=True)[list(SUPPORT)], _summary(settings, specs),
    )  # fmt: skip


# --- the interactions ---------------------------------------------------------------------------------------


def combinations(columns: Sequence[str]) -> dict[tuple[str, str], np.ndarray]:
    """Return the reported combinations of coefficients; signs make a faster speed positive; shape (K,)."""
    place = {name: -np.eye(len(columns))[j] for j, name in enumerate(columns)}
    singles = {(name, ""): place[name] for name in (INITIAL, *INTERACTIONS)}
    return {**singles, (INTERACTIONS[0], DIFFERENCE): place[INTERACTIONS[0]] - place[INTERACTIONS[1]]}


def _interaction_rows(section: RegimeSection, job: Job) -> list[Estimate]:
    fit = None if section.undefined else fit_ols(section.y, section.X)
    spread = NAN if fit is None else null_spread(section.y, section.table[INITIAL].to_numpy(float))
    rows = []
    for (term, contrast), c in combinations(section.columns).items():
        for method in LADDER if job.spec.role == "primary" else SHORT_LADDER:
            if fit is None:
                found = Numbers(note=f"not defined: {section.undefined}")
            elif _exposed(section, term, contrast) < FEWEST_TREATED:
                found = Numbers(estimate=float(c @ fit.beta), note=FEW)
            else:
                found = numbers(method, fit, c, spread, job.settings, job.components)
            influence = {} if fit is None else _influence(section, fit, c)
            rows.append(Estimate(**_labels(section, job, term, contrast, method), **influence,
                                 **_fields(found, section, job.settings, method)))  # fmt: skip
    return [*rows, _gap_row(section, job, fit)]


def _exposed(section: RegimeSection, term: str, contrast: str) -> int:
    """Count the exposed units behind a row: the smaller of two for a difference, all units for initial income."""
    if term == INITIAL:
        return len(section.table)
    counts = [section.exposed(name) for name in EXPOSURES]
    return min(counts) if contrast else counts[INTERACTIONS.index(term)]


def _labels(section: RegimeSection, job: Job, term: str, contrast: str, method: str) -> dict[str, Any]:
    decides = {"hypothesis": HYPOTHESIS, "family": FAMILY} if contrast else {}
    return {
        **base_fields(section, job), **decides, "role": _role(section, job.spec, contrast, method), "term": term,
        "contrast": contrast, "estimator": "regime" if method == "scpc" else f"regime_{method}",
        "n_treated": _exposed(section, term, contrast), "unit_of_measure": UNIT if term != INITIAL else "% per year",
    }  # fmt: skip


def _role(section: RegimeSection, spec: RegimeSpec, contrast: str, method: str) -> str:
    if method != "scpc":
        return "ladder"
    if spec.role != "primary":
        return spec.role
    if not contrast:
        return "exploratory"
    return "primary" if section.period["role"] == "main" else "robustness"


def _fields(found: Numbers, section: RegimeSection, settings: RegimeSettings, method: str) -> dict[str, Any]:
    weak = (
        f"UNDERPOWERED: mde {found.mde:.3g} above sesoi {settings.sesoi:g} pp/yr" if found.mde > settings.sesoi else ""
    )
    known = bool(np.isfinite(found.std_error))
    return {
        "estimate": found.estimate, "std_error": found.std_error, "statistic": found.statistic, "df": found.df,
        "p_value": found.p_value, "conf_low": found.conf_low, "conf_high": found.conf_high, "mde": found.mde,
        "conf_level": settings.level, "sesoi": settings.sesoi, "se_type": SE_TYPES[method] if known else "",
        "p_type": P_TYPES[method] if known else "", "warning": joined(basis_note(section), found.note, weak),
    }  # fmt: skip


def _influence(section: RegimeSection, fit: OlsFit, c: np.ndarray) -> dict[str, Any]:
    names = section.table.index.to_numpy(str)
    units, shares = partial_leverage(fit.X, names, c)
    largest = int(np.argmax(np.round(shares, TIE_DIGITS)))  # ties go to the first unit by id
    return {"g_star": effective_clusters(fit.X, names, c), "max_leverage_unit": str(units[largest])}


def _gap_row(section: RegimeSection, job: Job, fit: OlsFit | None) -> Estimate:
    """Return the difference of speeds that the slopes at exposure one imply, by the exact transform and no interval."""
    labels = {**_labels(section, job, "speed", DIFFERENCE, "scpc"), "effect_type": "lambda", "role": "description"}
    labels |= {"hypothesis": "", "family": "regime", "n_treated": _exposed(section, "", DIFFERENCE)}
    if fit is None:
        return Estimate(
            **labels, estimate=NAN, warning=joined(basis_note(section), f"not defined: {section.undefined}")
        )
    beta = dict(zip(section.columns, fit.beta / 100, strict=True))
    near = [speed_from_slope(beta[INITIAL] + beta[name], section.years) for name in INTERACTIONS]
    gap = 100 * (near[0] - near[1])
    lost = "" if np.isfinite(gap) else "not defined: 1 + bT is not positive at exposure one"
    return Estimate(
        **labels, estimate=gap, warning=joined(basis_note(section), "read the interval of the slopes", lost)
    )


# --- change over time and series -----------------------------------------------------------------------------


def _split_rows(sections: list[RegimeSection], job: Job) -> list[Estimate]:
    if job.spec.split is None:
        return []
    main = [section for section in sections if section.period["role"] == "main"]
    found, name = split_numbers(main, job.spec.split, combinations, DIFFERENCE, job.settings)
    base = base_fields(main[0], job) if main else {}
    labels = {**base, "period": name, "hypothesis": HYPOTHESIS, "family": FAMILY, "role": "exploratory",
              "estimator": "regime_split_cr3", "term": INTERACTIONS[0], "n_periods": len(main),
              "n_obs": sum(len(section.table) for section in main), "unit_of_measure": UNIT,
              "contrast": f"({DIFFERENCE}) from {job.spec.split} less before",
              "output_basis": "+".join(sorted({str(section.period["basis"]) for section in main})),
              }  # fmt: skip
    return [Estimate(**labels, **_fields(found, main[0], job.settings, "cr3"))] if main else []


def _path_row(row: Estimate, section: RegimeSection) -> dict[str, Any]:
    years = {"label": str(section.period["label"]), "start_year": int(section.period["start"]),
             "end_year": int(section.period["end"])}  # fmt: skip
    return {**{name: getattr(row, name, None) for name in PATH}, **years}


def _unit_table(section: RegimeSection, spec: RegimeSpec) -> pd.DataFrame:
    table = section.table.rename_axis("unit").reset_index()
    fitted = np.full(len(table), NAN)
    if not section.undefined:
        fit = fit_ols(section.y, section.X)
        fitted = fit.y - fit.u_hat
    return table.assign(spec_id=spec.id, period=section.name, fitted=fitted, residual=section.y - fitted)


def _support_table(section: RegimeSection, spec: RegimeSpec, exposure: str) -> pd.DataFrame:
    return income_support(section, exposure).assign(spec_id=spec.id, period=section.name, exposure=exposure)


def _summary(settings: RegimeSettings, specs: Sequence[RegimeSpec]) -> dict[str, Any]:
    return {
        "equation": "G = a - b r - d_C r E^C - d_S r E^S + f_C E^C + f_S E^S + e; r initial log income less its mean",
        "deciding": "d_C - d_S, the slope of growth on initial income, pp a year per exposure 0 to 1; an association",
        "within_group": "description only: a handful of units",
        "conf_level": settings.level, "power": settings.power, "sesoi": settings.sesoi,
        "specs": [spec.id for spec in specs],
    }  # fmt: skip

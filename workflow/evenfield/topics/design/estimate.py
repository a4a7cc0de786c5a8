"""Design diagnostics, before any regression: overlap of regimes, weights, cohort support, detectable effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.estimates import Estimate
from evenfield.study.errors import ConfigError, first_examples
from evenfield.study.rounding import round_significant
from evenfield.topics.design.estimate_detectable import (
    SCPC_TESTS,
    Case,
    Detectable,
    build_space,
    detectable,
    exposure_cases,
    own_cases,
)
from evenfield.topics.design.estimate_inputs import SERIES_COLUMNS, DesignInputs, DesignSpec, series_row
from evenfield.topics.design.estimate_overlap import cell_rows, correlation_rows, vif_rows
from evenfield.topics.design.estimate_support import event_rows, support_rows

WEIGHT_FACTS = {
    "links": "links", "mean_neighbours": "neighbours", "effective_neighbours": "neighbours", "rho_low": "rho",
    "rho_high": "rho", "components": "components",
}  # fmt: skip
IN_S, IN_PP = "s", "pp/yr"
OUTCOMES = {IN_S: "growth_in_units_of_s", IN_PP: "growth_pct_per_year"}
SWITCHED_OFF = (
    "Taxonomy {} has no cluster and no SEZ: there is nothing to contrast, so no minimum detectable effect is computed "
    "for it."
)
FORMULAS = {
    "mde_t": "(t_.975 + t_power; df N - K) sqrt(c'(X'X)^-1 c), errors independent",
    "mde_scpc": "exact power point of the conditional SCPC test, errors independent",
    "inflation": "sqrt(a'Sigma a / (a'a E s^2)), a = X(X'X)^-1 c",
}
SORT = ["block", "taxonomy", "weights", "design", "period", "year", "term", "unit_of_measure"]


@dataclass(frozen=True)
class DesignResults:
    """Everything the design diagnostics hand on."""

    estimates: list[Estimate]  # minimum detectable effects
    series: pd.DataFrame  # long table ``SERIES_COLUMNS``; ``block`` says which diagnostic
    summary: dict[str, Any]  # sentences and the few numbers that a reader meets first


def estimate_design(data: DesignInputs, spec: DesignSpec) -> DesignResults:
    """Run all design diagnostics of one unit scheme."""
    _check_names(data, spec)
    spread = growth_spread(data.periods)
    rows = [*cell_rows(data), *correlation_rows(data, spec), *vif_rows(data, spec), *weight_rows(data),
            *support_rows(data), *event_rows(data, spec), *_spread_rows(data, spread)]  # fmt: skip
    estimates: list[Estimate] = []
    for found in _all_detectable(data, spec):
        estimates += _estimates(data, spec, spread, found)
        rows += _detectable_rows(found)
    series = pd.DataFrame(rows, columns=list(SERIES_COLUMNS)).sort_values(SORT, ignore_index=True, kind="stable")
    return DesignResults(estimates, series, _summary(data, spec, spread, series))


def growth_spread(periods: pd.DataFrame) -> pd.Series:
    """Return s, the standard deviation across units of annual growth, by period."""
    return periods.groupby("period")["growth_pct_per_year"].std(ddof=1)


def weight_rows(data: DesignInputs) -> list[dict[str, object]]:
    """Describe every weights matrix."""
    return [
        series_row("weights", weights=name, term=fact, unit_of_measure=unit, note=str(weights.spec.get("kind", "")),
                   value=np.nan if weights.spec.get(fact) is None else float(weights.spec[fact]))
        for name, weights in sorted(data.weights.items())
        for fact, unit in WEIGHT_FACTS.items()
    ]  # fmt: skip


def _check_names(data: DesignInputs, spec: DesignSpec) -> None:
    unknown = sorted({spec.weights, *spec.weights_examined} - set(data.weights))
    if unknown:
        raise ConfigError(f"estimates.design examines {len(unknown)} weights that were not built "
                          f"({first_examples(unknown)})", f"one of {first_examples(sorted(data.weights), 12)}",
                          "correct estimates.design.weights")  # fmt: skip
    if spec.taxonomy not in data.taxonomies():
        raise ConfigError(f"taxonomy.primary names '{spec.taxonomy}'",
                          f"one of {first_examples(data.taxonomies(), 12)}", "correct taxonomy.primary")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """What one contrast can see, and where it was looked at: ``label`` is as in ``DesignInputs.designs``."""

    taxonomy: str
    label: str
    periods: list[str]
    weights: str
    detectable: Detectable


def _all_detectable(data: DesignInputs, spec: DesignSpec) -> Iterator[Found]:
    """Yield what every contrast can see, for every taxonomy that has regimes; the SCPC test for the primary one."""
    space = build_space(data, spec)
    for taxonomy in data.taxonomies():
        if data.is_empty(taxonomy):
            continue
        tests = SCPC_TESTS if taxonomy == spec.taxonomy else ()
        for label, periods in data.designs(taxonomy).items():
            for weights, cases in _cases(taxonomy, spec).items():
                table = data.regressors(weights or spec.weights, taxonomy, periods[0])
                for case in cases:
                    seen = detectable(table, case, space, spec, tests)
                    yield Found(taxonomy, label, periods, weights, seen)


def _cases(taxonomy: str, spec: DesignSpec) -> dict[str, list[Case]]:
    """Map weights to the contrasts to look at; the empty name stands for contrasts without exposures."""
    examined = sorted({spec.weights, *spec.weights_examined}) if taxonomy == spec.taxonomy else [spec.weights]
    return {"": own_cases(), **{weights: exposure_cases() for weights in examined}}


def _estimates(data: DesignInputs, spec: DesignSpec, spread: pd.Series, found: Found) -> list[Estimate]:
    scales = [(found.label, IN_S, 1.0)]
    if found.taxonomy == spec.taxonomy and found.weights in ("", spec.weights):
        scales += [(period, IN_PP, float(spread.get(period, np.nan))) for period in found.periods]
    values = found.detectable.values or {"t": np.nan}
    return [
        _estimate(data, spec, found, f"mde_{test}", value * scale * step, extra=extra, period=period, unit=unit)
        for test, value in values.items()
        for period, unit, scale in scales
        for extra, step in _steps(found.detectable)
    ]


def _steps(found: Detectable) -> list[tuple[str, float]]:
    return [("", 1.0)] + ([(" per s.d.", found.exposure_sd)] if np.isfinite(found.exposure_sd) else [])


def _estimate(
    data: DesignInputs,
    spec: DesignSpec,
    found: Found,
    estimator: str,
    value: float,
    *,
    extra: str,
    period: str,
    unit: str,
) -> Estimate:
    case, n = found.detectable.case, found.detectable.n_units
    basis = data.periods.loc[data.periods["period"] == period, "basis"]
    return Estimate(
        family="design", role="design", estimator=estimator, spec_id=case.design, outcome=OUTCOMES[unit],
        term=case.term + extra, contrast=case.contrast, effect_type="stat",
        sample_id="outsiders" if case.design == "outsiders" else "all",
        unit_scheme=str(data.description["unit_scheme"]), period=period, treatment_def=found.taxonomy,
        w_id=found.weights, estimate=value, mde=value, conf_level=spec.level, n_obs=n, n_units=n,
        unit_of_measure=unit, output_basis=str(basis.iloc[0]) if unit == IN_PP else "",
        warning=found.detectable.note, data_hash=str(data.description["data_hash"]),
    )  # fmt: skip


def _detectable_rows(found: Found) -> list[dict[str, object]]:
    seen, case = found.detectable, found.detectable.case
    values = {("mde", f"s, {test}"): value for test, value in (seen.values or {"t": np.nan}).items()}
    factors = {("inflation", f"factor, {errors}"): value for errors, value in seen.inflation.items()}
    return [
        series_row(block, taxonomy=found.taxonomy, weights=found.weights, design=case.design, period=found.label,
                   term=case.contrast or case.term, value=value, unit_of_measure=unit, note=seen.note)
        for (block, unit), value in {**values, **factors}.items()
    ]  # fmt: skip


def _spread_rows(data: DesignInputs, spread: pd.Series) -> list[dict[str, object]]:
    bases = data.periods.groupby("period")["basis"].first()
    return [series_row("spread", period=period, term="s", value=float(spread[period]), unit_of_measure=IN_PP,
                       note=str(bases[period])) for period in data.period_names]  # fmt: skip


def _summary(data: DesignInputs, spec: DesignSpec, spread: pd.Series, series: pd.DataFrame) -> dict[str, Any]:
    mine = series[(series["block"] == "cells") & (series["taxonomy"] == spec.taxonomy)]
    first = mine[mine["period"] == next(iter(data.designs(spec.taxonomy)))]
    return {
        "unit_scheme": str(data.description["unit_scheme"]), "taxonomy": spec.taxonomy, "weights": spec.weights,
        "spread_pp_per_year": _rounded(spread), "cells": _rounded(first.set_index("term")["value"]),
        "switched_off": [SWITCHED_OFF.format(name) for name in data.taxonomies() if data.is_empty(name)],
        "formulas": FORMULAS,
    }  # fmt: skip


def _rounded(values: pd.Series) -> dict[str, float | None]:
    numbers = round_significant(values.to_numpy(float), 6)
    return {str(name): float(x) if np.isfinite(x) else None for name, x in zip(values.index, numbers, strict=True)}

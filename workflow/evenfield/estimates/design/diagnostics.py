"""Design diagnostics: the overlap of regimes, weights, cohort support and what can be detected, before any regression."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import ConfigError, first_examples
from evenfield.contracts.estimates import Estimate
from evenfield.contracts.rounding import round_significant
from evenfield.estimates.design.detectable import (
    Case,
    Detectable,
    Space,
    build_space,
    detectable,
    exposure_cases,
    own_cases,
)
from evenfield.estimates.design.inputs import SERIES_COLUMNS, DesignInputs, DesignSpec, series_row
from evenfield.estimates.design.overlap import cell_rows, correlation_rows, vif_rows
from evenfield.estimates.design.support import event_rows, support_rows

WEIGHT_FACTS = {
    "links": "links", "mean_neighbours": "neighbours", "effective_neighbours": "neighbours", "rho_low": "rho",
    "rho_high": "rho", "components": "components",
}  # fmt: skip
IN_S, IN_PP = "s", "pp/yr"
OUTCOMES = {IN_S: "growth_in_units_of_s", IN_PP: "growth_pct_per_year"}
SORT = ["block", "taxonomy", "weights", "design", "period", "year", "term", "unit_of_measure"]


@dataclass(frozen=True)
class DesignResults:
    """Everything the design diagnostics hand on.

    Attributes
    ----------
    estimates : list of Estimate
        Minimum detectable effects.
    series : DataFrame
        Long table ``SERIES_COLUMNS``; ``block`` says which diagnostic.
    summary : dict
        Sentences and the few numbers that a reader meets first.
    """

    estimates: list[Estimate]
    series: pd.DataFrame
    summary: dict[str, Any]


def estimate_design(data: DesignInputs, spec: DesignSpec) -> DesignResults:
    """Run all design diagnostics of one unit scheme.

    Parameters
    ----------
    data : DesignInputs
        Tables of the scheme.
    spec : DesignSpec
        Choices.

    Returns
    -------
    DesignResults

    Raises
    ------
    ConfigError
        If the weights or the taxonomy named are not among the inputs.
    """
    _check_names(data, spec)
    spread = growth_spread(data.periods)
    rows = [*cell_rows(data), *correlation_rows(data, spec), *vif_rows(data, spec), *weight_rows(data),
            *support_rows(data), *event_rows(data, spec), *_spread_rows(data, spread)]  # fmt: skip
    estimates: list[Estimate] = []
    for found in _all_detectable(data, spec):
        estimates += _estimates(data, spec, spread, *found)
        rows += _inflation_rows(*found)
    series = pd.DataFrame(rows, columns=list(SERIES_COLUMNS)).sort_values(SORT, ignore_index=True, kind="stable")
    return DesignResults(estimates, series, _summary(data, spec, spread, series))


def growth_spread(periods: pd.DataFrame) -> pd.Series:
    """Return s, the standard deviation across units of annual growth, by period.

    Parameters
    ----------
    periods : DataFrame
        ``period``, ``growth_pct_per_year``.

    Returns
    -------
    Series, indexed by period
        Percentage points a year, ddof 1.
    """
    return periods.groupby("period")["growth_pct_per_year"].std(ddof=1)


def weight_rows(data: DesignInputs) -> list[dict[str, object]]:
    """Describe every weights matrix.

    Parameters
    ----------
    data : DesignInputs
        With the descriptions of the weights.

    Returns
    -------
    list of dict
        Block ``weights``.
    """
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


Found = tuple[str, str, list[str], str, Detectable]


def _all_detectable(data: DesignInputs, spec: DesignSpec) -> Iterator[Found]:
    """Yield (taxonomy, design label, its periods, weights, what it can see); no taxonomy without regimes."""
    space = build_space(data, spec)
    for taxonomy in data.taxonomies():
        if data.is_empty(taxonomy):
            continue
        for label, periods in data.designs(taxonomy).items():
            for weights, case in _cases(taxonomy, spec):
                table = data.regressors(weights or spec.weights, taxonomy, periods[0])
                yield taxonomy, label, periods, weights, detectable(table, case, space, spec)


def _cases(taxonomy: str, spec: DesignSpec) -> list[tuple[str, Case]]:
    examined = sorted({spec.weights, *spec.weights_examined}) if taxonomy == spec.taxonomy else [spec.weights]
    return [("", case) for case in own_cases()] + [(w, case) for w in examined for case in exposure_cases()]


def _estimates(
    data: DesignInputs, spec: DesignSpec, spread: pd.Series, taxonomy: str, label: str, periods: list[str],
    weights: str, found: Detectable,
) -> list[Estimate]:  # fmt: skip
    tests = found.values or {"t": np.nan}
    scales = [(label, IN_S, 1.0)]
    if taxonomy == spec.taxonomy and weights in ("", spec.weights):
        scales += [(period, IN_PP, float(spread.get(period, np.nan))) for period in periods]
    bases = data.periods.groupby("period")["basis"].first()
    return [
        _estimate(data, spec, taxonomy, weights, found, test, value * scale * step, period, unit, extra,
                  str(bases.get(period, "")) if unit == IN_PP else "")
        for test, value in tests.items()
        for period, unit, scale in scales
        for extra, step in _steps(found)
    ]  # fmt: skip


def _steps(found: Detectable) -> list[tuple[str, float]]:
    return [("", 1.0)] + ([(" per s.d.", found.exposure_sd)] if np.isfinite(found.exposure_sd) else [])


def _estimate(
    data: DesignInputs, spec: DesignSpec, taxonomy: str, weights: str, found: Detectable, test: str, value: float,
    period: str, unit: str, extra: str, basis: str,
) -> Estimate:  # fmt: skip
    case = found.case
    return Estimate(
        family="design", role="design", estimator=f"mde_{test}", spec_id=case.design, outcome=OUTCOMES[unit],
        term=case.term + extra, contrast=case.contrast, effect_type="stat",
        sample_id="outsiders" if case.design == "outsiders" else "all",
        unit_scheme=str(data.description["unit_scheme"]), period=period, treatment_def=taxonomy, w_id=weights,
        estimate=value, mde=value, conf_level=spec.level, n_obs=found.n_units, n_units=found.n_units,
        unit_of_measure=unit, output_basis=basis, warning=found.note,
        data_hash=str(data.description["data_hash"]),
    )  # fmt: skip


def _inflation_rows(
    taxonomy: str, label: str, periods: list[str], weights: str, found: Detectable
) -> list[dict[str, object]]:
    case = found.case
    head = {"taxonomy": taxonomy, "weights": weights, "design": case.design, "period": label,
            "term": case.contrast or case.term, "note": found.note}  # fmt: skip
    return [
        *(series_row("mde", **head, value=v, unit_of_measure=f"s, {test}") for test, v in found.values.items()),
        *(series_row("inflation", **head, value=v, unit_of_measure=f"factor, {e}") for e, v in found.inflation.items()),
    ]  # fmt: skip


def _spread_rows(data: DesignInputs, spread: pd.Series) -> list[dict[str, object]]:
    bases = data.periods.groupby("period")["basis"].first()
    return [series_row("spread", period=period, term="s", value=float(spread[period]), unit_of_measure=IN_PP,
                       note=str(bases[period])) for period in data.period_names]  # fmt: skip


def _summary(data: DesignInputs, spec: DesignSpec, spread: pd.Series, series: pd.DataFrame) -> dict[str, Any]:
    empty = [name for name in data.taxonomies() if data.is_empty(name)]
    return {
        "unit_scheme": str(data.description["unit_scheme"]),
        "taxonomy": spec.taxonomy,
        "weights": spec.weights,
        "spread_pp_per_year": _rounded(spread),
        "cells": _rounded(series[(series["block"] == "cells") & (series["taxonomy"] == spec.taxonomy)
                                 & (series["period"] == min(data.designs(spec.taxonomy)))].set_index("term")["value"]),
        "switched_off": [f"Taxonomy {name} has no cluster and no SEZ: there is nothing to contrast, so no minimum "
                         "detectable effect is computed for it." for name in empty],
        "formulas": {
            "mde_t": "(t_.975 + t_power; df N - K) sqrt(c'(X'X)^-1 c), errors independent",
            "mde_scpc": "exact power point of the conditional SCPC test, errors independent",
            "inflation": "sqrt(a'Sigma a / (a'a E s^2)), a = X(X'X)^-1 c",
        },
    }  # fmt: skip


def _rounded(values: pd.Series) -> dict[str, float | None]:
    numbers = round_significant(values.to_numpy(float), 6)
    return {str(name): float(x) if np.isfinite(x) else None for name, x in zip(values.index, numbers, strict=True)}

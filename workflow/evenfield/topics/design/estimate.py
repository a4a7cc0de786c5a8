"""Design diagnostics, before any regression: overlap of regimes, weights, cohort
support, detectable effects.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.power import (
    exponential_covariance,
    minimum_detectable_effect,
    sar_covariance,
    spatial_inflation,
)
from evenfield.numerics.scpc import (
    SpatialComponents,
    scpc_power_point,
    spatial_components,
)
from evenfield.shared.estimates import Estimate
from evenfield.shared.rows import Results
from evenfield.shared.spec import Spec, read
from evenfield.study.errors import ConfigError, first_examples
from evenfield.study.rounding import round_significant
from evenfield.study.study import Study
from evenfield.topics.design.estimate_diagnostics import (
    EXPOSURES,
    OWN,
    SERIES,
    Design,
    Line,
    diagnostics,
    line,
    undefined_note,
)

# ASSUME: the average pairwise correlation of the errors is at most 0.03 in SCPC tests;
# 0.06 is shown beside it.
AVERAGE_CORRELATIONS = {"scpc_03": 0.03, "scpc_06": 0.06}
# ASSUME: spatial inflation is shown for a spatial autoregression of 0.6 and for
# correlation exp(-d / 800 km).
SAR_RHO = 0.6
EXPONENTIAL_KM = 800.0
IN_S = "s"
IN_PP = "pp/yr"
OUTCOMES = {IN_S: "growth_in_units_of_s", IN_PP: "growth_pct_per_year"}
SWITCHED_OFF = (
    "Taxonomy {} has no cluster and no SEZ: there is nothing to contrast, so no minimum"
    " detectable effect is computed for it."
)
FORMULAS = {
    "mde_t": "(t_.975 + t_power; df N - K) sqrt(c'(X'X)^-1 c), errors independent",
    "mde_scpc": "exact power point of the conditional SCPC test, errors independent",
    "inflation": "sqrt(a'Sigma a / (a'a E s^2)), a = X(X'X)^-1 c",
}
SORT = [
    "block",
    "taxonomy",
    "weights",
    "design",
    "period",
    "year",
    "term",
    "unit_of_measure",
]


class Section(Spec):
    """Design diagnostics, computed before any regression."""

    weights: list[str] = []
    """Weights whose exposures are examined; the primary ones when empty."""
    power: float = Field(0.8, gt=0, lt=1)
    """Power of the minimum detectable effects, in all topics."""


class Case(NamedTuple):
    """One contrast in one design."""

    # ``alone``, ``joint``, ``exposures`` or ``outsiders`` (units that are neither
    # cluster nor SEZ)
    design: str
    columns: tuple[str, ...]  # regressors beside the constant
    term: str  # the coefficient, and the one subtracted from it (empty for none)
    minus: str = ""

    @property
    def contrast(self) -> str:
        """Name of the difference, empty for a single coefficient."""
        return f"{self.term} - {self.minus}" if self.minus else ""


OWN_CASES = [
    Case("alone", OWN[:1], OWN[0]),
    Case("alone", OWN[1:], OWN[1]),
    Case("joint", OWN, *OWN),
]
EXPOSURE_CASES = [
    Case("exposures", (*OWN, *EXPOSURES), *names) for names in (OWN[:1], OWN[1:], OWN)
]
EXPOSURE_CASES += [
    Case(design, columns, *names)
    for design, columns in (("exposures", (*OWN, *EXPOSURES)), ("outsiders", EXPOSURES))
    for names in (EXPOSURES[:1], EXPOSURES[1:], EXPOSURES)
]


class Found(NamedTuple):
    """What one contrast can see, and where it was looked at."""

    case: Case
    taxonomy: str
    label: str  # as in ``Design.designs``
    periods: list[str]
    weights: str
    values: dict[
        str, float
        # minimum detectable effect in units of s by test: ``t``, ``scpc_03``, ``scpc_06``
    ]
    inflation: dict[
        str, float
    ]  # factor on the ``t`` value under ``sar`` and ``exponential`` errors
    # standard deviation (ddof 0) of the exposure of a single exposure coefficient, else
    # missing
    exposure_sd: float
    n_units: int
    note: str  # why something is missing


def estimate(study: Study) -> Results:
    """Run all design diagnostics of the main unit scheme."""
    design = Design(study, read(Section, study.config, "design").weights)
    _check_names(design)
    diagnostics_list = list(_all_found(design))
    estimates = [row for one in diagnostics_list for row in _estimates(design, one)]
    rows = [
        *diagnostics(design),
        *(row for one in diagnostics_list for row in _lines(one)),
    ]
    series = pd.DataFrame(rows, columns=SERIES).sort_values(
        SORT, ignore_index=True, kind="stable"
    )
    return Results(estimates, {"series": series}, _summary(design, series))


def _check_names(design: Design) -> None:
    if unknown := sorted({design.weights, *design.examined} - set(design.matrices)):
        raise ConfigError(
            f"estimates.design examines {len(unknown)} weights that were not built"
            f" ({first_examples(unknown)})",
            f"one of {first_examples(sorted(design.matrices), 12)}",
            "correct estimates.design.weights",
        )
    if design.taxonomy not in design.taxonomies:
        raise ConfigError(
            f"taxonomy.primary names '{design.taxonomy}'",
            f"one of {first_examples(design.taxonomies, 12)}",
            "correct taxonomy.primary",
        )


def _all_found(design: Design) -> Iterator[Found]:
    """Yield what every contrast can see, for every taxonomy that has regimes; the SCPC
    test for the primary one.
    """
    detect = _detector(design)
    for taxonomy in [name for name in design.taxonomies if not design.is_empty(name)]:
        primary = taxonomy == design.taxonomy
        examined = (
            sorted({design.weights, *design.examined}) if primary else [design.weights]
        )
        pairs = [("", case) for case in OWN_CASES] + [
            (name, case) for name in examined for case in EXPOSURE_CASES
        ]
        for label, periods in design.designs(taxonomy).items():
            for weights, case in pairs:
                table = design.regressors(
                    weights or design.weights, taxonomy, periods[0]
                )
                yield Found(
                    case,
                    taxonomy,
                    label,
                    periods,
                    weights,
                    *detect(table, case, primary),
                )


def _detector(design: Design) -> Callable[[pd.DataFrame, Case, bool], tuple[Any, ...]]:
    """Return what measures a contrast, with everything that depends on geography only
    made once.
    """
    distance = design.distance_km()
    covariances = {
        "sar": sar_covariance(
            design.matrices[design.weights].aligned(design.units), SAR_RHO
        )
    }
    if distance is not None:
        covariances["exponential"] = exponential_covariance(distance, EXPONENTIAL_KM)

    @cache
    def components(correlation: float, members: tuple[int, ...]) -> SpatialComponents:
        assert distance is not None
        return spatial_components(
            distance[np.ix_(members, members)], correlation, design.level
        )

    def scpc(
        X: np.ndarray, c: np.ndarray, inside: np.ndarray
    ) -> tuple[dict[str, float], str]:
        if distance is None:
            return {}, "no SCPC power point: coordinates are missing"
        try:
            spaces = {
                n: components(r, tuple(np.flatnonzero(inside).tolist()))
                for n, r in AVERAGE_CORRELATIONS.items()
            }
            return {
                name: scpc_power_point(X, c, space, design.power)
                for name, space in spaces.items()
            }, ""
        except NumericsError as error:
            return {}, f"no SCPC power point: {error}"

    def detect(table: pd.DataFrame, case: Case, primary: bool) -> tuple[Any, ...]:
        inside = np.full(len(table), True)
        if case.design == "outsiders":
            inside = ~table[list(OWN)].any(axis=1).to_numpy()
        columns = table.loc[inside, list(case.columns)]
        X = np.column_stack([np.ones(len(columns)), columns.to_numpy()])
        c = np.array(
            [
                0.0,
                *(
                    float(name == case.term) - float(name == case.minus)
                    for name in case.columns
                ),
            ]
        )
        if note := undefined_note(["constant", *case.columns], X):
            return {}, {}, np.nan, len(X), note
        values = {"t": minimum_detectable_effect(X, c, design.power, design.level)}
        inflation = {
            name: spatial_inflation(X, c, S[np.ix_(inside, inside)])
            for name, S in covariances.items()
        }
        robust, reason = scpc(X, c, inside) if primary else ({}, "")
        sd = (
            float(columns[case.term].std(ddof=0))
            if case.term in EXPOSURES and not case.minus
            else np.nan
        )
        return values | robust, inflation, sd, len(X), reason

    return detect


def _estimates(design: Design, diagnostics_list: Found) -> Iterator[Estimate]:
    case = diagnostics_list.case
    standard_deviations = design.growth_sd
    scales = [(diagnostics_list.label, IN_S, 1.0)]
    if diagnostics_list.taxonomy == design.taxonomy and diagnostics_list.weights in (
        "",
        design.weights,
    ):
        scales += [
            (period, IN_PP, float(standard_deviations.get(period, np.nan)))
            for period in diagnostics_list.periods
        ]
    steps = [("", 1.0)] + (
        [(" per s.d.", diagnostics_list.exposure_sd)]
        if np.isfinite(diagnostics_list.exposure_sd)
        else []
    )
    bases = design.periods.groupby("period")["basis"].first()
    for test, value in (diagnostics_list.values or {"t": np.nan}).items():
        for period, unit, scale in scales:
            for extra, step in steps:
                yield Estimate(
                    family="design",
                    role="design",
                    estimator=f"mde_{test}",
                    spec_id=case.design,
                    outcome=OUTCOMES[unit],
                    term=case.term + extra,
                    contrast=case.contrast,
                    effect_type="stat",
                    sample_id="outsiders" if case.design == "outsiders" else "all",
                    unit_scheme=str(design.description["unit_scheme"]),
                    period=period,
                    treatment_def=diagnostics_list.taxonomy,
                    w_id=diagnostics_list.weights,
                    estimate=value * scale * step,
                    mde=value * scale * step,
                    conf_level=design.level,
                    n_obs=diagnostics_list.n_units,
                    n_units=diagnostics_list.n_units,
                    unit_of_measure=unit,
                    output_basis=str(bases[period]) if unit == IN_PP else "",
                    warning=diagnostics_list.note,
                    data_hash=str(design.description["data_hash"]),
                )


def _lines(diagnostics_list: Found) -> Iterator[Line]:
    case = diagnostics_list.case
    tests = diagnostics_list.values or {"t": np.nan}
    values = {("mde", f"s, {test}"): value for test, value in tests.items()}
    values |= {
        ("inflation", f"factor, {errors}"): value
        for errors, value in diagnostics_list.inflation.items()
    }
    labels = {
        "taxonomy": diagnostics_list.taxonomy,
        "weights": diagnostics_list.weights,
        "design": case.design,
        "period": diagnostics_list.label,
    }
    labels |= {"term": case.contrast or case.term, "note": diagnostics_list.note}
    for (block, unit), value in values.items():
        yield line(block, **labels, value=value, unit_of_measure=unit)


def _summary(design: Design, series: pd.DataFrame) -> dict[str, Any]:
    cells = series[series["block"].eq("cells") & series["taxonomy"].eq(design.taxonomy)]
    first = cells[cells["period"].eq(next(iter(design.designs(design.taxonomy))))]
    return {
        "unit_scheme": str(design.description["unit_scheme"]),
        "taxonomy": design.taxonomy,
        "weights": design.weights,
        "spread_pp_per_year": _rounded(design.growth_sd),
        "cells": _rounded(first.set_index("term")["value"]),
        "switched_off": [
            SWITCHED_OFF.format(name)
            for name in design.taxonomies
            if design.is_empty(name)
        ],
        "formulas": FORMULAS,
    }


def _rounded(values: pd.Series) -> dict[str, float | None]:
    numbers = round_significant(values.to_numpy(float), 6)
    return {
        str(name): float(x) if np.isfinite(x) else None
        for name, x in zip(values.index, numbers, strict=True)
    }

"""Design diagnostics, before any regression: overlap of regimes, weights, cohort
support, detectable effects.
"""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

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
from evenfield.shared.estimates import Estimate, Fields, asking
from evenfield.shared.rows import Results
from evenfield.shared.spec import Spec, read
from evenfield.shared.tables.rows import only
from evenfield.study.rounding import round_significant
from evenfield.study.study import Study
from evenfield.study.study_config import WeightsName
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
# s: standard deviation of annual growth across units in a period; an effect in units of
# s needs no outcome.
IN_S = "s"
IN_PP = "pp/yr"
PER_SD = " per s.d."  # behind an exposure
OUTSIDERS = "outsiders"
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
SORT = "block taxonomy weights design period year term unit_of_measure".split()


class Section(Spec):
    """Design diagnostics, computed before any regression."""

    weights: list[WeightsName] = []
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


BOTH = (*OWN, *EXPOSURES)
OWN_CASES = [
    Case("alone", OWN[:1], OWN[0]),
    Case("alone", OWN[1:], OWN[1]),
    Case("joint", OWN, *OWN),
]
EXPOSURE_CASES = [
    Case("exposures", BOTH, OWN[0]),
    Case("exposures", BOTH, OWN[1]),
    Case("exposures", BOTH, *OWN),
    Case("exposures", BOTH, EXPOSURES[0]),
    Case("exposures", BOTH, EXPOSURES[1]),
    Case("exposures", BOTH, *EXPOSURES),
    Case(OUTSIDERS, EXPOSURES, EXPOSURES[0]),
    Case(OUTSIDERS, EXPOSURES, EXPOSURES[1]),
    Case(OUTSIDERS, EXPOSURES, *EXPOSURES),
]


class Visible(NamedTuple):
    """What one contrast can see."""

    # minimum detectable effect in units of s by test: ``t``, ``scpc_03``, ``scpc_06``
    values: dict[str, float]
    # factor on the ``t`` value under ``sar`` and ``exponential`` errors
    inflation: dict[str, float]
    # standard deviation (ddof 0) of the exposure of a single exposure coefficient, else
    # missing
    exposure_sd: float
    n_units: int
    note: str  # why something is missing


class Examined(NamedTuple):
    """One contrast in one design of a taxonomy, and what it can see."""

    case: Case
    taxonomy: str
    label: str  # as in ``Design.designs``
    periods: list[str]
    weights: str
    visible: Visible


def estimate(study: Study) -> Results:
    """Run all design diagnostics of the main unit scheme."""
    design = Design(study, read(Section, study.config, "design").weights)
    estimates: list[Estimate] = []
    rows = list(diagnostics(design))
    for examined in _examined(design):
        estimates += _estimates(design, examined)
        rows += _lines(examined)
    series = pd.DataFrame(rows, columns=SERIES)
    series = series.sort_values(SORT, ignore_index=True, kind="stable")
    return Results(estimates, {"series": series}, _summary(design, series))


def _examined(design: Design) -> Iterator[Examined]:
    """Yield what every contrast can see, for every taxonomy that has regimes; the SCPC
    test for the primary one.
    """
    visible = _Visible(design)
    for taxonomy in [name for name in design.taxonomies if not design.is_empty(name)]:
        primary = taxonomy == design.taxonomy
        through = {design.weights, *design.examined} if primary else {design.weights}
        pairs = [("", case) for case in OWN_CASES]
        for name in sorted(through):
            pairs += [(name, case) for case in EXPOSURE_CASES]
        for label, periods in design.designs(taxonomy).items():
            # Own cases see no weights; their table is that of the primary ones.
            for weights, case in pairs:
                table = design.regressors(
                    weights or design.weights, taxonomy, periods[0]
                )
                seen = visible.of(table, case, primary)
                yield Examined(
                    case=case,
                    taxonomy=taxonomy,
                    label=label,
                    periods=periods,
                    weights=weights,
                    visible=seen,
                )


def members_of(table: pd.DataFrame, case: Case) -> np.ndarray:
    """Say which units of a table a contrast is among, (N,)."""
    # Outsiders have no own regime: only exposures vary among them.
    if case.design == OUTSIDERS:
        return ~table[list(OWN)].any(axis=1).to_numpy()
    return np.full(len(table), True)


class _Visible:
    """What measures a contrast, with everything that depends on geography only made
    once.
    """

    def __init__(self, design: Design) -> None:
        self.design = design
        self.distance = design.distance_km()
        W = design.matrices[design.weights].aligned(design.units)
        self.covariances = {"sar": sar_covariance(W, SAR_RHO)}
        if self.distance is not None:
            covariance = exponential_covariance(self.distance, EXPONENTIAL_KM)
            self.covariances["exponential"] = covariance
        self.components = cache(self._components)

    def of(self, table: pd.DataFrame, case: Case, primary: bool) -> Visible:
        """Return the detectable effects of a contrast, by SCPC only for the primary
        taxonomy.
        """
        inside = members_of(table, case)
        columns = table.loc[inside, list(case.columns)]
        X = np.column_stack([np.ones(len(columns)), columns.to_numpy()])
        # c'beta: 1 for the term, -1 for what is subtracted; no column is named ''.
        signs = {case.minus: -1.0, case.term: 1.0}
        c = np.array([0.0, *(signs.get(name, 0.0) for name in case.columns)])
        note = undefined_note(["constant", *case.columns], X)
        if note:
            return Visible({}, {}, np.nan, len(X), note)
        power = self.design.power
        values = {"t": minimum_detectable_effect(X, c, power, self.design.level)}
        reason = ""
        if primary:
            try:
                values |= self._scpc(X, c, inside)
            except NumericsError as error:
                reason = f"no SCPC power point: {error}"
        inflation = {
            name: spatial_inflation(
                X,
                c,
                # Errors spread over the whole map, also where outsiders alone are used.
                S[np.ix_(inside, inside)],
            )
            for name, S in self.covariances.items()
        }
        # A difference of two exposures has no one standard deviation to scale by.
        single = case.term in EXPOSURES and not case.minus
        sd = float(columns[case.term].std(ddof=0)) if single else np.nan
        return Visible(values, inflation, sd, len(X), reason)

    def _scpc(
        self, X: np.ndarray, c: np.ndarray, inside: np.ndarray
    ) -> dict[str, float]:
        if self.distance is None:
            raise NumericsError("coordinates are missing")
        members = tuple(np.flatnonzero(inside).tolist())
        spaces = {
            name: self.components(correlation, members)
            for name, correlation in AVERAGE_CORRELATIONS.items()
        }
        return {
            name: scpc_power_point(X, c, space, self.design.power)
            for name, space in spaces.items()
        }

    def _components(
        self, correlation: float, members: tuple[int, ...]
    ) -> SpatialComponents:
        assert self.distance is not None
        distance = self.distance[np.ix_(members, members)]
        return spatial_components(distance, correlation, self.design.level)


def _estimates(design: Design, examined: Examined) -> Iterator[Estimate]:
    """Yield the detectable effects of a contrast in units of s; those of the primary
    taxonomy and weights also in percentage points, in every period.
    """
    case = examined.case
    visible = examined.visible
    # An effect in s times the s of a period is one in percentage points a year.
    scales = [(examined.label, IN_S, 1.0)]
    primary = examined.taxonomy == design.taxonomy
    if primary and examined.weights in ("", design.weights):
        for period in examined.periods:
            deviation = float(design.growth_sd.get(period, np.nan))
            scales.append((period, IN_PP, deviation))
    # A single exposure also per standard deviation of it.
    steps = {"": 1.0}
    if np.isfinite(visible.exposure_sd):
        steps[PER_SD] = visible.exposure_sd
    # A design that cannot be told apart keeps one row, blank, with the reason.
    for test, value in (visible.values or {"t": np.nan}).items():
        for period, unit, scale in scales:
            for extra, step in steps.items():
                yield Estimate(
                    family="design",
                    role="design",
                    estimator=f"mde_{test}",
                    spec_id=case.design,
                    outcome=OUTCOMES[unit],
                    term=case.term + extra,
                    contrast=case.contrast,
                    effect_type="stat",
                    sample_id=OUTSIDERS if case.design == OUTSIDERS else "all",
                    unit_scheme=str(design.description["unit_scheme"]),
                    period=period,
                    treatment_def=examined.taxonomy,
                    w_id=examined.weights,
                    asked=asking(term=case.term, per_sd=bool(extra)),
                    estimate=value * scale * step,
                    mde=value * scale * step,
                    conf_level=design.level,
                    n_obs=visible.n_units,
                    n_units=visible.n_units,
                    unit_of_measure=unit,
                    output_basis=design.bases[period] if unit == IN_PP else "",
                    warning=visible.note,
                    data_hash=str(design.description["data_hash"]),
                )


def _lines(examined: Examined) -> Iterator[Line]:
    case = examined.case
    visible = examined.visible
    values = [
        ("mde", f"s, {test}", value)
        for test, value in (visible.values or {"t": np.nan}).items()
    ]
    values += [
        ("inflation", f"factor, {errors}", value)
        for errors, value in visible.inflation.items()
    ]
    for block, unit, value in values:
        yield line(
            block,
            taxonomy=examined.taxonomy,
            weights=examined.weights,
            design=case.design,
            period=examined.label,
            term=case.contrast or case.term,
            value=value,
            unit_of_measure=unit,
            note=visible.note,
        )


def _summary(design: Design, series: pd.DataFrame) -> Fields:
    label = next(iter(design.designs(design.taxonomy)))
    cells = only(
        series,
        block="cells",
        taxonomy=design.taxonomy,
        period=label,
    )
    empty = [name for name in design.taxonomies if design.is_empty(name)]
    return {
        "unit_scheme": str(design.description["unit_scheme"]),
        "taxonomy": design.taxonomy,
        "weights": design.weights,
        "spread_pp_per_year": _rounded(design.growth_sd),
        "cells": _rounded(cells.set_index("term")["value"]),
        "switched_off": [SWITCHED_OFF.format(name) for name in empty],
        "formulas": FORMULAS,
    }


def _rounded(values: pd.Series) -> dict[str, float | None]:
    numbers = round_significant(values.to_numpy(float), 6)
    return {
        str(name): float(x) if np.isfinite(x) else None
        for name, x in zip(values.index, numbers, strict=True)
    }

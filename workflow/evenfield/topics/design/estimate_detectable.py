"""Minimum detectable effects of the contrasts of interest, in units of s and in percentage points a year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.power import (
    exponential_covariance,
    minimum_detectable_effect,
    sar_covariance,
    spatial_inflation,
)
from evenfield.numerics.scpc import SpatialComponents, scpc_power_point, spatial_components
from evenfield.topics.design.estimate_inputs import EXPOSURES, OWN, DesignInputs, DesignSpec
from evenfield.topics.design.estimate_overlap import undefined_note

# ASSUME: the average pairwise correlation of the errors is at most 0.03 in SCPC tests; 0.06 is shown beside it.
AVERAGE_CORRELATIONS = {"scpc_03": 0.03, "scpc_06": 0.06}
SCPC_TESTS = tuple(AVERAGE_CORRELATIONS)
# ASSUME: spatial inflation is shown for a spatial autoregression of 0.6 and for correlation exp(-d / 800 km).
SAR_RHO, EXPONENTIAL_KM = 0.6, 800.0
NO_DISTANCES = "no SCPC power point: coordinates are missing"


@dataclass(frozen=True, slots=True)
class Case:
    """One contrast in one design."""

    design: str  # ``alone``, ``joint``, ``exposures`` or ``outsiders`` (units that are neither cluster nor SEZ)
    columns: tuple[str, ...]  # regressors beside the constant
    term: str  # the coefficient, and the one subtracted from it (empty for none)
    minus: str = ""

    @property
    def contrast(self) -> str:
        """Name of the difference, empty for a single coefficient."""
        return f"{self.term} - {self.minus}" if self.minus else ""

    def weights(self) -> np.ndarray:
        """Return c, shape (K,), the constant first."""
        one = [0.0, *(float(name == self.term) - float(name == self.minus) for name in self.columns)]
        return np.array(one)


@dataclass(frozen=True, slots=True)
class Detectable:
    """What one case can see."""

    case: Case  # contrast and design
    values: dict[str, float]  # minimum detectable effect in units of s by test: ``t``, ``scpc_03``, ``scpc_06``
    inflation: dict[str, float]  # factor on the ``t`` value under ``sar`` and ``exponential`` errors
    exposure_sd: float  # standard deviation (ddof 0) of the exposure of a single exposure coefficient, else missing
    n_units: int  # units in the design
    note: str  # why something is missing


def own_cases() -> list[Case]:
    """Return the contrasts that need no exposure."""
    return [Case("alone", OWN[:1], OWN[0]), Case("alone", OWN[1:], OWN[1]), Case("joint", OWN, *OWN)]


def exposure_cases() -> list[Case]:
    """Return the contrasts of the exposure regression, for all units and for outsiders only."""
    both, outside = (*OWN, *EXPOSURES), EXPOSURES
    return [
        Case("exposures", both, OWN[0]), Case("exposures", both, OWN[1]), Case("exposures", both, *OWN),
        Case("exposures", both, EXPOSURES[0]), Case("exposures", both, EXPOSURES[1]),
        Case("exposures", both, *EXPOSURES),
        Case("outsiders", outside, EXPOSURES[0]), Case("outsiders", outside, EXPOSURES[1]),
        Case("outsiders", outside, *EXPOSURES),
    ]  # fmt: skip


@dataclass(frozen=True)
class Space:
    """Error correlations between the units of a study and its SCPC components, made once per set of units."""

    covariances: dict[str, np.ndarray]  # (N, N) ``sar`` and, with coordinates, ``exponential``
    components: Callable[[str, tuple[int, ...]], SpatialComponents] | None


def build_space(data: DesignInputs, spec: DesignSpec) -> Space:
    """Prepare what depends on geography only."""
    distance = data.distance_km()
    covariances = {"sar": sar_covariance(data.weights[spec.weights].aligned(data.names), SAR_RHO)}
    if distance is None:
        return Space(covariances, None)
    covariances["exponential"] = exponential_covariance(distance, EXPONENTIAL_KM)

    @cache
    def components(test: str, members: tuple[int, ...]) -> SpatialComponents:
        return spatial_components(distance[np.ix_(members, members)], AVERAGE_CORRELATIONS[test], spec.level)

    return Space(covariances, components)


def detectable(
    table: pd.DataFrame, case: Case, space: Space, spec: DesignSpec, tests: tuple[str, ...] = SCPC_TESTS
) -> Detectable:
    """Measure what one contrast of one design can see."""
    inside = ~table[list(OWN)].any(axis=1).to_numpy() if case.design == "outsiders" else np.full(len(table), True)
    columns = table.loc[inside, list(case.columns)]
    X, c = np.column_stack([np.ones(len(columns)), columns.to_numpy()]), case.weights()
    sd = columns[case.term].std(ddof=0) if case.term in EXPOSURES and not case.minus else np.nan
    note = undefined_note(["constant", *case.columns], X)
    if note:
        return Detectable(case, {}, {}, np.nan, len(X), note)
    values = {"t": minimum_detectable_effect(X, c, spec.power, spec.level)}
    inflation = {name: spatial_inflation(X, c, covariance[np.ix_(inside, inside)])
                 for name, covariance in space.covariances.items()}  # fmt: skip
    members = tuple(np.flatnonzero(inside).tolist())
    scpc, reason = _scpc_values(X, c, space, members, spec, tests) if tests else ({}, "")
    return Detectable(case, {**values, **scpc}, inflation, float(sd), len(X), reason)


def _scpc_values(
    X: np.ndarray, c: np.ndarray, space: Space, members: tuple[int, ...], spec: DesignSpec, tests: tuple[str, ...]
) -> tuple[dict[str, float], str]:
    if space.components is None:
        return {}, NO_DISTANCES
    try:
        return {test: scpc_power_point(X, c, space.components(test, members), spec.power)
                for test in tests}, ""  # fmt: skip
    except NumericsError as error:
        return {}, f"no SCPC power point: {error}"

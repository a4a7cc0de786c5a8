"""Pre-flight over space: spatial unit roots, weak dependence and the distance at which correlation halves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.spatial_half_life import HalfLifeTests, half_life_set, half_life_tests
from evenfield.numerics.spatial_unit_root import (
    SpatialPersistence,
    SpatialRootTest,
    spatial_persistence,
    spatial_unit_root_test,
    weak_dependence_test,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import basis_warning, joined, not_defined, one_text, periods_of, sample_rows
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.study.files import content_hash
from evenfield.topics.unit_roots.estimate_spec import PreflightSpec

MAPS = {"log_income": "log_income_start", "growth": "growth_pct_per_year"}
ESTIMATORS = ("lfur", "lfst", "spatial_half_life")
MOST_DRAWS = 4999


@dataclass(frozen=True)
class Places:
    """Where the units of a sample are, with the tests that depend on it alone."""

    units: tuple[str, ...]  # units in the order of the distances
    space: SpatialPersistence  # low-frequency averages
    half_lives: HalfLifeTests  # tests of every half-life


def places_of(units: pd.DataFrame, order: Sequence[str], spec: PreflightSpec, inference: InferenceSpec) -> Places:
    """Prepare the spatial tests for a sample."""
    if not {"lat", "lon"} <= set(units.columns):
        raise NumericsError("the units have no coordinates")
    where = units.set_index("unit").reindex(sorted(order))[["lat", "lon"]].astype(float)
    if where.isna().any(axis=None):
        raise NumericsError(f"{int(where.isna().any(axis=1).sum())} units have no coordinates")
    where = where.reset_index().sort_values(["lat", "lon", "unit"])
    space = spatial_persistence(haversine_km(where["lat"].to_numpy(), where["lon"].to_numpy()))
    draws = min(inference.permutations, MOST_DRAWS)
    rng = generator_for(inference.seed, _stream(spec))
    return Places(tuple(where["unit"]), space, half_life_tests(space, rng, draws))


def _stream(spec: PreflightSpec) -> str:
    return f"preflight:{spec.id}:{spec.unit_scheme}:{spec.sample}:half_life"


def space_rows(
    periods: pd.DataFrame, places: Places | str, order: Sequence[str], spec: PreflightSpec, scheme: SchemeInfo,
    inference: InferenceSpec,
) -> list[Estimate]:  # fmt: skip
    """Test initial income and growth of every period for persistence in space."""
    rows = []
    for period in periods_of(periods):
        where = f"estimates.preflight.{spec.id} {period}"
        units = sorted(order) if isinstance(places, str) else places.units
        frame = sample_rows(periods[periods["period"] == period], units, tuple(MAPS.values()), where)
        basis = one_text(frame["basis"])
        note = basis_warning(basis, scheme.first_official)
        for outcome, column in MAPS.items():
            labels = {
                "family": "preflight", "spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme,
                "period": period, "outcome": outcome, "n_obs": len(frame), "n_units": len(frame), "role": spec.role,
                "effect_type": "stat", "output_basis": basis, "data_hash": content_hash(frame[["unit", column]]),
            }  # fmt: skip
            rows += _map_rows(frame[column].to_numpy(float), places, labels, note, inference)
    return rows


def _map_rows(
    y: np.ndarray, places: Places | str, labels: dict[str, Any], note: str, inference: InferenceSpec
) -> list[Estimate]:
    named = [{**labels, "estimator": name, "term": name} for name in ESTIMATORS]
    if isinstance(places, str):
        return not_defined(named, note, places)
    try:
        root, weak = spatial_unit_root_test(y, places.space), weak_dependence_test(y, places.space)
        return [_test_row(named[0], root, note), _test_row(named[1], weak, note),
                _half_life_row(y, named[2], places, note, inference)]  # fmt: skip
    except NumericsError as error:
        return not_defined(named, note, error)


def _test_row(labels: dict[str, Any], test: SpatialRootTest, note: str) -> Estimate:
    null = "spatial unit root" if labels["estimator"] == "lfur" else "weak spatial dependence"
    return Estimate(**labels, estimate=test.statistic, statistic=test.statistic, p_value=test.p_value,
                    p_type=f"exact by quadrature; null: {null}", unit_of_measure="likelihood ratio",
                    warning=note)  # fmt: skip


def _half_life_row(
    y: np.ndarray, labels: dict[str, Any], places: Places, note: str, inference: InferenceSpec
) -> Estimate:
    found = half_life_set(y, places.half_lives, inference.conf_level)
    words = "unbounded: a spatial unit root is not rejected" if found.unbounded else ""
    nothing = "every half-life is rejected" if np.isnan(found.low) else ""
    seed = f"{inference.seed}:preflight:{labels['spec_id']}:{labels['unit_scheme']}:{labels['sample_id']}:half_life"
    return Estimate(**{**labels, "effect_type": "half_life"}, estimate=NAN, conf_low=found.low, conf_high=found.high,
                    conf_level=inference.conf_level, unit_of_measure="km", seed=seed,
                    warning=joined(note, "an interval has no point estimate", words, nothing))  # fmt: skip

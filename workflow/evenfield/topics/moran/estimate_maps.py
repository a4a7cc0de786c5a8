"""Moran's I and Geary's C of income and growth in every year, and the local Moran of every unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_statistics import LocalTests, MapTests, local_moran_tests, map_tests
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import joined, not_defined
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.trajectories import Trajectories, span_labels
from evenfield.study.errors import EstimateError, first_examples
from evenfield.topics.moran.estimate_spec import PATTERN_SERIES, PatternSpec

P_TYPE = "permutation of units, two-sided; adjusted over all years by the largest |z|"


@dataclass(frozen=True)
class Maps:
    """One variable in all its years, and what is taken out of it first."""

    variable: str  # name of the outcome
    controls: str  # ``none``, the name of the regions, or ``log_income_start``
    data: Trajectories  # values
    X: np.ndarray | None = None  # (N, K) regressors with their constant


def maps_of(income: Trajectories, growth: Trajectories | None, units: pd.DataFrame, spec: PatternSpec) -> list[Maps]:
    """List the variables whose maps are tested."""
    plain = [Maps("log_income", "none", income), *([Maps("growth", "none", growth)] if growth else [])]
    out = list(plain)
    if spec.regions:
        dummies = _region_dummies(units, income.units, spec)
        out += [Maps(item.variable, spec.regions, item.data, dummies) for item in plain]
    if growth is not None:
        before = [int(np.searchsorted(income.years, year)) - 1 for year in growth.years]
        start = income.values[:, before].T
        out.append(Maps("growth", "log_income_start", growth, np.stack([np.ones_like(start), start], axis=2)))
    return out


def _region_dummies(units: pd.DataFrame, order: Sequence[str], spec: PatternSpec) -> np.ndarray:
    where = f"estimates.pattern.{spec.id}.regions"
    if spec.regions not in units:
        raise EstimateError(f"{where} names the column {spec.regions}, which the units do not have",
                            "a column of units.csv", "correct config.yaml")  # fmt: skip
    region = units.set_index("unit")[spec.regions].reindex(list(order))
    without = [str(unit) for unit in region.index[region.isna()]]
    if without:
        raise EstimateError(f"{where}: {len(without)} units have no {spec.regions} ({first_examples(without)})",
                            "a region for every unit", "supply it")  # fmt: skip
    codes = pd.factorize(region)[0]
    return np.asarray(np.eye(codes.max() + 1)[codes])


def map_rows(
    maps: Maps, W: np.ndarray, weights_note: tuple[str, str], spec: PatternSpec, scheme: SchemeInfo,
    inference: InferenceSpec,
) -> tuple[list[Estimate], list[pd.DataFrame]]:  # fmt: skip
    """Test the maps of one variable; W (N, N)."""
    draw_id = f"pattern:{spec.id}:{spec.unit_scheme}:{spec.sample}:{maps.variable}:{maps.controls}"
    base, note = span_labels("pattern", spec, maps.data, scheme)
    base = {**base, "outcome": maps.variable, "controls_id": maps.controls, "effect_type": "stat", "role": spec.role,
            "w_id": weights_note[0], "seed": f"{inference.seed}:{draw_id}", "unit_of_measure": "index"}  # fmt: skip
    note = joined(note, weights_note[1])
    try:
        rng = generator_for(inference.seed, draw_id)
        tests = map_tests(maps.data.values, W, rng, inference.permutations, inference.conf_level, maps.X)
    except NumericsError as error:
        labels = [{**base, "estimator": name, "term": name} for name in ("moran", "geary")]
        return not_defined(labels, note, error), []
    pairs = list(zip(("moran", "geary"), tests, strict=True))
    rows = [row for name, test in pairs for row in _yearly_rows(name, test, maps, base, weights_note[1])]
    return rows, [_yearly_series(name, test, maps, spec) for name, test in pairs]


def _yearly_rows(name: str, test: MapTests, maps: Maps, base: dict[str, Any], note: str) -> list[Estimate]:
    data, rows = maps.data, []
    for t, year in enumerate(data.years):
        labels = {**base, "estimator": name, "term": name, "period": str(year), "n_periods": 1,
                  "n_obs": len(data.units), "output_basis": data.basis[t]}  # fmt: skip
        z = (test.statistic[t] - test.mean[t]) / test.std_error[t]
        rows.append(Estimate(
            **labels, estimate=float(test.statistic[t]), std_error=float(test.std_error[t]), statistic=float(z),
            p_value=float(test.p_value[t]), p_adjusted=float(test.p_joint[t]), se_type="permutation", p_type=P_TYPE,
            warning=note,
        ))  # fmt: skip
    return rows


def _labelled(spec: PatternSpec, maps: Maps, kind: str, columns: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame(columns).assign(
        spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme, kind=kind, variable=maps.variable,
        controls=maps.controls,
    )  # fmt: skip
    return frame.reindex(columns=list(PATTERN_SERIES))


def _yearly_series(name: str, test: MapTests, maps: Maps, spec: PatternSpec) -> pd.DataFrame:
    reach = test.sup_t * test.std_error
    return _labelled(spec, maps, name, {
        "year": maps.data.years, "unit": "", "value": test.statistic, "expected": test.mean, "quadrant": "",
        "band_low": test.mean - reach, "band_high": test.mean + reach, "p_value": test.p_value,
        "p_adjusted": test.p_joint, "basis": maps.data.basis,
    })  # fmt: skip


def local_rows(
    maps: Maps, W: np.ndarray, weights_note: tuple[str, str], spec: PatternSpec, scheme: SchemeInfo,
    inference: InferenceSpec,
) -> tuple[list[Estimate], list[pd.DataFrame]]:  # fmt: skip
    """Test the local Moran of every unit in every year; W (N, N)."""
    draw_id = f"pattern:{spec.id}:{spec.unit_scheme}:{spec.sample}:{maps.variable}:local"
    base, note = span_labels("pattern", spec, maps.data, scheme)
    base = {**base, "outcome": maps.variable, "estimator": "local_moran", "term": "significant_units",
            "effect_type": "stat", "role": "description", "w_id": weights_note[0], "unit_of_measure": "units",
            "seed": f"{inference.seed}:{draw_id}"}  # fmt: skip
    try:
        rng = generator_for(inference.seed, draw_id)
        tests = local_moran_tests(maps.data.values, W, rng, inference.permutations)
    except NumericsError as error:
        return not_defined([base], joined(note, weights_note[1]), error), []
    counts = (tests.q_value <= spec.discovery_rate).sum(axis=0)
    words = joined(weights_note[1], f"false discovery rate {spec.discovery_rate:g} within the year")
    rows = [
        Estimate(**{**base, "period": str(year), "n_periods": 1, "n_obs": len(maps.data.units),
                    "output_basis": maps.data.basis[t]}, estimate=float(counts[t]), warning=words)
        for t, year in enumerate(maps.data.years)
    ]  # fmt: skip
    return rows, [_strip(tests, maps, spec)]


def _strip(tests: LocalTests, maps: Maps, spec: PatternSpec) -> pd.DataFrame:
    units, years = tests.statistic.shape
    return _labelled(spec, maps, "local", {
        "year": np.tile(maps.data.years, units), "unit": np.repeat(maps.data.units, years),
        "value": tests.statistic.ravel(), "p_value": tests.p_value.ravel(), "q_value": tests.q_value.ravel(),
        "quadrant": tests.quadrant.ravel(), "basis": np.tile(np.array(maps.data.basis, dtype=object), units),
        "expected": NAN,
    })  # fmt: skip

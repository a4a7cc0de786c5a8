"""Pre-flight: what dependence between units and persistence in time and space ask of every later model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import sample_units
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.trajectories import Trajectories, aligned, trajectories
from evenfield.topics.unit_roots.estimate_rule import RULE, decisions, preflight_series
from evenfield.topics.unit_roots.estimate_space import Places, places_of, space_rows
from evenfield.topics.unit_roots.estimate_spec import PREFLIGHT_SERIES, PreflightSpec
from evenfield.topics.unit_roots.estimate_time import GROWTH, INCOME, dependence_rows, unit_root_rows

KEY = ["spec_id", "unit_scheme", "kind", "rule", "check", "variable", "scope"]


@dataclass(frozen=True)
class PreflightResults:
    """Estimates, the table of checks and decisions, and a summary of the pre-flight family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PreflightStudy:
    """What the pre-flight needs of one unit scheme."""

    panel: pd.DataFrame  # yearly values, periods with their end points, and units with coordinates
    periods: pd.DataFrame
    units: pd.DataFrame
    scheme: SchemeInfo  # samples and first official year


def estimate_preflight(
    studies: Mapping[str, PreflightStudy], specs: Sequence[PreflightSpec], inference: InferenceSpec
) -> PreflightResults:
    """Run the pre-flight for every specification and apply its rule."""
    estimates: list[Estimate] = []
    parts, fits = [], []
    for spec in specs:
        rows = _rows(studies[spec.unit_scheme], spec, inference)
        decided = decisions(rows, spec)
        estimates += rows
        parts.append(preflight_series(rows, decided, spec))
        fits.append({"spec_id": spec.id, "unit_scheme": spec.unit_scheme, "sample_id": spec.sample,
                     "size": spec.size, "decisions": decided})  # fmt: skip
    summary = {"rule": dict(RULE), "seed": inference.seed, "draws": inference.permutations, "specs": fits}
    series = pd.concat(parts) if parts else pd.DataFrame(columns=list(PREFLIGHT_SERIES))
    return PreflightResults(estimates, series.sort_values(KEY, ignore_index=True), summary)


def _rows(study: PreflightStudy, spec: PreflightSpec, inference: InferenceSpec) -> list[Estimate]:
    where = f"estimates.preflight.{spec.id}"
    units = sample_units(study.scheme, spec.sample, where)
    income = trajectories(study.panel, "log_income", units, where)
    growth = aligned(trajectories(study.panel, "growth_pct", units, where), income.units)
    rows: list[Estimate] = []
    for part in _spans(growth, income):
        rows += dependence_rows(part, spec, study.scheme, inference)
        rows += unit_root_rows(part, GROWTH, spec, study.scheme, inference)
    for part in income.segments():
        rows += unit_root_rows(part, INCOME, spec, study.scheme, inference)
    return [*rows, *space_rows(study.periods, _places(study, spec, inference), units, spec, study.scheme, inference)]


def _spans(growth: Trajectories, income: Trajectories) -> list[Trajectories]:
    """Return growth over the spans of log income, so that both are named after the same years."""
    found = [growth.between(int(part.years[0]), int(part.years[-1])) for part in income.segments()]
    return [part for part in found if len(part.years)]


def _places(study: PreflightStudy, spec: PreflightSpec, inference: InferenceSpec) -> Places | str:
    units = sample_units(study.scheme, spec.sample, f"estimates.preflight.{spec.id}")
    try:
        return places_of(study.units, units, spec, inference)
    except NumericsError as error:
        return str(error)

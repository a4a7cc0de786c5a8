"""The spatial pattern of income and growth over time, and of clusters and zones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import sample_units
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.trajectories import Trajectories, aligned, trajectories
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.moran.estimate_cells import cell_rows
from evenfield.topics.moran.estimate_maps import local_rows, map_rows, maps_of
from evenfield.topics.moran.estimate_spec import PATTERN_SERIES, PatternSpec

TEXTS = ("spec_id", "sample_id", "unit_scheme", "kind", "variable", "controls", "unit", "quadrant", "basis")
KEY = ["spec_id", "unit_scheme", "kind", "variable", "controls", "unit", "year"]


@dataclass(frozen=True)
class PatternResults:
    """Estimates, drawable series and a summary of the pattern family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PatternStudy:
    """What the spatial pattern needs of one unit scheme."""

    panel: pd.DataFrame  # yearly values, periods with growth, cells of the taxonomies, and units with their regions
    periods: pd.DataFrame
    cells: pd.DataFrame
    units: pd.DataFrame
    weights: SpatialWeights  # primary weights
    scheme: SchemeInfo  # samples and first official year


def estimate_pattern(
    studies: Mapping[str, PatternStudy], specs: Sequence[PatternSpec], inference: InferenceSpec
) -> PatternResults:
    """Test spatial association in every year for every specification."""
    estimates: list[Estimate] = []
    parts: list[pd.DataFrame] = []
    fits = []
    for spec in specs:
        rows, series, fit = _estimated(studies[spec.unit_scheme], spec, inference)
        estimates += rows
        parts += series
        fits.append({"spec_id": spec.id, "unit_scheme": spec.unit_scheme, "sample_id": spec.sample, **fit})
    summary = {"conf_level": inference.conf_level, "permutations": inference.permutations, "seed": inference.seed,
               "specs": fits}  # fmt: skip
    return PatternResults(estimates, _sorted(parts), summary)


def _estimated(
    study: PatternStudy, spec: PatternSpec, inference: InferenceSpec
) -> tuple[list[Estimate], list[pd.DataFrame], dict[str, Any]]:
    where = f"estimates.pattern.{spec.id}"
    income = trajectories(study.panel, "log_income", sample_units(study.scheme, spec.sample, where), where)
    growth = _growth(study.panel, income, where)
    W, note = study.weights.among(income.units)
    weights_note = (str(study.weights.spec.get("weights", "")), note)
    rows, series = [], []
    for maps in maps_of(income, growth, study.units, spec):
        found = [map_rows(maps, W, weights_note, spec, study.scheme, inference)]
        if maps.controls == "none":
            found.append(local_rows(maps, W, weights_note, spec, study.scheme, inference))
        rows += [row for part, _ in found for row in part]
        series += [frame for _, part in found for frame in part]
    frames = (study.cells, study.periods)
    rows += cell_rows(frames, income.units, W, weights_note, spec, study.scheme, inference)
    fit = {"n_units": len(income.units), "income_years": _ends(income), "growth_years": _ends(growth),
           "regions": spec.regions, "taxonomies": list(spec.taxonomies)}  # fmt: skip
    return rows, series, fit


def _growth(panel: pd.DataFrame, income: Trajectories, where: str) -> Trajectories | None:
    # ASSUME: growth from one observation to the next; the year in which proxy output meets official output has none.
    if "growth_pct" not in panel or panel["growth_pct"].isna().all():
        return None
    found = trajectories(panel, "growth_pct", income.units, where)
    return aligned(found, income.units)


def _ends(data: Trajectories | None) -> list[int]:
    return [] if data is None else [int(data.years[0]), int(data.years[-1])]


def _sorted(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    numbers = {name: float for name in PATTERN_SERIES if name not in TEXTS}
    filled = [part.astype(numbers).astype(dict.fromkeys(TEXTS, object)) for part in parts]
    frame = pd.concat(filled) if filled else pd.DataFrame(columns=list(PATTERN_SERIES))
    return frame.sort_values(KEY, ignore_index=True).astype({"year": np.int64})

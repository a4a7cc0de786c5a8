"""Where clusters lie: East against the rest, South within the East, and whether their neighbours have them too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import sample_rows
from evenfield.shared.settings import InferenceSpec, SchemeInfo, check_names
from evenfield.study.errors import EstimateError
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.gradient.estimate_counts import count_rows, unit_counts
from evenfield.topics.gradient.estimate_marks import Place, mark_rows
from evenfield.topics.gradient.estimate_spec import GradientSpec

OTHER = "robustness"


@dataclass(frozen=True)
class GradientStudy:
    """What the gradients need of the main unit scheme."""

    units: pd.DataFrame  # ``unit``, ``lat``, ``lon`` and columns of regions
    cells: pd.DataFrame  # ``taxonomy``, ``unit``, ``cluster``
    clusters: pd.DataFrame  # ``unit``, ``measure``, ``value``; may be empty
    weights: SpatialWeights  # primary weights
    scheme: SchemeInfo  # name and units
    merged: dict[str, list[str]]  # merged units with their parts, whose counts are added up


def estimate_gradient(
    study: GradientStudy, specs: Sequence[GradientSpec], inference: InferenceSpec, power: float = 0.8
) -> tuple[list[Estimate], dict[str, Any]]:
    """Test the gradients of cluster lists and counts for every specification."""
    rows: list[Estimate] = []
    fits = []
    for spec in specs:
        place = _place(study, spec)
        for rank, taxonomy in enumerate(spec.taxonomies):
            # ASSUME: a list of cluster units decides only while no licensed count is named.
            role = spec.role if rank == 0 and not spec.count else OTHER
            labels = _labels(spec, place, role) | {"treatment_def": taxonomy}
            rows += mark_rows(_marks(study, taxonomy, place, spec), place, labels, inference, power)
        counts = {name: unit_counts(study.clusters, name, place.units, study.merged) for name in spec.counts}
        for name, values in counts.items() or {"": None}.items():
            role = spec.role if name and name == spec.count else OTHER
            rows += count_rows(name, values, place, _labels(spec, place, role), inference)
        fits.append({"spec_id": spec.id, "n_units": len(place.units), "n_east": int(place.inside.sum()),
                     "taxonomies": list(spec.taxonomies), "counts": list(spec.counts)})  # fmt: skip
    return rows, {"conf_level": inference.conf_level, "permutations": inference.permutations, "specs": fits}


def _place(study: GradientStudy, spec: GradientSpec) -> Place:
    where, units = f"estimates.gradient.{spec.id}", study.scheme.samples["all"]
    check_names([spec.regions], study.units.columns, f"{where}.regions")
    rows = sample_rows(study.units, units, ("lat", "lon"), where)
    inside = rows[spec.regions].astype(str).eq(spec.east).to_numpy()
    if not 0 < inside.sum() < len(units):
        raise EstimateError(f"{where}: {inside.sum()} of {len(units)} units have {spec.regions} = {spec.east}",
                            "some and not all", "correct `regions` or `east`")  # fmt: skip
    W, note = study.weights.among(units)
    lat, lon = (rows[name].to_numpy(float) for name in ("lat", "lon"))
    return Place(units, lat, lon, inside, W, str(study.weights.spec.get("weights", "")), study.scheme.name, note)


def _labels(spec: GradientSpec, place: Place, role: str) -> dict[str, Any]:
    return {"family": "gradient", "spec_id": spec.id, "hypothesis": spec.hypothesis, "role": role,
            "unit_scheme": place.scheme,
            "n_obs": len(place.units), "n_units": len(place.units)}  # fmt: skip


def _marks(study: GradientStudy, taxonomy: str, place: Place, spec: GradientSpec) -> np.ndarray:
    where = f"estimates.gradient.{spec.id}"
    check_names([taxonomy], study.cells["taxonomy"].unique(), f"{where}.taxonomies")
    own = study.cells[study.cells["taxonomy"] == taxonomy][["unit", "cluster"]].drop_duplicates()
    return sample_rows(own, place.units, ("cluster",), where)["cluster"].to_numpy(float)

"""Exposures: the neighbours' average of clusters, zones and zone doses, W times each."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.spatial_weights import SpatialWeights

# A zone column, and the zone types it counts: the first that the study has.
DOSES = {"zones_state": ("state",), "zones_hidz": ("hidz",), "zones_sez": ("sez_seed", "sez")}
COUNTS = {"": "zones", "_documented": "zones_dated"}
DOSE_COLUMNS = tuple(f"{name}{ending}" for name in DOSES for ending in COUNTS)


def mean_doses(doses: pd.DataFrame, periods: list[Mapping[str, Any]], units: list[str]) -> pd.DataFrame:
    """Average the zones in force over the years of each period."""
    frames = []
    for item in periods:
        inside = doses[doses["year"].between(item["start"], item["end"])]
        columns = {
            f"{name}{ending}": _mean_dose(inside, types, count, units)
            for name, types in DOSES.items()
            for ending, count in COUNTS.items()
        }
        frames.append(pd.DataFrame({"unit": units, "period": item["period"], **columns}))
    return pd.concat(frames, ignore_index=True)


def _mean_dose(inside: pd.DataFrame, types: tuple[str, ...], count: str, units: list[str]) -> np.ndarray:
    known = set(inside["zone_type"])
    chosen = inside[inside["zone_type"].eq(next((kind for kind in types if kind in known), types[0]))]
    return np.asarray(chosen.groupby("unit")[count].mean().reindex(units).fillna(0.0).to_numpy(float))


def exposure_frame(weights: Mapping[str, SpatialWeights], cells: pd.DataFrame, doses: pd.DataFrame) -> pd.DataFrame:
    """Multiply every weights matrix with every taxonomy and dose, period by period."""
    merged = cells.merge(doses, on=["unit", "period"], how="left", validate="many_to_one")
    groups = merged.groupby(["taxonomy", "period"], sort=True)
    frames = [_exposed(w, group, name) for name, w in sorted(weights.items()) for _, group in groups]
    out = pd.concat(frames, ignore_index=True)
    return out.sort_values(["weights", "taxonomy", "period", "unit"], ignore_index=True)


def _exposed(weights: SpatialWeights, group: pd.DataFrame, name: str) -> pd.DataFrame:
    units = list(group["unit"])
    matrix = weights.aligned(units)
    out = pd.DataFrame(
        {"weights": name, "taxonomy": group["taxonomy"].to_numpy(), "period": group["period"].to_numpy(), "unit": units}
    )
    for column in ("cluster", "sez", *DOSE_COLUMNS):
        own = group[column].to_numpy(float)
        # Sums rounded once: those of a matrix product differ in the last digit between processors.
        parts = (matrix.data * own[matrix.indices]).tolist()
        out[f"own_{column}"] = own
        out[f"exposure_{column}"] = [math.fsum(parts[a:b]) for a, b in pairwise(matrix.indptr.tolist())]
    return out

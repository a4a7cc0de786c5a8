"""Exposures: the neighbours' average of clusters, zones and zone doses, W times each."""

import math
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.study.files import Record
from evenfield.study.spatial_weights import SpatialWeights

# A zone column, and the zone types it counts: the first that the study has.
DOSES = {
    "zones_state": ("state",),
    "zones_hidz": ("hidz",),
    "zones_sez": ("sez_seed", "sez"),
}
# Ending of an exposure's name, and the count of zones that it is made from.
COUNTS = {"": "zones", "_documented": "zones_dated"}
KINDS = ("own", "exposure")
DOSE_COLUMNS = tuple(f"{name}{ending}" for name in DOSES for ending in COUNTS)


def mean_doses(
    doses: pd.DataFrame, periods: list[Record], units: list[str]
) -> pd.DataFrame:
    """Average the zones in force over the years of each period."""
    frames = []
    for item in periods:
        inside = doses[doses["year"].between(item["start"], item["end"])]
        columns = {
            f"{name}{ending}": _mean_dose(inside, types, count, units)
            for name, types in DOSES.items()
            for ending, count in COUNTS.items()
        }
        frames.append(
            pd.DataFrame(
                {
                    "unit": units,
                    "period": item["period"],
                    **columns,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _mean_dose(
    inside: pd.DataFrame, types: tuple[str, ...], count: str, units: list[str]
) -> np.ndarray:
    known = set(inside["zone_type"])
    chosen = inside[
        inside["zone_type"].eq(
            next((kind for kind in types if kind in known), types[0])
        )
    ]
    return np.asarray(
        chosen.groupby("unit")[count].mean().reindex(units).fillna(0.0).to_numpy(float)
    )


def exposure_frame(
    weights: Mapping[str, SpatialWeights], cells: pd.DataFrame, doses: pd.DataFrame
) -> pd.DataFrame:
    """Multiply every weights matrix with every taxonomy and dose, period by period."""
    merged = cells.merge(
        doses, on=["unit", "period"], how="left", validate="many_to_one"
    )
    merged = merged.sort_values(["taxonomy", "period", "unit"], ignore_index=True)
    columns = ["cluster", "sez", *DOSE_COLUMNS]
    units = merged["unit"].to_numpy()
    own = merged[columns].to_numpy(float)
    # W acts within one taxonomy and period; other rows are no neighbours.
    groups = defaultdict[tuple[str, ...], list[np.ndarray]](list)
    for rows in merged.groupby(["taxonomy", "period"]).indices.values():
        groups[tuple(units[rows])].append(np.asarray(rows))
    frames = []
    for name in sorted(weights):
        around = np.empty_like(own)
        for order, places in groups.items():
            beside = np.hstack([own[rows] for rows in places])
            sums = _weighted_sums(weights[name].aligned(list(order)), beside)
            for i, rows in enumerate(places):
                around[rows] = sums[:, i * len(columns) : (i + 1) * len(columns)]
        both = zip(columns, own.T, around.T, strict=True)
        named = {
            f"{kind}_{column}": values
            for column, *pair in both
            for kind, values in zip(KINDS, pair, strict=True)
        }
        frames.append(merged[["taxonomy", "period", "unit"]].assign(**named))
        frames[-1].insert(0, "weights", name)
    return pd.concat(frames, ignore_index=True)


def _weighted_sums(matrix: csr_array, columns: np.ndarray) -> np.ndarray:
    """Return W times columns (N, K), each sum rounded once: a product's last digit
    differs between processors.
    """
    # Many taxonomies and periods have the same zones: their sums are taken once.
    place_of = dict[bytes, int]()
    places = [place_of.setdefault(x.tobytes(), len(place_of)) for x in columns.T]
    distinct = columns[:, np.unique(places, return_index=True)[1]]
    parts = (matrix.data[:, None] * distinct[matrix.indices]).T.tolist()
    # In CSR form the links of row i stand from starts[i] to before starts[i + 1].
    starts = matrix.indptr.tolist()
    sums = [[math.fsum(part[a:b]) for a, b in pairwise(starts)] for part in parts]
    return np.array(sums)[places].T

"""Build, standardise, check and describe every weights matrix of a unit scheme."""

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.numerics.spatial import (
    admissible_range,
    components,
    effective_neighbours,
)
from evenfield.study.errors import ConfigError, WeightsError, counted, first_examples
from evenfield.study.files import Record
from evenfield.study.rounding import round_results
from evenfield.study.spatial_weights import SpatialWeights, row_standardised
from evenfield.study.weights.families import Geography, raw_weights


def build_geography(
    units: pd.DataFrame,
    adjacency: pd.DataFrame,
    panel: pd.DataFrame,
    joins: list[list[str]],
    merged: dict[str, list[str]],
) -> Geography:
    """Gather what weights are made from."""
    # Joins name single units; under a scheme they join what these have become.
    target = {part: unit for unit, parts in merged.items() for part in parts}
    pairs = [[target.get(unit, unit) for unit in pair] for pair in joins]
    unknown = sorted({unit for pair in pairs for unit in pair} - set(units["unit"]))
    if unknown:
        raise ConfigError(
            f"weights.join names {first_examples(unknown)}",
            "units of units.csv",
            "correct the id",
        )
    pairs = [pair for pair in pairs if pair[0] != pair[1]]
    by_hand = pd.DataFrame(pairs, columns=["unit_i", "unit_j"], dtype=str)
    # Without coordinates only weights by distance are refused, not the study.
    nowhere = pd.Series(np.nan, index=units.index)
    return Geography(
        units=tuple(units["unit"]),
        lat=units.get("lat", nowhere).to_numpy(float),
        lon=units.get("lon", nowhere).to_numpy(float),
        links=pd.concat([adjacency[["unit_i", "unit_j"]], by_hand], ignore_index=True),
        panel=panel[["unit", "year", "log_income"]],
        merged=merged,
    )


def build_weights(name: str, spec: Record, geography: Geography) -> SpatialWeights:
    """Build one row-standardised weights matrix."""
    try:
        raw = raw_weights(name, spec, geography)
    # Python raises where NumPy gives infinity; below both are one fault.
    except ArithmeticError:
        raw = csr_array(np.full((1, 1), np.nan))
    if not np.isfinite(raw.data).all():
        fault = f"weights {name} are too large or too small for a number"
        expected = "a power and distances of its kind"
        raise WeightsError(
            fault, expected, "correct weights.families in config.yaml, or lat and lon"
        )
    # A row without links has no sum to be divided by and no mean of neighbours.
    islands = [
        unit
        for unit, links in zip(geography.units, np.diff(raw.indptr), strict=True)
        if links == 0
    ]
    if islands:
        raise WeightsError(
            f"{counted(len(islands), 'unit has', 'units have')} no neighbour in weights {name}"
            f" ({first_examples(islands)})",
            "at least one neighbour for every unit",
            "join them under weights.join (contiguity) or widen the weights in"
            " config.yaml",
        )
    # Rows sum to one, so that W x is a weighted mean over the neighbours of each unit.
    matrix = row_standardised(raw)
    return SpatialWeights(
        geography.units, matrix, describe_weights(name, spec, raw, matrix)
    )


def describe_weights(
    name: str, spec: Record, raw: csr_array, matrix: csr_array
) -> dict[str, Any]:
    """Describe weights: links, effective neighbours and the admissible range of rho;
    raw, matrix (N, N).
    """
    # Six digits, since eigenvalues and sums differ in the last digits between
    # processors.
    low, high, effective = round_results(
        np.array([*admissible_range(matrix), effective_neighbours(matrix)])
    ).tolist()
    directed = int(raw.nnz)
    links = np.diff(raw.indptr)
    # Up to rounding: |w_ij - w_ji| <= 1e-5 w_ji + 1e-8.
    symmetric = bool((abs(raw - raw.T) - 1e-5 * raw.T).data.max(initial=0.0) <= 1e-8)
    return {
        "weights": name,
        "kind": spec["kind"],
        "parameters": {
            key: value for key, value in sorted(spec.items()) if key != "kind"
        },
        "n_units": len(links),
        "links": directed // 2 if symmetric else directed,
        "symmetric": symmetric,
        "mean_neighbours": directed / len(links),
        "min_neighbours": int(links.min()),
        "max_neighbours": int(links.max()),
        "effective_neighbours": effective,
        # No negative real eigenvalue, no lower bound of rho: JSON has no infinity.
        "rho_low": low if np.isfinite(low) else None,
        "rho_high": high,
        "components": components(raw),
    }


def edge_list(weights: SpatialWeights) -> pd.DataFrame:
    """Write a weights matrix as its positive entries."""
    units = np.sort(np.array(weights.units, dtype=object))
    links = weights.aligned(units.tolist()).tocoo()
    return pd.DataFrame(
        {
            "unit_i": units[links.row],
            "unit_j": units[links.col],
            "weight": links.data,
        }
    )

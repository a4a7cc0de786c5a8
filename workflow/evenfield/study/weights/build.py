"""Build, standardise, check and describe every weights matrix of a unit scheme."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.spatial import admissible_range, components, effective_neighbours
from evenfield.study.errors import ConfigError, WeightsError, first_examples
from evenfield.study.rounding import round_results
from evenfield.study.spatial_weights import SpatialWeights, row_standardised
from evenfield.study.weights.families import Geography, raw_weights

MOST_UNITS = 5_000


def build_geography(
    units: pd.DataFrame,
    adjacency: pd.DataFrame,
    panel: pd.DataFrame,
    joins: list[list[str]],
    merged: dict[str, list[str]],
) -> Geography:
    """Gather what weights are made from."""
    if len(units) > MOST_UNITS:
        found = f"{len(units)} units, whose weights are {len(units) ** 2:,} numbers"
        raise WeightsError(found, f"at most {MOST_UNITS}", "merge units, or drop `weights`")
    target = {part: unit for unit, parts in merged.items() for part in parts}
    pairs = [[target.get(unit, unit) for unit in pair] for pair in joins]
    unknown = sorted({unit for pair in pairs for unit in pair} - set(units["unit"]))
    if unknown:
        raise ConfigError(f"weights.join names {first_examples(unknown)}", "units of units.csv", "correct the id")
    pairs = [pair for pair in pairs if pair[0] != pair[1]]
    by_hand = pd.DataFrame(pairs, columns=["unit_i", "unit_j"], dtype=str)
    nowhere = pd.Series(np.nan, index=units.index)
    return Geography(
        units=tuple(units["unit"]),
        lat=units.get("lat", nowhere).to_numpy(float),
        lon=units.get("lon", nowhere).to_numpy(float),
        links=pd.concat([adjacency[["unit_i", "unit_j"]], by_hand], ignore_index=True),
        panel=panel[["unit", "year", "log_income"]],
        merged=merged,
    )


def build_weights(name: str, spec: Mapping[str, Any], geography: Geography) -> SpatialWeights:
    """Build one row-standardised weights matrix."""
    try:
        raw = raw_weights(name, spec, geography)
    except ArithmeticError:
        raw = np.full((1, 1), np.nan)
    if not np.isfinite(raw).all():
        found, expected = f"weights {name} are too large or too small for a number", "a power and distances of its kind"
        raise WeightsError(found, expected, "correct weights.families in config.yaml, or lat and lon")
    islands = [unit for unit, total in zip(geography.units, raw.sum(axis=1), strict=True) if total == 0]
    if islands:
        raise WeightsError(
            f"{len(islands)} units have no neighbour in weights {name} ({first_examples(islands)})",
            "at least one neighbour for every unit",
            "join them under weights.join (contiguity) or widen the weights in config.yaml",
        )
    matrix = row_standardised(raw)
    return SpatialWeights(geography.units, matrix, describe_weights(name, spec, raw, matrix))


def describe_weights(name: str, spec: Mapping[str, Any], raw: np.ndarray, matrix: np.ndarray) -> dict[str, Any]:
    """Describe weights: links, effective neighbours and the admissible range of rho; raw, matrix (N, N)."""
    # Six digits, since eigenvalues and sums differ in the last digits between processors.
    low, high, effective = round_results(np.array([*admissible_range(matrix), effective_neighbours(matrix)])).tolist()
    directed = int((raw > 0).sum())
    symmetric = bool(np.allclose(raw, raw.T))
    return {
        "weights": name,
        "kind": spec["kind"],
        "parameters": {key: value for key, value in sorted(spec.items()) if key != "kind"},
        "n_units": len(raw),
        "links": directed // 2 if symmetric else directed,
        "symmetric": symmetric,
        "mean_neighbours": directed / len(raw),
        "min_neighbours": int((raw > 0).sum(axis=1).min()),
        "max_neighbours": int((raw > 0).sum(axis=1).max()),
        "effective_neighbours": effective,
        "rho_low": low if np.isfinite(low) else None,
        "rho_high": high,
        "components": components(raw),
    }


def edge_list(weights: SpatialWeights) -> pd.DataFrame:
    """Write a weights matrix as its positive entries."""
    i, j = np.nonzero(weights.matrix)
    units = np.array(weights.units, dtype=object)
    edges = pd.DataFrame({"unit_i": units[i], "unit_j": units[j], "weight": weights.matrix[i, j]})
    return edges.sort_values(["unit_i", "unit_j"], ignore_index=True)

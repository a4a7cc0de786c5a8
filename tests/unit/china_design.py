"""The provinces' geography and the source paper's lists, as arrays: the design behind every number of section 4.3."""

from pathlib import Path

import numpy as np
import pandas as pd

from evenfield.contracts.study import row_standardised
from evenfield.numerics.spatial import haversine_km, nearest_matrix

DATA = Path(__file__).parents[2] / "data"
CLUSTERS = ["CN-FJ", "CN-GD", "CN-JS", "CN-SH", "CN-ZJ"]
ZONES = ["CN-FJ", "CN-GD", "CN-HI", "CN-SH", "CN-TJ"]
UNITS_COUNT = 31


def read_design():
    """Return units, contiguity (Hainan joined to Guangdong), distances and the two binaries of the paper."""
    table = pd.read_csv(DATA / "units.csv").sort_values("unit")
    units = list(table["unit"])
    links = pd.read_csv(DATA / "adjacency.csv")
    pairs = [*zip(links["unit_i"], links["unit_j"], strict=True), ("CN-HI", "CN-GD")]
    A = np.zeros((len(units), len(units)))
    for i, j in pairs:
        A[units.index(i), units.index(j)] = A[units.index(j), units.index(i)] = 1.0
    distance = haversine_km(table["lat"].to_numpy(float), table["lon"].to_numpy(float))
    C, S = np.isin(units, CLUSTERS).astype(float), np.isin(units, ZONES).astype(float)
    return units, A, distance, C, S


def weights_of(A, distance):
    """Return the four weights of section 4.3 by name, row-standardised."""
    far = distance + np.diag(np.full(len(distance), np.inf))
    return {
        "contiguity": row_standardised(A),
        "nearest_4": row_standardised(nearest_matrix(distance, 4)),
        "inverse_distance_squared": row_standardised(far**-2.0),
        "inverse_distance": row_standardised(1.0 / far),
    }

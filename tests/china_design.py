"""The provinces' geography and the source paper's lists, as arrays: the design behind
every number of section 4.3.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from evenfield.numerics.spatial import haversine_km
from evenfield.study.spatial_weights import row_standardised
from yaml_text import from_yaml

DATA = Path(__file__).parents[1] / "data"
CLUSTERS = ["CN-FJ", "CN-GD", "CN-JS", "CN-SH", "CN-ZJ"]
ZONES = ["CN-FJ", "CN-GD", "CN-HI", "CN-SH", "CN-TJ"]


def read_design():
    """Return units, contiguity (Hainan joined to Guangdong), distances and the two
    binaries of the paper.
    """
    table = pd.read_csv(DATA / "units.csv").sort_values("unit")
    units = list(table["unit"])
    links = pd.read_csv(DATA / "adjacency.csv")
    pairs = [*zip(links["unit_i"], links["unit_j"], strict=True), ("CN-HI", "CN-GD")]
    A = np.zeros((len(units), len(units)))
    for i, j in pairs:
        first, second = units.index(i), units.index(j)
        A[first, second] = A[second, first] = 1.0
    distance = haversine_km(table["lat"].to_numpy(float), table["lon"].to_numpy(float))
    C = np.isin(units, CLUSTERS).astype(float)
    S = np.isin(units, ZONES).astype(float)
    return units, A, distance, C, S


def nearest_to(distance, k):
    """Mark the k nearest units of each unit."""
    far = distance + np.diag(np.full(len(distance), np.inf))
    return (np.argsort(np.argsort(far, axis=1, kind="stable"), axis=1) < k).astype(
        float
    )


def weights_of(A, distance):
    """Return the four weights of section 4.3 by name, row-standardised."""
    far = distance + np.diag(np.full(len(distance), np.inf))
    return {
        "contiguity": row_standardised(A).toarray(),
        "nearest_4": row_standardised(nearest_to(distance, 4)).toarray(),
        "inverse_distance_squared": row_standardised(far**-2.0).toarray(),
        "inverse_distance": row_standardised(1.0 / far).toarray(),
    }


PERIODS = from_yaml("""
    - {period: P1, label: 1978-91, start: 1978, end: 1991, role: main, basis: proxy}
    - {period: P2, label: 2001-08, start: 2001, end: 2008, role: main, basis: official}
    - {period: S0, label: 1978-2019, start: 1978, end: 2019, role: span, basis: spliced}
    """)


def make_cells(taxonomy, cluster, sez, units=None, periods=PERIODS):
    """Return the cells of a taxonomy; ``sez`` is one array or one per period."""
    units = read_design()[0] if units is None else units
    frames = []
    for k, period in enumerate(periods):
        zone = sez[k] if isinstance(sez, list) else sez
        names = {
            (1, 1): "both",
            (1, 0): "cluster only",
            (0, 1): "SEZ only",
            (0, 0): "neither",
        }
        cell = [names[int(c), int(s)] for c, s in zip(cluster, zone, strict=True)]
        frames.append(
            pd.DataFrame(
                {
                    "taxonomy": taxonomy,
                    "unit": units,
                    "period": period["period"],
                    "cluster": cluster.astype(int),
                    "sez": zone.astype(int),
                    "cell": cell,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def make_exposures(cells, weights, units=None):
    """Return exposures of every taxonomy and period through every weights matrix."""
    units = read_design()[0] if units is None else units
    frames = []
    for (taxonomy, period), group in cells.groupby(["taxonomy", "period"]):
        own = group.set_index("unit").loc[units, ["cluster", "sez"]].to_numpy(float)
        for name, W in weights.items():
            seen = W @ own
            frames.append(
                pd.DataFrame(
                    {
                        "weights": name,
                        "taxonomy": taxonomy,
                        "period": period,
                        "unit": units,
                        "own_cluster": own[:, 0],
                        "own_sez": own[:, 1],
                        "exposure_cluster": seen[:, 0],
                        "exposure_sez": seen[:, 1],
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def make_periods(units=None, seed=5, sd=1.5):
    """Return starting income and growth without any regime in it."""
    units = read_design()[0] if units is None else units
    rng = np.random.default_rng(seed)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "unit": units,
                    "period": p["period"],
                    "start_year": p["start"],
                    "end_year": p["end"],
                    "basis": p["basis"],
                    "log_income_start": rng.normal(8, 0.5, len(units)),
                    "growth_pct_per_year": 8 + rng.normal(0, sd, len(units)),
                }
            )
            for p in PERIODS
        ],
        ignore_index=True,
    )


def make_units():
    """Return the units with their coordinates."""
    return pd.read_csv(DATA / "units.csv")[["unit", "lat", "lon"]].sort_values(
        "unit", ignore_index=True
    )

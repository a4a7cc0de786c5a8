"""The provinces' geography and the source paper's lists, as arrays: the design behind
every number of section 4.3.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from evenfield.numerics.spatial import haversine_km
from evenfield.study.spatial_weights import row_standardised
from made_study import of_units
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


UNITS = read_design()[0]
CELLS = np.array(["neither", "SEZ only", "cluster only", "both"])


def make_cells(taxonomy, cluster, sez):
    """Return the cells of a taxonomy; ``sez`` is one array or one per period."""
    frames = []
    for k, period in enumerate(PERIODS):
        zone = sez[k] if isinstance(sez, list) else sez
        lists = {"cluster": cluster.astype(int), "sez": zone.astype(int)}
        cell = CELLS[2 * lists["cluster"] + lists["sez"]]
        own = {"taxonomy": taxonomy, "period": period["period"], "cell": cell}
        frames.append(of_units(UNITS, **own, **lists))
    return pd.concat(frames, ignore_index=True)


def make_exposures(cells, weights):
    """Return exposures of every taxonomy and period through every weights matrix."""
    frames = []
    for (taxonomy, period), group in cells.groupby(["taxonomy", "period"]):
        own = group.set_index("unit").loc[UNITS, ["cluster", "sez"]].to_numpy(float)
        for name, W in weights.items():
            seen = W @ own
            frames.append(
                of_units(
                    UNITS,
                    weights=name,
                    taxonomy=taxonomy,
                    period=period,
                    own_cluster=own[:, 0],
                    own_sez=own[:, 1],
                    exposure_cluster=seen[:, 0],
                    exposure_sez=seen[:, 1],
                )
            )
    return pd.concat(frames, ignore_index=True)


def make_periods(sd=1.5):
    """Return starting income and growth without any regime in it."""
    rng = np.random.default_rng(5)
    frames = [
        of_units(
            UNITS,
            period=p["period"],
            start_year=p["start"],
            end_year=p["end"],
            basis=p["basis"],
            log_income_start=rng.normal(8, 0.5, len(UNITS)),
            growth_pct_per_year=8 + rng.normal(0, sd, len(UNITS)),
        )
        for p in PERIODS
    ]
    return pd.concat(frames, ignore_index=True)


def make_units():
    """Return the units with their coordinates."""
    return pd.read_csv(DATA / "units.csv")[["unit", "lat", "lon"]].sort_values(
        "unit", ignore_index=True
    )

"""Make the data of this example: 300 districts with a known speed of convergence, spillovers and effects of zones.

Run `python3 make.py` in this folder, with the environment of the study. What was planted stands in data/benchmarks.csv.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd

SEED, ROWS, COLUMNS, FIRST, LAST = 300, 15, 20, 2000, 2020
# Percent a year, and percentage points of growth a year over the whole span.
PLANTED = {
    "speed": 2.0,
    "own_cluster": 1.0,
    "own_zone": 0.5,
    "next_to_clusters": 1.5,
    "next_to_zones": 0.0,
    "park": 8.0,
    "near_park": -3.0,
}
MEANING = {
    "speed": "speed of convergence, percent a year",
    "own_cluster": "growth of districts with clusters less the others, percentage points a year",
    "own_zone": "growth of districts with zones less the others, percentage points a year",
    "next_to_clusters": "growth where all neighbours have clusters less where none has, percentage points a year",
    "next_to_zones": "growth where all neighbours have zones less where none has, percentage points a year",
    "park": "jobs in a district with a park, from its first year on, log points times 100",
    "near_park": "jobs in a district without a park whose nearest one is within 60 km, log points times 100",
}
PARKS, NEAR_KM = 30, 60
SYLLABLES = "ba del fen gor hal is kam lun mor nev or pas ren sol tur ul ves wim yar zet".split()
HERE = Path(__file__).parent / "data"


def parks_and_jobs(
    lat: np.ndarray, lon: np.ndarray, county: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first year of the park of each district (0: none), whether that year is known from a document, and
    jobs by district and year.

    Counties differ in how fast jobs grow, and those that grow faster got more parks, and earlier. Within counties parks
    went to districts that had more jobs.
    """
    rng = np.random.default_rng(SEED + 1)
    years = np.arange(FIRST, LAST + 1)
    N = len(lat)
    trend = 0.012 * rng.standard_normal(county.max() + 1)
    rank = trend.argsort().argsort()[county] / county.max()
    level = rng.standard_normal(N)
    odds = (0.2 + rank) * np.exp(level)
    chosen = rng.choice(N, PARKS, replace=False, p=odds / odds.sum())
    first = np.zeros(N, dtype=int)
    first[chosen] = np.where(rank[chosen] > 0.5, 2006, 2009) + rng.integers(0, 6, PARKS)
    documented = rng.random(N) < 0.7
    with_park = (first > 0)[:, None] & (years >= first[:, None])
    # Kilometres on a plane are close enough for districts that are 45 apart.
    x, y = 111.2 * lon * np.cos(np.radians(lat.mean())), 111.2 * lat
    near = np.hypot(x - x[:, None], y - y[:, None]) <= NEAR_KM
    beside = (near @ with_park.astype(float) > 0) & ~with_park
    noise = 0.02 * rng.standard_normal((N, len(years)))
    for t in range(1, len(years)):
        noise[:, t] += 0.5 * noise[:, t - 1]
    log_jobs = (4 + rank + 0.4 * level)[:, None] + noise
    log_jobs += trend[county][:, None] * (years - FIRST)
    log_jobs += (PLANTED["park"] * with_park + PLANTED["near_park"] * beside) / 100
    return first, documented, np.exp(log_jobs)


def main() -> None:
    """Write every table and the dictionary."""
    rng = np.random.default_rng(SEED)
    row, column = (place.ravel() for place in np.mgrid[:ROWS, :COLUMNS])
    units = [f"D{i + 1:03d}" for i in range(ROWS * COLUMNS)]
    W = (np.abs(row[:, None] - row) + np.abs(column[:, None] - column) == 1).astype(
        float
    )
    cluster, zone = (rng.random((2, len(units))) < 0.25).astype(float)
    neighbours = W / W.sum(axis=1, keepdims=True)
    # A constant push each year, scaled to add the planted growth over the whole span given income at the start.
    rho, years = np.exp(-PLANTED["speed"] / 100), LAST - FIRST
    scale = (1 - rho) * years / (1 - rho**years)
    effects = PLANTED["own_cluster"] * cluster + PLANTED["own_zone"] * zone
    effects += (
        PLANTED["next_to_clusters"] * neighbours @ cluster
        + PLANTED["next_to_zones"] * neighbours @ zone
    )
    incomes = [np.log(10000) + 0.5 * rng.standard_normal(len(units))]
    for _ in range(years):
        shock = 0.01 * rng.standard_normal(len(units))
        incomes.append(
            rho * incomes[-1]
            + (1 - rho) * np.log(20000)
            + scale * effects / 100
            + shock
        )
    names = [
        SYLLABLES[i // 20] + SYLLABLES[i % 20] for i in rng.permutation(len(units))
    ]
    half = np.where(row < ROWS / 2, "North", "South")
    sides = [
        f"{a}{b}"
        for a, b in zip(
            half, np.where(column < COLUMNS / 2, "west", "east"), strict=True
        )
    ]
    i, j = np.nonzero(np.triu(W))
    lat, lon = 60 - 0.4 * row, 0.8 * column
    county = row // 5 * 4 + column // 5
    first, documented, jobs = parks_and_jobs(lat, lon, county)
    park = first > 0
    # Years that are known from memory only are off by one for half of the parks.
    said = first + np.where(documented, 0, first % 2)
    tables = {
        "units": {
            "unit": units,
            "name": [n.capitalize() for n in names],
            "lat": lat,
            "lon": lon,
        }
        | {"region4": sides, "county": [f"C{code + 1:02d}" for code in county]},
        "adjacency": {"unit_i": np.array(units)[i], "unit_j": np.array(units)[j]},
        "panel": {
            "unit": np.repeat(units, years + 1),
            "year": np.tile(np.arange(FIRST, LAST + 1), len(units)),
            "income": np.exp(np.array(incomes)).T.round(2).ravel(),
            "jobs": jobs.round(4).ravel(),
        },
        "policies": {
            "unit": np.array(units)[park],
            "kind": "park",
            "first_year": said[park],
            "grade": np.where(documented, "document", "memory")[park],
        },
        "taxonomies/planted": {
            "unit": units,
            "cluster": cluster.astype(int),
            "sez": zone.astype(int),
        },
        "panel_provenance": {
            "variable": ["income", "jobs"],
            "units": "all",
            "first_year": FIRST,
            "last_year": LAST,
        }
        | {
            "grade": "B",
            "flag": "simulated",
            "source": "MADE",
            "note": "made by make.py, nothing is observed",
        },
        "sources": {
            "source": ["MADE"],
            "citation": "Simulated by make.py of this example",
            "vintage": f"script make.py, seed {SEED}",
        }
        | {
            "licence": "public domain",
            "redistribution": "yes",
            "url_or_note": "no district of this name exists",
        },
        "benchmarks": {
            "benchmark": list(PLANTED),
            "quantity": list(MEANING.values()),
            "value": list(PLANTED.values()),
        },
    }
    resources = []
    for name, columns in tables.items():
        frame, path = pd.DataFrame(columns), HERE / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        frame.to_csv(path, index=False, lineterminator="\n")
        content = path.read_bytes()
        kinds = {"i": "integer", "f": "number"}
        fields = [
            {"name": key, "type": kinds.get(frame[key].dtype.kind, "string")}
            for key in frame
        ]
        item = {"name": path.stem, "path": f"{name}.csv", "bytes": len(content)}
        resources.append(
            {
                **item,
                "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
                "schema": {"fields": fields},
            }
        )
    package = {
        "name": "simulated-districts",
        "title": "Simulated districts",
        "resources": resources,
    }
    (HERE / "datapackage.json").write_text(
        json.dumps(package, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()

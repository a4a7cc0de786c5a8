"""Growth near parks and ports in ninety towns of nine regions, for tests of growth nearby."""

import numpy as np
import pandas as pd
from numpy.random import default_rng

from evenfield.numerics.spatial import haversine_km
from made_study import policy_rows, study_with_places, unit_names, yearly
from yaml_text import from_yaml

UNITS = unit_names(90)
N = len(UNITS)
YEARS = [2000, 2005, 2010]
NEAR = (0.8, 0.1)
SECTION = from_yaml("""
    years: [2000, 2010]
    radius: 60
    cluster: region
    interest: {own: 0.5, near: 0.4}
    lists: {park: {kinds: [park], by: 2000}, port: {column: port}, any_park: {kinds: [park]}}
    outcomes: {output: {expression: log(output), label: output}}
    specs:
      - {id: main, lists: [park, port], outcome: output, within: region, role: primary}
      - {id: share, lists: [park, port], outcome: output, within: region, measure: share}
      - {id: later, lists: {park: any_park, port: port}, outcome: output, within: region}
      - {id: one, lists: [park], outcome: output, held: [hills], sample: south}
    """)


def places_of_units():
    rng = default_rng(8)
    member = rng.random((N, 2)) < 0.16
    return pd.DataFrame(
        {
            "unit": UNITS,
            "name": [f"Town {unit}" for unit in UNITS],
            "region": [f"r{k}" for k in rng.integers(0, 9, N)],
            "port": member[:, 1].astype(int),
            "park": member[:, 0],
            "hills": rng.normal(size=N),
            "lat": 40 + 4 * rng.random(N),
            "lon": 10 + 4 * rng.random(N),
        }
    )


def make_study(section=SECTION, change=None, changes=None):
    """Growth with effects of regions, the start and near parks and ports."""
    rng = default_rng(9)
    places = places_of_units()
    near = near_lists(places, 60)
    start = rng.normal(3, 0.5, N)
    growth = rng.normal(size=9)[places["region"].str[1:].astype(int)]
    growth = growth - 0.6 * start + near @ np.array(NEAR) + 0.1 * rng.normal(size=N)
    steps = np.array(YEARS) - YEARS[0]
    output = np.exp(start[:, None] + growth[:, None] * steps / 100)
    parks = dict.fromkeys(places.loc[places["park"], "unit"], 1995)
    late = next(UNITS[i] for i in range(N) if not places["park"][i])
    study = study_with_places(
        "nearby",
        change(section) if change else section,
        yearly(UNITS, YEARS, output=output),
        places.drop(columns="park"),
        {"south": UNITS[:70]},
        policies=policy_rows({**parks, late: 2004}, grade=""),
    )
    for name, new in (changes or {}).items():
        study.tables[name] = new(study.tables[name])
    return study


def near_lists(places, radius):
    apart = haversine_km(places["lat"].to_numpy(), places["lon"].to_numpy())
    near = (apart <= radius) & ~np.eye(N, dtype=bool)
    lists = np.column_stack([places["park"], places["port"] == 1])
    return np.array([[lists[near[i], k].any() for k in range(2)] for i in range(N)]) * 1

"""Distances between units: kilometres, steps over borders, or a table of the study."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import shortest_path

from evenfield.numerics.spatial import haversine_km
from evenfield.shared.policies import merged_units
from evenfield.shared.settings import check_names
from evenfield.study.errors import EstimateError, counted
from evenfield.study.study import Study

ENDS = ("unit_i", "unit_j")  # columns of pairs of units
KM = "km"
STEPS = "steps"


def unit_distances(
    study: Study, unit_rows: pd.DataFrame, kind: str, where: str, use: str
) -> np.ndarray:
    """Return distances between the units of some rows of units.csv, (N, N): km, steps
    over borders, or a column of distances.csv; infinite where units are not linked.

    Messages begin with ``where``; ``use`` says what is measured, such as rings.
    """
    key = ("distances", kind, tuple(unit_rows["unit"]))
    return study.once(key, lambda: _unit_distances(study, unit_rows, kind, where, use))


def _unit_distances(
    study: Study, unit_rows: pd.DataFrame, kind: str, where: str, use: str
) -> np.ndarray:
    units = list(unit_rows["unit"])
    if kind == KM:
        lat, lon = unit_rows.reindex(columns=["lat", "lon"]).to_numpy(float).T
        if not np.isfinite(lat + lon).all():
            raise EstimateError(
                f"{where} has {use} in km, and units.csv lacks coordinates",
                "lat and lon of every unit",
                "add them, or write distance: steps",
            )
        return haversine_km(lat, lon)
    if kind == STEPS:
        borders = study.table("adjacency", text=ENDS)
        links = _pairs(borders.assign(steps=1.0), STEPS, units)
        return np.asarray(shortest_path(links, directed=False, unweighted=True))
    given = study.ingested("distances", ENDS)
    check_names([kind], [KM, STEPS, *given.columns.drop([*ENDS])], where)
    wrong = given[~(given[kind] > 0)]
    if len(wrong):
        row = wrong.iloc[0]
        raise EstimateError(
            f"{where}: {kind} of {counted(len(wrong), 'pair')} in distances.csv is"
            f" not above zero (first {row['unit_i']} to {row['unit_j']})",
            "positive numbers",
            "correct them, or leave out pairs that are out of reach",
        )
    ends = given[[*ENDS]].replace(merged_units(study))
    # ASSUME: merged units are as near as the nearest of their parts.
    nearest = given.assign(**ends).groupby([*ENDS], as_index=False).agg({kind: "min"})
    one_way = _pairs(nearest, kind, units).toarray()
    apart = np.where(one_way > 0, one_way, np.inf)
    return np.minimum(apart, apart.T)


def _pairs(pairs: pd.DataFrame, column: str, units: list[str]) -> csr_array:
    """Return a column of pairs of units as a matrix, zero where there is no pair; (N,
    N).
    """
    position = {unit: i for i, unit in enumerate(units)}
    own = pairs[pairs[[*ENDS]].isin(units).all(axis=1)]
    ends = tuple(own[end].map(position).to_numpy() for end in ENDS)
    return csr_array((own[column].to_numpy(float), ends), shape=(len(units),) * 2)

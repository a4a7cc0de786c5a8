"""Exposures: the neighbours' average of clusters, zones and zone doses, W times each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.study import SpatialWeights

DOSES = {"zones_state": "state", "zones_hidz": "hidz"}


def mean_doses(doses: pd.DataFrame, periods: list[Mapping[str, Any]], units: list[str]) -> pd.DataFrame:
    """Average the zones in force over the years of each period.

    Parameters
    ----------
    doses : DataFrame
        ``unit``, ``year``, ``zone_type``, ``zones``.
    periods : list of mapping
        With ``period``, ``start`` and ``end``.
    units : list of str
        Units of the scheme.

    Returns
    -------
    DataFrame
        ``unit``, ``period`` and one column ``zones_state``, ``zones_hidz``; zero where a study has no such zones.
    """
    frames = []
    for item in periods:
        inside = doses[doses["year"].between(item["start"], item["end"])]
        mean = inside.groupby(["unit", "zone_type"])["zones"].mean().unstack()
        columns = {
            name: mean.get(kind, pd.Series(dtype=float)).reindex(units).fillna(0.0).to_numpy()
            for name, kind in DOSES.items()
        }
        frames.append(pd.DataFrame({"unit": units, "period": item["period"], **columns}))
    return pd.concat(frames, ignore_index=True)


def exposure_frame(weights: Mapping[str, SpatialWeights], cells: pd.DataFrame, doses: pd.DataFrame) -> pd.DataFrame:
    """Multiply every weights matrix with every taxonomy and dose, period by period.

    Parameters
    ----------
    weights : mapping of str to SpatialWeights
        Row-standardised weights by name.
    cells : DataFrame
        ``taxonomy``, ``unit``, ``period``, ``cluster``, ``sez``.
    doses : DataFrame
        From ``mean_doses``.

    Returns
    -------
    DataFrame
        Key (weights, taxonomy, period, unit); ``own_*`` and ``exposure_*`` columns. Exposure is the share of a
        unit's neighbours (by weight) that are cluster or SEZ regions, or their mean number of zones.
    """
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
    for column in ("cluster", "sez", *DOSES):
        own = group[column].to_numpy(float)
        out[f"own_{column}"], out[f"exposure_{column}"] = own, np.asarray(matrix @ own)
    return out

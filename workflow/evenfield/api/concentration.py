"""What a table says of whether errors by unit are enough for a policy."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import pandas as pd

from evenfield.api.data import Table
from evenfield.models.policies import FEWEST_CLUSTERS, PolicyPanel
from evenfield.numerics.arrays import Array
from evenfield.numerics.event_study.concentration import blocks, concentration_p

CHANCE = 0.01  # p below which units of a group got the policy together


def shared_by(rows: Table, panel: PolicyPanel, first: str) -> str:
    """Say that whole groups that the table names, or units near each other, got the
    policy together, and how errors allow for it; empty where they did not.

    Notes
    -----
    ASSUME: errors follow the level at which a policy is given (Abadie, Athey, Imbens
    and Wooldridge 2023). Its groups may have shocks of their own, which errors by unit
    take for chance in each unit.
    """
    together = {}
    for name in rows.data.columns.drop([rows.unit_name, rows.time_name, first]):
        groups = _groups(rows, panel, name)
        if groups is not None and _together(panel, groups):
            together[str(name)] = int(groups.max())
    if together:
        # The widest groups allow for shocks of those inside them, too.
        name = min(together, key=lambda name: (together[name], name))
        return f"units of one {name} got the policy together: cluster={name!r} allows for it"
    lat, lon = (_of_units(rows, name) for name in ("lat", "lon"))
    if lat is not None and lon is not None and _together(panel, blocks(lat, lon)):
        return (
            "units near each other got the policy together: cluster= a column of ten"
            " regions or more allows for it"
        )
    return ""


def _together(panel: PolicyPanel, groups: np.ndarray) -> bool:
    return concentration_p(panel.first, groups, panel.groups) < CHANCE


def _groups(rows: Table, panel: PolicyPanel, name: str) -> np.ndarray | None:
    """Return codes of a column that names groups of units, (N,), ten at least and of two
    units or more on average; None for other columns.
    """
    values = rows.data[name]
    if pd.api.types.is_float_dtype(values):
        return None
    of_units = _of_units(rows, name)
    if of_units is None:
        return None
    codes = pd.factorize(of_units)[0]
    if not FEWEST_CLUSTERS <= codes.max() + 1 <= len(codes) / 2:
        return None
    # Numbers that follow the policy one to one are its dates once more.
    again = np.array_equal(codes, pd.factorize(panel.first)[0])
    return None if again and pd.api.types.is_numeric_dtype(values) else codes


def _of_units(rows: Table, name: str) -> Array | None:
    """Return a column without blanks that is the same at all dates of a unit, (N,)."""
    if name not in rows.data or rows.data[name].isna().any():
        return None
    column = rows.data[name]
    if column.dtype == object and not all(isinstance(x, Hashable) for x in column):
        return None
    codes = pd.factorize(column)[0]
    start = np.unique(rows.units.codes, return_index=True)[1]
    if (codes != codes[start][rows.units.codes]).any():
        return None
    return rows.data[name].to_numpy()[start]

"""Which units are on a list: by policies, by a column, or by named clusters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenfield.shared.policies import kinds_of, merged_units, policy_table
from evenfield.shared.settings import check_names
from evenfield.shared.unit_columns import unit_numbers
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study
from evenfield.topics.nearby.estimate_spec import ListSpec

CLUSTER_YEAR = "year"  # column of cluster_list.csv


def members(
    study: Study,
    unit_rows: pd.DataFrame,
    lists: Mapping[str, ListSpec],
    name: str,
    where: str,
) -> np.ndarray:
    """Return which units are on a list, (N,) of bool."""
    listed = lists[name]
    units = unit_rows["unit"]
    if listed.column:
        on_list = _by_column(unit_rows, listed.column, where)
    elif listed.clusters:
        on_list = units.isin(_by_clusters(study, listed, where)).to_numpy()
    else:
        on_list = units.isin(_by_policies(study, listed, where)).to_numpy()
    for other in listed.without:
        on_list = on_list & ~members(study, unit_rows, lists, other, where)
    if not on_list.any() or on_list.all():
        found = "every unit is" if on_list.all() else "no unit is"
        raise EstimateError(
            f"{where}: {found} on the list", "some units on it", "correct the list"
        )
    return np.asarray(on_list)


def _by_column(unit_rows: pd.DataFrame, column: str, where: str) -> np.ndarray:
    every_unit = np.ones(len(unit_rows), dtype=bool)
    values = unit_numbers(unit_rows, column, every_unit, where)
    odd = unit_rows.loc[~np.isin(values, [0, 1]), "unit"]
    if len(odd):
        raise EstimateError(
            f"{where}: {column} of {counted(len(odd), 'unit')} is neither 0"
            f" nor 1 ({first_examples(list(odd))})",
            "1 for every unit on the list and 0 for every other one",
            "make such a column",
        )
    return np.asarray(values == 1)


def _by_policies(study: Study, listed: ListSpec, where: str) -> list[str]:
    policies = policy_table(study)
    kinds = kinds_of(policies, listed.kinds, where)
    return _dated(policies[policies["kind"].isin(kinds)], "first_year", listed)


def _by_clusters(study: Study, listed: ListSpec, where: str) -> list[str]:
    """Return the units of the rows of cluster_list.csv that the list chooses."""
    text = ("cluster", "name", "unit", *listed.words)
    rows = study.ingested("cluster_list", text)
    check_names(list(listed.chosen), rows.columns, f"{where}: `clusters`")
    chosen = np.ones(len(rows), dtype=bool)
    for column, values in listed.chosen.items():
        check_names(values, rows[column].dropna().unique(), f"{where}: {column}")
        chosen &= rows[column].isin(values).to_numpy()
    merged = rows["unit"].replace(merged_units(study))
    return _dated(rows.assign(unit=merged)[chosen], CLUSTER_YEAR, listed)


def _dated(rows: pd.DataFrame, column: str, listed: ListSpec) -> list[str]:
    """Return the units whose rows are dated within `since` and `by`, with rows of at
    least `least` different names.
    """
    # ASSUME: a row without a year is none by any year, and does not make a unit old.
    dated = rows.assign(year=pd.to_numeric(rows[column], errors="coerce"))
    if listed.since is not None:
        # A unit that was on the list before is none that came later.
        first_of_unit = dated.groupby("unit")["year"].transform("min")
        dated = dated[first_of_unit >= listed.since]
    if listed.by is not None:
        dated = dated[dated["year"] <= listed.by]
    if listed.least == 1:
        return sorted(dated["unit"].unique())
    names_of_unit = dated.groupby("unit")["name"].nunique()
    return sorted(names_of_unit.index[names_of_unit >= listed.least])

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
ENTRY = ["unit", "what", "year"]


def members(
    study: Study,
    unit_rows: pd.DataFrame,
    lists: Mapping[str, ListSpec],
    name: str,
    where: str,
) -> np.ndarray:
    """Return which units are on a list, (N,) of bool."""
    on_list = (
        unit_rows["unit"]
        .isin(entries(study, unit_rows, lists, name, where)["unit"])
        .to_numpy()
    )
    if not on_list.any() or on_list.all():
        found = "every unit is" if on_list.all() else "no unit is"
        raise EstimateError(
            f"{where}: {found} on the list", "some units on it", "correct the list"
        )
    return np.asarray(on_list)


def entries(
    study: Study,
    unit_rows: pd.DataFrame,
    lists: Mapping[str, ListSpec],
    name: str,
    where: str,
) -> pd.DataFrame:
    """Return what puts units on a list: unit, what is named there (a product, a policy;
    blank for a column), and the year by which it was there, missing where not known.
    """
    listed = lists[name]
    if listed.column:
        rows = _by_column(unit_rows, listed.column, where)
    elif listed.clusters:
        rows = _by_clusters(study, listed, where)
    else:
        rows = _by_policies(study, listed, where)
    for other in listed.without:
        others = entries(study, unit_rows, lists, other, where)
        rows = rows[~rows["unit"].isin(others["unit"])]
    return rows.loc[:, ENTRY]


def _by_column(unit_rows: pd.DataFrame, column: str, where: str) -> pd.DataFrame:
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
    on_list = np.asarray(values == 1)
    return unit_rows.loc[on_list, ["unit"]].assign(what="", year=np.nan)


def _by_policies(study: Study, listed: ListSpec, where: str) -> pd.DataFrame:
    """Return the policies of the kinds of a list; one is named by its name, else its
    kind.
    """
    policies = policy_table(study)
    kinds = kinds_of(policies, listed.kinds, where)
    rows = policies[policies["kind"].isin(kinds)]
    return _dated(_named(rows, "name", "kind"), "first_year", listed)


def _by_clusters(study: Study, listed: ListSpec, where: str) -> pd.DataFrame:
    """Return the rows of cluster_list.csv that a list chooses; one is named by its
    industry, else its name.
    """
    text = ("cluster", "name", "unit", "industry", *listed.words)
    rows = study.ingested("cluster_list", text)
    check_names(list(listed.chosen), rows.columns, f"{where}: `clusters`")
    chosen = np.ones(len(rows), dtype=bool)
    for column, values in listed.chosen.items():
        check_names(values, rows[column].dropna().unique(), f"{where}: {column}")
        chosen &= rows[column].isin(values).to_numpy()
    merged = rows["unit"].replace(merged_units(study))
    placed = rows.assign(unit=merged)[chosen]
    return _dated(_named(placed, "industry", "name"), CLUSTER_YEAR, listed)


def _named(rows: pd.DataFrame, column: str, other: str) -> pd.DataFrame:
    """Return rows with what each names: a column, or another one where it is blank."""
    if column not in rows:
        return rows.assign(what=rows[other].astype(str))
    named = rows[column].fillna("").astype(str)
    return rows.assign(what=named.where(named.ne(""), rows[other].astype(str)))


def _dated(rows: pd.DataFrame, column: str, listed: ListSpec) -> pd.DataFrame:
    """Return the rows dated within `since` and `by`, of units with rows of at least
    `least` different names.
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
        return dated
    names_of_unit = dated.groupby("unit")["name"].transform("nunique")
    return dated[names_of_unit >= listed.least]

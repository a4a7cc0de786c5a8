"""Columns of units and outcomes of the panel, in the order of the units."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.shared.settings import check_names
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.expressions import check_columns, columns_of, evaluate
from evenfield.study.study import Study

PLACES = ("unit", "name", "lat", "lon")  # no groups, even where two units share one


def group_codes(
    unit_rows: pd.DataFrame, column: str, where: str, sample: np.ndarray | None = None
) -> np.ndarray:
    """Return codes of the groups of a column of units.csv, in the order of the units;
    units outside the sample, (N,) of bool, may have none.
    """
    if column not in unit_rows:
        raise EstimateError(
            f"{where} names {column}", "a column of units.csv", "correct the name"
        )
    lacking = unit_rows[column].isna().to_numpy()
    blank = unit_rows.loc[lacking if sample is None else lacking & sample, "unit"]
    if len(blank):
        raise EstimateError(
            f"{where}: {column} of {counted(len(blank), 'unit')} is blank"
            f" ({first_examples(list(blank))})",
            "a group for every unit",
            "fill it, or leave the units out with a sample",
        )
    if column in PLACES or unit_rows[column].is_unique:
        raise EstimateError(
            f"{where} names {column}, which tells units apart",
            "a column of units.csv whose groups hold several units",
            "name another column",
        )
    # By first unit and not by name, so that names of groups move no draw.
    return in_order(unit_rows[column].astype(str).to_numpy(dtype=str)).codes


def unit_numbers(
    unit_rows: pd.DataFrame, column: str, sample: np.ndarray, where: str
) -> np.ndarray:
    """Return a column of units.csv that is a number for every unit of the sample."""
    check_names([column], unit_rows.columns, where)
    values = pd.to_numeric(unit_rows[column], errors="coerce").to_numpy(float)
    blank = unit_rows.loc[sample & ~np.isfinite(values), "unit"]
    if len(blank):
        raise EstimateError(
            f"{where}: {column} of {counted(len(blank), 'unit')} is no number"
            f" ({first_examples(list(blank))})",
            "a number for every unit of the sample",
            "fill it, or leave the units out with a sample",
        )
    return values


def outcome_by_year(
    study: Study, expression: str, units: Sequence[str], where: str
) -> pd.DataFrame:
    """Return an outcome by unit (rows) and year, in all years of the panel."""
    key = ("outcome", expression, tuple(units))
    wide = study.once(key, lambda: _outcome_by_year(study, expression, units, where))
    # A copy that shares its values until one is changed.
    return wide.copy(deep=False)


def _outcome_by_year(
    study: Study, expression: str, units: Sequence[str], where: str
) -> pd.DataFrame:
    table = study.table("panel", text=("basis",))
    table = table[table["unit"].isin(list(units))]
    check_columns(expression, table.columns, where)
    if not columns_of(expression):
        raise EstimateError(
            f"{where}: the outcome `{expression}` names no column",
            "an expression of columns of panel.csv",
            "correct it",
        )
    values = table[["unit", "year"]].assign(value=evaluate(expression, table))
    wide = values.pivot(index="unit", columns="year", values="value")
    return wide.sort_index(axis=1).loc[list(units)]

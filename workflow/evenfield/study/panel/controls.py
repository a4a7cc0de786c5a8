"""Control variables of a period, measured at its start unless they are labelled a
channel.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.elementary import log
from evenfield.study.errors import PanelError, first_examples
from evenfield.study.expressions import columns_of, evaluate
from evenfield.study.panel.income import check_columns, check_figures

NEAREST_YEARS = 2


@dataclass(frozen=True, slots=True)
class PeriodFrames:
    """What the controls of one period are made from."""

    start: int  # first year of the period
    end: int  # last year
    expression: Callable[[str], pd.DataFrame]  # unit, year, value of all of the panel
    units: pd.DataFrame  # units with their attributes
    population_growth: pd.Series  # logarithmic growth a year


def control_columns(
    name: str, frames: PeriodFrames, control: Mapping[str, Any]
) -> dict[str, pd.Series]:
    """Return the columns of one control in one period, values by unit: one, or one for
    each group but the first.
    """
    groups = _groups(frames, control) if control["kind"] == "groups" else None
    if groups is not None:
        _, *others = sorted(groups.unique())
        columns = {
            f"control_{name}={group}": groups.eq(group).astype(float)
            for group in others
        }
    else:
        makers: Mapping[str, Callable[[PeriodFrames, Mapping[str, Any]], pd.Series]] = {
            "population_growth": _population_growth,
            "unit": _attribute,
            "initial": _initial,
            "mean": _mean,
        }
        columns = {f"control_{name}": makers[control["kind"]](frames, control)}
    # A control that begins after the period does is blank; no later value stands in.
    if frames.start < control.get("from", frames.start):
        return {column: values * np.nan for column, values in columns.items()}
    return columns


def _population_growth(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    # ln(n + g + delta): ``plus`` stands for technical progress and depreciation.
    shifted = frames.population_growth + control["plus"]
    # Where population shrinks faster than ``plus`` there is no logarithm: blank.
    return log(shifted.where(shifted > 0))


def _attribute(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    check_columns(frames.units, [control["column"]], "units.csv")
    column = frames.units.set_index("unit")[control["column"]]
    if not pd.api.types.is_numeric_dtype(column):
        raise PanelError(
            f"a control takes its values from {control['column']} of units.csv, and it"
            f" holds text ('{column.iloc[0]}')",
            "a column of numbers",
            "choose another column in config.yaml",
        )
    return pd.Series(column.astype(float))


def _groups(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    column = control["column"]
    check_columns(frames.units, [column], "units.csv")
    groups = frames.units.set_index("unit")[column]
    blank = groups.index[groups.isna()].astype(str)
    if len(blank) or groups.nunique() < 2:
        found = f"{len(blank)} blank ({first_examples(list(blank))})"
        raise PanelError(
            f"a control takes its groups from {column} of units.csv, and it has"
            f" {found if len(blank) else 'one group only'}",
            "a group for every unit, and two groups at least",
            "fill the column or choose another one",
        )
    return pd.Series(groups.astype(str))


def _initial(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    # Both parts of a ratio are of one and the same year.
    return _first_available(_evaluated(frames, control))


def _mean(frames: PeriodFrames, control: Mapping[str, object]) -> pd.Series:
    # A mean over the whole period moves with growth: a channel, not predetermined.
    return pd.Series(_evaluated(frames, control).groupby("unit")["value"].mean())


def _evaluated(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.DataFrame:
    """Return unit, year and value of an expression in the years of the period."""
    values = frames.expression(control["expression"])
    return values[values["year"].between(frames.start, frames.end)]


def evaluated_once(panel: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    """Return what gives unit, year and value of an expression in all rows of a panel:
    the periods of a panel ask for the same ones.
    """

    @cache
    def expression(text: str) -> pd.DataFrame:
        check_figures(panel, columns_of(text), "a control")
        return panel[["unit", "year"]].assign(value=evaluate(text, panel))

    return expression


def _first_available(inside: pd.DataFrame) -> pd.Series:
    # ASSUME: a control that is missing in a period's first year takes its first value
    # within two further years.
    early = inside[inside["year"] <= inside["year"].min() + NEAREST_YEARS]
    return pd.Series(early.sort_values("year").groupby("unit")["value"].first())

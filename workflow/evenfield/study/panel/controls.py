"""Control variables of a period, measured at its start unless they are labelled a
channel.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.elementary import log
from evenfield.study.errors import PanelError
from evenfield.study.panel.income import check_columns, check_figures

NEAREST_YEARS = 2


@dataclass(frozen=True, slots=True)
class PeriodFrames:
    """What the controls of one period are made from."""

    start: int  # first year of the period
    inside: pd.DataFrame  # rows of the panel inside the period
    units: pd.DataFrame  # units with their attributes
    population_growth: pd.Series  # logarithmic growth a year


def control_values(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    """Return one control for every unit in one period."""
    # A control that begins after the period does is blank; no later value stands in.
    if frames.start < control.get("from", frames.start):
        return pd.Series(np.nan, index=frames.units["unit"])
    makers: Mapping[str, Callable[[PeriodFrames, Mapping[str, Any]], pd.Series]] = {
        "population_growth": _population_growth,
        "unit": _attribute,
        "initial": _initial,
        "initial_ratio": _initial_ratio,
        "mean_ratio": _mean_ratio,
    }
    return makers[control["kind"]](frames, control)


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


def _initial(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    check_figures(frames.inside, [control["column"]], "a control")
    return _first_available(
        frames.inside.assign(value=frames.inside[control["column"]])
    )


def _initial_ratio(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    # The ratio first, then its first year: both parts are of one and the same year.
    return _first_available(frames.inside.assign(value=_ratio(frames.inside, control)))


def _mean_ratio(frames: PeriodFrames, control: Mapping[str, Any]) -> pd.Series:
    # A mean over the whole period moves with growth: a channel, not predetermined.
    return pd.Series(
        _ratio(frames.inside, control).groupby(frames.inside["unit"]).mean()
    )


def _ratio(inside: pd.DataFrame, control: Mapping[str, Any]) -> pd.Series:
    named = [control["numerator"], control["denominator"]]
    check_figures(inside, named, "a control")
    return pd.Series(
        inside[control["numerator"]]
        / inside[control["denominator"]]
        * control.get("scale", 1.0)
    )


def _first_available(inside: pd.DataFrame) -> pd.Series:
    # ASSUME: a control that is missing in a period's first year takes its first value
    # within two further years.
    early = inside[inside["year"] <= inside["year"].min() + NEAREST_YEARS]
    return pd.Series(early.sort_values("year").groupby("unit")["value"].first())

"""One row per unit and period: growth between end points, three-observation means, and
controls.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from evenfield.study.elementary import log
from evenfield.study.errors import PanelError, counted, first_examples
from evenfield.study.panel.controls import PeriodFrames, control_columns, evaluated_once
from evenfield.study.panel.income import OFFICIAL, PROXY, SPLICED
from evenfield.study.study_config import Period

# Observations averaged at either end, so that one odd year moves growth less.
MEAN_OF = 3


def period_frame(
    panel: pd.DataFrame,
    units: pd.DataFrame,
    periods: list[Period],
    controls: Mapping[str, Mapping[str, object]],
) -> pd.DataFrame:
    """Collapse the panel to one row per unit and period."""
    expression = evaluated_once(panel)
    parts = [
        _one_period(panel, units, period, controls, expression) for period in periods
    ]
    return pd.concat(parts).sort_values(["unit", "period"], ignore_index=True)


def _one_period(
    panel: pd.DataFrame,
    units: pd.DataFrame,
    period: Period,
    controls: Mapping[str, Mapping[str, object]],
    expression: Callable[[str], pd.DataFrame],
) -> pd.DataFrame:
    inside = panel[panel["year"].between(period.start, period.end)]
    y = inside.pivot(index="year", columns="unit", values="log_income")
    _check_complete(y, period)
    out = pd.DataFrame(
        {
            "unit": y.columns,
            "period": period.name,
            "start_year": period.start,
            "end_year": period.end,
            "basis": period_basis(inside, period),
            "log_income_start": y.iloc[0],
            "log_income_end": y.iloc[-1],
            "growth_pct_per_year": 100.0 * (y.iloc[-1] - y.iloc[0]) / period.years,
        }
    ).reset_index(drop=True)
    out = out.assign(**_mean_columns(y))
    growth = _population_growth(inside, period)
    out["population_growth_per_year"] = growth.reindex(out["unit"]).to_numpy()
    frames = PeriodFrames(period.start, period.end, expression, units, growth)
    for name, control in controls.items():
        for column, values in control_columns(name, frames, control).items():
            out[column] = values.reindex(out["unit"]).to_numpy(float)
    return out


def _check_complete(y: pd.DataFrame, period: Period) -> None:
    ends = y.loc[[period.start, period.end]].T
    gaps = [str(unit) for unit in ends.index[ends.isna().any(axis=1)]]
    if gaps:
        raise PanelError(
            f"income at the ends of {period.name} ({period.start}, {period.end}) is"
            f" missing for {counted(len(gaps), 'unit')} ({first_examples(gaps)})",
            "income for every unit at both ends",
            "move the period or switch the figures on in data.grade_c",
        )


def period_basis(inside: pd.DataFrame, period: Period) -> str:
    """Say whether a period rests on official output, on the proxy, or on both."""
    # A blank basis is a year without income and says nothing of the period.
    bases = set(inside["basis"]) - {""}
    if bases <= {OFFICIAL}:
        return OFFICIAL
    if bases == {PROXY}:
        return PROXY
    # The jump where the bases meet would be read as growth: joining must be asked for.
    if not period.spliced:
        raise PanelError(
            f"period {period.name} ({period.start} to {period.end}) joins proxy and"
            " official output",
            "a period on one basis, or one marked spliced",
            f"set periods.{period.name}.spliced: true or move its years",
        )
    return SPLICED


def _mean_columns(y: pd.DataFrame) -> dict[str, np.ndarray]:
    names = (
        "log_income_start_mean3",
        "log_income_end_mean3",
        "growth_mean3_pct_per_year",
    )
    # The first and the last three observations must not share a year.
    if len(y) < 2 * MEAN_OF:
        return {name: np.full(y.shape[1], np.nan) for name in names}
    first = y.iloc[:MEAN_OF]
    last = y.iloc[-MEAN_OF:]
    # The distance between the centres of both means, so that growth stays one per year.
    years = last.index.to_numpy(float).mean() - first.index.to_numpy(float).mean()
    start = first.mean(skipna=False).to_numpy()
    end = last.mean(skipna=False).to_numpy()
    return dict(zip(names, (start, end, 100.0 * (end - start) / years), strict=True))


def _population_growth(inside: pd.DataFrame, period: Period) -> pd.Series:
    # n = (ln L_T - ln L_0) / years, not in percent: controls take ln(n + g + delta).
    population = inside.pivot(index="unit", columns="year", values="population")
    # Declared, for its operators would cost a type checker half a minute.
    growth_factor: pd.Series = population[period.end] / population[period.start]
    return log(growth_factor) / period.years

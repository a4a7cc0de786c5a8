"""Location quotients: a group's share in one column over its share in another, their trend and their end level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.driscoll_kraay import default_lags, driscoll_kraay_inference
from evenfield.numerics.ladder import FEWEST_TREATED, SCPC_LAW
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.scpc import scpc_inference, scpc_power_point
from evenfield.shared.contrasts.contrasts import ContrastSettings
from evenfield.shared.contrasts.period_means import Measure, missing_reason, with_figures, yearly_table
from evenfield.shared.contrasts.places import Places
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.fading.estimate_spec import FadingSpec

START, END_YEARS = 1992, 5
FEW = "fewer than 4 units in the group: no interval"
SERIES_COLUMNS = ["spec_id", "year", "group", "quotient", "low", "high"]


@dataclass(frozen=True)
class QuotientPath:
    """Parts of the location quotient by unit and year, or the reason why there are none."""

    spec: FadingSpec  # the specification
    above: pd.DataFrame  # shares of each unit (rows) in the total of each year (columns)
    below: pd.DataFrame
    note: str = ""  # why there is no quotient
    without: str = ""  # units left out for want of figures

    @property
    def years(self) -> list[int]:
        """Years in which every unit has both figures."""
        return [int(year) for year in self.above.columns]

    @property
    def window(self) -> str:
        """First and last year."""
        return f"{self.years[0]}-{self.years[-1]}"

    @property
    def start_note(self) -> str:
        """Says when the figures start later than asked for, and which units have none."""
        late = f"starts with the data, {self.years[0]} instead of {START}" if self.years[0] > START else ""
        return "; ".join(part for part in (self.without, late) if part)

    @property
    def quotients(self) -> pd.DataFrame:
        """Location quotient of each unit and year."""
        return self.above / self.below


def quotient_path(panel: pd.DataFrame, description: Mapping[str, Any], spec: FadingSpec) -> QuotientPath:
    """Return the shares that location quotients are made of."""
    blank = QuotientPath(spec, pd.DataFrame(), pd.DataFrame())
    reason = missing_reason(panel, spec.measure)
    if reason or not spec.measure.over:
        return replace(blank, note=reason or "a location quotient needs a column `over`")
    units = sorted(description["units"])
    every = [yearly_table(panel, Measure(name, name)).reindex(units) for name in spec.measure.columns]
    tables, without = with_figures(every)
    asked = [year for year in tables[0].columns.to_numpy(int).tolist() if year >= START]
    years = [year for year in asked if all((table[year] > 0).all() for table in tables)]
    if len(years) < 2 * END_YEARS:
        return replace(blank, note=f"{len(years)} years have figures of every unit; a path needs {2 * END_YEARS}")
    above, below = (table[years] / table[years].sum(axis=0) for table in tables)
    return QuotientPath(spec, above, below, without=without)


def trend_outcome(path: QuotientPath) -> pd.Series:
    """Return each unit's least squares slope of the log quotient, per decade."""
    t = np.array(path.years, float)
    t = (t - t.mean()) / 10
    return pd.Series(np.log(path.quotients.to_numpy(float)) @ t / (t @ t), index=path.above.index)


def group_quotient(path: QuotientPath, members: np.ndarray) -> np.ndarray:
    """Return a group's location quotient by year; members (N,) -> (T,)."""
    above, below = path.above.to_numpy(float), path.below.to_numpy(float)
    return np.asarray(above[members].sum(axis=0) / below[members].sum(axis=0))


def group_rows(
    path: QuotientPath, labels: pd.DataFrame, row: Estimate, tables: Mapping[str, pd.DataFrame],
    settings: ContrastSettings,
) -> list[Estimate]:  # fmt: skip
    """Estimate end level and trend of a group's own location quotient."""
    members = labels.reindex(path.above.index)[row.term].to_numpy(float) == 1.0
    size = int(min(members.sum(), (~members).sum()))
    if not size:
        return [replace(row, effect_type="stat_end_level", warning=f"not defined: {row.term} does not vary")]
    end = replace(
        row, estimator="ratio", outcome=f"{row.outcome}_end", effect_type="stat_end_level", unit_of_measure="ratio",
        period=f"{path.years[-END_YEARS]}-{path.years[-1]}", n_treated=size, n_obs=len(members), n_units=len(members),
        n_periods=END_YEARS, sesoi=path.spec.share, estimate=float(group_quotient(path, members)[-END_YEARS:].mean()),
    )  # fmt: skip
    return [_end_level(path, members, end, tables, settings), *_left_out(path, members, end),
            _series_trend(path, members, row, settings.level)]  # fmt: skip


def _end_level(
    path: QuotientPath, members: np.ndarray, end: Estimate, tables: Mapping[str, pd.DataFrame],
    settings: ContrastSettings,
) -> Estimate:  # fmt: skip
    if (end.n_treated or 0) < FEWEST_TREATED:
        return replace(end, warning=FEW)
    y, weight = _weighted(path, members)
    root = np.sqrt(weight)
    X = np.column_stack([members, ~members]).astype(float) * root[:, None]
    fit, c = fit_ols((y - 1) * root, X), np.array([1.0, 0.0])
    places = Places(tables["units"], tables["links"], settings.permutations, settings.seed, settings.level)
    space = places.at(path.above.index.to_numpy(str), members.astype(float), "end", ()).components["scpc"]
    try:
        found = scpc_inference(fit, c, space)
    except NumericsError as error:
        return replace(end, warning=f"no interval: {error}")
    spread = float(np.sqrt(fit_ols((y - 1) * root, root[:, None]).sigma2))
    mde = spread * scpc_power_point(fit.X, c, space, settings.power, found.critical_value)
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {end.sesoi:g}" if mde > end.sesoi else ""
    return replace(
        end, std_error=found.std_error, statistic=found.statistic, p_value=found.p_value,
        se_type=f"SCPC avc {space.average_correlation:.2f}", p_type=f"{SCPC_LAW}; against one",
        conf_low=1 + found.conf_low, conf_high=1 + found.conf_high, conf_level=settings.level, mde=mde, warning=weak,
    )  # fmt: skip


def _weighted(path: QuotientPath, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return unit values and weights whose weighted group mean is exactly the group's mean quotient."""
    above = path.above.to_numpy(float)[:, -END_YEARS:]
    below = path.below.to_numpy(float)[:, -END_YEARS:]
    totals = np.where(members[:, None], below[members].sum(axis=0), below[~members].sum(axis=0))
    weight = (below / totals).mean(axis=1)
    return (above / totals).mean(axis=1) / weight, weight


def _left_out(path: QuotientPath, members: np.ndarray, end: Estimate) -> list[Estimate]:
    inside = np.flatnonzero(members).tolist()
    if len(inside) < 2:
        return []
    values = np.array([group_quotient(path, _without(members, i))[-END_YEARS:].mean() for i in inside])
    names = path.above.index.to_numpy(str)[inside]
    return [replace(end, estimator="leave_one_out", role="robustness", effect_type=name, estimate=float(values[at]),
                    max_leverage_unit=str(names[at]), sesoi=NAN, n_units=len(members) - 1)
            for name, at in (("stat_low", int(values.argmin())), ("stat_high", int(values.argmax())))]  # fmt: skip


def _without(members: np.ndarray, i: int) -> np.ndarray:
    kept = members.copy()
    kept[i] = False
    return kept


def _series_trend(path: QuotientPath, members: np.ndarray, row: Estimate, level: float) -> Estimate:
    t = np.array(path.years, float)
    X = np.column_stack([(t - t.mean()) / 10, np.ones(len(t))])
    fit = fit_ols(np.log(group_quotient(path, members)), X)
    lags = default_lags(len(t))
    blank = replace(
        row, estimator="group_series", role="robustness", outcome=f"{row.outcome}_group", n_obs=len(t), n_units=1,
        n_periods=len(t), estimate=float(fit.beta[0]), unit_of_measure="log points per decade",
        warning=path.start_note, sesoi=-float(np.log(1 - path.spec.share)) / ((t[-1] - t[0]) / 10),
    )  # fmt: skip
    try:
        found = driscoll_kraay_inference(fit, np.array([1.0, 0.0]), t.astype(int), lags, level=level)
    except NumericsError as error:
        return replace(blank, warning=f"no interval: {error}")
    return replace(
        blank, std_error=found.std_error, statistic=found.statistic, p_value=found.p_value, conf_low=found.conf_low,
        conf_high=found.conf_high, conf_level=level, se_type=f"HAC, Bartlett, {lags} lags",
        p_type=f"fixed-b, b = {lags + 1}/{len(t)}",
    )  # fmt: skip


def quotient_series(ready: list[tuple[QuotientPath, pd.DataFrame]]) -> pd.DataFrame:
    """Return location quotients of groups by year with their leave-one-out band."""
    parts = [_group_series(path, labels, group) for path, labels in ready for group in (1.0, 0.0)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=SERIES_COLUMNS)


def _group_series(path: QuotientPath, labels: pd.DataFrame, group: float) -> pd.DataFrame:
    term = path.spec.comparisons[0].term
    members = labels.reindex(path.above.index)[term].to_numpy(float) == group
    inside = np.flatnonzero(members).tolist()
    whole = group_quotient(path, members) if len(inside) else np.full(len(path.years), NAN)
    band = [group_quotient(path, _without(members, i)) for i in inside] if len(inside) > 1 else [whole]
    name = term if group == 1.0 else f"no {term}"
    return pd.DataFrame({"spec_id": path.spec.id, "year": path.years, "group": name, "quotient": whole,
                         "low": np.min(band, axis=0), "high": np.max(band, axis=0)})  # fmt: skip

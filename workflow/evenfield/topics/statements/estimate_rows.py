"""Rows of exploratory statements by kind: one row a unit, panels with effects, shares, rings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cr3 import cr3_inference
from evenfield.numerics.influence import dependent_columns, effective_clusters, partial_leverage
from evenfield.numerics.ols import fit_ols, t_quantile
from evenfield.numerics.spatial import haversine_km
from evenfield.shared.contrasts.contrasts import BASES, ContrastSettings, GroupContrast
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.statements.estimate_data import (
    NO_DATA,
    NO_VARIATION,
    START,
    ExploratoryData,
    NotCarriedError,
    dropped_note,
)
from evenfield.topics.statements.estimate_spec import ExploratorySpec, Expression

FAMILY, Y = "exploratory", "outcome"
GROWTH, OUTPUT = (
    "growth_pct",
    frozenset({"growth_pct", "log_income", "income", "output_real", "relative_log_income", START}),
)
OWN = ("cluster", "sez")
LEAST_OBSERVATIONS = 2
NO_TEST = "shares are exact: no test, the range over units left out stands beside"


@dataclass(frozen=True)
class Panel:
    """A stacked panel without its unit means."""

    units: np.ndarray  # (N,) unit of each observation
    y: np.ndarray  # (N,) outcome
    X: np.ndarray  # (N, K) regressors, then years but one
    n_periods: int  # years


def blank_row(data: ExploratoryData, spec: ExploratorySpec, period: str) -> Estimate:
    """Return everything that says what a row is, without its numbers."""
    name = spec.outcome.name if spec.reduce == "mean" else f"{spec.reduce} of {spec.outcome.name}"
    sample = " ".join([*([f"{spec.among} only"] if spec.among else []), *(f"without {unit}" for unit in spec.without)])
    based = not OUTPUT.isdisjoint({*spec.outcome.columns, *spec.given})
    return Estimate(
        hypothesis=spec.claim, family=FAMILY, role="exploratory", estimator=f"exploratory_{spec.kind}",
        spec_id=spec.id, outcome=name, term=spec.term, contrast=f"{spec.term} - {spec.minus}" if spec.minus else "",
        sample_id=sample or "all", unit_scheme=str(data.description["unit_scheme"]), period=period,
        treatment_def=spec.taxonomy, controls_id=" + ".join(spec.given) or "none", estimate=NAN,
        sesoi=NAN if spec.sesoi is None else spec.sesoi, unit_of_measure=spec.unit,
        output_basis=data.basis(period) if based else "", data_hash=str(data.description["data_hash"]),
    )  # fmt: skip


def unit_contrast(data: ExploratoryData, spec: ExploratorySpec, period: str) -> GroupContrast:
    """Return a statement about one row a unit as a group contrast."""
    table = data.table(spec, period)
    outcome, note = data.reduced(spec, data.years(period), table["neither"].eq(1.0))
    if spec.among:
        table = table[table[spec.among].eq(1.0)]
    lost = dropped_note(outcome, table)
    row = replace(blank_row(data, spec, period), warning="; ".join(part for part in (note, lost) if part))
    columns = [*spec.regressors, *spec.given]
    whole = table[columns].join(outcome.rename(Y)).dropna()
    weights = {spec.term: 1.0, **({spec.minus: -1.0} if spec.minus else {})}
    return GroupContrast(row, whole, Y, spec.regressors, spec.given, weights)


def ring_contrasts(data: ExploratoryData, spec: ExploratorySpec, period: str) -> list[GroupContrast]:
    """Return how the coefficients of what lies in rings of distance fall from one ring to the next."""
    table = data.labels(spec.taxonomy, period)
    rings = _rings(data, table[spec.group], spec.rings_km)
    controls = [*OWN, *spec.given]
    outcome, note = data.reduced(spec, data.years(period), table["neither"].eq(1.0))
    start = data.table(replace(spec, regressors=()), period)[list(spec.given)]
    whole = table[list(OWN)].join(rings).join(start).join(outcome.rename(Y)).dropna()
    base = replace(blank_row(data, spec, period), warning=note)
    names = list(rings.columns)
    singles = [GroupContrast(replace(base, term=name, role="robustness"), whole, Y, tuple(names), tuple(controls),
                             {name: 1.0}) for name in names]  # fmt: skip
    steps = [GroupContrast(replace(base, term=near, contrast=f"{near} - {far}"), whole, Y, tuple(names),
                           tuple(controls), {near: 1.0, far: -1.0})
             for near, far in pairwise(names)]  # fmt: skip
    return [*steps, *singles]


def _rings(data: ExploratoryData, group: pd.Series, bounds: tuple[int, ...]) -> pd.DataFrame:
    # ASSUME: a ring counts the members of the group in it; no member, or no unit at all, is zero.
    place = data.units.set_index("unit").loc[group.index]
    distance = haversine_km(place["lat"].to_numpy(float), place["lon"].to_numpy(float))
    edges = [0, *bounds]
    return pd.DataFrame({
        f"{spec_name(low, high)}": ((distance > low) & (distance <= high)) @ group.to_numpy(float)
        for low, high in zip(edges, bounds, strict=False)
    }, index=group.index)  # fmt: skip


def spec_name(low: int, high: int) -> str:
    """Return the name of a ring."""
    return f"ring_{low}_{high}_km"


def share_rows(data: ExploratoryData, spec: ExploratorySpec, period: str) -> list[Estimate]:
    """Return the share of a group in one quantity less its share in another, and its range over units left out."""
    years = data.years(period)
    amount, reference = data.wide(spec.outcome, years), data.wide(Expression(spec.reference), years)
    both = sorted(int(year) for year in set(amount.columns) & set(reference.columns))
    if len(both) < LEAST_OBSERVATIONS:
        raise NotCarriedError(NO_DATA, f"fewer than two years with {spec.outcome.name} and {spec.reference}")
    group = data.table(replace(spec, regressors=(spec.group,)), period)[spec.group]
    together = amount[both].dropna().index.intersection(reference[both].dropna().index)
    kept = together.intersection(group.dropna().index)
    amount, reference, member = amount.loc[kept, both], reference.loc[kept, both], group.loc[kept].eq(1.0)
    row = _share_row(data, spec, period, (both[0], both[-1]), group, member)
    found = 100 * _gap(amount, reference, member, spec.reduce)
    left = pd.Series({unit: 100 * _gap(amount.drop(unit), reference.drop(unit), member.drop(unit), spec.reduce)
                      for unit in kept})  # fmt: skip
    side = replace(row, estimator="leave_one_out", role="robustness", n_units=len(kept) - 1)
    ends = {"stat_low": left.round(10).idxmin(), "stat_high": left.round(10).idxmax()}
    return [replace(row, estimate=found),
            *(replace(side, effect_type=name, estimate=float(left.loc[str(unit)]), max_leverage_unit=str(unit))
              for name, unit in ends.items())]  # fmt: skip


def _share_row(
    data: ExploratoryData, spec: ExploratorySpec, period: str, span: tuple[int, int], group: pd.Series,
    member: pd.Series,
) -> Estimate:  # fmt: skip
    row = blank_row(data, spec, period)
    first, last = data.years(period)
    lost = sorted(set(group.index) - set(member.index))
    parts = [BASES.get(row.output_basis, ""), f"figures of {span[0]} to {span[1]}" if span != (first, last) else "",
             f"without {', '.join(lost)}" if lost else "", NO_TEST]  # fmt: skip
    return replace(row, term=spec.group, contrast=f"share less share of {spec.reference}", n_units=len(member),
                   n_obs=len(member), n_treated=int(member.sum()), n_periods=span[1] - span[0] + 1,
                   warning="; ".join(part for part in parts if part))  # fmt: skip


def _gap(amount: pd.DataFrame, reference: pd.DataFrame, member: pd.Series, reduce: str) -> float:
    weight = (reference[member].sum() / reference.sum()).mean()
    if reduce != "increase":
        return float((amount[member].sum() / amount.sum()).mean() - weight)
    added = amount.iloc[:, -1] - amount.iloc[:, 0]
    return float(added[member].sum() / added.sum() - weight)


def panel_rows(data: ExploratoryData, spec: ExploratorySpec, period: str, settings: ContrastSettings) -> list[Estimate]:
    """Regress an outcome by unit and year on lagged regressors with unit and year effects, one row a lag."""
    outcome = data.wide(spec.outcome, data.years(period)).drop(index=list(spec.without), errors="ignore")
    return [_lag_row(data, spec, period, outcome, lag, settings) for lag in spec.lags]


def _lag_row(
    data: ExploratoryData, spec: ExploratorySpec, period: str, outcome: pd.DataFrame, lag: int,
    settings: ContrastSettings,
) -> Estimate:  # fmt: skip
    row = replace(blank_row(data, spec, period), term=f"{spec.term}_lag{lag}", fe_id="unit + year")
    stacked = _stacked(data, spec, outcome, lag)
    try:
        return _fitted(row, _within(stacked, spec.regressors), settings)
    except NumericsError as error:
        return replace(row, warning=f"not defined: {error}")


def _stacked(data: ExploratoryData, spec: ExploratorySpec, outcome: pd.DataFrame, lag: int) -> pd.DataFrame:
    years = (int(outcome.columns[0]) - lag, int(outcome.columns[-1]) - lag)
    parts = {Y: outcome.stack()}
    for name in spec.regressors:
        wide = _yearly(data, name, years)
        parts[name] = wide.rename(columns=lambda year: year + lag).stack()
    return pd.DataFrame(parts).dropna().rename_axis(["unit", "year"]).sort_index()


def _yearly(data: ExploratoryData, name: str, years: tuple[int, int]) -> pd.DataFrame:
    if not name.startswith("zones_"):
        return data.wide(Expression(name), years)
    mine = data.doses[data.doses["zone_type"].eq(name.removeprefix("zones_")) & data.doses["year"].between(*years)]
    if mine.empty:
        raise NotCarriedError(NO_DATA, f"no zones of type {name.removeprefix('zones_')}")
    return mine.pivot(index="unit", columns="year", values="zones").astype(float)


def _within(stacked: pd.DataFrame, regressors: tuple[str, ...]) -> Panel:
    counts = stacked.groupby("unit")[Y].transform("size")
    kept = stacked[counts >= LEAST_OBSERVATIONS]
    years = kept.index.get_level_values("year")
    if kept.empty:
        raise NotCarriedError(NO_DATA, "no unit with outcome and regressor in two years")
    dummies = pd.get_dummies(pd.Series(years, index=kept.index), dtype=float).iloc[:, 1:]
    inside = pd.concat([kept[[Y, *regressors]], dummies], axis=1)
    centred = (inside - inside.groupby("unit").transform("mean")).to_numpy(float)
    return Panel(kept.index.get_level_values("unit").to_numpy(str), centred[:, 0], centred[:, 1:], years.nunique())


def _fitted(row: Estimate, panel: Panel, settings: ContrastSettings) -> Estimate:
    c = np.eye(panel.X.shape[1])[0]
    if 0 in dependent_columns(panel.X):
        raise NotCarriedError(NO_VARIATION, f"{row.term} does not vary within units beyond years")
    fit = fit_ols(panel.y, panel.X)
    freedom = effective_clusters(fit.X, panel.units, c) - 1
    found = cr3_inference(fit, c, panel.units, freedom, settings.level)
    units, shares = partial_leverage(fit.X, panel.units, c)
    mde = (t_quantile(0.5 + settings.level / 2, freedom) + t_quantile(settings.power, freedom)) * found.std_error
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {row.sesoi:g} {row.unit_of_measure}" if mde > row.sesoi else ""
    return replace(
        row, estimate=found.estimate, std_error=found.std_error, se_type="CR3", statistic=found.statistic,
        df=found.df, p_value=found.p_value, p_type="t(G* - 1)", conf_low=found.conf_low, conf_high=found.conf_high,
        conf_level=settings.level, n_obs=len(panel.y), n_units=len(set(panel.units)), n_periods=panel.n_periods,
        n_treated=len(set(panel.units)), g_star=freedom + 1, mde=mde, controls_id="none",
        max_leverage_unit=str(units[int(np.argmax(np.round(shares, 10)))]),
        warning="; ".join(part for part in (BASES.get(row.output_basis, ""), weak) if part),
    )  # fmt: skip

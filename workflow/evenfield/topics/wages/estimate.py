"""Wages and foreign investment: unit labour cost by group, and the wage elasticity of investment by group (H15)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import GroupContrast
from evenfield.shared.contrasts.group_study import (
    DIFFERENCE,
    LABELS,
    GroupStudy,
    complete,
    difference,
    yearly_growth,
    years_within,
)
from evenfield.shared.contrasts.panel_contrasts import PanelContrast, panel_contrast_rows
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.wages.estimate_spec import WagesSpec

COST, WAGE, PRODUCTIVITY = "unit_labour_cost_growth", "wage_growth", "productivity_growth"
INVESTMENT, ELASTICITY = "log_investment_next_year", "log_wage"
CROSSED = {label: f"log_wage_x_{label}" for label in LABELS}
SLOPE = "wage_slope"
FORMAL = "wages of urban units cover formal employment only"


@dataclass(frozen=True)
class WagesResults:
    """Everything the family hands on."""

    estimates: list[Estimate]  # differences of elasticities with their ladder, and unit labour cost by window
    summary: dict[str, Any]  # equations, conventions, what is left out and why


def estimate_wages(study: GroupStudy, specs: list[WagesSpec], sesoi: float) -> WagesResults:
    """Compare unit labour cost growth and the wage elasticity of foreign investment of cluster and zone regions.

    Notes
    -----
    Unit labour cost: wage x employment / output, at current prices. Elasticities: ln F_i,t+1 = mu_i + tau_t + k ln w_it
    + k_C C_i ln w_it + k_S S_i ln w_it + e_it; the number of interest is k_C - k_S.
    """
    rows: list[Estimate] = []
    contrasts: list[GroupContrast] = []
    left_out: list[dict[str, str]] = []
    for spec in specs:
        found, reason = _panel(study, spec)
        if reason:
            left_out.append({"part": f"{spec.id}, elasticity", "reason": reason})
        else:
            for taxonomy in study.taxonomies if spec.role == "primary" else [study.taxonomy]:
                rows += _elasticity_rows(study, spec, taxonomy, found, sesoi)
            contrasts.append(_slopes(study, spec, found, sesoi))
        lacking = study.lacking([spec.wage, spec.employment, spec.output])
        if lacking and spec.windows:
            left_out.append({"part": f"{spec.id}, unit labour cost", "reason": f"no figures of {', '.join(lacking)}"})
        elif spec.windows:
            contrasts += _cost_contrasts(study, spec)
    return WagesResults([*rows, *study.estimate(contrasts)], _summary(left_out, sesoi))


def _panel(study: GroupStudy, spec: WagesSpec) -> tuple[pd.DataFrame, str]:
    lacking = study.lacking([spec.wage, spec.investment])
    if lacking:
        return pd.DataFrame(), f"no figures of {', '.join(lacking)} in the panel"
    wage, investment = study.wide(spec.wage), study.wide(spec.investment)
    first, last = spec.years
    if (investment[years_within(investment, (first + 1, last + 1))] <= 0).to_numpy().any():
        return pd.DataFrame(), f"{spec.investment} holds zeros: its logarithm does not exist"
    later = investment.rename(columns=lambda year: year - 1)
    columns = {ELASTICITY: wage.where(wage > 0).stack(), INVESTMENT: later.stack()}
    table = pd.DataFrame(columns).apply(np.log).rename_axis(["unit", "year"]).reset_index().dropna()
    inside = table["year"].between(first, last) & table["unit"].isin(study.samples[spec.sample])
    table = table[inside].reset_index(drop=True)
    return table, "" if table["year"].nunique() > 2 else f"fewer than 3 years of both in {first}-{last}"


def _elasticity_rows(
    study: GroupStudy, spec: WagesSpec, taxonomy: str, found: pd.DataFrame, sesoi: float
) -> list[Estimate]:
    contrast = _contrast(study, spec, taxonomy, found, sesoi)
    if taxonomy != study.taxonomy or spec.role != "primary":
        role = spec.role if taxonomy == study.taxonomy else "robustness"
        return panel_contrast_rows(replace(contrast, row=replace(contrast.row, role=role)), study.settings)
    # ASSUME: one set of year effects for all, so a group's own trend of investment enters its elasticity; a second row
    # gives every group its own year effects.
    second = _with_group_years(contrast)
    single = replace(contrast.row, hypothesis="", role="exploratory", contrast="", sesoi=NAN)
    own = [replace(contrast, row=replace(single, term=name), weights={name: 1.0}) for name in contrast.regressors]
    return [row for one in (contrast, second, *own) for row in panel_contrast_rows(one, study.settings)]


def _contrast(
    study: GroupStudy, spec: WagesSpec, taxonomy: str, found: pd.DataFrame, sesoi: float
) -> PanelContrast:  # fmt: skip
    groups = study.groups(taxonomy, spec.years[0])
    mine = groups.loc[sorted(set(found["unit"]))]
    labels = {name: found["unit"].map(groups[name]).astype(float) for name in LABELS}
    crossed = {CROSSED[name]: found[ELASTICITY] * labels[name] for name in LABELS}
    treated = min(int(min(mine[name].sum(), len(mine) - mine[name].sum())) for name in LABELS)
    row = replace(_row(study, spec, sesoi), treatment_def=taxonomy)
    weights = {CROSSED["cluster"]: 1.0, CROSSED["sez"]: -1.0}
    table = found.assign(**labels, **crossed)
    return PanelContrast(row, table, INVESTMENT, (ELASTICITY, *CROSSED.values()), weights, treated)


def _with_group_years(contrast: PanelContrast) -> PanelContrast:
    years = sorted(set(contrast.table["year"]))[1:]
    effects = {f"{name} in {year}": contrast.table[name] * contrast.table["year"].eq(year)
               for name in LABELS for year in years}  # fmt: skip
    row = replace(contrast.row, role="robustness", spec_id=f"{contrast.row.spec_id}_group_years",
                  fe_id="unit + year + group x year")  # fmt: skip
    table = pd.concat([contrast.table, pd.DataFrame(effects)], axis=1)
    return replace(contrast, row=row, table=table, regressors=(*contrast.regressors, *effects))


def _row(study: GroupStudy, spec: WagesSpec, sesoi: float) -> Estimate:
    return Estimate(
        hypothesis="H15", family="wages", role=spec.role, estimator="panel_fe", spec_id=spec.id, outcome=INVESTMENT,
        term=CROSSED["cluster"], contrast=DIFFERENCE, sample_id=spec.sample, controls_id=spec.investment,
        unit_scheme=str(study.description["unit_scheme"]), period=f"{spec.years[0]}-{spec.years[1]}",
        fe_id="unit + year", estimate=NAN, sesoi=sesoi, unit_of_measure="elasticity", warning=FORMAL,
        seed=str(study.settings.seed), data_hash=str(study.description["data_hash"]),
    )  # fmt: skip


def _slopes(study: GroupStudy, spec: WagesSpec, found: pd.DataFrame, sesoi: float) -> GroupContrast:
    """Collapse to one slope of investment on wages a unit, over its own years, and compare the slopes."""
    # ASSUME: wages rise everywhere, so what units share in a year moves all slopes alike and leaves the difference.
    values = found.set_index(["unit", "year"])[[ELASTICITY, INVESTMENT]]
    free = values - values.groupby(level="unit").transform("mean")
    cross = (free[ELASTICITY] * free[INVESTMENT]).groupby(level="unit").sum()
    slopes = cross / (free[ELASTICITY] ** 2).groupby(level="unit").sum()
    table = study.groups(study.taxonomy, spec.years[0]).loc[slopes.index].assign(**{SLOPE: slopes})
    role = "ladder" if spec.role == "primary" else spec.role
    row = replace(_row(study, spec, sesoi), role=role, estimator="panel_fe_slopes", treatment_def=study.taxonomy)
    return difference(row, table, SLOPE)


def _cost_contrasts(study: GroupStudy, spec: WagesSpec) -> Iterable[GroupContrast]:
    wage, workers, output = (study.wide(name) for name in (spec.wage, spec.employment, spec.output))
    for start, end in spec.windows:
        growth = {WAGE: yearly_growth(wage, start, end), PRODUCTIVITY: yearly_growth(output / workers, start, end)}
        changes = pd.DataFrame(growth).assign(**{COST: growth[WAGE] - growth[PRODUCTIVITY]})
        for taxonomy in study.taxonomies if spec.role == "primary" else [study.taxonomy]:
            table = study.groups(taxonomy, start).join(changes)
            table, note = complete(study.without(table, spec.sample), [COST])
            row = _cost_row(study, spec, (start, end), taxonomy, note)
            main = spec.role == "primary" and taxonomy == study.taxonomy
            for outcome in (COST, WAGE, PRODUCTIVITY) if main else (COST,):
                yield difference(replace(row, outcome=outcome), table, outcome)


def _cost_row(study: GroupStudy, spec: WagesSpec, window: tuple[int, int], taxonomy: str, note: str) -> Estimate:
    main = spec.role == "primary" and taxonomy == study.taxonomy
    row = replace(_row(study, spec, NAN), estimator="long_difference", role="mechanism" if main else "robustness")
    return replace(row, term="cluster", period=f"{window[0]}-{window[1]}", treatment_def=taxonomy, n_periods=2,
                   unit_of_measure="pp/yr", fe_id="unit, year (collapsed)", controls_id="none",
                   warning="; ".join(part for part in (FORMAL, note) if part))  # fmt: skip


def _summary(left_out: list[dict[str, str]], sesoi: float) -> dict[str, Any]:
    return {
        "equation": "ln F_i,t+1 = mu_i + tau_t + k ln w_it + k_C C_i ln w_it + k_S S_i ln w_it + e_it",
        "reading": "k_C - k_S above zero: investment falls less with wages in cluster than in zone units",
        "group_years": "the same with year effects of each group's own, so that the groups' trends of investment stay "
                       "out of their elasticities",
        "unit_labour_cost": "growth of wage x employment / output at current prices, cluster minus zone, pp a year",
        "wages": FORMAL, "sesoi": sesoi, "left_out": left_out,
    }  # fmt: skip

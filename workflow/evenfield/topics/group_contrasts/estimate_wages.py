"""The wage elasticity of foreign investment by group: a panel of units and years."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import encoded
from evenfield.numerics.inference.design import Design
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.influence import dependent_columns
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.shared.contrasts.contrasts import SUFFIXES, leave_out_rows
from evenfield.shared.contrasts.designs import FEWEST_TREATED, GroupContrast
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.few_units import (
    beside,
    carrier_fields,
    few_unit_design,
    fields_of,
)
from evenfield.shared.samples import UnsupportedError, joined, underpowered
from evenfield.topics.group_contrasts.estimate_groups import (
    DIFFERENCE,
    LABELS,
    Groups,
    Parts,
    compared,
    years_within,
)
from evenfield.topics.group_contrasts.estimate_spec import WagesSpec

INVESTMENT = "log_investment_next_year"
ELASTICITY = "log_wage"
SLOPE = "wage_slope"
CROSSED = {label: f"log_wage_x_{label}" for label in LABELS}
GROUP_YEARS = "_group_years"  # behind the id of a specification
PRINTED = ("wild33", "driscoll_kraay")  # beside CR3 where a row decides


@dataclass(frozen=True)
class Regression:
    """A regression with unit and year effects, and one combination of its coefficients."""

    row: Estimate  # the row to fill; its estimator is the name of the deciding method
    # ``unit``, ``year``, the outcome and the regressors; complete rows, sorted
    table: pd.DataFrame
    regressors: tuple[str, ...]  # columns
    weights: dict[str, float]  # weights of the combination by regressor
    # units in the smaller of the groups compared; below four there is no standard error
    treated: int
    methods: tuple[str, ...] = ()  # asked for, the deciding one first


def elasticity(groups: Groups, spec: WagesSpec) -> Parts:
    """Compare the wage elasticity of foreign investment of cluster and zone regions.

    Notes
    -----
    ln F_i,t+1 = mu_i + tau_t + k ln w_it + k_C C_i ln w_it + k_S S_i ln w_it + e_it;
    the number of interest is k_C - k_S.
    """
    for asked in regressions(groups, spec):
        yield from panel_rows(asked, groups)
    yield _slopes(groups, spec, _panel(groups, spec))


def regressions(groups: Groups, spec: WagesSpec) -> Iterator[Regression]:
    """Yield the regressions of a specification, each with a combination of coefficients."""
    panel = _panel(groups, spec)
    main = spec.role == "primary"
    for taxonomy in groups.taxonomies if main else [groups.primary]:
        asked = _regression(groups, spec, taxonomy, panel)
        if taxonomy != groups.primary:
            asked = replace(asked, row=replace(asked.row, role="robustness"))
        yield asked
        if main and taxonomy == groups.primary:
            # ASSUME: one set of year effects for all, so a group's own trend of
            # investment enters its elasticity; a second row gives every group its own
            # year effects.
            yield _with_group_years(asked)
            single = replace(
                asked.row, hypothesis="", role="exploratory", contrast="", sesoi=NAN
            )
            for name in asked.regressors:
                row = replace(single, term=name)
                yield replace(asked, row=row, weights={name: 1.0})


def _panel(groups: Groups, spec: WagesSpec) -> pd.DataFrame:
    """Return log wages and log investment of the year after by unit and year."""
    groups.require(spec.wage, spec.investment)
    first, last = spec.years
    later = groups.wide(spec.investment).rename(columns=lambda year: year - 1)
    later = later[years_within(later, first, last)]
    # Leaving zeros out would keep only the years in which investment was there.
    if (later <= 0).to_numpy().any():
        raise UnsupportedError(
            f"{spec.investment} has zeros: its logarithm does not exist"
        )
    # F_i,t+1 stands in the row of t.
    wages = groups.wide(f"log({spec.wage})").stack().rename_axis(["unit", "year"])
    columns = {ELASTICITY: wages, INVESTMENT: later.apply(np.log).stack()}
    table = pd.DataFrame(columns).reindex(wages.index).dropna().reset_index()
    inside = table["unit"].isin(groups.members(spec.sample))
    table = table[inside]
    if table["year"].nunique() <= 2:
        raise UnsupportedError(f"fewer than 3 years of both in {first}-{last}")
    return table


def _row(groups: Groups, spec: WagesSpec, **fields: object) -> Estimate:
    shared: Fields = {
        "estimator": "panel_fe",
        "outcome": INVESTMENT,
        "term": CROSSED["cluster"],
        "contrast": DIFFERENCE,
        "controls_id": spec.investment,
        "period": f"{spec.years[0]}-{spec.years[1]}",
        "fe_id": "unit + year",
        "unit_of_measure": "elasticity",
        "warning": spec.note,
    }
    return groups.row("wages", spec, **shared | fields)


def _regression(
    groups: Groups, spec: WagesSpec, taxonomy: str, panel: pd.DataFrame
) -> Regression:
    # Labels of the first year: C and S are constant, so unit effects absorb their
    # levels and only their products with ln w are regressors.
    cells = groups.labels(taxonomy, groups.period_at(spec.years[0]))
    unit_labels = cells.loc[sorted(set(panel["unit"])), list(LABELS)]
    # Members and others of both labels: the smallest of four counts decides.
    sizes = [*unit_labels.sum(), *(1 - unit_labels).sum()]
    columns = {}
    for name in LABELS:
        columns[name] = panel["unit"].map(cells[name]).astype(float)
        columns[CROSSED[name]] = panel[ELASTICITY] * columns[name]
    return Regression(
        row=_row(groups, spec, treatment_def=taxonomy),
        table=panel.assign(**columns),
        regressors=(ELASTICITY, *CROSSED.values()),
        weights={CROSSED["cluster"]: 1.0, CROSSED["sez"]: -1.0},
        treated=int(min(sizes)),
        methods=spec.inference,
    )


def _with_group_years(asked: Regression) -> Regression:
    """Add year effects of each group's own."""
    table = asked.table
    effects = {}
    for name in LABELS:
        # Without the first year: all years of a group add up to its label, which unit
        # effects already absorb.
        for year in sorted(set(table["year"]))[1:]:
            effects[f"{name} in {year}"] = table[name] * table["year"].eq(year)
    row = replace(
        asked.row,
        role="robustness",
        spec_id=asked.row.spec_id + GROUP_YEARS,
        fe_id="unit + year + group x year",
    )
    wider = pd.concat([table, pd.DataFrame(effects)], axis=1)
    regressors = (*asked.regressors, *effects)
    return replace(asked, row=row, table=wider, regressors=regressors, methods=())


def _slopes(groups: Groups, spec: WagesSpec, panel: pd.DataFrame) -> GroupContrast:
    """Collapse to one slope of investment on wages a unit, over its own years, and
    compare the slopes.
    """
    # ASSUME: wages rise everywhere, so what units share in a year moves all slopes
    # alike and leaves the difference.
    values = panel.set_index(["unit", "year"])[[ELASTICITY, INVESTMENT]]
    free = values - values.groupby(level="unit").transform("mean")
    # sum_t w_it f_it / sum_t w_it^2, both in deviation from the unit's mean.
    cross = (free[ELASTICITY] * free[INVESTMENT]).groupby(level="unit").sum()
    slopes = cross / (free[ELASTICITY] ** 2).groupby(level="unit").sum()
    cells = groups.labels(groups.primary, groups.period_at(spec.years[0]))
    row = _row(
        groups,
        spec,
        role="ladder" if spec.role == "primary" else spec.role,
        estimator="panel_fe_slopes",
        treatment_def=groups.primary,
    )
    table = cells.loc[slopes.index].assign(**{SLOPE: slopes})
    contrast = compared(row, table, SLOPE)
    return replace(contrast, row=replace(contrast.row, term=row.term))


def panel_rows(asked: Regression, groups: Groups) -> list[Estimate]:
    """Estimate a combination: with all its inference and leave-out rows where it
    decides, by CR3 elsewhere.

    Notes
    -----
    Deciding: CR3 by unit (MacKinnon, Nielsen and Webb 2023) with t(G* - 1), where G* is
    the effective number of units (Carter, Schnepel and Steigerwald 2017). Beside it the
    restricted wild cluster bootstrap 33 and Driscoll-Kraay with the fixed-b law. Unit
    effects are absorbed; year effects stay among the regressors, so that they are
    estimated anew without each unit.
    """
    units = asked.table["unit"].to_numpy(str)
    years = asked.table["year"].to_numpy(int)
    try:
        fit = _fit(asked, np.unique(years))
    except NumericsError as error:
        warning = joined(asked.row.warning, f"not defined: {error}")
        return [replace(asked.row, estimate=NAN, warning=warning)]
    # Year dummies stand behind the regressors and have no weight.
    c = np.zeros(fit.X.shape[1])
    weights = [asked.weights.get(name, 0.0) for name in asked.regressors]
    c[: len(weights)] = weights
    inference = groups.inference
    row = replace(
        asked.row,
        **carrier_fields(fit.X, units, c),
        estimate=float(c @ fit.beta),
        n_obs=len(units),
        n_units=len(set(units)),
        n_periods=len(np.unique(years)),
        n_treated=asked.treated,
        asked=asking(inference="CR3"),
    )
    if asked.treated < FEWEST_TREATED:
        few = f"fewer than {FEWEST_TREATED} units in a group: no standard error"
        return [replace(row, warning=joined(row.warning, few))]
    # ASSUME: serial correlation is left in the standard error, so what a panel can
    # detect follows from that error.
    design = few_unit_design(
        fit,
        units,
        inference,
        stream_of(row),
        dates=encoded(years),
        power=inference.power,
    )
    beside_cr3 = PRINTED if row.role == "primary" else ()
    names = asked.methods or ("CR3", *beside_cr3)
    deciding, *others = names
    rows = [_tested(row, deciding, design, c, inference.level)]
    for name in others:
        other = beside(row, name, SUFFIXES)
        rows.append(_tested(other, name, design, c, inference.level))
    if row.role == "primary":
        rows += leave_out_rows(row, fit, c, units, inference.pairs)
    return rows


def stream_of(row: Estimate) -> str:
    """Return the name of the random stream of a row's wild bootstrap."""
    named = (row.spec_id, row.outcome, row.term, row.treatment_def)
    return ":".join(["wild", *named])


def _fit(asked: Regression, dates: np.ndarray) -> OlsFit:
    index = pd.MultiIndex.from_frame(asked.table[["unit", "year"]])
    dummies = {
        f"year {year}": asked.table["year"].eq(year).astype(float) for year in dates[1:]
    }
    X = asked.table[list(asked.regressors)].assign(**dummies).set_index(index)
    y = pd.Series(asked.table[INVESTMENT].to_numpy(float), index, name=INVESTMENT)
    units = index.get_level_values("unit").nunique()
    if len(y) <= X.shape[1] + units:
        raise NumericsError(
            f"{len(y)} observations for {X.shape[1]} coefficients and {units} units"
        )
    # Judged after unit effects: what is constant within units has nothing left.
    free = X - X.groupby(level="unit").transform("mean")
    dependent = dependent_columns(free.to_numpy())
    if dependent:
        raise NumericsError(f"{X.columns[dependent[0]]} does not vary or is collinear")
    y_free = y - y.groupby(level="unit").transform("mean")
    # (X'X)^-1 of regressors less unit means, as if unit dummies were partialled out.
    return fit_ols(y_free.to_numpy(), free.to_numpy())


def _tested(
    row: Estimate, name: str, design: Design, c: np.ndarray, level: float
) -> Estimate:
    """Return a row with the numbers of a method, or why it has none."""
    test = infer(name, design, c, level)
    if test.reason:
        return replace(row, warning=joined(row.warning, f"not defined: {test.reason}"))
    fields = fields_of(test, level)
    if name == "driscoll_kraay":  # a law of its own, with its lags
        fields |= {"se_type": "Driscoll-Kraay", "p_type": test.law, "mde": NAN}
    weak = underpowered(fields["mde"], row.sesoi, row.unit_of_measure)
    named = asking(inference=name)
    return replace(row, **fields, warning=joined(row.warning, weak), asked=named)

"""Location quotients: a group's share in one column over its share in another, their
trend and their end level.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.design import Design
from evenfield.numerics.inference.driscoll_kraay import (
    default_lags,
    driscoll_kraay_inference,
)
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.ols import fit_ols
from evenfield.shared.contrasts.designs import FEWEST_TREATED, GroupContrast
from evenfield.shared.estimates import NAN, Estimate, Fields, untested
from evenfield.shared.few_units import fields_of
from evenfield.shared.samples import (
    UnsupportedError,
    inference_fields,
    joined,
    underpowered,
)
from evenfield.topics.group_contrasts.estimate_fading import COLLAPSED, unit_slopes
from evenfield.topics.group_contrasts.estimate_groups import (
    VALUE,
    Groups,
    Parts,
    compared,
    with_figures,
    years_within,
)
from evenfield.topics.group_contrasts.estimate_spec import FadingSpec

# First year of a path where the figures reach back so far; the end level is a mean
# over the last years, and a path holds at least twice as many.
START = 1992
END_YEARS = 5


def quotient(groups: Groups, spec: FadingSpec) -> Parts:
    """Compare the trend of unit quotients between groups; test a group's own end level
    and trend.

    Notes
    -----
    LQ_i = (F_i / F) / (Y_i / Y); slope of ln LQ_i on the year, per decade; the group's
    LQ over the last five years.
    """
    above, below, note = shares(groups, spec)
    first = int(above.columns[0])
    last = int(above.columns[-1])
    smallest = groups.study.config.sesoi.named(spec.sesoi)
    shared: Fields = {
        "outcome": spec.id,
        "period": f"{first}-{last}",
        "n_periods": above.shape[1],
        "warning": note,
        "fe_id": COLLAPSED,
        "unit_of_measure": "log points per decade",
        # A fall of the quotient by ``smallest`` over all years, in logs per decade.
        "sesoi": -float(np.log(1 - smallest)) / ((last - first) / 10),
    }
    # ln LQ_i = ln(F_i / Y_i) - ln(F / Y): the national term is common to all units, so
    # the contrast of trends is that of ln(F / Y).
    logs = (above / below).apply(np.log)
    trends = {VALUE: unit_slopes(logs, 10.0)}
    for taxonomy in groups.taxonomies:
        table = labels_from(groups, taxonomy, first).reindex(above.index)
        table = table.assign(**trends)
        main = taxonomy == groups.primary
        for comparison in spec.compare if main else spec.compare[:1]:
            decides = main and comparison == spec.compare[0]
            role = spec.role if decides else "robustness"
            row = groups.row(
                "fading", spec, role=role, treatment_def=taxonomy, **shared
            )
            contrast = compared(row, table, VALUE, comparison)
            yield contrast
            if decides:
                yield from _group_rows(groups, contrast, above, below, smallest)


def shares(groups: Groups, spec: FadingSpec) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return shares of each unit (rows) in both totals of each year (columns), and what
    is to be said of them.
    """
    if not spec.over:
        raise UnsupportedError("a location quotient needs a column `over`")
    groups.require(spec.outcome, spec.over)
    members = groups.members(spec.sample)
    wide = [groups.wide(text).reindex(members) for text in (spec.outcome, spec.over)]
    tables, without = with_figures(*wide)
    # Shares need every unit, and their logs need numbers above zero.
    years = years_within(tables[0], START, 9999)
    for table in tables:
        years = [year for year in years if (table[year] > 0).all()]
    if len(years) < 2 * END_YEARS:
        raise UnsupportedError(
            f"{len(years)} years have figures of every unit; a path needs"
            f" {2 * END_YEARS}"
        )
    above, below = (table[years] / table[years].sum(axis=0) for table in tables)
    late = f"starts with the data, {years[0]} instead of {START}"
    return above, below, joined(without, late if years[0] > START else "")


def labels_from(groups: Groups, taxonomy: str, year: int) -> pd.DataFrame:
    """Return the labels of the main period in which the figures start."""
    # The first main period that has not ended when the figures begin.
    started = [item for item in groups.main if item["end"] >= year] or groups.main
    return groups.labels(taxonomy, str(started[0]["period"]))


def quotient_series(groups: Groups, spec: FadingSpec) -> pd.DataFrame:
    """Return location quotients of a group and of the others by year, with the band of
    leaving one member out.
    """
    try:
        above, below, _ = shares(groups, spec)
    except UnsupportedError:
        return pd.DataFrame()
    term = spec.compare[0].split(" ")[0]
    labels = labels_from(groups, groups.primary, int(above.columns[0]))
    inside = labels[term].reindex(above.index).eq(1.0)
    parts = []
    for members, name in ((inside, term), (~inside, f"no {term}")):
        whole = quotient_of(above, below, members)
        # A group of one has no band.
        band = without_each(above, below, members)
        table = pd.DataFrame(band if len(band) > 1 else [whole])
        path = pd.DataFrame({"year": above.columns, "quotient": whole})
        # No confidence band: it shows how far a single member carries the group.
        path = path.assign(low=table.min(), high=table.max())
        parts.append(path.assign(spec_id=spec.id, group=name))
    return pd.concat(parts, ignore_index=True)


def quotient_of(
    above: pd.DataFrame, below: pd.DataFrame, members: pd.Series
) -> pd.Series:
    """Return the location quotient of a group by year; shares of units by year."""
    if not members.any():
        return pd.Series(NAN, above.columns)
    # (sum F_i / F) / (sum Y_i / Y): members weigh by their share of the total below.
    return above[members].sum() / below[members].sum()


def without_each(
    above: pd.DataFrame, below: pd.DataFrame, members: pd.Series
) -> list[pd.Series]:
    """Return the quotients of a group without each of its members."""
    return [
        quotient_of(above, below, members & (members.index != unit))
        for unit in members.index[members]
    ]


def _group_rows(
    groups: Groups,
    contrast: GroupContrast,
    above: pd.DataFrame,
    below: pd.DataFrame,
    smallest: float,
) -> Iterator[Estimate]:
    """Yield the end level of a group alone, its range without each member, and the
    trend of its own quotient.
    """
    row = replace(contrast.row, n_periods=1, warning="")
    members = contrast.table[row.term].eq(1.0)
    size = int(min(members.sum(), (~members).sum()))
    if not size:
        yield replace(
            row,
            effect_type="stat_end_level",
            sesoi=NAN,
            unit_of_measure="",
            warning=f"not defined: {row.term} does not vary",
        )
        return
    last = above.columns[-END_YEARS:]
    end = replace(
        row,
        estimator="ratio",
        outcome=f"{row.outcome}_end",
        effect_type="stat_end_level",
        unit_of_measure="ratio",
        period=f"{last[0]}-{last[-1]}",
        n_treated=size,
        n_obs=len(members),
        n_units=len(members),
        n_periods=END_YEARS,
        sesoi=smallest,
        estimate=float(quotient_of(above, below, members)[last].mean()),
    )
    yield _end_level(groups, end, above[last], below[last], members)
    band = without_each(above, below, members)
    if len(band) > 1:
        values = [float(path[last].mean()) for path in band]
        base = replace(
            end,
            estimator="leave_one_out",
            role="robustness",
            sesoi=NAN,
            n_units=len(members) - 1,
        )
        ends = {"stat_low": min(values), "stat_high": max(values)}
        for name, value in ends.items():
            unit = members.index[members][values.index(value)]
            yield replace(
                base,
                effect_type=name,
                estimate=value,
                max_leverage_unit=str(unit),
            )
    years = [*map(int, above.columns.to_numpy())]
    # The group's own series: one observation a year, so inference over time.
    trend = replace(
        row,
        estimator="group_series",
        role="robustness",
        outcome=f"{row.outcome}_group",
        n_obs=len(years),
        n_units=1,
        n_periods=len(years),
        warning=contrast.row.warning,
    )
    logs = np.log(quotient_of(above, below, members).to_numpy())
    yield _series_trend(trend, logs, years, groups.inference.level)


def _end_level(
    groups: Groups,
    end: Estimate,
    above: pd.DataFrame,
    below: pd.DataFrame,
    members: pd.Series,
) -> Estimate:
    if (end.n_treated or 0) < FEWEST_TREATED:
        return replace(
            end, warning=f"fewer than {FEWEST_TREATED} units in the group: no interval"
        )
    y, root = weighted_quotients(above, below, members)
    held = members.to_numpy()
    design = np.column_stack([held, ~held]) * root[:, None]
    # A column for each group and no constant: c takes the group's own mean.
    c = np.array([1.0, 0.0])
    units = above.index.to_numpy(str)
    inference = groups.inference
    regression = Design(
        fit=fit_ols((y - 1) * root, design),
        units=in_order(units),
        locations=groups.geographies.locations(units),
        power=inference.power,
    )
    test = infer("SCPC", regression, c, inference.level)
    if test.reason:
        return replace(end, **untested(test.reason, end.asked))
    fields = fields_of(test, inference.level)
    del fields["estimate"]  # the group's mean quotient, exactly
    # Estimated less one; the ends go back to the scale of the quotient.
    fields["conf_low"] += 1
    fields["conf_high"] += 1
    fields["p_type"] += "; against one"
    warning = underpowered(test.mde, end.sesoi, end.unit_of_measure)
    return replace(end, **fields, warning=warning)


def weighted_quotients(
    above: pd.DataFrame, below: pd.DataFrame, members: pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    """Return quotients of units, (N,), and roots of their weights, (N,), whose weighted
    group mean is exactly the group's mean quotient.

    Notes
    -----
    With w_i the share of a unit in its group's total below, and y_i its share of the
    total above over w_i, sum_i w_i y_i = LQ. Regressed on both groups by weighted least
    squares, less one, so that the test against zero is one of LQ = 1.
    """
    totals = below.groupby(members.to_numpy()).transform("sum")
    weight = (below / totals).mean(axis=1).to_numpy()
    y = (above / totals).mean(axis=1).to_numpy() / weight
    return y, np.sqrt(weight)


def _series_trend(
    row: Estimate, logs: np.ndarray, years: list[int], level: float
) -> Estimate:
    t = np.array(years, float)
    # ln LQ_t = a + b (t - mean t) / 10 + e_t: b in log points per decade.
    decades = (t - t.mean()) / 10
    X = np.column_stack([decades, np.ones(len(t))])
    # Newey and West's rule: the integer part of 4 (T / 100)^(2/9).
    lags = default_lags(len(t))
    fit = fit_ols(logs, X)
    row = replace(row, estimate=float(fit.beta[0]))
    try:
        # With one unit Driscoll-Kraay is the HAC error of a single series.
        inference = driscoll_kraay_inference(
            fit, np.array([1.0, 0.0]), t.astype(int), lags, level=level
        )
    except NumericsError as error:
        return replace(row, **untested(error, row.asked))
    return replace(
        row,
        **inference_fields(inference),
        se_type=f"HAC, Bartlett, {lags} lags",
        p_type=f"fixed-b, b = {lags + 1}/{len(t)}",
    )

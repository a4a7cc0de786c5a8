"""Location quotients: a group's share in one column over its share in another, their
trend and their end level.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.driscoll_kraay import (
    default_lags,
    driscoll_kraay_inference,
)
from evenfield.numerics.inference_methods import FEWEST_TREATED, SCPC_LAW
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.scpc import scpc_inference
from evenfield.shared.contrasts.prepared_contrasts import GroupContrast
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.regression import kernel_fit
from evenfield.shared.samples import inference_fields, joined, underpowered
from evenfield.topics.group_contrasts.estimate_groups import (
    VALUE,
    Groups,
    compared,
    with_figures,
    years_within,
)
from evenfield.topics.group_contrasts.estimate_means import unit_slopes
from evenfield.topics.group_contrasts.estimate_spec import FadingSpec

START = 1992
END_YEARS = 5


def quotient(
    groups: Groups, spec: FadingSpec
) -> Iterator[GroupContrast | Estimate | tuple[str, str]]:
    """Compare the trend of unit quotients between groups; test a group's own end level
    and trend.

    Notes
    -----
    LQ_i = (F_i / F) / (Y_i / Y); slope of ln LQ_i on the year, per decade; the group's
    LQ over the last five years.
    """
    above, below, note = shares(groups, spec)
    if above.empty:
        yield spec.id, note
        return
    years = [*map(int, above.columns.to_numpy())]
    logs = (above / below).apply(np.log)
    smallest = groups.sesoi.get(spec.sesoi, NAN)
    fields: dict[str, Any] = {
        "outcome": spec.id,
        "period": f"{years[0]}-{years[-1]}",
        "n_periods": len(years),
        "warning": note,
    }
    fields |= {
        "fe_id": "unit and period effects, collapsed",
        "unit_of_measure": "log points per decade",
    }
    fields |= {"sesoi": -float(np.log(1 - smallest)) / ((years[-1] - years[0]) / 10)}
    for taxonomy in groups.taxonomies:
        labels = labels_from(groups, taxonomy, years[0]).reindex(above.index)
        main = taxonomy == groups.primary
        for comparison in spec.compare if main else spec.compare[:1]:
            role = spec.role if main and comparison == spec.compare[0] else "robustness"
            row = groups.row(
                "fading", spec, role=role, treatment_def=taxonomy, **fields
            )
            contrast = compared(
                row,
                labels.assign(**{VALUE: unit_slopes(logs, 10.0)}),
                VALUE,
                comparison,
            )
            yield contrast
            if main and comparison == spec.compare[0]:
                yield from _group_rows(groups, contrast, above, below, smallest)


def shares(groups: Groups, spec: FadingSpec) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """Return shares of each unit (rows) in both totals of each year (columns), and what
    is to be said of them.
    """
    nothing = pd.DataFrame()
    if not spec.over:
        return nothing, nothing, "a location quotient needs a column `over`"
    if reason := groups.missing(spec.outcome, spec.over):
        return nothing, nothing, reason
    members = groups.members(spec.sample)
    tables, without = with_figures(
        *(groups.wide(text).reindex(members) for text in (spec.outcome, spec.over))
    )
    asked = years_within(tables[0], START, 9999)
    years = [year for year in asked if all((table[year] > 0).all() for table in tables)]
    if len(years) < 2 * END_YEARS:
        few = (
            f"{len(years)} years have figures of every unit; a path needs"
            f" {2 * END_YEARS}"
        )
        return nothing, nothing, few
    above, below = (table[years] / table[years].sum(axis=0) for table in tables)
    late = (
        f"starts with the data, {years[0]} instead of {START}"
        if years[0] > START
        else ""
    )
    return above, below, joined(without, late)


def labels_from(groups: Groups, taxonomy: str, year: int) -> pd.DataFrame:
    """Return the labels of the main period in which the figures start."""
    started = [item for item in groups.main if item["end"] >= year] or groups.main
    return groups.labels(taxonomy, str(started[0]["period"]))


def quotient_series(groups: Groups, spec: FadingSpec) -> pd.DataFrame:
    """Return location quotients of a group and of the others by year, with the band of
    leaving one member out.
    """
    above, below, _ = shares(groups, spec)
    term = spec.compare[0].split(" ")[0]
    parts = []
    for group, name in ((1.0, term), (0.0, f"no {term}")) if len(above) else ():
        members = (
            labels_from(groups, groups.primary, int(above.columns[0]))
            .reindex(above.index)[term]
            .eq(group)
        )
        whole = _quotient(above, below, members)
        band = [
            _quotient(above, below, members & (members.index != unit))
            for unit in members.index[members]
        ]
        ends = pd.DataFrame(band if len(band) > 1 else [whole]).agg(["min", "max"])
        frame = pd.DataFrame(
            {
                "year": above.columns,
                "quotient": whole,
                "low": ends.loc["min"],
                "high": ends.loc["max"],
            }
        )
        parts.append(frame.assign(spec_id=spec.id, group=name))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _quotient(
    above: pd.DataFrame, below: pd.DataFrame, members: pd.Series
) -> pd.Series:
    return (
        above[members].sum() / below[members].sum()
        if members.any()
        else pd.Series(NAN, above.columns)
    )


def _group_rows(
    groups: Groups,
    contrast: GroupContrast,
    above: pd.DataFrame,
    below: pd.DataFrame,
    smallest: float,
) -> Iterator[Estimate]:
    row = replace(contrast.row, n_periods=1, warning="")
    members = contrast.table[row.term].eq(1.0)
    size = int(min(members.sum(), (~members).sum()))
    years = [*map(int, above.columns.to_numpy())]
    if not size:
        reason = f"not defined: {row.term} does not vary"
        yield replace(
            row,
            effect_type="stat_end_level",
            sesoi=NAN,
            unit_of_measure="",
            warning=reason,
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
        estimate=float(_quotient(above, below, members)[last].mean()),
    )
    yield _end_level(groups, end, above[last], below[last], members)
    inside = members.index[members]
    if len(inside) > 1:
        values = [
            float(
                _quotient(above, below, members & (members.index != unit))[last].mean()
            )
            for unit in inside
        ]
        base = replace(
            end,
            estimator="leave_one_out",
            role="robustness",
            sesoi=NAN,
            n_units=len(members) - 1,
        )
        for name, at in (
            ("stat_low", int(np.argmin(values))),
            ("stat_high", int(np.argmax(values))),
        ):
            yield replace(
                base,
                effect_type=name,
                estimate=values[at],
                max_leverage_unit=str(inside[at]),
            )
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
    yield _series_trend(
        trend,
        np.log(_quotient(above, below, members).to_numpy()),
        years,
        groups.settings.level,
    )


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
    # Unit values and weights whose weighted group mean is exactly the group's mean
    # quotient.
    totals = below.groupby(members.to_numpy()).transform("sum")
    weight = (below / totals).mean(axis=1).to_numpy()
    y = (above / totals).mean(axis=1).to_numpy() / weight
    root = np.sqrt(weight)
    held = members.to_numpy()
    design = np.column_stack([held, ~held]) * root[:, None]
    c = np.array([1.0, 0.0])
    fit = kernel_fit(OLS((y - 1) * root, design).fit(method="qr"))
    space = groups.geographies.at(
        above.index.to_numpy(str), held.astype(float), "end", ()
    ).components.get("scpc")
    if space is None:
        return replace(end, warning="no interval: the units have no coordinates")
    try:
        inference = scpc_inference(fit, c, space)
    except NumericsError as error:
        return replace(end, warning=f"no interval: {error}")
    settings = groups.settings
    mde = smallest_visible(
        inference.conf_low,
        inference.conf_high,
        inference.std_error,
        settings.power,
        settings.level,
    )
    return replace(
        end,
        std_error=inference.std_error,
        statistic=inference.statistic,
        p_value=inference.p_value,
        se_type=f"SCPC avc {space.average_correlation:.2f}",
        p_type=f"{SCPC_LAW}; against one",
        conf_low=1 + inference.conf_low,
        conf_high=1 + inference.conf_high,
        conf_level=settings.level,
        mde=mde,
        warning=underpowered(mde, end.sesoi, end.unit_of_measure),
    )


def _series_trend(
    row: Estimate, logs: np.ndarray, years: list[int], level: float
) -> Estimate:
    t = np.array(years, float)
    X = np.column_stack([(t - t.mean()) / 10, np.ones(len(t))])
    lags = default_lags(len(t))
    fit = kernel_fit(OLS(logs, X).fit(method="qr"))
    row = replace(row, estimate=float(fit.beta[0]))
    try:
        inference = driscoll_kraay_inference(
            fit, np.array([1.0, 0.0]), t.astype(int), lags, level=level
        )
    except NumericsError as error:
        return replace(row, warning=f"no interval: {error}")
    return replace(
        row,
        **inference_fields(inference),
        se_type=f"HAC, Bartlett, {lags} lags",
        p_type=f"fixed-b, b = {lags + 1}/{len(t)}",
    )

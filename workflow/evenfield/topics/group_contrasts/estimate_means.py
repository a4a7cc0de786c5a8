"""Contrasts of period means: premiums by period, several outcomes of one window, change
from period to period.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from evenfield.shared.contrasts.contrasts import step_down_rows
from evenfield.shared.contrasts.prepared_contrasts import GroupContrast
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import joined
from evenfield.topics.group_contrasts.estimate_groups import (
    VALUE,
    Groups,
    Period,
    compared,
    with_figures,
)
from evenfield.topics.group_contrasts.estimate_spec import (
    DoseSpec,
    FadingSpec,
    IntensitySpec,
    Measure,
    PeriodSpec,
    PremiumSpec,
)

NOTHING = "the first premium is not above zero: nothing that could fade"
AnswerParts = Iterator[GroupContrast | tuple[str, str]]


def premium(groups: Groups, spec: PremiumSpec) -> AnswerParts:
    """Compare period means, or growth given its starting point, between groups, for
    every taxonomy.

    Notes
    -----
    z_iP = a + b D_i + d x_iP + e_i, one row a unit: z is the mean of the outcome over
    the years of period P, or growth between its end points given log income in its
    first year; D is the group label.
    """
    named = [groups.primary, *(spec.taxonomies or groups.taxonomies)]
    for answer_part in outcomes(groups, spec, "premium"):
        if isinstance(answer_part, tuple):
            yield answer_part
            continue
        # A span decides with all its comparisons, a period with the first one.
        span = any(
            item["period"] == answer_part.row.period and item["role"] == "span"
            for item in groups.periods(spec)
        )
        cells = groups.of_scheme(answer_part.row.unit_scheme)
        every = {
            name: cells.labels(name, answer_part.row.period)
            for name in dict.fromkeys(named)
        }
        labels = {
            name: cell.reindex(answer_part.table.index).assign(**answer_part.table)
            for name, cell in every.items()
        }
        for taxonomy, comparison in product(labels, spec.compare):
            leads = comparison == spec.compare[0]
            main = taxonomy == groups.primary and answer_part.row.role == spec.role
            role = (
                spec.role
                if main and (leads or span)
                else "robustness"
                if leads
                else "exploratory"
            )
            row = replace(
                answer_part.row,
                role=role,
                hypothesis=spec.hypothesis if leads else "",
                treatment_def=taxonomy,
            )
            yield compared(row, labels[taxonomy], VALUE, comparison, spec.given)


def dose(groups: Groups, spec: DoseSpec) -> AnswerParts:
    """Regress the outcome of a period on one dose at a time, per standard deviation of
    it.

    Notes
    -----
    z_iP = a + b E_iP / sd(E_P) + d x_iP + e_i: E is a measure of clusters.csv or a mean
    over the years of the period.
    """
    for answer_part in outcomes(groups, spec, "dose"):
        if isinstance(answer_part, tuple):
            yield answer_part
            continue
        where = groups.of_scheme(answer_part.row.unit_scheme)
        for name, text in spec.doses.items():
            values, lacks = where.dose(text, answer_part.row.period)
            if values.empty:
                yield (
                    f"{name}, {answer_part.row.unit_scheme}, {answer_part.row.period}",
                    lacks,
                )
                continue
            values = values.reindex(answer_part.table.index)
            row = replace(
                answer_part.row,
                treatment_def=text,
                warning=joined(answer_part.row.warning, lacks),
            )
            table = answer_part.table.assign(
                **{name: values / (float(values.std(ddof=1)) or 1.0)}
            )
            yield compared(row, table, VALUE, name, spec.given)


@dataclass(frozen=True)
class Outcomes:
    """The outcome of one period, unit scheme and sample, and the row that it fills."""

    # with the role of the specification where scheme and sample are the main ones
    row: Estimate
    table: pd.DataFrame  # outcome and what is given, by unit


def outcomes(
    groups: Groups, spec: PeriodSpec, family: str
) -> Iterator[Outcomes | tuple[str, str]]:
    """Yield outcomes by unit scheme, period and sample; a period without figures with
    the reason.
    """
    for scheme, period, sample in product(
        spec.unit_schemes or [groups.scheme], groups.periods(spec), spec.samples
    ):
        where = groups.of_scheme(scheme)
        name = str(period["period"])
        main = (scheme, sample) == (groups.scheme, spec.samples[0])
        table, note = _outcome(where, spec, period, where.members(sample))
        if table.empty:
            yield from [(name, note)] if main else []
            continue
        fields = {
            "outcome": spec.id,
            "sample_id": sample,
            "period": name,
            "unit_of_measure": spec.unit,
        }
        fields |= {"output_basis": str(period["basis"]), "warning": note}
        yield Outcomes(
            where.row(family, spec, role=spec.role if main else "robustness", **fields),
            table,
        )


def _outcome(
    groups: Groups, spec: PeriodSpec, period: Period, members: list[str]
) -> tuple[pd.DataFrame, str]:
    empty = pd.DataFrame()
    name = str(period["period"])
    if reason := groups.missing(spec.outcome, table=spec.table):
        return empty, reason
    values, _, note = groups.mean(
        groups.wide(spec.outcome, spec.table).reindex(members), period
    )
    table = pd.DataFrame({VALUE: values})
    for column in spec.given if len(values) else []:
        table[column] = groups.wide(column, "periods").reindex(members)[name]
        if table[column].isna().any():
            return empty, f"{column} is not there for every unit"
    return table, note


def intensity(
    groups: Groups, spec: IntensitySpec
) -> Iterator[GroupContrast | Estimate | tuple[str, str]]:
    """Compare standardised means of several outcomes between groups, one by one and
    together.

    Notes
    -----
    z_i = a + b_S S_i + b_C C_i + e_i with z the mean over its standard deviation; the
    comparison is b_S - b_C.
    """
    window = {"start": spec.window[0], "end": spec.window[1]}
    members = groups.members(spec.sample)
    ready: list[tuple[Measure, GroupContrast]] = []
    for measure in spec.measures:
        if lacks := groups.missing(measure.outcome):
            yield measure.id, lacks
            continue
        values, years, note = groups.mean(
            groups.wide(measure.outcome).reindex(members), window
        )
        if values.empty:
            yield measure.id, note
            continue
        # ASSUME: outcomes are compared in standard deviations across all units of their
        # window, cells included.
        standard_deviation = float(values.std(ddof=1)) or 1.0
        for taxonomy in groups.taxonomies:
            main = taxonomy == groups.primary
            row = groups.row(
                "factor_intensity",
                spec,
                role=spec.role if main else "robustness",
                outcome=measure.id,
                period=f"{years[0]}-{years[-1]}",
                treatment_def=taxonomy,
                unit_of_measure="s.d.",
                warning=note,
            )
            table = (
                groups.labels(taxonomy, spec.cells)
                .reindex(values.index)
                .assign(**{measure.id: values / standard_deviation})
            )
            contrast = compared(row, table, measure.id, spec.compare)
            ready += [(measure, contrast)] if main else []
            yield contrast
    yield from _together(
        groups, [(m, contrast) for m, contrast in ready if np.ptp(contrast.table[m.id])]
    )


def _together(
    groups: Groups, ready: Sequence[tuple[Measure, GroupContrast]]
) -> list[Estimate]:
    if len(ready) < 2:
        return []
    signs = {m.id: m.sign for m, _ in ready}
    contrasts = [contrast for _, contrast in ready]
    adjusted = step_down_rows(
        contrasts, groups.where.reset_index(), groups.links, groups.settings
    )
    largest = max(adjusted, key=lambda row: round(abs(row.statistic), 10))
    right = sum(row.statistic * signs[row.outcome] > 0 for row in adjusted)
    base = replace(
        largest,
        role="robustness",
        estimator="ols_joint",
        outcome="all outcomes",
        sesoi=NAN,
        n_obs=len(adjusted),
        unit_of_measure="statistic",
        warning=f"{right} of {len(adjusted)} outcomes have the predicted sign",
    )
    joint = replace(
        base,
        effect_type="stat_joint",
        estimate=largest.statistic * signs[largest.outcome],
        p_type=f"max |t| over {len(adjusted)} outcomes, free permutation of labels",
        warning=f"largest |t|: {largest.outcome}; {base.warning}",
    )
    untested: dict[str, Any] = {
        "statistic": NAN,
        "p_value": NAN,
        "p_type": "",
        "unit_of_measure": "count",
    }
    return [
        *adjusted,
        joint,
        replace(
            base, effect_type="stat_right_signs", estimate=float(right), **untested
        ),
    ]


def fading(groups: Groups, spec: FadingSpec) -> AnswerParts:
    """Compare how an outcome changes from period to period.

    Notes
    -----
    y_it = mu_i + tau_t + sum_P b_P S_i 1(t in P) + e_it. The slope of b_P on the period
    index equals the coefficient of S in a cross-section of unit slopes: collapse and
    infer there (Bertrand, Duflo and Mullainathan 2004).
    """
    means, window, note = _path(groups, spec)
    if means.empty:
        yield spec.id, note
        return
    first = str(means.columns[0])
    steps = means.shape[1] - 1
    fe = "unit and period effects, collapsed"
    bases = [
        str(item["basis"]) if spec.table == "periods" else "" for item in groups.main
    ]
    basis = dict(zip([str(item["period"]) for item in groups.main], bases, strict=True))
    used = {basis[str(name)] for name in means}
    together = min(used) if len(used) == 1 else "spliced"
    for taxonomy in groups.taxonomies:
        # ASSUME: a unit belongs to the group it is in when the figures start; later
        # zones change no label.
        labels = groups.labels(taxonomy, first).reindex(means.index)
        main = taxonomy == groups.primary
        base = groups.row(
            "fading", spec, outcome=spec.id, treatment_def=taxonomy, fe_id=fe
        )
        for comparison in spec.compare if main else spec.compare[:1]:
            start = _premium(
                compared(
                    base, labels.assign(**{VALUE: means[first]}), VALUE, comparison
                )
            )
            row = replace(
                base,
                role=(
                    spec.role
                    if main and comparison == spec.compare[0]
                    else "robustness"
                ),
                period=window,
                sesoi=base.sesoi * start / steps if start > 0 else NAN,
                output_basis=together,
                unit_of_measure=f"{spec.unit} per period",
                n_periods=steps + 1,
                warning=joined(note, "" if not start <= 0 else NOTHING),
            )
            yield compared(
                row, labels.assign(**{VALUE: unit_slopes(means)}), VALUE, comparison
            )
        for name in means if main else []:
            row = replace(
                base,
                role="exploratory",
                hypothesis="",
                period=str(name),
                sesoi=NAN,
                unit_of_measure=spec.unit,
                output_basis=basis[str(name)],
            )
            now = groups.labels(taxonomy, str(name)).reindex(means.index)
            yield compared(
                row, now.assign(**{VALUE: means[name]}), VALUE, spec.compare[0]
            )


def _path(groups: Groups, spec: FadingSpec) -> tuple[pd.DataFrame, str, str]:
    """Return means by unit and period, first to last year, and what is to be said of
    them.
    """
    if reason := groups.missing(spec.outcome, table=spec.table):
        return pd.DataFrame(), "", reason
    (table,), without = with_figures(
        groups.wide(spec.outcome, spec.table).reindex(groups.members(spec.sample))
    )
    by_period = {}
    every = []
    notes = [without]
    for period in groups.main:
        values, years, note = groups.mean(table, period)
        if len(values):
            by_period[str(period["period"])] = values
            every += years
            notes += [f"{period['label']}: {note}"] if note else []
    if len(by_period) < 2:
        return (
            pd.DataFrame(),
            "",
            f"{len(by_period)} main periods have figures of every unit; a change needs two",
        )
    absent = len(groups.main) - len(by_period)
    notes += (
        [
            f"starts with the data: {absent} earlier or later main periods have no"
            " figures"
        ]
        if absent
        else []
    )
    return pd.DataFrame(by_period), f"{min(every)}-{max(every)}", joined(*notes)


def unit_slopes(table: pd.DataFrame, step: float = 1.0) -> pd.Series:
    """Return each unit's least squares slope over the columns, per ``step`` of them."""
    t = (
        np.arange(table.shape[1])
        if isinstance(table.columns[0], str)
        else table.columns.to_numpy(float)
    ) / step
    t = t - t.mean()
    return pd.Series(table.to_numpy(float) @ t / (t @ t), index=table.index)


def _premium(contrast: GroupContrast) -> float:
    table = contrast.table
    X = np.column_stack(
        [table[list(contrast.labels)].to_numpy(float), np.ones(len(table))]
    )
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return NAN
    return float(
        OLS(table[contrast.outcome].to_numpy(float), X).fit(method="qr").params[0]
    )

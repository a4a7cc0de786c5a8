"""Premiums: an outcome of every period compared between groups, or regressed on a dose,
for all taxonomies, unit schemes and samples.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pandas as pd

from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import UnsupportedError, joined
from evenfield.topics.group_contrasts.estimate_groups import (
    VALUE,
    Groups,
    Parts,
    Period,
    compared,
)
from evenfield.topics.group_contrasts.estimate_spec import (
    DoseSpec,
    PeriodSpec,
    PremiumSpec,
)


def premium(groups: Groups, spec: PremiumSpec) -> Parts:
    """Compare period means, or growth given its starting point, between groups, for
    every taxonomy.

    Notes
    -----
    z_iP = a + b D_i + d x_iP + e_i, one row a unit: z is the mean of the outcome over
    the years of period P, or growth between its end points given log income in its
    first year; D is the group label.
    """
    taxonomies = [groups.primary, *(spec.taxonomies or groups.taxonomies)]
    # of the primary list, by comparison and period
    main_contrasts: dict[tuple[str, str], GroupContrast] = {}
    spans = {item["period"] for item in groups.periods(spec) if item["role"] == "span"}
    for blank, table in _outcomes(groups, spec, "premium"):
        everyone = (blank.unit_scheme, blank.sample_id) == (
            groups.scheme,
            spec.samples[0],
        )
        cells = groups.of_scheme(blank.unit_scheme)
        labels = {
            name: cells.labels(name, blank.period).reindex(table.index).assign(**table)
            for name in dict.fromkeys(taxonomies)
        }
        # Every list with every comparison; the first of both decides.
        for taxonomy, comparison in product(labels, spec.compare):
            leads = comparison == spec.compare[0]
            main = taxonomy == groups.primary and blank.role == spec.role
            role = "robustness" if leads else "exploratory"
            # A span decides with all its comparisons, a period with the first one.
            if main and (leads or blank.period in spans):
                role = spec.role
            row = replace(
                blank,
                role=role,
                hypothesis=spec.hypothesis if leads else "",
                treatment_def=taxonomy,
            )
            periods = spec.placebo_lists.get(comparison, [])
            placebo = everyone and taxonomy == groups.primary and row.period in periods
            contrast = compared(row, labels[taxonomy], VALUE, comparison, spec.given)
            if everyone and taxonomy == groups.primary:
                main_contrasts[comparison, row.period] = contrast
            yield replace(contrast, placebo_lists=placebo)
    for comparison, (first, later) in product(spec.compare, spec.changes):
        ends = [main_contrasts.get((comparison, name)) for name in (first, later)]
        # A period that the data cannot carry is named where its own rows are left out.
        if ends[0] and ends[1]:
            yield from groups.changed(ends[0], ends[1])


def dose(groups: Groups, spec: DoseSpec) -> Parts:
    """Regress the outcome of a period on one dose at a time, per standard deviation of
    it.

    Notes
    -----
    z_iP = a + b E_iP / sd(E_P) + d x_iP + e_i: E is a measure of clusters.csv or a mean
    over the years of the period.
    """
    for blank, table in _outcomes(groups, spec, "dose"):
        scheme = groups.of_scheme(blank.unit_scheme)
        for name, text in spec.doses.items():
            try:
                values, note = scheme.dose(text, blank.period)
            except UnsupportedError as error:
                groups.leave_out(f"{name}, {scheme.scheme}, {blank.period}", error)
                continue
            # Standard deviation of the units in the sample: b is per one of theirs.
            values = values.reindex(table.index)
            # A dose that is the same for all is left as it is; the contrast says why it fails.
            standard_deviation = float(values.std(ddof=1)) or 1.0
            dosed = table.assign(**{name: values / standard_deviation})
            warning = joined(blank.warning, note)
            # A dose knows no list: its expression stands where lists have their name.
            row = replace(blank, treatment_def=text, warning=warning)
            yield compared(row, dosed, VALUE, name, spec.given)


def _outcomes(
    groups: Groups, spec: PeriodSpec, family: str
) -> Iterator[tuple[Estimate, pd.DataFrame]]:
    """Yield by unit scheme, period and sample the row to fill, with the role of the
    specification where scheme and sample are the main ones, and outcome and what is
    given by unit.
    """
    for scheme, period, sample in product(
        spec.unit_schemes or [groups.scheme], groups.periods(spec), spec.samples
    ):
        where = groups.of_scheme(scheme)
        name = str(period["period"])
        main = (scheme, sample) == (groups.scheme, spec.samples[0])
        try:
            table, note = _outcome(where, spec, period, where.members(sample))
        # Only the main scheme and sample say what they lack.
        except UnsupportedError as error:
            if main:
                groups.leave_out(name, error)
            continue
        row = where.row(
            family,
            spec,
            role=spec.role if main else "robustness",
            outcome=spec.id,
            sample_id=sample,
            period=name,
            unit_of_measure=spec.unit,
            output_basis=str(period["basis"]),
            warning=note,
        )
        yield row, table


def _outcome(
    groups: Groups, spec: PeriodSpec, period: Period, members: list[str]
) -> tuple[pd.DataFrame, str]:
    groups.require(spec.outcome, table=spec.table)
    wide = groups.wide(spec.outcome, spec.table).reindex(members)
    values, _, note = groups.mean(wide, period)
    table = pd.DataFrame({VALUE: values})
    for column in spec.given:
        # x_iP is the value of the same period, such as log income in its first year.
        given = groups.wide(column, "periods").reindex(members)
        table[column] = given[str(period["period"])]
        if table[column].isna().any():
            raise UnsupportedError(f"{column} is not there for every unit")
    return table, note

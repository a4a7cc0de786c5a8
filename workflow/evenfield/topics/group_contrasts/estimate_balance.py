"""Balance: the yearly change of a log ratio, such as urban over rural income, between
the ends of windows, and its path by cell.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import complete, joined
from evenfield.topics.group_contrasts.estimate_groups import (
    DIFFERENCE,
    Groups,
    Parts,
    alone,
    compared,
    years_within,
)
from evenfield.topics.group_contrasts.estimate_spec import ChangeSpec, Span


def change(groups: Groups, spec: ChangeSpec, family: str) -> Parts:
    """Compare the yearly change of a log outcome in cluster and in zone regions.

    Notes
    -----
    100 / T x (z_i in the last year minus z_i in the first) = a + b_C C_i + b_S S_i +
    x_i'd + e_i, one row a unit and window; the number of interest is b_C - b_S. With
    one change a unit this equals two-way fixed effects on the two end years (Bertrand,
    Duflo and Mullainathan 2004).
    """
    groups.require(spec.outcome, *spec.parts.values())
    # Robustness rows take the primary list only: they vary something else.
    main = spec.role in {"primary", "mechanism"}
    by_window: list[GroupContrast] = []  # of the primary list
    for start, end in spec.windows:
        base = groups.row(
            family,
            spec,
            estimator="long_difference",
            outcome=spec.name,
            period=f"{start}-{end}",
            n_periods=2,
            fe_id="unit, year (collapsed)",
            unit_of_measure="pp/yr",
        )
        # ASSUME: the smallest effect of interest is a change of the ratio over a whole
        # window, spread over its years.
        sesoi = float(100 * np.log1p(base.sesoi / 100) / (end - start))
        for taxonomy in groups.taxonomies if main else [groups.primary]:
            table, lacks = _changes(groups, spec, (start, end), taxonomy)
            # Another list moves a row to robustness, whatever its specification decides.
            leads = taxonomy == groups.primary
            row = replace(
                base,
                role=spec.role if leads else "robustness",
                treatment_def=taxonomy,
                sesoi=sesoi,
                warning=joined(spec.note, lacks),
            )
            contrast = compared(row, table, spec.name, DIFFERENCE, spec.given)
            yield contrast
            if leads and spec.role == "primary":
                by_window.append(contrast)
            if leads and main:
                yield from _beside(spec, row, table)
    for earlier, later in pairwise(by_window):
        yield from groups.changed(earlier, later)


def _beside(
    spec: ChangeSpec, row: Estimate, table: pd.DataFrame
) -> Iterator[GroupContrast]:
    """Yield the parts of the outcome, each group against the rest, and the level."""
    # The log of a ratio is a difference of logs, so with the same regressors its
    # contrast is that of the part above less that of the part below.
    for name in spec.parts:
        part = replace(row, role="mechanism", outcome=name, sesoi=NAN)
        yield compared(part, table, name, DIFFERENCE, spec.given)
    if spec.level:
        # The claim is about b_C - b_S: one coefficient, or the level, decides nothing.
        plain = replace(row, hypothesis="", role="exploratory", sesoi=NAN)
        # b_C and b_S of the one regression, each as a row of its own.
        for comparison in ("cluster given sez", "sez given cluster"):
            yield alone(compared(plain, table, spec.name, comparison, spec.given))
        level = replace(plain, outcome=spec.level, unit_of_measure="log points")
        yield compared(level, table, spec.level, DIFFERENCE, spec.given)


def _changes(
    groups: Groups, spec: ChangeSpec, window: Span, taxonomy: str
) -> tuple[pd.DataFrame, str]:
    """Return labels, yearly changes, starting values and what is given by unit; name
    the units that lack one.
    """
    start, end = window
    # Labels of the period in which the window opens: later zones change no group.
    table = groups.labels(taxonomy, groups.period_at(start))
    growth = {}
    for name, text in {spec.name: spec.outcome, **spec.parts}.items():
        wide = groups.wide(text).reindex(columns=[start, end])
        # 100 / T (z_T - z_0), z a logarithm: percentage points a year.
        growth[name] = 100 * (wide[end] - wide[start]) / (end - start)
        # `gap_start`: where the ratio stood when the window opened, to be held fixed.
        if name == spec.name:
            first = {name.replace("_growth", "_start"): wide[start]}
    income = groups.wide("log_income").reindex(columns=[start])
    table = table.assign(
        **growth,
        **first,
        log_income_start=income[start],
    )
    table = table.join(groups.given([name for name in spec.given if name not in table]))
    if spec.level:
        wide = groups.wide(spec.outcome)
        table[spec.level] = wide[years_within(wide, start, end)].mean(axis=1)
    inside = table.index.isin(groups.members(spec.sample))
    return complete(table[inside], [*growth, *spec.given])


def paths(groups: Groups, spec: ChangeSpec) -> pd.DataFrame:
    """Return the mean of an outcome by cell and year within each window; the ratio is a
    geometric mean.
    """
    wide = groups.wide(spec.outcome)
    parts = []
    for start, end in spec.windows:
        # Cells of the window's first year: a later zone moves no unit to another line.
        cells = groups.labels(groups.primary, groups.period_at(start))["cell"]
        inside = wide[years_within(wide, start, end)].reset_index()
        long = inside.melt("unit", value_name="log_gap").dropna()
        cell = long["unit"].map(cells)
        parts.append(long.assign(cell=cell, window=f"{start}-{end}"))
    # The mean of logs is the log of the geometric mean.
    by = pd.concat(parts).groupby(["cell", "window", "year"])["log_gap"]
    path = pd.DataFrame({"log_gap": by.mean(), "n_units": by.count()}).reset_index()
    return path.assign(
        spec_id=spec.id, taxonomy=groups.primary, ratio=np.exp(path["log_gap"])
    )

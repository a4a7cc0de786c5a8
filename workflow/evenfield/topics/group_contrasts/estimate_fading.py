"""Fading: how the premium of a group changes from period to period."""

from dataclasses import replace

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import NAN
from evenfield.shared.samples import UnsupportedError, joined
from evenfield.shared.settings import check_names
from evenfield.topics.group_contrasts.estimate_groups import (
    FAMILY,
    VALUE,
    Groups,
    Parts,
    Period,
    compared,
    with_figures,
)
from evenfield.topics.group_contrasts.estimate_spec import FadingSpec

NOTHING = "the first premium is not above zero: nothing that could fade"
COLLAPSED = "unit and period effects, collapsed"


def fading(groups: Groups, spec: FadingSpec) -> Parts:
    """Compare how an outcome changes from period to period.

    Notes
    -----
    y_it = mu_i + tau_t + sum_P b_P S_i 1(t in P) + e_it. The slope of b_P on the period
    index equals the coefficient of S in a cross-section of unit slopes: collapse and
    infer there (Bertrand, Duflo and Mullainathan 2004).
    """
    means, window, note = _path(groups, spec)
    first = str(means.columns[0])
    steps = means.shape[1] - 1
    # Means of panel.csv have no basis of their own; columns of periods.csv have one.
    basis = {
        str(item["period"]): str(item["basis"]) if spec.table == "periods" else ""
        for item in main_periods(groups, spec)
    }
    used = {basis[str(name)] for name in means}
    # A slope over periods of two bases is one over joined figures.
    together = min(used) if len(used) == 1 else "spliced"
    for taxonomy in groups.taxonomies:
        # ASSUME: a unit belongs to the group it is in when the figures start; later
        # zones change no label.
        labels = groups.labels(taxonomy, first).reindex(means.index)
        main = taxonomy == groups.primary
        base = groups.row(
            "fading", spec, outcome=spec.id, treatment_def=taxonomy, fe_id=COLLAPSED
        )
        # The premium at the start says what a halving is; the slopes say what happened.
        starting = labels.assign(**{VALUE: means[first]})
        sloped = labels.assign(**{VALUE: unit_slopes(means)})
        # Lists beside the primary one repeat the deciding comparison only.
        for comparison in spec.compare if main else spec.compare[:1]:
            start = _premium(compared(base, starting, VALUE, comparison))
            decides = main and comparison == spec.compare[0]
            row = replace(
                base,
                role=spec.role if decides else "robustness",
                period=window,
                # The change that would halve the first premium over the sample.
                sesoi=base.sesoi * start / steps if start > 0 else NAN,
                output_basis=together,
                unit_of_measure=f"{spec.unit} per period",
                n_periods=steps + 1,
                warning=joined(note, NOTHING if start <= 0 else ""),
            )
            yield compared(row, sloped, VALUE, comparison)
        # The premium of each period, with the labels of that period, to be read beside.
        for name in map(str, means if main else []):
            row = replace(
                base,
                role="exploratory",
                hypothesis="",
                period=name,
                sesoi=NAN,
                unit_of_measure=spec.unit,
                output_basis=basis[name],
            )
            now = groups.labels(taxonomy, name).reindex(means.index)
            table = now.assign(**{VALUE: means[name]})
            yield compared(row, table, VALUE, spec.compare[0])


def main_periods(groups: Groups, spec: FadingSpec) -> list[Period]:
    """Return the main periods that a trend is over."""
    known = {str(item["period"]): item for item in groups.main}
    check_names(spec.periods, known, f"{FAMILY}: periods of {spec.id}")
    return [known[name] for name in known if name in (spec.periods or known)]


def _path(groups: Groups, spec: FadingSpec) -> tuple[pd.DataFrame, str, str]:
    """Return means by unit and period, first to last year, and what is to be said of
    them.
    """
    groups.require(spec.outcome, table=spec.table)
    wide = groups.wide(spec.outcome, spec.table).reindex(groups.members(spec.sample))
    (table,), without = with_figures(wide)
    by_period = {}
    every = []
    notes = [without]
    periods = main_periods(groups, spec)
    for period in periods:
        # A period without figures is passed over: the slope is over those that have them.
        try:
            values, years, note = groups.mean(table, period)
        except UnsupportedError:
            continue
        by_period[str(period["period"])] = values
        every += years
        notes += [f"{period['label']}: {note}"] if note else []
    if len(by_period) < 2:
        raise UnsupportedError(
            f"{len(by_period)} main periods have figures of every unit; a change needs two"
        )
    absent = len(periods) - len(by_period)
    if absent:
        notes.append(
            f"starts with the data: {absent} earlier or later main periods have no"
            " figures"
        )
    return pd.DataFrame(by_period), f"{min(every)}-{max(every)}", joined(*notes)


def unit_slopes(table: pd.DataFrame, step: float = 1.0) -> pd.Series:
    """Return each unit's least squares slope over the columns, per ``step`` of them."""
    # Periods count 0, 1, 2 whatever their length; years keep their distances.
    by_period = isinstance(table.columns[0], str)
    t = np.arange(table.shape[1]) if by_period else table.columns.to_numpy(float)
    # sum (t - mean t) y_t / sum (t - mean t)^2, all units at once.
    t = t / step
    t = t - t.mean()
    return pd.Series(table.to_numpy(float) @ t / (t @ t), index=table.index)


def _premium(contrast: GroupContrast) -> float:
    """Return the coefficient of the first label; missing where labels do not vary."""
    from statsmodels.regression.linear_model import OLS

    labels = contrast.table[list(contrast.labels)].to_numpy(float)
    X = np.column_stack([labels, np.ones(len(labels))])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return NAN
    y = contrast.table[contrast.outcome].to_numpy(float)
    # Only the size is needed here, for `sesoi`: the row itself brings the inference.
    return float(OLS(y, X).fit(method="qr").params[0])

"""Effects by cohort and date against units that do not have the policy yet, averaged over
horizons (Callaway and Sant'Anna 2021), within groups of units.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from evenfield.numerics.ols import NOT_IDENTIFIED


class GroupTime(NamedTuple):
    """Means over spans of horizons."""

    estimate: Array  # (K,) NaN where no cohort has a comparison
    by_unit: Array  # (K, N) what each unit adds to the error
    present: np.ndarray  # (K, N) units with the policy in each mean
    cells: Array  # (K,) cells of each mean


class Comparison(NamedTuple):
    """Changes of units that do not have the policy yet on controls, within groups."""

    slopes: Array  # (C,) of the C controls; NaN where the units do not tell them
    # (N, C) what each unit's residual moves the slopes by, zero for units with the policy
    by_unit: Array


def group_time_means(
    panel: EventPanel,
    spans: Sequence[tuple[int, int]],
    *,
    never_only: bool = False,
    one_base: bool = False,
) -> GroupTime:
    """Return mean changes since the date before the policy, less those of units of the
    group that do not have it yet (or never have it).

    Notes
    -----
    A cohort g at t >= g changes by y_t - y_(g-1); before it, leads are y_t - y_(t-1),
    or, with ``one_base``, y_t - y_(g-1) as well.
    Without controls every estimation method of the authors gives this. With controls it
    is their regression of outcomes: changes of units without the policy on the controls,
    with one slope for all groups at each date. The mean over cells weighs each unit the
    same; its errors count that cohorts could have been of other sizes, as the authors'
    aggregates do.
    """
    N, dates = panel.Y.shape
    sums = np.zeros(len(spans))
    cells = np.zeros(len(spans))
    changes = np.zeros((len(spans), N))  # of units with the policy, and of controls
    counts = np.zeros((len(spans), N))  # cells of each unit with the policy
    comparisons: dict[tuple[int, int], Comparison] = {}
    # How far units with the policy lie from controls, by cohort and date: slopes of
    # controls carry their errors over such a distance.
    distances: dict[tuple[int, int], Array] = {}
    for group in np.unique(panel.groups):
        members = np.flatnonzero(panel.groups == group)
        Y = panel.Y[members]
        X = panel.columns[members]
        first = panel.first[members]
        cohorts = np.unique(first[first < NEVER])
        for cohort in cohorts[(cohorts > 0) & (cohorts < dates)]:
            own = first == cohort
            for date in range(0 if one_base else 1, dates):
                used = [
                    k
                    for k, (low, high) in enumerate(spans)
                    if low <= date - cohort <= high
                ]
                if not used:
                    continue
                # ASSUME: the base of a lead is the date before it, as in R's did.
                base = cohort - 1 if one_base or date >= cohort else date - 1
                last = NEVER - 1 if never_only else max(date, base)
                cell = (int(cohort), date)
                if cell not in comparisons:
                    comparisons[cell] = _comparison(panel, date, base, cohort, last)
                    distances[cell] = np.zeros(X.shape[1])
                compared = comparisons[cell]
                change = Y[:, date] - Y[:, base] - X @ compared.slopes
                seen = np.isfinite(change)
                controls = seen & (first > last) & ~own
                treated = seen & own
                if not controls.any() or not treated.any():
                    continue
                expected = change[controls].mean()
                size = treated.sum()
                rest = np.zeros(len(members))
                rest[treated] = change[treated] - expected
                rest[controls] = -size / controls.sum() * (change[controls] - expected)
                if X.shape[1]:
                    beyond = X[treated] - X[controls].mean(axis=0)
                    distances[cell] += beyond.sum(axis=0)
                for k in used:
                    sums[k] += rest[treated].sum()
                    cells[k] += size
                    changes[k, members] += rest
                    counts[k, members] += treated
    for (cohort, date), distance in distances.items():
        if distance.any():
            moved = comparisons[cohort, date].by_unit @ distance
            for k, (low, high) in enumerate(spans):
                if low <= date - cohort <= high:
                    changes[k] -= moved
    estimate = quotient(sums, cells)
    # A unit adds its own gaps less the mean: cohorts of other sizes move the weights.
    own = changes - counts * np.where(np.isnan(estimate), 0.0, estimate)[:, None]
    return GroupTime(
        estimate=estimate,
        by_unit=own / np.maximum(cells, 1)[:, None],
        present=np.asarray(counts > 0),
        cells=cells,
    )


def _comparison(
    panel: EventPanel, date: int, base: int, cohort: int, last: int
) -> Comparison:
    """Regress changes of units without the policy by ``last`` on controls and groups."""
    N, C = panel.columns.shape
    if not C:
        return Comparison(np.zeros(0), np.zeros((N, 0)))
    change = panel.Y[:, date] - panel.Y[:, base]
    used = np.isfinite(change) & (panel.first > last) & (panel.first != cohort)
    X = _apart(panel.columns, used, panel.groups)
    y = _apart(change[:, None], used, panel.groups)[:, 0]
    products = X.T @ X
    if np.linalg.eigvalsh(products)[0] <= NOT_IDENTIFIED * max(int(used.sum()), 1):
        return Comparison(np.full(C, np.nan), np.zeros((N, C)))
    weights = np.linalg.solve(products, X.T).T
    slopes = y @ weights
    return Comparison(slopes, weights * (y - X @ slopes)[:, None])


def _apart(values: Array, used: np.ndarray, groups: np.ndarray) -> Array:
    """Return columns less their mean over used units of the group, zero elsewhere."""
    count = np.maximum(np.bincount(groups[used], minlength=groups.max() + 1), 1)
    apart = np.zeros(values.shape)
    for k, column in enumerate(values.T):
        means = np.bincount(groups[used], column[used], minlength=len(count)) / count
        apart[used, k] = (column - means[groups])[used]
    return apart

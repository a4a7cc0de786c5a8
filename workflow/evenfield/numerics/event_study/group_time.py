"""Effects by cohort and date against units that do not have the policy yet, averaged over
horizons (Callaway and Sant'Anna 2021), within groups of units.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.panel import NEVER, EventPanel
from evenfield.numerics.ols import NOT_IDENTIFIED


class GroupTime(NamedTuple):
    """Means over spans of horizons."""

    estimate: Array  # (K,) NaN where no cohort has a comparison
    by_unit: Array  # (K, N) what each unit adds to the error
    present: np.ndarray  # (K, N) units with the policy in each mean
    cells: Array  # (K,) cells of each mean


class _Comparison(NamedTuple):
    """Changes of units that do not have the policy yet on controls, within groups, at D
    dates.
    """

    slopes: Array  # (D, C) of the C controls; NaN where the units do not tell them
    # (D, C, N) what each unit's residual moves the slopes by, zero for units with the
    # policy
    by_unit: Array


class _Groups:
    """Sums over the units of each group."""

    def __init__(self, codes: np.ndarray) -> None:
        self._code = np.unique(codes, return_inverse=True)[1].ravel()
        self._order = np.argsort(self._code, kind="stable")
        sizes = np.bincount(self._code)
        self._starts = np.cumsum(sizes) - sizes

    def sums(self, values: np.ndarray) -> Array:
        """Return sums of groups, (N, ...) -> (G, ...)."""
        rows = np.asarray(values, dtype=float)[self._order]
        return np.asarray(np.add.reduceat(rows, self._starts, axis=0))

    def of_units(self, of_groups: np.ndarray) -> np.ndarray:
        """Return for each unit what its group has, (G, ...) -> (N, ...)."""
        return np.asarray(of_groups[self._code])


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

    def within(cohort: int, date: np.ndarray) -> np.ndarray:
        horizon = date - cohort
        inside = [(low <= horizon) & (horizon <= high) for low, high in spans]
        return np.array(inside)

    return _means(panel, within, len(spans), never_only=never_only, one_base=one_base)


def group_time_aggregates(
    panel: EventPanel, *, never_only: bool = False
) -> tuple[list[tuple[str, int]], GroupTime]:
    """Return what each mean is of, and the means of all cells (`simple`), of each cohort
    (`group`, its position) and of each date (`calendar`, its position), then of cohorts
    and of dates (`groups`, `dates`).

    Notes
    -----
    Callaway and Sant'Anna (2021), section 3: theta_W^O, theta_sel(g) and its mean over
    units with the policy theta_sel^O, theta_c(t) and its mean over dates theta_c^O.
    Cohorts and dates without a comparison are left out.
    """
    dates = panel.Y.shape[1]
    inside = panel.first[(panel.first > 0) & (panel.first < dates)]
    if not len(inside):
        raise NumericsError("no unit gets the policy after the first date")
    cohorts = np.unique(inside)
    later = np.arange(cohorts[0], dates)

    def within(cohort: int, date: np.ndarray) -> np.ndarray:
        since = date >= cohort
        of_cohorts = (cohorts[:, None] == cohort) & since
        of_dates = (later[:, None] == date) & since
        return np.vstack([since, of_cohorts, of_dates])

    count = 1 + len(cohorts) + len(later)
    each = _means(panel, within, count, never_only=never_only, one_base=False)
    names = [
        ("simple", -1),
        *(("group", int(cohort)) for cohort in cohorts),
        *(("calendar", int(date)) for date in later),
    ]
    told = np.isfinite(each.estimate)
    of_groups = np.flatnonzero(told & [kind == "group" for kind, _ in names])
    of_dates = np.flatnonzero(told & [kind == "calendar" for kind, _ in names])
    means = [
        each,
        _mean_of_cohorts(each, of_groups),
        _mean_of_dates(each, of_dates),
    ]
    kept = np.append(told, [len(of_groups) > 0, len(of_dates) > 0])
    joined = [np.concatenate(parts)[kept] for parts in zip(*means, strict=True)]
    all_names = [*names, ("groups", -1), ("dates", -1)]
    chosen = [name for name, whether in zip(all_names, kept, strict=True) if whether]
    return chosen, GroupTime(*joined)


def _mean_of_cohorts(each: GroupTime, rows: np.ndarray) -> GroupTime:
    """Return the mean over units with the policy of what their cohort has on average."""
    present = each.present[rows]
    sizes = present.sum(axis=1)
    weights = sizes / max(int(sizes.sum()), 1)
    estimate = float(weights @ each.estimate[rows])
    by_unit = weights @ each.by_unit[rows]
    # Cohorts could have been of other sizes: a unit moves the weights by its own one.
    apart = each.estimate[rows] - estimate
    by_unit = by_unit + apart @ present / max(int(sizes.sum()), 1)
    return GroupTime(
        estimate=np.array([estimate]),
        by_unit=by_unit[None],
        present=present.any(axis=0)[None],
        cells=np.array([each.cells[rows].sum()]),
    )


def _mean_of_dates(each: GroupTime, rows: np.ndarray) -> GroupTime:
    """Return the mean over dates, each of which counts alike."""
    count = max(len(rows), 1)
    return GroupTime(
        estimate=np.array([each.estimate[rows].sum() / count]),
        by_unit=each.by_unit[rows].sum(axis=0)[None] / count,
        present=each.present[rows].any(axis=0)[None],
        cells=np.array([each.cells[rows].sum()]),
    )


def _means(
    panel: EventPanel,
    asked_of: Callable[[int, np.ndarray], np.ndarray],
    count: int,
    *,
    never_only: bool,
    one_base: bool,
) -> GroupTime:
    """Return K means over cells; ``asked_of`` says which dates of a cohort are in each of
    them, (K, D).
    """
    N, dates = panel.Y.shape
    X = panel.columns
    groups = _Groups(panel.groups)
    sums, cells = np.zeros((2, count))
    # Of units with the policy and of controls, and cells of each unit with the policy.
    changes, counts = np.zeros((2, count, N))
    for cohort in np.unique(panel.first[(panel.first > 0) & (panel.first < dates)]):
        date = np.arange(0 if one_base else 1, dates)
        within = asked_of(int(cohort), date)
        asked = within.any(axis=0)
        if not asked.any():
            continue
        date, within = date[asked], within[:, asked].astype(float)
        # ASSUME: the base of a lead is the date before it, as in R's did.
        base = np.where(one_base | (date >= cohort), cohort - 1, date - 1)
        last = np.full(len(date), NEVER - 1) if never_only else np.maximum(date, base)
        change = panel.Y[:, date] - panel.Y[:, base]
        own = (panel.first == cohort)[:, None]
        seen = np.isfinite(change)
        without_policy = seen & (panel.first[:, None] > last) & ~own
        compared = _comparison(X, change, without_policy, groups)
        told = np.isfinite(compared.slopes).all(axis=1)
        change = change - X @ compared.slopes.T
        of_group = groups.sums(without_policy & told)
        treated_of_group = groups.sums(seen & own & told)
        both = groups.of_units((of_group > 0) & (treated_of_group > 0))
        controls = without_policy & told & both
        treated = seen & own & told & both
        expected = quotient(groups.sums(np.where(controls, change, 0.0)), of_group)
        gap = change - groups.of_units(expected)
        gap_of_treated = np.where(treated, gap, 0.0)
        share = groups.of_units(quotient(treated_of_group, of_group, otherwise=0.0))
        sums += within @ gap_of_treated.sum(axis=0)
        cells += within @ treated.sum(axis=0)
        changes += within @ (gap_of_treated - np.where(controls, share * gap, 0.0)).T
        counts += within @ treated.T
        # How far units with the policy lie from controls: slopes of controls carry their
        # errors over such a distance.
        beyond = np.where(treated, 1.0, 0.0) - np.where(controls, share, 0.0)
        moved = (beyond.T @ X)[:, None, :] @ compared.by_unit
        changes -= within @ moved[:, 0]
    estimate = quotient(sums, cells)
    # A unit adds its own gaps less the mean: cohorts of other sizes move the weights.
    own_gaps = changes - counts * np.where(np.isnan(estimate), 0.0, estimate)[:, None]
    return GroupTime(
        estimate=estimate,
        by_unit=own_gaps / np.maximum(cells, 1)[:, None],
        present=np.asarray(counts > 0),
        cells=cells,
    )


def _comparison(
    X: Array, change: Array, controls: np.ndarray, groups: _Groups
) -> _Comparison:
    """Regress changes of units without the policy on controls and groups; X (N, C),
    change and who is without it (N, D).
    """
    N, C = X.shape
    D = change.shape[1]
    if not C:
        return _Comparison(np.zeros((D, 0)), np.zeros((D, 0, N)))
    used = controls[:, :, None]
    y = _apart(change[:, :, None], used, groups)[:, :, 0].T
    Z = _apart(X[:, None, :], used, groups).transpose(1, 2, 0)
    products = Z @ Z.transpose(0, 2, 1)
    fewest = NOT_IDENTIFIED * np.maximum(controls.sum(axis=0), 1)
    told = np.linalg.eigvalsh(products)[:, 0] > fewest
    weights = np.linalg.solve(np.where(told[:, None, None], products, np.eye(C)), Z)
    slopes = (weights @ y[:, :, None])[:, :, 0]
    residual = y - (slopes[:, None, :] @ Z)[:, 0]
    slopes[~told] = np.nan
    weights[~told] = 0.0
    return _Comparison(slopes, weights * residual[:, None, :])


def _apart(values: Array, used: np.ndarray, groups: _Groups) -> Array:
    """Return values less their mean over used units of the group, zero elsewhere; (N, D,
    C).
    """
    count = np.maximum(groups.sums(used), 1.0)
    means = groups.sums(np.where(used, values, 0.0)) / count
    return np.where(used, values - groups.of_units(means), 0.0)

"""Effects by cohort and date in one regression, averaged over horizons with the shares of
the cohorts (Sun and Abraham 2021).
"""

from collections.abc import Sequence

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.effects import CellEquations
from evenfield.numerics.event_study.group_time import GroupTime
from evenfield.numerics.event_study.panel import EventPanel, Span
from evenfield.numerics.ols import NOT_IDENTIFIED

LARGEST = 10_000_000  # numbers that the dummies of a regression may hold


def interaction_weighted(panel: EventPanel, spans: Sequence[Span]) -> GroupTime:
    """Return means over spans of horizons, from a regression with an effect for each
    cohort and date, on units that never get the policy or, where there are none, on those
    that get it last.

    Raises
    ------
    NumericsError
        If no cohort has a date before the policy, the regression does not tell the
        effects, or has too many.

    Notes
    -----
    Sun and Abraham (2021), section 4: y_it = a_i + g_(group,t) + x_i'b_t + sum over
    cohorts e and horizons l != -1 of delta_(e,l) 1[E_i = e] 1[t - e = l] + u_it, and the
    mean of delta_(e,l) over the cells of a span. Units with the policy from the first
    date on take no part. A unit adds its scores of the regression, and, since cohorts
    could have been of other sizes, its own effects less the mean.
    """
    N, T = panel.Y.shape
    cohorts, cells = _compared(panel)
    dummies = [
        (panel.first == cohort)[:, None] & (np.arange(T) == date) & cells
        for cohort in cohorts
        for date in range(T)
        if date != cohort - 1
    ]
    present = [dummy for dummy in dummies if dummy.any()]
    if len(present) * N * T > LARGEST:
        raise NumericsError(f"{len(present)} effects of cohort and date are too many")
    D = np.array(present, dtype=float).reshape(-1, N, T)
    equations = CellEquations(cells, panel.groups, panel.columns)
    Y = np.where(cells, panel.Y, 0.0)
    rest = np.where(cells, D - equations.fitted(D), 0.0)
    gram = np.einsum("knt,lnt->kl", rest, rest, optimize=True)
    if not len(D) or np.linalg.eigvalsh(gram)[0] <= NOT_IDENTIFIED * D.sum():
        raise NumericsError("the regression does not tell effects of cohorts and dates")
    delta = np.linalg.solve(gram, np.einsum("knt,nt->k", rest, Y))
    residual = np.where(cells, Y - equations.fitted(Y), 0.0)
    residual = residual - np.einsum("k,knt->nt", delta, rest)
    scores = np.linalg.solve(gram, np.einsum("knt,nt->kn", rest, residual))
    effect = np.einsum("k,knt->nt", delta, D)  # of each cell's cohort and date
    told = D.any(axis=0)
    within = np.array(
        [told & (panel.horizon >= low) & (panel.horizon <= high) for low, high in spans]
    )
    count = within.sum(axis=(1, 2))
    estimate = quotient((within * effect).sum(axis=(1, 2)), count)
    shares = quotient(
        np.einsum("snt,knt->sk", within, D), count[:, None], otherwise=0.0
    )
    apart = effect - np.where(np.isnan(estimate), 0.0, estimate)[:, None, None]
    of_sizes = (within * apart).sum(axis=2) / np.maximum(count, 1)[:, None]
    return GroupTime(
        estimate=estimate,
        by_unit=np.asarray(shares @ scores + of_sizes),
        present=np.asarray(within.any(axis=2)),
        cells=count.astype(float),
    )


def _compared(panel: EventPanel) -> tuple[Array, np.ndarray]:
    """Return the cohorts that have effects, and the cells of the regression, (N, T)."""
    N, T = panel.Y.shape
    cohorts = np.unique(panel.first[(panel.first > 0) & (panel.first < T)])
    last = T
    if not (panel.first >= T).any() and len(cohorts):
        # ASSUME: without units that never get the policy those that get it last stand
        # for them, on dates before it.
        last = int(cohorts[-1])
        cohorts = cohorts[:-1]
    if not len(cohorts):
        raise NumericsError("no cohort can be compared with a later one")
    dated = np.broadcast_to(np.arange(T) < last, (N, T))
    return cohorts, panel.observed & dated & (panel.first > 0)[:, None]

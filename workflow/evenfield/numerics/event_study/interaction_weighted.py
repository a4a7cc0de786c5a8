"""Effects by cohort and date in one regression, averaged over horizons with the shares of
the cohorts (Sun and Abraham 2021).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.effects import CellEquations
from evenfield.numerics.event_study.group_time import GroupTime
from evenfield.numerics.event_study.panel import EventPanel, Span
from evenfield.numerics.ols import NOT_IDENTIFIED

LARGEST = 10_000_000  # most entries of the dummies, effects x units x dates


class _Sample(NamedTuple):
    """What the regression is run on."""

    cohorts: np.ndarray  # (G,) first dates under the policy, of those that have effects
    cells: np.ndarray  # (N, T) of bool


class _Regression(NamedTuple):
    """Effects of cohort and date, and what each unit adds to their errors."""

    delta: Array  # (K,) in the unit of the outcome
    influence: Array  # (K, N)


def interaction_weighted(panel: EventPanel, spans: Sequence[Span]) -> GroupTime:
    """Return means over spans of horizons, from a regression with an effect for each
    cohort and date, on units that never get the policy or, where there are none, on those
    that get it last.

    Parameters
    ----------
    panel : EventPanel
        N units at T dates.
    spans : sequence of (int, int)
        First and last horizon of each of S means.

    Returns
    -------
    GroupTime
        ``estimate`` and ``cells`` (S,), ``by_unit`` and ``present`` (S, N); estimates are
        in the unit of the outcome, NaN where a span has no cell.

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
    date on take no part. Errors count that the shares of the cohorts are estimated.
    """
    sample = _sample(panel)
    D = _dummies(panel, sample)
    fit = _regression(panel, sample.cells, D)
    cell_effect = np.einsum("k,knt->nt", fit.delta, D)
    has_effect = D.any(axis=0)
    horizon = panel.horizon
    in_span = np.array(
        [has_effect & (horizon >= low) & (horizon <= high) for low, high in spans]
    )
    cell_count = in_span.sum(axis=(1, 2))
    # Mean over the cells of span s: b_s = sum_k w_sk delta_k, where w_sk = n_sk / n_s is
    # the share of cohort and date k in the n_s cells (Sun and Abraham 2021, section 4).
    estimate = quotient((in_span * cell_effect).sum(axis=(1, 2)), cell_count)
    cells_by_effect = np.einsum("snt,knt->sk", in_span, D)
    shares = quotient(cells_by_effect, cell_count[:, None], otherwise=0.0)
    # A unit moves b_s through delta, w_s' influence_i, and through the shares,
    # sum_t (delta_it - b_s) / n_s over its cells in the span.
    # ASSUME: cohorts could have been of other sizes, so that errors count their shares
    # as estimated.
    mean = np.where(np.isnan(estimate), 0.0, estimate)
    deviation = in_span * (cell_effect - mean[:, None, None])
    through_shares = deviation.sum(axis=2) / np.maximum(cell_count, 1)[:, None]
    through_effects = shares @ fit.influence
    return GroupTime(
        estimate=estimate,
        by_unit=np.asarray(through_effects + through_shares),
        present=np.asarray(in_span.any(axis=2)),
        cells=cell_count.astype(float),
    )


def _sample(panel: EventPanel) -> _Sample:
    """Return the cohorts that have effects, and the cells of the regression."""
    N, T = panel.Y.shape
    cohorts = np.unique(panel.first[(panel.first > 0) & (panel.first < T)])
    end = T
    has_never_treated = (panel.first >= T).any()
    if not has_never_treated and len(cohorts):
        # ASSUME: without units that never get the policy those that get it last stand
        # for them, on dates before it.
        end = int(cohorts[-1])
        cohorts = cohorts[:-1]
    if not len(cohorts):
        raise NumericsError("no cohort can be compared with a later one")
    before_end = np.broadcast_to(np.arange(T) < end, (N, T))
    # ASSUME: units with the policy from the first date on have no date to compare with,
    # and take no part.
    has_base = (panel.first > 0)[:, None]
    return _Sample(cohorts=cohorts, cells=panel.observed & before_end & has_base)


def _dummies(panel: EventPanel, sample: _Sample) -> Array:
    """Return the dummies of cohort and date that have a cell, (K, N, T)."""
    N, T = panel.Y.shape
    date = np.arange(T)
    # The date before the policy, l = -1, is what effects are measured from.
    pairs = [(e, t) for e in sample.cohorts for t in range(T) if t != e - 1]
    dummies = [
        (panel.first == e)[:, None] & (date == t) & sample.cells for e, t in pairs
    ]
    present = [dummy for dummy in dummies if dummy.any()]
    if len(present) * N * T > LARGEST:
        raise NumericsError(f"{len(present)} effects of cohort and date are too many")
    return np.array(present, dtype=float).reshape(-1, N, T)


def _regression(panel: EventPanel, cells: np.ndarray, D: Array) -> _Regression:
    """Regress the outcome in some cells (N, T) on dummies (K, N, T), effects of unit and
    of group and date, and controls.
    """
    equations = CellEquations(cells, panel.groups, panel.columns)
    # With M what is left of a variable beside effects and controls, delta = (D' M D)^-1
    # D' M y (Frisch and Waugh 1933, Lovell 1963), M symmetric and idempotent.
    MD = np.where(cells, D - equations.fitted(D), 0.0)
    gram = np.einsum("knt,lnt->kl", MD, MD, optimize=True)
    if not len(D) or np.linalg.eigvalsh(gram)[0] <= NOT_IDENTIFIED * D.sum():
        raise NumericsError("the regression does not tell effects of cohorts and dates")
    Y = np.where(cells, panel.Y, 0.0)
    delta = np.linalg.solve(gram, np.einsum("knt,nt->k", MD, Y))
    MY = np.where(cells, Y - equations.fitted(Y), 0.0)
    residual = MY - np.einsum("k,knt->nt", delta, MD)
    # A unit moves delta by (D' M D)^-1 sum_t (M D)_it u_it, the term of the variance
    # that is robust to clusters (Liang and Zeger 1986).
    scores = np.einsum("knt,nt->kn", MD, residual)
    return _Regression(delta=delta, influence=np.linalg.solve(gram, scores))

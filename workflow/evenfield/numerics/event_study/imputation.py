"""The effect of a policy by imputation: outcomes without it are predicted from unit
effects, effects of group and date, and slopes by date of predetermined columns, fitted to
cells without it.

An estimate is a weighted sum of gaps between outcome and prediction. Its error is made of
the weights that every cell has in it, by cluster; the gaps of treated cells are compared
with those of the same cohort and date, so that effects may differ.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, quotient
from evenfield.numerics.event_study.effects import CellEquations
from evenfield.numerics.event_study.panel import EventPanel


class Averages(NamedTuple):
    """Mean effects over some cells each."""

    estimate: Array  # (K,) NaN without a cell
    weights: Array  # (K, N, T) of the gaps of treated cells
    cells: np.ndarray  # (K,) cells of each mean
    units: np.ndarray  # (K,) units with such a cell
    lost: np.ndarray  # (K,) cells that could not be imputed


@dataclass(frozen=True)
class Imputation:
    """Gaps between outcomes and what unit effects, effects of group and date, and slopes
    by date predict.
    """

    Y: Array  # (N, T) outcome, NaN where there is none
    equations: CellEquations  # of the cells that the effects are fitted to

    @classmethod
    def of(cls, panel: EventPanel, clean: np.ndarray | None = None) -> "Imputation":
        """Fit the effects of a panel to the cells ``clean``, bool (N, T); to those before
        the policy without it.
        """
        if clean is None:
            return cls(panel.Y, panel.before)
        return cls(panel.Y, CellEquations(clean, panel.groups, panel.columns))

    @property
    def clean(self) -> np.ndarray:
        """Cells that the effects are fitted to, (N, T)."""
        return self.equations.cells

    @cached_property
    def gaps(self) -> Array:
        """Outcome less prediction; NaN where nothing can be predicted; (N, T)."""
        totals = np.where(self.clean, self.Y, 0.0)
        return self.Y - self.equations.fitted(totals)

    def averages(self, targets: np.ndarray) -> Averages:
        """Return the mean gap over the cells of each target; targets (K, N, T) of bool."""
        known = targets & np.isfinite(self.gaps)
        cells = known.sum(axis=(1, 2))
        weights = quotient(known.astype(float), cells[:, None, None], otherwise=0.0)
        gaps = np.where(np.isfinite(self.gaps), self.gaps, 0.0)
        sums = np.einsum("knt,nt->k", weights, gaps)
        return Averages(
            estimate=np.where(cells > 0, sums, np.nan),
            weights=weights,
            cells=cells,
            units=known.any(axis=2).sum(axis=1),
            lost=(targets & np.isfinite(self.Y)).sum(axis=(1, 2)) - cells,
        )

    def clean_scores(self, weights: Array) -> Array:
        """Return what the clean cells of each unit add to the error of weighted sums of
        gaps; weights (K, N, T) -> (K, N).

        Notes
        -----
        Borusyak, Jaravel and Spiess (2024), equations 7 and 8. Z0 and Z1 are the
        regressors (dummies of units and of groups and dates, columns by date) of clean
        and of weighted cells, w the weights. A clean cell has
        v = -(a_i + g_(group,t) + x_i'd_t), where Z0'Z0 (a, g, d) = Z1'w: by how much its
        outcome moves the sum; a treated one has v = w. The residual is the gap, of a
        treated cell less the mean in ``treated_effects``. A unit adds its sum of v times
        residual, here and in ``treated_scores``; the variance is the sum over clusters of
        the squares of their sums.
        """
        v = -np.where(self.clean, self.equations.fitted(weights), 0.0)
        return np.asarray((v * np.where(self.clean, self.gaps, 0.0)).sum(axis=2))

    def treated_scores(
        self,
        weights: Array,
        clusters: np.ndarray,
        cohorts: np.ndarray,
        *,
        leave_out: bool = True,
    ) -> Array:
        """Return what the treated cells of each unit add to the error; weights (K, N, T),
        codes of clusters and cohorts (N,) -> (K, N).
        """
        scores = np.zeros(weights.shape[:2])
        dates = self.Y.shape[1]
        for k, weight in enumerate(weights):
            unit, date = np.nonzero(weight)
            effects = treated_effects(
                weight[unit, date],
                self.gaps[unit, date],
                clusters[unit],
                cohorts[unit] * dates + date,
                leave_out=leave_out,
            )
            scores[k] = np.bincount(unit, effects, minlength=len(weight))
        return scores


def treated_effects(
    weights: Array,
    gaps: Array,
    clusters: np.ndarray,
    cells: np.ndarray,
    *,
    leave_out: bool,
) -> Array:
    """Return the weight of each of R treated cells times its gap less the mean of its
    cohort and date; weights, gaps, codes of clusters, codes ``cells`` of cohort and
    date, all (R,) -> (R,).

    Notes
    -----
    With V_cq the sum of weights and P_cq that of weights times gaps of cluster c in
    cohort and date q, the mean is sum_c V_cq P_cq / sum_c V_cq^2. Without the own
    cluster (``leave_out``) it does not follow the gap that it is compared with, which
    would make errors too small where a cohort has few units.
    """
    size = int(cells.max()) + 1 if len(cells) else 1
    pairs, pair = np.unique(clusters * size + cells, return_inverse=True)
    cluster_of_pair, cell_of_pair = np.divmod(pairs, size)
    V = np.bincount(pair, weights)
    P = np.bincount(pair, weights * gaps)
    cell = np.unique(cell_of_pair, return_inverse=True)[1]
    products = np.bincount(cell, V * P)[cell]
    squares = np.bincount(cell, V**2)[cell]
    alone = np.bincount(cell)[cell] == 1
    own = 1.0 if leave_out else 0.0
    means = quotient(products - own * V * P, squares - own * V**2, defined=~alone)
    # ASSUME: a cell with one cluster is compared with the treated cells of all others,
    # so that differences between cohorts count as noise there.
    others = np.bincount(cluster_of_pair, V * P)
    their_squares = np.bincount(cluster_of_pair, V**2)
    apart = cluster_of_pair[alone]
    means[alone] = quotient(
        others.sum() - others[apart], their_squares.sum() - their_squares[apart]
    )
    return np.asarray(weights * (gaps - means[pair]))

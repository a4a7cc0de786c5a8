"""Growth of units on lists, and of units on no list by which lists have one within reach.

Two regressions within parents, and the lists dealt out again among the units of a parent: who
is on a list, who lies near one and who is left on none are then found anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, diags_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError, counted
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.methods import Design, Tested
from evenfield.numerics.label_permutation import (
    FEWEST_DRAWS,
    LabelDraws,
    share_as_extreme,
    stratified_label_draws,
)
from evenfield.numerics.ols import RANK_TOLERANCE, fit_ols
from evenfield.numerics.spatial import lagged

CELLS_AT_ONCE = 1_000_000  # numbers of draws that are worked on together


@dataclass(frozen=True, kw_only=True)
class Nearby:
    """Units, their lists, who lies near whom, and what is compared with what."""

    growth: Array  # (N,) outcome; not read outside the sample
    held: Array  # (N, H) such as the level at the start; not read outside the sample
    lists: Array  # (N, K) of zeros and ones: which units are on which list
    reach: csr_array  # (N, N) one where another unit lies within reach
    sample: np.ndarray  # (N,) of bool: units that are compared
    # (N,) codes from zero of groups with effects of their own; one group for none
    parents: np.ndarray
    share: bool = False  # exposure is the share of the units within reach on a list

    @property
    def has_parents(self) -> bool:
        """Whether there are effects of parents."""
        return bool(self.parents.any())

    def exposure(self, lists: Array) -> Array:
        """Return 1 where a unit of a list lies within reach, or the share of the units
        within reach that are on it; lists (..., N, K) -> (..., N, K).

        Notes
        -----
        A unit without another within reach has no exposure.
        """
        around = lagged(self._weights, lists)
        return around if self.share else (around > 0).astype(float)

    @cached_property
    def _weights(self) -> csr_array:
        if not self.share:
            return self.reach
        others = np.maximum(np.asarray(self.reach.sum(axis=1)).ravel(), 1.0)
        return csr_array(diags_array(1 / others) @ self.reach)

    def own_model(self, names: Sequence[str]) -> NearbyModel:
        """Return g_i = a_p + sum_k b_k L_ki + x_i d + e_i over the sample."""
        return NearbyModel.of(self, near=False, names=names)

    def near_model(self, names: Sequence[str]) -> NearbyModel:
        """Return g_i = a_p + sum_k c_k N_ki + x_i d + e_i over units on no list."""
        return NearbyModel.of(self, near=True, names=names)

    def dealt(self, draws: int, rng: np.random.Generator) -> LabelDraws:
        """Deal the rows of lists out again among the units of a parent.

        Notes
        -----
        Units outside the sample keep their lists.
        """
        # ASSUME: a unit that is left out, such as a capital, is on its list for a reason
        # of its own: it neither gives nor takes a row.
        alone = self.parents.max() + 1 + np.arange(len(self.parents))
        strata = np.where(self.sample, self.parents, alone)
        return stratified_label_draws(strata, draws, rng)


def within_reach(distance: Array, radius: float) -> csr_array:
    """Return one where another unit lies at most so far away; distance (N, N)."""
    if not radius > 0:
        raise NumericsError(f"a radius is positive, not {radius:g}")
    others = ~np.eye(len(distance), dtype=bool)
    return csr_array((others & (distance <= radius)).astype(float))


@dataclass(frozen=True, kw_only=True)
class NearbyModel:
    """One of the two regressions, its rows sorted by parent."""

    nearby: Nearby
    near: bool  # on exposure over units on no list, or on lists over all
    names: tuple[str, ...]  # of the first coefficients
    rows: np.ndarray  # (n,) positions of its units
    alone: int  # units that are alone in their parent and carry nothing

    @classmethod
    def of(cls, nearby: Nearby, *, near: bool, names: Sequence[str]) -> NearbyModel:
        """Choose the rows, units that are alone in their parent left out."""
        chosen = nearby.sample.copy()
        if near:
            chosen &= ~nearby.lists.any(axis=1)
        rows = np.flatnonzero(chosen)
        parents = nearby.parents[rows]
        several = np.bincount(parents, minlength=1)[parents] > 1
        if not several.any():
            left = "units on no list" if near else "units"
            raise NumericsError(f"no two {left} of one parent")
        rows = rows[several]
        order = np.argsort(nearby.parents[rows], kind="stable")
        return cls(
            nearby=nearby,
            near=near,
            names=tuple(names),
            rows=rows[order],
            alone=int((~several).sum()),
        )

    @property
    def y(self) -> Array:
        """Growth, (n,)."""
        return np.asarray(self.nearby.growth[self.rows])

    @property
    def regressors(self) -> Array:
        """Lists, or exposure to them; (n, K)."""
        lists = self.nearby.lists
        every = self.nearby.exposure(lists) if self.near else lists
        return np.asarray(every[self.rows])

    @cached_property
    def X(self) -> Array:
        """Lists or exposure, what is held, dummies of parents; (n, K + H + P)."""
        own = self.nearby.parents[self.rows]
        dummies = (own[:, None] == np.unique(own)).astype(float)
        return np.column_stack([self.regressors, self.nearby.held[self.rows], dummies])

    def weights(self, c: Array) -> Array:
        """Return a combination of the coefficients of lists as one of all, (K,) -> (K + H
        + P,).
        """
        return np.concatenate([c, np.zeros(self.X.shape[1] - len(c))])

    def design(
        self,
        units: np.ndarray,
        dealt: LabelDraws | None = None,
        **beside: object,
    ) -> NearbyDesign:
        """Return the fit with what inference needs beside it; the names of all units,
        (N,).
        """
        fit = fit_ols(self.y, self.X, self.names)
        return NearbyDesign(
            fit=fit,
            units=in_order(units[self.rows]),
            model=self,
            dealt=dealt,
            **beside,  # type: ignore[arg-type]
        )

    def means(self) -> Array:
        """Return the means of lists or exposure over the rows, (K,)."""
        return np.asarray(self.regressors.mean(axis=0))

    def fits(self, source: np.ndarray) -> ListFits:
        """Return the coefficients of lists dealt out so; source (B, N)."""
        B = len(source)
        width = self.nearby.lists.shape[1] + self.nearby.held.shape[1]
        at_once = max(1, CELLS_AT_ONCE // (source.shape[1] * width))
        parts = [
            self._fits(source[start : start + at_once])
            for start in range(0, B, at_once)
        ]
        return ListFits(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _fits(self, source: np.ndarray) -> ListFits:
        nearby = self.nearby
        lists = nearby.lists[source]
        rows = np.broadcast_to(self.rows, (len(source), len(self.rows)))
        regressors = lists
        if self.near:
            regressors = nearby.exposure(lists)
            rows = self._on_no_list(lists)
        draw = np.arange(len(source))[:, None]
        own = nearby.parents[self.rows]
        y = nearby.growth[rows]
        X = np.concatenate([regressors[draw, rows], nearby.held[rows]], axis=2)
        return list_fits(y, X, own, lists.shape[2])

    def _on_no_list(self, lists: Array) -> np.ndarray:
        """Return the units of the sample on no list under each draw, sorted by parent;
        lists (B, N, K) -> (B, n).

        Notes
        -----
        Rows move within parents, so that each keeps as many units on no list.
        """
        nearby = self.nearby
        order = np.argsort(nearby.parents, kind="stable")
        order = order[nearby.sample[order]]
        free = ~lists[:, order].any(axis=2)
        places = np.nonzero(free)[1].reshape(len(lists), -1)
        parents = nearby.parents[order][places[0]]
        several = np.bincount(parents)[parents] > 1
        return np.asarray(order[places[:, several]])


class ListFits(NamedTuple):
    """Coefficients of lists under many draws."""

    beta: Array  # (B, K)
    covariance: Array  # (B, K, K) by HC3; NaN where a draw has no fit

    def statistics(self, c: Array) -> Array:
        """Return the t statistics of c'beta, (K,) -> (B,)."""
        variance = np.einsum("k,bkl,l->b", c, self.covariance, c)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.beta @ c / np.sqrt(variance))


def list_fits(y: Array, X: Array, parents: np.ndarray, K: int) -> ListFits:
    """Regress y (B, n) on X (B, n, R) within parents (n,), sorted; the first K
    coefficients with HC3.

    Notes
    -----
    Demeaning by parent is the regression on their dummies (Frisch and Waugh), whose
    leverage is 1 / n_p + x_i' (X'X)^-1 x_i. HC3 (MacKinnon and White 1985): sum_i a_i
    a_i' (u_i / (1 - h_i))^2, a_i = (X'X)^-1 x_i.
    """
    starts = np.flatnonzero(np.diff(parents, prepend=parents[0] - 1))
    counts = np.diff(np.append(starts, len(parents)))
    y = y - np.repeat(np.add.reduceat(y, starts, axis=1) / counts, counts, axis=1)
    means = np.add.reduceat(X, starts, axis=1) / counts[:, None]
    whole = np.sqrt(np.einsum("bnr,bnr->br", X, X))
    X = X - np.repeat(means, counts, axis=1)
    products = np.einsum("bnr,bns->brs", X, X)
    size = np.sqrt(np.einsum("brr->br", products))
    # A regressor that does not vary within parents is rounding.
    varies = (size > RANK_TOLERANCE * whole).all(axis=1)
    scale = np.where(size > 0, size, 1.0)
    alike = products / (scale[:, :, None] * scale[:, None, :])
    defined = varies & (np.linalg.eigvalsh(alike)[:, 0] > RANK_TOLERANCE)
    alike[~defined] = np.eye(X.shape[2])
    bread = np.linalg.inv(alike) / (scale[:, :, None] * scale[:, None, :])
    A = X @ bread
    beta = np.einsum("bnr,bn->br", A, y)
    residuals = y - np.einsum("bnr,br->bn", X, beta)
    gap = 1 - 1 / np.repeat(counts, counts) - np.einsum("bnr,bnr->bn", A, X)
    defined &= gap.min(axis=1) > RANK_TOLERANCE
    changes = (
        A[:, :, :K] * (residuals / np.where(gap > RANK_TOLERANCE, gap, 1.0))[:, :, None]
    )
    covariance = np.einsum("bnk,bnl->bkl", changes, changes)
    covariance[~defined] = np.nan
    return ListFits(beta[:, :K], covariance)


@dataclass(frozen=True, kw_only=True)
class NearbyDesign(Design):
    """One of the two regressions, whose lists may be dealt out again."""

    model: NearbyModel
    dealt: LabelDraws | None

    @cached_property
    def drawn(self) -> tuple[ListFits, ListFits, int]:
        """Fits of the data and under the draws, and how many patterns these have."""
        if self.dealt is None:
            raise NumericsError("no draws of lists")
        lists = self.model.nearby.lists
        distinct = self.dealt.distinct(lists)
        if distinct < FEWEST_DRAWS:
            raise NumericsError(
                f"only {counted(distinct, 'different pattern')} of lists within parents:"
                " nothing to compare the data with"
            )
        data = np.arange(len(lists))[None]
        return self.model.fits(data), self.model.fits(self.dealt.source), distinct

    def permuted(
        self,
        c: np.ndarray,
        level: float,  # noqa: ARG002 - there is no interval
        scheme: str,
    ) -> Tested:
        """Test that no list moves any unit, on it or near it.

        Notes
        -----
        c'beta over its HC3 error; two-sided, the data are one more draw. Draws without
        the regression do not count.
        """
        possible = "stratified" if self.model.nearby.has_parents else "free"
        if scheme != possible:
            raise NumericsError(
                f"no {scheme} permutation of these lists: take a {possible} one"
            )
        of_data, of_draws, distinct = self.drawn
        own = c[: of_data.beta.shape[1]]
        statistic = float(of_data.statistics(own)[0])
        if not np.isfinite(statistic):
            raise NumericsError("one unit determines a coefficient alone (leverage 1)")
        statistics = of_draws.statistics(own)
        defined = int(np.isfinite(statistics).sum())
        if defined < FEWEST_DRAWS:
            raise NumericsError(
                f"the regression exists in {counted(defined, 'draw')} of lists"
            )
        p_value = float(share_as_extreme(statistics, statistic))
        where = "within parents" if self.model.nearby.has_parents else "among all"
        return Tested(
            estimate=float(of_data.beta[0] @ own),
            statistic=statistic,
            p_value=max(p_value, 1 / distinct),
            se_type="none: permutation",
            p_type=f"{defined} permutations of lists {where}, HC3 t",
        )

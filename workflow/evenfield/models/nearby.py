"""Growth of units on lists, and growth of units on no list that lie near units of a list.

Two regressions within parents. For a permutation test the lists are dealt out again among the
units of a parent; who is on a list, who lies near one and who is on none are then found anew.
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
from evenfield.numerics.inference.design import Design, Tested, few_cluster_weights
from evenfield.numerics.label_permutation import (
    FEWEST_DRAWS,
    LabelDraws,
    share_as_extreme,
    stratified_label_draws,
)
from evenfield.numerics.nearby import ListFits, list_fits, within_reach
from evenfield.numerics.ols import fit_ols, r_squared
from evenfield.numerics.spatial import lagged

CELLS_AT_ONCE = 1_000_000  # cells of regressors in memory at once, over draws


@dataclass(frozen=True, kw_only=True)
class Nearby:
    """Units, their lists, who lies near whom, and who is compared within which parent."""

    growth: Array  # (N,) outcome; not read outside the sample
    # (N, H) controls, such as the level at the start; not read outside the sample
    held: Array
    lists: Array  # (N, K) of zeros and ones: which units are on which list
    distance: Array  # (N, N)
    radius: float  # distance up to which another unit is within reach
    sample: np.ndarray  # (N,) of bool: units that are compared
    # (N,) codes from zero of groups with effects of their own; one group for none
    parents: np.ndarray
    share: bool = False  # exposure is the share of the units within reach on a list

    @property
    def has_parents(self) -> bool:
        """Whether there are effects of parents."""
        return bool(self.parents.any())

    @cached_property
    def reach(self) -> csr_array:
        """One where another unit lies within reach, (N, N)."""
        return within_reach(self.distance, self.radius)

    def exposure(self, lists: Array) -> Array:
        """Return 1 where a unit of a list lies within reach, or the share of the units
        within reach that are on it; lists (..., N, K) -> (..., N, K).

        Notes
        -----
        With R_ij one where j lies within reach of i: N_ki = 1[sum_j R_ij L_kj > 0], or
        N_ki = sum_j R_ij L_kj / sum_j R_ij. A unit without another within reach has
        none.
        """
        if self.share:
            return lagged(self._shares_within_reach, lists)
        on_list_within_reach = lagged(self.reach, lists)
        return (on_list_within_reach > 0).astype(float)

    @cached_property
    def _shares_within_reach(self) -> csr_array:
        """Rows of reach that sum to one, or to zero without a unit within it; (N, N)."""
        others = np.asarray(self.reach.sum(axis=1)).ravel()
        divisor = np.maximum(others, 1.0)
        return csr_array(diags_array(1 / divisor) @ self.reach)

    def own_model(self, names: Sequence[str]) -> NearbyModel:
        """Return g_i = a_p + sum_k b_k L_ki + x_i d + e_i over the sample."""
        return NearbyModel.of(self, near=False, names=names)

    def near_model(self, names: Sequence[str]) -> NearbyModel:
        """Return g_i = a_p + sum_k c_k N_ki + x_i d + e_i over units on no list."""
        return NearbyModel.of(self, near=True, names=names)

    def permuted_labels(self, draws: int, rng: np.random.Generator) -> LabelDraws:
        """Deal the rows of lists out again among the units of a parent.

        Notes
        -----
        Units outside the sample keep their lists.
        """
        # ASSUME: a unit that is left out, such as a capital, is on its list for a reason
        # of its own: it neither gives nor takes a row.
        own_stratum = self.parents.max() + 1 + np.arange(len(self.parents))
        strata = np.where(self.sample, self.parents, own_stratum)
        return stratified_label_draws(strata, draws, rng)


@dataclass(frozen=True, kw_only=True)
class NearbyModel:
    """One of the two regressions, its rows sorted by parent."""

    nearby: Nearby
    near: bool  # units on no list by their exposure; otherwise all units by their lists
    names: tuple[str, ...]  # of the first coefficients
    rows: np.ndarray  # (n,) positions of its units among all N
    alone: int  # units that are alone in their parent and carry nothing

    @classmethod
    def of(cls, nearby: Nearby, *, near: bool, names: Sequence[str]) -> NearbyModel:
        """Choose the rows, units that are alone in their parent left out."""
        chosen = nearby.sample.copy()
        if near:
            chosen &= ~nearby.lists.any(axis=1)
        candidates = np.flatnonzero(chosen)
        in_company = _in_company(nearby.parents[candidates])
        if not in_company.any():
            which = "units on no list" if near else "units"
            raise NumericsError(f"no two {which} of one parent")
        rows = candidates[in_company]
        by_parent = np.argsort(nearby.parents[rows], kind="stable")
        return cls(
            nearby=nearby,
            near=near,
            names=tuple(names),
            rows=rows[by_parent],
            alone=int((~in_company).sum()),
        )

    @property
    def y(self) -> Array:
        """Growth, (n,)."""
        return np.asarray(self.nearby.growth[self.rows])

    @property
    def regressors(self) -> Array:
        """Lists, or exposure to them; (n, K)."""
        lists = self.nearby.lists
        of_all_units = self.nearby.exposure(lists) if self.near else lists
        return np.asarray(of_all_units[self.rows])

    @cached_property
    def X(self) -> Array:
        """Lists or exposure, controls, dummies of parents; (n, K + H + P)."""
        held = self.nearby.held[self.rows]
        return np.column_stack([self.regressors, held, self.dummies])

    @property
    def dummies(self) -> Array:
        """One for the parent of a unit, the constant where there is one; (n, P)."""
        parents = self.nearby.parents[self.rows]
        return np.asarray(parents[:, None] == np.unique(parents), dtype=float)

    def weights(self, c: Array) -> Array:
        """Return weights of all coefficients, from those of the coefficients of lists
        and zeros for the others; c (K,) -> (K + H + P,).
        """
        return np.concatenate([c, np.zeros(self.X.shape[1] - len(c))])

    def design(
        self,
        units: np.ndarray,
        clusters: np.ndarray | None = None,
        permuted_labels: LabelDraws | None = None,
        **beside: object,
    ) -> NearbyDesign:
        """Return the least squares fit as a design for inference; names and clusters of
        all units (N,), units by default, ``permuted_labels`` for a permutation test, ``beside``
        further fields of a design.
        """
        fit = fit_ols(self.y, self.X, self.names)
        by = units if clusters is None else clusters
        groups = in_order(by[self.rows])
        return NearbyDesign(
            fit=fit,
            units=in_order(units[self.rows]),
            groups=groups,
            wild_weights=few_cluster_weights(len(groups.names)),
            effective_df=True,
            conley_factor="N/(N-K)",
            model=self,
            permuted_labels=permuted_labels,
            **beside,  # type: ignore[arg-type]
        )

    def means(self) -> Array:
        """Return the means of lists or exposure over the rows, (K,)."""
        return np.asarray(self.regressors.mean(axis=0))

    def fits(self, source: np.ndarray) -> ListFits:
        """Return the coefficients of lists under draws; source (B, N), in row b the unit
        whose lists each unit gets.
        """
        draws, N = source.shape
        cells_of_draw = N * (self.nearby.lists.shape[1] + self.nearby.held.shape[1])
        at_once = max(1, CELLS_AT_ONCE // cells_of_draw)
        parts = [
            self._fits_at_once(source[start : start + at_once])
            for start in range(0, draws, at_once)
        ]
        return ListFits(
            beta=np.concatenate([part.beta for part in parts]),
            covariance=np.concatenate([part.covariance for part in parts]),
        )

    def _fits_at_once(self, source: np.ndarray) -> ListFits:
        """Return the coefficients of lists under as many draws as fit in memory."""
        nearby = self.nearby
        lists = nearby.lists[source]
        if self.near:
            of_all_units = nearby.exposure(lists)
            rows = self._on_no_list(lists)
        else:
            of_all_units = lists
            rows = np.broadcast_to(self.rows, (len(source), len(self.rows)))
        draw = np.arange(len(source))[:, None]
        regressors = of_all_units[draw, rows]
        return list_fits(
            y=nearby.growth[rows],
            X=np.concatenate([regressors, nearby.held[rows]], axis=2),
            # Every draw leaves the rows of a parent as many as the data have.
            parents=nearby.parents[self.rows],
            K=lists.shape[2],
        )

    def _on_no_list(self, lists: Array) -> np.ndarray:
        """Return the rows under each draw: units of the sample on no list, sorted by
        parent, those alone in their parent left out; lists (B, N, K) -> (B, n).

        Notes
        -----
        Lists move within parents, so that every draw has as many units on no list in
        each parent: the rows of all draws fit one array, and parents of one draw are
        those of all.
        """
        nearby = self.nearby
        by_parent = np.argsort(nearby.parents, kind="stable")
        of_sample = by_parent[nearby.sample[by_parent]]
        on_none = ~lists[:, of_sample].any(axis=2)
        places = np.nonzero(on_none)[1].reshape(len(lists), -1)
        candidates = of_sample[places]
        in_company = _in_company(nearby.parents[candidates[0]])
        return np.asarray(candidates[:, in_company])


def _in_company(parents: np.ndarray) -> np.ndarray:
    """Return which units share their parent with another; parents (n,) -> (n,) of bool."""
    return np.asarray(np.bincount(parents, minlength=1)[parents] > 1)


class WholeFit(NamedTuple):
    """What a table of regressions prints of one beneath its coefficients."""

    units: int
    clusters: int  # of errors
    r2: float  # effects of parents included
    r2_within: float  # of what effects of parents leave, NaN without them
    mean: float  # of the outcome, in its unit


@dataclass(frozen=True, kw_only=True)
class NearbyDesign(Design):
    """One of the two regressions, whose lists may be dealt out again."""

    model: NearbyModel
    permuted_labels: LabelDraws | None

    @property
    def whole(self) -> WholeFit:
        """Units, clusters, R2 and the mean of the outcome."""
        model = self.model
        y, u_hat = self.fit.y, self.fit.u_hat
        within = np.nan
        if model.nearby.has_parents:
            by_parent = y @ model.dummies / model.dummies.sum(axis=0)
            within = r_squared(y - model.dummies @ by_parent, u_hat)
        return WholeFit(
            units=len(y),
            clusters=len(self.clusters.names),
            r2=r_squared(y - y.mean(), u_hat),
            r2_within=within,
            mean=float(y.mean()),
        )

    @cached_property
    def drawn(self) -> tuple[ListFits, ListFits, int]:
        """Fits of the data and of the draws, and how many different patterns of lists
        the draws have.
        """
        if self.permuted_labels is None:
            raise NumericsError("no draws of lists")
        lists = self.model.nearby.lists
        distinct = self.permuted_labels.distinct(lists)
        if distinct < FEWEST_DRAWS:
            raise NumericsError(
                f"only {counted(distinct, 'different pattern')} of lists within parents:"
                " nothing to compare the data with"
            )
        # In the data each unit has its own lists.
        source_of_data = np.arange(len(lists))[None]
        of_data = self.model.fits(source_of_data)
        of_draws = self.model.fits(self.permuted_labels.source)
        return of_data, of_draws, distinct

    def permuted(
        self,
        c: np.ndarray,
        level: float,  # noqa: ARG002 - there is no interval
        scheme: str,
    ) -> Tested:
        """Test that no list moves any unit, on it or near it.

        Notes
        -----
        The statistic is c'beta over its HC3 error; two-sided, the data count as one more
        draw. Draws in which the regression is not defined do not count. A p-value is
        never below one over the number of different patterns.
        """
        possible = "stratified" if self.model.nearby.has_parents else "free"
        if scheme != possible:
            raise NumericsError(
                f"no {scheme} permutation of these lists: take a {possible} one"
            )
        of_data, of_draws, distinct = self.drawn
        of_lists = c[: of_data.beta.shape[1]]
        statistic = float(of_data.statistics(of_lists)[0])
        if not np.isfinite(statistic):
            raise NumericsError("one unit determines a coefficient alone (leverage 1)")
        statistics = of_draws.statistics(of_lists)
        defined = int(np.isfinite(statistics).sum())
        if defined < FEWEST_DRAWS:
            raise NumericsError(
                f"the regression exists in {counted(defined, 'draw')} of lists"
            )
        p_value = float(share_as_extreme(statistics, statistic))
        where = "within parents" if self.model.nearby.has_parents else "among all"
        return Tested(
            estimate=float(of_data.beta[0] @ of_lists),
            statistic=statistic,
            p_value=max(p_value, 1 / distinct),
            se_type="none: permutation",
            p_type=f"{defined} permutations of lists {where}, HC3 t",
        )

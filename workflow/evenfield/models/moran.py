"""Moran's I and Geary's C of maps, the local Moran of every unit, Moran's I of two
variables and links between marked units, by permutation.
"""

from typing import NamedTuple

import numpy as np

from evenfield.models.rows import NAN, Row, rows_of, undefined
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.map_pairs import JoinCounts, bivariate_moran_test, join_counts
from evenfield.numerics.moran import (
    bases,
    cliff_ord_moments,
    moved_maps,
    pairs_of,
    projected,
)
from evenfield.numerics.permutations import TIE, two_sided_p
from evenfield.numerics.spatial import Weights, multiplier, sparse
from evenfield.numerics.spatial_statistics import local_p_values, map_statistics

NOTHING = np.empty(0)


class MapTests(NamedTuple):
    """One statistic of T maps beside its permutations; arrays are (T,)."""

    term: str  # moran or geary
    statistic: Array = NOTHING
    mean: Array = NOTHING  # over permutations, not under normal errors
    std_error: Array = NOTHING
    p_value: Array = NOTHING  # two-sided
    p_joint: Array = NOTHING  # adjusted for looking at all maps
    largest: Array = NOTHING  # (draws,) largest |z| over the maps
    reason: str = ""  # why there is no test

    def rows(self) -> list[Row]:
        """Return a row for each map; permutations give no interval around it."""
        if self.reason:
            return undefined([self.term], self.reason)
        return rows_of(
            self.term,
            "permutation",
            estimate=self.statistic,
            std_error=self.std_error,
            statistic=(self.statistic - self.mean) / self.std_error,
            df=np.inf,
            p_value=self.p_value,
            p_adjusted=self.p_joint,
            se_type="permutation",
            law=f"{len(self.largest)} permutations",
        )

    def series(self, level: float) -> dict[str, Array]:
        """Return values and p-values with the band that chance leaves over all maps at
        once.
        """
        reach = np.quantile(self.largest, level, method="higher") * self.std_error
        return {
            "value": self.statistic,
            "expected": self.mean,
            "band_low": self.mean - reach,
            "band_high": self.mean + reach,
            "p_value": self.p_value,
            "p_adjusted": self.p_joint,
        }


def association(
    values: Array,
    W: Weights,
    rng: np.random.Generator,
    draws: int,
    X: Array | None = None,
) -> tuple[MapTests, MapTests]:
    """Test Moran's I and Geary's C of maps, or of their residuals from regressors, by
    moving whole units; values (N, T), W (N, N), X (N, K) or (T, N, K) with its constant.

    Notes
    -----
    One permutation of the units serves all maps, which keeps the dependence between
    them; the adjusted p-value is Westfall and Young's (1993) single step on |z|.
    Permuted residuals are regressed on X again (Freedman and Lane 1983).
    """
    pairs = pairs_of(W)
    try:
        basis = bases(np.ones((len(values), 1)) if X is None else X)
        e = projected(values, basis)
        if pairs.total <= 0:
            raise NumericsError("the spatial weights hold no link")
        if ((e**2).sum(axis=0) <= TIE**2 * (values**2).sum(axis=0)).any():
            raise NumericsError("the values of a map are constant")
        moved = moved_maps(e, None if X is None else basis, rng, draws)
        drawn = [map_statistics(maps, pairs) for maps in moved]
        moran, geary = map_statistics(e, pairs)
        moran_draws, geary_draws = map(np.concatenate, zip(*drawn, strict=True))
        return _tests("moran", moran, moran_draws), _tests("geary", geary, geary_draws)
    except NumericsError as error:
        reason = str(error)
        return MapTests("moran", reason=reason), MapTests("geary", reason=reason)


def _tests(term: str, observed: Array, drawn: Array) -> MapTests:
    """Compare statistics of maps with their permutations; (T,), (draws, T)."""
    mean = drawn.mean(axis=0)
    standard_deviation = drawn.std(axis=0, ddof=1)
    if not (standard_deviation > TIE).all():
        raise NumericsError("moving the units over the map changes nothing")
    # Westfall and Young: each map against the largest statistic of all maps.
    largest = np.abs((drawn - mean) / standard_deviation).max(axis=1)
    z = np.abs((observed - mean) / standard_deviation)
    larger = (largest[:, None] >= z - TIE).sum(axis=0)
    return MapTests(
        term=term,
        statistic=observed,
        mean=mean,
        std_error=standard_deviation,
        p_value=two_sided_p(drawn, observed),
        p_joint=(1 + larger) / (1 + len(drawn)),
        largest=largest,
    )


class NormalMoments(NamedTuple):
    """Moran's I without dependence under independent normal errors; arrays are (T,)."""

    mean: Array
    std_error: Array


def normal_moments(W: Weights, X: Array) -> NormalMoments:
    """Return the moments of Moran's I of what regressors leave on each map; W (N, N), X
    (T, N, K) with its constant.
    """
    W = multiplier(W)
    mean, variance = np.array([cliff_ord_moments(W, of_map) for of_map in X]).T
    std_error = np.sqrt(variance, out=np.full_like(mean, NAN), where=variance > 0)
    return NormalMoments(mean=mean, std_error=std_error)


class Pair(NamedTuple):
    """Moran's I of a variable against another one of the neighbours."""

    test: Tested
    mean: float = NAN  # over permutations of the other variable


def bivariate_association(
    x: Array, y: Array, W: Weights, rng: np.random.Generator, draws: int
) -> Pair:
    """Test whether a variable goes with another one of the neighbours, whose values are
    permuted; x, y (N,), W (N, N).

    Notes
    -----
    I_xy = x'W y / sqrt(x'x y'y), both less their means (Wartenberg 1985).
    """
    try:
        test = bivariate_moran_test(x, y, W, rng, draws)
    except NumericsError as error:
        return Pair(Tested(estimate=NAN, reason=str(error)))
    tested = Tested(
        estimate=test.statistic,
        std_error=test.std_error,
        statistic=(test.statistic - test.mean) / test.std_error,
        df=np.inf,
        p_value=test.p_value,
        se_type="permutation",
        law=f"{draws} permutations",
    )
    return Pair(tested, test.mean)


class MarkedLinks(NamedTuple):
    """Links between marked units, against as many marks on any units."""

    counts: JoinCounts

    def rows(self) -> list[Row]:
        """Return the links of two marked units, of one and of none; the first tested
        against more links than chance gives.
        """
        counts = self.counts
        every = "all " if counts.exact else ""
        both = Tested(
            estimate=counts.both,
            df=np.inf,
            p_value=counts.p_value,
            law=f"{every}{counts.subsets} placements, one-sided",
        )
        return [
            Row("both", both, "permutation"),
            Row("one", Tested(estimate=counts.one)),
            Row("neither", Tested(estimate=counts.neither)),
        ]


def marked_links(
    marks: Array, W: Weights, rng: np.random.Generator, draws: int
) -> MarkedLinks:
    """Count links between marked units; marks (N,) of zeros and ones, W (N, N).

    Raises
    ------
    NumericsError
        If the marks are other numbers, or on no unit or all.

    Notes
    -----
    BB = sum of w_ij x_i x_j over pairs: links whose two ends are both marked (Cliff and
    Ord 1981).
    """
    return MarkedLinks(join_counts(marks, W, rng, draws))


class LocalTests(NamedTuple):
    """The local Moran of N units on T maps; arrays are (N, T)."""

    statistic: Array = NOTHING
    p_value: Array = NOTHING  # two-sided, the unit's own value held
    q_value: Array = NOTHING  # adjusted for the number of units of a map
    quadrant: np.ndarray = NOTHING  # HH, LH, LL or HL; empty without a neighbour
    reason: str = ""  # why there is no test

    def rows(self, rate: float) -> list[Row]:
        """Return for each map how many units differ from chance, at a false discovery
        rate over its units.
        """
        if self.reason:
            return undefined(["local"], self.reason)
        counts = (self.q_value <= rate).sum(axis=0)
        return rows_of("local", estimate=counts.astype(float))


def map_scatter(x: Array, y: Array, W: Weights) -> Array:
    """Return a variable and the average of another over the neighbours, both in standard
    deviations from the mean; x, y (N,), W (N, N) -> (N, 2).
    """
    z_x, z_y = ((values - values.mean()) / values.std() for values in (x, y))
    return np.column_stack([z_x, multiplier(W) @ z_y])


def local_association(
    values: Array, W: Weights, rng: np.random.Generator, draws: int
) -> LocalTests:
    """Test the local Moran of every unit on every map, its own value held and the others
    moved; values (N, T), W (N, N).

    Notes
    -----
    Anselin (1995); false discovery rate over the units of a map as in de Castro and
    Singer (2006).
    """
    from scipy.stats import false_discovery_control

    z = values - values.mean(axis=0)
    squares = (z**2).sum(axis=0)
    if len(z) < 3 or (squares <= TIE**2 * (values**2).sum(axis=0)).any():
        return LocalTests(reason="a local Moran needs three units and values that vary")
    lag = multiplier(W) @ z
    p_value = local_p_values(z, W, lag, rng, draws)
    high = np.where(lag > 0, "HH", "HL")
    low = np.where(lag > 0, "LH", "LL")
    quadrant = np.where(z > 0, high, low).astype(object)
    quadrant[np.diff(sparse(W).indptr) == 0] = ""
    return LocalTests(
        # I_i = z_i sum_j w_ij z_j / (z'z / N), with N - 1 as esda has it.
        statistic=(len(z) - 1) * z * lag / squares,
        p_value=p_value,
        q_value=false_discovery_control(p_value, axis=0),
        quadrant=quadrant,
    )

"""Sigma convergence: how far apart incomes are, whether dispersion fell between two dates,
and its trend and breaks over all of them.
"""

from typing import NamedTuple

import numpy as np

from evenfield.models.rows import NAN, DesignOf, Row, undefined
from evenfield.numerics.arrays import Array
from evenfield.numerics.dispersion import carree_klomp, leave_one_out_sigma, sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Design, Tested
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.rolling.segments import (
    BreakFit,
    dates_in_share,
    least_squares_breaks,
)
from evenfield.numerics.rolling.weak_sigma import WeakSigmaTest, weak_sigma_test

# Level and trend would fit a shorter segment nearly exactly.
FEWEST_SEGMENT = 5


class Dispersion(NamedTuple):
    """How far apart N units are at T dates; each array is (T,)."""

    sigma: Array  # standard deviation of log income, N - 1 in the denominator
    sigma_low: Array  # the lowest without one unit, NaN for fewer than three units
    unit_low: np.ndarray  # the unit without which it is lowest
    sigma_high: Array
    unit_high: np.ndarray
    sigma_population_weighted: Array  # NaN without people
    cv: Array  # standard deviation of income over its mean
    p90_p10: Array  # ratio of percentiles of income
    iqr: Array  # distance between the quartiles of log income


def dispersion(y: Array, units: np.ndarray, people: Array | None = None) -> Dispersion:
    """Describe log incomes by date; y (N, T), ids of the units (N,), people (N, T)."""
    weighted = np.full(y.shape[1], NAN)
    if people is not None:
        # About the weighted mean, without correction for degrees of freedom.
        squares = (y - np.average(y, axis=0, weights=people)) ** 2
        weighted = np.sqrt(np.average(squares, axis=0, weights=people))
    # With few units one of them can carry the path: the extremes name which.
    without = leave_one_out_sigma(y)
    names = np.where(np.isfinite(without[:, 0]), units, "").astype(object)
    income = np.exp(y)
    p10, p90 = np.percentile(income, [10, 90], axis=0)
    lower, upper = np.percentile(y, [25, 75], axis=0)
    return Dispersion(
        sigma=sigma(y),
        sigma_low=without.min(axis=0),
        unit_low=names[without.argmin(axis=0)],
        sigma_high=without.max(axis=0),
        unit_high=names[without.argmax(axis=0)],
        sigma_population_weighted=weighted,
        cv=sigma(income) / income.mean(axis=0),
        p90_p10=p90 / p10,
        iqr=upper - lower,
    )


class Fall(NamedTuple):
    """Whether dispersion fell between two dates."""

    sigma_start: float
    sigma_end: float
    reason: str = ""  # why there is no test
    regression: Design | None = None  # of the change on the sum of both ends
    methods: tuple[str, ...] = ()
    t2: Tested = Tested(estimate=NAN)
    t3: Tested = Tested(estimate=NAN)

    def rows(self, level: float) -> list[Row]:
        """Return both deviations, the slope by every method, T2 and T3."""
        # N - 1 in the denominator is zero for one unit.
        few = "" if np.isfinite(self.sigma_start) else "fewer than two units"
        rows = [
            Row("sigma_start", Tested(estimate=self.sigma_start, reason=few)),
            Row("sigma_end", Tested(estimate=self.sigma_end, reason=few)),
        ]
        if self.regression is None:
            return rows + undefined(["slope", "t2", "t3"], self.reason)
        slope = np.eye(2)[1]
        for method in self.methods:
            test = infer(method, self.regression, slope, level)
            rows.append(Row("slope", test, method))
        return [*rows, Row("t2", self.t2), Row("t3", self.t3)]


def fall(
    start: Array, end: Array, design_of: DesignOf, methods: tuple[str, ...]
) -> Fall:
    """Compare the dispersion of log incomes at two dates, by methods of the registry of
    inferences; start, end (N,), units in one order.

    Notes
    -----
    The slope of y_0 - y_T on y_0 + y_T is positive where dispersion fell (Pitman 1939;
    Morgan 1939). T2 and T3 are Carree and Klomp's (1997).
    """
    deviations = float(sigma(start)), float(sigma(end))
    try:
        variances = carree_klomp(start, end)
        # cov(y_0 - y_T, y_0 + y_T) = s_0^2 - s_T^2: equal variances are a slope of
        # zero, however the ends are correlated.
        total = np.column_stack([np.ones(len(start)), start + end])
        regression = fit_ols(start - end, total)
    except NumericsError as error:
        return Fall(*deviations, reason=str(error))
    likelihood_ratio = Tested(
        estimate=variances.t2,
        statistic=variances.t2,
        df=1,
        p_value=variances.t2_p,
        p_type="chi-squared(1)",
    )
    return Fall(
        *deviations,
        regression=design_of(regression),
        methods=methods,
        t2=likelihood_ratio,
        t3=Tested(estimate=variances.t3),
    )


def variance_trend(
    y: Array, step: float, rng: np.random.Generator, draws: int
) -> WeakSigmaTest:
    """Test whether the variance of log incomes falls more than a persistent panel of
    constant variance would make it; y (N, T), dates ``step`` years apart, slope and
    error a year.

    Notes
    -----
    A trend test of persistent dispersion rejects far too often, so that its law is drawn
    under persistence (Kong, Phillips and Sul 2019 call it weak sigma).
    """
    test = weak_sigma_test(y, rng, draws)
    return test._replace(slope=test.slope / step, std_error=test.std_error / step)


class DispersionBreaks(NamedTuple):
    """Level and trend of sigma in segments, as description."""

    best: BreakFit  # the number of breaks that a criterion takes
    fits: list[BreakFit]  # from none on
    path: Array  # (T,) sigma
    segments: list[tuple[int, int]]  # positions of the first and last date of each
    lines: list[tuple[float, float]]  # fitted sigma at both


def dispersion_breaks(
    y: Array, years: Array, most: int, trim: float
) -> DispersionBreaks:
    """Date breaks in level and trend of sigma by least squares; log incomes y (N, T),
    years (T,), at most so many breaks and at least a share ``trim`` of the dates in a
    segment.

    Notes
    -----
    All divisions into segments are searched (Bai and Perron 2003). Their number is that
    of Liu, Wu and Zidek's (1997) criterion: BIC finds breaks in any persistent path.
    """
    path = sigma(y)
    if not np.isfinite(path).all():
        raise NumericsError("sigma needs two units")
    shortest = max(FEWEST_SEGMENT, dates_in_share(trim, len(path)))
    trend = np.column_stack([np.ones(len(years)), years - years[0]])
    fits = least_squares_breaks(path, trend, most, shortest)
    best = min(fits, key=lambda fit: fit.lwz)
    firsts = [0, *(last + 1 for last in best.last)]
    lasts = [*best.last, len(path) - 1]
    segments = list(zip(firsts, lasts, strict=True))
    lines = []
    for first, last in segments:
        inside = slice(first, last + 1)
        line = np.polynomial.Polynomial.fit(years[inside], path[inside], 1)
        lines.append((float(line(years[first])), float(line(years[last]))))
    return DispersionBreaks(best, fits, path, segments, lines)

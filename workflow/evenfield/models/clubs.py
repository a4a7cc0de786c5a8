"""Log t test and convergence clubs of Phillips and Sul, from log incomes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from evenfield.models.rows import NAN, Row, undefined
from evenfield.models.trends import boosted_hp_trend, hamilton_trend, hp_trend
from evenfield.numerics import clubs as division
from evenfield.numerics import logt
from evenfield.numerics.arrays import Array
from evenfield.numerics.association import AssociationTest, association_test
from evenfield.numerics.clubs import Club, Clubs, SieveRule
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested

# Dispersion below this is rounding: nothing is left to converge.
ALIKE = 1e-20
NO_UNITS = np.empty((0, 0))
NO_PERIODS = np.empty(0, dtype=int)
NO_CLUBS = Clubs((), ())


def yearly_penalty(smoothing: float, years: float) -> float:
    """Return the Hodrick-Prescott penalty for dates ``years`` apart, from the yearly one."""
    # ASSUME: with one observation every few years the penalty falls with the fourth
    # power of the step (Ravn and Uhlig 2002), so that the trend keeps the same waves.
    return float(smoothing / years**4)


def relative_paths(x: Array) -> Array:
    """Return the relative transition path of each unit, (N, T)."""
    return logt.relative_transition(x)


class Rules(NamedTuple):
    """How incomes become trends, are tested, and units are sorted into clubs."""

    filter: str = "hp"  # of log incomes; boosted_hp, hamilton or none
    penalty: float = 400.0  # of the Hodrick-Prescott filter
    years: float = 1.0  # from one date to the next
    logs: bool = False  # whether trends are compared in logs
    discard: float = 1 / 3  # share of first periods that the regression leaves out
    variance: str = "fqsb"  # of the long run; or aqsb
    sort_share: float = 0.0  # of the last periods, whose mean sorts units; 0 for one
    sieve_step: float = 0.1  # by which c* is raised while a club fails its own test
    sieve_cap: float = 50.0  # largest c*
    merge: str = "phillips_sul"  # von_lyncker_thoennessen or none
    divergent: str = "leave"  # or adopt

    def trend(self, y: Array) -> Array:
        """Return the trend of log incomes; y (N, T); Hamilton's starts later."""
        match self.filter:
            case "hp":
                return hp_trend(y, self.penalty)
            case "boosted_hp":
                return boosted_hp_trend(y, self.penalty)
            case "hamilton":
                # Two years ahead, counted in observations, and at least one of them.
                return hamilton_trend(y, max(1, round(2 / self.years)))
        return y

    def compared(self, y: Array) -> Array:
        """Return what is compared across units: trends in levels, or in logs."""
        trend = self.trend(y)
        # ASSUME: levels of relative income; the trend is taken of logs first and the
        # exponential after, so that a change of the currency unit multiplies every path
        # by one number and cancels. Less the mean, exp stays in range.
        return trend if self.logs else np.exp(trend - trend.mean())


class LogT(NamedTuple):
    """The log t regression of one group of units."""

    discarded: int  # first periods that it leaves out
    periods: np.ndarray = NO_PERIODS  # of the regression, the first of the window is 1
    dispersion: Array = NO_PERIODS  # (T,) of relative transition
    b: float = NAN
    std_error: float = NAN
    t: float = NAN
    variance: str = ""
    reason: str = ""  # why there is none

    @property
    def converges(self) -> bool:
        """Whether convergence is not rejected."""
        return self.t > logt.CRITICAL_VALUE

    def rows(self, level: float) -> list[Row]:
        """Return the slope with its one-sided test."""
        if self.reason:
            return undefined(["logt"], self.reason)
        return [_row("logt", self, self.variance, level)]


def _row(term: str, test: LogT | Club, variance: str, level: float) -> Row:
    """Return a slope with its normal interval and its one-sided test."""
    half = ndtri(0.5 + level / 2) * test.std_error
    normal = Tested(
        estimate=test.b,
        std_error=test.std_error,
        statistic=test.t,
        df=np.inf,
        # Convergence is the null and a low t speaks against it: p is the lower tail.
        p_value=float(ndtr(test.t)),
        conf_low=test.b - half,
        conf_high=test.b + half,
        se_type=f"long-run variance {variance.upper()}",
        p_type=(
            "normal, one-sided: convergence is rejected where t <"
            f" {logt.CRITICAL_VALUE}"
        ),
        law="normal, one-sided",
    )
    return Row(term, normal, "long-run variance")


def log_t(x: Array, rules: Rules, more: int = 0) -> LogT:
    """Test whether units converge, leaving out so many periods ``more`` than the rules
    say; trends that are compared, x (N, T).

    Notes
    -----
    log(H_1/H_t) - 2 log(log t) = a + b log t + u over the last periods, where H_t is
    the mean of (h_it - 1)^2 and h_it a trend over the mean of all trends; convergence
    is rejected where t_b < -1.65 (Phillips and Sul 2007).
    """
    T = x.shape[1]
    discarded = logt.discarded_periods(T, rules.discard) + more
    try:
        periods = logt.regression_periods(T, discarded)
        H = logt.transition_variance(x)
        # log H needs dispersion in the first period and in those of the regression.
        if not (H[[0, *(periods - 1)]] > ALIKE).all():
            raise NumericsError(
                "all units are alike in some period, nothing is left to converge"
            )
        fit = logt.fit_logt(H, periods, rules.variance)
    except NumericsError as error:
        return LogT(discarded, reason=str(error))
    return LogT(
        discarded=discarded,
        periods=periods,
        dispersion=H,
        b=fit.b.item(),
        std_error=fit.std_error.item(),
        t=fit.t.item(),
        variance=rules.variance,
    )


class Clustering(NamedTuple):
    """Units sorted into convergence clubs."""

    x: Array = NO_UNITS  # (N, T) trends that were compared
    periods: np.ndarray = NO_PERIODS  # of the regression
    found: Clubs = NO_CLUBS  # before merging
    merged: Clubs = NO_CLUBS
    variance: str = ""
    reason: str = ""  # why there are none

    @property
    def labels(self) -> np.ndarray:
        """Club of each unit after merging, 0 for none; (N,)."""
        return self.merged.labels(len(self.x))

    @property
    def paths(self) -> Array:
        """Relative transition path of each unit, (N, T)."""
        return relative_paths(self.x)

    @property
    def dispersion(self) -> Array:
        """Dispersion of relative transition, (T,)."""
        return logt.transition_variance(self.x)

    def rows(self, level: float, clubs: Sequence[Club]) -> list[Row]:
        """Return each club's own test."""
        return [_row("club", club, self.variance, level) for club in clubs]


def association(
    clubs: np.ndarray, groups: np.ndarray, rng: np.random.Generator, draws: int
) -> AssociationTest:
    """Test whether clubs and groups of the same units are independent; labels of clubs
    (N,), zero for units of none, which are a group of their own, and codes of groups (N,).
    """
    codes = np.unique(clubs, return_inverse=True)[1]
    return association_test(codes, groups, rng, draws)


def cluster(y: Array, rules: Rules) -> Clustering:
    """Sort units into clubs; log incomes y (N, T).

    Notes
    -----
    Phillips and Sul (2007, 2009); von Lyncker and Thoennessen (2017).
    """
    try:
        return clustered(rules.compared(y), rules)
    except NumericsError as error:
        return Clustering(reason=str(error))


def clustered(x: Array, rules: Rules, left_out: int | None = None) -> Clustering:
    """Sort units into clubs; trends that are compared, x (N, T). ``left_out`` is the
    position, among the periods of the regression, of one that it leaves out.
    """
    T = x.shape[1]
    try:
        periods = logt.regression_periods(T, logt.discarded_periods(T, rules.discard))
        # The year leaves the regression alone: the filter before it has seen all years.
        if left_out is not None:
            periods = np.delete(periods, left_out)
        # Phillips and Sul (2007), section 4: sort by last incomes; from the first two
        # neighbours that converge on, take as core the first units with the largest t;
        # add others whose t with the core is above c*; start again with the rest.
        found = division.find_clubs(
            x,
            periods,
            variance=rules.variance,
            sort_share=rules.sort_share,
            sieve=SieveRule(0.0, rules.sieve_step, rules.sieve_cap),
        )
        # The sieve tends to find too many clubs, so neighbours that pass the test
        # together are merged.
        tests = division.group_tests(x, periods, rules.variance)
        merged = division.merge_clubs(tests, found, rules.merge)
        if rules.divergent == "adopt":
            merged = division.adopt_divergent(tests, merged)
    except NumericsError as error:
        return Clustering(reason=str(error))
    return Clustering(x, periods, found, merged, rules.variance)

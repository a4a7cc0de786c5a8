"""Beta convergence: growth on initial income, the speed that the slope implies, and the
speed as a parameter of its own.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from evenfield.models.rows import DesignOf, Row, tested, undefined
from evenfield.models.speeds import NO_LIFE, NO_SPEED, SPEED_ENDS, half_life_row
from evenfield.numerics.arrays import Array, is_constant
from evenfield.numerics.convergence import (
    SpeedFit,
    fit_speed,
    speed_bounds,
    speed_from_slope,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Design, Tested
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.ols import OlsFit, cov_hc3, fit_ols, t_inference, t_quantile
from evenfield.numerics.rolling.speeds import SpeedContrasts, speed_contrasts
from evenfield.numerics.rolling.windows import fit_windows
from evenfield.study.errors import first_examples

# A constant and a slope leave a degree of freedom from three units on.
FEWEST_UNITS = 3
NO_MINIMUM = "1 + bT is not positive, the sum of squares has no minimum"
NOTHING = np.empty((0, 0))
TERMS = ("slope", "speed", "half_life", "speed_nls", "r2")


class Speeds(NamedTuple):
    """The speed of convergence behind a growth regression, as a share a year."""

    years: float
    direct: SpeedFit  # the speed as a parameter, by nonlinear least squares

    def rows(self, slope: Tested, level: float) -> list[Row]:
        """Return the speed that a slope implies, its half-life and the speed by
        nonlinear least squares.
        """
        # lambda = -ln(1 + bT)/T falls in b: the ends of the slope's interval change
        # places. The test is that of the slope, since lambda = 0 where b = 0.
        speed = speed_from_slope(slope.estimate, self.years)
        bounds = speed_bounds(slope.conf_low, slope.conf_high, self.years)
        # 1 + bT <= 0 says that incomes overshoot within the period: no speed gives that.
        absent = "" if np.isfinite(speed) else NO_SPEED
        # ln 2 / lambda: at a speed of zero or less no gap ever halves.
        no_life = NO_LIFE if speed <= 0 else ""
        transformed = "interval of the slope, transformed"
        implied = Tested(
            estimate=speed,
            statistic=slope.statistic,
            df=slope.df,
            p_value=slope.p_value,
            conf_low=bounds.low,
            conf_high=bounds.high,
            se_type=transformed,
            p_type=f"{slope.p_type} of the slope, two-sided",
        )
        ends = (absent, SPEED_ENDS.get(bounds.note, ""))
        return [
            Row("speed", implied, notes=ends),
            half_life_row(speed, bounds, slope.df, transformed, absent, no_life),
            self._direct(level),
        ]

    def _direct(self, level: float) -> Row:
        speed = self.direct
        # The slope of least squares then has 1 + bT <= 0, which no lambda gives.
        if not np.isfinite(speed.lam):
            return undefined(["speed_nls"], NO_MINIMUM)[0]
        test = t_inference(speed.lam, speed.std_error, speed.df, level)
        none = f"no convergence after {speed.steps} steps"
        direct = tested(test, "HC3 of the Jacobian", "t, two-sided")
        return Row("speed_nls", direct, notes=("" if speed.converged else none,))


def speeds(fit: OlsFit, years: float) -> Speeds:
    """Return the speeds behind a regression of mean yearly growth over so many years on
    a constant, initial income and controls, in this order.

    Notes
    -----
    (1/T)(y_T - y_0) = a - (1 - exp(-lambda T))/T y_0 + z'd + u (Barro and Sala-i-Martin
    1992), where b = -(1 - exp(-lambda T))/T is the slope of least squares.
    """
    _, start, *controls = fit.X.T
    Z = np.column_stack(controls) if controls else None
    return Speeds(years, fit_speed(fit.y, start, years, Z))


class Growth(NamedTuple):
    """A regression of growth on a constant, initial income and controls."""

    regression: Design | None = None
    covariance: Array = NOTHING  # (K, K) of the coefficients, HC3
    speeds: Speeds | None = None
    methods: tuple[str, ...] = ()
    reason: str = ""  # why there is none

    @property
    def fit(self) -> OlsFit:
        """The fit, where there is one."""
        if self.regression is None:
            raise NumericsError(self.reason)
        return self.regression.fit

    @property
    def converged(self) -> bool:
        """Whether the speed by nonlinear least squares was found."""
        return self.speeds is not None and self.speeds.direct.converged

    def rows(self, level: float) -> list[Row]:
        """Return the slope by every method, speeds and half-life of the first, and R2."""
        if self.regression is None or self.speeds is None:
            return undefined(TERMS, self.reason)
        fit = self.fit
        slope = np.eye(len(fit.beta))[1]
        rows = []
        for method in self.methods:
            test = infer(method, self.regression, slope, level)
            rows.append(Row("slope", test, method))
        rows += self.speeds.rows(rows[0].test, level)
        gap = fit.y - fit.y.mean()
        r2 = 1 - float(fit.u_hat @ fit.u_hat) / float(gap @ gap)
        return [*rows, Row("r2", Tested(estimate=r2))]

    def line(self, grid: Array, level: float) -> tuple[Array, Array, Array]:
        """Return growth at initial incomes (G,) without controls, and the ends of its
        interval: of the mean at each income, point by point, not of a new unit.
        """
        X = np.column_stack([np.ones(len(grid)), grid])
        mean = X @ self.fit.beta
        # var(x'b) = x'V x
        variance = np.einsum("gj,jk,gk->g", X, self.covariance, X)
        half = t_quantile(0.5 + level / 2, self.fit.df) * np.sqrt(variance)
        return mean, mean - half, mean + half


def growth_regression(
    growth: Array,
    start: Array,
    controls: Mapping[str, Array],
    years: float,
    design_of: DesignOf,
    methods: tuple[str, ...],
) -> Growth:
    """Regress mean yearly growth over so many years on initial log income and controls,
    by methods of the registry of inferences; growth, start and each control (N,).

    Notes
    -----
    (1/T)(y_T - y_0) = a + b y_0 + z'd + u; lambda = -ln(1 + bT)/T (Barro and
    Sala-i-Martin 1992).
    """
    regressors = {"start": start, **controls}
    try:
        _check_variation(growth, regressors)
        X = np.column_stack([np.ones(len(growth)), *regressors.values()])
        fit = fit_ols(growth, X)
        covariance = cov_hc3(fit)
        return Growth(design_of(fit), covariance, speeds(fit, years), methods)
    except NumericsError as error:
        return Growth(reason=str(error))


def _check_variation(growth: Array, regressors: Mapping[str, Array]) -> None:
    if len(growth) < FEWEST_UNITS:
        raise NumericsError(
            f"{len(growth)} units, a regression needs at least {FEWEST_UNITS}"
        )
    same = [name for name, values in regressors.items() if is_constant(values)]
    if same:
        raise NumericsError(f"{first_examples(same)} is the same in every unit")
    # Then b = 0 exactly, with a standard error of rounding alone.
    if is_constant(growth):
        raise NumericsError("growth is the same in every unit")


def speed_changes(
    growth: Array,
    start: Array,
    years: Array,
    rng: np.random.Generator,
    draws: int,
    level: float,
) -> SpeedContrasts:
    """Compare the speed of the first of several spans with those of the others; growth a
    year and initial log income (N, S), years (S,).

    Raises
    ------
    NumericsError
        If a span has no speed, or there are too few units.

    Notes
    -----
    All spans share their units: Cov(b_s, b_q) = sum_i psi_is psi_iq, where psi_is is how
    far slope s moves without unit i; p by a wild bootstrap that draws whole units.
    """
    return speed_contrasts(fit_windows(growth, start), years, rng, draws, level)

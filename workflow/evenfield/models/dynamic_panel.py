"""Dynamic panels without regressors: every estimator of the autoregressive root, with
its interval, what warns of it, and the speed of convergence that it implies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from evenfield.models.anderson_hsiao import anderson_hsiao_root
from evenfield.models.rows import NAN, Row, tested, undefined
from evenfield.models.speeds import NO_LIFE, SPEED_ENDS, half_life_row
from evenfield.numerics.arrays import Array
from evenfield.numerics.convergence import UNDEFINED, Bounds, half_life, speed_bounds
from evenfield.numerics.dynamic_panel.bias_corrected import (
    CorrectedFit,
    RootInterval,
    Variance,
    bias_corrected_root,
    bootstrap_t_interval,
    score_interval,
)
from evenfield.numerics.dynamic_panel.regime_scores import regime_intervals
from evenfield.numerics.dynamic_panel.within import (
    WARNING,
    RootFit,
    checked_levels,
    half_panel_root,
    residual_check,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.ols import t_inference
from evenfield.numerics.power import mde_multiplier

HEADLINE = "bc_fe"
# Those that rest on the score of fixed effects, adjusted by its expectation.
CORRECTED = (HEADLINE, "bc_fe_bootstrap_t", "bc_fe_sandwich", "bc_fe_constant")
# ASSUME: shocks count as serially correlated when their autocorrelation, net of what
# demeaning does, exceeds 0.2.
SERIAL = 0.2
NO_ROOT = (
    "no_root: the adjusted score has no root above fixed effects, the value is where it"
    " comes closest to zero"
)
NO_SPEED = "speed not defined: the root is not positive"
CLUSTERED = "clustered by unit, N/(N-1)"
T_TEST = "t(N - 1) of rho = 1, two-sided"
BY_SCORE = "score test inverted on a grid, t(N - 1)"
BY_DRAWS = "bootstrap-t, draws of units"
TRANSFORMED = "interval of the root, transformed"
TERMS = ("root", "speed", "half_life")


class Speed(NamedTuple):
    """The speed of convergence a year that a root over so many years implies."""

    value: float
    std_error: float

    @property
    def half_life(self) -> float:
        """Years in which half of a gap closes."""
        return half_life(self.value)


def speed_of(rho: float, std_error: float, years: float) -> Speed:
    """Return -ln(rho) over the years of a transition, with its error by the delta method;
    no number for a root of zero or less.
    """
    if not rho > 0:
        return Speed(NAN, NAN)
    # d lambda / d rho = -1/(rho D) turns the error of the root into that of the speed.
    return Speed(float(-np.log(rho) / years), std_error / (rho * years))


class Root(NamedTuple):
    """One estimator's root, tested against one; an infinite end of the interval means
    unbounded.
    """

    test: Tested
    notes: tuple[str, ...] = ()  # what warns of it
    converged: bool = True  # false for a score without a root

    @property
    def rho(self) -> float:
        """The root between two dates."""
        return self.test.estimate

    @property
    def reason(self) -> str:
        """Why there is none."""
        return self.test.reason

    def speed(self, years: float) -> Speed:
        """Return the speed a year for a transition of so many years."""
        return speed_of(self.rho, self.test.std_error, years)

    def bounds(self, years: float) -> Bounds:
        """Return the interval of the speed for a transition of so many years."""
        ends = np.array([self.test.conf_low, self.test.conf_high])
        # An infinite end is unbounded and passes; blank ends say that there is no
        # interval.
        if np.isnan(ends).any():
            return Bounds(NAN, NAN, UNDEFINED)
        # With rho = 1 + b D the interval is that of the slope b.
        low, high = (ends - 1) / years
        return speed_bounds(low, high, years)

    def rows(self, years: float, level: float, power: float) -> list[Row]:
        """Return the root, its speed a year and the half-life, for a transition of so
        many years, with the speed that is detected with a given power.
        """
        test = self.test
        if test.reason:
            return undefined(TERMS, test.reason)
        open_end = "interval reaches the end of the roots looked at"
        unbounded = np.isinf([test.conf_low, test.conf_high]).any()
        # lambda = -ln(rho)/D
        speed = self.speed(years)
        bounds = self.bounds(years)
        detected = speed.std_error > 0
        of_speed = replace(
            test,
            estimate=speed.value,
            std_error=NAN,
            conf_low=bounds.low,
            conf_high=bounds.high,
            mde=(
                mde_multiplier(test.df, power, level) * speed.std_error
                if detected
                else NAN
            ),
            se_type="; ".join(filter(None, [test.se_type, TRANSFORMED])),
        )
        said = (
            "" if np.isfinite(speed.value) else NO_SPEED,
            SPEED_ENDS.get(bounds.note, ""),
            "speed unbounded below" if np.isneginf(bounds.low) else "",
        )
        no_life = "" if speed.value > 0 else NO_LIFE
        notes = (*self.notes, no_life)
        return [
            Row("root", test, notes=(*self.notes, open_end if unbounded else "")),
            Row("speed", of_speed, notes=(*self.notes, *said)),
            half_life_row(speed.value, bounds, test.df, TRANSFORMED, *notes),
        ]


def without(reason: object) -> Root:
    """Return a root that there is not, and why."""
    return Root(Tested(estimate=NAN, reason=str(reason)), converged=False)


def least_squares(levels: Array, unit_effects: bool) -> tuple[float, float]:
    """Fit y_it = rho y_i,t-1 [+ mu_i] + tau_t + e_it; levels (N, T + 1) -> root,
    standard error clustered by unit.
    """
    from linearmodels.panel import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectError

    # Unit effects take all variation of a single transition: they need two.
    n = len(checked_levels(levels, 3 if unit_effects else 2))
    # One variable of T dates (rows) and N units (columns).
    y = levels[:, 1:].T[None]
    lag = levels[:, :-1].T[None]
    model = PanelOLS(y, lag, entity_effects=unit_effects, time_effects=True)
    # ASSUME: clustered errors carry N/(N-1) alone: effects and regressors are not
    # counted against the observations.
    plain = dict.fromkeys(
        ("debiased", "auto_df", "count_effects", "group_debias"), False
    )
    try:
        fit = model.fit(cov_type="clustered", cluster_entity=True, **plain)
    except AbsorbingEffectError:
        raise NumericsError("the lag does not vary beyond its effects") from None
    std_error = fit.std_errors.iloc[0] * np.sqrt(n / (n - 1))
    return float(fit.params.iloc[0]), float(std_error)


def _least_squares_root(levels: Array, unit_effects: bool) -> RootFit:
    """Return the root of least squares, pooled or with unit effects; levels (N, T + 1)."""
    rho, std_error = least_squares(levels, unit_effects)
    n, dates = levels.shape
    return RootFit(
        rho=rho, std_error=std_error, df=n - 1, n_units=n, n_periods=dates - 1
    )


# Estimators with one error for each root, by name: levels (N, T + 1) -> a fit. The last
# two lie above and below the root, and are what it is held against.
FITS: dict[str, Callable[[Array], Any]] = {
    "bias_corrected": bias_corrected_root,
    "bias_corrected_constant": partial(bias_corrected_root, variance=Variance.CONSTANT),
    "half_panel_jackknife": half_panel_root,
    "anderson_hsiao": anderson_hsiao_root,
    "pooled": partial(_least_squares_root, unit_effects=False),
    "fixed_effects": partial(_least_squares_root, unit_effects=True),
}
# Intervals of the bias-corrected root: by its error; of the roots at which the adjusted
# score does not differ from zero; of whole units that are drawn again.
INTERVALS = ("clustered", "score", "bootstrap")


def lies_between(fixed_effects: float, corrected: float, pooled: float) -> float:
    """Return one if a corrected root lies between those of fixed effects and of pooled
    least squares, else zero.
    """
    # The bias of pooled least squares is upwards, that of fixed effects downwards.
    return float(fixed_effects <= corrected <= pooled)


def against_one(
    rho: float,
    std_error: float,
    n_units: int,
    level: float,
    *notes: str,
    se_type: str = CLUSTERED,
) -> Root:
    """Return a root tested against one by t(N - 1)."""
    # The null of no convergence is rho = 1, so rho - 1 is what is tested.
    test = t_inference(rho - 1, std_error, n_units - 1, level)
    of_gap = tested(test, se_type, T_TEST)
    low, high = 1 + of_gap.conf_low, 1 + of_gap.conf_high
    return Root(replace(of_gap, estimate=rho, conf_low=low, conf_high=high), notes)


def tested_root(
    levels: Array,
    fit: Any,
    interval: str,
    level: float,
    rng: np.random.Generator,
    draws: int,
) -> tuple[Root, float]:
    """Return a fit of ``FITS`` tested against one, and the share of draws of units
    without a root, NaN without draws; levels (N, T + 1), interval of ``INTERVALS``.
    """
    if interval == "score":
        found = score_interval(levels, level, fit.variance)
        return _interval(fit, found, BY_SCORE), NAN
    if interval == "bootstrap":
        drawn = bootstrap_t_interval(levels, rng, draws, level, fit.variance)
        return _interval(fit, drawn, BY_DRAWS), drawn.no_root_share
    return against_one(fit.rho, fit.std_error, len(levels), level), NAN


@dataclass(frozen=True)
class Window:
    """The levels of one window and the level of its intervals."""

    levels: Array  # (N, T + 1) on the main dates
    level: float

    def root(
        self, rho: float, std_error: float, *notes: str, se_type: str = CLUSTERED
    ) -> Root:
        """Return a root of these units tested against one by t(N - 1)."""
        n_units = len(self.levels)
        return against_one(rho, std_error, n_units, self.level, *notes, se_type=se_type)

    def pooled(self) -> Root:
        """Least squares with year effects alone."""
        # Units that differ in their steady states look persistent: rho is too large.
        fit = least_squares(self.levels, False)
        units = f"the {len(self.levels)} units differ in their steady states"
        return self.root(*fit, f"lower bound of the speed: {units}")

    def fixed_effects(self) -> Root:
        """Least squares with unit and year effects."""
        # Demeaning makes the lag and the error dependent: rho is too small by about
        # (1 + rho)/T (Nickell 1981).
        fit = least_squares(self.levels, True)
        return self.root(*fit, "upper bound of the speed: Nickell bias")

    def jackknife(self) -> Root:
        """Correct fixed effects by what both halves of the window say of their bias."""
        # 2 rho - (rho_first + rho_second)/2 over both halves (Dhaene and Jochmans
        # 2015).
        fit = half_panel_root(self.levels)
        words = "leave-one-unit-out jackknife"
        return self.root(fit.rho, fit.std_error, WARNING, se_type=words)

    def anderson_hsiao(self) -> Root:
        """Instrumental variables in differences."""
        # Differences, instrumented by the level two dates before (1981).
        fit = anderson_hsiao_root(self.levels)
        return self.root(fit.rho, fit.std_error, "imprecise near a unit root")


def modified_roots(
    levels: Array,
    modifiers: Mapping[str, Array],
    rng: np.random.Generator,
    draws: int,
    level: float,
) -> tuple[list[Row], Array]:
    """Return how a root depends on numbers of units: ``rho`` where all are zero, what one
    more of each adds to it (``rho_x_NAME``), and differences of each two, by bootstrap-t
    over units; and the same of least squares, uncorrected, (M,). Levels (N, T + 1), each
    modifier (N,).

    Notes
    -----
    y_it = (z_i'theta) y_i,t-1 + mu_i + z_i'tau_t + e_it with z_i one and the modifiers;
    one adjusted score for each (Bun and Carree 2005).
    """
    slopes = {
        f"rho_x_{name}": c
        for name, c in zip(modifiers, np.eye(1 + len(modifiers))[1:], strict=True)
    }
    asked = {"rho": np.eye(1 + len(modifiers))[0], **slopes}
    for (one, c), (other, d) in combinations(slopes.items(), 2):
        asked[f"{one} - {other}"] = c - d
    Z = np.column_stack([np.ones(len(levels)), *modifiers.values()])
    C = np.array([*asked.values()])
    found = regime_intervals(levels, Z, C, rng, draws, level)
    rows = []
    for term, interval in zip(asked, found, strict=True):
        test = Tested(
            estimate=interval.estimate,
            std_error=interval.std_error,
            p_value=interval.p_value,
            conf_low=interval.low,
            conf_high=interval.high,
            law=f"bootstrap-t, {draws} draws",
        )
        rows.append(Row(term, test, "bootstrap of units"))
    return rows, np.array([interval.fixed_effects for interval in found])


def shocks(levels: Array, rho: float) -> dict[str, float]:
    """Return what residuals show of the shocks: their slope on their lag, the same net
    of what unit means do to it, and their deviation in both halves; levels (N, T + 1).
    """
    check = residual_check(levels, rho)
    return {
        "AR(1)": check.autocorrelation,
        "AR(1), net of unit means": check.net_autocorrelation,
        "deviation, first half": check.sd_first,
        "deviation, second half": check.sd_second,
    }


class Roots(NamedTuple):
    """The roots of a window by estimator, and numbers that describe the headline."""

    by_name: dict[str, Root]
    described: dict[str, float]


def roots(
    grids: Sequence[Array], draws: int, rng: np.random.Generator, level: float
) -> Roots:
    """Run every estimator on the levels (N, T + 1) of the main dates, which stand first,
    and the headline on the other dates of the same spacing.

    Notes
    -----
    y_it = rho y_i,t-1 + mu_i + tau_t + e_it: pooled, with fixed effects, by the
    half-panel jackknife, by Anderson and Hsiao (1981), and bias-corrected with shock
    variances that are free by year (Breitung, Kripfganz and Hayakawa 2022).
    """
    window = Window(grids[0], level)
    estimators = {
        "pooled": window.pooled,
        "fe": window.fixed_effects,
        "half_panel_jackknife": window.jackknife,
        "anderson_hsiao": window.anderson_hsiao,
    }
    by_name = {}
    for name, estimator in estimators.items():
        try:
            by_name[name] = estimator()
        except NumericsError as error:
            by_name[name] = without(error)
    described: dict[str, float] = {}
    try:
        corrected, described = _corrected(window, draws, rng)
        by_name |= corrected
        described |= _other_dates(grids[1:])
    except NumericsError as error:
        # Estimators without the adjusted score keep their roots; others get the reason.
        by_name = dict.fromkeys(CORRECTED, without(error)) | by_name
    return Roots(by_name, described)


def _corrected(
    window: Window, draws: int, rng: np.random.Generator
) -> tuple[dict[str, Root], dict[str, float]]:
    """Return the headline, its other intervals and the constant-variance form; the
    headline's diagnostics.
    """
    levels = window.levels
    fit = bias_corrected_root(levels)
    constant = bias_corrected_root(levels, Variance.CONSTANT)
    # Inverting the score test needs no root and holds its level at rho = 1.
    grid = score_interval(levels, window.level)
    drawn = bootstrap_t_interval(levels, rng, draws, window.level)
    check = residual_check(levels, fit.rho)
    # Demeaning alone leaves an AR(1) of -1/(T - 1) on average; the rest is the shocks'.
    net = check.net_autocorrelation
    serial = (
        f"serial: residual AR(1) net of demeaning {net:.2f}, autocorrelated shocks bias"
        " the correction"
    )
    flags = (NO_ROOT if fit.no_root else "", serial if abs(net) > SERIAL else "")
    lost = f"{100 * drawn.no_root_share:.1f}% of draws without a root"
    by_name = {
        HEADLINE: _interval(fit, grid, BY_SCORE, *flags),
        "bc_fe_bootstrap_t": _interval(fit, drawn, BY_DRAWS, lost, *flags),
        "bc_fe_sandwich": _sandwich(window, fit, *flags),
        "bc_fe_constant": _sandwich(
            window, constant, NO_ROOT if constant.no_root else ""
        ),
    }
    described = {
        "residual_ar1": check.autocorrelation,
        "residual_ar1_net": net,
        "residual_sd_first_half": 100 * check.sd_first,
        "residual_sd_second_half": 100 * check.sd_second,
        "no_root_share": drawn.no_root_share,
    }
    return by_name, described


def _interval(
    fit: CorrectedFit, interval: RootInterval, se_type: str, *notes: str
) -> Root:
    draws = f", {interval.draws} draws" if interval.draws else ""
    test = Tested(
        estimate=fit.rho,
        std_error=fit.std_error,
        statistic=(fit.rho - 1) / fit.std_error if fit.std_error > 0 else NAN,
        df=fit.df,
        p_value=interval.p_value,
        conf_low=interval.low,
        conf_high=interval.high,
        se_type=se_type,
        p_type=f"{se_type}, rho = 1, two-sided{draws}",
    )
    return Root(test, notes, converged=not fit.no_root)


def _sandwich(window: Window, fit: CorrectedFit, *notes: str) -> Root:
    if not fit.no_root:
        se_type = f"sandwich of the score, {CLUSTERED}"
        return window.root(fit.rho, fit.std_error, *notes, se_type=se_type)
    # Without a root of the score its slope says nothing about the error.
    return Root(Tested(estimate=fit.rho, df=fit.df), notes, converged=False)


def _other_dates(grids: Sequence[Array]) -> dict[str, float]:
    """Return the lowest and highest headline root over the other dates; empty where
    there are none.
    """
    if not grids:
        return {}
    lowest, highest = other_roots(grids)
    return {"lowest_other_root": lowest, "highest_other_root": highest}


def other_roots(grids: Sequence[Array]) -> tuple[float, float]:
    """Return the lowest and the highest bias-corrected root over several sets of dates,
    levels (N, T + 1) each; NaN where none has a root with a speed.
    """
    positive = []
    for levels in grids:
        try:
            rho = bias_corrected_root(levels).rho
        except NumericsError:
            continue
        # A root of zero or less has no speed -ln(rho)/D.
        if rho > 0:
            positive.append(rho)
    return min(positive, default=NAN), max(positive, default=NAN)

"""Every estimator of the autoregressive root on one window, with its interval and its
flags.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from evenfield.numerics.arrays import Array
from evenfield.numerics.dynamic_panel.anderson_hsiao import anderson_hsiao_root
from evenfield.numerics.dynamic_panel.bias_corrected import (
    CorrectedFit,
    RootInterval,
    Variance,
    bias_corrected_root,
    bootstrap_t_interval,
    score_interval,
)
from evenfield.numerics.dynamic_panel.gmm import GmmFit, dynamic_gmm
from evenfield.numerics.dynamic_panel.instruments import Equations, GmmSpec
from evenfield.numerics.dynamic_panel.within import (
    WARNING,
    checked_levels,
    half_panel_root,
    residual_check,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference
from evenfield.shared.samples import joined

HEADLINE = "bc_fe"
# Effects that each estimator removes, in the order of the table.
EFFECTS = {
    "pooled": "year",
    **dict.fromkeys(
        ("fe", HEADLINE, "bc_fe_bootstrap_t", "bc_fe_sandwich", "bc_fe_constant"),
        "unit and year",
    ),
    "half_panel_jackknife": "unit and year",
    "anderson_hsiao": "year, differences",
    "gmm_difference": "year, differences",
    "gmm_system": "year, differences and levels",
}
# ASSUME: shocks count as serially correlated when their autocorrelation, net of what
# demeaning does, exceeds 0.2.
SERIAL = 0.2
NO_ROOT = (
    "no_root: the adjusted score has no root above fixed effects, the value is where it"
    " comes closest to zero"
)
CLUSTERED = "clustered by unit, N/(N-1)"
T_TEST = "t(N - 1) of rho = 1, two-sided"


class Root(NamedTuple):
    """One estimator's root with its inference; an infinite end of the interval means
    unbounded.
    """

    rho: float
    std_error: float
    df: float
    low: float
    high: float
    p_value: float  # of rho = 1
    se_type: str
    p_type: str
    warning: str
    converged: bool = True  # false for a score without a root


def least_squares(levels: Array, unit_effects: bool) -> tuple[float, float]:
    """Fit y_it = rho y_i,t-1 [+ mu_i] + tau_t + e_it; levels (N, T + 1) -> root,
    standard error clustered by unit.
    """
    from linearmodels.panel import PanelOLS
    from linearmodels.panel.utility import AbsorbingEffectError

    # Unit effects take all variation of a single transition: they need two.
    n, dates = checked_levels(levels, 3 if unit_effects else 2).shape
    index = pd.MultiIndex.from_product(
        [range(n), range(dates - 1)], names=["unit", "date"]
    )
    level = pd.Series(levels[:, 1:].ravel(), index)
    lag = pd.DataFrame({"lag": levels[:, :-1].ravel()}, index)
    model = PanelOLS(level, lag, entity_effects=unit_effects, time_effects=True)
    # ASSUME: clustered errors carry N/(N-1) alone: effects and regressors are not
    # counted against the observations.
    plain = dict.fromkeys(
        ("debiased", "auto_df", "count_effects", "group_debias"), False
    )
    try:
        fit = model.fit(cov_type="clustered", cluster_entity=True, **plain)
    except AbsorbingEffectError:
        raise NumericsError("the lag does not vary beyond its effects") from None
    std_error = fit.std_errors["lag"] * np.sqrt(n / (n - 1))
    return float(fit.params["lag"]), float(std_error)


@dataclass(frozen=True)
class Window:
    """The levels of one window and how their roots are tested."""

    levels: Array  # (N, T + 1) on the main dates
    last_lag: int  # of the levels that instrument differences in GMM
    level: float  # of the intervals
    gmm: dict[str, GmmFit] = field(default_factory=dict)  # fits by estimator

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.levels)

    def root(
        self, rho: float, std_error: float, warning: str, se_type: str = CLUSTERED
    ) -> Root:
        """Return a root tested against one by t(N - 1)."""
        # The null of no convergence is rho = 1, so rho - 1 is what is tested.
        test = t_inference(rho - 1, std_error, self.n - 1, self.level)
        return Root(
            rho=rho,
            std_error=std_error,
            df=self.n - 1,
            low=1 + test.conf_low,
            high=1 + test.conf_high,
            p_value=test.p_value,
            se_type=se_type,
            p_type=T_TEST,
            warning=warning,
        )

    def pooled(self) -> Root:
        """Least squares with year effects alone."""
        # Units that differ in their steady states look persistent: rho is too large.
        fit = least_squares(self.levels, False)
        units = f"the {self.n} units differ in their steady states"
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
        return self.root(
            fit.rho, fit.std_error, WARNING, "leave-one-unit-out jackknife"
        )

    def anderson_hsiao(self) -> Root:
        """Instrumental variables in differences."""
        # Differences, instrumented by the level two dates before (1981).
        fit = anderson_hsiao_root(self.levels)
        return self.root(fit.rho, fit.std_error, "imprecise near a unit root")

    def by_gmm(self, equations: Equations) -> Root:
        """Arellano and Bond (1991), or with levels Blundell and Bond (1998)."""
        # ASSUME: year means are removed before GMM, so that year dummies use up no
        # instruments.
        demeaned = self.levels - self.levels.mean(axis=0)
        fit = dynamic_gmm(
            demeaned,
            GmmSpec(
                1,
                # First and last lag of the level that instruments a difference.
                2,
                self.last_lag,
                equations,
            ),
        )
        self.gmm[f"gmm_{equations.value}"] = fit
        size = f"{fit.n_instruments} instruments, {fit.n_units} units"
        # Too many instruments fit the lag itself and weaken Hansen's test (Roodman
        # 2009).
        many = fit.n_instruments >= fit.n_units
        note = joined(
            f"context, never the headline: {size}",
            "instruments not below units" if many else "",
            "mean stationarity fails in a convergence setting"
            if fit.level_rows
            else "",
        )
        # Two-step errors ignore that the weights are estimated; Windmeijer (2005).
        se_type = "two-step, Windmeijer, clustered by unit"
        return self.root(float(fit.beta[0]), float(fit.std_errors[0]), note, se_type)


def roots(
    grids: Sequence[Array],
    draws: int,
    last_lag: int,
    rng: np.random.Generator,
    level: float,
) -> tuple[dict[str, Root | NumericsError], dict[str, float], dict[str, GmmFit]]:
    """Run every estimator: roots, or why there is none; diagnostics of the headline;
    GMM fits, all by name.

    ``grids`` are the levels (N, T + 1) on the main dates first, then on the other dates
    of the same spacing.
    """
    window = Window(grids[0], last_lag, level)
    estimators = {
        "pooled": window.pooled,
        "fe": window.fixed_effects,
        "half_panel_jackknife": window.jackknife,
        "anderson_hsiao": window.anderson_hsiao,
    }
    for equations in Equations:
        estimators[f"gmm_{equations.value}"] = partial(window.by_gmm, equations)
    by_name = dict[str, Root | NumericsError]()
    for name, estimator in estimators.items():
        try:
            by_name[name] = estimator()
        except NumericsError as error:
            by_name[name] = error
    described: dict[str, float] = {}
    try:
        corrected, described = _corrected(window, draws, rng)
        by_name |= corrected
        described |= _other_dates(grids[1:])
    except NumericsError as error:
        # Estimators without the adjusted score keep their roots; others get the reason.
        for name in EFFECTS:
            by_name.setdefault(name, error)
    return {name: by_name[name] for name in EFFECTS}, described, window.gmm


def _corrected(
    window: Window, draws: int, rng: np.random.Generator
) -> tuple[dict[str, Root], dict[str, float]]:
    """Return the headline, its other intervals and the constant-variance form; the
    headline's diagnostics.
    """
    levels = window.levels
    # The root of the score of fixed effects, adjusted by its expectation under shock
    # variances that are free by year (Breitung, Kripfganz and Hayakawa 2022).
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
    flags = joined(NO_ROOT if fit.no_root else "", serial if abs(net) > SERIAL else "")
    without = f"{100 * drawn.no_root_share:.1f}% of draws without a root"
    by_grid = "score test inverted on a grid, t(N - 1)"
    by_draws = "bootstrap-t, draws of units"
    by_name = {
        HEADLINE: _interval(fit, grid, by_grid, flags),
        "bc_fe_bootstrap_t": _interval(fit, drawn, by_draws, joined(without, flags)),
        "bc_fe_sandwich": _sandwich(window, fit, flags),
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
    fit: CorrectedFit, interval: RootInterval, se_type: str, flags: str
) -> Root:
    draws = f", {interval.draws} draws" if interval.draws else ""
    return Root(
        rho=fit.rho,
        std_error=fit.std_error,
        df=fit.df,
        low=interval.low,
        high=interval.high,
        p_value=interval.p_value,
        se_type=se_type,
        p_type=f"{se_type}, rho = 1, two-sided{draws}",
        warning=flags,
        converged=not fit.no_root,
    )


def _sandwich(window: Window, fit: CorrectedFit, flags: str) -> Root:
    if not fit.no_root:
        se_type = f"sandwich of the score, {CLUSTERED}"
        return window.root(fit.rho, fit.std_error, flags, se_type)
    # Without a root of the score its slope says nothing about the error.
    return Root(
        rho=fit.rho,
        std_error=np.nan,
        df=fit.df,
        low=np.nan,
        high=np.nan,
        p_value=np.nan,
        se_type="",
        p_type="",
        warning=flags,
        converged=False,
    )


def _other_dates(grids: Sequence[Array]) -> dict[str, float]:
    """Return the lowest and highest headline root over the other dates; empty where
    there are none.
    """
    if not grids:
        return {}
    positive = []
    for levels in grids:
        try:
            rho = bias_corrected_root(levels).rho
        except NumericsError:
            continue
        # A root of zero or less has no speed -ln(rho)/D.
        if rho > 0:
            positive.append(rho)
    return {
        "lowest_other_root": min(positive, default=np.nan),
        "highest_other_root": max(positive, default=np.nan),
    }

"""Every estimator of the autoregressive root on one window, with its interval and its
flags.
"""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS
from linearmodels.panel.utility import AbsorbingEffectError

from evenfield.numerics.dynamic_panel.bias_corrected import (
    CorrectedFit,
    RootInterval,
    Variance,
    bias_corrected_root,
    bootstrap_t_interval,
    score_interval,
)
from evenfield.numerics.dynamic_panel.gmm import (
    Equations,
    GmmFit,
    GmmSpec,
    anderson_hsiao_root,
    dynamic_gmm,
)
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


def least_squares(levels: np.ndarray, unit_effects: bool) -> tuple[float, float]:
    """Fit y_it = rho y_i,t-1 [+ mu_i] + tau_t + e_it; levels (N, T + 1) -> root,
    standard error clustered by unit.
    """
    n, dates = checked_levels(levels, 3 if unit_effects else 2).shape
    index = pd.MultiIndex.from_product(
        [range(n), range(dates - 1)], names=["unit", "date"]
    )
    data = pd.DataFrame(
        {"level": levels[:, 1:].ravel(), "lag": levels[:, :-1].ravel()}, index=index
    )
    model = PanelOLS(
        data["level"], data[["lag"]], entity_effects=unit_effects, time_effects=True
    )
    # ASSUME: clustered errors carry N/(N-1) alone: effects and regressors are not
    # counted against the observations.
    plain = dict.fromkeys(
        ("debiased", "auto_df", "count_effects", "group_debias"), False
    )
    try:
        fit = model.fit(cov_type="clustered", cluster_entity=True, **plain)
    except AbsorbingEffectError:
        raise NumericsError("the lag does not vary beyond its effects") from None
    return float(fit.params["lag"]), float(fit.std_errors["lag"] * np.sqrt(n / (n - 1)))


def roots(
    grids: Sequence[np.ndarray],
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
    levels = grids[0]
    root_by_estimator = dict[str, Root | NumericsError]()
    gmm = dict[str, GmmFit]()
    n = len(levels)

    def plain(
        rho: float, std_error: float, warning: str, se_type: str = CLUSTERED
    ) -> Root:
        test = t_inference(rho - 1, std_error, n - 1, level)
        return Root(
            rho,
            std_error,
            n - 1,
            1 + test.conf_low,
            1 + test.conf_high,
            test.p_value,
            se_type,
            T_TEST,
            warning,
        )

    def pooled() -> Root:
        return plain(
            *least_squares(levels, False),
            f"lower bound of the speed: the {n} units differ in their steady states",
        )

    def fixed_effects() -> Root:
        return plain(
            *least_squares(levels, True), "upper bound of the speed: Nickell bias"
        )

    def jackknife() -> Root:
        fit = half_panel_root(levels)
        return plain(fit.rho, fit.std_error, WARNING, "leave-one-unit-out jackknife")

    def anderson_hsiao() -> Root:
        fit = anderson_hsiao_root(levels)
        return plain(fit.rho, fit.std_error, "imprecise near a unit root")

    def by_gmm(equations: Equations) -> Root:
        # ASSUME: year means are removed before GMM, so that year dummies use up no
        # instruments.
        fit = dynamic_gmm(
            levels - levels.mean(axis=0), GmmSpec(1, 2, last_lag, equations)
        )
        gmm[f"gmm_{equations.value}"] = fit
        note = joined(
            f"context, never the headline: {fit.n_instruments} instruments,"
            f" {fit.n_units} units",
            "instruments not below units" if fit.n_instruments >= fit.n_units else "",
            (
                "mean stationarity fails in a convergence setting"
                if fit.level_rows
                else ""
            ),
        )
        return plain(
            float(fit.beta[0]),
            float(fit.std_errors[0]),
            note,
            "two-step, Windmeijer, clustered by unit",
        )

    makers = {
        "pooled": pooled,
        "fe": fixed_effects,
        "half_panel_jackknife": jackknife,
        "anderson_hsiao": anderson_hsiao,
    }
    makers |= {
        f"gmm_{equations.value}": partial(by_gmm, equations) for equations in Equations
    }
    for name, make in makers.items():
        try:
            root_by_estimator[name] = make()
        except NumericsError as error:
            root_by_estimator[name] = error
    try:
        corrected, described = _corrected(levels, draws, rng, level)
    except NumericsError as error:
        corrected = dict.fromkeys(
            [name for name in EFFECTS if name not in root_by_estimator], error
        )
        described = {}
    else:
        described |= _other_dates(grids[1:])
    return (
        {name: (root_by_estimator | corrected)[name] for name in EFFECTS},
        described,
        gmm,
    )


def _corrected(
    levels: np.ndarray, draws: int, rng: np.random.Generator, level: float
) -> tuple[dict[str, Root | NumericsError], dict[str, float]]:
    """Return the headline, its other intervals and the constant-variance form; the
    headline's diagnostics.
    """
    fit = bias_corrected_root(levels)
    constant = bias_corrected_root(levels, Variance.CONSTANT)
    grid = score_interval(levels, level)
    drawn = bootstrap_t_interval(levels, rng, draws, level)
    check = residual_check(levels, fit.rho)
    net = check.net_autocorrelation
    serial = (
        f"serial: residual AR(1) net of demeaning {net:.2f}, autocorrelated shocks bias"
        " the correction"
    )
    flags = joined(NO_ROOT if fit.no_root else "", serial if abs(net) > SERIAL else "")
    lost = f"{100 * drawn.no_root_share:.1f}% of draws without a root"
    root_by_estimator: dict[str, Root | NumericsError] = {
        HEADLINE: _interval(
            fit, grid, "score test inverted on a grid, t(N - 1)", flags
        ),
        "bc_fe_bootstrap_t": _interval(
            fit, drawn, "bootstrap-t, draws of units", joined(lost, flags)
        ),
        "bc_fe_sandwich": _sandwich(fit, level, flags),
        "bc_fe_constant": _sandwich(
            constant, level, NO_ROOT if constant.no_root else ""
        ),
    }
    described = {
        "residual_ar1": check.autocorrelation,
        "residual_ar1_net": net,
        "residual_sd_first_half": 100 * check.sd_first,
        "residual_sd_second_half": 100 * check.sd_second,
    }
    return root_by_estimator, described | {"no_root_share": drawn.no_root_share}


def _interval(
    fit: CorrectedFit, interval: RootInterval, se_type: str, flags: str
) -> Root:
    p_type = (
        f"{se_type}, rho = 1,"
        f" two-sided{f', {interval.draws} draws' if interval.draws else ''}"
    )
    numbers = (
        fit.rho,
        fit.std_error,
        fit.df,
        interval.low,
        interval.high,
        interval.p_value,
    )
    return Root(*numbers, se_type, p_type, flags, not fit.no_root)


def _sandwich(fit: CorrectedFit, level: float, flags: str) -> Root:
    if fit.no_root:
        return Root(
            fit.rho, np.nan, fit.df, np.nan, np.nan, np.nan, "", "", flags, False
        )
    test = t_inference(fit.rho - 1, fit.std_error, fit.df, level)
    numbers = (
        fit.rho,
        fit.std_error,
        fit.df,
        1 + test.conf_low,
        1 + test.conf_high,
        test.p_value,
    )
    return Root(*numbers, f"sandwich of the score, {CLUSTERED}", T_TEST, flags)


def _other_dates(grids: Sequence[np.ndarray]) -> dict[str, float]:
    """Return the lowest and highest headline root over the other dates; empty where
    there are none.
    """
    other_dates = []
    for levels in grids:
        try:
            other_dates.append(bias_corrected_root(levels).rho)
        except NumericsError:
            continue
    known = [rho for rho in other_dates if rho > 0]
    ends = (min(known), max(known)) if known else (np.nan, np.nan)
    return (
        dict(zip(("lowest_other_root", "highest_other_root"), ends, strict=True))
        if len(grids)
        else {}
    )

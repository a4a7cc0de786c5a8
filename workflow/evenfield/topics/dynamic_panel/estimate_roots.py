"""Every estimator of the autoregressive root on one window, with its interval and its flags."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from evenfield.numerics.dynamic_panel.bias_corrected import (
    CorrectedFit,
    RootInterval,
    Variance,
    bias_corrected_root,
    bootstrap_t_interval,
    score_interval,
)
from evenfield.numerics.dynamic_panel.gmm import Equations, GmmFit, GmmSpec, anderson_hsiao_root, dynamic_gmm
from evenfield.numerics.dynamic_panel.within import (
    WARNING,
    RootFit,
    fixed_effects_root,
    half_panel_root,
    pooled_root,
    residual_check,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference
from evenfield.numerics.random import generator_for
from evenfield.topics.dynamic_panel.estimate_data import Window
from evenfield.topics.dynamic_panel.estimate_spec import DynamicSettings

HEADLINE = "bc_fe"
# ASSUME: shocks count as serially correlated when their autocorrelation, net of what demeaning does, exceeds 0.2.
SERIAL = 0.2
NO_ROOT = "no_root: the adjusted score has no root above fixed effects, the value is where it comes closest to zero"
CLUSTERED = "clustered by unit, N/(N-1)"
T_TEST = "t(N - 1) of rho = 1, two-sided"
ORDER = (
    "pooled", "fe", HEADLINE, "bc_fe_bootstrap_t", "bc_fe_sandwich", "bc_fe_constant", "half_panel_jackknife",
    "anderson_hsiao", "gmm_difference", "gmm_system",
)  # fmt: skip
EFFECTS = {"pooled": "year", "anderson_hsiao": "year, differences", "gmm_difference": "year, differences",
           "gmm_system": "year, differences and levels"}  # fmt: skip


@dataclass(frozen=True)
class RootRow:
    """One estimator's root with inference, ready to become rows."""

    estimator: str  # its name
    rho: float  # root, standard error, interval (an infinite end means unbounded) and p-value of rho = 1
    std_error: float
    df: float
    low: float
    high: float
    p_value: float
    se_type: str  # conventions and flags
    p_type: str
    warning: str = ""
    converged: bool = True  # false for a score without a root


@dataclass(frozen=True)
class WindowFit:
    """All estimators on one window."""

    rows: dict[str, RootRow | str]  # by estimator; a text says why it is not defined
    described: dict[str, tuple[float, str]] = field(default_factory=dict)  # diagnostics of the headline with their unit
    gmm: dict[str, GmmFit] = field(default_factory=dict)  # by estimator


def fit_window(window: Window, settings: DynamicSettings) -> WindowFit:
    """Run every estimator on one window."""
    levels, level = window.levels, settings.level
    rows: dict[str, RootRow | str] = {}
    _put(rows, "pooled", lambda: _plain("pooled", pooled_root(levels), level, _lower_bound(levels)))
    _put(rows, "fe", lambda: _plain("fe", fixed_effects_root(levels), level, "upper bound of the speed: Nickell bias"))
    described = _corrected(rows, window, settings)
    _put(rows, "half_panel_jackknife", lambda: _plain("half_panel_jackknife", half_panel_root(levels), level, WARNING,
                                                      "leave-one-unit-out jackknife"))  # fmt: skip
    _put(rows, "anderson_hsiao", lambda: _plain("anderson_hsiao", anderson_hsiao_root(levels), level,
                                                "imprecise near a unit root"))  # fmt: skip
    gmm = _gmm(rows, window, level)
    return WindowFit({name: rows[name] for name in ORDER}, described, gmm)


def _put(rows: dict[str, RootRow | str], name: str, make: Callable[[], RootRow]) -> None:
    try:
        rows[name] = make()
    except NumericsError as error:
        rows[name] = f"not defined: {error}"


def _lower_bound(levels: np.ndarray) -> str:
    return f"lower bound of the speed: the {len(levels)} units differ in their steady states"


def _plain(name: str, fit: RootFit, level: float, warning: str, se_type: str = CLUSTERED) -> RootRow:
    test = t_inference(fit.rho - 1, fit.std_error, fit.df, level)
    return RootRow(name, fit.rho, fit.std_error, fit.df, 1 + test.conf_low, 1 + test.conf_high, test.p_value,
                   se_type, T_TEST, warning)  # fmt: skip


def _corrected(
    rows: dict[str, RootRow | str], window: Window, settings: DynamicSettings
) -> dict[str, tuple[float, str]]:
    """Add the headline, its other intervals and the constant-variance form; return the headline's diagnostics."""
    levels, level = window.levels, settings.level
    names = (HEADLINE, "bc_fe_bootstrap_t", "bc_fe_sandwich", "bc_fe_constant")
    try:
        fit = bias_corrected_root(levels)
    except NumericsError as error:
        rows.update(dict.fromkeys(names, f"not defined: {error}"))
        return {}
    rng = generator_for(settings.seed, window.draw_id)
    grid = score_interval(levels, level)
    drawn = bootstrap_t_interval(levels, rng, window.spec.draws, level)
    check = residual_check(levels, fit.rho)
    flags = "; ".join(text for text in (NO_ROOT if fit.no_root else "", _serial(check.net_autocorrelation)) if text)
    rows[HEADLINE] = _interval(HEADLINE, fit, grid, "score test inverted on a grid, t(N - 1)", flags)
    lost = f"{100 * drawn.no_root_share:.1f}% of draws without a root"
    rows["bc_fe_bootstrap_t"] = _interval("bc_fe_bootstrap_t", fit, drawn, "bootstrap-t, draws of units",
                                          f"{lost}; {flags}")  # fmt: skip
    rows["bc_fe_sandwich"] = _sandwich("bc_fe_sandwich", fit, level, flags)
    constant = bias_corrected_root(levels, Variance.CONSTANT)
    rows["bc_fe_constant"] = _sandwich("bc_fe_constant", constant, level, NO_ROOT if constant.no_root else "")
    return {
        "residual_ar1": (check.autocorrelation, "coefficient"),
        "residual_ar1_net": (check.net_autocorrelation, "coefficient"),
        "residual_sd_first_half": (100 * check.sd_first, "pp"),
        "residual_sd_second_half": (100 * check.sd_second, "pp"),
        "no_root_share": (drawn.no_root_share, "share of draws"),
        **_offsets(window),
    }


def _serial(net: float) -> str:
    if abs(net) <= SERIAL:
        return ""
    return f"serial: residual AR(1) net of demeaning {net:.2f}, autocorrelated shocks bias the correction"


def _interval(name: str, fit: CorrectedFit, found: RootInterval, se_type: str, flags: str) -> RootRow:
    drawn = f", {found.draws} draws" if found.draws else ""
    p_type = f"{se_type}, rho = 1, two-sided{drawn}"
    return RootRow(name, fit.rho, fit.std_error, fit.df, found.low, found.high, found.p_value, se_type, p_type,
                   flags.removesuffix("; "), not fit.no_root)  # fmt: skip


def _sandwich(name: str, fit: CorrectedFit, level: float, flags: str) -> RootRow:
    if fit.no_root:
        return RootRow(name, fit.rho, np.nan, fit.df, np.nan, np.nan, np.nan, "", "", flags, False)
    test = t_inference(fit.rho - 1, fit.std_error, fit.df, level)
    return RootRow(name, fit.rho, fit.std_error, fit.df, 1 + test.conf_low, 1 + test.conf_high, test.p_value,
                   f"sandwich of the score, {CLUSTERED}", T_TEST, flags)  # fmt: skip


def _offsets(window: Window) -> dict[str, tuple[float, str]]:
    """Return the range of headline speeds over the other anchors of the grid."""
    speeds = []
    for offset in window.offsets:
        try:
            fit = bias_corrected_root(window.grid(offset))
        except NumericsError:
            continue
        speeds.append(-100 * float(np.log(fit.rho)) / window.spec.span if fit.rho > 0 else np.nan)
    if not len(window.offsets):
        return {}
    known = [speed for speed in speeds if np.isfinite(speed)]
    low, high = (min(known), max(known)) if known else (np.nan, np.nan)
    return {"speed_other_offsets_low": (low, "% per year"), "speed_other_offsets_high": (high, "% per year")}


def _gmm(rows: dict[str, RootRow | str], window: Window, level: float) -> dict[str, GmmFit]:
    # ASSUME: year means are removed before GMM, so that year dummies use up no instruments.
    levels = window.levels - window.levels.mean(axis=0)
    fits: dict[str, GmmFit] = {}

    def make(name: str, equations: Equations) -> RootRow:
        spec = GmmSpec(1, 2, window.spec.gmm_last_lag, equations)
        fits[name] = fit = dynamic_gmm(levels, spec)
        root = RootFit(float(fit.beta[0]), float(fit.std_errors[0]), fit.n_units - 1, fit.n_units, 0)
        return _plain(name, root, level, _gmm_note(fit), "two-step, Windmeijer, clustered by unit")

    for equations in Equations:
        name = f"gmm_{equations.value}"
        _put(rows, name, lambda name=name, equations=equations: make(name, equations))  # type: ignore[misc]
    return fits


def _gmm_note(fit: GmmFit) -> str:
    many = "; instruments not below units" if fit.n_instruments >= fit.n_units else ""
    start = "; mean stationarity fails in a convergence setting" if fit.level_rows else ""
    return f"context, never the headline: {fit.n_instruments} instruments, {fit.n_units} units{many}{start}"

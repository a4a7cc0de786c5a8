"""The root of a dynamic panel by difference and system GMM, context beside the headline."""

from typing import NamedTuple

from evenfield.models.dynamic_panel import Root, Window, without
from evenfield.numerics.arrays import Array
from evenfield.numerics.dynamic_panel.gmm import GmmFit, dynamic_gmm
from evenfield.numerics.dynamic_panel.instruments import Equations, GmmSpec
from evenfield.numerics.errors import NumericsError


class GmmRoots(NamedTuple):
    """Roots by difference and by system GMM, by name."""

    roots: dict[str, Root]
    fits: dict[str, GmmFit]  # those that there are


def gmm_roots(levels: Array, last_lag: int, level: float) -> GmmRoots:
    """Return roots by Arellano and Bond (1991) and, with levels, by Blundell and Bond
    (1998); levels (N, T + 1), the last lag of the level that instruments a difference.
    """
    window = Window(levels, level)
    both = GmmRoots({}, {})
    # ASSUME: year means are removed before GMM, so that year dummies use up no
    # instruments.
    demeaned = levels - levels.mean(axis=0)
    for equations in Equations:
        name = f"gmm_{equations.value}"
        spec = GmmSpec(lags=1, first_lag=2, last_lag=last_lag, equations=equations)
        try:
            fit = dynamic_gmm(demeaned, spec)
            both.roots[name] = _root(window, fit)
            both.fits[name] = fit
        except NumericsError as error:
            both.roots[name] = without(error)
    return both


def _root(window: Window, fit: GmmFit) -> Root:
    # Too many instruments fit the lag itself and weaken Hansen's test (Roodman 2009).
    many = fit.n_instruments >= fit.n_units
    size = f"{fit.n_instruments} instruments, {fit.n_units} units"
    start = "mean stationarity fails in a convergence setting"
    return window.root(
        float(fit.beta[0]),
        float(fit.std_errors[0]),
        f"context, never the headline: {size}",
        "instruments not below units" if many else "",
        start if fit.level_rows else "",
        # Two-step errors ignore that the weights are estimated; Windmeijer (2005).
        se_type="two-step, Windmeijer, clustered by unit",
    )

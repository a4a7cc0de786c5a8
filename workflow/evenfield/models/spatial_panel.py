"""A fitted spatial panel: tests of its specification, and its parameters and effects by
bootstrap.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array, order_by_value
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.spatial_panel.bootstrap import unit_bootstrap, year_bootstrap
from evenfield.numerics.spatial_panel.impacts import (
    KINDS,
    ClusteredImpacts,
    clustered_impacts,
    delta_impacts,
    drawn_impacts,
    effects_at,
    ratio,
)
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest, lm_tests
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.selection import (
    likelihood_ratio,
    mundlak,
    residual_moran,
    wald_tests,
)

NAN = float("nan")
SPATIAL = ("rho", "lambda")
NESTED = ("SAR", "SEM")  # in a spatial Durbin model
RANDOM = ("SDM", "SAR", "SEM", "SDEM")  # that exist with random effects
BY_UNIT = "unit"


def widened_by(n: int, parameters: int) -> float:
    """Return what Student's t with n - k degrees of freedom multiplies the errors of the
    likelihood by.

    Notes
    -----
    The likelihood divides e'e by n, least squares by n - k: sqrt(n / (n - k)).
    """
    if n <= parameters:
        raise NumericsError(
            f"{n} observations leave nothing after {parameters} parameters"
        )
    return float(np.sqrt(n / (n - parameters)))


def effects(
    fit: Any,
    kind: str = "observed",
    level: float = 0.95,
    *,
    rng: np.random.Generator | None = None,
    draws: int = 0,
    widening: float = 1.0,
) -> ClusteredImpacts:
    """Return direct, indirect and total effects: by the delta method, by draws of the
    parameters where a generator is given, or clustered by ``unit``. Without clusters the
    effective units are infinite, as are the degrees of freedom of the normal law.
    """
    if rng is not None:
        averages = drawn_impacts(fit, rng, draws, kind, level, widening)
    elif kind == BY_UNIT:
        return clustered_impacts(fit, level)
    else:
        averages = delta_impacts(fit, kind, level)
    return ClusteredImpacts(averages, np.full(averages.estimate.shape, np.inf))


def edge_note(fit: SpatialPanelFit) -> str:
    """Say that a spatial parameter is at the edge of its range; empty where none is."""
    spatial = [name for name in SPATIAL if name in fit.names]
    return f"{' or '.join(spatial)} at the edge of its range" if fit.at_bound else ""


def nested_models(durbin: SpatialPanelFit) -> tuple[str, ...]:
    """Return the models that a spatial Durbin model nests."""
    # SEM is theta = -rho b for every regressor, so that all of them are lagged.
    every = durbin.lagged == durbin.regressors
    return NESTED if every else NESTED[:1]


def durbin_tests(fits: Mapping[str, SpatialPanelFit]) -> list[SpatialTest]:
    """Return the tests of a spatial Durbin model against what it nests, SAR where theta =
    0 and SEM where theta = -rho b; fits by model, none without SDM among them.

    Notes
    -----
    Likelihood ratios where the nested models are among the fits, and Wald tests, once
    with errors that allow for dependence over years (Elhorst 2014, ch. 3.4).
    """
    if "SDM" not in fits:
        return []
    durbin = fits["SDM"]
    narrow = nested_models(durbin)
    tests = []
    if set(narrow) <= set(fits):
        # LR = 2 (l of the SDM - l of the model that it nests).
        tests += [likelihood_ratio(durbin, fits[model]) for model in narrow]
    if not durbin.at_bound:
        return [*tests, *wald_tests(durbin), *wald_tests(durbin, BY_UNIT)]
    for model in narrow:
        for end in ("", ", by unit"):
            name = f"Wald SDM -> {model}{end}"
            tests.append(_undefined(name, edge_note(durbin)))
    return tests


def specification_tests(
    panel: BalancedPanel, fits: Mapping[str, SpatialPanelFit]
) -> list[SpatialTest]:
    """Return Lagrange multiplier tests of the model without spatial terms, then those of
    a spatial Durbin model; fits by model, all with the same effects.
    """
    fit = next(iter(fits.values()))
    form = fit.model
    # LM tests need the model without dependence alone; the robust forms correct each
    # for the other (Elhorst 2014).
    tests = lm_tests(panel, fit.network, form.effects, form.approach)
    return [*tests, *durbin_tests(fits)]


def residual_tests(
    fit: SpatialPanelFit, rng: np.random.Generator, draws: int
) -> list[SpatialTest]:
    """Return what is left in the residuals: their correlation with those of the date
    before, without a test, and Moran's I, of which units change places with their whole
    paths.
    """
    moran, p_value = residual_moran(fit, rng, draws)
    law = f"{draws} permutations of units"
    serial = SpatialTest("autocorrelation", autocorrelation(fit), NAN, NAN, law="")
    if fit.n_periods == 1:
        serial = _undefined(serial.name, "one date")
    return [serial, SpatialTest("Moran's I", moran, NAN, p_value, law=law)]


def regressed_residual_tests(
    panel: BalancedPanel, fit: SpatialPanelFit, rng: np.random.Generator, draws: int
) -> list[SpatialTest]:
    """Return Moran's I of the residuals of a cross-section, of which each permutation is
    regressed again on the regressors and on those of their lags that enter; the spatial
    parameters are taken as known.

    Notes
    -----
    With rho known the model is least squares of y - rho W y on 1, X and W X, whose
    residuals hang together by their fit alone (Freedman and Lane 1983).
    """
    if fit.n_periods > 1:
        raise NumericsError(
            f"{fit.n_periods} dates: residuals of one date alone are regressed again"
        )
    if "lambda" in fit.names:
        raise NumericsError(
            f"residuals of {fit.model.model}, whose errors are filtered: those of a"
            " model without lambda are regressed again"
        )
    net = fit.network
    values = panel.ordered(net.units)[:, 0]
    X = values[:, 1:]
    lagged = [fit.regressors.index(name) for name in fit.lagged]
    columns = [np.ones(net.n), *X.T, *(net.lag(X[:, i]) for i in lagged)]
    regressors = np.column_stack(columns)
    # By regressors and outcome, so that ids do not decide what a permutation moves.
    order = order_by_value(np.roll(values, -1, axis=1))
    test = morans_i_test(
        fit.residuals[0][order],
        net.matrix[order][:, order],
        rng,
        draws,
        regressors[order],
    )
    law = f"{draws} permutations of residuals, regressed again"
    return [SpatialTest("Moran's I", test.statistic, NAN, test.p_value, law=law)]


def autocorrelation(fit: SpatialPanelFit) -> float:
    """Return the correlation of residuals with those of the date before."""
    e = fit.residuals
    # sum e_it e_i,t-1 / sum e_it^2: one AR(1) for all units.
    return float((e[1:] * e[:-1]).sum() / (e**2).sum())


def random_effects_tests(
    panel: BalancedPanel, fit: SpatialPanelFit
) -> list[SpatialTest]:
    """Return Mundlak's test of random unit effects beside year dummies, none where the
    model does not exist with random effects.
    """
    if fit.model.model not in RANDOM or fit.model.effects != "two_way":
        return []
    try:
        return [mundlak(panel, fit.network, fit.model)]
    except (NumericsError, np.linalg.LinAlgError) as error:
        return [_undefined("Mundlak", str(error))]


def _undefined(name: str, reason: str) -> SpatialTest:
    return SpatialTest(name, NAN, NAN, NAN, law="", reason=reason)


class Bootstrap(NamedTuple):
    """Parameters but the variance, then direct, indirect and total effects of each
    regressor, with a bootstrap; arrays are (p - 1 + 3 K,), not a number where the
    bootstrap says nothing.
    """

    estimate: Array
    std_error: Array
    statistic: Array
    p_value: Array
    conf_low: Array
    conf_high: Array
    samples: int  # that were used


def bootstrap_names(fit: SpatialPanelFit) -> list[str]:
    """Return the names of what is bootstrapped, effects as ``direct x``."""
    of_effects = [f"{kind} {name}" for kind in KINDS for name in fit.regressors]
    return [*fit.names[:-1], *of_effects]


def _estimates(fit: SpatialPanelFit) -> Array:
    averages = effects_at(fit, fit.estimates[None, :])
    return np.concatenate([fit.estimates[:-1], averages.ravel()])


def bootstrap_by_unit(
    panel: BalancedPanel,
    fit: SpatialPanelFit,
    rng: np.random.Generator,
    draws: int,
    level: float,
) -> Bootstrap:
    """Return the symmetric wild bootstrap-t: errors by unit, intervals and p-values by
    samples in which the sign of a unit's residuals is drawn.

    Raises
    ------
    NumericsError
        If a spatial parameter is at the edge of its range, in the fit or in more than
        half of the samples.

    Notes
    -----
    |t*| of every coefficient and effect; its quantile times the error of the sample is
    half the interval. Cameron, Gelbach and Miller (2008).
    """
    clustered = clustered_impacts(fit, level).impacts
    std_error = np.concatenate(
        [fit.std_errors(BY_UNIT)[:-1], clustered.std_error.ravel()]
    )
    estimate = _estimates(fit)
    statistic = ratio(estimate, std_error)
    drawn = unit_bootstrap(panel, fit, rng, draws)
    used = len(drawn.coefficients)
    parts = [drawn.coefficients, drawn.effects.reshape(used, -1)]
    sizes = np.abs(np.concatenate(parts, axis=1))
    half = np.quantile(sizes, level, axis=0) * std_error
    # The data count as one of the samples, so that p is never zero.
    beyond = (sizes >= np.abs(statistic)).sum(axis=0)
    p_value = (1 + beyond) / (1 + used)
    # SEM has no indirect effect by construction: no error, and no t in any sample.
    defined = np.isfinite(sizes).all(axis=0)
    return Bootstrap(
        estimate=estimate,
        std_error=std_error,
        statistic=statistic,
        p_value=np.where(defined, p_value, NAN),
        conf_low=np.where(defined, estimate - half, NAN),
        conf_high=np.where(defined, estimate + half, NAN),
        samples=used,
    )


def bootstrap_by_year(
    panel: BalancedPanel,
    fit: SpatialPanelFit,
    rng: np.random.Generator,
    draws: int,
    level: float,
    years: int,
) -> Bootstrap:
    """Return the standard deviation and the percentiles over samples that are rebuilt
    from blocks of ``years`` years of residuals.

    Raises
    ------
    NumericsError
        If a block is no shorter than the panel: all samples would be the same.

    Notes
    -----
    Moving blocks of whole cross-sections (Kuensch 1989): what neighbours share in a year
    stays, and what a year shares with the next stays inside a block.
    """
    if not 1 <= years < fit.n_periods:
        raise NumericsError(
            f"blocks of {years} years of {fit.n_periods} in the panel, of which shorter"
            " ones can be drawn"
        )
    drawn = year_bootstrap(panel, fit, rng, draws, years)
    averages = effects_at(fit, drawn).reshape(draws, -1)
    values = np.concatenate([drawn[:, :-1], averages], axis=1)
    low, high = np.quantile(values, [0.5 - level / 2, 0.5 + level / 2], axis=0)
    std_error = values.std(axis=0, ddof=1)
    estimate = _estimates(fit)
    moved = std_error > 0
    return Bootstrap(
        estimate=estimate,
        std_error=std_error,
        statistic=ratio(estimate, std_error),
        p_value=np.full(len(estimate), NAN),
        conf_low=np.where(moved, low, NAN),
        conf_high=np.where(moved, high, NAN),
        samples=draws,
    )

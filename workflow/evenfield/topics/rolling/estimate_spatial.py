"""The spatial form of beta convergence: growth on its own and the neighbours' initial
income and on their growth.
"""

from typing import Any

import numpy as np
from scipy.sparse import csr_array

from evenfield.models.spatial_panel import (
    effects,
    regressed_residual_tests,
    widened_by,
)
from evenfield.models.speeds import NO_SPEED, implied_speed
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference
from evenfield.numerics.spatial_panel.impacts import KINDS as EFFECTS
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    SpatialPanelFit,
    fit_spatial_panel,
)
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_arrays
from evenfield.shared.rows import Rows
from evenfield.shared.samples import inference_fields, joined
from evenfield.shared.spec import UnitsSpec
from evenfield.shared.streams import stream
from evenfield.study.files import Record
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.study.study_config import InferenceSettings
from evenfield.topics.rolling.estimate_windows import KINDS, START, WORD, Section

# Constant, b, theta and rho.
COEFFICIENTS = 4
FEWEST_UNITS = 8
RHO_NOTE = "a dependence parameter, not a spillover: read the effects"
# ASSUME: the asymptotic errors of the spatial form are widened by sqrt(N / (N - 4)) and
# read with t(N - 4), as least squares would be; at N = 31 that brings coverage of the
# total effect from .91-.92 to .93-.95.
SE = "observed information, times sqrt(N/(N-4))"


def add_spatial(
    section: Section,
    weights: SpatialWeights,
    spec: UnitsSpec,
    labels: Record,
    inference: InferenceSettings,
) -> list[Any]:
    """Return the rows of the spatial form in one period.

    Notes
    -----
    g = a + b y_0 + rho W g + theta W y_0 + e by maximum likelihood with the exact
    log-determinant (Rey and Montouri 1999; Ertur, Le Gallo and Baumont 2006); effects
    from M = (I - rho W)^-1 (b I + theta W) (LeSage and Pace 2009).
    """
    data, years, _, note, _ = section
    units = list(data["unit"])
    W, cut = weights.among(units)
    shared = {
        **labels,
        "w_id": str(weights.spec.get("weights", "")),
        "n_periods": 1,
    }
    rows = Rows(KINDS, "robustness", joined(note, cut), **shared)
    y = data["growth"].to_numpy(float)
    start = data["start"].to_numpy(float)
    # A cross-section is a panel of one date whose constant is not removed.
    panel = panel_from_arrays(y[None], start[None, :, None], units, [START])
    try:
        fit = _fit(panel, units, W)
        _add_estimates(rows, fit, inference.level, years)
        _add_drawn(rows, fit, spec, inference)
        _add_tests(rows, panel, fit, spec, inference)
    except NumericsError as error:
        # All or none: an estimate does not stand without its tests.
        rows.estimates.clear()
        rows.undefined([*EFFECTS, "spatial_speed"], error)
    return rows.estimates


def _fit(panel: BalancedPanel, units: list[str], W: csr_array) -> SpatialPanelFit:
    if len(units) < FEWEST_UNITS:
        raise NumericsError(
            f"{len(units)} units, the spatial form needs at least {FEWEST_UNITS}"
        )
    model = PanelModel("SDM", "pooled", "direct")
    fit = fit_spatial_panel(panel, network(units, W), model)
    # At the edge I - rho W is nearly singular, and the effects rest on its inverse.
    if fit.at_bound:
        raise NumericsError("rho at the edge of its range")
    return fit


def _add_estimates(
    rows: Rows, fit: SpatialPanelFit, level: float, years: float
) -> None:
    df = fit.n_units - COEFFICIENTS
    wider = widened_by(fit.n_units, COEFFICIENTS)
    impacts = effects(fit).impacts
    estimates = dict(zip(fit.names, fit.estimates, strict=True))
    errors = dict(zip(fit.names, fit.std_errors(), strict=True))
    for kind, effect in enumerate(EFFECTS):
        # [kind, 0]: initial income is the only regressor.
        estimates[effect] = impacts.estimate[kind, 0]
        errors[effect] = impacts.std_error[kind, 0]
    for name in ("rho", START, f"W {START}", *EFFECTS):
        error = float(errors[name] * wider)
        test = t_inference(float(estimates[name]), error, df, level)
        rows.add(
            name,
            RHO_NOTE if name == "rho" else "",
            **inference_fields(test),
            se_type=SE,
            p_type="t, two-sided",
        )
    # The total effect is the last one; in the steady state of all units together it
    # stands in the place of the slope b.
    speed, bounds = implied_speed(test, years)
    rows.add(
        "spatial_speed",
        "" if np.isfinite(speed) else NO_SPEED,
        bounds.note,
        contrast="total effect",
        estimate=100 * speed,
        conf_low=100 * bounds.low,
        conf_high=100 * bounds.high,
        conf_level=level,
        df=df,
        se_type="interval of the total effect, transformed",
    )


def _add_drawn(
    rows: Rows, fit: SpatialPanelFit, spec: UnitsSpec, inference: InferenceSettings
) -> None:
    """Add effects over normal draws of the parameters, as LeSage and Pace (2009) do."""
    period = rows.shared["period"]
    rng, seed = stream(inference, WORD, spec, period, "effects")
    level = inference.level
    draws = inference.permutations
    names = [f"drawn {name}" for name in EFFECTS]
    labels = {"role": "ladder", "seed": seed}
    try:
        drawn = effects(fit, level=level, rng=rng, draws=draws).impacts
    except NumericsError as error:
        return rows.undefined(names, error, **labels)
    dropped = f"{drawn.dropped} draws outside the range of rho" if drawn.dropped else ""
    for kind, name in enumerate(names):
        rows.add(
            name,
            dropped,
            **labels,
            estimate=float(drawn.estimate[kind, 0]),
            std_error=float(drawn.std_error[kind, 0]),
            conf_low=float(drawn.conf_low[kind, 0]),
            conf_high=float(drawn.conf_high[kind, 0]),
            conf_level=level,
            p_value=float(drawn.p_value[kind, 0]),
            se_type="normal draws of all parameters",
            p_type="share of draws, two-sided",
        )
    return None


def _add_tests(
    rows: Rows,
    panel: BalancedPanel,
    fit: SpatialPanelFit,
    spec: UnitsSpec,
    inference: InferenceSettings,
) -> None:
    # LR = 2 (l - l_0) against rho = theta = 0; P(chi2(2) > x) = exp(-x/2).
    from statsmodels.regression.linear_model import OLS

    y, start = panel.ordered(fit.network.units)[:, 0].T
    X = np.column_stack([np.ones(len(y)), start])
    ratio = 2 * (fit.log_likelihood - OLS(y, X).fit().llf)
    rows.add(
        "ratio",
        contrast="against no neighbours",
        estimate=ratio,
        statistic=ratio,
        df=2,
        p_value=float(np.exp(-ratio / 2)),
        p_type="chi-squared(2)",
    )
    rng, seed = stream(inference, WORD, spec, rows.shared["period"], "moran")
    draws = inference.permutations
    (moran,) = regressed_residual_tests(panel, fit, rng, draws)
    rows.add(
        "moran",
        estimate=moran.statistic,
        p_value=moran.p_value,
        p_type=f"permutation of residuals, two-sided, {draws} draws; rho taken as known",
        seed=seed,
    )

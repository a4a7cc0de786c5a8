"""The spatial form of beta convergence: growth on its own and the neighbours' initial
income and on their growth.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from statsmodels.regression.linear_model import OLS

from evenfield.numerics.convergence import speed_bounds, speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.ols import t_inference
from evenfield.numerics.spatial_panel.impacts import KINDS as EFFECTS
from evenfield.numerics.spatial_panel.impacts import delta_impacts, drawn_impacts
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    SpatialPanelFit,
    fit_spatial_panel,
)
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from evenfield.shared.rows import Rows
from evenfield.shared.samples import inference_fields, joined
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.rolling.estimate_windows import KINDS, START, stream

COEFFICIENTS = 4
FEWEST_UNITS = 8
RHO_NOTE = "a dependence parameter, not a spillover: read the effects"
# ASSUME: the asymptotic errors of the spatial form are widened by sqrt(N / (N - 4)) and
# read with t(N - 4), as least squares would be; at N = 31 that brings coverage of the
# total effect from .91-.92 to .93-.95.
SE = "observed information, times sqrt(N/(N-4))"


def add_spatial(
    section: tuple[pd.DataFrame, float, str, str, bool],
    weights: SpatialWeights,
    labels: Mapping[str, Any],
    inference: Mapping[str, Any],
) -> list[Any]:
    """Return the rows of the spatial form in one period.

    Notes
    -----
    g = a + b y_0 + rho W g + theta W y_0 + e by maximum likelihood with the exact
    log-determinant (Rey and Montouri 1999; Ertur, Le Gallo and Baumont 2006); effects
    from M = (I - rho W)^-1 (b I + theta W) (LeSage and Pace 2009).
    """
    data, years, _, note, _ = section
    matrix, cut = weights.among(list(data["unit"]))
    shared = {**labels, "w_id": str(weights.spec.get("weights", "")), "n_periods": 1}
    rows = Rows(KINDS, "robustness", joined(note, cut), **shared)
    y = data["growth"].to_numpy(float)
    start = data["start"].to_numpy(float)
    try:
        fit = _fit(list(data["unit"]), y, start, matrix)
        _add_estimates(rows, fit, inference["conf_level"], years)
        _add_drawn(rows, fit, inference)
        _add_tests(
            rows,
            fit,
            y,
            np.column_stack([np.ones(len(y)), start, matrix @ start]),
            matrix,
            inference,
        )
    except NumericsError as error:
        rows = Rows(KINDS, "robustness", joined(note, cut), **shared)
        rows.undefined([*EFFECTS, "spatial_speed"], error)
    return rows.estimates


def _fit(
    units: list[str], y: np.ndarray, start: np.ndarray, matrix: csr_array
) -> SpatialPanelFit:
    if len(units) < FEWEST_UNITS:
        raise NumericsError(
            f"{len(units)} units, the spatial form needs at least {FEWEST_UNITS}"
        )
    panel = panel_from_arrays(y[None], start[None, :, None], units, [START])
    fit = fit_spatial_panel(
        panel, network(units, matrix), PanelModel("SDM", "pooled", "direct")
    )
    if fit.at_bound:
        raise NumericsError("rho at the edge of its range")
    return fit


def _add_estimates(
    rows: Rows, fit: SpatialPanelFit, level: float, years: float
) -> None:
    df = fit.n_units - COEFFICIENTS
    impacts = delta_impacts(fit)
    wider = np.sqrt(fit.n_units / df)
    errors = fit.std_errors()
    labels = {"se_type": SE, "p_type": "t, two-sided"}
    for name in ("rho", START, f"W {START}"):
        position = fit.names.index(name)
        test = t_inference(
            float(fit.estimates[position]), float(errors[position] * wider), df, level
        )
        rows.add(
            name, RHO_NOTE if name == "rho" else "", **inference_fields(test), **labels
        )
    for name, value, error in zip(
        EFFECTS, impacts.estimate[:, 0], impacts.std_error[:, 0], strict=True
    ):
        test = t_inference(float(value), float(error * wider), df, level)
        rows.add(name, **inference_fields(test), **labels)
    # The total effect is the last one.
    bounds = speed_bounds(test.conf_low, test.conf_high, years)
    speed = speed_from_slope(test.estimate, years)
    lost = "" if np.isfinite(speed) else "speed not defined: 1 + bT is not positive"
    fields = {
        "estimate": 100 * speed,
        "conf_low": 100 * bounds.low,
        "conf_high": 100 * bounds.high,
    }
    labels = {
        "contrast": "total effect",
        "se_type": "interval of the total effect, transformed",
    }
    rows.add(
        "spatial_speed", lost, bounds.note, **labels, **fields, conf_level=level, df=df
    )


def _add_drawn(rows: Rows, fit: SpatialPanelFit, inference: Mapping[str, Any]) -> None:
    rng, seed = stream(inference, rows.shared, rows.shared["period"], "effects")
    level = inference["conf_level"]
    names = [f"drawn {name}" for name in EFFECTS]
    labels = {"role": "ladder", "seed": seed}
    try:
        drawn = drawn_impacts(fit, rng, inference["permutations"], level=level)
    except NumericsError as error:
        return rows.undefined(names, error, **labels)
    lost = f"{drawn.dropped} draws outside the range of rho" if drawn.dropped else ""
    labels |= {
        "se_type": "normal draws of all parameters",
        "p_type": "share of draws, two-sided",
    }
    for k, name in enumerate(names):
        columns = ("estimate", "std_error", "conf_low", "conf_high", "p_value")
        numbers = {column: float(getattr(drawn, column)[k, 0]) for column in columns}
        rows.add(name, lost, **labels, **numbers, conf_level=level)
    return None


def _add_tests(
    rows: Rows,
    fit: SpatialPanelFit,
    y: np.ndarray,
    X: np.ndarray,
    matrix: csr_array,
    inference: Mapping[str, Any],
) -> None:
    value = 2 * (fit.log_likelihood - OLS(y, X[:, :2]).fit().llf)
    test = {
        "estimate": value,
        "statistic": value,
        "df": 2,
        "p_value": float(np.exp(-value / 2)),
    }
    rows.add("ratio", **test, contrast="against no neighbours", p_type="chi-squared(2)")
    rng, seed = stream(inference, rows.shared, rows.shared["period"], "moran")
    moran = morans_i_test(fit.residuals[0], matrix, rng, inference["permutations"], X)
    p_type = (
        f"permutation of residuals, two-sided, {moran.permutations} draws; rho taken as"
        " known"
    )
    rows.add(
        "moran",
        estimate=moran.statistic,
        p_value=moran.p_value,
        p_type=p_type,
        seed=seed,
    )

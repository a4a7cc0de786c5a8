"""The spatial form of beta convergence: growth on its own and the neighbours' initial income and on their growth."""

from __future__ import annotations

from typing import Any

import numpy as np

from evenfield.contracts.estimates import Estimate
from evenfield.contracts.study import SpatialWeights
from evenfield.estimates.convergence.beta_moran import cut_weights
from evenfield.estimates.convergence.beta_regression import CrossSection
from evenfield.estimates.convergence.common import InferenceSpec
from evenfield.estimates.convergence.frames import inference_fields, joined, not_defined
from evenfield.numerics.convergence import speed_bounds, speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.ols import t_inference
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.impacts import KINDS, delta_impacts, drawn_impacts
from evenfield.numerics.spatial_panel.models import PanelModel, SpatialPanelFit, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays

START = "log_income_start"
COEFFICIENTS = 4
FEWEST_UNITS = 8
TERMS = {"rho": "neighbours_growth", START: START, f"W {START}": f"neighbours_{START}"}
RHO_NOTE = "a dependence parameter, not a spillover: read the effects"


def spatial_rows(
    section: CrossSection, weights: SpatialWeights, base: dict[str, Any], inference: InferenceSpec
) -> list[Estimate]:
    """Estimate the spatial form on one period.

    Notes
    -----
    g = a + b y_0 + rho W g + theta W y_0 + e by maximum likelihood with the exact log-determinant (Rey and Montouri
    1999; Ertur, Le Gallo and Baumont 2006); effects from M = (I - rho W)^-1 (b I + theta W) (LeSage and Pace 2009).
    """
    matrix, note = cut_weights(weights, list(section.rows["unit"]))
    base = {**base, "w_id": str(weights.spec.get("weights", "")), "role": "robustness", "n_periods": 1}
    note = joined(section.note, note)
    try:
        fit = _fit(section, matrix)
        if fit.at_bound:
            raise NumericsError("rho at the edge of its range")
        rows = [*_coefficient_rows(fit, base, note, inference), *_effect_rows(fit, section, base, note, inference)]
        return [*rows, _ratio_row(fit, section, base, note), _moran_row(fit, section, matrix, base, note, inference)]
    except NumericsError as error:
        return not_defined(_undefined(base), note, error)


def _fit(section: CrossSection, matrix: np.ndarray) -> SpatialPanelFit:
    units = [str(unit) for unit in section.rows["unit"]]
    if len(units) < FEWEST_UNITS:
        raise NumericsError(f"{len(units)} units, the spatial form needs at least {FEWEST_UNITS}")
    start = section.rows["start"].to_numpy(float)
    panel = panel_from_arrays(section.growth[None], start[None, :, None], units, [START])
    return fit_spatial_panel(panel, network(units, matrix), PanelModel("SDM", "pooled", "direct"))


def _undefined(base: dict[str, Any]) -> list[dict[str, Any]]:
    effects = [{**base, "estimator": "sdm_ml", "term": START, "effect_type": kind} for kind in KINDS]
    return [*effects, {**base, "estimator": "sdm_ml", "term": "speed", "effect_type": "lambda"}]


def _coefficient_rows(
    fit: SpatialPanelFit, base: dict[str, Any], note: str, inference: InferenceSpec
) -> list[Estimate]:
    errors, rows = fit.std_errors() * _small_sample(fit), []
    for name, term in TERMS.items():
        place = fit.names.index(name)
        test = t_inference(float(fit.estimates[place]), float(errors[place]), _df(fit), inference.conf_level)
        rows.append(Estimate(
            **base, **inference_fields(test), estimator="sdm_ml", term=term, effect_type="coef", se_type=_SE,
            p_type="t, two-sided", unit_of_measure="" if name == "rho" else "per year",
            warning=joined(note, RHO_NOTE if name == "rho" else ""),
        ))  # fmt: skip
    return rows


# ASSUME: the asymptotic errors of the spatial form are widened by sqrt(N / (N - 4)) and read with t(N - 4), as least
# squares would be; at N = 31 that brings coverage of the total effect from .91-.92 to .93-.95.
_SE = "observed information, times sqrt(N/(N-4))"


def _df(fit: SpatialPanelFit) -> int:
    return fit.n_units - COEFFICIENTS


def _small_sample(fit: SpatialPanelFit) -> float:
    return float(np.sqrt(fit.n_units / _df(fit)))


def _effect_rows(
    fit: SpatialPanelFit, section: CrossSection, base: dict[str, Any], note: str, inference: InferenceSpec
) -> list[Estimate]:
    impacts, rows = delta_impacts(fit), []
    shared = {**base, "term": START, "unit_of_measure": "per year"}
    for k, kind in enumerate(KINDS):
        error = float(impacts.std_error[k, 0]) * _small_sample(fit)
        test = t_inference(float(impacts.estimate[k, 0]), error, _df(fit), inference.conf_level)
        rows.append(Estimate(**shared, **inference_fields(test), estimator="sdm_ml", effect_type=kind, se_type=_SE,
                             p_type="t, two-sided", warning=note))  # fmt: skip
    total = rows[-1]
    bounds = speed_bounds(total.conf_low, total.conf_high, section.years)
    speed = speed_from_slope(total.estimate, section.years)
    words = "" if np.isfinite(speed) else "speed not defined: 1 + bT is not positive"
    rows.append(Estimate(
        **{**base, "term": "speed", "unit_of_measure": "% per year"}, estimator="sdm_ml", contrast="total effect",
        effect_type="lambda", estimate=100 * speed, conf_low=100 * bounds.low, conf_high=100 * bounds.high,
        conf_level=inference.conf_level, df=_df(fit), se_type="interval of the total effect, transformed",
        warning=joined(note, words, bounds.note),
    ))  # fmt: skip
    return [*rows, *_drawn_rows(fit, shared, note, inference)]


def _drawn_rows(fit: SpatialPanelFit, shared: dict[str, Any], note: str, inference: InferenceSpec) -> list[Estimate]:
    draw_id = f"clock:{shared['spec_id']}:{shared['unit_scheme']}:{shared['sample_id']}:{shared['period']}:effects"
    labels = {**shared, "estimator": "sdm_ml_draws", "role": "ladder", "seed": f"{inference.seed}:{draw_id}"}
    try:
        drawn = drawn_impacts(fit, generator_for(inference.seed, draw_id), inference.permutations,
                              level=inference.conf_level)  # fmt: skip
    except NumericsError as error:
        return not_defined([{**labels, "effect_type": kind} for kind in KINDS], note, error)
    lost = f"{drawn.dropped} draws outside the range of rho" if drawn.dropped else ""
    return [
        Estimate(**labels, effect_type=kind, estimate=float(drawn.estimate[k, 0]),
                 std_error=float(drawn.std_error[k, 0]), conf_low=float(drawn.conf_low[k, 0]),
                 conf_high=float(drawn.conf_high[k, 0]), conf_level=inference.conf_level,
                 p_value=float(drawn.p_value[k, 0]), se_type="normal draws of all parameters",
                 p_type="share of draws, two-sided", warning=joined(note, lost))
        for k, kind in enumerate(KINDS)
    ]  # fmt: skip


def _ratio_row(fit: SpatialPanelFit, section: CrossSection, base: dict[str, Any], note: str) -> Estimate:
    start = section.rows["start"].to_numpy(float)
    X = np.column_stack([np.ones(len(start)), start])
    left = section.growth - X @ np.linalg.lstsq(X, section.growth, rcond=None)[0]
    plain = -0.5 * len(left) * (np.log(2 * np.pi * float(left @ left) / len(left)) + 1)
    value = 2 * (fit.log_likelihood - plain)
    return Estimate(**{**base, "role": "description"}, estimator="sdm_ml", term="likelihood_ratio",
                    contrast="against no neighbours", effect_type="stat", estimate=value, statistic=value, df=2,
                    p_value=float(np.exp(-value / 2)), p_type="chi-squared(2)", unit_of_measure="chi-squared",
                    warning=note)  # fmt: skip


def _moran_row(
    fit: SpatialPanelFit, section: CrossSection, matrix: np.ndarray, base: dict[str, Any], note: str,
    inference: InferenceSpec,
) -> Estimate:  # fmt: skip
    draw_id = f"clock:{base['spec_id']}:{base['unit_scheme']}:{base['sample_id']}:{base['period']}:moran"
    start = section.rows["start"].to_numpy(float)
    X = np.column_stack([np.ones(len(start)), start, matrix @ start])
    test = morans_i_test(fit.residuals[0], matrix, generator_for(inference.seed, draw_id), inference.permutations, X)
    return Estimate(**{**base, "role": "description"}, estimator="sdm_ml", term="moran", effect_type="stat",
                    estimate=test.statistic, p_value=test.p_value, unit_of_measure="index",
                    p_type=f"permutation of residuals, two-sided, {test.permutations} draws; rho taken as known",
                    seed=f"{inference.seed}:{draw_id}", warning=note)  # fmt: skip

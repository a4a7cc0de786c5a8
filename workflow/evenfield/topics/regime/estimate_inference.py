"""The inference ladder of one linear combination in a regime cross-section."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import effective_clusters
from evenfield.numerics.ols import OlsFit, contrast_inference, cov_cr3, cov_hc1, fit_ols
from evenfield.numerics.power import minimum_detectable_effect
from evenfield.numerics.scpc import SpatialComponents, scpc_inference, scpc_power_point, spatial_components
from evenfield.numerics.spatial import haversine_km
from evenfield.shared.estimates import NAN
from evenfield.study.errors import EstimateError, first_examples
from evenfield.topics.regime.estimate_spec import RegimeSettings

# ASSUME: the average pairwise correlation of growth shocks is at most 0.03 (primary SCPC) or 0.06 (ladder).
CORRELATIONS = {"scpc": 0.03, "scpc_06": 0.06}
LADDER = ("scpc", "scpc_06", "cr3", "hc1")
SHORT_LADDER = ("scpc", "cr3")
SE_TYPES = {"scpc": "SCPC avc 0.03", "scpc_06": "SCPC avc 0.06", "cr3": "CR3", "hc1": "HC1"}
P_TYPES = {"scpc": "SCPC, largest over the correlations allowed", "cr3": "t(G* - 1)", "hc1": "t(N - K)",
           "scpc_06": "SCPC, largest over the correlations allowed"}  # fmt: skip
Components = Callable[[float], SpatialComponents]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Inference on one linear combination by one method; missing where the method does not apply."""

    estimate: float = NAN
    std_error: float = NAN
    statistic: float = NAN
    df: float = NAN
    p_value: float = NAN
    conf_low: float = NAN
    conf_high: float = NAN
    mde: float = NAN
    note: str = ""


def spatial_room(units: pd.DataFrame, level: float) -> Components:
    """Return the spatial components of the units, made when first needed."""
    place = units.set_index("unit").sort_index()[["lat", "lon"]].astype(float)
    blank = [str(unit) for unit in place.index[place.isna().any(axis=1)]]
    if blank:
        raise EstimateError(f"{len(blank)} units have no coordinates ({first_examples(blank)})",
                            "lat and lon of every unit for spatial inference", "fill them in units.csv")  # fmt: skip
    distance = haversine_km(place["lat"].to_numpy(), place["lon"].to_numpy())

    @cache
    def components(average_correlation: float) -> SpatialComponents:
        return spatial_components(distance, average_correlation, level)

    return components


def null_spread(y: np.ndarray, initial: np.ndarray) -> float:
    """Return the residual standard deviation of growth given initial income alone; y, initial (N,)."""
    return float(np.sqrt(fit_ols(y, np.column_stack([np.ones(len(y)), initial])).sigma2))


def numbers(
    method: str, fit: OlsFit, c: np.ndarray, spread: float, settings: RegimeSettings, components: Components
) -> Numbers:  # fmt: skip
    """Test c'beta by one method of the ladder; c (K,)."""
    try:
        if method in CORRELATIONS:
            return _scpc(fit, c, components(CORRELATIONS[method]), spread, settings.power)
        return _t_test(method, fit, c, spread, settings)
    except NumericsError as error:
        return Numbers(estimate=float(c @ fit.beta), note=f"no interval: {error}")


def _scpc(fit: OlsFit, c: np.ndarray, space: SpatialComponents, spread: float, power: float) -> Numbers:
    found = scpc_inference(fit, c, space)
    mde = spread * scpc_power_point(fit.X, c, space, power, found.critical_value)
    return Numbers(found.estimate, found.std_error, found.statistic, NAN, found.p_value, found.conf_low,
                   found.conf_high, mde)  # fmt: skip


def _t_test(method: str, fit: OlsFit, c: np.ndarray, spread: float, settings: RegimeSettings) -> Numbers:
    units = np.arange(len(fit.y))
    cov = cov_cr3(fit, units) if method == "cr3" else cov_hc1(fit)
    df = effective_clusters(fit.X, units, c) - 1 if method == "cr3" else float(fit.df)
    found = contrast_inference(fit, cov, c, df, settings.level)
    mde = spread * minimum_detectable_effect(fit.X, c, settings.power, settings.level, df)
    return Numbers(found.estimate, found.std_error, found.statistic, df, found.p_value, found.conf_low,
                   found.conf_high, mde)  # fmt: skip

"""The ladder of inference behind one coefficient of a linkage regression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.inference.conley import conley_panel_inference
from evenfield.numerics.inference.cr3 import cr3_inference
from evenfield.numerics.inference.driscoll_kraay import default_lags, driscoll_kraay_inference
from evenfield.numerics.inference.result import RobustInference
from evenfield.numerics.inference.spatial_kernel import spatial_kernel
from evenfield.numerics.inference.two_way import two_way_inference
from evenfield.numerics.inference.wild_bootstrap import wild_bootstrap, wild_inference
from evenfield.numerics.inference.wild_draws import WebbOrRademacher, wild_draws
from evenfield.numerics.influence import effective_clusters, partial_leverage
from evenfield.numerics.ols import OlsFit, fit_ols, t_quantile
from evenfield.numerics.power import mde_multiplier
from evenfield.numerics.random import generator_for
from evenfield.numerics.scpc import scpc_inference, scpc_power_point, spatial_components
from evenfield.numerics.spatial import haversine_km
from evenfield.shared.estimates import NAN, finite_or_nan
from evenfield.topics.linkages.estimate_data import NEIGHBOURS_X, OWN_X, LinkagePanel
from evenfield.topics.linkages.estimate_fit import fit_long_difference, fit_panel
from evenfield.topics.linkages.estimate_spec import LinkageSettings

# ASSUME: errors of provinces 800 km apart or more are uncorrelated (Conley); within a province for as many years as
# Newey and West's rule gives.
CONLEY_KM = 800.0
# ASSUME: the average pairwise correlation of long differences is at most 0.03 (SCPC).
LONG_DIFFERENCE_CORRELATION = 0.03
FEW_CLUSTERS = 12
TIE_DIGITS = 10
Fields = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """One regression and the combination of coefficients that is tested."""

    panel: LinkagePanel  # arrays
    fit: OlsFit  # its fit
    c: np.ndarray  # (K,) weights of the combination
    places: pd.DataFrame  # ``lat``, ``lon``
    settings: LinkageSettings  # levels, draws, seed
    draw_id: str  # name of the random stream


def primary_fields(fit: OlsFit, c: np.ndarray, panel: LinkagePanel, settings: LinkageSettings) -> Fields:
    """Test c'beta by CR3 with provinces as clusters and t(G* - 1); c (K,).

    Notes
    -----
    The minimum detectable effect is (t_(1+level)/2 + t_power) times the CR3 standard error (Bloom 1995): the errors of
    a unit are dependent over years, so the design alone does not give their spread.
    """
    units = panel.members
    g_star = effective_clusters(fit.X, units, c)
    found = cr3_inference(fit, c, units, max(g_star - 1, 1.0), settings.level)
    names, shares = partial_leverage(fit.X, units, c)
    largest = int(np.argmax(np.round(shares, TIE_DIGITS)))  # ties go to the first unit by id
    return {
        **_fields(found, settings), "se_type": "CR3 by unit", "p_type": "t(G* - 1)", "g_star": g_star,
        "max_leverage_unit": str(names[largest]),
    }  # fmt: skip


def ladder_fields(setting: Setting) -> dict[str, Fields]:
    """Test the same combination by every other method of the ladder."""
    return {name: method(setting) for name, method in _METHODS.items()}


def _fields(found: RobustInference, settings: LinkageSettings) -> Fields:
    power = mde_multiplier(found.df, settings.power, settings.level) if np.isfinite(found.df) else (
        found.critical_value + t_quantile(settings.power, 1e6)
    )  # fmt: skip
    return {
        "estimate": found.estimate, "std_error": found.std_error, "statistic": found.statistic,
        "df": finite_or_nan(found.df), "p_value": found.p_value, "conf_low": found.conf_low,
        "conf_high": found.conf_high, "conf_level": settings.level, "mde": power * found.std_error,
    }  # fmt: skip


def _wild(setting: Setting) -> Fields:
    settings, units = setting.settings, setting.panel.members
    kind: WebbOrRademacher = "webb" if len(setting.panel.units) <= FEW_CLUSTERS else "rademacher"
    draws = wild_draws(units, kind, settings.permutations, generator_for(settings.seed, setting.draw_id))
    found = wild_inference(wild_bootstrap(setting.fit, setting.c, units, draws), settings.level)
    return {
        "estimate": found.estimate, "std_error": found.std_error, "statistic": found.statistic,
        "p_value": found.p_value, "conf_low": finite_or_nan(found.conf_low),
        "conf_high": finite_or_nan(found.conf_high), "conf_level": settings.level, "se_type": "CR3 by unit",
        "p_type": f"wild cluster bootstrap WCR-33, {kind}, {found.draws} draws",
        "seed": f"{settings.seed}:{setting.draw_id}",
    }  # fmt: skip


def _driscoll_kraay(setting: Setting) -> Fields:
    lags = default_lags(len(setting.panel.years))
    found = driscoll_kraay_inference(setting.fit, setting.c, setting.panel.dates, lags, level=setting.settings.level)
    return {**_fields(found, setting.settings), "se_type": f"Driscoll-Kraay, {lags} lags", "p_type": "fixed-b"}


def _conley(setting: Setting) -> Fields:
    place, lags = setting.places, default_lags(len(setting.panel.years))
    kernel = spatial_kernel(place.index.to_numpy(str), place["lat"].to_numpy(), place["lon"].to_numpy(), CONLEY_KM)
    found = conley_panel_inference(setting.fit, setting.c, setting.panel.members, setting.panel.dates, kernel, lags,
                                   level=setting.settings.level)  # fmt: skip
    return {**_fields(found, setting.settings), "se_type": f"Conley {CONLEY_KM:.0f} km, {lags} lags",
            "p_type": "t(G - 1)"}  # fmt: skip


def _two_way(setting: Setting) -> Fields:
    panel, settings = setting.panel, setting.settings
    found = two_way_inference(setting.fit, setting.c, panel.members, panel.dates, settings.level)
    return {**_fields(found, settings), "se_type": "clustered by unit and year", "p_type": "t(min(G, T) - 1)"}


def _long_difference(setting: Setting) -> Fields:
    return long_difference_fields(setting, fit_long_difference(setting.panel))


def long_difference_fields(setting: Setting, fit: OlsFit) -> Fields:
    """Test the combination in a regression of long differences by SCPC."""
    panel, settings = setting.panel, setting.settings
    c = np.zeros(fit.X.shape[1])
    c[: len(panel.terms)] = setting.c[: len(panel.terms)]
    place = setting.places
    distance = haversine_km(place["lat"].to_numpy(), place["lon"].to_numpy())
    space = spatial_components(distance, LONG_DIFFERENCE_CORRELATION, settings.level)
    found = scpc_inference(fit, c, space)
    kept = [j for j in range(fit.X.shape[1]) if c[j] == 0]
    spread = fit_ols(fit.y, fit.X[:, kept]).sigma2 ** 0.5
    mde = spread * scpc_power_point(fit.X, c, space, settings.power, found.critical_value)
    return {
        "estimate": found.estimate, "std_error": found.std_error, "statistic": found.statistic, "df": NAN,
        "p_value": found.p_value, "conf_low": found.conf_low, "conf_high": found.conf_high,
        "conf_level": settings.level, "mde": mde, "n_obs": len(fit.y), "n_periods": 2,
        "se_type": f"SCPC avc {LONG_DIFFERENCE_CORRELATION:.2f}, last year minus first",
        "p_type": "SCPC, largest over the correlations allowed",
        "g_star": effective_clusters(fit.X, np.asarray(panel.units), c),
    }  # fmt: skip


def _permutation(setting: Setting) -> Fields:
    panel, settings = setting.panel, setting.settings
    draws = permuted_estimates({"": panel}, settings, setting.draw_id)[""]
    estimate = float(setting.c @ setting.fit.beta)
    extreme = int((np.abs(draws) >= abs(estimate) * (1 - 1e-9)).sum())
    return {"estimate": estimate, "p_value": (1 + extreme) / (1 + len(draws)),
            "p_type": f"moderator permuted over units, {len(draws)} draws",
            "seed": f"{settings.seed}:{setting.draw_id}"}  # fmt: skip


_METHODS: Mapping[str, Callable[[Setting], Fields]] = {
    "wild_33": _wild, "driscoll_kraay": _driscoll_kraay, "conley": _conley, "two_way": _two_way,
    "long_difference_scpc": _long_difference, "permutation": _permutation,
}  # fmt: skip


def permuted_estimates(
    panels: Mapping[str, LinkagePanel], settings: LinkageSettings, draw_id: str
) -> dict[str, np.ndarray]:
    """Estimate the interaction with the moderator dealt out to the units at random, the same deals for every panel."""
    rng = generator_for(settings.seed, draw_id)
    size = len(next(iter(panels.values())).units)
    orders = np.array([rng.permutation(size) for _ in range(settings.draws)])
    return {name: _psi_by_order(panel, orders) for name, panel in panels.items()}


def _psi_by_order(panel: LinkagePanel, orders: np.ndarray) -> np.ndarray:
    """Return psi for every order of the moderator: a quadratic form in it, because each column is linear in it."""
    if panel.trends:
        return np.array([_psi(panel, order) for order in orders])
    fit = fit_panel(panel)
    drop = [panel.terms.index(term) for term in (OWN_X, NEIGHBOURS_X)]
    Q = np.linalg.qr(np.delete(fit.X, drop, axis=1))[0]
    maps = [_unit_columns(values) for values in (panel.F, panel.WF)]
    maps = [m - Q @ (Q.T @ m) for m in maps]
    L = panel.L[orders]
    own, near = L @ (maps[0].T @ fit.y), L @ (maps[1].T @ fit.y)
    a, b, d = (np.einsum("bi,ij,bj->b", L, maps[i].T @ maps[j], L) for i, j in ((0, 0), (0, 1), (1, 1)))
    return np.asarray((a * near - b * own) / (a * d - b**2))


def _unit_columns(values: np.ndarray) -> np.ndarray:
    N, T = values.shape
    out = np.zeros((N, T, N))
    out[np.arange(N), :, np.arange(N)] = values - values.mean(axis=1, keepdims=True)
    return out.reshape(N * T, N)


def _psi(panel: LinkagePanel, order: np.ndarray) -> float:
    drawn = LinkagePanel(panel.units, panel.years, panel.y, panel.F, panel.WF, panel.L[order], panel.raw[order],
                         panel.rival, panel.trends)  # fmt: skip
    return float(fit_panel(drawn).beta[panel.terms.index(NEIGHBOURS_X)])

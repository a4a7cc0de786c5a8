"""Spatial panels and cross-sections: static, with random effects, dynamic; their effects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.front.data import table, told, weights
from evenfield.front.regression import _stacked
from evenfield.front.results import Fit, t_rows
from evenfield.numerics.spatial_panel.dynamic import DYNAMICS, fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import dynamic_effects, stability
from evenfield.numerics.spatial_panel.impacts import KINDS, clustered_impacts, delta_impacts, drawn_impacts
from evenfield.numerics.spatial_panel.models import COVARIANCES, PanelModel, SpatialPanelFit, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.random_effects import RandomEffectsFit, fit_random_effects
from evenfield.numerics.spatial_panel.reach import reach
from evenfield.study.errors import EstimateError


@dataclass(frozen=True, eq=False, repr=False)
class SpatialFit(Fit):
    """A spatial panel; ``raw`` is what the functions of ``evenfield`` on fits take."""

    def impacts(self, *, inference: str | None = None, draws: int = 0, seed: int = 0) -> Fit:
        """Return direct, indirect and total effects; ``inference="unit"`` clusters by unit, draws > 0 simulates."""
        return impacts(self, inference=inference, draws=draws, seed=seed)

    def reach(self, regressor: str) -> pd.DataFrame:
        """Return the matrix of effects of one regressor: row responds, column changes."""
        found = reach(self.raw, regressor)
        return pd.DataFrame(found.matrix, list(found.units), list(found.units))


@told("spatial-panel")
def spatial_panel(
    formula: str,
    data: pd.DataFrame,
    w: Any = None,
    *,
    model: str = "SDM",
    effects: str = "two_way",
    lagged: Sequence[str] | None = None,
    inference: str | Sequence[str] = "observed",
    approach: str | None = None,
    unit: str | None = None,
    time: str | None = None,
) -> SpatialFit:
    """Fit a static spatial panel by maximum likelihood.

    Parameters
    ----------
    formula, data, y, x, unit, time
        As for ``ols``; the panel is balanced.
    w : Network or what ``weights`` takes
        Matched to the units by id.
    model : str
        OLS, SLX, SAR, SEM, SDM, SDEM or SAC; SAR, SDM, SEM and SDEM with random effects.
    effects : str
        pooled, unit, time, two_way, or random.
    lagged : sequence of str, optional
        Regressors whose spatial lag enters; all by default.
    inference : str or sequence of str
        observed, expected, qml, or unit (clustered by unit).
    approach : str, optional
        lee_yu (transformation) or direct, which other programs report; direct for pooled.

    Returns
    -------
    SpatialFit
        With ``impacts()`` and ``reach()``.
    """
    rows, net = table(formula, data, unit, time), _network(w)
    panel = rows.panel()
    names = None if lagged is None else tuple(lagged)
    chosen = [inference] if isinstance(inference, str) else list(inference)
    if effects == "random":
        fit: Any = fit_random_effects(panel, net, PanelModel(model, lagged=names))
        n = panel.values.shape[0] * panel.values.shape[1]
    else:
        how = approach or ("direct" if effects == "pooled" else "lee_yu")
        fit = fit_spatial_panel(panel, net, PanelModel(model, effects, how, names))
        n = fit.observations
    unknown = [name for name in chosen if name not in COVARIANCES]
    if unknown:
        raise EstimateError(f"no inference {unknown[0]!r}", f"one of {', '.join(COVARIANCES)}", "choose one")
    constant = _constant(panel, fit, effects)
    covariances = [_with_constant(fit, kind, constant) for kind in chosen]
    estimates = np.concatenate([constant[:1], fit.estimates]) if len(constant) else fit.estimates
    labels = ["Intercept", *fit.names] if len(constant) else list(fit.names)
    parts = [t_rows(labels, estimates, np.sqrt(np.diag(V)), k) for k, V in zip(chosen, covariances, strict=True)]
    resids, fitted = pd.Series(dtype=float), pd.Series(dtype=float)
    if isinstance(fit, SpatialPanelFit):
        at = pd.MultiIndex.from_product([panel.periods, fit.network.units])
        u = pd.Series(fit.residuals.ravel(), at).loc[list(zip(rows.time, rows.unit, strict=True))].to_numpy()
        resids, fitted = rows.restored(u), rows.restored(rows.y.to_numpy() - u)
    return SpatialFit(
        f"{model}, {effects.replace('_', '-')} effects",
        _stacked(parts),
        n,
        fit.log_likelihood,
        len(labels),
        resids,
        fitted,
        pd.DataFrame(covariances[0], labels, labels),
        {"units": net.n, "periods": len(panel.periods), **({"at the edge": "no errors"} if fit.at_bound else {})},
        raw=fit,
    )


def _network(w: Any) -> Network:
    if w is None:
        raise EstimateError("no weights", "w", "give an edge list, a square DataFrame, a dict or ef.weights(...)")
    return weights(w)


def _constant(panel: BalancedPanel, fit: SpatialPanelFit | RandomEffectsFit, effects: str) -> np.ndarray:
    """Return the constant, its variance given the other parameters, and its derivatives in them; empty with effects.

    Notes
    -----
    The likelihood is concentrated in the constant a: with row-standardised W, a(1 - lambda) is the mean of
    (I - lambda W)(y - rho W y - X b - W X th), so var(a) = var(a | others) + g'Vg.
    """
    lam = dict(zip(fit.names, fit.estimates, strict=True)).get("lambda", 0.0)
    exact = effects == "pooled" or (effects == "random" and not lam)
    if not exact or (lam and not fit.network.row_standardised):
        return np.empty(0)
    wide = panel.ordered(fit.network.units)
    lag = fit.network.lag(wide)
    mean, lag_mean, lag2_mean = (part.mean(axis=(0, 1)) for part in (wide, lag, fit.network.lag(lag)))
    k = len(fit.regressors)
    own = np.arange(1, k + 1)
    lagged = np.array([1 + fit.regressors.index(name) for name in fit.lagged], dtype=int)
    filtered, filtered_lag = mean - lam * lag_mean, lag_mean - lam * lag2_mean
    beta = {name: fit[name] for name in fit.names}
    rho = beta.get("rho", 0.0)
    slopes = np.concatenate([filtered[own], filtered_lag[lagged]])
    b = np.array([beta[name] for name in fit.regressors] + [beta[f"W {name}"] for name in fit.lagged])
    level = (filtered[0] - rho * filtered_lag[0] - slopes @ b) / (1 - lam)
    g = dict.fromkeys(fit.names, 0.0)
    g |= {"rho": -filtered_lag[0] / (1 - lam)} if "rho" in g else {}
    if "lambda" in g:
        shift = lag_mean[0] - rho * lag2_mean[0] - np.concatenate([lag_mean[own], lag2_mean[lagged]]) @ b
        g["lambda"] = (level - shift) / (1 - lam)
    g |= dict(zip([*fit.regressors, *(f"W {name}" for name in fit.lagged)], -slopes / (1 - lam), strict=True))
    n, t = wide.shape[:2]
    spread = 1 + t * beta["phi"] if "phi" in beta else (1 - lam) ** -2
    return np.array([level, beta["sigma2"] * spread / (n * t), *g.values()])


def _with_constant(fit: Any, kind: str, constant: np.ndarray) -> np.ndarray:
    V = np.full((len(fit.names),) * 2, np.nan) if fit.at_bound else np.asarray(fit.covariance(kind))
    if not len(constant):
        return V
    g = constant[2:]
    return np.block([[np.array([[constant[1] + g @ V @ g]]), (g @ V)[None]], [(V @ g)[:, None], V]])


@told("spatial-cross-section")
def spatial_cross_section(
    formula: str, data: pd.DataFrame, w: Any = None, *, model: str = "SAR", **options: Any
) -> SpatialFit:
    """Fit a spatial model of one row a unit by maximum likelihood, with its constant; options as ``spatial_panel``."""
    fit = spatial_panel(formula, data, w, model=model, effects="pooled", **options)
    if fit.notes["periods"] > 1:
        raise EstimateError(f"{fit.notes['periods']} dates", "one row a unit", "use ef.spatial_panel")
    return replace(fit, title=f"{model}, cross-section")


@told("spatial-dynamic")
def spatial_dynamic(
    formula: str,
    data: pd.DataFrame,
    w: Any = None,
    *,
    free: Sequence[str] = DYNAMICS,
    lagged: Sequence[str] | None = None,
    unit: str | None = None,
    time: str | None = None,
) -> SpatialFit:
    """Fit a dynamic spatial panel with two-way effects by corrected scores.

    Parameters
    ----------
    formula, data, w, lagged, y, x, unit, time
        As for ``spatial_panel``.
    free : sequence of str
        Which of rho (W y), tau (lag of y) and eta (lag of W y) are estimated.

    Returns
    -------
    SpatialFit
        ``impacts`` are those after 0 and 5 periods and in the long run.
    """
    rows, net = table(formula, data, unit, time), _network(w)
    fit = fit_dynamic(rows.panel(), net, lagged, free)
    kept = [i for i, name in enumerate(fit.names) if name not in DYNAMICS or name in fit.free]
    names = [fit.names[i] for i in kept]
    V = fit.covariance[np.ix_(kept, kept)]
    notes = {"units": net.n, "periods": fit.t, "sigma2": fit.sigma2, "root found": fit.found}
    notes["largest root"] = stability(fit).radius
    return SpatialFit(
        "Dynamic spatial panel, two-way effects",
        t_rows(names, fit.estimates[kept], np.sqrt(np.diag(V)), "adjusted score"),
        (net.n - 1) * fit.t,
        cov=pd.DataFrame(V, names, names),
        notes=notes,
        raw=fit,
    )


@told("impacts")
def impacts(fit: SpatialFit, *, inference: str | None = None, draws: int = 0, seed: int = 0) -> Fit:
    """Return direct, indirect and total effects of each regressor.

    Parameters
    ----------
    fit : SpatialFit
        A static or dynamic spatial panel.
    inference : str, optional
        Covariance of the parameters, that of the fit by default; ``unit`` adds t with the effective units.
    draws, seed : int
        Draws of the parameters in place of the delta method; the dynamic panel always draws (2,000 by default).

    Returns
    -------
    Fit
        Parameters ``direct x``, ``indirect x``, ``total x``.
    """
    kind, raw = inference or str(fit.to_frame()["inference"].iloc[0]), fit.raw
    if kind == "adjusted score":
        return _dynamic_impacts(fit, draws or 2000, seed)

    def rows(level: float) -> pd.DataFrame:
        df: Any = np.inf
        if draws:
            found = drawn_impacts(raw, np.random.default_rng(seed), draws, kind, level)
        elif kind == "unit":
            made = clustered_impacts(raw, level)
            found, df = made.impacts, made.df.ravel()
        else:
            found = delta_impacts(raw, kind, level)
        names = [f"{what} {name}" for what in KINDS for name in found.regressors]
        columns = [np.ravel(part) for part in found[1:6]]
        ratio = np.divide(columns[0], columns[1], out=np.full_like(columns[0], np.nan), where=columns[1] > 0)
        keys = ["estimate", "std_error", "conf_low", "conf_high", "p_value"]
        law = f"{draws} draws" if draws else "t by unit" if kind == "unit" else "normal"
        numbers = dict(zip(keys, columns, strict=True)) | {"statistic": ratio, "df": df}
        return pd.DataFrame({"term": names, "inference": kind, **numbers, "law": law})

    return Fit(f"Effects: {fit.title}", rows, fit.nobs, notes={"units": raw.network.n}, raw=raw)


def _dynamic_impacts(fit: SpatialFit, draws: int, seed: int) -> Fit:
    def rows(level: float) -> pd.DataFrame:
        found = dynamic_effects(fit.raw, (5,), np.random.default_rng(seed), draws, level)
        names = [f"{what} {name}, {h}" for h in found.horizons for what in KINDS for name in found.regressors]
        parts = [np.ravel(part) for part in (found.estimate, found.std_error, found.conf_low, found.conf_high)]
        numbers = dict(zip(["estimate", "std_error", "conf_low", "conf_high"], parts, strict=True))
        ratio = parts[0] / parts[1]
        out = {"term": names, "inference": "draws", **numbers, "statistic": ratio, "df": np.inf, "p_value": np.nan}
        return pd.DataFrame({**out, "law": f"{draws} draws"})

    return Fit(f"Effects: {fit.title}", rows, fit.nobs, raw=fit.raw)

"""Spatial panels and cross-sections: static, with random effects, dynamic; their
effects.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.data import Table, names_of, reported, table, weights
from evenfield.api.formula import lag_of_outcome
from evenfield.api.results import Fit, chosen, t_rows
from evenfield.numerics.spatial_panel.constant import with_constant
from evenfield.numerics.spatial_panel.dynamic import DynamicFit, fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import dynamic_effects, stability
from evenfield.numerics.spatial_panel.dynamic_moments import DYNAMICS
from evenfield.numerics.spatial_panel.impacts import (
    KINDS,
    clustered_impacts,
    delta_impacts,
    drawn_impacts,
)
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from evenfield.numerics.spatial_panel.reach import reach
from evenfield.study.errors import EstimateError

EFFECTS = ("pooled", "unit", "time", "two_way", "random")
# Names of parameters, which no regressor may have.
BY_T = "_t"  # behind the name of an inference: Student's t of the units that count
RESERVED = ("rho", "lambda", "tau", "eta", "phi", "sigma2")


def _balanced_panel(rows: Table) -> BalancedPanel:
    """Return the panel, and refuse regressors that are named as a parameter."""
    # Rows of a fit are found by name: two of one name could not be told apart.
    names = {str(name) for name in rows.X}
    lags = {f"W {name}" for name in names}
    taken = sorted(names & {*RESERVED, *lags})
    if taken:
        raise EstimateError(
            f"a regressor named {taken[0]}, as a parameter of the model is",
            "another name",
            "rename the column",
        )
    return rows.panel()


@dataclass(frozen=True, eq=False, repr=False)
class SpatialFit(Fit):
    """A spatial panel; ``raw`` is what the functions of ``evenfield`` on fits take."""

    @reported("impacts")
    def impacts(
        self, *, inference: str | None = None, draws: int = 0, seed: int = 0
    ) -> Fit:
        """Return direct, indirect and total effects: parameters ``direct x``,
        ``indirect x``, ``total x``.

        Parameters
        ----------
        inference : str, optional
            Covariance of the parameters, that of the fit by default; ``unit`` adds t
            with the effective units.
        draws, seed : int
            Draws of the parameters in place of the delta method; a dynamic panel always
            draws (2,000 by default).
        """
        raw = self.raw
        dynamic = isinstance(raw, DynamicFit)
        kind = inference or str(self.rows(0.95)["inference"].iloc[0])
        if dynamic:
            kind = "draws"
        # A dynamic panel has no delta method here: its long-run effects are ratios.
        count = draws or 2000 * dynamic
        law = "t by unit" if kind == "unit" else "normal"
        if count:
            law = f"{count} draws"

        def rows(level: float) -> pd.DataFrame:
            rng = np.random.default_rng(seed)
            ends = [""]
            df: Any = np.inf
            if dynamic:
                # At once, after five periods and in the long run.
                effects: Any = dynamic_effects(raw, (5,), rng, count, level)
                ends = [f", {horizon}" for horizon in effects.horizons]
            elif count:
                effects = drawn_impacts(raw, rng, count, kind, level)
            elif kind == "unit":
                estimates = clustered_impacts(raw, level)
                effects = estimates.impacts
                df = estimates.df.ravel()
            else:
                effects = delta_impacts(raw, kind, level)
            names = [
                f"{what} {name}{end}"
                for end, what, name in product(ends, KINDS, effects.regressors)
            ]
            others = {}
            for column in ("p_value", "conf_low", "conf_high"):
                values = getattr(effects, column, np.nan)
                others[column] = np.broadcast_to(values, effects.estimate.shape).ravel()
            return t_rows(
                names,
                effects.estimate.ravel(),
                effects.std_error.ravel(),
                kind,
                df,
                law=law,
                **others,
            )(level)

        return Fit(
            f"Effects: {self.title}",
            rows,
            self.nobs,
            notes={"units": raw.network.n},
            raw=raw,
        )

    @reported("impacts")
    def reach(self, regressor: str) -> pd.DataFrame:
        """Return the matrix of effects of one regressor: row responds, column changes."""
        if isinstance(self.raw, DynamicFit):
            raise EstimateError("a dynamic panel", "a static one", "use impacts()")
        reached = reach(self.raw, regressor)
        return pd.DataFrame(reached.matrix, list(reached.units), list(reached.units))


@reported("spatial-panel")
def spatial_panel(
    formula: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    model: str = "SDM",
    effects: str | None = None,
    lagged: str | Sequence[str] | None = None,
    inference: str | Sequence[str] = "observed",
    approach: str | None = None,
    unit: str | None = None,
    time: str | None = None,
) -> SpatialFit:
    """Fit a static spatial panel by maximum likelihood, with ``impacts()`` and
    ``reach()``.

    Parameters
    ----------
    formula, data, y, x, unit, time
        As for ``ols``; the panel is balanced.
    w : Network or what ``weights`` takes
        Matched to the units by id.
    model, effects : str
        OLS, SLX, SAR, SEM, SDM, SDEM or SAC; pooled, unit, time, two_way (the default),
        or random (SAR, SDM, SEM and SDEM). Or unit and date behind the bar of the
        formula.
    lagged : str or sequence of str, optional
        Regressors whose spatial lag enters; all by default.
    inference : str or sequence of str
        observed, expected, qml, unit (clustered by unit), or unit_t: the same with t
        of the units that carry a coefficient.
    approach : str, optional
        lee_yu (transformation) or direct, which other programs report; direct for
        pooled.
    """
    rows = table(formula, data, unit, time)
    effects = _agreed_effects(effects, rows.panel_effects)
    net = weights(w)
    panel = _balanced_panel(rows)
    lagged = None if lagged is None else tuple(names_of(lagged))
    by_row: dict[str, Any] = {}
    if effects == "random":
        fit: Any = fit_random_effects(panel, net, PanelModel(model, lagged=lagged))
        n = len(rows.y)
    else:
        # Without effects Lee and Yu's transformation has nothing to remove.
        how = approach or ("direct" if effects == "pooled" else "lee_yu")
        fit = fit_spatial_panel(panel, net, PanelModel(model, effects, how, lagged))
        n = fit.observations
        # Residuals come in the order of the weights, rows in that of the ids.
        order = np.argsort(net.units)
        u = fit.residuals[:, order][rows.dates.codes, rows.units.codes]
        by_row["resids"] = rows.restored(u)
        by_row["fitted"] = rows.restored(rows.y.to_numpy() - u)
    # At the edge of the range of a parameter the likelihood has no curvature to invert.
    unknown = np.full((len(fit.names),) * 2, np.nan)
    covariances = {
        kind: unknown if fit.at_bound else fit.covariance(kind.removesuffix(BY_T))
        for kind in names_of(inference)
    }
    names = list(fit.names)
    estimates = fit.estimates
    # Where no effect takes it away the constant is reported, too.
    if effects in ("pooled", "random"):
        names, estimates, covariances = with_constant(panel, fit, covariances)
    parts = [
        t_rows(names, estimates, np.sqrt(np.diag(V)), kind, _df(fit, names, kind))
        for kind, V in covariances.items()
    ]
    return SpatialFit(
        f"{model}, {effects.replace('_', '-')} effects",
        lambda level: pd.concat([part(level) for part in parts], ignore_index=True),
        nobs=n,
        loglik=fit.log_likelihood,
        # AIC and BIC count no error variance, as ``Fit`` says.
        n_params=len(names) - names.count("sigma2") + _effects_counted(fit, effects),
        covariance=lambda kind: pd.DataFrame(covariances[kind], names, names),
        notes={
            "units": net.n,
            "periods": len(panel.periods),
            "at the edge of its range": "a parameter" if fit.at_bound else "",
        },
        raw=fit,
        **by_row,
    )


def _df(fit: Any, names: Sequence[str], kind: str) -> Any:
    """Return the degrees of freedom of each parameter, infinite for the normal law.

    Notes
    -----
    G* - 1, and one at least, as effects have it (Carter, Schnepel and Steigerwald 2017).
    """
    if not kind.endswith(BY_T) or fit.at_bound:
        return np.inf
    alone = dict(zip(fit.names, np.eye(len(fit.names)), strict=True))
    effective = [
        fit.effective_units(alone[name]) if name in alone else np.inf for name in names
    ]
    return np.maximum(np.array(effective) - 1, 1)


def _agreed_effects(option: str | None, behind_bar: str | None) -> str:
    """Return the effects of the option or of the formula, and refuse two that differ."""
    if option is None:
        return behind_bar or "two_way"
    chosen("effects", option, EFFECTS)
    if behind_bar is not None and option == "pooled":
        raise EstimateError(
            f"{behind_bar} effects behind the bar of a pooled model",
            "no effects",
            "leave them out, or use ef.spatial_panel with a panel",
        )
    if behind_bar not in (None, option):
        raise EstimateError(
            f"effects={option!r} beside {behind_bar} effects behind the bar",
            "the same twice, or one of them",
            "leave out the other",
        )
    return option


def _effects_counted(fit: Any, effects: str) -> int:
    """Return how many effects are parameters of the likelihood: none where they are
    transformed away or drawn.
    """
    if effects in ("pooled", "random") or fit.model.approach == "lee_yu":
        return 0
    n = fit.network.n
    t = fit.n_periods
    # Both sets of dummies span the constant: two-way effects are N + T - 1.
    return int(
        {
            "unit": n,
            "time": t,
            "two_way": n + t - 1,
        }[effects]
    )


@reported("spatial-cross-section", passes_to=spatial_panel, sets=["effects"])
def spatial_cross_section(
    formula: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    model: str = "SAR",
    **options: object,
) -> SpatialFit:
    """Fit a spatial model of one row a unit by maximum likelihood, with its constant;
    options as ``spatial_panel``.
    """
    fit = spatial_panel(formula, data, w, model=model, effects="pooled", **options)
    if fit.notes["periods"] > 1:
        raise EstimateError(
            f"{fit.notes['periods']} dates", "one row a unit", "use ef.spatial_panel"
        )
    return replace(fit, title=f"{model}, cross-section")


@reported("spatial-dynamic")
def spatial_dynamic(
    formula: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    free: str | Sequence[str] = DYNAMICS,
    lagged: str | Sequence[str] | None = None,
    unit: str | None = None,
    time: str | None = None,
) -> SpatialFit:
    """Fit a dynamic spatial panel by corrected scores, ``impacts()`` at once, after 5
    periods and in the long run.

    Parameters
    ----------
    formula, data, w, lagged, y, x, unit, time
        As for ``spatial_panel``.
    free : str or sequence of str
        Which of rho (W y), tau (lag of y) and eta (lag of W y) are estimated.
    """
    rows = table(formula, data, unit, time)
    rows.check_keys("a dynamic panel")
    if rows.panel_effects not in (None, "two_way"):
        raise EstimateError(
            f"{rows.panel_effects} effects alone behind the bar",
            "both unit and time effects, which the estimator always has",
            "name both, or leave out the bar",
        )
    net = weights(w)
    rows.calendar.even("lags of the outcome")
    for name in rows.X:
        if lag_of_outcome(str(name), str(rows.y.name)):
            raise EstimateError(
                f"{name} among the regressors",
                "the lag of the outcome once: tau is its coefficient",
                "leave it out of the formula",
            )
    lagged = None if lagged is None else names_of(lagged)
    fit = fit_dynamic(_balanced_panel(rows), net, lagged, names_of(free))
    # A dynamic parameter that is held at zero is not reported.
    names = [name for name in fit.names if name not in DYNAMICS or name in fit.free]
    reported_ones = [fit.names.index(name) for name in names]
    V = fit.covariance[np.ix_(reported_ones, reported_ones)]
    estimates = fit.estimates[reported_ones]
    return SpatialFit(
        "Dynamic spatial panel, two-way effects",
        t_rows(names, estimates, np.sqrt(np.diag(V)), "adjusted score"),
        (net.n - 1) * fit.t,
        covariance=lambda _: pd.DataFrame(V, names, names),
        notes={
            "units": net.n,
            "periods": fit.t,
            "sigma2": fit.sigma2,
            "root found": fit.converged,
            "largest root": stability(fit).radius,
        },
        raw=fit,
    )

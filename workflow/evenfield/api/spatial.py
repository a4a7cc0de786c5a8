"""Spatial panels and cross-sections: static, with random effects, dynamic; their
effects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import Table, names_of, reported, table, weights
from evenfield.api.formula import lag_of_outcome
from evenfield.api.results import InTables, chosen, t_rows
from evenfield.api.spatial_fit import BY_T, BY_UNIT_T, SpatialFit, widening
from evenfield.numerics.spatial_panel.constant import with_constant
from evenfield.numerics.spatial_panel.dynamic import fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import stability
from evenfield.numerics.spatial_panel.dynamic_moments import DYNAMICS
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.probabilities import COMPARED, model_probabilities
from evenfield.numerics.spatial_panel.random_effects import fit_random_effects
from evenfield.study.errors import EstimateError, counted

EFFECTS = ("pooled", "unit", "time", "two_way", "random")
# Names of parameters, which no regressor may have.
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
    factors: int = 0,
    unit: str | None = None,
    time: str | None = None,
) -> SpatialFit:
    """Fit a static spatial panel by maximum likelihood, with ``impacts()``, ``reach()``,
    ``specification_tests()``, ``residual_tests()`` and ``bootstrap()``.

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
        observed, expected, qml, or unit (clustered by unit). With ``_t`` behind the
        name Student's t in place of the normal law: unit_t of the units that carry a
        coefficient; the others with n - k degrees of freedom and errors times sqrt(n /
        (n - k)), as least squares has them, for k parameters but the variance; loadings
        and paths of common factors are among them.
    approach : str, optional
        lee_yu (transformation) or direct, which other programs report; direct for
        pooled.
    factors : int
        Common factors beside the effects, shocks that hit each unit with a loading of
        its own (Shi and Lee 2017), without bias correction or AIC; not with random
        effects.
    """
    rows = table(formula, data, unit, time)
    effects = _agreed_effects(effects, rows.panel_effects)
    net = weights(w)
    panel = _balanced_panel(rows)
    lagged = None if lagged is None else tuple(names_of(lagged))
    by_row: dict[str, Any] = {}
    whole("factors", factors, lowest=0)
    drawn = effects == "random"
    unused = {
        "common factors beside random effects": drawn and factors > 0,
        f"approach={approach!r} beside random effects": drawn and approach is not None,
        f"lagged beside {model}, which has no lag of a regressor": (
            lagged is not None and model in ("OLS", "SAR", "SEM", "SAC")
        ),
    }
    for found, is_unused in unused.items():
        if is_unused:
            raise EstimateError(
                found,
                "factors and approaches with effects='two_way', for example, lagged"
                " with SLX, SDM or SDEM",
                "leave it out, or take another model",
            )
    converged = True
    if effects == "random":
        fit: Any = fit_random_effects(panel, net, PanelModel(model, lagged=lagged))
        n = len(rows.y)
    else:
        # Without effects Lee and Yu's transformation has nothing to remove.
        how = approach or ("direct" if effects == "pooled" else "lee_yu")
        form = PanelModel(model, effects, how, lagged)
        if factors:
            with_factors = fit_with_factors(panel, net, form, factors)
            fit = with_factors.after
            converged = with_factors.converged
        else:
            fit = fit_spatial_panel(panel, net, form)
        n = fit.observations
        # Residuals come in the order of the weights, rows in that of the ids.
        order = np.argsort(net.units)
        u = fit.residuals[:, order][rows.dates.codes, rows.units.codes]
        by_row["resids"] = rows.restored(u)
        by_row["fitted"] = rows.restored(rows.y.to_numpy() - u)
    # At the edge of the range of a parameter the likelihood has no curvature to invert.
    unknown = np.full((len(fit.names),) * 2, np.nan)
    kinds = list(dict.fromkeys(names_of(inference)))
    # Student's t has the covariance of the normal law, and wider errors.
    normal = {
        kind: unknown if fit.at_bound else fit.covariance(kind)
        for kind in [kind.removesuffix(BY_T) for kind in kinds]
    }
    names = list(fit.names)
    estimates = fit.estimates
    # Where no effect takes it away the constant is reported, too.
    if effects in ("pooled", "random"):
        names, estimates, normal = with_constant(panel, fit, normal)
    # AIC and BIC count no error variance, as ``Fit`` says.
    n_params = len(names) - names.count("sigma2") + _effects_counted(fit, effects)
    n_params += _factors_counted(fit, effects, factors)
    parts = []
    covariances = {}
    for kind in kinds:
        df = _df(fit, names, kind, n - n_params)
        wide = widening(kind, n, n_params)
        covariances[kind] = normal[kind.removesuffix(BY_T)] * wide**2
        errors = np.sqrt(np.diag(covariances[kind]))
        parts.append(t_rows(names, estimates, errors, kind, df))
    return SpatialFit(
        f"{model}, {effects.replace('_', '-')} effects{_of_factors(factors)}",
        lambda level: pd.concat([part(level) for part in parts], ignore_index=True),
        nobs=n,
        # Loadings and paths of factors are parameters that AIC would have to count.
        loglik=np.nan if factors else fit.log_likelihood,
        n_params=n_params,
        covariance=lambda kind: pd.DataFrame(covariances[kind], names, names),
        notes={
            "units": net.n,
            "periods": len(panel.periods),
            "at the edge of its range": "a parameter" if fit.at_bound else "",
            "at rest": "" if converged else "no",
        },
        _in_tables=InTables(
            effects=_effect_names(rows, effects),
            whole={"mean of outcome": float(rows.y.mean())},
        ),
        raw=fit,
        panel=None if effects == "random" else panel,
        factors=factors,
        **by_row,
    )


def _effect_names(rows: Table, effects: str) -> tuple[str, ...]:
    """Return the columns that fixed effects are of."""
    unit, date = str(rows.unit_name), str(rows.time_name)
    by_kind = {"unit": (unit,), "time": (date,), "two_way": (unit, date)}
    return by_kind.get(effects, ())


def _of_factors(factors: int) -> str:
    """Return the words for common factors in a title, none where there are none."""
    return f", {counted(factors, 'common factor')}" if factors else ""


def _df(fit: Any, names: Sequence[str], kind: str, left: int) -> Any:
    """Return the degrees of freedom of each parameter, infinite for the normal law; the
    ``left`` ones of the observations for all kinds but ``unit_t``.

    Notes
    -----
    G* - 1, and one at least, as effects have it (Carter, Schnepel and Steigerwald 2017).
    """
    if not kind.endswith(BY_T) or fit.at_bound:
        return np.inf
    if kind != BY_UNIT_T:
        return left
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


def _factors_counted(fit: Any, effects: str, factors: int) -> int:
    """Return how many loadings and paths of common factors are parameters.

    Notes
    -----
    r (N + T - r): a matrix of rank r has so many free numbers (Bai 2009), N and T less
    one where effects of dates and of units have taken a dimension.
    """
    if not factors:
        return 0
    n = fit.network.n - (effects in ("time", "two_way"))
    t = fit.n_periods - (effects in ("unit", "two_way"))
    return int(factors * (n + t - factors))


@reported("spatial-panel")
def spatial_model_probabilities(
    formula: str,
    data: pd.DataFrame,
    w: Mapping[str, object],
    *,
    models: str | Sequence[str] = COMPARED,
    effects: str | None = None,
    lagged: str | Sequence[str] | None = None,
    approach: str | None = None,
    unit: str | None = None,
    time: str | None = None,
) -> pd.DataFrame:
    """Compare spatial models and weights by their posterior probabilities, all of them
    alike beforehand.

    Parameters
    ----------
    formula, data, effects, lagged, approach, y, x, unit, time
        As for ``spatial_panel``, without random effects.
    w : mapping of str to Network or what ``weights`` takes
        Weights by name, all of the same units.
    models : str or sequence of str
        Some of SLX, SAR, SEM, SDM and SDEM.

    Returns
    -------
    DataFrame
        One row a model, one column a name of ``w``; all sum to one.

    Notes
    -----
    LeSage (2014); LeSage and Pace (2009, ch. 6). Models need not be nested. Coefficients
    have Zellner's g prior, spatial parameters a uniform one on (-1, 1), a pooled constant
    and the logarithm of the standard deviation flat ones. Effects are integrated where
    they are transformed away (``lee_yu``), and taken at their estimates by ``direct``.
    """
    if not isinstance(w, Mapping) or not w:
        raise EstimateError(
            f"weights of type {type(w).__name__}",
            "a mapping of names to weights",
            "write {'near': near, 'far': far}",
        )
    rows = table(formula, data, unit, time)
    effects = _agreed_effects(effects, rows.panel_effects)
    chosen("effects", effects, [name for name in EFFECTS if name != "random"])
    compared = list(dict.fromkeys(names_of(models)))
    if not compared:
        raise EstimateError("models=[]", "one at least", "leave it out for all")
    for name in compared:
        chosen("model", name, COMPARED)
    how = approach or ("direct" if effects == "pooled" else "lee_yu")
    kept = None if lagged is None else tuple(names_of(lagged))
    shares = model_probabilities(
        _balanced_panel(rows),
        {str(name): weights(one) for name, one in w.items()},
        PanelModel("SDM", effects, how, kept),
        compared,
    )
    by_weights = {
        str(name): [shares[model, str(name)] for model in compared] for name in w
    }
    return pd.DataFrame(by_weights, index=compared)


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

"""One combination of coefficients in a panel of units and years, with the inference ladder of continuous regressors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import RobustInference, cr3_inference
from evenfield.numerics.inference.driscoll_kraay import default_lags, driscoll_kraay_inference
from evenfield.numerics.inference.wild_bootstrap import wild_bootstrap, wild_draws, wild_inference
from evenfield.numerics.influence import dependent_columns, effective_clusters, partial_leverage
from evenfield.numerics.ols import OlsFit, fit_ols, t_quantile
from evenfield.numerics.random import generator_for
from evenfield.shared.contrasts.contrasts import ContrastSettings, leave_out_rows
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan

FEWEST_TREATED = 4
TIE_DIGITS = 10


@dataclass(frozen=True)
class PanelContrast:
    """A regression with unit and year effects, and one combination of its coefficients."""

    row: Estimate  # the row to fill; its estimator is the name of the primary method
    table: pd.DataFrame  # ``unit``, ``year``, the outcome and the regressors; complete rows in any order
    outcome: str  # column of the outcome
    regressors: tuple[str, ...]  # columns
    weights: Mapping[str, float]  # weights of the combination by regressor
    treated: int  # units in the smaller of the groups compared; below four there is no standard error


@dataclass(frozen=True)
class _Fitted:
    """A regression with unit effects taken out and year effects among the regressors."""

    fit: OlsFit
    c: np.ndarray
    units: np.ndarray
    years: np.ndarray


def panel_contrast_rows(contrast: PanelContrast, settings: ContrastSettings) -> list[Estimate]:
    """Estimate a combination: the whole ladder and leave-out rows where it decides, CR3 elsewhere.

    Notes
    -----
    Primary: CR3 by unit with t(G* - 1) (MacKinnon, Nielsen and Webb 2023; Carter, Schnepel and Steigerwald 2017).
    Beside it the restricted wild cluster bootstrap 33 and Driscoll-Kraay with the fixed-b law. Unit means are taken
    out; year effects stay among the regressors, so that they are estimated anew without each unit.
    """
    found = _fit(contrast)
    if isinstance(found, str):
        return [replace(contrast.row, estimate=NAN, warning=_joined(contrast.row.warning, f"not defined: {found}"))]
    row = _described(contrast, found)
    if contrast.treated < FEWEST_TREATED:
        few = f"fewer than {FEWEST_TREATED} units in a group: no standard error"
        return [replace(row, warning=_joined(row.warning, few))]
    rows = [_cr3(row, found, settings)]
    if contrast.row.role != "primary":
        return rows
    return [*rows, *_ladder(row, found, settings),
            *leave_out_rows(row, found.fit, found.c, found.units, settings)]  # fmt: skip


def _fit(contrast: PanelContrast) -> _Fitted | str:
    table = contrast.table.sort_values(["unit", "year"])
    units, years = table["unit"].to_numpy(str), table["year"].to_numpy(int)
    dates = np.unique(years)
    dummies = (years[:, None] == dates[None, 1:]).astype(float)
    y = _within(table[[contrast.outcome]].to_numpy(float), units)[:, 0]
    X = _within(np.column_stack([table[list(contrast.regressors)].to_numpy(float), dummies]), units)
    if len(y) <= X.shape[1] + len(np.unique(units)):
        return f"{len(y)} observations for {X.shape[1]} coefficients and {len(np.unique(units))} units"
    c = np.zeros(X.shape[1])
    c[: len(contrast.regressors)] = [contrast.weights.get(name, 0.0) for name in contrast.regressors]
    try:
        return _Fitted(fit_ols(y, X), c, units, years)
    except NumericsError:
        names = [*contrast.regressors, *(f"year {year}" for year in dates[1:])]
        found = [names[i] for i in dependent_columns(X)]
        return f"{found[0] if found else 'a regressor'} does not vary or is collinear"


def _within(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    _, position, counts = np.unique(units, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), values.shape[1]))
    np.add.at(sums, position, values)
    return np.asarray(values - (sums / counts[:, None])[position])


def _described(contrast: PanelContrast, found: _Fitted) -> Estimate:
    names, shares = partial_leverage(found.fit.X, found.units, found.c)
    largest = int(np.argmax(np.round(shares, TIE_DIGITS)))
    return replace(
        contrast.row, estimate=float(found.c @ found.fit.beta), n_obs=len(found.units),
        n_units=len(np.unique(found.units)), n_periods=len(np.unique(found.years)), n_treated=contrast.treated,
        g_star=effective_clusters(found.fit.X, found.units, found.c), max_leverage_unit=str(names[largest]),
    )  # fmt: skip


def _cr3(row: Estimate, found: _Fitted, settings: ContrastSettings) -> Estimate:
    try:
        result = cr3_inference(found.fit, found.c, found.units, row.g_star - 1, settings.level)
    except NumericsError as error:
        return replace(row, warning=_joined(row.warning, f"not defined: {error}"))
    filled = replace(_filled(row, result, settings), se_type="CR3", p_type="t(G* - 1)", df=result.df)
    # ASSUME: serial correlation is left in the standard error, so what a panel can detect is (t + t) times that error.
    mde = (t_quantile(0.5 + settings.level / 2, result.df) + t_quantile(settings.power, result.df)) * result.std_error
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {row.sesoi:g} {row.unit_of_measure}" if mde > row.sesoi else ""
    return replace(filled, mde=float(mde), warning=_joined(row.warning, weak))


def _ladder(row: Estimate, found: _Fitted, settings: ContrastSettings) -> Iterable[Estimate]:
    base = replace(row, role="ladder")
    wild = replace(base, estimator=f"{row.estimator}_wcr33", se_type="CR3", p_type="wild bootstrap 33, rademacher")
    try:
        stream = generator_for(settings.seed, f"wild:{row.spec_id}:{row.outcome}:{row.term}:{row.treatment_def}")
        draws = wild_draws(found.units, "rademacher", settings.permutations, stream)
        made = wild_inference(wild_bootstrap(found.fit, found.c, found.units, draws, "33"), settings.level)
        yield replace(wild, std_error=made.std_error, statistic=made.statistic, p_value=made.p_value,
                      conf_low=finite_or_nan(made.conf_low), conf_high=finite_or_nan(made.conf_high),
                      conf_level=settings.level)  # fmt: skip
    except NumericsError as error:
        yield replace(wild, warning=_joined(row.warning, f"not defined: {error}"))
    dk = replace(base, estimator=f"{row.estimator}_driscoll_kraay", se_type="Driscoll-Kraay")
    try:
        lags = default_lags(row.n_periods)
        result = driscoll_kraay_inference(found.fit, found.c, found.years, lags, level=settings.level)
        yield replace(_filled(dk, result, settings), p_type=result.law)
    except NumericsError as error:
        yield replace(dk, warning=_joined(row.warning, f"not defined: {error}"))


def _filled(row: Estimate, result: RobustInference, settings: ContrastSettings) -> Estimate:
    return replace(row, std_error=result.std_error, statistic=result.statistic, p_value=result.p_value,
                   conf_low=result.conf_low, conf_high=result.conf_high, conf_level=settings.level)  # fmt: skip


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)

"""Absolute and conditional beta convergence: one cross-section for each period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from evenfield.numerics import convergence
from evenfield.numerics.arrays import Array, is_constant
from evenfield.numerics.dispersion import sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.ols import t_inference
from evenfield.shared.cross_section import ENDS, cross_section
from evenfield.shared.estimates import NAN, Fields
from evenfield.shared.regression import fit_hc3, slope_fields
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.samples import (
    MIN_UNITS,
    inference_fields,
    periods_of,
)
from evenfield.shared.settings import check_names
from evenfield.shared.spec import Inference, UnitsSpec, read
from evenfield.shared.speeds import NO_LIFE, NO_SPEED, SPEED_ENDS, add_half_life
from evenfield.shared.streams import stream
from evenfield.shared.trajectories import grouping
from evenfield.study.errors import first_examples
from evenfield.study.rounding import round_results
from evenfield.study.study import Study
from evenfield.study.study_config import ControlName
from evenfield.study.table_files import content_hash

if TYPE_CHECKING:
    from statsmodels.regression.linear_model import RegressionResults

KINDS = {
    "slope": Kind("ols", "log_income_start", "coef", "per year"),
    "speed": Kind("ols", "speed", "lambda", "% per year"),
    "speed_nls": Kind("nls", "speed", "lambda", "% per year"),
    "half_life": Kind("ols", "half_life", "half_life", "years"),
    "r2": Kind("ols", "r2", "stat", "share"),
    "moran": Kind("ols", "moran", "stat", "index"),
    "sigma_start": Kind("description", "sigma_start", "stat", "log points"),
    "sigma_end": Kind("description", "sigma_end", "stat", "log points"),
    "mean_growth": Kind("description", "mean_growth", "stat", "% per year"),
}
# What a regression gives; the rest describes a period also where there is none.
REGRESSION = [name for name, kind in KINDS.items() if kind.estimator != "description"]
SERIES = "spec_id unit_scheme period kind unit point sample_id".split()
NUMBERS = (
    "log_income_start growth_pct_per_year fitted residual conf_low conf_high".split()
)
# Points of the fitted line, numbered from 1; point 0 marks a unit.
GRID_POINTS = 50
# Residuals below this share of the outcome are rounding: their Moran's I is noise.
PERFECT = 1e-12


class BetaSpec(UnitsSpec):
    """One specification of beta convergence."""

    controls: list[ControlName] = []
    """Controls; each enters from the first period that has it."""
    end_points: Literal["end", "mean3"] = "end"
    """Levels at both ends, or means of three dates."""
    means: str = ""
    """Column of units.csv, such as `parent`: means of its groups stand in for units."""
    inference: Inference = ()

    @model_validator(mode="after")
    def _means_stand_alone(self) -> BetaSpec:
        if self.means and (self.controls or self.inference):
            raise ValueError("means goes without controls and inference")
        return self


Section = list[BetaSpec]


def check_data(study: Study, _: Section, spec: BetaSpec) -> None:
    """Refuse a grouping that units.csv does not have, before anything is estimated."""
    if spec.means:
        where = f"estimates.beta.{spec.id}"
        check_names([spec.means], study.table("units", spec.unit_scheme).columns, where)


def estimate(study: Study) -> Results:
    """Estimate every specification in every period.

    Notes
    -----
    (1/T)(y_T - y_0) = a + b y_0 + z'd + u with HC3 and t(N - K); lambda = -ln(1 + bT)/T
    (Barro and Sala-i-Martin 1992).
    """
    out = Results()
    parts = []
    fits = []
    for spec in read(Section, study.config, "beta"):
        for period in periods_of(study.table("periods", spec.unit_scheme)):
            rows, series, fit = _regression(study, spec, period)
            out.estimates += rows.estimates
            parts += series
            fits.append(fit)
    out.series["series"] = stacked(parts, SERIES, NUMBERS)
    inference = study.config.inference
    out.fit = inference.fields("permutations", "seed")
    out.fit["regressions"] = fits
    return out


def _regression(
    study: Study, spec: BetaSpec, period: str
) -> tuple[Rows, list[pd.DataFrame], Fields]:
    """Return the rows of one cross-section, its points and line, and its summary."""
    where = f"estimates.beta.{spec.id} {period}"
    level = study.config.inference.level
    section = cross_section(study, spec, period, where, spec.controls, spec.end_points)
    # years is T of the equation; means at both ends take two steps off it.
    data, years, basis, note, available = section
    if spec.means:
        data = _group_means(study, spec, data, where)
    growth = data["growth"].to_numpy(float)
    # Columns: unit, start, end, then the controls that exist, then growth.
    regressors = [*data.columns[3:-1]]
    # One control may be several columns, NAME=GROUP.
    controls = list(dict.fromkeys(name.split("=")[0] for name in regressors))
    labels = {**spec.labels, "period": period}
    summary = {
        **labels,
        "years": years,
        "n_units": len(data),
        "controls": controls,
        "controls_absent": [name for name in spec.controls if name not in controls],
    }
    rows = Rows(
        KINDS,
        spec.role,
        note,
        **labels,
        family="beta",
        outcome=ENDS[spec.end_points][3],
        controls_id="+".join(controls) or "none",
        n_obs=len(data),
        n_units=len(data),
        output_basis=basis,
        data_hash=content_hash(data.drop(columns="growth")),
    )
    # Beta convergence does not imply that incomes draw together (Galton's fallacy:
    # Friedman 1992; Quah 1993), so dispersion at both ends stands beside it.
    described = {
        "sigma_start": sigma(data["start"].to_numpy(float)),
        "sigma_end": sigma(data["end"].to_numpy(float)),
        "mean_growth": 100 * np.mean(growth) if len(data) else NAN,
    }
    for name, value in described.items():
        absent = "" if np.isfinite(value) else "not defined in this period"
        rows.add(name, absent, estimate=float(value))
    points = pd.DataFrame(
        {
            "unit": data["unit"],
            "point": 0,
            "log_income_start": data["start"],
        }
    )
    points = points.assign(
        **labels,
        kind="unit",
        growth_pct_per_year=100 * growth,
    )
    try:
        _check_variation(data, growth, regressors, available)
        # Constant, initial income, controls: slope_alone below picks the second.
        values = data[["start", *regressors]].to_numpy(float)
        X = np.column_stack([np.ones(len(data)), values])
        fit = fit_hc3(growth, X)
    except NumericsError as error:
        rows.undefined(REGRESSION, error)
        return rows, [points] if available else [], summary
    # The share of a unit in what initial income adds to the controls says whether the
    # slope rests on one unit.
    slope_alone = np.eye(X.shape[1])[1]
    units, shares = partial_leverage(X, data["unit"].to_numpy(str), slope_alone)
    rows.shared["max_leverage_unit"] = str(units[shares.argmax()])
    slopes = slope_fields(
        spec,
        fit,
        slope_alone,
        data["unit"].to_numpy(str),
        study,
        f"beta:{spec.id}:{period}",
    )
    # The first method of inference decides; further ones stand beside it as a ladder.
    (_, slope), *others = slopes.items()
    warning = slope.pop("warning")
    rows.add("slope", warning, **slope)
    _add_speed(rows, slope, years)
    for name, fields in others:
        labels_beside = {"role": "ladder", "estimator": f"ols_{name.lower()}"}
        rows.add("slope", fields.pop("warning"), **fields | labels_beside)
    _add_speed_nls(rows, growth, X, years, level)
    rows.add("r2", estimate=float(fit.rsquared))
    _add_moran(rows, fit, list(data["unit"]), study, spec)
    # The summary is for readers of fit.json; the rows are not rounded.
    terms = ("constant", "log_income_start", *regressors)
    for key, values in (("coefficients", fit.params), ("std_errors", fit.bse)):
        rounded = round_results(values, np.abs(values)).tolist()
        summary[key] = dict(zip(terms, rounded, strict=True))
    points = points.assign(fitted=100 * fit.fittedvalues, residual=100 * fit.resid)
    # With controls there is no one line through the scatter.
    line = [] if controls else [_line(data["start"], fit, level).assign(**labels)]
    return rows, [points, *line], summary


def _group_means(
    study: Study, spec: BetaSpec, data: pd.DataFrame, where: str
) -> pd.DataFrame:
    """Return means over the units of each group, under the name of the group."""
    table = study.table("units", spec.unit_scheme)
    codes, names = grouping(table, spec.means, list(data["unit"]), where)
    numbers = data.drop(columns="unit").groupby(codes).mean()
    means = numbers.assign(unit=[names[code] for code in numbers.index])
    return means[data.columns].sort_values(["start", "end", "unit"], ignore_index=True)


def _check_variation(
    data: pd.DataFrame, growth: Array, controls: list[str], available: bool
) -> None:
    if not available:
        raise NumericsError(
            "the period is too short for means of three observations at both ends"
        )
    if len(data) < MIN_UNITS:
        raise NumericsError(
            f"{len(data)} units, a regression needs at least {MIN_UNITS}"
        )
    regressors = ("start", *controls)
    same = [name for name in regressors if is_constant(data[name].to_numpy(float))]
    if same:
        raise NumericsError(f"{first_examples(same)} is the same in every unit")
    # Then b = 0 exactly, with a standard error of rounding alone.
    if is_constant(growth):
        raise NumericsError("growth is the same in every unit")


def _add_speed(rows: Rows, slope: Fields, years: float) -> None:
    # lambda = -ln(1 + bT)/T falls in b: the ends of the slope's interval change places.
    # The test is that of the slope, since lambda = 0 where b = 0.
    speed = convergence.speed_from_slope(slope["estimate"], years)
    bounds = convergence.speed_bounds(slope["conf_low"], slope["conf_high"], years)
    labels = {
        "se_type": "interval of the slope, transformed",
        "conf_level": slope["conf_level"],
        "df": slope["df"],
    }
    # 1 + bT <= 0 says that incomes overshoot within the period: no speed gives that.
    absent = "" if np.isfinite(speed) else NO_SPEED
    rows.add(
        "speed",
        absent,
        SPEED_ENDS.get(bounds.note, ""),
        **labels,
        estimate=100 * speed,
        conf_low=100 * bounds.low,
        conf_high=100 * bounds.high,
        statistic=slope["statistic"],
        p_value=slope["p_value"],
        p_type=f"{slope['p_type'].removesuffix(', two-sided')} of the slope, two-sided",
    )
    # ln 2 / lambda: at a speed of zero or less no gap ever halves.
    no_life = NO_LIFE if speed <= 0 else ""
    add_half_life(rows, speed, bounds, absent, no_life, **labels)


def _add_speed_nls(
    rows: Rows, growth: Array, X: Array, years: float, level: float
) -> None:
    # g = a - (1 - exp(-lambda T))/T y_0 + z'd + u by nonlinear least squares, the form
    # of Barro and Sala-i-Martin (1992); it has the speed itself as its parameter.
    speed = convergence.fit_speed(growth, X[:, 1], years, X[:, 2:])
    # The slope of least squares then has 1 + bT <= 0, which no lambda gives.
    if not np.isfinite(speed.lam):
        reason = "1 + bT is not positive, the sum of squares has no minimum"
        return rows.undefined(["speed_nls"], reason, converged=False)
    test = t_inference(speed.lam, speed.std_error, speed.df, level)
    return rows.add(
        "speed_nls",
        "" if speed.converged else f"no convergence after {speed.steps} steps",
        # lambda is a share a year, rows hold % a year.
        **inference_fields(test, 100.0),
        se_type="HC3 of the Jacobian",
        p_type="t, two-sided",
        converged=speed.converged,
    )


def _add_moran(
    rows: Rows, fit: RegressionResults, units: list[str], study: Study, spec: BetaSpec
) -> None:
    if spec.means:
        return rows.undefined(["moran"], "groups have no spatial weights")
    if not study.has_weights:
        return rows.undefined(["moran"], "the study has no spatial weights")
    inference = study.config.inference
    weights = study.weights(scheme=spec.unit_scheme)
    # In a smaller sample weights are cut and row-standardised again; note says it.
    matrix, note = weights.among(units)
    rng, seed = stream(inference, "beta", spec, rows.shared["period"], "moran")
    labels = {"w_id": str(weights.spec.get("weights", "")), "seed": seed}
    draws = inference.permutations
    try:
        if np.linalg.norm(fit.resid) <= PERFECT * np.linalg.norm(fit.model.endog):
            raise NumericsError("the fit is perfect, no residual is left")
        # Residuals are not exchangeable, so each permutation is regressed on X anew.
        test = morans_i_test(fit.resid, matrix, rng, draws, fit.model.exog)
    except NumericsError as error:
        return rows.undefined(["moran"], error, **labels)
    return rows.add(
        "moran",
        note,
        **labels,
        estimate=test.statistic,
        std_error=test.std_error,
        statistic=test.z,
        p_value=test.p_value,
        se_type="Cliff-Ord, independent normal errors",
        p_type=(
            "permutation of residuals re-regressed on X, two-sided,"
            f" {test.permutations} draws"
        ),
    )


def _line(start: pd.Series, fit: RegressionResults, level: float) -> pd.DataFrame:
    """Return the fitted line and its pointwise interval on a grid of initial incomes."""
    grid = np.linspace(start.min(), start.max(), GRID_POINTS)
    X = np.column_stack([np.ones(GRID_POINTS), grid])
    # Band of the mean at each income, point by point, not of a new unit.
    prediction = 100 * fit.get_prediction(X).summary_frame(alpha=1 - level)
    return pd.DataFrame(
        {
            "kind": "line",
            "unit": "",
            "point": np.arange(1, GRID_POINTS + 1),
            "log_income_start": grid,
            "fitted": prediction["mean"].to_numpy(),
            "conf_low": prediction["mean_ci_lower"].to_numpy(),
            "conf_high": prediction["mean_ci_upper"].to_numpy(),
        }
    )

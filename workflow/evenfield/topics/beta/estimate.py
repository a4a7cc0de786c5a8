"""Absolute and conditional beta convergence: one cross-section for each period."""

from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from statsmodels.regression.linear_model import RegressionResults

from evenfield.numerics import convergence
from evenfield.numerics.dispersion import sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.ols import t_inference
from evenfield.numerics.random import generator_for
from evenfield.shared.cross_section import ENDS, cross_section
from evenfield.shared.estimates import NAN
from evenfield.shared.regression import fit_hc3, t_fields
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.samples import (
    MIN_UNITS,
    inference_fields,
    is_constant,
    periods_of,
)
from evenfield.shared.spec import UnitsSpec, read
from evenfield.study.errors import first_examples
from evenfield.study.rounding import round_results
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash

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
SERIES = ["spec_id", "unit_scheme", "period", "kind", "unit", "point", "sample_id"]
NUMBERS = [
    "log_income_start",
    "growth_pct_per_year",
    "fitted",
    "residual",
    "conf_low",
    "conf_high",
]
GRID_POINTS = 50


class BetaSpec(UnitsSpec):
    """One specification of beta convergence."""

    controls: list[str] = Field(
        [], description="Controls; each enters from the first period that has it."
    )
    end_points: Literal["end", "mean3"] = Field(
        "end", description="Levels at both ends, or means of three dates."
    )


Section = list[BetaSpec]


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
            out.estimates += rows
            parts += series
            fits.append(fit)
    out.series["series"] = stacked(parts, SERIES, NUMBERS)
    out.fit = {
        key: study.config["inference"][key]
        for key in ("conf_level", "permutations", "seed")
    }
    out.fit["regressions"] = fits
    return out


def _regression(
    study: Study, spec: BetaSpec, period: str
) -> tuple[list[Any], list[pd.DataFrame], dict[str, Any]]:
    where = f"estimates.beta.{spec.id} {period}"
    level = study.config["inference"]["conf_level"]
    section = cross_section(study, spec, period, where, spec.controls, spec.end_points)
    data, years, basis, note, available = section
    growth = data["growth"].to_numpy(float)
    controls = [*data.columns[3:-1]]
    labels = {
        "spec_id": spec.id,
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": period,
    }
    absent = [name for name in spec.controls if name not in controls]
    summary = {
        **labels,
        "years": years,
        "n_units": len(data),
        "controls": controls,
        "controls_absent": absent,
    }
    hashed = content_hash(data.drop(columns="growth"))
    names = "+".join(controls) or "none"
    shared: dict[str, Any] = {
        **labels,
        "family": "beta",
        "outcome": ENDS[spec.end_points][3],
        "controls_id": names,
    }
    shared |= {
        "n_obs": len(data),
        "n_units": len(data),
        "output_basis": basis,
        "data_hash": hashed,
    }
    described = Rows(KINDS, spec.role, note, **shared)
    ends = {
        f"sigma_{end}": float(sigma(data[end].to_numpy(float)))
        for end in ("start", "end")
    }
    for name, value in (
        ends | {"mean_growth": 100 * np.mean(growth) if len(data) else NAN}
    ).items():
        described.add(
            name,
            "" if np.isfinite(value) else "not defined in this period",
            estimate=float(value),
        )
    points = pd.DataFrame(
        {"unit": data["unit"], "point": 0, "log_income_start": data["start"]}
    )
    points = points.assign(**labels, kind="unit", growth_pct_per_year=100 * growth)
    try:
        _check_variation(data, growth, controls, available)
        X = np.column_stack(
            [np.ones(len(data)), data[["start", *controls]].to_numpy(float)]
        )
        fit = fit_hc3(growth, X)
    except NumericsError as error:
        rows = Rows(KINDS, spec.role, note, **shared)
        rows.undefined(
            ["slope", "speed", "speed_nls", "half_life", "r2", "moran"], error
        )
        return (
            rows.estimates + described.estimates,
            [points] if available else [],
            summary,
        )
    only = np.eye(X.shape[1])[1]
    units, shares = partial_leverage(X, data["unit"].to_numpy(str), only)
    rows = Rows(
        KINDS, spec.role, note, **shared, max_leverage_unit=str(units[shares.argmax()])
    )
    slope = t_fields(fit, only, level)
    rows.add("slope", **slope, se_type="HC3", p_type="t, two-sided")
    _add_speed(rows, slope, years)
    _add_speed_nls(rows, growth, X, years, level)
    rows.add("r2", estimate=float(fit.rsquared))
    _add_moran(rows, fit, list(data["unit"]), study)
    terms = ("constant", "log_income_start", *controls)
    for key, values in (("coefficients", fit.params), ("std_errors", fit.bse)):
        summary[key] = dict(
            zip(terms, round_results(values, np.abs(values)).tolist(), strict=True)
        )
    points = points.assign(fitted=100 * fit.fittedvalues, residual=100 * fit.resid)
    line = [] if controls else [_line(data["start"], fit, level).assign(**labels)]
    return rows.estimates + described.estimates, [points, *line], summary


def _check_variation(
    data: pd.DataFrame, growth: np.ndarray, controls: list[str], available: bool
) -> None:
    if not available:
        raise NumericsError(
            "the period is too short for means of three observations at both ends"
        )
    if len(data) < MIN_UNITS:
        raise NumericsError(
            f"{len(data)} units, a regression needs at least {MIN_UNITS}"
        )
    if same := [
        name for name in ("start", *controls) if is_constant(data[name].to_numpy(float))
    ]:
        raise NumericsError(f"{first_examples(same)} is the same in every unit")
    if is_constant(growth):
        raise NumericsError("growth is the same in every unit")


def _add_speed(rows: Rows, slope: dict[str, Any], years: float) -> None:
    speed = convergence.speed_from_slope(slope["estimate"], years)
    bounds = convergence.speed_bounds(slope["conf_low"], slope["conf_high"], years)
    life = convergence.half_life_bounds(bounds)
    labels = {
        "se_type": "interval of the slope, transformed",
        "conf_level": slope["conf_level"],
        "df": slope["df"],
    }
    lost = "" if np.isfinite(speed) else "speed not defined: 1 + bT is not positive"
    words = {
        "unbounded": "speed unbounded above",
        "undefined": "interval of the speed undefined",
    }
    test = {
        "statistic": slope["statistic"],
        "p_value": slope["p_value"],
        "p_type": "t of the slope, two-sided",
    }
    ends = {"conf_low": 100 * bounds.low, "conf_high": 100 * bounds.high}
    rows.add(
        "speed",
        lost,
        words.get(bounds.note, ""),
        **labels,
        **test,
        **ends,
        estimate=100 * speed,
    )
    zero = "half-life undefined for a speed of zero or less" if speed <= 0 else ""
    words = {
        "unbounded": "half-life unbounded",
        "undefined": "interval of the half-life undefined",
    }
    ends = {"conf_low": life.low, "conf_high": life.high}
    rows.add(
        "half_life",
        lost,
        zero,
        words.get(life.note, ""),
        **labels,
        **ends,
        estimate=convergence.half_life(speed),
    )


def _add_speed_nls(
    rows: Rows, growth: np.ndarray, X: np.ndarray, years: float, level: float
) -> None:
    speed = convergence.fit_speed(growth, X[:, 1], years, X[:, 2:])
    if not np.isfinite(speed.lam):
        reason = "1 + bT is not positive, the sum of squares has no minimum"
        return rows.undefined(["speed_nls"], reason, converged=False)
    fields = inference_fields(
        t_inference(speed.lam, speed.std_error, speed.df, level), 100.0
    )
    late = "" if speed.converged else f"no convergence after {speed.steps} steps"
    labels = {
        "se_type": "HC3 of the Jacobian",
        "p_type": "t, two-sided",
        "converged": speed.converged,
    }
    return rows.add("speed_nls", late, **fields, **labels)


def _add_moran(
    rows: Rows, fit: RegressionResults, units: list[str], study: Study
) -> None:
    shared = rows.shared
    inference = study.config["inference"]
    draw_id = ":".join(
        [
            "beta",
            *(shared[key] for key in ("spec_id", "unit_scheme", "sample_id", "period")),
            "moran",
        ]
    )
    if not study.has_weights:
        return rows.undefined(["moran"], "the study has no spatial weights")
    weights = study.weights(scheme=shared["unit_scheme"])
    matrix, note = weights.among(units)
    labels = {
        "w_id": str(weights.spec.get("weights", "")),
        "seed": f"{inference['seed']}:{draw_id}",
    }
    try:
        if np.linalg.norm(fit.resid) <= 1e-12 * np.linalg.norm(fit.model.endog):
            raise NumericsError("the fit is perfect, no residual is left")
        stream = generator_for(inference["seed"], draw_id)
        test = morans_i_test(
            fit.resid, matrix, stream, inference["permutations"], fit.model.exog
        )
    except NumericsError as error:
        return rows.undefined(["moran"], error, **labels)
    labels["se_type"] = "Cliff-Ord, independent normal errors"
    labels["p_type"] = (
        f"permutation of residuals re-regressed on X, two-sided, {test.permutations}"
        " draws"
    )
    numbers = {
        "estimate": test.statistic,
        "std_error": test.std_error,
        "statistic": test.z,
        "p_value": test.p_value,
    }
    return rows.add("moran", note, **labels, **numbers)


def _line(start: pd.Series, fit: RegressionResults, level: float) -> pd.DataFrame:
    grid = np.linspace(start.min(), start.max(), GRID_POINTS)
    prediction = fit.get_prediction(
        np.column_stack([np.ones(GRID_POINTS), grid])
    ).summary_frame(alpha=1 - level)
    frame = pd.DataFrame(
        {
            "kind": "line",
            "unit": "",
            "point": np.arange(1, GRID_POINTS + 1),
            "log_income_start": grid,
        }
    )
    columns = {
        "fitted": "mean",
        "conf_low": "mean_ci_lower",
        "conf_high": "mean_ci_upper",
    }
    return frame.assign(
        **{
            name: 100 * prediction[column].to_numpy()
            for name, column in columns.items()
        }
    )

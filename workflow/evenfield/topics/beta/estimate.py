"""Absolute and conditional beta convergence: one cross-section for each period."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from evenfield.models.beta import TERMS, Growth, growth_regression
from evenfield.models.rows import scaled
from evenfield.numerics.arrays import Array
from evenfield.numerics.dispersion import sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.moran import morans_i_test
from evenfield.numerics.ols import OlsFit
from evenfield.shared.cross_section import ENDS, cross_section
from evenfield.shared.estimates import NAN, Fields
from evenfield.shared.few_units import design_for
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.samples import periods_of
from evenfield.shared.settings import check_names
from evenfield.shared.spec import Inference, UnitsSpec, read
from evenfield.shared.streams import stream
from evenfield.shared.trajectories import grouping
from evenfield.study.rounding import round_results
from evenfield.study.study import Study
from evenfield.study.study_config import ControlName
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
# A model has shares a year, rows hold % a year.
PER_CENT = ("speed", "speed_nls")
# Words of HC3 where a specification names no method.
BY_DEFAULT: dict[str, Fields] = {
    "slope": {"p_type": "t, two-sided"},
    "speed": {"p_type": "t of the slope, two-sided"},
}
TOO_SHORT = "the period is too short for means of three observations at both ends"
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
    """Column of units.csv, such as `parent`: means of its groups replace units."""
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
        data = group_means(study, spec, data, where)
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
    units = data["unit"].to_numpy(str)
    # ASSUME: HC3, so that unequal variances of growth do not decide.
    methods = spec.inference or ("HC3",)
    design_of = design_for(study, spec, units, f"beta:{spec.id}:{period}")
    start = data["start"].to_numpy(float)
    held = {name: data[name].to_numpy(float) for name in regressors}
    result = Growth(reason=TOO_SHORT)
    if available:
        result = growth_regression(growth, start, held, years, design_of, methods)
    if result.reason:
        rows.undefined([*TERMS, "moran"], result.reason)
        return rows, [points] if available else [], summary
    fit = result.fit
    # The share of a unit in what initial income adds to the controls says whether the
    # slope rests on one unit.
    slope_alone = np.eye(len(fit.beta))[1]
    names, shares = partial_leverage(fit.X, units, slope_alone)
    rows.shared["max_leverage_unit"] = str(names[shares.argmax()])
    tests = [
        scaled(row, 100) if row.term in PER_CENT else row for row in result.rows(level)
    ]
    own: dict[str, Fields] = {} if spec.inference else BY_DEFAULT
    own = own | {"speed_nls": {"converged": result.converged}}
    rows.add_tests(tests, level, own)
    _add_moran(rows, fit, list(data["unit"]), study, spec)
    # The summary is for readers of fit.json; the rows are not rounded.
    terms = ("constant", "log_income_start", *regressors)
    std_errors = np.sqrt(np.diag(result.covariance))
    for key, values in (("coefficients", fit.beta), ("std_errors", std_errors)):
        rounded = round_results(values, np.abs(values)).tolist()
        summary[key] = dict(zip(terms, rounded, strict=True))
    points = points.assign(fitted=100 * (fit.X @ fit.beta), residual=100 * fit.u_hat)
    # With controls there is no one line through the scatter.
    line = [] if controls else [_line(start, result, level).assign(**labels)]
    return rows, [points, *line], summary


def group_means(
    study: Study, spec: BetaSpec, data: pd.DataFrame, where: str
) -> pd.DataFrame:
    """Return means over the units of each group, under the name of the group."""
    table = study.table("units", spec.unit_scheme)
    codes, names = grouping(table, spec.means, list(data["unit"]), where)
    numbers = data.drop(columns="unit").groupby(codes).mean()
    means = numbers.assign(unit=[names[code] for code in numbers.index])
    return means[data.columns].sort_values(["start", "end", "unit"], ignore_index=True)


def _add_moran(
    rows: Rows, fit: OlsFit, units: list[str], study: Study, spec: BetaSpec
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
        if np.linalg.norm(fit.u_hat) <= PERFECT * np.linalg.norm(fit.y):
            raise NumericsError("the fit is perfect, no residual is left")
        # Residuals are not exchangeable, so each permutation is regressed on X anew.
        test = morans_i_test(fit.u_hat, matrix, rng, draws, fit.X)
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


def _line(start: Array, result: Growth, level: float) -> pd.DataFrame:
    """Return the fitted line and its pointwise interval on a grid of initial incomes."""
    grid = np.linspace(start.min(), start.max(), GRID_POINTS)
    fitted, low, high = (100 * values for values in result.line(grid, level))
    return pd.DataFrame(
        {
            "kind": "line",
            "unit": "",
            "point": np.arange(1, GRID_POINTS + 1),
            "log_income_start": grid,
            "fitted": fitted,
            "conf_low": low,
            "conf_high": high,
        }
    )

"""Sigma convergence: the path of dispersion, and tests of whether it differs between
both ends of a period.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from evenfield.numerics import dispersion
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import NAN, Fields, finite_or_nan
from evenfield.shared.regression import fit_hc3, slope_fields
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import (
    CONSTANT,
    MIN_UNITS,
    basis_warning,
    is_constant,
    one_text,
    periods_of,
    sample_rows,
)
from evenfield.shared.settings import scheme_info
from evenfield.shared.spec import Inference, UnitsSpec, read
from evenfield.shared.trajectories import Trajectories, matched, trajectories
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash

# Rows of effect type `stat` describe and never decide; T2 is added as a ladder row.
KINDS = {
    "sigma_start": Kind("sigma", "sigma_start", "stat", "log points"),
    "sigma_end": Kind("sigma", "sigma_end", "stat", "log points"),
    "slope": Kind("sigma_slope_test", "sum_of_ends", "coef", "slope"),
    "t2": Kind("carree_klomp_t2", "t2", "stat", "chi-squared"),
    "t3": Kind("carree_klomp_t3", "t3", "stat", "statistic"),
}
ENDS = ["log_income_start", "log_income_end"]
SERIES = [
    "spec_id",
    "sample_id",
    "unit_scheme",
    "year",
    "basis",
    "n_units",
    "sigma",
    "sigma_low",
    "unit_low",
    "sigma_high",
    "unit_high",
    "sigma_population_weighted",
    "cv",
    "p90_p10",
    "iqr",
]


class SigmaSpec(UnitsSpec):
    """One specification of sigma convergence."""

    inference: Inference = ()


Section = list[SigmaSpec]


def check_data(study: Study, _: Section, spec: SigmaSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    _incomes(study, spec)


def estimate(study: Study) -> Results:
    """Follow dispersion year by year and compare the ends of every period.

    Notes
    -----
    Primary test: the slope of (y_0 - y_T) on (y_0 + y_T), whose numerator is s_0^2 -
    s_T^2 (Pitman 1939; Morgan 1939), with HC3 and t(N - 2), so that unequal variances
    do not decide. T2 and T3: Carree and Klomp (1997).
    """
    specs = read(Section, study.config, "sigma")
    out = Results()
    for spec in specs:
        for period in periods_of(study.table("periods", spec.unit_scheme)):
            out.estimates += _rows(study, spec, period).estimates
    series = pd.concat([_path(study, spec) for spec in specs])[SERIES]
    series = series.sort_values(["spec_id", "unit_scheme", "year"], ignore_index=True)
    out.series["series"] = series
    out.fit = {
        "specs": [spec.id for spec in specs],
        "years": sorted(int(year) for year in series["year"].unique()),
    }
    return out


def _rows(study: Study, spec: SigmaSpec, period: str) -> Rows:
    where = f"estimates.sigma.{spec.id} {period}"
    frame = study.table("periods", spec.unit_scheme)
    info = scheme_info(study.description(spec.unit_scheme))
    units = info.samples[spec.sample]
    data = sample_rows(frame[frame["period"].eq(period)], units, ENDS, where)
    start, end = data[ENDS].to_numpy(float).T
    basis = one_text(data["basis"])
    rows = Rows(
        KINDS,
        spec.role,
        basis_warning(basis, info.first_official),
        **spec.labels,
        family="sigma",
        outcome="log_income",
        period=period,
        n_obs=len(data),
        n_units=len(data),
        n_periods=2,
        output_basis=basis,
        data_hash=content_hash(data[["unit", *ENDS]]),
    )
    # sigma has N - 1 in its denominator, which is zero for one unit.
    few = "not defined: fewer than two units" if len(data) < 2 else ""
    rows.add("sigma_start", few, estimate=float(dispersion.sigma(start)))
    rows.add("sigma_end", few, estimate=float(dispersion.sigma(end)))
    slopes = partial(
        slope_fields,
        spec,
        units=data["unit"].to_numpy(str),
        study=study,
        stream=f"sigma:{spec.id}:{period}",
    )
    _add_tests(rows, start, end, slopes)
    return rows


def _add_tests(
    rows: Rows, start: Array, end: Array, slopes: Callable[..., dict[str, Fields]]
) -> None:
    rows.shared["contrast"] = "start - end"
    try:
        _check_ends(start, end)
        # cov(y_0 - y_T, y_0 + y_T) = s_0^2 - s_T^2: equal variances are a slope of
        # zero (Pitman 1939; Morgan 1939), however the ends are correlated.
        X = np.column_stack([np.ones(len(start)), start + end])
        # The second coefficient is the slope; it is positive where dispersion fell.
        tests = slopes(fit=fit_hc3(start - end, X), c=np.eye(2)[1])
        # T2 is a likelihood ratio, T3 the ratio of both variances scaled by the
        # persistence between them (Carree and Klomp 1997).
        t2 = dispersion.carree_klomp_t2_test(start, end)
        t3 = float(dispersion.carree_klomp_t3(start, end))
    except NumericsError as error:
        rows.undefined(["slope", "t3"], error)
        return rows.undefined(["t2"], error, role="ladder")
    # The first method decides; the others stand beside it under names of their own.
    for number, (name, fields) in enumerate(tests.items()):
        beside = {"role": "ladder", "estimator": f"sigma_slope_test_{name.lower()}"}
        rows.add("slope", fields.pop("warning"), **fields | (beside if number else {}))
    # Its law needs independent normal units, which regions are not.
    rows.add(
        "t2",
        "size is right only for independent normal units",
        estimate=float(t2.statistic),
        statistic=float(t2.statistic),
        df=1,
        p_value=float(t2.p_value),
        p_type="chi-squared(1)",
        role="ladder",
    )
    return rows.add("t3", "description, no p-value", estimate=finite_or_nan(t3))


def _check_ends(start: Array, end: Array) -> None:
    # t(N - 2) has a degree of freedom from three units on.
    if len(start) < MIN_UNITS:
        raise NumericsError(f"{len(start)} units, a test needs at least {MIN_UNITS}")
    # With no dispersion at one end, T2 divides by s_0^2 s_T^2 - c^2 = 0 and the
    # correlation r of T3 is not defined.
    if is_constant(start) or is_constant(end):
        raise NumericsError("income is the same in every unit")
    # Growth that differs by rounding alone is measured against income, not itself.
    growth = end - start
    if is_constant(growth) or np.ptp(growth) <= CONSTANT * np.abs(start).max():
        raise NumericsError("every unit grew by the same amount")


def _incomes(study: Study, spec: SigmaSpec) -> tuple[Trajectories, Array | None]:
    """Return log incomes of the years of the panel, and people where it has any."""
    where = f"estimates.sigma.{spec.id}"
    panel = study.table("panel", spec.unit_scheme)
    info = scheme_info(study.description(spec.unit_scheme))
    units = info.samples[spec.sample]
    years = sorted(panel["year"].unique())
    data = trajectories(panel, "log_income", units, where, years)
    # ASSUME: a study that has no population at all gets no population-weighted
    # dispersion; a gap in it is an error.
    if "population" in panel and panel["population"].notna().any():
        return data, matched(panel, "population", data, where)
    return data, None


def _path(study: Study, spec: SigmaSpec) -> pd.DataFrame:
    """Return dispersion by year, with its range when one unit is left out."""
    from statsmodels.stats.weightstats import DescrStatsW

    data, people = _incomes(study, spec)
    y = data.values
    frame = pd.DataFrame(
        {
            "year": data.years,
            "basis": data.basis,
            "n_units": len(y),
            "sigma": dispersion.sigma(y),
            "sigma_low": NAN,
            "unit_low": "",
            "sigma_high": NAN,
            "unit_high": "",
            "sigma_population_weighted": NAN,
            # These two are of income itself, sigma and the quartiles of its log.
            "cv": dispersion.coefficient_of_variation(np.exp(y)),
            "p90_p10": dispersion.percentile_ratio(np.exp(y)),
            "iqr": dispersion.interquartile_range(y),
        }
    )
    if people is not None:
        by_year = zip(y.T, people.T, strict=True)
        # About the weighted mean, without correction for degrees of freedom.
        frame["sigma_population_weighted"] = [DescrStatsW(*one).std for one in by_year]
    # With few units one city can carry the path: the extremes name which.
    if len(y) >= MIN_UNITS:
        names = np.array(data.units, dtype=object)
        without = dispersion.leave_one_out_sigma(y)
        frame["sigma_low"] = without.min(axis=0)
        frame["unit_low"] = names[without.argmin(axis=0)]
        frame["sigma_high"] = without.max(axis=0)
        frame["unit_high"] = names[without.argmax(axis=0)]
    return frame.assign(**spec.labels)

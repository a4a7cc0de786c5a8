"""Sigma convergence: the path of dispersion, and tests of whether it differs between
both ends of a period.
"""

from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.weightstats import DescrStatsW

from evenfield.numerics import dispersion
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import NAN, finite_or_nan
from evenfield.shared.regression import fit_hc3, t_fields
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import (
    CONSTANT,
    MIN_UNITS,
    basis_warning,
    is_constant,
    one_text,
    periods_of,
    sample_rows,
    sample_units,
)
from evenfield.shared.settings import scheme_infos
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import matched, trajectories
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash

KINDS = {
    "sigma_start": Kind("sigma", "sigma_start", "stat", "log points"),
    "sigma_end": Kind("sigma", "sigma_end", "stat", "log points"),
    "slope": Kind("sigma_slope_test", "sum_of_ends", "coef", "slope"),
    "t2": Kind("carree_klomp_t2", "t2", "stat", "chi-squared"),
    "t3": Kind("carree_klomp_t3", "t3", "stat", "statistic"),
}
ENDS = {"sigma_start": "log_income_start", "sigma_end": "log_income_end"}
SERIES = (
    "spec_id sample_id unit_scheme year basis n_units sigma sigma_low "
    "unit_low sigma_high unit_high sigma_population_weighted cv p90_p10 iqr"
).split()


class SigmaSpec(UnitsSpec):
    """One specification of sigma convergence."""


Section = list[SigmaSpec]


def check_data(study: Study, _: Section, spec: SigmaSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    _path(study, spec)


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
    paths = [_path(study, spec) for spec in specs]
    for spec in specs:
        for period in periods_of(study.table("periods", spec.unit_scheme)):
            out.estimates += _rows(study, spec, period).estimates
    series = pd.concat(paths)[SERIES].sort_values(
        ["spec_id", "unit_scheme", "year"], ignore_index=True
    )
    out.series["series"] = series
    out.fit = {
        "specs": [spec.id for spec in specs],
        "years": sorted(int(year) for year in series["year"].unique()),
    }
    return out


def _rows(study: Study, spec: SigmaSpec, period: str) -> Rows:
    where = f"estimates.sigma.{spec.id} {period}"
    frame = study.table("periods", spec.unit_scheme)
    info = scheme_infos([study.description(spec.unit_scheme)])[spec.unit_scheme]
    columns = list(ENDS.values())
    data = sample_rows(
        frame[frame["period"].eq(period)],
        sample_units(info, spec.sample, where),
        columns,
        where,
    )
    start, end = (data[name].to_numpy(float) for name in columns)
    basis = one_text(data["basis"])
    hashed = content_hash(data[["unit", *columns]])
    shared: dict[str, Any] = {
        "family": "sigma",
        "spec_id": spec.id,
        "outcome": "log_income",
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": period,
        "n_obs": len(data),
        "n_units": len(data),
        "n_periods": 2,
        "output_basis": basis,
        "data_hash": hashed,
    }
    rows = Rows(KINDS, spec.role, basis_warning(basis, info.first_official), **shared)
    few = "not defined: fewer than two units" if len(data) < 2 else ""
    for name, values in zip(ENDS, (start, end), strict=True):
        rows.add(name, few, estimate=float(dispersion.sigma(values)))
    _add_tests(rows, start, end, study.config["inference"]["conf_level"])
    return rows


def _add_tests(rows: Rows, start: np.ndarray, end: np.ndarray, level: float) -> None:
    same: dict[str, Any] = {"contrast": "start - end"}
    try:
        _check_ends(start, end)
        slope = t_fields(
            fit_hc3(start - end, np.column_stack([np.ones(len(start)), start + end])),
            np.eye(2)[1],
            level,
        )
        t2 = dispersion.carree_klomp_t2_test(start, end)
        t3 = float(dispersion.carree_klomp_t3(start, end))
    except NumericsError as error:
        rows.undefined(["slope"], error, **same)
        rows.undefined(["t2"], error, **same, role="ladder")
        return rows.undefined(["t3"], error, **same)
    rows.add("slope", **same, **slope, se_type="HC3", p_type="t, two-sided")
    same["estimate"] = float(t2.statistic)
    test = {
        "statistic": same["estimate"],
        "df": 1,
        "p_value": float(t2.p_value),
        "p_type": "chi-squared(1)",
    }
    rows.add(
        "t2",
        "size is right only for independent normal units",
        **same,
        **test,
        role="ladder",
    )
    same["estimate"] = finite_or_nan(t3)
    return rows.add("t3", "description, no p-value", **same)


def _check_ends(start: np.ndarray, end: np.ndarray) -> None:
    if len(start) < MIN_UNITS:
        raise NumericsError(f"{len(start)} units, a test needs at least {MIN_UNITS}")
    if is_constant(start) or is_constant(end):
        raise NumericsError("income is the same in every unit")
    if (
        is_constant(end - start)
        or np.ptp(end - start) <= CONSTANT * np.abs(start).max()
    ):
        raise NumericsError("every unit grew by the same amount")


def _path(study: Study, spec: SigmaSpec) -> pd.DataFrame:
    where = f"estimates.sigma.{spec.id}"
    panel = study.table("panel", spec.unit_scheme, ("basis",))
    units = sample_units(
        scheme_infos([study.description(spec.unit_scheme)])[spec.unit_scheme],
        spec.sample,
        where,
    )
    data = trajectories(
        panel, "log_income", units, where, sorted(panel["year"].unique())
    )
    y = data.values
    names = np.array(data.units, dtype=object)
    weighted = low = high = np.full(y.shape[1], NAN)
    unit_low = unit_high = np.full(y.shape[1], "", dtype=object)
    # ASSUME: a study that has no population at all gets no population-weighted
    # dispersion; a gap in it is an error.
    if "population" in panel and panel["population"].notna().any():
        people = matched(panel, "population", data, where)
        weighted = np.array(
            [
                DescrStatsW(incomes, w).std
                for incomes, w in zip(y.T, people.T, strict=True)
            ]
        )
    if len(y) >= MIN_UNITS:
        without = dispersion.leave_one_out_sigma(y)
        low = without.min(axis=0)
        high = without.max(axis=0)
        unit_low = names[without.argmin(axis=0)]
        unit_high = names[without.argmax(axis=0)]
    frame = pd.DataFrame(
        {
            "year": data.years,
            "basis": data.basis,
            "n_units": len(y),
            "sigma": dispersion.sigma(y),
        }
    )
    frame = frame.assign(
        spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme
    )
    frame = frame.assign(
        sigma_low=low, unit_low=unit_low, sigma_high=high, unit_high=unit_high
    )
    cv = dispersion.coefficient_of_variation(np.exp(y))
    ratio = dispersion.percentile_ratio(np.exp(y))
    interquartile = dispersion.interquartile_range(y)
    return frame.assign(
        sigma_population_weighted=weighted, cv=cv, p90_p10=ratio, iqr=interquartile
    )

"""Sigma convergence: the path of dispersion, and tests of whether it differs between
both ends of a period.
"""

import numpy as np
import pandas as pd

from evenfield.models.sigma import Dispersion, dispersion, fall
from evenfield.numerics.arrays import Array
from evenfield.shared.few_units import design_for
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import basis_warning, one_text, periods_of, sample_rows
from evenfield.shared.settings import scheme_info
from evenfield.shared.spec import Inference, UnitsSpec, read
from evenfield.shared.trajectories import Trajectories, matched, trajectories
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash

# Rows of effect type `stat` describe and never decide.
KINDS = {
    "sigma_start": Kind("sigma", "sigma_start", "stat", "log points"),
    "sigma_end": Kind("sigma", "sigma_end", "stat", "log points"),
    "slope": Kind("sigma_slope_test", "sum_of_ends", "coef", "slope"),
    "t2": Kind("carree_klomp_t2", "t2", "stat", "chi-squared"),
    "t3": Kind("carree_klomp_t3", "t3", "stat", "statistic"),
}
# What differs from row to row; T2 and T3 have no method of their own.
CONTRAST = "start - end"
LABELS = {
    "slope": {"contrast": CONTRAST},
    "t2": {
        "contrast": CONTRAST,
        "role": "ladder",
        "warning": "size is right only for independent normal units",
    },
    "t3": {"contrast": CONTRAST, "warning": "description, no p-value"},
}
# Words of HC3 where a specification names no method.
BY_DEFAULT = {"slope": {"contrast": CONTRAST, "p_type": "t, two-sided"}}
ENDS = ["log_income_start", "log_income_end"]
SERIES = [
    *"spec_id sample_id unit_scheme year basis n_units".split(),
    *Dispersion._fields,
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
    stream = f"sigma:{spec.id}:{period}"
    design = design_for(study, spec, data["unit"].to_numpy(str), stream)
    level = study.config.inference.level
    # ASSUME: HC3, so that unequal variances of the change do not decide.
    tests = fall(start, end, design, spec.inference or ("HC3",))
    labels = LABELS if spec.inference else LABELS | BY_DEFAULT
    rows.add_tests(tests.rows(level), level, labels)
    return rows


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
    data, people = _incomes(study, spec)
    path = dispersion(data.values, np.array(data.units), people)
    columns = {
        "year": data.years,
        "basis": data.basis,
        "n_units": len(data.units),
        **path._asdict(),
    }
    return pd.DataFrame(columns).assign(**spec.labels)

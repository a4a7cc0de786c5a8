"""Sigma convergence: the path of dispersion and tests of its ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.dispersion import carree_klomp_t2_test, carree_klomp_t3, sigma, sigma_slope_test
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import Estimate, finite_or_nan
from evenfield.shared.samples import (
    CONSTANT,
    MIN_UNITS,
    basis_warning,
    inference_fields,
    is_constant,
    joined,
    not_defined,
    one_text,
    periods_of,
    sample_rows,
    sample_units,
)
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.study.files import content_hash
from evenfield.topics.sigma.estimate_path import sigma_path
from evenfield.topics.sigma.estimate_spec import SigmaSpec

ENDS = ("log_income_start", "log_income_end")


@dataclass(frozen=True)
class SigmaResults:
    """Estimates, drawable series and a summary of the sigma family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def estimate_sigma(
    panels: Mapping[str, pd.DataFrame],
    periods: Mapping[str, pd.DataFrame],
    schemes: Mapping[str, SchemeInfo],
    specs: Sequence[SigmaSpec],
    inference: InferenceSpec,
) -> SigmaResults:
    """Follow dispersion year by year and test its ends in every period."""
    estimates: list[Estimate] = []
    paths = []
    for spec in specs:
        scheme = schemes[spec.unit_scheme]
        units = sample_units(scheme, spec.sample, f"estimates.sigma.{spec.id}")
        paths.append(sigma_path(panels[spec.unit_scheme], units, spec))
        frame = periods[spec.unit_scheme]
        for period in periods_of(frame):
            estimates += _period_rows(frame[frame["period"] == period], units, spec, scheme, inference)
    series = pd.concat(paths).sort_values(["spec_id", "unit_scheme", "year"], ignore_index=True)
    fit = {"specs": [spec.id for spec in specs], "years": sorted(int(year) for year in series["year"].unique())}
    return SigmaResults(estimates, series, fit)


def _period_rows(
    frame: pd.DataFrame, units: Sequence[str], spec: SigmaSpec, scheme: SchemeInfo, inference: InferenceSpec
) -> list[Estimate]:
    period = str(frame["period"].iloc[0])
    where = f"estimates.sigma.{spec.id} {period}"
    rows = sample_rows(frame, units, ENDS, where)
    ends = rows[["unit", *ENDS]]
    basis = one_text(rows["basis"])
    base: dict[str, Any] = {
        "family": "sigma",
        "spec_id": spec.id,
        "outcome": "log_income",
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": period,
        "n_obs": len(rows),
        "n_units": len(rows),
        "n_periods": 2,
        "output_basis": basis,
        "data_hash": content_hash(ends),
    }
    note = basis_warning(basis, scheme.first_official)
    both = (ends[ENDS[0]].to_numpy(float), ends[ENDS[1]].to_numpy(float))
    return [*_sigma_rows(base, both, note), *_test_rows(base, both, note, spec.role, inference.conf_level)]


def _sigma_rows(base: dict[str, Any], ends: tuple[np.ndarray, np.ndarray], note: str) -> list[Estimate]:
    few = "not defined: fewer than two units" if len(ends[0]) < 2 else ""
    shared = {**base, "estimator": "sigma", "effect_type": "stat", "role": "description",
              "unit_of_measure": "log points", "warning": joined(note, few)}  # fmt: skip
    return [Estimate(**shared, term=term, estimate=float(sigma(values)))
            for term, values in zip(("sigma_start", "sigma_end"), ends, strict=True)]  # fmt: skip


def _test_rows(
    base: dict[str, Any], ends: tuple[np.ndarray, np.ndarray], note: str, role: str, level: float
) -> list[Estimate]:
    slope, t2, t3 = _test_labels(base, role)
    try:
        _check_ends(*ends)
        result = sigma_slope_test(*ends, level)
        ratio, described = carree_klomp_t2_test(*ends), float(carree_klomp_t3(*ends))
    except NumericsError as error:
        return not_defined((slope, t2, t3), note, error)
    value = float(ratio.statistic)
    size = joined(note, "size is right only for independent normal units")
    shape = {"statistic": value, "df": 1, "p_value": float(ratio.p_value), "p_type": "chi-squared(1)"}
    return [
        Estimate(**slope, **inference_fields(result), se_type="HC3", p_type="t, two-sided", warning=note),
        Estimate(**{**t2, **shape}, estimate=value, warning=size),
        Estimate(**t3, estimate=finite_or_nan(described), warning=joined(note, "description, no p-value")),
    ]


def _test_labels(base: dict[str, Any], role: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    shared = {**base, "contrast": "start - end"}
    stat = {**shared, "effect_type": "stat"}
    return (
        {**shared, "estimator": "sigma_slope_test", "term": "sum_of_ends", "role": role, "unit_of_measure": "slope"},
        {**stat, "estimator": "carree_klomp_t2", "term": "t2", "role": "ladder", "unit_of_measure": "chi-squared"},
        {**stat, "estimator": "carree_klomp_t3", "term": "t3", "role": "description", "unit_of_measure": "statistic"},
    )


def _check_ends(start: np.ndarray, end: np.ndarray) -> None:
    if len(start) < MIN_UNITS:
        raise NumericsError(f"{len(start)} units, a test needs at least {MIN_UNITS}")
    if is_constant(start) or is_constant(end):
        raise NumericsError("income is the same in every unit")
    if is_constant(end - start) or np.ptp(end - start) <= CONSTANT * np.abs(start).max():
        raise NumericsError("every unit grew by the same amount")

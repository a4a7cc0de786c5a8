"""The path of dispersion year by year, with the band of leaving one unit out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.dispersion import (
    coefficient_of_variation,
    interquartile_range,
    leave_one_out_sigma,
    percentile_ratio,
    sigma,
    weighted_sigma,
)
from evenfield.shared.estimates import NAN
from evenfield.shared.samples import MIN_UNITS, one_text
from evenfield.study.errors import EstimateError, first_examples
from evenfield.topics.sigma.estimate_spec import SigmaSpec

SIGMA_SERIES = (
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
)


def sigma_path(panel: pd.DataFrame, units: Sequence[str], spec: SigmaSpec) -> pd.DataFrame:
    """Return dispersion by year with the band of leaving one unit out."""
    where = f"estimates.sigma.{spec.id}"
    wide = _by_year(panel, "log_income", units, where)
    y = wide.to_numpy()
    basis = panel[panel["unit"].isin(list(units))].groupby("year")["basis"].agg(one_text)
    out = pd.DataFrame({"year": wide.columns, "basis": basis.reindex(wide.columns).to_numpy(), "n_units": len(units)})
    out = out.assign(spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme, sigma=sigma(y))
    out = out.assign(**_band(y, list(wide.index)))
    out["sigma_population_weighted"] = _weighted(panel, units, y, where)
    level = np.exp(y)
    out = out.assign(cv=coefficient_of_variation(level), p90_p10=percentile_ratio(level), iqr=interquartile_range(y))
    return out[list(SIGMA_SERIES)]


def _by_year(panel: pd.DataFrame, column: str, units: Sequence[str], where: str) -> pd.DataFrame:
    chosen = panel[panel["unit"].isin(list(units))]
    twice = chosen[chosen.duplicated(["unit", "year"])]
    if len(twice):
        cells = [f"{row.unit} {row.year}" for row in twice.itertuples()]
        raise EstimateError(f"{where}: {len(cells)} rows appear twice ({first_examples(cells)})",
                            "one row for each unit and year", "remove the duplicates")  # fmt: skip
    wide = chosen.pivot(index="unit", columns="year", values=column).reindex(list(units)).sort_index(axis=1)
    gaps = [f"{unit} {year}" for unit, row in wide.iterrows() for year in wide.columns[~np.isfinite(row.astype(float))]]
    if gaps or wide.shape[1] == 0:
        raise EstimateError(
            f"{where}: {column} is missing for {len(gaps)} unit-years ({first_examples(gaps)})",
            "a value for every unit of the sample in every year of the panel",
            "shorten panel.years or leave the unit out with a sample",
        )
    return wide.astype(float)


def _band(y: np.ndarray, units: list[str]) -> dict[str, Any]:
    if len(units) < MIN_UNITS:
        missing, nobody = np.full(y.shape[1], NAN), np.full(y.shape[1], "", dtype=object)
        return {"sigma_low": missing, "unit_low": nobody, "sigma_high": missing, "unit_high": nobody}
    without, names = leave_one_out_sigma(y), np.array(units, dtype=object)
    return {
        "sigma_low": without.min(axis=0), "unit_low": names[without.argmin(axis=0)],
        "sigma_high": without.max(axis=0), "unit_high": names[without.argmax(axis=0)],
    }  # fmt: skip


def _weighted(panel: pd.DataFrame, units: Sequence[str], y: np.ndarray, where: str) -> np.ndarray:
    # ASSUME: a study that has no population at all gets no population-weighted dispersion; a gap in it is an
    # error.
    if "population" not in panel or panel["population"].isna().all():
        return np.full(y.shape[1], NAN)
    return weighted_sigma(y, _by_year(panel, "population", units, where).to_numpy())

"""The cross-section of one specification in one period, and its regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import Inference, OlsFit, contrast_inference, cov_hc3, fit_ols
from evenfield.shared.estimates import NAN
from evenfield.shared.samples import MIN_UNITS, basis_warning, is_constant, one_text, sample_rows, sample_units
from evenfield.shared.settings import SchemeInfo
from evenfield.study.errors import EstimateError, first_examples
from evenfield.topics.rolling.beta_spec import CONTROL, END_POINTS, BetaSpec

SLOPE = 1
GROWTH_TOLERANCE = 1e-8


@dataclass(frozen=True)
class CrossSection:
    """The rows of one specification in one period, in an order that depends on neither row order nor names."""

    spec: BetaSpec  # the specification
    period: str  # the period
    rows: pd.DataFrame  # ``unit``, ``start``, ``end`` (logs), ``growth`` (per year) and the controls that entered
    controls: tuple[str, ...]  # controls that entered
    years: float  # years T between the end points
    basis: str  # output basis and warnings so far
    note: str
    available: bool = True  # false when the end points do not exist in this period

    @property
    def X(self) -> np.ndarray:
        """Constant, initial log income and controls, shape (N, K)."""
        columns = [self.rows[name].to_numpy(float) for name in ("start", *self.controls)]
        return np.column_stack([np.ones(len(self.rows)), *columns])

    @property
    def growth(self) -> np.ndarray:
        """Average yearly log growth, shape (N,)."""
        return self.rows["growth"].to_numpy(float)

    @property
    def draw_id(self) -> str:
        """Name of the random stream of the residuals' permutation."""
        spec = self.spec
        return f"beta:{spec.id}:{spec.unit_scheme}:{spec.sample}:{self.period}:moran"


def cross_section(periods: pd.DataFrame, spec: BetaSpec, period: str, scheme: SchemeInfo) -> CrossSection:
    """Assemble the rows of one specification in one period."""
    where = f"estimates.beta.{spec.id} {period}"
    units = sample_units(scheme, spec.sample, where)
    frame = periods[(periods["period"] == period) & periods["unit"].isin(units)]
    start, end, growth = END_POINTS[spec.end_points]
    # ASSUME: a control or end point that is blank for every unit does not exist in the period; a single gap
    # is an error.
    available = spec.end_points == "end" or not frame[[start, end]].isna().all(axis=None)
    controls = tuple(name for name in spec.controls if not frame[CONTROL + name].isna().all())
    needed = [*((start, end, growth) if available else ()), *(CONTROL + name for name in controls)]
    rows = sample_rows(frame, units, needed, where)
    years = float(rows["end_year"].iloc[0] - rows["start_year"].iloc[0]) if len(rows) else NAN
    years -= 2 * scheme.step if spec.end_points == "mean3" else 0
    kept = _arranged(rows, (start, end), controls, years)
    if available:
        _check_growth(kept, rows.set_index("unit")[growth], where)
    basis = one_text(rows["basis"])
    return CrossSection(
        spec, period, kept, controls, years, basis, basis_warning(basis, scheme.first_official), available
    )


def _arranged(rows: pd.DataFrame, ends: tuple[str, str], controls: Sequence[str], years: float) -> pd.DataFrame:
    renamed = rows.rename(columns={ends[0]: "start", ends[1]: "end", **{CONTROL + name: name for name in controls}})
    kept = renamed[["unit", "start", "end", *controls]].copy()
    kept["growth"] = (kept["end"] - kept["start"]) / years
    return kept.sort_values(["start", "end", "unit"], ignore_index=True)


def _check_growth(kept: pd.DataFrame, growth: pd.Series, where: str) -> None:
    told = kept["unit"].map(growth).to_numpy(float) / 100.0
    off = np.abs(kept["growth"].to_numpy(float) - told) > GROWTH_TOLERANCE * np.maximum(1.0, np.abs(told))
    if off.any():
        units = sorted(kept.loc[off, "unit"])
        raise EstimateError(
            f"{where}: growth of {len(units)} units is not the difference of the end points a year "
            f"({first_examples(units)})",
            "growth over the years between the end points",
            "rebuild the panel floor",
        )


@dataclass(frozen=True)
class SlopeFit:
    """The regression, its covariance and the test of its slope."""

    ols: OlsFit
    cov: np.ndarray
    slope: Inference


def fit_slope(section: CrossSection, level: float) -> SlopeFit:
    """Regress growth on initial log income and the controls, with HC3."""
    _check_variation(section)
    ols = fit_ols(section.growth, section.X)
    cov = cov_hc3(ols)
    return SlopeFit(ols, cov, contrast_inference(ols, cov, slope_only(ols), ols.df, level))


def _check_variation(section: CrossSection) -> None:
    rows = section.rows
    if not section.available:
        raise NumericsError("the period is too short for means of three observations at both ends")
    if len(rows) < MIN_UNITS:
        raise NumericsError(f"{len(rows)} units, a regression needs at least {MIN_UNITS}")
    same = [name for name in ("start", *section.controls) if is_constant(rows[name].to_numpy(float))]
    if same:
        raise NumericsError(f"{first_examples(same)} is the same in every unit")
    if is_constant(section.growth):
        raise NumericsError("growth is the same in every unit")


def slope_only(ols: OlsFit) -> np.ndarray:
    """Return the contrast that picks the coefficient of initial log income; shape (K,)."""
    return np.asarray(np.eye(ols.X.shape[1])[SLOPE])

"""The convergence clock: how the speed of convergence moved, in rolling windows, between periods and over space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import periods_of, sample_units
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.trajectories import Trajectories, main_periods, span_labels, trajectories
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.rolling.beta_spec import BetaSpec
from evenfield.topics.rolling.cross_section import cross_section
from evenfield.topics.rolling.estimate_breaks import contrast_rows, sigma_break_rows, slope_break_rows, weak_sigma_rows
from evenfield.topics.rolling.estimate_spatial import spatial_rows
from evenfield.topics.rolling.estimate_spec import ClockSpec
from evenfield.topics.rolling.estimate_windows import CLOCK_SERIES, window_rows

TEXTS = ("spec_id", "sample_id", "unit_scheme", "kind", "basis", "note")
KEY = ["spec_id", "unit_scheme", "kind", "span", "start_year", "end_year"]


@dataclass(frozen=True)
class ClockResults:
    """Estimates, drawable series and a summary of the clock family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ClockStudy:
    """What the clock needs of one unit scheme."""

    panel: pd.DataFrame  # yearly values, and periods with their end points
    periods: pd.DataFrame
    weights: SpatialWeights  # primary weights
    scheme: SchemeInfo  # samples, step and first official year
    main: Sequence[str]  # periods that divide the study, in order


def clock_studies(
    descriptions: Sequence[Mapping[str, Any]],
    panels: Mapping[str, pd.DataFrame],
    periods: Mapping[str, pd.DataFrame],
    weights: Mapping[str, SpatialWeights],
    schemes: Mapping[str, SchemeInfo],
) -> dict[str, ClockStudy]:
    """Join what belongs to each unit scheme."""
    out = {}
    for item in descriptions:
        name = str(item["unit_scheme"])
        out[name] = ClockStudy(panels[name], periods[name], weights[name], schemes[name], main_periods(item))
    return out


def estimate_clock(
    studies: Mapping[str, ClockStudy], specs: Sequence[ClockSpec], inference: InferenceSpec
) -> ClockResults:
    """Follow convergence over time and over space for every specification."""
    estimates: list[Estimate] = []
    parts, fits = [], []
    for spec in specs:
        study = studies[spec.unit_scheme]
        units = sample_units(study.scheme, spec.sample, f"estimates.clock.{spec.id}")
        data = trajectories(study.panel, "log_income", units, f"estimates.clock.{spec.id}")
        rows, series, fit = _over_time(data, spec, study.scheme, inference)
        estimates += [*rows, *_by_period(data, spec, study, inference)]
        parts += series
        fits.append({"spec_id": spec.id, "unit_scheme": spec.unit_scheme, "sample_id": spec.sample, **fit})
    summary = {
        "conf_level": inference.conf_level,
        "draws": inference.permutations,
        "seed": inference.seed,
        "specs": fits,
    }
    return ClockResults(estimates, _sorted(parts), summary)


def _over_time(
    data: Trajectories, spec: ClockSpec, scheme: SchemeInfo, inference: InferenceSpec
) -> tuple[list[Estimate], list[pd.DataFrame], dict[str, Any]]:
    windows = [window_rows(data, span, spec, scheme, inference) for span in spec.windows]
    base, note = span_labels("clock", spec, data, scheme)
    breaks, path = slope_break_rows(data, spec, base, note, inference)
    dated, segments, dates = sigma_break_rows(data, spec, base, note)
    rows, summaries = [*[row for found, _ in windows for row in found], *breaks, *dated], []
    for part in data.segments():
        base, note = span_labels("clock", spec, part, scheme)
        found, summary = weak_sigma_rows(part, base, spec.role, note, inference)
        rows += found
        summaries.append(summary)
    fit = {"weak_sigma": [item for item in summaries if item], "sigma_breaks": dates}
    return rows, [*[line for _, line in windows], path, segments], fit


def _by_period(data: Trajectories, spec: ClockSpec, study: ClockStudy, inference: InferenceSpec) -> list[Estimate]:
    base, _ = span_labels("clock", spec, data, study.scheme)
    plain = BetaSpec(spec.id, (), spec.sample, "end", spec.unit_scheme, spec.role)
    names = periods_of(study.periods)
    sections = {name: cross_section(study.periods, plain, name, study.scheme) for name in names}
    rows = []
    for name, section in sections.items():
        own = {**base, "outcome": "growth", "period": name, "n_obs": len(section.rows), "output_basis": section.basis}
        rows += spatial_rows(section, study.weights, own, inference)
    main = [sections[name] for name in study.main if name in sections]
    return [*rows, *contrast_rows(main, base, spec.role, inference)]


def _sorted(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    numbers = {name: float for name in CLOCK_SERIES if name not in TEXTS}
    filled = [part.astype(numbers).astype(dict.fromkeys(TEXTS, object)) for part in parts if len(part)]
    frame = pd.concat(filled) if filled else pd.DataFrame(columns=list(CLOCK_SERIES))
    whole = {"span": "Int64", "start_year": "Int64", "end_year": "Int64", "n_units": "Int64"}
    return frame.sort_values(KEY, ignore_index=True).astype(whole)

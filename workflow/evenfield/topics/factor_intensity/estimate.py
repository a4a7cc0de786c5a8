"""Factor intensity of zone against cluster regions: several outcomes of one window, tested together (H3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import ContrastSettings, GroupContrast, contrast_rows, step_down_rows
from evenfield.shared.contrasts.group_labels import Comparison, group_labels, parse_comparison
from evenfield.shared.contrasts.period_means import Measure, missing_reason, parse_measure, window_mean, yearly_table
from evenfield.shared.contrasts.results import PolicyResults
from evenfield.shared.contrasts.taxonomy_range import taxonomy_range_rows
from evenfield.shared.estimates import NAN, Estimate

UNIT = "s.d."
POINT_COLUMNS = ["spec_id", "outcome", "label", "unit", "value", "value_sd", "cluster", "sez", "window"]


@dataclass(frozen=True, slots=True)
class IntensitySpec:
    """Several outcomes compared between groups in one window."""

    id: str  # name, hypothesis, role of the deciding rows
    hypothesis: str
    role: str
    measures: tuple[Measure, ...]  # outcomes with their predicted signs
    comparison: Comparison  # what is compared
    window: tuple[int, int]  # first and last year
    cells: str  # period whose group labels are used
    sesoi: float  # smallest difference of interest, standard deviations


@dataclass(frozen=True)
class Outcome:
    """One outcome by unit, standardised, or the reason why there is none."""

    spec: IntensitySpec
    measure: Measure
    raw: pd.Series
    window: str = ""
    note: str = ""

    @property
    def scaled(self) -> pd.Series:
        """Outcome over its standard deviation across units."""
        # ASSUME: outcomes are compared in standard deviations across all units of their window, cells included.
        spread = float(self.raw.std(ddof=1))
        return self.raw / spread if spread > 0 else self.raw


def parse_intensity_specs(section: list[Mapping[str, Any]], sesoi: Mapping[str, float]) -> tuple[IntensitySpec, ...]:
    """Read ``estimates.factor_intensity`` of the config."""
    return tuple(
        IntensitySpec(
            item["id"], item.get("hypothesis", ""), item.get("role", "exploratory"),
            tuple(parse_measure(measure) for measure in item["measures"]), parse_comparison(item["compare"]),
            (int(item["window"][0]), int(item["window"][1])), item["cells"], float(sesoi.get("intensity_sd", NAN)),
        )
        for item in section
    )  # fmt: skip


def estimate_factor_intensity(
    tables: Mapping[str, pd.DataFrame], description: Mapping[str, Any], specs: Sequence[IntensitySpec],
    primary: str, settings: ContrastSettings,
) -> PolicyResults:  # fmt: skip
    """Compare standardised period means of several outcomes between groups, one by one and together.

    Notes
    -----
    z_i = a + b_S S_i + b_C C_i + e_i with z the period mean over its standard deviation; the comparison is b_S - b_C.
    """
    outcomes = [_outcome(tables["panel"], spec, measure, description) for spec in specs for measure in spec.measures]
    ready = [outcome for outcome in outcomes if not outcome.raw.empty]
    contrasts = {taxonomy: [_contrast(outcome, tables["cells"], taxonomy, description, primary) for outcome in ready]
                 for taxonomy in sorted(set(tables["cells"]["taxonomy"]))}  # fmt: skip
    every = [contrast for made in contrasts.values() for contrast in made]
    rows = contrast_rows(every, tables["units"], tables["links"], settings)
    together = [row for spec in specs for row in _together(spec, ready, contrasts[primary], tables, settings)]
    left_out = [{"spec_id": outcome.spec.id, "outcome": outcome.measure.id, "reason": outcome.note}
                for outcome in outcomes if outcome.raw.empty]  # fmt: skip
    found = [*rows, *together, *taxonomy_range_rows(rows, primary)]
    return PolicyResults(found, _points(ready, tables["cells"], primary), _summary(specs, left_out))


def _outcome(panel: pd.DataFrame, spec: IntensitySpec, measure: Measure, description: Mapping[str, Any]) -> Outcome:
    blank = Outcome(spec, measure, pd.Series(dtype=float))
    reason = missing_reason(panel, measure)
    if reason:
        return replace(blank, note=reason)
    mean = window_mean(yearly_table(panel, measure).reindex(sorted(description["units"])), *spec.window)
    if mean.values.empty:
        return replace(blank, note=mean.note)
    return Outcome(spec, measure, mean.values, f"{mean.years[0]}-{mean.years[-1]}", mean.note)


def _contrast(
    outcome: Outcome, cells: pd.DataFrame, taxonomy: str, description: Mapping[str, Any], primary: str
) -> GroupContrast:
    spec, measure = outcome.spec, outcome.measure
    row = Estimate(
        hypothesis=spec.hypothesis, family="factor_intensity",
        role=spec.role if taxonomy == primary else "robustness", estimator="ols", spec_id=spec.id, outcome=measure.id,
        term=spec.comparison.term, contrast=spec.comparison.contrast,
        unit_scheme=str(description["unit_scheme"]), period=outcome.window, treatment_def=taxonomy, estimate=NAN,
        sesoi=spec.sesoi, unit_of_measure=UNIT, warning=outcome.note, data_hash=str(description["data_hash"]),
    )  # fmt: skip
    table = group_labels(cells, taxonomy, spec.cells).reindex(outcome.raw.index)
    return GroupContrast(row, table.assign(**{measure.id: outcome.scaled}), measure.id, spec.comparison.labels, (),
                         spec.comparison.weights)  # fmt: skip


def _together(
    spec: IntensitySpec, ready: list[Outcome], contrasts: list[GroupContrast],
    tables: Mapping[str, pd.DataFrame], settings: ContrastSettings,
) -> list[Estimate]:  # fmt: skip
    signs = {outcome.measure.id: outcome.measure.sign for outcome in ready if outcome.spec == spec}
    mine = [
        contrast
        for contrast in contrasts
        if contrast.row.spec_id == spec.id and np.ptp(contrast.table[contrast.outcome])
    ]
    if len(mine) < 2:
        return []
    adjusted = step_down_rows(mine, tables["units"], tables["links"], settings)
    largest = max(adjusted, key=lambda row: round(abs(row.statistic), 10))
    signed = [row.statistic * signs[row.outcome] for row in adjusted]
    right = sum(value > 0 for value in signed)
    base = replace(
        largest, role="robustness", estimator="ols_joint", outcome="all outcomes", sesoi=NAN, n_obs=len(adjusted),
        unit_of_measure="statistic", warning=f"{right} of {len(adjusted)} outcomes have the predicted sign",
    )  # fmt: skip
    joint = replace(base, effect_type="stat_joint", estimate=largest.statistic * signs[largest.outcome],
                    p_type=f"max |t| over {len(adjusted)} outcomes, free permutation of labels",
                    warning=f"largest |t|: {largest.outcome}; {base.warning}")  # fmt: skip
    count = replace(base, effect_type="stat_right_signs", estimate=float(right), statistic=NAN, p_value=NAN, p_type="",
                    unit_of_measure="count")  # fmt: skip
    return [*adjusted, joint, count]


def _points(ready: list[Outcome], cells: pd.DataFrame, primary: str) -> pd.DataFrame:
    parts = [
        group_labels(cells, primary, outcome.spec.cells).reindex(outcome.raw.index).assign(
            spec_id=outcome.spec.id, outcome=outcome.measure.id, label=outcome.measure.label, value=outcome.raw,
            value_sd=outcome.scaled - outcome.scaled.mean(), window=outcome.window)
        for outcome in ready
    ]  # fmt: skip
    if not parts:
        return pd.DataFrame(columns=POINT_COLUMNS)
    table = pd.concat([part.rename_axis("unit").reset_index() for part in parts], ignore_index=True)
    return table[POINT_COLUMNS].sort_values(["spec_id", "outcome", "unit"], ignore_index=True)


def _summary(specs: Sequence[IntensitySpec], left_out: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "equation": "z_i = a + b_S S_i + b_C C_i + e_i, z a period mean over its standard deviation across units",
        "reading": "b_S - b_C: zone coefficient minus cluster coefficient, standard deviations; an association",
        "several": "Romano-Wolf step-down on common free permutations of the rows of labels",
        "order": [measure.id for spec in specs for measure in spec.measures],
        "outcomes": {measure.id: measure.label for spec in specs for measure in spec.measures},
        "signs": {measure.id: measure.sign for spec in specs for measure in spec.measures},
        "left_out": left_out,
    }  # fmt: skip

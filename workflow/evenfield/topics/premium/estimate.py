"""Premium of cluster and zone regions in levels and in growth, period by period (H1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from evenfield.shared.contrasts.contrasts import ContrastSettings, GroupContrast, contrast_rows
from evenfield.shared.contrasts.group_labels import Comparison, group_labels
from evenfield.shared.contrasts.period_means import missing_reason, window_mean, yearly_table
from evenfield.shared.contrasts.results import PolicyResults
from evenfield.shared.contrasts.taxonomy_range import taxonomy_range_rows
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.premium.estimate_spec import PremiumSpec

OUTCOME = "value"
MEAN_COLUMNS = ["spec_id", "sample_id", "treatment_def", "period", "group", "n_units", "mean", "output_basis"]


@dataclass(frozen=True)
class Cut:
    """One specification in one period and sample: outcome and controls by unit, or why there are none."""

    spec: PremiumSpec
    period: Mapping[str, Any]
    sample: str
    table: pd.DataFrame
    note: str = ""


def estimate_premium(
    tables: Mapping[str, pd.DataFrame], description: Mapping[str, Any], specs: Sequence[PremiumSpec],
    primary: str, settings: ContrastSettings,
) -> PolicyResults:  # fmt: skip
    """Compare period means and growth between groups, for every taxonomy.

    Notes
    -----
    z_iP = a + b D_i + d x_iP + e_i, one row a unit: z is the mean of the outcome over the years of period P, or growth
    between its end points given log income in its first year; D is the group label.
    """
    cuts = [cut for spec in specs for cut in _cuts(tables, description, spec)]
    ready = [cut for cut in cuts if not cut.table.empty]
    contrasts = [made for cut in ready for made in _contrasts(cut, tables["cells"], description, primary)]
    rows = contrast_rows(contrasts, tables["units"], tables["links"], settings)
    left_out = [{"spec_id": cut.spec.id, "period": cut.period["period"], "reason": cut.note}
                for cut in cuts if cut.table.empty and cut.sample == cut.spec.samples[0]]  # fmt: skip
    means = [line for cut in ready for line in _means(cut, tables["cells"])]
    series = pd.DataFrame(means, columns=MEAN_COLUMNS).sort_values(MEAN_COLUMNS[:5], ignore_index=True)
    return PolicyResults([*rows, *taxonomy_range_rows(rows, primary)], series, _summary(specs, left_out))


def _cuts(tables: Mapping[str, pd.DataFrame], description: Mapping[str, Any], spec: PremiumSpec) -> Iterator[Cut]:
    for period in [item for item in description["periods"] if item["role"] == "main"]:
        for sample in spec.samples:
            members = sorted(description["samples"][sample])
            yield _cut(tables, spec, period, sample, members)


def _cut(
    tables: Mapping[str, pd.DataFrame], spec: PremiumSpec, period: Mapping[str, Any], sample: str, members: list[str]
) -> Cut:
    found = tables["periods"][tables["periods"]["period"].eq(period["period"])].set_index("unit").reindex(members)
    blank = Cut(spec, period, sample, pd.DataFrame())
    source = found.reset_index() if spec.table == "periods" else tables["panel"]
    reason = missing_reason(source, spec.measure)
    absent = [name for name in spec.given if name not in found or found[name].isna().any()]
    if reason or absent:
        return replace(blank, note=reason or f"{absent[0]} is not there for every unit")
    if spec.table == "periods":
        values, note = found[spec.measure.column].astype(float), ""
    else:
        mean = window_mean(yearly_table(tables["panel"], spec.measure).reindex(members), period["start"], period["end"])
        values, note = mean.values, mean.note
    if values.empty or values.isna().any():
        return replace(blank, note=note or f"{spec.measure.column} is not there for every unit")
    return Cut(spec, period, sample, found[list(spec.given)].astype(float).assign(**{OUTCOME: values}), note)


def _contrasts(cut: Cut, cells: pd.DataFrame, description: Mapping[str, Any], primary: str) -> Iterator[GroupContrast]:
    for taxonomy in sorted(set(cells["taxonomy"])):
        labels = group_labels(cells, taxonomy, str(cut.period["period"]))
        table = cut.table.join(labels)
        main = taxonomy == primary
        if not main and cut.sample != cut.spec.samples[0]:
            continue
        for comparison in cut.spec.comparisons if main else cut.spec.comparisons[:1]:
            row = _row(cut, comparison, taxonomy, description, primary)
            yield GroupContrast(row, table, OUTCOME, comparison.labels, cut.spec.given, comparison.weights)


def _row(cut: Cut, comparison: Comparison, taxonomy: str, description: Mapping[str, Any], primary: str) -> Estimate:
    spec = cut.spec
    first = comparison == spec.comparisons[0]
    deciding = first and taxonomy == primary and cut.sample == spec.samples[0]
    return Estimate(
        hypothesis=spec.hypothesis if first else "", family="premium",
        role=spec.role if deciding else "robustness" if first else "exploratory", estimator="ols", spec_id=spec.id,
        outcome=spec.measure.id, term=comparison.term, contrast=comparison.contrast, sample_id=cut.sample,
        unit_scheme=str(description["unit_scheme"]), period=str(cut.period["period"]), treatment_def=taxonomy,
        estimate=NAN, sesoi=spec.sesoi, unit_of_measure=spec.measure.unit, output_basis=str(cut.period["basis"]),
        warning=cut.note, data_hash=str(description["data_hash"]),
    )  # fmt: skip


def _means(cut: Cut, cells: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for taxonomy in sorted(set(cells["taxonomy"])):
        labels = group_labels(cells, taxonomy, str(cut.period["period"])).reindex(cut.table.index)
        for name in labels.columns:
            for group, inside in ((name, labels[name] == 1), (f"no {name}", labels[name] == 0)):
                values = cut.table.loc[inside, OUTCOME]
                yield {"spec_id": cut.spec.id, "sample_id": cut.sample, "treatment_def": taxonomy,
                       "period": cut.period["period"], "group": group, "n_units": len(values),
                       "mean": float(values.mean()) if len(values) else NAN,
                       "output_basis": cut.period["basis"]}  # fmt: skip


def _summary(specs: Sequence[PremiumSpec], left_out: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "equation": "z_iP = a + b D_i + d x_iP + e_i, one row a unit and period P",
        "reading": "b: mean of the group minus mean of the other units given x; an association",
        "order": [spec.id for spec in specs],
        "outcomes": {spec.id: spec.measure.label for spec in specs},
        "left_out": left_out,
    }  # fmt: skip

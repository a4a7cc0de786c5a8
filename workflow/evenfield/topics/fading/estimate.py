"""Do the premiums of zone regions fade: one trend over periods per unit, compared between groups (H4, H5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.ols import fit_ols
from evenfield.shared.contrasts.contrasts import ContrastSettings, GroupContrast, contrast_rows
from evenfield.shared.contrasts.group_labels import Comparison, group_labels
from evenfield.shared.contrasts.period_means import missing_reason, window_mean, with_figures, yearly_table
from evenfield.shared.contrasts.results import PolicyResults
from evenfield.shared.contrasts.taxonomy_range import taxonomy_range_rows
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.fading.estimate_quotient import (
    QuotientPath,
    group_rows,
    quotient_path,
    quotient_series,
    trend_outcome,
)
from evenfield.topics.fading.estimate_spec import FadingSpec

OUTCOME = "value"
NOTHING = "the first premium is not above zero: nothing that could fade"


@dataclass(frozen=True)
class Path:
    """Outcomes of one specification by unit and period, or the reason why there are none."""

    spec: FadingSpec
    means: pd.DataFrame
    window: str = ""
    basis: str = ""
    note: str = ""


def estimate_fading(
    tables: Mapping[str, pd.DataFrame], description: Mapping[str, Any], specs: Sequence[FadingSpec],
    primary: str, settings: ContrastSettings,
) -> PolicyResults:  # fmt: skip
    """Estimate how premiums of groups change from period to period, and location quotients over the years.

    Notes
    -----
    y_it = mu_i + tau_t + sum_P b_P S_i 1(t in P) + e_it. The slope of b_P on the period index equals the coefficient of
    S in a cross-section of unit slopes: collapse and infer there (Bertrand, Duflo and Mullainathan 2004).
    """
    paths = [_path(tables, description, spec) for spec in specs if spec.path == "periods"]
    quotients = [quotient_path(tables["panel"], description, spec) for spec in specs if spec.path == "quotient"]
    contrasts = [made for path in paths if not path.means.empty
                 for made in _contrasts(path, tables["cells"], description, primary)]  # fmt: skip
    contrasts += [made for quotient in quotients if not quotient.note
                  for made in _quotient_contrasts(quotient, tables["cells"], description, primary)]  # fmt: skip
    rows = contrast_rows(contrasts, tables["units"], tables["links"], settings)
    ready = [(quotient, _labels(tables["cells"], description, primary, quotient.years[0]))
             for quotient in quotients if not quotient.note]  # fmt: skip
    for quotient, labels in ready:
        base = _row(quotient.spec, quotient.spec.comparisons[0], primary, description, primary)
        rows += group_rows(quotient, labels, replace(base, period=quotient.window), tables, settings)
    left_out = [{"spec_id": found.spec.id, "outcome": found.spec.measure.id, "reason": found.note}
                for found in _absent(paths, quotients)]  # fmt: skip
    series = quotient_series(ready)
    return PolicyResults([*rows, *taxonomy_range_rows(rows, primary)], series, _summary(specs, left_out))


def _absent(paths: list[Path], quotients: list[QuotientPath]) -> list[Path | QuotientPath]:
    return [*(path for path in paths if path.means.empty), *(quotient for quotient in quotients if quotient.note)]


def _path(tables: Mapping[str, pd.DataFrame], description: Mapping[str, Any], spec: FadingSpec) -> Path:
    units = sorted(description["units"])
    source = tables["periods"] if spec.table == "periods" else tables["panel"]
    blank = Path(spec, pd.DataFrame())
    reason = missing_reason(source, spec.measure)
    if reason:
        return replace(blank, note=reason)
    (table,), without = with_figures([_yearly(tables, spec, units)])
    kept: dict[str, pd.Series] = {}
    spans, bases = [], []
    notes = [without] if without else []
    for period in [item for item in description["periods"] if item["role"] == "main"]:
        values, span, note = _period_values(table, spec, period)
        if values.empty:
            continue
        kept[str(period["period"])] = values
        notes += [f"{period['label']}: {note}"] if note else []
        spans += list(span)
        bases.append(str(period["basis"]) if spec.table == "periods" else "")
    if len(kept) < 2:
        return replace(blank, note=f"{len(kept)} main periods have figures of every unit; a change needs two")
    absent = len([item for item in description["periods"] if item["role"] == "main"]) - len(kept)
    notes += [f"starts with the data: {absent} earlier or later main periods have no figures"] if absent else []
    basis = bases[0] if len(set(bases)) == 1 else "spliced"
    return Path(spec, pd.DataFrame(kept), f"{min(spans)}-{max(spans)}", basis, "; ".join(notes))


def _yearly(tables: Mapping[str, pd.DataFrame], spec: FadingSpec, units: list[str]) -> pd.DataFrame:
    """Return the outcome by unit and year, or by unit and period for a column of periods.csv."""
    if spec.table == "panel":
        return yearly_table(tables["panel"], spec.measure).reindex(units)
    wide = tables["periods"].pivot(index="unit", columns="period", values=spec.measure.column)
    return wide.reindex(units).astype(float)


def _period_values(
    table: pd.DataFrame, spec: FadingSpec, period: Mapping[str, Any]
) -> tuple[pd.Series, tuple[int, ...], str]:
    if spec.table == "panel":
        mean = window_mean(table, period["start"], period["end"])
        return mean.values, mean.years, mean.note
    values = table[str(period["period"])]
    if values.isna().any():
        return pd.Series(dtype=float), (), "not every unit has a figure"
    return values, (int(period["start"]), int(period["end"])), ""


def _slopes(means: pd.DataFrame) -> pd.Series:
    """Return the least squares slope of each unit's outcome on the period index."""
    index = np.arange(means.shape[1]) - (means.shape[1] - 1) / 2
    return pd.Series(means.to_numpy(float) @ index / (index @ index), index=means.index)


def _contrasts(
    path: Path, cells: pd.DataFrame, description: Mapping[str, Any], primary: str
) -> Iterator[GroupContrast]:
    first = str(path.means.columns[0])
    steps = path.means.shape[1] - 1
    for taxonomy in sorted(set(cells["taxonomy"])):
        # ASSUME: a unit belongs to the group it is in when the figures start; later zones change no label.
        table = group_labels(cells, taxonomy, first).reindex(path.means.index)
        for comparison in path.spec.comparisons if taxonomy == primary else path.spec.comparisons[:1]:
            premium = _premium(path.means[first], table, comparison)
            note = "" if not np.isfinite(premium) or premium > 0 else NOTHING
            row = replace(
                _row(path.spec, comparison, taxonomy, description, primary), period=path.window,
                sesoi=path.spec.share * premium / steps if premium > 0 else NAN, output_basis=path.basis,
                unit_of_measure=f"{path.spec.measure.unit} per period",
                warning="; ".join(part for part in (path.note, note) if part), n_periods=steps + 1,
            )  # fmt: skip
            yield _contrast(row, table.assign(**{OUTCOME: _slopes(path.means)}), comparison)
        if taxonomy == primary:
            yield from _levels(path, table, description, primary)


def _levels(path: Path, labels: pd.DataFrame, description: Mapping[str, Any], primary: str) -> Iterator[GroupContrast]:
    comparison = path.spec.comparisons[0]
    bases = {str(item["period"]): str(item["basis"]) for item in description["periods"]}
    for period in path.means.columns:
        row = replace(
            _row(path.spec, comparison, primary, description, primary), role="exploratory", hypothesis="",
            period=str(period), unit_of_measure=path.spec.measure.unit,
            output_basis=bases[str(period)] if path.spec.table == "periods" else "",
        )  # fmt: skip
        yield _contrast(row, labels.assign(**{OUTCOME: path.means[period]}), comparison)


def _quotient_contrasts(
    quotient: QuotientPath, cells: pd.DataFrame, description: Mapping[str, Any], primary: str
) -> Iterator[GroupContrast]:
    decades = (quotient.years[-1] - quotient.years[0]) / 10
    for taxonomy in sorted(set(cells["taxonomy"])):
        labels = _labels(cells, description, taxonomy, quotient.years[0]).reindex(quotient.quotients.index)
        for comparison in quotient.spec.comparisons if taxonomy == primary else quotient.spec.comparisons[:1]:
            row = replace(
                _row(quotient.spec, comparison, taxonomy, description, primary), period=quotient.window,
                sesoi=-float(np.log(1 - quotient.spec.share)) / decades, unit_of_measure="log points per decade",
                warning=quotient.start_note, n_periods=len(quotient.years),
            )  # fmt: skip
            yield _contrast(row, labels.assign(**{OUTCOME: trend_outcome(quotient)}), comparison)


def _labels(cells: pd.DataFrame, description: Mapping[str, Any], taxonomy: str, year: int) -> pd.DataFrame:
    main = [item for item in description["periods"] if item["role"] == "main"]
    started = [item for item in main if item["end"] >= year] or main
    return group_labels(cells, taxonomy, str(started[0]["period"]))


def _contrast(row: Estimate, table: pd.DataFrame, comparison: Comparison) -> GroupContrast:
    return GroupContrast(row, table, OUTCOME, comparison.labels, (), comparison.weights)


def _premium(values: pd.Series, labels: pd.DataFrame, comparison: Comparison) -> float:
    columns = labels[list(comparison.labels)].to_numpy(float)
    X = np.column_stack([columns, np.ones(len(columns))])
    if np.linalg.matrix_rank(X) < X.shape[1]:
        return NAN
    return float(fit_ols(values.to_numpy(float), X).beta[0])


def _row(
    spec: FadingSpec, comparison: Comparison, taxonomy: str, description: Mapping[str, Any], primary: str
) -> Estimate:
    deciding = taxonomy == primary and comparison == spec.comparisons[0]
    return Estimate(
        hypothesis=spec.hypothesis, family="fading", role=spec.role if deciding else "robustness", estimator="ols",
        spec_id=spec.id, outcome=spec.measure.id, term=comparison.term, contrast=comparison.contrast,
        unit_scheme=str(description["unit_scheme"]), treatment_def=taxonomy, estimate=NAN,
        fe_id="unit and period effects, collapsed", data_hash=str(description["data_hash"]),
    )  # fmt: skip


def _summary(specs: Sequence[FadingSpec], left_out: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "equation": "y_it = mu_i + tau_t + sum_P b_P S_i 1(t in P) + e_it; slope of b_P, collapsed to one slope a unit",
        "quotient": "LQ_i = (F_i / F) / (GDP_i / GDP); slope of ln LQ_i on the year; the group's LQ at the end",
        "order": [spec.id for spec in specs],
        "outcomes": {spec.measure.id: spec.measure.label for spec in specs},
        "left_out": left_out,
    }  # fmt: skip

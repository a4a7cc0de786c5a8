"""Inequality between units: Theil, Gini and Atkinson, their parts by region and cell, and growth accounting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import atkinson, decompose_gini, gini, theil
from evenfield.numerics.inequality_draws import leave_one_out_theil
from evenfield.numerics.inequality_groups import decompose_theil
from evenfield.shared.estimates import Estimate
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.windows import Span, span_named, weights_among
from evenfield.study.spatial_weights import SpatialWeights
from evenfield.topics.inequality.estimate_group_rows import group_rows, nested_rows
from evenfield.topics.inequality.estimate_rows import Place, base_labels, growth_rows, total_rows
from evenfield.topics.inequality.estimate_spec import MEASURES, Ends, InequalitySpec, read_ends

INEQUALITY_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "period", "kind", "grouping", "group", "unit", "measure", "year", "value",
    "share",
)  # fmt: skip


@dataclass(frozen=True)
class InequalityResults:
    """Estimates, drawable series and a summary of the inequality family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def estimate_inequality(
    panels: Mapping[str, pd.DataFrame],
    units: Mapping[str, pd.DataFrame],
    cells: Mapping[str, pd.DataFrame],
    weights: Mapping[str, Mapping[str, SpatialWeights]],
    *,
    schemes: Mapping[str, SchemeInfo],
    spans: Mapping[str, Mapping[str, Span]],
    specs: Sequence[InequalitySpec],
    inference: InferenceSpec,
) -> InequalityResults:
    """Measure inequality between units at the ends of every period and divide it by groups."""
    estimates: list[Estimate] = []
    parts: list[pd.DataFrame] = []
    for spec in specs:
        where = f"estimates.inequality.{spec.id}"
        for name in spec.periods:
            span = span_named(spans[spec.unit_scheme], name, where)
            scheme = schemes[spec.unit_scheme]
            ends = read_ends(
                panels[spec.unit_scheme], units[spec.unit_scheme], cells[spec.unit_scheme], span, scheme, spec
            )
            linked = _linked(weights[spec.unit_scheme], spec, ends, where)
            estimates += _rows(Place(spec, ends, base_labels(spec, ends), inference), linked)
            parts.append(yearly_series(spec, ends))
    keys = [name for name in INEQUALITY_SERIES if name not in ("value", "share")]
    series = pd.concat(parts).sort_values(keys, ignore_index=True)
    fit = {spec.id: {"periods": list(spec.periods), "groupings": list(spec.groupings)} for spec in specs}
    return InequalityResults(estimates, series, fit)


def _linked(weights: Mapping[str, SpatialWeights], spec: InequalitySpec, ends: Ends, where: str) -> np.ndarray | None:
    if not spec.weights:
        return None
    matrix, _ = weights_among(weights, spec.weights, ends.window.units, where)
    return np.asarray((matrix > 0) | (matrix.T > 0))


def _rows(place: Place, linked: np.ndarray | None) -> list[Estimate]:
    rows = total_rows(place)
    for name in place.ends.groups:
        rows += group_rows(place, name, linked)
        rows += growth_rows(place, name)
    first = f"{place.spec.taxonomies[0]}: " if place.spec.taxonomies else ""
    for pair in place.spec.nested:
        outer, inner = (name if name in place.ends.groups else first + name for name in pair)
        rows += nested_rows(place, outer, inner)
    return rows


def yearly_series(spec: InequalitySpec, ends: Ends) -> pd.DataFrame:
    """Follow the indices and their parts through the years of a period."""
    rows: list[dict[str, Any]] = []
    for place, year in enumerate(ends.window.years):
        income, weights = ends.income[:, place], ends.weights[:, place]
        try:
            found = [*_index_rows(income, weights, spec), *_part_rows(income, weights, ends)]
            found += _influence_rows(income, weights, ends.window.units)
        except NumericsError:
            continue
        rows += [{**row, "year": year} for row in found]
    names = {"spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme}
    frame = pd.DataFrame(rows).reindex(columns=list(INEQUALITY_SERIES))
    text = dict.fromkeys(("kind", "grouping", "group", "unit", "measure"), "")
    frame = frame.assign(**names, period=ends.window.span.name).astype(dict.fromkeys(text, object)).fillna(text)
    return frame.astype({"year": "Int64", "value": float, "share": float})


def _index_rows(income: np.ndarray, weights: np.ndarray, spec: InequalitySpec) -> Iterable[dict[str, Any]]:
    for measure in MEASURES:
        yield {"kind": "index", "measure": measure, "value": theil(income, weights, measure)}
    yield {"kind": "index", "measure": "gini", "value": gini(income, weights)}
    for aversion in spec.aversion:
        yield {"kind": "index", "measure": f"atkinson_{aversion:g}", "value": atkinson(income, weights, aversion)}


def _part_rows(income: np.ndarray, weights: np.ndarray, ends: Ends) -> Iterable[dict[str, Any]]:
    for name, (codes, groups) in ends.groups.items():
        for measure in MEASURES:
            parts = decompose_theil(income, weights, codes, measure)
            shared = {"grouping": name, "measure": measure}
            total = parts.total if parts.total > 0 else np.nan
            yield {**shared, "kind": "between", "value": parts.between, "share": parts.between / total}
            for group, value in zip(groups, parts.group_within, strict=True):
                yield {**shared, "kind": "within", "group": group, "value": value, "share": value / total}
        dagum = decompose_gini(income, weights, codes)
        for part in ("within", "net_between", "transvariation"):
            value = float(getattr(dagum, part))
            share = value / dagum.gini if dagum.gini > 0 else np.nan
            yield {"kind": "dagum", "grouping": name, "measure": "gini", "group": part, "value": value, "share": share}


def _influence_rows(income: np.ndarray, weights: np.ndarray, units: list[str]) -> Iterable[dict[str, Any]]:
    if len(units) < 3:
        return
    for unit, value in zip(units, leave_one_out_theil(income, weights), strict=True):
        yield {"kind": "influence", "unit": unit, "measure": MEASURES[0], "value": value}

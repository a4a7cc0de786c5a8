"""T12 and T12b: inequality and its parts by grouping at both ends of each period, and who contributed growth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import grouping_name, heading, nothing_to_show, ordered_specs, sample_parts
from evenfield.shared.tables.notes import (
    DESCRIPTIVE,
    NOT_CAUSAL,
    basis_note,
    origin_note,
    period_with_basis,
    sample_note,
)
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, whole
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import CELLS
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

INDICES = {"theil_t": "Theil T", "theil_l": "Theil L", "gini": "Gini", "atkinson_1": "Atkinson (1)"}
ENDS = ("start", "end")
MEASURE = "theil_t"
NAN = float("nan")
NESTED = {"outer": "between {outer}", "inner": "between {inner} within {outer}", "within": "within both"}
GROUPS = {"sez": "SEZ", "not sez": "no SEZ", "not cluster": "no cluster"}
GROWTH = {"growth": "share of growth", "before": "share of output at start"}


def tabulate_inequality(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange inequality and its parts by period; the first specification in full, the indices of the others."""
    rows: list[Row] = []
    for place, spec in enumerate(ordered_specs(list(estimates["spec_id"]), specs)):
        for period in shown:
            mine = only(estimates, spec_id=spec, period=period)
            if mine.empty:
                continue
            first = records(mine.head(1))[0]
            group = heading([period_with_basis(period, first["output_basis"], periods), _weighting(first),
                             *sample_parts(first, description)])  # fmt: skip
            found = [*_index_rows(mine), *(_part_rows(mine) if place == 0 else ())]
            rows += [{"group": group, "spec_id": spec, "period": period, "basis": first["output_basis"], **row}
                     for row in found]  # fmt: skip
    if not rows:
        raise nothing_to_show("rows of inequality", "inequality", "T12")
    level = f"{inference['conf_level']:.0%}"
    note = (
        sample_note(description, study),
        f"Inequality of income per head between {study['units_name']} in the first and last year. The {level} band "
        f"redraws {study['units_name']}: sensitivity, not sampling error, since all of them are observed. Shares are "
        f"parts of Theil T; p: share of {inference['permutations']:,} exchanges of labels with a between part at least "
        "as large; connected: the same over all connected groups of that size. Of most: between part over the largest "
        "one that groups of these sizes could reach (Elbers and others). Net between: Dagum's part of the Gini.",
        basis_note(description),
        f"{DESCRIPTIVE} {NOT_CAUSAL}" if _has_cells(estimates) else DESCRIPTIVE,
        origin_note(description, inference["seed"]),
    )
    return Table(id="T12", title="Inequality and its parts by grouping", note=note, columns=_columns(level),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _weighting(row: Row) -> str:
    return "unweighted" if "unweighted" in str(row["outcome"]) else "weighted by population"


def _has_cells(estimates: pd.DataFrame) -> bool:
    return bool(estimates["treatment_def"].str.contains(": ", regex=False).any())


def _index_rows(mine: pd.DataFrame) -> Iterable[Row]:
    totals = only(mine, estimator="inequality")
    for term, name in INDICES.items():
        ends = {end: pick(totals, term=term, contrast=end) for end in ENDS}
        change = pick(totals, term=term, contrast="end - start")
        if not ends["end"] and not change:
            continue
        yield {"kind": "index", "label": name, "term": term, **_values(ends), "change_low": change.get("conf_low"),
               "change_high": change.get("conf_high"), "most_influential": change.get("max_leverage_unit"),
               "reason": reason(change.get("warning")) if not ends["end"] else ""}  # fmt: skip


def _values(ends: Mapping[str, Row]) -> Row:
    start, end = (ends[name].get("estimate", NAN) for name in ENDS)
    known = not (is_missing(start) or is_missing(end))
    return {"start": start, "end": end, "change": end - start if known else None}


def _part_rows(mine: pd.DataFrame) -> Iterable[Row]:
    parts = mine[mine["estimator"].isin(["theil_decomposition", "dagum"])]
    for name in parts["treatment_def"].unique():
        yield _between(only(parts, treatment_def=name), str(name))
    nested = only(mine, estimator="nested_theil", controls_id=MEASURE)
    for pair in nested["treatment_def"].unique():
        outer, _, inner = str(pair).partition(" > ")
        names = {"outer": grouping_name(outer), "inner": grouping_name(inner)}
        for term, words in NESTED.items():
            ends = {end: pick(nested, treatment_def=pair, term=term, contrast=end) for end in ENDS}
            yield {"kind": "nested", "label": f"Nested: {words.format(**names)}", "term": term, "grouping": pair,
                   **_values(ends)}  # fmt: skip


def _between(parts: pd.DataFrame, name: str) -> Row:
    def ends(term: str) -> dict[str, Row]:
        return {end: pick(parts, term=term, contrast=end) for end in ENDS}

    share, most = ends(f"between_{MEASURE}"), ends(f"between_over_maximum_{MEASURE}")
    linked, dagum = ends(f"between_connected_{MEASURE}"), ends("net_between")
    row: Row = {"kind": "between", "label": f"Share between {grouping_name(name)}", "grouping": name, **_values(share)}
    for end in ENDS:
        row |= {f"p_{end}": share[end].get("p_value"), f"connected_p_{end}": linked[end].get("p_value"),
                f"of_most_{end}": most[end].get("estimate"),
                f"net_between_{end}": dagum[end].get("estimate")}  # fmt: skip
    alone = pick(parts, term=f"between_{MEASURE}")
    return row | {"reason": reason(alone.get("warning")) if is_missing(share["end"].get("estimate")) else ""}


def _p_pair(start: Any, end: Any) -> str:
    return "" if is_missing(start) and is_missing(end) else f"{p_value(start)} \u2192 {p_value(end)}"


def _pair(start: Any, end: Any) -> str:
    return "" if is_missing(start) and is_missing(end) else f"{fixed(start, 2)} \u2192 {fixed(end, 2)}"


def _columns(level: str) -> tuple[Column, ...]:
    return (
        Column(names=("label",), header="Index or share", width_cm=4.0),
        Column(names=("start",), header="Start", align="right", show=places(fixed, 3), reason="reason"),
        Column(names=("end",), header="End", align="right", show=places(fixed, 3), reason="reason"),
        Column(names=("change",), header="Change", align="right", show=places(fixed, 3)),
        Column(names=("change_low", "change_high"), header=f"{level} band", align="right", show=places(interval, 3)),
        Column(names=("p_start", "p_end"), header="p", align="right", show=_p_pair),
        Column(names=("connected_p_start", "connected_p_end"), header="Connected p", align="right", show=_p_pair),
        Column(names=("of_most_start", "of_most_end"), header="Of most", align="right", show=_pair),
        Column(names=("net_between_start", "net_between_end"), header="Net between", align="right", show=_pair),
    )


def tabulate_growth_shares(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the share of each group in the growth of total output, by period."""
    found = only(estimates, estimator="growth_accounting")
    ids = ordered_specs(list(found["spec_id"]), specs)[:1]
    mine = found[found["spec_id"].isin(ids)]
    rows: list[Row] = []
    for name in sorted(mine["treatment_def"].unique(), key=lambda name: (": cell" not in name, name)):
        for period in shown:
            rows += _growth_rows(only(mine, treatment_def=name, period=period), str(name), period, periods)
    if not rows:
        raise ArtifactError("no growth accounting", "groupings in a specification of estimates.inequality",
                            "add them or remove T12b from `tables`")  # fmt: skip
    note = (
        sample_note(description, study),
        "Share of each group in the growth of total real output over the period, beside its share in output in the "
        "first year; above it, the group grew faster than the whole. An identity: it says who grew, not why.",
        basis_note(description),
        f"{DESCRIPTIVE} {NOT_CAUSAL}" if _has_cells(found) else DESCRIPTIVE,
        origin_note(description),
    )
    columns = (
        Column(names=("label",), header="Period"),
        Column(names=("name",), header="Group"),
        Column(names=("growth",), header="Share of growth", align="right", show=places(fixed, 3), reason="reason"),
        Column(names=("before",), header="Share of output at start", align="right", show=places(fixed, 3),
               reason="reason"),
        Column(names=("difference",), header="Difference", align="right", show=places(fixed, 3)),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip
    return Table(id="T12b", title="Growth accounting by group", note=note, columns=columns, frame=pd.DataFrame(rows),
                 group="group")  # fmt: skip


def _growth_rows(mine: pd.DataFrame, name: str, period: str, periods: Mapping[str, Any]) -> Iterable[Row]:
    ranked = {cell: place for place, cell in enumerate(CELLS)}
    for term in sorted(mine["term"].unique(), key=lambda term: (ranked.get(term, 0), term)):
        found = {key: pick(mine, term=term, contrast=contrast) for key, contrast in GROWTH.items()}
        row = found["growth"] or pick(mine, term=term)
        values = {key: item.get("estimate", NAN) for key, item in found.items()}
        known = not any(is_missing(value) for value in values.values())
        label = period_with_basis(period, row["output_basis"], periods)
        yield {
            "group": heading([grouping_name(name)]), "grouping": name, "period": period, "basis": row["output_basis"],
            "label": label, "name": GROUPS.get(term, term), **values, "n_units": row["n_units"],
            "difference": values["growth"] - values["before"] if known else None,
            "reason": "" if known else reason(row["warning"]),
        }  # fmt: skip

"""T12 and T12b: inequality and its parts by grouping at both ends of each period, and
who contributed growth.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import (
    grouping_name,
    heading,
    nothing_to_show,
    sample_parts,
)
from evenfield.shared.tables.notes import DESCRIPTIVE, NOT_CAUSAL, period_with_basis
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import CELLS
from evenfield.shared.tables.warnings import reason

INDICES = {
    "theil_t": "Theil T",
    "theil_l": "Theil L",
    "gini": "Gini",
    "atkinson_1": "Atkinson (1)",
}
ENDS = ("start", "end")
MEASURE = "theil_t"
NAN = float("nan")
NESTED = {
    "outer": "between {outer}",
    "inner": "between {inner} within {outer}",
    "within": "within both",
}
GROUPS = {"sez": "SEZ", "not sez": "no SEZ", "not cluster": "no cluster"}
GROWTH = {"growth": "share of growth", "before": "share of output at start"}


def t12(facts: Facts) -> Table:
    """Return inequality and its parts by period: the first specification in full, the
    indices of the others.
    """
    estimates = facts.estimates()
    rows: list[Row] = []
    for spec in facts.ordered(list(estimates["spec_id"])):
        for period in facts.shown("main", "span"):
            period_rows = only(estimates, spec_id=spec, period=period)
            if period_rows.empty:
                continue
            first = pick(period_rows)
            weighting = (
                "unweighted"
                if "unweighted" in first["outcome"]
                else "weighted by population"
            )
            when = period_with_basis(
                period, first["output_basis"], facts.config["periods"]
            )
            group = heading(
                [when, weighting, *sample_parts(first, facts.description())]
            )
            shared = {
                "group": group,
                "spec_id": spec,
                "period": period,
                "basis": first["output_basis"],
            }
            lines = [
                *_index_rows(period_rows),
                *(
                    _part_rows(period_rows)
                    if not rows or rows[0]["spec_id"] == spec
                    else ()
                ),
            ]
            rows += [{**shared, **row} for row in lines]
    if not rows:
        raise nothing_to_show("rows of inequality", "inequality", "T12")
    units = facts.words["units_name"]
    note = facts.note(
        f"Inequality of income per head between {units} in the first and last year. The"
        f" {facts.level} band redraws {units}: sensitivity, not sampling error, since"
        " all of them are observed. Shares are parts of Theil T; p: share of"
        f" {facts.config['inference']['permutations']:,} exchanges of labels with a"
        " between part at least as large; connected: the same over all connected"
        " groups of that size. Of most: between part over the largest one that groups"
        " of these sizes could reach (Elbers and others). Net between: Dagum's part of"
        " the Gini.",
        _caution(estimates),
    )
    three = with_decimals(fixed, 3)
    columns = (
        Column(names=("label",), header="Index or share", width_cm=4.0),
        right("Start", "start", show=three, reason="reason"),
        right("End", "end", show=three, reason="reason"),
        right("Change", "change", show=three),
        right(
            f"{facts.level} band",
            "change_low",
            "change_high",
            show=with_decimals(interval, 3),
        ),
        right("p", "p_start", "p_end", show=_p_pair),
        right("Connected p", "connected_p_start", "connected_p_end", show=_p_pair),
        right("Of most", "of_most_start", "of_most_end", show=_pair),
        right("Net between", "net_between_start", "net_between_end", show=_pair),
    )
    frame = pd.DataFrame(rows)
    names = [name for column in columns for name in column.names]
    absent = [name for name in names if name not in frame]  # without groupings
    frame = frame.reindex(columns=[*frame, *absent])
    return Table(id="T12", note=note, columns=columns, frame=frame, group="group")


def _caution(estimates: pd.DataFrame) -> str:
    cells = estimates["treatment_def"].str.contains(": ", regex=False).any()
    return f"{DESCRIPTIVE} {NOT_CAUSAL}" if cells else DESCRIPTIVE


def _index_rows(spec_rows: pd.DataFrame) -> Iterator[Row]:
    totals = only(spec_rows, estimator="inequality")
    for term, name in INDICES.items():
        ends = _ends(totals, term=term)
        change = pick(totals, term=term, contrast="end - start")
        if not ends["end"] and not change:
            continue
        row = {
            "kind": "index",
            "label": name,
            "term": term,
            **_values(ends),
            "change_low": change.get("conf_low"),
            "change_high": change.get("conf_high"),
            "most_influential": change.get("max_leverage_unit"),
        }
        yield row | {"reason": reason(change.get("warning")) if not ends["end"] else ""}


def _ends(rows: pd.DataFrame, **wanted: str) -> dict[str, Row]:
    return {end: pick(rows, contrast=end, **wanted) for end in ENDS}


def _values(ends: Mapping[str, Row]) -> Row:
    start, end = (ends[name].get("estimate", NAN) for name in ENDS)
    known = not (is_missing(start) or is_missing(end))
    return {"start": start, "end": end, "change": end - start if known else None}


def _part_rows(spec_rows: pd.DataFrame) -> Iterator[Row]:
    parts = spec_rows[spec_rows["estimator"].isin(["theil_decomposition", "dagum"])]
    for name, own in parts.groupby("treatment_def", sort=False):
        yield _between(own, str(name))
    nested = only(spec_rows, estimator="nested_theil", controls_id=MEASURE)
    for pair in nested["treatment_def"].unique():
        outer, _, inner = str(pair).partition(" > ")
        for term, words in NESTED.items():
            label = (
                "Nested:"
                f" {words.format(outer=grouping_name(outer), inner=grouping_name(inner))}"
            )
            ends = _ends(nested, treatment_def=pair, term=term)
            yield {
                "kind": "nested",
                "label": label,
                "term": term,
                "grouping": pair,
                **_values(ends),
            }


def _between(parts: pd.DataFrame, name: str) -> Row:
    share = _ends(parts, term=f"between_{MEASURE}")
    most = _ends(parts, term=f"between_over_maximum_{MEASURE}")
    linked = _ends(parts, term=f"between_connected_{MEASURE}")
    dagum = _ends(parts, term="net_between")
    row: Row = {
        "kind": "between",
        "label": f"Share between {grouping_name(name)}",
        "grouping": name,
        **_values(share),
    }
    for end in ENDS:
        row |= {
            f"p_{end}": share[end].get("p_value"),
            f"connected_p_{end}": linked[end].get("p_value"),
            f"of_most_{end}": most[end].get("estimate"),
            f"net_between_{end}": dagum[end].get("estimate"),
        }
    alone = pick(parts, term=f"between_{MEASURE}")
    return row | {
        "reason": (
            reason(alone.get("warning"))
            if is_missing(share["end"].get("estimate"))
            else ""
        )
    }


def _p_pair(start: Any, end: Any) -> str:
    return (
        ""
        if is_missing(start) and is_missing(end)
        else f"{p_value(start)} \u2192 {p_value(end)}"
    )


def _pair(start: Any, end: Any) -> str:
    return (
        ""
        if is_missing(start) and is_missing(end)
        else f"{fixed(start, 2)} \u2192 {fixed(end, 2)}"
    )


def t12b(facts: Facts) -> Table:
    """Return the share of each group in the growth of total output, by period."""
    accounts = facts.estimates(estimator="growth_accounting")
    spec_rows = accounts[
        accounts["spec_id"].isin(facts.ordered(list(accounts["spec_id"]))[:1])
    ]
    rows: list[Row] = []
    for name in sorted(
        spec_rows["treatment_def"].unique(),
        key=lambda name: (": cell" not in name, name),
    ):
        for period in facts.shown("main", "span"):
            rows += _growth_rows(
                only(spec_rows, treatment_def=name, period=period), str(name), facts
            )
    if not rows:
        raise nothing_to_show("growth accounting", "inequality", "T12b")
    note = facts.note(
        "Share of each group in the growth of total real output over the period, beside"
        " its share in output in the first year; above it, the group grew faster than"
        " the whole. An identity: it says who grew, not why.",
        _caution(accounts),
        seed=False,
    )
    three = with_decimals(fixed, 3)
    columns = (
        Column(names=("label",), header="Period"),
        Column(names=("name",), header="Group"),
        right("Share of growth", "growth", show=three, reason="reason"),
        right("Share of output at start", "before", show=three, reason="reason"),
        right("Difference", "difference", show=three),
        right("N", "n_units", show=whole),
    )
    frame = pd.DataFrame(rows)
    return Table(id="T12b", note=note, columns=columns, frame=frame, group="group")


TABLES = {"T12": t12, "T12b": t12b}


def _growth_rows(spec_rows: pd.DataFrame, name: str, facts: Facts) -> Iterator[Row]:
    ranked = {cell: number for number, cell in enumerate(CELLS)}
    for term in sorted(
        spec_rows["term"].unique(), key=lambda term: (ranked.get(term, 0), term)
    ):
        by_part = {
            key: pick(spec_rows, term=term, contrast=contrast)
            for key, contrast in GROWTH.items()
        }
        row = by_part["growth"] or pick(spec_rows, term=term)
        values = {key: item.get("estimate", NAN) for key, item in by_part.items()}
        known = not any(is_missing(value) for value in values.values())
        label = period_with_basis(
            row["period"], row["output_basis"], facts.config["periods"]
        )
        out = {
            "group": heading([grouping_name(name)]),
            "grouping": name,
            "period": row["period"],
            "basis": row["output_basis"],
            "label": label,
            "name": GROUPS.get(term, term),
            **values,
            "n_units": row["n_units"],
            "difference": values["growth"] - values["before"] if known else None,
        }
        yield out | {"reason": "" if known else reason(row["warning"])}

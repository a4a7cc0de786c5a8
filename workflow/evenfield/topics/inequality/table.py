"""T12 and T12b: inequality and its parts by grouping at both ends of each period, and
who contributed growth.
"""

from collections.abc import Iterator

import pandas as pd

from evenfield.shared.estimates import NAN
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    CELLS,
    DESCRIPTIVE,
    NOT_CAUSAL,
    Row,
    Table,
    cited,
    count,
    ends,
    fixed,
    grouping_name,
    heading,
    is_missing,
    left,
    number,
    only,
    p_value,
    pick,
    reason,
    right,
    sample_parts,
)

INDICES = {
    "theil_t": "Theil T",
    "theil_l": "Theil L",
    "gini": "Gini",
    "atkinson_1": "Atkinson (1)",
}
MEASURE = "theil_t"
NESTED = {
    "outer": "between {outer}",
    "inner": "between {inner} within {outer}",
    "within": "within both",
}
# Columns of a grouping beside its share: the term and the field that they show.
BESIDE = {
    "p": (f"between_{MEASURE}", "p_value"),
    "connected_p": (f"between_connected_{MEASURE}", "p_value"),
    "of_most": (f"between_over_maximum_{MEASURE}", "estimate"),
    "net_between": ("net_between", "estimate"),
}
GROUPS = {
    "sez": "SEZ",
    "not sez": "no SEZ",
    "not cluster": "no cluster",
}
RANK = {cell: number for number, cell in enumerate(CELLS)}


NOTE = """
Inequality of income per head between {units} in the first and last year. The {results.level}
band redraws {units}: sensitivity, not sampling error, since all of them are observed. Shares
are parts of Theil T; p: share of {draws:,} exchanges of labels with a between part at least
as large; connected: the same over all contiguous groups of that size. Of most: between part
over the largest one that groups of these sizes could reach (Elbers and others). Net between:
Dagum's part of the Gini.
"""
GROWTH_NOTE = """
Share of each group in the growth of total real output over the period, and its share in output
in the first year; if the former is larger, the group grew faster than the total. This is an
accounting identity: it shows who grew, not why.
"""


def t12(results: StudyResults) -> Table:
    """Return inequality and its parts by period: the first specification in full, the
    indices of the others.
    """
    estimates = results.estimates()
    rows: list[Row] = []
    for spec in results.ordered(estimates):
        for period in results.shown("main", "span"):
            own = only(estimates, spec_id=spec, period=period)
            if own.empty:
                continue
            first = pick(own)
            weighting = "weighted by population"
            if "unweighted" in first["outcome"]:
                weighting = "unweighted"
            sample = sample_parts(first, results)
            shared = {
                "group": heading([results.when(first), weighting, *sample]),
                "spec_id": spec,
                "period": period,
                "basis": first["output_basis"],
            }
            # Parts of one specification: those of the others repeat them with other
            # weights.
            lines = [*_index_rows(own)]
            if not rows or rows[0]["spec_id"] == spec:
                lines += _part_rows(results, own)
            rows += [{**shared, **row} for row in lines]
    note = results.note(
        NOTE,
        _inside_note(estimates),
        _caution(estimates),
        units=results.words["units_name"],
        draws=results.config.inference.permutations,
    )
    columns = (
        left("Index or share", "label", width_cm=4.0),
        number("Start", "start", 3, "reason"),
        number("End", "end", 3, "reason"),
        number("Change", "change", 3),
        ends(f"{results.level} band", "change_low", "change_high", 3),
        right("p", "p_start", "p_end", show=_p_pair),
        right("Connected p", "connected_p_start", "connected_p_end", show=_p_pair),
        right("Of most", "of_most_start", "of_most_end", show=_pair),
        right("Net between", "net_between_start", "net_between_end", show=_pair),
    )
    # A study without groupings has no column of theirs in any row.
    for row in rows[-1:]:
        for column in columns:
            for name in column.names:
                row.setdefault(name, None)
    return Table.of(columns, rows, note)


def _inside_note(estimates: pd.DataFrame) -> str:
    if not only(estimates, estimator="within_parents").size:
        return ""
    return (
        "Jackknifed: the band of the change leaves out one parent after another. Mean"
        " inside: mean Theil T inside marked parents less that inside the others, of"
        " those with several units; band and p over all relabellings of parents."
    )


def _caution(estimates: pd.DataFrame) -> str:
    # Policy cells carry a colon: only they need the caution about causes.
    cells = estimates["treatment_def"].str.contains(": ", regex=False).any()
    return f"{DESCRIPTIVE} {NOT_CAUSAL}" if cells else DESCRIPTIVE


def _values(start: Row, end: Row) -> Row:
    before = start.get("estimate", NAN)
    after = end.get("estimate", NAN)
    known = not (is_missing(before) or is_missing(after))
    change = after - before if known else None
    return {
        "start": before,
        "start_estimate_id": start.get("estimate_id"),
        "end": after,
        "end_estimate_id": end.get("estimate_id"),
        "change": change,
    }


def _ends(rows: pd.DataFrame, **wanted: str) -> tuple[Row, Row]:
    start = pick(rows, contrast="start", **wanted)
    return start, pick(rows, contrast="end", **wanted)


def _index_rows(own: pd.DataFrame) -> Iterator[Row]:
    totals = only(own, estimator="inequality")
    for term, name in INDICES.items():
        start, end = _ends(totals, term=term)
        # Theil alone has a row of its change; where indices fail that row is there
        # without the ends and says why.
        change = pick(totals, term=term, contrast="end - start")
        if end or change:
            yield {
                "kind": "index",
                "label": name,
                "term": term,
                **_values(start, end),
                "change_estimate_id": change.get("estimate_id"),
                "change_low": change.get("conf_low"),
                "change_high": change.get("conf_high"),
                "most_influential": change.get("max_leverage_unit"),
                "reason": "" if end else reason(change.get("warning")),
            }


def _part_rows(results: StudyResults, own: pd.DataFrame) -> Iterator[Row]:
    parts = own[own["estimator"].isin(["theil_decomposition", "dagum"])]
    for name, rows in parts.groupby("treatment_def", sort=False):
        yield _between(rows, str(name))
    nested = only(own, estimator="nested_theil", controls_id=MEASURE)
    for pair, rows in nested.groupby("treatment_def", sort=False):
        outer, inner = map(grouping_name, str(pair).split(" > "))
        for term, words in NESTED.items():
            yield {
                "kind": "nested",
                "label": f"Nested: {words.format(outer=outer, inner=inner)}",
                "term": term,
                "grouping": pair,
                **_values(*_ends(rows, term=term)),
            }
    inside = only(own, term=f"within_{MEASURE}")
    for name, rows in inside.groupby("treatment_def", sort=False):
        yield _inside(results, rows, str(name))


def _inside(results: StudyResults, rows: pd.DataFrame, name: str) -> Row:
    """Return the share inside parents, or what marked parents hold more than others."""
    start, end = _ends(rows)
    change = pick(rows, contrast="end - start")
    share = change["estimator"] == "within_parents"
    row = {
        "kind": "inside",
        "label": f"Share inside {grouping_name(name)}, jackknifed"
        if share
        else f"Mean inside: {results.word(name)} less others",
        "grouping": name,
        **_values(start, end),
        "change_estimate_id": change["estimate_id"],
        "change_low": change["conf_low"],
        "change_high": change["conf_high"],
        "reason": reason(change["warning"]) if is_missing(change["estimate"]) else "",
    }
    if not share:
        row |= {"p_start": start.get("p_value"), "p_end": end.get("p_value")}
    return row


def _between(rows: pd.DataFrame, name: str) -> Row:
    term = f"between_{MEASURE}"
    start, end = _ends(rows, term=term)
    row: Row = {
        "kind": "between",
        "label": f"Share between {grouping_name(name)}",
        "grouping": name,
        **_values(start, end),
    }
    for contrast in ("start", "end"):
        for column, (beside, field) in BESIDE.items():
            shown = pick(rows, term=beside, contrast=contrast)
            row |= cited(f"{column}_{contrast}", shown, field)
    why = reason(pick(rows, term=term).get("warning"))
    return {**row, "reason": why if is_missing(end.get("estimate")) else ""}


def _p_pair(start: object, end: object) -> str:
    if is_missing(start) and is_missing(end):
        return ""
    return f"{p_value(start)} \u2192 {p_value(end)}"


def _pair(start: object, end: object) -> str:
    if is_missing(start) and is_missing(end):
        return ""
    return f"{fixed(start, 2)} \u2192 {fixed(end, 2)}"


def t12b(results: StudyResults) -> Table:
    """Return the share of each group in the growth of total output, by period."""
    accounts = results.estimates(estimator="growth_accounting")
    first = results.ordered(accounts)[:1]
    own = accounts[accounts["spec_id"].isin(first)]
    rows: list[Row] = []
    for name in sorted(own["treatment_def"].unique(), key=_cells_first):
        for period in results.shown("main", "span"):
            group = only(own, treatment_def=name, period=period)
            rows += _growth_rows(group, results)
    note = results.note(GROWTH_NOTE, _caution(accounts), seed=False)
    columns = (
        left("Period", "label"),
        left("Group", "name"),
        number("Share of growth", "growth", 3, "reason"),
        number("Share of output at start", "before", 3, "reason"),
        number("Difference", "difference", 3),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


TABLES = {"T12": t12, "T12b": t12b}


def _cells_first(name: str) -> tuple[bool, str]:
    return (": cell" not in name, name)


def _growth_rows(own: pd.DataFrame, results: StudyResults) -> Iterator[Row]:
    for term in sorted(
        own["term"].unique(), key=lambda name: (RANK.get(name, 0), name)
    ):
        rows = only(own, term=term)
        growth = pick(rows, contrast="share of growth")
        before = pick(rows, contrast="share of output at start")
        # Not two years here: the two shares, and how far growth lies above output.
        values = _values(before, growth)
        first = growth or pick(rows)
        known = values["change"] is not None
        yield {
            "group": heading([grouping_name(first["treatment_def"])]),
            "grouping": first["treatment_def"],
            "period": first["period"],
            "basis": first["output_basis"],
            "label": results.when(first),
            "name": GROUPS.get(term, term),
            "growth": values["end"],
            "growth_estimate_id": growth.get("estimate_id"),
            "before": values["start"],
            "before_estimate_id": before.get("estimate_id"),
            "n_units": first["n_units"],
            "difference": values["change"],
            "reason": "" if known else reason(first["warning"]),
        }

"""T13: Moran's I of income and growth by year, also net of region means and of initial income."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import nothing_to_show, ordered_specs, sample_heading
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_mark, basis_note, origin_note, sample_note
from evenfield.shared.tables.numbers import fixed, is_missing, p_value, places, whole, year
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import in_words

FEW, EVERY = 15, 3
YEAR = re.compile(r"-?\d+")
NAMES = {"log_income": "Income", "growth": "Growth"}
NONE = "none"
INITIAL = "log_income_start"


def tabulate_pattern(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    inference: Mapping[str, Any],
    weights: str,
    study: Mapping[str, Any],
) -> Table:
    """Arrange Moran's I by year."""
    moran = only(estimates, estimator="moran")
    kinds = [(variable, controls) for variable in NAMES
             for controls in sorted(only(moran, outcome=variable)["controls_id"].unique(), key=_rank)]  # fmt: skip
    rows: list[Row] = []
    for spec in ordered_specs(list(moran["spec_id"]), specs):
        mine = only(estimates, spec_id=spec)
        rows += [_row(mine, when, kinds, description, study) for when in _shown(only(mine, estimator="moran"))]
    if not rows:
        raise nothing_to_show("Moran's I by year", "pattern", "T13")
    note = (
        sample_note(description, study),
        f"Moran's I with {weights.replace('_', ' ')} weights, in brackets p from {inference['permutations']:,} "
        "permutations over the map and p adjusted for looking at every year; of growth since the date before. Net of: "
        "residuals from the means of regions, or from income at the date before. Local: "
        f"{study['units_name']} with a local Moran below a false discovery rate of 5% within the year (income). A long "
        "span shows every third year; all years stand in the data of F10.",
        *_links(estimates),
        *_pairs(estimates),
        "Likeness of neighbours also reflects the coast and shared regions; it is not what one does to the other.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description, inference["seed"]),
    )
    columns = (
        Column(names=("year", "mark"), header="Year", show=_year),
        *(Column(names=(f"{key} moran", f"{key} p", f"{key} adjusted"), header=_header(*kind), align="right",
                 show=_moran, reason=f"{key} reason") for kind in kinds if (key := _key(*kind))),
        Column(names=("geary",), header="Geary's C, income", align="right", show=places(fixed, 2)),
        Column(names=("local",), header="Local", align="right", show=whole),
    )  # fmt: skip
    return Table(id="T13", title="Moran's I of income and growth by year", note=note, columns=columns,
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _rank(controls: str) -> tuple[bool, bool, str]:
    return (controls != NONE, controls == INITIAL, controls)


def _key(variable: str, controls: str) -> str:
    return f"{variable} {controls}"


def _header(variable: str, controls: str) -> str:
    told = {NONE: "", INITIAL: ", net of initial income"}.get(controls, f", net of {controls.replace('_', ' ')}")
    return f"{NAMES[variable]}{told}"


def _shown(moran: pd.DataFrame) -> list[str]:
    found = sorted((name for name in moran["period"].unique() if YEAR.fullmatch(name)), key=int)
    return found if len(found) <= FEW else sorted(found[::-1][::EVERY], key=int)


def _row(
    mine: pd.DataFrame, when: str, kinds: Sequence[tuple[str, str]], description: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Row:  # fmt: skip
    now = only(mine, period=when)
    first = pick(now, estimator="moran")
    row: Row = {
        "group": sample_heading(first, description, study), "year": int(when),
        "spec_id": first["spec_id"], "basis": first["output_basis"],
        "mark": basis_mark(first["output_basis"]) if "proxy" in str(first["output_basis"]) else "",
        "geary": pick(now, estimator="geary", outcome="log_income", controls_id=NONE).get("estimate"),
        "local": pick(now, estimator="local_moran", outcome="log_income").get("estimate"),
    }  # fmt: skip
    for variable, controls in kinds:
        found = pick(now, estimator="moran", outcome=variable, controls_id=controls)
        why = "" if found else "no growth without a date before"
        row |= {f"{_key(variable, controls)} {name}": found.get(column) for name, column in
                (("moran", "estimate"), ("p", "p_value"), ("adjusted", "p_adjusted"))}  # fmt: skip
        row[f"{_key(variable, controls)} reason"] = why if variable == "growth" else ""
    return row


def _links(estimates: pd.DataFrame) -> tuple[str, ...]:
    counts = only(estimates, estimator="join_count").drop_duplicates(["treatment_def", "contrast", "estimate"])
    told = [f"{row['contrast']} {whole(row['estimate'])} ({row['warning'].split(' links')[0]} expected, "
            f"p {p_value(row['p_value'])})" for row in records(counts) if not is_missing(row["p_value"])]  # fmt: skip
    return (f"Links between two holders on the map: {in_words(told)}.",) if told else ()


def _pairs(estimates: pd.DataFrame) -> tuple[str, ...]:
    rows = records(only(estimates, estimator="bivariate_moran"))
    told = [f"{row['contrast']} {row['period']} {fixed(row['estimate'], 2)} (p {p_value(row['p_value'])})"
            for row in rows if not is_missing(row["p_value"])]  # fmt: skip
    opening = "Growth of a period against the holders among the neighbours, bivariate Moran: "
    return (f"{opening}{in_words(told)}. Own holdings are not held fixed.",) if told else ()


def _year(when: Any, mark: Any) -> str:
    return f"{year(when)} {'' if is_missing(mark) else mark}".strip()


def _moran(value: Any, p: Any, adjusted: Any) -> str:
    if is_missing(value):
        return ""
    return f"{fixed(value, 2)} ({', '.join(p_value(item) for item in (p, adjusted) if not is_missing(item))})"

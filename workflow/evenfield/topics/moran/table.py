"""T13: Moran's I of income and growth by year, also net of region means and of initial
income.
"""

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show, sample_heading
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_mark
from evenfield.shared.tables.numbers import (
    fixed,
    is_missing,
    p_value,
    whole,
    with_decimals,
    year,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import in_words

FEW = 15
EVERY = 3
YEAR = re.compile(r"-?\d+")
NAMES = {"log_income": "Income", "growth": "Growth"}
NONE = "none"
INITIAL = "log_income_start"

HOLDERS = {"cluster": "clusters", "sez": "zones"}


def t13(facts: Facts) -> Table:
    """Return Moran's I by year."""
    estimates = facts.estimates()
    moran = only(estimates, estimator="moran")
    kinds = [
        (name, c)
        for name in NAMES
        for c in sorted(only(moran, outcome=name)["controls_id"].unique(), key=_rank)
    ]
    rows: list[Row] = []
    for spec in facts.ordered(list(moran["spec_id"])):
        spec_rows = only(estimates, spec_id=spec)
        rows += [
            _row(spec_rows, when, kinds, facts)
            for when in _shown(only(spec_rows, estimator="moran"))
        ]
    if not rows:
        raise nothing_to_show("Moran's I by year", "moran", "T13")
    weights = facts.config["weights"]["primary"].replace("_", " ")
    draws = facts.config["inference"]["permutations"]
    note = facts.note(
        f"Moran's I with {weights} weights, in brackets p from {draws:,} permutations"
        " over the map and p adjusted for looking at every year; of growth since the"
        " date before. Net of: residuals from the means of regions, or from income at"
        f" the date before. Local: {facts.words['units_name']} with a local Moran below"
        " a false discovery rate of 5% within the year (income). A long span shows"
        " every third year; all years stand in the data of F10.",
        *_links(estimates),
        *_pairs(estimates),
        "Likeness of neighbours also reflects shared geography and regions; it is not"
        " what one does to the other.",
        DESCRIPTIVE,
    )
    columns = (
        Column(names=("year", "mark"), header="Year", show=_year),
        *(_column(*kind) for kind in kinds),
        right("Geary's C, income", "geary", show=with_decimals(fixed, 2)),
        right("Local", "local", show=whole),
    )
    frame = pd.DataFrame(rows)
    return Table(id="T13", note=note, columns=columns, frame=frame, group="group")


TABLES = {"T13": t13}


def _column(variable: str, controls: str) -> Column:
    key = _key(variable, controls)
    controls_text = f", net of {controls.replace('_', ' ')}"
    controls_text = {NONE: "", INITIAL: ", net of initial income"}.get(
        controls, controls_text
    )
    names = (f"{key} moran", f"{key} p", f"{key} adjusted")
    return right(
        f"{NAMES[variable]}{controls_text}", *names, show=_moran, reason=f"{key} reason"
    )


def _rank(controls: str) -> tuple[bool, bool, str]:
    return (controls != NONE, controls == INITIAL, controls)


def _key(variable: str, controls: str) -> str:
    return f"{variable} {controls}"


def _shown(moran: pd.DataFrame) -> list[str]:
    years = sorted(
        (name for name in moran["period"].unique() if YEAR.fullmatch(name)), key=int
    )
    return years if len(years) <= FEW else sorted(years[::-1][::EVERY], key=int)


def _row(
    spec_rows: pd.DataFrame, when: str, kinds: Sequence[tuple[str, str]], facts: Facts
) -> Row:
    now = only(spec_rows, period=when)
    first = pick(now, estimator="moran")
    basis = first["output_basis"]
    row: Row = {
        "group": sample_heading(first, facts.description(), facts.words),
        "year": int(when),
        "spec_id": first["spec_id"],
        "basis": basis,
        "mark": basis_mark(str(basis)),
    }
    row["geary"] = pick(
        now, estimator="geary", outcome="log_income", controls_id=NONE
    ).get("estimate")
    row["local"] = pick(now, estimator="local_moran", outcome="log_income").get(
        "estimate"
    )
    for variable, controls in kinds:
        moran_row = pick(now, estimator="moran", outcome=variable, controls_id=controls)
        key = _key(variable, controls)
        row |= {
            f"{key} moran": moran_row.get("estimate"),
            f"{key} p": moran_row.get("p_value"),
        }
        row[f"{key} adjusted"] = moran_row.get("p_adjusted")
        lost = variable == "growth" and not moran_row
        row[f"{key} reason"] = "no growth without a date before" if lost else ""
    return row


def _links(estimates: pd.DataFrame) -> tuple[str, ...]:
    counts = only(estimates, estimator="join_count").drop_duplicates(
        ["treatment_def", "contrast", "estimate"]
    )
    links_text = [
        f"{HOLDERS[row['contrast']]} {whole(row['estimate'])}"
        f" ({row['warning'].split(' links')[0]} expected, p {p_value(row['p_value'])})"
        for row in records(counts[counts["p_value"].notna()])
    ]
    return (
        (f"Links between two holders on the map: {in_words(links_text)}.",)
        if links_text
        else ()
    )


def _pairs(estimates: pd.DataFrame) -> tuple[str, ...]:
    pairs = only(estimates, estimator="bivariate_moran")
    pairs_text = [
        f"{HOLDERS[row['contrast']]} {row['period']} {fixed(row['estimate'], 2)} (p"
        f" {p_value(row['p_value'])})"
        for row in records(pairs[pairs["p_value"].notna()])
    ]
    opening = (
        "Growth of a period against the holders among the neighbours, bivariate Moran: "
    )
    return (
        (f"{opening}{in_words(pairs_text)}. Own holdings are not held fixed.",)
        if pairs_text
        else ()
    )


def _year(when: Any, mark: Any) -> str:
    return f"{year(when)}{'' if is_missing(mark) else mark}"


def _moran(value: Any, p: Any, adjusted: Any) -> str:
    if is_missing(value):
        return ""
    return (
        f"{fixed(value, 2)}"
        f" ({', '.join(p_value(item) for item in (p, adjusted) if not is_missing(item))})"
    )

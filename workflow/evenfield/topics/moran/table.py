"""T13: Moran's I of income and growth by year, also net of region means and of initial
income.
"""

from collections.abc import Sequence

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    DESCRIPTIVE,
    Column,
    Row,
    Table,
    basis_mark,
    cited,
    count,
    fixed,
    in_words,
    is_missing,
    left,
    number,
    only,
    p_value,
    pick,
    records,
    right,
    sample_heading,
    text,
    whole,
    with_asked,
)

# Of more years than so many every third is shown, the last one always.
FEW = 15
EVERY = 3
NAMES = {"log_income": "Income", "growth": "Growth"}
NONE = "none"
INITIAL = "log_income_start"
HOLDERS = {"cluster": "clusters", "sez": "zones"}


NOTE = """
Moran's I with {weights} weights, in brackets p from {draws:,} permutations over the map and p
adjusted for testing every year; of growth since the previous date. Net of: residuals from the
means of regions, or from income at the previous date. Local: {results.words[units_name]} with
a local Moran below a false discovery rate of 5% within the year (income). A long span shows
every third year; the figure of Moran's I by year has all of them.
"""


def t13(results: StudyResults) -> Table:
    """Return Moran's I by year."""
    estimates = results.estimates()
    moran = only(estimates, estimator="moran")
    kinds = []
    for variable in NAMES:
        controls = only(moran, outcome=variable)["controls_id"].unique()
        kinds += [(variable, name) for name in sorted(controls, key=_rank)]
    rows: list[Row] = []
    for spec in results.ordered(moran):
        own = only(estimates, spec_id=spec)
        for year in _shown(only(own, estimator="moran")):
            rows.append(_row(results, only(own, period=year), kinds))
    used = [name.replace("_", " ") for name in moran["w_id"].unique()]
    weights = in_words(sorted(used) or [results.config.weights.primary])
    note = results.note(
        NOTE,
        _links(estimates),
        _pairs(estimates),
        "Similarity of neighbours also reflects shared geography and regions; it is not"
        " an effect of one on the other.",
        DESCRIPTIVE,
        weights=weights,
        draws=results.config.inference.permutations,
    )
    columns = (
        left("Year", "year", "mark", show=lambda year, mark: f"{year}{text(mark)}"),
        *(_column(*kind) for kind in kinds),
        number("Geary's C, income", "geary", 2),
        count("Local", "local"),
    )
    return Table.of(columns, rows, note)


TABLES = {"T13": t13}


def _column(variable: str, controls: str) -> Column:
    key = f"{variable} {controls}"
    net_of = {NONE: "", INITIAL: ", net of initial income"}.get(
        controls, f", net of {controls.replace('_', ' ')}"
    )
    names = (f"{key} moran", f"{key} p", f"{key} adjusted")
    return right(
        f"{NAMES[variable]}{net_of}", *names, show=_moran, reason=f"{key} reason"
    )


def _rank(controls: str) -> tuple[bool, bool, str]:
    return (controls != NONE, controls == INITIAL, controls)


def _shown(moran: pd.DataFrame) -> list[str]:
    by_year = with_asked(moran, "year")
    # A row without a year says why there is no test.
    tested = by_year[by_year["asked_year"].ne("")].sort_values("asked_year")
    years = list(tested["period"].unique())
    # Counted backwards, so that the last year is always among the thirds.
    return years if len(years) <= FEW else years[::-1][::EVERY][::-1]


def _row(
    results: StudyResults, own: pd.DataFrame, kinds: Sequence[tuple[str, str]]
) -> Row:
    first = pick(with_asked(own, "year"), estimator="moran")
    geary = pick(own, estimator="geary", outcome="log_income", controls_id=NONE)
    local = pick(own, estimator="local_moran", outcome="log_income")
    row: Row = {
        "group": sample_heading(first, results, results.config.weights.primary),
        "year": first["asked_year"],
        "spec_id": first["spec_id"],
        "basis": first["output_basis"],
        "mark": basis_mark(str(first["output_basis"])),
        **cited("geary", geary),
        **cited("local", local),
    }
    for variable, controls in kinds:
        moran = pick(own, estimator="moran", outcome=variable, controls_id=controls)
        # The first date has no growth behind it.
        absent = variable == "growth" and not moran
        key = f"{variable} {controls}"
        row |= {
            f"{key} estimate_id": moran.get("estimate_id"),
            f"{key} moran": moran.get("estimate"),
            f"{key} p": moran.get("p_value"),
            f"{key} adjusted": moran.get("p_adjusted"),
            f"{key} reason": "no growth without an earlier date" if absent else "",
        }
    return row


def _links(estimates: pd.DataFrame) -> str:
    # Where holders lie changes only with the dates of zones: periods that are alike are
    # said once.
    counts = only(estimates, estimator="join_count").drop_duplicates(
        ["treatment_def", "contrast", "estimate"]
    )
    parts = []
    counts = with_asked(counts[counts["p_value"].notna()], "expected")
    for row in records(counts):
        parts.append(
            f"{HOLDERS[row['contrast']]} {whole(row['estimate'])}"
            f" ({row['asked_expected']} expected, p {p_value(row['p_value'])})"
        )
    return f"Links between two holders on the map: {in_words(parts)}." if parts else ""


def _pairs(estimates: pd.DataFrame) -> str:
    pairs = only(estimates, estimator="bivariate_moran")
    parts = [
        f"{HOLDERS[row['contrast']]} {row['period']} {fixed(row['estimate'], 2)} (p"
        f" {p_value(row['p_value'])})"
        for row in records(pairs[pairs["p_value"].notna()])
    ]
    if not parts:
        return ""
    return (
        "Growth of a period against the holders among the neighbours, bivariate Moran: "
        f"{in_words(parts)}. Own holdings are not controlled for."
    )


def _moran(value: object, p: object, adjusted: object) -> str:
    if is_missing(value):
        return ""
    # Without the adjusted p nothing was tested in more than one year.
    tests = [p_value(item) for item in (p, adjusted) if not is_missing(item)]
    return f"{fixed(value, 2)} ({', '.join(tests)})"

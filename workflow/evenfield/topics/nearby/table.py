"""T46: units near the lists; T46b: units on them; T46c: every method of inference."""

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    count,
    is_missing,
    left,
    number,
    only,
    pick,
    records,
    text,
    with_test,
)
from evenfield.topics.nearby.table_checks import TABLES_OF_CHECKS
from evenfield.topics.nearby.table_errors import TABLES_OF_ERRORS
from evenfield.topics.nearby.table_lists import TABLES_OF_LISTS
from evenfield.topics.nearby.table_regressions import TABLES_OF_REGRESSIONS
from evenfield.topics.nearby.table_words import (
    BASE,
    class_words,
    deciding,
    list_words,
    named_lists,
    shared_words,
    spec_words,
)

# Columns of an estimate that a row of a table takes over.
TAKEN = "estimate conf_low conf_high p_value mde n_units".split()
REGRESSION = "estimate conf_low conf_high n_units".split()  # tells one from another
PERMUTED = ("ols_permutation_stratified", "ols_permutation")
METHODS = {
    "ols": "CR3 by cluster, which decides",
    "ols_wcr33": "wild bootstrap by cluster",
    "ols_cr2": "CR2 by cluster",
    "ols_hc3": "HC3",
    "ols_conley_400": "Conley, 400 km",
    "ols_conley_800": "Conley, 800 km",
    "ols_conley_1200": "Conley, 1,200 km",
    "ols_scpc": "SCPC, average correlation 0.03",
    "ols_scpc_06": "SCPC, average correlation 0.06",
    "ols_permutation_stratified": "lists reassigned at random within groups",
    "ols_permutation": "lists reassigned at random among all",
}


def t46(results: StudyResults) -> Table:
    """Return a row for each specification: units near the lists."""
    return _by_specification(results, near=True)


def t46b(results: StudyResults) -> Table:
    """Return a row for each specification with rows of its own: units on the lists."""
    return _by_specification(results, near=False)


def t46c(results: StudyResults) -> Table:
    """Return a row for each method of the specifications that have several."""
    estimates = results.estimates()
    estimates = estimates[estimates["effect_type"].eq("coef")]
    rows = []
    for spec in results.specs(question="specs"):
        own = only(estimates, spec_id=spec["id"])
        if own["estimator"].nunique() < len(METHODS) // 2:
            continue
        for near in (True, False):
            base = deciding(own, spec, near=near)
            if not base:
                continue
            same = only(own, term=base["term"], contrast=base["contrast"])
            for estimator, words in METHODS.items():
                row = pick(same, estimator=estimator)
                if row:
                    group = _compared(results, spec, near)
                    named = {"group": f"{group}, {spec_words(results, spec)}"}
                    rows.append(_row(row) | named | {"label": words})
    note = results.note(
        "",
        f"{results.level} intervals, each by its own law; a permutation has none. Lists"
        f" reassigned at random: {results.words['units_name']} exchange their rows of lists;"
        " those near one and those on none are determined again.",
        basis=False,
    )
    columns = (
        *with_test(left("Method", "label"), "Difference", results.level, 2),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


TABLES = {
    "T46": t46,
    "T46b": t46b,
    "T46c": t46c,
    **TABLES_OF_LISTS,
    **TABLES_OF_REGRESSIONS,
    **TABLES_OF_ERRORS,
    **TABLES_OF_CHECKS,
}


def _by_specification(results: StudyResults, *, near: bool) -> Table:
    """Return the difference, each list alone, and how many units there are of each
    class.
    """
    estimates = results.estimates()
    rows = []
    first_label: dict[tuple[object, ...], str] = {}
    repeated = []
    for spec in results.specs(question="specs"):
        own = only(estimates, spec_id=spec["id"])
        base = deciding(own, spec, near=near)
        if not base:
            continue
        label = spec_words(results, spec)
        row = _row(base)
        # A sample that leaves out none of those who are compared changes no number.
        numbers = (base["term"], base["contrast"], *(row[key] for key in REGRESSION))
        if not is_missing(row["estimate"]) and numbers in first_label:
            repeated.append(f"{label}, which repeats the row {first_label[numbers]}")
            continue
        first_label[numbers] = label
        shared = {"group": _compared(results, spec, near), "label": label}
        rows.append(row | shared | _beside(results, own, spec, base, near))
    groups = list(dict.fromkeys(row["group"] for row in rows))
    rows = sorted(rows, key=lambda row: groups.index(row["group"]))
    verb = "near" if near else "on"
    units = results.words["units_name"]
    who = (
        f"{units.capitalize()} on no list, by whether another one on a list lies within"
        " reach"
        if near
        else f"All {units} of the sample, by whether they are on a list"
    )
    note = results.note(
        "",
        f"{who}: growth in percentage points a year, controlling for the initial level, with"
        " effects of groups where the row says within. Difference: the first list less the second."
        " Such differences are associations: a list may name what has grown already.",
        f"{results.level} intervals and p: CR3 by cluster with the effective number of"
        f" clusters; p, permuted: lists reassigned at random among the {units} of a group."
        f" Detectable: the smallest difference detected with {results.power:.0%} power. N,"
        f" first to none: {units} {verb} the first list alone, the second alone, both,"
        f" none; {units} alone in their group carry no information and are not in N"
        f"{_alone(rows[:1])}.",
        f"Not printed: {'; '.join(repeated)}." if repeated else "",
        f"Unless a row says otherwise: {shared_words(results)}.",
        basis=False,
    )
    columns = (
        *with_test(
            left("Compared", "label", width_cm=4.6),
            "Difference",
            results.level,
            2,
            p_values={"p, wild": "p_wild", "p, permuted": "p_permuted"},
            explained=True,
        ),
        number("First list", "first", 2),
        number("Second list", "second", 2),
        count("N", "n_units"),
        count("N, first", "n_first"),
        count("N, second", "n_second"),
        count("N, both", "n_both"),
        count("N, none", "n_none"),
    )
    return Table.of(columns, rows, note)


def _alone(rows: list[Row]) -> str:
    """Say how many units the four counts of a row have more than its N."""
    for row in rows:
        counts = (row[f"n_{name}"] for name in ("first", "second", "both", "none"))
        more = sum(number for number in counts if number) - row["n_units"]
        if more > 0:
            return f": in the first row {more:g}, by which the counts add up to more"
    return ""


def _compared(results: StudyResults, spec: Row, near: bool) -> str:
    """Say which lists a row compares."""
    words = list_words(results, spec)
    named = [f"near {word}" for word in words] if near else words
    text_of_both = " less ".join(named)
    return text_of_both[0].upper() + text_of_both[1:]


def _row(row: Row) -> Row:
    reason = text(row["warning"])
    return {**{name: row[name] for name in TAKEN}, "reason": reason}


def _beside(
    results: StudyResults, own: pd.DataFrame, spec: Row, base: Row, near: bool
) -> Row:
    """Return what stands beside a difference: other methods, each list alone, counts."""
    same = only(own, term=base["term"], contrast=base["contrast"])
    permuted = [row for name in PERMUTED if (row := pick(same, estimator=name))]
    prefix = "near" if near else "own"
    alone = [
        pick(own, estimator=BASE, term=f"{prefix}_{name}", contrast="").get("estimate")
        for name in named_lists(spec)
    ]
    counts = {
        row["term"]: row["estimate"] for row in records(only(own, estimator="count"))
    }
    classes = [counts.get(name) for name in class_words(results, spec, near)]
    one = len(alone) == 1
    return {
        "p_wild": pick(same, estimator="ols_wcr33").get("p_value"),
        "p_permuted": permuted[0]["p_value"] if permuted else None,
        "first": alone[0],
        "second": None if one else alone[1],
        "n_none": classes[0],
        "n_first": classes[1],
        "n_second": None if one else classes[2],
        "n_both": None if one else classes[3],
    }

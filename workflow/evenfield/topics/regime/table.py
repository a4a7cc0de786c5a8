"""T8: how much faster the gap to the mean closes the more a unit's neighbours hold
clusters, or zones.
"""

from collections.abc import Iterable

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    NOT_CAUSAL,
    Row,
    Table,
    count,
    ends,
    is_missing,
    left,
    main_periods,
    number,
    only,
    pick,
    probability,
    reason,
    records,
    with_asked,
)

CLUSTER = "initial_x_exposure_cluster"
SEZ = "initial_x_exposure_sez"
DIFFERENCE = f"{CLUSTER} - {SEZ}"
SLOPES = {
    ("initial_income", ""): "gap closed a year, no exposure",
    (CLUSTER, ""): "more with neighbours' clusters 0 to 1",
    (SEZ, ""): "more with neighbours' SEZs 0 to 1",
    (CLUSTER, DIFFERENCE): "neighbours' clusters minus neighbours' SEZs",
}
WITHIN = {"cluster": "with a cluster", "sez": "with an SEZ", "neither": "with neither"}
COLUMNS = (
    "estimate_id spec_id treatment_def w_id estimator period term contrast estimate"
    " std_error conf_low conf_high p_value mde sesoi n_units output_basis"
).split()
BESIDE = ("conf_low", "conf_high", "p_value", "estimate_id")


NOTE = """
Growth in percentage points a year on log income below the mean in the first year, and on that
gap times the neighbours' clusters and SEZs, one cross-section per period; a positive number
closes the gap. Main rows: clusters and zones: {taxonomy}; {weights} weights.

{results.level} intervals and p by {law}, in the panel rows by bootstrap-t over units; CR3
intervals are also reported. Detectable: smallest difference found with {results.power:.0%} power.
Where detectable exceeds of interest the design is underpowered: an interval that includes
zero is no evidence that the two are equal.

Speeds within groups have few units each and are description only. Exposures come from a
list that does not change over time, so they are identified from differences in income
between places.
"""


def t8(results: StudyResults) -> Table:
    """Return convergence by regime: the primary specification in full, the key
    difference of the others.
    """
    estimates = results.estimates()
    first_id, *others = results.ordered(estimates) or [""]
    main = only(estimates, spec_id=first_id)
    shown = results.shown("main", "span")
    rows: list[Row] = []
    for period in shown:
        rows += _period_rows(results, only(main, period=period))
    rows += [*_split_rows(results, main), *_panel_rows(results, main, shown)]
    rows += _other_rows(results, estimates, others, shown)
    first = pick(main, estimator="regime")
    law = "conditional SCPC (average pairwise correlation of shocks at most .03)"
    # A config may ask for another deciding method; the note then names that one.
    if first and first["se_type"] and not first["se_type"].startswith("SCPC"):
        law = f"{first['se_type']}, {first['p_type']}"
    note = results.note(
        NOTE,
        NOT_CAUSAL,
        seed=False,
        taxonomy=first.get("treatment_def", ""),
        weights=first.get("w_id", ""),
        law=law,
    )
    columns = (
        left("Coefficient", "label", width_cm=5.0),
        number("Estimate", "estimate", 2, "reason"),
        ends(f"{results.level} interval", "conf_low", "conf_high", 2),
        probability("p", "p_value"),
        ends(f"CR3 {results.level} interval", "cr3_conf_low", "cr3_conf_high", 2),
        probability("p", "cr3_p_value"),
        number("Detectable", "mde", 1),
        number("Of interest", "sesoi", 1),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, note)


TABLES = {"T8": t8}


def _period_rows(results: StudyResults, spec_rows: pd.DataFrame) -> Iterable[Row]:
    for (term, contrast), label in SLOPES.items():
        tests = only(spec_rows, term=term, contrast=contrast)
        row = pick(tests, estimator="regime")
        if row:
            cr3 = pick(tests, estimator="regime_cr3")
            yield _row(row, cr3, results.when(row), label)
    for row in records(spec_rows, estimator="within_group"):
        label = (
            f"speed among {results.words['units_name']}"
            f" {WITHIN.get(row['contrast'], row['contrast'])}"
        )
        yield _row(row, {}, results.when(row), label)


def _split_rows(results: StudyResults, main: pd.DataFrame) -> Iterable[Row]:
    for row in records(
        with_asked(only(main, estimator="regime_split_cr3"), "late", "early")
    ):
        sides = [
            ", ".join(map(results.period, row[side]))
            for side in ("asked_late", "asked_early")
        ]
        # The row is by CR3 itself: its interval moves to the columns of CR3.
        bare = row | dict.fromkeys(BESIDE) | {"estimate_id": row["estimate_id"]}
        group = "Clusters minus SEZs, later less earlier periods"
        yield _row(bare, row, group, " less ".join(sides))


def _panel_rows(
    results: StudyResults, main: pd.DataFrame, shown: list[str]
) -> Iterable[Row]:
    group = "Clusters minus SEZs in the yearly panel, bias-corrected fixed effects"
    corrected = only(main, estimator="regime_bc_fe", contrast=DIFFERENCE)
    for period in shown:
        for row in records(corrected, period=period):
            yield _row(row, {}, group, results.when(row))


def _other_rows(
    results: StudyResults, estimates: pd.DataFrame, ids: list[str], shown: list[str]
) -> Iterable[Row]:
    differences = only(estimates, term=CLUSTER, contrast=DIFFERENCE)
    main = main_periods(results.config.periods)
    for spec in ids:
        for period in [period for period in shown if period in main]:
            tests = only(differences, spec_id=spec, period=period)
            row = pick(tests, estimator="regime")
            if row:
                group = (
                    f"Clusters minus SEZs: {row['treatment_def']},"
                    f" {row['w_id'].replace('_', ' ')} weights ({spec})"
                )
                cr3 = pick(tests, estimator="regime_cr3")
                yield _row(row, cr3, group, results.when(row))


def _row(row: Row, cr3: Row, group: str, label: str) -> Row:
    why = reason(row["warning"]) if is_missing(row["estimate"]) else ""
    return {
        "group": group,
        "label": label,
        **{name: row[name] for name in COLUMNS},
        **{f"cr3_{name}": cr3.get(name) for name in BESIDE},
        "reason": why,
    }

"""T8: how much faster the gap to the mean closes the more a unit's neighbours hold
clusters, or zones.
"""

from collections.abc import Iterable

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.notes import NOT_CAUSAL, period_with_basis
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import main_periods
from evenfield.shared.tables.warnings import reason

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


def t8(facts: Facts) -> Table:
    """Return convergence by regime: the primary specification in full, the key
    difference of the others.
    """
    estimates = facts.estimates()
    ids = facts.ordered(list(estimates["spec_id"]))
    shown = facts.shown("main", "span")
    rows: list[Row] = []
    if ids:
        main = only(estimates, spec_id=ids[0])
        for period in shown:
            rows += _period_rows(facts, only(main, period=period))
        rows += [
            *_split_rows(facts, main),
            *_panel_rows(
                facts,
                main,
                shown,
            ),
        ]
        rows += _other_rows(facts, estimates, ids[1:], shown)
    if not rows:
        raise nothing_to_show("rows of convergence by regime", "regime", "T8")
    first = pick(main, estimator="regime")
    power = facts.power
    law = "conditional SCPC (average pairwise correlation of shocks at most .03)"
    # A config may ask for another deciding method; the note then names that one.
    if first and first["se_type"] and not first["se_type"].startswith("SCPC"):
        law = f"{first['se_type']}, {first['p_type']}"
    note = facts.note(
        "Growth in percentage points a year on log income below the mean in the first"
        " year, and on that gap times the neighbours' clusters and SEZs, one"
        " cross-section per period; a positive number closes the gap. Main rows:"
        f" clusters and zones: {first.get('treatment_def', '')};"
        f" {first.get('w_id', '')} weights.",
        f"{facts.level} intervals and p by {law}, in the panel rows by bootstrap-t over"
        " units; CR3 intervals beside them. Detectable: smallest difference found with"
        f" {power:.0%} power. Where detectable exceeds of interest the design is"
        " underpowered: an interval that holds zero is no evidence that the two are"
        " alike.",
        "Speeds within groups have few units each and are description only. Exposures"
        " rest on a list that does not change over time, so they are identified off"
        " differences of income between places.",
        NOT_CAUSAL,
        seed=False,
    )
    columns = (
        Column(names=("label",), header="Coefficient", width_cm=5.0),
        right(
            "Estimate",
            "estimate",
            show=with_decimals(fixed, 2),
            reason="reason",
        ),
        right(
            f"{facts.level} interval",
            "conf_low",
            "conf_high",
            show=with_decimals(interval, 2),
        ),
        right("p", "p_value", show=p_value),
        right(
            f"CR3 {facts.level} interval",
            "cr3_conf_low",
            "cr3_conf_high",
            show=with_decimals(interval, 2),
        ),
        right("p", "cr3_p_value", show=p_value),
        right("Detectable", "mde", show=with_decimals(fixed, 1)),
        right("Of interest", "sesoi", show=with_decimals(fixed, 1)),
        right("N", "n_units", show=whole),
    )
    return Table(
        id="T8", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T8": t8}


def _named(facts: Facts, row: Row) -> str:
    return period_with_basis(
        str(row["period"]), row["output_basis"], facts.config.periods
    )


def _period_rows(facts: Facts, spec_rows: pd.DataFrame) -> Iterable[Row]:
    for (term, contrast), label in SLOPES.items():
        tests = only(spec_rows, term=term, contrast=contrast)
        row = pick(tests, estimator="regime")
        if row:
            cr3 = pick(tests, estimator="regime_cr3")
            yield _row(row, cr3, _named(facts, row), label)
    for row in records(only(spec_rows, estimator="within_group")):
        label = (
            f"speed among {facts.words['units_name']}"
            f" {WITHIN.get(row['contrast'], row['contrast'])}"
        )
        yield _row(row, {}, _named(facts, row), label)


def _split_rows(facts: Facts, main: pd.DataFrame) -> Iterable[Row]:
    periods = facts.config.periods
    for row in records(main[main["estimator"].str.startswith("regime_split")]):
        sides = []
        for side in str(row["period"]).split(" less "):
            names = [
                period_with_basis(
                    name,
                    "",
                    periods,
                )
                for name in side.split("+")
            ]
            sides.append(", ".join(names))
        # The row is by CR3 itself: its interval moves to the columns of CR3.
        bare = row | dict.fromkeys(BESIDE) | {"estimate_id": row["estimate_id"]}
        group = "Clusters minus SEZs, later less earlier periods"
        yield _row(bare, row, group, " less ".join(sides))


def _panel_rows(
    facts: Facts,
    main: pd.DataFrame,
    shown: list[str],
) -> Iterable[Row]:
    group = "Clusters minus SEZs in the yearly panel, bias-corrected fixed effects"
    corrected = only(main, estimator="regime_bc_fe", contrast=DIFFERENCE)
    for period in shown:
        for row in records(only(corrected, period=period)):
            yield _row(row, {}, group, _named(facts, row))


def _other_rows(
    facts: Facts, estimates: pd.DataFrame, ids: list[str], shown: list[str]
) -> Iterable[Row]:
    differences = only(estimates, term=CLUSTER, contrast=DIFFERENCE)
    main = main_periods(facts.config.periods)
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
                yield _row(row, cr3, group, _named(facts, row))


def _row(
    row: Row,
    cr3: Row,
    group: str,
    label: str,
) -> Row:
    why = reason(row["warning"]) if is_missing(row["estimate"]) else ""
    return {
        "group": group,
        "label": label,
        **{name: row[name] for name in COLUMNS},
        **{f"cr3_{name}": cr3.get(name) for name in BESIDE},
        "reason": why,
    }

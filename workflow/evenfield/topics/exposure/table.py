"""T16, T16b: own and neighbours' coefficients, their difference, and how far it moves
over lists and weights.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import NOT_CAUSAL, period_with_basis
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    p_value,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Short, Table, right
from evenfield.shared.tables.units import main_periods, term_name
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

DIFFERENCE = "exposure_cluster - exposure_sez"
ORDER = (
    "own_cluster",
    "own_sez",
    "own_cluster - own_sez",
    "exposure_cluster",
    "exposure_sez",
    DIFFERENCE,
)
# Estimator, the permutations that stand beside it, and how its row is called.
VARIANTS = (
    ("slx_recentred", "stratified", "the same, recentred by stratum"),
    ("slx_expected_control", "stratified", "the same, given expected exposure"),
    ("slx_recentred_connected", "connected", "the same, recentred, connected"),
)
KEYS = ("spec_id", "treatment_def", "w_id", "sample_id", "period", "term", "contrast")
COLUMNS = [
    "spec_id",
    "sample_id",
    "treatment_def",
    "w_id",
    "period",
    "estimator",
    "effect_type",
    "term",
    "contrast",
]
COLUMNS += [
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "conf_level",
    "p_value",
    "mde",
    "sesoi",
    "n_units",
]
COLUMNS += ["n_treated", "unit_of_measure", "output_basis"]
OVER = ("taxonomies", "weights", "taxonomies and weights")


def t16(facts: Facts) -> Table:
    """Return everything of the primary specification, then the difference of the
    others.
    """
    estimates = facts.estimates()
    spec = facts.primary()
    shown = facts.shown("main", "span")
    spec_rows = only(
        estimates,
        spec_id=spec["id"],
        treatment_def=spec["taxonomy"],
        w_id=spec["weights"],
    )
    if not spec_rows["period"].isin(shown).any():
        raise ArtifactError(
            f"no estimates of specification {spec['id']}",
            "its rows in the exposure topic",
            "add it to estimates.exposure or remove T16 from `tables`",
        )
    rows = [
        row
        for period in shown
        for row in _full_rows(facts, only(spec_rows, period=period), period)
    ]
    rows += _other_rows(facts, estimates[estimates["spec_id"].ne(spec["id"])])
    note = facts.note(
        "One regression of growth on own and neighbours' regimes and starting income"
        f" for each period; main list, {spec['weights'].replace('_', ' ')} weights,"
        " rows sum to one. Exposure 0 to 1: from no neighbour to all. Outsiders: units"
        " with neither regime.",
        "Interval: conditional SCPC at an average correlation of at most 0.03,"
        f" {facts.level}; the equivalence row holds the interval of two one-sided tests"
        " (90%) and their p. Permutation p: rows of regimes moved within strata (coast"
        " and inland, where they are known), or the clusters as one connected block;"
        " recentred: regressors less their mean over the same draws (Borusyak and Hull"
        " 2023).",
        f"Detectable: effect seen with {facts.power:.0%} power by the row's own test"
        " (equivalence: the narrowest bounds it could pass); where it exceeds the"
        " effect of interest the row is underpowered, and an interval that holds zero"
        " is no evidence of no effect.",
        NOT_CAUSAL,
    )
    columns = (
        Column(names=("label",), header="Coefficient"),
        right("pp/yr", "estimate", show=with_decimals(fixed, 2), reason="reason"),
        right(
            f"SCPC {facts.level} interval",
            "conf_low",
            "conf_high",
            show=with_decimals(interval, 2),
            reason="reason",
        ),
        right("p", "p_value", show=p_value, reason="reason"),
        right("Permutation p", "permutation_p", show=p_value),
        right("Detectable", "mde", show=with_decimals(fixed, 1), reason="reason"),
        right("Of interest", "sesoi", show=with_decimals(fixed, 2)),
        right("N", "n_units", show=whole),
    )
    main = [term_name(name) for name in ORDER[3:]]
    label = facts.note(
        "Growth on own and neighbours' clusters and zones and on income at the start,"
        " one regression for each period. Exposure: from no neighbour (0) to all (1)."
        " Intervals and p by conditional SCPC; permutation p: clusters and zones moved"
        " within strata, such as coast and inland. Detectable: effect seen with"
        f" {facts.power:.0%} power. {NOT_CAUSAL}"
    )
    short = Short(
        lambda row: row["spec_id"] == spec["id"] and row["label"] in main,
        ("estimate", "conf_low", "p_value", "permutation_p", "mde", "sesoi"),
        label,
    )
    return Table(
        id="T16",
        note=note,
        columns=columns,
        frame=pd.DataFrame(rows),
        group="group",
        short=short,
    )


def t16b(facts: Facts) -> Table:
    """Return the ranges of the difference of the two exposures over taxonomies and
    weights.
    """
    spec = facts.primary()["id"]
    periods = facts.config["periods"]
    spec_rows = only(facts.series("ranges"), spec_id=spec)
    if spec_rows.empty:
        raise ArtifactError(
            f"no ranges of specification {spec}",
            "a specification with role primary in main periods",
            "mark one in estimates.exposure or remove T16b from `tables`",
        )
    ranges = [
        row
        for period in periods
        for over in OVER
        for row in records(only(spec_rows, period=period, over=over))
    ]
    groups = [
        period_with_basis(row["period"], row["output_basis"], periods) for row in ranges
    ]
    rows = [
        {"group": group, "label": f"other {row['over']}", **row}
        for group, row in zip(groups, ranges, strict=True)
    ]
    note = facts.note(
        "Growth next to clusters minus growth next to SEZs, pp a year per exposure 0 to"
        " 1, estimated as in T16; the main estimate is counted in. Not defined: a list"
        " that holds nearly every unit leaves nothing to compare.",
        "Intervals: number of SCPC intervals that leave out zero, without any"
        " correction for looking so often. Detectable: the smallest of the effects seen"
        " with the stated power.",
        NOT_CAUSAL,
        seed=False,
    )
    columns = (
        Column(names=("label",), header="Over"),
        right("Estimates", "estimates", show=whole),
        right("Not defined", "undefined", show=whole),
        right("Median", "median", show=with_decimals(fixed, 2)),
        right(
            "Lowest and highest", "lowest", "highest", show=with_decimals(interval, 2)
        ),
        right("Sign of the main one", "same_sign", show=whole),
        right("Intervals", "off_zero", show=whole),
        right("Detectable", "smallest_mde", show=with_decimals(fixed, 1)),
    )
    return Table(
        id="T16b", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T16": t16, "T16b": t16b}


def _full_rows(facts: Facts, spec_rows: pd.DataFrame, period: str) -> Iterable[Row]:
    everyone = only(spec_rows, sample_id="all")
    periods = facts.config["periods"]
    plain = _named(only(everyone, estimator="slx"))
    group = period_with_basis(period, str(pick(plain).get("output_basis", "")), periods)
    for name in ORDER:
        for row in records(only(plain, name=name)):
            yield _row(
                row, group, term_name(name), _permuted(everyone, row, "stratified")
            )
    for estimator, permuted, label in (
        VARIANTS if period in main_periods(periods) else ()
    ):
        for row in records(only(everyone, estimator=estimator, contrast=DIFFERENCE)):
            yield _row(row, group, label, _permuted(everyone, row, permuted))
    for row in records(
        only(spec_rows, sample_id="outsiders", estimator="slx", contrast=DIFFERENCE)
    ):
        yield _row(row, group, "the same, outsiders only")
    for row in records(only(everyone, estimator="equivalence", effect_type="tost")):
        yield _row(
            row, group, f"{term_name(row['term'])}, per s.d.: equivalence to zero"
        )


def _other_rows(facts: Facts, others: pd.DataFrame) -> list[Row]:
    chosen = _named(only(others, estimator="slx", sample_id="all"))
    periods = facts.config["periods"]
    chosen = chosen[
        chosen["contrast"].str.startswith("exposure")
        | chosen["term"].eq("exposure_park")
    ]
    asked = chosen[["spec_id", "name"]].drop_duplicates()
    main = [
        period
        for period in facts.shown("main", "span")
        if period in main_periods(periods)
    ]
    rows_by_period = [
        row
        for pair in records(asked)
        for period in main
        for row in records(only(chosen, period=period, **pair))
    ]
    return [
        _row(
            row,
            _variant(row),
            period_with_basis(row["period"], row["output_basis"], periods),
        )
        for row in rows_by_period
    ]


def _permuted(frame: pd.DataFrame, row: Row, scheme: str) -> Any:
    same = {name: row[name] for name in KEYS}
    return pick(
        frame, estimator=f"{row['estimator']}_permutation_{scheme}", **same
    ).get("p_value")


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        name=frame["contrast"].where(frame["contrast"].ne(""), frame["term"])
    )


def _variant(row: Row) -> str:
    per_sd = ", per s.d." if "s.d." in row["unit_of_measure"] else ""
    plain = f"{row['treatment_def']}, {row['w_id'].replace('_', ' ')} weights"
    return (
        f"{row['spec_id'].replace('_', ' ').capitalize()}:"
        f" {term_name(row['name'])}{per_sd} ({plain})"
    )


def _row(row: Row, group: str, label: str, permuted: Any = None) -> Row:
    plain = {name: row.get(name) for name in COLUMNS}
    return {
        "group": group,
        "label": label,
        **plain,
        "permutation_p": permuted,
        "reason": reason(row["warning"]),
    }

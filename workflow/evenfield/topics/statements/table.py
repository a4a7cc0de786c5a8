"""T31: facts as observed, and the regressions behind single claims, in the order of the
claims.
"""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    NOT_CAUSAL,
    Row,
    Table,
    is_missing,
    left,
    only,
    probability,
    reason,
    records,
    right,
    text,
    with_asked,
    with_interval,
)
from evenfield.study.files import Record

EXACT = "observed in all units: no interval, no test"
FEW = "fewer than four units in a group: permutation only, no interval"
UNDEFINED = "not defined, see the last column"
MEASURE = ("estimate", "conf_low", "conf_high", "unit_of_measure")
COLUMNS = """
    estimate_id spec_id estimator outcome term contrast period unit_scheme treatment_def estimate
    conf_low conf_high p_value mde sesoi n_treated unit_of_measure output_basis
""".split()
NOTE = """
Facts are observed in all units and carry no interval; a threshold in the claim says when they hold.

The others are regressions: {results.level} intervals and p by conditional SCPC (average
pairwise correlation of shocks at most .03) for one row a {results.words[unit_name]}, by CR3
with t(G* \u2212 1) for panels with effects of units and years. There is no correction for multiple testing.
"""


def t31(results: StudyResults) -> Table:
    """Return the statements by claim, with what cannot be carried and why."""
    claims = results.config.answers.get("claims", [])
    words = {claim["id"]: claim["claim"] for claim in claims}
    order = list(words)
    specs = results.specs()
    specs.sort(key=lambda spec: (_rank(order, spec["claim"]), spec["claim"]))
    estimates = results.estimates()
    refused = results.series("not_carried", text=("period",))
    rows = []
    # The order of the claims; within one, that of the config.
    for spec in specs:
        claim = str(spec["claim"])
        group = f"{claim}: {words[claim]}" if claim in words else claim
        head = {"group": group, "claim": claim}
        own = (only(frame, spec_id=spec["id"]) for frame in (estimates, refused))
        rows += [head | cells for cells in _cells(results, spec, *own)]
    columns = (
        left("What is compared", "label", "unit_of_measure", show=_measured),
        left("Years", "window"),
        left("Other list or figures", "variant", width_cm=3.0),
        right("Value", *MEASURE, show=_value),
        right(f"{results.level} interval", *MEASURE, show=_interval, reason="why"),
        probability("p", "p_value"),
        left("Remark", "remark", width_cm=3.6),
    )
    return Table.of(columns, rows, results.note(NOTE, NOT_CAUSAL))


TABLES = {"T31": t31}


def _rank(order: list[str], name: str) -> int:
    """Return the place of a name in an order, the last one where it is not there."""
    return order.index(name) if name in order else len(order)


def _cells(
    results: StudyResults, spec: Record, estimates: pd.DataFrame, refused: pd.DataFrame
) -> Iterator[Row]:
    """Yield the printed rows of a statement, then those that cannot be carried."""
    order = list(results.config.periods)
    rows = records(with_asked(estimates, "lag"))
    rows.sort(key=itemgetter("period", "term"))
    rows.sort(key=lambda row: _rank(order, row["period"]))
    for row in rows:
        yield {
            "label": _label(row, spec),
            "window": results.when(row),
            **{name: row[name] for name in COLUMNS},
            "variant": _variant(row, results),
            "why": _why(row),
            "remark": reason(row["warning"]),
        }
    for row in records(refused):
        # A refused row has no numbers, so its reason stands in the last column.
        yield {
            "label": spec["label"],
            "window": results.period(text(row["period"])),
            **dict.fromkeys(COLUMNS),
            "spec_id": row["spec_id"],
            "why": "",
            "remark": f"not carried: {row['reason']}",
        }


def _label(row: Row, spec: Record) -> str:
    if row["estimator"] == "fact" and isinstance(spec["outcome"], dict):
        return f"{spec['label']} ({row['outcome']})"
    years = row["asked_lag"]
    if not years:
        return str(spec["label"])
    return f"{spec['label']}, {years} year{'s' if years > 1 else ''} before"


def _variant(row: Row, results: StudyResults) -> str:
    """Name the unit scheme and the taxonomy of a row where they are not the main ones."""
    words = variant_words(results.config.answers)
    usual = {"unit_scheme": results.main, "treatment_def": results.taxonomy}
    names = [
        str(words.get((key, row[key]), row[key]))
        for key, value in usual.items()
        if row[key] not in ("", value)
    ]
    return ", ".join(names)


def variant_words(answers: Record) -> dict[tuple[str, str], str]:
    """Return what the study calls another list or unit scheme in its checks and
    variants, by column and value.
    """
    entries = [*answers.get("hypotheses", {}).values(), *answers.get("claims", [])]
    words: dict[tuple[str, str], str] = {}
    for entry in entries:
        named = {**entry.get("checks", {}), **entry.get("variants", {})}
        for name, change in named.items():
            # A check that changes one key alone says what its value is called.
            if len(change) == 1:
                ((key, value),) = change.items()
                words.setdefault((key, str(value)), name)
    return words


def _why(row: Row) -> str:
    if is_missing(row["estimate"]):
        return UNDEFINED
    return EXACT if row["estimator"] == "fact" else FEW


def _measured(label: str, unit: object) -> str:
    return label if is_missing(unit) else f"{label}; {unit}"


def _value(*row: Any) -> str:
    return with_interval(*row)[0]


def _interval(*row: Any) -> str:
    return with_interval(*row)[1]

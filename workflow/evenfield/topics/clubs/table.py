"""T10: log t tests with the currency rows, and club membership."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import heading, nothing_to_show, sample_parts
from evenfield.shared.tables.notes import DESCRIPTIVE, period_with_basis
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    whole,
    with_decimals,
    with_error,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.warnings import reason

LEVELS = "relative_income"
THIRD = 0.01
OUTCOMES = {
    LEVELS: "levels of relative income",
    "log_income": "logs, currency as it is",
    "log_income_x100": "logs, currency \u00d7 100",
    "log_income_/10000": "logs, currency / 10,000",
}
VARIANTS = {-1: ", one period less left out", 1: ", one period more left out"}
CRITICAL = -1.65
MERGED = "merged"
NUMBERS = tuple(
    (
        "estimate std_error statistic p_value conf_low conf_high n_periods n_units"
    ).split()
)


def t10(facts: Facts) -> Table:
    """Return log t tests and the clubs of every specification."""
    estimates = facts.estimates()
    series = facts.series()
    rows: list[Row] = []
    seen: set[tuple[str, ...]] = set()
    for spec in facts.ordered(list(estimates["spec_id"])):
        spec_rows = only(estimates, spec_id=spec)
        first = pick(spec_rows)
        when = period_with_basis(
            first["period"], first["output_basis"], facts.config["periods"]
        )
        sample = sample_parts(first, facts.description()) or [
            f"all {facts.words['units_name']}"
        ]
        group = heading([when, *sample, *_choices(facts.specs(), spec)])
        span = (first["period"], first["sample_id"], first["unit_scheme"])
        # Of further variants of a span only the test on levels with the usual share
        # left out is shown.
        tests = [
            row
            for row in _test_rows(spec_rows)
            if span not in seen or row["label"] == f"All, {OUTCOMES[LEVELS]}"
        ]
        seen.add(span)
        members = only(series, spec_id=spec, kind="membership")
        rows += [
            {"group": group, "spec_id": spec, **row}
            for row in [*tests, *_club_rows(spec_rows, members, facts)]
        ]
    if not rows:
        raise nothing_to_show("log t tests", "clubs", "T10")
    note = facts.note(
        'log(H1/Ht) \u2212 2 log(log t) on a constant and log t; "left out": first'
        " periods left out, a third unless named. Trends: Hodrick-Prescott filter of"
        " log income, exponential for levels. Of further variants of a span only the"
        " test on levels is shown. Convergence is rejected where t < \u22121.65;"
        " standard errors by a long-run variance (FQSB unless named); p one-sided,"
        f" normal; {facts.level} intervals.",
        "Levels do not depend on the currency unit; logs do, so their three rows are no"
        " evidence by themselves. A test that does not reject is no evidence that"
        " incomes converge, and membership says nothing about policy.",
        DESCRIPTIVE,
        seed=False,
    )
    columns = (
        Column(names=("label",), header="Test or club", width_cm=5.2),
        right("Left out", "left_out", show=whole),
        right(
            "b (s.e.)",
            "estimate",
            "std_error",
            show=with_decimals(with_error, 3),
            reason="reason",
        ),
        right(
            f"{facts.level} interval",
            "conf_low",
            "conf_high",
            show=with_decimals(interval, 2),
            reason="reason",
        ),
        right("t", "statistic", show=with_decimals(fixed, 2), reason="reason"),
        right("p", "p_value", show=p_value, reason="reason"),
        Column(names=("reading",), header="Convergence"),
        right("N", "n_units", show=whole),
    )
    frame = pd.DataFrame(rows)
    return Table(id="T10", note=note, columns=columns, frame=frame, group="group")


TABLES = {"T10": t10}


def _choices(specs: Sequence[Mapping[str, Any]], spec: str) -> list[str]:
    own = next(item for item in specs if str(item["id"]) == spec)
    templates = {
        "filter": "filter {}",
        "variance": "{} variance",
        "discard": "share left out {}",
        "merge": "merging {}",
        "smoothing": "smoothing {}",
    }
    named = [
        words.format(str(own[key]).replace("_", " "))
        for key, words in templates.items()
        if key in own
    ]
    # Said only where they are not the usual ones.
    unusual = {
        "sort_share": (0, "units sorted by their mean over the last {}"),
        "sieve_step": (0.1, "sieve in steps of {}"),
    }
    named += [
        words.format(_share(own[key]))
        for key, (usual, words) in unusual.items()
        if own.get(key, usual) != usual
    ]
    return named


def _share(value: float) -> str:
    return "third" if abs(value - 1 / 3) < THIRD else f"{value:g}"


def _test_rows(spec_rows: pd.DataFrame) -> Iterator[Row]:
    tests = spec_rows[spec_rows["estimator"].str.startswith("logt")]
    for outcome, name in OUTCOMES.items():
        rows = sorted(
            records(only(tests, outcome=outcome)),
            key=lambda row: _left_out(row["contrast"]),
        )
        for number, row in enumerate(rows):
            variant = (
                VARIANTS.get(number - len(rows) // 2, "") if outcome == LEVELS else ""
            )
            out = {
                "kind": "test",
                "label": f"All, {name}{variant}",
                "left_out": _left_out(row["contrast"]),
            }
            out |= {key: row[key] for key in NUMBERS}
            yield out | {
                "reading": reading(row["statistic"]),
                "reason": _why(row["warning"]),
            }


def _left_out(contrast: str) -> int:
    digits = "".join(letter for letter in contrast if letter.isdigit())
    return int(digits) if digits else 0


def reading(t: Any) -> str:
    """Say what the log t rule says of a t-statistic."""
    if is_missing(t):
        return ""
    return "rejected" if t < CRITICAL else "not rejected"


def _why(warning: Any) -> str:
    parts = [part.strip() for part in reason(warning).split(";")]
    reasons = [
        part for part in parts if not part.startswith(("logs: the answer", "members: "))
    ]
    return "; ".join(reasons)


def _club_rows(
    spec_rows: pd.DataFrame, members: pd.DataFrame, facts: Facts
) -> Iterator[Row]:
    merged = spec_rows[
        spec_rows["contrast"].str.startswith(MERGED)
        & spec_rows["term"].str.startswith("club_")
    ]
    by_number = {int(row["term"].removeprefix("club_")): row for row in records(merged)}
    for number, row in sorted(by_number.items()):
        names = facts.labels(only(members, club=number)["unit"])
        members_text = (
            f"all {facts.words['units_name']}"
            if row["n_units"] == len(members)
            else " ".join(names)
        )
        fails = "fails its own log t test" in row["warning"]
        out = {
            "kind": "club",
            "label": f"Club {number}: {members_text}",
            **{key: row[key] for key in NUMBERS},
            "reading": (
                "no club: fails its own test" if fails else reading(row["statistic"])
            ),
        }
        yield out | {"reason": _why(row["warning"])}
    alone = only(members, club=0)["unit"]
    if len(alone):
        yield {
            "kind": "divergent",
            "label": f"In no club: {' '.join(facts.labels(alone))}",
            "n_units": len(alone),
        }

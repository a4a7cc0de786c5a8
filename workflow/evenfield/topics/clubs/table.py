"""T10: log t tests with the currency rows, and club membership."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    DESCRIPTIVE,
    Row,
    Table,
    count,
    ends,
    estimate,
    heading,
    is_missing,
    left,
    listed,
    number,
    only,
    pick,
    probability,
    reason,
    records,
    sample_parts,
    with_asked,
)
from evenfield.study.files import Record
from evenfield.topics.clubs.estimate import FOUND

SORTED = "phillips_sul"  # estimator of rows on the clubs
LEVELS = "relative_income"
OUTCOMES = {
    LEVELS: "levels of relative income",
    "log_income": "logs, currency as it is",
    "log_income_x100": "logs, currency \u00d7 100",
    "log_income_/10000": "logs, currency / 10,000",
}
# The tests on levels, by how many periods they leave out.
VARIANTS = (", one period less left out", "", ", one period more left out")
# The one-sided 5 % point of a normal law, in the two decimals of Phillips and Sul.
CRITICAL = -1.65
# What is usual, and the words of a heading where a specification differs from it.
CHOICES: dict[str, tuple[Any, str]] = {
    "filter": ("hp", "filter {}"),
    "variance": ("fqsb", "{} variance"),
    "discard": (1 / 3, "share left out {:.3g}"),
    "merge": ("phillips_sul", "merging {}"),
    "smoothing": (400.0, "smoothing {:g}"),
}
NUMBERS = [
    "estimate_id",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "conf_low",
    "conf_high",
    "n_periods",
    "n_units",
]


NOTE = """
log(H1/Ht) \u2212 2 log(log t) on a constant and log t; "left out": first periods left out, a
third unless named. Trends: Hodrick-Prescott filter of log income, exponential for levels. Of
further variants of a span only the test on levels is shown. Convergence is rejected where t
< \u22121.65; standard errors by a long-run variance (FQSB unless named); p one-sided, normal;
{results.level} intervals.

Levels do not depend on the currency unit; logs do, so their three rows are no evidence by
themselves. A test that does not reject is no evidence that incomes converge, and membership
says nothing about policy.
"""


def t10(results: StudyResults) -> Table:
    """Return log t tests and the clubs of every specification."""
    estimates = results.estimates()
    series = results.series()
    specs = {str(spec["id"]): spec for spec in results.specs()}
    everyone = f"all {results.words['units_name']}"
    rows: list[Row] = []
    seen: set[tuple[str, ...]] = set()
    for spec in results.ordered(estimates):
        own = only(estimates, spec_id=spec)
        first = pick(own)
        sample = sample_parts(first, results) or [everyone]
        group = heading([results.when(first), *sample, *_choices(specs[spec])])
        # Variants differ in the clubs; the tests of a span in logs are the same for all
        # of them.
        span = (first["period"], first["sample_id"], first["unit_scheme"])
        lines = list(_test_rows(own))
        if span in seen:
            # Of further variants of a span only the test on levels with the usual share
            # left out is shown.
            lines = [row for row in lines if row["label"] == f"All, {OUTCOMES[LEVELS]}"]
        seen.add(span)
        members = only(series, spec_id=spec, kind="membership")
        lines += _club_rows(own, members, results)
        rows += [{"group": group, "spec_id": spec} | row for row in lines]
    columns = (
        left("Test or club", "label", width_cm=5.2),
        count("Left out", "left_out"),
        estimate("b (s.e.)", "estimate", "std_error", 3, "reason"),
        ends(f"{results.level} interval", "conf_low", "conf_high", 2, "reason"),
        number("t", "statistic", 2, "reason"),
        probability("p", "p_value", "reason"),
        left("Convergence", "reading"),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, results.note(NOTE, DESCRIPTIVE, seed=False))


TABLES = {"T10": t10}


def _choices(spec: Record) -> list[str]:
    """Name what sets a specification apart."""
    named = []
    for key, (usual, words) in CHOICES.items():
        choice = spec.get(key, usual)
        if choice != usual:
            shown = choice.replace("_", " ") if isinstance(choice, str) else choice
            named.append(words.format(shown))
    # Said only where they are not the usual ones.
    share = spec.get("sort_share", 0)
    if share:
        last = "third" if abs(share - 1 / 3) < 0.01 else f"{share:g}"
        named.append(f"units sorted by their mean over the last {last}")
    if spec.get("sieve_step", 0.1) != 0.1:
        named.append(f"sieve in steps of {spec['sieve_step']:g}")
    return named


def _test_rows(own: pd.DataFrame) -> Iterator[Row]:
    tests = tests_of_all(own).sort_values("asked_discarded", kind="stable")
    for outcome, name in OUTCOMES.items():
        rows = records(tests, outcome=outcome)
        # Levels have up to three tests, by periods left out; logs have one.
        variants = VARIANTS if outcome == LEVELS else ("",)
        for row, variant in zip(rows, variants, strict=False):
            yield {
                "kind": "test",
                "label": f"All, {name}{variant}",
                "left_out": row["asked_discarded"],
                **{key: row[key] for key in NUMBERS},
                "reading": reading(row["statistic"]),
                "reason": _why(row["warning"]),
            }


def tests_of_all(own: pd.DataFrame) -> pd.DataFrame:
    """Return the tests of all units together, with how many periods each leaves out."""
    tests = with_asked(own, "discarded")
    return tests[tests["asked_discarded"].ne("")]


def merged(own: pd.DataFrame) -> pd.DataFrame:
    """Return the rows on the clubs after merging."""
    return own[~own["contrast"].isin(["", FOUND]) & own["estimator"].eq(SORTED)]


def clubs_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the tests of single clubs, with its number and whether it
    converges.
    """
    clubs = with_asked(rows, "club", "converges")
    return clubs[clubs["asked_club"].ne("")]


def reading(t: Any) -> str:
    """Say what the log t rule says of a t-statistic."""
    if is_missing(t):
        return ""
    return "rejected" if t < CRITICAL else "not rejected"


def fails_own_test(row: Row) -> bool:
    """Say whether a group of units is no club by its own log t test."""
    return not row["asked_converges"]


def _why(warning: Any) -> str:
    parts = [part.strip() for part in reason(warning).split(";")]
    told_elsewhere = ("logs: the answer", "members: ")
    return "; ".join(part for part in parts if not part.startswith(told_elsewhere))


def _club_rows(
    own: pd.DataFrame, members: pd.DataFrame, results: StudyResults
) -> Iterator[Row]:
    for row in records(clubs_of(merged(own)).sort_values("asked_club")):
        number = row["asked_club"]
        inside = only(members, club=number)["unit"]
        names = listed(results.labels(inside))
        if row["n_units"] == len(members):
            names = f"all {results.words['units_name']}"
        # A group that fails its own test is shown and said to be no club.
        fails = fails_own_test(row)
        yield {
            "kind": "club",
            "label": f"Club {number}: {names}",
            "members": _ids(inside),
            **{key: row[key] for key in NUMBERS},
            "reading": (
                "no club: fails its own test" if fails else reading(row["statistic"])
            ),
            "reason": _why(row["warning"]),
        }
    # Club 0 holds the divergent units.
    alone = only(members, club=0)["unit"]
    if len(alone):
        yield {
            "kind": "divergent",
            "label": f"In no club: {', '.join(results.labels(alone))}",
            "members": _ids(alone),
            "n_units": len(alone),
        }


def _ids(units: pd.Series) -> str:
    """Write all units of a group for the CSV, which is not shortened."""
    return " ".join(sorted(units))

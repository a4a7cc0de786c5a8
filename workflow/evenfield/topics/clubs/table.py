"""T10 and T10b: log t tests with the currency rows, club membership, and clubs set against cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import heading, nothing_to_show, ordered_specs, sample_parts
from evenfield.shared.tables.notes import (
    DESCRIPTIVE,
    NOT_CAUSAL,
    basis_note,
    origin_note,
    period_with_basis,
    sample_note,
)
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, text, whole, with_error
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import CELLS, short_name
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

LEVELS, THIRD = "relative_income", 0.01
OUTCOMES = {
    LEVELS: "levels of relative income", "log_income": "logs, currency as it is",
    "log_income_x100": "logs, currency \u00d7 100", "log_income_/10000": "logs, currency / 10,000",
}  # fmt: skip
VARIANTS = {-1: ", one period less left out", 1: ", one period more left out"}
CRITICAL = -1.65
MERGED = "merged"
NUMBERS = ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high", "n_periods", "n_units")


def tabulate_clubs(
    estimates: pd.DataFrame,
    series: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange log t tests and the clubs by specification."""
    rows: list[Row] = []
    seen: set[tuple[str, ...]] = set()
    for spec in ordered_specs(list(estimates["spec_id"]), specs):
        mine = only(estimates, spec_id=spec)
        first = records(mine.head(1))[0]
        span = (first["period"], first["sample_id"], first["unit_scheme"])
        group = heading([period_with_basis(first["period"], first["output_basis"], periods),
                         *(sample_parts(first, description) or [f"all {study['units_name']}"]),
                         *_choices(specs, spec)])  # fmt: skip
        tests = _test_rows(mine)
        found = [
            *(tests if span not in seen else _main_tests(tests)),
            *_club_rows(mine, only(series, spec_id=spec, kind="membership"), study),
        ]
        seen.add(span)
        rows += [{"group": group, "spec_id": spec, **row} for row in found]
    if not rows:
        raise nothing_to_show("log t tests", "clubs", "T10")
    note = (
        sample_note(description, study),
        'log(H1/Ht) \u2212 2 log(log t) on a constant and log t; "left out": first periods left out, a third unless '
        "named. Trends: Hodrick-Prescott filter of log income, exponential for levels. Of further variants of a span "
        "only the test on levels is shown. Convergence is rejected where t < \u22121.65; standard errors by a long-run "
        f"variance (FQSB unless named); p one-sided, normal; {inference['conf_level']:.0%} intervals.",
        "Levels do not depend on the currency unit; logs do, so their three rows are no evidence by themselves. A test "
        "that does not reject is no evidence that incomes converge, and membership says nothing about policy.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description),
    )
    return Table(id="T10", title="Log t tests and convergence clubs", note=note, columns=_columns(inference),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _choices(specs: Sequence[Mapping[str, Any]], spec: str) -> list[str]:
    own = next(item for item in specs if str(item["id"]) == spec)
    told = {"filter": "filter {}", "variance": "{} variance", "discard": "share left out {}", "merge": "merging {}",
            "smoothing": "smoothing {}"}  # fmt: skip
    named = [words.format(str(own[key]).replace("_", " ")) for key, words in told.items() if key in own]
    # Said only where they are not the usual ones.
    unusual = {
        "sort_share": (0, "units sorted by their mean over the last {}"),
        "sieve_step": (0.1, "sieve in steps of {}"),
    }
    named += [words.format(_share(own[key])) for key, (usual, words) in unusual.items() if own.get(key, usual) != usual]
    return named


def _share(value: float) -> str:
    return "third" if abs(value - 1 / 3) < THIRD else f"{value:g}"


def _main_tests(rows: Iterable[Row]) -> Iterable[Row]:
    """Keep the test on levels with the usual share left out: the others stand with the first variant of a span."""
    return [row for row in rows if row["label"] == f"All, {OUTCOMES[LEVELS]}"]


def _test_rows(mine: pd.DataFrame) -> Iterable[Row]:
    tests = mine[mine["estimator"].str.startswith("logt")]
    for outcome, name in OUTCOMES.items():
        rows = sorted(records(tests[tests["outcome"].eq(outcome)]), key=lambda row: _left_out(row["contrast"]))
        for place, row in enumerate(rows):
            variant = VARIANTS.get(place - len(rows) // 2, "") if outcome == LEVELS else ""
            label = f"All, {name}{variant}"
            yield {"kind": "test", "label": label, "left_out": _left_out(row["contrast"]), **_numbers(row),
                   "reading": reading(row["statistic"]), "reason": _why(row["warning"])}  # fmt: skip


def _left_out(contrast: str) -> int:
    digits = "".join(letter for letter in contrast if letter.isdigit())
    return int(digits) if digits else 0


def _numbers(row: Row) -> Row:
    return {name: row[name] for name in NUMBERS}


def reading(t: Any) -> str:
    """Say what the log t rule says of a t-statistic."""
    if is_missing(t):
        return ""
    return "rejected" if t < CRITICAL else "not rejected"


def _why(warning: Any) -> str:
    parts = [part.strip() for part in reason(warning).split(";")]
    kept = [part for part in parts if not part.startswith(("logs: the answer", "members: "))]
    return "; ".join(kept)


def _club_rows(mine: pd.DataFrame, membership: pd.DataFrame, study: Mapping[str, Any]) -> Iterable[Row]:
    merged = mine[mine["contrast"].str.startswith(MERGED) & mine["term"].str.startswith("club_")]
    numbered = sorted(records(merged), key=lambda row: int(row["term"].removeprefix("club_")))
    for row in numbered:
        number = int(row["term"].removeprefix("club_"))
        names = sorted(short_name(unit) for unit in membership.loc[membership["club"].eq(number), "unit"])
        told = f"all {study['units_name']}" if len(names) == len(membership) else " ".join(names)
        fails = "fails its own log t test" in row["warning"]
        yield {"kind": "club", "label": f"Club {number}: {told}", **_numbers(row),
               "reading": "no club: fails its own test" if fails else reading(row["statistic"]),
               "reason": _why(row["warning"])}  # fmt: skip
    alone = sorted(short_name(unit) for unit in membership.loc[membership["club"].eq(0), "unit"])
    if alone:
        yield {"kind": "divergent", "label": f"In no club: {' '.join(alone)}", "n_units": len(alone)}


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="Test or club", width_cm=5.2),
        Column(names=("left_out",), header="Left out", align="right", show=whole),
        Column(names=("estimate", "std_error"), header="b (s.e.)", align="right", show=places(with_error, 3),
               reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"{level} interval", align="right", show=places(interval, 2),
               reason="reason"),
        Column(names=("statistic",), header="t", align="right", show=places(fixed, 2), reason="reason"),
        Column(names=("p_value",), header="p", align="right", show=p_value, reason="reason"),
        Column(names=("reading",), header="Convergence"),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip


def tabulate_clubs_cells(
    estimates: pd.DataFrame,
    series: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Set clubs against the cells of taxonomies."""
    tests = estimates[estimates["term"].eq("clubs_by_cells")]
    rows: list[Row] = []
    for spec in ordered_specs(list(tests["spec_id"]), specs):
        for taxonomy in only(tests, spec_id=spec)["treatment_def"].unique():
            own = only(tests, spec_id=spec, treatment_def=taxonomy)
            counted = only(series, spec_id=spec, kind="cell")
            counted = counted[counted["group"].str.startswith(f"{taxonomy}: ")]
            rows += _cross_rows(own, counted, str(taxonomy), description, periods)
    if not rows:
        raise ArtifactError("no clubs set against cells", "a specification of estimates.clubs with taxonomies",
                            "add taxonomies to it or remove T10b from `tables`")  # fmt: skip
    shown = [cell for cell in CELLS if any(cell in row for row in rows)]
    note = (
        sample_note(description, study),
        f"Number of {study['units_name']} by club after merging and cell. Exact p given the margins "
        f"(Fisher-Freeman-Halton); permutation p from {inference['permutations']:,} exchanges of labels, both on "
        "Cramér's V. An ordered logit is not run on so few observations.",
        f"Club membership is no policy effect. {NOT_CAUSAL}",
        basis_note(description),
        origin_note(description, inference["seed"]),
    )
    columns = (
        Column(names=("label",), header="Club"),
        *(Column(names=(cell,), header=cell, align="right", show=whole, reason="reason") for cell in shown),
        Column(names=("n_units",), header="N", align="right", show=whole, reason="reason"),
    )
    frame = pd.DataFrame(rows).reindex(columns=[*CROSS, *shown, "n_units", "reason"])
    return Table(id="T10b", title="Clubs by cell", note=note, columns=columns, frame=frame, group="group")


CROSS = ("group", "spec_id", "taxonomy", "label", "cramers_v", "exact_p", "permutation_p")


def _cross_rows(
    own: pd.DataFrame, counted: pd.DataFrame, taxonomy: str, description: Mapping[str, Any], periods: Mapping[str, Any]
) -> Iterable[Row]:
    first = records(own.head(1))[0]
    exact, drawn = (pick(own, contrast=name) for name in ("exact", "permutation"))
    tests = {"cramers_v": first["estimate"], "exact_p": exact.get("p_value"), "permutation_p": drawn.get("p_value")}
    told = [f"Cramér's V {fixed(first['estimate'], 2)}"] if not is_missing(first["estimate"]) else []
    told += [f"exact p {p_value(exact['p_value'])}"] if not is_missing(exact.get("p_value")) else []
    told += [f"permutation p {p_value(drawn['p_value'])}"] if not is_missing(drawn.get("p_value")) else []
    parts = [period_with_basis(first["period"], first["output_basis"], periods), *sample_parts(first, description),
             f"taxonomy {taxonomy}"]  # fmt: skip
    shared = {"group": heading(parts) + (f": {', '.join(told)}" if told else ""), "spec_id": first["spec_id"],
              "taxonomy": taxonomy, **tests}  # fmt: skip
    if counted.empty:
        yield {**shared, "label": "not tested", "reason": text(_why(first["warning"]))}
        return
    for club in sorted(counted["club"].unique()):
        mine = only(counted, club=club)
        counts = {row["group"].removeprefix(f"{taxonomy}: "): row["value"] for row in records(mine)}
        label = f"Club {int(club)}" if club else "In no club"
        yield {**shared, "label": label, **counts, "n_units": sum(counts.values())}

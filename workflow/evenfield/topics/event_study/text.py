"""What the section on policies prints: who got one, the effect with its leads, with sure
dates, and units nearby.

Code, because the table says which dates decide and in which words.
"""

from typing import Any

import pandas as pd

from evenfield.shared.sections import (
    Shown,
    cell,
    effect_size,
    is_clear,
    shown,
    side_of_zero,
    tested,
    visible,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import TEXT, Row, only, pick, records
from evenfield.shared.topics import label_in_words
from evenfield.study.errors import first_examples
from evenfield.topics.event_study.table_words import (
    BASE,
    SURE,
    deciding_rows,
    held_by_year,
    since,
)

NAMED = 40  # units of one year
UNNAMED = {"", "nan", "policy"}  # kinds of a table that does not say which policy


def section(results: StudyResults) -> dict[str, object]:
    """Return the primary specification with all dates and with sure ones."""
    spec = primary_policy(results)
    own = only(results.estimates(), spec_id=spec["id"])
    if own.empty:
        return {}
    main, beside = deciding_rows(results, own)
    row = pick(main, estimator=BASE, role=spec.get("role") or "robustness")
    effect = effect_size(row)
    if effect is None:
        return {}
    leads = pick(main, estimator=f"{BASE}_lead", effect_type="joint")
    other = pick(beside, estimator=BASE, contrast=row["contrast"])
    side = side_of_zero(row)
    breakdown = pick(main, effect_type="breakdown", contrast=row["contrast"])
    return {
        "outcome": _outcome(results, spec, effect),
        "policy": _policy(results, spec),
        "since": since(results, row["contrast"]),
        "effect": effect,
        "side": side,
        "visible": visible(results, effect),
        "leads": tested(leads, "0.0"),
        "moved_before": is_clear(results, leads),
        "trends": shown(breakdown, "0.0"),
        "bears_trends": breakdown.get("estimate", 0.0) > 0,
        "other_dates": effect_size(other),
        "others_are_sure": str(other.get("treatment_def")).endswith(SURE),
        "others_agree": side_of_zero(other) == side,
        "held": held_by_year(results, spec),
        "rings": _rings(main),
        "placement": _placement(results),
        **_dates(results, spec),
    }


def _dates(results: StudyResults, spec: Row) -> Row:
    """Return how many units have a policy, in how many years it came, and their names by
    year.
    """
    policies = only(results.series("policies", text=TEXT), spec_id=spec["id"])
    dated = policies[policies["first_year"].notna()]
    source = "estimates/event_study/policies.csv"
    years = []
    for year, own in dated.groupby("first_year", sort=True):
        names = sorted(map(results.name, own["unit"].unique()))
        years.append({"id": f"{year:.0f}", "names": first_examples(names, NAMED)})
    return {
        "dated": cell(dated["unit"].nunique(), "0", source),
        "dates": years,
    }


def _policy(results: StudyResults, spec: Row) -> str:
    """Return what the policy of a specification is called, where it is one kind alone."""
    every = results.ingested("policies", text=TEXT).get("kind", pd.Series(dtype=str))
    kinds = {str(kind).replace("_", " ") for kind in spec.get("kinds") or every}
    named = len(kinds) == 1 and not kinds & UNNAMED
    return next(iter(kinds)) if named else "the policy"


def primary_policy(results: StudyResults) -> Row:
    """Return the primary specification, else the first."""
    specs = results.specs(question="specs")
    primary = [spec for spec in specs if spec.get("role") == "primary"]
    return next(iter(primary + specs))


def _rings(own: pd.DataFrame) -> list[dict[str, Any]]:
    rings = only(own, estimator=f"{BASE}_rings", effect_type="coef")
    out = []
    for row in records(rings[rings["contrast"].ne("")]):
        unit = row["w_id"].split(" ")[-1]
        effect = effect_size(row)
        if effect is not None:
            out.append(
                {
                    "distance": f"{row['contrast']} {unit}",
                    "effect": effect,
                    "side": side_of_zero(row),
                }
            )
    return sorted(out, key=lambda item: float(item["distance"].split(" ")[0]))


def _outcome(results: StudyResults, spec: Row, effect: Shown) -> object:
    """Return what a specification is of; what is printed in percent is no logarithm."""
    asked = results.config.estimates["event_study"]
    label = asked["outcomes"][spec["outcome"]]["label"]
    label = label_in_words(results.words, label)
    return label.removeprefix("log ") if effect.percent else label


def _placement(results: StudyResults) -> list[dict[str, Any]]:
    """Return the differences before a policy of the first placement specification."""
    first = next(iter(results.specs(question="placement")), {})
    rows = only(results.estimates(), estimator="placement")
    out = []
    for row in records(only(rows, spec_id=first.get("id", ""))):
        difference = effect_size(row)
        if difference is not None:
            out.append(
                {
                    "kind": row["contrast"].replace("_", " "),
                    "outcome": _outcome(results, first, difference),
                    "difference": difference,
                    "side": side_of_zero(row),
                    "within": first.get("within", ""),
                    "year": row["period"],
                }
            )
    return out

"""What the section on groups prints: how much faster units of a group grew, by every
method of inference, and what could have been seen.
"""

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.sections import shown, side_of_zero, visible
from evenfield.shared.tables import Row, is_missing, only, pick, reason, records

QUESTION = "premium"
GROWTH = "growth"
GROUPS = {"cluster": "clusters", "sez": "zones"}
DIFFERENCE = "cluster - sez"
FORM = "0.00"
UNIT = "pp a year"


def section(facts: Facts) -> Row:
    """Return the premium of each group in the longest period of the primary
    specification, with all methods of its inference.
    """
    # The words below are of growth: other outcomes stand in the tables.
    asked = facts.specs(question=QUESTION)
    asked = [spec for spec in asked if str(spec["outcome"]).startswith(GROWTH)]
    primary = [spec for spec in asked if spec["role"] == "primary"]
    spec = next(iter(primary + asked), {})
    own = only(facts.estimates(family=QUESTION), spec_id=spec.get("id"))
    own = own[
        own["sample_id"].isin(["all", ""]) & own["unit_scheme"].isin(["", facts.main])
    ]
    periods = [
        name for name in facts.shown("span", "main") if name in set(own["period"])
    ]
    if not periods:
        return {}
    rows = only(own, treatment_def=facts.taxonomy, effect_type="coef")
    zones = str(facts.words.get("zones_name", GROUPS["sez"]))
    names = {**GROUPS, "sez": zones}
    decided = only(rows, estimator="ols")
    groups = [
        _group(
            facts, name, words, _first(decided, periods, term=name, contrast=""), rows
        )
        for name, words in names.items()
    ]
    difference = _first(decided, periods, contrast=DIFFERENCE)
    return {
        "difference_period": _years(facts, difference),
        "label": spec.get("label", ""),
        "groups": [group for group in groups if group],
        "difference": shown(difference, FORM, UNIT),
        "difference_side": side_of_zero(difference),
        "zones": zones,
        "level": facts.level,
    }


def _first(rows: pd.DataFrame, periods: list[str], **wanted: str) -> Row:
    """Return the row of the first period in which the premium is defined: no unit may
    have had zones when the first of all began.
    """
    candidates = [pick(rows, period=period, **wanted) for period in periods]
    defined = [row for row in candidates if row and not is_missing(row["estimate"])]
    return next(iter([*defined, *candidates]), {})


def _years(facts: Facts, row: Row) -> str:
    return facts.period(row["period"]) if row else ""


def _group(facts: Facts, name: str, words: str, row: Row, rows: pd.DataFrame) -> Row:
    if not row:
        return {}
    premium = shown(row, FORM, UNIT)
    others = only(rows, period=row["period"], term=name, contrast="")
    methods = [
        {
            "id": other["estimator"],
            "name": other["se_type"] or METHODS.get(other["estimator"], ""),
            "premium": shown(other, FORM, UNIT),
            "shows": _shows(other),
        }
        for other in records(others)
        if other["estimator"] not in ("ols", "leave_one_out")
    ]
    return {
        "id": name,
        "words": words,
        "period": _years(facts, row),
        "members": shown(row | {"estimate": row["n_treated"]}, "0"),
        "premium": premium,
        "side": side_of_zero(row),
        "method": row["se_type"],
        "visible": visible(facts, premium) if premium else None,
        "reason": reason(row["warning"]).removeprefix("not defined: "),
        "methods": [item for item in methods if item["premium"] and item["name"]],
    }


def _shows(row: Row) -> str:
    """Say whether a method gives an interval, a probability or neither."""
    if side_of_zero(row) != "untested":
        return "interval"
    return "" if is_missing(row["p_value"]) else "p"


METHODS = {
    "ols_permutation": "labels dealt out at random",
    "ols_permutation_connected": "labels on connected units",
    "ols_permutation_stratified": "labels within regions",
}

"""What the section on gradients prints: whether units with clusters lie in one region,
further South in it, and next to each other.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import Shown, finding, shown, tested
from evenfield.shared.tables import Row, only, pick


def section(facts: Facts) -> Row:
    """Return where the units of the first list of the primary specification lie."""
    spec = facts.primary()
    lists = facts.estimates(spec_id=spec["id"], outcome="cluster")
    rows = only(lists, treatment_def=spec["taxonomies"][0])
    share = pick(rows, estimator="fisher_exact")
    moran = pick(rows, estimator="moran")
    chance = moran.get("p_value", 1.0) > 1 - facts.config.inference.level
    content = {
        "region": spec["east"],
        "members": _members(share),
        "inside": _in_percent(finding(share, "", "0", "percentage points")),
        "south": finding(pick(rows, estimator="latitude_permutation"), "", "0.0"),
        "near": tested(moran, "0.00"),
        "beside": "chance"
        if chance
        else "together"
        if moran["estimate"] > 0
        else "apart",
        "level": facts.level,
    }
    return content if content["inside"] or content["near"] else {}


def _members(row: Row) -> Shown | None:
    return shown(row | {"estimate": row["n_treated"]}, "0") if row else None


def _in_percent(share: Row) -> Row:
    if share:
        share["number"] = share["number"]._replace(times=100.0)
    return share

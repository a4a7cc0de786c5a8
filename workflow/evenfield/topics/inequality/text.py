"""What the section on inequality prints: its size at both ends, and how much of it lies
between the groups of each grouping.

Code, because the years are the widest of several periods, and what random labels
hold is read from a row's warning.
"""

import re

import pandas as pd

from evenfield.shared.estimates import what_is_asked
from evenfield.shared.sections import Shown, shown, side_of_zero
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, bare_name, grouping_name, only, pick
from evenfield.topics.inequality.table import MEASURE

BETWEEN = f"between_{MEASURE}"


def section(results: StudyResults) -> Row:
    """Return Theil's T at both ends of the years that the primary specification covers,
    and the share between groups; beside them the same with the other weighting, where
    a specification has it.
    """
    spec = results.primary()
    own = _measured(results, spec)
    if not own:
        return {}
    alike = ("sample", "unit_scheme")
    others = [
        _measured(results, other)
        for other in results.specs()
        if other["weighting"] != spec["weighting"]
        and all(other.get(key) == spec.get(key) for key in alike)
    ]
    ends = (own["first"], own["last"])
    others = [one for one in others if one and (one["first"], one["last"]) == ends]
    return {**own, "other": next(iter(others), None)}


def _measured(results: StudyResults, spec: Row) -> Row:
    """Return what one specification says of inequality at the ends of its years."""
    own = results.estimates(spec_id=spec["id"])
    periods = [results.config.periods[name] for name in spec["periods"]]
    first = min(periods, key=lambda period: period.start)
    last = max(periods, key=lambda period: period.end)
    names = {item.label: key for key, item in results.config.periods.items()}
    starts = only(own, period=names[first.label], contrast="start")
    ends = only(own, period=names[last.label], contrast="end")
    start = shown(pick(starts, term=MEASURE), "0.000")
    end = shown(pick(ends, term=MEASURE), "0.000")
    if start is None or end is None:
        return {}
    changes = only(own, term=MEASURE, contrast="end - start")
    change = pick(changes, period=names[first.label]) if first is last else {}
    groupings = [
        _grouping(results, name, starts, ends)
        for name in own.loc[own["term"].eq(BETWEEN), "treatment_def"].unique()
    ]
    return {
        "first": str(first.start),
        "last": str(last.end),
        "start": start,
        "end": end,
        "side": side_of_zero(change),
        "weighted": spec["weighting"] == "population",
        "groupings": sorted(filter(None, groupings), key=_beyond_chance),
    }


def _grouping(
    results: StudyResults, name: str, starts: pd.DataFrame, ends: pd.DataFrame
) -> Row:
    start = pick(starts, term=BETWEEN, treatment_def=name)
    end = pick(ends, term=BETWEEN, treatment_def=name)
    shares = [shown(row, "0", "%", times=100) for row in (start, end)]
    if None in shares:
        return {}
    return {
        "id": re.sub(r"\W+", "_", name),
        "name": bare_name(grouping_name(name)),
        "start": shares[0],
        "end": shares[1],
        "by_chance": _by_chance(end),
        # Of random labels, no more than one in twenty (at 95 %) hold as much.
        "clear": end["p_value"] <= 1 - results.config.inference.level,
    }


def _beyond_chance(grouping: Row) -> tuple[float, str]:
    """Order groupings by what they explain at the end beyond groups at random, most
    first; the more groups, the more chance explains.
    """
    by_chance = grouping["by_chance"]
    chance = by_chance.row["estimate"] if by_chance else 0.0
    return (chance - grouping["end"].row["estimate"], grouping["id"])


def _by_chance(row: Row) -> Shown | None:
    """Return the share that labels dealt out at random would hold, which the row says
    beside its own.
    """
    expected = what_is_asked(row["asked"]).get("expected")
    if not expected:
        return None
    kept = {"estimate": float(expected), "estimate_id": row["estimate_id"]}
    return shown(kept, "0", "%", times=100)

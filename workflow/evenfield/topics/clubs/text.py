"""What the section on clubs prints: whether all units converge to one path, how many
clubs there are if not, and who is in which.

Code, because it names the members of clubs and colours the map by them.
"""

import pandas as pd

from evenfield.shared.sections import MapLayer, cell, shown
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, listed, only, pick, reason, records
from evenfield.topics.clubs.table import (
    LEVELS,
    clubs_of,
    fails_own_test,
    merged,
    reading,
    tests_of_all,
)

SERIES = "estimates/clubs/series.csv"
MOST_COLOURS = 8  # clubs that a map can tell apart
NEARLY_ALL = 0.9  # share of units of which one club is nearly all
STAYS = 0.5  # share of the other choices under which a unit stays with its club


# What the text finds where clubs could not be formed.
UNKNOWN: Row = {
    "whole": False,
    "clubs": [],
    "others": None,
    "alone": None,
    "alone_names": "",
    "loose": None,
    "year": "",
}


def section(results: StudyResults) -> Row:
    """Return the test of all units and the clubs of the primary specification."""
    spec = results.primary()
    own = only(results.estimates(), spec_id=spec["id"])
    after_merging = merged(own)
    test_of_all = pick(tests_of_all(own), outcome=LEVELS, role=spec["role"])
    t = test_of_all.get("statistic")
    count = shown(pick(after_merging, term="clubs"), "0")
    content = {
        "period": results.period(spec["period"]),
        # The statistic of this row is printed, its slope is not.
        "t": shown(test_of_all | {"estimate": t}, "0.0"),
        "rejected": reading(t) == "rejected",
        "count": count,
        "reason": reason(pick(own, term="clubs").get("warning")),
    }
    if count is None:
        return {**UNKNOWN, **content}
    series = only(results.series(), spec_id=spec["id"])
    members = only(series, kind="membership").sort_values("unit")
    paths = only(series, kind="club_mean")
    last_means = only(paths, year=paths["year"].max())
    clubs = [
        _club(results, row, only(members, club=row["asked_club"]), last_means)
        for row in records(clubs_of(after_merging).sort_values("asked_club"))
    ]
    alone = only(members, club=0)
    others = _outside_the_largest(members, clubs)
    loose = int(members["value"].lt(STAYS).sum())
    return {
        **content,
        "whole": len(clubs) == 1 and alone.empty,
        "clubs": clubs,
        "others": cell(others, "0", SERIES) if others else None,
        "alone": shown(pick(after_merging, term="divergent"), "0"),
        "alone_names": _names(results, alone),
        "loose": cell(loose, "0", SERIES) if len(clubs) > 1 else None,
        "year": f"{last_means['year'].max():.0f}",
    }


def _outside_the_largest(members: pd.DataFrame, clubs: list[Row]) -> int:
    """Count the units outside a club that holds nearly all and passes its own test; none
    where there is no such club.
    """
    passing = [int(club["id"]) for club in clubs if not club["fails"]]
    sizes = members.loc[members["club"].isin(passing), "club"].value_counts()
    largest = int(sizes.max()) if len(sizes) else 0
    outside = len(members) - largest
    return outside if outside <= (1 - NEARLY_ALL) * len(members) else 0


def _club(
    results: StudyResults, row: Row, members: pd.DataFrame, means: pd.DataFrame
) -> Row:
    number = row["asked_club"]
    level = pick(means, club=number).get("value")
    return {
        "id": str(number),
        "size": shown(row | {"estimate": float(row["n_units"])}, "0"),
        "level": cell(level, "0", SERIES, "%", times=100),
        "fails": fails_own_test(row),
        "names": _names(results, members),
    }


def _names(results: StudyResults, members: pd.DataFrame) -> str:
    return listed(sorted(map(results.name, members["unit"])))


def map_layer(results: StudyResults) -> MapLayer | None:
    """Return the club of each unit."""
    members = only(results.series(), spec_id=results.primary()["id"], kind="membership")
    numbers = sorted(set(members["club"]) - {0})
    if not 1 < len(numbers) <= MOST_COLOURS:
        return None
    keys = {f"k{number:.0f}": f"club {number:.0f}" for number in numbers}
    if members["club"].eq(0).any():
        keys["k0"] = "in no club"
    # The last class, those in no club, has its own place behind all others.
    places = members["club"].where(members["club"].gt(0), len(keys))
    frame = pd.DataFrame({"unit": members["unit"], "once": places.astype(int)})
    return MapLayer("Club", keys, frame.set_index("unit"))

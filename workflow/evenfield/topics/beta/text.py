"""Who lies farthest from the line of convergence, and when gaps closed: code, because it
names units and asks about all periods at once.
"""

from collections.abc import Sequence

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, in_words, only

NAMED = 3  # units at each end
FEWEST = 4 * NAMED  # units of which some can be called far from the line
DECADES = "two three four five six seven eight nine ten".split()


def named_units(results: StudyResults, said: Row) -> Row:
    """Name the units farthest above and below the line in the period that is said, and
    the course of convergence over the periods.
    """
    spec = results.primary()["id"]
    points = only(results.series(), spec_id=spec, period=said["period_id"], kind="unit")
    course = _course(results, said["periods"], said["side"])
    if len(points) < FEWEST:
        return {"fast": "", "slow": "", "course": course}
    units = points.sort_values(["residual", "unit"])["unit"]
    return {
        "fast": in_words([results.name(unit) for unit in units[::-1][:NAMED]]),
        "slow": in_words([results.name(unit) for unit in units[:NAMED]]),
        "course": course,
    }


def _course(results: StudyResults, said: Sequence[Row], whole: str) -> Row:
    """Return the periods in which gaps closed, if they all come before or all after the
    others and were surely faster; nothing where periods do not follow one another or may
    be alike.
    """
    spans = {item["id"]: results.config.periods[item["id"]] for item in said}
    said = [item for item in said if spans[item["id"]].role == "main"]
    said = sorted(said, key=lambda item: spans[item["id"]].start)
    ends = [spans[item["id"]].end for item in said[:-1]]
    starts = [spans[item["id"]].start for item in said[1:]]
    closed = [item for item in said if item["side"] == "above"]
    number = len(closed)
    if ends != starts or not 0 < number < len(said):
        return {}
    early, late = said[:number], said[number:]
    stopped = closed == early
    if not stopped:
        early, late = said[:-number], said[-number:]
        if closed != late:
            return {}
    # ASSUME: that a period was slower is told where its interval lies below those of the
    # periods in which gaps closed; one that holds zero may be as fast as they were.
    slower = late if stopped else early
    fastest = max(_end(item, "conf_high") for item in slower)
    if not fastest < min(_end(item, "conf_low") for item in closed):
        return {}
    widened = all(item["side"] == "below" for item in slower)
    # A headline of a part does not stand above a whole that cannot be told.
    if whole == "open" and not widened:
        return {}
    turn = spans[late[0]["id"]].start
    first, last = spans[closed[0]["id"]].start, spans[closed[-1]["id"]].end
    return {
        "stopped": stopped,
        "turn": str(turn),
        "last": str(last),
        "length": _length(last - first),
        "closed": [item["id"] for item in closed],
        "others": [item["id"] for item in slower],
        # Whether gaps widened in each of the others.
        "reversed": widened,
    }


def _end(item: Row, column: str) -> float:
    """Return an end of the interval of a period's speed."""
    return float(item["speed"].row[column])


def _length(years: int) -> str:
    """Say how long a time is: four decades, 27 years."""
    decades, rest = divmod(years, 10)
    if rest == 0 and 2 <= decades < len(DECADES) + 2:
        return f"{DECADES[decades - 2]} decades"
    return f"{years} years" if years > 1 else "a year"

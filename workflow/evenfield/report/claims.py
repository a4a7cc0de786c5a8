"""The claims of a paper as the page shows them: grouped by answer, each with its number
and a small chart.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from evenfield.shared.tables.numbers import MINUS, UNBOUNDED, by_unit, is_missing
from evenfield.shared.tables.units import period_label

NO_SIDE = (  # said once for all claims without an answer
    "its interval does not leave out zero"
)
WIDTH = 300.0
STEP = 7.0
TOP = 9.0
FOOT = 19.0
# What a group of claims with the same answer has in common; ``units`` is filled with
# the study's word.
MEANING = {
    "HOLDS": "The figures meet the threshold, in the main one and in every variant.",
    "HOLDS IN PART": "True of some figures and not of others; which ones is said.",
    "DOES NOT HOLD": "The main figure and most variants miss the threshold.",
    "SUPPORTED": (
        "The interval leaves out zero, also adjusted for the number of questions, and"
        " no check takes it away."
    ),
    "SUGGESTIVE": (
        "The interval leaves out zero, but not adjusted for the number of questions, or"
        " not in a check."
    ),
    "NEGLIGIBLE": "The whole interval is smaller than what would matter.",
    "SUGGESTIVE AGAINST": (
        "The other way round than claimed, before adjusting or with a check that takes"
        " it away."
    ),
    "AGAINST": (
        "The other way round than claimed, by the same burden of proof as support."
    ),
    "NO ANSWER": (
        "The interval holds zero; that is no evidence of nothing. Visible: the smallest"
        " effect one could see."
    ),
    "OUT OF REACH": (
        "Figures of {units} cannot decide these. By reason, with the data that would."
    ),
    "NOT EMPIRICAL": "Definitions, premises and plans; no figure can decide them.",
}
# Words of a unit, and of what stands behind its first "per": units are put together
# of both, so that no unit loses its second half.
UNIT_WORDS = {
    "pp/yr": "percentage points a year",
    "pp/yr of speed": "percentage points of speed a year",
    "pp": "percentage points",
    "%/yr": "% a year",
    "% per year": "% a year",
    "percent": "%",
    "ratio": "times",
    "change of a ratio": "in the ratio",
    "log points x 100": "log points \u00d7 100",
    "s.d.": "standard deviations",
    "s.d. of the other provinces": "standard deviations",
    **dict.fromkeys(
        ("correlation", "share", "count", "statistic", "index", "slope", "elasticity"),
        "",
    ),
}
PER_WORDS = {
    "s.d.": "per standard deviation",
    "s.d. of exposure": "per standard deviation of exposure",
    "s.d. of the moderator": "per standard deviation of the moderator",
    "exposure 0 to 1": "from no neighbour to all",
}


def claim_groups(
    content: Mapping[str, Any], config: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the answers that were given, in the order of the rule, each with its
    claims ready to print.
    """
    units = config["study"]["units_name"]
    periods = config["periods"]
    holds = {
        item["id"]: item.get("holds") or {}
        for item in config.get("answers", {}).get("claims", [])
    }
    groups = []
    for word in content["words"]:
        fault = [claim for claim in content["claims"] if claim["answer"] == word]
        label = {
            "word": word.capitalize(),
            "id": word.lower().replace(" ", "-"),
            "count": len(fault),
        }
        claims = [
            _shown(claim, holds.get(claim["id"], {}), units, periods) for claim in fault
        ]
        groups.append(
            {**label, "meaning": MEANING[word].format(units=units), "claims": claims}
        )
    return [group for group in groups if group["count"]]


def by_reason(
    claims: Iterable[Mapping[str, Any]], reasons: Mapping[str, str]
) -> list[tuple[str, list[Any]]]:
    """Group claims by the first reason that puts them out of reach, the commonest
    first.
    """
    groups: dict[str, list[Any]] = {name: [] for name in reasons}
    for claim in claims:
        groups[claim["reasons"][0]].append(claim)
    reasons_used = [(reasons[name], items) for name, items in groups.items() if items]
    return sorted(reasons_used, key=lambda pair: -len(pair[1]))


def in_unit(value: float | None, unit: str, units: str) -> str:
    """Write a number with the decimals and the words of its unit."""
    if is_missing(value):
        return ""
    if unit == "units":
        return f"{value:.0f} {units}"
    words = unit_words(unit)
    return (
        f"{by_unit(value, unit)}{'' if words.startswith('%') else ' '}{words}".rstrip()
    )


def unit_words(unit: str) -> str:
    """Return a unit of measure in words, what it is counted for included.

    ``pp/yr per period`` is ``percentage points a year per period``.
    """
    if unit in UNIT_WORDS:
        return UNIT_WORDS[unit]
    measure, per, base = unit.partition(" per ")
    words = UNIT_WORDS.get(measure) or measure
    return f"{words} {PER_WORDS.get(base, f'per {base}') if per else ''}".strip()


def _shown(
    claim: Mapping[str, Any],
    holds: Mapping[str, Any],
    units: str,
    periods: Mapping[str, Any],
) -> dict[str, Any]:
    rows = claim["rows"]
    unit = claim["unit"]
    because = claim["because"]
    # What is shown beside a claim in another unit has no place on its axis.
    drawn = [
        row
        for row in rows
        if row["estimate"] is not None and row["unit_of_measure"] == unit
    ]
    marks = [
        end
        for ends in holds.values()
        for end in (ends if isinstance(ends, list | tuple) else [ends])
    ]
    visible = claim["smallest_visible"] if claim["answer"] == "NO ANSWER" else None
    return {
        **claim,
        "number": in_unit(claim["estimate"], unit, units).partition(" "),
        "interval": ends(claim["low"], claim["high"], unit),
        "visible": in_unit(visible, unit, units),
        "reason": (
            ""
            if because == NO_SIDE
            else f"{because[:1].upper()}{because[1:]}".rstrip(".")
        ),
        "chart": (
            chart(drawn, marks or [0.0], None if holds else claim["interest"])
            if drawn
            else ""
        ),
        "behind": [_behind(row, units, periods) for row in rows],
    }


def ends(low: float | None, high: float | None, unit: str) -> str:
    """Write an interval in brackets, nothing where both ends are missing."""
    if is_missing(low) and is_missing(high):
        return ""
    return f"[{', '.join(UNBOUNDED if is_missing(end) else by_unit(end, unit) for end in (low, high))}]"


def _behind(
    row: Mapping[str, Any], units: str, periods: Mapping[str, Any]
) -> dict[str, str]:
    """Return a row behind a claim as it is printed."""
    unit = row["unit_of_measure"]
    what = row["what"]
    name = {"primary": "main figure", "shown": "beside it"}.get(what, row["name"])
    label = ", ".join(period_label(part, periods) for part in row["period"].split("+"))
    if row.get("figures"):
        label = f"{label} (figures of {row['figures']})"
    number = (
        f"{in_unit(row['estimate'], unit, units)}"
        f" {ends(row['conf_low'], row['conf_high'], unit)}".strip()
    )
    says = "otherwise" if row["against"] else "a placebo" if what == "placebo" else ""
    return {"name": name, "period": label, "number": number, "says": says}


def chart(
    rows: Sequence[Mapping[str, Any]], marks: Sequence[float], interest: float | None
) -> Markup:
    """Draw the main row and its checks against zero or a threshold; what says otherwise
    is hollow.
    """
    low, high = _reach(rows, marks, interest)
    chart_height = TOP + STEP * (len(rows) + 0.6) + FOOT

    def at(value: float) -> str:
        return f"{8 + (WIDTH - 16) * (min(max(value, low), high) - low) / (high - low):.1f}"

    floor = chart_height - FOOT
    parts = []
    if interest:
        left = float(at(-interest))
        right = float(at(interest))
        parts.append(
            f'<path class="band" d="M{left:.1f}'
            f' 0H{right:.1f}V{floor:.1f}H{left:.1f}z"/>'
        )
    parts += [f'<path class="mark" d="M{at(mark)} 0V{floor:.1f}"/>' for mark in marks]
    for number, row in enumerate(rows):
        y = f"{TOP + (STEP * (number + 0.6) if number else 0):.1f}"
        kind = (
            "main"
            if row["what"] == "primary"
            else "against"
            if row["against"]
            else "check"
        )
        if row["conf_low"] is not None or row["conf_high"] is not None:
            left = row["conf_low"]
            right = row["conf_high"]
            span = (
                at(low if left is None else left),
                at(high if right is None else right),
            )
            parts.append(f'<path class="{kind}" d="M{span[0]} {y}H{span[1]}"/>')
        parts.append(
            f'<circle class="{kind}" cx="{at(row["estimate"])}" cy="{y}"'
            f' r="{2.4 if number else 4}"/>'
        )
    parts.append(f'<path class="axis" d="M8 {floor:.1f}H{WIDTH - 8:g}"/>')
    ticks = _ticks(low, high)
    parts += [
        f'<text x="{at(tick)}" y="{chart_height - 5:.1f}">{text}</text>'
        for tick, text in ticks
    ]
    opened = (
        f'<svg class="strip" viewBox="0 0 {WIDTH:g} {chart_height:.1f}" width="{WIDTH:g}"'
        f' height="{chart_height:.1f}"'
    )
    return Markup(f'{opened} aria-hidden="true">{"".join(parts)}</svg>')  # numbers only


def _reach(
    rows: Sequence[Mapping[str, Any]], marks: Sequence[float], interest: float | None
) -> tuple[float, float]:
    """Return the ends of the axis: all estimates and the main interval, the other
    intervals as far as they fit.
    """
    first = rows[0]
    core = [*marks, *((-interest, interest) if interest else ())]
    core += [
        first[name] for name in ("conf_low", "conf_high") if first[name] is not None
    ]
    core += [row["estimate"] for row in rows]
    low = min(core)
    high = max(core)
    room = (high - low) or abs(high) or 1.0
    values = [
        row[name]
        for row in rows
        for name in ("estimate", "conf_low", "conf_high")
        if row[name] is not None
    ]
    low = min(low, max(min(values), low - room))
    high = max(high, min(max(values), high + room))
    pad = 0.04 * (high - low)
    return low - pad, high + pad


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    rough = (high - low) / 4
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    ticks = [
        step * count
        for count in range(math.ceil(low / step), math.floor(high / step) + 1)
    ]
    return [
        (
            tick,
            f"{abs(tick) if abs(tick) < step / 2 else tick:.{decimals}f}".replace(
                "-", MINUS
            ),
        )
        for tick in ticks
    ]

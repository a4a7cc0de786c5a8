"""The claims of a paper as the page shows them: grouped by answer, each with its number
and a small chart.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from markupsafe import Markup

from evenfield.answers.rule import GROUPS
from evenfield.shared.tables.numbers import MINUS, significant, with_interval
from evenfield.shared.tables.units import period_label
from evenfield.study.files import Record
from evenfield.study.study_config import Period, StudyConfig

VARIANTS = re.compile(r", also in \d+ variants?$")
# Which of the six parts of the bar an answer belongs to, from 1 on.
PARTS = {
    word: number for number, words in enumerate(GROUPS.values(), 1) for word in words
}
WIDTH = 300.0
STEP = 7.0  # between two rows of a chart
TOP = 9.0
FOOT = 19.0  # for the axis and its numbers
MARGIN = 8
# What a group of claims with the same answer has in common; ``units`` is filled with
# the study's word.
MEANING = {
    "HOLDS": (
        "The figures meet the threshold: the main one and its variants, by another list,"
        " measure or year."
    ),
    "HOLDS IN PART": "True of some figures and not of others, as each entry says.",
    "DOES NOT HOLD": "The main figure misses the threshold, and so do most variants.",
    "STAND-INS AGREE": (
        "Figures of whole {units} meet the threshold, variants included; what lies"
        " inside them may differ."
    ),
    "STAND-INS AGREE IN PART": (
        "Some figures of whole {units} meet the threshold, others do not."
    ),
    "STAND-INS DISAGREE": (
        "Figures of whole {units} miss the threshold; that does not refute a statement"
        " about what lies inside them."
    ),
    "DOCUMENTED": "Cited documents support it.",
    "DOCUMENTS DIFFER": "Cited documents disagree.",
    "CONTRADICTED": "Cited documents contradict it.",
    "SUPPORTED": (
        "The confidence interval excludes zero, also with an adjustment for the number"
        " of questions, and no check overturns it."
    ),
    "SUGGESTIVE": (
        "The confidence interval excludes zero, but with so many questions asked at"
        " once it may be chance, or a check overturns it."
    ),
    "NEGLIGIBLE": (
        "The whole interval is smaller than what would matter, in every check and by"
        " the other methods, too."
    ),
    "SUGGESTIVE AGAINST": (
        "The opposite of what is claimed, but with so many questions asked at once it"
        " may be chance, or a check overturns it."
    ),
    "AGAINST": (
        "The opposite of what is claimed, by the same burden of proof as support."
    ),
    "NO ANSWER": (
        "The confidence interval includes zero, checks overturn the result, or the"
        " figures cannot distinguish what is claimed from something else; that is no"
        " evidence of no effect. Detectable: the smallest detectable effect, in the same"
        " unit."
    ),
    # No estimate was made for these.
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
    **dict.fromkeys("correlation share count statistic index slope".split(), ""),
}
PER_WORDS = {
    "s.d.": "per standard deviation",
    "s.d. of exposure": "per standard deviation of exposure",
    "s.d. of the moderator": "per standard deviation of the moderator",
    "exposure 0 to 1": "from no neighbour to all",
}


def claim_groups(content: Record, config: Record) -> list[dict[str, Any]]:
    """Return the answers that were given, in the order of the rule, each with its
    claims ready to print.
    """
    units = config["study"]["units_name"]
    periods = StudyConfig.of(config).periods
    written = config.get("answers", {}).get("claims", [])
    holds = {item["id"]: item.get("holds") or {} for item in written}
    groups = []
    for word in content["words"]:
        claims = [
            _shown(claim, holds.get(claim["id"], {}), units, periods)
            for claim in content["claims"]
            if claim["answer"] == word
        ]
        group = {
            "word": word.capitalize(),
            "id": word.lower().replace(" ", "-"),
            "part": PARTS[word],
            "count": len(claims),
            "meaning": MEANING[word].format(units=units),
            "claims": claims,
        }
        groups += [group] if claims else []
    return groups


def bar_parts(groups: Sequence[Record]) -> list[dict[str, Any]]:
    """Return the six parts of the bar that are not empty: number in the order of
    answers, name, count, and the groups of finer words that they hold.
    """
    parts = []
    for number, name in enumerate(GROUPS, 1):
        finer = [group for group in groups if group["part"] == number]
        part = {
            "number": number,
            "name": name.capitalize(),
            "count": sum(group["count"] for group in finer),
            "finer": finer,
        }
        parts += [part] if finer else []
    return parts


def by_reason(
    claims: Iterable[Record], reasons: Mapping[str, str]
) -> list[tuple[str, list[object]]]:
    """Group claims by the first reason that puts them out of reach, the commonest
    first.
    """
    groups: dict[str, list[Any]] = {name: [] for name in reasons}
    for claim in claims:
        groups[claim["reasons"][0]].append(claim)
    reasons_used = [(reasons[name], items) for name, items in groups.items() if items]
    return sorted(reasons_used, key=lambda pair: -len(pair[1]))


def in_unit(number: str, unit: str, units: str) -> str:
    """Write a printed number with the words of its unit."""
    words = units if unit == "units" else unit_words(unit)
    blank = "" if words.startswith("%") else " "
    return f"{number}{blank}{words}".rstrip() if number else ""


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
    claim: Record, holds: Record, units: str, periods: Mapping[str, Period]
) -> dict[str, object]:
    rows = claim["rows"]
    unit = claim["unit"]
    # That all variants of a fact agree is what its group says.
    because = VARIANTS.sub("", claim["because"].rstrip("."))
    # What is shown beside a claim in another unit, or is a change of what is claimed,
    # cannot stand on its axis.
    drawn = [
        row
        for row in rows
        if row["estimate"] is not None
        and row["unit_of_measure"] == unit
        and row["what"] != "change"
    ]
    # A fact is drawn against its threshold, any other claim against zero.
    marks = np.hstack([*holds.values()]).tolist() if holds else [0.0]
    interest = None if holds else claim["interest"]
    visible = claim["smallest_visible"] if claim["answer"] == "NO ANSWER" else None
    # The interval is printed beside the claim, and what it says of zero with its group.
    reasons = [] if claim["interval_alone"] else [because[:1].upper() + because[1:]]
    if claim["later"] in ("HELD UP", "FADED"):
        # What a fact became is one figure.
        figure = f", {claim['later_because']}" if holds else ""
        reasons.append(f"Later: {claim['later'].lower()}{figure}")
    # Where nothing was shown there was nothing to follow.
    elif claim["later"] and "nothing" not in claim["later_because"]:
        reasons.append(f"Later: cannot tell, {claim['later_because']}")
    number, interval = with_interval(
        claim["estimate"], claim["low"], claim["high"], unit
    )
    return {
        **claim,
        "number": in_unit(number, unit, units).partition(" "),
        "interval": interval,
        "visible": significant(visible, 2),
        "reason": ". ".join(reasons),
        "chart": chart(drawn, marks, interest) if drawn else "",
        "behind": [_behind(row, units, periods) for row in rows],
    }


def _behind(row: Record, units: str, periods: Mapping[str, Period]) -> dict[str, str]:
    """Return a row behind a claim as it is printed."""
    unit = row["unit_of_measure"]
    what = row["what"]
    names = {"primary": "main figure", "shown": "also reported"}
    name = str(names.get(what, row["name"]))
    if row.get("study"):
        name = f"{name}, study of {row['study']}"
    label = period_label(row["period"], periods)
    if row.get("figures"):
        label = f"{label} (figures of {row['figures']})"
    number, interval = with_interval(
        row["estimate"], row["conf_low"], row["conf_high"], unit
    )
    number = f"{in_unit(number, unit, units)} {interval}".strip()
    says = {
        "placebo": "a placebo",
        "later": "decides nothing",
        "change": "tells whether it held up",
    }.get(what, "")
    if row["against"]:
        says = "otherwise"
    return {
        "name": name,
        "period": label,
        "number": number,
        "says": says,
        "estimate_id": row["estimate_id"],
    }


def chart(
    rows: Sequence[Record], marks: Sequence[float], interest: float | None
) -> Markup:
    """Draw the main row and its checks against zero or a threshold; what says otherwise
    is hollow.
    """
    low, high = _reach(rows, marks, interest)
    chart_height = TOP + STEP * (len(rows) + 0.6) + FOOT

    def at(value: float) -> str:
        share = (min(max(value, low), high) - low) / (high - low)
        return f"{MARGIN + (WIDTH - 2 * MARGIN) * share:.1f}"

    floor = f"{chart_height - FOOT:.1f}"
    parts = []
    if interest:
        band = f"M{at(-interest)} 0H{at(interest)}V{floor}H{at(-interest)}z"
        parts.append(f'<path class="band" d="{band}"/>')
    parts += [f'<path class="mark" d="M{at(mark)} 0V{floor}"/>' for mark in marks]
    for number, row in enumerate(rows):
        # The main row stands first and a little apart from its checks.
        y = f"{TOP + (STEP * (number + 0.6) if number else 0):.1f}"
        kind = "against" if row["against"] else "check"
        if row["what"] == "primary":
            kind = "main"
        left = row["conf_low"]
        right = row["conf_high"]
        if left is not None or right is not None:
            # An end that does not exist runs to the edge of the chart.
            start = at(low if left is None else left)
            end = at(high if right is None else right)
            parts.append(f'<path class="{kind}" d="M{start} {y}H{end}"/>')
        parts.append(
            f'<circle class="{kind}" cx="{at(row["estimate"])}" cy="{y}"'
            f' r="{2.4 if number else 4}"/>'
        )
    parts.append(f'<path class="axis" d="M{MARGIN} {floor}H{WIDTH - MARGIN:g}"/>')
    parts += [
        f'<text x="{at(tick)}" y="{chart_height - 5:.1f}">{text}</text>'
        for tick, text in _ticks(low, high)
    ]
    opened = (
        f'<svg class="strip" viewBox="0 0 {WIDTH:g} {chart_height:.1f}" width="{WIDTH:g}"'
        f' height="{chart_height:.1f}"'
    )
    return Markup(f'{opened} aria-hidden="true">{"".join(parts)}</svg>')  # numbers only


def _reach(
    rows: Sequence[Record], marks: Sequence[float], interest: float | None
) -> tuple[float, float]:
    """Return the ends of the axis: all estimates and the main interval, the other
    intervals as far as they fit.
    """
    estimates = [row["estimate"] for row in rows]
    intervals = [[row["conf_low"], row["conf_high"]] for row in rows]
    core = [*marks, *estimates, *_numbers(intervals[:1])]
    core += [-interest, interest] if interest else []
    low = min(core)
    high = max(core)
    # A wide interval of a check must not flatten the main one: twice the range at most.
    room = (high - low) or abs(high) or 1.0
    values = [*estimates, *_numbers(intervals)]
    low = min(low, max(min(values), low - room))
    high = max(high, min(max(values), high + room))
    pad = 0.04 * (high - low)  # so that no circle is cut
    return low - pad, high + pad


def _numbers(intervals: Iterable[Sequence[float | None]]) -> list[float]:
    return [end for end in chain.from_iterable(intervals) if end is not None]


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return two to four round numbers of an axis, each with its text."""
    rough = (high - low) / 3
    size = 10.0 ** math.floor(math.log10(rough))
    # 1, 2 or 5 times a power of ten: the first that makes at most three steps.
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))  # of the step
    multiples = range(math.ceil(low / step), math.floor(high / step) + 1)
    ticks = [step * count for count in multiples]
    return [(tick, f"{tick:.{decimals}f}".replace("-", MINUS)) for tick in ticks]

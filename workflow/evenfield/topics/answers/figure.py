"""F21: the primary questions in multiples of the effect of interest, with the smallest
effect that each could show.
"""

from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, INK, PALE, WIDTH, use_style
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.numbers import fixed, interval
from evenfield.shared.tables.rows import records
from evenfield.topics.answers.table import answered

AXIS = (
    "multiples of the effect of interest, positive as claimed (log scale beyond"
    " \u00b11)"
)
STEPS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
ROW_HEIGHT = 0.36
MARGIN = 0.95
LETTERS = 50


def f21(facts: Facts) -> Artwork:
    """Draw each primary estimate with its interval, the band of no interest and the
    smallest visible effect.
    """
    shown = _shown(answered(facts, "hypotheses", "F21")["hypotheses"])
    if shown.empty:
        raise nothing_to_show(
            "primary questions with an effect of interest", "hypotheses", "F21"
        )
    use_style()
    tall = MARGIN + ROW_HEIGHT * max(len(shown), 3)
    heights = np.arange(len(shown))
    figure, axes = plt.subplots(figsize=(WIDTH, tall))
    figure.subplots_adjust(
        left=0.40, right=0.87, top=1 - 0.12 / tall, bottom=0.78 / tall
    )
    axes.axvspan(-1, 1, color=PALE, zorder=0, linewidth=0)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    axes.set_xscale("symlog", linthresh=1.0, linscale=1.0)
    axes.hlines(heights, shown["low"], shown["high"], color=INK, linewidth=1.2)
    axes.plot(shown["estimate"], heights, "o", color=INK, markersize=3.6, linestyle="")
    axes.plot(
        shown["smallest_visible"],
        heights,
        "|",
        color=ACCENT,
        markersize=7,
        markeredgewidth=1.4,
        linestyle="",
    )
    labels = [
        "\n".join(wrap(row["statement"].rstrip("."), LETTERS)) for row in records(shown)
    ]
    axes.set_yticks(heights, labels, fontsize=6.5, ha="left")
    axes.tick_params(axis="y", length=0, pad=0.385 * WIDTH * 72)
    for number, answer in enumerate(shown["answer"]):
        axes.text(
            1.03,
            number,
            answer,
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=6.5,
        )
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(AXIS)
    largest = float(
        np.nanmax(
            np.abs(
                shown[["estimate", "low", "high", "smallest_visible"]].to_numpy(float)
            )
        )
    )
    steps = [step for step in STEPS if step <= max(largest, 3.0)]
    ticks = [*(-step for step in reversed(steps)), 0.0, *steps]
    axes.set_xticks(ticks, [fixed(tick, 0) for tick in ticks])
    axes.set_xticks([], minor=True)
    keys: list[Any] = [
        Line2D(
            [], [], color=INK, marker="o", markersize=3.6, label="estimate and interval"
        ),
        Line2D(
            [],
            [],
            color=ACCENT,
            marker="|",
            markersize=8,
            linestyle="",
            label="smallest effect it could show",
        ),
        Patch(color=PALE, label="too small to be of interest"),
    ]
    figure.legend(
        handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0)
    )
    parts = [
        f"{row['statement'].rstrip('.')}: {fixed(row['estimate'], 1)}"
        f" {interval(row['low'], row['high'], 1)}".rstrip()
        + f", could show {fixed(row['smallest_visible'], 1)}, {row['answer']}"
        for row in records(shown)
    ]
    alt = (
        f"Primary estimates in multiples of the effect of interest. {'; '.join(parts)}."
    )
    return Artwork(figure, shown, alt)


FIGURES = {"F21": f21}


def _shown(questions: list[dict[str, Any]]) -> pd.DataFrame:
    """Turn each question so that positive is as claimed and divide it by its effect of
    interest.
    """
    lines = []
    for row in questions:
        if row["interest"] is not None and row["estimate"] is not None:
            sign = 1 if row["sign"] == "+" else -1
            answer_row = {
                name: row[name] for name in ("id", "statement", "estimate_id")
            } | {"answer": row["answer"].lower()}
            ends = ("low", "high") if sign > 0 else ("high", "low")
            numbers = dict(
                zip(("low", "high"), (row[end] for end in ends), strict=True)
            ) | {"estimate": row["estimate"]}
            turned = {
                name: sign * value / row["interest"]
                for name, value in numbers.items()
                if value is not None
            }
            visible = row["smallest_visible"]
            size = {
                "smallest_visible": (
                    None if visible is None else visible / row["interest"]
                )
            }
            lines.append({**answer_row, "low": None, "high": None, **turned, **size})
    frame = pd.DataFrame(lines)
    return (
        frame.astype(
            dict.fromkeys(("estimate", "low", "high", "smallest_visible"), float)
        )
        if lines
        else frame
    )

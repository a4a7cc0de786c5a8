"""F20: the estimates of all specifications, a panel for each question and a row of bars
for each period.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from evenfield.shared.figures import (
    ACCENT,
    FAINT,
    INK,
    REFERENCE,
    SMALL,
    WIDTH,
    Artwork,
    heading,
    key_below,
    line_key,
    names_for_rows,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    MINUS,
    Row,
    fixed,
    nothing_to_show,
    only,
    p_value,
    pick,
)
from evenfield.study.files import Record

ROW_HEIGHT = 0.25
PANEL = 0.64  # inches of title and axis
BARS = 60
HIGHEST = 0.8  # of the highest bar, in rows
BARS_COLOUR = "#9AA1A9"
KINDS = {
    "own": "own {}",
    "exposure": "neighbours' {}",
    "regime": "initial income × neighbours' {}",
}
OUTCOMES = {"relative_log_income": "log points"}
TEXT = tuple("curve hypothesis outcome sample weights taxonomy controls reason".split())
AXES = "outcome unit_scheme sample weights taxonomy controls".split()
COLUMNS = """
    curve hypothesis period rank outcome unit_scheme sample weights taxonomy controls
    estimate conf_low conf_high p_value
""".split()


def f20(results: StudyResults) -> Artwork:
    """Draw how many specifications give each estimate, a panel for each question and a
    row for each period.
    """
    rows = _rows(results.series(text=TEXT))
    estimates = results.estimates()
    curves = results.config.estimates["specification_curve"]["curves"]
    drawn = [item for item in curves if rows["curve"].eq(item["id"]).any()]
    shown = [name for name in results.config.periods if rows["period"].eq(name).any()]
    panel = PANEL + ROW_HEIGHT * len(shown)
    tall = 0.45 + panel * len(drawn)
    edges = {
        "left": 0.1,
        "right": 0.755,
        "top": 1 - 0.25 / tall,
        "bottom": 0.75 / tall,
        "hspace": PANEL / (panel - PANEL),
    }
    figure, grid = panels(len(drawn), 1, (WIDTH, tall), edges)
    heads = []
    for period in shown:
        row = pick(estimates, period=period)
        heads.append(results.period(period, row.get("output_basis", "")))
    for axes, item in zip(grid[:, 0], drawn, strict=True):
        own = only(rows, curve=item["id"])
        _draw_counts(axes, own, shown)
        heading(axes, _row_title(item))
        axes.set_yticks(range(len(shown)), heads)
        for number, period in enumerate(shown):
            axes.text(
                1.02,
                number - 0.15,
                _verdict(estimates, item["id"], period),
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=SMALL,
            )
        unit = OUTCOMES.get(item["outcomes"][0], "percentage points a year")
        predicted = item["predicted"].replace("-", MINUS)
        axes.set_xlabel(f"{unit}; predicted sign {predicted}")
    _draw_key(figure)
    return Artwork(figure, rows, _describe(estimates, drawn))


FIGURES = {"F20": f20}


def _rows(series: pd.DataFrame) -> pd.DataFrame:
    rows = series[series["estimate"].notna()]
    if rows.empty:
        raise nothing_to_show("specification of the curves that is defined")
    keys = ["curve", "period"]
    # Equal estimates are ranked by their axes, whatever their order in the file.
    rows = rows.sort_values([*keys, "estimate", *AXES], ignore_index=True)
    return rows.assign(rank=rows.groupby(keys).cumcount() + 1)[COLUMNS]


def _row_title(item: Record) -> str:
    measure = "mean income" if item["outcomes"][0] in OUTCOMES else "growth"
    groups = item["contrast"].replace("sez", "SEZs").replace("cluster", "clusters")
    what = KINDS[item["kind"]].format(groups.replace(" - ", " minus "))
    words = f"{measure} on {what}"
    return words[:1].upper() + words[1:]


def _draw_counts(axes: Axes, rows: pd.DataFrame, periods: Sequence[str]) -> None:
    """Draw a row of bars for each period, as high as the specifications between two
    estimates are many; those whose interval leaves out zero stand below in colour.
    """
    # What lies beyond the middle 98 percent of all periods stands in the outer bars.
    low, high = np.quantile([*rows["estimate"], 0.0], [0.01, 0.99])
    edges = np.linspace(low, high, BARS + 1)
    apart = (rows["conf_low"] > 0) | (rows["conf_high"] < 0)
    inside = rows.assign(at=rows["estimate"].clip(low, high), apart=apart)
    counts = {
        period: [
            np.histogram(only(inside, period=period, apart=kind)["at"], edges)[0]
            for kind in (True, False)
        ]
        for period in periods
    }
    most = max(np.sum(both, axis=0).max() for both in counts.values())
    axes.axvline(0.0, **REFERENCE)
    for number, period in enumerate(periods):
        clear, others = (-HIGHEST * count / most for count in counts[period])
        foot = number + 0.3
        bars: Row = {"width": np.diff(edges), "align": "edge"}
        axes.bar(edges[:-1], clear, bottom=foot, color=ACCENT, **bars)
        axes.bar(edges[:-1], others, bottom=foot + clear, color=BARS_COLOUR, **bars)
        axes.axhline(foot, color=FAINT, linewidth=0.5, zorder=1)
        of_period = only(inside, period=period)
        if len(of_period):
            median = float(np.median(of_period["at"]))
            axes.plot(
                [median, median], [foot, foot - HIGHEST], color=INK, linewidth=1.0
            )
    axes.set_ylim(len(periods) - 0.6, -0.6)
    axes.set_xlim(low, high)
    names_for_rows(axes)


def _verdict(estimates: pd.DataFrame, curve: str, period: str) -> str:
    share = pick(estimates, spec_id=curve, period=period, effect_type="share")
    if not share:
        return "not defined"
    return f"{100 * share['estimate']:.0f}% as predicted, p {p_value(share['p_value'])}"


def _draw_key(figure: Figure) -> None:
    keys = [
        Patch(color=ACCENT, label="interval excludes zero"),
        Patch(color=BARS_COLOUR, label="interval includes zero"),
        line_key("median", color=INK, linewidth=1.0),
    ]
    key_below(figure, keys, handletextpad=0.5, columnspacing=1.4, handlelength=1.6)


def _describe(estimates: pd.DataFrame, drawn: Sequence[Record]) -> str:
    parts = []
    for item in drawn:
        whole = only(estimates, spec_id=item["id"], period="all")
        share = pick(whole, effect_type="share")
        median = pick(whole, effect_type="median")
        parts.append(
            f"{item['hypothesis']} ({item['id']}): {share['n_obs']} specifications,"
            f" median {fixed(median['estimate'])}, {100 * share['estimate']:.0f}"
            f" percent with the predicted sign, joint p {p_value(share['p_value'])}"
        )
    return f"Specification curves by question and period. {'; '.join(parts)}."

"""F10: Moran's I over time above, and below the strip of local Moran, one row for each
unit.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import (
    FAINT,
    INK,
    PALE,
    WIDTH,
    series_mark,
    use_style,
)
from evenfield.shared.figures.timeline import (
    Ending,
    draw_line,
    draw_path,
    name_endings,
    shade_proxy,
    stretches,
    year_axis,
)
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import TEXT, only, pick
from evenfield.shared.tables.units import count_of

QUADRANTS = {
    "HH": ("#B5392F", "xxxx", "high among high"),
    "LL": ("#1F7A8C", "////", "low among low"),
    "HL": ("#E2952B", "\\\\\\\\", "high among low"),
    "LH": ("#3A2357", "", "low among high"),
}
INCOME = "log_income"
NONE = "none"
LABEL_SHARE = 0.17
# rows that can be read; more of them share the height of so many and have no name
MOST_NAMES = 60


def f10(facts: Facts) -> Artwork:
    """Draw spatial association of income over time, and the local Moran of every unit."""
    spec = str(facts.primary()["id"])
    rate = float(facts.primary().get("discovery_rate", 0.05))
    series = only(facts.series(text=(*TEXT, "controls", "quadrant")), spec_id=spec)
    paths = only(series, kind="moran", variable=INCOME)
    if paths.empty:
        raise nothing_to_show(f"Moran's I of specification {spec}", "moran", "F10")
    use_style()
    growth = only(series, kind="moran", variable="growth", controls=NONE)
    local = only(series, kind="local", variable=INCOME)
    strip = 0.082 * min(local["unit"].nunique(), MOST_NAMES) + 0.2
    size = (WIDTH, 0.85 + 2.0 + strip)
    figure, (above, below) = plt.subplots(
        2, 1, figsize=size, height_ratios=(2.0, strip), sharex=False
    )
    figure.subplots_adjust(
        left=0.06,
        right=1 - LABEL_SHARE,
        top=1 - 0.25 / size[1],
        bottom=0.48 / size[1],
        hspace=0.2,
    )
    _draw_moran(above, paths, growth)
    _draw_strip(below, local, rate, facts)
    below.set_xticks(above.get_xticks())
    below.set_xlim(above.get_xlim())
    keys = [
        Patch(facecolor=c, hatch=hatch, edgecolor="white", label=name)
        for c, hatch, name in QUADRANTS.values()
    ]
    keys.append(
        Patch(facecolor=FAINT, alpha=0.5, label="pale: not told apart from chance")
    )
    spacing = {"columnspacing": 1.2, "handlelength": 1.4, "handletextpad": 0.5}
    figure.legend(
        handles=keys, loc="lower center", ncols=5, bbox_to_anchor=(0.5, 0.0), **spacing
    )
    data = pd.concat([only(series, kind="moran"), local])
    return Artwork(figure, data, _describe(paths, local, rate, facts.words))


FIGURES = {"F10": f10}


def _draw_moran(axes: Axes, paths: pd.DataFrame, growth: pd.DataFrame) -> None:
    plain = only(paths, controls=NONE).sort_values("year")
    for part in stretches(plain):
        band: dict[str, Any] = {
            "color": series_mark(0).colour,
            "alpha": 0.13,
            "linewidth": 0,
        }
        axes.fill_between(part["year"], part["band_low"], part["band_high"], **band)
        draw_line(axes, part["year"], part["expected"], color=FAINT, linewidth=0.8)
    by_controls = sorted(paths.groupby("controls"), key=lambda item: item[0] != NONE)
    lines = [
        (_name(str(controls)), part.sort_values("year"))
        for controls, part in by_controls
    ]
    lines += [("growth", growth.sort_values("year"))] if len(growth) else []
    endings = []
    for number, (name, part) in enumerate(lines):
        mark = series_mark(number)
        draw_path(axes, part, "value", mark, 1.8 if number == 0 else 1.0)
        endings.append(Ending(float(part["value"].iloc[-1]), name, mark.colour))
    drawn = [part["value"] for _, part in lines] + [
        plain["band_low"],
        plain["band_high"],
    ]
    values = np.concatenate([column.to_numpy(float) for column in drawn])
    pad = 0.08 * max(float(np.nanmax(values) - np.nanmin(values)), 1e-6)
    axes.set_ylim(np.nanmin(values) - pad, np.nanmax(values) + 1.8 * pad)
    year_axis(axes, plain["year"].astype(int).tolist())
    # Every column of the strip below is one observation wide, so the years keep half of
    # it at both ends.
    step = _step(plain)
    axes.set_xlim(
        float(plain["year"].min()) - step / 2, float(plain["year"].max()) + step / 2
    )
    shade_proxy(axes, plain)
    name_endings(axes, float(plain["year"].max()) + step / 2, endings, lines=2)
    axes.set_title("Moran's I (band: permutations over all years, income)")


def _name(controls: str) -> str:
    return (
        "income"
        if controls == NONE
        else f"income, net of\n{controls.rstrip('0123456789').replace('_', ' ')}"
    )


def _step(frame: pd.DataFrame) -> float:
    years = np.sort(frame["year"].astype(float).unique())
    return float(np.diff(years).min()) if len(years) > 1 else 1.0


def _draw_strip(axes: Axes, local: pd.DataFrame, rate: float, facts: Facts) -> None:
    significant = local[local["q_value"].le(rate)]
    last = local[local["year"].eq(local["year"].max())].sort_values(
        "value", ascending=False
    )
    often = significant.groupby("unit").size()
    rank = {"HH": 0, "HL": 1, "LH": 2, "LL": 3}
    kind = dict(zip(last["unit"], last["quadrant"], strict=True))
    order = sorted(
        last["unit"],
        key=lambda unit: (-int(often.get(unit, 0)), rank.get(kind[unit], 4), unit),
    )
    row_of_unit = {unit: i for i, unit in enumerate(order)}
    step = _step(local)
    few = len(order) <= MOST_NAMES
    left = float(local["year"].min()) - step / 2
    right = float(local["year"].max()) + step / 2
    axes.add_patch(
        Rectangle((left, -0.5), right - left, len(order), facecolor=PALE, linewidth=0)
    )
    known = local[local["quadrant"].isin(list(QUADRANTS))].sort_values(["unit", "year"])
    known = known.assign(
        clear=known["q_value"].le(rate), years=known["year"].diff().eq(step)
    )
    same = (
        known[["unit", "quadrant", "clear"]]
        .eq(known[["unit", "quadrant", "clear"]].shift())
        .all(axis=1)
    )
    for _, run in known.groupby((~(same & known["years"])).cumsum()):
        colour, hatch, _ = QUADRANTS[run["quadrant"].iloc[0]]
        style: dict[str, Any] = (
            {"hatch": hatch, "edgecolor": "white"}
            if run["clear"].iloc[0]
            else {"alpha": 0.16}
        )
        corner = (
            float(run["year"].iloc[0]) - step / 2,
            row_of_unit[run["unit"].iloc[0]] - 0.44,
        )
        axes.add_patch(
            Rectangle(
                corner,
                step * len(run),
                0.88 if few else 1.0,
                facecolor=colour,
                linewidth=0,
                **style,
            )
        )
    for i in range(1, len(order) if few else 0):
        axes.axhline(i - 0.5, color="white", linewidth=0.5)
    axes.set_ylim(len(order) - 0.5, -0.5)
    names = [facts.label(unit) for unit in order] if few else []
    axes.set_yticks(range(len(names)), names, fontsize=4.8 if len(order) > 24 else 6.0)
    axes.tick_params(axis="y", length=0, pad=1.5)
    axes.spines["left"].set_visible(False)
    axes.set_title(
        f"Local Moran of income, false discovery rate {100 * rate:.0f}% within each"
        " year",
        color=INK,
    )


def _describe(
    paths: pd.DataFrame, local: pd.DataFrame, rate: float, study: Mapping[str, Any]
) -> str:
    plain = only(paths, controls=NONE)
    first = int(plain["year"].min())
    last = int(plain["year"].max())
    ends = [fixed(pick(plain, year=year)["value"], 2) for year in (first, last)]
    above = plain["value"].gt(plain["band_high"])
    significant = local[local["q_value"].le(rate)]
    final = significant[significant["year"].eq(last)]
    proxy = plain.loc[plain["basis"].eq("proxy"), "year"]
    shaded = f" Years to {int(proxy.max())} rest on proxy output." if len(proxy) else ""
    return (
        f"Moran's I of income was {ends[0]} in {first} and {ends[1]} in {last}, above"
        f" its band in {int(above.sum())} of {len(plain)} years. A local Moran is told"
        f" apart from chance for {count_of(int(final['unit'].nunique()), study)} in"
        f" {last} and for {count_of(int(significant['unit'].nunique()), study)} in some"
        f" year.{shaded}"
    )

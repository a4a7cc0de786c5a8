"""F13: own and neighbours' coefficients by period, and neighbours' zones against the equivalence band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, INK, MARKS, PALE, SOFT, WIDTH, use_style
from evenfield.shared.tables.notes import period_with_basis
from evenfield.shared.tables.numbers import fixed, interval
from evenfield.shared.tables.rows import only, pick
from evenfield.shared.tables.units import period_label
from evenfield.study.errors import ArtifactError

PANELS = {
    "own": "Own, pp/yr",
    "exposure": "Neighbours', pp/yr, exposure 0 to 1",
    "equivalence": "SEZs next door, per s.d.",
}
LINES = {"cluster": "clusters", "sez": "SEZs", "difference": "clusters minus SEZs"}
COLOURS = {"cluster": MARKS["cluster only"].colour, "sez": MARKS["SEZ only"].colour, "difference": INK}
SHAPES = {"cluster": MARKS["cluster only"].marker, "sez": MARKS["SEZ only"].marker, "difference": "o"}
OFFSET, ROW_HEIGHT = 0.24, 0.52


def f13(facts: Facts) -> Artwork:
    """Draw the coefficients of the primary specification by period."""
    shown, periods = facts.shown("main", "span"), facts.config["periods"]
    rows = _rows(facts.series(), facts.primary(), shown)
    use_style()
    size = (WIDTH, 1.0 + ROW_HEIGHT * len(shown))
    figure, panels = plt.subplots(1, len(PANELS), figsize=size, sharey=True, width_ratios=(1.0, 1.35, 0.8))
    figure.subplots_adjust(left=0.125, right=0.985, top=1 - 0.26 / size[1], bottom=0.66 / size[1], wspace=0.06)
    for axes, panel in zip(panels, PANELS, strict=True):
        _draw_panel(axes, rows[rows["panel"].eq(panel)], shown)
        axes.set_title(PANELS[panel])
    basis = {name: str(pick(rows, period=name).get("output_basis", "")) for name in shown}
    names = [period_with_basis(name, basis[name], periods).replace(" ", "\n", 1) for name in shown]
    panels[0].set_yticks(range(len(shown)), names)
    panels[0].set_ylim(len(shown) - 0.5, -0.5)
    _draw_key(figure, facts.power)
    return Artwork(figure, rows, _describe(rows, shown, periods))


FIGURES = {"F13": f13}


def _rows(series: pd.DataFrame, spec: Mapping[str, Any], shown: Sequence[str]) -> pd.DataFrame:
    """Return the coefficients that the figure shows."""
    chosen = only(series, spec_id=spec["id"], treatment_def=spec["taxonomy"], w_id=spec["weights"], sample_id="all")
    chosen = chosen[chosen["period"].isin(list(shown)) & chosen["effect_type"].isin(["coef", "tost"])]
    if chosen.empty:
        raise ArtifactError(
            f"no exposure coefficients of specification {spec['id']}",
            "its series in the exposure topic",
            "add it to estimates.exposure or remove F13 from `figures`",
        )
    panel = chosen["term"].str.partition("_")[0].where(chosen["effect_type"].eq("coef"), "equivalence")
    line = chosen["term"].str.partition("_")[2].where(chosen["contrast"].eq(""), "difference")
    order = chosen["period"].map({name: i for i, name in enumerate(shown)})
    rows = chosen.assign(panel=panel, line=line, order=order)
    return rows.sort_values(["panel", "order", "line"], ignore_index=True).drop(columns="order")


def _draw_panel(axes: Axes, rows: pd.DataFrame, shown: Sequence[str]) -> None:
    sesoi = float(rows["sesoi"].max()) if len(rows) else 0.0
    axes.axvspan(-sesoi, sesoi, color=PALE, zorder=0, linewidth=0)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    for i in range(len(shown) - 1):
        axes.axhline(i + 0.5, color=PALE, linewidth=0.6, zorder=0)
    offsets = {line: (i - 1) * OFFSET for i, line in enumerate(LINES)}
    marks = rows.assign(height=rows["period"].map(list(shown).index) + rows["line"].map(offsets))
    colours = marks["line"].map(COLOURS)
    axes.hlines(marks["height"], marks["conf_low"], marks["conf_high"], color=colours, linewidth=1.3)
    style = {"hue": "line", "palette": COLOURS, "legend": False, "ax": axes}
    sns.scatterplot(marks, x="estimate", y="height", style="line", markers=SHAPES, s=20, linewidth=0, zorder=4, **style)
    for sign in (-1, 1):
        reach = marks.assign(mde=sign * marks["mde"])
        sns.scatterplot(reach, x="mde", y="height", marker="|", s=36, linewidth=0.9, alpha=0.75, **style)
    axes.set(xlabel="", ylabel="")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.03)


def _draw_key(figure: Any, power: float) -> None:
    keys: list[Any] = [
        Line2D([], [], color=COLOURS[line], marker=SHAPES[line], label=name) for line, name in LINES.items()
    ]
    detectable = f"detectable with {power:.0%} power"
    keys.append(Line2D([], [], color=SOFT, marker="|", markersize=7, linestyle="", label=detectable))
    keys.append(Patch(color=PALE, label="below the effect of interest"))
    spacing = {"handletextpad": 0.5, "columnspacing": 1.4, "handlelength": 1.6}
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0), **spacing)


def _describe(rows: pd.DataFrame, shown: Sequence[str], periods: Mapping[str, Any]) -> str:
    found = [pick(rows, panel="exposure", line="difference", period=name) for name in shown]
    bands = [row for name in shown if (row := pick(rows, panel="equivalence", period=name))]
    parts = [
        f"{period_label(row['period'], periods)} {fixed(row['estimate'], 1)} "
        f"{interval(row['conf_low'], row['conf_high'], 1)}, detectable {fixed(row['mde'], 1)}"
        for row in found
        if row
    ]
    inside = [row for row in bands if row["conf_low"] > -row["sesoi"] and row["conf_high"] < row["sesoi"]]
    named = ", ".join(period_label(row["period"], periods) for row in inside) or "in no period"
    tested = f" Neighbours' SEZs within the equivalence band: {named}." if bands else ""
    return (
        "Coefficients of own and neighbours' clusters and SEZs by period with intervals. Neighbours' clusters minus "
        f"neighbours' SEZs, pp a year: {'; '.join(parts)}.{tested}"
    )

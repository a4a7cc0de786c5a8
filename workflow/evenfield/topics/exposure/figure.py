"""F13: own and neighbours' coefficients by period, and neighbours' zones against the equivalence band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

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
LINES = (
    ("cluster", "clusters", MARKS["cluster only"].colour, MARKS["cluster only"].marker),
    ("sez", "SEZs", MARKS["SEZ only"].colour, MARKS["SEZ only"].marker),
    ("difference", "clusters minus SEZs", INK, "o"),
)
OFFSET, ROW_HEIGHT = 0.24, 0.52


def coefficient_rows(
    series: pd.DataFrame, spec: Mapping[str, Any], shown: Sequence[str], sample: str = "all"
) -> pd.DataFrame:
    """Return the coefficients that the figure shows."""
    chosen = only(series, spec_id=spec["id"], treatment_def=spec["taxonomy"], w_id=spec["weights"], sample_id=sample)
    chosen = chosen[chosen["period"].isin(list(shown)) & chosen["effect_type"].isin(["coef", "tost"])]
    if chosen.empty:
        raise ArtifactError(f"no exposure coefficients of specification {spec['id']}", "its series in the exposure "
                            "family", "add it to estimates.exposure or remove F13 from `figures`")  # fmt: skip
    panel = chosen["term"].str.partition("_")[0].where(chosen["effect_type"].eq("coef"), "equivalence")
    line = chosen["term"].str.partition("_")[2].where(chosen["contrast"].eq(""), "difference")
    order = chosen["period"].map({name: place for place, name in enumerate(shown)})
    rows = chosen.assign(panel=panel, line=line, order=order)
    return rows.sort_values(["panel", "order", "line"], ignore_index=True).drop(columns="order")


def draw_exposure(rows: pd.DataFrame, shown: Sequence[str], periods: Mapping[str, Any], power: float) -> Artwork:
    """Draw the coefficients by period."""
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
    _draw_key(figure, power)
    return Artwork(figure, rows, _describe(rows, shown, periods))


def _draw_panel(axes: Axes, rows: pd.DataFrame, shown: Sequence[str]) -> None:
    sesoi = float(rows["sesoi"].max()) if len(rows) else 0.0
    axes.axvspan(-sesoi, sesoi, color=PALE, zorder=0, linewidth=0)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    for place in range(len(shown) - 1):
        axes.axhline(place + 0.5, color=PALE, linewidth=0.6, zorder=0)
    for place, (line, _, colour, marker) in enumerate(LINES):
        chosen = rows[rows["line"].eq(line)].set_index("period").reindex(list(shown))
        height = np.arange(len(shown)) + (place - 1) * OFFSET
        axes.hlines(height, chosen["conf_low"], chosen["conf_high"], color=colour, linewidth=1.3)
        axes.plot(chosen["estimate"], height, marker, color=colour, markersize=4.2, linestyle="", zorder=4)
        for sign in (-1, 1):
            axes.plot(sign * chosen["mde"], height, "|", color=colour, markersize=6, markeredgewidth=0.9, alpha=0.75)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.03)


def _draw_key(figure: Any, power: float) -> None:
    keys: list[Any] = [Line2D([], [], color=colour, marker=marker, label=name) for _, name, colour, marker in LINES]
    detectable = f"detectable with {power:.0%} power"
    keys.append(Line2D([], [], color=SOFT, marker="|", markersize=7, linestyle="", label=detectable))
    keys.append(Patch(color=PALE, label="below the effect of interest"))
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0), handletextpad=0.5,
                  columnspacing=1.4, handlelength=1.6)  # fmt: skip


def _describe(rows: pd.DataFrame, shown: Sequence[str], periods: Mapping[str, Any]) -> str:
    found = [pick(rows, panel="exposure", line="difference", period=name) for name in shown]
    bands = [pick(rows, panel="equivalence", period=name) for name in shown]
    parts = [
        f"{period_label(row['period'], periods)} {fixed(row['estimate'], 1)} "
        f"{interval(row['conf_low'], row['conf_high'], 1)}, detectable {fixed(row['mde'], 1)}"
        for row in found if row
    ]  # fmt: skip
    inside = [period_label(row["period"], periods) for row in bands if row and _inside(row)]
    tested = (
        f" Neighbours' SEZs within the equivalence band: {', '.join(inside) or 'in no period'}." if any(bands) else ""
    )
    return (
        "Coefficients of own and neighbours' clusters and SEZs by period with intervals. Neighbours' clusters minus "
        f"neighbours' SEZs, pp a year: {'; '.join(parts)}.{tested}"
    )


def _inside(row: Mapping[str, Any]) -> bool:
    return bool(row["conf_low"] > -row["sesoi"] and row["conf_high"] < row["sesoi"])

"""F19: coefficient of the neighbours' intensity by the moderator, with where the units are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, INK, MARKS, PALE, SOFT, WIDTH, use_style
from evenfield.shared.tables.numbers import fixed, interval
from evenfield.shared.tables.rows import records
from evenfield.study.errors import ArtifactError

HEIGHT, RUG = 2.9, 0.045


def linkage_panels(section: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """Choose the specifications shown: the primary one, then one with another intensity, same moderator."""
    specs = section["specs"]
    main = next((spec for spec in specs if spec.get("role") == "primary"), specs[0])
    kinds = {name: item["kind"].startswith("zones") for name, item in section["intensities"].items()}
    alike = [s for s in specs if all(s.get(key) == main.get(key) for key in ("moderator", "outcome", "rival"))]
    other = [spec for spec in alike if kinds[spec["intensity"]] != kinds[main["intensity"]]]
    chosen = [main, *other[:1]]
    panels = {spec["id"]: f"Neighbours' {spec['intensity'].replace('_', ' ')}" for spec in chosen}
    return panels, str(section["moderators"][main["moderator"]]["label"])


def linkage_rows(series: pd.DataFrame, shown: Sequence[str]) -> pd.DataFrame:
    """Return what the figure shows."""
    missing = [name for name in shown if not series["spec_id"].eq(name).any()]
    if missing:
        raise ArtifactError(f"no marginal effects of specification {missing[0]}", "its series in the linkage family",
                            "add it to estimates.linkage or remove F19 from `figures`")  # fmt: skip
    place = {name: i for i, name in enumerate(shown)}
    chosen = series[series["spec_id"].isin(list(shown))]
    order = chosen.assign(order=chosen["spec_id"].map(place))
    return order.sort_values(["order", "kind", "moderator", "label"], ignore_index=True).drop(columns="order")


def draw_linkage(rows: pd.DataFrame, panels: Mapping[str, str], moderator: str, level: float) -> Artwork:
    """Draw the marginal effects."""
    use_style()
    figure, axes = plt.subplots(1, len(panels), figsize=(WIDTH, HEIGHT), squeeze=False)
    figure.subplots_adjust(left=0.085, right=0.985, top=0.9, bottom=0.235, wspace=0.2)
    for place, (spec, title) in enumerate(panels.items()):
        mine = rows[rows["spec_id"].eq(spec)]
        _draw_panel(axes[0, place], mine)
        axes[0, place].set_title(title)
        axes[0, place].set_xlabel(moderator)
    axes[0, 0].set_ylabel("elasticity of income")
    _draw_key(figure, level)
    return Artwork(figure, rows, _describe(rows, panels, moderator))


def _draw_panel(axes: Axes, rows: pd.DataFrame) -> None:
    line, bins = rows[rows["kind"].eq("line")], rows[rows["kind"].eq("bin") & rows["estimate"].notna()]
    units, mark = rows[rows["kind"].eq("unit")], MARKS["cluster only"]
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    axes.fill_between(line["moderator_raw"], line["conf_low"], line["conf_high"], color=PALE, linewidth=0, zorder=0)
    axes.plot(line["moderator_raw"], line["estimate"], color=INK, zorder=3)
    axes.vlines(bins["moderator_raw"], bins["conf_low"], bins["conf_high"], color=mark.colour, linewidth=1.3, zorder=4)
    axes.plot(bins["moderator_raw"], bins["estimate"], mark.marker, color=mark.colour, markersize=4.6, zorder=5)
    axes.vlines(units["moderator_raw"], 0.0, RUG, color=SOFT, linewidth=0.7, transform=axes.get_xaxis_transform())
    axes.margins(x=0.02)


def _draw_key(figure: Any, level: float) -> None:
    mark = MARKS["cluster only"]
    keys: list[Any] = [
        Line2D([], [], color=INK, label="linear interaction"),
        Patch(color=PALE, label=f"its {level:.0%} interval"),
        Line2D([], [], color=mark.colour, marker=mark.marker, label="tercile, at its median"),
        Line2D([], [], color=SOFT, marker="|", markersize=6, linestyle="", label="one unit"),
    ]
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), bbox_to_anchor=(0.5, 0.0), handletextpad=0.5,
                  columnspacing=1.6, handlelength=1.6)  # fmt: skip


def _describe(rows: pd.DataFrame, panels: Mapping[str, str], moderator: str) -> str:
    parts = []
    for spec, title in panels.items():
        bins = rows[rows["spec_id"].eq(spec) & rows["kind"].eq("bin") & rows["estimate"].notna()]
        told = [f"{row['label']} {fixed(row['estimate'], 2)} {interval(row['conf_low'], row['conf_high'], 2)}"
                for row in records(bins)]  # fmt: skip
        parts.append(f"{title}: {', '.join(told)}")
    return (f"Elasticity of income to what neighbours hold in the terciles of the {moderator}, with intervals. "
            f"{'; '.join(parts)}.")  # fmt: skip

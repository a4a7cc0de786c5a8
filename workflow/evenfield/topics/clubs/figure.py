"""F7 and F8: relative transition paths with the heat map of shared clubs, and log t in every currency unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, INK, SOFT, WIDTH, Mark, series_mark, use_style
from evenfield.shared.figures.timeline import Ending, draw_path, name_endings, shade_proxy, stretches, year_axis
from evenfield.shared.tables.notes import period_with_basis
from evenfield.shared.tables.numbers import fixed, is_missing
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.units import count_of, in_words, short_name
from evenfield.study.errors import ArtifactError

HEAT = LinearSegmentedColormap.from_list("shared", ["#FFFFFF", "#B9D3D8", "#1F7A8C", "#3A2357"])
CRITICAL = -1.65
NAMED = 3
ALONE = Mark("#22262B", "#22262B", "v", (0, (1.2, 1.2)), "", "white")


def with_basis(frame: pd.DataFrame, description: Mapping[str, Any]) -> pd.DataFrame:
    """Add the basis of output to a frame by year."""
    proxy = (description.get("basis_years") or {}).get("proxy")
    years = frame["year"].astype(int)
    inside = years.between(proxy[0], proxy[1]) if proxy else years.lt(years.min())
    return frame.assign(year=years, basis=np.where(inside, "proxy", "official"))


def draw_clubs(series: pd.DataFrame, description: Mapping[str, Any], *, spec: str, study: Mapping[str, Any]) -> Artwork:
    """Draw relative transition paths by club and how often two units share a club."""
    mine = only(series, spec_id=spec)
    if not mine["kind"].eq("transition").any():
        raise ArtifactError(f"no transition paths of specification {spec}", "its series in the clubs family",
                            "add it to estimates.clubs or remove F7 from `figures`")  # fmt: skip
    use_style()
    paths = with_basis(mine[mine["kind"].isin(["transition", "club_mean"])], description)
    members = only(mine, kind="membership").sort_values(["club", "value", "unit"], ascending=[True, False, True])
    members = pd.concat([members[members["club"].ne(0)], members[members["club"].eq(0)]])
    figure = plt.figure(figsize=(WIDTH, 3.9))
    _draw_paths(figure.add_axes((0.05, 0.09, 0.38, 0.82)), paths)
    _draw_heat(figure, figure.add_axes((0.545, 0.09, 0.40, 0.82)), only(mine, kind="shared"), members)
    data = mine[mine["kind"].isin(["transition", "club_mean", "membership", "shared"])]
    return Artwork(figure, data, _describe(members, only(mine, kind="shared"), paths, study))


def _mark(club: int) -> Mark:
    return series_mark(club - 1) if club else ALONE


def _draw_paths(axes: Axes, paths: pd.DataFrame) -> None:
    units = paths[paths["kind"].eq("transition")]
    means = paths[paths["kind"].eq("club_mean")]
    for _, path in units.groupby("unit", sort=True):
        mark = _mark(int(path["club"].iloc[0]))
        for part in stretches(path):
            axes.plot(part["year"], part["value"], color=mark.colour, linewidth=0.5, alpha=0.45)
    axes.axhline(1.0, color=FAINT, linewidth=0.8, zorder=1)
    values = units["value"].to_numpy(float)
    pad = 0.05 * max(float(np.ptp(values)), 1e-6)
    axes.set_ylim(values.min() - pad, values.max() + 2 * pad)
    year_axis(axes, units["year"].tolist())
    shade_proxy(axes, units)
    name_endings(axes, float(units["year"].max()), [*_draw_means(axes, units, means), *_extremes(units)], size=6.5)
    axes.set_title("Trend of income relative to the mean")


def _draw_means(axes: Axes, units: pd.DataFrame, means: pd.DataFrame) -> list[Ending]:
    endings = []
    for club in sorted(means["club"].unique(), key=lambda club: (club == 0, club)):
        path = only(means, club=club)
        draw_path(axes, path, "value", _mark(int(club)), 2.2)
        count = units.loc[units["club"].eq(club), "unit"].nunique()
        name = f"club {int(club)}" if club else "in no club"
        last = float(path.sort_values("year")["value"].iloc[-1])
        endings.append(Ending(last, f"{name}: {count}", _mark(int(club)).colour))
    return endings


def _extremes(units: pd.DataFrame) -> list[Ending]:
    final = units[units["year"].eq(units["year"].max())].sort_values("value")
    shown = pd.concat([final.head(NAMED), final.tail(NAMED)]).drop_duplicates("unit")
    return [Ending(row["value"], short_name(row["unit"]), SOFT) for row in records(shown)]


def _draw_heat(figure: Any, axes: Axes, shared: pd.DataFrame, members: pd.DataFrame) -> None:
    order = members["unit"].tolist()
    square = shared.pivot(index="unit", columns="unit_j", values="value").reindex(index=order, columns=order)
    picture = axes.imshow(square.to_numpy(float), cmap=HEAT, vmin=0, vmax=1, aspect="equal", interpolation="nearest")
    size = 5.0 if len(order) <= 36 else 3.6
    names = [short_name(unit) for unit in order]
    axes.set_yticks(range(len(order)), names, fontsize=size)
    axes.set_xticks(range(len(order)), names, fontsize=size, rotation=90)
    axes.tick_params(length=0, pad=1.5)
    edges = np.flatnonzero(np.diff(members["club"].to_numpy(int))) + 0.5
    for edge in edges:
        axes.axhline(edge, color=ACCENT, linewidth=0.8)
        axes.axvline(edge, color=ACCENT, linewidth=0.8)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title("Share of variants in one club")
    bar = figure.colorbar(picture, ax=axes, fraction=0.035, pad=0.02, ticks=[0, 0.5, 1])
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=6.0, length=1.5)


def _describe(members: pd.DataFrame, shared: pd.DataFrame, paths: pd.DataFrame, study: Mapping[str, Any]) -> str:
    clubs = [club for club in sorted(members["club"].unique()) if club]
    parts = [f"club {int(club)} with {count_of(int(members['club'].eq(club).sum()), study)}" for club in clubs]
    alone = int(members["club"].eq(0).sum())
    parts += [f"{alone} in no club"] if alone else []
    years = paths["year"]
    proxy = paths.loc[paths["basis"].eq("proxy"), "year"]
    shaded = f" Years to {proxy.max()} rest on PROXY output." if len(proxy) else ""
    pairs = shared[shared["unit"].lt(shared["unit_j"])]
    firm = float(pairs["value"].isin([0.0, 1.0]).mean()) if len(pairs) else 1.0
    return (
        f"Relative transition paths of {count_of(len(members), study)}, {years.min()}\u2013{years.max()}: "
        f"{in_words(parts)}. Over all variants of the test, {fixed(100 * firm, 0)}% of pairs are always or never "
        f"in one club.{shaded}"
    )


def draw_currency(
    series: pd.DataFrame, estimates: pd.DataFrame, *, specs: Sequence[Mapping[str, Any]], periods: Mapping[str, Any]
) -> Artwork:
    """Draw the log t statistic of logs where the currency unit changes, with that of levels."""
    data = only(series, kind="currency")
    shown = [str(spec["id"]) for spec in specs if str(spec["id"]) in set(data.loc[data["value"].notna(), "spec_id"])]
    if not shown:
        raise ArtifactError("no log t statistics by currency unit", "the series of the clubs family",
                            "rerun the clubs family or remove F8 from `figures`")  # fmt: skip
    use_style()
    wide = min(len(shown), 3)
    high = -(-len(shown) // wide)
    size = (WIDTH, 0.85 + 2.05 * high)
    figure, grid = plt.subplots(high, wide, figsize=size, squeeze=False, sharex=True)
    figure.subplots_adjust(left=0.06, right=0.99, top=1 - 0.40 / size[1], bottom=0.5 / size[1], wspace=0.2, hspace=0.42)
    told = []
    for axes, spec in zip(grid.ravel(), shown, strict=False):
        levels = _levels(estimates, spec)
        _draw_currency(axes, only(data, spec_id=spec).sort_values("x"), levels)
        axes.set_title(_title(levels, periods), fontsize=7.5)
        told.append(_told(only(data, spec_id=spec), levels, periods))
    for axes in grid.ravel()[len(shown) :]:
        axes.axis("off")
    figure.supxlabel("currency unit multiplied by", fontsize=7.5, y=0.02, color=INK)
    figure.supylabel("t of log t", fontsize=7.5, x=0.005, color=INK)
    alt = f"The log t statistic of logs by currency unit, with that of levels. {'; '.join(told)}."
    return Artwork(figure, data[data["spec_id"].isin(shown)], alt)


def _levels(estimates: pd.DataFrame, spec: str) -> Row:
    rows = estimates[estimates["spec_id"].eq(spec) & estimates["estimator"].str.startswith("logt")
                     & estimates["outcome"].eq("relative_income")]  # fmt: skip
    ordered = sorted(records(rows), key=lambda row: int("".join(c for c in row["contrast"] if c.isdigit()) or 0))
    return ordered[len(ordered) // 2] if ordered else {}


def _title(levels: Row, periods: Mapping[str, Any]) -> str:
    if not levels:
        return ""
    sample = "" if levels["sample_id"] == "all" else f",\n{levels['sample_id'].replace('_', ' ')}"
    return period_with_basis(levels["period"], levels["output_basis"], periods) + sample


def _draw_currency(axes: Axes, line: pd.DataFrame, levels: Row) -> None:
    axes.set_xscale("log")
    axes.axhline(CRITICAL, color=ACCENT, linewidth=0.9, linestyle=(0, (1.2, 1.2)), zorder=1)
    known = line[line["value"].notna()]
    axes.plot(known["x"], known["value"], color=series_mark(0).colour, linewidth=1.5)
    one = pick(known[np.isclose(known["x"], 1.0)])
    if one:
        axes.plot(1.0, one["value"], "o", color=series_mark(0).colour, markersize=4)
    if not is_missing(levels.get("statistic")):
        axes.axhline(levels["statistic"], color=series_mark(1).colour, linestyle=series_mark(1).line, linewidth=1.3)
        _write(axes, 0.98, levels["statistic"], "levels", series_mark(1).colour)
    _write(axes, 0.02, CRITICAL, "\u22121.65", ACCENT, "left")
    if len(known):
        last = records(known)[0]
        axes.annotate("logs", (last["x"], last["value"]), (4, 4), textcoords="offset points",
                      color=series_mark(0).colour, fontsize=6.5)  # fmt: skip
    axes.margins(y=0.12)


def _write(axes: Axes, x: float, y: float, words: str, colour: str, side: str = "right") -> None:
    axes.annotate(words, (x, y), (0, 2), xycoords=axes.get_yaxis_transform(), textcoords="offset points", ha=side,
                  va="bottom", color=colour, fontsize=6.5)  # fmt: skip


def _told(line: pd.DataFrame, levels: Row, periods: Mapping[str, Any]) -> str:
    known = line.loc[line["value"].notna(), "value"]
    level = fixed(levels.get("statistic"), 1) if levels and not is_missing(levels["statistic"]) else "not defined"
    return (f"{_title(levels, periods).replace(chr(10), ' ')}: logs from {fixed(known.min(), 1)} to "
            f"{fixed(known.max(), 1)}, levels {level}")  # fmt: skip

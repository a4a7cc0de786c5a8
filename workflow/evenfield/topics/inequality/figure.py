"""F6: Theil T over time, stacked: what lies between groups of units and what lies
within each.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import MARKS, WIDTH, Mark, series_mark, use_style
from evenfield.shared.figures.timeline import (
    Ending,
    name_endings,
    shade_proxy,
    stretches,
    with_basis,
    year_axis,
)
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, pick
from evenfield.shared.tables.units import CELLS

MEASURE = "theil_t"
BETWEEN = "between groups"
DARK = Mark("#22262B", "#4A5058", "o", "-", "", "white")


def f6(facts: Facts) -> Artwork:
    """Draw Theil T by year, stacked, for the first grouping of units and the cells of
    the first taxonomy.
    """
    spec = str(facts.primary()["id"])
    estimated = facts.specs()[0]
    groupings = [*estimated.get("groupings", [])[:1]]
    groupings += [f"{name}: cell" for name in estimated.get("taxonomies", [])[:1]]
    series = only(facts.series(), spec_id=spec, measure=MEASURE)
    series = series[
        series["kind"].isin(["between", "within"]) & series["grouping"].isin(groupings)
    ]
    if series.empty:
        raise nothing_to_show(
            f"parts of Theil T in specification {spec}", "inequality", "F6"
        )
    use_style()
    longest = (
        series.groupby("period")["year"].nunique().sort_index(kind="stable").idxmax()
    )
    data = with_basis(only(series, period=longest), facts.description())
    # ASSUME: groups of one unit and other groups without inequality within are left out
    # of the stack: they are zero.
    shown = [name for name in groupings if data["grouping"].eq(name).any()]
    figure, panels = plt.subplots(
        1, len(shown), figsize=(WIDTH, 3.1), sharey=True, squeeze=False
    )
    figure.subplots_adjust(left=0.06, right=0.885, top=0.915, bottom=0.09, wspace=0.36)
    for axes, name in zip(panels.ravel(), shown, strict=True):
        _draw_stack(axes, only(data, grouping=name))
        axes.set_title(f"Theil T by {_title(name)}")
    return Artwork(figure, data, _describe(data, shown))


FIGURES = {"F6": f6}


def _title(name: str) -> str:
    return "group" if ": " in name else name.rstrip("0123456789").replace("_", " ")


def _layers(data: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    years = sorted(data["year"].unique())
    between = data[data["kind"].eq("between")].set_index("year")["value"].reindex(years)
    rank = {cell: number for number, cell in enumerate(CELLS)}
    names = sorted(
        data.loc[data["kind"].eq("within"), "group"].unique(),
        key=lambda name: (rank.get(name, 0), name),
    )
    within = {
        name: (
            only(data, kind="within", group=name)
            .set_index("year")["value"]
            .reindex(years)
        )
        for name in names
    }
    layers = [
        (f"within {name}", values)
        for name, values in within.items()
        if values.abs().max() > 0
    ]
    return [(BETWEEN, between), *layers]


def _layer_style(name: str, number: int) -> Mark:
    if name == BETWEEN:
        return DARK
    return MARKS.get(name.removeprefix("within "), series_mark(number - 1))


def _draw_stack(axes: Axes, data: pd.DataFrame) -> None:
    layers = _layers(data)
    base = pd.Series(0.0, index=layers[0][1].index)
    endings = []
    years = data[["year", "basis"]].drop_duplicates().sort_values("year")
    for number, (name, values) in enumerate(layers):
        top = base + values
        mark = _layer_style(name, number)
        style: dict[str, Any] = {
            "facecolor": mark.fill,
            "hatch": mark.hatch,
            "edgecolor": "white",
            "linewidth": 0.4,
            "alpha": 0.92,
        }
        for part in stretches(years):
            at = part["year"].tolist()
            axes.fill_between(at, base[at], top[at], **style)
        last = int(base.index.max())
        endings.append(
            Ending(
                float((base[last] + top[last]) / 2),
                name.replace(" ", "\n", 1),
                mark.colour,
            )
        )
        base = top
    axes.set_ylim(0, 1.14 * float(np.nanmax(base)))
    year_axis(axes, data["year"].tolist())
    shade_proxy(axes, years)
    name_endings(axes, float(data["year"].max()), endings, lines=2, size=6.0)


def _describe(data: pd.DataFrame, shown: Sequence[str]) -> str:
    first = int(data["year"].min())
    last = int(data["year"].max())
    parts = []
    for name in shown:
        ends = [
            pick(data, grouping=name, kind="between", year=year)
            for year in (first, last)
        ]
        shares = [f"{fixed(100 * row['share'], 0)}%" for row in ends]
        parts.append(
            f"between groups by {_title(name)} {shares[0]} of Theil T in {first} and"
            f" {shares[1]} in {last}"
        )
    rows = only(data, grouping=shown[0])
    totals = [
        fixed(rows.loc[rows["year"].eq(year), "value"].sum(), 3)
        for year in (first, last)
    ]
    proxy = data.loc[data["basis"].eq("proxy"), "year"]
    proxy_sentence = (
        f" Years to {proxy.max()} rest on proxy output." if len(proxy) else ""
    )
    return (
        f"Theil T was {totals[0]} in {first} and {totals[1]} in {last};"
        f" {'; '.join(parts)}.{proxy_sentence}"
    )

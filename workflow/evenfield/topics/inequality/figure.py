"""F6: Theil T over time, stacked: what lies between groups of units and what lies
within each.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.shared.facts import Facts
from evenfield.shared.figures.panels import panels, proxy_sentence
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import MARKS, WIDTH, Mark, series_mark
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
MOST_BANDS = 8  # that can be told apart, with the one between groups
OTHERS = "other groups"
BETWEEN = "between groups"
DARK = Mark(
    colour="#22262B",
    fill="#4A5058",
    marker="o",
    line="-",
    hatch="",
    ink="white",
)
EDGES = {
    "left": 0.06,
    "right": 0.885,
    "top": 0.915,
    "bottom": 0.09,
    "wspace": 0.36,
}


def f6(facts: Facts) -> Artwork:
    """Draw Theil T by year, stacked, for the first grouping of units and the cells of
    the first taxonomy.
    """
    spec = str(facts.primary()["id"])
    estimated = facts.specs()[0]
    groupings = estimated.get("groupings", [])[:1]
    groupings += [f"{name}: cell" for name in estimated.get("taxonomies", [])[:1]]
    series = only(facts.series(), spec_id=spec, measure=MEASURE)
    series = series[series["kind"].isin(["between", "within"])]
    series = series[series["grouping"].isin(groupings)]
    if series.empty:
        what = f"parts of Theil T in specification {spec}"
        raise nothing_to_show(what, "inequality", "F6")
    data = with_basis(_one_period_a_year(series), facts.description())
    # ASSUME: groups of one unit and other groups without inequality within are left out
    # of the stack: they are zero.
    shown = [name for name in groupings if data["grouping"].eq(name).any()]
    figure, grid = panels(
        1,
        len(shown),
        (WIDTH, 3.1),
        EDGES,
        sharey=True,
    )
    first = int(data["year"].min())
    last = int(data["year"].max())
    sentences = []
    for axes, name in zip(
        grid[0],
        shown,
        strict=True,
    ):
        own = only(data, grouping=name)
        # Cells are named "taxonomy: cell"; a column such as region4 loses its number.
        title = "group" if ": " in name else name.rstrip("0123456789").replace("_", " ")
        _draw_stack(axes, own)
        axes.set_title(f"Theil T by {title}")
        between = only(own, kind="between")
        shares = [
            f"{fixed(100 * pick(between, year=year)['share'], 0)}%"
            for year in (first, last)
        ]
        sentences.append(
            f"between groups by {title} {shares[0]} of Theil T in {first} and"
            f" {shares[1]} in {last}"
        )
    # The parts of any grouping add up to the whole.
    total = only(data, grouping=shown[0]).groupby("year")["value"].sum()
    description = (
        f"Theil T was {fixed(total[first], 3)} in {first} and {fixed(total[last], 3)}"
        f" in {last}; {'; '.join(sentences)}.{proxy_sentence(data)}"
    )
    return Artwork(figure, data, description)


FIGURES = {"F6": f6}


def _one_period_a_year(series: pd.DataFrame) -> pd.DataFrame:
    """Return each year from the longest period that holds it: groups may differ between
    periods, never within one.
    """
    lengths = series.groupby("period")["year"].transform("nunique")
    order = series.assign(length=-lengths).sort_values(["length", "period"])
    first = order.groupby(["grouping", "year"])["period"].transform("first")
    return series[series["period"].eq(first.reindex(series.index))]


def _layers(data: pd.DataFrame) -> list[tuple[str, Mark, pd.Series]]:
    """Return name, mark and values by year of each layer, from the bottom up."""
    within = only(data, kind="within").pivot(
        index="year", columns="group", values="value"
    )
    between = only(data, kind="between").set_index("year")["value"]
    layers = [(BETWEEN, DARK, between.reindex(within.index))]
    # Cells in the order of all keys, other groups by name.
    rank = {cell: number for number, cell in enumerate(CELLS)}
    if len(within.columns) > MOST_BANDS - 1:
        # The largest parts on average, the others together.
        largest = within.mean().nlargest(MOST_BANDS - 2).index
        others = within.drop(columns=largest).sum(axis=1)
        within = within[largest].assign(**{OTHERS: others})
        rank[OTHERS] = 1
    groups = within.columns.astype(str)
    for name in sorted(groups, key=lambda name: (rank.get(name, 0), name)):
        if within[name].abs().max() > 0:
            mark = MARKS.get(name, series_mark(len(layers) - 1))
            layers.append((f"within {name}", mark, within[name]))
    return layers


def _draw_stack(axes: Axes, data: pd.DataFrame) -> None:
    years = data[["year", "basis"]].drop_duplicates().sort_values("year")
    last = int(years["year"].max())
    base = pd.Series(0.0, index=years["year"])
    endings = []
    for name, mark, values in _layers(data):
        top = base + values
        # A layer is cut where the basis of output changes.
        for part in stretches(years):
            at = part["year"].tolist()
            axes.fill_between(
                at,
                base[at],
                top[at],
                facecolor=mark.fill,
                hatch=mark.hatch,
                edgecolor="white",
                linewidth=0.4,
                alpha=0.92,
            )
        # Names stand in the middle of their layer.
        middle = float((base[last] + top[last]) / 2)
        endings.append(
            Ending(
                middle,
                name.replace(" ", "\n", 1),
                mark.colour,
            )
        )
        base = top
    axes.set_ylim(0, 1.14 * float(np.nanmax(base)))
    year_axis(axes, data["year"].tolist(), ticks=5)
    shade_proxy(axes, years, "proxy")
    name_endings(axes, last, endings, lines=2, size=6.0)

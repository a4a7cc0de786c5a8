"""F6: Theil T over time, stacked: what lies between groups of units and what lies
within each; F34: what lies inside parents.
"""

from collections.abc import Sequence
from textwrap import shorten

import pandas as pd
from matplotlib.axes import Axes

from evenfield.shared.figures import (
    FAINT,
    INK,
    MARKS,
    NARROW,
    SOFT,
    WIDTH,
    Artwork,
    Ending,
    Mark,
    draw_line,
    name_endings,
    panels,
    proxy_sentence,
    series_mark,
    shade_proxy,
    stretches,
    with_basis,
    year_axis,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import CELLS, bare_name, fixed, nothing_to_show, only, pick

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
MOST_PANELS = 6
ALONE = {"left": 0.12, "right": 0.555}  # one panel beneath the other
HEIGHT = 3.1  # inches of a row of panels
EDGES = {
    "left": 0.08,
    "right": 0.855,
    "wspace": 0.5,
    "hspace": 0.22,
}
LOWEST = 0.05  # of the highest year: the middle of the lowest name
LETTERS_BESIDE = 15  # of a group's name that the edges leave room for
ROOM = {"right": 0.83, "wspace": 0.58}  # beside longer ones
LETTERS = 18  # of a group's name; longer ones are cut


def f6(results: StudyResults) -> Artwork:
    """Draw Theil T by year, stacked, for each grouping of units and the cells of the
    first taxonomy.
    """
    spec = results.primary()
    groupings = list(spec.get("groupings", []))
    groupings += [f"{name}: cell" for name in spec.get("taxonomies", [])[:1]]
    series = only(results.series(), spec_id=spec["id"], measure=MEASURE)
    series = series[series["kind"].isin(["between", "within"])]
    series = series[series["grouping"].isin(groupings)]
    if series.empty:
        raise nothing_to_show(f"parts of Theil T in specification {spec['id']}")
    data = with_basis(
        _one_period_a_year(series, ["grouping", "year"]), results.description()
    )
    # ASSUME: groups of one unit and other groups without inequality within are left out
    # of the stack: they are zero.
    shown = [name for name in groupings if data["grouping"].eq(name).any()]
    shown = shown[:MOST_PANELS]
    data = data[data["grouping"].isin(shown)]
    # One beneath the other a phone shows two whole, and more take less of a page.
    columns = 1 if len(shown) <= 2 else 2
    narrow = columns == 1
    rows = -(-len(shown) // columns)
    tall = HEIGHT * rows
    margins = {"top": 1 - 0.32 / tall, "bottom": 0.3 / tall}
    names = [
        name.removeprefix("within ")
        for grouping in shown
        for name, _, _ in _layers(only(data, grouping=grouping))
    ]
    beside = ROOM if max(map(len, names)) > LETTERS_BESIDE else {}
    edges = EDGES | margins | (ALONE if narrow else beside)
    size = (NARROW if narrow else WIDTH, tall)
    figure, grid = panels(rows, columns, size, edges, sharey=True)
    for spare in grid.flat[len(shown) :]:
        spare.remove()
    first = int(data["year"].min())
    last = int(data["year"].max())
    sentences = []
    for axes, name in zip(grid.flat[: len(shown)], shown, strict=True):
        own = only(data, grouping=name)
        # Cells are named "taxonomy: cell".
        title = "group" if ": " in name else bare_name(results.word(name))
        _draw_stack(axes, own, lines=1 if narrow else 2)
        groups = {*only(own, kind="within")["group"].astype(str)}
        of_two = groups <= {"0", "1"} or f"not {bare_name(name)}" in groups
        axes.set_title(f"Theil T by {title}{' or not' if of_two else ''}")
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


def f34(results: StudyResults) -> Artwork:
    """Draw the share of Theil T inside parents by year, and the index inside marked
    parents and the others.
    """
    specs = [spec for spec in results.specs() if spec.get("parents")]
    series = results.series("parents", text=("spec_id", "kind", "group", "period"))
    series = only(series, spec_id=specs[0]["id"])
    if series.empty:
        raise nothing_to_show("share inside parents")
    parents = bare_name(results.word(specs[0]["parents"]))
    marked = results.word(specs[0].get("marked", ""))
    data = _one_period_a_year(series, ["kind", "group", "year"])
    rows = 2 if marked else 1
    height = 0.3 + 2.3 * rows
    figure, grid = panels(
        rows,
        1,
        (NARROW, height),
        {"left": 0.17, "right": 0.72, "hspace": 0.35}
        | {"top": 1 - 0.32 / height, "bottom": 0.32 / height},
    )
    share = only(data, kind="share").sort_values("year")
    axes = grid[0, 0]
    low, high = (100 * share[end] for end in ("conf_low", "conf_high"))
    axes.fill_between(share["year"], low, high, color=FAINT, linewidth=0)
    draw_line(axes, share["year"], 100 * share["value"], color=INK, linewidth=1.6)
    axes.set_ylim(0, 100)
    axes.set_ylabel("% of Theil T")
    axes.set_title(f"Share inside {parents}")
    year_axis(axes, share["year"].tolist(), ticks=5)
    ends = [share.iloc[0], share.iloc[-1]]
    sentences = [
        f"inside {parents} {fixed(100 * row['value'], 0)}% in {row['year']:.0f}"
        for row in ends
    ]
    if marked:
        sentences += _draw_marked(
            grid[1, 0], only(data, kind="inside"), marked, parents
        )
    return Artwork(figure, data, f"Share of Theil T {'; '.join(sentences)}.")


def _draw_marked(
    axes: Axes, inside: pd.DataFrame, marked: str, parents: str
) -> list[str]:
    """Draw the mean index inside marked parents and inside the others."""
    sentences = []
    endings = []
    last = int(inside["year"].max())
    names = {"marked": (marked, INK), "others": ("others", SOFT)}
    for group, (name, colour) in names.items():
        own = only(inside, group=group).sort_values("year")
        style = "-" if group == "marked" else (0, (4, 2))
        draw_line(
            axes,
            own["year"],
            own["value"],
            color=colour,
            linestyle=style,
            linewidth=1.6,
        )
        first, end = own["value"].iloc[[0, -1]]
        endings.append(Ending(end, name.replace(" ", "\n", 1), colour))
        sentences.append(f"mean inside {name} {fixed(first, 3)} to {fixed(end, 3)}")
    axes.set_ylim(0, 1.14 * float(inside["value"].max()))
    axes.set_ylabel("Theil T")
    axes.set_title(f"Mean inside each {parents}")
    year_axis(axes, inside["year"].tolist(), ticks=5)
    name_endings(axes, last, endings, lines=2)
    return sentences


FIGURES = {"F6": f6, "F34": f34}


def _one_period_a_year(series: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return each year from the longest period that holds it: groups may differ between
    periods, never within one.
    """
    lengths = series.groupby("period")["year"].transform("nunique")
    order = series.assign(length=-lengths).sort_values(["length", "period"])
    first = order.groupby(list(keys))["period"].transform("first")
    return series[series["period"].eq(first.reindex(series.index))]


def _readable(group: str, grouping: str, groups: pd.Index) -> str:
    """Name a group: of zeros and ones by their column, a long name cut."""
    if {*groups} <= {"0", "1"}:
        name = bare_name(grouping)
        return name if group == "1" else f"not {name}"
    words = group.replace("_", " ")
    cut = shorten(words, LETTERS, placeholder="\u2026")
    return cut if cut.strip("\u2026") else f"{words[: LETTERS - 1]}\u2026"


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
    within.columns = within.columns.astype(str)
    groups = within.columns
    grouping = data["grouping"].iloc[0]
    for name in sorted(groups, key=lambda name: (rank.get(name, 0), name)):
        if within[name].abs().max() > 0:
            mark = MARKS.get(name, series_mark(len(layers) - 1))
            label = _readable(name, grouping, groups)
            layers.append((f"within {label}", mark, within[name]))
    return layers


def _draw_stack(axes: Axes, data: pd.DataFrame, lines: int) -> None:
    """Draw the layers of a grouping with their names in so many lines."""
    years = data[["year", "basis"]].drop_duplicates().sort_values("year")
    last = int(years["year"].max())
    base = pd.Series(0.0, index=years["year"])
    endings = []
    peak = float(data.groupby("year")["value"].sum().max())
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
        # Names stand in the middle of their layer, and above the years.
        middle = max(float((base[last] + top[last]) / 2), LOWEST * peak)
        words = name if lines == 1 else name.replace(" ", "\n", 1)
        endings.append(Ending(middle, words, mark.colour))
        base = top
    axes.set_ylim(0, 1.14 * peak)
    year_axis(axes, data["year"].tolist(), ticks=5)
    shade_proxy(axes, years, "proxy")
    name_endings(axes, last, endings, lines)

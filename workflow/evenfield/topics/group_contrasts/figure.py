"""F17: urban over rural income by cell, broken where the definition changes; F18:
location quotients of groups.
"""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import (
    FAINT,
    INK,
    MARKS,
    SOFT,
    WIDTH,
    Mark,
    series_mark,
    use_style,
)
from evenfield.shared.figures.timeline import Ending, name_endings, year_axis
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, records
from evenfield.shared.tables.units import CELLS, count_of
from evenfield.study.errors import ArtifactError

NAMES = {
    "sez": "zones",
    "no sez": "all others",
    "cluster": "clusters",
    "no cluster": "all others",
}


def f17(facts: Facts) -> Artwork:
    """Draw the ratio of urban to rural income by cell."""
    paths = _first(facts.series("gaps"), "incomes in the panel", "F17")
    cells = [cell for cell in CELLS if cell in set(paths["cell"])]
    figure, axes = _frame(3.4, left=0.075, right=0.83, top=0.92, bottom=0.075)
    endings = []
    sentences = []
    for cell in cells:
        path = paths[paths["cell"].eq(cell)].sort_values("year")
        mark = MARKS[cell]
        notes = []
        units = count_of(path["n_units"].iloc[-1], facts.words)
        for window, part in path.groupby("window"):
            ends = part.iloc[[0, -1]]
            _line(axes, part, "ratio", mark, linewidth=1.5)
            sns.scatterplot(
                ends,
                x="year",
                y="ratio",
                marker=mark.marker,
                color=mark.colour,
                s=20,
                lw=0,
                ax=axes,
            )
            notes.append(
                f"{window}: {fixed(ends['ratio'].iloc[0], 2)} to"
                f" {fixed(ends['ratio'].iloc[1], 2)}"
            )
        sentences.append(f"{cell} ({units}) {', '.join(notes)}")
        endings.append(Ending(path["ratio"].iloc[-1], f"{cell}\n{units}", mark.colour))
    low = float(paths["ratio"].min())
    high = float(paths["ratio"].max())
    axes.set(
        xlabel="",
        ylabel="",
        ylim=(low - 0.08 * (high - low) - 0.02, high + 0.14 * (high - low) + 0.02),
    )
    year_axis(axes, paths["year"].tolist())
    for start in sorted(paths.groupby("window")["year"].min())[1:]:
        axes.axvline(start - 0.5, color=FAINT, linewidth=0.8, zorder=1)
        where: dict[str, Any] = {
            "textcoords": "offset points",
            "xycoords": axes.get_xaxis_transform(),
        }
        axes.annotate(
            f"new definition from {start:.0f}",
            (start - 0.5, 1.0),
            (4, -4),
            **where,
            va="top",
            fontsize=6.5,
            color=SOFT,
        )
    axes.set_title("Urban over rural income per head (mean of the group, ratio)")
    name_endings(axes, float(paths["year"].max()), endings, lines=2)
    text = (
        "Ratio of urban to rural income, mean of each cell, first and last year of each"
        " window"
    )
    return Artwork(figure, paths, f"{text}: {'; '.join(sentences)}.")


def f18(facts: Facts) -> Artwork:
    """Draw location quotients of groups by year, with the band of leaving one member
    out.
    """
    quotients = _first(
        facts.series("quotients", text=("spec_id", "group")),
        "a specification with `path: quotient`",
        "F18",
    )
    figure, axes = _frame(2.9, left=0.06, right=0.86, top=0.91, bottom=0.09)
    axes.axhline(1.0, color=FAINT, linewidth=0.8, zorder=1)
    endings = []
    sentences = []
    for number, group in enumerate(
        sorted(set(quotients["group"]), key=lambda name: name.startswith("no "))
    ):
        path = only(quotients, group=group)
        mark = series_mark(number)
        name = NAMES.get(group, group)
        axes.fill_between(
            path["year"],
            path["low"],
            path["high"],
            color=mark.colour,
            alpha=0.15,
            linewidth=0,
        )
        _line(axes, path, "quotient", mark)
        endings.append(Ending(float(path["quotient"].iloc[-1]), name, mark.colour))
        first, last = records(path.iloc[[0, -1]])
        sentences.append(
            f"{name} {fixed(first['quotient'])} in {first['year']} and"
            f" {fixed(last['quotient'])} in {last['year']} ({fixed(last['low'])} to"
            f" {fixed(last['high'])} when one member is left out)"
        )
    axes.set_title("Location quotient (band: leaving out one member)", color=INK)
    axes.set(xlabel="", ylabel="")
    axes.set_ylim(bottom=0.0)
    years = sorted(quotients["year"].unique().tolist())
    year_axis(axes, years)
    name_endings(axes, float(years[-1]), endings)
    text = "Location quotient by year, one where the share equals that in output"
    return Artwork(figure, quotients, f"{text}: {'; '.join(sentences)}.")


FIGURES = {"F17": f17, "F18": f18}


def _first(series: pd.DataFrame, expected: str, name: str) -> pd.DataFrame:
    if series.empty:
        raise ArtifactError(
            f"no path for {name}", expected, f"add it or remove {name} from `figures`"
        )
    return only(series, spec_id=str(series["spec_id"].iloc[0])).reset_index(drop=True)


def _frame(inches: float, **edges: float) -> tuple[Figure, Axes]:
    use_style()
    figure, axes = plt.subplots(figsize=(WIDTH, inches))
    figure.subplots_adjust(**edges)
    return figure, axes


def _line(axes: Axes, path: pd.DataFrame, column: str, mark: Mark, **more: Any) -> None:
    style = {
        "color": mark.colour,
        "linestyle": mark.line,
        "errorbar": None,
        "legend": False,
    }
    sns.lineplot(path, x="year", y=column, ax=axes, **style, **more)

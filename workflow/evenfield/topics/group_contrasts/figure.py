"""F17: urban over rural income by cell, broken where the definition changes; F18:
location quotients of groups.
"""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from evenfield.shared.figures import (
    INK,
    MARKS,
    REFERENCE,
    SMALL,
    SOFT,
    WIDTH,
    Artwork,
    Ending,
    Mark,
    name_endings,
    panels,
    series_mark,
    year_axis,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    cells_in,
    count_of,
    fixed,
    nothing_to_show,
    only,
    records,
)

NAMES = {
    "sez": "zones",
    "no sez": "all others",
    "cluster": "clusters",
    "no cluster": "all others",
}


def f17(results: StudyResults) -> Artwork:
    """Draw the ratio of urban to rural income by cell."""
    paths = _first(results.series("gaps"))
    edges = {
        "left": 0.075,
        "right": 0.83,
        "top": 0.92,
        "bottom": 0.075,
    }
    figure, grid = panels(1, 1, (WIDTH, 3.1), edges)
    axes = grid[0, 0]
    endings = []
    sentences = []
    # A line a window: the definition of income differs between them.
    for cell in cells_in(paths["cell"]):
        path = only(paths, cell=cell).sort_values("year")
        mark = MARKS[cell]
        windows = []
        for window, part in path.groupby("window"):
            ends = part.iloc[[0, -1]]
            _line(axes, part, "ratio", mark, linewidth=1.5)
            dots = {
                "marker": mark.marker,
                "color": mark.colour,
                "s": 20,
                "lw": 0,
            }
            sns.scatterplot(
                ends,
                x="year",
                y="ratio",
                ax=axes,
                **dots,
            )
            first, last = map(fixed, ends["ratio"])
            windows.append(f"{window}: {first} to {last}")
        units = count_of(path["n_units"].iloc[-1], results.words)
        sentences.append(f"{cell} ({units}) {', '.join(windows)}")
        endings.append(Ending.of(path["ratio"], f"{cell}\n{units}", mark))
    low = float(paths["ratio"].min())
    high = float(paths["ratio"].max())
    axes.set(
        xlabel="",
        ylabel="",
        ylim=(low - 0.08 * (high - low) - 0.02, high + 0.14 * (high - low) + 0.02),
    )
    year_axis(axes, paths["year"].tolist())
    for start in sorted(paths.groupby("window")["year"].min())[1:]:
        axes.axvline(start - 0.5, **REFERENCE)
        axes.annotate(
            f"new definition from {start:.0f}",
            (start - 0.5, 1.0),
            (4, -4),
            textcoords="offset points",
            xycoords=axes.get_xaxis_transform(),
            va="top",
            fontsize=SMALL,
            color=SOFT,
        )
    axes.set_title("Urban over rural income per head (mean of the group, ratio)")
    name_endings(axes, float(paths["year"].max()), endings, lines=2)
    text = (
        "Ratio of urban to rural income, mean of each cell, first and last year of each"
        " window"
    )
    return Artwork(figure, paths, f"{text}: {'; '.join(sentences)}.")


def f18(results: StudyResults) -> Artwork:
    """Draw location quotients of groups by year, with the band of leaving one member
    out.
    """
    series = results.series("quotients", text=("spec_id", "group"))
    quotients = _first(series)
    edges = {
        "left": 0.06,
        "right": 0.86,
        "top": 0.91,
        "bottom": 0.09,
    }
    figure, grid = panels(1, 1, (WIDTH, 2.4), edges)
    axes = grid[0, 0]
    axes.axhline(1.0, **REFERENCE)
    endings = []
    sentences = []
    # The group comes before the others.
    groups = sorted(set(quotients["group"]), key=lambda name: name.startswith("no "))
    for number, group in enumerate(groups):
        path = only(quotients, group=group)
        mark = series_mark(number)
        band = {"color": mark.colour, "alpha": 0.15, "linewidth": 0}
        axes.fill_between(path["year"], path["low"], path["high"], **band)
        _line(axes, path, "quotient", mark)
        name = NAMES.get(group, group)
        endings.append(Ending.of(path["quotient"], name, mark))
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


def _first(series: pd.DataFrame) -> pd.DataFrame:
    """Return the paths of the first specification."""
    if series.empty:
        raise nothing_to_show("path by year")
    return only(series, spec_id=str(series["spec_id"].iloc[0])).reset_index(drop=True)


def _line(
    axes: Axes, path: pd.DataFrame, column: str, mark: Mark, **more: object
) -> None:
    style = {
        "color": mark.colour,
        "linestyle": mark.line,
        "errorbar": None,
    }
    sns.lineplot(
        path,
        x="year",
        y=column,
        ax=axes,
        legend=False,
        **style,
        **more,
    )

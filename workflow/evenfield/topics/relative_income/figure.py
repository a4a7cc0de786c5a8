"""F3: income of each cell over that of all units, year by year."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from evenfield.shared.figures import (
    MARKS,
    NARROW,
    REFERENCE,
    SMALL,
    SOFT,
    Artwork,
    Ending,
    draw_path,
    heading,
    name_endings,
    padded,
    panels,
    proxy_sentence,
    shade_proxy,
    year_axis,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import cells_in, count_of, nothing_to_show, only
from evenfield.topics.relative_income.text import main_paths

LABEL_SHARE = 0.26
# Percent of the average at which the ratio scale has ticks.
TICKS = (
    *(20, 25, 33, 50, 60, 70, 80, 90, 100),
    *(120, 140, 160, 200, 250, 300, 400, 500),
)
COLUMNS = ["taxonomy", "cell", "year", "basis", "n_units", "mean", "sd"]


def f3(results: StudyResults) -> Artwork:
    """Draw relative income by cell, of the same units throughout where a taxonomy says
    so and of each year's cells.
    """
    taxonomy = results.config.taxonomy.primary
    paths = main_paths(results)
    # The undated list holds the same units throughout, the dated one those of each
    # year.
    taxonomies = (f"{taxonomy}+undated", taxonomy)
    shown = [name for name in taxonomies if paths["taxonomy"].eq(name).any()]
    if taxonomy not in shown:
        raise nothing_to_show(f"path of relative income for taxonomy {taxonomy}")
    paths = paths.loc[paths["taxonomy"].isin(shown), COLUMNS].astype({"year": int})
    paths = paths.sort_values(["taxonomy", "cell", "year"], ignore_index=True)
    height = 2.5 * len(shown) + 0.4
    edges = {
        "left": 0.17,
        "right": 1 - LABEL_SHARE,
        # Room for a title and for the years, in inches, however many panels there are.
        "top": 1 - 0.3 / height,
        "bottom": 0.27 / height,
        "hspace": 0.2,
    }
    size = (NARROW, height)
    figure, grid = panels(len(shown), 1, size, edges, sharex=True)
    units = results.words["units_name"]
    for axes, name in zip(grid[:, 0], shown, strict=True):
        own = only(paths, taxonomy=name)
        _draw_panel(axes, own, results)
        moved = own.groupby("cell")["n_units"].nunique().gt(1).any()
        who = f"The same {units} throughout"
        if moved:
            who = "Groups as they were in each year"
        heading(axes, who)
        axes.set_ylabel(f"all {units} = 100%, ratio scale")
    return Artwork(figure, paths, _describe(results, only(paths, taxonomy=shown[0])))


FIGURES = {"F3": f3}


def _draw_panel(axes: Axes, paths: pd.DataFrame, results: StudyResults) -> None:
    # ln 1: the average of all units.
    axes.axhline(0.0, **REFERENCE)
    endings = []
    for cell in cells_in(paths["cell"]):
        path = only(paths, cell=cell)
        mark = MARKS[cell]
        # Where a unit joins or leaves, the line would show the change of members.
        members = path["n_units"].ne(path["n_units"].shift()).cumsum()
        for _, piece in path.groupby(members):
            draw_path(axes, piece, "mean", mark)
        ends = path.iloc[[0, -1]]
        sns.scatterplot(
            x=ends["year"].array,
            y=ends["mean"].array,
            ax=axes,
            marker=mark.marker,
            color=mark.colour,
            s=20,
        )
        units = count_of(path["n_units"].iloc[-1], results.words)
        endings.append(Ending.of(path["mean"], f"{cell}\n{units}", mark))
    low, high = padded([*paths["mean"], 0.0], 0.1, floor=0.1, above=1.3)
    axes.set_ylim(low, high)
    year_axis(axes, paths["year"].tolist())
    shade_proxy(axes, paths)
    ticks = [tick for tick in TICKS if low <= np.log(tick / 100) <= high]
    axes.set_yticks(np.log(np.divide(ticks, 100)), [f"{tick}%" for tick in ticks])
    axes.annotate(
        "all",
        (axes.get_xlim()[1], 0.0),
        (-3, 2.5),
        textcoords="offset points",
        ha="right",
        color=SOFT,
        fontsize=SMALL,
    )
    name_endings(axes, float(paths["year"].max()), endings, lines=2)


def _describe(results: StudyResults, paths: pd.DataFrame) -> str:
    first = int(paths["year"].min())
    last = int(paths["year"].max())
    parts = []
    for cell in cells_in(paths["cell"]):
        ends = only(paths, cell=cell).iloc[[0, -1]]
        start, end = (f"{percent:.0f}%" for percent in 100 * np.exp(ends["mean"]))
        since = ends["year"].iloc[0]
        since_words = "" if since == first else f"from {since} on "
        units = count_of(ends["n_units"].iloc[1], results.words)
        parts.append(f"{cell} ({units}) {since_words}{start} and {end}")
    broken = ""
    if paths.groupby("cell")["n_units"].nunique().gt(1).any():
        unit = results.words["unit_name"]
        broken = f" A line breaks where a {unit} joins or leaves a cell."
    shaded = proxy_sentence(paths, "use proxy output; the lines break there")
    return (
        f"Income per head over that of all {results.words['units_name']} in {first} and"
        f" {last}, by cell: {'; '.join(parts)}.{broken}{shaded}"
    )

"""F3: income of each cell over that of all units, year by year."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, MARKS, SOFT, WIDTH, use_style
from evenfield.shared.figures.timeline import (
    Ending,
    draw_path,
    name_endings,
    shade_proxy,
    year_axis,
)
from evenfield.shared.tables.rows import only
from evenfield.shared.tables.units import CELLS, count_of
from evenfield.study.errors import ArtifactError

CURRENT = "relative_income_current_prices"
LABEL_SHARE = 0.17
RELATIVE = (
    0.2,
    0.25,
    0.33,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    1.0,
    1.2,
    1.4,
    1.6,
    2.0,
    2.5,
    3.0,
    4.0,
    5.0,
)


def f3(facts: Facts) -> Artwork:
    """Draw relative income by cell, of the same units throughout where a taxonomy says
    so and of each year's cells.
    """
    taxonomy = facts.config["taxonomy"]["primary"]
    paths = only(facts.series(), kind="path", unit_scheme=facts.main)
    paths = only(
        paths,
        variable=(
            CURRENT if CURRENT in set(paths["variable"]) else "relative_log_income"
        ),
    )
    shown = [
        name
        for name in (f"{taxonomy}+undated", taxonomy)
        if name in set(paths["taxonomy"])
    ]
    if taxonomy not in shown:
        remedy = "add the taxonomy to estimates.relative_income.taxonomies"
        fault = f"no path of relative income for taxonomy {taxonomy}"
        raise ArtifactError(fault, "one in topic relative_income", remedy)
    paths = paths.loc[
        paths["taxonomy"].isin(shown),
        "taxonomy cell year basis n_units mean sd".split(),
    ]
    paths = paths.astype({"year": int}).sort_values(
        ["taxonomy", "cell", "year"], ignore_index=True
    )
    use_style()
    figure, grid = plt.subplots(
        len(shown), figsize=(WIDTH, 3.1 * len(shown) + 0.4), sharex=True, squeeze=False
    )
    figure.subplots_adjust(
        left=0.075, right=1 - LABEL_SHARE, top=0.95, bottom=0.05, hspace=0.16
    )
    for axes, name in zip(grid[:, 0], shown, strict=True):
        taxonomy_paths = only(paths, taxonomy=name)
        _panel(axes, taxonomy_paths, facts)
        same = taxonomy_paths.groupby("cell")["n_units"].nunique().eq(1).all()
        who = (
            f"The same {facts.words['units_name']} throughout"
            if same
            else "Groups as they were in each year"
        )
        axes.set_title(f"{who} (all {facts.words['units_name']} = 100%, ratio scale)")
    return Artwork(figure, paths, _describe(facts, only(paths, taxonomy=shown[0])))


def _panel(axes: Axes, paths: pd.DataFrame, facts: Facts) -> None:
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    endings = []
    for cell in [cell for cell in CELLS if cell in set(paths["cell"])]:
        path = only(paths, cell=cell)
        mark = MARKS[cell]
        for _, piece in path.groupby(
            path["n_units"].ne(path["n_units"].shift()).cumsum()
        ):
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
        last = path.iloc[-1]
        endings.append(
            Ending(
                last["mean"],
                f"{cell}\n{count_of(last['n_units'], facts.words)}",
                mark.colour,
            )
        )
    _limit(axes, paths)
    name_endings(axes, float(paths["year"].max()), endings, lines=2)


FIGURES = {"F3": f3}


def _limit(axes: Axes, paths: pd.DataFrame) -> None:
    low = min(paths["mean"].min(), 0.0)
    high = max(paths["mean"].max(), 0.0)
    pad = 0.1 * max(high - low, 0.1)
    axes.set_ylim(low - pad, high + 1.3 * pad)
    year_axis(axes, paths["year"].tolist())
    shade_proxy(axes, paths)
    shown = [
        ratio for ratio in RELATIVE if low - pad <= np.log(ratio) <= high + 1.3 * pad
    ]
    axes.set_yticks(np.log(shown), [f"{100 * ratio:.0f}%" for ratio in shown])
    text_style: Any = {
        "textcoords": "offset points",
        "ha": "right",
        "color": SOFT,
        "fontsize": 6.5,
    }
    axes.annotate("all", (axes.get_xlim()[1], 0.0), (-3, 2.5), **text_style)


def _describe(facts: Facts, paths: pd.DataFrame) -> str:
    first = int(paths["year"].min())
    last = int(paths["year"].max())
    parts = []
    for cell in [cell for cell in CELLS if cell in set(paths["cell"])]:
        rows = [only(paths, cell=cell).iloc[end] for end in (0, -1)]
        ends = " and ".join(f"{100 * np.exp(row['mean']):.0f}%" for row in rows)
        since = "" if rows[0]["year"] == first else f"from {rows[0]['year']} on "
        parts.append(
            f"{cell} ({count_of(rows[1]['n_units'], facts.words)}) {since}{ends}"
        )
    moved = paths.groupby("cell")["n_units"].nunique().gt(1).any()
    broken = (
        f" A line breaks where a {facts.words['unit_name']} joins or leaves a cell."
        if moved
        else ""
    )
    proxy = paths.loc[paths["basis"].eq("proxy"), "year"]
    shaded = (
        f" Years to {proxy.max()} rest on proxy output; the lines break there."
        if len(proxy)
        else ""
    )
    head = (
        f"Income per head over that of all {facts.words['units_name']} in {first} and"
        f" {last}, by cell:"
    )
    return f"{head} {'; '.join(parts)}.{broken}{shaded}"

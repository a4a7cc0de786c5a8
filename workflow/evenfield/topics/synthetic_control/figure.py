"""F24: gaps to the synthetic control by year in one panel a case, with the gaps of the
donors in grey.
"""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.figures import (
    ACCENT,
    FAINT,
    INK,
    NARROW,
    SMALL,
    SOFT,
    Artwork,
    panels,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, nothing_to_show, only, p_value, pick

MOST = 3
BASE = "synthetic_control"
PANEL = 2.1  # inches: height of a panel with its title


def f24(results: StudyResults) -> Artwork:
    """Draw the gaps of the primary cases, three at most."""
    cases = [spec for spec in results.specs() if spec.get("role") == "primary"][:MOST]
    if not cases:
        raise nothing_to_show("synthetic control with the role primary")
    series = results.series(text=("spec_id", "kind", "unit"))
    series = series[series["spec_id"].isin([spec["id"] for spec in cases])]
    names = results.table("units").set_index("unit")["name"]
    # One beneath the other, so that a phone shows them whole.
    size = (NARROW, 0.35 + PANEL * len(cases))
    edges = {"left": 0.16, "right": 0.99, "hspace": 0.42}
    edges |= {"top": 1 - 0.33 / size[1], "bottom": 0.3 / size[1]}
    figure, grid = panels(len(cases), 1, size, edges, sharey=True)
    sentences = []
    for axes, spec in zip(grid[:, 0], cases, strict=True):
        own = results.estimates(spec_id=spec["id"], estimator=BASE)
        row = pick(own, effect_type="coef")
        _panel(axes, spec, only(series, spec_id=spec["id"]), row)
        title = f"{names.get(spec['unit'], spec['unit'])}, {spec['effect'][0]}"
        axes.set_title(title)
        sentences.append(
            f"{title}: mean gap {fixed(row['estimate'], 3)}, p"
            f" {p_value(row['p_value'])}"
        )
    # The same scale above and below zero and in all panels.
    widest = np.abs(series["gap"]).max()
    grid[0, 0].set_ylim(-1.04 * widest, 1.04 * widest)
    for axes in grid[:, 0]:
        axes.set_ylabel("log points")
    text = (
        "Log output per head less that of the synthetic control by year; donors, each"
        " against the others, in grey."
    )
    return Artwork(figure, series, f"{text} {'; '.join(sentences)}.")


FIGURES = {"F24": f24}


def _panel(axes: Any, spec: Row, case_rows: pd.DataFrame, row: Row) -> None:
    # Donors in grey beneath: a gap counts when it leaves their bundle.
    for kind, colour, width, order in (
        ("placebo", FAINT, 0.6, 1),
        ("treated", INK, 1.8, 3),
    ):
        for _, path in only(case_rows, kind=kind).groupby("unit"):
            axes.plot(
                path["year"], path["gap"], color=colour, linewidth=width, zorder=order
            )
    axes.axhline(0, color=SOFT, linewidth=0.6, zorder=2)
    # Between two dates, because that of the policy belongs to the effect.
    dates = np.unique(case_rows["year"])
    first_of_effect = np.searchsorted(dates, spec["effect"][0])
    axes.axvline(
        dates[first_of_effect - 1 : first_of_effect + 1].mean(),
        color=ACCENT,
        linewidth=0.9,
        linestyle=(0, (3, 2)),
        zorder=2,
    )
    axes.text(
        0.03,
        0.03,
        f"p {p_value(row['p_value'])}",
        transform=axes.transAxes,
        color=INK,
        fontsize=SMALL,
    )
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=5)
    axes.margins(x=0.01)

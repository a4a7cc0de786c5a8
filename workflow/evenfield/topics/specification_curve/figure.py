"""F20: specification curves, one row a question and one column a period."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import (
    ACCENT,
    FAINT,
    INK,
    PALE,
    SOFT,
    WIDTH,
    use_style,
)
from evenfield.shared.tables.notes import period_with_basis
from evenfield.shared.tables.numbers import fixed, p_value
from evenfield.shared.tables.rows import pick
from evenfield.study.errors import ArtifactError

ROW_HEIGHT = 1.6
KINDS = {
    "own": "own {}",
    "exposure": "neighbours' {}",
    "regime": "initial income x neighbours' {}",
}
OUTCOMES = {"relative_log_income": "log points"}
TEXT = (
    "curve",
    "hypothesis",
    "outcome",
    "sample",
    "weights",
    "taxonomy",
    "controls",
    "reason",
)
COLUMNS = [
    "curve",
    "hypothesis",
    "period",
    "rank",
    "outcome",
    "unit_scheme",
    "sample",
    "weights",
    "taxonomy",
]
COLUMNS += ["controls", "estimate", "conf_low", "conf_high", "p_value"]


def f20(facts: Facts) -> Artwork:
    """Draw every specification that is defined, ranked by its estimate within curve and
    period.
    """
    rows = _rows(facts.series(text=TEXT))
    estimates = facts.estimates()
    periods = facts.config["periods"]
    curves = facts.config["estimates"]["specification_curve"]["curves"]
    use_style()
    drawn = [item for item in curves if rows["curve"].eq(item["id"]).any()]
    shown = [name for name in periods if rows["period"].eq(name).any()]
    size = (WIDTH, 0.55 + ROW_HEIGHT * len(drawn))
    figure, grid = plt.subplots(len(drawn), len(shown), figsize=size, squeeze=False)
    figure.subplots_adjust(
        left=0.085,
        right=0.99,
        top=1 - 0.55 / size[1],
        bottom=0.35 / size[1],
        wspace=0.2,
        hspace=0.55,
    )
    for line, item in zip(grid, drawn, strict=True):
        line[0].annotate(
            _row_title(item), (0.0, 1.36), xycoords="axes fraction", fontweight="bold"
        )
        for axes, period in zip(line, shown, strict=True):
            _draw_cell(
                axes, rows[rows["curve"].eq(item["id"]) & rows["period"].eq(period)]
            )
            title = f"{_period_title(estimates, period, periods)}\n{_verdict(estimates, item['id'], period)}"
            axes.set_title(title, fontsize=6.4, fontweight="normal", pad=2.5)
        line[0].set_ylabel(OUTCOMES.get(item["outcomes"][0], "pp a year"))
    figure.align_ylabels(grid[:, 0])
    _draw_key(figure)
    return Artwork(figure, rows, _describe(estimates, drawn))


FIGURES = {"F20": f20}


def _rows(series: pd.DataFrame) -> pd.DataFrame:
    rows = series[series["estimate"].notna()]
    if rows.empty:
        raise ArtifactError(
            "no specification of the curves is defined",
            "one at least",
            "change the axes of estimates.specification_curve or remove F20 from"
            " `figures`",
        )
    keys = ["curve", "period"]
    rows = rows.sort_values([*keys, "estimate", *COLUMNS[4:10]], ignore_index=True)
    return rows.assign(rank=rows.groupby(keys).cumcount() + 1)[COLUMNS]


def _row_title(item: Mapping[str, Any]) -> str:
    measure = "mean income" if item["outcomes"][0] in OUTCOMES else "growth"
    what = KINDS[item["kind"]].format(
        item["contrast"].replace("sez", "SEZs").replace("cluster", "clusters")
    )
    return (
        f"{item['hypothesis']}: {measure} on {what.replace(' - ', ' minus ')};"
        f" predicted sign {item['predicted']}"
    )


def _period_title(
    estimates: pd.DataFrame, period: str, periods: Mapping[str, Any]
) -> str:
    basis = str(pick(estimates, period=period).get("output_basis", ""))
    return period_with_basis(period, basis, periods)


def _draw_cell(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axhline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    if rows.empty:
        return
    axes.fill_between(
        rows["rank"],
        rows["conf_low"],
        rows["conf_high"],
        step="mid",
        color=PALE,
        linewidth=0,
        zorder=0,
        rasterized=True,
    )
    sns.lineplot(
        rows, x="rank", y="estimate", color=SOFT, linewidth=1.2, errorbar=None, ax=axes
    )
    apart = rows[(rows["conf_low"] > 0) | (rows["conf_high"] < 0)]
    # Hundreds of marks that touch: a picture of them is a tenth of their coordinates.
    style = {
        "marker": "D",
        "color": ACCENT,
        "s": 3.2,
        "linewidth": 0,
        "rasterized": True,
    }
    sns.scatterplot(apart, x="rank", y="estimate", zorder=3, ax=axes, **style)
    axes.axhline(
        float(np.median(rows["estimate"])),
        color=INK,
        linewidth=0.8,
        linestyle=(0, (3, 2)),
        zorder=2,
    )
    axes.set(xlabel="", ylabel="")
    reach = np.nanquantile(rows[["conf_low", "conf_high"]].abs().to_numpy(), 0.9)
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -reach), min(high, reach))


def _verdict(estimates: pd.DataFrame, curve: str, period: str) -> str:
    share = pick(estimates, spec_id=curve, period=period, effect_type="share")
    if not share:
        return "not defined"
    return (
        f"{100 * share['estimate']:.0f} % as predicted, p {p_value(share['p_value'])}"
    )


def _draw_key(figure: Any) -> None:
    keys = [
        Line2D([], [], color=SOFT, linewidth=1.2, label="interval holds zero"),
        Line2D(
            [],
            [],
            color=ACCENT,
            marker="D",
            markersize=3,
            linestyle="",
            label="interval leaves out zero",
        ),
        Line2D([], [], color=INK, linewidth=0.8, linestyle=(0, (3, 2)), label="median"),
        Patch(color=PALE, label="spatially robust intervals (SCPC)"),
    ]
    spacing = {"handletextpad": 0.5, "columnspacing": 1.4, "handlelength": 1.6}
    figure.legend(
        handles=keys,
        loc="lower center",
        ncols=len(keys),
        bbox_to_anchor=(0.5, 0.0),
        **spacing,
    )


def _describe(estimates: pd.DataFrame, drawn: Sequence[Mapping[str, Any]]) -> str:
    parts = []
    for item in drawn:
        share = pick(estimates, spec_id=item["id"], period="all", effect_type="share")
        median = pick(estimates, spec_id=item["id"], period="all", effect_type="median")
        parts.append(
            f"{item['hypothesis']} ({item['id']}): {share['n_obs']} specifications,"
            f" median {fixed(median['estimate'], 2)}, {100 * share['estimate']:.0f}"
            f" percent with the predicted sign, joint p {p_value(share['p_value'])}"
        )
    return f"Specification curves by question and period. {'; '.join(parts)}."

"""F20: specification curves, one row a question and one column a period."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from evenfield.shared.facts import Facts
from evenfield.shared.figures.panels import key_below, line_key, panels
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import ACCENT, FAINT, INK, PALE, SOFT, WIDTH
from evenfield.shared.tables.notes import period_with_basis
from evenfield.shared.tables.numbers import fixed, p_value
from evenfield.shared.tables.rows import only, pick
from evenfield.study.errors import ArtifactError
from evenfield.study.files import Record

ROW_HEIGHT = 1.6
KINDS = {
    "own": "own {}",
    "exposure": "neighbours' {}",
    "regime": "initial income x neighbours' {}",
}
OUTCOMES = {"relative_log_income": "log points"}
DASHED = (0, (3, 2))
TEXT = tuple("curve hypothesis outcome sample weights taxonomy controls reason".split())
AXES = "outcome unit_scheme sample weights taxonomy controls".split()
COLUMNS = """
    curve hypothesis period rank outcome unit_scheme sample weights taxonomy controls
    estimate conf_low conf_high p_value
""".split()


def f20(facts: Facts) -> Artwork:
    """Draw every specification that is defined, ranked by its estimate within curve and
    period.
    """
    rows = _rows(facts.series(text=TEXT))
    estimates = facts.estimates()
    periods = facts.config.periods
    curves = facts.config.estimates["specification_curve"]["curves"]
    drawn = [item for item in curves if rows["curve"].eq(item["id"]).any()]
    shown = [name for name in periods if rows["period"].eq(name).any()]
    tall = 0.55 + ROW_HEIGHT * len(drawn)
    edges = {
        "left": 0.085,
        "right": 0.99,
        "wspace": 0.2,
        "hspace": 0.55,
    }
    edges |= {"top": 1 - 0.55 / tall, "bottom": 0.35 / tall}
    figure, grid = panels(
        len(drawn),
        len(shown),
        (WIDTH, tall),
        edges,
    )
    for line, item in zip(grid, drawn, strict=True):
        line[0].annotate(
            _row_title(item), (0.0, 1.36), xycoords="axes fraction", fontweight="bold"
        )
        for axes, period in zip(line, shown, strict=True):
            _draw_cell(
                axes,
                only(
                    rows,
                    curve=item["id"],
                    period=period,
                ),
            )
            basis = str(pick(estimates, period=period).get("output_basis", ""))
            head = period_with_basis(period, basis, periods)
            title = f"{head}\n{_verdict(estimates, item['id'], period)}"
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
    # Equal estimates are ranked by their axes, whatever their order in the file.
    rows = rows.sort_values(
        [
            *keys,
            "estimate",
            *AXES,
        ],
        ignore_index=True,
    )
    return rows.assign(rank=rows.groupby(keys).cumcount() + 1)[COLUMNS]


def _row_title(item: Record) -> str:
    measure = "mean income" if item["outcomes"][0] in OUTCOMES else "growth"
    groups = item["contrast"].replace("sez", "SEZs").replace("cluster", "clusters")
    what = KINDS[item["kind"]].format(groups.replace(" - ", " minus "))
    predicted = f"predicted sign {item['predicted']}"
    return f"{item['hypothesis']}: {measure} on {what}; {predicted}"


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
    ranked = {"x": "rank", "y": "estimate", "ax": axes}
    sns.lineplot(
        rows,
        **ranked,
        color=SOFT,
        linewidth=1.2,
        errorbar=None,
    )
    apart = rows[(rows["conf_low"] > 0) | (rows["conf_high"] < 0)]
    # Hundreds of marks that touch: a picture of them is a tenth of their coordinates.
    mark = {
        "marker": "D",
        "color": ACCENT,
        "s": 3.2,
        "linewidth": 0,
    }
    sns.scatterplot(
        apart,
        **ranked,
        **mark,
        zorder=3,
        rasterized=True,
    )
    median = float(np.median(rows["estimate"]))
    axes.axhline(
        median,
        color=INK,
        linewidth=0.8,
        linestyle=DASHED,
        zorder=2,
    )
    axes.set(xlabel="", ylabel="")
    # The widest tenth of the intervals may leave the panel.
    reach = np.nanquantile(rows[["conf_low", "conf_high"]].abs().to_numpy(), 0.9)
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -reach), min(high, reach))


def _verdict(
    estimates: pd.DataFrame,
    curve: str,
    period: str,
) -> str:
    share = pick(estimates, spec_id=curve, period=period, effect_type="share")
    if not share:
        return "not defined"
    return (
        f"{100 * share['estimate']:.0f} % as predicted, p {p_value(share['p_value'])}"
    )


def _draw_key(figure: Figure) -> None:
    apart = {
        "color": ACCENT,
        "marker": "D",
        "markersize": 3,
        "linestyle": "",
    }
    keys = [
        line_key("interval holds zero", color=SOFT, linewidth=1.2),
        line_key("interval leaves out zero", **apart),
        line_key("median", color=INK, linewidth=0.8, linestyle=DASHED),
        Patch(color=PALE, label="spatially robust intervals (SCPC)"),
    ]
    key_below(figure, keys, handletextpad=0.5, columnspacing=1.4, handlelength=1.6)


def _describe(estimates: pd.DataFrame, drawn: Sequence[Record]) -> str:
    parts = []
    for item in drawn:
        whole = only(estimates, spec_id=item["id"], period="all")
        share = pick(whole, effect_type="share")
        median = pick(whole, effect_type="median")
        parts.append(
            f"{item['hypothesis']} ({item['id']}): {share['n_obs']} specifications,"
            f" median {fixed(median['estimate'])}, {100 * share['estimate']:.0f}"
            f" percent with the predicted sign, joint p {p_value(share['p_value'])}"
        )
    return f"Specification curves by question and period. {'; '.join(parts)}."

"""F13: three questions over long spans and over periods: own premium, clusters minus
zones, and what lies next door.
"""

from textwrap import fill

import pandas as pd
import seaborn as sns
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from evenfield.shared.figures import (
    INK,
    NARROW,
    PALE,
    REFERENCE,
    SERIES,
    SOFT,
    Artwork,
    key_below,
    line_key,
    names_for_rows,
    panels,
    tick_key,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    fixed,
    interval,
    nothing_to_show,
    only,
    pick,
    records,
)

OWN = "Clusters against the others"
DIFFERENCE = "Clusters minus zones"
NEXT = "Neighbours' clusters minus neighbours' zones"
COLUMNS = """
    question period unit_scheme output_basis estimate std_error conf_low conf_high p_value
    mde sesoi n_obs estimate_id
""".split()
OFFSET = 0.16
ROW_HEIGHT = 1.5
LINE = 40  # letters of a heading
# Line, marker and face of the main unit scheme, then of another one.
LOOKS = ((INK, "o", INK), (SERIES[1].colour, "s", "white"))


def f13(results: StudyResults) -> Artwork:
    """Draw each question as one row: long spans at the left, periods at the right, each
    with its own scale.
    """
    periods = results.config.periods
    roles: dict[str, list[str]] = {"span": [], "main": []}
    for name, item in periods.items():
        roles.setdefault(item.role, []).append(name)
    groups = [names for names in (roles["span"], roles["main"]) if names]
    # Spans from the latest start to the earliest.
    groups[0].sort(key=lambda name: -periods[name].start)
    schemes, rows = _rows(results, roles["span"] + roles["main"])
    questions = list(dict.fromkeys(rows["question"]))
    tall = 1.6 + ROW_HEIGHT * len(questions)
    edges = {
        "left": 0.2,
        "right": 0.985,
        "hspace": 0.75,
        "wspace": 0.62,
    }
    edges |= {"top": 1 - 0.48 / tall, "bottom": 1.15 / tall}
    # In a width that a phone shows whole.
    figure, grid = panels(len(questions), len(groups), (NARROW, tall), edges)
    for line, question in zip(grid, questions, strict=True):
        for axes, names in zip(line, groups, strict=True):
            _draw(axes, results, only(rows, question=question), names, list(schemes))
        line[0].set_title(fill(f"{question}, percentage points a year", LINE))
    _draw_key(figure, schemes, results.power)
    return Artwork(figure, rows, _describe(results, rows))


FIGURES = {"F13": f13}


def _rows(
    results: StudyResults, shown: list[str]
) -> tuple[dict[str, str], pd.DataFrame]:
    """Return the unit schemes by id, the main one first, and the estimates that the
    figure shows.
    """
    spec = results.primary()
    frames = []
    schemes = {results.main: ""}
    if "group_contrasts" in results.config.estimates:
        premiums = results.specs("group_contrasts", "premium")
        pooled = [premium for premium in premiums if premium.get("pooled")]
        premium = next(iter(pooled + premiums), {})
        schemes = dict(list((premium.get("unit_schemes") or schemes).items())[:2])
        group_rows = results.estimates(
            "group_contrasts",
            family="premium",
            spec_id=str(premium.get("id")),
            estimator="ols",
            term="cluster",
            unit_scheme=list(schemes),
        )
        for contrast, question in (("", OWN), ("cluster - sez", DIFFERENCE)):
            rows = only(group_rows, contrast=contrast)
            frames.append(rows.assign(question=question))
    series = only(
        results.series(),
        spec_id=spec["id"],
        w_id=spec["weights"],
        contrast="exposure_cluster - exposure_sez",
    )
    # What lies next door has the main unit scheme alone.
    frames.append(series.assign(question=NEXT, unit_scheme=results.main))
    rows = only(
        pd.concat(frames),
        treatment_def=spec["taxonomy"],
        sample_id="all",
        effect_type="coef",
    )
    rows = rows[rows["period"].isin(shown)]
    if rows.empty:
        raise nothing_to_show(f"coefficients of specification {spec['id']}")
    names = [OWN, DIFFERENCE, NEXT, *shown, *schemes]
    order = {name: number for number, name in enumerate(names)}
    rows = rows.sort_values(
        ["question", "period", "unit_scheme"],
        key=lambda column: column.map(order),
        ignore_index=True,
    )
    # Other population series differ in some periods only.
    rows = rows.drop_duplicates(["question", "period", "estimate"])
    return schemes, rows.reindex(columns=COLUMNS)


def _draw(
    axes: Axes,
    results: StudyResults,
    rows: pd.DataFrame,
    names: list[str],
    schemes: list[str],
) -> None:
    rows = rows[rows["period"].isin(names)]
    # Two schemes of one period stand on two sides of its line.
    twice = rows.groupby("period")["unit_scheme"].transform("nunique").gt(1)
    shift = OFFSET * (2 * rows["unit_scheme"].map(schemes.index) - 1)
    rows = rows.assign(y=rows["period"].map(names.index) + shift.where(twice, 0.0))
    interest = float(rows["sesoi"].max())
    axes.axvspan(-interest, interest, color=PALE, zorder=0, linewidth=0)
    axes.axvline(0.0, **REFERENCE)
    for scheme, (colour, marker, face) in zip(schemes, LOOKS, strict=False):
        drawn = only(rows, unit_scheme=scheme)
        axes.hlines(
            drawn["y"],
            drawn["conf_low"],
            drawn["conf_high"],
            color=colour,
            linewidth=1.3,
        )
        style = {"marker": marker, "facecolor": face, "edgecolor": colour}
        sns.scatterplot(
            drawn, x="estimate", y="y", s=18, linewidth=1.0, zorder=4, ax=axes, **style
        )
        # On both sides of zero, in the colour of its line.
        for side in (-1, 1):
            axes.plot(
                side * drawn["mde"],
                drawn["y"],
                "|",
                color=colour,
                markersize=5,
                markeredgewidth=1.1,
            )
    labels = []
    for name in names:
        row = pick(rows, period=name)
        labels.append(results.period(name, row.get("output_basis", "")))
    axes.set_yticks(range(len(names)), labels)
    axes.set(
        xlabel="",
        ylabel="",
        ylim=(len(names) - 0.5, -0.5),
    )
    axes.margins(x=0.04)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    names_for_rows(axes)


def _draw_key(figure: Figure, schemes: dict[str, str], power: float) -> None:
    keys: list[Artist] = []
    for label, (colour, marker, face) in zip(schemes.values(), LOOKS, strict=False):
        style = {"color": colour, "marker": marker, "markerfacecolor": face}
        keys.append(line_key(label or "estimate", markersize=4, **style))
    keys.append(tick_key(f"visible with {power:.0%} power", 7, SOFT))
    keys.append(Patch(color=PALE, label="too small to matter"))
    key_below(figure, keys, columns=1, handletextpad=0.4)


def _describe(results: StudyResults, rows: pd.DataFrame) -> str:
    parts = []
    main = only(rows, unit_scheme=results.main)
    for question, question_rows in main.groupby("question", sort=False):
        values = []
        for row in records(question_rows):
            ends = interval(row["conf_low"], row["conf_high"], 1)
            value = f"{results.when(row)} {fixed(row['estimate'], 1)} {ends}".rstrip()
            values.append(f"{value}, detectable {fixed(row['mde'], 1)}")
        parts.append(f"{question}: {'; '.join(values)}.")
    return (
        "Growth in percentage points a year with intervals, long spans before periods."
        f" {' '.join(parts)}"
    )

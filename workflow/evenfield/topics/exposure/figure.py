"""F13: three questions over long spans and over periods: own premium, clusters minus
zones, and what lies next door.
"""

from collections.abc import Sequence
from typing import Any

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
    SERIES,
    WIDTH,
    use_style,
)
from evenfield.shared.tables.notes import period_with_basis
from evenfield.shared.tables.numbers import fixed, interval
from evenfield.shared.tables.rows import only, records
from evenfield.study.errors import ArtifactError

OWN = "Clusters against the others"
DIFFERENCE = "Clusters minus zones"
NEXT = "Neighbours' clusters minus neighbours' zones"
COLUMNS = [
    "question",
    "period",
    "unit_scheme",
    "output_basis",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
]
COLUMNS += ["p_value", "mde", "sesoi", "n_obs", "estimate_id"]
OFFSET = 0.16
ROW_HEIGHT = 1.28


def f13(facts: Facts) -> Artwork:
    """Draw each question as one row: long spans at the left, periods at the right, each
    with its own scale.
    """
    groups = [names for role in ("span", "main") if (names := _in_role(facts, role))]
    groups[0] = sorted(
        groups[0], key=lambda name: -int(facts.config["periods"][name]["start"])
    )
    schemes, rows = _rows(facts, [name for names in groups for name in names])
    questions = list(dict.fromkeys(rows["question"]))
    use_style()
    size = (WIDTH, 0.62 + ROW_HEIGHT * len(questions))
    figure, grid = plt.subplots(
        len(questions), len(groups), figsize=size, squeeze=False
    )
    figure.subplots_adjust(
        left=0.1,
        right=0.985,
        top=1 - 0.24 / size[1],
        bottom=0.52 / size[1],
        hspace=0.52,
        wspace=0.2,
    )
    for line, question in zip(grid, questions, strict=True):
        for axes, names in zip(line, groups, strict=True):
            _draw(axes, facts, only(rows, question=question), names, list(schemes))
        line[0].set_title(f"{question}, percentage points a year")
    _draw_key(figure, schemes, facts.power)
    return Artwork(figure, rows, _describe(facts, rows))


FIGURES = {"F13": f13}


def _in_role(facts: Facts, role: str) -> list[str]:
    return [
        name
        for name, item in facts.config["periods"].items()
        if item.get("role", "main") == role
    ]


def _rows(facts: Facts, shown: Sequence[str]) -> tuple[dict[str, str], pd.DataFrame]:
    """Return the unit schemes by id, the main one first, and the estimates that the
    figure shows.
    """
    spec = facts.primary()
    frames = []
    schemes = {facts.main: ""}
    if "group_contrasts" in facts.config["estimates"]:
        premiums = facts.config["estimates"]["group_contrasts"].get("premium", [])
        premium: dict[str, Any] = next(
            (one for one in premiums if one.get("pooled")),
            premiums[0] if premiums else {},
        )
        schemes = dict(list((premium.get("unit_schemes") or schemes).items())[:2])
        wanted = {
            "family": "premium",
            "spec_id": str(premium.get("id")),
            "estimator": "ols",
            "term": "cluster",
        }
        group_rows = facts.estimates(
            "group_contrasts", **wanted, unit_scheme=list(schemes)
        )
        frames += [only(group_rows, contrast="").assign(question=OWN)]
        frames += [
            only(group_rows, contrast="cluster - sez").assign(question=DIFFERENCE)
        ]
    series = only(
        facts.series(),
        spec_id=spec["id"],
        w_id=spec["weights"],
        contrast="exposure_cluster - exposure_sez",
    )
    frames += [series.assign(question=NEXT, unit_scheme=facts.main)]
    rows = pd.concat(frames)
    rows = only(
        rows, treatment_def=spec["taxonomy"], sample_id="all", effect_type="coef"
    )
    rows = rows[rows["period"].isin(list(shown))]
    if rows.empty:
        raise ArtifactError(
            f"no exposure coefficients of specification {spec['id']}",
            "its series in the exposure topic",
            "add it to estimates.exposure or remove F13 from `figures`",
        )
    order = {
        name: rows[name].map(list(names).index)
        for name, names in (("period", shown), ("unit_scheme", schemes))
    }
    ordered = rows.assign(
        first=rows["question"].map([OWN, DIFFERENCE, NEXT].index), then=order["period"]
    )
    ordered = ordered.assign(last=order["unit_scheme"]).sort_values(
        ["first", "then", "last"], ignore_index=True
    )
    # Other population series differ in some periods only.
    return schemes, ordered.drop_duplicates(["question", "period", "estimate"]).reindex(
        columns=COLUMNS
    )


def _draw(
    axes: Axes,
    facts: Facts,
    rows: pd.DataFrame,
    names: Sequence[str],
    schemes: list[str],
) -> None:
    rows = rows[rows["period"].isin(list(names))]
    twice = rows.groupby("period")["unit_scheme"].transform("nunique").gt(1)
    shift = (OFFSET * (2 * rows["unit_scheme"].map(schemes.index) - 1)).where(
        twice, 0.0
    )
    rows = rows.assign(place=rows["period"].map(list(names).index) + shift)
    interest = float(rows["sesoi"].max())
    axes.axvspan(-interest, interest, color=PALE, zorder=0, linewidth=0)
    axes.axvline(0.0, color=FAINT, linewidth=0.8, zorder=1)
    for i, scheme in enumerate(schemes):
        scheme_rows = only(rows, unit_scheme=scheme)
        colour = INK if i == 0 else SERIES[1].colour
        axes.hlines(
            scheme_rows["place"],
            scheme_rows["conf_low"],
            scheme_rows["conf_high"],
            color=colour,
            linewidth=1.3,
        )
        style = {
            "marker": "s" if i else "o",
            "s": 18,
            "facecolor": "white" if i else colour,
            "edgecolor": colour,
        }
        sns.scatterplot(
            scheme_rows,
            x="estimate",
            y="place",
            linewidth=1.0,
            zorder=4,
            ax=axes,
            **style,
        )
    axes.plot(
        rows["mde"],
        rows["place"],
        "|",
        color=ACCENT,
        markersize=5,
        markeredgewidth=1.1,
        linestyle="",
    )
    marks = {
        name: only(rows, period=name)["output_basis"].iloc[:1].tolist() or [""]
        for name in names
    }
    labels = [
        period_with_basis(name, str(marks[name][0]), facts.config["periods"])
        for name in names
    ]
    axes.set_yticks(range(len(names)), labels)
    axes.set(xlabel="", ylabel="", ylim=(len(names) - 0.5, -0.5))
    axes.margins(x=0.04)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _draw_key(figure: Any, schemes: dict[str, str], power: float) -> None:
    looks = ((INK, "o", INK), (SERIES[1].colour, "s", "white"))
    keys: list[Any] = [
        Line2D(
            [],
            [],
            color=colour,
            marker=marker,
            markersize=4,
            markerfacecolor=face,
            label=label or "estimate",
        )
        for (colour, marker, face), label in zip(looks, schemes.values(), strict=False)
    ]
    keys.append(
        Line2D(
            [],
            [],
            color=ACCENT,
            marker="|",
            markersize=7,
            linestyle="",
            label=f"visible with {power:.0%} power",
        )
    )
    keys.append(Patch(color=PALE, label="below the effect of interest"))
    spacing = {"handletextpad": 0.5, "columnspacing": 1.4, "handlelength": 1.6}
    figure.legend(
        handles=keys,
        loc="lower center",
        ncols=len(keys),
        bbox_to_anchor=(0.5, 0.0),
        **spacing,
    )


def _describe(facts: Facts, rows: pd.DataFrame) -> str:
    parts = []
    for question, question_rows in only(rows, unit_scheme=facts.main).groupby(
        "question", sort=False
    ):
        values = [
            f"{period_with_basis(row['period'], row['output_basis'], facts.config['periods'])}"
            f" {fixed(row['estimate'], 1)}"
            f" {interval(row['conf_low'], row['conf_high'], 1)}".rstrip()
            + f", visible from {fixed(row['mde'], 1)}"
            for row in records(question_rows)
        ]
        parts.append(f"{question}: {'; '.join(values)}.")
    return (
        "Growth in percentage points a year with intervals, long spans before periods."
        f" {' '.join(parts)}"
    )

"""F31: leads and horizons with bands; F32: levels before a policy; F33: first years on the
map; F35: who got a policy, and what followed.
"""

from itertools import chain
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from evenfield.shared.figures import (
    ACCENT,
    FAINT,
    INK,
    NARROW,
    SMALL,
    SOFT,
    WIDTH,
    Artwork,
    draw_land,
    heading,
    height_over_width,
    key_below,
    line_key,
    padded,
    panels,
    placed_units,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    TEXT,
    fixed,
    in_words,
    only,
    p_value,
    pick,
    records,
)
from evenfield.study.errors import ArtifactError
from evenfield.topics.event_study.figure_rings import f36
from evenfield.topics.event_study.table_words import (
    bare,
    capital,
    dates_word,
    deciding_rows,
    decimals_of,
    held_by_year,
    in_unit,
    named,
    outcome_of,
    since,
    unit_of,
)

MOST = 4
TITLE = 40  # letters of a line above a panel
AFTER = 2.0  # inches of the panel of what followed
YEARS_BELOW = 0.75  # inches below a map for its years
BESIDE = 3  # small panels in a figure that a phone shows whole
WORD = 9  # letters above each of them
LABEL = 21  # letters of a line beside them
THIN = 0.5  # of the most units behind a mark: below it a mark is pale
BASE = "imputation"
NAMES = ("spec_id", "dates", "kind", "horizon")


def f31(results: StudyResults) -> Artwork:
    """Draw the first specifications, the primary ones first, with all dates."""
    series = results.series("horizons", text=NAMES)
    estimates = results.estimates()
    specs = sorted(
        results.specs(question="specs"), key=lambda spec: spec.get("role") != "primary"
    )
    drawn = set(series["spec_id"])
    shown = [spec for spec in specs if spec["id"] in drawn][:MOST]
    if not shown:
        raise ArtifactError(
            "no leads and horizons", "one specification", "drop F31 from `figures`"
        )
    wide = min(len(shown), 2)
    high = -(-len(shown) // wide)
    controlled = any(spec.get("controls") for spec in shown)
    size = (WIDTH, 0.45 + (2.7 if controlled else 2.5) * high)
    edges = {
        "left": 0.12,
        "right": 0.99,
        "top": 1 - (0.65 if controlled else 0.5) / size[1],
        "bottom": 0.75 / size[1],
        "wspace": 0.16,
        "hspace": 0.6 if controlled else 0.5,
    }
    figure, grid = panels(high, wide, size, edges, sharey=True)
    sentences, drawn_rows = [], []
    ranges = list[list[float]]()
    for axes, spec in zip(grid.flat, shown, strict=False):
        outcome = outcome_of(results, spec)
        own, beside = (
            in_unit(rows, outcome)
            for rows in _by_dates(results, only(series, spec_id=spec["id"]))
        )
        ranges.append(_draw_horizons(axes, own, beside))
        drawn_rows += [own, beside]
        column = spec.get("effects") or "year"
        effects = "effects of year" if column == "year" else f"{column} by year"
        held = held_by_year(results, spec)
        if held:
            effects += f",\n{in_words(held)} by year"
        title = named(outcome)
        sample = spec.get("sample") or "all"
        # What tells one panel from another of the same outcome.
        apart = effects if sample == "all" else f"{effects}, {results.word(sample)}"
        axes.set_title(f"{fill(capital(title), TITLE)}\n{apart}", fontsize=SMALL)
        rows, _ = deciding_rows(results, only(estimates, spec_id=spec["id"]))
        joint = pick(rows, estimator=f"{BASE}_lead", effect_type="joint")
        span = own[own["horizon"].str.contains(" to ")].iloc[0]
        value = fixed(span["estimate"], decimals_of(outcome))
        sentences.append(
            f"{title}, {apart}: {value} in {since(results, span['horizon'])},"
            f" joint p of the leads {p_value(joint.get('p_value')) or 'not defined'}"
        )
    for axes in grid.flat[len(shown) :]:
        axes.axis("off")
    # Panels share an axis, which follows all where one has no mark of few.
    _follow_most(grid[0, 0], list(chain(*ranges)) if all(ranges) else [])
    for axes in grid[:, 0]:
        axes.set_ylabel(unit_of(outcome_of(results, shown[0])))
    key_below(figure, _keys(results, series), handletextpad=0.4)
    figure.supxlabel(
        f"{dates_word(results)} since the policy; below: {results.words['units_name']}",
        fontsize=SMALL,
        y=0.27 / size[1],
        color=INK,
    )
    text = f"Leads and effects by {dates_word(results)} since a policy came, with intervals."
    return Artwork(figure, pd.concat(drawn_rows), f"{text} {'; '.join(sentences)}.")


def f32(results: StudyResults) -> Artwork:
    """Draw the difference in levels before each kind of policy."""
    rows = results.estimates(estimator="placement")
    rows = rows[rows["estimate"].notna()]
    if rows.empty:
        raise ArtifactError("no placement", "one kind", "drop F32 from `figures`")
    specs = [spec["id"] for spec in results.specs(question="placement")]
    # Kinds in the order of the config.
    asked = chain(*(spec["kinds"] for spec in results.specs(question="placement")))
    drawn = set(rows["contrast"])
    kinds = [kind for kind in dict.fromkeys([*asked, *sorted(drawn)]) if kind in drawn]
    titles = {kind: capital(results.word(kind)) for kind in kinds}
    longest = max(map(len, " ".join(titles.values()).split()))
    # In a width that a phone shows whole, where words fit above so small panels.
    narrow = len(kinds) <= BESIDE and longest <= WORD
    size = (NARROW if narrow else WIDTH, 1.2 + (0.62 if narrow else 0.4) * len(specs))
    edges = {"left": 0.36 if narrow else 0.3, "right": 0.98, "top": 1 - 0.5 / size[1]}
    edges |= {"bottom": 0.6 / size[1], "wspace": 0.14}
    figure, grid = panels(1, len(kinds), size, edges, sharex=True, sharey=True)
    outcome = outcome_of(results, {"outcome": rows["outcome"].iloc[0]})
    levels = in_unit(rows, outcome)
    usual = str(rows["sample_id"].mode().iloc[0])
    sentences = []
    labels = {}
    for axes, kind in zip(grid[0], kinds, strict=True):
        axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
        if narrow:
            axes.set_title(fill(titles[kind], WORD), fontsize=SMALL)
            axes.xaxis.set_major_locator(MaxNLocator(2))
        else:
            heading(axes, titles[kind])
        for position, spec in enumerate(specs):
            row = pick(levels, contrast=kind, spec_id=spec)
            if not row:
                continue
            label = _compared(results, row, usual)
            lines = [fill(line, LABEL) for line in label.splitlines()]
            labels[position] = "\n".join(lines) if narrow else label
            whole = row["fe_id"] == "none"
            colour = SOFT if whole else INK
            axes.hlines(
                position, row["conf_low"], row["conf_high"], colour, linewidth=1.4
            )
            axes.plot(
                row["estimate"],
                position,
                marker="o",
                markersize=5,
                color=colour,
                markerfacecolor="white" if whole else colour,
            )
            value = fixed(row["estimate"], decimals_of(outcome))
            sentences.append(f"{kind}, {label}: {value}")
    grid[0, 0].set_yticks(list(labels), list(labels.values()))
    grid[0, 0].set_ylim(len(specs) - 0.5, -0.5)
    figure.supxlabel(
        f"difference in {bare(outcome)} in {rows['period'].iloc[0]}, {unit_of(outcome)}",
        fontsize=SMALL,
        y=0.12 / size[1],
        color=INK,
    )
    text = f"Differences in level before the policy: {'; '.join(sentences)}."
    columns = (
        "spec_id contrast outcome period sample_id fe_id controls_id estimate"
        " conf_low conf_high unit"
    ).split()
    return Artwork(figure, levels[columns], text)


def _compared(results: StudyResults, row: dict[str, Any], usual: str) -> str:
    """Say what units are compared with, in which sample if it is not the usual one, and
    what is held.
    """
    units = results.words["units_name"]
    within = row["fe_id"]
    label = f"all {units}"
    if within != "none":
        label = f"within each {results.word(within)}"
    if row["sample_id"] not in ("all", usual):
        label += f",\n{results.word(row['sample_id'])}"
    held = in_words([results.word(name) for name in row["controls_id"].split("+")])
    return f"{label},\ncontrolling for {held}" if held else label


def f33(results: StudyResults) -> Artwork:
    """Draw units where they are, by the first year of their policy."""
    spec = _first(results.specs(question="specs"))
    policies = only(results.series("policies", text=TEXT), spec_id=spec["id"])
    units = results.table("units")
    if not {"lat", "lon"} <= set(units):
        raise ArtifactError(
            "no coordinates", "lat and lon in units.csv", "drop F33 from `figures`"
        )
    listed = units[["unit", "lat", "lon"]].merge(policies, on="unit", how="left")
    placed = placed_units(units).merge(policies, on="unit", how="left")
    tall = float(np.clip(NARROW * height_over_width(placed), 2.0, 6.0))
    size = (NARROW, tall + YEARS_BELOW)
    edges = {"left": 0.01, "right": 0.99, "top": 0.99, "bottom": YEARS_BELOW / size[1]}
    figure, grid = panels(1, 1, size, edges)
    axes = grid[0, 0]
    none = placed[placed["first_year"].isna()]
    axes.scatter(none["x"], none["lat"], s=6, color=FAINT, linewidth=0)
    dated = placed[placed["first_year"].notna()]
    shades = colormaps["viridis"]
    points = axes.scatter(
        dated["x"],
        dated["lat"],
        c=dated["first_year"],
        cmap=shades,
        s=26,
        linewidth=0,
    )
    unsure = dated[dated["sure"].eq(0)]
    axes.scatter(unsure["x"], unsure["lat"], s=60, facecolor="none", edgecolor=ACCENT)
    draw_land(axes, placed)
    first = int(dated["first_year"].min())
    last = int(dated["first_year"].max())
    place = figure.add_axes((0.2, 0.5 / size[1], 0.6, 0.1 / size[1]))
    bar = figure.colorbar(points, cax=place, orientation="horizontal")
    bar.set_label("first year of a policy")
    bar.set_ticks(sorted({first, (first + last) // 2, last}))
    words = results.words["units_name"]
    text = (
        f"{len(dated)} {words} with a policy, first years {first} to {last};"
        f" {len(unsure)} of unsure year; {len(none)} {words} without."
    )
    return Artwork(figure, listed, text)


def f35(results: StudyResults) -> Artwork:
    """Draw who got a policy beside what followed, each by its first primary
    specification; logarithms in percent.
    """
    spec = _first(results.specs(question="specs"))
    own, beside = _by_dates(
        results, only(results.series("horizons", text=NAMES), spec_id=spec["id"])
    )
    rows = _pictured(results)
    if own.empty or rows.empty:
        raise ArtifactError(
            "no leads and horizons, or no placement", "both", "drop F35 from `figures`"
        )
    who = 0.3 * len(rows) + 0.2
    size = (NARROW, AFTER + who + 2.7)
    edges = {"left": 0.34, "right": 0.97, "hspace": 1.9 / (AFTER + who)}
    edges |= {"top": 1 - 0.5 / size[1], "bottom": 1.25 / size[1]}
    figure, grid = panels(2, 1, size, edges, height_ratios=[who, AFTER])
    before, after = grid[:, 0]
    # Only the rows above have names at the left.
    whole = after.get_position()
    after.set_position([0.12, whole.y0, 0.85, whole.height])
    within = rows["fe_id"].iloc[0]
    groups = "" if within == "none" else f", within each {results.word(within)}"
    before.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    placed = outcome_of(results, {"outcome": rows["outcome"].iloc[0]})
    levels = in_unit(rows, placed)
    positions = range(len(rows))
    low, high = levels["conf_low"], levels["conf_high"]
    before.hlines(positions, low, high, INK, linewidth=2.6)
    before.plot(levels["estimate"], positions, "o", color=INK, markersize=4)
    before.set_yticks(positions, list(map(results.word, rows["contrast"])))
    before.set_ylim(len(rows) - 0.5, -0.5)
    heading(before, f"In {rows['period'].iloc[0]}{groups}")
    before.set_xlabel(f"difference in {named(placed)}")
    outcome = outcome_of(results, spec)
    shown = in_unit(own, outcome)
    held = _draw_horizons(after, shown, in_unit(beside, outcome))
    _follow_most(after, held)
    heading(after, f"Effect on {named(outcome)}")
    after.set_xlabel(
        f"{dates_word(results)} since the policy; above: {results.words['units_name']}"
    )
    keys = _keys(results, pd.concat([own, beside]))
    key_below(figure, keys, columns=2, handletextpad=0.4)
    span = shown[shown["horizon"].str.contains(" to ")].iloc[0]
    digits = decimals_of(outcome)
    words = [
        f"{row['contrast']} {fixed(row['estimate'], digits)}" for row in records(levels)
    ]
    text = (
        f"Differences in level before a policy: {'; '.join(words)}. Effect in"
        f" {since(results, span['horizon'])} after it: {fixed(span['estimate'], digits)}"
        f" {unit_of(outcome)}."
    )
    columns = "contrast period fe_id sample_id estimate conf_low conf_high unit".split()
    data = pd.concat([levels[columns], shown, in_unit(beside, outcome)])
    return Artwork(figure, data, text)


def _pictured(results: StudyResults) -> pd.DataFrame:
    """Return the levels before a policy that F35 draws, in the order of the config."""
    specs = results.specs(question="placement")
    rows = results.estimates(estimator="placement")
    rows = rows[rows["estimate"].notna()]
    chosen = [
        only(rows, spec_id=spec["id"], contrast=kind)
        for spec in specs
        for kind in spec.get("pictured") or []
    ]
    return pd.concat(chosen) if chosen else only(rows, spec_id=_first(specs)["id"])


FIGURES = {"F31": f31, "F32": f32, "F33": f33, "F35": f35, "F36": f36}


def _first(specs: list[dict[str, object]]) -> dict[str, object]:
    """Return the first primary specification, else the first."""
    return min(specs, key=lambda spec: spec.get("role") != "primary")


def _by_dates(
    results: StudyResults, series: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the series of the dates that decide, and of those beside them."""
    of_all, sure = only(series, dates="all"), only(series, dates="sure")
    section = results.config.estimates["event_study"]
    decides = section.get("deciding", "all") == "sure" and len(sure)
    return (sure, of_all) if decides else (of_all, sure)


def _keys(results: StudyResults, series: pd.DataFrame) -> list[Line2D]:
    """Return the keys of leads and horizons."""
    keys = [
        line_key("effect", color=INK, marker="o", markersize=4, linestyle=""),
        line_key("interval of each alone", color=INK, linewidth=2.6),
        line_key("of all together", color=SOFT, linewidth=0.9),
        line_key("policy taken early", color=ACCENT, marker="D", linestyle=""),
    ]
    if series["dates"].eq("sure").any():
        hollow = {"marker": "o", "markerfacecolor": "white", "linestyle": ""}
        section = results.config.estimates["event_study"]
        beside = "all dates" if section.get("deciding") == "sure" else "sure dates"
        keys.append(line_key(beside, color=SOFT, markersize=4, **hollow))
    return keys


def _draw_horizons(axes: Axes, own: pd.DataFrame, sure: pd.DataFrame) -> list[float]:
    """Draw leads and horizons of one specification, and the pseudo policy; return what
    the axis is to hold, nothing where every mark rests on many units.
    """
    axes.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    axes.axvline(-0.5, color=SOFT, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
    single = _single(own)
    at = single["position"]
    axes.vlines(at, single["joint_low"], single["joint_high"], SOFT, linewidth=0.9)
    few = single["units"].lt(THIN * single["units"].max())
    for rows, colour, width in ((single[~few], INK, 2.6), (single[few], FAINT, 2.0)):
        axes.vlines(
            rows["position"],
            rows["conf_low"],
            rows["conf_high"],
            colour,
            linewidth=width,
        )
        axes.plot(
            rows["position"],
            rows["estimate"],
            "o",
            color=colour,
            markersize=4,
            zorder=4,
        )
    beside = _single(sure)
    axes.plot(
        beside["position"] + 0.22,
        beside["estimate"],
        "o",
        color=SOFT,
        markerfacecolor="white",
        markersize=4,
        zorder=4,
    )
    pseudo = pick(own, kind="pseudo")
    if pseudo:
        position = float(at.min()) - 0.8
        _draw_pseudo(axes, position, pseudo)
    # Above ten marks every second one is named.
    named = single[at % (1 + len(single) // 11) == 0]
    for row in records(named):
        axes.annotate(
            f"{int(row['units'])}",
            (row["position"], 0.015),
            xycoords=("data", "axes fraction"),
            ha="center",
            fontsize=SMALL,
            color=SOFT,
        )
    axes.set_xticks(named["position"], [fixed(year, 0) for year in named["position"]])
    axes.margins(y=0.16)
    ends = single.loc[~few, ["conf_low", "conf_high", "joint_low", "joint_high"]]
    held = [*ends.to_numpy(float).ravel(), *single["estimate"], 0.0]
    held += [pseudo[end] for end in ("conf_low", "conf_high") if end in pseudo]
    return [value for value in held if np.isfinite(value)] if few.any() else []


def _follow_most(axes: Axes, held: list[float]) -> None:
    """Let the axis follow the marks that many units stand behind: an interval of few runs
    off it.
    """
    if held:
        axes.set_ylim(padded(held, 0.16, floor=0.0))


def _draw_pseudo(axes: Axes, position: float, pseudo: dict[str, Any]) -> None:
    axes.vlines(
        position, pseudo["conf_low"], pseudo["conf_high"], ACCENT, linewidth=1.4
    )
    axes.plot(position, pseudo["estimate"], "D", color=ACCENT, markersize=4, zorder=4)


def _single(rows: pd.DataFrame) -> pd.DataFrame:
    """Return leads and single horizons with their position on the axis."""
    kinds = rows["kind"].isin(["lead", "effect"])
    single = rows[kinds & ~rows["horizon"].str.contains(" to ")]
    # ASSUME: a tenth of the units must stand behind a mark, else its interval hides all
    # others; the table has every horizon.
    fewest = 0.1 * single["units"].max()
    single = single.loc[single["units"].ge(fewest)]
    return single.assign(position=single["horizon"].astype(float)).sort_values(
        "position"
    )

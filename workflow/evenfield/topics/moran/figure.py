"""F10: Moran's I over time above, and below the strip of local Moran, one row for each
unit.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from evenfield.shared.figures import (
    FAINT,
    NARROW,
    PALE,
    SOFT,
    Artwork,
    Ending,
    draw_line,
    draw_path,
    heading,
    name_endings,
    padded,
    panels,
    proxy_sentence,
    series_mark,
    shade_proxy,
    stretches,
    year_axis,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    bare_name,
    count_of,
    fixed,
    in_words,
    nothing_to_show,
    only,
    pick,
)

# In the order in which units stand in the strip: colour, hatch, name in the key.
QUADRANTS = {
    "HH": ("#B5392F", "xxxx", "high among high"),
    "LL": ("#1F7A8C", "////", "low among low"),
    "HL": ("#EBA945", "\\\\\\\\", "high among low"),
    "LH": ("#3A2357", "", "low among high"),
}
INCOME = "log_income"
NONE = "none"
LABEL_SHARE = 0.26
LEAST_LEFT = 0.12  # of the figure, for ticks
LETTER = 0.085  # inches of a letter of a unit's name
MOST_NAMES = 60  # rows that can be read; of more units only their number is drawn


def f10(results: StudyResults) -> Artwork:
    """Draw spatial association of income over time, and the local Moran of every unit."""
    spec = str(results.primary()["id"])
    rate = float(results.primary().get("discovery_rate", 0.05))
    series = only(results.series(), spec_id=spec)
    by_year = only(series, kind="moran")
    paths = only(by_year, variable=INCOME)
    if paths.empty:
        raise nothing_to_show(f"Moran's I of specification {spec}")
    growth = only(by_year, variable="growth", controls=NONE)
    local = only(series, kind="local", variable=INCOME)
    apart = local.loc[local["q_value"].le(rate), "unit"].nunique()
    many = apart > MOST_NAMES
    # Where chance explains all units, there is nothing to draw beneath the years.
    strip = 1.6 if many else 0.17 * apart + 0.1
    high = 2.5 + 2.0 + strip if apart else 2.8
    named: set[str] = (
        set() if many else set(local.loc[local["q_value"].le(rate), "unit"])
    )
    letters = max((len(results.label(unit)) for unit in named), default=0)
    edges = {
        "left": max(LEAST_LEFT, letters * LETTER / NARROW + 0.01),
        "right": 1 - LABEL_SHARE,
        "top": 1 - 0.48 / high,
        "bottom": (1.3 if apart else 0.3) / high,
        "hspace": 0.75 / (1.0 + strip / 2),
    }
    figure, grid = panels(
        2 if apart else 1,
        1,
        (NARROW, high),
        edges,
        height_ratios=(2.0, strip) if apart else (1.0,),
    )
    above = grid[0, 0]
    _draw_moran(above, paths, growth)
    if apart:
        below = grid[1, 0]
        if many:
            _draw_counts(below, local, rate, results)
        else:
            _draw_strip(below, local, rate, results)
        below.set_xticks(above.get_xticks())
        below.set_xlim(above.get_xlim())
        _draw_key(figure)
    description = _describe(results, only(paths, controls=NONE), local, rate)
    drawn = _drawn(results, paths, growth, apart)
    return Artwork(figure, pd.concat([by_year, local]), description, drawn)


FIGURES = {"F10": f10}


def _drawn(
    results: StudyResults, paths: pd.DataFrame, growth: pd.DataFrame, apart: int
) -> str:
    """Say which lines there are, and what is beneath them."""
    units = results.words["units_name"]
    others = sorted(set(paths["controls"]) - {NONE})
    lines = [f"of income net of {bare_name(name)} means" for name in others]
    lines += ["of growth since the date before"] if len(growth) else []
    named = in_words(["of income", *lines])
    if not apart:
        return f"Moran's I {named}. No local Moran is distinguishable from chance."
    below = (
        f"local Moran by year of the {units} that are distinguishable from chance in at"
        " least one year; strong colour where the false discovery rate within the year"
        " allows it"
    )
    if apart > MOST_NAMES:
        below = (
            f"how many {units} are distinguishable from chance by local Moran, with the"
            " false discovery rate controlled within the year"
        )
    return f"Above: Moran's I {named}. Below: {below}."


def _draw_key(figure: Figure) -> None:
    keys = [
        Patch(facecolor=colour, hatch=hatch, edgecolor="white", label=name)
        for colour, hatch, name in QUADRANTS.values()
    ]
    pale = "pale: not significant"
    figure.legend(
        handles=[
            *keys,
            Patch(
                facecolor=FAINT,
                alpha=0.5,
                label=pale,
            ),
        ],
        loc="lower center",
        ncols=2,
        bbox_to_anchor=(0.5, 0.0),
        columnspacing=1.2,
        handlelength=1.4,
        handletextpad=0.5,
    )


def _draw_moran(axes: Axes, paths: pd.DataFrame, growth: pd.DataFrame) -> None:
    plain = only(paths, controls=NONE).sort_values("year")
    colour = series_mark(0).colour
    for part in stretches(plain):
        band = part["year"], part["band_low"], part["band_high"]
        axes.fill_between(
            *band,
            color=colour,
            alpha=0.13,
            linewidth=0,
        )
        draw_line(axes, part["year"], part["expected"], color=FAINT, linewidth=0.8)
    others = paths[paths["controls"].ne(NONE)].groupby("controls")
    lines = [("income", plain)]
    lines += [(_name(str(controls)), part) for controls, part in others]
    lines += [("growth", growth)] if len(growth) else []
    drawn = [plain["band_low"], plain["band_high"]]
    endings = []
    for number, (name, part) in enumerate(lines):
        mark = series_mark(number)
        values = part.sort_values("year")["value"]
        draw_path(axes, part, "value", mark, 1.8 if number == 0 else 1.0)
        drawn.append(values)
        endings.append(Ending.of(values, name, mark))
    axes.set_ylim(padded(pd.concat(drawn), 0.08, floor=1e-6, above=3.2))
    year_axis(axes, plain["year"].astype(int).tolist())
    # Every column of the strip below is one observation wide, so the years keep half of
    # it at both ends.
    first, last = _years(plain)
    axes.set_xlim(first, last)
    shade_proxy(axes, plain)
    name_endings(axes, last, endings, lines=2)
    heading(axes, "Moran's I (band: permutations over all years, income)")


def _name(controls: str) -> str:
    return f"income, net of\n{bare_name(controls)}"


def _step(frame: pd.DataFrame) -> float:
    """Return the years between two observations."""
    years = np.sort(frame["year"].astype(float).unique())
    return float(np.diff(years).min()) if len(years) > 1 else 1.0


def _years(frame: pd.DataFrame) -> tuple[float, float]:
    """Return the first and last year with half an observation added at each end."""
    half = _step(frame) / 2
    return float(frame["year"].min()) - half, float(frame["year"].max()) + half


def _draw_strip(
    axes: Axes, local: pd.DataFrame, rate: float, results: StudyResults
) -> None:
    """Draw one rectangle for each run of years in which a unit stays what it is; units
    that chance explains in every year are counted and not drawn.
    """
    often = local[local["q_value"].le(rate)].groupby("unit").size()
    # Units that are often told apart from chance stand on top.
    order = sorted(often.index, key=lambda unit: (-often[unit], unit))
    row_of_unit = {unit: i for i, unit in enumerate(order)}
    step = _step(local)
    left, right = _years(local)
    others = local["unit"].nunique() - len(order)
    local = local[local["unit"].isin(order)]
    axes.add_patch(
        Rectangle((left, -0.5), right - left, len(order), facecolor=PALE, linewidth=0)
    )
    known = local[local["quadrant"].isin(list(QUADRANTS))].sort_values(["unit", "year"])
    known = known.assign(clear=known["q_value"].le(rate))
    # A rectangle ends where unit, quadrant or significance changes, or a date is
    # missing.
    state = known[["unit", "quadrant", "clear"]]
    alike = state.eq(state.shift()).all(axis=1)
    goes_on = alike & known["year"].diff().eq(step)
    for _, run in known.groupby((~goes_on).cumsum()):
        first = run.iloc[0]
        colour, hatch, _ = QUADRANTS[first["quadrant"]]
        style: Row = {"alpha": 0.16}
        if first["clear"]:
            style = {"hatch": hatch, "edgecolor": "white"}
        axes.add_patch(
            Rectangle(
                (float(first["year"]) - step / 2, row_of_unit[first["unit"]] - 0.44),
                step * len(run),
                0.88,
                facecolor=colour,
                linewidth=0,
                **style,
            )
        )
    # Thin white lines part the rows; without them equal neighbours would melt into one.
    for i in range(1, len(order)):
        axes.axhline(i - 0.5, color="white", linewidth=0.5)
    axes.set_ylim(max(len(order), 1) - 0.5, -0.5)
    names = [results.label(unit) for unit in order]
    axes.set_yticks(range(len(names)), names)
    if others:
        axes.set_xlabel(
            f"not drawn: {count_of(others, results.words)}, never significant",
            color=SOFT,
            loc="left",
        )
    axes.tick_params(axis="y", length=0, pad=1.5)
    axes.spines["left"].set_visible(False)
    heading(
        axes,
        f"Local Moran of income, false discovery rate {100 * rate:.0f}% within each"
        " year",
    )


def _draw_counts(
    axes: Axes, local: pd.DataFrame, rate: float, results: StudyResults
) -> None:
    """Draw how many units are told apart from chance in each year, by what they are."""
    clear = local[local["q_value"].le(rate)]
    years = np.sort(local["year"].unique())
    counts = clear.groupby(["quadrant", "year"]).size()
    base = np.zeros(len(years))
    for quadrant, (colour, hatch, _) in QUADRANTS.items():
        own = [int(counts.get((quadrant, year), 0)) for year in years]
        axes.bar(
            years,
            own,
            0.9 * _step(local),
            base,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0,
        )
        base = base + own
    axes.set_ylim(0, 1.08 * float(base.max()))
    heading(
        axes,
        f"{results.words['units_name'].capitalize()} with a significant local Moran, of"
        f" {local['unit'].nunique():,}",
    )


def _describe(
    results: StudyResults, plain: pd.DataFrame, local: pd.DataFrame, rate: float
) -> str:
    first = int(plain["year"].min())
    last = int(plain["year"].max())
    start = fixed(pick(plain, year=first)["value"], 2)
    end = fixed(pick(plain, year=last)["value"], 2)
    # The band holds in all years at once, so years above it may be counted.
    above = plain["value"].gt(plain["band_high"])
    significant = local[local["q_value"].le(rate)]
    final = only(significant, year=last)["unit"].nunique()
    ever = significant["unit"].nunique()
    return (
        f"Moran's I of income was {start} in {first} and {end} in {last}, above"
        f" its band in {int(above.sum())} of {len(plain)} years. Local Moran is"
        f" distinguishable from chance for {count_of(final, results.words)} in"
        f" {last} and for {count_of(ever, results.words)} in some"
        f" year.{proxy_sentence(plain)}"
    )

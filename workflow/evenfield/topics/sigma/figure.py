"""F5: dispersion of income by year, and the speed of convergence in rolling windows."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from evenfield.shared.figures import (
    FAINT,
    NARROW,
    Artwork,
    Ending,
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
from evenfield.shared.tables import count_of, fixed, nothing_to_show, only, records

# Share of the width kept free at the right for the names of the lines.
LABEL_SHARE = 0.27
BELOW = (
    "Below: speed at which poorer {units_name} caught up, by the last year of rolling"
    " windows, for the shorter ones with confidence intervals of each (strong) and of all"
    " jointly (faint). Below zero incomes diverged."
)
# An interval without an end is drawn far beyond the axis.
FAR = 1e3


def f5(results: StudyResults) -> Artwork:
    """Draw sigma by year, and beneath it the speed of convergence in rolling windows by
    their last year.
    """
    series = only(results.series(), unit_scheme=results.main)
    series = series.sort_values(["spec_id", "year"], ignore_index=True)
    if series.empty:
        raise nothing_to_show(f"sigma path for unit scheme {results.main}")
    windows = _windows(results)
    paths = _paths(results, series)
    main = paths[0][1]
    high = 2.5 if windows.empty else 5.0
    edges = {
        "left": 0.1,
        "right": 1 - LABEL_SHARE,
        "top": 1 - 0.47 / high,
        "bottom": 0.26 / high,
        "hspace": 0.3,
    }
    # A study without rolling windows has the upper panel alone.
    number = 1 if windows.empty else 2
    figure, grid = panels(number, 1, (NARROW, high), edges, sharex=True)
    above = grid[0, 0]
    _draw_sigma(above, paths, main)
    unit = results.words["unit_name"]
    heading(
        above,
        f"Standard deviation of log income per head (band: leaving out one {unit})",
    )
    sentences = [_describe(results, main)]
    if len(windows):
        below = grid[1, 0]
        sentences += _draw_speeds(below, windows)
        year_axis(below, main["year"].tolist())
        shade_proxy(below, main, name="")
        heading(below, "Speed of convergence, % a year, by the last year of the window")
    parts = [series.assign(panel="sigma"), windows.assign(panel="speed")]
    return Artwork(
        figure,
        pd.concat(parts, ignore_index=True),
        " ".join(sentences),
        "" if windows.empty else BELOW.format(**results.words),
    )


FIGURES = {"F5": f5}


def _windows(results: StudyResults) -> pd.DataFrame:
    if "rolling" not in results.config.estimates:
        return pd.DataFrame()
    spec = str(results.primary("rolling")["id"])
    windows = only(results.series(topic="rolling"), spec_id=spec, kind="window")
    windows = windows[windows["speed"].notna()]
    return windows.sort_values(["span", "end_year"], ignore_index=True)


def _draw_sigma(
    axes: Axes, paths: list[tuple[str, pd.DataFrame, str]], main: pd.DataFrame
) -> None:
    # The band leaves out one unit; it is no confidence interval.
    colour = series_mark(0).colour
    # The band breaks, as the lines do, where proxy output is joined to official output.
    for part in stretches(main):
        band = part["year"], part["sigma_low"], part["sigma_high"]
        axes.fill_between(
            *band,
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
    drawn = [main["sigma_low"], main["sigma_high"]]
    endings = []
    for number, (name, path, column) in enumerate(paths):
        mark = series_mark(number)
        draw_path(axes, path, column, mark, 1.8 if number == 0 else 1.2)
        drawn.append(path[column])
        endings.append(Ending.of(path[column], name, mark))
    axes.set_ylim(padded(pd.concat(drawn), 0.08, floor=1e-6, above=1.6))
    year_axis(axes, main["year"].tolist())
    shade_proxy(axes, main)
    name_endings(axes, float(main["year"].iloc[-1]), endings, lines=2)


def _draw_speeds(axes: Axes, windows: pd.DataFrame) -> list[str]:
    """Draw one line for each length of window, the first with its bands, and say what
    they show.
    """
    axes.axhline(0.0, color=FAINT, linewidth=0.9, zorder=1)
    endings = []
    sentences = []
    for number, (span, line) in enumerate(windows.groupby("span")):
        mark = series_mark(number)
        path = line.rename(columns={"end_year": "year"})
        for part in stretches(path) if number == 0 else ():
            for name, alpha in (("band", 0.10), ("pointwise", 0.20)):
                axes.fill_between(
                    part["year"],
                    part[f"{name}_low"].fillna(-FAR),
                    part[f"{name}_high"].fillna(FAR),
                    color=mark.colour,
                    alpha=alpha,
                    linewidth=0,
                )
        draw_path(axes, path, "speed", mark, 1.8 if number == 0 else 1.2)
        endings.append(Ending.of(line["speed"], f"windows of\n{span:.0f} years", mark))
        sentences.append(_window_sentence(line))
    # ASSUME: the axis follows the pointwise intervals; a band over all windows that is
    # much wider runs off it.
    first = windows[windows["span"].eq(windows["span"].min())]
    ends = first[["speed", "pointwise_low", "pointwise_high"]].to_numpy(float)
    least = float(np.nanmin(ends))
    most = float(np.nanmax(ends))
    axes.set_ylim(least - 0.12 * (most - least), most + 0.22 * (most - least))
    name_endings(axes, float(windows["end_year"].max()), endings, lines=2)
    return sentences


def _window_sentence(line: pd.DataFrame) -> str:
    rows = records(line)
    slowest = min(rows, key=lambda row: row["speed"])
    fastest = max(rows, key=lambda row: row["speed"])
    # A band over all windows: how often it excludes zero needs no further correction.
    clear = int((line["band_low"].gt(0) | line["band_high"].lt(0)).sum())
    return (
        f"Speed of convergence in windows of {int(rows[0]['span'])} years: from"
        f" {fixed(slowest['speed'], 1)}% a year in {_window_years(slowest)} to"
        f" {fixed(fastest['speed'], 1)}% in {_window_years(fastest)}; the band over all"
        f" windows excludes zero in {clear} of {len(rows)}."
    )


def _window_years(row: dict[str, float]) -> str:
    return f"{int(row['start_year'])}\u2013{int(row['end_year'])}"


def _paths(
    results: StudyResults, series: pd.DataFrame
) -> list[tuple[str, pd.DataFrame, str]]:
    """Return name, rows and column of each line, the largest sample first."""
    sizes = series.groupby("spec_id")["n_units"].first()
    # The study's own sample is the largest and sets the axis.
    sizes = sizes.sort_values(ascending=False, kind="stable")
    paths = []
    for spec, size in sizes.items():
        path = only(series, spec_id=spec)
        name = count_of(int(size), results.words)
        if size != sizes.iloc[0]:
            name += f",\n{results.word(path['sample_id'].iloc[0])}"
        paths.append((name, path, "sigma"))
    main = paths[0][1]
    # Blank in a study without population.
    if main["sigma_population_weighted"].notna().all():
        paths.append(("population-weighted", main, "sigma_population_weighted"))
    return paths


def _describe(results: StudyResults, main: pd.DataFrame) -> str:
    rows = records(main)
    first = rows[0]
    last = rows[-1]
    top = max(rows, key=lambda row: row["sigma"])
    bottom = min(rows, key=lambda row: row["sigma"])
    units = count_of(int(first["n_units"]), results.words)
    return (
        f"Dispersion of log income across {units}: {fixed(first['sigma'], 3)} in"
        f" {first['year']} and {fixed(last['sigma'], 3)} in {last['year']}, highest"
        f" {fixed(top['sigma'], 3)} in {top['year']}, lowest"
        f" {fixed(bottom['sigma'], 3)} in {bottom['year']}. Without"
        f" {results.label(last['unit_low'])} it is {fixed(last['sigma_low'], 3)} in"
        f" {last['year']}.{proxy_sentence(main)}"
    )

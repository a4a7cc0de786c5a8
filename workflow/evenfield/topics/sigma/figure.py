"""F5: dispersion of income by year, and the speed of convergence in rolling windows."""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, WIDTH, series_mark, use_style
from evenfield.shared.figures.timeline import (
    Ending,
    draw_path,
    name_endings,
    shade_proxy,
    stretches,
    year_axis,
)
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, records
from evenfield.shared.tables.units import count_of
from evenfield.study.errors import ArtifactError

LABEL_SHARE = 0.20


def f5(facts: Facts) -> Artwork:
    """Draw sigma by year, and beneath it the speed of convergence in rolling windows by
    their last year.
    """
    series = only(facts.series(), unit_scheme=facts.main).sort_values(
        ["spec_id", "year"], ignore_index=True
    )
    if series.empty:
        fault = f"no sigma path for unit scheme {facts.main}"
        remedy = "add it to estimates.sigma or drop F5"
        raise ArtifactError(
            fault, "one specification with it", f"{remedy} from `figures`"
        )
    use_style()
    windows = _windows(facts)
    paths = _paths(facts, series)
    main = paths[0][1]
    high = 2.6 if windows.empty else 4.9
    figure, panels = plt.subplots(
        1 + len(windows[:1]), 1, figsize=(WIDTH, high), sharex=True, squeeze=False
    )
    figure.subplots_adjust(
        left=0.06,
        right=1 - LABEL_SHARE,
        top=1 - 0.25 / high,
        bottom=0.26 / high,
        hspace=0.17,
    )
    _draw_sigma(panels[0, 0], paths, main)
    panels[0, 0].set_title(
        "Standard deviation of log income per head (band: leaving out one"
        f" {facts.words['unit_name']})"
    )
    sentences = [_describe(facts, main)]
    if len(windows):
        sentences += _draw_speeds(panels[1, 0], windows)
        year_axis(panels[1, 0], main["year"].tolist())
        shade_proxy(panels[1, 0], main, name="")
        panels[1, 0].set_title(
            "Speed of convergence, % a year, by the last year of the window"
        )
    data = pd.concat(
        [series.assign(panel="sigma"), windows.assign(panel="speed")], ignore_index=True
    )
    return Artwork(figure, data, " ".join(sentences))


FIGURES = {"F5": f5}


def _windows(facts: Facts) -> pd.DataFrame:
    if "rolling" not in facts.config["estimates"]:
        return pd.DataFrame()
    window_rows = only(
        facts.series(topic="rolling"),
        spec_id=str(facts.primary("rolling")["id"]),
        kind="window",
    )
    return window_rows[window_rows["speed"].notna()].sort_values(
        ["span", "end_year"], ignore_index=True
    )


def _draw_sigma(
    axes: Axes, paths: list[tuple[str, pd.DataFrame, str]], main: pd.DataFrame
) -> None:
    for part in stretches(main):
        band = part["year"], part["sigma_low"], part["sigma_high"]
        axes.fill_between(*band, color=series_mark(0).colour, alpha=0.15, linewidth=0)
    for number, (_, path, column) in enumerate(paths):
        draw_path(axes, path, column, series_mark(number), 1.8 if number == 0 else 1.2)
    drawn = [
        *((path, column) for _, path, column in paths),
        (main, "sigma_low"),
        (main, "sigma_high"),
    ]
    values = np.concatenate([path[column].to_numpy(float) for path, column in drawn])
    pad = 0.08 * max(float(np.nanmax(values) - np.nanmin(values)), 1e-6)
    axes.set_ylim(float(np.nanmin(values)) - pad, float(np.nanmax(values)) + 1.6 * pad)
    year_axis(axes, main["year"].tolist())
    shade_proxy(axes, main)
    ends = [(float(path[column].iloc[-1]), name) for name, path, column in paths]
    endings = [
        Ending(end_value, name, series_mark(number).colour)
        for number, (end_value, name) in enumerate(ends)
    ]
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
                low = part[f"{name}_low"].fillna(-1e3)
                high = part[f"{name}_high"].fillna(1e3)
                axes.fill_between(
                    part["year"], low, high, color=mark.colour, alpha=alpha, linewidth=0
                )
        draw_path(axes, path, "speed", mark, 1.8 if number == 0 else 1.2)
        endings.append(
            Ending(
                float(line["speed"].iloc[-1]),
                f"windows of\n{span:.0f} years",
                mark.colour,
            )
        )
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
    ends = [choose(rows, key=lambda row: row["speed"]) for choose in (min, max)]
    low, high = (
        f"{int(row['start_year'])}\u2013{int(row['end_year'])}" for row in ends
    )
    clear = int((line["band_low"].gt(0) | line["band_high"].lt(0)).sum())
    return (
        f"Speed of convergence in windows of {int(rows[0]['span'])} years: from"
        f" {fixed(ends[0]['speed'], 1)}% a year in {low} to"
        f" {fixed(ends[1]['speed'], 1)}% in {high}; the band over all windows leaves"
        f" out zero in {clear} of {len(rows)}."
    )


def _paths(facts: Facts, series: pd.DataFrame) -> list[tuple[str, pd.DataFrame, str]]:
    sizes = (
        series.groupby("spec_id")["n_units"]
        .first()
        .sort_index()
        .sort_values(ascending=False, kind="stable")
    )
    paths = []
    for spec, size in sizes.items():
        path = only(series, spec_id=spec)
        sample = (
            ""
            if size == sizes.iloc[0]
            else f",\n{path['sample_id'].iloc[0].replace('_', ' ')}"
        )
        paths.append((f"{count_of(int(size), facts.words)}{sample}", path, "sigma"))
    main = paths[0][1]
    if main["sigma_population_weighted"].notna().all():
        paths.append(("population-weighted", main, "sigma_population_weighted"))
    return paths


def _describe(facts: Facts, main: pd.DataFrame) -> str:
    rows = records(main)
    first = rows[0]
    last = rows[-1]
    top = max(rows, key=lambda row: row["sigma"])
    bottom = min(rows, key=lambda row: row["sigma"])
    proxy = main.loc[main["basis"].eq("proxy"), "year"]
    shaded = f" Years to {proxy.max()} rest on proxy output." if len(proxy) else ""
    units = count_of(int(first["n_units"]), facts.words)
    return (
        f"Dispersion of log income across {units}: {fixed(first['sigma'], 3)} in"
        f" {first['year']} and {fixed(last['sigma'], 3)} in {last['year']}, highest"
        f" {fixed(top['sigma'], 3)} in {top['year']}, lowest"
        f" {fixed(bottom['sigma'], 3)} in {bottom['year']}. Without"
        f" {facts.label(last['unit_low'])} it is {fixed(last['sigma_low'], 3)} in"
        f" {last['year']}.{shaded}"
    )

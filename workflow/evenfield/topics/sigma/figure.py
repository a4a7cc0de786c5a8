"""F5: dispersion of income over time, with the band of leaving one unit out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import WIDTH, series_mark, use_style
from evenfield.shared.figures.timeline import Ending, draw_path, name_endings, shade_proxy, stretches, year_axis
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import records
from evenfield.shared.tables.units import count_of, short_name
from evenfield.study.errors import ArtifactError

LABEL_SHARE = 0.20


def draw_sigma(series: pd.DataFrame, unit_scheme: str, study: Mapping[str, Any]) -> Artwork:
    """Draw sigma by year for the specifications of one unit scheme."""
    mine = series[series["unit_scheme"].eq(unit_scheme)].sort_values(["spec_id", "year"], ignore_index=True)
    if mine.empty:
        raise ArtifactError(f"no sigma path for unit scheme {unit_scheme}", "one specification with it",
                            "add it to estimates.sigma or remove F5 from `figures`")  # fmt: skip
    use_style()
    paths = _paths(mine, study)
    main = paths[0][1]
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    figure.subplots_adjust(left=0.06, right=1 - LABEL_SHARE, top=0.92, bottom=0.08)
    for part in stretches(main):
        axes.fill_between(part["year"], part["sigma_low"], part["sigma_high"], color=series_mark(0).colour, alpha=0.15,
                          linewidth=0)  # fmt: skip
    for place, (_, path, column) in enumerate(paths):
        draw_path(axes, path, column, series_mark(place), 1.8 if place == 0 else 1.2)
    axes.set_title(f"Standard deviation of log income per head (band: leaving out one {study['unit_name']})")
    _limit(axes, paths)
    endings = [Ending(float(path[column].iloc[-1]), name, series_mark(place).colour)
               for place, (name, path, column) in enumerate(paths)]  # fmt: skip
    name_endings(axes, float(main["year"].iloc[-1]), endings, lines=2)
    return Artwork(figure, mine, _describe(main, study))


def _paths(mine: pd.DataFrame, study: Mapping[str, Any]) -> list[tuple[str, pd.DataFrame, str]]:
    full = max(mine["n_units"])
    groups = sorted(mine.groupby("spec_id"), key=lambda item: (-int(item[1]["n_units"].iloc[0]), item[0]))
    paths = [(_name(path, int(full), study), path, "sigma") for _, path in groups]
    main = paths[0][1]
    if main["sigma_population_weighted"].notna().all():
        paths.append(("population-weighted", main, "sigma_population_weighted"))
    return paths


def _name(path: pd.DataFrame, full: int, study: Mapping[str, Any]) -> str:
    number = int(path["n_units"].iloc[0])
    sample = "" if number == full else f",\n{path['sample_id'].iloc[0].replace('_', ' ')}"
    return f"{count_of(number, study)}{sample}"


def _limit(axes: Axes, paths: list[tuple[str, pd.DataFrame, str]]) -> None:
    values = np.concatenate([path[column].to_numpy(float) for _, path, column in paths]
                            + [paths[0][1][edge].to_numpy(float) for edge in ("sigma_low", "sigma_high")])  # fmt: skip
    values = values[np.isfinite(values)]
    pad = 0.08 * max(float(np.ptp(values)), 1e-6)
    axes.set_ylim(values.min() - pad, values.max() + 1.6 * pad)
    year_axis(axes, paths[0][1]["year"].tolist())
    shade_proxy(axes, paths[0][1])


def _describe(main: pd.DataFrame, study: Mapping[str, Any]) -> str:
    rows = records(main)
    first, last = rows[0], rows[-1]
    top, bottom = max(rows, key=lambda row: row["sigma"]), min(rows, key=lambda row: row["sigma"])
    proxy = main.loc[main["basis"].eq("proxy"), "year"]
    shaded = f" Years to {proxy.max()} rest on PROXY output." if len(proxy) else ""
    return (
        f"Dispersion of log income across {count_of(int(first['n_units']), study)}: {fixed(first['sigma'], 3)} in "
        f"{first['year']} and {fixed(last['sigma'], 3)} in {last['year']}, highest {fixed(top['sigma'], 3)} in "
        f"{top['year']}, lowest {fixed(bottom['sigma'], 3)} in {bottom['year']}. Without "
        f"{short_name(last['unit_low'])} it is {fixed(last['sigma_low'], 3)} in {last['year']}.{shaded}"
    )

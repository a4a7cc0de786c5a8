"""F5: dispersion of income over time, with the band of leaving one unit out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

from evenfield.shared.facts import Facts
from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import WIDTH, series_mark, use_style
from evenfield.shared.figures.timeline import Ending, draw_path, name_endings, shade_proxy, stretches, year_axis
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, records
from evenfield.shared.tables.units import count_of, short_name
from evenfield.study.errors import ArtifactError

LABEL_SHARE = 0.20


def f5(facts: Facts) -> Artwork:
    """Draw sigma by year for the specifications of the main unit scheme."""
    mine = only(facts.series(), unit_scheme=facts.main).sort_values(["spec_id", "year"], ignore_index=True)
    if mine.empty:
        found, remedy = f"no sigma path for unit scheme {facts.main}", "add it to estimates.sigma or drop F5"
        raise ArtifactError(found, "one specification with it", f"{remedy} from `figures`")
    use_style()
    paths = _paths(facts, mine)
    main = paths[0][1]
    figure, axes = plt.subplots(figsize=(WIDTH, 3.4))
    figure.subplots_adjust(left=0.06, right=1 - LABEL_SHARE, top=0.92, bottom=0.08)
    for part in stretches(main):
        band = part["year"], part["sigma_low"], part["sigma_high"]
        axes.fill_between(*band, color=series_mark(0).colour, alpha=0.15, linewidth=0)
    for place, (_, path, column) in enumerate(paths):
        draw_path(axes, path, column, series_mark(place), 1.8 if place == 0 else 1.2)
    axes.set_title(f"Standard deviation of log income per head (band: leaving out one {facts.words['unit_name']})")
    drawn = [*((path, column) for _, path, column in paths), (main, "sigma_low"), (main, "sigma_high")]
    values = np.concatenate([path[column].to_numpy(float) for path, column in drawn])
    pad = 0.08 * max(float(np.nanmax(values) - np.nanmin(values)), 1e-6)
    axes.set_ylim(np.nanmin(values) - pad, np.nanmax(values) + 1.6 * pad)
    year_axis(axes, main["year"].tolist())
    shade_proxy(axes, main)
    ends = [(float(path[column].iloc[-1]), name) for name, path, column in paths]
    endings = [Ending(height, name, series_mark(place).colour) for place, (height, name) in enumerate(ends)]
    name_endings(axes, float(main["year"].iloc[-1]), endings, lines=2)
    return Artwork(figure, mine, _describe(facts, main))


FIGURES = {"F5": f5}


def _paths(facts: Facts, mine: pd.DataFrame) -> list[tuple[str, pd.DataFrame, str]]:
    sizes = mine.groupby("spec_id")["n_units"].first().sort_index().sort_values(ascending=False, kind="stable")
    paths = []
    for spec, size in sizes.items():
        path = only(mine, spec_id=spec)
        sample = "" if size == sizes.iloc[0] else f",\n{path['sample_id'].iloc[0].replace('_', ' ')}"
        paths.append((f"{count_of(int(size), facts.words)}{sample}", path, "sigma"))
    main = paths[0][1]
    if main["sigma_population_weighted"].notna().all():
        paths.append(("population-weighted", main, "sigma_population_weighted"))
    return paths


def _describe(facts: Facts, main: pd.DataFrame) -> str:
    rows = records(main)
    first, last = rows[0], rows[-1]
    top, bottom = max(rows, key=lambda row: row["sigma"]), min(rows, key=lambda row: row["sigma"])
    proxy = main.loc[main["basis"].eq("proxy"), "year"]
    shaded = f" Years to {proxy.max()} rest on PROXY output." if len(proxy) else ""
    units = count_of(int(first["n_units"]), facts.words)
    return (
        f"Dispersion of log income across {units}: {fixed(first['sigma'], 3)} in "
        f"{first['year']} and {fixed(last['sigma'], 3)} in {last['year']}, highest {fixed(top['sigma'], 3)} in "
        f"{top['year']}, lowest {fixed(bottom['sigma'], 3)} in {bottom['year']}. Without "
        f"{short_name(last['unit_low'])} it is {fixed(last['sigma_low'], 3)} in {last['year']}.{shaded}"
    )

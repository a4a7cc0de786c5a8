"""F18: location quotients of groups by year, with the band of leaving one member out."""

from __future__ import annotations

import pandas as pd
from matplotlib import pyplot as plt

from evenfield.shared.figures.save import Artwork
from evenfield.shared.figures.style import FAINT, INK, WIDTH, series_mark, use_style
from evenfield.shared.figures.timeline import Ending, name_endings, year_axis
from evenfield.shared.tables.numbers import fixed
from evenfield.shared.tables.rows import only, records
from evenfield.study.errors import ArtifactError

NAMES = {"sez": "zones", "no sez": "all others", "cluster": "clusters", "no cluster": "all others"}


def draw_quotient(series: pd.DataFrame) -> Artwork:
    """Draw the location quotients of the first specification."""
    if series.empty:
        raise ArtifactError("no location quotient", "a specification with `path: quotient` whose columns have figures",
                            "add it to estimates.fading or remove F18 from `figures`")  # fmt: skip
    mine = only(series, spec_id=str(series["spec_id"].iloc[0])).reset_index(drop=True)
    use_style()
    figure, axes = plt.subplots(figsize=(WIDTH, 2.9))
    figure.subplots_adjust(left=0.06, right=0.86, top=0.91, bottom=0.09)
    axes.axhline(1.0, color=FAINT, linewidth=0.8, zorder=1)
    endings = []
    for place, group in enumerate(_groups(mine)):
        path, mark = only(mine, group=group), series_mark(place)
        axes.fill_between(path["year"], path["low"], path["high"], color=mark.colour, alpha=0.15, linewidth=0)
        axes.plot(path["year"], path["quotient"], color=mark.colour, linestyle=mark.line)
        endings.append(Ending(float(path["quotient"].iloc[-1]), NAMES.get(group, group), mark.colour))
    axes.set_title("Location quotient (band: leaving out one member)", color=INK)
    axes.set_ylim(bottom=0.0)
    years = sorted(mine["year"].unique().tolist())
    year_axis(axes, years)
    name_endings(axes, float(years[-1]), endings)
    return Artwork(figure, mine, _describe(mine))


def _groups(mine: pd.DataFrame) -> list[str]:
    return sorted(mine["group"].unique().tolist(), key=lambda name: name.startswith("no "))


def _describe(mine: pd.DataFrame) -> str:
    parts = []
    for group in _groups(mine):
        rows = records(only(mine, group=group))
        first, last = rows[0], rows[-1]
        parts.append(
            f"{NAMES.get(group, group)} {fixed(first['quotient'])} in {first['year']} and {fixed(last['quotient'])} in "
            f"{last['year']} ({fixed(last['low'])} to {fixed(last['high'])} when one member is left out)"
        )
    return f"Location quotient by year, one where the share equals that in output: {'; '.join(parts)}."

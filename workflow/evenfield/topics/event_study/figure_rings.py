"""F36: outcomes of units near a policy, by distance to the nearest one that has it."""

from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes

from evenfield.shared.figures import (
    ACCENT,
    FAINT,
    INK,
    NARROW,
    SMALL,
    SOFT,
    Artwork,
    heading,
    key_below,
    line_key,
    panels,
    tick_key,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, fixed, is_missing, only, pick, records
from evenfield.study.errors import ArtifactError
from evenfield.topics.event_study.table_words import (
    BASE,
    SURE,
    bare,
    capital,
    deciding_rows,
    decimals_of,
    in_unit,
    outcome_of,
    unit_of,
)

OFFSET = 0.17  # of marks of dates that decide above, and of others below, their line
MARKS = 5
TITLE = 0.54  # inches above a panel
BELOW = 1.1  # inches below the last one: ticks, axis and key


def f36(results: StudyResults) -> Artwork:
    """Draw the own effect and rings of every specification with rings, with the
    smallest detectable effect.
    """
    specs = {spec["id"]: spec for spec in results.specs(question="specs")}
    rings = results.specs(question="rings")
    outcome = outcome_of(results, specs[rings[0]["of"]])
    rows = in_unit(_ring_estimates(results.estimates()), outcome)
    if rows.empty:
        raise ArtifactError("no rings", "enough far units", "drop F36 from `figures`")
    most = max(len(ring["radii"]) for ring in rings) + 1
    # One beneath the other, so that a phone shows them whole.
    panel = TITLE + 0.36 * most
    size = (NARROW, BELOW + panel * len(rings))
    edges = {"left": 0.23, "right": 0.98, "hspace": TITLE / (panel - TITLE)}
    edges |= {"top": 1 - TITLE / size[1], "bottom": BELOW / size[1]}
    figure, grid = panels(len(rings), 1, size, edges, sharex=True, sharey=True)
    sentences = []
    for axes, ring in zip(grid[:, 0], rings, strict=True):
        spec = specs[ring["of"]]
        reach = f"{ring['radii'][-1]:g} {ring.get('distance', 'km')}"
        own = only(rows, spec_id=spec["id"], w_id=reach)
        title = _kinds(results, spec)
        sample = spec.get("sample") or "all"
        if sample != "all":
            title = f"{title}, {results.word(sample)}"
        heading(axes, title)
        decimals = decimals_of(outcome)
        sentences += _draw_rings(axes, deciding_rows(results, own), title, decimals)
    labels = ["own", *_distances(rings[0])]
    for axes in grid[:, 0]:
        axes.set_yticks(range(len(labels)), labels)
    grid[0, 0].set_ylim(len(labels) - 0.5, -0.5)
    words = f"effect on {bare(outcome)}, {unit_of(outcome)}"
    figure.supxlabel(words, fontsize=SMALL, y=0.6 / size[1], color=INK)
    hollow = {"marker": "o", "markerfacecolor": "white", "linestyle": ""}
    first, second = "all dates", SURE
    if results.config.estimates["event_study"].get("deciding") == "sure":
        first, second = second, first
    keys = [
        line_key(first, color=INK, marker="o", markersize=MARKS, linestyle=""),
        line_key(second, color=SOFT, markersize=MARKS, **hollow),
        tick_key("smallest detectable effect", 8),
    ]
    key_below(figure, keys, columns=2, handletextpad=0.4)
    return Artwork(figure, rows, f"Effects by distance: {'; '.join(sentences)}.")


def _ring_estimates(estimates: pd.DataFrame) -> pd.DataFrame:
    shown = estimates["estimator"].isin([f"{BASE}_far", f"{BASE}_rings"])
    shown &= estimates["effect_type"].eq("coef") & estimates["estimate"].notna()
    rows = estimates[shown].assign(seen_below=-estimates["mde"])
    columns = "spec_id estimator contrast w_id treatment_def estimate conf_low".split()
    return rows[[*columns, *"conf_high seen_below mde n_treated".split()]]


def _kinds(results: StudyResults, spec: Row) -> str:
    return capital(" or ".join(map(results.word, spec.get("kinds") or ["any policy"])))


def _distances(ring: Row) -> list[str]:
    """Return the names of rings from the innermost to the outermost."""
    ends = [0, *ring["radii"]]
    unit = ring.get("distance", "km")
    return [f"{low:g}\u2013{high:g} {unit}" for low, high in pairwise(ends)]


def _draw_rings(
    axes: Axes,
    by_dates: tuple[pd.DataFrame, pd.DataFrame],
    title: str,
    decimals: int,
) -> list[str]:
    """Draw the rings of one specification; dates that decide above the line, others
    below.
    """
    axes.axvline(0, color=FAINT, linewidth=0.8, zorder=1)
    sentences = []
    for beside, part in enumerate(by_dates):
        effect = pick(part, estimator=f"{BASE}_far")
        inward = part[part["estimator"].ne(f"{BASE}_far")]
        inward = inward.assign(inner=inward["contrast"].str.split(" ").str[0])
        by_distance = inward.sort_values("inner", key=lambda text: text.astype(float))
        rings: list[Row] = [effect, *records(by_distance)]
        for line, row in enumerate(rings):
            if row and not is_missing(row["conf_low"]):
                _draw_mark(axes, line, row, beside=bool(beside))
                where = row["contrast"] if line else "own"
                dates = row["treatment_def"].rsplit(", ", 1)[-1]
                value = fixed(row["estimate"], decimals)
                words = title.replace("\n", ", ")
                sentences.append(f"{words}, {where}, {dates} {value}")
    return sentences


def _draw_mark(axes: Axes, line: int, row: Row, *, beside: bool) -> None:
    at = line + (OFFSET if beside else -OFFSET)
    colour = SOFT if beside else INK
    axes.hlines(at, row["conf_low"], row["conf_high"], colour, linewidth=1.4)
    face = "white" if beside else colour
    axes.plot(
        row["estimate"], at, "o", color=colour, markerfacecolor=face, markersize=MARKS
    )
    if not beside:
        for end in (row["seen_below"], row["mde"]):
            axes.plot(end, at, "|", color=ACCENT, markersize=8)

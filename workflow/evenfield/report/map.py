"""The map of the page: what it colours by, year by year, and the sentence of each year
with zones.
"""

import json
import math
from collections.abc import Iterator
from functools import lru_cache, partial
from importlib import import_module
from itertools import pairwise
from urllib.parse import quote

import numpy as np
import pandas as pd

from evenfield.report.map_shapes import WIDTH, drawing_of, points_within
from evenfield.shared.second_studies import second_exhibit
from evenfield.shared.sections import FigureMap, MapLayer
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables.rows import TEXT, records
from evenfield.shared.tables.units import in_words
from evenfield.shared.topics import (
    TOPICS,
    TOTAL,
    exhibit_owners,
    kind_of,
    measured_in,
    with_measure,
)
from evenfield.study.errors import ReportError, counted
from evenfield.study.files import Record

BREAKS = (60, 80, 100, 150)  # income in percent of the average
FIFTHS = 5
FEWEST_RANKED = 10  # units that fifths can part
RADIUS = 3.2  # of the circle of one zone
ALL_ZONES = "state"
MOST_NAMED = 20
BY_YEAR = ("income", "zones", "listed")  # numbers of a unit
# Marks of units by list, as moves from their middle: on none, on the list of the layer, on
# the one that it is shown with, on both. Form and colour are those of the figures.
MARKS_OF_LISTS = {
    "l0": "m-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "l1": "m-6-6h12v12h-12z",
    "l2": "m0-7.5l7.5 13h-15z",
    "l3": "m-6.8 0a6.8 6.8 0 1 0 13.6 0a6.8 6.8 0 1 0-13.6 0z",
}


def map_view(results: StudyResults, first: str = "") -> dict[str, object]:
    """Return shapes, layers, numbers by year and the sentence of each year; nothing
    where no unit has a place. The map opens on the layer whose name begins with ``first``.
    """
    units = records(results.table("units", text=TEXT))
    panel = results.table("panel")
    income = income_of_average(results, panel)
    years = sorted(map(int, income.columns))
    latest = panel.sort_values("year").groupby("unit")["population"].last()
    drawing = drawing_of(results, units, latest)
    if drawing is None:
        return {}
    zones = _zones(results)
    listed, clusters = _listed(results)
    has_zones = bool(zones.to_numpy().any())
    what = measured_in(results.words)
    total = kind_of(results.words) == TOTAL
    said = partial(with_measure, what, kind=kind_of(results.words))
    layers = [
        layer._replace(
            name=said(layer.name),
            keys={key: said(words) for key, words in layer.keys.items()},
        )
        for layer in (
            _income_layer(income, bool(latest.notna().any()) and not total),
            *_growth_layer(panel),
            *topic_layers(results),
        )
    ]
    layers = _opening_on(first, layers)
    names = {unit["unit"]: unit["name"] for unit in units}
    shown = list(drawing.paths)
    codes = [_codes(layer, shown, years) for layer in layers]
    numbers = dict(zip(BY_YEAR, (income, zones, listed), strict=True))
    by_year = {key: _by_year(frame, shown, years) for key, frame in numbers.items()}
    drawn = []
    for number, unit in enumerate(shown):
        x, y = drawing.centres[unit]
        entry = {
            "name": names[unit],
            "anchor": anchor(unit),
            "path": drawing.paths[unit],
            "x": x,
            "y": y,
            "cluster": unit in clusters,
            "codes": [layer[number] for layer in codes],
        }
        entry |= {key: rows[number] for key, rows in by_year.items()}
        drawn.append(entry | {"zoned": any(entry["zones"])})
    sentences = [_sentence(results, year, zones, listed) for year in years if has_zones]
    data = {
        "years": years,
        "said": sentences,
        "what": what or "income",
        "radius": RADIUS,
        "layers": [
            {"name": layer.name, "keys": list(layer.keys.items())} for layer in layers
        ],
        "units": [
            {
                key: unit[key]
                for key in ("name", "anchor", "codes", *BY_YEAR)
                # Of a unit that never has a zone its zones say nothing.
                if unit["zoned"] or key not in BY_YEAR[1:]
            }
            for unit in drawn
        ],
    }
    return {
        "id": "map",
        "units": drawn,
        "years": years,
        "last": _last_known(by_year["income"]),
        "said": sentences,
        "clusters": len(clusters),
        "size": f"{WIDTH:g} {drawing.height:.0f}",
        "points": drawing.points,
        "sized": drawing.points and latest.notna().any(),
        "coast": drawing.coast,
        "zones": has_zones,
        "unlisted": any(_unlisted(unit) for unit in drawn),
        "layers": layers,
        "marks": {},
        "listed": [],
        "data": _script(data),
        # The area of a circle, not its radius, grows with the number of zones.
        "radius": lambda number: f"{RADIUS * math.sqrt(number or 0):.1f}",
    }


def figure_map(
    results: StudyResults, exhibit: str, outlines: Record
) -> dict[str, object]:
    """Return what a page draws in place of a figure of places, in the form of
    ``map_view``, with outlines around the points; nothing of any other figure.
    """
    figure = second_exhibit(exhibit)[0]
    listed = _maps_of_figures(results, figure).get(figure)
    if listed is None:
        return {}
    units = records(results.table("units", text=TEXT))
    drawing = points_within(units, outlines)
    if drawing is None:
        return {}
    on_some = {row["unit"] for row in listed.listed}
    # Those on some list last, so that they lie upon the others.
    shown = sorted(drawing.centres, key=lambda unit: unit in on_some)
    codes = [_codes(layer, shown, []) for layer in listed.layers]
    names = {unit["unit"]: unit["name"] for unit in units}
    drawn = []
    for number, unit in enumerate(shown):
        x, y = drawing.centres[unit]
        digits = "".join(layer[number] for layer in codes)
        place = f"{x:.1f} {y:.1f}"
        keys = list(listed.layers[0].keys)
        drawn.append(
            {
                "name": ", ".join(filter(None, [names[unit], listed.groups.get(unit)])),
                "anchor": f"{exhibit}={quote(unit, safe='')}"
                if unit in on_some
                else "",
                "cluster": False,
                "codes": digits,
                "path": f"M{place}{MARKS_OF_LISTS[keys[int(digits[0]) - 1]]}",
            }
        )
    data = {
        "years": [],
        "said": [],
        "lists": True,
        "marks": MARKS_OF_LISTS,
        "layers": [
            {"name": layer.name, "keys": list(layer.keys.items())}
            for layer in listed.layers
        ],
        "units": [
            {key: unit[key] for key in ("name", "anchor", "codes")} for unit in drawn
        ],
    }
    return {
        "id": exhibit,
        "units": drawn,
        "years": [],
        "last": 0,
        "clusters": 0,
        "size": f"{WIDTH:g} {drawing.height:.0f}",
        "points": True,
        "coast": drawing.coast,
        "zones": False,
        "layers": listed.layers,
        "marks": MARKS_OF_LISTS,
        "listed": [
            row | {"anchor": f"{exhibit}={quote(row['unit'], safe='')}"}
            for row in listed.listed
        ],
        "group_name": listed.group_name if any(listed.groups.values()) else "",
        "data": _script(data),
    }


def _maps_of_figures(results: StudyResults, figure: str) -> dict[str, FigureMap]:
    """Return the maps by figure of the topic that a figure is of."""
    topic = exhibit_owners().get(figure, "")
    if topic not in results.config.estimates or not _has_text(topic):
        return {}
    return _maps_of_topic(results, topic)


@lru_cache(maxsize=2)
def _maps_of_topic(results: StudyResults, topic: str) -> dict[str, FigureMap]:
    module = import_module(f"evenfield.topics.{topic}.text")
    maps_of = getattr(module, "figure_maps", None)
    return maps_of(results.of(topic)) if maps_of else {}


def _has_text(topic: str) -> bool:
    return (TOPICS / topic / "text.py").is_file()


def _script(data: Record) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")  # so that no name can end the script


def anchor(unit: str) -> str:
    """Return the part of an address that names a unit."""
    return f"unit={quote(unit, safe='')}"


def _unlisted(unit: Record) -> bool:
    """Say whether a unit ever has zones that are on no list."""
    pairs = zip(unit["zones"], unit["listed"], strict=True)
    return any(zones and not listed for zones, listed in pairs)


# What the map colours by ------------------------------------------------------------


def _opening_on(first: str, layers: list[MapLayer]) -> list[MapLayer]:
    """Return the layers with the one that is asked for in front."""
    asked = [layer for layer in layers if layer.name.lower().startswith(first.lower())]
    if not asked:
        raise ReportError(
            f"map({first}) names no layer of the map",
            f"the beginning of one of {', '.join(layer.name for layer in layers)}",
            "correct it, or write map()",
        )
    return [asked[0], *(layer for layer in layers if layer is not asked[0])]


def _income_layer(income: pd.DataFrame, by_people: bool) -> MapLayer:
    """Return the class of each unit by its income against the average."""
    inner = [f"{a}\u2013{b}" for a, b in pairwise(BREAKS)]
    words = [f"under {BREAKS[0]}%", *inner, f"{BREAKS[-1]}% or more"]
    # Of as many breaks as an income reaches; one before the first is the first class.
    reached = np.searchsorted(BREAKS, income.round().to_numpy(), side="right")
    classes = pd.DataFrame(1 + reached, income.index, income.columns)
    return MapLayer(
        f"Income per head, % of the average{' of all people' if by_people else ''}",
        {f"m{number}": word for number, word in enumerate(words, 1)},
        classes.where(income.notna(), 0),
    )


def _growth_layer(panel: pd.DataFrame) -> Iterator[MapLayer]:
    """Yield the fifth of each unit by growth since the first year."""
    income = _by_unit(panel.dropna(subset=["income"]), "income")
    # The first year has no growth behind it.
    ratios = income.div(income.iloc[:, 0], axis=0).iloc[:, 1:]
    if len(ratios) < FEWEST_RANKED or ratios.empty:
        return
    fifths = FIFTHS * ratios.rank(pct=True)
    words = ("slowest fifth", "below the middle", "middle", "above it", "fastest fifth")
    yield MapLayer(
        f"Growth since {income.columns[0]}",
        {f"m{number}": word for number, word in enumerate(words, 1)},
        fifths.apply(np.ceil).fillna(0).astype(int),
    )


def topic_layers(results: StudyResults) -> Iterator[MapLayer]:
    """Yield the layers of the topics that ran and have one."""
    for topic in results.config.estimates:
        if _has_text(topic):
            module = import_module(f"evenfield.topics.{topic}.text")
            layer_of = getattr(module, "map_layer", None)
            layer = layer_of(results.of(topic)) if layer_of else None
            if layer is not None:
                yield layer


def _codes(layer: MapLayer, units: list[str], years: list[int]) -> list[str]:
    """Write the classes of each unit as digits, one a year, or one for all years."""
    columns = years if len(layer.classes.columns) > 1 else layer.classes.columns
    classes = layer.classes.reindex(index=units, columns=columns).fillna(0).astype(int)
    return ["".join(map(str, row)) for row in classes.to_numpy().tolist()]


def _by_year(
    frame: pd.DataFrame, units: list[str], years: list[int]
) -> list[list[int | None]]:
    rows = frame.reindex(index=units, columns=years).to_numpy(float).tolist()
    return [[None if math.isnan(x) else round(x) for x in row] for row in rows]


def _last_known(rows: list[list[int | None]]) -> int:
    """Return the position of the last year in which a unit has a number, where the map
    opens; the last year where none has.
    """
    columns = list(zip(*rows, strict=True))
    known = [i for i, column in enumerate(columns) if set(column) != {None}]
    return known[-1] if known else len(columns) - 1


def income_of_average(results: StudyResults, panel: pd.DataFrame) -> pd.DataFrame:
    """Return income per head in percent of the whole's by unit and year, at current
    prices where there are any; without people, in percent of the average unit's.
    """
    panel = panel.dropna(subset=["income"])
    # ASSUME: people have no share of a total, which is of a unit.
    of_units = kind_of(results.words) == TOTAL
    if of_units or panel["population"].isna().all():
        # ASSUME: every unit counts alike, by the mean of logarithms, as in the paths
        # that stand beside the map.
        logs = np.log(panel["income"])
        over = np.exp(logs - logs.groupby(panel["year"]).transform("mean"))
        return _by_unit(panel.assign(share=100 * over), "share")
    panel = panel.dropna(subset=["population"])
    people = panel["population"]
    current = results.config.panel.income.output or ""
    output = panel[current] if current in panel else panel["income"] * people
    # The nation's income is all output over all people, no mean of the units.
    totals = panel.assign(output=output).groupby("year")[["output", "population"]].sum()
    of_nation = panel["year"].map(totals["output"] / totals["population"])
    share = output / people / of_nation
    return _by_unit(panel.assign(share=100 * share), "share")


def _by_unit(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    return frame.pivot(index="unit", columns="year", values=column)


def _zones(results: StudyResults) -> pd.DataFrame:
    doses = results.table("doses", text=TEXT)
    return _by_unit(doses[doses["zone_type"].eq(ALL_ZONES)], "zones")


def _listed(results: StudyResults) -> tuple[pd.DataFrame, set[str]]:
    """Return by year whether a unit holds a zone of the main list, and the units of its
    clusters.
    """
    cells = results.table("yearly_cells", text=TEXT)
    taxonomy = results.config.get("taxonomy", {}).get("primary", "")
    cells = cells[cells["taxonomy"].eq(taxonomy)]
    return _by_unit(cells, "sez"), set(cells.loc[cells["cluster"].eq(1), "unit"])


def _sentence(
    results: StudyResults, year: int, zones: pd.DataFrame, listed: pd.DataFrame
) -> str:
    names = results.table("units", text=TEXT).set_index("unit")["name"]
    in_force = zones.get(year, pd.Series(dtype=float)).dropna()
    units = int((in_force > 0).sum())
    if not units:
        return "No zone yet."
    text = (
        f"{counted(int(in_force.sum()), 'zone')} in {units:,} of {len(names):,}"
        f" {results.words['units_name']}."
    )
    on_list = listed.get(year, pd.Series(dtype=float)).eq(1)
    inside = sorted(names[on_list.index[on_list]])
    if not 0 < len(inside) <= MOST_NAMED:
        return text
    zone = str(results.words["zones_name"])
    return f"{text} {zone[0].upper()}{zone[1:]} in {in_words(inside)}."

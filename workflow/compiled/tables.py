"""Which tables of a study are made from raw files, and why the others are not."""

import csv
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path

import shapely
import yaml

from compiled.borders import neighbours
from compiled.cities import Cities
from compiled.cluster_lists import ClusterLists
from compiled.provinces import Provinces
from compiled.raw_files import RawFileError, RawFolder
from evenfield.study.errors import Faults, counted
from evenfield.study.files import read_json
from evenfield.study.ingest.dictionary import read_resources
from evenfield.study.ingest.outlines import read_outlines
from evenfield.study.ingest.tables import read_checked

Makers = Mapping[str, Callable[[], bytes]]
NOTES = Path(__file__).with_name("tables.yaml")
RULES = "acdef"
MOST_EXAMPLES = 3  # of the cells of one table that differ


def of_provinces(raw: RawFolder, data: Path) -> Makers:
    """Return what makes each table of the study of provinces."""
    provinces, lists = Provinces(raw, data), ClusterLists(raw, data)
    rules = {
        f"taxonomies/rule_{name}.csv": lambda name=name: lists.rule(name)
        for name in RULES
    }
    return {
        "panel.csv": provinces.panel,
        "panel_merged.csv": provinces.merged,
        "clusters.csv": lists.table,
        **rules,
        "taxonomies/catalogue.csv": lists.catalogue,
        "adjacency.csv": lambda: touching(data / "provinces.geojson"),
    }


def of_cities(raw: RawFolder, data: Path) -> Makers:
    """Return what makes each table of the study of cities."""
    cities = Cities(raw, data)
    return {
        "panel.csv": cities.panel,
        "panel_provenance.csv": cities.provenance,
        "adjacency.csv": cities.adjacency,
        "units.csv": cities.units_table,
    }


# By the name in the dictionary of the study.
STUDIES = {"evenfield-china": of_provinces, "china-cities": of_cities}
# Tables that were made by hand and that others are made from.
BY_HAND = {
    *("units.csv", "census_2020.csv", "clusters.csv", "zones.csv", "policies.csv"),
    "taxonomies/seed2011.csv",
}


def touching(outlines: Path) -> bytes:
    """Return adjacency.csv: units whose outlines in a GeoJSON file touch."""
    features = read_json(outlines)["features"]
    units = [feature["properties"]["unit"] for feature in features]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    return neighbours(units, shapes, 0)


def makers(package: Path, raw: RawFolder) -> Makers:
    """Return what makes the tables of the study that a dictionary describes."""
    name = read_json(package).get("name", "")
    if name not in STUDIES:
        raise RawFileError(
            f"the study {name!r} has no tables that are made from raw files",
            f"one of {', '.join(STUDIES)}",
            "name its folder with --directory",
        )
    refuse_broken(package)
    return STUDIES[name](raw, package.parent)


def refuse_broken(package: Path) -> None:
    """Refuse tables that others are made from if they are not there or not in order."""
    faults = Faults()
    for resource in read_resources(package).values():
        if resource.path in BY_HAND:
            with faults.caught():
                read_checked(package.parent, resource)
    with faults.caught():
        read_outlines(package)
    faults.refuse()


def notes(package: Path) -> dict[str, dict[str, str]]:
    """Return what is said of each table: `part` of one that is computed in part, `not` of
    one that is not made, with the reason.
    """
    name = read_json(package)["name"]
    said: dict[str, dict[str, str]] = yaml.safe_load(NOTES.read_text("utf-8"))[name]
    return said


def differences(made: bytes, kept: bytes) -> Iterator[str]:
    """Yield a line for each way in which a table that was made differs from that kept."""
    if made == kept:
        return
    new, old = (
        list(csv.reader(StringIO(text.decode("utf-8"), newline="")))
        for text in (made, kept)
    )
    if new == old:
        yield "the same cells in other bytes: quotes or line ends"
    elif new[:1] != old[:1]:
        yield f"columns {','.join(new[0])}; in data/ {','.join(old[0])}"
    elif len(new) != len(old):
        lacking, more = unlike(old, new), unlike(new, old)
        yield (
            f"{counted(len(lacking), 'row')} of data/ not made, first {lacking[:1]};"
            f" {counted(len(more), 'row')} made that data/ lacks, first {more[:1]}"
        )
    else:
        yield from unequal_cells(new, old)


def unlike(rows: list[list[str]], others: list[list[str]]) -> list[str]:
    """Return the rows that are not among others."""
    known = {tuple(row) for row in others}
    return [",".join(row) for row in rows if tuple(row) not in known]


def unequal_cells(new: list[list[str]], old: list[list[str]]) -> Iterator[str]:
    """Yield the number of cells that differ, and the first of them."""
    cells = [
        (f"{','.join(old_row[:2])} {name}: {made or 'blank'}", kept or "blank")
        for new_row, old_row in zip(new[1:], old[1:], strict=True)
        for name, made, kept in zip(new[0], new_row, old_row, strict=True)
        if made != kept
    ]
    yield f"{counted(len(cells), 'cell differs', 'cells differ')}"
    for made, kept in cells[:MOST_EXAMPLES]:
        yield f"  {made}; in data/ {kept}"

"""Make a study from a table of your own: config.yaml and data/, checked, with what was
guessed and why.
"""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from evenfield.study.config import TODO, checked_config, read_mapping
from evenfield.study.errors import EvenfieldError, Faults, IngestError, first_examples
from evenfield.study.files import write_text
from evenfield.study.ingest.any_table import numbers_of, read_any
from evenfield.study.ingest.guess import Guessed, guess, known_as
from evenfield.study.ingest.study_files import described, write_study
from other_tables import borders_of, by_unit, match_units, read_polygons

ZONE_COLUMNS = {
    "year_in_force": r"year_in_force|.*year.*|since|from|start",
    "type": r"(zone.?)?(type|kind|level)",
}
COLUMNS = ("unit", "year", "income", "output", "population")
FILES = ("units", "polygons", "weights", "zones", "clusters", "claims")


class NewStudy:
    """A study in the making: its tables, files that are copied, lines of its config and
    what was said.
    """

    def __init__(self, found: Guessed, options: argparse.Namespace) -> None:
        self.found, self.options, self.said = found, options, found.said
        self.tables: dict[str, pd.DataFrame] = {
            "panel": found.panel,
            "units": found.units,
        }
        self.outlines: dict[str, str] = {}  # text of the file by its place
        self.files: dict[str, Path] = {}
        self.weights = self.taxonomy = ""

    def add_units(self, path: Path) -> None:
        """Join columns that describe units."""
        units = self.tables["units"]
        column, more = by_unit(path, units)
        if more["unit"].duplicated().any():
            raise IngestError(
                f"{path.name} has a unit twice", "one row per unit", "remove one"
            )
        more = more.rename(
            columns={
                n: kind
                for kind in ("lat", "lon")
                for n in known_as(kind, more.columns)[:1]
            }
        )
        if units["name"].eq(units["unit"]).all() and (
            names := known_as("name", more.columns)
        ):
            named = units["unit"].map(more.set_index("unit")[names[0]]).fillna("")
            units = units.assign(name=named.where(named.ne(""), units["unit"]))
            more = more.drop(columns=names[0])
        more = more[["unit", *[c for c in more if c not in units]]]
        self.tables["units"] = units.merge(more, on="unit", how="left").fillna("")
        self.said.append(
            f"{path.name}: units by column {column}, adds"
            f" {first_examples(list(more)[1:], 6)}"
        )

    def add_polygons(self, path: Path) -> None:
        """Take outlines, shared borders and, where there are none, coordinates from
        polygons.
        """
        units = self.tables["units"]
        outlines, shapes = read_polygons(path, units)
        self.outlines = {"outlines.geojson": json.dumps(outlines, ensure_ascii=False)}
        pairs, joins = borders_of(shapes)
        self.tables["adjacency"] = pd.DataFrame(pairs, columns=["unit_i", "unit_j"])
        self.said.append(
            f"{path.name}: outlines of {len(shapes)} units, {len(pairs)} shared borders"
        )
        if joins:
            self.weights = f"weights: {{join: {json.dumps(joins, ensure_ascii=False)}}}"
            self.said.append(
                "without a border, joined to the nearest unit:"
                f" {first_examples([a for a, _ in joins], 6)}"
            )
        points = [shapes[unit].representative_point() for unit in units["unit"]]
        if not {"lat", "lon"} & set(units) and all(
            abs(point.y) <= 90 and abs(point.x) <= 180 for point in points
        ):
            self.tables["units"] = units.assign(
                lat=[f"{p.y:.4f}" for p in points], lon=[f"{p.x:.4f}" for p in points]
            )
            self.said.append("lat and lon: a point inside each polygon")

    def add_weights(self, path: Path) -> None:
        """Take borders from two columns of units; keep any other weights as a file of
        their own.
        """
        pairs = (
            read_any(path).frame if path.suffix.lower() == ".csv" else pd.DataFrame()
        )
        if len(pairs.columns) == 2:
            ids = [
                match_units(pairs[[name]], self.tables["units"], path.name)[1]
                for name in pairs
            ]
            links = {
                tuple(sorted(pair))
                for pair in zip(*(side.fillna("") for side in ids), strict=True)
            }
            links = {pair for pair in links if "" not in pair and pair[0] != pair[1]}
            self.tables["adjacency"] = pd.DataFrame(
                sorted(links), columns=["unit_i", "unit_j"]
            )
            self.said.append(f"{path.name}: {len(links)} pairs of neighbours")
            return
        place = f"data/weights{path.suffix.lower()}"
        self.files[place] = path
        self.weights = (
            "weights: {primary: own, families: {own: {kind: file, path:"
            f" {place}}}}}}}"
        )

    def add_groups(self, zones: Path | None, clusters: Path | None) -> None:
        """Take zones by unit and year, and clusters by unit; together they make a
        taxonomy.
        """
        units = self.tables["units"]
        table = (
            units[["unit"]]
            .assign(cluster="0", sez="0", sez_from_year="")
            .set_index("unit")
        )
        types = ""
        if zones:
            _, frame = by_unit(zones, units)
            found = {
                k: [c for c in frame if re.fullmatch(p, c, re.IGNORECASE)]
                for k, p in ZONE_COLUMNS.items()
            }
            frame = frame.rename(
                columns={c[0]: k for k, c in found.items() if c and k not in frame}
            )
            years = (
                numbers_of(frame["year_in_force"]) if found["year_in_force"] else None
            )
            if years is None:
                raise IngestError(
                    f"{zones.name} has no column of years",
                    "unit, type and first year",
                    "add the year",
                )
            kinds = frame["type"] if found["type"] else pd.Series("zone", frame.index)
            frame = frame.assign(
                type=kinds.str.strip().str.lower().str.replace(r"\W+", "_", regex=True)
            )
            self.tables["zones"] = frame
            first = years.groupby(frame["unit"]).min().dropna()
            table.loc[first.index, "sez"], table.loc[first.index, "sez_from_year"] = (
                "1",
                first.map("{:.0f}".format),
            )
            types = f", national_zones: [{', '.join(sorted(set(frame['type'])))}]"
            self.said.append(f"{zones.name}: {len(frame)} zones in {len(first)} units")
        if clusters:
            _, frame = by_unit(clusters, units)
            flags = [
                c
                for c in frame
                if re.fullmatch(r"(is_?|has_?)?clusters?", c, re.IGNORECASE)
            ]
            numbers = numbers_of(frame[flags[0]]) if flags else None
            table.loc[
                (frame if numbers is None else frame[numbers > 0])["unit"].unique(),
                "cluster",
            ] = "1"
            self.said.append(
                f"{clusters.name}: {table['cluster'].eq('1').sum()} units with clusters"
            )
        self.tables["taxonomies/own"] = table.reset_index()
        self.taxonomy = f"taxonomy: {{primary: own, all: [own]{types}}}"

    def package(self) -> dict[str, Any]:
        """Return the dictionary: one source and one grade for the whole study, each
        table with its columns.
        """
        found, logged = self.found, set(self.found.income.values())
        items = [
            described(name, frame, found.titles, found.labels, logged)
            for name, frame in self.tables.items()
        ]
        items += [{"name": "outlines", "path": path} for path in self.outlines]
        return {
            "name": (
                re.sub(r"[^a-z0-9]+", "-", self.options.folder.name.lower()).strip("-")
                or "study"
            ),
            "sources": [{"title": self.options.source or self.options.panel.name}],
            "grade": "A",
            "flag": self.options.flag,
            "resources": items,
        }


def config_text(study: NewStudy) -> str:
    """Return config.yaml: what the study is about and which questions its years can
    carry.
    """
    found = study.found
    options = study.options
    units = study.tables["units"]
    first, last = found.years
    step = found.step
    named = found.unit_name
    steps = (last - first) // step
    plural = f"{named[:-1]}ies" if re.search("[^aeiou]y$", named) else f"{named}s"
    column = found.income.get("column", "")
    label = found.labels.get(found.titles.get(column, column), "")
    label = label or f"units of {column or ' over '.join(found.income.values())}"
    todo = f"  # one of: {', '.join(found.panel.columns[2:])}" if column == TODO else ""
    measure = options.measure or ("not stated" if todo else label)
    parts = (0, 1 / 3, 2 / 3, 1) if steps >= 24 else (0, 0.5, 1) if steps >= 10 else ()
    cuts = [first + step * round(steps * part) for part in parts]
    periods = {"S1": {"start": first, "end": last, "role": "span"}}
    periods |= {
        f"P{i}": {"start": cuts[i - 1], "end": cuts[i]} for i in range(1, len(cuts))
    }
    lines = [
        f"study:\n  id: {_identifier(options.folder.name)}",
        (
            "  title:"
            f" {_flow(options.title or f'Income of {len(units)} {plural}, {first}-{last}')}"
        ),
        (
            f"  question: Did poorer {plural} catch up with richer ones, and did income"
            " become more alike?"
        ),
        *(
            [f"  unit_name: {_flow(named)}\n  units_name: {_flow(plural)}"]
            if named != "unit"
            else []
        ),
        "data: {package: data/datapackage.json}",
        f"panel:\n  years: [{first}, {last}]\n  step: {step}",
        f"  income: {_flow({**found.income, 'unit': measure})}{todo}",
        f"periods: {_flow(periods)}",
        *(line for line in (study.weights or _nearest(study), study.taxonomy) if line),
        *_estimates(study, steps, [*list(periods)[1:]] or ["S1"]),
    ]
    return "\n".join(lines) + "\n"


def _nearest(study: NewStudy) -> str:
    units = study.tables["units"]
    if (
        "adjacency" in study.tables
        or not {"lat", "lon"} <= set(units)
        or units[["lat", "lon"]].eq("").any(axis=None)
    ):
        return ""
    count = min(5, len(units) - 1)
    return (
        f"weights: {{primary: nearest{count}, families: {{nearest{count}: {{kind:"
        f" nearest, neighbours: {count}}}}}}}"
    )


def _estimates(study: NewStudy, steps: int, periods: list[str]) -> list[str]:
    units = study.tables["units"]
    groups = [
        column
        for column in units.columns.difference(
            ["unit", "name", "lat", "lon"], sort=False
        )
        if units[column].ne("").all()
        and numbers_of(units[column]) is None
        and 2 <= units[column].nunique() <= min(12, len(units) / 3)
    ][:1]
    lines = [
        "estimates:",
        *(["  relative_income: {taxonomies: [own]}"] if study.taxonomy else []),
    ]
    out: dict[str, Any] = {"beta": {"id": "absolute"}, "sigma": {"id": "unweighted"}}
    if steps >= 15:
        out["rolling"] = {"id": "windows", "windows": [10 * study.found.step]}
        out["dynamic_panel"] = {"id": "panel", "periods": ["S1"]}
        out["clubs"] = {"id": "whole_span", "period": "S1"}
    if groups:
        out["inequality"] = {
            "id": "groups",
            "periods": periods,
            "weighting": "unweighted",
            "groupings": groups,
        }
    out["moran"] = {"id": "by_year", **({"regions": groups[0]} if groups else {})}
    primary = {"beta", "sigma", "dynamic_panel", "clubs", "inequality"}
    written = [
        {**item, "role": "primary"} if name in primary else item
        for name, item in out.items()
    ]
    lines += [
        f"  {name}: {_flow([item])}" for name, item in zip(out, written, strict=True)
    ]
    return [*lines, "exhibits: auto"]


def _flow(value: Any) -> str:
    text = yaml.safe_dump(
        [value],
        allow_unicode=True,
        default_flow_style=True,
        sort_keys=False,
        width=10**6,
    )
    return text.strip().removeprefix("[").removesuffix("]")


def _identifier(name: str) -> str:
    text = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return text if re.match("[A-Za-z]", text) else f"study_{text}".rstrip("_")


def make(options: argparse.Namespace) -> list[str]:
    """Make the study in a folder of its own; return what was said."""
    if (options.folder / "config.yaml").exists() or (options.folder / "data").exists():
        found = f"{options.folder.name} holds a study"
        raise IngestError(
            found,
            "a folder without config.yaml and data",
            "name another, or see `run add`",
        )
    table = read_any(options.panel)
    given = {key: getattr(options, key) for key in COLUMNS}
    found = guess(table, given)
    if found.income.get("column") == TODO and sys.stdin.isatty():
        print("\n".join(found.said))
        if answer := input(
            "which column is income per head (blank: decide later)? "
        ).strip():
            found = guess(table, given | {"income": answer})
    study = NewStudy(found, options)
    faults = Faults()
    for add, path in (
        (study.add_units, options.units),
        (study.add_polygons, options.polygons),
    ):
        with faults.caught():
            add(path) if path else None
    with faults.caught():
        study.add_weights(options.weights) if options.weights else None
    with faults.caught():
        (
            study.add_groups(options.zones, options.clusters)
            if options.zones or options.clusters
            else None
        )
    study.files |= {"claims.yaml": options.claims} if options.claims else {}
    lost = [path.name for path in study.files.values() if not path.is_file()]
    faults += [
        IngestError(f"no file {name}", "a file", "correct the path") for name in lost
    ]
    faults.refuse()
    write(study, options.folder)
    return study.said


def write(study: NewStudy, folder: Path) -> None:
    """Check the study and write it: its tables, the files that it keeps, last its
    config.
    """
    text = config_text(study)
    answers = study.files.get("claims.yaml")
    content = yaml.safe_load(text.replace(TODO, study.found.panel.columns[2]))
    config = checked_config(
        content | ({"answers": read_mapping(answers)} if answers else {})
    )
    config["data"]["package"] = str(folder / config["data"]["package"])
    tables = {f"{name}.csv": frame for name, frame in study.tables.items()}
    write_study(config, tables, study.package(), study.outlines)
    for place, path in study.files.items():
        shutil.copy(path, folder / place)
    write_text(text, folder / "config.yaml")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = argparse.ArgumentParser(prog="run new", description=__doc__)
    options.add_argument(
        "folder",
        type=Path,
        metavar="DIR",
        help="the study's folder, made by this command",
    )
    formats = "CSV, Excel, Stata, SPSS, Parquet or GeoJSON"
    options.add_argument(
        "--panel", type=Path, required=True, help=f"the table, long or wide: {formats}"
    )
    for name, what in zip(
        COLUMNS,
        ("units", "years", "income per head", "output", "population"),
        strict=True,
    ):
        options.add_argument(
            f"--{name}", metavar="COL", help=f"column of {what} (default: found)"
        )
    helps = (
        "names, coordinates, regions: one row per unit",
        "outlines as GeoJSON, from which borders come",
        "pairs of neighbours, or weights (edge list, square CSV, GAL, GWT)",
        "zones: unit, type, first year",
        "units with clusters",
        "claims.yaml of the study",
    )
    for name, what in zip(FILES, helps, strict=True):
        options.add_argument(f"--{name}", type=Path, metavar="FILE", help=what)
    options.add_argument("--title", help="title of page and paper")
    options.add_argument(
        "--measure",
        help="unit of income as printed, for example '2015 dollars per head'",
    )
    options.add_argument(
        "--source", help="where the figures are from (default: the file's name)"
    )
    options.add_argument(
        "--flag",
        choices=["official", "estimated", "proxy", "simulated"],
        default="official",
    )
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Make a study and say what to run."""
    options = parser().parse_args(words)
    try:
        print("\n".join(make(options)))
    except EvenfieldError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"new: {options.folder} cannot be written ({error.strerror}); expected a"
            " folder; name another"
        )
    shown = options.folder.as_posix()
    shown = shown if re.fullmatch(r"[\w./~-]+", shown) else f"'{shown}'"
    todo = TODO in (options.folder / "config.yaml").read_text(encoding="utf-8")
    then = f"write the column of income in place of {TODO} there, then " if todo else ""
    print(
        f"written: {shown}/config.yaml and {shown}/data; now {then}run: python3 run"
        f" --directory {shown}"
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()

"""Make a study from a table of your own: config.yaml and data/, checked, with what was guessed and why."""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from evenfield.study.config import checked_config, read_config
from evenfield.study.errors import EvenfieldError, IngestError, first_examples
from evenfield.study.ingest.any_table import numbers_of, read_any
from evenfield.study.ingest.guess import TODO, Guessed, guess, known_as
from evenfield.study.ingest.study_files import Row, records, write_study
from evenfield.study.tables import NEEDED_COLUMNS
from maps import borders_of, match_units, read_polygons

RANGES = {"lat": (-90, 90), "lon": (-180, 180)}
KEYS = {"panel": ["unit", "year"], "units": ["unit"], "adjacency": ["unit_i", "unit_j"], "zones": []}


class NewStudy:
    """A study in the making: what it holds, what was said, what is wrong."""

    def __init__(self, found: Guessed, options: argparse.Namespace) -> None:
        self.found, self.options, self.said = found, options, found.said
        self.tables: dict[str, pd.DataFrame] = {"panel": found.panel, "units": found.units}
        self.outlines: dict[str, Any] | None = None
        self.files: dict[str, Path] = {}  # copied as they are, by their place in the study's folder
        self.weights = self.taxonomy = ""  # lines of the config

    @property
    def units(self) -> pd.DataFrame:
        """The table of units as far as it is known."""
        return self.tables["units"]

    def add_units(self, path: Path) -> None:
        """Join columns that describe units."""
        table = read_any(path)
        column, ids = match_units(table.frame, self.units, path.name)
        more = table.frame.drop(columns=column).assign(unit=ids).dropna(subset=["unit"])
        names = {n: kind for kind in ("lat", "lon") for n in known_as(kind, more.columns)[:1]}
        given = (
            known_as("name", [n for n in more if n != "unit"])[:1]
            if self.units["name"].eq(self.units["unit"]).all()
            else []
        )
        more = more.rename(columns=names | dict.fromkeys(given, "name"))
        if more["unit"].duplicated().any():
            raise IngestError(f"{path.name} has a unit twice", "one row per unit", "remove one")
        more = more[[c for c in more if c == "unit" or c not in self.units or (c == "name" and given)]]
        kept = self.units.drop(columns=["name"] if given else [])
        joined = kept.merge(more, on="unit", how="left").fillna("")
        if "name" in joined:
            joined["name"] = joined["name"].where(joined["name"].ne(""), joined["unit"])
        self.tables["units"] = joined[["unit", "name", *[c for c in joined if c not in {"unit", "name"}]]]
        self.said.append(
            f"{path.name}: units by column {column}, adds {first_examples([c for c in more if c != 'unit'], 6)}"
        )

    def add_polygons(self, path: Path) -> None:
        """Take outlines, shared borders and, where there are none, coordinates from polygons."""
        self.outlines, shapes = read_polygons(path, self.units)
        pairs, joins = borders_of(shapes)
        self.tables["adjacency"] = pd.DataFrame(pairs, columns=["unit_i", "unit_j"])
        self.said.append(f"{path.name}: outlines of {len(shapes)} units, {len(pairs)} shared borders")
        if joins:
            self.weights = f"weights: {{join: {json.dumps(joins, ensure_ascii=False)}}}"
            self.said.append(
                f"without a border, joined to the nearest unit: {first_examples([a for a, _ in joins], 6)}"
            )
        if not {"lat", "lon"} & set(self.units):
            points = {unit: shape.representative_point() for unit, shape in shapes.items()}
            if all(abs(point.y) <= 90 and abs(point.x) <= 180 for point in points.values()):
                inside = [(f"{points[u].y:.4f}", f"{points[u].x:.4f}") for u in self.units["unit"]]
                self.tables["units"] = self.units.assign(lat=[p[0] for p in inside], lon=[p[1] for p in inside])
                self.said.append("lat and lon: a point inside each polygon")

    def add_weights(self, path: Path) -> None:
        """Take borders from two columns of units; keep any other weights as a file of their own."""
        pairs = read_any(path).frame if path.suffix.lower() not in {".gal", ".gwt"} else pd.DataFrame()
        if len(pairs.columns) == 2:
            ids = [match_units(pairs[[name]], self.units, path.name)[1] for name in pairs]
            links = {tuple(sorted(pair)) for pair in zip(*ids, strict=True) if pair[0] != pair[1] and all(pair)}
            self.tables["adjacency"] = pd.DataFrame(sorted(links), columns=["unit_i", "unit_j"])
            self.said.append(f"{path.name}: {len(links)} pairs of neighbours")
            return
        place = f"data/weights{path.suffix.lower()}"
        self.files[place] = path
        self.weights = f"weights: {{primary: own, families: {{own: {{kind: file, path: {place}}}}}}}"

    def add_groups(self, zones: Path | None, clusters: Path | None) -> None:
        """Take zones by unit and year, and clusters by unit; together they make a taxonomy."""
        units = list(self.units["unit"])
        table = pd.DataFrame({"unit": units, "cluster": "0", "sez": "0", "sez_from_year": ""}).set_index("unit")
        if zones:
            frame = read_any(zones).frame
            column, ids = match_units(frame, self.units, zones.name)
            year = next((c for c in frame if re.fullmatch(r"(year_in_force|.*year.*|since|from|start)", c, re.I)), "")
            kind = next((c for c in frame if re.fullmatch(r"(zone.?)?(type|kind|level|category)", c, re.I)), "")
            if not year:
                raise IngestError(f"{zones.name} has no column of years", "unit, type and year", "add the first year")
            made = frame.drop(columns=column).assign(unit=ids).rename(columns={year: "year_in_force"})
            made = made.rename(columns={kind: "type"}) if kind else made.assign(type="zone")
            made["type"] = made["type"].str.strip().str.lower().str.replace(r"\W+", "_", regex=True)
            self.tables["zones"] = made = made.dropna(subset=["unit"])
            first = pd.to_numeric(made["year_in_force"], errors="coerce").groupby(made["unit"]).min().dropna()
            table.loc[first.index, "sez"] = "1"
            table.loc[first.index, "sez_from_year"] = [f"{value:.0f}" for value in first]
            types = ", ".join(sorted(set(made["type"])))
            self.said.append(f"{zones.name}: {len(made)} zones in {len(first)} units, first years from {year}")
        if clusters:
            frame = read_any(clusters).frame
            column, ids = match_units(frame, self.units, clusters.name)
            flag = next((c for c in frame if re.fullmatch(r"(is_?)?clusters?", c, re.I) and c != column), "")
            held = ids[numbers_of(frame[flag]).gt(0)] if flag and numbers_of(frame[flag]) is not None else ids
            table.loc[sorted(set(held.dropna())), "cluster"] = "1"
            self.said.append(f"{clusters.name}: {table['cluster'].eq('1').sum()} units with clusters")
        self.tables["taxonomies/own"] = table.reset_index()
        named = f", national_zones: [{types}]" if zones else ""
        self.taxonomy = f"taxonomy: {{primary: own, all: [own]{named}}}"

    def package(self) -> dict[str, Any]:
        """Return the dictionary: one source and one grade for the whole study, each table with its columns."""
        source = self.options.source or self.options.panel.name
        items = [self._resource(name, frame) for name, frame in self.tables.items()]
        if self.outlines:
            items.append({"name": "outlines", "path": "outlines.geojson"})
        named = re.sub(r"[^a-z0-9]+", "-", self.options.folder.name.lower()).strip("-") or "study"
        return {
            "name": named,
            "sources": [{"title": source}],
            "grade": "A",
            "flag": self.options.flag,
            "resources": items,
        }

    def _resource(self, name: str, frame: pd.DataFrame) -> dict[str, Any]:
        needed = NEEDED_COLUMNS.get("taxonomies" if "/" in name else name, {})
        fields = [self._field(name, column, frame[column], needed.get(column, "")) for column in frame]
        key = KEYS.get(name, ["unit"])
        schema = {"fields": fields, **({"primaryKey": key} if key else {})}
        return {"name": name.replace("/", "-"), "path": f"{name}.csv", "schema": schema}

    def _field(self, table: str, column: str, cells: pd.Series, needed: str) -> dict[str, Any]:
        numbers = None if needed == "string" else numbers_of(cells)
        kind = needed or ("string" if numbers is None and table != "panel" else "number")
        out: dict[str, Any] = {"name": column, "type": kind}
        title = self.found.titles.get(column, "") if table in {"panel", "units"} else ""
        label = self.found.labels.get(title or column, "")
        out |= ({"title": title} if title else {}) | ({"description": label} if label else {})
        if table == "panel" and column in self.found.income.values():
            out |= {"log": True} | ({"merge": "sum"} if "output" in self.found.income else {})
        limits: dict[str, Any] = {"required": True} if column in {"unit", "year", "unit_i", "unit_j"} else {}
        if column in RANGES and kind == "number":
            limits |= dict(zip(("minimum", "maximum"), RANGES[column], strict=True))
        elif kind == "number" and numbers is not None and numbers.min() >= 0:
            limits |= {"minimum": 0}
        return out | ({"constraints": limits} if limits else {})


def config_text(study: NewStudy) -> str:
    """Return config.yaml: what the study is about and which questions its years can carry."""
    found, options = study.found, study.options
    (first, last), step, units = found.years, found.step, study.units
    steps, named = (last - first) // step, found.unit_name
    plural = f"{named[:-1]}ies" if re.search("[^aeiou]y$", named) else f"{named}s"
    income = ", ".join(f"{key}: {_scalar(name)}" for key, name in found.income.items())
    column = found.income.get("column", "")
    label = found.labels.get(found.titles.get(column, column), "") or (
        f"{found.income['output']} over {found.income['population']}" if "output" in found.income else column
    )
    label = "not stated" if column == TODO else label
    perhaps = f"  # one of: {', '.join(c for c in found.panel if c not in {'unit', 'year'})}" if column == TODO else ""
    cuts = [first + step * round(steps * part) for part in _parts(steps)]
    lines = [
        f"study:\n  id: {_identifier(options.folder.name)}",
        f"  title: {_scalar(options.title or f'Income of {len(units)} {plural}, {first}-{last}')}",
        f"  question: Did poorer {plural} catch up with richer ones, and did income become more alike?",
        f"  unit_name: {_scalar(named)}\n  units_name: {_scalar(plural)}",
        "data: {package: data/datapackage.json}",
        f"panel:\n  years: [{first}, {last}]",
        *([f"  step: {step}"] if step > 1 else []),
        f"  income: {{{income}, unit: {_scalar(options.measure or label)}}}{perhaps}",
        "periods:\n  "
        + f"{{S1: {{start: {first}, end: {last}, role: span}}"
        + "".join(f", P{i}: {{start: {a}, end: {b}}}" for i, (a, b) in enumerate(itertools.pairwise(cuts), 1))
        + "}",
        *(line for line in (study.weights or _nearest(study), study.taxonomy) if line),
        *_estimates(study, steps, [f"P{i}" for i in range(1, len(cuts))] or ["S1"]),
    ]
    return "\n".join(lines) + "\n"


def _parts(steps: int) -> Sequence[float]:
    return (0, 1 / 3, 2 / 3, 1) if steps >= 24 else (0, 0.5, 1) if steps >= 10 else ()


def _nearest(study: NewStudy) -> str:
    units = study.units
    if "adjacency" in study.tables or not {"lat", "lon"} <= set(units) or units[["lat", "lon"]].eq("").any(axis=None):
        return ""
    count = min(5, len(units) - 1)
    return f"weights: {{primary: nearest{count}, families: {{nearest{count}: {{kind: nearest, neighbours: {count}}}}}}}"


def _estimates(study: NewStudy, steps: int, periods: list[str]) -> list[str]:
    units, yearly = study.units, study.found.step == 1
    spatial = "adjacency" in study.tables or bool(study.weights or _nearest(study))
    groups = [
        c
        for c in units
        if c not in {"unit", "name", "lat", "lon"}
        and units[c].ne("").all()
        and 2 <= units[c].nunique() <= min(12, len(units) / 3)
        and numbers_of(units[c]) is None
    ]
    out = {"beta": "[{id: absolute, role: primary}]"} if spatial else {}
    out["sigma"] = "[{id: unweighted, role: primary}]"
    shown = ["T2", *(["T6"] if spatial else []), "T9"]
    figures = ["F4"] if spatial else []
    if steps >= 20 and yearly and spatial:
        out["rolling"] = "[{id: windows, windows: [10]}]"
        figures.append("F5")
    if steps >= 15:
        out |= {
            "dynamic_panel": "[{id: panel, periods: [S1], role: primary}]",
            "clubs": "[{id: whole_span, period: S1, role: primary}]",
        }
        shown += ["T7", "T10"]
    if spatial:
        if groups:
            out["inequality"] = (
                f"[{{id: groups, periods: [{', '.join(periods)}], weighting: unweighted, groupings: [{groups[0]}], "
                "role: primary}]"
            )
            shown.append("T12")
            figures.append("F6")
        out["moran"] = f"[{{id: by_year{f', regions: {groups[0]}' if groups else ''}}}]"
        shown.append("T13")
        figures.append("F10")
    lines = [f"  {topic}: {item}" for topic, item in out.items()]
    return ["estimates:", *lines, f"tables: [{', '.join(shown)}]", f"figures: [{', '.join(figures)}]"]


def _scalar(text: str) -> str:
    plain = yaml.safe_dump({"x": [text]}, allow_unicode=True, default_flow_style=True, width=10**6)
    return plain.strip().removeprefix("{x: [").removesuffix("]}")


def _identifier(name: str) -> str:
    text = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")
    return text if re.match("[A-Za-z]", text) else f"study_{text}".rstrip("_")


def make(options: argparse.Namespace) -> list[str]:
    """Make the study in a folder of its own; return what was said."""
    folder = options.folder
    if (folder / "config.yaml").exists() or (folder / "data").exists():
        raise IngestError(
            f"{folder.name} holds a study",
            "a folder without config.yaml and data",
            "name another folder, or add to it with `run add`",
        )
    given = {key: getattr(options, key) for key in ("unit", "year", "income", "output", "population")}
    found = guess(read_any(options.panel), given)
    if found.income.get("column") == TODO and sys.stdin.isatty():
        print("\n".join(found.said))
        if answer := input("which column is income per head (blank: decide later)? ").strip():
            found = guess(read_any(options.panel), given | {"income": answer})
    study, faults = NewStudy(found, options), list[EvenfieldError]()
    steps = [
        (study.add_units, options.units),
        (study.add_polygons, options.polygons),
        (study.add_weights, options.weights),
    ]
    for step, path in steps:
        try:
            step(path) if path else None
        except EvenfieldError as error:
            faults.append(error)
    try:
        study.add_groups(options.zones, options.clusters) if options.zones or options.clusters else None
    except EvenfieldError as error:
        faults.append(error)
    study.files |= {"claims.yaml": options.claims} if options.claims else {}
    faults += [
        IngestError(f"no file {p.name}", "a file", "correct the path") for p in study.files.values() if not p.is_file()
    ]
    if faults:
        sys.exit("\n".join(map(str, faults)))
    write(study, folder)
    return study.said


def write(study: NewStudy, folder: Path) -> None:
    """Write the study beside its place, check it there and put it in place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    text = config_text(study)
    with tempfile.TemporaryDirectory(prefix=".evenfield-new-", dir=folder.parent) as name:
        trial = Path(name)
        (trial / "config.yaml").write_text(text, encoding="utf-8", newline="\n")
        (trial / "data").mkdir()
        for place, path in study.files.items():
            shutil.copy(path, trial / place)
        if study.outlines:
            (trial / "data" / "outlines.geojson").write_text(
                json.dumps(study.outlines, ensure_ascii=False), encoding="utf-8"
            )
        filled = text.replace(f"column: {TODO}", f"column: {_scalar(list(study.found.panel)[2])}")
        (trial / "filled.yaml").write_text(filled, encoding="utf-8")
        config = checked_config(read_config(trial / "filled.yaml"))
        config["data"]["package"] = str(trial / "data" / "datapackage.json")
        tables: dict[str, Sequence[Row]] = {f"{n}.csv": records(frame) for n, frame in study.tables.items()}
        write_study(config, tables, study.package())
        (trial / "filled.yaml").unlink()
        folder.mkdir(exist_ok=True)
        for path in sorted(trial.iterdir()):
            shutil.move(path, folder / path.name)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = argparse.ArgumentParser(prog="run new", description=__doc__)
    options.add_argument("folder", type=Path, metavar="DIR", help="the study's folder, made by this command")
    options.add_argument(
        "--panel", type=Path, required=True, help="the table, long or wide: CSV, Excel, Stata, SPSS, Parquet or GeoJSON"
    )
    for name, what in (
        ("unit", "units"),
        ("year", "years"),
        ("income", "income per head"),
        ("output", "output"),
        ("population", "population, with --output"),
    ):
        options.add_argument(f"--{name}", metavar="COL", help=f"column of {what} (default: found)")
    for name, what in (
        ("units", "names, coordinates or regions, one row per unit"),
        ("polygons", "outlines as GeoJSON"),
        ("weights", "pairs of neighbours, or weights (edge list, square CSV, GAL, GWT)"),
        ("zones", "zones: unit, type, first year"),
        ("clusters", "units with clusters"),
        ("claims", "claims.yaml of the study"),
    ):
        options.add_argument(f"--{name}", type=Path, metavar="FILE", help=what)
    options.add_argument("--title", help="title of page and paper")
    options.add_argument("--measure", help="unit of income as printed, for example '2015 dollars per head'")
    options.add_argument("--source", help="where the figures are from (default: the file's name)")
    options.add_argument("--flag", choices=["official", "estimated", "proxy", "simulated"], default="official")
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Make a study and say what to run."""
    options = parser().parse_args(words)
    try:
        said = make(options)
    except EvenfieldError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"new: {error.strerror} ({Path(error.filename or options.folder).name}); expected a folder to write in; "
            "name another"
        )
    print("\n".join(said))
    shown = options.folder.as_posix() if re.fullmatch(r"[\w./-]+", options.folder.as_posix()) else f"'{options.folder}'"
    todo = TODO in (options.folder / "config.yaml").read_text(encoding="utf-8")
    print(
        f"written: {shown}/config.yaml and {shown}/data; now "
        + (f"put the column of income in place of {TODO} there, then " if todo else "")
        + f"run: python3 run --directory {shown}"
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()

"""Make a study from a table of your own: config.yaml and data/, checked, with what was
guessed and why.
"""

import argparse
import json
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from evenfield.shared.topics import read_topics
from evenfield.study.config import checked_config
from evenfield.study.config_files import TODO, read_mapping
from evenfield.study.errors import (
    EvenfieldError,
    Faults,
    IngestError,
    counted,
    first_examples,
)
from evenfield.study.files import write_text
from evenfield.study.ingest.any_table import number_text, numbers_of, read_any
from evenfield.study.ingest.guess import (
    Choices,
    Guessed,
    guess,
    known_as,
    with_coordinates,
)
from evenfield.study.ingest.study_files import described, write_study
from evenfield.study.ingest.unit_names import UnitMatch, match_units, named_units
from neighbour_files import read_neighbours
from other_tables import (
    borders_of,
    by_unit,
    columns_of,
    outlines_of,
    property_table,
    read_features,
)

# How the columns of a file of zones may be named.
ZONE_COLUMNS = {
    "year_in_force": r"year_in_force|.*year.*|since|from|start",
    "type": r"(zone.?)?(type|kind|level)",
}
# Options that name a column of the table, with what it holds, and those that name
# another file.
COLUMNS = {
    "unit": "units",
    "year": "years",
    "income": "income per head",
    "output": "output",
    "population": "population",
}
FILES = {
    "units": "names, coordinates, regions: one row per unit",
    "polygons": "outlines as GeoJSON, from which borders come",
    "weights": "pairs of neighbours, or weights (edge list, square CSV, GAL, GWT)",
    "zones": "zones: unit, type, first year",
    "clusters": "units with clusters",
    "claims": "claims.yaml of the study",
}


class NewStudy:
    """A study in the making: its tables, files that are copied, lines of its config and
    what was said.
    """

    def __init__(self, guessed: Guessed, options: argparse.Namespace) -> None:
        self.guessed = guessed
        self.options = options
        self.messages = guessed.messages
        self.tables = {"panel": guessed.panel, "units": guessed.units}
        self.outlines: dict[str, str] = {}  # text of the file by its place
        self.texts: dict[str, str] = {}  # of files that are no tables, by their place
        self.files: dict[str, Path] = {}
        self.weights = ""
        self.taxonomy = ""
        self.matched_by: set[str] = set()  # columns of --match that a file has

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of the panel's column of units: the user's and ours."""
        return (self.guessed.titles.get("unit", "unit"), "unit")

    def by_unit(self, path: Path) -> tuple[UnitMatch, pd.DataFrame]:
        """Read a table about units, by the column that --match names if it has it."""
        column = self.asked_of(columns_of(path)) if self.options.match else ""
        return by_unit(path, self.tables["units"], self.headers, column)

    def asked_of(self, columns: Sequence[str]) -> str:
        """Return the first of these columns that --match names."""
        named = [name for name in self.options.match or [] if name in columns]
        self.matched_by |= set(named)
        return next(iter(named), "")

    def say_unknown(self, match: UnitMatch, file: str) -> None:
        """Say how rows were matched and which of their names are no units."""
        self.messages += match.messages
        if match.unknown:
            which = "is no unit" if len(match.unknown) == 1 else "are no units"
            self.messages.append(
                f"{file}: {counted(len(match.unknown), 'name')} in column"
                f" {match.column} {which} of the panel, left out:"
                f" {first_examples(list(match.unknown), 6)}"
            )

    def add_units(self, path: Path) -> None:
        """Join columns that describe units."""
        units = self.tables["units"]
        match, more = self.by_unit(path)
        twice = sorted(set(more.loc[more["unit"].duplicated(), "unit"]))
        if twice:
            raise IngestError(
                f"{path.name} has {counted(len(twice), 'unit')} twice by column"
                f" {match.column} ({first_examples(named_units(twice, units))})",
                "one row per unit",
                "remove one, or name another column with --match",
            )
        more = with_coordinates(more)
        names = [n for n in known_as("name", more.columns) if n != match.column]
        # A panel of ids alone takes the names of this file.
        if units["name"].eq(units["unit"]).all() and names:
            named = units["unit"].map(more.set_index("unit")[names[0]]).fillna("")
            units = units.assign(name=named.where(named.ne(""), units["unit"]))
            more = more.drop(columns=names[0])
        ids = more.pop("unit")
        # Columns that repeat the id or the name of a unit.
        own_names = ids.map(units.set_index("unit")["name"])
        for column in list(more):
            same = more[column].eq(own_names).all() or more[column].eq(ids).all()
            if column in units or same:  # which says nothing new
                more = more.drop(columns=column)
        more.insert(0, "unit", ids)
        self.tables["units"] = units.merge(
            more,
            on="unit",
            how="left",
        ).fillna("")
        added = first_examples(list(more)[1:], 6) or "no column that is new"
        self.messages.append(
            f"{path.name}: units by column {match.column}, adds {added}"
        )
        self.say_unknown(match, path.name)
        absent = [unit for unit in units["unit"] if unit not in set(more["unit"])]
        if absent:
            self.messages.append(
                f"{path.name}: no row of {counted(len(absent), 'unit')}, blank there:"
                f" {first_examples(named_units(absent, units), 6)}"
            )

    def keep_whole_coordinates(self) -> None:
        """Leave out coordinates that some unit lacks, and say so."""
        units = self.tables["units"]
        if not {"lat", "lon"} <= set(units):
            return
        blank = units[["lat", "lon"]].eq("").any(axis=1)
        without = named_units(units.loc[blank, "unit"], units)
        if without:
            self.tables["units"] = units.drop(columns=["lat", "lon"])
            self.messages.append(
                "lat and lon left out, since"
                f" {counted(len(without), 'unit has', 'units have')} none:"
                f" {first_examples(without, 6)}"
            )

    def add_polygons(self, path: Path) -> None:
        """Take outlines, shared borders and, where there are none, coordinates from
        polygons.
        """
        units = self.tables["units"]
        features = read_features(path)
        properties = property_table(features)
        asked = self.asked_of(list(properties))
        match = match_units(
            properties, units, path.name, headers=self.headers, column=asked, once=True
        )
        outlines, shapes, messages = outlines_of(features, match, units, path.name)
        self.outlines = {"outlines.geojson": json.dumps(outlines, ensure_ascii=False)}
        pairs, joins = borders_of(shapes)
        self.tables["adjacency"] = pd.DataFrame(pairs, columns=["unit_i", "unit_j"])
        self.messages += messages
        self.messages.append(f"{path.name}: {counted(len(pairs), 'shared border')}")
        if joins:
            self.weights = f"weights: {{join: {json.dumps(joins, ensure_ascii=False)}}}"
            self.messages.append(
                "without a border, joined to the nearest unit:"
                f" {first_examples([a for a, _ in joins], 6)}"
            )
        # A point that lies inside, as the middle of a crescent does not.
        if not {"lat", "lon"} & set(units):
            points = [shapes[unit].representative_point() for unit in units["unit"]]
            self.tables["units"] = units.assign(
                lat=[f"{p.y:.4f}" for p in points], lon=[f"{p.x:.4f}" for p in points]
            )
            self.messages.append("lat and lon: a point inside each polygon")

    def add_weights(self, path: Path) -> None:
        """Take borders from two columns of units; keep any other weights as a file of
        their own.
        """
        units = self.tables["units"]
        neighbours = read_neighbours(path, units, self.guessed.order, self.headers)
        self.messages += neighbours.messages
        links = neighbours.links
        if not neighbours.weighted:
            sides = links[["unit_i", "unit_j"]].to_numpy()
            pairs = sorted({tuple(sorted(pair)) for pair in sides})
            self.tables["adjacency"] = pd.DataFrame(pairs, columns=["unit_i", "unit_j"])
            self.weights = ""
            self.messages.append(
                f"{path.name}: {counted(len(pairs), 'pair')} of neighbours"
            )
            return
        path_in_study = "data/weights.csv"
        self.texts[path_in_study] = links.to_csv(index=False, lineterminator="\n")
        self.weights = (
            "weights: {primary: own, families: {own: {kind: file, path:"
            f" {path_in_study}}}}}}}"
        )
        self.messages.append(f"{path.name}: {counted(len(links), 'link')} with weights")

    def add_groups(
        self,
        zones: Path | None,
        clusters: Path | None,
    ) -> None:
        """Take zones by unit and year, and clusters by unit; together they make a
        taxonomy.
        """
        units = self.tables["units"]
        table = units[["unit"]].assign(
            cluster="0",
            sez="0",
            sez_from_year="",
        )
        table = table.set_index("unit")
        types = ""
        faults = Faults()
        if zones:
            with faults.caught():
                types = self._add_zones(zones, table)
        if clusters:
            with faults.caught():
                self._add_clusters(clusters, table)
        faults.refuse()
        self.tables["taxonomies/own"] = table.reset_index()
        self.taxonomy = f"taxonomy: {{primary: own, all: [own]{types}}}"

    def _add_zones(self, path: Path, table: pd.DataFrame) -> str:
        """Mark the units with zones in the table; return what the config says of their
        types.
        """
        match, frame = self.by_unit(path)
        named = {kind: _like(frame, form) for kind, form in ZONE_COLUMNS.items()}
        for kind, column in named.items():
            if column and kind not in frame:
                frame = frame.rename(columns={column: kind})
        year = named["year_in_force"]
        years = numbers_of(frame["year_in_force"]) if year else None
        if years is None:
            what = f"column {year} holds no years" if year else "no column of years"
            raise IngestError(
                f"{path.name}: {what}",
                "unit, type and first year of each zone",
                "add or correct the year",
            )
        blank = frame.loc[years.isna(), "unit"]
        if len(blank):
            units = named_units(blank, self.tables["units"])
            raise IngestError(
                f"{path.name} has {counted(len(blank), 'zone')} without a year"
                f" ({first_examples(units)})",
                "the first year of each zone",
                "fill the cell or remove the row",
            )
        kinds = frame["type"] if named["type"] else pd.Series("zone", frame.index)
        kinds = (
            kinds.str.strip()
            .str.lower()
            .str.replace(
                r"\W+",
                "_",
                regex=True,
            )
        )
        frame = frame.assign(
            type=kinds.where(kinds.ne(""), "zone"),
            year_in_force=years.map(number_text),
        )
        self.tables["zones"] = frame
        first = years.groupby(frame["unit"]).min()
        table.loc[first.index, "sez"] = "1"
        table.loc[first.index, "sez_from_year"] = first.map("{:.0f}".format)
        self.messages.append(
            f"{path.name}: {counted(len(frame), 'zone')} in"
            f" {counted(len(first), 'unit')} by column {match.column}"
        )
        self.say_unknown(match, path.name)
        types = json.dumps(sorted(set(frame["type"])), ensure_ascii=False)
        return f", national_zones: {types}"

    def _add_clusters(self, path: Path, table: pd.DataFrame) -> None:
        """Mark the units with clusters in the table."""
        match, frame = self.by_unit(path)
        flag = _like(frame, r"(is_?|has_?)?clusters?")
        numbers = numbers_of(frame[flag]) if flag else None
        # Without a flag every unit that the file names has clusters.
        inside = frame if numbers is None else frame[numbers > 0]
        table.loc[inside["unit"].unique(), "cluster"] = "1"
        count = int(table["cluster"].eq("1").sum())
        self.messages.append(
            f"{path.name}: {counted(count, 'unit')} with clusters by column"
            f" {match.column}"
        )
        self.say_unknown(match, path.name)

    def package(self) -> dict[str, Any]:
        """Return the dictionary: one source and one grade for the whole study, each
        table with its columns.
        """
        titles = self.guessed.titles
        labels = self.guessed.labels
        logged = set(self.guessed.income.values())
        items = [
            described(name, frame, titles, labels, logged)
            for name, frame in self.tables.items()
        ]
        items += [{"name": "outlines", "path": path} for path in self.outlines]
        name = re.sub(
            r"[^a-z0-9]+",
            "-",
            self.options.folder.name.lower(),
        ).strip("-")
        return {
            "name": name or "study",
            "sources": [{"title": self.options.source or self.options.panel.name}],
            "grade": "A",
            "flag": self.options.flag,
            "resources": items,
        }


def _like(frame: pd.DataFrame, form: str) -> str:
    """Return the first column whose name has a form, whatever its case."""
    names = [
        name
        for name in frame
        if re.fullmatch(
            form,
            name,
            re.IGNORECASE,
        )
    ]
    return next(iter(names), "")


def config_text(study: NewStudy) -> str:
    """Return config.yaml: what the study is about and which questions its years can
    carry.
    """
    guessed = study.guessed
    options = study.options
    units = study.tables["units"]
    first, last = guessed.years
    step = guessed.step
    named = guessed.unit_name
    steps = (last - first) // step
    # county, counties; but key, keys.
    plural = f"{named[:-1]}ies" if re.search("[^aeiou]y$", named) else f"{named}s"
    column = guessed.income.get("column", "")
    label = guessed.labels.get(guessed.titles.get(column, column), "")
    label = label or f"units of {column or ' over '.join(guessed.income.values())}"
    candidates = ", ".join(guessed.perhaps or guessed.panel.columns[2:])
    todo = f"  # one of: {candidates}" if column == TODO else ""
    measure = options.measure or ("not stated" if todo else label)
    # As many periods as leave each five steps, at most three; a single one is the span.
    count = 2 if steps >= 10 else 0
    if steps >= 24:
        count = 3
    parts = [round(steps * part / count) for part in range(count + 1) if count]
    periods = {
        "S1": {
            "start": first,
            "end": last,
            "role": "span",
        }
    }
    for number, (start, end) in enumerate(pairwise(parts), 1):
        periods[f"P{number}"] = {
            "start": first + step * start,
            "end": first + step * end,
        }
    title = options.title or f"Income of {len(units)} {plural}, {first}-{last}"
    lines = [
        f"study:\n  id: {_identifier(options.folder.name)}",
        f"  title: {_flow(title)}",
        f"  question: Did poorer {plural} catch up with richer ones, and did income"
        " become more alike?",
        f"  unit_name: {_flow(named)}\n  units_name: {_flow(plural)}"
        if named != "unit"
        else "",
        "data: {package: data/datapackage.json}",
        f"panel:\n  years: [{first}, {last}]\n  step: {step}",
        f"  income: {_flow({**guessed.income, 'unit': measure})}{todo}",
        f"periods: {_flow(periods)}",
        study.weights or _nearest(study),
        study.taxonomy,
        *_estimates(
            study,
            steps,
            list(periods)[1:] or ["S1"],
        ),
    ]
    return "\n".join(filter(None, lines)) + "\n"


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


def _estimates(
    study: NewStudy,
    steps: int,
    periods: list[str],
) -> list[str]:
    units = study.tables["units"]
    # A column of words that divides the units into a few groups, each of several.
    described = units.columns.difference(
        ["unit", "name", "lat", "lon"],
        sort=False,
    )
    groups = [
        column
        for column in described
        if units[column].ne("").all()
        and numbers_of(units[column]) is None
        and 2 <= units[column].nunique() <= min(12, len(units) / 3)
    ][:1]
    values = {
        "$taxonomies": ["own"] if study.taxonomy else None,
        "$periods": periods,
        "$span": "S1",
        "$groupings": groups or None,
        "$grouping": groups[0] if groups else None,
        "$ten_steps": 10 * study.guessed.step,
    }
    lines = ["estimates:"]
    for name, topic in read_topics().items():
        start = topic.start
        if start is None or steps < start.steps:
            continue
        if all(values[word] is not None for word in start.needs):
            lines.append(f"  {name}: {_flow(_with_values(start.section, values))}")
    return [*lines, "exhibits: auto"]


def _with_values(node: Any, values: Mapping[str, Any]) -> Any:
    """Put values in place of their words; a key whose value the study lacks is left
    out.
    """
    if isinstance(node, list):
        return [_with_values(item, values) for item in node]
    if isinstance(node, dict):
        filled = {key: _with_values(item, values) for key, item in node.items()}
        return {key: item for key, item in filled.items() if item is not None}
    return values.get(node, node)


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
        fault = f"{options.folder.name} holds a study"
        raise IngestError(
            fault,
            "a folder without config.yaml and data",
            "name another, or see `run add`",
        )
    table = read_any(options.panel)
    given = {key: getattr(options, key) for key in COLUMNS}
    if options.log and options.level:
        raise IngestError("--log and --level", "one of them", "leave one out")
    choices = Choices(
        where=options.where or (),
        leave_out=options.leave_out or (),
        keep_totals=options.keep_totals,
        logs=options.log if options.log or options.level else None,
    )
    guessed = guess(table, given, choices)
    if guessed.income.get("column") == TODO and sys.stdin.isatty():
        print("\n".join(guessed.messages))
        question = "which column is income per head (blank: decide later)? "
        given["income"] = input(question).strip()
        if given["income"]:
            guessed = guess(table, given, choices)
    study = NewStudy(guessed, options)
    faults = Faults()
    if options.units:
        with faults.caught():
            study.add_units(options.units)
    # Whatever else is wrong: half a map would stop every spatial topic.
    study.keep_whole_coordinates()
    if options.polygons:
        with faults.caught():
            study.add_polygons(options.polygons)
    if options.weights:
        with faults.caught():
            study.add_weights(options.weights)
    if options.zones or options.clusters:
        with faults.caught():
            study.add_groups(options.zones, options.clusters)
    if options.claims:
        study.files["claims.yaml"] = options.claims
    unused = [name for name in options.match or [] if name not in study.matched_by]
    if unused and not faults:
        faults.append(
            IngestError(
                f"no file has the column {unused[0]}, given by --match",
                "a column of a file that is given",
                "correct it",
            )
        )
    for path in study.files.values():
        if not path.is_file():
            faults.append(
                IngestError(f"no file {path.name}", "a file", "correct the path")
            )
    faults.refuse()
    write(study, options.folder)
    return study.messages


def write(study: NewStudy, folder: Path) -> None:
    """Check the study and write it: its tables, the files that it keeps, last its
    config.
    """
    text = config_text(study)
    answers = study.files.get("claims.yaml")
    # A column that its user still has to name may be any for the check.
    content = yaml.safe_load(text.replace(TODO, study.guessed.panel.columns[2]))
    if answers:
        content["answers"] = read_mapping(answers)
    config = checked_config(content)
    config["data"]["package"] = str(folder / config["data"]["package"])
    tables = {f"{name}.csv": frame for name, frame in study.tables.items()}
    write_study(config, tables, study.package(), study.outlines)
    for relative, written in study.texts.items():
        write_text(written, folder / relative)
    for relative, path in study.files.items():
        shutil.copy(path, folder / relative)
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
    options.add_argument(
        "--where",
        action="append",
        metavar="COL=VALUE",
        help="keep the rows with this value; the same column again: either value",
    )
    options.add_argument(
        "--leave-out",
        nargs="+",
        action="extend",
        metavar="UNIT",
        help="units to leave out, by id or name",
    )
    options.add_argument(
        "--keep-totals",
        action="store_true",
        help="keep units that look like totals of others",
    )
    options.add_argument(
        "--log",
        action="store_true",
        help="income is a logarithm: take it back to levels",
    )
    options.add_argument(
        "--level", action="store_true", help="income is no logarithm, whatever its name"
    )
    formats = "CSV, Excel, Stata, SPSS, Parquet or GeoJSON"
    options.add_argument(
        "--panel", type=Path, required=True, help=f"the table, long or wide: {formats}"
    )
    for name, what in COLUMNS.items():
        options.add_argument(
            f"--{name}", metavar="COL", help=f"column of {what} (default: found)"
        )
    for name, what in FILES.items():
        options.add_argument(f"--{name}", type=Path, metavar="FILE", help=what)
    options.add_argument(
        "--match",
        action="append",
        metavar="COL",
        help="column of another file that names the units (default: found)",
    )
    # What the text of config.yaml says.
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
    config = (options.folder / "config.yaml").read_text(encoding="utf-8")
    then = ""
    if TODO in config:
        then = f"write the column of income in place of {TODO} there, then "
    print(
        f"written: {shown}/config.yaml and {shown}/data; now {then}run: python3 run"
        f" --directory {shown}"
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()

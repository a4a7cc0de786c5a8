"""A study in the making: its tables, and what other files say of its units."""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.newstudy.any_table import read_any
from evenfield.newstudy.cells import kinds_of, number_text, numbers_of
from evenfield.newstudy.features import property_table, read_features
from evenfield.newstudy.guess import Guessed
from evenfield.newstudy.key_columns import group_word, known_as, with_coordinates
from evenfield.newstudy.neighbour_files import read_neighbours
from evenfield.newstudy.outline_files import borders_of, outlines_of, own_features
from evenfield.newstudy.shipped import outlines_file
from evenfield.newstudy.study_files import described
from evenfield.newstudy.unit_names import (
    UnitMatch,
    match_units,
    named_units,
    with_other_names,
)
from evenfield.newstudy.words import LISTS, WORDS
from evenfield.study.errors import Faults, IngestError, counted, first_examples

MOST_GROUPS = 12  # of a column that is taken for groups without being asked for
MOST_GROUPINGS = 3
CODE = WORDS.code.pattern


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
        self.outlines_source: dict[str, str] = {}  # title and licence of shipped ones
        self.map_at_hand = ""  # shipped outlines that would fit the units
        self.without_outline: list[str] = []  # units that these lack
        self.texts: dict[str, str] = {}  # of files that are no tables, by their place
        self.files: dict[str, Path] = {}
        self.weights = ""
        self.taxonomy = ""
        self.taxonomies: list[str] = []
        self.groups: list[str] = []  # columns that group the units
        self.matched_by: set[str] = set()  # columns of --match that a file has

    @property
    def headers(self) -> tuple[str, ...]:
        """Names of the panel's column of units: the user's and ours."""
        return (self.guessed.titles.get("unit", "unit"), "unit")

    @property
    def known_units(self) -> pd.DataFrame:
        """The units with the names that --same gives them in other files."""
        return with_other_names(self.tables["units"], self.options.same or [])

    def by_unit(self, path: Path) -> tuple[UnitMatch, pd.DataFrame]:
        """Read a table about units, by the column that --match names if it has it; return
        which column named them, and the table with their ids in its place.
        """
        frame = read_any(path, encoding=self.options.encoding).frame
        units = self.known_units
        column = self.column_to_match(list(frame.columns))
        match = match_units(
            frame, units, path.name, headers=self.headers, column=column
        )
        named = frame.drop(columns=[match.column, "unit"], errors="ignore")
        return match, named.assign(unit=match.ids).dropna(subset=["unit"])

    def column_to_match(self, columns: Sequence[str]) -> str:
        """Return the first of these columns that --match names, blank if it names none,
        and note those it names: what no file has is a typing error.
        """
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
        units, more = _with_names(units, with_coordinates(more), match.column)
        ids = more["unit"]
        more = _without_repeats(more, units)
        both = [name for name in map(str, more) if name in self.tables["panel"]]
        if both:
            more = more.drop(columns=both)
            self.messages.append(
                f"{path.name}: left out, since the panel has them by year:"
                f" {first_examples(both, 6)}"
            )
        more.insert(0, "unit", ids)
        self.tables["units"] = units.merge(more, on="unit", how="left").fillna("")
        added = first_examples(list(map(str, more))[1:], 6) or "no new column"
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
        blank = (units[["lat", "lon"]] == "").any(axis=1)
        without = named_units(units.loc[blank, "unit"], units)
        shared = ~blank & units.duplicated(["lat", "lon"], keep=False)
        if shared.any():
            alike = named_units(units.loc[shared, "unit"], units)
            self.tables["units"] = units.drop(columns=["lat", "lon"])
            self.messages.append(
                f"lat and lon left out, since {len(alike)} units lie at the place of"
                f" another: {first_examples(alike, 6)}"
            )
            return
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
        units = self.known_units
        path, shipped = outlines_file(path)
        features = read_features(path)
        properties = property_table(features)
        column = self.column_to_match(list(map(str, properties)))
        match = match_units(
            properties, units, path.name, headers=self.headers, column=column, once=True
        )
        self._take_outlines(features, match, path.name)
        if shipped:
            self.outlines_source = shipped
            self.messages.append(f"{shipped['title']} ({shipped['licence']})")

    def add_own_polygons(self) -> None:
        """Take the outlines that the panel's own file holds, as far as it does."""
        path = self.options.panel
        column = self.guessed.titles.get("unit", "unit")
        try:
            features = read_features(path)
            properties = property_table(features)
            if column not in properties:
                return
            match = match_units(
                properties, self.tables["units"], path.name, column=column
            )
            features, match = own_features(features, match)
            if features:
                self._take_outlines(features, match, path.name)
        except IngestError as error:
            if path.suffix.lower() != ".json":  # which may be no map at all
                self.messages.append(
                    f"outlines of {path.name} are not used: {error.found}"
                )

    def _take_outlines(
        self, features: Sequence[dict[str, Any]], match: UnitMatch, file: str
    ) -> None:
        units = self.tables["units"]
        outlines, shapes, messages = outlines_of(features, match, units, file)
        self.outlines = {"outlines.geojson": json.dumps(outlines, ensure_ascii=False)}
        pairs, joins = borders_of(shapes)
        self.tables["adjacency"] = pd.DataFrame(pairs, columns=["unit_i", "unit_j"])
        self.messages += messages
        self.messages.append(f"{file}: {counted(len(pairs), 'shared border')}")
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
        neighbours = read_neighbours(
            path,
            self.known_units,
            self.guessed.order,
            self.headers,
            self.options.encoding,
        )
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

    def add_groups(self, zones: Path | None, clusters: Path | None) -> None:
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
        # Beside zones by their dates whoever ever had one, so that lines can follow the
        # same units.
        self.taxonomies = ["own", "own+undated"] if types else ["own"]
        names = ", ".join(self.taxonomies)
        self.taxonomy = f"taxonomy: {{primary: own, all: [{names}]{types}}}"

    def _add_zones(self, path: Path, table: pd.DataFrame) -> str:
        """Mark the units with zones in the table; return what the config says of their
        types.
        """
        match, frame = self.by_unit(path)
        named = {
            kind: _column_like(frame, form)
            for kind, form in LISTS["zone_columns"].items()
        }
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
        frame = frame.assign(
            type=kinds_of(kinds, "zone"), year_in_force=years.map(number_text)
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
        flag = _column_like(frame, r"(is_?|has_?)?clusters?")
        marks = _marks_of(frame[flag]) if flag else None
        # Without a flag every unit that the file names has clusters.
        inside = frame if marks is None else frame[marks > 0]
        table.loc[inside["unit"].unique(), "cluster"] = "1"
        if marks is not None and marks.isna().any():
            units = named_units(frame.loc[marks.isna(), "unit"], self.tables["units"])
            self.messages.append(
                f"{path.name}: {counted(len(units), 'blank')} in column {flag}, taken"
                f" for no cluster: {first_examples(units, 6)}"
            )
        count = int(table["cluster"].eq("1").sum())
        self.messages.append(
            f"{path.name}: {counted(count, 'unit')} with clusters by column"
            f" {match.column}"
        )
        self.say_unknown(match, path.name)

    def add_claims(self, path: Path) -> None:
        """Take a claims.yaml as it is."""
        if not path.is_file():
            raise IngestError(f"no file {path.name}", "a file", "correct the path")
        self.files["claims.yaml"] = path

    def choose_groups(self) -> None:
        """Take the columns that --group names, or those of words that divide the units
        into a few groups, each of several.
        """
        units = self.tables["units"]
        described = [
            name
            for name in map(str, units)
            if name not in {"unit", "name", "lat", "lon"}
        ]
        unknown = [name for name in self.options.group if name not in described]
        if unknown:
            raise IngestError(
                f"no column {unknown[0]} describes the units, given by --group",
                f"one of {first_examples(described, 12)}"
                if described
                else "a column of the table, or of --units, that does not change over"
                " the years",
                "correct it",
            )
        self.groups = list(self.options.group)
        if self.groups:
            return
        # A code and its label divide the units in the same way.
        alike = dict[tuple[int, ...], list[str]]()
        for name in described:
            cells = units[name]
            divides = 2 <= cells.nunique() <= len(units) / 3
            if divides and cells.ne("").all() and numbers_of(cells) is None:
                codes = tuple(pd.factorize(cells)[0].tolist())
                alike.setdefault(codes, []).append(name)
        many = list[str]()
        for same in alike.values():
            words = [n for n in same if not units[n].str.fullmatch(CODE).all()]
            name = (words or same)[0]
            count = units[name].nunique()
            if count > MOST_GROUPS:
                many.append(f"{name} ({count})")
            elif len(self.groups) < MOST_GROUPINGS:
                self.groups.append(name)
        if self.groups:
            self.messages.append(
                f"groups of units: {first_examples(self.groups)} (--group)"
            )
            self._call_groups_in_english()
        elif many:
            self.messages.append(
                f"no column has {MOST_GROUPS} groups or fewer; --group takes one of"
                f" more: {first_examples(many)}"
            )

    def _call_groups_in_english(self) -> None:
        """Rename columns of groups, as texts call groups by them: provinsi, NAME_1."""
        units = self.tables["units"]
        new = dict[str, str]()
        for name in self.groups:
            word = group_word(name)
            if word != name and word not in units and word not in new.values():
                new[name] = word
        self.tables["units"] = units.rename(columns=new)
        titles = self.guessed.titles
        titles |= {word: titles.get(name, name) for name, word in new.items()}
        self.groups = [new.get(name, name) for name in self.groups]

    def package(self) -> dict[str, Any]:
        """Return the dictionary: one source and one grade for the whole study, each
        table with its columns.
        """
        titles = self.guessed.titles
        labels = self.guessed.labels
        logged = set(self.guessed.income.values())
        items = [
            described(name, frame, titles, labels, logged, self.groups)
            for name, frame in self.tables.items()
        ]
        items += [{"name": "outlines", "path": path} for path in self.outlines]
        name = re.sub(r"[^a-z0-9]+", "-", self.options.folder.name.lower()).strip("-")
        note = " ".join(filter(None, [*self.guessed.remarks, self._forecasts()]))
        return {
            "name": name or "study",
            "sources": self._sources(),
            "grade": "A",
            "flag": self.options.flag,
            **({"note": note} if note else {}),
            "resources": items,
        }

    def _forecasts(self) -> str:
        """Return which years may be forecasts, as the table says of each unit; nothing
        where it does not, or where they are left out.
        """
        units = self.tables["units"]
        column = _column_like(units, WORDS.estimates_after.pattern)
        if not column:
            return ""
        years = pd.to_numeric(units[column], errors="coerce")
        # A zero or a blank says that nothing is known of it, not that all is forecast.
        years = years[years.gt(0)]
        if not years.min() < self.guessed.years[1]:
            return ""
        last_known = int(years.min())
        return (
            f"By the column {column} of the source, figures of years after {last_known}"
            " may be forecasts."
        )

    def _sources(self) -> list[dict[str, Any]]:
        """Return what the dictionary names as sources: the table first, then outlines
        that the library brought.
        """
        sources: list[dict[str, Any]] = [
            {"title": self.options.source or self.options.panel.name}
        ]
        if self.outlines_source:
            title, licence = self.outlines_source.values()
            sources.append({"title": f"{title}; {licence}"})
        return sources


def _with_names(
    units: pd.DataFrame, more: pd.DataFrame, matched: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the units with the names of a table about them, where they had ids alone, and
    the table without these names; ``matched`` is the column that found its units.
    """
    names = [name for name in known_as("name", more.columns) if name != matched]
    if not names or not units["name"].eq(units["unit"]).all():
        return units, more
    named = units["unit"].map(more.set_index("unit")[names[0]]).fillna("")
    units = units.assign(name=named.where(named.ne(""), units["unit"]))
    return units, more.drop(columns=names[0])


def _without_repeats(more: pd.DataFrame, units: pd.DataFrame) -> pd.DataFrame:
    """Return a table about units without their ids and names, and without columns that
    the units have already.
    """
    ids = more["unit"]
    names = ids.map(units.set_index("unit")["name"])
    new = [
        column
        for column in map(str, more.columns)
        if column not in units
        and not more[column].eq(names).all()
        and not more[column].eq(ids).all()
    ]
    return more[new]


def _marks_of(column: pd.Series) -> pd.Series | None:
    """Return a column of 0 and 1, or of yes and no, as numbers, blank where it is blank;
    nothing where it holds anything else, such as names.
    """
    texts = column.str.strip().str.lower()
    return numbers_of(texts.map({"": "", **LISTS["yes_or_no"]}).fillna(texts))


def _column_like(frame: pd.DataFrame, form: str) -> str:
    """Return the first column whose name has a form, whatever its case."""
    names = [n for n in map(str, frame) if re.fullmatch(form, n, re.IGNORECASE)]
    return next(iter(names), "")

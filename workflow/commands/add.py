"""Add figures from a file: a new column, new years, filled gaps or, on request, a new vintage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.ingest.bureau_export import BureauExport, is_export, read_export, read_indicator
from evenfield.study.ingest.dictionary import read_package
from evenfield.study.ingest.guess import COMPUTED
from evenfield.study.ingest.provenance import ALL_UNITS
from evenfield.study.ingest.study_files import Row, described, read_rows, records, write_study
from evenfield.study.ingest.study_tables import read_study
from other_tables import read_figures
from study import arguments, run_command

PANEL, UNITS, SPANS, SOURCES = "panel.csv", "units.csv", "panel_provenance.csv", "sources.csv"
# A different number of decimals moves a figure by less; a census moves it by more.
ROUNDING = 1e-3
YEARS = ("first_year", "last_year")
FLAGS = ("official", "revised", "interpolated", "estimated", "proxy", "simulated")
Cell = tuple[str, int]
Origin = tuple[str, str, str, str]


@dataclass
class Merge:
    """What one download does to one column of the panel."""

    added: list[Cell] = field(default_factory=list)
    equal: list[Cell] = field(default_factory=list)
    changed: dict[Cell, tuple[str, str]] = field(default_factory=dict)  # cells that hold another figure
    absent: list[Cell] = field(default_factory=list)
    new_years: list[int] = field(default_factory=list)  # years that the panel did not have; each gets one row per unit

    held: bool = False  # whether the column had figures before

    @property
    def touched(self) -> list[Cell]:
        """Cells that get a figure, sorted."""
        return sorted([*self.added, *self.changed])


def cell_of(row: Mapping[str, str]) -> Cell:
    """Return the key of a row of the panel."""
    return row["unit"].strip(), int(float(row.get("year") or 0))


# ---------------------------------------------------------------------------------------------------- the panel


def merge_figures(rows: Sequence[Row], export: BureauExport) -> tuple[list[Row], Merge]:
    """Put the figures of a file into the rows of a table; return new rows and what was done."""
    column = export.column
    merge = Merge(held=any(row.get(column, "") for row in rows))
    by_cell = {cell_of(row): {**row, column: row.get(column, "")} for row in rows}
    units, years = sorted({unit for unit, _ in by_cell}), {year for _, year in by_cell}
    figures = export.values.dropna(subset=["value"])
    merge.new_years = sorted(set(figures["year"]) - years)
    for year in merge.new_years:
        blank = dict.fromkeys([*rows[0], column], "")
        by_cell |= {(unit, year): {**blank, "unit": unit, "year": str(year)} for unit in units}
    for unit, year, value in figures.itertuples(index=False):
        row, new = by_cell[unit, year], value if isinstance(value, str) else f"{value:.15g}"
        old = row[column].strip()
        if old and same_figure(old, new):
            merge.equal.append((unit, year))
            continue
        row[column] = new
        if old:
            merge.changed[unit, year] = (old, new)
        else:
            merge.added.append((unit, year))
    given = set(zip(figures["unit"], figures["year"], strict=True))
    kept = (cell for cell, row in by_cell.items() if cell not in given and row[column].strip())
    merge.absent = sorted(cell for cell in kept if cell[1] in set(figures["year"]))
    return [by_cell[cell] for cell in sorted(by_cell)], merge


def same_figure(one: str, other: str) -> bool:
    """Whether two printed figures are one figure, at most printed with a different number of decimals."""
    try:
        first, second = float(one), float(other)
    except ValueError:
        return one == other
    decimals = min(len(text.partition(".")[2]) for text in (one, other))
    near = abs(first - second) <= 0.5000001 * 10.0**-decimals
    return first == second or (near and relative_change(one, other) < ROUNDING)


# --------------------------------------------------------------------------------------------------- provenance


def extend_spans(
    spans: Sequence[Row], rows: Sequence[Row], column: str, touched: Sequence[Cell], origin: Origin
) -> list[Row]:
    """Give the touched cells their origin, so that every figure lies in exactly one span."""
    own = [span for span in spans if span["variable"] == column]
    filled = {cell_of(row) for row in rows if row[column].strip()}
    old = {cell: origin_of(span) for span in own for cell in cells_of(span, rows)}
    new = dict.fromkeys([cell for cell, given in old.items() if given == origin] + list(touched), origin)
    rest = {cell: given for cell, given in old.items() if cell not in new}
    kept = [span for span in own if origin_of(span) != origin]
    if any(old.get(cell, origin) != origin for cell in touched):
        rest = {cell: given for cell, given in rest.items() if cell in filled}
        kept = spans_of(rest, new, column, rows)
    others = [span for span in spans if span["variable"] != column]
    both = [*others, *kept, *spans_of(new, rest, column, rows)]
    return sorted(both, key=lambda span: (span["variable"], span["units"], int(float(span["first_year"]))))


def origin_of(span: Mapping[str, str]) -> Origin:
    """Return grade, flag, source and note of a span."""
    return span["grade"], span["flag"], span["source"], span.get("note", "")


def cells_of(span: Mapping[str, str], rows: Sequence[Row]) -> list[Cell]:
    """Return the cells of the panel that a span covers."""
    first, last, named = int(float(span["first_year"])), int(float(span["last_year"])), span["units"].split()
    cells = map(cell_of, rows)
    return [cell for cell in cells if first <= cell[1] <= last and (named == [ALL_UNITS] or cell[0] in named)]


def spans_of(
    cells: Mapping[Cell, Origin], others: Mapping[Cell, Origin], column: str, rows: Sequence[Row]
) -> list[Row]:
    """Write cells as spans: one per origin, set of units and unbroken run of the panel's years."""
    years = sorted({cell_of(row)[1] for row in rows})
    spans: list[Row] = []
    for origin in sorted(set(cells.values())):
        labels = {year: units_label(cells, others, origin, year) for year in years}
        for before, year in zip([None, *years], years, strict=False):
            if before is not None and labels[year] and labels[year] == labels[before]:
                spans[-1]["last_year"] = str(year)
            elif labels[year]:
                grade, flag, source, note = origin
                span = {"variable": column, "units": labels[year], "first_year": str(year), "last_year": str(year)}
                spans.append(span | {"grade": grade, "flag": flag, "source": source, "note": note})
    return spans


def units_label(cells: Mapping[Cell, Origin], others: Mapping[Cell, Origin], origin: Origin, year: int) -> str:
    """Return the units that an origin covers in a year: `all` where no other origin covers any."""
    units = sorted(unit for (unit, when), given in cells.items() if when == year and given == origin)
    alone = all(given == origin or when != year for (_, when), given in {**others, **cells}.items())
    return ALL_UNITS if units and alone else " ".join(units)


def newest_source(spans: Sequence[Row], column: str) -> str:
    """Return the source of the newest span of a column, for figures whose source is not given."""
    own = [span for span in spans if span["variable"] == column]
    if not own:
        found, action = f"{SPANS} has no span of {column}", "give it with --source, an id of sources.csv"
        raise IngestError(found, "the source of the figures", action)
    return max(own, key=lambda span: int(float(span["last_year"])))["source"]


# ------------------------------------------------------------------------------------------------------ command


def column_mapping(given: Sequence[str], file: Path) -> dict[str, str]:
    """Read `NAME` (whatever the file's indicator) and `INDICATOR=NAME`."""
    mapping = {indicator: name for indicator, _, name in (text.rpartition("=") for text in given)}
    return {indicator or read_indicator(file): name for indicator, name in mapping.items()}


def addition(options: argparse.Namespace) -> Callable[[dict[str, Any]], None]:
    """Return the work of the command for a checked config."""

    def add(config: dict[str, Any]) -> None:
        study, package = read_study(config), read_package(config["data"]["package"])
        folder = Path(config["data"]["package"]).parent
        if is_export(options.file):
            columns = column_mapping(options.columns, options.file)
            export = read_export(options.file, study["units"], columns, options.zeros)
        else:
            export = read_figures(options.file, study["units"], options.columns)
        check_columns(list(study["panel"].columns), [export.column])
        rows, merge = merge_figures(read_rows(folder / export.table), export)
        if merge.changed and not options.replace:
            raise IngestError(
                f"{options.file.name} has {len(merge.changed)} other figures of {export.column} than {export.table} "
                f"({first_examples([worded(*item) for item in merge.changed.items()])})",
                "figures of the vintage that the study holds",
                "take them with --replace, or keep both vintages in columns of their own",
            )
        report(export, merge, options.file.name, list(study["units"]["unit"]))
        if not merge.touched:
            print("nothing to add")
            return
        changed = {export.table: rows}
        describe_column(package, export, rows, options)
        if export.table == PANEL:
            changed |= with_origin(study, package, folder, export, merge, rows, options)
        for line in write_study(config, changed, package):
            print(line)
        if merge.new_years and merge.new_years[-1] > config["panel"]["years"][1]:
            print("to use the new years, set panel.years and the periods in config.yaml")

    return add


def describe_column(
    package: dict[str, Any], export: BureauExport, rows: Sequence[Row], options: argparse.Namespace
) -> None:
    """Describe a new column in the dictionary."""
    resource = next(item for item in package["resources"] if item["path"] == export.table)
    if all(field["name"] != export.column for field in resource["schema"]["fields"]):
        cells = pd.DataFrame({export.column: [row[export.column] for row in rows]})
        titles, stem = {export.column: export.indicator}, export.table.removesuffix(".csv")
        field_ = described(stem, cells, titles, {})["schema"]["fields"][0]
        told = {"unit": options.measure, "description": options.description}
        resource["schema"]["fields"].append(field_ | {key: text for key, text in told.items() if text})


def with_origin(
    study: Mapping[str, pd.DataFrame],
    package: dict[str, Any],
    folder: Path,
    export: BureauExport,
    merge: Merge,
    rows: Sequence[Row],
    options: argparse.Namespace,
) -> dict[str, Sequence[Row]]:
    """Return sources and spans with the origin of the new figures; none where one origin holds for the whole study."""
    paths, changed = {item["path"] for item in package["resources"]}, dict[str, Sequence[Row]]()
    whole = (package.get("grade"), package.get("flag", "official"), next(iter(study["sources"]["source"]), ""))
    if (
        SPANS not in paths
        and (options.grade or whole[0], options.flag or whole[1], options.source or whole[2]) == whole
    ):
        print(f"source of the new figures: that of the study, grade {whole[0]}, {whole[1]}")
        return changed
    tables = {name: study[name.removesuffix(".csv")].fillna("") for name in (SPANS, SOURCES) if name not in paths}
    if SPANS in tables:
        tables[SPANS] = tables[SPANS][tables[SPANS]["variable"].isin([*rows[0]])].astype(dict.fromkeys(YEARS, int))
    package["resources"] += [described(name.removesuffix(".csv"), table, {}, {}) for name, table in tables.items()]
    spans, sources = (records(tables[n]) if n in tables else read_rows(folder / n) for n in (SPANS, SOURCES))
    source = options.source or newest_source(spans, export.column)
    if all(row["source"] != source for row in sources) and options.citation:
        told = {"source": source, "citation": options.citation, "licence": "not stated", "redistribution": "not stated"}
        sources.append(dict.fromkeys(sources[0], "") | told)
        changed[SOURCES] = sources
    origin = (options.grade or "A", options.flag or "official", source, export.note)
    print(f"source of the new figures: {source}, grade {origin[0]}, {origin[1]}")
    own = {name: records(table) for name, table in tables.items()}
    return {**own, **changed, SPANS: extend_spans(spans, rows, export.column, merge.touched, origin)}


def check_columns(known: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse columns that the panel computes itself or that are its key."""
    taken = sorted(({"unit", "year", *COMPUTED} - (set(known) - {"unit", "year"})) & set(wanted))
    if taken:
        found = f"{first_examples(taken)} can be no column of figures"
        raise IngestError(found, "a name that the panel does not compute", "choose another name")


def worded(cell: Cell, figures: tuple[str, str]) -> str:
    """Return one changed figure in words."""
    return f"{cell[0]} {cell[1] or ''}".strip() + f": {figures[1]}, held {figures[0]}"


def report(export: BureauExport, merge: Merge, file: str, units: Sequence[str]) -> None:
    """Print what the file changes: the vintage diff."""
    years, present = export.values["year"], set(export.values["unit"])
    span = f", {years.min()} to {years.max()}" if export.table == PANEL else ""
    print(f"{file}: {export.indicator} for {export.column}, {len(present)} units{span}")
    print(f"{len(merge.added)} cells added, {len(merge.changed)} changed, {len(merge.equal)} equal")
    if export.unknown:
        print(f"left out, no units of the study: {first_examples(list(export.unknown))}")
    if merge.new_years:
        print(f"new years: {', '.join(map(str, merge.new_years))}")
    if merge.changed:
        cell, (old, new) = max(merge.changed.items(), key=lambda item: relative_change(*item[1]))
        print(f"largest relative change: {worded(cell, (old, new))} ({relative_change(old, new):.2%})")
    if merge.held and not merge.changed and not merge.equal:
        print("no figure in common: this cannot tell whether the file is of the study's vintage")
    if merge.absent:
        print(f"{len(merge.absent)} figures of the study are not in the file and stay")
    missing = sorted(set(units) - present)
    if missing:
        print(f"no row in the file for {first_examples(missing)}")


def relative_change(old: str, new: str) -> float:
    """Return the size of a change, relative to the old figure."""
    try:
        return abs(float(new) / float(old) - 1) if float(old) else float("inf")
    except ValueError:
        return float("inf")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = arguments(str(__doc__))
    told = "column of the study, new or there; [INDICATOR=]NAME for a download of the bureau, NAME=COLUMN for others"
    options.add_argument("columns", nargs="+", metavar="COLUMN", help=told)
    told = "CSV, Excel, Stata, SPSS, Parquet, long or wide, or a download of the statistics bureau of China"
    options.add_argument("--from", dest="file", type=Path, required=True, metavar="FILE", help=told)
    options.add_argument("--source", help="id in sources.csv (default: the source of the column's newest figures)")
    options.add_argument("--citation", help="citation of a source that sources.csv does not have yet")
    options.add_argument("--grade", choices=["A", "B", "C"], help="grade of the figures (default: A)")
    options.add_argument("--flag", choices=FLAGS, help="flag of the figures (default: official)")
    options.add_argument("--measure", help="unit of measure of a new column")
    options.add_argument("--description", help="what a new column holds")
    options.add_argument("--zeros", choices=["missing", "kept"], default="missing", help="what the bureau's zeros are")
    options.add_argument("--replace", action="store_true", help="take figures that differ from those of the study")
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line and add the figures."""
    options = parser().parse_args(words)
    options.file = options.file.absolute()
    run_command(options, addition(options))


if __name__ == "__main__":
    # Names of provinces and indicators are Chinese; a terminal that cannot show them must not stop the work.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()

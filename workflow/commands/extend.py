"""Add a download of the statistics bureau to data/panel.csv: new years, filled gaps or, on request, a new vintage."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.ingest.bureau_export import BureauExport, read_export, read_indicator
from evenfield.study.ingest.provenance import ALL_UNITS
from evenfield.study.ingest.study_files import Row, read_rows, write_study
from evenfield.study.ingest.study_tables import read_study
from study import arguments, run_command

PANEL, SPANS = "panel.csv", "panel_provenance.csv"
# A different number of decimals moves a figure by less; a census moves it by more.
ROUNDING = 1e-3
FLAGS = ("official", "revised", "interpolated", "estimated", "proxy", "simulated")
Cell = tuple[str, int]
Origin = tuple[str, str, str, str]


@dataclass
class Merge:
    """What one download does to one column of the panel."""

    added: list[Cell] = field(default_factory=list)
    equal: list[Cell] = field(default_factory=list)
    changed: dict[Cell, tuple[float, float]] = field(default_factory=dict)  # cells that hold another figure
    absent: list[Cell] = field(default_factory=list)
    new_years: list[int] = field(default_factory=list)  # years that the panel did not have; each gets one row per unit

    @property
    def touched(self) -> list[Cell]:
        """Cells that get a figure, sorted."""
        return sorted([*self.added, *self.changed])


def cell_of(row: Mapping[str, str]) -> Cell:
    """Return the key of a row of the panel."""
    return row["unit"].strip(), int(float(row["year"]))


# ---------------------------------------------------------------------------------------------------- the panel


def merge_figures(rows: Sequence[Row], export: BureauExport) -> tuple[list[Row], Merge]:
    """Put the figures of a download into the rows of the panel; return new rows and what was done."""
    merge, by_cell = Merge(), {cell_of(row): dict(row) for row in rows}
    units, years = sorted({unit for unit, _ in by_cell}), {year for _, year in by_cell}
    figures = export.values.dropna(subset=["value"])
    merge.new_years = sorted(set(figures["year"]) - years)
    for year in merge.new_years:
        blank = dict.fromkeys(rows[0], "")
        by_cell |= {(unit, year): {**blank, "unit": unit, "year": str(year)} for unit in units}
    for unit, year, value in figures.itertuples(index=False):
        put_figure(by_cell[unit, year], export.column, float(value), merge)
    given = set(zip(figures["unit"], figures["year"], strict=True))
    merge.absent = sorted(
        cell
        for cell, row in by_cell.items()
        if cell[1] in set(figures["year"]) and cell not in given and row[export.column].strip()
    )
    return [by_cell[cell] for cell in sorted(by_cell)], merge


def put_figure(row: Row, column: str, value: float, merge: Merge) -> None:
    """Put one figure into its row and note whether it was new, the same or another one."""
    cell, old = cell_of(row), row[column].strip()
    if old and same_figure(old, f"{value:.15g}"):
        merge.equal.append(cell)
        return
    if old:
        merge.changed[cell] = (float(old), value)
    else:
        merge.added.append(cell)
    row[column] = f"{value:.15g}"


def same_figure(one: str, other: str) -> bool:
    """Whether two printed figures are one figure, at most printed with a different number of decimals."""
    first, second = float(one), float(other)
    decimals = min(len(text.partition(".")[2]) for text in (one, other))
    near = abs(first - second) <= 0.5000001 * 10.0**-decimals
    return first == second or (near and relative_change(first, second) < ROUNDING)


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
        raise IngestError(
            f"{SPANS} has no span of {column}",
            "the source of the figures",
            "give it with --source, an id of sources.csv",
        )
    return max(own, key=lambda span: int(float(span["last_year"])))["source"]


# ------------------------------------------------------------------------------------------------------ command


def column_mapping(given: Sequence[str], file: Path) -> dict[str, str]:
    """Read `--column NAME` (whatever the file's indicator) and `--column INDICATOR=NAME`."""
    mapping = {indicator: name for indicator, _, name in (text.rpartition("=") for text in given)}
    return {indicator or read_indicator(file): name for indicator, name in mapping.items()}


def extension(options: argparse.Namespace) -> Callable[[dict[str, Any]], None]:
    """Return the work of the command for a checked config."""

    def extend(config: dict[str, Any]) -> None:
        tables, folder = read_study(config), Path(config["data"]["package"]).parent
        columns = column_mapping(options.column, options.file)
        check_columns(list(tables["panel"].columns), list(columns.values()))
        export = read_export(options.file, tables["units"], columns, options.zeros)
        rows, merge = merge_figures(read_rows(folder / PANEL), export)
        if merge.changed and not options.replace:
            raise IngestError(
                f"{options.file.name} has {len(merge.changed)} other figures of {export.column} than {PANEL} "
                f"({first_examples([worded(*item) for item in merge.changed.items()])})",
                "figures of the vintage that the panel holds",
                "take them with --replace, or keep both vintages in columns of their own",
            )
        spans = read_rows(folder / SPANS)
        source = options.source or newest_source(spans, export.column)
        report(export, merge, options.file.name, list(tables["units"]["unit"]))
        if not merge.touched:
            print("nothing to add")
            return
        origin = (options.grade, options.flag, source, f"Download of the bureau, indicator {export.indicator}.")
        extended = extend_spans(spans, rows, export.column, merge.touched, origin)
        for line in write_study(config, {PANEL: rows, SPANS: extended}):
            print(line)
        print(f"source of the new figures: {source}, grade {options.grade}, {options.flag}")
        if merge.new_years and merge.new_years[-1] > config["panel"]["years"][1]:
            print("to use the new years, set panel.years and the periods in config.yaml")

    return extend


def check_columns(known: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse columns that the panel does not have."""
    unknown = sorted(set(wanted) - set(known) | set(wanted) & {"unit", "year"})
    if unknown:
        raise IngestError(
            f"{PANEL} has no column of figures {first_examples(unknown)}",
            "a column that datapackage.json describes",
            "correct --column, or add the column to both files first",
        )


def worded(cell: Cell, figures: tuple[float, float]) -> str:
    """Return one changed figure in words."""
    old, new = figures
    return f"{cell[0]} {cell[1]}: {new:.12g}, panel {old:.12g}"


def report(export: BureauExport, merge: Merge, file: str, units: Sequence[str]) -> None:
    """Print what the download changes: the vintage diff."""
    years, present = export.values["year"], set(export.values["unit"])
    print(f"{file}: {export.indicator} for {export.column}, {len(present)} units, {years.min()} to {years.max()}")
    print(f"{len(merge.added)} cells added, {len(merge.changed)} changed, {len(merge.equal)} equal")
    if merge.new_years:
        print(f"new years: {', '.join(map(str, merge.new_years))}")
    if merge.changed:
        cell, (old, new) = max(merge.changed.items(), key=lambda item: relative_change(*item[1]))
        print(f"largest relative change: {worded(cell, (old, new))} ({relative_change(old, new):.2%})")
    if not merge.changed and not merge.equal:
        print("no figure in common: this cannot tell whether the download is of the panel's vintage")
    if merge.absent:
        print(f"{len(merge.absent)} figures of the panel are not in the download and stay")
    missing = sorted(set(units) - present)
    if missing:
        print(f"no row in the download for {first_examples(missing)}")


def relative_change(old: float, new: float) -> float:
    """Return the size of a change, relative to the old figure."""
    return abs(new / old - 1) if old else float("inf")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    options = arguments(str(__doc__))
    options.add_argument("file", type=Path, help="the download: CSV or text, GB18030 or UTF-8")
    options.add_argument(
        "--column",
        action="append",
        required=True,
        metavar="[INDICATOR=]NAME",
        help="column of panel.csv; with an indicator, the file must hold it (may be given several times)",
    )
    options.add_argument("--source", help="id in sources.csv (default: the source of the column's newest figures)")
    options.add_argument("--grade", choices=["A", "B", "C"], default="A", help="grade of the figures (default: A)")
    options.add_argument("--flag", choices=FLAGS, default="official", help="flag of the figures (default: official)")
    options.add_argument("--zeros", choices=["missing", "kept"], default="missing", help="what a zero is")
    options.add_argument("--replace", action="store_true", help="take figures that differ from those of the panel")
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line and extend the panel."""
    options = parser().parse_args(words)
    options.file = options.file.absolute()
    run_command(options, extension(options))


if __name__ == "__main__":
    # Names of provinces and indicators are Chinese; a terminal that cannot show them must not stop the work.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()

"""Add figures from a file: a new column, new years, filled gaps or, on request, a new
vintage.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import IngestError, first_examples
from evenfield.study.ingest.dictionary import read_package
from evenfield.study.ingest.guess import COMPUTED
from evenfield.study.ingest.provenance import ALL_UNITS, span_masks
from evenfield.study.ingest.study_files import described, read_text_table, write_study
from evenfield.study.ingest.study_tables import read_study
from other_tables import Figures, read_figures
from study import arguments, run_command

PANEL = "panel.csv"
SPANS = "panel_provenance.csv"
SOURCES = "sources.csv"
# A different number of decimals moves a figure by less; a census moves it by more.
ROUNDING = 1e-3
ORIGIN = ["grade", "flag", "source", "note"]
FLAGS = ("official", "revised", "interpolated", "estimated", "proxy", "simulated")


def cells_of(table: pd.DataFrame) -> pd.DataFrame:
    """Return unit and year of each row of a table of text; year 0 where it has none."""
    years = pd.to_numeric(table["year"]).astype(int) if "year" in table else 0
    return pd.DataFrame({"unit": table["unit"].str.strip(), "year": years})


def merge_figures(
    table: pd.DataFrame, figures: Figures
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put figures into a table of text; return it, and by cell the ``old`` and ``new``
    figure and their ``state``.
    """
    column = figures.column
    new = figures.values.set_index(["unit", "year"])["value"]
    held = table.assign(**{column: table.get(column, "")}).set_index(
        pd.MultiIndex.from_frame(cells_of(table))
    )
    units = held.index.unique("unit")
    years = new.index.unique("year").difference(held.index.unique("year"))
    absent = pd.MultiIndex.from_product([units, years], names=["unit", "year"]).union(
        new.index.difference(held.index)
    )
    blank = absent.to_frame().astype(str).reindex(columns=held.columns, fill_value="")
    out = pd.concat([held, blank]).sort_index()
    changes = pd.DataFrame({"old": out.loc[new.index, column].str.strip(), "new": new})
    same = [same_figure(*pair) for pair in changes.itertuples(index=False)]
    changes["state"] = np.select(
        [changes["old"].eq(""), same], ["added", "equal"], "changed"
    )
    moved = changes.loc[changes["state"].ne("equal"), "new"]
    out.loc[moved.index, column] = moved
    return out.reset_index(drop=True), changes


def same_figure(one: str, other: str) -> bool:
    """Whether two printed figures are one figure, at most printed with a different
    number of decimals.
    """
    try:
        first = float(one)
        second = float(other)
    except ValueError:
        return one == other
    decimals = min(len(text.partition(".")[2]) for text in (one, other))
    near = abs(first - second) <= 0.5000001 * 10.0**-decimals
    return first == second or (near and relative_change(one, other) < ROUNDING)


def extend_spans(
    spans: pd.DataFrame,
    panel: pd.DataFrame,
    column: str,
    touched: pd.Index,
    origin: tuple[str, ...],
) -> pd.DataFrame:
    """Give the touched cells their origin, so that every figure lies in exactly one
    span; all tables are of text.
    """
    numbers = {name: pd.to_numeric(spans[name]) for name in ("first_year", "last_year")}
    cells = cells_of(panel)
    own = spans["variable"].eq(column)
    spans_as_tuples = pd.Series(
        [tuple(row) for row in spans.reindex(columns=ORIGIN, fill_value="").to_numpy()],
        spans.index,
    )
    origins = [
        origin,
        *dict.fromkeys(
            spans_as_tuples[own & spans_as_tuples.map(lambda one: one != origin)]
        ),
    ]
    given = pd.Series(-1, pd.MultiIndex.from_frame(cells))
    for mask, one in zip(
        span_masks(cells, spans.assign(**numbers)[own]),
        spans_as_tuples[own],
        strict=True,
    ):
        given[mask] = origins.index(one)
    crossed = given[touched].gt(0).any()
    given[touched] = 0
    if crossed:
        given = given[given.eq(0) | panel[column].str.strip().ne("").to_numpy()]
    wanted = origins if crossed else origins[:1]
    stays = spans[
        ~own if crossed else ~own | spans_as_tuples.map(lambda one: one != origin)
    ]
    both = pd.concat(
        [stays, spans_of(given, wanted, column, cells["year"])], ignore_index=True
    ).fillna("")
    both = both.sort_values("first_year", key=pd.to_numeric, kind="stable")
    return both.sort_values(["variable", "units"], kind="stable")[spans.columns]


def spans_of(
    given: pd.Series, origins: Sequence[tuple[str, ...]], column: str, years: pd.Series
) -> pd.DataFrame:
    """Write the cells of some origins as spans: one per origin, set of units and
    unbroken run of the panel's years.
    """
    spans = list[list[str]]()
    several = given[given.ge(0)].groupby("year").nunique().gt(1)
    for number, origin in enumerate(origins):
        units = given[given.eq(number)].sort_index().reset_index("unit")["unit"]
        labels = units.groupby("year").agg(" ".join).where(several, ALL_UNITS)
        labels = labels.reindex(sorted(set(years)), fill_value="")
        for _, run in labels.groupby(labels.ne(labels.shift()).cumsum()):
            if run.iloc[0]:
                spans.append(
                    [column, run.iloc[0], *run.index[[0, -1]].astype(str), *origin]
                )
    return pd.DataFrame(
        spans, columns=["variable", "units", "first_year", "last_year", *ORIGIN]
    )


def newest_source(spans: pd.DataFrame, column: str) -> str:
    """Return the source of the newest span of a column, for figures whose source is not
    given.
    """
    own = spans[spans["variable"].eq(column)]
    if own.empty:
        fault = f"{SPANS} has no span of {column}"
        action = "give it with --source, an id of sources.csv"
        raise IngestError(fault, "the source of the figures", action)
    return str(own.loc[pd.to_numeric(own["last_year"]).idxmax(), "source"])


def add(options: argparse.Namespace, config: dict[str, Any]) -> None:
    """Put the figures of a file into the study, with their dictionary and their origin."""
    study = read_study(config)
    package = read_package(config["data"]["package"])
    folder = Path(config["data"]["package"]).parent
    figures = read_figures(
        options.file,
        study["units"],
        options.columns,
        options.zeros,
        unit_headers(package),
    )
    check_columns(list(study["panel"].columns), [figures.column])
    held = read_text_table(folder / figures.table)
    table, changes = merge_figures(held, figures)
    changed = changes[changes["state"].eq("changed")]
    if len(changed) and not options.replace:
        raise IngestError(
            f"{options.file.name} has {len(changed)} other figures of {figures.column}"
            f" than {figures.table}"
            f" ({first_examples([worded(row) for row in changed.itertuples()])})",
            "figures of the vintage that the study holds",
            "take them with --replace, or keep both vintages in columns of their own",
        )
    new_years = sorted(set(cells_of(table)["year"]) - set(cells_of(held)["year"]))
    report(
        figures,
        table,
        changes,
        new_years,
        options.file.name,
        list(study["units"]["unit"]),
    )
    touched = changes.index[changes["state"].ne("equal")]
    if touched.empty:
        print("nothing to add")
        return
    describe_column(package, figures, table, options)
    tables = {figures.table: table}
    if figures.table == PANEL:
        tables |= with_origin(study, package, folder, figures, touched, table, options)
    for line in write_study(config, tables, package):
        print(line)
    if new_years and new_years[-1] > config["panel"]["years"][1]:
        print("to use the new years, set panel.years and the periods in config.yaml")


def unit_headers(package: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the study's column of units: ours and the user's."""
    fields = [
        field
        for item in package["resources"]
        if item["path"] in {PANEL, "units.csv"}
        for field in item["schema"]["fields"]
        if field["name"] == "unit"
    ]
    return ("unit", *(field["title"] for field in fields if field.get("title")))


def describe_column(
    package: dict[str, Any],
    figures: Figures,
    table: pd.DataFrame,
    options: argparse.Namespace,
) -> None:
    """Describe a new column in the dictionary."""
    resource = next(
        item for item in package["resources"] if item["path"] == figures.table
    )
    if all(field["name"] != figures.column for field in resource["schema"]["fields"]):
        titles = {figures.column: figures.label}
        stem = figures.table.removesuffix(".csv")
        field = described(stem, table[[figures.column]], titles, {})["schema"][
            "fields"
        ][0]
        description = {"unit": options.measure, "description": options.description}
        resource["schema"]["fields"].append(
            field | {key: text for key, text in description.items() if text}
        )


def with_origin(
    study: Mapping[str, pd.DataFrame],
    package: dict[str, Any],
    folder: Path,
    figures: Figures,
    touched: pd.Index,
    panel: pd.DataFrame,
    options: argparse.Namespace,
) -> dict[str, pd.DataFrame]:
    """Return sources and spans with the origin of the new figures; none where one
    origin holds for the whole study.
    """
    paths = {item["path"] for item in package["resources"]}
    out = dict[str, pd.DataFrame]()
    whole = (
        package.get("grade"),
        package.get("flag", "official"),
        next(iter(study["sources"]["source"]), ""),
    )
    given = (
        options.grade or whole[0],
        options.flag or whole[1],
        options.source or whole[2],
    )
    if SPANS not in paths and given == whole:
        print(
            f"source of the new figures: that of the study, grade {whole[0]},"
            f" {whole[1]}"
        )
        return out
    tables = {}
    for name in (SPANS, SOURCES):
        stem = name.removesuffix(".csv")
        if name in paths:
            tables[name] = read_text_table(folder / name)
        else:
            frame = study[stem].fillna("")
            if name == SPANS:
                years = dict.fromkeys(("first_year", "last_year"), int)
                frame = frame[frame["variable"].isin(panel.columns)].astype(years)
            package["resources"].append(described(stem, frame, {}, {}))
            tables[name] = out[name] = frame.astype(str)
    source = options.source or newest_source(tables[SPANS], figures.column)
    sources = tables[SOURCES]
    if options.citation and not sources["source"].eq(source).any():
        row = {
            "source": source,
            "citation": options.citation,
            "licence": "not stated",
            "redistribution": "not stated",
        }
        out[SOURCES] = pd.concat([sources, pd.DataFrame([row])], ignore_index=True)[
            sources.columns
        ].fillna("")
    origin = (options.grade or "A", options.flag or "official", source, figures.note)
    print(f"source of the new figures: {source}, grade {origin[0]}, {origin[1]}")
    return out | {
        SPANS: extend_spans(tables[SPANS], panel, figures.column, touched, origin)
    }


def check_columns(known: Sequence[str], wanted: Sequence[str]) -> None:
    """Refuse columns that the panel computes itself or that are its key."""
    taken = sorted(
        ({"unit", "year", *COMPUTED} - (set(known) - {"unit", "year"})) & set(wanted)
    )
    if taken:
        fault = f"{first_examples(taken)} can be no column of figures"
        raise IngestError(
            fault, "a name that the panel does not compute", "choose another name"
        )


def worded(row: Any) -> str:
    """Return one changed figure in words."""
    unit, year = row.Index
    return f"{unit} {year or ''}".strip() + f": {row.new}, held {row.old}"


def report(
    figures: Figures,
    table: pd.DataFrame,
    changes: pd.DataFrame,
    new_years: list[int],
    file: str,
    units: Sequence[str],
) -> None:
    """Print what the file changes: the vintage diff."""
    years = figures.values["year"]
    present = set(figures.values["unit"])
    count = {
        state: int(changes["state"].eq(state).sum())
        for state in ("added", "changed", "equal")
    }
    cells = pd.MultiIndex.from_frame(cells_of(table))[
        table[figures.column].str.strip().ne("")
    ]
    others = cells.difference(changes.index)
    absent = others.get_level_values("year").isin(years).sum()
    span = f", {years.min()} to {years.max()}" if figures.table == PANEL else ""
    print(f"{file}: {figures.label} for {figures.column}, {len(present)} units{span}")
    print(
        f"{count['added']} cells added, {count['changed']} changed, {count['equal']}"
        " equal"
    )
    if figures.unknown:
        print(
            f"left out, no units of the study: {first_examples(list(figures.unknown))}"
        )
    if new_years:
        print(f"new years: {', '.join(map(str, new_years))}")
    if count["changed"]:
        rows = changes[changes["state"].eq("changed")].itertuples()
        row = max(rows, key=lambda row: relative_change(row.old, row.new))
        print(
            f"largest relative change: {worded(row)}"
            f" ({relative_change(row.old, row.new):.2%})"
        )
    if len(others) and not count["changed"] and not count["equal"]:
        print(
            "no figure in common: this cannot tell whether the file is of the study's"
            " vintage"
        )
    if absent:
        print(f"{absent} figures of the study are not in the file and stay")
    if missing := sorted(set(units) - present):
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
    help_text = (
        "column of the study, new or there; [INDICATOR=]NAME for a download of the"
        " bureau, NAME=COLUMN for others"
    )
    options.add_argument("columns", nargs="+", metavar="COLUMN", help=help_text)
    help_text = (
        "CSV, Excel, Stata, SPSS, Parquet, long or wide, or a download of the"
        " statistics bureau of China"
    )
    options.add_argument(
        "--from", dest="file", type=Path, required=True, metavar="FILE", help=help_text
    )
    options.add_argument(
        "--source",
        help="id in sources.csv (default: the source of the column's newest figures)",
    )
    options.add_argument(
        "--citation", help="citation of a source that sources.csv does not have yet"
    )
    options.add_argument(
        "--grade", choices=["A", "B", "C"], help="grade of the figures (default: A)"
    )
    options.add_argument(
        "--flag", choices=FLAGS, help="flag of the figures (default: official)"
    )
    options.add_argument("--measure", help="unit of measure of a new column")
    options.add_argument("--description", help="what a new column holds")
    options.add_argument(
        "--zeros",
        choices=["missing", "kept"],
        default="missing",
        help="what the bureau's zeros are",
    )
    options.add_argument(
        "--replace",
        action="store_true",
        help="take figures that differ from those of the study",
    )
    return options


def main(words: Sequence[str] | None = None) -> None:
    """Read the command line and add the figures."""
    options = parser().parse_args(words)
    options.file = options.file.absolute()
    run_command(options, partial(add, options))


if __name__ == "__main__":
    # Names of provinces and indicators are Chinese; a terminal that cannot show them
    # must not stop the work.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main()

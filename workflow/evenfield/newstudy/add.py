"""Add figures from a file: a new column, new years, filled gaps or, on request, a new
vintage.
"""

import argparse
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from evenfield.newstudy.any_table import note_large, read_any
from evenfield.newstudy.guess import COMPUTED
from evenfield.newstudy.other_tables import Figures, read_figures
from evenfield.newstudy.study_files import described, read_text_table, write_study
from evenfield.newstudy.unit_names import with_other_names
from evenfield.study import letters
from evenfield.study.errors import IngestError, counted, first_examples
from evenfield.study.files import STAGED, own_place, take_places
from evenfield.study.ingest.dictionary import read_package, refuse_planted_files
from evenfield.study.ingest.study_tables import describe_study, read_study
from evenfield.study.spans import ALL_UNITS, span_masks

PANEL = "panel.csv"
SPANS = "panel_provenance.csv"
SOURCES = "sources.csv"
LONGEST_NAME = 100  # letters of a column
# A different number of decimals moves a figure by less; a census moves it by more.
ROUNDING = 1e-3
# What a span says beside variable, units and years.
ORIGIN = ["grade", "flag", "source", "note"]


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
    rows = table.assign(**{column: table.get(column, "")})
    rows.index = pd.MultiIndex.from_frame(cells_of(table))
    # A new year has a row for every unit, so that the panel stays rectangular.
    units = rows.index.unique("unit")
    years = new.index.unique("year").difference(rows.index.unique("year"))
    absent: pd.Index = pd.MultiIndex.from_product(
        [units, years], names=["unit", "year"]
    )
    absent = absent.union(new.index.difference(rows.index))
    blank = absent.to_frame().astype(str).reindex(columns=rows.columns, fill_value="")
    merged = pd.concat([rows, blank]).sort_index()
    old = merged.loc[new.index, column].str.strip()
    changes = pd.DataFrame({"old": old, "new": new})
    same = list(map(same_figure, old, new))
    changes["state"] = np.select([old.eq(""), same], ["added", "equal"], "changed")
    moved = changes.loc[changes["state"].ne("equal"), "new"]
    merged.loc[moved.index, column] = moved
    return merged.reset_index(drop=True), changes


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
    # Half a unit of the last digit that both print, and a little for binary rounding.
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
    years = ["first_year", "last_year"]
    cells = cells_of(panel)
    own = spans["variable"].eq(column)
    text = spans.reindex(columns=ORIGIN, fill_value="")
    origin_of_span = pd.Series(
        list(text.itertuples(index=False, name=None)), spans.index
    )
    same = origin_of_span.map(lambda other: other == origin)
    origins = [origin, *dict.fromkeys(origin_of_span[own & ~same])]
    # Number of the origin of each cell of the column; -1 where it has none.
    number = pd.Series(-1, pd.MultiIndex.from_frame(cells))
    own_spans = spans[own].assign(**spans.loc[own, years].apply(pd.to_numeric))
    masks = span_masks(cells, own_spans)
    for mask, span_origin in zip(masks, origin_of_span[own], strict=True):
        number[mask] = origins.index(span_origin)
    # Whether a touched cell lies in a span of another origin.
    crossed = number[touched].gt(0).any()
    number[touched] = 0
    if crossed:  # spans of other origins are divided around the touched cells
        # Spans that are written anew hold figures only, no blank cell.
        number = number[number.eq(0) | panel[column].str.strip().ne("").to_numpy()]
        stays = spans[~own]
    else:
        origins = [origin]
        stays = spans[~own | ~same]
    new = spans_of(number, origins, column, cells["year"])
    both = pd.concat([stays, new], ignore_index=True).fillna("")
    both = both.sort_values("first_year", key=pd.to_numeric, kind="stable")
    return both.sort_values(["variable", "units"], kind="stable")[spans.columns]


def spans_of(
    given: pd.Series, origins: Sequence[tuple[str, ...]], column: str, years: pd.Series
) -> pd.DataFrame:
    """Write the cells of some origins as spans: one per origin, set of units and
    unbroken run of the panel's years.
    """
    spans = list[list[str]]()
    # Where one origin holds for all units of a year, the span says so and names none.
    several = given[given.ge(0)].groupby("year").nunique().gt(1)
    for number, origin in enumerate(origins):
        units = given[given.eq(number)].sort_index().reset_index("unit")["unit"]
        labels = units.groupby("year").agg(" ".join).where(several, ALL_UNITS)
        # Every year of the panel, so that one without these cells breaks the run.
        labels = labels.reindex(sorted(set(years)), fill_value="")
        run_number = labels.ne(labels.shift()).cumsum()
        for _, run in labels.groupby(run_number):
            if run.iloc[0]:
                ends = run.index[[0, -1]].astype(str)
                spans.append([column, run.iloc[0], *ends, *origin])
    columns = ["variable", "units", "first_year", "last_year", *ORIGIN]
    return pd.DataFrame(spans, columns=columns)


def newest_source(spans: pd.DataFrame, column: str) -> str:
    """Return the source of the newest span of a column, for figures whose source is not
    given.
    """
    own = spans[spans["variable"].eq(column)]
    if own.empty:
        fault = f"{SPANS} has no span of {column}"
        action = "give it with --source, an id of sources.csv"
        raise IngestError(fault, "the source of the figures", action)
    newest = pd.to_numeric(own["last_year"]).argmax()
    return str(own["source"].iloc[newest])


def add(
    options: argparse.Namespace,
    config: dict[str, Any],
    note: Callable[[str], None],
) -> Iterator[str]:
    """Put the figures of a file into the study, with their dictionary and their origin;
    yield what is done.
    """
    dictionary = Path(config["data"]["package"])
    own_place(dictionary)
    refuse_planted_files(dictionary)
    folder = dictionary.parent
    if (folder / STAGED).is_dir():
        take_places(folder, dictionary.name)
        yield "moved the other files of an earlier `add`, which was stopped"
    check_texts(options)
    study = read_study(config)
    package = read_package(dictionary)
    note_large(options.file, note)
    figures = read_figures(
        options.file,
        with_other_names(study["units"], options.same or []),
        options.columns,
        options.zeros,
        unit_headers(package),
        partial(read_any, encoding=options.encoding, note=note),
    )
    check_column(study, figures, options.file.name)
    before = read_text_table(folder / figures.table)
    table, changes = merge_figures(before, figures)
    changed = changes[changes["state"].eq("changed")]
    if len(changed) and not options.replace:
        examples = first_examples([worded(row) for row in changed.itertuples()])
        raise IngestError(
            f"{options.file.name} has {len(changed)} other figures of {figures.column}"
            f" than {figures.table} ({examples})",
            "figures of the vintage that the study holds",
            "take them with --replace, or keep both vintages in columns of their own",
        )
    new_years = sorted(set(cells_of(table)["year"]) - set(cells_of(before)["year"]))
    yield from report(figures, table, changes, new_years, options.file.name)
    absent = sorted(set(study["units"]["unit"]) - set(figures.values["unit"]))
    if absent:
        yield f"no row in the file for {first_examples(absent)}"
    touched = changes.index[changes["state"].ne("equal")]
    if touched.empty:
        yield "nothing to add"
        return
    describe_column(package, figures, table, options)
    tables = {figures.table: table}
    spans = dict[str, pd.DataFrame]()
    if figures.table == PANEL:
        spans = yield from with_origin(
            study, package, folder, figures, touched, table, options
        )
    if not spans:
        yield f"noted among the sources of {dictionary.name}: {note_source(package, options)}"
    tables |= spans
    description = describe_study(write_study(config, tables, package))
    yield from (f"written: {path}" for path in tables)
    yield f"data hash {description['data_hash'][:12]}"
    # The periods are a choice of the author, which no command makes.
    if new_years and new_years[-1] > config["panel"]["years"][1]:
        yield "to use the new years, set panel.years and the periods in config.yaml"


def unit_headers(package: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the study's column of units: ours and the user's."""
    titles = []
    for item in package["resources"]:
        if item["path"] in (PANEL, "units.csv"):
            for field in item["schema"]["fields"]:
                if field["name"] == "unit":
                    titles.append(field.get("title"))
    return ("unit", *filter(None, titles))


def describe_column(
    package: dict[str, Any],
    figures: Figures,
    table: pd.DataFrame,
    options: argparse.Namespace,
) -> None:
    """Describe a new column in the dictionary."""
    (resource,) = (r for r in package["resources"] if r["path"] == figures.table)
    fields = resource["schema"]["fields"]
    if all(field["name"] != figures.column for field in fields):
        stem = figures.table.removesuffix(".csv")
        titles = {figures.column: figures.label}
        new = described(stem, table[[figures.column]], titles, {})
        (field,) = new["schema"]["fields"]
        texts = {"unit": options.measure, "description": options.description}
        fields.append(field | {key: text for key, text in texts.items() if text})


def note_source(package: dict[str, Any], options: argparse.Namespace) -> str:
    """Name the file, or what is said of it, among the sources of the dictionary, where no
    span says where its figures come from; return the name.
    """
    title = str(options.citation or options.source or options.file.name)
    named = package.setdefault("sources", [])
    if all(source.get("title") != title for source in named):
        named.append({"title": title})
    return title


def with_origin(
    study: Mapping[str, pd.DataFrame],
    package: dict[str, Any],
    folder: Path,
    figures: Figures,
    touched: pd.Index,
    panel: pd.DataFrame,
    options: argparse.Namespace,
) -> Generator[str, None, dict[str, pd.DataFrame]]:
    """Return sources and spans with the origin of the new figures; none where one
    origin holds for the whole study. Yield which origin it is.
    """
    paths = {item["path"] for item in package["resources"]}
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
    # A study of one source has no table of spans; figures of another make it need one.
    if SPANS not in paths and given == whole:
        grade, flag, _ = whole
        yield f"source of the new figures: that of the study, grade {grade}, {flag}"
        return {}
    tables = {}
    written = dict[str, pd.DataFrame]()
    for name in (SPANS, SOURCES):
        stem = name.removesuffix(".csv")
        if name in paths:
            tables[name] = read_text_table(folder / name)
            continue
        frame = study[stem].fillna("")
        if name == SPANS:
            years = dict.fromkeys(("first_year", "last_year"), int)
            frame = frame[frame["variable"].isin(panel.columns)].astype(years)
        package["resources"].append(described(stem, frame, {}, {}))
        tables[name] = written[name] = frame.astype(str)
    spans = tables[SPANS]
    source = options.source or newest_source(spans, figures.column)
    sources = tables[SOURCES]
    if options.citation and source not in set(sources["source"]):
        row = {
            "source": source,
            "citation": options.citation,
            "licence": "not stated",
            "redistribution": "not stated",
        }
        longer = pd.concat([sources, pd.DataFrame([row])], ignore_index=True)
        written[SOURCES] = longer[sources.columns].fillna("")
    grade = options.grade or "A"
    flag = options.flag or "official"
    yield f"source of the new figures: {source}, grade {grade}, {flag}"
    origin = (grade, flag, source, figures.note)
    written[SPANS] = extend_spans(spans, panel, figures.column, touched, origin)
    return written


def check_texts(options: argparse.Namespace) -> None:
    """Refuse names and texts of several lines, and a source whose id is a path."""
    texts = {"COLUMN": " ".join(options.columns)}
    for name in ("source", "citation", "measure", "description"):
        texts[f"--{name}"] = getattr(options, name) or ""
    for name, text in texts.items():
        if re.search(r"[\t\r\n]", text) or letters.hidden_letter(text):
            raise IngestError(
                f"{name} {text[:60]!r} has line ends or letters that no reader sees",
                "a text of one line",
                "correct it",
            )
    if not re.fullmatch(r"(\w[\w.-]*)?", options.source or ""):
        raise IngestError(
            f"--source {options.source[:60]}",
            "an id of letters, digits, '_', '-' and '.', as in sources.csv",
            "name it so, and say what it is with --citation",
        )


def check_column(
    study: Mapping[str, pd.DataFrame], figures: Figures, file: str
) -> None:
    """Refuse a column that the panel computes itself, that is its key, or that the other
    table has.
    """
    key = {"unit", "year"}
    panel = study["panel"].columns
    if figures.column in key | (set(COMPUTED) - set(panel)):
        raise IngestError(
            f"{figures.column} can be no column of figures",
            "a name that the panel does not compute",
            "choose another name",
        )
    is_new = figures.column not in panel and figures.column not in study["units"]
    long = len(figures.column) > LONGEST_NAME
    if is_new and (long or not figures.column.isidentifier()):
        raise IngestError(
            f"{figures.column} can be no name of a column",
            f"at most {LONGEST_NAME} letters, digits and '_', a letter first",
            "give the name before the header, as rain=HEADER",
        )
    if figures.table != PANEL and figures.column in panel:
        raise IngestError(
            f"{figures.label} of {file} has no years, and {PANEL} holds"
            f" {figures.column} by year",
            "a column of years, or a year in the name of the column",
            "add the year, or choose another name",
        )
    if figures.table == PANEL and figures.column in study["units"]:
        raise IngestError(
            f"{figures.label} of {file} has years, and units.csv holds"
            f" {figures.column} for units",
            "a name that units.csv does not have",
            "choose another name",
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
) -> Iterator[str]:
    """Yield what the file changes: the vintage diff."""
    years = figures.values["year"]
    units = figures.values["unit"].nunique()
    count = {
        state: int(changes["state"].eq(state).sum())
        for state in ("added", "changed", "equal")
    }
    cells: pd.Index = pd.MultiIndex.from_frame(cells_of(table))
    filled = cells[table[figures.column].str.strip().ne("")]
    others = filled.difference(changes.index)
    absent = others.get_level_values("year").isin(years).sum()
    span = f", {years.min()} to {years.max()}" if figures.table == PANEL else ""
    added = counted(count["added"], "cell")
    yield (
        f"{file}: {figures.label} for {figures.column}, {counted(units, 'unit')}{span}"
    )
    yield f"{added} added, {count['changed']} changed, {count['equal']} equal"
    if figures.unknown:
        unknown = first_examples(list(figures.unknown))
        yield f"left out, no units of the study: {unknown}"
    if new_years:
        yield f"new years: {', '.join(map(str, new_years))}"
    if count["changed"]:
        rows: Iterable[Any] = changes[changes["state"].eq("changed")].itertuples()
        row = max(rows, key=lambda row: relative_change(row.old, row.new))
        change = relative_change(row.old, row.new)
        yield f"largest relative change: {worded(row)} ({change:.2%})"
    # Figures in common are what tells vintages apart.
    if len(others) and not count["changed"] and not count["equal"]:
        yield (
            "no figure in common: this cannot tell whether the file is of the study's"
            " vintage"
        )
    if absent:
        yield (
            f"{counted(absent, 'figure')} of the study not in the file, kept as they are"
        )


def relative_change(old: str, new: str) -> float:
    """Return the size of a change, relative to the old figure."""
    try:
        return abs(float(new) / float(old) - 1) if float(old) else float("inf")
    except ValueError:
        return float("inf")

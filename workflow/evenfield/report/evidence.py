"""The way from a number that is printed to its evidence.

A number is named as a user meets it: by its name in numbers.yaml, as the id of a claim or
hypothesis, as the id of an estimate, or as a cell of a table. Each step says where to look
next: the sentence, the entry, the rule, the row, the specification, the code with its
assumptions, the method's page, the columns of the data with their grades.
"""

import ast
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import accumulate, chain, combinations
from pathlib import Path

import pandas as pd

from evenfield.answers.spec import Claims, read_claims
from evenfield.report.assumptions import LIBRARY, harvest_assumptions
from evenfield.report.context import read_prose
from evenfield.report.numbers import Entry, Number, named_numbers, read_entries
from evenfield.report.prose import Prose, Use
from evenfield.report.run_files import RunFiles
from evenfield.report.sections import section_numbers
from evenfield.report.short_evidence import row_facts
from evenfield.shared.estimates import read_estimates
from evenfield.shared.second_studies import in_study, second_configs
from evenfield.shared.tables.rows import Row, matching, one_row, records
from evenfield.shared.tables.table import ESTIMATE_ID, estimate_of
from evenfield.shared.topics import exhibit_owners, files_read, read_topics
from evenfield.study.config_files import PARTS
from evenfield.study.errors import EvenfieldError, ReportError, first_examples, nearest
from evenfield.study.expressions import columns_of
from evenfield.study.files import Record, read_json, text_files
from evenfield.study.study_config import StudyConfig
from evenfield.study.table_files import read_table

ID = r"[0-9a-f]{12}"
PART_OF_CELL = ":"  # T6:absolute:2009-19:speed
INGESTED_TEXT = tuple("units grade flag source note vintage measure".split())
KEYS = {"unit", "year", "name"}  # of tables, which are no figures
# Files and folders of the results in which evidence stands.
READ = (
    *("estimates.csv", "answers.json", "numbers.json", "tables/*.csv"),
    *("ingest/*", "panel/*", "weights/*", "estimates/*"),
)
MOST_NAMED = 450  # characters of the names of cells that one may be
MOST_CODE = 4  # functions that are named
MOST_UNITS = 60  # characters of the units of an input


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the way."""

    heading: str
    lines: tuple[str, ...]


class Evidence:
    """The results of a finished run, and the files that they were made from."""

    def __init__(self, config: Record, root: str | Path = "results") -> None:
        self.config = config
        self.root = Path(root)
        self._files = RunFiles(self.root)
        if not (self.root / "estimates.csv").is_file():
            raise ReportError(
                f"no {self.root / 'estimates.csv'}",
                "the results of a run",
                "run the study once: python3 run, with --directory DIR if it is another one",
            )

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """The tidy rows of all topics."""
        return read_estimates(self.root / "estimates.csv")

    @cached_property
    def numbers(self) -> dict[str, Number]:
        """The named numbers of the study."""
        return named_numbers(self.config, self.root)

    @cached_property
    def sections(self) -> dict[str, Number]:
        """The numbers of the topics' sections."""
        return section_numbers(self.config, self.root)

    @cached_property
    def _entries(self) -> dict[str, Entry]:
        return read_entries(self.config)

    @cached_property
    def _ingested(self) -> Callable[[str], pd.DataFrame]:
        """The tables that the run read, each once."""
        folder = self.root / "ingest"
        return cache(lambda name: read_table(folder / f"{name}.csv", INGESTED_TEXT))

    @cached_property
    def claims(self) -> Claims:
        """The claims and hypotheses as they are written."""
        return read_claims(self.config)

    @cached_property
    def answers(self) -> dict[str, Row]:
        """The answers to claims and hypotheses by id."""
        content = read_json(self.root / "answers.json")
        items = [*content["hypotheses"], *content["claims"]]
        return {item["id"]: item for item in items}

    @cached_property
    def _beside(self) -> dict[str, "Evidence"]:
        """The evidence of each study beside, which is read in its own folder."""
        beside = {}
        for study, config in second_configs(self.config).items():
            with in_study(self.config["beside"][study]):
                beside[study] = Evidence(config)
        return beside

    def way(self, name: str) -> list[Step]:
        """Return the steps from a printed number to its evidence."""
        with self._files.read(*READ):
            return self._way(name)

    def _way(self, name: str) -> list[Step]:
        study, _, other = name.partition(".")
        if study in self._beside:
            return list(self._from_second(study, other))
        if name in self.numbers:
            return list(self._from_number(name))
        if name in self.answers:
            return list(self._from_answer(name))
        if name in self.sections:
            return list(self._from_section(name))
        if PART_OF_CELL in name:
            return list(self._from_cell(name))
        if re.fullmatch(ID, name):
            return list(self._from_estimate(name))
        known = [*self.numbers, *self.answers, *self.sections]
        raise ReportError(
            f"{name} is no number, claim, estimate or cell",
            "a name of numbers.yaml (own_official), a number of a section"
            " (beta.speed), a claim (L15, H1), an estimate_id of"
            " results/estimates.csv, or TABLE:ROW:COLUMN (T6:absolute:2009-19:speed)",
            nearest(name, known, "`python3 run list` names tables and specifications"),
        )

    # Where a name begins -----------------------------------------------------------

    def _from_second(self, study: str, name: str) -> Iterator[Step]:
        folder = self.config["beside"][study]
        other = self._beside[study]
        title = other.config["study"]["title"]
        lines = [f"{study}: {title}", f"python3 run why {name} --directory {folder}"]
        yield Step(heading="Of the companion study", lines=tuple(lines))
        with in_study(folder):
            steps = other.way(name)
        printed = self._printed(f"{study}.{name}")
        if printed:
            yield Step(heading="Printed in", lines=printed)
        yield from steps

    def _from_number(self, name: str) -> Iterator[Step]:
        number = self.numbers[name]
        entry = self.config["numbers"][name]
        shown = [f"{name} = {number.text} {number.unit}".rstrip()]
        if number.interval:
            shown.append(f"interval {number.interval}")
        yield Step(heading="Number", lines=(*shown, *written_in("numbers", f"{name}:")))
        printed = self._printed(f"n.{name}") or tuple(self._other_uses(name))
        yield Step(heading="Printed in", lines=printed or ("no text names it",))
        if "is" in entry:
            parts = (f"python3 run why {part}" for part in columns_of(entry["is"]))
            yield Step(
                heading="Arithmetic over other names", lines=(entry["is"], *parts)
            )
            return
        if "file" in entry:
            cell = ", ".join(f"{key} {value}" for key, value in entry.items())
            yield Step(heading="Cell of a results table", lines=(cell,))
            return
        if "answer" in entry:
            yield self._rule(entry["answer"])
        yield from self._from_estimate(number.estimate_id)

    def _from_section(self, name: str) -> Iterator[Step]:
        number = self.sections[name]
        topic = name.partition(".")[0]
        shown = [f"{name} = {number.text} {number.unit}".rstrip()]
        shown += [f"interval {number.interval}"] if number.interval else []
        folder = LIBRARY / "topics" / topic
        said_by = "text.py" if read_topics()[topic].numbers is None else "topic.yaml"
        files = (folder / "section.md", folder / said_by)
        yield Step(heading="Number of a section", lines=tuple(shown))
        yield Step(heading="Printed in", lines=tuple(map(from_repository, files)))
        if number.estimate_id:
            yield from self._from_estimate(number.estimate_id)
        else:
            cell = f"results/{number.source}"
            yield Step(heading="Cell of a results table", lines=(cell,))

    def _from_answer(self, name: str) -> Iterator[Step]:
        yield self._rule(name)
        estimate_id = self.answers[name]["estimate_id"]
        if estimate_id:  # which a claim out of reach has not
            yield from self._from_estimate(estimate_id)

    def _from_cell(self, name: str) -> Iterator[Step]:
        table, *words = name.split(PART_OF_CELL)
        owners = exhibit_owners()
        path = file_of_table(self.root, table)
        estimate_id = estimate_of_cell(table_with_ids(path), words, name)
        location = f"{path}, made by {table_file(owners[table])}"
        yield Step(heading="Cell", lines=(name, location))
        yield from self._from_estimate(estimate_id)

    @cached_property
    def _prose(self) -> Prose:
        """The texts of the study with all that they may name."""
        texts = [] if self.config.get("neutral") else text_files()
        return read_prose(self.config, self.root, list(map(str, texts)))

    def _printed(self, name: str) -> tuple[str, ...]:
        """Return each sentence that prints `n.name`, or `study.name`, with file and line."""
        return tuple(
            f"{use.where}: {use.sentence}" for use in self._uses(name) if use.sentence
        )

    def _uses(self, name: str) -> list[Use]:
        """Return what texts use a number for; a text that was changed after the run may
        not fit its results.
        """
        try:
            return [*self._prose.uses(name)]
        except EvenfieldError as error:
            return [Use("the texts do not fit the results of the run", error.found)]

    def _other_uses(self, name: str) -> Iterator[str]:
        """Yield what a number serves that no text prints."""
        for use in self._uses(f"n.{name}"):
            yield f"no text; a condition in {use.where}"
        for other, entry in self._entries.items():
            if any(name in columns_of(text) for text in entry.formulas.values()):
                yield f"no text; {other} is made from it"

    # The steps ---------------------------------------------------------------------

    def _rule(self, name: str) -> Step:
        answer = self.answers[name]
        entry = self.claims.hypotheses.get(name)
        kind = entry.kind if entry else answer["kind"]
        statement = entry.statement if entry else answer["claim"]
        tested = kind in ("association", "no gain", "effect")
        level = f" with alpha {self.claims.rule.alpha:g}" if tested else ""
        return Step(
            heading="Claim and rule",
            lines=(
                f"{name}: {statement}",
                f"{answer['answer']}, because {answer['because']}",
                f"judged as {kind}{level}: docs/methods/answers.md",
                *written_in("answers", f"{name}:", f"id: {name}"),
            ),
        )

    def _from_estimate(self, estimate_id: str) -> Iterator[Step]:
        study, _, other = estimate_id.partition(".")
        if other:
            yield from self._from_second(study, other)
            return
        row = one_row(
            self.estimates, {"estimate_id": estimate_id}, estimate_id, ReportError
        )
        topic = row["topic"]
        facts = row_facts(row, StudyConfig.of(self.config).periods)
        lines = (f"{label}: {words}" for label, words in facts.items())
        cell = f"results/estimates.csv, estimate_id {estimate_id}"
        yield Step(heading="Estimate", lines=(cell, *lines))
        spec = self._specification(row)
        location = (
            written_in("estimates", f"id: {row['spec_id']}", below=f"{topic}:")
            if "id" in spec
            else written_in("estimates", f"{topic}:")
        )
        keys = (f"{key}: {value}" for key, value in spec.items())
        yield Step(heading="Specification", lines=(*keys, *location))
        code = code_of(row)
        yield Step(heading="Code", lines=tuple(code.lines))
        yield Step(
            heading="Assumptions of that code and of the kernels that it imports",
            lines=tuple(assumptions_of(code.files)),
        )
        method = LIBRARY / "topics" / topic / "method.md"
        yield Step(heading="Method", lines=(from_repository(method),))
        yield Step(heading="Input columns", lines=tuple(self._inputs(row, spec)))

    def _specification(self, row: Row) -> dict[str, object]:
        """Return the specification of a row, or the section of a topic without any."""
        section = self.config["estimates"].get(row["topic"])
        for spec in specifications(section):
            if spec.get("id") == row["spec_id"]:
                return spec
        return dict(section) if isinstance(section, Mapping) else {}

    def _inputs(self, row: Row, spec: Mapping[str, object]) -> Iterator[str]:
        """Yield each column that the specification and the study's income name, with
        grade, source and vintage.
        """
        folder = self.root / "ingest"
        cells = self._ingested("panel_provenance")
        vintages = {
            source["source"]: f" ({source['vintage']})" if source["vintage"] else ""
            for source in records(self._ingested("sources"))
        }
        for name, path in columns_named(self.config, row, spec).items():
            spans = records(matching(cells, {"variable": name}))
            if not spans:
                yield f"{name}: {path}"
            for cell in spans:
                units = str(cell["units"])
                whose = (
                    units if len(units) < MOST_UNITS else f"{len(units.split())} units"
                )
                source = cell["source"]
                yield (
                    f"{name} {cell['first_year']}-{cell['last_year']}, {whose}: grade"
                    f" {cell['grade']}, {cell['flag']}, source"
                    f" {source}{vintages.get(source, '')}"
                )
        lists = self._ingested("clusters")
        named = set(re.findall(r"\w+", f"{row['outcome']} {row['term']} {spec}"))
        lists = lists[lists["measure"].isin(named)]
        for name, source in sorted(
            set(zip(lists["measure"], lists["source"], strict=True))
        ):
            yield f"{name}: {(folder / 'clusters.csv').as_posix()}, source {source}"
        yield f"citations and licences of the sources: {(folder / 'sources.csv').as_posix()}"


# What a name leads to --------------------------------------------------------------


def file_of_table(root: Path, table: str) -> Path:
    """Return the file of a table whose cells are named, below the results.

    Raises
    ------
    ReportError
        If the study has no such table.
    """
    paths = {path.stem: path for path in sorted((root / "tables").glob("*.csv"))}
    if table not in paths or table not in exhibit_owners():
        raise ReportError(
            f"no table {table}",
            f"one of {', '.join(paths)}",
            nearest(table, paths, "correct the name before the first colon"),
        )
    return paths[table]


def table_with_ids(path: Path) -> pd.DataFrame:
    """Read a table's CSV; ids of estimates are texts, though some are digits only."""
    names = pd.read_csv(path, nrows=0).columns
    return read_table(path, tuple(name for name in names if name.endswith(ESTIMATE_ID)))


def estimate_of_cell(table: pd.DataFrame, words: list[str], name: str) -> str:
    """Return the estimate in the row of a table that holds all words but the last, which
    names the column.

    Raises
    ------
    ReportError
        If there is no such column or row, or several rows with estimates of their own.
    """
    *labels, column = words
    ids = [end for end in map(str, table) if end.endswith(ESTIMATE_ID)]
    known = [end.removesuffix(ESTIMATE_ID).rstrip("_ ") or "estimate" for end in ids]
    if not known:
        raise ReportError(
            f"{name.partition(PART_OF_CELL)[0]} shows no estimates",
            "a table whose cells are rows of results/estimates.csv",
            "name another table; `python3 run list` says what each shows",
        )
    if column not in known:
        raise ReportError(
            f"{name} names the column '{column}'",
            f"one of {first_examples(known, 12)}",
            nearest(column, known, "correct it"),
        )
    wanted = {plain(label) for label in labels}
    found = dict[str, Row]()
    for row in records(table.astype(object)):
        estimate_id = estimate_of(row, column)
        if wanted <= _labels_held(row) and estimate_id:
            found.setdefault(estimate_id, row)
    if len(found) > 1:
        prefix = name.removesuffix(f"{PART_OF_CELL}{column}")
        names = [
            shlex.quote(PART_OF_CELL.join([prefix, *more, column]))
            for more in map(partial(_labels_apart, found), found)
            if more
        ]
        raise ReportError(
            f"{name} may be {len(found)} cells",
            "labels that one row holds",
            f"name one of them: {_as_fit(names or [*found])}",
        )
    if found:
        return next(iter(found))
    raise ReportError(
        f"no row of {name.partition(PART_OF_CELL)[0]} holds {first_examples(labels)}",
        "labels as the table prints them, between colons",
        "correct the name",
    )


def _labels_held(row: Row) -> set[str]:
    """Return the labels of a row, and the parts of those that have a colon, at which a
    name is taken apart, too.
    """
    texts = [str(value) for value in row.values()]
    parts = [part for text in texts for part in text.split(PART_OF_CELL)]
    return {plain(label) for label in (*texts, *parts)}


def _labels_apart(rows: Mapping[str, Row], estimate_id: str) -> tuple[str, ...]:
    """Return one label, or else two, that of some rows only this one holds; words that a
    shell takes as they are first; none where no two tell it apart.
    """
    others = [_labels_held(row) for key, row in rows.items() if key != estimate_id]
    labels = [
        plain(str(value))
        for column, value in rows[estimate_id].items()
        if not str(column).endswith(ESTIMATE_ID) and isinstance(value, str | int)
    ]
    labels = sorted(filter(None, labels), key=lambda label: shlex.quote(label) != label)
    for more in chain(combinations(labels, 1), combinations(labels, 2)):
        if not any({*more} <= held for held in others):
            return more
    return ()


def _as_fit(names: list[str]) -> str:
    """Return as many names as fit in a line, with the number left out."""
    widths = accumulate(len(name) for name in names)
    return first_examples(names, sum(width < MOST_NAMED for width in widths))


def plain(label: str) -> str:
    """Write a label without marks of footnotes and with plain dashes."""
    return re.sub("[\u2020\u2021*]", "", label.replace("\u2013", "-")).strip()


def specifications(section: object) -> Iterator[dict[str, object]]:
    """Yield all specifications of a section of estimates.yaml, however deep."""
    if isinstance(section, Mapping):
        if "id" in section:
            yield dict(section)
        for part in section.values():
            yield from specifications(part)
    elif isinstance(section, list):
        for part in section:
            yield from specifications(part)


def columns_named(config: Record, row: Row, spec: Record) -> dict[str, str]:
    """Return the columns that a row rests on by name, each with its table: those of
    income, of its specification, and of the controls that this names; of other tables
    than the panel those that its outcome and its group name.
    """
    sources = [config["panel"]["income"], spec, row["outcome"]]
    sources += [
        definition
        for name, definition in config.get("controls", {}).items()
        if name in spec.get("controls", ())
    ]
    words = set(re.findall(r"\w+", str(sources)))
    measured = [row["outcome"], spec.get("outcome"), spec.get("group")]
    elsewhere = set(re.findall(r"\w+", str(measured)))
    package = Path(config["data"]["package"])
    columns: dict[str, str] = {}
    for resource in read_json(package)["resources"]:
        wanted = words if resource["name"] == "panel" else elsewhere
        for field in resource.get("schema", {}).get("fields", []):
            if field["name"] in wanted - KEYS:
                path = package.parent / resource["path"]
                columns.setdefault(field["name"], path.as_posix())
    return columns


# Where it stands in the files ------------------------------------------------------


def from_repository(path: Path) -> str:
    """Write a path of the library as it stands in the repository."""
    return path.relative_to(LIBRARY.parents[1]).as_posix()


def table_file(topic: str) -> str:
    """Return the file that makes a topic's tables."""
    return from_repository(LIBRARY / "topics" / topic / "table.py")


def written_in(part: str, *starts: str, below: str = "") -> Iterator[str]:
    """Yield file and line of the first entry that begins with one of the texts."""
    for file in (PARTS[part], "config.yaml"):
        if not Path(file).is_file():
            continue
        inside = not below
        for number, line in enumerate(Path(file).read_text("utf-8").splitlines(), 1):
            inside = inside or line.strip().startswith(below)
            entry = line.strip().lstrip("-{ ")
            if inside and any(
                re.match(rf"{re.escape(start)}(\W|$)", entry) for start in starts
            ):
                yield f"{file}, line {number}"
                return


@dataclass(frozen=True)
class Code:
    """The functions that make a row, each with its file."""

    entry: tuple[Path, ast.FunctionDef]
    functions: list[tuple[Path, ast.FunctionDef]]

    @property
    def lines(self) -> Iterator[str]:
        """File, line and name of each."""
        for path, function in (self.entry, *self.functions[:MOST_CODE]):
            yield f"{from_repository(path)}, line {function.lineno}: {function.name}"

    @property
    def files(self) -> list[str]:
        """The files from the library's folder on."""
        paths = [path for path, _ in self.functions] or [self.entry[0]]
        return [path.relative_to(LIBRARY).as_posix() for path in paths]


def code_of(row: Row) -> Code:
    """Find the functions that name the family or the estimator of a row, in its topic's
    folder or else in what this imports.
    """
    own = sorted((LIBRARY / "topics" / row["topic"]).glob("estimate*.py"))
    imported = files_read(*(path.relative_to(LIBRARY).as_posix() for path in own))
    others = [LIBRARY / name for name in sorted(imported) if name.startswith("shared")]
    (entry,) = (
        function for function in functions(own[0]) if function.name == "estimate"
    )
    # The topic's own code before what it shares; a family says more than an estimator.
    for paths in (own, others):
        for wanted in (row["family"], row["estimator"]):
            named = [
                (path, function)
                for path in paths
                for function in functions(path)
                if function.name != "estimate" and names_text(function, wanted)
            ]
            if named:
                return Code((own[0], entry), named)
    return Code((own[0], entry), [])


@cache
def functions(path: Path) -> list[ast.FunctionDef]:
    """Return all functions of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def names_text(function: ast.FunctionDef, wanted: str) -> bool:
    """Say whether a function holds a text."""
    return any(
        isinstance(node, ast.Constant) and node.value == wanted
        for node in ast.walk(function)
    )


def assumptions_of(files: list[str]) -> Iterator[str]:
    """Yield the decisions marked in files and in the kernels that they import."""
    read = files_read(*files)
    for assumption in harvest_assumptions():
        path = assumption.location
        kernel = path.startswith(("numerics/", "shared/contrasts/"))
        if path in files or (kernel and path in read):
            yield f"{path}: {assumption.text}"

"""A study that has been run, as an object: its numbers, tables and rows, and each number
once more as the library fits it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from evenfield.opened.errors import NoEstimateError, OpenError
from evenfield.opened.numbers import Numbers
from evenfield.report.manifest import read_manifest
from evenfield.report.run_files import RunFiles
from evenfield.shared.estimates import ESTIMATE_COLUMNS, read_estimates
from evenfield.study.errors import first_examples, nearest
from evenfield.study.files import read_json
from evenfield.study.notebook import folded
from evenfield.study.table_files import read_table

if TYPE_CHECKING:
    from evenfield.opened.fits import RowCall
    from evenfield.report.numbers import Number
    from evenfield.study.study import Study

MOST_FITS = 32  # that are kept, the latest ones, so that rows of one fit share it
RUN = "run it once: python3 run --directory {}"
# Sections of the config on which the rows of every topic rest, beside their own.
READ_BY_ALL = ("panel", "periods", "weights", "controls", "taxonomy", "inference")
RUN_AGAIN = "run it again: python3 run --directory {}"
# Files below results/ that fits and sections are made from.
STEPS = ("ingest/*", "panel/*", "weights/*", "estimates/*")


def open_study(folder: str | Path = ".") -> OpenedStudy:
    """Open a study that has been run, to read its results; nothing is estimated.

    Parameters
    ----------
    folder : path
        Folder of the study, with config.yaml and results/.

    Returns
    -------
    OpenedStudy
        ``numbers``, ``estimates``, ``panel``, ``units`` and ``table(path)`` read what
        the run wrote; ``data(name)`` and ``fit(name)`` are the rows and the fit behind
        a number.

    Raises
    ------
    OpenError
        Where there is no study, or none that has been run.
    """
    if not isinstance(folder, str | Path):
        raise OpenError(
            f"a folder of type {type(folder).__name__}", "its name", "give it as text"
        )
    try:
        path = Path(folder).expanduser().absolute()
        is_study = (path / "config.yaml").is_file()
        has_run = (path / "results" / "estimates.csv").is_file()
    except (OSError, RuntimeError, ValueError) as error:
        raise OpenError(
            f"{folder} cannot be opened ({error})", "the folder of a study", "name it"
        ) from error
    if not is_study:
        raise OpenError(
            f"no study in {path}",
            "a folder with config.yaml",
            "name the folder, for example ef.open_study('examples/us-states')",
        )
    if not has_run:
        raise OpenError(
            f"{path} has no results/estimates.csv",
            "the results of a run",
            RUN.format(path),
        )
    return OpenedStudy(path)


class Beside(dict[str, "OpenedStudy"]):
    """The studies beside a study, by name; ``OpenError`` is raised for any other name."""

    def __missing__(self, name: object) -> OpenedStudy:
        known = f"one of {', '.join(self)}" if self else "a study that names some"
        raise OpenError(
            f"no companion study is named {name}",
            known,
            nearest(str(name), self, "see `beside` in its config.yaml"),
        )


class OpenedStudy:
    """A study that has been run; ``open_study`` makes it.

    A name below is that of a number (``own_paper``), an answer (``H1``), a number of a
    section (``beta.speed``), a cell of a table (``T6:absolute:2009-19:speed``),
    or an ``estimate_id``; ``OpenError`` is raised for any other, or if it has no estimate.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = RunFiles(folder / "results", OpenError)
        self._fits: OrderedDict[str, Any] = OrderedDict()

    def __repr__(self) -> str:
        return (
            f"study in {self.folder}: {len(self.estimates)} estimates;"
            " sorted(s.numbers) names its numbers"
        )

    def _repr_html_(self) -> str:
        page = self.folder / "results" / "report" / "index.html"
        counts = self.estimates["family"].value_counts().sort_index()
        topics = "\n".join(f"{name}: {count}" for name, count in counts.items())
        return "\n".join(
            [
                f"<p><strong>{escape(repr(self))}</strong></p>",
                f"<p>Its page: {escape(str(page))}</p>",
                folded("Estimates by topic", f"<pre>{escape(topics)}</pre>"),
            ]
        )

    @cached_property
    def numbers(self) -> Numbers:
        """The numbers of numbers.yaml and of the sections of the page by name: value,
        interval, unit of measure, and where each is printed.
        """
        return Numbers(
            self.folder,
            self._files,
            lambda: {name: one.plain() for name, one in self._of_sections.items()},
        )

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Every estimate, one row each, as docs/library/stable.md lists the columns."""
        with self._files.read("estimates.csv"):
            estimates = read_estimates(self.folder / "results" / "estimates.csv")
            lacking = [name for name in ESTIMATE_COLUMNS if name not in estimates]
            if lacking:
                raise OpenError(
                    f"results/estimates.csv has no column {first_examples(lacking)}",
                    "the estimates of a run of this version",
                    RUN_AGAIN.format(self.folder),
                )
            return estimates

    @property
    def panel(self) -> pd.DataFrame:
        """One row a unit and date: log income and all columns of the data."""
        return self._table_of_panel("panel")

    @property
    def units(self) -> pd.DataFrame:
        """One row a unit: name, coordinates, groups."""
        return self._table_of_panel("units")

    def _table_of_panel(self, name: str) -> pd.DataFrame:
        with self._files.read():
            self._check_config()
            return self._study.table(name).copy()

    def table(self, path: str | Path) -> pd.DataFrame:
        """Return any table below results/ by its path, or the data of a table or figure
        by its id: ``panel/all/doses.csv``, ``T6``.

        Raises
        ------
        OpenError
            If the run wrote no such table.
        """
        if not isinstance(path, Path):
            check_is_text(path)
        results = self.folder / "results"
        self._files.check_is_there()
        name = Path(path).as_posix()
        with self._files.read(name, f"tables/{name}.csv", f"figures/{name}.csv"):
            known = [
                file.relative_to(results).as_posix()
                for file in sorted(results.rglob("*.csv"))
            ]
            for file in (name, f"tables/{name}.csv", f"figures/{name}.csv"):
                if file in known:
                    return read_table(results / file)
        raise OpenError(
            f"no table {path}",
            "a path below results/, or the id of a table or figure",
            nearest(str(path), known, "`python3 run list` names tables and figures"),
        )

    @cached_property
    def beside(self) -> dict[str, OpenedStudy]:
        """The studies beside this one, whose numbers it uses, by name."""
        folders: dict[str, str] = self._config["beside"]
        return Beside(
            {name: open_study(self.folder / path) for name, path in folders.items()}
        )

    def _study_with_row(self, name: str) -> tuple[OpenedStudy, str]:
        """Return the study that has the row of a name, this one or one beside it, and
        the name there.
        """
        check_is_text(name)
        if name in self._row_numbers:
            return self, name
        full_name = name
        if name in self._answers or name in self.numbers:
            full_name = self._estimate_id(name)
        # A number of a study beside has its name in front: ``cities.own``.
        study, _, name_there = full_name.partition(".")
        if name_there and study in self._config["beside"]:
            return self.beside[study], name_there
        return self, name

    def row(self, name: str) -> dict[str, Any]:
        """Return the row of the estimates behind a name, by the columns of estimates.csv."""
        study, name_there = self._study_with_row(name)
        if study is not self:
            return study.row(name_there)
        estimate_id = self._estimate_id(name)
        if estimate_id not in self._row_numbers:
            raise OpenError(
                f"results/estimates.csv has no row {estimate_id}, which {name} names",
                "all results of one run",
                RUN_AGAIN.format(self.folder),
            )
        row = self.estimates.iloc[self._row_numbers[estimate_id]]
        return dict(zip(map(str, row.index), row.tolist(), strict=True))

    def data(self, name: str) -> pd.DataFrame:
        """Return the data that the estimate behind a name is fitted to, as the library
        takes it: one row a unit, or a unit and date.
        """
        return self.call(name).data.copy()

    def weights(self, name: str) -> pd.DataFrame | dict[str, pd.DataFrame]:
        """Return the spatial weights or distances of the estimate behind a name, (N, N)
        with the N units as labels; of a comparison of weights all of them by name.

        Raises
        ------
        OpenError
            If it has none.
        """
        weights = self.call(name).call.weights
        if weights is None:
            raise OpenError(
                f"{name} has no spatial weights",
                "a number that uses neighbours",
                "leave them out",
            )
        if isinstance(weights, pd.DataFrame):
            return weights.copy()
        return {key: one.copy() for key, one in weights.items()}

    def call(self, name: str) -> RowCall:
        """Return the call of a library function that gives the estimate behind a name:
        ``code``, ``data``, ``fit()`` and ``compared(fit)``.

        Raises
        ------
        FitError
            If no function of the library gives it.
        """
        study, name_there = self._study_with_row(name)
        if study is not self:
            return study.call(name_there)
        with self._files.read():
            from evenfield.opened.fits import call_of

            row = self.row(name)
            self._check_config(row["topic"])
            return call_of(self._study, name, row, str(self.folder))

    def fit(self, name: str, **changes: Any) -> Any:
        """Return the fit of the library that gives the estimate behind a name.

        Parameters
        ----------
        name : str
            As for ``row``.
        **changes
            Arguments of the library's function in place of those of the study, such as
            ``inference="CR2"``.

        Returns
        -------
        Fit or DataFrame
            Without changes it has the numbers of the row, up to what ``compared`` says;
            a table of tests or of probabilities where the library returns one.

        Raises
        ------
        FitError
            If no function of the library gives it.
        """
        return self._fit_of(self.call(name), changes)

    def _fit_of(self, call: RowCall, changes: dict[str, Any]) -> Any:
        """Return the fit or the table of a call, made once for all rows that share it."""
        key = call.key(changes)
        if key not in self._fits:
            self._fits[key] = call.fit(**changes)
            if len(self._fits) > MOST_FITS:
                self._fits.popitem(last=False)  # the earliest
        return self._fits[key]

    def compared(self, name: str) -> pd.DataFrame:
        """Return the numbers of a row beside those of its fit, a row each: ``row``,
        ``fit``, whether they are the ``same`` to the six digits of the row, and ``why``
        not where the library computes them otherwise.
        """
        call = self.call(name)
        return call.compared(self._fit_of(call, {}))

    @cached_property
    def _config(self) -> dict[str, Any]:
        """The config as a run takes it, without what the tables cannot carry."""
        self._files.check_is_there()
        with self._files.read():
            from evenfield.shared.left_out import left_out_parts
            from evenfield.study.config import checked_config
            from evenfield.study.config_files import study_config

            config = checked_config(study_config(path=self.folder / "config.yaml"))
            return left_out_parts(config, self.folder)

    @cached_property
    def _changed_sections(self) -> list[str]:
        """The sections of the config that are others than those of the run, topics as
        estimates.beta; none where the results have no manifest.
        """
        manifest = read_manifest(self.folder / "results")
        if not manifest:
            return []
        # As the manifest holds them: keys are texts, tuples are lists.
        now = _sections(json.loads(json.dumps(self._config, default=str)))
        then = _sections(manifest["config"])
        return [name for name in {**then, **now} if now.get(name) != then.get(name)]

    def _check_config(self, *topics: str) -> None:
        """Refuse a config that was changed after the run where rows of topics rest on
        it: what is fitted would be another thing than the row.
        """
        rests_on = {*READ_BY_ALL, *(f"estimates.{topic}" for topic in topics)}
        changed = [name for name in self._changed_sections if name in rests_on]
        if changed:
            raise OpenError(
                "the config, or the program that reads it, was changed after the run:"
                f" {', '.join(changed)}",
                "the config that the results are of",
                RUN_AGAIN.format(self.folder),
            )

    @cached_property
    def _study(self) -> Study:
        """The tables of the study by unit scheme."""
        config = self._config
        with self._files.read(*STEPS):
            from evenfield.study.study import Study

            return Study(config, self.folder / "results")

    def _estimate_id(self, name: str) -> str:
        """Return the id of the estimate behind a name, or say why there is none."""
        if name in self._row_numbers:
            return name
        if ":" in name:
            return self._id_of_cell(name)
        if name in self.numbers:
            number = self.numbers[name]
            if number.estimate_id:
                return number.estimate_id
            raise NoEstimateError(
                f"{name} is no estimate: it is {number.source}",
                "a number that is a row of the estimates",
                f"read it in s.numbers[{name!r}]; nothing is fitted for it",
            )
        if name in self._answers:
            if self._answers[name]:
                return self._answers[name]
            raise NoEstimateError(
                f"{name} uses no estimate",
                "an answer with a number",
                "see results/answers.csv",
            )
        known = [*self.numbers, *self._answers]
        raise OpenError(
            f"{name} is no number, answer, estimate or cell of {self.folder}",
            "a name of numbers.yaml, a number of a section such as beta.speed, an answer"
            " such as H1, an estimate_id, or TABLE:ROW:COLUMN",
            nearest(name, known, "`sorted(s.numbers)` names the numbers"),
        )

    @cached_property
    def _row_numbers(self) -> dict[str, int]:
        """The row numbers of the estimates by their ids."""
        ids = self.estimates["estimate_id"].tolist()
        return {estimate_id: number for number, estimate_id in enumerate(ids)}

    @cached_property
    def _answers(self) -> dict[str, str]:
        """The ids of the estimates behind hypotheses and claims, empty without one."""
        path = self.folder / "results" / "answers.json"
        with self._files.read("answers.json"):
            if not path.is_file():
                return {}
            content = read_json(path)
            items = [*content["hypotheses"], *content["claims"]]
            return {item["id"]: item["estimate_id"] for item in items}

    def _id_of_cell(self, name: str) -> str:
        """Return the id of the estimate that a cell, TABLE:ROW:COLUMN, prints."""
        table, *row_and_column = name.split(":")
        with self._files.read(f"tables/{table}.csv"):
            from evenfield.report.evidence import (
                estimate_of_cell,
                file_of_table,
                table_with_ids,
            )

            path = file_of_table(self.folder / "results", table)
            return estimate_of_cell(table_with_ids(path), row_and_column, name)

    @cached_property
    def _of_sections(self) -> dict[str, Number]:
        """Every number of the sections of the page, by a name such as ``beta.speed``."""
        with self._files.read(*STEPS):
            from evenfield.report.sections import section_numbers

            self._check_config(*self._config["estimates"])
            return section_numbers(self._config, self.folder / "results")


def _sections(config: dict[str, Any]) -> dict[str, Any]:
    """Return the sections of a config by name, and of its estimates each topic."""
    topics = config.get("estimates") or {}
    of_topics = {f"estimates.{topic}": specs for topic, specs in topics.items()}
    return {**config, **of_topics}


def check_is_text(name: object) -> None:
    """Refuse what can be no name of a number, an estimate or a table."""
    if not isinstance(name, str):
        raise OpenError(
            f"a name of type {type(name).__name__}",
            "text such as 'beta.speed'",
            "`sorted(s.numbers)` names the numbers",
        )

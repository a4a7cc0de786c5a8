"""What tables and figures are made from: the study and what its topics found."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from evenfield.shared.estimates import ESTIMATE_COLUMNS, Fields, read_estimates
from evenfield.shared.tables.notes import (
    basis_mark,
    basis_note,
    origin_note,
    sample_note,
)
from evenfield.shared.tables.numbers import text
from evenfield.shared.tables.rows import TEXT, Row, Selector, pick
from evenfield.shared.tables.units import period_label, short_name, shown_periods
from evenfield.study.files import Record, read_json
from evenfield.study.study import Study
from evenfield.study.table_files import read_table

CODE = 4  # letters of the longest code of a unit
MANY = 60  # units that a table can name
FEW = 12  # of more units, those that it names


class StudyResults(Study):
    """A study with the results of its topics."""

    topic: str = ""

    def of(self, topic: str) -> "StudyResults":
        """Return the same results as another topic sees them."""
        other = copy(self)
        other.topic = topic
        return other

    def _table(
        self, name: str, scheme: str = "", text: tuple[str, ...] = TEXT
    ) -> pd.DataFrame:
        return super()._table(name, scheme, text)

    def ingested(self, name: str, text: tuple[str, ...] = TEXT) -> pd.DataFrame:
        """Return a checked input table, with all texts as they are printed."""
        return super().ingested(name, text)

    def estimates(self, topic: str = "", **wanted: Any) -> pd.DataFrame:
        """Return the tidy rows of a topic, this one's by default, whose columns hold
        the wanted values; none of a topic that the study does not ask for.
        """
        if topic and topic not in self.config.estimates:
            return pd.DataFrame(columns=list(ESTIMATE_COLUMNS))
        rows, selector = self._selected(topic or self.topic)
        if not wanted:
            # What callers add to a shallow copy stays with them.
            return rows.copy(deep=False)
        return selector.matching(wanted)

    def first_estimate(self, **wanted: Any) -> Row:
        """Return the first of the tidy rows of this topic whose columns hold the wanted
        values.
        """
        rows, selector = self._selected(self.topic)
        return pick(rows.iloc[selector.row_numbers(wanted)[:1]])

    def estimate_columns(self, columns: list[str], **wanted: Any) -> pd.DataFrame:
        """Return some columns of the tidy rows of this topic whose columns hold the
        wanted values.
        """
        rows, selector = self._selected(self.topic)
        return rows[list(dict.fromkeys(columns))].iloc[selector.row_numbers(wanted)]

    def series(
        self, name: str = "series", topic: str = "", text: tuple[str, ...] = TEXT
    ) -> pd.DataFrame:
        """Return a series of a topic."""
        return read_table(self._file(topic, f"{name}.csv"), text)

    def fit(self, topic: str = "") -> Fields:
        """Return the summary of a topic."""
        return dict(read_json(self._file(topic, "fit.json")))

    def _file(self, topic: str, name: str) -> Path:
        return self.root / "estimates" / (topic or self.topic) / name

    def specs(self, topic: str = "", question: str = "") -> list[Fields]:
        """Return the specifications of a topic, or of one of its questions, in the order
        written.
        """
        section = self.config.estimates.get(topic or self.topic) or {}
        return list(section.get(question, []) if question else section)

    def primary(self, topic: str = "", question: str = "") -> Fields:
        """Return the primary specification of a topic or question, else its first."""
        specs = self.specs(topic, question)
        primary = [spec for spec in specs if spec.get("role") == "primary"]
        return next(iter(primary + specs), {})

    def ordered(self, rows: pd.DataFrame) -> list[str]:
        """Return the specifications that have rows, the primary one first, then as
        written in the config.
        """
        ranked = sorted(self.specs(), key=lambda spec: spec.get("role") != "primary")
        present = set(rows["spec_id"])
        return [str(spec["id"]) for spec in ranked if spec["id"] in present]

    def shown(self, *roles: str) -> list[str]:
        """Return the periods of some roles, role by role."""
        return shown_periods(self.config.periods, roles)

    def period(self, name: str, basis: str = "") -> str:
        """Return a period as it is printed, with the mark of its basis."""
        return period_label(name, self.config.periods) + basis_mark(basis)

    def when(self, row: Record) -> str:
        """Return the period of an estimate, with the mark of its basis."""
        return self.period(str(row["period"]), row["output_basis"])

    def label(self, unit: object) -> str:
        """Return the code of a unit, such as AL of US-AL, or its name where its id is
        none.
        """
        unit = text(unit)
        code = short_name(unit)
        if code != unit and len(code) <= CODE:
            return code
        return self.name(unit)

    def name(self, unit: str) -> str:
        """Return the name of a unit as sentences print it."""
        return str(self._names.get(unit, unit))

    def word(self, name: object) -> str:
        """Return a column, sample or kind of policy as figures print it: by its name in
        `study.names`, or its id with spaces.
        """
        names = self.words.get("names") or {}
        return str(names.get(str(name)) or str(name).replace("_", " "))

    def labels(self, units: Iterable[str]) -> list[str]:
        """Return codes or names in their order, no more than a table can hold."""
        labels = sorted(map(self.label, units))
        if len(labels) <= MANY:
            return labels
        return [*labels[:FEW], f"and {len(labels) - FEW} more"]

    @cached_property
    def _selected(self) -> Callable[[str], tuple[pd.DataFrame, Selector]]:
        def read(topic: str) -> tuple[pd.DataFrame, Selector]:
            rows = read_estimates(self._file(topic, "estimates.csv"))
            return rows, Selector(rows)

        return cache(read)

    @cached_property
    def _names(self) -> Mapping[str, str]:
        units = self.table("units")
        return dict(zip(units["unit"], units["name"], strict=True))

    @property
    def words(self) -> Record:
        """The study's nouns: ``unit_name``, ``units_name``."""
        section: Record = dict(self.config.study)
        return section

    @property
    def taxonomy(self) -> str:
        """The taxonomy that decides."""
        return str(self.config.taxonomy.primary)

    @property
    def level(self) -> str:
        """The level of all intervals, for example ``95%``."""
        return f"{self.config.inference.level:.0%}"

    def text(self, template: str, **values: object) -> list[str]:
        """Return the paragraphs of a text with what stands in braces filled in, for
        example ``{results.level}`` or a value.
        """
        paragraphs = template.strip().split("\n\n")
        return [
            " ".join(paragraph.split()).format(results=self, **values)
            for paragraph in paragraphs
        ]

    def note(
        self,
        template: str,
        *sentences: str,
        seed: bool = True,
        basis: bool = True,
        **values: Any,
    ) -> tuple[str, ...]:
        """Return the note of a table: sample first, then a text as ``text`` takes it,
        further sentences, basis of output and origin.
        """
        described = self.description()
        sample = sample_note(described, self.words)
        income = basis_note(described) if basis else ""
        origin = origin_note(described, self.config.inference.seed if seed else None)
        parts = (sample, *self.text(template, **values), *sentences, income, origin)
        return tuple(filter(None, parts))

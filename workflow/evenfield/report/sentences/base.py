"""What every writer of sentences is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evenfield.report.rows import Row, pick
from evenfield.report.words import sample_text


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a section."""

    text: str  # plain text, a whole sentence or what follows the label
    label: str = ""  # the period it speaks of; empty for none
    basis: str = ""  # sample and inference of its numbers
    mark: str = ""  # ``PROXY`` or ``SPLICED`` where its numbers rest on proxy output, in full or in part
    caution: bool = False  # whether it warns: low power, selection, simulated data

    @property
    def plain(self) -> str:
        """The whole sentence as text."""
        mark = f" ({self.mark})" if self.mark and self.label else ""
        opening = f"{self.label}{mark}: " if self.label else ""
        return f"{opening}{self.text}{f' ({self.basis}.)' if self.basis else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything sentences are built from."""

    config: Mapping[str, Any]  # the study's checked config
    estimates: Sequence[Row] = ()  # rows of ``results/estimates.csv``
    design: Sequence[Row] = ()  # rows of the design family's ``series.csv``; empty where it is not run
    claims: Sequence[Row] = ()  # rows of ``results/ingest/claims.csv``
    panel: Mapping[str, Any] = field(default_factory=dict)  # content of the panel's ``description.json``
    ingest: Mapping[str, Any] = field(default_factory=dict)  # content of ``results/ingest/description.json``
    names: Mapping[str, str] = field(default_factory=dict)  # name by unit id
    verdicts: Mapping[str, Any] = field(default_factory=dict)  # content of ``results/verdicts.json``
    source_name: str = ""  # how the source of the claims is called; empty for none

    @property
    def study(self) -> Mapping[str, str]:
        """The ``study`` section."""
        section: Mapping[str, str] = self.config["study"]
        return section

    @property
    def unit(self) -> str:
        """What one unit is called."""
        return self.study["unit_name"]

    @property
    def units(self) -> str:
        """What several units are called."""
        return self.study["units_name"]

    @property
    def panel_size(self) -> str:
        """How many units the panel has, in words."""
        return f"{len(self.panel.get('units', []))} {self.units}"

    @property
    def scheme(self) -> str:
        """The unit scheme of the main results."""
        return str(self.config["panel"]["unit_scheme"])

    @property
    def taxonomy(self) -> str:
        """The main taxonomy."""
        return str(self.config["taxonomy"]["primary"])

    @property
    def labels(self) -> dict[str, str]:
        """Label by period, with a dash between years."""
        return {name: str(item.get("label") or f"{item['start']}-{item['end']}").replace("-", "\u2013")
                for name, item in self.config["periods"].items()}  # fmt: skip

    def periods(self, role: str = "main") -> list[str]:
        """Return the periods of a role in the order written."""
        return [name for name, item in self.config["periods"].items() if item["role"] == role]

    def spans(self) -> list[str]:
        """Return the main periods, then the whole spans."""
        return [*self.periods(), *self.periods("span")]

    def specs(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the specifications of a family in the order written."""
        section = {**self.config["estimates"].get("group_contrasts", {}), **self.config["estimates"]}.get(kind, [])
        return list(section) if isinstance(section, list) else []

    def rows(self, **wanted: str | tuple[str, ...]) -> list[Row]:
        """Pick estimates of the main unit scheme."""
        return pick(self.estimates, unit_scheme=self.scheme, **wanted)

    def basis(self, row: Row) -> str:
        """Return sample and inference of a row in words."""
        return sample_text(row, self.study, self.labels)


def proxy_mark(row: Row) -> str:
    """Return the mark of a number that rests on proxy output."""
    return {"proxy": "PROXY", "spliced": "SPLICED"}.get(row.get("output_basis", ""), "")


def capital(text: str) -> str:
    """Return ``text`` with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]

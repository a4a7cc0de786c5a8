"""T48: regressions of growth near lists side by side, a column each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evenfield.shared.spec import read
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Column,
    Row,
    Table,
    fixed,
    interval,
    left,
    pick,
    text,
)
from evenfield.topics.nearby.estimate_spec import NearbySpec, Section
from evenfield.topics.nearby.estimate_whole import WHOLE
from evenfield.topics.nearby.table_words import BASE, FAMILY, short_word

ID = "estimate_id"
PLACES = ("first", "second")  # of the lists of a specification
DECIMALS = {"near_r2": 3, "near_r2_within": 3, "near_clusters": 0, "near_mean": 2}


def t48(results: StudyResults) -> Table:
    """Return a column for each specification that is asked for: coefficients with their
    intervals beneath, what is held and compared, and the whole fit.
    """
    regressions = _Regressions(results)
    columns = [left("", "label", width_cm=4.2)]
    for number in range(1, len(regressions.specs) + 1):
        columns.append(_column(number))
    return Table.of(columns, regressions.rows(), regressions.note())


TABLES_OF_REGRESSIONS = {"T48": t48}


def _column(number: int) -> Column:
    name = f"({number})"
    parts = (name, f"{name}_low", f"{name}_high", f"{name}_words", "decimals")
    return Column(
        names=parts,
        header=f"({number})",
        align="center",
        show=_shown,
        reason=f"{name}_reason",
    )


def _shown(value: Any, low: Any, high: Any, words: Any, decimals: Any) -> str:
    """Write what a cell holds: words, an interval or a number."""
    digits = int(decimals)
    return text(words) or interval(low, high, digits) or fixed(value, digits)


@dataclass(frozen=True)
class _Regressions:
    """The specifications that a study asks for as columns."""

    results: StudyResults

    @cached_property
    def section(self) -> Section:
        """The section of the config."""
        section: Section = read(Section, self.results.config, FAMILY)
        return section

    @cached_property
    def specs(self) -> list[NearbySpec]:
        """The specification of each column."""
        by_id = {spec.id: spec for spec in self.section.every_spec}
        return [by_id[name] for name in self.section.columns]

    def rows(self) -> list[Row]:
        """Return all rows, in groups."""
        units = " and ".join(dict.fromkeys(map(self._unit, self.specs)))
        return [
            *_in_group(f"Growth, {units}", self._coefficients()),
            *_in_group("Controls", self._held()),
            *_in_group("Comparison", self._compared()),
            *_in_group("Regression", self._whole()),
        ]

    def note(self) -> tuple[str, ...]:
        """Return the sentences beneath."""
        units = self.results.words["units_name"]
        methods = " and ".join(dict.fromkeys(spec.deciding for spec in self.specs))
        return self.results.note(
            "",
            f"Least squares among {units} on no list. Each coefficient compares those with"
            " a place of the list within reach and those without one; the difference is"
            " the first list less the second.",
            f"Brackets give {self.results.level} confidence intervals ({methods} by cluster with"
            " the effective number of clusters). R\u00b2 includes fixed effects; R\u00b2"
            " within is the share of the variance within them.",
            self._sizes(),
            "The estimates are associations: a list may name what has grown already.",
            basis=False,
        )

    def _sizes(self) -> str:
        """Return why the columns have different numbers of units; blank where they have
        one.
        """
        units = self.results.words["units_name"]
        unit = self.results.words["unit_name"]
        if len({*map(self._size, self.specs)}) == 1:
            return ""
        reasons = [
            f"fixed effects leave out a {unit} without another of its {_word(group)}"
            for group in dict.fromkeys(
                spec.within for spec in self.specs if spec.within
            )
        ]
        if len({tuple(spec.named.values()) for spec in self.specs}) > 1:
            reasons.append(f"a longer list leaves fewer {units} on no list")
        reasons += [
            f"column ({number}) is column ({whole}) without {left_out} {units} that the"
            f" sample \u201c{self.results.word(self.specs[number - 1].sample)}\u201d leaves out"
            for number, whole, left_out in self._smaller()
        ]
        return f"N differs between columns: {'; '.join(reasons)}." if reasons else ""

    def _smaller(self) -> Iterator[tuple[int, int, int]]:
        """Yield the number of a column, that of another one which differs from it by the
        sample alone, and how many units fewer it has.
        """
        seen = dict[tuple[object, ...], int]()
        for number, spec in enumerate(self.specs, 1):
            but_sample = (
                *spec.named.items(),
                *(spec.outcome, spec.span, spec.within, spec.held),
                *(spec.most, spec.measure, spec.distance),
            )
            whole = seen.setdefault(but_sample, number)
            fewer = self._size(self.specs[whole - 1]) - self._size(spec)
            if spec.sample != self.specs[whole - 1].sample and fewer > 0:
                yield number, whole, fewer

    def _size(self, spec: NearbySpec) -> int:
        return int(self._coefficient(spec, 0).get("n_units") or 0)

    def _coefficients(self) -> list[Row]:
        """Return the coefficient of each list and their difference, an interval beneath
        each.
        """
        rows = []
        for place, ordinal in enumerate(PLACES):
            found = [self._coefficient(spec, place) for spec in self.specs]
            if any(found):
                rows += _estimate_rows(self._list_label(place, ordinal), found)
        found = [self._difference(spec) for spec in self.specs]
        if any(found):
            rows += _estimate_rows("First less second", found)
        return rows

    def _coefficient(self, spec: NearbySpec, place: int) -> Row:
        names = [*spec.named]
        if place >= len(names):
            return {}
        return self._deciding(spec, f"near_{names[place]}", "")

    def _difference(self, spec: NearbySpec) -> Row:
        terms = [f"near_{name}" for name in spec.named]
        if len(terms) == 1:
            return {}
        return self._deciding(spec, terms[0], " - ".join(terms))

    def _deciding(self, spec: NearbySpec, term: str, contrast: str) -> Row:
        return pick(
            self.results.estimates(),
            spec_id=spec.id,
            estimator=BASE,
            term=term,
            contrast=contrast,
        )

    def _list_label(self, place: int, ordinal: str) -> str:
        """Return what lies near, by its name where all columns have the same list."""
        words = {self._list_name(spec, place) for spec in self.specs} - {""}
        if len(words) == 1:
            return f"Near {ordinal} list ({words.pop()})"
        return f"Near {ordinal} list"

    def _list_name(self, spec: NearbySpec, place: int) -> str:
        sources = [*spec.named.values()]
        if place >= len(sources):
            return ""
        return short_word(self.results, sources[place])

    def _held(self) -> list[Row]:
        """Return whether each control is in the regression."""
        columns = dict.fromkeys(name for spec in self.specs for name in spec.held)
        # Every specification holds the level at the start.
        rows = [_words_row("Initial level", ["Yes"] * len(self.specs))]
        for column in columns:
            answers = [_yes_no(column in spec.held) for spec in self.specs]
            rows.append(_words_row(_label(column), answers))
        return rows

    def _compared(self) -> list[Row]:
        """Return what is compared: groups, lists, reach, years, and what differs."""
        specs = self.specs
        rows = []
        for group in dict.fromkeys(spec.within for spec in specs if spec.within):
            answers = [_yes_no(spec.within == group) for spec in specs]
            rows.append(_words_row(f"{_label(group)} fixed effects", answers))
        for place, ordinal in enumerate(PLACES):
            names = [self._list_name(spec, place) or "none" for spec in specs]
            rows.append(_words_row(f"{ordinal.capitalize()} list", names))
        years = ["\u2013".join(map(str, spec.span)) for spec in specs]
        rows.append(_words_row("Radius", [spec.reach for spec in specs]))
        rows.append(_words_row("Years", years))
        outcomes = self.section.outcomes
        for label, words in {
            "Sample": [self.results.word(spec.sample) for spec in specs],
            "Outcome": [outcomes[spec.outcome].label for spec in specs],
        }.items():
            if len(set(words)) > 1:
                rows.append(_words_row(label, words))
        return rows

    def _whole(self) -> list[Row]:
        """Return N, clusters, R2 and mean growth."""
        found = [self._coefficient(spec, 0) for spec in self.specs]
        rows = [_number_row("N", found, 0, "n_units")]
        for term, label in {
            "near_clusters": self._clusters_label(),
            "near_r2": "R\u00b2",
            "near_r2_within": "R\u00b2 within",
            "near_mean": "Mean growth",
        }.items():
            found = [self._described(spec, term) for spec in self.specs]
            if any(found):
                rows.append(_number_row(label, found, DECIMALS[term]))
        return rows

    def _clusters_label(self) -> str:
        """Return the heading of the number of clusters, with their name if all have one."""
        unit = str(self.results.words["unit_name"])
        names = {spec.cluster_column or unit for spec in self.specs}
        return f"Clusters ({names.pop()})" if len(names) == 1 else "Clusters"

    def _described(self, spec: NearbySpec, term: str) -> Row:
        return pick(
            self.results.estimates(), spec_id=spec.id, estimator=WHOLE, term=term
        )

    def _unit(self, spec: NearbySpec) -> str:
        return self.section.outcomes[spec.outcome].unit


def _empty_row(label: str, columns: int, decimals: int = 2) -> Row:
    row: Row = {"label": label, "decimals": decimals}
    for number in range(1, columns + 1):
        for part in ("", "_low", "_high"):
            row[f"({number}){part}"] = None
        for part in ("_words", "_reason", f"_{ID}"):
            row[f"({number}){part}"] = ""
    return row


def _words_row(label: str, words: Sequence[str]) -> Row:
    """Return a row of words, one for each column."""
    row = _empty_row(label, len(words))
    for number, word in enumerate(words, 1):
        row[f"({number})_words"] = word
    return row


def _estimate_rows(label: str, found: Sequence[Row]) -> list[Row]:
    """Return a row of estimates and one of their intervals."""
    above = _number_row(label, found, 2)
    beneath = _empty_row("", len(found))
    for number, estimate in enumerate(found, 1):
        above[f"({number})_reason"] = text(estimate.get("warning"))
        beneath[f"({number})_low"] = estimate.get("conf_low")
        beneath[f"({number})_high"] = estimate.get("conf_high")
        beneath[f"({number})_{ID}"] = estimate.get(ID, "")
    return [above, beneath]


def _number_row(
    label: str, found: Sequence[Row], decimals: int, name: str = "estimate"
) -> Row:
    """Return a row of numbers of estimates, with the estimate behind each."""
    row = _empty_row(label, len(found), decimals)
    for number, estimate in enumerate(found, 1):
        row[f"({number})"] = estimate.get(name)
        row[f"({number})_{ID}"] = estimate.get(ID, "")
    return row


def _in_group(group: str, rows: Sequence[Row]) -> list[Row]:
    return [{"group": group, **row} for row in rows]


def _label(column: str) -> str:
    words = _word(column)
    return words[:1].upper() + words[1:]


def _word(column: str) -> str:
    return column.replace("_", " ")


def _yes_no(answer: bool) -> str:
    return "Yes" if answer else "No"

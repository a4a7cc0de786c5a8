"""What page and paper say: sentences, the estimates they quote, and how a number is put in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from evenfield.shared.estimates import read_estimates
from evenfield.shared.facts import Facts
from evenfield.shared.tables.numbers import UNBOUNDED, by_unit, is_missing, p_value
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.units import in_words, period_label
from evenfield.study.files import read_json

ANALYTIC = re.compile(r"(HC[123]|CR[123])", re.IGNORECASE)
UNIT_WORDS = {
    **dict.fromkeys(("pp/yr", "pp per year"), "percentage points a year"),
    **dict.fromkeys(("%/yr", "percent per year", "% per year"), "% a year"),
    **dict.fromkeys(("correlation", "share", "count", "statistic", "ratio", "index", "slope", "elasticity"), ""),
    "log": "log points",
    "s.d.": "standard deviations",
    "pp/yr per exposure 0 to 1": "percentage points a year",
    "pp/yr of speed per exposure 0 to 1": "percentage points of speed a year",
    "elasticity per s.d. of the moderator": "",
}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One or two whole sentences of a section."""

    text: str
    basis: str = ""  # sample and inference of its numbers
    caution: bool = False  # whether it warns: low power, selection, simulated data


class Findings(Facts):
    """A study with the estimates of all its topics, of the main unit scheme."""

    @cached_property
    def families(self) -> dict[str, pd.DataFrame]:
        """The estimates that hold a number, by family."""
        frame = read_estimates(self.root / "estimates.csv")
        order = {name: i for i, name in enumerate(self.config["periods"])}
        frame = frame[frame["estimate"].notna() & frame["unit_scheme"].isin([self.main, ""])]
        frame = frame.sort_values(
            "period", key=lambda names: names.map(lambda name: order.get(name, len(order))), kind="stable"
        )
        return {str(name): rows for name, rows in frame.groupby("family", sort=False)}

    def rows(self, *families: str, **wanted: str | Sequence[str]) -> list[Row]:
        """Return the estimates of families, the topic's own by default, whose fields hold the wanted text."""
        rows = pd.concat([self.families.get(name, pd.DataFrame()) for name in families or (self.topic,)])
        for name, value in wanted.items() if len(rows) else ():
            rows = rows[rows[name].isin([value] if isinstance(value, str) else value)]
        return records(rows)

    @cached_property
    def answers(self) -> dict[str, Any]:
        """The answers to the claims."""
        return dict(read_json(self.root / "answers.json"))

    @property
    def units(self) -> str:
        """What several units are called."""
        return str(self.words["units_name"])

    @property
    def unit(self) -> str:
        """What one unit is called."""
        return str(self.words["unit_name"])

    def label(self, row: Row) -> str:
        """Return the period of a row as it is printed, with a mark where its output is a proxy."""
        label = "+".join(period_label(name, self.config["periods"]) for name in str(row["period"]).split("+"))
        return f"{label.replace('-', chr(0x2013))}{proxy(row)}"

    def basis(self, row: Row, *more: str) -> str:
        """Return sample and inference of a row in words."""
        kind = str(row["se_type"]).replace("SCPC avc", "SCPC for an average correlation up to")
        inference = f"{kind} standard errors" if ANALYTIC.fullmatch(kind) else kind
        level = f"{row['conf_level']:.0%} intervals in brackets" if interval(row) else ""
        return ", ".join(part for part in (f"{row['n_units']:.0f} {self.units}", inference, level, *more) if part)


def proxy(row: Mapping[str, Any]) -> str:
    """Return the mark of a number that rests on proxy output."""
    return {"proxy": " (PROXY)", "spliced": " (SPLICED PROXY)"}.get(str(row["output_basis"]), "")


def capital(text: str) -> str:
    """Return ``text`` with its first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def plain(name: object) -> str:
    """Write an id or a column as words."""
    return str(name).removesuffix("_pct").replace("_", " ")


def listing(items: Sequence[str]) -> str:
    """Join words as a list in running text."""
    return in_words(list(items)) if items else ""


def count(number: int) -> str:
    """Write a small count as a word."""
    return COUNTS[number] if number < len(COUNTS) else str(number)


def in_unit(value: float, unit: str) -> str:
    """Write a number with the decimals and the words of its unit."""
    words = UNIT_WORDS.get(unit, unit)
    return f"{by_unit(value, unit)}{'' if words.startswith('%') else ' '}{words}".rstrip()


def interval(row: Mapping[str, Any]) -> str:
    """Write the interval of a row in brackets; an end that does not exist is said in words."""
    ends = [row["conf_low"], row["conf_high"]]
    if all(map(is_missing, ends)):
        return ""
    return f" [{', '.join(UNBOUNDED if is_missing(end) else by_unit(end, row['unit_of_measure']) for end in ends)}]"


def number(row: Mapping[str, Any]) -> str:
    """Write an estimate and its interval with the decimals of its unit."""
    return f"{by_unit(row['estimate'], row['unit_of_measure'])}{interval(row)}"


def p(row: Mapping[str, Any], name: str = "p_value") -> str:
    """Write a p-value as a statement."""
    text = p_value(row[name])
    return f"p {text}" if text.startswith(("<", ">")) else f"p = {text}" if text else "no p-value"


def excludes_zero(row: Mapping[str, Any]) -> bool:
    """Say whether an estimate's interval (or, without one, its p-value) sets it apart from zero."""
    if not is_missing(row["conf_low"]) and not is_missing(row["conf_high"]):
        return bool(row["conf_low"] > 0 or row["conf_high"] < 0)
    return not is_missing(row["p_value"]) and bool(row["p_value"] < 0.05)


def underpowered(row: Mapping[str, Any]) -> bool:
    """Say whether the smallest detectable effect exceeds the smallest effect of interest."""
    return not is_missing(row["mde"]) and not is_missing(row["sesoi"]) and bool(row["mde"] > row["sesoi"])


def crossed(rows: Sequence[Row]) -> str:
    """Say how many intervals leave out zero."""
    apart = sum(map(excludes_zero, rows))
    if len(rows) == 1:
        return "its interval leaves out zero" if apart else "not distinguishable from zero"
    return f"{apart} of {len(rows)} intervals leave out zero" if apart else "no interval leaves out zero"


def weakness(rows: Sequence[Row]) -> list[Sentence]:
    """Warn where the design could not see what would matter: the one wording of UNDERPOWERED."""
    weak = [row for row in rows if underpowered(row)]
    if not weak:
        return []
    row = min(weak, key=lambda row: row["mde"])
    unit = row["unit_of_measure"]
    which = "the comparison" if len(rows) == 1 else f"{len(weak)} of {len(rows)} comparisons"
    apart = " A number that stands apart from zero is then likely to be overstated." * any(map(excludes_zero, weak))
    least, matter = in_unit(row["mde"], unit), by_unit(row["sesoi"], unit)
    text = f"UNDERPOWERED: {which} could show only {least} or more, and {matter} would matter. An interval that holds"
    return [Sentence(f"{text} zero is then no evidence that nothing is there.{apart}", caution=True)]


def by_period(facts: Findings, rows: Sequence[Row], opening: str, *more: str) -> list[Sentence]:
    """Say an estimate of each period with its interval, how many leave out zero, and where power was too low."""
    if not rows:
        return []
    unit = UNIT_WORDS.get(rows[0]["unit_of_measure"], rows[0]["unit_of_measure"])
    parts = [f"{number(row)} in {facts.label(row)}" for row in rows]
    inside = f"{opening.rstrip(',')}, in {unit}," if unit else opening
    text = f"{inside} is {listing(parts)}; {crossed(rows)}."
    return [Sentence(text, facts.basis(rows[-1], *more)), *weakness(rows)]


def over_choices(rows: Sequence[Row], what: str, names: Sequence[str], choices: str) -> list[Sentence]:
    """Say how far an estimate runs over the choices that the fields ``names`` tell apart."""
    made = {tuple(row[name] for name in names) for row in rows}
    if len(made) < 2:
        return []
    low, high = (choose(rows, key=lambda row: float(row["estimate"])) for choose in (min, max))
    ends = f"{by_unit(low['estimate'], low['unit_of_measure'])} to {in_unit(high['estimate'], high['unit_of_measure'])}"
    tail = "without correction for looking so often"
    return [Sentence(f"{what} runs from {ends} over {count(len(made))} {choices}; {crossed(rows)}, {tail}.")]

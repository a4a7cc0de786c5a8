"""What figures are called and measured in, by labels, units and names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evenfield.newstudy.dates import UNNAMED
from evenfield.newstudy.income_column import sureness, units_of
from evenfield.newstudy.words import WORDS
from evenfield.study.config_files import TODO


def unit_of_table(frame: pd.DataFrame) -> str:
    """Return the unit that a table's own column gives to all figures, with its scale."""
    once = {
        str(name): str(frame[name].iloc[0]).strip()
        for name in frame.columns
        if frame[name].nunique() == 1
    }
    unit = [text for name, text in once.items() if WORDS.measure_column.fullmatch(name)]
    scale = [text for name, text in once.items() if WORDS.scale_column.fullmatch(name)]
    scale = [text for text in scale if text.casefold() not in {"", "units"}]
    return ", ".join([*unit[:1], *scale[:1]]) if unit and unit[0] else ""


def measure_of(name: str, label: str, unit: str) -> str:
    """Return what figures are measured in: by brackets of their label or name, by a
    column of units, by the label, else by the name.
    """
    for text in (label, name):
        found = [
            inside
            for inside in WORDS.brackets.findall(text)
            if WORDS.unit_of_measure.search(inside)
        ]
        if found:
            return str(found[-1]).strip()
    return unit or label or units_of(name)


def noun_of(name: str, label: str) -> str:
    """Return what figures are, if they are no income per head; blank if they are, or if
    nothing says what they are.
    """
    text = f"{name} {label}"
    is_income = sureness(name) or sureness(label)
    if is_income and not (WORDS.pay.search(text) or WORDS.per_worker.search(text)):
        return ""
    bare = WORDS.brackets.sub("", label or name).split(",")[0].replace("_", " ").strip()
    # A name such as v1 or y says nothing.
    if bare.casefold() == UNNAMED or len(bare) < 3 or re.fullmatch(r"\w{,4}\d+", bare):
        return ""
    return bare if bare[:2].isupper() else bare[0].lower() + bare[1:]


@dataclass(frozen=True)
class Wording:
    """What is studied, blank for income per head, and what it is measured in."""

    what: str
    measure: str

    @property
    def said(self) -> list[str]:
        """What is said of a noun that was found."""
        return [f"called {self.what} in all texts (--what)"] if self.what else []


def wording(
    income: Mapping[str, str],
    given: Mapping[str, str | None],
    labels: Mapping[str, str],
    unit: str,
) -> Wording:
    """Return the words of income; ``income`` as under panel.income of the config."""
    if "output" not in income:
        # Levels made of logarithms go by the column that the user named.
        name = given.get("income") or income["column"]
        label = labels.get(name, "")
        what = "" if name == TODO else noun_of(name, label)
        return Wording(what, measure_of(name, label, unit))
    output, people = income["output"], income["population"]
    if given.get("income"):  # their product, weighted by people
        name = str(given["income"])
        label = labels.get(name, "")
        return Wording(noun_of(name, label), measure_of(name, label, unit))
    measures = [
        measure_of(name, labels.get(name, ""), "").removeprefix("units of column ")
        for name in (output, people)
    ]
    # ASSUME: output over jobs or workers is what one of them makes.
    what = "output per worker" if WORDS.workers.fullmatch(people) else ""
    return Wording(what, " over ".join(measures))

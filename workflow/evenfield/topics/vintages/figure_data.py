"""What both figures of vintages draw: every vintage with its interval, by span."""

from itertools import product
from textwrap import wrap

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import only
from evenfield.topics.vintages.table import START, asked_alone, main_term

DATA = "period output population held estimate conf_low conf_high row repeated".split()
SAME_DIGITS = 6  # of two estimates that are one


def vintages_in_order(results: StudyResults) -> list[tuple[str, str]]:
    """Return each vintage, an output and a way of counting people, the main one first."""
    section = results.config.estimates["vintages"]
    outputs = list(section.get("incomes") or section["outputs"])
    return list(product(outputs, list(section.get("populations", {})) or [""]))


def held_columns(results: StudyResults) -> list[str]:
    """Return the first column that is held beside, or none."""
    return list(results.config.estimates["vintages"].get("given", []))[:1]


def drawn_vintages(results: StudyResults) -> pd.DataFrame:
    """Return every vintage that has an estimate, without and with the column that is
    held, and which repeat an earlier one.
    """
    labels = results.series(
        "vintages", text=("vintage", "output", "population", "income")
    )
    estimates = results.estimates(estimator="ols", term=main_term(results))
    drawn = [
        asked_alone(estimates, column).assign(held=column)
        for column in ("", *held_columns(results))
    ]
    data = pd.concat(drawn).merge(labels, left_on="outcome", right_on="vintage")
    data = data[data["estimate"].notna()]
    rows = {pair: row for row, pair in enumerate(vintages_in_order(results))}
    pairs = zip(data["output"], data["population"], strict=True)
    data = data.assign(row=[rows[pair] for pair in pairs])
    data = data.sort_values(["period", "held", "row"], ignore_index=True)
    return data.assign(repeated=_repeated(data))


def drawn_spans(results: StudyResults, data: pd.DataFrame) -> list[str]:
    """Return the spans that the main vintage reaches: the others have nothing to be
    compared with.
    """
    section = results.config.estimates["vintages"]
    spans = [f"{start}-{end}" for start, end in section["spans"]]
    return [span for span in spans if _reached(data, span)]


def measure_words(results: StudyResults) -> str:
    """Say what is measured."""
    term = main_term(results)
    units = results.words["units_name"]
    if term == START:
        return "slope of growth, % a year, on log income at the start"
    group = "clusters" if term == "cluster" else "zones"
    return (
        f"growth of {units} with {group} less that of others that began at the same"
        " income, percentage points a year"
    )


def in_lines(words: str, letters: int) -> str:
    """Break words into lines of so many letters."""
    return "\n".join(wrap(words, letters))


def _reached(data: pd.DataFrame, span: str) -> bool:
    """Say whether the first vintage that has any estimate has one in a span."""
    return bool(only(data, period=span)["row"].eq(data["row"].min()).any())


def _repeated(data: pd.DataFrame) -> pd.Series:
    """Return which estimates are those of an earlier row of their output and span, since
    the figures of its people are the same there.
    """
    rounded = data.assign(estimate=data["estimate"].round(SAME_DIGITS))
    return rounded.duplicated(["period", "held", "output", "estimate"])

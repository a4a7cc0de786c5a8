"""Units, dates and names of specifications, for tables, figures and text."""

import numpy as np
import pandas as pd

from evenfield.shared.sections import LOGARITHM
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, in_words

BASE = "imputation"
SURE = "sure dates"
ALL = "all dates"
YEAR = "year"
# Columns that are in the unit of the outcome.
MEASURED = "estimate conf_low conf_high mde seen_below joint_low joint_high".split()


def outcome_of(results: StudyResults, spec: Row) -> Row:
    """Return label and unit of the outcome of a specification."""
    outcomes = results.config.estimates["event_study"]["outcomes"]
    return dict(outcomes[spec["outcome"]])


def unit_of(outcome: Row) -> str:
    """Return the unit in which an outcome is printed: that of logarithms is percent."""
    unit = str(outcome.get("unit", LOGARITHM))
    return "%" if unit == LOGARITHM else unit


def decimals_of(outcome: Row) -> int:
    """Return how many decimals of an outcome are printed."""
    return 1 if unit_of(outcome) == "%" else 3


def bare(outcome: Row) -> str:
    """Name an outcome; what is printed in percent is no logarithm."""
    label = str(outcome["label"])
    return label.removeprefix("log ") if unit_of(outcome) == "%" else label


def named(outcome: Row) -> str:
    """Name an outcome, with percent where it is printed so."""
    return f"{bare(outcome)}, %" if unit_of(outcome) == "%" else bare(outcome)


def in_percent(rows: pd.DataFrame, logarithm: pd.Series) -> pd.DataFrame:
    """Return differences of logarithms in percent, 100 (exp(x) - 1), others as they are."""
    measured = [name for name in MEASURED if name in rows]
    percent = 100 * np.expm1(rows[measured].astype(float))
    return rows.assign(
        **{name: rows[name].mask(logarithm, percent[name]) for name in measured}
    )


def in_unit(rows: pd.DataFrame, outcome: Row) -> pd.DataFrame:
    """Return estimates of an outcome in the unit in which it is printed, and the unit."""
    unit = unit_of(outcome)
    return in_percent(rows, pd.Series(unit == "%", rows.index)).assign(unit=unit)


def printed_estimates(results: StudyResults) -> pd.DataFrame:
    """Return the estimates of the topic in the units in which tables print them."""
    rows = results.estimates()
    return in_percent(rows, rows["unit_of_measure"].eq(LOGARITHM))


def dates_word(results: StudyResults) -> str:
    """Return what horizons count: years, or steps of the panel of so many years."""
    step = int(results.description().get("step", 1))
    return "years" if step == 1 else f"steps of {step} years"


def since(results: StudyResults, contrast: str) -> str:
    """Name a span of horizons: years 0 to 5, or steps 0 to 5 of so many years."""
    word, *rest = dates_word(results).split(" ")
    return " ".join([word, contrast, *rest])


def heading_of(results: StudyResults, spec: Row) -> str:
    """Name the outcome and the kinds of policies of a specification."""
    label = capital(named(outcome_of(results, spec)))
    kinds = [results.word(kind) for kind in spec.get("kinds") or []]
    return f"{label}, {in_words(kinds)}" if kinds else label


def label_of(results: StudyResults, spec: Row, own: pd.DataFrame) -> str:
    """Say which effects, controls and dates a row has, and its sample and years if they
    differ.
    """
    column = spec.get("effects") or YEAR
    parts = ["effects of year" if column == YEAR else f"{column} by year"]
    parts += [f"{label} by year" for label in held_by_year(results, spec)]
    dates = {words.rsplit(", ", 1)[-1] for words in own["treatment_def"]}
    if len(dates) == 1 and dates != {ALL}:
        parts += dates
    if spec.get("years"):
        first, last = spec["years"]
        parts.append(f"{first}\u2013{last}")
    return ", ".join([*parts, *apart(results, spec)])


def held_by_year(results: StudyResults, spec: Row) -> list[str]:
    """Return the labels of the controls of a specification."""
    controls = results.config.estimates["event_study"].get("controls", {})
    return [controls[name]["label"] for name in spec.get("controls") or []]


def deciding_rows(
    results: StudyResults, own: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of the dates that decide, and of those that stand beside them."""
    of_all = own[own["treatment_def"].str.endswith(ALL)]
    sure = own[own["treatment_def"].str.endswith(SURE)]
    section = results.config.estimates["event_study"]
    if section.get("deciding", "all") == "sure" and len(sure):
        return sure, of_all
    return of_all, sure


def apart(results: StudyResults, spec: Row) -> list[str]:
    """Name the sample of a specification, if it is not all units."""
    sample = spec.get("sample") or "all"
    parts = [] if sample == "all" else [f"sample: {results.word(sample)}"]
    grades = spec.get("without_grades") or []
    return [*parts, f"without grade {in_words(list(grades))}"] if grades else parts


def capital(label: str) -> str:
    """Return a label with a capital first letter."""
    return f"{label[0].upper()}{label[1:]}"

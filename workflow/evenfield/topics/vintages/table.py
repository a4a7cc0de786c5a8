"""T35: one specification over all vintages of the data."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    ends,
    fixed,
    left,
    number,
    only,
    pick,
    records,
)

START = "log_income_start"
LESS = " - "
NUMBERS = "estimate_id estimate std_error p_value conf_low conf_high".split()
NOTE = """
Growth in percent a year from the first to the last year of a span on {what}, in the figures of
one vintage at a time. {results.level} intervals by the method that decides for this study's
contrasts. Blank: the figures do not reach the first or last year of the span for all
{units}.

Distance over all vintages, from the smallest to the largest estimate: {moves}.
"""


def t35(results: StudyResults) -> Table:
    """Return the estimate of every vintage, one column of numbers for each span."""
    section = results.config.estimates["vintages"]
    estimates = only(asked_alone(results.estimates()), term=main_term(results))
    spans = [f"{start}-{end}" for start, end in section["spans"]]
    columns = [left("Vintage", "label", width_cm=4.5)]
    for span in spans:
        header = span.replace("-", "\u2013")
        columns.append(number(header, f"{span}_estimate", 2))
        columns.append(
            ends(
                f"{header}, {results.level}", f"{span}_conf_low", f"{span}_conf_high", 2
            )
        )
    note = results.note(
        NOTE,
        basis=False,
        what=_regressors(results),
        units=results.words["units_name"],
        moves="; ".join(_moves(estimates, spans)),
    )
    group = "output" if section.get("populations") else ""
    table = Table.of(columns, _rows(results, estimates, spans), note)
    return replace(table, group=group)


TABLES = {"T35": t35}


def main_term(results: StudyResults) -> str:
    """Return the first group that is compared, or convergence where none is."""
    compared = results.config.estimates["vintages"].get("compare", [])
    return str(compared[0]).partition(LESS)[0] if compared else START


def asked_alone(estimates: pd.DataFrame, held: str = "") -> pd.DataFrame:
    """Return the rows of single groups and of convergence, with a column held beside
    income or none.
    """
    controls = [f"{START} + {held}"] if held else ["", "none", START]
    alone = estimates["contrast"].eq("") & estimates["controls_id"].isin(controls)
    return estimates[alone]


def vintages_shown(results: StudyResults) -> pd.DataFrame:
    """Return names of output and population in the order of the config."""
    labels = results.series(
        "vintages", text=("vintage", "output", "population", "income")
    )
    section = results.config.estimates["vintages"]
    order = [
        *(section.get("incomes") or section["outputs"]),
        *section.get("populations", ()),
    ]
    rank = {name: position for position, name in enumerate(order)}
    ranks = [labels[name].map(rank).fillna(0) for name in ("output", "population")]
    return labels.assign(first=ranks[0], second=ranks[1]).sort_values(
        ["first", "second"]
    )


def _rows(
    results: StudyResults, estimates: pd.DataFrame, spans: list[str]
) -> Iterator[Row]:
    for vintage in records(vintages_shown(results)):
        row: Row = {
            "output": vintage["output"] if vintage["population"] else "",
            "label": vintage["population"] or vintage["output"],
        }
        for span in spans:
            own = pick(
                estimates, outcome=vintage["vintage"], period=span, estimator="ols"
            )
            row |= {f"{span}_{name}": own.get(name) for name in NUMBERS}
        yield row


def _regressors(results: StudyResults) -> str:
    term = main_term(results)
    start = "log income in the first year"
    if term == START:
        return start
    units = results.words["units_name"]
    group = "clusters" if term == "cluster" else "zones"
    return f"an indicator of {units} with {group} (printed) and {start}"


def _moves(estimates: pd.DataFrame, spans: list[str]) -> Iterator[str]:
    for span in spans:
        moved = pick(estimates, period=span, effect_type="stat_range_errors")
        low = pick(estimates, period=span, effect_type="stat_low")
        high = pick(estimates, period=span, effect_type="stat_high")
        if moved:
            name = span.replace("-", "\u2013")
            yield (
                f"{name} {fixed(low['estimate'])} to {fixed(high['estimate'])},"
                f" {fixed(moved['estimate'], 1)} standard errors of the main vintage"
            )

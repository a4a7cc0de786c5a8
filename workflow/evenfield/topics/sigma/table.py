"""T9: dispersion at both ends of each period, with the tests that compare them; never a
trend test.
"""

import pandas as pd

from evenfield.shared.estimates import NAN
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    DESCRIPTIVE,
    Row,
    Table,
    cited_numbers,
    count,
    ends,
    estimate,
    is_missing,
    left,
    number,
    only,
    pick,
    probability,
    sample_heading,
)

# Prefix of the columns of a row, and the term that its number has in estimates.csv.
PICKED = {
    "start": "sigma_start",
    "end": "sigma_end",
    "slope": "sum_of_ends",
    "t2": "t2",
    "t3": "t3",
}


# A trend of sigma has hardly independent errors: its t-statistic rejects far too often, so
# that only the two ends are compared.
NOTE = """
Sigma: standard deviation of log income across {results.words[units_name]} in the first and last
year. Primary test: slope of (start \u2212 end) on (start + end) with HC3 standard error and
t(N \u2212 2); a positive slope means that dispersion fell. {results.level} intervals.

T2: Carree and Klomp, chi-squared(1), its size right only for independent normal units; T3:
description without a p-value. No regression of sigma on time is run: its t-statistic rejects
far too often.
"""


def t9(results: StudyResults) -> Table:
    """Return one row for each specification and period."""
    estimates = results.estimates()
    rows = []
    for spec in results.ordered(estimates):
        for period in results.shown("main", "variant", "span"):
            own = only(estimates, spec_id=spec, period=period)
            if len(own):
                rows.append(_row(results, own))
    interval = f"{results.level} interval"
    columns = (
        left("Period", "label"),
        number("Sigma, start", "start_estimate", 3, "start_reason"),
        number("Sigma, end", "end_estimate", 3, "end_reason"),
        number("Change, %", "change_pct", 1),
        estimate(
            "Slope (s.e.)", "slope_estimate", "slope_std_error", 3, "slope_reason"
        ),
        ends(interval, "slope_conf_low", "slope_conf_high", 3, "slope_reason"),
        probability("p", "slope_p_value", "slope_reason"),
        number("T2", "t2_estimate", 2, "t2_reason"),
        probability("p", "t2_p_value", "t2_reason"),
        number("T3", "t3_estimate", 2, "t3_reason"),
        count("N", "n_units"),
    )
    return Table.of(columns, rows, results.note(NOTE, DESCRIPTIVE, seed=False))


TABLES = {"T9": t9}


def _row(results: StudyResults, own: pd.DataFrame) -> Row:
    by_name = {name: pick(own, term=term) for name, term in PICKED.items()}
    end = by_name["end"]
    sigma_start = by_name["start"]["estimate"]
    sigma_end = end["estimate"]
    known = sigma_start and not (is_missing(sigma_start) or is_missing(sigma_end))
    row = {
        "spec_id": end["spec_id"],
        "period": end["period"],
        "basis": end["output_basis"],
        "n_units": end["n_units"],
        "label": results.when(end),
        "group": sample_heading(end, results),
        "change_pct": 100 * (sigma_end / sigma_start - 1) if known else NAN,
    }
    for name, term_row in by_name.items():
        row |= cited_numbers(name, term_row)
    return row

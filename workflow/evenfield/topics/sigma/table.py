"""T9: dispersion at both ends of each period, with the tests that compare them; never a
trend test.
"""

import pandas as pd

from evenfield.shared.estimates import NAN
from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show, sample_heading
from evenfield.shared.tables.notes import DESCRIPTIVE, period_with_basis
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    whole,
    with_decimals,
    with_error,
)
from evenfield.shared.tables.rows import Row, pick
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.warnings import numbers

SHOWN = ("main", "variant", "span")
PICKED = {
    "start": ("sigma", "sigma_start"),
    "end": ("sigma", "sigma_end"),
    "slope": ("sigma_slope_test", "sum_of_ends"),
    "t2": ("carree_klomp_t2", "t2"),
    "t3": ("carree_klomp_t3", "t3"),
}


def t9(facts: Facts) -> Table:
    """Return one row for each specification and period."""
    estimates = facts.estimates()
    specs = facts.ordered(list(estimates["spec_id"]))
    rows = [
        row
        for spec in specs
        for period in facts.shown(*SHOWN)
        if (row := _row(facts, estimates, spec, period))
    ]
    if not rows:
        raise nothing_to_show("rows of sigma convergence", "sigma", "T9")
    note = facts.note(
        f"Sigma: standard deviation of log income across {facts.words['units_name']} in"
        " the first and last year. Primary test: slope of (start \u2212 end) on (start"
        " + end) with HC3 standard error and t(N \u2212 2); a positive slope means"
        f" that dispersion fell. {facts.level} intervals.",
        "T2: Carree and Klomp, chi-squared(1), its size right only for independent"
        " normal units; T3: description without a p-value. No regression of sigma on"
        " time is run: its t-statistic rejects far too often.",
        DESCRIPTIVE,
        seed=False,
    )
    bounds = ("slope_conf_low", "slope_conf_high")
    columns = (
        Column(names=("label",), header="Period"),
        right(
            "Sigma, start",
            "start_estimate",
            show=with_decimals(fixed, 3),
            reason="start_reason",
        ),
        right(
            "Sigma, end",
            "end_estimate",
            show=with_decimals(fixed, 3),
            reason="end_reason",
        ),
        right("Change, %", "change_pct", show=with_decimals(fixed, 1)),
        right(
            "Slope (s.e.)",
            "slope_estimate",
            "slope_std_error",
            show=with_decimals(with_error, 3),
            reason="slope_reason",
        ),
        right(
            f"{facts.level} interval",
            *bounds,
            show=with_decimals(interval, 3),
            reason="slope_reason",
        ),
        right("p", "slope_p_value", show=p_value, reason="slope_reason"),
        right("T2", "t2_estimate", show=with_decimals(fixed, 2), reason="t2_reason"),
        right("p", "t2_p_value", show=p_value, reason="t2_reason"),
        right("T3", "t3_estimate", show=with_decimals(fixed, 2), reason="t3_reason"),
        right("N", "n_units", show=whole),
    )
    return Table(
        id="T9", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T9": t9}


def _row(facts: Facts, estimates: pd.DataFrame, spec: str, period: str) -> Row:
    same = {"spec_id": spec, "period": period}
    by_name = {
        name: pick(estimates, **same, estimator=which[0], term=which[1])
        for name, which in PICKED.items()
    }
    if not (end := by_name["end"]):
        return {}
    start = by_name["start"].get("estimate")
    basis = str(end["output_basis"])
    rows = {
        **same,
        "basis": basis,
        "n_units": end["n_units"],
        "label": period_with_basis(period, basis, facts.config["periods"]),
    }
    rows["group"] = sample_heading(end, facts.description(), facts.words)
    ratio = (
        NAN
        if is_missing(start) or is_missing(end["estimate"]) or not start
        else end["estimate"] / start
    )
    rows["change_pct"] = 100 * (ratio - 1)
    for name, row in by_name.items():
        rows |= numbers(name, row)
    return rows

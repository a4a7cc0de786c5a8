"""T9: dispersion at both ends of each period, with the tests that compare them; never a trend test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import nothing_to_show, ordered_specs, sample_heading
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, whole, with_error
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.warnings import reason

PICKED = {
    "start": ("sigma", "sigma_start"),
    "end": ("sigma", "sigma_end"),
    "slope": ("sigma_slope_test", "sum_of_ends"),
    "t2": ("carree_klomp_t2", "t2"),
    "t3": ("carree_klomp_t3", "t3"),
}
NUMBERS = ("estimate", "std_error", "p_value", "conf_low", "conf_high")


def tabulate_sigma(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange dispersion and its tests by specification and period."""
    ids = ordered_specs(list(estimates["spec_id"]), specs)
    rows = [row for spec in ids for row in _rows(only(estimates, spec_id=spec), shown, periods, description, study)]
    if not rows:
        raise nothing_to_show("rows of sigma convergence", "sigma", "T9")
    note = (
        sample_note(description, study),
        f"Sigma: standard deviation of log income across {study['units_name']} in the first and last year. Primary "
        "test: slope of (start \u2212 end) on (start + end) with HC3 standard error and t(N \u2212 2); a positive "
        f"slope means that dispersion fell. {inference['conf_level']:.0%} intervals.",
        "T2: Carree and Klomp, chi-squared(1), its size right only for independent normal units; T3: description "
        "without a p-value. No regression of sigma on time is run: its t-statistic rejects far too often.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description),
    )
    return Table(id="T9", title="Sigma convergence: start against end of each period", note=note,
                 columns=_columns(inference), frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _rows(
    mine: pd.DataFrame, shown: Sequence[str], periods: Mapping[str, Any], description: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Iterable[Row]:  # fmt: skip
    for period in shown:
        found = {name: pick(mine, period=period, estimator=which[0], term=which[1]) for name, which in PICKED.items()}
        first = found["end"]
        if not first:
            continue
        basis = str(first["output_basis"])
        row: Row = {
            "spec_id": first["spec_id"], "period": period, "basis": basis, "n_units": first["n_units"],
            "group": sample_heading(first, description, study),
            "label": period_with_basis(period, basis, periods),
            "change_pct": _change(found["start"].get("estimate"), first["estimate"]),
        }  # fmt: skip
        for name, numbers in found.items():
            row |= {f"{name}_{number}": numbers.get(number) for number in NUMBERS}
            row[f"{name}_reason"] = reason(numbers.get("warning", ""))
        yield row


def _change(start: Any, end: Any) -> float | None:
    return None if is_missing(start) or is_missing(end) or start <= 0 else 100 * (end / start - 1)


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="Period"),
        Column(names=("start_estimate",), header="Sigma, start", align="right", show=places(fixed, 3),
               reason="start_reason"),
        Column(names=("end_estimate",), header="Sigma, end", align="right", show=places(fixed, 3), reason="end_reason"),
        Column(names=("change_pct",), header="Change, %", align="right", show=places(fixed, 1)),
        Column(names=("slope_estimate", "slope_std_error"), header="Slope (s.e.)", align="right",
               show=places(with_error, 3), reason="slope_reason"),
        Column(names=("slope_conf_low", "slope_conf_high"), header=f"{level} interval", align="right",
               show=places(interval, 3), reason="slope_reason"),
        Column(names=("slope_p_value",), header="p", align="right", show=p_value, reason="slope_reason"),
        Column(names=("t2_estimate",), header="T2", align="right", show=places(fixed, 2), reason="t2_reason"),
        Column(names=("t2_p_value",), header="p", align="right", show=p_value, reason="t2_reason"),
        Column(names=("t3_estimate",), header="T3", align="right", show=places(fixed, 2), reason="t3_reason"),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip

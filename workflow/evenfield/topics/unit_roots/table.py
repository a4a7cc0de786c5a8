"""T3b: how units depend on each other and how lasting shocks are, before any model, with the written rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import heading, nothing_to_show, ordered_specs, sample_parts
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_note, origin_note, sample_note
from evenfield.shared.tables.numbers import fixed, is_missing, p_value
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import period_label

LEVEL, GROWTH, NET = "log_income", "growth", "growth less year means"
IN_TIME = {"cd": GROWTH, "cdw_plus": NET, "alpha_of_residuals": NET}
IN_SPACE = {"lfur": GROWTH, "lfst": GROWTH}
NAMES = {"cd": "CD of growth (p)", "cdw_plus": "CDw+ of growth less year means (p)", "alpha_of_residuals": "Exponent",
         "cips": "CIPS of income (p)", "lfur": "Spatial unit root (p)", "lfst": "Weak dependence (p)"}  # fmt: skip
NOT_DEFINED = {
    **dict.fromkeys(("cd", "cdw_plus", "alpha_of_residuals"), "no growth in these years"),
    "cips": "too few dates for a unit root test",
    **dict.fromkeys(IN_SPACE, "not defined without coordinates or for so few units"),
}


def tabulate_preflight(
    series: pd.DataFrame,
    fit: Mapping[str, Any],
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the checks before any model and what the rule makes of them."""
    rows: list[Row] = []
    for spec in ordered_specs(list(series["spec_id"]), specs):
        mine = only(series, spec_id=spec)
        name = sample_parts(pick(mine), description)
        rows += [{"group": heading([*name, "in time, by span of years"]), **row} for row in _time_rows(mine)]
        rows += [{"group": heading([*name, "in space, by period"]), **row} for row in _space_rows(mine, shown, periods)]
    if not rows:
        raise nothing_to_show("checks before the models", "preflight", "T3b")
    note = (
        sample_note(description, study),
        "CD: average correlation of growth across units, null none. CDw+: the same less year means, null weak "
        "dependence; exponent: 0.5 is none, 1 is all. CIPS: null a unit root in every unit, about a trend. Spatial "
        "unit root (LFUR) and weak dependence (LFST) of growth: nulls as named.",
        "The written rule. " + " ".join(f"{name}: {text}" for name, text in sorted(fit["rule"].items())),
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description, inference["seed"]),
    )
    return Table(id="T3b", title="Dependence and persistence before any model", note=note, columns=_columns(),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _time_rows(mine: pd.DataFrame) -> Iterable[Row]:
    levels, changes = (sorted(only(mine, kind="decision", rule=name)["scope"]) for name in ("R1", "R2"))
    for scope in levels:
        start, end = _years(scope)
        after = [other for other in changes if _years(other)[1] == end and _years(other)[0] > start][:1]
        row = {**_numbers(mine, "cips", LEVEL, scope), **_empty(IN_SPACE), "label": scope.replace("-", "\u2013")}
        for check, variable in IN_TIME.items():
            row |= _numbers(mine, check, variable, after[0] if after else "")
        yield row | {"rule": _rule(mine, {"R1": scope, "R2": after[0] if after else ""})}


def _space_rows(mine: pd.DataFrame, shown: Sequence[str], periods: Mapping[str, Any]) -> Iterable[Row]:
    for period in shown:
        if only(mine, check="lfur", scope=period).empty:
            continue
        row: Row = {"label": period_label(period, periods), **_empty((*IN_TIME, "cips"))}
        for check, variable in IN_SPACE.items():
            row |= _numbers(mine, check, variable, period)
        yield row | {"rule": _rule(mine, {"R3": period})}


def _years(scope: str) -> tuple[int, int]:
    start, end = scope.split("-")
    return int(start), int(end)


def _numbers(mine: pd.DataFrame, check: str, variable: str, scope: str) -> Row:
    found = pick(mine, check=check, variable=variable, scope=scope)
    return {check: found.get("statistic"), f"{check}_p": found.get("p_value"), f"{check}_reason": NOT_DEFINED[check]}


def _empty(checks: Iterable[str]) -> Row:
    return {f"{check}{end}": None for check in checks for end in ("", "_p", "_reason")}


def _rule(mine: pd.DataFrame, scopes: Mapping[str, str]) -> str:
    found = [row for name, scope in scopes.items()
             for row in records(only(mine, kind="decision", rule=name, scope=scope))]  # fmt: skip
    return "; ".join(f"{row['rule']} {row['decision']}" for row in found)


def _with_p(value: Any, p: Any) -> str:
    if is_missing(value):
        return ""
    return f"{fixed(value, 2)} ({p_value(p)})" if not is_missing(p) else fixed(value, 2)


def _columns() -> tuple[Column, ...]:
    tests = ((check, NAMES[check]) for check in (*IN_TIME, "cips", *IN_SPACE))
    return (
        Column(names=("label",), header="Years"),
        *(Column(names=(check, f"{check}_p"), header=name, align="right", show=_with_p,
                 reason=f"{check}_reason") for check, name in tests),
        Column(names=("rule",), header="The rule says", width_cm=4.0),
    )  # fmt: skip

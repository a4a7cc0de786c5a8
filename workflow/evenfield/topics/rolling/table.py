"""The clock in numbers: T6b speeds compared and breaks, T6c growth with neighbours, T9b weak sigma convergence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import nothing_to_show, ordered_specs, sample_heading
from evenfield.shared.tables.notes import (
    DESCRIPTIVE,
    basis_mark,
    basis_note,
    origin_note,
    period_with_basis,
    sample_note,
)
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, whole, with_error, year
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import in_words, period_label
from evenfield.shared.tables.warnings import reason

NUMBERS = ("estimate", "std_error", "p_value", "conf_low", "conf_high")
EFFECTS = ("direct", "indirect", "total")
PER_CENT, PER_THOUSAND = 100, 1000


def tabulate_clock(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange differences of speed between periods and the break in the slope (T6b)."""
    rows = [row for group, mine in _groups(estimates, specs, description, study)
            for row in _speed_rows(mine, group, periods)]  # fmt: skip
    note = (
        sample_note(description, study),
        "Speed of convergence, % a year, all periods in one regression with the errors of a unit kept together; p by "
        "wild bootstrap over units. Break: largest Wald statistic over dates, p by the same bootstrap over all dates. "
        "Its date was chosen by the data, so the speeds around it carry no test.",
        basis_note(description), DESCRIPTIVE, origin_note(description, inference["seed"]),
    )  # fmt: skip
    columns = (
        Column(names=("label",), header="What"),
        Column(names=("estimate",), header="Value", align="right", show=places(fixed, 2), reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"{inference['conf_level']:.0%} interval", align="right",
               show=places(interval, 2)),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip
    return _table("T6b", "Did the speed of convergence change?", note, columns, rows)


def _groups(
    estimates: pd.DataFrame, specs: Sequence[Mapping[str, Any]], description: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Iterable[tuple[str, pd.DataFrame]]:  # fmt: skip
    for spec in ordered_specs(list(estimates["spec_id"]), specs):
        mine = only(estimates, spec_id=spec)
        yield sample_heading(pick(mine), description, study), mine


def _table(name: str, title: str, note: tuple[str, ...], columns: tuple[Column, ...], rows: list[Row]) -> Table:
    if not rows:
        raise nothing_to_show(f"rows for {name}", "clock", name)
    return Table(id=name, title=title, note=note, columns=columns, frame=pd.DataFrame(rows), group="group")


def _speed_rows(mine: pd.DataFrame, group: str, periods: Mapping[str, Any]) -> Iterable[Row]:
    for row in records(only(mine, estimator="period_contrast")):
        later, earlier = row["contrast"].split(" - ")
        yield _row(row, group, f"Speed {period_label(later, periods)} less {period_label(earlier, periods)}")
    for row in records(only(mine, estimator="period_contrast_wald")):
        yield _row(row, group, "All speeds equal, F")
    for term, words in (("sup_wald", "One break, Wald"), ("speed_before", "Speed"), ("speed_after", "Speed")):
        for row in records(only(mine, estimator="slope_break", term=term)):
            when = row["contrast"].removeprefix("break after ")
            side = {"sup_wald": f", after {when}", "speed_before": f" up to {when}"}.get(term, f" from {when} on")
            yield _row(row, group, f"{words}{side}")


def _row(row: Row, group: str, label: str) -> Row:
    marked = f"{label} {basis_mark(row['output_basis'])}" if row["output_basis"] in ("proxy", "spliced") else label
    return {"group": group, "label": marked, "spec_id": row["spec_id"], "n_units": row["n_units"],
            "reason": reason(row["warning"]), **{name: row[name] for name in NUMBERS}}  # fmt: skip


def tabulate_spatial_beta(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    weights: str,
    study: Mapping[str, Any],
) -> Table:
    """Arrange growth on own and neighbours' initial income with the effects they add up to (T6c)."""
    rows = [row for group, mine in _groups(estimates, specs, description, study)
            for row in _effect_rows(mine, group, shown, periods)]  # fmt: skip
    level = f"{inference['conf_level']:.0%}"
    note = (
        sample_note(description, study),
        f"Growth a year on own and neighbours' initial income and neighbours' growth ({weights.replace('_', ' ')} "
        "weights, spatial Durbin model by maximum likelihood). Effects times 100: direct, through neighbours, total. "
        f"Speed: of the total effect, % a year. {level} intervals. p: likelihood ratio against a model without "
        "neighbours.",
        "Rho is how alike the growth of neighbours is given their incomes; it is not what one does to the other.",
        basis_note(description), DESCRIPTIVE, origin_note(description, inference["seed"]),
    )  # fmt: skip
    columns = (
        Column(names=("label",), header="Period"),
        Column(names=("rho_estimate", "rho_std_error"), header="Rho (s.e.)", align="right", show=places(with_error, 2),
               reason="rho_reason"),
        *(Column(names=(f"{name}_estimate", f"{name}_conf_low", f"{name}_conf_high"), header=_effect_name(name),
                 align="right", show=_effect, reason=f"{name}_reason") for name in EFFECTS),
        Column(names=("speed_estimate",), header="Speed", align="right", show=places(fixed, 2), reason="speed_reason"),
        Column(names=("speed_conf_low", "speed_conf_high"), header=f"{level} interval", align="right",
               show=places(interval, 2)),
        Column(names=("lr_p_value",), header="p", align="right", show=p_value, reason="lr_reason"),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip
    return _table("T6c", "Beta convergence with neighbours", note, columns, rows)


def _effect_rows(mine: pd.DataFrame, group: str, shown: Sequence[str], periods: Mapping[str, Any]) -> Iterable[Row]:
    model = only(mine, estimator="sdm_ml")
    for period in shown:
        now = only(model, period=period)
        first = pick(now, term="neighbours_growth")
        if not first:
            continue
        row: Row = {"group": group, "label": period_with_basis(period, str(first["output_basis"]), periods),
                    "period": period, "basis": first["output_basis"], "n_units": first["n_units"]}  # fmt: skip
        found = {"rho": first, "speed": pick(now, term="speed"), "lr": pick(now, term="likelihood_ratio")}
        found |= {name: pick(now, term="log_income_start", effect_type=name) for name in EFFECTS}
        for name, numbers in found.items():
            row |= {f"{name}_{number}": numbers.get(number) for number in NUMBERS}
            row[f"{name}_reason"] = reason(numbers.get("warning", ""))
        yield row


def _effect_name(name: str) -> str:
    return {"indirect": "Through neighbours"}.get(name, name.capitalize())


def _effect(value: Any, low: Any, high: Any) -> str:
    if is_missing(value):
        return ""
    return f"{fixed(PER_CENT * value, 2)} {interval(_times(PER_CENT, low), _times(PER_CENT, high), 2)}".strip()


def tabulate_weak_sigma(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the slope of the variance by span of years, with the break dates of sigma in the note (T9b)."""
    rows = [{**_row(row, group, row["period"].replace("-", "\u2013"))} for group, mine
            in _groups(estimates, specs, description, study)
            for row in records(only(mine, estimator="weak_sigma"))]  # fmt: skip
    note = (
        sample_note(description, study),
        "Slope of the variance of log income on time, per thousand a year, with fixed-b standard error (Kong, Phillips "
        "and Sul). p: one-sided (falling), from simulated panels of constant variance, the largest over their "
        "persistence.",
        *_breaks(estimates),
        basis_note(description), DESCRIPTIVE, origin_note(description, inference["seed"]),
    )  # fmt: skip
    columns = (
        Column(names=("label",), header="Years"),
        Column(names=("estimate", "std_error"), header="Slope of the variance \u00d7 1,000 (s.e.)", align="right",
               show=_per_thousand, reason="reason"),
        Column(names=("p_value",), header="p, falling", align="right", show=p_value),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip
    return _table("T9b", "Weak sigma convergence", note, columns, rows)


def _per_thousand(value: Any, error: Any) -> str:
    return with_error(_times(PER_THOUSAND, value), _times(PER_THOUSAND, error), 2)


def _times(factor: int, value: Any) -> float | None:
    return None if is_missing(value) else factor * float(value)


def _breaks(estimates: pd.DataFrame) -> tuple[str, ...]:
    cuts = only(estimates, spec_id=pick(estimates).get("spec_id"), estimator="sigma_breaks")
    dates = [year(row["estimate"]) for row in records(cuts[cuts["term"].ne("breaks")].dropna(subset="estimate"))]
    told = f"The path of sigma is best cut after {in_words(dates)}" if dates else ""
    return (f"{told}: a description, since sigma is persistent and no test is attached.",) if told else ()

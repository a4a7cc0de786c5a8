"""T6: beta convergence by period, with sigma beside it because the one does not imply the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    places,
    whole,
    with_error,
    years,
    years_interval,
)
from evenfield.shared.tables.rows import Row, only, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import in_words, period_label
from evenfield.shared.tables.warnings import reason

PICKED = {
    "slope": ("ols", "log_income_start"),
    "speed": ("ols", "speed"),
    "speed_nls": ("nls", "speed"),
    "half_life": ("ols", "half_life"),
    "r2": ("ols", "r2"),
    "moran": ("ols", "moran"),
    "sigma_start": ("description", "sigma_start"),
    "sigma_end": ("description", "sigma_end"),
}
NO_TEST = "no test of dispersion between three-year means"
NUMBERS = ("estimate", "std_error", "p_value", "conf_low", "conf_high")


def tabulate_beta(
    beta: pd.DataFrame,
    sigma: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    controls: Mapping[str, Any],
    inference: Mapping[str, Any],
    weights: str,
    study: Mapping[str, Any],
) -> Table:
    """Arrange beta convergence by specification and period."""
    rows = [row for spec in specs for row in _spec_rows(beta, sigma, spec, shown, periods, description, study)]
    if not rows:
        raise nothing_to_show("rows of beta convergence", "beta", "T6")
    note = (
        sample_note(description, study),
        "Growth a year on log income in the first year by OLS, one cross-section per period. "
        "Slope times 100 with HC3 standard error; speed: minus ln(1 + bT)/T, % a year; half-life: ln 2 over the speed, "
        "years; intervals of speed and half-life transform the slope's interval, t(N \u2212 K).",
        f"{inference['conf_level']:.0%} intervals. Sigma: standard deviation of log income at both ends, p of the "
        f"HC3 slope test. Moran's I of the residuals with {weights} weights, p from {inference['permutations']:,} "
        "permutations of residuals.",
        *_controls_note(beta, specs, shown, periods, controls),
        basis_note(description),
        f"{DESCRIPTIVE} Specifications marked mechanism hold channels of growth.",
        origin_note(description, inference["seed"]),
    )
    return Table(id="T6", title="Beta and sigma convergence by period", note=note, columns=_columns(inference),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _spec_rows(
    beta: pd.DataFrame, sigma: pd.DataFrame, spec: Mapping[str, Any], shown: Sequence[str], periods: Mapping[str, Any],
    description: Mapping[str, Any], study: Mapping[str, Any],
) -> Iterable[Row]:  # fmt: skip
    mine = beta[beta["spec_id"].eq(spec["id"])]
    for period in shown:
        found = {(row["estimator"], row["term"]): row for row in records(only(mine, period=period))}
        slope = found.get(PICKED["slope"], {})
        if not slope:
            continue
        basis = str(slope["output_basis"])
        row: Row = {
            "spec_id": spec["id"], "group": _group(spec, description, study), "period": period, "basis": basis,
            "label": period_with_basis(period, basis, periods), "n_units": slope["n_units"],
            "controls": slope["controls_id"], "n_controls": _count_controls(slope["controls_id"]),
        }  # fmt: skip
        for name, wanted in PICKED.items():
            row |= _numbers(name, found.get(wanted, {}))
        same = {key: slope[key] for key in ("sample_id", "unit_scheme", "period")}
        tested = spec.get("end_points", "end") == "end"
        test = pick(sigma, estimator="sigma_slope_test", **same) if tested else {"warning": NO_TEST}
        yield row | _numbers("sigma_test", test)


def _numbers(name: str, found: Row) -> Row:
    return {f"{name}_{number}": found.get(number) for number in NUMBERS} | {
        f"{name}_reason": reason(found.get("warning", ""))
    }


def _count_controls(controls_id: str) -> int:
    return 0 if controls_id in ("", "none") else len(controls_id.split("+"))


def _group(spec: Mapping[str, Any], description: Mapping[str, Any], study: Mapping[str, Any]) -> str:
    kind = "Conditional" if spec.get("controls") else "Absolute"
    parts = [f"{kind}, mechanism" if spec.get("role") == "mechanism" else kind]
    sample = spec.get("sample", "all")
    parts += [] if sample == "all" else [sample.replace("_", " ")]
    parts += ["three-year means at both ends"] if spec.get("end_points", "end") == "mean3" else []
    scheme = spec.get("unit_scheme") or description["unit_scheme"]
    parts += [] if scheme == description["unit_scheme"] else [f"unit scheme {scheme}"]
    return ", ".join(parts if len(parts) > 1 else [*parts, f"all {study['units_name']}"])


def _controls_note(
    beta: pd.DataFrame, specs: Sequence[Mapping[str, Any]], shown: Sequence[str], periods: Mapping[str, Any],
    controls: Mapping[str, Any],
) -> tuple[str, ...]:  # fmt: skip
    rich = [spec["id"] for spec in specs if spec.get("controls")]
    if not rich:
        return ()
    rows = beta[beta["spec_id"].isin(rich) & beta["term"].eq("log_income_start")]
    parts = []
    for period in shown:
        used = {name for text in rows.loc[rows["period"].eq(period), "controls_id"] for name in text.split("+")}
        named = [item["label"] for name, item in controls.items() if name in used]
        parts += [f"{period_label(period, periods)} {in_words(named)}"] if named else []
    return (f"K: controls that exist from the period's first year, over all specifications: {'; '.join(parts)}.",)


def _moran(value: Any, p: Any) -> str:
    return "" if is_missing(value) else f"{fixed(value, 2)} ({p_value(p)})"


def _slope(value: Any, error: Any) -> str:
    return "" if is_missing(value) else with_error(100 * value, None if is_missing(error) else 100 * error)


def _path(start: Any, end: Any) -> str:
    return "" if is_missing(start) or is_missing(end) else f"{fixed(start, 3)} \u2192 {fixed(end, 3)}"


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="Period"),
        Column(names=("slope_estimate", "slope_std_error"), header="Slope \u00d7 100 (s.e.)", align="right",
               show=_slope, reason="slope_reason"),
        Column(names=("speed_estimate",), header="Speed", align="right", show=places(fixed, 2), reason="speed_reason"),
        Column(names=("speed_conf_low", "speed_conf_high"), header=f"{level} interval", align="right",
               show=places(interval, 2), reason="speed_reason"),
        Column(names=("half_life_estimate",), header="Half-life", align="right", show=years, reason="half_life_reason"),
        Column(names=("half_life_conf_low", "half_life_conf_high"), header=f"{level} interval", align="right",
               show=years_interval, reason="half_life_reason"),
        Column(names=("sigma_start_estimate", "sigma_end_estimate"), header="Sigma, start \u2192 end", align="right",
               show=_path),
        Column(names=("sigma_test_p_value",), header="p", align="right", show=p_value, reason="sigma_test_reason"),
        Column(names=("moran_estimate", "moran_p_value"), header="Moran's I (p)", align="right", show=_moran,
               reason="moran_reason"),
        Column(names=("n_controls",), header="K", align="right", show=whole),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip

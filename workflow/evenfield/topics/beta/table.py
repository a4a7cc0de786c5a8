"""T6: beta convergence by period, with sigma beside it because the one does not imply
the other.
"""

from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.notes import DESCRIPTIVE, period_with_basis
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    whole,
    with_decimals,
    with_error,
    years,
    years_interval,
)
from evenfield.shared.tables.rows import Row, pick, records
from evenfield.shared.tables.table import Column, Short, Table, right
from evenfield.shared.tables.units import in_words, period_label
from evenfield.shared.tables.warnings import numbers

SHORT: tuple[str, ...] = (
    "slope_estimate",
    "speed_estimate",
    "speed_conf_low",
    "half_life_estimate",
)
SHORT += ("sigma_start_estimate", "sigma_test_p_value", "n_controls")
SHOWN = ("main", "variant", "span")
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


def t6(facts: Facts) -> Table:
    """Return one row for each specification and period."""
    beta = facts.estimates()
    sigma = facts.estimates("sigma")
    rows = []
    for spec in facts.specs():
        for period in facts.shown(*SHOWN):
            period_rows = records(
                beta[beta["spec_id"].eq(spec["id"]) & beta["period"].eq(period)]
            )
            by_term = {(row["estimator"], row["term"]): row for row in period_rows}
            if PICKED["slope"] in by_term:
                rows.append(_row(facts, spec, by_term, sigma))
    if not rows:
        raise nothing_to_show("rows of beta convergence", "beta", "T6")
    inference = facts.config["inference"]
    weights = facts.config["weights"]["primary"]
    label = (
        (
            "Growth a year on log income in the first year by OLS, one cross-section"
            " per period. Slope times 100 with HC3 standard error; speed: minus ln(1 +"
            " bT)/T, % a year; half-life: ln 2 over the speed, years; intervals of"
            " speed and half-life transform the slope's interval, t(N \u2212 K)."
        ),
        (
            f"{facts.level} intervals. Sigma: standard deviation of log income at both"
            " ends, p of the HC3 slope test."
        ),
    )
    note = facts.note(
        *label,
        f"Moran's I of the residuals with {weights} weights, p from"
        f" {inference['permutations']:,} permutations of residuals.",
        _controls_note(facts, beta),
        f"{DESCRIPTIVE} Specifications marked mechanism hold channels of growth.",
    )
    columns = (
        Column(names=("label",), header="Period"),
        right(
            "Slope \u00d7 100 (s.e.)",
            "slope_estimate",
            "slope_std_error",
            show=_slope,
            reason="slope_reason",
        ),
        right(
            "Speed",
            "speed_estimate",
            show=with_decimals(fixed, 2),
            reason="speed_reason",
        ),
        right(
            f"{facts.level} interval",
            "speed_conf_low",
            "speed_conf_high",
            show=with_decimals(interval, 2),
            reason="speed_reason",
        ),
        right("Half-life", "half_life_estimate", show=years, reason="half_life_reason"),
        right(
            f"{facts.level} interval",
            "half_life_conf_low",
            "half_life_conf_high",
            show=years_interval,
            reason="half_life_reason",
        ),
        right(
            "Sigma, start \u2192 end",
            "sigma_start_estimate",
            "sigma_end_estimate",
            show=_path,
        ),
        right("p", "sigma_test_p_value", show=p_value, reason="sigma_test_reason"),
        right(
            "Moran's I (p)",
            "moran_estimate",
            "moran_p_value",
            show=_moran,
            reason="moran_reason",
        ),
        right("K", "n_controls", show=whole),
        right("N", "n_units", show=whole),
    )
    # The paper: the primary specification and the first with controls, without periods
    # that are variants.
    leading = {
        str(next((spec for spec in facts.specs() if spec["controls"]), {}).get("id")),
        facts.primary()["id"],
    }
    short = Short(
        lambda row: (
            row["spec_id"] in leading and row["period"] in facts.shown("main", "span")
        ),
        SHORT,
        facts.note(*label, "K: number of controls.", DESCRIPTIVE),
    )
    return Table(
        id="T6",
        note=note,
        columns=columns,
        frame=pd.DataFrame(rows),
        group="group",
        short=short,
    )


TABLES = {"T6": t6}


def _row(
    facts: Facts,
    spec: dict[str, Any],
    by_term: dict[tuple[str, str], Row],
    sigma: pd.DataFrame,
) -> Row:
    slope = by_term[PICKED["slope"]]
    row = {key: slope[key] for key in ("spec_id", "period", "n_units")}
    row |= {
        "group": _group(facts, spec),
        "basis": slope["output_basis"],
        "controls": slope["controls_id"],
    }
    row["label"] = period_with_basis(
        slope["period"], slope["output_basis"], facts.config["periods"]
    )
    row["n_controls"] = len(
        [name for name in slope["controls_id"].split("+") if name not in ("", "none")]
    )
    same = {key: slope[key] for key in ("sample_id", "unit_scheme", "period")}
    if spec["end_points"] == "end":
        test = pick(sigma, estimator="sigma_slope_test", **same)
    else:
        test = {"warning": "no test of dispersion between three-year means"}
    for name, wanted in PICKED.items():
        row |= numbers(name, by_term.get(wanted, {}))
    return row | numbers("sigma_test", test)


def _group(facts: Facts, spec: dict[str, Any]) -> str:
    kind = "Conditional" if spec["controls"] else "Absolute"
    parts = [f"{kind}, mechanism" if spec["role"] == "mechanism" else kind]
    parts += [] if spec["sample"] == "all" else [spec["sample"].replace("_", " ")]
    parts += ["three-year means at both ends"] if spec["end_points"] == "mean3" else []
    scheme = spec.get("unit_scheme") or facts.main
    parts += [] if scheme == facts.main else [f"unit scheme {scheme}"]
    return ", ".join(
        parts if len(parts) > 1 else [*parts, f"all {facts.words['units_name']}"]
    )


def _controls_note(facts: Facts, beta: pd.DataFrame) -> str:
    rich = [spec["id"] for spec in facts.specs() if spec["controls"]]
    parts = []
    rows = beta[beta["spec_id"].isin(rich) & beta["term"].eq("log_income_start")]
    for period in facts.shown(*SHOWN):
        used = {
            name
            for text in rows.loc[rows["period"].eq(period), "controls_id"]
            for name in text.split("+")
        }
        named = [
            item["label"]
            for name, item in facts.config["controls"].items()
            if name in used
        ]
        parts += (
            [f"{period_label(period, facts.config['periods'])} {in_words(named)}"]
            if named
            else []
        )
    note = (
        "K: controls that exist from the period's first year, over all specifications:"
        f" {'; '.join(parts)}."
    )
    return note if rich else ""


def _moran(value: Any, p: Any) -> str:
    return "" if is_missing(value) else f"{fixed(value, 2)} ({p_value(p)})"


def _slope(value: Any, error: Any) -> str:
    return (
        ""
        if is_missing(value)
        else with_error(100 * value, None if is_missing(error) else 100 * error)
    )


def _path(start: Any, end: Any) -> str:
    return (
        ""
        if is_missing(start) or is_missing(end)
        else f"{fixed(start, 3)} \u2192 {fixed(end, 3)}"
    )

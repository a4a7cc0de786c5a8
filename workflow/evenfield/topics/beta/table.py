"""T6: beta convergence by period, with sigma beside it because the one does not imply
the other.
"""

from typing import Any

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    DESCRIPTIVE,
    Row,
    Short,
    Table,
    cited_numbers,
    count,
    ends,
    fixed,
    in_words,
    is_missing,
    left,
    number,
    only,
    p_value,
    pick,
    probability,
    records,
    right,
    with_error,
    years,
    years_interval,
)

# First name of each column that the paper prints.
SHORT = (
    "slope_estimate",
    "speed_estimate",
    "speed_conf_low",
    "half_life_estimate",
    "sigma_start_estimate",
    "sigma_test_p_value",
    "n_controls",
)
SHOWN = ("main", "variant", "span")
LABEL = """
Growth a year on log income in the first year by OLS, one cross-section per period. Slope
times 100 with HC3 standard error; speed: minus ln(1 + bT)/T, % a year; half-life: ln 2 over
the speed, years; intervals of speed and half-life transform the slope's interval, t(N
\u2212 K).

{results.level} intervals. Sigma: standard deviation of log income at both ends, p of the HC3
slope test.
"""
MORAN = """
Moran's I of the residuals with {weights} weights, p from {draws:,} permutations of residuals.
"""
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


def t6(results: StudyResults) -> Table:
    """Return one row for each specification and period."""
    beta = results.estimates()
    sigma = results.estimates("sigma")
    rows = []
    for spec in results.specs():
        for period in results.shown(*SHOWN):
            own = only(beta, spec_id=spec["id"], period=period)
            if len(own):
                rows.append(_row(results, spec, own, sigma))
    note = results.note(
        f"{LABEL}\n{MORAN}",
        _controls_note(results, beta),
        f"{DESCRIPTIVE} Specifications marked mechanism hold channels of growth.",
        weights=results.config.weights.primary,
        draws=results.config.inference.permutations,
    )
    interval = f"{results.level} interval"
    life = ("half_life_conf_low", "half_life_conf_high")
    columns = (
        left("Period", "label"),
        right(
            "Slope \u00d7 100 (s.e.)",
            "slope_estimate",
            "slope_std_error",
            show=_slope,
            reason="slope_reason",
        ),
        number("Speed", "speed_estimate", 2, "speed_reason"),
        ends(interval, "speed_conf_low", "speed_conf_high", 2, "speed_reason"),
        right("Half-life", "half_life_estimate", show=years, reason="half_life_reason"),
        right(interval, *life, show=years_interval, reason="half_life_reason"),
        right(
            "Sigma, start \u2192 end",
            "sigma_start_estimate",
            "sigma_end_estimate",
            show=_path,
        ),
        probability("p", "sigma_test_p_value", "sigma_test_reason"),
        right(
            "Moran's I (p)",
            "moran_estimate",
            "moran_p_value",
            show=_moran,
            reason="moran_reason",
        ),
        count("K", "n_controls"),
        count("N", "n_units"),
    )
    # The paper: the primary specification and the first with controls, without periods
    # that are variants.
    rich = [spec["id"] for spec in results.specs() if spec["controls"]]
    means = [spec["id"] for spec in results.specs() if spec["means"]]
    leading = (results.primary()["id"], *rich[:1], *means[:1])
    periods = results.shown("main", "span")
    short = Short(
        lambda row: row["spec_id"] in leading and row["period"] in periods,
        SHORT,
        results.note(LABEL, "K: number of controls.", DESCRIPTIVE),
    )
    return Table.of(columns, rows, note, short)


TABLES = {"T6": t6}


def _row(
    results: StudyResults, spec: Row, own: pd.DataFrame, sigma: pd.DataFrame
) -> Row:
    # Further methods of inference have estimators of their own (ols_...), so that the
    # deciding rows are alone under these keys.
    by_term = {(row["estimator"], row["term"]): row for row in records(own)}
    slope = by_term[PICKED["slope"]]
    period = slope["period"]
    basis = slope["output_basis"]
    controls = slope["controls_id"]
    row = {
        "spec_id": slope["spec_id"],
        "period": period,
        "n_units": slope["n_units"],
        "group": spec_heading(results, spec),
        "basis": basis,
        "controls": controls,
        "label": results.when(slope),
        "n_controls": 0 if controls == "none" else len(controls.split("+")),
    }
    # The ends of the test of dispersion are single years.
    test: Row = {"warning": "no test of dispersion between three-year means"}
    if spec["means"]:
        test = {"warning": "no test of dispersion between groups"}
    elif spec["end_points"] == "end":
        same = {key: slope[key] for key in ("sample_id", "unit_scheme", "period")}
        test = pick(sigma, estimator="sigma_slope_test", **same)
    # One row of the table is eight rows of estimates, each with its reason where blank.
    for name, wanted in PICKED.items():
        row |= cited_numbers(name, by_term.get(wanted, {}))
    return row | cited_numbers("sigma_test", test)


def spec_labels(results: StudyResults) -> dict[str, str]:
    """Return what sets each specification apart, as it stands in a sentence."""
    headings = {spec["id"]: spec_heading(results, spec) for spec in results.specs()}
    return {name: text[:1].lower() + text[1:] for name, text in headings.items()}


def spec_heading(results: StudyResults, spec: Row) -> str:
    """Say what sets a specification apart; its controls where nothing else does."""
    headings = [_heading(results, other) for other in results.specs()]
    own = _heading(results, spec)
    if headings.count(own) < 2 or not spec["controls"]:
        return own
    controls = results.config.controls
    labels = [controls[name].label for name in spec["controls"]]
    return f"{own}, given {in_words(labels)}"


def _heading(results: StudyResults, spec: Row) -> str:
    kind = "Conditional" if spec["controls"] else "Absolute"
    if spec["role"] == "mechanism":
        kind += ", mechanism"
    scheme = spec.get("unit_scheme") or results.main
    parts = [
        "" if spec["sample"] == "all" else results.word(spec["sample"]),
        "three-year means at both ends" if spec["end_points"] == "mean3" else "",
        "" if scheme == results.main else f"unit scheme {scheme}",
        f"means by {spec['means']}" if spec["means"] else "",
    ]
    apart = ", ".join(filter(None, parts))
    return f"{kind}, {apart or 'all ' + results.words['units_name']}"


def _controls_note(results: StudyResults, beta: pd.DataFrame) -> str:
    """Say which controls exist from the first year of each period."""
    rich = [spec["id"] for spec in results.specs() if spec["controls"]]
    rows = beta[beta["spec_id"].isin(rich)]
    parts = []
    for period in results.shown(*SHOWN):
        # Controls enter from the first period that has them, so each period has its own
        # list.
        used = "+".join(only(rows, period=period)["controls_id"]).split("+")
        controls = results.config.controls.items()
        named = [item.label for name, item in controls if name in used]
        if named:
            parts.append(f"{results.period(period)} {in_words(named)}")
    note = (
        "K: controls that exist from the period's first year, over all specifications:"
        f" {'; '.join(parts)}."
    )
    return note if rich else ""


def _moran(value: object, p: object) -> str:
    return "" if is_missing(value) else f"{fixed(value, 2)} ({p_value(p)})"


def _slope(value: Any, error: Any) -> str:
    if is_missing(value):
        return ""
    # A slope is stored per year (such as -0.0092); times 100 keeps its digits.
    return with_error(100 * value, None if is_missing(error) else 100 * error)


def _path(start: object, end: object) -> str:
    if is_missing(start) or is_missing(end):
        return ""
    return f"{fixed(start, 3)} \u2192 {fixed(end, 3)}"

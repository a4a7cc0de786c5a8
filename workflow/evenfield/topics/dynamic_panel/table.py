"""T7: the speed of convergence in the panel, estimator by estimator, from the lower
bound to the context.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    DESCRIPTIVE,
    Row,
    Table,
    cited,
    estimate,
    fixed,
    heading,
    interval,
    is_missing,
    left,
    number,
    only,
    p_value,
    pick,
    probability,
    reason,
    right,
    sample_parts,
    text,
    whole,
    years,
)

ESTIMATORS = {
    "pooled": "Pooled, lower bound",
    "fe": "Fixed effects, upper bound",
    "bc_fe": "Bias-corrected FE, headline",
    "bc_fe_bootstrap_t": "\u2026 interval by bootstrap-t",
    "bc_fe_sandwich": "\u2026 interval by sandwich",
    "bc_fe_constant": "\u2026 one variance for all years",
    "half_panel_jackknife": "Half-panel jackknife",
    "anderson_hsiao": "Anderson-Hsiao",
    "gmm_difference": "Difference GMM",
    "gmm_system": "System GMM",
}
FLAGS = {
    "no_root": "no root",
    "serial:": "serial",
    "requires stationary": "needs stationary start",
    "imprecise": "imprecise near a unit root",
    "context, never": "context only",
    "UNDERPOWERED": "underpowered",
    "instruments not below": "too many instruments",
}
LOST = "the score has no root, so this interval is not defined"
NO_SPEED = (
    "not defined: the root implies no speed of convergence between 0 and 100 % a year"
)
# % a year: past it most of a gap would close within a year.
FASTEST = 100.0


NOTE = """
Log income on its value one span before, with effects of year and, but for the pooled row, of
unit. Speed: minus ln(root) over the span, % a year; {results.level} intervals transform the
interval of the root; p: root = 1.

Pooled and fixed effects bound the speed in long panels; where the headline lies outside them
the heading says so. Headline: the adjusted score with shock variances free by year; interval
by its score test on a grid of roots. Flags: serial, shocks autocorrelated, which biases every
correction; no root, the score does not cross zero; needs stationary start, the jackknife is
right only if units began in their long-run distribution, which a study of convergence cannot
assume; context only, GMM with few units is never read by itself (see the Hansen and AR(2)
p); underpowered, the smallest detectable speed exceeds the one of interest.
"""


def t7(results: StudyResults) -> Table:
    """Return roots and speeds by specification, period and estimator."""
    estimates = results.estimates()
    described = results.description()
    specs = {str(spec["id"]): spec for spec in results.specs()}
    rows: list[Row] = []
    for spec in results.ordered(estimates):
        # Roots of five years and of one are not alike: the heading says the span.
        span = int(specs[spec].get("span") or described.get("step", 1))
        for period in results.shown("span", "main"):
            own = only(estimates, spec_id=spec, period=period)
            if own.empty:
                continue
            first = pick(own, term="log_income_lag")
            basis = first["output_basis"]
            parts = [
                results.when(first),
                "every year" if span == 1 else f"every {span} years",
                *sample_parts(first, results),
            ]
            shared = {
                "group": heading(parts) + _checks(only(own, estimator="bc_fe")),
                "spec_id": spec,
                "period": period,
                "span": span,
                "basis": basis,
            }
            rows += [{**shared, **row} for row in _rows(own)]
    columns = (
        left("Estimator", "label"),
        estimate("Root (s.e.)", "root", "root_se", 3, "reason"),
        right("Speed", "speed", show=_speed, reason="speed_reason"),
        right(
            f"{results.level} interval",
            "speed_low",
            "speed_high",
            show=_speeds,
            reason="interval_reason",
        ),
        probability("p", "p_value", "interval_reason"),
        right("Half-life", "half_life", show=years, paper=False),
        number("Detectable", "mde", 1),
        left("Instruments; p", "instruments", "hansen_p", "ar2_p", show=_instruments),
        left("Flags", "flags", width_cm=3.0),
        right("T", "n_periods", show=whole, paper=False),
        right("N", "n_units", show=whole, paper=False),
    )
    return Table.of(columns, rows, results.note(NOTE, DESCRIPTIVE))


TABLES = {"T7": t7}


def _checks(head: pd.DataFrame) -> str:
    """Say beside the heading what the headline assumes and whether it lies between its
    bounds.
    """
    value_of = dict(zip(head["term"], head["estimate"], strict=True))
    checks = (
        ("residual AR(1) {}", ["residual_ar1_net"], 2),
        (
            "residual s.d. {} then {} pp",
            ["residual_sd_first_half", "residual_sd_second_half"],
            1,
        ),
        (
            "speed from other first years {} to {}",
            ["speed_other_offsets_low", "speed_other_offsets_high"],
            1,
        ),
    )
    parts = []
    for words, terms, decimals in checks:
        values = [fixed(value_of.get(term), decimals) for term in terms]
        if all(values):
            parts.append(words.format(*values))
    # In short windows the bounds can fail to hold: that is printed, not forced.
    if value_of.get("bracket") == 0:
        parts.append("headline outside pooled and FE")
    return f": {', '.join(parts)}" if parts else ""


def _rows(own: pd.DataFrame) -> Iterable[Row]:
    for name, label in ESTIMATORS.items():
        rows = only(own, estimator=name)
        root = pick(rows, term="log_income_lag")
        if not root:
            continue
        speed = pick(rows, term="speed")
        warning = text(speed.get("warning"))
        absent = is_missing(root["estimate"])
        ends = (speed.get("conf_low"), speed.get("conf_high"))
        without = all(map(is_missing, ends))
        why = reason(root["warning"]) if absent else ""
        flags = [] if absent else [FLAGS[key] for key in FLAGS if key in warning]
        yield {
            "estimator": name,
            "label": label,
            "estimate_id": root["estimate_id"],
            "root": root["estimate"],
            "root_se": root["std_error"],
            **cited("speed", speed),
            "speed_low": ends[0],
            "speed_high": ends[1],
            **cited("half_life", pick(rows, term="half_life")),
            # Of rho = 1, which is the same test for root and speed.
            **cited("p_value", speed, "p_value"),
            **cited("mde", speed, "mde"),
            "sesoi": speed.get("sesoi"),
            "hansen_p": pick(rows, term="hansen").get("p_value"),
            "ar2_p": pick(rows, term="serial_2").get("p_value"),
            "instruments": pick(rows, term="instruments").get("estimate"),
            "flags": ", ".join(flags),
            "n_units": root["n_units"],
            "n_periods": root["n_periods"],
            "reason": why,
            # A root of one or more, or near zero, implies no speed that can be read.
            "speed_reason": why or ("" if _speed(speed.get("estimate")) else NO_SPEED),
            "interval_reason": why
            or (LOST if without and "no_root" in warning else ""),
        }


def _speed(value: Any) -> str:
    return "" if is_missing(value) or not 0 < value < FASTEST else fixed(value, 2)


def _speeds(low: Any, high: Any) -> str:
    """Write an interval; an end that no income could follow is unbounded."""
    ends = [
        None if is_missing(end) or abs(end) >= FASTEST else end for end in (low, high)
    ]
    return interval(ends[0], ends[1])


def _instruments(number_of: object, hansen: object, ar2: object) -> str:
    if is_missing(number_of):
        return ""
    tests = [
        f"{name} {p_value(p)}"
        for name, p in (("Hansen", hansen), ("AR(2)", ar2))
        if not is_missing(p)
    ]
    return "; ".join(filter(None, (whole(number_of), ", ".join(tests))))

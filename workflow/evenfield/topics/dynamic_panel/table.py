"""T7: the speed of convergence in the panel, estimator by estimator, from the lower
bound to the context.
"""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import heading, nothing_to_show, sample_parts
from evenfield.shared.tables.notes import DESCRIPTIVE, period_with_basis
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    text,
    whole,
    with_decimals,
    with_error,
    years,
)
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.warnings import reason

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
FASTEST = 100.0


def t7(facts: Facts) -> Table:
    """Return roots and speeds by specification, period and estimator."""
    estimates = facts.estimates()
    described = facts.description()
    spans = {
        str(spec["id"]): int(spec.get("span") or described.get("step", 1))
        for spec in facts.specs()
    }
    rows: list[Row] = []
    for spec in facts.ordered(list(estimates["spec_id"])):
        for period in facts.shown("span", "main"):
            period_rows = only(estimates, spec_id=spec, period=period)
            first = pick(period_rows, term="log_income_lag")
            if not first:
                continue
            basis = first["output_basis"]
            span = "every year" if spans[spec] == 1 else f"every {spans[spec]} years"
            parts = [
                period_with_basis(period, basis, facts.config["periods"]),
                span,
                *sample_parts(first, described),
            ]
            shared = {
                "group": heading(parts) + _checks(period_rows),
                "spec_id": spec,
                "period": period,
                "span": spans[spec],
            }
            rows += [{**shared, "basis": basis, **row} for row in _rows(period_rows)]
    if not rows:
        raise nothing_to_show("rows of the dynamic panel", "dynamic_panel", "T7")
    note = facts.note(
        "Log income on its value one span before, with effects of year and, but for"
        " the pooled row, of unit. Speed: minus ln(root) over the span, % a year;"
        f" {facts.level} intervals transform the interval of the root; p: root = 1.",
        "Pooled and fixed effects bound the speed in long panels; where the headline"
        " lies outside them the heading says so. Headline: the adjusted score with"
        " shock variances free by year; interval by its score test on a grid of roots."
        " Flags: serial, shocks autocorrelated, which biases every correction; no root,"
        " the score does not cross zero; needs stationary start, the jackknife is right"
        " only if units began in their long-run distribution, which a study of"
        " convergence cannot assume; context only, GMM with few units is never read by"
        " itself (Hansen and AR(2) p beside it); underpowered, the smallest speed the"
        " test could see exceeds the one of interest.",
        DESCRIPTIVE,
    )
    columns = (
        Column(names=("label",), header="Estimator"),
        right(
            "Root (s.e.)",
            "root",
            "root_se",
            show=with_decimals(with_error, 3),
            reason="reason",
        ),
        right("Speed", "speed", show=_speed, reason="speed_reason"),
        right(
            f"{facts.level} interval",
            "speed_low",
            "speed_high",
            show=_speeds,
            reason="interval_reason",
        ),
        right("p", "p_value", show=p_value, reason="interval_reason"),
        right("Half-life", "half_life", show=years),
        right("Detectable", "mde", show=with_decimals(fixed, 1)),
        Column(
            names=("instruments", "hansen_p", "ar2_p"),
            header="Instruments; p",
            show=_instruments,
        ),
        Column(names=("flags",), header="Flags", width_cm=3.0),
        right("T", "n_periods", show=whole),
        right("N", "n_units", show=whole),
    )
    return Table(
        id="T7", note=note, columns=columns, frame=pd.DataFrame(rows), group="group"
    )


TABLES = {"T7": t7}


def _checks(period_rows: pd.DataFrame) -> str:
    """Say beside the heading what the headline assumes and whether it lies between its
    bounds.
    """
    head = only(period_rows, estimator="bc_fe")

    def values_of(*terms: str) -> list[Any]:
        values = [pick(head, term=term).get("estimate") for term in terms]
        return [] if any(is_missing(value) for value in values) else values

    parts = [
        f"residual AR(1) {fixed(value, 2)}" for value in values_of("residual_ar1_net")
    ]
    if halves := values_of("residual_sd_first_half", "residual_sd_second_half"):
        parts.append(
            f"residual s.d. {' then '.join(fixed(value, 1) for value in halves)} pp"
        )
    if others := values_of("speed_other_offsets_low", "speed_other_offsets_high"):
        parts.append(
            "speed from other first years"
            f" {' to '.join(fixed(value, 1) for value in others)}"
        )
    parts += ["headline outside pooled and FE"] if values_of("bracket") == [0] else []
    return f": {', '.join(parts)}" if parts else ""


def _rows(period_rows: pd.DataFrame) -> Iterable[Row]:
    for name, label in ESTIMATORS.items():
        own = only(period_rows, estimator=name)
        root, speed, life = (
            pick(own, term=term) for term in ("log_income_lag", "speed", "half_life")
        )
        if not root:
            continue
        hansen, serial, instruments = (
            pick(own, term=term) for term in ("hansen", "serial_2", "instruments")
        )
        warning = text(speed.get("warning"))
        lost = is_missing(root["estimate"])
        without = is_missing(speed.get("conf_low")) and is_missing(
            speed.get("conf_high")
        )
        why = reason(root["warning"]) if lost else ""
        yield {
            "estimator": name,
            "label": label,
            "root": root["estimate"],
            "root_se": root["std_error"],
            "speed": speed.get("estimate"),
            "speed_low": speed.get("conf_low"),
            "speed_high": speed.get("conf_high"),
            "half_life": life.get("estimate"),
            "p_value": speed.get("p_value"),
            "mde": speed.get("mde"),
            "sesoi": speed.get("sesoi"),
            "hansen_p": hansen.get("p_value"),
            "ar2_p": serial.get("p_value"),
            "instruments": instruments.get("estimate"),
            "flags": (
                ""
                if lost
                else ", ".join(word for key, word in FLAGS.items() if key in warning)
            ),
            "n_units": root["n_units"],
            "n_periods": root["n_periods"],
            "reason": why,
            "speed_reason": (
                why or (NO_SPEED if not _speed(speed.get("estimate")) else "")
            ),
            "interval_reason": (
                why or (LOST if without and "no_root" in warning else "")
            ),
        }


def _speed(value: Any) -> str:
    return "" if is_missing(value) or not 0 < value < FASTEST else fixed(value, 2)


def _speeds(low: Any, high: Any) -> str:
    ends = [
        None if is_missing(end) or abs(end) >= FASTEST else end for end in (low, high)
    ]
    return interval(ends[0], ends[1])


def _instruments(count: Any, hansen: Any, ar2: Any) -> str:
    if is_missing(count):
        return ""
    tests = [
        f"{name} {p_value(p)}"
        for name, p in (("Hansen", hansen), ("AR(2)", ar2))
        if not is_missing(p)
    ]
    return "; ".join([whole(count), *([", ".join(tests)] if tests else [])])

"""T7: the speed of convergence in the panel, estimator by estimator, from the lower bound to the context."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import heading, nothing_to_show, ordered_specs, sample_parts
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, text, whole, with_error, years
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Table
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
    "no_root": "no root", "serial:": "serial", "requires stationary": "needs stationary start",
    "imprecise": "imprecise near a unit root", "context, never": "context only", "UNDERPOWERED": "underpowered",
    "instruments not below": "too many instruments",
}  # fmt: skip
LAG, LOST = "log_income_lag", "the score has no root, so this interval is not defined"


def tabulate_dynamic(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    shown: Sequence[str],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange roots and speeds by specification, period and estimator."""
    rows: list[Row] = []
    for spec in ordered_specs(list(estimates["spec_id"]), specs):
        span = next(int(item.get("span", description.get("step", 1))) for item in specs if str(item["id"]) == spec)
        for period in shown:
            mine = only(estimates, spec_id=spec, period=period)
            first = pick(mine, term=LAG)
            if not first:
                continue
            parts = [period_with_basis(period, first["output_basis"], periods), _span(span),
                     *sample_parts(first, description)]  # fmt: skip
            shared = {"group": heading(parts) + _checks(mine), "spec_id": spec, "period": period, "span": span,
                      "basis": first["output_basis"]}  # fmt: skip
            rows += [{**shared, **row} for row in _rows(mine)]
    if not rows:
        raise nothing_to_show("rows of the dynamic panel", "dynamic", "T7")
    level = f"{inference['conf_level']:.0%}"
    note = (
        sample_note(description, study),
        "Log income on its value one span before, with effects of year and, but for the pooled row, of unit. Speed: "
        f"minus ln(root) over the span, % a year; {level} intervals transform the interval of the root; p: root = 1.",
        "Pooled and fixed effects bound the speed in long panels; where the headline lies outside them the heading "
        "says so. Headline: the adjusted score with shock variances free by year; interval by its score test on a grid "
        "of roots. Flags: serial, shocks autocorrelated, which biases every correction; no root, the score does not "
        "cross zero; needs stationary start, the jackknife is right only if units began in their long-run "
        "distribution, which a study of convergence cannot assume; context only, GMM with few units is never read by "
        "itself (Hansen and AR(2) p beside it); underpowered, the smallest speed the test could see exceeds the "
        "one of interest.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description, inference["seed"]),
    )
    return Table(id="T7", title="Speed of convergence in the panel", note=note, columns=_columns(level),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _span(span: int) -> str:
    return "every year" if span == 1 else f"every {span} years"


def _checks(mine: pd.DataFrame) -> str:
    head = only(mine, estimator="bc_fe")
    net, halves = pick(head, term="residual_ar1_net"), [pick(head, term=f"residual_sd_{half}_half")
                                                        for half in ("first", "second")]  # fmt: skip
    others = [pick(head, term=f"speed_other_offsets_{end}") for end in ("low", "high")]
    told = [f"residual AR(1) {fixed(net['estimate'], 2)}"] if not is_missing(net.get("estimate")) else []
    if all(not is_missing(half.get("estimate")) for half in halves):
        told.append(f"residual s.d. {' then '.join(fixed(half['estimate'], 1) for half in halves)} pp")
    if all(not is_missing(end.get("estimate")) for end in others):
        told.append(f"speed from other first years {' to '.join(fixed(end['estimate'], 1) for end in others)}")
    if pick(head, term="bracket").get("estimate") == 0:
        told.append("headline outside pooled and FE")
    return f": {', '.join(told)}" if told else ""


def _rows(mine: pd.DataFrame) -> Iterable[Row]:
    for name, label in ESTIMATORS.items():
        own = only(mine, estimator=name)
        root, speed, life = (pick(own, term=term) for term in (LAG, "speed", "half_life"))
        if not root:
            continue
        tests = {key: pick(own, term=term) for key, term in
                 (("hansen", "hansen"), ("ar2", "serial_2"), ("instruments", "instruments"))}  # fmt: skip
        warning = text(speed.get("warning"))
        lost = is_missing(root["estimate"])
        without = is_missing(speed.get("conf_low")) and is_missing(speed.get("conf_high"))
        yield {
            "estimator": name, "label": label, "root": root["estimate"], "root_se": root["std_error"],
            "speed": speed.get("estimate"), "speed_low": speed.get("conf_low"), "speed_high": speed.get("conf_high"),
            "half_life": life.get("estimate"), "p_value": speed.get("p_value"), "mde": speed.get("mde"),
            "sesoi": speed.get("sesoi"), "hansen_p": tests["hansen"].get("p_value"),
            "ar2_p": tests["ar2"].get("p_value"), "instruments": tests["instruments"].get("estimate"),
            "flags": "" if lost else ", ".join(word for key, word in FLAGS.items() if key in warning),
            "n_units": root["n_units"], "n_periods": root["n_periods"],
            "reason": reason(root["warning"]) if lost else "",
            "interval_reason": reason(root["warning"]) if lost else LOST if without and "no_root" in warning else "",
        }  # fmt: skip


def _instruments(count: Any, hansen: Any, ar2: Any) -> str:
    if is_missing(count):
        return ""
    tests = [f"{name} {p_value(p)}" for name, p in (("Hansen", hansen), ("AR(2)", ar2)) if not is_missing(p)]
    return f"{whole(count)}{'; ' if tests else ''}{', '.join(tests)}"


def _columns(level: str) -> tuple[Column, ...]:
    return (
        Column(names=("label",), header="Estimator"),
        Column(names=("root", "root_se"), header="Root (s.e.)", align="right", show=places(with_error, 3),
               reason="reason"),
        Column(names=("speed",), header="Speed", align="right", show=places(fixed, 2), reason="reason"),
        Column(names=("speed_low", "speed_high"), header=f"{level} interval", align="right", show=places(interval, 2),
               reason="interval_reason"),
        Column(names=("p_value",), header="p", align="right", show=p_value, reason="interval_reason"),
        Column(names=("half_life",), header="Half-life", align="right", show=years),
        Column(names=("mde",), header="Detectable", align="right", show=places(fixed, 1)),
        Column(names=("instruments", "hansen_p", "ar2_p"), header="Instruments; p", show=_instruments),
        Column(names=("flags",), header="Flags", width_cm=3.0),
        Column(names=("n_periods",), header="T", align="right", show=whole),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip

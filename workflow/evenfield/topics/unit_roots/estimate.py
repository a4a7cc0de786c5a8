"""Dependence between units and unit roots in time and space, with the written rule that
turns them into defaults.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.numerics import unit_roots
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.unit_roots import cips_test
from evenfield.shared.estimates import Estimate
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.settings import SchemeInfo
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import Trajectories, aligned, span_labels, whole_span
from evenfield.study.study import Study
from evenfield.topics.unit_roots.estimate_space import space_rows

KINDS = {
    name: Kind(name, name, "stat", "standard normal")
    for name in ("cd", "cdw", "cdw_plus")
}
KINDS |= {
    name: Kind("exponent", name, "stat", "exponent")
    for name in ("alpha_of_means", "alpha_of_residuals")
}
KINDS |= {"cips": Kind("cips", "cips", "stat", "average t-ratio")}
SERIES = [
    "spec_id",
    "sample_id",
    "unit_scheme",
    "kind",
    "scope",
    "check",
    "variable",
    "statistic",
    "p_value",
    "low",
]
SERIES += ["high", "rule", "decision"]
KEY = ["spec_id", "unit_scheme", "kind", "rule", "check", "variable", "scope"]
MOST_DRAWS = 4999
STRONG = 0.75
# ASSUME: an exponent of dependence of .75 or more counts as strong; below it,
# dependence that year effects leave is treated as spatial. Without any dependence the
# exponent of residuals is .5.
RULE = {
    "R1": (
        "If CIPS about a trend rejects unit roots in log income, models in levels may"
        " carry unit-specific trends; otherwise (or where it is not defined) models are"
        " estimated in differences, that is growth."
    ),
    "R2": (
        "If CDw+ does not reject for growth less year means, year effects are enough."
        f" If it rejects and the exponent of what is left is below {STRONG:g}, errors"
        " are treated as spatially dependent. If it rejects and the exponent is"
        f" {STRONG:g} or more, common factors with unit-specific loadings come before"
        " any spatial model."
    ),
    "R3": (
        "If LFUR rejects a spatial unit root in the growth of a period, spatially"
        " robust inference is read as it is; otherwise (or where it is not defined)"
        " estimates on spatially differenced data stand beside it."
    ),
}


class UnitRootsSpec(UnitsSpec):
    """One specification of the tests for dependence and unit roots."""

    lags: int | None = Field(
        None, ge=0, description="Lagged differences, by length when absent."
    )
    size: float = Field(0.05, gt=0, lt=1, description="Level of the rule.")


Section = list[UnitRootsSpec]


def look(study: Study, _: Section, spec: UnitRootsSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    whole_span(study, spec, f"estimates.unit_roots.{spec.id}")


def estimate(study: Study) -> Results:
    """Test for dependence and unit roots in every specification and apply the rule."""
    out = Results()
    inference = study.config["inference"]
    parts = []
    fits = []
    for spec in read(Section, study.config, "unit_roots"):
        made = [*_over_time(study, spec), *space_rows(study, spec)]
        decided = decisions(made, spec.size)
        labels = {
            "spec_id": spec.id,
            "sample_id": spec.sample,
            "unit_scheme": spec.unit_scheme,
        }
        lines = [{"kind": "check", **_check(row)} for row in made]
        lines += [
            {"kind": "decision", "check": "", "variable": "", **item}
            for item in decided
        ]
        parts.append(pd.DataFrame(lines, columns=SERIES).assign(**labels))
        fits.append({**labels, "size": spec.size, "decisions": decided})
        out.estimates += made
    out.series["series"] = pd.concat(parts).sort_values(KEY, ignore_index=True)
    out.fit = {
        "rule": RULE,
        "seed": inference["seed"],
        "draws": inference["permutations"],
        "specs": fits,
    }
    return out


def _over_time(study: Study, spec: UnitRootsSpec) -> list[Estimate]:
    where = f"estimates.unit_roots.{spec.id}"
    income, info = whole_span(study, spec, where)
    growth = aligned(whole_span(study, spec, where, "growth_pct")[0], income.units)
    made = []
    inference = study.config["inference"]
    for part in income.segments():
        # Growth over the span of log income, so that both are named after the same
        # years.
        own = growth.between(int(part.years[0]), int(part.years[-1]))
        if len(own.years):
            made += _dependence(own, spec, info, inference) + _unit_roots(
                own, "growth", spec, info, inference
            )
        made += _unit_roots(part, "log_income", spec, info, inference)
    return made


def _dependence(
    data: Trajectories, spec: UnitRootsSpec, info: SchemeInfo, inference: Any
) -> list[Estimate]:
    labels, note = span_labels("unit_roots", spec, data, info)
    rows = Rows(KINDS, spec.role, note, **labels, outcome="growth")
    stem = f"preflight:{spec.id}:{spec.unit_scheme}:{spec.sample}:{data.label}"
    raw = data.values
    left = data.values - data.values.mean(axis=0)

    def add(name: str, test: Callable[[], Any], **said: str) -> None:
        try:
            found = test()
        except NumericsError as error:
            return rows.undefined([name], error, **said)
        if "role" not in said:
            return rows.add(name, **said, estimate=found)
        numbers = {
            "estimate": found.statistic,
            "statistic": found.statistic,
            "p_value": found.p_value,
        }
        return rows.add(name, **said, **numbers, p_type="normal, two-sided")

    def draws() -> np.random.Generator:
        return generator_for(inference["seed"], f"{stem}:cdw")

    after = {"fe_id": "year", "role": spec.role, "seed": f"{inference['seed']}:{stem}"}
    add("cd", lambda: unit_roots.cd_test(raw), role=spec.role)
    add("alpha_of_means", lambda: unit_roots.exponent_of_means(raw))
    add("cdw", lambda: unit_roots.weighted_cd_test(left, draws()), **after)
    add("cdw_plus", lambda: unit_roots.enhanced_cd_test(left, draws()), **after)
    add(
        "alpha_of_residuals",
        lambda: unit_roots.exponent_of_residuals(left),
        fe_id="year",
    )
    return rows.made


def default_lags(dates: int) -> int:
    """Return the number of lagged differences for a series of given length."""
    return int(4 * (dates / 100) ** 0.25)


def _unit_roots(
    data: Trajectories,
    outcome: str,
    spec: UnitRootsSpec,
    info: SchemeInfo,
    inference: Any,
) -> list[Estimate]:
    labels, note = span_labels("unit_roots", spec, data, info)
    terms = "trend" if outcome == "log_income" else "constant"
    lags = default_lags(len(data.years)) if spec.lags is None else spec.lags
    draws = min(inference["permutations"], MOST_DRAWS)
    draw_id = f"preflight:{spec.id}:{spec.unit_scheme}:{spec.sample}:{data.label}:{outcome}:cips"
    rows = Rows(
        KINDS,
        spec.role,
        note,
        **labels,
        outcome=outcome,
        controls_id=f"{terms}, {lags} lags",
    )
    said = {"role": spec.role, "seed": f"{inference['seed']}:{draw_id}"}
    try:
        if not data.evenly_spaced:
            raise NumericsError("the dates are not equally spaced")
        found = cips_test(
            data.values, lags, terms, generator_for(inference["seed"], draw_id), draws
        )
    except NumericsError as error:
        rows.undefined(["cips"], error, **said)
        return rows.made
    said["p_type"] = f"simulated at the same size, one-sided, {draws} draws"
    numbers = {
        "estimate": found.statistic,
        "statistic": found.statistic,
        "p_value": found.p_value,
    }
    rows.add("cips", f"5 percent point {found.critical_value:.3g}", **said, **numbers)
    return rows.made


def decisions(rows: Sequence[Estimate], size: float) -> list[dict[str, str]]:
    """Apply the rule to the tests of one specification."""
    strength = {
        (row.outcome, row.period): row.estimate
        for row in rows
        if row.term == "alpha_of_residuals"
    }
    out = []
    for row in rows:
        rejected = row.p_value < size
        if (row.estimator, row.outcome) == ("cips", "log_income"):
            word = (
                "R1",
                "levels with unit-specific trends" if rejected else "differences",
            )
        elif row.estimator == "cdw_plus":
            strong = strength[row.outcome, row.period] >= STRONG
            left = (
                "common factors before spatial models"
                if strong
                else "spatially dependent errors"
            )
            word = (
                "R2",
                (
                    left
                    if rejected
                    else (
                        "year effects are enough"
                        if row.p_value >= size
                        else "not defined"
                    )
                ),
            )
        elif (row.estimator, row.outcome) == ("lfur", "growth"):
            word = (
                "R3",
                (
                    "spatially robust inference as it is"
                    if rejected
                    else "spatial differences beside"
                ),
            )
        else:
            continue
        out.append({"rule": word[0], "scope": row.period, "decision": word[1]})
    return sorted(out, key=lambda item: (item["rule"], item["scope"]))


def _check(row: Estimate) -> dict[str, Any]:
    variable = f"{row.outcome} less year means" if row.fe_id else row.outcome
    numbers = {
        "statistic": row.estimate,
        "p_value": row.p_value,
        "low": row.conf_low,
        "high": row.conf_high,
    }
    return {
        "scope": row.period,
        "check": row.term,
        "variable": variable,
        "rule": "",
        "decision": "",
        **numbers,
    }

"""Pre-flight over time: dependence between units, its strength, and unit roots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evenfield.numerics.cross_dependence import (
    DependenceTest,
    cd_test,
    enhanced_cd_test,
    exponent_of_means,
    exponent_of_residuals,
    weighted_cd_test,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.unit_roots import cips_test
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import joined, not_defined
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.trajectories import Trajectories, span_labels
from evenfield.topics.unit_roots.estimate_spec import PreflightSpec

YEAR_EFFECTS = "year"
GROWTH, INCOME = "growth", "log_income"
MOST_DRAWS = 4999


def dependence_rows(
    growth: Trajectories, spec: PreflightSpec, scheme: SchemeInfo, inference: InferenceSpec
) -> list[Estimate]:
    """Measure how growth depends between units, before and after year effects."""
    base, note = span_labels("preflight", spec, growth, scheme)
    base = {**base, "outcome": GROWTH, "role": spec.role, "effect_type": "stat"}
    stem = f"preflight:{spec.id}:{spec.unit_scheme}:{spec.sample}:{growth.label}"
    raw, left = growth.values, growth.values - growth.values.mean(axis=0)

    def draw(what: str) -> np.random.Generator:
        return generator_for(inference.seed, f"{stem}:{what}")

    after = {**base, "fe_id": YEAR_EFFECTS, "seed": f"{inference.seed}:{stem}"}
    return [
        _tested({**base, "estimator": "cd", "term": "cd"}, note, lambda: cd_test(raw)),
        _valued({**base, "estimator": "exponent", "term": "alpha_of_means"}, note, lambda: exponent_of_means(raw)),
        _tested({**after, "estimator": "cdw", "term": "cdw"}, note, lambda: weighted_cd_test(left, draw("cdw"))),
        _tested({**after, "estimator": "cdw_plus", "term": "cdw_plus"}, note,
                lambda: enhanced_cd_test(left, draw("cdw"))),
        _valued({**base, "fe_id": YEAR_EFFECTS, "estimator": "exponent", "term": "alpha_of_residuals"}, note,
                lambda: exponent_of_residuals(left)),
    ]  # fmt: skip


def _tested(labels: dict[str, Any], note: str, test: Callable[[], DependenceTest]) -> Estimate:
    labels = {**labels, "unit_of_measure": "standard normal"}
    try:
        found = test()
    except NumericsError as error:
        return not_defined([labels], note, error)[0]
    return Estimate(**labels, estimate=found.statistic, statistic=found.statistic, p_value=found.p_value,
                    p_type="normal, two-sided", warning=note)  # fmt: skip


def _valued(labels: dict[str, Any], note: str, value: Callable[[], float]) -> Estimate:
    labels = {**labels, "unit_of_measure": "exponent", "role": "description"}
    try:
        return Estimate(**labels, estimate=value(), warning=note)
    except NumericsError as error:
        return not_defined([labels], note, error)[0]


def default_lags(dates: int) -> int:
    """Return the number of lagged differences for a series of given length."""
    return int(4 * (dates / 100) ** 0.25)


def unit_root_rows(
    data: Trajectories, outcome: str, spec: PreflightSpec, scheme: SchemeInfo, inference: InferenceSpec
) -> list[Estimate]:
    """Test for unit roots in a span."""
    base, note = span_labels("preflight", spec, data, scheme)
    terms = "trend" if outcome == INCOME else "constant"
    lags = default_lags(len(data.years)) if spec.lags is None else spec.lags
    draws = min(inference.permutations, MOST_DRAWS)
    draw_id = f"preflight:{spec.id}:{spec.unit_scheme}:{spec.sample}:{data.label}:{outcome}:cips"
    labels = {**base, "outcome": outcome, "estimator": "cips", "term": "cips", "effect_type": "stat",
              "role": spec.role, "controls_id": f"{terms}, {lags} lags", "unit_of_measure": "average t-ratio",
              "seed": f"{inference.seed}:{draw_id}"}  # fmt: skip
    try:
        if not data.evenly_spaced:
            raise NumericsError("the dates are not equally spaced")
        rng = generator_for(inference.seed, draw_id)
        found = cips_test(data.values, lags, terms, rng, draws)
    except NumericsError as error:
        return not_defined([labels], note, error)
    words = f"5 percent point {found.critical_value:.3g}"
    return [Estimate(**labels, estimate=found.statistic, statistic=found.statistic, p_value=found.p_value,
                     p_type=f"simulated at the same size, one-sided, {draws} draws",
                     warning=joined(note, words))]  # fmt: skip

"""The convergence clock: the speed of convergence in rolling windows, with a pointwise and a sup-t band."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.convergence import UNBOUNDED, Bounds, half_life, speed_bounds, speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference, t_quantile
from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling import WindowFit, fit_windows, sup_t_critical_value, sup_t_draws, window_ends
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import basis_warning, joined, not_defined
from evenfield.shared.settings import InferenceSpec, SchemeInfo
from evenfield.shared.trajectories import Trajectories, span_labels
from evenfield.topics.rolling.estimate_spec import ClockSpec

CLOCK_SERIES = (
    "spec_id", "sample_id", "unit_scheme", "kind", "span", "start_year", "end_year", "basis", "n_units", "slope",
    "speed", "pointwise_low", "pointwise_high", "band_low", "band_high", "half_life", "fitted_start", "fitted_end",
    "wald", "note",
)  # fmt: skip


def window_rows(
    data: Trajectories, span: int, spec: ClockSpec, scheme: SchemeInfo, inference: InferenceSpec
) -> tuple[list[Estimate], pd.DataFrame]:
    """Estimate the speed of convergence in all windows of one length."""
    base, note = span_labels("clock", spec, data, scheme)
    base = {**base, "outcome": "growth", "conf_level": inference.conf_level}
    draw_id = f"clock:{spec.id}:{spec.unit_scheme}:{spec.sample}:{span}:sup_t"
    band = {**base, "estimator": "rolling_sup_t", "term": "critical_value", "contrast": f"{span} years",
            "effect_type": "stat", "role": "description", "unit_of_measure": "standard errors",
            "seed": f"{inference.seed}:{draw_id}"}  # fmt: skip
    ends = window_ends(data.years, span)
    try:
        if not ends:
            raise NumericsError(f"no two dates are {span} years apart")
        fit = _fit(data, ends, span)
        largest = sup_t_draws(fit, generator_for(inference.seed, draw_id), inference.permutations)
    except NumericsError as error:
        return not_defined([band], note, error), pd.DataFrame(columns=list(CLOCK_SERIES))
    critical = sup_t_critical_value(largest, inference.conf_level)
    rows, lines = [Estimate(**band, estimate=critical, warning=note)], []
    for s, (i, j) in enumerate(ends):
        years = (int(data.years[i]), int(data.years[j]))
        window = _Window(fit, s, span, years, data.basis_between(*years))
        rows.append(_row(window, base, spec, scheme, largest))
        lines.append(_line(window, spec, critical, inference.conf_level))
    return rows, pd.DataFrame(lines, columns=list(CLOCK_SERIES))


def _fit(data: Trajectories, ends: list[tuple[int, int]], span: int) -> WindowFit:
    first, last = (data.values[:, [pair[k] for pair in ends]] for k in (0, 1))
    return fit_windows((last - first) / span, first)


class _Window:
    """One window of a fit: its numbers and its years."""

    def __init__(self, fit: WindowFit, s: int, span: int, years: tuple[int, int], basis: str) -> None:
        self.slope, self.error = float(fit.slope[s]), float(fit.std_error[s])
        self.df, self.span, self.years, self.basis, self.n_units = fit.df, span, years, basis, len(fit.pull)

    def bounds(self, multiple: float) -> Bounds:
        """Transform slope -/+ multiple standard errors into speeds."""
        half = multiple * self.error
        return speed_bounds(self.slope - half, self.slope + half, self.span)


def _words(window: _Window, bounds: Bounds) -> str:
    speed = speed_from_slope(window.slope, window.span)
    if not np.isfinite(speed):
        return "speed not defined: 1 + bT is not positive"
    unbounded = "half-life unbounded" if bounds.low <= 0 or np.isnan(bounds.low) else ""
    return joined("speed unbounded above" if bounds.note == UNBOUNDED else "", unbounded)


def _row(window: _Window, base: dict[str, Any], spec: ClockSpec, scheme: SchemeInfo, largest: np.ndarray) -> Estimate:
    test = t_inference(window.slope, window.error, window.df, base["conf_level"])
    bounds = window.bounds(t_quantile(0.5 + test.level / 2, test.df))
    labels = {
        **base, "estimator": "rolling_ols", "term": "speed", "effect_type": "lambda", "role": spec.role,
        "period": f"{window.years[0]}-{window.years[1]}", "unit_of_measure": "% per year", "output_basis": window.basis,
        "n_obs": window.n_units, "n_periods": 2,
    }  # fmt: skip
    return Estimate(
        **labels, estimate=100 * speed_from_slope(window.slope, window.span), conf_low=100 * bounds.low,
        conf_high=100 * bounds.high, df=test.df, statistic=test.statistic, p_value=test.p_value,
        p_adjusted=float((1 + (largest >= abs(test.statistic)).sum()) / (1 + len(largest))),
        se_type="HC3 interval of the slope, transformed",
        p_type="t of the slope, two-sided; adjusted over all windows by the sup-t bootstrap",
        warning=joined(basis_warning(window.basis, scheme.first_official), _words(window, bounds)),
    )  # fmt: skip


def _line(window: _Window, spec: ClockSpec, critical: float, level: float) -> dict[str, Any]:
    point, band = window.bounds(t_quantile(0.5 + level / 2, window.df)), window.bounds(critical)
    speed = speed_from_slope(window.slope, window.span)
    return {
        "spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme, "kind": "window",
        "span": window.span, "start_year": window.years[0], "end_year": window.years[1], "basis": window.basis,
        "n_units": window.n_units, "slope": window.slope, "speed": 100 * speed, "pointwise_low": 100 * point.low,
        "pointwise_high": 100 * point.high, "band_low": 100 * band.low, "band_high": 100 * band.high,
        "half_life": half_life(speed), "fitted_start": NAN, "fitted_end": NAN, "wald": NAN,
        "note": _words(window, band),
    }  # fmt: skip

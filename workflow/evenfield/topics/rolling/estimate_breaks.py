"""Did convergence change: speeds of the main periods compared, one break in the yearly slope, breaks of sigma."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.breaks import BreakFit, SlopeBreak, least_squares_breaks, slope_break_test
from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.dispersion import sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling import SpeedContrasts, fit_windows, speed_contrasts
from evenfield.numerics.weak_sigma import weak_sigma_test
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import MIN_UNITS, inference_fields, joined, not_defined
from evenfield.shared.settings import InferenceSpec
from evenfield.shared.trajectories import Trajectories
from evenfield.study.rounding import round_results
from evenfield.topics.rolling.cross_section import CrossSection
from evenfield.topics.rolling.estimate_spec import ClockSpec
from evenfield.topics.rolling.estimate_windows import CLOCK_SERIES

FEWEST_SEGMENT = 5
MOST_VARIANCE_DRAWS = 1999
CONSTANT_VARIANCE = "panels of constant variance, one-sided (falling), largest over their persistence"
DESCRIBED = "description: sigma is persistent, no test is attached"


def draw_name(base: dict[str, Any], what: str) -> str:
    """Return the name of a random stream of this family."""
    return f"clock:{base['spec_id']}:{base['unit_scheme']}:{base['sample_id']}:{base['period']}:{what}"


def contrast_rows(
    sections: Sequence[CrossSection], base: dict[str, Any], role: str, inference: InferenceSpec
) -> list[Estimate]:
    """Compare the speed of each main period with that of the first."""
    names = [section.period for section in sections]
    base = {**base, "period": "+".join(names), "n_periods": len(names), "outcome": "growth"}
    joint = {**base, "estimator": "period_contrast_wald", "term": "speeds_equal", "effect_type": "stat", "role": role,
             "unit_of_measure": "F"}  # fmt: skip
    pair = {**base, "estimator": "period_contrast", "term": "speed", "effect_type": "lambda", "role": role,
            "unit_of_measure": "% per year"}  # fmt: skip
    pairs = [{**pair, "contrast": f"{name} - {names[0]}"} for name in names[1:]]
    note = joined(*dict.fromkeys(section.note for section in sections))
    draw_id = draw_name(base, "contrasts")
    try:
        found = _contrasts(sections, draw_id, inference)
    except NumericsError as error:
        return not_defined([*pairs, joint], note, error)
    seed = f"{inference.seed}:{draw_id}"
    lost = f"{found.draws_left_out} draws without a speed" if found.draws_left_out else ""
    rows = [
        Estimate(**{**labels, **inference_fields(test, 100.0), "p_value": float(p)},
                 se_type="HC3 joint over periods, delta", p_type="wild bootstrap-t by unit, two-sided",
                 seed=seed, warning=joined(note, lost))
        for labels, test, p in zip(pairs, found.contrasts, found.p_bootstrap, strict=True)
    ]  # fmt: skip
    return [*rows, Estimate(**joint, estimate=found.wald, statistic=found.wald, df=len(pairs), p_value=found.wald_p,
                            p_type="wild bootstrap by unit", seed=seed, warning=joined(note, lost))]  # fmt: skip


def _contrasts(sections: Sequence[CrossSection], draw_id: str, inference: InferenceSpec) -> SpeedContrasts:
    if len(sections) < 2:
        raise NumericsError(f"{len(sections)} main periods, a comparison needs two")
    frames = [section.rows.set_index("unit") for section in sections]
    units = frames[0].index
    y, X = (
        np.column_stack([frame.loc[units, name].to_numpy(float) for frame in frames]) for name in ("growth", "start")
    )
    years = np.array([section.years for section in sections])
    rng = generator_for(inference.seed, draw_id)
    return speed_contrasts(fit_windows(y, X), years, rng, inference.permutations, inference.conf_level)


def slope_break_rows(
    data: Trajectories, spec: ClockSpec, base: dict[str, Any], note: str, inference: InferenceSpec
) -> tuple[list[Estimate], pd.DataFrame]:
    """Test for one break in the yearly slope of growth on income, year effects taken out."""
    draw_id = draw_name(base, "slope_break")
    labels = {**base, "estimator": "slope_break", "outcome": "growth", "role": spec.role}
    wald = {**labels, "term": "sup_wald", "effect_type": "stat", "unit_of_measure": "chi-squared",
            "seed": f"{inference.seed}:{draw_id}"}  # fmt: skip
    try:
        if not data.evenly_spaced:
            raise NumericsError("the dates are not equally spaced")
        if len(data.units) < MIN_UNITS:
            raise NumericsError(f"{len(data.units)} units, a regression needs at least {MIN_UNITS}")
        step = int(data.years[1] - data.years[0]) if len(data.years) > 1 else 1
        growth = np.diff(data.values, axis=1) / step
        rng = generator_for(inference.seed, draw_id)
        found = slope_break_test(data.values[:, :-1], growth, rng, inference.permutations, spec.trim)
    except NumericsError as error:
        return not_defined([wald], note, error), pd.DataFrame(columns=list(CLOCK_SERIES))
    year = int(data.years[found.last + 1])
    rows = [Estimate(**wald, contrast=f"break after {year}", estimate=found.statistic, statistic=found.statistic,
                     p_value=found.p_value, p_type="fixed-regressor wild bootstrap by unit, largest over dates",
                     warning=note), *_side_rows(found, labels, year, step, note)]  # fmt: skip
    return rows, _path(found, data, spec)


def _side_rows(found: SlopeBreak, labels: dict[str, Any], year: int, step: int, note: str) -> list[Estimate]:
    shared = {**labels, "role": "description", "effect_type": "lambda", "unit_of_measure": "% per year"}
    words = "the date was chosen by the data"
    return [
        Estimate(**shared, term=f"speed_{side}", contrast=f"break after {year}",
                 estimate=100 * speed_from_slope(slope, step), warning=joined(note, words))
        for side, slope in (("before", found.before), ("after", found.after))
    ]  # fmt: skip


def _path(found: SlopeBreak, data: Trajectories, spec: ClockSpec) -> pd.DataFrame:
    frame = pd.DataFrame({"start_year": data.years[:-1], "end_year": data.years[1:], "wald": found.wald})
    frame = frame.assign(spec_id=spec.id, sample_id=spec.sample, unit_scheme=spec.unit_scheme, kind="slope_break",
                         n_units=len(data.units), note="", basis="")  # fmt: skip
    return frame.dropna(subset="wald").reindex(columns=list(CLOCK_SERIES))


def weak_sigma_rows(
    data: Trajectories, base: dict[str, Any], role: str, note: str, inference: InferenceSpec
) -> tuple[list[Estimate], dict[str, Any]]:
    """Ask whether the cross-section variance falls more than a persistent panel of constant variance would make it."""
    draw_id = draw_name(base, "weak_sigma")
    labels = {**base, "estimator": "weak_sigma", "term": "variance_slope", "outcome": "log_income", "role": role,
              "unit_of_measure": "squared log points per year", "seed": f"{inference.seed}:{draw_id}"}  # fmt: skip
    try:
        if not data.evenly_spaced:
            raise NumericsError("the dates are not equally spaced")
        draws = min(inference.permutations, MOST_VARIANCE_DRAWS)
        found = weak_sigma_test(data.values, generator_for(inference.seed, draw_id), draws)
    except NumericsError as error:
        return not_defined([labels], note, error), {}
    step = int(data.years[1] - data.years[0])
    row = Estimate(**labels, estimate=found.slope / step, std_error=found.std_error / step,
                   p_value=found.p_constant_variance, se_type="fixed-b, Bartlett, a tenth of the length",
                   p_type=CONSTANT_VARIANCE, warning=note)  # fmt: skip
    summary = {"period": data.label, "persistence": _rounded(found.persistence), "ratio": _rounded(found.statistic),
               "p_if_variance_were_stationary": _rounded(found.p_fixed_b)}  # fmt: skip
    return [row], summary


def sigma_break_rows(
    data: Trajectories, spec: ClockSpec, base: dict[str, Any], note: str
) -> tuple[list[Estimate], pd.DataFrame, dict[str, Any]]:
    """Date the breaks in the level and trend of sigma by least squares, as description."""
    labels = {**base, "estimator": "sigma_breaks", "outcome": "log_income", "role": "description",
              "effect_type": "stat"}  # fmt: skip
    count = {**labels, "term": "breaks", "unit_of_measure": "number"}
    nothing = pd.DataFrame(columns=list(CLOCK_SERIES))
    try:
        path, X = sigma(data.values), np.column_stack([np.ones(len(data.years)), data.years - data.years[0]])
        if not np.isfinite(path).all():
            raise NumericsError("sigma needs two units")
        shortest = max(FEWEST_SEGMENT, int(np.ceil(spec.trim * len(path))))
        fits = least_squares_breaks(path, X.astype(float), spec.most_breaks, shortest)
    except NumericsError as error:
        return not_defined([count], note, error), nothing, {}
    best = min(fits, key=lambda fit: fit.lwz)
    words = joined(note, DESCRIBED)
    rows = [Estimate(**count, estimate=float(len(best.last)), warning=words)]
    labels = {**labels, "unit_of_measure": "last year of a segment", "warning": words}
    rows += [Estimate(**labels, term=f"break_{k}", estimate=float(data.years[last]))
             for k, last in enumerate(best.last, 1)]  # fmt: skip
    return rows, _segments(best, data, path, spec), _dates(fits, data)


def _segments(best: BreakFit, data: Trajectories, path: np.ndarray, spec: ClockSpec) -> pd.DataFrame:
    lines, first = [], 0
    for last in (*best.last, len(path) - 1):
        here = slice(first, last + 1)
        years = data.years[here].astype(float)
        line = np.polynomial.Polynomial.fit(years, path[here], 1)
        lines.append({
            "spec_id": spec.id, "sample_id": spec.sample, "unit_scheme": spec.unit_scheme, "kind": "sigma_segment",
            "start_year": int(years[0]), "end_year": int(years[-1]), "n_units": len(data.units), "note": "",
            "basis": data.basis_between(int(years[0]), int(years[-1])),
            "fitted_start": float(line(years[0])), "fitted_end": float(line(years[-1])),
        })  # fmt: skip
        first = last + 1
    return pd.DataFrame(lines).reindex(columns=list(CLOCK_SERIES))


def _dates(fits: Sequence[BreakFit], data: Trajectories) -> dict[str, Any]:
    return {str(len(fit.last)): {"last_years": [int(data.years[i]) for i in fit.last], "lwz": _rounded(fit.lwz),
                                 "bic": _rounded(fit.bic)} for fit in fits}  # fmt: skip


def _rounded(value: float) -> float | None:
    return float(round_results(np.array([value]), np.array([abs(value)]))[0]) if np.isfinite(value) else None

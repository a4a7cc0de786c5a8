"""Did convergence change: speeds of the main periods compared, one break in the yearly
slope, breaks of sigma.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.models.beta import speed_changes
from evenfield.models.sigma import dispersion_breaks, variance_trend
from evenfield.models.speed_paths import speed_break
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import Fields, asking
from evenfield.shared.rows import Rows
from evenfield.shared.samples import MIN_UNITS, inference_fields, joined
from evenfield.shared.spec import UnitsSpec
from evenfield.shared.streams import stream
from evenfield.shared.trajectories import Trajectories
from evenfield.study.files import Record
from evenfield.study.rounding import round_results
from evenfield.study.study_config import InferenceSettings
from evenfield.topics.rolling.estimate_windows import KINDS, WORD, Section

# Each draw is a whole panel at each persistence, so draws are capped.
MOST_VARIANCE_DRAWS = 1999
CONSTANT_VARIANCE = (
    "panels of constant variance, one-sided (falling), largest over their persistence"
)
DESCRIBED = "description: sigma is persistent, no test is attached"


def add_contrasts(
    sections: Mapping[str, Section],
    spec: UnitsSpec,
    labels: Record,
    inference: InferenceSettings,
) -> list[Any]:
    """Return the rows that compare the speed of each main period with that of the
    first.
    """
    names = list(sections)
    parts = list(sections.values())
    period = "+".join(names)
    notes = dict.fromkeys(section[3] for section in parts)
    shared = {
        **labels,
        "period": period,
        "n_periods": len(names),
        "outcome": "growth",
        "asked": asking(periods=names),
    }
    rows = Rows(KINDS, spec.role, joined(*notes), **shared)
    pairs = {name: f"{name} - {names[0]}" for name in names[1:]}
    rng, seed = stream(inference, WORD, spec, period, "contrasts")
    try:
        if len(parts) < 2:
            raise NumericsError(f"{len(parts)} main periods, a comparison needs two")
        frames = [section[0].set_index("unit") for section in parts]
        # One row for each unit in every period: units are drawn whole.
        wide = pd.concat(frames, axis=1, keys=names).loc[frames[0].index]
        y = wide.xs("growth", axis=1, level=1).to_numpy(float)
        X = wide.xs("start", axis=1, level=1).to_numpy(float)
        test = speed_changes(
            y,
            X,
            np.array([section[1] for section in parts]),
            rng,
            inference.permutations,
            inference.level,
        )
    except NumericsError as error:
        for pair in pairs.values():
            rows.undefined(["contrast"], error, contrast=pair)
        rows.undefined(["equal"], error, role=spec.role)
        return rows.estimates
    left_out = test.draws_left_out
    without = f"{left_out} draws without a speed" if left_out else ""
    tests = zip(test.contrasts, test.p_bootstrap, strict=True)
    for (name, pair), (contrast, p) in zip(pairs.items(), tests, strict=True):
        # Interval by the delta method; the bootstrap's p takes the place of that of t.
        numbers = inference_fields(contrast, 100.0) | {"p_value": float(p)}
        rows.add(
            "contrast",
            without,
            **numbers,
            contrast=pair,
            asked=asking(compared=name),
            se_type="HC3 joint over periods, delta",
            p_type="wild bootstrap-t by unit, two-sided",
            seed=seed,
        )
    # All speeds equal: the largest contrast alone would be chosen by the data.
    rows.add(
        "equal",
        without,
        role=spec.role,
        estimate=test.wald,
        statistic=test.wald,
        df=len(pairs),
        p_value=test.wald_p,
        p_type="wild bootstrap by unit",
        seed=seed,
    )
    return rows.estimates


def add_slope_break(
    rows: Rows,
    data: Trajectories,
    spec: UnitsSpec,
    trim: float,
    inference: InferenceSettings,
) -> pd.DataFrame:
    """Add the test for one break in the yearly slope of growth on income, year effects
    taken out.
    """
    rng, seed = stream(inference, WORD, spec, data.label, "slope_break")
    rows.shared["outcome"] = "growth"
    draws = inference.permutations
    try:
        if len(data.units) < MIN_UNITS:
            raise NumericsError(
                f"{len(data.units)} units, a regression needs at least {MIN_UNITS}"
            )
        step = _step(data)
        found = speed_break(data.values, step, rng, draws, trim)
    except NumericsError as error:
        rows.undefined(["break"], error, seed=seed, role=rows.role)
        return pd.DataFrame()
    test = found.test
    # Named is the year in which the first regime ends.
    last = int(data.years[found.break_position])
    contrast = f"break after {last}"
    rows.add(
        "break",
        role=rows.role,
        contrast=contrast,
        estimate=test.statistic,
        statistic=test.statistic,
        p_value=test.p_value,
        p_type="fixed-regressor wild bootstrap by unit, largest over dates",
        seed=seed,
    )
    # The speeds on both sides describe: a date that the data chose makes them too far
    # apart.
    for side, speed in (("before", found.before), ("after", found.after)):
        rows.add(
            side,
            "the date was chosen by the data",
            role="description",
            contrast=contrast,
            asked=asking(after=last),
            estimate=100 * speed,
        )
    frame = pd.DataFrame(
        {
            "kind": "slope_break",
            "start_year": data.years[:-1],
            "end_year": data.years[1:],
            "n_units": len(data.units),
            "wald": test.wald,
        }
    )
    return frame.dropna(subset="wald")


def add_variance_slope(
    rows: Rows, data: Trajectories, spec: UnitsSpec, inference: InferenceSettings
) -> Fields:
    """Add whether the cross-section variance falls more than a persistent panel of
    constant variance would make it.
    """
    rng, seed = stream(inference, WORD, spec, data.label, "weak_sigma")
    rows.shared |= {"outcome": "log_income", "seed": seed}
    draws = min(inference.permutations, MOST_VARIANCE_DRAWS)
    try:
        step = _step(data)
        test = variance_trend(data.values, step, rng, draws)
    except NumericsError as error:
        rows.undefined(["variance"], error)
        return {}
    rows.add(
        "variance",
        estimate=test.slope,
        std_error=test.std_error,
        p_value=test.p_constant_variance,
        se_type="fixed-b, Bartlett, a tenth of the length",
        p_type=CONSTANT_VARIANCE,
    )
    return {
        "period": data.label,
        "persistence": _rounded(test.persistence),
        "ratio": _rounded(test.statistic),
        "p_if_variance_were_stationary": _rounded(test.p_fixed_b),
    }


def _step(data: Trajectories) -> int:
    if not data.evenly_spaced:
        raise NumericsError("the dates are not equally spaced")
    return int(data.years[1] - data.years[0]) if len(data.years) > 1 else 1


def add_sigma_breaks(
    rows: Rows, data: Trajectories, most: int, trim: float
) -> tuple[pd.DataFrame, Fields]:
    """Add the breaks in the level and trend of sigma, dated by least squares, as
    description.
    """
    rows.shared["outcome"] = "log_income"
    try:
        found = dispersion_breaks(data.values, data.years.astype(float), most, trim)
    except NumericsError as error:
        rows.undefined(["breaks"], error)
        return pd.DataFrame(), {}
    best = found.best.last
    rows.add("breaks", DESCRIBED, estimate=float(len(best)))
    for number, last in enumerate(best, 1):
        year = float(data.years[last])
        labels = {"term": f"break_{number}", "asked": asking(number=number)}
        rows.add("date", DESCRIBED, **labels, estimate=year)
    lines = []
    for segment, (low, high) in zip(found.segments, found.lines, strict=True):
        start, end = data.years[[*segment]].tolist()
        lines.append(
            {
                "kind": "sigma_segment",
                "start_year": start,
                "end_year": end,
                "n_units": len(data.units),
                "fitted_start": low,
                "fitted_end": high,
                "basis": data.basis_between(start, end),
            }
        )
    dates = {}
    for fit in found.fits:
        dates[str(len(fit.last))] = {
            "last_years": data.years[[*fit.last]].astype(int).tolist(),
            "lwz": _rounded(fit.lwz),
            "bic": _rounded(fit.bic),
        }
    return pd.DataFrame(lines), dates


def _rounded(value: float) -> float | None:
    if not np.isfinite(value):
        return None
    return float(round_results(np.array([value]), np.array([abs(value)]))[0])

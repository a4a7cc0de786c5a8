"""Did convergence change: speeds of the main periods compared, one break in the yearly
slope, breaks of sigma.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.convergence import speed_from_slope
from evenfield.numerics.dispersion import sigma
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.rolling.segments import least_squares_breaks
from evenfield.numerics.rolling.slope_break import slope_break_test
from evenfield.numerics.rolling.speeds import speed_contrasts
from evenfield.numerics.rolling.weak_sigma import weak_sigma_test
from evenfield.numerics.rolling.windows import fit_windows
from evenfield.shared.rows import Rows
from evenfield.shared.samples import MIN_UNITS, inference_fields, joined
from evenfield.shared.trajectories import Trajectories
from evenfield.study.rounding import round_results
from evenfield.topics.rolling.estimate_windows import KINDS, stream

FEWEST_SEGMENT = 5
MOST_VARIANCE_DRAWS = 1999
CONSTANT_VARIANCE = (
    "panels of constant variance, one-sided (falling), largest over their persistence"
)
DESCRIBED = "description: sigma is persistent, no test is attached"


def add_contrasts(
    sections: Mapping[str, tuple[pd.DataFrame, float, str, str, bool]],
    role: str,
    labels: Mapping[str, Any],
    inference: Mapping[str, Any],
) -> list[Any]:
    """Return the rows that compare the speed of each main period with that of the
    first.
    """
    names = list(sections)
    periods_data = list(sections.values())
    shared = {
        **labels,
        "period": "+".join(names),
        "n_periods": len(names),
        "outcome": "growth",
    }
    rows = Rows(
        KINDS,
        role,
        joined(*dict.fromkeys(section[3] for section in periods_data)),
        **shared,
    )
    pairs = [f"{name} - {names[0]}" for name in names[1:]]
    rng, seed = stream(inference, shared, shared["period"], "contrasts")
    try:
        if len(periods_data) < 2:
            raise NumericsError(
                f"{len(periods_data)} main periods, a comparison needs two"
            )
        frames = [section[0].set_index("unit") for section in periods_data]
        units = frames[0].index
        y, X = (
            np.column_stack([f.loc[units, name].to_numpy(float) for f in frames])
            for name in ("growth", "start")
        )
        years = np.array([section[1] for section in periods_data])
        draws = inference["permutations"]
        test = speed_contrasts(
            fit_windows(y, X), years, rng, draws, inference["conf_level"]
        )
    except NumericsError as error:
        for pair in pairs:
            rows.undefined(["contrast"], error, contrast=pair)
        rows.undefined(["equal"], error, role=role)
        return rows.estimates
    lost = f"{test.draws_left_out} draws without a speed" if test.draws_left_out else ""
    descriptors = {
        "se_type": "HC3 joint over periods, delta",
        "p_type": "wild bootstrap-t by unit, two-sided",
        "seed": seed,
    }
    for pair, contrast, p in zip(pairs, test.contrasts, test.p_bootstrap, strict=True):
        rows.add(
            "contrast",
            lost,
            **{**inference_fields(contrast, 100.0), "p_value": float(p)},
            **descriptors,
            contrast=pair,
        )
    numbers = {
        "estimate": test.wald,
        "statistic": test.wald,
        "df": len(pairs),
        "p_value": test.wald_p,
    }
    rows.add(
        "equal", lost, **numbers, seed=seed, p_type="wild bootstrap by unit", role=role
    )
    return rows.estimates


def add_slope_break(
    rows: Rows, data: Trajectories, trim: float, inference: Mapping[str, Any]
) -> pd.DataFrame:
    """Add the test for one break in the yearly slope of growth on income, year effects
    taken out.
    """
    rng, seed = stream(inference, rows.shared, data.label, "slope_break")
    same = {"outcome": "growth", "seed": seed, "role": rows.role}
    try:
        if len(data.units) < MIN_UNITS:
            raise NumericsError(
                f"{len(data.units)} units, a regression needs at least {MIN_UNITS}"
            )
        step = _step(data)
        growth = np.diff(data.values, axis=1) / step
        slope_break = slope_break_test(
            data.values[:, :-1], growth, rng, inference["permutations"], trim
        )
    except NumericsError as error:
        rows.undefined(["break"], error, **same)
        return pd.DataFrame()
    contrast = f"break after {data.years[slope_break.last + 1]}"
    test = {
        "estimate": slope_break.statistic,
        "statistic": slope_break.statistic,
        "p_value": slope_break.p_value,
        "contrast": contrast,
    }
    rows.add(
        "break",
        **same,
        **test,
        p_type="fixed-regressor wild bootstrap by unit, largest over dates",
    )
    same = {"outcome": "growth", "role": "description", "contrast": contrast}
    for side in ("before", "after"):
        speed = 100 * speed_from_slope(getattr(slope_break, side), step)
        rows.add(side, "the date was chosen by the data", **same, estimate=speed)
    frame = pd.DataFrame(
        {
            "start_year": data.years[:-1],
            "end_year": data.years[1:],
            "wald": slope_break.wald,
        }
    )
    return frame.dropna(subset="wald").assign(
        kind="slope_break", n_units=len(data.units)
    )


def add_variance_slope(
    rows: Rows, data: Trajectories, inference: Mapping[str, Any]
) -> dict[str, Any]:
    """Add whether the cross-section variance falls more than a persistent panel of
    constant variance would make it.
    """
    rng, seed = stream(inference, rows.shared, data.label, "weak_sigma")
    same = {"outcome": "log_income", "seed": seed}
    try:
        step = _step(data)
        test = weak_sigma_test(
            data.values, rng, min(inference["permutations"], MOST_VARIANCE_DRAWS)
        )
    except NumericsError as error:
        rows.undefined(["variance"], error, **same)
        return {}
    same |= {
        "se_type": "fixed-b, Bartlett, a tenth of the length",
        "p_type": CONSTANT_VARIANCE,
    }
    numbers = {"estimate": test.slope / step, "std_error": test.std_error / step}
    rows.add("variance", **same, **numbers, p_value=test.p_constant_variance)
    details = {
        "persistence": test.persistence,
        "ratio": test.statistic,
        "p_if_variance_were_stationary": test.p_fixed_b,
    }
    return {
        "period": data.label,
        **{name: _rounded(value) for name, value in details.items()},
    }


def _step(data: Trajectories) -> int:
    if not data.evenly_spaced:
        raise NumericsError("the dates are not equally spaced")
    return int(data.years[1] - data.years[0]) if len(data.years) > 1 else 1


def add_sigma_breaks(
    rows: Rows, data: Trajectories, most: int, trim: float
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Add the breaks in the level and trend of sigma, dated by least squares, as
    description.
    """
    years = data.years.astype(float)
    try:
        path = sigma(data.values)
        if not np.isfinite(path).all():
            raise NumericsError("sigma needs two units")
        shortest = max(FEWEST_SEGMENT, int(np.ceil(trim * len(path))))
        fits = least_squares_breaks(
            path,
            np.column_stack([np.ones(len(years)), years - years[0]]),
            most,
            shortest,
        )
    except NumericsError as error:
        rows.undefined(["breaks"], error, outcome="log_income")
        return pd.DataFrame(), {}
    best = min(fits, key=lambda fit: fit.lwz)
    rows.add("breaks", DESCRIBED, outcome="log_income", estimate=float(len(best.last)))
    for k, last in enumerate(best.last, 1):
        rows.add(
            "date",
            DESCRIBED,
            outcome="log_income",
            term=f"break_{k}",
            estimate=years[last],
        )
    lines = []
    for first, last in zip(
        [0, *(i + 1 for i in best.last)], [*best.last, len(path) - 1], strict=True
    ):
        line = np.polynomial.Polynomial.fit(
            years[first : last + 1], path[first : last + 1], 1
        )
        ends = int(years[first]), int(years[last])
        row = {
            "kind": "sigma_segment",
            "start_year": ends[0],
            "end_year": ends[1],
            "n_units": len(data.units),
            "fitted_start": float(line(years[first])),
            "fitted_end": float(line(years[last])),
        }
        lines.append({**row, "basis": data.basis_between(*ends)})
    dates = {}
    for fit in fits:
        details = {
            "last_years": [int(years[i]) for i in fit.last],
            "lwz": _rounded(fit.lwz),
            "bic": _rounded(fit.bic),
        }
        dates[str(len(fit.last))] = details
    return pd.DataFrame(lines), dates


def _rounded(value: float) -> float | None:
    return (
        float(round_results(np.array([value]), np.array([abs(value)]))[0])
        if np.isfinite(value)
        else None
    )

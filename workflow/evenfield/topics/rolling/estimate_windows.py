"""The speed of convergence in rolling windows, with a pointwise interval and a band
over all windows.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.convergence import (
    UNBOUNDED,
    half_life,
    speed_bounds,
    speed_from_slope,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference, t_quantile
from evenfield.numerics.random import generator_for
from evenfield.numerics.rolling.windows import (
    fit_windows,
    sup_t_critical_value,
    sup_t_draws,
    window_ends,
)
from evenfield.numerics.spatial_panel.impacts import KINDS as EFFECTS
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.samples import basis_warning, joined
from evenfield.shared.settings import SchemeInfo
from evenfield.shared.trajectories import Trajectories

START = "log_income_start"
KINDS = {
    "critical": Kind("rolling_sup_t", "critical_value", "stat", "standard errors"),
    "speed": Kind("rolling_ols", "speed", "lambda", "% per year"),
    "contrast": Kind("period_contrast", "speed", "lambda", "% per year"),
    "equal": Kind("period_contrast_wald", "speeds_equal", "stat", "F"),
    "break": Kind("slope_break", "sup_wald", "stat", "chi-squared"),
    "before": Kind("slope_break", "speed_before", "lambda", "% per year"),
    "after": Kind("slope_break", "speed_after", "lambda", "% per year"),
    "variance": Kind(
        "weak_sigma", "variance_slope", "coef", "squared log points per year"
    ),
    "breaks": Kind("sigma_breaks", "breaks", "stat", "number"),
    "date": Kind("sigma_breaks", "break_1", "stat", "last year of a segment"),
    "rho": Kind("sdm_ml", "neighbours_growth", "coef", ""),
    START: Kind("sdm_ml", START, "coef", "per year"),
    f"W {START}": Kind("sdm_ml", f"neighbours_{START}", "coef", "per year"),
    "spatial_speed": Kind("sdm_ml", "speed", "lambda", "% per year"),
    "ratio": Kind("sdm_ml", "likelihood_ratio", "stat", "chi-squared"),
    "moran": Kind("sdm_ml", "moran", "stat", "index"),
}
KINDS |= {name: Kind("sdm_ml", START, name, "per year") for name in EFFECTS}
KINDS |= {
    f"drawn {name}": Kind("sdm_ml_draws", START, name, "per year") for name in EFFECTS
}


def stream(
    inference: Mapping[str, Any], labels: Mapping[str, Any], period: object, what: str
) -> tuple[np.random.Generator, str]:
    """Return the random stream of a row of this topic and its seed as text."""
    where = ":".join(
        str(labels[key]) for key in ("spec_id", "unit_scheme", "sample_id")
    )
    draw_id = f"clock:{where}:{period}:{what}"
    return generator_for(inference["seed"], draw_id), f"{inference['seed']}:{draw_id}"


def add_windows(
    rows: Rows,
    data: Trajectories,
    span: int,
    info: SchemeInfo,
    inference: Mapping[str, Any],
) -> pd.DataFrame:
    """Add the speeds in all windows of one length; return them with both bands."""
    level = inference["conf_level"]
    draws = inference["permutations"]
    ends = window_ends(data.years, span)
    rng, seed = stream(inference, rows.shared, span, "sup_t")
    same = {
        "contrast": f"{span} years",
        "seed": seed,
        "outcome": "growth",
        "conf_level": level,
    }
    try:
        if not ends:
            raise NumericsError(f"no two dates are {span} years apart")
        first, last = (data.values[:, [pair[k] for pair in ends]] for k in (0, 1))
        fit = fit_windows((last - first) / span, first)
        largest = sup_t_draws(fit, rng, draws)
    except NumericsError as error:
        rows.undefined(["critical"], error, **same)
        return pd.DataFrame()
    critical = sup_t_critical_value(largest, level)
    rows.add("critical", **same, estimate=critical)
    lines = []
    for s, (i, j) in enumerate(ends):
        years = int(data.years[i]), int(data.years[j])
        slope = float(fit.slope[s])
        se = float(fit.std_error[s])
        basis = data.basis_between(*years)
        half = {
            "pointwise": t_quantile(0.5 + level / 2, fit.df) * se,
            "band": critical * se,
        }
        bounds = {
            name: speed_bounds(slope - width, slope + width, span)
            for name, width in half.items()
        }
        speed = speed_from_slope(slope, span)
        test = t_inference(slope, se, fit.df, level)
        line = {
            "kind": "window",
            "span": span,
            "start_year": years[0],
            "end_year": years[1],
            "basis": basis,
            "n_units": len(data.units),
            "slope": slope,
            "speed": 100 * speed,
            "half_life": half_life(speed),
        }
        line |= {
            f"{name}_{end}": 100 * getattr(bound, end)
            for name, bound in bounds.items()
            for end in ("low", "high")
        }
        lines.append({**line, "note": _words(speed, bounds["band"])})
        own = Rows(
            KINDS, rows.role, basis_warning(basis, info.first_official), **rows.shared
        )
        own.add(
            "speed",
            _words(speed, bounds["pointwise"]),
            outcome="growth",
            period=f"{years[0]}-{years[1]}",
            output_basis=basis,
            n_obs=len(data.units),
            n_periods=2,
            estimate=100 * speed,
            conf_low=line["pointwise_low"],
            conf_high=line["pointwise_high"],
            conf_level=level,
            df=test.df,
            statistic=test.statistic,
            p_value=test.p_value,
            p_adjusted=float(
                (1 + (largest >= abs(test.statistic)).sum()) / (1 + len(largest))
            ),
            se_type="HC3 interval of the slope, transformed",
            p_type=(
                "t of the slope, two-sided; adjusted over all windows by the sup-t"
                " bootstrap"
            ),
        )
        rows.estimates += own.estimates
    return pd.DataFrame(lines)


def _words(speed: float, bounds: Any) -> str:
    if not np.isfinite(speed):
        return "speed not defined: 1 + bT is not positive"
    unbounded = "half-life unbounded" if bounds.low <= 0 or np.isnan(bounds.low) else ""
    return joined(
        "speed unbounded above" if bounds.note == UNBOUNDED else "", unbounded
    )

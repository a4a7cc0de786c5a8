"""The speed of convergence in rolling windows, with a pointwise interval and a band
over all windows.
"""

import numpy as np
import pandas as pd

from evenfield.models.speed_paths import speed_windows
from evenfield.models.speeds import NO_SPEED, ImpliedSpeed
from evenfield.numerics.convergence import UNBOUNDED, half_life
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.rolling.windows import window_ends
from evenfield.numerics.spatial_panel.impacts import KINDS as EFFECTS
from evenfield.shared.estimates import asking
from evenfield.shared.rows import Kind, Rows
from evenfield.shared.samples import basis_warning, joined
from evenfield.shared.settings import SchemeInfo
from evenfield.shared.spec import UnitsSpec
from evenfield.shared.streams import stream
from evenfield.shared.trajectories import Trajectories
from evenfield.study.study_config import InferenceSettings

# A cross-section: rows of units, years, basis, note, whether its end points exist.
Section = tuple[pd.DataFrame, float, str, str, bool]
START = "log_income_start"
# Opens the draw ids of this topic, whose first name it was.
WORD = "clock"
# Estimator, term, effect type and unit of measure of each kind of row.
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


def add_windows(
    rows: Rows,
    data: Trajectories,
    span: int,
    spec: UnitsSpec,
    info: SchemeInfo,
    inference: InferenceSettings,
) -> pd.DataFrame:
    """Add the speeds in all windows of one length; return them with both bands."""
    level = inference.level
    windows = window_ends(data.years, span)
    rng, seed = stream(inference, WORD, spec, span, "sup_t")
    same = {
        "contrast": f"{span} years",
        "seed": seed,
        "outcome": "growth",
        "conf_level": level,
        "asked": asking(years=span),
    }
    try:
        if not windows:
            raise NumericsError(f"no two dates are {span} years apart")
        years = np.full(len(windows), float(span))
        path = speed_windows(data.values, windows, years, rng, inference.permutations)
    except NumericsError as error:
        rows.undefined(["critical"], error, **same)
        return pd.DataFrame()
    rows.add("critical", **same, estimate=path.critical_value(level))
    lines = []
    for (first, last), window in zip(windows, path.speeds(level), strict=True):
        first_year, last_year = data.years[[first, last]].tolist()
        basis = data.basis_between(first_year, last_year)
        test = window.slope
        lines.append(
            {
                "kind": "window",
                "span": span,
                "start_year": first_year,
                "end_year": last_year,
                "basis": basis,
                "n_units": len(data.units),
                "slope": test.estimate,
                "speed": 100 * window.speed,
                "half_life": half_life(window.speed),
                "pointwise_low": 100 * window.pointwise.low,
                "pointwise_high": 100 * window.pointwise.high,
                "band_low": 100 * window.band.low,
                "band_high": 100 * window.band.high,
                "note": _words(ImpliedSpeed(window.speed, window.band)),
            }
        )
        proxy = basis_warning(basis, info.first_official)
        # A window has its own basis and so its own warning, in the same list of rows.
        own = Rows(KINDS, rows.role, proxy, **rows.shared)
        own.estimates = rows.estimates
        own.add(
            "speed",
            _words(ImpliedSpeed(window.speed, window.pointwise)),
            outcome="growth",
            period=f"{first_year}-{last_year}",
            asked=asking(first=first_year, last=last_year),
            output_basis=basis,
            n_obs=len(data.units),
            n_periods=2,
            estimate=100 * window.speed,
            conf_low=100 * window.pointwise.low,
            conf_high=100 * window.pointwise.high,
            conf_level=level,
            df=test.df,
            statistic=test.statistic,
            p_value=test.p_value,
            p_adjusted=window.p_adjusted,
            se_type="HC3 interval of the slope, transformed",
            p_type=(
                "t of the slope, two-sided; adjusted over all windows by the sup-t"
                " bootstrap"
            ),
        )
    return pd.DataFrame(lines)


def _words(implied: ImpliedSpeed) -> str:
    speed, bounds = implied
    if not np.isfinite(speed):
        return NO_SPEED
    # With a speed of zero within reach a gap may never halve.
    return joined(
        "speed unbounded above" if bounds.note == UNBOUNDED else "",
        "" if bounds.low > 0 else "half-life unbounded",
    )

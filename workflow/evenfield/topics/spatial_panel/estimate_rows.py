"""Rows of a fitted spatial panel: coefficients, effects, tests, and the same numbers
with every other inference.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evenfield.models.spatial_panel import (
    BY_UNIT,
    Bootstrap,
    autocorrelation,
    bootstrap_by_unit,
    bootstrap_by_year,
    edge_note,
    effects,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference, t_quantile
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.impacts import KINDS, ClusteredImpacts
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.shared.estimates import NAN, Fields, asking, untested
from evenfield.shared.samples import inference_fields, joined

# Draws of (rho, b, th) from their joint normal, then samples of both bootstraps; with
# 499 samples, (1 + 499) times .05 is a whole number.
DRAWS = 10_000
UNIT_DRAWS = 499
YEAR_DRAWS = 499
YEARS_TOGETHER = 5
FACTORS = (1, 2)
MOST_BOOTSTRAPPED = 500
SPATIAL_UNITS = {
    "rho": "per unit of the neighbours' outcome",
    "lambda": "per unit of the neighbours' shock",
}
# ASSUME: residuals correlated above this over years make intervals that ignore it
# visibly too narrow.
SERIAL = 0.3
NAMES = {
    BY_UNIT: "sandwich by unit",
    "observed": "observed information",
    "expected": "expected information",
    "qml": "QML sandwich",
}
NOT_POLICY = "dependence between neighbours' outcomes, not the effect of a policy"
FORCED = "the model forces one ratio of indirect to direct effects on all regressors"
# What belongs to t(G* - 1) and goes when a row takes another inference.
INTERVAL = tuple("p_value p_type conf_low conf_high df mde".split())
Line = Fields


class Setting(NamedTuple):
    """What the rows of one specification share beside their labels."""

    panel: BalancedPanel
    unit: str  # unit of the outcome
    stream: str  # start of the draw ids
    level: float
    power: float
    seed: int


def coefficients(
    setting: Setting, fit: SpatialPanelFit, kind: str = BY_UNIT
) -> list[Line]:
    """Return one row for every parameter of a fit but the variance."""
    size = len(fit.names)
    notes = (edge_note(fit), serial_note(fit, kind))
    try:
        errors = fit.std_errors(kind)
    except NumericsError:
        errors = np.full(size, NAN)
    lines = []
    for position, name in enumerate(fit.names[:-1]):
        value = float(fit.estimates[position])
        error = float(errors[position])
        line: Line = {
            "estimator": estimator_name(fit, kind),
            "term": name,
            "asked": asked_by(fit, kind),
            "estimate": value,
            "unit_of_measure": SPATIAL_UNITS.get(name, setting.unit),
            "warning": joined(NOT_POLICY if name == "rho" else "", *notes),
        }
        if np.isfinite(error):
            # The effective number of units behind one coefficient (Carter, Schnepel
            # and Steigerwald 2017).
            alone = np.eye(size)[position]
            effective = fit.effective_units(alone) if kind == BY_UNIT else NAN
            line |= _tested(setting, value, error, effective)
            # A smallest visible effect is given for effects alone; a parameter is none.
            line |= {"mde": NAN, "se_type": NAMES[kind]}
        lines.append(line)
    return lines


def clustered_effects(setting: Setting, fit: SpatialPanelFit, role: str) -> list[Line]:
    """Return effects with the sandwich by unit and t(G* - 1), the interval that is
    printed.
    """
    if not fit.at_bound:
        by_unit = effects(fit, BY_UNIT, setting.level)
        lines = _effects(setting, fit, by_unit, BY_UNIT)
        return [{**line, "role": role} for line in lines]
    lines = []
    for effect in KINDS:
        for name in fit.regressors:
            lines.append(
                {
                    "estimator": estimator_name(fit, BY_UNIT),
                    "term": name,
                    "effect_type": effect,
                    "role": role,
                    "estimate": NAN,
                    "unit_of_measure": setting.unit,
                    "warning": f"not defined: {edge_note(fit)}",
                }
            )
    return lines


def _effects(
    setting: Setting, fit: SpatialPanelFit, averages: ClusteredImpacts, kind: str
) -> list[Line]:
    """Return direct, indirect and total effects of every regressor.

    Notes
    -----
    M_k = (I - rho W)^-1 (b_k I + th_k W): direct tr(M_k)/N, total 1'M_k 1/N (LeSage and
    Pace 2009).
    """
    lines = []
    impacts, effective = averages
    serial = serial_note(fit, kind)
    drawn = impacts.method == "draws"
    estimator = estimator_name(fit, kind) + ("_draws" if drawn else "")
    asked = asked_by(fit, kind)
    if drawn:
        asked = asking(asked, drawn="parameters")
    for (i, k), value in np.ndenumerate(impacts.estimate):
        error = float(impacts.std_error[i, k])
        # Without lags of the regressors M_k = b_k (I - rho W)^-1 for all of them.
        forced = fit.model.model == "SAR" and KINDS[i] == "indirect"
        line: Line = {
            "estimator": estimator,
            "term": impacts.regressors[k],
            "effect_type": KINDS[i],
            "role": "ladder",
            "asked": asked,
            "estimate": float(value),
            "unit_of_measure": setting.unit,
            "warning": joined(serial, FORCED if forced else ""),
            "se_type": "zero by construction",
        }
        # Without error the model sets the effect to zero, as SEM does with indirect
        # ones: M_k = b_k I.
        if error > 0:
            line |= _tested(setting, float(value), error, float(effective[i, k]))
            line["se_type"] = f"delta method, {NAMES[kind]}"
        # Percentiles of the draws take the place of the t statistic.
        if drawn and error > 0:
            line |= {
                "conf_low": float(impacts.conf_low[i, k]),
                "conf_high": float(impacts.conf_high[i, k]),
                "p_value": float(impacts.p_value[i, k]),
                "p_type": "share of draws beyond zero",
                "statistic": NAN,
                "se_type": f"{impacts.draws} draws, {NAMES[kind]}",
            }
        lines.append(line)
    return lines


def _tested(setting: Setting, value: float, error: float, effective: float) -> Line:
    """Return a t(G* - 1) test and interval, or normal ones where no G* is given."""
    # G* may fall below two; one degree of freedom is the least that t is given.
    df = max(effective - 1.0, 1.0) if np.isfinite(effective) else np.inf
    # The smallest effect that is seen with the wanted power (Bloom 1995).
    reach = t_quantile(0.5 + setting.level / 2, df) + t_quantile(setting.power, df)
    fields = inference_fields(t_inference(value, error, df, setting.level))
    fields["mde"] = reach * error
    if df == np.inf:
        return fields | {"df": NAN, "p_type": "normal, two-sided"}
    return fields | {"g_star": effective, "p_type": "t(G* - 1), two-sided"}


def tested_lines(tests: Sequence[SpatialTest], note: str) -> list[Line]:
    """Return specification tests, their statistic in the place of the estimate."""
    lines = []
    for test in tests:
        line: Line = {"term": test.name, "estimate": test.statistic}
        if test.reason:
            lines.append({**line, "warning": f"not defined: {test.reason}"})
            continue
        line |= {
            "statistic": test.statistic,
            "df": float(test.df),
            "p_value": test.p_value,
            "p_type": test.law,
            # F tests allow for correlation over years and need no warning about it.
            "warning": note if test.law == "chi-squared" else "",
        }
        lines.append(line)
    return lines


def other_inference(setting: Setting, fit: SpatialPanelFit) -> list[Line]:
    """Return the estimates of a main model with every other inference, and what common
    factors do to rho.
    """
    lines = []
    # Errors that take units as independent over years; they stand beside to show what
    # that hides.
    for kind in ("observed", "expected", "qml"):
        lines += [
            {**line, "role": "ladder"} for line in coefficients(setting, fit, kind)
        ]
        lines += _effects(setting, fit, effects(fit, kind, setting.level), kind)
    stream = f"{setting.stream}:{fit.model.model}"
    rng = generator_for(setting.seed, f"{stream}:draws")
    by_draws = effects(fit, level=setting.level, rng=rng, draws=DRAWS)
    printed = [*coefficients(setting, fit), *clustered_effects(setting, fit, "ladder")]
    drawn = [
        *_effects(setting, fit, by_draws, "observed"),
        *_by_units(setting, fit, printed, f"{stream}:units"),
        *_by_years(setting, fit, printed, f"{stream}:years"),
    ]
    lines += [{**line, "seed": str(setting.seed)} for line in drawn]
    # A shock that all units share looks like dependence between neighbours.
    for factors in FACTORS:
        factor_fit = fit_with_factors(setting.panel, fit.network, fit.model, factors)
        note = f"{factors} common factors taken out, no bias correction"
        for line in coefficients(setting, factor_fit.after):
            if line["term"] in SPATIAL_UNITS:
                line["estimator"] += f"_factors_{factors}"
                line["asked"] = asking(line["asked"], factors=factors)
                line["converged"] = factor_fit.converged
                line["warning"] = joined(line["warning"], note)
                lines.append(line)
    return lines


def _by_units(
    setting: Setting, fit: SpatialPanelFit, printed: list[Line], stream: str
) -> list[Line]:
    """Return the printed rows with the wild bootstrap-t by unit in the place of t(G* -
    1).
    """
    lines = [_renamed(line, fit, "units") for line in printed]
    rng = generator_for(setting.seed, stream)
    try:
        if fit.n_units > MOST_BOOTSTRAPPED:
            raise NumericsError(
                f"{fit.n_units} units, at most {MOST_BOOTSTRAPPED} are bootstrapped"
            )
        drawn = bootstrap_by_unit(setting.panel, fit, rng, UNIT_DRAWS, setting.level)
    except NumericsError as error:
        for line in lines:
            why = untested(error, line["asked"])
            line["warning"] = joined(line["warning"], why["warning"])
            line["asked"] = why["asked"]
        return lines
    for i, line in enumerate(lines):
        if np.isfinite(drawn.p_value[i]):
            line |= {
                **_interval(setting, drawn, i),
                "p_value": float(drawn.p_value[i]),
                "p_type": "symmetric bootstrap-t",
                "se_type": f"wild bootstrap-t by unit, {drawn.samples} samples",
            }
    return lines


def _by_years(
    setting: Setting, fit: SpatialPanelFit, printed: list[Line], stream: str
) -> list[Line]:
    """Return the printed rows with the standard deviation and the percentiles of
    samples rebuilt from blocks of years.
    """
    together = years_together(fit.n_periods)
    rng = generator_for(setting.seed, stream)
    drawn = bootstrap_by_year(
        setting.panel, fit, rng, YEAR_DRAWS, setting.level, together
    )
    serial = serial_note(fit)
    partly = f"blocks of {together} years keep part of it" if serial else ""
    lines = [_renamed(line, fit, "years") for line in printed]
    for i, line in enumerate(lines):
        if drawn.std_error[i] > 0:
            line |= {
                **_interval(setting, drawn, i),
                "std_error": float(drawn.std_error[i]),
                "statistic": float(drawn.statistic[i]),
                "g_star": NAN,
                "se_type": (
                    f"{drawn.samples} samples of residuals by blocks of {together} years"
                ),
                "warning": joined(line["warning"], serial, partly),
            }
    return lines


def years_together(n_periods: int) -> int:
    """Return the length of blocks of years; a short panel gets shorter ones, so that
    three fit.
    """
    # Blocks of years keep part of the dependence over years.
    return max(1, min(YEARS_TOGETHER, n_periods // 3))


def _interval(setting: Setting, drawn: Bootstrap, i: int) -> Line:
    return {
        "conf_low": float(drawn.conf_low[i]),
        "conf_high": float(drawn.conf_high[i]),
        "conf_level": setting.level,
    }


def _renamed(line: Line, fit: SpatialPanelFit, suffix: str) -> Line:
    """Return a row as that of another inference, without what it tests."""
    plain = {key: value for key, value in line.items() if key not in INTERVAL}
    return {
        **plain,
        "estimator": estimator_name(fit, suffix),
        "asked": asking(asked_by(fit, BY_UNIT), drawn=suffix),
        "role": "ladder",
    }


def estimator_name(fit: SpatialPanelFit, kind: str) -> str:
    """Return the name of a model with a covariance."""
    return fit.model.model.lower() + ("" if kind == BY_UNIT else f"_{kind}")


def asked_by(fit: SpatialPanelFit, kind: str = BY_UNIT) -> str:
    """Return the model of a row and its kind of errors where they are not by unit, as it
    asks for them.
    """
    errors = {} if kind == BY_UNIT else {"errors": kind}
    return asking(model=fit.model.model, **errors)


def serial_note(fit: SpatialPanelFit, kind: str = "observed") -> str:
    """Warn where errors hang together over years."""
    correlation = autocorrelation(fit)
    if correlation < SERIAL:
        return ""
    consequence = (
        "the interval by unit allows for it"
        if kind == BY_UNIT
        else "intervals that ignore it are too narrow"
    )
    return (
        f"residuals are correlated over years (AR(1) {correlation:.2f}): {consequence}"
    )

"""Rows of a fitted spatial panel: coefficients, effects, tests, and the same numbers
with every other inference.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference, t_quantile
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.bootstrap import unit_bootstrap, year_bootstrap
from evenfield.numerics.spatial_panel.factors import fit_with_factors
from evenfield.numerics.spatial_panel.impacts import (
    KINDS,
    Impacts,
    clustered_impacts,
    delta_impacts,
    drawn_impacts,
    effects_at,
)
from evenfield.numerics.spatial_panel.lm_tests import SpatialTest
from evenfield.numerics.spatial_panel.models import SpatialPanelFit
from evenfield.numerics.spatial_panel.panel import BalancedPanel
from evenfield.numerics.spatial_panel.selection import mundlak
from evenfield.shared.estimates import NAN
from evenfield.shared.samples import inference_fields, joined

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
BY_UNIT = "unit"
NAMES = {
    BY_UNIT: "sandwich by unit",
    "observed": "observed information",
    "expected": "expected information",
    "qml": "QML sandwich",
}
NOT_POLICY = "dependence between neighbours' outcomes, not the effect of a policy"
FORCED = "the model forces one ratio of indirect to direct effects on all regressors"
INTERVAL = tuple("p_value p_type conf_low conf_high df mde".split())
Line = dict[str, Any]


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
    lines = []
    try:
        errors = fit.std_errors(kind)
    except NumericsError:
        errors = np.full(size, NAN)
    for name, value, error, one in zip(
        fit.names[:-1], fit.estimates, errors, np.eye(size), strict=False
    ):
        line: Line = {
            "estimator": estimator_name(fit, kind),
            "term": name,
            "estimate": float(value),
        }
        if np.isfinite(error):
            effective = fit.effective_units(one) if kind == BY_UNIT else NAN
            tested = _tested(setting, float(value), float(error), effective)
            line |= {**tested, "mde": NAN, "se_type": NAMES[kind]}
        line |= {"unit_of_measure": SPATIAL_UNITS.get(name, setting.unit)}
        lines.append(
            line | {"warning": joined(NOT_POLICY if name == "rho" else "", *notes)}
        )
    return lines


def clustered_effects(setting: Setting, fit: SpatialPanelFit, role: str) -> list[Line]:
    """Return effects with the sandwich by unit and t(G* - 1), the interval that is
    printed.
    """
    if fit.at_bound:
        shared = {
            "estimate": NAN,
            "role": role,
            "unit_of_measure": setting.unit,
            "estimator": estimator_name(fit, BY_UNIT),
            "warning": f"not defined: {edge_note(fit)}",
        }
        return [
            shared | {"term": name, "effect_type": effect}
            for effect in KINDS
            for name in fit.regressors
        ]
    impacts = clustered_impacts(fit, setting.level)
    lines = _effects(setting, fit, impacts.impacts, BY_UNIT, impacts.effective_units)
    return [line | {"role": role} for line in lines]


def _effects(
    setting: Setting,
    fit: SpatialPanelFit,
    impacts: Impacts,
    kind: str,
    effective: np.ndarray | None = None,
) -> list[Line]:
    """Return direct, indirect and total effects of every regressor; effective (3, K)."""
    lines = []
    serial = serial_note(fit, kind)
    drawn = impacts.method == "draws"
    estimator = estimator_name(fit, kind)
    for (i, k), value in np.ndenumerate(impacts.estimate):
        error = float(impacts.std_error[i, k])
        g = NAN if effective is None else float(effective[i, k])
        forced = FORCED if (fit.model.model, KINDS[i]) == ("SAR", "indirect") else ""
        line: Line = {
            "estimator": estimator + ("_draws" if drawn else ""),
            "role": "ladder",
            "estimate": float(value),
            "term": impacts.regressors[k],
            "effect_type": KINDS[i],
            "unit_of_measure": setting.unit,
        }
        line["warning"] = joined(serial, forced)
        if not error > 0:
            line["se_type"] = "zero by construction"
        else:
            line |= _tested(setting, float(value), error, g) | {
                "se_type": f"delta method, {NAMES[kind]}"
            }
        if drawn and error > 0:
            ends = {
                "conf_low": float(impacts.conf_low[i, k]),
                "conf_high": float(impacts.conf_high[i, k]),
            }
            line |= {
                **ends,
                "p_value": float(impacts.p_value[i, k]),
                "p_type": "share of draws beyond zero",
                "statistic": NAN,
                "se_type": f"{impacts.draws} draws, {NAMES[kind]}",
            }
        lines.append(line)
    return lines


def _tested(setting: Setting, value: float, error: float, effective: float) -> Line:
    """Return a t(G* - 1) test and interval, or normal ones where no G* is given."""
    df = max(effective - 1.0, 1.0) if np.isfinite(effective) else np.inf
    reach = t_quantile(0.5 + setting.level / 2, df) + t_quantile(setting.power, df)
    fields = inference_fields(t_inference(value, error, df, setting.level)) | {
        "mde": reach * error
    }
    if df == np.inf:
        return fields | {"df": NAN, "p_type": "normal, two-sided"}
    return fields | {"g_star": effective, "p_type": "t(G* - 1), two-sided"}


def tested_lines(tests: Sequence[SpatialTest], note: str) -> list[Line]:
    """Return specification tests, their statistic in the place of the estimate."""
    lines = []
    for test in tests:
        by_unit = test.name.endswith("by unit")
        numbers = {
            "estimate": test.statistic,
            "statistic": test.statistic,
            "p_value": test.p_value,
        }
        labels = {
            "p_type": "F(q, N - 1)" if by_unit else "chi-squared",
            "warning": "" if by_unit else note,
        }
        lines.append({"term": test.name, "df": float(test.df), **numbers, **labels})
    return lines


def other_inference(setting: Setting, fit: SpatialPanelFit) -> list[Line]:
    """Return the estimates of a main model with every other inference, and what common
    factors do to rho.
    """
    lines = []
    stream = f"{setting.stream}:{fit.model.model}"
    seeded = {"seed": str(setting.seed)}
    for kind in ("observed", "expected", "qml"):
        lines += [
            line | {"role": "ladder"} for line in coefficients(setting, fit, kind)
        ]
        lines += _effects(setting, fit, delta_impacts(fit, kind, setting.level), kind)
    rng = generator_for(setting.seed, f"{stream}:draws")
    drawn = _effects(
        setting, fit, drawn_impacts(fit, rng, DRAWS, level=setting.level), "observed"
    )
    printed = [*coefficients(setting, fit), *clustered_effects(setting, fit, "ladder")]
    drawn += _by_units(setting, fit, printed, f"{stream}:units")
    drawn += _by_years(setting, fit, printed, f"{stream}:years")
    lines += [line | seeded for line in drawn]
    for factors in FACTORS:
        factor_fit = fit_with_factors(setting.panel, fit.network, fit.model, factors)
        note = f"{factors} common factors"
        for line in coefficients(setting, factor_fit.after):
            if line["term"] in SPATIAL_UNITS:
                warning = joined(
                    line["warning"], f"{note} taken out, no bias correction"
                )
                renamed = {
                    "estimator": f"{line['estimator']}_factors_{factors}",
                    "converged": factor_fit.converged,
                }
                lines.append(line | renamed | {"warning": warning})
    return lines


def _by_units(
    setting: Setting, fit: SpatialPanelFit, printed: list[Line], stream: str
) -> list[Line]:
    """Return the printed rows with the wild bootstrap-t by unit in the place of t(G* -
    1).
    """
    lines = [_renamed(line, fit, "units") for line in printed]
    try:
        if fit.n_units > MOST_BOOTSTRAPPED:
            raise NumericsError(
                f"{fit.n_units} units, at most {MOST_BOOTSTRAPPED} are bootstrapped"
            )
        bootstrap = unit_bootstrap(
            setting.panel, fit, generator_for(setting.seed, stream), UNIT_DRAWS
        )
    except NumericsError as error:
        return [
            line | {"warning": joined(line["warning"], f"no interval: {error}")}
            for line in lines
        ]
    draws_used = len(bootstrap.coefficients)
    sizes = np.abs(
        np.concatenate(
            [bootstrap.coefficients, bootstrap.effects.reshape(draws_used, -1)], axis=1
        )
    )
    label = f"wild bootstrap-t by unit, {draws_used} samples"
    for line, size in zip(lines, sizes.T, strict=True):
        if line.get("std_error", NAN) > 0 and np.isfinite(size).all():
            half = float(np.quantile(size, setting.level)) * line["std_error"]
            p_value = float(
                (1 + (size >= abs(line["statistic"])).sum()) / (1 + draws_used)
            )
            line |= {
                "conf_low": line["estimate"] - half,
                "conf_high": line["estimate"] + half,
                "p_value": p_value,
                "conf_level": setting.level,
                "p_type": "symmetric bootstrap-t",
                "se_type": label,
            }
    return lines


def _by_years(
    setting: Setting, fit: SpatialPanelFit, printed: list[Line], stream: str
) -> list[Line]:
    """Return the printed rows with the spread and the percentiles of samples rebuilt
    from blocks of years.
    """
    together = max(1, min(YEARS_TOGETHER, fit.n_periods // 3))
    drawn = year_bootstrap(
        setting.panel, fit, generator_for(setting.seed, stream), YEAR_DRAWS, together
    )
    values = np.concatenate(
        [drawn[:, :-1], effects_at(fit, drawn).reshape(len(drawn), -1)], axis=1
    )
    low, high = np.quantile(
        values, [0.5 - setting.level / 2, 0.5 + setting.level / 2], axis=0
    )
    serial = serial_note(fit)
    lines = [_renamed(line, fit, "years") for line in printed]
    note = joined(
        serial, f"blocks of {together} years keep part of it" if serial else ""
    )
    label = f"{YEAR_DRAWS} samples of residuals by blocks of {together} years"
    for i, (line, error) in enumerate(
        zip(lines, values.std(axis=0, ddof=1), strict=True)
    ):
        if error > 0:
            line |= {
                "std_error": float(error),
                "statistic": line["estimate"] / error,
                "g_star": NAN,
                "se_type": label,
                "conf_low": float(low[i]),
                "conf_high": float(high[i]),
                "conf_level": setting.level,
            }
            line["warning"] = joined(line["warning"], note)
    return lines


def _renamed(line: Line, fit: SpatialPanelFit, suffix: str) -> Line:
    other_fields = {key: value for key, value in line.items() if key not in INTERVAL}
    return other_fields | {"estimator": estimator_name(fit, suffix), "role": "ladder"}


def mundlak_lines(setting: Setting, fit: SpatialPanelFit) -> list[Line]:
    """Return the test of random unit effects beside year dummies."""
    if (
        fit.model.model not in ("SDM", "SAR", "SEM", "SDEM")
        or fit.model.effects != "two_way"
    ):
        return []
    try:
        lines = tested_lines([mundlak(setting.panel, fit.network, fit.model)], "")
    except (NumericsError, np.linalg.LinAlgError) as error:
        return [
            {"term": "Mundlak", "estimate": NAN, "warning": f"not defined: {error}"}
        ]
    return [line | {"p_type": "F(q, N - q - 1)"} for line in lines]


def estimator_name(fit: SpatialPanelFit, kind: str) -> str:
    """Return the name of a model with a covariance."""
    return fit.model.model.lower() + ("" if kind == BY_UNIT else f"_{kind}")


def residual_autocorrelation(fit: SpatialPanelFit) -> float:
    """Return the correlation of residuals with those of the year before."""
    e = fit.residuals
    return float((e[1:] * e[:-1]).sum() / (e**2).sum())


def edge_note(fit: SpatialPanelFit) -> str:
    """Say that a spatial parameter is at the edge of its range; empty where none is."""
    spatial = [name for name in SPATIAL_UNITS if name in fit.names]
    return f"{' or '.join(spatial)} at the edge of its range" if fit.at_bound else ""


def serial_note(fit: SpatialPanelFit, kind: str = "observed") -> str:
    """Warn where errors hang together over years."""
    autocorrelation = residual_autocorrelation(fit)
    if autocorrelation < SERIAL:
        return ""
    consequence = (
        "the interval by unit allows for it"
        if kind == BY_UNIT
        else "intervals that ignore it are too narrow"
    )
    return f"residuals are correlated over years (AR(1) {autocorrelation:.2f}): {consequence}"

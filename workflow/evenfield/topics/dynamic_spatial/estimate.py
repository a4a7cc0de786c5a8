"""Dynamic spatial panel: what comes from the own past, from neighbours now and from
their past, and for how long.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, PositiveInt

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import t_inference
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.dynamic import DYNAMICS, DynamicFit, fit_dynamic
from evenfield.numerics.spatial_panel.dynamic_effects import (
    ESTIMATORS,
    DynamicMonteCarlo,
    dynamic_effects,
    dynamic_monte_carlo,
    stability,
)
from evenfield.numerics.spatial_panel.dynamic_effects import KINDS as EFFECTS
from evenfield.numerics.spatial_panel.likelihood import at_edge
from evenfield.numerics.spatial_panel.network import network
from evenfield.shared.estimates import NAN, finite_or_nan
from evenfield.shared.rows import Kind, Results, Rows, gathered, stacked
from evenfield.shared.samples import inference_fields, joined
from evenfield.shared.spec import read
from evenfield.shared.study_panel import UNITS, PanelSection, PanelSpec, study_panel
from evenfield.study.errors import EstimateError
from evenfield.study.rounding import round_results
from evenfield.study.study import Study

BASE = "dynamic_sdm"
KINDS = {
    "coef": Kind(BASE, "", "coef", ""),
    "start": Kind("", "", "coef", ""),
    "radius": Kind(BASE, "dynamics", "radius", ""),
    "constant_root": Kind(BASE, "dynamics", "constant_root", ""),
    "speed_slowest": Kind(BASE, "dynamics", "speed_slowest", "%/yr"),
    "speed_fastest": Kind(BASE, "dynamics", "speed_fastest", "%/yr"),
    "effect": Kind(BASE, "", "", ""),
}
SERIES = ["spec_id", "term", "estimator"]
COUNTS = ["estimated", "replications", "controlled"]
NUMBERS = ["truth", "bias", "sd", "coverage", "error_ratio", *COUNTS]
WITHHELD = dict.fromkeys(
    ("estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"), NAN
)
NOT_STABLE = (
    "NOT STABLE: largest root {:.3f} without the common one, so there is no long run"
)
COMMON = "COMMON ROOT: (tau + eta)/(1 - rho) is {:.3f}, so there is no long run"
FEW_STABLE = "fewer than half of the draws are stable: no long run"
ENDOGENOUS = "ENDOGENOUS: regressors are taken as strictly exogenous, an association"
RULE = (
    "numbers are printed if the Monte Carlo's bias of rho, tau and eta is below {:g} or"
    " below {:g} standard deviations and at least {:.0%} of its panels have an estimate"
)


class DynamicSpatialSpec(PanelSpec):
    """One specification of the dynamic spatial panel."""

    outcome: Literal["log_income", "growth_pct", "relative_log_income"] = Field(
        "log_income", description="Outcome."
    )


class Section(PanelSection[DynamicSpatialSpec]):
    """Variables, specifications, and the rule by which a Monte Carlo decides whether
    numbers are printed.
    """

    draws: int = Field(10_000, ge=99, description="Draws of the effects.")
    replications: int = Field(400, ge=20, description="Panels of the Monte Carlo.")
    horizons: tuple[PositiveInt, ...] = Field(
        (1, 5, 10), min_length=1, description="Years after a permanent change."
    )
    # ASSUME: a bias is harmless if it is below 0.02 or below half a standard deviation.
    max_bias: float = Field(
        0.02, gt=0, description="A bias of rho, tau or eta below this is small."
    )
    max_bias_in_sd: float = Field(
        0.5, gt=0, description="So is one below this many standard deviations."
    )
    least_estimated: float = Field(
        0.95,
        gt=0,
        le=1,
        description="Share of the Monte Carlo's panels that must have an estimate.",
    )


def look(study: Study, section: Section, spec: DynamicSpatialSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    study_panel(study, section, spec)


def chunk(study: Study, number: int, of: int) -> Results:
    """Estimate one chunk's share of the specifications and measure the bias of each at
    its own size.

    Notes
    -----
    Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu + alpha_t 1 +
    e_t.
    """
    section = read(Section, study.config, "dynamic_spatial")
    out = Results()
    parts = []
    level, seed = (study.config["inference"][key] for key in ("conf_level", "seed"))
    for spec in section.specifications[number - 1 :: of]:
        panel, shared, note = study_panel(study, section, spec)
        rng = generator_for(seed, f"dynamic_spatial:{spec.id}:monte_carlo")
        try:
            fit = fit_dynamic(
                panel,
                network(panel.units, study.weights(spec.weights).among(panel.units)[0]),
            )
            check = dynamic_monte_carlo(panel, fit, rng, section.replications, level)
        except NumericsError as error:
            expected = "a panel that carries the model"
            action = "change its years, regressors or weights"
            raise EstimateError(f"{spec.id}: {error}", expected, action) from error
        withheld = withheld_reason(fit, check, section)
        shared |= {
            "family": "dynamic_spatial",
            "period": f"{spec.years[0] + 1}-{spec.years[1]}",
            "fe_id": "unit+year",
        }
        shared |= {
            "w_id": spec.weights,
            "n_obs": len(panel.units) * fit.t,
            "n_periods": fit.t,
            "converged": fit.found,
        }
        rows = Rows(
            KINDS,
            "exploratory",
            joined(note, ENDOGENOUS, withheld),
            **shared,
            conf_level=level,
        )
        hidden = WITHHELD if withheld else {}
        _add_coefficients(rows, fit, level, UNITS[spec.outcome], hidden)
        long_run = _add_stability(rows, fit, hidden)
        _add_effects(
            rows, fit, section, level, seed, UNITS[spec.outcome], long_run, hidden
        )
        out.estimates += rows.made
        parts.append(_monte_carlo(spec.id, check, section))
        sigma = float(round_results(np.asarray(np.sqrt(fit.sigma2))))
        out.fit[spec.id] = {"withheld": withheld, "long_run": long_run, "sigma": sigma}
    out.series["series"] = stacked(parts, SERIES, NUMBERS)
    return out


def estimate(study: Study, chunks: Sequence[str | Path] = ()) -> Results:
    """Estimate all specifications, or join the chunks that did."""
    section = read(Section, study.config, "dynamic_spatial")
    out = gathered(chunks) if chunks else chunk(study, 1, 1)
    out.series["series"] = stacked([out.series["series"]], SERIES, NUMBERS).astype(
        dict.fromkeys(COUNTS, int)
    )
    out.fit = {
        "equation": (
            "Y_t = tau Y_(t-1) + rho W Y_t + eta W Y_(t-1) + X_t b + W X_t th + mu +"
            " alpha_t 1 + e_t"
        ),
        "estimator": (
            "root of the likelihood's score, adjusted for the unit effects; time"
            " effects transformed away"
        ),
        "rule": RULE.format(
            section.max_bias, section.max_bias_in_sd, section.least_estimated
        ),
        **{key: study.config["inference"][key] for key in ("conf_level", "seed")},
        "replications": section.replications,
        "specifications": out.fit,
    }
    return out


def withheld_reason(fit: DynamicFit, check: DynamicMonteCarlo, section: Section) -> str:
    """Say why numbers are not to be printed: no root, too many failures, or a bias that
    the correction leaves.
    """
    if not fit.found:
        return "WITHHELD: the corrected score has no root"
    if at_edge(float(fit.dynamics[0]), *fit.network.logdet.domain):
        return "WITHHELD: rho at the edge of its range"
    share = check.estimated[-1] / check.replications
    if share < section.least_estimated:
        return (
            f"WITHHELD: only {share:.0%} of the Monte Carlo's panels have an estimate"
        )
    if (wrong := np.flatnonzero(~controlled(check, section)[-1])).size:
        j = wrong[0]
        found = (
            f"the Monte Carlo finds a bias of {check.bias[-1, j]:.3f} in {DYNAMICS[j]}"
            " after the correction"
        )
        return f"WITHHELD: {found} (standard deviation {check.sd[-1, j]:.3f})"
    return ""


def controlled(check: DynamicMonteCarlo, section: Section) -> np.ndarray:
    """Say for which estimators and parameters the bias is small; shape (3, 3)."""
    size = np.abs(check.bias)
    small = (size < section.max_bias) | (size < section.max_bias_in_sd * check.sd)
    often = check.estimated >= section.least_estimated * check.replications
    return np.asarray(small & often[:, None])


def _add_coefficients(
    rows: Rows, fit: DynamicFit, level: float, unit: str, hidden: dict[str, float]
) -> None:
    for name, value, error in zip(
        fit.names, fit.estimates, fit.std_errors, strict=True
    ):
        tested = inference_fields(
            t_inference(float(value), float(error), np.inf, level)
        )
        said = {
            "se_type": "adjusted score",
            "p_type": "normal",
            "unit_of_measure": "" if name in DYNAMICS else unit,
        }
        rows.add("coef", term=name, **said, **tested | hidden)
    for estimator, values in {
        "likelihood": fit.likelihood,
        "one_step": fit.one_step,
    }.items():
        for name, value in zip(DYNAMICS, values, strict=False):
            lost = (
                ""
                if np.isfinite(value)
                else "not defined: the likelihood's maximum is not stable"
            )
            labels = {
                "estimator": f"{BASE}_{estimator}",
                "role": "ladder",
                "term": name,
            }
            rows.add("start", lost, **labels, **{"estimate": float(value)} | hidden)


def _add_stability(rows: Rows, fit: DynamicFit, hidden: dict[str, float]) -> str:
    """Add roots and speeds; return why there is no long run, empty where there is one."""
    found = stability(fit)
    note = "" if found.long_run else COMMON.format(found.constant_root)
    note = note if found.stable else NOT_STABLE.format(found.radius)
    numbers = {"radius": found.radius, "constant_root": found.constant_root}
    numbers |= {"speed_slowest": found.slowest, "speed_fastest": found.fastest}
    for name, value in numbers.items():
        rows.add(name, note, **{"estimate": finite_or_nan(value)} | hidden)
    return note


def _add_effects(
    rows: Rows,
    fit: DynamicFit,
    section: Section,
    level: float,
    seed: int,
    unit: str,
    long_run: str,
    hidden: dict[str, float],
) -> None:
    draw_id = f"dynamic_spatial:{rows.shared['spec_id']}:effects"
    rng = generator_for(seed, draw_id)
    found = dynamic_effects(fit, section.horizons, rng, section.draws, level)
    said = {
        "se_type": "draws of all parameters",
        "unit_of_measure": unit,
        "seed": f"{seed}:{draw_id}",
    }
    for (h, i, k), value in np.ndenumerate(found.estimate):
        dropped = (
            f"{found.dropped[h]} of {section.draws} draws are not stable"
            if found.dropped[h]
            else ""
        )
        numbers = {
            name: float(getattr(found, name)[h, i, k])
            for name in ("std_error", "conf_low", "conf_high")
        }
        labels = {
            "term": found.regressors[k],
            "effect_type": f"{found.horizons[h]}_{EFFECTS[i]}",
        }
        note = (long_run or FEW_STABLE) if np.isnan(value) else dropped
        rows.add(
            "effect",
            note,
            **labels,
            **said,
            **numbers | {"estimate": float(value)} | hidden,
        )


def _monte_carlo(
    spec_id: str, check: DynamicMonteCarlo, section: Section
) -> pd.DataFrame:
    kept = controlled(check, section)
    rows = []
    for (i, j), bias in np.ndenumerate(check.bias):
        row: dict[str, Any] = {
            "spec_id": spec_id,
            "term": DYNAMICS[j],
            "estimator": ESTIMATORS[i],
        }
        row |= {
            "truth": check.truth[j],
            "bias": bias,
            "sd": check.sd[i, j],
            "estimated": check.estimated[i],
        }
        if ESTIMATORS[i] == "adjusted":
            row |= {"coverage": check.coverage[j], "error_ratio": check.error_ratio[j]}
        rows.append(
            row | {"replications": check.replications, "controlled": int(kept[i, j])}
        )
    return pd.DataFrame(rows)

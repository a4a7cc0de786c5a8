"""Rows beside the deciding ones: equivalence of a spillover to zero, and simulated reach of both tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evenfield.numerics.label_permutation import null_spread
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for
from evenfield.numerics.scpc_evidence import SimulatedReach, scpc_equivalence, simulated_reach
from evenfield.shared.contrasts.contrasts import ContrastSettings, not_defined
from evenfield.shared.contrasts.places import Places
from evenfield.shared.contrasts.prepared_contrasts import PreparedContrast, prepare_contrast
from evenfield.shared.estimates import NAN, Estimate
from evenfield.topics.exposure.estimate_contrasts import PER_SD, PeriodSection, difference, single

SIMULATED = 4999
KINDS = {"independent": "independent errors", "correlated": "errors as correlated as the bound allows"}


def evidence_rows(section: PeriodSection, places: Places, settings: ContrastSettings) -> list[Estimate]:
    """Return the rows beside the deciding ones of a period."""
    return [*_reach_rows(section, places, settings), *_equivalence_rows(section, places, settings)]


def _reach_rows(section: PeriodSection, places: Places, settings: ContrastSettings) -> list[Estimate]:
    contrast = difference(section)
    base = replace(contrast.row, role="robustness", effect_type="mde_simulated", estimator="simulated_power")
    found = prepare_contrast(contrast, places)
    if isinstance(found, str):
        return [not_defined(base, found)]
    rows = []
    for kind, words in KINDS.items():
        reach = _reach(found, kind, settings)
        detectable = reach.detectable * _scale(found)
        rows.append(replace(_counted(base, found), estimator=f"simulated_power_{kind}", estimate=detectable,
                            mde=detectable, p_type=f"SCPC test, {reach.draws} samples, {words}"))  # fmt: skip
    return rows


def _equivalence_rows(section: PeriodSection, places: Places, settings: ContrastSettings) -> list[Estimate]:
    contrast = single(section, section.spec.exposures[1], unit=PER_SD)
    base = replace(contrast.row, role="robustness", estimator="equivalence", effect_type="tost")
    found = prepare_contrast(contrast, places)
    if isinstance(found, str):
        return [not_defined(base, found)]
    space = found.place.components["scpc"]
    fit = fit_ols(found.section.y, found.section.X)
    test = scpc_equivalence(fit, found.section.contrast, space, base.sesoi, settings.level)
    passed = _reach(found, "independent", settings).equivalence * _scale(found)
    weak = f"UNDERPOWERED: mde {passed:.3g} above sesoi {base.sesoi:g} {base.unit_of_measure}"
    filled = replace(
        _counted(base, found), estimate=test.estimate, std_error=test.std_error, p_value=test.p_value,
        p_type="two one-sided SCPC tests", se_type=f"SCPC avc {space.average_correlation:.2f}",
        conf_low=test.conf_low, conf_high=test.conf_high, conf_level=2 * settings.level - 1, mde=passed,
        warning="; ".join(part for part in (_scaled(section), weak if passed > base.sesoi else "") if part),
    )  # fmt: skip
    smallest = replace(_counted(base, found), effect_type="mde_tost", estimate=passed, mde=passed,
                       p_type=f"two one-sided SCPC tests, {SIMULATED} samples, independent errors")  # fmt: skip
    return [filled, smallest]


def _scaled(section: PeriodSection) -> str:
    name = section.spec.exposures[1]
    return f"one s.d. of the exposure is {section.spread(name):.3g} in this period"


def _counted(base: Estimate, found: PreparedContrast) -> Estimate:
    row = found.row
    return replace(base, n_obs=row.n_obs, n_units=row.n_units, n_treated=row.n_treated, g_star=row.g_star,
                   max_leverage_unit=row.max_leverage_unit, controls_id=row.controls_id, std_error=NAN)  # fmt: skip


def _scale(found: PreparedContrast) -> float:
    return null_spread(found.section.y, found.section.controls)


def _reach(found: PreparedContrast, kind: str, settings: ContrastSettings) -> SimulatedReach:
    """Simulate on samples that all periods share: the design, not the outcome, says what can be seen."""
    section, space = found.section, found.place.components["scpc"]
    rng = generator_for(settings.seed, f"exposure:power:{len(section.y)}")
    errors = rng.standard_normal((SIMULATED, len(section.y)))
    if kind == "correlated":
        errors = errors @ np.linalg.cholesky(space.covariances[0]).T
    return simulated_reach(section.X, section.contrast, space, errors, settings.power, settings.level)

"""Evidence of absence: what the design could see in simulated samples, and whether a
coefficient is small enough to be of no interest.
"""

from dataclasses import replace

import numpy as np

from evenfield.numerics.label_permutation import null_spread
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.random import generator_for
from evenfield.numerics.scpc import AVERAGE_CORRELATION
from evenfield.numerics.scpc_evidence import (
    SimulatedReach,
    scpc_equivalence,
    simulated_reach,
)
from evenfield.shared.contrasts.contrasts import ContrastSettings, not_defined
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.contrasts.prepared_contrasts import (
    GroupContrast,
    PreparedContrast,
    prepare_contrast,
)
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import joined, underpowered

SIMULATED = 4999
KINDS = {
    "independent": "independent errors",
    "correlated": "errors as correlated as the bound allows",
}


def reach_rows(
    contrast: GroupContrast, geographies: Geographies, settings: ContrastSettings
) -> list[Estimate]:
    """Return the smallest effects that the SCPC test sees in simulated samples, by kind
    of error.
    """
    base = replace(
        contrast.row,
        role="robustness",
        effect_type="mde_simulated",
        estimator="simulated_power",
    )
    prepared = prepare_contrast(contrast, geographies)
    if prepared.reason:
        return [not_defined(base, prepared.reason)]
    if not prepared.geography.locations.known:
        return [not_defined(base, "not defined: the units have no coordinates")]
    rows = []
    for kind, words in KINDS.items():
        reach = _reach(prepared, kind, settings)
        # The design sees multiples of the residual s.d. of growth on starting income.
        mde = reach.detectable * _scale(prepared)
        test = f"SCPC test, {reach.draws} samples, {words}"
        row = replace(base, **prepared.counts, estimator=f"{base.estimator}_{kind}")
        rows.append(
            replace(
                row,
                estimate=mde,
                mde=mde,
                p_type=test,
            )
        )
    return rows


def equivalence_rows(
    contrast: GroupContrast,
    standard_deviation: float,
    geographies: Geographies,
    settings: ContrastSettings,
) -> list[Estimate]:
    """Test whether the coefficient of an exposure, per standard deviation of it, is
    smaller than of interest.
    """
    base = replace(
        contrast.row, role="robustness", estimator="equivalence", effect_type="tost"
    )
    prepared = prepare_contrast(contrast, geographies)
    if prepared.reason:
        return [not_defined(base, prepared.reason)]
    if not prepared.geography.locations.known:
        return [not_defined(base, "not defined: the units have no coordinates")]
    space = prepared.geography.locations.components(AVERAGE_CORRELATION, settings.level)
    section = prepared.section
    test = scpc_equivalence(
        fit_ols(section.y, section.X),
        section.contrast,
        space,
        base.sesoi,
        settings.level,
    )
    # The narrowest bound that an effect of zero passes: on both sides, so that half of
    # 1 - power is left on each.
    bound = smallest_visible(
        test.conf_low, test.conf_high, test.std_error, (1 + settings.power) / 2
    )
    scaled = f"one s.d. of the exposure is {standard_deviation:.3g} in this period"
    base = replace(base, **prepared.counts)
    filled = replace(
        base,
        estimate=test.estimate,
        std_error=test.std_error,
        p_value=test.p_value,
        p_type="two one-sided SCPC tests",
        se_type=f"SCPC avc {space.average_correlation:.2f}",
        conf_low=test.conf_low,
        conf_high=test.conf_high,
        # Both tests of size 1 - level reject exactly when it lies inside the bounds.
        conf_level=2 * settings.level - 1,
        mde=bound,
        warning=joined(scaled, underpowered(bound, base.sesoi, base.unit_of_measure)),
    )
    # Before the data: bounds that a true zero would pass with the power asked for.
    passed = _reach(prepared, "independent", settings).equivalence * _scale(prepared)
    reached = replace(
        base,
        effect_type="mde_tost",
        estimate=passed,
        mde=passed,
        p_type=f"two one-sided SCPC tests, {SIMULATED} samples, independent errors",
    )
    return [filled, reached]


def _scale(prepared: PreparedContrast) -> float:
    return null_spread(prepared.section.y, prepared.section.controls)


def _reach(
    prepared: PreparedContrast, kind: str, settings: ContrastSettings
) -> SimulatedReach:
    """Simulate on samples that all periods share: the design, not the outcome, says
    what can be seen.
    """
    section = prepared.section
    space = prepared.geography.locations.components(AVERAGE_CORRELATION, settings.level)
    # The same errors for all periods with as many units.
    rng = generator_for(settings.seed, f"exposure:power:{len(section.y)}")
    errors = rng.standard_normal((SIMULATED, len(section.y)))
    if kind == "correlated":
        # exp(-c d) with the first decay: as correlated as the bound allows.
        covariance = np.exp(-space.decays[0] * space.distance)
        errors = errors @ np.linalg.cholesky(covariance).T
    return simulated_reach(
        section.X, section.contrast, space, errors, settings.power, settings.level
    )

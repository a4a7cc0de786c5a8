"""Evidence of absence: what the design could see in simulated samples, and whether a
coefficient is small enough to be of no interest.
"""

from dataclasses import replace

from evenfield.models.equivalence import SimulatedPower, equivalence, simulated_power
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.random import generator_for
from evenfield.shared.contrasts.contrasts import not_defined
from evenfield.shared.contrasts.designs import (
    ContrastDesign,
    GroupContrast,
    contrast_design,
)
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.estimates import Estimate, asking
from evenfield.shared.few_units import fields_of
from evenfield.shared.samples import joined, underpowered

SIMULATED = 4999
POWER_STREAM = "exposure:power:{}"  # by number of units
KINDS = {
    "independent": "independent errors",
    "correlated": "errors as correlated as the bound allows",
}


def reach_rows(contrast: GroupContrast, geographies: Geographies) -> list[Estimate]:
    """Return the smallest effects that the SCPC test sees in simulated samples, by kind
    of error.
    """
    base = replace(
        contrast.row,
        role="robustness",
        effect_type="mde_simulated",
        estimator="simulated_power",
    )
    try:
        design = contrast_design(contrast, geographies)
        seen = {kind: _simulated_power(design, kind) for kind in KINDS}
    except NumericsError as error:
        return [not_defined(base, error)]
    base = replace(base, **design.counts)
    rows = []
    for kind, words in KINDS.items():
        mde = seen[kind].effect
        row = replace(
            base,
            estimator=f"{base.estimator}_{kind}",
            asked=asking(base.asked, errors=kind),
            estimate=mde,
            mde=mde,
            p_type=f"SCPC test, {SIMULATED} samples, {words}",
        )
        rows.append(row)
    return rows


def equivalence_rows(
    contrast: GroupContrast, standard_deviation: float, geographies: Geographies
) -> list[Estimate]:
    """Test whether the coefficient of an exposure, per standard deviation of it, is
    smaller than of interest.
    """
    base = replace(
        contrast.row, role="robustness", estimator="equivalence", effect_type="tost"
    )
    try:
        design = contrast_design(contrast, geographies)
        # Before the data: bounds that a true zero would pass with the power asked for.
        passed = _simulated_power(design, "independent").bound
    except NumericsError as error:
        return [not_defined(base, error)]
    inference = geographies.inference
    c = design.regression.combination
    test = equivalence(design, c, "SCPC", base.sesoi, inference.level)
    # The narrowest bound that an effect of zero passes: on both sides, so that half of
    # 1 - power is left on each.
    bound = smallest_visible(
        test.conf_low, test.conf_high, test.std_error, (1 + inference.power) / 2
    )
    scaled = f"one s.d. of the exposure is {standard_deviation:.3g} in this period"
    base = replace(base, **design.counts)
    # Both tests of size 1 - level reject exactly when this interval lies inside the bounds.
    numbers = fields_of(replace(test, mde=bound), 2 * inference.level - 1)
    warning = joined(scaled, underpowered(bound, base.sesoi, base.unit_of_measure))
    filled = replace(base, **numbers, warning=warning)
    reached = replace(
        base,
        effect_type="mde_tost",
        asked=asking(base.asked, errors="independent"),
        estimate=passed,
        mde=passed,
        p_type=f"two one-sided SCPC tests, {SIMULATED} samples, independent errors",
    )
    return [filled, reached]


def _simulated_power(design: ContrastDesign, kind: str) -> SimulatedPower:
    """Simulate on samples that all periods share: the design, not the outcome, says
    what can be seen, in multiples of the residual s.d. of growth on starting income.
    """
    inference = design.geographies.inference
    return simulated_power(
        design,
        design.regression.combination,
        design.regression.controls,
        "SCPC",
        # The same errors for all periods with as many units.
        generator_for(inference.seed, POWER_STREAM.format(len(design.fit.y))),
        SIMULATED,
        correlated=kind == "correlated",
        power=inference.power,
        level=inference.level,
    )

"""Two regimes of pull: whether neighbours pull harder on units that have the first
regime, with a check of the bias by simulation.
"""

from dataclasses import replace

from evenfield.models.spatial_regimes import soundness, two_regimes
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.random import generator_for
from evenfield.shared.contrasts.contrasts import not_defined
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.estimates import NAN, Estimate, Fields
from evenfield.shared.few_units import fields_of

SAMPLES = 49
REGIME_STREAM = "exposure:two_regime"


def two_regime_row(contrast: GroupContrast, seed: int) -> tuple[Estimate, Fields]:
    """Ask whether neighbours pull harder on units that have the first regime, and check
    the bias by simulation.

    Notes
    -----
    Two-regime spatial Durbin model, Elhorst and Freret (2009); exploratory.
    """
    term = f"rho_{contrast.labels[0].removeprefix('own_')}"
    base = replace(
        contrast.row,
        hypothesis="",
        role="exploratory",
        estimator="sdm_two_regime",
        term=term,
        contrast=f"{term} - rho_other",
        sesoi=NAN,
        unit_of_measure="per W y",
    )
    assert contrast.neighbours is not None
    table = contrast.table
    W = contrast.neighbours.aligned([str(unit) for unit in table.index])
    y = table[contrast.outcome].to_numpy(float)
    inside = table[contrast.labels[0]].to_numpy(bool)
    plain = table[[*contrast.labels, *contrast.controls]].to_numpy(float)
    try:
        fitted = two_regimes(y, plain, W, inside)
    except NumericsError as error:
        return not_defined(base, error), {}
    fit = fitted.fit
    # Simulated from the fitted coefficients with one common pull.
    sound = soundness(fitted, generator_for(seed, REGIME_STREAM), SAMPLES)
    check: Fields = {
        "bias": round(sound.bias, 4),
        "size": sound.size,
        "samples": sound.samples,
    }
    edge = "rho at the edge of its range: no standard error; " if fit.at_bound else ""
    row = replace(
        base,
        **fields_of(fitted.difference, NAN),
        n_obs=len(y),
        n_units=len(y),
        n_treated=int(inside.sum()),
        warning=(
            f"{edge}at equal pulls the difference is off by {check['bias']:.2g} on"
            f" average and the nominal 5% test rejects in {check['size']:.0%} of"
            f" {SAMPLES} simulated samples"
        ),
    )
    return row, check

"""Rows beside the deciding ones: equivalence to zero, simulated reach, two regimes of
pull, ranges over choices.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.numerics.errors import NumericsError
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
from evenfield.numerics.spatial_panel.two_regime import TwoRegimeFit, two_regime_durbin
from evenfield.shared.contrasts.contrasts import ContrastSettings, not_defined
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.contrasts.prepared_contrasts import (
    GroupContrast,
    PreparedContrast,
    prepare_contrast,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.samples import joined

ALL = "all"
SIMULATED = 4999
KINDS = {
    "independent": "independent errors",
    "correlated": "errors as correlated as the bound allows",
}
SAMPLES = 49
NOMINAL = 0.05
UNTESTED = (
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
    "conf_level",
    "sesoi",
    "mde",
)

RANGES = [
    "spec_id",
    "period",
    "output_basis",
    "over",
    "estimates",
    "undefined",
    "lowest",
    "median",
    "highest",
]
RANGES += ["same_sign", "off_zero", "smallest_mde", "sesoi"]


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
        mde = reach.detectable * _scale(prepared)
        test = f"SCPC test, {reach.draws} samples, {words}"
        row = replace(base, **prepared.counts, estimator=f"{base.estimator}_{kind}")
        rows.append(replace(row, estimate=mde, mde=mde, p_type=test))
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
    weak = (
        f"UNDERPOWERED: mde {bound:.3g} above sesoi {base.sesoi:g}"
        f" {base.unit_of_measure}"
    )
    scaled = f"one s.d. of the exposure is {standard_deviation:.3g} in this period"
    filled = replace(
        base,
        **prepared.counts,
        **{
            name: getattr(test, name)
            for name in ("estimate", "std_error", "p_value", "conf_low", "conf_high")
        },
        p_type="two one-sided SCPC tests",
        se_type=f"SCPC avc {space.average_correlation:.2f}",
        conf_level=2 * settings.level - 1,
        mde=bound,
        warning=joined(scaled, weak if bound > base.sesoi else ""),
    )
    passed = _reach(prepared, "independent", settings).equivalence * _scale(prepared)
    p_type = f"two one-sided SCPC tests, {SIMULATED} samples, independent errors"
    reached = replace(
        base,
        **prepared.counts,
        effect_type="mde_tost",
        estimate=passed,
        mde=passed,
        p_type=p_type,
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
    rng = generator_for(settings.seed, f"exposure:power:{len(section.y)}")
    errors = rng.standard_normal((SIMULATED, len(section.y)))
    if kind == "correlated":
        errors = (
            errors @ np.linalg.cholesky(np.exp(-space.decays[0] * space.distance)).T
        )
    return simulated_reach(
        section.X, section.contrast, space, errors, settings.power, settings.level
    )


def two_regime_row(
    contrast: GroupContrast, seed: int
) -> tuple[Estimate, dict[str, Any]]:
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
        sesoi=NAN,
    )
    base = replace(base, contrast=f"{term} - rho_other", unit_of_measure="per W y")
    assert contrast.neighbours is not None
    table, W = (
        contrast.table,
        contrast.neighbours.aligned([str(unit) for unit in contrast.table.index]),
    )
    y = table[contrast.outcome].to_numpy(float)
    inside = table[contrast.labels[0]].to_numpy(bool)
    plain = table[[*contrast.labels, *contrast.controls]].to_numpy(float)
    X = np.column_stack([np.ones(len(y)), plain, W @ plain])
    try:
        fit = two_regime_durbin(y, X, W, inside)
    except NumericsError as error:
        return not_defined(base, f"not defined: {error}"), {}
    check = _check(fit, X, W, inside, seed)
    edge = "rho at the edge of its range: no standard error; " if fit.at_bound else ""
    row = replace(
        base,
        estimate=fit.rho_inside - fit.rho_outside,
        std_error=fit.std_error,
        se_type="observed information",
        statistic=fit.likelihood_ratio,
        df=1.0,
        p_value=fit.p_value,
        p_type="likelihood ratio, chi-squared",
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


def _check(
    fit: TwoRegimeFit, X: np.ndarray, W: csr_array, inside: np.ndarray, seed: int
) -> dict[str, Any]:
    """Simulate from the fitted coefficients with one common pull."""
    rng = generator_for(seed, "exposure:two_regime")
    reach = np.linalg.inv(np.eye(len(X)) - fit.rho * W.toarray())
    errors = rng.standard_normal((SAMPLES, len(X))) * np.sqrt(fit.sigma2)
    fits = [two_regime_durbin(reach @ (X @ fit.beta + e), X, W, inside) for e in errors]
    bias = round(float(np.mean([one.rho_inside - one.rho_outside for one in fits])), 4)
    return {
        "bias": bias,
        "size": float(np.mean([one.p_value < NOMINAL for one in fits])),
        "samples": SAMPLES,
    }


def ranges(rows: Iterable[Estimate], deciding: list[Estimate]) -> pd.DataFrame:
    """Summarise the difference of each period over other taxonomies, other weights, and
    both.
    """
    lines = []
    for base in deciding:
        pool = _pool(rows, base)
        over = {
            "taxonomies": [row for row in pool if row.w_id == base.w_id],
            "weights": [row for row in pool if row.treatment_def == base.treatment_def],
            "taxonomies and weights": pool,
        }
        labels = {
            "spec_id": base.spec_id,
            "period": base.period,
            "output_basis": base.output_basis,
        }
        lines += [
            {**labels, "over": name, **_range(base, prepared)}
            for name, prepared in over.items()
        ]
    return pd.DataFrame(lines, columns=RANGES)


def range_rows(rows: Iterable[Estimate], deciding: list[Estimate]) -> list[Estimate]:
    """Return the share of all pairs of a taxonomy and weights whose difference has the
    sign of the deciding one.
    """
    labels: dict[str, Any] = dict.fromkeys(UNTESTED, NAN) | {
        "se_type": "",
        "p_type": "",
        "unit_of_measure": "share",
    }
    labels |= {
        "role": "robustness",
        "estimator": "specification_curve",
        "effect_type": "share",
    }
    labels["warning"] = "share over all pairs of a taxonomy and weights"
    out = []
    for base in deciding:
        defined = [row for row in _pool(rows, base) if np.isfinite(row.estimate)]
        share = _same_sign(base, defined) / len(defined) if defined else NAN
        out.append(replace(base, **labels, estimate=share, n_obs=len(defined)))
    return out


def _pool(rows: Iterable[Estimate], base: Estimate) -> list[Estimate]:
    wanted = (base.spec_id, base.period, base.contrast, "slx", ALL)
    return [
        row
        for row in rows
        if (row.spec_id, row.period, row.contrast, row.estimator, row.sample_id)
        == wanted
    ]


def _range(base: Estimate, prepared: list[Estimate]) -> dict[str, Any]:
    defined = [row for row in prepared if np.isfinite(row.estimate)]
    values = np.array([row.estimate for row in defined] or [np.nan])
    return {
        "estimates": len(defined),
        "undefined": len(prepared) - len(defined),
        "lowest": values.min(),
        "median": float(np.median(values)),
        "highest": values.max(),
        "same_sign": _same_sign(base, defined),
        "off_zero": sum(row.conf_low > 0 or row.conf_high < 0 for row in defined),
        "smallest_mde": min(
            (row.mde for row in defined if np.isfinite(row.mde)), default=np.nan
        ),
        "sesoi": base.sesoi,
    }


def _same_sign(base: Estimate, defined: list[Estimate]) -> int:
    return sum(np.sign(row.estimate) == np.sign(base.estimate) for row in defined)

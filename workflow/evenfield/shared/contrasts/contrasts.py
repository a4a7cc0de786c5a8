"""Group contrasts of a cross-section of units: from a table by unit to the tidy rows of
the inference ladder.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.leave_out import (
    LeaveOut,
    leave_groups_out,
    leave_one_out,
)
from evenfield.numerics.inference.methods import Tested, few_cluster_weights
from evenfield.numerics.inference.multiple_testing import romano_wolf
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.contrasts.placebo_lists import agreement_rows, placebo_rows
from evenfield.shared.contrasts.prepared_contrasts import (
    GroupContrast,
    PreparedContrast,
    contrast_geography,
    contrast_section,
    prepare_contrast,
)
from evenfield.shared.contrasts.sections import (
    EXACT,
    NO_COORDINATES,
    PERMUTATIONS,
    SAMPLED,
    ContrastDesign,
    method_results,
    permutation,
    printed_methods,
)
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.few_units import TIE_DIGITS, beside, fields_of
from evenfield.shared.samples import joined, underpowered
from evenfield.study.errors import EstimateError
from evenfield.study.study_config import InferenceSettings

__all__ = [
    "ContrastSettings",
    "GroupContrast",
    "contrast_rows",
    "parse_contrast_settings",
    "rows_at",
    "step_down_rows",
]
# What estimators of a method are called, where that is not its name in small letters.
SUFFIXES = {"wild33": "wcr33"} | {
    name: name.replace("randomisation", "permutation") for name in PERMUTATIONS
}
BASES = {
    "proxy": "PROXY: rests on proxy output",
    "spliced": "SPLICED: proxy output is joined to official output",
}


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """What all contrasts of a study share."""

    level: float  # level of intervals, power of minimum detectable effects
    power: float
    permutations: int  # draws and base seed
    seed: int
    pairs: tuple[tuple[str, ...], ...] = ()  # units left out together
    # methods that specifications ask for by id; the others follow the written rule
    asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    placebo_lists: int = 0  # of each contrast that is tried on them


def parse_contrast_settings(
    inference: InferenceSettings, power: float, specs: Iterable[Any] = ()
) -> ContrastSettings:
    """Read the settings from the config, and which methods each specification asks for."""
    return ContrastSettings(
        level=inference.level,
        power=power,
        permutations=inference.permutations,
        seed=inference.seed,
        placebo_lists=inference.placebo_lists,
        pairs=inference.pairs,
        asked={spec.id: spec.inference for spec in specs},
    )


def contrast_rows(
    contrasts: Iterable[GroupContrast],
    units: pd.DataFrame,
    links: pd.DataFrame,
    settings: ContrastSettings,
) -> list[Estimate]:
    """Estimate contrasts: all printed methods and leave-out rows where they decide, the
    deciding method elsewhere.
    """
    geographies = Geographies(units, links, settings.permutations, settings.seed)
    rows = []
    for contrast in contrasts:
        rows += rows_at(contrast, geographies, settings)
    return rows


def step_down_rows(
    contrasts: list[GroupContrast],
    units: pd.DataFrame,
    links: pd.DataFrame,
    settings: ContrastSettings,
) -> list[Estimate]:
    """Adjust the contrasts of one hypothesis for being several, on common permutations
    of labels.
    """
    geographies = Geographies(units, links, settings.permutations, settings.seed)
    sections = [contrast_section(contrast, geographies) for contrast in contrasts]
    first = sections[0]
    if any(list(section.units) != list(first.units) for section in sections):
        raise EstimateError(
            "outcomes of one hypothesis have different units",
            "the same units for common draws",
            "leave out units that lack an outcome",
        )
    # The same draws for all outcomes: the step-down rests on their joint law.
    common = contrast_geography(contrasts[0], first, geographies).draws("free")
    tests = [permutation(section, common) for section in sections]
    draws = np.column_stack([test.statistics for test in tests])
    # A draw in which one statistic is not defined has no maximum over all of them.
    regular = draws[np.isfinite(draws).all(axis=1)]
    observed = np.array([test.statistic for test in tests])
    adjusted = romano_wolf(observed, regular).adjusted
    law = f"Romano-Wolf over {len(tests)} outcomes, free permutation of labels"
    return [
        replace(
            contrast.row,
            estimator=f"{contrast.row.estimator}_romano_wolf",
            role="ladder",
            estimate=test.estimate,
            statistic=test.statistic,
            p_value=float(p),
            p_type=law,
            n_obs=len(first.y),
            n_units=len(first.y),
        )
        for contrast, test, p in zip(contrasts, tests, adjusted, strict=True)
    ]


def rows_at(
    contrast: GroupContrast, geographies: Geographies, settings: ContrastSettings
) -> list[Estimate]:
    """Estimate one contrast as ``contrast_rows`` does, where the geographies are known."""
    prepared = prepare_contrast(contrast, geographies)
    if prepared.reason:
        return [not_defined(contrast.row, prepared.reason)]
    row = replace(contrast.row, **prepared.counts)
    section = prepared.section
    # Fitted once, where anything asks for it.
    design = cache(lambda: contrast_design(row, prepared, settings))
    asked = settings.asked.get(row.spec_id, ())
    every_method = contrast.every_method or contrast.placebo_lists
    role = "primary" if every_method else row.role
    results = {} if asked or role == "primary" else prepared.results
    if not results:
        names = printed_methods(section, prepared.geography, role, asked)
        if contrast.placebo_lists and not asked:
            names = (*names, EXACT)
        if contrast.expected is not None and row.role != "primary" and not section.few:
            # the permutations that gave the expectation
            schemes = {scheme: name for name, scheme in SAMPLED.items()}
            names = (*names, schemes[contrast.expected.scheme])
        results |= method_results(design(), names, settings.level)
    deciding, *others = results
    note = ""
    if deciding == "CR3" and not prepared.geography.locations.known:
        note = NO_COORDINATES
    rows = [filled(row, results[deciding], settings.level, note)]
    for name in others:
        other = beside(row, name, SUFFIXES)
        rows.append(filled(other, results[name], settings.level))
    if contrast.placebo_lists:
        # How often every relabelling rejects is what its sample tells.
        tried = [name for name in results if name != EXACT]
        named = {name: SUFFIXES.get(name, name.lower()) for name in tried}
        placebo = placebo_rows(
            row, design(), named, settings.placebo_lists, settings.level
        )
        own = {named[name]: results[name].p_value for name in tried}
        rows += agreement_rows(row, own, placebo, settings.level) + placebo
    if row.role != "primary":
        return rows
    return rows + leave_out_rows(
        row, design().fit, section.contrast, section.units, settings
    )


def contrast_design(
    row: Estimate, prepared: PreparedContrast, settings: ContrastSettings
) -> ContrastDesign:
    """Return the regression of a contrast with all that methods of the registry need."""
    section = prepared.section
    named = (
        row.spec_id,
        row.outcome,
        row.term,
        row.contrast,
        row.sample_id,
        row.period,
    )
    return ContrastDesign(
        fit=fit_ols(section.y, section.X),
        units=in_order(section.units),
        locations=prepared.geography.locations,
        draws=settings.permutations,
        seed=settings.seed,
        stream=":".join(["wild", *named]),
        wild_weights=few_cluster_weights(len(section.units)),
        effective_df=True,
        conley_factor="N/(N-K)",
        power=settings.power,
        section=section,
        geography=prepared.geography,
    )


def not_defined(row: Estimate, reason: str) -> Estimate:
    """Return the row of a contrast that is not defined."""
    return replace(row, estimate=NAN, warning=_warning(row, reason, NAN))


def filled(row: Estimate, test: Tested, level: float, note: str = "") -> Estimate:
    """Return a row with the numbers of a method, or why it has none."""
    if test.reason:
        note = note or f"not defined: {test.reason}"
        warning = _warning(row, note, test.mde)
        return replace(
            row,
            estimate=NAN,
            mde=test.mde,
            warning=warning,
        )
    fields = fields_of(test, level if np.isfinite(test.conf_low) else NAN)
    return replace(row, **fields, warning=_warning(row, note, test.mde))


def _warning(row: Estimate, note: str, mde: float) -> str:
    return joined(
        row.warning,
        BASES.get(row.output_basis, ""),
        note,
        underpowered(mde, row.sesoi, row.unit_of_measure),
    )


def leave_out_rows(
    row: Estimate,
    fit: OlsFit,
    c: np.ndarray,
    units: np.ndarray,
    settings: ContrastSettings,
) -> list[Estimate]:
    """Return how an estimate moves without each unit and without the study's pairs; c
    (K,), units (N,).
    """
    base = replace(
        row,
        estimator="leave_one_out",
        role="robustness",
        sesoi=NAN,
        n_units=len(set(units)) - 1,
    )
    flips = replace(base, effect_type="stat_sign_flips")
    try:
        singles = leave_one_out(fit, c, units)
    except NumericsError as error:
        return [replace(flips, estimate=NAN, warning=f"not defined: {error}")]
    flips = replace(
        flips,
        estimate=float(singles.sign_flips),
        unit_of_measure="units",
        max_leverage_unit=singles.most_influential[0],
    )
    return [flips, *_ends(base, singles), *_pairs(base, fit, c, units, settings)]


def _ends(base: Estimate, singles: LeaveOut) -> list[Estimate]:
    values = np.round(singles.estimates, TIE_DIGITS)
    ends = {"stat_low": np.nanargmin(values), "stat_high": np.nanargmax(values)}
    return [
        replace(
            base,
            effect_type=name,
            estimate=float(singles.estimates[i]),
            max_leverage_unit=singles.left_out[i][0],
        )
        for name, i in ends.items()
    ]


def _pairs(
    base: Estimate,
    fit: OlsFit,
    c: np.ndarray,
    units: np.ndarray,
    settings: ContrastSettings,
) -> list[Estimate]:
    pairs = [pair for pair in settings.pairs if set(pair) <= set(units)]
    if not pairs:
        return []
    base = replace(
        base, estimator="leave_pair_out", effect_type="stat_pair", estimate=NAN
    )
    try:
        left_out = leave_groups_out(fit, c, units, pairs)
    except NumericsError as error:
        return [replace(base, warning=f"not defined: {error}")]
    return [
        replace(
            base,
            estimate=float(value),
            sample_id=f"{base.sample_id} without {' '.join(group)}",
            n_units=base.n_units + 1 - len(group),
        )
        for group, value in zip(left_out.left_out, left_out.estimates, strict=True)
    ]

"""Group contrasts of a cross-section of units: from a table by unit to the tidy rows of
the inference ladder.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.leave_out import (
    LeaveOut,
    leave_groups_out,
    leave_one_out,
)
from evenfield.numerics.inference.multiple_testing import romano_wolf
from evenfield.numerics.inference_methods import (
    Geography,
    MethodResult,
    MethodSettings,
    Section,
    every_method,
    permutation_result,
    primary_method,
    primary_result,
)
from evenfield.numerics.label_permutation import label_permutation
from evenfield.numerics.ols import OlsFit, fit_ols
from evenfield.numerics.random import generator_for
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.contrasts.prepared_contrasts import (
    TIE_DIGITS,
    GroupContrast,
    PreparedContrast,
    contrast_place,
    contrast_section,
    prepare_contrast,
)
from evenfield.shared.estimates import NAN, Estimate, finite_or_nan
from evenfield.shared.samples import joined, underpowered
from evenfield.study.errors import EstimateError

__all__ = [
    "ContrastSettings",
    "GroupContrast",
    "contrast_rows",
    "parse_contrast_settings",
    "rows_at",
    "step_down_rows",
]
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

    @property
    def methods(self) -> MethodSettings:
        """Levels and draws as the ladder takes them."""
        return MethodSettings(self.level, self.power, self.permutations)


def parse_contrast_settings(
    inference: Mapping[str, Any], power: float
) -> ContrastSettings:
    """Read the settings from the config."""
    pairs = tuple(tuple(pair) for pair in inference.get("pairs", ()))
    return ContrastSettings(
        inference["conf_level"],
        power,
        inference["permutations"],
        inference["seed"],
        pairs,
    )


def contrast_rows(
    contrasts: Iterable[GroupContrast],
    units: pd.DataFrame,
    links: pd.DataFrame,
    settings: ContrastSettings,
) -> list[Estimate]:
    """Estimate contrasts: the whole ladder and leave-out rows where they decide, the
    primary method elsewhere.
    """
    geographies = Geographies(
        units, links, settings.permutations, settings.seed, settings.level
    )
    return [
        row
        for contrast in contrasts
        for row in rows_at(contrast, geographies, settings)
    ]


def step_down_rows(
    contrasts: list[GroupContrast],
    units: pd.DataFrame,
    links: pd.DataFrame,
    settings: ContrastSettings,
) -> list[Estimate]:
    """Adjust the contrasts of one hypothesis for being several, on common permutations
    of labels.
    """
    geographies = Geographies(
        units, links, settings.permutations, settings.seed, settings.level
    )
    sections = [contrast_section(contrast, geographies) for contrast in contrasts]
    if any(list(section.units) != list(sections[0].units) for section in sections):
        fault = "outcomes of one hypothesis have different units"
        raise EstimateError(
            fault,
            "the same units for common draws",
            "leave out units that lack an outcome",
        )
    common = contrast_place(contrasts[0], sections[0], geographies, ("free",)).draws[
        "free"
    ]
    tests = [
        label_permutation(s.y, s.labels, s.controls, s.c, common, s.label_design)
        for s in sections
    ]
    draws = np.column_stack([test.statistics for test in tests])
    regular = draws[np.isfinite(draws).all(axis=1)]
    adjusted = romano_wolf(
        np.array([test.statistic for test in tests]), regular
    ).adjusted
    counts: dict[str, Any] = {
        "n_obs": len(sections[0].y),
        "n_units": len(sections[0].y),
        "role": "ladder",
    }
    counts["p_type"] = (
        f"Romano-Wolf over {len(tests)} outcomes, free permutation of labels"
    )
    rows = []
    for contrast, test, p in zip(contrasts, tests, adjusted, strict=True):
        row = replace(
            contrast.row,
            estimate=test.estimate,
            statistic=test.statistic,
            p_value=float(p),
            **counts,
        )
        rows.append(_named(row, "romano_wolf"))
    return rows


def rows_at(
    contrast: GroupContrast, geographies: Geographies, settings: ContrastSettings
) -> list[Estimate]:
    """Estimate one contrast as ``contrast_rows`` does, where the places are made
    already.
    """
    prepared = prepare_contrast(contrast, geographies)
    if isinstance(prepared, str):
        return [not_defined(contrast.row, prepared)]
    row = replace(contrast.row, **prepared.counts)
    section = prepared.section
    geography = prepared.geography
    if row.role != "primary":
        if not prepared.method_results:
            prepared.method_results.append(
                primary_result(section, geography, settings.methods)
            )
            prepared.method_results.extend(
                _expected_results(contrast, section, geography)
            )
        return [
            _filled(row, method_result, prepared, settings.level)
            for method_result in prepared.method_results
        ]
    draw_id = f"wild:{row.spec_id}:{row.outcome}:{row.term}:{row.contrast}:{row.sample_id}:{row.period}"
    results = every_method(
        section, geography, settings.methods, generator_for(settings.seed, draw_id)
    )
    return [
        *(
            _filled(row, method_result, prepared, settings.level)
            for method_result in results
        ),
        *leave_out_rows(
            row,
            fit_ols(section.y, section.X),
            section.contrast,
            section.units,
            settings,
        ),
    ]


def _expected_results(
    contrast: GroupContrast, section: Section, geography: Geography
) -> list[MethodResult]:
    """Return the randomisation test on the draws that gave the expectation, where there
    is one.
    """
    if contrast.expected is None or section.few:
        return []
    return [permutation_result(section, geography, contrast.expected.scheme)]


def not_defined(row: Estimate, reason: str) -> Estimate:
    """Return the row of a contrast that is not defined."""
    return replace(row, estimate=NAN, warning=_warning(row, reason, NAN))


def _filled(
    row: Estimate, method_result: MethodResult, prepared: PreparedContrast, level: float
) -> Estimate:
    same = (
        "estimate",
        "std_error",
        "se_type",
        "statistic",
        "df",
        "p_value",
        "p_type",
        "mde",
    )
    fields = {name: getattr(method_result, name) for name in same}
    fields |= {
        name: finite_or_nan(getattr(method_result, name))
        for name in ("conf_low", "conf_high")
    }
    fields["conf_level"] = level if np.isfinite(method_result.conf_low) else NAN
    filled = replace(
        row, **fields, warning=_warning(row, method_result.note, method_result.mde)
    )
    if method_result.method == primary_method(prepared.section, prepared.geography):
        return filled
    return _named(replace(filled, role="ladder"), method_result.method)


def _named(row: Estimate, method: str) -> Estimate:
    return replace(row, estimator=f"{row.estimator}_{method}")


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
    names = sorted(set(units))
    base = replace(
        row,
        estimator="leave_one_out",
        role="robustness",
        sesoi=NAN,
        n_units=len(names) - 1,
    )
    try:
        singles = leave_one_out(fit, c, units)
    except NumericsError as error:
        return [
            replace(
                base,
                effect_type="stat_sign_flips",
                estimate=NAN,
                warning=f"not defined: {error}",
            )
        ]
    flips = replace(
        base,
        effect_type="stat_sign_flips",
        estimate=float(singles.sign_flips),
        unit_of_measure="units",
    )
    flips = replace(flips, max_leverage_unit=singles.most_influential[0])
    return [flips, *_ends(base, singles), *_pairs(base, fit, c, units, settings)]


def _ends(base: Estimate, singles: LeaveOut) -> list[Estimate]:
    values = np.round(singles.estimates, TIE_DIGITS)
    geographies = {
        "stat_low": int(np.nanargmin(values)),
        "stat_high": int(np.nanargmax(values)),
    }
    extremes = {
        name: (float(singles.estimates[i]), singles.left_out[i][0])
        for name, i in geographies.items()
    }
    return [
        replace(base, effect_type=k, estimate=value, max_leverage_unit=unit)
        for k, (value, unit) in extremes.items()
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
    rows = []
    for group, value in zip(left_out.left_out, left_out.estimates, strict=True):
        sample = f"{base.sample_id} without {' '.join(group)}"
        units_left = base.n_units + 1 - len(group)
        rows.append(
            replace(base, estimate=float(value), sample_id=sample, n_units=units_left)
        )
    return rows

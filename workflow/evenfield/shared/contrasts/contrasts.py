"""Group contrasts of a cross-section of units: from a contrast to its tidy rows, by all
methods where it decides.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from evenfield.models.placebo_lists import SAMPLED
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.inference.leave_out import (
    LeaveOut,
    leave_groups_out,
    leave_one_out,
)
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.inference.multiple_testing import romano_wolf
from evenfield.numerics.label_permutation import label_permutation
from evenfield.numerics.ols import OlsFit
from evenfield.shared.contrasts.designs import (
    ContrastDesign,
    GroupContrast,
    contrast_design,
    label_regression,
)
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.contrasts.placebo_lists import agreement_rows, placebo_rows
from evenfield.shared.estimates import NAN, Estimate, asking
from evenfield.shared.few_units import TIE_DIGITS, beside, fields_of
from evenfield.shared.samples import joined, underpowered
from evenfield.study.errors import EstimateError

# ASSUME: without coordinates CR3 decides, which takes the units' shocks as independent.
NO_COORDINATES = "no coordinates: dependence between neighbours is not allowed for"
ROMANO_WOLF = "romano_wolf"  # p-values adjusted for several outcomes
EXACT = "randomisation_exact"  # printed where it is asked for alone
PERMUTATIONS = (*SAMPLED, EXACT)
# What a contrast that decides a hypothesis prints.
PRINTED = (
    "SCPC",
    "SCPC_06",
    "CR2",
    "CR3",
    "conley_400",
    "conley_800",
    "conley_1200",
    "wild33",
    "HC1",
    *SAMPLED,
)
# What estimators of a method are called, where that is not its name in small letters.
SUFFIXES = {"wild33": "wcr33"} | {
    name: name.replace("randomisation", "permutation") for name in PERMUTATIONS
}
BASES = {
    "proxy": "PROXY: uses proxy output",
    "spliced": "SPLICED: proxy output is joined to official output",
}


def contrast_rows(contrast: GroupContrast, geographies: Geographies) -> list[Estimate]:
    """Estimate a contrast: by all printed methods and with leave-out rows where it
    decides, by the deciding method elsewhere.
    """
    try:
        design = contrast_design(contrast, geographies)
    except NumericsError as error:
        return [not_defined(contrast.row, error)]
    inference = geographies.inference
    level = inference.level
    row = replace(
        contrast.row,
        **design.counts,
        asked=asking(contrast=contrast.row.estimator),
    )
    c = design.regression.combination
    tests = {name: infer(name, design, c, level) for name in printed_methods(design)}
    deciding, *others = tests
    located = design.located().known
    note = NO_COORDINATES if deciding == "CR3" and not located else ""
    rows = [filled(_asking(row, deciding), tests[deciding], level, note)]
    for name in others:
        other = _asking(beside(row, name, SUFFIXES), name)
        rows.append(filled(other, tests[name], level))
    if contrast.placebo_lists:
        # How often every relabelling rejects is what its sample tells.
        named = {
            name: SUFFIXES.get(name, name.lower()) for name in tests if name != EXACT
        }
        placebo = placebo_rows(row, design, named)
        own = {name: tests[name].p_value for name in named}
        rows += agreement_rows(row, own, placebo, level) + placebo
    if row.role == "primary":
        units = design.units.names
        rows += leave_out_rows(row, design.fit, c, units, inference.pairs)
    return rows


def _asking(row: Estimate, method: str) -> Estimate:
    """Return the row of a method, which says so."""
    return replace(row, asked=asking(row.asked, inference=method))


def printed_methods(design: ContrastDesign) -> tuple[str, ...]:
    """Return the methods of a contrast, the one that decides first: those asked for, or
    by the written rule.
    """
    contrast = design.contrast
    decides = contrast.row.role == "primary"
    every_method = decides or contrast.every_method or contrast.placebo_lists
    deciding = "SCPC" if design.located().known else "CR3"
    # Few treated units leave permutation alone, whatever methods are asked for.
    if design.few:
        names = list(SAMPLED) if every_method else ["randomisation"]
    elif contrast.methods:
        names = list(contrast.methods)
    else:
        names = [deciding, *(PRINTED if every_method else ())]
    if contrast.placebo_lists and not contrast.methods:
        names.append(EXACT)
    if contrast.expected is not None and not decides and not design.few:
        # the permutations that gave the expectation
        schemes = {scheme: name for name, scheme in SAMPLED.items()}
        names.append(schemes[contrast.expected.scheme])
    return tuple(dict.fromkeys(names))


def step_down_rows(
    contrasts: list[GroupContrast], geographies: Geographies
) -> list[Estimate]:
    """Adjust the contrasts of one hypothesis for being several, on common permutations
    of labels.
    """
    contrasts = [
        replace(contrast, table=geographies.ordered(contrast.table))
        for contrast in contrasts
    ]
    units = contrasts[0].table.index.to_numpy(str)
    if any(list(contrast.table.index) != list(units) for contrast in contrasts):
        raise EstimateError(
            "outcomes of one hypothesis have different units",
            "the same units for common draws",
            "leave out units that lack an outcome",
        )
    regressions = [label_regression(contrast) for contrast in contrasts]
    # The same draws for all outcomes: the step-down rests on their joint law.
    labels = regressions[0].labels
    common = geographies.draws("free", units, labels, contrasts[0].draw_id)
    tests = [label_permutation(regression, common) for regression in regressions]
    draws = np.column_stack([test.statistics for test in tests])
    # A draw in which one statistic is not defined has no maximum over all of them.
    regular = draws[np.isfinite(draws).all(axis=1)]
    observed = np.array([test.statistic for test in tests])
    adjusted = romano_wolf(observed, regular).adjusted
    law = f"Romano-Wolf over {len(tests)} outcomes, free permutation of labels"
    return [
        replace(
            contrast.row,
            estimator=f"{contrast.row.estimator}_{ROMANO_WOLF}",
            role="ladder",
            estimate=test.estimate,
            statistic=test.statistic,
            p_value=float(p),
            p_type=law,
            n_obs=len(units),
            n_units=len(units),
            asked=asking(contrast=contrast.row.estimator, inference=ROMANO_WOLF),
        )
        for contrast, test, p in zip(contrasts, tests, adjusted, strict=True)
    ]


def not_defined(row: Estimate, reason: object) -> Estimate:
    """Return the row of a contrast that is not defined, and say why."""
    warning = _warning(row, f"not defined: {reason}", NAN)
    return replace(row, estimate=NAN, warning=warning)


def filled(row: Estimate, test: Tested, level: float, note: str = "") -> Estimate:
    """Return a row with the numbers of a method, or why it has none."""
    if test.reason:
        note = note or f"not defined: {test.reason}"
        warning = _warning(row, note, test.mde)
        return replace(row, estimate=NAN, mde=test.mde, warning=warning)
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
    pairs: Sequence[tuple[str, ...]],
) -> list[Estimate]:
    """Return how an estimate moves without each unit and without pairs of units; c (K,),
    units (N,).
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
    return [flips, *_ends(base, singles), *_pairs(base, fit, c, units, pairs)]


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
    pairs: Sequence[tuple[str, ...]],
) -> list[Estimate]:
    pairs = [pair for pair in pairs if set(pair) <= set(units)]
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
            asked=asking(base.asked, sample=base.sample_id, without=list(group)),
            n_units=base.n_units + 1 - len(group),
        )
        for group, value in zip(left_out.left_out, left_out.estimates, strict=True)
    ]

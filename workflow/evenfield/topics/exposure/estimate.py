"""Spillovers by group: growth on own and neighbours' clusters and zones, one
cross-section per period (SLX).
"""

from collections.abc import Iterable
from contextlib import suppress

import numpy as np
import pandas as pd

from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.influence import partial_leverage
from evenfield.numerics.label_permutation import expected_regressors
from evenfield.numerics.scpc import AVERAGE_CORRELATION
from evenfield.shared.contrasts.changes import change_rows
from evenfield.shared.contrasts.contrasts import contrast_rows
from evenfield.shared.contrasts.designs import contrast_design
from evenfield.shared.contrasts.geographies import Geographies, study_geographies
from evenfield.shared.estimates import Estimate, Fields
from evenfield.shared.rows import Results, stacked
from evenfield.shared.spec import read
from evenfield.study.files import Record
from evenfield.study.study import Study
from evenfield.topics.exposure.estimate_contrasts import (
    ALL,
    EXPECTATIONS,
    OUTSIDERS,
    contrasts,
    difference,
    neighbour_contrasts,
    per_sd,
    single,
)
from evenfield.topics.exposure.estimate_evidence import (
    SIMULATED,
    equivalence_rows,
    reach_rows,
)
from evenfield.topics.exposure.estimate_ranges import range_rows, ranges
from evenfield.topics.exposure.estimate_sections import (
    DECIDING,
    CrossSection,
    ExposureSpec,
    Tables,
    cross_section,
    variants,
)
from evenfield.topics.exposure.estimate_two_regime import two_regime_row

KEYS = """
    spec_id treatment_def w_id sample_id start_year period term contrast estimator
""".split()
PATH = """
    spec_id sample_id treatment_def w_id period label start_year end_year output_basis
    estimator effect_type term contrast estimate std_error conf_low conf_high conf_level
    p_value se_type sesoi mde unit_of_measure warning
""".split()

Section = list[ExposureSpec]


def check_data(study: Study, _: Section, spec: ExposureSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    tables = Tables(study)
    for period in study.description()["periods"]:
        cross_section(tables, spec, period)


def estimate(study: Study) -> Results:
    """Estimate every exposure specification in every period.

    Notes
    -----
    G_i = a + sum_k b_k R_ki + sum_k g_k (W R_k)_i + d y_i0 + e_i, one row per unit; g_k
    is the coefficient of the neighbours' average of regime k going from 0 to 1. Halleck
    Vega and Elhorst (2015), SLX; Borusyak and Hull (2023).
    """
    specs: Section = read(Section, study.config, "exposure")
    # Components and permutations belong to a set of units: periods share them.
    geographies = study_geographies(study)
    periods = study.description()["periods"]
    tables = Tables(study)
    sections = []
    for spec in specs:
        sections += [cross_section(tables, spec, period) for period in periods]
    deciding = [section for section in sections if section.decides]
    asked = []
    for section in sections:
        asked += contrasts(section)
    # What the deciding difference is under all other lists and weights.
    for section in deciding:
        for variant in variants(study, section.spec):
            asked.append(difference(cross_section(tables, variant, section.period)))
    rows: list[Estimate] = []
    for contrast in told(asked, "contrasts"):
        rows += contrast_rows(contrast, geographies)
    for spec in specs:
        by_period = {one.name: one for one in sections if one.spec is spec}
        for first, later in spec.changes:
            ends = by_period[first], by_period[later]
            for one, two in zip(*map(neighbour_contrasts, ends), strict=True):
                rows += change_rows(one, two, geographies)
    checks = {}
    # What the design could see, equivalence to zero, and two regimes of pull.
    for section in deciding:
        main = difference(section)
        # g_S: that zones give nothing to their neighbours is what equivalence can show.
        second = section.spec.exposures[1]
        rows += reach_rows(main, geographies)
        rows += equivalence_rows(
            per_sd(single(section, second), section),
            section.standard_deviation(second),
            geographies,
        )
        row, checks[section.name] = two_regime_row(main, study.config.inference.seed)
        rows.append(row)
    # Rows of differences that decide; own zones decide as a single coefficient.
    decided = [row for row in rows if row.role == DECIDING and row.contrast]
    units = [
        _unit_table(section, geographies)
        for section in sections
        if section.spec.role == DECIDING
    ]
    labels = ["spec_id", "period", "unit", "regressor"]
    series = {
        "series": _path(rows, periods),
        "residuals": stacked(units, labels, ["value", "expected"]),
        "ranges": ranges(rows, decided),
    }
    fit = _summary(study, deciding) | {"two_regime": checks}
    return Results(rows + range_rows(rows, decided), series, fit)


def _unit_table(section: CrossSection, geographies: Geographies) -> pd.DataFrame:
    """Return regressors with what permutations let expect, growth, fit and leverage of
    the difference, by unit.
    """
    try:
        design = contrast_design(difference(section), geographies)
    except NumericsError:  # not defined
        return pd.DataFrame()
    fit = design.fit
    arrays = design.regression
    # Own regimes, then the neighbours' averages; their means over permuted lists are
    # what the map alone lets expect (Borusyak and Hull 2023).
    seen = arrays.label_design.regressors(arrays.labels)
    expected = np.full(seen.shape, np.nan)
    if section.decides:
        with suppress(NumericsError):  # no coast that divides the units
            draws = design.label_draws("stratified")
            expected = expected_regressors(arrays.labels, draws, arrays.label_design)
    names = design.units.names
    units, shares = partial_leverage(arrays.X, names, arrays.combination)
    regressors = [*section.spec.own, *section.spec.exposures]
    # One row a unit and regressor, for readers who want to see who carries a number.
    values = pd.DataFrame(seen, index=names, columns=regressors).assign(
        growth=fit.y,
        fitted=fit.y - fit.u_hat,
        residual=fit.u_hat,
        partial_leverage=pd.Series(shares, units),
    )
    means = pd.DataFrame(expected, names, regressors).reindex(columns=values.columns)
    long = values.melt(var_name="regressor", ignore_index=False)
    return long.assign(
        # Same columns in the same order as values, so that the melted rows agree.
        expected=means.melt()["value"].to_numpy(),
        spec_id=section.spec.id,
        period=section.name,
        unit=long.index,
    )


def _path(rows: Iterable[Estimate], periods: list[Record]) -> pd.DataFrame:
    """Return coefficients and equivalence by period."""
    times = {}
    for period in periods:
        years = {"start_year": period["start"], "end_year": period["end"]}
        times[str(period["period"])] = {"label": period["label"], **years}
    lines = []
    for row in rows:
        if row.estimator in ("slx", "equivalence"):
            line = {name: getattr(row, name, None) for name in PATH}
            lines.append(line | times[row.period])
    frame = pd.DataFrame(lines, columns=PATH)
    return frame.sort_values([*KEYS, "effect_type"], ignore_index=True)


def _summary(study: Study, deciding: list[CrossSection]) -> Fields:
    deviations = {}
    for section in deciding:
        # The bound per s.d. over this number is the bound per exposure from 0 to 1.
        deviations[section.name] = {
            name: round(section.standard_deviation(name), 6)
            for name in section.spec.exposures
        }
    inference = study.config.inference
    sesoi = study.config.sesoi
    names = {
        "own": "growth_premium_pp",
        "difference": "spillover_difference_pp",
        "per_sd": "spillover_per_sd_pp",
    }
    return {
        "equation": (
            "growth_i = a + sum_k b_k R_ki + sum_k g_k (W R_k)_i + d log_income_start_i"
            " + e_i"
        ),
        "reading": (
            "g: coefficient of the neighbours' average regime going from 0 to 1, pp a"
            " year; an association"
        ),
        "primary": (
            "SCPC interval, average correlation of shocks at most"
            f" {AVERAGE_CORRELATION}; conditional"
        ),
        "recentred": (
            "regressors minus their mean over permutations of the rows of regimes:"
            " whole rows move, so overlaps stay; stratified by coast, or the first"
            " regime as a connected set; the same draws give the randomisation p-value,"
            " never below one over the number of different patterns"
        ),
        "expectations": {
            name: f"{use.scheme}, {use.use}" for name, use in EXPECTATIONS.items()
        },
        "equivalence": (
            "two one-sided SCPC tests of the second exposure's coefficient per s.d. of"
            " that exposure"
        ),
        "mde": (
            "power point of each row's own test times the residual s.d. of growth on"
            f" starting income alone; simulated ones on {SIMULATED} samples"
        ),
        "exposure_sd": deviations,
        "samples": {
            ALL: "all units",
            OUTSIDERS: "units that have none of the regimes; no own terms",
        },
        "conf_level": inference.level,
        "power": study.power,
        "permutations": inference.permutations,
        "sesoi": {name: sesoi.named(key) for name, key in names.items()},
    }

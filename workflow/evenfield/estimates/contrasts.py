"""Group contrasts of a cross-section of units: from a table by unit to the tidy rows of the inference ladder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.contracts.errors import EstimateError, first_examples
from evenfield.contracts.estimates import NAN, Estimate
from evenfield.estimates.places import SCHEMES, Places
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.leave_out import LeaveOut, leave_groups_out, leave_one_out
from evenfield.numerics.inference.romano_wolf import romano_wolf
from evenfield.numerics.influence import dependent_columns, effective_clusters, partial_leverage
from evenfield.numerics.label_permutation import label_permutation
from evenfield.numerics.ladder import LadderSettings, Place, Rung, Section, ladder, primary_method, primary_rung
from evenfield.numerics.ols import fit_ols
from evenfield.numerics.random import generator_for

CONSTANT = "constant"
TIE_DIGITS = 10
BASES = {"proxy": "PROXY: rests on proxy output", "spliced": "SPLICED: proxy output is joined to official output"}


@dataclass(frozen=True)
class GroupContrast:
    """One regression of one row per unit on group labels, and one combination of the labels' coefficients.

    Attributes
    ----------
    row : Estimate
        The row to fill: everything that says what is estimated; its estimator is the name of the primary method.
    table : DataFrame
        One row a unit, indexed by unit in any order.
    outcome : str
        Column of the outcome.
    labels : tuple of str
        Columns that move together under permutation; connected draws move the first.
    controls : tuple of str
        Columns that stay with their unit; a constant is added.
    weights : mapping of str to float
        Weights of the combination by label column.
    """

    row: Estimate
    table: pd.DataFrame
    outcome: str
    labels: tuple[str, ...]
    controls: tuple[str, ...]
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class ContrastSettings:
    """What all contrasts of a study share.

    Attributes
    ----------
    level, power : float
        Level of intervals, power of minimum detectable effects.
    permutations, seed : int
        Draws and base seed.
    pairs : tuple of tuple of str
        Units left out together.
    """

    level: float
    power: float
    permutations: int
    seed: int
    pairs: tuple[tuple[str, ...], ...] = ()

    @property
    def ladder(self) -> LadderSettings:
        """Levels and draws as the ladder takes them."""
        return LadderSettings(self.level, self.power, self.permutations)


def parse_contrast_settings(inference: Mapping[str, Any], power: float) -> ContrastSettings:
    """Read the settings from the config.

    Parameters
    ----------
    inference : mapping
        ``inference`` of the config.
    power : float
        Power of the minimum detectable effects.

    Returns
    -------
    ContrastSettings
    """
    pairs = tuple(tuple(pair) for pair in inference.get("pairs", ()))
    return ContrastSettings(inference["conf_level"], power, inference["permutations"], inference["seed"], pairs)


def contrast_rows(
    contrasts: Iterable[GroupContrast], units: pd.DataFrame, links: pd.DataFrame, settings: ContrastSettings
) -> list[Estimate]:
    """Estimate contrasts: the whole ladder and leave-out rows where they decide, the primary method elsewhere.

    Parameters
    ----------
    contrasts : iterable of GroupContrast
        Contrasts; those with role ``primary`` decide.
    units : DataFrame
        ``unit``, ``lat``, ``lon`` and, for stratified permutation, ``coastal``.
    links : DataFrame
        ``unit_i``, ``unit_j`` of units that touch.
    settings : ContrastSettings
        Levels, draws, seed.

    Returns
    -------
    list of Estimate
        Rows whose regression is not defined hold the reason in ``warning``.

    Raises
    ------
    EstimateError
        If a unit has no coordinates.
    """
    places = Places(units, links, settings.permutations, settings.seed, settings.level)
    return [row for contrast in contrasts for row in _rows(contrast, places, settings)]


def step_down_rows(
    contrasts: list[GroupContrast], units: pd.DataFrame, links: pd.DataFrame, settings: ContrastSettings
) -> list[Estimate]:
    """Adjust the contrasts of one hypothesis for being several, on common permutations of labels.

    Parameters
    ----------
    contrasts : list of GroupContrast
        Several outcomes on the same units and labels.
    units, links, settings
        As in ``contrast_rows``.

    Returns
    -------
    list of Estimate
        One row ``<estimator>_romano_wolf`` for each contrast.

    Raises
    ------
    EstimateError
        If the contrasts do not share their units, so that draws could not be common.
    """
    places = Places(units, links, settings.permutations, settings.seed, settings.level)
    sections = [_section(contrast) for contrast in contrasts]
    if any(list(section.units) != list(sections[0].units) for section in sections):
        raise EstimateError("outcomes of one hypothesis have different units", "the same units for common draws",
                            "leave out units that lack an outcome")  # fmt: skip
    tests = [label_permutation(s.y, s.labels, s.controls, s.c, _place(c, s, places, ("free",)).draws["free"])
             for c, s in zip(contrasts, sections, strict=True)]  # fmt: skip
    draws = np.column_stack([test.statistics for test in tests])
    regular = draws[np.isfinite(draws).all(axis=1)]
    adjusted = romano_wolf(np.array([test.statistic for test in tests]), regular).adjusted
    return [_named(replace(contrast.row, estimate=test.estimate, statistic=test.statistic, p_value=float(p),
                           p_type=f"Romano-Wolf over {len(tests)} outcomes, free permutation of labels",
                           role="ladder", n_obs=len(section.y), n_units=len(section.y)), "romano_wolf")
            for contrast, section, test, p in zip(contrasts, sections, tests, adjusted, strict=True)]  # fmt: skip


def _rows(contrast: GroupContrast, places: Places, settings: ContrastSettings) -> list[Estimate]:
    undefined = _undefined(contrast)
    if undefined:
        return [replace(contrast.row, estimate=NAN, warning=_warning(contrast.row, undefined, NAN))]
    section = _section(contrast)
    row = _described(contrast, section)
    if contrast.row.role != "primary":
        place = _place(contrast, section, places, ("free",) if section.few else ())
        return [_filled(row, primary_rung(section, place, settings.ladder), section, settings.level)]
    draw_id = f"wild:{row.spec_id}:{row.outcome}:{row.term}:{row.contrast}:{row.sample_id}:{row.period}"
    rungs = ladder(
        section, _place(contrast, section, places, SCHEMES), settings.ladder, generator_for(settings.seed, draw_id)
    )
    return [*(_filled(row, rung, section, settings.level) for rung in rungs), *_left_out(row, section, settings)]


def _undefined(contrast: GroupContrast) -> str:
    columns = [contrast.outcome, *contrast.labels, *contrast.controls]
    holes = contrast.table.index[contrast.table[columns].isna().any(axis=1)]
    if len(holes):
        found = f"{len(holes)} units lack a value ({first_examples([str(unit) for unit in holes])})"
        where = f"{contrast.row.spec_id}, {contrast.row.outcome}"
        raise EstimateError(f"{found} in {where}", "complete rows", "fill or drop them")
    section = _section(contrast)
    if len(section.y) <= section.X.shape[1] + 1:
        return f"not defined: {len(section.y)} units for {section.X.shape[1]} coefficients"
    dependent = dependent_columns(section.X)
    names = [*contrast.labels, CONSTANT, *contrast.controls]
    if dependent:
        return f"not defined: {names[dependent[0]]} does not vary or is collinear"
    return "" if np.ptp(section.y) > 0 else "not defined: the outcome is constant"


def _section(contrast: GroupContrast) -> Section:
    table = contrast.table.sort_index()
    labels = table[list(contrast.labels)].to_numpy(float)
    controls = np.column_stack([np.ones(len(table)), table[list(contrast.controls)].to_numpy(float)])
    c = np.array([contrast.weights.get(name, 0.0) for name in contrast.labels])
    return Section(table.index.to_numpy(str), table[contrast.outcome].to_numpy(float), labels, controls, c,
                   _treated(labels[:, c != 0]))  # fmt: skip


def _treated(labels: np.ndarray) -> int:
    """Return the units in the smaller of the groups compared; all units for labels that are no indicators."""
    binary = [column for column in labels.T if np.isin(column, (0.0, 1.0)).all()]
    return min((int(min(column.sum(), len(column) - column.sum())) for column in binary), default=len(labels))


def _place(contrast: GroupContrast, section: Section, places: Places, schemes: tuple[str, ...]) -> Place:
    draw_id = f"{contrast.row.unit_scheme}:{contrast.row.sample_id}"
    return places.at(section.units, section.labels[:, 0], draw_id, schemes)


def _described(contrast: GroupContrast, section: Section) -> Estimate:
    fit = fit_ols(section.y, section.X)
    units, shares = partial_leverage(fit.X, section.units, section.contrast)
    largest = int(np.argmax(np.round(shares, TIE_DIGITS)))  # ties go to the first unit by id
    return replace(contrast.row, n_obs=len(section.y), n_units=len(section.y), n_treated=section.treated,
                   g_star=effective_clusters(fit.X, section.units, section.contrast),
                   max_leverage_unit=str(units[largest]),
                   controls_id=" + ".join(contrast.controls) or "none")  # fmt: skip


def _filled(row: Estimate, rung: Rung, section: Section, level: float) -> Estimate:
    filled = replace(
        row, estimate=rung.estimate, std_error=rung.std_error, se_type=rung.se_type, statistic=rung.statistic,
        df=rung.df, p_value=rung.p_value, p_type=rung.p_type, conf_low=rung.conf_low, conf_high=rung.conf_high,
        conf_level=level if np.isfinite(rung.conf_low) else NAN, mde=rung.mde,
        warning=_warning(row, rung.note, rung.mde),
    )  # fmt: skip
    if rung.method == primary_method(section):
        return filled
    return _named(replace(filled, role="ladder"), rung.method)


def _named(row: Estimate, method: str) -> Estimate:
    return replace(row, estimator=f"{row.estimator}_{method}")


def _warning(row: Estimate, note: str, mde: float) -> str:
    weak = f"UNDERPOWERED: mde {mde:.3g} above sesoi {row.sesoi:g} {row.unit_of_measure}" if mde > row.sesoi else ""
    return "; ".join(part for part in (row.warning, BASES.get(row.output_basis, ""), note, weak) if part)


def _left_out(row: Estimate, section: Section, settings: ContrastSettings) -> list[Estimate]:
    fit = fit_ols(section.y, section.X)
    base = replace(row, estimator="leave_one_out", role="robustness", sesoi=NAN, n_units=len(section.y) - 1)
    try:
        singles = leave_one_out(fit, section.contrast, section.units)
    except NumericsError as error:
        return [replace(base, effect_type="stat_sign_flips", estimate=NAN, warning=f"not defined: {error}")]
    return [
        replace(base, effect_type="stat_sign_flips", estimate=float(singles.sign_flips), unit_of_measure="units",
                max_leverage_unit=singles.most_influential[0]),
        *_ends(base, singles),
        *_pairs(base, section, settings),
    ]  # fmt: skip


def _ends(base: Estimate, singles: LeaveOut) -> list[Estimate]:
    values = np.round(singles.estimates, TIE_DIGITS)
    places = {"stat_low": int(np.nanargmin(values)), "stat_high": int(np.nanargmax(values))}
    return [replace(base, effect_type=name, estimate=float(singles.estimates[i]),
                    max_leverage_unit=singles.left_out[i][0]) for name, i in places.items()]  # fmt: skip


def _pairs(base: Estimate, section: Section, settings: ContrastSettings) -> list[Estimate]:
    pairs = [pair for pair in settings.pairs if set(pair) <= set(section.units)]
    if not pairs:
        return []
    fit = fit_ols(section.y, section.X)
    try:
        found = leave_groups_out(fit, section.contrast, section.units, pairs)
    except NumericsError as error:
        return [replace(base, estimator="leave_pair_out", effect_type="stat_pair", estimate=NAN,
                        warning=f"not defined: {error}")]  # fmt: skip
    return [replace(base, estimator="leave_pair_out", effect_type="stat_pair", estimate=float(value),
                    n_units=len(section.y) - len(group), sample_id=f"{base.sample_id} without {' '.join(group)}")
            for group, value in zip(found.left_out, found.estimates, strict=True)]  # fmt: skip

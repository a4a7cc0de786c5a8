"""From a table by unit to the arrays of a group contrast: labels, what they spread to,
what draws let expect.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.inference_methods import Geography, MethodResult, Section
from evenfield.numerics.influence import (
    dependent_columns,
    effective_clusters,
    partial_leverage,
)
from evenfield.numerics.label_permutation import LabelDesign, expected_regressors
from evenfield.numerics.spatial import multiplier
from evenfield.shared.contrasts.geographies import SCHEMES, Geographies
from evenfield.shared.estimates import Estimate
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.spatial_weights import SpatialWeights

CONSTANT = "constant"
TIE_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is done with the mean of the regressors over permuted labels."""

    scheme: str  # ``free``, ``stratified`` or ``connected`` permutations
    use: str  # ``subtract`` it from the regressors, or ``control`` for it


def lag_name(label: str) -> str:
    """Return the name of the neighbours' average of a label."""
    return f"W {label}"


@dataclass(frozen=True)
class GroupContrast:
    """One regression of one row per unit on group labels, and one combination of the
    labels' coefficients.
    """

    row: Estimate  # the row to fill
    table: pd.DataFrame  # one row a unit, indexed by unit in any order
    outcome: str  # column of the outcome
    labels: tuple[
        str, ...
    ]  # columns that move together under permutation; connected draws move the first
    controls: tuple[str, ...]  # columns that stay with their unit; a constant is added
    weights: Mapping[str, float]  # weights of the combination by regressor
    neighbours: SpatialWeights | None = None
    expected: Expectation | None = (
        None  # what is done with the regressors that permuted labels let expect
    )

    @property
    def regressors(self) -> tuple[str, ...]:
        """Names of the labels' regressors."""
        lagged = (
            ()
            if self.neighbours is None
            else tuple(lag_name(label) for label in self.labels)
        )
        return (*self.labels, *lagged)


@dataclass(frozen=True)
class PreparedContrast:
    """A contrast that is defined."""

    counts: Mapping[
        str, Any
    ]  # fields of its row: counts, effective clusters, the unit of largest leverage
    section: Section  # regression and combination
    geography: Geography  # coordinates, components and draws of the same units
    method_results: list[MethodResult] = field(
        default_factory=list
    )  # those of a robustness row, once it is estimated


def prepare_contrast(
    contrast: GroupContrast, geographies: Geographies
) -> PreparedContrast | str:
    """Arrange the arrays of a contrast, once for all rows that share them."""
    section = contrast_section(contrast, geographies)
    row = contrast.row
    names = (contrast.labels, contrast.controls)
    sample = (row.unit_scheme, row.sample_id, row.role == "primary")
    key = pickle.dumps((section, contrast.expected, names, sample))
    prepared: PreparedContrast | str = geographies.prepared.get(key) or _prepared(
        contrast, section, geographies
    )
    geographies.prepared[key] = prepared
    return prepared


def _prepared(
    contrast: GroupContrast, section: Section, geographies: Geographies
) -> PreparedContrast | str:
    reason = _undefined(contrast, section)
    if reason:
        return reason
    geography = contrast_place(
        contrast, section, geographies, _schemes(contrast, section)
    )
    if contrast.expected is not None:
        if contrast.expected.scheme not in geography.draws:
            return f"not defined: {geography.reasons[contrast.expected.scheme]}"
        section = _adjusted(section, contrast.expected, geography)
        if dependent_columns(section.X):
            return (
                "not defined: nothing is left of the labels beside what permutations"
                " let expect"
            )
    return PreparedContrast(_counts(contrast, section), section, geography)


def _adjusted(section: Section, expected: Expectation, geography: Geography) -> Section:
    mean = expected_regressors(
        section.labels, geography.draws[expected.scheme], section.label_design
    )
    if expected.use == "subtract":
        return replace(section, label_design=replace(section.label_design, centre=mean))
    controls = section.controls
    for column in mean.T:
        wider = np.column_stack([controls, column])
        controls = controls if dependent_columns(wider) else wider
    return replace(section, controls=controls)


def _undefined(contrast: GroupContrast, section: Section) -> str:
    if len(section.y) <= section.X.shape[1] + 1:
        return (
            f"not defined: {len(section.y)} units for {section.X.shape[1]} coefficients"
        )
    dependent = dependent_columns(section.X)
    names = [*contrast.regressors, CONSTANT, *contrast.controls]
    if dependent:
        return f"not defined: {names[dependent[0]]} does not vary or is collinear"
    return "" if np.ptp(section.y) > 0 else "not defined: the outcome is constant"


def contrast_section(contrast: GroupContrast, geographies: Geographies) -> Section:
    """Return the arrays of a contrast, units in the order of draws."""
    units = contrast.table.index.to_numpy(str)
    order = geographies.order(units)
    columns = [contrast.outcome, *contrast.labels, *contrast.controls]
    units = units[order]
    values = np.column_stack(
        [contrast.table[name].to_numpy(float) for name in columns]
    )[order]
    if len(holes := units[np.isnan(values).any(axis=1)]):
        fault = f"{len(holes)} units lack a value ({first_examples(holes.tolist())})"
        where = f"{contrast.row.spec_id}, {contrast.row.outcome}"
        raise EstimateError(f"{fault} in {where}", "complete rows", "fill or drop them")
    labels, fixed = np.split(values[:, 1:], [len(contrast.labels)], axis=1)
    c = np.array([contrast.weights.get(name, 0.0) for name in contrast.regressors])
    label_design = LabelDesign(
        None
        if contrast.neighbours is None
        else multiplier(contrast.neighbours.aligned(units.tolist()))
    )
    treated = _treated(label_design.regressors(labels)[:, c != 0])
    controls = np.column_stack([np.ones(len(units)), fixed])
    return Section(units, values[:, 0], labels, controls, c, treated, label_design)


def _treated(regressors: np.ndarray) -> int:
    """Return the smallest number of units that a regressor sets apart, or that it does
    not.
    """
    return min((_carriers(column) for column in regressors.T), default=len(regressors))


def _carriers(column: np.ndarray) -> int:
    """Count the smaller group of an indicator, the units above zero of a share or a
    number, else all units.
    """
    count = int((column > 0).sum())
    N = len(column)
    if ((column == 0.0) | (column == 1.0)).all():
        return min(count, N - count)
    return count if column.min() >= 0 else N


def _schemes(contrast: GroupContrast, section: Section) -> tuple[str, ...]:
    """Return the permutations that are needed: all where the contrast decides, else as
    few as will do.
    """
    if contrast.row.role == "primary":
        return SCHEMES
    wanted = {"free"} if section.few else set()
    return tuple(
        sorted(
            wanted if contrast.expected is None else {*wanted, contrast.expected.scheme}
        )
    )


def contrast_place(
    contrast: GroupContrast,
    section: Section,
    geographies: Geographies,
    schemes: tuple[str, ...] = SCHEMES,
) -> Geography:
    """Return coordinates, components and draws of a contrast's units."""
    draw_id = f"{contrast.row.unit_scheme}:{contrast.row.sample_id}"
    return geographies.at(section.units, section.labels[:, 0], draw_id, schemes)


def _counts(contrast: GroupContrast, section: Section) -> dict[str, Any]:
    shares = partial_leverage(section.X, np.arange(len(section.y)), section.contrast)[1]
    largest = int(np.argmax(np.round(shares, TIE_DIGITS)))
    return {
        **{
            "n_obs": len(section.y),
            "n_units": len(section.y),
            "n_treated": section.treated,
        },
        "g_star": effective_clusters(section.X, section.units, section.contrast),
        "max_leverage_unit": str(section.units[largest]),
        "controls_id": " + ".join(contrast.controls) or "none",
    }

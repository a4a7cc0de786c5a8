"""From a table by unit to the arrays of a group contrast: labels, what they spread to,
what draws let expect.
"""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Tested
from evenfield.numerics.influence import dependent_columns
from evenfield.numerics.label_permutation import LabelDesign, expected_regressors
from evenfield.numerics.spatial import multiplier
from evenfield.shared.contrasts.geographies import Geographies
from evenfield.shared.contrasts.sections import Geography, Section
from evenfield.shared.estimates import Estimate, Fields
from evenfield.shared.few_units import carrier_fields
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.files import Record
from evenfield.study.spatial_weights import SpatialWeights

CONSTANT = "constant"


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
    # columns that move together under permutation; connected draws move the first
    labels: tuple[str, ...]
    controls: tuple[str, ...]  # columns that stay with their unit; a constant is added
    weights: Mapping[str, float]  # weights of the combination by regressor
    neighbours: SpatialWeights | None = None
    # what is done with the regressors that permuted labels let expect
    expected: Expectation | None = None
    # all printed methods, as where a contrast decides, whatever its role
    every_method: bool = False
    placebo_lists: bool = False  # whether its methods are tried on placebo lists

    @property
    def regressors(self) -> tuple[str, ...]:
        """Names of the labels' regressors."""
        if self.neighbours is None:
            return self.labels
        return (*self.labels, *(lag_name(label) for label in self.labels))


@dataclass(frozen=True)
class PreparedContrast:
    """The arrays of a contrast, or why it is not defined."""

    section: Section  # regression and combination
    geography: Geography  # coordinates and draws of the same units
    # fields of its row: counts, effective clusters, the unit of largest leverage
    counts: Record = field(default_factory=dict)
    reason: str = ""
    # those of a robustness row, once it is estimated
    results: dict[str, Tested] = field(default_factory=dict)


def prepare_contrast(
    contrast: GroupContrast, geographies: Geographies
) -> PreparedContrast:
    """Arrange the arrays of a contrast, once for all rows that share them."""
    section = contrast_section(contrast, geographies)
    row = contrast.row
    names = (contrast.labels, contrast.controls)
    sample = (row.unit_scheme, row.sample_id, row.role == "primary")
    # Rows whose arrays agree byte for byte share their preparation.
    key = pickle.dumps((section, contrast.expected, names, sample))
    if key not in geographies.prepared:
        geographies.prepared[key] = _prepared(contrast, section, geographies)
    prepared: PreparedContrast = geographies.prepared[key]
    return prepared


def _prepared(
    contrast: GroupContrast, section: Section, geographies: Geographies
) -> PreparedContrast:
    geography = contrast_geography(contrast, section, geographies)
    reason = _undefined(contrast, section)
    if contrast.expected is not None and not reason:
        try:
            section = _adjusted(section, contrast.expected, geography)
        except NumericsError as error:
            reason = f"not defined: {error}"
    if reason:
        return PreparedContrast(section, geography, reason=reason)
    return PreparedContrast(section, geography, _counts(contrast, section))


def _adjusted(section: Section, expected: Expectation, geography: Geography) -> Section:
    """Take the expected regressors out of the labels, or add them to the controls."""
    draws = geography.draws(expected.scheme)
    mean = expected_regressors(section.labels, draws, section.label_design)
    if expected.use == "subtract":
        centred = replace(section.label_design, centre=mean)
        section = replace(section, label_design=centred)
    else:
        controls = section.controls
        for column in mean.T:
            wider = np.column_stack([controls, column])
            # An expectation that the controls already span would add nothing.
            controls = controls if dependent_columns(wider) else wider
        section = replace(section, controls=controls)
    if dependent_columns(section.X):
        raise NumericsError(
            "nothing is left of the labels beside what permutations let expect"
        )
    return section


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
    units = units[order]
    columns = [contrast.outcome, *contrast.labels, *contrast.controls]
    # Column by column: pandas takes several out of a wide table much more slowly.
    values = np.array([contrast.table[name].to_numpy(float) for name in columns]).T
    values = values[order]
    holes = units[np.isnan(values).any(axis=1)]
    if len(holes):
        lacking = counted(len(holes), "unit lacks", "units lack")
        examples = first_examples(holes.tolist())
        raise EstimateError(
            f"{lacking} a value ({examples}) in {contrast.row.spec_id}, {contrast.row.outcome}",
            "complete rows",
            "fill or drop them",
        )
    labels, fixed = np.split(values[:, 1:], [len(contrast.labels)], axis=1)
    c = np.array([contrast.weights.get(name, 0.0) for name in contrast.regressors])
    neighbours = contrast.neighbours
    label_design = LabelDesign(
        None if neighbours is None else multiplier(neighbours.aligned(units.tolist()))
    )
    return Section(
        units=units,
        y=values[:, 0],
        labels=labels,
        controls=np.column_stack([np.ones(len(units)), fixed]),
        c=c,
        treated=_treated(label_design.regressors(labels)[:, c != 0]),
        label_design=label_design,
    )


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


def contrast_geography(
    contrast: GroupContrast, section: Section, geographies: Geographies
) -> Geography:
    """Return coordinates and draws of a contrast's units."""
    draw_id = f"{contrast.row.unit_scheme}:{contrast.row.sample_id}"
    return geographies.at(section.units, section.labels[:, 0], draw_id)


def _counts(contrast: GroupContrast, section: Section) -> Fields:
    return carrier_fields(section.X, section.units, section.contrast) | {
        "n_obs": len(section.y),
        "n_units": len(section.y),
        "n_treated": section.treated,
        "controls_id": " + ".join(contrast.controls) or "none",
    }

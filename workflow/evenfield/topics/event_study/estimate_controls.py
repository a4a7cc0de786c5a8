"""Predetermined numbers of units, whose slopes differ from year to year."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenfield.numerics.event_study.panel import EventPanel, determined_control
from evenfield.shared.unit_columns import outcome_by_year
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study
from evenfield.topics.event_study.estimate_spec import YEAR, PolicySpec, Section


def read_controls(
    study: Study,
    section: Section,
    spec: PolicySpec,
    unit_rows: pd.DataFrame,
    first_year: int,
) -> np.ndarray | None:
    """Return the controls of a specification in the order of the units, (N, K)."""
    if not spec.controls:
        return None
    columns = []
    for name in spec.controls:
        where = f"event study {spec.id}: {name}"
        control = section.controls[name]
        if control.column:
            if control.column not in unit_rows:
                raise EstimateError(
                    f"{where} names {control.column}",
                    "a column of units.csv",
                    "correct the name",
                )
            values = unit_rows[control.column]
        else:
            # ASSUME: what is measured before the panel starts, no policy in it moved.
            wide = outcome_by_year(
                study, control.expression, list(unit_rows["unit"]), where
            )
            if control.year not in wide.loc[:, :first_year]:
                raise EstimateError(
                    f"{where} is of {control.year}",
                    f"a year of the panel up to {first_year}, the first one used",
                    "correct its `year`, or the `years` of the specification",
                )
            values = wide[control.year]
        if not pd.api.types.is_numeric_dtype(values):
            raise EstimateError(f"{where} holds text", "numbers", "name another column")
        columns.append(values.to_numpy(float))
    return np.column_stack(columns)


def check_controls(panel: EventPanel, spec: PolicySpec, units: Sequence[str]) -> None:
    """Refuse controls that are blank, or that groups and other controls determine."""
    if panel.controls is None:
        return
    where = f"event study {spec.id}"
    seen = panel.observed.any(axis=1)
    for name, column in zip(spec.controls, panel.controls.T, strict=True):
        lost = seen & ~np.isfinite(column)
        if lost.any():
            blank = [unit for unit, gone in zip(units, lost, strict=True) if gone]
            raise EstimateError(
                f"{where}: {name} of {counted(len(blank), 'unit')} is blank"
                f" ({first_examples(blank)})",
                "a value for every unit with an outcome",
                "take another control, or leave the units out with a sample",
            )
    k = determined_control(panel)
    if k is not None:
        groups = "" if spec.effects == YEAR else f" of one {spec.effects}"
        others = f", given {', '.join(spec.controls[:k])}" if k else ""
        raise EstimateError(
            f"{where}: {spec.controls[k]} does not differ among units{groups}{others}",
            "a control that effects of years and other controls do not hold already",
            "leave it out",
        )

"""Predetermined numbers of units, whose slopes differ from year to year."""

from __future__ import annotations

import pandas as pd

from evenfield.numerics.arrays import Array
from evenfield.shared.unit_columns import outcome_by_year
from evenfield.study.errors import EstimateError
from evenfield.study.study import Study
from evenfield.topics.event_study.estimate_spec import PolicySpec, Section


def read_controls(
    study: Study,
    section: Section,
    spec: PolicySpec,
    unit_rows: pd.DataFrame,
    first_year: int,
) -> dict[str, Array]:
    """Return the controls of a specification by name, in the order of the units, (N,)
    each.
    """
    columns = {}
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
        columns[name] = values.to_numpy(float)
    return columns

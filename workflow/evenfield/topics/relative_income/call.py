"""Means of groups of units as calls of the library."""

from functools import cache

import pandas as pd

from evenfield.shared.calls import Call, NoCallError
from evenfield.shared.places import Coefficient, same
from evenfield.shared.settings import scheme_info
from evenfield.shared.tables.rows import Row, only
from evenfield.study.study import Study
from evenfield.topics.relative_income.estimate import variables_of_period, with_cells

ALL = "all"  # the term of a mean over all units
CONSTANT = "Intercept"  # as the library names it
INSIDE = "in_group"  # dummy of the one unit
OUTSIDE = "others"  # dummy of all others
FEWEST_OTHERS = 2  # units beside one: two dummies then leave a degree of freedom
NO_OTHERS = (
    "it is the value of one unit, and a regression needs two more: s.panel"
    " has the incomes"
)


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the mean of a variable over the units of a group,
    or over all, as a regression.
    """
    taxonomy = row["treatment_def"]
    data = _units_with_cells(study, row["unit_scheme"], row["period"], taxonomy)
    variable = row["outcome"]
    values = data[["unit", variable]]
    inside = data["cell"].eq(row["term"]) | (row["term"] == ALL)
    if inside.sum() > 1:
        return _mean(values[inside], variable)
    return _value_of_one(values, variable, inside)


def _mean(values: pd.DataFrame, variable: str) -> Call:
    """Return the regression on a constant, y_i = m + u_i, whose m is the mean."""
    return _regression(values, f"`{variable}` ~ 1", CONSTANT)


def _value_of_one(values: pd.DataFrame, variable: str, inside: pd.Series) -> Call:
    """Return the regression on a dummy for one unit and one for all others, since a
    constant leaves one unit nothing to take an error from; inside (N,) of bool.
    """
    # y_i = a in_group_i + b others_i + u_i, whose a is the value of the unit.
    if (~inside).sum() < FEWEST_OTHERS:
        raise NoCallError(NO_OTHERS)
    dummies = {INSIDE: inside.astype(float), OUTSIDE: (~inside).astype(float)}
    formula = f"`{variable}` ~ 0 + {INSIDE} + {OUTSIDE}"
    return _regression(values.assign(**dummies), formula, INSIDE)


def _regression(data: pd.DataFrame, formula: str, term: str) -> Call:
    """Return the call of least squares, which gives a row the estimate of a term."""
    return Call(
        function="ols",
        data=data.reset_index(drop=True),
        arguments={"formula": formula, "unit": "unit"},
        places=(Coefficient(term=term, columns=same("estimate")),),
    )


@cache
def _units_with_cells(
    study: Study, scheme: str, period: str, taxonomy: str
) -> pd.DataFrame:
    """Return the variables of a period with the cell of each unit, a row a unit, put
    together once for all rows of a taxonomy in the period.
    """
    cells = only(study.table("cells", scheme), taxonomy=taxonomy, period=period)
    return with_cells(_variables(study, scheme, period), cells)


@cache
def _variables(study: Study, scheme: str, period: str) -> pd.DataFrame:
    """Return the variables of a period, a row a unit, read once for all taxonomies."""
    info = scheme_info(study.description(scheme))
    data, _ = variables_of_period(study, period, info)
    return data

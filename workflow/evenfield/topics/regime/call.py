"""Convergence by regime as calls of the library."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    asked_of,
    drawn,
    method_of,
    section_of,
    specification,
)
from evenfield.shared.contrasts.calls import as_coefficient
from evenfield.shared.few_units import with_places
from evenfield.shared.places import Coefficient, Note, RowDifference, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.shared.trajectories import trajectories
from evenfield.study.study import Study
from evenfield.topics.regime.estimate import Section, combinations
from evenfield.topics.regime.estimate_panel import DIFFERENCE
from evenfield.topics.regime.estimate_section import (
    EXPOSURES,
    INITIAL,
    INTERACTIONS,
    OUTCOME,
    OWN,
    START,
    CrossSection,
    sections,
)

CONSTANT = "constant"
DRAWN = ("p_value", "conf_low", "conf_high")  # by draws of units
OF_PANEL = ("regime_bc_fe", "regime_fe")


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: the cross-section of one period, several of them
    together, the speed within a group, or the incomes that all can be compared at.
    """
    spec = specification(section_of(study, Section, "regime"), row)
    by_name = {one.name: one for one in sections(study, spec)}
    estimator = row["estimator"]
    if "late" in asked_of(row):
        return _together(study, row, by_name)
    section = by_name[row["period"]]
    if estimator == "common_support":
        return _support(row, section)
    if estimator == "within_group":
        return _within(row, section)
    if estimator in OF_PANEL:
        return _of_panel(study, row, section)
    if row["effect_type"] == "lambda":
        return _gap(section)
    method = method_of(row)
    stream = f"regime:{spec.id}:{section.name}:{row['term']}:{row['contrast']}"
    columns = dict(zip(section.columns, section.X.T, strict=True))
    c = combinations(section.columns)[row["term"], row["contrast"]]
    weights = dict(zip(section.columns, c, strict=True))
    del columns[CONSTANT]
    data = section.table[[OUTCOME]].rename_axis("unit").reset_index()
    return _least_squares(study, data, columns, weights, method, stream)


def _least_squares(
    study: Study,
    data: pd.DataFrame,
    columns: dict[str, np.ndarray],
    weights: dict[str, float],
    method: str,
    stream: str,
    **options: str,
) -> Call:
    """Return the regression of growth in which a combination of coefficients is one."""
    used = {name: float(weight) for name, weight in weights.items() if weight}
    columns, term, note = as_coefficient(columns, used)
    inference = study.config.inference
    return Call(
        function="ols",
        data=with_places(study, "", data.assign(**columns)),
        arguments={
            "y": OUTCOME,
            "x": [*columns],
            "unit": "unit",
            **options,
            "inference": [method],
            "few_units": True,
            **drawn(inference.permutations, inference.seed, stream),
        },
        places=(Coefficient(term=term, inference=method),),
        note=note,
    )


def _together(study: Study, row: Row, by_name: Mapping[str, CrossSection]) -> Call:
    """Return the regression of several periods, coefficients free in each: late ones less
    early ones.
    """
    asked = asked_of(row)
    names = [*asked["early"], *asked["late"]]
    chosen = [by_name[name] for name in names]
    late = np.isin(names, asked["late"])
    share = np.where(late, 1 / late.sum(), -1 / (~late).sum())
    columns = {}
    weights = {}
    for number, (one, weight) in enumerate(zip(chosen, share, strict=True)):
        c = combinations(one.columns)[INTERACTIONS[0], DIFFERENCE]
        for name, values, of_column in zip(one.columns, one.X.T, c, strict=True):
            # Zero in other periods: each has the coefficients that it has alone. The
            # constant of the first period is that of all, less what others have more.
            if name == CONSTANT and not number:
                continue
            blocks = [values if other is one else 0 * other.X[:, 0] for other in chosen]
            columns[f"{name} {one.name}"] = np.concatenate(blocks)
            weights[f"{name} {one.name}"] = float(weight * of_column)
    parts = []
    for one in chosen:
        part = one.table[[OUTCOME]].rename_axis("unit").reset_index()
        parts.append(part.assign(start=int(one.period["start"])))
    data = pd.concat(parts, ignore_index=True)
    stream = f"regime:{chosen[0].spec.id}:{row['period']}"
    return _least_squares(
        study, data, columns, weights, method_of(row), stream, time="start"
    )


def _levels(section: CrossSection, units: pd.DataFrame) -> pd.DataFrame:
    """Return log income at both ends of the period, a row a unit and year."""
    start = units[[START, OUTCOME, *EXPOSURES, *OWN]].rename_axis("unit").reset_index()
    # Growth is in percent a year.
    gain = section.years * start[OUTCOME] / 100
    ends = [
        start.assign(year=int(section.period["start"]), log_income=start[START]),
        start.assign(year=int(section.period["end"]), log_income=start[START] + gain),
    ]
    return pd.concat(ends, ignore_index=True).drop(columns=[START, OUTCOME])


def _within(row: Row, section: CrossSection) -> Call:
    held = section.table[list(OWN)] > 0
    members = {
        "cluster": held[OWN[0]],
        "sez": held[OWN[1]],
        "neither": ~held.any(axis=1),
    }
    inside = section.table[members[row["contrast"]]]
    return Call(
        function="beta_convergence",
        data=_levels(section, inside),
        arguments={
            "formula": "log_income ~ 1",
            "unit": "unit",
            "time": "year",
            "inference": "classical",
        },
        places=(Note(note="speed", times=100.0),),
    )


def _gap(section: CrossSection) -> Call:
    """Return the regression whose slopes at an exposure of one imply two speeds."""
    own = [name for name in OWN if name in section.columns]
    first, second = (f"speed at {name} = 1" for name in EXPOSURES)
    return Call(
        function="beta_convergence",
        data=_levels(section, section.table),
        arguments={
            "formula": f"log_income ~ {' + '.join([*EXPOSURES, *own])}",
            "unit": "unit",
            "time": "year",
            "interact": list(EXPOSURES),
        },
        places=(RowDifference(table="speed", line=first, less=second, times=100.0),),
    )


def _of_panel(study: Study, row: Row, section: CrossSection) -> Call:
    """Return the panel of all years, with a root that depends on exposures."""
    spec = section.spec
    where = f"estimates.regime.{spec.id}"
    panel = study.table("panel")
    data = trajectories(panel, "log_income", list(section.table.index), where)
    span = data.between(int(section.period["start"]), int(section.period["end"]))
    exposed = section.table[list(EXPOSURES)].rename_axis("unit").reset_index()
    named = f"{spec.id}:{section.shared['unit_scheme']}:{section.name}"
    # What one more of an exposure adds to the speed, in the words of the library.
    line = " - ".join(asked_of(row)["exposures"])
    columns = {"estimate": "fixed_effects"}
    if row["estimator"] == "regime_bc_fe":
        columns = same("estimate", "std_error", *DRAWN)
    # The library numbers units by their ids, and draws in that order.
    sorted_by_id = [*span.units] == sorted(span.units)
    seed = study.config.inference.seed
    return Call(
        function="dynamic_fe",
        data=span.long("log_income").merge(exposed, on="unit"),
        arguments={
            "y": "log_income",
            "unit": "unit",
            "time": "year",
            "interact": list(EXPOSURES),
            **drawn(spec.draws, seed, f"regime:{named}:units"),
        },
        places=(TableRow(table="speed", line=line, columns=columns, times=100.0),),
        differs={} if sorted_by_id else dict.fromkeys(DRAWN, DRAWS),
    )


def _support(row: Row, section: CrossSection) -> Call:
    data = section.table[[INITIAL, row["contrast"]]].rename_axis("unit").reset_index()
    term = asked_of(row)["part"]
    return Call(
        function="common_support",
        data=data,
        arguments={"y": INITIAL, "by": row["contrast"], "unit": "unit"},
        places=(Coefficient(term=term, columns={"estimate": "estimate"}),),
    )

"""Summaries of whole specification curves as calls of the library."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    section_of,
    specification,
    weights_table,
)
from evenfield.shared.places import TableRow
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.specification_curve.estimate import (
    ALL,
    SUMMARY_OF,
    CurveSpec,
    Section,
    ordered_strata,
    scheme_names,
)
from evenfield.topics.specification_curve.estimate_regressions import (
    LABELS,
    START,
    Point,
    Scheme,
    columns_held,
    weights_of_effect,
)

STRATUM = "stratum"
TABLES = ["unit_scheme", "period", "taxonomy"]  # columns by which tables are told apart
IN = "in "  # before the name of a sample: the column, true for units in it
NEAR = [f"W {name}" for name in LABELS]  # neighbours' averages in the library
# Regressors that labels make, by the kind of a curve.
TERMS = {
    "own": list(LABELS),
    "exposure": [*LABELS, *NEAR],
    "regime": [*NEAR, *(f"{START}:{name}" for name in NEAR)],
}
ROUNDED = "the row is of specifications that were rounded to the digits of a table"


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a summary of a curve over all its periods or over
    one, with its joint test.
    """
    section = section_of(study, Section, "specification_curve")
    spec = specification(section.curves, row)
    points = spec.points(study)
    period = row["period"]
    if period != ALL:
        points = [point for point in points if point.period == period]
    if not points:
        raise NoCallError(f"its curve has no period {period} any more")
    data = _data(study, points)
    weights = _weights(study, spec, points)
    place = TableRow(
        table="joint",
        line=SUMMARY_OF[row["effect_type"]],
        columns={"estimate": "value", "p_value": "p_value"},
    )
    arguments = {
        "y": spec.outcomes,
        "labels": list(LABELS),
        "contrast": _contrast(points[0]),
        "terms": TERMS[spec.kind],
        "controls": _controls(spec, data),
        "samples": {name: f"`{IN}{name}`" for name in spec.samples},
        "by": TABLES,
        "unit": "unit",
        "sign": int(spec.sign),
        "strata": STRATUM,
        "draws": section.draws,
        "seed": study.config.inference.seed,
    }
    return Call(
        function="label_curve",
        data=data,
        arguments=arguments,
        places=(place,),
        weights=weights,
        differs={"estimate": ROUNDED, **_differs_by_order(study, section, data)},
    )


def _differs_by_order(
    study: Study, section: Section, data: pd.DataFrame
) -> dict[str, str]:
    """Say that p differs by draws where the topic gives keys to other units, or in
    another order, than the library, which sorts the units of this curve by name.
    """
    schemes = {name: _scheme(study, name) for name in scheme_names(section, study)}
    units_of_topic = list(ordered_strata(schemes))
    units_of_library = sorted(data["unit"].unique())
    return {} if units_of_topic == units_of_library else {"p_value": DRAWS}


@cache
def _scheme(study: Study, name: str) -> Scheme:
    """Return the tables of a unit scheme, read once for all rows."""
    return Scheme.of(study, name)


def _data(study: Study, points: Sequence[Point]) -> pd.DataFrame:
    """Return tables of unit scheme, period and taxonomy below each other, a row a unit in
    each, with the columns that the points need.
    """
    samples = dict.fromkeys(point.sample for point in points)
    keys = dict.fromkeys(
        (point.unit_scheme, point.period, point.taxonomy) for point in points
    )
    parts = []
    for key in keys:
        name, period, taxonomy = key
        scheme = _scheme(study, name)
        if period not in scheme.periods:  # a specification that has no estimate
            continue
        units = pd.DataFrame({"unit": scheme.units})
        variables = scheme.periods[period].drop(columns=TABLES, errors="ignore")
        columns: dict[str, Any] = dict(zip(TABLES, key, strict=True))
        columns |= dict(zip(LABELS, scheme.labels[taxonomy, period].T, strict=True))
        columns[STRATUM] = scheme.strata.astype(str)
        columns |= {IN + sample: _members(scheme, sample) for sample in samples}
        parts.append(units.join(variables, on="unit").assign(**columns))
    data = pd.concat(parts, ignore_index=True)
    used = {START, *LABELS, STRATUM, "unit", *TABLES}
    used |= {IN + sample for sample in samples}
    names = [*map(str, data)]
    for point in points:
        used |= {point.outcome, *columns_held(names, point.outcome, point.controls)}
    return data[[name for name in names if name in used]]


def _members(scheme: Scheme, sample: str) -> np.ndarray:
    """Say which units are in a sample, (N,) of bool."""
    return np.isin(scheme.units, scheme.samples[sample])


def _controls(spec: CurveSpec, data: pd.DataFrame) -> list[list[str]]:
    """Return the sets of controls, as columns, which are the same for all outcomes of a
    call.
    """
    first, *others = [
        [columns_held(data.columns, outcome, names) for names in spec.controls]
        for outcome in spec.outcomes
    ]
    if any(sets != first for sets in others):
        raise NoCallError(
            "its outcomes have different controls: initial income where they are growth;"
            " give the curve of each kind of outcome an id of its own"
        )
    return first


def _contrast(point: Point) -> dict[str, float]:
    """Return the weights of the effect by name of the term, those that are not zero."""
    weights = weights_of_effect(point).tolist()
    named = zip(TERMS[point.kind], weights, strict=True)
    return {name: weight for name, weight in named if weight}


def _weights(
    study: Study, spec: CurveSpec, points: Sequence[Point]
) -> dict[str, pd.DataFrame] | None:
    """Return the spatial weights of all units by name, (N, N) each; none where own labels
    alone are regressors.
    """
    if spec.kind == "own":
        return None
    schemes = {point.unit_scheme for point in points}
    if len(schemes) > 1:
        raise NoCallError(
            "each of its unit schemes has weights of its own, where ef.label_curve takes"
            " those of one set of units; give the curve of each scheme an id of its own"
        )
    scheme = _scheme(study, schemes.pop())
    names = dict.fromkeys(point.weights for point in points)
    return {name: weights_table(scheme.weights[name], scheme.units) for name in names}

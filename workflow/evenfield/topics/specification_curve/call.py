"""Summaries of whole specification curves as calls of the library."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    Place,
    section_of,
    specification,
    weights_table,
)
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
TABLES = ["unit_scheme", "period", "taxonomy"]  # columns that say whose row it is
IN = "in "  # before the name of a sample: the column that says who is in it
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
    if row["period"] != ALL:
        points = [point for point in points if point.period == row["period"]]
    data = _data(study, points)
    weights = _weights(study, spec, points)
    place = Place(
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
    """Say that draws differ where the units of all curves are not those of this one in
    the order of their names.
    """
    names = scheme_names(section, study)
    order = ordered_strata({name: _scheme(study, name) for name in names})
    same = list(order) == sorted(data["unit"].unique())
    return {} if same else {"p_value": DRAWS}


@cache
def _scheme(study: Study, name: str) -> Scheme:
    """Return the tables of a unit scheme, read once for all rows."""
    return Scheme.of(study, name)


def _data(study: Study, points: Sequence[Point]) -> pd.DataFrame:
    """Return a row for each unit of a scheme in each period, with its labels by each
    taxonomy.
    """
    tables = dict.fromkeys(
        (point.unit_scheme, point.period, point.taxonomy) for point in points
    )
    parts = []
    for name, period, taxonomy in tables:
        scheme = _scheme(study, name)
        if period not in scheme.periods:  # a specification that has no estimate
            continue
        labels = scheme.labels[taxonomy, period].T
        parts.append(
            pd.DataFrame({"unit": scheme.units})
            .join(
                scheme.periods[period].drop(columns=TABLES, errors="ignore"), on="unit"
            )
            .assign(**dict(zip(TABLES, (name, period, taxonomy), strict=True)))
            .assign(**dict(zip(LABELS, labels, strict=True)))
            .assign(**{STRATUM: scheme.strata.astype(str)})
            .assign(**{IN + key: one for key, one in _members(scheme, points)})
        )
    used = {START, *LABELS, STRATUM, "unit", *TABLES}
    used |= {point.outcome for point in points}
    whole = pd.concat(parts, ignore_index=True)
    names = map(str, whole)
    return whole[[x for x in names if x in used or x.startswith((IN, "control_"))]]


def _members(scheme: Scheme, points: Sequence[Point]) -> list[tuple[str, np.ndarray]]:
    """Return who is in each sample, (N,), by its name."""
    names = dict.fromkeys(point.sample for point in points)
    return [(name, np.isin(scheme.units, scheme.samples[name])) for name in names]


def _controls(spec: CurveSpec, data: pd.DataFrame) -> list[list[str]]:
    """Return the sets of controls, which are the same for all outcomes of a call."""
    sets = [
        [columns_held(data.columns, outcome, names) for names in spec.controls]
        for outcome in spec.outcomes
    ]
    if any(one != sets[0] for one in sets):
        raise NoCallError(
            "its outcomes have different controls: initial income where they are growth;"
            " give the curve of each kind of outcome an id of its own"
        )
    return sets[0]


def _contrast(point: Point) -> dict[str, float]:
    """Return the weights of the effect by name of the term."""
    weights = weights_of_effect(point).tolist()
    named = zip(TERMS[point.kind], weights, strict=True)
    return {name: weight for name, weight in named if weight}


def _weights(
    study: Study, spec: CurveSpec, points: Sequence[Point]
) -> dict[str, pd.DataFrame] | None:
    """Return the weights of all units by name, (N, N) each."""
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

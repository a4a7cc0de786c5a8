"""Markov chains as calls of the library."""

import re

import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    Place,
    same,
    section_of,
    specification,
    square,
)
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.distribution.estimate import Section, movement

SAMPLES = "percentiles over samples of units; the library has multinomial errors"
INDICES = {"shorrocks": "mobility (Shorrocks)", "half_life": "half-life"}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a chain, or one given the neighbours."""
    spatial = row["estimator"] == "spatial_markov"
    spec = specification(section_of(study, Section, "distribution"), row)
    if spec.classes == "fixed":
        raise NoCallError("the library has classes of equal size, pooled or yearly")
    move = movement(study, spec)
    years = int(re.findall(r"\d+", row["contrast"])[0])
    arguments = {
        "y": "relative",
        "unit": "unit",
        "time": "year",
        "k": spec.k,
        "classes": spec.classes,
        "step": move.lag(years),
    }
    weights = None
    if spatial:
        weights = square(move.W, move.units)
        arguments["neighbour_classes"] = spec.m
    pairs = pd.MultiIndex.from_product([move.units, move.years], names=["unit", "year"])
    return Call(
        function="markov",
        data=pairs.to_frame(index=False).assign(relative=move.values.ravel()),
        arguments=arguments,
        places=_places(row["term"]),
        weights=weights,
        differs={"p_value": DRAWS}
        if spatial
        else dict.fromkeys(("conf_low", "conf_high"), SAMPLES),
    )


def _places(term: str) -> tuple[Place, ...]:
    if term in ("q", "lr"):
        statistic = Place(note=term.upper(), name="statistic")
        return (Place(note=term.upper()), statistic, Place(note="df", name="df"))
    if term in INDICES:
        return (Place(note=INDICES[term]),)
    kind, *numbers = term.split("_")
    if kind == "p":
        return (Place(term=" to ".join(numbers), columns=same("estimate")),)
    # What is left are shares of the ergodic distribution.
    share = {"estimate": "share"}
    return (Place(table="ergodic", line=numbers[0], columns=share),)

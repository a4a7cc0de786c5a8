"""Markov chains as calls of the library."""

from typing import Any

import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    asked_of,
    drawn,
    section_of,
    specification,
    weights_table,
)
from evenfield.shared.places import Coefficient, Note, Place, TableRow, same
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.distribution.estimate import Section, dates_of, movement
from evenfield.topics.distribution.estimate_kernels import MODE_DRAWS, Movement

MODES = "modes, long run"  # as the library names the number of ergodic modes
SAMPLES = "percentiles over samples of units; the library has multinomial errors"
INDICES = {
    "shorrocks": "mobility (Shorrocks)",
    "second_root": "second root",
    "half_life": "half-life",
}
# Notes of the library by term, on whether neighbours matter.
OF_NEIGHBOURS = {"q": "Q", "lr": "LR"}
# Lines of the library's likelihood ratios by term.
HOMOGENEITY = {"first_order": "first order", "time": "over time"}


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a chain, or one given the neighbours."""
    spatial = row["estimator"] == "spatial_markov"
    spec = specification(section_of(study, Section, "distribution"), row)
    move = movement(study, spec)
    pairs = pd.MultiIndex.from_product([move.units, move.years], names=["unit", "year"])
    data = pairs.to_frame(index=False).assign(relative=move.values.ravel())
    if row["estimator"] in ("silverman", "stochastic_kernel"):
        return _kernel(move, row, data)
    arguments: dict[str, Any] = {
        "y": "relative",
        "unit": "unit",
        "time": "year",
        "step": move.lag(asked_of(row)["years"]),
    }
    if spec.classes == "fixed":
        arguments["cutoffs"] = list(spec.cutoffs)
    else:
        arguments |= {"k": spec.k, "classes": spec.classes}
    if row["estimator"] == "anderson_goodman" and row["term"] == "time":
        # In the order of time, and cut to the period of the chain.
        arguments["spans"] = [
            (int(move.years[dates[0]]), int(move.years[dates[-1]]))
            for dates in dates_of(move).values()
        ]
    weights = None
    if spatial:
        weights = weights_table(move.W, move.units)
        arguments["neighbour_classes"] = spec.m
    return Call(
        function="markov",
        data=data,
        arguments=arguments,
        places=_places(row),
        weights=weights,
        differs={"p_value": DRAWS}
        if spatial
        else dict.fromkeys(("conf_low", "conf_high"), SAMPLES),
    )


def _kernel(move: Movement, row: Row, data: pd.DataFrame) -> Call:
    """Return the call of a kernel without classes, or of the test of one mode."""
    arguments: dict[str, Any] = {"y": "relative", "unit": "unit", "time": "year"}
    if row["estimator"] == "silverman":
        inference = move.inference
        draw_id = move.draw_id(f"modes:{row['contrast']}", 0)
        draws = min(inference.permutations, MODE_DRAWS)
        arguments |= drawn(draws, inference.seed, draw_id)
        columns = same("estimate", "p_value")
        place = Coefficient(term=f"one mode, {row['contrast']}", columns=columns)
    else:
        arguments |= {"step": move.lag(asked_of(row)["years"]), "draws": 1}
        place = Coefficient(term=MODES, columns=same("estimate"))
    return Call(
        function="stochastic_kernel", data=data, arguments=arguments, places=(place,)
    )


def _places(row: Row) -> tuple[Place, ...]:
    term = row["term"]
    if term in OF_NEIGHBOURS:
        note = OF_NEIGHBOURS[term]
        statistic = Note(note=note, name="statistic")
        return (Note(note=note), statistic, Note(note="df", name="df"))
    if term in INDICES:
        columns = {"estimate": "index"}
        return (TableRow(table="mobility", line=INDICES[term], columns=columns),)
    if term in HOMOGENEITY:
        columns = {"estimate": "statistic"} | same("statistic", "df", "p_value")
        return (TableRow(table="homogeneity", line=HOMOGENEITY[term], columns=columns),)
    origin, destination = map(str, asked_of(row)["classes"])
    if asked_of(row)["kind"] == "transition":
        return (
            Coefficient(term=f"{origin} to {destination}", columns=same("estimate")),
        )
    # What is left are shares of the ergodic distribution.
    share = {"estimate": "share"}
    return (TableRow(table="ergodic", line=origin, columns=share),)

"""Log t tests and clubs as calls of the library."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    asked_of,
    drawn,
    section_of,
    specification,
)
from evenfield.shared.places import Coefficient, Note, NumberOfTerms, Place, TableRow
from evenfield.shared.tables.rows import Row, only
from evenfield.shared.trajectories import Trajectories, window
from evenfield.study.study import Study
from evenfield.topics.clubs.estimate import (
    CURRENCIES,
    FOUND,
    ClubsSpec,
    Section,
    rules_of,
)

FILTERS = ("hp", "none")
ASSOCIATION = "fisher_freeman_halton"  # of clubs with groups of units


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a log t test, or the clubs."""
    spec = specification(section_of(study, Section, "clubs"), row)
    if spec.filter not in FILTERS:
        raise NoCallError(
            f"the library filters by Hodrick and Prescott, not {spec.filter}"
        )
    data, info = window(study, spec, spec.period, f"estimates.clubs.{spec.id}")
    smoothing = None
    if spec.filter == "hp":
        smoothing = rules_of(spec, info.step).penalty
    shared = {
        "y": "income",
        "unit": "unit",
        "time": "year",
        "smoothing": smoothing,
        "variance": spec.variance,
    }
    if "discarded" in asked_of(row):
        return _log_t_call(row, data, shared)
    clubs = _clubs_call(row, spec, data, shared)
    if row["estimator"] == ASSOCIATION:
        return _association_call(study, row, spec, data, clubs)
    return clubs


def _log_t_call(row: Row, data: Trajectories, shared: dict[str, Any]) -> Call:
    """Return the log t test of incomes over their mean, or of their logs, which depends
    on the unit of currency; both as the outcome of the row says.
    """
    is_of_logs = row["outcome"] in CURRENCIES
    factor = CURRENCIES[row["outcome"]] if is_of_logs else 1.0
    # r T, the number of the T dates that are discarded
    discarded = asked_of(row)["discarded"]
    _, T = data.values.shape
    return Call(
        function="log_t",
        data=_incomes(data, factor),
        arguments={**shared, "logs": is_of_logs, "discard": discarded / T},
        places=(Coefficient(term="log t"),),
    )


def _clubs_call(
    row: Row, spec: ClubsSpec, data: Trajectories, shared: dict[str, Any]
) -> Call:
    """Return the sorting into clubs, before or after merging as the row says."""
    is_before_merging = row["contrast"] == FOUND
    merges = spec.merge != "none" and not is_before_merging
    place: Place = NumberOfTerms()
    if row["term"] == "divergent":
        place = Note(note="none")
    elif "club" in asked_of(row):
        place = Coefficient(term=f"club {asked_of(row)['club']}")
    return Call(
        function="clubs",
        data=_incomes(data),
        arguments={
            **shared,
            "discard": spec.discard,
            "merge": spec.merge if merges else None,
            "adopt": spec.divergent == "adopt" and not is_before_merging,
            "sort_share": spec.sort_share,
            "sieve_step": spec.sieve_step,
            "sieve_cap": spec.sieve_cap,
        },
        places=(place,),
    )


def _association_call(
    study: Study, row: Row, spec: ClubsSpec, data: Trajectories, clubs: Call
) -> Call:
    """Return the sorting into clubs with a test of whether they go with the groups of a
    taxonomy.
    """
    taxonomy = row["treatment_def"]
    cells = only(
        study.table("cells", spec.unit_scheme), taxonomy=taxonomy, period=spec.period
    )
    group_of = cells.set_index("unit")["cell"]
    incomes = clubs.data.assign(group=clubs.data["unit"].map(group_of))
    inference = study.config.inference
    draw_id = (
        f"clubs:{spec.id}:{spec.unit_scheme}:{spec.sample}:{spec.period}:{taxonomy}"
    )
    draws = drawn(inference.permutations, inference.seed, draw_id)
    # The library numbers units by their ids, and draws in that order.
    differs = {}
    if row["contrast"] == "permutation" and [*data.units] != sorted(data.units):
        differs = {"p_value": DRAWS}
    place = TableRow(
        table="association",
        line=row["contrast"],
        columns={"estimate": "Cramer's V", "p_value": "p_value"},
    )
    return replace(
        clubs,
        data=incomes,
        arguments={**clubs.arguments, "groups": "group", **draws},
        places=(place,),
        differs=differs,
    )


def _incomes(data: Trajectories, factor: float = 1.0) -> pd.DataFrame:
    """Return incomes times a factor, a row a unit and date, of trajectories in logs."""
    logs = data.long("income")
    return logs.assign(income=factor * np.exp(logs["income"]))

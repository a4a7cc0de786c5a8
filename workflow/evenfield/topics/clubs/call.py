"""Log t tests and clubs as calls of the library."""

import re
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    Place,
    drawn,
    section_of,
    specification,
)
from evenfield.shared.tables.rows import Row, only
from evenfield.shared.trajectories import Trajectories, window
from evenfield.study.study import Study
from evenfield.topics.clubs.estimate import CURRENCIES, ClubsSpec, Section, rules_of

FOUND = "found"  # clubs before merging
FILTERS = ("hp", "none")


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
    if row["estimator"].startswith("logt_"):
        return _log_t(row, data, shared)
    return _clubs(study, row, spec, data, shared)


def _log_t(row: Row, data: Trajectories, shared: dict[str, Any]) -> Call:
    factor = CURRENCIES.get(row["outcome"])
    left_out = int(re.findall(r"\d+", row["contrast"])[0])
    return Call(
        function="log_t",
        data=_incomes(data, factor or 1.0),
        arguments={
            **shared,
            "logs": factor is not None,
            "discard": left_out / data.values.shape[1],
        },
        places=(Place(term="log t"),),
    )


def _clubs(
    study: Study, row: Row, spec: ClubsSpec, data: Trajectories, shared: dict[str, Any]
) -> Call:
    associated = row["estimator"] == "fisher_freeman_halton"
    found = row["contrast"] == FOUND
    merge = None if found or spec.merge == "none" else spec.merge
    place = Place(term=row["term"].replace("_", " "))
    if row["term"] == "clubs":
        place = Place(count=True)
    elif row["term"] == "divergent":
        place = Place(note="none")
    arguments = {
        **shared,
        "discard": spec.discard,
        "merge": merge,
        "adopt": not found and spec.divergent == "adopt",
        "sort_share": spec.sort_share,
        "sieve_step": spec.sieve_step,
        "sieve_cap": spec.sieve_cap,
    }
    incomes = _incomes(data, 1.0)
    differs = {}
    if associated:
        taxonomy = row["treatment_def"]
        cells = only(
            study.table("cells", spec.unit_scheme),
            taxonomy=taxonomy,
            period=spec.period,
        )
        incomes = incomes.assign(
            group=incomes["unit"].map(cells.set_index("unit")["cell"])
        )
        inference = study.config.inference
        of_spec = f"{spec.id}:{spec.unit_scheme}:{spec.sample}:{spec.period}"
        arguments |= {
            "groups": "group",
            **drawn(
                inference.permutations, inference.seed, f"clubs:{of_spec}:{taxonomy}"
            ),
        }
        columns = {"estimate": "Cramer's V", "p_value": "p_value"}
        place = Place(table="association", line=row["contrast"], columns=columns)
        # The library numbers units by their ids, and draws in that order.
        if row["contrast"] == "permutation" and [*data.units] != sorted(data.units):
            differs = {"p_value": DRAWS}
    return Call(
        function="clubs",
        data=incomes,
        arguments=arguments,
        places=(place,),
        differs=differs,
    )


def _incomes(data: Trajectories, factor: float) -> pd.DataFrame:
    """Return incomes in a unit of the currency, a row a unit and date."""
    long = data.long("income")
    return long.assign(income=factor * np.exp(long["income"]))

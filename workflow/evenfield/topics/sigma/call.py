"""Sigma convergence as calls of the library."""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import Call, drawn, method_of, section_of, specification
from evenfield.shared.few_units import with_places
from evenfield.shared.places import Coefficient, Note, Place, same
from evenfield.shared.samples import sample_rows
from evenfield.shared.settings import scheme_info
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.sigma.estimate import ENDS, Section

T2 = "carree_klomp_t2"  # chi-squared with one degree of freedom


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: dispersion at both ends of a period."""
    spec = specification(section_of(study, Section, "sigma"), row)
    frame = study.table("periods", spec.unit_scheme)
    units = scheme_info(study.description(spec.unit_scheme)).samples[spec.sample]
    own = frame[frame["period"].eq(row["period"])]
    ends = sample_rows(own, units, ENDS, f"estimates.sigma.{spec.id}")
    first, last = (int(ends[name].iloc[0]) for name in ("start_year", "end_year"))
    dates = [
        pd.DataFrame(
            {"unit": ends["unit"], "year": year, "income": np.exp(ends[column])}
        )
        for year, column in zip((first, last), ENDS, strict=True)
    ]
    arguments: dict[str, Any] = {"y": "income", "unit": "unit", "time": "year"}
    data = pd.concat(dates, ignore_index=True)
    methods = spec.inference or ("HC3",)
    if spec.inference:
        inference = study.config.inference
        stream = f"sigma:{spec.id}:{row['period']}"
        arguments |= {
            "inference": [*methods],
            "few_units": True,
            **drawn(inference.permutations, inference.seed, stream),
        }
        data = with_places(study, spec.unit_scheme, data)
    return Call(
        function="sigma",
        data=data,
        arguments=arguments,
        places=_places(row, first, last),
        fixed={"df": 1.0} if row["estimator"] == T2 else {},
    )


def _places(row: Row, first: int, last: int) -> tuple[Place, ...]:
    names = {"sigma_start": f"sigma {first}", "sigma_end": f"sigma {last}"}
    if row["term"] in names:
        return (Coefficient(term=names[row["term"]], columns=same("estimate")),)
    if row["estimator"] == "carree_klomp_t3":
        return (Note(note="T3"),)
    if row["estimator"] == T2:
        p = Note(note="T2 p", name="p_value")
        return (Note(note="T2"), Note(note="T2", name="statistic"), p)
    return (Coefficient(term="fall", inference=method_of(row)),)

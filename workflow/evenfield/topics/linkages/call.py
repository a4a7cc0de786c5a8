"""Linkage regressions as calls of the library."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    Call,
    asked_of,
    by_bootstrap,
    drawn,
    method_of,
    specification,
)
from evenfield.shared.contrasts.calls import (
    OF_SINGLES,
    PAIRS,
    SINGLES,
    as_coefficient,
    without_group,
)
from evenfield.shared.few_units import with_places
from evenfield.shared.places import Coefficient
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.linkages.estimate import INCOME, Linkages
from evenfield.topics.linkages.estimate_inference import CONLEY_KM
from evenfield.topics.linkages.estimate_marginal import bin_columns
from evenfield.topics.linkages.estimate_panel import NEIGHBOURS_X, LinkagePanel

OUTCOME = "outcome"
HIGH_LESS_LOW = {"high": 1.0, "low": -1.0}  # effects by tercile of the moderator


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: a coefficient of the panel, terciles compared,
    the last year minus the first, or the panel without units.
    """
    work = _linkages(study)
    spec = specification(work.section.specs, row)
    panel = work.panels[spec.id]
    asked = asked_of(row)
    if "change" in asked:
        return _difference(work, row, panel)
    if asked.get("terciles"):
        columns, term, note = as_coefficient(bin_columns(panel), HIGH_LESS_LOW)
        regression = _panel_regression(work, panel, columns, term, "CR3")
        return replace(regression, note=note)
    if row["estimator"] in (SINGLES, PAIRS):
        return _without_units(
            _panel_regression(work, panel, panel.columns, NEIGHBOURS_X, "CR3"), row
        )
    method = method_of(row)
    regression = _panel_regression(work, panel, panel.columns, row["term"], method)
    if by_bootstrap(method):
        inference = study.config.inference
        # All terms of a specification have the stream of the deciding one.
        stream = work.setting(spec).draw_id
        numbers = drawn(inference.permutations, inference.seed, stream)
        return replace(regression, arguments={**regression.arguments, **numbers})
    return regression


@cache
def _linkages(study: Study) -> Linkages:
    """Return the panels of all specifications, read once for all their rows."""
    return Linkages(study)


def _panel_regression(
    work: Linkages,
    panel: LinkagePanel,
    columns: Mapping[str, np.ndarray],
    term: str,
    method: str,
) -> Call:
    """Return the regression of the outcome on columns (N, T), with unit and year
    effects.
    """
    trends = {}
    if panel.trends:
        # The moderator times a dummy of each year but the first.
        of_year = np.eye(len(panel.years))
        trends = {
            f"moderator in {year}": np.outer(panel.L, of_year[t])
            for t, year in enumerate(panel.years)
            if t
        }
    wide = {OUTCOME: panel.y, **columns, **trends}
    data = pd.DataFrame({"unit": panel.members, "year": panel.dates})
    data = data.assign(**{name: values.ravel() for name, values in wide.items()})
    terms = " + ".join(f"`{name}`" for name in [*columns, *trends])
    arguments: dict[str, Any] = {
        "formula": f"{OUTCOME} ~ {terms} | unit + year",
        "unit": "unit",
        "time": "year",
        "inference": [method],
        "few_units": True,
    }
    if method == "conley":
        arguments["cutoff_km"] = CONLEY_KM
    return Call(
        function="ols",
        data=with_places(work.study, "", data),
        arguments=arguments,
        places=(Coefficient(term=term, inference=method),),
    )


def _difference(work: Linkages, row: Row, panel: LinkagePanel) -> Call:
    """Return the regression of the last year minus the first, or of the change of income
    before them.
    """
    change = panel.y[:, -1] - panel.y[:, 0]
    if years := asked_of(row)["change"]:
        ends = work.grid(INCOME, years, "placebo")
        change = ends[:, 1] - ends[:, 0]
    columns = {
        name: values[:, -1] - values[:, 0] for name, values in panel.columns.items()
    }
    if panel.trends:
        columns["moderator"] = panel.L
    data = pd.DataFrame({"unit": panel.units, OUTCOME: change, **columns})
    return Call(
        function="ols",
        data=with_places(work.study, "", data),
        arguments={
            "y": OUTCOME,
            "x": [*columns],
            "unit": "unit",
            "inference": ["SCPC"],
        },
        places=(Coefficient(term=row["term"]),),
    )


def _without_units(regression: Call, row: Row) -> Call:
    """Return the regression again without each unit in turn, or without a pair; their
    neighbours' averages are as they were.
    """
    if row["estimator"] == SINGLES:
        then = (SINGLES, {"term": regression.coefficient.term})
        return replace(regression, then=then, places=(OF_SINGLES[row["effect_type"]],))
    return without_group(regression, asked_of(row)["without"])

"""Indices of inequality and their parts as calls of the library."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.calls import (
    DRAWS,
    Call,
    NoCallError,
    asked_of,
    section_of,
    seed_of,
    specification,
)
from evenfield.shared.places import (
    Coefficient,
    Difference,
    Place,
    Ratio,
    TableRow,
    same,
)
from evenfield.shared.tables.rows import Row
from evenfield.study.study import Study
from evenfield.topics.inequality.estimate import Section, decomposition
from evenfield.topics.inequality.estimate_rows import (
    CHANGE,
    CONNECTED,
    ENDS,
    LABELS,
    MAXIMUM,
    Decomposition,
)

PERCENTILES = "percentiles of redrawn units; the library has their deviation"
# Parts of the library by term.
DAGUM = {"within": "within", "net_between": "between", "transvariation": "overlap"}
NESTED = {"outer": "by outer", "inner": "by inner", "within": "within"}
GROWTH = {"share of growth": "share", "share of output at start": "share at start"}
TABLE = "between"  # the library's table of the part between groups


@dataclass(frozen=True)
class _Asked:
    """A row, and the incomes and groups that it is of."""

    row: Row
    part: Decomposition

    @property
    def year(self) -> int:
        """The year at whose end of the period the row stands."""
        return int(self.part.data.years[ENDS[self.row["contrast"]]])

    def data(self, groups: Mapping[str, str], *ends: str) -> pd.DataFrame:
        """Return income and people of every unit at some ends of a period, both by
        default, and the names of groups by column.
        """
        parts = []
        for end in ends or ENDS:
            incomes = self.part.at(end)
            columns: dict[str, Any] = {
                "unit": self.part.data.units,
                "year": int(self.part.data.years[ENDS[end]]),
                "income": incomes.income,
                "people": incomes.people,
            }
            for column, name in groups.items():
                codes, names = self.part.groups[name]
                columns[column] = np.array(names, dtype=object)[codes]
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts, ignore_index=True)

    def call(self, data: pd.DataFrame, place: Place, **options: Any) -> Call:
        """Return the call that gives a row at one place."""
        differs = options.pop("differs", {})
        matrix = options.pop("matrix", None)
        return Call(
            function="inequality",
            data=data,
            arguments={
                "y": "income",
                "unit": "unit",
                "time": "year",
                "weights": "people",
                **options,
            },
            places=(place,),
            weights=matrix,
            differs=differs,
        )


def call(study: Study, row: Row) -> Call:
    """Return the call that gives a row: an index at an end of a period, its change, a
    part of it, or the growth of a group.
    """
    spec = specification(section_of(study, Section, "inequality"), row)
    asked = _Asked(row, decomposition(study, spec, row["period"]))
    return CALLS[row["estimator"]](study, asked)


def _index(_: Study, asked: _Asked) -> Call:
    row = asked.row
    first, last = (int(asked.part.data.years[end]) for end in ENDS.values())
    place: Place = Difference(term=f"total {last}", less=f"total {first}")
    if row["contrast"] != CHANGE:
        place = Coefficient(term=f"total {asked.year}", columns=same("estimate"))
    differs = dict.fromkeys(("conf_low", "conf_high"), PERCENTILES)
    # The measure, and its aversion where it has one.
    return asked.call(asked.data({}), place, **asked_of(row), differs=differs)


def _between(study: Study, asked: _Asked) -> Call:
    """Return the call that gives the part between groups: against the whole, against the
    largest one, or against connected groups.
    """
    row, part = asked.row, asked.part
    name, end = row["treatment_def"], row["contrast"]
    measure, against = asked_of(row)["measure"], asked_of(row)["against"]
    inference = study.config.inference
    opening = f"inequality:{part.spec.id}:{part.spec.unit_scheme}:{part.spec.sample}"
    options: dict[str, Any] = {
        "measure": measure,
        "groups": "group",
        "permutations": inference.permutations,
        "seed": seed_of(
            inference.seed, f"{opening}:{part.period}:between:{name}:{end}:{measure}"
        ),
    }
    columns = {"estimate": "share", "statistic": "between", "p_value": "p"}
    if against == MAXIMUM:
        columns = {"estimate": "share of maximum"}
    elif against == CONNECTED and part.linked is not None:
        columns = {"estimate": "share", "p_value": "p, connected"}
        options |= {"connected": part.groups[name][1][1], "permutations": 0}
        options["matrix"] = pd.DataFrame(
            part.linked.toarray(), index=part.data.units, columns=part.data.units
        )
    place = TableRow(table=TABLE, line=asked.year, columns=columns)
    sorted_by_id = [*part.data.units] == sorted(part.data.units)
    drawn = against == LABELS and not sorted_by_id
    differs = {"p_value": DRAWS} if drawn else {}
    return asked.call(
        asked.data({"group": name}, end), place, **options, differs=differs
    )


def _dagum(_: Study, asked: _Asked) -> Call:
    row = asked.row
    data = asked.data({"group": row["treatment_def"]}, row["contrast"])
    place = Ratio(term=DAGUM[row["term"]], per="total")
    return asked.call(data, place, measure="gini", groups="group")


def _two_groupings(_: Study, asked: _Asked) -> Call:
    row = asked.row
    outer, inner = asked_of(row)["groups"]
    return asked.call(
        asked.data({"outer": outer, "inner": inner}, row["contrast"]),
        Ratio(term=NESTED[row["term"]], per="total"),
        measure=row["controls_id"],
        groups=["outer", "inner"],
        split=asked_of(row)["split"],
    )


def _inside(_: Study, asked: _Asked) -> Call:
    """Return the call that gives the share within parents, or marked parents less the
    others.
    """
    row, part = asked.row, asked.part
    first, last = (part.data.years[end] for end in ENDS.values())
    end = f"{last} - {first}" if row["contrast"] == CHANGE else str(asked.year)
    parents = part.spec.parents
    data = asked.data({"parent": parents})
    options: dict[str, Any] = {
        "measure": asked_of(row)["measure"],
        "groups": "parent",
        "jackknife": True,
    }
    place = Coefficient(term=f"share within {end}", inference="jackknife of groups")
    if part.marks is not None:
        marks = part.marks[part.groups[parents][0]].astype(int)
        data = data.assign(marked=np.tile(marks, len(ENDS)))
        options["marked"] = "marked"
    if row["estimator"] == "within_parents_exact":
        place = Coefficient(term=f"marked - others {end}", inference="permuted groups")
    return asked.call(data, place, **options)


def _growth(_: Study, asked: _Asked) -> Call:
    row, part = asked.row, asked.part
    if part.output is None:
        raise NoCallError("the panel no longer has output")
    data = asked.data({"group": row["treatment_def"]})
    output = np.concatenate([part.output[:, at] for at in ENDS.values()])
    return Call(
        function="growth_contributions",
        data=data[["unit", "year", "group"]].assign(output=output),
        arguments={"y": "output", "unit": "unit", "time": "year", "groups": "group"},
        places=(
            TableRow(
                table="groups",
                line=row["term"],
                columns={"estimate": GROWTH[row["contrast"]]},
            ),
        ),
    )


CALLS: dict[str, Callable[[Study, _Asked], Call]] = {
    "inequality": _index,
    "theil_decomposition": _between,
    "dagum": _dagum,
    "nested_theil": _two_groupings,
    "shapley_theil": _two_groupings,
    "within_parents": _inside,
    "within_parents_exact": _inside,
    "growth_accounting": _growth,
}

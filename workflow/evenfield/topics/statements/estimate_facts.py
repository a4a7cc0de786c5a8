"""Facts: quantities of a group of units as observed, without standard error, because no
unit is left to infer to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.shared.contrasts.contrasts import BASES
from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import UnsupportedError, joined
from evenfield.shared.spec import Id, Spec
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.expressions import check_columns, columns_of
from evenfield.study.study_config import SchemeName, TaxonomyName, UnitId, Years
from evenfield.topics.statements.estimate_data import LABELS, Data, name_of

UNITS = {
    "share": "percent",
    "increase": "percent",
    "ratio": "ratio",
    "growth": "percentage points a year",
    "units": "units",
}
# The unit of a difference of two such quantities.
UNITS_OF_CHANGE = UNITS | {
    "share": "percentage points",
    "increase": "percentage points",
    "ratio": "change of a ratio",
}
# Negation, name, sign and value: `not sez`, `region4 = East`, `lat < 33`.
CONDITION = re.compile(r"(not )?(\w+)(?: ([=<>]) (.+))?")
# Columns made from output; a row that uses one has the basis of its years.
OUTPUT = {"growth_pct", "log_income", "income", "output_real", "relative_log_income"}
NAMED = "a unit that the list does not name counts as none"


class FactSpec(Spec):
    """A quantity of a group of units; every outcome, window, taxonomy and unit scheme
    is a row.
    """

    id: Id
    claim: str
    """Claim of claims.yaml, or a name of your own."""
    kind: Literal["fact"]
    """`fact`: observed; `contrast`: a regression, one row a unit; `panel`: one row a
    unit and year."""
    label: str
    """The quantity in words, for the table."""
    measure: Literal["share", "increase", "ratio", "growth", "units"]
    """Share of the whole; share of its increase; outcome over per, relative to the
    others; growth less theirs; number of units above them."""
    outcome: str | dict[str, str]
    """Expression, or several by name, each a row; a list of a contrast makes an index.
    """
    per: str = ""
    """Expression that the outcome is divided by, after summing over units."""
    less: str = ""
    """Expression whose share is subtracted: its mean of the window from a share, that at
    the start from an increase."""
    group: UnitId | list[UnitId]
    """Units of the group: a label or column that is 1, `not sez`, `region4 = East`,
    `lat < 33`, several with `and`; or a list of units."""
    against: UnitId | list[UnitId] = ""
    """The others; all units by default."""
    windows: list[Years] = Field(min_length=1)
    """First and last year, each window a row."""
    before: Years | None = None
    """Window whose value is subtracted."""
    taxonomies: list[TaxonomyName] = []
    """Taxonomies of the labels, the primary one by default."""
    unit_schemes: list[SchemeName] = []
    """Unit schemes, the main one by default."""

    @property
    def unit(self) -> str:
        """Unit of measure of the rows."""
        differs = bool(self.less or self.before)
        return (UNITS_OF_CHANGE if differs else UNITS)[self.measure]

    @property
    def outcomes(self) -> dict[str, str]:
        """The expressions of the outcome by name; one alone has none."""
        return self.outcome if isinstance(self.outcome, dict) else {"": self.outcome}

    @model_validator(mode="after")
    def _complete(self) -> FactSpec:
        if self.measure in ("ratio", "units") and not self.per:
            raise ValueError(f"fact {self.id} is a {self.measure} without per")
        if self.less and self.measure not in ("share", "increase"):
            raise ValueError(
                f"fact {self.id} has less; only share and increase subtract a share"
            )
        return self


class FactData(Data):
    """The tables of a unit scheme with lists of clusters, numbers of zones and
    programmes beside the panel.
    """

    def __init__(self, *study: Any) -> None:
        super().__init__(*study)
        units = self.units.set_index("unit")
        zones = self.doses.assign(name="zones_" + self.doses["zone_type"])
        zones = zones.pivot(
            index=["unit", "year"],
            columns="name",
            values="zones",
        )
        self.panel = self.panel.merge(
            zones.reset_index(), on=["unit", "year"], how="left", validate="1:1"
        )
        lists = pd.DataFrame() if self.merged or self.clusters.empty else self.lists()
        # Measures that name only some units, which the base class leaves out.
        self.partial = {str(name) for name in lists if name not in self.panel}
        # ASSUME: a unit that a list of clusters does not name has none of them.
        counts = lists[sorted(self.partial)].reindex(units.index).fillna(0.0)
        # A unit with several rows of a programme is in it once.
        programmes = pd.crosstab(
            self.programmes["unit"], self.programmes["programme"]
        ).clip(upper=1)
        self.marks = units.join(programmes).fillna(dict.fromkeys(programmes, 0))
        for constant in (counts, self.marks[[*programmes]]):
            self.panel = self.panel.merge(
                constant, left_on="unit", right_index=True, how="left", validate="m:1"
            )

    def period_of(self, years: tuple[int, int]) -> str:
        """Return the shortest period that holds the middle of a window."""
        # ASSUME: the labels of a window are those of the shortest period that holds its
        # middle.
        middle = sum(years) / 2
        lengths = {
            str(item["period"]): item["end"] - item["start"]
            for item in self.described["periods"]
            if item["start"] <= middle <= item["end"]
        }
        if not lengths:
            raise UnsupportedError(
                f"no period holds the middle of {years[0]} to {years[1]}"
            )
        return min(lengths, key=lambda name: (lengths[name], name))

    def basis(self, years: tuple[int, int]) -> str:
        """Return the basis of output in a window."""
        inside = self.panel["year"].between(*years)
        bases = sorted(set(self.panel.loc[inside, "basis"]) - {""})
        return "spliced" if len(bases) > 1 else "".join(bases)

    def members(
        self, spec: FactSpec, group: str | list[str], labels: pd.DataFrame
    ) -> pd.Series:
        """Return which units belong to a group."""
        inside = pd.Series(True, self.marks.index)
        if isinstance(group, list):
            unknown = sorted(set(group) - set(inside.index))
            if unknown:
                raise _refused(spec, f"the unit {unknown[0]}", "units of the study")
            return pd.Series(inside.index.isin(group), inside.index)
        for part in group.split(" and ") if group else []:
            condition = CONDITION.fullmatch(part)
            # What is no condition has an empty name, which no table has: it is refused.
            negated, name, sign, value = condition.groups() if condition else [""] * 4
            # A label of the taxonomy comes before a column of the same name.
            table = labels if name in labels else self.marks
            if name not in table:
                known = ", ".join([*labels, *self.marks])
                raise _refused(spec, f"the group {part!r}", f"one of {known}")
            column = table[name].reindex(inside.index)
            inside &= _holds(column, sign, value) ^ bool(negated)
        return inside


def _holds(column: pd.Series, sign: str | None, value: str) -> pd.Series:
    """Say of which units a condition holds; a label without a sign is one."""
    match sign:
        case "<":
            return column.astype(float).lt(float(value))
        case ">":
            return column.astype(float).gt(float(value))
        case "=":
            return column.astype(str).eq(value)
    return column.astype(float).eq(1.0)


def _refused(spec: FactSpec, fault: str, expected: str) -> EstimateError:
    return EstimateError(
        f"estimates.statements.{spec.id} names {fault}", expected, "correct it"
    )


def check_fact(spec: FactSpec, data: FactData) -> None:
    """Refuse a fact whose expressions or groups name what no table has."""
    where = f"estimates.statements.{spec.id}"
    for text in filter(None, [*spec.outcomes.values(), spec.per, spec.less]):
        check_columns(text, data.panel.columns, where)
    labels = pd.DataFrame(
        columns=LABELS,
        index=data.marks.index,
        data=0.0,
    )
    for group in (spec.group, spec.against):
        data.members(spec, group, labels)


def fact_rows(
    spec: FactSpec, data: Mapping[str, FactData], primary: str
) -> Iterator[Estimate | tuple[str, str]]:
    """Yield the rows of a fact; a row that the panel cannot carry is its window and the
    reason.

    Notes
    -----
    With sums over the units of the group (g), of the others (o) and years t = 1, ...,
    T: share, the mean over t of a_gt / a_ot less that of b; increase, (a_gT - a_g1) /
    (a_oT - a_o1) less b_g1 / b_o1; ratio, the mean over t of (a_gt / b_gt) / (a_ot /
    b_ot); growth, ln(y_T / y_1) / (T - 1) of the group less that of the others, y = a
    or a / b; units, the number of units of the group whose mean ratio is above 1.
    """
    # The first scheme is the main one.
    schemes = spec.unit_schemes or list(data)[:1]
    unknown = sorted(set(schemes) - set(data))
    if unknown:
        known = f"one of {', '.join(data)}"
        raise _refused(spec, f"the unit scheme {unknown[0]}", known)
    outcomes = spec.outcomes
    for name, years, scheme, taxonomy in product(
        outcomes, spec.windows, schemes, spec.taxonomies or [primary]
    ):
        try:
            row = _fact(spec, data[scheme], outcomes[name], years, taxonomy)
        except UnsupportedError as error:
            yield f"{years[0]}-{years[1]}", str(error)
        else:
            yield replace(row, outcome=name) if name else row


def _fact(
    spec: FactSpec, data: FactData, outcome: str, years: tuple[int, int], taxonomy: str
) -> Estimate:
    labels = data.labels(taxonomy, data.period_of(years))
    words = set[str]()
    for group in (spec.group, spec.against):
        words.update(group.split() if isinstance(group, str) else [])
    given = [text for text in (outcome, spec.per, spec.less) if text]
    used = set[str]()
    for text in given:
        used.update(columns_of(text))
    spans = [span for span in (spec.before, years) if span]
    quantities = [_quantity(spec, data, given, span, labels) for span in spans]
    last = quantities[-1]
    # Only quantities made from output rest on its basis.
    bases = {data.basis(span) for span in spans} if used & OUTPUT else {""}
    basis = bases.pop() if len(bases) == 1 else "spliced"
    lost = sorted(set[str]().union(*(one.lost for one in quantities)))
    notes = [BASES.get(basis, "")]
    for quantity, span in zip(quantities, spans, strict=True):
        first_last = (quantity.years[0], quantity.years[-1])
        notes += [f"figures of {_span(first_last)}"] if first_last != span else []
    notes += [f"without {first_examples(lost)}"] if lost else []
    notes += [NAMED] if used & data.partial else []
    beside = f"against {_named(spec.against)}"
    if spec.less:
        beside = f"less share of {spec.less}"
    outcome = name_of(outcome)
    return Estimate(
        hypothesis=spec.claim,
        family="statements",
        role="description",
        estimator="fact",
        spec_id=spec.id,
        outcome=f"{outcome} / {spec.per}" if spec.per else outcome,
        term=_named(spec.group),
        contrast=f"{spec.measure} {beside}",
        effect_type="fact",
        unit_scheme=str(data.described["unit_scheme"]),
        period=" to ".join(f"{first}-{last}" for first, last in spans),
        treatment_def=taxonomy if words & set(labels) else "",
        estimate=last.value - (quantities[0].value if spec.before else 0.0),
        n_obs=len(data.marks) - len(lost),
        n_units=len(data.marks) - len(lost),
        n_periods=sum(len(one.years) for one in quantities),
        n_treated=last.members,
        unit_of_measure=spec.unit,
        output_basis=basis,
        warning=joined(*notes),
        data_hash=str(data.described["data_hash"]),
    )


def _span(years: tuple[int, int]) -> str:
    first, last = years
    return f"{first} to {last}" if last > first else str(first)


class _Quantity(NamedTuple):
    """A quantity in one window, with the years and the number of members that it rests
    on.
    """

    value: float
    years: list[int]
    members: int
    lost: list[str]


def _quantity(
    spec: FactSpec,
    data: FactData,
    given: list[str],
    span: tuple[int, int],
    labels: pd.DataFrame,
) -> _Quantity:
    wide = [data.wide(text, span) for text in given]
    # Only years in which every expression has figures: no ratio mixes years.
    common = set.intersection(*(set(table.columns.astype(int)) for table in wide))
    years = sorted(common)
    # A change needs figures at both ends of its window, a mean any year in it.
    changes = spec.measure in ("increase", "growth")
    if not years or (changes and (years[0], years[-1]) != span):
        outcomes = " and ".join(map(name_of, given))
        raise UnsupportedError(
            f"no figures of {outcomes} in both {span[0]} and {span[1]}"
        )
    # Sums over units compare like with like: all years, all expressions.
    units = pd.concat([table[years] for table in wide], axis=1).dropna().index
    members = []
    for group in (spec.group, spec.against):
        members.append(data.members(spec, group, labels).loc[units].to_numpy())
        if not members[-1].any():
            raise UnsupportedError(f"no unit in the group {_named(group)}")
    inside, others = members
    values = [table.loc[units, years].to_numpy(float) for table in wide]
    return _Quantity(
        value=_value(spec, values, inside, others, span),
        years=years,
        members=int(inside.sum()),
        lost=sorted(set(data.marks.index) - set(units)),
    )


def _named(group: str | list[str]) -> str:
    return " ".join(group) if isinstance(group, list) else group or "all"


def _value(
    spec: FactSpec,
    values: list[np.ndarray],
    g: np.ndarray,
    o: np.ndarray,
    years: tuple[int, int],
) -> float:
    """Return the quantity from arrays of shape (N, T) and the members of the group and
    of the others, shape (N,).
    """

    def share(x: np.ndarray) -> float:
        # A share of sums weighs units by their size, unlike a mean of shares.
        by_year = x[g].sum(axis=0) / x[o].sum(axis=0)
        return 100 * float(np.mean(by_year))

    a, subtracted = values[0], values[-1]
    if spec.measure == "increase":
        # A mean over the window would hold part of the increase itself.
        subtracted = subtracted[:, :1]
    less = share(subtracted) if spec.less else 0.0
    b = values[1] if spec.per else np.ones_like(a)
    # The group's ratio of sums over that of the others, by year.
    whole = a[o].sum(axis=0) / b[o].sum(axis=0)
    relative = a[g].sum(axis=0) / b[g].sum(axis=0) / whole
    match spec.measure:
        case "share":
            return share(a) - less
        case "increase":
            # (a_gT - a_g1) / (a_oT - a_o1): whose increase it was.
            return share(a[:, -1:] - a[:, :1]) - less
        case "ratio":
            return float(relative.mean())
        case "growth":
            logs = float(np.log(relative[-1] / relative[0]))
            return 100 * logs / (years[1] - years[0])
    # Each unit's own ratio against the ratio of sums of the others.
    return float(((a / b / whole).mean(axis=1)[g] > 1).sum())

"""Inequality between units: Theil, Gini and Atkinson, their parts by region and cell,
and growth accounting.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from evenfield.models.inequality import ATKINSON, GINI, THEIL, Incomes
from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import told
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality_draws import leave_one_out_theil
from evenfield.shared.estimates import Fields
from evenfield.shared.rows import Results, stacked
from evenfield.shared.settings import check_names
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.tables.rows import only
from evenfield.shared.trajectories import grouping, matched, span_labels, window
from evenfield.study.study import Study
from evenfield.study.study_config import (
    SPARED,
    HypothesisName,
    PeriodName,
    TaxonomyName,
    WeightsName,
)
from evenfield.topics.inequality.estimate_parents import (
    PARENT_LABELS,
    PARENT_NUMBERS,
    marks_of,
    parent_rows,
    parent_series,
)
from evenfield.topics.inequality.estimate_rows import Decomposition

CELL_GROUPS = ("cell", "cluster", "sez")
LABELS = (
    "spec_id sample_id unit_scheme period kind grouping group unit measure year"
).split()


class InequalitySpec(UnitsSpec):
    """One decomposition of inequality between units."""

    periods: list[PeriodName] = Field(min_length=1)
    """Periods whose ends are compared."""
    hypothesis: HypothesisName = ""
    """Hypothesis that the change of Theil T speaks to."""
    sesoi: float | None = Field(None, gt=0)
    """Smallest change of Theil T of interest."""
    weighting: Literal["population", "unweighted"] = "population"
    """Weights of the units."""
    groupings: list[str] = []
    """Columns of units.csv, such as region4."""
    taxonomies: list[TaxonomyName] = []
    """Each adds the groupings cell, cluster and sez of its cells."""
    nested: list[tuple[str, str]] = []
    """Pairs of an outer and an inner grouping."""
    parents: str = ""
    """Grouping whose groups hold units, such as provinces: the share inside them by
    year."""
    marked: str = ""
    """Column of units.csv, 0 or 1 for all units of a parent: inequality inside marked
    parents is compared with that inside the others."""
    aversion: list[PositiveFloat] = [0.5, 1.0, 2.0]
    """Inequality aversions of the Atkinson index."""
    weights: Annotated[WeightsName, SPARED] = ""
    """The primary spatial weights, to say which groups are connected; or none."""
    revision_sd: dict[Literal["output", "population"], NonNegativeFloat] = {}
    """Standard deviations of revisions of log output and log population."""

    @model_validator(mode="after")
    def _nested_groups_exist(self) -> InequalitySpec:
        known = {*self.groupings, *(CELL_GROUPS if self.taxonomies else ())}
        unknown = sorted(set(chain(*self.nested)) - known)
        if unknown:
            raise ValueError(
                f"nested names {unknown[0]}, which is no grouping of this specification"
            )
        if self.parents and self.parents not in self.groupings:
            raise ValueError(f"parents names {self.parents}, which is no grouping")
        if self.marked and not self.parents:
            raise ValueError("marked goes with parents")
        return self


Section = list[InequalitySpec]


def check_data(study: Study, _: Section, spec: InequalitySpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    for period in spec.periods:
        decomposition(study, spec, period)


def estimate(study: Study) -> Results:
    """Measure inequality between units at the ends of every period and divide it by
    groups.
    """
    out = Results()
    parts = []
    inside = []
    for spec in told(read(Section, study.config, "inequality"), "specifications"):
        for period in spec.periods:
            part = decomposition(study, spec, period)
            part.add_rows()
            out.estimates += part.estimates
            parts.append(_series(part))
            if spec.parents:
                out.estimates += parent_rows(part, study.power).estimates
                inside.append(parent_series(part))
        out.fit[spec.id] = {"periods": spec.periods, "groupings": spec.groupings}
    out.series["series"] = stacked(parts, LABELS, ["value", "share"])
    out.series["parents"] = stacked(inside, PARENT_LABELS, PARENT_NUMBERS)
    return out


def decomposition(study: Study, spec: InequalitySpec, period: str) -> Decomposition:
    """Return incomes, people and groups of a specification in a period."""
    where = f"estimates.inequality.{spec.id} {period}"
    data, info = window(study, spec, period, where)
    panel = study.table("panel", spec.unit_scheme)
    labels, note = span_labels("inequality", spec, data, info)
    labels |= {
        "period": period,
        "n_obs": 2 * len(data.units),
        "n_periods": 2,
    }
    # Inequality between people counts units by their people; unweighted, units as such.
    if spec.weighting == "population":
        labels["outcome"] = "income"
        weights = matched(panel, "population", data, where)
    else:
        labels["outcome"] = "income, unweighted"
        weights = np.ones_like(data.values)
    output = None
    if "output_real" in panel and panel["output_real"].notna().any():
        output = matched(panel, "output_real", data, where)
    linked = None
    if spec.weights:
        primary = study.config.weights.primary
        check_names([spec.weights], [primary], f"{where} weights")
        linked = study.weights(scheme=spec.unit_scheme).among(data.units)[0]
    groups = _groups(study, spec, period, data.units, where)
    marks = None
    if spec.marked:
        table = study.table("units", spec.unit_scheme).set_index("unit")
        check_names([spec.marked], table.columns, f"{where} marked")
        marked = table.loc[list(data.units), spec.marked].to_numpy()
        marks = marks_of(*groups[spec.parents], marked, where)
    return Decomposition(
        spec=spec,
        period=period,
        data=data,
        income=np.exp(data.values),
        weights=weights,
        output=output,
        groups=groups,
        marks=marks,
        linked=linked,
        inference=study.config.inference,
        labels=labels,
        note=note,
    )


def _groups(
    study: Study, spec: InequalitySpec, period: str, units: Sequence[str], where: str
) -> dict[str, tuple[Array, list[str]]]:
    """Return codes and names of every grouping."""
    frame = study.table("units", spec.unit_scheme)
    cells = study.table("cells", spec.unit_scheme)
    check_names(spec.groupings, frame.columns, f"{where} groupings")
    groups = {name: grouping(frame, name, units, where) for name in spec.groupings}
    # The cells of a period: units change them with the dates of zones.
    for taxonomy in spec.taxonomies:
        own = only(cells, taxonomy=taxonomy, period=period)
        for name in CELL_GROUPS:
            codes = grouping(own, name, units, f"{where} {taxonomy}")
            groups[f"{taxonomy}: {name}"] = codes
    return groups


def _series(part: Decomposition) -> pd.DataFrame:
    """Return indices, parts and the influence of each unit by year."""
    rows: list[Fields] = []
    years = list(enumerate(part.data.years.tolist()))
    for i, year in told(years, "years"):
        incomes = Incomes(income=part.income[:, i], people=part.weights[:, i])
        try:
            series = [*_indices(part, incomes), *_parts(part, incomes)]
            # Without one of two units nothing is left to differ.
            if len(part.data.units) > 2:
                without = leave_one_out_theil(incomes.income, incomes.people)
                influence = {"kind": "influence", "measure": THEIL[0]}
                for unit, value in zip(part.data.units, without, strict=True):
                    series.append(
                        {
                            **influence,
                            "unit": unit,
                            "value": value,
                        }
                    )
        except NumericsError:
            continue
        rows += [{**row, "year": year} for row in series]
    blank = dict.fromkeys(("grouping", "group", "unit"), "")
    frame = pd.DataFrame(rows).fillna(blank)
    return frame.assign(**part.spec.labels, period=part.period)


def _indices(part: Decomposition, incomes: Incomes) -> Iterator[Fields]:
    values = {measure: incomes.index(measure) for measure in (*THEIL, GINI)}
    for aversion in part.spec.aversion:
        values[f"atkinson_{aversion:g}"] = incomes.index(ATKINSON, aversion)
    for name, value in values.items():
        yield {
            "kind": "index",
            "measure": name,
            "value": value,
        }


def _parts(part: Decomposition, incomes: Incomes) -> Iterator[Fields]:
    """Yield what lies between and within the groups: T = sum_g s_g ln(s_g / p_g) +
    sum_g s_g T_g, and the three parts of the Gini.
    """
    for name, (codes, groups) in part.groups.items():
        for measure in THEIL:
            parts = incomes.theil_parts(measure, codes)
            # Without inequality a share of it is not defined.
            total = parts.total if parts.total > 0 else np.nan
            row = {"grouping": name, "measure": measure}
            between = {"value": parts.between, "share": parts.between / total}
            yield {
                **row,
                "kind": "between",
                **between,
            }
            # The term of each group: these and the part between add up to the total.
            for group, value in zip(groups, parts.group_within, strict=True):
                within = {"kind": "within", "group": group}
                yield {
                    **row,
                    **within,
                    "value": value,
                    "share": value / total,
                }
        # The Gini leaves a third part where the incomes of groups overlap.
        dagum = incomes.gini_parts(codes)
        total = dagum.gini if dagum.gini > 0 else np.nan
        row = {
            "kind": "dagum",
            "grouping": name,
            "measure": "gini",
        }
        for group in ("within", "net_between", "transvariation"):
            value = float(getattr(dagum, group))
            yield {
                **row,
                "group": group,
                "value": value,
                "share": value / total,
            }

"""Inequality between units: Theil, Gini and Atkinson, their parts by region and cell,
and growth accounting.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inequality import (
    atkinson,
    decompose_gini,
    decompose_theil,
    gini,
    leave_one_out_theil,
    theil,
)
from evenfield.shared.rows import Results, stacked
from evenfield.shared.settings import check_names
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import grouping, matched, span_labels, window
from evenfield.study.study import Study
from evenfield.topics.inequality.estimate_rows import MEASURES, Decomposition

CELL_GROUPS = ("cell", "cluster", "sez")
LABELS = (
    "spec_id sample_id unit_scheme period kind grouping group unit measure year"
).split()


class InequalitySpec(UnitsSpec):
    """One decomposition of inequality between units."""

    periods: list[str] = Field(
        min_length=1, description="Periods whose ends are compared."
    )
    hypothesis: str = Field(
        "", description="Hypothesis that the change of Theil T speaks to."
    )
    sesoi: float | None = Field(
        None, gt=0, description="Smallest change of Theil T of interest."
    )
    weighting: Literal["population", "unweighted"] = Field(
        "population", description="Weights of the units."
    )
    groupings: list[str] = Field(
        [], description="Columns of units.csv, such as region4."
    )
    taxonomies: list[str] = Field(
        [], description="Each adds the groupings cell, cluster and sez of its cells."
    )
    nested: list[tuple[str, str]] = Field(
        [], description="Pairs of an outer and an inner grouping."
    )
    aversion: list[PositiveFloat] = Field(
        [0.5, 1.0, 2.0], description="Inequality aversions of the Atkinson index."
    )
    weights: str = Field(
        "",
        description=(
            "The primary spatial weights, to say which groups are connected; or none."
        ),
    )
    revision_sd: dict[Literal["output", "population"], NonNegativeFloat] = Field(
        {},
        description=(
            "Standard deviations of revisions of log output and log population."
        ),
    )

    @model_validator(mode="after")
    def _nested_groups_exist(self) -> InequalitySpec:
        known = {*self.groupings, *(CELL_GROUPS if self.taxonomies else ())}
        if unknown := sorted({name for pair in self.nested for name in pair} - known):
            raise ValueError(
                f"nested names {unknown[0]}, which is no grouping of this specification"
            )
        return self


Section = list[InequalitySpec]


def check_data(study: Study, _: Section, spec: InequalitySpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    for period in spec.periods:
        _decomposition(study, spec, period)


def estimate(study: Study) -> Results:
    """Measure inequality between units at the ends of every period and divide it by
    groups.
    """
    out = Results()
    parts = []
    for spec in read(Section, study.config, "inequality"):
        for period in spec.periods:
            part = _decomposition(study, spec, period)
            part.add_rows()
            out.estimates += part.estimates
            parts.append(_series(part))
        out.fit[spec.id] = {"periods": spec.periods, "groupings": spec.groupings}
    out.series["series"] = stacked(parts, LABELS, ["value", "share"])
    return out


def _decomposition(study: Study, spec: InequalitySpec, period: str) -> Decomposition:
    where = f"estimates.inequality.{spec.id} {period}"
    scheme = spec.unit_scheme
    data, info = window(study, spec, period, where)
    panel = study.table("panel", scheme, ("basis",))
    units = list(data.units)
    people = spec.weighting == "population"
    weights = (
        matched(panel, "population", data, where)
        if people
        else np.ones_like(data.values)
    )
    output = "output_real" in panel and panel["output_real"].notna().any()
    labels, note = span_labels("inequality", spec, data, info)
    labels |= {
        "outcome": "income" if people else "income, unweighted",
        "period": period,
        "n_obs": 2 * len(units),
        "n_periods": 2,
    }
    linked = None
    if spec.weights:
        check_names(
            [spec.weights], [study.config["weights"]["primary"]], f"{where} weights"
        )
        linked = study.weights(scheme=scheme).among(units)[0]
    return Decomposition(
        spec=spec,
        period=period,
        data=data,
        income=np.exp(data.values),
        weights=weights,
        output=matched(panel, "output_real", data, where) if output else None,
        groups=_groups(study, spec, period, units, where),
        linked=linked,
        inference=study.config["inference"],
        labels=labels,
        note=note,
    )


def _groups(
    study: Study, spec: InequalitySpec, period: str, units: list[str], where: str
) -> dict[str, tuple[np.ndarray, list[str]]]:
    frame = study.table("units", spec.unit_scheme)
    cells = study.table("cells", spec.unit_scheme, ("taxonomy", "cell"))
    check_names(spec.groupings, frame.columns, f"{where} groupings")
    check_names(spec.taxonomies, cells["taxonomy"].unique(), f"{where} taxonomies")
    groupings = {name: grouping(frame, name, units, where) for name in spec.groupings}
    for taxonomy in spec.taxonomies:
        own = cells[cells["taxonomy"].eq(taxonomy) & cells["period"].eq(period)]
        groupings |= {
            f"{taxonomy}: {name}": grouping(own, name, units, f"{where} {taxonomy}")
            for name in CELL_GROUPS
        }
    return groupings


def _series(part: Decomposition) -> pd.DataFrame:
    rows: list[dict[str, Any]] = []
    for i, year in enumerate(part.data.years.tolist()):
        income = part.income[:, i]
        weights = part.weights[:, i]
        try:
            series = [*_indices(part, income, weights), *_parts(part, income, weights)]
            if len(income) > 2:
                alone = zip(
                    part.data.units, leave_one_out_theil(income, weights), strict=True
                )
                series += [
                    {"kind": "influence", "unit": u, "measure": MEASURES[0], "value": v}
                    for u, v in alone
                ]
        except NumericsError:
            continue
        rows += [
            {"grouping": "", "group": "", "unit": "", **row, "year": year}
            for row in series
        ]
    names = ("spec_id", "sample_id", "unit_scheme", "period")
    return pd.DataFrame(rows).assign(**{name: part.labels[name] for name in names})


def _indices(
    part: Decomposition, income: np.ndarray, weights: np.ndarray
) -> Iterator[dict[str, Any]]:
    values = {measure: theil(income, weights, measure) for measure in MEASURES} | {
        "gini": gini(income, weights)
    }
    values |= {
        f"atkinson_{aversion:g}": atkinson(income, weights, aversion)
        for aversion in part.spec.aversion
    }
    yield from (
        {"kind": "index", "measure": name, "value": value}
        for name, value in values.items()
    )


def _parts(
    part: Decomposition, income: np.ndarray, weights: np.ndarray
) -> Iterator[dict[str, Any]]:
    for name, (codes, groups) in part.groups.items():
        for measure in MEASURES:
            parts = decompose_theil(income, weights, codes, measure)
            values = {("between", ""): parts.between}
            values |= {
                ("within", group): value
                for group, value in zip(groups, parts.group_within, strict=True)
            }
            total = parts.total if parts.total > 0 else np.nan
            for (kind, group), value in values.items():
                row = {
                    "kind": kind,
                    "grouping": name,
                    "group": group,
                    "measure": measure,
                }
                yield row | {"value": value, "share": value / total}
        dagum = decompose_gini(income, weights, codes)
        for group in ("within", "net_between", "transvariation"):
            value = float(getattr(dagum, group))
            row = {"kind": "dagum", "grouping": name, "group": group, "measure": "gini"}
            yield row | {
                "value": value,
                "share": value / dagum.gini if dagum.gini > 0 else np.nan,
            }

"""From the tables of a study to growth, lists, parents and who lies near whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from evenfield.models.nearby import Nearby, NearbyModel
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Locations
from evenfield.shared.distances import unit_distances
from evenfield.shared.few_units import located
from evenfield.shared.policies import kinds_of, policy_table
from evenfield.shared.samples import sample_units
from evenfield.shared.settings import check_names, scheme_info
from evenfield.shared.unit_columns import group_codes, outcome_by_year
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash
from evenfield.topics.nearby.estimate_spec import ListSpec, NearbySpec, Section

PERCENT = 100.0


@dataclass(frozen=True)
class Case:
    """What one specification compares."""

    spec: NearbySpec
    units: list[str]  # (N,)
    unit_rows: pd.DataFrame  # units.csv in the order of the units
    nearby: Nearby
    clusters: np.ndarray  # (N,) labels of the clusters of errors
    data_hash: str

    def locations(self, model: NearbyModel) -> Locations:
        """Return where the units of a regression are."""
        units = [self.units[i] for i in model.rows]
        return located(self.unit_rows.set_index("unit"), units)


def read_case(study: Study, section: Section, spec: NearbySpec) -> Case:
    """Read what a specification compares, or say what is wrong with it."""
    where = f"nearby {spec.id}"
    check_names([spec.unit_scheme], [study.main], where)
    units = list(study.description()["units"])
    chosen = sample_units(scheme_info(study.description()), spec.sample, where)
    sample = np.isin(units, list(chosen))
    unit_rows = study.table("units").set_index("unit").loc[units].reset_index()
    start, growth = _levels(study, section, spec, units, sample)
    held = [_numbers(unit_rows, name, sample, f"{where}: `held`") for name in spec.held]
    lists = []
    for name in spec.named.values():
        members = _members(study, unit_rows, section.lists[name], f"{where}: {name}")
        lists.append(members)
    parents = np.zeros(len(units), dtype=int)
    if spec.within:
        parents = group_codes(unit_rows, spec.within, where)
    column = spec.cluster or spec.within
    clusters = np.arange(len(units))
    if column:
        clusters = group_codes(unit_rows, column, where)
    nearby = Nearby(
        growth=growth,
        held=np.column_stack([start, *held]),
        lists=np.column_stack(lists).astype(float),
        distance=unit_distances(study, unit_rows, spec.distance, where, "a radius"),
        radius=spec.most,
        sample=sample,
        parents=parents,
        share=spec.measure == "share",
    )
    try:
        nearby.near_model(list(spec.named))
    except NumericsError as error:
        raise EstimateError(
            f"{where}: {error}", "units on no list to compare", "take another sample"
        ) from error
    return Case(spec, units, unit_rows, nearby, clusters, _hash(units, nearby))


def _levels(
    study: Study,
    section: Section,
    spec: NearbySpec,
    units: list[str],
    sample: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the outcome in the first year and its growth a year, (N,) each."""
    where = f"nearby {spec.id}"
    expression = section.outcomes[spec.outcome].expression
    wide = outcome_by_year(study, expression, units, where)
    first, last = spec.span
    for year in spec.span:
        if year not in wide:
            raise EstimateError(
                f"{where} is of {year}",
                f"a year of the panel, {wide.columns[0]} to {wide.columns[-1]}",
                "correct `years`",
            )
        blank = sample & ~np.isfinite(wide[year].to_numpy(float))
        if blank.any():
            names = [units[i] for i in np.flatnonzero(blank)]
            raise EstimateError(
                f"{where}: {spec.outcome} of {counted(len(names), 'unit')} is blank"
                f" ({first_examples(names)})",
                f"a value of {year} for every unit of the sample",
                "take another year, or leave the units out with a sample",
            )
    start = wide[first].to_numpy(float)
    growth = PERCENT * (wide[last].to_numpy(float) - start) / (last - first)
    return start, growth


def _numbers(
    unit_rows: pd.DataFrame, column: str, sample: np.ndarray, where: str
) -> np.ndarray:
    """Return a column of units.csv that is a number for every unit of the sample."""
    check_names([column], unit_rows.columns, where)
    values = pd.to_numeric(unit_rows[column], errors="coerce").to_numpy(float)
    blank = unit_rows.loc[sample & ~np.isfinite(values), "unit"]
    if len(blank):
        raise EstimateError(
            f"{where}: {column} of {counted(len(blank), 'unit')} is no number"
            f" ({first_examples(list(blank))})",
            "a number for every unit of the sample",
            "fill it, or leave the units out with a sample",
        )
    return values


def _members(
    study: Study, unit_rows: pd.DataFrame, listed: ListSpec, where: str
) -> np.ndarray:
    """Return which units are on a list, (N,) of bool."""
    if listed.column:
        every = np.ones(len(unit_rows), dtype=bool)
        values = _numbers(unit_rows, listed.column, every, where)
        odd = unit_rows.loc[~np.isin(values, [0, 1]), "unit"]
        if len(odd):
            raise EstimateError(
                f"{where}: {listed.column} of {counted(len(odd), 'unit')} is neither 0"
                f" nor 1 ({first_examples(list(odd))})",
                "1 for units on the list and 0 for others",
                "make such a column",
            )
        member = values == 1
    else:
        policies = policy_table(study)
        own = policies["kind"].isin(kinds_of(policies, listed.kinds, where))
        if listed.by is not None:
            own &= policies["first_year"].le(listed.by)
        member = unit_rows["unit"].isin(policies.loc[own, "unit"]).to_numpy()
    if not member.any() or member.all():
        found = "every unit is" if member.all() else "no unit is"
        raise EstimateError(
            f"{where}: {found} on the list", "some units on it", "correct the list"
        )
    return np.asarray(member)


def _hash(units: list[str], nearby: Nearby) -> str:
    """Return the hash of growth, lists, exposure and groups."""
    exposure = nearby.exposure(nearby.lists)
    values = np.column_stack(
        [nearby.growth, nearby.held, nearby.lists, exposure, nearby.parents]
    )
    frame = pd.DataFrame(values, columns=[f"x{k}" for k in range(values.shape[1])])
    frame = frame.assign(unit=units)[nearby.sample]
    return content_hash(frame.sort_values("unit", ignore_index=True))

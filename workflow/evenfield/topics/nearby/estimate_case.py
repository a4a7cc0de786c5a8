"""From the tables of a study to growth, lists, parents and who lies near whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd

from evenfield.models.nearby import Nearby, NearbyModel
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Locations
from evenfield.shared.distances import unit_distances
from evenfield.shared.few_units import located
from evenfield.shared.samples import sample_units
from evenfield.shared.settings import check_names, scheme_info
from evenfield.shared.unit_columns import (
    group_codes,
    outcome_by_year,
    unit_numbers,
)
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash
from evenfield.topics.nearby.estimate_lists import entries, members
from evenfield.topics.nearby.estimate_spec import NearbySpec, Section

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
    cases: Cases  # that read it

    def locations(self, model: NearbyModel) -> Locations:
        """Return where the units of a regression are."""
        return self.cases.locations([self.units[i] for i in model.rows])


@dataclass(frozen=True)
class Cases:
    """What specifications compare, each list, distance and outcome read once."""

    study: Study
    section: Section
    kept: dict[tuple[object, ...], Any] = field(default_factory=dict)

    def _once(self, make: Callable[..., Any], *of: object) -> Any:
        """Return what a method makes of its arguments, made once."""
        key = (make.__name__, *of)
        if key not in self.kept:
            self.kept[key] = make(*of)
        return self.kept[key]

    def read(self, spec: NearbySpec) -> Case:
        """Read what a specification compares, or say what is wrong with it."""
        where = f"nearby {spec.id}"
        check_names([spec.unit_scheme], [self.study.main], where)
        units, unit_rows = self._once(self._units)
        chosen = sample_units(scheme_info(self.study.description()), spec.sample, where)
        sample = np.isin(units, list(chosen))
        wide = self._once(self._outcome, spec.outcome)
        start, growth = _start_and_growth(wide, spec, units, sample)
        held = [
            unit_numbers(unit_rows, name, sample, f"{where}: `held`")
            for name in spec.held
        ]
        lists = [self._once(self._members, name) for name in spec.named.values()]
        parents = np.zeros(len(units), dtype=int)
        if spec.within:
            parents = group_codes(unit_rows, spec.within, where)
        clusters = np.arange(len(units))
        if spec.cluster_column:
            clusters = group_codes(unit_rows, spec.cluster_column, where)
        nearby = Nearby(
            growth=growth,
            held=np.column_stack([start, *held]),
            lists=np.column_stack(lists).astype(float),
            distance=self._once(self._distance, spec.distance),
            radius=spec.most,
            sample=sample,
            parents=parents,
            share=spec.measure == "share",
        )
        try:
            nearby.near_model(list(spec.named))
        except NumericsError as error:
            raise EstimateError(
                f"{where}: {error}",
                "units on no list to compare",
                "take another sample",
            ) from error
        data_hash = _hash(units, nearby)
        return Case(spec, units, unit_rows, nearby, clusters, data_hash, self)

    def locations(self, units: list[str]) -> Locations:
        """Return where units are, one object for one sequence of units: its spatial
        components are found once.
        """
        return cast("Locations", self._once(self._located, tuple(units)))

    def _located(self, units: tuple[str, ...]) -> Locations:
        _, unit_rows = self._once(self._units)
        return located(unit_rows.set_index("unit"), list(units))

    def _units(self) -> tuple[list[str], pd.DataFrame]:
        units = list(self.study.description()["units"])
        table = self.study.table("units").set_index("unit")
        return units, table.loc[units].reset_index()

    def _outcome(self, name: str) -> pd.DataFrame:
        units, _ = self._once(self._units)
        expression = self.section.outcomes[name].expression
        return outcome_by_year(self.study, expression, units, f"nearby {name}")

    def _members(self, name: str) -> np.ndarray:
        _, unit_rows = self._once(self._units)
        where = f"nearby list {name}"
        return members(self.study, unit_rows, self.section.lists, name, where)

    def every_entry(self) -> pd.DataFrame:
        """Return who is on each list of the section: list, unit, what is named there and
        since when, each thing once with its earliest year.
        """
        _, unit_rows = self._once(self._units)
        lists = self.section.lists
        frames = [
            entries(self.study, unit_rows, lists, name, f"nearby list {name}").assign(
                list=name
            )
            for name in lists
        ]
        every = pd.concat(frames, ignore_index=True)
        known = every[every["unit"].isin(unit_rows["unit"])]
        earliest = known.groupby(["list", "unit", "what"])["year"].min()
        return earliest.reset_index()

    def _distance(self, name: str) -> np.ndarray:
        _, unit_rows = self._once(self._units)
        return unit_distances(self.study, unit_rows, name, "nearby", "a radius")


def _start_and_growth(
    wide: pd.DataFrame, spec: NearbySpec, units: list[str], sample: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first value and the growth a year of an outcome by unit (rows) and
    year, (N,) each.
    """
    where = f"nearby {spec.id}"
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


def _hash(units: list[str], nearby: Nearby) -> str:
    """Return the hash of growth, what is held, lists, exposure and parents."""
    exposure = nearby.exposure(nearby.lists)
    values = np.column_stack(
        [nearby.growth, nearby.held, nearby.lists, exposure, nearby.parents]
    )
    frame = pd.DataFrame(values, columns=[f"x{k}" for k in range(values.shape[1])])
    frame = frame.assign(unit=units)[nearby.sample]
    return content_hash(frame.sort_values("unit", ignore_index=True))

"""From the tables of a study to growth, lists, parents and who lies near whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pandas as pd

from evenfield.models.nearby import Nearby, NearbyDesign, NearbyModel
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Locations
from evenfield.numerics.random import generator_for
from evenfield.shared.distances import unit_distances
from evenfield.shared.estimates import NAN, Estimate, asking
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

FAMILY = "nearby"
NEITHER = "neither"
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

    @property
    def level(self) -> float:
        """Level of intervals."""
        return float(self.cases.study.config.inference.level)

    def compared_among(self, chosen: np.ndarray) -> Case:
        """Return the same with fewer units compared, all of them neighbours; chosen (N,)
        of bool.
        """
        nearby = replace(self.nearby, sample=self.nearby.sample & chosen)
        return replace(self, nearby=nearby, data_hash=_hash(self.units, nearby))

    def locations(self, model: NearbyModel) -> Locations:
        """Return where the units of a regression are."""
        return self.cases.locations([self.units[i] for i in model.rows])

    def stream(self, *, near: bool) -> str:
        """Return the name of the random stream of one of the two regressions."""
        return f"{FAMILY}:{self.spec.id}:{'near' if near else 'own'}"

    def design(self, model: NearbyModel, methods: Sequence[str]) -> NearbyDesign:
        """Return the fit with what the methods need: clusters, places, and lists dealt
        out again.
        """
        inference = self.cases.study.config.inference
        permuted_labels = None
        if any(name.startswith("randomisation") for name in methods):
            stream = generator_for(inference.seed, f"{FAMILY}:{self.spec.id}")
            permuted_labels = self.nearby.permuted_labels(
                inference.permutations, stream
            )
        return model.design(
            np.array(self.units),
            self.clusters,
            permuted_labels,
            locations=self.locations(model),
            draws=inference.permutations,
            seed=inference.seed,
            stream=self.stream(near=model.near),
            power=self.cases.study.power,
        )

    def row(self, term: str, contrast: str, *, near: bool) -> Estimate:
        """Return a row without its numbers."""
        spec = self.spec
        sample = f"{spec.sample}, {NEITHER}" if near else spec.sample
        interest = spec.sizes.near if near else spec.sizes.own
        unit = self.cases.section.outcomes[spec.outcome].unit
        if near and spec.measure == "share":
            unit += " per share 0 to 1"
        return Estimate(
            family=FAMILY,
            role=spec.role,
            estimator="ols",
            spec_id=spec.id,
            outcome=spec.outcome,
            term=term,
            contrast=contrast,
            sample_id=sample,
            unit_scheme=spec.unit_scheme,
            period=f"{spec.span[0]}-{spec.span[1]}",
            treatment_def="+".join(spec.named),
            controls_id="+".join(["start", *spec.held]),
            fe_id=spec.within or "none",
            w_id=spec.reach,
            estimate=NAN,
            sesoi=NAN if interest is None else interest,
            unit_of_measure=unit,
            data_hash=self.data_hash,
            asked=asking(near=near),
        )


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
        lists = [self.members(name) for name in spec.named.values()]
        parents = np.zeros(len(units), dtype=int)
        if spec.within:
            parents = group_codes(unit_rows, spec.within, where, sample)
        clusters = np.arange(len(units))
        if spec.cluster_column:
            clusters = group_codes(unit_rows, spec.cluster_column, where, sample)
        nearby = Nearby(
            growth=growth,
            held=np.column_stack([start, *held]),
            lists=np.column_stack(lists).astype(float),
            distance=self.distance(spec.distance),
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

    def members(self, name: str) -> np.ndarray:
        """Return which units are on a list, (N,) of bool."""
        return cast("np.ndarray", self._once(self._members, name))

    def distance(self, name: str) -> np.ndarray:
        """Return how far units are apart, (N, N)."""
        return cast("np.ndarray", self._once(self._distance, name))

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


def cases_of(study: Study, section: Section) -> Cases:
    """Return the cases of a study, the same ones however often they are asked for."""
    return study.once((FAMILY, id(section)), lambda: Cases(study, section))


def term_of(name: str, near: bool) -> str:
    """Return the term of a list, or of lying near a unit on it."""
    return f"near_{name}" if near else f"own_{name}"


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

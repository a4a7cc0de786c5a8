"""From policies.csv to a panel of who is under which policy when.

The rules for what does not fit an event study stand here: a policy before the panel, one
that ends, several kinds in one unit, dates that are not sure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from evenfield.models.policies import Groups, PolicyPanel, policy_panel
from evenfield.shared.distances import unit_distances
from evenfield.shared.policies import kinds_of, merged_units, policy_table
from evenfield.shared.samples import sample_units
from evenfield.shared.settings import check_names, scheme_info
from evenfield.shared.unit_columns import group_codes, outcome_by_year
from evenfield.study.errors import EstimateError, counted
from evenfield.study.expressions import columns_of
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash
from evenfield.topics.event_study.estimate_controls import read_controls
from evenfield.topics.event_study.estimate_spec import (
    YEAR,
    Outcome,
    PolicySpec,
    Section,
)

INTERPOLATED = "interpolated"


@dataclass(frozen=True)
class Case:
    """The panel of one specification, with all dates or with sure ones alone."""

    spec: PolicySpec
    outcome: Outcome
    panel: PolicyPanel
    units: list[str]  # (N,)
    years: np.ndarray  # (T,)
    # (N,) of the policy, also between two years of the panel; NaN where it never comes
    first_years: np.ndarray
    unit_rows: pd.DataFrame  # units.csv in the order of the units
    unsure: np.ndarray  # (N,) of bool: the date of the policy is not sure
    warnings: tuple[str, ...]
    dates: str = "all"  # all, sure, earliest or latest

    @cached_property
    def data_hash(self) -> str:
        """Hash of outcome, dates and controls."""
        frame = pd.DataFrame(self.panel.Y, columns=[str(year) for year in self.years])
        if self.panel.controls is not None:
            frame[[*self.spec.controls]] = self.panel.controls
        return content_hash(frame.assign(unit=self.units, first=self.panel.first))

    def with_sure_dates(self, close: np.ndarray | None = None) -> Case:
        """Return the case without units whose date is not sure, and without controls
        that are ``close`` to one of them, (N, N) of bool.
        """
        # ASSUME: a unit under a policy of unknown date is neither treated nor a control.
        leaving = self.unsure
        if close is not None:
            beside = (close & self.unsure).any(axis=1)
            leaving = leaving | (beside & ~self.panel.ever)
        panel = self.panel.without(leaving, undated=self.unsure)
        note = (
            f"SURE DATES: {counted(self.unsure.sum(), 'unit')} of unsure date left out"
        )
        warnings = (*self.warnings, note)
        return replace(self, panel=panel, warnings=warnings, dates="sure")

    def distances(self, study: Study, kind: str) -> np.ndarray:
        """Return distances between units, (N, N)."""
        where = f"event study {self.spec.id}"
        return unit_distances(study, self.unit_rows, kind, where, "rings")


def read_case(
    study: Study, section: Section, spec: PolicySpec, dates_at: str = ""
) -> Case:
    """Read outcome, units and dates of a specification, or say what is wrong with it;
    ``dates_at`` year_lo or year_hi takes every year at that end of its bounds.
    """
    where = f"event study {spec.id}"
    check_names([spec.unit_scheme], [study.main], where)
    info = scheme_info(study.description())
    sample = set(sample_units(info, spec.sample, where))
    units = [unit for unit in study.description()["units"] if unit in sample]
    outcome = section.outcomes[spec.outcome]
    wide = outcome_by_year(study, outcome.expression, units, where)
    first, last = spec.years or (int(wide.columns[0]), int(wide.columns[-1]))
    wide = wide.loc[:, first:last]
    refuse_interpolated(study, outcome, (first, last), where)
    unit_rows = study.table("units").set_index("unit").loc[units].reset_index()
    effects = Groups("", np.zeros(len(units), dtype=int))
    if spec.effects != YEAR:
        effects = Groups(spec.effects, group_codes(unit_rows, spec.effects, where))
    cluster = None
    if spec.cluster:
        cluster = Groups(spec.cluster, group_codes(unit_rows, spec.cluster, where))
    policies = policy_table(study)
    if dates_at:
        ends = policies[dates_at].fillna(policies["first_year"])
        policies = policies.assign(first_year=ends)
    own = policies["kind"].isin(kinds_of(policies, spec.kinds, where))
    dates = _first_policies(policies[own], units)
    Y = wide.to_numpy(float, copy=True)
    # The logarithm of zero is no outcome.
    Y[~np.isfinite(Y)] = np.nan
    years = wide.columns.to_numpy(int)
    check_names(spec.ignored, policies["kind"].unique(), f"{where}: `ignored`")
    others = policies[~own & ~policies["kind"].isin(spec.ignored)]
    warnings = _leave_out(Y, years, dates, others, units)
    if spec.without_grades:
        graded = graded_cells(study, outcome, spec.without_grades, units, years)
        lost = int((graded & np.isfinite(Y)).sum())
        warnings.append(f"GRADES: {counted(lost, 'unit-year')} left out")
        Y[graded] = np.nan
    # Positions go on at the step of the panel before its first and after its last year.
    first_years = dates["first_year"].to_numpy(float)
    positions = (first_years - years[0]) / info.step
    start = int((positions <= 0).sum())
    if start:
        have = f"{counted(start, 'unit')} {'has' if start == 1 else 'have'}"
        warnings.append(f"FROM THE START: {have} no year before the policy")
    controls = read_controls(study, section, spec, unit_rows, int(years[0]))
    try:
        panel = policy_panel(
            Y,
            positions,
            np.array(units),
            effects=effects,
            cluster=cluster,
            controls=controls,
        )
    except EstimateError as error:
        found = f"{where}: {error.found}"
        raise EstimateError(found, error.expected, error.action) from error
    check_names(section.sure, policies["grade"].unique(), f"{where}: `sure`")
    sure = dates["grade"].isin(section.sure).to_numpy() | (not section.sure)
    return Case(
        spec=spec,
        outcome=outcome,
        panel=panel,
        units=units,
        years=years,
        first_years=first_years,
        unit_rows=unit_rows,
        unsure=panel.ever & ~sure,
        warnings=tuple(warnings),
    )


def refuse_interpolated(
    study: Study, outcome: Outcome, years: tuple[int, int], where: str
) -> None:
    """Refuse an outcome that is a line between counts in some of the years: it bends
    where it was counted, and not where a policy came.
    """
    spans = study.ingested("panel_provenance", ("variable", "units", "flag"))
    lines = spans["flag"].eq(INTERPOLATED)
    lines &= spans["variable"].isin(columns_of(outcome.expression))
    lines &= spans["first_year"].le(years[1]) & spans["last_year"].ge(years[0])
    if lines.any():
        span = spans[lines].iloc[0]
        raise EstimateError(
            f"{where}: {span['variable']} is interpolated in"
            f" {span['first_year']:.0f}-{span['last_year']:.0f}",
            "an outcome that was observed every year",
            "take another outcome, or years without interpolated ones",
        )


def _first_policies(policies: pd.DataFrame, units: Sequence[str]) -> pd.DataFrame:
    """Return first year, its grade, the year after the last and the number of kinds in
    the first year, by unit; blank where a unit has no policy.
    """
    by_year = _by_year(policies)
    first = first_rows(policies)[["first_year", "grade"]]
    starts = by_year["first_year"].eq(by_year["unit"].map(first["first_year"]))
    first["kinds"] = by_year[starts].groupby("unit")["kind"].nunique()
    # A unit is under the policy as long as one of its kinds is in force.
    ends = by_year["last_year"].fillna(np.inf)
    first["last_year"] = ends.groupby(by_year["unit"]).max()
    return first.reindex(list(units))


def _by_year(policies: pd.DataFrame) -> pd.DataFrame:
    return policies.sort_values(["unit", "first_year", "kind"], kind="stable")


def first_rows(policies: pd.DataFrame) -> pd.DataFrame:
    """Return the row of the first policy of each unit."""
    return _by_year(policies).drop_duplicates("unit").set_index("unit")


def graded_cells(
    study: Study,
    outcome: Outcome,
    grades: Sequence[str],
    units: Sequence[str],
    years: np.ndarray,
) -> np.ndarray:
    """Return unit-years in which a figure of the outcome has one of the grades, (N, T)."""
    spans = study.ingested("panel_provenance", ("variable", "units", "grade"))
    own = spans["variable"].isin(columns_of(outcome.expression))
    cells = np.zeros((len(units), len(years)), dtype=bool)
    merged = merged_units(study)
    graded = spans[own & spans["grade"].isin(grades)]
    columns = [graded[name] for name in ("units", "first_year", "last_year")]
    for named, start, end in zip(*columns, strict=True):
        parts = [merged.get(unit, unit) for unit in str(named).split()]
        of_units = np.isin(units, list(units) if named == "all" else parts)
        cells |= of_units[:, None] & (years >= start) & (years <= end)
    return cells


def _leave_out(
    Y: np.ndarray,
    years: np.ndarray,
    dates: pd.DataFrame,
    others: pd.DataFrame,
    units: Sequence[str],
) -> list[str]:
    """Blank cells of Y (N, T) that are neither under the policy nor without one, and
    say how many.
    """
    warnings = []
    # ASSUME: a policy that has ended may still work; its years after are not used.
    ended = years > dates["last_year"].fillna(np.inf).to_numpy(float)[:, None]
    # ASSUME: from another kind of policy on, a unit is no control, and its effect is
    # not that of this kind alone.
    other = others.groupby("unit")["first_year"].min().reindex(list(units))
    touched = years >= other.fillna(np.inf).to_numpy(float)[:, None]
    for cells, words in (
        (ended, "ENDED: {} left out after the end of the policy"),
        (touched, "OTHER POLICY: {} left out from another kind of policy on"),
    ):
        count = int((cells & np.isfinite(Y)).any(axis=1).sum())
        if count:
            warnings.append(words.format(counted(count, "unit")))
        Y[cells] = np.nan
    both = int(dates["kinds"].gt(1).sum())
    if both:
        warnings.append(
            f"TWO KINDS: {counted(both, 'unit')} got several in the first year"
        )
    return warnings

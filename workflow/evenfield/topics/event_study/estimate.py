"""Policies with dates: leads, effects by years since, units nearby, and who got them.

Every effect has leads beside it; where leads cannot be estimated, no effect is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from evenfield.models.event_study import EventStudy, part_effects
from evenfield.models.policies import Bands, Effects, span_name
from evenfield.models.rings import Rings, rings
from evenfield.models.rows import Row
from evenfield.numerics.at_work import told
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate, Fields, asking
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import underpowered
from evenfield.shared.spec import read
from evenfield.study.study import Study
from evenfield.topics.event_study.estimate_parts import parts_of
from evenfield.topics.event_study.estimate_placement import (
    Placement,
    placement_rows,
    read_placement,
)
from evenfield.topics.event_study.estimate_policies import Case, read_case
from evenfield.topics.event_study.estimate_spec import (
    YEAR,
    PartSpec,
    PlacementSpec,
    PolicySpec,
    RingSpec,
    Section,
)

BASE = "imputation"
# Dates at the ends of their bounds, and the column of policies.csv that has them.
ENDS = (("earliest", "year_lo"), ("latest", "year_hi"))
POLICY = "policy"
# Estimator, term and effect type of each kind of row.
KINDS = {
    "effect": (BASE, POLICY, "coef"),
    "permuted": (f"{BASE}_permuted", POLICY, "coef"),
    "lead": (f"{BASE}_lead", POLICY, "coef"),
    "leads": (f"{BASE}_lead", POLICY, "joint"),
    "pseudo": (f"{BASE}_pseudo", POLICY, "coef"),
    "group_time": ("callaway_santanna", POLICY, "coef"),
    "two_way": ("two_way", POLICY, "coef"),
    "trends": ("trend_bounds", POLICY, "bounds"),
    "breakdown": ("trend_bounds", "difference in trends", "breakdown"),
    "own": (f"{BASE}_far", POLICY, "coef"),
    "ring": (f"{BASE}_rings", "policy nearby", "coef"),
    "far": (f"{BASE}_rings", "far units", "stat"),
    "left_out": (f"{BASE}_rings_left_out", "policy nearby", "bounds"),
    "part": (f"{BASE}_parts", POLICY, "coef"),
    "parts": (f"{BASE}_parts", POLICY, "joint"),
    "conley": (f"{BASE}_conley", POLICY, "coef"),
    "ring_permuted": (f"{BASE}_rings_permuted", "policy nearby", "coef"),
}
# Unit of measure of effect types that do not have that of the outcome.
UNITS = {"joint": "statistic", "stat": "units", "breakdown": "times"}
# Columns of what figures draw.
DRAWN = [
    *"spec_id dates kind horizon estimate".split(),
    *Bands._fields,
    *"units cells lost".split(),
]
SUMMARY = {
    "equation": "y_it = a_i + d_gt, fitted to cells without the policy",
    "effect": "mean of y_it - a_i - d_gt over cells under the policy",
    "leads": "regression of cells before the policy on its last years",
    "errors": "by unit and by cluster, the wider interval; own cluster left out",
    "permuted": "dates reassigned at random within the groups of the effects",
    "trends": "effect if trends differ since by so many times the largest change before",
    "band": "largest |t| over leads, and over horizons, with normal weights of clusters",
}


def check_data(
    study: Study,
    section: Section,
    spec: PolicySpec | RingSpec | PartSpec | PlacementSpec,
) -> None:
    """Refuse what the tables cannot carry, before anything is estimated."""
    if isinstance(spec, PlacementSpec):
        read_placement(study, section, spec)
    elif isinstance(spec, PolicySpec):
        read_case(study, section, spec)
    else:
        case = read_case(study, section, section.by_id[spec.of])
        if isinstance(spec, PartSpec):
            parts_of(study, case, spec)
        else:
            case.distances(study, spec.distance)


def averages_by_name(section: Section) -> dict[str, tuple[int, int]]:
    """Return the spans of horizons that rows average over, by the name in the rows."""
    return {span_name(span): span for span in section.averages}


def estimate(study: Study) -> Results:
    """Estimate every specification with all dates and with sure ones, and levels before
    a policy.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024); Butts (2021) for rings.
    """
    section = read(Section, study.config, "event_study")
    out = Results()
    horizons: list[pd.DataFrame] = []
    policies: list[dict[str, Any]] = []
    cases = {}
    deciding = {}  # cases with the dates that decide
    for spec in told(section.specs, "specifications"):
        case = read_case(study, section, spec)
        cases[spec.id] = deciding[spec.id] = case
        policies += _policy_rows(case)
        _Work(study, section, case).add_rows(out, horizons)
        if case.unsure.any():
            sure = case.with_sure_dates()
            _Work(study, section, sure).add_rows(out, horizons)
            if section.deciding == "sure":
                deciding[spec.id] = sure
        if spec.role == "primary" and section.deciding == "sure":
            for dates, column in ENDS:
                if column in study.ingested("policies"):
                    at_end = read_case(study, section, spec, column)
                    end = replace(at_end, dates=dates)
                    out.estimates += _Work(study, section, end).rows_of_ends()
    for part in section.parts:
        work = _Work(study, section, deciding[part.of])
        out.estimates += work.part_rows(part)
    for ring in section.rings:
        case = cases[ring.of]
        apart = case.distances(study, ring.distance)
        out.estimates += _Work(study, section, case).ring_rows(ring, apart)
        if case.unsure.any():
            sure = case.with_sure_dates(apart <= ring.radii[-1])
            out.estimates += _Work(study, section, sure).ring_rows(ring, apart)
    for placement_spec in section.placement:
        placement: Placement = read_placement(study, section, placement_spec)
        out.estimates += placement_rows(study, placement)
    nothing = pd.DataFrame(columns=DRAWN)
    out.series = {
        "horizons": pd.concat(horizons, ignore_index=True) if horizons else nothing,
        "policies": pd.DataFrame(policies).sort_values(
            ["spec_id", "unit"], ignore_index=True
        ),
    }
    out.fit = {**SUMMARY, "conf_level": study.config.inference.level}
    return out


def _policy_rows(case: Case) -> list[dict[str, object]]:
    """Return the first year of every unit with a policy, those outside the panel too."""
    rows = []
    for i in np.flatnonzero(case.panel.ever):
        rows.append(
            {
                "spec_id": case.spec.id,
                "unit": case.units[i],
                "first_year": int(case.first_years[i]),
                "sure": int(not case.unsure[i]),
            }
        )
    return rows


class _Work:
    """One specification with all dates or with sure ones: its numbers as rows."""

    def __init__(self, study: Study, section: Section, case: Case) -> None:
        self.study = study
        self.section = section
        self.case = case
        self.inference = study.config.inference
        self.level = study.config.inference.level
        self.dates = case.dates
        self.stream = f"event_study:{case.spec.id}:{self.dates}"

    @cached_property
    def model(self) -> EventStudy:
        """Leads, effects and checks."""
        return EventStudy(
            panel=self.case.panel,
            lead_count=self.section.leads,
            last_horizon=self.section.horizons,
            spans=self.section.averages,
        )

    def add_rows(self, out: Results, horizons: list[pd.DataFrame]) -> None:
        """Add leads, effects and checks; nothing but a reason without leads."""
        model = self.model
        rows = self._rows()
        if model.leads.reason:
            self._add_no_effects(rows, model.wanted)
            out.estimates += rows.estimates
            return
        early = f"{self.section.leads} years early"
        pseudo = model.pseudo._replace(names=[early])
        self._add_leads(rows)
        self._add(rows, "pseudo", pseudo, role="placebo")
        self._add(rows, "effect", model.effects)
        self._add_conley(rows, model.effects)
        # ASSUME: dates that stand beside those that decide are not dealt out again.
        if self._permutes:
            rng = generator_for(self.inference.seed, self.stream)
            permuted = model.permuted(rng, self.inference.permutations)
            self._add_permuted(rows, "permuted", permuted)
        self._add(rows, "group_time", model.group_time, role="ladder")
        if self.section.aggregates:
            self._add_aggregates(rows)
        rows.add_test("two_way", model.two_way, NAN)
        for span in self.section.averages:
            self._add_trends(rows, span)
        for kind, effects in (
            ("lead", model.leads),
            ("effect", model.effects),
            ("pseudo", pseudo),
        ):
            horizons.append(self._drawn(kind, effects))
        out.estimates += rows.estimates

    def rows_of_ends(self) -> list[Estimate]:
        """Return leads and effects over spans of horizons."""
        rows = self._rows()
        if self.model.leads.reason:
            self._add_no_effects(rows, self.section.averages)
            return rows.estimates
        self._add_leads(rows)
        self._add(rows, "effect", self.model.averages, role="robustness")
        return rows.estimates

    def part_rows(self, spec: PartSpec) -> list[Estimate]:
        """Return the effect of each part over the deciding span, how far parts differ
        from the first, and whether all are alike.
        """
        rows = self._rows()
        span = self.section.averages[0]
        parts = part_effects(
            self.case.panel, span, parts_of(self.study, self.case, spec)
        )
        if parts.reason:
            rows.undefined(["part"], parts.reason, contrast=f"by {spec.by}")
            return rows.estimates
        self._add(rows, "part", parts.effects, role="robustness")
        self._add(rows, "part", parts.differences, role="robustness")
        alike = parts.differences.joint()
        self._add_joint(rows, "parts", alike, "robustness", f"alike by {spec.by}")
        return rows.estimates

    def ring_rows(self, ring: RingSpec, apart: np.ndarray) -> list[Estimate]:
        """Return rows of units nearby, and of the own effect with units far away as
        controls; distances (N, N).
        """
        rows = self._rows({"rings": True}, w_id=ring.reach)
        model = rings(
            self.case.panel,
            distance=apart,
            radii=ring.radii,
            span=self.section.averages[0],
            fewest=self.section.min_controls,
        )
        if model.reason:
            rows.undefined(["ring"], model.reason)
            return rows.estimates
        rows.add("far", estimate=float(model.design.far_units))
        self._add(rows, "own", model.own, role="robustness")
        self._add(rows, "ring", model.near, role="robustness")
        if self._decides:
            self._add_left_out(rows, model)
        if self._permutes:
            stream = f"{self.stream}:{ring.reach}"
            rng = generator_for(self.inference.seed, stream)
            permuted = model.permuted(rng, self.inference.permutations)
            self._add_permuted(rows, "ring_permuted", permuted)
        return rows.estimates

    def _rows(self, asked: Fields | None = None, **labels: object) -> Rows:
        """Return a builder with what all rows of the specification share; they have
        ``asked`` for it beside the dates.
        """
        case = self.case
        spec = case.spec
        kinds = {
            name: Kind(estimator, term, effect, UNITS.get(effect, case.outcome.unit))
            for name, (estimator, term, effect) in KINDS.items()
        }
        named = "+".join(spec.kinds) or "any"
        effects = "unit+year" if spec.effects == YEAR else f"unit+{spec.effects}^year"
        observed = case.panel.observed
        return Rows(
            kinds,
            "ladder",
            "; ".join(case.warnings),
            **spec.labels,
            hypothesis=spec.hypothesis,
            family="event_study",
            outcome=spec.outcome,
            period=f"{case.years[0]}-{case.years[-1]}",
            treatment_def=f"{named}, {self.dates} dates",
            controls_id="+".join(spec.controls) or "none",
            fe_id=effects,
            n_obs=int(observed.sum()),
            n_units=int(observed.any(axis=1).sum()),
            n_periods=len(case.years),
            data_hash=case.data_hash,
            asked=asking(dates=self.dates, **(asked or {})),
            **labels,
        )

    def _role(self, name: str) -> str:
        """Return the role of an effect: the deciding span has that of the specification,
        with dates that do not decide it stands beside it.
        """
        if name != span_name(self.section.averages[0]):
            return "ladder"
        role = self.case.spec.role
        return "robustness" if role == "primary" and not self._decides else role

    @property
    def _permutes(self) -> bool:
        return self._decides or self.section.deciding == "all"

    @property
    def _decides(self) -> bool:
        """Whether the dates of the case are those that decide."""
        # Where no date is unsure, all of them are sure.
        unsure = self.case.unsure.any()
        return self.dates == (self.section.deciding if unsure else "all")

    def _add(self, rows: Rows, kind: str, effects: Effects, role: str = "") -> None:
        """Add a row for each effect, with the wider interval of its clusterings."""
        outcome = self.case.outcome
        sesoi = NAN if outcome.sesoi is None else outcome.sesoi
        tests = effects.rows(self.level, self.study.power)
        spans = averages_by_name(self.section)
        for k, (name, test, *_) in enumerate(tests):
            labels: dict[str, Any] = {
                "contrast": name,
                "role": role or self._role(name),
                "n_treated": int(effects.units[k]),
            }
            if name in spans:
                labels["asked"] = asking(span=spans[name])
            warning = ""
            if effects.lost[k] and np.isfinite(test.estimate):
                warning = f"NOT IMPUTED: {effects.lost[k]} unit-years"
            if test.reason:
                rows.add_test(kind, test, NAN, warning=warning, **labels)
                continue
            small = underpowered(test.mde, sesoi, outcome.unit)
            labels |= {"warning": warning, "sesoi": sesoi}
            rows.add_test(kind, test, self.level, small, **labels)

    def _add_no_effects(self, rows: Rows, spans: list[tuple[int, int]]) -> None:
        """Say of each span why it has no effect."""
        for span in spans:
            reason = f"no leads, so no effect: {self.model.leads.reason}"
            rows.undefined(["effect"], reason, contrast=span_name(span))

    def _add_leads(self, rows: Rows) -> None:
        leads = self.model.leads
        self._add(rows, "lead", leads, role="placebo")
        self._add_joint(rows, "leads", leads.joint(), "placebo", "all leads")

    def _add_aggregates(self, rows: Rows) -> None:
        """Add means over all dates, by first year of the policy and by year."""
        means = self.model.aggregates([str(year) for year in self.case.years])
        if means.reason:
            rows.undefined(["group_time"], means.reason, contrast="simple")
        self._add(rows, "group_time", means, role="ladder")

    def _add_joint(
        self, rows: Rows, kind: str, test: Tested, role: str, contrast: str
    ) -> None:
        """Add the test that all estimates are zero."""
        if test.reason:
            test = replace(test, reason=f"no joint test: {test.reason}")
        rows.add_test(kind, test, NAN, role=role, contrast=contrast)

    def _add_conley(self, rows: Rows, effects: Effects) -> None:
        """Add errors of spans of horizons where units near each other have shocks in
        common.
        """
        if self.section.conley_km is None:
            return
        lat, lon = self.case.unit_rows[["lat", "lon"]].to_numpy(float).T
        tests = effects.conley(lat, lon, self.section.conley_km, self.level)
        spans = averages_by_name(self.section)
        for (name, test, *_), units in zip(tests, effects.units, strict=True):
            if test.reason or name not in spans:
                continue
            rows.add_test(
                "conley",
                test,
                self.level,
                role="robustness",
                contrast=name,
                n_treated=int(units),
                asked=asking(span=spans[name]),
            )

    def _add_permuted(self, rows: Rows, kind: str, tests: Iterable[Row]) -> None:
        """Add p-values of dates that were dealt out again."""
        spans = averages_by_name(self.section)
        for name, test, *_ in tests:
            labels = {"contrast": name, "role": "ladder"}
            span = {"span": spans[name]} if name in spans else {}
            labels["asked"] = asking(permuted=True, **span)
            if not test.reason:
                labels["seed"] = f"{self.inference.seed}:{self.stream}"
            rows.add_test(kind, test, NAN, **labels)

    def _add_trends(self, rows: Rows, span: tuple[int, int]) -> None:
        """Add what is left of an effect if trends differ, and how far they may."""
        trends = self.model.trends(span)
        for factor, left in trends.left(self.level).items():
            rows.add(
                "trends",
                estimate=left.estimate,
                se_type="callaway_santanna, union over changes",
                conf_low=left.conf_low,
                conf_high=left.conf_high,
                conf_level=self.level,
                contrast=f"{trends.name}, {factor:g} times",
                asked=asking(span=span, magnitude=factor),
            )
        breakdown = trends.breakdown(self.level)
        labels = {"contrast": trends.name, "asked": asking(span=span)}
        rows.add_test("breakdown", breakdown, NAN, **labels)

    def _add_left_out(self, rows: Rows, model: Rings) -> None:
        """Add the smallest and largest estimate of each ring without one unit of it, or
        one under the policy; the number of observations is that of unit-years.
        """
        near = model.near
        for k, (low, high) in enumerate(zip(*model.left_out(), strict=True)):
            if np.isfinite(near.estimate[k]) and np.isfinite(low):
                rows.add(
                    "left_out",
                    role="robustness",
                    contrast=near.names[k],
                    n_treated=int(near.units[k]),
                    n_obs=int(near.cells[k]),
                    estimate=float(near.estimate[k]),
                    se_type="smallest and largest without one unit",
                    conf_low=float(low),
                    conf_high=float(high),
                )

    def _drawn(self, kind: str, effects: Effects) -> pd.DataFrame:
        """Return what a figure draws of some effects, with joint bands."""
        rng = generator_for(self.inference.seed, f"{self.stream}:band")
        bands = effects.bands(rng, self.inference.permutations, self.level)
        return pd.DataFrame(
            {
                "spec_id": self.case.spec.id,
                "dates": self.dates,
                "kind": kind,
                "horizon": effects.names,
                "estimate": effects.estimate,
                **bands._asdict(),
                "units": effects.units,
                "cells": effects.cells,
                "lost": effects.lost,
            }
        )

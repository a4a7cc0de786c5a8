"""Policies with dates: leads, effects by years since, units nearby, and who got them.

Every effect has leads beside it; where leads cannot be estimated, no effect is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.estimates import (
    WIDER,
    Estimates,
    Span,
    aggregate_effects,
    group_time_effects,
    lead_effects,
    neighbour_errors,
    permutation_p,
    policy_effects,
    ring_effects,
    ring_permutation_p,
    ring_range,
    span_name,
)
from evenfield.numerics.event_study.parts import part_effects
from evenfield.numerics.event_study.trends import MAGNITUDES, trend_bounds
from evenfield.numerics.event_study.two_way import two_way_coefficient
from evenfield.numerics.inference.conley import spatial_kernel
from evenfield.numerics.power import smallest_visible
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, Estimate
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
from evenfield.topics.event_study.estimate_policies import Case, read_case, ring_design
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
SUMMARY = {
    "equation": "y_it = a_i + d_gt, fitted to cells without the policy",
    "effect": "mean of y_it - a_i - d_gt over cells under the policy",
    "leads": "regression of cells before the policy on its last years",
    "errors": "by unit and by cluster, the wider interval; own cluster left out",
    "permuted": "dates dealt out again within the groups of the effects",
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


def estimate(study: Study) -> Results:
    """Estimate every specification with all dates and with sure ones, and levels before
    a policy.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024); Butts (2021) for rings.
    """
    section = read(Section, study.config, "event_study")
    out = Results()
    horizons: list[dict[str, Any]] = []
    policies: list[dict[str, Any]] = []
    cases = {}
    deciding = {}  # cases with the dates that decide
    for spec in section.specs:
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
    columns = "spec_id dates kind horizon estimate conf_low conf_high".split()
    columns += "joint_low joint_high units cells lost".split()
    out.series = {
        "horizons": pd.DataFrame(horizons, columns=columns),
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
        self.dates = case.dates
        self.stream = f"event_study:{case.spec.id}:{self.dates}"

    def add_rows(self, out: Results, horizons: list[dict[str, object]]) -> None:
        """Add leads, effects, checks and rings; nothing but a reason without leads."""
        rows = self._rows()
        panel = self.case.panel
        each: list[Span] = [(h, h) for h in range(self.section.horizons + 1)]
        spans = [*each, *self.section.averages]
        try:
            leads = lead_effects(panel, self.section.leads, self.case.clusterings)
        except NumericsError as error:
            for span in spans:
                reason = f"no leads, so no effect: {error}"
                rows.undefined(["effect"], reason, contrast=span_name(span))
            out.estimates += rows.estimates
            return
        effects = policy_effects(panel, spans, self.case.clusterings)
        self._add(rows, "lead", leads, role="placebo")
        self._add_joint(rows, leads)
        pseudo = self._pseudo()
        self._add(rows, "pseudo", pseudo, role="placebo")
        self._add(rows, "effect", effects)
        self._add_conley(rows, effects)
        # ASSUME: dates that stand beside those that decide are not dealt out again.
        if self._permutes:
            self._add_permuted(rows, effects, spans)
        others = group_time_effects(panel, self.section.averages, self.case.clusterings)
        self._add(rows, "group_time", others, role="ladder")
        if self.section.aggregates:
            self._add_aggregates(rows)
        self._add_two_way(rows)
        for span in self.section.averages:
            self._add_trends(rows, span)
        for kind, estimates in (
            ("lead", leads),
            ("effect", effects),
            ("pseudo", pseudo),
        ):
            horizons += self._drawn(kind, estimates)
        out.estimates += rows.estimates

    def rows_of_ends(self) -> list[Estimate]:
        """Return leads and effects over spans of horizons."""
        rows = self._rows()
        panel = self.case.panel
        leads = lead_effects(panel, self.section.leads, self.case.clusterings)
        self._add(rows, "lead", leads, role="placebo")
        self._add_joint(rows, leads)
        effects = policy_effects(panel, self.section.averages, self.case.clusterings)
        self._add(rows, "effect", effects, role="robustness")
        return rows.estimates

    def part_rows(self, spec: PartSpec) -> list[Estimate]:
        """Return the effect of each part over the deciding span, how far parts differ
        from the first, and whether all are alike.
        """
        rows = self._rows()
        span = self.section.averages[0]
        parts = parts_of(self.study, self.case, spec)
        try:
            effects = part_effects(self.case.panel, span, parts, self.case.clusterings)
        except NumericsError as error:
            rows.undefined(["part"], error, contrast=f"by {spec.by}")
            return rows.estimates
        self._add(rows, "part", effects.parts, role="robustness")
        self._add(rows, "part", effects.differences, role="robustness")
        self._add_joint(rows, effects.differences, "parts", f"alike by {spec.by}")
        return rows.estimates

    def _add_conley(self, rows: Rows, effects: Estimates) -> None:
        """Add errors of spans of horizons where units near each other have shocks in
        common.
        """
        cutoff = self.section.conley_km
        if cutoff is None:
            return
        case = self.case
        level = self.inference.level
        lat, lon = case.unit_rows[["lat", "lon"]].to_numpy(float).T
        # Names that rise in the order of the units keep that order.
        kernel = spatial_kernel(np.arange(len(lat)), lat, lon, cutoff)
        by_unit = effects.fits["unit"].scores
        errors = neighbour_errors(by_unit, kernel.weights)
        for k in range(len(effects.names))[-len(self.section.averages) :]:
            error = errors[k]
            value = float(effects.estimate[k])
            df = float(effects.fits["unit"].df[k])
            if not np.isfinite(error) or df < 1:
                continue
            half = float(stdtrit(df, 0.5 + level / 2) * error)
            rows.add(
                "conley",
                role="robustness",
                contrast=effects.names[k],
                n_treated=int(effects.units[k]),
                estimate=value,
                std_error=float(error),
                se_type=f"conley, bartlett, {cutoff:g} km",
                statistic=value / float(error),
                df=df,
                p_value=float(2 * stdtr(df, -abs(value / error))),
                p_type="t(units with the policy - 1)",
                conf_low=value - half,
                conf_high=value + half,
                conf_level=level,
            )

    def _rows(self, **labels: object) -> Rows:
        """Return a builder with what all rows of the specification share."""
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
            **labels,
        )

    def _role(self, position: int) -> str:
        """Return the role of an effect: the deciding span has that of the specification,
        with sure dates it stands beside it.
        """
        if position != self.section.horizons + 1:
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

    def _add(
        self,
        rows: Rows,
        kind: str,
        estimates: Estimates,
        role: str = "",
        **labels: object,
    ) -> None:
        """Add a row for each estimate, with the wider interval of its clusterings."""
        level = self.inference.level
        tests = estimates.tests(level)[WIDER]
        sesoi = NAN if self.case.outcome.sesoi is None else self.case.outcome.sesoi
        for k, name in enumerate(estimates.names):
            numbers: dict[str, Any] = {
                "contrast": name,
                "role": role or self._role(k),
                "n_treated": int(estimates.units[k]),
                **labels,
            }
            lost = int(estimates.lost[k])
            warning = f"NOT IMPUTED: {lost} unit-years" if lost else ""
            value = float(estimates.estimate[k])
            half = float(tests.half[k])
            if np.isnan(value):
                rows.undefined([kind], "nothing to predict from", **numbers)
                continue
            if np.isnan(half):
                one = "no interval: fewer than two clusters have the policy"
                rows.add(kind, warning, one, estimate=value, **numbers)
                continue
            error = float(tests.std_error[k])
            mde = smallest_visible(-half, half, error, self.study.power, level)
            rows.add(
                kind,
                warning,
                underpowered(mde, sesoi, self.case.outcome.unit),
                estimate=value,
                std_error=error,
                se_type=f"imputation, by {tests.clusters[k]}",
                statistic=value / error,
                df=float(tests.df[k]),
                p_value=float(tests.p_value[k]),
                p_type="t(clusters with the policy - 1)",
                conf_low=value - half,
                conf_high=value + half,
                conf_level=level,
                sesoi=sesoi,
                mde=mde,
                **numbers,
            )

    def _add_joint(
        self,
        rows: Rows,
        estimates: Estimates,
        kind: str = "leads",
        contrast: str = "all leads",
    ) -> None:
        """Add the test that all estimates are zero."""
        role = "placebo" if kind == "leads" else "robustness"
        labels = {"role": role, "contrast": contrast}
        try:
            test = estimates.joint_test()
        except NumericsError as error:
            rows.undefined([kind], f"no joint test: {error}", **labels)
            return
        rows.add(
            kind,
            estimate=test.statistic,
            statistic=test.statistic,
            df=test.df_denominator,
            p_value=test.p_value,
            p_type=f"Hotelling, F({test.df:g}, clusters with the policy - {test.df:g})",
            **labels,
        )

    def _pseudo(self) -> Estimates:
        """Return the effect of a policy that is taken to come early, on years before."""
        early = self.section.leads
        panel = self.case.panel.pseudo(early)
        estimates = policy_effects(panel, [(0, early - 1)], self.case.clusterings)
        return estimates._replace(names=[f"{early} years early"])

    def _add_permuted(self, rows: Rows, effects: Estimates, spans: list[Span]) -> None:
        rng = generator_for(self.inference.seed, self.stream)
        draws = self.inference.permutations
        p_values = permutation_p(self.case.panel, spans, rng, draws)
        for name, value, p in zip(
            effects.names, effects.estimate, p_values, strict=True
        ):
            self._add_p(rows, "permuted", name, float(value), float(p))

    def _add_p(self, rows: Rows, kind: str, name: str, value: float, p: float) -> None:
        labels = {"contrast": name, "role": "ladder"}
        if np.isnan(p):
            rows.undefined([kind], "nothing to predict from", **labels)
            return
        rows.add(
            kind,
            estimate=value,
            se_type="none: permutation",
            p_value=p,
            p_type=f"{self.inference.permutations} permutations of dates in groups",
            seed=f"{self.inference.seed}:{self.stream}",
            **labels,
        )

    def _add_aggregates(self, rows: Rows) -> None:
        """Add means over all dates, by first year of the policy and by year."""
        labels = [str(year) for year in self.case.years]
        try:
            means = aggregate_effects(self.case.panel, labels, self.case.clusterings)
        except NumericsError as error:
            rows.undefined(["group_time"], error, contrast="simple")
            return
        self._add(rows, "group_time", means, role="ladder")

    def _add_two_way(self, rows: Rows) -> None:
        try:
            value = two_way_coefficient(self.case.panel)
        except NumericsError as error:
            rows.undefined(["two_way"], error)
            return
        rows.add("two_way", estimate=value)

    def _add_trends(self, rows: Rows, span: Span) -> None:
        """Add what is left of an effect if trends differ, and how far they may."""
        level = self.inference.level
        name = span_name(span)
        try:
            bounds = trend_bounds(
                self.case.panel, span, self.section.leads, self.case.clusterings
            )
        except NumericsError as error:
            rows.undefined(["breakdown"], error, contrast=name)
            return
        for magnitude in MAGNITUDES:
            low, high = bounds.interval(magnitude, level)
            rows.add(
                "trends",
                estimate=bounds.estimate,
                se_type="callaway_santanna, union over changes",
                conf_low=low,
                conf_high=high,
                conf_level=level,
                contrast=f"{name}, {magnitude:g} times",
            )
        rows.add("breakdown", estimate=bounds.breakdown(level), contrast=name)

    def _drawn(self, kind: str, estimates: Estimates) -> list[dict[str, object]]:
        """Return what a figure draws of some estimates, with joint bands."""
        level = self.inference.level
        half = estimates.tests(level)[WIDER].half
        rng = generator_for(self.inference.seed, f"{self.stream}:band")
        draws = self.inference.permutations
        joint = estimates.joint_half(rng, draws, level)
        rows = []
        for k, name in enumerate(estimates.names):
            value = estimates.estimate[k]
            rows.append(
                {
                    "spec_id": self.case.spec.id,
                    "dates": self.dates,
                    "kind": kind,
                    "horizon": name,
                    "estimate": value,
                    "conf_low": value - half[k],
                    "conf_high": value + half[k],
                    "joint_low": value - joint[k],
                    "joint_high": value + joint[k],
                    "units": estimates.units[k],
                    "cells": estimates.cells[k],
                    "lost": estimates.lost[k],
                }
            )
        return rows

    def ring_rows(self, ring: RingSpec, apart: np.ndarray) -> list[Estimate]:
        """Return rows of units nearby, and of the own effect with units far away as
        controls; distances (N, N).
        """
        rows = self._rows(w_id=ring.reach)
        fewest = self.section.min_controls
        try:
            design = ring_design(self.case, apart, ring.radii, fewest)
        except NumericsError as error:
            rows.undefined(["ring"], error)
            return rows.estimates
        clusterings = self.case.clusterings
        spans = self.section.averages[:1]
        last = spans[0][1]
        own = policy_effects(self.case.panel, spans, clusterings, design.far)
        near = ring_effects(design, last, clusterings)
        rows.add("far", estimate=float(design.far_units))
        self._add(rows, "own", own, role="robustness")
        self._add(rows, "ring", near, role="robustness")
        if self._decides:
            self._add_left_out(rows, near, ring_range(design, last))
        if not self._permutes:
            return rows.estimates
        rng = generator_for(self.inference.seed, f"{self.stream}:{ring.reach}")
        p_values = ring_permutation_p(design, last, rng, self.inference.permutations)
        for name, value, p in zip(near.names, near.estimate, p_values, strict=True):
            self._add_p(rows, "ring_permuted", name, float(value), float(p))
        return rows.estimates

    def _add_left_out(
        self, rows: Rows, near: Estimates, ends: tuple[np.ndarray, np.ndarray]
    ) -> None:
        """Add the smallest and largest estimate of each ring without one unit of it, or
        one under the policy; the number of observations is that of unit-years.
        """
        for k, (low, high) in enumerate(zip(*ends, strict=True)):
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

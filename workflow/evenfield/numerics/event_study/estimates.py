"""What an event study estimates: effects by horizon, leads, a pseudo policy and rings,
each with errors by unit and by a parent of units, of which the larger counts.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.group_time import (
    group_time_aggregates,
    group_time_means,
)
from evenfield.numerics.event_study.imputation import Imputation
from evenfield.numerics.event_study.inference import (
    Clustered,
    clustered,
    joint_half,
    joint_test,
)
from evenfield.numerics.event_study.leads import estimated_leads, lead_factor
from evenfield.numerics.event_study.panel import EventPanel
from evenfield.numerics.event_study.permutation import (
    dealt_cohorts,
    p_of_draws,
    span_means,
)
from evenfield.numerics.event_study.rings import RingDesign
from evenfield.numerics.inference.joint import JointTest

Span = tuple[int, int]  # first and last horizon of a mean
# Codes of clusters by what they are, units first; each (N,).
Clusterings = dict[str, np.ndarray]


# ASSUME: groups have shocks of their own, and errors are clustered by them; fewer groups
# tell too little of how far such shocks go.
FEWEST_CLUSTERS = 10
WIDER = "clustered"  # name of the tests of which every interval is the widest


class Tests(NamedTuple):
    """Tests of several estimates against zero, and half their intervals."""

    std_error: Array  # (K,)
    df: Array
    p_value: Array
    half: Array
    clusters: list[str]  # what errors are clustered by


class Estimates(NamedTuple):
    """Mean effects, each over some cells."""

    names: list[str]  # horizon such as "3", span such as "0 to 5", or distance
    estimate: Array  # (K,) NaN where no cell could be imputed
    fits: dict[str, Clustered]  # errors by what is clustered
    cells: np.ndarray  # (K,)
    units: np.ndarray  # (K,)
    lost: np.ndarray  # (K,) cells that could not be imputed

    def tests(self, level: float) -> dict[str, Tests]:
        """Return tests by clustering; the first has the widest interval of each."""
        by_name = {}
        for name, fit in self.fits.items():
            by_name[name] = Tests(
                fit.std_error,
                fit.df,
                fit.p_value,
                fit.half(level),
                [name] * len(self.names),
            )
        each = list(by_name.values())
        halves = np.array([tests.half for tests in each])
        # An interval that is not defined does not stand in for one that is.
        widest = np.where(np.isnan(halves), -1.0, halves).argmax(axis=0)
        position = np.arange(len(self.names))
        std_error, df, p_value, half = (
            np.array([tests[field] for tests in each])[widest, position]
            for field in range(4)
        )
        clusters = [list(self.fits)[k] for k in widest]
        return {WIDER: Tests(std_error, df, p_value, half, clusters), **by_name}

    def joint_half(self, rng: np.random.Generator, draws: int, level: float) -> Array:
        """Return half of intervals that hold for all estimates at once, (K,)."""
        halves = [joint_half(fit, rng, draws, level) for fit in self.fits.values()]
        return np.asarray(np.fmax.reduce(halves))

    def joint_test(self) -> JointTest:
        """Test that all are zero: by the clustering that rejects less."""
        tests = []
        reasons = []
        for fit in self.fits.values():
            try:
                tests.append(joint_test(fit))
            except NumericsError as error:
                reasons.append(str(error))
        if not tests:
            raise NumericsError(reasons[0])
        return max(tests, key=lambda test: test.p_value)


def span_name(span: tuple[float, float]) -> str:
    """Return a span of horizons or distances as text."""
    low, high = span
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


def span_cells(panel: EventPanel, spans: Sequence[Span]) -> np.ndarray:
    """Return cells under the policy by span of horizons, (K, N, T)."""
    cells = []
    for low, high in spans:
        cells.append((panel.horizon >= low) & (panel.horizon <= high))
    return np.asarray(panel.treated & np.array(cells))


def policy_effects(
    panel: EventPanel,
    spans: Sequence[Span],
    clusterings: Clusterings,
    clean: np.ndarray | None = None,
) -> Estimates:
    """Return mean effects over spans of horizons; ``clean`` cells are those before the
    policy unless others are given, (N, T).
    """
    fit = Imputation.of(panel, clean)
    names = [span_name(span) for span in spans]
    return target_effects(
        names, fit, span_cells(panel, spans), panel.first, clusterings
    )


def ring_effects(design: RingDesign, last: int, clusterings: Clusterings) -> Estimates:
    """Return the mean effect of each ring up to some dates after a unit came near."""
    fit = Imputation.of(design.panel, design.far)
    names = [span_name(ring) for ring in pairwise((0.0, *design.near.radii))]
    return target_effects(names, fit, design.targets(last), design.entered, clusterings)


def ring_range(design: RingDesign, last: int) -> tuple[Array, Array]:
    """Return the smallest and the largest estimate of each ring when one of its units,
    or one unit under the policy with those of the ring near it, is left out; (R,) each.
    """
    found = design.means_without(design.leaving(last), last)
    nothing = np.full((1, len(design.near.radii)), np.nan)
    found = np.vstack([nothing, found])
    return np.fmin.reduce(found), np.fmax.reduce(found)


def group_time_effects(
    panel: EventPanel, spans: Sequence[Span], clusterings: Clusterings
) -> Estimates:
    """Return mean changes since the date before the policy, less those of units that do
    not have it yet, over spans of horizons.
    """
    means = group_time_means(panel, spans)
    fits = {}
    for name, clusters in clusterings.items():
        fits[name] = clustered(means.estimate, means.by_unit, clusters, means.present)
    units = means.present.sum(axis=1)
    return Estimates(
        names=[span_name(span) for span in spans],
        estimate=means.estimate,
        fits=fits,
        cells=units,
        units=units,
        lost=np.zeros_like(units),
    )


def aggregate_effects(
    panel: EventPanel, labels: Sequence[str], clusterings: Clusterings
) -> Estimates:
    """Return means of the same changes over all cells, by cohort and by date, then over
    cohorts and over dates; ``labels`` names the T dates.
    """
    kinds, means = group_time_aggregates(panel)
    fits = {}
    for name, clusters in clusterings.items():
        fits[name] = clustered(means.estimate, means.by_unit, clusters, means.present)
    units = means.present.sum(axis=1)
    names = [f"{kind} {labels[at]}" if at >= 0 else kind for kind, at in kinds]
    return Estimates(
        names=names,
        estimate=means.estimate,
        fits=fits,
        cells=units,
        units=units,
        lost=np.zeros_like(units),
    )


def lead_effects(panel: EventPanel, count: int, clusterings: Clusterings) -> Estimates:
    """Return leads, the earliest first."""
    leads = estimated_leads(panel, count)
    fits = {}
    for name, clusters in clusterings.items():
        factor = lead_factor(panel, len(leads.estimate), clusters)
        by_unit = np.sqrt(factor) * leads.by_unit
        fits[name] = clustered(leads.estimate, by_unit, clusters, leads.present)
    units = leads.present.sum(axis=1)
    return Estimates(
        names=[str(horizon) for horizon in leads.horizons],
        estimate=leads.estimate,
        fits=fits,
        cells=units,
        units=units,
        lost=np.zeros_like(units),
    )


def permutation_p(
    panel: EventPanel, spans: Sequence[Span], rng: np.random.Generator, draws: int
) -> Array:
    """Return two-sided p-values of spans when policies are dealt out again, (K,)."""
    first = np.vstack([panel.first, dealt_cohorts(panel, rng, draws)])
    observed, *drawn = span_means(panel, first, spans)
    return p_of_draws(np.array(drawn), observed)


def ring_permutation_p(
    design: RingDesign, last: int, rng: np.random.Generator, draws: int
) -> Array:
    """Return two-sided p-values of rings when policies are dealt out again, (R,)."""
    first = np.vstack([design.panel.first, dealt_cohorts(design.panel, rng, draws)])
    observed, *drawn = design.dealt_means(first, last)
    return p_of_draws(np.array(drawn), observed)


def target_effects(
    names: list[str],
    fit: Imputation,
    targets: np.ndarray,
    cohorts: np.ndarray,
    clusterings: Clusterings,
) -> Estimates:
    """Return mean gaps over the cells of each target with their errors; targets (K, N,
    T) of bool, cohorts (N,).
    """
    means = fit.averages(targets)
    codes = np.unique(cohorts, return_inverse=True)[1]
    present = np.asarray((means.weights > 0).any(axis=2))
    fits = {}
    clean = fit.clean_scores(means.weights)
    for name, clusters in clusterings.items():
        by_unit = clean + fit.treated_scores(means.weights, clusters, codes)
        fits[name] = clustered(means.estimate, by_unit, clusters, present)
    return Estimates(
        names=names,
        estimate=means.estimate,
        fits=fits,
        cells=means.cells,
        units=means.units,
        lost=means.lost,
    )


def neighbour_errors(by_unit: Array, weights: csr_array) -> Array:
    """Return standard errors where units near each other have shocks in common; what
    units add to the errors (K, N), kernel weights of pairs of units (N, N), ones on the
    diagonal -> (K,).

    Notes
    -----
    Conley (1999): the square root of s'Ws.
    """
    variance = ((weights @ by_unit.T) * by_unit.T).sum(axis=0)
    return np.sqrt(np.where(variance > 0, variance, np.nan))

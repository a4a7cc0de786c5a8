"""Log t tests and convergence clubs of Phillips and Sul, with the sensitivities that
decide how to read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.numerics.arrays import Array
from evenfield.numerics.association import MOST_TABLES, association_test
from evenfield.numerics.clubs import (
    Club,
    Clubs,
    SieveRule,
    adopt_divergent,
    core_stability,
    find_clubs,
    group_tests,
    merge_clubs,
    shared_membership,
)
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.hp_filter import boosted_hp_trend, hamilton_trend, hp_trend
from evenfield.numerics.logt import (
    CRITICAL_VALUE,
    LogtFit,
    discarded_periods,
    fit_logt,
    one_sided_p,
    regression_periods,
    relative_transition,
    slope_interval,
    transition_variance,
)
from evenfield.shared.estimates import NAN, Fields, finite_or_nan
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.streams import stream
from evenfield.shared.tables.rows import only
from evenfield.shared.trajectories import Trajectories, grouping, span_labels, window
from evenfield.study.study import Study
from evenfield.study.study_config import PeriodName, TaxonomyName

KINDS = {
    "logt": Kind("logt_fqsb", "b", "coef", "slope"),
    "count": Kind("phillips_sul", "clubs", "stat", "number"),
    "club": Kind("phillips_sul", "club_1", "coef", "slope"),
    "cells": Kind("fisher_freeman_halton", "clubs_by_cells", "stat", "Cramer's V"),
}
MOST_PAIRED = 1000  # units up to which pairs are written
LEVELS = "relative_income"
LOGS = "log_income"
# What incomes are multiplied by before logs: as they are, in cents, in ten thousands.
CURRENCIES = {
    LOGS: 1.0,
    f"{LOGS}_x100": 100.0,
    f"{LOGS}_/10000": 1e-4,
}
# Currency units from a thousandth to a thousand times, evenly spaced in logs.
FACTORS = np.round(10.0 ** np.linspace(-3, 3, 49), 12)
LABELS = (
    "spec_id sample_id unit_scheme period kind group unit unit_j year club x".split()
)
# Every other choice, one at a time.
CHOICES: dict[str, tuple[Any, ...]] = {
    "discard": (0.2, 0.25, 1 / 3),
    "variance": ("fqsb", "aqsb"),
    "filter": ("hp", "boosted_hp", "hamilton"),
    "smoothing": (6.25,),
    "sort_share": (0.0, 1 / 3),
    "merge": ("phillips_sul", "von_lyncker_thoennessen"),
    "sieve_step": (0.0, 0.05),
    "sieve_cap": (3.0,),
}
# Dispersion below this is rounding: nothing is left to converge.
ALIKE = 1e-20
CAUTION = "club membership is no policy effect"


MOST_CAP = 1_000.0
MOST_STEPS = 10_000  # of c* up to its largest value


class ClubsSpec(UnitsSpec):
    """One log t test with its clubs."""

    period: PeriodName
    """Period of the config."""
    filter: Literal["hp", "boosted_hp", "hamilton", "none"] = "hp"
    """Trend of log income."""
    smoothing: float = Field(400.0, gt=0)
    """Annual penalty of the Hodrick-Prescott filter."""
    discard: float = Field(1 / 3, gt=0, lt=1)
    """Share of first periods that the regression leaves out."""
    variance: Literal["fqsb", "aqsb"] = "fqsb"
    """Long-run variance."""
    sort_share: float = Field(0.0, ge=0, le=1)
    """Last periods whose mean sorts units; 0 for the last one."""
    sieve_step: float = Field(0.1, ge=0, le=MOST_CAP)
    """How c* is raised while a club fails its own test; 0 for never."""
    sieve_cap: float = Field(50.0, gt=0, le=MOST_CAP)
    """Largest c*."""
    merge: Literal["phillips_sul", "von_lyncker_thoennessen", "none"] = "phillips_sul"
    """How clubs are merged."""
    divergent: Literal["leave", "adopt"] = "leave"
    """Whether clubs may adopt divergent units."""
    taxonomies: list[TaxonomyName] = []
    """Taxonomies whose cells are set against the clubs."""

    @model_validator(mode="after")
    def _few_steps(self) -> ClubsSpec:
        if self.sieve_step and self.sieve_cap / self.sieve_step > MOST_STEPS:
            raise ValueError(
                f"sieve_step {self.sieve_step:g} needs more than {MOST_STEPS:,} steps"
                f" up to sieve_cap {self.sieve_cap:g}"
            )
        return self


Section = list[ClubsSpec]


class Clustering(NamedTuple):
    """Trends in levels, the periods of the regression, and the clubs before and after
    merging.
    """

    levels: Array  # (N, T)
    periods: Array
    clubs: Clubs
    merged: Clubs

    def labels(self) -> Array:
        """Return the club of each unit after merging; shape (N,)."""
        return self.merged.labels(len(self.levels))


def check_data(study: Study, _: Section, spec: ClubsSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    window(study, spec, spec.period, f"estimates.clubs.{spec.id}")


def estimate(study: Study) -> Results:
    """Test convergence by log t and sort units into clubs.

    Notes
    -----
    log(H_1/H_t) - 2 log(log t) = a + b log t + u over the last periods, where H_t is
    the mean of (h_it - 1)^2 and h_it a trend over the mean of all trends; convergence
    is rejected where t_b < -1.65 (Phillips and Sul 2007).
    """
    out = Results()
    parts = []
    level = study.config.inference.level
    for spec in read(Section, study.config, "clubs"):
        where = f"estimates.clubs.{spec.id}"
        data, info = window(study, spec, spec.period, where)
        labels, note = span_labels("clubs", spec, data, info)
        labels |= {"period": spec.period, "outcome": LEVELS}
        rows = Rows(KINDS, spec.role, note, **labels)
        _add_tests(rows, data.values, spec, info.step, level)
        try:
            own = cluster(data.values, spec, info.step)
        except NumericsError as error:
            for term in ("clubs", "divergent"):
                rows.undefined(["count"], error, term=term)
            out.fit[spec.id] = {"not_defined": str(error)}
        else:
            _add_clubs(rows, data, own, spec, level)
            variants = _variants(data.values, spec, info.step, own)
            shared = shared_membership(list(variants.values()))
            frames = _series(data, own, shared)
            frames.append(_currency(data.values, spec, info.step))
            frames += _add_cells(rows, study, data, own, spec)
            series = pd.concat(frames).assign(**spec.labels, period=spec.period)
            parts.append(series)
            out.fit[spec.id] = {**_summary(data, own), "variants": list(variants)}
        out.estimates += rows.estimates
    out.series["series"] = stacked(parts, LABELS, ["value"])
    return out


def trend_of(y: Array, spec: ClubsSpec, step: int) -> Array:
    """Return the trend of log incomes; y (N, T) -> (N, T)."""
    # ASSUME: with one observation every few years the penalty falls with the fourth
    # power of the step (Ravn and Uhlig 2002), so that the trend keeps the same waves.
    penalty = spec.smoothing / step**4
    match spec.filter:
        case "hp":
            return hp_trend(y, penalty)
        case "boosted_hp":
            return boosted_hp_trend(y, penalty)
        case "hamilton":
            # Two years ahead, counted in observations, and at least one of them.
            return hamilton_trend(y, max(1, round(2 / step)))
    return y


def cluster(
    y: Array, spec: ClubsSpec, step: int, left_out: int | None = None
) -> Clustering:
    """Filter log incomes and sort the units into clubs; y (N, T)."""
    trend = trend_of(y, spec, step)
    # ASSUME: levels of relative income; the trend is taken of logs first and the
    # exponential after, so that a change of the currency unit multiplies every path by
    # one number and cancels.
    levels = np.exp(trend - trend.mean())
    periods = _periods(levels, spec)
    # The year leaves the regression alone: the filter before it has seen all years.
    if left_out is not None:
        periods = np.delete(periods, left_out)
    # The five steps of Phillips and Sul (2007): sort by last incomes, find the core
    # with the largest t, sieve the others in with critical value c*, start again.
    clubs = find_clubs(
        levels,
        periods,
        variance=spec.variance,
        sort_share=spec.sort_share,
        sieve=SieveRule(0.0, spec.sieve_step, spec.sieve_cap),
    )
    # The sieve tends to find too many clubs, so neighbours that pass the test together
    # are merged.
    tests = group_tests(levels, periods, spec.variance)
    merged = merge_clubs(tests, clubs, spec.merge)
    if spec.divergent == "adopt":
        merged = adopt_divergent(tests, merged)
    return Clustering(levels, periods, clubs, merged)


def _periods(trend: Array, spec: ClubsSpec) -> Array:
    """Return the periods of the regression."""
    T = trend.shape[1]
    return regression_periods(T, discarded_periods(T, spec.discard))


def _variants(
    y: Array, spec: ClubsSpec, step: int, own: Clustering
) -> dict[str, Array]:
    """Return the clubs of the units as they are, under every other choice, and without
    each year of the regression.
    """
    variants = {"own": own.labels()}
    for key, values in CHOICES.items():
        for value in values:
            if value == getattr(spec, key):
                continue
            shown = f"{value:.4g}" if isinstance(value, float) else value
            changed = spec.model_copy(update={key: value})
            try:
                variants[f"{key} {shown}"] = cluster(y, changed, step).labels()
            except NumericsError:
                # What cannot be computed is left out, not counted as disagreement.
                continue
    for position, period in enumerate(own.periods.tolist()):
        without = cluster(y, spec, step, position)
        variants[f"without period {period}"] = without.labels()
    return variants


def _add_tests(rows: Rows, y: Array, spec: ClubsSpec, step: int, level: float) -> None:
    """Add the test in levels with one period more and less, and in logs of several
    currency units.
    """
    try:
        trend = trend_of(y, spec, step)
    except NumericsError as error:
        return rows.undefined(["count"], error, term="b")
    # Phillips and Sul (2007) leave out the first third; one period more or less shows
    # what that decides.
    usual = discarded_periods(trend.shape[1], spec.discard)
    # Less the mean: a change of unit, which levels do not feel; exp stays in range.
    levels = np.exp(trend - trend.mean())
    for discard in (usual - 1, usual, usual + 1):
        role = spec.role if discard == usual else "robustness"
        _add_test(rows, levels, discard, spec, level, role=role)
    # h_it of logs is not free of the currency unit: log(c y) / mean log(c y) changes
    # with c, and the answer with it.
    for outcome, factor in CURRENCIES.items():
        logs = trend + np.log(factor)
        why = "logs: the answer depends on the currency unit"
        labels = {"outcome": outcome, "role": "robustness"}
        _add_test(rows, logs, usual, spec, level, why, **labels)
    return None


def _add_test(
    rows: Rows,
    x: Array,
    discard: int,
    spec: ClubsSpec,
    level: float,
    why: str = "",
    **labels: object,
) -> None:
    labels["estimator"] = f"logt_{spec.variance}"
    labels["contrast"] = f"first {discard} periods discarded"
    try:
        periods = regression_periods(x.shape[1], discard)
        H = transition_variance(x)
        # log H needs dispersion in the first period and in those of the regression.
        if not (H[[0, *(periods - 1)]] > ALIKE).all():
            raise NumericsError(
                "all units are alike in some period, nothing is left to converge"
            )
        fit = fit_logt(H, periods, spec.variance)
    except NumericsError as error:
        return rows.add("logt", why, f"not defined: {error}", **labels, estimate=NAN)
    return rows.add(
        "logt",
        why,
        **labels,
        **_test_fields(fit, spec, level),
        n_obs=len(x) * len(periods),
        n_periods=len(periods),
    )


def _test_fields(test: LogtFit | Club, spec: ClubsSpec, level: float) -> Fields:
    numbers = (test.b, test.std_error, test.t)
    b, std_error, t = (np.asarray(number).item() for number in numbers)
    low, high = slope_interval(b, std_error, level)
    return {
        "estimate": b,
        "std_error": std_error,
        "statistic": finite_or_nan(t),
        # Convergence is the null and a low t speaks against it: p is the lower tail.
        "p_value": one_sided_p(t),
        "p_type": (
            f"normal, one-sided: convergence is rejected where t < {CRITICAL_VALUE}"
        ),
        "conf_low": low,
        "conf_high": high,
        "conf_level": level,
        "se_type": f"long-run variance {spec.variance.upper()}",
    }


def _members(data: Trajectories, rows: Iterable[int]) -> list[str]:
    return sorted(data.units[row] for row in rows)


def _add_clubs(
    rows: Rows, data: Trajectories, own: Clustering, spec: ClubsSpec, level: float
) -> None:
    stages = {"found": own.clubs, f"merged: {spec.merge}": own.merged}
    for stage, division in stages.items():
        for term, members in division._asdict().items():
            rows.add(
                "count",
                term=term,
                contrast=stage,
                estimate=float(len(members)),
            )
        for number, club in enumerate(division.clubs, start=1):
            rows.add(
                "club",
                "" if club.converges else "fails its own log t test: it is no club",
                f"members: {' '.join(_members(data, club.members))}",
                **_test_fields(club, spec, level),
                term=f"club_{number}",
                contrast=stage,
                role="description",
                n_units=len(club.members),
                n_obs=len(club.members) * len(data.years),
            )


def _add_cells(
    rows: Rows, study: Study, data: Trajectories, own: Clustering, spec: ClubsSpec
) -> list[pd.DataFrame]:
    """Set the clubs against the cells of each taxonomy; return the tables that could be
    tested as series.
    """
    inference = study.config.inference
    draws = inference.permutations
    # Units of no club form a group of their own.
    clubs, codes = np.unique(own.labels(), return_inverse=True)
    cells = study.table("cells", spec.unit_scheme)
    frames = []
    for taxonomy in spec.taxonomies:
        where = f"estimates.clubs.{spec.id} {taxonomy}"
        chosen = only(cells, taxonomy=taxonomy, period=spec.period)
        groups, names = grouping(chosen, "cell", data.units, where)
        rng, seed = stream(inference, "clubs", spec, spec.period, taxonomy)
        labels = {"treatment_def": taxonomy, "role": "exploratory"}
        try:
            test = association_test(codes, groups, rng, draws)
        except NumericsError as error:
            rows.undefined(["cells"], error, **labels)
            continue
        exact = np.isfinite(test.exact_p)
        rows.add(
            "cells",
            CAUTION,
            "" if exact else f"more than {MOST_TABLES} tables, no exact p",
            **labels,
            estimate=test.cramers_v,
            contrast="exact",
            p_value=test.exact_p,
            p_type="exact, given margins",
        )
        rows.add(
            "cells",
            CAUTION,
            **labels,
            estimate=test.cramers_v,
            contrast="permutation",
            p_value=test.permutation_p,
            p_type=f"permutation of labels, {test.draws} draws",
            seed=seed,
        )
        table = pd.DataFrame(test.table, index=clubs, columns=names)
        long = table.rename_axis("club").reset_index().melt("club", var_name="group")
        group = f"{taxonomy}: " + long["group"]
        frames.append(long.assign(kind="cell", group=group))
    return frames


def _series(data: Trajectories, own: Clustering, shared: Array) -> list[pd.DataFrame]:
    """Return paths, dispersion, membership and its stability; shared (N, N)."""
    N, T = own.levels.shape
    units = np.array(data.units)
    # A Hamilton trend starts later than the data: T counts the years that it leaves.
    years = data.years[-T:]
    labels = own.labels()
    paths = pd.DataFrame(
        {
            "kind": "transition",
            "unit": np.repeat(units, T),
            "year": np.tile(years, N),
            "club": np.repeat(labels, T),
            "value": relative_transition(own.levels).ravel(),
        }
    )
    # Relative to the mean of all units, so clubs that draw apart move away from one.
    means = paths.groupby(["club", "year"], as_index=False)["value"].mean()
    membership = pd.DataFrame(
        {
            "kind": "membership",
            "unit": units,
            # The club before merging, so that readers see what merging joined.
            "group": own.clubs.labels(N).astype(str),
            "club": labels,
            "value": core_stability(shared, labels),
        }
    )
    dispersion = pd.DataFrame(
        {
            "kind": "dispersion",
            "year": years,
            "value": transition_variance(own.levels),
        }
    )
    frames = [paths, means.assign(kind="club_mean"), membership, dispersion]
    # Pairs grow with the square of the units.
    if N <= MOST_PAIRED:
        pairs = {
            "kind": "shared",
            "unit": np.repeat(units, N),
            "unit_j": np.tile(units, N),
            "value": shared.ravel(),
        }
        frames.append(pd.DataFrame(pairs))
    return frames


def _currency(y: Array, spec: ClubsSpec, step: int) -> pd.DataFrame:
    """Return the t of the test in logs over many currency units."""
    trend = trend_of(y, spec, step)
    periods = _periods(trend, spec)
    t = []
    for factor in FACTORS:
        try:
            H = transition_variance(trend + np.log(factor))
            t.append(fit_logt(H, periods, spec.variance).t.item())
        except NumericsError:
            t.append(NAN)
    return pd.DataFrame(
        {
            "kind": "currency",
            "x": FACTORS,
            "value": t,
        }
    )


def _summary(data: Trajectories, own: Clustering) -> Fields:
    merged = enumerate(own.merged.clubs, start=1)
    return {
        "years": data.years[[0, -1]].tolist(),
        "first_period_of_regression": int(own.periods[0]),
        "found": [_members(data, club.members) for club in own.clubs.clubs],
        "merged": [_members(data, club.members) for club in own.merged.clubs],
        "divergent": _members(data, own.merged.divergent),
        "failing": [number for number, club in merged if not club.converges],
    }

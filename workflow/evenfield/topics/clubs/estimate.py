"""Log t tests and convergence clubs of Phillips and Sul, with the sensitivities that
decide how to read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.numerics.clubs import (
    MOST_TABLES,
    Clubs,
    SieveRule,
    adopt_divergent,
    association_test,
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
    discarded_periods,
    fit_logt,
    one_sided_p,
    regression_periods,
    relative_transition,
    slope_interval,
    transition_variance,
)
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import NAN, finite_or_nan
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.spec import UnitsSpec, read
from evenfield.shared.trajectories import Trajectories, grouping, span_labels, window
from evenfield.study.study import Study

KINDS = {
    "logt": Kind("logt_fqsb", "b", "coef", "slope"),
    "count": Kind("phillips_sul", "clubs", "stat", "number"),
    "club": Kind("phillips_sul", "club_1", "coef", "slope"),
    "cells": Kind("fisher_freeman_halton", "clubs_by_cells", "stat", "Cramer's V"),
}
MOST_PAIRED = 1000  # units up to which pairs are written
LEVELS = "relative_income"
LOGS = "log_income"
CURRENCIES = {LOGS: 1.0, f"{LOGS}_x100": 100.0, f"{LOGS}_/10000": 1e-4}
FACTORS = np.round(10.0 ** np.linspace(-3, 3, 49), 12)
LABELS = (
    "spec_id sample_id unit_scheme period kind group unit unit_j year club x".split()
)
# Every other choice, one at a time; the empty one is the specification's own.
CHOICES: tuple[dict[str, Any], ...] = (
    {},
    *({"discard": share} for share in (0.2, 0.25, 1 / 3)),
    *({"variance": name} for name in ("fqsb", "aqsb")),
    *({"filter": name} for name in ("hp", "boosted_hp", "hamilton")),
    {"smoothing": 6.25},
    *({"sort_share": share} for share in (0.0, 1 / 3)),
    *({"merge": name} for name in ("phillips_sul", "von_lyncker_thoennessen")),
    *({"sieve_step": number} for number in (0.0, 0.05)),
    {"sieve_cap": 3.0},
)


MOST_CAP = 1_000.0
MOST_STEPS = 10_000  # of c* up to its largest value


class ClubsSpec(UnitsSpec):
    """One log t test with its clubs."""

    period: str = Field(description="Period of the config.")
    filter: Literal["hp", "boosted_hp", "hamilton", "none"] = Field(
        "hp", description="Trend of log income."
    )
    smoothing: float = Field(
        400.0, gt=0, description="Annual penalty of the Hodrick-Prescott filter."
    )
    discard: float = Field(
        1 / 3,
        gt=0,
        lt=1,
        description="Share of first periods that the regression leaves out.",
    )
    variance: Literal["fqsb", "aqsb"] = Field("fqsb", description="Long-run variance.")
    sort_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Last periods whose mean sorts units; 0 for the last one.",
    )
    sieve_step: float = Field(
        0.1,
        ge=0,
        le=MOST_CAP,
        description="How c* is raised while a club fails its own test; 0 for never.",
    )
    sieve_cap: float = Field(50.0, gt=0, le=MOST_CAP, description="Largest c*.")
    merge: Literal["phillips_sul", "von_lyncker_thoennessen", "none"] = Field(
        "phillips_sul", description="How clubs are merged."
    )
    divergent: Literal["leave", "adopt"] = Field(
        "leave", description="Whether clubs may adopt divergent units."
    )
    taxonomies: list[str] = Field(
        [], description="Taxonomies whose cells are set against the clubs."
    )

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

    levels: np.ndarray  # (N, T)
    periods: np.ndarray
    clubs: Clubs
    merged: Clubs


def check_data(study: Study, _: Section, spec: ClubsSpec) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    window(study, spec, spec.period, f"estimates.clubs.{spec.id}")


def estimate(study: Study) -> Results:
    """Test convergence by log t and sort units into clubs."""
    out = Results()
    parts = []
    for spec in read(Section, study.config, "clubs"):
        where = f"estimates.clubs.{spec.id}"
        data, info = window(study, spec, spec.period, where)
        labels, note = span_labels("clubs", spec, data, info)
        rows = Rows(
            KINDS,
            spec.role,
            note,
            **{**labels, "period": spec.period, "outcome": LEVELS},
        )
        level = study.config["inference"]["conf_level"]
        _add_tests(rows, data.values, spec, info.step, level)
        try:
            own = cluster(data.values, spec, info.step)
        except NumericsError as error:
            for term in ("clubs", "divergent"):
                rows.undefined(["count"], error, term=term)
            out.fit[spec.id] = {"not_defined": str(error)}
        else:
            _add_clubs(rows, data, own, spec, level)
            variants = dict(_variants(data.values, spec, info.step))
            tables = _add_cells(rows, study, data, own, spec, where)
            frame = _series(
                data, own, shared_membership(list(variants.values())), tables
            )
            frame = pd.concat([frame, _currency(data.values, spec, info.step)])
            named = {
                "spec_id": spec.id,
                "sample_id": spec.sample,
                "unit_scheme": spec.unit_scheme,
            }
            parts.append(frame.assign(**named, period=spec.period))
            out.fit[spec.id] = _summary(data, own) | {"variants": list(variants)}
        out.estimates += rows.estimates
    out.series["series"] = stacked(parts, LABELS, ["value"])
    return out


def trend_of(y: np.ndarray, spec: ClubsSpec, step: int) -> np.ndarray:
    """Return the trend of log incomes; y (N, T) -> (N, T)."""
    # ASSUME: with one observation every few years the penalty falls with the fourth
    # power of the step (Ravn and Uhlig 2002), so that the trend keeps the same waves.
    penalty = spec.smoothing / step**4
    if spec.filter == "hp":
        return hp_trend(y, penalty)
    if spec.filter == "boosted_hp":
        return boosted_hp_trend(y, penalty)
    return (
        hamilton_trend(y, max(1, round(2 / step))) if spec.filter == "hamilton" else y
    )


def cluster(
    y: np.ndarray, spec: ClubsSpec, step: int, left_out: int | None = None
) -> Clustering:
    """Filter log incomes and sort the units into clubs; y (N, T)."""
    trend = trend_of(y, spec, step)
    # ASSUME: levels of relative income; the trend is taken of logs first and the
    # exponential after, so that a change of the currency unit multiplies every path by
    # one number and cancels.
    levels = np.exp(trend - trend.mean())
    periods = regression_periods(
        levels.shape[1], discarded_periods(levels.shape[1], spec.discard)
    )
    if left_out is not None:
        periods = np.delete(periods, left_out)
    sieve = SieveRule(0.0, spec.sieve_step, spec.sieve_cap)
    clubs = find_clubs(
        levels, periods, variance=spec.variance, sort_share=spec.sort_share, sieve=sieve
    )
    tests = group_tests(levels, periods, spec.variance)
    merged = merge_clubs(tests, clubs, spec.merge)
    return Clustering(
        levels,
        periods,
        clubs,
        adopt_divergent(tests, merged) if spec.divergent == "adopt" else merged,
    )


def _variants(
    y: np.ndarray, spec: ClubsSpec, step: int
) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the clubs of the units under every other choice, and without each year of
    the regression.
    """
    for change in CHOICES:
        if change and all(getattr(spec, key) == value for key, value in change.items()):
            continue
        changes = [
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in change.items()
        ]
        try:
            labels = cluster(y, spec.model_copy(update=change), step).merged.labels(
                len(y)
            )
        except NumericsError:
            continue
        yield " ".join(changes) or "own", labels
    for position, period in enumerate(cluster(y, spec, step).periods.tolist()):
        yield (
            f"without period {period}",
            cluster(y, spec, step, position).merged.labels(len(y)),
        )


def _add_tests(
    rows: Rows, y: np.ndarray, spec: ClubsSpec, step: int, level: float
) -> None:
    try:
        trend = trend_of(y, spec, step)
    except NumericsError as error:
        return rows.undefined(["count"], error, term="b")
    m = discarded_periods(trend.shape[1], spec.discard)
    levels = np.exp(trend - trend.mean())
    for discard in (m - 1, m, m + 1):
        _add_test(
            rows,
            levels,
            discard,
            spec,
            level,
            role=spec.role if discard == m else "robustness",
        )
    for name, factor in CURRENCIES.items():
        why = "logs: the answer depends on the currency unit"
        _add_test(
            rows,
            trend + np.log(factor),
            m,
            spec,
            level,
            why,
            outcome=name,
            role="robustness",
        )
    return None


def _add_test(
    rows: Rows,
    x: np.ndarray,
    discard: int,
    spec: ClubsSpec,
    level: float,
    why: str = "",
    **labels: Any,
) -> None:
    labels |= {
        "estimator": f"logt_{spec.variance}",
        "contrast": f"first {discard} periods discarded",
    }
    try:
        periods = regression_periods(x.shape[1], discard)
        H = transition_variance(x)
        if not (H[[0, *(periods - 1)]] > 1e-20).all():
            raise NumericsError(
                "all units are alike in some period, nothing is left to converge"
            )
        fit = fit_logt(H, periods, spec.variance)
    except NumericsError as error:
        return rows.add("logt", why, f"not defined: {error}", **labels, estimate=NAN)
    labels |= {"n_obs": len(x) * len(periods), "n_periods": len(periods)}
    numbers = _test_fields(
        fit.b.item(), fit.std_error.item(), fit.t.item(), spec, level
    )
    return rows.add("logt", why, **labels, **numbers)


def _test_fields(
    b: float, std_error: float, t: float, spec: ClubsSpec, level: float
) -> dict[str, Any]:
    low, high = slope_interval(b, std_error, level)
    return {
        "estimate": b,
        "std_error": std_error,
        "statistic": finite_or_nan(t),
        "p_value": one_sided_p(t),
        "p_type": (
            f"normal, one-sided: convergence is rejected where t < {CRITICAL_VALUE}"
        ),
        "conf_low": low,
        "conf_high": high,
        "conf_level": level,
        "se_type": f"long-run variance {spec.variance.upper()}",
    }


def _add_clubs(
    rows: Rows, data: Trajectories, own: Clustering, spec: ClubsSpec, level: float
) -> None:
    for stage, division in (
        ("found", own.clubs),
        (f"merged: {spec.merge}", own.merged),
    ):
        for term, count in (
            ("clubs", len(division.clubs)),
            ("divergent", len(division.divergent)),
        ):
            rows.add("count", term=term, contrast=stage, estimate=float(count))
        for number, club in enumerate(division.clubs, start=1):
            flag = "" if club.converges else "fails its own log t test: it is no club"
            members = "members: " + " ".join(
                sorted(data.units[row] for row in club.members)
            )
            labels = {
                "term": f"club_{number}",
                "contrast": stage,
                "role": "description",
                "n_units": len(club.members),
                "n_obs": len(club.members) * len(data.years),
            }
            rows.add(
                "club",
                flag,
                members,
                **labels,
                **_test_fields(club.b, club.std_error, club.t, spec, level),
            )


def _add_cells(
    rows: Rows,
    study: Study,
    data: Trajectories,
    own: Clustering,
    spec: ClubsSpec,
    where: str,
) -> dict[str, pd.DataFrame]:
    """Set the clubs against the cells of each taxonomy; return the tables that could be
    tested.
    """
    tables = {}
    inference = study.config["inference"]
    clubs, codes = np.unique(own.merged.labels(len(data.units)), return_inverse=True)
    cells = study.table("cells", spec.unit_scheme, ("taxonomy", "cell"))
    for taxonomy in spec.taxonomies:
        chosen = cells[cells["taxonomy"].eq(taxonomy) & cells["period"].eq(spec.period)]
        groups, names = grouping(chosen, "cell", data.units, f"{where} {taxonomy}")
        draw_id = ":".join(
            ["clubs", spec.id, spec.unit_scheme, spec.sample, spec.period, taxonomy]
        )
        labels: dict[str, Any] = {"treatment_def": taxonomy, "role": "exploratory"}
        try:
            stream = generator_for(inference["seed"], draw_id)
            test = association_test(codes, groups, stream, inference["permutations"])
        except NumericsError as error:
            rows.undefined(["cells"], error, **labels)
            continue
        tables[taxonomy] = pd.DataFrame(test.table, index=clubs, columns=names)
        labels |= {"estimate": test.cramers_v}
        caution = "club membership is no policy effect"
        many = (
            ""
            if np.isfinite(test.exact_p)
            else f"more than {MOST_TABLES} tables, no exact p"
        )
        exact = {
            "contrast": "exact",
            "p_value": test.exact_p,
            "p_type": "exact, given margins",
        }
        rows.add("cells", caution, many, **labels, **exact)
        drawn = {
            "contrast": "permutation",
            "p_value": test.permutation_p,
            "seed": f"{inference['seed']}:{draw_id}",
        }
        rows.add(
            "cells",
            caution,
            **labels,
            **drawn,
            p_type=f"permutation of labels, {test.draws} draws",
        )
    return tables


def _series(
    data: Trajectories,
    own: Clustering,
    shared: np.ndarray,
    tables: dict[str, pd.DataFrame],
) -> pd.DataFrame:
    """Return paths, dispersion, membership, its stability (shared (N, N)) and cells."""
    N, T = own.levels.shape
    units = np.array(data.units)
    years = data.years[-T:]
    labels = own.merged.labels(N)
    paths = pd.DataFrame(
        {
            "unit": np.repeat(units, T),
            "year": np.tile(years, N),
            "club": np.repeat(labels, T),
        }
    )
    paths = paths.assign(
        kind="transition", value=relative_transition(own.levels).ravel()
    )
    means = (
        paths.groupby(["club", "year"], as_index=False)["value"]
        .mean()
        .assign(kind="club_mean")
    )
    member = pd.DataFrame(
        {"unit": units, "group": own.clubs.labels(N).astype(str), "club": labels}
    )
    member = member.assign(kind="membership", value=core_stability(shared, labels))
    # Pairs grow with the square of the units.
    used = units[: N if N <= MOST_PAIRED else 0]
    shared = shared[: len(used), : len(used)].ravel()
    pairs = pd.DataFrame(
        {
            "unit": np.repeat(used, len(used)),
            "unit_j": np.tile(used, len(used)),
            "value": shared,
        }
    )
    dispersion = pd.DataFrame(
        {"kind": "dispersion", "year": years, "value": transition_variance(own.levels)}
    )
    frames: list[pd.DataFrame] = [
        paths,
        means,
        member,
        pairs.assign(kind="shared"),
        dispersion,
    ]
    for taxonomy, table in tables.items():
        long = table.rename_axis("club").reset_index().melt("club", var_name="group")
        frames.append(long.assign(kind="cell", group=f"{taxonomy}: " + long["group"]))
    return pd.concat(frames)


def _currency(y: np.ndarray, spec: ClubsSpec, step: int) -> pd.DataFrame:
    trend = trend_of(y, spec, step)
    t = []
    periods = regression_periods(
        trend.shape[1], discarded_periods(trend.shape[1], spec.discard)
    )
    for factor in FACTORS:
        try:
            t.append(
                fit_logt(
                    transition_variance(trend + np.log(factor)), periods, spec.variance
                ).t.item()
            )
        except NumericsError:
            t.append(NAN)
    return pd.DataFrame({"kind": "currency", "x": FACTORS, "value": t})


def _summary(data: Trajectories, own: Clustering) -> dict[str, Any]:
    def names(clubs: Clubs) -> list[list[str]]:
        return [sorted(data.units[row] for row in club.members) for club in clubs.clubs]

    return {
        "years": [int(data.years[0]), int(data.years[-1])],
        "first_period_of_regression": int(own.periods[0]),
        "found": names(own.clubs),
        "merged": names(own.merged),
        "divergent": sorted(data.units[row] for row in own.merged.divergent),
        "failing": [
            number
            for number, club in enumerate(own.merged.clubs, start=1)
            if not club.converges
        ],
    }

"""Log t tests and convergence clubs of Phillips and Sul, with the sensitivities that
decide how to read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from evenfield.models.clubs import (
    Clustering,
    LogT,
    Rules,
    association,
    cluster,
    clustered,
    log_t,
    yearly_penalty,
)
from evenfield.models.trends import LARGEST_PENALTY
from evenfield.numerics.arrays import Array
from evenfield.numerics.at_work import told
from evenfield.numerics.clubs import core_stability, shared_membership
from evenfield.numerics.errors import NumericsError
from evenfield.shared.estimates import Fields, asking
from evenfield.shared.rows import Kind, Results, Rows, stacked
from evenfield.shared.samples import joined
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
FOUND = "found"  # contrast of rows on the clubs before merging
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
CAUTION = "club membership is no policy effect"


MOST_CAP = 1_000.0
MOST_STEPS = 10_000  # of c* up to its largest value


class ClubsSpec(UnitsSpec):
    """One log t test with its clubs."""

    period: PeriodName
    """Period of the config."""
    filter: Literal["hp", "boosted_hp", "hamilton", "none"] = "hp"
    """Trend of log income."""
    smoothing: float = Field(400.0, gt=0, le=LARGEST_PENALTY)
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


def rules_of(spec: ClubsSpec, step: int) -> Rules:
    """Return the choices of a specification for a panel with one date every ``step``
    years.
    """
    same = spec.model_dump(include=set(Rules._fields))
    penalty = yearly_penalty(spec.smoothing, step)
    return Rules(**same, penalty=penalty, years=step)


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
    for spec in told(read(Section, study.config, "clubs"), "specifications"):
        where = f"estimates.clubs.{spec.id}"
        data, info = window(study, spec, spec.period, where)
        labels, note = span_labels("clubs", spec, data, info)
        labels |= {"period": spec.period, "outcome": LEVELS}
        rows = Rows(KINDS, spec.role, note, **labels)
        rules = rules_of(spec, info.step)
        _add_tests(rows, data.values, rules, level)
        own = cluster(data.values, rules)
        if own.reason:
            for term in ("clubs", "divergent"):
                rows.undefined(["count"], own.reason, term=term)
            out.fit[spec.id] = {"not_defined": own.reason}
        else:
            _add_clubs(rows, data, own, spec, level)
            variants = _variants(data.values, spec, info.step, own)
            frames = _series(data, own, variants)
            frames.append(_currency(data.values, rules))
            frames += _add_cells(rows, study, data, own, spec)
            series = pd.concat(frames).assign(**spec.labels, period=spec.period)
            parts.append(series)
            out.fit[spec.id] = {**_summary(data, own), "variants": list(variants)}
        out.estimates += rows.estimates
    out.series["series"] = stacked(parts, LABELS, ["value"])
    return out


def _variants(
    y: Array, spec: ClubsSpec, step: int, own: Clustering
) -> dict[str, np.ndarray]:
    """Return the clubs of the units as they are, under every other choice, and without
    each year of the regression.
    """
    variants = {"own": own}
    for key, values in CHOICES.items():
        for value in values:
            if value == getattr(spec, key):
                continue
            shown = f"{value:.4g}" if isinstance(value, float) else value
            changed = spec.model_copy(update={key: value})
            variants[f"{key} {shown}"] = cluster(y, rules_of(changed, step))
    rules = rules_of(spec, step)
    left_out = list(enumerate(own.periods.tolist()))
    for position, period in told(left_out, "periods left out"):
        variants[f"without period {period}"] = clustered(own.x, rules, position)
    # What cannot be computed is left out, not counted as disagreement.
    return {name: one.labels for name, one in variants.items() if not one.reason}


def _add_tests(rows: Rows, y: Array, rules: Rules, level: float) -> None:
    """Add the test in levels with one period more and less, and in logs of several
    currency units.
    """
    try:
        trend = rules.trend(y)
    except NumericsError as error:
        return rows.undefined(["count"], error, term="b")
    # Phillips and Sul (2007) leave out the first third; one period more or less shows
    # what that decides.
    levels = rules.compared(y)
    for more in (-1, 0, 1):
        role = "robustness" if more else rows.role
        _add_test(rows, log_t(levels, rules, more), y, rules, level, role=role)
    # h_it of logs is not free of the currency unit: log(c y) / mean log(c y) changes
    # with c, and the answer with it.
    for outcome, factor in CURRENCIES.items():
        labels = {
            "outcome": outcome,
            "role": "robustness",
            "warning": "logs: the answer depends on the currency unit",
        }
        test = log_t(trend + np.log(factor), rules)
        _add_test(rows, test, y, rules, level, **labels)
    return None


def _add_test(
    rows: Rows, test: LogT, y: Array, rules: Rules, level: float, **labels: str
) -> None:
    own: Fields = {
        **labels,
        "estimator": f"logt_{rules.variance}",
        "contrast": f"first {test.discarded} periods discarded",
        "asked": asking(discarded=test.discarded),
    }
    if not test.reason:
        own["n_obs"] = len(y) * len(test.periods)
        own["n_periods"] = len(test.periods)
    rows.add_tests(test.rows(level), level, {"logt": own})


def _members(data: Trajectories, rows: Iterable[int]) -> list[str]:
    return sorted(data.units[row] for row in rows)


def _add_clubs(
    rows: Rows, data: Trajectories, own: Clustering, spec: ClubsSpec, level: float
) -> None:
    stages = {FOUND: own.found, f"merged: {spec.merge}": own.merged}
    for stage, division in stages.items():
        for term, members in division._asdict().items():
            rows.add(
                "count",
                term=term,
                contrast=stage,
                estimate=float(len(members)),
            )
        tests = own.rows(level, division.clubs)
        for number, (club, test) in enumerate(
            zip(division.clubs, tests, strict=True), 1
        ):
            members = f"members: {' '.join(_members(data, club.members))}"
            fails = "" if club.converges else "fails its own log t test: it is no club"
            labels = {
                "term": f"club_{number}",
                "contrast": stage,
                "asked": asking(club=number, converges=bool(club.converges)),
                "role": "description",
                "n_units": len(club.members),
                "n_obs": len(club.members) * len(data.years),
                "warning": joined(fails, members),
            }
            rows.add_tests([test], level, {"club": labels})


def _add_cells(
    rows: Rows, study: Study, data: Trajectories, own: Clustering, spec: ClubsSpec
) -> list[pd.DataFrame]:
    """Set the clubs against the cells of each taxonomy; return the tables that could be
    tested as series.
    """
    inference = study.config.inference
    draws = inference.permutations
    # Units of no club form a group of their own.
    clubs = np.unique(own.labels)
    cells = study.table("cells", spec.unit_scheme)
    frames = []
    for taxonomy in spec.taxonomies:
        where = f"estimates.clubs.{spec.id} {taxonomy}"
        chosen = only(cells, taxonomy=taxonomy, period=spec.period)
        groups, names = grouping(chosen, "cell", data.units, where)
        rng, seed = stream(inference, "clubs", spec, spec.period, taxonomy)
        labels = {"treatment_def": taxonomy, "role": "exploratory"}
        try:
            test = association(own.labels, groups, rng, draws)
        except NumericsError as error:
            rows.undefined(["cells"], error, **labels)
            continue
        rows.add(
            "cells",
            CAUTION,
            test.no_exact,
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


def _series(
    data: Trajectories, own: Clustering, variants: dict[str, np.ndarray]
) -> list[pd.DataFrame]:
    """Return paths, dispersion, membership and its stability; clubs of each variant
    (N,).
    """
    of_variants = [*variants.values()]
    N, T = own.x.shape
    units = np.array(data.units)
    # A Hamilton trend starts later than the data: T counts the years that it leaves.
    years = data.years[-T:]
    labels = own.labels
    paths = pd.DataFrame(
        {
            "kind": "transition",
            "unit": np.repeat(units, T),
            "year": np.tile(years, N),
            "club": np.repeat(labels, T),
            "value": own.paths.ravel(),
        }
    )
    # Relative to the mean of all units, so clubs that draw apart move away from one.
    means = paths.groupby(["club", "year"], as_index=False)["value"].mean()
    membership = pd.DataFrame(
        {
            "kind": "membership",
            "unit": units,
            # The club before merging, so that readers see what merging joined.
            "group": own.found.labels(N).astype(str),
            "club": labels,
            "value": core_stability(of_variants, labels),
        }
    )
    dispersion = pd.DataFrame(
        {
            "kind": "dispersion",
            "year": years,
            "value": own.dispersion,
        }
    )
    frames = [paths, means.assign(kind="club_mean"), membership, dispersion]
    # Pairs grow with the square of the units.
    if N <= MOST_PAIRED:
        pairs = {
            "kind": "shared",
            "unit": np.repeat(units, N),
            "unit_j": np.tile(units, N),
            "value": shared_membership(of_variants).ravel(),
        }
        frames.append(pd.DataFrame(pairs))
    return frames


def _currency(y: Array, rules: Rules) -> pd.DataFrame:
    """Return the t of the test in logs over many currency units."""
    trend = rules.trend(y)
    t = [log_t(trend + np.log(factor), rules).t for factor in FACTORS]
    return pd.DataFrame({"kind": "currency", "x": FACTORS, "value": t})


def _summary(data: Trajectories, own: Clustering) -> Fields:
    merged = enumerate(own.merged.clubs, start=1)
    return {
        "years": data.years[[0, -1]].tolist(),
        "first_period_of_regression": int(own.periods[0]),
        "found": [_members(data, club.members) for club in own.found.clubs],
        "merged": [_members(data, club.members) for club in own.merged.clubs],
        "divergent": _members(data, own.merged.divergent),
        "failing": [number for number, club in merged if not club.converges],
    }

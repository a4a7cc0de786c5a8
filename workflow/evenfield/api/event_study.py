"""The effect of a policy with dates on a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import reported
from evenfield.api.policies import (
    LEVEL,
    POWER,
    Part,
    Policy,
    described,
    read_policy,
    tidy_rows,
)
from evenfield.api.results import Fit
from evenfield.api.rings import around, radii_of
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.estimates import (
    WIDER,
    Estimates,
    Span,
    group_time_effects,
    lead_effects,
    permutation_p,
    policy_effects,
)
from evenfield.numerics.event_study.trends import MAGNITUDES, trend_bounds
from evenfield.numerics.event_study.two_way import two_way_coefficient
from evenfield.study.errors import EstimateError, counted

NAN = float("nan")
UNSUPPORTED = "none, so that nothing shows whether units would have moved alike"


@reported("event-study")
def event_study(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    first: str,
    effects: str | None = None,
    cluster: str | None = None,
    controls: str | Sequence[str] = (),
    horizons: int = 5,
    leads: int = 4,
    spans: Sequence[Span] = (),
    draws: int = 999,
    seed: int = 0,
    power: float = POWER,
    rings: float | Sequence[float] = (),
    coords: tuple[str, str] | None = None,
    distance: object = None,
    min_controls: int | None = None,
) -> Fit:
    """Estimate the effect of a policy with dates by imputation, with leads beside it.

    Parameters
    ----------
    formula : str
        ``np.log(gdp) ~ 1``: an outcome alone.
    data : DataFrame
        One row a unit and date; units may lack dates.
    unit, time : str, optional
        As for ``ols``.
    first : str
        Column of the first date under the policy, the same in all rows of a unit; a
        policy between two dates is in force at the later one. Where it never comes:
        blank, infinite, ``never``, or 0, -1 or 9999 outside of all dates of the panel
        and of policies. ``notes`` count units by how that is written.
    effects : str, optional
        ``region^year`` for effects of region and date beside those of units; effects of
        dates alone by default.
    cluster : str, optional
        Column of clusters beside the unit, by default the groups of ``effects`` if they
        are ten: the wider interval counts. Where errors are by unit alone ``notes`` say
        which groups got the policy together, and should be it.
    controls : str or sequence of str, optional
        Columns of predetermined numbers, the same in all rows of a unit, such as income
        before the first date: each has a slope of its own at every date. In leads, the
        policy that is taken to come early, Callaway and Sant'Anna's estimates and
        permuted dates, too. Blank ones are refused, and those that groups determine.
    horizons, leads : int
        Last date after the first one under the policy; number of dates before it.
    spans : sequence of (int, int), optional
        First and last horizon over which effects are averaged, ``(0, horizons)`` by
        default.
    draws, seed, power : int, int, float
        Permutations of dates within the groups of ``effects``, and draws of joint
        bands; power of the smallest visible effect.
    rings, coords, distance, min_controls
        As for ``rings``, whose rows are then in ``tables["rings"]``; without ``rings``
        the others are refused.

    Returns
    -------
    Fit
        Leads (``-4`` to ``-1``), horizons (``0`` and so on) and spans (``0 to 5``);
        ``notes`` name leads that cannot be estimated, and say where none can.
        Inference is ``clustered``, by unit or by cluster, whichever interval is wider,
        and ``permuted dates``. ``tables["event study"]`` has joint bands, units, cells,
        cells that could not be imputed, the smallest visible effect and both errors;
        ``tables["checks"]`` the joint test of the leads, the effect of a policy that is
        taken to come ``leads`` dates early, on dates before it, Callaway and
        Sant'Anna's estimates of the spans with controls that do not have the policy
        yet, and the coefficient of a regression with two-way effects.
        ``tables["trends"]`` has what is left of Callaway and Sant'Anna's estimate of
        the first span if trends differed, at each date since the policy, by up to so
        many times the largest change between two leads: ends without error, and an
        interval. The factor at which the interval reaches zero is the last of the
        checks.

    Notes
    -----
    Borusyak, Jaravel and Spiess (2024); Rambachan and Roth (2023) for ``trends``. Leads
    are estimated on cells before the policy alone. Errors compare the effects of a
    cohort at a date with each other, without the own cluster.
    """
    whole("draws", draws, lowest=1)
    averages = _checked_spans(spans) or [(0, horizons)]
    radii = _radii_of(rings, coords, distance, min_controls)
    policy = read_policy(formula, data, unit, time, first, effects, cluster, controls)
    panel = policy.panel
    each = [(horizon, horizon) for horizon in range(horizons + 1)]
    # A span of one horizon has one row, with the spans, which stand last.
    wanted = [*(span for span in each if span not in averages), *averages]
    before = _leads(policy, leads)
    after = policy_effects(panel, wanted, policy.clusterings)
    dealt = permutation_p(panel, wanted, np.random.default_rng(seed), draws)
    parts = [Part(after, dealt)]
    if before is not None:
        parts.insert(0, Part(before, None))
    rng = np.random.default_rng(seed)
    shown = [described(part, rng, draws, power) for part in parts]
    checks = _checks(policy, before, leads, averages)
    trends, breakdown = _trends(policy, leads, averages[0])
    tables = {
        "event study": pd.concat(shown),
        "checks": pd.concat([checks, breakdown]),
        "trends": trends,
    }
    if radii:
        near = around(
            policy, radii, horizons, draws, seed, coords, distance, min_controls
        )
        tables["rings"] = near.rows(LEVEL)
    return Fit(
        "Event study by imputation",
        lambda level: tidy_rows(parts, draws, level),
        policy.nobs,
        notes=policy.notes | _lacking(before, leads),
        tables=tables,
        raw=panel,
    )


def _checked_spans(spans: Any) -> list[Span]:
    """Return each span once, and refuse what is none."""
    out = []
    for span in spans if isinstance(spans, Iterable) else [spans]:
        try:
            low, high = map(index, span)
        except (TypeError, ValueError):
            low, high = 0, -1
        if not 0 <= low <= high:
            raise EstimateError(
                f"the span {span!r}",
                "two horizons in order, dates since the policy from 0 on",
                "write spans=[(0, 2), (3, 5)], for example",
            )
        out.append((low, high))
    return list(dict.fromkeys(out))


def _radii_of(rings: Any, *of_rings: object) -> tuple[float, ...]:
    """Return the ends of the rings, if there are, and refuse what is theirs without
    them.
    """
    radii = radii_of(rings)
    names = ("coords", "distance", "min_controls")
    given = [
        name for name, value in zip(names, of_rings, strict=True) if value is not None
    ]
    if given and not radii:
        raise EstimateError(
            f"{given[0]} without rings",
            "rings, to which it belongs",
            "give rings=[75, 150], for example, or leave it out",
        )
    return radii


def _leads(policy: Policy, count: int) -> Estimates | None:
    """Return the leads that can be estimated, if there is one."""
    try:
        return lead_effects(policy.panel, count, policy.clusterings)
    except NumericsError:
        return None


def _lacking(leads: Estimates | None, count: int) -> dict[str, str]:
    """Return what is said of leads that are asked for and cannot be estimated."""
    if leads is None:
        return {"leads": UNSUPPORTED}
    asked = [str(-k) for k in range(count, 0, -1)]
    lacking = [name for name in asked if name not in leads.names]
    return {"leads that cannot be estimated": ", ".join(lacking)}


def _checks(
    policy: Policy, leads: Estimates | None, early: int, spans: Sequence[Span]
) -> pd.DataFrame:
    """Return what speaks for or against the design, and other estimators, a row each."""
    out: dict[str, tuple[Any, ...]] = {}
    try:
        if leads is None:
            raise NumericsError("no lead")
        test = leads.joint_test()
        law = f"F({test.df:g}, {test.df_denominator:g})"
        out["leads, all at once"] = (NAN, NAN, test.statistic, test.p_value, law)
    except NumericsError as error:
        out["leads, all at once"] = (NAN, NAN, NAN, NAN, f"none: {error}")
    if early:
        moved = policy.panel.pseudo(early)
        pseudo = policy_effects(moved, [(0, early - 1)], policy.clusterings)
        out[f"policy {early} dates early"] = _tested(pseudo, 0)
    others = group_time_effects(policy.panel, spans, policy.clusterings)
    for k, name in enumerate(others.names):
        out[f"Callaway and Sant'Anna, {name}"] = _tested(others, k)
    count = int(policy.from_start.sum())
    with_all = f"with {counted(count, 'unit')} from the start" if count else ""
    two_way = two_way_coefficient(policy.panel)
    out["two-way coefficient"] = (two_way, *[NAN] * 3, with_all)
    return _as_checks(out)


def _as_checks(rows: dict[str, tuple[Any, ...]]) -> pd.DataFrame:
    columns = ["estimate", "std_error", "statistic", "p_value", "law"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _trends(
    policy: Policy, leads: int, span: Span
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what is left of an effect if trends differ, a row for each factor, and how
    far they may as one more check.
    """
    rows = {}
    breakdown = NAN
    law = ""
    try:
        bounds = trend_bounds(policy.panel, span, leads, policy.clusterings)
    except NumericsError as error:
        law = f"none: {error}"
    else:
        breakdown = bounds.breakdown(LEVEL)
        for factor in MAGNITUDES:
            rows[factor] = (*bounds.ends(factor), *bounds.interval(factor, LEVEL))
    columns = ["low", "high", "conf_low", "conf_high"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    check = {"trends may differ, times": (breakdown, *[NAN] * 3, law)}
    return table.rename_axis("times the largest change"), _as_checks(check)


def _tested(estimates: Estimates, k: int) -> tuple[Any, ...]:
    """Return one estimate with its test."""
    tests = estimates.tests(LEVEL)[WIDER]
    value = estimates.estimate[k]
    if np.isnan(value):
        return *[NAN] * 4, "none: nothing to predict from"
    error = tests.std_error[k]
    law = f"t({tests.df[k]:g}), by {tests.clusters[k]}"
    return value, error, value / error, tests.p_value[k], law

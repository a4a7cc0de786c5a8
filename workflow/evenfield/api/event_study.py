"""The effect of a policy with dates on a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import index
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import names_in_order, reported
from evenfield.api.dates import plain_text
from evenfield.api.distances import COORDS
from evenfield.api.policies import (
    LEVEL,
    POWER,
    Places,
    Policy,
    described,
    read_policy,
    tidy_effects,
)
from evenfield.api.results import NUMBERS, Fit, chosen, refuse_undefined, share
from evenfield.api.rings import around, radii_of
from evenfield.models.event_study import EventStudy, Left, Trends, part_effects
from evenfield.models.policies import Effects, span_name
from evenfield.models.rows import NAN
from evenfield.numerics.inference.design import Tested
from evenfield.study.errors import EstimateError, counted

OF_RINGS = ("coords", "distance", "min_controls")
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
    spans: Sequence[tuple[int, int]] = (),
    draws: int = 999,
    seed: int = 0,
    power: float = POWER,
    rings: float | Sequence[float] = (),
    coords: tuple[str, str] | None = None,
    distance: object = None,
    min_controls: int | None = None,
    conley: float | None = None,
    parts: str | None = None,
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
        policy that is taken to come early, Callaway and Sant'Anna's and Sun and
        Abraham's estimates and permuted dates, too. Blank ones are refused, and those that groups determine.
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
        the others are refused, but for ``coords`` beside ``conley``.
    conley : float, optional
        Cut-off in km of errors that allow for shocks in common to units near each other,
        by Bartlett's kernel: rows of inference ``conley``. ``coords`` are lat and lon by
        default.
    parts : str, optional
        Column with the name of the part of the policy that a unit is under, by row,
        such as its kind or whether one is in force or several; blank rows are of none.
        ``tables["parts"]`` has the effect of each over the first span, how far each
        differs from the first by name, and the test that all are ``alike``.

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
        yet, Sun and Abraham's with those that never have it (or have it last), and the
        coefficient of a regression with two-way effects.
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
    power = share("power", power, 0.8)
    for_rings = coords if conley is None else None
    radii = _radii_of(rings, for_rings, distance, min_controls)
    policy = read_policy(formula, data, unit, time, first, effects, cluster, controls)
    places = None
    if conley is not None:
        places = Places.of(policy, coords or COORDS, conley)
    study = EventStudy(
        panel=policy.panel,
        lead_count=leads,
        last_horizon=horizons,
        spans=_checked_spans(spans) or [(0, horizons)],
    )
    refuse_undefined(study.two_way.reason)
    permuted = study.permuted(np.random.default_rng(seed), draws)
    estimated = [part for part in (study.leads, study.effects) if not part.reason]
    rng = np.random.default_rng(seed)
    shown = [described(part, rng, draws, power) for part in estimated]
    trends = study.trends(study.spans[0])
    from_start = int(policy.from_start.sum())
    tables = {
        "event study": pd.concat(shown),
        "checks": _checks(study, trends, from_start),
        "trends": _left(trends),
    }
    if parts is not None:
        tables["parts"] = _parts(policy, study.spans[0], parts)
    if radii:
        near = around(
            policy, radii, horizons, draws, seed, coords, distance, min_controls
        )
        tables["rings"] = near.rows(LEVEL)
    return Fit(
        "Event study by imputation",
        tidy_effects(estimated, permuted, places),
        policy.nobs,
        notes=policy.notes | _lacking(study.leads, leads),
        tables=tables,
        _drawn={"spans": [span_name(span) for span in study.spans]},
        raw=policy.panel,
    )


def _parts(policy: Policy, span: tuple[int, int], column: str) -> pd.DataFrame:
    """Return the effect of each part of the policy, the differences from the first and
    the test that all are alike, a row each.
    """
    chosen("column", column, policy.rows.data)
    named = policy.rows.data[column]
    # A number with a blank beside it is a float: 10.0 is 10.
    labels = named.map(plain_text, na_action="ignore").astype(object)
    labels = labels.where(named.notna(), "")
    cells = {
        name: policy.rows.steps_grid(labels.eq(name)) == 1
        for name in names_in_order(set(labels) - {""})
    }
    # Parts of which no cell has an effect say nothing.
    cells = {name: part & policy.panel.with_effect for name, part in cells.items()}
    cells = {name: part for name, part in cells.items() if part.any()}
    if len(cells) < 2:
        raise EstimateError(
            f"{counted(len(cells), 'part')} of the policy in {column}",
            "two with dates before and under the policy",
            "correct the column, or leave it out",
        )
    found = part_effects(policy.panel, span, cells)
    refuse_undefined(found.reason)
    rows = [*found.effects.rows(LEVEL), *found.differences.rows(LEVEL)]
    numbers = {row.term: _numbers(row.test) for row in rows}
    numbers["alike"] = _numbers(replace(found.differences.joint(), estimate=NAN))
    return pd.DataFrame.from_dict(numbers, orient="index", columns=[*NUMBERS, "law"])


def _checked_spans(spans: Any) -> list[tuple[int, int]]:
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
    values = zip(OF_RINGS, of_rings, strict=True)
    given = [name for name, value in values if value is not None]
    if given and not radii:
        raise EstimateError(
            f"{given[0]} without rings",
            "rings, to which it belongs",
            "give rings=[75, 150], for example, or leave it out",
        )
    return radii


def _lacking(leads: Effects, count: int) -> dict[str, str]:
    """Return what is said of leads that are asked for and cannot be estimated."""
    if leads.reason:
        return {"leads": UNSUPPORTED}
    asked = [str(-k) for k in range(count, 0, -1)]
    lacking = [name for name in asked if name not in leads.names]
    return {"leads that cannot be estimated": ", ".join(lacking)}


def _checks(study: EventStudy, trends: Trends, from_start: int) -> pd.DataFrame:
    """Return what speaks for or against the design, and other estimators, a row each."""
    joint = replace(study.leads.joint(), estimate=NAN)
    checks = {"leads, all at once": _numbers(joint)}
    for early in study.pseudo.rows(LEVEL):
        checks[f"policy {early.term}"] = _numbers(early.test)
    for other in study.group_time.rows(LEVEL):
        checks[f"Callaway and Sant'Anna, {other.term}"] = _numbers(other.test)
    for other in study.interaction_weighted.rows(LEVEL):
        checks[f"Sun and Abraham, {other.term}"] = _numbers(other.test)
    with_all = (
        f"with {counted(from_start, 'unit')} from the start" if from_start else ""
    )
    checks["two-way coefficient"] = _numbers(replace(study.two_way, law=with_all))
    checks["trends may differ, times"] = _numbers(trends.breakdown(LEVEL))
    return pd.DataFrame.from_dict(checks, orient="index", columns=[*NUMBERS, "law"])


def _numbers(test: Tested) -> list[object]:
    """Return the numbers of a check, and the law behind them or why there are none."""
    law = f"none: {test.reason}" if test.reason else test.law
    return [*(getattr(test, name) for name in NUMBERS), law]


def _left(trends: Trends) -> pd.DataFrame:
    """Return what is left of an effect if trends differ, a row for each factor."""
    left = trends.left(LEVEL)
    table = pd.DataFrame.from_dict(left, orient="index", columns=Left._fields)
    table = table.drop(columns="estimate")
    return table.rename_axis("times the largest change")

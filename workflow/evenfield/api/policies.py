"""A policy with dates read off a DataFrame, and what is shown of its estimates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arithmetic import as_floats
from evenfield.api.concentration import shared_by
from evenfield.api.data import Table, names_of, table
from evenfield.api.dates import Dates, plain_text
from evenfield.api.results import Rows, chosen, tidy
from evenfield.models.policies import Effects, Groups, PolicyPanel, policy_panel
from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.cluster_robust import encoded
from evenfield.study.errors import EstimateError, counted

LEVEL = 0.95  # of joint bands and the smallest visible effect
POWER = 0.8
BLANK = "blank"  # what a missing value or no text is called
# How tables say that a policy never comes, beside missing values: words, of which no
# text at all is the first, and numbers that are no dates of the panel.
NEVER_WORDS = r"|\.|na|n/a|nan|nat|<na>|none|null|no|never.*|\+?inf(inity)?|∞"
POLE, TURN = 90, 360  # degrees
# Names of columns that are given as latitude and longitude the wrong way round.
SWAPPED_NAMES = (r"^(lon|lng)|long(itude)?$|_(lon|lng)$", r"^lat|latitude$|_lat$")
NEVER_CODES = r"0|-1|9999.*"


@dataclass(frozen=True)
class Policy:
    """A panel with a policy, and the table that it was read from."""

    rows: Table
    panel: PolicyPanel
    never: dict[str, int]  # units that never have the policy, by how that is written
    # which units got the policy together, so that errors by unit are too small; empty
    # where none did, or where errors are clustered by groups, too
    shared: str
    controls: tuple[str, ...]  # columns of numbers of units

    @property
    def from_start(self) -> np.ndarray:
        """Units under the policy from their first row on, which have no outcome without
        it to compare with; (N,) of bool.
        """
        return np.asarray(self.panel.first <= self.panel.observed.argmax(axis=1))

    @property
    def nobs(self) -> int:
        """Rows of the units that are not under the policy from their first row on."""
        return int(self.panel.observed[~self.from_start].sum())

    @property
    def notes(self) -> dict[str, object]:
        """Numbers of units and groups, and how errors are clustered, for the notes of a
        fit; empty where there is nothing to say.
        """
        panel = self.panel
        used = ~self.from_start
        treated = panel.treated.any(axis=1)
        return {
            "units": int(used.sum()),
            "with the policy": int((treated & used).sum()),
            **{f"never ({name})": count for name, count in self.never.items()},
            "after the last date": int((panel.ever & ~treated).sum()) or "",
            "from the start, left out": int(self.from_start.sum()) or "",
            "groups": int(panel.groups.max()) + 1,
            "controls by date": ", ".join(self.controls),
            "errors by unit": self.shared,
        }


@dataclass(frozen=True)
class Places:
    """Where units are, and how far apart two of them may have shocks in common."""

    lat: Array  # (N,) degrees
    lon: Array  # (N,) degrees
    cutoff_km: float  # of Conley's kernel

    @classmethod
    def of(cls, policy: Policy, coords: tuple[str, str], cutoff_km: Any) -> Places:
        """Read coordinates, the same at all dates of a unit, and check the cut-off."""
        number = isinstance(cutoff_km, int | float | np.number)
        if not (number and cutoff_km is not True and 0 < cutoff_km < np.inf):
            raise EstimateError(
                f"conley={cutoff_km!r}",
                "a cut-off in km",
                "give conley=300, for example",
            )
        lat, lon = coordinates(policy.rows, coords)
        return cls(lat=lat, lon=lon, cutoff_km=float(cutoff_km))


def read_policy(
    formula: str,
    data: pd.DataFrame,
    unit: str | None,
    time: str | None,
    first: str,
    effects: str | None,
    cluster: str | None,
    controls: str | Sequence[str],
) -> Policy:
    """Read outcome, dates of the policy, groups with dates of their own, clusters and
    controls.
    """
    rows = table(formula, data, unit, time)
    if rows.effects or list(rows.X) != ["Intercept"]:
        raise EstimateError(
            f"the formula {formula!r}",
            "an outcome alone, as in 'y ~ 1'",
            "name groups with date effects of their own in effects='region^year'",
        )
    rows.check_keys("an event study")
    groups = _effect_groups(rows, effects)
    first_dates, never = _first_dates(rows, first)
    control_names = names_of(controls)
    panel = policy_panel(
        rows.steps_grid(rows.y),
        first_dates,
        rows.units.names,
        effects=groups,
        cluster=None if cluster is None else _clusters(rows, cluster),
        controls={name: _control(rows, name) for name in control_names},
    )
    by_unit_alone = len(panel.clusterings) == 1
    return Policy(
        rows=rows,
        panel=panel,
        never=never,
        shared=shared_by(rows, panel, first) if by_unit_alone else "",
        controls=tuple(control_names),
    )


def _effect_groups(rows: Table, effects: str | None) -> Groups:
    """Return the groups that have date effects of their own, all units one by default."""
    by = _group_columns(rows, effects)
    if not by:
        return Groups("", np.zeros(len(rows.units.names), dtype=int))
    labels = pd.DataFrame({name: of_units(rows, name) for name in by})
    group_of_unit = labels.groupby(by, sort=True, observed=True).ngroup()
    return Groups("^".join(by), group_of_unit.to_numpy())


def _clusters(rows: Table, name: str) -> Groups:
    """Return the clusters of errors, two at least."""
    labels = of_units(rows, name).astype(str)
    if len(set(labels)) == 1:
        raise EstimateError(
            f"{name} with one level, {labels[0]}",
            "two clusters at least",
            "leave it out, or take another column",
        )
    return Groups(name, encoded(labels).codes)


def _control(rows: Table, name: str) -> Array:
    """Return a control, one number for each unit, (N,)."""
    chosen("column", name, rows.data)
    values = as_floats(of_units(rows, name))
    if not pd.api.types.is_numeric_dtype(values):
        raise EstimateError(
            f"the control {name} with {values[0]!r}, which is no number",
            "numbers of units",
            "take another column; groups go into effects='region^year'",
        )
    return np.asarray(values, dtype=float)


def _group_columns(rows: Table, effects: str | None) -> list[str]:
    """Return the columns whose groups have date effects of their own."""
    if effects is None:
        return []
    if not isinstance(effects, str):
        raise EstimateError(
            f"effects={effects!r}", "text such as 'region^year'", "write it so"
        )
    names = [part.strip() for part in effects.split("^")]
    for name in names:
        chosen("column", name, rows.data)
    if rows.time_name not in names:
        raise EstimateError(
            f"effects of {effects} without the date",
            "effects of dates, or of groups and dates",
            f"write {effects}^{rows.time_name}",
        )
    return [name for name in names if name != rows.time_name]


def of_units(rows: Table, name: str, *, missing: bool = False) -> np.ndarray:
    """Return the value of each unit in a column that is the same at all its dates; (N,)."""
    codes, labels = pd.factorize(
        rows.column(name, missing=missing), use_na_sentinel=False
    )
    # Of a unit the last row stands, from which no other may differ.
    code_of_unit = np.zeros(len(rows.units.names), dtype=int)
    code_of_unit[rows.units.codes] = codes
    differs = code_of_unit[rows.units.codes] != codes
    if differs.any():
        raise EstimateError(
            f"{name} of {rows.unit[differs][0]} differs from date to date",
            f"one {name} for each unit",
            "correct it, or take another column",
        )
    return np.asarray(labels)[code_of_unit]


def coordinates(rows: Table, names: Any) -> tuple[Array, Array]:
    """Return latitude and longitude of each unit, from two columns of degrees, (N,),
    (N,); every function reads its places here.
    """
    columns = names_of(names)
    if len(columns) != 2:
        raise EstimateError(
            f"coords={names!r}", "two columns", "give coords=('lat', 'lon')"
        )
    for name in columns:
        chosen("column", name, rows.data)
        rows.numbers(name)  # refused where they are none
    lat, lon = (of_units(rows, name).astype(float) for name in columns)
    right_way = f"give coords={tuple(columns[::-1])!r}"
    # ASSUME: what is named so is so, also where both lie between the poles.
    if all(map(re.search, SWAPPED_NAMES, map(str.lower, map(str, columns)))):
        raise EstimateError(
            f"coords={tuple(columns)!r}, the longitude first",
            "the latitude first",
            right_way,
        )
    off = (np.abs(lat) > POLE) | (np.abs(lon) > TURN)
    if off.any():
        first = int(off.argmax())
        swapped = (np.abs(lon) <= POLE).all()
        raise EstimateError(
            f"{counted(off.sum(), 'unit')} off the globe, first {rows.units.names[first]}"
            f" with latitude {lat[first]:g} and longitude {lon[first]:g}",
            "degrees, the latitude first, from -90 to 90, longitudes from -360 to 360",
            right_way if swapped else "correct them, or convert them to degrees",
        )
    return lat, lon


def _first_dates(rows: Table, first: str) -> tuple[Array, dict[str, int]]:
    """Return the position of each unit's first date under the policy, (N,), NaN where it
    never comes, and how many units never have it, by how that is written.

    Notes
    -----
    A policy that comes between two dates is in force at the later one.
    """
    dates = pd.Series(of_units(rows, first, missing=True))
    never = _never(dates, rows.calendar)
    with_date = never.isna()
    ever = dates[with_date]
    found = rows.calendar.at_or_after(ever) if len(ever) else None
    if found is None:
        words = "with no date"
        if len(ever):
            words = (
                f"with dates of another kind, such as {_odd_one(ever, rows.calendar)}"
            )
        raise EstimateError(
            f"{first} {words}",
            f"dates such as {rows.calendar.text[0]} where a unit gets the policy, else"
            " blank",
            "correct the column",
        )
    positions = np.full(len(dates), np.nan)
    positions[with_date] = found
    counts = never.value_counts().sort_index()
    return positions, {str(name): int(count) for name, count in counts.items()}


def _never(dates: pd.Series[Any], calendar: Dates) -> pd.Series[Any]:
    """Return how it is written that a policy never comes, NaN where it has a date."""
    texts = dates[dates.notna()].map(plain_text).astype(str)
    is_code = texts.str.fullmatch(NEVER_CODES)
    # ASSUME: such a number is a date where dates lie on both sides of it or are it.
    numbers = pd.to_numeric(texts, errors="coerce")
    of_panel = pd.to_numeric(pd.Series(calendar.text), errors="coerce")
    known_dates = pd.concat([of_panel, numbers[~is_code]])
    is_code &= ~numbers.between(known_dates.min(), known_dates.max())
    never = texts.where(is_code).reindex(dates.index)
    with_word = texts.index[texts.str.fullmatch(NEVER_WORDS, case=False)]
    never[with_word] = texts[with_word].replace("", BLANK)
    return never.where(dates.notna(), BLANK)


def _odd_one(dates: pd.Series[Any], calendar: Dates) -> str:
    """Return the first date that alone is no date of the panel's kind; the first of all
    where only together they are none.
    """
    different = pd.Series(dates.unique())
    for i, date in enumerate(different):
        if calendar.at_or_after(different[i : i + 1]) is None:
            return plain_text(date)
    return plain_text(different[0])


def tidy_effects(
    parts: Sequence[Effects], permuted: Sequence[Row], places: Places | None = None
) -> Rows:
    """Return tidy rows at a level: tests by the clustering with the widest interval, by
    Conley's errors where places are given, and the tests by permuted dates.
    """

    def rows(level: float) -> pd.DataFrame:
        tests = [row for part in parts for row in part.rows(level)]
        if places is not None:
            where = (places.lat, places.lon, places.cutoff_km)
            tests += [row for part in parts for row in part.conley(*where, level)]
        return tidy([*tests, *permuted])

    return rows


def described(
    effects: Effects, rng: np.random.Generator, draws: int, power: float
) -> pd.DataFrame:
    """Return a row for each term: estimate, pointwise and joint bands by ``draws`` draws,
    units and cells behind it, the smallest effect visible at a power, and errors.
    """
    errors = {f"error by {name}": fit.std_error for name, fit in effects.fits.items()}
    return pd.DataFrame(
        {
            "estimate": effects.estimate,
            **effects.bands(rng, draws, LEVEL)._asdict(),
            "units": effects.units,
            "cells": effects.cells,
            "not imputed": effects.lost,
            "smallest visible": [row.test.mde for row in effects.rows(LEVEL, power)],
            **errors,
        },
        index=pd.Index(effects.names, name="term"),
    )

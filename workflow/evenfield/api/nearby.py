"""Growth of units on lists and of units near them, on a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import Table, names_of, reported, table
from evenfield.api.distances import COORDS, distances
from evenfield.api.results import NUMBERS, Fit, chosen
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.event_study.estimates import FEWEST_CLUSTERS
from evenfield.numerics.inference.cluster_robust import in_order
from evenfield.numerics.inference.methods import (
    METHODS,
    Locations,
    few_cluster_weights,
    infer,
)
from evenfield.numerics.label_permutation import LabelDraws
from evenfield.numerics.nearby import Nearby, NearbyDesign, NearbyModel, within_reach
from evenfield.study.errors import EstimateError, counted

PERMUTED = "permuted lists"
MEASURES = ("any", "share")
# Methods that need dates, a distance of their own, or other draws than those here.
ELSEWHERE = {"two_way", "driscoll_kraay", "conley", "conley_all_dates"}
KINDS = tuple(
    name
    for name in METHODS
    if name not in ELSEWHERE and not name.startswith("randomisation")
)


@reported("nearby")
def nearby(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    lists: str | Sequence[str],
    radius: float,
    coords: tuple[str, str] = COORDS,
    distance: object = None,
    measure: Literal["any", "share"] = "any",
    sample: str | None = None,
    inference: str | Sequence[str] | None = None,
    cluster: str | None = None,
    draws: int = 9999,
    seed: int = 0,
) -> Fit:
    """Compare growth of units on lists, and of units on none by the list nearby.

    Parameters
    ----------
    formula : str
        ``growth ~ log_income | province``: growth of each unit, what is held, and behind
        the bar the parents within which units are compared; ``growth ~ 1`` holds nothing
        and compares all.
    data : DataFrame
        One row a unit. All units count as neighbours, those outside the sample too.
    unit : str, optional
        Column or index level; each row by default.
    lists : str or sequence of str
        Columns that are 1 for units on a list and 0 for others.
    radius : float
        Distance up to which another unit is near, in km or in what ``distance`` counts.
    coords, distance : tuple of str; optional
        As for ``rings``.
    measure : {"any", "share"}
        Whether a unit of the list lies near, or the share of the units nearby that are
        on it, zero without one nearby.
    sample : str, optional
        Column that is 1 for units that are compared and 0 for others, whose growth may
        be blank; all by default.
    inference : str or sequence of str, optional
        As for ``ols``, but for methods of dates and of randomisation. By default CR3 by
        ``cluster`` or, where ten parents or more stand in both regressions, by parent;
        else HC3.
    cluster : str, optional
        Column of the clusters of errors; parents by default, without them units.
    draws, seed : int
        Of the wild bootstrap and of lists dealt out again.

    Returns
    -------
    Fit
        Rows ``own_LIST`` over all units, ``near_LIST`` over units on no list, and
        differences of each two lists, in the unit of the outcome, by each inference;
        then by ``permuted lists``. ``raw`` holds both regressions.

    Notes
    -----
    Exposure as in Halleck Vega and Elhorst (2015), among units without treatment of
    their own as in Butts (2021). CR3 has t(G* - 1), G* effective clusters.
    """
    whole("draws", draws, lowest=1)
    chosen("measure", measure, MEASURES)
    most = _radius(radius)
    rows = table(
        formula,
        data,
        unit,
        None,
        keep_missing=sample is not None,
        of_one_date=True,
    )
    _check_rows(rows)
    compared = _compared(rows, sample)
    names = _names_of_lists(lists)
    case = Nearby(
        growth=np.asarray(rows.y, dtype=float),
        held=_held(rows).to_numpy(),
        lists=np.column_stack([_members(rows, name) for name in names]),
        reach=within_reach(distances(rows, coords, distance), most),
        sample=compared,
        parents=_parents(rows),
        share=measure == "share",
    )
    pair = _Pair(
        rows=rows,
        case=case,
        names=names,
        cluster=cluster,
        coords=coords,
        draws=draws,
        seed=seed,
    )
    _check_near(pair.near, names, most)
    kinds = pair.kinds(inference)
    return Fit(
        "Growth on lists and nearby",
        lambda level: pair.lines(kinds, level),
        nobs=len(pair.own.rows),
        notes={**pair.notes(), "reach": f"{measure} within {most:g}"},
        raw={"own": pair.own_design, "near": pair.near_design},
    )


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Both regressions and what inference needs beside them."""

    rows: Table
    case: Nearby
    names: list[str]  # of the lists
    cluster: str | None
    coords: tuple[str, str]
    draws: int
    seed: int

    @cached_property
    def own(self) -> NearbyModel:
        """The regression on lists."""
        return self.case.own_model(self._columns("own"))

    @cached_property
    def near(self) -> NearbyModel:
        """The regression on lists nearby."""
        return self.case.near_model(self._columns("near"))

    def _columns(self, prefix: str) -> list[str]:
        held = [str(name) for name in _held(self.rows)]
        return [*(f"{prefix}_{name}" for name in self.names), *held]

    @cached_property
    def own_design(self) -> NearbyDesign:
        """Its fit with clusters, places and lists dealt out again."""
        return self._design(self.own)

    @cached_property
    def near_design(self) -> NearbyDesign:
        """The same of the regression on lists nearby."""
        return self._design(self.near)

    def _design(self, model: NearbyModel) -> NearbyDesign:
        groups = in_order(self._clusters[model.rows])
        return model.design(
            self.rows.units.names,
            self._dealt,
            groups=groups,
            locations=self._locations(model),
            draws=self.draws,
            seed=self.seed,
            wild_weights=few_cluster_weights(len(groups.names)),
            effective_df=True,
            conley_factor="N/(N-K)",
        )

    @cached_property
    def _dealt(self) -> LabelDraws:
        """Lists dealt out again, the same for both regressions."""
        return self.case.dealt(self.draws, np.random.default_rng(self.seed))

    @cached_property
    def _clusters(self) -> np.ndarray:
        """Clusters of errors of all units, (N,)."""
        if self.cluster is not None:
            labels = self.rows.column(self.cluster).astype(str)
            return in_order(labels.to_numpy(dtype=str)).codes
        if self.case.has_parents:
            return self.case.parents
        return np.arange(len(self.case.parents))

    def _locations(self, model: NearbyModel) -> Locations | None:
        if not {*self.coords} <= {*self.rows.data}:
            return None
        places = self.rows.data[list(self.coords)].to_numpy(float)[model.rows]
        return Locations(self.rows.units.names[model.rows], *places.T)

    def kinds(self, inference: str | Sequence[str] | None) -> list[str]:
        """Return the methods, those that were asked for or by default."""
        if inference is not None:
            kinds = names_of(inference)
            for kind in kinds:
                chosen("inference", kind, KINDS)
            return kinds
        # ASSUME: with fewer parents errors by parent rest on too few of them.
        counts = [
            len(np.unique(self._clusters[model.rows]))
            for model in (self.own, self.near)
        ]
        by_parent = self.case.has_parents and min(counts) >= FEWEST_CLUSTERS
        return ["CR3" if self.cluster is not None or by_parent else "HC3"]

    def _asked(self, prefix: str) -> list[tuple[str, Array]]:
        """Return names and weights of coefficients and differences, (K,) each."""
        own = np.eye(len(self.names))
        terms = [f"{prefix}_{name}" for name in self.names]
        asked = list(zip(terms, own, strict=True))
        for i, j in combinations(range(len(terms)), 2):
            asked.append((f"{terms[i]} - {terms[j]}", own[i] - own[j]))
        return asked

    def lines(self, kinds: Sequence[str], level: float) -> pd.DataFrame:
        """Return a row for each inference and term; one that cannot be says why, unless
        none can.
        """
        scheme = "_stratified" if self.case.has_parents else ""
        methods = {kind: kind for kind in kinds}
        methods[PERMUTED] = f"randomisation{scheme}"
        designs = {"own": self.own_design, "near": self.near_design}
        out = []
        reasons = []
        for kind, method in methods.items():
            for prefix, design in designs.items():
                for term, c in self._asked(prefix):
                    test = infer(method, design, design.model.weights(c), level)
                    numbers = {name: getattr(test, name) for name in NUMBERS}
                    law = test.p_type if kind == PERMUTED else test.law
                    out.append(
                        {
                            "term": term,
                            "inference": kind,
                            **numbers,
                            "law": f"none: {test.reason}" if test.reason else law,
                        }
                    )
                    if kind != PERMUTED:
                        reasons.append(test.reason)
        # One inference that cannot be is a row that says why; none is an error.
        if all(reasons):
            raise NumericsError(reasons[0])
        return pd.DataFrame(out)

    def notes(self) -> dict[str, object]:
        """Return how many units are on lists, near them, and alone."""
        compared = self.case.sample
        marks = self.case.lists > 0
        on = {
            f"on {name}": int(marks[compared, k].sum())
            for k, name in enumerate(self.names)
        }
        free = compared & ~marks.any(axis=1)
        seen = self.case.exposure(self.case.lists)[free] > 0
        several = seen.sum(axis=1) > 1
        one = len(self.names) == 1
        near = {
            f"near {name}{'' if one else ' only'}": int((seen[:, k] & ~several).sum())
            for k, name in enumerate(self.names)
        }
        if not one:
            both = "near both" if len(self.names) == 2 else "near several"
            near[both] = int(several.sum())
        parents = len(np.unique(self.case.parents[compared]))
        return {
            "units": int(compared.sum()),
            "neighbours only": int((~compared).sum()) or "",
            "parents": parents if self.case.has_parents else "",
            **on,
            "on no list": int(free.sum()),
            **near,
            "near none": int((~seen.any(axis=1)).sum()),
            "alone in their parent": self.own.alone or "",
            "on no list, alone in their parent": self.near.alone or "",
        }


def _radius(radius: Any) -> float:
    """Return a positive number, and refuse another."""
    number = isinstance(radius, int | float | np.number) and radius is not True
    if not (number and 0 < radius < np.inf):
        raise EstimateError(
            f"radius={radius!r}",
            "a positive number, in km or steps",
            "give radius=100, for example",
        )
    return float(radius)


def _check_rows(rows: Table) -> None:
    """Refuse several dates of a unit, several groups of parents and no constant."""
    if rows.several:
        twice = np.bincount(rows.units.codes) > 1
        raise EstimateError(
            f"several rows of a unit, first {rows.units.names[twice][0]}",
            "one row a unit",
            f"keep one {rows.time_name or 'date'}",
        )
    if len(rows.effects) > 1:
        raise EstimateError(
            f"{len(rows.effects)} effects behind the bar, {' and '.join(rows.effects)}",
            "one, the parents of the units",
            f"write {'^'.join(rows.effects)} for pairs of them",
        )
    if not rows.effects and "Intercept" not in rows.X:
        raise EstimateError(
            "growth without a constant", "one", "leave out '0 +' or '- 1'"
        )


def _held(rows: Table) -> pd.DataFrame:
    return rows.X.drop(columns="Intercept", errors="ignore")


def _parents(rows: Table) -> np.ndarray:
    """Return the parent of each unit, (N,) codes from zero; one for all without any."""
    if not rows.effects:
        return np.zeros(len(rows.y), dtype=int)
    (name,) = rows.effects
    # By first unit and not by name, so that names of parents move no draw.
    return in_order(rows.effect(name)).codes


def _names_of_lists(lists: Any) -> list[str]:
    """Return the names of the lists, each once."""
    names = names_of(lists) if isinstance(lists, Sequence) else []
    if not names or len({*map(str, names)}) < len(names):
        raise EstimateError(
            f"lists={lists!r}",
            "different names of columns, one at least",
            "give lists=['cluster', 'zone'], for example",
        )
    return names


def _zeros_and_ones(rows: Table, name: str, of_ones: str) -> Array:
    """Return a column of zeros and ones, (N,), and refuse another."""
    values = rows.column(name)
    odd = ~values.isin([0, 1]).to_numpy()
    if odd.any():
        raise EstimateError(
            f"values of {name} beside 0 and 1, first {values[odd].iloc[0]} of"
            f" {rows.unit[odd][0]}",
            f"1 for units {of_ones}, 0 for others",
            "make such a column",
        )
    return values.to_numpy(dtype=float)


def _compared(rows: Table, sample: str | None) -> np.ndarray:
    """Return which units are compared, (N,) of bool, whose numbers are all known."""
    if sample is None:
        return np.ones(len(rows.y), dtype=bool)
    compared = _zeros_and_ones(rows, sample, "that are compared") == 1
    known = np.isfinite(np.column_stack([rows.y, rows.X])).all(axis=1)
    blank = compared & ~known
    if blank.any():
        raise EstimateError(
            f"{counted(blank.sum(), 'unit')} of the sample without growth or what is"
            f" held, first {rows.unit[blank][0]}",
            "a number of each",
            f"fill it, or give the unit {sample} = 0",
        )
    return np.asarray(compared)


def _members(rows: Table, name: str) -> Array:
    """Return which units are on a list, (N,) of zeros and ones."""
    members = _zeros_and_ones(rows, name, "on the list")
    if members.min() == members.max():
        who = "every unit" if members.any() else "no unit"
        raise EstimateError(
            f"{who} on the list {name}", "some units on it", "correct the column"
        )
    return members


def _check_near(model: NearbyModel, names: Sequence[str], radius: float) -> None:
    """Refuse a list that no unit on no list lies near to."""
    for name, exposure in zip(names, model.regressors.T, strict=True):
        if not exposure.any():
            raise EstimateError(
                f"no unit near {name}: within {radius:g} of one on it none of"
                f" {counted(len(exposure), 'unit')} on no list",
                "some",
                "take a larger radius, or leave the list out",
            )

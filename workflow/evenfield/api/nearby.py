"""Growth of units on lists, and of units on no list near them, from a DataFrame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.arithmetic import as_floats
from evenfield.api.data import Table, names_of, reported, table
from evenfield.api.distances import COORDS, distances
from evenfield.api.policies import coordinates
from evenfield.api.results import NUMBERS, Fit, InTables, chosen
from evenfield.models.nearby import Nearby, NearbyDesign, NearbyModel
from evenfield.models.policies import FEWEST_CLUSTERS
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Locations, Tested
from evenfield.numerics.inference.methods import METHODS, infer
from evenfield.study.errors import EstimateError, counted

PERMUTED = "permuted lists"
MEASURES = ("any", "share")
# Columns of what describes a whole regression.
WHOLE = ["units", "clusters", "R2", "R2 within", "mean"]
# Without methods that need dates or a distance of their own; randomisation is always a
# line of its own (`PERMUTED`).
KINDS = tuple(
    name
    for name, method in METHODS.items()
    if not (method.dated or method.scheme or "cutoff_km" in method.options)
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
    """Compare growth of units on lists, and of units on no list by the lists near them.

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
        Column of the clusters of errors; by default the parents, or the units if there
        are no parents.
    draws, seed : int
        Number and seed of the draws of the wild bootstrap, and of those in which lists
        are dealt out again.

    Returns
    -------
    Fit
        Rows ``own_LIST`` over all units, ``near_LIST`` over units on no list, and
        differences of each two lists, in the unit of the outcome, by each inference;
        then by ``permuted lists``. ``tables["counts"]`` has the units on no list, on
        one alone and on several, and those on none by the lists near them;
        ``tables["regressions"]`` units, clusters, R2 (effects of parents included), R2
        within parents and the mean of the outcome. ``raw`` holds both regressions.

    Notes
    -----
    g_i = a_p + sum_k b_k L_ki + x_i d + e_i over all units, b_k in ``own_LIST``; g_i =
    a_p + sum_k c_k N_ki + x_i d + e_i over units on no list, c_k in ``near_LIST``; L_ki
    one on list k, N_ki exposure to it. Exposure as in Halleck Vega and Elhorst (2015),
    among units without treatment of their own as in Butts (2021). CR3 has t(G* - 1), G*
    effective clusters.
    """
    whole("draws", draws, lowest=1)
    chosen("measure", measure, MEASURES)
    radius = _radius(radius)
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
    names = names_of_lists(lists)
    case = Nearby(
        growth=np.asarray(rows.y, dtype=float),
        held=_held(rows).to_numpy(),
        lists=np.column_stack([members(rows, name) for name in names]),
        distance=distances(rows, coords, distance),
        radius=radius,
        sample=compared,
        parents=_parents(rows),
        share=measure == "share",
    )
    regressions = _OwnAndNear(
        rows=rows,
        case=case,
        names=names,
        cluster=cluster,
        coords=coords,
        draws=draws,
        seed=seed,
        inference=inference,
    )
    _check_near(regressions.near, names, radius)
    kinds = regressions.kinds
    return Fit(
        "Growth on lists and nearby",
        lambda level: regressions.lines(kinds, level),
        nobs=len(regressions.own.rows),
        notes={**regressions.notes(), "reach": f"{measure} within {radius:g}"},
        tables={"counts": regressions.counts(), "regressions": regressions.whole()},
        _drawn={"lists": list(names)},
        _in_tables=regressions.in_tables(),
        raw=regressions.designs,
    )


@dataclass(frozen=True, kw_only=True)
class _OwnAndNear:
    """The regression on lists over all units and that on lists nearby over units on no
    list, with what inference needs.
    """

    rows: Table
    case: Nearby
    names: list[str]  # of the lists
    cluster: str | None
    coords: tuple[str, str]
    draws: int
    seed: int
    inference: str | Sequence[str] | None  # as asked for

    @cached_property
    def own(self) -> NearbyModel:
        """The regression on lists."""
        return self.case.own_model(self._columns("own"))

    @cached_property
    def near(self) -> NearbyModel:
        """The regression on lists nearby."""
        return self.case.near_model(self._columns("near"))

    def _terms(self, prefix: str) -> list[str]:
        """Return the names of the coefficients of lists."""
        return [f"{prefix}_{name}" for name in self.names]

    def _columns(self, prefix: str) -> list[str]:
        """Return the names of the coefficients of lists and of what is held."""
        return [*self._terms(prefix), *(str(name) for name in _held(self.rows))]

    @cached_property
    def designs(self) -> dict[str, NearbyDesign]:
        """Both regressions with clusters, coordinates and the same lists dealt out
        again.
        """
        permuted_labels = self.case.permuted_labels(
            self.draws, np.random.default_rng(self.seed)
        )
        designs = {}
        for name, model in (("own", self.own), ("near", self.near)):
            designs[name] = model.design(
                self.rows.units.names,
                self._clusters,
                permuted_labels,
                locations=self._locations(model),
                draws=self.draws,
                seed=self.seed,
            )
        return designs

    @cached_property
    def _clusters(self) -> np.ndarray:
        """Clusters of errors of all units, (N,)."""
        if self.cluster is not None:
            return self.rows.column(self.cluster).to_numpy(dtype=str)
        if self.case.has_parents:
            return self.case.parents
        return np.arange(len(self.case.parents))

    def _locations(self, model: NearbyModel) -> Locations | None:
        """Return coordinates of the units of a regression, where the data have them."""
        in_data = {*names_of(self.coords)} <= {*self.rows.data}
        read = any("coords" in METHODS[kind].options for kind in self.kinds)
        if not (in_data and read):
            return None
        lat, lon = coordinates(self.rows, self.coords)
        units = self.rows.units.names[model.rows]
        return Locations(units=units, lat=lat[model.rows], lon=lon[model.rows])

    @cached_property
    def kinds(self) -> list[str]:
        """The methods, those that were asked for or by default."""
        if self.inference is not None:
            kinds = list(dict.fromkeys(names_of(self.inference)))
            for kind in kinds:
                chosen("inference", kind, KINDS)
            return kinds
        if self.cluster is not None:
            return ["CR3"]
        # ASSUME: with fewer parents errors by parent rest on too few of them.
        cluster_counts = [
            len(np.unique(self._clusters[model.rows]))
            for model in (self.own, self.near)
        ]
        enough_parents = min(cluster_counts) >= FEWEST_CLUSTERS
        return ["CR3" if self.case.has_parents and enough_parents else "HC3"]

    def _combinations(self, prefix: str) -> list[tuple[str, Array]]:
        """Return names and weights of each coefficient of a list and of the differences
        of each two, (K,) each.
        """
        terms = self._terms(prefix)
        weights = np.eye(len(terms))
        named = list(zip(terms, weights, strict=True))
        for i, j in combinations(range(len(terms)), 2):
            named.append((f"{terms[i]} - {terms[j]}", weights[i] - weights[j]))
        return named

    def lines(self, kinds: Sequence[str], level: float) -> pd.DataFrame:
        """Return a row for each inference and term. A test that is not defined is a row
        with the reason; refused where none but the permutation is.
        """
        # Within parents lists are dealt out within parents.
        stratified = "_stratified" if self.case.has_parents else ""
        methods = {kind: kind for kind in kinds}
        methods |= {PERMUTED: f"randomisation{stratified}"}
        tests = [
            (term, kind, infer(method, design, design.model.weights(c), level))
            for kind, method in methods.items()
            for prefix, design in self.designs.items()
            for term, c in self._combinations(prefix)
        ]
        reasons = [test.reason for _, kind, test in tests if kind != PERMUTED]
        if all(reasons):
            raise NumericsError(reasons[0])
        return pd.DataFrame([_line(term, kind, test) for term, kind, test in tests])

    def notes(self) -> dict[str, object]:
        """Return how many units are compared, on lists, near them, and alone in their
        parent; blank where a count does not arise.
        """
        names = self.names
        compared = self.case.sample
        on_list = self.case.lists > 0
        on_none = compared & ~on_list.any(axis=1)
        near_list = self._near_list(on_none)
        parents = len(np.unique(self.case.parents[compared]))
        return {
            "units": int(compared.sum()),
            "neighbours only": int((~compared).sum()) or "",
            "parents": parents if self.case.has_parents else "",
            **_counts_by_list("on {}", names, on_list[compared]),
            "on no list": int(on_none.sum()),
            **_counts_of_classes("near", names, near_list),
            "near none": int((~near_list.any(axis=1)).sum()),
            "alone in their parent": self.own.alone or "",
            "on no list, alone in their parent": self.near.alone or "",
        }

    def counts(self) -> pd.DataFrame:
        """Return how many units that are compared are on which lists, and those on none
        by the lists near them; each unit counts once on, and once near if on none.
        """
        on_list = self.case.lists > 0
        on_none = self.case.sample & ~on_list.any(axis=1)
        counts = {}
        for word, marks in (
            ("on", on_list[self.case.sample]),
            ("near", self._near_list(on_none)),
        ):
            counts[f"{word} none"] = int((~marks.any(axis=1)).sum())
            counts |= _counts_of_classes(word, self.names, marks)
        return pd.DataFrame({"units": counts})

    def whole(self) -> pd.DataFrame:
        """Return units, clusters, R2 and the mean of the outcome, a row a regression."""
        found = {name: design.whole for name, design in self.designs.items()}
        return pd.DataFrame.from_dict(found, orient="index", columns=WHOLE)

    def in_tables(self) -> InTables:
        """Return what a table of several fits prints of both regressions."""
        own, near = (self.designs[name].whole for name in ("own", "near"))
        numbers: dict[str, float] = {"N, near": near.units}
        for ending, found in (("", own), (", near", near)):
            numbers[f"R2{ending}"] = found.r2
            numbers[f"R2 within{ending}"] = found.r2_within
            numbers[f"mean of outcome{ending}"] = found.mean
        unit = str(self.rows.unit_name or "row")
        cluster = self.cluster or next(iter(self.rows.effects), unit)
        by_cluster = [kind for kind in self.kinds if "cluster" in METHODS[kind].options]
        return InTables(
            effects=tuple(self.rows.effects),
            held=tuple(map(str, _held(self.rows))),
            clusters=dict.fromkeys(by_cluster, f"{cluster} ({own.clusters})"),
            whole=numbers,
        )

    def _near_list(self, units: np.ndarray) -> np.ndarray:
        """Return near which lists some units are, (n, K) of bool; units (N,) of bool."""
        return np.asarray(self.case.exposure(self.case.lists)[units] > 0)


def _line(term: str, kind: str, test: Tested) -> dict[str, object]:
    """Return the numbers of a test, with its distribution or why it is not defined."""
    law = test.p_type if kind == PERMUTED else test.law
    if test.reason:
        law = f"none: {test.reason}"
    numbers = {name: getattr(test, name) for name in NUMBERS}
    return {"term": term, "inference": kind, **numbers, "law": law}


def _counts_by_list(
    label: str, names: Sequence[str], of_list: np.ndarray
) -> dict[str, int]:
    """Count the units of each list, under ``label`` with its name in it, as ``on {}``;
    of_list (n, K) of bool.
    """
    counts = of_list.sum(axis=0).tolist()
    return {label.format(name): n for name, n in zip(names, counts, strict=True)}


def _counts_of_classes(
    word: str, names: Sequence[str], marks: np.ndarray
) -> dict[str, int]:
    """Count the units on or near one list alone, by list, and those of several; marks
    (n, K) of bool.
    """
    if len(names) == 1:
        return _counts_by_list(f"{word} {{}}", names, marks)
    of_several = marks.sum(axis=1) > 1
    of_one = marks & ~of_several[:, None]
    several = "both" if len(names) == 2 else "several"
    return {
        **_counts_by_list(f"{word} {{}} only", names, of_one),
        f"{word} {several}": int(of_several.sum()),
    }


def _radius(radius: Any) -> float:
    """Return a positive number, and refuse another."""
    is_number = isinstance(radius, int | float | np.number) and radius is not True
    if not (is_number and 0 < radius < np.inf):
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
    """Return what is held: the regressors of the formula without the constant."""
    return rows.X.drop(columns="Intercept", errors="ignore")


def _parents(rows: Table) -> np.ndarray:
    """Return the parent of each unit, (N,) codes from zero; one for all without any."""
    if not rows.effects:
        return np.zeros(len(rows.y), dtype=int)
    (name,) = rows.effects
    # Codes in the order of units, so that renamed parents give the same draws.
    return pd.factorize(rows.effect(name))[0]


def names_of_lists(lists: Any, argument: str = "lists") -> list[str]:
    """Return the names of the lists, each once."""
    names = names_of(lists) if isinstance(lists, Sequence) else []
    if not names or len({*map(str, names)}) < len(names):
        raise EstimateError(
            f"{argument}={lists!r}",
            "different names of columns, one at least",
            f"give {argument}=['cluster', 'zone'], for example",
        )
    return names


def _zeros_and_ones(rows: Table, name: str, of_ones: str) -> Array:
    """Return a column of zeros and ones, (N,), and refuse another."""
    values = rows.column(name)
    others = ~as_floats(values).isin([0, 1]).to_numpy()
    if others.any():
        raise EstimateError(
            f"values of {name} beside 0 and 1, first {values[others].iloc[0]} of"
            f" {rows.unit[others][0]}",
            f"1 for units {of_ones}, 0 for others",
            "make such a column",
        )
    return values.to_numpy(dtype=float)


def _compared(rows: Table, sample: str | None) -> np.ndarray:
    """Return which units are compared, (N,) of bool, and refuse one without growth or
    what is held.
    """
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


def members(rows: Table, name: str) -> Array:
    """Return which units are on a list, (N,) of zeros and ones."""
    members = _zeros_and_ones(rows, name, "on the list")
    if members.min() == members.max():
        who = "every unit" if members.any() else "no unit"
        raise EstimateError(
            f"{who} on the list {name}", "some units on it", "correct the column"
        )
    return members


def _check_near(model: NearbyModel, names: Sequence[str], radius: float) -> None:
    """Refuse a list whose neighbours are all on a list: its exposure is zero throughout."""
    for name, exposure in zip(names, model.regressors.T, strict=True):
        if not exposure.any():
            raise EstimateError(
                f"no unit near {name}: within {radius:g} of one on it none of"
                f" {counted(len(exposure), 'unit')} on no list",
                "some",
                "take a larger radius, or leave the list out",
            )

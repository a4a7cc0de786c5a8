"""Least squares with many inferences, group contrasts, beta convergence and specification curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.front.data import Table, table, told
from evenfield.front.results import NUMBERS, Fit, Rows
from evenfield.numerics import ols as least_squares
from evenfield.numerics.convergence import fit_speed, half_life_bounds, speed_bounds, speed_from_slope
from evenfield.numerics.inference import cluster_robust as by_cluster
from evenfield.numerics.inference.conley import conley_inference, conley_panel_inference, spatial_kernel
from evenfield.numerics.inference.driscoll_kraay import default_lags, driscoll_kraay_inference
from evenfield.numerics.inference.randomisation import (
    Effects,
    free_assignments,
    path_panel,
    path_randomisation,
    randomisation_inference,
    stratified_assignments,
)
from evenfield.numerics.inference.wild_bootstrap import wild_bootstrap, wild_draws, wild_inference
from evenfield.numerics.scpc import SpatialComponents, scpc_inference, spatial_components
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.specification_curve import SUMMARIES, curve_summaries, joint_test, permutation_from_keys
from evenfield.study.errors import EstimateError

Options = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A least-squares fit and what its inferences need beside it."""

    rows: Table
    fit: least_squares.OlsFit
    names: tuple[str, ...]  # coefficients that are reported, the first columns
    clusters: np.ndarray
    absorbed: int  # effects that demeaning took out
    options: Options

    def combination(self, name: str) -> np.ndarray:
        """Return the weights of one coefficient, shape (K,)."""
        return np.asarray(np.arange(self.fit.X.shape[1]) == self.names.index(name), dtype=float)

    @property
    def cross_section(self) -> bool:
        """Whether each unit has one row."""
        return len(self.rows.units) == len(self.rows.unit)

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ids, latitudes and longitudes of the units."""
        names = list(self.options["coords"])
        if any(name not in self.rows.data for name in names):
            raise EstimateError(f"no coordinates {names}", "columns of the data", "give coords=('lat', 'lon')")
        first = np.unique(self.rows.unit, return_index=True)[1]
        lat, lon = self.rows.data[names].to_numpy(float)[first].T
        return self.rows.units, lat, lon

    @cached_property
    def kernel(self) -> Any:
        """Spatial kernel of the units."""
        if self.options["cutoff_km"] is None:
            raise EstimateError("Conley errors without a distance", "cutoff_km", "give cutoff_km=500, for example")
        return spatial_kernel(*self.places, self.options["cutoff_km"])

    @cached_property
    def spaces(self) -> dict[float, SpatialComponents]:
        """Principal components by confidence level, filled when asked for."""
        return {}

    def space(self, level: float) -> SpatialComponents:
        """Return the principal components at a level."""
        if not self.cross_section:
            raise EstimateError("SCPC for several rows a unit", "one row a unit", "take long differences or unit means")
        if level not in self.spaces:
            distance, most = haversine_km(*self.places[1:]), self.options["most_components"]
            self.spaces[level] = spatial_components(distance, self.options["average_correlation"], level, most)
        return self.spaces[level]

    @property
    def lags(self) -> int:
        """Serial lags."""
        lags = self.options["lags"]
        return default_lags(len(np.unique(self.rows.time))) if lags is None else int(lags)

    @cached_property
    def draws(self) -> Any:
        """Weights of the wild bootstrap."""
        return wild_draws(
            self.clusters, "rademacher", self.options["draws"], np.random.default_rng(self.options["seed"])
        )

    def randomised(self, name: str, level: float) -> Any:
        """Permute the paths of a regressor over units, the others held."""
        effects = set(self.rows.effects)
        if self.options["time"] not in {*effects, None} or len(effects) > 2:
            raise EstimateError(
                "a panel without time effects", "'| time' or '| unit + time' in the formula", "add them"
            )
        X = self.rows.X.drop(columns=["Intercept", name], errors="ignore").to_numpy()
        panel = path_panel(
            self.rows.y.to_numpy(), self.rows.X[name].to_numpy(), self.rows.unit, self.rows.time, X if X.size else None
        )
        rng, draws, strata = np.random.default_rng(self.options["seed"]), self.options["draws"], self.options["strata"]
        if strata is None:
            assignments = free_assignments(panel, draws, rng)
        else:
            labels = dict(zip(self.rows.unit.tolist(), self.rows.data[strata].astype(str), strict=True))
            assignments = stratified_assignments(panel, labels, draws, rng)
        what: Effects = "unit and time" if self.options["unit"] in effects else "time"
        return randomisation_inference(path_randomisation(panel, assignments, what), level)


def _by_formula(cov: Callable[[least_squares.OlsFit], np.ndarray]) -> Callable[[Case, str, float], Any]:
    def infer(case: Case, name: str, level: float) -> Any:
        df = case.fit.df - case.absorbed
        factor = case.fit.df / df
        return least_squares.contrast_inference(case.fit, factor * cov(case.fit), case.combination(name), df, level)

    return infer


def _conley(case: Case, name: str, level: float, dates: str) -> Any:
    c, rows = case.combination(name), case.rows
    if case.cross_section:
        return conley_inference(case.fit, c, rows.unit, case.kernel, level=level)
    return conley_panel_inference(
        case.fit, c, rows.unit, rows.time, case.kernel, case.lags, level=level, all_dates=dates == "all"
    )


INFERENCES: dict[str, Callable[[Case, str, float], Any]] = {
    "classical": _by_formula(least_squares.cov_classical),
    "HC1": _by_formula(least_squares.cov_hc1),
    "HC3": _by_formula(least_squares.cov_hc3),
    "CR1": lambda s, n, a: by_cluster.cr1_inference(s.fit, s.combination(n), s.clusters, level=a),
    "CR2": lambda s, n, a: by_cluster.cr2_inference(s.fit, s.combination(n), s.clusters, level=a),
    "CR3": lambda s, n, a: by_cluster.cr3_inference(s.fit, s.combination(n), s.clusters, level=a),
    "two_way": lambda s, n, a: by_cluster.two_way_inference(s.fit, s.combination(n), s.clusters, s.rows.time, level=a),
    "wild": lambda s, n, a: wild_inference(wild_bootstrap(s.fit, s.combination(n), s.clusters, s.draws, "11"), a),
    "wild33": lambda s, n, a: wild_inference(wild_bootstrap(s.fit, s.combination(n), s.clusters, s.draws, "33"), a),
    "SCPC": lambda s, n, a: scpc_inference(s.fit, s.combination(n), s.space(a)),
    "conley": lambda s, n, a: _conley(s, n, a, "same"),
    "conley_all_dates": lambda s, n, a: _conley(s, n, a, "all"),
    "driscoll_kraay": lambda s, n, a: driscoll_kraay_inference(s.fit, s.combination(n), s.rows.time, s.lags, level=a),
    "randomisation": lambda s, n, a: s.randomised(n, a),
}
LAWS = {"wild": "wild bootstrap", "wild33": "wild bootstrap", "SCPC": "SCPC", "randomisation": "permutations"}


def _rows(case: Case, inference: Sequence[str]) -> Rows:
    def rows(level: float) -> pd.DataFrame:
        out = []
        for kind, name in product(inference, case.names):
            if kind == "randomisation" and name == "Intercept":
                continue
            found = INFERENCES[kind](case, name, level)
            df = getattr(found, "df", np.nan)
            numbers = {column: getattr(found, column, np.nan) for column in NUMBERS}
            law = getattr(found, "law", LAWS.get(kind, f"t({df:g})"))
            out.append({"term": name, "inference": kind, **numbers, "law": law})
        return pd.DataFrame(out)

    return rows


@told("ols")
def ols(
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    *,
    y: str | None = None,
    x: Sequence[str] = (),
    unit: str | None = None,
    time: str | None = None,
    inference: str | Sequence[str] | None = None,
    cluster: str | None = None,
    coords: tuple[str, str] = ("lat", "lon"),
    cutoff_km: float | None = None,
    lags: int | None = None,
    draws: int = 9999,
    seed: int = 0,
    strata: str | None = None,
    average_correlation: float = 0.03,
    most_components: int | None = None,
) -> Fit:
    """Fit least squares, with fixed effects and one or many inferences for few units.

    Parameters
    ----------
    formula : str
        ``y ~ x1 + x2 | unit + year``; the part after the bar names fixed effects. Or give ``y`` and ``x``.
    data : DataFrame
        Rows in any order.
    y, x : str, sequence of str
        Columns, in place of a formula.
    unit, time : str, optional
        Columns or index levels; two index levels are taken as unit and date.
    inference : str or sequence of str, optional
        classical, HC1, HC3, CR1, CR2, CR3, two_way, wild, wild33, SCPC, conley, conley_all_dates, driscoll_kraay,
        randomisation. The first gives ``std_errors``. By default HC3, or CR2 by unit for a panel.
    cluster : str, optional
        Column of the clusters; the unit by default.
    coords, cutoff_km, lags : optional
        Columns of latitude and longitude, distance of Conley's kernel, serial lags of Conley and Driscoll-Kraay.
    draws, seed, strata : optional
        Draws of the bootstrap and of the permutations, and the column within which paths are permuted.
    average_correlation, most_components : optional
        Of SCPC: bound of the average correlation, and largest number of components (N - 1 as the reference program;
        20 by default).

    Returns
    -------
    Fit

    Raises
    ------
    EstimateError
        With what was found, what is expected, and the remedy.
    """
    options = {key: value for key, value in locals().items() if key not in ("formula", "data", "y", "x", "inference")}
    rows = table(formula, _given(data), y=y, x=x, unit=unit, time=time)
    if unit is None and rows.time.any():
        options["unit"], options["time"] = list(rows.data)[:2]
    panel = len(rows.units) < len(rows.unit)
    return _fitted(rows, _chosen(inference, "CR2" if panel or cluster else "HC3"), options)


def _given(data: pd.DataFrame | None) -> pd.DataFrame:
    if not isinstance(data, pd.DataFrame):
        raise EstimateError(f"data of type {type(data).__name__}", "a DataFrame", "give it after the formula")
    return data


def _chosen(inference: str | Sequence[str] | None, default: str) -> list[str]:
    chosen = [inference] if isinstance(inference, str) else list(inference or [default])
    unknown = [name for name in chosen if name not in INFERENCES]
    if unknown:
        raise EstimateError(f"no inference {unknown[0]!r}", f"one of {', '.join(INFERENCES)}", "choose one")
    return chosen


def _fitted(rows: Table, inference: Sequence[str], options: Options) -> Fit:
    clusters = rows.unit if options["cluster"] is None else rows.data[options["cluster"]].astype(str).to_numpy()
    X, y, dummies, absorbed = _without_effects(rows, np.asarray(clusters, dtype=str))
    fit = least_squares.fit_ols(y, np.column_stack([X, dummies]))
    case = Case(rows, fit, tuple(map(str, X)), np.asarray(clusters, dtype=str), absorbed, options)
    n, k = fit.X.shape
    loglik = -n / 2 * (np.log(2 * np.pi * (fit.u_hat @ fit.u_hat) / n) + 1)
    gap = rows.y.to_numpy() - rows.y.mean()
    return Fit(
        "Least squares",
        _rows(case, inference),
        n,
        float(loglik),
        k + absorbed,
        rows.restored(fit.u_hat),
        rows.restored(rows.y.to_numpy() - fit.u_hat),
        _covariance(case, inference[0]),
        {
            "R2": float(1 - fit.u_hat @ fit.u_hat / (gap @ gap)),
            "units": len(rows.units),
            "clusters": len(np.unique(clusters)),
            "effects": " + ".join(rows.effects),
        },
        raw=fit,
    )


def _covariance(case: Case, kind: str) -> pd.DataFrame:
    makers = {"classical": least_squares.cov_classical, "HC1": least_squares.cov_hc1, "HC3": least_squares.cov_hc3}
    if kind not in makers:
        return pd.DataFrame()
    k, factor = len(case.names), case.fit.df / (case.fit.df - case.absorbed)
    return pd.DataFrame(factor * makers[kind](case.fit)[:k, :k], case.names, case.names)


def _without_effects(rows: Table, clusters: np.ndarray) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, int]:
    """Demean by the first effect that is nested in the clusters (nothing is lost then); others become dummies."""
    X, y, absorbed = rows.X, rows.y.to_numpy(), 0
    labels = {name: rows.data[name].astype(str) for name in rows.effects}
    inner = next((n for n, v in labels.items() if pd.Series(clusters).groupby(v).nunique().max() == 1), None)
    if labels:
        X = X.drop(columns="Intercept", errors="ignore")
    parts = [pd.get_dummies(label, dtype=float) for name, label in labels.items() if name != inner]
    dummies = [part.iloc[:, 0 if i == 0 and inner is None else 1 :] for i, part in enumerate(parts)]
    D = np.column_stack(dummies) if dummies else np.empty((len(X), 0))
    if inner is not None:
        codes, absorbed = np.unique(labels[inner], return_inverse=True)[1], labels[inner].nunique()
        mean: Any = csr_array(((1 / np.bincount(codes))[codes], (codes, np.arange(len(codes)))))
        X, y, D = X - (mean @ X.to_numpy())[codes], y - (mean @ y)[codes], D - (mean @ D)[codes]
    return X, y, D, absorbed


@told("contrasts")
def contrasts(
    data: pd.DataFrame,
    y: str,
    group: str,
    *,
    reference: str | None = None,
    controls: Sequence[str] = (),
    unit: str | None = None,
    inference: str | Sequence[str] = ("CR2", "wild"),
    **options: Any,
) -> Fit:
    """Compare groups of units: each with a reference group, or each with all other units.

    Parameters
    ----------
    data : DataFrame
        One row a unit.
    y, group : str
        Columns of the outcome and of the group.
    reference : str, optional
        Group to compare with; all other units by default.
    controls : sequence of str
        Columns.
    unit : str, optional
        Column of the unit ids.
    inference, **options
        As for ``ols``.

    Returns
    -------
    Fit
        One parameter a group.
    """
    labels = _given(data)[group].astype(str)
    groups = [name for name in sorted(labels.unique()) if name != reference]
    if len(groups) < 2 and (reference is None or not groups):
        raise EstimateError(f"{len(groups)} groups in {group}", "at least two", "choose another column")
    if reference is not None and reference not in set(labels):
        raise EstimateError(f"no group {reference!r} in {group}", f"one of {', '.join(groups)}", "choose one")
    dummies = {name: (labels == name).astype(float) for name in groups}
    chosen = [inference] if isinstance(inference, str) else list(inference)
    if reference is not None:
        fit = ols(data=data.assign(**dummies), y=y, x=[*groups, *controls], unit=unit, inference=chosen, **options)
        return replace(fit, title=f"{y}: groups against {reference}", rows=_kept(fit.rows, groups))
    fits = [
        ols(data=data.assign(**{g: dummies[g]}), y=y, x=[g, *controls], unit=unit, inference=chosen, **options)
        for g in groups
    ]
    parts = [_kept(fit.rows, [g]) for g, fit in zip(groups, fits, strict=True)]

    def rows(level: float) -> pd.DataFrame:
        found = pd.concat([part(level) for part in parts])
        return found.sort_values("inference", key=lambda c: c.map(chosen.index), kind="stable", ignore_index=True)

    return Fit(f"{y}: each group against all others", rows, fits[0].nobs, raw=fits)


def _kept(rows: Rows, terms: Sequence[str]) -> Rows:
    return lambda level: rows(level).loc[lambda found: found["term"].isin(terms)].reset_index(drop=True)


@told("beta-convergence")
def beta_convergence(
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    *,
    y: str | None = None,
    x: Sequence[str] = (),
    unit: str | None = None,
    time: str | None = None,
    start: int | None = None,
    end: int | None = None,
    inference: str | Sequence[str] | None = None,
    **options: Any,
) -> Fit:
    """Regress mean yearly growth on the initial level, and read off the speed of convergence.

    Parameters
    ----------
    formula : str
        ``np.log(income) ~ schooling``: the level in logs, and controls at the first date. Or give ``y`` and ``x``.
    data, unit, time
        As for ``ols``.
    start, end : int, optional
        First and last date; those of the data by default.
    inference, **options
        As for ``ols``; HC3 by default.

    Returns
    -------
    Fit
        ``initial`` is the slope; ``notes`` and ``tables["speed"]`` hold speed and half-life with intervals.
    """
    rows = table(formula, _given(data), y=y, x=x, unit=unit, time=time)
    first, last = (rows.time.min() if start is None else start), (rows.time.max() if end is None else end)
    years = float(last - first)
    levels = rows.y.groupby([rows.unit, rows.time]).first().unstack()
    if not years > 0 or not {first, last} <= set(levels):
        raise EstimateError(f"dates {first} and {last}", "two dates of the data, in order", "set start and end")
    lost = levels.index[levels[[first, last]].isna().any(axis=1)]
    if len(lost):
        where = f"{len(lost)} units without both dates, first {lost[0]}"
        raise EstimateError(where, f"a level in {first} and {last}", "leave them out or choose other dates")
    at = rows.time == first
    X = pd.DataFrame({"Intercept": 1.0, "initial": levels[first].to_numpy()})
    Z = rows.X[at].drop(columns="Intercept", errors="ignore").reset_index(drop=True)
    X = pd.concat([X, Z], axis=1)
    growth = pd.Series((levels[last] - levels[first]).to_numpy() / years)
    data_at, ids = rows.data[at].reset_index(drop=True), rows.unit[at]
    index, zeros = pd.Index(ids), np.zeros(len(X), dtype=int)
    cross = Table(data_at, growth, X, ids, zeros, (), {}, index, np.arange(len(X)))
    fit = _fitted(cross, _chosen(inference, "HC3"), _completed({"unit": unit, "time": None, **options}))
    slope, ends = float(fit.params["initial"]), fit.conf_int().to_dict("index")["initial"]
    speed = speed_bounds(ends["lower"], ends["upper"], years)
    life = half_life_bounds(speed)
    direct = fit_speed(growth.to_numpy(), X["initial"].to_numpy(), years, X.iloc[:, 2:].to_numpy())
    rate = speed_from_slope(slope, years)
    told_speed = pd.DataFrame(
        {
            "estimate": [rate, np.log(2) / rate if rate > 0 else np.nan, direct.lam],
            "std_error": [np.nan, np.nan, direct.std_error],
            "conf_low": [speed.low, life.low, np.nan],
            "conf_high": [speed.high, life.high, np.nan],
        },
        index=["speed", "half-life", "speed by nonlinear least squares"],
    )
    notes = {"speed": rate, "half-life": told_speed.loc["half-life", "estimate"], "years": f"{first} to {last}"}
    return replace(fit, title="Beta convergence", notes={**notes, **fit.notes}, tables={"speed": told_speed})


def _completed(options: Options) -> Options:
    known = {name: part.default for name, part in signature(ols).parameters.items()}
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise EstimateError(f"no option {unknown[0]!r}", f"one of {', '.join(known)}", "see ef.ols")
    return known | options


@told("specification-curve")
def specification_curve(
    data: pd.DataFrame,
    *,
    y: str | Sequence[str],
    treatment: str,
    controls: Sequence[Sequence[str]] = ((),),
    samples: Mapping[str, str] | None = None,
    unit: str | None = None,
    time: str | None = None,
    effects: str = "",
    sign: int = 1,
    strata: str | None = None,
    draws: int = 999,
    seed: int = 0,
) -> Fit:
    """Fit every combination of outcomes, controls and samples, and test the whole curve.

    Parameters
    ----------
    data : DataFrame
        One row a unit, or a balanced panel.
    y, treatment : str or sequence of str, str
        Outcomes and the treatment.
    controls : sequence of sequences of str
        Sets of controls.
    samples : mapping of str to str, optional
        Names and queries (``DataFrame.query``); all rows by default.
    unit, time, effects : str
        As for ``ols``; effects as after the bar of a formula.
    sign : int
        Predicted sign, 1 or -1.
    strata, draws, seed : optional
        Paths of the treatment are permuted over units, inside strata.

    Returns
    -------
    Fit
        One parameter a specification, CR1 by unit; ``tables["joint"]`` holds the tests of the whole curve.
    """
    outcomes = [y] if isinstance(y, str) else list(y)
    cases = list(product(outcomes, controls, (samples or {"all": ""}).items()))
    whole = table(None, _given(data), y=treatment, unit=unit, time=time)
    paths, ids = whole.balanced(whole.y), whole.units
    rng = np.random.default_rng(seed)
    labels = np.zeros(len(ids), dtype=int)
    if strata is not None:
        first = np.unique(whole.unit, return_index=True)[1]
        labels = np.unique(whole.data[strata].astype(str).to_numpy()[first], return_inverse=True)[1]
    orders = [np.arange(len(ids)), *(permutation_from_keys(rng.random(len(ids)), labels) for _ in range(draws))]
    drawn = paths[np.array(orders)]
    found = [_curve_line(case, data, treatment, unit, time, effects, whole, drawn) for case in cases]
    estimates, errors, df = (np.array(part) for part in zip(*found, strict=True))
    statistics = estimates / errors
    sums = curve_summaries(estimates, statistics, df, sign)
    tests = [joint_test(line[0], line[1:], 1 if "share" in name else sign) for name, line in zip(SUMMARIES, sums)]  # noqa: B905
    names = [" | ".join([a, " + ".join(b) or "no controls", c]) for a, b, (c, _) in cases]

    def rows(level: float) -> pd.DataFrame:
        lines = [least_squares.t_inference(*v, level) for v in zip(estimates[:, 0], errors[:, 0], df, strict=True)]
        numbers = pd.DataFrame([{k: getattr(line, k) for k in NUMBERS} for line in lines])
        return pd.concat([pd.DataFrame({"term": names, "inference": "CR1"}), numbers.assign(law="t")], axis=1)

    joint = pd.DataFrame(tests, index=list(SUMMARIES))
    notes = {f"joint p, {name.replace('_', ' ')}": joint.loc[name, "p_value"] for name in SUMMARIES}
    return Fit("Specification curve", rows, len(whole.y), notes=notes, tables={"joint": joint})


def _curve_line(
    case: Any,
    data: pd.DataFrame,
    treatment: str,
    unit: str | None,
    time: str | None,
    effects: str,
    whole: Table,
    drawn: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the coefficient and its standard error by unit for every draw of the paths, and G - 1."""
    outcome, controls, (_, query) = case
    sample = data.query(query) if query else data
    rows = table(None, sample, y=outcome, x=[*controls, treatment], unit=unit, time=time)
    shown = [pd.get_dummies(rows.data[name.strip()].astype(str), dtype=float) for name in effects.split("+") if effects]
    Z = np.column_stack([rows.X.drop(columns=treatment), *(part.iloc[:, 1:] for part in shown)])
    Q, y = np.linalg.qr(Z)[0], rows.y.to_numpy()
    d = drawn[:, np.searchsorted(whole.units, rows.unit), np.searchsorted(whole.dates, rows.time)].T
    d, e = d - Q @ (Q.T @ d), y - Q @ (Q.T @ y)
    square = (d**2).sum(axis=0)
    beta = d.T @ e / square
    codes = np.unique(rows.unit, return_inverse=True)[1]
    scores = csr_array((np.ones(len(codes)), (codes, np.arange(len(codes))))) @ (d * (e[:, None] - d * beta))
    G = int(codes.max()) + 1
    return beta, np.sqrt(G / (G - 1) * (scores**2).sum(axis=0)) / square, G - 1

"""Least squares with many inferences, group contrasts, beta convergence and specification curves."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from evenfield.front.data import Table, table, told
from evenfield.front.results import NUMBERS, Fit, t_rows
from evenfield.numerics import ols as plain
from evenfield.numerics.convergence import fit_speed, half_life_bounds, speed_bounds, speed_from_slope
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference import cluster_robust as by_cluster
from evenfield.numerics.inference import randomisation as permuted
from evenfield.numerics.inference.conley import conley_inference, conley_panel_inference, spatial_kernel
from evenfield.numerics.inference.driscoll_kraay import default_lags, driscoll_kraay_inference
from evenfield.numerics.inference.wild_bootstrap import wild_bootstrap, wild_draws, wild_inference
from evenfield.numerics.scpc import scpc_inference, spatial_components
from evenfield.numerics.spatial import haversine_km
from evenfield.numerics.specification_curve import SUMMARIES, curve_summaries, joint_test, permutation_from_keys
from evenfield.study.errors import EstimateError


@dataclass(frozen=True)
class Case:
    """A least-squares fit and what its inferences need beside it."""

    rows: Table
    fit: plain.OlsFit
    names: tuple[str, ...]  # coefficients that are reported, the first columns
    clusters: by_cluster.Clusters
    dates: by_cluster.Clusters
    absorbed: int  # effects nested in the clusters that demeaning took out
    crossed: int  # other effects that were taken out
    options: Mapping[str, Any]  # as given to ``ols``

    def c(self, name: Any) -> np.ndarray:
        """Return the weights of one coefficient or of the sum of several, shape (K,)."""
        at = [self.names.index(each) for each in ([name] if isinstance(name, str) else name)]
        return np.asarray(np.eye(self.fit.X.shape[1])[at].max(axis=0))

    @cached_property
    def places(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Ids, latitudes and longitudes of the units."""
        names = list(self.options["coords"])
        if not {*names} <= {*self.rows.data}:
            raise EstimateError(f"no coordinates {names}", "columns of the data", "give coords=('lat', 'lon')")
        first = np.unique(self.rows.unit, return_index=True)[1]
        return self.rows.units, *self.rows.data[names].to_numpy(float)[first].T

    @cached_property
    def kernel(self) -> Any:
        """Spatial kernel of the units."""
        if self.options["cutoff_km"] is None:
            raise EstimateError("Conley errors without a distance", "cutoff_km", "give cutoff_km=500, for example")
        return spatial_kernel(*self.places, self.options["cutoff_km"])

    @cached_property
    def spaces(self) -> dict[float, Any]:
        """Spatial principal components by level, as far as they were asked for."""
        return {}

    def scpc(self, name: Any, level: float) -> Any:
        """Test one coefficient with spatial principal components."""
        if len(self.rows.units) < len(self.rows.codes):
            raise EstimateError("SCPC for several rows a unit", "one row a unit", "take long differences or unit means")
        if level not in self.spaces:
            options = self.options["average_correlation"], level, self.options["most_components"]
            self.spaces[level] = spatial_components(haversine_km(*self.places[1:]), *options)
        return scpc_inference(self.fit, self.c(name), self.spaces[level])

    def conley(self, name: Any, level: float, *, all_dates: bool = False) -> Any:
        """Test one coefficient with Conley's kernel."""
        case = self.fit, self.c(name), by_cluster.Clusters(self.rows.units, self.rows.codes)
        if len(self.rows.units) == len(self.rows.codes):
            return conley_inference(*case, self.kernel, level=level)
        return conley_panel_inference(*case, self.dates, self.kernel, self.lags, level=level, all_dates=all_dates)

    @property
    def lags(self) -> int:
        """Serial lags."""
        lags = self.options["lags"]
        return default_lags(len(self.rows.dates)) if lags is None else int(lags)

    @cached_property
    def products(self) -> by_cluster.ClusterProducts:
        """Products of the clusters, formed once for all coefficients."""
        return by_cluster.cluster_products(self.fit, np.eye(self.fit.X.shape[1])[0], self.clusters)

    @cached_property
    def draws(self) -> Any:
        """Weights of the wild bootstrap."""
        rng = np.random.default_rng(self.options["seed"])
        return wild_draws(self.clusters, "rademacher", self.options["draws"], rng)

    def wild(self, name: Any, level: float, kind: Any) -> Any:
        """Test one coefficient with the wild cluster bootstrap."""
        return wild_inference(wild_bootstrap(self.fit, self.c(name), self.products, self.draws, kind), level)

    def randomised(self, name: str, level: float) -> Any:
        """Permute the paths of a regressor over units, the others held."""
        rows, options, rng = self.rows, self.options, np.random.default_rng(self.options["seed"])
        if rows.dates.size > 1 and rows.time_name not in rows.effects:
            raise EstimateError("a panel without time effects", "'| time' or '| unit + time'", "add them")
        if set(rows.effects) - {rows.unit_name, rows.time_name}:
            raise EstimateError("randomisation with other effects", "unit and time", "make the others controls, C(x)")
        X = rows.X.drop(columns=["Intercept", name], errors="ignore").to_numpy()
        panel = permuted.path_panel(rows.y.to_numpy(), rows.X[name].to_numpy(), rows.unit, rows.time, X)
        if options["strata"] is None:
            drawn = permuted.free_assignments(panel, options["draws"], rng)
        else:
            labels = dict(zip(rows.unit.tolist(), rows.column(options["strata"]).astype(str), strict=True))
            drawn = permuted.stratified_assignments(panel, labels, options["draws"], rng)
        effects: permuted.Effects = "unit and time" if rows.unit_name in rows.effects else "time"
        return permuted.randomisation_inference(permuted.path_randomisation(panel, drawn, effects), level)

    def by_covariance(self, name: Any, level: float, cov: Callable[[plain.OlsFit], np.ndarray]) -> Any:
        """Test one coefficient with Student's t, effects that were taken out counted."""
        df = self.fit.df - self.absorbed - self.crossed
        return plain.contrast_inference(self.fit, self.fit.df / df * cov(self.fit), self.c(name), df, level)

    def covariance(self, kind: str) -> pd.DataFrame:
        """Return the covariance of the coefficients, from the variances of them and of their sums."""
        if kind in ("two_way", "randomisation"):
            return pd.DataFrame()
        infer = INFERENCES[{"wild": "CR1", "wild33": "CR3"}.get(kind, kind)]
        sums = np.array([[infer(self, (a, b), 0.95).std_error ** 2 for b in self.names] for a in self.names])
        single = np.diag(sums)
        values = np.where(np.eye(len(single)) > 0, sums, (sums - single - single[:, None]) / 2)
        return pd.DataFrame(values, self.names, self.names)


NOTHING = 1e-10
BY_SCORES = {
    "classical",
    "HC1",
    "CR1",
    "two_way",
    "driscoll_kraay",
}  # these need no leverages, so that no effect has to be a dummy
INFERENCES: dict[str, Callable[[Case, Any, float], Any]] = {
    "classical": lambda s, n, a: s.by_covariance(n, a, plain.cov_classical),
    "HC1": lambda s, n, a: s.by_covariance(n, a, plain.cov_hc1),
    "HC3": lambda s, n, a: s.by_covariance(n, a, plain.cov_hc3),
    "CR1": lambda s, n, a: by_cluster.cr1_inference(s.fit, s.c(n), s.clusters, s.crossed, a),
    "CR2": lambda s, n, a: by_cluster.cr2_inference(s.fit, s.c(n), s.products, level=a),
    "CR3": lambda s, n, a: by_cluster.cr3_inference(s.fit, s.c(n), s.products, level=a),
    "two_way": lambda s, n, a: by_cluster.two_way_inference(s.fit, s.c(n), s.clusters, s.dates, level=a),
    "wild": lambda s, n, a: s.wild(n, a, "11"),
    "wild33": lambda s, n, a: s.wild(n, a, "33"),
    "SCPC": lambda s, n, a: s.scpc(n, a),
    "conley": lambda s, n, a: s.conley(n, a),
    "conley_all_dates": lambda s, n, a: s.conley(n, a, all_dates=True),
    "driscoll_kraay": lambda s, n, a: driscoll_kraay_inference(s.fit, s.c(n), s.dates, s.lags, level=a),
    "randomisation": lambda s, n, a: s.randomised(n, a),
}
LAWS = {"wild": "wild bootstrap", "wild33": "wild bootstrap", "SCPC": "SCPC", "randomisation": "permutations"}


def _lines(case: Case, keys: Sequence[tuple[str, str]], level: float) -> pd.DataFrame:
    """Return a row for each inference and coefficient; one that cannot be says why, unless none can."""
    out, errors = [], []
    for kind, name in keys:
        line = {"term": name, "inference": kind, **dict.fromkeys(NUMBERS, np.nan)}
        try:
            found = INFERENCES[kind](case, name, level)
            line |= {column: getattr(found, column, np.nan) for column in NUMBERS}
            line["law"] = getattr(found, "law", LAWS.get(kind, f"t({line['df']:g})"))
        except NumericsError as error:
            line |= {"estimate": float(case.fit.beta[case.names.index(name)]), "law": f"none: {error}"}
            errors.append(error)
        out.append(line)
    if len(errors) == len(keys):
        raise errors[0]
    return pd.DataFrame(out)


@told("ols")
def ols(
    formula: str,
    data: pd.DataFrame,
    *,
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

    One parameter a group.

    Parameters
    ----------
    formula : str
        ``y ~ x1 + x2 | unit + year``; names after the bar are fixed effects. Or ``y="y", x=["x1", "x2"]``.
    data : DataFrame
        Rows in any order.
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
        Of the bootstrap and the permutations, and the column within which paths are permuted.
    average_correlation, most_components : optional
        Of SCPC: bound of the average correlation and of the number of components (N - 1 as the reference program).
    """
    options = dict(locals())
    rows = table(formula, data, unit, time)
    several = len(rows.units) < len(rows.codes) or cluster is not None
    chosen = [inference] if isinstance(inference, str) else list(inference or ["CR2" if several else "HC3"])
    unknown = [name for name in chosen if name not in INFERENCES]
    if unknown:
        raise EstimateError(f"no inference {unknown[0]!r}", f"one of {', '.join(INFERENCES)}", "choose one")
    clusters, dates = by_cluster.Clusters(rows.units, rows.codes), by_cluster.Clusters(rows.dates, rows.when)
    if cluster is not None:
        clusters = by_cluster.encoded(rows.column(cluster).astype(str).to_numpy(dtype=str))
    y, X, names, absorbed, crossed = _without_effects(rows, clusters.codes, BY_SCORES.issuperset(chosen))
    fit = plain.fit_ols(y, X)
    case = Case(rows, fit, names, clusters, dates, absorbed, crossed, options)
    n, k = fit.X.shape
    sse, gap = fit.u_hat @ fit.u_hat, rows.y.to_numpy() - rows.y.mean()
    keys = [(kind, name) for kind in chosen for name in case.names if (kind, name) != ("randomisation", "Intercept")]
    return Fit(
        "Least squares",
        lambda level: _lines(case, keys, level),
        n,
        float(-n / 2 * (np.log(2 * np.pi * sse / n) + 1)),
        k + absorbed + crossed,
        rows.restored(fit.u_hat),
        rows.restored(rows.y.to_numpy() - fit.u_hat),
        case.covariance,
        {"R2": float(1 - sse / (gap @ gap)), "units": len(rows.units), "clusters": len(clusters.names)},
        raw=fit,
    )


def _without_effects(
    rows: Table, clusters: np.ndarray, whole: bool
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], int, int]:
    """Demean by the first effect nested in the clusters (nothing is lost then); another one goes too, or is dummies."""
    own = {rows.unit_name: rows.codes, rows.time_name: rows.when}
    labels = {name: own[name] if name in own else pd.factorize(rows.column(name))[0] for name in rows.effects}
    kept = [i for i, name in enumerate(rows.X) if not (labels and name == "Intercept")]
    names, values = tuple(rows.X.columns[kept]), np.array([rows.y.to_numpy(), *rows.X.to_numpy().T[kept]])
    nested = next((name for name, codes in labels.items() if _nested(codes, clusters)), "")
    inner, size = labels.pop(nested, None), np.einsum("rn,rn->r", values, values)
    absorbed, crossed, others = 0, 0, list(labels.values())
    if not whole or len(others) > 1:
        levels = [range(int(i > 0 or inner is not None), codes.max() + 1) for i, codes in enumerate(others)]
        dummies = [codes == level for codes, each in zip(others, levels, strict=True) for level in each]
        values, others = np.vstack([values, *dummies]), []
    if inner is not None:
        counts = np.bincount(inner)
        for i, row in enumerate(values):
            values[i] -= (np.bincount(inner, row) / counts)[inner]
        absorbed, gone = len(counts), np.einsum("rn,rn->r", values, values)[: len(size)] <= NOTHING**2 * size
        if gone[1:].any():
            found = f"{names[int(gone[1:].argmax())]} does not vary within {nested}"
            raise EstimateError(found, "regressors that vary", "leave it out")
    if others:
        if inner is None:  # the constant stands for it
            inner, crossed = np.zeros_like(others[0]), 1
            values -= values.mean(axis=1, keepdims=True)
        crossed += _crossed_out(values, others[0], inner)
        if (np.einsum("rn,rn->r", values, values) <= NOTHING**2 * size)[1:].any():
            raise NumericsError("the regressors are collinear")
    return values[0], values[1:].T, names, absorbed, crossed


def _nested(inner: np.ndarray, outer: np.ndarray) -> bool:
    home = np.zeros(inner.max() + 1, dtype=int)
    home[inner] = outer
    return bool((home[inner] == outer).all())


def _crossed_out(values: np.ndarray, codes: np.ndarray, inner: np.ndarray) -> int:
    """Take an effect out of rows in place, demeaned by ``inner``, by least squares on its dummies; values (R, N)."""
    counts, shape = np.bincount(codes), (inner.max() + 1, codes.max() + 1)
    pairs = np.bincount(inner * shape[1] + codes, minlength=shape[0] * shape[1]).reshape(shape)
    shares = pairs / pairs.sum(axis=1, keepdims=True)
    roots, vectors = np.linalg.eigh(np.diag(counts) - pairs.T @ shares)
    known = roots > NOTHING * counts.max()
    if known.sum() < len(counts) - 1:
        raise NumericsError("the regressors are collinear")
    sums = np.array([np.bincount(codes, row) for row in values])
    effects = (sums @ vectors[:, known] / roots[known]) @ vectors[:, known].T
    for i, effect in enumerate(effects):
        values[i] += (shares @ effect)[inner] - effect[codes]
    return len(counts) - 1


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
    unit, inference, **options
        As for ``ols``.
    """
    units = table(f"`{y}` ~ 1", data, unit, None)
    labels = units.column(group).astype(str)
    groups = [name for name in sorted(labels.unique()) if name != reference]
    if len(set(labels)) < 2 or (reference is not None and reference not in set(labels)):
        raise EstimateError(f"groups {', '.join(groups)}", f"two, {reference or 'one'} among them", "name others")
    if set(groups) & set(data):
        raise EstimateError(f"a column named as a group of {group}", "other names", "rename the column or the group")
    data = units.data.assign(**{name: (labels == name).astype(float) for name in groups})
    kinds = [inference] if isinstance(inference, str) else list(inference)
    sets = [[name] for name in groups] if reference is None else [groups]
    fits = [ols(data=data, y=y, x=[*names, *controls], unit=unit, inference=kinds, **options) for names in sets]

    def rows(level: float) -> pd.DataFrame:
        found = pd.concat([fit.rows(level) for fit in fits])
        found = found[found["term"].isin(groups)]
        return found.sort_values("inference", key=lambda c: c.map(kinds.index), kind="stable", ignore_index=True)

    against = "all others" if reference is None else reference
    return Fit(f"{y}: groups against {against}", rows, fits[0].nobs, notes={"groups": len(set(labels))}, raw=fits)


@told("beta-convergence")
def beta_convergence(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    start: int | None = None,
    end: int | None = None,
    **options: Any,
) -> Fit:
    """Regress mean yearly growth on the initial level, and read off the speed of convergence.

    ``initial`` is the slope; ``notes`` and ``tables["speed"]`` hold speed and half-life with intervals.

    Parameters
    ----------
    formula : str
        ``np.log(income) ~ schooling``: the level in logs, and controls at the first date. Or ``y`` and ``x``.
    data, unit, time
        As for ``ols``.
    start, end : int, optional
        First and last date; those of the data by default.
    **options
        As for ``ols``; inference is HC3 by default.
    """
    rows = table(formula, data, unit, time)
    if rows.effects:
        raise EstimateError("fixed effects in a cross-section", "controls", f"write C({rows.effects[0]})")
    if {"growth", "initial"} & set().union(*rows.variables.values()):
        raise EstimateError("a control named growth or initial", "another name", "rename it")
    first, last = (rows.dates[0] if start is None else start), (rows.dates[-1] if end is None else end)
    levels = rows.y.groupby([rows.unit, rows.time]).first().unstack()
    if not last > first or not {first, last} <= set(levels):
        raise EstimateError(f"dates {first} and {last}", "two dates of the data, in order", "set start and end")
    lost, years = levels.index[levels[[first, last]].isna().any(axis=1)], float(last - first)
    if len(lost):
        raise EstimateError(f"{len(lost)} units without both dates, first {lost[0]}", "both", "leave them out")
    at = rows.time == first
    cross = rows.data[at].set_axis(rows.unit[at]).assign(initial=levels[first])
    cross["growth"] = (levels[last] - levels[first]) / years
    right = formula.partition("~")[2] or "1"
    fit = ols(f"growth ~ initial + {right}", cross, unit=rows.unit_name, **options)
    slope, ends = float(fit.params["initial"]), fit.conf_int().to_dict("index")["initial"]
    speed = speed_bounds(ends["lower"], ends["upper"], years)
    life, rate = half_life_bounds(speed), speed_from_slope(slope, years)
    X = pd.DataFrame(fit.raw.X, columns=list(fit.params.index)).drop(columns=["Intercept", "initial"])
    direct = fit_speed(fit.raw.y, cross["initial"].to_numpy(), years, X.to_numpy())
    half = np.log(2) / rate if rate > 0 else np.nan
    lines = {
        "speed": [rate, np.nan, speed.low, speed.high],
        "half-life": [half, np.nan, life.low, life.high],
        "speed by nonlinear least squares": [direct.lam, direct.std_error, np.nan, np.nan],
    }
    speeds = pd.DataFrame(lines, ["estimate", "std_error", "conf_low", "conf_high"]).T
    notes = {"speed": rate, "half-life": half, "years": f"{first} to {last}"}
    return replace(fit, title="Beta convergence", notes={**notes, **fit.notes}, tables={"speed": speeds})


@told("specification-curve")
def specification_curve(
    data: pd.DataFrame,
    y: str | Sequence[str],
    treatment: str,
    *,
    controls: Sequence[Sequence[str]] = ((),),
    samples: Mapping[str, str] | None = None,
    unit: str | None = None,
    time: str | None = None,
    effects: Sequence[str] = (),
    sign: int = 1,
    strata: str | None = None,
    draws: int = 999,
    seed: int = 0,
) -> Fit:
    """Fit every combination of outcomes, controls and samples, and test the whole curve.

    One parameter a specification, CR1 by unit; ``tables["joint"]`` holds the tests of the whole curve.

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
    unit, time, effects
        As for ``ols``; effects are columns.
    sign : int
        Predicted sign, 1 or -1.
    strata, draws, seed : optional
        Paths of the treatment are permuted over units, inside strata.
    """
    outcomes, rng = [y] if isinstance(y, str) else list(y), np.random.default_rng(seed)
    cases = list(product(outcomes, controls, (samples or {"all": ""}).items()))
    whole = table(f"`{treatment}` ~ 1", data, unit, time)
    paths, labels = whole.balanced(whole.y), np.zeros(len(whole.units), dtype=int)
    if strata is not None:
        first = np.unique(whole.unit, return_index=True)[1]
        labels = np.unique(whole.column(strata).astype(str).to_numpy()[first], return_inverse=True)[1]
    keys = rng.random((draws, len(labels)))
    drawn = paths[[np.arange(len(labels)), *(permutation_from_keys(key, labels) for key in keys)]]
    found = []
    for outcome, names, (_, query) in cases:
        formula = f"`{outcome}` ~ {' + '.join(f'`{name}`' for name in [*names, treatment])}"
        rows = table(formula, data.query(query) if query else data, unit, time)
        shown = [pd.get_dummies(rows.column(name).astype(str), dtype=float).iloc[:, 1:] for name in effects]
        Z = np.column_stack([rows.X.drop(columns=treatment), *shown])
        d = drawn[:, np.searchsorted(whole.units, rows.unit), np.searchsorted(whole.dates, rows.time)].T
        found.append(_all_draws(rows.y.to_numpy(), d, Z, rows.codes))
    estimates, errors, df = (np.array(part) for part in zip(*found, strict=True))
    sums = dict(zip(SUMMARIES, curve_summaries(estimates, estimates / errors, df, sign), strict=True))
    tests = {n: joint_test(line[0], line[1:], 1 if "share" in n else sign) for n, line in sums.items()}
    names = [" | ".join([a, " + ".join(b) or "no controls", c]) for a, b, (c, _) in cases]
    return Fit(
        "Specification curve",
        t_rows(names, estimates[:, 0], errors[:, 0], "CR1", df),
        len(whole.y),
        notes={f"joint p, {n.replace('_', ' ')}": test.p_value for n, test in tests.items()},
        tables={"joint": pd.DataFrame(list(tests.values()), index=list(tests))},
    )


def _all_draws(y: np.ndarray, d: np.ndarray, Z: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the coefficient of each column of d with controls Z, its standard error by unit, and G - 1."""
    plain.fit_ols(y, np.column_stack([Z, d[:, 0]]))  # refuses what is collinear
    Q = np.linalg.qr(Z)[0]
    d, e = d - Q @ (Q.T @ d), y - Q @ (Q.T @ y)
    square = (d**2).sum(axis=0)
    beta, G = d.T @ e / square, int(codes.max()) + 1
    factor = G / (G - 1) * (len(y) - 1) / (len(y) - Z.shape[1] - 1)
    scores: Any = csr_array((np.ones(len(codes)), (codes, np.arange(len(codes))))) @ (d * (e[:, None] - d * beta))
    return beta, np.sqrt(factor * (scores**2).sum(axis=0)) / square, G - 1

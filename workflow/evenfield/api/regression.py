"""Least squares with many inferences, group contrasts and beta convergence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from inspect import Parameter, signature
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import finite, numeric, whole
from evenfield.api.data import Table, names_in_order, names_of, reported, table
from evenfield.api.dates import plain_text
from evenfield.api.formula import Columns, parsed
from evenfield.api.levels import is_logarithm
from evenfield.api.policies import coordinates, of_units
from evenfield.api.results import (
    NUMBERS,
    Fit,
    InTables,
    chosen,
    first_inference,
    share,
    t_rows,
    tidy,
)
from evenfield.models.beta import speeds
from evenfield.models.equivalence import detectable, equivalence, simulated_power
from evenfield.models.groupings import prediction_error
from evenfield.models.joint import correlations, joint_test
from evenfield.models.paths import deal_paths
from evenfield.models.rows import DesignOf, Row
from evenfield.numerics import ols as plain
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.fixed_effects import Dummies, without_effects
from evenfield.numerics.inference.cluster_robust import Clusters, encoded
from evenfield.numerics.inference.conley import SpatialKernel
from evenfield.numerics.inference.design import (
    Design,
    Locations,
    Tested,
    few_cluster_weights,
)
from evenfield.numerics.inference.leave_out import LeaveOut, leave_groups_out
from evenfield.numerics.inference.methods import METHODS, infer
from evenfield.numerics.scpc import SpatialComponents
from evenfield.study.errors import EstimateError, counted


@dataclass(frozen=True, kw_only=True)
class Case(Design):
    """A least-squares fit with the rows it is of; dates and coordinates are read when an
    inference asks for them.
    """

    rows: Table
    names: list[str]  # coefficients that are reported, the first columns
    # (1 + J, N) outcome and regressors of those, before effects were taken out
    values: np.ndarray
    options: Mapping[str, Any]  # as given to ``ols``

    @property
    def coefficients(self) -> np.ndarray:
        """Weights of each coefficient that is reported, shape (J, K)."""
        return np.eye(self.fit.X.shape[1])[: len(self.names)]

    @cached_property
    def _locations(self) -> Locations:
        lat, lon = coordinates(self.rows, self.options["coords"])
        most = self.options["most_components"]
        return Locations(self.rows.units.names, lat, lon, most)

    def located(self) -> Locations:
        """Return where the units are."""
        return self._locations

    def kernel(self, cutoff_km: float | None) -> SpatialKernel:
        """Return Conley's kernel for a cut-off, that of ``ols`` by default."""
        if cutoff_km is None and self.cutoff_km is None:
            raise EstimateError(
                "Conley errors without a distance",
                "cutoff_km",
                "give cutoff_km=500, for example",
            )
        return super().kernel(cutoff_km)

    def components(
        self, average_correlation: float | None, level: float
    ) -> SpatialComponents:
        """Return spatial components for a bound, that of ``ols`` by default."""
        if self.several:
            raise EstimateError(
                "SCPC for several rows a unit",
                "one row a unit",
                "take long differences or unit means",
            )
        return super().components(average_correlation, level)

    def dated(self, lags: int) -> Clusters:
        """Return the dates; serial lags need those that no unit has, too."""
        if lags:
            return self.rows.steps("serial lags")
        codes = self.rows.calendar.codes
        return Clusters(np.arange(codes.max() + 1), codes)

    def permuted(self, c: np.ndarray, level: float, scheme: str) -> Tested:
        """Permute the paths of a regressor over units, the others held."""
        rows = self.rows
        strata = self.options["strata"]
        lacking = {"connected": "links between units", "exact": "a list of groups"}
        if strata is None:
            lacking["stratified"] = "strata"
        if scheme in lacking:
            needed = lacking[scheme]
            raise EstimateError(
                f"{scheme} randomisation without {needed}",
                "randomisation, within strata= if they are given",
                "name it instead",
            )
        if rows.dates.names.size > 1 and rows.time_name not in rows.effects:
            raise EstimateError(
                "a panel without time effects",
                "'| time' or '| unit + time'",
                "add them",
            )
        if set(rows.effects) - {rows.unit_name, rows.time_name}:
            raise EstimateError(
                "randomisation with other effects",
                "unit and time",
                "make the others controls, C(x)",
            )
        # c picks one coefficient: that of the regressor whose paths change hands.
        treatment = int(c.argmax())
        y, *regressors = self.values
        # Controls stay with their units; the treatment alone is dealt out anew.
        held = [name != "Intercept" for name in self.names]
        held[treatment] = False
        controls = self.values[1:][held].T
        labels = None
        if strata is not None:
            stratum = of_units(rows, strata).astype(str)
            labels = dict(zip(rows.units.names.tolist(), stratum, strict=True))
        dealt = deal_paths(
            y,
            regressors[treatment],
            rows.unit,
            rows.time,
            self.draws,
            np.random.default_rng(self.seed),
            level,
            controls=controls,
            strata=labels,
            effects="unit and time" if rows.unit_name in rows.effects else "time",
        )
        return dealt.test

    def covariance(self, kind: str) -> pd.DataFrame:
        """Return the covariance of the coefficients, from their errors and correlations;
        NaN where a coefficient has no error.
        """
        if not METHODS[kind].has_covariance:
            return pd.DataFrame()
        # A bootstrap has no covariance: that of its studentised errors stands for it.
        name = METHODS[kind].errors_of or kind
        tests = [infer(name, self, c) for c in self.coefficients]
        errors = np.array([test.std_error for test in tests])
        values = np.outer(errors, errors)
        known = np.flatnonzero(errors > 0)
        R = correlations(self, self.coefficients[known], errors[known], name)
        values[np.ix_(known, known)] *= R
        return pd.DataFrame(values, self.names, self.names)


def _dummies(kinds: Sequence[str], rows: Table) -> Dummies:
    """Say which effects stay dummies: as many as the method needs that needs most."""
    needed = {METHODS[kind].dummies for kind in kinds}
    # Methods over space count the coefficients of a cross-section, effects among them.
    if "all" in needed or (not rows.several and _reading("coords", kinds)):
        return "all"
    return "crossed" if "crossed" in needed else "none"


def _lines(case: Case, kinds: Sequence[str], level: float) -> pd.DataFrame:
    """Return a row for each inference and coefficient."""
    tests = []
    for kind, (name, c) in product(
        kinds, zip(case.names, case.coefficients, strict=True)
    ):
        if METHODS[kind].scheme and name == "Intercept":
            continue
        tests.append(Row(name, infer(kind, case, c, level), kind))
    return tidy(tests)


TIE_DIGITS = 10  # after which estimates of several fits count as equal
UNREAD = "given and read by no inference"  # options, as ``notes`` have them
# Options that some inferences read and others do not.
OPTIONS = frozenset[str]().union(*(method.options for method in METHODS.values()))


def _reading(option: str, kinds: Iterable[str]) -> list[str]:
    """Return the inferences that read an option of ``ols``."""
    return [kind for kind in kinds if option in METHODS[kind].options]


def _kinds(rows: Table, options: Mapping[str, Any]) -> list[str]:
    """Return the inferences of a call by name, and refuse one by units where each row
    would be a unit of its own.
    """
    cluster = options["cluster"]
    several = rows.several or cluster is not None
    # HC3 takes rows as independent, which rows of one unit or cluster are not.
    usual = "CR2" if several else "HC3"
    # Of the inferences that read few_units, CR3 alone needs neither draws nor places.
    if options["few_units"] and (several or rows.units_known):
        usual = "CR3"
    named = names_of(options["inference"] or usual)
    for kind in named:
        chosen("inference", kind, METHODS)
    kinds = list(dict.fromkeys(named))  # each once
    for name in ("cutoff_km", "average_correlation"):
        if options[name] is not None:
            numeric(name, options[name])
    if rows.units_known:
        return kinds
    # A panel without units has nothing to cluster by, or to permute.
    refused = []
    for kind in kinds:
        without_units = METHODS[kind].without_units
        dated = rows.time_name is not None and without_units != "all"
        alone = cluster is None and without_units == "none"
        if dated or alone:
            refused.append(kind)
    if refused:
        raise EstimateError(
            f"{refused[0]} without a unit: each row would be one",
            "unit=, or cluster= for errors by cluster",
            "name the column of the units; HC3 is for rows that are units",
        )
    return kinds


@cache
def _arguments() -> Mapping[str, Parameter]:
    """Return the arguments of ``ols``, which are looked up once."""
    return signature(ols).parameters


def not_read(kinds: Sequence[str], options: Mapping[str, Any]) -> str:
    """Return the options that are given, as others than by default, and that none of the
    inferences reads.
    """
    usual = _arguments()
    unread = [
        name
        for name in usual  # in the order of the signature
        if name in OPTIONS
        and options.get(name) is not None
        and not np.array_equal(options[name], usual[name].default)
        and not _reading(name, kinds)
    ]
    return ", ".join(unread)


def _clusters(rows: Table, options: Mapping[str, Any]) -> Clusters:
    """Return the clusters of errors, the units by default."""
    name = options["cluster"]
    if name is None:
        return rows.units
    return encoded(rows.column(name).astype(str).to_numpy(dtype=str))


def _clusters_in_words(case: Case, kinds: Sequence[str]) -> dict[str, str]:
    """Return name and number of the clusters of each inference by cluster."""
    rows = case.rows
    name = case.options["cluster"] or rows.unit_name or "row"
    words = f"{name} ({len(case.clusters.names)})"
    found = dict.fromkeys(_reading("cluster", kinds), words)
    if "two_way" in found:
        found["two_way"] = f"{words}, {rows.time_name} ({len(rows.dates.names)})"
    return found


def _case(
    fit: plain.OlsFit,
    rows: Table,
    names: list[str],
    values: np.ndarray,
    options: Mapping[str, Any],
    **effects: Any,
) -> Case:
    """Return a fit with its rows and the options of its inferences."""
    lags = options["lags"]
    clusters = _clusters(rows, options)
    of_few = dict[str, Any]()
    if options["few_units"]:
        of_few = {
            "effective_df": True,
            "conley_factor": "none" if rows.several else "N/(N-K)",
            "wild_weights": few_cluster_weights(len(clusters.names)),
        }
    return Case(
        fit=fit,
        units=rows.units,
        groups=clusters,
        dates=rows.dates,
        draws=options["draws"],
        seed=options["seed"],
        average_correlation=options["average_correlation"],
        cutoff_km=options["cutoff_km"],
        lags=None if lags is None else int(lags),
        rows=rows,
        names=names,
        values=values,
        options=options,
        **of_few,
        **effects,
    )


def inferences(
    rows: Table, names: list[str], given: Mapping[str, object]
) -> tuple[DesignOf, tuple[str, ...]]:
    """Return what puts the rows of a cross-section and the options of ``ols`` around a
    fit of a model, whose columns are ``names``, and the inferences by name.
    """
    parameters = _arguments().values()
    options = {parameter.name: parameter.default for parameter in parameters}
    options |= given

    def design_of(fit: plain.OlsFit) -> Case:
        values = np.array([fit.y, *fit.X.T])
        return _case(fit, rows, names, values, options)

    return design_of, tuple(_kinds(rows, options))


@dataclass(frozen=True, eq=False, repr=False)
class LeastSquares(Fit):
    """A fit by least squares, which can be made again without each unit."""

    case: Case | None = None  # the fit with its rows

    @property
    def prediction_error(self) -> float:
        """Mean squared error of predicting each row from all others, in squared units of
        the outcome; NaN where effects were taken out or a row is alone in its group.

        Notes
        -----
        mean((u_i / (1 - h_i))^2), h_i the leverage (Allen 1974).
        """
        case: Any = self.case
        return float("nan") if case.absorbed else prediction_error(case.fit)

    @reported("leave-one-out")
    def leave_one_out(self, term: str | None = None) -> Fit:
        """Estimate a coefficient again without each unit (each cluster, if ``cluster=``
        was given).

        Parameters
        ----------
        term : str, optional
            One of ``params``; the first that is no constant by default.

        Returns
        -------
        Fit
            A row a unit that is left out, by its id: the estimate without it, in the
            unit of measure of the coefficient. ``tables["range"]``: lowest and highest
            estimate, and without which unit. ``notes``: the estimate of all units; how
            many units change its sign (``sign flips``); the unit without which it moves
            most, and by how much; units without which it is not defined (NaN).

        Raises
        ------
        EstimateError
            If effects that cross the units were taken out: they would have to be
            estimated anew without each unit.

        Notes
        -----
        Exact, from the products of each unit (Belsley, Kuh and Welsch 1980): regressors
        are as they were, so that averages over neighbours are not formed anew.
        """
        case: Any = self.case
        term = chosen_term(term, case.names)
        # Effects of the units alone span a constant beside them.
        if case.absorbed and not (case.nested and case.crossed == 1):
            raise EstimateError(
                "effects that cross the units and were taken out",
                "effects that are estimated anew without each unit",
                "fit with inference='CR3'",
            )
        c = case.coefficients[case.names.index(term)]
        clusters = case.clusters
        of_rows = clusters.names[clusters.codes]
        each = [(str(name),) for name in clusters.names]
        singles = leave_groups_out(case.fit, c, of_rows, each)
        return _without_each(self, term, singles)

    @reported("ols")
    def equivalence(self, term: str | None = None, *, bound: float) -> Fit:
        """Test whether a coefficient is smaller than of interest, by two one-sided tests
        with the error of the first inference.

        Parameters
        ----------
        term : str, optional
            One of ``params``; the first that is no constant by default.
        bound : float
            Smallest effect of interest, above zero, in the unit of the coefficient.

        Returns
        -------
        Fit
            ``p_value``: that the effect is as large as ``bound``, up or down. The
            interval of a level has the level 2 level - 1 (90% for 0.95): it lies inside
            the bounds exactly where p is below 1 - level.

        Raises
        ------
        EstimateError
            If the inference has neither Student's t nor the law of SCPC.

        Notes
        -----
        Schuirmann (1987); by SCPC with its own law (Mueller and Watson 2023).
        """
        case: Any = self.case
        term = chosen_term(term, case.names)
        finite("bound", bound)
        kind = _first_kind(self)
        c = case.coefficients[case.names.index(term)]

        def rows(level: float) -> pd.DataFrame:
            test = equivalence(case, c, kind, bound, level)
            return tidy([Row(term, test, kind)])

        notes = {"bound": bound}
        return Fit(f"{term} within {bound:g}", rows, self.nobs, notes=notes, raw=case)

    @reported("ols")
    def simulated_power(
        self,
        term: str | None = None,
        *,
        without: str | Sequence[str] = (),
        correlated: bool = False,
        power: float = 0.8,
        level: float = 0.95,
        draws: int = 4999,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Return how small an effect, and how narrow a bound of one, the SCPC test of a
        coefficient could show in such units, on simulated samples.

        Parameters
        ----------
        term : str, optional
            One of ``params``; the first that is no constant by default.
        without : str or sequence of str
            Other regressors that are left out beside ``term`` where the standard
            deviation of the errors is taken from: the residuals of the rest, effects
            among it, or the outcome itself where nothing is left.
        correlated : bool
            Errors as correlated as the bound of SCPC allows; independent otherwise.
        power, level : float
            Power asked for, between 0 and 1, and one minus the size of the test, above
            0.5: each of two one-sided tests has this size.
        draws, seed : int
            Simulated samples, normal errors in the order of the ids.

        Returns
        -------
        DataFrame
            ``estimate``, in the unit of the coefficient, of the smallest ``effect`` that
            the two-sided test finds, of the narrowest ``bound`` that two one-sided tests
            pass where the effect is zero, and the ``spread`` of the errors.

        Raises
        ------
        EstimateError
            If the first inference is not SCPC, or a unit has several rows.

        Notes
        -----
        The estimate moves with the true effect and its error does not, so that one set
        of samples serves all effects. Mueller and Watson (2023); Schuirmann (1987).
        """
        whole("draws", draws, lowest=1)
        power = share("power", power, 0.8)
        level = share("level", level, 0.95)
        if level <= 0.5:
            raise EstimateError(
                f"a level of {level:g} for two one-sided tests",
                "more than 0.5",
                "give 0.95, for example",
            )
        case: Any = self.case
        term = chosen_term(term, case.names)
        left_out = {term, *names_of(without)}
        for name in left_out:
            chosen("parameter", name, case.names)
        kept = [i for i, name in enumerate(case.names) if name not in left_out]
        # Effects that stay dummies stand behind the names.
        kept += range(len(case.names), case.fit.X.shape[1])
        found = simulated_power(
            case,
            case.coefficients[case.names.index(term)],
            case.fit.X[:, kept],
            _first_kind(self),
            np.random.default_rng(seed),
            draws,
            correlated=correlated,
            power=power,
            level=level,
        )
        return pd.DataFrame({"estimate": found._asdict()})

    @reported("ols")
    def detectable(
        self, term: str | None = None, *, power: float = 0.8, level: float = 0.95
    ) -> pd.DataFrame:
        """Return the smallest effect that each inference finds in these units, whatever
        the outcome: errors are independent, with equal variance.

        Parameters
        ----------
        term : str, optional
            One of ``params``; the first that is no constant by default.
        power, level : float
            Power asked for and one minus the size of the test, between 0 and 1.

        Returns
        -------
        DataFrame
            ``effect`` by inference, in standard deviations of the error per unit of the
            regressor.

        Raises
        ------
        EstimateError
            If an inference is neither classical nor SCPC.

        Notes
        -----
        Classical: (t_(1+level)/2 + t_power) sqrt(c'(X'X)^-1 c) with N - K degrees of
        freedom. SCPC: exactly, by its conditional test (Mueller and Watson 2023).
        """
        power = share("power", power, 0.8)
        level = share("level", level, 0.95)
        case: Any = self.case
        term = chosen_term(term, case.names)
        c = case.coefficients[case.names.index(term)]
        kinds = list(self.rows(0.95)["inference"].unique())
        effects = [detectable(case, c, kind, power, level) for kind in kinds]
        return pd.DataFrame({"effect": effects}, index=kinds)

    @reported("ols")
    def joint(self, terms: str | Sequence[str] = ()) -> pd.DataFrame:
        """Test that several coefficients are zero at once, by the first inference.

        Parameters
        ----------
        terms : str or sequence of str
            Of ``params``; all that are no constant by default.

        Returns
        -------
        DataFrame
            A row ``joint``: ``statistic``, ``df``, ``df_denominator`` and ``p_value``.

        Raises
        ------
        EstimateError
            If the first inference is not by cluster (CR1, CR2, CR3), or its degrees of
            freedom are too few for so many coefficients.

        Notes
        -----
        Hotelling's law (1931) with the fewest degrees of freedom among the coefficients
        (Pustejovsky and Tipton 2018): with ``few_units`` and CR3 those of the clusters
        that carry them, G* - 1.
        """
        case: Any = self.case
        slopes = [name for name in case.names if name != "Intercept"]
        tested = list(dict.fromkeys(names_of(terms))) or slopes
        for name in tested:
            chosen("parameter", name, case.names)
        if not tested:
            chosen_term(None, tested)
        kind = _first_kind(self)
        if not METHODS[kind].hotelling:
            raise EstimateError(
                f"no joint test by {kind}",
                "CR1, CR2 or CR3",
                "name one of them first, as in inference='CR3'",
            )
        at = [case.names.index(name) for name in tested]
        test = joint_test(case, case.coefficients[at], kind)
        return pd.DataFrame([test._asdict()], index=["joint"])


def chosen_term(term: str | None, names: Iterable[str]) -> str:
    """Return a coefficient by name, the first that is no constant by default."""
    slopes = [name for name in names if name != "Intercept"]
    if not term and not slopes:
        raise EstimateError(
            "a constant alone", "a regressor", "give term='Intercept' for the constant"
        )
    term = term or slopes[0]
    chosen("parameter", term, names)
    return term


def _first_kind(fit: Fit) -> str:
    """Return the inference that stands first."""
    return first_inference(fit.rows(0.95))


def _without_each(fit: Fit, term: str, singles: LeaveOut) -> Fit:
    """Return a coefficient without each unit, with its range."""
    names = [group[0] for group in singles.left_out]
    # Estimates that are equal but for rounding fall the same way on all machines.
    rounded = np.round(singles.estimates, TIE_DIGITS)
    ends = [int(np.nanargmin(rounded)), int(np.nanargmax(rounded))]
    table_of_ends = {
        "without": [names[end] for end in ends],
        "estimate": singles.estimates[ends],
    }
    nothing = np.full(len(names), np.nan)
    needed = np.array(names)[np.isnan(singles.estimates)]
    return Fit(
        f"{term} without each unit",
        t_rows(names, singles.estimates, nothing, "leave one out", law="none"),
        nobs=fit.nobs,
        notes={
            "all units": singles.estimate,
            "sign flips": singles.sign_flips,
            "moves most without": singles.most_influential[0],
            "by": singles.largest_change,
            **({"not defined without": ", ".join(needed)} if len(needed) else {}),
        },
        tables={"range": pd.DataFrame(table_of_ends, index=["lowest", "highest"])},
        raw=singles,
    )


@reported("ols")
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
    few_units: bool = False,
) -> LeastSquares:
    """Fit least squares, with fixed effects and one or many inferences for few units.

    Parameters
    ----------
    formula : str
        ``y ~ x1 + x2 | unit + year``; names after the bar are fixed effects. Or
        ``y="y", x=["x1", "x2"]``.
    data : DataFrame
        Rows in any order.
    unit, time : str, optional
        Columns or index levels. Of two index levels one is the date, by its name or by
        what it holds. Without a unit each row is one: ``notes`` say so, and what
        clusters by unit is refused.
    inference : str or sequence of str, optional
        classical, HC1, HC3, CR1, CR2, CR3, two_way, wild, wild33, SCPC, SCPC_06,
        conley, conley_400 (800, 1200), conley_all_dates, driscoll_kraay, randomisation,
        randomisation_stratified. The first gives ``std_errors``. By default HC3, or CR2
        by unit for a panel.
    cluster : str, optional
        Column of the clusters; the unit by default.
    coords, cutoff_km, lags : optional
        Columns of latitude and longitude, distance of Conley's kernel, serial lags of
        Conley and Driscoll-Kraay.
    draws, seed, strata : optional
        Of the bootstrap and the permutations, and the column within which paths are
        permuted.
    average_correlation, most_components : optional
        Of SCPC: bound of the average correlation and of the number of components (N - 1
        as the reference program).
    few_units : bool
        As studies have it: CR3 with the degrees of freedom of the clusters that carry a
        coefficient (G* - 1), which is chosen where no inference is named; Conley with
        N / (N - K) in a cross-section, the wild bootstrap with Webb's weights for a
        dozen clusters or fewer.

    Returns
    -------
    LeastSquares
        One row a coefficient and inference; ``notes`` name options that are given and
        that none of the inferences reads.
    """
    options = dict(locals())  # all that was given, before anything else is
    rows = table(formula, data, unit, time)
    kinds = _kinds(rows, options)
    effects = {name: rows.effect(name) for name in rows.effects}
    # Fixed effects span the constant, which has no coefficient beside them.
    names = [str(name) for name in rows.X if not (effects and name == "Intercept")]
    if not names:
        raise EstimateError(
            "a model without regressors", "one at least", "name one before the bar"
        )
    values = np.array([rows.y, *(rows.X[name] for name in names)])
    left = without_effects(
        values,
        names,
        effects,
        _clusters(rows, options).codes,
        dummies=_dummies(kinds, rows),
    )
    k = len(names) + left.rank  # coefficients and effects
    if len(left.y) <= k:
        effects_too = " and effects" if effects else ""
        raise NumericsError(
            f"{counted(len(left.y), 'observation')} cannot carry"
            f" {counted(k, 'coefficient')}{effects_too}"
        )
    fit = plain.fit_ols(left.y, left.X, names, left.taken)
    # Effects that are dummies of the fit are counted with its regressors.
    dummies = fit.X.shape[1] - len(names)
    case = _case(
        fit,
        rows,
        names,
        values,
        options,
        absorbed=left.rank - dummies,
        nested=left.nested,
    )
    n = len(fit.y)
    sse = fit.u_hat @ fit.u_hat
    with np.errstate(divide="ignore"):  # infinite where nothing is left over
        loglik = float(-n / 2 * (np.log(2 * np.pi * sse / n) + 1))
    y = rows.y.to_numpy()
    # R2 of the whole, effects included.
    r2 = plain.r_squared(np.asarray(y - rows.y.mean(), dtype=float), fit.u_hat)
    whole = {"R2": r2, "mean of outcome": float(y.mean())}
    if effects:
        whole["R2 within"] = plain.r_squared(left.y, fit.u_hat)
    return LeastSquares(
        "Least squares",
        lambda level: _lines(case, kinds, level),
        nobs=n,
        # Normal errors with the variance of maximum likelihood, SSE / N.
        loglik=loglik,
        n_params=k,
        resids=rows.restored(fit.u_hat),
        # y - u, so that effects that were taken out are part of the fitted value.
        fitted=rows.restored(y - fit.u_hat),
        covariance=case.covariance,
        _in_tables=InTables(
            effects=tuple(effects),
            clusters=_clusters_in_words(case, kinds),
            whole=whole,
        ),
        notes={
            "R2": r2,
            "units": len(rows.units.names),
            "clusters": len(case.clusters.names),
            "no unit given": "" if rows.units_known else "each row is one",
            UNREAD: not_read(kinds, options),
        },
        raw=fit,
        case=case,
    )


@reported("contrasts", passes_to=ols)
def contrasts(
    y: str,
    data: pd.DataFrame,
    group: str,
    *,
    reference: str | None = None,
    controls: str | Sequence[str] = (),
    unit: str | None = None,
    inference: str | Sequence[str] = ("CR2", "wild"),
    **options: object,
) -> Fit:
    """Compare groups of units: each with a reference group, or each with all other
    units.

    Parameters
    ----------
    y, group, controls : str, str, sequence of str
        Columns.
    reference : str, optional
        Group to compare with; all other units by default.
    data, unit, inference, **options
        As for ``ols``; one row a unit.
    """
    units = table(Columns(y, ()), data, unit, None, of_one_date=True)
    labels = units.column(group).map(plain_text).astype(str)
    reference = None if reference is None else plain_text(reference)
    groups = [name for name in names_in_order(labels) if name != reference]
    if len(set(labels)) < 2 or (reference is not None and reference not in set(labels)):
        raise EstimateError(
            f"groups {', '.join(groups)}",
            f"two, {reference or 'one'} among them",
            "name others",
        )
    # Groups become columns of zeros and ones under their own names.
    taken = set(groups) & {*units.data, "Intercept"}
    if taken:
        raise EstimateError(
            f"a group of {group} named {min(taken)}, as a column or the constant is",
            "other names",
            "rename the column or the group",
        )
    data = units.data.assign(
        **{name: (labels == name).astype(float) for name in groups}
    )
    if not units.units_known:  # a row is a unit here
        unit = "unit of the row"
        data[unit] = np.arange(len(data))
    kinds = list(dict.fromkeys(names_of(inference)))
    # Against all others each group has a model of its own.
    sets = [[name] for name in groups] if reference is None else [groups]
    fits = [
        ols(
            data=data,
            y=y,
            x=[*names, *names_of(controls)],
            unit=unit,
            inference=kinds,
            **options,
        )
        for names in sets
    ]

    def rows(level: float) -> pd.DataFrame:
        tests = pd.concat([fit.rows(level) for fit in fits])
        tests = tests[tests["term"].isin(groups)]
        parts = [tests[tests["inference"] == kind] for kind in kinds]
        return pd.concat(parts, ignore_index=True)

    against = "all others" if reference is None else reference
    return Fit(
        f"{y}: groups against {against}",
        rows,
        fits[0].nobs,
        notes={"groups": len(set(labels)), UNREAD: fits[0].notes[UNREAD]},
        raw=fits,
    )


PRODUCT = "initial_x_"  # opens the name of a product with the initial level


@reported("beta-convergence", passes_to=ols)
def beta_convergence(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    start: int | None = None,
    end: int | None = None,
    interact: str | Sequence[str] = (),
    **options: object,
) -> Fit:
    """Regress mean yearly growth on the ``initial`` level; ``tables["speed"]`` holds
    speed and half-life.

    Parameters
    ----------
    formula : str
        ``np.log(income) ~ schooling``: the level in logs, and controls at the first
        date. Or ``y`` and ``x``. An outcome that its name does not call a logarithm is
        taken as it stands and ``notes`` say so, or refused where it grows as no
        logarithm does.
    data, unit, time, **options
        As for ``ols``; inference is HC3 by default.
    start, end : int, optional
        First and last date; those of the data by default.
    interact : str or sequence of str, optional
        Controls on which the slope depends: ``initial_x_NAME`` is their product with the
        initial level, and ``tables["speed"]`` has the ``speed at NAME = 1``, the others
        at 0, tested as that slope is by the first inference; permutations are refused.
    """
    rows = table(formula, data, unit, time)
    rows.check_keys("growth")
    if rows.effects:
        raise EstimateError(
            "fixed effects in a cross-section",
            "controls",
            f"write C({next(iter(rows.effects))})",
        )
    used = {rows.unit_name}.union(*rows.variables.values())
    if {"growth", "initial"} & used:
        raise EstimateError(
            "a control named growth or initial", "another name", "rename it"
        )
    if "Intercept" not in rows.X:
        raise EstimateError(
            "growth without a constant", "one", "leave out '0 +' or '- 1'"
        )
    dates = rows.calendar
    first, last = dates.ends(start, end)
    # By unit (rows) and date (columns): twins are refused, so that a cell has one row.
    levels = rows.y.groupby([rows.unit, dates.codes]).first().unstack()
    # Growth needs both ends; a unit with one would leave without a word.
    lost = levels.index[levels[[first, last]].isna().any(axis=1)]
    years = dates.between(first, last)
    if len(lost):
        raise EstimateError(
            f"{counted(len(lost), 'unit')} without both dates, first {lost[0]}",
            "both",
            "leave them out",
        )
    at = dates.codes == first
    # Controls are those of the first date, before the growth.
    cross = rows.data[at].set_axis(rows.unit[at]).assign(initial=levels[first])
    # (y_T - y_0) / T with T in years, whatever the step between dates.
    cross["growth"] = (levels[last] - levels[first]) / years
    said = said_of_logarithm(rows.y, cross["growth"])
    modifiers = names_of(interact)
    for name in modifiers:
        chosen("control to interact with", name, rows.X)
        cross[PRODUCT + name] = cross["initial"] * rows.X[name][at].to_numpy()
    model = _growth_model(formula, rows, modifiers)
    fit = ols(model, cross, unit=rows.unit_name, **options)

    def with_speeds(fit: LeastSquares) -> LeastSquares:
        return replace(fit, tables={"speed": _speeds(fit, modifiers, years)})

    case: Any = fit.case
    rate, half = _speeds(fit, modifiers, years)["estimate"].tolist()[:2]
    span = f"{dates.text[first]} to {dates.text[last]}"
    named = replace(
        fit,
        title="Beta convergence",
        notes={
            "speed": rate,
            "half-life": half,
            "years": span,
            "outcome": said,
            **fit.notes,
        },
        _drawn={
            "units": case.rows.unit,
            "names": case.names,
            "outcome": str(rows.y.name),
            # Controls by the name of their product with the initial level.
            "products": {PRODUCT + name: name for name in modifiers},
        },
        _of_first=with_speeds,
    )
    return with_speeds(named)


def _speeds(fit: LeastSquares, modifiers: Sequence[str], years: float) -> pd.DataFrame:
    """Return the speeds and the half-life that the slope of the initial level implies, a
    row each, by the first inference.
    """
    # The interval of the speed is that of the slope, transformed.
    of_slope = fit.rows(0.95).set_index("term").loc[["initial"], NUMBERS]
    slope = Tested(**of_slope.iloc[0])
    implied = speeds(fit.raw, years)
    tests = [row.test for row in implied.rows(slope, 0.95)]
    names = ["speed", "half-life", "speed by nonlinear least squares"]
    for name in modifiers:
        names.append(f"speed at {name} = 1")
        other = _slope_at_one(fit, name)
        tests.append(implied.rows(other, 0.95)[0].test)
    return pd.DataFrame(
        [[getattr(test, name) for name in NUMBERS] for test in tests],
        index=names,
        columns=NUMBERS,
    )


# ASSUME: a logarithm of incomes that is not named so moves by less than a tenth a year,
# up or down, in the median unit. A level that moves less, such as a low income in
# thousands, cannot be told from one.
FASTEST = 0.1


def said_of_logarithm(y: "pd.Series[float]", growth: "pd.Series[float]") -> str:
    """Return what is said of an outcome that is no logarithm by its name, and refuse a
    level: positive, and growing as no logarithm does.
    """
    if is_logarithm(y.name, {str(y.name): y}):
        return ""
    typical = float(growth.abs().median())
    if typical > FASTEST and (y > 0).all():
        raise EstimateError(
            f"{y.name} that changes by {typical:.3g} a year in the median unit, as a"
            " level does and no logarithm",
            "the logarithm",
            f"write np.log({y.name}) ~ ..., or name a column of logarithms log_{y.name}",
        )
    return f"{y.name} as it stands, taken for a logarithm"


def _growth_model(
    formula: str | Columns, rows: Table, modifiers: Sequence[str]
) -> str | Columns:
    """Return the model of growth on the initial level, the controls, and its products
    with those that modify it.
    """
    products = [PRODUCT + name for name in modifiers]
    if isinstance(formula, Columns):
        return Columns("growth", ("initial", *formula.x, *products))
    controls = parsed(formula, rows.data).right_text
    return " + ".join(
        [f"growth ~ initial + {controls}", *(f"`{name}`" for name in products)]
    )


def _slope_at_one(fit: LeastSquares, name: str) -> Tested:
    """Test the slope of growth where one control is 1 and the others that modify it are
    0, with the degrees of freedom of this sum of two coefficients.
    """
    case: Any = fit.case
    kind = _first_kind(fit)
    if METHODS[kind].scheme:
        raise EstimateError(
            f"interact with {kind}, which reassigns one regressor and tests no sum",
            "an inference of sums of coefficients",
            "name another first",
        )
    at_one = case.names.index("initial"), case.names.index(PRODUCT + name)
    c = case.coefficients[[*at_one]].sum(axis=0)
    return infer(kind, case, c)

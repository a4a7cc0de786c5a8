"""Dynamic panels and Markov chains on a DataFrame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.arguments import numeric, whole
from evenfield.api.arithmetic import as_floats
from evenfield.api.data import Table, matched_weights, names_of, reported, table
from evenfield.api.formula import lag_of_outcome, outcome_of
from evenfield.api.policies import LEVEL, POWER, of_units
from evenfield.api.results import NUMBERS, Fit, chosen, refuse_undefined, t_rows, tidy
from evenfield.models.dynamic_panel import (
    FITS,
    INTERVALS,
    Root,
    against_one,
    lies_between,
    modified_roots,
    other_roots,
    shocks,
    speed_of,
    tested_root,
)
from evenfield.models.markov import Chain, income_chain, income_classes
from evenfield.models.rows import Row
from evenfield.numerics.dynamic_panel import gmm
from evenfield.numerics.dynamic_panel.instruments import (
    EVERYWHERE,
    LEVELS_ONLY,
    NOWHERE,
    Equations,
    GmmSpec,
    Layout,
    Source,
    equation_dates,
)
from evenfield.study.errors import EstimateError, counted


@reported("dynamic-fixed-effects")
def dynamic_fe(
    y: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    method: str = "bias_corrected",
    interval: str = "clustered",
    draws: int = 1999,
    seed: int = 0,
    interact: str | Sequence[str] = (),
    every: int = 1,
) -> Fit:
    """Fit y_it = ``rho`` y_i,t-1 + unit and year effects without the bias of these, and
    ``speed`` = -ln(rho) a year.

    Parameters
    ----------
    data, unit, time
        As for ``ols``; the panel is balanced.
    y : str
        Column, or an expression such as ``np.log(income)``.
    method : str
        bias_corrected (shocks whose variance is free by date), bias_corrected_constant
        (one variance), half_panel_jackknife or anderson_hsiao; pooled and fixed_effects
        are what the root lies between.
    interval : str
        Of ``tables["speed"]``: clustered by unit, or, of bias-corrected roots, score (the
        roots around the estimate at which the adjusted score does not differ from
        zero, which needs no root; ``notes`` say if it does not at 1 either, beyond
        them) or bootstrap (whole units drawn again, studentised).
    draws, seed : int
        Draws of units.
    interact : str or sequence of str, optional
        Numbers of units, the same at all their dates, on which the root depends, each
        with year effects of its own: ``rho`` is that at zero, ``rho_x_NAME`` what one
        more adds, bias-corrected and by bootstrap, whatever ``interval`` is (score is
        refused). ``tables["speed"]`` then has -``rho_x_NAME`` over the years of a
        transition: what one more of each adds to the speed a year for a root near one
        (1 / rho times as much at another), and uncorrected ``fixed_effects``.
    every : int
        Dates that a transition takes: 5 takes every fifth date, back from the last one.
        ``tables["other dates"]`` has the lowest and the highest bias-corrected root
        where dates end up to four earlier, and their speeds.

    Returns
    -------
    Fit
        ``rho`` from one date to the next and ``speed`` per year, with errors by unit;
        ``notes`` hold the half-life in years and, for dates that are not a year apart,
        the years between them. ``tables["speed"]`` has ``rho`` tested against one, at
        which gaps stay, ``speed`` and ``half-life`` with its interval, transformed;
        ``tables["residuals"]`` what residuals of a bias-corrected root show of the
        shocks; ``tables["bracket"]`` the root of ``bias_corrected`` between those of
        fixed effects and of pooled least squares, and whether it ``holds`` that it lies
        there, 1 or 0.

    Notes
    -----
    Bun and Carree (2005) and Dhaene and Jochmans (2016); Breitung, Kripfganz and
    Hayakawa (2022) for variances by date; Anderson and Hsiao (1981).
    """
    chosen("method", method, FITS)
    corrected = method.startswith("bias_corrected")
    chosen(f"interval of {method}", interval, INTERVALS if corrected else ["clustered"])
    whole("draws", draws, lowest=99)
    rows = table(outcome_of(y, data), data, unit, time)
    rows.check_keys("a dynamic panel")
    rows.calendar.even("a root of the lagged value")
    whole("every", every, lowest=1)
    # Every so many dates back from each of the last ones, turned round again.
    backwards = rows.balanced(rows.y)[:, ::-1]
    levels, *others = (backwards[:, end::every][:, ::-1] for end in range(every))
    years = every * rows.calendar.years
    names = names_of(interact)
    if names:
        chosen("method with interact", method, ["bias_corrected"])
        chosen("interval with interact", interval, ["clustered", "bootstrap"])
        for name in names:
            rows.numbers(name)
        modifiers = {name: of_units(rows, name).astype(float) for name in names}
        return _modified(levels, modifiers, years, draws, seed)
    root = FITS[method](levels)
    speed = speed_of(root.rho, root.std_error, years)
    notes = {
        "units": root.n_units,
        "transitions": root.n_periods,
        "years a transition": "" if years == 1 else years,
        "half-life": speed.half_life,
    }
    tables = {}
    if corrected:
        notes |= {"uncorrected rho": root.fixed_effects, "root found": not root.no_root}
        of_shocks = pd.Series(shocks(levels, root.rho))
        tables["residuals"] = of_shocks.to_frame("value")
        if method == "bias_corrected":
            tables["bracket"] = _bracket(levels, root.fixed_effects, root.rho)
    if others:
        low, high = other_roots(others)
        roots = pd.DataFrame({"rho": {"lowest": low, "highest": high}})
        tables["other dates"] = roots.assign(speed=-np.log(roots["rho"]) / years)
    rng = np.random.default_rng(seed)
    against, lost = tested_root(levels, root, interval, LEVEL, rng, draws)
    tables["speed"] = _speeds(against, years)
    if interval == "bootstrap":
        notes["share of draws without a root"] = lost
    return Fit(
        f"Dynamic panel, {method.replace('_', ' ')}",
        t_rows(
            ["rho", "speed"],
            [root.rho, speed.value],
            [root.std_error, speed.std_error],
            "clustered by unit",
            root.df,
        ),
        root.n_units * root.n_periods,
        notes=notes,
        tables=tables,
        raw=root,
    )


def _bracket(
    levels: np.ndarray, fixed_effects: float, corrected: float
) -> pd.DataFrame:
    """Return a corrected root between those with the biases downwards and upwards."""
    pooled = FITS["pooled"](levels).rho
    roots = {
        "fixed effects": fixed_effects,
        "bias corrected": corrected,
        "pooled": pooled,
    }
    holds = lies_between(fixed_effects, corrected, pooled)
    return pd.DataFrame({"rho": roots}).assign(holds=holds)


def _modified(
    levels: np.ndarray,
    modifiers: Mapping[str, np.ndarray],
    years: float,
    draws: int,
    seed: int,
) -> Fit:
    """Fit a root over so many years that depends on numbers of units."""

    def found(level: float) -> tuple[list[Row], np.ndarray]:
        rng = np.random.default_rng(seed)
        return modified_roots(levels, modifiers, rng, draws, level)

    tests, uncorrected = found(LEVEL)
    # d lambda = -d rho / (rho D), at a root of one: a smaller root is a faster speed.
    per_year = -1 / years
    by_term = {}
    for (term, test, *_), biased in zip(tests, uncorrected, strict=True):
        if term == "rho":
            continue
        by_term[term.replace("rho_x_", "")] = {
            "estimate": per_year * test.estimate,
            "std_error": -per_year * test.std_error,
            "p_value": test.p_value,
            "conf_low": per_year * test.conf_high,
            "conf_high": per_year * test.conf_low,
            "fixed_effects": per_year * biased,
        }
    rho = tests[0].test
    return Fit(
        f"Dynamic panel, bias corrected, by {' and '.join(modifiers)}",
        lambda level: tidy(found(level)[0]),
        levels[:, 1:].size,
        notes={
            "units": len(levels),
            "transitions": levels.shape[1] - 1,
            "half-life": speed_of(rho.estimate, rho.std_error, years).half_life,
        },
        tables={"speed": pd.DataFrame.from_dict(by_term, orient="index")},
    )


def _speeds(root: Root, years: float) -> pd.DataFrame:
    """Return a root tested against one, its speed a year and the half-life, a row each."""
    tests = [row.test for row in root.rows(years, LEVEL, POWER)]
    return pd.DataFrame(
        [[getattr(test, name) for name in NUMBERS] for test in tests],
        index=["rho", "speed", "half-life"],
        columns=NUMBERS,
    )


@reported("dynamic-gmm")
def dynamic_gmm(
    formula: str,
    data: pd.DataFrame,
    *,
    unit: str | None = None,
    time: str | None = None,
    lags: int | None = None,
    equations: str = "difference",
    instruments: tuple[int, int] = (2, 0),
    endogenous: str | Sequence[str] = (),
    predetermined: str | Sequence[str] = (),
    last_lag: int = 0,
    collapse: bool = False,
    centre: bool = False,
    steps: int = 2,
    time_effects: bool | None = None,
    first_step: str = "full",
    constant: bool = True,
) -> Fit:
    """Fit a dynamic panel by difference or system GMM; ``notes`` hold Hansen's and
    Sargan's test, m1 and m2.

    Parameters
    ----------
    formula, data, y, x, unit, time
        As for ``ols``. The panel may be unbalanced, with blanks; infinite values, as of
        the logarithm of zero, are refused. Lags of y may stand in the formula,
        ``lag(y, 1)`` and the next ones without a gap.
    lags : int, optional
        Lags of y among the regressors: those of the formula, or 1.
    equations : str
        difference, or system (a constant is reported then, but for ``constant=False``:
        levels less the means of their dates need none; other levels have a dummy for
        every date, or ``notes`` say how far their mean is from zero).
    instruments : tuple of int
        First and last lag of the levels of y that instrument the differences; 0 takes
        all there are.
    endogenous, predetermined : sequence of str
        Columns of the data, or terms of the formula, whose lags from 2 or from 1 on are
        instruments, up to ``last_lag`` (0: all there are); regressors made of them do
        not instrument themselves.
    centre : bool
        Whether levels less their mean are instruments. A level that a unit lacks is a
        zero among the instruments, so that in an unbalanced panel the estimates depend
        on the unit in which y is measured, or the origin of its logarithm; not if
        centred. Other programs do not centre.
    collapse, time_effects : bool
        Whether to have one instrument a lag, and not one a lag and date; whether dates
        have dummies, which in a system instrument the levels alone: yes by default, and
        not with the unit alone behind the bar of the formula.
    steps, first_step : int, str
        1 (robust errors) or 2 (Windmeijer's errors); full, difference or identity:
        Roodman's h(3), h(2) and h(1).

    Returns
    -------
    Fit
        Lags of y first, then the regressors, the dates and the constant of a system.
        ``tables["tests"]`` has Hansen's and Sargan's tests, m1 and m2; ``notes`` the
        units and the independent instruments, with a word where these are more than
        the units, where others span them, and where estimates depend on the level of
        y. With one lag ``tables["speed"]`` has its root tested against one by t(N - 1),
        the speed a year and the half-life. ``raw`` is of y less its mean.

    Notes
    -----
    Arellano and Bond (1991); Blundell and Bond (1998); Windmeijer (2005); Roodman
    (2009). Rows whose lags reach across a date that no unit has drop out.
    """
    rows = table(formula, data, unit, time, keep_missing=True)
    rows.check_keys("a dynamic panel")
    time_effects = _agreed_time_effects(time_effects, rows.panel_effects)
    chosen("number of steps", steps, [1, 2])
    chosen("equations", equations, ["difference", "system"])
    system = equations == "system"
    with_constant = _has_constant(equations, constant)
    _check_lags(instruments, last_lag)
    # By step: a date that no unit has keeps its place, so that no lag leaps over it.
    Y = rows.steps_grid(rows.y)
    n_dates = Y.shape[1]
    # Far from zero regressors, too, would lose digits: the constant makes up for the
    # mean.
    mean = float(np.nanmean(Y)) if with_constant or not system else 0.0
    lags, names = _lags_of_outcome(rows, lags)
    first_lags = _first_lags(names_of(endogenous), names_of(predetermined), last_lag)
    sources, own = _instruments(rows, names, first_lags, last_lag, centre)
    X = rows.steps_grid(rows.X[names])
    # Y enters less its mean: ``origin`` gives instruments their level, if not centred.
    spec = GmmSpec(
        lags=lags,
        first_lag=instruments[0],
        last_lag=instruments[1],
        equations=Equations(equations),
        layout=Layout.COLLAPSED if collapse else Layout.FULL,
        first_step=first_step,
        origin=0.0 if centre else mean,
    )
    if time_effects:
        # A dummy for each date with an equation: a date that no unit has takes away
        # those of the dates after it, too. In levels the constant is that of the first.
        in_differences, in_levels = equation_dates(Y, X, lags)
        dated = np.flatnonzero(in_levels if system else in_differences)
        dated = dated[1:] if with_constant else dated
        dummies = np.tile(np.eye(n_dates)[:, dated], (len(Y), 1, 1))
        X = np.concatenate([X, dummies], axis=2)
        names += [rows.calendar.position_text(int(t)) for t in dated]
        own += [LEVELS_ONLY if system else EVERYWHERE] * len(dated)
    if with_constant:
        ones = np.where(np.isfinite(Y), 1.0, np.nan)
        X = np.concatenate([X, ones[..., None]], axis=2)
        names.append("Intercept")
        own.append(LEVELS_ONLY)
    # Less its mean, so that sums of squares keep their digits.
    fit = gmm.dynamic_gmm(Y - mean, spec, X, sources, np.array(own, dtype=int))
    names = [f"lag({rows.y.name}, {p})" for p in range(1, lags + 1)] + names
    beta = fit.beta_one_step if steps == 1 else fit.beta
    cov = fit.cov_one_step if steps == 1 else fit.cov
    m1, m2 = fit.serial_one_step if steps == 1 else fit.serial
    if with_constant:
        beta, cov = _with_mean(beta, cov, lags, mean)
    errors = np.sqrt(np.diag(cov))
    inference = "robust" if steps == 1 else "Windmeijer"
    tests = {
        "Hansen": fit.hansen,
        "Sargan": fit.sargan,
        "m1": m1,
        "m2": m2,
    }
    notes: dict[str, Any] = {"units": fit.n_units, "instruments": fit.n_instruments}
    notes |= _cautions(fit, Y, centre)
    notes |= _taken_up(Y, by_root=system and not (constant or time_effects))
    tables = {"tests": pd.DataFrame(tests, index=["statistic", "df", "p_value"]).T}
    # Lags of other dates than the last one leave no one root.
    if lags == 1 and rows.calendar.years > 0:
        root = against_one(beta[0], errors[0], fit.n_units, LEVEL)
        tables["speed"] = _speeds(root, rows.calendar.years)
    for name, test in tests.items():
        df = "" if np.isnan(test.df) else f"({test.df:.0f})"
        notes |= {f"{name}{df}": test.statistic, f"{name} p": test.p_value}
    return Fit(
        f"{equations.capitalize()} GMM, {steps} step{'s' * (steps > 1)}",
        t_rows(names, beta, errors, inference),
        fit.n_levels or fit.n_rows,
        covariance=lambda _: pd.DataFrame(cov, names, names),
        notes=notes,
        tables=tables,
        raw=fit,
    )


def _check_lags(instruments: Any, last_lag: int) -> None:
    """Refuse lags of instruments that are no whole numbers."""
    if np.shape(instruments) != (2,):
        raise EstimateError(
            f"instruments={instruments!r}", "first and last lag", "give (2, 4), say"
        )
    for lag in (*instruments, last_lag):
        whole("lag of an instrument", lag, lowest=0)


def _first_lags(
    endogenous: Sequence[str], predetermined: Sequence[str], last_lag: int
) -> dict[str, int]:
    """Return the first lag of each variable whose lags are instruments."""
    if last_lag and not (endogenous or predetermined):
        raise EstimateError(
            f"last_lag={last_lag} without endogenous or predetermined columns",
            "columns whose lags it ends; those of y end by instruments",
            "name them, or leave it out",
        )
    both = [name for name in endogenous if name in predetermined]
    if both:
        raise EstimateError(
            f"{both[0]} among endogenous and predetermined columns",
            "one of them",
            "leave it out of the other",
        )
    return dict.fromkeys(endogenous, 2) | dict.fromkeys(predetermined, 1)


def _instruments(
    rows: Table,
    names: Sequence[str],
    first_lags: Mapping[str, int],
    last_lag: int,
    centre: bool,
) -> tuple[list[Source], list[int]]:
    """Return the levels that are instruments, and where each regressor instruments
    itself; the first lag of a column is 2 where shocks move it, 1 where later.
    """
    sources = []
    touched = set(first_lags)
    for name, first_lag in first_lags.items():
        values = as_floats(rows.column(name, missing=True))
        if not pd.api.types.is_numeric_dtype(values):
            raise EstimateError(
                f"{name} with what is no number", "numbers", "take another column"
            )
        path = rows.steps_grid(values)
        if np.isinf(path).any():
            raise EstimateError(
                f"infinite values of {name}", "finite numbers", "leave them blank"
            )
        origin_of_path = np.nanmean(path) if centre else 0.0
        sources.append(Source(path - origin_of_path, first_lag, last_lag))
        touched |= rows.variables.get(name, set())
    # What is made of an endogenous or predetermined column may not instrument itself.
    own = [
        NOWHERE if {name, *rows.variables[name]} & touched else EVERYWHERE
        for name in names
    ]
    return sources, own


def _lags_of_outcome(rows: Table, lags: int | None) -> tuple[int, list[str]]:
    """Return the number of lags of the outcome, by option or formula, and the names of
    the other regressors.
    """
    y = str(rows.y.name)
    terms = [str(name) for name in rows.X if name != "Intercept"]
    of_outcome = {name: lag_of_outcome(name, y) for name in terms}
    others = [name for name in terms if of_outcome[name] is None]
    # Lags of y are regressors of the estimator, which instruments them.
    written = sorted(k for k in of_outcome.values() if k is not None)
    if not written:
        return (1 if lags is None else lags), others
    if written != list(range(1, len(written) + 1)) or lags not in {None, len(written)}:
        count = "" if lags is None else f" beside lags={lags}"
        raise EstimateError(
            f"lags {', '.join(map(str, written))} of {y} in the formula{count}",
            "lags from 1 on without a gap, said once",
            f"write lag({y}, 1) and the next ones, or lags= alone",
        )
    return len(written), others


def _with_mean(
    beta: np.ndarray, cov: np.ndarray, lags: int, mean: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return coefficients and covariance of y from those of y less its mean; the
    constant is the last.

    Notes
    -----
    y - m = sum rho_p (y_-p - m) + a gives the constant a + m (1 - sum rho_p).
    """
    to_level = np.eye(len(beta))
    to_level[-1, :lags] = -mean  # the constant's row of the map
    moved = to_level @ beta
    moved[-1] += mean
    return moved, to_level @ cov @ to_level.T


FAR = 10  # standard deviations
ZERO_MEAN = 1e-8  # standard deviations below which a mean is rounding


def _cautions(fit: gmm.GmmFit, Y: np.ndarray, centre: bool) -> dict[str, str]:
    """Say what a reader of the tests and the coefficients should know."""
    notes = {}
    if fit.n_dependent:
        notes["left out"] = (
            f"{counted(fit.n_dependent, 'instrument')} that the others span"
        )
    if fit.n_instruments > fit.n_units:
        notes["caution"] = (
            "more instruments than units: Hansen's test and two-step errors mean little;"
            " collapse=True or instruments=(2, 3) gives fewer"
        )
    # A level that a unit lacks is a zero among the instruments: far from zero it weighs.
    far = abs(np.nanmean(Y)) > FAR * np.nanstd(Y)
    by_level = np.isnan(Y).any() or fit.n_instruments > fit.n_units
    if far and by_level and not centre:
        notes["level of y"] = (
            "far from zero, and the estimates depend on it: see centre=True"
        )
    return notes


def _has_constant(equations: str, constant: bool) -> bool:
    """Say whether a constant is estimated, which no difference has."""
    system = equations == "system"
    if not (system or constant):
        raise EstimateError(
            "constant=False with equations='difference', which has no constant",
            "equations='system'",
            "leave it out",
        )
    return system and constant


def _taken_up(Y: np.ndarray, *, by_root: bool) -> dict[str, str]:
    """Say how far means of dates are from zero where neither a constant nor dummies take
    them up; levels (N, T).
    """
    if not by_root:
        return {}
    means = np.nanmean(Y, axis=0)
    farthest = float(means[np.nanargmax(np.abs(means))])
    if abs(farthest) <= ZERO_MEAN * np.nanstd(Y):
        return {}
    return {
        "no constant": f"y has a mean of up to {farthest:.3g} at a date, which the root"
        " takes up: subtract the means of dates, or leave out constant=False"
    }


def _agreed_time_effects(option: bool | None, behind_bar: str | None) -> bool:
    """Return whether dates have dummies by the option or by the formula; unit effects
    are differenced away in any case.
    """
    if behind_bar is None:
        return option is not False
    if behind_bar == "time":
        raise EstimateError(
            "time effects alone behind the bar",
            "unit effects as well, which the estimator always has",
            "name the unit too, or leave out the bar",
        )
    # The unit alone behind the bar asks for no dummies of dates.
    by_formula = behind_bar == "two_way"
    if option not in (None, by_formula):
        raise EstimateError(
            f"time_effects={option} beside {behind_bar} effects behind the bar",
            "the same twice, or one of them",
            "leave out the other",
        )
    return by_formula


MOBILITY = {
    "mobility (Shorrocks)": "shorrocks",
    "second root": "second_root",
    "half-life": "half_life",
}


def _is_empty(given: object) -> bool:
    return isinstance(given, Sized) and len(given) == 0


def _classes_asked_for(k: int, classes: str, cutoffs: Any) -> tuple[int, str]:
    """Return the number of classes and the rule that makes them."""
    chosen("classes", classes, ["pooled", "yearly"])
    if _is_empty(cutoffs):
        return k, classes
    fixed = _fixed_classes(cutoffs)
    unused = {
        f"k={k}": k not in (5, fixed),
        f"classes={classes!r}": classes != "pooled",
    }
    for found, is_unused in unused.items():
        if is_unused:
            raise EstimateError(
                f"{found} beside cutoffs, which make the classes",
                "one of them",
                "leave the other out",
            )
    return fixed, "fixed"


def _fixed_classes(cutoffs: Any) -> int:
    """Return the number of classes between cut-offs, and refuse those that do not rise."""
    listed = isinstance(cutoffs, Sequence | np.ndarray | pd.Series)
    if not listed or isinstance(cutoffs, str):
        raise EstimateError(
            f"cutoffs={cutoffs!r}", "rising numbers", "write cutoffs=[1.0], for example"
        )
    for cutoff in cutoffs:
        numeric("cutoffs", cutoff)
    finite = np.isfinite(np.asarray(cutoffs, dtype=float)).all()
    if not (finite and (np.diff(cutoffs) > 0).all()):
        raise EstimateError(
            f"cutoffs={list(cutoffs)}", "rising numbers", "sort them, each once"
        )
    return len(cutoffs) + 1


def _homogeneity(
    chain: Chain, rows: Table, spans: Sequence[tuple[object, object]]
) -> pd.DataFrame:
    """Return likelihood ratios that a chain has no memory, and is one over spans."""
    tests = {}
    if chain.classes.shape[1] > 2 * chain.step:
        tests["first order"] = chain.memory
    if not _is_empty(spans):
        dates = {}
        text = rows.calendar.text
        for first, last in rows.calendar.ends_of_spans(spans):
            dates[f"{text[first]} to {text[last]}"] = np.arange(first, last + 1)
        tests["over time"] = chain.over_time(dates)
    numbers = {name: [test.lr, test.df, test.lr_p] for name, test in tests.items()}
    return pd.DataFrame.from_dict(
        numbers, orient="index", columns=["statistic", "df", "p_value"]
    )


@reported("markov")
def markov(
    y: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    unit: str | None = None,
    time: str | None = None,
    k: int = 5,
    classes: str = "pooled",
    step: int = 1,
    neighbour_classes: int | None = None,
    draws: int = 999,
    seed: int = 0,
    cutoffs: Sequence[float] = (),
    spans: Sequence[tuple[object, object]] = (),
) -> Fit:
    """Estimate a Markov chain of income classes, with weights given the neighbours'
    class; its matrices in ``tables``.

    Parameters
    ----------
    y, data, unit, time
        As for ``dynamic_fe``; usually income relative to the mean of its date.
    w : optional
        What ``weights`` takes, matched to the units by id: the spatial chain of Rey
        (2001) and its test.
    k, classes, step : int, str, int
        Number of classes of equal size, pooled over dates or yearly; dates that a
        transition takes.
    neighbour_classes : int, optional
        Classes of the neighbours' average, with ``w``; k by default.
    draws, seed : int
        Maps with permuted trajectories for the test of the spatial chain.
    cutoffs : sequence of float
        Upper bounds of all classes but the highest, rising, in place of k classes of
        equal size: ``k`` and ``classes`` are refused beside them.
    spans : sequence of (date, date)
        First and last dates of two spans or more, between which chains are compared;
        no two have a transition in common.

    Returns
    -------
    Fit
        The probability of each transition; ``tables`` have the matrix, the counts, the
        ergodic distribution and, with weights, a matrix for each class of neighbours;
        ``notes`` mobility, the half-life in years and the tests. ``tables["mobility"]``
        has the indices, the second root among them; ``tables["homogeneity"]`` likelihood
        ratios, whose chi-squared p-values are right for independent first-order chains
        alone: that the class one step before adds nothing (``first order``), and that
        spans share one chain (``over time``).

    Notes
    -----
    Rey (2001) for the chain given the neighbours; Shorrocks (1978) for mobility;
    Anderson and Goodman (1957) for homogeneity.
    """
    whole("draws", draws, lowest=1)
    rows = table(outcome_of(y, data), data, unit, time)
    rows.check_keys("transitions")
    k, classes = _classes_asked_for(k, classes, cutoffs)
    if neighbour_classes is not None and w is None:
        raise EstimateError(
            "neighbour_classes without w",
            "weights, which make neighbours",
            "give w=, or leave it out",
        )
    # Every transition takes the same time.
    rows.calendar.even("transitions")
    x = rows.balanced(rows.y)
    # In years: a transition takes ``step`` dates.
    chain = income_chain(
        income_classes(x, k, classes, cutoffs), k, step, step * rows.calendar.years
    )
    labels = pd.Index([str(i) for i in range(1, k + 1)])
    P = chain.matrix
    lines = t_rows(
        [f"{a} to {b}" for a, b in product(labels, repeat=2)],
        P.ravel(),
        chain.std_errors.ravel(),
        "multinomial",
    )
    notes = {
        "mobility (Shorrocks)": chain.index("shorrocks"),
        "half-life": chain.index("half_life"),
        "ergodic": " ".join(f"{share:.3f}" for share in chain.ergodic),
    }
    without = labels[np.flatnonzero(chain.counts.sum(axis=1) == 0)]
    if len(without):  # the chain has no ergodic distribution
        notes["classes where no transition starts"] = ", ".join(without)
    tables = {
        "transitions": pd.DataFrame(P, labels, labels),
        "counts": pd.DataFrame(chain.counts, labels, labels),
        "ergodic": pd.DataFrame({"share": chain.ergodic}, index=labels),
        "mobility": pd.DataFrame(
            {"index": {name: chain.index(key) for name, key in MOBILITY.items()}}
        ),
        "homogeneity": _homogeneity(chain, rows, spans),
    }
    fit = Fit(
        "Markov chain", lines, int(chain.counts.sum()), notes=notes, tables=tables
    )
    if w is None:
        return fit
    W = matched_weights(w, rows.units.names)
    rng = np.random.default_rng(seed)
    given = chain.given_neighbours(x, W, neighbour_classes or k, rng, draws)
    refuse_undefined(given.reason)
    q, lr = (row.test for row in given.rows())
    notes |= {
        "Q": q.estimate,
        "Q p": q.p_value,
        "LR": lr.estimate,
        "LR p": lr.p_value,
        "df": q.df,
    }
    for i, matrix in enumerate(given.matrices, 1):
        tables[f"neighbours {i}"] = pd.DataFrame(matrix, labels, labels)
    return replace(
        fit, title="Spatial Markov chain", notes=notes, tables=tables, raw=given.test
    )

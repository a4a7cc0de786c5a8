"""Specification curves: every combination of outcomes, controls and samples, under
permuted treatments or under labels that are dealt out together.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import infer_dtype

from evenfield.api.arguments import refuse_controls
from evenfield.api.arguments import whole as whole_number
from evenfield.api.arithmetic import for_query
from evenfield.api.data import Table, matched_weights, names_of, reported, table
from evenfield.api.formula import Columns
from evenfield.api.labels import LAG, contrast_weights
from evenfield.api.policies import of_units
from evenfield.api.results import Fit, Rows, chosen, t_rows
from evenfield.api.samples import samples_by
from evenfield.models import specification_curve as curve
from evenfield.models.labels import contrast_name
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.fixed_effects import effect_span, without_effects
from evenfield.study.errors import EstimateError, WeightsError, counted, first_examples

# Why a specification has no t: its residuals are rounding.
NOTHING_LEFT = "{} and controls leave nothing of the outcome over"


BETWEEN = " | "  # choices of a specification, in its name


class Case(NamedTuple):
    """One combination of outcome, controls and sample."""

    outcome: str
    controls: tuple[str, ...]
    sample: str
    query: str

    @property
    def choices(self) -> dict[str, str]:
        """What was chosen, by kind of choice."""
        controls = " + ".join(self.controls) or "no controls"
        return {"outcome": self.outcome, "controls": controls, "sample": self.sample}

    @property
    def name(self) -> str:
        """What it is, as text."""
        return BETWEEN.join(self.choices.values())


def _cases(y: Any, controls: Any, samples: Any, sign: Any) -> list[Case]:
    """Return every combination of outcomes, sets of controls and samples, each once."""
    is_number = isinstance(sign, int | float | np.number) and not isinstance(sign, bool)
    if not is_number or sign not in (1, -1):
        raise EstimateError(f"sign={sign!r}", "1 or -1", "give the predicted sign")
    if not isinstance(samples, Mapping | None):
        raise EstimateError(
            f"samples of type {type(samples).__name__}",
            "queries by name",
            "give samples={'all': '', 'late': 'year > 2000'}, for example",
        )
    outcomes = names_of(y)
    sets: list[Any] = names_of(controls)
    for names in sets:
        # Text would be read letter by letter.
        if isinstance(names, str) or not isinstance(names, Iterable):
            raise EstimateError(
                f"{names!r} among the sets of controls",
                "sequences of names",
                "give controls=[(), ('initial',)], for example",
            )
    for name, listed in {"y": outcomes, "controls": sets}.items():
        if not listed:
            raise EstimateError(
                f"{name} without an entry", "one at least", "controls=[()] are none"
            )
    queries = (samples or {"all": ""}).items()
    cases = [
        Case(outcome, tuple(names), sample, query)
        for outcome, names, (sample, query) in product(outcomes, sets, queries)
    ]
    counts = Counter(case.name for case in cases)
    name, count = counts.most_common(1)[0]
    if count > 1:
        raise EstimateError(
            f"{count} specifications {name}", "each once", "leave out the others"
        )
    return cases


@reported("specification-curve")
def specification_curve(
    y: str | Sequence[str],
    data: pd.DataFrame,
    treatment: str,
    *,
    controls: Sequence[Sequence[str]] = ((),),
    samples: Mapping[str, str] | None = None,
    unit: str | None = None,
    time: str | None = None,
    effects: str | Sequence[str] = (),
    sign: int = 1,
    strata: str | None = None,
    draws: int = 999,
    seed: int = 0,
) -> Fit:
    """Fit every combination of outcomes, controls and samples, CR1 by unit;
    ``tables["joint"]`` tests the whole curve by permuting the treatment.

    Parameters
    ----------
    y, treatment, controls : str or sequence of str, str, sequence of sequences of str
        Outcomes, the treatment and sets of controls; no combination twice.
    samples : mapping of str to str, optional
        Names and queries (``DataFrame.query``) that are true or false in each row; all
        rows by default.
    data, unit, time, effects
        As for ``ols``, effects as columns or pairs ``region^year``; one row a unit,
        or a balanced panel.
    sign, strata, draws, seed : optional
        Predicted sign, 1 or -1; a column within which paths of the treatment, a unit's
        values at all dates, are permuted over units; number of permutations, one or
        more, and their seed.

    Returns
    -------
    Fit
        The slope of the treatment in each specification, in units of the outcome for one
        of the treatment, with t(G - 1) of G units. ``tables["joint"]``: median effect,
        share of the predicted sign, share significant so and mean t, each with a
        one-sided p. ``tables["undefined"]``: specifications whose outcome the treatment
        and controls explain without an error; no summary counts them.

    Raises
    ------
    EstimateError
        If a name is unknown, a value is missing, a combination stands twice, a sample
        has no rows or its query is no condition, the treatment is no balanced panel,
        regressors of a specification are collinear, or no specification has an error.

    Notes
    -----
    Simonsohn, Simmons and Nelson (2020). One permutation of units for all specifications;
    p = (1 + draws at least as far) / (1 + draws). Units are permuted in the order of
    their names, so that names in another order are other draws.
    """
    whole_number("draws", draws, lowest=1)
    cases = _cases(y, controls, samples, sign)
    for case in cases:
        refuse_controls("treatment", [treatment], case.controls)
    every = table(Columns(treatment, ()), data, unit, time)
    paths = _drawn_paths(every, strata, draws, np.random.default_rng(seed))
    # Where each row of the data stands in ``every``, which is sorted.
    row_in_every = np.argsort(every.unit_codes)
    slopes = dict[str, curve.Slopes]()
    for case in cases:
        used = _sample(data, case.query)
        if not len(used):
            raise _without_rows(case, "rows")
        regressors = (*case.controls, treatment)
        model = Columns(case.outcome, regressors, tuple(names_of(effects)))
        rows = table(model, data.iloc[used], unit, time)
        # From rows of the sample to those of the data, and to their unit and date.
        at = row_in_every[used[rows.unit_codes]]
        drawn = paths[:, every.units.codes[at], every.calendar.codes[at]]
        slopes[case.name] = _slopes(rows, treatment, drawn)
    defined = {
        name: slope for name, slope in slopes.items() if not np.isnan(slope.errors[0])
    }
    undefined = {
        name: NOTHING_LEFT.format("the treatment")
        for name in slopes
        if name not in defined
    }
    if not defined:
        raise _without_estimate(undefined)
    # (S, 1 + B), (S, 1 + B), (S,): a row a specification; column 0 is the data.
    estimates, errors, df = (
        np.array(part) for part in zip(*defined.values(), strict=True)
    )
    tests = curve.curve_tests(estimates, estimates / errors, df, sign)
    return _fit(
        "Specification curve",
        t_rows(list(defined), estimates[:, 0], errors[:, 0], "CR1", df),
        len(every.y),
        tests,
        {case.name: case.choices for case in cases},
        pd.DataFrame({"reason": undefined}),
    )


def _without_estimate(undefined: Mapping[str, str]) -> EstimateError:
    """Refuse a curve none of whose specifications is defined, and name the first."""
    name, reason = next(iter(undefined.items()))
    return EstimateError(
        f"no specification with an estimate, first {name}: {reason}",
        "one at least",
        "correct the data, or take other terms or samples",
    )


def _drawn_paths(
    rows: Table, strata: str | None, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the treatment of each unit over its dates, as it is and then under each
    permutation of units; (1 + B, N, T).
    """
    paths = rows.balanced(rows.y)
    N = len(paths)
    groups = np.zeros(N, dtype=int)
    if strata is not None:
        groups = of_units(rows, strata).astype(str)
    # One permutation for all specifications, so that they are tested jointly.
    keys = rng.random((draws, N))
    permuted = curve.permutations_from_keys(keys, groups)
    return np.asarray(paths[np.vstack([np.arange(N), permuted])])


def _slopes(rows: Table, treatment: str, drawn: np.ndarray) -> curve.Slopes:
    """Regress the outcome on controls and each treatment, effects taken out of all;
    drawn (1 + B, R), of the data first, is overwritten.
    """
    codes = {name: rows.effect(name) for name in rows.effects}
    # Effects carry the constant.
    names = [str(name) for name in rows.X if not (codes and name == "Intercept")]
    values = np.array([rows.y, *(rows.X[name] for name in names)])
    freed = without_effects(values, names, codes, rows.units.codes, dummies="none")
    squares = (drawn**2).sum(axis=1)
    if codes:
        effect_span(codes).take_out(drawn)
    return curve.slopes_by_draw(
        freed.y,
        drawn.T,
        np.delete(freed.X, names.index(treatment), axis=1),
        rows.units.codes,
        # K in CR1's (N - 1) / (N - K): of effects nested in the units the constant alone.
        freed.rank - freed.nested,
        squares,
        float((rows.y.to_numpy() ** 2).sum()),
    )


def _fit(
    title: str,
    rows: Rows,
    nobs: int,
    tests: Mapping[str, curve.JointTest],
    choices: Mapping[str, Mapping[str, str]],
    undefined: pd.DataFrame,
) -> Fit:
    """Return a curve with its joint tests, and the choices of each specification, as a
    result.
    """
    notes = dict[str, Any]()
    for name, test in tests.items():
        notes[f"joint p, {name.replace('_', ' ')}"] = test.p_value
    tables = {"joint": pd.DataFrame(list(tests.values()), index=list(tests))}
    if len(undefined):
        notes["not defined"] = counted(len(undefined), "specification")
        tables["undefined"] = undefined
    drawn = {"choices": pd.DataFrame(list(choices.values()), index=list(choices))}
    return Fit(title, rows, nobs, notes=notes, tables=tables, _drawn=drawn)


@reported("specification-curve")
def label_curve(
    y: str | Sequence[str],
    data: pd.DataFrame,
    labels: str | Sequence[str],
    *,
    contrast: Mapping[str, float] | None = None,
    terms: Sequence[str] = (),
    controls: Sequence[Sequence[str]] = ((),),
    samples: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    w: object = None,
    unit: str | None = None,
    sign: int = 1,
    strata: str | None = None,
    draws: int = 999,
    seed: int = 0,
) -> Fit:
    """Fit a contrast of groups in every combination of outcomes, controls, samples and
    weights, and in every table of ``by``; ``tables["joint"]`` tests the whole curve by
    dealing out the rows of labels.

    Parameters
    ----------
    y, controls : str or sequence of str, sequence of sequences of str
        Outcomes and sets of controls, which stay with their unit; no combination twice.
    data : DataFrame
        One row a unit; with ``by`` one a unit in each of its tables.
    labels : str or sequence of str
        Columns of numbers that move together, such as 1 for members of a group.
    contrast : mapping of str to float, optional
        Weights of coefficients of terms, ``{"W cluster": 1, "W zone": -1}``; that of the
        first term by default.
    terms : sequence of str, optional
        Regressors that labels make, formed anew in each draw: ``"cluster"``, with ``w``
        the neighbours' average ``"W cluster"``, and their products with a column that
        stays, ``"initial:W cluster"``. All labels, then all averages, by default.
    samples : mapping of str to str, optional
        Names and queries (``DataFrame.query``), true or false in each row, of rows that
        are regressed; averages are over all units. All rows by default.
    by : str or sequence of str, optional
        Column of tables that are specifications too: periods, lists of members, sets of
        units; of several columns each combination that there is, as ``a, b``.
    w : optional
        Weights as for ``weights``, or several by name: ``{"near": w1, "rail": w2}``.
    unit : str, optional
        As for ``ols``.
    sign, strata, draws, seed : optional
        Predicted sign, 1 or -1; a column within which labels are dealt out, the same in
        all tables of a unit; number of draws, one or more, and their seed.

    Returns
    -------
    Fit
        The contrast in each specification by least squares, in units of the outcome, with
        t(n - K). ``tables["joint"]``: median effect, share of the predicted sign, share
        significant so and mean t, each with a one-sided p. ``tables["undefined"]``:
        specifications that have no estimate and why; no summary counts them.

    Raises
    ------
    EstimateError
        If a name is unknown, a combination stands twice, a sample has no rows or its
        query is no condition, weights are not of the units of every table, or no
        specification is defined.

    Notes
    -----
    Simonsohn, Simmons and Nelson (2020). One permutation of units for all specifications;
    p = (1 + draws at least as far) / (1 + draws). Units are dealt out in the order of
    their names, so that names in another order are other draws.
    """
    whole_number("draws", draws, lowest=1)
    whole_number("seed", seed, lowest=0)
    cases = _cases(y, controls, samples, sign)
    names = names_of(labels)
    if not names:
        raise EstimateError("labels without a column", "one at least", "name it")
    for case in cases:
        refuse_controls("label", names, case.controls)
    made = [*names, *(LAG + name for name in names if w is not None)]
    shown = names_of(terms) or made
    for name in (*names, *shown):
        if not isinstance(name, str):
            raise EstimateError(
                f"a label or term {name!r}", "its name as text", "name one column each"
            )
    weights = contrast_weights(contrast, shown[0])
    for name in weights:
        chosen("coefficient", name, shown, "name terms")
    c = np.array([weights.get(name, 0.0) for name in shown])
    networks = w if isinstance(w, Mapping) else {"": w}
    if not networks:
        raise EstimateError("w without weights", "one at least", "leave w out")
    parts = _parts(data, by, names[0], unit, cases)
    units, source_of_all = _dealt(parts, strata, draws, seed)
    # By name of the specification its effects, or why it has none.
    effect_of = dict[str, curve.DealtEffects | str]()
    choices = dict[str, dict[str, str]]()
    for part, rows in parts.items():
        at = np.searchsorted(units, rows.units.names)
        source = curve.permutations_among(source_of_all, at)
        values = np.column_stack([rows.numbers(name) for name in names])
        label_terms = tuple(_label_term(rows, name, made) for name in shown)
        for network_name, network in networks.items():
            W = None if w is None else _weights_of(network, network_name, part, rows)
            regressors = curve.LabelTerms(terms=label_terms, neighbours=W)
            effects = _effects(rows, cases, regressors.drawn(values, source), c)
            for case, effect in zip(cases, effects, strict=True):
                about = {"table": part, "weights": str(network_name), **case.choices}
                name = BETWEEN.join(filter(None, about.values()))
                effect_of[name] = effect
                choices[name] = about
    defined = {
        name: effect
        for name, effect in effect_of.items()
        if not isinstance(effect, str)
    }
    undefined = {
        name: reason for name, reason in effect_of.items() if isinstance(reason, str)
    }
    if not defined:
        raise _without_estimate(undefined)
    # (S, 1 + B), (S, 1 + B), (S,): a row a specification; column 0 is the data.
    estimates, statistics, df = (
        np.array(part) for part in zip(*defined.values(), strict=True)
    )
    tests = curve.curve_tests(estimates, statistics, df, sign)
    estimate, statistic = estimates[:, 0], statistics[:, 0]
    # se = b / t; an estimate of exactly zero has no t to divide by.
    blank = np.full(len(defined), np.nan)
    errors = np.divide(estimate, statistic, out=blank, where=statistic != 0)
    return _fit(
        f"Specification curve of {contrast_name(weights)}, labels permuted",
        t_rows(list(defined), estimate, errors, "classical", df),
        sum(len(rows.y) for rows in parts.values()),
        tests,
        choices,
        pd.DataFrame({"reason": undefined}),
    )


def _effects(
    rows: Table, cases: Sequence[Case], drawn: np.ndarray, c: np.ndarray
) -> list[curve.DealtEffects | str]:
    """Return the effect of each combination in one table with one set of weights, or why
    it has none; drawn (R, 1 + B, N), c (R,).
    """
    # Outcomes of the same rows and controls share their cross-products.
    products = dict[tuple[Any, ...], np.ndarray]()
    effects = list[curve.DealtEffects | str]()
    for case in cases:
        same = case.controls, case.query
        try:
            held = _held(rows, case)
            if same not in products:
                products[same] = held.products(drawn)
            effect = curve.dealt_effects(held, drawn, products[same], c)
        except NumericsError as error:
            effects.append(str(error))
            continue
        if not np.isfinite(effect.estimates[0]):
            effects.append(curve.COLLINEAR)
        elif not np.isfinite(effect.statistics[0]):
            effects.append(NOTHING_LEFT.format("labels"))
        else:
            effects.append(effect)
    return effects


def _parts(
    data: Any, by: Any, label: str, unit: str | None, cases: Sequence[Case]
) -> dict[str, Table]:
    """Return the tables of specifications by name, each with a row a unit."""
    # Outcomes are read later, since a table has several.
    model = Columns(label, ())
    if by is None:
        parts = {"": table(model, data, unit, None, of_one_date=True)}
    else:
        _, labels, names = samples_by(data, by)
        parts = {}
        for name in names:
            rows = data[labels == name]
            try:
                parts[name] = table(model, rows, unit, None, of_one_date=True)
            except EstimateError as error:
                raise EstimateError(
                    f"{name}: {error.found}", error.expected, error.action
                ) from error
    for case in cases:
        if not any(len(_sample(rows.data, case.query)) for rows in parts.values()):
            raise _without_rows(case, "rows in one table at least")
    return parts


def _dealt(
    parts: Mapping[str, Table], strata: str | None, draws: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the units of all tables, sorted, (M,), and whose labels each has: its own
    first, then those of each draw; (1 + B, M).
    """
    stratum = dict[str, str]()
    for part, rows in parts.items():
        of_rows = ["" for _ in rows.units.names]
        if strata is not None:
            of_rows = of_units(rows, strata).astype(str).tolist()
        for name, value in zip(rows.units.names.tolist(), of_rows, strict=True):
            if stratum.setdefault(name, value) != value:
                raise EstimateError(
                    f"{strata} of {name} that differs in {part}",
                    f"one {strata} for each unit",
                    "correct it, or take another column",
                )
    units = np.array(sorted(stratum))
    groups = np.array([stratum[name] for name in units.tolist()])
    keys = curve.drawn_keys(seed, range(1, 1 + draws), len(units))
    drawn = curve.permutations_from_keys(keys, groups)
    return units, np.vstack([np.arange(len(units)), drawn])


def _label_term(rows: Table, term: str, made: Sequence[str]) -> curve.LabelTerm:
    """Return a term by its position among the labels and averages that are ``made``, with
    the column that it is multiplied with, if any.
    """
    if term in made:
        return curve.LabelTerm(made.index(term))
    column, colon, name = str(term).rpartition(":")
    chosen("term", name if colon else term, made, "name labels, or column:label")
    values = np.asarray(rows.numbers(column), dtype=float)
    return curve.LabelTerm(made.index(name), times=values)


def _weights_of(network: object, name: str, part: str, rows: Table) -> Any:
    """Return weights in the order of the units of a table, (N, N)."""
    try:
        return matched_weights(network, rows.units.names)
    except (EstimateError, WeightsError) as error:
        where = " of ".join(filter(None, [str(name), part]))
        raise type(error)(
            f"w{where and ' ' + where}: {error.found}", error.expected, error.action
        ) from error


def _held(rows: Table, case: Case) -> curve.HeldRows:
    """Return outcome and controls of the rows of a specification."""
    used = _sample(rows.data, case.query)
    if not len(used):
        raise NumericsError("no rows in the sample")
    names = [case.outcome, *case.controls]
    y, *others = [rows.numbers(name, missing=True).to_numpy()[used] for name in names]
    # A gap leaves out the specification, not the unit: samples stay what they are.
    columns = [*zip(names, [y, *others], strict=True)]
    lacks = [name for name, column in columns if np.isnan(column).any()]
    if lacks:
        raise NumericsError(f"missing values of {first_examples(lacks)}")
    constant = np.ones(len(used))
    return curve.HeldRows(
        units_used=used, y=y, controls=np.column_stack([constant, *others])
    )


def _sample(data: pd.DataFrame, query: str) -> np.ndarray:
    """Return the places of the rows for which a query is true, all where it is empty."""
    if not query:
        return np.arange(len(data))
    expected = 'a query of columns, such as "coastal == 1"'
    try:
        inside: Any = for_query(query, data).eval(query)
    except Exception as error:  # a query may hold any code of its user
        reason = " ".join(str(error).split())
        raise EstimateError(
            f"the sample {query!r} fails: {reason}", expected, "correct it"
        ) from error
    # Numbers would be read as labels of rows.
    of_rows = isinstance(inside, pd.Series)
    if not (of_rows and infer_dtype(inside, skipna=False) == "boolean"):
        raise EstimateError(
            f"the sample {query!r}, which is not true or false in each row",
            expected,
            "compare it with a value",
        )
    return np.flatnonzero(inside.to_numpy(dtype=bool, na_value=False))


def _without_rows(case: Case, expected: str) -> EstimateError:
    """Return what is said of a sample that no row is in."""
    return EstimateError(
        f"the sample {case.sample} without rows", expected, f"correct {case.query!r}"
    )

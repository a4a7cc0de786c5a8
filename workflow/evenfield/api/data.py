"""From a DataFrame, a formula and weights of any form to what the numerics take,
matched by unit id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from formulaic import Formula
from formulaic.errors import FormulaicError
from scipy.sparse import csr_array, diags_array

from evenfield.api.arguments import bound_values, call_of, checked_names
from evenfield.api.arithmetic import Arithmetic, as_floats
from evenfield.api.dates import (
    TIME_NAMES,
    Dates,
    keys_of_index,
    one_date,
    plain_text,
    read_dates,
)
from evenfield.api.formula import Columns, Model, effect_labels, parsed
from evenfield.api.results import Fit, chosen
from evenfield.api.weight_files import read_weights
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import Clusters
from evenfield.numerics.spatial_panel.network import Network, checked_weights, network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_rows
from evenfield.study.errors import EstimateError, WeightsError, counted, nearest

MARKS = re.compile(r"\x1b\[[\d;]*m|[⧛⧚]")  # with which formulaic shows where a fault is

# What is expected and to do, by the words in which the numerics refuse.
ADVICE = {
    "is zero everywhere": ("a regressor that varies", "leave it out"),
    "do not vary once": ("regressors that vary", "leave it out"),
    "no two units": (
        "parents with several units",
        "take larger parents, or leave out the bar",
    ),
    "same in every unit": ("values that differ", "take other dates or units"),
    "grew by the same amount": ("growth that differs", "take other dates or units"),
    "without the policy beyond": (
        "units far away to compare with",
        "take smaller rings, or min_controls if so few are enough",
    ),
    "every donor has": (
        "donors that differ from it over the fit",
        "exclude units that are the same, or take more dates",
    ),
    "nothing of the outcome over": (
        "an outcome that they do not explain without an error",
        "leave out what it is made of",
    ),
    "to be squared": ("numbers from 1e-60 to 1e60", "measure it in other units"),
    "are collinear": ("regressors that are not collinear", "leave one of them out"),
}
INFINITE = [np.inf, -np.inf]
OTHER_ORDER = 11  # seed of an order of units that is not their own, nor it backwards
# Between them squares, and products of two squares, are numbers.
SMALLEST, LARGEST = 1e-60, 1e60
R = TypeVar("R")
F = TypeVar("F", bound=Fit)


def reported(
    page: str, passes_to: Callable[..., object] | None = None, sets: Iterable[str] = ()
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Let an estimator take its data before or after the formula, y and x for the
    formula, and tell what its arguments and the numerics refuse, expect and advise; its
    options are those of the function that it passes them to, less those that it sets.
    """

    def wrap(function: Callable[..., R]) -> Callable[..., R]:
        name = function.__name__
        call = call_of(function, passes_to, sets)
        parameters = list(call.parameters)
        # Its place is then taken by y= and x=, too.
        by_formula = "formula" in parameters

        @wraps(function)
        def run(*args: object, **kwargs: object) -> R:
            in_place_of_formula = {"x", "y"} if by_formula else set()
            others = {
                key: value
                for key, value in kwargs.items()
                if key not in in_place_of_formula
            }
            checked_names(name, others, call)
            args, kwargs = _in_order(parameters, args, kwargs)
            if by_formula and not in_place_of_formula.isdisjoint(kwargs):
                args = (_columns(args, kwargs), *args)
            if by_formula and "formula" not in kwargs:
                _refuse_without_formula(args)
            given = bound_values(name, call, args, kwargs)
            try:
                result = function(*args, **kwargs)
                if isinstance(result, Fit):
                    result.rows(0.95)  # so that an inference that cannot be fails here
                    return _with_origin(result, page, given)
                return result
            except NumericsError as error:
                told = f"data that {name} takes", f"see docs/library/{page}.md"
                for words, advice in ADVICE.items():
                    told = advice if words in str(error) else told
                raise EstimateError(str(error), *told) from error

        return run

    return wrap


def _with_origin(fit: F, page: str, given: dict[str, Any]) -> F:
    """Return a fit that knows the page of its estimator, its model and its rows."""
    origin = given.get("self")
    if origin is not None:  # the effects of a fit have its model
        return replace(fit, page=page, model=origin.model, rows_given=origin.rows_given)
    model = next(given[name] for name in ("formula", "y", "lists") if name in given)
    return replace(
        fit, page=page, model=_model_text(model), rows_given=len(given["data"])
    )


def _model_text(model: Any) -> str:
    """Return a model as it was written: a formula, a column, or y and x by name."""
    if isinstance(model, Columns):
        effects = f" | {' + '.join(model.effects)}" if model.effects else ""
        return f"{model.y} ~ {' + '.join(model.x) or '1'}{effects}"
    return ", ".join(names_of(model))


def _refuse_without_formula(args: tuple[object, ...]) -> None:
    """Refuse a call in which data, or nothing, stand where the formula does."""
    if not args or isinstance(args[0], pd.DataFrame):
        raise EstimateError(
            "a call without a formula",
            "'y ~ x', or y='y' and x=['x']",
            "give it beside the data",
        )


def _columns(args: tuple[object, ...], kwargs: dict[str, object]) -> Columns:
    """Take y and x out of what an estimator is called with."""
    if "formula" in kwargs or any(isinstance(arg, str) for arg in args):
        raise EstimateError(
            "a formula beside y or x", "one of them", "leave out the other"
        )
    if "y" not in kwargs:
        raise EstimateError("x without y", "both", "give y='y', x=['x'], or a formula")
    x = kwargs.pop("x", ())
    regressors = [x] if isinstance(x, str) or not isinstance(x, Iterable) else x
    return Columns(str(kwargs.pop("y")), tuple(map(str, regressors)))


def _in_order(
    parameters: Sequence[str], args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    """Put data that come first behind the formula or the outcome: ``(formula, data)``.

    Notes
    -----
    A DataFrame is known by its type. Beside ``y=`` it stands alone, and what follows it
    keeps its place.
    """
    data_first = bool(args) and isinstance(args[0], pd.DataFrame)
    if "data" not in parameters[:2] or not data_first:
        return args, kwargs
    data, *others = args
    if {"formula", "y", parameters[0]} & set(kwargs):
        by_name = dict(zip(parameters[2:], others, strict=False))
        return (), {"data": data, **by_name, **kwargs}
    return (*others[:1], data, *others[1:]), kwargs


def names_of(names: str | Sequence[str]) -> list[str]:
    """Return one or several names as a list."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        return [names]
    return list(names)


DIGITS = re.compile(r"(\d+)")


def names_in_order(names: Iterable[object]) -> list[str]:
    """Return different names once and in order: 2 before 10, wave 2 before wave 10."""
    different = sorted({str(name) for name in names})
    numbers = pd.to_numeric(pd.Series(different, dtype=object), errors="coerce")
    if numbers.notna().all():
        return [different[i] for i in numbers.argsort(kind="stable")]

    def parts(name: str) -> list[tuple[int, str]]:
        # Text and whole numbers alternate; text has the number zero.
        by_digits = enumerate(DIGITS.split(name))
        return [(int(part), "") if i % 2 else (0, part) for i, part in by_digits]

    return sorted(different, key=parts)


@dataclass(frozen=True)
class Table:
    """Rows of a data set sorted by unit and date, with the outcome and the regressors
    of a formula.
    """

    data: pd.DataFrame  # all columns of the user's data, index levels included
    y: pd.Series[float]  # the outcome
    X: pd.DataFrame  # the regressors, a column Intercept for the constant
    units: Clusters  # ids as text
    calendar: Dates  # one zero for a cross-section
    effects: dict[str, tuple[str, ...]]  # columns of each effect behind the bar
    variables: dict[str, set[str]]  # columns of the data behind each regressor
    index: pd.Index[Any]  # the user's index in the order of the rows here
    unit_codes: np.ndarray  # where each row stood
    unit_name: str | None  # columns of unit and date, if there are
    time_name: str | None  # the same of the dates

    @cached_property
    def dates(self) -> Clusters:
        """Dates of the rows, in order."""
        return Clusters(self.calendar.labels, self.calendar.codes)

    @cached_property
    def unit(self) -> np.ndarray:
        """Id of each row."""
        return np.asarray(self.units.names[self.units.codes])

    @cached_property
    def time(self) -> np.ndarray:
        """Date of each row."""
        return np.asarray(self.dates.names[self.dates.codes])

    @property
    def units_known(self) -> bool:
        """Whether units were named in the call or by the index."""
        if self.unit_name is not None:
            return True
        name = self.index.names[0]
        # An index without a name, or one of dates, says nothing of units.
        dated = TIME_NAMES.fullmatch(str(name)) is not None
        return name is not None and not dated and self.index.is_unique

    @property
    def several(self) -> bool:
        """Whether a unit has several rows."""
        return len(self.units.names) < len(self.unit_codes)

    def column(self, name: str, *, missing: bool = False) -> pd.Series[Any]:
        """Return a column of the data or a term of the formula that is there in every
        row.
        """
        if not isinstance(name, Hashable) or name not in self.X:
            chosen("column", name, self.data)
        values = self.data[name] if name in self.data else self.X[name]
        _refuse_lists(values.to_frame())
        blank = values.isna()
        if blank.any() and not missing:
            raise EstimateError(
                f"{blank.sum()} missing values of {name}, first {self.unit[blank][0]}",
                "none",
                "drop them",
            )
        return values

    def numbers(self, name: str, *, missing: bool = False) -> pd.Series[float]:
        """Return a column of finite numbers that is there in every row."""
        numbers: pd.Series[float] = as_floats(self.column(name, missing=missing))
        if numbers.dtype != float:
            raise EstimateError(
                f"{name} with what is no number", "numbers", "take another column"
            )
        infinite = np.isinf(numbers.to_numpy())
        if infinite.any():
            raise EstimateError(
                f"{counted(infinite.sum(), 'infinite value')} of {name}, first"
                f" {self.unit[infinite][0]}",
                "finite numbers",
                "drop them",
            )
        _check_squares([name], numbers.to_numpy())
        return numbers

    def effect(self, name: str) -> np.ndarray:
        """Return the level of each row of an effect behind the bar, codes from zero."""
        columns = self.effects[name]
        # Codes are there already: no label has to be read.
        if columns == (self.unit_name,):
            return self.units.codes
        if columns == (self.time_name,):
            return self.dates.codes
        return effect_labels(map(self.column, columns)).to_numpy()

    @property
    def panel_effects(self) -> str | None:
        """Say which of unit and date stand behind the bar: unit, time, two_way, or none;
        others are refused.
        """
        own: dict[Any, str] = {(self.unit_name,): "unit", (self.time_name,): "time"}
        known = " and ".join(filter(None, (self.unit_name, self.time_name)))
        for name, columns in self.effects.items():
            if columns not in own:
                raise EstimateError(
                    f"an effect of {name} behind the bar",
                    known or "none without unit= and time=",
                    f"make it dummies among the regressors, C({columns[0]})",
                )
        kinds = {own[columns] for columns in self.effects.values()}
        return "two_way" if len(kinds) == 2 else next(iter(kinds), None)

    def restored(self, values: np.ndarray) -> pd.Series[float]:
        """Return one value a row in the order and with the index of the user."""
        # Rows that stood in order need no way back.
        if (np.diff(self.unit_codes) > 0).all():
            return pd.Series(values, self.index)
        back = np.argsort(self.unit_codes, kind="stable")
        return pd.Series(np.asarray(values)[back], self.index[back])

    def steps(self, what: str) -> Clusters:
        """Return the dates as numbers of steps, where ``what`` lets none be missing."""
        self.calendar.even(what)
        return Clusters(self.calendar.positions, self.calendar.codes)

    def grid(self, values: object, positions: np.ndarray, count: int) -> np.ndarray:
        """Arrange one or several columns by unit and date, NaN where a unit has no row.

        Parameters
        ----------
        values : array, shape (R,) or (R, K)
        places : ndarray, shape (T,)
            Where each date goes among ``count`` dates.

        Returns
        -------
        ndarray, shape (N, count) or (N, count, K)
        """
        values = np.asarray(values, dtype=float)
        out = np.full((len(self.units.names), count, *values.shape[1:]), np.nan)
        # One write for all rows; what no row fills stays NaN.
        out[self.units.codes, positions[self.calendar.codes]] = values
        return out

    def steps_grid(self, values: object) -> np.ndarray:
        """Arrange columns likewise by unit and step; a date that no unit has is one."""
        return self.grid(values, self.calendar.positions, self.calendar.span)

    def check_keys(self, what: str) -> None:
        """Refuse rows without a unit or a date, which ``what`` needs."""
        keys = {"unit=": self.unit_name, "time=": self.time_name}
        lacking = [key for key, name in keys.items() if name is None]
        if lacking:
            raise EstimateError(
                f"{what} without {' and '.join(lacking)}",
                "units and dates",
                "name their columns",
            )

    def balanced(self, values: object) -> np.ndarray:
        """Arrange columns likewise, and refuse a panel with holes by its first one."""
        count = len(self.calendar.labels)
        out = self.grid(values, np.arange(count), count)
        holes = np.argwhere(np.isnan(out.reshape(*out.shape[:2], -1)).any(axis=2))
        if len(holes) and count > 1:
            self.check_keys("a panel")
        if len(holes):
            unit, date = holes[0]
            raise EstimateError(
                f"{counted(len(holes), 'pair')} of unit and date without a value, first"
                f" {self.units.names[unit]} in {self.calendar.text[date]}",
                "a balanced panel",
                "fill them, or leave out the units or the dates",
            )
        return out

    def panel(self) -> BalancedPanel:
        """Return the balanced panel of the spatial estimators; effects carry the
        constant.
        """
        # Effects of units or dates make any constant zero.
        X = self.X.drop(columns="Intercept", errors="ignore")
        self.balanced(self.y)
        names = list(map(str, X))
        panel = panel_from_rows(
            self.unit.tolist(),
            self.calendar.codes,
            self.y.to_numpy(),
            X.to_numpy(),
            names,
        )
        # Built from codes, in the order of time; named as the user writes the dates.
        return replace(panel, periods=tuple(self.calendar.labels.tolist()))


def table(
    formula: str | Columns,
    data: pd.DataFrame,
    unit: str | None,
    time: str | None,
    *,
    keep_missing: bool = False,
    of_one_date: bool = False,
) -> Table:
    """Read a formula ``y ~ x | effects`` off a DataFrame; ``of_one_date`` alone where the
    estimator takes no more.

    Notes
    -----
    ``lag(x, k)`` is the value k steps between dates earlier. Of two index levels that
    are not named in the call one is the date, by its name or by what it holds. A row
    that lacks a value is refused; rows that only lags leave incomplete drop out.
    """
    if not isinstance(data, pd.DataFrame):
        raise EstimateError(
            f"data of type {type(data).__name__}",
            "a DataFrame",
            "give it after the formula",
        )
    index = data.index
    if not len(data):
        raise EstimateError(
            "data without rows", "one row at least", "check how it is read"
        )
    rows = _with_levels(data)
    model = parsed(formula, rows)
    unit, time = keys_of_index(index, unit, time)
    if unit is None and time is None and index.nlevels > 2:
        raise EstimateError(
            f"an index of {index.nlevels} levels",
            "unit and date among them by name",
            "give unit= and time=",
        )
    keys = [name for name in (unit, time) if name is not None]
    for name in chain(keys, *model.effects.values()):
        chosen("column", name, rows, "name a column or level")
    # An infinite number is no date, and no name of a unit.
    named = rows[keys]
    _refuse_lists(named)
    if any(_lacks_name(column) for _, column in named.items()):
        raise EstimateError(
            "a row without unit or date", "both in every row", "drop it"
        )
    # Without unit= a row is a unit, named by its index label where all labels differ.
    own = index.to_flat_index() if index.is_unique else range(len(index))
    ids_of_rows = pd.Series(own) if unit is None else rows[unit]
    # With a sentinel a blank index label would get the code -1 and read the last id.
    codes, ids = pd.factorize(ids_of_rows, use_na_sentinel=False)
    calendar = one_date(len(rows)) if time is None else read_dates(rows[time])
    units, row_of_unit = np.unique([str(name) for name in ids], return_inverse=True)
    codes = row_of_unit[codes]
    # Rows are sorted by unit and date, so that their order changes no digit.
    order = np.arange(len(rows))
    # One number for unit and date: sorted by it, rows that stand twice are neighbours.
    cell = codes * len(calendar.labels) + calendar.codes
    if (np.diff(cell) < 0).any():
        order = np.argsort(cell, kind="stable")
        rows = rows.iloc[order].reset_index(drop=True)
        codes = codes[order]
        calendar = replace(calendar, codes=calendar.codes[order])
        cell = cell[order]
    twice = np.flatnonzero(np.diff(cell) == 0)
    if len(twice) and unit is not None:
        where = str(units[codes[twice[0]]])
        if time is None:
            raise _without_dates(rows, unit, len(twice), where, of_one_date)
        where += f" in {calendar.text[calendar.codes[twice[0]]]}"
        raise EstimateError(
            f"{counted(len(twice), 'row appears', 'rows appear')} twice, first {where}",
            "one row a unit and date",
            "drop one",
        )
    y, X, variables = _matrices(model, rows, units[codes], calendar, keep_missing)
    complete: Any = _finite_rows(model, y, X) | keep_missing
    if not complete.any():
        raise EstimateError(
            "no row with a value of every variable and lag",
            "one row at least",
            "take fewer lags or more dates",
        )
    if not complete.all():
        rows, y, X = (part[complete].reset_index(drop=True) for part in (rows, y, X))
        present, codes = np.unique(codes[complete], return_inverse=True)
        order = order[complete]
        units = units[present]
        # The step stays that of all dates: rows that lags took away change no distance.
        calendar = calendar.among(complete)
    return Table(
        data=rows,
        y=y,
        X=X,
        units=Clusters(units, codes),
        calendar=calendar,
        effects=model.effects,
        variables=variables,
        index=index[order],
        unit_codes=order,
        unit_name=unit,
        time_name=time,
    )


def _finite_rows(model: Model, y: pd.Series[float], X: pd.DataFrame) -> np.ndarray:
    """Return which rows have a number of the outcome and each regressor, (R,) of bool;
    refuse columns that cannot be squared, and an outcome among its regressors.
    """
    values = np.column_stack([y, X])
    _check_squares([y.name, *X], values)
    _refuse_outcome_as_regressor(model, values, X.columns)
    return np.asarray(np.isfinite(values).all(axis=1))


def _check_squares(names: Sequence[object], values: np.ndarray) -> None:
    """Refuse columns of which squares, and products of squares, are no numbers; values
    (R,) or (R, K).
    """
    largest = np.atleast_1d(np.fmax.reduce(np.abs(values), axis=0))
    wrong = (largest > LARGEST) | ((largest > 0) & (largest < SMALLEST))
    if wrong.any():
        first = int(wrong.argmax())
        size = "large" if largest[first] > 1 else "small"
        raise NumericsError(
            f"{names[first]} too {size} to be squared, {largest[first]:.3g} at most"
        )


def _refuse_outcome_as_regressor(
    model: Model, values: np.ndarray, names: Iterable[str]
) -> None:
    """Refuse an outcome that is a regressor, too, or behind the bar; values (R, 1 + K)."""
    same = (values[:, 1:] == values[:, :1]).all(axis=0)
    outcome = model.named(model.outcome)
    twins = [name for name, twin in zip(names, same, strict=True) if twin]
    twins = [name for name in twins if name != "Intercept"]
    if any(outcome in columns for columns in model.effects.values()):
        twins.append(f"{outcome} behind the bar")
    if twins:
        raise EstimateError(
            f"the outcome {outcome} as a regressor, {twins[0]}",
            "regressors that are not the outcome",
            "leave it out",
        )


def _lacks_name(column: pd.Series[Any]) -> bool:
    """Return whether a row is blank or infinite, which no text is."""
    infinite = not isinstance(column.dtype, pd.StringDtype) and column.isin(INFINITE)
    return bool((column.isna() | infinite).any())


def _refuse_lists(named: pd.DataFrame) -> None:
    """Refuse lists where units and dates are named."""
    for name, column in named.items():
        for value in column if column.dtype == object else ():
            if not isinstance(value, Hashable):
                raise EstimateError(
                    f"{name} with {value!r}", "text or numbers", "convert it"
                )


def _without_dates(
    rows: pd.DataFrame, unit: str, count: int, where: str, of_one_date: bool
) -> EstimateError:
    """Return what is said of units with several rows where no date is named."""
    dated = [name for name in rows if TIME_NAMES.fullmatch(str(name))]
    dates = [str(name) for name in dated if not rows.duplicated([unit, name]).any()]
    found = f"{counted(count, 'row')} of units that have another one, first {where}"
    if of_one_date:
        return EstimateError(
            found, "one row a unit", f"keep one {dates[0] if dates else 'date'}"
        )
    column = repr(dates[0]) if dates else ", the column of the dates"
    return EstimateError(found, "one row a unit and date", f"give time={column}")


def _with_levels(data: pd.DataFrame) -> pd.DataFrame:
    """Return the data with the levels of its index as columns, names as text."""
    rows = data
    if not all(isinstance(name, str) for name in rows):
        rows = rows.set_axis([str(name) for name in rows], axis=1)
    levels = [str(name) for name in data.index.names if name is not None]
    for name in levels:
        if name not in rows:
            continue
        level = pd.Series(data.index.get_level_values(name), data.index)
        if not level.equals(rows[name].rename(None)):
            raise EstimateError(
                f"an index level and a column named {name} that differ",
                "different names",
                "rename one, or drop it",
            )
        rows = rows.drop(columns=name)
    # A plain RangeIndex is no column; pandas would name it index.
    unnamed = data.index.nlevels == 1 and data.index.names[0] is None
    rows = rows.reset_index(drop=unnamed)
    twice = rows.columns[rows.columns.duplicated()]
    if len(twice):
        raise EstimateError(
            f"several columns named {twice[0]}", "different names", "rename or drop"
        )
    objects = [name for name, kind in rows.dtypes.items() if _of_any_kind(kind)]
    if objects:
        rows = rows.assign(**{str(name): _inferred(rows[name]) for name in objects})
    return rows


def _of_any_kind(kind: Any) -> bool:
    """Return whether a column may hold numbers beside text: one of text alone cannot."""
    return kind.kind == "O" and not isinstance(kind, pd.StringDtype)


def _inferred(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers in a column of objects as numbers, and numbers beside text as text:
    0 and "0" are one group.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = column.cat.categories.tolist()
    else:
        column = column.infer_objects()
        values = column.tolist() if column.dtype == object else []
    texts = any(isinstance(value, str) for value in values)
    numbers = any(
        isinstance(value, int | float) for value in pd.Series(values).dropna()
    )
    if not (texts and numbers):
        return column
    return column.astype(object).map(plain_text, na_action="ignore")


Matrices = tuple["pd.Series[float]", pd.DataFrame, dict[str, set[str]]]


def _columns_of_numbers(model: Model, rows: pd.DataFrame) -> Matrices | None:
    """Return outcome and regressors of a sum of columns of numbers without a missing
    value, the usual case, which needs no parser; or none.
    """
    terms = [term for term in model.right if term != "1"]
    columns = [model.column(term, rows) for term in (model.outcome, *terms)]
    names = [name for name in columns if name is not None]
    if len(names) < len(columns) or not all(_is_number(rows[name]) for name in names):
        return None
    outcome = names[0]
    regressors = list(dict.fromkeys(names[1:]))
    _refuse_intercept(regressors)
    parts = [np.ones(len(rows)), *(as_floats(rows[name]) for name in regressors)]
    parts.insert(0, as_floats(rows[outcome]))
    # One block, the outcome first, as the parser would make it.
    values = np.array(parts, dtype=float)
    if not np.isfinite(values).all():
        return None
    behind = {"Intercept": set[str](), **{name: {name} for name in regressors}}
    X = pd.DataFrame(values[1:].T, columns=list(behind))
    return pd.Series(values[0], name=outcome), X, behind


@dataclass(frozen=True)
class _Lags:
    """Lags of a formula, by unit and date and not by row."""

    ids: np.ndarray  # (R,) unit of each row
    calendar: Dates
    codes: np.ndarray  # (R,) date of each row

    def __call__(self, column: pd.Series[float], by: Any = 1) -> pd.Series[float]:
        """Return the values so many steps earlier, NaN where there are none."""
        if not isinstance(by, int | np.integer) or isinstance(by, bool):
            raise EstimateError(
                f"lag by {'a column' if isinstance(by, pd.Series) else repr(by)}",
                "a whole number of steps",
                "write lag(x, 2), for example",
            )
        # By position in steps, so that a hole between dates is no lag.
        steps = self.calendar.positions[self.codes]
        values = pd.Series(
            np.asarray(column, dtype=float),
            pd.MultiIndex.from_arrays([self.ids, steps]),
        )
        earlier = pd.MultiIndex.from_arrays([self.ids, steps - by])
        if not earlier.isin(values.index).any():
            raise EstimateError(
                f"no unit with a date {by} {'step' if by == 1 else 'steps'} earlier",
                "unit= and time=, and dates that are equally far apart",
                "name both, and fill the dates or keep every k-th",
            )
        return pd.Series(values.reindex(earlier).to_numpy(), column.index)


def _nearest_column(formula: str, aliases: Iterable[str], columns: list[str]) -> str:
    """Suggest the column nearest to a name in the formula that is no column."""
    try:
        names = sorted(Formula(formula).required_variables)
    except (FormulaicError, SyntaxError):  # what cannot be read names nothing
        names = []
    known = {*columns, *aliases}
    unknown = next((name for name in names if name not in known), "")
    return nearest(unknown, columns, "correct it")


def _holds_numbers(column: pd.Series[Any]) -> bool:
    """Say whether a column holds numbers or truth values, in objects too."""
    return pd.api.types.is_numeric_dtype(as_floats(column))


def _matrices(
    model: Model,
    rows: pd.DataFrame,
    ids: np.ndarray,
    calendar: Dates,
    keep_missing: bool,
) -> Matrices:
    """Evaluate a formula, and refuse the first missing value that is not due to a lag;
    infinite ones in any case.
    """
    numbers = _columns_of_numbers(model, rows)
    if numbers is not None:
        return numbers

    outcome = model.column(model.outcome, rows)
    if outcome is not None and not _holds_numbers(rows[outcome]):
        raise EstimateError(
            f"an outcome of {rows[outcome].dtype}, {outcome}",
            "a column of numbers",
            "choose another, or convert it",
        )
    frame = model.frame(rows)
    written = model.outcome if outcome is not None else model.term
    # Units in another order, each with its dates in theirs.
    codes = pd.factorize(ids)[0]
    places = np.random.default_rng(OTHER_ORDER).permutation(codes.max() + 1)
    other_order = np.argsort(places[codes], kind="stable")
    here, elsewhere = (
        {"lag": _Lags(ids[order], calendar, calendar.codes[order]), "np": np}
        for order in (np.arange(len(ids)), other_order)
    )
    try:
        with np.errstate(all="ignore"):  # what comes of it is refused below
            terms = Arithmetic(frame, here, other_order, elsewhere)
            both = terms.get_model_matrix(
                f"{written} ~ {model.regressors}", na_action="ignore"
            )
            left, X = (
                _real(pd.DataFrame(part).rename(columns=str))
                for part in (both.lhs, both.rhs)
            )
    except Exception as error:  # a formula may hold any code of its user
        if isinstance(error.__cause__, EstimateError):  # of a lag
            raise error.__cause__ from None
        columns = list(map(str, rows))
        raise EstimateError(
            f"the formula {model.text!r} fails: {MARKS.sub('', model.named(error))}",
            f"columns {', '.join(columns)}",
            _nearest_column(f"{written} ~ {model.regressors}", model.aliases, columns),
        ) from error
    if left.shape[1] != 1:
        raise EstimateError(
            f"an outcome of {left.shape[1]} columns",
            "one column of numbers",
            "choose another",
        )
    if outcome is None:
        left = left.set_axis([model.expression], axis=1)
    spec = both.rhs.model_spec
    variables = both.lhs.model_spec.required_variables | spec.required_variables
    needed = set(map(str, variables)) & set(frame)
    # Columns first, since a term such as log(x) only repeats what is missing in x.
    checked = pd.concat([frame[sorted(needed)], left, X], axis=1)
    for name, column in checked.items():
        infinite = column.isin([np.inf, -np.inf])
        # The first dates of a unit have no lag, which is no fault.
        may_lack = keep_missing or re.search(r"\blag\(", str(name)) is not None
        wrong = (infinite if may_lack else infinite | column.isna()).to_numpy()
        if wrong.any():
            where = f"{model.named(name)} of {ids[wrong][0]}"
            if len(calendar.labels) > 1:
                where += f" in {calendar.text[calendar.codes[wrong][0]]}"
            raise EstimateError(
                f"{counted(wrong.sum(), 'value is', 'values are')}"
                f" {'' if may_lack else 'missing or '}infinite, first {where}",
                "finite numbers" if may_lack else "a number in every row",
                "leave them blank, or drop them" if may_lack else "drop them",
            )
    used: dict[str, set[str]] = {}
    for term, columns in spec.term_slices.items():
        behind = set(map(model.named, spec.term_variables[term])) & set(rows)
        used |= {model.named(name): behind for name in X.columns[columns]}
    _refuse_intercept([name for name, behind in used.items() if behind])
    X = X.rename(columns=model.named)
    if keep_missing:
        _blank_groups(X, used, rows)
    twice = X.columns[X.columns.duplicated()]
    if len(twice):
        raise EstimateError(
            f"two regressors named {twice[0]}", "different names", "rename a column"
        )
    return left.iloc[:, 0].rename(model.named(left.columns[0])), X, used


def _blank_groups(
    X: pd.DataFrame, used: Mapping[str, set[str]], rows: pd.DataFrame
) -> None:
    """Write blanks in place where a regressor is of a group that is blank, which would
    pass for the first one.
    """
    for name, behind in used.items():
        groups = [column for column in behind if not _holds_numbers(rows[column])]
        X.loc[rows[groups].isna().any(axis=1).to_numpy(), name] = np.nan


def _real(columns: pd.DataFrame) -> pd.DataFrame:
    """Return columns as floats; a complex number would lose a part."""
    if any(map(pd.api.types.is_complex_dtype, columns.dtypes)):
        raise TypeError("complex numbers")
    return columns.astype(float)


def _is_number(column: pd.Series[Any]) -> bool:
    return isinstance(column.dtype, np.dtype) and column.dtype.kind in "iuf"


def _refuse_intercept(regressors: Sequence[str]) -> None:
    """Refuse a column that would pass for the constant."""
    if "Intercept" in regressors:
        raise EstimateError(
            "a regressor named Intercept, as the constant is",
            "another name",
            "rename the column, or leave it out if it is the constant",
        )


def weights(
    w: object,
    ids: Iterable[object] | None = None,
    *,
    symmetric: bool = False,
    row_standardise: bool = True,
) -> Network:
    """Read spatial weights of any form; keep them: every model uses their
    log-determinant, which is computed once.

    Parameters
    ----------
    w, ids : DataFrame, sparse array, dict, libpysal W or Graph, path; iterable
        An edge list (columns unit, neighbour and, if there is a third, weight), a
        square DataFrame with ids in index and columns, a matrix with ``ids``, ``{unit:
        {neighbour: weight}}``, ``{unit: [neighbours]}``, or a .gal, .gwt or .csv file.
    symmetric, row_standardise : bool
        Whether an edge list or dict names each pair once; whether to divide each row by
        its sum.
    """
    if w is None:
        raise EstimateError(
            "no weights",
            "w",
            "give an edge list, a square DataFrame, a dict, a file or ef.weights(...)",
        )
    if isinstance(w, Network):  # with what was computed of it
        return w
    names, matrix = links_of(w, ids)
    if not names:
        raise WeightsError("weights of no unit", "two units or more", "correct w")
    if symmetric:
        # Each pair is named once, either way: the larger of w_ij and w_ji serves both.
        matrix = csr_array(matrix.maximum(matrix.T))
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    # A unit without a neighbour is refused below, by name.
    if row_standardise and (sums > 0).all():
        # w_ij / sum_j w_ij: the spatial lag W y is then an average over the neighbours.
        matrix = csr_array(diags_array(1 / sums) @ matrix)
    try:
        return network(names, matrix)
    except NumericsError as error:
        raise WeightsError(
            str(error),
            "finite weights of zero or more, a neighbour for each unit",
            "correct w",
        ) from error


def matched_weights(w: object, ids: np.ndarray, islands: bool = False) -> csr_array:
    """Return weights in the order of units; ids (N,) as text, sorted -> (N, N). With
    ``islands`` units without a neighbour stay, with an empty row.
    """
    names, matrix = _with_islands(w, ids) if islands else _of_network(weights(w))
    # Weights of other units would change what a neighbour is.
    odd = sorted({*ids} ^ {*names})
    if odd:
        side = "no weights" if odd[0] in ids else "weights but no data"
        noun = "unit" if len(odd) == 1 else "units"
        raise EstimateError(
            f"{len(odd)} {noun} on one side only, first {odd[0]} with {side}",
            "one set",
            "match them",
        )
    # Rows and columns alike: row i of W must meet row i of y, and column j row j.
    order = np.argsort(names)
    return csr_array(matrix[order][:, order])


def _of_network(net: Network) -> tuple[Sequence[str], csr_array]:
    return net.units, net.matrix


def _with_islands(w: object, ids: np.ndarray) -> tuple[Sequence[str], csr_array]:
    """Return ids and row-standardised weights, of which some rows may be empty."""
    if isinstance(w, Network):
        return _of_network(w)
    # No link names an island, so that a list of links takes the units of the data.
    of_links = isinstance(w, pd.DataFrame) and not is_square(w)
    names, links = links_of(w, ids if of_links else None)
    try:
        matrix = checked_weights(names, links)
    except NumericsError as error:
        raise WeightsError(
            str(error), "finite weights of zero or more", "correct w"
        ) from error
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    shares = np.divide(1.0, sums, out=np.zeros(len(sums)), where=sums > 0)
    return names, csr_array(diags_array(shares) @ matrix)


def _numbers_of(weights: Any) -> np.ndarray:
    """Return weights of a table as numbers."""
    try:
        return np.asarray(weights.to_numpy(float))
    except (TypeError, ValueError) as error:
        raise WeightsError(
            f"weights that are no numbers: {error}", "numbers", "correct w"
        ) from error


def is_square(frame: pd.DataFrame) -> bool:
    """Say whether a table has the same ids in rows and columns."""
    return set(map(str, frame.index)) == set(map(str, frame.columns))


def _links_of_mapping(w: Mapping[Any, Any]) -> pd.DataFrame:
    """Return neighbours, or weights by neighbour, as a table of links."""
    links = []
    for i, row in w.items():
        # Text would be read letter by letter.
        if isinstance(row, str) or not isinstance(row, Iterable):
            raise WeightsError(
                f"neighbours of {i} that are {row!r}",
                "a list of neighbours, or weights by neighbour",
                f"give {{{i!r}: [...]}}, or {{{i!r}: {{neighbour: 1.0}}}}",
            )
        if isinstance(row, Mapping):
            links += [(i, j, weight) for j, weight in row.items()]
        else:
            links += [(i, j, 1.0) for j in row]
    return pd.DataFrame(links, columns=["unit", "neighbour", "weight"])


def links_of(w: Any, ids: Iterable[object] | None) -> tuple[list[str], csr_array]:
    """Return ids and weights, sorted by id, so that the order of the weights changes no
    digit.
    """
    if isinstance(w, str | Path):
        w, ids = read_weights(Path(w))
    if hasattr(w, "id_order") and hasattr(w, "sparse"):  # libpysal's W
        ids = w.id_order
        w = w.sparse
    if hasattr(w, "unique_ids") and hasattr(w, "sparse"):  # libpysal's Graph
        ids = w.unique_ids
        w = w.sparse
    if isinstance(w, Mapping):
        ids, w = list(w), _links_of_mapping(w)
    # Before the edge list: a square of two or three units has as many columns.
    if isinstance(w, pd.DataFrame) and is_square(w):
        ids = list(map(str, w.index))
        # Its columns in the order of the rows.
        w = _numbers_of(w.set_axis(w.columns.map(str), axis=1)[ids])
    if isinstance(w, pd.DataFrame) and w.shape[1] in (2, 3):
        if w.iloc[:, :2].isna().any(axis=None):
            raise WeightsError(
                "a link without a unit or a neighbour", "both in every row", "drop it"
            )
        ends = w.iloc[:, :2].astype(str)
        # Ids beside the links bring in units that no link names.
        names = sorted({*ends.stack(), *map(str, () if ids is None else ids)})
        if ends.duplicated().any():
            i, j = ends[ends.duplicated()].iloc[0]
            raise WeightsError(
                f"the pair {i}, {j} appears twice", "each pair once", "drop one"
            )
        values = _numbers_of(w.iloc[:, 2]) if w.shape[1] == 3 else np.ones(len(w))
        cells = tuple(np.searchsorted(names, ends[end].tolist()) for end in ends)
        return names, csr_array((values, cells), shape=(len(names),) * 2)
    if ids is None or isinstance(w, pd.DataFrame) or not hasattr(w, "shape"):
        raise WeightsError(
            f"weights of type {type(w).__name__} without ids, or with other ids in rows"
            " than in columns",
            "an edge list, a square DataFrame, a dict, a libpysal W or Graph, a path,"
            " or a matrix with ids",
            "call ef.weights(matrix, ids)",
        )
    names = [str(i) for i in ids]
    if w.shape != (len(names), len(names)) or len(set(names)) != len(names):
        raise WeightsError(
            f"{len(names)} ids for weights of shape {w.shape}",
            "one id a row, each once",
            "correct ids",
        )
    order = np.argsort(names, kind="stable")
    # In floats, so that products of narrow whole numbers are not cut.
    return sorted(names), csr_array(csr_array(w).astype(float)[order][:, order])

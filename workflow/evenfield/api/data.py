"""From a DataFrame, a formula and weights of any form to what the numerics take,
matched by unit id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from inspect import signature
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from formulaic import model_matrix
from formulaic.errors import FormulaicError
from scipy.sparse import csr_array, diags_array

from evenfield.api.results import Fit, chosen
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import Clusters
from evenfield.numerics.spatial_panel.network import Network, network
from evenfield.numerics.spatial_panel.panel import BalancedPanel, panel_from_rows
from evenfield.study.errors import EstimateError, WeightsError

R = TypeVar("R")


def told(page: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Let an estimator take y and x for its formula, and tell what the numerics refuse,
    expect and advise.
    """

    def wrap(function: Callable[..., R]) -> Callable[..., R]:
        by_formula = "formula" in signature(function).parameters

        @wraps(function)
        def run(*args: Any, **kwargs: Any) -> R:
            if by_formula and "y" in kwargs:
                x = kwargs.pop("x", ())
                names = [f"`{name}`" for name in ([x] if isinstance(x, str) else x)]
                kwargs["formula"] = f"`{kwargs.pop('y')}` ~ {' + '.join(['1', *names])}"
            try:
                found = function(*args, **kwargs)
                if isinstance(found, Fit):
                    found.rows(
                        0.95
                    )  # so that an inference that cannot be is refused here
                return found
            except NumericsError as error:
                remedy = f"see docs/library/{page}.md"
                raise EstimateError(
                    str(error), f"data that {function.__name__} takes", remedy
                ) from error

        return run

    return wrap


@dataclass(frozen=True)
class Table:
    """Rows of a data set sorted by unit and date, with the outcome and the regressors
    of a formula.
    """

    data: pd.DataFrame  # all columns of the user's data, index levels included
    y: pd.Series[float]
    X: pd.DataFrame
    units: Clusters  # ids as text
    dates: Clusters  # one zero for a cross-section
    effects: tuple[str, ...]  # columns after the bar of the formula
    variables: dict[str, set[str]]  # columns of the data behind each regressor
    index: pd.Index[Any]  # the user's index in the order of the rows here
    place: np.ndarray  # where each row stood
    unit_name: str | None  # columns of unit and date, if there are
    time_name: str | None

    @cached_property
    def unit(self) -> np.ndarray:
        """Id of each row."""
        return np.asarray(self.units.names[self.units.codes])

    @cached_property
    def time(self) -> np.ndarray:
        """Date of each row."""
        return np.asarray(self.dates.names[self.dates.codes])

    @property
    def several(self) -> bool:
        """Whether a unit has several rows."""
        return len(self.units.names) < len(self.place)

    def column(self, name: str, *, missing: bool = False) -> pd.Series[Any]:
        """Return a column of the data or a term of the formula that is there in every
        row.
        """
        if name not in self.X:
            chosen("column", name, self.data)
        found = self.X[name] if name in self.X else self.data[name]
        if found.isna().any() and not missing:
            first = self.unit[found.isna()][0]
            raise EstimateError(
                f"{found.isna().sum()} missing values of {name}, first {first}",
                "none",
                "drop them",
            )
        return found

    def restored(self, values: np.ndarray) -> pd.Series[float]:
        """Return one value a row in the order and with the index of the user."""
        if (np.diff(self.place) > 0).all():
            return pd.Series(values, self.index)
        back = np.argsort(self.place, kind="stable")
        return pd.Series(np.asarray(values)[back], self.index[back])

    def grid(self, values: Any, dates: np.ndarray) -> np.ndarray:
        """Arrange one or several columns by unit and date, NaN where a unit has no row;
        (N, T) or (N, T, K).
        """
        values = np.asarray(values, dtype=float)
        out = np.full((len(self.units.names), len(dates), *values.shape[1:]), np.nan)
        out[
            self.units.codes, np.searchsorted(dates, self.dates.names)[self.dates.codes]
        ] = values
        return out

    def balanced(self, values: Any) -> np.ndarray:
        """Arrange columns likewise, and refuse a panel with holes by its first one."""
        out = self.grid(values, self.dates.names)
        holes = np.argwhere(np.isnan(out.reshape(*out.shape[:2], -1)).any(axis=2))
        if len(holes):
            first = (
                f"{self.units.names[holes[0][0]]} in {self.dates.names[holes[0][1]]}"
            )
            found = (
                f"{len(holes)} pairs of unit and date without a value, first {first}"
            )
            raise EstimateError(
                found,
                "a balanced panel",
                "fill them, or leave out the units or the dates",
            )
        return out

    def panel(self) -> BalancedPanel:
        """Return the balanced panel of the spatial estimators; effects carry the
        constant.
        """
        X = self.X.drop(columns="Intercept", errors="ignore")
        return panel_from_rows(
            self.unit.tolist(),
            self.time,
            self.y.to_numpy(),
            X.to_numpy(),
            list(map(str, X)),
        )


def table(
    formula: str,
    data: pd.DataFrame,
    unit: str | None,
    time: str | None,
    *,
    keep_missing: bool = False,
) -> Table:
    """Read a formula ``y ~ x | effects`` off a DataFrame.

    Notes
    -----
    ``lag(x, k)`` is the value k dates earlier. Two index levels are unit and date
    unless names are given. A row that lacks a value is refused; rows that only lags
    leave incomplete drop out.
    """
    if not isinstance(data, pd.DataFrame):
        raise EstimateError(
            f"data of type {type(data).__name__}",
            "a DataFrame",
            "give it after the formula",
        )
    left, _, bar = formula.partition("|")
    effects = tuple(name.strip() for name in bar.split("+") if name.strip())
    index, rows = (
        data.index,
        data.reset_index(drop=data.index.nlevels == 1 and data.index.name is None),
    )
    if unit is None and time is None and index.nlevels == 2:
        unit, time = (
            map(str, index.names) if all(index.names) else ("level_0", "level_1")
        )
    for name in filter(None, (unit, time, *effects)):
        chosen("column", name, rows, "name a column or level")
    own = index if index.is_unique else range(len(index))
    codes, ids = pd.factorize(
        pd.Series(own) if unit is None else rows[unit], use_na_sentinel=False
    )
    when = np.zeros(len(rows), dtype=int) if time is None else rows[time].to_numpy()
    if (time is not None and pd.isna(when).any()) or (
        unit is not None and ids.isna().any()
    ):
        raise EstimateError(
            "a row without unit or date", "both in every row", "drop it"
        )
    if when.dtype.kind == "f" and (when == when.round()).all():
        when = when.astype(int)
    units, place = np.unique([str(name) for name in ids], return_inverse=True)
    codes = place[codes]
    when, dates = pd.factorize(when, sort=True)
    order = np.arange(len(rows))
    cell = codes * len(dates) + when
    if (np.diff(cell) < 0).any():
        order = np.argsort(cell, kind="stable")
        rows = rows.iloc[order].reset_index(drop=True)
        codes = codes[order]
        when = when[order]
        cell = cell[order]
    twice = np.flatnonzero(np.diff(cell) == 0)
    if len(twice) and unit is not None:
        where = units[codes[twice[0]]] + (
            "" if time is None else f" in {dates[when[twice[0]]]}"
        )
        raise EstimateError(
            f"{len(twice)} rows appear twice, first {where}",
            "one row a unit and date",
            "drop one",
        )
    y, X, variables = _matrices(left, rows, units[codes], dates[when], keep_missing)
    kept = keep_missing | np.isfinite(y.to_numpy()) & np.isfinite(X.to_numpy()).all(
        axis=1
    )
    if not np.all(kept):
        rows, y, X = (part[kept].reset_index(drop=True) for part in (rows, y, X))
        there, codes = np.unique(codes[kept], return_inverse=True)
        seen, when = np.unique(when[kept], return_inverse=True)
        order = order[kept]
        units = units[there]
        dates = dates[seen]
    by = Clusters(units, codes), Clusters(dates, when)
    return Table(rows, y, X, *by, effects, variables, index[order], order, unit, time)


def _matrices(
    formula: str,
    rows: pd.DataFrame,
    ids: np.ndarray,
    dates: np.ndarray,
    keep_missing: bool,
) -> tuple[pd.Series[float], pd.DataFrame, dict[str, set[str]]]:
    """Evaluate a formula, and refuse the first missing value that is not due to a lag."""
    outcome, _, right = formula.partition("~")
    y, *x = (part.strip("` ") for part in (outcome, *right.split("+")))
    types = [
        getattr(rows[name], "dtype", None) if name in rows else None
        for name in {y, *x} - {"1"}
    ]
    if all(isinstance(kind, np.dtype) and kind.kind in "iuf" for kind in types):
        # A sum of columns of numbers without a missing value, the usual case, needs no
        # parser.
        used = {"Intercept": set(), **{name: {name} for name in x if name != "1"}}
        values = np.array(
            [
                rows[y],
                *(rows[name] if name in x else np.ones(len(rows)) for name in used),
            ],
            dtype=float,
        )
        if np.isfinite(values).all():
            return (
                pd.Series(values[0], name=y),
                pd.DataFrame(values[1:].T, columns=list(used)),
                used,
            )

    def lag(column: pd.Series[float], by: int = 1) -> pd.Series[float]:
        if dates.dtype.kind not in "iuO":
            raise TypeError("lags need dates that are whole numbers or periods")
        values = pd.Series(
            np.asarray(column, dtype=float), pd.MultiIndex.from_arrays([ids, dates])
        )
        return pd.Series(
            values.reindex(pd.MultiIndex.from_arrays([ids, dates - by])).to_numpy(),
            column.index,
        )

    try:
        with np.errstate(all="ignore"):  # what comes of it is refused below
            both = model_matrix(
                formula, rows, na_action="ignore", context={"lag": lag, "np": np}
            )
    except (FormulaicError, KeyError, NameError) as error:
        found = f"the formula {formula.strip()!r} fails: {error}"
        known = ", ".join(map(str, rows))
        raise EstimateError(found, f"columns {known}", "correct it") from error
    left, X = (
        pd.DataFrame(part)
        .rename(columns=lambda name: str(name).replace("`", ""))
        .astype(float)
        for part in (both.lhs, both.rhs)
    )
    if left.shape[1] != 1:
        raise EstimateError(
            f"an outcome of {left.shape[1]} columns",
            "one column of numbers",
            "choose another",
        )
    needed = {
        str(v)
        for part in (both.lhs, both.rhs)
        for v in part.model_spec.required_variables
    } & set(rows)
    checked = pd.concat([rows[sorted(needed)], left, X], axis=1)
    for name, column in () if keep_missing else checked.items():
        gone = (column.isna() | column.isin([np.inf, -np.inf])).to_numpy()
        if gone.any() and not re.search(r"\blag\(", str(name)):
            where = f"{name} of {ids[gone][0]}" + (
                f" in {dates[gone][0]}" if len(set(dates)) > 1 else ""
            )
            found = f"{gone.sum()} values are missing or infinite, first {where}"
            raise EstimateError(found, "a number in every row", "drop them")
    spec = both.rhs.model_spec
    used = {
        name: {str(v) for v in spec.term_variables[term]} & set(rows)
        for term, columns in spec.term_slices.items()
        for name in X.columns[columns]
    }
    return left.iloc[:, 0], X, used


def weights(
    w: Any,
    ids: Iterable[Any] | None = None,
    *,
    symmetric: bool = False,
    row_standardise: bool = True,
) -> Network:
    """Read spatial weights of any form; keep them: every model uses their
    log-determinant, which is computed once.

    Parameters
    ----------
    w, ids : DataFrame, sparse array, dict or libpysal W; iterable
        An edge list (columns unit, neighbour and, if there is a third, weight), a
        square DataFrame with ids in index and columns, a matrix with ``ids``, ``{unit:
        {neighbour: weight}}`` or ``{unit: [neighbours]}``.
    symmetric, row_standardise : bool
        Whether an edge list or dict names each pair once; whether to divide each row by
        its sum.
    """
    if w is None:
        raise EstimateError(
            "no weights",
            "w",
            "give an edge list, a square DataFrame, a dict or ef.weights(...)",
        )
    if isinstance(w, Network):
        return w
    names, matrix = _weights_matrix(w, ids)
    if symmetric:
        matrix = csr_array(matrix.maximum(matrix.T))
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    if row_standardise and (sums > 0).all():
        matrix = csr_array(diags_array(1 / sums) @ matrix)
    try:
        return network(names, matrix)
    except NumericsError as error:
        expected = "finite weights of zero or more, a neighbour for each unit"
        raise WeightsError(str(error), expected, "correct w") from error


def _weights_matrix(w: Any, ids: Iterable[Any] | None) -> tuple[list[str], csr_array]:
    """Return ids and weights, sorted by id, so that the order of the weights changes no
    digit.
    """
    if hasattr(w, "id_order") and hasattr(w, "sparse"):  # libpysal
        w, ids = w.sparse, w.id_order
    if isinstance(w, Mapping):
        lines = [
            (i, j, row[j] if isinstance(row, Mapping) else 1.0)
            for i, row in w.items()
            for j in row
        ]
        w, ids = pd.DataFrame(lines, columns=["unit", "neighbour", "weight"]), w.keys()
    if isinstance(w, pd.DataFrame) and set(map(str, w.index)) == set(
        map(str, w.columns)
    ):
        w, ids = (
            w.set_axis(list(map(str, w.columns)), axis=1)[
                list(map(str, w.index))
            ].to_numpy(float),
            w.index,
        )
    if isinstance(w, pd.DataFrame) and w.shape[1] in (2, 3):
        ends = w.iloc[:, :2].astype(str)
        names = sorted(
            {*ends.to_numpy().ravel().tolist(), *map(str, () if ids is None else ids)}
        )
        if ends.duplicated().any():
            i, j = ends[ends.duplicated()].iloc[0]
            raise WeightsError(
                f"the pair {i}, {j} appears twice", "each pair once", "drop one"
            )
        values = w.iloc[:, 2].to_numpy(float) if w.shape[1] == 3 else np.ones(len(w))
        at = tuple(np.searchsorted(names, ends.iloc[:, i].tolist()) for i in (0, 1))
        return names, csr_array((values, at), shape=(len(names), len(names)))
    if ids is None or isinstance(w, pd.DataFrame) or not hasattr(w, "shape"):
        found = (
            f"weights of type {type(w).__name__} without ids, or with other ids in rows"
            " than in columns"
        )
        expected = (
            "an edge list, a square DataFrame, a dict, a libpysal W, or a matrix"
            " with ids"
        )
        raise WeightsError(found, expected, "call ef.weights(matrix, ids)")
    names = [str(i) for i in ids]
    if w.shape != (len(names), len(names)) or len(set(names)) != len(names):
        raise WeightsError(
            f"{len(names)} ids for weights of shape {w.shape}",
            "one id a row, each once",
            "correct ids",
        )
    order = np.argsort(np.array(names), kind="stable")
    return [names[i] for i in order], csr_array(csr_array(w)[order][:, order])

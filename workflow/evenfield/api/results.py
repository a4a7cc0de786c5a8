"""One class of results for every estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from evenfield.api.screen import Screen, Tables, screen_of
from evenfield.models.rows import Row
from evenfield.numerics.errors import NumericsError
from evenfield.study.errors import EstimateError, nearest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Rows = Callable[[float], pd.DataFrame]
NUMBERS = "estimate std_error statistic df p_value conf_low conf_high".split()


def chosen(
    what: str, name: object, known: Iterable[object], remedy: str = "choose one"
) -> None:
    """Refuse a name that is none of those that there are."""
    known = list(known)
    if name not in known:
        names = list(dict.fromkeys(map(str, known)))
        raise EstimateError(
            f"no {what} {name!r}",
            f"one of {', '.join(names)}",
            nearest(str(name), names, remedy),
        )


def t_rows(
    names: Sequence[str],
    estimates: object,
    std_errors: object,
    inference: str,
    df: Any = np.inf,
    **others: object,
) -> Rows:
    """Return tidy rows by Student's t, the normal law for infinite df; ``others`` are
    columns in place of its own.
    """
    estimate = np.asarray(estimates, dtype=float)
    errors = np.asarray(std_errors, dtype=float)
    # Where the error is zero, as in an exact fit, t is not defined.
    ratio = np.divide(
        estimate, errors, out=np.full_like(estimate, np.nan), where=errors > 0
    )

    law = "t"
    if np.ndim(df) == 0:
        law = "normal" if np.isinf(df) else f"t({df:g})"

    def rows(level: float) -> pd.DataFrame:
        # Two-sided: (1 - level) / 2 lies beyond the quantile at 0.5 + level / 2.
        half = stdtrit(df, 0.5 + level / 2) * errors
        columns = {
            "term": list(names),
            "inference": inference,
            "estimate": estimate,
            "std_error": errors,
            "statistic": ratio,
            "df": np.broadcast_to(df, ratio.shape),
            "p_value": 2 * stdtr(df, -np.abs(ratio)),
            "conf_low": estimate - half,
            "conf_high": estimate + half,
            "law": law,
        }
        return pd.DataFrame({**columns, **others})

    return rows


def refuse_undefined(reason: str) -> None:
    """Refuse a call whose model has no result."""
    if reason:
        raise NumericsError(reason)


def tidy(tests: Iterable[Row], names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the rows of a model, under other names and no others if there are some;
    what is described and not tested has a blank inference.
    """
    shown = [row for row in tests if names is None or row.term in names]
    reasons = [row.test.reason for row in shown if row.method or row.test.reason]
    # One inference that cannot be is a row that says why; none is an error.
    if reasons and all(reasons):
        raise NumericsError(reasons[0])
    lines = []
    for row in shown:
        line = line_of(row)
        if names is not None:
            line["term"] = names[row.term]
        lines.append(line)
    # By column, which pandas reads faster than by row.
    columns = ["term", "inference", *NUMBERS, "law"]
    return pd.DataFrame({name: [line[name] for line in lines] for name in columns})


def line_of(row: Row) -> dict[str, Any]:
    """Return the numbers of a test with the law behind them, or why there are none."""
    test = row.test
    numbers = {column: getattr(test, column) for column in NUMBERS}
    law = f"none: {test.reason}" if test.reason else test.law
    return {"term": row.term, "inference": row.method, **numbers, "law": law}


def first_inference(rows: pd.DataFrame) -> str:
    """Return the first inference of tidy rows; what is described has none."""
    return str(next((kind for kind in rows["inference"] if kind != ""), ""))


def share(what: str, value: Any, example: float) -> float:
    """Return a number between 0 and 1, and refuse another."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 < number < 1:
        percent = ""
        if 1 < number < 100:
            percent = f"; {number:g} percent is {number / 100:g}"
        raise EstimateError(
            f"a {what} of {value!r}",
            "a number between 0 and 1",
            f"give {example:g}, for example{percent}",
        )
    return number


def _no_values() -> pd.Series[float]:
    return pd.Series(dtype=float)


class Text(str):
    """Text that shows itself as it is."""

    __repr__ = str.__str__

    def __call__(self) -> Text:
        """Return the text, for who is used to ``summary()``."""
        return self


@dataclass(frozen=True, kw_only=True)
class InTables:
    """What a table of several fits prints of one beside its estimates and summary."""

    # fixed effects by name; None where the estimator does not say
    effects: tuple[str, ...] | None = None
    held: tuple[str, ...] = ()  # regressors that are held and not reported
    # clusters of each inference by cluster, such as ``state (48)``
    clusters: Mapping[str, str] = field(default_factory=dict)
    # numbers of the whole fit by the row that they stand in
    whole: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """What an estimator found; the first inference is the one of ``params`` to
    ``conf_int``.
    """

    # A fit is an estimator and a function from a level to its rows.
    title: str  # estimator
    rows: Rows  # tidy rows at a confidence level
    # observations, and the log-likelihood of ``n_params`` parameters; NaN where there
    # is none. Coefficients, spatial parameters, variance ratios and effects that are
    # not transformed away are parameters; the error variance is not counted.
    nobs: int
    loglik: float = np.nan
    n_params: int = 0
    # in the user's order, or empty
    resids: pd.Series[float] = field(default_factory=_no_values)
    fitted: pd.Series[float] = field(default_factory=_no_values)
    # of the parameters by inference, or empty
    covariance: Callable[[str], pd.DataFrame] = lambda _: pd.DataFrame()
    # numbers of the whole fit, and further tables, by name
    notes: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    # What the picture shows and nothing else here holds, by name.
    _drawn: Mapping[str, Any] = field(default_factory=dict)
    # What a table of several fits prints and the summary does not.
    _in_tables: InTables = InTables()
    # makes notes and tables anew that are of the first inference, for ``vcov``
    _of_first: Callable[[Any], Any] = lambda fit: fit
    raw: Any = None  # what the numerics returned
    # What it was made by, which ``reported`` fills in: page of the documentation,
    # formula or outcome, rows of the data.
    page: str = ""
    model: str = ""
    rows_given: int = 0

    def __post_init__(self) -> None:
        rows = self.rows

        @cache
        # Inference may take seconds: each level is computed once.
        def contrast_rows(level: float) -> pd.DataFrame:
            return rows(level)

        def checked_rows(level: float) -> pd.DataFrame:
            return contrast_rows(share("confidence level", level, 0.95))

        # The class is frozen, so that these fields are replaced past its lock.
        object.__setattr__(self, "rows", checked_rows)
        object.__setattr__(self, "tables", Tables(self.tables))

    def _main(self, level: float = 0.95) -> pd.DataFrame:
        rows = self.rows(level)
        first = rows["inference"].isin([first_inference(rows), ""])
        # Most fits have one inference, of which every row is kept.
        kept = rows if first.all() else rows[first]
        return pd.DataFrame(kept.set_index("term"))

    @property
    def params(self) -> pd.Series[float]:
        """Estimates by name."""
        return self._main()["estimate"].rename("params")

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard errors by name."""
        return self._main()["std_error"].rename("std_errors")

    @property
    def tstats(self) -> pd.Series[float]:
        """Estimates over standard errors by name."""
        return self._main()["statistic"].rename("tstats")

    @property
    def pvalues(self) -> pd.Series[float]:
        """Two-sided p-values by name."""
        return self._main()["p_value"].rename("pvalues")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the parameters; empty where there is none."""
        return self.covariance(first_inference(self.rows(0.95)))

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Return intervals by name, columns ``lower`` and ``upper``."""
        ends = self._main(level)[["conf_low", "conf_high"]]
        return ends.set_axis(["lower", "upper"], axis=1)

    @property
    def aic(self) -> float:
        """Akaike's criterion; the error variance is no parameter, as in statsmodels."""
        return -2 * self.loglik + 2 * self.n_params

    @property
    def bic(self) -> float:
        """Schwarz's criterion, parameters counted as for ``aic``."""
        return -2 * self.loglik + float(np.log(self.nobs)) * self.n_params

    def to_frame(self, level: float = 0.95) -> pd.DataFrame:
        """Return tidy rows, one for each parameter and inference."""
        return pd.DataFrame(self.rows(level)).assign(
            level=level, nobs=self.nobs, model=self.title
        )

    def vcov(self, inference: str) -> Fit:
        """Return the same fit with one of its inferences in front."""
        kinds = self.rows(0.95)["inference"]
        chosen("inference", inference, kinds[kinds != ""], "name it when fitting")

        def rows(level: float) -> pd.DataFrame:
            table = self.rows(level)
            first = table["inference"].isin([inference, ""])
            return pd.concat([table[first], table[~first]], ignore_index=True)

        return cast(Fit, self._of_first(replace(self, rows=rows)))

    @property
    def summary(self) -> Text:
        """One screen: what was fitted, a line for each parameter, the numbers of the
        whole fit.
        """
        return Text(self._screen().text())

    def __str__(self) -> str:
        return str(self.summary)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self._screen().html(str(self.explain()) if self.page else "")

    def _screen(self) -> Screen:
        whole = {
            "N": self.nobs,
            "log-likelihood": self.loglik,
            "AIC": self.aic,
            "BIC": self.bic,
            **self.notes,
        }
        return screen_of(self.title, self.rows(0.95), whole)

    def explain(self) -> Text:
        """Say what was estimated, from which rows, what is assumed and when not to use
        it.
        """
        from evenfield.api.explain import explanation

        return Text(explanation(self))

    def interpret(self, term: str | None = None) -> Text:
        """Say in two sentences how large and how sure the result is.

        Parameters
        ----------
        term : str, optional
            One of ``params``; by default what the estimator is for.
        """
        from evenfield.api.interpret import interpretation

        if term is not None:
            chosen("parameter", term, self.params.index)
        return Text(interpretation(self, term))

    def plot(
        self,
        ax: Axes | None = None,
        *,
        kind: str | None = None,
        outlines: object = None,
    ) -> Axes:
        """Draw what the field of the estimator draws (needs matplotlib).

        Parameters
        ----------
        ax : Axes, optional
            Axes to draw on; new ones by default.
        kind : str, optional
            Name of another picture of the same fit; ``estimates`` draws parameters with
            their intervals. An unknown one is answered with those that there are.
        outlines : optional
            Of the units, as for ``map``: local Moran is then drawn on a map.

        Returns
        -------
        Axes
            ``ax.alt_text`` is what ``alt_text()`` says.
        """
        return cast("Axes", drawing().draw(self, ax, kind, outlines))

    def alt_text(self, kind: str | None = None, *, outlines: object = None) -> Text:
        """Say in a sentence or two what ``plot`` draws, for those who cannot see it."""
        return Text(drawing().described(self, kind, outlines))


def drawing() -> Any:
    """Load what draws, and say what lacks where it cannot be."""
    try:
        return import_module("evenfield.api.figures")
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise EstimateError(
            "a picture without matplotlib",
            "matplotlib, which the library does not bring",
            "pip install matplotlib",
        ) from None

"""One class of results for every estimator, and tables of several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

from evenfield.study.errors import EstimateError, nearest

Rows = Callable[[float], pd.DataFrame]
NO_BREAK = "\N{NO-BREAK SPACE}"
NUMBERS = [
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "conf_low",
    "conf_high",
]


def chosen(
    what: str, name: Any, known: Iterable[Any], remedy: str = "choose one"
) -> None:
    """Refuse a name that is none of those that there are."""
    known = list(dict.fromkeys(known))
    if name not in known:
        names = list(map(str, known))
        raise EstimateError(
            f"no {what} {name!r}",
            f"one of {', '.join(names)}",
            nearest(str(name), names, remedy),
        )


def t_rows(
    names: Sequence[str],
    estimates: Any,
    std_errors: Any,
    inference: str,
    df: Any = np.inf,
    **others: Any,
) -> Rows:
    """Return tidy rows by Student's t, the normal law for infinite df; ``others`` are
    columns in place of its own.
    """
    estimate = np.asarray(estimates, dtype=float)
    errors = np.asarray(std_errors, dtype=float)
    ratio = np.divide(
        estimate, errors, out=np.full_like(estimate, np.nan), where=errors > 0
    )

    def rows(level: float) -> pd.DataFrame:
        half = stdtrit(df, 0.5 + level / 2) * errors
        columns = [
            estimate,
            errors,
            ratio,
            np.broadcast_to(df, ratio.shape),
            2 * stdtr(df, -np.abs(ratio)),
        ]
        numbers = dict(
            zip(NUMBERS, [*columns, estimate - half, estimate + half], strict=True)
        )
        law = "t" if np.ndim(df) else "normal" if np.isinf(df) else f"t({df:g})"
        return pd.DataFrame(
            {
                "term": list(names),
                "inference": inference,
                **numbers,
                "law": law,
                **others,
            }
        )

    return rows


def _checked_level(level: Any) -> float:
    """Return a confidence level between 0 and 1."""
    try:
        share = float(level)
    except (TypeError, ValueError):
        share = np.nan
    if not 0 < share < 1:
        percent = f"; {share:g} percent is {share / 100:g}" if 1 < share < 100 else ""
        raise EstimateError(
            f"a confidence level of {level!r}",
            "a number between 0 and 1",
            f"give 0.95, for example{percent}",
        )
    return share


class Text(str):
    """Text that shows itself as it is."""

    __repr__ = str.__str__

    def __call__(self) -> Text:
        """Return the text, for who is used to ``summary()``."""
        return self


@dataclass(frozen=True, eq=False, repr=False)
class Fit:
    """What an estimator found; the first inference is the one of ``params`` to
    ``conf_int``.
    """

    title: str  # estimator
    rows: Rows  # tidy rows at a confidence level
    # observations, and the log-likelihood of ``n_params`` parameters; NaN where there
    # is none. Coefficients, spatial parameters, variance ratios and effects that are
    # not transformed away are parameters; the error variance is not counted.
    nobs: int
    loglik: float = np.nan
    n_params: int = 0
    resids: pd.Series[float] = field(
        default_factory=lambda: pd.Series(dtype=float)
    )  # in the user's order, or empty
    fitted: pd.Series[float] = field(default_factory=lambda: pd.Series(dtype=float))
    covariance: Callable[[str], pd.DataFrame] = lambda _: (
        pd.DataFrame()
    )  # of the parameters by inference, or empty
    notes: Mapping[str, Any] = field(
        default_factory=dict
    )  # numbers of the whole fit, and further tables, by name
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    raw: Any = None  # what the numerics returned

    def __post_init__(self) -> None:
        rows = self.rows

        @cache
        def rows_at(level: float) -> pd.DataFrame:
            return rows(_checked_level(level))

        object.__setattr__(self, "rows", rows_at)

    def _main(self, level: float = 0.95) -> pd.DataFrame:
        rows = self.rows(level)
        return pd.DataFrame(
            rows[rows["inference"] == rows["inference"].iloc[0]].set_index("term")
        )

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
        return self.covariance(self.rows(0.95)["inference"].iloc[0])

    def conf_int(self, level: float = 0.95) -> pd.DataFrame:
        """Return intervals by name, columns ``lower`` and ``upper``."""
        return self._main(level)[["conf_low", "conf_high"]].set_axis(
            ["lower", "upper"], axis=1
        )

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
        chosen(
            "inference", inference, self.rows(0.95)["inference"], "name it when fitting"
        )

        def rows(level: float) -> pd.DataFrame:
            table = self.rows(level)
            first = table["inference"] == inference
            return pd.concat([table[first], table[~first]], ignore_index=True)

        return replace(self, rows=rows)

    @property
    def summary(self) -> Text:
        """One screen: what was fitted, a line for each parameter, the numbers of the
        whole fit.
        """
        rows = self.rows(0.95)
        wide = rows["inference"].nunique() > 1
        shown = rows[
            (["term", "inference"] if wide else ["term"]) + NUMBERS[:3] + NUMBERS[4:]
        ]
        body = shown.head(30).to_string(
            index=False, float_format=lambda v: f"{v:.4g}", na_rep=""
        )
        more = (
            [f"... {len(shown) - 30} more rows in to_frame()"]
            if len(shown) > 30
            else []
        )
        kinds = rows.groupby("inference", sort=False)["law"].unique()
        laws = "; ".join(
            f"{kind}, {law[0] if len(law) == 1 else law[0].split('(')[0]}"
            for kind, law in kinds.items()
        )
        whole = {
            "N": self.nobs,
            "log-likelihood": self.loglik,
            "AIC": self.aic,
            "BIC": self.bic,
            **self.notes,
        }
        facts = [
            f"{name}: {_short(value)}" for name, value in whole.items() if _short(value)
        ]
        parts = "   ".join(part.replace(" ", NO_BREAK) for part in facts)
        foot = wrap(parts, 100, break_long_words=False, break_on_hyphens=False)
        return Text(
            "\n".join(
                [self.title, "", body, *more, "", *foot, f"inference: {laws}"]
            ).replace(NO_BREAK, " ")
        )

    def __str__(self) -> str:
        return str(self.summary)

    __repr__ = __str__

    def plot(self, ax: Any = None) -> Any:
        """Draw the estimates with their intervals and return the axes (needs
        matplotlib).
        """
        from evenfield.api.figure import draw

        return draw(self, ax)


def _short(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return (
        ""
        if np.isnan(value)
        else f"{value:.4f}"
        if 1e-3 <= abs(value) < 1e5
        else f"{value:.4g}"
    )


STARS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))


@dataclass(frozen=True)
class Comparison:
    """Several fits side by side: estimates with standard errors below."""

    frame: pd.DataFrame  # cells as text, one column a fit

    def markdown(self) -> str:
        """Return a Markdown table."""
        head, *body = self._cells(r"\|*_")
        return "\n".join(
            f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *body]
        )

    def latex(self) -> str:
        """Return a LaTeX tabular."""
        head, *body = (" & ".join(line) + r" \\" for line in self._cells("&%$#_{}"))
        begin = rf"\begin{{tabular}}{{l{'r' * self.frame.shape[1]}}}"
        return "\n".join([begin, head, r"\hline", *body, r"\end{tabular}"])

    def html(self) -> str:
        """Return an HTML table."""
        with pd.option_context("display.max_colwidth", None):
            return self.frame.to_html(border=0)

    def typst(self) -> str:
        """Return a Typst table."""
        lines = ",\n".join(
            ", ".join(f"[{cell}]" for cell in line)
            for line in self._cells(r"\*_#$[]<>@`~")
        )
        return f"#table(columns: {self.frame.shape[1] + 1},\n{lines},\n)"

    def word(self, path: Any) -> None:
        """Write a Word document (needs python-docx)."""
        from docx import Document

        document = Document()
        lines = self._cells()
        word_table = document.add_table(len(lines), len(lines[0]), style="Light List")
        for row, line in zip(word_table.rows, lines, strict=True):
            for cell, text in zip(row.cells, line, strict=True):
                cell.text = text
        document.save(path)

    def _cells(self, special: str = "") -> list[list[str]]:
        """Return all cells as text, a backslash before characters that are special."""
        escaped = str.maketrans({character: f"\\{character}" for character in special})
        rows = [["", *self.frame], *self.frame.itertuples()]
        return [[str(cell).translate(escaped) for cell in row] for row in rows]

    __str__ = markdown
    _repr_html_ = html


def compare(
    fits: Sequence[Fit] | Mapping[str, Fit], *, digits: int = 3, stars: bool = True
) -> Comparison:
    """Put fits side by side, for ``markdown()``, ``latex()``, ``html()``, ``typst()``,
    ``word(path)``, or ``frame``.

    Parameters
    ----------
    fits : sequence or mapping of Fit
        Fits; the keys of a mapping name the columns.
    digits, stars : int, bool
        Digits after the point; whether to mark p below 0.1, 0.05 and 0.01.
    """
    named = (
        dict(fits)
        if isinstance(fits, Mapping)
        else {f"({i})": fit for i, fit in enumerate(fits, 1)}
    )
    if not named:
        raise EstimateError("no fits", "at least one", "give a list of fits")
    terms = list(
        dict.fromkeys(name for fit in named.values() for name in fit.params.index)
    )
    columns = {name: _column(fit, terms, digits, stars) for name, fit in named.items()}
    foot = ["N", "log-likelihood", "AIC", "BIC", "inference"]
    frame = pd.DataFrame(
        columns, index=[line for term in terms for line in (term, "")] + foot
    )
    return Comparison(frame[(frame != "").any(axis=1) | (frame.index == "")])


def _column(fit: Fit, terms: Sequence[str], digits: int, stars: bool) -> list[str]:
    cells = []
    for term in terms:
        if term not in fit.params.index:
            cells += ["", ""]
            continue
        value, error, p = (
            float(column[term]) for column in (fit.params, fit.std_errors, fit.pvalues)
        )
        mark = next((text for bound, text in STARS if p < bound), "") if stars else ""
        cells += [
            f"{value:.{digits}f}{mark}",
            f"({error:.{digits}f})" if np.isfinite(error) else "",
        ]
    whole = [
        f"{v:.{digits}f}" if np.isfinite(v) else ""
        for v in (fit.loglik, fit.aic, fit.bic)
    ]
    return [*cells, str(fit.nobs), *whole, str(fit.to_frame()["inference"].iloc[0])]

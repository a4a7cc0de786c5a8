"""One regression in each of several samples: the range of a coefficient over them, and its
mean by random effects.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from evenfield.api.data import names_in_order, names_of, reported
from evenfield.api.dates import plain_text
from evenfield.api.regression import TIE_DIGITS, UNREAD, chosen_term, ols
from evenfield.api.results import Fit, Rows, chosen, share, t_rows
from evenfield.models.pooled import pooled
from evenfield.study.errors import EstimateError, first_examples

POOLED = "mean"  # name of the pooled coefficient in rows of results
F = TypeVar("F", bound=Fit)


@dataclass(frozen=True, eq=False, repr=False)
class SampleFits(Fit):
    """A coefficient in several samples, which can be pooled; ``raw`` has the fits."""

    samples: pd.DataFrame = field(default_factory=pd.DataFrame)  # what each is, by name

    @reported("ols-by")
    def pool(
        self, *, by: str | None = None, reference: object = None, level: float = 0.95
    ) -> Fit:
        """Pool the samples by random effects: all, or those of each value of a column.

        Parameters
        ----------
        by : str, optional
            One of several columns of the samples, whose values stay apart.
        reference : str, optional
            Value with which the others are compared in ``notes``, as by ``ols_by``.
        level : float
            Of the intervals from which the error of each sample is taken, between 0 and
            1.

        Returns
        -------
        Fit
            The ``mean`` by the normal law and, allowing for few samples, by t(k - 1), in
            the unit of measure of the coefficient. ``tables["heterogeneity"]``: the
            variance between samples ``tau2``, ``I2``, and Cochran's ``Q``, chi-squared
            where samples do not differ. With ``by`` a mean for each value, by its name,
            and ``tables["range"]`` of the means, as of ``ols_by``.

        Raises
        ------
        EstimateError
            If a sample has no interval, or a value of ``by`` one sample alone.

        Notes
        -----
        Of k samples b_i = b + u_i + e_i, var u_i = tau2 by Paule and Mandel (1982), var
        e_i = v_i = ((high_i - low_i) / 2 z)^2, z the normal quantile at 0.5 + level / 2.
        With w_i = 1 / (v_i + tau2) the mean is sum_i w_i b_i / sum_i w_i, its variance
        1 / sum_i w_i.
        """
        level = share("confidence level", level, 0.95)
        ends = self.conf_int(level)
        finite = np.isfinite(ends.to_numpy(float)).all(axis=1)
        lacking = ends.index[~finite]
        if len(lacking):
            raise EstimateError(
                f"no interval of {first_examples(list(map(str, lacking)))}",
                "one in every sample",
                "leave the sample out, or name another inference",
            )
        if by is None:
            if reference is not None:
                raise EstimateError(
                    "a reference without by", "both", "give by=, or leave it out"
                )
            return self._pooled([*ends.index], ends, level)
        chosen("column of the samples", by, self.samples)
        # By the column itself: its name may be that of the index.
        together = self.samples.groupby(self.samples[by]).groups
        alone = [name for name, samples in together.items() if len(samples) < 2]
        if alone:
            raise EstimateError(
                f"one sample of {by} {alone[0]}", "two or more", "leave it out"
            )
        fits = {
            name: self._pooled([*together[name]], ends, level)
            for name in names_in_order(together)
        }
        tables = {name: fit.tables["heterogeneity"] for name, fit in fits.items()}
        each = Fit(
            f"{self.title}, pooled by {by}",
            _side_by_side(POOLED, fits),
            self.nobs,
            notes={by: len(fits)},
            tables={"heterogeneity": pd.concat(tables, names=[by])},
            raw=fits,
        )
        return _with_range(each, reference)

    def _pooled(self, samples: list[str], ends: pd.DataFrame, level: float) -> Fit:
        """Return the mean of some samples."""
        effects = self.params[samples].to_numpy(float)
        low, high = ends.loc[samples].to_numpy(float).T
        found = pooled(effects, low, high, level)
        blank = np.nan
        heterogeneity = pd.DataFrame(
            [
                [found.tau2, blank, blank, blank],
                [found.i2, blank, blank, blank],
                [found.q, found.q, found.df, found.p_value],
            ],
            index=["tau2", "I2", "Q"],
            columns=["estimate", "statistic", "df", "p_value"],
        )
        mean = [POOLED], [found.mean], [found.std_error]  # name, estimate and error
        by_normal = t_rows(*mean, "random effects")
        by_t = t_rows(*mean, "random effects, t", float(found.df))  # df = k - 1

        def rows(at: float) -> pd.DataFrame:
            return pd.concat([by_normal(at), by_t(at)], ignore_index=True)

        return Fit(
            f"{self.title}, pooled",
            rows,
            sum(self.raw[name].nobs for name in samples),
            notes={
                "samples": len(effects),
                "tau2": found.tau2,
                "I2": found.i2,
                "p of Q": found.p_value,
            },
            tables={"heterogeneity": heterogeneity},
            raw=found,
        )


@reported("ols-by", passes_to=ols)
def ols_by(
    formula: str,
    data: pd.DataFrame,
    by: str | Sequence[str],
    *,
    term: str | None = None,
    reference: object = None,
    unit: str | None = None,
    time: str | None = None,
    **options: Any,
) -> SampleFits:
    """Fit one regression in each of several samples (periods, countries, vintages of the
    data) and put one coefficient of all side by side.

    Parameters
    ----------
    formula : str
        As for ``ols``, the same in every sample. Or ``y`` and ``x``.
    data : DataFrame
        Rows of all samples; a unit may be in several.
    by : str or sequence of str
        Column of the samples; of several columns each combination that there is, as
        ``a, b``.
    term : str, optional
        The coefficient; the first that is no constant by default.
    reference : str, optional
        Sample with which the others are compared in ``notes``.
    unit, time, **options
        As for ``ols``, within each sample.

    Returns
    -------
    SampleFits
        A row a sample and inference. ``tables["range"]``: lowest and highest estimate, of
        which sample, and the lowest and highest end of an interval (extreme bounds,
        Leamer 1985). ``notes``, with a reference: how many samples have its sign, itself
        included, and the range in its standard errors. ``pool()``: the mean by random
        effects.

    Raises
    ------
    EstimateError
        If there are fewer than two samples, or one cannot be fitted: it is named.
    """
    values, labels, names = samples_by(data, by)
    of_columns = " and ".join(names_of(by))  # in messages and the title
    if len(names) < 2:
        raise EstimateError(f"one sample in {of_columns}", "two or more", "use ols")
    fits: dict[str, Fit] = {}
    for name in names:
        try:
            fits[name] = ols(
                formula, data[labels == name], unit=unit, time=time, **options
            )
        except EstimateError as error:
            raise EstimateError(
                f"{of_columns} {name}: {error.found}", error.expected, error.action
            ) from error
    term = chosen_term(term, fits[names[0]].params.index)
    for fit in fits.values():
        chosen("parameter", term, fit.params.index)

    of_samples = SampleFits(
        f"{term} by {of_columns}",
        _side_by_side(term, fits),
        nobs=sum(fit.nobs for fit in fits.values()),
        notes={"samples": len(names), UNREAD: fits[names[0]].notes[UNREAD]},
        raw=fits,
        samples=values.set_axis(pd.Index(labels, name="sample"))[
            ~labels.duplicated().to_numpy()
        ],
    )
    return _with_range(of_samples, reference)


def samples_by(
    data: Any, by: str | Sequence[str]
) -> tuple[pd.DataFrame, "pd.Series[str]", list[str]]:
    """Return what sample each row is of, by column and as one name, and the names in
    order.
    """
    if not isinstance(data, pd.DataFrame):
        raise EstimateError(
            f"data of type {type(data).__name__}", "a DataFrame", "give it"
        )
    columns = names_of(by)
    if not columns:
        raise EstimateError("by without a column", "one at least", "name it")
    for column in columns:
        chosen("column", column, data)
        if data[column].isna().any():
            raise EstimateError(
                f"{data[column].isna().sum()} rows without a sample in {column}",
                "one in every row",
                "fill or drop them",
            )
    values = data[columns].map(plain_text)
    joined = [", ".join(row) for row in values.itertuples(index=False, name=None)]
    labels = pd.Series(joined, data.index, dtype=str)
    names = names_in_order(labels)
    # Values that hold a comma may make one name of two samples.
    if len(names) < len(values.drop_duplicates()):
        raise EstimateError(
            f"different samples of {' and '.join(columns)} with one name",
            "names without a comma",
            "rename them",
        )
    return values, labels, names


def _side_by_side(term: str, fits: Mapping[str, Fit]) -> Rows:
    """Return the rows of one coefficient in several fits, each with the name of its fit
    for a term; those of the first inference of all fits come first.
    """

    def rows(level: float) -> pd.DataFrame:
        parts = list[pd.DataFrame]()
        for name, fit in fits.items():
            lines = fit.rows(level)
            parts.append(lines[lines["term"] == term].assign(term=name))
        together = pd.concat(parts)
        kinds = together["inference"].unique()
        of_kinds: list[pd.DataFrame] = [
            together[together["inference"] == kind] for kind in kinds
        ]
        return pd.concat(of_kinds, ignore_index=True)

    return rows


def _with_range(each: F, reference: object) -> F:
    """Return fits of samples with their range and how they differ from a reference, which
    are those of another inference where that comes first.
    """

    def of_first(fit: F) -> F:
        return replace(
            fit,
            notes={**fit.notes, **_beside(reference, fit)},
            tables={**fit.tables, "range": _range(fit)},
        )

    return replace(of_first(each), _of_first=of_first)


def _range(fit: Fit) -> pd.DataFrame:
    """Return the lowest and the highest estimate with its sample, and the lowest and
    highest end of any 95 percent interval, which may be of another sample.
    """
    names = list(fit.params.index)
    estimates = fit.params.to_numpy(float)
    # Estimates that are equal but for rounding fall the same way on all machines.
    rounded = np.round(estimates, TIE_DIGITS)
    ends = [int(rounded.argmin()), int(rounded.argmax())]
    intervals = fit.conf_int()
    columns = {
        "sample": [names[end] for end in ends],
        "estimate": estimates[ends],
        "bound": [intervals["lower"].min(), intervals["upper"].max()],
    }
    return pd.DataFrame(columns, index=["lowest", "highest"])


def _beside(reference: object, fit: Fit) -> dict[str, float]:
    """Return how the samples differ from a reference r: how many have the sign of b_r,
    itself included, and (max b_i - min b_i) / se_r.
    """
    if reference is None:
        return {}
    # Samples are named as text, whatever the column holds.
    reference = plain_text(reference)
    chosen("sample", reference, fit.params.index)
    estimates = fit.params.to_numpy(float)
    same = np.sign(estimates) == np.sign(fit.params[reference])
    return {
        "same sign": int(same.sum()),
        "range in standard errors": float(
            np.ptp(estimates) / fit.std_errors[reference]
        ),
    }

"""One regression in each of several samples: the range of a coefficient over them, and its
mean by random effects.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.data import names_in_order, reported
from evenfield.api.dates import plain_text
from evenfield.api.regression import NOT_USED, TIE_DIGITS, chosen_term, ols
from evenfield.api.results import Fit, chosen, share, t_rows
from evenfield.models.pooled import pooled
from evenfield.study.errors import EstimateError, first_examples

POOLED = "mean"  # term of what is pooled


@dataclass(frozen=True, eq=False, repr=False)
class SampleFits(Fit):
    """A coefficient in several samples, which can be pooled; ``raw`` has the fits."""

    @reported("ols-by")
    def pool(self, *, level: float = 0.95) -> Fit:
        """Pool the samples by random effects.

        Parameters
        ----------
        level : float
            Of the intervals from which the error of each sample is taken, between 0 and
            1.

        Returns
        -------
        Fit
            The ``mean`` by the normal law and, allowing for few samples, by t(k - 1), in
            the unit of measure of the coefficient. ``tables["heterogeneity"]``: the
            variance between samples ``tau2``, ``I2``, and Cochran's ``Q``, chi-squared
            where samples do not differ.

        Raises
        ------
        EstimateError
            If a sample has no interval.

        Notes
        -----
        b_i = b + u_i + e_i, var u = tau2 by Paule and Mandel (1982); var(b) = 1 / sum_i 1 /
        (v_i + tau2).
        """
        ends = self.conf_int(share("confidence level", level, 0.95))
        finite = np.isfinite(ends.to_numpy(float)).all(axis=1)
        lacking = ends.index[~finite]
        if len(lacking):
            raise EstimateError(
                f"no interval of {first_examples(list(map(str, lacking)))}",
                "one in every sample",
                "leave the sample out, or name another inference",
            )
        effects = self.params.to_numpy(float)
        low, high = ends.to_numpy(float).T
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
        number = [POOLED], [found.mean], [found.std_error]
        by_normal = t_rows(*number, "random effects")
        by_t = t_rows(*number, "random effects, t", float(found.df))

        def rows(at: float) -> pd.DataFrame:
            return pd.concat([by_normal(at), by_t(at)], ignore_index=True)

        return Fit(
            f"{self.title}, pooled",
            rows,
            self.nobs,
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
    by: str,
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
    by : str
        Column of the samples.
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
    if not isinstance(data, pd.DataFrame):
        raise EstimateError(
            f"data of type {type(data).__name__}", "a DataFrame", "give it"
        )
    if by not in data:
        chosen("column", by, data)
    if data[by].isna().any():
        raise EstimateError(
            f"{data[by].isna().sum()} rows without a sample in {by}",
            "one in every row",
            "fill or drop them",
        )
    labels = data[by].map(plain_text).astype(str)
    names = names_in_order(labels)
    if len(names) < 2:
        raise EstimateError(f"one sample in {by}", "two or more", "use ols")
    fits: dict[str, Fit] = {}
    for name in names:
        try:
            fits[name] = ols(
                formula, data[labels == name], unit=unit, time=time, **options
            )
        except EstimateError as error:
            raise EstimateError(
                f"{by} {name}: {error.found}", error.expected, error.action
            ) from error
    term = chosen_term(term, fits[names[0]].params.index)
    for fit in fits.values():
        chosen("parameter", term, fit.params.index)

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

    return SampleFits(
        f"{term} by {by}",
        rows,
        nobs=sum(fit.nobs for fit in fits.values()),
        notes={
            "samples": len(names),
            **_beside(reference, term, fits),
            NOT_USED: fits[names[0]].notes[NOT_USED],
        },
        tables={"range": _range(term, fits)},
        raw=fits,
    )


def _range(term: str, fits: Mapping[str, Fit]) -> pd.DataFrame:
    """Return the lowest and the highest estimate, and the ends of all intervals."""
    names = list(fits)
    estimates = np.array([fit.params[term] for fit in fits.values()])
    # Estimates that are equal but for rounding fall the same way on all machines.
    rounded = np.round(estimates, TIE_DIGITS)
    ends = [int(rounded.argmin()), int(rounded.argmax())]
    intervals = pd.DataFrame([fit.conf_int().loc[term] for fit in fits.values()])
    columns = {
        "sample": [names[end] for end in ends],
        "estimate": estimates[ends],
        "bound": [intervals["lower"].min(), intervals["upper"].max()],
    }
    return pd.DataFrame(columns, index=["lowest", "highest"])


def _beside(reference: object, term: str, fits: Mapping[str, Fit]) -> dict[str, float]:
    """Return how the samples differ from one of them."""
    if reference is None:
        return {}
    # Samples are named as text, whatever the column holds.
    reference = plain_text(reference)
    chosen("sample", reference, fits)
    estimates = np.array([fit.params[term] for fit in fits.values()])
    own = fits[reference]
    return {
        "same sign": int((np.sign(estimates) == np.sign(own.params[term])).sum()),
        "range in standard errors": float(np.ptp(estimates) / own.std_errors[term]),
    }

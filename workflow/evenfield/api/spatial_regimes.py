"""A spatial cross-section whose neighbours pull with another strength in each of two
regimes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.api.arguments import whole
from evenfield.api.data import matched_weights, reported, table
from evenfield.api.results import Fit, tidy
from evenfield.models.spatial_regimes import soundness, two_regimes
from evenfield.study.errors import EstimateError


@reported("spatial-regimes")
def spatial_regimes(
    formula: str,
    data: pd.DataFrame,
    w: object = None,
    *,
    regime: str,
    unit: str | None = None,
    samples: int = 49,
    seed: int = 0,
) -> Fit:
    """Test whether neighbours pull harder on the units of one regime than on others: a
    spatial Durbin cross-section with a spatial parameter in each.

    Parameters
    ----------
    formula, data, w, y, x, unit
        As for ``spatial_cross_section``, at most 500 units; all regressors are lagged.
    regime : str
        Column of zeros and ones, or of bool: one inside the regime.
    samples, seed : int
        Samples with one common parameter on which the test is tried; 0 for none.

    Returns
    -------
    Fit
        ``inside - outside``, the difference of both spatial parameters, with its error
        by observed information (NaN at the edge of their range) and the likelihood
        ratio against one common parameter; ``rho inside``, ``rho outside`` and the
        coefficients describe. ``notes``: the mean difference that is found where there
        is none, and how often the nominal 5 % test then rejects.

    Raises
    ------
    EstimateError
        If the regime has all units or none, or regressors are too many or collinear.

    Notes
    -----
    Elhorst and Freret (2009). The likelihood ratio is chi-squared(1) with many units.
    """
    whole("samples", samples, lowest=0)
    rows = table(formula, data, unit, None, of_one_date=True)
    W = matched_weights(w, rows.units.names)
    inside = np.asarray(rows.numbers(regime), dtype=float)
    if not np.isin(inside, (0.0, 1.0)).all():
        odd = inside[~np.isin(inside, (0.0, 1.0))][0]
        raise EstimateError(
            f"a regime of {odd:g}, in {regime}", "zero or one", "write x > 0, say"
        )
    X = rows.X.drop(columns="Intercept", errors="ignore")
    y = np.asarray(rows.y, dtype=float)
    found = two_regimes(y, X.to_numpy(float), W, inside == 1)
    sound = soundness(found, np.random.default_rng(seed), samples)
    names = ("Intercept", *map(str, X), *(f"W {name}" for name in X))
    return Fit(
        "SDM with two regimes, cross-section",
        lambda _: tidy(found.rows(names)),
        len(y),
        notes={
            "units": len(y),
            "inside": int(inside.sum()),
            "common rho": found.fit.rho,
            "bias": sound.bias,
            "rejects at 5%": sound.size,
            "at the edge of its range": "a parameter" if found.fit.at_bound else "",
        },
        raw=found,
    )

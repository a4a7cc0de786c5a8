"""Inference with few units behind one combination of the coefficients of a panel
regression, as fields of a row.
"""

from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.cluster_robust import RobustInference, cr3_inference
from evenfield.numerics.inference.wild_bootstrap import (
    WebbOrRademacher,
    wild_bootstrap,
    wild_draws,
    wild_inference,
)
from evenfield.numerics.influence import effective_clusters, partial_leverage
from evenfield.numerics.ols import OlsFit, t_quantile
from evenfield.numerics.power import mde_multiplier
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import finite_or_nan
from evenfield.shared.samples import inference_fields

FEW_CLUSTERS = 12
TIE_DIGITS = 10
Fields = dict[str, Any]


def t_test_fields(inference: RobustInference, level: float, power: float) -> Fields:
    """Arrange a test, with the minimum detectable effect (t_(1+level)/2 + t_power)
    times its standard error.
    """
    multiple = inference.critical_value + t_quantile(power, 1e6)
    if np.isfinite(inference.df):
        multiple = mde_multiplier(inference.df, power, level)
    return inference_fields(inference) | {"mde": multiple * inference.std_error}


def cr3_fields(
    fit: OlsFit, c: np.ndarray, units: np.ndarray, level: float, power: float
) -> Fields:
    """Test c'beta by CR3 with units as clusters and t(G* - 1), or say why there is no
    interval; c (K,), units (N,).

    Notes
    -----
    The minimum detectable effect takes the CR3 standard error (Bloom 1995): the errors
    of a unit are dependent over years, so the design alone does not give their spread.
    """
    try:
        g_star = effective_clusters(fit.X, units, c, bread=fit.bread)
        inference = cr3_inference(fit, c, units, max(g_star - 1, 1.0), level)
        codes, names = pd.factorize(units)
        shares = partial_leverage(fit.X, codes, c, fit.bread)[1]
    except NumericsError as error:
        return {"estimate": float(c @ fit.beta), "warning": f"no interval: {error}"}
    largest = str(names[np.argmax(np.round(shares, TIE_DIGITS))])
    labels = {
        "se_type": "CR3 by unit",
        "p_type": "t(G* - 1)",
        "g_star": g_star,
        "max_leverage_unit": largest,
    }
    return t_test_fields(inference, level, power) | labels


def wild_fields(
    fit: OlsFit,
    c: np.ndarray,
    units: np.ndarray,
    level: float,
    draws: int,
    seed: int,
    draw_id: str,
) -> Fields:
    """Test c'beta by the restricted wild cluster bootstrap WCR-33, its interval by
    inversion; c (K,), units (N,).

    Units are drawn in the order of their rows.
    """
    codes, names = pd.factorize(units)
    kind: WebbOrRademacher = "webb" if len(names) <= FEW_CLUSTERS else "rademacher"
    drawn = wild_draws(codes, kind, draws, generator_for(seed, draw_id))
    inference = wild_inference(wild_bootstrap(fit, c, codes, drawn), level)
    numbers = {
        name: getattr(inference, name)
        for name in ("estimate", "std_error", "statistic", "p_value")
    }
    ends = {
        name: finite_or_nan(getattr(inference, name))
        for name in ("conf_low", "conf_high")
    }
    words = {
        "se_type": "CR3 by unit",
        "p_type": f"wild cluster bootstrap WCR-33, {kind}, {inference.draws} draws",
    }
    return numbers | ends | words | {"conf_level": level, "seed": f"{seed}:{draw_id}"}

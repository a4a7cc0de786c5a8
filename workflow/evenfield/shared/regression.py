"""Cross-section regressions by statsmodels, with the faults of the data said in words."""

from typing import Any

import numpy as np
from statsmodels.regression.linear_model import OLS, RegressionResults

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import infer
from evenfield.numerics.ols import OlsFit
from evenfield.shared.few_units import (
    Fields,
    cross_section_design,
    fields_of,
    located,
)
from evenfield.study.study import Study

RANK_TOLERANCE = 1e-10


def fit_hc3(y: np.ndarray, X: np.ndarray) -> RegressionResults:
    """Fit y = X b + u by least squares with HC3 and t(N - K); y (N,), X (N, K) with its
    constant.

    Notes
    -----
    MacKinnon and White (1985).
    """
    return fit_robust(y, X, "HC3")


def fit_robust(
    y: np.ndarray, X: np.ndarray, cov_type: str = "HC1"
) -> RegressionResults:
    """Fit y = X b + u by least squares with a robust covariance and t(N - K); y (N,), X
    (N, K) with its constant.
    """
    y = np.asarray(y, float)
    X = np.asarray(X, float)
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise NumericsError("the regression holds a missing or infinite value")
    if X.shape[0] <= X.shape[1]:
        raise NumericsError(
            f"{X.shape[0]} observations cannot carry {X.shape[1]} coefficients"
        )
    if (X == 0).all(axis=0).any():
        raise NumericsError("a regressor is zero everywhere")
    q, r = np.linalg.qr(X / np.sqrt((X**2).sum(axis=0)))
    if np.abs(np.diag(r)).min() < RANK_TOLERANCE:
        raise NumericsError("the regressors are collinear")
    if cov_type == "HC3" and ((q**2).sum(axis=1) > 1 - RANK_TOLERANCE).any():
        raise NumericsError(
            "one observation determines a coefficient alone (leverage 1)"
        )
    return OLS(y, X).fit(method="qr", cov_type=cov_type, use_t=True)


def t_fields(
    fit: RegressionResults, weights: np.ndarray, level: float
) -> dict[str, Any]:
    """Return a combination of coefficients, tested against zero, as fields of an
    estimate; weights (K,).
    """
    test = fit.t_test(np.atleast_2d(weights))
    low, high = test.conf_int(alpha=1 - level)[0]
    return {
        "estimate": test.effect.item(),
        "std_error": test.sd.item(),
        "statistic": test.tvalue.item(),
        "df": float(test.df_denom),
        "p_value": test.pvalue.item(),
        "conf_low": low,
        "conf_high": high,
        "conf_level": level,
    }


def slope_fields(
    spec: Any,
    fit: RegressionResults,
    c: np.ndarray,
    units: np.ndarray,
    study: Study,
    stream: str,
) -> dict[str, Fields]:
    """Return a combination tested by the methods of a specification, the deciding one
    first, HC3 by default; c (K,), units (N,), the name of the random stream.
    """
    inference = study.config["inference"]
    level = inference["conf_level"]
    if not spec.inference:
        words = {"se_type": "HC3", "p_type": "t, two-sided", "warning": ""}
        return {"HC3": t_fields(fit, c, level) | words}
    table = study.table("units", spec.unit_scheme).set_index("unit")
    locations = located(table, units.tolist())
    kernel = kernel_fit(fit)
    design = cross_section_design(kernel, units, inference, stream, locations=locations)
    out = {}
    for name in spec.inference:
        test = infer(name, design, c, level)
        reason = f"no interval: {test.reason}" if test.reason else ""
        out[name] = fields_of(test, level) | {"warning": reason}
    return out


def kernel_fit(fit: RegressionResults) -> OlsFit:
    """Return a fit as the few-unit inference of ``numerics`` takes it."""
    model = fit.model
    return OlsFit(
        model.exog, model.endog, fit.params, fit.normalized_cov_params, fit.resid
    )

"""Cross-section regressions by statsmodels, with the faults of the data said in words."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.methods import Design, infer
from evenfield.numerics.ols import ALONE, RANK_TOLERANCE, OlsFit, fit_ols
from evenfield.shared.estimates import Fields
from evenfield.shared.few_units import few_unit_design, fields_of, located
from evenfield.study.study import Study

if TYPE_CHECKING:
    from statsmodels.regression.linear_model import RegressionResults


def fit_hc3(y: np.ndarray, X: np.ndarray) -> "RegressionResults":
    """Fit y = X b + u by least squares with HC3 and t(N - K); y (N,), X (N, K) with its
    constant.

    Notes
    -----
    MacKinnon and White (1985).
    """
    return fit_robust(y, X, "HC3")


def fit_robust(
    y: np.ndarray, X: np.ndarray, cov_type: str = "HC1"
) -> "RegressionResults":
    """Fit y = X b + u by least squares with a robust covariance and t(N - K); y (N,), X
    (N, K) with its constant.
    """
    from statsmodels.regression.linear_model import OLS

    checked = fit_ols(y, X)  # refuses what has no coefficients
    # HC3 weighs e_i^2 by 1 / (1 - h_i)^2, which a leverage of one makes infinite.
    if cov_type == "HC3" and (checked.leverage > 1 - RANK_TOLERANCE).any():
        raise NumericsError(ALONE)
    return OLS(checked.y, checked.X).fit(
        method="qr",
        cov_type=cov_type,
        use_t=True,
    )


def t_fields(
    fit: "RegressionResults", weights: np.ndarray, level: float
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


def design_for(
    study: Study, spec: Any, units: np.ndarray, stream: str
) -> Callable[[OlsFit], Design]:
    """Return what the methods of a specification need around its fits: units (N,) as
    clusters, where they are, the name of the random stream.
    """
    places: Fields = {}
    if spec.inference:
        table = study.table("units", spec.unit_scheme).set_index("unit")
        places = {"locations": located(table, units.tolist())}
    settings = study.config.inference
    return partial(
        few_unit_design,
        units=units,
        inference=settings,
        stream=stream,
        **places,
    )


def slope_fields(
    spec: Any,
    fit: "RegressionResults",
    c: np.ndarray,
    units: np.ndarray,
    study: Study,
    stream: str,
) -> dict[str, Fields]:
    """Return a combination tested by the methods of a specification, the deciding one
    first, HC3 by default; c (K,), units (N,), the name of the random stream.
    """
    level = study.config.inference.level
    if not spec.inference:
        words = {"se_type": "HC3", "p_type": "t, two-sided", "warning": ""}
        return {"HC3": t_fields(fit, c, level) | words}
    design = design_for(study, spec, units, stream)(kernel_fit(fit))
    out = {}
    for name in spec.inference:
        test = infer(name, design, c, level)
        reason = f"no interval: {test.reason}" if test.reason else ""
        out[name] = fields_of(test, level) | {"warning": reason}
    return out


def kernel_fit(fit: "RegressionResults") -> OlsFit:
    """Return a fit as the few-unit inference of ``numerics`` takes it."""
    model = fit.model
    # normalized_cov_params is (X'X)^-1, the bread of every sandwich.
    return OlsFit(
        model.exog, model.endog, fit.params, fit.normalized_cov_params, fit.resid
    )

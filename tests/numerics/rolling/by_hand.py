"""Growth regressions in windows and their wild bootstrap, one regression at a time."""

import numpy as np
import statsmodels.api as sm


def hc3_influence(y, x):
    """Return the slope of y on x and what each unit adds to it, c_i u_i / (1 - h_i)."""
    X = sm.add_constant(x)
    fit = sm.OLS(y, X).fit()
    leverage = fit.get_influence().hat_matrix_diag
    weights = fit.normalized_cov_params[1] @ X.T
    return fit.params[1], weights * fit.resid / (1 - leverage)


def signed_samples(y, X, draws, rng):
    """Return slopes minus those of the data, and influences, of outcomes whose
    residuals over one minus leverage keep or change sign by unit.
    """
    scaled = []
    for s in range(y.shape[1]):
        fit = sm.OLS(y[:, s], sm.add_constant(X[:, s])).fit()
        scaled.append(fit.resid / (1 - fit.get_influence().hat_matrix_diag))
    signs = rng.integers(0, 2, (draws, len(y))) * 2 - 1
    result = [
        [hc3_influence(sign * scaled[s], X[:, s]) for s in range(y.shape[1])]
        for sign in signs
    ]
    moved = np.array([[one[0] for one in draw] for draw in result])
    return moved, np.array([[one[1] for one in draw] for draw in result])

"""Cross-section regressions against the formulas of their errors, written out."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.stats import t as student

from evenfield.shared.regression import fit_hc3, fit_robust, kernel_fit, t_fields
from numerics.refusals import refused
from tolerances import close


@pytest.fixture
def regression():
    """Twelve units whose errors grow with the regressor."""
    rng = default_rng(3)
    x = rng.normal(size=12)
    X = np.column_stack([np.ones(12), x, rng.normal(size=12)])
    return X @ [1.0, 0.5, -0.3] + (1 + np.abs(x)) * rng.normal(size=12), X


def sandwich(X, squares):
    """Return (X'X)^-1 X' diag(squares) X (X'X)^-1."""
    bread = np.linalg.inv(X.T @ X)
    return bread @ (X.T * squares) @ X @ bread


def residuals_and_leverage(y, X):
    hat = X @ np.linalg.inv(X.T @ X) @ X.T
    return y - hat @ y, np.diag(hat)


def test_hc3_divides_residuals_by_one_minus_leverage(regression):
    y, X = regression
    residuals, leverage = residuals_and_leverage(y, X)
    expected = sandwich(X, (residuals / (1 - leverage)) ** 2)
    close(fit_hc3(y, X).cov_params(), expected)


def test_hc1_is_the_default_of_fit_robust_with_n_over_n_minus_k(regression):
    y, X = regression
    residuals, _ = residuals_and_leverage(y, X)
    expected = 12 / (12 - 3) * sandwich(X, residuals**2)
    close(fit_robust(y, X).cov_params(), expected)


def test_a_combination_is_tested_by_t_with_n_minus_k_two_sided(regression):
    fit = fit_hc3(*regression)
    fields = t_fields(fit, np.array([0.0, 1.0, -1.0]), 0.9)
    variance = fit.cov_params()[1, 1] + fit.cov_params()[2, 2]
    std_error = np.sqrt(variance - 2 * fit.cov_params()[1, 2])
    estimate = fit.params[1] - fit.params[2]
    half = student.ppf(0.95, 9) * std_error
    expected = {
        "estimate": estimate,
        "std_error": std_error,
        "statistic": estimate / std_error,
        "df": 9,
        "p_value": 2 * student.sf(abs(estimate / std_error), 9),
        "conf_low": estimate - half,
        "conf_high": estimate + half,
        "conf_level": 0.9,
    }
    assert fields == pytest.approx(expected)


def test_the_fit_of_the_kernels_has_the_same_residual_variance(regression):
    y, X = regression
    fit = kernel_fit(fit_hc3(y, X))
    residuals, leverage = residuals_and_leverage(y, X)
    close(fit.sigma2, residuals @ residuals / 9)
    close(fit.leverage, leverage)
    close(fit.u_hat, residuals, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda y, X: (np.where(y == y[0], np.nan, y), X), "missing or infinite"),
        (lambda y, X: (y[:3], X[:3]), "3 observations cannot carry 3 coefficients"),
        (lambda y, X: (y, X * [1, 0, 1]), "zero everywhere"),
        (lambda y, X: (y, X[:, [0, 1, 1]]), "collinear"),
        (lambda y, X: (y, np.column_stack([X, np.eye(12)[0]])), "leverage 1"),
    ],
)
def test_what_no_regression_can_carry_is_refused(regression, change, words):
    refused(words, fit_hc3, *change(*regression))

"""Two-step difference and system GMM with Windmeijer's correction, Hansen, Sargan and Arellano-Bond tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaincc, ndtr

from evenfield.numerics.dynamic_panel.instruments import Equations, GmmSpec, Stacked, stacked_equations
from evenfield.numerics.dynamic_panel.weighting import Weighting, weighting
from evenfield.numerics.errors import NumericsError

IDENTIFIED = 1e-12
LEVEL_ROWS = "all dates after the lags, the first one with a zero instrument"


@dataclass(frozen=True, slots=True)
class Test:
    """A test statistic."""

    statistic: float  # ``df`` is NaN for a normal statistic
    df: float
    p_value: float


@dataclass(frozen=True)
class GmmFit:
    """A GMM fit; regressors are the lags of the outcome, then the others."""

    beta: np.ndarray  # (K,) two-step coefficients with Windmeijer's corrected standard errors
    std_errors: np.ndarray
    uncorrected: np.ndarray  # (K,) two-step standard errors without the correction, far too small in few units
    beta_one_step: np.ndarray
    std_errors_one_step: np.ndarray
    hansen: Test  # overidentification: two-step, and one-step under equal variances
    sargan: Test
    serial: tuple[Test, ...]  # arellano-Bond tests of order 1 and 2 in the differenced residuals
    n_instruments: int  # independent instruments, units with a row, rows (difference and level rows counted)
    n_units: int
    n_rows: int
    level_rows: str  # which level rows are used; empty without levels


@dataclass(frozen=True)
class Step:
    """One step of GMM."""

    beta: np.ndarray  # (K,) coefficients
    e: np.ndarray  # (N, R) residuals, zero where a unit has no row
    G: np.ndarray  # (N, L) Z_i'e_i of every unit
    bread: np.ndarray  # (K, K) (X'Z A Z'X)^-1
    influence: np.ndarray  # (K, L) bread X'Z A, so that beta = influence Z'y
    A: Weighting  # the weighting


def dynamic_gmm(y: np.ndarray, spec: GmmSpec, X: np.ndarray | None = None) -> GmmFit:
    """Fit y_it = sum_p rho_p y_i,t-p + x_it'b + mu_i + e_it by two-step GMM; y (N, T), X (N, T, K).

    Notes
    -----
    Arellano and Bond (1991); Blundell and Bond (1998). One-step weights (sum Z_i'H Z_i)^-1 with H = [D; I][D; I]' and D
    the first-difference operator. With more instruments than units the two-step weights are a generalised inverse.
    """
    y = np.asarray(y, dtype=float)
    data = stacked_equations(y, np.zeros((*y.shape, 0)) if X is None else X, spec)
    _check(data)
    Z = data.Z.reshape(-1, data.Z.shape[-1])
    ZX, Zy = Z.T @ data.X.reshape(len(Z), -1), Z.T @ data.y.ravel()
    one = _step(data, ZX, Zy, weighting(_differenced_rows(data, y.shape[1])))
    two = _step(data, ZX, Zy, weighting(one.G))
    scores = one.G @ one.influence.T
    V1, V2 = scores.T @ scores, two.bread
    D = _windmeijer(data, one.G, two)
    V = V2 + D @ V2 + V2 @ D.T + D @ V1 @ D.T
    instruments, k = one.A.rank, data.X.shape[-1]
    return GmmFit(
        two.beta, _roots(V), _roots(V2), one.beta, _roots(V1),
        _overidentification(_quadratic(two), instruments - k),
        _overidentification(_quadratic(one) / _shock_variance(data, one), instruments - k),
        tuple(serial_test(data, two, V, order) for order in (1, 2)), instruments,
        int(data.present.any(axis=1).sum()), int(data.present.sum()),
        LEVEL_ROWS if spec.equations is Equations.SYSTEM else "",
    )  # fmt: skip


def _check(data: Stacked) -> None:
    rows, k, columns = int(data.present.sum()), data.X.shape[-1], data.Z.shape[-1]
    if rows <= k:
        raise NumericsError(f"{rows} rows cannot carry {k} coefficients")
    if columns < k:
        raise NumericsError(f"{columns} instruments cannot identify {k} coefficients")


def _differenced_rows(data: Stacked, n_dates: int) -> np.ndarray:
    """Return Q with sum_i Z_i'H Z_i = Q'Q: each row is spread over the dates of the shocks that it holds."""
    n, _, columns = data.Z.shape
    Q = np.zeros((n, n_dates, columns))
    cut = data.n_difference
    Q[:, data.dates[:cut]] += data.Z[:, :cut]
    Q[:, data.dates[:cut] - 1] -= data.Z[:, :cut]
    Q[:, data.dates[cut:]] += data.Z[:, cut:]
    return Q.reshape(n * n_dates, columns)


def _step(data: Stacked, ZX: np.ndarray, Zy: np.ndarray, A: Weighting) -> Step:
    weighted = A.apply(ZX)
    information = ZX.T @ weighted
    scale = np.sqrt(information.diagonal())
    if not (scale > 0).all():
        raise NumericsError("the instruments do not identify the coefficients")
    values, vectors = np.linalg.eigh(information / scale / scale[:, None])
    if values[0] < IDENTIFIED * values[-1]:
        raise NumericsError("the instruments do not identify the coefficients")
    half = vectors / np.sqrt(values) / scale[:, None]
    bread = half @ half.T
    influence = bread @ weighted.T
    beta = influence @ Zy
    e = data.y - data.X @ beta
    return Step(beta, e, unit_moments(data.Z, e), bread, influence, A)


def unit_moments(Z: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Return Z_i'e_i of every unit; Z (N, R, L), e (N, R) -> (N, L)."""
    return np.asarray(np.matmul(e[:, None, :], Z)[:, 0])


def _windmeijer(data: Stacked, G1: np.ndarray, two: Step) -> np.ndarray:
    """Return dbeta_2/dbeta_1 through the weights, shape (K, K): Windmeijer (2005), equation 2.4 in closed form."""
    u = two.A.apply(two.G.sum(axis=0))
    PX = np.matmul(data.Z.transpose(0, 2, 1), data.X)
    change = ((G1 @ u) @ PX.reshape(len(PX), -1)).reshape(PX.shape[1:]) + G1.T @ (u @ PX)
    return np.asarray(two.influence @ change)


def _quadratic(step: Step) -> float:
    g = step.G.sum(axis=0)
    return float(g @ step.A.apply(g))


def _shock_variance(data: Stacked, one: Step) -> float:
    """Return the variance of the shocks from the differenced rows, whose variance is twice as large."""
    cut = data.n_difference
    e = one.e[:, :cut]
    return float((e**2).sum() / (data.present[:, :cut].sum() - data.X.shape[-1]) / 2)


def _overidentification(statistic: float, df: int) -> Test:
    if df < 1:
        return Test(np.nan, df, np.nan)
    return Test(statistic, df, float(gammaincc(df / 2, statistic / 2)))


def serial_test(data: Stacked, two: Step, V: np.ndarray, order: int) -> Test:
    """Test serial correlation in the differenced residuals; V (K, K).

    Notes
    -----
    Arellano and Bond (1991), equation 8, robust form.
    """
    cut = data.n_difference
    e, lagged = two.e[:, :cut], np.zeros((two.e.shape[0], cut))
    lagged[:, order:] = e[:, : max(cut - order, 0)]
    products = (lagged * e).sum(axis=1)
    wX = lagged.ravel() @ data.X[:, :cut].reshape(lagged.size, -1)
    covariance = two.influence @ (two.G.T @ products)
    variance = float(products @ products - 2 * wX @ covariance + wX @ V @ wX)
    if not (variance > 0 and lagged.any()):
        return Test(np.nan, np.nan, np.nan)
    z = float(products.sum() / np.sqrt(variance))
    return Test(z, np.nan, float(2 * ndtr(-abs(z))))


def _roots(V: np.ndarray) -> np.ndarray:
    return np.asarray(np.sqrt(V.diagonal()))


def year_dummies(n_units: int, dates: np.ndarray, n_dates: int) -> np.ndarray:
    """Return one regressor for each of some dates; dates (D,) -> (N, T, D)."""
    block = np.zeros((n_dates, len(dates)))
    block[dates, np.arange(len(dates))] = 1.0
    return np.broadcast_to(block, (n_units, *block.shape)).copy()

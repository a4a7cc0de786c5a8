"""Two-step GMM of dynamic panels, with Windmeijer's errors and the tests that go with it.

beta = (X'Z A Z'X)^-1 X'Z A Z'y, first with weights A that do not depend on the data, then
with the inverse of the sum of squared moments of the first step.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincc, ndtr

from evenfield.numerics.arrays import Array
from evenfield.numerics.dynamic_panel.instruments import (
    Equations,
    GmmSpec,
    Source,
    Stacked,
    stacked_equations,
)
from evenfield.numerics.dynamic_panel.weighting import Weighting, weighting
from evenfield.numerics.errors import NumericsError

IDENTIFIED = 1e-11
LEVEL_ROWS = "all dates after the lags, the first one with a zero instrument"


class Test(NamedTuple):
    """A test statistic."""

    statistic: float  # ``df`` is NaN for a normal statistic
    df: float
    p_value: float


class GmmFit(NamedTuple):
    """A GMM fit; regressors are the lags of the outcome, then the others."""

    beta: Array  # (K,) two-step coefficients
    std_errors: Array  # with Windmeijer's correction
    # (K,) two-step standard errors without the correction, far too small in few units
    uncorrected: Array
    beta_one_step: Array
    std_errors_one_step: Array
    hansen: Test  # overidentification: two-step, and one-step under equal variances
    sargan: Test
    # Arellano-Bond tests of order 1 and 2 in the differenced residuals: two-step, and
    # one-step with their robust covariance
    serial: tuple[Test, ...]
    serial_one_step: tuple[Test, ...]
    cov: Array  # (K, K) covariances behind ``std_errors`` and ``std_errors_one_step``
    cov_one_step: Array
    n_instruments: int  # independent ones
    n_units: int  # units with a row
    n_rows: int  # difference and level rows
    n_levels: int  # level rows alone, what other programs call observations of a system
    level_rows: str  # which level rows are used; empty without levels
    n_dependent: int  # instruments left out because the others span them


class Step(NamedTuple):
    """One step of GMM."""

    beta: Array  # (K,) coefficients
    e: Array  # (N, R) residuals, zero where a unit has no row
    G: Array  # (N, L) Z_i'e_i of every unit
    bread: Array  # (K, K) (X'Z A Z'X)^-1
    influence: Array  # (K, L) bread X'Z A, so that beta = influence Z'y
    A: Weighting  # the weighting


def dynamic_gmm(
    y: Array,
    spec: GmmSpec,
    X: Array | None = None,
    sources: Sequence[Source] = (),
    own: np.ndarray | None = None,
) -> GmmFit:
    """Fit y_it = sum_p rho_p y_i,t-p + x_it'b + mu_i + e_it by two-step GMM; y (N, T),
    X (N, T, K).

    Notes
    -----
    Arellano and Bond (1991); Blundell and Bond (1998). One-step weights (sum Z_i'H
    Z_i)^-1 with H = [D; I][D; I]' and D the first-difference operator. With more
    instruments than units the two-step weights are a generalised inverse.
    """
    y = np.asarray(y, dtype=float)
    regressors = np.zeros((*y.shape, 0)) if X is None else X
    data = stacked_equations(y, regressors, spec, sources, own)
    _check(data)
    Z = data.Z.reshape(-1, data.Z.shape[-1])
    ZX = Z.T @ data.X.reshape(len(Z), -1)
    Zy = Z.T @ data.y.ravel()
    first_rows = _first_step_rows(data, y.shape[1], spec.first_step)
    one = _step(data, ZX, Zy, weighting(first_rows))
    two = _step(data, ZX, Zy, weighting(one.G))
    scores = one.G @ one.influence.T
    V1 = scores.T @ scores
    V2 = two.bread
    # Windmeijer (2005): the two-step weights move with the one-step coefficients, by D.
    D = _windmeijer(data, one.G, two)
    V = V2 + D @ V2 + V2 @ D.T + D @ V1 @ D.T
    instruments = one.A.rank
    df = instruments - data.X.shape[-1]
    equal_variances = _quadratic(one) / _shock_variance(data, one)
    return GmmFit(
        beta=two.beta,
        std_errors=_roots(V),
        uncorrected=_roots(V2),
        beta_one_step=one.beta,
        std_errors_one_step=_roots(V1),
        hansen=_overidentification(_quadratic(two), df),
        sargan=_overidentification(equal_variances, df),
        serial=tuple(serial_test(data, two, V, order) for order in (1, 2)),
        serial_one_step=tuple(serial_test(data, one, V1, order) for order in (1, 2)),
        cov=V,
        cov_one_step=V1,
        n_instruments=instruments,
        n_units=int(data.present.any(axis=1).sum()),
        n_rows=int(data.present.sum()),
        n_levels=int(data.present[:, data.n_difference :].sum()),
        level_rows=LEVEL_ROWS if spec.equations is Equations.SYSTEM else "",
        n_dependent=Z.shape[1] - instruments,
    )


def _check(data: Stacked) -> None:
    rows = int(data.present.sum())
    k = data.X.shape[-1]
    columns = data.Z.shape[-1]
    if rows <= k:
        raise NumericsError(f"{rows} rows cannot carry {k} coefficients")
    if columns < k:
        raise NumericsError(f"{columns} instruments cannot identify {k} coefficients")


FIRST_STEPS = ("full", "difference", "identity")


def _first_step_rows(data: Stacked, n_dates: int, kind: str) -> Array:
    """Return Q with sum_i Z_i'H Z_i = Q'Q: each row is spread over the dates of the
    shocks that it holds.
    """
    if kind not in FIRST_STEPS:
        raise NumericsError(
            f"the first step is one of {', '.join(FIRST_STEPS)}, not {kind!r}"
        )
    n, _, columns = data.Z.shape
    if kind == "identity":
        return data.Z.reshape(-1, columns)
    # Levels on dates of their own: no products across equations.
    apart = n_dates if kind == "difference" else 0
    Q = np.zeros((n, n_dates + apart, columns))
    cut = data.n_difference
    # The difference e_t - e_(t-1) holds two shocks, the level e_t one.
    Q[:, data.dates[:cut]] += data.Z[:, :cut]
    Q[:, data.dates[:cut] - 1] -= data.Z[:, :cut]
    Q[:, data.dates[cut:] + apart] += data.Z[:, cut:]
    return Q.reshape(-1, columns)


def _step(data: Stacked, ZX: Array, Zy: Array, A: Weighting) -> Step:
    if A.rank < ZX.shape[1]:
        raise NumericsError(
            f"weights of rank {A.rank} cannot identify {ZX.shape[1]} coefficients: there"
            " are too few units or instruments"
        )
    # With A = C'C and C Z'X = U S V': (X'Z A Z'X)^-1 = V S^-2 V', and no squares of
    # regressors far from zero.
    projected = A.half(ZX)
    scale = np.sqrt((projected**2).sum(axis=0))
    if not (scale > 0).all():
        raise NumericsError("the instruments do not identify the coefficients")
    U, values, Vt = np.linalg.svd(projected / scale, full_matrices=False)
    if values[-1] < IDENTIFIED * values[0]:
        raise NumericsError("the instruments do not identify the coefficients")
    half = Vt.T / values / scale[:, None]
    bread = half @ half.T
    influence = half @ A.back(U).T
    beta = influence @ Zy
    e = data.y - data.X @ beta
    return Step(
        beta=beta,
        e=e,
        G=np.matmul(e[:, None, :], data.Z)[:, 0],
        bread=bread,
        influence=influence,
        A=A,
    )


def _windmeijer(data: Stacked, G1: Array, two: Step) -> Array:
    """Return dbeta_2/dbeta_1 through the weights, shape (K, K): Windmeijer (2005),
    equation 2.4 in closed form.
    """
    u = two.A.apply(two.G.sum(axis=0))
    PX = np.matmul(data.Z.transpose(0, 2, 1), data.X)
    by_unit = (G1 @ u) @ PX.reshape(len(PX), -1)
    change = by_unit.reshape(PX.shape[1:]) + G1.T @ (u @ PX)
    return np.asarray(two.influence @ change)


def _quadratic(step: Step) -> float:
    g = step.G.sum(axis=0)
    return float(g @ step.A.apply(g))


def _shock_variance(data: Stacked, one: Step) -> float:
    """Return the variance of the shocks from the differenced rows, whose variance is
    twice as large.
    """
    cut = data.n_difference
    squares = (one.e[:, :cut] ** 2).sum()
    df = data.present[:, :cut].sum() - data.X.shape[-1]
    return float(squares / df / 2)


def _overidentification(statistic: float, df: int) -> Test:
    if df < 1:
        return Test(np.nan, df, np.nan)
    return Test(statistic, df, float(gammaincc(df / 2, statistic / 2)))


def serial_test(data: Stacked, two: Step, V: Array, order: int) -> Test:
    """Test serial correlation in the differenced residuals; V (K, K).

    Notes
    -----
    Arellano and Bond (1991), equation 8, robust form.
    """
    cut = data.n_difference
    e = two.e[:, :cut]
    lagged = np.zeros_like(e)
    lagged[:, order:] = e[:, : max(cut - order, 0)]
    products = (lagged * e).sum(axis=1)
    wX = lagged.ravel() @ data.X[:, :cut].reshape(lagged.size, -1)
    covariance = two.influence @ (two.G.T @ products)
    # The residuals hold estimated coefficients: their variance and covariance enter.
    variance = float(products @ products - 2 * wX @ covariance + wX @ V @ wX)
    if not (variance > 0 and lagged.any()):
        return Test(np.nan, np.nan, np.nan)
    z = float(products.sum() / np.sqrt(variance))
    return Test(z, np.nan, float(2 * ndtr(-abs(z))))


def _roots(V: Array) -> Array:
    return np.sqrt(V.diagonal())

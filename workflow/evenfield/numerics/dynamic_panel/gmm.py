"""Instruments, weighting and GMM of dynamic panels; Anderson and Hsiao."""

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotrf
from scipy.special import gammaincc, ndtr

from evenfield.numerics.arrays import Array
from evenfield.numerics.dynamic_panel.within import CONSTANT, RootFit, checked_levels
from evenfield.numerics.errors import NumericsError


class Equations(Enum):
    """Which equations enter."""

    DIFFERENCE = "difference"
    SYSTEM = "system"


class Layout(Enum):
    """How lagged levels become instruments."""

    COLLAPSED = "collapsed"
    FULL = "full"


class GmmSpec(NamedTuple):
    """A dynamic panel for GMM."""

    lags: int = 1  # lags of the outcome among the regressors, P
    # lags of the level that instrument the differences; ``last_lag`` 0 takes all there
    # are
    first_lag: int = 2
    last_lag: int = 3
    equations: Equations = (
        Equations.DIFFERENCE
    )  # differences alone, or differences and levels
    layout: Layout = Layout.COLLAPSED  # one column a lag, or one a lag and date
    # its H: full, difference (identity for levels), identity; Roodman's h(3), h(2),
    # h(1)
    first_step: str = "full"
    # what the levels of the outcome have in addition as instruments, where a level that
    # a unit lacks is zero
    origin: float = 0.0


class Source(NamedTuple):
    """A variable whose lags are instruments, beside those of the outcome."""

    values: Array  # (N, T)
    first_lag: int  # 2 for an endogenous variable, 1 for a predetermined one
    last_lag: int  # 0 takes all there are


EVERYWHERE = 0
LEVELS_ONLY = 1
NOWHERE = 2


class Stacked(NamedTuple):
    """Equations of all units, difference rows first; a row that a unit lacks is zero."""

    Z: Array  # (N, R, L) instruments
    X: Array  # (N, R, K) regressors: lags of the outcome, then the others
    y: Array  # (N, R) outcome
    present: np.ndarray  # (N, R) whether the unit has the row
    n_difference: int  # number of difference rows among R
    dates: np.ndarray  # (R,) date of each row


def stacked_equations(
    y: Array,
    X: Array,
    spec: GmmSpec,
    sources: Sequence[Source] = (),
    own: Array | None = None,
) -> Stacked:
    """Build the equations and their instruments; y (N, T), X (N, T, K), own (K,) where
    X instruments itself.

    Notes
    -----
    Differences: levels y_t-first ... y_t-last, and the differences of X. Levels: the
    one difference y_t-first+1 - y_t-first, and X itself (one column for both rows, as
    Roodman's ``ivstyle``). Level rows are all dates t > P that the unit has, also the
    first ones, where the lagged difference is not observed and its instrument is zero.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    dates = y.shape[1]
    if spec.lags < 1 or spec.first_lag < 2 or 0 < spec.last_lag < spec.first_lag:
        raise NumericsError(
            "lags start at 1, instruments at lag 2 and do not end before they start"
        )
    if dates < spec.lags + 2 or dates <= spec.first_lag:
        raise NumericsError(
            f"{dates} dates are too few for {spec.lags} lags and instruments from lag"
            f" {spec.first_lag}"
        )
    own = np.full(X.shape[2], EVERYWHERE) if own is None else np.asarray(own)
    levels = Source(y + spec.origin, spec.first_lag, spec.last_lag)
    variables = [levels, *sources]
    difference = _rows(_differenced(y), _differenced(X), spec.lags, spec.lags + 1)
    difference[2][..., own == LEVELS_ONLY] = 0.0
    z_difference = np.concatenate(
        [_level_instruments(v, spec.layout, difference[3]) for v in variables], axis=-1
    )
    if spec.equations is Equations.DIFFERENCE:
        return _joined(
            [_completed(difference, [z_difference], own)], len(difference[3])
        )
    level = _rows(y, X, spec.lags, spec.lags)
    z_level = np.concatenate(
        [_difference_instruments(v, spec.layout, level[3]) for v in variables], axis=-1
    )
    parts = [
        _completed(difference, [z_difference, _empty(difference, z_level)], own),
        _completed(level, [_empty(level, z_difference), z_level], own),
    ]
    return _joined(parts, len(difference[3]))


def equation_dates(y: Array, X: Array, lags: int) -> tuple[Array, Array]:
    """Say which dates have a row of some unit: in differences, in levels; y (N, T), X
    (N, T, K) -> (T,), (T,) of bool.
    """
    parts = (
        _rows(_differenced(y), _differenced(X), lags, lags + 1),
        _rows(y, X, lags, lags),
    )
    out = []
    for outcome, regressors, _, dates in parts:
        present = np.isfinite(outcome) & np.isfinite(regressors).all(axis=-1)
        of_date = np.zeros(y.shape[1], dtype=bool)
        of_date[dates] = present.any(axis=0)
        out.append(of_date)
    return out[0], out[1]


def _differenced(values: Array) -> Array:
    """Return first differences with a NaN in front, so that dates stay in place."""
    out = np.full(values.shape, np.nan)
    out[:, 1:] = np.diff(values, axis=1)
    return out


Rows = tuple[Array, Array, Array, np.ndarray]


def _rows(y: Array, X: Array, lags: int, first: int) -> Rows:
    """Return outcome, regressors, exogenous columns and dates of the rows from date
    ``first`` on.
    """
    dates = np.arange(first, y.shape[1])
    lagged = np.stack([y[:, dates - lag] for lag in range(1, lags + 1)], axis=-1)
    return (
        y[:, dates],
        np.concatenate([lagged, X[:, dates]], axis=-1),
        X[:, dates],
        dates,
    )


def _level_instruments(source: Source, layout: Layout, dates: np.ndarray) -> Array:
    """Return lagged levels as instruments of the differences, shape (N, R, L)."""
    last = min(source.last_lag or source.values.shape[1], int(dates[-1]))
    return _laid_out(
        _lagged(source.values, np.arange(source.first_lag, last + 1), dates), layout
    )


def _difference_instruments(source: Source, layout: Layout, dates: np.ndarray) -> Array:
    """Return the lagged difference as instrument of the levels, shape (N, R, L)."""
    return _laid_out(
        _lagged(_differenced(source.values), np.array([source.first_lag - 1]), dates),
        layout,
    )


def _lagged(values: Array, lags: Array, dates: np.ndarray) -> Array:
    """Return lags of every date, zero where they are not observed, shape (N, R, L)."""
    padded = np.zeros((values.shape[0], values.shape[1] + 1))
    padded[:, 1:] = np.where(np.isnan(values), 0.0, values)
    return padded[:, np.maximum(dates[:, None] - lags + 1, 0)]


def _laid_out(columns: Array, layout: Layout) -> Array:
    """Leave one column a lag, or spread it over one column a lag and date."""
    if layout is Layout.COLLAPSED:
        return columns
    n, rows, lags = columns.shape
    laid_out = np.zeros((n, rows, rows, lags))
    index = np.arange(rows)
    laid_out[:, index, index] = columns
    return laid_out.reshape(n, rows, rows * lags)


def _empty(rows: Rows, columns: Array) -> Array:
    return np.zeros((*rows[0].shape, columns.shape[-1]))


def _completed(rows: Rows, columns: list[Array], own: Array) -> tuple[np.ndarray, ...]:
    """Set rows that a unit lacks to zero; exogenous columns instrument themselves."""
    y, X, exogenous, dates = rows
    present = np.isfinite(y) & np.isfinite(X).all(axis=-1)
    Z = np.concatenate([*columns, exogenous[..., own != NOWHERE]], axis=-1)
    if not present.all():
        y = y.copy()
        X = X.copy()
        missing = ~present
        y[missing], X[missing], Z[missing] = 0.0, 0.0, 0.0
    return Z, X, y, present, dates


def _joined(parts: list[tuple[Array, ...]], n_difference: int) -> Stacked:
    if len(parts) == 1:
        Z, X, y, present, dates = parts[0]
    else:
        Z, X, y, present, dates = (
            np.concatenate(columns, axis=min(1, columns[0].ndim - 1))
            for columns in zip(*parts, strict=True)
        )
    used = Z.any(axis=(0, 1))
    Z = Z if used.all() else np.ascontiguousarray(Z[..., used])
    return Stacked(Z, X, y, present.astype(bool), n_difference, dates)


# Of columns of length one: below, squares cost too many digits; what rounding leaves of
# dependent columns; and the same for squares.
NEARLY = 1e-3
ROUNDING = 1e-12
DEPENDENT = 1e-10


class Weighting(NamedTuple):
    """A (generalised) inverse of S = G'G that is applied, never formed when units are
    fewer than instruments.
    """

    rank: int  # rank of S
    factor: Array  # (L, L) cholesky factor of S; empty when S is singular
    root: Array  # (rank, L) C with S^+ = C'C; empty when S is regular

    def apply(self, columns: Array) -> Array:
        """Return S^-1 or S^+ times columns; columns (L, ...) -> (L, ...)."""
        return self.back(self.half(columns))

    def half(self, columns: Array) -> Array:
        """Return C times columns, where C'C is S^-1 or S^+; (L, ...) -> (rank, ...)."""
        if self.factor.size:
            return solve_triangular(self.factor, columns, lower=True)
        return self.root @ columns

    def back(self, columns: Array) -> Array:
        """Return C' times columns; (rank, ...) -> (L, ...)."""
        if self.factor.size:
            return solve_triangular(self.factor, columns, lower=True, trans="T")
        return self.root.T @ columns


def weighting(G: Array) -> Weighting:
    """Factorise S = G'G; G (M, L)."""
    size = np.sqrt((G**2).sum(axis=0))
    if not size.any():
        raise NumericsError("the moments are zero everywhere")
    if G.shape[0] >= G.shape[1] and (size > 0).all():
        factor = _cholesky(G / size)
        if factor is not None:
            return Weighting(G.shape[1], factor * size[:, None], np.empty((0, 0)))
    return _generalised(G)


def _cholesky(G: Array) -> Array | None:
    """Return the lower factor of G'G for columns of length one, or None when it is near
    singular.
    """
    factor, failed = dpotrf(G.T @ G, lower=1, clean=1)
    return None if failed or np.diag(factor).min() <= NEARLY else np.asarray(factor)


def _generalised(G: Array) -> Weighting:
    """Invert on the space that the rows of G span.

    Notes
    -----
    With G D^-1 = U S V', D the lengths of the columns: S^+ = D^-1 V S^-2 V' D^-1. No
    squares are formed, so that levels far from zero, which differ by 1e-5 of their
    length, are not taken for one another. With fewer rows than columns the weights
    depend on the scale of the columns, which is left as it is.
    """
    if G.shape[0] < G.shape[1]:
        return _of_few_rows(G)
    size = np.sqrt((G**2).sum(axis=0))
    size = np.where(size > 0, size, 1.0)
    _, values, Vt = np.linalg.svd(G / size, full_matrices=False)
    rank = int((values > ROUNDING * values[0]).sum())
    root = Vt[:rank] / values[:rank, None] / size
    return Weighting(rank, np.empty((0, 0)), root)


def _of_few_rows(G: Array) -> Weighting:
    """Invert by way of the smaller matrix GG'."""
    values, vectors = np.linalg.eigh(G @ G.T)
    independent = values > DEPENDENT * values[-1]
    values = values[independent]
    root = (vectors[:, independent].T @ G) / values[:, None]
    return Weighting(len(values), np.empty((0, 0)), root)


FEWEST_DATES = 3


def anderson_hsiao_root(levels: Array) -> RootFit:
    """Fit dy_it = rho dy_i,t-1 + dtau_t + de_it with the level y_i,t-2 as instrument;
    levels (N, T + 1).

    Notes
    -----
    Anderson and Hsiao (1981).
    """
    centred = checked_levels(levels, FEWEST_DATES)
    centred = centred - centred.mean(axis=0)
    change = np.diff(centred, axis=1)
    z = centred[:, :-2]
    dy = change[:, 1:]
    dlag = change[:, :-1]
    strength = float((z * dlag).sum())
    if abs(strength) <= CONSTANT * float(np.sqrt((z**2).sum() * (dlag**2).sum())):
        raise NumericsError("the instrument does not move the lagged difference")
    rho = float((z * dy).sum()) / strength
    scores = (z * (dy - rho * dlag)).sum(axis=1)
    n = levels.shape[0]
    return RootFit(
        rho,
        float(np.sqrt(n / (n - 1) * scores @ scores)) / abs(strength),
        n - 1,
        n,
        levels.shape[1] - 2,  # the first change has no lag
    )


IDENTIFIED = 1e-11
LEVEL_ROWS = "all dates after the lags, the first one with a zero instrument"


class Test(NamedTuple):
    """A test statistic."""

    statistic: float  # ``df`` is NaN for a normal statistic
    df: float
    p_value: float


class GmmFit(NamedTuple):
    """A GMM fit; regressors are the lags of the outcome, then the others."""

    beta: (
        Array  # (K,) two-step coefficients with Windmeijer's corrected standard errors
    )
    std_errors: Array
    # (K,) two-step standard errors without the correction, far too small in few units
    uncorrected: Array
    beta_one_step: Array
    std_errors_one_step: Array
    hansen: Test  # overidentification: two-step, and one-step under equal variances
    sargan: Test
    serial: tuple[
        Test, ...
    ]  # arellano-Bond tests of order 1 and 2 in the differenced residuals, two-step
    serial_one_step: tuple[
        Test, ...
    ]  # the same with the one-step residuals and their robust covariance
    cov: Array  # (K, K) covariances behind ``std_errors`` and ``std_errors_one_step``
    cov_one_step: Array
    # independent instruments, units with a row, rows (difference and level rows
    # counted)
    n_instruments: int
    n_units: int
    n_rows: int
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
    own: Array | None = None,
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
    data = stacked_equations(
        y, np.zeros((*y.shape, 0)) if X is None else X, spec, sources, own
    )
    _check(data)
    columns = data.Z.shape[-1]
    Z = data.Z.reshape(-1, data.Z.shape[-1])
    ZX = Z.T @ data.X.reshape(len(Z), -1)
    Zy = Z.T @ data.y.ravel()
    one = _step(
        data, ZX, Zy, weighting(_first_step_rows(data, y.shape[1], spec.first_step))
    )
    two = _step(data, ZX, Zy, weighting(one.G))
    scores = one.G @ one.influence.T
    V1 = scores.T @ scores
    V2 = two.bread
    D = _windmeijer(data, one.G, two)
    V = V2 + D @ V2 + V2 @ D.T + D @ V1 @ D.T
    instruments = one.A.rank
    k = data.X.shape[-1]
    return GmmFit(
        two.beta,
        _roots(V),
        _roots(V2),
        one.beta,
        _roots(V1),
        _overidentification(_quadratic(two), instruments - k),
        _overidentification(
            _quadratic(one) / _shock_variance(data, one), instruments - k
        ),
        tuple(serial_test(data, two, V, order) for order in (1, 2)),
        tuple(serial_test(data, one, V1, order) for order in (1, 2)),
        V,
        V1,
        instruments,
        int(data.present.any(axis=1).sum()),
        int(data.present.sum()),
        int(data.present[:, data.n_difference :].sum()),
        LEVEL_ROWS if spec.equations is Equations.SYSTEM else "",
        columns - instruments,
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
    apart = (
        n_dates if kind == "difference" else 0
    )  # levels on dates of their own: no products across equations
    Q = np.zeros((n, n_dates + apart, columns))
    cut = data.n_difference
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
    return Step(beta, e, unit_moments(data.Z, e), bread, influence, A)


def unit_moments(Z: Array, e: Array) -> Array:
    """Return Z_i'e_i of every unit; Z (N, R, L), e (N, R) -> (N, L)."""
    return np.asarray(np.matmul(e[:, None, :], Z)[:, 0])


def _windmeijer(data: Stacked, G1: Array, two: Step) -> Array:
    """Return dbeta_2/dbeta_1 through the weights, shape (K, K): Windmeijer (2005),
    equation 2.4 in closed form.
    """
    u = two.A.apply(two.G.sum(axis=0))
    PX = np.matmul(data.Z.transpose(0, 2, 1), data.X)
    change = ((G1 @ u) @ PX.reshape(len(PX), -1)).reshape(PX.shape[1:]) + G1.T @ (
        u @ PX
    )
    return np.asarray(two.influence @ change)


def _quadratic(step: Step) -> float:
    g = step.G.sum(axis=0)
    return float(g @ step.A.apply(g))


def _shock_variance(data: Stacked, one: Step) -> float:
    """Return the variance of the shocks from the differenced rows, whose variance is
    twice as large.
    """
    cut = data.n_difference
    e = one.e[:, :cut]
    return float((e**2).sum() / (data.present[:, :cut].sum() - data.X.shape[-1]) / 2)


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


def _roots(V: Array) -> Array:
    return np.sqrt(V.diagonal())

"""Rolling windows, breaks and weak sigma convergence."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import Inference, t_inference

CHUNK = 500
CHUNK_CELLS = 1 << 21
CONSTANT = 1e-12
LEVERAGE_ONE = 1e-10


class WindowFit(NamedTuple):
    """One least-squares line for each window, through the same units."""

    slope: np.ndarray  # (S,) coefficient of the regressor in each window
    # (N, S) by how much slope s falls when unit i is left out, exactly: c_is u_is / (1
    # - h_is)
    influence: np.ndarray
    pull: np.ndarray  # (N, S) c_is = (x_is - xbar_s) / sum_i (x_is - xbar_s)^2
    scaled: np.ndarray  # (N, S) residuals divided by one minus leverage
    leverage: np.ndarray  # (N, S) diagonals of the hat matrices

    @property
    def df(self) -> int:
        """Residual degrees of freedom N - 2 of each window."""
        return len(self.pull) - 2

    @property
    def covariance(self) -> np.ndarray:
        """Joint covariance of the slopes, shape (S, S); its diagonal is HC3."""
        return np.asarray(self.influence.T @ self.influence)

    @property
    def std_error(self) -> np.ndarray:
        """HC3 standard errors, shape (S,)."""
        return np.asarray(np.sqrt((self.influence**2).sum(axis=0)))


def window_ends(times: np.ndarray, span: int) -> list[tuple[int, int]]:
    """List the windows of a given length; times (T,)."""
    place = {int(time): i for i, time in enumerate(times)}
    return [
        (i, place[int(time) + span])
        for i, time in enumerate(times)
        if int(time) + span in place
    ]


def fit_windows(y: np.ndarray, X: np.ndarray) -> WindowFit:
    """Fit y_is = a_s + b_s x_is + u_is in every window; y, X (N, S).

    Notes
    -----
    All windows share their units, so that sum_i influence_is influence_iq estimates the
    covariance of two slopes whatever the dependence between the windows is: the cluster
    jackknife of the stacked regressions (Bell and McCaffrey 2002) without its factor
    (N-1)/N.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    if len(y) < 3:
        raise NumericsError(f"{len(y)} units, a regression needs at least 3")
    if not (np.isfinite(y).all() and np.isfinite(X).all()):
        raise NumericsError("a window holds a missing or infinite value")
    if (np.ptp(X, axis=0) <= CONSTANT * np.abs(X).max(axis=0)).any():
        raise NumericsError("a regressor is the same in every unit")
    x = X - X.mean(axis=0)
    g = y - y.mean(axis=0)
    pull = x / (x**2).sum(axis=0)
    slope = (pull * g).sum(axis=0)
    leverage = 1 / len(y) + pull * x
    if (leverage > 1 - LEVERAGE_ONE).any():
        raise NumericsError("one unit determines a slope alone (leverage 1)")
    scaled = (g - slope * x) / (1 - leverage)
    return WindowFit(slope, pull * scaled, pull, scaled, leverage)


def sup_t_draws(fit: WindowFit, rng: np.random.Generator, draws: int) -> np.ndarray:
    """Draw the largest absolute t-ratio over all windows; shape (draws,).

    Notes
    -----
    Wild bootstrap-t by unit: residuals divided by one minus leverage keep or change
    their sign together in all windows (Rademacher), slopes and HC3 errors are computed
    again and the largest |b* - b| / se* is kept. Montiel Olea and Plagborg-Moller
    (2019) on sup-t bands; Cameron, Gelbach and Miller (2008) on the bootstrap.
    """
    if (
        np.abs(fit.scaled).max(axis=0)
        <= CONSTANT * np.abs(fit.slope / fit.pull.max(axis=0))
    ).any():
        raise NumericsError("a window fits perfectly, no residual is left")
    return np.sort(
        np.concatenate(
            [
                np.abs(moved / errors).max(axis=1)
                for moved, errors, _ in _draws(fit, rng, draws)
            ]
        )
    )


def sup_t_critical_value(largest: np.ndarray, level: float = 0.95) -> float:
    """Return the multiple of the standard errors that covers all slopes at once;
    largest (draws,).
    """
    return float(np.quantile(largest, level, method="higher"))


def _draws(
    fit: WindowFit, rng: np.random.Generator, draws: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield b* - b, its HC3 errors (both draws by windows) and the influences of every
    draw.
    """
    x = fit.pull / (fit.pull**2).sum(axis=0)
    for first in range(0, draws, CHUNK):
        signs = (
            rng.integers(0, 2, (min(CHUNK, draws - first), len(fit.pull))) * 2.0 - 1.0
        )
        outcome = signs[:, :, None] * fit.scaled
        moved = signs @ (fit.pull * fit.scaled)
        residual = outcome - outcome.mean(axis=1, keepdims=True) - moved[:, None, :] * x
        influence = fit.pull * residual / (1 - fit.leverage)
        yield moved, np.sqrt((influence**2).sum(axis=1)), influence


class SpeedContrasts(NamedTuple):
    """Differences between speeds of convergence in separate periods."""

    speed: np.ndarray  # (S,) speeds, per year
    contrasts: tuple[
        Inference, ...
    ]  # speed of each later period minus that of the first, delta method with t(N - 2)
    p_bootstrap: (
        np.ndarray
    )  # (S - 1,) two-sided wild bootstrap-t p-values of the contrasts
    wald: (
        float  # joint test that all speeds are equal, divided by its S - 1 restrictions
    )
    wald_p: float  # its bootstrap p-value
    draws_left_out: int  # draws in which a speed does not exist


def speed_contrasts(
    fit: WindowFit,
    years: np.ndarray,
    rng: np.random.Generator,
    draws: int,
    level: float = 0.95,
) -> SpeedContrasts:
    """Compare speeds of convergence between periods of different length; years (S,).

    Notes
    -----
    Slopes of periods of different length differ even when the speed is constant,
    because b = -(1 - e^{-lambda T})/T: the speeds lambda = -ln(1 + bT)/T are compared,
    not the slopes. d lambda / d b = -1/(1 + bT).
    """
    if len(fit.slope) < 2 or len(fit.pull) <= len(fit.slope) + 1:
        raise NumericsError(
            f"{len(fit.slope)} periods and {len(fit.pull)} units allow no comparison of"
            " speeds"
        )
    if (1 + fit.slope * years <= 0).any():
        raise NumericsError("a speed is not defined: 1 + bT is not positive")
    speed = -np.log1p(fit.slope * years) / years
    gap, cov = _gaps(
        speed[None], _speed_influence(fit.slope[None], fit.influence[None], years)
    )
    errors = np.sqrt(np.einsum("dss->ds", cov))[0]
    rows = tuple(
        t_inference(float(g), float(e), fit.df, level)
        for g, e in zip(gap[0], errors, strict=True)
    )
    wald = _wald(gap, cov)[0]
    drawn_t, drawn_wald, lost = _null_draws(fit, speed, years, rng, draws)
    p_each = (1 + (np.abs(drawn_t) >= np.abs(gap[0] / errors)).sum(axis=0)) / (
        1 + len(drawn_t)
    )
    p_joint = (1 + int((drawn_wald >= wald).sum())) / (1 + len(drawn_wald))
    return SpeedContrasts(speed, rows, p_each, float(wald), p_joint, lost)


def _speed_influence(
    slopes: np.ndarray, influence: np.ndarray, years: np.ndarray
) -> np.ndarray:
    return np.asarray(influence / (1 + slopes * years)[:, None, :])


def _gaps(speed: np.ndarray, influence: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return speeds less the first speed, and their covariances, for every draw."""
    apart = influence[:, :, 1:] - influence[:, :, :1]
    return speed[:, 1:] - speed[:, :1], np.swapaxes(apart, 1, 2) @ apart


def _wald(gap: np.ndarray, cov: np.ndarray) -> np.ndarray:
    try:
        solved = np.linalg.solve(cov, gap[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise NumericsError(
            "the periods cannot be told apart: some hold the same years or the same"
            " growth"
        ) from None
    return np.asarray((gap * solved).sum(axis=1) / gap.shape[1])


def _null_draws(
    fit: WindowFit,
    speed: np.ndarray,
    years: np.ndarray,
    rng: np.random.Generator,
    draws: int,
) -> tuple[np.ndarray, np.ndarray, int]:
    centre = speed[1:] - speed[:1]
    ts = []
    walds = []
    lost = 0
    for moved, _, influence in _draws(fit, rng, draws):
        slopes = fit.slope + moved
        kept = (1 + slopes * years > 0).all(axis=1)
        lost += int((~kept).sum())
        drawn = -np.log1p(slopes[kept] * years) / years
        gap, cov = _gaps(drawn, _speed_influence(slopes[kept], influence[kept], years))
        ts.append((gap - centre) / np.sqrt(np.einsum("dss->ds", cov)))
        walds.append(_wald(gap - centre, cov))
    return np.concatenate(ts), np.concatenate(walds), lost


LWZ_FACTOR = 0.299
LWZ_POWER = 2.1
EXACT = 1e-24


class BreakFit(NamedTuple):
    """The best division of a series into segments, for one number of breaks."""

    last: tuple[
        int, ...
    ]  # position of the last observation of every segment but the final one
    ssr: float  # sum of squared residuals
    lwz: float  # criteria of Liu, Wu and Zidek (1997) and of Schwarz; smaller is better
    bic: float


def least_squares_breaks(
    y: np.ndarray, X: np.ndarray, most: int, shortest: int
) -> list[BreakFit]:
    """Divide a series into segments with their own coefficients, with the smallest sum
    of squares; y (T,), X (T, K).

    Notes
    -----
    Dynamic programming of Bai and Perron (2003). LWZ = ln(ssr / (T - p)) + (p/T) 0.299
    (ln T)^2.1 and BIC = ln(ssr / T) + p ln(T) / T with p = (m + 1) K + m. No test: the
    series may be persistent.
    """
    y = np.asarray(y, dtype=float)
    X = np.asarray(X, dtype=float)
    if shortest <= X.shape[1] or len(y) < shortest or most < 0:
        raise NumericsError(
            f"{len(y)} observations, segments of {shortest} or more with {X.shape[1]}"
            " coefficients"
        )
    cost = _segment_costs(y, X, shortest)
    best = cost[0].copy()
    back = []
    fits = [_break_fit((), float(best[-1]), y, X.shape[1])]
    for m in range(1, min(most, len(y) // shortest - 1) + 1):
        candidates = best[:-1, None] + cost[1:, :]
        back.append(candidates.argmin(axis=0))
        best = candidates.min(axis=0)
        fits.append(_break_fit(_trace(back, m), float(best[-1]), y, X.shape[1]))
    return fits


def _segment_costs(y: np.ndarray, X: np.ndarray, shortest: int) -> np.ndarray:
    """Return the sum of squared residuals of observations i..j for all i, j; infinite
    for short segments.
    """
    cost = np.full((len(y), len(y)), np.inf)
    for i in range(len(y) - shortest + 1):
        for j in range(i + shortest - 1, len(y)):
            rows = slice(i, j + 1)
            residual = (
                y[rows] - X[rows] @ np.linalg.lstsq(X[rows], y[rows], rcond=None)[0]
            )
            cost[i, j] = residual @ residual
    return cost


def _trace(back: list[np.ndarray], m: int) -> tuple[int, ...]:
    end = len(back[0]) - 1
    found = []
    for step in range(m - 1, -1, -1):
        end = int(back[step][end])
        found.append(end)
    return tuple(found[::-1])


def _break_fit(last: tuple[int, ...], ssr: float, y: np.ndarray, k: int) -> BreakFit:
    t = len(y)
    p = (len(last) + 1) * k + len(last)
    floor = max(ssr, EXACT * float(y @ y), np.finfo(float).tiny)
    lwz = (
        np.log(floor / (t - p)) + p / t * LWZ_FACTOR * np.log(t) ** LWZ_POWER
        if t > p
        else np.inf
    )
    return BreakFit(last, ssr, float(lwz), float(np.log(floor / t) + p * np.log(t) / t))


class SlopeBreak(NamedTuple):
    """The largest Wald test for one break in a common slope, over all dates."""

    last: int  # position of the last date of the first regime
    before: float  # slopes of the two regimes
    after: float
    wald: np.ndarray  # (S,) test at each date; NaN where a regime would be too short
    statistic: float  # largest test and its bootstrap p-value
    p_value: float


def slope_break_test(
    x: np.ndarray,
    y: np.ndarray,
    rng: np.random.Generator,
    draws: int,
    trim: float = 0.15,
) -> SlopeBreak:
    """Test whether the slope of a panel with date effects changes once at an unknown
    date; x, y (N, S).

    Notes
    -----
    y_it = alpha_t + b_1 x_it + e_it up to the break and b_2 after it; the variance of
    b_1 - b_2 is clustered by unit, so that errors may be dependent and of unequal
    variance over time. Largest Wald as in Andrews (1993); p by the fixed-regressor
    bootstrap (Hansen 2000) with one Rademacher sign for all dates of a unit, residuals
    under no break.
    """
    dates = _break_dates(x.shape, trim)
    x = x - x.mean(axis=0)
    y = y - y.mean(axis=0)
    if ((x**2).sum(axis=0) <= 0).any():
        raise NumericsError("the regressor is the same in every unit at a date")
    slope = float((x * y).sum() / (x**2).sum())
    wald, before, after = _walds(x, y[None])
    found = int(dates[wald[0, dates].argmax()])
    if not np.isfinite(wald[0, dates]).all():
        raise NumericsError("the fit is perfect, no residual is left")
    largest = _largest_draws(x, y - slope * x, dates, rng, draws)
    p_value = (1 + int((largest >= wald[0, found]).sum())) / (1 + draws)
    path = np.full(x.shape[1], np.nan)
    path[dates] = wald[0, dates]
    return SlopeBreak(
        found,
        float(before[0, found]),
        float(after[0, found]),
        path,
        float(wald[0, found]),
        p_value,
    )


def _break_dates(shape: tuple[int, ...], trim: float) -> np.ndarray:
    units, dates = shape
    shortest = max(2, int(np.ceil(trim * dates)))
    if units < 3 or dates < 2 * shortest:
        raise NumericsError(f"{units} units at {dates} dates leave no room for a break")
    return np.arange(shortest - 1, dates - shortest)


def _largest_draws(
    x: np.ndarray,
    residual: np.ndarray,
    dates: np.ndarray,
    rng: np.random.Generator,
    draws: int,
) -> np.ndarray:
    out = []
    together = max(1, min(CHUNK, CHUNK_CELLS // x.size))
    for first in range(0, draws, together):
        signs = rng.integers(0, 2, (min(together, draws - first), len(x))) * 2.0 - 1.0
        drawn = signs[:, :, None] * residual
        wald = _walds(x, drawn - drawn.mean(axis=1, keepdims=True))[0]
        out.append(wald[:, dates].max(axis=1))
    return np.concatenate(out)


def _walds(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tests and slopes before and after each date, shape (D, S), for D outcomes
    (D, N, S).
    """
    products = np.cumsum(x * y, axis=2)
    squares = np.cumsum(x**2, axis=1)
    share = squares.sum(axis=0)
    total = products.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        before = total / share
        after = (total[:, -1:] - total) / (share[-1] - share)
        first = (products - before[:, None, :] * squares) / share
        second = (
            products[:, :, -1:]
            - products
            - after[:, None, :] * (squares[:, -1:] - squares)
        )
        apart = first - second / (share[-1] - share)
        n = len(x)
        wald = (before - after) ** 2 / ((apart**2).sum(axis=1) * n / (n - 1))
    return wald, before, after


FEWEST_DATES = 6
PERSISTENCE_GRID = 5


class TrendFit(NamedTuple):
    """A straight line through each of R series."""

    slope: (
        np.ndarray
    )  # (R,) slope on time (per date), its fixed-b error and their ratio
    std_error: np.ndarray
    statistic: np.ndarray


def fixed_b_trend(series: np.ndarray, share: float = 0.1) -> TrendFit:
    """Fit a line and studentise its slope with a Bartlett kernel whose bandwidth is a
    fixed share of the length.

    Notes
    -----
    Kiefer and Vogelsang (2005): the ratio is not normal and needs its own reference
    distribution. Weights 1 - j/M with M = share * T; the partial-sum form of a Bartlett
    variance is (2/M) [sum_t S_t^2 - sum_t S_t S_{t+M}] for scores that sum to zero.
    """
    z = np.asarray(series, dtype=float).reshape(len(series), -1)
    if len(z) < FEWEST_DATES or not 0 < share <= 1:
        raise NumericsError(
            f"{len(z)} dates and a bandwidth share of {share:g} carry no trend"
        )
    time = np.arange(len(z)) - (len(z) - 1) / 2
    squares = float(time @ time)
    slope = time @ z / squares
    partial = np.cumsum(
        time[:, None] * (z - z.mean(axis=0) - time[:, None] * slope), axis=0
    )
    m = max(1, round(share * len(z)))
    cut = (partial[:-m] * partial[m:]).sum(axis=0) if m < len(z) else 0.0
    std_error = (
        np.sqrt(np.maximum(2 / m * ((partial**2).sum(axis=0) - cut), 0.0)) / squares
    )
    statistic = np.divide(
        slope, std_error, out=np.full_like(slope, np.nan), where=std_error > 0
    )
    return TrendFit(slope, std_error, statistic)


class ConstantVariance(NamedTuple):
    """Panels whose cross-section variance does not change: y_it = m_i + x_it, x a
    stationary AR(1).
    """

    persistence: np.ndarray
    level_sd: (
        np.ndarray
    )  # (G,) standard deviations of m_i and of the shocks at each persistence
    shock_sd: np.ndarray


def constant_variance_panels(y: np.ndarray) -> ConstantVariance:
    """Describe the panels of constant variance that look like an observed one; y (N,
    T).

    Notes
    -----
    Persistence is not well determined, so a range is kept: the least-squares estimate
    with unit effects is its lower end, because it is biased downward (Nickell 1981),
    and the upper end is where the stationary variance s_e^2 / (1 - r^2) alone makes up
    the whole observed variance.
    """
    if len(y) < 3 or y.shape[1] < FEWEST_DATES:
        raise NumericsError(
            f"{len(y)} units at {y.shape[1]} dates carry no panel of constant variance"
        )
    z = y - y.mean(axis=0)
    now, before = (
        part - part.mean(axis=1, keepdims=True) for part in (z[:, 1:], z[:, :-1])
    )
    total = float((z**2).sum() / ((len(y) - 1) * y.shape[1]))
    if (before**2).sum() <= CONSTANT * (z**2).sum():
        raise NumericsError("incomes do not move relative to each other")
    low = float(np.clip((now * before).sum() / (before**2).sum(), 0.0, 0.999))
    shock = float(((now - low * before) ** 2).sum() / ((len(y) - 1) * (y.shape[1] - 2)))
    high = max(low, float(np.sqrt(max(1 - shock / total, 0.0))))
    grid = np.linspace(low, high, PERSISTENCE_GRID)
    level = np.sqrt(np.maximum(total - shock / (1 - grid**2), 0.0))
    return ConstantVariance(grid, level, np.full(PERSISTENCE_GRID, np.sqrt(shock)))


def constant_variance_statistics(
    panels: ConstantVariance,
    shape: tuple[int, int],
    share: float,
    rng: np.random.Generator,
    draws: int,
) -> np.ndarray:
    """Draw the trend statistic of the cross-section variance when that variance is
    constant; shape (G, draws).
    """
    out = []
    for r, level, shock in zip(
        panels.persistence, panels.level_sd, panels.shock_sd, strict=True
    ):
        parts = [
            _drawn_variance(
                float(r),
                float(level),
                float(shock),
                (min(CHUNK, draws - first), *shape),
                rng,
            )
            for first in range(0, draws, CHUNK)
        ]
        out.append(np.sort(fixed_b_trend(np.concatenate(parts).T, share).statistic))
    return np.array(out)


def _drawn_variance(
    r: float,
    level: float,
    shock: float,
    shape: tuple[int, int, int],
    rng: np.random.Generator,
) -> np.ndarray:
    y = shock * rng.standard_normal((shape[2], *shape[:2]))
    y[0] /= np.sqrt(1 - r**2)
    for t in range(1, len(y)):
        y[t] += r * y[t - 1]
    y += level * rng.standard_normal(shape[:2])
    return np.asarray(y.var(axis=2, ddof=1).T)


def white_noise_statistics(
    dates: int, share: float, rng: np.random.Generator, draws: int
) -> np.ndarray:
    """Draw the trend statistic of independent normal values: the fixed-b reference
    distribution; shape (draws,).

    Notes
    -----
    The fixed-b limit does not depend on short-run dependence, so independent values of
    the same length give it (Goncalves and Vogelsang 2011).
    """
    return np.sort(fixed_b_trend(rng.standard_normal((dates, draws)), share).statistic)


class WeakSigmaTest(NamedTuple):
    """Weak sigma-convergence by a trend in the cross-section variance."""

    slope: float  # of the variance on time, per date
    std_error: float
    statistic: float
    # one-sided p-value (falling variance) if the variance were stationary with short
    # memory
    p_fixed_b: float
    # one-sided p-value from panels of constant variance, the largest over their
    # persistence
    p_constant_variance: float
    persistence: float  # the persistence at which it is largest


def weak_sigma_test(
    y: np.ndarray, rng: np.random.Generator, draws: int, share: float = 0.1
) -> WeakSigmaTest:
    """Test whether the cross-section variance of log income falls; y (N, T).

    Notes
    -----
    Kong, Phillips and Sul (2019) regress the cross-section variance on time and call a
    significantly negative slope weak sigma-convergence. With a persistent variance
    every such ratio rejects too often, so the p-value to read is the one from panels of
    constant variance; the fixed-b one stands beside it.
    """
    y = np.asarray(y, dtype=float)
    panels = constant_variance_panels(y)
    fit = fixed_b_trend(y.var(axis=0, ddof=1), share)
    observed = float(fit.statistic[0])
    if not np.isfinite(observed):
        raise NumericsError("the cross-section variance lies on a straight line")
    plain = white_noise_statistics(y.shape[1], share, rng, draws)
    drawn = constant_variance_statistics(
        panels, (len(y), y.shape[1]), share, rng, draws
    )
    tails = (1 + (drawn <= observed).sum(axis=1)) / (1 + draws)
    return WeakSigmaTest(
        float(fit.slope[0]),
        float(fit.std_error[0]),
        observed,
        float((1 + (plain <= observed).sum()) / (1 + draws)),
        float(tails.max()),
        float(panels.persistence[tails.argmax()]),
    )

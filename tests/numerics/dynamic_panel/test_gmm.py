"""GMM against its matrix formulas, unit by unit."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import stats

from evenfield.numerics.dynamic_panel import gmm
from evenfield.numerics.dynamic_panel.gmm import (
    Equations,
    GmmSpec,
    Layout,
    anderson_hsiao_root,
    dynamic_gmm,
    stacked_equations,
    weighting,
)
from numerics.refusals import refused
from tolerances import close


def panel(units=60, dates=7, seed=0):
    rng = default_rng(seed)
    mu = rng.normal(size=units)
    y = [rng.normal(size=units)]
    x = rng.normal(size=(units, dates))
    for t in range(1, dates):
        y.append(0.5 * y[-1] + 0.3 * x[:, t] + mu + rng.normal(size=units))
    return np.array(y).T, x[..., None]


def loop_fit(data, dates):
    """One- and two-step difference GMM with a numerical derivative in place of
    Windmeijer's closed form.
    """
    rows = data.n_difference
    D = np.zeros((rows, dates))
    D[np.arange(rows), data.dates[:rows]] = 1
    D[np.arange(rows), data.dates[:rows] - 1] = -1
    H = D @ D.T
    pairs = [(Z, X, y) for Z, X, y in zip(data.Z, data.X, data.y, strict=True)]
    A1 = np.linalg.inv(sum(Z.T @ H @ Z for Z, _, _ in pairs))
    ZX = sum(Z.T @ X for Z, X, _ in pairs)
    Zy = sum(Z.T @ y for Z, _, y in pairs)

    def fit(A):
        return np.linalg.solve(ZX.T @ A @ ZX, ZX.T @ A @ Zy)

    def weights(beta):
        g = [Z.T @ (y - X @ beta) for Z, X, y in pairs]
        return np.linalg.inv(sum(np.outer(one, one) for one in g))

    one = fit(A1)
    A2 = weights(one)
    two = fit(A2)
    bread = np.linalg.inv(ZX.T @ A2 @ ZX)
    g = Zy - ZX @ two

    def moved(beta):
        """Windmeijer's expansion: the weights move, the coefficients inside the moments
        do not.
        """
        return bread @ ZX.T @ weights(beta) @ g

    steps = 1e-6 * np.eye(len(two))
    D2 = np.column_stack(
        [(moved(one + step) - moved(one - step)) / 2e-6 for step in steps]
    )
    B1 = np.linalg.inv(ZX.T @ A1 @ ZX) @ ZX.T @ A1
    V1 = B1 @ np.linalg.inv(A2) @ B1.T
    V = bread + D2 @ bread + bread @ D2.T + D2 @ V1 @ D2.T
    return (
        one,
        two,
        np.sqrt(np.diag(V1)),
        np.sqrt(np.diag(bread)),
        np.sqrt(np.diag(V)),
        float(g @ A2 @ g),
    )


@pytest.mark.parametrize("layout", Layout)
def test_difference_gmm_equals_loops(layout):
    y, x = panel()
    spec = GmmSpec(1, 2, 4, Equations.DIFFERENCE, layout)
    one, two, se1, plain, corrected, hansen = loop_fit(
        stacked_equations(y, x, spec), y.shape[1]
    )
    fit = dynamic_gmm(y, spec, x)
    close(fit.beta_one_step, one, rtol=1e-8)
    close(fit.std_errors_one_step, se1, rtol=1e-8)
    close(fit.beta, two, rtol=1e-8)
    close(fit.uncorrected, plain, rtol=1e-8)
    close(fit.std_errors, corrected, rtol=1e-5)
    close(fit.hansen.statistic, hansen, rtol=1e-8)
    assert fit.hansen.df == fit.n_instruments - 2


def test_instruments_rows_and_missing_dates():
    y, x = panel(dates=7)
    empty = np.zeros((*y.shape, 0))
    counts = {
        (Equations.DIFFERENCE, Layout.COLLAPSED, 3): 2,
        (Equations.DIFFERENCE, Layout.COLLAPSED, 0): 5,
        (Equations.DIFFERENCE, Layout.FULL, 0): 5 * 6 // 2,
        (Equations.DIFFERENCE, Layout.FULL, 2): 5,
        (Equations.SYSTEM, Layout.COLLAPSED, 3): 3,
        (Equations.SYSTEM, Layout.FULL, 0): 15 + 5,
    }
    for (equations, layout, last), count in counts.items():
        data = stacked_equations(y, empty, GmmSpec(1, 2, last, equations, layout))
        assert data.Z.shape[-1] == count, (equations, layout, last)
    assert stacked_equations(y, x, GmmSpec()).Z.shape[-1] == 3
    y, _ = panel(dates=7)
    data = stacked_equations(
        y, np.zeros((*y.shape, 0)), GmmSpec(1, 2, 3, Equations.SYSTEM)
    )
    assert data.dates.tolist() == [2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]
    assert data.n_difference == 5
    assert data.Z[0, 5].tolist() == [0, 0, 0], (
        "the first level row has no lagged difference"
    )
    close(data.Z[0, 6, 2], y[0, 1] - y[0, 0])
    close(data.Z[0, 0, 0], y[0, 0])
    fit = dynamic_gmm(y - y.mean(axis=0), GmmSpec(1, 2, 3, Equations.SYSTEM))
    assert fit.level_rows
    assert fit.n_rows == 60 * 11
    y, x = panel()
    short = y.copy()
    short[0, :3] = np.nan
    fit = dynamic_gmm(short, GmmSpec(), x)
    whole = dynamic_gmm(y, GmmSpec(), x)
    assert whole.n_rows - fit.n_rows == 3
    assert fit.n_units == 60
    alone = np.vstack([short, np.full((1, 7), np.nan)])
    alone[-1, 3] = 1.0
    extra = dynamic_gmm(alone, GmmSpec(), np.concatenate([x, np.zeros((1, 7, 1))]))
    assert extra.n_units == 60, "a unit with one date has no row"
    close(extra.beta, fit.beta, rtol=1e-9)
    y, _ = panel(dates=5)
    spec = GmmSpec(1, 2, 2)
    dummies = np.tile(np.eye(5)[:, 2:], (60, 1, 1))
    close(
        dynamic_gmm(y, spec, dummies).beta[0],
        dynamic_gmm(y - y.mean(axis=0), spec).beta[0],
    )
    refused(None, dynamic_gmm, np.zeros((10, 6)), GmmSpec())
    refused(None, dynamic_gmm, np.full((10, 6), np.nan), GmmSpec())


def test_weighting_inverts_also_with_more_instruments_than_units():
    rng = default_rng(2)
    G = rng.normal(size=(8, 20))
    A = weighting(G)
    assert A.rank == 8
    assert A.root.shape == (8, 20), "never an instrument by instrument inverse"
    close(A.apply(np.eye(20)), np.linalg.pinv(G.T @ G), atol=1e-10)
    y, x = panel(units=20, dates=12)
    fit = dynamic_gmm(y, GmmSpec(1, 2, 0, Equations.DIFFERENCE, Layout.FULL), x)
    assert fit.n_instruments > 20
    assert np.isfinite(fit.std_errors).all()
    rng = default_rng(3)
    G = rng.normal(size=(30, 4)) * [1, 1e3, 1e-3, 1]
    close(weighting(G).apply(G.T @ G), np.eye(4), atol=1e-8)
    assert weighting(np.column_stack([G, G[:, 0]])).rank == 4


@pytest.mark.parametrize(
    ("spec", "dates", "message"),
    [
        (GmmSpec(1, 2, 3), 2, "too few"),
        (GmmSpec(1, 1, 3), 7, "instruments at lag 2"),
        (GmmSpec(3, 2, 2), 7, "cannot identify"),
        (GmmSpec(0, 2, 3), 7, "lags start at 1"),
    ],
)
def test_impossible_specifications(spec, dates, message):
    refused(message, dynamic_gmm, panel(dates=dates)[0], spec)


def loop_tests(data, beta, A, V, residuals_of):
    """Arellano and Bond (1991), equation 8, unit by unit, of orders one and two."""
    cut = data.n_difference
    ZX = sum(Z.T @ X for Z, X in zip(data.Z, data.X, strict=True))
    influence = np.linalg.inv(ZX.T @ A @ ZX) @ ZX.T @ A
    result = []
    for order in (1, 2):
        total = 0.0
        squares = 0.0
        wX = np.zeros(len(beta))
        moments = np.zeros(data.Z.shape[2])
        for Z, X, y in zip(data.Z, data.X, data.y, strict=True):
            e = residuals_of(y, X)
            w = np.zeros(cut)
            w[order:] = e[: cut - order]
            product = w @ e[:cut]
            total += product
            squares += product**2
            wX += w @ X[:cut]
            moments += Z.T @ e * product
        variance = squares - 2 * wX @ influence @ moments + wX @ V @ wX
        result.append(total / np.sqrt(variance))
    return result


@pytest.mark.parametrize("first_step", gmm.FIRST_STEPS)
def test_tests_of_a_system_equal_loops_over_units(first_step):
    y, x = panel(units=50, dates=6, seed=3)
    spec = GmmSpec(1, 2, 3, Equations.SYSTEM, first_step=first_step)
    fit = dynamic_gmm(y, spec, x)
    data = stacked_equations(y, x, spec)
    cut = data.n_difference
    rows = data.Z.shape[1]
    D = np.zeros((rows, 12))  # the dates of differences, then those of levels
    D[np.arange(cut), data.dates[:cut]] = 1
    D[np.arange(cut), data.dates[:cut] - 1] = -1
    D[np.arange(cut, rows), data.dates[cut:] + 6] = 1
    H = D @ D.T
    if first_step == "full":
        D[np.arange(cut, rows)] = np.roll(D[np.arange(cut, rows)], 6, axis=1)
        H = D @ D.T
    if first_step == "identity":
        H = np.eye(rows)
    A1 = np.linalg.pinv(sum(Z.T @ H @ Z for Z in data.Z))
    ZX = sum(Z.T @ X for Z, X in zip(data.Z, data.X, strict=True))
    Zy = sum(Z.T @ v for Z, v in zip(data.Z, data.y, strict=True))
    one = np.linalg.solve(ZX.T @ A1 @ ZX, ZX.T @ A1 @ Zy)
    close(fit.beta_one_step, one, rtol=1e-8)
    e = data.y - data.X @ one
    G = np.array([Z.T @ u for Z, u in zip(data.Z, e, strict=True)])
    B = np.linalg.inv(ZX.T @ A1 @ ZX) @ ZX.T @ A1
    V1 = B @ G.T @ G @ B.T
    close(fit.std_errors_one_step, np.sqrt(np.diag(V1)), rtol=1e-8)
    variance = (e[:, :cut] ** 2).sum() / (50 * cut - len(one)) / 2
    g = G.sum(axis=0)
    df = fit.n_instruments - len(one)
    sargan = g @ A1 @ g / variance
    close((fit.sargan.statistic, fit.sargan.df), (sargan, df))
    close(fit.sargan.p_value, stats.chi2.sf(sargan, df))
    A2 = np.linalg.pinv(G.T @ G)
    two = np.linalg.solve(ZX.T @ A2 @ ZX, ZX.T @ A2 @ Zy)
    close(fit.beta, two, rtol=1e-7)
    g = Zy - ZX @ two
    close(fit.hansen.statistic, g @ A2 @ g, rtol=1e-6)
    close(fit.hansen.p_value, stats.chi2.sf(fit.hansen.statistic, df), rtol=1e-6)
    for tests, beta, A, V in (
        (fit.serial_one_step, one, A1, V1),
        (fit.serial, two, A2, fit.cov),
    ):
        expected = loop_tests(data, beta, A, V, lambda v, X, b=beta: v - X @ b)
        close([test.statistic for test in tests], expected, rtol=1e-6)
        close(
            [test.p_value for test in tests],
            [2 * stats.norm.sf(abs(z)) for z in expected],
            rtol=1e-5,
        )
    assert (fit.n_levels, fit.n_rows) == (50 * 5, 50 * 9)


def test_anderson_and_hsiao_is_two_stage_least_squares_clustered_by_unit():
    y, _ = panel(units=12, dates=7, seed=4)
    result = anderson_hsiao_root(y)
    change = np.diff(y, axis=1)
    outcome, lag, z = change[:, 1:], change[:, :-1], y[:, :-2]
    dates = np.tile(np.eye(5), (12, 1))

    def free(values):
        flat = values.ravel()
        return flat - dates @ np.linalg.lstsq(dates, flat, rcond=None)[0]

    dy, dlag, level = free(outcome), free(lag), free(z)
    rho = level @ dy / (level @ dlag)
    scores = (level * (dy - rho * dlag)).reshape(12, 5).sum(axis=1)
    error = np.sqrt(12 / 11 * (scores**2).sum()) / abs(level @ dlag)
    close((result.rho, result.std_error), (rho, error))
    assert (result.df, result.n_units, result.n_periods) == (11, 12, 5)
    flat = np.add.outer(np.arange(6.0), np.arange(5.0))
    refused(None, anderson_hsiao_root, flat)


def test_no_more_instruments_than_coefficients_leave_nothing_to_test():
    y, _ = panel(dates=4)
    fit = dynamic_gmm(y, GmmSpec(1, 2, 2))
    assert fit.n_instruments == 1
    assert fit.hansen.df == 0
    assert np.isnan([fit.hansen.statistic, fit.sargan.p_value]).all()

"""GMM against its matrix formulas, unit by unit."""

import numpy as np
import pytest
from numpy.random import default_rng
from scipy import stats
from scipy.linalg import block_diag
from statsmodels.tools.numdiff import approx_fprime

from evenfield.numerics.dynamic_panel.gmm import FIRST_STEPS, dynamic_gmm
from evenfield.numerics.dynamic_panel.instruments import (
    Equations,
    GmmSpec,
    Layout,
    stacked_equations,
)
from evenfield.numerics.dynamic_panel.weighting import weighting
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


def differences(data, dates):
    """The rows of a difference as combinations of dates, shape (rows, dates)."""
    rows = np.arange(data.n_difference)
    D = np.zeros((len(rows), dates))
    D[rows, data.dates[rows]] = 1
    D[rows, data.dates[rows] - 1] = -1
    return D


class Loops:
    """One- and two-step GMM with first-step weights H, from sums over units."""

    def __init__(self, data, H):
        self.units = [*zip(data.Z, data.X, data.y, strict=True)]
        self.ZX = sum(Z.T @ X for Z, X, _ in self.units)
        self.Zy = sum(Z.T @ y for Z, _, y in self.units)
        self.A1 = np.linalg.pinv(sum(Z.T @ H @ Z for Z, _, _ in self.units))
        self.one, influence = self.fit(self.A1)
        self.A2 = self.weights(self.one)
        self.V1 = influence @ np.linalg.pinv(self.A2) @ influence.T
        self.two, _ = self.fit(self.A2)
        self.g = self.Zy - self.ZX @ self.two

    def fit(self, A):
        """Coefficients, and what moves them: (X'Z A Z'X)^-1 X'Z A."""
        influence = np.linalg.solve(self.ZX.T @ A @ self.ZX, self.ZX.T @ A)
        return influence @ self.Zy, influence

    def moments(self, beta):
        return np.array([Z.T @ (y - X @ beta) for Z, X, y in self.units])

    def weights(self, beta):
        G = self.moments(beta)
        return np.linalg.pinv(G.T @ G)

    def hansen(self):
        return self.g @ self.A2 @ self.g


def root(V):
    return np.sqrt(np.diag(V))


@pytest.mark.parametrize("layout", Layout)
def test_difference_gmm_equals_loops_with_a_numerical_windmeijer_correction(layout):
    y, x = panel()
    spec = GmmSpec(1, 2, 4, Equations.DIFFERENCE, layout)
    data = stacked_equations(y, x, spec)
    D = differences(data, y.shape[1])
    loops = Loops(data, D @ D.T)
    bread = np.linalg.inv(loops.ZX.T @ loops.A2 @ loops.ZX)

    def moved(beta):
        """Windmeijer's expansion: the weights move, the coefficients inside the moments
        do not.
        """
        return bread @ loops.ZX.T @ loops.weights(beta) @ loops.g

    D2 = approx_fprime(loops.one, moved, 1e-6, centered=True)
    V = bread + D2 @ bread + bread @ D2.T + D2 @ loops.V1 @ D2.T
    fit = dynamic_gmm(y, spec, x)
    close(fit.beta_one_step, loops.one)
    close(fit.std_errors_one_step, root(loops.V1))
    close(fit.beta, loops.two)
    close(fit.uncorrected, root(bread))
    close(fit.std_errors, root(V), rtol=1e-5)
    close(fit.hansen.statistic, loops.hansen())
    assert fit.hansen.df == fit.n_instruments - 2


@pytest.mark.parametrize(
    ("equations", "layout", "last", "count"),
    [
        (Equations.DIFFERENCE, Layout.COLLAPSED, 3, 2),
        (Equations.DIFFERENCE, Layout.COLLAPSED, 0, 5),
        (Equations.DIFFERENCE, Layout.FULL, 0, 5 * 6 // 2),
        (Equations.DIFFERENCE, Layout.FULL, 2, 5),
        (Equations.SYSTEM, Layout.COLLAPSED, 3, 3),
        (Equations.SYSTEM, Layout.FULL, 0, 15 + 5),
    ],
)
def test_instruments_are_as_many_as_lags_and_dates_give(equations, layout, last, count):
    y, x = panel(dates=7)
    spec = GmmSpec(1, 2, last, equations, layout)
    assert stacked_equations(y, x[..., :0], spec).Z.shape[-1] == count
    assert stacked_equations(y, x, spec).Z.shape[-1] == count + 1


SYSTEM = GmmSpec(1, 2, 3, Equations.SYSTEM)


def test_rows_and_instruments_of_a_system():
    y, x = panel(dates=7)
    data = stacked_equations(y, x[..., :0], SYSTEM)
    assert data.dates.tolist() == [2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6]
    assert data.n_difference == 5
    # The first level row has no lagged difference.
    assert data.Z[0, 5].tolist() == [0, 0, 0]
    close(data.Z[0, 6, 2], y[0, 1] - y[0, 0])
    close(data.Z[0, 0, 0], y[0, 0])
    fit = dynamic_gmm(y - y.mean(axis=0), SYSTEM)
    assert fit.level_rows
    assert fit.n_rows == 60 * 11


def test_missing_dates_leave_out_their_rows_and_a_unit_with_one_date_has_none():
    y, x = panel()
    short = y.copy()
    short[0, :3] = np.nan
    fit = dynamic_gmm(short, GmmSpec(), x)
    assert dynamic_gmm(y, GmmSpec(), x).n_rows - fit.n_rows == 3
    assert fit.n_units == 60
    alone = np.vstack([short, np.full((1, 7), np.nan)])
    alone[-1, 3] = 1.0
    extra = dynamic_gmm(alone, GmmSpec(), np.concatenate([x, np.zeros((1, 7, 1))]))
    assert extra.n_units == 60
    close(extra.beta, fit.beta, rtol=1e-9)


def test_dummies_of_dates_equal_demeaning():
    y, _ = panel(dates=5)
    spec = GmmSpec(1, 2, 2)
    dummies = np.tile(np.eye(5)[:, 2:], (60, 1, 1))
    one = dynamic_gmm(y, spec, dummies).beta[0]
    close(one, dynamic_gmm(y - y.mean(axis=0), spec).beta[0])


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_panels_without_values_are_refused(value):
    refused(None, dynamic_gmm, np.full((10, 6), value), GmmSpec())


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


def loop_tests(loops, cut, beta, A, V):
    """Arellano and Bond (1991), equation 8, unit by unit, of orders one and two."""
    _, influence = loops.fit(A)
    result = []
    for order in (1, 2):
        total = 0.0
        squares = 0.0
        wX = np.zeros(len(beta))
        moments = np.zeros(len(A))
        for Z, X, y in loops.units:
            e = y - X @ beta
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


@pytest.mark.parametrize("first_step", FIRST_STEPS)
def test_tests_of_a_system_equal_loops_over_units(first_step):
    y, x = panel(units=50, dates=6, seed=3)
    spec = SYSTEM._replace(first_step=first_step)
    fit = dynamic_gmm(y, spec, x)
    data = stacked_equations(y, x, spec)
    cut = data.n_difference
    # The dates of differences, then those of levels, which "full" takes as one.
    D = block_diag(differences(data, 6), np.eye(6)[data.dates[cut:]])
    if first_step == "full":
        D[cut:] = np.roll(D[cut:], 6, axis=1)
    H = np.eye(len(D)) if first_step == "identity" else D @ D.T
    loops = Loops(data, H)
    close(fit.beta_one_step, loops.one)
    close(fit.std_errors_one_step, root(loops.V1))
    close(fit.beta, loops.two, rtol=1e-7)
    e = data.y - data.X @ loops.one
    variance = (e[:, :cut] ** 2).sum() / (50 * cut - len(loops.one)) / 2
    g = loops.moments(loops.one).sum(axis=0)
    df = fit.n_instruments - len(loops.one)
    for test, statistic in (
        (fit.sargan, g @ loops.A1 @ g / variance),
        (fit.hansen, loops.hansen()),
    ):
        assert test.df == df
        close(test.statistic, statistic, rtol=1e-6)
        close(test.p_value, stats.chi2.sf(test.statistic, df))
    for tests, step in (
        (fit.serial_one_step, (loops.one, loops.A1, loops.V1)),
        (fit.serial, (loops.two, loops.A2, fit.cov)),
    ):
        z = np.array(loop_tests(loops, cut, *step))
        close([test.statistic for test in tests], z, rtol=1e-6)
        p_values = 2 * stats.norm.sf(np.abs(z))
        close([test.p_value for test in tests], p_values, rtol=1e-5)
    assert (fit.n_levels, fit.n_rows) == (50 * 5, 50 * 9)


def test_no_more_instruments_than_coefficients_leave_nothing_to_test():
    y, _ = panel(dates=4)
    fit = dynamic_gmm(y, GmmSpec(1, 2, 2))
    assert fit.n_instruments == 1
    assert fit.hansen.df == 0
    assert np.isnan([fit.hansen.statistic, fit.sargan.p_value]).all()

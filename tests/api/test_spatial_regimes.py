"""Neighbours that pull harder in one regime, against a search of the likelihood."""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng
from scipy.optimize import minimize
from scipy.stats import chi2

import evenfield as ef
from made_panel import refused, ring
from tolerances import close

N = 40
UNITS = [f"u{i:02d}" for i in range(N)]
RING = ring(UNITS)
W = ef.weights(RING).matrix.toarray()


def made(inner, outer, seed=3):
    rng = default_rng(seed)
    inside = np.arange(N) < N // 2
    x = rng.normal(size=N)
    pull = np.where(inside, inner, outer)[:, None] * W
    y = np.linalg.solve(np.eye(N) - pull, 1 + x + 0.3 * W @ x + rng.normal(size=N))
    return pd.DataFrame({"unit": UNITS, "y": y, "x": x, "inside": inside})


DATA = made(0.8, 0.1)


def fitted(data=DATA, w=RING, **options):
    options = {"regime": "inside", "unit": "unit", "samples": 0, **options}
    return ef.spatial_regimes("y ~ x", data, w, **options)


def test_it_is_the_maximum_of_the_likelihood():
    y, x, inside = (DATA[name].to_numpy() for name in ("y", "x", "inside"))
    X = np.column_stack([np.ones(N), x, W @ x])
    M = np.eye(N) - X @ np.linalg.pinv(X)

    def minus(pulls):
        A = np.eye(N) - np.where(inside, *pulls)[:, None] * W
        e = M @ (A @ y)
        return N / 2 * np.log(e @ e / N) - np.linalg.slogdet(A)[1]

    options = {"xatol": 1e-9, "fatol": 1e-12}
    both = minimize(minus, [0.1, 0.1], method="Nelder-Mead", options=options)
    one = minimize(
        lambda rho: minus([rho[0], rho[0]]),
        [0.1],
        method="Nelder-Mead",
        options=options,
    )
    fit = fitted()
    close(fit.params[["rho inside", "rho outside"]], both.x, rtol=1e-5)
    close(fit.params["inside - outside"], both.x[0] - both.x[1], rtol=1e-5)
    ratio = 2 * (one.fun - both.fun)
    close(fit.tstats["inside - outside"], ratio, rtol=1e-5)
    close(fit.pvalues["inside - outside"], chi2.sf(ratio, 1), rtol=1e-4)
    close(fit.notes["common rho"], one.x[0], rtol=1e-5)


def test_a_planted_difference_is_found_and_its_test_is_tried():
    fit = fitted(samples=19)
    assert fit.params["inside - outside"] > 0.3
    assert fit.pvalues["inside - outside"] < 0.05
    assert 0 <= fit.notes["rejects at 5%"] <= 0.4
    assert abs(fit.notes["bias"]) < 0.3
    assert np.isnan(fitted().notes["bias"])


def test_rows_and_names_move_no_number():
    want = fitted().params
    names = {unit: f"v{N - number:02d}" for number, unit in enumerate(UNITS)}
    other = {names[unit]: [names[j] for j in RING[unit]] for unit in UNITS}
    renamed = DATA.assign(unit=DATA["unit"].map(names)).sample(frac=1, random_state=2)
    close(fitted(renamed, other).params, want, rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"inside": 1}, "two regimes need units inside and outside"),
        ({"inside": 0.5}, "a regime of 0.5, in inside; expected zero or one"),
        ({"x": 1.0}, "collinear"),
    ],
)
def test_what_is_no_regime_is_refused(change, words):
    refused(words, fitted, DATA.assign(**change))

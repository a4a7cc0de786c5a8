"""Exposure regressions on made-up growth: planted spillovers are found, false neighbours show nothing on average."""

import numpy as np
import pandas as pd
import pytest

from china_design import DATA, read_design, weights_of
from evenfield.numerics.label_permutation import Spread, expected_regressors, stratified_label_draws
from evenfield.numerics.ols import fit_ols

UNITS, A, DISTANCE, C, S = read_design()
W = weights_of(A, DISTANCE)["contiguity"]
LABELS = np.column_stack([C, S])
DRAWS, G = 400, (2.0, 0.5)


def difference(y: np.ndarray, matrix: np.ndarray) -> float:
    beta = fit_ols(y, np.column_stack([LABELS, matrix @ LABELS, np.ones(31)])).beta
    return float(beta[2] - beta[3])


def test_placebo_weights_centre_on_zero_and_planted_spillovers_are_recovered():
    """Growth with planted spillovers over the true map; false maps are the true one with its units shuffled."""
    rng, estimates = np.random.default_rng(20), []
    for _ in range(DRAWS):
        y, order = W @ LABELS @ np.array(G) + rng.normal(size=31), rng.permutation(31)
        estimates.append(difference(y, W[np.ix_(order, order)]))
    assert np.mean(estimates) == pytest.approx(0.0, abs=3 * np.std(estimates) / np.sqrt(DRAWS))
    rng, signal = np.random.default_rng(21), LABELS @ np.array([0.4, -0.3]) + W @ LABELS @ np.array(G)
    found = np.array([difference(signal + rng.normal(size=31), W) for _ in range(DRAWS)])
    assert found.mean() == pytest.approx(G[0] - G[1], abs=3 * found.std() / np.sqrt(DRAWS))


def test_recentring_frees_the_exposure_from_a_coastal_trend():
    """Growth rises with the coastal share of the neighbourhood, lists are random within the coast (Borusyak-Hull)."""
    strata = pd.read_csv(DATA / "units.csv").set_index("unit").loc[UNITS, "coastal"].to_numpy(str)
    near = W @ (strata == "1").astype(float)
    draws, spread = stratified_label_draws(strata, 2000, np.random.default_rng(22)), Spread(W)
    expected, plain, recentred = expected_regressors(LABELS, draws, spread), [], []
    rng = np.random.default_rng(23)
    for source in draws.source[:DRAWS]:
        seen, y = spread.regressors(LABELS[source]), 3 * near + 0.5 * rng.normal(size=31)
        plain.append(fit_ols(y, np.column_stack([seen, np.ones(31)])).beta[2])
        recentred.append(fit_ols(y, np.column_stack([seen - expected, np.ones(31)])).beta[2])
    margin = 4 * np.std(recentred) / np.sqrt(DRAWS)
    assert abs(np.mean(recentred)) < margin and np.mean(plain) > 2 * margin

"""Planted spatial panels are found: bias of both approaches, coverage of effects.

``PYTHONPATH=tests python -m recovery.test_spatial_panel`` runs the long version (2,000 draws) and prints coverage.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import spatial_cases
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import decay_matrix, haversine_km, nearest_matrix
from evenfield.numerics.spatial_panel.impacts import delta_impacts
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import Network, network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays

pytestmark = pytest.mark.montecarlo
UNITS = Path(__file__).parents[2] / "data" / "units.csv"


def provinces(power: float) -> Network:
    places = pd.read_csv(UNITS, dtype={"unit": str})
    matrix = decay_matrix(haversine_km(places["lat"].to_numpy(), places["lon"].to_numpy()), power)
    return network(places["unit"].tolist(), matrix / matrix.sum(axis=1, keepdims=True))


def lattice(rows: int, columns: int) -> Network:
    return network(range(rows * columns), spatial_cases.lattice(rows, columns))


def nearest(k: int) -> Network:
    places = pd.read_csv(UNITS, dtype={"unit": str})
    matrix = nearest_matrix(haversine_km(places["lat"].to_numpy(), places["lon"].to_numpy()), k)
    return network(places["unit"].tolist(), matrix / k)


INVERSES: dict[tuple[int, float], np.ndarray] = {}


def spread(net: Network, parameter: float) -> np.ndarray:
    key = (id(net), parameter)
    if key not in INVERSES:
        INVERSES[key] = np.linalg.inv(np.eye(net.n) - parameter * net.matrix.toarray())
    return INVERSES[key]


@dataclass(frozen=True)
class Truth:
    """y = (I - rho W)^-1 (X b + W X th + mu + tau + (I - lam W)^-1 e), everything N(0, 1)."""

    rho: float = 0.0
    lam: float = 0.0
    beta: tuple[float, ...] = (1.0,)
    theta: tuple[float, ...] = (0.0,)

    def effects(self, net: Network) -> np.ndarray:
        n, W, out = net.n, net.matrix.toarray(), []
        for b, th in zip(self.beta, self.theta, strict=True):
            M = np.linalg.solve(np.eye(n) - self.rho * W, b * np.eye(n) + th * W)
            out.append([np.trace(M) / n, (M.sum() - np.trace(M)) / n, M.sum() / n])
        return np.array(out).T

    def panel(self, net: Network, t: int, rng: np.random.Generator):
        n, k = net.n, len(self.beta)
        X, e = rng.normal(size=(n, t, k)), spread(net, self.lam) @ rng.normal(size=(n, t))
        mean = X @ np.array(self.beta) + net.lag(X) @ np.array(self.theta)
        y = spread(net, self.rho) @ (mean + rng.normal(size=(n, 1)) + rng.normal(size=(1, t)) + e)
        return panel_from_arrays(y.T, X.transpose(1, 0, 2), net.units, [f"x{i}" for i in range(k)])


def estimates(net, truth, t, model, draws, stream):
    rng = generator_for(2011, stream)
    return [fit_spatial_panel(truth.panel(net, t, rng), net, model) for _ in range(draws)]


def bias_of_rho(net, truth, model, draws=300):
    found = estimates(net, truth, 42, model, draws, "bias")
    return float(np.mean([fit.rho for fit in found])) - truth.rho


DENSE, LOCAL = provinces(1), provinces(2)


# Section 10.2 of the research design: 31 units, inverse distance, T = 42, theta = 0, time effects among N(0, 1) shocks.
def test_transformation_is_unbiased_and_the_direct_approach_is_not_when_weights_are_dense():
    net, truth = DENSE, Truth()
    assert abs(bias_of_rho(net, truth, PanelModel("SAR", "two_way", "lee_yu"), 1000)) < 0.02
    assert -0.47 < bias_of_rho(net, truth, PanelModel("SAR", "two_way", "direct"), 1000) < -0.39


# Section 4.5: true rho 0 with Wx in truth and model; medians over 300 draws have a standard error of about .01.
@pytest.mark.parametrize(("power", "direct"), [(2, -0.12), (1, -0.58)])
def test_bias_of_a_durbin_model_equals_the_design(power, direct):
    net, truth = {1: DENSE, 2: LOCAL}[power], Truth(theta=(0.5,))
    assert bias_of_rho(net, truth, PanelModel("SDM", "two_way", "direct")) == pytest.approx(direct, abs=0.03)
    assert bias_of_rho(net, truth, PanelModel("SDM", "two_way", "lee_yu")) == pytest.approx(0.0, abs=0.035)


def test_common_shocks_pass_for_dependence_when_time_effects_are_left_out():
    assert bias_of_rho(DENSE, Truth(theta=(0.5,)), PanelModel("SDM", "unit"), 100) == pytest.approx(0.77, abs=0.05)


SMALL, LARGE = nearest(4), lattice(15, 20)
DURBIN = Truth(rho=0.4, beta=(1.0, -0.5), theta=(0.3, 0.4))
ERROR = Truth(lam=0.4, beta=(1.0, -0.5), theta=(0.3, 0.4))


def coverage(net, truth, t, model, draws, kinds=("observed",)):
    """Return mean estimates, and by covariance the share of 95 % intervals that hold the truth, shape (3, K)."""
    fits, planted = estimates(net, truth, t, model, draws, "coverage"), truth.effects(net)
    hits = {kind: np.zeros((3, len(truth.beta))) for kind in kinds}
    for fit in fits:
        for kind in kinds:
            found = delta_impacts(fit, kind)
            hits[kind] += (found.conf_low <= planted) & (planted <= found.conf_high)
    return np.mean([fit.estimates for fit in fits], axis=0), {kind: hit / draws for kind, hit in hits.items()}


@pytest.mark.parametrize(("net", "t", "draws"), [(SMALL, 40, 1000), (LARGE, 20, 150)], ids=["31 x 40", "300 x 20"])
@pytest.mark.parametrize(("model", "truth"), [("SDM", DURBIN), ("SDEM", ERROR)], ids=["SDM", "SDEM"])
def test_planted_parameters_and_effects_are_found(net, t, draws, model, truth):
    means, found = coverage(net, truth, t, PanelModel(model), draws)
    shares = found["observed"]
    spatial = truth.rho if model == "SDM" else truth.lam
    np.testing.assert_allclose(means, [spatial, *truth.beta, *truth.theta, 1.0], atol=0.02)
    # Between .92 and .97 with 1,000 draws; with fewer, three standard errors of a share more.
    slack = 0.0 if draws >= 1000 else 3 * np.sqrt(0.05 * 0.95 / draws) - 0.02
    assert (shares > 0.92 - slack).all() and (shares < 0.97 + slack).all()


@pytest.mark.parametrize("lam", [0.3, -0.3])
def test_both_spatial_parameters_of_a_sac_are_found(lam):
    truth, draws = Truth(rho=0.4, lam=lam, beta=(1.0, -0.5), theta=(0.0, 0.0)), 300
    means, found = coverage(SMALL, truth, 40, PanelModel("SAC"), draws)
    np.testing.assert_allclose(means, [truth.rho, lam, *truth.beta, 1.0], atol=0.02)
    assert (np.abs(found["observed"] - 0.95) < (3 * np.sqrt(0.05 * 0.95 / draws)) + 0.01).all()


def full_experiment(draws: int = 2000):
    """Print coverage of direct, indirect and total effects by model, size and covariance."""
    models = (("SDM", DURBIN), ("SDEM", ERROR), ("SAR", Truth(rho=0.4, beta=(1.0, -0.5), theta=(0.0, 0.0))))
    for name, net, t in (("31 x 40", SMALL, 40), ("300 x 20", LARGE, 20)):
        for model, truth in models:
            means, found = coverage(net, truth, t, PanelModel(model), draws, ("observed", "expected", "qml"))
            sys.stdout.write(f"{name} {model} {means.round(4).tolist()}\n")
            for kind, shares in found.items():
                sys.stdout.write(f"    {kind} {shares.round(4).tolist()}\n")


if __name__ == "__main__":
    full_experiment()

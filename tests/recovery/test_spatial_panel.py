"""Planted spatial panels are found: bias of both approaches, coverage of effects.

``PYTHONPATH=tests python benchmarks/effect_coverage.py`` runs the long version (2,000
draws) and prints coverage.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import spatial_cases
from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial import haversine_km, nearest_units
from evenfield.numerics.spatial_panel.bootstrap import unit_bootstrap
from evenfield.numerics.spatial_panel.impacts import clustered_impacts, delta_impacts
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.network import network
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from spatial_cases import mean_effects
from tolerances import close

pytestmark = pytest.mark.gate
UNITS = Path(__file__).parents[2] / "data" / "units.csv"


def provinces(power):
    positions = pd.read_csv(UNITS, dtype={"unit": str})
    matrix = haversine_km(positions["lat"].to_numpy(), positions["lon"].to_numpy())
    matrix = (matrix + np.diag(np.full(len(matrix), np.inf))) ** -power
    return network(
        positions["unit"].tolist(), matrix / matrix.sum(axis=1, keepdims=True)
    )


def lattice(rows, columns):
    return network(range(rows * columns), spatial_cases.lattice(rows, columns))


def nearest(k):
    positions = pd.read_csv(UNITS, dtype={"unit": str})
    matrix = np.zeros((len(positions), len(positions)))
    np.put_along_axis(
        matrix,
        nearest_units(positions["lat"].to_numpy(), positions["lon"].to_numpy(), k),
        1 / k,
        axis=1,
    )
    return network(positions["unit"].tolist(), matrix)


INVERSES = {}


def sampling_spread(net, parameter):
    key = (id(net), parameter)
    if key not in INVERSES:
        INVERSES[key] = np.linalg.inv(np.eye(net.n) - parameter * net.matrix.toarray())
    return INVERSES[key]


@dataclass(frozen=True)
class Truth:
    """y = (I - rho W)^-1 (X b + W X th + mu + tau + (I - lam W)^-1 e), everything N(0,
    1).
    """

    rho: float = 0.0
    lam: float = 0.0
    beta: tuple[float, ...] = (1.0,)
    theta: tuple[float, ...] = (0.0,)

    def effects(self, net):
        n = net.n
        W = net.matrix.toarray()
        out = []
        for b, th in zip(self.beta, self.theta, strict=True):
            M = np.linalg.solve(np.eye(n) - self.rho * W, b * np.eye(n) + th * W)
            out.append(mean_effects(M))
        return np.array(out).T

    def panel(self, net, t, rng):
        n = net.n
        k = len(self.beta)
        X = rng.normal(size=(n, t, k))
        e = sampling_spread(net, self.lam) @ rng.normal(size=(n, t))
        mean = X @ np.array(self.beta) + net.lag(X) @ np.array(self.theta)
        y = sampling_spread(net, self.rho) @ (
            mean + rng.normal(size=(n, 1)) + rng.normal(size=(1, t)) + e
        )
        return panel_from_arrays(
            y.T, X.transpose(1, 0, 2), net.units, [f"x{i}" for i in range(k)]
        )


def estimates(net, truth, t, model, draws, stream):
    rng = generator_for(2011, stream)
    return [
        fit_spatial_panel(truth.panel(net, t, rng), net, model) for _ in range(draws)
    ]


def bias_of_rho(net, truth, model, draws=300):
    result = estimates(net, truth, 42, model, draws, "bias")
    return float(np.mean([fit.rho for fit in result])) - truth.rho


DENSE = provinces(1)
LOCAL = provinces(2)


# Section 10.2 of the research design: 31 units, inverse distance, T = 42, theta = 0,
# time effects among N(0, 1) shocks.
def test_transformation_is_unbiased_and_the_direct_approach_is_not_when_weights_are_dense():
    transformed, direct = (
        bias_of_rho(DENSE, Truth(), PanelModel("SAR", "two_way", approach), 1000)
        for approach in ("lee_yu", "direct")
    )
    assert abs(transformed) < 0.02
    assert -0.47 < direct < -0.39


# Section 4.5: true rho 0 with Wx in truth and model; medians over 300 draws have a
# standard error of about .01.
@pytest.mark.parametrize(("power", "direct"), [(2, -0.12), (1, -0.58)])
def test_bias_of_a_durbin_model_equals_the_design(power, direct):
    net = {1: DENSE, 2: LOCAL}[power]
    truth = Truth(theta=(0.5,))
    close(
        bias_of_rho(net, truth, PanelModel("SDM", "two_way", "direct")),
        direct,
        atol=0.03,
    )
    close(
        bias_of_rho(net, truth, PanelModel("SDM", "two_way", "lee_yu")), 0.0, atol=0.035
    )


def test_common_shocks_pass_for_dependence_when_time_effects_are_left_out():
    bias = bias_of_rho(DENSE, Truth(theta=(0.5,)), PanelModel("SDM", "unit"), 100)
    close(bias, 0.77, atol=0.05)


SMALL = nearest(4)
LARGE = lattice(15, 20)
DURBIN = Truth(rho=0.4, beta=(1.0, -0.5), theta=(0.3, 0.4))
ERROR = Truth(lam=0.4, beta=(1.0, -0.5), theta=(0.3, 0.4))


def coverage(net, truth, t, model, draws, kinds=("observed",)):
    """Return mean estimates, and by covariance the share of 95 % intervals that hold
    the truth, shape (3, K).
    """
    fits = estimates(net, truth, t, model, draws, "coverage")
    planted = truth.effects(net)
    hits = {kind: np.zeros((3, len(truth.beta))) for kind in kinds}
    for fit in fits:
        for kind in kinds:
            result = delta_impacts(fit, kind)
            hits[kind] += (result.conf_low <= planted) & (planted <= result.conf_high)
    return np.mean([fit.estimates for fit in fits], axis=0), {
        kind: hit / draws for kind, hit in hits.items()
    }


@pytest.mark.parametrize(
    ("net", "t", "draws"),
    [(SMALL, 40, 500), (LARGE, 20, 100)],
    ids=["31 x 40", "300 x 20"],
)
@pytest.mark.parametrize(
    ("model", "truth"), [("SDM", DURBIN), ("SDEM", ERROR)], ids=["SDM", "SDEM"]
)
def test_planted_parameters_and_effects_are_found(net, t, draws, model, truth):
    means, result = coverage(net, truth, t, PanelModel(model), draws)
    shares = result["observed"]
    spatial = truth.rho if model == "SDM" else truth.lam
    close(means, [spatial, *truth.beta, *truth.theta, 1.0], atol=0.02)
    assert (np.abs(shares - 0.95) < 3 * np.sqrt(0.05 * 0.95 / draws)).all()


@pytest.mark.parametrize("lam", [0.3, -0.3])
def test_both_spatial_parameters_of_a_sac_are_found(lam):
    truth = Truth(
        rho=0.4,
        lam=lam,
        beta=(1.0, -0.5),
        theta=(0.0, 0.0),
    )
    draws = 300
    means, result = coverage(SMALL, truth, 40, PanelModel("SAC"), draws)
    close(means, [truth.rho, lam, *truth.beta, 1.0], atol=0.02)
    tolerance = 3 * np.sqrt(0.05 * 0.95 / draws) + 0.01
    assert (np.abs(result["observed"] - 0.95) < tolerance).all()


NEAREST = nearest(4)
SHORT = 20


def persistent(rng, shape, memory):
    """Return AR(1) paths along the second axis with unit variance."""
    out = rng.normal(size=shape)
    for t in range(1, shape[1]):
        out[:, t] = memory * out[:, t - 1] + np.sqrt(1 - memory**2) * out[:, t]
    return out


def panel(truth, memory, rng, X=None):
    n = NEAREST.n
    X = (
        np.stack([persistent(rng, (n, SHORT), 0.9) for _ in truth.beta], axis=2)
        if X is None
        else X
    )
    errors = sampling_spread(NEAREST, truth.lam) @ persistent(rng, (n, SHORT), memory)
    mean = X @ np.array(truth.beta) + NEAREST.lag(X) @ np.array(truth.theta)
    y = sampling_spread(NEAREST, truth.rho) @ (
        mean + rng.normal(size=(n, 1)) + rng.normal(size=(1, SHORT)) + errors
    )
    return panel_from_arrays(
        y.T, X.transpose(1, 0, 2), NEAREST.units, [f"x{i}" for i in range(X.shape[2])]
    )


def serial_coverage(model, truth, memory, draws, X=None, wild=0):
    """Return the share of 95 % intervals that hold the truth by covariance, shape (3,
    K), and the mean G*.
    """
    rng = generator_for(2011, f"serial {model} {memory}")
    planted = truth.effects(NEAREST)
    hits = dict.fromkeys(["observed", "unit", *["wild"] * bool(wild)], 0.0)
    effective = np.zeros_like(planted)
    for draw in range(draws):
        sample = panel(truth, memory, rng, X)
        fit = fit_spatial_panel(sample, NEAREST, PanelModel(model))
        by_unit = clustered_impacts(fit)
        effective += by_unit.effective_units
        for kind, result in (
            ("observed", delta_impacts(fit)),
            ("unit", by_unit.impacts),
        ):
            hits[kind] = (
                hits[kind]
                + ((result.conf_low <= planted) & (planted <= result.conf_high)) / draws
            )
        if draw < wild:
            far = np.abs(by_unit.impacts.estimate - planted) / by_unit.impacts.std_error
            bootstrap = unit_bootstrap(sample, fit, rng, 199)
            hits["wild"] = (
                hits["wild"]
                + (far <= np.quantile(np.abs(bootstrap.effects), 0.95, axis=0)) / wild
            )
    return hits, effective / draws


# Long version (2,000 draws): plain about .70, by unit .92 to .95. Three standard errors
# of a share of 300 are .04.
@pytest.mark.parametrize(("model", "truth"), [("SDM", DURBIN), ("SDEM", ERROR)])
def test_intervals_by_unit_hold_the_truth_when_errors_are_correlated_over_years(
    model, truth
):
    shares, effective = serial_coverage(model, truth, 0.7, 300)
    assert (shares["observed"] < 0.80).all()
    assert (shares["unit"] > 0.89).all()
    assert (shares["unit"] < 0.985).all()
    assert shares["unit"].mean() > 0.92
    assert (effective > 10).all()
    assert (effective < 31).all()


@pytest.mark.parametrize(
    ("model", "name", "truth"),
    [
        ("SAR", "rho", Truth(rho=0.5, theta=(0.0,))),
        ("SEM", "lambda", Truth(lam=0.5, theta=(0.0,))),
    ],
)
def test_standard_errors_of_rho_and_lambda_are_those_of_their_sampling(
    model, name, truth
):
    """The quadratic scores: pairs of units counted once, variance tr(S S) under
    correlation over years.
    """
    rng = generator_for(2011, f"sampling {model}")
    fits = [
        fit_spatial_panel(panel(truth, 0.7, rng), NEAREST, PanelModel(model))
        for _ in range(400)
    ]
    sampled = np.std([fit[name] for fit in fits])
    by_unit, plain = (
        np.sqrt(np.mean([fit.std_errors(kind)[0] ** 2 for fit in fits]))
        for kind in ("unit", "observed")
    )
    close(by_unit, sampled, rtol=0.12)
    assert plain < 0.75 * sampled

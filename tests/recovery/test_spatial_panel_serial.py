"""Errors that hang together over years: how often intervals of effects hold the truth, by covariance.

``PYTHONPATH=tests python -m recovery.test_spatial_panel_serial`` runs the long version and prints coverage, also with
the study's own zones as regressor and with the wild bootstrap by unit.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.bootstrap import unit_bootstrap
from evenfield.numerics.spatial_panel.impacts import clustered_impacts, delta_impacts
from evenfield.numerics.spatial_panel.models import PanelModel, fit_spatial_panel
from evenfield.numerics.spatial_panel.panel import panel_from_arrays
from recovery.test_spatial_panel import Truth, nearest, spread

pytestmark = pytest.mark.montecarlo
NET, T = nearest(4), 20
DOSES = Path(__file__).parents[2] / "results" / "panel" / "31" / "doses.csv"
DURBIN = Truth(rho=0.4, beta=(1.0, -0.5), theta=(0.3, 0.4))
ERROR = Truth(lam=0.4, beta=(1.0, -0.5), theta=(0.3, 0.4))


def persistent(rng, shape, memory):
    """Return AR(1) paths along the second axis with unit variance."""
    out = rng.normal(size=shape)
    for t in range(1, shape[1]):
        out[:, t] = memory * out[:, t - 1] + np.sqrt(1 - memory**2) * out[:, t]
    return out


def panel(truth, memory, rng, X=None):
    n = NET.n
    X = np.stack([persistent(rng, (n, T), 0.9) for _ in truth.beta], axis=2) if X is None else X
    errors = spread(NET, truth.lam) @ persistent(rng, (n, T), memory)
    mean = X @ np.array(truth.beta) + NET.lag(X) @ np.array(truth.theta)
    y = spread(NET, truth.rho) @ (mean + rng.normal(size=(n, 1)) + rng.normal(size=(1, T)) + errors)
    return panel_from_arrays(y.T, X.transpose(1, 0, 2), NET.units, [f"x{i}" for i in range(X.shape[2])])


def coverage(model, truth, memory, draws, X=None, wild=0):
    """Return the share of 95 % intervals that hold the truth by covariance, shape (3, K), and the mean G*."""
    rng, planted = generator_for(2011, f"serial {model} {memory}"), truth.effects(NET)
    hits, effective = {"observed": 0.0, "unit": 0.0, "wild": 0.0}, np.zeros_like(planted)
    for draw in range(draws):
        sample = panel(truth, memory, rng, X)
        fit = fit_spatial_panel(sample, NET, PanelModel(model))
        by_unit = clustered_impacts(fit)
        effective += by_unit.effective_units
        for kind, found in (("observed", delta_impacts(fit)), ("unit", by_unit.impacts)):
            hits[kind] = hits[kind] + ((found.conf_low <= planted) & (planted <= found.conf_high))
        if draw < wild:
            far = np.abs(by_unit.impacts.estimate - planted) / by_unit.impacts.std_error
            bootstrap = unit_bootstrap(sample, fit, rng, 199)
            hits["wild"] = hits["wild"] + (far <= np.quantile(np.abs(bootstrap.effects), 0.95, axis=0))
    shares = {kind: np.asarray(value) / (wild if kind == "wild" else draws) for kind, value in hits.items() if
              kind != "wild" or wild}  # fmt: skip
    return shares, effective / draws


# Long version (2,000 draws): plain about .70, by unit .92 to .95. Three standard errors of a share of 300 are .04.
@pytest.mark.parametrize(("model", "truth"), [("SDM", DURBIN), ("SDEM", ERROR)])
def test_intervals_by_unit_hold_the_truth_when_errors_are_correlated_over_years(model, truth):
    shares, effective = coverage(model, truth, 0.7, 300)
    assert (shares["observed"] < 0.80).all() and (shares["unit"] > 0.89).all() and (shares["unit"] < 0.985).all()
    assert shares["unit"].mean() > 0.92 and (effective > 10).all() and (effective < 31).all()


@pytest.mark.parametrize(("model", "name", "truth"), [
    ("SAR", "rho", Truth(rho=0.5, theta=(0.0,))), ("SEM", "lambda", Truth(lam=0.5, theta=(0.0,))),
])  # fmt: skip
def test_standard_errors_of_rho_and_lambda_are_those_of_their_sampling(model, name, truth):
    """The quadratic scores: pairs of units counted once, variance tr(S S) under correlation over years."""
    rng = generator_for(2011, f"sampling {model}")
    fits = [fit_spatial_panel(panel(truth, 0.7, rng), NET, PanelModel(model)) for _ in range(400)]
    sampled = np.std([fit[name] for fit in fits])
    by_unit, plain = (np.sqrt(np.mean([fit.std_errors(kind)[0] ** 2 for fit in fits])) for kind in ("unit", "observed"))
    assert by_unit == pytest.approx(sampled, rel=0.12) and plain < 0.75 * sampled


def test_they_cost_little_when_errors_are_independent():
    shares, _ = coverage("SDM", DURBIN, 0.0, 300)
    assert (shares["observed"] > 0.91).all() and (shares["unit"] > 0.90).all() and (shares["unit"] < 0.99).all()


def state_zones():
    """Return the state-level zones of the study's provinces, tens of zones, shape (31, 20, 1)."""
    doses = pd.read_csv(DOSES, dtype={"unit": str})
    kept = doses[(doses["zone_type"] == "state") & (doses["year"] >= 2000)]
    return kept.pivot(index="unit", columns="year", values="zones").loc[list(NET.units)].to_numpy(float)[..., None] / 10


def full_experiment(draws: int = 2000, wild: int = 0):
    """Print coverage of direct, indirect and total effects by model, memory of the errors, regressor and covariance."""
    cases = [("AR(.9) regressors", DURBIN, ERROR, None)]
    if DOSES.exists():
        cases.append(("state zones", Truth(rho=0.4, theta=(0.3,)), Truth(lam=0.4, theta=(0.3,)), state_zones()))
    for name, durbin, error, X in cases:
        for memory in (0.0, 0.7, 0.9):
            for model, truth in (("SDM", durbin), ("SDEM", error)):
                shares, effective = coverage(model, truth, memory, draws, X, wild)
                sys.stdout.write(f"{name}, {model}, memory {memory}, G* {effective.round(1).tolist()}\n")
                for kind, found in shares.items():
                    sys.stdout.write(f"    {kind} {found.round(3).tolist()}\n")


if __name__ == "__main__":
    full_experiment()

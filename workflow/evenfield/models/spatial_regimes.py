"""Whether neighbours pull harder on units of one regime: a spatial Durbin model with a
spatial parameter in each of two, and how sound its test is on simulated samples.
"""

from typing import NamedTuple

import numpy as np

from evenfield.models.rows import NAN, Row
from evenfield.numerics.arrays import Array
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.spatial import Weights
from evenfield.numerics.spatial_panel.two_regime import TwoRegimeFit, two_regime_durbin

NOMINAL = 0.05


class Regimes(NamedTuple):
    """A fit with two spatial parameters, and what it was fitted to."""

    fit: TwoRegimeFit
    X: Array  # (N, 1 + 2 K): constant, regressors and their spatial lags
    W: Weights  # (N, N)
    inside: np.ndarray  # (N,) units of the regime

    @property
    def difference(self) -> Tested:
        """How much harder neighbours pull on units of the regime."""
        fit = self.fit
        return Tested(
            estimate=fit.rho_inside - fit.rho_outside,
            std_error=fit.std_error,
            se_type="observed information",
            statistic=fit.likelihood_ratio,
            df=1.0,  # one restriction: both parameters are equal
            p_value=fit.p_value,
            p_type="likelihood ratio, chi-squared",
            law="chi-squared(1)",
        )

    def rows(self, names: tuple[str, ...]) -> list[Row]:
        """Return the difference, both parameters and the coefficients of ``X``, in names."""
        fit = self.fit
        parameters = [fit.rho_inside, fit.rho_outside, *fit.beta.tolist()]
        terms = ("rho inside", "rho outside", *names)
        described = [
            Row(term, Tested(estimate=value))
            for term, value in zip(terms, parameters, strict=True)
        ]
        method = "likelihood ratio"
        return [Row("inside - outside", self.difference, method), *described]


def two_regimes(y: Array, regressors: Array, W: Weights, inside: np.ndarray) -> Regimes:
    """Fit y = rho_1 D W y + rho_0 (I - D) W y + a + X b + W X g + e, D for the units of a
    regime; y, inside (N,), regressors (N, K), W (N, N).

    Notes
    -----
    Two-regime spatial Durbin model, Elhorst and Freret (2009).
    """
    X = np.column_stack([np.ones(len(y)), regressors, W @ regressors])
    return Regimes(two_regime_durbin(y, X, W, inside), X, W, inside)


class Soundness(NamedTuple):
    """What the test does on samples in which neighbours pull alike."""

    bias: float  # mean difference that is found
    size: float  # share of samples in which the nominal 5% test rejects
    samples: int


def soundness(regimes: Regimes, rng: np.random.Generator, samples: int) -> Soundness:
    """Fit samples that are simulated from the fitted coefficients with one common rho."""
    fit, X, W, inside = regimes.fit, regimes.X, regimes.W, regimes.inside
    if not samples:
        return Soundness(NAN, NAN, 0)
    # y = (I - rho W)^-1 (X b + e), one rho: the truth has no difference.
    reach = np.linalg.inv(np.eye(len(X)) - fit.rho * (W @ np.eye(len(X))))
    errors = rng.standard_normal((samples, len(X))) * np.sqrt(fit.sigma2)
    fits = [two_regime_durbin(reach @ (X @ fit.beta + e), X, W, inside) for e in errors]
    return Soundness(
        bias=float(np.mean([one.rho_inside - one.rho_outside for one in fits])),
        # A sound test would reject in one sample of twenty.
        size=float(np.mean([one.p_value < NOMINAL for one in fits])),
        samples=samples,
    )

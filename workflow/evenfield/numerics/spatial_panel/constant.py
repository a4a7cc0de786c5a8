"""The constant of spatial models that concentrate it out."""

from collections.abc import Mapping

import numpy as np

from evenfield.numerics.errors import NumericsError
from evenfield.numerics.spatial_panel.fitted import FittedPanel
from evenfield.numerics.spatial_panel.panel import BalancedPanel


def with_constant(
    panel: BalancedPanel, fit: FittedPanel, covariances: Mapping[str, np.ndarray]
) -> tuple[list[str], np.ndarray, dict[str, np.ndarray]]:
    """Return names, estimates and covariances by kind, the constant first.

    Notes
    -----
    The likelihood is concentrated in the constant a: a is the mean of (I - lambda W)(y
    - rho W y - X b - W X th) over that of (I - lambda W)1, which for row-standardised W
    is 1 - lambda; var(a) = var(a | others) + g'Vg, with g the derivatives of a in the
    others, or their expectation. Sandwiches (qml, unit) would need the scores of a as
    well: they give it no error.
    """
    of = dict(zip(fit.names, fit.estimates.tolist(), strict=True))
    net = fit.network
    wide = panel.ordered(net.units)
    lagged = net.lag(wide)[
        ..., [0, *(1 + fit.regressors.index(name) for name in fit.lagged)]
    ]
    columns = np.concatenate(
        [wide[..., :1], lagged[..., :1], wide[..., 1:], lagged[..., 1:]], axis=2
    )
    names = ["rho", *fit.regressors, *(f"W {name}" for name in fit.lagged)]
    weights_of = np.array([1.0, *(-of.get(name, 0.0) for name in names)])
    lam = of.get("lambda", 0.0)
    n, t = wide.shape[:2]
    if lam and not net.row_standardised:
        raise NumericsError("a pooled error model needs weights whose rows sum to one")
    plain = columns.mean(axis=(0, 1))
    lag = net.lag(columns).mean(axis=(0, 1))
    filtered = (plain - lam * lag) / (1 - lam)
    level = float(filtered @ weights_of)
    slopes = dict(zip(names, -filtered[1:], strict=True)) | {
        "lambda": (level - float(lag @ weights_of)) / (1 - lam)
    }
    mean = net.factor(of.get("rho", 0.0)).solve(
        level - columns[..., 2:] @ weights_of[2:]
    )
    kinds = {
        "observed": slopes,
        "expected": slopes | {"lambda": 0.0, "rho": -net.lag(mean).mean()},
    }
    spread = 1 + t * of["phi"] if "phi" in of else (1 - lam) ** -2
    own = np.diag([of["sigma2"] * spread / (n * t), *np.zeros(len(fit.names))])
    out = {}
    for kind, V in covariances.items():
        of_kind = kinds.get(kind, dict.fromkeys(fit.names, np.nan))
        J = np.vstack([[of_kind.get(name, 0.0) for name in fit.names], np.eye(len(V))])
        out[kind] = J @ V @ J.T + own
    return ["Intercept", *fit.names], np.concatenate([[level], fit.estimates]), out

"""Direct, indirect and total effects of a Durbin model for 1,000 draws of its
parameters.
"""

from typing import Any

import numpy as np
from spatial_panel import SHAPES, lattice

from evenfield.numerics.spatial_panel.impacts import effects_of, multipliers
from evenfield.numerics.spatial_panel.network import network

TITLE = "Effects for 1,000 draws, 4 regressors"
TEXT = """The references are our own, in NumPy: powers of rho on stored traces of W (30, as LeSage and Pace take,
exact ones, so that a draw of .55 is right to 1e-8), the stored eigenvalues, and one dense inverse a draw (timed over
fewer draws and multiplied). Stored traces are the fastest, where rho stays moderate and the traces are known. Ours
reads the derivative of the stored log-determinant, which is right to 1e-10 whatever rho."""
DRAWS = 1000
POWERS = 30
INVERSES = {300: 20, 2800: 1}


def cases(smoke: bool) -> Any:
    for n in (300,) if smoke else SHAPES:
        rng = np.random.default_rng(n)
        W = lattice(*SHAPES[n])
        net = network(range(n), W)
        dense = W.toarray() if n < 5000 else None
        net.logdet  # noqa: B018
        beta, theta = 1 + 0.1 * rng.normal(size=(2, DRAWS, 4))
        yield case(n, net, dense, 0.4 + 0.05 * rng.normal(size=DRAWS), beta, theta)


def case(
    n: int, net: Any, dense: Any, rho: np.ndarray, beta: np.ndarray, theta: np.ndarray
) -> dict[str, Any]:
    eigenvalues = None if dense is None else np.linalg.eigvalsh(dense)
    traces = (
        None
        if dense is None
        else np.array([(eigenvalues**q).mean() for q in range(POWERS + 2)])
    )

    def effects(
        own: np.ndarray,
        own_lag: np.ndarray,
        b: Any = beta,
        th: Any = theta,
        r: Any = rho,
    ) -> np.ndarray:
        direct = own[:, None] * b + own_lag[:, None] * th
        total = (b + th) / (1 - r)[:, None]
        return np.stack([direct, total - direct, total], axis=1)

    def by_traces() -> np.ndarray:
        powers = rho[:, None] ** np.arange(POWERS + 1)
        return effects(powers @ traces[:-1], powers @ traces[1:])

    def by_eigenvalues() -> np.ndarray:
        roots = 1 / (1 - rho[:, None] * eigenvalues)
        return effects(roots.mean(axis=1), (roots @ eigenvalues) / n)

    def by_inverses() -> np.ndarray:
        few = slice(INVERSES[n])
        out = []
        for value in rho[few]:
            S = np.linalg.inv(np.eye(n) - value * dense)
            out.append((np.trace(S) / n, np.vdot(S, dense.T) / n))
        return effects(*np.array(out).T, beta[few], theta[few], rho[few])

    def check(result: dict[str, Any]) -> None:
        for other in [result[name] for name in result if name != "ours"]:
            np.testing.assert_allclose(result["ours"][: len(other)], other, rtol=1e-7)

    peers = {
        "stored traces": by_traces,
        "stored eigenvalues": by_eigenvalues,
        "an inverse each draw": by_inverses,
    }
    return {"what": f"{n:,} units", "ours": lambda: effects_of(multipliers(net, rho), beta, theta), "check": check,
            "peers": {} if dense is None else peers, "asked": {"an inverse each draw": 30.0},
            "scale": {"an inverse each draw": DRAWS / INVERSES.get(n, DRAWS)},
            "within": 0.002 if n == 300 else None}  # fmt: skip

"""Direct, indirect and total effects for 1,000 draws of a Durbin model: ours against one inverse for each draw."""

from typing import Any

import numpy as np
from spatial_panel import SHAPES, lattice

from evenfield.numerics.random import generator_for
from evenfield.numerics.spatial_panel.impacts import effects_of, multipliers
from evenfield.numerics.spatial_panel.network import network

ID = "P4"
DRAWS, K = 1000, 4
SHAPES = {31: (1, 31), **SHAPES}
SIZES = {str(units): {"units": units} for units in SHAPES}
SMOKE = ("31", "2800")
GOALS = {size: {"inverse for each draw": 30.0, "within_seconds": 0.002} for size in SIZES}
PEERS = ("inverse for each draw",)
# Fewer draws are timed and scaled up where one inverse is slow; at N = 10,000 a dense inverse does not fit.
SHORTENED = {"2800": 5, "300": 100}
SKIP = {"10000": PEERS}


def setup(size: str) -> dict[str, Any]:
    n = SIZES[size]["units"]
    rng = generator_for(1, f"benchmark:impacts:{size}")
    net = network(range(n), lattice(*SHAPES[n]))
    net.logdet  # noqa: B018
    beta, theta = 1 + 0.1 * rng.normal(size=(2, DRAWS, K))
    return {"net": net, "rho": 0.4 + 0.05 * rng.normal(size=DRAWS), "beta": beta, "theta": theta,
            "timed": SHORTENED.get(size, DRAWS)}  # fmt: skip


def ours(data: dict[str, Any]) -> np.ndarray:
    return effects_of(multipliers(data["net"], data["rho"]), data["beta"], data["theta"])


def inverse_for_each_draw(data: dict[str, Any]) -> np.ndarray:
    """Return effects of the first draws only at larger sizes; ``seconds`` is what all draws would take."""
    W, n = data["net"].matrix.toarray(), data["net"].n
    out = []
    for rho, b, th in zip(data["rho"][: data["timed"]], data["beta"], data["theta"], strict=False):
        S = np.linalg.inv(np.eye(n) - rho * W)
        own, own_lag = np.trace(S) / n, np.vdot(S, W.T) / n
        total = S.sum() / n * b + (S.sum(axis=0) @ W.sum(axis=1)) / n * th
        direct = own * b + own_lag * th
        out.append([direct, total - direct, total])
    return np.array(out)


IMPLEMENTATIONS = {"ours": ours, "inverse for each draw": inverse_for_each_draw}


def scale(size: str, name: str) -> float:
    """Say by how much a timing of fewer draws is multiplied."""
    return DRAWS / SHORTENED.get(size, DRAWS) if name in PEERS else 1.0


def check(data: dict[str, Any], results: dict[str, Any]) -> None:
    if PEERS[0] in results:
        np.testing.assert_allclose(results["ours"][: data["timed"]], results[PEERS[0]], rtol=1e-7)

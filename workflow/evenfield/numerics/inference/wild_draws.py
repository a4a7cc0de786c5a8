"""Weights of the wild cluster bootstrap, one column for each cluster by name, so that hypotheses can share them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evenfield.numerics.errors import NumericsError

WebbOrRademacher = Literal["rademacher", "webb"]
WEBB_POINTS = np.sqrt(np.array([1.5, 1.0, 0.5, 0.5, 1.0, 1.5])) * np.array([-1, -1, -1, 1, 1, 1])


@dataclass(frozen=True)
class WildDraws:
    """Bootstrap weights."""

    clusters: np.ndarray  # (G,) names in sorted order
    weights: np.ndarray  # (B, G) rademacher as -1 and 1 in bytes, Webb as numbers
    kind: WebbOrRademacher  # ``"rademacher"`` or ``"webb"``
    enumerated: bool  # whether the rows are all 2^G Rademacher vectors, each once, instead of a sample

    @property
    def count(self) -> int:
        """Number of draws B."""
        return len(self.weights)

    def columns(self, names: np.ndarray) -> np.ndarray:
        """Return the weights of some clusters in the order of their names; names (g,) -> (B, g)."""
        if np.array_equal(names, self.clusters):
            return self.weights
        missing = np.setdiff1d(names, self.clusters)
        if len(missing):
            raise NumericsError(f"{len(missing)} clusters have no bootstrap weights, for example {missing[0]}")
        return self.weights[:, np.searchsorted(self.clusters, names)]


def wild_draws(clusters: Iterable[object], kind: WebbOrRademacher, count: int, rng: np.random.Generator) -> WildDraws:
    """Draw weights for the clusters, or list all Rademacher vectors when there are no more than ``count``.

    Notes
    -----
    Webb (2014), "Reworking wild bootstrap based inference for clustered errors".
    """
    names = np.unique(clusters if isinstance(clusters, np.ndarray) else np.array(list(clusters)))
    if len(names) < 2 or count < 1:
        raise NumericsError(f"{count} draws for {len(names)} clusters: both must be positive, two clusters at least")
    if kind not in {"rademacher", "webb"}:
        raise NumericsError(f"bootstrap weights are rademacher or webb, not {kind}")
    if kind == "webb":
        return WildDraws(names, WEBB_POINTS[rng.integers(0, 6, (count, len(names)))], kind, enumerated=False)
    if 2.0 ** len(names) <= count:
        return WildDraws(names, _all_signs(len(names)), kind, enumerated=True)
    size = count * len(names)
    bits = np.unpackbits(np.frombuffer(rng.bytes(-(-size // 8)), dtype=np.uint8))[:size]
    return WildDraws(names, bits.astype(np.int8).reshape(count, -1) * np.int8(2) - np.int8(1), kind, enumerated=False)


def _all_signs(G: int) -> np.ndarray:
    numbers = np.arange(2**G)[:, None]
    return np.asarray(1 - 2 * (numbers >> np.arange(G) & 1), dtype=np.int8)

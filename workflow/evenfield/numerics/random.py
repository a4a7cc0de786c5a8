"""Random streams without global state: one stream for each base seed and draw id."""

from __future__ import annotations

import hashlib

import numpy as np

ENTROPY_BYTES = 16


def generator_for(seed: int, draw_id: str) -> np.random.Generator:
    """Return the random stream that belongs to a base seed and a draw id.

    Parameters
    ----------
    seed : int
        Base seed of the study, zero or larger.
    draw_id : str
        What the draws are for, for example ``"beta:absolute:31:all:P1:moran"``. Two ids give independent
        streams, and the stream of an id does not depend on which other ids are drawn.

    Returns
    -------
    numpy.random.Generator
        PCG64 seeded by a SeedSequence of the seed and the SHA-256 of the id (never Python's salted ``hash``).
    """
    digest = hashlib.sha256(draw_id.encode("utf-8")).digest()[:ENTROPY_BYTES]
    entropy = [seed, int.from_bytes(digest, "big")]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))

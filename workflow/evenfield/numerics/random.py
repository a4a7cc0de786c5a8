"""Random streams without global state: one stream for each base seed and draw id."""

import hashlib

import numpy as np

ENTROPY_BYTES = 16


def generator_for(seed: int, draw_id: str) -> np.random.Generator:
    """Return the random stream that belongs to a base seed and a draw id."""
    digest = hashlib.sha256(draw_id.encode("utf-8")).digest()[:ENTROPY_BYTES]
    entropy = [seed, int.from_bytes(digest, "big")]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))

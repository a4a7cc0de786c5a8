"""Random streams of published numbers: one generator for each draw id, so that no
number moves when another is added.
"""

import numpy as np

from evenfield.numerics.random import generator_for
from evenfield.shared.spec import UnitsSpec
from evenfield.study.study_config import InferenceSettings


def stream(
    inference: InferenceSettings, word: str, spec: UnitsSpec, *parts: object
) -> tuple[np.random.Generator, str]:
    """Return the generator of one number of a specification, and its seed as rows say
    it; ``word`` opens the draw id and stays as it was first published.
    """
    draw_id = draw_id_of(word, spec, *parts)
    return generator_for(inference.seed, draw_id), f"{inference.seed}:{draw_id}"


def draw_id_of(word: str, spec: UnitsSpec, *parts: object) -> str:
    """Return the draw id of one number of a specification (`stream`)."""
    opening = (word, spec.id, spec.unit_scheme, spec.sample)
    return ":".join(map(str, (*opening, *parts)))

"""Speeds on both sides of a break: what a person plants, at every step between dates."""

import numpy as np
import pytest
from numpy.random import default_rng

from evenfield.models.speed_paths import speed_break
from tolerances import close

N = 30
T = 21
BREAK = 9  # position of the date with which the first regime ends


@pytest.mark.parametrize("step", [0.25, 1.0, 5.0, 10.0])
def test_planted_speeds_come_back_per_year(step):
    before, after = 0.3 / step, 0.1 / step
    passed = np.arange(T) * step
    of_first = np.minimum(passed, passed[BREAK])
    logs = before * of_first + after * (passed - of_first)
    gaps = np.linspace(-1, 1, N)[:, None] * np.exp(-logs)
    noise = 1e-7 * default_rng(2).normal(size=(N, T))
    found = speed_break(9 + gaps + noise, step, default_rng(1), 9, 0.15)
    assert found.break_position == BREAK
    close([found.before, found.after], [before, after], rtol=1e-4)

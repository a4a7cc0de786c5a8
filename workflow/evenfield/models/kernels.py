"""Incomes that move, without classes: the density of later income given earlier income, the
density that it settles into, and whether a density has one mode.
"""

from typing import NamedTuple

import numpy as np

from evenfield.models.rows import Row
from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.inference.design import Tested
from evenfield.numerics.kernel_dynamics import (
    ModeTest,
    StochasticKernel,
    count_prominent_modes,
    ergodic_density,
    silverman_test,
    stochastic_kernel,
)

GRID = 60
PROMINENCE = 0.05
NEGLIGIBLE = 1e-6


def grid_over(values: Array, points: int = GRID) -> Array:
    """Return equally spaced values over the range that was seen; (points,)."""
    # ASSUME: income stays inside the range that was seen: kernels are reflected at its
    # ends and never extrapolated.
    return np.linspace(float(values.min()), float(values.max()), points)


class ErgodicKernel(NamedTuple):
    """A kernel of moves and the density that it settles into."""

    kernel: StochasticKernel
    solved: Array  # (G,) ergodic density as the linear system gives it
    modes: int
    at_an_end: bool  # whether the highest mode stands at an end of the range
    pairs: int

    @property
    def ergodic_density(self) -> Array:
        """The density that the kernel settles into, zero where only rounding is left, (G,)."""
        # The solution of a linear system knows its small entries only to 1e-16 of the
        # large ones.
        largest = self.solved.max()
        return np.where(self.solved > NEGLIGIBLE * largest, self.solved, 0.0)


def ergodic_kernel(logs: Array, step: int, points: int = GRID) -> ErgodicKernel:
    """Estimate the kernel f(y|x) of moves over so many dates and the density f(y) =
    integral f(y|x) f(x) dx that it settles into; logs of relative income (N, T).

    Notes
    -----
    ASSUME: kernels are estimated in logs, so that no mass lies below zero income, and a
    mode of an ergodic density rises above the ground around it by a twentieth of the
    highest mode.
    """
    if step >= logs.shape[1]:
        raise NumericsError(f"{logs.shape[1]} dates hold no move over {step} of them")
    x = logs[:, :-step].ravel()
    y = logs[:, step:].ravel()
    kernel = stochastic_kernel(x, y, grid_over(logs, points))
    solved = ergodic_density(kernel)
    return ErgodicKernel(
        kernel=kernel,
        solved=solved,
        modes=count_prominent_modes(solved, PROMINENCE),
        # A mode can stand at an end of the range; what lies beyond it was never seen.
        at_an_end=bool(solved.argmax() in (0, len(solved) - 1)),
        pairs=len(y),
    )


def conditioned(logs: Array, other: Array, defined: np.ndarray) -> StochasticKernel:
    """Estimate the density of another log income given one, where it is defined, on one
    grid for both, so that the diagonal is where they are equal; all (M,).
    """
    grid = grid_over(np.concatenate([logs, other[defined]]))
    return stochastic_kernel(logs[defined], other[defined], grid)


def one_mode(logs: Array, rng: np.random.Generator, draws: int) -> ModeTest:
    """Test whether the density of log incomes of a date, (N,), has more than one mode.

    Notes
    -----
    The smallest bandwidth with which a kernel density has one mode is large where there
    are two (Silverman 1981). Conservative (Hall and York 2001).
    """
    return silverman_test(logs, 1, rng, draws)


def mode_row(term: str, test: ModeTest) -> Row:
    """Return the critical bandwidth of a test of one mode, with its p."""
    law = f"{test.draws} smoothed samples"
    tested = Tested(estimate=test.bandwidth, p_value=test.p_value, law=law)
    return Row(term, tested, "smoothed bootstrap")

"""Speeds of convergence of separate periods, compared.

Slopes of periods of different length differ even where the speed is one, so speeds are
compared and never slopes. The covariance between periods comes from the units that they
share, and p-values from a bootstrap that keeps each unit together.
"""

from typing import NamedTuple

import numpy as np

from evenfield.numerics.arrays import Array
from evenfield.numerics.errors import NumericsError
from evenfield.numerics.ols import Inference, t_inference
from evenfield.numerics.rolling.windows import WindowFit, slope_draws


class SpeedContrasts(NamedTuple):
    """Differences between speeds of convergence in S separate periods."""

    # (S,) speeds, per year
    speed: Array
    # speed of each later period minus that of the first, delta method with t(N - 2)
    contrasts: tuple[Inference, ...]
    # (S - 1,) two-sided wild bootstrap-t p-values of the contrasts
    p_bootstrap: Array
    # joint test that all speeds are equal, divided by its S - 1 restrictions
    wald: float
    wald_p: float  # its bootstrap p-value
    draws_left_out: int  # draws in which a speed does not exist


class SpeedGaps(NamedTuple):
    """Speeds less the speed of the first period, in D samples."""

    gap: Array  # (D, S - 1)
    covariance: Array  # (D, S - 1, S - 1)

    @property
    def std_error(self) -> Array:
        """Standard errors of the gaps, shape (D, S - 1)."""
        return np.asarray(np.sqrt(np.einsum("dss->ds", self.covariance)))


class NullDraws(NamedTuple):
    """Statistics of samples in which the speeds are equal."""

    t_ratios: Array  # (D, S - 1)
    wald: Array  # (D,)
    left_out: int


def speed_contrasts(
    fit: WindowFit,
    years: np.ndarray,
    rng: np.random.Generator,
    draws: int,
    level: float = 0.95,
) -> SpeedContrasts:
    """Compare speeds of convergence between periods of different length; years (S,).

    Notes
    -----
    b = -(1 - e^{-lambda T})/T, so that lambda = -ln(1 + bT)/T and
    d lambda / d b = -1/(1 + bT).
    """
    periods = len(fit.slope)
    units = len(fit.weights)
    if periods < 2 or units <= periods + 1:
        raise NumericsError(
            f"{periods} periods and {units} units allow no comparison of speeds"
        )
    if (1 + fit.slope * years <= 0).any():
        raise NumericsError("a speed is not defined: 1 + bT is not positive")
    speed = _speed(fit.slope, years)
    gaps = _gaps(fit.slope[None], fit.covariance[None], years)
    gap = gaps.gap[0]
    std_error = gaps.std_error[0]
    wald = float(_wald(gaps.gap, gaps.covariance)[0])
    null = _null_draws(fit, speed, years, rng, draws)
    larger = (np.abs(null.t_ratios) >= np.abs(gap / std_error)).sum(axis=0)
    larger_wald = int((null.wald >= wald).sum())
    return SpeedContrasts(
        speed=speed,
        contrasts=tuple(
            t_inference(float(estimate), float(error), fit.df, level)
            for estimate, error in zip(gap, std_error, strict=True)
        ),
        p_bootstrap=(1 + larger) / (1 + len(null.t_ratios)),
        wald=wald,
        wald_p=(1 + larger_wald) / (1 + len(null.wald)),
        draws_left_out=null.left_out,
    )


def _speed(slope: Array, years: np.ndarray) -> Array:
    return np.asarray(-np.log1p(slope * years) / years)


def _gaps(slopes: Array, covariance: Array, years: np.ndarray) -> SpeedGaps:
    """Return gaps of speeds from slopes (D, S) and their covariances (D, S, S)."""
    # d lambda / d b = -1 / (1 + bT); the two signs cancel.
    scale = 1 / (1 + slopes * years)
    of_speeds = covariance * scale[:, :, None] * scale[:, None, :]
    # Var(l_s - l_1, l_q - l_1) = V_sq - V_s1 - V_1q + V_11
    with_first = of_speeds[:, 1:, :1]
    speed = _speed(slopes, years)
    return SpeedGaps(
        gap=speed[:, 1:] - speed[:, :1],
        covariance=of_speeds[:, 1:, 1:]
        - with_first
        - np.swapaxes(with_first, 1, 2)
        + of_speeds[:, :1, :1],
    )


def _wald(gap: Array, covariance: Array) -> Array:
    """Return gap' V^-1 gap divided by the number of gaps, for each sample."""
    try:
        solved = np.linalg.solve(covariance, gap[:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        raise NumericsError(
            "the periods cannot be distinguished: some hold the same years or the same"
            " growth"
        ) from None
    return np.asarray((gap * solved).sum(axis=1) / gap.shape[1])


def _null_draws(
    fit: WindowFit,
    speed: Array,
    years: np.ndarray,
    rng: np.random.Generator,
    draws: int,
) -> NullDraws:
    estimate = speed[1:] - speed[:1]
    t_ratios = []
    walds = []
    left_out = 0
    for sample in slope_draws(fit, rng, draws):
        slopes = fit.slope + sample.deviation
        defined = (1 + slopes * years > 0).all(axis=1)
        left_out += int((~defined).sum())
        gaps = _gaps(slopes[defined], sample.covariance[defined], years)
        deviation = gaps.gap - estimate
        t_ratios.append(deviation / gaps.std_error)
        walds.append(_wald(deviation, gaps.covariance))
    return NullDraws(
        t_ratios=np.concatenate(t_ratios), wald=np.concatenate(walds), left_out=left_out
    )

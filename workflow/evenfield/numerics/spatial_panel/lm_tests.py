"""Lagrange multiplier tests: which spatial term the residuals of a model without any
ask for.

Only least squares are fitted; a score of the absent term is compared with its variance.
The robust forms take out of each score what the other term would put into it.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr

from evenfield.numerics.arrays import Array
from evenfield.numerics.spatial_panel.effects import demeaned, has_time_effects
from evenfield.numerics.spatial_panel.models import (
    PanelModel,
    SpatialPanelFit,
    check_transformation,
    fit_spatial_panel,
)
from evenfield.numerics.spatial_panel.network import Network
from evenfield.numerics.spatial_panel.panel import BalancedPanel


class SpatialTest(NamedTuple):
    """One test."""

    name: str  # for example ``LM lag``
    statistic: (
        float  # the usual numbers; df is 0 for a statistic that is standard normal
    )
    df: float
    p_value: float
    law: str = "chi-squared"  # under the null, its degrees of freedom by their rule
    reason: str = ""  # why there is no statistic


def chi2_test(name: str, statistic: float, df: float) -> SpatialTest:
    """Return a chi-squared test with its upper-tail p-value."""
    return SpatialTest(name, statistic, df, float(chdtrc(df, max(statistic, 0.0))))


def lm_tests(
    panel: BalancedPanel, network: Network, effects: str, approach: str = "lee_yu"
) -> list[SpatialTest]:
    """Test residuals of the model without spatial terms for a spatial lag and for a
    spatial error.

    Parameters
    ----------
    panel, network
        As for ``fit_spatial_panel``.
    effects : str
        Effects removed.
    approach : str
        ``direct``: T copies, s2 = e'e/NT; ``lee_yu``: weights J W, T - 1 copies and the
        effective observations.

    Returns
    -------
    list of SpatialTest
        LM lag, LM error, robust LM lag, robust LM error.

    Raises
    ------
    NumericsError
        As ``fit_spatial_panel``.

    Notes
    -----
    Anselin, Bera, Florax and Yoon (1996); Anselin, Le Gallo and Jayet (2008); with
    transformed effects Debarsy and Ertur (2010). d_l = e'Wy/s2, d_e = e'We/s2, t =
    copies * tr(W'W + W W), J = (WXb)'M(WXb)/s2 + t. Transformed weights J W have the
    trace -1 when time effects are removed: the scores gain ``copies``, and t loses 2
    copies^2/n for the variance estimated beside. Without this the tests reject two to
    three times too often.
    """
    if approach == "lee_yu" and has_time_effects(effects):
        check_transformation(network)
    fit = fit_spatial_panel(panel, network, PanelModel("OLS", effects, approach))
    values = panel.ordered(network.units)
    e = fit.residuals.T
    s2 = fit.sigma2
    counts = fit.point.moments.counts
    # Transformed weights J W have the trace -1, so that the scores are not centred.
    centre = counts.copies * counts.drop
    links = counts.copies * _link_traces(network, counts.drop)
    t = links - 2 * centre**2 / counts.observations
    # Residuals carry Q, so W y needs none.
    d_lag = float(np.vdot(e, network.lag(values[..., 0]))) / s2 + centre
    d_error = float(np.vdot(e, network.lag(e))) / s2 + centre
    information = _unexplained_lag(values, fit) / s2 + t
    share = t / information
    # What a lag would put into the score of the error, and the reverse, is taken out.
    robust_error = (d_error - share * d_lag) ** 2 / (t * (1 - share))
    return [
        chi2_test("LM lag", d_lag**2 / information, 1),
        chi2_test("LM error", d_error**2 / t, 1),
        chi2_test("robust LM lag", (d_lag - d_error) ** 2 / (information - t), 1),
        chi2_test("robust LM error", robust_error, 1),
    ]


def _unexplained_lag(values: Array, fit: SpatialPanelFit) -> float:
    """Return (W X b)'M(W X b): what the regressors leave of the lagged prediction."""
    slopes = fit.estimates[: len(fit.regressors)]
    prediction = fit.network.lag(values[..., 1:] @ slopes)
    columns = fit.point.columns.values[..., 1:].reshape(prediction.size, -1)
    centred = demeaned(prediction[..., None], fit.model.effects).ravel()
    rest = centred - columns @ np.linalg.lstsq(columns, centred)[0]
    return float(rest @ rest)


def _link_traces(network: Network, drop: int) -> float:
    """Return tr(W'W + W W), or the same for J W when the constant vector is dropped."""
    w = network.matrix
    plain = float(w.multiply(w).sum() + w.multiply(w.T).sum())
    column_squares = float((np.asarray(w.sum(axis=0)) ** 2).sum())
    return plain - drop * (1.0 + column_squares / network.n)


def bsk_tests(panel: BalancedPanel, network: Network) -> list[SpatialTest]:
    """Test pooled residuals for random unit effects and for a spatial error.

    Parameters
    ----------
    panel, network
        As for ``fit_spatial_panel``; the constant is added here.

    Returns
    -------
    list of SpatialTest
        LM1 (unit effects, one-sided), LM2 (spatial error, two-sided), their
        standardised versions SLM1 and SLM2, and the joint LM1^2 + LM2^2.

    Notes
    -----
    Baltagi, Song and Koh (2003, Journal of Econometrics 117, eq. 3.4 to 3.8): LM1 =
    sqrt(NT / (2(T - 1))) (e'(J_T x I)e / e'e - 1), LM2 = sqrt(N^2 T / b) e'(I x W)e /
    e'e with b = tr(W W + W'W). Standardised by exact moments of the ratios under normal
    errors.
    """
    fit = fit_spatial_panel(panel, network, PanelModel("OLS", "pooled", "direct"))
    n = network.n
    t = len(panel.periods)
    e = fit.residuals.T
    regressors = fit.point.columns.values[..., 1:]
    X = np.concatenate([np.ones((n, t, 1)), regressors], axis=2)
    flat_basis = np.linalg.qr(X.reshape(n * t, -1))[0]
    basis = flat_basis.reshape(n, t, -1)
    square = float(np.vdot(e, e))
    sums = float((e.sum(axis=1) ** 2).sum()) / square
    links = float(np.vdot(e, network.lag(e))) / square
    b = _link_traces(network, 0)
    one = np.sqrt(n * t / (2 * (t - 1))) * (sums - 1)
    two = n * np.sqrt(t / b) * links
    # Standardised by the exact mean and variance of e'De/e'e, D of each statistic.
    over_time = np.repeat(basis.sum(axis=1)[:, None], t, axis=1)
    mean, deviation = _ratio_moments(basis, over_time, n * t, n * t**2)
    standard_one = (sums - mean) / deviation
    back = np.asarray(network.matrix.T @ basis.reshape(n, -1)).reshape(basis.shape)
    over_space = (network.lag(basis) + back) / 2
    mean, deviation = _ratio_moments(basis, over_space, 0.0, t * b / 2)
    standard_two = (links - mean) / deviation
    return [
        _normal_test("BSK LM1", one, 1),
        _normal_test("BSK LM2", two, 2),
        _normal_test("BSK SLM1", standard_one, 1),
        _normal_test("BSK SLM2", standard_two, 2),
        chi2_test("BSK joint", float(one**2 + two**2), 2),
    ]


def _normal_test(name: str, statistic: float, sides: int) -> SpatialTest:
    """Return a test by the standard normal law; one side is the upper one."""
    tail = ndtr(-statistic) if sides == 1 else 2 * ndtr(-abs(statistic))
    return SpatialTest(name, float(statistic), 0, float(tail), "normal")


def _ratio_moments(
    basis: Array, image: Array, trace: float, square: float
) -> tuple[float, float]:
    """Return mean and standard deviation of e'De / e'e for least-squares residuals of
    normal errors.
    """
    p = basis.shape[2]
    h = basis.reshape(-1, p)
    dh = image.reshape(-1, p)
    inner = h.T @ dh
    s = basis.shape[0] * basis.shape[1] - p
    # tr(MD) and tr(MDMD), with M = I - HH' the projection of the residuals
    first = trace - float(np.trace(inner))
    outer = 2 * float(np.vdot(dh, dh))
    second = square - outer + float(np.vdot(inner, inner.T))
    variance = 2 * (s * second - first**2) / (s**2 * (s + 2))
    return first / s, float(np.sqrt(variance))

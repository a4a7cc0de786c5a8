"""Joint tests of several effects whose covariance is learnt from few clusters."""

from typing import NamedTuple

from scipy.special import fdtrc

from evenfield.numerics.errors import NumericsError


class JointTest(NamedTuple):
    """A test that several effects are zero at once."""

    statistic: float
    df: float
    df_denominator: float
    p_value: float


def hotelling_test(wald: float, effects: int, df: float) -> JointTest:
    """Test that K effects are zero by their Wald statistic g'V^-1 g, where V has df
    degrees of freedom.

    Notes
    -----
    Hotelling (1931): W (df - K + 1) / (df K) has the law F(K, df - K + 1), exactly for V
    of independent normal scores; of covariances by cluster Pustejovsky and Tipton
    (2018). F(K, df) of W / K takes V for known but for its scale, and rejects far too
    often where K is near df.
    """
    rest = df - effects + 1
    if not rest > 0:
        raise NumericsError(
            f"{effects} effects cannot be tested at once with {df:.3g} degrees of"
            " freedom"
        )
    statistic = wald * rest / (df * effects)
    return JointTest(statistic, effects, rest, float(fdtrc(effects, rest, statistic)))

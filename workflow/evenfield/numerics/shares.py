"""What Fisher's exact test of two shares could see."""

import numpy as np
from scipy.optimize import brentq

LARGEST_LOG_ODDS = 25.0
TIE = 1e-7


def detectable_difference(
    n: int, marked: int, inside: int, level: float = 0.95, power: float = 0.8
) -> float:
    """Return the smallest difference of shares, inside less outside, that the two-sided
    exact test sees.

    NaN when no difference is large enough. ``marked`` of ``n`` units are marked,
    ``inside`` of them lie in the region.

    Notes
    -----
    Given both margins the number of marked units inside is noncentral hypergeometric
    (Fisher 1935); the difference is the expected one at the odds ratio where the
    probability of rejection reaches ``power``.
    """
    from scipy.stats import hypergeom, nchypergeom_fisher

    counts = np.arange(max(0, marked + inside - n), min(marked, inside) + 1)
    chances = hypergeom.pmf(counts, n, marked, inside)
    # Fisher's two-sided p of each table: all tables that are no more probable.
    tail = np.array(
        [chances[chances <= chance * (1 + TIE)].sum() for chance in chances]
    )
    upper = counts[(tail <= 1 - level) & (counts > marked * inside / n)]

    def missing(log_odds: float) -> float:
        odds = np.exp(log_odds)
        rejected = nchypergeom_fisher.pmf(upper, n, marked, inside, odds).sum()
        return float(rejected) - power

    # Power rises with the odds ratio: where the largest is not enough, none is.
    if not len(upper) or missing(LARGEST_LOG_ODDS) < 0:
        return float("nan")
    odds = np.exp(brentq(missing, 0.0, LARGEST_LOG_ODDS))
    likely = nchypergeom_fisher.pmf(counts, n, marked, inside, odds)
    expected = float((counts * likely).sum())
    return expected / inside - (marked - expected) / (n - inside)

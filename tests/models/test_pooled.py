"""Effects pooled by random effects, against sums by hand."""

import numpy as np
from scipy.stats import chi2, norm

from evenfield.models.pooled import pooled
from evenfield.numerics.paule_mandel import variance_between
from tolerances import close

EFFECTS = np.array([0.6, -0.2, 1.4, 0.3])
ERRORS = np.array([0.2, 0.25, 0.3, 0.15])


def pooled_at(effects, errors, level=0.95):
    half = norm.ppf(0.5 + level / 2) * errors
    return pooled(effects, effects - half, effects + half, level)


def test_the_mean_weighs_effects_by_both_variances():
    found = pooled_at(EFFECTS, ERRORS, 0.9)
    tau2 = variance_between(EFFECTS, ERRORS**2)
    weights = 1 / (ERRORS**2 + tau2)
    close(found.tau2, tau2, rtol=1e-12)
    close(found.mean, np.average(EFFECTS, weights=weights), rtol=1e-12)
    close(found.std_error, weights.sum() ** -0.5, rtol=1e-12)
    alike = np.average(EFFECTS, weights=ERRORS**-2)
    q = (((EFFECTS - alike) / ERRORS) ** 2).sum()
    close([found.q, found.df, found.i2], [q, 3, 1 - 3 / q], rtol=1e-12)
    close(found.p_value, chi2.sf(q, 3), rtol=1e-10)


def test_effects_that_are_alike_have_no_heterogeneity():
    effects = np.array([1.0, 1.1])
    errors = np.array([0.3, 0.2]) ** 0.5
    found = pooled_at(effects, errors)
    assert found.tau2 == found.i2 == 0
    close(found.mean, np.average(effects, weights=errors**-2))
    assert pooled_at(np.full(2, 1.0), errors).i2 == 0

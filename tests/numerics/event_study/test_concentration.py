"""Whether a policy went to whole groups, against scipy's analysis of variance."""

import numpy as np
import pandas as pd
import pytest
import scipy.stats
import statsmodels.formula.api as smf
from numpy.random import default_rng
from statsmodels.stats.anova import anova_lm

from evenfield.numerics.event_study.concentration import blocks, concentration_p
from evenfield.numerics.event_study.panel import NEVER

GROUPS = np.repeat(np.arange(12), 10)
NONE = np.zeros(120, dtype=int)


def dates(seed):
    rng = default_rng(seed)
    return np.where(rng.random(120) < 0.4, rng.integers(3, 9, 120), NEVER)


def test_of_ranks_of_dates_it_is_the_analysis_of_variance_of_scipy():
    ranks = scipy.stats.rankdata(dates(1))
    want = scipy.stats.f_oneway(*(ranks[g == GROUPS] for g in range(12))).pvalue
    assert concentration_p(dates(1), GROUPS, NONE) == pytest.approx(want)


def test_within_groups_it_is_what_cells_add_in_statsmodels():
    within = np.arange(120) % 3
    data = pd.DataFrame({"ranks": scipy.stats.rankdata(dates(2))})
    data = data.assign(within=within, cell=GROUPS * 3 + within)
    narrow, wide = (
        smf.ols(f"ranks ~ C({name})", data).fit() for name in ("within", "cell")
    )
    want = anova_lm(narrow, wide)["Pr(>F)"].iloc[1]
    assert concentration_p(dates(2), GROUPS, within) == pytest.approx(want)


def test_whole_groups_are_found_and_groups_within_themselves_say_nothing():
    whole = np.where(GROUPS % 2 == 0, GROUPS, NEVER)
    assert concentration_p(whole, GROUPS, NONE) == 0.0
    assert np.isnan(concentration_p(whole, GROUPS, GROUPS))
    assert np.isnan(concentration_p(whole, np.arange(120), NONE))


def test_blocks_hold_neighbours_and_about_as_many_units_each():
    lat, lon = default_rng(3).random((2, 160))
    codes = blocks(lat, lon)
    assert np.bincount(codes).tolist() == [10] * 16
    tops = [lat[codes // 4 == band].max() for band in range(4)]
    assert tops == sorted(tops)
    assert (lon[codes == 4].max() <= lon[codes == 5].min()) and codes[lat.argmin()] < 4
    # Units at one place are in one block.
    assert len(set(blocks(np.ones(8), np.ones(8)).tolist())) == 1

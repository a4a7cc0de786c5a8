"""T13: the sentences of its note, of studies with and without groups."""

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.estimates import asking
from evenfield.topics.moran.table import HOLDERS, _links, _moran, _pairs, _shown

KIND = next(iter(HOLDERS))


def rows(estimator, *p_values):
    """Rows of an estimator, one a period, with these p-values."""
    return pd.DataFrame(
        {
            "estimator": estimator,
            "treatment_def": "own",
            "contrast": KIND,
            "period": [f"P{i}" for i in range(len(p_values))],
            "estimate": np.arange(len(p_values)) + 4.0,
            "p_value": p_values,
            "asked": asking(expected="2.5"),
        }
    )


@pytest.mark.parametrize("p_values", [(), (np.nan,)])
def test_no_sentence_is_of_nothing(p_values):
    assert _links(rows("join_count", *p_values)) == ""
    assert _pairs(rows("bivariate_moran", *p_values)) == ""


def test_links_and_pairs_are_of_what_was_tested():
    holders = HOLDERS[KIND]
    alike = pd.concat([rows("join_count", 0.25, np.nan)] * 2)
    assert _links(alike) == (
        f"Links between two holders on the map: {holders} 4 (2.5 expected, p .250)."
    )
    pairs = _pairs(rows("bivariate_moran", 0.25, np.nan, 0.5))
    assert f": {holders} P0 4.00 (p .250) and {holders} P2 6.00 (p .500). Own" in pairs


def test_a_likeness_has_the_tests_that_there_are():
    assert _moran(0.25, 0.03, 0.06) == "0.25 (.030, .060)"
    assert _moran(0.25, 0.03, np.nan) == "0.25 (.030)"
    assert _moran(np.nan, 0.03, 0.06) == ""


@pytest.mark.parametrize("count", [3, 40])
def test_the_last_year_is_always_shown(count):
    years = [str(year) for year in range(1980, 1980 + count)]
    asked = [asking(year=int(year)) for year in years[::-1]]
    moran = pd.DataFrame({"period": [*years[::-1], "1980-1990"], "asked": [*asked, ""]})
    shown = _shown(moran)
    assert shown[-1] == years[-1] and shown == sorted(shown)
    assert shown == years if count == 3 else len(shown) < count

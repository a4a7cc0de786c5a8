"""Units without a single figure of a variable are left out, and named."""

import numpy as np
import pandas as pd
import pytest

from evenfield.topics.group_contrasts.estimate_groups import with_figures

WHOLE = pd.DataFrame({2000: [1.0, 2.0], 2010: [3.0, 4.0]}, index=["a", "b"])


@pytest.mark.parametrize(
    ("blank", "kept", "note"),
    [
        ([], ["a", "b"], ""),
        (["b"], ["a"], "without b, no figures"),
        # Nobody has any: that is no note, and said elsewhere.
        (["a", "b"], [], ""),
    ],
)
def test_units_without_a_figure_are_named_where_others_have_some(blank, kept, note):
    table = WHOLE.copy()
    table.loc[blank] = np.nan
    (found, other), said = with_figures(table, WHOLE)
    assert list(found.index) == list(other.index) == kept
    assert said == note

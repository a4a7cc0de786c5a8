"""Which units and years a table of gaps keeps."""

import numpy as np
import pandas as pd

from evenfield.newstudy.balance import balanced
from evenfield.study.errors import IngestError
from made_study import one_line


def test_three_units_at_least_have_an_income_in_every_year():
    """Two whole units beside others with gaps are no study."""
    years = [2000, 2001, 2002]
    panel = pd.DataFrame(
        [(unit, year) for unit in "abcd" for year in years], columns=["unit", "year"]
    )
    whole = panel["unit"].isin(["a", "b"]) | panel["year"].eq(2000)
    panel["income"] = np.where(whole, "10", "")
    names = {unit: unit for unit in "abcd"}
    with one_line(IngestError, "income has too many gaps"):
        balanced(panel, {"income": "income"}, names, [], drop_incomplete=True)
    panel.loc[panel["unit"] == "c", "income"] = "10"
    found = balanced(panel, {"income": "income"}, names, [], drop_incomplete=True)
    assert found.years == (2000, 2002)
    assert sorted(found.panel["unit"].unique()) == ["a", "b", "c"]

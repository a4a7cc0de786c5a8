"""Dates whose parts stand in columns of their own, and columns that are no such parts."""

import pandas as pd
import pytest

from evenfield.newstudy.date_columns import with_whole_dates
from yaml_text import from_yaml


@pytest.mark.parametrize(
    ("columns", "dates"),
    from_yaml("""
    - [{year: ["2020", "2020"], month: ["03", "April"]}, ["2020-03", "2020-04"]]
    - [{year: ["2020", "2020"], quarter: ["Q1", "4.0"]}, ["2020-Q1", "2020-Q4"]]
    - [{year: ["2020", "2020"], month: [Março, Abril]}, ["2020-03", "2020-04"]]
    - [{year: ["2020"], month: ["2"], day: ["29"]}, ["2020-02-29"]]
    # Names of months are no quarters, and a month with a number behind is no month 10.
    - [{year: ["2020", "2020"], quarter: [Jan, Apr]}, null]
    - [{year: ["2020", "2020"], month: [May 10, Jun 10]}, null]
    # The month of a fiscal year may lie in the next calendar year.
    - [{year: [2019/20, 2020/21], month: ["3", "3"]}, null]
    # There is no 31 February.
    - [{year: ["2020"], month: ["2"], day: ["31"]}, null]
    """),
)
def test_whole_dates_are_made_of_what_is_surely_part_of_them(columns, dates):
    found = [*with_whole_dates(pd.DataFrame(columns), "year")]
    if dates is None:
        assert found == []
        return
    ((table, _),) = found
    assert table["year"].tolist() == dates
    assert list(table) == ["year"]


def test_a_day_of_the_week_is_no_day_of_the_month():
    table = pd.DataFrame(
        {"year": ["2020", "2020"], "month": ["4", "5"], "day_of_week": ["1", "3"]}
    )
    ((joined, _),) = with_whole_dates(table, "year")
    assert joined["year"].tolist() == ["2020-04", "2020-05"]
    assert "day_of_week" in joined

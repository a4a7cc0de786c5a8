"""What figures are called and measured in, by labels, units in brackets and names."""

import pandas as pd
import pytest

from evenfield.newstudy.wording import measure_of, noun_of, unit_of_table, wording
from yaml_text import from_yaml


@pytest.mark.parametrize(
    ("name", "label", "noun"),
    from_yaml("""
    - [gdp_pc, '', '']
    - [income_usd, '', '']
    - [gdp, '', '']
    - [value, 'GDP per capita (constant 2015 US$)', '']
    - [value, '', '']
    - [y, '', '']
    - [v1, '', '']
    - [EMP, '', EMP]
    - [jobs, '', jobs]
    - [night_lights, '', night lights]
    - [Product per worker, '', product per worker]
    - [rgdpo_w, 'Real GDP per worker (2017 US$)', real GDP per worker]
    - [value, 'Average monthly earnings of employees', average monthly earnings of employees]
    - [全员劳动生产率（元/人）, '', 全员劳动生产率]
    """),
)
def test_what_is_no_income_per_head_has_its_own_noun(name, label, noun):
    assert noun_of(name, label) == noun


@pytest.mark.parametrize(
    ("name", "label", "unit", "measure"),
    from_yaml("""
    - [value, 'GDP per capita (constant 2015 US$)', '', constant 2015 US$]
    - [人均GDP（元）, '', '', 元]
    - [value, 'Personal income (annual), (thousands of dollars)', '', thousands of dollars]
    - [gdp (Austria), '', '', gdp (Austria)]
    - [value, Gross domestic product, 'National currency, millions', 'National currency, millions']
    - [y, Income per person, '', Income per person]
    - [RGDPPC, '', '', units of column RGDPPC]
    """),
)
def test_units_of_measure_come_from_brackets_columns_and_labels(
    name, label, unit, measure
):
    assert measure_of(name, label, unit) == measure


def test_a_column_of_units_and_one_of_their_scale_are_read_together():
    once = {"Units": "National currency", "Scale": "Billions", "Country": list("ab")}
    assert unit_of_table(pd.DataFrame(once)) == "National currency, Billions"
    once = {"Unit": "Dollars", "Scale": "Units", "Country": list("ab")}
    assert unit_of_table(pd.DataFrame(once)) == "Dollars"


def test_output_over_people_is_in_the_units_of_both():
    income = {"output": "地区生产总值(亿元)", "population": "年末总人口(万人)"}
    words = wording(income, {}, {}, "")
    assert (words.what, words.measure) == ("", "亿元 over 万人")
    words = wording({"output": "GSP", "population": "EMP"}, {}, {}, "")
    assert (words.what, words.measure) == ("output per worker", "GSP over EMP")

"""What figures are called and measured in, by labels, units in brackets and names."""

import pandas as pd
import pytest

from evenfield.newstudy.wording import (
    in_english,
    measure_of,
    noun_of,
    unit_of_table,
    wording,
)
from yaml_text import from_yaml


@pytest.mark.parametrize(
    ("name", "label", "noun"),
    from_yaml("""
    - [gdp_pc, '', '']
    - [income_usd, '', '']
    - [gdp, '', GDP]
    - [value, 'GDP per capita (constant 2015 US$)', '']
    - [value, '', '']
    - [y, '', '']
    - [v1, '', '']
    - [EMP, '', employment]
    - [jobs, '', employment]
    - [lemp, '', employment]
    - [mean_light_per_km2, '', night lights per km2]
    - [annual_avg_wkly_wage, '', annual average weekly wage]
    - [Median_Household_Income, '', median household income]
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
    - [gdp (Austria), '', '', '']
    - [value, EUR, '', '']
    - [value, Gross domestic product, 'National currency, millions', 'National currency, millions']
    - [y, Income per person, '', '']
    - [RGDPPC, '', '', '']
    - [grp_pc_usd_2015, '', '', 2015 US dollars]
    - [gdp_pc_thousand_yuan, '', '', thousand yuan]
    - [pdrb_per_kapita_ribu_rupiah, '', '', thousand rupiah]
    - [pib_per_capita_miles_pesos_2013, '', '', thousand 2013 pesos]
    - [pib_pc_mil_reais, '', '', thousand reais]
    - [gdp_pc_mil_usd, '', '', '']
    - [grdp_per_capita_million_vnd, '', '', million dong]
    - [gdp_pc_10000_yuan, '', '', '10,000 yuan']
    - [gsp, 'Gross state product per capita, 2012 dollars', '', 2012 dollars]
    - [value, 'PIB per capita - R$ de 2010 (mil)', '', thousand R$ de 2010]
    - [BIP801__BIP_je_Einwohner__EUR, '', '', euros]
    """),
)
def test_units_of_measure_come_from_brackets_columns_and_labels(
    name, label, unit, measure
):
    assert measure_of(name, label, unit) == measure


def test_a_measure_begins_small_also_where_its_words_change_places():
    assert in_english("Pesos constantes por habitante") == "constant pesos per head"
    assert in_english("Yuan") == "yuan"
    assert in_english("US dollars") == "US dollars"


def test_a_column_of_units_and_one_of_their_scale_are_read_together():
    once = {"Units": "National currency", "Scale": "Billions", "Country": list("ab")}
    assert unit_of_table(pd.DataFrame(once)) == "National currency, Billions"
    once = {"Unit": "Dollars", "Scale": "Units", "Country": list("ab")}
    assert unit_of_table(pd.DataFrame(once)) == "Dollars"
    for unit in ("", " ", "USD EUR".split()):  # a scale without a unit says nothing
        once = {"Unit": unit, "Scale": "Billions", "Country": list("ab")}
        assert unit_of_table(pd.DataFrame(once)) == ""


@pytest.mark.parametrize(
    ("label", "logs", "what"),
    from_yaml("""
    - [log of real GDP per worker, true, real GDP per worker]
    - [Log(night lights), true, night lights]
    - [ln wages, true, wages]
    - [Night lights (2012), false, night lights]
    - [log jam losses, false, log jam losses]
    """),
)
def test_what_a_logarithm_is_of_is_studied(label, logs, what):
    income = {"column": "lx"}
    assert wording(income, income, {"lx": label}, "", logs=logs).what == what


@pytest.mark.parametrize(
    ("output", "people", "labels", "what", "measure"),
    from_yaml("""
    - [地区生产总值(亿元), 年末总人口(万人), {}, '', '10,000 yuan per head']
    - [PIB (Mil Reais), População (Pessoas), {}, '', thousand reais per head]
    - [GSP, EMP, {}, output per worker, GSP over EMP]
    - [rgdpna, pop, {rgdpna: Real GDP (in mil. 2017US$), pop: Population (in millions)}, '', 2017US$ per head]
    - [gdp, pop, {gdp: GDP (dollars), pop: Population (thousands)}, '', dollars over thousands]
    """),
)
def test_output_over_people_is_in_the_units_of_both(
    output, people, labels, what, measure
):
    words = wording({"output": output, "population": people}, {}, labels, "")
    assert (words.what, words.measure) == (what, measure)


@pytest.mark.parametrize(
    ("name", "label", "said", "measure"),
    from_yaml("""
    - [value, NET PRODUCT PER CAPITA - CONSTANT PRICES, [(Amount in Rupees)], Rupees]
    - [value, NET PRODUCT AT CONSTANT PRICES, ['(Base: 2011-12)', (Rupees)], 'rupees, constant 2011-12 prices']
    - [value, NET PRODUCT AT CURRENT PRICES, ['(Base: 2011-12)', (Rupees)], 'rupees, current prices']
    - [value, GDP per capita, [GDP per capita, (1990 Int. GK$)], 1990 Int. GK$]
    - [value, BIP je Einwohner, ['in jeweiligen Preisen, EUR'], 'euros, current prices']
    - [At Constant 2018 Prices, Per capita product, [], constant 2018 prices]
    """),
)
def test_title_lines_say_the_unit(name, label, said, measure):
    words = wording({"column": name}, {}, {name: label}, "", said)
    assert words.measure.casefold() == measure.casefold()

"""Figures that are no income per head: totals, growth rates, shares and indices, by what
is said of them (name, label, unit, title) and by their values.
"""

import re
from collections.abc import Sequence

import pandas as pd

from evenfield.newstudy.words import WORDS

# ASSUME: the richest unit has less than a thousand times the income of the poorest.
WIDEST = 1000
# ASSUME: nobody's income is a hundred million of any currency a year.
MOST_THOUSANDS = 1e5


def other_kind(texts: Sequence[str], values: pd.Series) -> str:
    """Return what figures are instead of income per head, and what says so: ``a total
    (Unit: Mil Reais)``; blank if nothing says that they are another thing.
    """
    known = values.dropna()
    if known.empty:
        return ""
    plain = {text: text.replace("_", " ") for text in texts if text}

    def said(form: re.Pattern[str]) -> str:
        return next((text for text, bare in plain.items() if form.search(bare)), "")

    if (text := said(WORDS.growth)) and known.max() < 200:
        return f"a growth rate, by '{text}'"
    if known.lt(0).mean() > 0.05 and known.max() < 200:
        return f"a growth rate, since {int(known.lt(0).sum())} figures lie below zero"
    if (text := said(WORDS.share)) and known.max() <= 1000:
        return f"a share or a rate, by '{text}'"
    if (text := said(WORDS.index)) and 1 <= known.median() <= 1000:
        # 2015 = 100 compares years; an index of development compares units, too.
        years = (
            ", which compares years and no units"
            if WORDS.index_of_years.search(text.replace("_", " "))
            else ""
        )
        return f"an index{years}, by '{text}'"
    if said(WORDS.of_one):
        return ""
    if (text := said(WORDS.millions)) and not said(WORDS.pay):
        return f"a total, by '{text}'"
    most = known.max()
    income = said(WORDS.income_in_thousands)
    if (text := said(WORDS.thousands)) and most >= (MOST_THOUSANDS if income else 200):
        return f"a total, by '{text}'"
    return ""


def spread_kind(texts: Sequence[str], values: pd.Series, years: pd.Series) -> str:
    """Return that figures are a total, where those of one year lie so far apart as no
    incomes do; blank else.
    """
    if any(WORDS.of_one.search(text.replace("_", " ")) for text in texts):
        return ""
    known = values[values.gt(0)]
    by_year = known.groupby(years[known.index])
    ratio = (by_year.max() / by_year.min()).median()
    if not ratio > WIDEST:
        return ""
    return f"a total, since the largest of a year is {ratio:,.0f} times the smallest"

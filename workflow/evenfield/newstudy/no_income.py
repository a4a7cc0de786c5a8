"""Figures that are no income per head: totals, growth rates, shares and indices, by what
is said of them (name, label, unit, title) and by their values.
"""

import re
from collections.abc import Sequence

import pandas as pd

from evenfield.study.logarithms import MONEY_WORDS

# Figures of one head, or of one of something else, and averages add up to no total.
OF_ONE = re.compile(
    r"\bper\b|per.?(cap|kap)|percap|\bpro\b|gdp(w|l|ch|tt)|einwohner|innbygger|indbygger"
    r"|\bhab\b|habitante?|人均|/\s?人|平均|на душу|(^| )pc(\d| |$)|^pc|\bps\b|生产率"
    r"|average|mean\b|median|m[eé]di[oa]n?|moyen|durchschnitt",
    re.IGNORECASE,
)
GROWTH = re.compile(
    r"growth|\bchange\b|variaci[oó]n|crescimento|crecimiento|croissance|wachstum|增长|增速"
    r"|\bgr\b|темп",
    re.IGNORECASE,
)
SHARE = re.compile(
    r"\b(shares?|ratio|proportion|percent(age)?|pct|quota|anteile?|participa\w+"
    r"|porcentaje|porcentagem|taux|(?<!wage )(?<!pay )rate)\b|%|比重|占|(?<!生产)率|比例|доля|процент",
    re.IGNORECASE,
)
INDEX = re.compile(
    r"\bind(ex|ices|ice|eks|[ií]ce)\b|指数|[12]\d{3} ?= ?100\b|deflator", re.IGNORECASE
)
MILLIONS = re.compile(
    r"\b(millions?|mill[oó]n(es)?|milh([oõ]es|ao|ão)|millionen|mill?\.|mio|mn|billions?|bn"
    r"|milliards?|milliarden|mrd|crores?|lakhs?|1?00m)\b|\bmill?\. |百万|亿|млн|млрд"
    r"|miljon|miljard",
    re.IGNORECASE,
)
THOUSANDS = re.compile(
    r"\b(thousands?|miles? de|mil|tausend|milliers|tusen|ribu)\b|\b1[,. ]?000s?\b|'000"
    r"|тыс|千元|万元",
    re.IGNORECASE,
)
PAY = re.compile("wage|earning|salar|工资|pay", re.IGNORECASE)
INCOME = re.compile("income|wage|earning|salar|ingreso|renta|доход|工资", re.IGNORECASE)
MONEY = re.compile(MONEY_WORDS, re.IGNORECASE)
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

    if (text := said(GROWTH)) and known.max() < 200:
        return f"a growth rate, by '{text}'"
    if known.lt(0).mean() > 0.05 and known.max() < 200:
        return f"a growth rate, since {int(known.lt(0).sum())} figures lie below zero"
    if (text := said(SHARE)) and known.max() <= 1000:
        return f"a share or a rate, by '{text}'"
    if (text := said(INDEX)) and 1 <= known.median() <= 1000:
        return f"an index, by '{text}'"
    if said(OF_ONE):
        return ""
    if (text := said(MILLIONS)) and not said(PAY):
        return f"a total, by '{text}'"
    most = known.max()
    income = said(INCOME)
    if (text := said(THOUSANDS)) and most >= (MOST_THOUSANDS if income else 200):
        return f"a total, by '{text}'"
    return ""


def spread_kind(texts: Sequence[str], values: pd.Series, years: pd.Series) -> str:
    """Return that figures are a total, where those of one year lie so far apart as no
    incomes do; blank else.
    """
    if any(OF_ONE.search(text.replace("_", " ")) for text in texts):
        return ""
    known = values[values.gt(0)]
    by_year = known.groupby(years[known.index])
    ratio = (by_year.max() / by_year.min()).median()
    if not ratio > WIDEST:
        return ""
    return f"a total, since the largest of a year is {ratio:,.0f} times the smallest"

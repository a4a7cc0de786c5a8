"""Figures that are no income per head: totals, growth rates, shares and indices, by what
is said of them (name, label, unit, title) and by their values.
"""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from evenfield.newstudy.words import WORDS

# ASSUME: the richest unit has less than a thousand times the income of the poorest.
WIDEST = 1000
# ASSUME: nobody's income is a hundred million of any currency a year.
MOST_THOUSANDS = 1e5
# ASSUME: income per head does not go with the number of people, a total goes with it one
# for one: at least by these, in most years, of figures that are this far apart.
LEAST_CORRELATION = 0.95
SLOPES = (0.75, 1.33)
LEAST_APART = 10
# ASSUME: output of all people moves with their number by half or more. Where it surely
# moves by less (two standard errors below one), it may be per head already.
LEAST_SLOPE = 0.5
SURE = 2
FEWEST_UNITS = 5
# Figures that all units have at the base of an index, and how near they are to it.
BASES = (1, 10, 100, 1000)
NEAR_BASE = 1e-6
# The same of an index whose base is a mean of months, or that is adjusted afterwards.
NEAR = 0.02
FEW_NEAR = 0.1
PERCENT = 100
MOST_OF_SHARES = 110
# What figures are, by the first words of their kind: a total, or else a rate.
TOTAL = "a total"
# What is said of an index of each unit's own base.
OF_YEARS = ", which compares years and no units"


def other_kind(
    texts: Sequence[str], values: pd.Series, around: Sequence[str] = ()
) -> str:
    """Return what figures are instead of income per head, and what says so: ``a total
    (Unit: Mil Reais)``; blank if nothing says that they are another thing.

    ``around`` says something of the table, and of these figures only their scale: the
    name of its file, a sheet of notes.
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
        years = OF_YEARS if WORDS.index_of_years.search(text.replace("_", " ")) else ""
        return f"an index{years}, by '{text}'"
    if said(WORDS.of_one):
        return ""
    own = tuple(plain)
    plain |= {text: text.replace("_", " ") for text in around}
    per_head_around = any(WORDS.of_one.search(plain[text]) for text in around)
    plain = {text: plain[text] for text in (own if per_head_around else plain)}
    if (text := said(WORDS.millions)) and not said(WORDS.pay):
        return f"{TOTAL}, by '{text}'"
    most = known.max()
    income = said(WORDS.income_in_thousands)
    if (text := said(WORDS.thousands)) and most >= (MOST_THOUSANDS if income else 200):
        return f"{TOTAL}, by '{text}'"
    plain = {text: plain[text] for text in own}
    text = said(WORDS.whole_product)
    return f"{TOTAL}, by '{text}'" if text else ""


def counted_kind(texts: Sequence[str]) -> str:
    """Return that figures are a total, where a measure says that they are counted, as
    hours or people; blank else.
    """
    plain = {text: text.replace("_", " ") for text in texts}
    others = (WORDS.of_one, WORDS.pay, WORDS.income, WORDS.money)
    if any(form.search(text) for form in others for text in plain.values()):
        return ""
    said = [text for text, bare in plain.items() if WORDS.counted.search(bare)]
    return f"{TOTAL}, by '{said[0]}'" if said else ""


def kind_of_study(kind: str, what: str, texts: Sequence[str]) -> str:
    """Return what a study is of, as ``study.kind`` of the config has it: income, which
    makes a unit poorer or richer; a total; a rate. ``kind`` is what figures are instead
    of income, ``what`` what they are called, blank for income, ``texts`` what is said
    of them.
    """
    plain = [text.replace("_", " ") for text in (what, *texts) if text]
    if kind.startswith(TOTAL):
        return "total"
    if kind:
        return "rate"
    if not what:
        return "income"
    of_one = any(map(WORDS.of_one.search, plain))
    if WORDS.pay.search(what) or WORDS.income.search(what):
        return "income"
    if WORDS.money.search(what) and not WORDS.no_level.search(what):
        return "income" if of_one else "total"
    plain_what = what.replace("_", " ")
    counts = WORDS.counted.search(plain_what) or WORDS.people.fullmatch(plain_what)
    counted = counts and not of_one
    return "total" if counted else "rate"


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
    return f"{TOTAL}, since the largest of a year is {ratio:,.0f} times the smallest"


def moves_with_people(
    texts: Sequence[str], values: pd.Series, people: pd.Series, years: pd.Series
) -> bool:
    """Return whether figures are larger in larger units as totals are: their logarithms
    move one for one with those of people in half of the years or more.
    """
    if any(WORDS.of_one.search(text.replace("_", " ")) for text in texts):
        return False
    both = pd.DataFrame({"value": values, "people": people, "year": years})
    both = both[both["value"].gt(0) & both["people"].gt(0)]
    proportional = list[bool]()
    for _, one in both.groupby("year"):
        if len(one) < FEWEST_UNITS or one["people"].nunique() < FEWEST_UNITS:
            continue
        value, people = np.log(one[["value", "people"]].to_numpy(float)).T
        apart = np.exp(np.ptp(value))
        correlation = np.corrcoef(value, people)[0, 1]
        slope = correlation * value.std() / people.std()
        together = correlation >= LEAST_CORRELATION
        one_for_one = SLOPES[0] <= slope <= SLOPES[1]
        proportional.append(bool(apart >= LEAST_APART and together and one_for_one))
    return bool(proportional) and 2 * sum(proportional) >= len(proportional)


def per_head_already(output: pd.Series, people: pd.Series, years: pd.Series) -> bool:
    """Return whether output is no larger where there are more people, so that, divided by
    them, it would differ more between units than it does: in the median year its
    logarithm moves by less than half of that of people, and surely not one for one.
    """
    both = pd.DataFrame({"output": output, "people": people, "year": years})
    both = both[both["output"].gt(0) & both["people"].gt(0)]
    slopes = list[tuple[float, float]]()
    for _, one in both.groupby("year"):
        if len(one) < FEWEST_UNITS or one["people"].nunique() < FEWEST_UNITS:
            continue
        value, heads = np.log(one[["output", "people"]].to_numpy(float)).T
        correlation = np.corrcoef(value, heads)[0, 1] if np.ptp(value) else 0.0
        ratio = value.std() / heads.std()
        error = ratio * np.sqrt((1 - correlation**2) / (len(one) - 2))
        slopes.append((correlation * ratio, error))
    if not slopes:
        return False
    slope, error = np.median(slopes, axis=0)
    return bool(slope < LEAST_SLOPE and slope + SURE * error < 1)


def base_of_index(values: pd.Series, dates: pd.Series) -> str:
    """Return what makes figures an index of each unit's own base, as ``all units are 100
    at 2000``: a date at which they are equal, or most are near 100 as at few others;
    blank where there is none.
    """
    known = values.dropna()
    if known.nunique() <= len(BASES) or not known.gt(0).all():
        return ""
    # Each date is found once: `at` has the place of each row's date.
    at, different = pd.factorize(dates[known.index])
    full = np.flatnonzero(np.bincount(at) >= FEWEST_UNITS)
    for base in BASES:
        off = known.div(base).sub(1).abs()
        if not (off <= NEAR_BASE).any():
            continue
        same = off.groupby(at).max()[full] <= NEAR_BASE
        # Ones in several years are of something else, as a policy in force.
        if same.sum() == 1:
            return f"all units are {base} at {different[full[same.argmax()]]}"
    off_percent = known.div(PERCENT).sub(1).abs()
    near = off_percent.le(NEAR)
    shares = near.groupby(at).mean()[full]
    # Shares end near 100 percent and do not pass it.
    passes = known.max() > MOST_OF_SHARES
    if len(full) and passes and shares.max() >= 0.5 and shares.median() <= FEW_NEAR:
        date = off_percent.groupby(at).median()[full].argmin()
        there = near[at == full[date]]
        return (
            f"{there.sum()} of {len(there)} units are within 2 percent of 100 at"
            f" {different[full[date]]}"
        )
    return ""

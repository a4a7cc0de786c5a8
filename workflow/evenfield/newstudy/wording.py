"""What figures are called and measured in, by labels, units and names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from evenfield.newstudy.dates import UNNAMED
from evenfield.newstudy.income_column import (
    of_logarithm,
    sureness,
    without_brackets,
    without_sign,
)
from evenfield.newstudy.words import LISTS, WORDS, written_out
from evenfield.study.config_files import TODO

LONGEST_NOUN = 48  # letters
MILLION = 1e6
# A unit that says at which prices it is.
PRICED = re.compile(
    r"price|constant|current|real|ppp|pps|purchasing|\d{4}", re.IGNORECASE
)
BASE_YEAR = re.compile(r"\bbase\b\D{0,12}(\d{4}([-–/]\d{2,4})?)\b", re.IGNORECASE)
# The unit of measure where nothing says it, as texts read on.
UNKNOWN = "a unit that the table does not name"


def unit_of_table(frame: pd.DataFrame) -> str:
    """Return the unit that a table's own column gives to all figures, with its scale."""
    said = [
        name
        for name in map(str, frame.columns)
        if WORDS.measure_column.fullmatch(name) or WORDS.scale_column.fullmatch(name)
    ]
    # A label says more than its code.
    said = [
        name
        for name in said
        if f"{name} label" not in frame or not _is_code(str(frame[name].iloc[0]))
    ]
    once = {
        name: str(frame[name].iloc[0]).strip()
        for name in said
        if frame[name].nunique() == 1
    }
    unit = [text for name, text in once.items() if WORDS.measure_column.fullmatch(name)]
    unit.sort(key=_is_code)
    scale = [text for name, text in once.items() if WORDS.scale_column.fullmatch(name)]
    # A power of ten stands beside its word.
    scale = [text for text in scale if not re.fullmatch(r"units|-?\d*", text, re.I)]
    return ", ".join([*unit[:1], *scale[:1]]) if unit and unit[0] else ""


def _is_code(text: str) -> bool:
    """Say whether a unit of measure is a code, as USD_PPP_PS, of which no English words
    are known.
    """
    known = any(re.search(form, text, re.I) for form in LISTS["measures_in_english"])
    return bool(re.fullmatch(r"[A-Z\d]+(_[A-Z\d]+)+|\d*", text)) and not known


def measure_of(name: str, label: str, unit: str, said: Sequence[str] = ()) -> str:
    """Return what figures are measured in, blank if nothing says it; a label that tells
    prices alone leaves the currency to the title lines.
    """
    measure = _measure_said(name, label, unit, said)
    if WORDS.prices_alone.fullmatch(measure):
        prices = re.sub(r"^(at|in) ", "", measure, flags=re.I)
        others = [
            _measure_said("", "", "", [text])
            for text in said
            if measure.casefold() not in text.casefold()
        ]
        prices = _of_base(prices.lower(), " ".join([label, *said]))
        return ", ".join([*list(filter(None, others))[:1], prices])
    if not measure or PRICED.search(measure):
        return measure
    texts = " ".join([label, *said])
    for prices, form in LISTS["prices_said"].items():
        if re.search(form, texts, re.IGNORECASE):
            return f"{measure}, {_of_base(prices, texts)}"
    return measure


def _of_base(prices: str, texts: str) -> str:
    """Return constant prices with the year that a title line gives, as (Base: 2011-12)."""
    base = BASE_YEAR.search(texts)
    return prices.replace("constant", f"constant {base[1]}") if base else prices


def _measure_said(name: str, label: str, unit: str, said: Sequence[str]) -> str:
    """Return what figures are measured in: by brackets of their label, name or of title
    lines, by a column of units, by what stands behind a comma of the label, by the name;
    blank if nothing says it.
    """
    for text in (label, name, *([] if unit else said)):
        found = [
            inside
            for inside in WORDS.brackets.findall(text)
            if WORDS.unit_of_measure.search(inside)
        ]
        if found:
            inside = _bare(found[-1])
            before = re.split(r"\s[-–—]\s", text.partition(f"({found[-1]})")[0])
            scale = _is_scale(inside)
            of = before[-1].strip() if len(before) > 1 else ""
            return f"{scale} {of}" if scale and of else inside
    if unit:
        return _bare(unit)
    titles = [text for text in said if text != label]
    for text in (*titles, label, name if " " in name.strip() else ""):
        parts = re.split(r"[,;:]\s+|：\s*|\s[-–—]\s|__", text)[1:]
        behind = [part for part in parts if WORDS.unit_of_measure.search(part)]
        # A line that is nothing but a unit, as EUR above a table.
        whole = WORDS.unit_of_measure.fullmatch(text.strip())
        behind = [text] if whole and text in titles else behind
        if behind:
            return _bare(", ".join(behind))
    return _currency_of(name) or known_measure(name)


def known_measure(name: str) -> str:
    """Return the unit of figures whose name is known, as rgdpna; blank for others."""
    for form, measure in LISTS["known_measures"].items():
        if re.fullmatch(form, name.strip(), re.IGNORECASE):
            return str(measure)
    return ""


def _bare(text: str) -> str:
    """Return a unit without the `in`, `en`, `amount in` or `単位：` before it."""
    before = r"^((amount|values?)\s+)?(in|en|em)\s+|^(単位|单位|단위|units?|unidad)\s*[:：]\s*"
    return re.sub(before, "", text.strip(), flags=re.IGNORECASE)


def _is_scale(text: str) -> str:
    """Return the English word for a scale that stands alone, as mil; blank if it does
    not.
    """
    words = {1e3: "thousand", 1e6: "million", 1e9: "billion"}
    alone = [f for form, f in LISTS["scales"].items() if re.fullmatch(form, text, re.I)]
    return words.get(alone[0], "") if alone else ""


def _currency_of(name: str) -> str:
    """Return the currency, its scale and its year that a name such as
    grp_pc_thousand_usd_2015 has.
    """
    parts = re.split(r"[_. ]+", name.casefold())
    money = [LISTS["currencies"][part] for part in parts if part in LISTS["currencies"]]
    years = [part for part in parts if WORDS.year.fullmatch(part)]
    # A mil of reais is a thousand, one of dollars may be a million.
    if not money or ("mil" in parts and money[0] not in LISTS["counted_in_mil"]):
        return ""
    scale = _number(_measured(" ".join(parts)).factor)
    return scale + " ".join([*years[:1], *money[:1]])


def noun_of(name: str, label: str) -> str:
    """Return what figures are, if they are no income per head; blank if they are, or if
    nothing says what they are.
    """
    text = f"{name} {label}"
    # GDP alone may be of all people together: it keeps its name.
    short = WORDS.short_income.fullmatch(name.strip())
    is_income = max(sureness(name), sureness(label)) == 2 or short
    own = (WORDS.pay, WORDS.per_worker, WORDS.of_others)
    if is_income and not any(words.search(text) for words in own):
        return ""
    known = [noun for noun, form in LISTS["nouns"].items() if _says(form, name, label)]
    if known:
        return str(known[0])
    spelt = label or _spelt_out(name)
    # The comma of 1,000 parts nothing.
    bare = re.split(r",(?!\d{3}\b)|__|;", without_brackets(spelt))[0].strip()
    if len(bare) > LONGEST_NOUN:
        bare = re.split(r":|\s[-–—]\s", bare)[0].strip()
    # A name such as v1 or y says nothing.
    if bare.casefold() == UNNAMED or len(bare) < 3 or re.fullmatch(r"\w{,4}\d+", bare):
        return ""
    if WORDS.acronym.fullmatch(bare):
        return bare.upper()
    words = bare.split()
    if len(words) > 1 and all(word.istitle() for word in words if len(word) > 3):
        bare = bare.lower()
    return bare if bare[:2].isupper() else bare[0].lower() + bare[1:]


def _spelt_out(name: str) -> str:
    """Return the words of a name such as annual_avg_wkly_wage."""
    words = [word for word in re.split(r"[_.\s]+", name) if word]
    short = LISTS["abbreviations"]
    # Words of a header begin with capitals as they do in no sentence.
    plain = [word.lower() if word.istitle() else word for word in words]
    return " ".join(str(short.get(word.casefold(), word)) for word in plain)


def _says(form: str | list[str], name: str, label: str) -> bool:
    """Say whether a name, without the sign of a logarithm, or a label is of a form."""
    written = written_out(form)
    bare = re.sub(r"^(log|ln|l)_?", "", name, flags=re.IGNORECASE)
    texts = [text.strip() for text in (name, bare, label)]
    return any(re.fullmatch(written, text, re.IGNORECASE) for text in texts)


@dataclass(frozen=True)
class Measured:
    """A unit of measure: how many of what."""

    factor: float
    of: str


def _measured(text: str) -> Measured:
    """Part a unit such as `in mil. 2017US$` into a million and 2017US$."""
    for form, factor in LISTS["scales"].items():
        rest, count = re.subn(form, " ", text, count=1, flags=re.IGNORECASE)
        if count:
            tidy = re.sub(r"^(in|of|de|in of)\s+|[\s,]+$", "", " ".join(rest.split()))
            return Measured(float(factor), tidy.strip(" ,"))
    return Measured(1.0, text)


def _number(factor: float) -> str:
    """Return a factor in words, with a blank behind it: ``thousand ``."""
    words = {1.0: "", 1e3: "thousand ", 1e6: "million "}
    return words.get(factor, f"{factor:,.0f} ")


def per_head(output: str, people: str, head: str) -> str:
    """Return the unit of output over people, as `thousand Reais per head` of Mil Reais
    and persons; blank if it is not clear.
    """
    money = _measured(output)
    heads = _measured(people)
    whole = WORDS.heads.fullmatch(heads.of) or not heads.of
    factor = money.factor / heads.factor
    if not money.of or not people or not whole or factor < 1:
        return ""
    of, comma, rest = money.of.partition(",")  # R, constant 2015 prices
    of = LISTS["currency_marks"].get(of.strip(), of.strip())
    return f"{_number(factor)}{of} per {head}{comma}{rest}"


@dataclass(frozen=True)
class Wording:
    """What is studied, blank for income per head, and what it is measured in."""

    what: str
    measure: str
    scale: float = 1.0  # what output per head is multiplied by, as under panel.income


def wording(
    income: Mapping[str, str],
    given: Mapping[str, str | None],
    labels: Mapping[str, str],
    unit: str,
    said: Sequence[str] = (),
    logs: bool = False,
    heads: bool = False,
) -> Wording:
    """Return the words of income; ``income`` as under panel.income of the config, ``said``
    what titles and columns say of figures that are alone, ``heads`` whether people are
    counted one by one.
    """
    if "output" not in income or given.get("income"):
        # Levels made of logarithms, and products with people, go by the column that the
        # user named.
        name = given.get("income") or income["column"]
        label = labels.get(name, "")
        if logs:
            # What a logarithm is of is studied and measured, not the logarithm.
            name = without_sign(name) or name
            label, unit, *said = map(of_logarithm, (label, unit, *said))
        what = "" if name == TODO else noun_of(name, label)
        measure = measure_of(name, label, unit, said) or _measure_named(name, label)
        return Wording(what, in_english(measure))
    output, people = income["output"], income["population"]
    # ASSUME: output over jobs or workers is what one of them makes.
    works = bool(WORDS.workers.fullmatch(people))
    measures = [measure_of(name, labels.get(name, ""), "") for name in (output, people)]
    if not measures[1]:
        # The Penn World Table counts people as its output, in millions.
        of_table = known_measure(output).startswith("million") and people == "pop"
        measures[1] = "million" if of_table else "persons" if heads else ""
    head = "worker" if works else "head"
    # Of what is known in part alone the names say more.
    known = measures if measures[0] else ["", ""]
    measure = per_head(measures[0], measures[1], head) or " over ".join(
        text or name for text, name in zip(known, (output, people), strict=True)
    )
    what = "output per worker" if works else ""
    money, count = map(_measured, measures)
    if money.factor / count.factor < MILLION or not measure.startswith("million "):
        return Wording(what, in_english(measure))
    # What one of many people makes is no part of a million.
    return Wording(what, in_english(measure.removeprefix("million ")), MILLION)


def _measure_named(name: str, label: str) -> str:
    """Return the name as the unit, where the label says what the figures are and the name
    only at which prices.
    """
    is_unit = WORDS.unit_of_measure.search(name) and not sureness(name)
    return name.lower().removeprefix("at ") if is_unit and label else ""


def in_english(measure: str) -> str:
    """Return a unit of measure with the words that English readers know for it."""
    # Before words change places, as in pesos constantes.
    if measure[1:2].islower() and not re.match(r"R\$|\w+ ?=", measure):
        measure = measure[:1].lower() + measure[1:]
    for form, word in LISTS["measures_in_english"].items():
        measure = re.sub(form, word, measure, count=1, flags=re.IGNORECASE)
    measure = measure.replace(";", ",")
    shouted = measure.isupper() and " " in measure
    return measure.lower() if shouted else measure

"""Cells of a table of anyone's as text and as numbers, in every way in which offices write
them; a cell that is no number is named, never guessed.
"""

import contextlib
import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.newstudy.words import LISTS

MISSING = frozenset(LISTS["missing"])
TRUTH = {"TRUE": "1", "FALSE": "0"}
# Blanks and marks of no width, but joiners, which some scripts write with.
NO_WIDTH = dict.fromkeys([0x00AD, 0x180E, 0x200B, 0x2060, 0xFEFF])
# Larger figures are slips: their squares are beyond all numbers.
LARGEST = 1e100
MOST_READ = 24  # columns whose texts and numbers are kept
NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# Codes such as 01 are no figures: their zeros would be lost.
CODE = re.compile("^0[0-9]", re.MULTILINE)
PLAIN = re.compile(rf"(?!0[0-9]){NUMBER.pattern}")
# Texts of these, a line each, are read by float as by `PLAIN`.
OTHER_THAN_DIGITS = re.compile(r"[^0-9.+\-\n]")
# Blanks of any width: no-break, figure, punctuation, thin, narrow, of full width.
BLANKS = " \u00a0\u2007\u2008\u2009\u202f\u3000"
# In thousands, or in lakhs and crores as in India: 1,44,018.
GROUPED = re.compile(
    rf"[+-]?([0-9]{{1,3}}([,’'{BLANKS}][0-9]{{3}})+|[0-9]{{1,2}}(,[0-9]{{2}})+,[0-9]{{3}})"
    r"(\.[0-9]+)?"
)
COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
# Points or blanks between thousands and a decimal comma, as in 1.234,5 or 1.234.567.
_THOUSANDS = f"[.’'{BLANKS}]"
POINTED = re.compile(
    rf"[+-]?[0-9]{{1,3}}({_THOUSANDS}[0-9]{{3}})+(,[0-9]+)?|[+-]?[0-9]+(,[0-9]+)?"
)
# Cells that read in one way only, as 1.234,5 and 12,5; 1,234 may be a thousand.
SURELY_POINTED = re.compile(
    rf"[+-]?[0-9]{{1,3}}(({_THOUSANDS}[0-9]{{3}})+,[0-9]+|(\.[0-9]{{3}}){{2,}})"
    r"|[+-]?[0-9]*,([0-9]{1,2}|[0-9]{4,})"
)
SHORTENED = re.compile(r"([+-]?\d+\.?\d*)([kKMB])")
# Marks of money before a figure and behind it; letters need a point or a blank, and three
# digits or more, since R1 may be a code.
BEFORE = (
    r"(?:(?:[A-Z]{1,2}\$|[$€£¥￥₹₩₽₺₱₦₫₴฿])\s*"
    r"|(?:Rs|Rp|R|KSh|USh|TSh|Fr|CHF|EUR|USD|GBP|kr|RM|Tk)[. \u00a0]\s*(?=\d{3}|\d{1,2}\D\d{3}))"
)
BEHIND = r"\s*(?:€|£|¥|元|円|원|₽|₺|zł|Kč|Ft|kr\.?|руб\.?|TL|EUR|USD|CHF|NOK|SEK|DKK)"
CURRENCY = re.compile(rf"^([+-]?)\s*{BEFORE}|(?<=\d){BEHIND}$")
# Negative figures of accounts, as (1,234) and 1,234-; (1) may be a footnote.
ACCOUNTS = re.compile(
    rf"\((?=[^)]*[.,]|[0-9]{{3}})([0-9][0-9.,{BLANKS}]*)\)|([0-9][0-9.,{BLANKS}]*)-"
)
MINUS = r"[-−–－]\s*(?=[0-9.,])"
ANY_NUMBER = (
    rf"({MINUS})?([+-]?\s*{BEFORE})?("
    + "|".join(
        pattern.pattern for pattern in (NUMBER, GROUPED, COMMA, POINTED, ACCOUNTS)
    )
    + rf")({BEHIND})?"
)

_ANY = re.compile(ANY_NUMBER)
# Zeros, each followed by its nine digits, and the marks between digits of Arabic.
ZEROS = "\u0660\u06f0\u0966\u09e6\uff10"
DIGITS = {ord(zero) + digit: str(digit) for zero in ZEROS for digit in range(10)}
DIGITS |= {ord("\u066b"): ".", ord("\u066c"): ","}
OTHER_DIGIT = re.compile(f"[{''.join(map(chr, DIGITS))}]")


def in_one_spelling(text: str) -> str:
    """Return a text with its accents as Unicode composes them, and without letters of no
    width, by which two names that look alike would be two.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", text.translate(NO_WIDTH)).strip()


def with_one_spelling(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table of text whose cells are written in one spelling."""
    written = {
        name: of_texts(frame[name], in_one_spelling)
        for name in frame.columns
        if not "".join(frame[name].tolist()).isascii()
    }
    return frame.assign(**written)


def cell_text(value: object) -> str:
    """Return a value of a table or of JSON as text; blank where it is missing."""
    if isinstance(value, (bool, np.bool_)):
        return str(value).upper()  # no figure, unless all of its column are
    if isinstance(value, float):
        return number_text(value)
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, pd.Timestamp) or hasattr(value, "isoformat"):
        return str(value.isoformat())[:10]
    return re.sub(r"[\x00-\x1f\x7f]+", " ", str(value)).strip()


def plain_digits(text: str) -> str:
    """Write the digits of Arabic, Persian, Indian languages and of full width as 0 to 9."""
    return text.translate(DIGITS) if OTHER_DIGIT.search(text) else text


def is_missing(text: str) -> bool:
    """Whether a text stands for no figure and no name, as n.a. does."""
    return text.strip().lower() in MISSING


def currency_mark(text: str) -> str:
    """Return the mark of money beside a figure; blank if there is none."""
    found = CURRENCY.search(text.strip())
    return found[0].strip(" +-.\u00a0") if found else ""


@dataclass(frozen=True, eq=False)
class Texts:
    """What stands in a column: each text once, and which of them each row has."""

    once: list[Any]  # texts, in the order of the first row of each (K,)
    codes: np.ndarray  # the place of each row's text among them (N,)

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The texts as numbers (K,); nothing if any of them is none."""
        return _read(tuple(self.once))


@dataclass(frozen=True, eq=False)
class _Known:
    """A column that was looked at: both are kept, so that its memory is no other's and
    pandas copies it before it is written to.
    """

    column: pd.Series
    cells: np.ndarray
    texts: Texts


# The columns that were looked at last, by where their cells stand in memory.
_KNOWN: dict[tuple[int, int, int], _Known] = {}


def texts_of(column: pd.Series) -> Texts:
    """Return the texts of a column; a table asks a dozen times for those of each."""
    if column.dtype != "str" or not len(column):
        codes, once = pd.factorize(column)
        return Texts(list(once), codes)
    cells = np.asarray(column)
    place = (cells.__array_interface__["data"][0], len(cells), cells.strides[0])
    if place not in _KNOWN:
        codes, once = pd.factorize(column)
        if len(_KNOWN) == MOST_READ:
            del _KNOWN[next(iter(_KNOWN))]
        _KNOWN[place] = _Known(
            column=column.copy(deep=False),
            cells=cells,
            texts=Texts(once.tolist(), codes),
        )
    return _KNOWN[place].texts


def coded(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return columns of a table with a number for each text, as rows are compared by."""
    codes = {name: texts_of(frame[name]).codes for name in names}
    return pd.DataFrame(codes, index=frame.index)


def numbers_of(column: pd.Series) -> pd.Series | None:
    """Return a column of text as numbers, blank where missing; nothing if any cell is
    no number.
    """
    # Each text is read once, however many rows it stands in.
    texts = texts_of(column.astype(str))
    if texts.numbers is None:
        return None
    return pd.Series(texts.numbers[texts.codes], index=column.index)


@lru_cache(maxsize=MOST_READ)
def _read(texts: tuple[str, ...]) -> np.ndarray | None:
    """Return different texts as numbers, (K,); nothing if any of them is none."""
    numbers = _plain(texts)
    if numbers is None:
        found = _numbers(pd.Series(texts, dtype=str))
        numbers = None if found is None else found.to_numpy()
    return numbers


def _plain(texts: Sequence[str]) -> np.ndarray | None:
    """Return texts as numbers where each is one written with a point, or missing; nothing
    if another form has to be tried.
    """
    lines = "\n".join(texts)
    if not OTHER_THAN_DIGITS.search(lines) and not CODE.search(lines):
        with contextlib.suppress(ValueError):  # 1.2.3, or a blank cell
            read = np.array(list(map(float, texts)))
            if len(read) and (np.abs(read) < LARGEST).all():
                return read
    values = list[float]()
    for text in texts:
        bare = text.strip()
        if PLAIN.fullmatch(bare):
            values.append(float(bare))
        elif is_missing(bare):
            values.append(np.nan)
        else:
            return None
    numbers = np.array(values)
    whole = (np.abs(numbers) < LARGEST) | np.isnan(numbers)
    return numbers if whole.all() and np.isfinite(numbers).any() else None


def of_texts(column: pd.Series, of_one: Callable[[str], Any]) -> pd.Series:
    """Return what a function makes of each text, which it sees once."""
    texts = texts_of(column)
    made = pd.Series([of_one(text) for text in texts.once])
    return made.take(texts.codes).set_axis(column.index)


def _numbers(column: pd.Series) -> pd.Series | None:
    text = column.str.strip()
    blank = text.str.lower().isin(MISSING)
    held = text[~blank]
    # TRUE is 1 among others of its kind, and no figure among figures.
    if not held.empty and held.str.upper().isin(TRUTH).all():
        return _as_floats(held.str.upper().map(TRUTH), column)
    # Of words the first cell tells.
    if held.empty or not re.search(r"[0-9]", held.iloc[0]):
        return None
    # Codes such as 01 are no figures: their zeros would be lost.
    if held.str.fullmatch(r"0[0-9]+").any():
        return None
    if held.str.fullmatch(NUMBER.pattern).all():
        return _as_floats(held, column)
    if held.str.fullmatch(SHORTENED.pattern).any():
        return _shortened(held, column)
    held = held.str.replace(f"^{MINUS}", "-", regex=True)
    if held.str.fullmatch(ACCOUNTS.pattern).any():
        held = held.str.replace(
            rf"^(?:{ACCOUNTS.pattern})$",
            lambda figure: f"-{figure[1] or figure[2]}",
            regex=True,
        )
    held = held.str.replace(CURRENCY, lambda mark: mark[1] or "", regex=True)
    grouped = held.str.fullmatch(GROUPED.pattern)
    pointed = held.str.fullmatch(POINTED.pattern)
    # One cell that is surely of this form decides for the whole column.
    if held.str.fullmatch(SURELY_POINTED.pattern).any() and pointed.all():
        held = held.str.replace(_THOUSANDS, "", regex=True)
        held = held.str.replace(",", ".", regex=False)
    elif grouped.any() and (grouped | held.str.fullmatch(NUMBER.pattern)).all():
        held = held.str.replace(f"[,’'{BLANKS}]", "", regex=True)
    elif (
        held.str.fullmatch(COMMA.pattern).any()
        and not held.str.contains(".", regex=False).any()
    ):
        held = held.str.replace(",", ".", regex=False)
    if not held.str.fullmatch(NUMBER.pattern).all():
        return None
    return _as_floats(held, column)


def _shortened(held: pd.Series, column: pd.Series) -> pd.Series | None:
    """Return figures of which some end in k, M or B, as 10.4k."""
    parts = held.str.extract(f"^{SHORTENED.pattern}$|^({NUMBER.pattern})$")
    bare = parts[0].fillna(parts[2])
    if bare.isna().any():
        return None
    factor = parts[1].str.upper().map({"K": 1e3, "M": 1e6, "B": 1e9}).fillna(1.0)
    # Printed digits stay: 10.4k is 10400 and not 10400.000000000002.
    values = (bare.astype(float) * factor).round(6)
    return values.reindex(column.index)


def _as_floats(texts: pd.Series, column: pd.Series) -> pd.Series | None:
    numbers = texts.astype(float)
    # 1e400 is written as a number and is none.
    return numbers.reindex(column.index) if numbers.abs().lt(LARGEST).all() else None


def number_text(value: float) -> str:
    """Print a number with the digits it has."""
    return "" if math.isnan(value) else f"{value:.15g}"


def no_numbers(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return the cells of a column of text that are not missing, and those of them that
    are no number.
    """
    numbers = numbers_of(column)
    if numbers is not None:
        held = column[numbers.notna()]
        return held, held[:0]
    cells = of_texts(column, str.strip)
    held = cells[~of_texts(cells, is_missing)]
    wrong = held[~of_texts(held, _may_be_number)]
    if wrong.empty and len(held):
        # Commas and points are both decimal somewhere: the rarer one is odd.
        commas = held.str.contains(",", regex=False)
        wrong = held[commas] if commas.mean() <= 0.5 else held[~commas]
    return held, wrong if len(wrong) else held


def _may_be_number(text: str) -> bool:
    """Say whether a text is a number in some form, and none beyond all figures."""
    if not _ANY.fullmatch(text):
        return False
    return not NUMBER.fullmatch(text) or abs(float(text)) < LARGEST


def kinds_of(texts: pd.Series, otherwise: str) -> pd.Series:
    """Return kinds as words in small letters without blanks; ``otherwise`` where none is
    said.
    """
    words = texts.str.strip().str.lower().str.replace(r"\W+", "_", regex=True)
    return words.where(words.ne(""), otherwise)

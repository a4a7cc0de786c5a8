"""Dates of a panel, however they are written: their order, the step between them, and
the dates inside the panel that no unit has. Every function reads its dates here, so
that a lag, a hole and a year mean the same everywhere.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from evenfield.study.errors import EstimateError

DAYS_A_YEAR = 365.25
NEAR = 1e-6  # of a year, within which two dates are so many years apart
# ASSUME: where a panel has days and not months, the last day in the week up to an
# anniversary stands for it: markets close, and a week has no place in a year.
WEEK = pd.Timedelta(days=7)
EPOCH = pd.Timestamp(0)
# By pandas' letters: A is an older name of Y; a year has 261 business days (B).
PERIOD_YEARS = {
    "Y": 1.0,
    "A": 1.0,
    "Q": 1 / 4,
    "M": 1 / 12,
    "B": 1 / 261,
}
FRACTIONS = (1, 2, 4, 12)  # parts of a year in decimal dates such as 1990.25
ROUNDING = 0.05  # of a part, so that 1990.08 is February
YEARS = (1500, 2200)  # whole numbers between are taken for years
CENTURY = 100
LARGEST = 2.0**53  # whole numbers above are not exact as floats
# Text: the parts of a year, their number, and how a date is written.
TEXT_FORMS = (
    (4, re.compile(r"(?P<year>\d{4})[\s\-/]?[qQ](?P<part>[1-4])")),
    (4, re.compile(r"[qQ](?P<part>[1-4])[\s\-/]?(?P<year>\d{4})")),
    (2, re.compile(r"(?P<year>\d{4})[\s\-/]?[hHsS](?P<part>[12])")),
    (12, re.compile(r"(?P<year>\d{4})([\s\-/]?[mM]|[\-/])(?P<part>1[0-2]|0?[1-9])")),
    (12, re.compile(r"(?P<year>\d{4})(?P<part>0[1-9]|1[0-2])")),
)
DAY = re.compile(r"\d{4}-?\d{2}-?\d{2}([ T].*)?")
WHOLE = re.compile(r"(-?\d+)\.0*")  # whole numbers that a blank beside them made floats
TWO_YEARS = re.compile(r"(\d{4})\s*[-/\u2013]\s*(\d{4}|\d{2})")  # 1960-61
NUMBERED = re.compile(r"(\D*?)\s*(-?\d+)(\D*)")  # wave 1, FY1990, 1990年
# Names of columns and of levels of an index that hold dates.
TIME_NAMES = re.compile(
    r"(.*[_ ])?(year|yr|fy|date|time|t|period|quarter|month|week|day|wave|round|decade"
    r"|jahr|ann[eé]e|a[nñ]o|anno|年|年份)s?(_?id)?",
    re.IGNORECASE,
)
EXAMPLES = "years, whole numbers, periods, datetimes or text such as 1990, 1990Q1"

# Places at or after other dates, or None where one is of another kind than the panel's.
After: TypeAlias = Callable[[Sequence[Any]], np.ndarray | None]


class Scale(NamedTuple):
    """Dates on a line of whole numbers."""

    ordinals: np.ndarray  # (T,) place of each date
    years: float  # between two whole numbers; plain numbers count years
    written: Callable[[int], str]  # text of a place, also of one that no date has
    # places at or after other dates; None where dates of the kind lie at places only
    after: After | None = None


@dataclass(frozen=True)
class Dates:
    """The dates of the rows of a panel."""

    labels: np.ndarray  # (T,) each date once, in order, as the user writes it
    codes: np.ndarray  # (R,) which of them a row has
    scale: Scale | None  # None where nothing says how far apart they are
    # Greatest common divisor of the distances between all dates: the step.
    step: int

    @cached_property
    def years(self) -> float:
        """Years in one step; plain whole numbers count years."""
        return self._known("a length in years").years * self.step

    @cached_property
    def positions(self) -> np.ndarray:
        """Steps from the first date to each, (T,)."""
        ordinals = self._known("lags").ordinals
        return np.asarray((ordinals - ordinals[:1]) // self.step)

    @property
    def span(self) -> int:
        """Number of dates from the first to the last, those that no unit has too."""
        return int(self.positions[-1]) + 1

    @cached_property
    def text(self) -> list[str]:
        """Dates as text, (T,)."""
        return [_text(label) for label in self.labels]

    def between(self, first: int, last: int) -> float:
        """Years from the date ``first`` to the date ``last``, both by place."""
        scale = self._known("a length in years")
        return float(scale.ordinals[last] - scale.ordinals[first]) * scale.years

    @cached_property
    def moments(self) -> pd.DatetimeIndex | None:
        """Dates on the calendar, (T,), where a step is shorter than a month."""
        if self._known("a length in years").years > 1 / 12 - NEAR:
            return None
        return _moments(self.labels.tolist())

    def windows(self, years: float) -> list[tuple[int, int]]:
        """Places of the first and last date of all pairs that are so many years apart,
        in order; none where none are, an error where distances are not known.
        """
        # No calendar goes as far as what is longer than the panel, an anniversary's
        # leap days aside.
        if years > self.between(0, -1) + 1:
            return []
        if self.moments is None:
            return self._windows_of_steps(years)
        return _windows_of_days(self.moments, years)

    def _windows_of_steps(self, years: float) -> list[tuple[int, int]]:
        """Pairs of dates that lie a whole number of places apart, within ``NEAR``."""
        scale = self._known("a length in years")
        apart = round(years / scale.years)
        if apart < 1 or abs(apart * scale.years - years) >= NEAR:
            return []
        ordinals = scale.ordinals.tolist()
        place = {ordinal: i for i, ordinal in enumerate(ordinals)}
        return [
            (first, place[ordinal + apart])
            for first, ordinal in enumerate(ordinals)
            if ordinal + apart in place
        ]

    def position_text(self, position: int) -> str:
        """Text of a position, also of one that no unit has."""
        matches = np.flatnonzero(self.positions == position)
        if len(matches):
            return self.text[int(matches[0])]
        scale = self._known("lags")
        return scale.written(int(scale.ordinals[0] + position * self.step))

    def among(self, rows: np.ndarray) -> Dates:
        """Dates of some of the rows, the step unchanged; rows (R,) of bool."""
        present, codes = np.unique(self.codes[rows], return_inverse=True)
        scale = self.scale
        if scale is not None:
            scale = scale._replace(ordinals=scale.ordinals[present])
        return replace(
            self,
            labels=self.labels[present],
            codes=codes,
            scale=scale,
        )

    def even(self, what: str) -> None:
        """Refuse dates inside the panel that no unit has; ``what`` needs them."""
        missing = self.span - len(self.labels)
        if not missing:
            return
        first = int(np.flatnonzero(np.diff(self.positions) > 1)[0])
        hole = self.position_text(int(self.positions[first]) + 1)
        noun = "date is" if missing == 1 else "dates are"
        raise EstimateError(
            f"{missing} {noun} missing for all units, first {hole}, between"
            f" {self.text[first]} and {self.text[first + 1]}",
            f"dates that are equally far apart for {what}",
            "fill them, or keep the dates on one side or every k-th date",
        )

    def position_of(self, date: object) -> int:
        """Place of a date that a user names; a year stands for its only date."""
        texts = np.array(self.text)
        wanted = _text(date)
        found = np.flatnonzero(texts == wanted)
        # 1990 is the date 1990, and stands for 1990-12-31 where no other begins so. A
        # year has four letters: 19 must not find a lone 1990-12-31.
        if not len(found) and len(wanted) >= 4:
            found = np.flatnonzero(np.char.startswith(texts.astype(str), wanted))
        if len(found) != 1:
            raise EstimateError(
                f"several dates {wanted}" if len(found) else f"no date {wanted}",
                f"one of {self.text[0]} to {self.text[-1]}",
                "name a date of the data",
            )
        return int(found[0])

    def at_or_after(self, others: pd.Series[Any]) -> np.ndarray | None:
        """Position of the first date at or after each of others, (R,), at the step of
        the panel also before and after all its dates; None where one is of another kind.
        """
        scale = self._known("lags")
        first = scale.ordinals[0]
        if scale.after is not None:
            places = scale.after(others.tolist())
        else:
            both = read_dates(pd.concat([pd.Series(self.labels), others]))
            if both.scale is None or not np.isclose(both.scale.years, scale.years):
                return self._of_labels(others)
            of_both = both.scale.ordinals[both.codes]
            first = of_both[0]
            places = of_both[len(self.labels) :]
        if places is None:
            return None
        # Steps from the first date, rounded up.
        return np.asarray(-((first - places) // self.step))

    def _of_labels(self, others: pd.Series[Any]) -> np.ndarray | None:
        """Positions of dates of the panel by their text; None where one is not there."""
        position = dict(zip(self.text, self.positions.tolist(), strict=True))
        found = [position.get(plain_text(date)) for date in others]
        return None if None in found else np.array(found, dtype=int)

    def ends(self, start: object, end: object) -> tuple[int, int]:
        """Places of two dates that a user names, the first and the last by default."""
        first = 0 if start is None else self.position_of(start)
        last = len(self.labels) - 1 if end is None else self.position_of(end)
        if not last > first:
            raise EstimateError(
                f"dates {self.text[first]} and {self.text[last]}",
                "two dates of the data, in order",
                "set start and end",
            )
        return first, last

    def ends_of_spans(self, spans: Any) -> list[tuple[int, int]]:
        """Places of the first and last dates of spans that a user names, two or more."""
        listed = isinstance(spans, Sequence | np.ndarray) and not isinstance(spans, str)
        pairs = list(spans) if listed else [spans]
        for pair in pairs:
            is_pair = isinstance(pair, Sequence | np.ndarray) and len(pair) == 2
            if isinstance(pair, str) or not is_pair:
                raise EstimateError(
                    f"a span of {pair!r}",
                    "its first and last date",
                    "write spans=[(1940, 1970), (1970, 2000)], for example",
                )
        ends = [self.ends(first, last) for first, last in pairs]
        if len(set(ends)) < 2 or len(set(ends)) < len(ends):
            raise EstimateError(
                f"{len(ends)} spans, {len(set(ends))} of them different",
                "two or more, each once",
                "name first and last date of each",
            )
        # Two spans may meet at a date: what one measures ends where the other begins.
        for (_, last), (first, _) in pairwise(sorted(ends)):
            if first < last:
                raise EstimateError(
                    f"a span from {self.text[first]} beside one that ends in"
                    f" {self.text[last]}",
                    "spans that overlap in no more than a date",
                    "let one begin where the other ends, or later",
                )
        return ends

    def _known(self, what: str) -> Scale:
        if self.scale is None:
            raise EstimateError(
                f"dates such as {self.text[0]}, whose distance is not known",
                f"{EXAMPLES}, for {what}",
                "number the dates in order",
            )
        return self.scale


def read_dates(column: pd.Series[Any]) -> Dates:
    """Read a column of dates without missing values."""
    codes, uniques = pd.factorize(column)
    labels = _labels(uniques)
    scale = _scale(pd.Series(uniques))
    if scale is not None:
        _refuse_two_digits(scale.ordinals)
    if scale is None:
        order = _natural_order(labels)
        rank = np.argsort(order)
        return Dates(labels[order], rank[codes], None, 1)
    # Dates that are written in two ways stand at one place.
    ordinals, first, position = np.unique(
        scale.ordinals, return_index=True, return_inverse=True
    )
    # 1960, 1965 and 1975 are steps of 5, and 1970 is a date that no unit has.
    step = int(np.gcd.reduce(np.diff(ordinals))) if len(ordinals) > 1 else 1
    scale = scale._replace(ordinals=ordinals)
    return Dates(labels[first], position[codes], scale, step)


def _refuse_two_digits(ordinals: np.ndarray) -> None:
    """Refuse 95 to 99 and 0 to 4, in which the century turns: 4 would come before 95."""
    places = np.unique(ordinals)
    apart = np.diff(places)
    if (
        len(places) < 3
        or places[0] < 0
        or places[-1] > 99
        or apart.max() <= CENTURY / 2
    ):
        return
    hole = int(apart.argmax())
    around = places[0] + CENTURY - places[-1]
    # ASSUME: where the step of the others leads from the last to the first by way of
    # 100, numbers with a hole of half a century are years of two digits.
    if around == np.gcd.reduce(np.delete(apart, hole)):
        raise EstimateError(
            f"dates {places[hole + 1]} to {places[-1]} and {places[0]} to {places[hole]},"
            " which are years of two digits around 2000",
            "years of four digits",
            f"add 1900 to those from {places[hole + 1]} on and 2000 to the others",
        )


def _labels(uniques: object) -> np.ndarray:
    """Return dates as an array; whole numbers of any type as int."""
    labels = np.asarray(uniques)
    if labels.dtype.kind == "O" and all(
        isinstance(x, int) and abs(x) <= LARGEST for x in labels
    ):
        return labels.astype(int)
    whole = labels.dtype.kind in "iuf" and not (labels % 1).any()
    return labels.astype(int) if whole else labels


def one_date(rows: int) -> Dates:
    """Dates of a cross-section of so many rows."""
    scale = Scale(np.zeros(1, dtype=int), 1.0, str)
    return Dates(np.zeros(1, dtype=int), np.zeros(rows, dtype=int), scale, 1)


def _natural_order(labels: np.ndarray) -> np.ndarray:
    """Return the order of labels, by their text where they do not compare."""
    try:
        return np.argsort(labels, kind="stable")
    except TypeError:
        return np.argsort(labels.astype(str), kind="stable")


def _text(label: object) -> str:
    """Write a date: days without the time of midnight, 1990.0 as 1990."""
    if isinstance(label, np.datetime64 | datetime.date) and not pd.isna(label):
        stamp = pd.Timestamp(label)
        whole = stamp == stamp.normalize()
        return stamp.strftime("%Y-%m-%d") if whole else stamp.isoformat()
    if isinstance(label, float | np.floating) and float(label).is_integer():
        return str(int(label))
    return str(label)


def plain_text(date: object) -> str:
    """Return a date as text; whole numbers without a decimal point."""
    text = _text(date).strip()
    whole = WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _scale(dates: pd.Series[Any]) -> Scale | None:
    """Place different dates on a line of whole numbers, or say that it cannot be."""
    if isinstance(dates.dtype, pd.CategoricalDtype):
        return _of_categories(dates)
    values = dates.tolist()
    if all(isinstance(value, pd.Period) for value in values):
        return _of_periods(values)
    stamps = _stamps(values)
    if stamps is not None:
        return _of_days(stamps)
    texts = [plain_text(value) for value in values]
    numbers = _numbers(texts)
    # 199001 is text, too: a year and a month.
    if numbers is None or all(_is_calendar(text) for text in texts):
        return _of_text(texts)
    return _of_numbers(numbers)


def _numbers(texts: Sequence[str]) -> np.ndarray | None:
    """Return text as numbers, or None where one is none or infinite."""
    numbers = pd.to_numeric(pd.Series(texts), errors="coerce").to_numpy(float)
    return numbers if np.isfinite(numbers).all() else None


def _stamps(values: Sequence[Any]) -> pd.Series[Any] | None:
    """Read days and times, written as dates, text or 19900131, without time zones."""
    is_day = [isinstance(value, datetime.date | np.datetime64) for value in values]
    if all(is_day) and values:
        try:
            stamps = pd.Series(pd.to_datetime(values))
        except ValueError as error:
            raise _of_several_zones(values) from error
    else:
        texts = [plain_text(value) for value in values]
        if not all(map(_is_day, texts)):
            return None
        try:
            stamps = pd.to_datetime(pd.Series(texts), format="ISO8601", errors="coerce")
        except ValueError as error:
            raise _of_several_zones(values) from error
    return None if stamps.isna().any() else stamps.dt.tz_localize(None)


def _of_several_zones(values: Sequence[Any]) -> EstimateError:
    """Return what is said of times with several offsets from universal time."""
    return EstimateError(
        f"times with different UTC offsets, such as {_text(values[0])}",
        "times of one zone",
        "convert them with pd.to_datetime(..., utc=True), or leave out the offsets",
    )


def _moments(values: list[Any]) -> pd.DatetimeIndex | None:
    """Return days, times and periods as moments; None where they are none of these."""
    if all(isinstance(value, pd.Period) for value in values):
        return pd.PeriodIndex(values).to_timestamp()
    stamps = _stamps(values)
    return None if stamps is None else pd.DatetimeIndex(stamps)


def _windows_of_days(moments: pd.DatetimeIndex, years: float) -> list[tuple[int, int]]:
    """Pairs of days of which the later is the anniversary of the first, or the last day
    of the panel in the week before it; moments (T,) in order.
    """
    anniversary = moments + _length(years)
    first = np.arange(len(moments))
    # The place of the last date that is not after each anniversary.
    last = np.searchsorted(moments, anniversary, side="right") - 1
    in_panel = anniversary <= moments[-1]
    within_week = anniversary - moments[last] < WEEK
    found = first[in_panel & within_week & (last > first)]
    return [(int(i), int(last[i])) for i in found]


def _length(years: float) -> pd.DateOffset | pd.Timedelta:
    """Return so many years by the calendar, or in days where they are no whole months."""
    months = round(12 * years)
    if abs(months / 12 - years) < NEAR:
        return pd.DateOffset(months=months)
    return pd.Timedelta(days=DAYS_A_YEAR * years).round("s")


def _is_day(text: str) -> bool:
    """Say whether text begins with year, month and day; digits alone with a real year."""
    dated = DAY.fullmatch(text) is not None
    return dated and (_is_calendar(text) or not text.isdigit())


def _is_calendar(text: str) -> bool:
    """Say whether digits begin with a year and go on with a month or a day."""
    digits = text.isdigit() and len(text) in {6, 8}
    return digits and YEARS[0] <= int(text[:4]) <= YEARS[1]


def _of_categories(dates: pd.Series[Any]) -> Scale | None:
    """Categories that are no dates have the distances of an order that was given."""
    scale = _scale(pd.Series(dates.tolist()))
    if scale is not None or not dates.cat.ordered:
        return scale
    names = dates.cat.categories
    return Scale(dates.cat.codes.to_numpy(int), 1.0, lambda i: str(names[i]))


def _of_periods(values: list[pd.Period]) -> Scale:
    """Periods of one frequency, at their ordinals."""
    kinds = {value.freqstr for value in values}
    if len(kinds) > 1:
        raise EstimateError(
            f"periods of {' and '.join(sorted(kinds))}", "one frequency", "choose one"
        )
    first = values[0]
    ordinals = np.array([value.ordinal for value in values])

    def written(ordinal: int) -> str:
        # Adding one to a period of n quarters goes n quarters on.
        return str(first + (ordinal - first.ordinal) // first.freq.n)

    return Scale(ordinals, _period_years(first), written)


def _period_years(period: pd.Period) -> float:
    """Years in what a Period counts, which for 2Y is a year."""
    letter = period.freqstr.lstrip("0123456789")[0]
    if letter in PERIOD_YEARS:
        return PERIOD_YEARS[letter]
    length = period.end_time - period.start_time
    return float(length / pd.Timedelta(days=DAYS_A_YEAR) / period.freq.n)


def _of_days(stamps: pd.Series[Any]) -> Scale:
    """Seconds where the times of day differ; months where all dates are the same day of
    their month, or its last, or where months have fewer dates missing, as of first
    Mondays; else days.
    """
    days = stamps.dt.normalize()
    times_of_day = stamps - days
    if times_of_day.nunique() > 1:
        # Days alone would put two dates at one place.
        return _in_seconds(stamps)
    time_of_day = times_of_day.iloc[0]

    def to_days(dates: pd.Series[Any]) -> pd.Series[Any]:
        days: pd.Series[Any] = (dates - time_of_day - EPOCH) / pd.Timedelta(days=1)
        return days

    months = _months(days)
    same_day = days.dt.is_month_end.all() or days.dt.day.nunique() == 1
    one_a_month = months.nunique() == days.nunique()
    if same_day or (one_a_month and _steps(months) < _steps(to_days(stamps))):
        return _in_months(stamps, months)

    def written(day: int) -> str:
        return _text(pd.Timestamp(day, unit="D"))

    places = to_days(stamps).to_numpy(int)
    return Scale(places, 1 / DAYS_A_YEAR, written, _after_days(to_days))


def _in_seconds(stamps: pd.Series[Any]) -> Scale:
    """Days and times, to the second."""

    def to_seconds(dates: pd.Series[Any]) -> pd.Series[Any]:
        return (dates - EPOCH).dt.total_seconds()

    def written(second: int) -> str:
        return str(pd.Timestamp(second, unit="s"))

    places = to_seconds(stamps).round().to_numpy(int)
    years = 1 / (DAYS_A_YEAR * 86400)
    return Scale(places, years, written, _after_days(to_seconds))


def _in_months(stamps: pd.Series[Any], months: pd.Series[Any]) -> Scale:
    """Days of which each is the only one of its month."""
    own = dict(zip(months, _since_month(stamps), strict=True))
    # ASSUME: in months that the panel lacks its date is the usual day, or their last.
    always_one_day = len(set(own.values())) == 1
    usual = max(own.values()) if always_one_day else pd.Timedelta(days=31)

    def to_months(dates: pd.Series[Any]) -> pd.Series[Any]:
        # What comes later in its month than the date of the panel is of the next.
        of_panel = _months(dates).map(lambda month: own.get(month, usual))
        return _months(dates) + (_since_month(dates) > of_panel)

    scale = _in_parts(months.to_numpy(int), 12)
    return scale._replace(after=_after_days(to_months))


def _months(days: pd.Series[Any]) -> pd.Series[Any]:
    """Return the number of each day's month, counted from the year zero."""
    months: pd.Series[Any] = days.dt.year * 12 + days.dt.month - 1
    return months


def _since_month(stamps: pd.Series[Any]) -> pd.Series[Any]:
    """Return the time since the month began."""
    since: pd.Series[Any] = stamps - stamps.dt.to_period("M").dt.start_time
    return since


def _steps(ordinals: pd.Series[Any]) -> int:
    """Return the number of steps from the first date to the last."""
    apart = np.diff(np.unique(ordinals.to_numpy(int)))
    return int(apart.sum() // np.gcd.reduce(apart)) if len(apart) else 0


def _after_days(to_places: Callable[[pd.Series[Any]], pd.Series[Any]]) -> After:
    """Return what gives the places at or after days and times, where ``to_places`` may
    put them between two.
    """

    def after(others: Sequence[Any]) -> np.ndarray | None:
        stamps = _stamps(others)
        return None if stamps is None else np.ceil(to_places(stamps)).to_numpy(int)

    return after


def _in_parts(ordinals: np.ndarray, parts: int) -> Scale:
    """Halves, quarters or months of years, counted from the year zero."""
    form = {2: "{}H{}", 4: "{}Q{}", 12: "{}-{:02d}"}[parts]

    def written(ordinal: int) -> str:
        return form.format(ordinal // parts, ordinal % parts + 1)

    return Scale(ordinals, 1 / parts, written)


def _of_numbers(numbers: np.ndarray) -> Scale | None:
    """Whole numbers, or decimal years of which each is a half, quarter or month."""
    if np.abs(numbers).max() > LARGEST:
        return None
    for parts in FRACTIONS:
        scaled = numbers * parts
        ordinals = np.round(scaled).astype(int)
        fits = np.abs(scaled - ordinals).max() <= _rounding(parts)
        if fits and len(set(ordinals.tolist())) == len(numbers):
            whole = Scale(ordinals, 1.0, str)
            scale = whole if parts == 1 else _in_parts(ordinals, parts)
            return scale._replace(after=partial(_after_numbers, numbers, parts))
    return None


def _rounding(parts: int) -> float:
    """Say how far a decimal year may lie from a part of a year: it may be cut (1990.08
    is 1990 and 1/12); whole numbers must be whole.
    """
    return ROUNDING if parts > 1 else 0.0


def _after_numbers(
    panel: np.ndarray, parts: int, others: Sequence[Any]
) -> np.ndarray | None:
    """Places at or after numbers, which beside years are years, too."""
    numbers = _numbers([plain_text(other) for other in others])
    if numbers is None or np.abs(numbers).max(initial=0) > LARGEST:
        return None
    four_digits = (numbers >= 1000) & (numbers < 10000)
    if _are_years(panel) and not four_digits.all():
        return None
    places = np.ceil(numbers * parts - _rounding(parts))
    return np.asarray(places.astype(int))


def _are_years(numbers: np.ndarray) -> bool:
    """Say whether all numbers lie where whole numbers are taken for years."""
    return bool(((numbers >= YEARS[0]) & (numbers <= YEARS[1])).all())


def _of_text(texts: list[str]) -> Scale | None:
    """Text of one form: two years, a year and its part, or words around a number."""
    years = _two_years(texts)
    if years is not None:
        return Scale(years, 1.0, lambda year: f"{year}-{(year + 1) % 100:02d}")
    for parts, form in TEXT_FORMS:
        matches = [match for match in map(form.fullmatch, texts) if match]
        if len(matches) == len(texts):
            years = np.array([int(match["year"]) for match in matches])
            part = np.array([int(match["part"]) for match in matches])
            return _in_parts(years * parts + part - 1, parts)
    return _of_numbered(texts)


def _two_years(texts: Iterable[str]) -> np.ndarray | None:
    """First years of text such as 1960-61 and 1961-62."""
    years = []
    for text in texts:
        match = TWO_YEARS.fullmatch(text)
        if match is None:
            return None
        year = int(match[1])
        following = (year + 1) % 10 ** len(match[2])
        if int(match[2]) != following:
            return None
        years.append(year)
    # ASSUME: a lone 2005-06 is June 2005.
    return np.array(years) if len(years) > 1 else None


def _of_numbered(texts: Iterable[str]) -> Scale | None:
    """Text that differs in one whole number only."""
    texts = list(texts)
    matches = [match for match in map(NUMBERED.fullmatch, texts) if match]
    words = {(match[1], match[3]) for match in matches}
    if len(matches) < len(texts) or len(words) > 1:
        return None
    before, after = words.pop()
    blank = " " if any(" " in text.removesuffix(after) for text in texts) else ""
    ordinals = np.array([int(match[2]) for match in matches])
    return Scale(ordinals, 1.0, lambda n: f"{before}{blank}{n}{after}")


def keys_of_index(
    index: pd.Index[Any], unit: str | None, time: str | None
) -> tuple[str | None, str | None]:
    """Complete the names of unit and date by the levels of an index of two levels."""
    if index.nlevels != 2:
        return unit, time
    # As pandas names the columns that unnamed levels become.
    first, second = [
        f"level_{i}" if name is None else str(name)
        for i, name in enumerate(index.names)
    ]
    other = {first: second, second: first}
    if unit is None and time is None:
        return (first, second) if date_level(index) == 1 else (second, first)
    if time is None:
        return unit, other.get(str(unit))
    if unit is None:
        return other.get(time), time
    return unit, time


def date_level(index: pd.Index[Any]) -> int:
    """Say which of the two levels of an index is the date.

    Notes
    -----
    A name such as ``year`` decides, then what the levels hold: dates and years against
    anything else, whole numbers against text. Two levels that could both be the date
    are refused.
    """
    dated = [bool(TIME_NAMES.fullmatch(str(name))) for name in index.names]
    if dated[0] != dated[1]:
        return dated.index(True)
    levels = [index.get_level_values(i).unique() for i in (0, 1)]
    grades = [_likeness(level) for level in levels]
    if grades[0] != grades[1]:
        return int(grades[1] > grades[0])
    raise EstimateError(
        "two index levels that may both be the date, with values such as"
        f" {_text(levels[0][0])} and {_text(levels[1][0])}",
        "unit= and time=",
        "name the levels, or give both in the call",
    )


def _likeness(level: pd.Index[Any]) -> int:
    """Grade how much values look like dates: 2 years and dates, 1 numbers, 0 others."""
    scale = _scale(pd.Series(level))
    if scale is None:
        return 0
    texts = [plain_text(value) for value in level]
    numbers = _numbers(texts)
    if numbers is not None:
        # Parts of a year are dates; other whole numbers may also be ids of units.
        return 2 if _are_years(numbers) or scale.years < 1 else 1
    if isinstance(level[0], str) and _of_numbered(texts) is not None:
        # wave 1 is a date by its word, unit 1 or P01 is not.
        prefix = NUMBERED.fullmatch(texts[0])
        return 2 if prefix and TIME_NAMES.fullmatch(prefix[1].strip()) else 0
    return 2

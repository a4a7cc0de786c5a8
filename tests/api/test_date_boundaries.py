"""Where one reading of dates ends and the next begins."""

import pandas as pd
import pytest

from evenfield.api.dates import read_dates
from made_panel import refused
from tolerances import close


def dates_of(*values):
    return read_dates(pd.Series(list(values)))


def days(*texts):
    return read_dates(pd.Series(pd.to_datetime(list(texts))))


def steps_to(dates, *others):
    found = dates.at_or_after(pd.Series(list(others)))
    return None if found is None else found.tolist()


def test_whole_numbers_have_a_distance_as_far_as_floats_are_exact():
    largest = 2**53
    exact = dates_of(largest - 3, largest - 1, largest)
    assert exact.positions.tolist() == [0, 2, 3]
    assert dates_of(-largest, 3 - largest).span == 2
    refused("distance is not known", lambda: dates_of(largest, largest + 2).positions)
    # No later date is placed where floats have holes, either.
    assert steps_to(exact, largest) == [3]
    assert steps_to(exact, largest + 2) is None


@pytest.mark.parametrize(
    ("years", "pairs"),
    [
        (5, [(0, 1), (1, 2)]),
        (5 + 9e-7, [(0, 1), (1, 2)]),
        (5 - 9e-7, [(0, 1), (1, 2)]),
        (5 + 1.1e-6, []),
        (5 - 1.1e-6, []),
        (5.4, []),
        (10, [(0, 2)]),
        (1e-7, []),  # no window has no length
        (11, []),
    ],
)
def test_windows_are_so_many_years_long_within_a_millionth(years, pairs):
    assert dates_of(1990, 1995, 2000).windows(years) == pairs


def test_a_window_is_no_longer_than_the_panel():
    leap = days("2000-02-29", "2000-12-31", "2001-02-28")
    assert leap.windows(1) == [(0, 2)]
    assert leap.windows(2) == leap.windows(1e12) == []


@pytest.mark.parametrize("year", ["1990", 1990, 1990.0, "1990-12", "1990-12-31"])
def test_a_year_stands_for_its_only_date(year):
    assert days("1989-12-31", "1990-12-31").position_of(year) == 1


@pytest.mark.parametrize("short", ["1", "19", "199", 199])
def test_fewer_than_four_digits_stand_for_no_date(short):
    refused(f"no date {short}", days("1990-12-31").position_of, short)
    refused("no date", dates_of("1990Q1", "1991Q1").position_of, short)


def test_a_year_of_several_dates_names_none():
    both = days("1990-06-30", "1990-12-31", "1991-06-30")
    refused("several dates 1990", both.position_of, "1990")
    assert both.position_of("1991") == 2


FOUR = dates_of(1990, 1995, 2000, 2005)


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([(1990, 1995), (1990, 1995)], "2 spans, 1 of them different"),
        ([(1990, 1995), (1995, 2000), (1990, 1995)], "3 spans, 2 of them different"),
        # The first and the last date are those of no name.
        ([(1990, 2005), (None, None), (1990, 1995)], "3 spans, 2 of them different"),
        ([(1990, 1995)], "1 spans, 1 of them different"),
        ([], "0 spans, 0 of them different"),
        ([(1995, 1995), (1995, 2000)], "dates 1995 and 1995"),
        ([(2000, 1995), (1995, 2000)], "dates 2000 and 1995"),
    ],
)
def test_spans_are_two_or_more_each_once(spans, words):
    refused(words, FOUR.ends_of_spans, spans)


def test_spans_are_places_in_the_order_of_the_user():
    spans = [(1995, 2005), (1990, 1995)]
    assert FOUR.ends_of_spans(spans) == [(1, 3), (0, 1)]
    assert FOUR.ends_of_spans([[2000, None], [None, 2000]]) == [(2, 3), (0, 2)]


@pytest.mark.parametrize(("before", "found"), [(0, True), (6, True), (7, False)])
def test_an_anniversary_has_the_last_day_of_the_week_up_to_it(before, found):
    near = pd.Timestamp("2002-03-20") - pd.Timedelta(days=before)
    panel = days("2001-03-20", "2001-07-04", "2001-07-05", near, "2002-06-11")
    assert panel.windows(1) == ([(0, 3)] if found else [])


@pytest.mark.parametrize(
    ("texts", "years"),
    [
        (["2000-01-31", "2000-02-29", "2000-04-30"], [1 / 12, 2 / 12]),  # last days
        (["2000-01-15", "2000-02-15", "2000-04-15"], [1 / 12, 2 / 12]),  # one day
        (["2000-01-31", "2000-02-29"], [1 / 12]),
        (["2000-01-15", "2000-02-15"], [1 / 12]),
        # First Mondays: steps of a week would have holes between the months.
        (["2000-01-03", "2000-02-07", "2000-03-06"], [1 / 12, 1 / 12]),
        # Days that months place no better are days.
        (["2000-01-03", "2000-02-07"], [35 / 365.25]),
        (["2000-01-31", "2000-03-01", "2000-03-31"], [30 / 365.25, 30 / 365.25]),
        (["2000-01-03", "2000-01-31", "2000-02-28"], [28 / 365.25, 28 / 365.25]),
    ],
)
def test_days_are_months_where_these_have_fewer_holes(texts, years):
    found = days(*texts)
    close([found.between(i, i + 1) for i in range(len(years))], years)


def test_a_month_that_the_panel_lacks_has_its_date_on_the_usual_day():
    panel = days("2000-01-10", "2000-02-10", "2000-04-10")
    others = ["2000-03-09", "2000-03-10", "2000-03-11", "2000-04-11", "1999-12-11"]
    assert steps_to(panel, *map(pd.Timestamp, others)) == [2, 2, 3, 4, 0]
    # Last days of a month have no usual day: the date is the last of each.
    ends = days("2000-02-29", "2000-04-30", "2000-09-30")
    others = ["2000-03-31", "2000-04-01", "2000-05-31", "2000-10-31", "2000-02-29"]
    assert steps_to(ends, *map(pd.Timestamp, others)) == [1, 2, 3, 8, 0]


@pytest.mark.parametrize(
    ("other", "place"),
    [(1000, -198), (9999, 1602), (1992, 1), (999, None), (10000, None), (0, None)],
)
def test_a_number_beside_years_is_a_year_of_four_digits(other, place):
    years = dates_of(1990, 1995, 2000)
    assert steps_to(years, other) == (None if place is None else [place])
    assert steps_to(years, 1995, other) == (None if place is None else [1, place])


def test_numbers_that_are_no_years_have_any_number_of_digits():
    assert steps_to(dates_of(1, 2, 4), 0, 10_000) == [-1, 9_999]


def test_a_lone_2005_06_is_june():
    june = dates_of("2005-06", "2005-06")
    assert june.position_text(1) == "2005-07"
    close(june.years, 1 / 12)
    assert steps_to(june, "2005-08") == [2]
    seasons = dates_of("2005-06", "2006-07")
    assert (seasons.years, seasons.position_text(2)) == (1, "2007-08")
    # A season ends in the year that follows; others are months.
    close(dates_of("2005-06", "2006-08").between(0, 1), 14 / 12)
    assert dates_of("1999-00", "2000-01").years == 1
    assert dates_of("1999-2000", "2000-2001").position_text(2) == "2001-02"


@pytest.mark.parametrize(("years", "last"), [(1, 4), (0.5, 2)])
def test_whole_months_are_those_of_the_calendar(years, last):
    # 366 days, and 184: more than a year and half a year have on average.
    panel = days("2003-03-01", "2003-08-29", "2003-09-01", "2004-02-28", "2004-03-01")
    assert panel.windows(years)[0] == (0, last)


@pytest.mark.parametrize(
    "names",
    [
        pd.Categorical(["spring", "summer", "autumn"]),  # in no order
        ["wave 1", "round 2", "wave 3"],
        ["wave 1", "wave 2", "wave"],
        ["1990Q1", "1990M2", "1990Q3"],
        ["1990-01-01", "1990-02", "1990-03"],
    ],
)
def test_names_in_no_order_have_no_distance(names):
    dates = read_dates(pd.Series(names))
    refused("distance is not known", lambda: dates.positions)


def test_dates_of_another_length_are_places_by_their_text_alone():
    quarters = dates_of("1990Q1", "1990Q2", "1990Q4")
    assert steps_to(quarters, "1991Q2", "1989Q4", "1990Q3") == [5, -1, 2]
    assert steps_to(quarters, "1990H1") is None
    assert steps_to(quarters, "1990-05") is None
    months = dates_of("1990-01", "1990-02")
    assert steps_to(months, "1990-12") == [11]

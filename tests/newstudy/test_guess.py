"""Whatever the table: a study or one line, never a traceback."""

import random

import pytest

from evenfield.newstudy.guess import Choices, guess
from evenfield.newstudy.headers import headed
from evenfield.study.errors import EvenfieldError

HEADERS = (
    "unit year name lat lon value gdp income pop n t time date state county region geo"
    " series indicator measure 2000 2001 gdp_2000 gdp_2001 y60 y70 ln_y x y id _year _row"
    " _id a\\b 1990-91 1991-92 2000Q1 2000Q2 unit_given year_given a+b"
).split()
CELLS = (
    "A B C 2000 2001 2002 17.5 930 0 -4 .. : 1960-61 2000Q1 World Total 01000 1.234,5"
    " $1,234 1e400 inf nan ١٢ ²"
).split()


def made_table(draws):
    """A panel, or no panel at all, with columns of any names and cells of any kind."""
    header = draws.choices([*HEADERS, "", "geo,unit\\time"], k=draws.randint(1, 7))
    kinds = [draws.sample(CELLS, draws.randint(1, 6)) for _ in header]
    if draws.random() < 0.3:
        rows = draws.randint(0, 12)
        return [header, *([*map(draws.choice, kinds)] for _ in range(rows))]
    keys = [[unit, str(year)] for unit in "ABCD" for year in range(2000, 2004)]
    rows = [[*key, *map(draws.choice, kinds)] for key in keys if draws.random() < 0.95]
    return [["state", "year", *header], *rows]


@pytest.mark.parametrize("seed", range(150))
def test_any_table_is_a_study_or_refused_in_one_line(seed):
    draws = random.Random(seed)
    rows = made_table(draws)
    given = {"unit": draws.choice([None, None, None, draws.choice(rows[0])])}
    choices = Choices(
        years=draws.choice(["", "", "2000:2002"]), drop_incomplete=draws.random() < 0.2
    )
    try:
        table = headed(rows, [])
        names = [name for name in table.frame.columns if name]
        if not names or len(set(names)) < len(names):
            return  # which the reader of files refuses
        table.frame = table.frame[names]
        guessed = guess(table, given, choices)
    except EvenfieldError as error:
        assert all(line.count("; ") >= 2 for line in str(error).splitlines())
        return
    assert not guessed.panel.duplicated(["unit", "year"]).any()
    assert set(guessed.panel["unit"]) == set(guessed.units["unit"])

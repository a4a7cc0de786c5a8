"""The tables of cities: which figure is taken where compilations disagree, its grade, and
spans of years that share what they rest on.
"""

import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from compiled.borders import neighbours
from compiled.cities import agreed, chosen, runs, short_name

NAN = np.nan


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("北京市", "北京"),
        ("阿克苏地区", "阿克苏"),
        ("锡林郭勒盟", "锡林郭勒"),
        ("沙市", "沙市"),
    ],
)
def test_names_lose_their_kind(name, short):
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("figures", "taken"),
    [
        # one compilation; two of one origin, then of two; none agree: the first
        ({"GP2": 100.0, "GP3": NAN, "MW": NAN}, (100.0, "B", "GP2")),
        ({"GP2": NAN, "GP3": 100.0, "QU": 100.5}, (100.0, "B", "GP3")),
        ({"GP2": 100.0, "GP3": 100.9}, (100.0, "A", "GP2")),
        ({"GP2": 100.0, "GP3": 110.0}, (100.0, "C", "GP2")),
        # the largest set that agrees, two origins before three compilations of one
        ({"GP2": 100.0, "MW": 110.0, "CK": 110.2}, (110.0, "A", "MW")),
        (
            {"GP3": 90.0, "QU": 90.0, "JCD": 90.0, "MW": 99.0, "CK": 99.0},
            (99.0, "A", "MW"),
        ),
    ],
)
def test_the_largest_set_that_agrees_gives_the_figure(figures, taken):
    assert tuple(agreed(figures, list(figures), 0.01, relative=True)) == taken


def test_agreement_of_an_index_is_counted_in_points():
    assert (
        agreed({"GP1": 113.2, "LI19": 112.7}, ["GP1", "LI19"], 0.5, relative=False)[1]
        == "A"
    )
    assert (
        agreed({"GP1": 113.2, "LI19": 112.6}, ["GP1", "LI19"], 0.5, relative=False)[1]
        == "C"
    )


def test_every_city_and_year_of_any_compilation_is_chosen_for():
    index = pd.MultiIndex.from_tuples(
        [("A", 2000), ("A", 2001)], names=["unit", "year"]
    )
    table = chosen(
        {"GP2": pd.Series([1.0], index[:1]), "MW": pd.Series([2.0], index[1:])},
        0.01,
        relative=True,
    )
    assert table.source.tolist() == ["GP2", "MW"]
    assert list(table.index) == list(index)


def test_spans_end_where_a_year_is_missing_or_its_source_changes():
    cells = pd.DataFrame(
        [("A", "official", "GP2", "")] * 3 + [("B", "official", "MW", "")],
        index=[2000, 2001, 2003, 2004],
    )
    assert [span[:3] for span in runs(cells)] == [
        (2000, 2001, "A"),
        (2003, 2003, "A"),
        (2004, 2004, "B"),
    ]


def test_neighbours_are_pairs_once_in_any_order_of_outlines():
    shapes = {"B": box(1, 0, 2, 1), "A": box(0, 0, 1, 1), "C": box(2.01, 0, 3, 1)}
    near = neighbours(list(shapes), list(shapes.values()), 0.02)
    assert near == b"unit_i,unit_j\nA,B\nB,C\n"
    assert neighbours(list(shapes), list(shapes.values()), 0) == b"unit_i,unit_j\nA,B\n"

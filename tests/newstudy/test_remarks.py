"""What a page says of its figures: the source's word for income, fiscal years, units left
out.
"""

import pandas as pd
import pytest

from evenfield.newstudy.remarks import called, footnotes, remarks_on

COLUMN = {"column": "value"}


@pytest.mark.parametrize(
    ("income", "labels", "said", "expected"),
    [
        (COLUMN, {"value": "GDP per head, dollars"}, [], "GDP per head, dollars"),
        # A unit of measure is no name; the title beside it is one.
        (
            COLUMN,
            {"value": "US dollars per person, PPP converted"},
            ["GDP", "Gross domestic product", "USD_PPP_PS"],
            "Gross domestic product",
        ),
        (
            COLUMN,
            {"value": "3.1 Bruttoinlandsprodukt je Einwohner"},
            [],
            "Bruttoinlandsprodukt je Einwohner",
        ),
        (
            COLUMN,
            {"value": "PER CAPITA NET STATE DOMESTIC PRODUCT"},
            [],
            "per capita net state domestic product",
        ),
        ({"column": "produkt krajowy brutto_[zł]"}, {}, [], "produkt krajowy brutto"),
        ({"output": "rgdpna", "population": "pop"}, {}, [], "rgdpna over pop"),
        (
            {
                "output": "Table A.1: Regional GDP",
                "population": "Table A.3: Population",
            },
            {},
            [],
            "Regional GDP over Population",
        ),
        # Nothing that a reader of English would read, or not know yet.
        (COLUMN, {"value": "1人当たり県民所得"}, [], ""),
        (COLUMN, {}, ["PPS_EU27_2020_HAB"], ""),
        ({"column": "income"}, {}, [], ""),
        ({"column": "TODO"}, {}, [], ""),
    ],
)
def test_income_is_called_as_the_source_calls_it(income, labels, said, expected):
    quoted = f'"{expected}"' if expected else ""
    assert called(income, labels, said) == quoted.replace(" over ", '" over "')


def test_a_page_says_which_years_are_fiscal_and_who_is_left_out():
    left_out = {"totals of others": ["India"], "gaps": ["Haryana", "Goa"]}
    assert remarks_on(
        "", "", "", "income", pd.Series(["2011-12", "2012-13"]), left_out
    ) == [
        "Years are fiscal years, named after the year that they begin in: 2011-12 is"
        " 2011.",
        "Left out for lack of figures: Haryana, Goa.",
    ]
    assert remarks_on(
        "", '"GDP"', "", "income", pd.Series(["2011"]), {"as asked": ["Goa"]}
    ) == [
        'Income is "GDP" in the source.',
        "Left out by choice: Goa.",
    ]


def test_a_page_of_other_figures_says_what_poorer_means():
    assert remarks_on(
        "average annual pay", "pay", "", "income", pd.Series(["2011"]), {}
    ) == ["Poorer and richer mean lower and higher in average annual pay."]


def test_a_note_below_the_table_is_said_of_the_units_with_its_mark():
    notes = [
        "* : Figures from 2019-20 relate to the Union Territory.",
        "** Provisional",
        "Note: '-' means not available.",
        "† no unit has it",
    ]
    units = ["Bihar", "Jammu & Kashmir*", "Goa **", "Delhi*"]
    assert footnotes(units, notes) == [
        'The source says of Jammu & Kashmir, Delhi: "Figures from 2019-20 relate to the'
        ' Union Territory."',
        'The source says of Goa: "Provisional."',
    ]


def test_an_index_of_own_base_is_said_to_compare_no_levels():
    kind = (
        "an index, which compares years and no units, since all units are 100 at 2000"
    )
    said = remarks_on(
        "house price index", "value", kind, "rate", pd.Series(["2011"]), {}
    )
    assert any("own base: all units are 100 at 2000." in one for one in said)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("income", ["Poorer and richer mean lower and higher in wages."]),
        ("total", []),
        ("rate", []),
    ],
)
def test_only_incomes_make_units_poorer_and_richer(kind, expected):
    years = pd.Series(["2011", "2012"])
    assert remarks_on("wages", '"w"', "", kind, years, {}) == expected

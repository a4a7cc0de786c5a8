"""The panel of provinces: names in two scripts, zeros that mean missing, pieces of a column,
and the columns that are computed, each from tables of a few lines.
"""

import numpy as np
import pandas as pd
import pytest

from compiled.provinces import Provinces, joined, within, written
from compiled.raw_files import RawFile, RawFolder

UNITS = """unit,name,name_zh
CN-BJ,Beijing,北京市
CN-NM,Inner Mongolia,内蒙古自治区
CN-HL,Heilongjiang,黑龙江省
CN-SC,Sichuan,四川省
CN-CQ,Chongqing,重庆市
"""


@pytest.fixture
def provinces(tmp_path):
    """Five units with their census, and a folder that takes raw files as tests write them."""
    (tmp_path / "units.csv").write_text(UNITS, encoding="utf-8")
    census = "unit,population\nCN-BJ,21893095\nCN-NM,24049155\n"
    (tmp_path / "census_2020.csv").write_text(census, encoding="utf-8")

    class Written(dict):
        def __missing__(self, name):
            return RawFile(name, "", "", "", "", 0, "", "")

    return Provinces(RawFolder(tmp_path / "raw", Written()), tmp_path)


def write(provinces, name, text, encoding="utf-8"):
    path = provinces.raw.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding=encoding)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.nan, ""),
        (0.1928164, "0.192816"),
        (99.5, "99.5"),
        (100.0, "100"),
        (4713.006, "4713.01"),
        (-250.5, "-250.5"),
    ],
)
def test_figures_are_written_as_the_tables_have_them(value, text):
    assert written(value) == text


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("北京", "CN-BJ"),
        ("北京市", "CN-BJ"),
        (" 内蒙古 ", "CN-NM"),
        ("黑龙江省", "CN-HL"),
        ("全国", None),
    ],
)
def test_chinese_names_are_known_with_their_kind_and_without(provinces, name, unit):
    assert provinces.by_chinese(name) == unit


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Inner Mongolia", "CN-NM"),
        ("neimenggu", "CN-NM"),
        ("HEILONGJIANG", "CN-HL"),
        ("China", None),
    ],
)
def test_names_in_latin_letters_are_known_in_their_spellings(provinces, name, unit):
    assert provinces.by_latin(name) == unit


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_table_of_the_bureau_has_zeros_for_missing(provinces, encoding):
    table = '省份,年份,产值(亿元)\n北京市,2001年,"1,234.5"\n北京市,2002年,0\n全国,2001年,9\n'
    write(provinces, "nbs2000_2019/output.csv", table, encoding)
    figures = provinces.bureau("output", "产值(亿元)")
    assert figures.to_dict() == {("CN-BJ", 2001): 1234.5}


def test_a_wide_table_has_its_years_in_columns(provinces):
    table = pd.DataFrame(
        {"地区": ["四川省"], "2001年": ["5"], "2000": ["4"], "note": "x"}
    )
    figures = provinces.wide(table, "chinese")
    assert figures.to_dict() == {("CN-SC", 2001): 5.0, ("CN-SC", 2000): 4.0}


def series(**figures):
    """Figures of Beijing by year, as `y2000=1.0`."""
    keys = [("CN-BJ", int(name[1:])) for name in figures]
    index = pd.MultiIndex.from_tuples(keys, names=["unit", "year"])
    return pd.Series(list(figures.values()), index)


def test_the_first_piece_of_a_column_wins_where_two_meet():
    together = joined(series(y2001=1.0), series(y2000=5.0, y2001=9.0))
    assert together.to_dict() == {("CN-BJ", 2000): 5.0, ("CN-BJ", 2001): 1.0}
    assert within(together, 2000, 2000).tolist() == [5.0]


def test_people_run_from_2010_to_the_census_day_by_day(provinces):
    provinces.people_before_census = series(y2010=1961.9, y2019=2153.6)
    people = provinces.people()
    days = (pd.Timestamp("2019-12-31") - pd.Timestamp("2010-12-31")).days
    share = days / (pd.Timestamp("2020-11-01") - pd.Timestamp("2010-12-31")).days
    expected = 1961.9 * (2189.3095 / 1961.9) ** share
    assert people["CN-BJ", 2019] == pytest.approx(expected, rel=1e-12)
    assert people["CN-BJ", 2010] == 1961.9


def test_stocks_follow_the_perpetual_inventory_and_old_sichuan_is_split(provinces):
    years = range(1952, 2018)
    flows = {
        (unit, year): 10.0
        for unit in ("CN-BJ", "CN-SC", "CN-CQ")
        for year in years
        if unit != "CN-CQ" or year >= 1996
    }
    index = pd.MultiIndex.from_tuples(list(flows), names=["unit", "year"])
    invested = pd.Series(list(flows.values()), index)
    provinces.capital = lambda column: (
        invested if column == "invest" else pd.Series(2.0, index)
    )
    stocks, old = provinces.capital_stocks
    assert stocks.loc["CN-BJ", 1953] == pytest.approx(100 * (1 - 0.096) + 10)
    assert stocks.loc[["CN-SC", "CN-CQ"], 1995].tolist() == pytest.approx(
        [old[1995] / 2] * 2
    )
    assert np.isnan(stocks.loc["CN-SC", 1994]) and not np.isnan(old[1994])

"""Downloads of the statistics bureau: encodings, forms of names, missing figures, and one line for every fault."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.study.errors import IngestError
from evenfield.study.ingest.bureau_export import read_export, read_indicator

UNITS = pd.read_csv(Path(__file__).parents[3] / "data" / "units.csv", dtype=str, keep_default_na=False)
GDP = "地区生产总值(亿元)"
HEAD = f"数据库：分省年度数据\n指标：{GDP}\n时间：最近20年\n"
BODY = "地区,2019年,2018年,2017年\n北京市,35371.28,33105.97,\n内蒙古自治区,17212.53,0,14898.05\n"
FOOT = "注：1.本表按当年价格计算,见说明。\n数据来源：国家统计局\n"
COLUMNS = {GDP: "gdp_100m_cny"}


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    (folder / "分省年度数据.csv").write_bytes(text.encode(encoding))
    return folder / "分省年度数据.csv"


def values(path: Path, **options: str) -> dict[tuple[str, int], float]:
    frame = read_export(path, UNITS, COLUMNS, **options).values
    return {(unit, year): value for unit, year, value in frame.itertuples(index=False)}


EXPECTED = {
    ("CN-BJ", 2017): np.nan,
    ("CN-BJ", 2018): 33105.97,
    ("CN-BJ", 2019): 35371.28,
    ("CN-NM", 2017): 14898.05,
    ("CN-NM", 2018): np.nan,
    ("CN-NM", 2019): 17212.53,
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_every_form_of_the_file_gives_the_same_figures(
    tmp_path: Path, encoding: str, line_end: str, delimiter: str
) -> None:
    text = HEAD + BODY.replace(",", delimiter) + FOOT
    found = values(write(tmp_path, text.replace("\n", line_end), encoding))
    assert list(found) == list(EXPECTED)
    assert found == pytest.approx(EXPECTED, nan_ok=True)


def test_characters_of_four_bytes_do_not_stop_the_reader(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + BODY + "注：见㑇\U00020000说明\n" + FOOT, "gb18030")
    assert values(path) == pytest.approx(EXPECTED, nan_ok=True)


def test_export_says_what_it_holds_and_for_which_column(tmp_path: Path) -> None:
    export = read_export(write(tmp_path, HEAD + BODY + FOOT), UNITS, COLUMNS | {"年末常住人口(万人)": "pop"})
    assert (export.indicator, export.column) == (GDP, "gdp_100m_cny")
    assert export.values.dtypes.astype(str).to_dict() == {"unit": "str", "year": "int64", "value": "float64"}
    assert read_indicator(write(tmp_path, HEAD.replace("：", ":") + BODY)) == GDP


def test_zero_is_a_figure_if_asked_for(tmp_path: Path) -> None:
    assert values(write(tmp_path, HEAD + BODY + FOOT), zeros="kept")["CN-NM", 2018] == 0.0


def test_separators_of_thousands_blanks_and_trailing_commas_of_a_spreadsheet(tmp_path: Path) -> None:
    body = 'HEAD,,,,\n地区,2019年,2018,2017年,\n 北京市 ,"35,371.28",33105.97, ,\n\n内蒙古,"17,212.53",0,14898.05,\n'
    text = HEAD.replace("\n", ",,,,\n") + body.replace("HEAD,,,,\n", "") + FOOT.replace("\n", ",,,,\n")
    assert values(write(tmp_path, text)) == pytest.approx(EXPECTED, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("广西壮族自治区", "CN-GX"),
        ("广西", "CN-GX"),
        ("新疆", "CN-XJ"),
        ("宁夏", "CN-NX"),
        ("西藏", "CN-XZ"),
        ("黑龙江", "CN-HL"),
        ("上海", "CN-SH"),
        ("陕西省", "CN-SN"),
        ("山西", "CN-SX"),
        ("重 庆 市", "CN-CQ"),
    ],
)
def test_full_and_short_names_are_joined(tmp_path: Path, name: str, unit: str) -> None:
    assert values(write(tmp_path, f"{HEAD}地区,2019年\n{name},5\n")) == {(unit, 2019): 5.0}


def test_every_province_is_known_by_both_names(tmp_path: Path) -> None:
    rows = "".join(f"{name},1\n" for name in UNITS["name_zh"])
    assert len(values(write(tmp_path, f"{HEAD}地区,2019年\n{rows}"))) == 31


def test_short_name_that_two_units_share_is_not_guessed(tmp_path: Path) -> None:
    units = pd.DataFrame({"unit": ["P", "C"], "name_zh": ["吉林省", "吉林市"]})
    path = write(tmp_path, f"{HEAD}地区,2019年\n吉林省,1\n吉林市,2\n")
    assert read_export(path, units, COLUMNS).values["value"].tolist() == [2.0, 1.0]
    with pytest.raises(IngestError, match=r"unknown province .吉林."):
        read_export(write(tmp_path, f"{HEAD}地区,2019年\n吉林,1\n"), units, COLUMNS)


CASES = {
    "unknown province": (
        HEAD + BODY + "全国,1,2,3\n大北京,1,2,3\n" + FOOT,
        "names 2 unknown province (全国, 大北京); expected",
    ),
    "province twice": (
        HEAD + BODY + "北京,1,2,3\n" + FOOT,
        "has 1 province twice (北京); expected one row per province",
    ),
    "no header row": (HEAD + BODY.replace("地区", "名称"), "has no header row; expected a row that begins with 地区"),
    "provinces across": (HEAD + "年份,北京市\n2019年,1\n", "has no header row"),
    "no rows": (HEAD + "地区,2019年\n" + FOOT, "has no row below its header; expected rows of 2 cells"),
    "months": (
        HEAD + BODY.replace("2018年", "2018年12月"),
        "has 1 column that is no year or a second time the same ('2018年12月')",
    ),
    "year twice": (
        HEAD + BODY.replace("2018年", "2019年"),
        "has 1 column that is no year or a second time the same ('2019')",
    ),
    "no years": (HEAD + "地区\n北京市\n", "has 0 column that is no year"),
    "ragged": (
        HEAD + BODY + "天津市,1,2\n",
        "has 1 row of another length than its header (天津市); expected rows of 4 cells",
    ),
    "unquoted thousands": (
        HEAD + BODY + "天津市,14,055.46,2,3\n",
        "has 1 row of another length than its header (天津市)",
    ),
    "no number": (HEAD + BODY + "天津市,1,…,3\n", "has '…' for CN-TJ 2018; expected a number or a blank cell"),
    "odd thousands": (HEAD + BODY + '天津市,1,"1,23",3\n', "has '1,23' for CN-TJ 2018; expected a number"),
    "no indicator": (BODY + FOOT, "names 0 indicators; expected one line '指标：...'"),
    "two indicators": (HEAD + BODY + HEAD + BODY, "names 2 indicators"),
    "other indicator": (
        HEAD.replace(GDP, "年末常住人口(万人)") + BODY,
        "holds the indicator '年末常住人口(万人)'; expected one of 地区生产总值(亿元); give its column of panel.csv",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_fault_is_one_line(tmp_path: Path, case: str) -> None:
    text, message = CASES[case]
    with pytest.raises(IngestError) as caught:
        read_export(write(tmp_path, text, "gb18030"), UNITS, COLUMNS)
    assert str(caught.value).startswith(f"ingest: 分省年度数据.csv {message}")
    assert "\n" not in str(caught.value)


def test_file_that_is_no_text_or_not_there_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "table.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\xff\xfe")
    with pytest.raises(IngestError, match=r"table.xls is neither UTF-8 nor GB18030; expected text .*save it as CSV"):
        read_export(tmp_path / "table.xls", UNITS, COLUMNS)
    with pytest.raises(IngestError, match=r"no file .*none.csv; expected a download of the bureau"):
        read_export(tmp_path / "none.csv", UNITS, COLUMNS)


def test_study_without_chinese_names_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(IngestError, match=r"units.csv has no Chinese names"):
        read_export(write(tmp_path, HEAD + BODY), UNITS.drop(columns="name_zh"), COLUMNS)

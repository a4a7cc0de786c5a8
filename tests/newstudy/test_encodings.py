"""Texts that are no Unicode: read in the encoding that they are of, or asked for; never as
another one.
"""

import pandas as pd
import pytest

from evenfield.newstudy.any_table import read_any
from evenfield.newstudy.encodings import encoding_of
from evenfield.study.errors import IngestError
from refusals import fails
from yaml_text import from_yaml

# Units of a table, and the encodings in which it may come.
WRITTEN = from_yaml("""
    Japanese: [都道府県 北海道 青森県 岩手県 宮城県, cp932 euc_jp iso2022_jp utf-16 utf-16-le utf-16-be]
    three cities of Japan: [pref 札幌市 仙台市 横浜市, cp932 euc_jp]
    Taiwan: [縣市 臺北市 新竹縣 高雄市 屏東縣, cp950 big5hkscs gb18030]
    China: [地区 北京市 河北省 内蒙古自治区 甘肃省, gbk gb2312 gb18030]
    Korea: [시도 서울특별시 부산광역시 경기도 강원도, cp949 euc_kr]
    Russia: [регион Архангельская Владимирская Калужская Чукотский, cp1251 koi8_r cp866 iso8859_5 mac_cyrillic]
    Russia in capitals: [region ВОЛОГОДСКАЯ КАЛИНИНГРАДСКАЯ ПСКОВСКАЯ МУРМАНСКАЯ, cp1251 koi8_r cp866]
    three cities of Russia: [region Казань Самара Пермь, cp1251 koi8_r]
    Ukraine: [область Вінницька Волинська Київська Чернігівська, cp1251 koi8_u]
    Spain: [provincia Ávila Cáceres Córdoba Cádiz Jaén, cp1252 latin1 mac_roman]
    Brazil: [estado Amapá Maranhão Paraíba Piauí Rondônia, cp1252]
    Germany: [Land Thüringen Niederösterreich Kärnten, cp1252]
    Poland: [województwo Łódzkie Śląskie Małopolskie Świętokrzyskie, cp1250 iso8859_2 cp852]
    Czechia: [kraj Plzeňský Jihočeský Středočeský Královéhradecký, cp1250 iso8859_2]
    Hungary: [megye Győr-Moson-Sopron Hajdú-Bihar Csongrád Fejér, cp1250]
    Greece: [περιφέρεια Αττική Κρήτη Θεσσαλία Ήπειρος, cp1253 iso8859_7]
    Thailand: [จังหวัด กรุงเทพมหานคร เชียงใหม่ ภูเก็ต นครราชสีมา, cp874]
    Israel: [region ירושלים תל-אביב חיפה הצפון הדרום, cp1255]
    Egypt: [region القاهرة الاسكندرية الجيزة اسوان, cp1256]
    Turkey: [il İstanbul Muğla Şanlıurfa Ağrı Iğdır Çorum, cp1254]
    Iceland: [landshluti Norðurland Suðurnes Höfuðborgarsvæðið Vestfirðir, cp1252]
    one town: [region León Burgos Soria, cp1252 mac_roman cp850]
    two towns: [region Zürich Bern Genève, cp1252 mac_roman cp850]
    apostrophes: [county King’s Queen’s Prince, cp1252]
    no letters: [region Ann Bea Cleo, ascii utf-8 utf-8-sig]
    """)
TABLES = [
    (name, encoding)
    for name, (_, encodings) in WRITTEN.items()
    for encoding in encodings.split()
]
# Where few letters leave several: the user is asked.
ASKED = {
    ("one town", "mac_roman"),
    ("two towns", "cp850"),
    ("Hungary", "cp1250"),
    ("Israel", "cp1255"),
}


def text_of(name):
    header, *units = WRITTEN[name][0].split()
    rows = [f"{unit},{year},{i}00" for i, unit in enumerate(units) for year in (1, 2)]
    return "\n".join([f"{header},year,income", *rows, ""])


@pytest.mark.parametrize(("name", "encoding"), TABLES)
def test_a_text_is_read_rightly_or_its_encoding_is_asked_for(name, encoding):
    content = text_of(name).encode(encoding)
    try:
        found = encoding_of(content, "", "a.csv")
    except IngestError as error:
        assert (name, encoding) in ASKED, str(error)
        return
    assert content.decode(found) == text_of(name)


@pytest.mark.parametrize(("name", "encoding"), sorted(ASKED))
def test_the_encoding_that_the_user_names_is_taken(tmp_path, name, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes(text_of(name).encode(encoding))
    fails(IngestError, f"one of .*{encoding}.*--encoding", read_any, path)
    header, *units = WRITTEN[name][0].split()
    frame = read_any(path, encoding=encoding).frame
    assert frame[header].tolist() == [unit for unit in units for _ in (1, 2)]


def test_an_encoding_that_is_none_of_the_text_is_refused(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(text_of("Korea").encode("cp949"))
    fails(
        IngestError, "no text of the encoding ascii", read_any, path, encoding="ascii"
    )
    fails(
        IngestError,
        "--encoding latin9000; .*cp1252",
        read_any,
        path,
        encoding="latin9000",
    )


def test_a_text_of_two_encodings_is_refused_by_its_line(tmp_path):
    path = tmp_path / "a.csv"
    lines = [f"Jaén {i},2000,{i}" for i in range(400_000)]
    text = "\n".join(["region,year,income", *lines, ""]).encode()
    path.write_bytes(text + "Cádiz,2000,1\n".encode("cp1252"))
    fails(IngestError, "UTF-8", read_any, path)


STATA = {
    "il": ["Adıyaman", "Şırnak", "Iğdır", "Çankırı"],
    "gelir": [1.0, 2.0, 3.0, 4.0],
}


def old_stata(path, encoding, **labels):
    """Write a file of Stata 13, whose texts are bytes without a name of their encoding."""
    frame = pd.DataFrame(STATA)
    read = frame.assign(
        il=[il.encode(encoding).decode("latin-1") for il in frame["il"]]
    )
    told = {"gelir": "Gelir (bin ₺)" if encoding == "utf-8" else "Gelir"}
    told = {
        name: text.encode(encoding).decode("latin-1") for name, text in told.items()
    }
    read.to_stata(path, write_index=False, version=117, variable_labels=told)


def test_an_old_file_of_stata_in_utf_8_is_read_as_that(tmp_path):
    old_stata(tmp_path / "a.dta", "utf-8")
    table = read_any(tmp_path / "a.dta")
    assert table.frame["il"].tolist() == STATA["il"]
    assert table.labels["gelir"] == "Gelir (bin ₺)"
    assert table.messages == [
        "a.dta is an old file of Stata; read as utf-8 (--encoding)"
    ]


@pytest.mark.parametrize("encoding", ["mac_turkish", "cp857"])
def test_an_old_file_of_stata_is_read_in_the_encoding_that_the_user_names(
    tmp_path, encoding
):
    old_stata(tmp_path / "a.dta", encoding)
    found = read_any(tmp_path / "a.dta", encoding=encoding).frame
    assert found["il"].tolist() == STATA["il"]
    # Without it letters that nobody sees are no reason to delete letters.
    try:
        read_any(tmp_path / "a.dta")
    except IngestError as error:
        assert "--encoding" in str(error)


def test_latin_letters_of_an_old_file_of_stata_and_new_files_stay(tmp_path):
    names = ["São Paulo", "Pará", "Goiás", "Acre"]
    frame = pd.DataFrame({**STATA, "il": names})
    for version in (117, 118):
        frame.to_stata(tmp_path / "a.dta", write_index=False, version=version)
        table = read_any(tmp_path / "a.dta", encoding="" if version == 117 else "cp857")
        assert table.frame["il"].tolist() == names
        assert table.messages == []

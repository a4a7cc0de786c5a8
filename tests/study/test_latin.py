"""Names of scripts that our fonts lack: in Latin letters, and never two alike unsaid."""

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.shared.figures.save import save_picture
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.typst import table_typst
from evenfield.study.latin import in_latin, latin_sentences


@pytest.mark.parametrize(
    "name", ["北京市", "서울", "กรุงเทพ", "महाराष्ट्र", "القاهرة", "𠀀"]
)
def test_a_name_of_another_script_is_written_in_latin_letters(name):
    assert in_latin(name).isascii()
    assert in_latin(name).strip()


@pytest.mark.parametrize("text", ["Škofja Loka", "Αττική", "Москва", "σ² ≥ ½ – ℓ", "𝛽"])
def test_letters_that_our_fonts_have_stay(text):
    assert in_latin(text) == text


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("東京都", "Tokyo"),
        ("大阪府", "Osaka"),
        ("京都府", "Kyoto"),
        ("北海道", "Hokkaido"),
        ("愛知県", "Aichi"),
        ("沖縄", "Okinawa"),
    ],
)
def test_a_prefecture_of_japan_is_not_read_as_chinese(name, latin):
    assert in_latin(name) == latin


def test_two_provinces_of_one_spelling_stay_apart():
    assert in_latin("陕西省") == "Shaanxi"
    assert in_latin("山西省") == "Shanxi"


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("重庆市", "Chongqing"),
        ("西藏自治区", "Xizang"),
        ("广西壮族自治区", "Guangxi"),
        ("内蒙古自治区", "Inner Mongolia"),
        ("长沙市", "Changsha"),
        ("黑龙江", "Heilongjiang"),
        ("沙市", "Shashi"),
    ],
)
def test_a_place_is_spelt_as_it_is_known(name, latin):
    assert in_latin(name) == latin


def test_names_that_become_alike_are_said():
    assert latin_sentences(["Ost", "West"]) == []
    (sentence,) = latin_sentences(["李", "里", "Ost"])
    assert "2 names in Latin letters" in sentence
    assert f"alike there: {in_latin('李')}" in sentence


@pytest.mark.parametrize("ending", [".pdf", ".svg", ".png"])
def test_a_figure_has_no_boxes_for_letters(tmp_path, ending):
    figure, axes = plt.subplots()
    axes.barh([0, 1], [1, 2], label="东部")
    axes.set_yticks([0, 1], ["北京市", "上海市"])
    axes.legend()
    save_picture(figure, tmp_path / f"F1{ending}")
    labels = [label.get_text() for label in axes.get_yticklabels()]
    plt.close(figure)
    assert labels == ["Beijing", "Shanghai"]


def test_a_table_of_the_paper_is_in_latin_letters():
    table = Table(
        id="T1",
        title="人均",
        note=(),
        columns=(Column(names=("unit",), header="地区"),),
        frame=pd.DataFrame({"unit": ["北京市"]}),
    )
    source = table_typst(table)
    assert source.isascii()
    assert "Beijing" in source

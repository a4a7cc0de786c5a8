"""The command `add`: new years and gaps come with their source, other figures on
request, faults change nothing.
"""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

import add
from evenfield.newstudy.add import same_figure
from evenfield.newstudy.other_tables import read_figures
from evenfield.newstudy.unit_names import match_units
from evenfield.study.errors import IngestError
from refusals import fails
from study import REPOSITORY

GDP = "地区生产总值(亿元)"
FILES = ("panel.csv", "panel_provenance.csv", "datapackage.json")


@pytest.fixture
def study(toy, monkeypatch):
    config = {**toy.config, "data": {"package": "data/datapackage.json"}}
    (toy.folder / "config.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.chdir(toy.folder)
    return toy


def download(study, table, encoding="gb18030"):
    path = study.folder / "download.csv"
    text = f"数据库：分省年度数据\n指标：{GDP}\n时间：最近20年\n{table}注：无\n数据来源：国家统计局\n"
    path.write_bytes(text.encode(encoding))
    return str(path)


def run(study, table, *options):
    add.main(
        [
            "output",
            "--from",
            download(study, table),
            "--directory",
            str(study.folder),
            *options,
        ]
    )


def contents(study):
    return {name: (study.folder / "data" / name).read_bytes() for name in FILES}


def output_of(study):
    return study.read()["panel"].set_index(["unit", "year"])["output"]


def spans_of(study, column="output"):
    spans = study.read()["panel_provenance"]
    own = spans[spans["variable"] == column]
    return list(
        own["units first_year last_year grade flag source".split()].itertuples(
            index=False, name=None
        )
    )


NEW_YEARS = "地区,2005年,2004年,2003年\n甲省,16,15,14\n乙,26,25,24\n丙市,36,35,\n"


@pytest.mark.parametrize(
    "table",
    [
        "地区\t2003年\t2002\n全国\t1\t1\n甲\t14\t0\n乙\t24\t23\n",
        (
            '地区,2003年,2002,\n 甲省 ,"14.0",0,\n\n乙自治区,24,'
            " 23,\n注：㑇\U00020000,见,说,明\n"
        ),
    ],
)
def test_forms_of_a_download_give_the_same_figures(study, table):
    units = study.read()["units"]
    for encoding in ("gb18030", "utf-8-sig"):
        fault = read_figures(
            Path(download(study, table, encoding)), units, ["output"], "missing"
        )
        assert (fault.label, fault.column, fault.table) == (GDP, "output", "panel.csv")
        assert fault.values.to_numpy().tolist() == [
            ["A", 2003, "14"],
            ["B", 2002, "23"],
            ["B", 2003, "24"],
        ]
    assert (
        read_figures(Path(download(study, table)), units, ["output"], "kept")
        .values["value"]
        .tolist()[0]
        == "0"
    )


@pytest.mark.parametrize(
    "pair", "新疆:XJ 宁夏回族自治区:NX 黑龙江:HL 陕西省:SN 山西:SX 重庆市:CQ".split()
)
def test_full_and_short_names_are_joined(pair):
    units = pd.read_csv(
        REPOSITORY / "data" / "units.csv", dtype=str, keep_default_na=False
    )
    name, unit = pair.split(":")
    assert match_units(pd.DataFrame({"地区": [name]}), units, "").ids.tolist() == [
        f"CN-{unit}"
    ]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_new_years_come_in_with_their_source(study, capsys, encoding):
    path = download(study, NEW_YEARS, encoding)
    add.main(
        [
            "output",
            "--from",
            path,
            "--grade",
            "B",
            "--flag",
            "revised",
            "--directory",
            str(study.folder),
        ]
    )
    output = output_of(study)
    assert output["A", 2005] == 16
    assert output["C", 2004] == 35
    assert output["C", 2003] == 34
    assert len(output) == 3 * 6
    later = ("all", 2004, 2005, "B", "revised", "BOOK")
    assert spans_of(study) == [("all", 2000, 2003, "A", "official", "BOOK"), later]
    assert (
        study.read()["panel"]
        .set_index(["unit", "year"])
        .loc[("B", 2005), ["people", "doubtful"]]
        .isna()
        .all()
    )
    label = capsys.readouterr().out.splitlines()
    assert label[0] == f"download.csv: {GDP} for output, 3 units, 2003 to 2005"
    assert label[1:3] == ["6 cells added, 0 changed, 2 equal", "new years: 2004, 2005"]
    assert label[3].startswith("1 figure of")
    assert "written: panel.csv" in label
    assert "written: panel_provenance.csv" in label
    assert (
        label[-1]
        == "to use the new years, set panel.years and the periods in config.yaml"
    )


def test_cells_that_stay_keep_every_byte_and_other_tables_are_not_touched(study):
    study.replace("panel", "A,2001,12,3,1.5", "A,2001,12.00,3.10,1.50")
    before = study.path("panel").read_text()
    run(study, NEW_YEARS)
    after = study.path("panel").read_text().splitlines()
    assert [
        line for line in after if line.split(",")[1] not in {"2004", "2005"}
    ] == before.splitlines()
    assert [
        path.name for path in (study.folder / "data").iterdir() if path.suffix == ".new"
    ] == []


def test_second_time_adds_nothing_and_other_columns_keep_their_spans(study, capsys):
    spans = [spans_of(study, name) for name in ("people", "doubtful")]
    run(study, NEW_YEARS)
    assert [spans_of(study, name) for name in ("people", "doubtful")] == spans
    before = contents(study)
    capsys.readouterr()
    run(study, NEW_YEARS)
    assert contents(study) == before
    label = capsys.readouterr().out.splitlines()
    assert (label[1], label[-1]) == (
        "0 cells added, 0 changed, 8 equal",
        "nothing to add",
    )


def test_figure_printed_with_other_decimals_is_the_same_figure():
    for same in (("35445.1", "35445.13"), ("35445.13", "35445.1"), ("35445", "35445")):
        assert same_figure(*same) is True
    for other in (
        ("35445.1", "35445.16"),
        ("33", "33.4"),
        ("0", "0.2"),
        ("-2.5", "2.5"),
    ):
        assert same_figure(*other) is False


def test_new_vintage_is_taken_on_request_with_its_own_spans(study, capsys):
    study.replace("sources", "BOOK,", "WEB,A page,,none,yes\nBOOK,")
    table = "地区,2003年,2002年\n甲,14,13\n乙,24,23.5\n丙,17,33\n"
    run(study, table, *"--replace --source WEB --flag revised".split())
    output = output_of(study)
    assert (output["B", 2002], output["C", 2003], output["C", 2002]) == (23.5, 17, 33)
    assert sorted(spans_of(study)) == [
        ("A B", 2003, 2003, "A", "official", "BOOK"),
        ("A C", 2002, 2002, "A", "official", "BOOK"),
        ("B", 2002, 2002, "A", "revised", "WEB"),
        ("C", 2003, 2003, "A", "revised", "WEB"),
        ("all", 2000, 2001, "A", "official", "BOOK"),
    ]
    label = capsys.readouterr().out.splitlines()
    assert label[1:3] == [
        "0 cells added, 2 changed, 4 equal",
        "largest relative change: C 2003: 17, held 34 (50.00%)",
    ]


def test_gap_inside_a_span_gets_the_new_source_only_for_itself(study):
    study.replace("panel", "B,2001,22,", "B,2001,,").replace(
        "sources", "BOOK,", "WEB,A page,,none,yes\nBOOK,"
    )
    run(study, "地区,2001年\n乙自治区,21.5\n", "--source", "WEB")
    assert output_of(study)["B", 2001] == 21.5
    assert sorted(span[:3] + span[5:] for span in spans_of(study)) == [
        ("A C", 2001, 2001, "BOOK"),
        ("B", 2001, 2001, "WEB"),
        ("all", 2000, 2000, "BOOK"),
        ("all", 2002, 2003, "BOOK"),
    ]


def test_a_unit_without_a_row_in_a_year_that_others_have_gets_one(study):
    config = yaml.safe_load((study.folder / "config.yaml").read_text())
    config["panel"]["years"], config["periods"] = (
        [2001, 2003],
        {"P": {"start": 2001, "end": 2003}},
    )
    (study.folder / "config.yaml").write_text(yaml.safe_dump(config))
    study.replace("panel", "C,2000,31,5,3.5\n", "")
    run(study, "地区,2000年\n丙,30\n")
    assert output_of(study)["C", 2000] == 30
    assert len(output_of(study)) == 12


OUTPUT = ["output"]
REFUSED = [
    (["year"], NEW_YEARS, "year can be no column of figures"),
    (
        ["income"],
        NEW_YEARS,
        (
            "income can be no column of figures; expected a name that the panel does"
            " not compute"
        ),
    ),
    (["a\nb"], NEW_YEARS, r"COLUMN 'a\nb' has line ends"),
    ([*OUTPUT, "--citation", "a\nb"], NEW_YEARS, r"--citation 'a\nb' has line ends"),
    ([*OUTPUT, "--measure", "a\u202eb"], NEW_YEARS, r"--measure 'a\u202eb' has line"),
    ([*OUTPUT, "--source", "../../x"], NEW_YEARS, "--source ../../x; expected an id"),
    ([*OUTPUT, "--source", "a/b"], NEW_YEARS, "--source a/b; expected an id"),
    (
        [*OUTPUT, "--source", "WEB"],
        NEW_YEARS,
        "panel_provenance.csv names 1 unknown source (WEB)",
    ),
    (
        OUTPUT,
        "地区,2004年\n甲,99999\n",
        "panel.csv has 1 output out of range (A 2004); expected at most 9999",
    ),
    (
        [*OUTPUT, "--zeros", "kept"],
        "地区,2004年\n甲,0\n",
        "panel.csv has 1 zero or negative output (A 2004)",
    ),
    (
        ["人口=people"],
        NEW_YEARS,
        f"download.csv holds the indicator '{GDP}'; expected one of 人口",
    ),
    (
        OUTPUT,
        "地区,2004年\n丁省,1\n",
        (
            "no column of download.csv names the units of the panel (value, 地区);"
            " expected ids or names such as A"
        ),
    ),
    (
        OUTPUT,
        "地区,2004年\n甲省,1\n甲省,2\n",
        "download.csv has 1 row twice (A 2004); expected one row per",
    ),
    (
        OUTPUT,
        "地区,2004年12月\n甲省,1\n",
        "download.csv has 1 column that is no year (2004年12月); expected",
    ),
    (
        OUTPUT,
        "地区,2004年,2004年\n甲省,1,2\n",
        "download.csv has the column 2004年 twice; expected each name once",
    ),
    (
        OUTPUT,
        "地区,2004年\n甲省,14,055.46\n",
        "line 5 has more cells than the header; expected 2 cells in each row",
    ),
    (
        OUTPUT,
        '地区,2004年\n甲省,"1,23,4"\n',
        "value of download.csv has 1 cell that is no number ('1,23,4', A 2004)",
    ),
    (
        OUTPUT,
        "地区,2004年,2003年\n甲,16,14.5\n乙,26,24\n丙,36,30\n",
        (
            "download.csv has 2 other figures of output than panel.csv (A 2003: 14.5,"
            " held 14, C 2003: 30, held 34); "
        ),
    ),
]


@pytest.mark.parametrize(("options", "table", "message"), REFUSED)
def test_fault_is_one_line_and_changes_nothing(study, options, table, message):
    before = contents(study)
    fails(
        SystemExit,
        f"^ingest: {re.escape(message)}.*$",
        add.main,
        [*options, "--from", download(study, table), "--directory", str(study.folder)],
    )
    assert contents(study) == before


def test_edit_that_was_not_checked_in_is_not_blessed_on_the_way(study):
    study.replace("units", "Bland", "Blend", refresh=False)
    fails(
        SystemExit,
        "1 table changed since its checksum was written",
        run,
        study,
        NEW_YEARS,
    )


def plain(study, text, *words):
    path = study.folder / "f.csv"
    path.write_text(text)
    add.main([*words, "--from", str(path), "--directory", str(study.folder)])


ONE_YEAR = [
    ("unit,year,output\nA,2004,1\nB,2004,2\n", "output"),
    ("unit,output_2004\nA,1\nB,2\n", "output"),
    ("unit,2004\nA,1\nB,2\n", "output"),
    ("name,size,output_2004\nAland,3,1\nBland,4,2\n", "output=output_2004"),
]


@pytest.mark.parametrize(("text", "words"), ONE_YEAR)
def test_figures_of_one_year_go_to_that_year(study, text, words):
    held = (study.folder / "data" / "units.csv").read_bytes()
    plain(study, text, words)
    output = output_of(study)
    assert (output["A", 2004], output["B", 2004]) == (1, 2)
    assert output["A", 2003] == 14
    assert (study.folder / "data" / "units.csv").read_bytes() == held


def test_a_year_that_the_column_keeps_in_its_name_describes_units(study):
    plain(study, "unit,area_2004\nA,1\nB,2\nC,3\n", "area_2004")
    assert study.read()["units"]["area_2004"].tolist() == [1, 2, 3]


def test_words_of_one_year_describe_units(study):
    plain(study, "unit,year,side\nA,2004,north\nB,2004,south\nC,2004,north\n", "side")
    assert study.read()["units"]["side"].tolist() == ["north", "south", "north"]


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("unit,output\nA,1\nB,2\n", "output", "output of f.csv has no years"),
        ("unit,year,c\nA,2003,1\nA,2002,2\n", "coastal=c", "units.csv holds coastal"),
    ],
)
def test_a_column_of_the_other_table_is_refused(study, text, column, message):
    before = contents(study)
    fails(SystemExit, message, plain, study, text, column)
    assert contents(study) == before


class Killed(BaseException):
    """What a kill is to a test: nothing handles it."""


def killed_at(monkeypatch, number):
    """Stop the work before the given move of a file or folder."""
    moves = iter(range(100))
    names = ("replace", "rename")
    moved = {name: getattr(Path, name) for name in names}

    def move(name):
        def stopped(path, target):
            if next(moves) == number:
                raise Killed
            return moved[name](path, target)

        return stopped

    for name in names:
        monkeypatch.setattr(Path, name, move(name))


@pytest.mark.parametrize("number", range(6))
def test_an_add_that_is_killed_is_ended_by_the_next_try(study, monkeypatch, number):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_at(patch, number)
        run(study, NEW_YEARS)
    if number > 2:  # all files stand ready
        message = "has some files of an `add` that was stopped; expected all of them"
        fails(IngestError, message, study.read)
    run(study, NEW_YEARS)
    assert output_of(study)["A", 2005] == 16
    assert len(spans_of(study)) == 2
    left = [path.name for path in (study.folder / "data").iterdir()]
    assert not [name for name in left if name.startswith(".")]

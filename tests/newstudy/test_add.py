"""The command `add`: new years and gaps come with their source, other figures on request,
faults change nothing (add.yaml); whoever was stopped can try again.
"""

import json
import shlex
from pathlib import Path

import pytest
import yaml

import add
import new
from evenfield.newstudy.add import same_figure
from evenfield.study.errors import IngestError
from newstudy.made_tables import expanded, listed
from refusals import fails

FILES = ("panel.csv", "panel_provenance.csv", "datapackage.json")
SPAN = "units first_year last_year grade flag source".split()
CASES = dict(expanded(Path(__file__).with_name("add.yaml")))
NEW_YEARS = CASES["the key"]["table"]
YEARS = (2000, 2001, 2002)


@pytest.fixture
def study(toy, monkeypatch):
    config = {**toy.config, "data": {"package": "data/datapackage.json"}}
    (toy.folder / "config.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.chdir(toy.folder)
    return toy


def run(study, case):
    """Write the file of a case and add its figures."""
    path = study.folder / ("download.csv" if "table" in case else "f.csv")
    text = case.get("text", "")
    if "table" in case:
        above = "数据库：分省年度数据\n指标：地区生产总值(亿元)\n时间：最近20年\n"
        text = f"{above}{case['table']}注：无\n数据来源：国家统计局\n"
    path.write_bytes(text.encode(case.get("encoding", "gb18030")))
    words = [case.get("column", "output"), *shlex.split(case.get("words", ""))]
    add.main([*words, "--from", str(path), "--directory", str(study.folder)])


def contents(study, *names):
    return {name: (study.folder / "data" / name).read_bytes() for name in names}


def panel_of(study):
    return study.read()["panel"].set_index(["unit", "year"]).astype(object).fillna("")


def spans_of(study, column="output"):
    spans = study.read()["panel_provenance"]
    return spans.loc[spans["variable"].eq(column), SPAN].to_numpy().tolist()


@pytest.mark.parametrize("name", CASES)
def test_figures_come_in_or_one_line_says_why_not(study, capsys, name):
    case = CASES[name]
    for edit in case.get("edits", []):
        study.replace(*edit)
    before = contents(study, *FILES, "units.csv")
    if "refused" in case:
        with pytest.raises(SystemExit) as stop:
            run(study, case)
        line = str(stop.value.code)
        assert line.startswith(f"ingest: {case['refused']}") and "\n" not in line
        assert contents(study, *before) == before
        return
    run(study, case)
    printed = capsys.readouterr().out
    assert all(words in printed for words in listed(case.get("says", [])))
    panel = panel_of(study)
    for column, cells in case.get("panel", {}).items():
        for cell, value in cells.items():
            unit, year = cell.split()
            assert panel.loc[(unit, int(year)), column] == value, cell
    assert len(panel) == case.get("rows", len(panel))
    assert sorted(case.get("spans", [])) in ([], sorted(spans_of(study)))
    for column, values in case.get("units", {}).items():
        assert study.read()["units"][column].tolist() == values
    if "units unchanged" in case:
        assert contents(study, "units.csv")["units.csv"] == before["units.csv"]


def test_cells_that_stay_keep_every_byte(study):
    study.replace("panel", "A,2001,12,3,1.5", "A,2001,12.00,3.10,1.50")
    before = study.path("panel").read_text()
    run(study, {"table": NEW_YEARS})
    after = study.path("panel").read_text().splitlines()
    old = [line for line in after if line.split(",")[1] not in {"2004", "2005"}]
    assert old == before.splitlines()


def test_second_time_adds_nothing_and_other_columns_keep_their_spans(study, capsys):
    spans = [spans_of(study, name) for name in ("people", "doubtful")]
    run(study, {"table": NEW_YEARS})
    assert [spans_of(study, name) for name in ("people", "doubtful")] == spans
    before = contents(study, *FILES)
    capsys.readouterr()
    run(study, {"table": NEW_YEARS})
    assert contents(study, *FILES) == before
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "0 cells added, 0 changed, 8 equal"
    assert lines[-1] == "nothing to add"


@pytest.mark.parametrize(
    ("table", "words", "named"),
    [
        ("unit,year,income\nA,2003,9\nB,2003,8\nC,2003,7\n", [], "later.csv"),
        (
            "unit,year,income\nA,2003,9\nB,2003,8\nC,2003,7\n",
            ["--citation", "Office, 2024"],
            "Office, 2024",
        ),
        ("unit,year,rain\nA,2001,9\nB,2001,8\nC,2001,7\n", [], "later.csv"),
        ("unit,coast\nA,1\nB,0\nC,0\n", [], "later.csv"),
    ],
    ids=["new years", "new years with a citation", "a new column", "a column of units"],
)
def test_a_study_of_one_source_names_the_file_of_new_figures(
    tmp_path, capsys, table, words, named
):
    rows = [f"{unit},{year},{year % 7 + 3}" for unit in "ABC" for year in YEARS]
    (tmp_path / "panel.csv").write_text("\n".join(["unit,year,income", *rows, ""]))
    folder, later = tmp_path / "study", tmp_path / "later.csv"
    new.main([str(folder), "--panel", str(tmp_path / "panel.csv")])
    later.write_text(table)
    column = table.partition("\n")[0].split(",")[-1]
    for _ in range(2):  # the second time adds nothing
        add.main([column, *words, "--from", str(later), "--directory", str(folder)])
    dictionary = json.loads((folder / "data" / "datapackage.json").read_text())
    titles = [source["title"] for source in dictionary["sources"]]
    assert titles == ["panel.csv", named]
    printed = capsys.readouterr().out
    assert f"noted among the sources of datapackage.json: {named}\n" in printed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("35445.1", "35445.13", True),
        ("35445.13", "35445.1", True),
        ("35445", "35445", True),
        ("35445.1", "35445.16", False),
        ("33", "33.4", False),
        ("0", "0.2", False),
        ("-2.5", "2.5", False),
    ],
)
def test_figure_printed_with_other_decimals_is_the_same_figure(one, other, same):
    assert same_figure(one, other) is same


def test_a_unit_without_a_row_in_a_year_that_others_have_gets_one(study):
    config = yaml.safe_load((study.folder / "config.yaml").read_text())
    config["panel"]["years"] = [2001, 2003]
    config["periods"] = {"P": {"start": 2001, "end": 2003}}
    (study.folder / "config.yaml").write_text(yaml.safe_dump(config))
    study.replace("panel", "C,2000,31,5,3.5\n", "")
    run(study, {"table": "地区,2000年\n丙,30\n"})
    assert panel_of(study)["output"]["C", 2000] == 30
    assert len(panel_of(study)) == 12


def test_edit_that_was_not_checked_in_is_not_blessed_on_the_way(study):
    study.replace("units", "Bland", "Blend", refresh=False)
    words = "1 table changed since its checksum was written"
    fails(SystemExit, words, run, study, {"table": NEW_YEARS})


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


@pytest.mark.parametrize("number", range(9))
def test_an_add_that_is_killed_is_ended_by_the_next_try(study, monkeypatch, number):
    with monkeypatch.context() as patch, pytest.raises(Killed):
        killed_at(patch, number)
        run(study, {"table": NEW_YEARS})
    if number > 5:  # all files stand ready
        message = "has some files of an `add` that was stopped; expected all of them"
        fails(IngestError, message, study.read)
    run(study, {"table": NEW_YEARS})
    assert panel_of(study)["output"]["A", 2005] == 16
    assert len(spans_of(study)) == 2
    left = [path.name for path in (study.folder / "data").iterdir()]
    assert not [name for name in left if name.startswith(".")]

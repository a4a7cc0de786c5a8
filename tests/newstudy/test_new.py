"""What happens to a study after `run new` has written it, or was stopped: it is made anew
where its income is still to be named, its comments are a config, figures are added.
"""

from pathlib import Path

import pytest
import yaml

import add
import data
import new
from evenfield.newstudy import make
from evenfield.newstudy.config_text import unit_words
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config
from evenfield.study.errors import ConfigError, PanelError
from evenfield.study.ingest.study_tables import read_study
from evenfield.study.panel.income import add_income
from newstudy.made_tables import frame_of
from refusals import fails
from study import arguments
from yaml_text import from_yaml

TOWNS = from_yaml("""
    years: [2000, 2011]
    columns:
      code: [N, E, S, W, C]
      state_name: [North Land, Ost, Süd, West, Centre]
      year: year
      income: 1000 + i * (37 + 11.5 * (year - 1999))
      school: 4 + i + year % 2
      side: [in, out, in, out, in]
      north: 39 + i
      east: 9 + i
    """)
TWO_THAT_MAY_BE = from_yaml("""
    {add: {ln_gdp: np.log(income), a: income, b: 1.5 * income}, drop: [income, school]}
    """)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "study"


def made(*options, **changes):
    """Make a study of the towns in the current folder; return its config."""
    frame_of(TOWNS | changes).to_csv("panel.csv", index=False)
    new.main(["study", "--panel", "panel.csv", *options])
    return read_config(Path("study", "config.yaml"))


def tables_of(config):
    checked = checked_config(config)
    return read_study(
        {
            **checked,
            "data": checked["data"] | {"package": "study/data/datapackage.json"},
        }
    )


def test_a_column_of_a_name_with_a_comma_is_a_candidate_for_income(folder):
    named = {"school": "light: W, nW"}  # the first column of figures
    config = made(add={"b": "1.5 * income"}, drop=["income"], rename=named)
    assert config["panel"]["income"]["column"] == "TODO"


@pytest.mark.parametrize(
    ("one", "several"),
    [("parish", "parishes"), ("box", "boxes"), ("county", "counties"), ("key", "keys")],
)
def test_several_units_have_the_plural_of_one(one, several):
    assert unit_words(one, "") == (one, several)


def test_a_study_whose_income_is_to_be_named_is_refused_and_made_anew(folder, capsys):
    config = made(**TWO_THAT_MAY_BE)
    printed = capsys.readouterr().out
    assert "is not clear: perhaps a, b" in printed
    assert "write the column of income in place of TODO there, then run" in printed
    assert "# one of: a, b\n" in (folder / "config.yaml").read_text()
    words = r"config: panel.income.column is still TODO; expected a value"
    options = arguments("data", "").parse_args(["--directory", str(folder)])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        fails(SystemExit, words, data.run_command, options, data.refresh)
    config["panel"]["income"]["column"] = "ln_gdp"
    panel = tables_of(config)["panel"]
    words = "names ln_gdp, which looks like a logarithm"
    fails(PanelError, words, add_income, panel, config["panel"]["income"])
    made("--income", "a", **TWO_THAT_MAY_BE)
    fails(SystemExit, "study holds a study; expected a folder without", made)


def test_a_study_is_made_anew_on_request_and_the_former_one_is_kept(folder):
    made("--title", "First")
    (folder / "results").mkdir()
    config = made("--title", "Second", "--again")
    assert config["study"]["title"] == "Second"
    former = read_config(folder / "former" / "config.yaml")
    assert former["study"]["title"] == "First"
    assert (folder / "former" / "data" / "panel.csv").is_file()
    assert len(tables_of(config)["panel"]) == 60
    made("--title", "Third", "--again")
    former = read_config(folder / "former" / "config.yaml")
    assert former["study"]["title"] == "Second"


@pytest.mark.parametrize(("cells", "is_said"), [(0, True), (479, True), (480, False)])
def test_a_long_reading_of_a_large_table_is_said(
    folder, capsys, monkeypatch, cells, is_said
):
    monkeypatch.setattr(make, "MANY", cells)  # the table has 60 rows of 8
    made()
    said = "panel.csv: 60 rows and 8 columns read; finding units" in read_all(capsys)
    assert said == is_said


def read_all(capsys):
    """What a command has said, on either stream."""
    return "".join(capsys.readouterr())


def test_units_left_out_by_name_are_told_their_id(folder):
    config = made()
    config["panel"]["leave_out"] = ["North Land"]
    words = r"names North Land.*; write N for North Land"
    fails(ConfigError, words, tables_of, config)


def uncommented(text, word):
    """Take the mark from the comment that begins with a word, in place of such a line."""
    retained = [line for line in text.splitlines() if not line.strip().startswith(word)]
    return "\n".join(
        line.replace("# ", "", 1) if line.strip().startswith(f"# {word}") else line
        for line in retained
    )


def test_the_next_steps_of_a_config_hold_without_their_mark(folder):
    config = made("--lat", "north", "--lon", "east")
    text = (folder / "config.yaml").read_text()
    for word in ("income", "leave_out", "samples", "weights", "beta", "controls"):
        text = uncommented(text, f"{word}:")
    written = yaml.safe_load(text)
    assert written["panel"]["income"]["column"] == "income / school"
    assert written["panel"]["leave_out"] == ["C"]
    assert written["panel"]["samples"] == {"all": [], "some": ["C"]}
    assert written["weights"]["primary"] == "own"
    assert written["estimates"]["beta"][1]["controls"] == list(written["controls"])
    checked = checked_config(written)
    assert len(checked["estimates"]["beta"]) == len(config["estimates"]["beta"]) + 1


def test_a_panel_of_incomes_alone_has_its_groups_as_the_next_control(folder):
    made("--group", "side", drop=["school"])
    text = (folder / "config.yaml").read_text()
    written = yaml.safe_load(uncommented(uncommented(text, "beta:"), "controls:"))
    groups = {"kind": "groups", "column": "side", "label": "side"}
    assert written["controls"] == {"side": groups}
    checked = checked_config(written)
    assert checked["estimates"]["beta"][1]["controls"] == ["side"]


def test_figures_are_added_with_dictionary_and_source(folder, monkeypatch, capsys):
    config = made()
    package = folder / "data" / "datapackage.json"
    text = package.read_text().replace('"grade": "A"', '"grade":   "A"')
    package.write_text(text)
    files = from_yaml(r"""
        rate.csv: ",state_name,2000,2001,2002\n0,North Land,2,2.5,3\n1,Süd,4,4.5,5\n"
        coast.csv: "state_name,coast\nCentre,a\nNorth Land,b\nOst,a\nSüd,b\nWest,a\n"
        new.csv: "code,year,income\nN,2000,1\nE,2012,5\nX,2012,6\n"
        """)
    for name, text in files.items():
        Path(name).write_text(text)
    to = ["--directory", str(folder)]
    start = folder.parent

    def added(column, file, *options):
        monkeypatch.chdir(start)
        add.main([column, "--from", file, *options, *to])
        monkeypatch.chdir(start)

    added("rate", "rate.csv")
    added("coast", "coast.csv")
    held = {path: path.read_bytes() for path in (folder / "data").iterdir()}
    words = r"has 1 other figures of income than panel.csv \(N 2000: 1, held 1048.5\)"
    fails(SystemExit, words, added, "income", "new.csv")
    assert held == {path: path.read_bytes() for path in (folder / "data").iterdir()}
    added("income", "new.csv", *"--replace --source B --citation Book".split())
    assert "left out, no units of the study: X" in capsys.readouterr().out
    tables = tables_of(config)
    panel = tables["panel"].set_index(["unit", "year"])
    assert panel.loc[("N", 2000), ["income", "rate"]].tolist() == [1, 2]
    assert panel["income"]["E", 2012] == 5
    assert tables["units"]["coast"].tolist() == list("aabba")
    spans = tables["panel_provenance"].query("variable == 'income' and source == 'B'")
    assert set(spans["units"]) == {"N", "all"}
    assert set(tables["sources"]["citation"]) == {"panel.csv", "Book"}
    written = package.read_text()
    assert '"grade":   "A"' in written
    assert '"name": "rate"' in written


class Killed(BaseException):
    """What a kill is to a test: nothing handles it."""


@pytest.mark.parametrize("file", ["data/panel.csv", "data/units.csv", "config.yaml"])
def test_a_study_whose_making_was_killed_is_made_by_the_next_try(
    folder, monkeypatch, file
):
    replace = Path.replace

    def stopped(path, target):
        if Path(target).absolute() == folder / file:
            raise Killed
        return replace(path, target)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Path, "replace", stopped)
        made()
    assert not (folder / "config.yaml").exists()
    config = made()
    assert len(tables_of(config)["panel"]) == 60
    assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "data"]

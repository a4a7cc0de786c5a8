"""A study beside another is made by the same run, lends it numbers, a figure and a row
with their evidence, and is seen by all commands.
"""

import contextlib
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

import clean
import gate
import program_copies
from engine.hooks import INCOMPLETE
from engine.second_studies import mark_second_changed
from evenfield.report import check
from evenfield.study.config_files import read_config
from evenfield.study.errors import EvenfieldError
from evenfield.study.ingest.dictionary import refresh_hashes
from refusals import fails
from yaml_text import from_yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "mexico-states"
SPEED = from_yaml("""
    {family: beta, spec_id: absolute, estimator: ols, effect_type: lambda, period: S1}
    """)
PAGE = """## Beside

{{ must(other.speed.low.value > -10) }}
States converged by {{ other.speed }}% a year ({{ other.speed.interval }}).

{{ figure("F4-other") }}

{{ statements() }}
"""


def write(folder, name, content):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(yaml.safe_dump(content, sort_keys=False))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """One study with sigma, and one below it with beta, of which the first prints a
    number, a figure and an answer; neither has run.
    """
    study = tmp_path_factory.mktemp("beside") / "study"
    common = read_config(EXAMPLE / "config.yaml") | {"tables": [], "figures": []}
    other = common | {"estimates": {"beta": common["estimates"]["beta"][:1]}}
    write(study / "below", "config.yaml", other | {"figures": ["F4"]})
    number = SPEED | {"show": "0.00", "unit": "% a year"}
    write(study / "below", "numbers.yaml", {"speed": number})
    own = common | {"estimates": {"sigma": common["estimates"]["sigma"]}}
    own |= {"figures": ["F4-other"], "beside": {"other": "below"}}
    own["study"] = own["study"] | {"id": "own"}
    write(study, "config.yaml", own)
    claim = from_yaml("{id: A1, claim: They met., kind: association, sign: +}")
    evidence = {"evidence": {"study": "other", **SPEED}, "interest": 0.5}
    write(study, "claims.yaml", {"claims": [claim | evidence]})
    (study / "text").mkdir()
    (study / "text" / "page.md").write_text(PAGE)
    for folder in (study, study / "below"):
        shutil.copytree(EXAMPLE / "data", folder / "data")
    return study


def run(study, *words):
    return program_copies.run_well(*words, "--directory", study)


@pytest.fixture(scope="module")
def finished(made, tmp_path_factory):
    study = tmp_path_factory.mktemp("finished") / "study"
    shutil.copytree(made, study)
    run(study)
    return study


def faults(study, **changes):
    """Return what a check refuses of the study with some keys of its config changed."""
    with contextlib.chdir(study), pytest.raises(EvenfieldError) as refused:
        check.check_study(read_config("config.yaml") | changes)
    return str(refused.value)


@pytest.mark.gate
@pytest.mark.parametrize(
    ("changes", "message"),
    from_yaml("""
    - [{beside: {other: bellow}}, "beside: other: no study in bellow; expected a folder"]
    - [{beside: {other: ../study}}, "beside: other: ../study is no folder below"]
    - [{beside: {n: below, other: below}}, "beside: n is a word that texts use otherwise"]
    - [{beside: {other: results/below}}, "results/below lies in results, which is removed"]
    - [{beside: {other: .snakemake/below}}, ".snakemake/below lies in .snakemake, which"]
    - [{beside: {a: below, b: ./below}}, "beside: a and b are in below and ./below; expected"]
    - [{beside: {a: below, b: below/x}}, "beside: a and b are in below and below/x; expected"]
    - [{figures: [F5-other, F4-other]}, "figures: other 'F5' is not known; expected one of F4"]
    - [{figures: [F4-othr, F4-other]}, "figures names 'F4-othr'"]
    """),
)
def test_what_cannot_be_taken_from_a_study_beside_is_one_line(made, changes, message):
    assert message in faults(made, **changes)


def test_an_unknown_number_or_row_and_a_fault_there_are_named(made, tmp_path):
    study = shutil.copytree(made, tmp_path / "study")
    text = study / "text" / "page.md"
    text.write_text(text.read_text() + "\n{{ other.sped }}")
    assert "page.md line 10: number of other 'sped' is not known" in faults(study)
    text.write_text(PAGE)
    claims = read_config(study / "config.yaml")["answers"]["claims"]
    claims[0]["evidence"]["spec_id"] = "relative"
    message = "claim A1: spec_id 'relative' is not known; expected one of absolute"
    assert message in faults(study, answers={"claims": claims})
    (study / "below" / "numbers.yaml").write_text("speed: {show: '0'}")
    assert "beside: below: numbers.yaml: speed: it needs one of" in faults(study)


def test_a_study_beside_is_checked_again_only_when_it_has_changed(
    made, tmp_path, monkeypatch
):
    study = shutil.copytree(made, tmp_path / "study")
    shutil.rmtree(study / "below" / ".snakemake", ignore_errors=True)
    monkeypatch.chdir(study)
    checked = []
    whole = check.check_plan

    def noted(plan):
        checked.append(Path.cwd().name)
        return whole(plan)

    monkeypatch.setattr(check, "check_plan", noted)
    written = read_config("config.yaml")
    check.check_study(written)
    check.check_study(written)
    assert checked == ["study", "below", "study"]
    with Path("below/numbers.yaml").open("a") as file:
        file.write("# another state\nmore: {same: speed}\n")
    with pytest.raises(EvenfieldError):
        check.check_study(written)
    assert checked[3:] == ["study", "below"]


def test_a_command_that_mends_a_study_beside_names_its_folder(made, tmp_path):
    study = shutil.copytree(made, tmp_path / "study")
    with (study / "below" / "data" / "sources.csv").open("a") as table:
        table.write("\n")
    assert "run `python3 run data --directory below` if" in faults(study)


def test_a_link_does_not_lead_to_a_study_beside(made, tmp_path):
    study = shutil.copytree(made, tmp_path / "study")
    (study / "below").rename(tmp_path / "elsewhere")
    (study / "below").symlink_to(tmp_path / "elsewhere")
    assert "beside: other: below is no folder below this study" in faults(study)


def test_number_figure_and_answer_open_the_evidence_of_the_other_study(finished):
    page = (finished / "results" / "report" / "index.html").read_text()
    numbers = json.loads((finished / "below" / "results" / "numbers.json").read_text())
    speed = numbers["speed"]
    assert page.count(f">{speed['text']}</button>") == 1
    assert "python3 run why other.speed" in page
    assert "F4-other" in page
    answers = json.loads((finished / "results" / "answers.json").read_text())
    (claim,) = answers["claims"]
    assert claim["estimate_id"] == f"other.{speed['estimate_id']}"
    assert f"{claim['estimate']:.2f}" == speed["text"]
    own, other = (run(finished, "why", name) for name in ("A1", "other.speed"))
    assert "text/page.md, line 4: States converged" in other
    for way in (own, other):
        assert f"results/estimates.csv, estimate_id {speed['estimate_id']}" in way
        assert "topics/beta/estimate.py" in way


@pytest.mark.gate
def test_other_data_there_change_the_text_here_and_nothing_else_runs(
    finished, tmp_path
):
    study = shutil.copytree(finished, tmp_path / "study")
    page = study / "results" / "report" / "index.html"
    before = page.read_text()
    panel = study / "below" / "data" / "panel.csv"
    first, row, *rows = panel.read_text().splitlines()
    unit, year, income, *rest = row.split(",")
    row = ",".join([unit, year, str(3 * float(income)), *rest])
    panel.write_text("\n".join([first, row, *rows, ""]))
    refresh_hashes(study / "below" / "data" / "datapackage.json")
    steps = run(study)
    assert "study_other" in steps
    assert "estimate_sigma" not in steps
    assert page.read_text() != before
    moved = run(study / "below", "diff")
    assert re.search(r"^estimates: \d+ of \d+ moved, 0 new, 0 gone$", moved, re.M)
    assert "standard errors" in moved
    assert "everything was up to date" in run(study)


@pytest.mark.parametrize(
    "change", [Path.unlink, Path.touch, lambda p: p.write_text("")]
)
def test_a_result_there_that_is_gone_or_changed_is_made_again(
    finished, tmp_path, monkeypatch, change
):
    study = shutil.copytree(finished, tmp_path / "study")
    change(study / "below" / "results" / "figures" / "F4.svg")
    monkeypatch.chdir(study)
    mark_second_changed({"other": "below"})
    marks = [*INCOMPLETE.glob("*")]
    assert len(marks) == (change is not Path.touch)


@pytest.mark.gate
def test_gate_list_diff_and_package_take_both(finished, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    assert gate.differences(finished, copy) == []
    (copy / "below" / "results" / "numbers.json").write_text("{}")
    (message,) = gate.differences(finished, copy)
    assert message.startswith("below/results/numbers.json: line 1 differs")
    assert "study beside    other: below" in run(finished, "list")
    run(finished, "package")
    archive = zipfile.ZipFile(finished / "results" / "replication.zip")
    names = {name.partition("/")[2] for name in archive.namelist()}
    assert {
        "study/below/config.yaml",
        "study/below/data/panel.csv",
        "published/beside/other/numbers.json",
        "published/numbers.json",
    } <= names


def in_the_place_of(file):
    """Put a folder where a run writes a file."""
    file.unlink()
    (file / "inside").mkdir(parents=True)


@pytest.mark.gate
def test_a_record_outlives_a_run_that_fails_beside(finished, tmp_path):
    study = shutil.copytree(finished, tmp_path / "study")
    in_the_place_of(study / "below" / "results" / "numbers.json")
    record = study / "results" / "beside" / "other.json"
    before = record.read_bytes()
    done = program_copies.run("--directory", study)
    assert done.returncode == 1
    assert "numbers.json is a folder where a file belongs; expected" in done.stderr
    assert record.read_bytes() == before


@pytest.mark.gate
def test_a_folder_in_the_place_of_a_record_is_named(finished, tmp_path):
    study = shutil.copytree(finished, tmp_path / "study")
    in_the_place_of(study / "results" / "beside" / "other.json")
    done = program_copies.run("--directory", study)
    assert done.returncode == 1
    assert "other.json is a folder where a file belongs; expected" in done.stderr


@pytest.mark.gate
def test_clean_takes_the_results_of_both(finished, tmp_path):
    study = shutil.copytree(finished, tmp_path / "study")
    clean.clean(study)
    assert not [*study.rglob("manifest.json")]
    assert (study / "below" / "config.yaml").is_file()


@pytest.mark.parametrize("position", ["results/old", ".snakemake/old"])
def test_clean_removes_no_study_that_stands_among_results(made, tmp_path, position):
    study = shutil.copytree(made, tmp_path / "study")
    shutil.copytree(made / "below", study / position)
    (study / "results").mkdir(exist_ok=True)
    (study / "results" / "manifest.json").write_text("{}")
    fails(SystemExit, f"a study stands in {position}; exp", clean.clean, study)
    assert (study / position / "config.yaml").is_file()
    assert (study / "results" / "manifest.json").is_file()

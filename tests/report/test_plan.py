"""Whether a study was checked in the state in which it is."""

import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from evenfield.report.check import _at_most_suggestive, check_study
from evenfield.report.plan import OWN_TEXTS, note_checked, plan_study, unchecked
from evenfield.study.config_files import read_config

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "mexico-states"


def test_a_study_is_checked_again_only_when_something_has_changed(
    tmp_path, monkeypatch
):
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    plan = plan_study(read_config(Path("config.yaml")))
    state = unchecked(plan)
    assert state
    note_checked(state)
    assert unchecked(plan) == ""
    Path("text").mkdir()
    states = [state]
    for name in ("text/page.md", "text/page.must.yaml", "data/panel.csv"):
        with Path(name).open("a") as file:
            file.write("\n")
        plan = plan_study(read_config(Path("config.yaml")))
        states.append(unchecked(plan))
    assert "text/page.must.yaml" in plan.texts  # which a run tracks by content
    assert len({"", *states}) == 5


@pytest.mark.parametrize("is_whole", [True, False])
def test_own_texts_are_of_a_whole_study_alone(tmp_path, monkeypatch, is_whole):
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    Path("text").mkdir()
    for name in ("page.md", "abstract.md", "own.bib", "notes.txt"):
        Path("text", name).write_text("")
    config = read_config(Path("config.yaml"))
    if not is_whole:
        config["panel"]["years"] = [1940, 1980]
    plan = plan_study(config)
    own = ("text/abstract.md", "text/own.bib", "text/page.md")
    assert plan.texts == (own if is_whole else ())
    assert (OWN_TEXTS in plan.left_out) != is_whole


def for_the_paper(folder, paper=""):
    """What `check` asks a person of the paper of a study."""
    if paper:
        (folder / "text").mkdir()
        (folder / "text" / "paper.md").write_text(paper)
    lines = check_study(read_config(folder / "config.yaml"))
    return [line for line in lines if line.startswith("for the paper: ")]


def test_what_only_a_person_can_say_of_a_paper_is_asked_for(tmp_path, monkeypatch):
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    (asked,) = for_the_paper(tmp_path)
    for key in ("author", "repository", "contribution", "literature"):
        assert f"study.{key}" in asked
    own = 'No mention.\n\n{{ figure("F4") }}\n\n{{ see("T6") }} has numbers.\n\n{{ table("T6") }}\n'
    people, unnamed = for_the_paper(tmp_path, own)
    assert "study.author" in people and "study.literature" not in people
    assert "prints F4 without a mention" in unnamed and "T6" not in unnamed


def test_a_study_beside_that_passed_is_not_checked_again(tmp_path, monkeypatch):
    for folder in (tmp_path, tmp_path / "below"):
        shutil.copytree(EXAMPLE / "data", folder / "data")
        shutil.copy(EXAMPLE / "config.yaml", folder)
    monkeypatch.chdir(tmp_path)
    check_study(read_config("config.yaml") | {"beside": {"other": "below"}})
    monkeypatch.chdir("below")
    assert unchecked(plan_study(read_config("config.yaml"))) == ""


def test_a_plan_reads_no_tables_with_pandas():
    """Each run makes one, also where there is nothing to do."""
    program = """
    import sys
    from evenfield.report.plan import plan_study
    from evenfield.study.config_files import study_config
    plan_study(study_config())
    print("pandas" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", dedent(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"


def test_check_says_which_claims_no_answer_can_support():
    of_hypothesis = {"id": "L1", "kind": "association", "hypothesis": "H1"}
    fact = {"id": "L2", "kind": "fact", "evidence": {"term": "x"}}
    own = {"id": "L3", "kind": "effect", "evidence": {"term": "x"}}
    (line,) = _at_most_suggestive([of_hypothesis, fact, own])
    assert line.startswith("claims.yaml: L3 can be SUGGESTIVE at most")
    assert list(_at_most_suggestive([of_hypothesis, fact])) == []

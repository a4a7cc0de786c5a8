"""Whether a study was checked in the state in which it is."""

import shutil
from pathlib import Path

from evenfield.report.plan import note_checked, plan_study, unchecked
from evenfield.study.config_files import read_config

EXAMPLE = Path(__file__).parents[2] / "examples" / "mexico-states"


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
    with Path("data/panel.csv").open("a") as file:
        file.write("\n")
    assert unchecked(plan) not in ("", state)

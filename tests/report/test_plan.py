"""Whether a study was checked in the state in which it is."""

from pathlib import Path

from evenfield.report.plan import plan_study, unchecked
from evenfield.study.config_files import read_config

EXAMPLE = Path(__file__).parents[2] / "examples" / "mexico-states"


def test_a_study_is_checked_again_only_when_something_has_changed(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(EXAMPLE)
    plan = plan_study(read_config(Path("config.yaml")))
    stamp = tmp_path / "checked"
    state = unchecked(plan, stamp)
    assert state
    stamp.write_text(state, encoding="ascii")
    assert unchecked(plan, stamp) == ""
    stamp.write_text("another state", encoding="ascii")
    assert unchecked(plan, stamp) == state

"""The study that docs/new-study.md builds is in order, exactly as printed."""

import re
from pathlib import Path

import pytest
import yaml

import data
from evenfield.report.check import check_study
from evenfield.study.config import checked_config, read_config

PAGE = (Path(__file__).parents[3] / "docs" / "new-study.md").read_text(encoding="utf-8")
PARAGRAPH = r"(?:[^\n]|\n(?!\n))*"
BLOCK = re.compile(rf"^`((?:data/)?\w+\.\w+)`({PARAGRAPH}):\n\n```\w*\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
FILES = {"panel.csv", "units.csv", "adjacency.csv", "sources.csv", "panel_provenance.csv", "datapackage.json"}


@pytest.fixture
def config(tmp_path, monkeypatch):
    blocks = {name: text for name, _, text in BLOCK.findall(PAGE)}
    assert set(blocks) == {"config.yaml", *(f"data/{name}" for name in FILES)}
    (tmp_path / "data").mkdir()
    for name, text in blocks.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return checked_config(read_config("config.yaml"))


def test_study_of_the_page_is_in_order(config, capsys):
    data.refresh(config)
    told = "\n".join([capsys.readouterr().out, *check_study(config)])
    assert "6 hashes" not in told and "5 hashes rewritten" in told
    assert "unit scheme all: 4 units, 2000 to 2010, 1 weights" in told and "config and data are in order" in told


def test_every_config_fragment_of_the_page_is_valid_yaml_of_known_keys(config):
    fragments = [yaml.safe_load(text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)]
    assert len(fragments) == 4
    for fragment in fragments[1:]:
        panel = {**config["panel"], **fragment.get("panel", {})}
        checked_config({**config, **fragment, "panel": panel})

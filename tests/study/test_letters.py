"""Letters that a reader does not see are refused in config, dictionary and tables."""

import json

import pytest

from evenfield.study.config_files import read_mapping
from evenfield.study.errors import ConfigError, IngestError
from evenfield.study.ingest.dictionary import read_package
from evenfield.study.letters import IN_TABLES, hidden_letter, hidden_value
from refusals import fails


@pytest.mark.parametrize("letter", ["\ue001", "\ue003", "\u202e", "\x07", "\x1b"])
def test_a_hidden_letter_of_the_config_is_refused_with_its_line(tmp_path, letter):
    path = tmp_path / "config.yaml"
    path.write_text(f"study:\n  title: a{letter}b\n")
    fails(ConfigError, rf"line 2: .* U\+{ord(letter):04X};", read_mapping, path)


@pytest.mark.parametrize("written", ["'a': \"x\\uE001y\"", '"x\\uE001y": a'])
def test_a_hidden_letter_that_is_written_as_an_escape_is_refused(tmp_path, written):
    path = tmp_path / "config.yaml"
    path.write_text(f"{written}\n")
    fails(ConfigError, r"hidden character U\+E001", read_mapping, path)


def test_a_hidden_letter_of_the_dictionary_is_refused_with_its_place(tmp_path):
    path = tmp_path / "datapackage.json"
    resources = [{"name": "panel", "path": "panel.csv", "title": "a\u202eb"}]
    path.write_text(json.dumps({"resources": resources}))
    fails(IngestError, r"resources.0.title: .* U\+202E", read_package, path)


@pytest.mark.parametrize("letter", ["\ue001", "\u202e", "\x0b"])
def test_a_hidden_letter_of_a_table_is_refused_with_its_line(toy, letter):
    toy.replace("units", "Bland", f"B{letter}land")
    fails(IngestError, rf"units.csv line 3: .* U\+{ord(letter):04X}", toy.read)


def test_tables_may_hold_private_letters_of_east_asian_names():
    assert hidden_letter("\ue815", IN_TABLES) == ""
    assert hidden_letter("\ue815") != ""


def test_values_are_searched_at_any_depth():
    assert hidden_value({"a": [{"b": "c"}, {"d": "\x00"}]}).startswith("a.1.d: ")
    assert hidden_value({"a": [1, None, 2.5, "b"]}) == ""

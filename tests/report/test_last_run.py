"""`check` after a run: a number that changed in the results behind a sentence is told."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

import program_copies
from stored_study import finish, store_study

MEXICO = Path(__file__).parents[2] / "examples" / "mexico-states"
SPEED = {"family": "beta", "spec_id": "absolute", "term": "speed", "estimator": "ols"}
NUMBERS = {"speed": {**SPEED, "period": "S1", "show": "0.0", "unit": "% a year"}}
BROKEN = "the sentence with 'catch up' no longer holds (n.speed.low.value > 0)"
IN_TEXT = "the sentence below no longer holds (n.speed.value > 0)"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    place = tmp_path_factory.mktemp("finished") / "study"
    place.mkdir()
    beta = yaml.safe_load((MEXICO / "config.yaml").read_text("utf-8"))["estimates"]
    changes = {"estimates": {"beta": beta["beta"]}, "tables": ["T6"], "figures": []}
    store_study(MEXICO, place, changes, NUMBERS)
    (place / "text").mkdir()
    (place / "text" / "page.md").write_text(
        "States catch up by {{ n.speed }}% a year.\n\n"
        "{{ must(n.speed.value > 0) }}\nThe gap narrows.\n"
    )
    (place / "text" / "page.must.yaml").write_text(
        "- words: catch up\n  must: n.speed.low.value > 0\n"
    )
    finish(place)
    return place


@pytest.fixture
def study(finished, tmp_path):
    return Path(shutil.copytree(finished, tmp_path / "study"))


def checked(study):
    """Return what `check` refuses, a line each."""
    done = program_copies.run("check", "--directory", study)
    assert bool(done.returncode) == bool(done.stderr), done.stdout
    return done.stderr.splitlines()


def in_numbers(study, **values):
    path = study / "results" / "numbers.json"
    content = json.loads(path.read_text())
    content["speed"] |= values
    path.write_text(json.dumps(content))


def in_estimates(study, **values):
    path = study / "results" / "estimates.csv"
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    numbers = json.loads((study / "results" / "numbers.json").read_text())
    of_speed = rows["estimate_id"] == numbers["speed"]["estimate_id"]
    assert of_speed.sum() == 1
    for column, value in values.items():
        rows.loc[of_speed, column] = value
    rows.to_csv(path, index=False)


def test_results_as_a_run_left_them_are_in_order(study):
    assert checked(study) == []


def test_a_number_changed_in_numbers_json_is_told_with_file_line_and_words(study):
    in_numbers(study, low=-0.1)
    (line,) = checked(study)
    assert line.startswith(f"report: text/page.must.yaml line 1: {BROKEN}; expected")


def test_a_number_changed_in_estimates_is_told_before_a_run_names_it_anew(study):
    in_estimates(study, conf_low="-0.1", estimate="-0.01")
    in_text, beside = checked(study)
    assert BROKEN in beside
    assert in_text.startswith(f"report: text/page.md line 3: {IN_TEXT}")


def test_a_number_that_numbers_yaml_has_changed_since_is_the_new_one(study):
    in_numbers(study, low=-0.1, estimate_id="of another row")
    assert checked(study) == []


def test_what_only_a_run_will_find_is_left_to_it(study):
    (study / "results" / "numbers.json").write_text("{}")
    for name in ("answers.json", "estimates.csv"):
        (study / "results" / name).unlink()
        assert checked(study) == []

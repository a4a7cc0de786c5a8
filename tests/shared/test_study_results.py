"""What exhibits read of topics."""

from pathlib import Path

import pytest

from evenfield.shared.estimates import ESTIMATE_COLUMNS
from evenfield.shared.study_results import StudyResults
from evenfield.study.config import checked_config
from evenfield.study.config_files import read_config

EXAMPLE = Path(__file__).parents[2] / "examples" / "us-states" / "config.yaml"


def test_a_topic_that_the_study_does_not_ask_for_has_no_rows(tmp_path):
    config = checked_config(read_config(EXAMPLE))
    del config["estimates"]["beta"]
    results = StudyResults(config, tmp_path)
    rows = results.estimates("beta", estimator="ols")
    assert rows.empty and list(rows) == list(ESTIMATE_COLUMNS)
    # What it asks for must have been estimated.
    with pytest.raises(FileNotFoundError):
        results.estimates("sigma")

"""The dictionary that is written for anyone's table."""

import pandas as pd

from evenfield.newstudy.study_files import described


def test_keys_are_required_and_figures_are_not():
    frame = pd.DataFrame({"unit": ["a"], "year": ["1990"], "income": ["2.5"]})
    fields = described("panel", frame, {}, {})["schema"]["fields"]
    required = [
        field["name"]
        for field in fields
        if field.get("constraints", {}).get("required")
    ]
    assert required == ["unit", "year"]

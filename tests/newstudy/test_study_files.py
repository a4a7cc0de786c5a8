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


def test_the_kind_and_range_of_a_column_follow_its_cells():
    units = pd.DataFrame(
        {
            "unit": ["1", "2"],
            "name": ["3", "4"],
            "lat": ["1", "2"],
            "area": ["3", "4.5"],
            "growth": ["-1", "2"],
            "code": ["01", "02"],
            "word": ["x", "3"],
        }
    )
    assert kinds_of("units", units, texts=["code"]) == {
        "unit": ("string", {"required": True}),
        "name": ("string", {}),
        "lat": ("number", {"minimum": -90, "maximum": 90}),
        "area": ("number", {"minimum": 0}),
        "growth": ("number", {}),
        "code": ("string", {}),
        "word": ("string", {}),
    }
    panel = units[["unit", "area", "growth", "word"]].assign(year="2000")
    assert kinds_of("panel", panel, texts=["area"]) == {
        "unit": ("string", {"required": True}),
        "area": ("number", {"minimum": 0}),
        "growth": ("number", {}),
        "word": ("number", {}),  # a blank or a fault, which the check names
        "year": ("integer", {"required": True}),
    }


def kinds_of(name, frame, **more):
    """Type and range of each column, as the dictionary has them."""
    fields = described(name, frame, {}, {}, **more)["schema"]["fields"]
    return {one["name"]: (one["type"], one.get("constraints", {})) for one in fields}


def test_titles_labels_and_logarithms_stand_where_they_are_of_the_table():
    frame = pd.DataFrame({"unit": ["a"], "area": ["3"], "size": ["4"]})
    titles = {"area": "Area (km2)"}
    labels = {"Area (km2)": "Land area", "size": "Houses"}

    def said(name):
        fields = described(name, frame, titles, labels, logged=["area"])["schema"]
        keys = ("title", "description", "log")
        return [{k: one[k] for k in keys if k in one} for one in fields["fields"]]

    area = {"title": "Area (km2)", "description": "Land area"}
    houses = {"description": "Houses"}
    assert said("panel") == [{}, {**area, "log": True}, houses]
    assert said("units") == [{}, area, houses]
    assert said("zones") == [{}, {}, houses]

"""Texts of columns that are kept: another column at the same place is another one."""

import pandas as pd

from evenfield.newstudy.cells import texts_of


def test_texts_are_those_of_the_column_as_it_is_now():
    """Columns that come and go, as many as are kept and more, and one that is edited."""
    for number in range(200):
        column = pd.Series([f"a{number}", f"b{number}", f"a{number}"], dtype="str")
        texts = texts_of(column)
        assert texts.once == [f"a{number}", f"b{number}"]
        assert texts.codes.tolist() == [0, 1, 0]
    frame = pd.DataFrame({"x": ["1", "2", "1"]}, dtype="str")
    assert texts_of(frame["x"]).once == ["1", "2"]
    frame.loc[0, "x"] = "3"
    assert texts_of(frame["x"]).once == ["3", "2", "1"]

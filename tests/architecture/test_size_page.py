"""What docs/size.md says of a hundred thousand units follows from its measured seconds."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "size.md").read_text("utf-8")
OF_UNITS = PAGE.partition("## Long panels")[0]
MEASURED, _, LARGE = OF_UNITS.partition("## A hundred thousand units")
TIMES = 100_000 / 2_800
# Spatial panels are refused.
NOT_RUN = "spatial panel"


def rows(text):
    """Cells of each row of the tables of a text, by the topic."""
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]
    return {row[0]: row[1:] for row in cells if row[0] != "topic"}


def seconds_of(cell):
    """Seconds of the first table: `under 2 each`, `4 in each of 2 chunks`."""
    first, *more = map(float, re.findall(r"\d+", cell))
    return first * (more[0] if more else 1)


def shown(seconds):
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * 86_400:
        return f"{seconds / 3_600:.2g} h"
    return f"{seconds / 86_400:.0f} days"


@pytest.mark.parametrize("topic", rows(LARGE))
def test_the_time_of_many_units_is_that_of_the_power(topic):
    power, _, time, _ = rows(LARGE)[topic]
    seconds = seconds_of(rows(MEASURED)[topic][0])
    expected = "" if topic == NOT_RUN else shown(seconds * TIMES ** float(power))
    assert time.removesuffix(" each") == expected


def test_every_topic_that_was_measured_is_told():
    assert set(rows(LARGE)) == set(rows(MEASURED))

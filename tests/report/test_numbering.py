"""Tables and figures are numbered as the text of the paper names them."""

from pathlib import Path

import pytest

from evenfield.report.numbering import number_exhibits
from evenfield.report.prose import Prose

PAPER = """See {{ see("F5") }} and {{ see("T6") }}; {{ see("T9") }} is elsewhere.

{{ map() }}

{{ table("T2") }}

{{ figure("F4") }}

{{ figure("F5") }}

{{ table("T6") }}
"""


@pytest.fixture
def prose(tmp_path):
    path = Path(tmp_path, "paper.md")
    path.write_text(PAPER)
    abstract = Path(tmp_path, "abstract.md")
    abstract.write_text("Short.")
    exhibits = ["T2", "T6", "T9", "F4", "F5", "F6"]
    return Prose({"paper": path, "abstract": abstract}, {}, {}, exhibits)


def called(labels):
    return {which: str(label) for which, label in labels.items()}


def test_the_order_of_mention_decides_and_the_appendix_counts_anew(prose):
    numbering = number_exhibits(prose, ["T9", "F6", "T6"], has_map=True)
    assert called(numbering.paper) == {
        "F5": "Figure 1",
        "T6": "Table 1",
        "map": "Figure 2",
        "T2": "Table 2",
        "F4": "Figure 3",
    }
    assert called(numbering.appendix) == {
        "T9": "Table A1",
        "F6": "Figure A1",
        "T6": "Table A2",
    }
    assert numbering.seen_from("paper", "T9")[0].number == "A1"
    assert numbering.seen_from("appendix", "T6")[0].number == "A2"
    assert numbering.seen_from("appendix", "F4")[1] is False


def test_a_study_without_a_map_gives_it_no_number(prose):
    numbering = number_exhibits(prose, [], has_map=False)
    assert called(numbering.paper)["F4"] == "Figure 2"

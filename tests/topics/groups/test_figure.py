"""F1: squares where a study lays them out, its outlines where it has none, each unit in the
colour of its group.
"""

import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.patches import PathPatch

from evenfield.shared.figures import MARKS
from evenfield.shared.study_results import StudyResults
from evenfield.study.files import write_json
from evenfield.study.table_files import write_results
from evenfield.topics.groups.figure import f1
from evenfield.topics.groups.figure_outlines import draw_outlines
from newstudy.made_tables import feature
from report.made_up import UNITS, write_study

MAP = [feature({"unit": unit, "at": [i, 50]}) for i, unit in enumerate(UNITS)]


@pytest.fixture
def results(tmp_path):
    given = write_study(tmp_path, policy=True)
    units = pd.DataFrame({"unit": list(UNITS), "name": list(UNITS.values())})
    write_results(units, tmp_path / "ingest" / "units.csv")
    write_results(pd.DataFrame({"unit": []}), tmp_path / "ingest" / "cases.csv")
    write_json({"features": MAP}, tmp_path / "ingest" / "outlines.geojson")
    return given, units, tmp_path


def drawn(given):
    artwork = f1(StudyResults(given["config"], given["root"]).of("groups"))
    plt.close(artwork.figure)
    return artwork


def test_outlines_are_drawn_and_the_caption_says_so(results):
    given, _, _ = results
    artwork = drawn(given)
    assert artwork.drawn == "Outlines of states as the study's data draw them."
    patches = artwork.figure.axes[0].patches
    assert len([one for one in patches if isinstance(one, PathPatch)]) == len(UNITS)
    assert "4 neither" in artwork.alt


def test_squares_of_the_study_itself_go_before_outlines(results):
    given, units, root = results
    write_results(units.assign(tile_row=1), root / "ingest" / "units.csv")
    assert drawn(given).drawn.startswith("One field for each state")


def test_each_unit_has_the_colour_and_hatching_of_its_group():
    figure = draw_outlines(MAP, {"AA": "both", "BB": "SEZ only", "CC": "neither"}, 0.4)
    axes = figure.axes[0]
    plt.close(figure)
    fills = [
        to_hex(patch.get_facecolor()) for patch in axes.patches if patch.get_fill()
    ]
    cells = ("both", "SEZ only", "neither")
    assert [to_hex(MARKS[cell].fill) for cell in cells] == [
        fill for fill in fills if fill not in {"#e8e6e0", "#000000"}
    ][:3]
    assert sum(bool(patch.get_hatch()) for patch in axes.patches) == sum(
        bool(MARKS[cell].hatch) for cell in cells
    )
    # A degree of longitude at 50 degrees north is shorter than one of latitude.
    assert axes.get_aspect() == pytest.approx(1.572, abs=0.02)

"""The picture of the plane: its corners, its axes and what its description counts."""

from types import SimpleNamespace

import pandas as pd
import pytest
from matplotlib import pyplot as plt

from evenfield.study.errors import ArtifactError
from evenfield.study.study_config import StudyConfig
from evenfield.topics.taxonomies.figure import f25

PERIODS = {"P1": {"start": 1990, "end": 1999}, "P2": {"start": 2000, "end": 2009}}


def results(zones=(1.0, 2.0, 3.0, 4.0), period="P2"):
    plane = pd.DataFrame(
        {
            "spec_id": "growth",
            "period": period,
            "unit": ["a", "b", "c", "d"],
            "endogenous": [4.0, 3.0, 1.0, 2.0],
            "exogenous": zones,
            "growth_pct_per_year": [1.0, 2.0, 3.0, 5.0],
        }
    )
    cells = pd.DataFrame(
        {
            "unit": ["a", "b", "c", "d"],
            "period": "P2",
            "taxonomy": "main",
            "cell": ["cluster only", "neither", "SEZ only", "neither"],
        }
    )
    clusters = pd.DataFrame({"measure": ["count"], "note": ["number of clusters"]})
    rows = pd.DataFrame({"period": ["P2"], "output_basis": ["official"]})
    return SimpleNamespace(
        primary=lambda: {"id": "growth", "endogenous": "count", "exogenous": "state"},
        config=StudyConfig.of({"periods": PERIODS, "taxonomy": {"primary": "main"}}),
        words={"unit_name": "unit", "units_name": "units"},
        series=lambda name: plane,
        table=lambda name, text=(): cells,
        estimates=lambda: rows,
        ingested=lambda name, text=(): clusters,
        label=str,
        period=lambda name, basis: name,
    )


def axes_of(artwork):
    plt.close(artwork.figure)
    return artwork.figure.axes[0]


def test_the_corners_are_counted_at_the_medians():
    artwork = f25(results())
    plt.close(artwork.figure)
    assert "grown from below 2 units, 1.5% a year" in artwork.alt
    assert "made from above 2 units, 4.0% a year" in artwork.alt
    assert "little of either" not in artwork.alt


def test_every_unit_is_drawn_with_its_group():
    artwork = f25(results())
    plt.close(artwork.figure)
    assert artwork.data.set_index("unit")["cell"]["c"] == "SEZ only"
    assert len(artwork.data) == 4


def test_an_axis_has_the_scale_of_ratios_only_where_every_unit_has_something():
    with_nothing = axes_of(f25(results(zones=(0.0, 2.0, 3.0, 4.0))))
    assert (with_nothing.get_xscale(), with_nothing.get_yscale()) == ("log", "linear")


def test_an_axis_says_what_its_measure_is():
    assert axes_of(f25(results())).get_xlabel() == "clusters: number of clusters"


def test_a_study_without_the_plane_in_its_last_period_has_no_picture():
    with pytest.raises(ArtifactError, match="no plane of clusters and zones"):
        f25(results(period="P1"))

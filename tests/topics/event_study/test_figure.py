"""The picture of levels before the policy: what is drawn, and how."""

import numpy as np
from matplotlib import pyplot as plt

from evenfield.shared.figures import INK, SOFT
from evenfield.study.errors import ArtifactError
from evenfield.topics.event_study.figure import f32
from refusals import fails
from section_cases import frame_of, made

ROW = {
    "estimator": "placement",
    "outcome": "jobs",
    "unit_of_measure": "log points",
    "period": "2000",
    "conf_low": -0.1,
    "conf_high": 0.3,
}


def drawn():
    results = made("event_study", "above")
    rows = frame_of(
        [
            {
                **ROW,
                "spec_id": "all",
                "contrast": "park",
                "fe_id": "none",
                "estimate": 0.1,
            },
            {
                **ROW,
                "spec_id": "near",
                "contrast": "park",
                "fe_id": "region4",
                "estimate": 0.2,
            },
            {
                **ROW,
                "spec_id": "near",
                "contrast": "port",
                "fe_id": "region4",
                "estimate": np.nan,
            },
        ]
    )
    kinds = {"kinds": ["park", "port"]}
    results.estimates = lambda **_: rows
    results.specs = lambda **_: [{"id": "all", **kinds}, {"id": "near", **kinds}]
    artwork = f32(results)
    plt.close(artwork.figure)
    return artwork


def test_a_kind_without_an_estimate_has_no_panel():
    artwork = drawn()
    assert [axes.get_title("left") for axes in artwork.figure.axes] == ["Park"]
    assert artwork.data["contrast"].tolist() == ["park", "park"]


def test_units_compared_within_groups_are_filled_and_all_units_are_not():
    (axes,) = drawn().figure.axes
    marks = [line for line in axes.lines if line.get_marker() == "o"]
    hollow = [mark.get_markerfacecolor() == "white" for mark in marks]
    assert hollow == [True, False]
    assert [mark.get_color() for mark in marks] == [SOFT, INK]


def test_without_any_estimate_there_is_no_picture():
    results = made("event_study", "above")
    blank = frame_of([{**ROW, "spec_id": "all", "contrast": "park"}])
    results.estimates = lambda **_: blank
    fails(ArtifactError, "no placement", f32, results)

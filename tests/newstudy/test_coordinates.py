"""Latitude and longitude, however they are written; what is none is named by its cell."""

import pandas as pd
import pytest

from evenfield.newstudy.key_columns import with_coordinates
from evenfield.study.errors import IngestError
from refusals import fails
from yaml_text import from_yaml

# Cells of the first of three units, and what they are in degrees.
WRITTEN = from_yaml("""
    point: ['-33.25', '18.5', -33.25, 18.5]
    comma: ['-33,25', '18,5', -33.25, 18.5]
    three decimals behind a comma: ['-33,125', '18,512', -33.125, 18.512]
    letters behind: ['33.25 S', '71.5 W', -33.25, -71.5]
    letters before: ['S33.25', 'W 71.5', -33.25, -71.5]
    small letters: ['33.25s', '71.5w', -33.25, -71.5]
    degrees and minutes: ["33°15'S", "71°30'W", -33.25, -71.5]
    a minus and minutes: ["-33°15'", "−71° 30′", -33.25, -71.5]
    seconds: ["33°15'36\\"N", "71°30′36″E", 33.26, 71.51]
    blanks: ['33 15 36 N', '71 30 36 E', 33.26, 71.51]
    letters for parts: [33d15m36s N, 71d30m36s E, 33.26, 71.51]
    minutes with decimals: ["33° 15.6' N", "71° 30,6' E", 33.26, 71.51]
    """)


def units_with(lat, lon, names=("lat", "lon")):
    columns = dict(zip(names, ([lat, "10", ""], [lon, "20", ""]), strict=True))
    return pd.DataFrame({"unit": list("abc"), "name": ["Ada", "Bo", "Cy"]} | columns)


@pytest.mark.parametrize("name", WRITTEN)
def test_degrees_are_read_as_they_are_written(name):
    lat, lon, north, east = WRITTEN[name]
    placed = with_coordinates(units_with(lat, lon, ("Latitude", "Longitude")))
    assert placed["lat"].iloc[0] and placed["lat"].iloc[2] == ""
    assert float(placed["lat"].iloc[0]) == pytest.approx(north, abs=1e-7)
    assert float(placed["lon"].iloc[0]) == pytest.approx(east, abs=1e-7)


REFUSED = from_yaml("""
    beyond the pole: ['91', '20', "lat of Ada is '91'; expected a latitude from -90 to 90"]
    a letter of the other: ['33 E', '20', "lat of Ada is '33 E'"]
    a sign and a letter: ['-33 S', '20', "lat of Ada is '-33 S'"]
    sixty minutes: ["33°60'N", '20', "lat of Ada is"]
    words with a number: [about 33, '20', "lat of Ada is 'about 33'"]
    of the other one: ['33', '200.5', "lon of Ada is '200.5'; expected a longitude"]
    """)


@pytest.mark.parametrize("name", REFUSED)
def test_a_cell_that_is_no_degree_is_named(name):
    lat, lon, words = REFUSED[name]
    fails(IngestError, words, with_coordinates, units_with(lat, lon))


def test_metres_under_a_header_of_degrees_and_swapped_columns_are_said():
    metres = pd.DataFrame(
        {"unit": list("ab"), "lat": ["5312000", "5313000"], "lon": ["1", "2"]}
    )
    fails(IngestError, "metres of a projection", with_coordinates, metres)
    swapped = pd.DataFrame(
        {"unit": list("ab"), "lat": ["116.4", "121.5"], "lon": ["39.9", "31.2"]}
    )
    words = r"lat of a is '116.4' \(2 such cells\).*--lat lon --lon lat"
    fails(IngestError, words, with_coordinates, swapped)
    placed = with_coordinates(swapped, {"lat": "lon", "lon": "lat"})
    assert placed["lat"].tolist() == ["39.9", "31.2"]


def test_x_and_y_of_other_things_stay_as_they_are():
    units = pd.DataFrame({"unit": list("ab"), "x": ["5312000", "1"], "y": ["1", "2"]})
    assert list(with_coordinates(units)) == ["unit", "x", "y"]

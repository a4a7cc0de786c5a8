"""Colours on a dark page: readable as on a light one, in the same order, in the picture
itself.
"""

import re

import pytest

from evenfield.report.exhibits import TEMPLATES
from evenfield.shared.figures.dark import dark, dark_aware
from evenfield.study.figure_style import ACCENT, INK, MARKS, SERIES, SOFT

LINES = {mark.colour for mark in (*MARKS.values(), *SERIES)}
SVG = (
    '<svg><defs></defs><path style="fill: #ffffff; stroke: #22262b"/><rect'
    ' fill="#1f7a8c"/>{}</svg>'
)


def luminance(colour):
    """Relative luminance and contrast as the Web Content Accessibility Guidelines 2.2
    define them.
    """
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return sum(
        w * part for w, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def contrast(one, two):
    low, high = sorted([luminance(one), luminance(two)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", sorted({INK, SOFT, ACCENT, *LINES}))
def test_text_and_lines_are_readable_on_light_and_dark(colour):
    assert contrast(colour, "#ffffff") >= 4.5
    assert contrast(dark(colour), dark("#ffffff")) >= 4.5


@pytest.mark.parametrize("mark", MARKS.values())
def test_text_on_an_area_is_readable_on_light_and_dark(mark):
    ink = {"white": "#ffffff"}.get(mark.ink, mark.ink)
    assert contrast(ink, mark.fill) >= 4.5
    assert contrast(dark(ink), dark(mark.fill)) >= 4.5


def test_a_picture_carries_the_colours_of_a_dark_screen():
    svg = dark_aware(SVG.format(""))
    assert f'[style*="fill: #ffffff"]{{fill:{dark("#ffffff")}!important}}' in svg
    assert f'[style*="stroke: #22262b"]{{stroke:{dark("#22262b")}!important}}' in svg
    assert f'[fill="#1f7a8c"]{{fill:{dark("#1f7a8c")}!important}}' in svg
    assert "image{" not in svg
    assert "image{filter:" in dark_aware(SVG.format("<image/>"))


def test_white_is_as_dark_as_the_plate_of_the_page():
    plates = re.findall("--plate: (#[0-9a-f]+)", (TEMPLATES / "page.css").read_text())
    assert plates == ["#fff", dark("#ffffff")]

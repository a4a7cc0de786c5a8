"""Colours of a figure on a dark page: a picture in SVG carries both sets, and the
browser takes the one that its reader has asked for.
"""

import re

import numpy as np

PAINT = re.compile(r"(fill|stroke)(: |=\")(#[0-9a-f]{6})")
SCREEN = "@media screen and (prefers-color-scheme: dark)"
# A bitmap inside a picture, such as a dense cloud of points, is turned as a whole.
BITMAP = "image{filter:invert(1) hue-rotate(180deg)}"
# Lightness of a colour on a dark page: white becomes as dark as the page, ink nearly
# white, and what has colour stays between them.
LIGHTEST = 0.97
FALL = 0.765
# Oklab (Ottosson 2020): from linear sRGB to the responses of the cones, and from their
# cube roots to lightness and two axes of colour.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def dark_aware(svg: str) -> str:
    """Add to a picture the colours that it has on a dark screen."""
    colours = sorted(set(PAINT.findall(svg)))
    rules = [
        f"[{'style*' if between == ': ' else paint}="
        f'"{paint + between if between == ": " else ""}{colour}"]'
        f"{{{paint}:{dark(colour)}!important}}"
        for paint, between, colour in colours
    ]
    if "<image" in svg:
        rules.append(BITMAP)
    style = f"<style>{SCREEN}{{{''.join(rules)}}}</style>"
    return svg.replace("</defs>", f"{style}</defs>", 1)


def dark(colour: str) -> str:
    """Return the colour that ``#rrggbb`` has on a dark page: its hue with the lightness
    turned round.
    """
    lightness, *hue = _oklab(colour)
    turned = LIGHTEST - FALL * lightness**2
    # A light colour of this hue may not exist: the strongest one that does.
    for strength in np.linspace(1.0, 0.0, 21):
        cones = np.linalg.solve(TO_OKLAB, [turned, *(strength * np.array(hue))]) ** 3
        linear = np.linalg.solve(TO_CONES, cones)
        if (linear >= -1e-9).all() and (linear <= 1 + 1e-9).all():
            break
    return _hex(linear)


def _oklab(colour: str) -> np.ndarray:
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(
        channels > 0.04045, ((channels + 0.055) / 1.055) ** 2.4, channels / 12.92
    )
    return np.asarray(TO_OKLAB @ np.cbrt(TO_CONES @ linear))


def _hex(linear: np.ndarray) -> str:
    clipped = np.clip(linear, 0.0, 1.0)
    channels = np.where(
        clipped > 0.0031308, 1.055 * clipped ** (1 / 2.4) - 0.055, 12.92 * clipped
    )
    return "#" + "".join(f"{round(255 * float(value)):02x}" for value in channels)

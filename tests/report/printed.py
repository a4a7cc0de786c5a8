"""What stands where on the pages of a PDF that Typst wrote: each run of text with its
place and size, in points from the foot of the page.
"""

import re
import zlib
from pathlib import Path
from typing import NamedTuple

STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
RUN = re.compile(rb"1 0 0 -1 [-\d.]+ ([-\d.]+) cm[^\n]*\nBT 0 Tr/f\d+ ([\d.]+) Tf")
FOOT = 60.0  # beneath it stands the number of the page
HEAD = 770.0  # above it the title


class Run(NamedTuple):
    """A run of text: how high its line stands, and its size."""

    baseline: float
    size: float


def printed_pages(path: Path) -> list[list[Run]]:
    """Return the runs of text of each page, without its head and its foot."""
    pages = []
    for packed in STREAM.findall(path.read_bytes()):
        try:
            stream = zlib.decompress(packed)
        except zlib.error:  # a font or a picture
            continue
        runs = [Run(float(y), float(size)) for y, size in RUN.findall(stream)]
        if runs:
            pages.append([run for run in runs if FOOT < run.baseline < HEAD])
    return pages


def lines_of(page: list[Run], size: float) -> int:
    """Count the lines of a page that are set in one size."""
    return len({run.baseline for run in page if run.size == size})

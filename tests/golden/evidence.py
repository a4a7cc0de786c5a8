"""The page how-we-know: published numbers and ours, how often intervals hold and tests
reject, and what was recorded before the release. `python3 run validate --page` computes the
first two and writes it.
"""

import csv
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import numpy as np

from golden import printed
from golden.anchors import Anchor
from recovery.rates import HOLDS, RATES, Rate

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-we-know.md"
RATES_FILE = ROOT / "tests" / "recovery" / "rates.csv"
FAULTS_FILE = ROOT / "tests" / "golden" / "planted_faults.csv"
BYTES_FILE = ROOT / "tests" / "golden" / "same_bytes.csv"
COLUMNS = ["what", "design", "draws", "says", "low", "high"]

Published = tuple[str, str, Anchor]  # study, source, number


def computed_rates() -> list[dict[str, str]]:
    """Draw anew, and return the lowest and the highest share of each line."""
    return [computed_rate(rate) for rate in RATES]


def computed_rate(rate: Rate) -> dict[str, str]:
    """Draw one line anew."""
    shares = np.atleast_1d(np.asarray(rate.compute(), dtype=float))
    low, high = f"{shares.min():.3f}", f"{shares.max():.3f}"
    values = (rate.what, rate.design, str(rate.draws), rate.says, low, high)
    return dict(zip(COLUMNS, values, strict=True))


def recorded_rates() -> list[dict[str, str]]:
    """Return the shares that the page has."""
    with RATES_FILE.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rates(rows: Sequence[dict[str, str]]) -> None:
    """Record shares."""
    with RATES_FILE.open("w", newline="") as file:
        out = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def off(anchor: Anchor) -> float:
    """Return how far ours lies from the published number, in units of the tolerance."""
    gap = abs(anchor.ours - anchor.published)
    return gap / anchor.tolerance if anchor.tolerance else gap


def is_wide(anchor: Anchor) -> bool:
    """Say whether a tolerance is far above a unit of the last printed digit; a float has
    lost the zeros at its end, a digit at most.
    """
    decimals = -Decimal(repr(float(anchor.published))).as_tuple().exponent
    return anchor.tolerance > 10 * 10.0**-decimals


def page(rows: Sequence[Published], rates: Sequence[dict[str, str]]) -> str:
    """Return the page from the published numbers and the shares."""
    studies = [
        (study, source, [anchor for _, _, anchor in group])
        for (study, source), group in groupby(rows, lambda row: row[:2])
    ]
    inside = sum(anchor.passes for _, _, anchor in rows)
    wide = sum(is_wide(anchor) for _, _, anchor in rows)
    compared = printed.printed()
    whole = sum(int(row.digits) == row.told for row in compared)
    text = [
        "# How we know",
        f"{len(rows)} numbers that {len(studies)} studies or other programs published are"
        f" computed again by the tests; {inside} lie within their tolerance, about half a"
        f" unit of the last printed digit; that of {wide}, which are printed to six digits"
        " and more, is wider. The page also has"
        f" {len(compared)} numbers that commands of [Stata](library/stata.md) and"
        f" [R](library/r.md) print, of which {whole} are equal in all digits that are"
        " compared. And where the truth is planted, by simulation, intervals hold it and"
        " tests reject as often as below. `python3 run validate --page` computes all of it"
        " again and makes this page.",
        "## Published numbers",
        _summary(studies),
        *(_details(study, anchors) for study, _, anchors in studies),
        "## How often intervals hold and tests reject",
        "Of several parameters the lowest and the highest share. Rows far from .95 or .05"
        " are there to be seen: [inference](methods/inference.md) says which method is for"
        " what.",
        _rates(rates),
        "## The same bytes",
        "Before a release `python3 run gate --kernels --record` runs the study of China and"
        " its cities again and again, and compares every file of results. All were the same"
        " although these differed:",
        _table(BYTES_FILE, ["what differed", "between"]),
        "## Faults that are planted",
        "`python3 run mutate --record` changes the library in one place at a time, as a"
        " slip of the hand would, and runs the tests that run that line. Half of the faults are"
        " chosen from the lines that have changed since the release before, the others from"
        " all lines. Those that live and change nothing stand with the reason in"
        " `tests/mutants.yaml`.",
        _table(
            FAULTS_FILE, ["part of the library", "planted", "died", "change nothing"]
        ),
        "## Speed",
        "Beside other programs, and where they win: [benchmarks](benchmarks.md).",
    ]
    return "\n\n".join(text) + "\n"


def _table(file: Path, header: Sequence[str]) -> str:
    """Return a recorded table under words for its columns."""
    with file.open(newline="", encoding="utf-8") as rows:
        cells = [header, ["---"] * len(header), *list(csv.reader(rows))[1:]]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _summary(studies: Sequence[tuple[str, str, list[Anchor]]]) -> str:
    lines = [
        "| study | published in | numbers | farthest off, in units of the tolerance |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {study} | {source} | {len(anchors)} | {max(map(off, anchors)):.1f} |"
        for study, source, anchors in studies
    ]
    return "\n".join(lines)


def _details(study: str, anchors: Sequence[Anchor]) -> str:
    lines = ["| number | ours | published | tolerance |", "|---|---|---|---|"]
    lines += [
        f"| {anchor.what} | {anchor.ours:.6g} | {anchor.published:.6g} |"
        f" {anchor.tolerance:.1g} |"
        for anchor in anchors
    ]
    table = "\n".join(lines)
    return f'<details markdown="1"><summary>{study}</summary>\n\n{table}\n\n</details>'


def _rates(rates: Sequence[dict[str, str]]) -> str:
    lines = [
        "| what | design | draws | held (.95) | rejected (.05) |",
        "|---|---|---|---|---|",
    ]
    for rate in rates:
        low, high = rate["low"], rate["high"]
        share = low if low == high else f"{low} to {high}"
        cells = (share, "") if rate["says"] == HOLDS else ("", share)
        lines.append(
            f"| {rate['what']} | {rate['design']} | {rate['draws']} |"
            f" {cells[0]} | {cells[1]} |"
        )
    return "\n".join(lines)

"""Recompute published numbers of other studies with this library: ours, published,
difference.
"""

import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from command_line import CommandLine

TESTS = Path(__file__).resolve().parents[2] / "tests"


class Published(NamedTuple):
    """A number that a study published, with what the library computes."""

    title: str  # of the study
    source: str  # where it is published: a table of an article
    number: Any  # an ``Anchor`` of the tests: what, ours, published, tolerance, passes


def main() -> int:
    """Print one row for each number; return 1 if one lies further from the published
    one than its tolerance.
    """
    parser = CommandLine("validate", __doc__, "validate", "validate --page")
    parser.add_argument(
        "--page",
        action="store_true",
        help="write docs/how-we-know.md, with coverage and rejection rates beside",
    )
    with_page = parser.parse_args().page
    if not (TESTS / "golden" / "anchors.py").is_file():
        sys.exit(
            f"validate: no {TESTS / 'golden'}; expected the published numbers; run it"
            " in a whole checkout"
        )
    sys.path.insert(0, str(TESTS))
    started = time.monotonic()
    rows: list[Published] = []
    # The same numbers that the tests compute.
    from golden.anchors import STUDIES

    for position, (title, compute, source) in enumerate(STUDIES, 1):
        print(f"[{position}/{len(STUDIES)}] {title}", file=sys.stderr, flush=True)
        rows += [Published(title, source, number) for number in compute()]
    failed = [row.number.what for row in rows if not row.number.passes]
    result = f"{len(failed)} FAIL, first {failed[0]}" if failed else "all pass"
    _print_table(rows)
    if with_page:
        _write_page(rows)
    elapsed = time.monotonic() - started
    print(
        f"\n{len(rows)} numbers of {len(STUDIES)} studies in {elapsed:.0f} s: {result}"
    )
    return int(bool(failed))


def _print_table(rows: list[Published]) -> None:
    """Print each number under the title of its study."""
    print(
        f"{'number':<46}{'ours':>13}{'published':>13}{'difference':>12}{'tolerance':>11}"
        "  result"
    )
    last_title = ""
    for title, source, number in rows:
        if title != last_title:
            last_title = title
            print(f"\n{title} (published: {source})")
        difference = number.ours - number.published
        print(
            f"  {number.what:<44}{number.ours:>13.7g}{number.published:>13.7g}"
            f"{difference:>12.1e}{number.tolerance:>11.1g}"
            f"  {'pass' if number.passes else 'FAIL'}"
        )


def _write_page(rows: list[Published]) -> None:
    """Simulate how often intervals hold the truth and tests reject it, and write these
    rates and the page.
    """
    from golden import evidence

    print("[draws] how often intervals hold and tests reject", file=sys.stderr)
    rates = evidence.computed_rates()
    evidence.write_rates(rates)
    evidence.PAGE.write_text(evidence.page(rows, rates))


if __name__ == "__main__":
    sys.exit(main())

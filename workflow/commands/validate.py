"""Recompute published numbers of other studies with this library: ours, published,
difference.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parents[2] / "tests"


def main() -> int:
    """Print one row for each number; return 1 if one lies further from the published
    one than its tolerance.
    """
    parser = argparse.ArgumentParser(prog="run validate", description=__doc__)
    parser.add_argument(
        "--page",
        action="store_true",
        help="write docs/how-we-know.md, with shares of simulated draws beside",
    )
    with_page = parser.parse_args().page
    if not (TESTS / "golden" / "anchors.py").is_file():
        sys.exit(
            f"validate: no {TESTS / 'golden'}; expected the published numbers; run it"
            " in a whole checkout"
        )
    sys.path.insert(0, str(TESTS))
    started = time.monotonic()
    rows = []
    # The same numbers that the tests compute.
    from golden.anchors import STUDIES

    for number, (title, compute, source) in enumerate(STUDIES, 1):
        print(f"[{number}/{len(STUDIES)}] {title}", file=sys.stderr, flush=True)
        rows += [(title, source, anchor) for anchor in compute()]
    print(
        f"{'number':<46}{'ours':>13}{'published':>13}{'difference':>12}{'tolerance':>11}"
        "  result"
    )
    shown = ""
    failed = []
    for title, source, anchor in rows:
        if title != shown:
            shown = title
            print(f"\n{title} (published: {source})")
        if not anchor.passes:
            failed.append(anchor.what)
        difference = anchor.ours - anchor.published
        print(
            f"  {anchor.what:<44}{anchor.ours:>13.7g}{anchor.published:>13.7g}"
            f"{difference:>12.1e}{anchor.tolerance:>11.1g}"
            f"  {'pass' if anchor.passes else 'FAIL'}"
        )
    result = f"{len(failed)} FAIL, first {failed[0]}" if failed else "all pass"
    if with_page:
        _write_page(rows)
    elapsed = time.monotonic() - started
    print(
        f"\n{len(rows)} numbers of {len(STUDIES)} studies in {elapsed:.0f} s: {result}"
    )
    return int(bool(failed))


def _write_page(rows: list[tuple[str, str, Any]]) -> None:
    """Draw the shares anew and write them and the page."""
    from golden import evidence

    print("[draws] how often intervals hold and tests reject", file=sys.stderr)
    rates = evidence.computed_rates()
    evidence.write_rates(rates)
    evidence.PAGE.write_text(evidence.page(rows, rates))


if __name__ == "__main__":
    sys.exit(main())

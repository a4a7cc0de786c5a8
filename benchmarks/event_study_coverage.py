"""How often 95 % intervals of an event study hold planted effects, 1,000 panels: the long
version of tests/recovery/test_event_study.py.

``PYTHONPATH=tests python benchmarks/event_study_coverage.py`` prints the table of
docs/library/event-study.md.
"""

import numpy as np
from numpy.random import default_rng

from recovery.test_event_study import (
    HORIZONS,
    Drawn,
    bounded_effect,
    lead_rejected,
    own_effects,
    ring_effects,
    shares,
)

DRAWS = 1000
OWN = [f"own effect, {horizon} years after" for horizon in HORIZONS]
OWN += [f"own effect, years 0 to {HORIZONS[-1]}"]
BOUNDED = ["Callaway and Sant'Anna, trends may differ as before"]
RINGS = ["own effect, far units as controls", "0 to 75 km", "75 to 150 km"]


def print_rows(labels: list[str], effects: str, result: tuple[np.ndarray, ...]) -> None:
    held, errors = result
    for label, by_unit, by_province, error in zip(labels, *held, errors, strict=True):
        print(
            f"| {label} | {effects} | {error:.4f} | {by_unit:.3f} | {by_province:.3f} |"
        )


def main() -> None:
    print("| what | effects | mean error | held, by unit | held, by province |")
    print("|---|---|---|---|---|")
    for by_province in (False, True):
        effects = "province and year" if by_province else "year"
        result = shares(own_effects, DRAWS, spillovers=False, by_province=by_province)
        print_rows(OWN, effects, result)
        rejected = [
            lead_rejected(
                Drawn(default_rng([1, draw]), spillovers=False), by_province=by_province
            )
            for draw in range(DRAWS)
        ]
        print(f"| four leads reject at 5 % | {effects} | | {np.mean(rejected):.3f} | |")
        result = shares(
            bounded_effect, DRAWS, spillovers=False, by_province=by_province
        )
        print_rows(BOUNDED, effects, result)
    result = shares(ring_effects, DRAWS, spillovers=True)
    print_rows(RINGS, "province and year", result)


if __name__ == "__main__":
    main()

"""How often the joint test of four leads rejects at 5 % where a policy does nothing and few
units get it, 600 panels each: the long version of tests/recovery/test_event_study.py.

``PYTHONPATH=tests python benchmarks/leads_size.py`` prints the table of
docs/library/event-study.md.
"""

import numpy as np
from numpy.random import default_rng

from recovery.test_event_study import leads_of_few

POLICIES = (6, 8, 10, 15, 25)
UNITS = (400, 100)
DRAWS = 600


def main() -> None:
    print("| units | policies | F(4, policies - 4) of Hotelling | F(4, policies - 1) |")
    print("|---|---|---|---|")
    for units in UNITS:
        for policies in POLICIES:
            p_values = [
                leads_of_few(default_rng([1, draw]), policies, units)
                for draw in range(DRAWS)
            ]
            own, known = np.mean(np.array(p_values) < 0.05, axis=0)
            print(f"| {units} | {policies} | {own:.3f} | {known:.3f} |")


if __name__ == "__main__":
    main()

"""What texts may say of convergence: its speed in each period, and how far apart incomes
were at both ends.
"""

from collections.abc import Iterator, Mapping

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.rows import Row, pick
from evenfield.shared.tables.units import period_label


def convergence(facts: Facts) -> Iterator[tuple[str, Mapping[str, Row]]]:
    """Yield label and rows of each period, without controls."""
    periods = facts.shown("main", "span")
    wanted = {"unit_scheme": [facts.main, ""], "period": periods}
    beta, sigma = (
        facts.estimates(
            topic,
            spec_id=facts.primary(topic)["id"],
            **wanted,
        )
        for topic in ("beta", "sigma")
    )
    for period in periods:
        rows = {
            "speed": pick(
                beta,
                period=period,
                estimator="ols",
                effect_type="lambda",
            ),
            "before": pick(sigma, period=period, term="sigma_start"),
            "after": pick(sigma, period=period, term="sigma_end"),
        }
        # A text sets the speed beside both dispersions, so it needs all three.
        if all(row and pd.notna(row["estimate"]) for row in rows.values()):
            yield period_label(period, facts.config.periods), rows


LOOPS = {"convergence": convergence}

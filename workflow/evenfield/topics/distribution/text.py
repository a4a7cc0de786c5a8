"""What the section on the distribution prints: whether it has one peak, who stayed in the
lowest and the highest class, and where such moves lead.
"""

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.sections import shown
from evenfield.shared.tables import Row, only, pick


def section(facts: Facts) -> Row:
    """Return the chain of the primary specification and the tests for one peak."""
    spec = facts.primary()
    rows = only(facts.estimates(), spec_id=spec["id"], period=spec["period"])
    step = spec["steps"][0]
    chain = only(rows, estimator="markov", contrast=f"{step} years")
    classes = int(facts.fit()[spec["id"]]["classes"])
    poorest = pick(chain, term="p_1_1")
    richest = pick(chain, term=f"p_{classes}_{classes}")
    settled = {
        name: shown(pick(chain, term=f"ergodic_{number}"), "0", "%", times=100)
        for name, number in {"low": 1, "high": classes}.items()
    }
    peaks = [_peak(facts, rows, year) for year in _years_tested(rows)]
    content = {
        "period": facts.period(spec["period"]),
        "poorest": shown(poorest, "0", "%", times=100),
        "richest": shown(richest, "0", "%", times=100),
        "classes": classes,
        "later": "the year after" if step == 1 else f"{step} years later",
        "by_year": spec["classes"] == "yearly",
        "fixed": spec["classes"] == "fixed",
        "settled": None if None in settled.values() else settled,
        "peaks": peaks,
    }
    return content if content["poorest"] or peaks else {}


def _years_tested(rows: pd.DataFrame) -> list[str]:
    tests = only(rows, estimator="silverman")
    return sorted(set(tests.loc[tests["p_value"].notna(), "contrast"]))


def _peak(facts: Facts, rows: pd.DataFrame, year: str) -> Row:
    row = pick(rows, estimator="silverman", contrast=year)
    return {
        "id": year,
        "test": shown(row, "0.00"),
        "several": row["p_value"] <= 1 - facts.config.inference.level,
    }

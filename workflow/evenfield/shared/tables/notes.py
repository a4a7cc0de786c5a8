"""The sentences beneath a table: sample, basis, inference, origin, and what the table
cannot say.
"""

from evenfield.shared.tables.units import count_of
from evenfield.study.files import HASH_LETTERS, Record

DESCRIPTIVE = "Descriptive; no causal claim."
NOT_CAUSAL = (
    "Cells are lists drawn up after the fact and zones were placed where growth was"
    " expected: associations, not effects."
)


def sample_note(description: Record, study: Record) -> str:
    """Say how many units and years there are and how units are merged."""
    years = description["years"]
    units = count_of(len(description["units"]), study)
    merged = ", ".join(sorted(description.get("merged") or {}))
    units += f" (merged: {merged})" if merged else ""
    return f"{units}, {min(years)}\u2013{max(years)}."


def basis_note(description: Record) -> str:
    """Say what income is and, where a proxy enters, what the two marks mean."""
    spans = description.get("basis_years") or {}
    official = spans.get("official")
    proxy = spans.get("proxy")
    income = f"Income: {description['income_unit']}"
    if not proxy:
        return f"{income}."
    if official:
        income += f", official output {official[0]}\u2013{official[1]}"
    return (
        f"{income}. \u2020 Real output of {proxy[0]}\u2013{proxy[1]} is a proxy, not an"
        " official volume index (the data dictionary says how it is made). \u2021"
        " Growth from proxy to official output."
    )


def origin_note(description: Record, seed: int | None = None) -> str:
    """Say which data and which seed the numbers come from."""
    # A table without draws depends on no seed, and says none.
    drawn = f", seed {seed}" if seed is not None else ""
    return f"Data {description['data_hash'][:HASH_LETTERS]}{drawn}."


def basis_mark(basis: str) -> str:
    """Return the mark of a basis that is not official, explained beneath every table."""
    return {"proxy": "\u2020", "spliced": "\u2021"}.get(basis, "")

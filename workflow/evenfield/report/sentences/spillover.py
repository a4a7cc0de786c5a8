"""A first look at neighbours' exposure: what was estimated, and whether the design could have seen it."""

from __future__ import annotations

from evenfield.report.numbers import bare, count_word, listing
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, capital, proxy_mark
from evenfield.report.words import excludes_zero, seen_text, underpowered, value_text

DIFFERENCE = "exposure_cluster - exposure_sez"


def exposure_sentences(facts: Facts) -> list[Sentence]:
    """Give the verdict on power, then the difference of the two exposures by main period.

    Parameters
    ----------
    facts : Facts
        With the estimates of family exposure.

    Returns
    -------
    list of Sentence
        Empty where the family is not run.
    """
    found = [(period, _difference(facts, period)) for period in facts.periods()]
    rows = [(period, row) for period, row in found if row is not None and number(row, "estimate") is not None]
    if not rows:
        return []
    return [
        _verdict(rows, facts),
        _meaning(rows[0][1], facts),
        *(_sentence(period, row, facts) for period, row in rows),
        *_range(facts),
    ]


def primary_spec(facts: Facts) -> str:
    """Return the id of the primary exposure specification, the first one where none is marked.

    Parameters
    ----------
    facts : Facts
        With the config.

    Returns
    -------
    str
        Empty where the family is not run.
    """
    specs = facts.specs("exposure")
    marked = [spec for spec in specs if spec["role"] == "primary"] or specs
    return str(marked[0]["id"]) if marked else ""


def _difference(facts: Facts, period: str) -> Row | None:
    return first(facts.rows(family="exposure", spec_id=primary_spec(facts), contrast=DIFFERENCE, estimator="slx",
                            sample_id="all", period=period))  # fmt: skip


def _verdict(rows: list[tuple[str, Row]], facts: Facts) -> Sentence:
    weak = [facts.labels[period] for period, row in rows if underpowered(row)]
    apart = [facts.labels[period] for period, row in rows if excludes_zero(row)]
    sesoi = number(rows[0][1], "sesoi")
    interest = f"{bare(sesoi, 'pp/yr')} percentage points a year" if sesoi is not None else "not stated"
    if len(weak) == len(rows):
        text = (f"Whether growth is higher next to clusters than next to zones stays inconclusive: the comparison is "
                f"underpowered at the level of the {facts.unit}. In every period the smallest difference the design "
                f"could see exceeds the smallest one of interest ({interest}).")  # fmt: skip
    elif weak:
        text = (f"In {listing(weak)} the comparison is underpowered: the smallest difference the design could see "
                f"exceeds the smallest difference of interest ({interest}).")  # fmt: skip
    else:
        text = f"The design could see differences as small as the smallest one of interest ({interest})."
    crossed = f" Intervals leave out zero in {listing(apart)}." if apart else ""
    return Sentence(f"{text}{crossed}", basis=f"{count_word(len(rows))} periods, specification {rows[0][1]['spec_id']}",
                    caution=bool(weak))  # fmt: skip


def _meaning(row: Row, facts: Facts) -> Sentence:
    return Sentence(
        f"The numbers below are growth next to clusters minus growth next to zones, when all neighbours of a "
        f"{facts.unit} go from none to all.",
        basis=f"taxonomy {row['treatment_def']}, {row['w_id']} weights, given initial income and what the {facts.unit} "
        "itself holds",
    )


def _sentence(period: str, row: Row, facts: Facts) -> Sentence:
    basis = facts.basis({**row, "period": "", "output_basis": ""})
    return Sentence(
        f"{capital(value_text(row))}: {seen_text(row)}{_weakness(row)}.", facts.labels[period], basis,
        proxy_mark(row), underpowered(row),
    )  # fmt: skip


def _weakness(row: Row) -> str:
    if not underpowered(row):
        return ""
    if excludes_zero(row):
        return "; the design is underpowered, so the size of this difference is likely to be overstated"
    return ", more than the smallest one of interest"


def _range(facts: Facts) -> list[Sentence]:
    found = facts.rows(family="exposure", contrast=DIFFERENCE, estimator="slx", sample_id="all",
                       period=tuple(facts.periods()))  # fmt: skip
    rows = [row for row in found if number(row, "estimate") is not None]
    specs = {row["spec_id"] for row in rows}
    if len(specs) < 2:
        return []
    values = [number(row, "estimate") or 0.0 for row in rows]
    apart = [row for row in rows if excludes_zero(row)]
    crossed = f"{len(apart)} of {len(rows)} intervals leave out zero" if apart else "no interval leaves out zero"
    return [Sentence(
        f"Over {count_word(len(specs))} specifications (other lists, other weights) and all periods, the difference "
        f"runs from {bare(min(values), 'pp/yr')} to {bare(max(values), 'pp/yr')} percentage points a year; {crossed}, "
        "without any correction for looking so often.", basis=f"{facts.panel_size}, SCPC intervals, table T16",
    )]  # fmt: skip

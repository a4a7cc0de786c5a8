"""A first look at neighbours' exposure: what was estimated, and whether the design could have seen it."""

from __future__ import annotations

from evenfield.report.numbers import bare, count_word, listing
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, rests_on_proxy
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
    return [_verdict(rows, facts), *(_sentence(period, row, facts) for period, row in rows), *_range(facts)]


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
        text = (f"This comparison is inconclusive and underpowered at the level of the {facts.unit}: in every period the "
                f"smallest difference the design could see exceeds the smallest difference of interest ({interest}).")  # fmt: skip
    elif weak:
        text = (f"In {listing(weak)} the comparison is underpowered: the smallest difference the design could see exceeds "
                f"the smallest difference of interest ({interest}).")  # fmt: skip
    else:
        text = f"The design could see differences as small as the smallest one of interest ({interest})."
    crossed = f" Intervals leave out zero in {listing(apart)}." if apart else ""
    return Sentence(f"{text}{crossed}", basis=f"{count_word(len(rows))} periods, specification {rows[0][1]['spec_id']}",
                    caution=bool(weak))  # fmt: skip


def _sentence(period: str, row: Row, facts: Facts) -> Sentence:
    basis = facts.basis({**row, "period": "", "output_basis": ""})
    return Sentence(
        f"growth next to clusters minus growth next to zones is {value_text(row)}, when all neighbours go from none to "
        f"all; {seen_text(row)}{_weakness(row)}.", facts.labels[period],
        f"{basis}, {row['w_id']} weights, taxonomy {row['treatment_def']}, given initial income", rests_on_proxy(row),
        underpowered(row),
    )  # fmt: skip


def _weakness(row: Row) -> str:
    if not underpowered(row):
        return ""
    if excludes_zero(row):
        return "; the design is underpowered, so the size of this difference is likely to be overstated"
    return ", more than the smallest one of interest: inconclusive"


def _range(facts: Facts) -> list[Sentence]:
    rows = [row for row in facts.rows(family="exposure", contrast=DIFFERENCE, estimator="slx", sample_id="all",
                                      period=tuple(facts.periods())) if number(row, "estimate") is not None]  # fmt: skip
    specs = {row["spec_id"] for row in rows}
    if len(specs) < 2:
        return []
    values = [number(row, "estimate") or 0.0 for row in rows]
    apart = [row for row in rows if excludes_zero(row)]
    found = f"{len(apart)} of {len(rows)} intervals leave out zero" if apart else "no interval leaves out zero"
    return [Sentence(
        f"Over {count_word(len(specs))} specifications (other lists, other weights) and all periods, the difference runs "
        f"from {bare(min(values), 'pp/yr')} to {bare(max(values), 'pp/yr')} percentage points a year; {found}, without "
        "any correction for looking so often.", basis=f"{facts.panel_size}, SCPC intervals, table T16",
    )]  # fmt: skip

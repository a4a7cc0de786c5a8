"""T0, T0b and T28: every statement with its answer, the primary questions, and what
leaving units out does to them.
"""

from functools import partial

import pandas as pd

from evenfield.shared.estimates import ESTIMATE_COLUMNS, read_estimates
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    NOT_CAUSAL,
    Row,
    Short,
    Table,
    cited,
    count,
    interval,
    is_missing,
    left,
    nothing_to_show,
    only,
    pick,
    probability,
    records,
    right,
    significant,
    with_interval,
)
from evenfield.study.files import Record
from evenfield.topics.answers.table_rules import answers_of, t36, t37

_two_digits = partial(significant, digits=2)
UNTESTED = ("OUT OF REACH", "NOT EMPIRICAL")
# What leave-out rows share with the estimate that they belong to.
SAME = "family spec_id outcome term contrast period treatment_def".split()
# Of the estimates without one unit: smallest, largest, how many of another sign.
EXTREMES = {"low": "low", "high": "high", "flips": "sign_flips"}
ANSWERS_NOTE = """
{tally}. Facts are compared with the threshold of the claim; associations and effects are
judged by their confidence interval, placebos, named checks and a p-value adjusted over the
primary ones. No answer is no evidence of no effect: the table also reports the smallest
detectable effect. Later years do not enter the
answer.
"""
READING_NOTE = """
Read as: what was compared with what; blank where the statement says so behind its colon,
or the last column why nothing was.
"""
QUESTIONS_NOTE = """
Adjusted p: Holm over the {content[questions]} questions with a p-value. Detectable: the
smallest effect found with a power of {content[rule][power]:.0%}, from the row's own interval
and standard error. Later years: whether the answer held up or faded after them, with the change
where that decides it.
"""
LEFT_OUT_NOTE = """
Every {results.words[unit_name]} is left out in turn and the estimate made again.
"""


def t0(results: StudyResults) -> Table:
    """Return every statement by its answer, in the order of the paper within each."""
    content = answered(results, "claims")
    words = content["words"]
    frame = pd.DataFrame(content["claims"])
    note = (
        *results.text(ANSWERS_NOTE, tally=content["tally"]),
        NOT_CAUSAL,
    )
    unanswered = frame["answer"].eq("NO ANSWER")
    frame = frame.assign(
        number=[_number(row) for row in records(frame)],
        number_estimate_id=frame["estimate_id"],
        # Beside an answer, what an estimate could have shown says nothing more.
        visible=frame["smallest_visible"].astype(float).where(unanswered),
        missing=_reasons(frame),
        group=frame["answer"].str.capitalize(),
        where=[", ".join(map(str, numbers)) for numbers in frame["paragraphs"]],
    ).sort_values("answer", key=lambda answers: answers.map(words.index), kind="stable")
    columns = (
        left("\u00b6", "where"),
        left("Statement, in our words", "claim", width_cm=4.6),
        left("Read as", "read_as", width_cm=3.6),
        left("Kind", "kind", width_cm=1.8),
        left("Estimate [interval]", "number", width_cm=3.2),
        right("Detectable", "visible", show=_two_digits),
        left("What decides, and what fails", "missing", width_cm=4.8),
    )
    documents = [f"{name}: {cited}" for name, cited in content["documents"].items()]
    short = Short(
        lambda row: row["group"].upper() not in UNTESTED,
        ("claim", "number", "visible", "missing"),
        note=note,
    )
    return Table.of(
        columns, frame, [*note, *results.text(READING_NOTE), *documents], short
    )


def _reasons(frame: pd.DataFrame) -> pd.Series:
    """Return what decides and what fails, then what became of it in later years."""
    # What the interval shows itself is not said in every row.
    reasons = frame["because"].mask(frame["interval_alone"].astype(bool), "")
    # Where nothing was shown there was nothing to follow.
    followed = frame["later"].ne("") & ~frame["later_because"].str.contains("nothing")
    later = "later years: " + frame["later"].str.lower()
    untold = frame["later"].eq("CANNOT TELL")
    later = later.mask(untold, later + ", " + frame["later_because"])
    return (reasons + "; " + later).where(followed, reasons)


def t0b(results: StudyResults) -> Table:
    """Return the primary questions with the numbers that decide them."""
    content = answered(results, "hypotheses")
    frame = pd.DataFrame(content["hypotheses"])
    frame = frame.assign(
        number=[_estimate(row)[0] for row in records(frame)],
        range=[_estimate(row)[1] for row in records(frame)],
        word=frame["answer"].str.lower(),
        against=frame["checks_failed"].map("; ".join),
        later=[_later(row) for row in records(frame)],
    )
    columns = (
        left("Question", "statement", width_cm=4.6),
        right("Estimate", "number"),
        right(f"{1 - content['rule']['alpha']:.0%} interval", "range"),
        left("Unit", "unit", width_cm=2.0),
        probability("p", "p"),
        probability("Adjusted p", "p_adjusted"),
        right("Detectable", "smallest_visible", show=_two_digits),
        right("Of interest", "interest", show=_two_digits),
        left("Answer", "word", width_cm=2.0),
        left("Later years", "later", width_cm=2.4),
        left("Checks that overturn it", "against", width_cm=3.6),
    )
    note = (*results.text(QUESTIONS_NOTE, content=content), NOT_CAUSAL)
    return Table.of(columns, frame, note)


def t28(results: StudyResults) -> Table:
    """Return the range of each primary estimate when one unit, or a named pair, is left
    out.
    """
    estimates = read_estimates(results.root / "estimates.csv")[list(ESTIMATE_COLUMNS)]
    rows = []
    for question in answered(results, "hypotheses")["hypotheses"]:
        rows += _left_out(results, question, estimates)
    columns = (
        left("Question", "statement", width_cm=5.2),
        right("Estimate", "estimate", show=significant),
        right("Without one unit", "low", "high", show=interval),
        count("Units that change the sign", "flips"),
        left("Largest leverage", "max_leverage_unit", show=results.label),
        left("Without a pair", "pairs", width_cm=4.5),
        left("Unit", "unit_of_measure", width_cm=2.0),
    )
    return Table.of(columns, rows, (*results.text(LEFT_OUT_NOTE), NOT_CAUSAL))


TABLES = {
    "T0": t0,
    "T0b": t0b,
    "T28": t28,
    "T36": t36,
    "T37": t37,
}


def answered(results: StudyResults, what: str) -> Row:
    """Return the answers, or refuse an exhibit of a study that has none."""
    content = answers_of(results)
    if not content[what]:
        raise nothing_to_show(f"{what} in claims.yaml")
    return content


def _left_out(
    results: StudyResults, question: Record, estimates: pd.DataFrame
) -> list[Row]:
    """Return the row of a question; none where it was not made again, or in a study
    beside.
    """
    row = pick(estimates, estimate_id=question["estimate_id"])
    if not row:
        return []
    same = only(estimates, **{name: row[name] for name in SAME})
    extremes: Row = {}
    for name, kind in EXTREMES.items():
        extreme = pick(same, effect_type=f"stat_{kind}")
        extremes |= cited(name, extreme)
    if extremes["low"] is None:
        return []
    # Pairs that the config names are left out together.
    pairs = [
        f"{results.word(pair['sample_id'])}: {significant(pair['estimate'])}"
        for pair in records(same, effect_type="stat_pair")
    ]
    statement = {"statement": question["statement"], "pairs": "; ".join(pairs)}
    return [row | extremes | statement]


def _later(row: Record) -> str:
    """Return the word of later years with the change that decides it."""
    word = str(row["later"]).lower()
    changes = [other for other in row["rows"] or () if other["what"] == "change"]
    if not changes or not row["later_because"].startswith("the change"):
        return word
    ends = changes[0]["conf_low"], changes[0]["conf_high"]
    number = with_interval(changes[0]["estimate"], *ends, changes[0]["unit_of_measure"])
    return f"{word}: change {' '.join(number)}"


def _number(row: Record) -> str:
    if is_missing(row["estimate"]):
        return ""
    words = [*_estimate(row), row["unit"]]
    # Facts say which years their figures are of.
    figures = row["rows"][0].get("figures") if row["rows"] else ""
    if figures:
        words.append(f"(figures of {figures} only)")
    return " ".join(word for word in words if word)


def _estimate(row: Record) -> tuple[str, str]:
    return with_interval(row["estimate"], row["low"], row["high"], row["unit"])

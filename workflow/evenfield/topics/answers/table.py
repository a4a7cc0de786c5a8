"""T0, T0b and T28: every statement with its answer, the primary questions, and what
leaving units out does to them.
"""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.estimates import read_estimates
from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.notes import NOT_CAUSAL
from evenfield.shared.tables.numbers import (
    UNBOUNDED,
    by_unit,
    interval,
    is_missing,
    p_value,
    significant,
    whole,
)
from evenfield.shared.tables.rows import Row, pick, records
from evenfield.shared.tables.table import Column, Short, Table, right
from evenfield.study.files import read_json

UNTESTED = ("OUT OF REACH", "NOT EMPIRICAL")
SAME = ("family", "spec_id", "outcome", "term", "contrast", "period", "treatment_def")


def t0(facts: Facts) -> Table:
    """Return every statement by its answer, in the order of the paper within each."""
    content = answered(facts, "claims", "T0")
    frame = pd.DataFrame(content["claims"])
    order = {word: number for number, word in enumerate(content["words"])}
    frame = frame.assign(
        number=[_number(row) for row in records(frame)],
        visible=frame["smallest_visible"]
        .astype(float)
        .where(frame["answer"].eq("NO ANSWER")),
        missing=frame["because"],
        group=frame["answer"].str.capitalize(),
        where=[", ".join(map(str, numbers)) for numbers in frame["paragraphs"]],
    ).sort_values("answer", key=lambda words: words.map(order), kind="stable")
    columns = (
        Column(names=("where",), header="\u00b6"),
        Column(names=("claim",), header="Statement, in our words", width_cm=5.6),
        Column(names=("kind",), header="Kind", width_cm=1.8),
        Column(names=("number",), header="Estimate [interval]", width_cm=3.2),
        right("Could show", "visible", show=significant),
        Column(names=("missing",), header="Why, and what is missing", width_cm=5.4),
    )
    counts = [(content["counts"][word], word.lower()) for word in content["words"]]
    counts_in_words = ", ".join(f"{count} {word}" for count, word in counts if count)
    note = (
        (
            f"{counts_in_words.capitalize()}. Facts are held against the threshold beside the"
            " claim; associations and effects are read by their interval, their"
            " placebos, named checks and a p-value adjusted over the primary ones. No"
            " answer is no evidence that nothing is there: beside it stands the"
            " smallest effect that could have been seen."
        ),
        NOT_CAUSAL,
    )
    short = Short(
        lambda row: row["group"].upper() not in UNTESTED,
        ("claim", "number", "visible"),
        size=6.7,
    )
    return Table(
        id="T0", note=note, columns=columns, frame=frame, group="group", short=short
    )


def t0b(facts: Facts) -> Table:
    """Return the primary questions with the numbers that decide them."""
    content = answered(facts, "hypotheses", "T0b")
    frame = pd.DataFrame(content["hypotheses"])
    frame = frame.assign(
        number=[by_unit(row["estimate"], row["unit"]) for row in records(frame)],
        range=[_ends(row) for row in records(frame)],
        word=frame["answer"].str.lower(),
        against=frame["checks_failed"].map("; ".join),
    )
    columns = (
        Column(names=("statement",), header="Question", width_cm=4.6),
        right("Estimate", "number"),
        right(f"{1 - content['rule']['alpha']:.0%} interval", "range"),
        Column(names=("unit",), header="Unit", width_cm=2.0),
        right("p", "p", show=p_value),
        right("Adjusted p", "p_adjusted", show=p_value),
        right("Could show", "smallest_visible", show=significant),
        right("Of interest", "interest", show=significant),
        Column(names=("word",), header="Answer", width_cm=2.0),
        Column(names=("against",), header="Checks that take it away", width_cm=3.6),
    )
    note = (
        (
            f"Adjusted p: Holm over the {content['questions']} questions with a"
            " p-value. Could show: the smallest effect found with a power of"
            f" {content['rule']['power']:.0%}, from the row's own interval and standard"
            " error."
        ),
        NOT_CAUSAL,
    )
    return Table(id="T0b", note=note, columns=columns, frame=frame)


def t28(facts: Facts) -> Table:
    """Return the range of each primary estimate when one unit, or a named pair, is left
    out.
    """
    questions = answered(facts, "hypotheses", "T28")["hypotheses"]
    estimates = read_estimates(facts.root / "estimates.csv")
    lines = [line for question in questions if (line := _left_out(question, estimates))]
    if not lines:
        raise nothing_to_show(
            "primary questions that are made again without each unit",
            "hypotheses",
            "T28",
        )
    columns = (
        Column(names=("statement",), header="Question", width_cm=5.2),
        right("Estimate", "estimate", show=significant),
        right("Without one unit", "low", "high", show=interval),
        right("Units that turn the sign", "flips", show=whole),
        Column(
            names=("max_leverage_unit",), header="Largest leverage", show=facts.label
        ),
        Column(names=("pairs",), header="Without a pair", width_cm=4.5),
        Column(names=("unit_of_measure",), header="Unit", width_cm=2.0),
    )
    note = (
        (
            f"Every {facts.words['unit_name']} is left out in turn and the estimate"
            " made again."
        ),
        NOT_CAUSAL,
    )
    return Table(id="T28", note=note, columns=columns, frame=pd.DataFrame(lines))


TABLES = {"T0": t0, "T0b": t0b, "T28": t28}


def answered(facts: Facts, what: str, exhibit: str) -> dict[str, Any]:
    """Return the answers, or refuse an exhibit of a study that has none."""
    content = dict(read_json(facts.root / "answers.json"))
    if not content[what]:
        raise nothing_to_show(f"{what} in claims.yaml", what, exhibit)
    return content


def _left_out(question: Mapping[str, Any], estimates: pd.DataFrame) -> Row:
    row = pick(estimates, estimate_id=question["estimate_id"])
    same = estimates[
        (estimates[list(SAME)] == [row[name] for name in SAME]).all(axis=1)
    ]
    extremes = {
        kind: pick(same, effect_type=f"stat_{kind}").get("estimate")
        for kind in ("low", "high", "sign_flips")
    }
    if extremes["low"] is None:
        return {}
    pairs = records(same[same["effect_type"].eq("stat_pair")])
    extremes_text = "; ".join(
        f"{pair['sample_id'].replace('_', ' ')}: {significant(pair['estimate'])}"
        for pair in pairs
    )
    return {
        **row,
        **extremes,
        "flips": extremes["sign_flips"],
        "statement": question["statement"],
        "pairs": extremes_text,
    }


def _number(row: Mapping[str, Any]) -> str:
    if is_missing(row["estimate"]):
        return ""
    words = [by_unit(row["estimate"], row["unit"]), _ends(row), row["unit"]]
    figures = row["rows"][0].get("figures") if row["rows"] else ""
    if figures:
        words.append(f"(figures of {figures})")
    return " ".join(word for word in words if word)


def _ends(row: Mapping[str, Any]) -> str:
    ends = [row["low"], row["high"]]
    if all(map(is_missing, ends)):
        return ""
    return f"[{', '.join(UNBOUNDED if is_missing(end) else by_unit(end, row['unit']) for end in ends)}]"

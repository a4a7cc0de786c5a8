"""The answers of one study: claims.yaml and the estimates in, one row per claim and
plain content out.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from evenfield.answers.checks import equal_checks, same_estimate
from evenfield.answers.rows import holm
from evenfield.answers.rule import (
    AGREEING,
    LATER_WORDS,
    NO_ANSWER,
    NOT_EMPIRICAL,
    OUT_OF_REACH,
    WORDS,
    Evidence,
    Judged,
    LaterYears,
    deciding_method,
    judge_documents,
    judge_fact,
    judge_later,
    judge_later_fact,
    judge_no_gain,
    judge_stand_in,
    judge_tested,
    judge_undecided,
    tally,
    visible,
)
from evenfield.answers.spec import (
    LATER,
    Claim,
    Claims,
    Entry,
    Hypothesis,
    place_of,
)
from evenfield.shared.estimates import CHANGE, NAN, change_period
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row, one_row, only, records
from evenfield.study.errors import ClaimsError, Faults
from evenfield.study.files import Record
from evenfield.study.rounding import round_frame

NUMBERS = ("estimate", "low", "high", "p", "p_adjusted", "smallest_visible", "interest")
TEXTS = ("unit", "estimate_id")  # columns of answers.csv beside the numbers
FIGURES = re.compile(r"(?<!no )\bfigures of (\d{4}(?: to \d{4})?)")
COLUMNS = [
    *"id paragraphs claim kind hypothesis answer".split(),
    *NUMBERS,
    *TEXTS,
    "because",
    "checks_failed",
    "later",
    "later_because",
]
# What the rows of one estimate by several methods share.
SAME = (
    "study family spec_id outcome term contrast effect_type sample_id unit_scheme period"
    " treatment_def controls_id fe_id w_id"
).split()
# What stands beside each method of an answer.
METHOD = "estimator se_type p_type p_value conf_low conf_high".split()
UNTIL_LATER = "change until the later years"  # name of its row
OWN_SUFFIX = {"free": "permutation"}
# Multiples of the effect of interest under which answers are given once more.
INTERESTS = {"half": 0.5, "double": 2.0}
# What stands beside each row behind a claim.
BEHIND = (
    "estimate_id estimate conf_low conf_high p_value unit_of_measure period"
    " output_basis"
).split()
NO_CLAIMS = "This study has no claims.yaml, so nothing is answered."


@dataclass(frozen=True)
class Answered:
    """An answer, what became of it in later years, the numbers that it rests on, every
    row behind it by what it is, and its estimate by every method.
    """

    judged: Judged
    later: Judged | None = None
    numbers: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)  # as a page prints them
    methods: list[dict[str, Any]] = field(default_factory=list)
    # answers with other effects of interest, by name
    at_interest: dict[str, str] = field(default_factory=dict)


def answer_study(
    estimates: pd.DataFrame, claims: Claims, simulated: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Answer every claim; return one row per claim in the order written, and plain
    content with every row behind it.
    """
    study = _Study(estimates, claims, simulated)
    hypotheses = {
        name: study.answer(f"hypothesis {name}", item)
        for name, item in claims.hypotheses.items()
    }
    answered = [
        hypotheses.get(item.hypothesis) or study.answer(f"claim {item.id}", item)
        for item in claims.claims
    ]
    lines = list(map(_line, claims.claims, answered))
    frame = pd.DataFrame(lines, columns=COLUMNS)
    frame = round_frame(frame.astype(dict.fromkeys(NUMBERS, float)))
    words = [item.judged.answer for item in answered]
    counts = {word: words.count(word) for word in WORDS}
    content = {
        "sentence": "" if claims.claims else NO_CLAIMS,
        "rule": claims.rule.model_dump(),
        "questions": study.questions,
        "simulated": list(simulated),
        "words": list(WORDS),
        "counts": counts,
        "tally": tally(counts, finer=True),
        "later_words": list(LATER_WORDS),
        "reasons": claims.reasons,
        "documents": claims.documents,
        "claims": [
            {
                **_plain(line),
                "paragraphs": claim.paragraph,
                "checks_failed": list(item.judged.failed),
                "interval_alone": item.judged.interval_alone,
                "reasons": claim.because,
                "why": claim.why,
                "data": claim.data,
                # A claim that takes its answer from a question was read as that.
                "read_as": claim.read_as
                or (claim.hypothesis and claims.hypotheses[claim.hypothesis].statement),
                "documents": [item.model_dump() for item in claim.documents],
                "rows": item.rows,
                "methods": item.methods,
                "at_interest": item.at_interest,
            }
            for claim, item, line in zip(
                claims.claims, answered, records(frame), strict=True
            )
        ],
        "hypotheses": [
            _hypothesis(name, claims, item) for name, item in hypotheses.items()
        ],
    }
    return frame, content


def _hypothesis(name: str, claims: Claims, item: Answered) -> dict[str, object]:
    hypothesis = claims.hypotheses[name]
    return {
        "id": name,
        "statement": hypothesis.statement,
        "kind": hypothesis.kind,
        "sign": hypothesis.sign,
        "claims": [claim.id for claim in claims.claims if claim.hypothesis == name],
        "answer": item.judged.answer,
        "because": item.judged.because,
        "interval_alone": item.judged.interval_alone,
        "checks_failed": list(item.judged.failed),
        **_later(item),
        **_plain(item.numbers),
        "rows": item.rows,
        "methods": item.methods,
        "at_interest": item.at_interest,
    }


class _Study:
    """The estimates with the rule and what all claims share."""

    def __init__(
        self, estimates: pd.DataFrame, claims: Claims, simulated: Sequence[str]
    ) -> None:
        self.rule = claims.rule
        self.simulated = simulated
        self.estimates = estimates
        self.rows: dict[str, dict[tuple[str, str], Row]] = {}
        for where, entry in claims.entries():
            self.rows[where] = {
                key: one_row(estimates, select, place_of(where, key))
                for key, select in entry.selections().items()
            }
        Faults(equal_checks(estimates, claims)).refuse()
        first = {
            where: self.rows[where]["primary", ""]
            for where in (f"hypothesis {name}" for name in claims.hypotheses)
        }
        if len({row["estimate_id"] for row in first.values()}) < len(first):
            raise ClaimsError(
                "two hypotheses have the same primary row",
                "a row for each",
                "merge the two",
            )
        # Holm adjusts over the primary rows that are tested, of whatever study.
        p_values = {where: row["p_value"] for where, row in first.items()}
        self.adjusted = holm(pd.Series(p_values, dtype=float).dropna())
        self.questions = len(self.adjusted)

    def answer(self, where: str, entry: Entry) -> Answered:
        """Answer a hypothesis, or a claim that takes the answer of none."""
        result = self._answer(where, entry)
        # Answers on made-up figures would be read as answers.
        if not self.simulated:
            return result
        because = f"the input holds simulated figures: {', '.join(self.simulated)}"
        return replace(
            result, judged=Judged(NO_ANSWER, because), later=None, at_interest={}
        )

    def _answer(self, where: str, entry: Entry) -> Answered:
        if isinstance(entry, Claim) and entry.kind == "out of reach":
            why = entry.why if entry.why.endswith((".", "!", "?")) else f"{entry.why}."
            because = f"{why} What would decide it: {entry.data}"
            return Answered(Judged(OUT_OF_REACH, because))
        if isinstance(entry, Claim) and entry.kind == "not empirical":
            return Answered(Judged(NOT_EMPIRICAL, entry.why))
        if isinstance(entry, Claim) and entry.documents:
            return Answered(judge_documents(entry.documents))
        rows = self.rows[where]
        row = rows["primary", ""]
        by_kind = defaultdict[str, dict[str, Row]](dict)
        for (kind, name), selected in rows.items():
            by_kind[kind][name] = selected
        if isinstance(entry, Claim) and entry.holds:
            judge = judge_stand_in if entry.kind == "stand-in" else judge_fact
            judged = judge(entry.holds, row, by_kind["variant"], self.rule)
            if entry.undecided:
                judged = judge_undecided(entry.undecided)
            return Answered(
                judged=judged,
                later=(
                    judge_later_fact(entry.holds, row, rows["later", LATER], self.rule)
                    if entry.later
                    else None
                ),
                numbers=_numbers(row),
                rows=_behind(rows, judged),
            )
        # Only the primary questions are adjusted for their number.
        questions = self.questions if isinstance(entry, Hypothesis) else 0
        methods = self._by_method(row)
        required = _required(row)
        sizes = self._corrected_by_suffix(row)
        given = Evidence(
            row=row,
            sign=1 if entry.sign == "+" else -1,
            interest=row["sesoi"] if entry.interest is None else entry.interest,
            adjusted=float(self.adjusted.get(where, NAN)),
            questions=questions,
            checks=by_kind["check"],
            placebos=by_kind["placebo"],
            methods=self._agreeing(row),
            corrected=self._corrected(row),
        )
        no_gain = entry.kind == "no gain"
        if no_gain and is_missing(given.interest):
            raise ClaimsError(
                f"{where} denies a gain and its row has no effect of interest",
                "the smallest gain that would matter",
                "write it as interest",
            )
        judge_given = judge_no_gain if no_gain else judge_tested
        judged = judge_given(given, self.rule)
        at_interest = {
            name: judge_given(
                replace(given, interest=multiple * given.interest), self.rule
            ).answer
            for name, multiple in INTERESTS.items()
        }
        numbers = _numbers(
            row,
            p_adjusted=given.adjusted,
            smallest_visible=visible(row, self.rule),
            interest=given.interest,
        )
        later = self._later_years(rows) if entry.later else None
        if later and later.change:
            rows = {**rows, ("change", UNTIL_LATER): later.change}
        return Answered(
            judged=judged,
            later=judge_later(given, later, entry.kind, self.rule) if later else None,
            numbers=numbers,
            rows=_behind(rows, judged),
            methods=[
                _method("decides", row, sizes.get(_own_suffix(row), NAN)),
                *(
                    _method(
                        "must agree" if suffix in required else "beside",
                        other,
                        sizes.get(suffix, NAN),
                    )
                    for suffix, other in methods.items()
                ),
            ],
            at_interest=at_interest,
        )

    def _agreeing(self, row: Row) -> dict[str, Row]:
        """Return the rows of the methods that must agree with the one that decides a
        row, by their names in words.
        """
        methods = self._by_method(row)
        return {
            words: methods[suffix]
            for suffix, words in _required(row).items()
            if suffix in methods
        }

    def _corrected(self, row: Row) -> dict[str, float]:
        """Return the p-values corrected for size of the method that decides a row and
        of those that must agree, by their names in words.
        """
        by_suffix = self._corrected_by_suffix(row)
        words = {_own_suffix(row): deciding_method(row)}
        words |= _required(row)
        return {words[suffix]: p for suffix, p in by_suffix.items() if suffix in words}

    def _corrected_by_suffix(self, row: Row) -> dict[str, float]:
        """Return the p-values that placebo lists correct for the size of each method."""
        same = {name: row[name] for name in SAME if name != "effect_type"}
        stem = f"{row['estimator']}_placebo_"
        return {
            other["estimator"].removeprefix(stem): float(other["p_value"])
            for other in records(self.estimates, **same, effect_type="stat_size")
            if other["estimator"].startswith(stem) and not is_missing(other["p_value"])
        }

    def _later_years(self, rows: Mapping[tuple[str, str], Row]) -> LaterYears:
        """Return the row of later years with the change until then, as far as a topic
        has estimated it.
        """
        main = rows["primary", ""]
        later = rows["later", LATER]
        period = change_period(main["period"], later["period"])
        until_later = [
            change for change in self._changes(main) if change["period"] == period
        ]
        change = until_later[0] if until_later else None
        by_check = {
            name: self._changes(row)
            for (kind, name), row in rows.items()
            if kind == "check"
        }
        return LaterYears(
            row=later,
            methods=self._agreeing(later),
            change=change,
            change_methods=self._agreeing(change) if change else {},
            # A check may name its years otherwise; of several changes none is taken.
            change_checks={n: one[0] for n, one in by_check.items() if len(one) == 1},
        )

    def _changes(self, row: Row) -> list[Row]:
        """Return how much an estimate changes until each period that a topic compares
        with its own.
        """
        same = {name: row[name] for name in SAME if name != "period"}
        found = records(self.estimates, **same, estimator=row["estimator"] + CHANGE)
        begins = change_period(row["period"], "")
        return [one for one in found if one["period"].startswith(begins)]

    def _by_method(self, row: Row) -> dict[str, Row]:
        """Return the rows that hold an estimate by other methods, by what their
        estimators add to its name.
        """
        same = only(self.estimates, **{name: row[name] for name in SAME})
        stem = f"{row['estimator']}_"
        return {
            other["estimator"].removeprefix(stem): other
            for other in records(same.sort_values("estimator"))
            if other["estimator"].startswith(stem) and same_estimate(row, other)
        }


def _own_suffix(row: Row) -> str:
    """Return what the estimator of a row adds to its name for the method that decides it."""
    law = str(row["se_type"] or row["p_type"]).partition(" ")[0]
    return OWN_SUFFIX.get(law, law.lower())


def _method(part: str, row: Row, corrected: float) -> dict[str, object]:
    """Return one method of an answer as it is printed."""
    numbers = {name: row[name] for name in METHOD}
    return {"part": part, **_plain({**numbers, "p_corrected": corrected})}


def _required(row: Row) -> Mapping[str, str]:
    """Return which methods must agree with the one that decides a row: their names in
    words by what estimators add to theirs.
    """
    law = str(row["se_type"] or row["p_type"])
    return AGREEING.get(law.partition(" ")[0], {})


def _numbers(row: Row, **more: float) -> dict[str, object]:
    return {
        **dict.fromkeys(NUMBERS, NAN),
        "estimate": row["estimate"],
        "low": row["conf_low"],
        "high": row["conf_high"],
        "p": row["p_value"],
        **more,
        "unit": row["unit_of_measure"],
        "estimate_id": row["estimate_id"],
    }


def _behind(
    rows: Mapping[tuple[str, str], Row], judged: Judged
) -> list[dict[str, object]]:
    behind = []
    for (what, name), row in rows.items():
        # The years that a row rests on, where they are fewer than its period.
        figures = FIGURES.search(row["warning"])
        against = what in ("check", "variant") and name in judged.failed
        behind.append(
            {
                "what": what,
                "name": name,
                "against": against,
                "figures": figures[1] if figures else "",
                "study": row["study"],
                **_plain({column: row[column] for column in BEHIND}),
            }
        )
    return behind


def _line(claim: Claim, item: Answered) -> dict[str, object]:
    return {
        **dict.fromkeys(NUMBERS, NAN),
        **dict.fromkeys(TEXTS, ""),
        **item.numbers,
        "id": claim.id,
        "claim": claim.claim,
        "kind": claim.kind,
        "hypothesis": claim.hypothesis,
        "paragraphs": " ".join(map(str, claim.paragraph)),
        "answer": item.judged.answer,
        "because": item.judged.because,
        "checks_failed": "; ".join(item.judged.failed),
        **_later(item),
    }


def _later(item: Answered) -> dict[str, str]:
    """Return what became of an answer in later years, as columns."""
    later = item.later or Judged("", "")
    return {"later": later.answer, "later_because": later.because}


def _plain(numbers: Record) -> dict[str, object]:
    frame = round_frame(pd.DataFrame([dict(numbers)]))
    return {
        str(name): None if is_missing(value) and value != "" else value
        for name, value in frame.iloc[0].items()
    }

"""The answers of one study: claims.yaml and the estimates in, one row per claim and
plain content out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from evenfield.answers.rule import (
    NO_ANSWER,
    NOT_EMPIRICAL,
    OUT_OF_REACH,
    WORDS,
    Evidence,
    Judged,
    judge_fact,
    judge_tested,
    visible,
)
from evenfield.answers.spec import Claim, Claims, Entry, Hypothesis, place_of
from evenfield.shared.estimates import NAN
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row, one_row, records
from evenfield.study.errors import ClaimsError
from evenfield.study.rounding import round_frame

NUMBERS = ("estimate", "low", "high", "p", "p_adjusted", "smallest_visible", "interest")
TEXTS = ("unit", "estimate_id")
FIGURES = re.compile(r"(?<!no )\bfigures of (\d{4}(?: to \d{4})?)")
COLUMNS = [
    "id",
    "paragraphs",
    "claim",
    "kind",
    "hypothesis",
    "answer",
    *NUMBERS,
    *TEXTS,
    "because",
    "checks_failed",
]
NO_CLAIMS = "This study has no claims.yaml, so nothing is answered."


@dataclass(frozen=True)
class Answered:
    """An answer, the numbers that it rests on, and every row behind it by what it is."""

    judged: Judged
    numbers: dict[str, Any] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)


def answer_study(
    estimates: pd.DataFrame, claims: Claims, simulated: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, Any]]:
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
    frame = pd.DataFrame(
        [_line(*pair) for pair in zip(claims.claims, answered, strict=True)],
        columns=COLUMNS,
    )
    frame = round_frame(frame.astype(dict.fromkeys(NUMBERS, float)))
    words = [item.judged.answer for item in answered]
    answered_claims = zip(claims.claims, answered, records(frame), strict=True)
    content = {
        "sentence": "" if claims.claims else NO_CLAIMS,
        "rule": claims.rule.model_dump(),
        "questions": study.questions,
        "simulated": list(simulated),
        "words": list(WORDS),
        "counts": {word: words.count(word) for word in WORDS},
        "reasons": claims.reasons,
        "claims": [
            {
                **_plain(line),
                "paragraphs": claim.paragraph,
                "checks_failed": list(item.judged.failed),
            }
            | {
                "reasons": claim.because,
                "why": claim.why,
                "data": claim.data,
                "rows": item.rows,
            }
            for claim, item, line in answered_claims
        ],
        "hypotheses": [
            {
                "id": name,
                "statement": claims.hypotheses[name].statement,
                "kind": claims.hypotheses[name].kind,
            }
            | {
                "sign": claims.hypotheses[name].sign,
                "claims": [c.id for c in claims.claims if c.hypothesis == name],
            }
            | {
                "answer": item.judged.answer,
                "because": item.judged.because,
                "checks_failed": list(item.judged.failed),
            }
            | {**_plain(item.numbers), "rows": item.rows}
            for name, item in hypotheses.items()
        ],
    }
    return frame, content


class _Study:
    """The estimates with the rule and what all claims share."""

    def __init__(
        self, estimates: pd.DataFrame, claims: Claims, simulated: Sequence[str]
    ) -> None:
        self.estimates, self.rule, self.simulated = estimates, claims.rule, simulated
        self.rows = {
            where: self._rows(where, entry) for where, entry in claims.entries()
        }
        first = [
            self.rows[f"hypothesis {name}"]["primary", ""] for name in claims.hypotheses
        ]
        if len({row["estimate_id"] for row in first}) < len(first):
            raise ClaimsError(
                "two hypotheses have the same primary row",
                "a row for each",
                "merge the two",
            )
        self.questions = sum(not is_missing(row["p_value"]) for row in first)

    def _rows(self, where: str, entry: Entry) -> dict[tuple[str, str], Row]:
        chosen = entry.selections().items()
        return {
            key: one_row(self.estimates, select, place_of(where, key))
            for key, select in chosen
        }

    def answer(self, where: str, entry: Entry) -> Answered:
        """Answer a hypothesis, or a claim that takes the answer of none."""
        result = self._answer(where, entry)
        if not self.simulated:
            return result
        because = f"the input holds simulated figures: {', '.join(self.simulated)}"
        return replace(result, judged=Judged(NO_ANSWER, because))

    def _answer(self, where: str, entry: Entry) -> Answered:
        if isinstance(entry, Claim) and entry.kind == "out of reach":
            return Answered(
                Judged(
                    OUT_OF_REACH,
                    f"{_sentence(entry.why)} What would decide it: {entry.data}",
                )
            )
        if isinstance(entry, Claim) and entry.kind == "not empirical":
            return Answered(Judged(NOT_EMPIRICAL, entry.why))
        rows = self.rows[where]
        row = rows["primary", ""]
        checks, placebos, variants = (
            {name: row for (what, name), row in rows.items() if what == wanted}
            for wanted in ("check", "placebo", "variant")
        )
        if isinstance(entry, Claim) and entry.holds:
            judged = judge_fact(entry.holds, row, variants)
            return Answered(judged, _numbers(row), _behind(rows, judged))
        questions = self.questions if isinstance(entry, Hypothesis) else 0
        given = Evidence(
            row=row,
            sign=1 if entry.sign == "+" else -1,
            interest=row["sesoi"] if entry.interest is None else entry.interest,
            adjusted=row["p_adjusted"] if questions else NAN,
            questions=questions,
            checks=checks,
            placebos=placebos,
        )
        judged = judge_tested(given, self.rule)
        sizes = {"p_adjusted": given.adjusted, "interest": given.interest}
        return Answered(
            judged,
            _numbers(row, smallest_visible=visible(row, self.rule), **sizes),
            _behind(rows, judged),
        )


def _numbers(row: Row, **more: float) -> dict[str, Any]:
    names = {
        "estimate": "estimate",
        "low": "conf_low",
        "high": "conf_high",
        "p": "p_value",
    }
    texts = {"unit": row["unit_of_measure"], "estimate_id": row["estimate_id"]}
    return {
        **dict.fromkeys(NUMBERS, NAN),
        **{name: row[column] for name, column in names.items()},
        **more,
        **texts,
    }


def _behind(
    rows: Mapping[tuple[str, str], Row], judged: Judged
) -> list[dict[str, Any]]:
    columns = (
        "estimate_id",
        "estimate",
        "conf_low",
        "conf_high",
        "p_value",
        "unit_of_measure",
        "period",
        "output_basis",
    )
    return [
        {
            "what": what,
            "name": name,
            "against": what in ("check", "variant") and name in judged.failed,
            "figures": _years_of_figures(row["warning"]),
        }
        | _plain({key: row[key] for key in columns})
        for (what, name), row in rows.items()
    ]


def _years_of_figures(warning: str) -> str:
    """Return the years that a row rests on where they are fewer than its period."""
    match = FIGURES.search(warning)
    return match[1] if match else ""


def _line(claim: Claim, item: Answered) -> dict[str, Any]:
    line = {name: item.numbers.get(name, NAN) for name in NUMBERS} | {
        name: item.numbers.get(name, "") for name in TEXTS
    }
    line |= {
        "id": claim.id,
        "claim": claim.claim,
        "kind": claim.kind,
        "hypothesis": claim.hypothesis,
    }
    line |= {
        "paragraphs": " ".join(map(str, claim.paragraph)),
        "answer": item.judged.answer,
    }
    return line | {
        "because": item.judged.because,
        "checks_failed": "; ".join(item.judged.failed),
    }


def _plain(numbers: Mapping[str, Any]) -> dict[str, Any]:
    frame = round_frame(pd.DataFrame([dict(numbers)]))
    return {
        str(name): None if is_missing(value) and value != "" else value
        for name, value in frame.iloc[0].items()
    }


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."

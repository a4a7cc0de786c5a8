"""Quantifiers are claims: the sentences of a text that say all, never or largest
without a condition on the results.

A guard on a line of its own, ``must(condition)`` or ``unchecked(reason)``, guards the
first sentence below it or, with words behind the comma, the one that holds them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from evenfield.report.text_language import Expression, FaultInLine, Text
from evenfield.study.errors import ReportError

GUARDS = ("must", "unchecked")
QUANTIFIERS = (
    "all always every everything everywhere first largest most never no nobody none"
    " nothing only smallest"
).split()
QUANTIFIER = re.compile(rf"\b({'|'.join(QUANTIFIERS)})\b", re.IGNORECASE)
# Phrases that hold such a word and quantify nothing.
PHRASES = (
    "after all",
    "all the same",
    "at all",
    "at first",
    "at most",
    "no answer",
    "no doubt",
    "no more than",
    "not only",
)
# Places in a document, and the first of several reasons.
PLACES = "column example figure line page paragraph part row section sentence table"
NO_CLAIM = re.compile(
    rf"\b({'|'.join(PHRASES)}|first ({PLACES.replace(' ', '|')}))\b|^\W*first,",
    re.IGNORECASE,
)
# What a template fills in and what it cites are no words of the text.
FILLED = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\[@[^\]]*\]", re.DOTALL)
ENDS = re.compile(r"(?<=[.!?])[\"”')]*\s+|\n(?=\s*(?:[-*+]|\d+\.)\s)")
SHOWN = 60  # letters of a sentence in a message


class Guard(NamedTuple):
    """A condition or a reason, and words of the sentence that it guards."""

    line: int
    name: str
    words: str


class Sentence(NamedTuple):
    """A sentence as it stands in its text, and the same without what is filled in."""

    line: int
    text: str
    own_words: str


def quantifier_faults(source: str, text: Text) -> Iterator[FaultInLine]:
    """Yield every sentence with a quantifier and no guard, and guards that guard
    nothing.
    """
    guards = list[Guard]()
    for expression in text.expressions:
        if expression.called in GUARDS and expression.texts:
            yield from _guard_faults(expression)
            words = expression.texts[1] if len(expression.texts) > 1 else ""
            guards.append(Guard(expression.line, expression.called, words))
    for sentences, above in _paragraphs(source.splitlines(), guards):
        yield from _paragraph_faults(sentences, above)


def _guard_faults(guard: Expression) -> Iterator[FaultInLine]:
    if guard.called == "must" and guard.names == ["must"]:
        yield (
            guard.line,
            ReportError(
                "must() names nothing that a run finds, so it cannot fail",
                "a condition on a number or an answer",
                "correct it, or write unchecked() with the reason",
            ),
        )
    if guard.called == "unchecked" and not guard.texts[0].strip():
        yield (
            guard.line,
            ReportError(
                "unchecked() gives no reason",
                'a reason in quotation marks, {{ unchecked("a definition") }}',
                "write why no figure decides the sentence",
            ),
        )


def _paragraphs(
    lines: Sequence[str], guards: Iterable[Guard]
) -> Iterator[tuple[list[Sentence], list[Guard]]]:
    """Yield the sentences of each paragraph with the guards right above it."""
    by_line: dict[int, list[Guard]] = {}
    for guard in guards:
        by_line.setdefault(guard.line, []).append(guard)
    above = list[Guard]()
    paragraph = list[str]()
    for number, line in enumerate([*lines, ""], 1):
        statement = line.strip().startswith(("{%", ":::"))
        heading = line.startswith("#")
        if paragraph and (
            number in by_line or statement or heading or not line.strip()
        ):
            yield _sentences(paragraph, number - len(paragraph)), above
            paragraph = []
            above = []
        if number in by_line:
            above += by_line[number]
        elif heading:
            yield _sentences([line], number), above
            above = []
        elif line.strip() and not statement:
            paragraph.append(line)


def _sentences(paragraph: Sequence[str], first_line: int) -> list[Sentence]:
    text = "\n".join(paragraph)
    # Of the same length, so that places in one are places in the other.
    own_words = FILLED.sub(lambda filled: "0" * len(filled[0]), text)
    sentences = []
    start = 0
    for end in [*ENDS.finditer(own_words), None]:
        stop = end.start() if end else len(text)
        line = first_line + text.count("\n", 0, start)
        sentences.append(Sentence(line, text[start:stop], own_words[start:stop]))
        start = end.end() if end else stop
    return sentences


def _paragraph_faults(
    sentences: Sequence[Sentence], guards: Iterable[Guard]
) -> Iterator[FaultInLine]:
    guarded = set[int]()
    for guard in guards:
        words = " ".join(guard.words.split())
        holding = [
            number
            for number, sentence in enumerate(sentences)
            if words in " ".join(sentence.text.split())
        ]
        if not holding:
            yield (
                guard.line,
                ReportError(
                    f"{guard.name}() guards '{words}', which the paragraph below does"
                    " not say",
                    "words of one of its sentences",
                    "correct them",
                ),
            )
        guarded |= set(holding[:1])
    for number, sentence in enumerate(sentences):
        quantifier = QUANTIFIER.search(NO_CLAIM.sub("", sentence.own_words))
        if quantifier and number not in guarded:
            shown = " ".join(FILLED.sub("...", sentence.text).split())
            if len(shown) > SHOWN:
                shown = f"{shown[:SHOWN].rpartition(' ')[0]} ..."
            yield (
                sentence.line,
                ReportError(
                    f"'{quantifier[1]}' has no condition in \"{shown}\"",
                    '{{ must(condition, "words of the sentence") }} above the paragraph',
                    'write it, or {{ unchecked("reason", "words of the sentence") }}'
                    " where no figure decides it",
                ),
            )

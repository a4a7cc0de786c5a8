"""Quantifiers are claims: the sentences of a text that say all, never or largest
without a condition on the results.

A guard, ``must(condition)`` or ``unchecked(reason)``, stands in the file beside a text
with words of the sentence that it guards. One on a line of the text guards the first
sentence below it or, with words behind the comma, the one that holds them.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

from evenfield.report.conditions import GUARDS
from evenfield.report.text_language import Expression, FaultInLine, Text
from evenfield.study.errors import ReportError

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

    @property
    def said(self) -> str:
        """The sentence on one line."""
        return " ".join(self.text.split())


def quantifier_faults(
    source: str, text: Text, conditions: Text, beside: str
) -> Iterator[FaultInLine]:
    """Yield every sentence of a text with a quantifier and no guard, in it or in the
    file ``beside``, and guards in it that guard nothing.
    """
    for expression in text.expressions:
        yield from _guard_faults(expression)
    said = {guard.words for guard in _guards(conditions)}
    for sentences, above in _paragraphs(source.splitlines(), _guards(text)):
        guarded = set[int]()
        for guard in above:
            holding = [
                number
                for number, sentence in enumerate(sentences)
                if guard.words in sentence.said
            ]
            if not holding:
                yield guard.line, _not_said_below(guard)
            guarded |= set(holding[:1])
        guarded |= _held_by(said, sentences)
        for number, sentence in enumerate(sentences):
            if number not in guarded:
                yield from _quantifier_fault(sentence, beside)


def _held_by(said: Iterable[str], sentences: Sequence[Sentence]) -> set[int]:
    """Return which sentences of a paragraph hold some words, or a part of them."""
    lengths = [len(sentence.said) for sentence in sentences]
    # One space stands between two sentences.
    ends = list(accumulate(lengths, lambda end, length: end + 1 + length))
    paragraph = _said(sentences)
    held = set[int]()
    for words in said:
        start = paragraph.find(words)
        if start >= 0:
            last = start + len(words) - 1
            held |= {*range(bisect(ends, start), bisect(ends, last) + 1)}
    return held


def _said(sentences: Iterable[Sentence]) -> str:
    """Return a paragraph on one line."""
    return " ".join(sentence.said for sentence in sentences)


def condition_faults(
    source: str, text: Text, conditions: Text, of: str
) -> Iterator[FaultInLine]:
    """Yield conditions beside the text ``of`` whose words it does not say, or more than
    once, and those that cannot fail.
    """
    for expression in conditions.expressions:
        yield from _guard_faults(expression)
    paragraphs = [
        _said(sentences)
        for sentences, _ in _paragraphs(source.splitlines(), _guards(text))
    ]
    for guard in _guards(conditions):
        times = sum(paragraph.count(guard.words) for paragraph in paragraphs)
        if times == 0:
            yield (
                guard.line,
                ReportError(
                    f"{guard.name} guards '{guard.words}', which {of} does not say",
                    "words of one of its sentences",
                    "correct them, or remove the entry if its sentence is gone",
                ),
            )
        if times > 1:
            yield (
                guard.line,
                ReportError(
                    f"{guard.name} guards '{guard.words}', which {of} says"
                    f" {times} times",
                    "words that stand there once",
                    "write more of the sentence",
                ),
            )


def _guards(text: Text) -> list[Guard]:
    """Return the guards of a text, or of the file beside it."""
    guards = []
    for expression in text.expressions:
        if expression.called in GUARDS and expression.texts:
            words = " ".join(" ".join(expression.texts[1:]).split())
            guards.append(Guard(expression.line, expression.called, words))
    return guards


def _guard_faults(guard: Expression) -> Iterator[FaultInLine]:
    """Yield what is wrong with a guard, wherever its sentence stands."""
    if guard.called == "must" and guard.names == ["must"]:
        yield (
            guard.line,
            ReportError(
                "must() names nothing that a run finds, so it cannot fail",
                "a condition on a number or an answer",
                "correct it, or write unchecked() with the reason",
            ),
        )
    if guard.called == "unchecked" and guard.texts and not guard.texts[0].strip():
        yield (
            guard.line,
            ReportError(
                "unchecked() gives no reason",
                "a reason, such as a definition",
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


def _not_said_below(guard: Guard) -> ReportError:
    return ReportError(
        f"{guard.name}() guards '{guard.words}', which the paragraph below does not say",
        "words of one of its sentences",
        "correct them",
    )


def _quantifier_fault(sentence: Sentence, beside: str) -> Iterator[FaultInLine]:
    """Yield the first quantifier of a sentence that nothing guards."""
    quantifier = QUANTIFIER.search(NO_CLAIM.sub("", sentence.own_words))
    if quantifier:
        shown = " ".join(FILLED.sub("...", sentence.text).split())
        if len(shown) > SHOWN:
            shown = f"{shown[:SHOWN].rpartition(' ')[0]} ..."
        yield (
            sentence.line,
            ReportError(
                f"'{quantifier[1]}' has no condition in \"{shown}\"",
                f"an entry in {beside} with words: of the sentence and must: a condition",
                "write it, or unchecked: the reason where no figure decides the sentence",
            ),
        )

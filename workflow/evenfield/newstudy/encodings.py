"""In which encoding a text stands that is no Unicode: the one in which it reads as words
of a language, where that is one only; else the user is asked.
"""

import codecs
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from evenfield.study.errors import IngestError

KNOWN: Mapping[str, Mapping[str, Any]] = yaml.load(
    Path(__file__).with_name("encodings.yaml").read_text(encoding="utf-8"),
    yaml.CSafeLoader,
)
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
ESCAPES = re.compile(rb"\x1b\$[@B]")  # of ISO-2022-JP
LOOKED_AT = 200_000  # bytes of lines with letters beyond ASCII
WORD = re.compile(r"[^\W\d_]+|[^\x00-\x7f]")
# Signs that stand beside words, and an apostrophe inside one.
SIGNS = frozenset("–—‘’“”„«»…•°²³€£¥§·´¿¡ºª№™®©×±½¼\u00a0\u3000、。（）・「」，：")
APOSTROPHE = re.compile(
    r"(?<=[a-z])’(?=(s|t|ll|d)\b)|\b(?<=[dlDLn])’(?=[aeiouhAEIOUH])"
)
# What stands in no word: signs before or behind a letter, a last letter of Greek before
# another one, and signs of no text at all.
ODD = re.compile(
    "[¦¶±¹²³°§©®™†‡•…¬¤–—›‹¢¨¯¸´÷×ªº№](?=[^\\W\\d_])|(?<=[^\\W\\d_])[¦¶§©¤¬¢¨¯¸€£¥¿¡№]"
    "|ς(?=[^\\W\\d_])|[A-Za-z](?=[\u0370-\u1fff\u2e80-\ufdff])|(?<![ก-๎])[ัิ-ฺ็-๎]"
    "|[\x80-\x9f\ue000-\uf8ff─-▟]"
)
LEAST = 0.9  # share of letters that read as a language, of the encoding that is taken
# By how much it is ahead of the next one: by most of few letters, or by some of many.
AHEAD = 0.5
AHEAD_OF_MANY = 0.03
FEWEST = 2  # letters by which it is ahead then
AHEAD_OF_WHOLE = 0.1  # where each of its letters fits
WHOLE = 0.99
NEAR = 0.4  # behind the best of what the user may choose from
FEWEST_OF_ALPHABET = 6  # letters by which frequent ones are asked for
MOST_SHOWN = 4


@dataclass(frozen=True)
class _Fit:
    """How well a text reads in an encoding."""

    encoding: str
    text: str
    letters: int  # beyond ASCII
    share: float  # of these, which a language would have


def encoding_of(content: bytes, asked: str, file: str) -> str:
    """Return the encoding of a text: Unicode where it is that, else the one that the user
    names, else the one in which alone it reads as words.
    """
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            return encoding
    if ESCAPES.search(content):
        return "iso2022_jp"
    if encoding := _without_mark(content):
        return encoding
    try:
        content.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        # A letter that was cut in two at the end of what is looked at.
        if error.end >= len(content) and "end of data" in error.reason:
            return "utf-8"
    return _asked(content, asked, file) if asked else _found(content, file)


def _without_mark(content: bytes) -> str:
    """Return the kind of UTF-16 of a text that does not say it; blank if it is another."""
    opening = content[:1000]
    zeros = opening.count(0)
    if len(opening) < 8 or zeros < len(opening) / 4:
        return ""
    odd = opening[1::2].count(0)
    return "utf-16-le" if odd > zeros - odd else "utf-16-be"


def _asked(content: bytes, asked: str, file: str) -> str:
    try:
        encoding = codecs.lookup(asked).name
        content.decode(encoding)
    except LookupError:
        raise IngestError(
            f"--encoding {asked}",
            f"a name such as {', '.join(KNOWN)}",
            "correct it",
        ) from None
    except UnicodeDecodeError as error:
        raise IngestError(
            f"{file} is no text of the encoding {asked} (byte {error.start:,})",
            "the encoding in which it was saved",
            "name another one with --encoding, or save it as UTF-8",
        ) from None
    return encoding


def _found(content: bytes, file: str) -> str:
    """Return the encoding in which alone a text reads as words."""
    opening = _lines_beyond_ascii(content)
    fits = [fit for encoding in KNOWN if (fit := _fit(encoding, opening))]
    fits.sort(key=lambda fit: -fit.share)
    for best in fits[:1]:
        # In several encodings some texts are the same.
        others = [fit for fit in fits if fit.text != best.text]
        if not KNOWN[best.encoding].get("rare"):
            others = [fit for fit in others if not KNOWN[fit.encoding].get("rare")]
        ahead = best.share - others[0].share if others else 1.0
        enough = ahead >= AHEAD_OF_MANY and ahead * best.letters >= FEWEST
        whole = best.share >= WHOLE and ahead >= AHEAD_OF_WHOLE
        if best.share >= LEAST and (ahead >= AHEAD or enough or whole):
            return best.encoding
    likely = dict[str, _Fit]()
    for fit in fits:
        if fit.share >= fits[0].share - NEAR:
            likely.setdefault(fit.text, fit)
    shown = [
        f"{fit.encoding} ({KNOWN[fit.encoding]['name']}: {_example(fit.text)})"
        for fit in list(likely.values())[:MOST_SHOWN]
    ]
    raise IngestError(
        f"{file} is not UTF-8, and its letters do not tell its encoding",
        f"UTF-8, or one of {', '.join(shown)}" if shown else "UTF-8",
        "give the one in which it reads rightly, as --encoding"
        f" {next(iter(likely.values())).encoding if likely else 'cp1252'}, or save it as"
        " UTF-8",
    )


def _lines_beyond_ascii(content: bytes) -> bytes:
    """Return the first lines with letters beyond ASCII."""
    lines = list[bytes]()
    size = 0
    for line in content.split(b"\n"):
        if not line.isascii():
            lines.append(line)
            size += len(line)
        if size > LOOKED_AT:
            break
    return b"\n".join(lines)


def _example(text: str) -> str:
    """Return a word of a text, of the first ones the longest."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if not word.isascii()]
    return max(words[:20], key=len, default="")[:20]


def _fit(encoding: str, opening: bytes) -> _Fit | None:
    """Return how well lines read in an encoding; nothing where they cannot."""
    try:
        text = opening.decode(encoding)
    except UnicodeDecodeError:
        return None
    # An apostrophe of French or English is a letter of its word.
    plain = APOSTROPHE.sub("'", text)
    good = len(text) - len(text.replace("’", "")) - plain.count("’")
    words = list(
        dict.fromkeys(word for word in WORD.findall(plain) if not word.isascii())
    )
    signs = [word for word in words if word in SIGNS]
    letters = [
        letter for word in words if word not in SIGNS for letter in word if letter > "~"
    ]
    count = good + len(signs) + len(letters)
    if not count:
        return None
    fitting = (
        good + len(signs) + _share(KNOWN[encoding], encoding, letters) * len(letters)
    )
    odd = sum(map(_oddities, words)) + len(ODD.findall(plain))
    return _Fit(encoding, text, count, (fitting - odd) / count)


def _share(known: Mapping[str, Any], encoding: str, letters: list[str]) -> float:
    """Return the share of letters that a language of an encoding has in daily use."""
    if not letters:
        return 0.0
    folded = [letter.casefold()[0] for letter in letters]
    if "letters" in known:
        counts = [
            sum(letter in alphabet or letter.isascii() for letter in folded)
            for alphabet in map(frozenset, known["letters"])
        ]
        good = max(counts)
    else:
        own = re.compile(f"[{known['own']}]") if "own" in known else None
        low, high = known.get("common", (1, 0))
        good = sum(
            low <= letter.encode(encoding)[0] <= high or bool(own and own.match(letter))
            for letter in letters
        )
    share = good / len(letters)
    if "often" not in known or len(letters) < FEWEST_OF_ALPHABET:
        return share
    frequent = sum(letter in known["often"] for letter in folded) / len(letters)
    least: float = known["share"]
    return share - max(0.0, least - frequent)


def _oddities(word: str) -> int:
    """Return how often letters follow on each other in a word as in no language: a capital
    on a small one, letters of two scripts, a capital alone.
    """
    alone = len(word) == 1 and word.isupper()
    return alone + sum(
        (one.islower() and next_one.isupper()) or _script(one) != _script(next_one)
        for one, next_one in pairwise(word)
    )


def _script(letter: str) -> str:
    """Return which script a letter is of, as far as words do not mix it with others."""
    if letter < "\u0250":
        return "Latin"
    if letter >= "\u2e80":
        return "Chinese, Japanese or Korean"
    return "Cyrillic" if "\u0400" <= letter < "\u0530" else "another"

"""Faults by where they are: every message says what was found, what was expected, what
to do.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby

from evenfield.numerics.errors import counted as counted  # noqa: PLC0414

MOST_LINES = 10  # of one file
LONGEST = 600  # letters of one part of a line
FILE = re.compile(r"[\w+./-]+\.(?:csv|json|geojson|yaml|md|bib)\b")


class EvenfieldError(Exception):
    """A fault in the input that the user can fix; its line begins with where it is."""

    at = "evenfield"

    def __init_subclass__(cls, at: str = "") -> None:
        cls.at = at or cls.at

    def __init__(self, fault: str, expected: str, action: str) -> None:
        super().__init__(fault, expected, action)
        self.found, self.expected, self.action = fault, expected, action

    def __str__(self) -> str:
        found, expected, action = map(shortened, self.args)
        return one_line(f"{self.at}: {found}; expected {expected}; {action}")

    @property
    def faults(self) -> list[EvenfieldError]:
        """The faults that it tells."""
        return [self]

    @property
    def file(self) -> str:
        """The file that it is about, as far as its text says so."""
        named = FILE.search(f"{self.at} {shortened(self.found)}")
        return named[0] if named else "config.yaml"


class SeveralError(EvenfieldError):
    """Faults in one line each, by file."""

    def __init__(self, faults: Iterable[EvenfieldError]) -> None:
        self._faults = sorted(faults, key=lambda fault: (fault.file, str(fault)))
        super().__init__(*self._faults[0].args)

    def __str__(self) -> str:
        lines = list[str]()
        for file, group in groupby(self._faults, lambda fault: fault.file):
            faults = list(group)
            lines += map(str, faults[:MOST_LINES])
            if len(faults) > MOST_LINES:
                more = f"{file}: {len(faults) - MOST_LINES} more faults"
                lines.append(f"{more}; expected none; correct those above first")
        return "\n".join(lines)

    @property
    def faults(self) -> list[EvenfieldError]:
        """The faults that it tells."""
        return self._faults


class Faults(list[EvenfieldError]):
    """Faults found so far, so that a study is refused for all of them at once."""

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Keep what is refused inside, and go on after it."""
        try:
            yield
        except EvenfieldError as error:
            self.extend(error.faults)

    def refuse(self) -> None:
        """Refuse the study if there are any."""
        # Two checks may find the same fault: each text once, in the order found.
        once = list({str(fault): fault for fault in self}.values())
        if once:
            raise SeveralError(once) if len(once) > 1 else once[0]


class ConfigError(EvenfieldError, at="config"):
    """A fault in config.yaml."""


class PlaceError(EvenfieldError, at="files"):
    """A file that would be written outside of the study."""


class ClaimsError(EvenfieldError, at="claims.yaml"):
    """A fault in claims.yaml."""


class NumbersError(EvenfieldError, at="numbers.yaml"):
    """A fault in numbers.yaml."""


class IngestError(EvenfieldError, at="ingest"):
    """A fault in a table of the study's data folder."""


class PanelError(EvenfieldError, at="panel"):
    """A fault that shows when the tables are joined into one panel."""


class WeightsError(EvenfieldError, at="weights"):
    """A fault in spatial weights or in how they meet the panel."""


class EstimateError(EvenfieldError, at="estimates"):
    """A specification that the data cannot carry."""


class SecondStudyError(EvenfieldError, at="beside"):
    """A fault of a study beside the study, or of how it is named."""


class ArtifactError(EvenfieldError, at="artifacts"):
    """A table or figure that cannot be drawn from what is on disk."""


class ReportError(EvenfieldError, at="report"):
    """A page or paper that cannot be assembled; ``line`` is that of a text, 0 where it
    is not known.
    """

    line = 0

    def at_line(self, line: int) -> ReportError:
        """Return the error with the line of the text that it is about."""
        self.line = line
        return self


def one_line(text: str) -> str:
    """Return text as one line in which no character steers a terminal."""
    line = " ".join(text.split())
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii")
        for c in line
    )


def shortened(text: str) -> str:
    """Return text of at most so many letters, the middle of a longer one left out."""
    if len(text) <= LONGEST:
        return text
    half = LONGEST // 2
    return f"{text[:half]} ... ({len(text):,} letters) ... {text[-half:]}"


def first_examples(values: list[str], limit: int = 3) -> str:
    """Return the first few of ``values`` as text, with the number left out."""
    shown = ", ".join(values[:limit])
    return f"{shown} and {len(values) - limit} more" if len(values) > limit else shown


def nearest(name: str, known: Iterable[str], otherwise: str, mark: str = "") -> str:
    """Ask whether the nearest of the names that are known is meant; where none is near,
    say ``otherwise``.
    """
    near = near_names(name, known, most=1)
    return f"did you mean '{mark}{near[0]}'?" if near else otherwise


def near_names(name: str, known: Iterable[str], most: int) -> list[str]:
    """Return the names that one resembles, the nearest first, in letters of any case;
    none for a word that resembles no name.
    """
    folded: dict[str, str] = {}
    for item in known:
        folded.setdefault(item.casefold(), item)
    near = difflib.get_close_matches(name.casefold(), list(folded), n=most)
    return [folded[item] for item in near]


def not_known(where: str, name: str, known: Iterable[str]) -> tuple[str, str, str]:
    """Return what an error says of a name that nothing defines."""
    known = list(known)
    expected = (
        f"one of {first_examples(known, 12)}" if known else "a study that has some"
    )
    return (
        f"{where} '{name}' is not known",
        expected,
        nearest(name, known, "correct the name"),
    )

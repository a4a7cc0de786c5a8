"""The call of a library function that gives a row of the estimates: the function, the
rows of the data that it takes, its arguments, and where in its result the row stands.

Each topic whose estimator is in the library too has a `call.py` with a function `call`,
which takes a study and a row and returns a `Call`. Nothing is estimated here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from evenfield.numerics.inference.methods import METHODS
from evenfield.numerics.random import generator_for
from evenfield.shared.estimates import what_is_asked
from evenfield.shared.places import Coefficient, Place
from evenfield.shared.spec import read
from evenfield.shared.tables.numbers import is_missing
from evenfield.shared.tables.rows import Row
from evenfield.shared.topics import TOPICS, read_topics
from evenfield.study.study import Study

# Why a p-value by permutation differs (`Call.differs`).
DRAWS = "its draws number the units in another order"


class NoCallError(Exception):
    """A row that no library function gives; the text says why, or what to do."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of a library function, and where its result has the row."""

    function: str  # its name in the library, such as ``ols``
    data: pd.DataFrame  # one row a unit, or a unit and date
    # all others but the weights, by keyword, as values that print as Python
    arguments: Mapping[str, Any]
    places: tuple[Place, ...]  # where one number stands at several, the last one counts
    # (N, N) spatial weights or distances, ids of the units as labels; several by name
    weights: pd.DataFrame | Mapping[str, pd.DataFrame] | None = None
    weights_as: str = "w"  # argument of the function that takes the weights
    # method that is called on the result, such as ``impacts``, and its arguments; the
    # places are then in what it returns
    then: tuple[str, Mapping[str, Any]] | None = None
    note: str = ""  # printed as a comment above the call
    # numbers of the row that the result does not have, since its test is always of that
    # distribution: the one degree of freedom of a chi-squared
    fixed: Mapping[str, float] = field(default_factory=dict)
    # number of the row that the library computes differently -> why
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def coefficient(self) -> Coefficient:
        """The coefficient that the call of a regression is made for."""
        (place,) = self.places
        assert isinstance(place, Coefficient)
        return place

    def numbers(self, fit: Any, level: float) -> dict[str, float]:
        """Return the numbers of the row by name, in its unit of measure.

        Parameters
        ----------
        fit : Fit
            What the call returns.
        level : float
            Of confidence intervals, between 0 and 1.

        Raises
        ------
        KeyError, AttributeError
            As for ``Place.numbers``.
        """
        found = dict(self.fixed)
        for place in self.places:
            found |= place.numbers(fit, level)
        return found


def seed_of(seed: int, draw_id: str) -> list[int]:
    """Return the seed, as several whole numbers, with which `numpy.random.default_rng`
    gives the same random numbers as a study drew for ``draw_id``.
    """
    seed_sequence: Any = generator_for(seed, draw_id).bit_generator.seed_seq
    return list(seed_sequence.entropy)


def drawn(draws: int, seed: int, draw_id: str) -> dict[str, Any]:
    """Return the arguments with which a function draws what a study drew for ``draw_id``."""
    return {"draws": draws, "seed": seed_of(seed, draw_id)}


@cache
def section_of(study: Study, kind: Any, topic: str) -> Any:
    """Return the section of a topic in the config, checked against its class ``kind``
    and read once for all its rows.
    """
    return read(kind, study.config, topic)


def specification(specs: Any, row: Row) -> Any:
    """Return the specification of a row among those of its topic.

    Raises
    ------
    NoCallError
        If there is none with its ``spec_id``.
    """
    for spec in specs:
        if spec.id == row["spec_id"]:
            return spec
    raise NoCallError(
        f"no specification {row['spec_id']} in the config: it was changed after the run"
    )


def asked_of(row: Row) -> dict[str, Any]:
    """Return what a row asks of the library, by name (`estimates.asking`); nothing where
    its labels say it all.
    """
    asked = row.get("asked", "")
    return what_is_asked("" if is_missing(asked) else asked)


def no_call(row: Row) -> str:
    """Return why no function of the library gives a row of estimates.csv, as far as the
    row tells; blank where one may.
    """
    topic = read_topics()[row["topic"]]
    for part in topic.no_calls:
        if any(_holds(row, texts) for texts in part.rows):
            return part.why
    if not (TOPICS / row["topic"] / "call.py").is_file():
        return f"{row['topic']} names no function of the library"
    # What is not tested there, a function of the library refuses.
    reason = asked_of(row).get("untested")
    return f"it has no interval: {reason}" if reason else ""


def _holds(row: Row, texts: Mapping[str, str]) -> bool:
    """Say whether the cells of a row are the texts, by column."""
    return all(row[column] == text for column, text in texts.items())


def by_bootstrap(method: str) -> bool:
    """Say whether a method of inference draws signs, which takes draws and a seed."""
    return METHODS[method].law == "bootstrap"


def by_permutation(method: str) -> bool:
    """Say whether a method of inference permutes labels."""
    return METHODS[method].law == "permutation"


def method_of(row: Row) -> str:
    """Return the inference of a row by its name in the library.

    Raises
    ------
    NoCallError
        If the row asks for none.
    """
    asked = asked_of(row)
    if "inference" not in asked:
        raise NoCallError(
            "it has no inference of the library; see the code of its topic"
        )
    return str(asked["inference"])


def weights_table(matrix: Any, units: Sequence[str]) -> pd.DataFrame:
    """Return sparse weights (N, N) as a table with the N units as labels of rows and
    columns.
    """
    return pd.DataFrame(matrix.toarray(), index=list(units), columns=list(units))

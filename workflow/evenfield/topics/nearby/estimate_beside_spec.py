"""Keys of the section for what stands beside the specifications: errors in lists, groups
that are left out in turn, and pairs of neighbours.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from evenfield.shared.spec import Spec


class Beside(Spec):
    """What stands beside a specification."""

    of: str


class ListErrors(Beside):
    """How far lists agree, and what growth nearby is if another list is the right one."""

    of: str
    """Specification whose first list may have errors."""
    lists: tuple[str, ...] = Field(min_length=1)
    """Other lists that may be the right one; each of them stands in the place of the first
    one, too."""
    searches: tuple[tuple[str, str], ...] = ()
    """Pairs of lists that two searches for the same units gave: how many units they
    missed, if they are independent of each other."""
    missing: float = Field(0.0, ge=0, lt=1)
    """Share of the right list that is missing on the first one, at random."""
    wrong: float = Field(0.0, ge=0, lt=1)
    """Share of the first list that is wrong, at random."""
    own: float = 0.0
    """What units on the right list grow by themselves, in the unit of growth: its part in
    growth nearby is taken off."""
    bounds: dict[str, tuple[str, ...]] = {}
    """Some of `lists` by a name: the lowest and the highest end of the intervals if the
    first list, errors at random or one of them is right."""

    @model_validator(mode="after")
    def _known(self) -> ListErrors:
        for name, chosen in self.bounds.items():
            for listed in chosen:
                if listed not in self.lists:
                    known = ", ".join(self.lists)
                    raise ValueError(
                        f"the bound {name} names {listed}, not one of {known}"
                    )
        for first, second in self.searches:
            if first == second:
                raise ValueError(f"the search {first} is compared with itself")
        return self

    @property
    def at_random(self) -> str:
        """Errors at random in words; empty where there are none."""
        if not (self.missing or self.wrong):
            return ""
        return f"{100 * self.missing:g}% missing, {100 * self.wrong:g}% wrong"


class LeftOut(Beside):
    """Growth nearby with the units of each group left out in turn."""

    of: str
    """Specification that is estimated again."""
    column: str
    """Column of units.csv with the groups, such as `parent`."""

    @property
    def id(self) -> str:
        """The specification that its rows name."""
        return f"{self.of}_without_{self.column}"


class Adjacent(Beside):
    """Differences between two units that share a border."""

    of: str
    """Specification with lists, outcome, years, sample and columns that are held."""
    column: str
    """Column of units.csv with the groups: pairs inside one, and pairs over the borders
    of two, each by themselves."""

    def id(self, *, inside: bool) -> str:
        """Return the specification that the rows of such pairs name."""
        return f"{self.of}_adjacent_{'inside' if inside else 'across'}"

"""Keys of the section: lists, outcomes, and which units are compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evenfield.shared.distances import KM
from evenfield.shared.spec import (
    Inference,
    Spec,
    UnitsSpec,
    check_specs,
    with_shared,
)
from evenfield.study.study_config import Year, Years

SHARED = ("cluster", "radius", "distance", "years", "interest")
MOST_LISTS = 2
Finding = Literal["first", "second", "alike", "open"]


class ListSpec(Spec):
    """Units on a list: those with a policy of some kinds, or by a column of units.csv."""

    kinds: tuple[str, ...] = ()
    """Kinds of policies.csv."""
    by: Year | None = None
    """Last first year of such a policy; any by default."""
    column: str = ""
    """Column of units.csv that is 1 for units on the list and 0 for others."""
    label: str = ""
    """What a unit on it is called, such as `a city with a zone`; the name of the list by
    default."""

    @model_validator(mode="after")
    def _one_source(self) -> ListSpec:
        if bool(self.kinds) == bool(self.column):
            raise ValueError("a list has either `kinds` or a `column`")
        if self.column and self.by is not None:
            raise ValueError("`by` belongs to `kinds`, not to a `column`")
        return self


class Outcome(Spec):
    """A level whose growth is compared."""

    expression: str
    """Its value by unit and year, an expression of columns of panel.csv; a logarithm,
    where growth is to be in percent."""
    label: str
    """How its growth is printed."""
    unit: str = "pp/yr"
    """Unit of growth: 100 (end - start) / years."""


class Interest(Spec):
    """Smallest effects of interest, in the unit of growth."""

    own: float | None = Field(None, gt=0)
    """Of being on a list."""
    near: float | None = Field(None, gt=0)
    """Of lying near a unit on a list."""


class NearbySpec(UnitsSpec):
    """Growth of one outcome between two years, by one list or two."""

    lists: tuple[str, ...] | dict[str, str]
    """Names of one list or two; `name: list` where the terms of the rows shall have
    another name than the list, such as a longer list in place of the first."""
    outcome: str
    """Name of the outcome."""
    years: Years | None = None
    """First and last year; those of the section by default, as are reach, clusters and
    interest."""
    within: str = ""
    """Column of units.csv, such as `parent`, within whose groups units are compared;
    empty for all."""
    cluster: str = ""
    """Column of units.csv by which errors are clustered; that of `within`, if neither
    has one, else units."""
    held: tuple[str, ...] = ()
    """Columns of units.csv that are held, beside the outcome in the first year."""
    radius: float | None = Field(None, gt=0)
    """How far away a unit lies near another one at most."""
    measure: Literal["any", "share"] = "any"
    """Whether some unit of the list lies near, or the share of the units nearby that
    are on it."""
    distance: str = ""
    """`km`, `steps` from neighbour to neighbour, or a column of distances.csv."""
    interest: Interest | None = None
    """Smallest effects of interest."""
    inference: Inference = ()

    @model_validator(mode="after")
    def _one_or_two(self) -> NearbySpec:
        if not 1 <= len(self.lists) <= MOST_LISTS:
            raise ValueError(f"{self.id} has {len(self.lists)} lists, not one or two")
        if len({*self.named.values()}) < len(self.lists):
            raise ValueError(f"{self.id} names a list twice")
        return self

    @property
    def named(self) -> Mapping[str, str]:
        """The list behind each name of a term."""
        if isinstance(self.lists, dict):
            return self.lists
        return {name: name for name in self.lists}

    @property
    def span(self) -> Years:
        """First and last year, which the section has given if not the specification."""
        assert self.years is not None
        return self.years

    @property
    def most(self) -> float:
        """Distance up to which a unit is near."""
        assert self.radius is not None
        return self.radius

    @property
    def sizes(self) -> Interest:
        """Smallest effects of interest."""
        assert self.interest is not None
        return self.interest

    @property
    def reach(self) -> str:
        """How near is near, in words."""
        words = f"{self.most:g} {self.distance}"
        return f"share within {words}" if self.measure == "share" else words

    @property
    def own_question(self) -> tuple[object, ...]:
        """What the regression on lists depends on; reach has no part in it."""
        asked = (self.sample, self.unit_scheme, self.outcome, self.years)
        return (*asked, *self.named.items(), self.within, self.cluster, self.held)


class Section(Spec):
    """Lists, outcomes, and what is asked of them."""

    lists: dict[Annotated[str, Field(pattern=r"^\w+$")], ListSpec] = Field(min_length=1)
    """Lists by name."""
    outcomes: dict[str, Outcome] = Field(min_length=1)
    """Outcomes by name."""
    specs: list[NearbySpec] = Field(min_length=1)
    """What is compared."""
    years: Years
    """First and last year of every specification that does not say otherwise; the next
    keys likewise."""
    radius: float = Field(gt=0)
    """How near is near."""
    distance: str = KM
    """`km`, `steps` from neighbour to neighbour, or a column of distances.csv."""
    cluster: str = ""
    """Column of units.csv by which errors are clustered."""
    interest: Interest = Interest(own=None, near=None)
    """Smallest effects of interest."""
    headings: dict[Finding, str] = {}
    """Headings of the picture by what the primary specification found: growth higher
    near the `first` list, near the `second`, `alike` (the whole interval is smaller than
    what is of interest) or `open`; general ones by default."""

    @model_validator(mode="before")
    @classmethod
    def _shared(cls, data: Any) -> object:
        # A filled config writes blanks into each specification: they stand for the key
        # of the section.
        return with_shared({"distance": KM, "interest": {}, **data}, *SHARED)

    @model_validator(mode="after")
    def _known(self) -> Section:
        for spec in self.specs:
            if spec.outcome not in self.outcomes:
                names = ", ".join(sorted(self.outcomes))
                raise ValueError(f"{spec.id} names {spec.outcome}, not one of {names}")
            for name in spec.named.values():
                if name not in self.lists:
                    names = ", ".join(sorted(self.lists))
                    raise ValueError(f"{spec.id} names {name}, not one of {names}")
        if len({spec.id for spec in self.specs}) < len(self.specs):
            raise ValueError("an id is used twice")
        check_specs(self.specs)
        return self

    @property
    def own_rows(self) -> set[str]:
        """Ids of the specifications that have rows of the lists themselves: of several
        with the same regression the primary one, else the first.
        """
        chosen: dict[tuple[object, ...], str] = {}
        for spec in sorted(self.specs, key=lambda spec: spec.role != "primary"):
            chosen.setdefault(spec.own_question, spec.id)
        return {*chosen.values()}

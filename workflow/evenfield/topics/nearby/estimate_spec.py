"""Keys of the section: lists, outcomes, and which units are compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evenfield.shared.distances import KM
from evenfield.shared.spec import (
    Id,
    Inference,
    Spec,
    UnitsSpec,
    check_specs,
    with_shared,
)
from evenfield.study.errors import nearest
from evenfield.study.study_config import SampleName, SchemeName, Year, Years
from evenfield.topics.nearby.estimate_beside_spec import (
    Adjacent,
    Beside,
    LeftOut,
    ListErrors,
)

SHARED = ("cluster", "radius", "distance", "years", "interest")
MOST_LISTS = 2
MOST_COLUMNS = 8  # of a table of regressions, which a page still holds
DECIDING = "CR3"  # the method that decides, if a specification names none
Word = str | int
Cell = tuple[str, float, Years, str]  # list, radius, span and design
Finding = Literal["first", "second", "alike", "open"]


class ListSpec(Spec):
    """Units on a list: those with a policy of some kinds, by a column of units.csv, or
    with clusters of cluster_list.csv.
    """

    kinds: tuple[str, ...] = ()
    """Kinds of policies.csv."""
    column: str = ""
    """Column of units.csv that is 1 for units on the list and 0 for others."""
    clusters: dict[str, Word | tuple[Word, ...]] = {}
    """Columns of cluster_list.csv with the value, or the values, of the rows that
    count, such as `strength: strong`."""
    by: Year | None = None
    """Last first year of such a policy, or last year of such a cluster; any by default."""
    since: Year | None = None
    """First year that the first of them may have: units that came onto the list then or
    later."""
    least: int = Field(1, ge=1)
    """Least number of clusters of different name."""
    without: tuple[str, ...] = ()
    """Other lists, whose units are not on this one."""
    label: str = ""
    """What a unit on it is called, such as `a city with a zone`; the name of the list by
    default."""
    short: str = ""
    """The list in a table of several, such as `found by 2000`; its name by default."""

    @model_validator(mode="after")
    def _one_source(self) -> ListSpec:
        if sum(map(bool, (self.kinds, self.column, self.clusters))) != 1:
            raise ValueError("a list has either `kinds`, a `column` or `clusters`")
        if self.column and (self.by is not None or self.since is not None):
            raise ValueError("`by` and `since` belong to `kinds` and `clusters`")
        if self.least > 1 and not self.clusters:
            raise ValueError("`least` belongs to `clusters`")
        return self

    @property
    def chosen(self) -> dict[str, list[Word]]:
        """Values that count by column of cluster_list.csv."""
        return {
            column: list(item) if isinstance(item, tuple) else [item]
            for column, item in self.clusters.items()
        }

    @property
    def words(self) -> list[str]:
        """Columns of cluster_list.csv whose values are words."""
        return [
            column
            for column, values in self.chosen.items()
            if all(isinstance(value, str) for value in values)
        ]


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
    def deciding(self) -> str:
        """The method of inference that decides."""
        return self.inference[0] if self.inference else DECIDING

    @property
    def cluster_column(self) -> str:
        """The column of units.csv by which errors are clustered; empty for units."""
        return self.cluster or self.within

    @property
    def reach(self) -> str:
        """How near is near, in words."""
        words = f"{self.most:g} {self.distance}"
        return f"share within {words}" if self.measure == "share" else words

    @property
    def question(self) -> tuple[object, ...]:
        """What every row of the specification depends on."""
        return (*self.own_question, self.radius, self.measure, self.distance)

    @property
    def own_question(self) -> tuple[object, ...]:
        """What the regression on lists depends on; reach has no part in it."""
        asked = (self.sample, self.unit_scheme, self.outcome, self.years)
        design = (self.within, self.cluster_column, self.held, self.deciding)
        return (*asked, *self.named.items(), *design)


class Design(Spec):
    """Which units are compared with each other, for a table of several lists."""

    within: str = ""
    """Column of units.csv within whose groups units are compared; empty for all."""
    cluster: str = ""
    """Column of units.csv by which errors are clustered; that of `within` by default."""
    held: tuple[str, ...] = ()
    """Columns of units.csv that are held, beside the outcome in the first year."""
    inference: Inference = ()


class ListTable(Spec):
    """Several lists, each by itself or against one and the same, by every radius, span
    and design.
    """

    id: Id
    lists: tuple[str, ...] = Field(min_length=1)
    """Lists, in the order of the table."""
    against: str = ""
    """The list that each is compared with; none by default."""
    outcome: str
    """Name of the outcome."""
    sample: SampleName = Field(
        "all", description="Sample of units, named under panel.samples."
    )
    unit_scheme: SchemeName = Field(
        "", description="Unit scheme; the main one by default."
    )
    radii: tuple[float, ...] = Field(min_length=1)
    """How near is near, each by itself."""
    spans: tuple[Years, ...] = Field(min_length=1)
    """First and last year, each span by itself."""
    designs: dict[Annotated[str, Field(pattern=r"^\w+$")], Design] = Field(min_length=1)
    """Which units are compared, by name."""

    def asked(
        self, name: str, radius: float, span: Years, design: str
    ) -> dict[str, object]:
        """Return one cell as the keys of a specification."""
        own = self.designs[design]
        parts = [self.id, name, f"{radius:g}", span[0], span[1], design]
        return {
            "id": "_".join(map(str, parts)).replace(".", "_"),
            "lists": (name, self.against) if self.against else (name,),
            "outcome": self.outcome,
            "sample": self.sample,
            "unit_scheme": self.unit_scheme,
            "radius": radius,
            "years": span,
            "within": own.within,
            "cluster": own.cluster,
            "held": own.held,
            "inference": own.inference,
        }

    def cells(self) -> Iterator[Cell]:
        """Return every cell, list by list."""
        return product(self.lists, self.radii, self.spans, self.designs)


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
    list_table: ListTable | None = None
    """Several lists side by side."""
    columns: tuple[str, ...] = Field((), max_length=MOST_COLUMNS)
    """Ids of specifications, or of cells of `list_table`, that T48 prints as columns
    (1), (2) and so on."""
    list_errors: ListErrors | None = None
    """Agreement of lists, and growth nearby if another list is the right one."""
    left_out: list[LeftOut] = []
    """Specifications with each group left out in turn."""
    adjacent: list[Adjacent] = []
    """Specifications as differences between neighbours."""
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
        for name, listed in self.lists.items():
            self._check_lists(name, listed.without)
            if any(self.lists[other].without for other in listed.without):
                raise ValueError(f"{name} is without a list that is itself without one")
        for spec in self.every_spec:
            if spec.outcome not in self.outcomes:
                names = ", ".join(sorted(self.outcomes))
                raise ValueError(f"{spec.id} names {spec.outcome}, not one of {names}")
            self._check_lists(spec.id, spec.named.values())
        ids = {spec.id for spec in self.every_spec}
        if len(ids) < len(self.every_spec):
            raise ValueError("an id is used twice")
        for name in self.columns:
            if name not in ids:
                hint = nearest(name, sorted(ids), "name one of `specs`")
                raise ValueError(f"`columns` names {name}, no specification: {hint}")
        if len({*self.columns}) < len(self.columns):
            raise ValueError("`columns` names a specification twice")
        check_specs(self.every_spec)
        self._check_beside()
        return self

    def _check_beside(self) -> None:
        """Refuse what stands beside no specification, or names unknown lists."""
        errors = self.list_errors
        ids = [spec.id for spec in self.specs]
        asked: list[Beside] = [*self.left_out, *self.adjacent]
        for beside in [*asked, errors] if errors else asked:
            if beside.of not in ids:
                names = ", ".join(ids)
                raise ValueError(f"`of` names {beside.of}, not one of {names}")
        own = [left_out.id for left_out in self.left_out]
        own += [one.id(inside=side) for one in self.adjacent for side in (True, False)]
        for name in own:
            if name in ids or own.count(name) > 1:
                raise ValueError(f"the id {name} is used twice")
        if errors is None:
            return
        searches = [name for pair in errors.searches for name in pair]
        self._check_lists("list_errors", [*errors.lists, *searches])
        for name in errors.lists:
            named = self.spec(errors.of).named
            if name in named or name in named.values():
                raise ValueError(f"list_errors names {name}, a list of {errors.of}")

    def _check_lists(self, owner: str, names: Iterable[str]) -> None:
        for name in names:
            if name not in self.lists:
                known = ", ".join(sorted(self.lists))
                raise ValueError(f"{owner} names {name}, not one of {known}")

    def spec(self, name: str) -> NearbySpec:
        """Return a specification by its id."""
        return next(spec for spec in self.specs if spec.id == name)

    @cached_property
    def every_spec(self) -> list[NearbySpec]:
        """The specifications, and the cells of the table of lists that none of them
        asks.
        """
        asked = {spec.question for spec in self.specs}
        new = [cell for cell in self._cells.values() if cell.question not in asked]
        return [*self.specs, *new]

    @cached_property
    def _cells(self) -> dict[Cell, NearbySpec]:
        """What each cell of the table of lists asks."""
        if self.list_table is None:
            return {}
        shared = {
            "cluster": self.cluster,
            "distance": self.distance,
            "interest": self.interest,
        }
        cells = {}
        for cell in self.list_table.cells():
            asked = self.list_table.asked(*cell)
            given = {key: value for key, value in asked.items() if value}
            cells[cell] = NearbySpec.model_validate(shared | given)
        return cells

    def near_spec(self, cell: Cell) -> NearbySpec:
        """Return the specification whose rows of nearness answer a cell."""
        question = self._cells[cell].question
        return next(spec for spec in self.every_spec if spec.question == question)

    def own_spec(self, cell: Cell) -> NearbySpec:
        """Return the specification whose rows of the lists themselves answer a cell."""
        return self._own_specs[self._cells[cell].own_question]

    @property
    def specifications(self) -> list[NearbySpec]:
        """Those that are held against the tables before a run: of the table of lists one
        radius, every list and design with one span, and every span with one list.
        """
        if self.list_table is None:
            return list(self.specs)
        table = self.list_table
        first_list, first_span = table.lists[0], table.spans[0]
        kept = {
            self._cells[cell].id
            for cell in [
                *product(table.lists, table.radii[:1], [first_span], table.designs),
                *product([first_list], table.radii[:1], table.spans, table.designs),
            ]
        }
        cells = [spec for spec in self.every_spec if spec.id in kept]
        return [*self.specs, *cells]

    @property
    def own_rows(self) -> set[str]:
        """Ids of the specifications that have rows of the lists themselves."""
        return {spec.id for spec in self._own_specs.values()}

    @cached_property
    def _own_specs(self) -> dict[tuple[object, ...], NearbySpec]:
        """Of several specifications with the same regression of the lists themselves the
        primary one, else the first.
        """
        chosen: dict[tuple[object, ...], NearbySpec] = {}
        for spec in sorted(self.every_spec, key=lambda spec: spec.role != "primary"):
            chosen.setdefault(spec.own_question, spec)
        return chosen

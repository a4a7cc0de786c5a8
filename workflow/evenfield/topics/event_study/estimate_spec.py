"""Keys of the section: outcomes, policies by kind, rings, and levels before a policy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from evenfield.shared.spec import Spec, UnitsSpec, check_specs
from evenfield.study.study_config import HypothesisName, Year, Years

YEAR = "year"  # effects of years alone


class Outcome(Spec):
    """What a policy may move."""

    expression: str
    """Its value by unit and year, an expression of columns of panel.csv."""
    label: str
    """How it is printed."""
    unit: str = "log points"
    """Unit of the outcome."""
    sesoi: float | None = Field(None, gt=0)
    """Smallest effect of interest; none by default."""


class Predetermined(Spec):
    """Numbers of units from before the first year of a specification, with a slope of
    their own in every year.
    """

    label: str
    """How they are printed."""
    expression: str = ""
    """An expression of columns of panel.csv, in `year`."""
    year: Year | None = None
    """Year of the expression, the first one of a specification at the latest."""
    column: str = ""
    """Or a column of units.csv."""

    @model_validator(mode="after")
    def _one_source(self) -> Predetermined:
        of_panel = bool(self.expression) and self.year is not None
        of_units = not self.expression and self.year is None
        if (bool(self.column) and not of_units) or not (of_panel or self.column):
            raise ValueError("names an expression and its year, or a column")
        return self


class PolicySpec(UnitsSpec):
    """The effect of a policy on one outcome."""

    outcome: str
    """Name of the outcome."""
    kinds: tuple[str, ...] = ()
    """Kinds of policies.csv, of which the first one counts; all by default."""
    ignored: tuple[str, ...] = ()
    """Kinds that leave a unit as it is, such as lists that name what is there; years
    from any other kind on are not used."""
    effects: str = YEAR
    """`year`, or a column of units.csv such as `parent` whose groups have years of their
    own."""
    cluster: str = ""
    """Column of units.csv by which errors are clustered beside units; that of `effects`
    by default, if it has ten groups."""
    controls: tuple[str, ...] = ()
    """Names of `controls`, whose slopes differ from year to year."""
    years: Years | None = None
    """First and last year; all by default."""
    without_grades: tuple[str, ...] = ()
    """Grades of panel_provenance.csv: unit-years whose outcome uses a figure of such a
    grade are left out."""
    hypothesis: HypothesisName = ""
    """Hypothesis that the specification belongs to."""


class PartSpec(Spec):
    """The effect of a policy in parts, and how far they differ."""

    of: str
    """Id of the specification whose policy, outcome and effects these are."""
    waves: tuple[Years, ...] = ()
    """Spans of first years."""
    column: str = ""
    """Or a column of policies.csv that tells kinds of the first policy."""
    further: tuple[str, ...] = ()
    """Or kinds of policies.csv that come on top: cells with one policy in force, and with
    more."""

    @model_validator(mode="after")
    def _one_way(self) -> PartSpec:
        if sum(map(bool, (self.waves, self.column, self.further))) != 1:
            raise ValueError("parts are by waves, by a column or by further kinds")
        if len(self.waves) == 1:
            raise ValueError("one wave has nothing to differ from")
        return self

    @property
    def by(self) -> str:
        """What tells the parts."""
        return "wave" if self.waves else self.column or "number"


class RingSpec(Spec):
    """Units near a policy, by distance to the nearest unit that has it."""

    of: str
    """Id of the specification whose policy, outcome and effects these are."""
    radii: tuple[float, ...] = Field(min_length=1)
    """Outer ends of the rings, rising."""
    distance: str = "km"
    """`km`, `steps` from neighbour to neighbour, or a column of distances.csv, such as
    minutes on the road."""

    @property
    def reach(self) -> str:
        """The outermost end with its unit."""
        return f"{self.radii[-1]:g} {self.distance}"


class PlacementSpec(UnitsSpec):
    """Levels of an outcome before a policy."""

    outcome: str
    """Name of the outcome."""
    year: Year
    """Year of the level, before any policy of these kinds."""
    kinds: tuple[str, ...] = ()
    """Kinds of policies.csv, side by side; all by default."""
    held: tuple[str, ...] = ()
    """Kinds that are held, such as earlier policies; they may have come by the year."""
    within: str = ""
    """Column of units.csv within whose groups units are compared; empty for all."""
    pictured: tuple[str, ...] = ()
    """Kinds that F35 draws from this specification; all of the primary one by default."""


def _refuse_both(
    name: str, key: str, others: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    """Refuse kinds that are wanted and set aside at once; all are wanted where none is
    named.
    """
    both = [kind for kind in others if kind in kinds or not kinds]
    if both:
        where = "kinds" if kinds else "kinds, which holds all"
        raise ValueError(f"{name} names {both[0]} under {key} and under {where}")


class Section(Spec):
    """Outcomes, and what is asked of policies."""

    outcomes: dict[str, Outcome] = Field(min_length=1)
    """Outcomes by name."""
    controls: dict[str, Predetermined] = {}
    """Numbers of units from before the first year, by name."""
    specs: list[PolicySpec] = Field(min_length=1)
    """Effects of policies."""
    rings: list[RingSpec] = []
    """Units near policies."""
    parts: list[PartSpec] = []
    """Effects of policies in parts."""
    placement: list[PlacementSpec] = []
    """Levels before policies."""
    sure: tuple[str, ...] = ()
    """Grades of a date that are sure; effects are then estimated with sure dates alone,
    too."""
    deciding: Literal["all", "sure"] = "all"
    """Dates whose estimates decide: all of them, or the sure ones, beside which all stand;
    a primary specification then has rows with every year at either end of its bounds
    (year_lo and year_hi of policies.csv), too."""
    conley_km: float | None = Field(None, gt=0)
    """Distance within which units have shocks in common, for errors beside those by
    cluster; none by default."""
    leads: int = Field(4, ge=1, le=20)
    """Number of years before the policy; a pseudo policy comes so many years early."""
    horizons: int = Field(5, ge=1, le=50)
    """Last year after the first one under the policy."""
    spans: tuple[tuple[int, int], ...] = ()
    """Horizons over which effects are averaged, the deciding one first; all of them by
    default."""
    aggregates: bool = False
    """Whether changes since the date before the policy, less those of units without it
    yet, are averaged over all dates, by first year and by year, too (Callaway and
    Sant'Anna 2021)."""
    min_controls: int = Field(10, ge=1)
    """Units without policy and far from one, below which there are no rings."""

    @model_validator(mode="after")
    def _known(self) -> Section:
        named: list[PolicySpec | PlacementSpec] = [*self.specs, *self.placement]
        for spec in named:
            if spec.outcome not in self.outcomes:
                names = ", ".join(sorted(self.outcomes))
                raise ValueError(f"{spec.id} names {spec.outcome}, not one of {names}")
        if len({spec.id for spec in named}) < len(named):
            raise ValueError("an id is used twice")
        for spec in self.specs:
            _refuse_both(spec.id, "ignored", spec.ignored, spec.kinds)
        for spec in self.placement:
            _refuse_both(spec.id, "held", spec.held, spec.kinds)
        check_specs([spec for spec in self.specs if spec.years])
        for ring in self.rings:
            if ring.of not in self.by_id:
                names = ", ".join(self.by_id)
                raise ValueError(f"rings are of {ring.of}, not one of {names}")
            if list(ring.radii) != sorted({*ring.radii}) or ring.radii[0] <= 0:
                raise ValueError(f"rings of {ring.of} must rise from above zero")
        for low, high in self.spans:
            if not 0 <= low < high <= self.horizons:
                raise ValueError(
                    f"the span {low} to {high} is not within 0 to {self.horizons}"
                )
        repeated = [span for span in self.spans if self.spans.count(span) > 1]
        if repeated:
            low, high = repeated[0]
            raise ValueError(f"the span {low} to {high} stands twice")
        return self

    @model_validator(mode="after")
    def _known_beside(self) -> Section:
        for spec in self.specs:
            unknown = [name for name in spec.controls if name not in self.controls]
            if unknown:
                names = ", ".join(sorted(self.controls)) or "those under controls"
                raise ValueError(f"{spec.id} holds {unknown[0]}, not one of {names}")
        for part in self.parts:
            if part.of not in self.by_id:
                names = ", ".join(self.by_id)
                raise ValueError(f"parts are of {part.of}, not one of {names}")
        if self.deciding == "sure" and not self.sure:
            raise ValueError("sure dates decide, and `sure` names no grade")
        return self

    @property
    def specifications(self) -> list[PolicySpec | RingSpec | PartSpec | PlacementSpec]:
        """Everything that is held against the tables before a run."""
        return [*self.specs, *self.rings, *self.parts, *self.placement]

    @property
    def by_id(self) -> dict[str, PolicySpec]:
        """Effects of policies by the id of their specification."""
        return {spec.id: spec for spec in self.specs}

    @property
    def averages(self) -> list[tuple[int, int]]:
        """Spans of horizons, the deciding one first."""
        return list(self.spans) or [(0, self.horizons)]

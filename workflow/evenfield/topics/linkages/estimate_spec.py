"""Specifications of linkage regressions: intensities, moderators, and which of them meet
in a regression.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from evenfield.shared.spec import Id, Inference, Role, Spec, check_specs, with_shared
from evenfield.shared.study_panel import COLUMNS
from evenfield.study.study_config import SPARED, HypothesisName, WeightsName, Years


class Intensity(Spec):
    """What the neighbours hold."""

    expression: str = Field(
        description=f"Its value by unit and year, an expression of {COLUMNS}."
    )
    label: str
    """How it is printed."""


class Moderator(Spec):
    """A predetermined capacity: the mean over its years."""

    expression: str = Field(
        description=f"Its value by unit and year, an expression of {COLUMNS}."
    )
    label: str
    """How it is printed."""
    years: Years
    """First and last year of the mean."""
    note: str = ""
    """A limit of the moderator that every row and table repeats."""


class LinkageSpec(Spec):
    """One linkage regression."""

    id: Id
    intensity: str
    """What the neighbours hold."""
    moderator: str
    """Capacity it interacts with."""
    rival: str = ""
    """A second moderator in the same regression; empty for none."""
    outcome: str = "log_income"
    """Outcome, an expression of columns of panel.csv."""
    years: Years | None = None
    """First and last year, those of the topic by default."""
    weights: WeightsName = ""
    """Spatial weights, those of the topic by default."""
    trends: Literal["none", "moderator"] = "none"
    """`moderator`: the moderator by year dummies."""
    role: Role = "robustness"
    """Role in the tables."""
    inference: Inference = ()

    @property
    def span(self) -> Years:
        """First and last year, which the section fills in."""
        assert self.years is not None
        return self.years

    @property
    def controls(self) -> str:
        """Names of the moderators."""
        return self.moderator + (f"+{self.rival}" if self.rival else "")


class Section(Spec):
    """What all specifications share, and the specifications."""

    hypothesis: HypothesisName = ""
    """Hypothesis that the primary specification decides."""
    years: Years
    """First and last year."""
    weights: WeightsName
    """Spatial weights."""
    placebo_years: Annotated[Years | None, SPARED] = None
    """Years before the sample whose change of log income serves as a placebo outcome;
    none by default."""
    draws: int = Field(999, ge=99)
    """Draws of the moderator over units."""
    intensities: dict[str, Intensity] = Field(min_length=1)
    """What the neighbours hold, by name."""
    moderators: dict[str, Moderator] = Field(min_length=1)
    """Predetermined capacity, by name."""
    specs: list[LinkageSpec] = Field(min_length=1)
    """Specifications."""

    @model_validator(mode="before")
    @classmethod
    def _shared(cls, data: object) -> object:
        return with_shared(data, "years", "weights")

    @model_validator(mode="after")
    def _known(self) -> Section:
        for spec in self.specs:
            pairs = [
                (spec.intensity, sorted(self.intensities)),
                (spec.moderator, sorted(self.moderators)),
            ]
            for name, known in [*pairs, (spec.rival, ["", *sorted(self.moderators)])]:
                if name not in known:
                    raise ValueError(
                        f"{spec.id} names {name}, not one of {', '.join(known)}"
                    )
        check_specs(self.specs)
        return self

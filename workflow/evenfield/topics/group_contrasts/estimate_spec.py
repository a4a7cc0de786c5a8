"""Specifications of group contrasts, question by question."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from evenfield.shared.spec import Changes, Id, Inference, Role, Spec
from evenfield.study.study_config import (
    SPARED,
    HypothesisName,
    PeriodName,
    SampleName,
    SchemeName,
    SesoiName,
    TaxonomyName,
    WeightsName,
    Years,
)

Comparison = Literal[
    "cluster",
    "sez",
    "cluster - sez",
    "sez - cluster",
    "cluster given sez",
    "sez given cluster",
]
Table = Literal["panel", "periods"]


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    if span[0] > span[1]:
        raise ValueError(f"{span[0]}-{span[1]} ends before it begins")
    return span


def _apart(windows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    ordered = sorted(windows)
    wrong = [window for window in ordered if window[0] >= window[1]]
    # The end of one window may be the start of the next.
    wrong += [two for one, two in pairwise(ordered) if two[0] < one[1]]
    if wrong:
        raise ValueError(
            f"window {wrong[0][0]}-{wrong[0][1]} ends too early or overlaps another"
        )
    return ordered


def _before_after(spans: tuple[Span, Span]) -> tuple[Span, Span]:
    # A year in both spans would partly cancel in after less before.
    if spans[0][1] >= spans[1][0]:
        raise ValueError(f"spans {spans[0]} and {spans[1]} are not in order")
    return spans


Span = Annotated[Years, AfterValidator(_in_order)]
Windows = Annotated[list[Years], AfterValidator(_apart)]
TwoSpans = Annotated[tuple[Span, Span], AfterValidator(_before_after)]
Outcome = Annotated[
    str,
    Field(description="Outcome: an expression of columns, for example `log(a / b)`."),
]


class Question(Spec):
    """What all specifications of group contrasts share."""

    id: Id
    hypothesis: HypothesisName = ""
    """Hypothesis or claim that it speaks to."""
    role: Role = "robustness"
    """Role of the deciding rows."""
    inference: Inference = ()


class Sampled(Question):
    """A specification on one sample."""

    sample: SampleName = "all"
    """Sample of units, named under panel.samples."""


class MeanSpec(Question):
    """Means of an outcome over every main period, compared between groups."""

    outcome: Outcome
    table: Table = "panel"
    """Mean over the years of a period, or a column of periods.csv."""
    label: str = ""
    """How the outcome is printed."""
    unit: str = ""
    """Unit of measure."""
    sesoi: SesoiName = ""
    """Key of `sesoi`; empty for none."""


class PeriodSpec(MeanSpec):
    """A comparison of units in every period, also in other unit schemes and samples,
    and pooled over periods.
    """

    given: list[str] = []
    """Columns of periods.csv held fixed."""
    periods: list[PeriodName] = []
    """Periods and spans; the main periods by default."""
    pooled: list[PeriodName] = []
    """Periods that are pooled by random effects; empty for none."""
    samples: list[SampleName] = Field(["all"], min_length=1)
    """Samples; the first one decides."""
    unit_schemes: dict[SchemeName, str] = {}
    """Unit schemes and their printed names; the main one decides."""


class PremiumSpec(PeriodSpec):
    """The premium of a group in every period, under every taxonomy."""

    compare: list[Comparison] = Field(min_length=1)
    """Comparisons; the first one decides."""
    taxonomies: list[TaxonomyName] = []
    """Taxonomies beside the primary one; all by default."""
    placebo_lists: dict[Comparison, list[PeriodName]] = {}
    """Periods by comparison in which every method of inference is printed and tried on
    placebo lists, for the primary taxonomy, the main units and the first sample."""
    changes: Changes = []

    @model_validator(mode="after")
    def _changes_of_periods(self) -> PremiumSpec:
        named = {name for pair in self.changes for name in pair}
        lacking = sorted(named - {*self.periods}) if self.periods else []
        if lacking:
            raise ValueError(f"changes name {lacking[0]}, which periods do not")
        return self


class DoseSpec(PeriodSpec):
    """The outcome of a period per standard deviation of a continuous dose."""

    doses: dict[str, str] = Field(min_length=1)
    """Doses by name: a measure of clusters.csv, or an expression of columns of
    panel.csv and zones in force by type (`zones_state`), whose mean over the period is
    taken."""


class FadingSpec(MeanSpec, Sampled):
    """The change of a premium from period to period, or the path of a location
    quotient.
    """

    compare: list[Comparison] = Field(["sez"], min_length=1)
    """Comparisons; the first one decides."""
    periods: list[PeriodName] = []
    """Main periods that a trend is over; all by default."""
    path: Literal["periods", "quotient"] = "periods"
    """Trend over periods, or location quotient."""
    over: str = ""
    """For a quotient, the column whose shares stand below."""


class Measure(Spec):
    """One of several outcomes that are tested together."""

    id: Id
    outcome: Outcome
    label: str = ""
    """How the outcome is printed."""
    sign: Literal[1, -1] = 1
    """Predicted sign of the comparison."""


class IntensitySpec(Sampled):
    """Several outcomes of one window in standard deviations, one by one and together."""

    compare: Comparison
    """The comparison."""
    window: Span
    """First and last year of the means."""
    cells: PeriodName
    """Period whose group labels are used."""
    measures: list[Measure] = Field(min_length=1)
    """Outcomes; one that the panel lacks is left out."""
    sesoi: SesoiName = ""
    """Key of `sesoi`; empty for none."""


class ChangeSpec(Sampled):
    """Yearly change of a log outcome between the ends of windows, clusters minus zones."""

    outcome: Outcome
    name: Id = Field(description="Name of the outcome in the estimates.")
    level: str = ""
    """Name of the mean of the outcome in a window; empty for none."""
    parts: dict[str, str] = {}
    """Other outcomes that are compared as well, by name."""
    windows: Windows
    """First and last years; no change crosses from one window to the next."""
    given: list[str] = []
    """Held fixed: `gap_start`, `log_income_start` or columns of units.csv."""
    sesoi: SesoiName = ""
    """Key of `sesoi`: percent of the ratio over a window; empty for none."""
    note: str = ""
    """A warning that all rows carry."""


class ProgrammeSpec(Sampled):
    """Mean growth after less mean growth before a regional programme, one change a
    unit.
    """

    programme: str
    """Programme of programmes.csv."""
    beside: list[str] = []
    """Other programmes, each with its own coefficient."""
    spans: TwoSpans
    """First and last years of growth before and after."""
    placebos: Annotated[list[TwoSpans], SPARED] = []
    """Two spans around a date at which nothing began."""
    exposure: WeightsName = ""
    """Weights of the interaction with neighbours' clusters; empty for none."""
    given: list[str] = []
    """Columns of units.csv held fixed."""
    sesoi: SesoiName = ""
    """Key of `sesoi`; empty for none."""


class WagesSpec(Sampled):
    """The elasticity of investment a year later with respect to wages, by group."""

    wage: str
    """Column of wages per worker."""
    investment: str
    """Column of foreign investment."""
    years: Span
    """First and last year of wages; investment follows a year later."""
    sesoi: SesoiName = ""
    """Key of `sesoi`; empty for none."""
    note: str = ""
    """A warning that all rows carry."""


class Section(Spec):
    """Group contrasts, question by question."""

    premium: list[PremiumSpec] = []
    """Premiums of groups by period."""
    dose: list[DoseSpec] = []
    """Outcomes per standard deviation of a dose, by period."""
    factor_intensity: list[IntensitySpec] = []
    """Several outcomes of one window together."""
    fading: list[FadingSpec] = []
    """Change of premiums, location quotients."""
    balance: list[ChangeSpec] = []
    """Change of the urban-rural gap."""
    programmes: list[ProgrammeSpec] = []
    """Growth before and after regional programmes."""
    wages: list[WagesSpec] = []
    """Wage elasticity of foreign investment."""
    labour_cost: list[ChangeSpec] = []
    """Growth of unit labour cost."""

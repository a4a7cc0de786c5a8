"""The study's config as types: every key of config.yaml with its default, bounds and
meaning.

The JSON schema, docs/config.md and the check of names are made from these classes. A
type says what a value refers to: ``PeriodName`` one of ``periods``, ``UnitId`` a unit
of units.csv, ``Years`` a span of the panel.
"""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, SkipJsonSchema

DEFAULT_POWER = 0.8


def _reference(kind: str, **more: Any) -> Any:
    # ``names`` in the schema is what the check of references and of what a study
    # cannot carry read.
    return WithJsonSchema({"type": "string", "names": kind, **more})


IDENTIFIER = "^[A-Za-z][A-Za-z0-9_+]*$"
Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
PeriodName = Annotated[str, _reference("period")]
WeightsName = Annotated[str, _reference("weights")]
TaxonomyName = Annotated[str, _reference("taxonomy")]
SampleName = Annotated[str, _reference("sample")]
SchemeName = Annotated[str, _reference("unit_scheme")]
ControlName = Annotated[str, _reference("controls")]
SesoiName = Annotated[str, _reference("sesoi")]
UnitId = Annotated[str, _reference("unit")]
HypothesisName = Annotated[str, _reference("hypothesis")]
YEAR = {
    "type": "integer",
    "minimum": 1000,
    "maximum": 3000,
    "names": "year",
}
YEARS = {
    "type": "array",
    "items": YEAR,
    "minItems": 2,
    "maxItems": 2,
    "names": "years",
}
Year = Annotated[int, WithJsonSchema(YEAR)]
Years = Annotated[tuple[int, int], WithJsonSchema(YEARS)]
# A whole number stays one, as 1 in a description of weights.
Number = Annotated[int | float, WithJsonSchema({"type": "number"})]
Positive = Annotated[
    int | float, WithJsonSchema({"type": "number", "exclusiveMinimum": 0})
]
# A key that is dropped alone where its value rests on what a study leaves out; any
# other one takes its specification with it.
SPARED = Field(json_schema_extra={"spared": True})
UNIQUE = {"uniqueItems": True}
EMPTY: dict[str, Any] = {"default": {}}  # the defaults below it fill it
Texts = Annotated[tuple[str, ...], Field(json_schema_extra=UNIQUE)]
Units = Annotated[tuple[UnitId, ...], Field(json_schema_extra=UNIQUE)]


def _needs(keys: Mapping[tuple[str, ...], list[str]]) -> dict[str, Any]:
    """Return the conditions that entries of some kinds have the keys they need."""
    conditions = []
    for kinds, needed in keys.items():
        of_kind = {"properties": {"kind": {"enum": list(kinds)}}}
        conditions.append({"if": of_kind, "then": {"required": needed}})
    return {"allOf": conditions}


class Section(BaseModel):
    """A part of the config; it cannot be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @classmethod
    def of(cls, given: Mapping[str, Any] | Self) -> Self:
        """Return a section with the keys given and no other one.

        A job is given the keys that its topic names: to read any other one is an error,
        so that it cannot move a result unnoticed.
        """
        if not isinstance(given, Mapping):
            return given
        values = {}
        for name, field in cls.model_fields.items():
            key = field.alias or name
            if key in given:
                values[name] = _reader(cls, name)(given[key])
            # An optional key is None where absent; to read any other one is an error.
            elif field.default is None:
                values[name] = None
        section = cls.model_construct()
        object.__setattr__(section, "__dict__", values)
        return section


@cache
def _reader(section: type[Section], name: str) -> Callable[[Any], Any]:
    """Return what types the value of one key of a section."""
    field = section.model_fields[name]
    kind = field.annotation
    if isinstance(kind, type) and issubclass(kind, Section):
        return kind.of
    annotated: Any = Annotated[(kind, "value", *field.metadata)]
    return TypeAdapter[Any](annotated).validate_python


class Words(Section):
    """What the study is about; printed on the page and in the paper."""

    id: Identifier
    """Short name of the study."""
    title: str = Field(min_length=1)
    """Title of page and paper; ``{years}`` in it is the first and last year of the panel."""
    question: str = Field(min_length=1)
    """The question in one or two sentences."""
    author: str = ""
    """Who signs the paper, as printed beneath its title."""
    affiliation: str = ""
    """Where the authors work, as printed beneath their names."""
    keywords: Texts = ()
    """Keywords, as printed beneath the abstract."""
    jel: Texts = ()
    """Codes of the Journal of Economic Literature, as printed beneath the abstract."""
    repository: str = ""
    """Address at which others find data and code, as the paper names it."""
    contribution: str = ""
    """What the paper adds, as a paragraph of its introduction."""
    literature: str = ""
    """Earlier work on these regions, as a paragraph of the introduction; it may cite
    entries of `text/references.bib` as `[@Key]`."""
    abstract: str = ""
    """Abstract of the paper, in place of the one that is written from the results; a
    study with `text/abstract.md` has its own there."""
    unit_name: str = "unit"
    """What one unit is called."""
    units_name: str = "units"
    """What several units are called."""
    whose: str = ""
    """Whose incomes a headline speaks of, as `Mexico's states`; blank: the number of units."""
    zone_name: str = "zone"
    """What one zone of the taxonomies is called."""
    zones_name: str = "zones"
    """What several zones are called."""
    what: str = ""
    """What is studied in place of income per head, as `night lights per km2`: texts,
    tables and figures say so."""
    kind: Literal["income", "total", "rate"] | None = None
    """What the figures are: `income` per head, which makes units poorer or richer, as it
    is where `what` is blank; a `total` of a unit, smaller or larger; a `rate`, a share or
    any other figure that does not add up, lower or higher."""
    names: dict[str, str] = {}
    """What tables and figures call a taxonomy, and figures a column, a sample or a kind of
    policy, by its id."""


class Data(Section):
    """Where the tables are and which doubtful columns are switched on."""

    package: str
    """Path of datapackage.json, from the study's folder."""
    grade_c: Texts = ()
    """Columns of panel.csv whose grade C figures are used; all other grade C figures
    are dropped."""


class Income(Section):
    """Either `column` (income per head as published) or `output` with `population` (and
    optionally an official index and a proxy).
    """

    column: str | None = None
    """Income per head: a column of panel.csv, or an expression of its columns, such as
    `100 * income / prices`."""
    output: str | None = None
    """Output at current prices (or real output when no index is named), a column or an
    expression."""
    index: str | None = None
    """Official index of output, previous period = 100."""
    base_year: Year | None = None
    """Year whose prices real output is in."""
    proxy: str | None = None
    """Labelled proxy of real output for years before the official index."""
    population: str | None = None
    """Population that output is divided by, a column or an expression."""
    scale: Positive = 1
    """Units of output per unit of population that make one unit of income."""
    unit: str
    """Unit of income as printed."""
    nominal_currency: str = ""
    """Currency as printed."""

    model_config = ConfigDict(
        json_schema_extra={
            # Income is published per head or made of two columns, never both.
            "oneOf": [
                {
                    "required": ["column"],
                    "not": {
                        "anyOf": [
                            {"required": [key]}
                            for key in ("output", "population", "index", "proxy")
                        ]
                    },
                },
                {"required": ["output", "population"], "not": {"required": ["column"]}},
            ],
            # A chain needs its base year; a proxy serves years before the index.
            "dependentRequired": {"index": ["base_year"], "proxy": ["index"]},
        }
    )


class Panel(Section):
    """How the tables become one panel."""

    years: Years
    """First and last year used."""
    step: int = Field(1, ge=1)
    """Years between two observations (10 for a decennial panel)."""
    income: Income
    unit_scheme: SchemeName = "all"
    """The unit scheme of the main results."""
    unit_schemes: dict[str, dict[str, Any]] = Field(
        {"all": {}},
        json_schema_extra={
            "minProperties": 1,
            "propertyNames": {"pattern": "^[A-Za-z0-9_+]+$"},
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "replace": {
                        "type": "object",
                        "minProperties": 1,
                        "additionalProperties": {"type": "string"},
                        "description": (
                            "Columns of panel.csv and, for each, the column that stands"
                            " in for it; all that is computed from it follows."
                        ),
                    }
                },
                "additionalProperties": {
                    "type": "array",
                    "items": {"type": "string"},
                    **UNIQUE,
                },
            },
        },
    )
    """Unit schemes by name: each maps a merged unit to the units it is made of, and
    under `replace` columns of panel.csv to the columns that replace them; merges
    act on data, weights and taxonomy together."""
    leave_out: Units = ()
    """Units that the whole study is made without."""
    samples: dict[str, Units] = {"all": ()}
    """Samples by name: the units left out, by id, name, or `COLUMN=VALUE` of
    units.csv."""


class Period(Section):
    """One span of years of the study."""

    name: SkipJsonSchema[str] = ""  # key under ``periods``, for example ``P1``
    start: Year
    """First year."""
    end: Year
    """Last year."""
    label: str = Field(default_factory=str)
    """How the period is printed."""
    spliced: bool = False
    """Whether the period may join proxy output with official output."""
    role: Literal["main", "span", "variant"] = "main"
    """Main period, whole span, or named variant."""

    @property
    def years(self) -> int:
        """Number of yearly steps between the end points."""
        return self.end - self.start


def _named(periods: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Give each period its name, and its years as a label where it has none."""
    named = {}
    for name, item in periods.items():
        label = item.get("label") or f"{item['start']}-{item['end']}"
        named[name] = {**item, "name": name, "label": label}
    return named


class Taxonomy(Section):
    """Which units count as cluster and as SEZ regions."""

    primary: TaxonomyName = "none"
    """Taxonomy of the main results."""
    all: Texts = ("none",)
    """Every taxonomy that group results are reported for."""
    national_zones: Texts = ("sez", "etdz", "hidz")
    """Types of zones.csv that together count as a national zone of any kind."""


class Family(Section):
    """One kind of spatial weights."""

    kind: Literal[
        "contiguity",
        "nearest",
        "inverse_distance",
        "exponential",
        "economic",
        "band",
        "file",
    ]
    """How the weights are made."""
    neighbours: int | None = Field(None, ge=1)
    """For `nearest`: how many neighbours."""
    power: Positive | None = None
    """For `inverse_distance`: the exponent."""
    range_km: Positive | None = None
    """For `exponential` and `band`: the range in km."""
    base_years: Years | None = None
    """For `economic`: years whose mean log income is compared."""
    times: Literal["contiguity", "inverse_distance"] | None = None
    """For `economic`: what the income distance is multiplied by."""
    path: str | None = None
    """For `file`: an edge list as CSV with unit_i, unit_j, weight, a square CSV with
    the ids of the units at both sides, or a file in the form .gal or .gwt; from the
    study's folder."""
    leave_out: SkipJsonSchema[tuple[UnitId, ...]] = ()  # of the file: panel.leave_out

    model_config = ConfigDict(
        json_schema_extra=_needs(
            {
                ("nearest",): ["neighbours"],
                ("inverse_distance",): ["power"],
                ("exponential", "band"): ["range_km"],
                ("economic",): ["base_years", "times"],
                ("file",): ["path"],
            }
        )
    )


class Weights(Section):
    """Spatial weights; all are row-standardised."""

    primary: WeightsName = "contiguity"
    """Weights of the main results."""
    join: tuple[tuple[UnitId, UnitId], ...] = ()
    """Pairs of units joined by hand because one of them has no neighbour."""
    families: dict[str, Family] = Field(
        default_factory=dict,
        json_schema_extra={
            "default": {"contiguity": {"kind": "contiguity"}},
            "minProperties": 1,
            "propertyNames": {"pattern": "^(?!exposures$)[A-Za-z][A-Za-z0-9_+]*$"},
        },
    )
    """Spatial weights by name; `exposures` is taken."""


class Control(Section):
    """A control variable."""

    kind: Literal["population_growth", "unit", "groups", "initial", "mean"]
    """How the control is made: `unit` is a number of units.csv, `groups` one column of
    zeros and ones for each group of units.csv but the first, `initial` an expression at
    the start of the period, `mean` its mean over the period."""
    label: str
    """How the control is printed."""
    plus: Number = 0.05
    """For `population_growth`: added to n before the logarithm."""
    column: str = Field(default_factory=str)
    """For `unit` and `groups`: the column of units.csv."""
    expression: str = Field(default_factory=str)
    """For `initial` and `mean`: an expression of columns of panel.csv, such as
    `log(exports / gdp)`."""
    first_year: Year | None = Field(None, alias="from")
    """First year in which the control exists."""

    model_config = ConfigDict(
        json_schema_extra=_needs(
            {("unit", "groups"): ["column"], ("initial", "mean"): ["expression"]}
        )
    )


class Sesoi(Section):
    """Smallest effect sizes of interest."""

    spillover_difference_pp: Positive = 1.0
    """Neighbour effect of clusters minus that of SEZs, percentage points a year per
    exposure 0 to 1."""
    spillover_per_sd_pp: Positive = 0.25
    """Neighbour effect, percentage points a year per standard deviation of the
    exposure; bounds of the equivalence test."""
    growth_premium_pp: Positive = 0.5
    """Own growth premium, percentage points a year."""
    dose_per_sd_pp: Positive = 0.25
    """Growth, percentage points a year per standard deviation of a continuous dose."""
    speed_pp: Positive = 1.0
    """Difference of convergence speeds, percentage points a year."""
    linkage_elasticity: Positive | None = None
    """Difference of income elasticities per standard deviation of the linkage
    moderator; none by default."""
    programme_pp: Positive = 0.5
    """Change of growth after a regional programme, percentage points a year."""
    wage_elasticity: Positive = 0.2
    """Difference of wage elasticities of foreign investment."""
    gap_pct: Positive = 5
    """Urban-rural income ratio, percent of the ratio over a window."""
    premium_log: Positive = 0.1
    """Premium in levels, log points."""
    intensity_sd: Positive = 0.25
    """Difference of factor intensity, standard deviations across units."""
    fading_share: Positive = Field(0.5, json_schema_extra={"maximum": 1})
    """Fall of a premium over the sample, share of its first value."""
    quotient_share: Positive = Field(0.25, json_schema_extra={"exclusiveMaximum": 1})
    """Fall of a location quotient over the sample, share of its value."""

    def named(self, name: str) -> float:
        """Return a size by its key, NaN where there is none."""
        size = getattr(self, name) if name else None
        return math.nan if size is None else size


class InferenceSettings(Section):
    """Confidence level, permutations and the base seed."""

    level: float = Field(
        0.95,
        gt=0.5,
        le=0.9999,
        alias="conf_level",
    )
    """Level of all intervals."""
    permutations: int = Field(9999, ge=99)
    """Draws of every permutation test."""
    placebo_lists: int = Field(499, ge=99)
    """Placebo lists that are drawn for a contrast whose specification names
    `placebo_lists`, where there are more than 5,000; all of them are tried elsewhere."""
    seed: int = Field(2011, ge=0)
    """Base seed; each draw id gets its own stream."""
    pairs: tuple[Annotated[tuple[UnitId, ...], Field(min_length=2)], ...] = ()
    """Units that are also left out together, to see whether two of them carry a
    result."""
    # Of minimum detectable effects; config.yaml has it as ``estimates.design.power``.
    power: SkipJsonSchema[float] = DEFAULT_POWER

    def fields(self, *keys: str) -> dict[str, Any]:
        """Return the level, and what else is named, as summaries of topics have them."""
        return {"conf_level": self.level} | {key: getattr(self, key) for key in keys}


class StudyConfig(Section):
    """The study's config.yaml."""

    study: Words
    data: Data
    panel: Panel
    periods: Annotated[dict[str, Period], BeforeValidator(_named)] = Field(
        json_schema_extra={
            "minProperties": 1,
            "propertyNames": {"type": "string", "pattern": IDENTIFIER},
        }
    )
    """Periods by name. Growth runs from the level in `start` to the level in `end`."""
    taxonomy: Taxonomy = Field(
        default_factory=Taxonomy.model_construct, json_schema_extra=EMPTY
    )
    weights: Weights = Field(
        default_factory=Weights.model_construct, json_schema_extra=EMPTY
    )
    controls: dict[str, Control] = Field(
        {},
        json_schema_extra={"propertyNames": {"type": "string", "pattern": IDENTIFIER}},
    )
    """Control variables by name; a control enters a period only if it exists from the
    period's first year."""
    # Each topic's own classes type its section: ``shared.spec.read``.
    estimates: dict[str, Any]
    """The specifications of each topic; a topic that is absent is not run."""
    sesoi: Sesoi = Field(default_factory=Sesoi.model_construct, json_schema_extra=EMPTY)
    inference: InferenceSettings = Field(
        default_factory=InferenceSettings.model_construct, json_schema_extra=EMPTY
    )
    answers: dict[str, Any] = {}
    """What claims.yaml beside this file holds: docs/methods/answers.md."""
    numbers: dict[str, Any] = {}
    """What numbers.yaml beside this file holds: docs/prose.md."""
    beside: dict[str, str] = Field(
        {},
        json_schema_extra={
            "propertyNames": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
        },
    )
    """Studies in folders below this one, by name, which a run makes first. Texts use
    their numbers by name, such as `{{ cities.own_effect }}`, `figures` names theirs as
    `F31-cities`, and claims select their rows with `study: cities`."""
    exhibits: Literal["listed", "auto"] = "listed"
    """`auto`: beside those listed, every table and figure of the topics under
    `estimates` that the data allow."""
    figures: Texts = ()
    """Figures that are drawn."""
    tables: Texts = ()
    """Tables that are written."""

    @classmethod
    def of(cls, given: Mapping[str, Any] | Self) -> Self:
        """Return the config with the keys given, and the power as part of inference."""
        if not isinstance(given, Mapping):
            return given
        design = given.get("estimates", {}).get("design", {})
        power = design.get("power", DEFAULT_POWER)
        inference = {**given.get("inference", {}), "power": power}
        parts: dict[str, Any] = {**given, "inference": inference}
        config = super().of(parts)
        config.__dict__["raw"] = given
        return config

    def __getitem__(self, key: str) -> Any:
        return self.__dict__["raw"][key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return a section as it is written."""
        return self.__dict__["raw"].get(key, default)


class ConfigSchema(GenerateJsonSchema):
    """The schema of the file: a key that may be left out is never null there."""

    def nullable_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of the value itself."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema without a default where it is None."""
        return {
            key: value
            for key, value in super().default_schema(schema).items()
            if (key, value) != ("default", None)
        }

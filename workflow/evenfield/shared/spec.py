"""Specifications: one pydantic class for each topic says key, type, default and
meaning.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from evenfield.numerics.inference.methods import METHODS
from evenfield.study.errors import ConfigError, Faults
from evenfield.study.study_config import (
    PeriodName,
    SampleName,
    SchemeName,
    StudyConfig,
)

TYPE = re.compile(
    r"(str|int|float|bool|list|dict)(\[.*\])?"
)  # names an alternative of a key with several types
Role = Literal["primary", "robustness", "mechanism", "exploratory"]
Id = Annotated[str, Field(pattern=r"^\w+$", description="Name of the specification.")]


def _known_methods(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = sorted(set(names) - set(METHODS))
    if unknown:
        raise ValueError(f"{unknown[0]} is no method: {', '.join(METHODS)}")
    return names


Inference = Annotated[
    tuple[str, ...],
    AfterValidator(_known_methods),
    Field(
        description=(
            "Methods of docs/methods/inference.md, the deciding one first; those of the"
            " topic by default."
        )
    ),
]


def _two_spans(changes: list[tuple[str, str]]) -> list[tuple[str, str]]:
    alike = [first for first, later in changes if first == later]
    if alike:
        raise ValueError(f"{alike[0]} is compared with itself")
    return changes


Changes = Annotated[
    list[tuple[PeriodName, PeriodName]],
    AfterValidator(_two_spans),
    Field(
        description=(
            "Pairs of periods, the earlier one first: how much the coefficients of the"
            " deciding regressions change from one to the other, both as one regression."
        )
    ),
]


class Spec(BaseModel):
    """What specifications share: unknown keys are refused, an empty unit scheme is the
    main one.

    Names of samples, controls, weights, taxonomies and unit schemes are checked with
    the config, by key.
    """

    # The text beneath a key is its description: `run schema` reads it.
    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_values(cls, data: object) -> object:
        # Python counts true as 1, also where a number is meant.
        for name, value in data.items() if isinstance(data, Mapping) else ():
            field = cls.model_fields.get(name)
            values = value if isinstance(value, list) else [value]
            if field is None or "bool" in str(field.annotation):
                continue
            if truth := [item for item in values if isinstance(item, bool)]:
                raise ValueError(f"{name} is {str(truth[0]).lower()}, a truth value")
        return data

    @model_validator(mode="before")
    @classmethod
    def _main_scheme(cls, data: Any, info: ValidationInfo) -> object:
        if (
            "unit_scheme" in cls.model_fields
            and info.context
            and not data.get("unit_scheme")
        ):
            return {**data, "unit_scheme": info.context["unit_scheme"]}
        return data


class UnitsSpec(Spec):
    """A specification on a sample of a unit scheme."""

    id: Id
    sample: SampleName = Field(
        "all", description="Sample of units, named under panel.samples."
    )
    unit_scheme: SchemeName = Field(
        "", description="Unit scheme; the main one by default."
    )
    role: Role = Field("robustness", description="Role in the tables.")

    @property
    def labels(self) -> dict[str, Any]:
        """The specification as fields of its rows."""
        return {
            "spec_id": self.id,
            "sample_id": self.sample,
            "unit_scheme": self.unit_scheme,
        }


def with_shared(data: Any, *keys: str) -> object:
    """Return a section whose ``specs`` have those keys of it that they leave out."""
    shared = {key: data[key] for key in keys if key in data}
    given = [
        {k: v for k, v in item.items() if v not in ("", None)}
        for item in data.get("specs") or []
    ]
    return {**data, "specs": [shared | item for item in given]} if given else data


def check_specs(specs: Sequence[Any]) -> None:
    """Refuse specifications whose years run backwards."""
    for spec in specs:
        if spec.years[0] >= spec.years[1]:
            raise ValueError(
                f"the years of {spec.id} run from {spec.years[0]} to {spec.years[1]}"
            )


def read(kind: Any, config: StudyConfig | Mapping[str, object], topic: str) -> Any:
    """Return the section of a topic as ``kind``, for example ``list[BetaSpec]``."""
    config = StudyConfig.of(config)
    weights = getattr(config, "weights", None)  # not given to topics without weights
    context = {
        "unit_scheme": config.panel.unit_scheme,
        "weights": getattr(weights, "primary", ""),
    }
    try:
        return TypeAdapter(kind).validate_python(
            config.estimates[topic], context=context
        )
    except ValidationError as error:
        faults = Faults()
        result = dict[str, str]()
        for fault in error.errors():
            steps = [
                str(step) for step in fault["loc"] if not TYPE.fullmatch(str(step))
            ]
            where = ".".join(["estimates", topic, *steps])
            message = fault["msg"].removeprefix("Value error, ")
            # A key that may be of several types has a fault for each of them.
            result[where] = (
                f"{result[where]}, or {message}" if where in result else message
            )
        for where, label in result.items():
            expected = "keys and values as docs/config.md lists them"
            faults.append(
                ConfigError(f"{where}: {label}", expected, f"correct {where}")
            )
        faults.refuse()
        raise

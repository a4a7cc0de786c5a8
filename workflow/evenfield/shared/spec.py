"""Specifications: one pydantic class for each topic says key, type, default and meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, ValidationInfo, model_validator

from evenfield.study.errors import ConfigError, Faults

TYPE = re.compile(r"(str|int|float|bool|list|dict)(\[.*\])?")  # names an alternative of a key with several types
Role = Literal["primary", "robustness", "mechanism", "exploratory"]
Id = Annotated[str, Field(pattern=r"^\w+$", description="Name of the specification.")]


class Spec(BaseModel):
    """What specifications share: unknown keys are refused, an empty unit scheme is the main one.

    Names of samples, controls, weights, taxonomies and unit schemes are checked with the config, by key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _main_scheme(cls, data: Any, info: ValidationInfo) -> Any:
        if "unit_scheme" in cls.model_fields and info.context and not data.get("unit_scheme"):
            return {**data, "unit_scheme": info.context["unit_scheme"]}
        return data


class UnitsSpec(Spec):
    """A specification on a sample of a unit scheme."""

    id: Id
    sample: str = Field("all", description="Sample of units, named under panel.samples.")
    unit_scheme: str = Field("", description="Unit scheme; the main one by default.")
    role: Role = Field("robustness", description="Role in the tables.")


def read(kind: Any, config: Mapping[str, Any], topic: str) -> Any:
    """Return the section of a topic as ``kind``, for example ``list[BetaSpec]``."""
    primary = config.get("weights", {}).get("primary", "")
    context = {"unit_scheme": config["panel"]["unit_scheme"], "weights": primary}
    try:
        return TypeAdapter(kind).validate_python(config["estimates"][topic], context=context)
    except ValidationError as error:
        faults, found = Faults(), dict[str, str]()
        for fault in error.errors():
            steps = [str(step) for step in fault["loc"] if not TYPE.fullmatch(str(step))]
            where = ".".join(["estimates", topic, *steps])
            found[where] = f"{found[where]}, or {fault['msg']}" if where in found else fault["msg"]
        for where, told in found.items():
            expected = "keys and values as docs/config.md lists them"
            faults.append(ConfigError(f"{where}: {told}", expected, f"correct {where}"))
        faults.refuse()
        raise

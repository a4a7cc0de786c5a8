"""What every estimator refuses of its arguments before it reads the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import Parameter, Signature, signature
from typing import Any

import numpy as np
import pandas as pd

from evenfield.api.other_packages import in_our_words
from evenfield.study.errors import EstimateError, nearest

# Whole numbers by the least that each may be.
WHOLE = {
    "draws": 0,
    "horizons": 0,
    "k": 1,
    "lags": 0,
    "leads": 0,
    "min_controls": 0,
    "most_components": 1,
    "neighbour_classes": 2,
    "step": 1,
}
COLUMNS = (
    "by",
    "cluster",
    "first",
    "group",
    "marked",
    "neighbours",
    "strata",
    "time",
    "treatment",
    "unit",
    "weights",
)


def call_of(
    function: Callable[..., object],
    passes_to: Callable[..., object] | None = None,
    sets: Iterable[str] = (),
) -> Signature:
    """Return the arguments of a function, those included that it passes on, but for what
    it sets itself.
    """
    own = signature(function)
    parameters = dict(own.parameters)
    if passes_to is not None:
        del parameters["options"]
        for name, parameter in signature(passes_to).parameters.items():
            if parameter.kind is Parameter.KEYWORD_ONLY and name not in sets:
                parameters.setdefault(name, parameter)
    return own.replace(parameters=list(parameters.values()))


def checked_names(name: str, given: Mapping[str, object], call: Signature) -> None:
    """Refuse an argument by a name that a function does not have."""
    known = [known for known in call.parameters if known != "self"]
    for argument in given:
        if argument not in known:
            raise EstimateError(
                f"{name} has no argument {argument!r}",
                f"one of {', '.join(known)}",
                in_our_words(argument, given, known)
                or nearest(argument, known, "leave it out"),
            )


def bound_values(
    name: str, call: Signature, args: tuple[object, ...], kwargs: Mapping[str, object]
) -> dict[str, Any]:
    """Return what is given by name of the argument, and refuse a call that lacks one or
    has one too many.
    """
    try:
        given = call.bind(*args, **kwargs).arguments
    except TypeError as error:
        names = [known for known in call.parameters if known != "self"]
        raise EstimateError(
            f"a call of {name} with {error}",
            f"{name}({', '.join(names)})",
            "give it by name",
        ) from error
    _check_values(given)
    _check_columns(given, call)
    _check_switches(given, call)
    return given


def _check_switches(given: Mapping[str, Any], call: Signature) -> None:
    """Refuse what is neither true nor false where one of them is the default."""
    for name, value in given.items():
        is_switch = isinstance(call.parameters[name].default, bool) or (
            name == "time_effects" and value is not None
        )
        # "no" is text, which would count as true.
        if is_switch and not isinstance(value, bool | np.bool_):
            raise EstimateError(
                f"{name}={value!r}",
                "True or False",
                f"give {name}=True, or leave it out",
            )


def _check_values(given: Mapping[str, Any]) -> None:
    """Refuse values of the arguments that several functions have."""
    for name, lowest in WHOLE.items():
        if given.get(name) is not None:
            whole(name, given[name], lowest)
    if "seed" in given:
        check_seed(given["seed"])


def _check_columns(given: Mapping[str, Any], call: Signature) -> None:
    """Refuse values where the name of a column is due, and several names where one is."""
    for name in COLUMNS:
        value = given.get(name)
        # An argument that takes several names says so in its type.
        takes_names = name in given and "Sequence" in str(
            call.parameters[name].annotation
        )
        if isinstance(value, str) or (takes_names and isinstance(value, list | tuple)):
            continue
        if isinstance(value, pd.Series | np.ndarray | Sequence):
            raise EstimateError(
                f"{name} of type {type(value).__name__}",
                "names of columns" if takes_names else "the name of one column",
                f"give {name}='name', the column in the data",
            )


def refuse_controls(
    what: str, names: Iterable[object], controls: Iterable[object]
) -> None:
    """Refuse columns, ``what`` they are, that are controls, too."""
    twice = [name for name in names if name in controls]
    if twice:
        raise EstimateError(
            f"the {what} {twice[0]} among the controls, too",
            f"controls beside the {what}",
            "leave it out there",
        )


def whole(name: str, value: Any, lowest: int) -> None:
    """Refuse what is no whole number, or too small."""
    number = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if number and value >= lowest:
        return
    number = isinstance(value, int | float | np.number)
    nearly = number and np.isfinite(value) and value >= lowest
    raise EstimateError(
        f"{name}={value!r}",
        f"a whole number, {lowest} or more",
        f"give {name}={round(value)}" if nearly else "give such a number",
    )


def numeric(name: str, value: Any) -> None:
    """Refuse what is no number."""
    if not isinstance(value, int | float | np.number) or isinstance(value, bool):
        raise EstimateError(f"{name}={value!r}", "a number", "give one, such as 1")


def finite(name: str, value: Any) -> None:
    """Refuse what is no finite number."""
    numeric(name, value)
    if not np.isfinite(value):
        raise EstimateError(f"{name}={value!r}", "a finite number", "give one")


def below_half(name: str, value: Any) -> None:
    """Refuse a share of dates that leaves none between both ends."""
    numeric(name, value)
    if not 0 < value < 0.5:
        raise EstimateError(
            f"{name}={value!r}", "a share between 0 and 0.5", f"give {name}=0.15, say"
        )


def check_seed(seed: Any) -> None:
    """Refuse what starts no random numbers."""
    try:
        np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise EstimateError(
            f"seed={seed!r}", "a whole number, 0 or more", "give seed=1, for example"
        ) from error

"""A call of each estimator of the library, as calls.yaml writes them. Import: ``from
api.calls import CALLS``.
"""

from functools import cache
from inspect import Parameter, signature
from pathlib import Path

import numpy as np

import evenfield as ef
from made_panel import DATA, KEYS, RING
from yaml_text import from_yaml

FIRST_DATES = {"u00": 1996, "u01": 1999, "u04": 1996, "u05": 1999}
DATED = DATA.assign(
    start=DATA["unit"].map(FIRST_DATES),
    income=np.exp(DATA["rich"]),
    one="a",
    got=DATA["unit"].isin(["u00", "u04", "u05"]).astype(int),
    group=DATA["unit"].str[-1].isin(["1", "2", "3"]),
    even=DATA["unit"].str[-1].isin([*"02468"]),
)
CROSS = DATED[DATED["year"] == 1990]
FUNCTIONS = {"dynamic-fixed-effects": ef.dynamic_fe}


class Call:
    """A function, what stands first, its data and the other arguments."""

    def __init__(self, page, options):
        name = page.replace("-", "_")
        self.function = FUNCTIONS.get(page) or getattr(ef, name)
        options = {k: RING if v == "ring" else v for k, v in options.items()}
        self.data = CROSS if options.pop("data", "") else DATED
        # Arguments that may stand without a name.
        placed = {
            name: options.pop(name)
            for name, parameter in signature(self.function).parameters.items()
            if parameter.kind is Parameter.POSITIONAL_OR_KEYWORD and name in options
        }
        (self.given, self.first), *others = placed.items()
        self.others = dict(others)
        keys = {"unit": "unit"} if self.data is CROSS else KEYS
        self.options = {**options, **keys}

    def __call__(self, data=None, **options):
        """Fit; on other data, with other options."""
        data = self.data if data is None else data
        rest = {**self.options, **options}
        return self.function(self.first, data, *self.others.values(), **rest)


CALLS = {
    page: Call(page, options)
    for page, options in from_yaml(
        Path(__file__).with_suffix(".yaml").read_text()
    ).items()
}


@cache
def fit_of(page):
    return CALLS[page]()
